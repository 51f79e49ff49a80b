"""Places, the boards: which hospitals are stood up and how much room each has; and every allocation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from incident.kernel.board import Board, Cell, Column, Look
from incident.organisation import charter_of
from incident.places.facts import PRIORITIES, Hold, Receiving
from incident.places.fold import hold_words, is_draft, over_allocated, places
from incident.places.verbs import HOLD_VERBS, PLACE_VERBS
from incident.places.words import (
    FAR,
    asked,
    declared_words,
    distance_km,
    distance_words,
    remaining_words,
    room_cell,
    said_cell,
    step_cell,
    step_words,
)
from incident.values import length_words, span

_STEPS = ("allocated", "conveyed", "arrived", "cancelled")


# -- places ---------------------------------------------------------------------------------------------------


def rows(look: Look) -> Mapping[str, Receiving]:
    """Every place that was stood up, by its code."""
    return places(look.state).rows


def _name(row: Receiving, _look: Look) -> Cell:
    return Cell(row.place.name, "strong")


def _far(row: Receiving, look: Look) -> float:
    km = distance_km(row.place, look)
    return FAR if km is None else km


def _room(name: str) -> Any:
    return lambda row, look: room_cell(row, name, look)


def _left(name: str) -> Any:
    return lambda row, _look: row.remaining(name)


def _stepped(step: str) -> Any:
    return lambda row, look: Cell(step_words(row, step, look))


def _remaining(row: Receiving, look: Look) -> Cell:
    words = remaining_words(row, look)
    return Cell(words, "alarm" if "−" in words else "ink")


COLUMNS = (
    Column("place", "Place", 14, _name, priority=0, grow=2, sort=lambda row, _l: row.place.name),
    Column("code", "Code", 11, lambda row, _l: Cell(row.place.code, "dim"), priority=4),
    Column("type", "Type", 5, lambda row, _l: Cell(row.place.type), priority=2),
    *(Column(name, word, 11, _room(name), priority=0, sort=_left(name)) for name, word in PRIORITIES.items()),
    Column("declared", "Declared", 10, lambda row, _l: Cell(declared_words(row)), priority=5),
    Column("allocated", "Allocated", 9, _stepped("allocated"), priority=3),
    Column("conveyed", "Conveyed", 8, _stepped("conveyed"), priority=3),
    Column("arrived", "Arrived", 8, _stepped("arrived"), priority=3),
    Column("remaining", "Remaining", 10, _remaining, priority=2),
    Column("said", "By", 16, said_cell, priority=3),
    Column(
        "distance",
        "From scene",
        10,
        lambda row, look: Cell(distance_words(distance_km(row.place, look)), "dim"),
        priority=3,
        align="right",
        sort=_far,
    ),
)


def detail(row: Receiving, look: Look) -> Sequence[tuple[str, Cell]]:
    """Everything known of one place: its room by priority and by whose word, and its allocations."""
    place = row.place
    lines: list[tuple[str, Cell]] = [
        ("", Cell(f"{place.name}  {place.type}  {place.code}", "strong")),
        ("stood up", Cell(f"{look.clock(row.opened_at)} by {row.opened_by}", "dim")),
        ("from scene", Cell(f"{distance_words(distance_km(place, look))} in a straight line", "dim")),
    ]
    if is_draft(row):
        lines.append(("plan", Cell("DRAFT: nobody has approved these figures", "caution")))
    if place.agency:
        lines.append(("agency", Cell(charter_of(look.state).agency_name(place.agency))))
    for name, word in PRIORITIES.items():
        said = row.declared[name]
        by = f"{said.agency}, {said.person} {look.clock(said.at)}" if said.agency else "the plan"
        cell = room_cell(row, name, look)
        lines.append(
            (word, Cell(f"{cell.text}  {row.remaining(name, asked(row, look))} left, by {by}", cell.tone))
        )
    if row.note:
        lines.append(("note", Cell(row.note)))
    lines += [
        (hold.number, Cell(_told(hold, look), step_cell(hold, look).tone)) for hold in row.holds.values()
    ]
    return lines


def _told(hold: Hold, look: Look) -> str:
    over = f"  {hold.over} OVER: {hold.reason}" if hold.over else ""
    return f"{hold_words(hold)}  {step_cell(hold, look).text} {look.clock(hold.since)}{over}"


def _find(row: Receiving, look: Look) -> str:
    cells = [room_cell(row, name, look).text for name in PRIORITIES]
    return " ".join(
        (row.place.name, row.place.code, row.place.type, said_cell(row, look).text, *cells)
    ).lower()


def _named(written: str, look: Look) -> str | None:
    wanted = written.strip().casefold()
    found = [
        code for code, row in rows(look).items() if wanted in (code.casefold(), row.place.name.casefold())
    ]
    return found[0] if len(found) == 1 else None


PLACES = Board(
    name="places",
    title="Places",
    digit="",
    rows=rows,
    columns=COLUMNS,
    verbs=PLACE_VERBS,
    detail=detail,
    find=_find,
    named=_named,
    version=lambda row: row.version,
    order=lambda row, look: (_far(row, look), row.place.code),
    count=lambda look: len(rows(look)),
    alarm=lambda look: len({row.place.code for row, _name, _by in over_allocated(look.state)}),
    noun="place",
    empty="No hospital is stood up. Press u: the nearest four are proposed.",
)


# -- allocations ----------------------------------------------------------------------------------------------


def holds(look: Look) -> Mapping[str, Hold]:
    """Every allocation, by its id."""
    return {id_: hold for row in rows(look).values() for id_, hold in row.holds.items()}


def _where(hold: Hold, look: Look) -> str:
    row = rows(look).get(hold.place)
    return hold.place if row is None else row.place.name


def _how_many(hold: Hold, _look: Look) -> Cell:
    return Cell(
        f"{PRIORITIES[hold.priority]} {hold.count}", hold.priority if hold.step != "cancelled" else "dim"
    )


def _over(hold: Hold, _look: Look) -> Cell:
    if hold.withdrawn:
        return Cell(hold.withdrawn, "dim")
    if hold.over:
        return Cell(f"▲ {hold.over} OVER: {hold.reason}", "alarm")
    return Cell(hold.reason, "dim")


HOLD_COLUMNS = (
    Column("number", "No", 9, lambda hold, _l: Cell(hold.number, "dim"), priority=1),
    Column("who", "Casualties", 10, _how_many, priority=0),
    Column("place", "To", 16, lambda hold, look: Cell(_where(hold, look), "strong"), priority=0, grow=1),
    Column("unit", "Taken by", 12, lambda hold, _l: Cell(hold.unit), priority=1),
    Column("step", "State", 10, step_cell, priority=1, sort=lambda hold, _l: _STEPS.index(hold.step)),
    Column(
        "since",
        "For",
        6,
        lambda hold, look: Cell(span(look.now - hold.since), "dim"),
        priority=3,
        align="right",
    ),
    Column("agency", "By", 8, lambda hold, _l: Cell(hold.agency), priority=2),
    Column("reason", "Reason", 20, _over, priority=3, grow=2),
)


def hold_detail(hold: Hold, look: Look) -> Sequence[tuple[str, Cell]]:
    """Everything known of one allocation, and of the room at its place."""
    lines: list[tuple[str, Cell]] = [
        ("", Cell(f"{hold.number}  {hold_words(hold)} to {_where(hold, look)}", "strong")),
        ("state", step_cell(hold, look)),
        ("since", Cell(f"{look.clock(hold.since)}, {length_words(look.now - hold.since)}", "dim")),
        ("allocated", Cell(f"{look.clock(hold.allocated_at)} by {hold.agency}, {hold.person}", "dim")),
    ]
    if hold.reason or hold.withdrawn:
        lines.append(("reason", _over(hold, look)))
    row = rows(look).get(hold.place)
    if row is not None:
        lines += [(word, room_cell(row, name, look)) for name, word in PRIORITIES.items()]
    return lines


def _named_hold(written: str, look: Look) -> str | None:
    """An allocation by its number, or by the unit that takes it where that has one under way."""
    wanted = written.strip().upper()
    every = holds(look)
    exact = [id_ for id_, hold in every.items() if hold.number == wanted]
    if not exact:
        exact = [
            id_
            for id_, hold in every.items()
            if hold.unit and hold.step in ("allocated", "conveyed") and wanted in _unit_names(hold, look)
        ]
    return exact[0] if len(exact) == 1 else None


def _unit_names(hold: Hold, look: Look) -> tuple[str, ...]:
    home, _, callsign = hold.unit.upper().partition("/")
    mine = look.me is not None and look.me.agency == home
    return (hold.unit.upper(), callsign) if mine else (hold.unit.upper(),)


def _find_hold(hold: Hold, look: Look) -> str:
    words = (hold.number, hold_words(hold), _where(hold, look), hold.place, hold.agency, hold.reason)
    return " ".join((*words, step_cell(hold, look).text)).lower()


ALLOCATIONS = Board(
    name="allocations",
    title="Allocations",
    digit="",
    rows=holds,
    columns=HOLD_COLUMNS,
    verbs=HOLD_VERBS,
    detail=hold_detail,
    find=_find_hold,
    named=_named_hold,
    version=lambda hold: hold.version,
    order=lambda hold, _look: (_STEPS.index(hold.step), hold.since, hold.number),
    count=lambda look: sum(hold.step in ("allocated", "conveyed") for hold in holds(look).values()),
    noun="allocation",
    empty="Nothing is allocated yet. On Places, press h on a hospital.",
)
