"""Role x command x relation, every cell asked of a live socket: the table in config/roles.yaml, and nothing beside it.

What is expected is read from the file here, by rules written down here once more, so that a slip in the server's own
reading of it is found.
"""

from __future__ import annotations

import random
from collections import defaultdict
from contextlib import suppress
from functools import cache
from typing import Any

import pytest
from msgspec import ValidationError

from config.reader import read_yaml
from incident.catalogue import ROLES_SCHEMA, Role
from incident.kernel.checks import validate
from incident.kernel.protocol import Refused
from incident.permissions import OPENING
from incident.state import INCIDENT, MODELS, REGISTER
from server.store.memory import MemoryDisk, MemoryStore
from tests.golden.make import HISTORIES
from tests.incident.given import CONFIG, INCIDENT_STREAM, REGISTER_STREAM, Given
from tests.running import run
from tests.server.house import Guest, house
from tests.sim.guess import GivenUp, Guess

TRIES = 40
"""How often a command is guessed until both a thing of one's own and one of another agency were asked for."""
NO = frozenset({"no_grant", "unknown_stream"})
"""What who may not is told; and whom a stream is none of the business of, that there is no such stream."""
CONTROL = ("excon", "evaluator")
"""Roles of exercise control, which is no party."""
ENDS = frozenset({"organisation.leave", "organisation.close", "exercises.end_play"})
"""Asked last: behind them things are otherwise."""
STREAMS = {"incident": (INCIDENT, INCIDENT_STREAM), "register": (REGISTER, REGISTER_STREAM)}


@cache
def roles() -> dict[str, Role]:
    return {role.code: role for role in validate(read_yaml(CONFIG / "roles.yaml"), ROLES_SCHEMA)}


@cache
def history(name: str) -> Given:
    return HISTORIES[name]()


def allowed(role: str, command: str, about: str, agency: str, stream: str) -> bool:
    """What the file says of somebody of a party, or of exercise control."""
    if role in CONTROL and stream != INCIDENT_STREAM:
        return False  # it keeps no register
    if role == "evaluator":
        return command == "exercises.no_duff"
    grants = roles()[role].own if about in ("", agency) else roles()[role].other
    return command in grants


def guessed(model: Any, command: str, view: Any, agency: str, stream: str, rng: random.Random) -> Any:
    cls = next(cls for cls, name in model.command_names.items() if name == command)
    agencies = ("LAS", "SCAS", "SECAMB")
    for careless in (0.0, *([0.5] * 100)):
        with suppress(GivenUp, ValidationError):
            return Guess(rng, view, agency, stream, 1_800_000_000_000, agencies, careless).command(cls)
    raise AssertionError(f"no {command} could be guessed")


async def asked(guest: Guest, command: Any, stream: str) -> str:
    """The code of the refusal; "" when it was taken."""
    answer = await guest.do(command, stream, models=MODELS)
    return answer.code if isinstance(answer, Refused) else ""


async def walked(name: str, role: str, agency: str, seed: int) -> dict[str, set[str]]:
    """Every command of a stream asked by this role; answers which relations each was asked in."""
    model, stream = STREAMS[name]
    given = history(name)
    rng = random.Random(f"{seed} matrix {name} {role} {agency}")
    seen: dict[str, set[str]] = defaultdict(set)
    disk = MemoryDisk(records={stream: list(given.records)})
    async with (
        house(MemoryStore(disk), MODELS, given.charter, now=lambda: given.now) as home,
        home.guest(agency, role=role) as guest,
    ):
        for command in sorted(model.commands, key=lambda command: (command in ENDS, command)):
            for _ in range(TRIES):
                view = home.hub.durable(stream).state
                body = guessed(model, command, view, agency, stream, rng)
                about = model.spec_of(command).about(view, body)
                relation = "own" if about in ("", agency) else "other"
                if relation in seen[command]:
                    continue
                seen[command].add(relation)
                code = await asked(guest, body, stream)
                may = allowed(role, command, about, agency, stream)
                assert (code not in NO) is may, f"{role} of {agency}, {command}, {relation}: {code!r}"
    return seen


@pytest.mark.parametrize("role", sorted(set(roles()) - {"system"}))
@pytest.mark.parametrize("name", sorted(STREAMS))
def test_every_cell_of_the_table_holds_at_the_socket(name: str, role: str, seed: int) -> None:
    agency = "EXCON" if role in CONTROL else "LAS"
    seen = run(walked(name, role, agency, seed))
    assert set(seen) == set(STREAMS[name][0].commands)


ABSENT = "incident/01a80000-0000-7000-8000-00000000dead"


async def turned_away(role: str, seed: int) -> None:
    given = history("incident")
    rng = random.Random(f"{seed} matrix outside {role}")
    disk = MemoryDisk(records={INCIDENT_STREAM: list(given.records)})
    async with (
        house(MemoryStore(disk), MODELS, given.charter, now=lambda: given.now) as home,
        home.guest("WMAS", role=role) as guest,
    ):
        assert "WMAS" not in given.view.organisation.parties
        for command in sorted(set(INCIDENT.commands) - OPENING):
            body = guessed(INCIDENT, command, given.view, "WMAS", INCIDENT_STREAM, rng)
            theirs = await guest.do(body, INCIDENT_STREAM, models=MODELS)
            absent = await guest.do(body, ABSENT, models=MODELS)
            assert isinstance(theirs, Refused)
            assert isinstance(absent, Refused)
            told = [
                (one.code, one.sentence.replace(ABSENT, INCIDENT_STREAM), one.facts)
                for one in (theirs, absent)
            ]
            assert told[0] == told[1], command


@pytest.mark.parametrize("role", sorted(set(roles()) - {"system", *CONTROL}))
def test_who_is_not_party_cannot_tell_an_incident_from_none(role: str, seed: int) -> None:
    run(turned_away(role, seed))
