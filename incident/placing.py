"""Where a place lies among the areas of the trusts, as it was computed, and what follows from that.

The author's client computes a placing (``incident.geography``) and it is stored with the location; whoever reads it
later needs no map for it. In here is arithmetic alone: whose area it is, how near the others are, who must be told,
and who should lead. The words say INDICATIVE for areas that nobody has agreed, and never name one trust for a place
that is nearer to a border than the border is known.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from incident.values import AgencyCode

RADIUS_M: Final = 5_000
"""Whose area is this near must be told; by distance, since trusts without a common border meet across an estuary."""
CORDON_MARGIN_M: Final = 1_000
"""So far beyond a cordon its work still reaches: diverted traffic, crews that wait, smoke."""
NEAR_MAX: Final = 20
"""The nearest other areas that a placing keeps."""
ACCURACY_MAX_M: Final = 50_000
METRES_MAX: Final = 20_000_000

AGREE: Final = "to be agreed between control rooms"

INSIDE: Final = "inside"
BORDER: Final = "border"
OUTSIDE: Final = "outside"

Metres = Annotated[int, Meta(ge=0, le=METRES_MAX)]
Digest = Annotated[str, Meta(max_length=80)]


class Near(msgspec.Struct, frozen=True):
    """Another trust's area, and how far it is."""

    agency: AgencyCode
    metres: Metres


class Placing(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where a place lies among the areas of one set.

    ``state`` is "inside" one area, on the "border" (some other area is nearer than the set is accurate: at a common
    line, or just off the edge of one), or "outside" every area: at sea. ``trust`` is the area in which the drawn
    lines have it, "" for none; on a border that is a likelihood and no answer. ``near`` is every other area, the
    nearest first. ``areas`` is the digest of the set.
    """

    state: Annotated[str, Meta(pattern=r"^(inside|border|outside)$(?!\n)")]
    areas: Digest
    trust: Annotated[str, Meta(pattern=r"^(?:[A-Z][A-Z0-9]{1,11})?$(?!\n)")] = ""
    near: Annotated[tuple[Near, ...], Meta(max_length=NEAR_MAX)] = ()
    accuracy_m: Annotated[int, Meta(ge=0, le=ACCURACY_MAX_M)] = 0
    indicative: bool = False

    @property
    def candidates(self) -> tuple[str, ...]:
        """The trusts whose area it may be: one inside, none outside, the likeliest first."""
        close = tuple(near.agency for near in self.near if near.metres <= self.accuracy_m)
        return ((self.trust,) if self.trust else ()) + close


class Proposal(msgspec.Struct, frozen=True):
    """What a place asks of the room that opens an incident there.

    ``lead`` is the trust in whose drawn area it is, "" for none; ``agree`` says that this is no answer, but for the
    control rooms to agree. ``tell`` are the trusts to be told, the opener left out.
    """

    lead: str
    agree: bool
    tell: tuple[str, ...]
    words: str


def must_tell(placing: Placing, radius_m: int = RADIUS_M, cordon_radius_m: int = 0) -> tuple[str, ...]:
    """The trusts that must be told: whose area it is or may be, and whose area is near; the nearest first.

    Near is measured from the ground of the cordon, a circle of ``cordon_radius_m`` around the place (0 for none), and
    is the larger of ``radius_m`` and a kilometre more than the cordon's radius.
    """
    from_ground = (Near(near.agency, max(0, near.metres - cordon_radius_m)) for near in placing.near)
    near = tell_by_distance(from_ground, cordon_radius_m, radius_m=radius_m)
    return tuple(dict.fromkeys((*placing.candidates, *near)))


def tell_by_distance(
    near: Iterable[Near], ground_radius_m: int, accuracy_m: int = 0, radius_m: int = RADIUS_M
) -> tuple[str, ...]:
    """The trusts to be told of a piece of ground, of all areas with their distance from it; in their order.

    ``ground_radius_m`` is the radius of the smallest circle around it; nobody is left out who is nearer than the lines
    are accurate.
    """
    far = max(radius_m, ground_radius_m + CORDON_MARGIN_M if ground_radius_m else 0, accuracy_m)
    return tuple(area.agency for area in near if area.metres <= far)


def propose(placing: Placing, opener: str, cordon_radius_m: int = 0) -> Proposal:
    """Who should lead and who is to be told, for the agency that has opened the incident.

    The trust whose area it is leads; on a border, or outside every area, that is agreed between control rooms.
    """
    tell = tuple(code for code in must_tell(placing, cordon_radius_m=cordon_radius_m) if code != opener)
    agree = placing.state != INSIDE
    asks = ", ".join((*([placing.trust] if placing.trust else ()), *([AGREE] if agree else ())))
    said = f"{placing_words(placing)}. Lead: {asks}."
    return Proposal(placing.trust, agree, tell, f"{said} Tell: {' '.join(tell)}." if tell else said)


# -- words ----------------------------------------------------------------------------------------------------


def distance_words(metres: int) -> str:
    """A distance as it is shown: 0.6 km, 13 km."""
    return f"{metres / 1000:.1f} km" if metres < 9_950 else f"{metres / 1000:.0f} km"


def near_words(placing: Placing, within_m: int = RADIUS_M, most: int = 4) -> str:
    """The nearest other areas: "LAS 0.6 km, SECAMB 2.8 km"; those within reach, and always the nearest one."""
    close = [near for index, near in enumerate(placing.near[:most]) if index == 0 or near.metres <= within_m]
    return ", ".join(f"{near.agency} {distance_words(near.metres)}" for near in close)


def where_words(placing: Placing) -> str:
    """Whose area it is: "inside SCAS", "on the border SCAS/LAS", "outside every area"."""
    drawn = placing.state == INSIDE
    return whose_words(
        (placing.trust,) if drawn else () if placing.state == OUTSIDE else placing.candidates, drawn
    )


def whose_words(candidates: Sequence[str], drawn: bool) -> str:
    """The three answers, for a place and for a piece of ground alike, by the trusts whose area it may be.

    ``drawn``: by the lines it lies in the area of the first. With more than one the lines are no answer.
    """
    if not candidates:
        return "outside every area"
    if len(candidates) > 1:
        return f"on the border {'/'.join(candidates)}"
    return f"{'inside' if drawn else 'on the edge of'} {candidates[0]}"


def placing_words(placing: Placing) -> str:
    """The whole of it in one line, its accuracy with it."""
    parts = [where_words(placing)[:1].upper() + where_words(placing)[1:]]
    if placing.state == BORDER and placing.trust and len(placing.candidates) > 1:
        parts.append(f"as drawn in {placing.trust}")
    if near := near_words(placing):
        parts.append(near)
    sure = f"±{distance_words(placing.accuracy_m)}"
    return ", ".join(parts) + (f" (INDICATIVE, {sure})" if placing.indicative else f" ({sure})")


def status_words(placing: Placing) -> str:
    """The few words of the status line: the nearest other area, and how much the lines are worth."""
    if placing.state == OUTSIDE:
        words = "outside every area"
    elif placing.near and placing.near[0].metres <= max(RADIUS_M, placing.accuracy_m):
        nearest = placing.near[0]
        edge = "border " if placing.state == BORDER else ""
        words = f"{nearest.agency} {edge}{distance_words(nearest.metres)}"
    else:
        return ""
    return f"{words} · INDICATIVE" if placing.indicative else words
