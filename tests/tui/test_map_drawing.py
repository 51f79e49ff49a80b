"""What a scene looks like: where things stand, what covers what, what stays when the picture moves, what is said."""

from __future__ import annotations

import math
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from incident.kernel.text import safe_text
from incident_tui.map import furniture, legend, lod
from incident_tui.map.draw import Drawing, Frame
from incident_tui.map.inks import BLANK, GROUNDS, SELECTED, TINT
from incident_tui.map.paint import Painter, changes
from incident_tui.map.raster import LOOKS, Look
from incident_tui.map.scene import DASHES, HATCHES, LAYERS, AreaDrawing, Ground, Mark, Scene, Stroke
from incident_tui.map.view import View
from incident_tui.widgets.paint import length, paint_for
from tests.hostile import HOSTILE
from tests.tui.map_world import HERE, at, circle, real_areas, small_scene, small_view, three_areas

FRAMES = Path(__file__).parent / "map_frames"
OFFSETS = st.tuples(st.integers(-7_000, 7_000), st.integers(-5_000, 5_000))
NAMES = st.sampled_from(["", "A101", "RVP B, agreed", "Hillingdon Hospital", "clearing station"])
MARKS = st.lists(
    st.builds(
        lambda place, label, priority, layer: Mark("", at(*place), "R", "R", "ink", label, priority, layer),
        OFFSETS, NAMES, st.sampled_from([5, 10, 60]), st.sampled_from(["points", "hospitals", "units"]),
    ),
    max_size=40,
)  # fmt: skip
STROKES = st.lists(
    st.builds(
        lambda points, dash: Stroke(tuple(at(*point) for point in points), "ink", dash),
        st.lists(OFFSETS, min_size=2, max_size=6), st.sampled_from(DASHES),
    ),
    max_size=4,
)  # fmt: skip
SHADES = st.lists(
    st.builds(
        lambda points, hatch, label: Ground(tuple(at(*point) for point in points), "ink", hatch, label=label),
        st.lists(OFFSETS, min_size=3, max_size=6), st.sampled_from(HATCHES), NAMES,
    ),
    max_size=3,
)  # fmt: skip


@st.composite
def scenes(draw: Any, areas: AreaDrawing | None = None) -> Scene:
    marks = tuple(replace(mark, key=f"m{n}") for n, mark in enumerate(draw(MARKS)))
    return Scene(areas, tuple(draw(STROKES)), tuple(draw(SHADES)), marks)


def same(one: Frame, other: Frame) -> bool:
    return all(
        np.array_equal(getattr(one, name), getattr(other, name)) for name in ("signs", "inks", "grounds")
    )


def words_of(drawing: Drawing, frame: Frame, column: int, row: int) -> str:
    return drawing.inks.words[int(frame.inks[row, column])]


def sign(frame: Frame, column: int, row: int) -> str:
    return chr(int(frame.signs[row, column]))


# -- properties -----------------------------------------------------------------------------------------------


@settings(max_examples=25, deadline=None)
@given(scenes(), st.sampled_from(LOOKS))
def test_equal_scenes_are_drawn_equally_however_often(scene: Scene, look: Look) -> None:
    drawing = Drawing()
    first = drawing.frame(scene, small_view(), look)
    again = drawing.frame(replace(scene), small_view(), look)
    assert same(first, again)
    assert same(first, Drawing().frame(scene, small_view(), look))


NAME_AT_THE_EDGE = Scene(
    None,
    marks=(
        Mark("m0", (503_400.0, 175_400.0), "R", "R", "ink", "", 5, "points"),
        Mark("m1", (503_400.0, 175_400.0), "R", "R", "ink", "", 5, "points"),
        Mark("m2", (502_679.0, 175_400.0), "R", "R", "ink", "Hillingdon Hospital", 5, "points"),
    ),
)
"""A name to the left of its mark, which lies one cell farther from the picture than names are sought."""


@settings(max_examples=60, deadline=None)
@example(NAME_AT_THE_EDGE, "braille", [])
@given(
    scenes(), st.sampled_from(LOOKS), st.lists(st.tuples(st.integers(-9, 9), st.integers(-5, 5)), max_size=6)
)
def test_every_cell_that_stays_in_sight_shows_the_same(
    scene: Scene, look: Look, moves: list[tuple[int, int]]
) -> None:
    drawing, view = Drawing(), small_view()
    before = drawing.frame(scene, view, look)
    for columns, rows in [*moves, (30, -10), (-30, 10)]:
        view = view.panned(columns, rows)
        after = drawing.frame(scene, view, look)
        for name in ("signs", "inks", "grounds"):
            was = stayed(getattr(before, name), columns, rows)
            now = stayed(getattr(after, name), -columns, -rows)
            assert np.array_equal(was, now), f"{name} after a move by {columns}, {rows}"
        before = after


@settings(max_examples=60, deadline=None)
@given(
    scenes(AreaDrawing(three_areas(), "LAS")),
    st.sampled_from(LOOKS),
    st.lists(st.tuples(st.integers(-70, 70), st.integers(-25, 25)), min_size=1, max_size=5),
)
def test_a_picture_that_was_moved_is_the_one_that_is_drawn_there_anew(
    scene: Scene, look: Look, moves: list[tuple[int, int]]
) -> None:
    drawing, view, unnamed = Drawing(), small_view(), frozenset(("labels",))
    drawing.frame(scene, view, look, unnamed)
    for columns, rows in moves:
        view = view.panned(columns, rows)
        moved, fresh = drawing.frame(scene, view, look, unnamed), Drawing()
        anew = fresh.frame(scene, view, look, unnamed)
        assert np.array_equal(moved.signs, anew.signs)
        assert np.array_equal(moved.grounds, anew.grounds)
        for row, column in np.argwhere(moved.signs != ord(" ")).tolist():
            assert words_of(drawing, moved, column, row) == words_of(fresh, anew, column, row)
        assert moved.legend == anew.legend


def stayed(cells: np.ndarray, columns: int, rows: int) -> np.ndarray:
    """The part of a picture that is still, or was already, in sight."""
    height, width = cells.shape
    return cells[max(0, rows) : height + min(0, rows), max(0, columns) : width + min(0, columns)]


@pytest.mark.parametrize("look", LOOKS)
def test_borders_and_tint_stay_in_their_cells_and_names_of_areas_while_in_sight(look: Look) -> None:
    drawing, view, scene = Drawing(), small_view(), Scene(AreaDrawing(three_areas(), "LAS"))
    before = drawing.frame(scene, view, look)
    for columns, rows in ((1, 0), (0, 1), (-3, 2), (7, -3), (-2, 0)):
        view = view.panned(columns, rows)
        after = drawing.frame(scene, view, look)
        assert np.array_equal(stayed(before.grounds, columns, rows), stayed(after.grounds, -columns, -rows))
        assert np.array_equal(stayed(before.signs, columns, rows), stayed(after.signs, -columns, -rows))
        before = after
    names = [drawing.frame(scene, view.panned(far, 0), look).text() for far in (0, 28, 29)]
    assert all(any("SECAMB" in line for line in text) for text in names), "a name that is gone is set anew"


@settings(deadline=None)
@given(OFFSETS, st.sampled_from(LOOKS))
def test_a_mark_stands_in_the_cell_that_the_view_names(place: tuple[int, int], look: Look) -> None:
    view, mark = small_view(), Mark("m", at(*place), "▲", "A")
    frame = Drawing().frame(Scene(marks=(mark,)), view, look)
    cell = view.cell_of(*mark.at)
    found = [(x, y) for y, row in enumerate(frame.signs) for x, code in enumerate(row) if code != ord(" ")]
    assert found == ([cell] if view.holds(*cell) else [])
    if found:
        assert sign(frame, *cell) == ("A" if look == "ascii" else "▲")


# -- what covers what -----------------------------------------------------------------------------------------


def test_several_marks_in_one_cell_are_counted_and_the_weightiest_gives_the_tone() -> None:
    marks = [Mark(f"m{n}", at(10 + n, 10), "▲", "A", "dim", priority=10) for n in range(3)]
    marks.append(Mark("scene", at(12, 12), "✱", "*", "alarm", "scene", 100))
    drawing, view = Drawing(), small_view()
    frame = drawing.frame(Scene(marks=tuple(marks)), view)
    cell = view.cell_of(*at(10, 10))
    assert sign(frame, *cell) == "4"
    assert words_of(drawing, frame, *cell) == "alarm"
    assert any("4 scene" in line for line in frame.text())
    assert drawing.keys_at(Scene(marks=tuple(marks)), view, *cell) == ("scene", "m2", "m1", "m0")
    crowd = Scene(marks=tuple(Mark(f"m{n}", at(10, 10), "▲", "A") for n in range(12)))
    assert sign(drawing.frame(crowd, view), *cell) == "+"


def test_a_selected_thing_is_on_the_ground_of_what_is_selected_and_keeps_its_name() -> None:
    scene, view, drawing = small_scene(), small_view(), Drawing()
    frame = drawing.frame(scene, view, selected="rvp-b")
    cell = view.cell_of(*at(900, -300))
    assert frame.grounds[cell[1], cell[0]] == SELECTED
    assert not (drawing.frame(scene, view).grounds == SELECTED).any()
    ring = drawing.frame(scene, view, selected="outer").grounds == SELECTED
    assert ring.sum() > 20
    far = View(*HERE, 5_000, 60, 20)
    assert any("A103" in line for line in drawing.frame(scene, far, selected="u3").text())
    assert not any("A103" in line for line in drawing.frame(scene, far).text())


@pytest.mark.parametrize("layer", LAYERS)
def test_a_hidden_layer_is_not_drawn(layer: str) -> None:
    scene, view, drawing = small_scene(), small_view(), Drawing()
    whole, without = drawing.frame(scene, view), drawing.frame(scene, view, hidden=frozenset((layer,)))
    assert not same(whole, without)
    nothing = drawing.frame(scene, view, hidden=frozenset(LAYERS))
    assert not "".join(nothing.text()).strip()
    assert not nothing.grounds.any()
    assert nothing.legend == ()


def test_our_own_border_is_bright_and_our_ground_is_tinted() -> None:
    drawing, view = Drawing(), small_view()
    frame = drawing.frame(Scene(AreaDrawing(three_areas(), "LAS")), view)
    tones = {
        words_of(drawing, frame, x, y) for y in range(20) for x in range(60) if frame.signs[y, x] > 0x2800
    }
    assert tones == {"accent line", "dim line"}
    column, row = view.cell_of(*at(2_500, 600))
    assert frame.grounds[row, column] == TINT
    column, row = view.cell_of(*at(-2_500, 1_200))
    assert not frame.grounds[row, column]
    nobody = drawing.frame(Scene(AreaDrawing(three_areas(), "")), view)
    assert not nobody.grounds.any()


def test_what_is_hollow_looks_hollow_without_any_colour() -> None:
    view = small_view()
    unit, point = (Mark("m", HERE, *signs, hollow=True) for signs in ("▲A", "RR"))
    cases: tuple[tuple[Mark, Look, str], ...] = (
        (unit, "braille", "△"),
        (unit, "ascii", "a"),
        (point, "braille", "r"),
    )
    for mark, look, shown in cases:
        frame = Drawing().frame(Scene(marks=(mark,)), view, look)
        assert sign(frame, *view.cell_of(*HERE)) == shown
    drawing = Drawing()
    star = drawing.frame(Scene(marks=(Mark("m", HERE, "✱", "*", "alarm", hollow=True),)), view)
    assert "underline" in words_of(drawing, star, *view.cell_of(*HERE))


def test_a_drawing_in_progress_lies_over_everything() -> None:
    drawing, view, scene = Drawing(), small_view(), small_scene()
    sketch = Scene(strokes=(Stroke((at(-3_000, 300), at(3_000, 300)), "strong"),))
    frame = drawing.frame(scene, view, sketch=sketch)
    _, row = view.cell_of(*at(0, 300))
    inks = {words_of(drawing, frame, column, row) for column in range(60)}
    assert "strong line" in inks


# -- names ----------------------------------------------------------------------------------------------------


def test_names_give_way_by_weight_and_shorten_to_the_code() -> None:
    view = View(*HERE, 60, 40, 9)
    crowd = [Mark(f"m{x}{y}", at(x * 480, y * 240), "x", "x") for x in range(-5, 6) for y in (-1, 1)]
    one = Mark("one", at(0, 0), "O", "O", label="NWAS north-western teams", priority=10)
    two = Mark("two", at(960, 0), "T", "T", label="YAS", priority=20)
    text = Drawing().frame(Scene(marks=(one, two)), view).text()
    assert any("O NWAS" not in line and "T YAS" in line for line in text)
    text = Drawing().frame(Scene(marks=(*crowd, one, two)), view).text()
    assert any("T YAS" in line for line in text)
    assert any("NWAS" in line and "north" not in line for line in text)


def test_names_never_cover_a_mark_or_each_other() -> None:
    marks = tuple(
        Mark(
            f"m{n}", at((n * 613) % 6_000 - 3_000, (n * 367) % 4_000 - 2_000), "●", "o", label=f"CALL{n:02d}"
        )
        for n in range(60)
    )
    view = small_view()
    frame = Drawing().frame(Scene(marks=marks), view)
    text = "\n".join(frame.text())
    shown = [mark for mark in marks if mark.label in text]
    assert len(shown) > 20
    cells = {view.cell_of(*mark.at) for mark in marks}
    for cell in cells:
        assert sign(frame, *cell) in "●23456789+"


def test_no_name_stands_next_to_the_mark_of_another() -> None:
    view = small_view()
    one = Mark("a", at(0, 0), "R", "R", label="RVP A")
    two = Mark("b", at(view.cell_wide, 0), "R", "R", label="RVP B")
    for first, second in ((one, two), (replace(one, priority=50), two), (one, replace(two, priority=50))):
        text = "\n".join(Drawing().frame(Scene(marks=(first, second)), view).text())
        assert "RVP A RR RVP B" in text
    chosen = Mark("c", at(2 * view.cell_wide, 0), "R", "R", label="RVP-C")
    ring = tuple(
        Mark(f"x{x}{y}", at(x * view.cell_wide, y * view.cell_high), "x", "x")
        for x in (-1, 7)
        for y in (-1, 1)
    )
    tight = Scene(marks=(one, two, chosen, *ring, Mark("r", at(9 * view.cell_wide, 0), "x", "x")))
    assert "RVP-C" not in "\n".join(Drawing().frame(tight, view).text())
    assert "RVP-C" in "\n".join(Drawing().frame(tight, view, selected="c").text())


def test_a_thing_with_an_edge_and_a_mark_has_one_name() -> None:
    scene = Scene(
        grounds=(Ground(circle(*HERE, 900), key="it", label="edge"),),
        marks=(Mark("it", HERE, "C", "C", label="mark"),),
    )
    text = "\n".join(Drawing().frame(scene, small_view()).text())
    assert "C mark" in text
    assert "edge" not in text


@pytest.mark.parametrize("case", HOSTILE, ids=lambda case: case.name)
def test_foreign_text_in_names_is_harmless_and_takes_the_cells_it_is_given(case: Any) -> None:
    view, text = small_view(), case.text
    scene = Scene(
        marks=(Mark("m", HERE, text[:1] or "x", "A", label=text),),
        grounds=(Ground(circle(*HERE, 900), label=text, words=text),),
        badge=text,
        attribution=text,
        notes=(text,),
    )
    for look in LOOKS:
        drawing = Drawing()
        frame = drawing.frame(scene, view, look)
        for strip in Painter(paint_for("dark"), drawing.inks).strips(frame):
            assert strip.cell_length == view.width
            assert cell_len(strip.text) == view.width
            assert safe_text(strip.text).replace("\u2800", " ") == strip.text
        foot = furniture.foot(scene, view, look, 60, frame.faults)
        assert length(foot) == 60


def test_a_wide_name_is_cut_whole_at_the_edge() -> None:
    for shift in range(-9, 10):
        view = View(HERE[0] + shift * 120, HERE[1], 60, 12, 8)
        frame = Drawing().frame(Scene(marks=(Mark("m", HERE, "x", "x", label="東京消防庁"),)), view)
        assert {cell_len(line) for line in frame.text()} == {12}


# -- what makes no sense --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("shape", "said"),
    [
        (Stroke(()), "A line cannot be drawn: it has too few points."),
        (Stroke((at(0, 0),), words="wind sector"), "Wind sector cannot be drawn: it has too few points."),
        (Ground((at(0, 0), at(1, 1)), label="zone 3"), "Zone 3 cannot be drawn: it has too few points."),
        (Stroke((at(0, 0), (math.nan, 5.0))), "A line cannot be drawn: a point of it is no number."),
        (
            Ground((at(0, 0), at(9, 9), (math.inf, 1.0))),
            "A ground cannot be drawn: a point of it is no number.",
        ),
        (Stroke((at(0, 0), (1e300, 1.0))), "A line cannot be drawn: a point of it lies beyond the earth."),
    ],
)
def test_bad_geometry_draws_nothing_and_says_so(shape: Stroke | Ground, said: str) -> None:
    good = Mark("m", HERE, "R", "R")
    scene = Scene(
        strokes=(shape,) if isinstance(shape, Stroke) else (),
        grounds=(shape,) if isinstance(shape, Ground) else (),
        marks=(good, Mark("bad", (math.nan, 0.0), "X", "X")),
    )
    frame = Drawing().frame(scene, small_view())
    assert frame.faults == ("A mark has no place that can be drawn.", said)
    assert "".join(frame.text()).strip() == "R"
    assert Drawing().keys_at(scene, small_view(), *small_view().cell_of(*HERE)) == ("m",)
    line = "".join(span.text for span in furniture.foot(scene, small_view(), "braille", 100, frame.faults))
    assert "A mark has no place that can be drawn. (+1)" in line


class Bad:
    codes = ("LAS",)

    def simplified(self, tolerance_m: float) -> tuple[Any, ...]:
        raise ArithmeticError(tolerance_m)


def test_areas_that_cannot_be_drawn_leave_the_rest_of_the_map() -> None:
    scene = Scene(AreaDrawing(Bad(), "LAS"), marks=(Mark("m", HERE, "R", "R"),))
    frame = Drawing().frame(scene, small_view())
    assert frame.faults == ("The areas could not be drawn (ArithmeticError).",)
    assert "".join(frame.text()).strip() == "R"


@pytest.mark.parametrize("size", [(0, 0), (0, 9), (9, 0), (1, 1)])
def test_a_picture_of_no_size_is_a_picture(size: tuple[int, int]) -> None:
    frame = Drawing().frame(small_scene(), View(*HERE, 60, *size))
    assert frame.signs.shape == size[::-1]


# -- detail, furniture, legend --------------------------------------------------------------------------------


@given(st.floats(0.5, 40_000))
def test_no_border_is_drawn_more_than_a_dot_from_where_it_is(scale: float) -> None:
    assert lod.tolerance(scale) <= 0.8 * scale or lod.tolerance(scale) == 0
    better = [metres for metres in lod.TOLERANCES if lod.tolerance(scale) < metres]
    assert all(metres > 0.8 * scale for metres in better), "a coarser detail would do"


@pytest.mark.parametrize("tolerance", lod.TOLERANCES)
def test_a_common_border_is_one_line_with_an_area_on_each_side(tolerance: int) -> None:
    found = lod.borders(three_areas(points=300), tolerance)
    shared = found.two != lod.NOBODY
    assert shared.sum() >= 3
    for code in found.codes:
        own = found.of(code)
        assert (own & shared).any()
        ends = np.concatenate((found.segments.ends[own, :2], found.segments.ends[own, 2:])).round(2)
        _, counts = np.unique(ends, axis=0, return_counts=True)
        assert (counts == 2).all(), "the border of an area is closed"


@pytest.mark.parametrize("metres_per_dot", [0.5, 1, 7, 60, 99, 100, 400, 3_000, 11_000])
def test_the_scale_bar_is_as_long_as_it_says(metres_per_dot: float) -> None:
    view = View(*HERE, metres_per_dot, 80, 24)
    metres = furniture.bar_metres(view, 26)
    assert f"{metres:.0f}".rstrip("0") in ("1", "2", "5", "")
    assert metres <= 26 * view.cell_wide < 2.6 * metres
    for look in LOOKS:
        bar = furniture.scale_bar(view, 26, look)
        assert furniture.metres_words(metres) in bar
        line = bar if bar[-1] in "┤|" else bar.rsplit(" ", 2)[0]
        assert abs(len(line) * view.cell_wide - metres) <= view.cell_wide


@pytest.mark.parametrize("look", LOOKS)
def test_the_legend_names_every_sign_dash_and_hatch_in_sight(look: Look) -> None:
    frame = Drawing().frame(small_scene(), small_view(), look)
    words = {entry.words for entry in frame.legend}
    assert words == {
        "ambulance", "hospital", "rendezvous point", "scene", "so many in one place", "hollow: old or estimated",
        "border of an area", "border of LAS", "inner cordon", "outer cordon", "covered by another", "diversion",
    }  # fmt: skip
    elsewhere = Drawing().frame(small_scene(), small_view().panned(500, 500), look)
    assert {entry.words for entry in elsewhere.legend} <= {"border of an area", "border of LAS"}
    lines = legend.lines_of(frame.legend, 8, 30)
    assert len(lines) == 8
    assert {length(line) for line in lines} == {30}
    assert "".join(span.text for span in lines[-1]).strip() == f"and {len(frame.legend) - 7} more"


def test_different_meanings_never_look_the_same_without_colour() -> None:
    """In mono, in every look: dash by dash and hatch by hatch, and marked or not."""
    for look in LOOKS:
        seen: dict[str, str] = {}
        for hatch in HATCHES:
            for dash in DASHES:
                for selected in ("", "it"):
                    scene = Scene(grounds=(Ground(circle(*HERE, 900), "ink", hatch, key="it", dash=dash),))
                    drawing = Drawing()
                    frame = drawing.frame(scene, small_view(), look, selected=selected)
                    strips = Painter(paint_for("mono"), drawing.inks).strips(frame)
                    painted = repr([[(s.text, str(s.style)) for s in strip] for strip in strips])
                    name = f"{hatch}/{dash}/{selected}"
                    assert painted not in seen, f"{name} looks like {seen.get(painted)} in {look}"
                    seen[painted] = name
        mono = Painter(paint_for("mono"), (drawing := Drawing()).inks)
        borders = drawing.frame(Scene(AreaDrawing(three_areas(), "LAS")), small_view(), look)
        styles = {str(s.style) for strip in mono.strips(borders) for s in strip if s.text.strip(" LASCEMB")}
        assert len(styles) == 2, "our own border differs from the others by weight"


# -- lines of the screen --------------------------------------------------------------------------------------


def test_only_the_stretches_that_changed_are_sent() -> None:
    drawing, view, scene = Drawing(), small_view(), small_scene()
    before = drawing.frame(scene, view)
    assert changes(before, drawing.frame(replace(scene), view)) == []
    assert changes(None, before) is None
    moved = tuple(replace(mark, at=at(1_300, -1_000)) if mark.key == "u3" else mark for mark in scene.marks)
    spans = changes(before, drawing.frame(replace(scene, marks=moved), view))
    assert spans is not None
    assert len(spans) == 2
    assert sum(len(cells) for _, cells in spans) < 20


@settings(max_examples=15)
@given(st.sampled_from(["dark", "mono", "high-contrast"]), st.sampled_from(LOOKS), st.integers(0, 2**32 - 1))
def test_blanks_that_wear_what_is_before_them_look_the_same(theme: str, look: Look, seed: int) -> None:
    """Cell by cell: the sign, its style, and of a blank cell all that is seen of a style where nothing is written."""
    chance = np.random.default_rng(seed)
    drawing = Drawing()
    scene = replace(small_scene(), areas=AreaDrawing(three_areas(), "LAS"))
    frame = drawing.frame(scene, small_view(), look, selected="rvp-b")
    (
        drawing.inks.number("alarm underline"),
        drawing.inks.number("good reverse"),
        drawing.inks.number("dim on panel"),
    )
    for cells, most in ((frame.inks, len(drawing.inks.words)), (frame.grounds, len(GROUNDS))):
        some = chance.random(cells.shape) < 0.2
        cells[some] = chance.integers(0, most, int(some.sum()))
    frame.signs[chance.random(frame.signs.shape) < 0.3] = BLANK
    alone = Painter(paint_for(theme), drawing.inks)
    seen = Painter(paint_for(theme), drawing.inks).pieces(
        frame, range(frame.signs.shape[0]), (7, frame.signs.shape[1])
    )
    for row, pieces in enumerate(seen):
        strip = [(char, segment.style) for piece in pieces for segment in piece for char in segment.text]
        for column, (char, style) in enumerate(strip):
            one = frame.signs[row : row + 1, column : column + 1]
            own = Frame(
                one,
                frame.inks[row : row + 1, column : column + 1],
                frame.grounds[row : row + 1, column : column + 1],
            )
            ((segment,),) = alone.strips(own)
            assert char == segment.text
            if char == " ":
                assert _on_blanks(style) == _on_blanks(segment.style)
            else:
                assert style == segment.style


def _on_blanks(style: Any) -> tuple[Any, ...]:
    if style.reverse or style.underline:
        return (style,)
    return (style.bgcolor, bool(style.strike), bool(style.overline), bool(style.blink))


@pytest.mark.parametrize("look", [*LOOKS, "mono"])
def test_a_small_map_looks_as_it_was_agreed(look: str) -> None:
    """``SNAPSHOTS=new`` takes new ones."""
    drawing, view, scene = Drawing(), small_view(), small_scene()
    frame = drawing.frame(scene, view, "braille" if look == "mono" else look, selected="rvp-b")  # type: ignore[arg-type]
    foot = furniture.foot(scene, view, "ascii" if look == "ascii" else "braille", view.width)
    lines = [*frame.text(), "".join(span.text for span in foot), ""]
    lines += [f"{entry.sample:6}{entry.words}" for entry in frame.legend]
    if look == "mono":
        lines = []
        for strip in Painter(paint_for("mono"), drawing.inks).strips(frame):
            lines.append("|".join(f"{s.style}:{s.text}" if str(s.style) != "none" else s.text for s in strip))
    text = "\n".join(line.rstrip() for line in lines) + "\n"
    path = FRAMES / f"{look}.txt"
    if os.environ.get("SNAPSHOTS") == "new":
        FRAMES.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


def test_the_real_boundaries_are_drawn_at_every_scale() -> None:
    path = real_areas()
    if path is None:
        pytest.skip("the real boundaries are not there: they lie in a folder beside the checkout, if at all")
    from tests.tui.map_world import country_of  # noqa: PLC0415

    country, drawing = country_of(path), Drawing()
    for scale, names in ((6_000, 5), (1_500, 8), (100, 1)):
        view = View(*HERE, scale, 120, 40) if scale < 1_000 else View(400_000, 500_000, scale, 120, 60)
        frame = drawing.frame(Scene(AreaDrawing(country, "LAS")), view)
        text = "\n".join(frame.text())
        assert not frame.faults
        assert sum(code in text for code in country.codes) >= names
