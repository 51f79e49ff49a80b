"""The programs with bugs put into them, for test_secrets.py: each fails while it has a secret in its mouth.

    python stumbling.py server …    errors whose text is the file named by STUMBLE, in the places where bugs may be
    python stumbling.py client …    a bug in the client, behind whose frames its key, token and password lie

What stands behind the word is the command line of the program itself.
"""

# ruff: noqa: PLC0415 -- the bugs are put in before the program is run
from __future__ import annotations

import asyncio
import gc
import os
import sys
import threading
from pathlib import Path
from typing import Any

WORD = b"stumble here"


def spill(*_: object, **__: object) -> Any:
    raise RuntimeError(Path(os.environ["STUMBLE"]).read_text(encoding="utf-8"))


async def spill_later() -> None:
    spill()


class Sore:
    def __del__(self) -> None:
        spill()


def in_every_place() -> None:
    """A thread, a callback, a coroutine that nobody waits for, an object that goes, and the caller itself."""
    thread = threading.Thread(target=spill)
    thread.start()
    thread.join()
    loop = asyncio.get_running_loop()
    loop.call_soon(spill)
    forgotten = loop.create_task(spill_later())
    loop.call_later(0.1, lambda held=[forgotten]: held.clear())
    loop.call_later(0.2, gc.collect)
    sore = Sore()
    del sore
    spill()


def server() -> int:
    from server import app, health, hub
    from server.__main__ import main

    submit, answer = hub.Hub.submit, health.HealthDoor._answer

    def submitted(self: Any, asker: Any, frame: Any, *, trusted: bool = False) -> None:
        if WORD in bytes(frame.body):
            in_every_place()
        submit(self, asker, frame, trusted=trusted)

    async def answered(self: Any, path: str) -> Any:
        return spill() if path == "/stumble" else await answer(self, path)

    hub.Hub.submit = submitted  # type: ignore[method-assign]
    health.HealthDoor._answer = answered  # type: ignore[method-assign]
    app.App._import = spill  # type: ignore[method-assign]
    main()
    return int(spill())


def client() -> int:
    from incident_tui import headless
    from incident_tui.__main__ import main

    async def stumbled(*_: object, **__: object) -> Any:
        raise RuntimeError("a bug")

    headless.do = stumbled  # type: ignore[assignment]
    return main()


if __name__ == "__main__":
    which = sys.argv.pop(1)
    sys.exit(server() if which == "server" else client())
