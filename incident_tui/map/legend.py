"""The legend: every sign, dash and hatch that is in sight, as it is drawn, and in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np

from incident_tui.map import raster
from incident_tui.map.labels import clean
from incident_tui.map.lines import LINE, Group
from incident_tui.map.marks import Seen
from incident_tui.map.raster import Look
from incident_tui.map.scene import Dash, Hatch
from incident_tui.map.view import DOTS_HIGH, DOTS_WIDE, View
from incident_tui.widgets.paint import Line, Span, length, shorten

LAYER_WORDS: Final = {
    "tint": "ground",
    "borders": "border",
    "cordons": "cordon or zone",
    "points": "point on the ground",
    "hospitals": "hospital",
    "units": "unit",
    "labels": "name",
}
"""What a thing is called when it brought no words of its own."""
CLUSTER_SIGN: Final = "2-9 +"
CLUSTER_WORDS: Final = "so many in one place"
HOLLOW_WORDS: Final = "hollow: old or estimated"
SAMPLE: Final = 5
"""Cells of a sample."""
LINES_MAX: Final = 16
"""Lines of a legend; what is left over is counted."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the legend: how a thing looks, in what style, and what it is."""

    sample: str
    style: str
    words: str


def entries_of(groups: Sequence[Group], seen: Seen, look: Look) -> tuple[Entry, ...]:
    """What is in sight, each look once: marks first, then lines, then grounds."""
    lines = [
        Entry(
            hatch_sample(group.hatch, look) if group.hatch else line_sample(group.dash, look),
            f"{group.tone}{LINE}",
            clean(group.words, 40) or LAYER_WORDS.get(group.layer, group.layer),
        )
        for group in sorted(groups, key=lambda group: bool(group.hatch))
    ]
    found: dict[tuple[str, str], Entry] = {}
    for entry in (
        *_of_marks(seen, look),
        *lines,
    ):  # one look and one meaning is one line, whatever the tones are
        found.setdefault((entry.sample, entry.words), entry)
    return tuple(found.values())


def _of_marks(seen: Seen, look: Look) -> list[Entry]:
    signed = seen.within & (seen.signs != ord(" "))
    alone = signed & (seen.counts == 1)
    table = seen.table
    _, first = np.unique(table.looks[seen.index[alone]], return_index=True)
    entries = []
    for at in seen.index[alone][first].tolist():
        mark = table.marks[at]
        words = clean(mark.words, 40) or LAYER_WORDS.get(mark.layer, mark.layer)
        entries.append(Entry(f"  {table.solid(mark, look)}", mark.tone, words))
    entries.sort(key=lambda entry: (entry.words, entry.sample))
    if (signed & (seen.counts > 1)).any():
        entries.append(Entry(CLUSTER_SIGN, "ink", CLUSTER_WORDS))
    if table.hollow[seen.index[alone]].any():
        entries.append(Entry("", "dim", HOLLOW_WORDS))
    return entries


# -- samples --------------------------------------------------------------------------------------------------


@cache
def line_sample(dash: Dash, look: Look) -> str:
    """A piece of such a line, as it is drawn."""
    if look == "ascii" and dash == "dotted":
        return raster.DOTTED * SAMPLE
    flat = View(0.0, 0.0, 1.0, 2 * SAMPLE, 2)
    west, _, east, _ = flat.bounds
    points = np.array(((west, -0.5 - DOTS_HIGH // 2), (east - 0.5, -0.5 - DOTS_HIGH // 2)))
    pattern = raster.DASHED[look].get(dash)
    columns, rows = raster.dots(raster.Segments.of(points), flat, pattern)
    bits = raster.gathered(columns, rows, flat)
    whole = "".join(chr(code) for code in raster.signs(look)[bits[int(bits.any(axis=1).argmax())]])
    return whole[: 2 * SAMPLE if dash == "dashed" and look != "braille" else SAMPLE]


@cache
def hatch_sample(hatch: Hatch, look: Look) -> str:
    """A piece of such a ground, as it is drawn."""
    if look != "braille":
        sign = raster.HATCH_SIGNS.get(hatch, " ")
        return f"{sign} {sign} "
    drawn = raster.hatched(hatch, 0, 0, SAMPLE * DOTS_WIDE, DOTS_HIGH)
    return "".join(chr(code) for code in raster.signs(look)[raster.fold(drawn)[0]])


# -- lines ----------------------------------------------------------------------------------------------------


def lines_of(entries: Sequence[Entry], most: int, width: int) -> tuple[Line, ...]:
    """The legend as lines of exactly ``width`` cells, at most so many; what found no room is counted."""
    room = max(1, min(LINES_MAX, most))
    shown = entries if len(entries) <= room else entries[: room - 1]
    samples = _sample_width(shown)
    lines = [_line(entry, samples, width) for entry in shown]
    if len(shown) < len(entries):
        lines.append(_line(Entry("", "dim", f"and {len(entries) - len(shown)} more"), samples, width))
    return tuple(lines)


def width_of(entries: Sequence[Entry], most: int) -> int:
    """How many cells the legend would like to have, at most so many."""
    words = max((length((Span(entry.words),)) for entry in entries), default=0)
    return min(most, _sample_width(entries) + words + 4)


def _sample_width(entries: Sequence[Entry]) -> int:
    return max((SAMPLE, *(len(entry.sample) for entry in entries)))


def _line(entry: Entry, samples: int, width: int) -> Line:
    sample = entry.sample.ljust(samples)
    style = "dim" if not entry.sample else "ink"
    line = shorten((Span(" "), Span(sample, entry.style), Span("  "), Span(entry.words, style)), width)
    return (*line, Span(" " * max(0, width - length(line))))
