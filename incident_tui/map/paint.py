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
from textual.filter import LineFilter
from textual.strip import Strip

from incident_tui.map.draw import Frame
from incident_tui.map.inks import BLANK, GROUNDS, Inks
from incident_tui.map.lines import LINE
from incident_tui.widgets.paint import Paint

NOT_UNDERLINED: Final = Style(underline=False)


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
        self.filters = filters
        self.ground = ground
        """What the app makes of each style at last, and the ground it stands on."""
        self._styles: dict[int, Style] = {}

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
        turns = np.ones(looks.shape, dtype=np.bool_)
        turns[:, 1:] = looks[:, 1:] != looks[:, :-1]
        for end in ends[:-1]:
            turns[:, end] = True
            cut = signs[:, end] == 0
            if cut.any():  # the two halves of a wide letter would be in different pieces: neither is shown
                signs[cut, end - 1 : end + 1] = BLANK
        text = signs.astype("<u4").tobytes().decode("utf-32-le")
        begins = np.flatnonzero(turns)
        kinds, starts = looks.ravel()[begins].tolist(), begins.tolist()
        for kind in set(kinds):
            if kind not in self._styles:
                self._made(kind)
        texts = map(text.__getitem__, map(slice, starts, [*starts[1:], looks.size]))
        line = list(map(_segment, zip(texts, map(self._styles.__getitem__, kinds), repeat(None))))
        if "\0" in text:
            line = [Segment(part.replace("\0", ""), style) for part, style, _ in line]
        sizes = [end - start for start, end in pairwise((0, *ends))]
        firsts = (np.arange(len(rows))[:, None] * line_end + np.array((0, *ends[:-1]))).ravel()
        rests = [*np.searchsorted(begins, firsts).tolist(), len(line)]
        strips = [
            Strip(line[first:last], size)
            for (first, last), size in zip(pairwise(rests), cycle(sizes), strict=False)
        ]
        for at in range(0, len(strips), len(ends)):
            yield strips[at : at + len(ends)]

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
        for line_filter in self.filters:
            segments = line_filter.apply(segments, self.ground)
        self._styles[kind] = segments[0].style or found
