"""``measure the scene; RVP B``: how far it is from one place to the next, where that lies, and whose areas it meets.

For the screen and for the headless mode. A straight line over the ground, in metres of the National Grid, and its
bearing from grid north; on the map the key of the same name does it from point to point.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

from incident.kernel.board import Look
from incident.kernel.text import clip, safe_text
from incident.placing import distance_words
from incident.values import Location
from incident.whereabouts import Reading, read_pointed, square_m, within_in, within_words

Metres = tuple[float, float]

USAGE: Final = (
    "Say between which places, with semicolons between: measure the scene; RVP B; TQ 0338 7538. One alone is measured "
    "from the scene."
)
ROUGH_M: Final = 100
"""A grid reference whose square is as large as this is said to be no point."""
PLACES_MAX: Final = 20
NAME_MAX: Final = 40
SAME_M: Final = 1.0
"""Nearer than this two places are one, and nothing has a bearing."""
SCENE: Final = "the scene"


@dataclass(frozen=True, slots=True)
class Measured:
    """A line that was measured: its points, a sentence for each part and one for the whole, and what must be said."""

    points: tuple[Metres, ...]
    sentences: tuple[str, ...]
    warnings: tuple[str, ...] = ()


def measure(words: str, look: Look | None, placer: Any) -> Measured | str:
    """The line between places, or a sentence that says why there is none. Loads the geometry library."""
    places = [part for written in words.split(";") if (part := " ".join(written.split()))]
    if len(places) == 1 and places[0].casefold() not in (SCENE, "scene"):
        places = [SCENE, *places]
    if len(places) < 2:
        return USAGE
    if len(places) > PLACES_MAX:
        return f"At most {PLACES_MAX} places are measured at once; these are {len(places)}."
    names, points = [], []
    warnings: list[str] = []
    for written in places:
        try:
            found = read_pointed(written, look)
            at = _metres(found.location)
        except ImportError:
            return "The geometry library is not installed here: nothing is measured."
        except ValueError as error:
            return str(error)
        named = clip(safe_text(written), NAME_MAX)
        if at is None:
            return f"{named} is on no map here."
        if _beyond(found.location):
            return f"{named} lies beyond the National Grid: no line is measured to it."
        names.append(_name(found.location))
        points.append(at)
        rough, _ = roughly(named, found, "is the line", "the line goes to its middle")
        warnings += filter(None, ("" if within_in(names[-1]) else rough, found.warn))
    charter = None if look is None else look.charter
    areas = None if placer is None else placer.areas(charter)
    return Measured(tuple(points), tuple(_sentences(names, points, areas)), tuple(dict.fromkeys(warnings)))


def roughly(written: str, found: Reading, nearer: str, middle: str) -> tuple[str, int]:
    """What must be said of a place that is no exact point, and how far off it may be in metres; "" and 0 for one.

    ``nearer`` and ``middle`` end the sentence: what is no nearer than that, and what its middle is taken for.
    """
    place = found.location
    within_m, square = within_in(place.text), square_m(place.grid) if place.grid else 0
    if within_m:
        far = within_words(within_m).strip(" ()")
        return f"{written} is known {far} ({found.how}): no nearer than that {nearer}.", within_m
    if place.point is None and square >= ROUGH_M:
        size = within_words(square).strip(" ()").removeprefix("within ")
        return f"{place.grid} is a square of {size}: {middle}.", square
    return "", 0


def _beyond(location: Location) -> bool:
    """Whether a point lies so far off that metres of the National Grid say nothing of it."""
    from incident.geography import grid  # noqa: PLC0415 - loaded by now

    if location.lat is None or location.lon is None:
        return False
    inside = grid.GRID_SOUTH <= location.lat <= grid.GRID_NORTH
    return not (inside and grid.GRID_WEST <= location.lon <= grid.GRID_EAST)


def _metres(location: Location) -> Metres | None:
    from incident import geography  # noqa: PLC0415 - it loads the geometry library

    return geography.metres_of(geography.completed(location).point)


def _name(location: Location) -> str:
    """What a place is called in a sentence: its words up to what it is further, else its grid reference or position."""
    words = location.text.partition(":")[0] or location.grid
    return clip(safe_text(words or f"{location.lat:.5f},{location.lon:.5f}"), NAME_MAX)


def _sentences(names: list[str], points: list[Metres], areas: Any) -> list[str]:
    """One for each part, and of several the whole."""
    sure = " (INDICATIVE)" if areas is not None and areas.set.indicative else ""
    said, whole, met = [], 0.0, []
    for index, (here, there) in enumerate(pairwise(points)):
        metres = math.dist(here, there)
        whole += metres
        codes = crossed(areas, here, there) if metres >= SAME_M else ()
        met += [code for code in codes if code not in met]
        line = f"{names[index]} to {names[index + 1]}: {way(here, there)}{_through(codes, sure)}."
        said.append(line[:1].upper() + line[1:])
    if len(said) == 1:
        return said
    return [*said, f"In all {metres_words(whole)}{_through(met, sure)}."]


def way(here: Metres, there: Metres) -> str:
    """A part of a line: "3.2 km NE, grid bearing 046°"."""
    metres = math.dist(here, there)
    if metres < SAME_M:
        return "the same place"
    from incident.geography.nearest import COMPASS  # noqa: PLC0415 - loaded by now

    degrees = math.degrees(math.atan2(there[0] - here[0], there[1] - here[1])) % 360
    return (
        f"{metres_words(metres)} {COMPASS[round(degrees / 45) % 8]}, grid bearing {round(degrees) % 360:03d}°"
    )


def metres_words(metres: float) -> str:
    """A length as it is measured: metres below a kilometre, then kilometres."""
    return f"{metres:.0f} m" if metres < 1000 else distance_words(math.floor(metres))


def crossed(areas: Any, here: Metres, there: Metres) -> tuple[str, ...]:
    """The areas that a straight line meets, that with the longest part of it first; none without areas."""
    if areas is None:
        return ()
    from incident import geography  # noqa: PLC0415 - loaded by now

    return geography.crossing(areas, (here, there))


def _through(codes: Sequence[str], sure: str) -> str:
    """Whose areas, and what the borders are worth, as the end of a sentence."""
    *some, last = (*codes,) or ("",)
    if not last:
        return ""
    return f", through {', '.join(some)} and {last}{sure}" if some else f", all of it in {last}{sure}"
