"""Where the cursor of the list goes by itself: on from what was withdrawn, and to what we have just proposed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from incident.kernel.board import Board
from incident_tui.map.things import GONE
from incident_tui.widgets.table import VirtualTable

if TYPE_CHECKING:
    from incident_tui.screens.boundaries.screen import BoundariesPlace


class TwinTable(VirtualTable):
    """The list. What was withdrawn keeps its line as long as its detail is read, and the cursor with it."""

    def __init__(self, board: Board, read: Callable[[], bool]) -> None:
        super().__init__(board)
        self._read = read

    @property
    def holding(self) -> bool:
        """Somebody is at work in here, or reads what would go to the end."""
        return super().holding or self._read()


class Following:
    """The cursor of one list."""

    def __init__(self, place: BoundariesPlace) -> None:
        self.place = place
        self._stood: tuple[str, list[str], int] | None = None
        """The row of the cursor when it was last on something that stands, the lines of the list then, and its own."""
        self._made: frozenset[str] = frozenset()
        """The commands that have just proposed something, until it is shown."""

    def stood(self) -> None:
        """Before another moment is shown: where the cursor is."""
        table, thing = self.place.table, self.place.thing
        if thing is not None and thing.kind != GONE:
            self._stood = thing.key, table.roll.shown, table.roll.line

    def made(self, ids: Sequence[str]) -> None:
        """Something was proposed from here by these commands."""
        self._made = frozenset(ids)

    def to_made(self) -> None:
        """The cursor goes to what we have proposed, the first of several; it stays where a filter hides that."""
        made, self._made = self._made, frozenset()
        ours = [thing.key for thing in self.place.shown() if thing.version in made] if made else []
        if ours:
            self.place.table.go_to(ours[0], by_hand=False)

    def step_on(self) -> None:
        """The cursor does not go to the end with what was withdrawn under it, but to the next row that stands.

        Not under somebody's hands, nor under a detail that is being read; nor from a row that somebody went to.
        """
        table, thing = self.place.table, self.place.thing
        if thing is None or thing.kind != GONE or table.holding:
            return
        stood, self._stood = self._stood, None
        if stood is None or stood[0] != thing.key:
            return
        _, lines, line = stood
        for key in (*lines[line + 1 :], *reversed(lines[:line])):
            found = self.place.found(key)
            if found is not None and found.kind != GONE and table.go_to(key, by_hand=False):
                return
