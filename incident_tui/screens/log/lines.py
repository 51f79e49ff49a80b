"""The log as a board: the same table shows it that shows everything else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from incident.kernel.board import Board, Cell, Column, Look
from incident.sharing import shared_with
from incident_tui.feed import LogLine
from incident_tui.widgets.rows import mark_tone

WEIGHTS: Final = ("decision", "act")
"""The log opens on these; machine lines come with one key."""
NUMBER_WIDTH: Final = 8


def key_of(line: LogLine) -> str:
    """The key of a line: its number in its stream; while it waits, the command that made it."""
    if line.seq:
        return f"{'own' if line.own else f'of {line.part}' if line.part else 'all'}/{line.seq}"
    return f"wait/{line.command_id}"


def lines_shown(lines: Sequence[LogLine], *, machine: bool) -> Mapping[str, LogLine]:
    """The lines by key, oldest first; without the machine's own unless they are wanted."""
    if machine:
        return {key_of(line): line for line in lines}
    return {key_of(line): line for line in lines if line.weight in WEIGHTS or line.word}


class Shown:
    """The lines by key, kept while the log grows: a line that was there is not looked at again."""

    def __init__(self) -> None:
        self._kept: tuple[LogLine, ...] = ()
        self._confirmed: dict[str, LogLine] = {}
        self._machine = False

    def rows(self, lines: tuple[LogLine, ...], *, machine: bool) -> Mapping[str, LogLine]:
        """As ``lines_shown``, for one list of lines after the other."""
        here = len(self._kept)
        if machine != self._machine or lines[:here] != self._kept:
            self._kept, self._confirmed, self._machine, here = (), {}, machine, 0
        first = next((at for at in range(len(lines), here, -1) if not lines[at - 1].word), here)
        self._confirmed.update(lines_shown(lines[here:first], machine=machine))
        self._kept = lines[:first]
        return {**self._confirmed, **lines_shown(lines[first:], machine=machine)}


def clock_words(at: int, look: Look) -> str:
    """A moment with seconds, in the zone of the Look's clock."""
    return f"{look.clock(at)}:{at // 1000 % 60:02d}"


def time_cell(line: LogLine, look: Look) -> Cell:
    """When it happened; late says so with a sign behind."""
    return Cell(clock_words(line.at, look) + ("‹" if line.late else ""), "caution" if line.late else "dim")


def number_cell(line: LogLine, _look: Look) -> Cell:
    """The number of the record, or the state word of what waits; a long one stands behind the text."""
    if line.word:
        return Cell(line.word if len(line.word) <= NUMBER_WIDTH else "–", mark_tone(line.word))
    if line.part:
        return Cell(f"o{line.seq}", "dim")
    return Cell(f"OWN {line.seq}" if line.own else f"#{line.seq}", "dim")


def agency_cell(line: LogLine, look: Look) -> Cell:
    """For whom it was written; on whose behalf."""
    if line.on_behalf_of:
        return Cell(f"{line.agency} for {line.on_behalf_of}", "accent")
    mine = look.me is not None and look.me.agency == line.agency
    return Cell(line.agency, "accent" if not mine else "strong")


def text_tone(line: LogLine) -> str:
    """Decisions stand out, the machine steps back, what was struck is struck through."""
    if line.struck:
        return "dim strike"
    if line.weight == "decision":
        return "strong"
    return "dim" if line.weight == "machine" else "ink"


def text_cell(line: LogLine, _look: Look) -> Cell:
    """The words, with whose own part they stand in when that is another agency's."""
    return Cell(line.said, text_tone(line))


def detail(line: LogLine, look: Look) -> Sequence[tuple[str, Cell]]:
    """A line in full: who wrote it, when it happened and when it was written down."""
    number = "OWN " if line.own else f"OWN of {line.part} " if line.part else ""
    pairs = [
        ("", Cell(line.said, text_tone(line))),
        (
            "line",
            Cell(
                f"{number}#{line.seq}" if line.seq else line.word, "dim" if line.seq else mark_tone(line.word)
            ),
        ),
        ("happened", Cell(clock_words(line.at, look))),
        ("written", Cell(clock_words(line.recorded_at, look), "caution" if line.late else "ink")),
        ("by", Cell(f"{line.actor}, {line.agency}")),
    ]
    if line.on_behalf_of:
        pairs.append(("on behalf of", Cell(line.on_behalf_of, "accent")))
    if line.late:
        pairs.append(("late", Cell("written more than two minutes after it happened", "caution")))
    if line.struck:
        pairs.append(("struck", Cell("this line was struck through; the correction says why", "alarm")))
    if line.own:
        by = ", ".join(sorted(() if look.own is None else shared_with(look.own, look.now)))
        pairs.append(
            ("seen by", Cell(f"our agency, and by agreement {by}" if by else "our agency only", "dim"))
        )
    if line.part:
        pairs.append(("seen by", Cell(f"{line.part}, and our agency by agreement", "caution")))
    pairs.append(("kind", Cell(f"{line.weight}, {line.type}", "dim")))
    return pairs


COLUMNS: Final = (
    Column("time", "Time", 9, time_cell, priority=1),
    Column("number", "No", NUMBER_WIDTH, number_cell, priority=2),
    Column("agency", "Agency", 8, agency_cell, priority=1, grow=0),
    Column("text", "Entry", 30, text_cell, priority=0, grow=1),
)


def find(line: LogLine, look: Look) -> str:
    """What the filter looks through; ``is:`` tells decisions, late, struck, own, shared and waiting lines apart."""
    marks = [f"is:{line.weight}", f"trust:{line.agency}", f"agency:{line.agency}", f"by:{line.actor}"]
    marks += ["is:late"] * line.late + ["is:struck"] * line.struck + ["is:own"] * line.own
    marks += ["is:shared", f"of:{line.part}"] if line.part else []
    marks += ["is:waiting"] * bool(line.word)
    words = (
        line.said,
        line.agency,
        line.actor,
        line.on_behalf_of,
        f"#{line.seq}",
        clock_words(line.at, look),
    )
    return " ".join((*words, *marks)).lower()


LOG_BOARD: Final = Board(
    name="log",
    title="Log",
    digit="5",
    rows=lambda _look: {},
    columns=COLUMNS,
    verbs=(),
    detail=detail,
    find=find,
    named=lambda _text, _look: None,
    version=lambda line: line.command_id if len(line.word) > NUMBER_WIDTH else "",
    noun="line",
    empty="No entry yet. Press l and write the first one.",
)
