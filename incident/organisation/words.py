"""How the field speaks of an incident's organisation: log lines and names."""

from __future__ import annotations

from typing import Any

from incident.kernel.record import Record
from incident.kernel.slice import Line, Names
from incident.organisation import facts
from incident.organisation.facts import Organisation
from incident.organisation.rules import is_back, spoken

DECISION, ACT, MACHINE = "decision", "act", "machine"
_ID_LENGTH = 36


def sentence(event: Any, record: Record, _names: Names) -> Line:
    """One event as a line of the log. Who wrote it and for which agency stands before it already."""
    match event:
        case facts.Opened():
            text = f"Opened {_article(event.mode, event.kind)}: {event.title}. {event.location.words()}"
            return Line(text, DECISION)
        case facts.OwnOpened():
            return Line(f"Opened {event.agency}'s own part of the incident", MACHINE)
        case facts.Numbered():
            return Line(f"Incident number {event.number}", ACT)
        case facts.KindChanged():
            return Line(
                f"{spoken(event.before).capitalize()} is now {spoken(event.kind)}{_why(event)}", DECISION
            )
        case facts.Closed():
            return Line(f"Closed the incident{_why(event)}", DECISION)
        case facts.Reopened():
            return Line(f"Opened the incident again{_why(event)}", DECISION)
        case facts.LocationGiven():
            word = "Location confirmed" if event.location.confirmed else "Location"
            return Line(f"{word}: {event.location.words()}", ACT)
        case facts.LocationPicked():
            return Line(f"Location settled: {event.location.words()}", DECISION)
        case (
            facts.AgenciesInvited() | facts.Joined() | facts.ContactNamed() | facts.Left() | facts.Declared()
        ):
            return _party(event, record)
        case _:
            return _lead(event, record)


def _article(mode: str, kind: str) -> str:
    word = spoken(kind)
    if mode == "exercise":
        return f"an exercise {word}"
    return f"a live {word}"


def _why(event: Any) -> str:
    return f". Reason: {event.reason}" if event.reason else ""


def _party(event: Any, record: Record) -> Line:
    match event:
        case facts.AgenciesInvited():
            return Line(f"Invited {', '.join(event.agencies)}", ACT)
        case facts.Joined():
            return Line(f"{record.agency} joined. Single point of contact: {event.spoc}", ACT)
        case facts.ContactNamed():
            return Line(f"{record.agency}'s single point of contact: {event.spoc}", ACT)
        case facts.Left():
            return Line(f"{record.agency} left the incident{_why(event)}", DECISION)
        case _:
            back = f", back from {spoken(event.before)}" if is_back(event.before, event.state) else ""
            weight = ACT if event.state == "aware" and not back else DECISION
            return Line(f"{event.agency} declares {spoken(event.state).upper()}{back}{_why(event)}", weight)


def _lead(event: Any, record: Record) -> Line:
    match event:
        case facts.LeadOffered():
            if event.to == record.agency:
                return Line(f"{event.to} claims the lead{_why(event)}", DECISION)
            return Line(f"Offers the lead to {event.to}{_why(event)}", DECISION)
        case facts.LeadAccepted():
            return Line(f"{event.lead} has the lead, from {event.before}", DECISION)
        case facts.LeadDeclined():
            return Line(f"The lead does not go to {event.to}{_why(event)}", DECISION)
        case facts.LeadWithdrawn():
            return Line(f"Took back: the lead to {event.to}", ACT)
        case _:
            return Line(f"The lead was not taken: {event.to}, no answer in 15 minutes", ACT)


def label(state: Organisation, key: str) -> str:
    """What people call a thing of this slice: an agency, an invitation, an offer of the lead, the incident."""
    if key in ("", state.incident_id):
        return " ".join(part for part in (state.number, state.title) if part) or "the incident"
    agency = state.charter.agencies.get(key)
    if agency is not None:
        return agency.short or key
    for offer in state.lead_offers:
        if offer.id == key:
            return f"{offer.to}'s claim of the lead" if offer.claim else f"the lead offered to {offer.to}"
    if any(party.invitation == key for party in state.parties.values()):
        return "the invitation"
    # Answered long ago: its words went with it, and an id tells a reader nothing.
    return "an earlier offer of the lead" if len(key) == _ID_LENGTH else key


def version(state: Organisation, key: str) -> str:
    """The id of the command that last changed a thing: location, lead, kind, closed, declared/AGENCY."""
    match key:
        case "location":
            return state.location_version
        case "lead":
            return state.lead_version
        case "kind":
            return state.kind_version
        case "closed":
            return state.closed_version
    what, _, agency = key.partition("/")
    party = state.parties.get(agency) if what == "declared" else None
    return "" if party is None else party.version
