"""Which piece of ground stands in which cell.

A cell is two dots wide and four high, and a dot is as wide as it is high: metres per dot say everything about the
scale. Dots and cells lie on a lattice that is fixed to the ground at each scale, never to the edge of the picture:
whatever is drawn by its dot on the lattice stays where it is when the picture is moved by whole cells.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Final

DOTS_WIDE: Final = 2
DOTS_HIGH: Final = 4
"""How many dots a cell has."""
FINEST: Final = 0.5
COARSEST: Final = 40_000.0
"""The bounds of a view's metres per dot: a doorway, and the whole of the islands on a few cells."""
FIT: Final = 0.86
"""How much of the picture that which is fitted may take: there is room for names beside it."""
CELLS_MAX: Final = 1_000
FARTHEST: Final = 1_000_000_000.0
"""No view stands farther than this from the origin of the grid, metres."""


@dataclass(frozen=True, slots=True)
class View:
    """A piece of ground in so many cells: its middle in metres, and its scale. Total: odd numbers are mended."""

    easting: float
    northing: float
    metres_per_dot: float
    width: int
    height: int

    def __post_init__(self) -> None:
        for name, least, most, otherwise in (
            ("easting", -FARTHEST, FARTHEST, 0.0),
            ("northing", -FARTHEST, FARTHEST, 0.0),
            ("metres_per_dot", FINEST, COARSEST, COARSEST),
        ):
            found = float(getattr(self, name))
            mended = min(most, max(least, found)) if math.isfinite(found) else otherwise
            object.__setattr__(self, name, mended)
        object.__setattr__(self, "width", min(CELLS_MAX, max(0, int(self.width))))
        object.__setattr__(self, "height", min(CELLS_MAX, max(0, int(self.height))))

    # -- the lattice ----------------------------------------------------------------------------------------

    @property
    def cell_wide(self) -> float:
        """Metres from one side of a cell to the other."""
        return DOTS_WIDE * self.metres_per_dot

    @property
    def cell_high(self) -> float:
        """Metres from the top of a cell to its foot."""
        return DOTS_HIGH * self.metres_per_dot

    @property
    def left(self) -> int:
        """The column of the lattice in which the picture begins; columns count to the east."""
        return round(self.easting / self.cell_wide - self.width / 2)

    @property
    def top(self) -> int:
        """The row of the lattice in which the picture begins; rows count to the south."""
        return round(-self.northing / self.cell_high - self.height / 2)

    def cell_of(self, easting: float, northing: float) -> tuple[int, int]:
        """The cell (column, row) of a place; it may lie outside the picture."""
        return math.floor(easting / self.cell_wide) - self.left, math.floor(
            -northing / self.cell_high
        ) - self.top

    def metres_of(self, column: float, row: float) -> tuple[float, float]:
        """The middle of a cell."""
        return (self.left + column + 0.5) * self.cell_wide, -(self.top + row + 0.5) * self.cell_high

    def holds(self, column: int, row: int) -> bool:
        """The cell is in the picture."""
        return 0 <= column < self.width and 0 <= row < self.height

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """What is in sight: west, south, east and north, in metres."""
        west, north = self.left * self.cell_wide, -self.top * self.cell_high
        return west, north - self.height * self.cell_high, west + self.width * self.cell_wide, north

    # -- moving ---------------------------------------------------------------------------------------------

    def panned(self, columns: int, rows: int) -> View:
        """Moved by whole cells, to the east and to the south."""
        return self.cornered(self.metres_per_dot, self.left + columns, self.top + rows)

    def zoomed(self, factor: float, column: int, row: int) -> View:
        """``factor`` times as near (2: half the ground), with the same ground under this cell as before."""
        easting, northing = self.metres_of(column, row)
        near = factor if math.isfinite(factor) and factor > 0 else 1.0
        scale = min(COARSEST, max(FINEST, self.metres_per_dot / near))
        left = math.floor(easting / (DOTS_WIDE * scale)) - column
        return self.cornered(scale, left, math.floor(-northing / (DOTS_HIGH * scale)) - row)

    def centred(self, easting: float, northing: float) -> View:
        """The same scale somewhere else, with this place in the middle."""
        return replace(self, easting=easting, northing=northing)

    def sized(self, width: int, height: int) -> View:
        """The same ground in the middle, in a picture of another size."""
        return replace(self, width=width, height=height)

    def part(self, column: int, row: int, width: int, height: int) -> View:
        """Some of the cells of this picture, as a picture of their own."""
        small = replace(self, width=width, height=height)
        return small.cornered(self.metres_per_dot, self.left + column, self.top + row)

    def cornered(self, scale: float, left: int, top: int) -> View:
        """The picture of this size that begins in this cell of the lattice of a scale."""
        easting = (left + self.width / 2) * DOTS_WIDE * scale
        northing = -(top + self.height / 2) * DOTS_HIGH * scale
        return View(easting, northing, scale, self.width, self.height)

    @classmethod
    def fitted(cls, bounds: tuple[float, float, float, float], width: int, height: int) -> View:
        """The view that holds these bounds (west, south, east, north), with some room around them."""
        west, south, east, north = bounds
        wide = (east - west) / max(1.0, DOTS_WIDE * FIT * width)
        high = (north - south) / max(1.0, DOTS_HIGH * FIT * height)
        return cls((west + east) / 2, (south + north) / 2, max(wide, high, FINEST), width, height)
