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
        # column by column, since each of them is looked at and computed with by itself
        self.ends, self.along = np.asfortranarray(ends), along
        first, second = self.ends[:, :2].T, self.ends[:, 2:].T
        self.low, self.high = np.minimum(first, second).T, np.maximum(first, second).T

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

    def lattice(self, chosen: Array, wide: float, high: float) -> Array:
        """As ``lattice``, of some of them."""
        return lattice(self.ends.T[:, chosen].T, wide, high)


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
    found: Array = ends.T / np.array(((wide,), (-high,), (wide,), (-high,)))
    return found.T


def dots(segments: Segments, view: View, pattern: tuple[int, int] | None = None) -> tuple[Array, Array]:
    """The dots (column, row, from the picture's corner) that lie on these lines and in the picture.

    ``pattern``: so many dots along the line are drawn, then so many left out.
    """
    patterns = None if pattern is None else np.repeat(np.array(pattern)[:, None], len(segments.ends), axis=1)
    _, columns, rows = traced(segments, view, patterns)
    return columns, rows


def traced(segments: Segments, view: View, patterns: Array | None = None) -> tuple[Array, Array, Array]:
    """As ``dots``, with the piece before that each of them lies on, in the order of the pieces.

    ``patterns`` (2, n) has that of each piece; it is solid where nothing is left out.
    """
    scale = view.metres_per_dot
    left, top = view.left * DOTS_WIDE, view.top * DOTS_HIGH
    wide, high = view.width * DOTS_WIDE, view.height * DOTS_HIGH
    chosen = np.flatnonzero(_near(segments, view))
    on = segments.lattice(chosen, scale, scale)
    # one dot more on every side: a step that is rounded onto the edge belongs to the picture, however it is cut
    start, end = _clipped(on, (left - 1, top - 1, left + wide + 1, top + high + 1))
    x, y, step_x, step_y = *on[:, :2].T, *(on[:, 2:] - on[:, :2]).T
    steps = np.maximum(1.0, np.ceil(np.maximum(np.abs(step_x), np.abs(step_y))))
    first = np.floor(start * steps)
    which, numbers = spread(np.maximum(np.ceil(end * steps) - first + 1, 0).astype(np.int64), first)
    share = numbers / steps[which]
    columns = np.floor(x[which] + step_x[which] * share).astype(np.int64) - left
    rows = np.floor(y[which] + step_y[which] * share).astype(np.int64) - top
    keep = (columns >= 0) & (columns < wide) & (rows >= 0) & (rows < high)
    if patterns is not None:
        drawn, gap = patterns[0][chosen], patterns[1][chosen]
        parted = np.flatnonzero((gap > 0)[which])
        piece = which[parted]
        length = np.hypot(step_x[piece], step_y[piece])
        far = segments.along[chosen[piece]] / scale + length * share[parted]
        keep[parted] &= np.floor(far).astype(np.int64) % (drawn + gap)[piece] < drawn[piece]
    return chosen[which[keep]], columns[keep], rows[keep]


def _clipped(on: Array, box: tuple[float, float, float, float]) -> tuple[Array, Array]:
    """As ``clip``, with little work for what lies in the box whole, as most pieces do; end < start for nothing."""
    left, top, right, bottom = box
    x, y, x_end, y_end = on.T
    within = (np.minimum(x, x_end) >= left) & (np.maximum(x, x_end) <= right)
    within &= (np.minimum(y, y_end) >= top) & (np.maximum(y, y_end) <= bottom)
    start, end = np.zeros(len(on)), np.ones(len(on))
    rest = np.flatnonzero(~within)
    if len(rest):
        some_start, some_end = clip(on.T[:, rest].T, box)
        there = some_start <= some_end
        start[rest], end[rest] = np.where(there, some_start, 1.0), np.where(there, some_end, 0.0)
    return start, end


def _near(segments: Segments, view: View) -> Array:
    """Which pieces may reach into the picture, or a dot beside it."""
    scale, low, high = view.metres_per_dot, segments.low, segments.high
    west, south, east, north = (
        side + way * scale for side, way in zip(view.bounds, (-1, -1, 1, 1), strict=True)
    )
    found: Array = high[:, 0] >= west
    found &= low[:, 0] <= east
    found &= high[:, 1] >= south
    found &= low[:, 1] <= north
    return found


def gathered(columns: Array, rows: Array, view: View) -> Array:
    """Dots as the bits of their cells, (height, width)."""
    return set_bits(cells_of(columns, rows, view), BITS[rows & 3, columns & 1], view)


def cells_of(columns: Array, rows: Array, view: View) -> Array:
    """The cells of dots, counted along the rows of the picture."""
    found: Array = (rows >> 2) * view.width + (columns >> 1)
    return found


def set_bits(cells: Array, bits: Array, view: View) -> Array:
    """Bits of cells, (height, width)."""
    found = np.zeros(view.height * view.width * 8, dtype=np.uint8)
    found[cells * 8 + bits] = 1
    return np.packbits(found, bitorder="little").reshape(view.height, view.width)


def fold(picture: Array) -> Array:
    """A picture of dots (4 x height, 2 x width) as the bits of its cells, (height, width)."""
    height, width = picture.shape[0] // DOTS_HIGH, picture.shape[1] // DOTS_WIDE
    # a pair of dots is a number: the left one its low byte, the right one its high byte
    pairs = np.ascontiguousarray(picture).view("<u2").reshape(height, DOTS_HIGH, width)
    four = pairs[:, 0] | pairs[:, 1] << 1 | pairs[:, 2] << 2 | pairs[:, 3] << 3
    found: Array = ORDERED[(four | four >> 4) & 0xFF]
    return found


# -- grounds --------------------------------------------------------------------------------------------------


def inside(on: Array, left: int, top: int, width: int, height: int) -> Array:
    """Which places of a lattice lie inside closed lines by the even-odd rule: (height, width), asked at their middles.

    ``on`` is what ``lattice`` made of all the lines; they may have holes and parts.
    """
    words = width // 64 + 1
    turns = np.zeros(height * words * 64, dtype=np.bool_)
    _, rows, columns = _crossed(on, left, top, width, height)
    np.logical_xor.at(turns, rows * (words * 64) + columns, True)
    # each place becomes the parity of all turns up to it in its row: 64 of them at a time, as the bits of a number
    odd = np.packbits(turns, bitorder="little").view("<u8").reshape(height, words)
    for far in (1, 2, 4, 8, 16, 32):
        odd ^= odd << far
    before = np.bitwise_xor.accumulate(odd >> 63, axis=1)[:, :-1]
    odd[:, 1:] ^= np.negative(before)
    found: Array = np.unpackbits(odd.view(np.uint8), axis=1, count=width, bitorder="little").view(np.bool_)
    return found


def owned(on: Array, bits: Array, left: int, top: int, width: int, height: int) -> Array:
    """As ``inside``, of many closed lines at once: (height, width), each place with the bits of those it lies in.

    ``bits`` (n,) says of each piece which lines it is a part of; one that two of them share has the bits of both.
    """
    turns = np.zeros((height, width + 1), dtype=bits.dtype)
    which, rows, columns = _crossed(on, left, top, width, height)
    np.bitwise_xor.at(turns.reshape(-1), rows * (width + 1) + columns, bits[which])
    found: Array = np.bitwise_xor.accumulate(turns, axis=1)[:, :width]
    return found


def _crossed(on: Array, left: int, top: int, width: int, height: int) -> tuple[Array, Array, Array]:
    """Where lines cross the middles of rows: which piece, the row, and the first place behind it, up to ``width``."""
    low, high = np.minimum(on[:, 1], on[:, 3]), np.maximum(on[:, 1], on[:, 3])
    begins = _between(np.ceil(low - 0.5) - top, height)
    ends = _between(np.ceil(high - 0.5) - top, height)
    there = np.flatnonzero((ends > begins) & (np.minimum(on[:, 0], on[:, 2]) <= left + width))
    begins = begins[there]
    which, rows = spread((ends[there] - begins).astype(np.int64), begins.astype(np.int64))
    x, y, x_end, y_end = on.T[:, there]
    slope = (x_end - x) / (y_end - y)
    across = x[which] + (rows + top + 0.5 - y[which]) * slope[which]
    columns = _between(np.ceil(across - 0.5) - left, width).astype(np.int64)
    return there[which], rows, columns


def _between(values: Array, most: int) -> Array:
    """No less than 0, and no more than that; ``np.clip`` takes longer than all that it does for so few."""
    found: Array = np.minimum(np.maximum(values, 0), most)
    return found


def spread(counts: Array, first: Array | int = 0) -> tuple[Array, Array]:
    """So many steps for each of several things: which of them each step belongs to, and its number.

    The first number of each is 0, or as ``first`` says.
    """
    which = np.repeat(np.arange(len(counts)), counts)
    return which, np.arange(len(which)) + (first - np.cumsum(counts) + counts)[which]


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
