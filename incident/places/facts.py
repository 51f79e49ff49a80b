"""Places, the facts: which hospitals are stood up, what they can take, and what has been promised them.

A place comes into an incident from the distribution plan that was frozen into its opening record: its capacity is the
plan's until somebody declares another. Each allocation is a row of its own, a *hold*: so many of one priority to one
place, by one agency, from allocated to conveyed to arrived. What remains is what was declared less all of them; nothing
is ever counted up in a number that a second room could overwrite. More than there is room for needs a reason.

A unit's status moves no hold and a hold no status: a crew that books *at hospital* has not said whom it brought.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from incident.catalogue import Capacity, Place
from incident.values import AgencyCode

PlaceCode = AgencyCode
Priority = Literal["p1", "p2", "p3"]
Step = Literal["allocated", "conveyed", "arrived", "cancelled"]
Number = Annotated[int, Meta(ge=1, le=500)]
UnitWord = Annotated[str, Meta(max_length=40)]
Reason = Annotated[str, Meta(max_length=300)]
MustReason = Annotated[str, Meta(min_length=1, max_length=300, pattern=r"\S")]
Note = Annotated[str, Meta(max_length=200)]
HoldId = Annotated[str, Meta(min_length=36, max_length=40)]

PRIORITIES: Final = {"p1": "P1", "p2": "P2", "p3": "P3"}
LIVE: Final = ("allocated", "conveyed", "arrived")
"""What takes room: promised, on the way, there."""
PLACES_MAX: Final = 100
HOLDS_MAX: Final = 400
"""Allocations to one place in one incident, the cancelled ones too: more are refused with a sentence."""
OPENED_AT_ONCE: Final = 12


class Declared(msgspec.Struct, frozen=True, omit_defaults=True):
    """How many of one priority a place can take: by whose word and when (UTC ms).

    ``agency`` is "" while it is the plan's figure. ``version`` is the id of the command that said it.
    """

    number: int
    at: int = 0
    agency: str = ""
    person: str = ""
    version: str = ""


class Hold(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One allocation. ``since`` (UTC ms) is when the present step began; ``over`` by how many it was too many.

    ``unit`` is who takes them, "" where nobody is named. ``reason`` is that of the allocation, ``withdrawn`` why it
    was cancelled. ``version`` is the id of the command that last moved it.
    """

    id: str
    number: str
    place: str
    agency: str
    person: str
    priority: Priority
    count: int
    allocated_at: int
    since: int
    version: str
    step: Step
    unit: str = ""
    reason: str = ""
    over: int = 0
    withdrawn: str = ""


class Receiving(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A place that was stood up.

    ``rooms`` holds, for each priority, the id of the command that last changed its room; ``version`` that of the
    command that last changed anything here.
    """

    place: Place
    opened_at: int
    opened_by: str
    version: str
    declared: dict[str, Declared]
    note: str = ""
    holds: dict[str, Hold] = {}
    rooms: dict[str, str] = {}

    def held(self, priority: str, steps: tuple[str, ...] = LIVE, but: frozenset[str] = frozenset()) -> int:
        """How many of a priority are in these steps, leaving out holds whose command is among ``but``."""
        return sum(
            hold.count
            for hold in self.holds.values()
            if hold.priority == priority and hold.step in steps and hold.id not in but
        )

    def capacity(self, priority: str) -> int:
        """How many of a priority it can take, as declared last."""
        declared = self.declared.get(priority)
        return 0 if declared is None else declared.number

    def remaining(self, priority: str, but: frozenset[str] = frozenset()) -> int:
        """How many more it has room for; below zero it is over-allocated."""
        return self.capacity(priority) - self.held(priority, but=but)


class Places(msgspec.Struct, frozen=True):
    """Every place that was stood up, by its code, and how many allocations each agency has made."""

    rows: dict[str, Receiving] = {}
    counts: dict[str, int] = {}


# -- events -------------------------------------------------------------------------------------------------


class PlaceOpened(msgspec.Struct, frozen=True):
    """A place of the plan was stood up to take casualties; name, position and capacity are copied."""

    place: Place


class CapacityDeclared(msgspec.Struct, frozen=True, omit_defaults=True):
    """How many a place can take was declared; a priority that is not named stays as it was."""

    place: PlaceCode
    p1: Capacity | None = None
    p2: Capacity | None = None
    p3: Capacity | None = None
    note: Note = ""


class Allocated(msgspec.Struct, frozen=True, omit_defaults=True):
    """Casualties were allocated to a place; ``over``: by how many that is more than it had room for."""

    place: PlaceCode
    priority: Priority
    count: Number
    unit: UnitWord = ""
    reason: Reason = ""
    over: Annotated[int, Meta(ge=0, le=1_000_000)] = 0


class Conveyed(msgspec.Struct, frozen=True):
    """The casualties of an allocation have left the scene."""

    place: PlaceCode
    hold: HoldId


class Arrived(msgspec.Struct, frozen=True):
    """The casualties of an allocation are there."""

    place: PlaceCode
    hold: HoldId


class AllocationCancelled(msgspec.Struct, frozen=True):
    """An allocation was taken back, and its room is free again."""

    place: PlaceCode
    hold: HoldId
    reason: MustReason


# -- commands -----------------------------------------------------------------------------------------------


class OpenPlaces(msgspec.Struct, frozen=True):
    """Stand up hospitals or other places of the plan, so that they can be allocated to."""

    places: Annotated[tuple[PlaceCode, ...], Meta(min_length=1, max_length=OPENED_AT_ONCE)]


class DeclareCapacity(msgspec.Struct, frozen=True, omit_defaults=True):
    """Say how many a place can take; who says it is recorded beside the number."""

    place: PlaceCode
    p1: Capacity | None = None
    p2: Capacity | None = None
    p3: Capacity | None = None
    note: Note = ""


class Allocate(msgspec.Struct, frozen=True, omit_defaults=True):
    """Hold room at a place for casualties of one priority; more than there is room for needs a reason."""

    place: PlaceCode
    priority: Priority
    count: Number = 1
    unit: UnitWord = ""
    reason: Reason = ""


class Convey(msgspec.Struct, frozen=True):
    """Say that the casualties of an allocation have left the scene."""

    place: PlaceCode
    hold: HoldId


class Arrive(msgspec.Struct, frozen=True):
    """Say that the casualties of an allocation are there."""

    place: PlaceCode
    hold: HoldId


class CancelAllocation(msgspec.Struct, frozen=True):
    """Take an allocation back, with the reason: diverted, not needed, entered by mistake."""

    place: PlaceCode
    hold: HoldId
    reason: MustReason


def room_key(place: str, priority: str) -> str:
    """The room of a place for one priority: every allocation and every declaration changes it."""
    return f"places/{place}/{priority}"


def declared_key(place: str, priority: str) -> str:
    """What was declared for one priority."""
    return f"places/{place}/{priority}/declared"


def hold_key(place: str, hold: str) -> str:
    """The key of one allocation."""
    return f"places/{place}/holds/{hold}"


def named(command: DeclareCapacity | CapacityDeclared) -> dict[str, int]:
    """The capacities a declaration names."""
    return {name: value for name in PRIORITIES if (value := getattr(command, name)) is not None}
