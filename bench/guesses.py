"""The abuser of `bench/logins.py`: guesses at a steady rate, each on a line of its own, in a process that steps back.

python -m bench.guesses TASK     a JSON object; then for each line on standard input, a number of seconds, one
                                 line of JSON: what was answered, and how many were computed for each desk
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import ssl
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any, Final

import msgspec
from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

from incident.kernel import door
from incident.kernel.door import Denied, SignIn
from incident_tui.trust import desk_context

ADDRESSES: Final = 50


def papers(folder: Path, number: int) -> ssl.SSLContext:
    """What a desk dials with; below nought: a line without a desk's key."""
    authority = (folder / "authority").read_text()
    if number < 0:
        return desk_context(authority)
    return desk_context(authority, folder / f"certificate-{number}", folder / f"key-{number}")


def line(port: int, context: ssl.SSLContext, path: str, address: str = "127.0.0.1", **headers: str) -> Any:
    """A connection from one address of this machine; on Linux all of 127/8 are."""
    return connect(
        f"wss://127.0.0.1:{port}{path}",
        ssl=context,
        additional_headers=headers,
        local_addr=(address, 0),
        proxy=None,
        compression=None,
        ping_interval=None,
        open_timeout=20,
        close_timeout=5,
    )


async def tried(port: int, context: ssl.SSLContext, password: str, address: str = "127.0.0.1") -> Any:
    """One try at the door, and its answer."""
    async with line(port, context, door.SIGN_IN_PATH, address) as socket:
        await socket.send(msgspec.json.encode(SignIn(password=password)), text=True)
        return door.read_answer(await socket.recv(decode=False))


class Abuser:
    """Half of its lines are of desks in bad hands, half of nobody's."""

    def __init__(self, port: int, folder: Path, first: int, desks: int, rate: float) -> None:
        self._port = port
        self._rate = rate
        self._first = first
        self._bare = papers(folder, -1)
        self._papers = [papers(folder, first + number) for number in range(desks)]
        self._count = 0
        self.answers: Counter[str] = Counter()
        self.computed: Counter[int] = Counter()

    async def guess(self, number: int) -> None:
        """One guess."""
        desk = (number // 2) % len(self._papers)
        context = self._papers[desk] if number % 2 else self._bare
        try:
            answer = await tried(self._port, context, f"guess {number}", f"127.0.2.{number % ADDRESSES + 1}")
        except (OSError, TimeoutError, WebSocketException):
            self.answers["turned away"] += 1
            return
        assert isinstance(answer, Denied)
        self.answers[answer.code] += 1
        self.computed[self._first + desk] += answer.code == "wrong_password"

    async def go_on(self, seconds: float) -> None:
        """For so long; whatever is under way then is waited for."""
        began, running = time.monotonic(), set[asyncio.Task[None]]()
        for count in range(1, int(seconds * self._rate) + 1):
            running.add(asyncio.create_task(self.guess(self._count)))
            self._count += 1
            running = {one for one in running if not one.done()}
            await asyncio.sleep(max(0.0, began + count / self._rate - time.monotonic()))
        await asyncio.gather(*running)


def main() -> None:
    """Serve the bench."""
    task = json.loads(sys.argv[1])
    with contextlib.suppress(AttributeError, OSError):
        os.nice(10)
    abuser = Abuser(task["port"], Path(task["folder"]), task["first"], task["desks"], task["rate"])
    print("ready", flush=True)
    for said in sys.stdin:
        asyncio.run(abuser.go_on(float(said)))
        print(json.dumps({"answers": abuser.answers, "computed": abuser.computed}), flush=True)


if __name__ == "__main__":
    main()
