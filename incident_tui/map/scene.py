"""What is to be drawn on a map, as plain frozen values: equal scenes draw equal.

Everything is in metres of the National Grid, as (easting, northing). A ``tone`` is a token of the theme, with
attributes behind it where wanted ("alarm", "strong bold"). No meaning hangs on a tone alone: it is carried by the
dash of a line, the hatch of a ground, the sign of a mark, and ``words`` says in the legend what each of them is.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypeAlias

LAYERS: Final = ("tint", "borders", "cordons", "points", "hospitals", "units", "labels")
"""From the ground up: what stands later is drawn over what stands before."""

Dash: TypeAlias = Literal["solid", "dashed", "dotted"]
Hatch: TypeAlias = Literal["", "ours", "other", "warm", "hot", "cold"]
DASHES: Final[tuple[Dash, ...]] = ("solid", "dashed", "dotted")
HATCHES: Final[tuple[Hatch, ...]] = ("", "ours", "other", "warm", "hot", "cold")

Metres: TypeAlias = tuple[float, float]
Path: TypeAlias = tuple[Metres, ...]


def path_of(points: Iterable[Any]) -> Path:
    """Points of any kind (tuples, lists, an array of numpy) as the plain tuple that a scene holds."""
    rows: Iterable[Any] = points.tolist() if hasattr(points, "tolist") else points
    return tuple((float(row[0]), float(row[1])) for row in rows)


@dataclass(frozen=True)
class AreaDrawing:
    """The areas of the trusts, as one layer: their borders, their names, and a tint for our own.

    ``areas`` is a set of ``incident.geography`` (it has ``codes`` and ``simplified(metres)``). The borders of
    ``own`` are bright, all others faint. ``names`` gives longer names than the codes where there is room.
    """

    areas: Any
    own: str = ""
    names: tuple[tuple[str, str], ...] = ()
    words: str = "border of an area"


@dataclass(frozen=True)
class Stroke:
    """An open line. ``words`` is its line in the legend; lines without words are named by their layer."""

    points: Path
    tone: str = "ink"
    dash: Dash = "solid"
    layer: str = "cordons"
    key: str = ""
    words: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "points", path_of(self.points))


@dataclass(frozen=True)
class Ground:
    """A piece of ground: the ring around it (closed or not, it is closed when drawn), and what lies on it.

    ``label`` stands at its northern edge, with the priority of a mark's.
    """

    ring: Path
    tone: str = "ink"
    hatch: Hatch = ""
    layer: str = "cordons"
    key: str = ""
    dash: Dash = "solid"
    label: str = ""
    priority: int = 30
    words: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "ring", path_of(self.ring))


@dataclass(frozen=True)
class Mark:
    """A thing in one place: a sign of one cell, and the name beside it.

    ``plain`` is the sign in ASCII. The highest ``priority`` wins the cell's tone and the room for its label.
    ``hollow``: its place is old, or only estimated. A mark without a sign is a label alone.
    """

    key: str
    at: Metres
    sign: str
    plain: str
    tone: str = "ink"
    label: str = ""
    priority: int = 10
    layer: str = "points"
    hollow: bool = False
    words: str = ""


@dataclass(frozen=True)
class Scene:
    """Everything on one map. ``badge`` says what its lines are worth ("INDICATIVE ±3.0 km, 2026-11-01")."""

    areas: AreaDrawing | None = None
    strokes: tuple[Stroke, ...] = ()
    grounds: tuple[Ground, ...] = ()
    marks: tuple[Mark, ...] = ()
    badge: str = ""
    attribution: str = ""
    notes: tuple[str, ...] = field(default=())
    """Sentences about what could not be put on the map; shown where there is room."""


EMPTY: Final = Scene()
