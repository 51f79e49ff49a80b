"""From a frame to painted lines, and which cells of it are others than before."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Final

import numpy as np
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from incident_tui.map.draw import Frame
from incident_tui.map.inks import GROUNDS, Inks
from incident_tui.map.lines import LINE
from incident_tui.widgets.paint import Paint

NOT_UNDERLINED: Final = Style(underline=False)


def changes(before: Frame | None, after: Frame) -> list[tuple[int, list[int]]] | None:
    """The lines that are others than before, each with its cells that are; None: everything may be."""
    if before is None or before.signs.shape != after.signs.shape:
        return None
    differ = (before.signs != after.signs) | (before.inks != after.inks) | (before.grounds != after.grounds)
    rows = np.flatnonzero(differ.any(axis=1)).tolist()
    return [(row, np.flatnonzero(differ[row]).tolist()) for row in rows]


class Painter:
    """One theme's way from frames to strips; styles are made once and kept."""

    def __init__(self, paint: Paint, inks: Inks) -> None:
        self.paint = paint
        self.inks = inks
        self._styles: dict[int, Style] = {}

    def strips(self, frame: Frame) -> list[Strip]:
        """Every line of a frame."""
        return list(self._strips(frame, range(frame.signs.shape[0])))

    def strip(self, frame: Frame, row: int) -> Strip:
        """One line of a frame."""
        return next(self._strips(frame, range(row, row + 1)))

    def _strips(self, frame: Frame, rows: range) -> Iterator[Strip]:
        width = frame.signs.shape[1]
        part = slice(rows.start, rows.stop)
        text = frame.signs[part].astype("<u4").tobytes().decode("utf-32-le")
        looks = frame.inks[part] * len(GROUNDS) + frame.grounds[part]
        turns = np.ones(looks.shape, dtype=np.bool_)
        turns[:, 1:] = looks[:, 1:] != looks[:, :-1]
        begins = np.flatnonzero(turns.ravel())
        kinds, starts = looks.ravel()[begins].tolist(), begins.tolist()
        styles = self._styles
        for kind in set(kinds):
            if kind not in styles:
                self._made(kind)
        line = [
            Segment(text[start:end], styles[kind])
            for start, end, kind in zip(starts, [*starts[1:], looks.size], kinds, strict=True)
        ]
        if "\0" in text:
            line = [Segment(part.replace("\0", ""), style) for part, style, _ in line]
        rests = np.searchsorted(begins, np.arange(0, looks.size + 1, width)).tolist()
        for first, last in pairwise(rests):
            yield Strip(line[first:last], width)

    def _made(self, kind: int) -> None:
        ink, ground = divmod(kind, len(GROUNDS))
        words, line, _ = self.inks.words[ink].partition(LINE)
        try:
            found = self.paint.style(words, GROUNDS[ground])
        except (KeyError, TypeError):  # a tone that is no token: what it means is said by its sign
            found = self.paint.style("ink", GROUNDS[ground])
        if line and found.underline:
            found += NOT_UNDERLINED
        self._styles[kind] = found
