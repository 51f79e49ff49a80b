"""Casualties, the board: the latest count of each agency at each stage and place, with its age."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from incident.casualties.facts import PRIORITIES, STAGES, TOTAL, Snapshot, slot_key
from incident.casualties.fold import casualties, disagreements, reported
from incident.casualties.verbs import VERBS
from incident.casualties.words import (
    GRID,
    NOT_SAID,
    TONES,
    age_cell,
    grid,
    number_words,
    where_words,
)
from incident.kernel.board import Board, Cell, Column, Look
from incident.organisation import charter_of
from incident.values import length_words, span

_HEADS = {
    "scene": "scene",
    "moving": "way",
    "hospital": "hosp",
    "discharged": "home",
    "total": "total",
    "unexplained": "diff",
}
"""Heads of the totals where there is little room."""
_ORDER = {stage: index for index, stage in enumerate((TOTAL, *(s for s in STAGES if s != TOTAL)))}


def rows(look: Look) -> Mapping[str, Snapshot]:
    """The latest count of each agency at each stage and place."""
    return {
        f"{key}/{agency}": snapshot
        for key, slot in casualties(look.state).slots.items()
        for agency, snapshot in slot.latest.items()
    }


# -- cells --------------------------------------------------------------------------------------------------


def _rivals(row: Snapshot, look: Look) -> tuple[Snapshot, ...]:
    slot = casualties(look.state).slots.get(slot_key(row.stage, row.place))
    return () if slot is None or row not in slot.rivals else slot.rivals


def _stage(row: Snapshot, _look: Look) -> Cell:
    return Cell("in all" if row.stage == TOTAL else STAGES[row.stage], "dim" if row.replaced else "strong")


def _place(row: Snapshot, look: Look) -> Cell:
    known = charter_of(look.state).places.get(row.place)
    return Cell(row.place if known is None else known.name)


def _figure(name: str) -> Any:
    def cell(row: Snapshot, _look: Look) -> Cell:
        value = getattr(row.counts, name)
        tone = "dim" if value is None or row.replaced else TONES.get(name, "ink")
        return Cell(number_words(value), tone)

    return cell


def _all(row: Snapshot, _look: Look) -> Cell:
    return Cell(number_words(row.counts.everyone), "dim" if row.replaced else "strong")


def _state(row: Snapshot, look: Look) -> Cell:
    if row.replaced:
        return Cell("replaced", "dim")
    if _rivals(row, look):
        return Cell("▲ DISPUTED", "alarm")
    return Cell("counted", "good") if row.counted else Cell("estimated", "ink")


def _agency(row: Snapshot, look: Look) -> Cell:
    mine = look.me is not None and row.agency == look.me.agency
    return Cell(row.agency, "accent" if mine else "ink")


def _at(row: Snapshot, look: Look) -> Cell:
    late = f" late {span(row.late)}" if row.late else ""
    return Cell(look.clock(row.at) + late, "caution" if late else "dim")


def _order(row: Snapshot, _look: Look) -> Any:
    return (_ORDER[row.stage], row.place, bool(row.replaced), -row.at, row.agency)


COLUMNS = (
    Column("stage", "Stage", 10, _stage, priority=0, sort=lambda row, _l: _ORDER[row.stage]),
    Column("place", "Where", 12, _place, priority=1, grow=2),
    *(
        Column(name, PRIORITIES[name].capitalize(), width, _figure(name), priority=priority, align="right")
        for name, width, priority in (
            ("p1", 4, 0),
            ("p2", 4, 0),
            ("p3", 4, 0),
            ("dead", 4, 2),
            ("untriaged", 9, 5),
        )
    ),
    Column("all", "All", 4, _all, priority=3, align="right"),
    Column("agency", "By", 7, _agency, priority=1),
    Column("state", "State", 10, _state, priority=0),
    Column("age", "Age", 9, lambda row, look: age_cell(row, look.now), priority=1, sort=lambda r, _l: -r.at),
    Column("source", "Who counted", 18, lambda row, _l: Cell(row.source, "dim"), priority=4, grow=1),
    Column("at", "At", 14, _at, priority=6),
)


# -- detail -------------------------------------------------------------------------------------------------


def detail(row: Snapshot, look: Look) -> Sequence[tuple[str, Cell]]:
    """Everything known of one count: what contradicts it, what came before it, and what all counts come to."""
    where = _place(row, look).text
    state = _state(row, look)
    lines: list[tuple[str, Cell]] = [
        ("", Cell(f"{_stage(row, look).text} {where}".strip() + f"  {row.agency}", "strong")),
        ("count", Cell(row.counts.words())),
        ("state", state),
        ("at", Cell(f"{look.clock(row.at)}, {span(look.now - row.at)} ago, by {row.actor}", "dim")),
    ]
    if row.source:
        lines.append(("who counted", Cell(row.source)))
    if row.late:
        lines.append(("late", Cell(f"reached the log {length_words(row.late)} after it was made", "caution")))
    slot = casualties(look.state).slots[slot_key(row.stage, row.place)]
    others = [snapshot for snapshot in slot.latest.values() if snapshot is not row]
    lines += [(other.agency, Cell(_told(other, look), _state(other, look).tone)) for other in others]
    lines += [
        (look.clock(past.at), Cell(f"{past.agency}  {past.counts.words()}", "dim"))
        for past in reversed(slot.past)
    ]
    return [*lines, *grid_lines(look)]


def _told(row: Snapshot, look: Look) -> str:
    return f"{row.counts.words()}  {look.clock(row.at)}  {_state(row, look).text}"


def grid_lines(look: Look) -> list[tuple[str, Cell]]:
    """The totals as lines: a title, then one line for each priority. Whom nobody sent home has no column."""
    lines = grid(look.state, look.now)
    home = any(texts["discharged"] != NOT_SAID for _label, _tone, texts in lines)
    shown = [column for column in GRID if column != "discharged" or home]
    found = [("all counts", Cell(_spaced(_HEADS[column] for column in shown), "dim"))]
    found += [(label, Cell(_spaced(texts[column] for column in shown), tone)) for label, tone, texts in lines]
    version = reported(look.state)
    if version is not None:
        words = f"as METHANE {version.name} of {version.agency} says: {version.report.casualties}"
        found.append(("total", Cell(words, "dim")))
    return found


def _spaced(words: Iterable[str]) -> str:
    return " ".join(f"{word:<5}" for word in words).rstrip()


def _find(row: Snapshot, look: Look) -> str:
    words = (where_words(row.stage, row.place), _place(row, look).text, row.agency, row.source)
    return " ".join((*words, _state(row, look).text)).lower()


def _named(written: str, look: Look) -> str | None:
    """A count by agency, stage and place, in any order of the three: "LAS scene", "hospital WEXHAM SCAS"."""
    wanted = sorted(written.casefold().split())
    found = []
    for key, row in rows(look).items():
        places = {row.place, _place(row, look).text}
        names = (f"{row.agency} {STAGES[row.stage]} {place}" for place in places)
        if any(sorted(name.casefold().split()) == wanted for name in names):
            found.append(key)
    return found[0] if len(found) == 1 else None


BOARD = Board(
    name="casualties",
    title="Casualties",
    digit="6",
    rows=rows,
    columns=COLUMNS,
    verbs=VERBS,
    detail=detail,
    find=_find,
    named=_named,
    version=lambda row: row.version,
    order=_order,
    alarm=lambda look: len(disagreements(look.state)),
    noun="count",
    empty="No casualties counted yet. Press c to count, e to say how many there are in all.",
)
