"""Commanders, the facts: which roles there are, who holds one, and how one goes from hand to hand.

A role is a job, not a rank, and belongs to one agency: each fills its own. A key role that nobody holds is an
alarm, since a service that stood at the scene with nobody in charge is what more than one inquiry found. Who
takes over is told who had it, gets an IIMARCH brief, and the log says that it was given.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from incident.values import AgencyCode

LABELLED_MAX: Final = 60
"""Roles with a label (sectors, desks, hospitals) that one agency can have held at one time."""

SECTION_MAX: Final = 600
"""Characters in one section of a brief: it is to be brief."""

NO, MAY, MUST = "no", "may", "must"


@dataclass(frozen=True, slots=True)
class Role:
    """One role: what it is called, its level, whether a vacant one alarms, and whether it has a label.

    The level is strategic, tactical, operational, function (at the scene) or room (in the control room). The
    label tells several of one kind apart: the sector of a forward commander, the hospital of a liaison officer.
    ``labels`` is no, may or must.
    """

    code: str
    title: str
    level: str
    key: bool = False
    labels: str = NO

    @property
    def words(self) -> str:
        """The title in the middle of a sentence: small, unless it begins with an abbreviation."""
        return self.title if self.title[1:2].isupper() else self.title[:1].lower() + self.title[1:]


ROLES: Final[Mapping[str, Role]] = {
    role.code: role
    for role in (
        Role("strategic", "Strategic commander", "strategic"),
        Role("strategic_medical", "Strategic medical adviser", "strategic"),
        Role("tactical", "Tactical commander", "tactical", key=True),
        Role("tactical_adviser", "Tactical adviser / NILO", "tactical"),
        Role("medical_adviser", "Medical adviser", "tactical"),
        Role("loggist", "Loggist", "tactical", labels=MAY),
        Role("operational", "Operational commander", "operational", key=True),
        Role("incident", "Ambulance incident commander", "operational"),
        Role("sector", "Forward (sector) commander", "operational", labels=MUST),
        Role("hart", "HART team leader", "operational"),
        Role("triage", "Primary triage officer", "function"),
        Role("clearing", "Casualty clearing officer", "function"),
        Role("loading", "Loading officer", "function"),
        Role("parking", "Parking officer", "function"),
        Role("rvp", "RVP officer", "function", labels=MAY),
        Role("safety", "Safety officer", "function"),
        Role("equipment", "Equipment officer", "function"),
        Role("communications", "Communications officer", "function"),
        Role("cbrn", "CBRN officer", "function"),
        Role("evacuation", "Evacuation officer", "function"),
        Role("access", "Access control officer", "function", labels=MAY),
        Role("halo", "Hospital ambulance liaison officer (HALO)", "function", labels=MUST),
        Role("room", "Control room duty manager", "room", key=True),
        Role("desk", "Operator desk", "room", labels=MUST),
    )
}
"""Every role, by its code, in the order in which boards show them. Ambulance words, that others share."""

ALSO_CALLED: Final[Mapping[str, str]] = {
    "gold": "strategic",
    "gold commander": "strategic",
    "silver": "tactical",
    "silver commander": "tactical",
    "bronze": "operational",
    "bronze commander": "operational",
    "nilo": "tactical_adviser",
    "aic": "incident",
    "duty manager": "room",
}
"""What people type for some of them: the level by its metal, and common abbreviations."""

RANKS: Final[Mapping[str, int]] = {code: rank for rank, code in enumerate(ROLES)}
DESK: Final = "desk"

AT_WORK: Final = frozenset({"declared", "scene_clear"})
"""What an agency has declared when its key roles must be held."""

_BLUE: Final = ("tactical", "operational", "room")
KEY_BY_TYPE: Final[Mapping[str, tuple[str, ...]]] = {
    "ambulance": _BLUE,
    "police": _BLUE,
    "fire": _BLUE,
    "voluntary": (),
    "private": (),
    "coordination": (),
    "exercise": (),
    "": _BLUE,
}
"""The key roles that an agency of this type must hold; of a type that is not here, a tactical commander alone."""

RoleCode = Annotated[str, Meta(pattern=rf"^({'|'.join(ROLES)})$(?!\n)")]
Label = Annotated[str, Meta(max_length=40)]
"""Which sector, hospital or desk; "" where there is one only."""
Name = Annotated[str, Meta(min_length=1, max_length=80, pattern=r"\S")]
NameOrNone = Annotated[str, Meta(max_length=80)]
Contact = Annotated[str, Meta(max_length=80)]
"""Where to reach them: a telephone number, a talkgroup, a callsign."""
Section = Annotated[str, Meta(max_length=SECTION_MAX)]
Points = Annotated[str, Meta(max_length=2000)]
Reason = Annotated[str, Meta(min_length=1, max_length=500, pattern=r"\S")]


class Brief(msgspec.Struct, frozen=True, omit_defaults=True):
    """An IIMARCH brief, as far as it was written down: seven sections, in the order in which they are said."""

    information: Section = ""
    intent: Section = ""
    method: Section = ""
    administration: Section = ""
    risk: Section = ""
    communications: Section = ""
    humanitarian: Section = ""

    @property
    def written(self) -> bool:
        """Whether anything stands in it."""
        return any(text.strip() for _, text in self.sections())

    def sections(self) -> tuple[tuple[str, str], ...]:
        """(title, text) of every section, the blank ones too."""
        return tuple((title, getattr(self, name)) for name, title in SECTIONS.items())


SECTIONS: Final[Mapping[str, str]] = {
    "information": "Information",
    "intent": "Intent",
    "method": "Method",
    "administration": "Administration",
    "risk": "Risk assessment",
    "communications": "Communications",
    "humanitarian": "Humanitarian issues",
}
"""The sections of an IIMARCH brief: field, and what it is called."""


# -- state ----------------------------------------------------------------------------------------------------


class Post(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One role of one agency, and who holds it; ``holder`` is "" while it is vacant. Times are UTC ms.

    ``since`` is when it came to its holder, or when it became vacant. ``relieves`` is who had it before.
    ``brief`` is what was written down at the last handover, None for nothing; ``verbal``: given by word of mouth.
    ``note`` is what was open when a desk was handed over, or why the role is vacant. ``by`` wrote it down.
    ``version`` is the id of the command that last changed who holds it, ``deputy_version`` of that which last
    named the deputy, ``changed`` of whichever was last.
    """

    agency: str
    role: str
    label: str = ""
    holder: str = ""
    contact: str = ""
    since: int = 0
    by: str = ""
    relieves: str = ""
    handovers: int = 0
    brief: Brief | None = None
    verbal: bool = False
    note: str = ""
    deputy: str = ""
    deputy_contact: str = ""
    version: str = ""
    deputy_version: str = ""
    changed: str = ""

    @property
    def key(self) -> str:
        """The post across all agencies: LAS/tactical, LAS/sector/north."""
        return post_key(self.agency, self.role, self.label)


class Commanders(msgspec.Struct, frozen=True):
    """Every role that is held, and those without a label that were held once, by their key (see ``post_key``)."""

    posts: dict[str, Post] = {}


# -- events ---------------------------------------------------------------------------------------------------


class RoleTaken(msgspec.Struct, frozen=True, omit_defaults=True):
    """Somebody holds a role that was vacant, or can be reached elsewhere."""

    agency: AgencyCode
    role: RoleCode
    holder: Name
    contact: Contact = ""
    label: Label = ""
    deputy: NameOrNone = ""


class HandedOver(msgspec.Struct, frozen=True, omit_defaults=True):
    """A role went from one to another, with a brief; the record's time is when."""

    agency: AgencyCode
    role: RoleCode
    outgoing: Name
    incoming: Name
    contact: Contact = ""
    label: Label = ""
    brief: Brief = Brief()
    verbal: bool = False


class RoleGivenUp(msgspec.Struct, frozen=True, omit_defaults=True):
    """Nobody holds the role any more."""

    agency: AgencyCode
    role: RoleCode
    outgoing: Name
    reason: Reason
    label: Label = ""


class DeputyNamed(msgspec.Struct, frozen=True, omit_defaults=True):
    """The holder of a role has a deputy, or with a blank name none any more."""

    agency: AgencyCode
    role: RoleCode
    deputy: NameOrNone
    contact: Contact = ""
    label: Label = ""


class DeskHandedOver(msgspec.Struct, frozen=True, omit_defaults=True):
    """A desk of a control room went from one operator to the next, with what is open."""

    agency: AgencyCode
    desk: Name
    outgoing: Name
    incoming: Name
    points: Points = ""
    contact: Contact = ""


# -- commands -------------------------------------------------------------------------------------------------


class TakeRole(msgspec.Struct, frozen=True, omit_defaults=True):
    """Appoint somebody to a vacant role of our own agency, or say where its holder can be reached."""

    agency: AgencyCode
    role: RoleCode
    holder: Name
    contact: Contact = ""
    label: Label = ""
    deputy: NameOrNone = ""


class HandOver(msgspec.Struct, frozen=True, omit_defaults=True):
    """Record that a role went to somebody else. A brief is written here, or was given by word of mouth."""

    agency: AgencyCode
    role: RoleCode
    incoming: Name
    contact: Contact = ""
    label: Label = ""
    brief: Brief = Brief()
    verbal: bool = False


class GiveUpRole(msgspec.Struct, frozen=True, omit_defaults=True):
    """Leave a role vacant, with the reason."""

    agency: AgencyCode
    role: RoleCode
    reason: Reason
    label: Label = ""


class NameDeputy(msgspec.Struct, frozen=True, omit_defaults=True):
    """Name who stands in for the holder of a role; blank for nobody."""

    agency: AgencyCode
    role: RoleCode
    deputy: NameOrNone
    contact: Contact = ""
    label: Label = ""


class HandOverDesk(msgspec.Struct, frozen=True, omit_defaults=True):
    """Record an operator's shift handover: who leaves the desk, who takes it, what is open."""

    agency: AgencyCode
    desk: Annotated[str, Meta(min_length=1, max_length=40, pattern=r"\S")]
    outgoing: Name
    incoming: Name
    points: Points = ""
    contact: Contact = ""


# -- keys -----------------------------------------------------------------------------------------------------


def tidy(text: str) -> str:
    """A name or label without blanks at its ends or doubled inside."""
    return " ".join(text.split())


def post_key(agency: str, role: str, label: str = "") -> str:
    """The key of a post: LAS/tactical, or with a label LAS/sector/north. Capitals make no difference."""
    folded = tidy(label).casefold()[:40]
    return f"{agency}/{role}/{folded}" if folded else f"{agency}/{role}"


def place_of(thing: TakeRole | HandOver | GiveUpRole | NameDeputy | Post) -> str:
    """The key of the post that a command or an event is about."""
    return post_key(thing.agency, thing.role, thing.label)
