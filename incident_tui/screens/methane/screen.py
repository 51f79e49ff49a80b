"""METHANE: the version under the cursor letter by letter, with what stood there before; beside it, who has read it.

The list below is of all versions. Its cursor begins on the one to go by, so that is what a person sees who comes
from the Picture.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from textual import on

from incident.kernel.board import Board, Cell
from incident.methane.facts import Version
from incident.methane.fold import current, methane
from incident_tui.screens.flanked.screen import FlankedPlace
from incident_tui.screens.methane.blocks import letter_lines, receipts_line, receipts_view
from incident_tui.screens.place import Seen
from incident_tui.widgets.block import View
from incident_tui.widgets.paint import Line
from incident_tui.widgets.table import VirtualTable

LIST_LEAST = 4
"""Lines that the list of versions keeps: its heading and three versions."""


class MethanePlace(FlankedPlace):
    """One version in full, and the list of all."""

    SIDE = ("receipts",)

    def __init__(self, board: Board) -> None:
        super().__init__(board)
        self._lettered = ""
        """The version whose letters stand there, and the one whose letters stood there before it."""
        self._left = ""

    def version(self, seen: Seen) -> Version | None:
        """The version under the cursor, else the one to go by."""
        row = self._table.row
        return row if isinstance(row, Version) else current(methane(seen.look.state))

    def head_lines(self, seen: Seen, width: int, room: int) -> Sequence[Line]:
        """The letters."""
        version = self.version(seen)
        if version is None:
            return ()
        self._lettered = version.id
        below = 1 + min(LIST_LEAST - 1, len(self._table.roll.rows)) + (1 if not self.slim else 0)
        side = sum(block.view.height for block in self.blocks.values()) if self.slim else 0
        return letter_lines(version, seen.look, width, room - below - side)

    def views(self, seen: Seen, width: int, room: int) -> Mapping[str, View]:
        """A clock for each agency; in one line when it is narrow."""
        version = self.version(seen)
        if version is None:
            return {}
        view = (receipts_line if self.slim else receipts_view)(version, seen.look, width, room)
        return {"receipts": view}

    def pairs(self, row: Any, seen: Seen) -> list[tuple[str, Cell]]:
        """The detail of a version; where it covers everything it begins with what the narrow screen cannot say."""
        pairs = super().pairs(row, seen)
        sent = next((at for at, (title, cell) in enumerate(pairs) if not title and "sent to" in cell.text), 0)
        return pairs if not self.slim else [*pairs[:2], *pairs[sent:], *pairs[2:sent]]

    def in_sight(self) -> tuple[str, ...]:
        """Only what stands there letter by letter has been before somebody's eyes; a line of the list is no METHANE.

        The key that moves the cursor was pressed before the letters of the version that was left.
        """
        key = self._table.key
        here = (key,) if key is not None and key in self._table.painted else ()
        return (*here, *({self._left} - {"", key}))

    @on(VirtualTable.Moved)
    def _another(self) -> None:
        self._left, self._lettered = self._lettered, self._table.key or ""
        self.lay_now()
