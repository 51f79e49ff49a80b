"""Organisation: opening an incident, who is party to it, what each agency has declared, who leads.

In the field this is the first minute of a major incident: somebody opens it, names the others, each says for
itself whether it is a major incident for them, and everybody knows who leads. Other slices ask it who is party.
"""

from __future__ import annotations

from typing import Any

from incident.catalogue import Charter
from incident.kernel.slice import Claim, CommandSpec, Conflict, EventSpec, Offline, Slice, View
from incident.organisation import facts, fold, rules, words
from incident.organisation.board import BOARD
from incident.organisation.ending import (
    OVER,
    busy,
    closed,
    off_scene,
    over,
    scene_over,
    stood_down,
    stood_down_at,
    with_units,
)
from incident.organisation.facts import (
    ACTIVE,
    DECLARATIONS,
    KINDS,
    LeadOffer,
    Organisation,
    Party,
    Sighting,
)
from incident.organisation.fold import asked
from incident.organisation.telling import must_be_told, untold
from incident.organisation.verbs import OPEN

__all__ = [
    "ACTIVE",
    "DECLARATIONS",
    "KINDS",
    "OPEN",
    "OVER",
    "SLICE",
    "LeadOffer",
    "Organisation",
    "Party",
    "Sighting",
    "asked",
    "busy",
    "charter_of",
    "closed",
    "is_party",
    "must_be_told",
    "off_scene",
    "organisation",
    "over",
    "parties",
    "scene_over",
    "stood_down",
    "stood_down_at",
    "untold",
    "with_units",
]


def organisation(view: View) -> Organisation:
    """The organisation of an incident, or of an agency's own part of one."""
    state: Organisation = view.organisation
    return state


def parties(view: View) -> tuple[str, ...]:
    """The agencies that take part (invited or joined, and not left).

    In no order that counts: a state that came as a snapshot has another one than a state that came as records.
    """
    found = view.organisation.parties
    return tuple(code for code, party in found.items() if party.left_at is None)


def is_party(view: View, agency: str) -> bool:
    """Whether an agency takes part. In an agency's own part of an incident, that agency alone."""
    state: Organisation = view.organisation
    if state.own:
        return state.own == agency
    party = state.parties.get(agency)
    return party is not None and party.left_at is None


def charter_of(view: View) -> Charter:
    """Catalogue, agencies and roles as frozen when the incident was opened."""
    state: Organisation = view.organisation
    return state.charter


def _claims(event: object) -> tuple[Claim, ...]:
    """A number is one incident's for ever, across all incidents of the same mode."""
    if not isinstance(event, facts.Numbered):
        return ()
    tell = f"register/{event.mode}/{event.agency}"
    return (Claim(f"{event.mode}/number/{event.number}", tell, event.number),)


def _lead_key(_command: object) -> tuple[str, ...]:
    return ("lead",)


def _without_brief(body: dict[str, Any]) -> dict[str, Any]:
    """Before version 2 a brief was given by word of mouth: none is made up."""
    return body


SLICE = Slice(
    name="organisation",
    state=Organisation,
    events=(
        EventSpec(facts.Opened),
        EventSpec(facts.OwnOpened),
        EventSpec(facts.Numbered),
        EventSpec(facts.AgenciesInvited),
        EventSpec(facts.InvitationTakenBack),
        EventSpec(facts.Retitled),
        EventSpec(facts.Joined),
        EventSpec(facts.ContactNamed),
        EventSpec(facts.Left),
        EventSpec(facts.Declared),
        EventSpec(facts.KindChanged),
        EventSpec(facts.LocationGiven),
        EventSpec(facts.LocationPicked),
        EventSpec(facts.LeadOffered, 2, {1: _without_brief}),
        EventSpec(facts.LeadAccepted, 2, {1: _without_brief}),
        EventSpec(facts.LeadDeclined),
        EventSpec(facts.LeadWithdrawn),
        EventSpec(facts.LeadLapsed),
        EventSpec(facts.Closed),
        EventSpec(facts.Reopened),
    ),
    commands=(
        # Opening is an observation: it happened, whether or not the line is up.
        CommandSpec(facts.Open, Conflict.APPEND, Offline.ALLOWED),
        CommandSpec(facts.OpenOwn, Conflict.APPEND, Offline.ALLOWED),
        CommandSpec(
            facts.AssignNumber,
            Conflict.CLAIM,
            Offline.REQUEST,
            about=lambda view, _command: view.organisation.opened_by,
        ),
        CommandSpec(facts.Invite, Conflict.MEMBERSHIP, Offline.REFUSED),
        CommandSpec(facts.TellAndOffer, Conflict.MEMBERSHIP, Offline.REFUSED, keys=_lead_key),
        CommandSpec(facts.Join, Conflict.MEMBERSHIP, Offline.REFUSED),
        CommandSpec(facts.TakeBackInvitation, Conflict.MEMBERSHIP, Offline.REFUSED),
        CommandSpec(facts.Retitle, Conflict.FIELD, Offline.QUEUED, keys=lambda _command: ("title",)),
        CommandSpec(
            facts.NameContact,
            Conflict.FIELD,
            Offline.QUEUED,
            keys=lambda command: (f"contact/{command.agency}",),
            about=lambda _view, command: command.agency,
        ),
        CommandSpec(facts.Leave, Conflict.MEMBERSHIP, Offline.REFUSED),
        CommandSpec(
            facts.Declare,
            Conflict.STATE,
            Offline.QUEUED,
            keys=lambda command: (f"declared/{command.agency}",),
            about=lambda _view, command: command.agency,
        ),
        CommandSpec(facts.ChangeKind, Conflict.STATE, Offline.QUEUED, keys=lambda _command: ("kind",)),
        CommandSpec(facts.GiveLocation, Conflict.SAFETY, Offline.QUEUED, keys=lambda _command: ("location",)),
        CommandSpec(facts.PickLocation, Conflict.SAFETY, Offline.QUEUED, keys=lambda _command: ("location",)),
        CommandSpec(facts.OfferLead, Conflict.CLAIM, Offline.REQUEST, keys=_lead_key),
        CommandSpec(facts.AcceptLead, Conflict.CLAIM, Offline.REQUEST, keys=_lead_key),
        CommandSpec(facts.DeclineLead, Conflict.CLAIM, Offline.REQUEST, keys=_lead_key),
        CommandSpec(facts.WithdrawLead, Conflict.CLAIM, Offline.REQUEST, keys=_lead_key),
        CommandSpec(facts.LapseLead, Conflict.STATE, Offline.REFUSED, keys=_lead_key),
        CommandSpec(facts.Close, Conflict.STATE, Offline.QUEUED, keys=lambda _command: ("closed",)),
        CommandSpec(facts.Reopen, Conflict.STATE, Offline.QUEUED, keys=lambda _command: ("closed",)),
    ),
    decide=rules.decide,
    evolve=fold.evolve,
    sentence=words.sentence,
    state_v=9,
    boards=(BOARD,),
    version=words.version,
    claims=_claims,
    label=words.label,
    due=fold.due,
    addressed=fold.addressed,
    invariants=fold.invariants,
)
