"""A client at a desk without a line, made to be killed: it writes entries and says which are QUEUED."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from incident.log.facts import Write
from incident_tui.session import Session


async def write_for_ever(url: str, home: Path) -> None:
    """One entry after the other, each told once its word is QUEUED."""
    session = Session(url, "tok-las", home=home)
    running = asyncio.create_task(session.run())
    while not session.stream:
        await session.changed(session.version)
    count = 0
    while not running.done():
        count += 1
        answer = session.submit(Write(f"entry {count}"))
        assert isinstance(answer, str), answer
        while session.word(answer) == "SAVING":
            await session.changed(session.version)
        print(answer, flush=True)


if __name__ == "__main__":
    asyncio.run(write_for_ever(sys.argv[1], Path(sys.argv[2])))
