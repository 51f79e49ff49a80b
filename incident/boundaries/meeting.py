"""Whether two pieces of ground meet: points, circles and rings, by arithmetic alone, with an end to the work.

A ring is compared by its corners in the other and by edges that cross, two circles by the sum of their radii. Thousands
of features are looked at by the boxes around them first; where even so there would be too much to compare, the boxes
decide: rather a warning too many than one too few.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from incident.boundaries.corners import METRES_A_DEGREE, Corner, distance_m, inside, lines_meet
from incident.boundaries.facts import Shape

WORK_MAX: Final = 500_000
"""Edges looked at in one comparison of everything with everything, about a tenth of a second."""
EACH_MAX: Final = 5
"""So many of the others are told of each one: who lies in five hazards has to move whatever the sixth is."""


@dataclass(frozen=True, slots=True)
class Ground:
    """A shape with the box around it, in degrees: south, west, north, east."""

    shape: Shape
    south: float
    west: float
    north: float
    east: float

    def near(self, other: Ground) -> bool:
        """Whether the two boxes meet."""
        return (
            self.south <= other.north
            and other.south <= self.north
            and self.west <= other.east
            and other.west <= self.east
        )


def ground_of(shape: Shape) -> Ground | None:
    """A shape as it can be compared; None where it is known in words alone."""
    if shape.polygon:
        lats, lons = [lat for lat, _ in shape.polygon], [lon for _, lon in shape.polygon]
        return Ground(shape, min(lats), min(lons), max(lats), max(lons))
    if shape.place.point is None:
        return None
    (lat, lon), high = shape.place.point, (shape.radius_m or 0.0) / METRES_A_DEGREE
    wide = high / max(0.01, math.cos(math.radians(lat)))
    return Ground(shape, lat - high, lon - wide, lat + high, lon + wide)


def meets(one: Shape, other: Shape) -> bool:
    """Whether two shapes have a point in common."""
    first, second = ground_of(one), ground_of(other)
    return first is not None and second is not None and _Work().meet(first, second)


def meeting(ones: Sequence[Shape], others: Sequence[Shape]) -> Iterable[tuple[int, int]]:
    """The places in both rows of every pair that meets, EACH_MAX at most of each in the first."""
    work = _Work()
    there = [
        (index, ground) for index, shape in enumerate(others) if (ground := ground_of(shape)) is not None
    ]
    for place, shape in enumerate(ones):
        one = ground_of(shape)
        if one is None:
            continue
        found = 0
        for index, other in there:
            if one.near(other) and work.meet(one, other):
                yield place, index
                found += 1
                if found >= EACH_MAX:
                    break


class _Work:
    """Comparing with an end to it."""

    def __init__(self) -> None:
        self.left = WORK_MAX

    def meet(self, one: Ground, other: Ground) -> bool:
        if not one.near(other):
            return False
        a, b = one.shape, other.shape
        if not a.polygon and not b.polygon:
            return _circles(a, b)
        self.left -= len(a.polygon) + len(b.polygon)
        if self.left <= 0:
            return True
        if a.polygon and b.polygon:
            crossed = inside(b.polygon, a.polygon[0]) or inside(a.polygon, b.polygon[0])
            return crossed or self._cross(one, other)
        ring, circle = (a, b) if a.polygon else (b, a)
        return _in_reach(ring.polygon, circle)

    def _cross(self, one: Ground, other: Ground) -> bool:
        """Whether an edge of one ring crosses an edge of the other, where their boxes meet, from south to north."""
        ours, theirs = _edges(one, other), sorted(_edges(other, one))
        lows = [edge[0] for edge in theirs]
        tallest = max((high - low for low, high, _, _ in theirs), default=0.0)
        for low, high, a, b in ours:
            start, end = bisect_left(lows, low - tallest), bisect_right(lows, high)
            self.left -= end - start
            if self.left <= 0:
                return True
            if any(lines_meet(a, b, c, d) for _, _, c, d in theirs[start:end]):
                return True
        return False


def _edges(ground: Ground, other: Ground) -> list[tuple[float, float, Corner, Corner]]:
    """The edges of a ring that the box of another reaches, with the southern and the northern end of each."""
    ring = ground.shape.polygon
    found = []
    for a, b in zip(ring, (*ring[1:], ring[0]), strict=True):
        low, high = (a[0], b[0]) if a[0] <= b[0] else (b[0], a[0])
        if low <= other.north and high >= other.south:
            left, right = (a[1], b[1]) if a[1] <= b[1] else (b[1], a[1])
            if left <= other.east and right >= other.west:
                found.append((low, high, a, b))
    return found


def _circles(one: Shape, other: Shape) -> bool:
    a, b = one.place.point, other.place.point
    reach = (one.radius_m or 0.0) + (other.radius_m or 0.0)
    return a is not None and b is not None and distance_m(a, b) <= reach


def _in_reach(ring: Sequence[Corner], circle: Shape) -> bool:
    """Whether the middle of a circle lies in a ring, or an edge of the ring nearer than its radius."""
    point = circle.place.point
    if point is None:
        return False
    reach = circle.radius_m or 0.0
    return inside(ring, point) or (reach > 0 and from_ring_m(ring, point) <= reach)


def from_ring_m(ring: Sequence[Corner], point: Corner) -> float:
    """How far a point is from the nearest line of a ring, in metres."""
    across = math.cos(math.radians(point[0]))
    flat = [(lat - point[0], (lon - point[1]) * across) for lat, lon in ring]
    return METRES_A_DEGREE * min(_from_origin(a, b) for a, b in zip(flat, (*flat[1:], flat[0]), strict=True))


def _from_origin(a: Corner, b: Corner) -> float:
    """How far a line is from the origin of a flat piece of ground."""
    y, x = b[0] - a[0], b[1] - a[1]
    long = y * y + x * x
    along = 0.0 if not long else min(1.0, max(0.0, -(a[0] * y + a[1] * x) / long))
    return math.hypot(a[0] + along * y, a[1] + along * x)
