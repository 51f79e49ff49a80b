"""What lies on the ground: the tint of our own area, borders, hatches and lines; everything but marks and names.

Units move several times a second and the ground does not: what was drawn is kept while the same things are to be seen
in the same picture.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np
from rich.cells import get_character_cell_size

from incident_tui.map import lod, raster
from incident_tui.map.inks import BLANK, OTHERS, OWN, SELECTED, TINT, Inks
from incident_tui.map.labels import Placed
from incident_tui.map.lines import LINE, Group, Lines
from incident_tui.map.raster import Array, Look, Segments
from incident_tui.map.scene import LAYERS, AreaDrawing, Scene
from incident_tui.map.view import DOTS_HIGH, DOTS_WIDE, View


@dataclass(slots=True)
class Sheet:
    """A frame in the making."""

    view: View
    look: Look
    signs: Array = field(init=False)
    bits: Array = field(init=False)
    inks: Array = field(init=False)
    grounds: Array = field(init=False)
    left: int = field(init=False)
    top: int = field(init=False)

    def __post_init__(self) -> None:
        shape = self.view.height, self.view.width
        self.left, self.top = self.view.left, self.view.top
        self.signs = np.full(shape, BLANK, dtype=np.uint32)
        self.bits = np.zeros(shape, dtype=np.uint8)
        self.inks = np.zeros(shape, dtype=np.int32)
        self.grounds = np.zeros(shape, dtype=np.uint8)

    def copy(self) -> Sheet:
        """A sheet with the same on it, to be drawn on further."""
        made = Sheet(self.view, self.look)
        made.signs, made.bits = self.signs.copy(), self.bits
        made.inks, made.grounds = self.inks.copy(), self.grounds.copy()
        return made

    def pairs(self, other: Sheet) -> tuple[tuple[Array, Array], ...]:
        """What is on this sheet, each beside the same of another."""
        return (self.signs, other.signs), (self.inks, other.inks), (self.grounds, other.grounds)

    def line(self, bits: Array, ink: int, *, dotted: bool, selected: bool) -> None:
        """The dots of a line, over what is there."""
        drawn = bits > 0
        if self.look == "ascii":
            self.signs[drawn] = ord(raster.DOTTED) if dotted else raster.signs("ascii")[bits[drawn]]
        self.bits |= bits
        self.inks[drawn] = ink
        if selected:
            self.grounds[drawn] = SELECTED

    def settle(self) -> None:
        """All lines have been drawn: their dots become signs."""
        if self.look != "ascii":
            drawn = self.bits > 0
            self.signs[drawn] = raster.signs(self.look)[self.bits[drawn]]

    def write(self, name: Placed, ground: int | None = None) -> None:
        """A name, as much of it as is in the picture; a wide letter that is cut in two becomes a blank."""
        row, column = name.row - self.top, name.column - self.left
        if not 0 <= row < self.view.height:
            return
        if name.cells == len(name.text):
            first, last = max(0, column), min(self.view.width, column + name.cells)
            if first < last:
                codes = np.frombuffer(name.text.encode("utf-32-le"), dtype="<u4")
                self.signs[row, first:last] = codes[first - column : last - column]
                self.inks[row, first:last] = name.wanted.pen
                if ground is not None:
                    self.grounds[row, first:last] = ground
            return
        for char in name.text:
            wide = get_character_cell_size(char)
            for at, code in enumerate((ord(char), 0)[:wide]):
                if 0 <= column + at < self.view.width:
                    cut = wide > 1 and not (column >= 0 and column + 1 < self.view.width)
                    self.signs[row, column + at] = BLANK if cut else code
                    self.inks[row, column + at] = name.wanted.pen
                    if ground is not None:
                        self.grounds[row, column + at] = ground
            column += wide


@dataclass(frozen=True, slots=True, eq=False)
class Backdrop:
    """The ground of one picture. ``areas`` are the borders it was drawn from; ``sights`` answers what is in sight."""

    sheet: Sheet
    lined: Array
    areas: lod.Borders | None
    sights: Callable[[], tuple[Group, ...]]
    faults: tuple[str, ...]
    masks: dict[str, Array | None] = field(default_factory=dict)
    """Where each area is in sight, as far as that was asked; None for one that is not."""

    def mask(self, code: str) -> Array | None:
        """Which cells of the picture lie in this area; None when none does."""
        if code not in self.masks and self.areas is not None:
            self.masks[code] = area_mask(self.areas, self.sheet.view, code)
        return self.masks.get(code)


class Backdrops:
    """The grounds of one map, the last of them kept."""

    def __init__(self, inks: Inks) -> None:
        self.inks = inks
        self.lines = Lines()
        self._asked: tuple[Any, ...] = ()
        self._kept: Backdrop | None = None
        self._borders: tuple[Any, str, tuple[Group, ...]] = (None, "", ())

    def ground(
        self, scene: Scene, sketch: Scene, view: View, look: Look, hidden: frozenset[str], selected: str
    ) -> Backdrop:
        """The ground of a picture; a sheet of one's own to draw the rest on."""
        shapes = (scene.strokes, scene.grounds, sketch.strokes, sketch.grounds)
        if not any(shape.key == selected for several in shapes for shape in several):
            selected = ""
        asked = (scene.areas, shapes, look, hidden, selected)
        made = partial(self._made, scene, sketch, look, hidden, selected)
        if self._kept is None or self._asked != asked:
            self._asked, self._kept = asked, made(view)
        elif self._kept.sheet.view != view:
            self._kept = _moved(self._kept, view, made)
        kept = self._kept
        return replace(kept, sheet=kept.sheet.copy())

    def _made(
        self, scene: Scene, sketch: Scene, look: Look, hidden: frozenset[str], selected: str, view: View
    ) -> Backdrop:
        sheet = Sheet(view, look)
        groups, faults = self.lines.groups(scene, sketch, hidden, selected)
        areas = None
        if scene.areas is not None:
            try:
                areas = lod.borders(scene.areas.areas, lod.tolerance(sheet.view.metres_per_dot))
            except Exception as error:  # noqa: BLE001 - whatever a set of areas is like, the rest is drawn
                faults.append(f"The areas could not be drawn ({type(error).__name__}).")
        if areas is not None and scene.areas is not None:
            groups += self._bordered(scene.areas, areas, sheet, hidden)
        seen = self._drawn(groups, sheet)
        sheet.settle()
        return Backdrop(sheet, sheet.signs != BLANK, areas, lambda: tuple(seen), tuple(faults))

    def _bordered(
        self, drawing: AreaDrawing, found: lod.Borders, sheet: Sheet, hidden: frozenset[str]
    ) -> tuple[Group, ...]:
        """Tints our own area, and answers the borders: our own, and all others."""
        if "tint" not in hidden and drawing.own in found.codes:
            mask = area_mask(found, sheet.view, drawing.own)
            if mask is not None:
                sheet.grounds[mask] = TINT
        if "borders" in hidden:
            return ()
        words = f"{drawing.own}/{drawing.words}"
        if self._borders[0] is not found or self._borders[1] != words:
            own = found.of(drawing.own)
            kinds = ((~own, OTHERS, drawing.words), (own, OWN, f"border of {drawing.own}"))
            groups = tuple(
                Group(
                    "borders",
                    tone,
                    "solid",
                    said,
                    found.segments.those(which),
                )
                for which, tone, said in kinds
            )
            self._borders = found, words, groups
        return self._borders[2]

    def _drawn(self, groups: list[Group], sheet: Sheet) -> list[Group]:
        """Draws every group, hatches beneath all lines; answers those of which something is in sight."""
        seen: list[Group] = []
        for group in groups:
            if group.hatch and self._hatch(group, sheet):
                seen.append(group)
        for group in sorted((one for one in groups if not one.hatch), key=_order):
            pattern = raster.DASHED[sheet.look].get(group.dash)
            columns, rows = raster.dots(group.segments, sheet.view, pattern)
            if len(columns):
                bits = raster.gathered(columns, rows, sheet.view)
                ink = self.inks.number(f"{group.tone}{LINE}")
                sheet.line(bits, ink, dotted=group.dash == "dotted", selected=group.selected)
                seen.append(group)
        return seen

    def _hatch(self, group: Group, sheet: Sheet) -> bool:
        """What lies on a ground, as far as it is in sight."""
        view, fine = sheet.view, sheet.look == "braille"
        where = _cells_of(group.segments, view)
        if where is None:
            return False
        rows, columns = where
        wide, tall = (DOTS_WIDE, DOTS_HIGH) if fine else (1, 1)
        on = raster.lattice(group.segments.ends, view.cell_wide / wide, view.cell_high / tall)
        box = (
            (sheet.left + columns.start) * wide,
            (sheet.top + rows.start) * tall,
            (columns.stop - columns.start) * wide,
            (rows.stop - rows.start) * tall,
        )
        ground = raster.inside(on, *box)
        if not ground.any():
            return False
        ink = self.inks.number(f"{group.tone}{LINE}")
        if fine:
            bits = raster.fold(ground & raster.hatched(group.hatch, *box))
            sheet.bits[rows, columns] |= bits
            sheet.inks[rows, columns][bits > 0] = ink
        else:
            there = ground & raster.sparse(*box)
            sheet.signs[rows, columns][there] = ord(raster.HATCH_SIGNS.get(group.hatch, " "))
            sheet.inks[rows, columns][there] = ink
        return True


def _cells_of(segments: Segments, view: View) -> tuple[slice, slice] | None:
    """The rows and columns of the picture that these lines reach over; None when there are none."""
    west, south = segments.low.min(axis=0).tolist()
    east, north = segments.high.max(axis=0).tolist()
    first, last = view.cell_of(west, north), view.cell_of(east, south)
    columns = slice(max(0, first[0]), min(view.width, last[0] + 1))
    rows = slice(max(0, first[1]), min(view.height, last[1] + 1))
    return (rows, columns) if columns.start < columns.stop and rows.start < rows.stop else None


def _moved(before: Backdrop, view: View, made: Callable[[View], Backdrop]) -> Backdrop:
    """The ground after the picture has moved by whole cells: what stays is shifted, the rest drawn; else all of it."""
    was = before.sheet.view
    right, down = view.left - was.left, view.top - was.top
    width, height = view.width, view.height
    alike = (was.metres_per_dot, was.width, was.height) == (view.metres_per_dot, width, height)
    if not alike or abs(right) >= width or abs(down) >= height:
        return made(view)
    stays = slice(max(0, -down), height + min(0, -down)), slice(max(0, -right), width + min(0, -right))
    from_ = slice(max(0, down), height + min(0, down)), slice(max(0, right), width + min(0, right))
    sheet = Sheet(view, before.sheet.look)
    for new, old in sheet.pairs(before.sheet):
        new[stays] = old[from_]
    for column, row, wide, high in (
        (0, 0, width, max(0, -down)),
        (0, height - max(0, down), width, max(0, down)),
        (0, stays[0].start, max(0, -right), height - abs(down)),
        (width - max(0, right), stays[0].start, max(0, right), height - abs(down)),
    ):
        if wide and high:
            part = made(view.part(column, row, wide, high)).sheet
            for new, old in sheet.pairs(part):
                new[row : row + high, column : column + wide] = old
    return Backdrop(sheet, sheet.signs != BLANK, before.areas, lambda: made(view).sights(), before.faults)


def _order(group: Group) -> tuple[int, bool]:
    return (LAYERS.index(group.layer) if group.layer in LAYERS else len(LAYERS), group.selected)


def area_mask(found: lod.Borders, view: View, code: str) -> Array | None:
    """Which cells of the picture lie in an area; None when none does."""
    _, south, east, north = view.bounds
    segments = found.around(code)
    near = (segments.low[:, 1] <= north) & (segments.high[:, 1] >= south) & (segments.low[:, 0] <= east)
    on = raster.lattice(segments.ends[near], view.cell_wide, view.cell_high)
    mask = raster.inside(on, view.left, view.top, view.width, view.height)
    return mask if mask.any() else None
