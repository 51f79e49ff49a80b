"""Sharing agreements, the facts: who lets whom see a stream, in which tier, what for and until when.

An agency's own part of an incident is its own to share; the incident itself is shared by the agency that has the
lead, with an agency that takes no part (an ICB that asks how its hospitals stand, a neighbour on standby). A
receiver becomes no party: nothing is addressed to it, nobody waits for its receipts. There is no agreement
without a purpose and an end, either side ends it at any time, and nothing of what is seen by one can be shared on.
A register is not shared: it names every incident that has a unit of its agency.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from incident.values import AgencyCode

TIERS: Final[Mapping[str, str]] = {"view": "to look at", "assist": "to assist"}
"""What a receiver may do. The commands of each stand in ``config/roles.yaml``, as those of a role that nobody has."""

MINUTES_MAX: Final = 24 * 60
"""An agreement holds no longer than a day; who needs longer makes another."""
STANDING_MAX: Final = 30
"""Agreements of one stream that stand at one time."""

Tier = Literal["view", "assist"]
Purpose = Annotated[str, Meta(min_length=1, max_length=200, pattern=r"\S")]
Reason = Annotated[str, Meta(max_length=500)]
Minutes = Annotated[int, Meta(ge=1, le=MINUTES_MAX)]
Key = Annotated[str, Meta(max_length=80)]
Until = Annotated[int, Meta(ge=0, le=2**53 - 1)]


# -- state ----------------------------------------------------------------------------------------------------


class Agreement(msgspec.Struct, frozen=True, omit_defaults=True):
    """One agency lets another see the stream. Times are UTC ms by the clock of the incident.

    ``by`` is the agency that shares, ``actor`` the person, ``version`` the id of the command that agreed it.
    ``place`` is the version of the receiver's place in the incident at that moment: once that has changed (it was
    invited, or has left) the agreement has lapsed, so that nobody who leaves goes on looking.
    ``ended_by`` is the agency that ended it, "" when its time ran out.
    """

    agency: AgencyCode
    by: AgencyCode
    actor: str
    tier: Tier
    purpose: str
    at: int
    until: int
    version: str
    place: str = ""
    ended_at: int | None = None
    ended_by: str = ""
    reason: str = ""


class Sharing(msgspec.Struct, frozen=True):
    """The last agreement with each receiver; earlier ones stand in the log."""

    agreements: dict[str, Agreement] = {}


# -- events ---------------------------------------------------------------------------------------------------


class Shared(msgspec.Struct, frozen=True, omit_defaults=True):
    """The recording agency lets another see this stream until then; an earlier agreement with it is over."""

    agency: AgencyCode
    tier: Tier
    purpose: Purpose
    until: Until
    place: Key = ""


class Ended(msgspec.Struct, frozen=True, omit_defaults=True):
    """One side ended an agreement."""

    agency: AgencyCode
    reason: Reason = ""


class RanOut(msgspec.Struct, frozen=True):
    """The time of an agreement is over."""

    agency: AgencyCode


# -- commands -------------------------------------------------------------------------------------------------


class Share(msgspec.Struct, frozen=True):
    """Let another agency see this stream, for so many minutes from now."""

    agency: AgencyCode
    tier: Tier
    minutes: Minutes
    purpose: Purpose


class End(msgspec.Struct, frozen=True, omit_defaults=True):
    """End the agreement with this receiver: as who shares, or as the receiver itself."""

    agency: AgencyCode
    reason: Reason = ""


class RunOut(msgspec.Struct, frozen=True):
    """Written by the system when the time of this agreement is over."""

    agency: AgencyCode
    version: Key


def key(agency: str) -> str:
    """The key of the agreement with a receiver in what an author had seen."""
    return f"agreement/{agency}"
