"""The borders of a set of areas at the detail that a scale can show.

Areas are simplified together, so that a border which two of them share stays one line at every detail. Each piece of
a border is kept once, with the areas on its two sides; which detail is drawn depends on the scale alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

import numpy as np

from incident_tui.map.raster import Array, Segments

TOLERANCES: Final = (0, 300, 1_000, 3_000)
"""How far, in metres, a simplified border may lie from where it is."""
SHARE: Final = 0.8
"""Of a dot: so far a border may be drawn from where it is, and no further."""
NOBODY: Final = -1
WORD: Final = 64
"""So many areas have their bits in one number; those beyond have theirs in a second one, and so on."""
KINDS: Final = (np.uint8, np.uint16, np.uint32, np.uint64)
"""The shortest of these that has a bit for each."""


def tolerance(metres_per_dot: float) -> int:
    """The coarsest detail that is good enough for a scale."""
    return max((most for most in TOLERANCES if most <= SHARE * metres_per_dot), default=0)


@dataclass(frozen=True, slots=True)
class Borders:
    """Every piece of border once. ``one`` and ``two`` are the indices of the areas beside it (-1: nobody's)."""

    codes: tuple[str, ...]
    segments: Segments
    one: Array
    two: Array
    boxes: tuple[tuple[float, float, float, float], ...]
    """West, south, east and north of each area."""
    bounding: dict[int, tuple[Segments, Array]] = field(default_factory=dict)

    def of(self, code: str) -> Array:
        """Which pieces bound the area of this code; one that has it on both sides bounds nothing."""
        if code not in self.codes:
            return np.zeros(len(self.one), dtype=np.bool_)
        index = self.codes.index(code)
        found: Array = (self.one == index) != (self.two == index)
        return found

    def beside(self, word: int) -> tuple[Segments, Array]:
        """The pieces that bound any of the areas from the ``word * WORD``-th on, and the bits of those beside each.

        Found once. A piece that has one area on both sides bounds nothing.
        """
        if word not in self.bounding:
            some = len(self.codes) - word * WORD
            kind = next(kind for kind in KINDS if some <= 8 * np.dtype(kind).itemsize or kind is KINDS[-1])
            bits = self._bit(self.one, word, kind) ^ self._bit(self.two, word, kind)
            where = np.flatnonzero(bits)
            self.bounding[word] = self.segments.those(where), bits[where]
        return self.bounding[word]

    @staticmethod
    def _bit(owners: Array, word: int, kind: Any) -> Array:
        here = (owners >= word * WORD) & (owners < (word + 1) * WORD)
        shifts = np.where(here, owners - word * WORD, 0).astype(kind)
        found: Array = np.where(here, kind(1) << shifts, kind(0))
        return found

    def within(
        self, bounds: tuple[float, float, float, float], widest: Callable[[str], float]
    ) -> tuple[str, ...]:
        """The areas of which something may be in these bounds (west, south, east, north), and with room for a name.

        ``widest`` is how many metres wide an area must be.
        """
        west, south, east, north = bounds
        return tuple(
            code
            for code, box in zip(self.codes, self.boxes, strict=True)
            if box[0] <= east
            and box[2] >= west
            and box[1] <= north
            and box[3] >= south
            and box[2] - box[0] >= widest(code)
        )


@lru_cache(maxsize=16)
def borders(areas: Any, metres: int) -> Borders:
    """The borders of a set of areas, simplified by so much; made once and kept."""
    shapes = areas.simplified(float(metres))
    pieces: list[Array] = []
    owners: list[Array] = []
    for index, shape in enumerate(shapes):
        for ring in rings(shape):
            ends = np.concatenate((ring[:-1], ring[1:]), axis=1)
            pieces.append(ends)
            owners.append(np.full(len(ends), index))
    if not pieces:
        pieces, owners = [np.empty((0, 4))], [np.empty(0, dtype=np.int64)]
    boxes = tuple(tuple(float(side) for side in shape.bounds) for shape in shapes)
    return _paired(tuple(areas.codes), np.concatenate(pieces), np.concatenate(owners), boxes)


def prepare(areas: Any) -> None:
    """Every detail of these areas, before a scale asks for it: some tenths of a second, in a thread."""
    for metres in TOLERANCES:
        borders(areas, metres).beside(0)


def rings(shape: Any) -> Iterator[Array]:
    """Every closed line of a polygon, or of several, as (n, 2) metres."""
    for polygon in getattr(shape, "geoms", (shape,)):
        if polygon.is_empty or not hasattr(polygon, "exterior"):
            continue
        for ring in (polygon.exterior, *polygon.interiors):
            yield np.asarray(ring.coords, dtype=np.float64)[:, :2]


def _paired(codes: tuple[str, ...], ends: Array, owners: Array, boxes: Any) -> Borders:
    """A piece that two areas have, in whichever direction, becomes one piece with both beside it."""
    backwards = (ends[:, 0] > ends[:, 2]) | ((ends[:, 0] == ends[:, 2]) & (ends[:, 1] > ends[:, 3]))
    ends = np.where(backwards[:, None], ends[:, [2, 3, 0, 1]], ends)
    order = np.lexsort((owners, *(np.round(ends[:, at], 3) for at in (3, 2, 1, 0))))
    ends, owners = ends[order], owners[order]
    same = np.zeros(len(ends), dtype=np.bool_)
    same[1:] = (np.abs(ends[1:] - ends[:-1]) < 0.002).all(axis=1)
    first = np.flatnonzero(~same)
    two = np.full(len(ends), NOBODY)
    two[:-1][same[1:]] = owners[1:][same[1:]]
    return Borders(codes, Segments(ends[first], np.zeros(len(first))), owners[first], two[first], boxes)
