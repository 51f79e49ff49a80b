"""Delegation, the facts: a role lent to a named colleague for some hours, and a glass that was broken.

In the field a commander goes to a briefing and says who acts for them meanwhile; a loggist falls ill and somebody
else keeps the log. Said by word of mouth it is nobody's afterwards, so it is written down: who, to whom, what, until
when, and why. Glass is broken when the usual sign-in cannot be had: two persons of an agency let one in, and every
party hears of it at once.
"""

from __future__ import annotations

from typing import Annotated, Final

import msgspec
from msgspec import Meta

from incident.catalogue import RoleCode
from incident.values import HOUR_MS, AgencyCode, Millis

LONGEST_MS: Final = 12 * HOUR_MS
"""A delegation lasts a long shift and no longer: what is to last is a role of their own."""

ACTIVE_MAX: Final = 40
"""Delegations that one agency may have running at one time."""
KEPT_MAX: Final = 60
"""Delegations of one agency that the state keeps, ended ones too; past it that which ended first goes."""
GLASS_MAX: Final = 50
"""Broken glass that the state keeps; the log keeps all."""

Person = Annotated[str, Meta(min_length=1, max_length=80, pattern=r"\S")]
Reason = Annotated[str, Meta(min_length=1, max_length=500, pattern=r"\S")]
MayBeBlank = Annotated[str, Meta(max_length=500)]


# -- state ----------------------------------------------------------------------------------------------------


class Delegation(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A role lent to somebody of the same agency. Times are UTC ms on the incident's clock, as the server took it.

    ``to`` is the name with which they sign in. It counts from ``since`` on, before ``until`` and before ``ended_at``;
    ``at`` is when it was last given or prolonged. ``by`` gave it, in the role ``giver``. ``version`` is the id of the
    command that last changed it.
    """

    agency: str
    to: str
    role: str
    at: int
    until: int
    reason: str
    by: str
    giver: str = ""
    since: int = 0
    ended_at: int | None = None
    ended_by: str = ""
    ended_why: str = ""
    version: str = ""

    @property
    def key(self) -> str:
        """LAS/tactical_commander/sam osei: one person has a role lent once."""
        return lent_key(self.agency, self.role, self.to)

    @property
    def over_at(self) -> int:
        """When it is over at the latest (UTC ms)."""
        return self.until if self.ended_at is None else min(self.ended_at, self.until)

    def counts(self, now: int) -> bool:
        """Whether it opens anything at this moment: asked whenever it is read, so nothing need end it."""
        return self.ended_at is None and now < self.until

    def counted(self, moment: int) -> bool:
        """Whether it counted at a moment of the past. One that was ended early answers no: who lost it says when."""
        return self.since <= moment and self.counts(moment)


class Glass(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """Two persons of an agency let themselves in past the usual sign-in. ``at`` is UTC ms on the incident's clock.

    ``until`` is UTC ms of the server's: a sign-in ends in real time, also while an exercise stands.
    """

    id: str
    agency: str
    first: str
    second: str
    role: str
    reason: str
    at: int
    until: int


class Delegations(msgspec.Struct, frozen=True):
    """What is or was lent, by ``Delegation.key``; glass that was broken, by the id of its command."""

    lent: dict[str, Delegation] = {}
    glass: dict[str, Glass] = {}

    def held(self, agency: str, name: str) -> tuple[Delegation, ...]:
        """What was ever lent to this person here, what is over, too. Small and capital letters are one name.

        Folded as where names are made unique (``lower``), so that no two people are one here.
        """
        wanted = name.lower()
        return tuple(one for one in self.lent.values() if one.agency == agency and one.to.lower() == wanted)

    def roles(self, agency: str, name: str, now: int) -> tuple[str, ...]:
        """The roles that are lent to this person at this moment (UTC ms)."""
        return tuple(one.role for one in self.held(agency, name) if one.counts(now))

    def roles_then(self, agency: str, name: str, moment: int) -> tuple[str, ...]:
        """The roles that were lent to this person at a moment of the past (UTC ms)."""
        return tuple(one.role for one in self.held(agency, name) if one.counted(moment))


# -- events ---------------------------------------------------------------------------------------------------


class Delegated(msgspec.Struct, frozen=True, omit_defaults=True):
    """A role was lent, or what was lent already has another end or reason. ``giver`` is the role of who gave it."""

    agency: AgencyCode
    to: Person
    role: RoleCode
    until: Millis
    reason: Reason
    giver: RoleCode


class DelegationEnded(msgspec.Struct, frozen=True, omit_defaults=True):
    """It ended before its time. ``back``: the receiver gave it back."""

    agency: AgencyCode
    to: Person
    role: RoleCode
    reason: MayBeBlank = ""
    back: bool = False


class GlassBroken(msgspec.Struct, frozen=True, omit_defaults=True):
    """Two persons let themselves in past the usual sign-in; the server wrote it down. ``until``: of real time."""

    agency: AgencyCode
    first: Person
    second: Person
    role: RoleCode
    reason: Reason
    until: Millis


# -- commands -------------------------------------------------------------------------------------------------


class Delegate(msgspec.Struct, frozen=True, omit_defaults=True):
    """Lend a role to a named colleague, until a moment (UTC ms), with the reason."""

    agency: AgencyCode
    to: Person
    role: RoleCode
    until: Millis
    reason: Reason


class EndDelegation(msgspec.Struct, frozen=True, omit_defaults=True):
    """Take back what was lent, or give it back."""

    agency: AgencyCode
    to: Person
    role: RoleCode
    reason: MayBeBlank = ""


class RecordGlass(msgspec.Struct, frozen=True, omit_defaults=True):
    """Write down that glass was broken. The server alone does so, in every incident that the agency is party to."""

    agency: AgencyCode
    first: Person
    second: Person
    role: RoleCode
    reason: Reason
    until: Millis


# -- keys -----------------------------------------------------------------------------------------------------


def tidy(text: str) -> str:
    """A name without blanks at its ends or doubled inside."""
    return " ".join(text.split())


def lent_key(agency: str, role: str, to: str) -> str:
    """The key of a delegation."""
    return f"{agency}/{role}/{tidy(to).lower()}"
