"""A client process that keeps commands and says so, made to be killed: see test_cache.py and test_session.py."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from incident.kernel.protocol import Submit
from incident_tui.cache import Cache
from incident_tui.seat import take_seat


async def keep_for_ever(folder: Path) -> None:
    """Say each command's number once the disk has it."""
    cache = Cache(take_seat(folder), lambda: 0)
    await cache.open()
    number = len(cache.outbox)
    while True:
        number += 1
        submit = Submit(
            stream="incident/x",
            command_id=f"00000000-0000-7000-8000-{number:012d}",
            type="log.write",
            written_at=number,
        )
        kept = asyncio.get_running_loop().create_future()
        cache.keep(submit, lambda kept=kept: kept.set_result(None))
        await kept
        print(number, flush=True)


if __name__ == "__main__":
    asyncio.run(keep_for_ever(Path(sys.argv[1])))
