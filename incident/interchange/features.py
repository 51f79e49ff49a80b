"""What somebody drew in another program, read from GeoJSON or KML and made into proposals: one for each thing.

Nothing is taken over by itself: each becomes a normal proposal of the agency that brings it, which the others agree to
or not. What the file does not say (which kind it is, by which scheme a zone) is asked.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice
from typing import Any, Final

import msgspec

from incident.boundaries.corners import distance_m
from incident.boundaries.facts import CORDONS, KINDS, SCHEMES, VERTICES_MAX, ZONES, Feature, Propose, Shape
from incident.boundaries.verbs import with_point
from incident.interchange import kml
from incident.interchange.drawing import SCENE, LatLon, middle_of
from incident.interchange.geojson import GRID, read_features
from incident.interchange.importing import KINGDOM, TURNED, lies_in
from incident.interchange.map_geojson import PREFIX, TWIN
from incident.interchange.plain import refuse, told
from incident.kernel.checks import ConfigError, Problem
from incident.kernel.slice import Refusal
from incident.kernel.text import clip, safe_text
from incident.values import Location

FEATURES_MAX: Final = 50
"""Things that are brought at once: each is a proposal that people read."""
NAMED_MAX: Final = 5
"""So many of the things that are left out are named; the rest is counted."""
CORNERS_MAX: Final = VERTICES_MAX
RADIUS_M_MAX: Final = 50_000
NAME_MAX: Final = 70
SAME_M: Final = 1.0
"""Ground whose corners are no farther than this from those of other ground is the same ground."""
BEGINS_MAX: Final = 8
"""Corners so near to another ring's first that are tried as its beginning, so that there is an end to it."""
NEEDS_WIND: Final = "wind"
"""A wind sector is computed from its wind, and cannot be brought as a picture."""

ToPosition = Callable[[float, float], LatLon]
Completed = Callable[[Location], Location]


class Brought(msgspec.Struct, frozen=True, kw_only=True):
    """One thing of a file. ``kind`` and ``scheme``: "" where it does not say. ``ring`` has each corner once."""

    name: str
    kind: str = ""
    scheme: str = ""
    note: str = ""
    point: LatLon | None = None
    radius_m: float | None = None
    ring: tuple[LatLon, ...] = ()

    @property
    def words(self) -> str:
        """What it is and where, in one line."""
        kind = KINDS.get(self.kind, "kind not said")
        middle = self.point or middle_of(self.ring)
        size = f", {len(self.ring)} corners" if self.ring else ""
        size = f", {self.radius_m:,.0f} m" if self.radius_m is not None and not self.ring else size
        return f"{self.name or 'no name'}: {kind}{size}, {middle[0]:.4f},{middle[1]:.4f}"


class Bundle(msgspec.Struct, frozen=True):
    """Everything that was read, and in sentences what was left out."""

    things: tuple[Brought, ...]
    notes: tuple[str, ...] = ()

    @property
    def kinds_lacking(self) -> bool:
        return any(not one.kind for one in self.things)


def read_things(data: bytes, file: str, to_position: ToPosition) -> Bundle:
    """The things of a GeoJSON or KML file. ``to_position`` turns metres of the National Grid into a position.

    Raises:
        ConfigError: with what is wrong with it; nothing else, whatever the file holds.
    """
    if data[:3] in (b"PK\x03", b"PK\x05"):
        refuse(file, "is a KMZ or another archive, which is not opened: save it as KML")
    begins = data.removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    found, notes = _kml(data, file) if begins == b"<" else _geojson(data, file, to_position)
    if not found:
        refuse(file, "holds nothing that could be proposed: no points and no polygons")
    if len(found) > FEATURES_MAX:
        refuse(file, f"holds {len(found):,} things, at most {FEATURES_MAX} are taken at once")
    problems = [
        Problem(file, 0, "", f"'{clip(one.name, 40)}' has {len(one.ring):,} corners, at most {CORNERS_MAX:,} are taken")
        for one in found
        if len(one.ring) > CORNERS_MAX
    ]  # fmt: skip
    if problems:
        raise ConfigError(told(problems, file))
    inside, outside = _in_place(found, file)
    return Bundle(tuple(inside), (*notes, *outside))


def _box(things: Iterable[Brought]) -> tuple[float, float, float, float]:
    corners = [corner for one in things for corner in (one.ring or ([one.point] if one.point else []))]
    lats, lons = [lat for lat, _ in corners], [lon for _, lon in corners]
    return min(lons), min(lats), max(lons), max(lats)


def _in_place(found: list[Brought], file: str) -> tuple[list[Brought], list[str]]:
    """The things that lie where incidents are, and a sentence that names those that do not and are left out.

    Raises:
        ConfigError: none of them does.
    """
    inside = [one for one in found if lies_in(_box((one,)), KINGDOM)]
    if not inside:
        west, south, east, north = box = _box(found)
        turned = lies_in(box, TURNED)
        why = "latitude stands before longitude in it; swap them" if turned else "is it in WGS 84?"
        refuse(
            file,
            f"lies outside the United Kingdom, at latitudes {south:.2f} to {north:.2f} and longitudes "
            f"{west:.2f} to {east:.2f}: {why}",
        )
    away = [one for one in found if one not in inside]
    named = "; ".join(clip(one.words, 80) for one in away[:NAMED_MAX])
    more = f" and {len(away) - NAMED_MAX} more" if len(away) > NAMED_MAX else ""
    return inside, [f"Left out, outside the United Kingdom: {named}{more}."] if away else []


# -- GeoJSON --------------------------------------------------------------------------------------------------


def _geojson(data: bytes, file: str, to_position: ToPosition) -> tuple[list[Brought], list[str]]:
    read = read_features(data, file)
    lines = holes = twins = 0
    made: list[Brought] = []
    for one in read.features:
        said = {key.removeprefix(PREFIX): _words(value) for key, value in one.properties.items()}
        if said.get("kind") == SCENE:
            continue
        if TWIN in one.properties:
            twins += 1
            continue
        lines += one.lines
        holes += sum(len(polygon) - 1 for polygon in one.polygons)
        turn = _turned(read.crs, to_position, file, one.number)
        rings = [tuple(turn(*corner) for corner in polygon[0][:-1]) for polygon in one.polygons]
        points = [] if rings else [turn(*point) for point in one.points]
        made += _things(said, points, rings, file, f"feature {one.number}")
        if len(made) > 4 * FEATURES_MAX:
            break  # refused anyway
    return made, _notes(
        {
            "heights": read.counts["heights"],
            "closed": read.counts["closed"],
            "lines": lines,
            "holes": holes,
        }
    )


def _turned(crs: str, to_position: ToPosition, file: str, number: int) -> Callable[[float, float], LatLon]:
    def turn(x: float, y: float) -> LatLon:
        if crs == GRID:
            lat, lon = to_position(x, y)
            if math.isfinite(lat) and math.isfinite(lon):
                return lat, lon
            refuse(file, f"feature {number} lies outside the National Grid")
        if abs(x) > 180 or abs(y) > 90:
            refuse(
                file, f"feature {number} has {x:g}, {y:g}, which are no degrees: are these metres of a grid?"
            )
        return y, x

    return turn


def _words(value: Any) -> str:
    if isinstance(value, str):
        return value
    return f"{value:.15g}" if isinstance(value, (int, float)) and not isinstance(value, bool) else ""


# -- KML ------------------------------------------------------------------------------------------------------


def _kml(data: bytes, file: str) -> tuple[list[Brought], list[str]]:
    marks, counts = kml.read_placemarks(data, file, 4 * FEATURES_MAX)
    made: list[Brought] = []
    for number, mark in enumerate(marks, 1):
        said = {key.removeprefix(PREFIX): value for key, value in mark.data.items()}
        if said.get("kind") == SCENE:
            continue
        said.setdefault("note", mark.description)
        said["name"] = mark.name
        rings = [_each_once(tuple((lat, lon) for lon, lat in ring)) for ring in mark.rings]
        points = [(lat, lon) for lon, lat in mark.points]
        if points and _radius(said) is not None:
            rings = []  # the circle's twin
        made += _things(said, [] if rings else points, rings, file, f"placemark {number}")
    return made, _notes(counts)


def _each_once(ring: tuple[LatLon, ...]) -> tuple[LatLon, ...]:
    return ring[:-1] if len(ring) > 1 and ring[0] == ring[-1] else ring


# -- both -----------------------------------------------------------------------------------------------------


def _things(
    said: Mapping[str, str],
    points: list[LatLon],
    rings: list[tuple[LatLon, ...]],
    file: str,
    where: str,
) -> list[Brought]:
    """The things of one feature: one for each piece of ground, or for each point."""
    name = _line(said.get("name") or said.get("title") or "", NAME_MAX)
    kind = said.get("kind", "").strip().lower().replace(" ", "_")
    kind = kind if kind in KINDS and kind != NEEDS_WIND else ""
    scheme = said.get("scheme", "").strip().lower()
    note = _line(said.get("note") or "", 1_000)
    several = len(rings) + len(points) > 1
    made = []
    for number, ring in enumerate(rings, 1):
        if len(set(ring)) < 3:
            refuse(file, f"{where} has a polygon of fewer than three corners", where)
        called = f"{name} {number}" if several and name else name
        made.append(Brought(name=called, kind=kind, scheme=_scheme(kind, scheme), note=note, ring=ring))
    for number, point in enumerate(points, 1):
        called = f"{name} {number}" if several and name else name
        radius = _radius(said)
        zone = _scheme(kind, scheme)
        made.append(Brought(name=called, kind=kind, scheme=zone, note=note, point=point, radius_m=radius))
    return made


def _scheme(kind: str, scheme: str) -> str:
    return scheme if kind in ZONES and scheme in SCHEMES else ""


def _radius(said: Mapping[str, str]) -> float | None:
    """A radius in metres, when it is one that a feature may have."""
    try:
        metres = float(said.get("radius_m", ""))
    except ValueError:
        return None
    return metres if 0 < metres <= RADIUS_M_MAX else None


def _notes(counts: Mapping[str, int] | Counter[str]) -> list[str]:
    sentences = (
        ("heights", "The heights of {0:,} corners were left out."),
        ("closed", "{0:,} rings did not end where they begin, and were closed."),
        ("lines", "{0:,} lines were left out: they bound no ground."),
        ("holes", "{0:,} holes were left out: a cordon has none."),
        ("links", "{0:,} links and pictures were not followed."),
    )
    return [sentence.format(counts[key]) for key, sentence in sentences if counts.get(key)]


def _line(words: str, most: int) -> str:
    return clip(safe_text(" ".join(words.split())), most)


# -- what stands already --------------------------------------------------------------------------------------


def stands(one: Brought, features: Iterable[Feature]) -> bool:
    """Whether a thing is on the ground already: the same kind and name, and its ground to within a metre.

    Such as all that was exported from this very incident.
    """
    return any(_same(one, feature) for feature in features if feature.withdrawn_at is None)


def _same(one: Brought, feature: Feature) -> bool:
    kind = one.kind or NEEDS_WIND  # a wind sector comes back as a picture, without its kind
    called = _line(feature.name, NAME_MAX).casefold() == one.name.casefold()
    if kind != feature.kind or not called:
        return False
    shape = feature.shape
    if one.ring or shape.polygon:
        return _same_ring(one.ring, shape.polygon)
    point, radius = with_point(shape.place).point, shape.radius_m
    if point is None or one.point is None or (radius is None) != (one.radius_m is None):
        return False
    return distance_m(point, one.point) <= SAME_M and abs((radius or 0.0) - (one.radius_m or 0.0)) <= SAME_M


def _same_ring(ring: Sequence[LatLon], other: Sequence[LatLon]) -> bool:
    """Whether two rings have the same corners, wherever each begins and whichever way it goes round."""
    count = len(ring)
    if count != len(other):
        return False
    begins = (index for index, there in enumerate(other) if distance_m(ring[0], there) <= SAME_M)
    return any(
        all(
            distance_m(corner, other[(begin + way * step) % count]) <= SAME_M
            for step, corner in enumerate(ring)
        )
        for begin in islice(begins, BEGINS_MAX)
        for way in (1, -1)
    )


# -- proposals ------------------------------------------------------------------------------------------------


def proposal(
    one: Brought, kind: str, scheme: str, completed: Completed = lambda place: place
) -> Propose | Refusal:
    """The command that proposes a thing; what the file does not say is taken from the answers."""
    what = one.kind or kind
    if not what:
        return Refusal("bad_value", f"{one.words}. Say what it is.", {"arg": "kind"})
    zone = (one.scheme or scheme) if what in ZONES else ""
    if what in ZONES and not zone:
        return Refusal("bad_value", f"{one.words}. A zone needs its scheme.", {"arg": "scheme"})
    if what in CORDONS and one.radius_m is None and not one.ring:
        return Refusal("bad_value", f"{one.words}. A cordon needs a radius or corners, and this is a point.")
    lat, lon = one.point or middle_of(one.ring)
    place = completed(Location(lat=round(lat, 6), lon=round(lon, 6)))
    ring = tuple((round(lat, 6), round(lon, 6)) for lat, lon in one.ring)
    try:
        made = Propose(
            what,  # type: ignore[arg-type]
            Shape(place, one.radius_m if not ring else None, ring),
            one.name,
            zone,  # type: ignore[arg-type]
            one.note,
        )
        return msgspec.convert(msgspec.to_builtins(made), Propose)
    except (msgspec.ValidationError, ValueError):
        return Refusal("bad_value", f"{one.words}. It cannot be proposed as it is.")
