"""Lines become dots and grounds become cells as a slow and plain way would do it; dashes and hatches hold still."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from incident_tui.map import raster
from incident_tui.map.raster import LOOKS, Segments
from incident_tui.map.scene import DASHES, HATCHES
from incident_tui.map.view import View

NUMBERS = st.floats(-500, 500, allow_subnormal=False)
POINTS = st.lists(st.tuples(NUMBERS, NUMBERS), min_size=2, max_size=12)
RINGS = st.lists(st.tuples(NUMBERS, NUMBERS), min_size=3, max_size=10)
VIEWS = st.builds(View, NUMBERS, NUMBERS, st.floats(0.5, 40), st.integers(2, 40), st.integers(2, 20))
MOVES = st.tuples(st.integers(-6, 6), st.integers(-4, 4))


def clipped(
    start: tuple[float, float], end: tuple[float, float], box: tuple[float, float, float, float]
) -> tuple[float, float] | None:
    """One segment at a time, one side at a time."""
    enter, leave = 0.0, 1.0
    for first, last, low, high in ((start[0], end[0], box[0], box[2]), (start[1], end[1], box[1], box[3])):
        if first == last:
            if not low <= first <= high:
                return None
            continue
        sides = sorted(((low - first) / (last - first), (high - first) / (last - first)))
        enter, leave = max(enter, sides[0]), min(leave, sides[1])
    return (enter, leave) if enter <= leave else None


@given(st.lists(st.tuples(NUMBERS, NUMBERS, NUMBERS, NUMBERS), min_size=1, max_size=20), NUMBERS, NUMBERS)
def test_clipping_is_what_the_plain_way_says(
    ends: list[tuple[float, float, float, float]], left: float, top: float
) -> None:
    box = (left, top, left + 120, top + 60)
    entered, left_at = raster.clip(np.array(ends), box)
    for (x0, y0, x1, y1), enter, leave in zip(ends, entered, left_at, strict=True):
        plain = clipped((x0, y0), (x1, y1), box)
        if plain is None:
            assert enter > leave
        else:
            assert (enter, leave) == pytest.approx(plain)


def plain_dots(points: list[tuple[float, float]], view: View) -> set[tuple[int, int]]:
    """Every dot a line goes through, by small steps from end to end, clipped at last."""
    scale = view.metres_per_dot
    found = set()
    for (e0, n0), (e1, n1) in itertools.pairwise(points):
        x0, y0, x1, y1 = e0 / scale, -n0 / scale, e1 / scale, -n1 / scale
        steps = max(1, math.ceil(max(abs(x1 - x0), abs(y1 - y0))))
        for step in range(steps + 1):
            share = step / steps
            x = math.floor(x0 + (x1 - x0) * share) - 2 * view.left
            y = math.floor(y0 + (y1 - y0) * share) - 4 * view.top
            if 0 <= x < 2 * view.width and 0 <= y < 4 * view.height:
                found.add((x, y))
    return found


def dots_of(
    points: list[tuple[float, float]], view: View, pattern: tuple[int, int] | None = None
) -> set[tuple[int, int]]:
    columns, rows = raster.dots(Segments.of(np.array(points)), view, pattern)
    return set(zip(columns.tolist(), rows.tolist(), strict=True))


@given(POINTS, VIEWS)
def test_a_line_is_drawn_as_the_plain_way_draws_it(points: list[tuple[float, float]], view: View) -> None:
    assert dots_of(points, view) == plain_dots(points, view)


@given(POINTS, VIEWS)
def test_nothing_is_drawn_outside_the_picture(points: list[tuple[float, float]], view: View) -> None:
    for column, row in dots_of(points, view):
        assert 0 <= column < 2 * view.width
        assert 0 <= row < 4 * view.height


@given(NUMBERS, NUMBERS, VIEWS)
def test_a_point_is_drawn_in_the_cell_that_the_view_names(east: float, north: float, view: View) -> None:
    column, row = view.cell_of(east, north)
    found = {(x // 2, y // 4) for x, y in dots_of([(east, north), (east, north)], view)}
    assert found == ({(column, row)} if view.holds(column, row) else set())


@given(POINTS, VIEWS, MOVES, st.sampled_from([None, (4, 3), (1, 2), (14, 10)]))
def test_no_dot_and_no_dash_moves_when_the_picture_does(
    points: list[tuple[float, float]], view: View, move: tuple[int, int], pattern: tuple[int, int] | None
) -> None:
    before, after = dots_of(points, view, pattern), dots_of(points, view.panned(*move), pattern)
    shifted = {(x - 2 * move[0], y - 4 * move[1]) for x, y in before}
    wide, high = 2 * view.width, 4 * view.height
    stayed = {(x, y) for x, y in shifted if 0 <= x < wide and 0 <= y < high}
    there = {(x, y) for x, y in after if 0 <= x + 2 * move[0] < wide and 0 <= y + 4 * move[1] < high}
    assert stayed == there


def test_a_dash_draws_what_it_says_and_leaves_out_the_rest() -> None:
    view = View(0, 0, 1.0, 40, 2)
    found = sorted(x for x, _ in dots_of([(-40, 1.5), (40, 1.5)], view, (4, 3)))
    assert found == [x for x in range(80) if x % 7 < 4]


def plainly_inside(ring: list[tuple[float, float]], x: float, y: float) -> bool:
    """The even-odd rule, one edge at a time."""
    within = False
    for (x0, y0), (x1, y1) in zip(ring, [*ring[1:], ring[0]], strict=True):
        if (y0 > y) != (y1 > y) and x < x0 + (y - y0) * (x1 - x0) / (y1 - y0):
            within = not within
    return within


@settings(max_examples=60)
@given(RINGS, st.integers(-300, 300), st.integers(-300, 300))
def test_a_ground_is_filled_as_the_plain_way_fills_it(
    ring: list[tuple[float, float]], left: int, top: int
) -> None:
    on = raster.lattice(Segments.of(np.array(ring), closed=True).ends, 1.0, 1.0)
    filled = raster.inside(on, left, top, 25, 15)
    flipped = [(x, -y) for x, y in ring]
    for row in range(15):
        for column in range(25):
            x, y = left + column + 0.5, top + row + 0.5
            # a middle that lies on an edge, to the last bit, may be on either side of it
            near = min(
                abs((x1 - x0) * (y - y0) - (y1 - y0) * (x - x0))
                for (x0, y0), (x1, y1) in zip(flipped, [*flipped[1:], flipped[0]], strict=True)
            )
            if near > 1e-6:
                assert filled[row, column] == plainly_inside(flipped, x, y)


@given(st.sampled_from(HATCHES), st.integers(-99, 99), st.integers(-99, 99), MOVES)
def test_a_hatch_lies_on_the_ground(hatch: str, left: int, top: int, move: tuple[int, int]) -> None:
    x, y = 2 * move[0], 4 * move[1]
    before = raster.hatched(hatch, left, top, 60, 60)  # type: ignore[arg-type]
    after = raster.hatched(hatch, left + x, top + y, 60, 60)  # type: ignore[arg-type]
    assert (before[20:40, 20:40] == after[20 - y : 40 - y, 20 - x : 40 - x]).all()


def test_hatches_differ_from_each_other_in_every_look() -> None:
    drawn = {hatch: raster.hatched(hatch, 0, 0, 16, 16).tobytes() for hatch in HATCHES}
    assert len(set(drawn.values())) == len(HATCHES)
    assert len(set(raster.HATCH_SIGNS.values())) == len(HATCHES) - 1
    lines = {chr(code) for look in LOOKS for code in raster.signs(look)} | {raster.DOTTED, " "}
    assert not lines & set(raster.HATCH_SIGNS.values()), "a line could be taken for a hatch"


@pytest.mark.parametrize("look", LOOKS)
def test_dashes_differ_from_each_other_without_any_colour(look: raster.Look) -> None:
    view = View(0, 0, 1.0, 40, 4)
    shown = set()
    for dash in DASHES:
        pattern = raster.DASHED[look].get(dash)
        columns, rows = raster.dots(Segments.of(np.array(((-40, 0.5), (40, 0.5)))), view, pattern)
        bits = raster.gathered(columns, rows, view)
        signs = raster.signs(look)[bits]
        if look == "ascii" and dash == "dotted":
            signs = np.where(bits > 0, ord(raster.DOTTED), ord(" "))
        shown.add(signs.tobytes())
    assert len(shown) == len(DASHES)


def test_a_picture_folds_into_the_bits_of_braille() -> None:
    picture = np.zeros((4, 4), dtype=np.bool_)
    picture[0, 0] = picture[3, 1] = picture[1, 3] = True
    assert raster.fold(picture).tolist() == [[1 + 128, 16]]
    rows, columns = np.nonzero(picture)
    assert raster.gathered(columns, rows, View(0, 0, 1, 2, 1)).tolist() == [[1 + 128, 16]]
    for bits in range(256):
        dots = np.array([[bool(bits & raster.WEIGHTS[y][x]) for x in range(2)] for y in range(4)])
        assert raster.fold(dots).tolist() == [[bits]]
    assert [chr(code) for code in raster.signs("braille")[[0, 1, 255]]] == [" ", "⠁", "⣿"]
    assert [chr(code) for code in raster.signs("blocks")[[0, 1, 64, 255]]] == [" ", "▀", "▄", "█"]


@pytest.mark.parametrize(
    ("picture", "sign"),
    [
        ("x. x. x. x.", "|"), (".. xx .. ..", "-"), ("x. x. .x .x", "\\"), (".x .x x. x.", "/"),
        ("xx xx xx xx", "+"), ("x. .. .. ..", "'"), (".. .. .. .x", ","), (".. .. .. ..", " "),
    ],
)  # fmt: skip
def test_ascii_draws_what_the_dots_look_most_like(picture: str, sign: str) -> None:
    rows = picture.split()
    bits = sum(raster.WEIGHTS[y][x] for y in range(4) for x in range(2) if rows[y][x] == "x")
    assert chr(raster.signs("ascii")[bits]) == sign
