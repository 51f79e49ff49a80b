"""The file of areas of a deployment, written and read fast: ``areas.geojson`` as ``AREAS_SCHEMA`` describes it.

The schema finds every mistake with its line, and takes seconds over a hundred thousand corners. So what is right is
read the fast way, which takes nothing that the schema would refuse, and the schema is asked about the rest alone.
"""

from __future__ import annotations

from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from incident.geography import AREAS_MAX, RING_MAX, Area, AreaSet, Polygon
from incident.interchange.plain import read_json
from incident.kernel.checks import ConfigError
from incident.kernel.text import text_flaw
from incident.placing import ACCURACY_MAX_M
from incident.values import AgencyCode

BYTES_MAX: Final = 16 * 2**20
"""A file of areas as a deployment has it: a hundred thousand corners are 3 MiB."""
NODES_MAX: Final = 2_000_000
"""Values in such a file."""

_Degrees = Annotated[float, Meta(ge=-180, le=180)]
_Position = tuple[_Degrees, Annotated[float, Meta(ge=-90, le=90)]]
_Ring = Annotated[tuple[_Position, ...], Meta(min_length=4, max_length=RING_MAX)]
_Polygon = Annotated[tuple[_Ring, ...], Meta(min_length=1, max_length=100)]


class _One(msgspec.Struct, tag="Polygon", frozen=True):
    coordinates: _Polygon


class _Several(msgspec.Struct, tag="MultiPolygon", frozen=True):
    coordinates: Annotated[tuple[_Polygon, ...], Meta(min_length=1, max_length=1_000)]


class _Whose(msgspec.Struct, frozen=True):
    agency: AgencyCode


class _Feature(msgspec.Struct, tag="Feature", frozen=True):
    properties: _Whose
    geometry: _One | _Several


class _File(msgspec.Struct, tag="FeatureCollection", frozen=True):
    name: Annotated[str, Meta(min_length=1, max_length=120)]
    accuracy_m: Annotated[int, Meta(ge=0, le=ACCURACY_MAX_M)]
    indicative: bool
    features: Annotated[tuple[_Feature, ...], Meta(min_length=1, max_length=AREAS_MAX)]
    origin: Annotated[str, Meta(max_length=1_000)] = ""


def areas_of(data: bytes, file: str = "") -> AreaSet | None:
    """The areas of a file that is right in every way; None for any other, whose mistakes the schema tells."""
    try:
        tree = read_json(data, file)
        found = msgspec.convert(tree, _File)
    except (ConfigError, msgspec.ValidationError, RecursionError):
        return None
    words = ((found.name, 120), (found.origin, 1_000)) if "origin" in tree else ((found.name, 120),)
    if any(text_flaw(said, limit=limit) is not None or not said.strip() for said, limit in words):
        return None
    areas = tuple(Area(one.properties.agency, _polygons(one.geometry)) for one in found.features)
    if len({area.agency for area in areas}) < len(areas):
        return None
    if any(ring[0] != ring[-1] for area in areas for polygon in area.polygons for ring in polygon):
        return None
    return AreaSet(found.name, found.accuracy_m, found.indicative, found.origin, areas)


def _polygons(geometry: _One | _Several) -> tuple[Polygon, ...]:
    return (geometry.coordinates,) if isinstance(geometry, _One) else geometry.coordinates


def written(areas: AreaSet) -> bytes:
    """The file of these areas: one line for each feature, its bounds beside it (RFC 7946)."""
    head: dict[str, Any] = {
        "type": "FeatureCollection",
        "name": areas.name,
        "accuracy_m": areas.accuracy_m,
        "indicative": areas.indicative,
    }
    if areas.origin:
        head["origin"] = areas.origin
    lines = [msgspec.json.encode(key) + b": " + msgspec.json.encode(value) for key, value in head.items()]
    features = b",\n".join(msgspec.json.encode(_feature(area)) for area in areas.areas)
    return b"{\n" + b",\n".join(lines) + b',\n"features": [\n' + features + b"\n]\n}\n"


def _feature(area: Area) -> dict[str, Any]:
    several = len(area.polygons) > 1
    corners = [corner for polygon in area.polygons for corner in polygon[0]]
    xs, ys = [x for x, _ in corners], [y for _, y in corners]
    return {
        "type": "Feature",
        "id": area.agency,
        "bbox": [min(xs), min(ys), max(xs), max(ys)],
        "properties": {"agency": area.agency},
        "geometry": {
            "type": "MultiPolygon" if several else "Polygon",
            "coordinates": area.polygons if several else area.polygons[0],
        },
    }
