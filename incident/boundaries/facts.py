"""Boundaries, the facts: what is agreed on the ground around a scene, and on whose word.

A scene feature is a rendezvous point, a forward command post, a cordon, a zone, a sector and so on. One agency
owns it, each party agrees or declines for itself, the owner moves or withdraws it, and it has a time at which
it must be reviewed. Hot, warm and cold mean nothing without the scheme they belong to, so a zone names it
(Manchester Arena Inquiry: the words were used without one). Two rendezvous points are an alarm.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from incident.ground import Reach
from incident.values import Location

FeatureKind = Literal[
    "rvp",
    "fcp",
    "inner_cordon",
    "outer_cordon",
    "traffic_cordon",
    "hot_zone",
    "warm_zone",
    "cold_zone",
    "sector",
    "ccp",
    "parking",
    "loading",
    "hls",
    "marshalling",
    "rest_centre",
    "wind",
]
KINDS = {
    "rvp": "RVP",
    "fcp": "FCP",
    "inner_cordon": "inner cordon",
    "outer_cordon": "outer cordon",
    "traffic_cordon": "traffic cordon",
    "hot_zone": "hot zone",
    "warm_zone": "warm zone",
    "cold_zone": "cold zone",
    "sector": "sector",
    "ccp": "casualty clearing point",
    "parking": "ambulance parking point",
    "loading": "ambulance loading point",
    "hls": "helicopter landing site",
    "marshalling": "marshalling area",
    "rest_centre": "rest centre",
    "wind": "wind sector",
}
TITLES = {
    "rvp": "Rendezvous point (RVP)",
    "fcp": "Forward command post (FCP)",
    "ccp": "Casualty clearing point (CCP)",
    "hls": "Helicopter landing site (HLS)",
    "wind": "Wind sector (where the hazard goes)",
}
ZONES = frozenset({"hot_zone", "warm_zone", "cold_zone"})
CORDONS = frozenset({"inner_cordon", "outer_cordon", "traffic_cordon"})
HAZARDS = frozenset({"hot_zone", "wind"})
"""What nobody gathers in: the hot zone, and the ground downwind."""
GATHERED = frozenset({"rvp", "fcp", "ccp", "parking", "loading", "marshalling", "rest_centre"})
"""Where people gather, and so must not be in the hazard."""
SCHEMES = {
    "fire": "fire and rescue",
    "cbrn": "CBRN / hazardous materials",
    "plato": "Operation Plato",
    "other": "other",
}
VERTICES_MAX = 1000
FEATURES_MAX = 2_000
"""Features of one incident, the withdrawn ones too: more are refused with a sentence."""

Point = tuple[
    Annotated[float, Meta(ge=-90, le=90)],
    Annotated[float, Meta(ge=-180, le=180)],
]
"""Latitude, longitude; WGS 84 degrees."""

Name = Annotated[str, Meta(max_length=80)]
Note = Annotated[str, Meta(max_length=1000)]
Reason = Annotated[str, Meta(min_length=1, max_length=500, pattern=r"\S")]
FeatureId = Annotated[str, Meta(min_length=36, max_length=40)]
Millis = Annotated[int, Meta(ge=0, le=4_102_444_800_000)]
"""UTC milliseconds, up to the year 2100."""
Radius = Annotated[float, Meta(gt=0, le=50_000)]
"""Metres."""
Polygon = Annotated[tuple[Point, ...], Meta(max_length=VERTICES_MAX)]
Scheme = Literal["", "plato", "cbrn", "fire", "other"]


class Wind(msgspec.Struct, frozen=True):
    """The wind at a source: the degrees it comes FROM, half the angle of the wedge, and how far it is drawn."""

    from_deg: Annotated[int, Meta(ge=0, le=359)]
    half_deg: Annotated[int, Meta(ge=5, le=90)] = 30
    length_m: Radius = 1_000.0


class Shape(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where it lies: a place, with a radius in metres or the polygon itself (latitude, longitude, WGS 84).

    Frozen as its author's client computed it; nobody computes it again. ``wind`` is what the wedge of a wind sector
    was computed from, its source being the place.
    """

    place: Location
    radius_m: Radius | None = None
    polygon: Polygon = ()
    wind: Wind | None = None


class Answer(msgspec.Struct, frozen=True):
    """What one agency said of a feature as it lies now, when (UTC ms), and why not."""

    agreed: bool
    at: int
    by: str
    reason: str = ""


class Feature(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One scene feature. ``answers`` holds each agency's word on its present shape; moving it clears them.

    ``called`` is its name as proposed, which log lines use: it never changes. ``asked`` is the id of the command
    that laid it where it lies, and so asked the others. ``version`` is that of the command which last changed
    shape or life; ``edits`` that of each ordinary field. The polygon of a withdrawn feature is dropped.
    ``reach`` is what its ground reaches among the areas of the trusts, as its author's client computed it;
    ``since`` is when a trust had to be told of it first (UTC ms), for those that a move has not freed of it.
    """

    id: str
    number: str
    kind: FeatureKind
    name: str
    called: str
    owner: str
    shape: Shape
    asked: str
    proposed_at: int
    placed_at: int
    version: str
    scheme: Scheme = ""
    note: str = ""
    review_due: int | None = None
    reviewed_at: int | None = None
    answers: dict[str, Answer] = {}
    withdrawn_at: int | None = None
    reason: str = ""
    moves: int = 0
    edits: dict[str, str] = {}
    reach: Reach | None = None
    since: dict[str, int] = {}

    def concerns_since(self, code: str) -> int:
        """Since when a trust had to be told of it (UTC ms), however often it was moved since."""
        return self.since.get(code, self.placed_at)


class Boundaries(msgspec.Struct, frozen=True):
    """All scene features by id, how many each agency has proposed, and how many letters each kind has used.

    ``named`` is the id of the command that last gave a name to anything.
    """

    rows: dict[str, Feature] = {}
    counts: dict[str, int] = {}
    letters: dict[str, int] = {}
    named: str = ""


# -- events -------------------------------------------------------------------------------------------------


class Proposed(msgspec.Struct, frozen=True, omit_defaults=True):
    """An agency proposed a feature, and by that agrees to it itself."""

    kind: FeatureKind
    shape: Shape
    name: str = ""
    scheme: Scheme = ""
    note: str = ""
    review_due: int | None = None
    reach: Reach | None = None


class Agreed(msgspec.Struct, frozen=True):
    """The recording agency agreed to it as it lies."""

    feature: str


class Declined(msgspec.Struct, frozen=True):
    """The recording agency does not agree, for this reason."""

    feature: str
    reason: str


class Moved(msgspec.Struct, frozen=True, omit_defaults=True):
    """The owner moved or reshaped it: every other agency is asked anew.

    Before there was ``Measured`` one in the same shape said what that says.
    """

    feature: str
    shape: Shape
    reason: str = ""
    reach: Reach | None = None


class Measured(msgspec.Struct, frozen=True, omit_defaults=True):
    """The owner gave it where it lies already, and what it reaches is known by now: nobody is asked anew."""

    feature: str
    reach: Reach
    reason: str = ""


class Withdrawn(msgspec.Struct, frozen=True, omit_defaults=True):
    """The owner took it back."""

    feature: str
    reason: str = ""


class Reviewed(msgspec.Struct, frozen=True, omit_defaults=True):
    """Somebody looked at it again and it stands; the next review is due then (UTC ms), or as it was."""

    feature: str
    review_due: int | None = None
    note: str = ""


class Amended(msgspec.Struct, frozen=True, omit_defaults=True):
    """Name or note were changed: those given."""

    feature: str
    name: str | None = None
    note: str | None = None


# -- commands -----------------------------------------------------------------------------------------------


class Propose(msgspec.Struct, frozen=True, omit_defaults=True):
    """Propose a feature. A zone must name its scheme. Without a name it gets the next free letter: RVP B.

    ``reach`` is computed by the author's client, for the set of areas that the charter names.
    """

    kind: FeatureKind
    shape: Shape
    name: Name = ""
    scheme: Scheme = ""
    note: Note = ""
    review_due: Millis | None = None
    reach: Reach | None = None


class Agree(msgspec.Struct, frozen=True):
    """Agree for our agency, to the shape we have seen."""

    feature: FeatureId


class Decline(msgspec.Struct, frozen=True):
    """Say for our agency that this will not do, and why."""

    feature: FeatureId
    reason: Reason


class Move(msgspec.Struct, frozen=True, omit_defaults=True):
    """Move or reshape what we own. Whole object; two moves are never merged by machine. ``reach`` as in ``Propose``."""

    feature: FeatureId
    shape: Shape
    reason: Annotated[str, Meta(max_length=500)] = ""
    reach: Reach | None = None


class Withdraw(msgspec.Struct, frozen=True, omit_defaults=True):
    """Take back what we own."""

    feature: FeatureId
    reason: Annotated[str, Meta(max_length=500)] = ""


class Review(msgspec.Struct, frozen=True, omit_defaults=True):
    """Say that it was looked at again and stands. An observation: recorded whatever became of the feature."""

    feature: FeatureId
    review_due: Millis | None = None
    note: Note = ""


class Amend(msgspec.Struct, frozen=True, omit_defaults=True):
    """Change name or note of what we own."""

    feature: FeatureId
    name: Annotated[str, Meta(min_length=1, max_length=80, pattern=r"\S")] | None = None
    note: Note | None = None


NAMES_KEY = "boundaries/names"
"""The key under which an author says which names they had seen."""


def folded(name: str) -> str:
    """A name as it is compared: two that sound alike on the radio are one."""
    return " ".join(name.split()).casefold()


def words_of(kind: str, article: str = "a") -> str:
    """A kind with its article: an RVP, a hot zone; "A" to begin a sentence."""
    words = KINDS[kind]
    return f"{article}n {words}" if words[0] in "aeiouRF" else f"{article} {words}"


def same_ground(one: Shape, other: Shape) -> bool:
    """Whether two shapes are the same ground, whatever it is called."""
    if (one.polygon, one.radius_m) != (other.polygon, other.radius_m):
        return False
    return bool(one.polygon) or one.place.same_point(other.place)


def subject_of(feature: Feature) -> str:
    """What receipts are about: the feature as it lies now, not as it lay before."""
    return f"boundaries/{feature.id}@{feature.asked}"


def key_of(feature: str) -> str:
    """The key under which shape and life of a feature are compared and set."""
    return f"boundaries/{feature}"


def edited(command: Amend | Amended) -> tuple[str, ...]:
    """The fields an amendment changes."""
    return tuple(name for name in ("name", "note") if getattr(command, name) is not None)
