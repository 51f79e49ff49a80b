"""A broken glass is told to everybody concerned: a record in every incident of the agency, by the system.

What such a record is, the meaning knows; here it is only asked for each stream, and written on the normal path.
"""

from __future__ import annotations

import asyncio
import uuid
from typing import Any, Final

from incident import state
from incident.kernel.slice import Actor, Refusal
from server import logs
from server.conductor import Automaton
from server.hub import Hub

SECONDS_MAX: Final = 10.0
"""Then the two are let in all the same: who breaks the glass is in need."""


async def record_glass(
    hub: Hub, agency: str, first: str, second: str, role: str, reason: str, until: int
) -> None:
    """Write it wherever it belongs, all at once. What could not be written is logged."""
    system = Automaton(hub, Actor("system", agency, "system"))
    wanted: list[tuple[str, Any]] = []
    for stream, _, head, _ in hub.streams():
        with logs.guarded("broken glass not recorded", stream=stream):
            command = state.glass_broken(stream, head, agency, first, second, role, reason, until)
            if command is not None:
                wanted.append((stream, command))
    try:
        async with asyncio.timeout(SECONDS_MAX):
            answers = await asyncio.gather(
                *(system.do(stream, command, str(uuid.uuid4())) for stream, command in wanted),
                return_exceptions=True,
            )
    except TimeoutError:
        logs.warn("broken glass not recorded", streams=len(wanted))
        return
    missed = sum(isinstance(answer, Refusal | BaseException) for answer in answers)
    if missed:
        logs.warn("broken glass not recorded", streams=missed)
