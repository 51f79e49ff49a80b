"""Going to a place that is typed, measuring between places that are typed, and how exact a point of the map is.

A point that is taken from the map is as exact as the map is fine, and one that was gone to as exact as it is known:
its figures are no more than that, and beside them stands how far off it may be.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from incident.values import Location
from incident.whereabouts import read_pointed, within_words
from incident_tui.map.things import Metres, Thing, kind_words, point_of
from incident_tui.map.view import View
from incident_tui.measure import measure, roughly
from incident_tui.screens.boundaries.drawing import CORNERS_MAX, Drawing

if TYPE_CHECKING:
    from incident_tui.screens.boundaries.steering import Steering

Bounds = tuple[float, float, float, float]
"""West, south, east and north, in metres."""

DIGITS: Final = {1: 10, 10: 8, 100: 6}
"""The figures of a grid reference by the side of its square in metres; coarser ones have four."""
DEGREES: Final = {4: 2, 6: 3, 8: 4, 10: 5}
"""Decimals of a latitude that go with so many figures."""
EXACT_DIGITS, EXACT_DEGREES = 8, 5
"""Of a point that was given, or that a thing stands on."""
FROM_MAP: Final = "from the map"


class Going:
    """What is typed for one map."""

    def __init__(self, steering: Steering) -> None:
        self.steering = steering
        self._first: tuple[str, Callable[[], None]] | None = None
        """An incident, and what its map shows first: somebody said where to before it lay there."""

    def first(self, stream: str, there: Callable[[], None]) -> None:
        """As soon as the map of this incident lies there, it goes there."""
        self._first = stream, there

    def waits_for(self, stream: str) -> bool:
        """Whether somebody said where to in this incident, before its map lies there."""
        return self._first is not None and self._first[0] == stream

    def taken_up(self, stream: str) -> bool:
        """The map of an incident lies there now: whether it went where somebody said, of this incident and no other."""
        waiting, self._first = self._first, None
        if waiting is None or waiting[0] != stream:
            return False
        waiting[1]()
        return True

    def go_to(self, words: str) -> None:
        """To a grid reference, latitude and longitude, a place, or anything in the list by its name."""
        steering, place = self.steering, self.steering.place
        wanted = " ".join(words.split())
        if not wanted:
            place.begin_line("goto ")
            return
        named = [thing for thing in place.shown() if thing.name.casefold() == wanted.casefold()]
        at, said, within_m = (None, "", 0) if named else self._read(wanted)
        if at is None and not named:
            named = [thing for thing in place.shown() if wanted.casefold() in thing.name.casefold()]
        if named:
            self._select(named[0])
            return
        if said:
            steering.say(said, "caution")
        if at is None:
            return
        steering.arrive(at, f"{wanted}{within_words(within_m)}", within_m)

    def _select(self, thing: Thing) -> None:
        self.steering.place.pick(thing.key)
        self.steering.fit_selected()

    def _read(self, words: str) -> tuple[Metres | None, str, int]:
        """The point, what must be said of it, and how far off it may be in metres."""
        seen = self.steering.place.seen
        try:
            found = read_pointed(words, None if seen is None else seen.look)
        except ValueError as error:
            return None, str(error), 0
        at = point_of(found.location)
        if at is None:
            return None, f"{words} is on no map here.", 0
        rough, within_m = roughly(words, found, "is the crosshair", "the crosshair is in its middle")
        return at, " ".join(filter(None, (rough, found.warn))), within_m

    def measure(self, words: str) -> None:
        """Between the places that are typed, else from the crosshair; the line is on the map, and may go on there."""
        steering = self.steering
        seen = steering.place.seen
        if seen is None or not words.strip():
            steering.sketch.begin("measure")
            return
        found = measure(words, seen.look, getattr(seen.session, "placer", None))
        if isinstance(found, str):
            steering.say(found, "caution")
            return
        steering.sketch.measured(Drawing("measure", found.points[:-1][-CORNERS_MAX:]), found.points[-1])
        steering.say(" ".join((*found.sentences, *found.warnings)), "ink")


# -- pure -----------------------------------------------------------------------------------------------------


def cell_within(view: View) -> int:
    """How far off a point may be that is taken from a cell of the map: half across it, and half its square of the grid.

    In metres, rounded up to one figure.
    """
    far = math.hypot(view.cell_wide, view.cell_high) / 2 + _side(view.cell_wide) * math.sqrt(0.5)
    step = _side(far)
    return math.ceil(far / step) * step


def digits_of(metres: float) -> int:
    """The figures of the grid reference that says so much and no more: its square is the largest within this."""
    return DIGITS.get(_side(metres), 4)


def decimals_of(digits: int) -> int:
    """The decimals of a latitude that go with so many figures; 0 figures: as of a point that is exact."""
    return DEGREES.get(digits, EXACT_DEGREES)


def _side(metres: float) -> int:
    """The largest power of ten that is no larger, and one at least."""
    return int(10 ** math.floor(math.log10(max(1.0, metres))))


def located(at: Metres, digits: int = 0) -> Location:
    """A point of the map as a location, with so many figures of its grid reference; 0: as a point that is exact."""
    from incident import geography  # noqa: PLC0415 - loaded with the map

    lat, lon = geography.to_position(*at)
    places = decimals_of(digits)
    grid = geography.to_grid(lat, lon, digits or EXACT_DIGITS)
    return Location(grid=grid, lat=round(lat, places), lon=round(lon, places))


def called(thing: Thing) -> str:
    """Its name, and what it is where the name does not say so."""
    kind = kind_words(thing)
    return thing.name if kind.casefold() in thing.name.casefold() else f"{thing.name} ({kind})"


def joined(bounds: Sequence[Bounds]) -> Bounds | None:
    """The bounds that hold all of these; None for none."""
    if not bounds:
        return None
    wests, souths, easts, norths = zip(*bounds, strict=True)
    return min(wests), min(souths), max(easts), max(norths)


def bounds_of(points: Sequence[Metres]) -> Bounds:
    """West, south, east and north of some points."""
    xs, ys = [point[0] for point in points], [point[1] for point in points]
    return min(xs), min(ys), max(xs), max(ys)
