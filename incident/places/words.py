"""Places, the words: each record as a line of the log, distances, and how room is shown."""

from __future__ import annotations

import math
from typing import Any, Final

from incident.kernel.board import Cell, Look
from incident.kernel.record import Record
from incident.kernel.slice import Line, Names
from incident.organisation import organisation
from incident.places.facts import (
    PRIORITIES,
    Allocated,
    AllocationCancelled,
    Arrived,
    CapacityDeclared,
    Conveyed,
    Hold,
    PlaceOpened,
    Receiving,
    named,
)
from incident.values import sentences

EARTH_KM: Final = 6371.0
"""Mean radius; a sphere is off by less than 0.6 %, far below how far a road is from a straight line."""
FAR: Final = 1e9


def sentence(event: Any, record: Record, names: Names) -> Line:
    """A record of this slice as one line of the log. The agency stands in a column of its own."""
    match event:
        case PlaceOpened():
            place = event.place
            plan = "a draft plan" if place.draft else "the plan"
            room = ", ".join(f"{word} {getattr(place, name)}" for name, word in PRIORITIES.items())
            return Line(f"stands up {place.name} ({place.type or 'place'}), by {plan}: {room}")
        case CapacityDeclared():
            room = ", ".join(f"{PRIORITIES[name]} {number}" for name, number in named(event).items())
            return Line(sentences(f"declares room at {names('places', event.place)}: {room}", event.note))
        case Allocated():
            return _allocated(event, record, names)
        case Conveyed():
            return Line(f"conveys {names('places', f'{event.place}/{event.hold}')}")
        case Arrived():
            return Line(f"arrives with {names('places', f'{event.place}/{event.hold}')}")
        case AllocationCancelled():
            what = names("places", f"{event.place}/{event.hold}")
            return Line(sentences(f"cancels {what}", f"Reason: {event.reason}"))
        case _:
            raise AssertionError(f"no sentence for {type(event).__name__}")


def _allocated(event: Allocated, record: Record, names: Names) -> Line:
    what = names("places", f"{event.place}/{record.command_id}")
    reason = f"Reason: {event.reason}" if event.reason else ""
    if not event.over:
        return Line(sentences(f"allocates {what}", reason))
    return Line(sentences(f"allocates {what}, {event.over} OVER its capacity", reason), "decision")


# -- distance -------------------------------------------------------------------------------------------------


def apart_km(one: tuple[float, float], other: tuple[float, float]) -> float:
    """The straight distance of two points (latitude, longitude in WGS 84 degrees), in kilometres."""
    lat, lon, other_lat, other_lon = map(math.radians, (*one, *other))
    haversine = (
        math.sin((other_lat - lat) / 2) ** 2
        + math.cos(lat) * math.cos(other_lat) * math.sin((other_lon - lon) / 2) ** 2
    )
    return 2 * EARTH_KM * math.asin(min(1.0, math.sqrt(haversine)))


def distance_km(place: Any, look: Look) -> float | None:
    """How far a place is from the scene in a straight line; None while either point is not known."""
    scene = organisation(look.state).location.point
    if scene is None or place.lat is None or place.lon is None:
        return None
    return apart_km(scene, (place.lat, place.lon))


def distance_words(km: float | None) -> str:
    """A distance as it is shown: "5.4 km", "38 km"; a dash when it is not known."""
    if km is None:
        return "–"
    return f"{km:.1f} km" if km < 10 else f"{km:.0f} km"


# -- room -----------------------------------------------------------------------------------------------------


def asked(row: Receiving, look: Look) -> frozenset[str]:
    """Allocations of ours that the server has not granted yet: shown beside the totals, never inside them."""
    return frozenset(hold.id for hold in row.holds.values() if hold.id.partition("/")[0] in look.wanted)


def room_cell(row: Receiving, name: str, look: Look) -> Cell:
    """How much of a priority is taken of what there is: "2/8"; too much says so in a word."""
    held, capacity = row.held(name, but=asked(row, look)), row.capacity(name)
    if held > capacity:
        return Cell(f"▲ {held}/{capacity} OVER", "alarm")
    if held == capacity:
        return Cell(f"{held}/{capacity} full", "caution")
    return Cell(f"{held}/{capacity}", name)


def declared_words(row: Receiving) -> str:
    """What it can take, by priority."""
    return "/".join(str(row.capacity(name)) for name in PRIORITIES)


def step_words(row: Receiving, step: str, look: Look) -> str:
    """How many of each priority are in one step; a dash where there are none at all."""
    numbers = [row.held(name, (step,), asked(row, look)) for name in PRIORITIES]
    return "/".join(map(str, numbers)) if any(numbers) else "–"


def remaining_words(row: Receiving, look: Look) -> str:
    """How many more it has room for, by priority; below zero with its sign."""
    left = [row.remaining(name, asked(row, look)) for name in PRIORITIES]
    return "/".join(f"−{-number}" if number < 0 else str(number) for number in left)


def said_cell(row: Receiving, look: Look) -> Cell:
    """By whose word that is what it can take: the plan's, a draft's, or an agency's and when."""
    last = max(row.declared.values(), key=lambda said: said.at)
    if not last.agency:
        return Cell("▲ DRAFT plan", "caution") if row.place.draft else Cell("plan", "dim")
    words = f"{last.agency} {look.clock(last.at)}"
    rest = [PRIORITIES[name] for name, said in row.declared.items() if not said.agency]
    if rest and row.place.draft:
        return Cell(f"{words}, {' '.join(rest)} DRAFT", "caution")
    return Cell(words, "ink")


def step_cell(hold: Hold, look: Look) -> Cell:
    """The step of an allocation in a word."""
    if hold.id.partition("/")[0] in look.wanted:
        return Cell("requested", "caution")
    tones = {"allocated": "caution", "conveyed": "accent", "arrived": "good", "cancelled": "dim"}
    return Cell(hold.step, tones[hold.step])
