"""The nearest units and hospitals of a place, on either side of the border: data for screens, the command line, papers.

What can do the work comes first, and only then what is near. Three rows at least, one of them from across the border
where there is one. Other agencies' units are known here when they are committed to the incident; of those that are not,
their own control room alone knows, so the bases at which such teams are kept are listed, with the words *ask SCAS*.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from incident.catalogue import Place
from incident.geography.areas import Areas
from incident.geography.grid import to_metres
from incident.geography.nearest import ROWS_MIN, Estimate, Speed, nearest
from incident.geography.speeds import Speeds
from incident.kernel.board import Cell, Look
from incident.nearby.book import Base, Book, Position, book_for, plain_name
from incident.nearby.standing import sendable, stands
from incident.organisation import charter_of
from incident.places.facts import PRIORITIES, Receiving
from incident.places.fold import places
from incident.places.words import asked, remaining_words
from incident.resources.board import Row, description, held, key_of, rows, standing
from incident.statuses import stale_minutes, status, word_of
from incident.values import short_callsign, split_key

HOSPITALS = ("MTC", "ED")
UNPLACED_MAX = 3
"""Units that could be sent and of which nobody knows where they are: so many are named behind the others."""


@dataclass(frozen=True, slots=True)
class Nearby:
    """One unit, base or hospital. ``key`` is its key on its board; of a base, ``base/SCAS/Eastleigh``.

    ``what`` is its kind or type, ``state`` what is known of it, ``at`` where it is in words. ``fit``: it could do the
    work now, as far as is known. ``across``: it comes from another trust's side. ``way`` is seen from the target, None
    where nobody knows where it is.
    """

    key: str
    name: str
    agency: str
    what: str
    state: Cell
    at: str = ""
    position: Position | None = None
    fit: bool = True
    across: bool = False
    way: Estimate | None = None


# -- units ----------------------------------------------------------------------------------------------------


def nearest_units(
    look: Look,
    areas: Areas,
    target: Position,
    wanted: str = "",
    *,
    book: Book | None = None,
    speeds: Speeds | None = None,
    most: int = ROWS_MIN,
) -> tuple[Nearby, ...]:
    """The units that could be at a place soonest. ``wanted`` is a kind (HART), a capability (usar), a group of kinds
    (specialist), or "" for any unit.

    Those that could be sent come first; where they are fewer than three, those at work or away fill the rows, each with
    its state. Those whose place nobody knows stand at the end. ``book``: None is that of the desk's own gazetteer.
    """
    speeds, book = speeds or Speeds(), book_for(look, book)
    units = [_unit(row, look, book) for row in rows(look).values() if _can(row, wanted, look)]
    units += [_base(base, look) for base in _asked_bases(look, wanted, book)]
    fit = [unit for unit in units if unit.fit and unit.position is not None]
    found = _ranked(areas, target, fit, most, lambda unit: speeds.of(unit.agency))
    if len(found) < most:
        rest = [unit for unit in units if not unit.fit and unit.position is not None]
        found += _ranked(areas, target, rest, most, lambda unit: speeds.of(unit.agency))[: most - len(found)]
    nowhere = [unit for unit in units if unit.fit and unit.position is None]
    return (*found, *sorted(nowhere, key=lambda unit: unit.key)[:UNPLACED_MAX])


def kinds_known(look: Look) -> tuple[str, ...]:
    """All that ``wanted`` may be, in small letters: codes, titles and groups of kinds, what units here can do."""
    kinds = charter_of(look.state).kinds.values()
    words = [word for kind in kinds for word in (kind.code, kind.title, kind.group)]
    can = [word for row in rows(look).values() for word in description(row).capabilities]
    return tuple(dict.fromkeys(word.casefold() for word in (*words, *can, "conveys") if word))


def _can(row: Row, wanted: str, look: Look) -> bool:
    """Whether a unit is of the kind, can do the thing, or is of the group that is asked for."""
    if not wanted:
        return True
    about = description(row)
    kind = charter_of(look.state).kinds.get(about.kind)
    word = wanted.casefold()
    return (
        about.kind.casefold() == word
        or word in about.capabilities
        or (kind is not None and (kind.group == word or kind.title.casefold() == word))
        or (word == "conveys" and kind is not None and kind.conveys)
    )


def _unit(row: Row, look: Look, book: Book) -> Nearby:
    key = key_of(row, look)
    home = split_key(key)[0]
    mine = "" if look.me is None else look.me.agency
    where = stands(row, look, book)
    return Nearby(
        key,
        short_callsign(key, mine),
        home,
        description(row).kind,
        _state(row, look),
        "" if where is None else where.words if where.now else f"last known: {where.words}",
        None if where is None else where.position,
        sendable(row, look),
        home != mine,
    )


def _state(row: Row, look: Look) -> Cell:
    if held(row):
        return Cell("× held elsewhere", "dim")
    code, _, heard_at = standing(row, look)
    if stale_minutes(code, heard_at, look.now) is not None:
        return Cell(f"{word_of(code)}, stale", "caution")
    return Cell(word_of(code), status(code).tone)


def _asked_bases(look: Look, wanted: str, book: Book) -> Iterable[Base]:
    """The bases of other agencies' teams of a kind; what our own have, our register says."""
    mine = "" if look.me is None else look.me.agency
    return (base for base in book.of_kind(wanted.upper()) if base.agency != mine)


def _base(base: Base, look: Look) -> Nearby:
    return Nearby(
        f"base/{base.agency}/{base.name}",
        f"{base.agency} {plain_name(base.name)}",
        base.agency,
        " ".join(base.kinds),
        Cell(f"ask {base.agency}", "caution"),
        f"{plain_name(base.name)} base",
        base.position,
        across=True,
    )


# -- hospitals ------------------------------------------------------------------------------------------------


def nearest_hospitals(
    look: Look,
    areas: Areas,
    target: Position,
    wanted: str = "",
    *,
    priority: str = "",
    speeds: Speeds | None = None,
    most: int = ROWS_MIN,
) -> tuple[Nearby, ...]:
    """The hospitals of the plan that can be reached soonest with a patient on board.

    ``wanted`` is a type (MTC), or "" for any that takes emergencies; with ``priority`` (p1, p2, p3) those that have no
    room for it left come last. Whether one is stood up, and what room it has, is said in words.
    """
    known = {
        **charter_of(look.state).places,
        **{code: row.place for code, row in places(look.state).rows.items()},
    }
    types = (wanted.upper(),) if wanted else HOSPITALS
    found = [_hospital(place, look, priority) for place in known.values() if place.type.upper() in types]
    mine = areas.containing(*to_metres(*target))
    manner = (speeds or Speeds()).of(mine).under_way()
    sides = _sides(areas, found)
    placed = [
        replace(one, across=bool(sides[one.key]) and sides[one.key] != mine)
        for one in found
        if one.position is not None
    ]
    fit = _ranked(areas, target, [one for one in placed if one.fit], most, lambda _one: manner)
    if len(fit) < most:
        rest = [one for one in placed if not one.fit]
        fit += _ranked(areas, target, rest, most, lambda _one: manner)[: most - len(fit)]
    return tuple(fit)


def _sides(areas: Areas, found: list[Nearby]) -> dict[str, str]:
    return {one.key: areas.containing(*to_metres(*one.position)) for one in found if one.position is not None}


def _hospital(place: Place, look: Look, priority: str) -> Nearby:
    row = places(look.state).rows.get(place.code)
    point = None if place.lat is None or place.lon is None else (place.lat, place.lon)
    left = getattr(place, priority) if priority and row is None else 0
    if priority and row is not None:
        left = row.remaining(priority, asked(row, look))
    return Nearby(
        place.code,
        place.name,
        place.agency,
        place.type,
        _room(place, row, look, priority, left),
        position=point,
        fit=not priority or left > 0,
    )


def _room(place: Place, row: Receiving | None, look: Look, priority: str, left: int) -> Cell:
    """Whether it is stood up and what room is left; a draft plan is said to be one."""
    draft = "DRAFT plan: " if place.draft else "plan: "
    if priority:
        word = PRIORITIES[priority]
        room = f"{word} {left} left" if left > 0 else f"{word} full"
        if row is None:
            return Cell(f"not stood up, {draft}{room}", "dim")
        return Cell(f"stood up, {room}", "good" if left > 0 else "alarm")
    if row is None:
        return Cell(f"not stood up, {draft}{place.p1}/{place.p2}/{place.p3}", "dim")
    return Cell(f"stood up, {remaining_words(row, look)} left", "good")


# -- ranking --------------------------------------------------------------------------------------------------


def _ranked(
    areas: Areas, target: Position, found: list[Nearby], most: int, manner: Callable[[Nearby], Speed]
) -> list[Nearby]:
    by_key = {one.key: one for one in found}
    candidates = [(one.key, *one.position) for one in by_key.values() if one.position is not None]
    taken = nearest(
        areas, target, candidates, most, lambda key: by_key[key].across, lambda key: manner(by_key[key])
    )
    return [replace(by_key[key], way=way) for key, way in taken]
