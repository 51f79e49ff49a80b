"""The map on the screen: a scene in cells, by the line API, with a crosshair, a selection and the mouse.

It knows nothing of what is drawn: it is shown a ``Scene`` (``incident_tui.map.scene``), keeps the frame it drew last,
and asks for a repaint only of the stretches of lines that have become others. The ground lies on whole cells, so a
move of the picture leaves everything in its cell. Its last line is the map's foot: scale, what the lines are worth,
and their source.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from textual import events
from textual.app import ComposeResult
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from incident_tui.map.scene import EMPTY, Ground, Mark, Scene, Stroke
from incident_tui.map.view import View
from incident_tui.widgets.map_slice import SLICES, Slice, cut, details, ends_of, filtered
from incident_tui.widgets.paint import Line, Span, paint_of, wrap

if TYPE_CHECKING:
    from incident_tui.map.draw import Drawing, Frame
    from incident_tui.map.paint import Painter
    from incident_tui.map.raster import Look

WIDTH_LEAST: Final = 24
HEIGHT_LEAST: Final = 6
FOOT: Final = 1
ISLANDS: Final = (80_000.0, 0.0, 660_000.0, 1_220_000.0)
"""What is looked at when nobody has said what: the whole of Great Britain, metres."""
WHEEL: Final = 1.5
LEGEND_SHARE: Final = 0.5
TOO_SMALL: Final = "No room for a map here. Everything on it is in the list."


class MapCanvas(Widget, can_focus=True):
    """A map that can be moved, asked and drawn on. Keys are its screen's; the mouse is its own."""

    DEFAULT_CSS = """
    MapCanvas { width: 1fr; height: 1fr; layout: horizontal; overflow: hidden; }
    """
    ALLOW_SELECT = False
    BLANK = True
    """Its slices lie over all of it: nothing needs to be made of what is beneath them."""

    class Moved(Message):
        """Another place lies under the crosshair, in metres of the National Grid."""

        def __init__(self, canvas: MapCanvas, easting: float, northing: float) -> None:
            super().__init__()
            self.canvas = canvas
            self.easting = easting
            self.northing = northing

        @property
        def control(self) -> MapCanvas:
            """The map, for ``on``."""
            return self.canvas

    class Picked(Message):
        """A thing was clicked on; ``keys`` is all that lies there, the weightiest first."""

        def __init__(self, canvas: MapCanvas, keys: tuple[str, ...]) -> None:
            super().__init__()
            self.canvas = canvas
            self.keys = keys
            self.key = keys[0]

        @property
        def control(self) -> MapCanvas:
            """The map, for ``on``."""
            return self.canvas

    class Broken(Message):
        """The map could not be drawn: a bug, told once, and never the end of the app."""

        def __init__(self, error: Exception) -> None:
            super().__init__()
            self.error = error

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self._scene = EMPTY
        self._sketch = EMPTY
        self._selected = ""
        self._view = View.fitted(ISLANDS, 0, 0)
        self._bounds: tuple[float, float, float, float] | None = ISLANDS
        self._cursor = (0, 0)
        self._hidden: frozenset[str] = frozenset()
        self._look: Look = "braille"
        self._legend = False
        self._drawing: Drawing | None = None
        self._ground: tuple[tuple[Any, ...], Frame] | None = None
        self._frame: Frame | None = None
        self._painter: Painter | None = None
        self._strips: dict[int, list[Strip]] = {}
        self._ends: tuple[int, ...] = ()
        self._foot: tuple[Any, ...] = ()
        self._wear: tuple[Any, ...] = ()
        self._held: tuple[int, int] | None = None
        self._dragged = False
        self._broken = ""
        self.painted_count = 0
        """How many lines were painted anew so far; for tests and benches."""

    def compose(self) -> ComposeResult:
        """The map in slices."""
        for number in range(SLICES):
            yield Slice(number, self)

    # -- what is shown --------------------------------------------------------------------------------------

    def show(self, scene: Scene, selected: str = "") -> None:
        """Show this scene, with the thing of this key marked as selected. Repaints what became another."""
        if scene is self._scene and selected == self._selected:
            return
        new = scene.areas is not None and scene.areas.areas
        if new and new is not (self._scene.areas and self._scene.areas.areas):
            self.run_worker(partial(details, new), group="details", thread=True, exit_on_error=False)
        self._scene, self._selected = scene, selected
        self._redraw()

    def overlay(
        self, strokes: Iterable[Stroke] = (), grounds: Iterable[Ground] = (), marks: Iterable[Mark] = ()
    ) -> None:
        """A drawing in progress, over everything else; nothing takes it away again."""
        self._sketch = Scene(strokes=tuple(strokes), grounds=tuple(grounds), marks=tuple(marks))
        self._redraw()

    @property
    def scene(self) -> Scene:
        """What is shown."""
        return self._scene

    @property
    def selected(self) -> str:
        """The key of the thing that is marked as selected."""
        return self._selected

    @property
    def view(self) -> View:
        """Which ground is in sight."""
        return self._view

    @view.setter
    def view(self, view: View) -> None:
        self._bounds = None
        self._look_at(view)

    @property
    def hidden(self) -> frozenset[str]:
        """The layers that are not drawn."""
        return self._hidden

    @hidden.setter
    def hidden(self, layers: Iterable[str]) -> None:
        self._hidden = frozenset(layers)
        self._redraw()

    @property
    def look(self) -> Look:
        """The signs that are used; plain ASCII whenever the app keeps to that."""
        return "ascii" if getattr(self.app, "ascii_look", False) else self._look

    @look.setter
    def look(self, look: Look) -> None:
        self._look = look
        self._redraw()

    @property
    def legend(self) -> bool:
        """Whether the legend is open."""
        return self._legend

    @legend.setter
    def legend(self, is_open: bool) -> None:
        self._legend = is_open
        self._redraw()

    @property
    def too_small(self) -> bool:
        """There is no room for a map."""
        return self.size.width < WIDTH_LEAST or self.size.height < HEIGHT_LEAST

    # -- moving ---------------------------------------------------------------------------------------------

    def pan(self, columns: int, rows: int) -> None:
        """Move the picture by whole cells, to the east and to the south."""
        self.view = self._view.panned(columns, rows)

    def zoom(self, factor: float) -> None:
        """Nearer (2) or farther (0.5), about the crosshair: what lies under it stays under it."""
        self.view = self._view.zoomed(factor, *self._cursor)

    def fit(self, bounds: tuple[float, float, float, float]) -> None:
        """Look at all of this (west, south, east, north), with the crosshair in the middle."""
        self._bounds = bounds
        self._cursor = self._view.width // 2, self._view.height // 2
        self._look_at(View.fitted(bounds, self._view.width, self._view.height))

    def centre_on(self, easting: float, northing: float) -> None:
        """Bring a place into the middle, under the crosshair, at the same scale."""
        view = self._view.centred(easting, northing)
        self._cursor = view.cell_of(easting, northing)
        self.view = view

    def _look_at(self, view: View) -> None:
        self._view = view
        self._redraw()
        self._tell()

    @property
    def cursor(self) -> tuple[int, int]:
        """The cell (column, row) of the crosshair."""
        return self._cursor

    @cursor.setter
    def cursor(self, cell: tuple[int, int]) -> None:
        column, row = cell
        column = max(0, min(self._view.width - 1, column))
        row = max(0, min(self._view.height - 1, row))
        if (column, row) != self._cursor:
            self._cursor = column, row
            self._redraw()
            self._tell()

    @property
    def metres_at_cursor(self) -> tuple[float, float]:
        """The place under the crosshair (easting, northing): the middle of its cell."""
        return self._view.metres_of(*self._cursor)

    def move_cursor(self, columns: int, rows: int) -> None:
        """Move the crosshair; where the picture ends, the picture moves instead."""
        column, row = self._cursor[0] + columns, self._cursor[1] + rows
        wide, high = self._view.width - 1, self._view.height - 1
        over = column - max(0, min(wide, column)), row - max(0, min(high, row))
        if over == (0, 0):
            self.cursor = column, row
            return
        self._cursor = column - over[0], row - over[1]
        self.pan(*over)

    def cursor_to(self, easting: float, northing: float) -> None:
        """Put the crosshair on a place; the picture moves there if it is out of sight."""
        cell = self._view.cell_of(easting, northing)
        if self._view.holds(*cell):
            self.cursor = cell
        else:
            self.centre_on(easting, northing)

    def keys_at_cursor(self) -> tuple[str, ...]:
        """Everything under the crosshair, the weightiest first."""
        return self._keys_at(*self._cursor)

    def _keys_at(self, column: int, row: int) -> tuple[str, ...]:
        if not self._view.holds(column, row):
            return ()
        try:
            return self._drawn().keys_at(self._scene, self._view, column, row, self._hidden)
        except Exception as error:  # noqa: BLE001 - as with a frame
            self._break(error)
            return ()

    def _tell(self) -> None:
        if self.is_mounted and self._view.width:
            self.post_message(self.Moved(self, *self.metres_at_cursor))

    # -- drawing --------------------------------------------------------------------------------------------

    def _drawn(self) -> Drawing:
        """The drawing, and numpy with it, at the first map."""
        if self._drawing is None:
            from incident_tui.map.draw import Drawing  # noqa: PLC0415

            self._drawing = Drawing()
        return self._drawing

    def _redraw(self) -> None:
        """Draw the frame anew and ask for a repaint of what became another."""
        if not self.is_attached or not self._view.width or self.too_small:
            return
        from incident_tui.map.paint import changes  # noqa: PLC0415

        before = self._frame
        try:
            self._frame = self._over(self._ground_frame())
        except Exception as error:  # noqa: BLE001 - a bug in a drawing must not take the room's screen down
            self._break(error)
            return
        spans = changes(before, self._frame)
        if spans is None or self._broken:
            self._broken = ""
            self._strips.clear()
            self._refresh_all()
            return
        for row, _ in spans:
            self._strips.pop(row, None)
        foot = self._foot_words()
        if foot != self._foot:
            self._foot = foot
            self._strips.pop(self._view.height, None)
            spans.append((self._view.height, list(range(self.size.width))))
        for piece in self.query_children(Slice):
            piece.refresh_cells(spans)

    def _refresh_all(self) -> None:
        """Everything has become another."""
        self.refresh()
        for piece in self.query_children(Slice):
            piece.refresh()

    def _ground_frame(self) -> Frame:
        """The frame without what lies over it; kept, since a move of the crosshair changes nothing of it."""
        marks = (*self._scene.marks, *self._sketch.marks) if self._sketch.marks else self._scene.marks
        scene = self._scene
        if marks is not scene.marks:
            scene = Scene(scene.areas, scene.strokes, scene.grounds, marks)
        asked = (self._scene, self._sketch, self._view, self.look, self._hidden, self._selected)
        if self._ground is None or not _same(self._ground[0], asked):
            made = self._drawn().frame(
                scene, self._view, self.look, self._hidden, self._selected, self._sketch
            )
            self._ground = asked, made
        return self._ground[1]

    def _over(self, frame: Frame) -> Frame:
        from incident_tui.map import legend, overlay  # noqa: PLC0415

        inks = self._drawn().inks
        frame = overlay.with_cursor(frame, *self._cursor, self.look, inks, bright=self.has_focus)
        entries = frame.legend if self._legend else ()
        if entries:
            width = legend.width_of(entries, int(frame.signs.shape[1] * LEGEND_SHARE))
            lines = legend.lines_of(entries, frame.signs.shape[0] - 2, width)
            frame = overlay.with_lines(frame, lines, inks)
        return frame

    def _foot_words(self) -> tuple[Any, ...]:
        faults = self._frame.faults if self._frame is not None else ()
        scene = self._scene
        return self._view.metres_per_dot, scene.badge, scene.attribution, scene.notes, faults, self.look

    def _break(self, error: Exception) -> None:
        if not self._broken:
            self._broken = (
                f"The map cannot be drawn ({type(error).__name__}). Everything on it is in the list."
            )
            self._ground = None
            self._strips.clear()
            self.post_message(self.Broken(error))
            self._refresh_all()

    # -- painting -------------------------------------------------------------------------------------------

    def render_line(self, y: int) -> Strip:
        """One line of the map, or of the sentence that stands for it."""
        self.wear()
        return Strip.join([self.piece(y, number) for number in range(len(self._ends))])

    def wear(self) -> None:
        """Before anything is painted: in another theme, with other signs or another size no line is as it was."""
        ground = self.background_colors[1]
        wear = (self.app.theme, self.look, self.size.width, self.too_small, ground, *self.get_line_filters())
        if wear != self._wear:
            self._wear, self._painter, self._ends = wear, None, ends_of(self.size.width)
            self._strips.clear()
            self._redraw()

    def piece(self, y: int, number: int) -> Strip:
        """As much of a line as one slice shows; nothing in one that has no share any more."""
        if y not in self._strips:
            self._paint(y)
        pieces = self._strips[y]
        return pieces[number] if number < len(pieces) else Strip([], 0)

    def _paint(self, y: int) -> None:
        """A line; and with the first line of the map all of its lines that have become others, in one go."""
        frame, ends = self._frame, self._ends
        line: Line = ()
        if self.too_small or self._broken:
            line = self._sentence(TOO_SMALL if self.too_small else self._broken, y)
        elif frame is not None and y < frame.signs.shape[0]:
            if self._painter is None:
                from incident_tui.map.paint import Painter  # noqa: PLC0415

                ground = self.background_colors[1]
                self._painter = Painter(paint_of(self), self._drawn().inks, self.get_line_filters(), ground)
            rows = [row for row in range(frame.signs.shape[0]) if row not in self._strips]
            if frame.signs.shape[1] == ends[-1]:
                found = self._painter.pieces(frame, rows, ends)
            else:  # there is another width, of which it was not told yet
                found = (cut(strip, ends) for strip in self._painter.lines(frame, rows))
            self._strips.update(zip(rows, found, strict=True))
            self.painted_count += len(rows)
            return
        elif frame is not None and y == self._view.height:
            from incident_tui.map.furniture import foot  # noqa: PLC0415

            line = foot(self._scene, self._view, self.look, self.size.width, frame.faults)
            self.painted_count += 1
        self._strips[y] = cut(filtered(self, paint_of(self).strip(line, self.size.width)), ends)

    def _sentence(self, words: str, y: int) -> Line:
        lines = wrap(words, self.size.width - 2)
        return (Span(" " + lines[y], "dim"),) if y < len(lines) else ()

    def on_resize(self) -> None:
        """The same ground in another number of cells; what was fitted is fitted again."""
        width, height = self.size.width, max(0, self.size.height - FOOT)
        for piece in self.query_children(Slice):
            piece.fit(width)
        if (width, height) == (self._view.width, self._view.height):
            return
        here = self.metres_at_cursor if self._view.width else None
        if self._bounds is not None:
            self._view = View.fitted(self._bounds, width, height)
        else:
            self._view = self._view.sized(width, height)
        column, row = (width // 2, height // 2) if here is None else self._view.cell_of(*here)
        self._cursor = max(0, min(width - 1, column)), max(0, min(height - 1, row))
        self._redraw()
        self._tell()

    def notify_style_update(self) -> None:
        """The app has another theme, or keeps to ASCII from now on, or no longer."""
        super().notify_style_update()
        if self._frame is not None and self._wear[:2] != (self.app.theme, self.look):
            self._refresh_all()
            self._redraw()

    def on_focus(self) -> None:
        """The crosshair is bright where the keys go."""
        self._redraw()

    def on_blur(self) -> None:
        """The crosshair is faint where the keys do not go."""
        self._redraw()

    # -- the mouse ------------------------------------------------------------------------------------------

    def _cell_at(self, event: events.MouseEvent) -> tuple[int, int]:
        """The cell under the pointer; whichever slice was told of it."""
        corner = self.content_region.offset
        return int(event.screen_x) - corner.x, int(event.screen_y) - corner.y

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Take hold of the ground."""
        self._held, self._dragged = self._cell_at(event), False
        self.capture_mouse()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """The ground comes along, cell by cell."""
        if self._held is None:
            return
        here = self._cell_at(event)
        columns, rows = self._held[0] - here[0], self._held[1] - here[1]
        if columns or rows:
            self._held, self._dragged = here, True
            self.pan(columns, rows)

    def on_mouse_up(self, event: events.MouseUp) -> None:
        """Let go; without having dragged, this was a click: the crosshair comes here, what lies here is picked."""
        held, self._held = self._held, None
        self.release_mouse()
        cell = self._cell_at(event)
        if held is None or self._dragged or not self._view.holds(*cell):
            return
        self.focus()
        self.cursor = cell
        keys = self.keys_at_cursor()
        if keys:
            self.post_message(self.Picked(self, keys))

    def _on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        self._wheel(event, 1 / WHEEL)

    def _on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        self._wheel(event, WHEEL)

    def _wheel(self, event: events.MouseEvent, factor: float) -> None:
        """Nearer or farther, about the pointer."""
        event.stop()
        event.prevent_default()
        cell = self._cell_at(event)
        if self._view.holds(*cell):
            self.view = self._view.zoomed(factor, *cell)


def _same(one: tuple[Any, ...], other: tuple[Any, ...]) -> bool:
    """The same objects for what is large, equal ones for the rest."""
    return one[0] is other[0] and one[1] is other[1] and one[2:] == other[2:]
