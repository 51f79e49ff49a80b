"""Which names stand where: the weightiest first, on the side with the least beneath, and never one over another.

A name keeps its cell of the ground for as long as its mark and the scale stay: a picture that is moved shows the same
names in the same places, cut by its edge if need be. Therefore names are also sought for what lies just outside the
picture, so that whatever comes into sight has its name already.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from operator import attrgetter
from typing import Final, NamedTuple

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


class Wanted(NamedTuple):
    """A name that should be shown beside a cell of the lattice."""

    key: str
    column: int
    row: int
    text: str
    pen: int
    priority: int = 0
    bare: bool = False
    """There is no sign: the name stands on the cell itself."""


class Placed(NamedTuple):
    """A name in its place on the lattice: first cell, and what it says. ``wanted`` is what it was placed for."""

    wanted: Wanted
    column: int
    row: int
    text: str
    cells: int


_ROW_COLUMN_KEY: Final = attrgetter("row", "column", "key")
_PRIORITY: Final = attrgetter("priority")


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

    def best(self, places: Iterable[tuple[int, int]], cells: int, gap: int) -> tuple[int, int, int] | None:
        """The first of these places for so many cells against which least speaks: how much, column and row.

        What speaks against one is each cell that has something drawn in it, and the picture's edge across them. Where
        one of the cells, or of ``gap`` cells on both sides, is somebody's or too far away, there is no place.
        """
        left, top, width, height, right = self.left, self.top, self.width, self.height, self._right
        found = None
        for column, row in places:
            x, y = column - left, row - top
            if x < gap or x + cells + gap > width or not 0 <= y < height:
                continue
            at = y * width + x
            if self._taken.find(1, at - gap, at + cells + gap) >= 0:
                continue
            against = self._inked.count(1, at, at + cells)
            if x < AROUND or x + cells > right or not AROUND <= y < self._foot:
                against += CUT
            if found is None or against < found[0]:
                found = against, column, row
                if not against:
                    break
        return found

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
    fresh = sorted(asked.values(), key=_ROW_COLUMN_KEY)
    fresh.sort(key=_PRIORITY, reverse=True)  # of the same weight in the order that they are in
    for one in fresh:
        made = None if refused and one in refused else placed(one, room)
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
    for text, cells in _ways(one.text):
        best = room.best(_sides(one, cells), cells, gap)
        if best is not None:
            made = Placed(one, best[1], best[2], text, cells)
            if best[0] < CUT:
                return made
            cut = cut or made
    return cut


@lru_cache(maxsize=4_096)
def _ways(text: str) -> tuple[tuple[str, int], ...]:
    """How a name may be written, each with its cells: as it is, else its code; what has no cell is not."""
    measured = ((written, cell_len(written)) for written in dict.fromkeys((text, short(text))))
    return tuple(one for one in measured if one[1])


def _sides(one: Wanted, cells: int) -> tuple[tuple[int, int], ...]:
    middle = one.column - cells // 2
    if one.bare:
        return (middle, one.row), (middle, one.row - 1), (middle, one.row + 1)
    return (
        (one.column + 2, one.row), (one.column - 1 - cells, one.row), (middle, one.row - 1), (middle, one.row + 1),
    )  # fmt: skip
