"""From a scene and a view to a frame: the sign, the ink and the ground of every cell.

``Drawing`` remembers between frames what would be dear or restless to make anew: the arrays of marks and lines, and
where the names stand. Nothing else depends on what was drawn before.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from rich.cells import get_character_cell_size

from incident_tui.map import labels, lod, marks, raster
from incident_tui.map.labels import Placed, Room, Wanted
from incident_tui.map.legend import Entry, entries_of
from incident_tui.map.lines import LINE, Group, Lines
from incident_tui.map.raster import Array, Look
from incident_tui.map.scene import EMPTY, LAYERS, AreaDrawing, Scene
from incident_tui.map.view import DOTS_HIGH, DOTS_WIDE, View

GROUNDS: Final = ("ground", "panel", "selection")
PLAIN, TINT, SELECTED = range(len(GROUNDS))
BLANK: Final = ord(" ")
OWN: Final = "accent"
OTHERS: Final = "dim"
OWN_NAME: Final = "accent bold"
OTHERS_NAME: Final = "strong"
"""Our own border and name are bright; neighbours are there, and quiet."""


class Inks:
    """Style words by number, so that a cell holds a number; numbers stay for as long as a drawing does."""

    def __init__(self) -> None:
        self.words: list[str] = ["ink"]
        self._numbers = {"ink": 0}

    def number(self, words: str) -> int:
        """The number of these style words."""
        found = self._numbers.get(words)
        if found is None:
            found = self._numbers[words] = len(self.words)
            self.words.append(words)
        return found


@dataclass(frozen=True, slots=True)
class Frame:
    """A picture in cells. A ``sign`` of 0 is the second half of a wide one before it."""

    signs: Array
    inks: Array
    grounds: Array
    legend: tuple[Entry, ...] = ()
    faults: tuple[str, ...] = ()

    def text(self) -> list[str]:
        """The picture as plain lines."""
        return ["".join(chr(code) for code in row if code) for row in self.signs]


@dataclass(slots=True)
class Sheet:
    """A frame in the making."""

    view: View
    look: Look
    signs: Array = field(init=False)
    bits: Array = field(init=False)
    inks: Array = field(init=False)
    grounds: Array = field(init=False)

    def __post_init__(self) -> None:
        shape = self.view.height, self.view.width
        self.signs = np.full(shape, BLANK, dtype=np.uint32)
        self.bits = np.zeros(shape, dtype=np.uint8)
        self.inks = np.zeros(shape, dtype=np.int32)
        self.grounds = np.zeros(shape, dtype=np.uint8)

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
        row, column = name.row - self.view.top, name.column - self.view.left
        if not 0 <= row < self.view.height:
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


class Drawing:
    """The drawing of one map, from frame to frame."""

    def __init__(self) -> None:
        self.inks = Inks()
        self.lines = Lines()
        self._table: marks.Table | None = None
        self._scale = 0.0
        self._names: dict[str, Placed] = {}
        self._areas: dict[str, Placed] = {}
        self._refused: set[Wanted] = set()
        self._asked: tuple[Any, ...] = ()
        self._masks: tuple[Any, View | None, dict[str, Array]] = (None, None, {})

    def frame(
        self,
        scene: Scene,
        view: View,
        look: Look = "braille",
        hidden: frozenset[str] = frozenset(),
        selected: str = "",
        sketch: Scene = EMPTY,
    ) -> Frame:
        """A frame. ``hidden`` are layers, ``selected`` the key of a thing, ``sketch`` a drawing in progress."""
        if view.metres_per_dot != self._scale:
            self._scale, self._names, self._areas, self._asked = view.metres_per_dot, {}, {}, ()
        asked = (scene, look, hidden, selected)
        if not self._asked or self._asked[0] is not scene or self._asked[1:] != asked[1:]:
            self._asked, self._refused = asked, set()
        if not view.width or not view.height:
            nothing = np.zeros((view.height, view.width), dtype=np.uint32)
            return Frame(nothing, nothing.astype(np.int32), nothing.astype(np.uint8))
        sheet = Sheet(view, look)
        faults: list[str] = []
        table = self._table_of(scene)
        seen = table.seen(view, hidden, selected)
        found, faults_of_lines = self.lines.groups(scene, sketch, hidden, selected)
        faults += [*table.faults, *faults_of_lines]
        masks = self._borders(scene.areas, sheet, hidden, faults, found)
        drawn = self._drawn(found, sheet)
        sheet.settle()
        lined = sheet.signs != BLANK
        self._marks(seen, sheet)
        self._write_names(scene, seen, masks, sheet, lined, hidden, selected)
        return Frame(
            sheet.signs,
            sheet.inks,
            sheet.grounds,
            entries_of(drawn, seen, look),
            tuple(dict.fromkeys(faults)),
        )

    def _table_of(self, scene: Scene) -> marks.Table:
        if self._table is None or self._table.marks is not scene.marks:
            self._table = marks.Table(scene.marks, self.inks)
        return self._table

    # -- areas ----------------------------------------------------------------------------------------------

    def _borders(
        self,
        areas: AreaDrawing | None,
        sheet: Sheet,
        hidden: frozenset[str],
        faults: list[str],
        groups: list[Group],
    ) -> dict[str, Array]:
        """Tints our own area, adds the borders to what is to be drawn, and answers where each area is in sight."""
        if areas is None:
            return {}
        try:
            found = lod.borders(areas.areas, lod.tolerance(sheet.view.metres_per_dot))
        except Exception as error:  # noqa: BLE001 - whatever a set of areas is like, the rest of the map is drawn
            faults.append(f"The areas could not be drawn ({type(error).__name__}).")
            return {}
        masks = self._masks_of(found, sheet.view)
        own = found.of(areas.own)
        if "tint" not in hidden and areas.own in masks:
            sheet.grounds[masks[areas.own]] = TINT
        if "borders" not in hidden:
            kinds = ((~own, OTHERS, areas.words), (own, OWN, f"border of {areas.own}"))
            for chosen, tone, words in kinds:
                segments = raster.Segments(found.segments.ends[chosen], found.segments.along[chosen])
                groups.append(Group("borders", tone, "solid", words, segments))
        return masks

    def _masks_of(self, found: lod.Borders, view: View) -> dict[str, Array]:
        """Where each area is in sight; the same as before while the picture stays."""
        if self._masks[0] is not found or self._masks[1] != view:
            self._masks = found, view, area_masks(found, view)
        return self._masks[2]

    # -- lines ----------------------------------------------------------------------------------------------

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
                bits = raster.fold(raster.bitmap(columns, rows, sheet.view))
                ink = self.inks.number(f"{group.tone}{LINE}")
                sheet.line(bits, ink, dotted=group.dash == "dotted", selected=group.selected)
                seen.append(group)
        return seen

    def _hatch(self, group: Group, sheet: Sheet) -> bool:
        """What lies on a ground, as far as it is in sight."""
        view, high = sheet.view, sheet.look == "braille"
        wide, tall = (DOTS_WIDE, DOTS_HIGH) if high else (1, 1)
        on = raster.lattice(group.segments.ends, view.cell_wide / wide, view.cell_high / tall)
        box = view.left * wide, view.top * tall, view.width * wide, view.height * tall
        ground = raster.inside(on, *box)
        if not ground.any():
            return False
        ink = self.inks.number(f"{group.tone}{LINE}")
        if high:
            bits = raster.fold(ground & raster.hatched(group.hatch, *box))
            sheet.bits |= bits
            sheet.inks[bits > 0] = ink
        else:
            there = ground & raster.sparse(*box)
            sheet.signs[there] = ord(raster.HATCH_SIGNS[group.hatch])
            sheet.inks[there] = ink
        return True

    # -- marks and names ------------------------------------------------------------------------------------

    def _marks(self, seen: marks.Seen, sheet: Sheet) -> None:
        columns, rows = seen.columns - sheet.view.left, seen.rows - sheet.view.top
        keep = (columns >= 0) & (columns < sheet.view.width) & (rows >= 0) & (rows < sheet.view.height)
        keep &= seen.codes(sheet.look) != BLANK
        columns, rows = columns[keep], rows[keep]
        sheet.signs[rows, columns] = seen.codes(sheet.look)[keep]
        sheet.inks[rows, columns] = seen.inks[keep]
        chosen = seen.chosen[keep]
        sheet.grounds[rows[chosen], columns[chosen]] = SELECTED

    def _write_names(
        self,
        scene: Scene,
        seen: marks.Seen,
        masks: dict[str, Array],
        sheet: Sheet,
        lined: Array,
        hidden: frozenset[str],
        selected: str,
    ) -> None:
        room = Room(sheet.view)
        room.ink(lined)
        signed = seen.codes(sheet.look) != BLANK
        room.take_all(seen.columns[signed], seen.rows[signed])
        wanted = [
            *seen.wanted(sheet.view, self.inks),
            *self.lines.wanted(scene, sheet.view, hidden, self.inks.number("ink")),
        ]
        if "labels" in hidden:
            wanted = [one for one in wanted if one.key == selected]
        early = [
            one
            for one in wanted
            if one.key == selected or one.key in self._names or one.priority > labels.AREA_PRIORITY
        ]
        names = labels.laid(early, self._names, room, selected, self._refused)
        areas = {}
        if "labels" not in hidden:
            areas = self._area_names(scene.areas, masks, sheet.signs != BLANK, sheet.view, room)
        late = [one for one in wanted if one.key not in names]
        names |= labels.laid(late, {}, room, "", self._refused)
        self._names, self._areas = names, areas
        for name in areas.values():
            sheet.write(name)
        for name in names.values():
            sheet.write(name, SELECTED if name.wanted.key == selected else None)

    def _area_names(
        self, areas: AreaDrawing | None, masks: dict[str, Array], taken: Array, view: View, room: Room
    ) -> dict[str, Placed]:
        """The name of each area in the part of it that is in sight; it stays where it was while it is in sight."""
        found: dict[str, Placed] = {}
        longer = dict(areas.names) if areas is not None else {}
        for code, mask in masks.items():
            before = self._areas.get(code)
            if (
                before is not None
                and _in_sight(before, view)
                and room.free(before.column, before.row, before.cells)
            ):
                found[code] = before
            else:
                own = areas is not None and code == areas.own
                ink = self.inks.number(OWN_NAME if own else OTHERS_NAME)
                for text in dict.fromkeys((longer.get(code, code), code)):
                    placed = _area_name(code, labels.clean(text), ink, (mask, taken), view, room)
                    if placed is not None:
                        found[code] = placed
                        break
            if code in found:
                room.take(found[code].column, found[code].row, found[code].cells)
        return found

    def keys_at(
        self, scene: Scene, view: View, column: int, row: int, hidden: frozenset[str] = frozenset()
    ) -> tuple[str, ...]:
        """What is in a cell of the picture: marks, the weightiest first, lines through it, and grounds under it."""
        table = self._table_of(scene)
        return tuple(
            dict.fromkeys(
                key
                for key in (
                    *table.keys_at(view, column, row, hidden),
                    *self.lines.keys_at(scene, view, column, row, hidden),
                )
                if key
            )
        )


def _order(group: Group) -> tuple[int, bool]:
    return (LAYERS.index(group.layer) if group.layer in LAYERS else len(LAYERS), group.selected)


def _in_sight(name: Placed, view: View) -> bool:
    column, row = name.column - view.left, name.row - view.top
    return column >= 0 and column + name.cells <= view.width and 0 <= row < view.height


def _area_name(
    code: str, text: str, ink: int, ground: tuple[Array, Array], view: View, room: Room
) -> Placed | None:
    cells = sum(get_character_cell_size(char) for char in text)
    at = labels.anchor(*ground, view, cells)
    if at is None or not cells:
        return None
    column, row = at[0] - cells // 2, at[1]
    for line in (row, row - 1, row + 1, row - 2, row + 2):
        if view.top <= line < view.top + view.height and room.free(column, line, cells):
            wanted = Wanted(code, at[0], line, text, ink, labels.AREA_PRIORITY, bare=True)
            return Placed(wanted, column, line, text, cells)
    return None


def area_masks(found: lod.Borders, view: View) -> dict[str, Array]:
    """Which cells of the picture lie in which area, for those in sight."""
    one, two, ends = found.one, found.two, found.segments.ends
    real = one != two
    on = raster.lattice(ends, view.cell_wide, view.cell_high)
    box = view.left, view.top, view.width, view.height
    both = real & (two >= 0)
    every = np.concatenate((on[real], on[both]))
    of = np.concatenate((one[real], two[both])).astype(np.int64)
    masks = raster.insides(every, of, len(found.codes), box)
    return {code: mask for code, mask in zip(found.codes, masks, strict=True) if mask.any()}
