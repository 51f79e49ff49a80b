"""From metres to dots, and from dots to the signs of cells: numpy, and nothing that knows what is drawn.

A dot's place on the lattice of its scale, and the place along its line from which a dash is counted, never depend on
where the picture begins. A segment is sampled at steps of its own, counted from its own first point, and clipping
only chooses which of them are looked at: therefore a picture that is moved by whole cells shows the same dots.
"""

from __future__ import annotations

from functools import cache, lru_cache
from typing import Any, Final, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from incident_tui.map.scene import Dash, Hatch
from incident_tui.map.view import DOTS_HIGH, DOTS_WIDE, View

Array: TypeAlias = NDArray[Any]
Look: TypeAlias = Literal["braille", "blocks", "ascii"]
LOOKS: Final[tuple[Look, ...]] = ("braille", "blocks", "ascii")

WEIGHTS: Final = ((1, 8), (2, 16), (4, 32), (64, 128))
"""The bit of each dot of a cell, by its row and column: what U+2800 plus the sum of them shows."""
BITS: Final = np.array([[weight.bit_length() - 1 for weight in weights] for weights in WEIGHTS])
ORDERED: Final = np.array(
    [
        sum(WEIGHTS[at % DOTS_HIGH][at // DOTS_HIGH] for at in range(8) if bits >> at & 1)
        for bits in range(256)
    ],
    dtype=np.uint8,
)
"""From the bits of a cell read column by column to those of its sign."""
DASHED: Final[dict[Look, dict[Dash, tuple[int, int]]]] = {
    "braille": {"dashed": (4, 3), "dotted": (1, 2)},
    "blocks": {"dashed": (8, 6), "dotted": (2, 5)},
    "ascii": {"dashed": (14, 10), "dotted": (1, 0)},
}
"""How many dots along a line are drawn, and how many are left out. Dots have a sign of their own in ASCII."""
DOTTED: Final = "."
HATCH_SIGNS: Final[dict[Hatch, str]] = {"ours": ":", "other": "=", "warm": "%", "hot": "#", "cold": "~"}
"""What lies on a ground where a dot is too coarse for a hatch: signs that no line is made of."""


class Segments:
    """Straight pieces of lines in metres, one a row, and how far along its line each begins.

    ``ends`` (n, 4) is easting and northing of the first point, then of the second; ``along`` (n,) is in metres.
    """

    __slots__ = ("along", "ends", "high", "low")

    def __init__(self, ends: Array, along: Array) -> None:
        self.ends, self.along = ends, along
        self.low, self.high = np.minimum(ends[:, :2], ends[:, 2:]), np.maximum(ends[:, :2], ends[:, 2:])

    @classmethod
    def of(cls, points: Array, *, closed: bool = False) -> Segments:
        """The pieces between points (n, 2); ``closed``: back to the first one, if it does not end there."""
        if closed and len(points) and not np.array_equal(points[0], points[-1]):
            points = np.concatenate((points, points[:1]))
        ends = np.concatenate((points[:-1], points[1:]), axis=1)
        lengths = np.hypot(ends[:, 2] - ends[:, 0], ends[:, 3] - ends[:, 1])
        return cls(ends, np.concatenate(((0.0,), np.cumsum(lengths)))[: len(ends)])

    @classmethod
    def joined(cls, several: list[Segments]) -> Segments:
        """All of them as one."""
        if len(several) == 1:
            return several[0]
        ends = np.concatenate([one.ends for one in several])
        return cls(ends, np.concatenate([one.along for one in several]))

    def those(self, chosen: Array) -> Segments:
        """Some of them."""
        return Segments(self.ends[chosen], self.along[chosen])


NOTHING: Final = Segments(np.empty((0, 4)), np.empty(0))


# -- lines ----------------------------------------------------------------------------------------------------


def clip(ends: Array, box: tuple[float, float, float, float]) -> tuple[Array, Array]:
    """Where each segment enters and leaves a box (Liang and Barsky): shares of its length; nothing if out < in."""
    left, top, right, bottom = box
    start, end = np.zeros(len(ends)), np.ones(len(ends))
    for at, low, high in ((0, left, right), (1, top, bottom)):
        first = ends[:, at]
        step = ends[:, at + 2] - first
        flat = step == 0
        safe = np.where(flat, 1.0, step)
        with np.errstate(over="ignore"):  # a hair's breadth of a step: so far off that it is outside for ever
            one, two = (low - first) / safe, (high - first) / safe
        outside = (first < low) | (first > high)
        start = np.maximum(start, np.where(flat, np.where(outside, 2.0, 0.0), np.minimum(one, two)))
        end = np.minimum(end, np.where(flat, np.where(outside, -1.0, 1.0), np.maximum(one, two)))
    return start, end


def lattice(ends: Array, wide: float, high: float) -> Array:
    """Metres as places on a lattice: to the east, and to the south."""
    found: Array = ends / np.array((wide, -high, wide, -high))
    return found


def dots(segments: Segments, view: View, pattern: tuple[int, int] | None = None) -> tuple[Array, Array]:
    """The dots (column, row, from the picture's corner) that lie on these lines and in the picture.

    ``pattern``: so many dots along the line are drawn, then so many left out.
    """
    scale = view.metres_per_dot
    left, top = view.left * DOTS_WIDE, view.top * DOTS_HIGH
    wide, high = view.width * DOTS_WIDE, view.height * DOTS_HIGH
    ends, along, low, high_end = segments.ends, segments.along, segments.low, segments.high
    west, south, east, north = (
        side + way * scale for side, way in zip(view.bounds, (-1, -1, 1, 1), strict=True)
    )
    near = (high_end[:, 0] >= west) & (low[:, 0] <= east) & (high_end[:, 1] >= south) & (low[:, 1] <= north)
    chosen = np.flatnonzero(near)
    on = lattice(ends[chosen], scale, scale)
    # one dot more on every side: a step that is rounded onto the edge belongs to the picture, however it is cut
    start, end = clip(on, (left - 1, top - 1, left + wide + 1, top + high + 1))
    seen = np.flatnonzero(start <= end)
    chosen, on, start, end = chosen[seen], on[seen], start[seen], end[seen]
    step_x, step_y = on[:, 2] - on[:, 0], on[:, 3] - on[:, 1]
    steps = np.maximum(1.0, np.ceil(np.maximum(np.abs(step_x), np.abs(step_y))))
    first, last = np.floor(start * steps), np.ceil(end * steps)
    counts = (last - first).astype(np.int64) + 1
    which = np.repeat(np.arange(len(seen)), counts)
    offsets = np.cumsum(counts) - counts
    share = (np.arange(len(which)) - offsets[which] + first[which]) / steps[which]
    columns = np.floor(on[which, 0] + step_x[which] * share).astype(np.int64) - left
    rows = np.floor(on[which, 1] + step_y[which] * share).astype(np.int64) - top
    keep = (columns >= 0) & (columns < wide) & (rows >= 0) & (rows < high)
    if pattern is not None and pattern[1]:
        drawn, gap = pattern
        lengths = np.hypot(step_x, step_y)
        far = along[chosen][which] / scale + lengths[which] * share
        keep &= np.floor(far).astype(np.int64) % (drawn + gap) < drawn
    return columns[keep], rows[keep]


def gathered(columns: Array, rows: Array, view: View) -> Array:
    """Dots as the bits of their cells, (height, width)."""
    found = np.zeros(view.height * view.width * 8, dtype=np.uint8)
    found[((rows >> 2) * view.width + (columns >> 1)) * 8 + BITS[rows & 3, columns & 1]] = 1
    return np.packbits(found, bitorder="little").reshape(view.height, view.width)


def fold(picture: Array) -> Array:
    """A picture of dots (4 x height, 2 x width) as the bits of its cells, (height, width)."""
    height, width = picture.shape[0] // DOTS_HIGH, picture.shape[1] // DOTS_WIDE
    apart = picture.reshape(height, DOTS_HIGH, width, DOTS_WIDE).transpose(0, 2, 3, 1)
    found: Array = ORDERED[np.packbits(apart.reshape(height, width * 8), axis=1, bitorder="little")]
    return found


# -- grounds --------------------------------------------------------------------------------------------------


def inside(on: Array, left: int, top: int, width: int, height: int) -> Array:
    """Which places of a lattice lie inside closed lines by the even-odd rule: (height, width), asked at their middles.

    ``on`` is what ``lattice`` made of all the lines; they may have holes and parts.
    """
    low, high = np.minimum(on[:, 1], on[:, 3]), np.maximum(on[:, 1], on[:, 3])
    begins = np.clip(np.ceil(low - 0.5) - top, 0, height).astype(np.int64)
    ends = np.clip(np.ceil(high - 0.5) - top, 0, height).astype(np.int64)
    counts = np.where(np.minimum(on[:, 0], on[:, 2]) > left + width, 0, ends - begins)
    which = np.repeat(np.arange(len(on)), counts)
    rows = np.arange(len(which)) - (np.cumsum(counts) - counts)[which] + begins[which]
    x, y = on[which, 0], on[which, 1]
    across = x + (rows + top + 0.5 - y) * ((on[which, 2] - x) / (on[which, 3] - y))
    columns = np.clip(np.ceil(across - 0.5) - left, 0, width).astype(np.int64)
    turns = np.zeros((height, width + 1), dtype=np.uint8)
    np.bitwise_xor.at(turns.reshape(-1), rows * (width + 1) + columns, np.uint8(1))
    odd = np.bitwise_xor.accumulate(turns, axis=1)
    return odd[:, :width].view(np.bool_)


def hatched(hatch: Hatch, left: int, top: int, width: int, height: int) -> Array:
    """Which dots of a lattice a hatch draws; counted on the ground, so that it stays when the picture moves."""
    return _hatched(hatch, left % 4, top % 4, width, height)


@lru_cache(maxsize=64)
def _hatched(hatch: Hatch, left: int, top: int, width: int, height: int) -> Array:
    x = np.arange(left, left + width)[None, :]
    y = np.arange(top, top + height)[:, None]
    rising, falling = (x + y) % 4 == 0, (x - y) % 4 == 0
    drawn: dict[Hatch, Array] = {
        "ours": rising,
        "other": falling,
        "warm": (x % 4 == 0) & (y % 4 == 0),
        "hot": rising | falling,
        "cold": (y % 4 == 0) & (x % 2 == 0),
    }
    return drawn.get(hatch, np.zeros((height, width), dtype=np.bool_))


def sparse(left: int, top: int, width: int, height: int) -> Array:
    """Which cells carry the sign of a hatch: every third, shifted from line to line, fixed to the ground."""
    x = np.arange(left, left + width)[None, :]
    y = np.arange(top, top + height)[:, None]
    found: Array = (x + 2 * y) % 4 == 0
    return found


# -- signs ----------------------------------------------------------------------------------------------------


@cache
def signs(look: Look) -> Array:
    """The sign of each of the 256 ways in which the dots of a cell can be set, as code points."""
    make = {"braille": _braille, "blocks": _block, "ascii": _plain}[look]
    return np.array([ord(make(bits)) for bits in range(256)], dtype=np.uint32)


def _braille(bits: int) -> str:
    return chr(0x2800 + bits) if bits else " "


UPPER: Final = sum(WEIGHTS[0] + WEIGHTS[1])
LOWER: Final = sum(WEIGHTS[2] + WEIGHTS[3])


def _block(bits: int) -> str:
    return " ▄▀█"[(2 if bits & UPPER else 0) + (1 if bits & LOWER else 0)]


def _plain(bits: int) -> str:
    """A piece of a line in ASCII: what its dots look most like."""
    found = [(x, y) for y in range(DOTS_HIGH) for x in range(DOTS_WIDE) if bits & WEIGHTS[y][x]]
    if not found:
        return " "
    if len(found) == 1:
        return "'" if found[0][1] < 2 else ","
    columns, rows = {x for x, _ in found}, [y for _, y in found]
    tall = max(rows) - min(rows)
    if len(columns) == 1:
        return "|"
    if tall <= 1:
        return "-"
    middle = sum(rows) / len(rows)
    slope = sum((1 if x else -1) * (y - middle) for x, y in found)
    if abs(slope) < 1:
        return "+"
    return "\\" if slope > 0 else "/"
