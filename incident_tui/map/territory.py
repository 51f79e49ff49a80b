"""Whose the cells of one picture are, and where in an area its name stands best.

All areas are looked for at once: a cell holds a bit for each of them (64 in a number), and a piece of border turns the
bits of the areas on both its sides.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import numpy as np

from incident_tui.map import lod, raster
from incident_tui.map.raster import Array
from incident_tui.map.view import View

SQUARE: Final = (2, 4)
"""Rows and columns that are as high as they are wide."""


class Territory:
    """Which areas each cell of a picture lies in; found when it is first asked for."""

    __slots__ = ("_cells", "_levels", "found", "view")

    def __init__(self, found: lod.Borders, view: View) -> None:
        self.found, self.view = found, view
        self._cells: dict[int, tuple[Array, int]] = {}
        self._levels: dict[int, Array] = {}

    def _bit(self, code: str) -> tuple[int, int]:
        word, bit = divmod(self.found.codes.index(code), lod.WORD)
        return word, 1 << bit

    def _of(self, word: int) -> tuple[Array, int]:
        """The bits of all cells, and those that any of them has."""
        if word not in self._cells:
            cells = _owned(self.found, self.view, word)
            self._cells[word] = cells, int(np.bitwise_or.reduce(cells, axis=None))
        return self._cells[word]

    def mask(self, code: str) -> Array | None:
        """Which cells lie in this area; None when none does."""
        if code not in self.found.codes:
            return None
        word, bit = self._bit(code)
        cells, there = self._of(word)
        return (cells & cells.dtype.type(bit)) != 0 if there & bit else None

    def depth(self, code: str) -> Array:
        """How deep in the area the squares of the picture lie that are wholly in it, one a step; 0 for all others.

        With an edge of squares around the picture, one row after the other: see ``squares``.
        """
        word, bit = self._bit(code)
        if word not in self._levels:
            self._levels[word] = _levels(self._of(word)[0])
        levels = self._levels[word]
        inner = (levels & levels.dtype.type(bit)) != 0
        found: Array = np.add.reduce(inner.view(np.uint8), axis=0, dtype=np.uint8)
        return found


def _owned(found: lod.Borders, view: View, word: int) -> Array:
    _, south, east, north = view.bounds
    segments, bits = found.beside(word)
    near: Array = segments.low[:, 1] <= north
    near &= segments.high[:, 1] >= south
    near &= segments.low[:, 0] <= east
    where = np.flatnonzero(near)
    on = segments.lattice(where, view.cell_wide, view.cell_high)
    cells = raster.owned(on, bits[where], view.left, view.top, view.width, view.height)
    return np.ascontiguousarray(cells)


def _levels(cells: Array) -> Array:
    """The squares that lie in an area whole, then those around which all are such, and so on: (levels, squares)."""
    (height, width), (tall, long) = cells.shape, SQUARE
    high, wide = height // tall, width // long
    rows = cells[: high * tall, : wide * long].reshape(high, tall, wide * long)
    whole = np.bitwise_and.reduce(np.bitwise_and.reduce(rows, axis=1).reshape(high, wide, long), axis=2)
    across = -(-width // long) + 2
    inner = np.zeros((-(-height // tall) + 2, across), dtype=cells.dtype)
    inner[1 : high + 1, 1 : wide + 1] = whole
    levels = [inner.ravel()]
    while levels[-1].any():
        last, inner = levels[-1], np.zeros_like(levels[-1])
        middle = inner[across:-across]
        np.bitwise_and(last[across:-across], last[: -2 * across], out=middle)
        middle &= last[2 * across :]
        middle &= last[across - 1 : -across - 1]
        middle &= last[across + 1 : 1 - across]
        levels.append(inner)
    return np.array(levels)


@lru_cache(maxsize=8)
def squares(height: int, width: int) -> Array:
    """The number of the square that each cell of a picture lies in, cells one row after the other."""
    across = -(-width // SQUARE[1]) + 2
    rows = (np.arange(height) // SQUARE[0] + 1) * across
    found: Array = (rows[:, None] + np.arange(width) // SQUARE[1] + 1).ravel()
    return found


def anchor(territory: Territory, code: str, free: Array, clear: Array, cells: int) -> tuple[int, int] | None:
    """A cell of the lattice well inside the part of an area that is in sight; None where no name of this length fits.

    ``free`` (height, width) says which cells of the picture are nobody's, ``clear`` in which of them there is no line
    either. The cell is one from which it is farthest to what is not the area, or to the picture's edge, with room for
    the name to both sides; over a line only if there is no other.
    """
    mask = territory.mask(code)
    half = cells // 2 + 1
    if mask is None or mask.shape[1] <= 2 * half:
        return None
    fits = np.flatnonzero(runs(mask & clear, 2 * half + 1))
    if not len(fits):
        fits = np.flatnonzero(runs(mask & free, 2 * half + 1))
        if not len(fits):
            return None
    fits += half
    depth = territory.depth(code)[squares(*mask.shape)[fits]]
    rows, columns = np.divmod(fits[depth == depth.max()], mask.shape[1])
    off = np.abs((rows - rows.mean()) / SQUARE[0]) + np.abs((columns - columns.mean()) / SQUARE[1])
    middle = off.argmin()
    return territory.view.left + int(columns[middle]), territory.view.top + int(rows[middle])


def runs(cells: Array, long: int) -> Array:
    """Where so many set cells side by side begin; ``long`` is no more than the cells of a row."""
    height, width = cells.shape
    found = np.zeros(height * width, dtype=np.bool_)
    row, have = cells.ravel(), 1
    while have < long:
        more = min(have, long - have)
        row = row[:-more] & row[more:]
        have += more
    found[: len(row)] = row
    whole: Array = found.reshape(height, width)
    whole[:, width - long + 1 :] = False  # these would end in the next row
    return whole
