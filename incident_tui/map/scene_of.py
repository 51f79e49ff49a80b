"""From what a seat sees to what is drawn: the trusts' areas, what is agreed on the ground, hospitals, units, the scene.

Lines mean something without colour. A solid line is agreed by every party, a dashed one is proposed, or is cover that
does not stand yet; rivals are both
drawn, and their names carry the sign of an alarm. What was withdrawn is not drawn. A hatch says hot, warm or cold. A
hollow mark is a position that has grown old, or a hospital that is not stood up. The scene of an unchanged look is the
same object, so that an unchanged map costs nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from incident.boundaries.facts import KINDS, ZONES, Feature
from incident.kernel.board import Look
from incident_tui.map.scene import AreaDrawing, Ground, Hatch, Mark, Metres, Scene
from incident_tui.map.things import AREA, COVER, FEATURE, HOSPITAL_, INCIDENT, UNIT, Thing, Things, unchanged

PRIORITY: Final[Mapping[int, int]] = {INCIDENT: 90, FEATURE: 70, COVER: 45, HOSPITAL_: 40, UNIT: 20}
"""What keeps its name where there is no room for all: rivals above all, then the scene, and the units last."""
RIVAL_PRIORITY: Final = 95
HATCHES: Final[Mapping[str, Hatch]] = {"hot_zone": "hot", "warm_zone": "warm", "cold_zone": "cold"}
ZONE_TONES: Final[Mapping[str, str]] = {
    "wind": "p1",
    "hot_zone": "p1",
    "warm_zone": "p2",
    "cold_zone": "accent",
}
LAYER_OF: Final[Mapping[int, str]] = {
    INCIDENT: "points", FEATURE: "points", COVER: "cordons", HOSPITAL_: "hospitals", UNIT: "units",
}  # fmt: skip
SEARCH_KEY: Final = "search"
TRAUMA: Final = "MTC"
CORNERS_MIN: Final = 3


class Scenes:
    """The scenes of one screen, kept from one look to the next."""

    def __init__(self) -> None:
        self._made_of: tuple[Any, ...] = ()
        self._scene = Scene()
        self._own = ""
        self._rings: dict[str, tuple[Any, tuple[Metres, ...]]] = {}
        self._marks: dict[str, tuple[Thing, Mark]] = {}

    def of(
        self, things: Mapping[str, Thing], areas: Any, own: str = "", search: tuple[Metres, str] | None = None
    ) -> Scene:
        """What is drawn of these things; the scene of before where they are the same.

        ``own`` is our agency's code; ``search`` a place that somebody went to, and what they typed for it.
        """
        made_of = (things, areas, own, search)
        if unchanged(made_of, self._made_of):
            return self._scene
        self._made_of = made_of
        if self._own != own:
            self._own, self._marks = own, {}
        made = self._made(things, areas, own, search)
        if made != self._scene:
            self._scene = made
        return self._scene

    def _made(
        self, things: Mapping[str, Thing], areas: Any, own: str, search: tuple[Metres, str] | None
    ) -> Scene:
        grounds: list[Ground] = []
        marks: list[Mark] = []
        for thing in things.values():
            if thing.kind in (FEATURE, COVER):
                grounds += self._ground(thing)
            if thing.at is not None and thing.kind != AREA:
                marks.append(self._mark(thing, own))
        if search is not None:
            marks.append(
                Mark(SEARCH_KEY, search[0], "×", "x", "accent bold", search[1], 99, words="looked for")
            )
        self._rings = {key: ring for key, ring in self._rings.items() if key in things}
        if len(self._marks) > 2 * len(things):
            self._marks = {key: mark for key, mark in self._marks.items() if key in things}
        drawing = None if areas is None else AreaDrawing(areas, own)
        return Scene(drawing, (), tuple(grounds), tuple(marks), _badge(areas), _attribution(areas))

    def _ground(self, thing: Thing) -> Iterable[Ground]:
        """The extent of a feature; of what is no more than a point, nothing."""
        ring = self._ring(thing)
        if len(ring) < CORNERS_MIN:
            return
        cover = thing.kind == COVER
        hatch: Hatch = HATCHES.get(getattr(thing.row, "kind", ""), "")
        words = "cover to come" if cover else _ground_words(thing.row)
        if cover and thing.settled:
            hatch, words = "other", "covered by another trust"
        yield Ground(
            ring, _tone(thing), hatch, "cordons", thing.key, "solid" if thing.settled else "dashed",
            words=words,
        )  # fmt: skip

    def _mark(self, thing: Thing, own: str) -> Mark:
        """The mark of a thing; made once for each."""
        kept = self._marks.get(thing.key)
        if kept is None or kept[0] is not thing:
            kept = self._marks[thing.key] = (thing, _mark(thing, own))
        return kept[1]

    def ring(self, key: str) -> tuple[Metres, ...]:
        """The line around what has this key, if it has one; as it was drawn last."""
        kept = self._rings.get(key)
        return () if kept is None else kept[1]

    def _ring(self, thing: Thing) -> tuple[Metres, ...]:
        """The line around a feature in metres; made once for each shape."""
        shape = thing.row.shape
        kept = self._rings.get(thing.key)
        if kept is None or kept[0] is not shape:
            kept = self._rings[thing.key] = (shape, ring_of(shape))
        return kept[1]


def ring_of(shape: Any) -> tuple[Metres, ...]:
    """The closed line around a shape, in metres; nothing for one that is a point, or is known in words alone."""
    if not shape.polygon and shape.radius_m is None:
        return ()
    from incident import geography  # noqa: PLC0415 - loaded with the first map

    try:
        found = geography.outline(shape)
    except ValueError:
        return ()
    return () if found is None else tuple(found)


def _mark(thing: Thing, own: str) -> Mark:
    alarm = "▲ " if thing.rival else ""
    priority = RIVAL_PRIORITY if thing.rival else PRIORITY[thing.kind]
    if thing.kind == UNIT and thing.owner == own:
        priority += 5
    if thing.kind == HOSPITAL_ and thing.hollow:
        priority -= 10
    return Mark(
        thing.key, thing.at or (0.0, 0.0), thing.sign, thing.plain, _tone(thing, own), f"{alarm}{thing.name}",
        priority, LAYER_OF[thing.kind], thing.hollow and thing.kind == UNIT, words=_words(thing),
    )  # fmt: skip


def _tone(thing: Thing, own: str = "") -> str:
    """The tone repeats what sign, dash and hatch say."""
    if thing.kind == INCIDENT:
        return "alarm bold"
    if thing.kind == HOSPITAL_:
        base = "dim" if thing.hollow else "accent"
        return f"{base} reverse" if thing.owner == TRAUMA else base
    if thing.kind == UNIT:
        return "caution" if thing.hollow else "strong" if thing.owner == own else "ink"
    feature = thing.row
    if thing.rival:
        return "alarm bold"
    if thing.kind == COVER:
        return "accent" if thing.settled else "caution"
    if isinstance(feature, Feature) and feature.kind in ZONE_TONES:
        return ZONE_TONES[feature.kind]
    return "good" if thing.settled else "caution"


def _words(thing: Thing) -> str:
    """Its line in the legend: what a sign means."""
    if thing.kind == FEATURE:
        return {"R": "RVP", "F": "FCP", "C": "clearing point"}.get(thing.sign, "")
    if thing.kind == HOSPITAL_:
        return "trauma centre" if thing.owner == TRAUMA else "hospital"
    return {INCIDENT: "scene", UNIT: "unit"}.get(thing.kind, "")


def _ground_words(feature: Feature) -> str:
    if feature.kind in ZONES:
        return feature.kind.replace("_", " ")
    return "cordon" if feature.kind.endswith("cordon") else KINDS[feature.kind]


def _badge(areas: Any) -> str:
    """What the lines of the areas are worth, in a word."""
    found = getattr(areas, "set", None)
    if found is None:
        return ""
    sure = f"±{found.accuracy_m / 1000:.1f} km" if found.accuracy_m >= 100 else f"±{found.accuracy_m} m"
    return f"INDICATIVE {sure}" if found.indicative else sure


def _attribution(areas: Any) -> str:
    """Who must be named for the lines of areas that were given to us; our own are said to be indicative instead."""
    found = getattr(areas, "set", None)
    return "" if found is None or found.indicative else str(found.origin)


def scene_of(look: Look, areas: Any = None, search: tuple[Metres, str] | None = None) -> Scene:
    """The scene of one look, made at once: for pictures, papers and tests. A screen keeps its ``Scenes``."""
    own = "" if look.me is None else look.me.agency
    return Scenes().of(Things().of(look, areas, ready=True), areas, own, search)
