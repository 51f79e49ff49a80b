"""What is in dispute now: each with every value there is, who gave it and when, and where it is settled.

Computed from what is shown anyway: nothing here is stored, and it goes when somebody who may has picked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from incident.casualties.fold import casualties, disagreements
from incident.casualties.words import where_words
from incident.kernel.board import Look
from incident.methane import methane, standing, summary
from incident.organisation import organisation
from incident.resources import resources
from incident.statuses import status

DISPUTES_MAX = 200


@dataclass(frozen=True, slots=True)
class Value:
    """One of the values: who says so, what, and since when (UTC ms)."""

    agency: str
    words: str
    at: int


@dataclass(frozen=True, slots=True)
class Dispute:
    """One thing that two agencies see differently. Enter leads to ``row`` of ``place``; ``way`` is how it ends."""

    key: str
    what: str
    values: tuple[Value, ...]
    place: str
    row: str
    way: str

    @property
    def at(self) -> int:
        """Since when it is in dispute: the second value made it one."""
        return sorted(value.at for value in self.values)[1]

    def words(self) -> str:
        """All values in one line."""
        return " · ".join(f"{value.agency}: {value.words}" for value in self.values)


class Disputes:
    """Those of the state looked at last: one that did not change is the same object."""

    def __init__(self) -> None:
        self._made: dict[str, Dispute] = {}
        self._parts: tuple[object, ...] = ()

    def of(self, look: Look) -> Mapping[str, Dispute]:
        """By key, what concerns all first. In no incident there are none."""
        state = look.state
        parts = (state.organisation, state.casualties, state.resources, state.methane)
        if len(parts) == len(self._parts) and all(a is b for a, b in zip(parts, self._parts, strict=True)):
            return self._made
        found = {}
        for dispute in _disputes(look):
            before = self._made.get(dispute.key)
            found[dispute.key] = before if before == dispute else dispute
            if len(found) >= DISPUTES_MAX:
                break
        self._made, self._parts = found, parts
        return found


def _disputes(look: Look) -> Iterator[Dispute]:
    state = organisation(look.state)
    if not state.opened:
        return
    if state.disputed:
        values = tuple(
            Value(one.agency, f"{one.location.words()} ({_sure(one.location.confirmed)})", one.at)
            for one in state.sightings
        )
        yield Dispute(
            "dispute/location", "location", values, "parties", state.lead, "a tactical commander picks one"
        )
    if state.lead_disputed:
        has = Value(state.lead, "has the lead", state.lead_since)
        named = tuple(Value(one.by, f"names {one.to} for the lead", one.at) for one in state.lead_offers)
        yield Dispute(
            "dispute/lead", "lead", (has, *named), "parties", state.lead, "one of those named accepts it"
        )
    yield from _reports(look)
    yield from _counts(look)
    yield from _statuses(look)


def _sure(confirmed: object) -> str:
    return "confirmed" if confirmed else "provisional"


def _reports(look: Look) -> Iterator[Dispute]:
    stand = standing(methane(look.state))
    if len(stand) > 1:
        values = tuple(Value(one.agency, f"{one.kind} {one.name}: {summary(one)}", one.at) for one in stand)
        way = "whoever has read them writes the next"
        yield Dispute("dispute/methane", "METHANE", values, "methane", stand[-1].id, way)


def _counts(look: Look) -> Iterator[Dispute]:
    for slot in disagreements(look.state):
        where = where_words(slot.stage, slot.place)
        values = tuple(Value(one.agency, one.counts.words(), one.at) for one in slot.rivals)
        key = next(key for key, one in casualties(look.state).slots.items() if one is slot)
        row = f"{key}/{slot.rivals[0].agency}"
        way = "a named role settles the count"
        yield Dispute(f"dispute/counts/{key}", f"casualties {where}", values, "casualties", row, way)


def _statuses(look: Look) -> Iterator[Dispute]:
    for key, unit in resources(look.state).units.items():
        if unit.reports and unit.disputed:
            said = Value(unit.controlling, status(unit.status).word, unit.since)
            seen = tuple(
                Value(agency, status(report.status).word, report.at)
                for agency, report in unit.reports.items()
                if report.status != unit.status
            )
            way = f"{unit.controlling} sets the status again"
            yield Dispute(f"dispute/unit/{key}", key, (said, *seen), "resources", key, way)
