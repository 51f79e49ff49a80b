"""Names of places that a room knows beside its hospitals: ``config/gazetteer.yaml``, and how a name is found.

Read by the desk that is typed at, never by ``decide`` or ``evolve``: what a name means is stored as a ``Location``, so
two desks need not have the same names. Positions are approximate, and how far off they may be goes with the name.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from functools import cached_property, lru_cache
from types import MappingProxyType
from typing import Any, Final

import msgspec

from incident.kernel.checks import (
    BAD,
    Bad,
    Check,
    Marked,
    MarkedList,
    Problem,
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
from incident.values import Location

FILE: Final = "gazetteer.yaml"
NAMES_MAX: Final = 5_000
ALSO_MAX: Final = 10
ACCURACY_MAX_M: Final = 20_000
SHOWN_EXACT_M: Final = 50
"""A position that is known better than this is shown as it is; any other says how far off it may be."""

KINDS: Final[Mapping[str, str]] = MappingProxyType({
    "town": "town", "station": "ambulance station", "control": "control room", "junction": "junction",
    "airport": "airport", "venue": "venue", "landmark": "landmark", "rail": "railway station",
})  # fmt: skip
"""Kinds of names, each as it is said."""

# The land and the waters of the National Grid: a name beyond them is a slip, most often of the order.
_SOUTH, _NORTH, _WEST, _EAST = 49.0, 61.5, -9.0, 2.5


class Named(msgspec.Struct, frozen=True):
    """A place that a name stands for. ``kind`` is the kind in words, ``lat`` and ``lon`` WGS 84 degrees.

    ``accuracy_m`` is how far off the position may be, in metres. ``agency`` is whose it is, "" where that says
    nothing. ``place`` is the whole place where that is known, such as of a feature on the ground.
    """

    name: str
    kind: str
    lat: float | None = None
    lon: float | None = None
    accuracy_m: int = 0
    also: tuple[str, ...] = ()
    agency: str = ""
    place: Location | None = None
    teams: tuple[str, ...] = ()
    """Kinds of special teams that are kept at a station: HART, SORT, HEMS."""

    @property
    def spellings(self) -> tuple[str, ...]:
        """Everything it answers to: its name, other names, and either with its kind, to tell two of a name apart."""
        names = (self.name, *self.also)
        return (*names, *(f"{name} {self.kind}" for name in names))


class Gazetteer(msgspec.Struct, frozen=True, dict=True):
    """The names of one file, ready to be asked."""

    names: tuple[Named, ...] = ()

    @cached_property
    def index(self) -> Mapping[str, tuple[Named, ...]]:
        """The names by each of their spellings, folded."""
        return index_of(self.names)


NO_NAMES: Final = Gazetteer()


def index_of(names: Iterable[Named]) -> dict[str, tuple[Named, ...]]:
    """Names by each of their spellings, folded; of the same name and kind, the first."""
    found: dict[str, dict[tuple[str, str], Named]] = {}
    for named in names:
        for spelling in named.spellings:
            found.setdefault(folded(spelling), {}).setdefault((folded(named.name), named.kind), named)
    return {spelling: tuple(several.values()) for spelling, several in found.items()}


_APART = re.compile(r"[^\w/]+")
_WITHIN = re.compile(r"\s*\(within [\d.]+ k?m\)$")


@lru_cache(maxsize=8_192)
def folded(name: str) -> str:
    """A name as names are compared: small letters without accents, apostrophes and stops; "St." is "st"."""
    plain = unicodedata.normalize("NFKD", _WITHIN.sub("", name)).casefold()
    letters = "".join(char for char in plain if not unicodedata.combining(char) and char not in "'’`")
    return " ".join(_APART.sub(" ", letters).split())


def within_words(accuracy_m: int) -> str:
    """How far off a position may be, in brackets behind its name; "" for one that is as good as measured."""
    if accuracy_m < SHOWN_EXACT_M:
        return ""
    far = f"{accuracy_m} m" if accuracy_m < 1_000 else f"{accuracy_m / 1_000:.2g} km"
    return f" (within {far})"


_SO_FAR = re.compile(r"\bwithin (\d+(?:\.\d+)?) (k?m)\)")


def within_in(words: str) -> int:
    """How far off a position may be by the words that stand with it, as ``within_words`` makes them; 0 for exact."""
    found = _SO_FAR.search(words)
    return round(float(found[1]) * (1_000 if found[2] == "km" else 1)) if found is not None else 0


# -- the file -------------------------------------------------------------------------------------------------


def _agency(written: str) -> str:
    if not re.fullmatch(r"[A-Z][A-Z0-9]{1,11}", written):
        raise ValueError("must be a code such as LAS")
    return written


def _team(written: str) -> str:
    if not re.fullmatch(r"[A-Z][A-Z0-9_]{1,11}", written):
        raise ValueError("must be a kind of kinds.yaml such as HART")
    return written


def _spelling(written: str) -> str:
    if not folded(written):
        raise ValueError("must have letters or digits")
    return written


_NAME = parsed(text(80), _spelling)
_ENTRY: Final[Check[dict[str, Any]]] = record(
    {
        "name": required(_NAME),
        "kind": required(choice(*KINDS)),
        "lat": required(number(_SOUTH, _NORTH)),
        "lon": required(number(_WEST, _EAST)),
        "accuracy_m": optional(integer(0, ACCURACY_MAX_M)),
        "also": optional(parsed(sequence(_NAME, 0, ALSO_MAX), tuple), ()),
        "agency": optional(parsed(text(12), _agency), ""),
        "teams": optional(parsed(sequence(parsed(text(12), _team), 0, ALSO_MAX), tuple), ()),
    }
)


def _entries(node: Marked, path: str, problems: list[Problem]) -> list[dict[str, Any]] | Bad:
    """The names, none of which may be spelt as another of its kind: whoever types it must mean one place."""
    entries = sequence(_ENTRY, 0, NAMES_MAX).run(node, path, problems)
    if isinstance(entries, Bad) or not isinstance(node, MarkedList) or len(entries) != len(node.items):
        return entries
    lines: dict[tuple[str, str], int] = {}
    before = len(problems)
    for entry, item in zip(entries, node.items, strict=True):
        for name in (entry["name"], *entry["also"]):
            line = lines.setdefault((folded(name), entry["kind"]), item.mark.line)
            if line != item.mark.line:
                sentence = f"the {KINDS[entry['kind']]} {name!r} stands on line {line} already"
                problems.append(Problem(item.mark.file, item.mark.line, path, sentence))
    return BAD if len(problems) > before else entries


def _gazetteer(accuracy_m: int, names: list[dict[str, Any]]) -> Gazetteer:
    return Gazetteer(
        tuple(
            Named(
                **{
                    **name,
                    "kind": KINDS[name["kind"]],
                    "accuracy_m": accuracy_m if name["accuracy_m"] is None else name["accuracy_m"],
                }
            )
            for name in names
        )
    )


GAZETTEER_SCHEMA: Final[Check[Gazetteer]] = record(
    {"accuracy_m": required(integer(0, ACCURACY_MAX_M)), "names": required(Check(_entries))}, into=_gazetteer
)
"""``config/gazetteer.yaml``: names with their positions, and how far off those may be."""
