"""Units committed to an incident, in words: the lines of the log, and the totals of the Picture."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from incident.kernel.board import Look
from incident.kernel.record import Record
from incident.kernel.slice import Line, Names
from incident.resources import facts as f
from incident.resources.fold import resources
from incident.statuses import GROUPS, WORKING, stale_minutes, status, word_of


def sentence(event: Any, record: Record, names: Names) -> Line:
    """A record of this slice as one line of the log."""
    match event:
        case f.Committed():
            return Line(_committed(event))
        case f.StatusSet():
            return Line(f"{event.unit} {word_of(event.status)}")
        case f.StatusConfirmed():
            return Line(f"{event.unit} still {word_of(event.status)}")
        case f.StatusCorrected():
            was, now = word_of(event.was), word_of(event.status)
            return Line(f"{event.unit} corrected from {was} to {now}" + _because(event.reason))
        case f.StatusReported():
            note = f". {event.note}" if event.note else ""
            return Line(f"reports {event.unit} {word_of(event.status)}{note}")
        case f.Described():
            return Line(f"{event.unit}: {_described(event)}")
        case f.Released():
            return Line(f"{event.unit} released, {word_of(event.status)}" + _because(event.reason))
        case _:
            return Line(_control(event))


def _because(reason: str) -> str:
    return f". Reason: {reason}" if reason else ""


def _committed(event: f.Committed) -> str:
    one = event.commitment
    parts = [f"{one.unit} ({one.kind}) committed"]
    if one.function:
        parts.append(f"as {one.function}")
    if one.destination:
        parts.append(f"to {one.destination}")
    return " ".join(parts) + f", {word_of(one.status)}" + _because(event.reason)


def _described(event: f.Described) -> str:
    """What is new of a unit; an empty value says that the old one no longer holds."""
    said = (
        (event.place, "at ", "place not known"),
        (event.destination, "to ", "no destination"),
        (event.function, "as ", "no function"),
        (event.note, "note: ", "note taken away"),
    )
    return "; ".join(f"{word}{value}" if value else none for value, word, none in said if value is not None)


def _control(event: Any) -> str:
    match event:
        case f.ControlOffered():
            return f"{event.unit}: control offered to {event.to}"
        case f.ControlTaken():
            return f"{event.unit}: control taken by {event.controlling} from {event.was}"
        case f.ControlDeclined():
            return f"{event.unit}: {event.to} does not take control" + _because(event.reason)
        case f.OfferWithdrawn():
            return f"{event.unit}: offer of control to {event.to} withdrawn"
        case f.Recalled():
            return f"{event.unit}: recalled from {event.was} by its home trust" + _because(event.reason)
        case _:
            raise TypeError(type(event).__name__)


# -- totals ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class UnitTotals:
    """How many committed units there are, by group of status, in the order in which they are shown.

    ``wanted`` are commitments that the server has not granted: named beside the totals, never inside them.
    ``stale`` and ``disputed`` are among the counted ones.
    """

    groups: Mapping[str, int]
    all: int
    working: int
    stale: int
    disputed: int
    wanted: int


def unit_totals(look: Look, agency: str = "") -> UnitTotals:
    """The totals of the Picture: of all units, or of those whose home is one agency."""
    groups = dict.fromkeys(GROUPS, 0)
    stale = disputed = wanted = 0
    for unit in resources(look.state).units.values():
        if agency and unit.home != agency:
            continue
        if is_wanted(unit, look):
            wanted += 1
            continue
        groups[status(unit.status).group] += 1
        stale += stale_minutes(unit.status, unit.heard_at, look.now) is not None
        disputed += unit.disputed
    working = sum(count for group, count in groups.items() if group in WORKING)
    return UnitTotals(groups, sum(groups.values()), working, stale, disputed, wanted)


def is_wanted(unit: f.Resource, look: Look) -> bool:
    """Whether this commitment is only asked for: written here, and not granted by the server yet."""
    return bool(look.wanted) and unit.commitment.partition("/")[0] in look.wanted
