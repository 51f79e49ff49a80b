"""What a piece of ground reaches among the areas of the trusts, as it was computed, and what follows from that.

The author's client computes it of a cordon, a zone or a stretch (``incident.geography.reach``) and it is stored with
the shape; whoever reads it later needs no map for it. A cordon that grows reaches more, and never warns fewer.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Final

import msgspec
from msgspec import Meta

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
)
from incident.values import AgencyCode

NEAR_SHOWN: Final = 3


class Reach(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a shape reaches among the areas of one set; ``areas`` is the digest of that set.

    ``crosses`` are the areas that it overlaps, the largest part first. ``near`` is every area with its distance from
    the ground in metres, the nearest first. ``radius_m`` is that of the smallest circle around it, 0 for a point.
    """

    areas: Digest
    crosses: Annotated[tuple[AgencyCode, ...], Meta(max_length=NEAR_MAX)] = ()
    near: Annotated[tuple[Near, ...], Meta(max_length=NEAR_MAX)] = ()
    radius_m: Metres = 0
    accuracy_m: Annotated[int, Meta(ge=0, le=ACCURACY_MAX_M)] = 0
    indicative: bool = False

    @property
    def tells(self) -> tuple[str, ...]:
        """The trusts that must be told of this ground, the nearest first.

        Whose area is within 5 km of it, or within a kilometre more than its own radius where that is more, or nearer
        than the lines are known. Of a single point: whose area is within a kilometre.
        """
        reach = RADIUS_M if self.radius_m else CORDON_MARGIN_M
        near = tell_by_distance(self.near, self.radius_m, self.accuracy_m, reach)
        return tuple(dict.fromkeys((*self.crosses, *near)))


def told_of(reaches: Iterable[Reach | None]) -> tuple[str, ...]:
    """The trusts that must be told of several pieces of ground; nobody is named twice."""
    return tuple(dict.fromkeys(code for reach in reaches if reach is not None for code in reach.tells))


def reach_words(reach: Reach) -> str:
    """What it reaches in a few words: "crosses SCAS/LAS; SECAMB 0.8 km", and how much the lines are worth."""
    if len(reach.crosses) > 1:
        first = f"crosses {'/'.join(reach.crosses)}"
    else:
        first = f"inside {reach.crosses[0]}" if reach.crosses else "outside every area"
    tells = reach.tells
    others = [one for one in reach.near if one.agency not in reach.crosses and one.agency in tells]
    near = ", ".join(f"{one.agency} {distance_words(one.metres)}" for one in others[:NEAR_SHOWN])
    return "; ".join(filter(None, (first, near))) + (" (INDICATIVE)" if reach.indicative else "")


def measured(reach: Reach | None, areas: str) -> Reach | None:
    """What the author's client computed, if it used the areas of this incident: no two rooms use different ones."""
    return reach if reach is not None and areas and reach.areas == areas else None
