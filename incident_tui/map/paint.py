"""From a frame to painted lines, and which cells of it are others than before."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import cycle, pairwise, repeat
from typing import Final

import numpy as np
from rich.segment import Segment
from rich.style import Style
from textual.color import BLACK, Color
from textual.filter import ANSIToTruecolor, DimFilter, LineFilter, Monochrome, NoColor
from textual.strip import Strip

from incident_tui.map.draw import Frame
from incident_tui.map.inks import BLANK, GROUNDS, Inks
from incident_tui.map.lines import LINE
from incident_tui.map.raster import Array
from incident_tui.widgets.paint import Paint
from incident_tui.widgets.terse import Pens, TerseStrip

OF_STYLES: Final = (ANSIToTruecolor, Monochrome, NoColor, DimFilter)
"""Filters that make another style of each and change no letter: they are asked once for each style."""
NOT_UNDERLINED: Final = Style(underline=False)
SEEN_ON_BLANKS: Final = "underline", "underline2", "overline", "strike", "reverse", "blink", "blink2"
"""What of a style is seen where nothing is written, but for its ground."""
SEEN, UNKNOWN = -1, -2


_segment = partial(tuple.__new__, Segment)
"""A segment from its three values, as ``Segment`` would make it, in a third of the time; a picture has some 2,000."""


def changes(before: Frame | None, after: Frame) -> list[tuple[int, list[int]]] | None:
    """The lines that are others than before, each with its cells that are; None: everything may be."""
    if before is None or before.signs.shape != after.signs.shape:
        return None
    differ = (before.signs != after.signs) | (before.inks != after.inks) | (before.grounds != after.grounds)
    rows = np.flatnonzero(differ.any(axis=1)).tolist()
    return [(row, np.flatnonzero(differ[row]).tolist()) for row in rows]


class Painter:
    """One theme's way from frames to strips; styles are made once and kept."""

    def __init__(
        self, paint: Paint, inks: Inks, filters: Sequence[LineFilter] = (), ground: Color = BLACK
    ) -> None:
        self.paint = paint
        self.inks = inks
        self.ground = ground
        self._of_styles = [one for one in filters if isinstance(one, OF_STYLES)]
        self._of_letters = [one for one in filters if not isinstance(one, OF_STYLES)]
        """What the app makes of each style and of each text at last, and the ground it stands on."""
        self._styles: dict[int, Style] = {}
        self._pens = Pens()
        self._backs: dict[object, int] = {}
        self._back_of = np.zeros(0, dtype=np.int32)

    def strips(self, frame: Frame) -> list[Strip]:
        """Every line of a frame."""
        return list(self.lines(frame, range(frame.signs.shape[0])))

    def lines(self, frame: Frame, rows: Sequence[int]) -> Iterator[Strip]:
        """Some lines of a frame."""
        return (strip for (strip,) in self.pieces(frame, rows, frame.signs.shape[1:]))

    def pieces(self, frame: Frame, rows: Sequence[int], ends: Sequence[int]) -> Iterator[list[Strip]]:
        """Lines of a frame, each in pieces that end at these columns, the last of which is its width."""
        signs, looks, line_end = frame.signs[rows], frame.inks[rows] * len(GROUNDS), frame.signs.shape[1]
        looks += frame.grounds[rows]
        heads = self._heads(signs, looks)
        for end in ends[:-1]:
            heads[:, end] = True
            cut = signs[:, end] == 0
            if cut.any():  # the two halves of a wide letter would be in different pieces: neither is shown
                signs[cut, end - 1 : end + 1] = BLANK
        starts = np.flatnonzero(heads)
        worn, column = looks.ravel()[starts], starts % line_end
        turns = column == 0
        turns[1:] |= worn[1:] != worn[:-1]
        for end in ends[:-1]:
            turns |= column == end
        begins, kinds = starts[turns], worn[turns].tolist()
        text = signs.astype("<u4").tobytes().decode("utf-32-le")
        first_cells = begins.tolist()
        texts = map(text.__getitem__, map(slice, first_cells, [*first_cells[1:], looks.size]))
        line = list(map(_segment, zip(texts, map(self._styles.__getitem__, kinds), repeat(None))))
        if "\0" in text:
            line = [Segment(part.replace("\0", ""), style) for part, style, _ in line]
        sizes = [end - start for start, end in pairwise((0, *ends))]
        firsts = (np.arange(len(rows))[:, None] * line_end + np.array((0, *ends[:-1]))).ravel()
        rests = [*np.searchsorted(begins, firsts).tolist(), len(line)]
        strips: list[Strip] = [
            TerseStrip(self._at_last(line[first:last]), size, self._pens)
            for (first, last), size in zip(pairwise(rests), cycle(sizes), strict=False)
        ]
        for at in range(0, len(strips), len(ends)):
            yield strips[at : at + len(ends)]

    def _at_last(self, segments: list[Segment]) -> list[Segment]:
        for line_filter in self._of_letters:
            segments = line_filter.apply(segments, self.ground)
        return segments

    def _heads(self, signs: Array, looks: Array) -> Array:
        """The cells that do not simply wear what the cell before them wears; a blank one does where nobody can tell.

        A border of dots with gaps is one run of text, not one for each dot: half as many to make and to send.
        """
        more = len(self.inks.words) * len(GROUNDS) - len(self._back_of)
        if more > 0:
            self._back_of = np.append(self._back_of, np.full(more, UNKNOWN, dtype=np.int32))
        present = np.flatnonzero(np.bincount(looks.ravel(), minlength=len(self._back_of)))
        for kind in present[self._back_of[present] == UNKNOWN].tolist():
            self._made(kind)
        backs = self._back_of.take(looks)
        heads: Array = signs != BLANK
        heads[:, 1:] |= (backs[:, 1:] != backs[:, :-1]) | (backs[:, 1:] == SEEN)
        heads[:, 0] = True
        return heads

    def _made(self, kind: int) -> None:
        ink, ground = divmod(kind, len(GROUNDS))
        words, line, _ = self.inks.words[ink].partition(LINE)
        try:
            found = self.paint.style(words, GROUNDS[ground])
        except (KeyError, TypeError):  # a tone that is no token: what it means is said by its sign
            found = self.paint.style("ink", GROUNDS[ground])
        if line and found.underline:
            found += NOT_UNDERLINED
        segments = [Segment(" ", found)]
        for line_filter in self._of_styles:
            segments = line_filter.apply(segments, self.ground)
        made = self._styles[kind] = segments[0].style or found
        seen = any(getattr(made, name) for name in SEEN_ON_BLANKS)
        self._back_of[kind] = SEEN if seen else self._backs.setdefault(made.bgcolor, len(self._backs))
