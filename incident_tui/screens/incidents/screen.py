"""The incidents: enter one, or open another."""

from __future__ import annotations

from textual import on
from textual.message import Message

from incident.kernel.board import Board
from incident_tui.screens.board.screen import BoardPlace
from incident_tui.screens.place import Seen
from incident_tui.widgets.table import VirtualTable


class IncidentsPlace(BoardPlace):
    """The list of incidents this agency may see."""

    tailed = False

    class Chosen(Message):
        """A person wants to enter this incident."""

        def __init__(self, stream: str) -> None:
            super().__init__()
            self.stream = stream

    def __init__(self, board: Board) -> None:
        super().__init__(board)

    def feed(self, seen: Seen) -> None:
        """Show this moment; the incident that is open stands under the cursor at first."""
        first = self._seen is None
        super().feed(seen)
        if first and seen.session.stream:
            self._table.go_to(seen.session.stream)

    @on(VirtualTable.Entered)
    def _chosen(self, event: VirtualTable.Entered) -> None:
        event.stop()
        event.prevent_default()
        if event.key is not None:
            self.post_message(self.Chosen(event.key))
