"""What lies over a frame and is no part of the ground: the crosshair, and the legend in its corner."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from rich.cells import get_character_cell_size

from incident_tui.map.draw import Frame
from incident_tui.map.inks import BLANK, PLAIN, TINT, Inks
from incident_tui.map.raster import Look
from incident_tui.widgets.paint import Line

ARMS: Final = {"ascii": ("-", "|")}
"""The arms of the crosshair, to the sides and up and down."""


def _copy(frame: Frame) -> Frame:
    return replace(frame, signs=frame.signs.copy(), inks=frame.inks.copy(), grounds=frame.grounds.copy())


def with_cursor(frame: Frame, column: int, row: int, look: Look, inks: Inks, *, bright: bool) -> Frame:
    """The frame with a crosshair: the cell itself reversed, and arms into the empty cells around it."""
    height, width = frame.signs.shape
    if not (0 <= column < width and 0 <= row < height):
        return frame
    made = _copy(frame)
    tone = "accent" if bright else "dim"
    made.inks[row, column] = inks.number(f"{tone} bold reverse" if bright else "dim reverse")
    made.grounds[row, column] = PLAIN
    if not made.signs[row, column] or get_character_cell_size(chr(int(made.signs[row, column]))) > 1:
        _halved(made, column, row)
    across, along = ARMS.get(look, ("─", "│"))
    reach = ((-2, 0, across), (-1, 0, across), (1, 0, across), (2, 0, across), (0, -1, along), (0, 1, along))
    for x, y, sign in reach:
        at = row + y, column + x
        if 0 <= at[0] < height and 0 <= at[1] < width and made.signs[at] == BLANK:
            made.signs[at] = ord(sign)
            made.inks[at] = inks.number(tone)
    return made


def _halved(frame: Frame, column: int, row: int) -> None:
    """A wide letter under the crosshair gives way to blanks: half of it cannot be reversed."""
    first = column if frame.signs[row, column] else column - 1
    frame.signs[row, max(0, first) : first + 2] = BLANK


def with_lines(frame: Frame, lines: Sequence[Line], inks: Inks) -> Frame:
    """The frame with lines of text, all of one width, in its upper right corner."""
    height, width = frame.signs.shape
    made = _copy(frame)
    for row, line in enumerate(lines[:height]):
        cells = [
            (code, inks.number(span.style))
            for span in line
            for char in span.text
            for code in (ord(char), 0)[: get_character_cell_size(char)]
        ]
        left = width - len(cells)
        if left < 0:
            continue
        if left and made.signs[row, left] == 0:
            made.signs[row, left - 1] = BLANK
        made.signs[row, left:] = [code for code, _ in cells]
        made.inks[row, left:] = [ink for _, ink in cells]
        made.grounds[row, left:] = TINT
    return made
