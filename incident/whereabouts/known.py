"""What is known when a place is read: names of this desk, hospitals, features on the ground, where units are."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, ClassVar, Final, NamedTuple

from msgspec.structs import replace

from incident.kernel.board import Look
from incident.kernel.text import clip, safe_text
from incident.statuses import HOSPITAL as HOSPITAL_GROUP
from incident.statuses import RVP, SCENE, status
from incident.values import Location, read_callsign, read_location, short_callsign
from incident.whereabouts.gazetteer import KINDS, NO_NAMES, Gazetteer, Named, folded, index_of, within_words

HOSPITAL: Final = "hospital"
PLAN_KINDS: Final[Mapping[str, str]] = MappingProxyType({
    "MTC": HOSPITAL, "ED": HOSPITAL, "UTC": "urgent treatment centre",
})  # fmt: skip
"""What a place of the distribution plan is, by its type, in words."""
STATION: Final = "its station"
"""By what a unit's place is known where nobody has said where it is."""
PLAN_ACCURACY_M: Final = 300
"""How far off the positions of the distribution plan may be, which have three decimals and are called approximate."""
PREFIX_LEAST: Final = 4
"""Letters from which on the names that begin so are offered."""
WITH_KIND: Final = (HOSPITAL, *KINDS.values())
"""What may be left off behind a name that has its kind in it, such as Bridgend ambulance station."""
SCENE_WORDS: Final = frozenset({"scene", "the scene"})
"""What people call the incident's own location."""
CUTOFF: Final = 0.78
OFFERED: Final = 4
NEAR_TEXT_MAX: Final = 40


class Several(ValueError):
    """A name that may be several places; the sentence says which."""


AT_SCENE: Final = "scene"
"""The word for where a unit is that is at the scene, and of which nothing else was said."""


def said_of(unit: Any) -> tuple[tuple[str, str], ...]:
    """What says where a unit is, the likeliest first: the words, and by what. Whoever asks where one is begins here.

    Nothing for one of which its station alone is known. A unit that is free, away or on its way is where somebody
    said that it is, and not yet where it is sent.
    """
    group = status(str(unit.status)).group
    bound = str(getattr(unit, "destination", "") or "")
    found = [(str(getattr(unit, "place", "") or ""), "its last place")]
    if group == SCENE:
        found.append((AT_SCENE, "it is at the scene"))
    elif group in (HOSPITAL_GROUP, RVP):
        found.append((bound, "it is where it was bound for"))
    if group == RVP:
        found.append(("RVP", "it waits at the RVP"))
    return tuple(pair for pair in found if pair[0])


def at_its_station(unit: Any) -> bool:
    """Whether one of which nothing else was said may be thought at its station."""
    return status(str(unit.status)).group not in (SCENE, HOSPITAL_GROUP, RVP)


class Stated(NamedTuple):
    """Where a unit is, as far as anything says so: the place, and by what."""

    place: Location
    by: str


@dataclass(frozen=True, slots=True)
class Known:
    """Everything a name or a callsign can mean. ``home`` is our own trust: its callsigns stand alone."""

    gazetteer: Gazetteer = NO_NAMES
    ground: Mapping[str, tuple[Named, ...]] = field(default_factory=dict)
    """What lies on the ground, by each of its spellings, folded."""
    hospitals: Mapping[str, tuple[Named, ...]] = field(default_factory=dict)
    look: Look | None = None
    home: str = ""

    def meant(self, text: str) -> Named | None:
        """The place that is spelt so, or so with its kind behind it; None when there is none.

        The beginning of a name is somebody's own words, and stands for nothing: "Bridge" is not Bridgend.

        Raises:
            Several: it may be several.
        """
        wanted = folded(text)
        if not wanted:
            return None
        found = self._several(wanted)
        if not found and wanted.startswith("the "):
            found = self._several(wanted.removeprefix("the "))
        if not found:
            found = {
                key: named for kind in WITH_KIND for key, named in self._several(f"{wanted} {kind}").items()
            }
        if len(found) > 1:
            raise Several(_which(text, list(found.values())))
        return next(iter(found.values()), None)

    def _several(self, wanted: str) -> dict[tuple[str, str], Named]:
        found: dict[tuple[str, str], Named] = {}
        for index in self._indices:
            for named in index.get(wanted, ()):
                found.setdefault((folded(named.name), named.kind), named)
        return found

    @property
    def _indices(self) -> tuple[Mapping[str, tuple[Named, ...]], ...]:
        return (self.ground, self.hospitals, self.gazetteer.index)

    def nearest(self, text: str) -> tuple[str, ...]:
        """The names that begin so; else those that a mistyped one is nearest to. They are offered, never taken."""
        wanted = folded(text)
        if not wanted or len(text) > NEAR_TEXT_MAX:
            return ()
        if len(wanted) >= PREFIX_LEAST and (begun := self._begun(wanted)):
            return begun
        names = {
            spelling: several[0].name
            for index in self._indices
            for spelling, several in index.items()
            if _alike(spelling, wanted) and spelling == folded(several[0].name)
        }
        close = difflib.get_close_matches(wanted, names, n=2, cutoff=CUTOFF)
        return tuple(names[name] for name in close)

    def _begun(self, wanted: str) -> tuple[str, ...]:
        """Names of which one spelling begins so, the first few."""
        found: dict[str, None] = {}
        for index in self._indices:
            for spelling, several in index.items():
                if spelling.startswith(wanted):
                    found.update(dict.fromkeys(named.name for named in several))
                    if len(found) >= OFFERED:
                        return tuple(found)[:OFFERED]
        return tuple(found)

    # -- the incident -----------------------------------------------------------------------------------------

    @property
    def scene(self) -> Location | None:
        """Where the incident itself is said to be; None while nothing gives a point for it."""
        look = self.look
        place: Location | None = getattr(
            getattr(None if look is None else look.state, "organisation", None), "location", None
        )
        return place if place is not None and (place.grid or place.point is not None) else None

    @property
    def two_scenes(self) -> bool:
        """Whether two places are given for the incident and nobody has picked one."""
        look = self.look
        return bool(
            getattr(getattr(None if look is None else look.state, "organisation", None), "disputed", False)
        )

    # -- units ------------------------------------------------------------------------------------------------

    def unit_key(self, written: str) -> str | None:
        """The key of a unit that is known here, from a callsign; None when it is no callsign or nobody's."""
        try:
            key = read_callsign(written, self.home or "NONE")
        except ValueError:
            return None
        if self._unit(key) is not None:
            return key
        others = [known for known in self._keys() if known.partition("/")[2] == written.strip().upper()]
        return others[0] if len(others) == 1 else None

    def near_units(self, written: str) -> tuple[str, ...]:
        """Callsigns that are like this one, as our room writes them."""
        known = {short_callsign(key, self.home): key for key in self._keys()}
        return tuple(difflib.get_close_matches(written.strip().upper(), known, n=2, cutoff=0.6))

    def has_trust(self, code: str) -> bool:
        """Whether an agency of this code is in the catalogue."""
        agencies = getattr(None if self.look is None else self.look.charter, "agencies", None) or {}
        return code.upper() in agencies

    def stated(self, key: str) -> Stated | None:
        """Where a unit is said to be: its last place, the scene, where it was bound for, else its station."""
        unit, look = self._unit(key), self.look
        if unit is None or look is None:
            return None
        for words, by in said_of(unit)[:1]:
            if words != AT_SCENE:
                return Stated(self._named(words), by)
            scene: Location | None = getattr(getattr(look.state, "organisation", None), "location", None)
            there = scene is not None and scene.known and hasattr(unit, "commitment")
            return Stated(scene, by) if scene is not None and there else None
        station = str(getattr(unit, "station", "") or "") if at_its_station(unit) else ""
        return Stated(self.station(station, key.partition("/")[0]), STATION) if station else None

    def doing(self, key: str) -> str:
        """What a unit is doing, in a word, such as mobile; "" for one that is not known."""
        unit = self._unit(key)
        return "" if unit is None else status(str(unit.status)).word

    def _named(self, text: str) -> Location:
        """A place from words that stand in a unit's field: a name, a feature, or what ``read_location`` finds."""
        if folded(text) in SCENE_WORDS and self.scene is not None:
            return self.scene
        try:
            named = self.meant(text)
        except Several:
            named = None
        return location_of(named) if named is not None else read_location(text)

    def station(self, name: str, agency: str) -> Location:
        """A station of a trust, by its name; in words alone where nothing has its position."""
        spellings = (f"{name} ambulance station", name)
        for spelling in spellings:
            several = [*self._several(folded(spelling)).values()]
            ours = [named for named in several if named.agency == agency] or several
            if ours:
                return replace(location_of(ours[0]), text=f"{name}{within_words(ours[0].accuracy_m)}")
        return Location(text=name)

    def _unit(self, key: str) -> Any | None:
        look = self.look
        if look is None:
            return None
        units = getattr(getattr(look.state, "resources", None), "units", None) or {}
        if key in units:
            return units[key]
        register = look.registers.get(key.partition("/")[0])
        fleet = getattr(register, "fleet", None)
        return None if fleet is None else fleet.units.get(key)

    def _keys(self) -> tuple[str, ...]:
        look = self.look
        if look is None:
            return ()
        units = getattr(getattr(look.state, "resources", None), "units", None) or {}
        fleets = [getattr(register, "fleet", None) for register in look.registers.values()]
        return tuple(
            dict.fromkeys((*units, *(key for fleet in fleets if fleet is not None for key in fleet.units)))
        )


def _alike(spelling: str, wanted: str) -> bool:
    """Whether a name is worth comparing letter by letter: of 5,000, at each key, a few hundred are."""
    if spelling[0] != wanted[0] and spelling[1:3] != wanted[1:3]:
        return False
    short, long = sorted((len(spelling), len(wanted)))
    return 2 * short >= CUTOFF * (short + long)


def known_of(look: Look | None) -> Known:
    """What is known to a seat: the names of its desk, hospitals, what lies on the ground, units."""
    if look is None:
        return Known()
    names: Gazetteer = look.gazetteer or NO_NAMES
    home = "" if look.me is None else look.me.agency
    return Known(names, index_of(_features(look)), _Plan.index(look), look, home)


class _Plan:
    """The hospitals of the plan that was asked for last: it is frozen with the incident, and folded once."""

    plan: Any = None
    made: ClassVar[Mapping[str, tuple[Named, ...]]] = MappingProxyType({})

    @classmethod
    def index(cls, look: Look) -> Mapping[str, tuple[Named, ...]]:
        """The hospitals of a seat's incident, by each of their spellings."""
        plan = getattr(look.charter, "places", None)
        if plan is not cls.plan:
            cls.plan, cls.made = plan, index_of(_hospitals(look))
        return cls.made


def _hospitals(look: Look) -> list[Named]:
    plan = getattr(look.charter, "places", None) or {}
    return [
        Named(
            place.name,
            PLAN_KINDS.get(place.type, "place"),
            place.lat,
            place.lon,
            PLAN_ACCURACY_M,
            (code,),
            place.agency,
        )
        for code, place in plan.items()
    ]


def _features(look: Look) -> list[Named]:
    """Features that are not withdrawn, by name and number: "RVP B", "LAS-F2"."""
    rows = getattr(getattr(look.state, "boundaries", None), "rows", None) or {}
    return [
        Named(one.name, "on the ground", also=(one.number,), agency=one.owner, place=one.shape.place)
        for one in rows.values()
        if one.withdrawn_at is None
    ]


def location_of(named: Named, behind: str = "") -> Location:
    """The place that a name stands for; ``behind`` is what else was said of it, such as ", main gate"."""
    if named.place is not None:
        words = named.place.text
        text = (
            f"{named.name}{behind}"
            if not words or folded(words) == folded(named.name)
            else (words if folded(words).startswith(folded(named.name)) else f"{named.name}{behind}: {words}")
        )
        return replace(named.place, text=text[:TEXT_MAX], confirmed=False)
    kind = f" {HOSPITAL}" if named.kind == HOSPITAL and HOSPITAL not in named.name.casefold() else ""
    text = f"{named.name}{kind}{behind}{within_words(named.accuracy_m)}"
    return Location(text=text[:TEXT_MAX], lat=named.lat, lon=named.lon)


TEXT_MAX: Final = 300


def _which(text: str, several: list[Named]) -> str:
    """The sentence that names what a name may mean."""
    some = [f"{named.name} ({named.kind})" for named in several[:OFFERED]]
    more = f" and {len(several) - OFFERED} more" if len(several) > OFFERED else ""
    tail = f" or {some[-1]}" if not more and len(some) > 1 else f", {some[-1]}"
    same = len({folded(named.name) for named in several}) == 1
    way = " or ".join(f"{named.name} {named.kind}" for named in several) if same else "more of the name"
    return f"{clip(safe_text(text), NEAR_TEXT_MAX)} may be {', '.join(some[:-1])}{tail}{more}: write {way}."
