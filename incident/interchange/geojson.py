"""GeoJSON (RFC 7946) of anybody's making: features with their polygons, in the order (longitude, latitude) or (x, y).

What can be mended without a doubt is, and is counted: heights are left out, rings closed, holes without ground
dropped. What cannot is a problem with the feature and the ring in which it is; all of them are told at once.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from incident.interchange.plain import PROBLEMS_MAX, read_json, refuse, told
from incident.kernel.checks import ConfigError, Problem
from incident.kernel.text import clip, safe_text

FEATURES_MAX: Final = 20_000
"""Features of a file of areas: all the wards of a country are fewer."""
CORNERS_READ_MAX: Final = 2_000_000
"""Corners of a file, before anything is computed with them."""
COLLECTIONS_DEEP_MAX: Final = 5

DEGREES: Final = "CRS84"
GRID: Final = "EPSG:27700"
SYSTEMS: Final[Mapping[str, str]] = {
    "CRS84": DEGREES, "EPSG:4326": DEGREES, "WGS84": DEGREES, "EPSG:27700": GRID, "OSGB36": GRID,
}  # fmt: skip
"""The systems that are understood, by what they are called."""

Ring = tuple[tuple[float, float], ...]
Polygon = tuple[Ring, ...]
FLAT: Final = ("Point", "MultiPoint", "LineString", "MultiLineString")


@dataclass(frozen=True, slots=True)
class Found:
    """One feature: its number in the file (from 1), its properties, its polygons, each an outer ring and its holes.

    ``points`` are its points, and ``lines`` says how many lines it had, which bound no ground.
    """

    number: int
    properties: Mapping[str, Any]
    polygons: tuple[Polygon, ...]
    points: Ring = ()
    lines: int = 0
    id: str = ""


@dataclass(slots=True)
class Read:
    """All that was found in a file. ``members`` are the members of the collection beside its features."""

    features: list[Found] = field(default_factory=list)
    members: Mapping[str, Any] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    crs: str = ""


def system(name: str) -> str | None:
    """The reference system that a name means, in the many ways of writing it; None when it is not understood."""
    written = name.strip().upper().replace("::", ":").replace("WGS 84", "WGS84")
    last = written.rpartition("/")[2] if written.startswith("HTTP") else written
    tail = last.rpartition(":")[2]
    for known, meant in SYSTEMS.items():
        code = known.rpartition(":")[2]
        if last == known or (tail == code and ("CRS" in last or "EPSG" in written or code == last)):
            return meant
    return None


def read_features(data: bytes, file: str) -> Read:
    """The features of a file.

    Raises:
        ConfigError: with its problems, each with the feature and the ring.
    """
    return _Reading(file).read(read_json(data, file))


class _Reading:
    """One file being read."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.found = Read()
        self.problems: list[Problem] = []
        self.corners = 0

    def read(self, root: Any) -> Read:
        if not isinstance(root, dict):
            refuse(self.file, "is JSON and no GeoJSON: a FeatureCollection was expected")
        kind = root.get("type")
        if kind == "Topology":
            refuse(self.file, "is TopoJSON; save it as GeoJSON")
        if kind not in ("FeatureCollection", "Feature"):
            refuse(self.file, f"is no FeatureCollection: its type is {shown(kind)}")
        self.found.crs = self._crs(root)
        features = root.get("features") if kind == "FeatureCollection" else [root]
        if not isinstance(features, list):
            refuse(self.file, f"has no list of features, but {shown(features)}")
        if len(features) > FEATURES_MAX:
            refuse(self.file, f"has {len(features):,} features, at most {FEATURES_MAX:,} are read")
        if kind == "FeatureCollection":
            self.found.members = {key: value for key, value in root.items() if key != "features"}
        for number, feature in enumerate(features, 1):
            if len(self.problems) > 50 * PROBLEMS_MAX:
                break
            self._feature(number, feature)
        if self.problems:
            raise ConfigError(told(self.problems, self.file))
        return self.found

    def say(self, where: str, sentence: str) -> None:
        self.problems.append(Problem(self.file, 0, where, f"{where} {sentence}"))

    def _crs(self, root: Mapping[str, Any]) -> str:
        crs = root.get("crs")
        if crs is None:
            return ""
        properties = crs.get("properties") if isinstance(crs, dict) else None
        name = properties.get("name") if isinstance(properties, dict) else crs
        if not isinstance(name, str):
            refuse(self.file, "has a member crs that names no reference system")
        meant = system(name)
        if meant is None:
            refuse(self.file, other_system(name))
        return meant

    def _feature(self, number: int, feature: Any) -> None:
        where = f"feature {number}"
        if not isinstance(feature, dict) or feature.get("type") != "Feature":
            kind = feature.get("type") if isinstance(feature, dict) else feature
            self.say(where, f"is {shown(kind)}, and no Feature")
            return
        properties = feature.get("properties")
        properties = {} if properties is None else properties
        if not isinstance(properties, dict):
            self.say(where, f"has properties that are {shown(properties)}")
            return
        polygons: list[Polygon] = []
        points: list[tuple[float, float]] = []
        lines = self._geometry(feature.get("geometry"), where, polygons, points, 0)
        written = feature.get("id")
        name = str(written) if isinstance(written, (str, int)) else ""
        self.found.features.append(
            Found(number, properties, tuple(polygons), tuple(points), lines, clip(safe_text(name), 60))
        )

    def _geometry(
        self, geometry: Any, where: str, polygons: list[Polygon], points: list[tuple[float, float]], deep: int
    ) -> int:
        """Adds what the geometry holds; answers how many lines were in it."""
        if geometry is None:
            return 0
        if not isinstance(geometry, dict):
            self.say(where, f"has a geometry that is {shown(geometry)}")
            return 0
        kind, coordinates = geometry.get("type"), geometry.get("coordinates")
        match kind:
            case "Polygon":
                polygons += self._polygon(coordinates, where)
            case "MultiPolygon":
                for part, rings in enumerate(self._list(coordinates, where), 1):
                    polygons += self._polygon(rings, f"{where} part {part}")
            case "Point" if coordinates != []:
                points += self._positions([coordinates], where)
            case "MultiPoint":
                points += self._positions(self._list(coordinates, where), where)
            case "LineString" | "MultiLineString":
                return 1
            case "GeometryCollection" if deep < COLLECTIONS_DEEP_MAX:
                inner = self._list(geometry.get("geometries"), where)
                return sum(self._geometry(one, where, polygons, points, deep + 1) for one in inner[:10_000])
            case "GeometryCollection":
                self.say(where, f"has collections more than {COLLECTIONS_DEEP_MAX} deep in one another")
            case "Point":
                pass  # an empty one
            case _:
                self.say(where, f"has a geometry of the type {shown(kind)}, which GeoJSON does not know")
        return 0

    def _list(self, value: Any, where: str) -> list[Any]:
        if isinstance(value, list):
            return value
        self.say(where, f"has coordinates that are {shown(value)}, and no list")
        return []

    def _polygon(self, rings: Any, where: str) -> Iterator[Polygon]:
        made: list[Ring] = []
        before = len(self.problems)
        for index, written in enumerate(self._list(rings, where)):
            name = f"{where}, {'its outer ring' if not index else f'its hole {index}'}"
            ring = self._positions(self._list(written, name), name)
            if len(self.problems) > before:
                return
            if ring[:1] != ring[-1:]:
                ring.append(ring[0])
                self.found.counts["closed"] += 1
            if len(set(ring)) < 3:
                self.found.counts["flat"] += 1
                if not index:  # and its holes with it
                    return
                continue
            made.append(tuple(ring))
        if made:
            yield tuple(made)

    def _positions(self, positions: list[Any], where: str) -> list[tuple[float, float]]:
        self.corners += len(positions)
        if self.corners > CORNERS_READ_MAX:
            sentence = f"has more than {CORNERS_READ_MAX:,} corners: simplify it before it is read"
            refuse(self.file, sentence)
        made: list[tuple[float, float]] = []
        for index, position in enumerate(positions):
            if type(position) is not list or len(position) < 2:
                self.say(where, f"has {shown(position)} where corner {index + 1} should stand")
                return made
            x, y = position[0], position[1]
            if type(x) not in _NUMBERS or type(y) not in _NUMBERS or not (abs(x) < 1e12 and abs(y) < 1e12):
                bad = y if type(x) in _NUMBERS and abs(x) < 1e12 else x
                self.say(where, f"has {shown(bad)} for a number in corner {index + 1}")
                return made
            if len(position) > 2:
                self.found.counts["heights"] += 1
            made.append((float(x), float(y)))
        return made


_NUMBERS: Final = frozenset({int, float})


def other_system(name: str) -> str:
    """Why a file in another reference system is refused."""
    return (
        f"is in the reference system {shown(name)}: only WGS 84 (CRS84, EPSG:4326) and the National Grid (EPSG:27700) "
        "are understood. Save it in one of them"
    )


def shown(value: Any) -> str:
    """A foreign value in a few harmless words."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "an infinite number"
    if isinstance(value, (int, float)):
        return f"the number {value:g}" if isinstance(value, float) else f"the number {value}"
    if isinstance(value, str):
        return f"'{clip(safe_text(value), 60)}'"
    return "an empty list" if value == [] else "a list" if isinstance(value, list) else "a group of keys"
