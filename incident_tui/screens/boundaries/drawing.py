"""What somebody draws on the map, from key to key: a cordon by its radius or its corners, or a line to measure.

Plain values: nothing in here is a widget. A drawing ends in the same form as a cordon that is typed, with its place
and its extent filled in as words that the form reads like any others. Points are metres of the National Grid.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise
from typing import Final, Literal

import msgspec

from incident.placing import distance_words
from incident_tui.map.things import Metres, compass

CORNERS_MAX: Final = 100
"""Corners of one drawing: more are typed or imported, not set with one key each."""
TYPED_MAX: Final = 8
RADIUS_CHARS: Final = "0123456789.km"
SAME_M: Final = 1.0
"""Nearer than this a corner is the one before."""


class Drawing(msgspec.Struct, frozen=True, omit_defaults=True):
    """One in progress. ``typed`` is a radius as it is being typed; the first point is then the middle."""

    what: Literal["cordon", "measure"]
    points: tuple[tuple[float, float], ...]
    typed: str = ""

    @property
    def worth_keeping(self) -> bool:
        """Whether it would be missed: more than a first point."""
        return self.what == "cordon" and (len(self.points) > 1 or bool(self.typed))

    @property
    def closed(self) -> bool:
        """Whether its corners shut something in."""
        return self.what == "cordon" and len(self.points) >= 3

    def typing(self, key: str) -> Drawing | None:
        """With one more letter of a radius; None when the key is none, or there are corners already."""
        if self.what != "cordon" or len(self.points) != 1:
            return None
        if key == "backspace" and self.typed:
            return msgspec.structs.replace(self, typed=self.typed[:-1])
        begins = key.isdigit() if not self.typed else key in RADIUS_CHARS
        if len(key) != 1 or not begins or len(self.typed) >= TYPED_MAX:
            return None
        return msgspec.structs.replace(self, typed=self.typed + key)

    def with_corner(self, at: Metres) -> Drawing:
        """With one more corner; the same when it is the last one once more, or there are too many."""
        if math.dist(self.points[-1], at) < SAME_M or len(self.points) >= CORNERS_MAX:
            return self
        return msgspec.structs.replace(self, points=(*self.points, at))

    def undone(self) -> Drawing | None:
        """Without the last letter or the last corner; None when nothing is left."""
        if self.typed:
            return msgspec.structs.replace(self, typed="")
        return msgspec.structs.replace(self, points=self.points[:-1]) if len(self.points) > 1 else None


def radius_of(typed: str) -> float | None:
    """A radius in metres as it is typed: "500", "500m", "1.5km"; None while it is not one."""
    text, factor = typed, 1.0
    if typed.endswith("km"):
        text, factor = typed[:-2], 1000.0
    elif typed.endswith("m"):
        text = typed[:-1]
    try:
        found = float(text) * factor
    except ValueError:
        return None
    return found if 0 < found <= 50_000 else None


def answers_of(drawing: Drawing, words: Callable[[Metres], str]) -> dict[str, str] | None:
    """What the form of a proposal is filled in with; None while it is not enough for one. ``words`` names a point."""
    if drawing.typed:
        radius = radius_of(drawing.typed)
        if radius is None:
            return None
        typed = drawing.typed if drawing.typed.endswith("m") else f"{drawing.typed}m"
        return {"kind": "inner_cordon", "place": words(drawing.points[0]), "radius": typed, "polygon": ""}
    if not drawing.closed:
        return None
    corners = "; ".join(words(point) for point in drawing.points)
    return {"kind": "outer_cordon", "place": "", "radius": "", "polygon": corners}


def measured(drawing: Drawing, cursor: Metres) -> str:
    """The length of a line, its last piece and where that points: "1.4 km NE" or "1.4 km NE, 3.2 km in all"."""
    points = [*drawing.points, cursor]
    last = math.dist(points[-2], points[-1])
    whole = sum(math.dist(one, other) for one, other in pairwise(points))
    said = f"{metres_words(last)} {compass(points[-2], points[-1])}".rstrip()
    return said if len(points) == 2 else f"{said}, {metres_words(whole)} in all"


def metres_words(metres: float) -> str:
    """A length as it is measured: metres below a kilometre, then kilometres."""
    return f"{metres:.0f} m" if metres < 1000 else distance_words(math.floor(metres))


def kept(written: str) -> Drawing | None:
    """A drawing as it was kept on the disk; None when there is none, or it cannot be read."""
    try:
        found = msgspec.json.decode(written, type=Drawing) if written else None
    except msgspec.MsgspecError:
        return None
    if found is None or not found.points or len(found.points) > CORNERS_MAX:
        return None
    sane = all(math.isfinite(value) for point in found.points for value in point)
    return found if sane else None


def to_keep(drawing: Drawing | None) -> str:
    """How it is written on the disk; "" for what nobody would miss."""
    if drawing is None or not drawing.worth_keeping:
        return ""
    return msgspec.json.encode(drawing).decode()
