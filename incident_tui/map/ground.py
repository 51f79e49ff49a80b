"""What lies on the ground: the tint of our own area, borders, hatches and lines; everything but marks and names.

Units move several times a second and the ground does not: what was drawn is kept while the same things are to be seen
in the same picture.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import chain, pairwise
from typing import Any, Final

import numpy as np
from rich.cells import get_character_cell_size

from incident_tui.map import lod, raster
from incident_tui.map.inks import BLANK, OTHERS, OWN, SELECTED, TINT, Inks
from incident_tui.map.labels import Placed
from incident_tui.map.lines import LINE, Bundle, Group, Lines
from incident_tui.map.raster import Array, Look, Segments
from incident_tui.map.scene import LAYERS, AreaDrawing, Scene
from incident_tui.map.territory import Territory
from incident_tui.map.view import DOTS_HIGH, DOTS_WIDE, View

NO_AREAS: Final = -1
"""In place of how coarse the borders are, where there are none."""


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

    def line(self, columns: Array, rows: Array, inks: Array, chosen: Array) -> None:
        """The dots of lines, over what is there and each over those before it; how each of them looks."""
        cells, bits = raster.cells_of(columns, rows, self.view), raster.BITS[rows & 3, columns & 1]
        self.bits |= raster.set_bits(cells, bits, self.view)
        self.inks.reshape(-1)[cells] = inks
        if chosen.any():
            self.grounds.reshape(-1)[cells[chosen]] = SELECTED

    def plain(self, columns: Array, rows: Array, *, dotted: bool) -> None:
        """The signs of one line in ASCII, which say how it runs."""
        bits = raster.gathered(columns, rows, self.view)
        drawn = bits > 0
        self.signs[drawn] = ord(raster.DOTTED) if dotted else raster.signs("ascii")[bits[drawn]]

    def settle(self) -> None:
        """All lines have been drawn: their dots become signs."""
        if self.look != "ascii":
            np.copyto(self.signs, raster.signs(self.look).take(self.bits), where=self.bits > 0)

    def write(self, names: Sequence[tuple[Placed, bool]]) -> None:
        """Names, as much of each as is in the picture; and whether what it names is selected."""
        plain = [(name, chosen) for name, chosen in names if name.cells == len(name.text)]
        text = "".join([name.text for name, _ in plain])
        codes = np.frombuffer(text.encode("utf-32-le"), dtype="<u4")
        each = [(name.row, name.column, name.cells, name.wanted.pen, chosen) for name, chosen in plain]
        flat = np.fromiter(chain.from_iterable(each), np.int64, 5 * len(each))
        first_rows, firsts, lengths, pens, selected = flat.reshape(-1, 5).T
        which, steps = raster.spread(lengths)
        rows, columns = first_rows[which] - self.top, firsts[which] + steps - self.left
        keep = (rows >= 0) & (rows < self.view.height) & (columns >= 0) & (columns < self.view.width)
        which, cells = which[keep], (rows * self.view.width + columns)[keep]
        self.signs.reshape(-1)[cells] = codes[keep]
        self.inks.reshape(-1)[cells] = pens[which]
        self.grounds.reshape(-1)[cells[selected[which] > 0]] = SELECTED
        for name, chosen in names:
            if name.cells != len(name.text):
                self._write_wide(name, chosen=chosen)

    def _write_wide(self, name: Placed, *, chosen: bool) -> None:
        """A name with wide letters; one that is cut in two becomes a blank."""
        row, column = name.row - self.top, name.column - self.left
        if not 0 <= row < self.view.height:
            return
        for char in name.text:
            wide = get_character_cell_size(char)
            for at, code in enumerate((ord(char), 0)[:wide]):
                if 0 <= column + at < self.view.width:
                    cut = wide > 1 and not (column >= 0 and column + 1 < self.view.width)
                    self.signs[row, column + at] = BLANK if cut else code
                    self.inks[row, column + at] = name.wanted.pen
                    if chosen:
                        self.grounds[row, column + at] = SELECTED
            column += wide


@dataclass(frozen=True, slots=True, eq=False)
class Backdrop:
    """The ground of one picture. ``areas`` says whose its cells are; ``sights`` answers what is in sight."""

    sheet: Sheet
    lined: Array
    areas: Territory | None
    sights: Callable[[], tuple[Group, ...]]
    faults: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """What is to be drawn, whatever is in sight of it. ``bundles`` are its lines, by the detail of the borders."""

    areas: AreaDrawing | None
    groups: list[Group]
    faults: list[str]
    look: Look
    hidden: frozenset[str]
    bundles: dict[int, Bundle] = field(default_factory=dict)

    def bundle(self, territory: Territory | None, detail: int) -> Bundle:
        """All lines, with the borders at this detail; put together once."""
        if detail not in self.bundles:
            lines = [group for group in self.groups if not group.hatch]
            if territory is not None and self.areas is not None and "borders" not in self.hidden:
                lines += _borders(self.areas, territory.found)
            self.bundles[detail] = Bundle(tuple(sorted(lines, key=_order)), self.look)
        return self.bundles[detail]


class Backdrops:
    """The grounds of one map, the last of them kept."""

    def __init__(self, inks: Inks) -> None:
        self.inks = inks
        self.lines = Lines()
        self._asked: tuple[Any, ...] = ()
        self._kept: Backdrop | None = None
        self._plan = Plan(None, [], [], "braille", frozenset())

    def ground(
        self, scene: Scene, sketch: Scene, view: View, look: Look, hidden: frozenset[str], selected: str
    ) -> Backdrop:
        """The ground of a picture; a sheet of one's own to draw the rest on."""
        shapes = (scene.strokes, scene.grounds, sketch.strokes, sketch.grounds)
        if not any(shape.key == selected for several in shapes for shape in several):
            selected = ""
        asked = (scene.areas, shapes, look, hidden, selected)
        if self._asked != asked:
            groups, faults = self.lines.groups(scene, sketch, hidden, selected)
            self._plan, self._kept = Plan(scene.areas, groups, faults, look, hidden), None
            self._asked = asked
        if self._kept is None:
            self._kept = self._made(self._plan, view)
        elif self._kept.sheet.view != view:
            self._kept = _moved(self._kept, view, partial(self._made, self._plan))
        kept = self._kept
        return replace(kept, sheet=kept.sheet.copy())

    def _made(self, plan: Plan, view: View) -> Backdrop:
        sheet, faults = Sheet(view, plan.look), plan.faults
        territory, detail = None, NO_AREAS
        if plan.areas is not None:
            try:
                coarse = lod.tolerance(view.metres_per_dot)
                territory, detail = Territory(lod.borders(plan.areas.areas, coarse), view), coarse
            except Exception as error:  # noqa: BLE001 - whatever a set of areas is like, the rest is drawn
                faults = [*faults, f"The areas could not be drawn ({type(error).__name__})."]
        if territory is not None and plan.areas is not None and "tint" not in plan.hidden:
            mask = territory.mask(plan.areas.own)
            if mask is not None:
                sheet.grounds[mask] = TINT
        seen = [group for group in plan.groups if group.hatch and self._hatch(group, sheet)]
        seen += self._lines(plan.bundle(territory, detail), sheet)
        sheet.settle()
        return Backdrop(sheet, sheet.signs != BLANK, territory, lambda: tuple(seen), tuple(faults))

    def _lines(self, bundle: Bundle, sheet: Sheet) -> list[Group]:
        """Draws all lines; answers those of which something is in sight."""
        which, columns, rows = raster.traced(bundle.segments, sheet.view, bundle.patterns)
        number, groups = bundle.number[which], bundle.groups
        ends = np.searchsorted(number, np.arange(len(groups) + 1)).tolist()
        seen = [
            (group, slice(*some))
            for group, some in zip(groups, pairwise(ends), strict=True)
            if some[0] < some[1]
        ]
        inks = np.zeros(len(groups), dtype=np.int32)
        for group, dots in seen:
            inks[number[dots.start]] = self.inks.number(f"{group.tone}{LINE}")
            if sheet.look == "ascii":
                sheet.plain(columns[dots], rows[dots], dotted=group.dash == "dotted")
        if seen:
            chosen = np.array([group.selected for group in groups])
            sheet.line(columns, rows, inks[number], chosen[number])
        return [group for group, _ in seen]

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
    areas = None if before.areas is None else Territory(before.areas.found, view)
    return Backdrop(sheet, sheet.signs != BLANK, areas, lambda: made(view).sights(), before.faults)


def _order(group: Group) -> tuple[int, bool]:
    return (LAYERS.index(group.layer) if group.layer in LAYERS else len(LAYERS), group.selected)


def _borders(drawing: AreaDrawing, found: lod.Borders) -> tuple[Group, ...]:
    """The borders: all others, and our own."""
    own = found.of(drawing.own)
    kinds = ((~own, OTHERS, drawing.words), (own, OWN, f"border of {drawing.own}"))
    return tuple(
        Group("borders", tone, "solid", said, found.segments.those(which)) for which, tone, said in kinds
    )
