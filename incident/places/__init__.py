"""Places: hospitals that are stood up, what they can take, and every allocation to them as a row of its own.

Others read ``places`` (rows with ``remaining``), ``over_allocated`` and ``drafts``.
"""

from __future__ import annotations

from typing import Any

from incident.kernel.slice import CommandSpec, Conflict, EventSpec, Offline, Slice, View
from incident.places import facts as f
from incident.places.board import ALLOCATIONS, PLACES
from incident.places.fold import drafts, evolve, invariants, label, over_allocated, places, version
from incident.places.rules import decide
from incident.places.words import sentence

__all__ = ["SLICE", "drafts", "over_allocated", "places"]


def _rooms(command: f.Allocate) -> tuple[str, ...]:
    return (f.room_key(command.place, command.priority),)


def _declared(command: f.DeclareCapacity) -> tuple[str, ...]:
    return tuple(f.declared_key(command.place, name) for name in f.named(command))


def _hold(command: Any) -> tuple[str, ...]:
    return (f.hold_key(command.place, command.hold),)


def _holder(view: View, command: Any) -> str:
    row = places(view).rows.get(command.place)
    hold = None if row is None else row.holds.get(command.hold)
    return "" if hold is None else hold.agency


SLICE = Slice(
    name="places",
    state=f.Places,
    events=(
        EventSpec(f.PlaceOpened),
        EventSpec(f.CapacityDeclared),
        EventSpec(f.Allocated),
        EventSpec(f.Conveyed),
        EventSpec(f.Arrived),
        EventSpec(f.AllocationCancelled),
    ),
    commands=(
        # Standing up what is stood up already changes nothing, so it never conflicts.
        CommandSpec(f.OpenPlaces, Conflict.APPEND, Offline.ALLOWED),
        CommandSpec(f.DeclareCapacity, Conflict.FIELD, Offline.QUEUED, keys=_declared),
        # Room is one for all rooms: only the server grants it.
        CommandSpec(f.Allocate, Conflict.RESERVATION, Offline.REQUEST, keys=_rooms),
        # Who left and who came was seen by somebody: an observation.
        CommandSpec(f.Convey, Conflict.APPEND, Offline.ALLOWED, about=_holder),
        CommandSpec(f.Arrive, Conflict.APPEND, Offline.ALLOWED, about=_holder),
        CommandSpec(f.CancelAllocation, Conflict.STATE, Offline.QUEUED, keys=_hold, about=_holder),
    ),
    decide=decide,
    evolve=evolve,
    sentence=sentence,
    boards=(PLACES, ALLOCATIONS),
    version=version,
    label=label,
    invariants=invariants,
)
