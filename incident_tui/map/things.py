"""Everything of an incident that lies somewhere, once: the map and the list beside it are both made of it.

A ``Thing`` is a feature on the ground, a trust's area, a hospital, a unit whose position is known, or the incident
itself. What has a point (``at``) is drawn, and whatever is drawn is one of these: so the map is never the only way to
see or to do something. A thing that did not change is the same object, and as long as nothing changed so is the whole.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from incident.boundaries import boundaries
from incident.boundaries.facts import KINDS, Feature, Shape
from incident.boundaries.rules import RIVAL_KINDS, agreed_by, live
from incident.cover.facts import OPEN, STEPS, Cover
from incident.cover.rules import covers
from incident.kernel.board import Look
from incident.kernel.receipts import receipt
from incident.kernel.slice import View
from incident.organisation import must_be_told, organisation
from incident.organisation.fold import subject
from incident.places.fold import places
from incident.placing import INSIDE, Placing, distance_words
from incident.resources import resources
from incident.statuses import stale_minutes
from incident.values import Location

Metres = tuple[float, float]

FEATURE, INCIDENT, COVER, AREA, HOSPITAL_, UNIT, GONE = range(7)
"""The kinds of things, in the order of the list; the last are features that were withdrawn."""
KIND_WORDS: Final = ("feature", "incident", "cover", "area", "hospital", "unit", "withdrawn")
AREA_FAR_M: Final = 40_000
"""Areas farther off than this stand behind everything else in the list."""
PLAN_SHOWN: Final = 12
"""Hospitals of the plan that are shown beside those that are stood up: the nearest."""
UNITS_SHOWN: Final = 2_000
MINUTE_MS: Final = 60_000

SIGNS: Final[Mapping[str, str]] = {
    "rvp": "R", "fcp": "F", "ccp": "C", "parking": "P", "loading": "L", "hls": "Z", "marshalling": "M",
    "rest_centre": "S", "sector": "s", "inner_cordon": "i", "outer_cordon": "o", "traffic_cordon": "t",
    "hot_zone": "h", "warm_zone": "w", "cold_zone": "c",
    "wind": "v",
}  # fmt: skip
"""The sign of a feature on the map and in the list: a capital for a point, a small letter for a piece of ground."""
OTHER_SIGN: Final = "x"
SCENE_SIGN: Final = ("✱", "*")
UNIT_SIGN: Final = ("▴", "A")
HOSPITAL_SIGN: Final = "H"
AREA_SIGN: Final = "~"
COVER_SIGN: Final = "%"
JOINED: Final = "joined"
DELIVERED: Final = "delivered"
INVITED: Final = "invited"
ONE_PLACE: Final = "one of the places"
"""Where an area lies while the location is in dispute, and one of the places given is in it."""


@dataclass(frozen=True, slots=True, eq=False)
class Thing:
    """One of them. ``row`` is what it is in its own slice, ``at`` its point in metres of the National Grid.

    ``far`` is its distance from the scene in metres and ``bearing`` where it lies as seen from there. ``settled``:
    every party has agreed to it. ``rival``: another of its kind stands against it. ``hollow``: its position is old,
    or is only concluded from its status. ``said``: how that position is known; of an area, what the scene has to do
    with it. ``told``, ``due``: of an area, how far its trust has been reached ("" for not at all), and whether it must
    be told.
    """

    key: str
    kind: int
    name: str
    row: Any
    sign: str
    plain: str
    owner: str = ""
    at: Metres | None = None
    far: int | None = None
    bearing: str = ""
    settled: bool = True
    rival: bool = False
    hollow: bool = False
    said: str = ""
    told: str = ""
    due: bool = False

    @property
    def version(self) -> str:
        """The command that last changed it, from which its state word follows; "" for what is not asked for here."""
        return str(self.row.version) if self.kind in (FEATURE, GONE, COVER) else ""


class Things:
    """The things of one screen, kept from one look to the next."""

    def __init__(self) -> None:
        self._made_of: tuple[Any, ...] = ()
        self._things: dict[str, Thing] = {}
        self._points: dict[Location, Metres | None] = {}
        self.stood: dict[str, tuple[Any, Thing | None]] = {}
        """Each unit, and where it stands: asked again when it is another object, or the ground under it has changed."""
        self._ground: tuple[Any, ...] = ()
        self.placing: Placing | None = None
        """Where the scene lies among the areas: as it was recorded, else as it is computed here."""

    def of(
        self,
        look: Look,
        areas: Any = None,
        *,
        ready: bool = False,
        near: tuple[Any, ...] = (),
    ) -> Mapping[str, Thing]:
        """All of them by key, in the order of the list.

        ``areas`` is the set of areas, or None; ``ready``: the geometry library is loaded. Until then nothing has a
        point, distances are those that are stored, and the list is there all the same. ``near`` are the
        answers of ``nearest``, which are shown although nobody has committed them.
        """
        state = look.state
        org = organisation(state)
        made_of = (
            boundaries(state), org.sightings, org.parties, org.charter, org.lead, resources(state).units, places(state),
            covers(state), areas, ready, look.gazetteer, near, look.me, look.now // MINUTE_MS,
            *(reached(state, code) for code in org.parties),
        )  # fmt: skip
        if unchanged(made_of, self._made_of):
            return self._things
        self._made_of = made_of
        ground = (
            boundaries(state), org.sightings, org.charter, places(state), look.gazetteer, look.me, ready,
            look.now // MINUTE_MS,
        )  # fmt: skip
        if not unchanged(ground, self._ground):
            self._ground = ground
            self.stood.clear()
        if not org.opened:
            self._things = {}
            return self._things
        self.placing = org.placing
        if self.placing is None and areas is not None and len(org.sightings) == 1:
            from incident import geography  # noqa: PLC0415 - there are areas, so it is loaded

            self.placing = geography.place(areas, org.location)
        making = _Making(self, look, areas, near, ready=ready)
        found: dict[str, Thing] = {}
        for thing in making.all():
            found.setdefault(thing.key, thing)
        before = self._things
        same = len(found) == len(before) and all(before.get(key) is thing for key, thing in found.items())
        if not same or list(found) != list(before):
            self._things = found
        return self._things

    def kept(self, key: str) -> Thing | None:
        """The thing of this key as it was."""
        return self._things.get(key)

    def point(self, location: Location) -> Metres | None:
        """Where a location lies, in metres; None when it is known in words alone, or is on no grid of ours."""
        if location not in self._points:
            if len(self._points) > 10_000:
                self._points.clear()
            self._points[location] = point_of(location)
        return self._points[location]


def point_of(location: Location) -> Metres | None:
    """Where a location lies, in metres of the National Grid. Loads the geometry library."""
    from incident import geography  # noqa: PLC0415 - loaded when the first map is opened

    try:
        point = geography.completed(location).point
        if point is None:
            return None
        easting, northing = geography.to_metres(*point)
    except ValueError:
        return None
    return (easting, northing) if math.isfinite(easting) and math.isfinite(northing) else None


class _Making:
    """One round of making them."""

    def __init__(self, things: Things, look: Look, areas: Any, near: tuple[Any, ...], *, ready: bool) -> None:
        self.things = things
        self.look = look
        self.areas = areas
        self.near = near
        self.ready = ready
        org = organisation(look.state)
        self.scene = self._point(org.location) if org.sightings else None

    def all(self) -> Iterable[Thing]:
        """Section by section."""
        features = [*self._features()]
        yield from (thing for thing in features if thing.kind == FEATURE)
        yield from self._incident()
        yield from self._covers()
        yield from self._areas()
        yield from self._hospitals()
        yield from self._units()
        yield from (thing for thing in features if thing.kind == GONE)

    def _thing(self, key: str, kind: int, name: str, row: Any, sign: tuple[str, str], **more: Any) -> Thing:
        """This thing: the one there was, if it is as it was."""
        at = more.get("at")
        if self.scene is not None and at is not None and kind != INCIDENT:
            more["far"] = math.floor(math.dist(self.scene, at))
            more["bearing"] = compass(self.scene, at)
        old = self.things.kept(key)
        same = old is not None and old.row is row and (old.kind, old.name, old.sign) == (kind, name, sign[0])
        made = Thing(key, kind, name, row, *sign, **more)
        if (
            same
            and old is not None
            and all(getattr(old, field) == getattr(made, field) for field in _COMPARED)
        ):
            return old
        return made

    def _point(self, location: Location) -> Metres | None:
        return self.things.point(location) if self.ready and location.known else None

    def _incident(self) -> Iterable[Thing]:
        org = organisation(self.look.state)
        several = len(org.sightings) > 1
        for index, sighting in enumerate(org.sightings):
            key = f"incident/{index}" if several else "incident"
            who = getattr(sighting, "agency", "")
            name = f"the scene, as {who} has it" if several else "the scene"
            place = sighting.location
            yield self._thing(
                key, INCIDENT, name, sighting, SCENE_SIGN,
                at=self._point(place), owner=org.lead, rival=several, settled=place.confirmed,
                said=place.words(),
            )  # fmt: skip

    # -- on the ground --------------------------------------------------------------------------------------

    def _features(self) -> Iterable[Thing]:
        state = self.look.state
        here = live(state)
        counts = {kind: sum(1 for feature in here if feature.kind == kind) for kind in RIVAL_KINDS}
        for feature in boundaries(state).rows.values():
            sign = SIGNS.get(feature.kind, OTHER_SIGN)
            gone = feature.withdrawn_at is not None
            if gone:
                yield self._thing(
                    feature.id, GONE, feature.name, feature, (" ", " "), owner=feature.owner, settled=False
                )
                continue
            at = self._middle(feature.shape)
            done, total = agreed_by(state, feature)
            yield self._thing(
                feature.id, FEATURE, feature.name, feature, (sign, sign), owner=feature.owner, at=at,
                settled=bool(total) and done >= total, rival=counts.get(feature.kind, 0) > 1,
            )  # fmt: skip

    def _middle(self, shape: Shape) -> Metres | None:
        """The place of a shape; of one that is known by its corners alone, their middle."""
        if not self.ready:
            return None
        at = self._point(shape.place)
        if at is None and shape.polygon:
            from incident import geography  # noqa: PLC0415 - loaded already

            corners = [geography.metres_of(corner) for corner in shape.polygon]
            known = [corner for corner in corners if corner is not None]
            if len(known) < len(corners):
                return None
            at = (
                sum(corner[0] for corner in known) / len(known),
                sum(corner[1] for corner in known) / len(known),
            )
        return at

    def _covers(self) -> Iterable[Thing]:
        """What one trust covers of another's area now, or has been asked to; what is over is drawn no more."""
        for cover in covers(self.look.state).rows.values():
            if not cover.over(self.look.now):
                yield self._thing(
                    f"cover/{cover.id}",
                    COVER,
                    cover_words(cover, self.look),
                    cover,
                    (COVER_SIGN, COVER_SIGN),
                    owner=cover.by,
                    at=self._middle(cover.shape),
                    settled=cover.stands(self.look.now),
                    said=cover.stretch,
                )

    # -- the trusts -----------------------------------------------------------------------------------------

    def _areas(self) -> Iterable[Thing]:
        state, placing = self.look.state, self.things.placing
        due = due_of(state)
        for metres, code in self._distances(placing):
            yield self._thing(
                f"area/{code}", AREA, f"{code} area", code, (AREA_SIGN, AREA_SIGN), owner=code, far=metres,
                told=reached(state, code), due=code in due, said=_lies(placing) if metres == 0 else "",
            )  # fmt: skip

    def _distances(self, placing: Placing | None) -> list[tuple[int, str]]:
        """How far each area is from the scene, the nearest first; as stored while there is no set of areas here.

        While several places are given, how far it is from the nearest of them.
        """
        sightings = organisation(self.look.state).sightings
        points = [point for one in sightings if (point := self._point(one.location)) is not None]
        if self.areas is not None and points:
            return _nearest(pair for point in points for pair in self.areas.distances(*point))
        stored = [one.placing for one in sightings if one.placing is not None]
        if not stored and placing is not None:
            stored = [placing]
        if not stored:
            return [] if self.areas is None else [(-1, code) for code in self.areas.codes]
        own = [(0, one.trust) for one in stored if one.trust]
        return _nearest([*own, *((near.metres, near.agency) for one in stored for near in one.near)])

    # -- hospitals and units --------------------------------------------------------------------------------

    def _hospitals(self) -> Iterable[Thing]:
        state = self.look.state
        up = places(state).rows
        found = [self._hospital(row.place, row) for row in up.values()]
        plan = [
            self._hospital(place, place)
            for code, place in organisation(state).charter.places.items()
            if code not in up
        ]
        near = sorted(
            (thing for thing in plan if thing.far is not None), key=lambda thing: thing.far or 0
        )[:PLAN_SHOWN]  # fmt: skip
        shown = [*found, *near]
        yield from sorted(shown, key=lambda thing: (thing.hollow, thing.far is None, thing.far or 0))

    def _hospital(self, place: Any, row: Any) -> Thing:
        lat, lon = place.lat, place.lon
        at = None if lat is None or lon is None else self._point(Location(lat=lat, lon=lon))
        return self._thing(
            f"place/{place.code}", HOSPITAL_, place.name, row, (HOSPITAL_SIGN, HOSPITAL_SIGN), owner=place.type,
            at=at, hollow=row is place, settled=row is not place,
        )  # fmt: skip

    def _units(self) -> Iterable[Thing]:
        if not self.ready:
            return
        stood = self.things.stood
        found = []
        for key, unit in list(resources(self.look.state).units.items())[:UNITS_SHOWN]:
            kept = stood.get(key)
            if kept is None or kept[0] is not unit:
                kept = stood[key] = (unit, self._unit(key, unit))
            if kept[1] is not None:
                found.append(kept[1])
        found += self._near()
        yield from sorted(found, key=lambda thing: (thing.far is None, thing.far or 0, thing.name))

    def _unit(self, key: str, unit: Any) -> Thing | None:
        """A unit where it stands; None where nobody has said anything that is a point."""
        from incident import nearby  # noqa: PLC0415 - it loads the geometry library, which is here

        where = nearby.stands(unit, self.look)
        if where is None:
            return None
        ours = self.look.me is not None and unit.home == self.look.me.agency
        stale = stale_minutes(unit.status, unit.heard_at, self.look.now) is not None
        return self._thing(
            f"unit/{key}", UNIT, unit.callsign if ours else key, unit, UNIT_SIGN, owner=unit.controlling,
            at=self._degrees(where.position), hollow=stale or not where.now,
            said=where.words if where.now else f"last known: {where.words}",
        )  # fmt: skip

    def _near(self) -> Iterable[Thing]:
        """What ``nearest`` has answered: units of our register, bases of other trusts, hospitals far off."""
        for row in self.near:
            hospital = row.key in organisation(self.look.state).charter.places
            key = (
                f"place/{row.key}"
                if hospital
                else row.key
                if row.key.startswith("base/")
                else f"unit/{row.key}"
            )
            if row.position is None:
                continue
            sign = (HOSPITAL_SIGN, HOSPITAL_SIGN) if hospital else UNIT_SIGN
            place = organisation(self.look.state).charter.places.get(row.key) if hospital else None
            yield self._thing(
                key, HOSPITAL_ if hospital else UNIT, row.name, row if place is None else place, sign,
                owner=row.agency if place is None else place.type, at=self._degrees(row.position), hollow=True,
                said=row.at, settled=False,
            )  # fmt: skip

    def _degrees(self, position: tuple[float, float]) -> Metres | None:
        return self.things.point(Location(lat=position[0], lon=position[1]))


_COMPARED: Final = (
    "owner", "at", "far", "bearing", "settled", "rival", "hollow", "said", "told", "due",
)  # fmt: skip


def due_of(view: View) -> tuple[str, ...]:
    """The trusts that must be told, by what is stored of place and ground, and can be: what ``tell`` goes by."""
    agencies = organisation(view).charter.agencies
    return tuple(code for code in must_be_told(view) if code in agencies)


def reached(view: View, code: str) -> str:
    """How far a trust has been told: joined, delivered, invited; "" for one that takes no part."""
    party = organisation(view).parties.get(code)
    if party is None or party.left_at is not None:
        return ""
    if party.joined_at is not None:
        return JOINED
    got = receipt(view.receipts, subject(party.invitation), code)
    return INVITED if got == type(got)() else DELIVERED


def cover_words(cover: Cover, look: Look) -> str:
    """A stretch by its phase: "asked: SECAMB for LAS", "from 00:00: SECAMB for LAS", "SECAMB covers LAS"."""
    if cover.stands(look.now):
        return f"{cover.by} covers {cover.covered}"
    begun = "asked" if cover.step == "asked" else STEPS[cover.step]
    first = begun if cover.step in OPEN else f"from {look.clock(cover.begins)}"
    return f"{first}: {cover.by} for {cover.covered}"


def _lies(placing: Placing | None) -> str:
    """What the scene has to do with an area in whose drawn lines it lies."""
    if placing is None:
        return ONE_PLACE
    sure = f"as drawn, ±{distance_words(placing.accuracy_m)}"
    return INSIDE if placing.state == INSIDE else sure


def _nearest(distances: Iterable[tuple[int, str]]) -> list[tuple[int, str]]:
    """Each area once, with the least of its distances; the nearest first."""
    least: dict[str, int] = {}
    for metres, code in distances:
        least[code] = min(metres, least.get(code, metres))
    return sorted((metres, code) for code, metres in least.items())


def unchanged(new: Sequence[Any], old: Sequence[Any]) -> bool:
    """Whether what something is made of is what it was made of: the same objects, and equal numbers and words."""
    return len(new) == len(old) and all(
        one is other or (isinstance(one, int | str) and one == other)
        for one, other in zip(new, old, strict=True)
    )


def compass(here: Metres, there: Metres) -> str:
    """Where one point lies as seen from another: N, NE, E … ; "" when they are the same."""
    east, north = there[0] - here[0], there[1] - here[1]
    if math.hypot(east, north) < 1:
        return ""
    return ("N", "NE", "E", "SE", "S", "SW", "W", "NW")[round(math.degrees(math.atan2(east, north)) / 45) % 8]


def kind_words(thing: Thing) -> str:
    """What it is, in a word or two: for the list's filter and the sentence under the map."""
    if isinstance(thing.row, Feature):
        return KINDS.get(thing.row.kind, thing.row.kind)
    return KIND_WORDS[thing.kind]
