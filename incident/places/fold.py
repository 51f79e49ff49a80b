"""Places, the fold: what each event makes of a place and its allocations, and what follows from them."""

from __future__ import annotations

from typing import Any, cast

from msgspec.structs import replace

from incident.kernel.record import Record, thing_id
from incident.kernel.slice import View
from incident.places.facts import (
    LIVE,
    PRIORITIES,
    Allocated,
    AllocationCancelled,
    Arrived,
    CapacityDeclared,
    Conveyed,
    Declared,
    Hold,
    PlaceOpened,
    Places,
    Receiving,
    named,
)


def places(view: View) -> Places:
    """The places of an incident that were stood up."""
    return cast("Places", view.places)


def evolve(state: Places, event: Any, record: Record) -> Places:
    """The places after one event."""
    if isinstance(event, PlaceOpened):
        return _opened(state, event, record)
    row = state.rows.get(event.place)
    if row is None:
        return state
    match event:
        case CapacityDeclared():
            return _with(state, _declared(row, event, record))
        case Allocated():
            return _allocated(state, row, event, record)
        case Conveyed():
            return _stepped(state, row, event.hold, record, step="conveyed", withdrawn="")
        case Arrived():
            return _stepped(state, row, event.hold, record, step="arrived", withdrawn="")
        case AllocationCancelled():
            return _stepped(state, row, event.hold, record, step="cancelled", withdrawn=event.reason)
        case _:
            raise AssertionError(f"no rule for {type(event).__name__}")


def _with(state: Places, row: Receiving) -> Places:
    return replace(state, rows={**state.rows, row.place.code: row})


def _opened(state: Places, event: PlaceOpened, record: Record) -> Places:
    """Two rooms that stand up the same place mean one: the second changes nothing."""
    place = event.place
    if place.code in state.rows:
        return state
    declared = {name: Declared(getattr(place, name), version=record.command_id) for name in PRIORITIES}
    row = Receiving(
        place=place,
        opened_at=record.at,
        opened_by=record.agency,
        version=record.command_id,
        declared=declared,
        rooms=dict.fromkeys(PRIORITIES, record.command_id),
    )
    return _with(state, row)


def _declared(row: Receiving, event: CapacityDeclared, record: Record) -> Receiving:
    """A declaration made before the one that stands, written late, is in the log and changes nothing."""
    said = {
        name: Declared(number, record.at, record.agency, record.actor, record.command_id)
        for name, number in named(event).items()
        if record.at >= row.declared[name].at
    }
    if not said:
        return row
    rooms = {**row.rooms, **dict.fromkeys(said, record.command_id)}
    note = event.note or row.note
    return replace(row, declared={**row.declared, **said}, rooms=rooms, note=note, version=record.command_id)


def _allocated(state: Places, row: Receiving, event: Allocated, record: Record) -> Places:
    provisional = record.seq == 0  # numbers are the server's: two rooms that are cut off share none
    count = state.counts.get(record.agency, 0) + (not provisional)
    hold = Hold(
        id=thing_id(record),
        number=f"{record.agency}-H{'?' if provisional else count}",
        place=event.place,
        agency=record.agency,
        person=record.actor,
        priority=event.priority,
        count=event.count,
        allocated_at=record.at,
        since=record.at,
        version=record.command_id,
        step="allocated",
        unit=event.unit,
        reason=event.reason,
        over=event.over,
    )
    rooms = {**row.rooms, event.priority: record.command_id}
    row = replace(row, holds={**row.holds, hold.id: hold}, rooms=rooms, version=record.command_id)
    return Places({**state.rows, row.place.code: row}, {**state.counts, record.agency: count})


def _stepped(state: Places, row: Receiving, hold_id: str, record: Record, **change: Any) -> Places:
    """What was seen before the allocation was cancelled, and written late, is in the log and changes nothing."""
    hold = row.holds.get(hold_id)
    if hold is None or (hold.step == "cancelled" and record.at < hold.since):
        return state
    after = replace(hold, since=record.at, version=record.command_id, **change)
    rooms = row.rooms
    if (after.step in LIVE) != (hold.step in LIVE):  # room is free again, or taken again
        rooms = {**rooms, hold.priority: record.command_id}
    holds = {**row.holds, hold_id: after}
    return _with(state, replace(row, holds=holds, rooms=rooms, version=record.command_id))


def version(state: Places, key: str) -> str:
    """See ``room_key``, ``declared_key`` and ``hold_key``: the id of the command that last changed that thing."""
    code, _, rest = key.partition("/")[2].partition("/")
    row = state.rows.get(code)
    if row is None:
        return ""
    what, _, more = rest.partition("/")
    if what == "holds":
        hold = row.holds.get(more)
        return "" if hold is None else hold.version
    if more == "declared":
        declared = row.declared.get(what)
        return "" if declared is None else declared.version
    return row.rooms.get(what, "")


def label(state: Places, key: str) -> str:
    """What log lines call a place (``WEXHAM``), or an allocation (``WEXHAM/<id>``). Neither ever changes."""
    code, _, hold_id = key.partition("/")
    row = state.rows.get(code)
    if row is None:
        return code
    hold = row.holds.get(hold_id)
    if hold is None:
        return "an allocation" if hold_id else row.place.name
    return f"{hold.number} ({hold_words(hold)} to {row.place.name})"


def hold_words(hold: Hold) -> str:
    """How many of which priority, and by whom: "P1 2" or "P3 6, LAS/B1"."""
    unit = f", {hold.unit}" if hold.unit else ""
    return f"{PRIORITIES[hold.priority]} {hold.count}{unit}"


def over_allocated(view: View) -> tuple[tuple[Receiving, str, int], ...]:
    """Places that were allocated more than they can take: the place, the priority, and by how many."""
    return tuple(
        (row, name, -left)
        for row in places(view).rows.values()
        for name in PRIORITIES
        if (left := row.remaining(name)) < 0
    )


def drafts(view: View) -> tuple[Receiving, ...]:
    """Places whose capacity is still that of a plan nobody has approved (inquiry lesson 18)."""
    return tuple(row for row in places(view).rows.values() if is_draft(row))


def is_draft(row: Receiving) -> bool:
    """Whether what it can take is, in part, still the figure of a draft."""
    return row.place.draft and any(not said.agency for said in row.declared.values())


def invariants(view: View) -> tuple[str, ...]:
    """Each allocation stands under its own place; numbers never twice; too many only with a reason."""
    found = []
    numbers = []
    for code, row in places(view).rows.items():
        if row.place.code != code or set(row.declared) != set(PRIORITIES):
            found.append(f"{code} is not the place that stands there")
        for hold in row.holds.values():
            if hold.place != code:
                found.append(f"{hold.number} stands at {code} and is for {hold.place}")
            if hold.over and not hold.reason:
                found.append(f"{hold.number} is too many by {hold.over} without a reason")
            if not hold.number.endswith("?"):
                numbers.append(hold.number)
    if len(set(numbers)) != len(numbers):
        found.append("two allocations have one number")
    return tuple(found)
