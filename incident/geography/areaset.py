"""The file of areas: what ``config/areas.geojson`` may hold, and what it is once it has been read.

RFC 7946, WGS 84, with the accuracy of the lines and whether they are indicative beside the features. The digest of the
set stands in the charter, so that two rooms with different lines find out before they compute anything. Crossing lines
and overlaps are asked for when an ``Areas`` is made, since that needs the geometry library.
"""

from __future__ import annotations

import hashlib
from typing import Any, Final

import msgspec

from incident.kernel.checks import (
    BAD,
    Bad,
    Check,
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
from incident.placing import ACCURACY_MAX_M, Near

FILE: Final = "areas.geojson"
AREAS_MAX: Final = 100
RING_MAX: Final = 10_000

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
