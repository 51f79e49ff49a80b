"""Casualties and places: the totals above the counts they come from, and beside them the hospitals with their room."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from incident.casualties.board import grid_lines
from incident.kernel.board import Cell
from incident_tui.actions import key_words
from incident_tui.screens.casualties.blocks import (
    allocations_view,
    hospitals_line,
    hospitals_view,
    totals_lines,
)
from incident_tui.screens.flanked.screen import FlankedPlace
from incident_tui.screens.place import Seen
from incident_tui.widgets.block import View
from incident_tui.widgets.paint import Line


class CasualtiesPlace(FlankedPlace):
    """Totals and counts, hospitals and what is on the way to them."""

    SIDE = ("hospitals", "allocations")
    third = True
    tailed = False

    def pairs(self, row: Any, seen: Seen) -> list[tuple[str, Cell]]:
        """The detail of a count; the totals, which end it, stand above the list where there is room for both."""
        pairs = super().pairs(row, seen)
        return pairs if self.slim else pairs[: len(pairs) - len(grid_lines(seen.look))]

    def head_lines(self, seen: Seen, width: int, room: int) -> Sequence[Line]:
        """The totals by priority, where they are, and what nobody can explain."""
        return totals_lines(seen.look, width)

    def views(self, seen: Seen, width: int, room: int) -> Mapping[str, View]:
        """Every hospital with its room, and what was promised and is not there; in one line when it is narrow."""
        keys = seen.actions.keys_of("casualties.hospitals")
        key = key_words(keys[0]) if keys else ""
        if self.slim:
            return {"hospitals": hospitals_line(seen.look, width, key)}
        hospitals = hospitals_view(seen.look, width, room * 2 // 3, key)
        return {
            "hospitals": hospitals,
            "allocations": allocations_view(seen.look, width, room - hospitals.height - 2),
        }
