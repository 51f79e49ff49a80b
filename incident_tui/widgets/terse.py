"""Lines that tell the terminal a colour when it changes.

Textual writes a whole style before each piece of text and resets it after: some 40 bytes for a sign of one cell. A
picture of a thousand signs is 50 KiB then, and a terminal needs as long to read it as it took to make it. A terse
strip says what has become another since the piece before, and nothing of what nobody sees where nothing is written.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

RESET: Final = "\x1b[0m"
OFF: Final = {
    "1": "22", "2": "22", "3": "23", "4": "24", "5": "25", "6": "25", "7": "27", "8": "28", "9": "29", "21": "24",
    "51": "54", "52": "54", "53": "55",
}  # fmt: skip
"""What takes an attribute away again (ECMA-48, select graphic rendition)."""
UNSEEN: Final = frozenset({"1", "2", "3"})
"""Attributes that are not seen where nothing is written: weight and slant. A blank with any other shows its colour."""


class Pen(NamedTuple):
    """How a terminal writes from now on: attributes, colour and ground, as the numbers it knows them by."""

    attributes: frozenset[str] = frozenset()
    ink: str = ""
    ground: str = ""


def pen_of(codes: str) -> Pen:
    """The pen of the numbers of one style, such as ``4;38;2;1;2;3``."""
    attributes, ink, ground = set(), "", ""
    left = codes.split(";") if codes else []
    while left:
        first = left[0]
        size = {"2": 5, "5": 3}.get(left[1], 1) if first in ("38", "48") and len(left) > 1 else 1
        code, left = ";".join(left[:size]), left[size:]
        if first in OFF:
            attributes.add(code)
        elif first == "48" or (first.isdigit() and (40 <= int(first) <= 49 or 100 <= int(first) <= 107)):
            ground = code
        else:
            ink = code
    return Pen(frozenset(attributes), ink, ground)


def way(before: Pen, wanted: Pen, *, blank: bool) -> tuple[str, Pen]:
    """What is sent to write with another pen, and the pen it is then; on ``blank`` text as little as can be seen."""
    anew = f"\x1b[{';'.join(('0', *sorted(wanted.attributes, key=int), *filter(None, wanted[1:])))}m", wanted
    if blank and wanted.attributes <= UNSEEN:
        wanted = Pen(before.attributes & UNSEEN, before.ink, wanted.ground)
    if wanted == before:
        return "", before
    offs = {OFF[one] for one in before.attributes - wanted.attributes}
    codes = [*sorted(offs)]
    on = (one for one in wanted.attributes if one not in before.attributes or OFF[one] in offs)
    codes += sorted(on, key=int)
    if wanted.ink != before.ink:
        codes.append(wanted.ink or "39")
    if wanted.ground != before.ground:
        codes.append(wanted.ground or "49")
    return min((f"\x1b[{';'.join(codes)}m", wanted), anew, key=lambda sent: len(sent[0]))


class Pens:
    """The ways from one style to the next, each worked out once. It keeps the styles that it knows."""

    def __init__(self) -> None:
        self._pens = [Pen()]
        self._numbers = {Pen(): 0}
        self._ways: dict[tuple[int, int, bool], tuple[str, int]] = {}
        self._styles: dict[int, tuple[Style | None, Pen]] = {}

    def written(self, segments: Iterable[Segment], console: Console) -> str:
        """What is sent for these pieces of text; before and after them the terminal writes as it does by itself."""
        parts: list[str] = []
        ways, at = self._ways, 0
        for text, style, _ in segments:
            key = at, id(style), text.isspace()
            found = ways.get(key)
            if found is None:
                found = ways[key] = self._way(at, style, console, blank=key[2])
            codes, at = found
            parts += (codes, text)
        if at:
            parts.append(RESET)
        return "".join(parts)

    def _way(self, at: int, style: Style | None, console: Console, *, blank: bool) -> tuple[str, int]:
        if id(style) not in self._styles:
            shown = Strip.blank(1, style).render(console).partition(" ")[0]
            self._styles[id(style)] = style, pen_of(shown.removeprefix("\x1b[").removesuffix("m"))
        codes, pen = way(self._pens[at], self._styles[id(style)][1], blank=blank)
        if pen not in self._numbers:
            self._numbers[pen] = len(self._pens)
            self._pens.append(pen)
        return codes, self._numbers[pen]


class TerseStrip(Strip):
    """A line, or a piece of one, that is sent in few bytes, also when only its beginning is; it carries no links."""

    __slots__ = ("_pens", "_sent")

    def __init__(self, segments: Iterable[Segment], cell_length: int, pens: Pens) -> None:
        super().__init__(segments, cell_length)
        self._pens = pens
        self._sent: str | None = None

    def render(self, console: Console) -> str:
        """What is sent for it."""
        if self._sent is None:
            self._sent = self._pens.written(self, console)
        return self._sent

    def crop(self, start: int, end: int | None = None) -> Strip:
        """The cells from one to before another: a line of which only the beginning has changed."""
        part = super().crop(start, end)
        return part if part is self else TerseStrip(part, part.cell_length, self._pens)
