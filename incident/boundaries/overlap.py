"""Whether two pieces of ground have ground in common, and not only a border: by arithmetic alone, with an end to it.

Two rooms that share out a stretch along a road or a line on a map read its corners off that line, each for itself. So
a strip as narrow as a grid reference is exact is no common ground. ``meeting`` asks for a point in common; this asks
for more.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final

from incident.boundaries.corners import METRES_A_DEGREE, Corner, distance_m, inside
from incident.boundaries.facts import Shape
from incident.boundaries.meeting import WORK_MAX, from_ring_m, ground_of

SLIVER_M: Final = 10.0
"""So wide, on average, may be what two have in common and still be one border, read off a map twice."""
PART: Final = 10
"""Of thin ground, so large a part of it in common is more than a border however narrow it is: a tenth."""

Edge = tuple[float, float, float, float]
"""South end and north end of a line: y, x, y, x in metres."""


def overlap(one: Shape, other: Shape) -> bool:
    """Whether two shapes have ground in common. A place without an extent has it where it lies within the other."""
    first, second = ground_of(one), ground_of(other)
    if first is None or second is None or not first.near(second):
        return False
    if one.polygon and other.polygon:
        return _rings(one.polygon, other.polygon)
    if one.polygon or other.polygon:
        ring, circle = (one, other) if one.polygon else (other, one)
        return _in_ring(ring.polygon, circle)
    a, b = one.place.point, other.place.point
    radii = one.radius_m or 0.0, other.radius_m or 0.0
    reach = max(0.0, sum(radii) - SLIVER_M) if all(radii) else sum(radii)
    return a is not None and b is not None and distance_m(a, b) <= reach


def _in_ring(ring: Sequence[Corner], circle: Shape) -> bool:
    point, radius = circle.place.point, circle.radius_m or 0.0
    if point is None:
        return False
    return inside(ring, point) or (radius > SLIVER_M and from_ring_m(ring, point) < radius - SLIVER_M)


def _rings(one: Sequence[Corner], other: Sequence[Corner]) -> bool:
    """Whether more than a sliver lies in both: the ground from corner to corner northwards, added up."""
    flat = _Flat(one[0])
    rings = flat.ring(one), flat.ring(other)
    thin = min(map(_area, rings)) / PART
    common = _Common()
    for low, high, ours, theirs in _strips(*(_edges(ring) for ring in rings)):
        common.add(low, high, ours, theirs)
        if common.work > WORK_MAX:
            return True  # rather a warning too many than one too few
    return common.area > min(SLIVER_M * common.length, thin)


class _Flat:
    """Degrees as metres on a flat piece of ground around a corner: (y, x)."""

    def __init__(self, around: Corner) -> None:
        self._lat, self._lon = around
        self._across = METRES_A_DEGREE * math.cos(math.radians(around[0]))

    def ring(self, corners: Sequence[Corner]) -> list[Corner]:
        return [
            ((lat - self._lat) * METRES_A_DEGREE, (lon - self._lon) * self._across) for lat, lon in corners
        ]


def _pairs(ring: Sequence[Corner]) -> Iterator[tuple[Corner, Corner]]:
    return zip(ring, (*ring[1:], ring[0]), strict=True)


def _area(ring: Sequence[Corner]) -> float:
    return abs(sum(a[1] * b[0] - b[1] * a[0] for a, b in _pairs(ring))) / 2


def _edges(ring: Sequence[Corner]) -> list[Edge]:
    """The lines that go north or south, from the one that begins farthest south on."""
    return sorted((*min(pair), *max(pair)) for pair in _pairs(ring) if pair[0][0] != pair[1][0])


def _strips(ours: list[Edge], theirs: list[Edge]) -> Iterator[tuple[float, float, list[Edge], list[Edge]]]:
    """From corner to corner northwards: the two ends of each strip, and the lines of both rings that go through it."""
    levels = sorted({y for edge in (*ours, *theirs) for y in (edge[0], edge[2])})
    through: tuple[list[Edge], list[Edge]] = ([], [])
    at = [0, 0]
    for low, high in pairwise(levels):
        for side, edges in enumerate((ours, theirs)):
            through[side][:] = [edge for edge in through[side] if edge[2] > low]
            while at[side] < len(edges) and edges[at[side]][0] <= low:
                through[side].append(edges[at[side]])
                at[side] += 1
        if through[0] and through[1]:
            yield low, high, *through


class _Common:
    """What lies in both: its ground in square metres, and how long it is from end to end."""

    def __init__(self) -> None:
        self.area = 0.0
        self.work = 0
        """Lines compared so far."""
        self._wests: list[float] = []
        self._easts: list[float] = []
        self._levels: list[float] = []

    @property
    def length(self) -> float:
        """Metres from one corner of the box around it to the other."""
        if not self._levels:
            return 0.0
        wide, high = max(self._easts) - min(self._wests), max(self._levels) - min(self._levels)
        return math.hypot(wide, high)

    def add(self, low: float, high: float, ours: Sequence[Edge], theirs: Sequence[Edge]) -> None:
        """What lies in both between two levels without a corner between them."""
        levels = {low, high}
        self.work += len(ours) * len(theirs)
        if self.work > WORK_MAX:
            return
        for a in ours:
            for b in theirs:
                first, last = _x(a, low) - _x(b, low), _x(a, high) - _x(b, high)
                if first * last < 0:
                    levels.add(low + (high - low) * first / (first - last))
        self.work += len(levels) * (len(ours) + len(theirs))
        for south, north in pairwise(sorted(levels)) if self.work <= WORK_MAX else ():
            middle = (south + north) / 2
            ends = [sorted(_x(edge, middle) for edge in edges) for edges in (ours, theirs)]
            shared = _shared(*ends)
            if shared:
                self.area += sum(east - west for west, east in shared) * (north - south)
                self._wests.append(shared[0][0])
                self._easts.append(shared[-1][1])
                self._levels += (south, north)


def _x(edge: Edge, y: float) -> float:
    return edge[1] + (edge[3] - edge[1]) * (y - edge[0]) / (edge[2] - edge[0])


def _shared(ours: Sequence[float], theirs: Sequence[float]) -> list[tuple[float, float]]:
    """What of a line lies in both, from west to east, each given by where it is entered and left."""
    ends = sorted([*((x, 0) for x in ours), *((x, 1) for x in theirs)])
    found, within = [], [False, False]
    for (x, side), (after, _) in pairwise(ends):
        within[side] = not within[side]
        if all(within) and x < after:
            found.append((x, after))
    return found
