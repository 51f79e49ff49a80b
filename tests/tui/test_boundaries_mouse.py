"""The mouse on Boundaries: what is clicked on the map is the row of the list, and the other way round."""

from __future__ import annotations

import pytest
from textual.events import MouseScrollDown, MouseScrollUp

from incident_tui.map.things import FEATURE, Thing
from incident_tui.screens.boundaries.screen import BoundariesPlace
from tests.tui.desk import Desk, told

NARROW, WIDE, WALL = (80, 24), (120, 40), (200, 60)
BESIDE = pytest.mark.parametrize("size", [WIDE, WALL], ids=["120x40", "200x60"])


def place_of(desk: Desk) -> BoundariesPlace:
    found = desk.room.places["boundaries"]
    assert isinstance(found, BoundariesPlace)
    return found


def thing_called(desk: Desk, name: str) -> Thing:
    return next(thing for thing in place_of(desk).shown() if thing.name == name)


async def opened(desk: Desk, *keys: str) -> BoundariesPlace:
    """Boundaries, once the map lies still: what is clicked on must be where it was looked for."""
    await desk.press("3", *keys)
    await desk.shows("INDICATIVE ±")
    place, still = place_of(desk), 0
    while still < 5:
        before = place.canvas.view
        await desk.pilot.pause(0.05)
        still = still + 1 if place.settled and place.canvas.view == before else 0
    return place


async def click(desk: Desk, cell: tuple[int, int], *, times: int = 1) -> None:
    """On a cell of the map."""
    await desk.pilot.click(place_of(desk).canvas, offset=cell, times=times)
    await desk.done()


def cell_of(desk: Desk, thing: Thing) -> tuple[int, int]:
    assert thing.at is not None
    return place_of(desk).canvas.view.cell_of(*thing.at)


def row_line(desk: Desk, thing: Thing) -> tuple[int, int]:
    """Where its row is in the list, under the heading."""
    table = place_of(desk).table
    return 6, table.roll.places[thing.key] + 1 - table.scroll_offset.y


@BESIDE
def test_a_click_on_the_map_selects_the_thing_and_its_row(size: tuple[int, int]) -> None:
    async def story(desk: Desk) -> None:
        place, hospital = await opened(desk), thing_called(desk, "Hillingdon")
        await click(desk, cell_of(desk, hospital))
        assert place.table.key == place.canvas.selected == hospital.key
        assert desk.app.focused is place.canvas
        await desk.shows("tab list")
        assert place.table.key in place.table.in_view

    told(story, size=size)


@BESIDE
def test_a_click_where_several_things_lie_goes_from_one_to_the_next(size: tuple[int, int]) -> None:
    async def story(desk: Desk) -> None:
        place = await opened(desk)
        scene = thing_called(desk, "the scene")
        cell = cell_of(desk, scene)
        seen = []
        for _ in range(40):
            await click(desk, cell)
            seen.append(place.table.key)
            if len(seen) > 1 and seen[-1] == seen[0]:
                break
        assert len(set(seen)) > 3, "the scene, and who is at it"
        assert scene.key in seen
        assert seen[-1] == seen[0], "round and round"
        await desk.shows("Here: ")

    told(story, size=size)


@BESIDE
def test_a_click_on_bare_ground_puts_the_crosshair_there_and_leaves_the_row(size: tuple[int, int]) -> None:
    async def story(desk: Desk) -> None:
        place = await opened(desk)
        before = place.table.key
        bare = next(
            (column, row)
            for row in range(4, 20)
            for column in range(4, 30)
            if not place.canvas._keys_at(column, row)
        )
        await click(desk, bare)
        assert place.canvas.cursor == bare
        assert place.table.key == before
        await desk.press("p")
        await desk.shows("Propose", place.steering.words_of(place.steering.cursor)[:7])

    told(story, size=size)


@BESIDE
def test_a_click_on_a_row_marks_it_on_the_map_and_brings_it_into_sight(size: tuple[int, int]) -> None:
    async def story(desk: Desk) -> None:
        place = await opened(desk)
        rvp = thing_called(desk, "RVP B")
        assert rvp.kind == FEATURE
        for _ in range(3):
            place.steering.move(-1, 0, half=True)  # far off to the west
        assert not place.canvas.view.holds(*cell_of(desk, rvp))
        await desk.pilot.click(place.table, offset=row_line(desk, rvp))
        await desk.done()
        await desk.pilot.pause()
        assert place.table.key == place.canvas.selected == rvp.key
        view = place.canvas.view
        assert cell_of(desk, rvp) == (view.width // 2, view.height // 2)
        assert desk.app.focused is place.table

    told(story, size=size)


@BESIDE
def test_twice_on_a_row_opens_it(size: tuple[int, int]) -> None:
    async def story(desk: Desk) -> None:
        await opened(desk)
        rvp = thing_called(desk, "RVP B")
        await desk.pilot.click(place_of(desk).table, offset=row_line(desk, rvp), times=2)
        await desk.shows("LAS-B1", "owner")

    told(story, size=size)


@BESIDE
def test_the_wheel_zooms_about_the_pointer_and_rolls_the_list(size: tuple[int, int]) -> None:
    async def story(desk: Desk) -> None:
        place = await opened(desk)
        hospital = thing_called(desk, "Hillingdon")
        cell, before = cell_of(desk, hospital), place.canvas.view.metres_per_dot
        await desk.pilot._post_mouse_events([MouseScrollUp], place.canvas, offset=cell)
        await desk.pilot.pause()
        assert place.canvas.view.metres_per_dot < before
        near = zip(cell_of(desk, hospital), cell, strict=True)
        assert all(abs(now - then) <= 1 for now, then in near), "what lies under the pointer stays under it"
        await desk.pilot._post_mouse_events([MouseScrollDown], place.canvas, offset=cell)
        await desk.pilot.pause()
        assert place.canvas.view.metres_per_dot == pytest.approx(before)
        view = place.canvas.view
        for _ in range(4):
            await desk.pilot._post_mouse_events([MouseScrollDown], place.table, offset=(6, 4))
        await desk.pilot.pause()
        assert place.canvas.view.metres_per_dot == view.metres_per_dot
        if len(place.table.roll) > place.table.size.height:
            assert place.table.scroll_offset.y > 0

    told(story, size=size)


@BESIDE
def test_a_drag_moves_the_map_and_selects_nothing(size: tuple[int, int]) -> None:
    async def story(desk: Desk) -> None:
        place = await opened(desk)
        hospital = thing_called(desk, "Hillingdon")
        column, row = cell_of(desk, hospital)
        before = place.table.key
        await desk.pilot.mouse_down(place.canvas, offset=(column, row))
        await desk.pilot.hover(place.canvas, offset=(column - 9, row + 4))
        await desk.pilot.mouse_up(place.canvas, offset=(column - 9, row + 4))
        await desk.pilot.pause()
        assert cell_of(desk, hospital) == (column - 9, row + 4)
        assert place.table.key == before

    told(story, size=size)


def test_narrow_the_map_over_the_list_takes_clicks_and_the_list_has_the_row_afterwards() -> None:
    async def story(desk: Desk) -> None:
        place, hospital = await opened(desk, "tab"), thing_called(desk, "Hillingdon")
        await click(desk, cell_of(desk, hospital))
        assert place.canvas.selected == hospital.key
        await desk.press("tab")
        await desk.shows("ON THE MAP")
        assert place.table.key == hospital.key
        assert hospital.key in place.table.in_view
        await desk.pilot.click(place.table, offset=(6, 1))
        await desk.done()
        assert place.table.roll.line == place.table.scroll_offset.y

    told(story, size=NARROW)


@BESIDE
def test_a_click_sets_a_corner_of_what_is_being_drawn(size: tuple[int, int]) -> None:
    async def story(desk: Desk) -> None:
        place = await opened(desk, "tab", "M")
        assert place.steering.sketch.drawing is not None
        before, row = place.table.key, thing_called(desk, "Hillingdon")
        await click(desk, cell_of(desk, row))
        assert place.canvas.cursor == cell_of(desk, row)
        assert place.table.key == before, "while something is drawn a click points, and selects nothing"

    told(story, size=size)
