"""The log: thousands of lines, newest at the foot, above the composer."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any, Final

from rich.cells import cell_len
from textual.app import ComposeResult

from incident.kernel.board import Look
from incident_tui.actions import Action
from incident_tui.feed import LogLine
from incident_tui.screens.board.screen import BoardPlace
from incident_tui.screens.log.lines import LOG_BOARD, Shown
from incident_tui.screens.place import Seen
from incident_tui.widgets.lines import Lines
from incident_tui.widgets.paint import Span, wrap
from incident_tui.widgets.table import VirtualTable

READ_LINES: Final = 4
FEED_SECONDS: Final = 0.15
"""Where every line moves with each that is written, showing it oftener serves nobody, and costs a whole screen."""
VERBS_BOARD = "decisions"
"""The slice's own board, whose verbs (write, decide, strike) work here, too."""


class LogPlace(BoardPlace):
    """Every line of the incident, of our own part, and of what others share with us of theirs, in one list."""

    read_at_end = True

    def __init__(self) -> None:
        self._lines: tuple[LogLine, ...] | None = None
        self._rows: Any = {}
        self._shown = Shown()
        self._fed = float("-inf")
        self._later: Seen | None = None
        self.machine = False
        """Whether the machine's own lines are shown."""
        board = replace(LOG_BOARD, rows=self._rows_now)
        super().__init__(board, VirtualTable(board, tail=True))
        self.place = "log"
        self._reading = Lines(classes="reading")

    @property
    def scope(self) -> str:
        """The verbs of the log's own slice."""
        return VERBS_BOARD

    @property
    def scopes(self) -> tuple[str, ...]:
        """The log's own keys, and the verbs of its slice."""
        return ("log", VERBS_BOARD)

    def _rows_now(self, _look: Look) -> Any:
        return self._rows

    def feed(self, seen: Seen) -> None:
        """Show this moment, or soon; the rows are made anew only when there are other lines."""
        now = time.monotonic()
        if self._lines is not None and now - self._fed < FEED_SECONDS:
            self._later = seen
            return
        self._fed, self._later = now, None
        seen = replace(seen, wide=seen.wall)  # entries need the width more than their detail does
        lines = seen.session.log().lines
        if lines is not self._lines:
            self._lines = lines
            self._rows = self._shown.rows(lines, machine=self.machine)
        super().feed(seen)
        self._read()
        shown = seen.stale or self._note(seen, lines)
        self._table.note = (Span(shown, "caution" if seen.stale else "dim"),) if shown else ()

    def tick(self) -> None:
        """What had to wait is shown; ages grow, flashes end."""
        if self._later is not None:
            self.feed(self._later)
        super().tick()
        self._read()

    def compose(self) -> ComposeResult:
        """The list, its detail, and at the foot the line under the cursor in full, where it was cut."""
        yield from super().compose()
        yield self._reading

    def _read(self) -> None:
        """The whole of a line that does not fit into one: nothing that was said stays behind an ellipsis."""
        line, seen = self.line, self._seen
        width = self.size.width - 4
        whole = "" if line is None or seen is None or seen.wide else line.said
        cut = bool(whole) and cell_len(whole) > self._table.room_for("text")
        parts = wrap(whole, width)[:READ_LINES] if cut and width > 0 else []
        self._reading.display = bool(parts)
        self._reading.show(
            [(Span("  ▸ " if not n else "    ", "accent"), Span(part)) for n, part in enumerate(parts)]
        )

    def _note(self, seen: Seen, lines: tuple[LogLine, ...]) -> str:
        log = seen.session.log()
        below = len(self._table.roll) - 1 - self._table.roll.line
        if below > self._table.size.height:
            return f"{below:,} newer below"
        if log.more:
            return f"{len(lines):,} of {log.total:,} here"
        return "every line" if self.machine else ""

    def toggle_machine(self) -> None:
        """Show the machine's own lines, or leave them out."""
        self.machine = not self.machine
        self._lines = None
        if self._seen is not None:
            self.feed(self._seen)

    def pairs(self, row: Any, seen: Seen) -> list[Any]:
        """The line in full."""
        return list(LOG_BOARD.detail(row, seen.look))

    def acts(self, row: Any, seen: Seen) -> list[Action]:
        """What the log's own slice offers that needs no row of its own."""
        free = [
            a for a in seen.actions.verbs(VERBS_BOARD) if a.keys and a.verb is not None and not a.verb.row
        ]
        return [a for a in free if a.verb is not None and a.verb.applies(None, seen.look)]

    def row(self) -> tuple[str, Any] | None:
        """A line is no row of a verb: it is read, and struck through by its number."""
        return None

    def chosen(self) -> tuple[str, ...]:
        """None of the verbs here acts on a line."""
        return ()

    @property
    def line(self) -> LogLine | None:
        """The line under the cursor."""
        found = self._table.row
        return found if isinstance(found, LogLine) else None
