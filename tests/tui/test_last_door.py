"""The last door: nothing that acts on a terminal leaves the app, whatever widget it was given to.

The proof is in bytes: a real program in a real pseudo-terminal shows every hostile text through every kind of
widget, and what it wrote is read. With the doors open the payloads do get through, so the proof can fail.
"""

from __future__ import annotations

import os
import re
import select
import struct
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.app import App, ComposeResult
from textual.color import Color
from textual.content import Content
from textual.markup import MarkupError
from textual.widgets import Static

from incident.kernel.text import SUBSTITUTE, safe_text
from incident_tui.widgets.last_door import AsciiLook, LastDoor, harmless
from tests.hostile import HOSTILE, Hostile
from tests.running import run
from tests.tui.hostile_app import HEIGHT, KINDS, LENGTH, TOASTS, WIDTH, marked

if sys.platform != "win32":
    import fcntl
    import termios

ROOT = Path(__file__).resolve().parents[2]
BLACK = Color(0, 0, 0)
SECONDS_MAX = 90  # a guard against a hang, not a figure

in_a_terminal = pytest.mark.skipif(
    sys.platform == "win32", reason="Windows has no pseudo-terminals whose bytes a test can read"
)
every = pytest.mark.parametrize("hostile", HOSTILE, ids=[hostile.name for hostile in HOSTILE])

WILD = st.lists(
    st.one_of(
        st.characters(),
        st.characters(categories=["Cs", "Cf", "Cc", "Mn", "Zs"]),
        st.sampled_from("a⚠漢●│⣿\x1b\x9b\n\t\ufe0f\u200d\u202e\U000e0041👩🚒"),
    ),
    max_size=30,
).map("".join)

ACTS = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff\U000e0000-\U000e0fff]"
)


# --- the filters by themselves ---


@every
def test_the_door_cleans_a_segment_and_keeps_its_width(hostile: Hostile) -> None:
    (cleaned,) = LastDoor().apply([Segment(hostile.text)], BLACK)
    assert ACTS.search(cleaned.text) is None
    assert cell_len(cleaned.text) == cell_len(hostile.text)


@given(WILD)
def test_whatever_passes_the_door_cannot_act_and_is_as_wide(text: str) -> None:
    assert ACTS.search(harmless(text)) is None
    assert cell_len(harmless(text)) == cell_len(text)
    assert harmless(harmless(text)) == harmless(text)


@given(WILD)
def test_what_has_been_made_safe_passes_the_door_unchanged(text: str) -> None:
    segments = [Segment(safe_text(text))]
    assert LastDoor().apply(segments, BLACK) is segments


def test_an_honest_line_is_not_even_copied() -> None:
    segments = [Segment("HART-1 ", Style(bold=True)), Segment("● MOBILE │ 12 min"), Segment("⣿⠀⡇")]
    assert LastDoor().apply(segments, BLACK) is segments
    ascii_only = [Segment("HART-1 ", Style(bold=True))]
    assert AsciiLook().apply(ascii_only, BLACK) is ascii_only


def test_styles_stay_and_links_go() -> None:
    link = Style(bold=True, link="http://evil.example\x1b\\\x1b]52;c;QQ==\x07")
    (bold,) = LastDoor().apply([Segment("\x1b[2J", Style(bold=True))], BLACK)
    assert bold == Segment("[2J", Style(bold=True))
    (linked,) = LastDoor().apply([Segment("gold", link)], BLACK)
    assert linked.text == "gold"
    assert linked.style is not None
    assert linked.style.link is None
    assert linked.style.bold


def test_control_segments_become_text() -> None:
    (segment,) = LastDoor().apply([Segment("\x1b[2J", None, [(1, 2)])], BLACK)  # type: ignore[list-item]
    assert segment == Segment("[2J")


def test_a_wide_hidden_character_leaves_its_cells_marked() -> None:
    assert harmless("a\xadb") == f"a{SUBSTITUTE}b"


@given(WILD)
def test_the_ascii_look_is_ascii_of_the_same_width(text: str) -> None:
    (folded,) = AsciiLook().apply([Segment(harmless(text))], BLACK)
    assert folded.text.isascii()
    assert cell_len(folded.text) == cell_len(text)


def test_the_ascii_look_may_spare_letters() -> None:
    line = [Segment("● Tŷ Gwyn → A3")]
    assert AsciiLook(strict=False).apply(line, BLACK)[0].text == "* Tŷ Gwyn > A3"
    assert AsciiLook().apply(line, BLACK)[0].text == "* Ty Gwyn > A3"


# --- what a terminal receives ---

# All that Textual itself says to a terminal; `benign` below fails when a new version says more.
SEQUENCES = re.compile(
    r"\x1b(?:\[[\d;]*m"  # colours
    r"|\[\d+;\d+H"  # where to write
    r"|\[\?(?:7|25|1000|1003|1004|1006|1015|1016|1049|2004|2026|2048)[hl]|\[\?(?:2026|2048)\$p"  # modes
    r"|\[>\d+u|\[<u|\]22;default\x07)"  # keyboard, pointer
)
# The same shapes are in some payloads; these never come from Textual in this test.
FOREIGN = re.compile(r"\x1b\[(?:31337;1H|1;1HCONF|1;97;41m!!|8msecret)")


def written_by(
    mode: str,
    *,
    program: Path = ROOT / "tests" / "tui" / "hostile_app.py",
    more: Sequence[str] = (),
    size: tuple[int, int] = (WIDTH, HEIGHT),
    ends: int | None = None,
    seconds: float = SECONDS_MAX,
) -> str:
    """What a program wrote to its terminal in this mode. Fails when the program did not end as it should."""
    ours, theirs = os.openpty()
    width, height = size
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))
    environ = {k: v for k, v in os.environ.items() if not k.startswith(("TEXTUAL", "NO_COLOR", "COLORTERM"))}
    environ |= {
        "PYTHONPATH": str(ROOT),
        "TERM": "xterm-256color",
        "COLUMNS": str(width),
        "LINES": str(height),
    }
    environ |= {"PYTHONIOENCODING": "utf-8", "PYTHONUTF8": "1", "TEXTUAL_ANIMATIONS": "none"}
    command = [sys.executable, str(program), mode, *more]
    began = time.monotonic()
    with subprocess.Popen(
        command, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True, env=environ, cwd=ROOT
    ) as running:
        os.close(theirs)
        chunks = []
        try:
            while chunk := _chunk(ours, began, seconds):
                chunks.append(chunk)
        finally:
            os.close(ours)
            if running.poll() is None and time.monotonic() - began > seconds:
                running.kill()
    written = b"".join(chunks).decode("utf-8", "surrogateescape")
    print(f"{mode}: {len(written):,} characters in {time.monotonic() - began:.1f} s")
    expected = (1 if mode.startswith("crash") else 0) if ends is None else ends
    assert running.returncode == expected, written[-3_000:]
    return written


def _chunk(descriptor: int, began: float, seconds: float) -> bytes:
    """The next bytes; nothing when the program has gone or takes too long."""
    ready, _, _ = select.select([descriptor], [], [], max(0.0, seconds - (time.monotonic() - began)))
    try:
        return os.read(descriptor, 65_536) if ready else b""
    except OSError:  # the other end is closed
        return b""


def through(written: str) -> list[str]:
    """Everything in the output that acts on a terminal and is not Textual's own."""
    return [*FOREIGN.findall(written), *ACTS.findall(SEQUENCES.sub("", written).replace("\r\n", ""))]


def unpainted(written: str) -> list[str]:
    """The texts that were never painted, by which nothing was proven."""
    return [
        marked(kind, number, "")
        for kind in (*KINDS, "subtitle")
        for number in range(len(HOSTILE))
        if marked(kind, number, "") not in written
    ]


@in_a_terminal
def test_the_words_of_the_toolkit_are_known() -> None:
    written = written_by("benign")
    assert through(written) == []
    assert unpainted(written) == []


@in_a_terminal
@pytest.mark.parametrize("mode", ["door", "safe"])
def test_nothing_gets_through_with_one_layer_alone(mode: str) -> None:
    written = written_by(mode)
    assert through(written) == []
    assert unpainted(written) == []


@in_a_terminal
def test_without_any_layer_the_payloads_do_get_through() -> None:
    written = written_by("off")
    clipboard, clear, bidi = (
        next(h for h in HOSTILE if h.name == name)
        for name in ("clipboard write, ST", "redraw from the top", "right-to-left override, fake CONFIRMED")
    )
    for kind in (*KINDS, "subtitle"):
        for hostile in (clipboard, clear, bidi):
            raw = marked(kind, HOSTILE.index(hostile), hostile.text)
            assert raw in written, (kind, hostile.name)
    for kind in ("notify", "toast"):
        assert marked(kind, HOSTILE.index(clipboard), clipboard.text) in written
    assert len(set(through(written))) > 50


@in_a_terminal
def test_a_crash_report_cannot_act_either() -> None:
    written = written_by("crash-door")
    assert through(written) == ["\x07"]  # Textual itself rings once
    assert "crash000:" in written


@in_a_terminal
def test_without_its_door_a_crash_report_does_act() -> None:
    written = written_by("crash-off")
    assert "\x1bc" in written
    assert len(through(written)) > 50


# --- the markup parser ---


class Shows(App[None]):
    """One widget, filled after the start as live text is."""

    def compose(self) -> ComposeResult:
        yield Static("", markup=False)


def shown(content: Content) -> str:
    """What stands on the screen for this content."""

    async def steps() -> str:
        app = Shows()
        async with app.run_test(size=(LENGTH, 30)) as pilot:
            static = app.query_one(Static)
            static.update(content)
            await pilot.pause()
            return "\n".join(strip.text.rstrip() for strip in app.screen._compositor.render_strips())

    return run(steps())


def test_as_markup_the_payloads_crash_or_act_and_as_content_they_are_text() -> None:
    parsed, crashed = [], []
    for hostile in HOSTILE:
        try:
            parsed.append(Content.from_markup(hostile.text))
        except MarkupError:
            crashed.append(hostile.name)
    assert {"closing nothing", "a link that breaks the parser"} <= set(crashed)
    assert any(span.style for content in parsed for span in content.spans if "@click" in str(span.style))

    page = shown(Content("\n").join(Content(h.text) for h in HOSTILE if "[" in h.text and not h.changed))
    for hostile in HOSTILE:
        if "[" in hostile.text and not hostile.changed:
            assert hostile.text in page


@given(WILD)
@settings(max_examples=2_000)
def test_content_of_safe_text_is_that_text_without_styles(text: str) -> None:
    content = Content(safe_text(text, lines=True))
    assert content.plain == safe_text(text, lines=True)
    assert content.spans == []


def test_the_toasts_of_the_program_are_hostile_texts() -> None:
    assert set(TOASTS) <= {hostile.name for hostile in HOSTILE}


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("as drawn, ±3.0 km        ", "as drawn, +/-3.0 km      "),
        ("left        right, ±3 km", "left      right, +/-3 km"),
        ("no room at all, ±3 km", "no room at all, ~3 km"),
        ("(±1 m) │ (±2 m)      │", "(~1 m) | (+/-2 m)    |"),
    ],
)
def test_more_or_less_never_becomes_more(line: str, shown: str) -> None:
    """Two cells are taken from a gap beside it, within the same column; the line keeps its width."""
    for cut in range(len(line)):
        found = AsciiLook().apply([Segment(line[:cut]), Segment(line[cut:], Style(bold=True))], BLACK)
        assert "".join(segment.text for segment in found) == shown
    assert cell_len(shown) == cell_len(line)
