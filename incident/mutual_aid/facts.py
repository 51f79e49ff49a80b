"""Mutual aid, the facts: what one trust asks of another, what was answered, and where each unit stands.

A request has line items, a time by which they are needed, an RVP, and whatever a crew that does not know the area
must be told. It goes requested → approved and sent → delivered → seen → accepted, accepted in part, counter-offered,
declined (with a reason) or expired. Each unit then goes named → mobilised → at RVP → committed → recalled or
released → home. *Delivered* and *seen* are receipts of the agency asked: computed, not set. Unknown is coded, not
blank. Own is not control: a unit keeps its home trust, and the host commands it from *committed* to *released*.

One agency is asked at a time; every change of what is asked is an edition, and earlier ones are kept (protocol
rules of BaRS application 6; states after EDXL-RM: RequestResource, Commit, Release, RequestReturn).
"""

from __future__ import annotations

from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from incident.catalogue import KindCode
from incident.fleet.facts import UnitKey
from incident.values import MINUTE_MS, AgencyCode, Location, Millis

LINES_MAX: Final = 8
UNITS_MAX: Final = 20
"""Units in one step: each is a record of its own when it is committed."""

NAMED_MAX: Final = 80
"""Units of one request, those that have gone home too."""

REQUESTS_MAX: Final = 1_000
"""Requests of one incident, the closed ones too."""

EARLIER_KEPT: Final = 12
ASKED_KEPT: Final = 20
ANSWER_MINUTES: Final = 10
"""How long a trust that is asked has to see and to answer, unless the request says otherwise (our rule)."""

UNKNOWN: Final = "UNK"
"""Hazards that nobody knows yet are coded, not left blank (BaRS)."""

Words = Annotated[str, Meta(max_length=200)]
Long = Annotated[str, Meta(max_length=500)]
Reasoned = Annotated[str, Meta(min_length=1, max_length=500, pattern=r"\S")]
Quantity = Annotated[int, Meta(ge=1, le=60)]
Number = Annotated[int, Meta(ge=0, le=60)]
Minutes = Annotated[int, Meta(ge=0, le=24 * 60)]
RequestId = Annotated[str, Meta(min_length=36, max_length=40)]
LineNo = Annotated[int, Meta(ge=0, le=LINES_MAX - 1)]
Units = Annotated[tuple[UnitKey, ...], Meta(min_length=1, max_length=UNITS_MAX)]
Trusts = Annotated[tuple[AgencyCode, ...], Meta(max_length=12)]
Level = Annotated[int, Meta(ge=1, le=4)]
Basis = Literal["immediate", "planned"]

RequestState = Literal[
    "requested",
    "sent",
    "accepted",
    "part",
    "countered",
    "declined",
    "expired",
    "cancelled",
    "closed",
]
SETTLED: Final = frozenset({"cancelled", "closed"})
ANSWERABLE: Final = frozenset({"sent", "accepted", "part", "countered", "declined", "expired"})
"""The agency asked may still answer, or answer otherwise; late is better than never."""

UNFILLED: Final = frozenset({"part", "countered", "declined", "expired"})
"""The requester has to do something: ask the next trust, or settle a counter-offer."""
BROKERED: Final = frozenset({"declined", "expired"})
"""States in which another agency, the national coordination centre, may ask the next trust for the requester."""

UnitState = Literal["named", "mobilised", "at_rvp", "committed", "recalled", "returning", "home"]
STAGES: Final = ("named", "mobilised", "at_rvp", "committed", "recalled", "returning", "home")
UNIT_WORDS: Final = {
    "named": "named",
    "mobilised": "mobilised",
    "at_rvp": "at RVP",
    "committed": "committed",
    "recalled": "recall requested",
    "returning": "returning",
    "home": "home",
}
REAP: Final = {1: "steady", 2: "moderate", 3: "severe", 4: "extreme"}
"""Resource Escalation Action Plan: the pressure level of an ambulance trust. Names of 1 and 3 vary by trust."""


# -- what is asked --------------------------------------------------------------------------------------------


class Line(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """So many of one kind, with the skills or kit that are needed."""

    kind: KindCode
    quantity: Quantity
    skills: Annotated[str, Meta(max_length=80)] = ""


class Rvp(msgspec.Struct, frozen=True):
    """Where to report: words copied from the feature on the ground when there is one, and where that is."""

    words: Annotated[str, Meta(max_length=120)] = ""
    feature: Annotated[str, Meta(max_length=40)] = ""
    location: Location = Location()


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked, and what a crew from elsewhere must know. Changed as a whole, with a new edition.

    ``needed_by`` is UTC ms, None: as soon as possible. ``expected_minutes`` is for how long, None: not known.
    ``methane`` is the number of the METHANE version it goes by; 0: none yet.
    """

    lines: Annotated[tuple[Line, ...], Meta(min_length=1, max_length=LINES_MAX)]
    reason: Long = ""
    needed_by: Millis | None = None
    expected_minutes: Annotated[int, Meta(ge=1, le=10_080)] | None = None
    rvp: Rvp | None = None
    access: Words = ""
    egress: Words = ""
    hazards: Words = UNKNOWN
    ppe: Words = ""
    reports_to: Annotated[str, Meta(max_length=80)] = ""
    talkgroup: Annotated[str, Meta(max_length=40)] = ""
    contact: Annotated[str, Meta(max_length=80)] = ""
    methane: Annotated[int, Meta(ge=0, le=100_000)] = 0


FIELDS: Final = {
    "lines": "what is asked",
    "reason": "reason",
    "needed_by": "needed by",
    "expected_minutes": "for how long",
    "rvp": "RVP",
    "access": "access",
    "egress": "egress",
    "hazards": "hazards",
    "ppe": "PPE",
    "reports_to": "reports to",
    "talkgroup": "talkgroup",
    "contact": "contact",
    "methane": "METHANE version",
}
"""The terms, and what people call them."""


# -- state ----------------------------------------------------------------------------------------------------


class Earlier(msgspec.Struct, frozen=True, gc=False):
    """The essentials of an earlier edition: what the lender may have acted on. Times are UTC ms."""

    edition: int
    at: int
    lines: tuple[Line, ...]
    needed_by: int | None
    rvp: str
    talkgroup: str


class Counter(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """What the agency asked could do instead: another kind, another number, or later."""

    kind: KindCode
    quantity: Quantity
    minutes: Minutes | None = None
    note: Words = ""


class Answer(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """What was said to one line: so many of those asked, a reason for the rest, or a counter-offer.

    ``not_taken`` is a counter-offer that the requester did not take; ``reason`` is then the requester's.
    """

    line: LineNo
    kind: KindCode
    asked: Quantity
    accepted: Number = 0
    reason: Long = ""
    counter: Counter | None = None
    not_taken: Counter | None = None

    @property
    def full(self) -> bool:
        """All of it was accepted."""
        return self.accepted >= self.asked


class AidUnit(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One unit sent on a request, and when it took each step. Times are UTC ms; arrival is in minutes from naming.

    ``commitment`` is that of the unit in this incident: the same callsign may come again under another.
    ``version`` is the command that last moved it.
    """

    key: str
    line: int
    kind: str
    since: int
    named_at: int
    version: str
    commitment: str
    state: UnitState = "named"
    eta_from: int | None = None
    eta_to: int | None = None
    crew_shift_end: int | None = None
    mobilised_at: int | None = None
    at_rvp_at: int | None = None
    committed_at: int | None = None
    released_at: int | None = None
    home_at: int | None = None
    reason: str = ""


class Asked(msgspec.Struct, frozen=True, gc=False):
    """An agency that was asked before the present one: when (UTC ms), and what came of it."""

    agency: str
    at: int
    outcome: str
    reason: str


class Request(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One request for mutual aid. Times are UTC ms.

    ``requester`` asks and hosts; ``lender`` is the agency asked. ``offer`` is the command that asked the present
    lender, ``told`` the last one it has to read, ``unread`` whether it has said nothing since. ``reply`` is the
    command of its last answer. ``passed_on`` is who was asked for what the lender does not send. ``version`` is the
    command that last changed state, ``terms_version`` the one that last changed what is asked.
    """

    id: str
    number: str
    requester: str
    requester_role: str
    person: str
    raised_at: int
    lender: str
    terms: Terms
    state: RequestState
    since: int
    version: str
    terms_version: str
    basis: Basis = "immediate"
    edition: int = 1
    earlier: tuple[Earlier, ...] = ()
    approved_by: str = ""
    approved_at: int | None = None
    offer: str = ""
    offered_at: int = 0
    told: str = ""
    unread: bool = False
    passed_on: str = ""
    asked: tuple[Asked, ...] = ()
    answer_minutes: int = ANSWER_MINUTES
    answers: tuple[Answer, ...] = ()
    reply: str = ""
    replied_by: str = ""
    replied_at: int | None = None
    next: tuple[str, ...] = ()
    transit: tuple[str, ...] = ()
    proposed: str = ""
    units: dict[str, AidUnit] = {}
    follows: str = ""
    reason: str = ""

    @property
    def answer_by(self) -> int:
        """When the offer expires if nobody has answered it (UTC ms)."""
        return self.offered_at + self.answer_minutes * MINUTE_MS

    @property
    def out(self) -> tuple[AidUnit, ...]:
        """The units that are not home."""
        return tuple(unit for unit in self.units.values() if unit.state != "home")


class Floor(msgspec.Struct, frozen=True, gc=False):
    """The least a trust keeps of one kind for its own cover."""

    kind: KindCode
    count: Number


class Pressure(msgspec.Struct, frozen=True, gc=False):
    """How hard pressed a trust is, by its own word (REAP 1 to 4), since when (UTC ms), and its least cover."""

    reap: int
    at: int
    by: str
    note: str
    floors: tuple[Floor, ...]
    version: str


class MutualAid(msgspec.Struct, frozen=True):
    """All requests by id, how many each agency has raised (its numbers never change), and who is how hard pressed."""

    rows: dict[str, Request] = {}
    counts: dict[str, int] = {}
    pressures: dict[str, Pressure] = {}


# -- keys -----------------------------------------------------------------------------------------------------


def request_key(request: str) -> str:
    """The key under which the state of a request is compared and set."""
    return f"aid/{request}"


def terms_key(request: str) -> str:
    """The key under which what is asked is compared and set."""
    return f"aid/{request}@terms"


def unit_key(request: str, unit: str) -> str:
    """The key under which one unit's step is compared and set: two rooms may move two units at once."""
    return f"aid/{request}@{unit}"


def pressure_key(agency: str) -> str:
    """The key under which a trust's pressure is compared and set."""
    return f"pressure/{agency}"


def offer_subject(request: Request) -> str:
    """What the receipts of the agency asked are about: this offer in this edition."""
    return f"mutual_aid/{request.id}@{request.told}"


def reply_subject(request: Request) -> str:
    """What the receipts of the requester are about: the last answer."""
    return f"mutual_aid/{request.id}@{request.reply}/answer"


def transit_subject(request: Request) -> str:
    """What the receipts of the trusts driven through are about."""
    return f"mutual_aid/{request.id}@{request.offer}/transit"
