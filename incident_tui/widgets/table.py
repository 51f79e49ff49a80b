"""The table every board is shown in: lines painted when they are seen, kept until their row is another object.

It reads a ``Board`` and a ``Look`` and knows no slice. Cost follows what is visible, not what there is: a feed
compares the visible rows by identity, and paints only lines whose cells have become others. Cursor and selection
hang on keys; see ``Roll`` for why nothing moves under the cursor.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from textual import events
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from incident.kernel.board import Board, Cell, Column, Look
from incident_tui.widgets.columns import Fitted, fit_columns
from incident_tui.widgets.order import Order, by_words
from incident_tui.widgets.paint import Line, Span, paint_of
from incident_tui.widgets.roll import Roll
from incident_tui.widgets.rows import (
    GONE,
    GUTTER,
    THUMB,
    Cells,
    Flags,
    column_at,
    header_line,
    row_line,
    thumb,
)
from incident_tui.widgets.sieve import Sieve
from incident_tui.widgets.sorting import Sorting

HOLD_SECONDS = 8.0
"""So long after a key nothing moves in a list that has the cursor."""
FLASH_SECONDS = 2.0
WHEEL_LINES = 3


@dataclass(slots=True)
class _Painted:
    """A line as it was last painted, and everything it depends on."""

    row: Any
    cells: Cells
    flags: Flags
    epoch: int
    strip: Strip


class VirtualTable(ScrollView, can_focus=True):
    """A board as a list with a sticky header, a cursor and a filter."""

    DEFAULT_CSS = """
    VirtualTable {
        height: 1fr; width: 1fr;
        overflow-x: hidden; overflow-y: scroll;
        scrollbar-size: 0 0;
    }
    """
    ALLOW_SELECT = False
    MOVES: ClassVar[Mapping[str, str]] = {
        "up": "up", "k": "up", "down": "down", "j": "down", "pageup": "page_up", "pagedown": "page_down",
        "ctrl+u": "half_up", "ctrl+d": "half_down", "home": "top", "g": "top", "end": "bottom", "G": "bottom",
        "enter": "enter", "space": "select", "ctrl+r": "settle", "greater_than_sign": "sort",
        "less_than_sign": "reverse",
    }  # fmt: skip
    """Key to movement; the app replaces it from its keymap."""

    class Moved(Message):
        """The cursor stands on another row. ``by_hand``: a key or the mouse put it there."""

        def __init__(self, table: VirtualTable, key: str | None, *, by_hand: bool = True) -> None:
            super().__init__()
            self.table = table
            self.key = key
            self.by_hand = by_hand

        @property
        def control(self) -> VirtualTable:
            """The table, for ``on``."""
            return self.table

    class Entered(Moved):
        """A row was entered: Enter, or a double click."""

    class Broken(Message):
        """A column could not be shown: a bug in a board, reported once and never the end of the app."""

        def __init__(self, error: Exception, where: str) -> None:
            super().__init__()
            self.error = error
            self.where = where

    def __init__(
        self,
        board: Board,
        *,
        tail: bool = False,
        patient: bool = True,
        clock: Callable[[], float] = time.monotonic,
        id: str | None = None,  # noqa: A002 - Textual's name
    ) -> None:
        super().__init__(id=id)
        self.board = board
        self.roll = Roll()
        self.sieve = Sieve(board)
        self._order = Order()
        self.tail = tail
        self.patient = patient
        """Whether rows wait for the person; a list that only its reader changes need not."""
        self.pinned = False
        """Nothing moves at all: something on the screen points at the lines as they are."""
        self.moves: Mapping[str, str] = self.MOVES
        self.note: Line = ()
        """Words at the right end of the header, such as how old the picture is."""
        self._noted = False
        self._clock = clock
        self._look: Look | None = None
        self._marks: Mapping[str, str] = {}
        self.sorting = Sorting(board.columns)
        self._painted: dict[str, _Painted] = {}
        self.over: Callable[[str], bool] | None = None
        """Takes a movement first: the detail that lies open turns its own pages."""
        self._fitted: tuple[Fitted, ...] = ()
        self._epoch = 0
        self._wear: tuple[int, str] = (0, "")
        self._flashing: dict[str, tuple[frozenset[str], float]] = {}
        self._pressed = float("-inf")
        self._second = -1
        self._broken: set[str] = set()
        self.painted_count = 0
        """How many row lines were painted anew so far; for tests and benches."""

    # -- what is shown --------------------------------------------------------------------------------------

    @property
    def key(self) -> str | None:
        """The key of the row under the cursor."""
        return self.roll.cursor

    @property
    def row(self) -> Any | None:
        """The row under the cursor; None when there is none or it has gone meanwhile."""
        return None if self.roll.cursor is None else self.roll.rows.get(self.roll.cursor)

    @property
    def chosen(self) -> tuple[str, ...]:
        """The rows a verb acts on: those selected, else the one under the cursor."""
        return self.selected or ((self.roll.cursor,) if self.row is not None and self.roll.cursor else ())

    @property
    def selected(self) -> tuple[str, ...]:
        """The rows selected that are shown: on these and no other a verb would act."""
        return self.roll.chosen()

    def unselect(self, keep: Sequence[str] = ()) -> None:
        """Nothing is selected any more but these."""
        if not self.roll.selected <= set(keep):
            self.roll.selected.intersection_update(keep)
            self.refresh()

    @property
    def in_view(self) -> tuple[str, ...]:
        """The keys of the rows that are on the screen now."""
        top = self.scroll_offset.y
        return tuple(self.roll.shown[top : top + max(0, self.size.height - 1)])

    @property
    def painted(self) -> tuple[str, ...]:
        """Those of them that have been painted: what somebody may have read."""
        return tuple(key for key in self.in_view if key in self._painted)

    @property
    def holding(self) -> bool:
        """Somebody is at work in here, so nothing moves."""
        here = self.patient and self.has_focus and self._clock() - self._pressed < HOLD_SECONDS
        return here or self.pinned

    @property
    def hint(self) -> str:
        """What waits to be moved, in words, or nothing."""
        if not self.roll.waiting:
            return ""
        rows = "row" if self.roll.waiting == 1 else "rows"
        return f"{self.roll.waiting} {rows} re-ordered, press {self._key_of('settle')}"

    def _key_of(self, move: str) -> str:
        return next((key for key, name in self.moves.items() if name == move), move)

    def feed(self, look: Look, marks: Mapping[str, str] | None = None) -> None:
        """Show this moment. Paints only visible lines that have become others."""
        first, self._look = self._look is None, look
        if marks is not None:
            self._marks = marks
        rows = self.board.rows(look)
        wanted = self._ordered(rows, look)
        at_end = self.tail and self.roll.line >= len(self.roll) - 1
        before, height = self.roll.cursor, len(self.roll)
        line, known = self.roll.line, self.roll.rows
        moved = self.roll.feed(rows, wanted, hold=self.holding and not self.tail)
        self._note_changes(known, rows, look, first=first)
        if height != len(self.roll):
            self.set_reactive(VirtualTable.virtual_size, Size(self.size.width, len(self.roll) + 1))
        if at_end:
            self.roll.move(len(self.roll) - 1)
            self._scroll_into_view()
        elif moved:
            self._keep_line(line)
        if moved or height != len(self.roll):
            self.refresh()
        if before != self.roll.cursor:
            self.post_message(self.Moved(self, self.roll.cursor, by_hand=False))

    def _ordered(self, rows: Mapping[str, Any], look: Look) -> list[str]:
        keys = self.sieve.sift(rows, look)
        if self.sorting.by is not None:
            column, backwards = self.sorting.by
            return self._order.sorted(keys, rows, look, column.sort or by_words(column), backwards=backwards)
        if self.board.order is not None:
            return self._order.sorted(keys, rows, look, self.board.order)
        return keys

    def _note_changes(
        self, known: Mapping[str, Any], rows: Mapping[str, Any], look: Look, *, first: bool
    ) -> None:
        """Compare what is visible with what was painted: by identity first, then cell by cell."""
        until = self._clock() + FLASH_SECONDS
        dirty = []
        for line, key in enumerate(self.in_view):
            painted = self._painted.get(key)
            row = rows.get(key)
            if painted is None:
                if not first and known and key not in known:
                    self._flashing[key] = (frozenset(), until)
                continue
            if row is not None and painted.row is not row:
                cells = self._cells(row, look)
                changed = self._differing(painted.cells, cells)
                painted.row, painted.cells = row, cells
                if changed:
                    self._flashing[key] = (changed, until)
                    painted.epoch = -1
            if painted.epoch != self._epoch or painted.flags != self._flags(key):
                painted.epoch = -1
                dirty.append(line)
        self._repaint(dirty)

    def _differing(self, old: Cells, new: Cells) -> frozenset[str]:
        if len(old) != len(new):
            return frozenset()
        pairs = zip(self._fitted, old, new, strict=False)
        return frozenset(fitted.column.name for fitted, was, now in pairs if was.text != now.text)

    def tick(self) -> None:
        """At every stroke: flashes end, once a second ages grow, a list that nobody works in comes into order."""
        if self._look is None:
            return
        now = self._clock()
        over = [key for key, (_, until) in self._flashing.items() if until <= now]
        for key in over:
            del self._flashing[key]
        if self.roll.waiting and not self.holding:
            self.settle()
        aged = int(now) != self._second
        self._second = int(now)
        dirty = []
        for line, key in enumerate(self.in_view if aged or over else ()):
            painted = self._painted.get(key)
            if painted is None:
                continue
            cells = self._cells(painted.row, self._look) if aged else painted.cells
            if cells != painted.cells or key in over:
                painted.cells, painted.epoch = cells, -1
                dirty.append(line)
        self._repaint(dirty)

    def settle(self) -> None:
        """Put every row where it belongs now."""
        line = self.roll.line
        if self.roll.settle():
            self.set_reactive(VirtualTable.virtual_size, Size(self.size.width, len(self.roll) + 1))
            self._keep_line(line)
        self.refresh()

    def narrow(self, text: str) -> None:
        """Filter by this line."""
        self.sieve.set(text)
        if self._look is not None:
            self.roll.feed(self.roll.rows, self._ordered(self.roll.rows, self._look), hold=False)
            self.set_reactive(VirtualTable.virtual_size, Size(self.size.width, len(self.roll) + 1))
            self._scroll_into_view()
            self.refresh()

    def _repaint(self, lines: list[int]) -> None:
        if lines:
            self.refresh(*(Region(0, line + 1, self.size.width, 1) for line in lines))
        if self.roll.waiting or self.note or self._noted:
            self.refresh(Region(0, 0, self.size.width, 1))

    # -- painting -------------------------------------------------------------------------------------------

    def render_line(self, y: int) -> Strip:
        """The header, a row, or nothing."""
        width = self.size.width
        wear = (width, self.app.theme)
        if wear != self._wear:
            self._wear = wear
            self._epoch += 1
            self._painted.clear()
            self._fitted = fit_columns(self.board.columns, width - GUTTER - THUMB)
        if y == 0:
            return self._header(width)
        key = self.roll.at(y - 1 + self.scroll_offset.y)
        if key is not None:
            return self._row_strip(key, width, y)
        if not self.roll.shown and y == 2:
            words = (
                f"No {self.board.noun} matches. Esc clears the filter."
                if self.sieve.active
                else self.board.empty
            )
            return paint_of(self).strip((Span("  " + words, "dim"),), width)
        return paint_of(self).strip((), width)

    def _header(self, width: int) -> Strip:
        end: Line = (Span(self.hint, "caution"),) if self.hint else self.note
        self._noted = bool(end)
        return paint_of(self).strip(header_line(self._fitted, width, self.sorting.by, end), width)

    def _row_strip(self, key: str, width: int, y: int) -> Strip:
        row = self.roll.row(key)
        flags = self._flags(key)
        painted = self._painted.get(key)
        cells = None if painted is None or painted.row is not row else painted.cells
        if painted is None or cells is None or (painted.epoch, painted.flags) != (self._epoch, flags):
            cells = self._cells(row, self._look) if cells is None else cells
            self._painted.pop(key, None)
            if len(self._painted) > 4 * max(50, self.size.height):
                del self._painted[next(iter(self._painted))]  # the one painted longest ago
            line = row_line(self._fitted, cells, flags, width - THUMB)
            strip = paint_of(self).strip(line, width - THUMB, flags.ground)
            painted = self._painted[key] = _Painted(row, cells, flags, self._epoch, strip)
            self.painted_count += 1
        bar = y - 1 in thumb(self.size.height - 1, len(self.roll), self.scroll_offset.y)
        return Strip.join((painted.strip, paint_of(self).strip((Span("▐" if bar else " ", "rule"),), THUMB)))

    def _flags(self, key: str) -> Flags:
        row = self.roll.rows.get(key)
        mark = GONE if row is None else self._marks.get(self.board.version(row), "")
        flash = self._flashing.get(key)
        return Flags(
            key == self.roll.cursor,
            self.has_focus,
            key in self.roll.selected,
            mark,
            None if flash is None else flash[0],
        )

    def _cells(self, row: Any, look: Look | None) -> Cells:
        return () if look is None else tuple(self._cell(column, row, look) for column, _ in self._fitted)

    def room_for(self, name: str) -> int:
        """How many cells a column has now; 0 when it is not shown."""
        return next((cells for column, cells in self._fitted if column.name == name), 0)

    def _cell(self, column: Column, row: Any, look: Look) -> Cell:
        try:
            return column.cell(row, look)
        except Exception as error:  # noqa: BLE001 - a bug in one column must not take the room's screen down
            where = f"{self.board.name}.{column.name}"
            if where not in self._broken:
                self._broken.add(where)
                self.post_message(self.Broken(error, where))
            return Cell("cannot be shown", "alarm")

    # -- moving ---------------------------------------------------------------------------------------------

    def on_key(self, event: events.Key) -> None:
        """Movement; everything else is for the screen."""
        self._pressed = self._clock()
        move = self.moves.get(event.key)
        if move is not None:
            event.stop()
            self.act(move)

    def act(self, move: str) -> None:
        """Do one movement by its name. Whole pages are turned in what lies over the list, if something does."""
        if self.over is not None and self.over(move):
            return
        page = max(1, self.size.height - 2)
        line, last = self.roll.line, len(self.roll) - 1
        lines = {
            "up": line - 1, "down": line + 1, "page_up": line - page, "page_down": line + page,
            "half_up": line - page // 2, "half_down": line + page // 2, "top": 0, "bottom": last,
        }  # fmt: skip
        if move in lines:
            self.put(lines[move])
        elif move == "enter" and self.roll.cursor is not None:
            self.post_message(self.Entered(self, self.roll.cursor))
        elif move == "select" and self.roll.cursor is not None:
            self.roll.toggle(self.roll.cursor)
            self.refresh()
            self.post_message(self.Moved(self, self.roll.cursor))  # what a key would do now is another thing
        elif move == "settle":
            self.settle()
        elif move == "sort":
            self.sorting.next([fitted.column for fitted in self._fitted])
            self.resort()
        elif move == "reverse":
            self.sorting.reverse()
            self.resort()

    def put(self, line: int) -> None:
        """Put the cursor on a line and bring it into view."""
        before = self.roll.line
        if self.roll.move(line):
            self._scroll_into_view()
            top = self.scroll_offset.y
            self._repaint(
                [at - top for at in (before, self.roll.line) if 0 <= at - top < self.size.height - 1]
            )
            self.post_message(self.Moved(self, self.roll.cursor))

    def go_to(self, key: str, *, by_hand: bool = True) -> bool:
        """Put the cursor on a row by its key; False when it is not here (or filtered away)."""
        if not self.roll.go_to(key):
            return False
        self._scroll_into_view()
        self.refresh()
        self.post_message(self.Moved(self, key, by_hand=by_hand))
        return True

    def _scroll_into_view(self) -> None:
        window = max(1, self.size.height - 1)
        top = self.scroll_offset.y
        line = self.roll.line
        if line < top:
            self.scroll_to(y=line, animate=False)
        elif line >= top + window:
            self.scroll_to(y=line - window + 1, animate=False)

    def _keep_line(self, before: int) -> None:
        """After rows have moved: scroll so that the cursor's row stays on the same line of the screen."""
        self.scroll_to(y=max(0, self.scroll_offset.y + self.roll.line - before), animate=False)

    def resort(self) -> None:
        """Put the rows in the order that was chosen."""
        if self._look is not None:
            self.roll.wanted = self._ordered(self.roll.rows, self._look)
            self.settle()
            self._scroll_into_view()

    # -- the mouse ------------------------------------------------------------------------------------------

    def on_click(self, event: events.Click) -> None:
        """On a title: order by it. On the bar: go there. On a row: the cursor; twice: enter it."""
        self._pressed = self._clock()
        event.stop()
        if event.y == 0:
            column = column_at(self._fitted, event.x)
            if column is not None:
                self.sorting.click(column.name)
                self.resort()
            return
        if event.x >= self.size.width - THUMB:
            self.put((len(self.roll) - 1) * (event.y - 1) // max(1, self.size.height - 2))
            return
        line = event.y - 1 + self.scroll_offset.y
        if self.roll.at(line) is not None:
            self.put(line)
            if event.chain == 2:
                self.act("enter")

    def _on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        self._wheel(event, WHEEL_LINES)

    def _on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        self._wheel(event, -WHEEL_LINES)

    def _wheel(self, event: events.MouseEvent, lines: int) -> None:
        """Move the window; the cursor comes along at its edge, so that no verb meets a row out of sight."""
        event.stop()
        event.prevent_default()
        self._pressed = self._clock()
        self.scroll_to(y=self.scroll_offset.y + lines, animate=False, immediate=True)
        window = max(1, self.size.height - 1)
        top = self.scroll_offset.y
        self.put(max(top, min(self.roll.line, top + window - 1)))

    def on_resize(self) -> None:
        """The cursor stays in view."""
        self.set_reactive(VirtualTable.virtual_size, Size(self.size.width, len(self.roll) + 1))
        self._scroll_into_view()
