"""What is known when a place is read: names of this desk, hospitals, features on the ground, where units are."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from msgspec.structs import replace

from incident.kernel.board import Look
from incident.values import Location, read_callsign, read_location, short_callsign
from incident.whereabouts.gazetteer import NO_NAMES, Gazetteer, Named, folded, index_of, within_words

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
"""Letters from which on the beginning of a name stands for it."""
CUTOFF: Final = 0.78
OFFERED: Final = 4
NEAR_TEXT_MAX: Final = 40


class Several(ValueError):
    """A name that may be several places; the sentence says which."""


class Stated(NamedTuple):
    """Where a unit is, as far as anything says so: the place, and by what."""

    place: Location
    by: str


@dataclass(frozen=True, slots=True)
class Known:
    """Everything a name or a callsign can mean. ``home`` is our own trust: its callsigns stand alone."""

    gazetteer: Gazetteer = NO_NAMES
    here: Mapping[str, tuple[Named, ...]] = field(default_factory=dict)
    """Hospitals and what is on the ground, by each of their spellings, folded."""
    look: Look | None = None
    home: str = ""

    def meant(self, text: str) -> Named | None:
        """The place of this name, or whose name alone begins so; None when there is none.

        Raises:
            Several: it may be several.
        """
        wanted = folded(text)
        if not wanted:
            return None
        exact = self._several(wanted)
        if not exact and wanted.startswith("the "):
            exact = self._several(wanted.removeprefix("the "))
        found = exact or (self._begins(wanted) if len(wanted) >= PREFIX_LEAST else {})
        if len(found) > 1:
            raise Several(_which(text, list(found.values())))
        return next(iter(found.values()), None)

    def _several(self, wanted: str) -> dict[tuple[str, str], Named]:
        several = (*self.here.get(wanted, ()), *self.gazetteer.index.get(wanted, ()))
        found: dict[tuple[str, str], Named] = {}
        for named in several:
            found.setdefault((folded(named.name), named.kind), named)
        return found

    def _begins(self, wanted: str) -> dict[tuple[str, str], Named]:
        """Places with a name that begins so."""
        found: dict[tuple[str, str], Named] = {}
        for index in (self.here, self.gazetteer.index):
            for spelling, several in index.items():
                if spelling.startswith(wanted):
                    found.update({(folded(named.name), named.kind): named for named in several})
        return found

    def nearest(self, text: str) -> tuple[str, ...]:
        """The names that a mistyped one is nearest to."""
        if len(text) > NEAR_TEXT_MAX:
            return ()
        names = {
            folded(named.name): named.name
            for index in (self.here, self.gazetteer.index)
            for several in index.values()
            for named in several
        }
        close = difflib.get_close_matches(folded(text), names, n=2, cutoff=CUTOFF)
        return tuple(names[name] for name in close)

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
        """Where a unit is said to be: its last place, the scene while it is there, else its station."""
        unit, look = self._unit(key), self.look
        if unit is None or look is None:
            return None
        said = str(getattr(unit, "place", "") or "")
        if said:
            return Stated(self._named(said), "its last place")
        scene: Location | None = getattr(getattr(look.state, "organisation", None), "location", None)
        if getattr(unit, "scene_at", 0) and unit.status in AT_SCENE and scene is not None and scene.known:
            return Stated(scene, "it is at the scene")
        station = str(getattr(unit, "station", "") or "")
        return Stated(self.station(station, key.partition("/")[0]), STATION) if station else None

    def _named(self, text: str) -> Location:
        """A place from words that stand in a unit's field: a name, a feature, or what ``read_location`` finds."""
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


AT_SCENE: Final = frozenset({"SCN", "APP", "LDG"})
"""Statuses in which a unit is at the scene."""


def known_of(look: Look | None) -> Known:
    """What is known to a seat: the names of its desk, hospitals, what lies on the ground, units."""
    if look is None:
        return Known()
    names: Gazetteer = look.gazetteer or NO_NAMES
    return Known(
        names,
        index_of([*_features(look), *_hospitals(look)]),
        look,
        "" if look.me is None else look.me.agency,
    )


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
    return f"{text[:NEAR_TEXT_MAX]} may be {', '.join(some[:-1])}{tail}{more}: write {way}."
