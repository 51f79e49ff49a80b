"""Which ground stands in which cell: a lattice that holds still when the picture moves, a zoom that keeps its place."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from incident_tui.map.scene import Ground, Scene, Stroke
from incident_tui.map.view import COARSEST, FINEST, View

METRES = st.floats(-200_000, 1_300_000)
SCALES = st.floats(FINEST, COARSEST)
VIEWS = st.builds(View, METRES, METRES, SCALES, st.integers(1, 240), st.integers(1, 90))
CELLS = st.tuples(st.integers(0, 239), st.integers(0, 89))


@given(VIEWS, CELLS)
def test_the_middle_of_a_cell_lies_in_that_cell(view: View, cell: tuple[int, int]) -> None:
    assert view.cell_of(*view.metres_of(*cell)) == cell


@given(VIEWS)
def test_the_middle_of_the_ground_is_in_the_middle_of_the_picture(view: View) -> None:
    column, row = view.cell_of(view.easting, view.northing)
    assert abs(column - view.width // 2) <= 1
    assert abs(row - view.height // 2) <= 1


@given(VIEWS, METRES, METRES, st.integers(-300, 300), st.integers(-300, 300))
def test_a_move_by_whole_cells_moves_every_place_by_just_so_many(
    view: View, east: float, north: float, columns: int, rows: int
) -> None:
    column, row = view.cell_of(east, north)
    assert view.panned(columns, rows).cell_of(east, north) == (column - columns, row - rows)


@given(VIEWS, st.lists(st.tuples(st.integers(-9, 9), st.integers(-9, 9)), max_size=30))
def test_many_small_moves_are_one_large_one(view: View, moves: list[tuple[int, int]]) -> None:
    moved = view
    for columns, rows in moves:
        moved = moved.panned(columns, rows)
    once = view.panned(sum(c for c, _ in moves), sum(r for _, r in moves))
    assert (moved.left, moved.top) == (once.left, once.top)


@given(VIEWS, st.floats(0.1, 10), CELLS)
def test_a_zoom_about_a_cell_keeps_what_is_under_it(view: View, factor: float, cell: tuple[int, int]) -> None:
    under = view.metres_of(*cell)
    assert view.zoomed(factor, *cell).cell_of(*under) == cell


@given(VIEWS, st.floats(1.1, 4), CELLS)
def test_nearer_shows_less_ground(view: View, factor: float, cell: tuple[int, int]) -> None:
    near = view.zoomed(factor, *cell)
    assert near.metres_per_dot < view.metres_per_dot or view.metres_per_dot == FINEST


@given(
    METRES, METRES, st.floats(0, 900_000), st.floats(0, 900_000), st.integers(30, 240), st.integers(10, 90)
)
def test_what_is_fitted_is_in_sight(
    west: float, south: float, wide: float, high: float, width: int, height: int
) -> None:
    view = View.fitted((west, south, west + wide, south + high), width, height)
    for east in (west, west + wide):
        for north in (south, south + high):
            assert view.holds(*view.cell_of(east, north))


def test_a_view_is_mended_whatever_it_is_made_of() -> None:
    odd = View(math.nan, math.inf, -3.0, -5, 10**9)
    assert (odd.easting, odd.northing) == (0.0, 0.0)
    assert (odd.width, odd.height) == (0, 1_000)
    assert View(0, 0, math.nan, 10, 10).metres_per_dot == COARSEST
    still = View(0, 0, 10, 80, 24)
    assert still.zoomed(math.nan, 3, 3).metres_per_dot == 10
    assert still.zoomed(0, 3, 3).metres_per_dot == 10
    assert View.fitted((5, 5, 5, 5), 80, 24).metres_per_dot == FINEST
    assert View.fitted((0, 0, 1, 1), 0, 0).cell_of(0, 0) is not None


def test_equal_scenes_are_equal_whatever_their_points_came_in() -> None:

    points = [(1.0, 2.0), (3.0, 4.0), (5.0, 1.0)]
    assert Stroke(np.array(points)) == Stroke(tuple(points)) == Stroke([[1, 2], [3, 4], [5, 1]])  # type: ignore[arg-type]
    one = Scene(grounds=(Ground(np.array(points)),))  # type: ignore[arg-type]
    assert one == Scene(grounds=(Ground(tuple(points)),))
    assert hash(one) == hash(Scene(grounds=(Ground(tuple(points)),)))
