"""From a scene and a view to a frame: the sign, the ink and the ground of every cell.

``Drawing`` remembers between frames what would be dear or restless to make anew: the ground, the arrays of the marks,
and where the names stand. Nothing else depends on what was drawn before.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from rich.cells import get_character_cell_size

from incident_tui.map import labels, marks
from incident_tui.map.ground import Backdrop, Backdrops, Sheet
from incident_tui.map.inks import BLANK, OTHERS_NAME, OWN_NAME, SELECTED, Inks
from incident_tui.map.labels import Placed, Room, Wanted
from incident_tui.map.legend import Entry, entries_of
from incident_tui.map.lines import Group
from incident_tui.map.raster import Array, Look
from incident_tui.map.scene import EMPTY, AreaDrawing, Scene
from incident_tui.map.territory import Territory, anchor
from incident_tui.map.view import View


@dataclass(frozen=True, slots=True)
class Frame:
    """A picture in cells. A ``sign`` of 0 is the second half of a wide one before it."""

    signs: Array
    inks: Array
    grounds: Array
    faults: tuple[str, ...] = ()
    seen: tuple[Callable[[], tuple[Group, ...]], marks.Seen, Look] | None = None
    """What answers the lines in sight, the marks, and the look they have."""

    @property
    def legend(self) -> tuple[Entry, ...]:
        """Every sign, dash and hatch in sight, in words."""
        if self.seen is None:
            return ()
        sights, seen, look = self.seen
        return entries_of(sights(), seen, look)

    def text(self) -> list[str]:
        """The picture as plain lines."""
        return ["".join(chr(code) for code in row if code) for row in self.signs]


class Drawing:
    """The drawing of one map, from frame to frame."""

    def __init__(self) -> None:
        self.inks = Inks()
        self._grounds = Backdrops(self.inks)
        self._table: marks.Table | None = None
        self._scale = 0.0
        self._names: dict[str, Placed] = {}
        self._areas: dict[str, Placed] = {}
        self._refused: set[Wanted] = set()
        self._asked: tuple[Any, ...] = ()

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
        self._forget(scene, view, (look, hidden, selected))
        if not view.width or not view.height:
            nothing = np.zeros((view.height, view.width), dtype=np.uint32)
            return Frame(nothing, nothing.astype(np.int32), nothing.astype(np.uint8))
        table = self._table_of(scene)
        ground = self._grounds.ground(scene, sketch, view, look, hidden, selected)
        seen = table.seen(view, hidden, selected)
        sheet = ground.sheet
        self._marks(seen, sheet)
        self._write_names(scene, seen, ground, hidden, selected)
        faults = tuple(dict.fromkeys((*table.faults, *ground.faults)))
        return Frame(sheet.signs, sheet.inks, sheet.grounds, faults, (ground.sights, seen, look))

    def _forget(self, scene: Scene, view: View, asked: tuple[Any, ...]) -> None:
        """Names find other places at another scale; what found no room may find some in another scene."""
        if view.metres_per_dot != self._scale:
            self._scale, self._names, self._areas, self._asked = view.metres_per_dot, {}, {}, ()
        if not self._asked or self._asked[0] is not scene or self._asked[1:] != asked:
            self._asked, self._refused = (scene, *asked), set()

    def _table_of(self, scene: Scene) -> marks.Table:
        if self._table is None or self._table.marks is not scene.marks:
            self._table = marks.Table(scene.marks, self.inks, self._table)
        return self._table

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
        self, scene: Scene, seen: marks.Seen, ground: Backdrop, hidden: frozenset[str], selected: str
    ) -> None:
        sheet, lines = ground.sheet, self._grounds.lines
        room = Room(sheet.view)
        room.ink(ground.lined)
        signed = seen.codes(sheet.look) != BLANK
        room.take_all(seen.columns[signed], seen.rows[signed])
        wanted = seen.wanted(sheet.view, self.inks)
        named = {one.key for one in wanted}
        edges = lines.wanted(scene, sheet.view, hidden, self.inks.number("ink"))
        wanted += [one for one in edges if one.key not in named]
        if "labels" in hidden:
            wanted = [one for one in wanted if one.key == selected]
        early = [
            one
            for one in wanted
            if one.key == selected or one.key in self._names or one.priority > labels.AREA_PRIORITY
        ]
        names = labels.laid(early, self._names, room, selected, self._refused)
        areas: dict[str, Placed] = {}
        if "labels" not in hidden and scene.areas is not None:
            areas = self._area_names(scene.areas, ground, room)
        late = [one for one in wanted if one.key not in names]
        names |= labels.laid(late, {}, room, "", self._refused)
        self._names, self._areas = names, areas
        both = [(name, False) for name in areas.values()]
        sheet.write([*both, *((name, name.wanted.key == selected) for name in names.values())])

    def _area_names(self, areas: AreaDrawing, ground: Backdrop, room: Room) -> dict[str, Placed]:
        """The name of each area in the part of it that is in sight; it stays where it was while it is in sight."""
        territory = ground.areas
        if territory is None:
            return {}
        view, found, new = territory.view, {}, []
        for code in territory.found.within(view.bounds, lambda code: len(code) * view.cell_wide):
            name = self._areas.get(code)
            if name is not None and _in_sight(name, view) and room.free(name.column, name.row, name.cells):
                found[code] = name
                room.take(name.column, name.row, name.cells)
            else:
                new.append(code)
        free = ~room.taken()
        clear = free & ~ground.lined
        longer = dict(areas.names)
        for code in new:
            ink = self.inks.number(OWN_NAME if code == areas.own else OTHERS_NAME)
            for text in dict.fromkeys((longer.get(code, code), code)):
                placed = _area_name(territory, code, labels.clean(text), ink, (free, clear), room)
                if placed is not None:
                    found[code] = placed
                    room.take(placed.column, placed.row, placed.cells)
                    row, first = placed.row - view.top, placed.column - view.left
                    free[row, first : first + placed.cells] = clear[row, first : first + placed.cells] = False
                    break
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
                    *self._grounds.lines.keys_at(scene, view, column, row, hidden),
                )
                if key
            )
        )


def _in_sight(name: Placed, view: View) -> bool:
    column, row = name.column - view.left, name.row - view.top
    return column >= 0 and column + name.cells <= view.width and 0 <= row < view.height


def _area_name(
    territory: Territory, code: str, text: str, ink: int, allowed: tuple[Array, Array], room: Room
) -> Placed | None:
    cells = sum(get_character_cell_size(char) for char in text)
    at = anchor(territory, code, *allowed, cells) if cells else None
    if at is None:
        return None
    column, row = at[0] - cells // 2, at[1]
    if not room.free(column, row, cells):
        return None
    wanted = Wanted(code, *at, text, ink, labels.AREA_PRIORITY, bare=True)
    return Placed(wanted, column, row, text, cells)
