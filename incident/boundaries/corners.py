"""Polygons as they are typed and as they must be: corners that are places, lines that do not cross, a sane extent.

Pure arithmetic over latitude and longitude (WGS 84 degrees), good to a metre or so over the few kilometres of a scene.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

from incident.gridpoint import from_reference
from incident.whereabouts.coordinates import UK_EAST, UK_NORTH, UK_SOUTH, UK_WEST, coordinates_in

Corner = tuple[float, float]
"""Latitude, longitude."""

CORNERS_MIN: Final = 3
CORNERS_MAX: Final = 1_000
WIDE_M: Final = 50_000
"""Wider than this is asked about before it is sent: it is more often a slip of the finger than a cordon."""
EXTENT_MAX_M: Final = 300_000
"""Wider than this is no ground around a scene."""
FAR_DEG: Final = 1.5
"""Degrees around this country, 100 km or more, beyond which ground is asked about before it is sent."""
TURNED: Final = "corners with the longitude first were turned round"
METRES_A_DEGREE: Final = 111_195.0
PAIRS_MAX: Final = 50_000
"""Pairs of lines that the server compares at most; the author's own desk has compared them all."""

_GRID = r"[a-z]{2}\s?(?:\d{5}\s?\d{5}|\d{4}\s?\d{4}|\d{3}\s?\d{3}|\d{2}\s?\d{2})"
_DEGREES = r"[+-]?\d{1,3}\.\d{2,10}\s*,\s*[+-]?\d{1,3}\.\d{2,10}"
_ONE = rf"(?:{_GRID}|{_DEGREES})"
CORNERS_SHAPE: Final = rf"{_ONE}(?:(?:\s*;\s*| via ){_ONE}){{2,}}\s*;?"
"""At least three corners with ``via`` or semicolons between them, as they are told from other words of a line."""
_BETWEEN = re.compile(r"\s*;\s*|\s+via\s+", re.IGNORECASE)


def read_corners(written: object) -> tuple[Corner, ...]:
    """As ``corners_in``, without what must be said of how they were read."""
    return corners_in(written)[0]


def corners_in(written: object) -> tuple[tuple[Corner, ...], str]:
    """Corners from "TQ 0402 7829; TQ 0410 7829; 51.490,-0.503", with ``via`` or semicolons; or as a map gives them.

    The first corner need not come again at the end, and is left out there. The second of what is given back is what
    must be said of how they were read, "" for nothing.

    Raises:
        ValueError: one is no place, there are too few or too many, or the lines cross; the sentence says which.
    """
    turned = False
    if isinstance(written, (tuple, list)):
        found = [(float(lat), float(lon)) for lat, lon in written]
    else:
        parts = [part for part in _BETWEEN.split(str(written).strip()) if part.strip()]
        if len(parts) > CORNERS_MAX + 1:
            raise ValueError(f"A shape has {CORNERS_MAX:,} corners at most; these are {len(parts):,}.")
        read = [_corner(part.strip(), place) for place, part in enumerate(parts, 1)]
        found, turned = [corner for corner, _ in read], any(said for _, said in read)
    if len(found) > 1 and found[0] == found[-1]:
        found = found[:-1]
    corners = tuple((round(lat, 6), round(lon, 6)) for lat, lon in found)
    wrong = flaw(corners)
    if wrong:
        raise ValueError(wrong)
    return corners, TURNED if turned else ""


def _corner(text: str, place: int) -> tuple[Corner, bool]:
    """A corner, and whether its longitude stood first: it is turned round where only that lies in this country."""
    with suppress(ValueError):
        return from_reference(text), False
    try:
        found = coordinates_in(text)
    except ValueError as error:
        raise ValueError(f"Corner {place}: {error}") from None
    if found is None or found.rest.strip():
        raise ValueError(
            f"Corner {place}, {text}, is neither a grid reference nor latitude,longitude. Write three or more, "
            "with semicolons between: TQ 0402 7829; TQ 0410 7829; TQ 0410 7820."
        )
    return (found.lat, found.lon), bool(found.said)


def abroad(corners: Sequence[Corner]) -> bool:
    """Whether every corner lies so far from this country that it is more often a slip than a place."""
    return all(
        not (
            UK_SOUTH - FAR_DEG <= lat <= UK_NORTH + FAR_DEG and UK_WEST - FAR_DEG <= lon <= UK_EAST + FAR_DEG
        )
        for lat, lon in corners
    )


def flaw(corners: Sequence[Corner], most: int | None = None) -> str:
    """What is wrong with a polygon, as a sentence that names the corner; "" for nothing.

    ``most`` bounds the pairs of lines that are compared; past it what is left is taken as it is.
    """
    if len(corners) < CORNERS_MIN:
        return "A polygon needs at least three corners."
    if len(corners) > CORNERS_MAX:
        return f"A shape has {CORNERS_MAX:,} corners at most; this has {len(corners):,}."
    again = _repeated(corners)
    if again is not None:
        return f"Corner {again[1] + 1} is corner {again[0] + 1} again: leave it out."
    wide = span_m(corners)
    if wide > EXTENT_MAX_M:
        return f"It is {wide / 1000:.0f} km across: look at its corners for a slip of the finger."
    crossed = crossing_lines(corners, most)
    if crossed is not None:
        one, other = (_line(index, len(corners)) for index in crossed)
        return f"Its lines cross: {one} meets {other}. Put the corners in the order in which one walks round."
    if _doubled_area(corners) == 0:
        return "Its corners lie in one line: there is no ground inside."
    return ""


def _line(index: int, count: int) -> str:
    return f"the line from corner {index + 1} to corner {(index + 1) % count + 1}"


def _repeated(corners: Sequence[Corner]) -> tuple[int, int] | None:
    seen: dict[Corner, int] = {}
    for index, corner in enumerate(corners):
        if corner in seen:
            return seen[corner], index
        seen[corner] = index
    return None


def crossing_lines(corners: Sequence[Corner], most: int | None = None) -> tuple[int, int] | None:
    """Two lines of the ring that meet but in a corner they share, each by its first corner; None for none."""
    count = len(corners)
    ends = [(corners[index], corners[(index + 1) % count]) for index in range(count)]
    order = sorted(range(count), key=lambda index: min(ends[index][0][0], ends[index][1][0]))
    compared = 0
    for place, index in enumerate(order):
        (a, b), top = ends[index], max(ends[index][0][0], ends[index][1][0])
        low, high = min(a[1], b[1]), max(a[1], b[1])
        for other in order[place + 1 :]:
            c, d = ends[other]
            if c[0] > top and d[0] > top:
                break
            compared += 1
            if most is not None and compared > most:
                return None
            if max(c[1], d[1]) < low or min(c[1], d[1]) > high:
                continue
            apart = abs(index - other)
            if apart in (1, count - 1):
                if _folds_back(ends[index], ends[other]):
                    return min(index, other), max(index, other)
            elif lines_meet(a, b, c, d):
                return min(index, other), max(index, other)
    return None


def _side(a: Corner, b: Corner, c: Corner) -> float:
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])


def lines_meet(a: Corner, b: Corner, c: Corner, d: Corner) -> bool:
    """Whether two lines have a point in common, touching ends too."""
    one, two, three, four = _side(a, b, c), _side(a, b, d), _side(c, d, a), _side(c, d, b)
    if ((one > 0) != (two > 0)) and ((three > 0) != (four > 0)) and one and two and three and four:
        return True
    return any(
        side == 0 and _between(*ends)
        for side, ends in ((one, (a, b, c)), (two, (a, b, d)), (three, (c, d, a)), (four, (c, d, b)))
    )


def _between(a: Corner, b: Corner, c: Corner) -> bool:
    """Whether a corner in the line of two others lies between them."""
    return min(a[0], b[0]) <= c[0] <= max(a[0], b[0]) and min(a[1], b[1]) <= c[1] <= max(a[1], b[1])


def _folds_back(one: tuple[Corner, Corner], other: tuple[Corner, Corner]) -> bool:
    """Whether a line goes back along the one before it: a spike, and no ground."""
    shared = one[1] if one[1] in other else one[0]
    a = one[0] if shared == one[1] else one[1]
    b = other[0] if shared == other[1] else other[1]
    if _side(shared, a, b) != 0:
        return False
    return (a[0] - shared[0]) * (b[0] - shared[0]) + (a[1] - shared[1]) * (b[1] - shared[1]) > 0


def _doubled_area(corners: Sequence[Corner]) -> float:
    lat, lon = corners[0]
    return sum(
        (a[0] - lat) * (b[1] - lon) - (b[0] - lat) * (a[1] - lon)
        for a, b in zip(corners, (*corners[1:], corners[0]), strict=True)
    )


def span_m(corners: Sequence[Corner]) -> float:
    """How far it is across, in metres: the diagonal of the box around it."""
    lats, lons = [lat for lat, _ in corners], [lon for _, lon in corners]
    return distance_m((min(lats), min(lons)), (max(lats), max(lons)))


def middle(corners: Sequence[Corner]) -> Corner:
    """The middle of the box around it, to five decimals: a place to be found by, no more."""
    lats, lons = [lat for lat, _ in corners], [lon for _, lon in corners]
    return round((min(lats) + max(lats)) / 2, 5), round((min(lons) + max(lons)) / 2, 5)


def distance_m(one: Corner, other: Corner) -> float:
    """Metres between two points, as over a flat piece of ground."""
    across = math.cos(math.radians((one[0] + other[0]) / 2))
    return math.hypot(other[0] - one[0], (other[1] - one[1]) * across) * METRES_A_DEGREE


def inside(corners: Sequence[Corner], point: Corner) -> bool:
    """Whether a point lies within a ring."""
    lat, lon = point
    within = False
    for (lat_a, lon_a), (lat_b, lon_b) in zip(corners, (*corners[1:], corners[0]), strict=True):
        if (lat_a > lat) != (lat_b > lat) and lon < (lon_b - lon_a) * (lat - lat_a) / (lat_b - lat_a) + lon_a:
            within = not within
    return within
