"""What is drawn on the ground of one incident, as plain values for any format: one picture, many files.

Positions are (latitude, longitude), WGS 84 degrees. What is known in words alone has no point and says so in its words.
Every text is safe before it comes in here, and stays foreign: each format escapes it in its own way.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

import msgspec

from incident.boundaries import agreed_by, live
from incident.boundaries.facts import KINDS, SCHEMES, Feature
from incident.boundaries.rules import counted
from incident.boundaries.words import place_words
from incident.kernel.board import Look
from incident.kernel.text import safe_text
from incident.organisation import organisation
from incident.placing import placing_words
from incident.values import Location

CORNERS: Final = 64
"""Of a circle that is written as a polygon."""
DECIMALS: Final = 6
"""Of a degree: a tenth of a metre."""
SCENE: Final = "incident"
"""The kind of the incident's own place."""

LatLon = tuple[float, float]
Completed = Callable[[Location], Location]


class Drawn(msgspec.Struct, frozen=True, kw_only=True):
    """One thing on the ground. ``ring`` are the corners of its ground, each once; ``review`` is UTC ms."""

    id: str
    kind: str
    name: str
    where: str = ""
    owner: str = ""
    agreement: str = ""
    scheme: str = ""
    note: str = ""
    review: int | None = None
    point: LatLon | None = None
    radius_m: float | None = None
    ring: tuple[LatLon, ...] = ()

    @property
    def ground(self) -> tuple[LatLon, ...]:
        """Its corners, those of a circle included; () for a point, or for words alone."""
        if self.ring or self.point is None or self.radius_m is None:
            return self.ring
        return circle(self.point, self.radius_m)

    @property
    def words(self) -> str:
        """Everything that is said of it, in one line."""
        kind = "" if KINDS.get(self.kind, "").casefold() in self.name.casefold() else KINDS.get(self.kind, "")
        parts = (kind, SCHEMES.get(self.scheme, self.scheme), self.where, self.agreement, self.note)
        return ". ".join(part for part in (self.owner, *parts) if part)


class Drawing(msgspec.Struct, frozen=True, kw_only=True):
    """Everything drawn of one incident. ``at`` is UTC ms, when it was written down; ``foot`` says by whom."""

    stream: str
    mode: str
    title: str
    number: str
    agency: str
    at: int
    foot: str
    features: tuple[Drawn, ...]

    @property
    def exercise(self) -> bool:
        return self.mode != "live"


def drawing_of(look: Look, at: int, foot: str, completed: Completed = lambda place: place) -> Drawing:
    """The incident's place and every feature that stands. ``completed`` computes a point from a grid reference."""
    state = organisation(look.state)
    features = [_scene(look, completed)] if state.location.known else []
    for feature in live(look.state):
        features.append(_drawn(feature, look, completed))
    return Drawing(
        stream=look.stream,
        mode=state.mode,
        title=safe_text(state.title),
        number=safe_text(state.number),
        agency="" if look.me is None else safe_text(look.me.agency),
        at=at,
        foot=safe_text(foot),
        features=tuple(features),
    )


def _scene(look: Look, completed: Completed) -> Drawn:
    state = organisation(look.state)
    disputed = "DISPUTED" if state.disputed else "confirmed" if state.location.confirmed else "provisional"
    placed = "" if state.placing is None else placing_words(state.placing)
    return Drawn(
        id=look.stream,
        kind=SCENE,
        name=safe_text(state.number or state.title or "incident"),
        where=safe_text(state.location.words()),
        owner=safe_text(state.opened_by),
        agreement=disputed,
        note=safe_text(placed),
        point=_rounded(completed(state.location).point),
    )


def _drawn(feature: Feature, look: Look, completed: Completed) -> Drawn:
    shape = feature.shape
    return Drawn(
        id=feature.id,
        kind=feature.kind,
        name=safe_text(feature.name),
        where=safe_text(place_words(feature)),
        owner=feature.owner,
        agreement=agreement(feature, look),
        scheme=feature.scheme,
        note=safe_text(feature.note),
        review=feature.review_due,
        point=_rounded(completed(shape.place).point),
        radius_m=None if shape.polygon else shape.radius_m,
        ring=_open(tuple((round(lat, DECIMALS), round(lon, DECIMALS)) for lat, lon in shape.polygon)),
    )


def agreement(feature: Feature, look: Look) -> str:
    """How far it is agreed, in words that stand alone in another program."""
    against = [code for code, answer in feature.answers.items() if not answer.agreed]
    if against:
        return f"NOT AGREED by {', '.join(against)}"
    done, total = agreed_by(look.state, feature)
    if total and done >= total:
        return f"agreed by all {total}" if total > 1 else "agreed"
    alone = done == (feature.owner in counted(look.state))
    return "proposed, not agreed" if alone else f"agreed by {done} of {total}"


def iso_utc(at: int) -> str:
    """UTC ms as programs read it: 2026-11-21T14:32:07Z."""
    return datetime.fromtimestamp(at / 1000, tz=UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _rounded(point: LatLon | None) -> LatLon | None:
    return None if point is None else (round(point[0], DECIMALS), round(point[1], DECIMALS))


def _open(ring: tuple[LatLon, ...]) -> tuple[LatLon, ...]:
    """Each corner once: some give the first again at the end."""
    return ring[:-1] if len(ring) > 1 and ring[0] == ring[-1] else ring


def closed(ring: tuple[LatLon, ...]) -> tuple[LatLon, ...]:
    """The corners against the clock as seen on a map, the first again at the end."""
    twice = sum(
        lon * next_lat - next_lon * lat
        for (lat, lon), (next_lat, next_lon) in zip(ring, ring[1:] + ring[:1], strict=True)
    )
    turned = ring if twice > 0 else ring[::-1]
    return (*turned, turned[0])


# -- on the earth ---------------------------------------------------------------------------------------------

_A: Final = 6_378_137.0
_E2: Final = 0.00669437999014
"""The ellipsoid of WGS 84: its half axis (metres), and the square of its eccentricity."""


def circle(middle: LatLon, radius_m: float, corners: int = CORNERS) -> tuple[LatLon, ...]:
    """The corners of a circle, against the clock from its east; all within a metre of it up to 10 km."""
    lat, lon = map(math.radians, middle)
    curve = 1 - _E2 * math.sin(lat) ** 2
    radius = _A * math.sqrt(1 - _E2) / curve  # of the sphere that lies best against the earth here
    far = radius_m / radius
    # on that sphere the north is stretched a little against the east
    north = (1 - _E2) * _A / curve**1.5 / radius
    east = _A / math.sqrt(curve) / radius
    made = []
    for corner in range(corners):
        angle = 2 * math.pi * corner / corners
        up, right = far * math.sin(angle) / north, far * math.cos(angle) / east
        distance, bearing = math.hypot(up, right), math.atan2(right, up)
        to_lat = math.asin(
            math.sin(lat) * math.cos(distance) + math.cos(lat) * math.sin(distance) * math.cos(bearing)
        )
        to_lon = lon + math.atan2(
            math.sin(bearing) * math.sin(distance) * math.cos(lat),
            math.cos(distance) - math.sin(lat) * math.sin(to_lat),
        )
        made.append((round(math.degrees(to_lat), DECIMALS + 1), round(math.degrees(to_lon), DECIMALS + 1)))
    return tuple(made)


def middle_of(ring: tuple[LatLon, ...]) -> LatLon:
    """A point for a ring: the middle of its ground, or of its corners when it has none."""
    first_lat, first_lon = ring[0]
    twice = lat_sum = lon_sum = 0.0
    for (lat, lon), (next_lat, next_lon) in zip(ring, ring[1:] + ring[:1], strict=True):
        y, x, v, u = lat - first_lat, lon - first_lon, next_lat - first_lat, next_lon - first_lon
        part = x * v - u * y
        twice += part
        lat_sum += (y + v) * part
        lon_sum += (x + u) * part
    if abs(twice) < 1e-14:
        lats, lons = [lat for lat, _ in ring], [lon for _, lon in ring]
        return sum(lats) / len(lats), sum(lons) / len(lons)
    return first_lat + lat_sum / (3 * twice), first_lon + lon_sum / (3 * twice)
