"""The twin of the map: everything that is drawn on it, as a list. Its first column is the sign on the map.

The order is that of an operator's questions: what waits for our answer, what else lies on the ground, the newest first,
where it is, which trusts are near and do they know, which hospitals, which units; what was withdrawn stands at the end.
Rows of other boards are shown as those boards show them, and opened by Enter like any row.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from incident.boundaries.board import BOARD as FEATURES
from incident.boundaries.board import agreement, ours_cell, review_cell
from incident.boundaries.words import place_words
from incident.catalogue import Place
from incident.cover.board import detail as cover_detail
from incident.cover.board import stands_cell
from incident.cover.rules import to_answer
from incident.kernel.board import Board, Cell, Column, Look
from incident.organisation import organisation
from incident.places.board import PLACES
from incident.places.words import remaining_words
from incident.placing import INSIDE, distance_words, placing_words
from incident.resources.facts import Resource
from incident.state import INCIDENT as MODEL
from incident.statuses import word_of
from incident_tui.map.things import (
    AREA,
    AREA_FAR_M,
    COVER,
    FEATURE,
    GONE,
    HOSPITAL_,
    INCIDENT,
    JOINED,
    KIND_WORDS,
    ONE_PLACE,
    UNIT,
    Thing,
    kind_words,
    reached,
)

FAR_OFF = 1 << 40
CLOSE_M = 100
"""Nearer than this a distance is told in metres."""


def bearing_words(thing: Thing) -> str:
    """How far it is from the scene, and in which direction: "0.6 km NE"; "" where that is not known."""
    if thing.kind == AREA and thing.said:
        return thing.said
    if thing.far is None or thing.far < 0:
        return ""
    far = f"{thing.far} m" if thing.far < CLOSE_M else distance_words(thing.far)
    return f"{far} {thing.bearing}".rstrip()


# -- cells --------------------------------------------------------------------------------------------------


def _sign(thing: Thing, _look: Look) -> Cell:
    tones = {INCIDENT: "alarm", AREA: "dim", HOSPITAL_: "accent", UNIT: "ink"}
    if thing.at is None and thing.kind not in (AREA, COVER):
        return Cell(" ", "dim")  # it is on no map: its place is known in words alone
    return Cell(thing.sign, "dim" if thing.hollow else tones.get(thing.kind, "strong"))


def _name(thing: Thing, look: Look) -> Cell:
    if thing.kind == GONE:
        return Cell(thing.name, "dim")
    if thing.rival:
        return Cell(f"▲ {thing.name}", "alarm")
    quiet = thing.kind in (AREA, UNIT) or (thing.kind == HOSPITAL_ and thing.hollow)
    return Cell(thing.name, "ink" if quiet else "strong")


def _owner(thing: Thing, _look: Look) -> Cell:
    if thing.kind == AREA:
        return Cell("")
    return Cell(thing.owner)


def state_cell(thing: Thing, look: Look) -> Cell:
    """How it stands, in words: agreed 2 of 3, told or not, how much room is left, the status of a unit."""
    if thing.kind in (FEATURE, GONE):
        return agreement(thing.row, look)
    if thing.kind == INCIDENT:
        return Cell("confirmed", "good") if thing.settled else Cell("provisional", "caution")
    if thing.kind == AREA:
        return _area_state(thing)
    if thing.kind == COVER:
        return stands_cell(thing.row, look)
    if thing.kind == HOSPITAL_:
        return Cell("plan only", "dim") if thing.hollow else _room(thing, look)
    if thing.kind == UNIT and isinstance(thing.row, Resource):
        return Cell(word_of(thing.row.status), "caution" if thing.hollow else "ink")
    return thing.row.state if isinstance(getattr(thing.row, "state", None), Cell) else Cell("")


def _area_state(thing: Thing) -> Cell:
    if thing.told:
        joined = thing.told == JOINED
        return Cell(f"{'✓' if joined else '·'} {thing.told}", "good" if joined else "caution")
    return Cell("▲ tell" if thing.due else "–", "alarm" if thing.due else "dim")


def _room(thing: Thing, look: Look) -> Cell:
    words = remaining_words(thing.row, look)
    return Cell(f"{words} left", "alarm" if "−" in words else "ink")


def _ours(thing: Thing, look: Look) -> Cell:
    return ours_cell(thing.row, look) if thing.kind == FEATURE else Cell("")


def _far(thing: Thing, _look: Look) -> Cell:
    return Cell(bearing_words(thing), "dim" if thing.kind in (HOSPITAL_, UNIT) else "ink")


def _where(thing: Thing, look: Look) -> Cell:
    if thing.kind in (FEATURE, GONE):
        return Cell(place_words(thing.row))
    return Cell(thing.said, "dim")


def _review(thing: Thing, look: Look) -> Cell:
    return review_cell(thing.row, look) if thing.kind in (FEATURE, GONE) else Cell("")


def _number(thing: Thing, _look: Look) -> Cell:
    return Cell(getattr(thing.row, "number", "") if thing.kind in (FEATURE, GONE) else "", "dim")


def _by_distance(thing: Thing, _look: Look) -> Any:
    return FAR_OFF if thing.far is None else thing.far


def _order(thing: Thing, look: Look) -> Any:
    """The order in which they were made is that of the list; features stand as their own board has them.

    Cover that waits for our answer stands with the features that do.
    """
    order = FEATURES.order
    if order is not None and thing.kind in (FEATURE, GONE):
        return thing.kind, order(thing.row, look)
    if thing.kind == COVER and look.me is not None and to_answer(thing.row, look.me.agency):
        return FEATURE, (False, False, -thing.row.at, thing.row.number)
    remote = thing.kind == AREA and (thing.far or 0) > AREA_FAR_M
    section = GONE - 0.5 if remote else thing.kind
    return section, (thing.hollow and thing.kind == HOSPITAL_, _by_distance(thing, look), thing.name)


COLUMNS = (
    Column("sign", "", 1, _sign, priority=0, sort=lambda thing, _look: thing.kind),
    Column("name", "On the map", 14, _name, priority=0, grow=2, sort=lambda thing, _look: thing.name.casefold()),
    Column("owner", "By", 6, _owner, priority=2),
    Column("state", "Stands", 11, state_cell, priority=1, grow=1),
    Column("far", "From scene", 10, _far, priority=1, sort=_by_distance),
    Column("ours", "We", 11, _ours, priority=3),
    Column("place", "Where", 24, _where, priority=4, grow=3),
    Column("review", "Review", 14, _review, priority=4),
    Column("number", "No", 10, _number, priority=6),
)  # fmt: skip


# -- detail, filter, names ----------------------------------------------------------------------------------


def detail(thing: Thing, look: Look) -> Sequence[tuple[str, Cell]]:
    """Everything known of it, as its own board tells it, and where it lies as seen from the scene."""
    lines = list(_details(thing)(thing, look))
    far = bearing_words(thing)
    if far and thing.kind != AREA:
        lines.insert(min(2, len(lines)), ("from scene", Cell(far)))
    if thing.said and thing.kind == UNIT:
        lines.insert(min(2, len(lines)), ("position", Cell(thing.said, "caution" if thing.hollow else "ink")))
    return lines


def _details(thing: Thing) -> Callable[[Thing, Look], Sequence[tuple[str, Cell]]]:
    if thing.kind in (FEATURE, GONE):
        return lambda thing, look: FEATURES.detail(thing.row, look)
    if thing.kind == COVER:
        return lambda thing, look: cover_detail(thing.row, look)
    if thing.kind == HOSPITAL_ and not isinstance(thing.row, Place):
        return lambda thing, look: PLACES.detail(thing.row, look)
    return {UNIT: _unit_detail, HOSPITAL_: _plan_detail, AREA: _area_detail}.get(thing.kind, _scene_detail)


def _unit_detail(thing: Thing, look: Look) -> Sequence[tuple[str, Cell]]:
    board = next(board for board in MODEL.boards if board.name == "resources")
    row = (
        thing.row
        if isinstance(thing.row, Resource)
        else board.rows(look).get(thing.key.removeprefix("unit/"))
    )
    if row is not None:
        return board.detail(row, look)
    return [("", Cell(thing.name, "strong")), ("stands", state_cell(thing, look)), ("at", Cell(thing.said))]


def _plan_detail(thing: Thing, _look: Look) -> Sequence[tuple[str, Cell]]:
    place: Place = thing.row
    return [
        ("", Cell(f"{place.name}  {place.type}  {place.code}", "strong")),
        ("plan", Cell(f"P1 {place.p1}, P2 {place.p2}, P3 {place.p3} in the first hour", "ink")),
        ("stands", Cell("not stood up: do that on Places (h on 6)", "caution")),
        *((("plan", Cell("DRAFT: nobody has approved these figures", "caution")),) if place.draft else ()),
    ]


def _area_detail(thing: Thing, look: Look) -> Sequence[tuple[str, Cell]]:
    name = organisation(look.state).charter.agency_name(thing.owner)
    lines = [("", Cell(f"{thing.owner}  {name}", "strong")), ("stands", _area_state(thing))]
    if thing.far is not None and thing.far >= 0:
        lines.append(
            (
                "from scene",
                Cell(_lies_words(thing) or distance_words(thing.far)),
            )
        )
    if thing.due and not thing.told:
        lines.append(("", Cell("Its trust must be told: :tell invites all that must be.", "alarm")))
    if look.me is not None and thing.owner == look.me.agency:
        lines += _to_join(look)
    return lines


def _to_join(look: Look) -> list[tuple[str, Cell]]:
    """How we take part, as long as we are invited and do not."""
    ours = "" if look.me is None else reached(look.state, look.me.agency)
    if ours in ("", JOINED):
        return []
    return [("", Cell("We are invited, and take no part yet: :join does that, or J on Parties.", "alarm"))]


def _lies_words(thing: Thing) -> str:
    """What the scene has to do with an area, in a sentence; "" for no more than a distance."""
    known = {"": "", INSIDE: "the scene lies in it", ONE_PLACE: "one of the places given lies in it"}
    return known.get(thing.said, f"{thing.said}: the scene lies in it or in the next")


def _scene_detail(thing: Thing, look: Look) -> Sequence[tuple[str, Cell]]:
    org = organisation(look.state)
    placing = getattr(thing.row, "placing", None)
    lines = [
        ("", Cell(org.title or thing.name, "strong")),
        ("where", Cell(thing.said)),
        ("stands", state_cell(thing, look)),
        ("lead", Cell(org.lead or "nobody")),
    ]
    if placing is not None:
        lines.append(("area", Cell(placing_words(placing))))
    return [*lines, *_to_join(look)]


def _find(thing: Thing, look: Look) -> str:
    if thing.kind in (FEATURE, GONE):
        return f"{FEATURES.find(thing.row, look)} {KIND_WORDS[thing.kind]}"
    cells = (_name, _owner, state_cell, _far)
    words = " ".join(cell(thing, look).text for cell in cells)
    kind = getattr(thing.row, "kind", "") if thing.kind == UNIT else ""
    return f"{words} {kind_words(thing)} {kind} {thing.said}".lower()


def twin_board(rows: Callable[[Look], Mapping[str, Thing]]) -> Board:
    """The list beside the map; ``rows`` answers the things of a look. Its verbs are those of the features."""

    def named(text: str, look: Look) -> str | None:
        wanted = text.strip().casefold()
        found = FEATURES.named(text, look)
        keys = [key for key, thing in rows(look).items() if wanted and thing.name.casefold() == wanted]
        return found or (keys[0] if len(keys) == 1 else None)

    return Board(
        name="boundaries",
        title=FEATURES.title,
        digit=FEATURES.digit,
        rows=rows,
        columns=COLUMNS,
        verbs=(),
        detail=detail,
        find=_find,
        named=named,
        version=lambda thing: thing.version,
        order=_order,
        noun="row",
        empty=FEATURES.empty,
    )
