"""The fixed places that a room knows by name: stations and bases of units, and whatever else has a name and a point.

They come from this desk's gazetteer, not from the incident: whoever replays an incident needs none of them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final, TypeAlias

from incident.kernel.board import Look
from incident.whereabouts.gazetteer import KINDS, Gazetteer
from incident.whereabouts.gazetteer import folded as gazetteer_spelling

Position: TypeAlias = tuple[float, float]
"""(latitude, longitude) in WGS 84 degrees."""

Find: TypeAlias = Callable[[str], Position | None]
"""The point that words name, None when they name none, or more than one."""

STATION: Final = KINDS["station"]
DEGREE_M: Final = 111_200


@dataclass(frozen=True, slots=True)
class Base:
    """A station of an agency. ``kinds`` are the kinds of special teams that are kept there (HART, SORT, HEMS)."""

    agency: str
    name: str
    lat: float
    lon: float
    kinds: tuple[str, ...] = ()

    @property
    def position(self) -> Position:
        return self.lat, self.lon


def _nothing(_words: str) -> Position | None:
    return None


@dataclass(frozen=True, slots=True)
class Book:
    """What is known by name: the stations, each under its agency, and ``find`` for everything else."""

    bases: tuple[Base, ...] = ()
    find: Find = _nothing
    _stations: dict[tuple[str, str], Base] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        stations = {(base.agency, folded(base.name)): base for base in reversed(self.bases)}
        object.__setattr__(self, "_stations", stations)

    def station(self, agency: str, name: str) -> Base | None:
        """The agency's station of this name; one name may be a station of several agencies."""
        return self._stations.get((agency, folded(name)))

    def of_kind(self, kind: str) -> Iterable[Base]:
        """The bases at which teams of a kind are kept."""
        return (base for base in self.bases if kind in base.kinds)


@lru_cache(maxsize=4_096)
def plain_name(name: str) -> str:
    """A station's name without the words that say what it is: Eastleigh, of Eastleigh ambulance station."""
    plain = " ".join(name.split())
    for more in (" ambulance station", " station", " base"):
        if plain.casefold().endswith(more):
            return plain[: -len(more)]
    return plain


@lru_cache(maxsize=4_096)
def folded(words: str) -> str:
    """A name as it is compared."""
    return plain_name(words).casefold()


EMPTY = Book()


# -- from a gazetteer -----------------------------------------------------------------------------------------


def book_of(gazetteer: Gazetteer) -> Book:
    """The book of a gazetteer: its stations, with the teams that are kept there, and the points of its names.

    A name of several entries that are further apart than they are known means no point.
    """
    bases = [
        Base(named.agency, named.name, named.lat, named.lon, named.teams)
        for named in gazetteer.names
        if named.kind == STATION and named.agency and named.lat is not None and named.lon is not None
    ]

    def find(words: str) -> Position | None:
        found = gazetteer.index.get(gazetteer_spelling(words), ())
        points = [
            (named.lat, named.lon, named.accuracy_m)
            for named in found
            if named.lat is not None and named.lon is not None
        ]
        return _common(points)

    return Book(tuple(bases), find)


def _common(found: list[tuple[float, float, int]]) -> Position | None:
    """The point of entries (with their accuracy) that are one place as far as they are known: of the first, or none."""
    if not found:
        return None
    lat, lon, accuracy = found[0]
    for other_lat, other_lon, other in found[1:]:
        east = (other_lon - lon) * math.cos(math.radians(lat))
        if math.hypot(other_lat - lat, east) * DEGREE_M > accuracy + other:
            return None
    return lat, lon


class _Last:
    """The book of the gazetteer that was asked for last: a desk has one, and reads it once."""

    gazetteer: Gazetteer | None = None
    book: Book = EMPTY


def book_for(look: Look, book: Book | None = None) -> Book:
    """The book that is given, else that of the desk's own gazetteer; an empty one while it is being read."""
    if book is not None:
        return book
    gazetteer: Gazetteer | None = look.gazetteer
    if gazetteer is not _Last.gazetteer:
        _Last.gazetteer, _Last.book = gazetteer, EMPTY if gazetteer is None else book_of(gazetteer)
    return _Last.book
