"""Writes a long incident straight into a data folder: the ledger decides, the store keeps, nothing is faked.

300 units, 500 tasks, and for the rest seven log entries for every three changes of a unit's status.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from bench.scene import AGENCY, TEXT, new_stream, now, opening, submit
from incident.kernel.claims import ClaimTable
from incident.kernel.ledger import Ledger, Proposal
from incident.kernel.slice import Actor
from incident.log import facts as log_facts
from incident.resources import facts as resources_facts
from incident.state import INCIDENT
from incident.tasks import facts as tasks_facts
from server.datafolder import DataFolder
from server.settings import read_settings
from server.store import Append
from server.store.sqlite import open_sqlite

UNITS = 300
TASKS = 500
STATUSES = ("MOB", "RVP", "SCN")
WAITING_MAX = 512
ACTOR = Actor("EOC desk 1", AGENCY, "operator")
SALT = "00112233445566778899aabbccddeeff"


def commands(records: int) -> Iterator[Any]:
    """What is written after the opening, without end once the units and tasks are there."""
    units = [f"{AGENCY}/A{n:03}" for n in range(UNITS)]
    for first in range(0, UNITS, 10):
        yield resources_facts.Commit(
            tuple(resources_facts.Commitment(unit, "DCA", "MOB") for unit in units[first : first + 10])
        )
    for n in range(TASKS):
        yield tasks_facts.Raise(title=f"Bring water and blankets to rest centre {n}", agency=AGENCY)
    for n in range(records):
        if n % 10 < 7:
            yield log_facts.Write(text=TEXT)
        else:
            status = STATUSES[(n // UNITS + 1) % len(STATUSES)]
            yield resources_facts.CorrectStatus(units[n % UNITS], status, "heard on the talkgroup")


def fill(folder: Path, records: int) -> str:
    """Write at least so many records; answers the stream."""
    return asyncio.run(_fill(DataFolder(folder), records))


async def _fill(folder: DataFolder, records: int) -> str:
    settings, charter = read_settings(folder)
    store = open_sqlite(folder.log, mode=settings.mode)
    stream = new_stream()
    ledger = Ledger(INCIDENT, stream, ClaimTable(), charter)
    room = asyncio.Event()
    failures: list[Exception] = []

    def durable(group: Sequence[Append]) -> None:
        ledger.commit([item.proposal for item in group])
        room.set()

    store.on_group(durable)
    store.on_failure(failures.append)
    work = commands(records)
    try:
        number = 0
        while ledger.tentative.seq < records:
            number += 1
            command_id = f"{number:08x}-0000-7000-8000-000000000001"
            asked = opening(stream) if number == 1 else submit(stream, next(work), command_id)
            if number > 1:
                command = INCIDENT.read_command(asked.type, asked.v, asked.body)
                base = INCIDENT.base_for(ledger.tentative.state, command)
                asked = msgspec.structs.replace(asked, base=base)
            answer = ledger.propose(ACTOR, asked, now(), SALT)
            if not isinstance(answer, Proposal):
                raise TypeError(f"{asked.type}: {answer}")
            store.append(Append(answer))
            while ledger.tentative.seq - ledger.durable.seq > WAITING_MAX and not failures:
                room.clear()
                await room.wait()
    finally:
        await store.close()
    if failures:
        raise failures[0]
    return stream
