"""Mutual aid, what can be asked: by the requester, by the agency it asks, and by time alone."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from incident.catalogue import KindCode
from incident.fleet.facts import UnitKey
from incident.mutual_aid.facts import (
    ANSWER_MINUTES,
    LINES_MAX,
    UNITS_MAX,
    Basis,
    Counter,
    Floor,
    Level,
    LineNo,
    Long,
    Minutes,
    Number,
    Reasoned,
    RequestId,
    Terms,
    Trusts,
    Units,
    Words,
)
from incident.values import AgencyCode, Millis


class Raise(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """Ask a trust for aid. ``approve``: send it at once, for which the author needs the grant to approve.

    This form is for a trust that is party already, so it can wait for the line; see ``RaiseInviting``.
    """

    lender: AgencyCode
    terms: Terms
    basis: Basis = "immediate"
    approve: bool = False
    next: Trusts = ()
    transit: Trusts = ()
    answer_minutes: Annotated[int, Meta(ge=1, le=240)] = ANSWER_MINUTES


class RaiseInviting(Raise, frozen=True, omit_defaults=True, kw_only=True):
    """As ``Raise``, and makes party whoever must be told: membership is the server's, so not while cut off."""


class Approve(msgspec.Struct, frozen=True):
    """Approve a request, which sends it. For a lender that is party already."""

    request: RequestId


class ApproveInviting(Approve, frozen=True):
    """As ``Approve``, and makes party whoever must be told."""


class Amend(msgspec.Struct, frozen=True):
    """Change what is asked or what crews must know. The lines themselves only until they are answered."""

    request: RequestId
    terms: Terms


class LineReply(msgspec.Struct, frozen=True, omit_defaults=True):
    """An answer to one line: how many, the reason for the rest, or what could be done instead."""

    line: LineNo
    accepted: Number = 0
    reason: Long = ""
    counter: Counter | None = None


class Reply(msgspec.Struct, frozen=True):
    """Answer what we are asked, line by line; lines left out are as they were."""

    request: RequestId
    lines: Annotated[tuple[LineReply, ...], Meta(min_length=1, max_length=LINES_MAX)]


class AnswerCounter(msgspec.Struct, frozen=True, omit_defaults=True):
    """Take, or do not take, what was offered instead."""

    request: RequestId
    accept: bool
    reason: Long = ""


class Sent(msgspec.Struct, frozen=True, omit_defaults=True):
    """One unit as its home trust sends it: what its register says, for which line, and when it will be there.

    ``eta_from`` and ``eta_to`` are minutes from now. Copied from the register by the client, as a commitment is.
    """

    unit: UnitKey
    kind: KindCode
    line: LineNo = 0
    eta_from: Minutes | None = None
    eta_to: Minutes | None = None
    status: Annotated[str, Meta(max_length=3)] = "UNK"
    since: Millis | None = None
    station: Annotated[str, Meta(max_length=60)] = ""
    crew_shift_end: Millis | None = None


class NameUnits(msgspec.Struct, frozen=True):
    """Name the units we send: that accepts their lines, and commits each unit to this incident and to no other."""

    request: RequestId
    units: Annotated[tuple[Sent, ...], Meta(min_length=1, max_length=UNITS_MAX)]


class Mobilise(msgspec.Struct, frozen=True):
    """These units are on their way."""

    request: RequestId
    units: Units


class ReachRvp(msgspec.Struct, frozen=True):
    """These units are at the RVP: said by their own trust or by the host that receives them."""

    request: RequestId
    units: Units


class TakeUnits(msgspec.Struct, frozen=True):
    """Take these units under our command: from now on we control them."""

    request: RequestId
    units: Units


class RequestRecall(msgspec.Struct, frozen=True):
    """Ask the host to let these units go. What cannot wait is ``resources.recall``, which the home trust may always."""

    request: RequestId
    units: Units
    reason: Reasoned


class AgreeRecall(msgspec.Struct, frozen=True):
    """Let these units go, as their home trust asks."""

    request: RequestId
    units: Units


class ReleaseUnits(msgspec.Struct, frozen=True, omit_defaults=True):
    """We need these units no longer: they return to their home trust."""

    request: RequestId
    units: Units
    reason: Long = ""


class BringHome(msgspec.Struct, frozen=True, omit_defaults=True):
    """These units are home, or turned round on their way. The note keeps facts: mileage, what was used."""

    request: RequestId
    units: Units
    note: Long = ""


class Expire(msgspec.Struct, frozen=True):
    """Written by the system when nobody has answered in time."""

    request: RequestId
    offer: Annotated[str, Meta(max_length=40)]


class OfferNext(msgspec.Struct, frozen=True):
    """Ask another trust: for all of it, or, when this one sends a part, for the rest. For a party."""

    request: RequestId
    lender: AgencyCode


class OfferNextInviting(OfferNext, frozen=True):
    """As ``OfferNext``, and makes that trust party."""


class Cancel(msgspec.Struct, frozen=True):
    """We need it no longer. Only while nobody has been mobilised: after that units are released."""

    request: RequestId
    reason: Reasoned


class Close(msgspec.Struct, frozen=True, omit_defaults=True):
    """Close a request when everybody is home."""

    request: RequestId
    note: Long = ""


class ReportPressure(msgspec.Struct, frozen=True, omit_defaults=True):
    """Say how hard pressed our trust is, and the least it keeps of each kind."""

    agency: AgencyCode
    reap: Level
    note: Words = ""
    floors: Annotated[tuple[Floor, ...], Meta(max_length=12)] = ()
