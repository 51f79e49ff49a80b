"""A row of a table as words: gutter, cells, state word. Pure functions, so that they are tested without a screen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from rich.cells import cell_len

from incident.kernel.board import Cell, Column
from incident_tui.widgets.columns import GAP, Fitted
from incident_tui.widgets.paint import Line, Span, fit, length, shorten

GUTTER: Final = 2
"""Cells before the first column: the cursor, then the sign of a change or a selection."""
THUMB: Final = 1
"""Cells behind the last column: where in the whole list one is."""
MARK_ROOM: Final = 8
"""Cells of text that must stay beside a state word; else the word lies over the right end of the row."""
GONE: Final = "gone"
"""The word of a row that is not there any more, and stays as long as somebody works in the list."""
ALARMING: Final = frozenset({"LIKELY REFUSED", "REFUSED", "DISPUTED"})

Cells = tuple[Cell, ...]


class Flags(NamedTuple):
    """What else a row looks like. ``flash`` names the columns that have just changed; None: nothing has."""

    cursor: bool = False
    focused: bool = False
    selected: bool = False
    mark: str = ""
    flash: frozenset[str] | None = None

    @property
    def ground(self) -> str:
        """The token behind the row."""
        return ("selection" if self.focused else "panel") if self.cursor else "ground"


def mark_tone(word: str) -> str:
    """The tone of a state word: confirmed ones are calm, refused ones alarm, the rest wait."""
    return "good" if word.startswith("#") else "alarm" if word in ALARMING else "caution"


def row_line(fitted: Sequence[Fitted], cells: Cells, flags: Flags, width: int) -> Line:
    """One row, in at most ``width`` cells."""
    mark, gone = flags.mark, flags.mark == GONE
    if any(
        column.name == "mark" and cell.text == mark for (column, _), cell in zip(fitted, cells, strict=True)
    ):
        mark = ""  # the board has a column of its own that says so
    word = Span(f" {mark}", "dim" if gone else f"{mark_tone(mark)} bold")
    place = _place_of(fitted, mark) if mark else None
    spans = [*_gutter(flags)]
    for (column, room), cell in zip(fitted, cells, strict=True):
        tone = "dim strike" if gone else cell.tone
        if flags.flash and column.name in flags.flash:
            tone = f"{tone} bold underline"
        if column is place:
            spans += [*_words_of(fit(cell.text, room - cell_len(word.text)), tone), word, Span(" " * GAP)]
        else:
            spans += [*_words_of(fit(cell.text, room, column.align), tone), Span(" " * GAP)]
    if not mark or place is not None:
        return tuple(spans)
    line = shorten(spans, max(0, width - cell_len(word.text) - 1))
    return (*line, Span(" " * max(0, width - length(line) - cell_len(word.text) - 1)), word)


def _gutter(flags: Flags) -> Line:
    changed = flags.flash is not None
    # A selection is seen whatever else happens to the row: an act on rows that look unselected is the worst of slips.
    sign = "✓" if flags.selected else "•" if changed else " "
    tone = "caution" if changed and not flags.selected else "accent bold"
    return (Span("▸" if flags.cursor else " ", "accent bold"), Span(sign, tone))


def _place_of(fitted: Sequence[Fitted], mark: str) -> Column | None:
    """The column at whose end the state word stands: the widest that grows, so that all the rest stay aligned."""
    growing = [one for one in fitted if one.column.grow and one.column.align == "left"]
    widest = max(growing, key=lambda one: one.width, default=None)
    return widest.column if widest is not None and widest.width >= len(mark) + 1 + MARK_ROOM else None


def _words_of(text: str, tone: str) -> Line:
    """A cell as spans: its words apart from its padding, so that underlining is as long as the words are."""
    body = text.strip(" ")
    lead = len(text) - len(text.lstrip(" "))
    if not lead and "underline" not in tone:
        return (Span(text, tone),)
    parts = (Span(text[:lead]), Span(body, tone), Span(text[lead + len(body) :]))
    return tuple(span for span in parts if span.text)


def header_line(
    fitted: Sequence[Fitted], width: int, sort: tuple[Column, bool] | None = None, end: Line = ()
) -> Line:
    """The titles, with a sign at the one the list is ordered by, and words at the right end."""
    spans = [Span(" " * GUTTER)]
    for column, cells in fitted:
        title = column.title.upper()
        if sort is not None and sort[0] is column:
            title = f"{title} {'▼' if sort[1] else '▲'}"
        spans += [Span(fit(title, cells, column.align), "dim"), Span(" " * GAP)]
    spans.pop()
    if not end:
        return tuple(spans)
    room = max(0, width - length(end) - THUMB - 1)
    line = shorten(spans, room)
    return (*line, Span(" " * (room - length(line) + 1)), *end)


def column_at(fitted: Sequence[Fitted], x: int) -> Column | None:
    """The column under a cell of the header."""
    at = GUTTER
    for column, cells in fitted:
        if at <= x < at + cells:
            return column
        at += cells + GAP
    return None


def thumb(window: int, whole: int, top: int) -> range:
    """The lines of a window that its bar covers: where in the whole list it stands; empty when all is seen."""
    if whole <= window or window < 1:
        return range(0)
    tall = max(1, window * window // whole)
    first = (window - tall) * top // max(1, whole - window)
    return range(first, first + tall)
