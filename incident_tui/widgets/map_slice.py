"""A map's columns in slices, each a widget of its own.

Textual sends a widget's line from its left edge to the last cell that has become another: a map that is several
widgets sends a fraction of that when a unit has moved.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

if TYPE_CHECKING:
    from incident_tui.widgets.map_canvas import MapCanvas

SLICE: Final = 40
SLICES: Final = 8
"""So many columns are a widget of their own, and so many such widgets there are; the last takes the rest."""


class Slice(Widget):
    """Some columns of the map. Textual sends a widget's line from its left edge to the last cell that has changed;
    a map of several widgets sends less for a unit that has moved.
    """

    DEFAULT_CSS = "Slice { height: 1fr; width: 1fr; }"
    ALLOW_SELECT = False

    def __init__(self, number: int, canvas: MapCanvas) -> None:
        super().__init__()
        self.number = number
        self.canvas = canvas
        self.first = number * SLICE
        self.display = False

    def fit(self, width: int) -> None:
        """Take one's share of a map of so many columns."""
        last = width if self.number == SLICES - 1 else min(width, self.first + SLICE)
        self.display = last > self.first
        self.styles.width = max(0, last - self.first)

    def render_line(self, y: int) -> Strip:
        """A piece of the map's line."""
        return self.canvas.render_line(y).crop(self.first, self.first + self.size.width)

    def refresh_cells(self, spans: Iterable[tuple[int, list[int]]]) -> None:
        """Of these lines, with their cells that have become others, repaint what is in here."""
        last = self.first + self.size.width
        regions = []
        for row, cells in spans:
            mine = [cell for cell in cells if self.first <= cell < last]
            if mine:
                regions.append(Region(mine[0] - self.first, row, mine[-1] + 1 - mine[0], 1))
        if regions:
            self.refresh(*regions)
