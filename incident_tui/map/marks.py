"""Marks as arrays: which of them stands in which cell, and what the cell shows when there are several."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from operator import attrgetter
from typing import Any, Final

import numpy as np
from rich.cells import get_character_cell_size

from incident_tui.map.inks import BLANK, Inks
from incident_tui.map.labels import AROUND, MOST, NEAR_ENOUGH, Wanted, clean
from incident_tui.map.raster import Array, Look
from incident_tui.map.scene import LAYERS, Mark
from incident_tui.map.view import View

HOLLOW: Final = {"▲": "△", "●": "○", "■": "□", "◆": "◇", "▼": "▽", "★": "☆"}
"""A sign whose place is old is drawn empty; a letter becomes a small one; any other is underlined."""
MANY: Final = ord("+")
"""More than nine in one place."""
NAME_TONES: Final = {"units": "dim", "hospitals": "dim"}
LOOKS_MAX: Final = 1_000
"""So many looks are remembered; then all marks are read anew."""
REACH: Final = 100_000_000.0
_look = attrgetter("sign", "plain", "tone", "hollow", "layer", "words")
_at, _priority, _label = attrgetter("at"), attrgetter("priority"), attrgetter("label")


@lru_cache(maxsize=512)
def signs_of(sign: str, plain: str, hollow: bool) -> tuple[int, int, bool]:
    """The code points of a mark's sign and of its plain sign, and whether it must be underlined to look hollow."""
    fallback = plain[:1] if plain[:1].isascii() and plain[:1].isprintable() else ""
    shown = clean(sign)[:1]
    if shown and get_character_cell_size(shown) != 1:
        shown = fallback or "?"
    if not shown:
        return BLANK, BLANK, False
    fallback = fallback.strip() or (shown if shown.isascii() else "?")
    empty = HOLLOW.get(shown, shown.lower()) if hollow else shown
    small = fallback.lower() if hollow else fallback
    return ord(empty), ord(small), hollow and (empty == shown or small == fallback)


@dataclass(frozen=True, slots=True)
class Seen:
    """The marks in the picture and around it, one for each cell: that which weighs most. Cells are the lattice's."""

    table: Table
    columns: Array
    rows: Array
    signs: Array
    plains: Array
    inks: Array
    chosen: Array
    counts: Array
    index: Array
    within: Array
    """Which of them are in the picture itself."""

    def codes(self, look: Look) -> Array:
        """The signs of a look, as code points."""
        return self.plains if look == "ascii" else self.signs

    def wanted(self, view: View, inks: Inks) -> list[Wanted]:
        """The names of these marks, as far as their layer bears names at this scale."""
        table = self.table
        near = [view.metres_per_dot <= NEAR_ENOUGH.get(layer, np.inf) for layer in LAYERS] + [True]
        asked = table.labelled[self.index] & (np.array(near)[table.layers[self.index]] | self.chosen)
        places = np.flatnonzero(asked)
        if len(places) > MOST:
            order = np.lexsort((self.index[places], -table.priorities[self.index[places]]))
            places = places[order[:MOST]]
        pens = {layer: inks.number(NAME_TONES.get(layer, "ink")) for layer in LAYERS}
        names = []
        for at, column, row, chosen, sign in zip(
            self.index[places].tolist(),
            self.columns[places].tolist(),
            self.rows[places].tolist(),
            self.chosen[places].tolist(),
            self.signs[places].tolist(),
            strict=True,
        ):
            mark = table.marks[at]
            pen = inks.number("strong") if chosen else pens.get(mark.layer, 0)
            key = mark.key or f"{mark.label}@{mark.at}"
            names.append(Wanted(key, column, row, clean(mark.label), pen, mark.priority, sign == BLANK))
        return names


class _Book(dict[tuple[Any, ...], int]):
    """The looks that marks have, by number; there are few, however many marks there are."""

    def __init__(self, inks: Inks) -> None:
        super().__init__()
        self.inks = inks
        self.rows: list[tuple[int, int, int, bool, int]] = []

    def __missing__(self, look: tuple[Any, ...]) -> int:
        sign, plain, tone, hollow, layer, _words = look
        shown, fallback, underlined = signs_of(sign, plain, hollow)
        ink = self.inks.number(f"{tone} underline" if underlined else tone)
        order = LAYERS.index(layer) if layer in LAYERS else len(LAYERS)
        self.rows.append((shown, fallback, ink, hollow, order))
        self[look] = len(self.rows) - 1
        return len(self.rows) - 1


class Table:
    """The marks of a scene as arrays. Made after another, only what has changed since is looked at."""

    def __init__(self, marks: tuple[Mark, ...], inks: Inks, before: Table | None = None) -> None:
        self.marks = marks
        changed: list[int] | None = None
        if before is not None and len(before.marks) == len(marks) and len(before.book) < LOOKS_MAX:
            pairs = zip(before.marks, marks, strict=True)
            changed = [at for at, (old, new) in enumerate(pairs) if old is not new]
        if before is None or changed is None:
            self.book: _Book = _Book(inks)
            self.looks, self.places, self.priorities, self.labelled = self._read(marks)
        else:
            self.book = before.book
            kept = (before.looks, before.places, before.priorities, before.labelled)
            self.looks, self.places, self.priorities, self.labelled = (column.copy() for column in kept)
            if changed:
                some = self._read(tuple(marks[at] for at in changed))
                for column, news in zip(
                    (self.looks, self.places, self.priorities, self.labelled), some, strict=True
                ):
                    column[changed] = news
        rows = np.array(self.book.rows, dtype=np.int64).reshape(len(self.book.rows), 5)[self.looks]
        self.signs, self.plains = rows[:, 0].astype(np.uint32), rows[:, 1].astype(np.uint32)
        self.inks, self.hollow, self.layers = rows[:, 2].astype(np.int32), rows[:, 3] != 0, rows[:, 4]
        # what is no number is less than nothing, too
        self.good: Array = np.abs(self.places).max(axis=1, initial=0.0) < REACH
        self.order = np.lexsort((self.layers, self.priorities))
        self.safe = np.where(self.good[:, None], self.places, 0.0).T.copy()

    def _read(self, marks: tuple[Mark, ...]) -> tuple[Array, Array, Array, Array]:
        count = len(marks)
        places = np.fromiter(chain.from_iterable(map(_at, marks)), np.float64, 2 * count)
        return (
            np.fromiter(map(self.book.__getitem__, map(_look, marks)), np.int64, count),
            places.reshape(count, 2),
            np.fromiter(map(_priority, marks), np.int64, count),
            np.fromiter(map(bool, map(_label, marks)), np.bool_, count),
        )

    @property
    def faults(self) -> tuple[str, ...]:
        """A sentence about the marks that have no place that can be drawn."""
        bad = int(np.count_nonzero(~self.good))
        if not bad:
            return ()
        return (
            f"{bad} marks have no place that can be drawn."
            if bad > 1
            else "A mark has no place that can be drawn.",
        )

    @staticmethod
    def solid(mark: Mark, look: Look) -> str:
        """The sign of such a mark when its place is new."""
        sign, plain, _ = signs_of(mark.sign, mark.plain, False)
        return chr(plain if look == "ascii" else sign)

    def _cells(self, view: View) -> tuple[Array, Array]:
        east, north = self.safe
        columns = np.floor(east / view.cell_wide).astype(np.int64)
        return columns, np.floor(-north / view.cell_high).astype(np.int64)

    def _shown(self, hidden: frozenset[str]) -> Array:
        shown: Array = np.array([layer not in hidden for layer in LAYERS] + [True])
        good: Array = self.good
        found: Array = good & shown[self.layers]
        return found

    def seen(self, view: View, hidden: frozenset[str], selected: str) -> Seen:
        """What stands in the cells of the picture, and in those around it that a name may reach from."""
        columns, rows = self._cells(view)
        left, top = view.left - AROUND, view.top - AROUND
        wide, high = view.width + 2 * AROUND, view.height + 2 * AROUND
        near = self._shown(hidden)
        near &= (columns >= left) & (columns < left + wide) & (rows >= top) & (rows < top + high)
        chosen = np.zeros(len(self.marks), dtype=np.bool_)
        index = self.order[near[self.order]]
        if selected:
            chosen[[at for at, mark in enumerate(self.marks) if mark.key == selected]] = True
            index = np.concatenate((index[~chosen[index]], index[chosen[index]]))
        bare = self.signs[index] == BLANK
        signed = index[~bare]
        cells = (rows[signed] - top) * wide + columns[signed] - left
        counts = np.bincount(cells, minlength=wide * high)
        upper = np.empty(wide * high, dtype=np.int64)
        upper[cells] = signed  # the last of several is the weightiest
        tops = np.concatenate((upper[np.flatnonzero(counts > 0)], index[bare]))
        held = counts[(rows[tops] - top) * wide + columns[tops] - left]
        many = (held > 1) & (self.signs[tops] != BLANK)
        digits = np.where(held > 9, MANY, ord("0") + held).astype(np.uint32)
        columns, rows = columns[tops], rows[tops]
        within = (columns >= view.left) & (columns < view.left + view.width)
        within &= (rows >= view.top) & (rows < view.top + view.height)
        return Seen(
            self,
            columns,
            rows,
            np.where(many, digits, self.signs[tops]),
            np.where(many, digits, self.plains[tops]),
            self.inks[tops],
            chosen[tops],
            np.where(many, held, 1),
            tops,
            within,
        )

    def keys_at(self, view: View, column: int, row: int, hidden: frozenset[str]) -> tuple[str, ...]:
        """The keys of the marks in a cell of the picture, the weightiest first."""
        columns, rows = self._cells(view)
        here = self._shown(hidden) & (columns == view.left + column) & (rows == view.top + row)
        return tuple(self.marks[at].key for at in self.order[here[self.order]][::-1].tolist())
