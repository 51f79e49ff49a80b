"""The last door before the terminal: line filters of Textual, which see every painted segment of the app.

Textual hands control characters through to the terminal. Foreign text is refused at ingest and cleaned by
`safe_text`; `LastDoor` stands behind both for the day somebody forgets. An app takes part like this, with the
filters made once (Textual caches filtered lines by filter), the last door last:

    def get_line_filters(self) -> Sequence[LineFilter]:
        return [*super().get_line_filters(), *self.doors]      # doors = (AsciiLook(), LastDoor())

A filter may not change the width of a line, so what has no width is dropped here; `safe_text` shows it.
A crash report is printed after the app has ended, past every filter; `CrashDoor` cleans that one:

    self.error_console.push_render_hook(CrashDoor())       # in the app's __init__
"""

from __future__ import annotations

from functools import lru_cache
from itertools import groupby

from rich.cells import cell_len, set_cell_size
from rich.console import Console, ConsoleOptions, ConsoleRenderable, RenderableType, RenderHook, RenderResult
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.filter import LineFilter

from incident.kernel.text import ACTS, SUBSTITUTE, ascii_fold


@lru_cache(maxsize=4096)
def harmless(text: str) -> str:
    """The text without anything that acts on a terminal or hides, in as many cells as Textual has counted."""
    cleaned = ACTS.sub(lambda found: SUBSTITUTE * cell_len(found.group()), text)
    return _same_width(cleaned, text)


@lru_cache(maxsize=4096)
def _folded(text: str, strict: bool) -> str:
    return _same_width(ascii_fold(text, strict=strict, cells=True), text)


@lru_cache(maxsize=1024)
def _without_link(style: Style) -> Style:
    return style.update_link(None)


def _same_width(text: str, as_text: str) -> str:
    width = cell_len(as_text)
    return text if cell_len(text) == width else set_cell_size(text, width)


MORE_OR_LESS, SPELLED = "±", "+/-"
GAP = " " * len(SPELLED)
"""Blanks that can spare as many cells as the longer sign takes, and still part what stands on either side."""


def _spelled_out(segments: list[Segment]) -> list[Segment]:
    """``±`` as ``+/-`` wherever the line has two cells to spare: a lone ``+`` would say that it can only be more.

    They are taken from the next gap to the right, else from the last one to the left; the frame of a table ends the
    search. Where there is none, a ``~`` stands for it.
    """
    if not any(MORE_OR_LESS in segment.text for segment in segments):
        return segments
    cells = [(char, segment.style) for segment in segments for char in segment.text]
    text = "".join(char for char, _ in cells)
    while (at := text.find(MORE_OR_LESS)) >= 0:
        style = cells[at][1]
        right, left = text.find(GAP, at), text.rfind(GAP, 0, at)
        if right >= 0 and "│" not in text[at:right]:
            del cells[right : right + 2]
            cells[at : at + 1] = [(char, style) for char in SPELLED]
        elif left >= 0 and "│" not in text[left:at]:
            cells[at : at + 1] = [(char, style) for char in SPELLED]
            del cells[left : left + 2]
        else:
            cells[at] = ("~", style)
        text = "".join(char for char, _ in cells)
    return [
        Segment("".join(char for char, _ in run), style)
        for style, run in groupby(cells, key=lambda cell: cell[1])
    ]


class LastDoor(LineFilter):
    """Replaces control, reading direction, zero-width and tag characters, and drops terminal hyperlinks."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """The segments themselves when they are harmless, as they are unless something went wrong."""
        for text, style, control in segments:
            if control is not None or (style is not None and style.link is not None):
                return self._cleaned(segments)
            if not text.isascii():
                if ACTS.search(text) is not None:
                    return self._cleaned(segments)
            elif not text.isprintable():
                return self._cleaned(segments)
        return segments

    @staticmethod
    def _cleaned(segments: list[Segment]) -> list[Segment]:
        return [
            Segment(
                harmless(text),
                _without_link(style) if style is not None and style.link is not None else style,
            )
            for text, style, _ in segments
        ]


class AsciiLook(LineFilter):
    """Folds the glyphs of our own screens to ASCII signs of the same width; with `strict`, all the rest."""

    def __init__(self, *, strict: bool = True, enabled: bool = True) -> None:
        super().__init__(enabled=enabled)
        self.strict = strict

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """The segments with every foreign character folded."""
        if all(segment.text.isascii() for segment in segments):
            return segments
        segments = _spelled_out(segments)
        strict = self.strict
        return [
            segment if segment.text.isascii() else Segment(_folded(segment.text, strict), segment.style)
            for segment in segments
        ]


class CrashDoor(RenderHook):
    """Cleans what a Rich console prints, such as a traceback whose message holds foreign text."""

    def process_renderables(self, renderables: list[ConsoleRenderable]) -> list[ConsoleRenderable]:
        """Each renderable, behind a door of its own."""
        return [_Cleaned(renderable) for renderable in renderables]


class _Cleaned:
    """Renders as what it holds, without anything that acts; line ends stay."""

    def __init__(self, renderable: RenderableType) -> None:
        self.renderable = renderable

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for text, style, control in console.render(self.renderable, options):
            if control is None:
                plain = None if style is None else _without_link(style)
                yield Segment("\n".join(harmless(line) for line in text.split("\n")), plain)
