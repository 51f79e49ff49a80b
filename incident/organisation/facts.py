"""What an incident is made of besides its work: state, events and commands of the slice ``organisation``.

Declared is per agency, not per incident: it may be a major incident for one service and not for another. Nobody
declares for anybody else, and one agency's stand-down never stands down another.
"""

from __future__ import annotations

from typing import Annotated, Final

import msgspec
from msgspec import Meta

from incident.catalogue import Charter
from incident.ground import Codes
from incident.placing import Placing
from incident.values import MINUTE_MS, AgencyCode, Location, Mode

DECLARATIONS: Final = (
    "aware", "standby", "declared", "cancelled", "scene_clear", "stand_down", "recovery", "closed",
)  # fmt: skip
"""What an agency can say of itself, in the order in which it usually does."""

ACTIVE: Final = frozenset({"standby", "declared", "scene_clear"})
"""Declarations that mean: this agency is at work on it."""

KINDS: Final = ("incident", "standby", "planned_event")
LEAD_OFFER_MS: Final = 15 * MINUTE_MS
"""How long an offer of the lead stands before it lapses by itself."""

SIGHTINGS_MAX: Final = 8
PARTIES_MAX: Final = 100
BRIEF_MAX: Final = 8_000
"""Characters of the IIMARCH brief with which the lead is handed over."""

Line = Annotated[str, Meta(min_length=1, max_length=200, pattern=r"\S")]
Reason = Annotated[str, Meta(max_length=500)]
Reasoned = Annotated[str, Meta(min_length=1, max_length=500, pattern=r"\S")]
Contact = Line
KindOf = Annotated[str, Meta(pattern=r"^(incident|standby|planned_event)$(?!\n)")]
Declaration = Annotated[str, Meta(pattern=rf"^({'|'.join(DECLARATIONS)})$(?!\n)")]
Number = Annotated[str, Meta(pattern=r"^[A-Z][A-Z0-9]{1,11}-\d{4}-\d{2,4}$(?!\n)")]
Key = Annotated[str, Meta(max_length=80)]
Brief = Annotated[str, Meta(max_length=BRIEF_MAX)]
"""An IIMARCH brief in writing, a line for each heading and what is said under it; "": by word of mouth, or none."""
Agencies = Annotated[tuple[AgencyCode, ...], Meta(min_length=1, max_length=30)]


# -- state ----------------------------------------------------------------------------------------------------


class Party(msgspec.Struct, frozen=True, omit_defaults=True):
    """One agency's place in the incident. Times are UTC ms.

    ``declared`` is one of DECLARATIONS, or "" as long as the agency has neither joined nor said anything.
    ``reason`` is the one given with the last declaration. ``spoc`` is the single point of contact: whom to ring.
    ``version`` is the id of the command that last declared, ``invitation`` that of the one that invited last,
    ``spoc_version`` that of the one that last named the contact. ``uninvited``: the invitation was taken back.
    """

    agency: AgencyCode
    invited_at: int
    invited_by: str = ""
    invitation: str = ""
    joined_at: int | None = None
    left_at: int | None = None
    spoc: str = ""
    spoc_version: str = ""
    uninvited: bool = False
    declared: str = ""
    declared_at: int | None = None
    declared_by: str = ""
    major_at: int | None = None
    """When it first declared the major incident (UTC ms).

    Kept when it says scene clear or stands down, and when that is corrected; called off and declared again is anew.
    """
    reason: str = ""
    version: str = ""
    changed: str = ""
    """The id of the command that last changed anything here."""

    @property
    def spoken_for(self) -> bool:
        """It has said itself how it stands. By opening or joining it is aware, and has said nothing yet."""
        return bool(self.declared) and not (self.declared == "aware" and self.declared_at == self.joined_at)

    @property
    def stands_since(self) -> int | None:
        """Since when it stands as it says (UTC ms): of a major incident since it was declared, however often again."""
        return self.major_at if self.declared == "declared" else self.declared_at


class Sighting(msgspec.Struct, frozen=True, omit_defaults=True):
    """One value of the location, and who gave it when; ``placing`` as computed by the room that gave it.

    ``before`` are those who had to be told of the place before, when a room gave this one that could compute nothing.
    ``since`` is when a trust had to be told first (UTC ms), where a place before this one concerned it already.
    """

    location: Location
    agency: str
    actor: str
    at: int
    version: str
    placing: Placing | None = None
    before: Codes = ()
    since: dict[AgencyCode, int] = {}


class LeadOffer(msgspec.Struct, frozen=True, omit_defaults=True):
    """The lead is to go to ``to``: offered by the agency that has it, or claimed by the one that should.

    ``by`` is the agency that wrote it; ``id`` the command that made it. Until accepted the old lead stays.
    ``brief`` is the IIMARCH brief that goes with an offer; with a claim, who has the lead gives one when it accepts.
    """

    id: str
    to: AgencyCode
    by: AgencyCode
    actor: str
    reason: str
    at: int
    brief: str = ""

    @property
    def claim(self) -> bool:
        """Asked for by the agency that wants it, not offered by the one that has it."""
        return self.to == self.by

    @property
    def lapses_at(self) -> int:
        """When it lapses if nobody answers (UTC ms)."""
        return self.at + LEAD_OFFER_MS


class Organisation(msgspec.Struct, frozen=True):
    """The incident itself: what, where, who takes part, who leads. ``own`` is set in an agency's own part.

    ``lead_brief`` is the IIMARCH brief with which the lead last changed hands.
    More than one sighting means that the location is DISPUTED: rooms that had not seen each other's change have
    given different ones, and both stand until a tactical commander picks. The first is the one shown.
    """

    opened: bool = False
    incident_id: str = ""
    mode: Mode = "exercise"
    kind: str = "incident"
    title: str = ""
    number: str = ""
    opened_at: int = 0
    opened_by: str = ""
    charter: Charter = Charter()
    parties: dict[str, Party] = {}
    sightings: tuple[Sighting, ...] = ()
    location_version: str = ""
    lead: str = ""
    lead_since: int = 0
    lead_version: str = ""
    lead_offers: tuple[LeadOffer, ...] = ()
    lead_brief: str = ""
    kind_version: str = ""
    title_version: str = ""
    closed: bool = False
    closed_at: int | None = None
    closed_version: str = ""
    own: str = ""

    @property
    def location(self) -> Location:
        """Where it is, as it stands; see ``disputed``."""
        return self.sightings[0].location if self.sightings else Location()

    @property
    def placing(self) -> Placing | None:
        """Where that lies among the trusts' areas; None when it was not computed, or is in dispute."""
        return self.sightings[0].placing if len(self.sightings) == 1 else None

    @property
    def disputed(self) -> bool:
        """Whether two rooms have given different locations and nobody has picked one yet."""
        return len(self.sightings) > 1

    @property
    def lead_offer(self) -> LeadOffer | None:
        """The oldest offer or claim of the lead that still stands."""
        return self.lead_offers[0] if self.lead_offers else None

    @property
    def lead_disputed(self) -> bool:
        """Whether more than one agency is named for the lead."""
        return len(self.lead_offers) > 1


# -- events ---------------------------------------------------------------------------------------------------


class Opened(msgspec.Struct, frozen=True, omit_defaults=True):
    """An incident was opened. Catalogue, agencies and roles are frozen in here, for every replay."""

    incident_id: str
    mode: Mode
    kind: KindOf
    title: str
    location: Location
    charter: Charter
    placing: Placing | None = None


class OwnOpened(msgspec.Struct, frozen=True, omit_defaults=True):
    """An agency opened its own part of an incident: its own log and tasks, which no other sees."""

    incident_id: str
    agency: AgencyCode
    mode: Mode
    charter: Charter


class Numbered(msgspec.Struct, frozen=True):
    """The incident got its number for people. The number is claimed, so that no other incident can have it."""

    number: str
    mode: Mode
    agency: AgencyCode


class AgenciesInvited(msgspec.Struct, frozen=True):
    """Agencies were made party to the incident: from now on they can see it."""

    agencies: tuple[AgencyCode, ...]


class InvitationTakenBack(msgspec.Struct, frozen=True):
    """An agency that had been invited and had not joined is no longer party to the incident."""

    agency: AgencyCode
    reason: str


class Retitled(msgspec.Struct, frozen=True):
    """The title was wrong, or is not fit any more."""

    title: str
    before: str


class Joined(msgspec.Struct, frozen=True):
    """The recording agency took its place and named its single point of contact."""

    spoc: str


class ContactNamed(msgspec.Struct, frozen=True):
    """The recording agency named another single point of contact."""

    spoc: str


class Left(msgspec.Struct, frozen=True):
    """The recording agency is no longer party to the incident."""

    reason: str


class Declared(msgspec.Struct, frozen=True, omit_defaults=True):
    """An agency said of itself how it stands. ``before`` is what it had said last."""

    agency: AgencyCode
    state: Declaration
    before: str = ""
    reason: str = ""


class KindChanged(msgspec.Struct, frozen=True, omit_defaults=True):
    """A planned event or a standby became an incident (or an incident a standby), keeping everything."""

    kind: KindOf
    before: KindOf
    reason: str = ""


class LocationGiven(msgspec.Struct, frozen=True, omit_defaults=True):
    """Somebody said where it is. Whether that is a dispute follows from what the author had seen."""

    location: Location
    placing: Placing | None = None
    before: Codes = ()


class LocationPicked(msgspec.Struct, frozen=True):
    """A dispute over the location was settled: the sighting of this version stands."""

    version: str
    location: Location


class LeadOffered(msgspec.Struct, frozen=True, omit_defaults=True):
    """The recording agency offers the lead to ``to``, with a brief, or claims it for itself."""

    to: AgencyCode
    reason: str
    brief: str = ""


class LeadAccepted(msgspec.Struct, frozen=True, omit_defaults=True):
    """The lead has changed hands, with this brief: the offer's, or what who had the lead gave to who claimed it."""

    offer: str
    lead: AgencyCode
    before: AgencyCode
    brief: str = ""


class LeadDeclined(msgspec.Struct, frozen=True):
    """An offer or claim of the lead was declined; the lead stays where it is."""

    offer: str
    to: AgencyCode
    reason: str


class LeadWithdrawn(msgspec.Struct, frozen=True):
    """Who had written an offer or claim of the lead took it back."""

    offer: str
    to: AgencyCode


class LeadLapsed(msgspec.Struct, frozen=True):
    """An offer or claim of the lead was not answered in time."""

    offer: str
    to: AgencyCode


class Closed(msgspec.Struct, frozen=True, omit_defaults=True):
    """The incident was closed."""

    reason: str = ""


class Reopened(msgspec.Struct, frozen=True):
    """A closed incident was opened again."""

    reason: str


# -- commands -------------------------------------------------------------------------------------------------


class Open(msgspec.Struct, frozen=True, omit_defaults=True):
    """Open an incident. ``mode`` must be that of the server: a drill cannot be opened among live incidents.

    ``placing`` is computed by the author's client, for the set of areas that the charter names.
    """

    title: Line
    mode: Mode
    location: Location = Location()
    kind: KindOf = "incident"
    placing: Placing | None = None


class OpenOwn(msgspec.Struct, frozen=True):
    """Open our agency's own part of an incident; the stream says of which."""


class AssignNumber(msgspec.Struct, frozen=True):
    """Give the incident its number, once: LAS-2611-03."""

    number: Number


class Invite(msgspec.Struct, frozen=True):
    """Make agencies party to the incident."""

    agencies: Agencies


class TakeBackInvitation(msgspec.Struct, frozen=True):
    """An agency was invited by mistake: it shall no longer see the incident. Not once it has joined."""

    agency: AgencyCode
    reason: Reasoned


class Retitle(msgspec.Struct, frozen=True):
    """Correct the title."""

    title: Line


class Join(msgspec.Struct, frozen=True):
    """Take our place in the incident and say whom to ring here."""

    spoc: Contact


class NameContact(msgspec.Struct, frozen=True):
    """Say whom to ring at our agency from now on."""

    agency: AgencyCode
    spoc: Contact


class Leave(msgspec.Struct, frozen=True):
    """Be party to the incident no longer."""

    reason: Reasoned


class Declare(msgspec.Struct, frozen=True, omit_defaults=True):
    """Say how our agency stands. A step back (see DECLARATIONS) needs a reason."""

    agency: AgencyCode
    state: Declaration
    reason: Reason = ""


class ChangeKind(msgspec.Struct, frozen=True, omit_defaults=True):
    """Make a planned event or a standby an incident, keeping everything; a step back needs a reason."""

    kind: KindOf = "incident"
    reason: Reason = ""


class GiveLocation(msgspec.Struct, frozen=True, omit_defaults=True):
    """Say where it is; with ``confirmed`` set, that it is right. ``placing`` as in ``Open``."""

    location: Location
    placing: Placing | None = None


class PickLocation(msgspec.Struct, frozen=True):
    """Settle a dispute over the location: the sighting of this version stands."""

    version: Key


class OfferLead(msgspec.Struct, frozen=True, omit_defaults=True):
    """Offer the lead to another party, with a brief; with our own agency as ``to``, claim it."""

    to: AgencyCode
    reason: Reasoned
    brief: Brief = ""


class TellAndOffer(msgspec.Struct, frozen=True, omit_defaults=True):
    """Make the trusts that a place concerns party to the incident, and offer the lead: both, or neither.

    ``to`` may be one of them; "" leaves the lead where it is. The reason is needed with an offer.
    """

    agencies: Annotated[tuple[AgencyCode, ...], Meta(max_length=30)] = ()
    to: Annotated[str, Meta(pattern=r"^(?:[A-Z][A-Z0-9]{1,11})?$(?!\n)")] = ""
    reason: Reason = ""
    brief: Brief = ""


class AcceptLead(msgspec.Struct, frozen=True, omit_defaults=True):
    """Take the lead that was offered to us, with its brief; or give it, with ours, to the agency that claims it."""

    offer: Key
    brief: Brief = ""


class DeclineLead(msgspec.Struct, frozen=True):
    """Do not take the lead that was offered to us, or do not give it to the agency that claims it."""

    offer: Key
    reason: Reasoned


class WithdrawLead(msgspec.Struct, frozen=True):
    """Take back our own offer or claim of the lead."""

    offer: Key


class LapseLead(msgspec.Struct, frozen=True):
    """Written by the system when nobody has answered in time."""

    offer: Key


class Close(msgspec.Struct, frozen=True, omit_defaults=True):
    """Close the incident, once no agency is at work on it any more."""

    reason: Reason = ""


class Reopen(msgspec.Struct, frozen=True):
    """Open a closed incident again."""

    reason: Reasoned
