"""What a piece of ground reaches: its outline in metres, the areas it overlaps, how far others are, who must be told.

A *ring* is corners (easting, northing) in metres of the National Grid, the first again at the end. One corner alone is
a point and two are a line; a ring that crosses itself is read as the ground that its lines shut in. Distances are from
the ground itself, not from its middle: what lies across an estuary is near when the water is narrow.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from incident.geography.areas import Areas
from incident.geography.grid import completed, metres_of, to_metres_many
from incident.placing import Near, tell_by_distance

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

    from incident.boundaries.facts import Shape

Ring = Sequence[tuple[float, float]]

CIRCLE_CORNERS: Final = 64
"""Of a circle drawn as a polygon: it lies inside the circle, by 0.12 % of the radius at most."""
OVERLAP_MIN_M2: Final = 1.0
"""Ground that shares less than this with an area touches it and no more."""


def outline(shape: Shape) -> tuple[tuple[float, float], ...] | None:
    """The closed ring of what a shape covers: its polygon as it is, or its circle.

    None for a place without extent, and for one that the National Grid has no metres for.
    """
    if shape.polygon:
        corners = to_metres_many([lat for lat, _ in shape.polygon], [lon for _, lon in shape.polygon])
        if not all(math.isfinite(metres) for corner in corners for metres in corner):
            return None
        ring = tuple((float(easting), float(northing)) for easting, northing in corners)
        return ring if ring[0] == ring[-1] else (*ring, ring[0])
    middle = metres_of(completed(shape.place).point)
    if middle is None or shape.radius_m is None:
        return None
    return circle(*middle, shape.radius_m)


def circle(easting: float, northing: float, radius_m: float) -> tuple[tuple[float, float], ...]:
    """A circle as a closed ring, clockwise from north."""
    turns = [2 * math.pi * corner / CIRCLE_CORNERS for corner in range(CIRCLE_CORNERS)]
    ring = [(easting + radius_m * math.sin(turn), northing + radius_m * math.cos(turn)) for turn in turns]
    return (*ring, ring[0])


def reach(areas: Areas, ring: Ring) -> tuple[Near, ...]:
    """Every area with its distance from the ground in whole metres, the nearest first; 0 touches or overlaps."""
    return areas.nearness(_ground(ring))


def crossing(areas: Areas, ring: Ring) -> tuple[str, ...]:
    """The areas that the ground overlaps, that with the largest part of it first."""
    import shapely

    ground = _ground(ring)
    flat = ground.area < OVERLAP_MIN_M2  # a point or a line overlaps what it meets
    found = []
    for code, shape in zip(areas.codes, areas.shapes, strict=True):
        if not shape.intersects(ground):
            continue
        shared = shapely.intersection(shape, ground)
        if flat or shared.area >= OVERLAP_MIN_M2:
            found.append((-shared.area, -shared.length, code))
    return tuple(code for *_, code in sorted(found))


def radius_of(ring: Ring) -> int:
    """The radius of the smallest circle around the ground, in whole metres rounded up."""
    import shapely

    return math.ceil(round(float(shapely.minimum_bounding_radius(_ground(ring))), 3))


def to_tell(areas: Areas, ring: Ring) -> tuple[str, ...]:
    """The trusts that must be told of this ground, the nearest first.

    Those whose area is within 5 km of it, or within a kilometre more than its own radius where that is more, or nearer
    than the lines are known.
    """
    return tell_by_distance(reach(areas, ring), radius_of(ring), areas.set.accuracy_m)


def _ground(ring: Ring) -> BaseGeometry:
    import shapely

    corners = list(ring)
    if not corners:
        raise ValueError("There is no ground without a corner.")
    distinct = list(dict.fromkeys(corners))
    if len(distinct) == 1:
        return shapely.Point(distinct[0])
    if len(distinct) == 2:
        return shapely.LineString(distinct)
    ground = shapely.Polygon(corners)
    return ground if ground.is_valid else shapely.make_valid(ground)
