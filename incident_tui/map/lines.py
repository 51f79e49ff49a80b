"""Lines and grounds of a scene, ready to be drawn: checked, as arrays, and gathered by how they look.

Geometry that makes no sense draws nothing, and a sentence says so; it never ends a frame.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np

from incident_tui.map import raster
from incident_tui.map.labels import Wanted, clean
from incident_tui.map.raster import Array, Look, Segments
from incident_tui.map.scene import Dash, Ground, Hatch, Scene, Stroke
from incident_tui.map.view import View

Shape: TypeAlias = Stroke | Ground
REACH: Final = 100_000_000.0
"""Metres: what lies farther from the origin is a mistake."""
LINE: Final = " line"
"""Behind the style words of dots: no theme underlines them, whatever it does to words of that tone."""
REMEMBERED: Final = 2_000


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """Lines that look and mean the same, or (with a hatch) what lies on one ground."""

    layer: str
    tone: str
    dash: Dash
    words: str
    segments: Segments
    hatch: Hatch = ""
    selected: bool = False


@dataclass(frozen=True, slots=True)
class _Ready:
    """A shape and its lines; ``fault`` says why there are none."""

    shape: Shape
    segments: Segments
    fault: str = ""


class Bundle:
    """Groups of lines in the order in which they are drawn, as one: all their dots are found in one go."""

    __slots__ = ("groups", "number", "patterns", "segments")

    def __init__(self, groups: tuple[Group, ...], look: Look) -> None:
        self.groups = groups
        self.segments = Segments.joined([group.segments for group in groups] or [raster.NOTHING])
        counts = np.array([len(group.segments.ends) for group in groups], dtype=np.int64)
        self.number = np.repeat(np.arange(len(groups)), counts)
        dashes = [raster.DASHED[look].get(group.dash, (1, 0)) for group in groups]
        self.patterns = np.array(dashes, dtype=np.int64).reshape(-1, 2).T[:, self.number]


class Lines:
    """The lines of one map; what was made of a shape is kept while the shape is the same object."""

    def __init__(self) -> None:
        self._ready: dict[int, _Ready] = {}

    def ready(self, shape: Shape) -> _Ready:
        """The lines of a shape."""
        found = self._ready.get(id(shape))
        if found is None or found.shape is not shape:
            if len(self._ready) >= REMEMBERED:
                self._ready.clear()
            found = self._ready[id(shape)] = _made(shape)
        return found

    def groups(
        self, scene: Scene, sketch: Scene, hidden: frozenset[str], selected: str
    ) -> tuple[list[Group], list[str]]:
        """What is to be drawn, one group for each look, and a sentence for each shape that cannot be."""
        faults: list[str] = []
        gathered: dict[tuple[str, str, Dash, str, bool], list[Segments]] = {}
        hatches: list[Group] = []
        for shape in (*_shapes(scene), *_shapes(sketch)):
            if shape.layer in hidden:
                continue
            ready = self.ready(shape)
            if ready.fault:
                faults.append(ready.fault)
                continue
            chosen = bool(selected) and shape.key == selected
            look = shape.layer, shape.tone, shape.dash, shape.words, chosen
            gathered.setdefault(look, []).append(ready.segments)
            if isinstance(shape, Ground) and shape.hatch:
                hatches.append(Group(*look[:4], ready.segments, shape.hatch, chosen))
        lines = [
            Group(*look[:4], Segments.joined(several), selected=look[4]) for look, several in gathered.items()
        ]
        return [*hatches, *lines], faults

    def wanted(self, scene: Scene, view: View, hidden: frozenset[str], ink: int) -> list[Wanted]:
        """The names of grounds, each over the middle of its northern side."""
        names = []
        for ground in scene.grounds:
            if not ground.label or ground.layer in hidden or self.ready(ground).fault:
                continue
            east = (min(x for x, _ in ground.ring) + max(x for x, _ in ground.ring)) / 2
            north = max(y for _, y in ground.ring)
            column, row = view.cell_of(east, north)
            key = ground.key or f"{ground.label}@{east:.0f},{north:.0f}"
            at = view.left + column, view.top + row - 1
            names.append(Wanted(key, *at, clean(ground.label), ink, ground.priority, bare=True))
        return names

    def keys_at(
        self, scene: Scene, view: View, column: int, row: int, hidden: frozenset[str]
    ) -> tuple[str, ...]:
        """The keys of lines through a cell, and of grounds that its middle lies on, the smallest first."""
        x, y = view.left + column, view.top + row
        through: list[str] = []
        under: list[tuple[float, str]] = []
        for shape in _shapes(scene):
            ready = self.ready(shape)
            if not shape.key or shape.layer in hidden or ready.fault:
                continue
            on = raster.lattice(ready.segments.ends, view.cell_wide, view.cell_high)
            start, end = raster.clip(on, (x, y, x + 1, y + 1))
            if (start <= end).any():
                through.append(shape.key)
            elif isinstance(shape, Ground) and raster.inside(on, x, y, 1, 1)[0, 0]:
                under.append((_size(ready.segments.ends), shape.key))
        return (*through, *(key for _, key in sorted(under)))


def _shapes(scene: Scene) -> tuple[Shape, ...]:
    return (*scene.grounds, *scene.strokes)


def _size(ends: Array) -> float:
    return float(abs(np.sum(ends[:, 0] * ends[:, 3] - ends[:, 2] * ends[:, 1])))


def _made(shape: Shape) -> _Ready:
    closed = isinstance(shape, Ground)
    points = np.array(shape.ring if isinstance(shape, Ground) else shape.points, dtype=np.float64)
    why = _fault(points, 3 if closed else 2)
    if why:
        name = clean(shape.label if isinstance(shape, Ground) and shape.label else shape.words)
        name = name or ("A ground" if closed else "A line")
        return _Ready(shape, raster.NOTHING, f"{name[:1].upper()}{name[1:]} cannot be drawn: {why}.")
    return _Ready(shape, Segments.of(points, closed=closed))


def _fault(points: Array, least: int) -> str:
    if points.ndim != 2 or len(points) < least:
        return "it has too few points"
    if not np.isfinite(points).all():
        return "a point of it is no number"
    if (np.abs(points) > REACH).any():
        return "a point of it lies beyond the earth"
    return ""
