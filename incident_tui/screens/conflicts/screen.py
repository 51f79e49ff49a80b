"""Conflicts: refused commands as cards, kept until a person clears them; below, what is in dispute, and every notice.

A card is never a dialogue in somebody's way. It says what was meant, why it was refused, who holds the thing and
since when, and which other commands hung on it. A dispute shows every value with who gave it; Enter goes there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from textual import on

from incident.kernel.board import Board, Cell, Column, Look, Verb
from incident.kernel.slice import Refusal
from incident_tui.cache import CardItem
from incident_tui.screens.board.screen import BoardPlace
from incident_tui.screens.conflicts.disputes import Dispute, Disputes
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


Row = CardItem | Dispute | Notice


def _at(row: Row, look: Look) -> Cell:
    # A dispute is of the incident and in its time; cards and notices are in this room's.
    at = row.at if isinstance(row, Dispute) else look.timed(row.at)
    return Cell(clock_words(at, look), "dim")


def _what(row: Row, _look: Look) -> Cell:
    if isinstance(row, Notice):
        tones = {"alarm": "alarm", "caution": "caution"}
        return Cell("notice", tones.get(row.severity, "dim"))
    if isinstance(row, Dispute):
        return Cell("▲ DISPUTED", "alarm")
    return Cell("▲ REFUSED", "alarm")


def _text(row: Row, _look: Look) -> Cell:
    if isinstance(row, Notice):
        return Cell(row.sentence, "dim")
    return Cell(row.what if isinstance(row, Dispute) else row.text, "strong")


def _why(row: Row, _look: Look) -> Cell:
    if isinstance(row, Notice):
        return Cell("")
    return Cell(row.words() if isinstance(row, Dispute) else row.refusal.sentence, "caution")


COLUMNS: Final = (
    Column("at", "Time", 9, _at, priority=1),
    Column("what", "", 10, _what, priority=2),
    Column("text", "What", 24, _text, priority=0, grow=2),
    Column("why", "Who says what", 22, _why, priority=1, grow=3),
)


def detail(row: Row, look: Look) -> Sequence[tuple[str, Cell]]:
    """A card in full."""
    if isinstance(row, Notice):
        return [("", Cell(row.sentence, "strong")), ("at", _at(row, look))]
    if isinstance(row, Dispute):
        return _dispute(row, look)
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


def _dispute(row: Dispute, look: Look) -> list[tuple[str, Cell]]:
    pairs = [("", Cell(f"{row.what}  DISPUTED", "strong")), ("since", Cell(clock_words(row.at, look), "dim"))]
    pairs += [
        (value.agency, Cell(f"{value.words}, since {clock_words(value.at, look)}", "caution"))
        for value in row.values
    ]
    pairs.append(("", Cell(f"Both stand until {row.way}. Enter goes there.", "ink")))
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
    """The board over the cards, disputes and notices that there are now: cards first, the newest first."""
    disputes = Disputes()

    def rows(look: Look) -> Mapping[str, Any]:
        found: dict[str, Row] = {card.command_id: card for card in reversed(cards())}
        return {**found, **disputes.of(look), **{notice.key: notice for notice in reversed(notices())}}

    def alarm(look: Look) -> int:
        return len(cards()) + len(disputes.of(look))

    return Board(
        name="refused",
        title="Conflicts",
        digit="",
        rows=rows,
        columns=COLUMNS,
        verbs=(
            Verb("clear", "Clear the card", "clear", Clear, lambda _row, _values, _look: Clear(), key="x",
                 applies=lambda row, _look: isinstance(row, CardItem), help="It has been dealt with."),
        ),
        detail=detail,
        find=lambda row, look: f"{_text(row, look).text} {_why(row, look).text}".lower(),
        named=lambda _text, _look: None,
        count=alarm,
        alarm=alarm,
        noun="card",
        empty="Nothing was refused. Nothing is in dispute.",
    )  # fmt: skip


class ConflictsPlace(BoardPlace):
    """Cards, disputes and notices as a list with detail. A card that is cleared goes at once."""

    tailed = False

    def __init__(self, board: Board) -> None:
        super().__init__(board, VirtualTable(board, patient=False))

    @on(VirtualTable.Entered)
    def _settle(self, event: VirtualTable.Entered) -> None:
        """Enter on a dispute: to the thing itself, where it is settled."""
        row = self._table.row
        if isinstance(row, Dispute):
            event.stop()
            event.prevent_default()
            self.post_message(self.Opened(row.place, row.row))
