"""All areas at once are what each of them is alone; a name stands where its area is deep; lines in pieces are whole."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from incident_tui.map import lod, raster
from incident_tui.map.draw import Drawing
from incident_tui.map.paint import Painter
from incident_tui.map.raster import Array
from incident_tui.map.scene import Mark, Scene
from incident_tui.map.territory import Territory, anchor, runs, squares
from incident_tui.map.view import View
from incident_tui.widgets.paint import paint_for
from tests.tui.map_world import HERE, Country, small_scene, small_view, three_areas

COUNTRY = three_areas()


def alone(found: lod.Borders, view: View, code: str) -> Array:
    """Where one area lies, by its own lines and the even-odd rule."""
    on = raster.lattice(found.segments.ends[found.of(code)], view.cell_wide, view.cell_high)
    return raster.inside(on, view.left, view.top, view.width, view.height)


def many_areas(count: int) -> Country:
    """So many squares side by side and one above the other, ten in a row; and one that lies apart."""
    shapes: dict[str, Any] = {}
    for n in range(count):
        west, south = HERE[0] + n % 10 * 700.0, HERE[1] + n // 10 * 900.0
        shapes[f"T{n}"] = shapely.box(west, south, west + 700, south + 900)
    shapes["APART"] = shapely.box(HERE[0] - 90_000, HERE[1], HERE[0] - 80_000, HERE[1] + 900)
    return Country(shapes)


@settings(max_examples=40)
@given(
    st.integers(-400, 400), st.integers(-300, 300), st.floats(20, 900), st.integers(1, 70), st.integers(1, 30)
)
def test_every_area_is_where_it_would_be_alone(
    east: int, north: int, scale: float, width: int, height: int
) -> None:
    found = lod.borders(COUNTRY, 0)
    view = View(HERE[0] + 50 * east, HERE[1] + 50 * north, scale, width, height)
    territory = Territory(found, view)
    for code in COUNTRY.codes:
        mask, plain = territory.mask(code), alone(found, view, code)
        assert (mask is None) == (not plain.any())
        if mask is not None:
            assert (mask == plain).all()


@pytest.mark.parametrize("count", [3, 8, 9, 17, 40, 64, 65, 140])
def test_however_many_areas_there_are_each_has_its_own_cells(count: int) -> None:
    country = many_areas(count)
    found = lod.borders(country, 0)
    view = View(HERE[0] + 3_500, HERE[1] + count * 45, 35, 110, 2 + count)
    territory = Territory(found, view)
    for code in country.codes:
        mask, plain = territory.mask(code), alone(found, view, code)
        assert (mask is None) == (not plain.any()) == (code == "APART")
        assert mask is None or (mask == plain).all()
    assert territory.mask("nobody's") is None


def plain_depth(mask: Array) -> Array:
    """Squares of two rows and four columns, one at a time: how many steps to one that is not whole, or to the edge."""
    height, width = mask.shape
    high, wide = -(-height // 2), -(-width // 4)
    whole = {
        (row, column)
        for row in range(high)
        for column in range(wide)
        if 2 * row + 2 <= height
        and 4 * column + 4 <= width
        and mask[2 * row : 2 * row + 2, 4 * column : 4 * column + 4].all()
    }
    depth = np.zeros((height, width), dtype=int)
    while whole:
        for row, column in whole:
            depth[2 * row : 2 * row + 2, 4 * column : 4 * column + 4] += 1
        around = ((0, 1), (0, -1), (1, 0), (-1, 0))
        whole = {(r, c) for r, c in whole if all((r + down, c + right) in whole for down, right in around)}
    return depth


@settings(max_examples=30)
@given(st.integers(-20, 20), st.integers(-20, 20), st.integers(5, 90), st.integers(3, 40))
def test_a_cell_is_as_deep_as_the_plain_way_says(east: int, north: int, width: int, height: int) -> None:
    view = View(HERE[0] + 400 * east, HERE[1] + 400 * north, 150, width, height)
    territory = Territory(lod.borders(COUNTRY, 0), view)
    for code in COUNTRY.codes:
        mask = territory.mask(code)
        if mask is not None:
            depth = territory.depth(code)[squares(height, width)].reshape(height, width)
            assert (depth == plain_depth(mask)).all()


@given(st.lists(st.booleans(), min_size=1, max_size=40), st.integers(1, 45))
def test_a_run_begins_where_so_many_cells_are_set(cells: list[bool], long: int) -> None:
    long = min(long, len(cells))
    found = runs(np.array([cells, cells, cells]), long).tolist()
    room = len(cells) - long + 1
    assert found == [[at < room and all(cells[at : at + long]) for at in range(len(cells))]] * 3


@settings(max_examples=40)
@given(st.integers(0, 9_999), st.floats(0, 1), st.integers(1, 12))
def test_the_name_of_an_area_stands_on_free_cells_of_it_and_over_a_line_only_if_it_must(
    seed: int, share: float, cells: int
) -> None:
    view = small_view(60, 20, 400.0)
    territory = Territory(lod.borders(COUNTRY, 0), view)
    chance = np.random.default_rng(seed)
    free = chance.random((20, 60)) < 0.97
    clear = free & (chance.random((20, 60)) < share)
    half = cells // 2 + 1
    for code in COUNTRY.codes:
        mask = territory.mask(code)
        assert mask is not None

        def fits(allowed: Array, row: int, column: int, mask: Array = mask) -> bool:
            stretch = slice(column - half, column + half + 1)
            return bool((mask & allowed)[row, stretch].all())

        places = [(row, column) for row in range(20) for column in range(half, 60 - half)]
        best = [at for at in places if fits(clear, *at)] or [at for at in places if fits(free, *at)]
        found = anchor(territory, code, free, clear, cells)
        assert (found is None) == (not best)
        if found is not None:
            here = found[1] - view.top, found[0] - view.left
            depth = territory.depth(code)[squares(20, 60)].reshape(20, 60)
            assert here in best
            assert depth[here] == max(depth[at] for at in best)


def test_an_area_has_a_name_of_its_own_beyond_the_sixty_fourth() -> None:
    from incident_tui.map.scene import AreaDrawing  # noqa: PLC0415

    country = many_areas(70)
    view = View(HERE[0] + 3_500, HERE[1] + 3_150, 30, 130, 60)
    text = "\n".join(Drawing().frame(Scene(AreaDrawing(country, "T3")), view).text())
    assert all(f"T{n}" in text for n in range(70))
    assert "APART" not in text


# -- lines in pieces ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ends", [(60,), (40, 60), (1, 2, 30, 60)])
def test_a_line_in_pieces_is_the_line(ends: tuple[int, ...]) -> None:
    drawing = Drawing()
    frame = drawing.frame(small_scene(), small_view())
    painter = Painter(paint_for("dark"), drawing.inks)
    rows = [3, 4, 9, 19]
    for row, pieces in zip(rows, painter.pieces(frame, rows, ends), strict=True):
        whole = painter.strips(frame)[row]
        assert "".join(piece.text for piece in pieces) == whole.text
        assert [piece.cell_length for piece in pieces] == [
            end - start for start, end in zip((0, *ends), ends, strict=False)
        ]
        looks = [
            [(char, str(s.style.bgcolor if char == " " else s.style)) for s in strip for char in s.text]
            for strip in (*pieces, whole)
        ]  # a blank wears what is before it: nobody sees more of it than its ground
        assert [one for piece in looks[:-1] for one in piece] == looks[-1]


def test_a_wide_letter_is_in_one_piece_or_in_none() -> None:
    drawing = Drawing()
    frame = drawing.frame(
        Scene(marks=(Mark("m", HERE, "x", "x", label="東京消防庁"),)), View(*HERE, 60, 40, 8)
    )
    painter = Painter(paint_for("dark"), drawing.inks)
    before = frame.signs.copy()
    row = int(np.flatnonzero((frame.signs == 0).any(axis=1))[0])
    seen = set()
    for end in range(1, 40):
        (pieces,) = painter.pieces(frame, [row], (end, 40))
        assert [cell_len(piece.text) for piece in pieces] == [end, 40 - end]
        seen.add("".join(piece.text for piece in pieces).strip().count("東"))
    assert seen == {0, 1}
    assert (frame.signs == before).all(), "the picture itself stays as it is"
