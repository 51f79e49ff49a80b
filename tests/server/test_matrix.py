"""Role x command x relation, every cell asked of a live socket: the table in config/roles.yaml, and nothing beside it.

Asked in an incident, in an agency's own part of it, in exercise control's papers and in a register; and once more by
somebody to whom a role is lent, by everybody to whom it is not, and when it is over.

What is expected is read from the file here, by rules written down here once more, so that a slip in the server's own
reading of it is found.
"""

from __future__ import annotations

import random
from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from typing import Any

import pytest
from msgspec import ValidationError

from config.reader import read_yaml
from incident.catalogue import ROLES_SCHEMA, Role
from incident.delegation.facts import Delegate, EndDelegation
from incident.kernel.checks import validate
from incident.kernel.protocol import Refused
from incident.kernel.slice import Actor
from incident.log.facts import Write
from incident.organisation.facts import Invite, Join
from incident.permissions import OPENING
from incident.sharing.facts import End, Share
from incident.state import EXCON, INCIDENT, MODELS, OWN, REGISTER
from server.store.memory import MemoryDisk, MemoryStore
from tests.golden.make import HISTORIES
from tests.incident.given import CONFIG, INCIDENT_STREAM, MINUTE, OWN_STREAM, REGISTER_STREAM, Given
from tests.incident.papers import EXCON_STREAM
from tests.running import run
from tests.server.house import Guest, house
from tests.sim.guess import GivenUp, Guess

TRIES = 40
"""How often a command is guessed until both a thing of one's own and one of another agency were asked for."""
NO = frozenset({"no_grant", "unknown_stream"})
"""What who may not is told; and whom a stream is none of the business of, that there is no such stream."""
NOBODYS = {"system", "view", "assist"}
"""Roles that no person has: the server's own, and the tiers of what is shared."""
CONTROL = ("excon", "evaluator")
"""Roles of exercise control, which is no party."""
ENDS = frozenset({"organisation.leave", "organisation.close", "exercises.end_play"})
"""Asked last: behind them things are otherwise."""
STREAMS = {
    "incident": (INCIDENT, INCIDENT_STREAM),
    "own": (OWN, OWN_STREAM),
    "excon": (EXCON, EXCON_STREAM),
    "register": (REGISTER, REGISTER_STREAM),
}


@cache
def roles() -> dict[str, Role]:
    return {role.code: role for role in validate(read_yaml(CONFIG / "roles.yaml"), ROLES_SCHEMA)}


@cache
def history(name: str) -> Given:
    return HISTORIES[name]()


def allowed(role: str, command: str, about: str, agency: str, stream: str) -> bool:
    """What the file says of somebody of a party, or of exercise control."""
    if (role in CONTROL) is not (stream == EXCON_STREAM) and stream != INCIDENT_STREAM:
        return False  # it keeps no register and is no agency, and nobody else has its papers
    if roles()[role].agency not in ("", agency):
        return False  # the role of another agency's people
    if role == "evaluator" and stream == INCIDENT_STREAM:
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


async def walked(name: str, who: Actor, seed: int, lent: Lent | None = None) -> dict[str, set[str]]:
    """Every command of a stream asked by this person; answers which relations each was asked in."""
    model, stream = STREAMS[name]
    given = history(name) if lent is None else lent.given
    role, agency = who.role, who.agency
    rng = random.Random(f"{seed} matrix {name} {role} {agency}")
    seen: dict[str, set[str]] = defaultdict(set)
    # The incident itself is there, too: its parties alone may have the other streams.
    disk = MemoryDisk(records={INCIDENT_STREAM: list(history("incident").records)})
    disk.records[stream] = list(given.records)
    now = given.now if lent is None else lent.now
    async with (
        house(MemoryStore(disk), MODELS, given.charter, now=lambda: now) as home,
        home.guest(agency, who.name, role) as guest,
    ):
        for command in sorted(model.commands, key=lambda command: (command in ENDS, command)):
            if lent is not None and command == GIVING_BACK:
                continue  # everybody has that row, and behind it nothing is lent any more
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
                if lent is not None and lent.opens and command not in LENDING:
                    may |= allowed(lent.role, command, about, agency, stream)
                assert (code not in NO) is may, f"{role} of {agency}, {command}, {relation}: {code!r}"
    return seen


@pytest.mark.parametrize("role", sorted(set(roles()) - NOBODYS))
@pytest.mark.parametrize("name", sorted(STREAMS))
def test_every_cell_of_the_table_holds_at_the_socket(name: str, role: str, seed: int) -> None:
    agency = "EXCON" if role in CONTROL else "LAS"
    seen = run(walked(name, Actor("", agency, role), seed))
    assert set(seen) == set(STREAMS[name][0].commands)


def test_what_is_one_agencys_role_has_its_rows_there(seed: int) -> None:
    given = HISTORIES["incident"]()
    given.by(given.view.organisation.lead, "tactical_commander").did(Invite(("NACC",)))
    given.by("NACC", "nacc", "Duty officer").did(Join("Duty officer"))
    seen = run(walked("incident", Actor("", "NACC", "nacc"), seed, Lent(given, "nacc", given.now, False)))
    assert set(seen) == set(INCIDENT.commands) - {GIVING_BACK}


# -- what is lent -------------------------------------------------------------------------------------------------

GIVING_BACK = "delegation.end_delegation"
LENDING = frozenset({"delegation.delegate"})
HOLDER = Actor("Ann Lee", "LAS", "observer")
TO_ALL = {
    "another name": Actor("Ann Leigh", "LAS", "observer"),
    "another agency": Actor("Ann Lee", "SCAS", "observer"),
}


@dataclass(frozen=True)
class Lent:
    """A history at whose end somebody of LAS was lent a role; whether it opens anything for who asks at ``now``."""

    given: Given
    role: str
    now: int
    opens: bool


def lendable() -> dict[str, str]:
    """Every role that is lent, with one that lends it: as it stands in the file."""
    return {lent: role.code for role in roles().values() for lent in role.may_delegate}


def with_lent(name: str, role: str, *, opens: bool = True, over: bool = False) -> Lent:
    given = HISTORIES[name]()
    own_now = given.model.now(given.view, given.now)
    until = own_now + 60 * MINUTE
    given.by("LAS", lendable()[role], "Kim").did(Delegate("LAS", HOLDER.name, role, until, "short of people"))
    gone = until - own_now if over else 0
    return Lent(given, role, given.now + gone, opens and not over)


@pytest.mark.parametrize("role", sorted(lendable()))
@pytest.mark.parametrize("name", ["incident", "own"])
def test_what_is_lent_opens_exactly_the_rows_of_that_role(name: str, role: str, seed: int) -> None:
    seen = run(walked(name, HOLDER, seed, with_lent(name, role)))
    assert set(seen) == set(STREAMS[name][0].commands) - {GIVING_BACK}


@pytest.mark.parametrize("role", sorted(lendable()))
def test_what_is_lent_opens_nothing_once_it_is_over(role: str, seed: int) -> None:
    run(walked("incident", HOLDER, seed, with_lent("incident", role, over=True)))


@pytest.mark.parametrize("who", sorted(TO_ALL))
def test_what_is_lent_opens_nothing_for_anybody_else(who: str, seed: int) -> None:
    run(walked("incident", TO_ALL[who], seed, with_lent("incident", "tactical_commander", opens=False)))


def test_what_was_lent_is_ended_at_once_at_the_socket(seed: int) -> None:
    run(ended(with_lent("incident", "loggist")))


async def ended(lent: Lent) -> None:
    disk = MemoryDisk(records={INCIDENT_STREAM: list(lent.given.records)})
    async with (
        house(MemoryStore(disk), MODELS, lent.given.charter, now=lambda: lent.now) as home,
        home.guest("LAS", HOLDER.name, HOLDER.role) as guest,
    ):
        assert await asked(guest, Write("keeps the log"), INCIDENT_STREAM) == ""
        assert await asked(guest, EndDelegation("LAS", HOLDER.name, "loggist"), INCIDENT_STREAM) == ""
        assert await asked(guest, Write("keeps the log"), INCIDENT_STREAM) == "no_grant"


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


@pytest.mark.parametrize("role", sorted(set(roles()) - {*NOBODYS, *CONTROL}))
def test_who_is_not_party_cannot_tell_an_incident_from_none(role: str, seed: int) -> None:
    run(turned_away(role, seed))


# -- by an agreement ----------------------------------------------------------------------------------------------


async def lent(tier: str, role: str, seed: int) -> dict[str, bool]:
    """Every command of an incident asked by somebody who sees it by an agreement; which of them may be given."""
    given = history("incident")
    rng = random.Random(f"{seed} matrix {tier} {role}")
    lead = given.view.organisation.lead
    disk = MemoryDisk(records={INCIDENT_STREAM: list(given.records)})
    found: dict[str, bool] = {}
    async with (
        house(MemoryStore(disk), MODELS, given.charter, now=lambda: given.now) as home,
        home.guest(lead, role="tactical_commander") as owner,
        home.guest("WMAS", role=role) as guest,
    ):
        share = Share("WMAS", tier, 60, "to be asked everything")  # type: ignore[arg-type]
        assert not await asked(owner, share, INCIDENT_STREAM)
        for command in sorted(set(INCIDENT.commands) - {"sharing.end"}):
            view = home.hub.durable(INCIDENT_STREAM).state
            body = guessed(INCIDENT, command, view, "WMAS", INCIDENT_STREAM, rng)
            found[command] = await asked(guest, body, INCIDENT_STREAM) not in NO | {"not_party"}
        found["sharing.end"] = not await asked(guest, End("WMAS"), INCIDENT_STREAM)
    return found


@pytest.mark.parametrize("role", ["operator", "tactical_commander", "observer"])
@pytest.mark.parametrize("tier", ["view", "assist"])
def test_what_an_agreement_lets_is_in_its_tier_and_in_the_role(tier: str, role: str, seed: int) -> None:
    found = run(lent(tier, role, seed))
    listed = set(roles()[tier].own) & set(roles()[role].own)
    assert {command for command, may in found.items() if may} == listed
