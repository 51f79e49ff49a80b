"""Areas as they came, made into areas that can be asked: valid, one for each agency, without a large overlap.

Everything is computed in metres of the National Grid. What is changed is said, with its size; what nobody may decide
by machine is refused: two agencies that both claim a wide piece of ground. The geometry library is loaded here.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

from incident.geography import (
    OVERLAP_MAX_M2,
    to_grid,
    to_metres_many,
    to_position,
    to_positions_many,
)
from incident.interchange.geojson import DEGREES, Polygon, Ring
from incident.interchange.plain import refuse, told
from incident.kernel.checks import ConfigError, Problem

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

DECIMALS: Final = 7
"""Of a degree: a centimetre."""
CORNERS_MAX: Final = 100_000
"""Corners of a set of areas: what a desk can compute with, and draw, without waiting."""
PARTS_MAX: Final = 1_000
HOLES_MAX: Final = 99
TRIES: Final = 5
CRUMB_M2: Final = 1.0
GAPS_TOLD: Final = 5
RING_CORNERS_MAX: Final = 10_000
"""As the file of areas may have them (``geography.AREAS_SCHEMA``)."""

Features = Sequence[tuple[int, tuple[Polygon, ...]]]
"""Numbers of features in the file, and their polygons."""


class Mending:
    """One set of areas on its way. ``notes`` are sentences about what was changed."""

    def __init__(self, file: str, crs: str, accuracy_m: int) -> None:
        self.file = file
        self.crs = crs
        self.accuracy_m = accuracy_m
        self.notes: list[str] = []
        self.problems: list[Problem] = []
        self._untouched: set[str] = set()

    def mended(self, wanted: Mapping[str, Features], simplify_m: float) -> dict[str, tuple[Polygon, ...]]:
        """The polygons of each agency in degrees, (longitude, latitude), outer rings against the clock.

        Raises:
            ConfigError: with everything that cannot be mended.
        """
        from shapely.errors import ShapelyError

        try:
            return self._mended(wanted, simplify_m)
        except ShapelyError as error:  # whatever the library makes of it, it is a sentence about the file
            refuse(self.file, f"cannot be computed with ({type(error).__name__})")

    def _mended(self, wanted: Mapping[str, Features], simplify_m: float) -> dict[str, tuple[Polygon, ...]]:
        shapes = {agency: self._one(agency, features) for agency, features in wanted.items()}
        self._check()
        self._overlaps(shapes)
        self._check()
        if simplify_m:
            self._simplify(shapes, simplify_m)
            self._overlaps(shapes)
        self._bounds(shapes)
        self._check()
        self._gaps(shapes)
        return {
            agency: self._settled(
                self._as_it_was(wanted[agency]) if agency in self._untouched else self._positions(shape)
            )
            for agency, shape in shapes.items()
        }

    def _check(self) -> None:
        if self.problems:
            raise ConfigError(told(self.problems, self.file))

    def _say(self, agency: str, sentence: str) -> None:
        self.problems.append(Problem(self.file, 0, agency, sentence))

    # -- one agency -------------------------------------------------------------------------------------------

    def _one(self, agency: str, features: Features) -> BaseGeometry:
        """All the ground of an agency, as one valid shape."""
        import shapely

        made = []
        touched = len(features) > 1
        for number, polygons in features:
            rings = [[self._metres(ring) for ring in polygon] for polygon in polygons]
            shape = shapely.MultiPolygon([(one[0], one[1:]) for one in rings])
            if not shape.is_valid:
                shape, touched = self._valid(agency, number, shape), True
            made.append(shape)
        whole = made[0] if len(made) == 1 else polygonal(shapely.union_all(made))
        if whole.is_empty:
            self._say(agency, f"the area of {agency} encloses no ground")
        elif not touched:
            self._untouched.add(agency)
        if len(made) > 1:
            self.notes.append(f"{agency}: {len(made):,} features were made one area, {size(whole.area)}.")
        return whole

    def _valid(self, agency: str, number: int, shape: BaseGeometry) -> BaseGeometry:
        import shapely

        before = shape.area  # of the rings as they were walked
        mended = polygonal(shapely.make_valid(shape, method="structure", keep_collapsed=False))
        at = shapely.is_valid_reason(shape)
        self.notes.append(
            f"{agency}, feature {number}: its line crossed itself ({self._spot(at)}). Mended: {size(before)} before, "
            f"{size(mended.area)} now, {size(abs(mended.area - before))} apart."
        )
        return mended

    def _spot(self, reason: str) -> str:
        """The end of the library's sentence, "Self-intersection[501234.5 178900.1]", as a grid reference."""
        words, _, at = reason.rstrip("]").partition("[")
        try:
            easting, northing = map(float, at.split())
        except ValueError:
            return words.lower()
        return f"{words.lower()} near {self._grid(easting, northing)}"

    # -- several ----------------------------------------------------------------------------------------------

    def _overlaps(self, shapes: dict[str, BaseGeometry]) -> None:
        """Ground of two: what is no wider than the lines are accurate goes to the first; more is refused."""
        import shapely

        codes = list(shapes)
        for index, second in enumerate(codes):
            for first in codes[:index]:
                if not shapely.intersects(shapes[first], shapes[second]):
                    continue
                shared = polygonal(shapely.intersection(shapes[first], shapes[second]))
                if shared.area <= OVERLAP_MAX_M2:
                    continue
                point = shared.representative_point()
                where = self._grid(point.x, point.y)
                if not self.accuracy_m or not shapely.buffer(shared, -self.accuracy_m / 2).is_empty:
                    self._say(
                        second,
                        f"the areas of {first} and {second} overlap by {size(shared.area)} (near {where}): whose "
                        "ground it is must be decided in the file",
                    )
                    continue
                shapes[second] = polygonal(shapely.difference(shapes[second], shapes[first]))
                self._untouched.discard(second)
                self.notes.append(
                    f"{first} and {second} overlapped by {size(shared.area)} (near {where}), nowhere wider than the "
                    f"lines are accurate, {self.accuracy_m:,} m: given to {first}."
                )
                if shapes[second].is_empty:
                    self._say(second, f"the area of {second} lies wholly inside that of {first}")

    def _gaps(self, shapes: Mapping[str, BaseGeometry]) -> None:
        """Ground that areas enclose and that is nobody's, wider than the lines are accurate: the largest are told."""
        import shapely

        whole = shapely.union_all(list(shapes.values()))
        holes = [shapely.Polygon(ring) for part in shapely.get_parts(whole) for ring in part.interiors]
        wide = [hole for hole in holes if not shapely.buffer(hole, -self.accuracy_m / 2).is_empty]
        wide.sort(key=lambda hole: -hole.area)
        for hole in wide[:GAPS_TOLD]:
            point = hole.representative_point()
            around = ", ".join(code for code, shape in shapes.items() if shapely.dwithin(shape, hole, 1))
            self.notes.append(
                f"A gap of {size(hole.area)} near {self._grid(point.x, point.y)} is in no area; around it: {around}."
            )
        if len(wide) > GAPS_TOLD:
            self.notes.append(f"And {len(wide) - GAPS_TOLD:,} smaller gaps between the areas.")

    def _simplify(self, shapes: dict[str, BaseGeometry], simplify_m: float) -> None:
        """Fewer corners, common borders the same on both sides."""
        import shapely

        before = sum(map(shapely.get_num_coordinates, shapes.values()))
        simpler = shapely.coverage_simplify(list(shapes.values()), simplify_m)
        for agency, shape in zip(list(shapes), simpler, strict=True):
            shapes[agency] = polygonal(shape if shape.is_valid else shapely.make_valid(shape))
        self._untouched.clear()
        after = sum(map(shapely.get_num_coordinates, shapes.values()))
        self.notes.append(f"Simplified by {simplify_m:g} m: {before:,} corners before, {after:,} now.")

    def _bounds(self, shapes: Mapping[str, BaseGeometry]) -> None:
        import shapely

        corners = sum(map(shapely.get_num_coordinates, shapes.values()))
        if corners > CORNERS_MAX:
            refuse(
                self.file,
                f"has {corners:,} corners, at most {CORNERS_MAX:,} are kept. --simplify 50 draws the lines with "
                "fewer, mostly within 50 m of where they are, and keeps common borders common",
            )
        for agency, shape in shapes.items():
            rings = shapely.get_num_coordinates(shapely.get_parts(shapely.boundary(shape)))
            longest = max((int(count) for count in rings), default=0)
            parts = list(shapely.get_parts(shape))
            holes = max((len(part.interiors) for part in parts), default=0)
            for count, most, what in (
                (longest, RING_CORNERS_MAX, "corners in one line: give --simplify, such as --simplify 20"),
                (len(parts), PARTS_MAX, "pieces: leave out the smallest islands"),
                (holes, HOLES_MAX, "holes in one piece"),
            ):
                if count > most:
                    self._say(agency, f"the area of {agency} has {count:,} {what}; at most {most:,} are kept")

    # -- between the systems ----------------------------------------------------------------------------------

    def _metres(self, ring: Ring) -> Any:
        import numpy as np

        return degrees_to_metres(ring) if self.crs == DEGREES else np.asarray(ring, dtype=float)

    def _settled(self, polygons: tuple[Polygon, ...]) -> tuple[Polygon, ...]:
        """Positions to a centimetre, as they will be read. Where that makes lines meet that had hardly been apart,
        they are mended once more.
        """
        import shapely

        for _ in range(TRIES):
            rings = [[degrees_to_metres(ring) for ring in polygon] for polygon in polygons]
            shape = shapely.MultiPolygon([(one[0], one[1:]) for one in rings])
            if shape.is_valid:
                break
            mended = polygonal(shapely.make_valid(shape, method="structure", keep_collapsed=False))
            polygons = self._positions(_without_crumbs(mended))
        return polygons

    def _positions(self, shape: BaseGeometry) -> tuple[Polygon, ...]:
        import shapely

        return tuple(
            tuple(
                oriented(_positions(ring), outer=not index)
                for index, ring in enumerate((part.exterior, *part.interiors))
            )
            for part in shapely.get_parts(shape)
        )

    def _as_it_was(self, features: Features) -> tuple[Polygon, ...]:
        """An area that nothing was done to: the very positions of the file, to a centimetre."""
        ((_, polygons),) = features
        if self.crs != DEGREES:
            polygons = tuple(tuple(_positions_of(self._metres(ring)) for ring in one) for one in polygons)
        return tuple(
            tuple(oriented(rounded(ring), outer=not index) for index, ring in enumerate(polygon))
            for polygon in polygons
        )

    def _grid(self, easting: float, northing: float) -> str:
        lat, lon = to_position(easting, northing)
        if not (math.isfinite(lat) and math.isfinite(lon)):
            return "outside the grid"
        return to_grid(lat, lon, 6) or f"{lat:.4f}, {lon:.4f}"


def degrees_to_metres(ring: Ring) -> Any:
    """(longitude, latitude) as eastings and northings, one row each."""
    import numpy as np

    points = np.asarray(ring, dtype=float)
    return to_metres_many(points[:, 1], points[:, 0])


def _without_crumbs(shape: BaseGeometry) -> BaseGeometry:
    """Without pieces of a few square metres, which the mending of lines a centimetre apart leaves behind."""
    import shapely

    parts = [part for part in shapely.get_parts(shape) if part.area > CRUMB_M2]
    return shapely.MultiPolygon(parts) if parts else shape


def _positions(ring: Any) -> Ring:
    import shapely

    return _positions_of(shapely.get_coordinates(ring))


def _positions_of(metres: Any) -> Ring:
    return rounded(tuple((lon, lat) for lat, lon in to_positions_many(metres).tolist()))


def rounded(ring: Ring) -> Ring:
    """The positions to a centimetre, each corner once."""
    made = [(round(x, DECIMALS), round(y, DECIMALS)) for x, y in ring]
    return tuple(here for index, here in enumerate(made) if not index or here != made[index - 1])


def oriented(ring: Ring, *, outer: bool) -> Ring:
    """Outer rings against the clock and holes with it, as RFC 7946 asks."""
    twice = sum(x * v - u * y for (x, y), (u, v) in pairwise(ring))
    return ring if (twice > 0) == outer else ring[::-1]


def polygonal(shape: BaseGeometry) -> BaseGeometry:
    """The ground of a shape alone: lines and points that a computation left over bound none."""
    import shapely

    if shape.geom_type in ("Polygon", "MultiPolygon"):
        return shape
    parts = [part for part in shapely.get_parts(shape) if part.geom_type in ("Polygon", "MultiPolygon")]
    return shapely.union_all(parts) if parts else shapely.MultiPolygon()


def size(area: float) -> str:
    """An area (square metres) as it is said."""
    if 0 < area < 1:
        return "less than 1 m²"
    if area < 10_000:
        return f"{area:,.0f} m²"
    return f"{area / 1e6:,.2f} km²" if area < 1e8 else f"{area / 1e6:,.0f} km²"
