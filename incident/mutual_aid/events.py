"""Mutual aid, the events: what can have happened to a request, and to the units that are sent on it."""

from __future__ import annotations

import msgspec

from incident.mutual_aid.facts import ANSWER_MINUTES, Answer, Basis, Floor, Level, Terms, Trusts, Words
from incident.values import AgencyCode


class Raised(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A request was written; when ``approved`` it was sent in the same breath."""

    lender: AgencyCode
    terms: Terms
    basis: Basis = "immediate"
    approved: bool = False
    next: Trusts = ()
    transit: Trusts = ()
    answer_minutes: int = ANSWER_MINUTES
    follows: str = ""


class Approved(msgspec.Struct, frozen=True):
    """It was approved, and so it is sent to the lender."""

    request: str
    lender: str


class Amended(msgspec.Struct, frozen=True):
    """What is asked, or what crews must know, changed: a new edition. ``changed`` names the terms."""

    request: str
    terms: Terms
    changed: tuple[str, ...]


class Replied(msgspec.Struct, frozen=True):
    """The agency asked answered these lines."""

    request: str
    answers: tuple[Answer, ...]


class CounterAccepted(msgspec.Struct, frozen=True):
    """The requester takes what was offered instead."""

    request: str


class CounterDeclined(msgspec.Struct, frozen=True, omit_defaults=True):
    """The requester does not take what was offered instead."""

    request: str
    reason: str = ""


class Promised(msgspec.Struct, frozen=True, omit_defaults=True):
    """One unit named for a line. ``commitment`` is "" when it is made by the same command."""

    unit: str
    line: int
    kind: str
    eta_from: int | None = None
    eta_to: int | None = None
    crew_shift_end: int | None = None
    commitment: str = ""


class UnitsNamed(msgspec.Struct, frozen=True, omit_defaults=True):
    """The lender names the units it sends. ``answers`` are the lines that are accepted by that."""

    request: str
    units: tuple[Promised, ...]
    answers: tuple[Answer, ...] = ()


class UnitsMobilised(msgspec.Struct, frozen=True):
    """These units are on their way."""

    request: str
    units: tuple[str, ...]


class UnitsAtRvp(msgspec.Struct, frozen=True):
    """These units have reached the RVP."""

    request: str
    units: tuple[str, ...]


class UnitsCommitted(msgspec.Struct, frozen=True):
    """The host has these units under its command."""

    request: str
    units: tuple[str, ...]


class RecallRequested(msgspec.Struct, frozen=True):
    """The lender wants these units back, and says why."""

    request: str
    units: tuple[str, ...]
    reason: str


class RecallAgreed(msgspec.Struct, frozen=True):
    """The host lets these units go, as the lender asked: they return."""

    request: str
    units: tuple[str, ...]


class UnitsReleased(msgspec.Struct, frozen=True, omit_defaults=True):
    """The host needs these units no longer: they return."""

    request: str
    units: tuple[str, ...]
    reason: str = ""


class UnitsHome(msgspec.Struct, frozen=True, omit_defaults=True):
    """These units are home, or were turned round before they were committed. The note holds mileage and kit used."""

    request: str
    units: tuple[str, ...]
    note: str = ""


class Expired(msgspec.Struct, frozen=True, omit_defaults=True):
    """The agency asked has not answered in time; ``proposed`` is the trust to ask next ("" when none was named)."""

    request: str
    lender: str
    minutes: int
    proposed: str = ""


class OfferedNext(msgspec.Struct, frozen=True):
    """Another agency is asked instead."""

    request: str
    lender: str
    was: str


class PassedOn(msgspec.Struct, frozen=True):
    """The lender sends a part; for the rest another agency was asked, in a request of its own."""

    request: str
    lender: str


class Cancelled(msgspec.Struct, frozen=True):
    """The requester needs it no longer; nobody had been mobilised."""

    request: str
    reason: str


class Closed(msgspec.Struct, frozen=True, omit_defaults=True):
    """It is over: everybody is home."""

    request: str
    note: str = ""


class PressureReported(msgspec.Struct, frozen=True, omit_defaults=True):
    """A trust says how hard pressed it is, and the least it keeps for its own cover."""

    agency: AgencyCode
    reap: Level
    note: Words = ""
    floors: tuple[Floor, ...] = ()
