"""Every screen as it was agreed: text at three sizes, tokens of every cell, and the four looks.

A snapshot is a plain file that can be reviewed: the screen as text, then as ASCII (lines that differ only), then
which token paints what, then what is left of that without colour. Dark and high contrast must agree cell by cell,
since widgets name tokens. To take new ones: ``SNAPSHOTS=new`` in the environment, and read the difference.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import cache
from itertools import groupby
from pathlib import Path

import pytest
from rich.style import Style
from textual.pilot import Pilot

from incident.log.facts import Write
from incident.resources.facts import SetStatus
from incident_tui import themes
from incident_tui.app import IncidentApp
from incident_tui.widgets.paint import paint_for
from tests.running import run
from tests.tui.world import FakeSession, app_of, local_time_is_utc, text_of

FOLDER = Path(__file__).parent / "snapshots"
SIZES = ((80, 24), (120, 40), (200, 60))
SCREENS: dict[str, tuple[str, ...]] = {
    "picture": ("1",),
    "resources": ("2", "j"),
    "boundaries": ("3", "j"),
    "map": ("3", "w", "i"),
    "map-blocks": ("3", "tab", "B"),
    "map-cordon": ("3", "c", "2", "k", "m"),
    "tasks": ("4", "j"),
    "log": ("5",),
    "casualties": ("6", "j"),
    "methane": ("colon", *"methane", "enter"),
    "aid": ("7",),
    "messages": ("8",),
    "exercise": ("9",),
    "alarms": ("comma", "j"),
    "incidents": ("0",),
    "refused": ("exclamation_mark",),
    "help": ("2", "question_mark"),
    "form": ("4", "t"),
    "methane-form": ("m",),
    "jump": ("2", "semicolon"),
    "filtered": ("2", "slash", "h", "a", "r", "t", "enter"),
    "quick": ("2", "s"),
    "confirm": ("d", "d"),
    "command": ("colon", "s"),
    "filter": ("2", "slash", "h", "a", "r", "t"),
    "palette": ("ctrl+p", "r", "v", "p"),
    "detail": ("2", "enter"),
}
EVERYWHERE = (
    "picture", "resources", "boundaries", "map", "tasks", "log", "casualties", "methane", "aid", "messages", "exercise",
    "alarms", "incidents", "refused", "help",
)  # fmt: skip
"""Those that are kept at every size; the others at 80x24 and 120x40."""
FRAMES = " ─│"
"""Lines that the stylesheet draws: a stylesheet knows colours, and no attribute of a token."""
LINES = frozenset(map(chr, (*range(0x2800, 0x2900), *range(0x2580, 0x25A0))))
"""What the lines of the map are made of."""
ATTRIBUTES = ("bold", "dim", "italic", "underline", "reverse", "strike")


def busy_seat() -> FakeSession:
    """A seat with something of everything: confirmed, waiting, refused, told."""
    local_time_is_utc()
    session = FakeSession()
    session.submit(Write("this one was refused"))
    session.refuse("The line names no incident.", held_by="incident/other", since=str(session.at))
    session.submit(SetStatus("LAS/A103", "SCN"))
    session.kept()
    session.submit(Write("two buses confirmed, first at RVP B 14:50"))
    return session


@cache
def words_by_look(theme: str) -> dict[str, tuple[str, ...]]:
    """From what is painted back to the style words that may have been meant, the likeliest first."""
    paint = paint_for(theme)
    found: dict[str, list[str]] = {}
    for ground in ("ground", *(name for name in themes.GROUNDS if name != "ground")):
        for ink in (*themes.INKS, "rule", "active-ink", "exercise-ink", "live-ink"):
            for extra in ("", " bold", " bold underline", " strike"):
                words = f"{ink}{extra}" + (f" on {ground}" if ground != "ground" else "")
                found.setdefault(_look(paint.style(words)), []).append(words)
    return {look: tuple(words) for look, words in found.items()}


def _look(style: Style | None) -> str:
    if style is None:
        return "-"
    colours = [colour.name if colour is not None else "default" for colour in (style.color, style.bgcolor)]
    return " ".join([*colours, *(name for name in ATTRIBUTES if getattr(style, name))])


def cells(app: IncidentApp) -> Iterator[list[tuple[str, str]]]:
    """Every line as (character, look) pairs."""
    for strip in app.screen._compositor.render_strips():
        yield [(char, _look(segment.style)) for segment in strip for char in segment.text]


def painted(app: IncidentApp) -> list[list[tuple[str, str]]]:
    return list(cells(app))


def token_runs(screen: list[list[tuple[str, str]]], theme: str) -> list[str]:
    """Every line as runs of tokens; blanks have the ink of nothing, so only their ground counts."""
    meant = {look: words[0] for look, words in words_by_look(theme).items()}
    lines = []
    for line in screen:
        words = [
            _blank(meant.get(look, look)) if char == " " else meant.get(look, look) for char, look in line
        ]
        at, runs = 0, []
        for token, group in groupby(words):
            count = len(list(group))
            if token:
                runs.append(f"{at}+{count} {token}")
            at += count
        lines.append(" · ".join(runs))
    return lines


def strangers(dark: list[list[tuple[str, str]]], other: list[list[tuple[str, str]]], theme: str) -> list[str]:
    """Cells that another theme paints as it paints none of the tokens that dark can have meant."""
    paint = paint_for(theme)
    found = []
    for y, (line, theirs) in enumerate(zip(dark, other, strict=True)):
        for x, ((char, look), (same, seen)) in enumerate(zip(line, theirs, strict=True)):
            meant = words_by_look("dark").get(look, ())
            may = {_look(paint.style(words)) for words in meant}
            if char in LINES:  # a line of the map is not underlined: that would be a second line
                may |= {_look(paint.style(words) + Style(underline=False)) for words in meant}
            if char != same or (char not in FRAMES and meant and seen not in may):
                found.append(f"{y}:{x} {char!r} {meant[:3]} is {seen}")
    return found


def _blank(token: str) -> str:
    return "on " + token.partition(" on ")[2] if " on " in token else ""


def attribute_runs(app: IncidentApp) -> list[str]:
    """Every line as runs of bold, dim, underline and reverse: all there is without colour."""
    lines = []
    for line in cells(app):
        at, runs = 0, []
        for words, group in groupby(" ".join(w for w in look.split()[2:] if char != " " or w == "reverse")
                                    for char, look in line):  # fmt: skip
            count = len(list(group))
            if words:
                runs.append(f"{at}+{count} {words}")
            at += count
        lines.append(" · ".join(runs))
    return lines


async def settled(pilot: Pilot[int]) -> None:
    """Wait until two pictures in a row are the same, their colours too."""
    before: list[list[tuple[str, str]]] = []
    for _ in range(40):
        await pilot.pause(0.06)
        now = painted(pilot.app)  # type: ignore[arg-type]
        if now == before:
            return
        before = now


async def taken(screen: str, size: tuple[int, int]) -> str:
    """One screen at one size, in all four looks."""
    app = app_of(busy_seat())
    async with app.run_test(size=size) as pilot:
        await settled(pilot)
        for key in SCREENS[screen]:
            await pilot.press(key)
        await settled(pilot)
        text, dark = text_of(app), painted(app)
        for theme in ("high-contrast", "mono"):
            app.theme = theme
            await settled(pilot)
            assert text_of(app) == text
            assert strangers(dark, painted(app), theme) == []
        attributes = attribute_runs(app)
        app.ascii_look = True
        await settled(pilot)
        plain = text_of(app)
        assert "\n".join(plain).isascii()
    folded = [
        f"{number:>2} {line}"
        for number, (line, other) in enumerate(zip(plain, text, strict=True))
        if line != other
    ]
    parts = [
        ("text", text),
        ("ascii", folded),
        ("tokens", numbered(token_runs(dark, "dark"))),
        ("mono", numbered(attributes)),
    ]
    return "\n".join(f"== {name} ==\n" + "\n".join(lines) for name, lines in parts) + "\n"


def numbered(lines: list[str]) -> list[str]:
    return [f"{number:>2} {line}" for number, line in enumerate(lines) if line]


CASES = [(screen, size) for screen in SCREENS for size in (SIZES if screen in EVERYWHERE else SIZES[:2])]


@pytest.mark.parametrize(
    ("screen", "size"), CASES, ids=lambda value: value if isinstance(value, str) else f"{value[0]}x{value[1]}"
)
def test_a_screen_is_as_it_was_agreed(screen: str, size: tuple[int, int]) -> None:
    path = FOLDER / f"{screen}-{size[0]}x{size[1]}.txt"
    now = run(taken(screen, size))
    if os.environ.get("SNAPSHOTS") == "new":
        FOLDER.mkdir(exist_ok=True)
        path.write_text(now, encoding="utf-8", newline="\n")
    assert path.read_text(encoding="utf-8") == now


def test_there_is_no_snapshot_of_a_screen_that_is_gone() -> None:
    wanted = {f"{screen}-{size[0]}x{size[1]}.txt" for screen, size in CASES}
    assert {path.name for path in FOLDER.glob("*.txt")} == wanted


def test_a_planted_fault_would_be_found() -> None:
    """The same words painted as an alarm are another snapshot, and a cell of another token is a stranger."""
    paint = paint_for("dark")
    assert token_runs([[("x", _look(paint.style("alarm")))]], "dark") == ["0+1 alarm"]
    assert token_runs([[("x", _look(paint.style("dim on selection")))]], "dark") == ["0+1 dim on selection"]
    dark = [[("x", _look(paint.style("good")))]]
    high = paint_for("high-contrast")
    assert strangers(dark, [[("x", _look(high.style("good")))]], "high-contrast") == []
    assert len(strangers(dark, [[("x", _look(high.style("alarm")))]], "high-contrast")) == 1
