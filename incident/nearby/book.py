"""The fixed places that a room knows by name: stations and bases of units, and whatever else has a name and a point.

They come from this installation's configuration, not from the incident: whoever replays an incident needs none of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TypeAlias

Position: TypeAlias = tuple[float, float]
"""(latitude, longitude) in WGS 84 degrees."""

Find: TypeAlias = Callable[[str], Position | None]
"""The point that words name, None when they name none, or more than one."""


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


def plain_name(name: str) -> str:
    """A station's name without the words that say what it is: Eastleigh, of Eastleigh ambulance station."""
    plain = " ".join(name.split())
    for more in (" ambulance station", " station", " base"):
        if plain.casefold().endswith(more):
            return plain[: -len(more)]
    return plain


def folded(words: str) -> str:
    """A name as it is compared."""
    return plain_name(words).casefold()


EMPTY = Book()
