"""Foreign text: what is refused, what is shown instead, and what it costs in cells."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from incident.kernel.text import (
    MARKS_MAX,
    SUBSTITUTE,
    SafeText,
    ascii_fold,
    cell_width,
    clip,
    safe_text,
    text_problem,
    text_problems,
)
from tests.hostile import HOSTILE, TEXT_LIMIT, Hostile

# Drawn by hand towards what matters: hypothesis alone would seldom put five marks in a row.
WILD = st.lists(
    st.one_of(
        st.characters(),
        st.characters(categories=["Cs", "Cf", "Cc", "Mn", "Me", "Co", "Zs"]),
        st.sampled_from("aé⚠\n\r\t\ufe0f\u0301\u0489\u202e\u200b\x1b\x9b\U000e0041漢 "),
    ),
    max_size=40,
).map("".join)

HANGUL_PARTS = set(map(chr, [*range(0x1161, 0x1200), *range(0xD7B0, 0xD7C7), *range(0xD7CB, 0xD7FC)]))
INVISIBLE = set("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")

every = pytest.mark.parametrize("hostile", HOSTILE, ids=[hostile.name for hostile in HOSTILE])


def is_shown(text: str, *, lines: bool = False) -> bool:
    """Whether this text may reach a screen: an account by category, apart from the code under test."""
    marks = -1
    for char in text:
        category = unicodedata.category(char)
        if char == "\n" and lines:
            marks = -1
        elif (category[0] == "M" and char != "\u034f") or char in HANGUL_PARTS:
            if marks < 0 or marks >= MARKS_MAX or "\ufe00" <= char <= "\ufe0f":
                return False
            marks += 1
        elif category[0] == "C" or (category[0] == "Z" and char != " ") or char in INVISIBLE:
            return False
        else:
            marks = 0
    return True


def test_there_are_enough_of_them_and_each_has_its_own_name() -> None:
    assert len(HOSTILE) >= 80
    assert len({hostile.name for hostile in HOSTILE}) == len(HOSTILE)


# --- the first layer: ingest ---


@every
def test_ingest_refuses_what_acts_and_accepts_the_rest(hostile: Hostile) -> None:
    problem = text_problem(hostile.text, limit=TEXT_LIMIT, lines=True)
    assert (problem is not None) == hostile.refused, problem


@every
def test_a_refusal_is_a_sentence_that_does_not_repeat_the_text(hostile: Hostile) -> None:
    problem = text_problem(hostile.text, limit=TEXT_LIMIT, lines=True)
    if problem is not None:
        assert problem.isprintable()
        assert problem.isascii()
        assert problem.startswith("The text ")
        assert problem.endswith(".")


def test_a_line_break_is_for_texts_of_several_lines() -> None:
    assert text_problem("one\ntwo", limit=50, lines=True) is None
    assert text_problem("one\ntwo", limit=50) == (
        "The text holds a line break, and only one line is allowed here."
    )
    assert text_problem("one\ttwo", limit=50) is None


def test_the_limit_counts_characters() -> None:
    assert text_problem("é" * 5, limit=5) is None
    assert text_problem("é" * 6, limit=5) == "The text is 6 characters long, and 5 are allowed."


def test_ordinary_words_of_many_countries_are_accepted() -> None:
    for text in ("Cwm Tŷ, £5, 12° – “quoted”", "Пожар на мосту", "火災", "שלום", "ไฟไหม้", "🚑 on scene", ""):
        assert text_problem(text, limit=100) is None


@given(WILD)
def test_what_ingest_accepts_holds_nothing_that_acts(text: str) -> None:
    if text_problem(text, limit=TEXT_LIMIT) is None:
        assert not any(unicodedata.category(char) in ("Cc", "Cs") and char != "\t" for char in text)
        assert not any(unicodedata.bidirectional(char) in BIDI_CONTROLS for char in text)


BIDI_CONTROLS = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}


# --- a whole command's body ---


class Where(msgspec.Struct):
    name: str
    easting: float = 0.0


class Body(msgspec.Struct):
    title: str
    where: Where | None = None
    tags: list[str] = []
    notes: dict[str, str] = {}
    count: int = 0


PLACES: dict[str, Callable[[str], Body]] = {
    "title": Body,
    "where.name": lambda text: Body("t", where=Where(text)),
    "tags[1]": lambda text: Body("t", tags=["a", text]),
    "notes.LAS": lambda text: Body("t", notes={"LAS": text}),
}


@pytest.mark.parametrize("place", PLACES)
@every
def test_a_body_is_refused_with_the_name_of_its_field(place: str, hostile: Hostile) -> None:
    body = PLACES[place](hostile.text)
    problem = text_problems(body)
    assert (problem is not None) == hostile.refused
    if problem is not None:
        assert problem.startswith(f"'{place}' ")


@every
def test_the_way_by_raw_json_judges_alike_however_it_is_escaped(hostile: Hostile) -> None:
    try:
        bodies = [msgspec.json.encode(Body(hostile.text))]
    except UnicodeEncodeError:
        return  # a lone surrogate cannot even be sent
    units = hostile.text.encode("utf-16-be")
    escaped = "".join(f"\\u{units[i] << 8 | units[i + 1]:04x}" for i in range(0, len(units), 2))
    bodies.append(f'{{"title":"{escaped}"}}'.encode())
    for raw in bodies:
        body = msgspec.json.decode(raw, type=Body)
        assert body.title == hostile.text
        assert (text_problems(body, raw=raw) is not None) == hostile.refused


def test_keys_are_judged_like_values() -> None:
    assert text_problems({"a": {"\x1b[2J": 1}}) == "'a.(a key)' holds a control character (U+001B)."


def test_a_tree_too_deep_is_a_problem_and_no_overflow() -> None:
    tree: object = "x"
    for _ in range(5_000):
        tree = [tree]
    assert "nested too deeply" in (text_problems(tree) or "")


def test_plain_values_have_no_problem() -> None:
    assert text_problems({"a": [1, 2.5, None, True, "fine\nlines"], "b": ("x", {"y"})}) is None
    assert text_problems(b"\x1b") is None  # bytes are not text


# --- the second layer: what is shown ---


@every
def test_hostile_text_is_shown_harmless(hostile: Hostile) -> None:
    shown = safe_text(hostile.text)
    assert is_shown(shown)
    assert (shown != hostile.text) == (hostile.changed and hostile.name != "very long")


@given(WILD)
def test_whatever_is_shown_is_harmless(text: str) -> None:
    assert is_shown(safe_text(text))
    assert is_shown(safe_text(text, lines=True), lines=True)


@given(WILD)
def test_to_clean_twice_is_to_clean_once(text: str) -> None:
    once = safe_text(text)
    assert safe_text(once) == once
    several = safe_text(text, lines=True)
    assert safe_text(several, lines=True) == several


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126)))
def test_printable_ascii_is_never_changed(text: str) -> None:
    assert safe_text(text) == text
    assert safe_text(text, lines=True) == text


def test_every_single_character_is_shown_harmless() -> None:
    wrong = [hex(code) for code in range(0x110000) if not is_shown(safe_text("a" + chr(code)))]
    assert wrong == []


def test_the_check_bites() -> None:
    """Without `safe_text` the same account finds fault, so the tests above are not empty."""
    missed = [h.name for h in HOSTILE if h.changed and h.name != "very long" and is_shown(h.text)]
    assert missed == []


def test_what_stands_for_what() -> None:
    assert safe_text("one\ntwo") == "one ⏎ two"
    assert safe_text("one\r\ntwo", lines=True) == "one\ntwo"
    assert safe_text("a\tb") == "a    b"
    assert safe_text("a\x1b[2Jb") == f"a{SUBSTITUTE}[2Jb"
    assert safe_text("⚠️ bridge") == "⚠ bridge"
    assert safe_text("x" + "\u0301" * 90 + "y") == "x" + "\u0301" * MARKS_MAX + SUBSTITUTE + "y"
    assert safe_text("") == ""


# --- cells and looks ---


@given(WILD, st.integers(-1, 60))
def test_a_clipped_text_fits_and_only_the_end_is_lost(text: str, width: int) -> None:
    shown = safe_text(text)
    cut: SafeText = clip(shown, width)
    assert cell_width(cut) <= max(width, 0)
    assert shown.startswith(cut.removesuffix("…")) or cut == shown
    if cell_width(shown) <= width:
        assert cut == shown


def test_wide_text_is_clipped_by_cells() -> None:
    assert cell_width("漢字") == 4
    assert clip("漢字漢字", 5) == "漢字…"
    assert clip("漢字漢字", 4) == "漢…"
    assert clip("HART-1 mobile", 8) == "HART-1 …"
    assert clip("HART-1", 6) == "HART-1"
    assert cell_width("e\u0301") == 1


@given(WILD)
def test_the_ascii_look_is_ascii_and_keeps_cells_when_asked(text: str) -> None:
    shown = safe_text(text)
    assert ascii_fold(shown, strict=True).isascii()
    folded = ascii_fold(shown, strict=True, cells=True)
    assert folded.isascii()
    assert folded.isprintable()
    assert len(folded) == cell_width(shown)


def test_our_glyphs_have_an_ascii_look() -> None:
    assert ascii_fold("● ▲ ✉ ✓ ✗ · – … → × †") == "* ! @ + x . - ... -> x +"
    assert ascii_fold("● ▲ ✉ ✓ ✗ · – … → × †", cells=True) == "* ! @ + x . - ~ > x +"
    assert ascii_fold("┌──┐│") == "+--+|"
    assert ascii_fold("Tŷ 火") == "Tŷ 火"
    assert ascii_fold("Tŷ 火", strict=True) == "Ty ??"
