"""What a terminal shows of a terse line is what it would show of the line as Textual writes it."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.color import Color
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from incident_tui.widgets.terse import RESET, Pens, TerseStrip, pen_of

TRUECOLOR = Console(color_system="truecolor", force_terminal=True)
FEW = Console(color_system="256", force_terminal=True)
ATTRIBUTES = "bold", "dim", "italic", "underline", "underline2", "blink", "reverse", "strike", "overline"
SEEN_ON_BLANKS = {"4", "5", "6", "7", "9", "21", "53"}
GROUPS = ({"1", "2"}, {"22"}), ({"3"}, {"23"}), ({"4", "21"}, {"24"}), ({"5", "6"}, {"25"}), ({"7"}, {"27"}), \
    ({"8"}, {"28"}), ({"9"}, {"29"}), ({"53"}, {"55"})  # fmt: skip
COLOURS = st.sampled_from(
    [None, "#102030", "#ffffff", "#a0b0c0", "red", "bright_blue", "color(99)", "default"]
)
STYLES = st.builds(
    lambda ink, ground, attributes: Style(
        color=ink, bgcolor=ground, **{name: True for name in ATTRIBUTES if name in attributes}
    ),
    COLOURS, COLOURS, st.sets(st.sampled_from(ATTRIBUTES), max_size=3),
)  # fmt: skip
TEXTS = st.text("ab▴⠂│ ", min_size=1, max_size=5) | st.just("   ")
PIECES = st.lists(st.tuples(TEXTS, st.integers(0, 5)), min_size=1, max_size=12)


def shown(sent: str) -> list[tuple[str, frozenset[str], str, str]]:
    """Each cell a terminal would show of it: its letter, attributes, colour and ground."""
    attributes: set[str] = set()
    ink = ground = ""
    cells = []
    for codes, text in re.findall(r"\x1b\[([0-9;]*)m|([^\x1b])", sent):
        if text:
            cells.append((text, frozenset(attributes), ink, ground))
            continue
        for code in re.findall(r"[34]8;2;\d+;\d+;\d+|[34]8;5;\d+|\d+", codes or "0"):
            first = int(code.partition(";")[0])
            if first == 0:
                attributes, ink, ground = set(), "", ""
            elif first == 48 or 40 <= first <= 49 or 100 <= first <= 107:
                ground = "" if first == 49 else code
            elif first == 38 or 30 <= first <= 39 or 90 <= first <= 97:
                ink = "" if first == 39 else code
            else:
                for group, off in GROUPS:
                    attributes -= group if code in off else set()
                    attributes |= {code} & group
    return cells


def seen(cells: list[tuple[str, frozenset[str], str, str]]) -> list[tuple[Any, ...]]:
    """As much as somebody sees of them: of a blank not its colour, weight and slant."""
    return [cell if cell[0] != " " or cell[1] & SEEN_ON_BLANKS else (" ", cell[3]) for cell in cells]


@given(
    PIECES, st.lists(STYLES, min_size=6, max_size=6), st.sampled_from([TRUECOLOR, FEW]), st.integers(0, 30)
)
def test_a_terse_line_looks_as_it_would_at_length(
    pieces: list[tuple[str, int]], styles: list[Style], console: Console, cut: int
) -> None:
    segments = [Segment(text, styles[number]) for text, number in pieces]
    cells = sum(len(text) for text, _ in pieces)
    terse, plain = TerseStrip(segments, cells, Pens()), Strip(segments, cells)
    for one, other in ((terse, plain), (terse.crop(0, cut), plain.crop(0, cut))):
        assert "".join(char for char, *_ in shown(one.render(console))) == one.text == other.text
        assert seen(shown(one.render(console))) == seen(shown(other.render(console)))
        assert shown(one.render(console) + "x")[-1] == ("x", frozenset(), "", ""), "it leaves nothing behind"
        assert len(one.render(console)) <= len(other.render(console)) + len(RESET)


def test_each_colour_is_sent_once() -> None:
    ink, ground = Color.parse("#0a0b0c"), Color.parse("#010203")
    mark, gap = Style(color=ink, bgcolor=ground, underline=True), Style(color="#eeeeee", bgcolor=ground)
    line = TerseStrip([Segment("▴", mark), Segment("  ", gap), Segment("▴", mark)], 4, Pens())
    assert line.render(TRUECOLOR) == "\x1b[4;38;2;10;11;12;48;2;1;2;3m▴\x1b[24m  \x1b[4m▴\x1b[0m"


def test_the_beginning_of_a_line_is_sent_in_as_few_bytes() -> None:
    mark, gap = Style(color="#0a0b0c", underline=True), Style(color="#eeeeee")
    line = TerseStrip(
        [Segment("▴", mark), Segment("  ", gap), Segment("▴", mark), Segment(" ", gap)], 5, Pens()
    )
    assert line.crop(0, 4).render(TRUECOLOR) == "\x1b[4;38;2;10;11;12m▴\x1b[24m  \x1b[4m▴\x1b[0m"
    assert line.crop(0, 5) is line


def test_a_line_without_styles_is_its_text() -> None:
    assert TerseStrip([Segment("as it is")], 8, Pens()).render(TRUECOLOR) == "as it is"


@pytest.mark.parametrize(
    ("codes", "attributes", "ink", "ground"),
    [
        ("", set(), "", ""),
        ("1;4", {"1", "4"}, "", ""),
        ("31;42", set(), "31", "42"),
        ("97;100", set(), "97", "100"),
        ("2;38;5;9;48;2;1;4;7", {"2"}, "38;5;9", "48;2;1;4;7"),
        ("39;49", set(), "39", "49"),
    ],
)
def test_a_pen_is_read_from_its_numbers(codes: str, attributes: set[str], ink: str, ground: str) -> None:
    pen = pen_of(codes)
    assert (set(pen.attributes), pen.ink, pen.ground) == (attributes, ink, ground)


def test_a_style_is_asked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    pens, asked = Pens(), []
    render = Strip.render
    monkeypatch.setattr(Strip, "render", lambda strip, console: asked.append(strip) or render(strip, console))
    styles = [Style(color="red"), Style(color="red", bold=True)]
    segments = [Segment("x", styles[number % 2]) for number in range(6)]
    sent = {TerseStrip(segments, 6, pens).render(TRUECOLOR) for _ in range(3)}
    assert sent == {"\x1b[31mx\x1b[1mx\x1b[22mx\x1b[1mx\x1b[22mx\x1b[1mx\x1b[0m"}
    assert len(asked) == len(styles)
