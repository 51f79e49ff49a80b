"""Words become cells: cut and filled exactly, columns by worth, rows with their signs, themes that can be read."""

from __future__ import annotations

import math
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len, set_cell_size

from incident.kernel.board import TONES, Cell, Column
from incident.kernel.checks import ConfigError
from incident.kernel.text import safe_text
from incident_tui import themes
from incident_tui.widgets.columns import GAP, fit_columns
from incident_tui.widgets.paint import Span, act_at, fit, length, paint_for, shorten, spread, wrap
from incident_tui.widgets.rows import Flags, column_at, header_line, mark_tone, row_line, thumb
from tests.hostile import HOSTILE, Hostile

TEXT = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cs", "Cc", "Cf", "Mn", "Me", "Zl", "Zp")), max_size=40
)


def column(name: str, width: int, priority: int, grow: int = 0, align: str = "left") -> Column:
    return Column(name, name.title(), width, lambda row, _look: Cell(str(row)), priority, align, grow)


UNIT, STATE, PLACE, NOTE = (
    column("unit", 10, 0),
    column("state", 12, 1),
    column("place", 16, 2, grow=2),
    column("note", 8, 5, grow=1),
)


def text(spans: Any) -> str:
    return "".join(span.text for span in spans)


# -- text in cells --


@given(TEXT, st.integers(1, 30), st.sampled_from(["left", "right"]))
def test_a_cell_is_exactly_as_wide_as_its_column(words: str, width: int, align: str) -> None:
    assert cell_len(fit(words, width, align)) == width


@given(TEXT, st.integers(1, 30))
def test_wrapped_lines_fit_and_lose_nothing_but_blanks(words: str, width: int) -> None:
    lines = wrap(words, width)
    assert all(cell_len(line) <= max(width, 2) for line in lines)
    shown = safe_text(words, lines=True)
    assert "".join(lines).replace(" ", "") == shown.replace(" ", "").replace("\n", "")


def test_a_strip_has_its_width_and_ends_in_an_ellipsis_when_it_was_cut() -> None:
    paint = paint_for("dark")
    strip = paint.strip((Span("casualty clearing"), Span(" station")), 12)
    assert strip.cell_length == 12
    assert strip.text == "casualty cl…"
    assert paint.strip((), 5).text == "     "


def test_foreign_text_is_made_harmless_however_it_got_here() -> None:
    assert "\x1b" not in paint_for("dark").strip((Span("\x1b]0;owned\x07boo"),), 30).text


@pytest.mark.parametrize("more", ["", "\u200b" * 60, "\t" * 20, "\u6f22\u200d" * 9, "e\u0301" * 20, "\n" * 9])
@pytest.mark.parametrize("hostile", HOSTILE, ids=[one.name for one in HOSTILE])
def test_a_text_changes_no_cell_outside_its_field(hostile: Hostile, more: str) -> None:
    """What stands beside it, who wrote it and whether it is confirmed, stays where it is and whole."""
    fitted = fit_columns((UNIT, PLACE, STATE), 60)
    flags = Flags()

    def cells(middle: str) -> str:
        line = row_line(fitted, (Cell("A101"), Cell(middle), Cell("CONFIRMED")), flags, 60)
        return paint_for("dark").strip(line, 60).text

    honest, foreign = cells("x"), cells(more + hostile.text)
    at = honest.index("CONFIRMED")
    assert set_cell_size(foreign, 13) == set_cell_size(honest, 13)
    assert foreign.endswith(honest[at:])
    assert cell_len(foreign[: len(foreign) - len(honest[at:])]) == at
    assert cell_len(foreign) == 60


def test_two_ends_of_a_line_never_touch() -> None:
    line = spread((Span("a" * 30),), (Span("right"),), 20)
    assert text(line) == "a" * 12 + "…" + "  right"
    assert length(spread((Span("a"),), (Span("b"),), 9)) == 9
    assert text(shorten((Span("abc"), Span("defg")), 5)) == "abcd…"
    assert act_at((Span("ab", "ink", "one"), Span("cd", "ink", "two")), 2) == "two"


# -- columns --


def test_a_worthier_column_stays_wherever_it_stands() -> None:
    fitted = fit_columns((NOTE, PLACE, STATE, UNIT), UNIT.width + GAP + STATE.width)
    assert [one.column.name for one in fitted] == ["state", "unit"]


def test_the_worthiest_columns_stay_and_keep_their_order() -> None:
    shown = [
        [fitted.column.name for fitted in fit_columns((UNIT, STATE, PLACE, NOTE), width)]
        for width in (60, 45, 30)
    ]
    assert shown == [["unit", "state", "place", "note"], ["unit", "state", "place"], ["unit", "state"]]


def test_what_may_grow_fills_the_width_and_the_last_one_is_squeezed_not_dropped() -> None:
    for width in range(26, 200):
        fitted = fit_columns((UNIT, STATE, PLACE, NOTE), width)
        used = sum(one.width for one in fitted) + GAP * (len(fitted) - 1)
        assert used <= width
        assert used == width or not any(one.column.grow for one in fitted)
    assert [one.width for one in fit_columns((UNIT, STATE), 6)] == [6]


# -- rows --


def row(flags: Flags, width: int = 60) -> str:
    fitted = fit_columns((UNIT, STATE, PLACE), width - 3)
    cells = (Cell("A101"), Cell("at scene"), Cell("Colnbrook by-pass"))[: len(fitted)]
    return text(row_line(fitted, cells, flags, width)).rstrip()


def test_a_row_says_by_sign_and_word_what_colour_only_repeats() -> None:
    assert row(Flags()) == "  A101        at scene      Colnbrook by-pass"
    assert row(Flags(cursor=True, selected=True)).startswith("▸✓A101")
    assert row(Flags(flash=frozenset({"state"}))).startswith(" •A101")
    assert row(Flags(mark="gone")).endswith(" gone")


def test_the_state_word_stands_at_the_end_of_the_widest_column_or_over_the_end_of_the_row() -> None:
    queued = row(Flags(mark="QUEUED"))
    assert queued == "  A101        at scene      Colnbrook by-pass        QUEUED"
    assert row(Flags(mark="REQUESTED – NOT CONFIRMED"), 40).endswith("REQUESTED – NOT CONFIRMED")
    assert cell_len(row(Flags(mark="SENT – NO ANSWER"), 30)) <= 30


def test_a_board_with_a_column_for_the_state_word_says_it_once() -> None:
    mark = column("mark", 10, 0)
    fitted = fit_columns((UNIT, mark), 40)
    line = row_line(fitted, (Cell("A101"), Cell("QUEUED")), Flags(mark="QUEUED"), 40)
    assert text(line).count("QUEUED") == 1


def test_state_words_have_their_tones() -> None:
    assert [mark_tone(word) for word in ("#418", "QUEUED", "LIKELY REFUSED")] == ["good", "caution", "alarm"]


def test_the_header_names_the_order_and_gives_way_to_a_hint() -> None:
    fitted = fit_columns((UNIT, STATE, PLACE), 50)
    assert text(header_line(fitted, 50, (STATE, True))).split() == ["UNIT", "STATE", "▼", "PLACE"]
    hinted = text(header_line(fitted, 50, None, (Span("12 rows re-ordered, press ctrl+r"),)))
    assert hinted.endswith("12 rows re-ordered, press ctrl+r")
    assert len(hinted) == 49  # the bar at the right edge keeps its cell
    assert column_at(fitted, 15) is STATE
    assert column_at(fitted, 12) is None


def test_the_bar_shows_where_the_window_stands() -> None:
    assert thumb(10, 10, 0) == range(0)
    assert thumb(10, 100, 0) == range(1)
    assert thumb(10, 100, 90) == range(9, 10)


# -- themes --


@pytest.mark.parametrize("name", themes.names())
def test_every_ink_can_be_read_on_every_ground(name: str) -> None:
    theme = themes.load(name)
    tokens = theme.tokens
    if theme.colourless:
        assert {token.colour for token in (*tokens.values(), *theme.on_selection.values())} == {
            themes.NO_COLOUR
        }
        return
    assert theme.contrast >= 4.5
    low = []
    for ink in themes.INKS:
        for ground in ("ground", "panel", "selection"):
            token = theme.on_selection.get(ink, tokens[ink]) if ground == "selection" else tokens[ink]
            low += [(ink, ground)] * (themes.contrast(token.colour, tokens[ground].colour) < theme.contrast)
    for ink, ground in (("active-ink", "active"), ("exercise-ink", "exercise"), ("live-ink", "live")):
        low += [(ink, ground)] * (themes.contrast(tokens[ink].colour, tokens[ground].colour) < theme.contrast)
    assert low == []


def test_high_contrast_is_what_it_says() -> None:
    assert themes.load("high-contrast").contrast >= 7


def test_contrast_is_that_of_the_standard() -> None:
    assert themes.contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert themes.contrast("#777777", "#FFFFFF") == pytest.approx(4.48, abs=0.01)


def test_exercise_and_live_never_share_a_frame_in_any_theme() -> None:
    for name in themes.names():
        tokens = themes.load(name).tokens
        frames = [(tokens[mode], tokens[f"{mode}-ink"]) for mode in ("exercise", "live")]
        assert frames[0] != frames[1], name


def test_the_dark_tokens_are_those_of_the_drawing() -> None:
    wanted = {
        "ground": "#0F1419", "panel": "#151B22", "ink": "#D6DCE3", "dim": "#8390A0", "rule": "#2B3541",
        "accent": "#6CB6FF", "alarm": "#FF8A4C", "good": "#4CC9A6", "caution": "#E8C547", "selection": "#1E3A57",
        "exercise": "#B79CFF", "exercise-ink": "#120B24", "live": "#1F6FB2", "live-ink": "#FFFFFF",
        "p1": "#FF6B6B", "p2": "#F2CF4A", "p3": "#5FCB8C", "dead": "#C9CED6",
    }  # fmt: skip
    assert {name: themes.load("dark").tokens[name].colour for name in wanted} == wanted


def test_every_tone_of_a_board_is_a_token() -> None:
    assert set(TONES) <= set(themes.INKS)


def test_a_theme_with_slips_is_refused_with_every_line(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("title: Mine\ntokens:\n  ground: blue\n  panel: '#151B22 blinking'\n", encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        themes.read_theme(path)
    said = str(caught.value)
    assert "'tokens.ground' begins with a colour such as #6CB6FF" in said
    assert "has the attribute blinking" in said
    assert "mine.yaml:3" in said


def test_no_widget_names_a_colour() -> None:
    folder = Path(themes.__file__).parent.parent
    bad = []
    for path in [
        *(folder / "widgets").glob("*.py"),
        *(folder / "screens").rglob("*.py"),
        *folder.rglob("*.tcss"),
    ]:
        text = path.read_text(encoding="utf-8")
        bad += [path.name for word in ("rgb(", "$primary", "ansi_", "#0F", "#15") if word in text]
    assert bad == []


# As eyes without the middle, or the short, of the three kinds of cones see: Machado, Oliveira and Fernandes 2009.
SEEN: dict[str, tuple[tuple[float, float, float], ...]] = {
    "deuteranopia": (
        (0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881),
    ),
    "tritanopia": (
        (1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.303900),
    ),
}  # fmt: skip
TOGETHER = (("accent", "alarm", "good", "caution", "ink"), ("p1", "p2", "p3", "dead"))
"""Tokens that stand beside each other and must be told apart."""
APART_LEAST = 20.0
"""In CIE Lab; what differs by less than about 10 is easily taken for the same."""


def lab(colour: str, seen: tuple[tuple[float, float, float], ...] | None) -> tuple[float, float, float]:
    def linear(part: str) -> float:
        value = int(part, 16) / 255
        return value / 12.92 if value <= 0.04045 else float(((value + 0.055) / 1.055) ** 2.4)

    def root(value: float) -> float:
        return float(value ** (1 / 3)) if value > 0.008856 else 7.787 * value + 16 / 116

    light = [linear(colour[at : at + 2]) for at in (1, 3, 5)]
    for_eyes = light if seen is None else [
        min(1.0, max(0.0, sum(a * b for a, b in zip(row, light, strict=True)))) for row in seen
    ]  # fmt: skip
    r, g, b = for_eyes
    x = root((0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.9505)
    y = root(0.2126 * r + 0.7152 * g + 0.0722 * b)
    z = root((0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.089)
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def least_apart(theme: str, seen: tuple[tuple[float, float, float], ...] | None) -> float:
    tokens = themes.load(theme).tokens
    return min(
        math.dist(lab(tokens[one].colour, seen), lab(tokens[other].colour, seen))
        for group in TOGETHER
        for one, other in combinations(group, 2)
    )


@pytest.mark.parametrize("name", SEEN)
def test_what_stands_together_is_told_apart_by_the_eyes_a_theme_is_for(name: str) -> None:
    assert least_apart(name, SEEN[name]) >= APART_LEAST
    assert least_apart(name, None) >= APART_LEAST
    assert least_apart("dark", SEEN[name]) < APART_LEAST, "or this theme would not be needed"
