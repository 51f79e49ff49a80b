"""A server reduced to its store: appends to eight streams without pause and prints what it may call durable.

Run by the crash tests, which kill it. A line is printed when the store has announced a command, never before.
"""

from __future__ import annotations

import asyncio
import os
import random
import sys
from collections.abc import Sequence
from pathlib import Path

from server.store import Append, Unavailable
from server.store.sqlite import open_sqlite
from tests.store.pen import Pen

IN_FLIGHT = 50


async def main(path: Path, seed: str) -> int:
    chance = random.Random(seed)
    store = open_sqlite(path, mode="exercise")
    pens = [Pen.after(store, f"incident/{n}") for n in range(8)]
    failed = asyncio.Event()

    def more(count: int) -> None:
        for _ in range(count):
            store.append(chance.choice(pens).write(parts=chance.choice((1, 1, 1, 2, 3))))

    def announced(group: Sequence[Append]) -> None:
        lines = [
            f"{item.proposal.stream} {item.proposal.command_id} {item.proposal.done.first} {item.proposal.done.last}\n"
            for item in group
        ]
        os.write(1, "".join(lines).encode())
        if not store.read_only:
            more(len(group))

    def failure(why: Unavailable) -> None:
        os.write(2, f"{why.sentence}\n".encode())
        failed.set()

    store.on_group(announced)
    store.on_failure(failure)
    os.write(1, b"ready\n")
    more(IN_FLIGHT)
    await failed.wait()
    await asyncio.sleep(0.3)  # time enough to say something that must not be said
    await store.close()
    return 3


if __name__ == "__main__":
    sys.exit(asyncio.run(main(Path(sys.argv[1]), sys.argv[2])))
