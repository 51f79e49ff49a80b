"""Which names stand where: the weightiest first, on the side with the least beneath, and never one over another.

A name keeps its cell of the ground for as long as its mark and the scale stay: a picture that is moved shows the same
names in the same places, cut by its edge if need be. Therefore names are also sought for what lies just outside the
picture, so that whatever comes into sight has its name already.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from rich.cells import cell_len, get_character_cell_size

from incident.kernel.text import safe_text
from incident_tui.map.raster import Array
from incident_tui.map.view import View

LONGEST: Final = 22
"""Cells of a name; what is longer is cut."""
CUT: Final = LONGEST + 1
"""What speaks against a place where the edge of the picture cuts a name: more than anything drawn beneath it."""
AROUND: Final = LONGEST + 4
"""So many cells around the picture are looked at, too: no name reaches farther."""
AREA_PRIORITY: Final = 50
"""The names of areas stand above those of marks with less, and beneath those with more."""
NEAR_ENOUGH: Final = {"units": 60.0, "hospitals": 700.0}
"""By layer: above so many metres per dot its marks bear no names, unless they are selected."""
MOST: Final = 100
"""So many names of marks are sought in one picture; the weightiest. More would tell less."""
SQUARE: Final = (2, 4)
"""Rows and columns that are as high as they are wide."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A name that should be shown beside a cell of the lattice."""

    key: str
    column: int
    row: int
    text: str
    pen: int
    priority: int = 0
    bare: bool = False
    """There is no sign: the name stands on the cell itself."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A name in its place on the lattice: first cell, and what it says. ``wanted`` is what it was placed for."""

    wanted: Wanted
    column: int
    row: int
    text: str
    cells: int


class Room:
    """The cells of the picture and around it: what is taken, and what has something drawn in it."""

    def __init__(self, view: View) -> None:
        self.left, self.top = view.left - AROUND, view.top - AROUND
        self.width, self.height = view.width + 2 * AROUND, view.height + 2 * AROUND
        self._right, self._foot = AROUND + view.width, AROUND + view.height
        self._taken = bytearray(self.width * self.height)
        self._inked = bytearray(self.width * self.height)

    def holds(self, column: int, row: int) -> bool:
        """The cell is in the picture or near it."""
        return 0 <= column - self.left < self.width and 0 <= row - self.top < self.height

    def ink(self, drawn: Array) -> None:
        """What is drawn in the cells of the picture; outside it nobody knows."""
        whole = np.frombuffer(self._inked, dtype=np.uint8).reshape(self.height, self.width)
        whole[AROUND : self.height - AROUND, AROUND : self.width - AROUND] = drawn

    def take(self, column: int, row: int, cells: int = 1) -> None:
        """Nobody else may stand here, as far as it is near the picture."""
        at, near = self._near(column, row, cells)
        self._taken[at : at + near] = b"\x01" * near

    def take_all(self, columns: Array, rows: Array) -> None:
        """Nobody may stand in any of these cells."""
        x, y = columns - self.left, rows - self.top
        within = (x >= 0) & (x < self.width) & (y >= 0) & (y < self.height)
        np.frombuffer(self._taken, dtype=np.uint8)[(y * self.width + x)[within]] = 1

    def taken(self) -> Array:
        """Which cells of the picture are somebody's."""
        whole = np.frombuffer(self._taken, dtype=np.bool_).reshape(self.height, self.width)
        found: Array = whole[AROUND : self.height - AROUND, AROUND : self.width - AROUND]
        return found

    def free(self, column: int, row: int, cells: int) -> bool:
        """These cells are there and nobody's."""
        at = self._at(column, row, cells)
        return at >= 0 and self._taken.find(1, at, at + cells) < 0

    def still(self, column: int, row: int, cells: int) -> bool:
        """Those of these cells that are near the picture are nobody's: what is there already may lie partly outside."""
        at, near = self._near(column, row, cells)
        return self._taken.find(1, at, at + near) < 0

    def against(self, column: int, row: int, cells: int) -> int:
        """What speaks against these cells: each that has something drawn in it, and the picture's edge across them."""
        at = self._at(column, row, cells)
        x, y = column - self.left, row - self.top
        cut = not AROUND <= y < self._foot or x < AROUND or x + cells > self._right
        return self._inked.count(1, at, at + cells) + (CUT if cut else 0)

    def _at(self, column: int, row: int, cells: int) -> int:
        x, y = column - self.left, row - self.top
        fits = x >= 0 and x + cells <= self.width and 0 <= y < self.height
        return y * self.width + x if fits else -1

    def _near(self, column: int, row: int, cells: int) -> tuple[int, int]:
        """The first of these cells that is there, and how many are."""
        x, y = column - self.left, row - self.top
        first, end = max(0, x), min(self.width, x + cells)
        if first >= end or not 0 <= y < self.height:
            return 0, 0
        return y * self.width + first, end - first


@lru_cache(maxsize=4_096)
def clean(text: str, most: int = LONGEST) -> str:
    """A name as it may be shown on cells: harmless, composed, nothing without a cell of its own, and not too long."""
    safe = unicodedata.normalize("NFC", safe_text(text)).strip()
    if safe.isascii():
        return safe if len(safe) <= most else safe[: most - 1].rstrip() + "…"
    kept: list[str] = []
    cells = 0
    for char in safe:
        wide = get_character_cell_size(char)
        if cells + wide > most - 1 and cell_len(safe) > most:
            return "".join(kept).rstrip() + "…"
        if wide:
            kept.append(char)
            cells += wide
    return "".join(kept)


def short(text: str) -> str:
    """The code at the beginning of a name, for where there is no room for all of it."""
    return text.split(" ", 1)[0].rstrip(",:;")


def laid(
    wanted: Iterable[Wanted],
    kept: dict[str, Placed],
    room: Room,
    first: str = "",
    refused: set[Wanted] | None = None,
) -> dict[str, Placed]:
    """Every name that finds room, by key. ``kept`` are those of the picture before, ``first`` is the selected one.

    ``refused`` are those that found none before, and is told of those that find none now.
    """
    refused = set() if refused is None else refused
    asked = {one.key: one for one in wanted if room.holds(one.column, one.row)}
    found: dict[str, Placed] = {}
    chosen = asked.pop(first, None)
    if chosen is not None:
        before = kept.get(first)
        stays = before is not None and before.wanted == chosen and _still(before, room)
        _put(before if stays else placed(chosen, room) or placed(chosen, room, gap=0), found, room)
    for key, before in kept.items():
        if asked.get(key) == before.wanted and _still(before, room):
            _put(before, found, room)
            del asked[key]
    fresh = sorted(asked.values(), key=lambda one: (-one.priority, one.row, one.column, one.key))
    for one in fresh:
        made = None if one in refused else placed(one, room)
        if made is None:
            refused.add(one)
        _put(made, found, room)
    return found


def _still(before: Placed, room: Room) -> bool:
    """It does not move because the picture does: its mark is near, though it may itself be partly too far away."""
    return room.still(before.column, before.row, before.cells)


def _put(one: Placed | None, found: dict[str, Placed], room: Room) -> None:
    if one is not None:
        room.take(one.column, one.row, one.cells)
        found[one.wanted.key] = one


def placed(one: Wanted, room: Room, gap: int = 1) -> Placed | None:
    """The best place beside a mark: right, left, above or below; the whole name before its code, else None.

    A name that the picture's edge would cut gives way to its code, if that is whole. ``gap`` cells on both sides of it
    are nobody's: a name that touches another mark would be taken for that one's.
    """
    cut: Placed | None = None
    for text in dict.fromkeys((one.text, short(one.text))):
        cells = cell_len(text)
        best: tuple[int, int, int] | None = None
        for column, row in _sides(one, cells) if cells else ():
            if room.free(column - gap, row, cells + 2 * gap):
                against = room.against(column, row, cells)
                if best is None or against < best[0]:
                    best = against, column, row
                if not against:
                    break
        if best is not None:
            made = Placed(one, best[1], best[2], text, cells)
            if best[0] < CUT:
                return made
            cut = cut or made
    return cut


def _sides(one: Wanted, cells: int) -> tuple[tuple[int, int], ...]:
    middle = one.column - cells // 2
    if one.bare:
        return (middle, one.row), (middle, one.row - 1), (middle, one.row + 1)
    return (
        (one.column + 2, one.row), (one.column - 1 - cells, one.row), (middle, one.row - 1), (middle, one.row + 1),
    )  # fmt: skip


# -- areas ----------------------------------------------------------------------------------------------------


def anchor(mask: Array, taken: Array, lined: Array, view: View, cells: int) -> tuple[int, int] | None:
    """A cell of the lattice well inside the part of an area that is in sight; None where no name of this length fits.

    ``mask`` (height, width) says which cells of the picture lie in the area, ``taken`` which are somebody's, ``lined``
    in which there is a line. The cell is one from which it is farthest to what is not the area, or to the picture's
    edge, with room for the name to both sides; over a line only if there is no other.
    """
    half = cells // 2 + 1
    fits = (_runs(mask, half) == 2 * half + 1) & (_runs(taken, half) == 0)
    if not fits.any():
        return None
    clear = fits & (_runs(lined, half) == 0)
    best = np.where(clear if clear.any() else fits, _depth(mask), 0)
    deepest = np.argwhere(best == best.max())
    middle = np.abs((deepest - deepest.mean(axis=0)) / SQUARE).sum(axis=1).argmin()
    return view.left + int(deepest[middle, 1]), view.top + int(deepest[middle, 0])


def _runs(cells: Array, half: int) -> Array:
    """How many of these cells are set from ``half`` before each to ``half`` behind it; 0 near the edges."""
    height, width = cells.shape
    found = np.zeros((height, width), dtype=np.int32)
    long = 2 * half + 1
    if width >= long:
        sums = np.zeros((height, width + 1), dtype=np.int32)
        np.cumsum(cells, axis=1, out=sums[:, 1:])
        found[:, half : width - half] = sums[:, long:] - sums[:, :-long]
    return found


def _depth(mask: Array) -> Array:
    """How deep in the mask each cell lies, in squares of two rows and four columns; 1 where there is no such square."""
    height, width = mask.shape
    high, wide = -(-height // SQUARE[0]), -(-width // SQUARE[1])
    whole = np.zeros((high * SQUARE[0], wide * SQUARE[1]), dtype=np.bool_)
    whole[:height, :width] = mask
    inner = np.ones((high, wide), dtype=np.bool_)
    for row in range(SQUARE[0]):
        for column in range(SQUARE[1]):
            inner &= whole[row :: SQUARE[0], column :: SQUARE[1]]
    depth = np.ones((high, wide), dtype=np.int32)
    while inner.any():
        depth += inner
        smaller = np.zeros_like(inner)
        middle = inner[1:-1, 1:-1]
        smaller[1:-1, 1:-1] = middle & inner[:-2, 1:-1] & inner[2:, 1:-1] & inner[1:-1, :-2] & inner[1:-1, 2:]
        inner = smaller
    found: Array = depth.repeat(SQUARE[0], axis=0).repeat(SQUARE[1], axis=1)[:height, :width]
    return found
