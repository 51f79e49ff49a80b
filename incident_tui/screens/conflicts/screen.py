"""Refused commands as cards, kept until a person clears them; below, every notice that was shown as a toast.

A card is never a dialogue in somebody's way. It says what was meant, why it was refused, who holds the thing and
since when, and which other commands hung on it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from incident.kernel.board import Board, Cell, Column, Look, Verb
from incident.kernel.slice import Refusal
from incident_tui.cache import CardItem
from incident_tui.screens.board.screen import BoardPlace
from incident_tui.screens.log.lines import clock_words
from incident_tui.widgets.table import VirtualTable

WORDS: Final = {
    "held_by": "held by", "since": "since", "label": "what", "grant": "missing grant", "role": "role",
    "owner": "owner", "field": "field", "relation": "relation",
}  # fmt: skip
"""Facts of a refusal, as they are said on a card."""

HELD: Final = "claim_held"
"""The refusal of the table of claims, which many incidents share: its times are those of the server."""


class Notice:
    """One notice, kept. ``at`` is UTC ms by the server's clock, as a card's is; ``severity`` info, caution or alarm."""

    __slots__ = ("at", "key", "sentence", "severity")

    def __init__(self, key: str, at: int, severity: str, sentence: str) -> None:
        self.key = key
        self.at = at
        self.severity = severity
        self.sentence = sentence


Row = CardItem | Notice


def _at(row: Row, look: Look) -> Cell:
    return Cell(clock_words(look.timed(row.at), look), "dim")


def _what(row: Row, _look: Look) -> Cell:
    if isinstance(row, Notice):
        tones = {"alarm": "alarm", "caution": "caution"}
        return Cell("notice", tones.get(row.severity, "dim"))
    return Cell("▲ REFUSED", "alarm")


def _text(row: Row, _look: Look) -> Cell:
    return Cell(row.sentence, "dim") if isinstance(row, Notice) else Cell(row.text, "strong")


def _why(row: Row, _look: Look) -> Cell:
    return Cell("") if isinstance(row, Notice) else Cell(row.refusal.sentence, "caution")


COLUMNS: Final = (
    Column("at", "Time", 9, _at, priority=1),
    Column("what", "", 10, _what, priority=2),
    Column("text", "What was meant", 24, _text, priority=0, grow=2),
    Column("why", "Why not", 20, _why, priority=1, grow=2),
)


def detail(row: Row, look: Look) -> Sequence[tuple[str, Cell]]:
    """A card in full."""
    if isinstance(row, Notice):
        return [("", Cell(row.sentence, "strong")), ("at", _at(row, look))]
    refusal: Refusal = row.refusal
    pairs = [
        ("", Cell(row.text, "strong")),
        ("refused", Cell(refusal.sentence, "alarm")),
        ("at", _at(row, look)),
    ]
    pairs += [(WORDS.get(name, name.replace("_", " ")), Cell(fact_words(name, value, look, real=refusal.code == HELD)))
              for name, value in refusal.facts.items() if value]  # fmt: skip
    if refusal.conflict:
        pairs.append(("", Cell("Somebody else was first. Nothing is sent again by itself.", "dim")))
    pairs += [("hung on it", Cell(submit.type.replace("_", " "), "caution")) for submit in row.dependants]
    return pairs


def fact_words(name: str, value: str, look: Look, *, real: bool = False) -> str:
    """A fact as people read it: moments as clock times (``real``: the server's), streams by what is held there."""
    if name in ("since", "at") and value.isdigit():
        return clock_words(look.timed(int(value)) if real else int(value), look)
    if value == look.stream:
        return "this incident"
    return "another incident" if value.startswith("incident/") else value


class Clear:
    """What clearing a card is, since it is no command of the incident."""


def conflicts_board(
    cards: Callable[[], Sequence[CardItem]], notices: Callable[[], Sequence[Notice]]
) -> Board:
    """The board over the cards and notices that there are now, the newest first, cards before notices."""

    def rows(_look: Look) -> Mapping[str, Any]:
        found: dict[str, Row] = {card.command_id: card for card in reversed(cards())}
        return {**found, **{notice.key: notice for notice in reversed(notices())}}

    return Board(
        name="refused",
        title="Refused",
        digit="",
        rows=rows,
        columns=COLUMNS,
        verbs=(
            Verb("clear", "Clear the card", "clear", Clear, lambda _row, _values, _look: Clear(), key="x",
                 help="It has been dealt with."),
        ),
        detail=detail,
        find=lambda row, look: f"{_text(row, look).text} {_why(row, look).text}".lower(),
        named=lambda _text, _look: None,
        count=lambda _look: len(cards()),
        alarm=lambda _look: len(cards()),
        noun="card",
        empty="Nothing was refused. Refused commands stay here until somebody clears them.",
    )  # fmt: skip


class ConflictsPlace(BoardPlace):
    """Cards and notices as a list with detail. A card that is cleared goes at once."""

    tailed = False

    def __init__(self, board: Board) -> None:
        super().__init__(board, VirtualTable(board, patient=False))
