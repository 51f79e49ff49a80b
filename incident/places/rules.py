"""Places, the rules: who may be stood up, how much may be allocated, and which step follows which."""

from __future__ import annotations

from typing import Any

from incident.kernel.checks import nearest
from incident.kernel.slice import Context, Refusal, View
from incident.organisation import charter_of, closed, organisation
from incident.places.facts import (
    HOLDS_MAX,
    PLACES_MAX,
    PRIORITIES,
    Allocate,
    Allocated,
    AllocationCancelled,
    Arrive,
    Arrived,
    CancelAllocation,
    CapacityDeclared,
    Convey,
    Conveyed,
    DeclareCapacity,
    Hold,
    OpenPlaces,
    PlaceOpened,
    Receiving,
    declared_key,
    hold_key,
    named,
    room_key,
)
from incident.places.fold import places

Answer = tuple[Any, ...] | Refusal


def decide(view: View, command: Any, ctx: Context) -> Answer:
    """The events of one command, none when it is so already, or a refusal."""
    if not organisation(view).opened:
        return Refusal("not_open", "This incident is not open.")
    if isinstance(command, OpenPlaces):
        return closed(view, ctx, "a hospital is stood up") or _open(view, command)
    row = places(view).rows.get(command.place)
    if row is None:
        known = charter_of(view).places.get(command.place)
        name = command.place if known is None else known.name
        return Refusal("not_stood_up", f"{name} is not stood up for this incident: stand it up first.")
    match command:
        case DeclareCapacity():
            return _declare(row, command, ctx)
        case Allocate():
            return closed(view, ctx, "a casualty is allocated") or _allocate(row, command, ctx)
        case _:
            return _step(row, command, ctx)


def _open(view: View, command: OpenPlaces) -> Answer:
    known, rows = charter_of(view).places, places(view).rows
    wanted = tuple(dict.fromkeys(command.places))
    for code in wanted:
        if code not in known:
            hint = nearest(code, known) or "."
            return Refusal("unknown_place", f"The plan of this incident has no place {code}{hint}")
    new = [code for code in wanted if code not in rows]
    if len(rows) + len(new) > PLACES_MAX:
        sentence = f"At most {PLACES_MAX} places can be stood up in one incident."
        return Refusal("full", sentence, {"limit": str(PLACES_MAX)})
    return tuple(PlaceOpened(known[code]) for code in new)


def _declare(row: Receiving, command: DeclareCapacity, ctx: Context) -> Answer:
    wanted = named(command)
    if not wanted:
        return Refusal("nothing_declared", "Say how many it can take: P1, P2 or P3, and 0 for none.")
    # The same number again is news where it was only the plan's: now somebody stands for it.
    changed = {
        name: number
        for name, number in wanted.items()
        if number != row.capacity(name) or row.declared[name].agency != ctx.actor.agency
    }
    for name, number in changed.items():
        said = row.declared[name]
        if ctx.stale(declared_key(row.place.code, name), said.version) and said.number != number:
            by = said.agency or "the plan"
            sentence = f"{PRIORITIES[name]} at {row.place.name} is {said.number} meanwhile, by {by}."
            facts = {"now": str(said.number), "by": by}
            return Refusal("capacity_changed", sentence, facts, conflict=True)
    if not changed:
        return ()
    return (CapacityDeclared(row.place.code, note=" ".join(command.note.split()), **changed),)


def _allocate(row: Receiving, command: Allocate, ctx: Context) -> Answer:
    if len(row.holds) >= HOLDS_MAX:
        sentence = f"{row.place.name} has its {HOLDS_MAX} allocations of this incident."
        return Refusal("full", sentence, {"limit": str(HOLDS_MAX)})
    reason = " ".join(command.reason.split())
    left = row.remaining(command.priority)
    over = max(0, command.count - max(0, left))
    if over and not reason:
        word = PRIORITIES[command.priority]
        room = f"room for {left} more {word}" if left > 0 else f"no room for more {word}"
        held = f"{row.held(command.priority)} of {row.capacity(command.priority)} are allocated"
        raced = ctx.stale(
            room_key(row.place.code, command.priority), row.rooms.get(command.priority, row.version)
        )
        return Refusal(
            "over_capacity",
            f"{row.place.name} has {room}: {held}. Give a reason to allocate all the same.",
            {"remaining": str(left), "declared": str(row.capacity(command.priority))},
            conflict=raced,
        )
    unit = " ".join(command.unit.split())
    return (Allocated(row.place.code, command.priority, command.count, unit, reason, over),)


def _step(row: Receiving, command: Any, ctx: Context) -> Answer:
    """Who has left or is there was seen, and is never refused: it stands even where the allocation was cancelled.

    A step that nobody wrote down was taken all the same: who is there has left the scene.
    """
    hold = row.holds.get(command.hold)
    if hold is None:
        return Refusal("no_such_allocation", f"There is no such allocation at {row.place.name}.")
    match command:
        case Convey():
            return () if hold.step in ("conveyed", "arrived") else (Conveyed(row.place.code, hold.id),)
        case Arrive():
            return () if hold.step == "arrived" else (Arrived(row.place.code, hold.id),)
        case _:
            return _cancel(row, hold, command, ctx)


def _cancel(row: Receiving, hold: Hold, command: CancelAllocation, ctx: Context) -> Answer:
    if hold.step == "cancelled":
        return ()
    if ctx.stale(hold_key(row.place.code, hold.id), hold.version):
        return Refusal(
            "moved_on",
            f"{hold.number} is {hold.step} meanwhile. Look again before you take it back.",
            {"step": hold.step, "since": str(hold.since)},
            conflict=True,
        )
    return (AllocationCancelled(row.place.code, hold.id, " ".join(command.reason.split())),)
