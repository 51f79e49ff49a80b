"""What stands beneath a map: the scale bar, what its lines are worth, and whose they are."""

from __future__ import annotations

import math
from typing import Final

from incident_tui.map.raster import Look
from incident_tui.map.scene import Scene
from incident_tui.map.view import View
from incident_tui.widgets.paint import Line, Span, length, shorten, spread

BAR_MAX: Final = 26
"""Cells of the scale bar, at most."""
SOURCE_LEAST: Final = 16
"""With less room than this the source is left out: three letters of it tell nobody anything."""


def bar_metres(view: View, most: int) -> float:
    """The longest of 1, 2 and 5 times a power of ten metres that takes at most so many cells."""
    room = max(1, most) * view.cell_wide
    power = 10.0 ** math.floor(math.log10(room))
    return max(times * power for times in (1, 2, 5) if times * power <= room * (1 + 1e-9))


def metres_words(metres: float) -> str:
    """A round length: 500 m, 2 km."""
    return f"{metres / 1_000:g} km" if metres >= 1_000 else f"{metres:g} m"


def scale_bar(view: View, most: int, look: Look) -> str:
    """A bar as long as its words say: ``├── 2 km ──┤``, or a short one with the words behind it."""
    metres = bar_metres(view, min(BAR_MAX, most))
    cells = max(1, round(metres / view.cell_wide))
    words = metres_words(metres)
    left, line, right = ("|", "-", "|") if look == "ascii" else ("├", "─", "┤")
    inner = f" {words} "
    if cells >= len(inner) + 4:
        return left + inner.center(cells - 2, line) + right
    return f"{left}{line * max(0, cells - 2)}{right} {words}"


def foot(scene: Scene, view: View, look: Look, width: int, faults: tuple[str, ...] = ()) -> Line:
    """The line beneath the map: scale, what the lines are worth, and at its end whose they are.

    What could not be drawn stands before both.
    """
    bar = Span(" " + scale_bar(view, width // 3, look), "dim")
    left = [bar]
    troubles = (*faults, *scene.notes)
    if troubles:
        more = f" (+{len(troubles) - 1})" if len(troubles) > 1 else ""
        left += [Span("  "), Span(troubles[0] + more, "alarm")]
    if scene.badge:
        badge = scene.badge.replace("±", "+/-") if look == "ascii" else scene.badge
        left += [Span("  "), Span(badge, "caution")]
    taken = length(left)
    right = [Span(scene.attribution + " ", "dim")] if scene.attribution else []
    if right and taken + length(right) + 2 > width:
        right = list(shorten(right, max(0, width - taken - 2))) if width - taken >= SOURCE_LEAST else []
    return spread(left, right, width)
