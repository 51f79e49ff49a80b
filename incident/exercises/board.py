"""The exercise as a board: how play stands, for everybody; its injects, for exercise control alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from incident.exercises.facts import Play
from incident.exercises.verbs import VERBS, play_of
from incident.exercises.words import standing, suspended
from incident.injects import next_due
from incident.injects import rows as papers
from incident.injects.facts import Injects
from incident.injects.rows import InjectRow
from incident.injects.verbs import VERBS as INJECT_VERBS
from incident.injects.verbs import papers_of
from incident.kernel.board import Board, Cell, Column, Look
from incident.scenario.facts import t_words
from incident.values import length_words

PLAY = "play"


def rows(look: Look) -> Mapping[str, Any]:
    """How play stands, and to exercise control its injects; in a live incident there is nothing here."""
    state = look.state.organisation
    if not state.opened or state.mode != "exercise":
        return {}
    own = papers_of(look)
    return {PLAY: play_of(look), **({} if own is None else papers.rows(own))}


# -- cells ----------------------------------------------------------------------------------------------------


def t_plus(play: Play, now: int) -> str:
    """How long play has been on, by its own clock: T+00:30; "" before it began."""
    if play.started_at is None:
        return ""
    minutes = max(0, (play.ended_at or now) - play.started_at) // 60_000
    return f"T+{minutes // 60:02d}:{minutes % 60:02d}"


def _what(row: Any, _look: Look) -> Cell:
    return Cell(str(row.standing.number), "strong") if isinstance(row, InjectRow) else Cell("play", "accent")


def _time(row: Any, look: Look) -> Cell:
    return Cell(t_words(row.inject.at) if isinstance(row, InjectRow) else t_plus(row, look.now))


def _state(row: Any, look: Look) -> Cell:
    if isinstance(row, InjectRow):
        cell = papers.state_cell(row, look, play_of(look).started_at)
        return Cell(f"next {cell.text}", "accent") if row.inject.number == _next(look) else cell
    return Cell("NO DUFF", "alarm") if row.suspended else Cell(*standing(row))


def _next(look: Look) -> int:
    """The number of the inject that goes out next by itself; 0 when there is none, or play has not begun or is over."""
    own, play = papers_of(look), play_of(look)
    if own is None or own.scenario is None or not play.started or play.ended_at is not None:
        return 0
    coming = next_due(own.scenario, own)
    return 0 if coming is None else coming.number


def _words(row: Any, look: Look) -> Cell:
    if isinstance(row, InjectRow):
        return Cell(papers.what(row), "dim" if row.standing.state in ("skipped", "actioned") else "ink")
    banner = suspended(look.state)
    if banner:
        return Cell(banner, "alarm")
    parts = [row.title, f"code word {row.code_word}" if row.code_word else ""]
    return Cell("  ".join(part for part in parts if part))


COLUMNS = (
    Column("what", "Inject", 6, _what, priority=0),
    Column("time", "Time", 8, _time, priority=1),
    Column("state", "State", 12, _state, priority=0),
    Column("words", "What", 20, _words, priority=1, grow=3),
)


def detail(row: Any, look: Look) -> Sequence[tuple[str, Cell]]:
    """Everything known of the play, or of one inject."""
    own = papers_of(look)
    if isinstance(row, InjectRow):
        return papers.detail(row, look, own or Injects(), play_of(look).started_at)
    lines: list[tuple[str, Cell]] = [
        ("", Cell(row.title or "Exercise", "strong")),
        ("play", Cell(*standing(row))),
    ]
    if row.code_word:
        lines.append(("code word", Cell(row.code_word, "strong")))
    lines.append(("clock", Cell(f"{look.clock(look.now)}  {t_plus(row, look.now)}".rstrip())))
    lines.append(("real time", Cell(look.clock(look.real or look.now), "dim")))
    for call in row.calls:
        age = length_words((look.real or look.now) - call.at)
        lines.append(("NO DUFF", Cell(f"{call.agency} {call.actor}, {age} ago: {call.reason}", "alarm")))
    coming = None if own is None or own.scenario is None else next_due(own.scenario, own)
    if coming is not None:
        lines.append(("next", Cell(f"{t_words(coming.at)}  inject {coming.number}: {coming.text}")))
    lines.append(("real emergency", Cell(":noduff and what has happened, from any screen", "dim")))
    return lines


def _find(row: Any, look: Look) -> str:
    return " ".join(column.cell(row, look).text for column in COLUMNS).lower()


def _named(written: str, look: Look) -> str | None:
    wanted = written.strip().lower().removeprefix("#").lstrip("0")
    return wanted if wanted in rows(look) else None


BOARD = Board(
    name="exercise",
    title="Exercise",
    digit="9",
    rows=rows,
    columns=COLUMNS,
    verbs=(*INJECT_VERBS, *VERBS),
    detail=detail,
    find=_find,
    named=_named,
    version=lambda row: str(row.version),
    order=lambda row, _look: (row.inject.at, row.standing.number) if isinstance(row, InjectRow) else (-1, 0),
    count=lambda look: sum(
        row.standing.state == "pending" for row in rows(look).values() if isinstance(row, InjectRow)
    ),
    alarm=lambda look: (
        int(play_of(look).suspended)
        + sum(bool(row.standing.trouble) for row in rows(look).values() if isinstance(row, InjectRow))
    ),
    noun="inject",
    empty="This incident is live: nothing is played here.",
)
