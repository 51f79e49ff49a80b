"""METHANE, the facts: what a first report from the scene says, letter by letter, and its versions.

M major incident declared, E exact location, T type, H hazards, A access, N number of casualties, E emergency
services present and required (JESIP). Where the author's agency has declared nothing it is an ETHANE: the same
report without the M. It is sent again whenever the picture changes, so it is a row of versions and never edited.
Its numbers are those of the whole incident, whoever wrote it: v1, v2. Two Manchester reports reached one room and
went no further; so each version asks every other party for a receipt.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from incident.values import AgencyCode, Location

TypeCode = Literal[
    "rtc",
    "rail",
    "aircraft",
    "fire",
    "explosion",
    "collapse",
    "attack",
    "hazmat",
    "cbrn",
    "crowd",
    "flood",
    "weather",
    "illness",
    "utility",
    "evacuation",
    "other",
]
TYPES = {
    "rtc": "road traffic collision",
    "rail": "rail",
    "aircraft": "aircraft",
    "fire": "fire",
    "explosion": "explosion",
    "collapse": "collapsed structure",
    "attack": "attack, firearms or blades",
    "hazmat": "hazardous materials",
    "cbrn": "CBRN",
    "crowd": "crowd",
    "flood": "flood or water",
    "weather": "severe weather",
    "illness": "many people ill",
    "utility": "loss of power or water",
    "evacuation": "evacuation",
    "other": "other",
}
"""The coded list of the letter T; free text stands beside it. Our own list: no common one is published."""

Certainty = Literal["present", "suspected", "potential", "not_said"]
CERTAINTIES = ("present", "suspected", "potential")
"""The three that the letter H asks for, each by its name. Where nobody has said one, none is put in their mouth."""

Kind = Literal["METHANE", "ETHANE"]
Major = Literal["declared", "standby", "no"]

HAZARDS_MAX = 12
SERVICES_MAX = 30
COUNT_MAX = 100_000
VERSIONS_KEPT = 200
"""Versions of one incident that are kept in full; older ones stand in the log alone."""
STANDING_MAX = 8
UNAWARE_MAX = 8

Words = Annotated[str, Meta(max_length=300)]
Nature = Annotated[str, Meta(max_length=200)]
HazardText = Annotated[str, Meta(min_length=1, max_length=120, pattern=r"\S")]
NOTE_MAX = 80
Note = Annotated[str, Meta(max_length=NOTE_MAX)]
Feature = Annotated[str, Meta(max_length=40)]
Count = Annotated[int, Meta(ge=0, le=COUNT_MAX)]


class Hazard(msgspec.Struct, frozen=True):
    """One hazard in its author's words, and whether it is there, suspected, may come, or none of these said."""

    text: HazardText
    certainty: Certainty


class Service(msgspec.Struct, frozen=True, omit_defaults=True):
    """One agency at the scene or needed there; ``note`` is how many of what, in words: 4 crews."""

    agency: AgencyCode
    note: Note = ""


class Report(msgspec.Struct, frozen=True, omit_defaults=True):
    """The letters E to E. A count that is None was not said; ``counted`` False means estimated.

    ``rvp`` holds the words of the rendezvous point as they were when it was written, ``rvp_id`` the feature they
    were copied from, "" where there is none. ``total`` may be known where the priorities are not.
    """

    location: Location
    type: TypeCode
    nature: Nature = ""
    hazards: Annotated[tuple[Hazard, ...], Meta(max_length=HAZARDS_MAX)] = ()
    routes_in: Words = ""
    egress: Words = ""
    avoid: Words = ""
    rvp: Words = ""
    rvp_id: Feature = ""
    total: Count | None = None
    p1: Count | None = None
    p2: Count | None = None
    p3: Count | None = None
    dead: Count | None = None
    untriaged: Count | None = None
    counted: bool = False
    present: Annotated[tuple[Service, ...], Meta(max_length=SERVICES_MAX)] = ()
    required: Annotated[tuple[Service, ...], Meta(max_length=SERVICES_MAX)] = ()

    @property
    def sorted_total(self) -> int | None:
        """What the counts by priority add up to; None when none was said."""
        said = [n for n in (self.p1, self.p2, self.p3, self.dead, self.untriaged) if n is not None]
        return sum(said) if said else None

    @property
    def casualties(self) -> int | None:
        """How many there are: as said, else what the counts add up to, else None."""
        return self.sorted_total if self.total is None else self.total


class Version(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One version. ``number`` is minted by the server, 0 before that. Times are UTC ms.

    ``at`` is when it was so, ``recorded_at`` when the server had it. ``major`` is what the author's agency had
    declared, since ``major_at``. ``unaware`` are the numbers of the versions there were that its author had not seen.
    """

    id: str
    number: int
    kind: Kind
    agency: str
    actor: str
    role: str
    at: int
    recorded_at: int
    report: Report
    major: Major
    major_at: int | None = None
    on_behalf_of: str = ""
    unaware: tuple[int, ...] = ()

    @property
    def name(self) -> str:
        """What people call it: v3; v? until the server has numbered it."""
        return f"v{self.number or '?'}"


class Methane(msgspec.Struct, frozen=True):
    """The versions in the order in which the server had them, the last VERSIONS_KEPT of them.

    ``standing`` are the ids of those that no later author had seen: more than one, where rooms wrote at once.
    """

    versions: tuple[Version, ...] = ()
    count: int = 0
    standing: tuple[str, ...] = ()


class Published(msgspec.Struct, frozen=True, omit_defaults=True):
    """A version was sent to every party. What its author's agency had declared is frozen with it."""

    report: Report
    kind: Kind
    major: Major
    major_at: int | None = None
    unaware: tuple[int, ...] = ()


class Publish(msgspec.Struct, frozen=True):
    """Send a METHANE to every party: the whole report as it is now. An ETHANE where we have declared nothing."""

    report: Report


KEY = "methane"
"""The one key whose version says which report an author had seen last."""


def subject(version: Version) -> str:
    """What the receipts of a version are about. A version is written once, so its id says which."""
    return f"methane/{version.id}"
