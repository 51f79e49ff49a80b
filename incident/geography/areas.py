"""The areas of a set, ready to be asked: in which of them a point lies, how far the others are, what shape they have.

Everything is in metres of the National Grid. shapely and numpy are loaded when an ``Areas`` is made.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from incident.geography.areaset import FILE, AreaSet
from incident.geography.grid import completed, metres_of, to_metres_many
from incident.kernel.checks import ConfigError, Problem
from incident.placing import BORDER, INSIDE, METRES_MAX, NEAR_MAX, OUTSIDE, Near, Placing
from incident.values import Location

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

OVERLAP_MAX_M2: Final = 1_000
"""Two areas of a set may not share more than this: less is a matter of rounding, more is a wrong answer. An area whose
lines cross by no more than this is mended, since lines that are sound in degrees may cross by a metre in metres."""
SIMPLIFIED_MAX: Final = 16
"""Levels of detail that are kept; a map asks for four or five."""


def whole_metres(metres: float) -> int:
    """A distance as it is kept: whole metres, rounded down, and never more than there can be on the earth."""
    return math.floor(min(metres, METRES_MAX))


class Areas:
    """A set of areas ready to be asked. ``codes`` and ``shapes`` (in metres) stand in the order of the set.

    Raises:
        ConfigError: with every area that crosses itself or overlaps another, each a plain sentence.
    """

    def __init__(self, found: AreaSet, file: str = FILE) -> None:
        import shapely

        self.set = found
        self.digest = found.digest
        self.codes: tuple[str, ...] = tuple(area.agency for area in found.areas)
        self.shapes: tuple[BaseGeometry, ...] = tuple(
            _mended(
                shapely.MultiPolygon(
                    [
                        (_metres(polygon[0]), [_metres(hole) for hole in polygon[1:]])
                        for polygon in area.polygons
                    ]
                )
            )
            for area in found.areas
        )
        self._simplified: dict[float, tuple[BaseGeometry, ...]] = {}
        problems = [Problem(file, 0, "", sentence) for sentence in self._flaws()]
        if problems:
            raise ConfigError(problems)
        shapely.prepare(list(self.shapes))

    def _flaws(self) -> list[str]:
        import shapely

        flaws = [
            f"the area of {code} is not closed lines around a piece of ground: {shapely.is_valid_reason(shape)}"
            for code, shape in zip(self.codes, self.shapes, strict=True)
            if not shapely.is_valid(shape)
        ]
        if flaws:
            return flaws
        for index, shape in enumerate(self.shapes):
            for other in range(index):
                shared = shapely.intersection(shape, self.shapes[other])
                if shared.area > OVERLAP_MAX_M2:
                    size = f"{shared.area / 1e6:.1f} square kilometres"
                    flaws.append(
                        f"the areas of {self.codes[other]} and {self.codes[index]} overlap by {size}"
                    )
        return flaws

    def nearness(self, ground: BaseGeometry) -> tuple[Near, ...]:
        """Every area with its distance from a piece of ground (or a point), the nearest first; 0 meets it."""
        import shapely

        measured = shapely.distance(list(self.shapes), ground)
        found = sorted(
            (whole_metres(metres), code) for metres, code in zip(measured, self.codes, strict=True)
        )
        return tuple(Near(code, metres) for metres, code in found)

    def distances(self, easting: float, northing: float) -> list[tuple[int, str]]:
        """(metres, agency) of every area from a point, the nearest first; 0 is inside."""
        import shapely

        return [(near.metres, near.agency) for near in self.nearness(shapely.Point(easting, northing))]

    def containing(self, easting: float, northing: float) -> str:
        """The agency in whose area a point is, "" for none; on a common line, the first of the set."""
        import numpy as np

        index = int(self.containing_many(np.array([[easting, northing]]))[0])
        return "" if index < 0 else self.codes[index]

    def containing_many(self, metres: NDArray[Any]) -> NDArray[Any]:
        """For each row (easting, northing) the index of the area it is in, -1 for none; on a common line, the first.

        Thousands of points at once: one call to the library for each area.
        """
        import numpy as np
        import shapely

        eastings, northings = np.ascontiguousarray(metres[:, 0]), np.ascontiguousarray(metres[:, 1])
        found = np.full(len(metres), -1, dtype=np.intp)
        finite = np.isfinite(eastings) & np.isfinite(northings)
        for index, shape in enumerate(self.shapes):
            left = np.flatnonzero((found < 0) & finite)
            found[left[shapely.intersects_xy(shape, eastings[left], northings[left])]] = index
        return found

    def simplified(self, tolerance_m: float) -> tuple[BaseGeometry, ...]:
        """The shapes with as little detail as a map of this scale can show; common lines stay common.

        0 is every detail. Each tolerance is computed once; it takes some tens of milliseconds.
        """
        import shapely

        if tolerance_m <= 0:
            return self.shapes
        found = self._simplified.get(tolerance_m)
        if found is None:
            found = tuple(shapely.coverage_simplify(list(self.shapes), tolerance_m))
            if len(self._simplified) >= SIMPLIFIED_MAX:
                self._simplified.pop(next(iter(self._simplified)))
            self._simplified[tolerance_m] = found
        return found

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """West, south, east and north of all areas, in metres."""
        import shapely

        west, south, east, north = shapely.total_bounds(list(self.shapes))
        return float(west), float(south), float(east), float(north)

    def length_outside(self, start: tuple[float, float], end: tuple[float, float]) -> float:
        """Metres of the straight line between two points that lie in no area: over water, or in nobody's of the set."""
        import shapely

        line = shapely.LineString([start, end])
        inside = sum(
            float(shapely.intersection(shape, line).length) for shape in self.shapes if shape.intersects(line)
        )
        return max(0.0, float(line.length) - inside)


def _metres(ring: tuple[tuple[float, float], ...]) -> NDArray[Any]:
    return to_metres_many([lat for _, lat in ring], [lon for lon, _ in ring])


def _mended(shape: BaseGeometry) -> BaseGeometry:
    """The shape with crossings of its lines undone that are a matter of rounding; a real flaw stays, and is told."""
    import shapely

    if shapely.is_valid(shape):
        return shape
    parts = [part for part in shapely.get_parts(shapely.make_valid(shape)) if part.area]
    whole = shapely.MultiPolygon([polygon for part in parts for polygon in shapely.get_parts(part)])
    slight = shapely.is_valid(whole) and abs(whole.area - shape.area) <= OVERLAP_MAX_M2
    return whole if slight else shape


def place(areas: Areas, location: Location) -> Placing | None:
    """Where a location lies among the areas; None when it is known in words alone, or has no metres."""
    metres = metres_of(completed(location).point)
    if metres is None:
        return None
    easting, northing = metres
    trust = areas.containing(easting, northing)
    near = tuple(Near(code, metres) for metres, code in areas.distances(easting, northing) if code != trust)[
        :NEAR_MAX
    ]
    accuracy = areas.set.accuracy_m
    state = INSIDE if trust else OUTSIDE
    if near and near[0].metres <= accuracy:
        state = BORDER
    return Placing(state, areas.digest, trust, near, accuracy, areas.set.indicative)
