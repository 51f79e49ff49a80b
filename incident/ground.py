"""What a piece of ground reaches among the areas of the trusts, as it was computed, and what follows from that.

The author's client computes it of a cordon, a zone or a stretch (``incident.geography.reach``) and it is stored with
the shape; whoever reads it later needs no map for it. A cordon that grows reaches more, and never warns fewer.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Final

import msgspec
from msgspec import Meta
from msgspec.structs import replace

from incident.placing import (
    ACCURACY_MAX_M,
    CORDON_MARGIN_M,
    NEAR_MAX,
    RADIUS_M,
    Digest,
    Metres,
    Near,
    distance_words,
    tell_by_distance,
    whose_words,
)
from incident.values import AgencyCode

NEAR_SHOWN: Final = 3
BEFORE_MAX: Final = 2 * NEAR_MAX
Codes = Annotated[tuple[AgencyCode, ...], Meta(max_length=BEFORE_MAX)]
"""Trusts that had to be told before somebody moved what nobody could compute anew."""


class Reach(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a shape reaches among the areas of one set; ``areas`` is the digest of that set.

    ``crosses`` are the areas that it overlaps, the largest part first. ``near`` is every area with its distance from
    the ground in metres, the nearest first. ``radius_m`` is that of the smallest circle around it, 0 for a point.
    ``before`` are the trusts that had to be told of it where it lay before, when a room that could not compute its
    ground moved it: then nothing else is known, and they must be told as before.
    """

    areas: Digest
    crosses: Annotated[tuple[AgencyCode, ...], Meta(max_length=NEAR_MAX)] = ()
    near: Annotated[tuple[Near, ...], Meta(max_length=NEAR_MAX)] = ()
    radius_m: Metres = 0
    accuracy_m: Annotated[int, Meta(ge=0, le=ACCURACY_MAX_M)] = 0
    indicative: bool = False
    before: Codes = ()

    @property
    def tells(self) -> tuple[str, ...]:
        """The trusts that must be told of this ground, the nearest first.

        Whose area is within 5 km of it, or within a kilometre more than its own radius where that is more, or nearer
        than the lines are known. Of a single point: whose area is within a kilometre.
        """
        reach = RADIUS_M if self.radius_m else CORDON_MARGIN_M
        near = tell_by_distance(self.near, self.radius_m, self.accuracy_m, reach)
        return tuple(dict.fromkeys((*self.crosses, *near, *self.before)))


def told_of(reaches: Iterable[Reach | None]) -> tuple[str, ...]:
    """The trusts that must be told of several pieces of ground; nobody is named twice."""
    return tuple(dict.fromkeys(code for reach in reaches if reach is not None for code in reach.tells))


def reach_words(reach: Reach) -> str:
    """What it reaches in a few words: "crosses SCAS/LAS; SECAMB 0.8 km", and how much the lines are worth.

    Where it may be in more than one area it says so, as of a place: never "inside" here and "on the border" there.
    """
    if reach.before:
        return as_before(reach.before)
    close = (one.agency for one in reach.near if one.metres <= reach.accuracy_m)
    whose = tuple(dict.fromkeys((*reach.crosses, *close)))
    if len(reach.crosses) > 1 and reach.radius_m:
        whose, first = reach.crosses, f"crosses {'/'.join(reach.crosses)}"
    else:
        first = whose_words(whose, bool(reach.crosses))
    tells = reach.tells
    others = [one for one in reach.near if one.agency not in whose and one.agency in tells]
    near = ", ".join(f"{one.agency} {distance_words(one.metres)}" for one in others[:NEAR_SHOWN])
    return "; ".join(filter(None, (first, near))) + (" (INDICATIVE)" if reach.indicative else "")


def as_before(codes: Iterable[str]) -> str:
    """What is said of a place or of ground that was moved where nothing could be computed."""
    return f"not computed: tell as before: {' '.join(codes)}"


def measured(reach: Reach | None, areas: str) -> Reach | None:
    """What the author's client computed, if it used the areas of this incident: no two rooms use different ones."""
    if reach is None or not areas or reach.areas != areas:
        return None
    return replace(reach, before=()) if reach.before else reach


def carried(reach: Reach | None) -> Reach | None:
    """What is left of a reach when its ground is moved and not computed anew: who had to be told still must be."""
    tells = () if reach is None else reach.tells
    return None if reach is None or not tells else Reach(reach.areas, before=tells)
