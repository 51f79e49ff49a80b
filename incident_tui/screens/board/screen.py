"""The board of any slice: a list, and beside it (or over it, when it is narrow) one row in full."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from textual import on
from textual.app import ComposeResult

from incident.kernel.board import Board, Cell
from incident_tui.actions import Action, applies
from incident_tui.screens.place import Place, Seen
from incident_tui.widgets.detail import DetailPane
from incident_tui.widgets.filter import plural
from incident_tui.widgets.lines import Lines
from incident_tui.widgets.paint import Span, spread
from incident_tui.widgets.rows import mark_tone
from incident_tui.widgets.table import VirtualTable


class Standpoint(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where somebody stands in a list: on which row, in which order, and whether the detail lies open."""

    row: str = ""
    sort: str = ""
    backwards: bool = False
    opened: bool = False


class BoardPlace(Place):
    """List and detail of one board."""

    tailed = True
    """On a wall the end of the log stands beside it."""

    of_one_incident = True
    """Whether its rows are things of the incident that is looked at."""

    def __init__(self, board: Board, table: VirtualTable | None = None) -> None:
        super().__init__(id=f"place-{board.name}", classes="board-place")
        self.board = board
        self.place = board.name
        self.title_words = board.title
        self._table = table or VirtualTable(board)
        self._detail = DetailPane(classes="detail")
        self._sign = Lines(classes="filter-sign")
        self._seen: Seen | None = None
        self._opened = False
        self._made = False
        """Something new was made here, which does not wait at the end until nobody works in the list."""
        self._stream = ""
        """The incident that was shown last."""
        self._resumed = ""
        """The row to go back to, as soon as it is here."""
        self._told: tuple[Any, ...] | None = None
        """What the detail was made of: the row, its state word, and the second for its ages."""

    def compose(self) -> ComposeResult:
        """List, detail, and at the foot the filter that is kept."""
        yield self._sign
        yield self._table
        yield self._detail

    @property
    def table(self) -> VirtualTable:
        """The list."""
        return self._table

    # -- what is shown --------------------------------------------------------------------------------------

    def feed(self, seen: Seen) -> None:
        """Show this moment. When it is of another incident, nothing of the one before stays open or in the list."""
        self._seen = seen
        another = bool(self._stream) and seen.look.stream != self._stream
        self._stream = seen.look.stream
        if another and self._opened:
            self._open(opened=False)
        self._table.moves = seen.actions.moves()
        self._table.note = (Span(seen.stale, "caution"),) if seen.stale else ()
        self.set_class(seen.wide, "-wide")
        self._table.feed(seen.look, seen.marks)
        if another or self._made:
            self._table.settle()
            self._made = False
        if another and self.of_one_incident:  # a row of the same name is another thing there
            self._table.put(0)
        if self._resumed:
            found = self._table.go_to(self._resumed)
            whole = bool(
                seen.look.stream and self._table.roll.rows
            )  # until an incident is open, more may come
            self._resumed = "" if found or whole else self._resumed
        self.tell_filter()
        self._show_detail()

    def tell_filter(self) -> None:
        """A filter that is kept leaves a sign, or nobody would know that rows are missing."""
        text = self._table.sieve.text
        kept = bool(text) and not self.screen.has_class("-filter")  # while it is typed its own line says it
        self.set_class(kept, "-filtered")
        if kept:
            shown, total, noun, _ = self.counts()
            words = f"{shown:,} of {total:,} {plural(noun, total)}"
            said = [Span("filter: ", "caution"), Span(text, "strong"), Span(f"  {words}", "caution")]
            self._sign.show([spread([Span(" "), *said], (Span("esc clears ", "dim"),), self.size.width)])

    def on_resize(self) -> None:
        """The sign of the filter has its two ends."""
        self.tell_filter()

    def tick(self) -> None:
        """Ages grow, flashes end."""
        self._table.tick()
        self._show_detail()

    def _show_detail(self) -> None:
        seen, board = self._seen, self.board
        if seen is None or board is None or not (self._opened or self.beside(seen)):
            return
        key, row = self._table.key, self._table.row
        if row is None or key is None:
            self._told = None
            self._detail.tell(
                [("", Cell("", "dim"))] if key is None else [("", Cell("This row has gone.", "dim"))]
            )
            return
        mark = seen.marks.get(board.version(row))
        told = (
            key,
            row,
            mark,
            (seen.look.real or seen.look.now) // 1000,
            seen.look.unconfirmed,
            f"{self.scope}/{key}" in seen.waiting,
        )
        if self._told is not None and self._told[1] is row and self._told == told:
            return  # a stroke of the pump that has nothing to do with this row
        self._told = told
        pairs = list(self.pairs(row, seen))
        if mark:
            pairs.insert(1, ("your change", Cell(change_words(mark), mark_tone(mark))))
        self._detail.tell(pairs, self.acts(row, seen))

    def beside(self, seen: Seen) -> bool:
        """Whether the detail stands beside the list without being opened."""
        return seen.wide

    def pairs(self, row: Any, seen: Seen) -> list[tuple[str, Cell]]:
        """The detail of a row."""
        return [] if self.board is None else list(self.board.detail(row, seen.look))

    def acts(self, row: Any, seen: Seen) -> list[Action]:
        """What can be done to a row now, and then what can be done here at all."""
        found = [
            action for action in seen.actions.verbs(self.scope) if action.keys and action.verb is not None
        ]
        able = [action for action in found if applies(action, row, seen.look)]
        found = sorted(able, key=lambda action: action.verb is not None and not action.verb.row)
        return seen.actions.due_first(
            found, self.scope, due=f"{self.scope}/{self._table.key}" in seen.waiting
        )

    # -- what is found again ------------------------------------------------------------------------------------

    @property
    def here(self) -> bool:
        """Whether there are rows, so that it can be said where one stands."""
        return bool(self._table.roll.rows) and not self._resumed

    @property
    def standpoint(self) -> Standpoint:
        """Where one stands now."""
        table = self._table
        at_end = table.tail and table.roll.line >= len(table.roll) - 1  # a log goes on at its end
        row = "" if at_end or table.key is None or not table.roll.line else table.key
        return Standpoint(row, table.sorting.name, table.sorting.backwards, self._opened)

    def resume(self, standpoint: Standpoint) -> None:
        """Stand there again, once the rows are here; a row that has gone meanwhile is passed over."""
        self._resumed = standpoint.row
        self._table.sorting.put(standpoint.sort, backwards=standpoint.backwards)
        self._open(opened=standpoint.opened)

    # -- for the room ---------------------------------------------------------------------------------------

    def take_focus(self) -> None:
        """The keys go to the list."""
        self.screen.set_focus(self._table)

    def row(self) -> tuple[str, Any] | None:
        """Key and row under the cursor."""
        key, row = self._table.key, self._table.row
        return None if key is None or row is None else (key, row)

    def chosen(self) -> tuple[str, ...]:
        """The rows selected, else the one under the cursor."""
        return self._table.chosen

    def selected(self) -> tuple[str, ...]:
        """The rows picked out with space that are shown."""
        return self._table.selected

    def made(self, ids: Sequence[str] = ()) -> None:
        """What was made stands where it belongs at once; the cursor stays on its row."""
        self._made = True

    def unselect(self, keep: Sequence[str] = ()) -> None:
        """The ticks of all other rows go, of those that a filter hides, too."""
        self._table.unselect(keep)

    def go_to(self, key: str) -> bool:
        """Put the cursor on a row; a filter that hides it is taken away."""
        if self._seen is not None:
            self._table.feed(self._seen.look, self._seen.marks)
        if not self._table.go_to(key) and self.filter_text:
            self.narrow("")
        return self._table.go_to(key)

    def narrow(self, text: str) -> None:
        """Filter by this line."""
        self._table.narrow(text)
        if self.is_attached:
            self.tell_filter()

    @property
    def filter_text(self) -> str | None:
        """The filter line as it stands."""
        return self._table.sieve.text

    def counts(self) -> tuple[int, int, str, tuple[str, ...]]:
        """How many rows are shown, of how many."""
        noun = "row" if self.board is None else self.board.noun
        return len(self._table.roll), len(self._table.roll.rows), noun, self._table.sieve.unknown

    def in_sight(self) -> tuple[str, ...]:
        """The keys of the rows on the screen."""
        return self._table.painted

    def back(self) -> bool:
        """Close the detail that lies over the list, give up a selection, or clear the filter, one at a time."""
        if self._opened:
            self._open(opened=False)
        elif self._table.roll.selected:
            self._table.roll.selected.clear()
            self._table.refresh()
        elif self.filter_text:
            self.narrow("")
        else:
            return False
        return True

    def _turn(self, move: str) -> bool:
        """Turn the pages of a detail that is longer than its place; True when the movement was meant for it."""
        step = {"page_up": -1.0, "page_down": 1.0, "half_up": -0.5, "half_down": 0.5}.get(move)
        if not self._opened or step is None or not self._detail.max_scroll_y:
            return False
        by = int(step * max(2, self._detail.size.height - 2))
        self._detail.scroll_relative(y=by, animate=False, immediate=True)
        return True

    def _open(self, *, opened: bool) -> None:
        self._opened = opened
        self._table.over = self._turn if opened else None
        self.set_class(opened, "-opened")
        self._show_detail()

    @on(VirtualTable.Entered)
    def _entered(self, event: VirtualTable.Entered) -> None:
        event.stop()
        self.enter()

    def enter(self) -> None:
        """Enter: the detail opens, or closes again."""
        self._open(opened=not self._opened)

    @on(VirtualTable.Moved)
    def _moved(self, event: VirtualTable.Moved) -> None:
        if event.by_hand:
            self._resumed = ""
        self._show_detail()


def change_words(mark: str) -> str:
    """How it stands with what this desk has changed in a row: its state word, or where it stands in the log."""
    return f"confirmed, {mark} in the log" if mark.startswith("#") else mark
