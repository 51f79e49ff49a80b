"""From a frame to painted lines, and which cells of it are others than before."""

from __future__ import annotations

from collections.abc import Iterator
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
        starts = np.flatnonzero(turns.ravel())
        kinds = looks.ravel()[starts].tolist()
        ends = [*starts[1:].tolist(), looks.size]
        halves = "\0" in text
        style, line, rest = self._styles, [], width
        for start, end, kind in zip(starts.tolist(), ends, kinds, strict=True):
            found = style.get(kind)
            if found is None:
                found = self._made(kind)
            piece = text[start:end]
            line.append(Segment(piece.replace("\0", "") if halves else piece, found))
            if end == rest:
                yield Strip(line, width)
                line, rest = [], rest + width

    def _made(self, kind: int) -> Style:
        ink, ground = divmod(kind, len(GROUNDS))
        words, line, _ = self.inks.words[ink].partition(LINE)
        try:
            found = self.paint.style(words, GROUNDS[ground])
        except (KeyError, TypeError):  # a tone that is no token: what it means is said by its sign
            found = self.paint.style("ink", GROUNDS[ground])
        if line and found.underline:
            found += NOT_UNDERLINED
        self._styles[kind] = found
        return found
