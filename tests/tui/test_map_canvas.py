"""The map on a real (headless) screen: what is painted anew, what stays, the crosshair, the mouse, plain words."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from textual.app import App, ComposeResult
from textual.events import MouseScrollDown, MouseScrollUp
from textual.geometry import Region
from textual.pilot import Pilot
from textual.strip import Strip

from incident_tui import themes
from incident_tui.map import lod
from incident_tui.map.scene import Mark, Scene, Stroke
from incident_tui.map.view import View
from incident_tui.widgets.map_canvas import MapCanvas
from incident_tui.widgets.map_slice import Slice
from tests.running import run
from tests.tui.map_world import HERE, Country, at, small_scene


class Room(App[None]):
    """An app with a map, in the themes of ours."""

    ascii_look = False

    def __init__(self) -> None:
        super().__init__()
        for name in themes.names():
            self.register_theme(themes.for_textual(themes.load(name)))
        self.theme = "dark"
        self.heard: list[Any] = []

    def compose(self) -> ComposeResult:
        yield MapCanvas(id="map")

    def on_map_canvas_moved(self, event: MapCanvas.Moved) -> None:
        self.heard.append(event)

    def on_map_canvas_picked(self, event: MapCanvas.Picked) -> None:
        self.heard.append(event)

    def on_map_canvas_broken(self, event: MapCanvas.Broken) -> None:
        self.heard.append(event)

    def last(self, kind: type) -> Any:
        return next((event for event in reversed(self.heard) if isinstance(event, kind)), None)


@asynccontextmanager
async def room(size: tuple[int, int] = (60, 21)) -> AsyncIterator[tuple[Room, MapCanvas, Pilot[None]]]:
    app = Room()
    async with app.run_test(size=size) as pilot:
        canvas = app.query_one(MapCanvas)
        canvas.focus()
        await pilot.pause()
        canvas.show(small_scene())
        canvas.view = View(*HERE, 60, canvas.view.width, canvas.view.height)
        await pilot.pause()
        app.heard.clear()
        yield app, canvas, pilot


def text_of(canvas: MapCanvas) -> list[str]:
    return [canvas.render_line(y).text for y in range(canvas.size.height)]


def test_no_more_than_the_changed_lines_are_painted(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: set[tuple[int, int]] = set()
    refresh = Slice.refresh

    def counted(piece: Slice, *regions: Region, **options: Any) -> Slice:
        asked.update(
            (piece.number, y) for region in regions or (piece.size.region,) for y in region.line_range
        )
        return refresh(piece, *regions, **options)

    monkeypatch.setattr(Slice, "refresh", counted)

    async def steps() -> None:
        async with room((120, 21)) as (_, canvas, pilot):
            canvas.cursor = (3, 18)
            await pilot.pause()
            scene = canvas.scene
            for east in (1_300, 1_420, 1_540):
                marks = tuple(
                    replace(one, at=at(east, -1_000)) if one.key == "u3" else one for one in scene.marks
                )
                before = canvas.painted_count
                asked.clear()
                canvas.show(replace(scene, marks=marks))
                await pilot.pause()
                assert 1 <= canvas.painted_count - before <= 2
                assert len({row for _, row in asked}) <= 2
                assert len({number for number, _ in asked}) == 1, "of three slices, one"
            before = canvas.painted_count
            asked.clear()
            canvas.show(replace(scene, marks=marks))
            await pilot.pause()
            assert canvas.painted_count == before, "an equal scene is no reason to paint"
            assert not asked

    run(steps())


def test_a_move_leaves_everything_in_its_cell_of_the_ground() -> None:
    async def steps() -> None:
        async with room() as (_, canvas, pilot):
            canvas.hidden = frozenset(("labels",))
            canvas.cursor = (0, 0)
            await pilot.pause()
            before = text_of(canvas)
            canvas.pan(5, 2)
            await pilot.pause()
            after = text_of(canvas)
            for row in range(4, 20):
                assert before[row][7:] == after[row - 2][2:-5]

    run(steps())


def test_the_foot_says_how_long_and_what_the_lines_are_worth() -> None:
    async def steps() -> None:
        async with room((100, 21)) as (_, canvas, pilot):
            foot = text_of(canvas)[-1]
            assert "2 km" in foot
            assert "INDICATIVE ±3.0 km, 2026-11-01" in foot
            assert foot.rstrip().endswith("Drawn by hand")
            canvas.zoom(4)
            await pilot.pause()
            assert "500 m" in text_of(canvas)[-1]

    run(steps())


def test_the_crosshair_moves_and_takes_the_picture_along_at_its_edge() -> None:
    async def steps() -> None:
        async with room() as (app, canvas, pilot):
            canvas.cursor = (58, 10)
            await pilot.pause()
            assert (
                app.last(MapCanvas.Moved).easting,
                app.last(MapCanvas.Moved).northing,
            ) == canvas.metres_at_cursor
            west = canvas.metres_at_cursor
            canvas.move_cursor(5, 0)
            await pilot.pause()
            assert canvas.cursor == (59, 10)
            assert canvas.metres_at_cursor[0] - west[0] == pytest.approx(5 * canvas.view.cell_wide)
            canvas.cursor = (-5, 99)
            assert canvas.cursor == (0, 19)
            canvas.cursor_to(*at(0, 0))
            assert canvas.keys_at_cursor()[0] == "scene"
            canvas.cursor_to(*at(90_000, 0))
            assert canvas.view.cell_of(*at(90_000, 0)) == canvas.cursor

    run(steps())


def test_everything_under_the_crosshair_is_told() -> None:
    async def steps() -> None:
        async with room() as (_, canvas, _pilot):
            canvas.cursor_to(*at(-700, 205))
            assert canvas.keys_at_cursor() == ("u2", "u1", "outer")
            canvas.cursor_to(*at(-2_400, 1_500))
            assert canvas.keys_at_cursor() == ("cover",)
            canvas.cursor_to(*at(2_200, -900))
            assert canvas.keys_at_cursor() == ("road",)
            canvas.hidden = frozenset(("units",))
            canvas.cursor_to(*at(-700, 205))
            assert canvas.keys_at_cursor() == ("outer",)

    run(steps())


def test_a_click_picks_what_lies_there_and_the_wheel_keeps_what_is_under_the_pointer() -> None:
    async def steps() -> None:
        async with room() as (app, canvas, pilot):
            cell = canvas.view.cell_of(*at(900, -300))
            await pilot.click(MapCanvas, offset=cell)
            assert canvas.cursor == cell
            assert app.last(MapCanvas.Picked).keys == ("rvp-b", "outer")
            assert app.last(MapCanvas.Picked).key == "rvp-b"
            for kind in (MouseScrollUp, MouseScrollUp, MouseScrollDown, MouseScrollDown, MouseScrollDown):
                under = canvas.view.metres_of(12, 7)
                scale = canvas.view.metres_per_dot
                canvas.post_message(kind(canvas, 12, 7, 0, 0, 0, False, False, False))
                await pilot.pause()
                assert (canvas.view.metres_per_dot < scale) == (kind is MouseScrollUp)
                assert canvas.view.cell_of(*under) == (12, 7)

    run(steps())


def test_a_drag_moves_the_ground_by_whole_cells_and_is_no_click() -> None:
    async def steps() -> None:
        async with room() as (app, canvas, pilot):
            canvas.cursor = (1, 1)
            before = canvas.view
            await pilot.mouse_down(MapCanvas, offset=(20, 10))
            await pilot.hover(MapCanvas, offset=(27, 7))
            await pilot.mouse_up(MapCanvas, offset=(27, 7))
            assert (canvas.view.left, canvas.view.top) == (before.left - 7, before.top + 3)
            assert canvas.cursor == (1, 1)
            assert app.last(MapCanvas.Picked) is None
            await pilot.hover(MapCanvas, offset=(5, 5))
            assert canvas.view.left == before.left - 7, "nothing is held any more"

    run(steps())


def test_zoom_and_fit_and_centre() -> None:
    async def steps() -> None:
        async with room() as (_, canvas, pilot):
            canvas.cursor = (10, 4)
            under = canvas.metres_at_cursor
            canvas.zoom(2)
            assert canvas.view.cell_of(*under) == (10, 4)
            canvas.fit((*at(-9_000, -9_000), *at(9_000, 9_000)))
            await pilot.pause()
            for corner in (at(-9_000, -9_000), at(9_000, 9_000)):
                assert canvas.view.holds(*canvas.view.cell_of(*corner))
            await pilot.resize_terminal(100, 40)
            await pilot.pause()
            for corner in (at(-9_000, -9_000), at(9_000, 9_000)):
                assert canvas.view.holds(*canvas.view.cell_of(*corner))
            assert canvas.view.metres_per_dot < 18_000 / 4 / 30, "what was fitted is fitted again"
            canvas.centre_on(*at(500, 500))
            assert canvas.view.cell_of(*at(500, 500)) == canvas.cursor
            scale = canvas.view.metres_per_dot
            await pilot.resize_terminal(70, 30)
            await pilot.pause()
            assert canvas.view.metres_per_dot == scale
            assert canvas.view.cell_of(*at(500, 500)) == canvas.cursor

    run(steps())


def test_a_drawing_in_progress_comes_and_goes() -> None:
    async def steps() -> None:
        async with room() as (_, canvas, pilot):
            before = text_of(canvas)
            line = Stroke((at(-3_000, -2_000), at(3_000, -2_000)), "accent")
            canvas.overlay((line,), marks=(Mark("", at(0, -2_000), "+", "+", "accent"),))
            await pilot.pause()
            row = canvas.view.cell_of(*at(0, -2_000))[1]
            assert "+" in text_of(canvas)[row]
            assert text_of(canvas)[row] != before[row]
            canvas.overlay()
            await pilot.pause()
            assert text_of(canvas) == before

    run(steps())


def test_the_legend_opens_in_a_corner_and_closes() -> None:
    async def steps() -> None:
        async with room() as (_, canvas, pilot):
            before = text_of(canvas)
            canvas.legend = True
            await pilot.pause()
            assert any(line.rstrip().endswith("rendezvous point") for line in text_of(canvas))
            canvas.legend = False
            await pilot.pause()
            assert text_of(canvas) == before

    run(steps())


def test_too_small_a_place_says_so_in_a_sentence() -> None:
    async def steps() -> None:
        async with room((22, 9)) as (_, canvas, pilot):
            assert "No room for a map" in " ".join(" ".join(text_of(canvas)).split())
            await pilot.resize_terminal(60, 4)
            await pilot.pause()
            assert "No room for a map" in " ".join(text_of(canvas))
            await pilot.resize_terminal(60, 21)
            await pilot.pause()
            assert any("INDICATIVE" in line for line in text_of(canvas))

    run(steps())


def test_no_key_waits_for_the_detail_of_another_scale() -> None:
    asked: list[float] = []

    class Counted(Country):
        def simplified(self, tolerance_m: float) -> tuple[Any, ...]:
            asked.append(tolerance_m)
            return super().simplified(tolerance_m)

    async def steps() -> None:
        async with room() as (app, canvas, pilot):
            scene = small_scene()
            assert scene.areas is not None
            areas = Counted(dict(zip(scene.areas.areas.codes, scene.areas.areas.simplified(0), strict=True)))
            canvas.show(replace(scene, areas=replace(scene.areas, areas=areas)))
            await app.workers.wait_for_complete(list(canvas.workers))
            await pilot.pause()
            assert set(asked) == set(lod.TOLERANCES)
            asked.clear()
            for _ in range(8):
                canvas.zoom(0.5)
            await pilot.pause()
            assert canvas.view.metres_per_dot > lod.TOLERANCES[-1]
            assert not asked

    run(steps())


def test_it_is_whole_while_its_size_changes() -> None:
    async def steps() -> None:
        async with room((100, 21)) as (app, canvas, pilot):
            for width, height in ((60, 21), (130, 30), (41, 12), (200, 60), (39, 21), (100, 21)):
                await pilot.resize_terminal(width, height)
                for number in range(8):  # what is painted before the slices have heard of it
                    assert canvas.piece(0, number).cell_length <= max(width, 100)
                await pilot.pause()
                assert [len(line) for line in text_of(canvas)] == [width] * height
            assert app.last(MapCanvas.Broken) is None

    run(steps())


def test_a_bug_in_the_drawing_is_a_sentence_and_the_next_scene_is_drawn(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def steps() -> None:
        async with room() as (app, canvas, pilot):
            from incident_tui.map.draw import Drawing  # noqa: PLC0415

            with monkeypatch.context() as planted:
                planted.setattr(Drawing, "_marks", lambda *_: 1 / 0)
                canvas.show(Scene())
                await pilot.pause()
                assert "The map cannot be drawn (ZeroDivisionError)" in " ".join(text_of(canvas))
                canvas.pan(1, 0)
                await pilot.pause()
            assert len([event for event in app.heard if isinstance(event, MapCanvas.Broken)]) == 1
            canvas.show(small_scene())
            await pilot.pause()
            assert any("SCAS" in line for line in text_of(canvas))

    run(steps())


def test_the_app_s_ascii_look_is_the_map_s(monkeypatch: pytest.MonkeyPatch) -> None:
    render_line = Slice.render_line

    def recorded(piece: Slice, y: int, sent: list[str]) -> Strip:
        strip = render_line(piece, y)
        sent.append(strip.text)
        return strip

    async def steps() -> None:
        async with room((40, 21)) as (app, canvas, pilot):
            assert any("⠁" <= char <= "⣿" for char in "".join(text_of(canvas)))
            sent: list[str] = []
            monkeypatch.setattr(Slice, "render_line", lambda piece, y: recorded(piece, y, sent))
            app.ascii_look = True
            app.refresh_css(animate=False)  # as the app does
            await pilot.pause()
            assert "INDICATIVE +/-3.0 km" in "".join(sent), "it is repainted without being asked"
            assert "".join(sent).replace("…", "").isascii()
            app.ascii_look = False
            canvas.look = "blocks"
            await pilot.pause()
            assert "█" in "".join(text_of(canvas))

    run(steps())


@pytest.mark.parametrize("theme", themes.names())
def test_every_theme_paints_it_and_a_change_of_theme_paints_all_of_it(theme: str) -> None:
    async def steps() -> None:
        async with room() as (app, canvas, pilot):
            text = text_of(canvas)
            app.theme = theme
            await pilot.pause()
            assert text_of(canvas) == text
            tokens = themes.load(theme).tokens
            colours = {
                s.style.color.name
                for y in range(20)
                for s in canvas.render_line(y)
                if s.style and s.style.color
            }
            if tokens["accent"].colour == themes.NO_COLOUR:
                assert colours == set()
            else:
                assert tokens["accent"].colour.lower() in {colour.lower() for colour in colours}

    run(steps())


def test_numbers_are_loaded_by_the_first_map_and_not_before() -> None:
    program = (
        "import sys, incident_tui.widgets.map_canvas as c; c.MapCanvas();"
        "sys.exit('numpy' in sys.modules or 'shapely' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
