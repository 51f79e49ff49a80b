"""A map's columns in slices, each a widget of its own.

Textual sends a widget's line from its left edge to the last cell that has become another: a map that is several
widgets sends a fraction of that when a unit has moved.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

if TYPE_CHECKING:
    from incident_tui.widgets.map_canvas import MapCanvas

SLICE: Final = 40
SLICES: Final = 8
"""So many columns are a widget of their own, and so many such widgets there are; the last takes the rest."""


def ends_of(width: int) -> tuple[int, ...]:
    """The columns at which the slices of a map of so many columns end."""
    return (*range(SLICE, min(width, SLICE * SLICES), SLICE), width)


def cut(strip: Strip, ends: tuple[int, ...]) -> list[Strip]:
    """The pieces of a line that end at these columns."""
    return [strip.crop(first, last) for first, last in pairwise((0, *ends))]


def filtered(widget: Widget, strip: Strip) -> Strip:
    """What the app's filters make of a line."""
    for line_filter in widget.get_line_filters():
        strip = strip.apply_filter(line_filter, widget.background_colors[1])
    return strip


def details(areas: Any) -> None:
    """The borders at every detail, made beside the screen: the first key that leads to another one does not wait."""
    from incident_tui.map import lod  # noqa: PLC0415 - loaded with the first map

    lod.prepare(areas)


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

    def render_lines(self, crop: Region) -> list[Strip]:
        """These lines. Whatever changes anywhere near, Textual asks for all of them: so without its cache of styles,
        since a map has no borders and no opacity, and without its filters, since the canvas keeps lines filtered.
        """
        self.canvas.wear()
        width, (first, last) = self.size.width, crop.column_span
        strips = [self.render_line(y).adjust_cell_length(width) for y in crop.line_range]
        return strips if (first, last) == (0, width) else [strip.crop(first, last) for strip in strips]

    def render_line(self, y: int) -> Strip:
        """A piece of the map's line."""
        return self.canvas.piece(y, self.number)

    def refresh_cells(self, spans: Iterable[tuple[int, list[int]]]) -> None:
        """Of these lines, with their cells that have become others in order, repaint what is in here."""
        last = self.first + self.size.width
        regions = []
        for row, cells in spans:
            at, end = bisect_left(cells, self.first), bisect_left(cells, last)
            if at < end:
                regions.append(Region(cells[at] - self.first, row, cells[end - 1] + 1 - cells[at], 1))
        if regions:
            self.refresh(*regions)
