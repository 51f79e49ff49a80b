"""The incidents: enter one, or open another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from textual import on
from textual.message import Message

from incident.kernel.board import Board, Cell
from incident.kernel.protocol import Listing
from incident_tui.actions import key_words
from incident_tui.screens.board.screen import BoardPlace
from incident_tui.screens.place import Seen
from incident_tui.screens.room.elsewhere import JOIN, LEAD, asked_by
from incident_tui.widgets.table import VirtualTable

ANSWERS: Final = {
    JOIN: {"parties.join": "joins"},
    LEAD: {"parties.accept-lead": "accepts the lead", "parties.decline-lead": "declines it"},
}
"""What answers each thing that an incident asks, and what the key of it does."""


def asking_words(asked: Sequence[str]) -> str:
    """What an incident asks of us, in full."""
    words = {JOIN: "to join", LEAD: "to answer about the lead"}
    return ", and ".join(words[one] for one in asked)


def ways(row: Listing, asked: Sequence[str], seen: Seen) -> str:
    """The keys that lead to what is asked, and those that answer it there."""

    def key(name: str) -> str:
        return next((key_words(one) for one in seen.actions.keys_of(name)), f":{name.rpartition('.')[2]}")

    there = f"{key('list.enter')} goes there, " if row.stream != seen.look.stream else ""
    answers = [f"{key(name)} {words}" for one in asked for name, words in ANSWERS[one].items()]
    return f"{there}{key('app.next')} leads to it, and there {', '.join(answers)}"


class IncidentsPlace(BoardPlace):
    """The list of incidents this agency may see."""

    tailed = False
    of_one_incident = False

    class Chosen(Message):
        """A person wants to enter this incident."""

        def __init__(self, stream: str) -> None:
            super().__init__()
            self.stream = stream

    def __init__(self, board: Board) -> None:
        super().__init__(board)
        self._open_now = ""
        """The incident that was open when the cursor was last put on it."""

    def feed(self, seen: Seen) -> None:
        """Show this moment; the incident that is open stands under the cursor at first, and so does another one."""
        super().feed(seen)
        stream = seen.session.stream
        if stream and stream != self._open_now and self._table.go_to(stream, by_hand=False):
            self._open_now = stream

    def pairs(self, row: Any, seen: Seen) -> list[tuple[str, Cell]]:
        """The detail of an incident; what it asks of us stands at the top, with the keys that answer it."""
        pairs = super().pairs(row, seen)
        asked = asked_by(row, seen.look)
        if asked:
            pairs[1:1] = [
                ("asks us", Cell(asking_words(asked), "alarm")),
                ("keys", Cell(ways(row, asked, seen))),
            ]
        return pairs

    @on(VirtualTable.Entered)
    def _chosen(self, event: VirtualTable.Entered) -> None:
        event.stop()
        event.prevent_default()
        if event.key is not None:
            self.post_message(self.Chosen(event.key))
