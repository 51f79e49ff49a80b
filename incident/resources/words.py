"""Units committed to an incident, in words: the lines of the log, and the totals of the Picture."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, Final

from incident.catalogue import Kind
from incident.kernel.board import Look
from incident.kernel.record import Record
from incident.kernel.slice import Line, Names
from incident.organisation import charter_of
from incident.resources import facts as f
from incident.resources.fold import resources
from incident.statuses import (
    CONVEYING,
    GROUPS,
    LEAST_STALE_MS,
    LEFT,
    STATUSES,
    WORKING,
    stale_minutes,
    status,
    word_of,
)
from incident.values import sentences, split_key

_STANDS: Final = attrgetter("home", "status")
_REPORTS: Final = attrgetter("reports")
CARRYING: Final = frozenset(code for code, one in STATUSES.items() if one.group == CONVEYING)
"""The states of those who may have a patient on board."""


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
            what = f"corrects {event.unit} from {was} to {now}"
            return Line(sentences(what, _because(event.reason)))
        case f.StatusReported():
            return Line(sentences(f"reports {event.unit} {word_of(event.status)}", event.note))
        case f.Described():
            return Line(f"{event.unit}: {_described(event)}")
        case f.DestinationConfirmed():
            return Line(f"{event.unit} confirms: to {event.destination}")
        case f.Released():
            what = f"releases {event.unit}, {word_of(event.status)}"
            return Line(sentences(what, _because(event.reason)))
        case _:
            return Line(_control(event, record.agency))


def _because(reason: str) -> str:
    return f"Reason: {reason}" if reason else ""


def _committed(event: f.Committed) -> str:
    one = event.commitment
    parts = [f"commits {one.unit} ({one.kind})"]
    if one.function:
        parts.append(f"as {one.function}")
    if one.destination:
        parts.append(f"to {one.destination}")
    return sentences(" ".join(parts) + f", {word_of(one.status)}", _because(event.reason))


def _described(event: f.Described) -> str:
    """What is new of a unit; an empty value says that the old one no longer holds."""
    said = (
        (event.place, "at ", "place not known"),
        (event.destination, "to ", "no destination"),
        (event.function, "as ", "no function"),
        (event.note, "note: ", "note taken away"),
    )
    return "; ".join(f"{word}{value}" if value else none for value, word, none in said if value is not None)


def _control(event: Any, writer: str) -> str:
    """Control of a unit. Exercise control may answer for an agency that nobody plays, which is then named."""
    unit = event.unit
    match event:
        case f.ControlOffered():
            return f"offers control of {unit} to {event.to}"
        case f.ControlTaken() if event.was == writer:
            return f"gives control of {unit} back to {event.controlling}"
        case f.ControlTaken():
            return f"takes control of {unit} from {event.was}{_for(event.controlling, writer)}"
        case f.ControlDeclined():
            return sentences(f"declines control of {unit}{_for(event.to, writer)}", _because(event.reason))
        case f.OfferWithdrawn():
            return f"takes back the offer of control of {unit} to {event.to}"
        case f.Recalled():
            home = _for(split_key(unit)[0], writer)
            return sentences(f"recalls {unit} from {event.was}{home}", _because(event.reason))
        case _:
            raise TypeError(type(event).__name__)


def _for(agency: str, writer: str) -> str:
    return "" if agency == writer else f" for {agency}"


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
    units = resources(look.state).units
    if _last.units is not units or _last.now != look.now or _last.wanted != look.wanted:
        _last.units, _last.now, _last.wanted = units, look.now, look.wanted
        _last.totals = _counted(look)
    return _last.totals.get(agency) or _totals(_Count())


class _Count:
    """A count under way."""

    __slots__ = ("disputed", "groups", "stale", "wanted")

    def __init__(self) -> None:
        self.groups = dict.fromkeys(GROUPS, 0)
        self.stale = self.disputed = self.wanted = 0


class _Last:
    """The totals counted last: one screen asks for them several times over, trust by trust, of one moment."""

    units: Mapping[str, f.Resource] | None = None
    now = 0
    wanted: frozenset[str] = frozenset()
    totals: Mapping[str, UnitTotals] = {}


_last = _Last()


def _counted(look: Look) -> Mapping[str, UnitTotals]:
    """The totals of each home, and under "" of all. 2,000 units, several times a second: little is done for each."""
    homes: dict[str, _Count] = {"": _Count()}
    units: Collection[f.Resource] = resources(look.state).units.values()
    if look.wanted:
        for unit in units:
            if is_wanted(unit, look):
                for count in _both(homes, unit.home):
                    count.wanted += 1
        units = [unit for unit in units if not is_wanted(unit, look)]
    _group(homes, units, charter_of(look.state).kinds)
    silent = look.now - LEAST_STALE_MS
    for unit in units:
        if unit.heard_at < silent and stale_minutes(unit.status, unit.heard_at, look.now) is not None:
            for count in _both(homes, unit.home):
                count.stale += 1
    for unit in filter(_REPORTS, units):
        if unit.disputed:
            for count in _both(homes, unit.home):
                count.disputed += 1
    return {agency: _totals(count) for agency, count in homes.items()}


def _group(homes: dict[str, _Count], units: Collection[f.Resource], kinds: Mapping[str, Kind]) -> None:
    for (home, code), number in Counter(map(_STANDS, units)).items():
        group = status(code).group
        if group != CONVEYING:
            for count in _both(homes, home):
                count.groups[group] += number
    for unit in units:
        if unit.status in CARRYING:  # of these, each must be looked at
            for count in _both(homes, unit.home):
                count.groups[group_of(unit, kinds)] += 1


def _both(homes: dict[str, _Count], home: str) -> tuple[_Count, _Count]:
    found = homes.get(home)
    if found is None:
        found = homes[home] = _Count()
    return found, homes[""]


def group_of(unit: f.Resource, kinds: Mapping[str, Kind]) -> str:
    """What a unit is counted as, by what is known of its kind: its group, but *conveying* only with a reason.

    That it has left the scene says of a unit that can take a patient no more than that; that it was loading before,
    or where it takes them, says that it has one. An officer's car conveys nobody.
    """
    group = status(unit.status).group
    if group != CONVEYING:
        return group
    kind = kinds.get(unit.kind)
    able = kind is None or kind.conveys
    return CONVEYING if able and (unit.loaded or unit.destination) else LEFT


def _totals(count: _Count) -> UnitTotals:
    groups = count.groups
    working = sum(number for group, number in groups.items() if group in WORKING)
    return UnitTotals(groups, sum(groups.values()), working, count.stale, count.disputed, count.wanted)


def is_wanted(unit: f.Resource, look: Look) -> bool:
    """Whether this commitment is only asked for: written here, and not granted by the server yet."""
    return bool(look.wanted) and unit.commitment.partition("/")[0] in look.wanted
