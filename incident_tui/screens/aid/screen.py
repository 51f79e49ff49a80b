"""Aid: a board like the others; where no detail stands beside it, its foot says what accepting would leave.

Accepting asks nothing more, so the cover that would be left has to stand there before the key is pressed.
"""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult

from incident.kernel.board import Board
from incident.mutual_aid import facts as f
from incident_tui.actions import applies, key_words
from incident_tui.screens.aid.blocks import foot_lines
from incident_tui.screens.board.screen import BoardPlace
from incident_tui.screens.place import Seen
from incident_tui.widgets.lines import Lines
from incident_tui.widgets.table import VirtualTable

ACCEPT = "mutual_aid.accept"


class AidPlace(BoardPlace):
    """The requests, and what the one under the cursor would cost us."""

    def __init__(self, board: Board) -> None:
        super().__init__(board)
        self._foot = Lines(id="aid-foot")
        self._width = 0

    def compose(self) -> ComposeResult:
        """List and detail, and the foot."""
        yield from super().compose()
        yield self._foot

    def feed(self, seen: Seen) -> None:
        """Show this moment."""
        super().feed(seen)
        self._tell_foot()

    def tick(self) -> None:
        """Time has passed, or there is another width now."""
        super().tick()
        if self.size.width != self._width:
            self._tell_foot()

    @on(VirtualTable.Moved)
    def _another(self) -> None:
        self._tell_foot()

    def _tell_foot(self) -> None:
        seen, row = self._seen, self._table.row
        self._width = self.size.width
        if seen is None or seen.wide or not isinstance(row, f.Request):
            self._foot.show(())
            return
        action = seen.actions.by_name[ACCEPT]
        able = bool(action.keys) and applies(action, row, seen.look)
        self._foot.show(
            foot_lines(row, seen.look, self.size.width - 3, key_words(action.keys[0]) if able else "")
        )
