"""Units committed to an incident, the facts: what one is, what can have happened to it, what can be asked of it.

A unit keeps its home trust for ever; who controls it now is a field of its own. Only the home trust commits it.
From commitment to release its status is set here, by its home or its controlling trust; what another agency saw
of it is kept beside that status and never overwrites it. What stands of a unit when it is committed is copied
into the record, so that an incident can be replayed without any register.
"""

from __future__ import annotations

from typing import Annotated, Final

import msgspec
from msgspec import Meta

from incident.catalogue import KindCode
from incident.fleet import facts as fleet_facts
from incident.values import AgencyCode, Millis

UNITS_MAX: Final = 40
"""Units that one command can commit: each is a key of what its author had seen, and a record of its own."""

UNITS_HELD_MAX: Final = 2_000
"""Units committed to one incident at one time."""

PAST_KEPT: Final = 2_000
"""Commitments that have ended, of which the state still knows; the records know all of them."""

UnitKey = fleet_facts.UnitKey
StatusCode = fleet_facts.StatusCode
Place = Annotated[str, Meta(max_length=120)]
Note = Annotated[str, Meta(max_length=300)]
Function = Annotated[str, Meta(max_length=60)]
Reason = Annotated[str, Meta(max_length=500)]
Reasoned = Annotated[str, Meta(min_length=1, max_length=500, pattern=r"\S")]


class Report(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """What another agency said of a unit: the status it saw, when (UTC ms), who saw it."""

    status: str
    at: int
    actor: str
    note: str = ""


class Offer(msgspec.Struct, frozen=True, gc=False):
    """Control of a unit offered to ``to`` by the agency that has it. ``id`` is the command that offered."""

    id: str
    to: str
    by: str
    actor: str
    at: int


class Resource(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One unit committed to this incident. Times are UTC ms.

    ``commitment`` is the id of this commitment; the unit may come back later under another. ``since`` is when
    the status began, ``heard_at`` when somebody entitled last said that it is so. ``version`` is the last command
    of any kind, ``status_version`` and ``control_version`` the last that changed status or control, ``edits``
    those that last changed each ordinary field.
    """

    home: str
    callsign: str
    kind: str
    controlling: str
    status: str
    since: int
    heard_at: int
    commitment: str
    committed_at: int
    committed_by: str
    version: str
    status_version: str
    control_version: str
    capabilities: tuple[str, ...] = ()
    station: str = ""
    crew_shift_end: int | None = None
    function: str = ""
    reason: str = ""
    place: str = ""
    destination: str = ""
    note: str = ""
    said_by: str = ""
    scene_at: int = 0
    """When it last came to the scene or, while it is not there, when it last left it (UTC ms); 0: it never was."""
    loaded: bool = False
    """It has left the scene after loading: somebody is on board."""
    sent_at: int = 0
    """When it was last given a destination (UTC ms); 0 when it is bound for nowhere."""
    crew_told_at: int = 0
    """When its crew confirmed that destination (UTC ms); 0 when they have not."""
    offer: Offer | None = None
    reports: dict[str, Report] = {}
    edits: dict[str, str] = {}

    @property
    def key(self) -> str:
        """The unit across all trusts: LAS/A101."""
        return f"{self.home}/{self.callsign}"

    @property
    def disputed(self) -> bool:
        """Whether another agency saw something else than what stands here; both are kept."""
        return bool(self.reports) and any(report.status != self.status for report in self.reports.values())


class PastCommitment(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """A commitment that has ended: the unit, from when to when (UTC ms), and how it stood at its release."""

    unit: str
    kind: str
    controlling: str
    committed_at: int
    released_at: int
    released_by: str
    status: str
    since: int
    version: str
    reason: str = ""
    left_scene_at: int = 0
    """When it last left the scene (UTC ms); 0: it never was there."""


class Resources(msgspec.Struct, frozen=True):
    """The units committed now, by ``LAS/A101``, and the commitments that have ended, by their id."""

    units: dict[str, Resource] = {}
    released: dict[str, PastCommitment] = {}


class Commitment(msgspec.Struct, frozen=True, omit_defaults=True):
    """A unit as its home trust commits it: what the register says of it, and what it is to do here.

    Copied from the register by the client that commits, on the home trust's word: the incident cannot look into
    a register, so it does not check that the unit stands there, nor how. ``since`` is when the status began
    (UTC ms), None when that is not known.
    """

    unit: UnitKey
    kind: KindCode
    status: StatusCode = "UNK"
    since: Millis | None = None
    capabilities: fleet_facts.Capabilities = ()
    station: fleet_facts.Station = ""
    crew_shift_end: Millis | None = None
    function: Function = ""
    destination: Place = ""


Commitments = Annotated[tuple[Commitment, ...], Meta(min_length=1, max_length=UNITS_MAX)]


# -- events ---------------------------------------------------------------------------------------------------


class Committed(msgspec.Struct, frozen=True, omit_defaults=True):
    """A unit was committed to this incident, and can be committed to no other until it is released."""

    mode: str
    commitment: Commitment
    reason: str = ""


class StatusSet(msgspec.Struct, frozen=True):
    """The home or the controlling trust set the next status."""

    unit: str
    status: str
    was: str


class StatusConfirmed(msgspec.Struct, frozen=True):
    """The status stands, says the home or the controlling trust: it had grown stale, or was disputed."""

    unit: str
    status: str


class StatusCorrected(msgspec.Struct, frozen=True):
    """The status shown was wrong."""

    unit: str
    status: str
    was: str
    reason: str


class StatusReported(msgspec.Struct, frozen=True, omit_defaults=True):
    """Another agency saw the unit in this status."""

    unit: str
    status: str
    note: str = ""


class Described(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where a unit is, where it is going, what it does here, or a note changed; None is as it was."""

    unit: str
    place: str | None = None
    destination: str | None = None
    function: str | None = None
    note: str | None = None


class DestinationConfirmed(msgspec.Struct, frozen=True):
    """The crew has confirmed where it is going (Manchester: crews were redirected nine minutes late)."""

    unit: str
    destination: str


class ControlOffered(msgspec.Struct, frozen=True):
    """The controlling trust offers control of a unit to another agency."""

    unit: str
    to: str


class ControlTaken(msgspec.Struct, frozen=True):
    """The agency it was offered to took control."""

    unit: str
    controlling: str
    was: str


class ControlDeclined(msgspec.Struct, frozen=True, omit_defaults=True):
    """The agency it was offered to did not take control."""

    unit: str
    to: str
    reason: str = ""


class OfferWithdrawn(msgspec.Struct, frozen=True):
    """The offer of control was taken back before it was answered."""

    unit: str
    to: str


class Recalled(msgspec.Struct, frozen=True, omit_defaults=True):
    """The home trust took control of its unit back, at once."""

    unit: str
    was: str
    reason: str = ""


class Released(msgspec.Struct, frozen=True, omit_defaults=True):
    """The unit belongs to this incident no longer. ``status`` is how it stood."""

    mode: str
    unit: str
    status: str
    reason: str = ""


# -- commands -------------------------------------------------------------------------------------------------


class Commit(msgspec.Struct, frozen=True, omit_defaults=True):
    """Commit units of our own to this incident: all of them, or, when one cannot be had, none.

    What is said of each is the home trust's word alone (see ``Commitment``); that no other incident holds it is
    not: that is claimed, and one claim wins.
    """

    units: Commitments
    reason: Reason = ""


class SetStatus(msgspec.Struct, frozen=True):
    """Set the next status of a unit that is ours or that we control: a legal step."""

    unit: UnitKey
    status: StatusCode


class CorrectStatus(msgspec.Struct, frozen=True):
    """Set any status, because the one shown is wrong."""

    unit: UnitKey
    status: StatusCode
    reason: Reasoned


class ReportStatus(msgspec.Struct, frozen=True, omit_defaults=True):
    """Say in which status we saw another agency's unit."""

    unit: UnitKey
    status: StatusCode
    note: Note = ""


class Describe(msgspec.Struct, frozen=True, omit_defaults=True):
    """Say where a unit is, where it goes, what it does here, or note something; None leaves it as it is."""

    unit: UnitKey
    place: Place | None = None
    destination: Place | None = None
    function: Function | None = None
    note: Note | None = None


class ConfirmDestination(msgspec.Struct, frozen=True):
    """Say that the crew has confirmed its destination: it was told, and it answered."""

    unit: UnitKey
    destination: Annotated[str, Meta(min_length=1, max_length=120)]


class OfferControl(msgspec.Struct, frozen=True):
    """Offer control of a unit that we control to another party; in its place stands any earlier offer."""

    unit: UnitKey
    to: AgencyCode


class AcceptControl(msgspec.Struct, frozen=True):
    """Take control of a unit that was offered to us."""

    unit: UnitKey


class DeclineControl(msgspec.Struct, frozen=True, omit_defaults=True):
    """Do not take control of a unit that was offered to us."""

    unit: UnitKey
    reason: Reason = ""


class Recall(msgspec.Struct, frozen=True, omit_defaults=True):
    """The home trust takes control of its unit back; whoever has offered control takes the offer back."""

    unit: UnitKey
    reason: Reason = ""


class Release(msgspec.Struct, frozen=True, omit_defaults=True):
    """Let a unit go that is ours or that we control: it is free for others from now on."""

    unit: UnitKey
    reason: Reason = ""


FIELDS: Final = ("place", "destination", "function", "note")
"""The ordinary fields of a unit: different ones merge, of the same one the last stands."""


LABELS: Final = {"place": "place", "destination": "destination", "function": "work", "note": "note"}
"""What each of them is called in a sentence."""


def field_key(unit: str, field: str) -> str:
    """What a change of one ordinary field is compared with."""
    return f"{unit}/{field}"


def said(command: Describe) -> tuple[str, ...]:
    """The fields that a command gives."""
    return tuple(name for name in FIELDS if getattr(command, name) is not None)


def control_key(unit: str) -> str:
    """What a change of control is compared with; the unit's own key is what a change of status is."""
    return f"{unit}/control"
