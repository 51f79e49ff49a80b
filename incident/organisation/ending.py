"""When it is over: for one agency, at the scene, and for everybody. Written here once, for all that is asked of them.

An agency that has stood down owes nothing of what the incident had asked of it: no commander, no word about a point
on the ground, no look at a METHANE. It speaks for itself alone: who has units at work on it is busy, whatever others
say, until it says so itself. Once the scene is clear for all, nobody is asked for what only a scene needs:
a rendezvous point, a service that is required there. Once all have stood down, nothing is asked that the incident was
for. What was begun and not ended is asked on all the same, because standing down does not end it: a unit still
committed, a recall, an open task, casualties in no count, a lead that was offered. A list that nags about what is
over is soon looked at by nobody, and then the one line that still counts is not seen either.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from incident.kernel.remembered import remembered
from incident.kernel.slice import Context, Refusal, View
from incident.organisation.facts import ACTIVE, Organisation
from incident.statuses import AWAY, FREE, status

OVER: Final = frozenset({"cancelled", "stand_down", "recovery", "closed"})
"""Declarations that mean: this agency is no longer at work on it."""

CLEAR: Final = OVER | {"scene_clear"}
"""Declarations that mean: this agency has nothing more to do at the scene."""

IDLE: Final = frozenset({FREE, AWAY})
"""The groups of states in which a committed unit is at work on nothing."""


def stood_down(view: View, agency: str) -> bool:
    """Whether an agency has stood down, by its own word or because all who were at work have."""
    return _says(view, agency, OVER) or over(view)


def off_scene(view: View, agency: str) -> bool:
    """Whether nothing is asked any more of an agency at the scene."""
    return _says(view, agency, CLEAR) or scene_over(view)


def stood_down_at(view: View, agency: str) -> int | None:
    """Since when an agency has stood down by its own word (UTC ms); None when it has not, whatever the others say.

    What it is asked after that, it is asked anew.
    """
    state: Organisation = view.organisation
    party = state.parties.get(agency)
    return party.declared_at if party is not None and party.declared in OVER else None


def scene_over(view: View) -> bool:
    """Whether all who were at work say that the scene is clear, or have stood down."""
    return _all(view, CLEAR)


def over(view: View) -> bool:
    """Whether all who were at work have stood down, the lead among them, whose incident it is."""
    return _all(view, OVER)


def _says(view: View, agency: str, words: frozenset[str]) -> bool:
    state: Organisation = view.organisation
    party = state.parties.get(agency)
    return party is not None and party.declared in words


def _all(view: View, words: frozenset[str]) -> bool:
    state: Organisation = view.organisation
    return state.closed or (_says(view, state.lead, words) and not busy(view, words))


def busy(view: View, words: frozenset[str] = OVER) -> tuple[str, ...]:
    """The agencies that are at work and have said none of these words.

    Whoever joins is aware, and says no more while its crews work: so a unit at work speaks for its agency.
    """
    state: Organisation = view.organisation
    found = [
        code
        for code, party in state.parties.items()
        if party.left_at is None and party.declared in ACTIVE and party.declared not in words
    ]
    found += [code for code in with_units(view) if code not in found and not _says(view, code, words)]
    return tuple(found)


@remembered("resources")
def with_units(view: View) -> frozenset[str]:
    """The agencies whose own units, or units in whose control, are at work on it: neither free nor away.

    A unit in a state that nobody knows is at work. Equal answers are one object: what is remembered by it holds
    while units change their states.
    """
    found: set[str] = set()
    for unit in view.resources.units.values():
        if (unit.home not in found or unit.controlling not in found) and status(
            unit.status
        ).group not in IDLE:
            found |= {unit.home, unit.controlling}
    return _one(frozenset(found))


@lru_cache(maxsize=64)
def _one(agencies: frozenset[str]) -> frozenset[str]:
    return agencies


def closed(view: View, ctx: Context, begun: str, *, late: bool = True) -> Refusal | None:
    """The answer to whoever begins new work (``begun``: "a task is raised") in an incident that is closed.

    Nobody is there any more to take it on, so a METHANE, a message, a task, a unit or a request would be lost on
    them without a word. Observations are taken all the same: log entries, receipts, counts, states, what became of
    work that was begun before. ``late``: so is what was written before the closing by a room that was cut off.
    """
    state: Organisation = view.organisation
    if not state.closed or (late and ctx.written_at < (state.closed_at or 0)):
        return None
    sentence = f"This incident is closed: {begun} in it no more. Reopen it, or write it into the log."
    return Refusal("closed", sentence, {"since": str(state.closed_at)})
