"""Areas on the ground: a set of trust areas, where a place lies in it, and grid references.

Called by clients and reports, never by ``decide`` or ``evolve``: what is computed here is stored as a ``Placing``, so
that a replay needs no map and two rooms cannot disagree. The set comes from ``config/areas.geojson`` (RFC 7946,
WGS 84); its digest stands in the charter. Everything is measured in metres of the National Grid (EPSG:27700), by
pyproj without grid files, which is within 5 m of the Ordnance Survey's own transformation. shapely and pyproj are
loaded when they are first needed, so that neither the server nor the start of a client pays for them.
"""

from __future__ import annotations

import hashlib
import math
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec.structs import replace

from incident.kernel.checks import (
    BAD,
    Bad,
    Check,
    ConfigError,
    Marked,
    MarkedMap,
    MarkedScalar,
    Problem,
    boolean,
    choice,
    integer,
    number,
    optional,
    parsed,
    record,
    required,
    sequence,
    text,
)
from incident.placing import ACCURACY_MAX_M, BORDER, INSIDE, NEAR_MAX, OUTSIDE, Near, Placing
from incident.values import Location, read_grid

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

FILE: Final = "areas.geojson"
AREAS_MAX: Final = 100
RING_MAX: Final = 10_000
OVERLAP_MAX_M2: Final = 1_000
"""Two areas of a set may not share more than this: less is a matter of rounding, more is a wrong answer."""
GRID_WEST: Final = -9.0
GRID_EAST: Final = 2.5
GRID_SOUTH: Final = 49.7
GRID_NORTH: Final = 61.0
IRISH_EAST: Final = -5.9
"""West of this and south of the Hebrides is the Irish Grid, for which no reference is printed."""
IRISH_NORTH: Final = 55.5

Ring = tuple[tuple[float, float], ...]
Polygon = tuple[Ring, ...]


class Area(msgspec.Struct, frozen=True):
    """One trust's area: polygons, each an outer ring and its holes; a position is (longitude, latitude)."""

    agency: str
    polygons: tuple[Polygon, ...]


class AreaSet(msgspec.Struct, frozen=True):
    """The areas of a file, checked in shape. ``accuracy_m``: how far a line may lie from where it should."""

    name: str
    accuracy_m: int
    indicative: bool
    origin: str
    areas: tuple[Area, ...]

    @property
    def digest(self) -> str:
        """Names the set by its content: equal for equal areas, however the file is laid out."""
        packed = msgspec.json.encode(self, order="sorted")
        return hashlib.sha256(packed).hexdigest()[:16]


# -- the file -------------------------------------------------------------------------------------------------


def _position(values: list[float]) -> tuple[float, float]:
    lon, lat = values[:2]
    if abs(lon) > 180 or abs(lat) > 90:
        raise ValueError("is not a longitude and latitude in degrees: are these metres of a grid?")
    return lon, lat


def _ring(positions: list[tuple[float, float]]) -> Ring:
    if positions[:1] != positions[-1:]:  # those that are wrong themselves have been told, and are not in here
        raise ValueError("must end where it begins")
    return tuple(positions)


_POSITION = parsed(sequence(number(), 2, 3), _position)
_POLYGON = parsed(sequence(parsed(sequence(_POSITION, 4, RING_MAX), _ring), 1, 100), tuple)
_KINDS: Final[dict[str, Check[tuple[Polygon, ...]]]] = {
    "Polygon": parsed(_POLYGON, lambda polygon: (polygon,)),
    "MultiPolygon": parsed(sequence(_POLYGON, 1, 1_000), tuple),
}


def _geometry(node: Marked, path: str, problems: list[Problem]) -> tuple[Polygon, ...] | Bad:
    """Coordinates as their type says; a point or a line is no area."""
    kinds = [
        value.text
        for key, value in (node.entries if isinstance(node, MarkedMap) else ())
        if key.text == "type" and isinstance(value, MarkedScalar)
    ]
    coordinates = _KINDS.get(kinds[0] if kinds else "", _KINDS["Polygon"])
    fields = {"type": required(choice(*_KINDS)), "coordinates": required(coordinates)}
    found = record(fields, foreign=True).run(node, path, problems)
    return BAD if isinstance(found, Bad) else found["coordinates"]


def _agency(written: str) -> str:
    return msgspec.convert({"agency": written, "metres": 0}, Near).agency


def _code(agency: str) -> str:
    return agency


def _area(*, properties: str, geometry: tuple[Polygon, ...], **_type: str) -> Area:
    return Area(properties, geometry)


def _area_set(*, features: tuple[Area, ...], type: str, **named: Any) -> AreaSet:  # noqa: A002 - the format's name
    return AreaSet(areas=features, **named)


_PROPERTIES = record({"agency": required(parsed(text(12), _agency))}, into=_code, foreign=True)
_FEATURE = record(
    {
        "type": required(choice("Feature")),
        "properties": required(_PROPERTIES),
        "geometry": required(Check(_geometry)),
    },
    into=_area,
    foreign=True,
)

AREAS_SCHEMA: Final[Check[AreaSet]] = record(
    {
        "type": required(choice("FeatureCollection")),
        "name": required(text(120)),
        "accuracy_m": required(integer(0, ACCURACY_MAX_M)),
        "indicative": required(boolean()),
        "origin": optional(text(1_000), ""),
        "features": required(
            parsed(sequence(_FEATURE, 1, AREAS_MAX, unique=lambda area: area.agency), tuple)
        ),
    },
    into=_area_set,
    foreign=True,
)
"""``config/areas.geojson``: foreign members are left alone, as the format asks. Crossing lines and overlaps are asked
for when an ``Areas`` is made, since that needs the geometry library."""


# -- the areas ------------------------------------------------------------------------------------------------


class Areas:
    """A set of areas ready to be asked.

    Raises:
        ConfigError: with every area that crosses itself or overlaps another, each a plain sentence.
    """

    def __init__(self, found: AreaSet, file: str = FILE) -> None:
        import shapely

        self.set = found
        self.digest = found.digest
        self._codes = tuple(area.agency for area in found.areas)
        rings = [[[_project(ring) for ring in polygon] for polygon in area.polygons] for area in found.areas]
        self._shapes: tuple[BaseGeometry, ...] = tuple(
            shapely.MultiPolygon([(polygon[0], polygon[1:]) for polygon in polygons]) for polygons in rings
        )
        problems = [Problem(file, 0, "", sentence) for sentence in self._flaws()]
        if problems:
            raise ConfigError(problems)
        shapely.prepare(list(self._shapes))

    def _flaws(self) -> list[str]:
        import shapely

        flaws = [
            f"the area of {code} is not closed lines around a piece of ground: {shapely.is_valid_reason(shape)}"
            for code, shape in zip(self._codes, self._shapes, strict=True)
            if not shapely.is_valid(shape)
        ]
        if flaws:
            return flaws
        for index, shape in enumerate(self._shapes):
            for other in range(index):
                shared = shapely.intersection(shape, self._shapes[other])
                if shared.area > OVERLAP_MAX_M2:
                    size = f"{shared.area / 1e6:.1f} square kilometres"
                    flaws.append(
                        f"the areas of {self._codes[other]} and {self._codes[index]} overlap by {size}"
                    )
        return flaws

    def distances(self, easting: float, northing: float) -> list[tuple[int, str]]:
        """(metres, agency) of every area from a point, the nearest first; 0 is inside."""
        import shapely

        point = shapely.Point(easting, northing)
        measured = shapely.distance(list(self._shapes), point)
        return sorted((math.floor(metres), code) for metres, code in zip(measured, self._codes, strict=True))

    def containing(self, easting: float, northing: float) -> str:
        """The agency in whose area a point is, "" for none; on a common line, the first of the set."""
        import shapely

        point = shapely.Point(easting, northing)
        found = (code for code, shape in zip(self._codes, self._shapes, strict=True) if shape.contains(point))
        touching = (
            code
            for code, shape in zip(self._codes, self._shapes, strict=True)
            if shapely.touches(shape, point)
        )
        return next(found, next(touching, ""))


def place(areas: Areas, location: Location) -> Placing | None:
    """Where a location lies among the areas; None when it is known in words alone."""
    point = completed(location).point
    if point is None:
        return None
    easting, northing = _to_metres(*point)
    trust = areas.containing(easting, northing)
    near = tuple(Near(code, metres) for metres, code in areas.distances(easting, northing) if code != trust)[
        :NEAR_MAX
    ]
    accuracy = areas.set.accuracy_m
    state = INSIDE if trust else OUTSIDE
    if near and near[0].metres <= accuracy:
        state = BORDER
    return Placing(state, areas.digest, trust, near, accuracy, areas.set.indicative)


# -- grid references ------------------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def _transformer() -> Any:
    import pyproj

    # Whatever grid files a machine has, every one computes the same: the transformation is named in full.
    helmert = (
        "+proj=pipeline +step +proj=axisswap +order=2,1 +step +proj=unitconvert +xy_in=deg +xy_out=rad "
        "+step +proj=push +v_3 +step +proj=cart +ellps=WGS84 +step +inv +proj=helmert +x=446.448 +y=-125.157 "
        "+z=542.06 +rx=0.15 +ry=0.247 +rz=0.842 +s=-20.489 +convention=position_vector "
        "+step +inv +proj=cart +ellps=airy +step +proj=pop +v_3 "
        "+step +proj=tmerc +lat_0=49 +lon_0=-2 +k=0.9996012717 +x_0=400000 +y_0=-100000 +ellps=airy"
    )
    return pyproj.Transformer.from_pipeline(helmert)


def _to_metres(lat: float, lon: float) -> tuple[float, float]:
    easting, northing = _transformer().transform(lat, lon)
    return float(easting), float(northing)


def _project(ring: Ring) -> list[tuple[float, float]]:
    eastings, northings = _transformer().transform([lat for _, lat in ring], [lon for lon, _ in ring])
    return list(zip(eastings, northings, strict=True))


_LETTERS: Final = "ABCDEFGHJKLMNOPQRSTUVWXYZ"
"""Of the National Grid's squares: five by five, row by row from the north-west, without I."""


def to_grid(lat: float, lon: float, digits: int = 8) -> str:
    """The grid reference of the square in which a point lies, "" where the National Grid has none.

    Eight digits name a square of 10 m, six one of 100 m.
    """
    inside = GRID_SOUTH <= lat <= GRID_NORTH and GRID_WEST <= lon <= GRID_EAST
    if not inside or (lon < IRISH_EAST and lat < IRISH_NORTH and not (lat < 50.5 and lon > -7)):
        return ""
    easting, northing = map(math.floor, _to_metres(lat, lon))
    if not (0 <= easting < 700_000 and 0 <= northing < 1_300_000):
        return ""
    east, north = easting // 100_000, northing // 100_000
    first = _LETTERS[(3 - north // 5) * 5 + 2 + east // 5]
    second = _LETTERS[(4 - north % 5) * 5 + east % 5]
    half = digits // 2
    step = 10 ** (5 - half)
    return f"{first}{second} {easting % 100_000 // step:0{half}d} {northing % 100_000 // step:0{half}d}"


def from_grid(written: str) -> tuple[float, float]:
    """(latitude, longitude) of the middle of the square that a grid reference names.

    Raises:
        ValueError: it is not a grid reference.
    """
    letters, east, north = read_grid(written).split()
    first, second = (_LETTERS.index(letter) for letter in letters)
    step = 10 ** (5 - len(east))
    easting = ((first % 5 - 2) * 5 + second % 5) * 100_000 + int(east) * step + step / 2
    northing = ((3 - first // 5) * 5 + 4 - second // 5) * 100_000 + int(north) * step + step / 2
    lat, lon = _transformer().transform(easting, northing, direction="INVERSE")
    return float(lat), float(lon)


def completed(location: Location) -> Location:
    """The location with what can be computed of it: a point from its grid reference, and the other way round.

    What a person gave is never changed.
    """
    point = location.point
    if point is None and location.grid:
        lat, lon = from_grid(location.grid)
        return replace(location, lat=round(lat, 5), lon=round(lon, 5))
    if point is not None and not location.grid:
        return replace(location, grid=to_grid(*point))
    return location
