"""Where a unit is, as far as anybody has said. No unit sends its position: nothing here is more than what was recorded.

What counts, in this order: the state of the unit (at scene, at RVP, at hospital), with the place or destination that
was given for it; a place that was given in words, when the words are a grid reference, coordinates, a feature on the
ground, a hospital or a name in the book; the station. A unit on its way is between two places, and one whose state is
stale may be anywhere: both are shown where they were last known to be, and that is said.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from incident.boundaries import boundaries, live
from incident.boundaries.facts import KINDS, TITLES, Feature
from incident.geography.grid import completed
from incident.kernel.board import Look
from incident.nearby.book import Book, Position, book_for, folded, plain_name
from incident.organisation import charter_of, organisation
from incident.places.fold import places
from incident.resources.board import Row, description, key_of, standing
from incident.resources.facts import Resource
from incident.statuses import FREE, RVP, stale_minutes, status
from incident.values import Location, split_key
from incident.whereabouts import read
from incident.whereabouts.gazetteer import folded as spelt
from incident.whereabouts.known import AT_SCENE, at_its_station, said_of

SCENE_WORDS: Final = frozenset({AT_SCENE, "the scene", "at scene", "on scene"})
ASKED_MAX: Final = 4_096
"""Words whose points are remembered."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a unit is: (latitude, longitude), in words, and whether it is there now or was when last heard of."""

    position: Position
    words: str
    now: bool = True


def stands(row: Row, look: Look, book: Book | None = None) -> Standing | None:
    """Where a unit of the board of units is, as far as is known; None when nothing that was said of it is a point."""
    book = book_for(look, book)
    code, _, heard_at = standing(row, look)
    state = status(code)
    fresh = not state.moving and stale_minutes(code, heard_at, look.now) is None and code != "UNK"
    home = split_key(key_of(row, look))[0]
    about = description(row)
    if isinstance(row, Resource):
        for words, _ in said_of(row):
            if (position := point_of(words, look, book)) is not None:
                return Standing(position, words, fresh)
        if not at_its_station(row):
            return None  # it is not at its station, and where it is has no point
    base = book.station(home, about.station) if about.station else None
    if base is None:
        return None
    return Standing(
        base.position, f"{plain_name(base.name)} station", fresh and code in ("AVB", "BRK", "OFF")
    )


def point_of(words: str, look: Look, book: Book | None = None) -> Position | None:
    """The one point that words mean in this incident: None rather than a guess."""
    return _points(look, book_for(look, book)).of(words)


class _Points:
    """What words mean as long as nothing changes on the ground: 2,000 units are asked for at each picture of a map."""

    def __init__(self, look: Look, book: Book) -> None:
        self.made_of = _made_of(look, book)
        self._book = book
        self._scene = _point(organisation(look.state).location)
        self._names: dict[str, list[Feature]] = {}
        self._kinds: dict[str, list[Feature]] = {}
        for feature in live(look.state):
            self._names.setdefault(folded(feature.name), []).append(feature)
            for word in dict.fromkeys(_kind_words(feature)):
                self._kinds.setdefault(word, []).append(feature)
        plan = charter_of(look.state).places
        known = {**plan, **{code: row.place for code, row in places(look.state).rows.items()}}
        self._hospitals = {
            spelling: (place.lat, place.lon)
            for code, place in known.items()
            for spelling in (code.casefold(), spelt(place.name), spelt(f"{place.name} hospital"))
            if place.lat is not None and place.lon is not None
        }
        self._asked: dict[str, Position | None] = {}

    def of(self, words: str) -> Position | None:
        if words not in self._asked:
            if len(self._asked) >= ASKED_MAX:
                self._asked.clear()
            self._asked[words] = self._read(words)
        return self._asked[words]

    def _read(self, words: str) -> Position | None:
        plain = folded(words)
        if plain in SCENE_WORDS:
            return self._scene
        head = folded(words.partition(": ")[0])  # of "RVP B: Iver", as a reader writes it
        if head in SCENE_WORDS or folded(head.partition(",")[0]) in SCENE_WORDS:
            return _written(words) or self._scene
        found = self._names.get(plain) or self._kinds.get(plain) or self._names.get(head) or []
        if found:  # a feature, by its name (RVP B), or by its kind where there is one alone of that
            return _point(found[0].shape.place) if len(found) == 1 else None
        return _written(words) or self._hospitals.get(spelt(words)) or self._book.find(words)


class _Last:
    """What was asked for last: one incident is looked at."""

    points: _Points | None = None


def _points(look: Look, book: Book) -> _Points:
    points = _Last.points
    if points is None or any(
        one is not other for one, other in zip(points.made_of, _made_of(look, book), strict=True)
    ):
        points = _Last.points = _Points(look, book)
    return points


def _made_of(look: Look, book: Book) -> tuple[object, ...]:
    return boundaries(look.state), places(look.state), organisation(look.state), book


def _kind_words(feature: Feature) -> tuple[str, ...]:
    title = TITLES.get(feature.kind, "").casefold()
    return feature.kind, KINDS[feature.kind].casefold(), title, title.partition(" (")[0]


def _written(words: str) -> Position | None:
    try:
        return _point(read(words, offer=False).location)
    except ValueError:
        return None


def _point(location: Location) -> Position | None:
    return completed(location).point


def sendable(row: Row, look: Look) -> bool:
    """Whether a unit could be sent at once: free or waiting at the RVP, and not another incident's."""
    group = status(standing(row, look)[0]).group
    if isinstance(row, Resource):
        return group in (FREE, RVP)
    return group == FREE and not _held(row)


def _held(row: Any) -> bool:
    return bool(getattr(row, "held", ""))
