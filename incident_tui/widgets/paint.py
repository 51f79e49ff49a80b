"""How words become painted cells: spans of (text, style words), and the one place where they meet a theme.

A style is words: a token of the theme, then attributes, then perhaps a ground: ``"alarm"``, ``"accent bold"``,
``"exercise-ink on exercise"``. No widget knows a colour. Every text that is painted goes through ``safe_text``
here, whatever its caller did, and no markup is ever parsed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from typing import NamedTuple

from rich.cells import cell_len, set_cell_size
from rich.color import Color
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip
from textual.widget import Widget

from incident.kernel.text import safe_text
from incident_tui import themes

ELLIPSIS = "…"


class Span(NamedTuple):
    """A stretch of one line: its text, its style words, and what a click on it does ("" is nothing)."""

    text: str
    style: str = "ink"
    act: str = ""


Line = tuple[Span, ...]
"""One line of the screen, before it meets a width and a theme."""

BLANK: Line = ()


class Paint:
    """One theme's way from style words to the terminal. Styles are made once and kept."""

    def __init__(self, theme: themes.Theme) -> None:
        self.theme = theme
        self._styles: dict[tuple[str, str], Style] = {}

    def style(self, words: str, ground: str = "ground") -> Style:
        """The style that these words mean on this ground; ``on <token>`` among the words is stronger."""
        key = (words, ground)
        found = self._styles.get(key)
        if found is None:
            found = self._styles[key] = self._made(words, ground)
        return found

    def _made(self, words: str, ground: str) -> Style:
        first, _, on = words.partition(" on ")
        token, *attributes = first.split() or ["ink"]
        ground = on.strip() or ground
        tokens = self.theme.tokens
        ink = self.theme.on_selection.get(token) if ground == "selection" else None
        ink = ink or tokens[token]
        back = tokens[ground]
        named = dict.fromkeys((*ink.attributes, *back.attributes, *attributes), True)
        # The terminal's own colours are left alone: "default" is not sent where nothing else was.
        return Style(
            color=None if ink.colour == themes.NO_COLOUR else Color.parse(ink.colour),
            bgcolor=None if back.colour == themes.NO_COLOUR else Color.parse(back.colour),
            **named,  # type: ignore[arg-type]
        )

    def strip(self, line: Iterable[Span], width: int, ground: str = "ground") -> Strip:
        """A line as exactly ``width`` painted cells: cut with an ellipsis, or filled with its ground."""
        segments: list[Segment] = []
        left = width
        for text, style, _ in line:
            safe: str = safe_text(text)
            cells = cell_len(safe)
            if cells > left:
                safe, cells = cut(safe, left), left
            if cells:
                segments.append(Segment(safe, self.style(style, ground)))
                left -= cells
            if not left:
                break
        if left > 0:
            segments.append(Segment(" " * left, self.style("ink", ground)))
        return Strip(segments, width)


@cache
def paint_for(theme: str) -> Paint:
    """The paint of a theme by name; an unknown name (one of Textual's own) is painted dark."""
    return Paint(themes.load(theme if theme in themes.names() else "dark"))


def paint_of(widget: Widget) -> Paint:
    """The paint of the theme that the widget's app wears now."""
    return paint_for(widget.app.theme)


# What is measured is what will be painted: a hidden character that is shown takes a cell, and whoever measured it as
# none would let a text push its neighbours aside.

# -- text in cells --------------------------------------------------------------------------------------------


def cut(text: str, width: int) -> str:
    """Text cut to exactly ``width`` cells, the last of them ``…``; a wide letter may leave a space before it."""
    if width <= 0:
        return ""
    return set_cell_size(safe_text(text), width - 1) + ELLIPSIS


def fit(text: str, width: int, align: str = "left") -> str:
    """Text in exactly ``width`` cells: cut with an ellipsis when too long, else padded to the side asked."""
    text = safe_text(text)
    cells = cell_len(text)
    if cells > width:
        return cut(text, width)
    if align == "right":
        return " " * (width - cells) + text
    return text + " " * (width - cells)


def length(line: Iterable[Span]) -> int:
    """How many cells a line takes."""
    return sum(cell_len(safe_text(span.text)) for span in line)


def spread(left: Sequence[Span], right: Sequence[Span], width: int, gap: int = 2) -> Line:
    """Two parts of one line, pushed to its ends; the left is cut when they would touch."""
    room = max(0, width - length(right) - (gap if right else 0))
    fitted = shorten(left, room)
    filler = width - length(fitted) - length(right)
    return (*fitted, Span(" " * max(0, filler)), *right)


def shorten(line: Sequence[Span], width: int) -> Line:
    """A line cut to at most ``width`` cells, with an ellipsis where it was cut."""
    kept: list[Span] = []
    left = width
    for span in line:
        cells = cell_len(safe_text(span.text))
        if cells <= left:
            kept.append(span)
            left -= cells
            continue
        if left > 0:
            kept.append(Span(cut(span.text, left), span.style, span.act))
        break
    return tuple(kept)


def wrap(text: str, width: int) -> list[str]:
    """Text broken at spaces into lines of at most ``width`` cells; a longer word is broken where it must be."""
    width = max(1, width)
    lines: list[str] = []
    for paragraph in safe_text(text, lines=True).split("\n"):
        line = ""
        for word in paragraph.split(" "):
            joined = f"{line} {word}" if line else word
            if cell_len(joined) <= width:
                line = joined
                continue
            if line:
                lines.append(line)
            line = word
            while cell_len(line) > width:
                head = set_cell_size(line, width).rstrip(" ") or line[0]
                lines.append(head)
                line = line[len(head) :]
        lines.append(line)
    return lines


def act_at(line: Iterable[Span], x: int) -> str:
    """What a click on cell ``x`` of a line does; "" for nothing."""
    at = 0
    for span in line:
        at += cell_len(safe_text(span.text))
        if x < at:
            return span.act
    return ""
