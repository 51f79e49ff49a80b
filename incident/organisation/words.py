"""How the field speaks of an incident's organisation: log lines and names."""

from __future__ import annotations

from typing import Any, Final

from incident.ground import as_before
from incident.kernel.record import Record
from incident.kernel.slice import Line, Names
from incident.organisation import facts
from incident.organisation.facts import LEAD_OFFER_MS, Organisation
from incident.organisation.rules import is_back, spoken, stood
from incident.placing import placing_words
from incident.values import length_words, sentences

DECISION, ACT, MACHINE = "decision", "act", "machine"
_ID_LENGTH = 36


def sentence(event: Any, record: Record, _names: Names) -> Line:
    """One event as a line of the log. Who wrote it and for which agency stands before it already."""
    match event:
        case facts.Opened():
            text = f"opens {_article(event.mode, event.kind)}: {event.title}"
            return Line(sentences(text, event.location.words(), _placed(event)), DECISION)
        case facts.OwnOpened():
            return Line("opens its own part of the incident", MACHINE)
        case facts.Numbered():
            return Line(f"numbers the incident {event.number}", ACT)
        case facts.Retitled():
            return Line(f"corrects the title to: {event.title} (was: {event.before})", ACT)
        case facts.KindChanged():
            what = f"makes the {spoken(event.before)} {_a(spoken(event.kind))}"
            return Line(sentences(what, _why(event)), DECISION)
        case facts.Closed():
            return Line(sentences("closes the incident", _why(event)), DECISION)
        case facts.Reopened():
            return Line(sentences("opens the incident again", _why(event)), DECISION)
        case facts.LocationGiven():
            word = "confirms" if event.location.confirmed else "gives"
            return Line(sentences(f"{word} the location: {event.location.words()}", _placed(event)), ACT)
        case facts.LocationPicked():
            return Line(f"settles the location: {event.location.words()}", DECISION)
        case (
            facts.LeadOffered()
            | facts.LeadAccepted()
            | facts.LeadDeclined()
            | facts.LeadWithdrawn()
            | facts.LeadLapsed()
        ):
            return _lead(event, record)
        case _:
            return _party(event, record)


def _article(mode: str, kind: str) -> str:
    word = spoken(kind)
    return f"an exercise {word}" if mode == "exercise" else f"a live {word}"


def _a(word: str) -> str:
    return f"an {word}" if word[0] in "aeiou" else f"a {word}"


def _placed(event: facts.Opened | facts.LocationGiven) -> str:
    if event.placing is None and isinstance(event, facts.LocationGiven) and event.before:
        return f"Area {as_before(event.before)}"
    return "" if event.placing is None else placing_words(event.placing)


def _why(event: Any) -> str:
    return f"Reason: {event.reason}" if event.reason else ""


def _party(event: Any, record: Record) -> Line:
    match event:
        case facts.AgenciesInvited():
            return Line(f"invites {', '.join(event.agencies)}", ACT)
        case facts.InvitationTakenBack():
            return Line(sentences(f"takes back the invitation of {event.agency}", _why(event)), ACT)
        case facts.Joined():
            return Line(f"joins, single point of contact: {event.spoc}", ACT)
        case facts.ContactNamed():
            return Line(f"names its single point of contact: {event.spoc}", ACT)
        case facts.Left():
            return Line(sentences("leaves the incident", _why(event)), DECISION)
        case _:
            return _declared(event, record)


DECLARED: Final = {
    "aware": "is aware",
    "standby": "declares MAJOR INCIDENT STANDBY",
    "declared": "declares MAJOR INCIDENT",
    "cancelled": "declares MAJOR INCIDENT CANCELLED",
    "scene_clear": "declares SCENE CLEAR",
    "stand_down": "declares STAND DOWN",
    "recovery": "declares RECOVERY",
    "closed": "declares its part CLOSED",
}
"""What an agency says of itself, as it stands in the log behind its name."""


def _declared(event: facts.Declared, record: Record) -> Line:
    back = is_back(event.before, event.state)
    words = DECLARED.get(event.state, f"declares {spoken(event.state).upper()}")
    # Exercise control may speak for an agency that nobody plays.
    said = words if event.agency == record.agency else f"for {event.agency}: {words}"
    if back:
        said += f", back from {stood(event.before)}"
    weight = ACT if event.state == "aware" and not back else DECISION
    return Line(sentences(said, _why(event)), weight)


def _lead(event: Any, record: Record) -> Line:
    by_itself = event.to == record.agency if hasattr(event, "to") else event.lead == record.agency
    match event:
        case facts.LeadOffered():
            what = "claims the lead" if by_itself else f"offers the lead to {event.to}"
            what += " with a written brief" if event.brief else ""
            return Line(sentences(what, _why(event)), DECISION)
        case facts.LeadAccepted():
            what = f"accepts the lead from {event.before}" if by_itself else f"gives the lead to {event.lead}"
            return Line(f"{what} with a written brief" if event.brief else what, DECISION)
        case facts.LeadDeclined():
            what = "declines the lead" if by_itself else f"does not give the lead to {event.to}"
            return Line(sentences(what, _why(event)), DECISION)
        case facts.LeadWithdrawn():
            what = "its claim of the lead" if by_itself else f"its offer of the lead to {event.to}"
            return Line(f"takes back {what}", ACT)
        case _:
            within = length_words(LEAD_OFFER_MS)
            return Line(f"the lead does not go to {event.to}: no answer in {within}", ACT)


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
    # Answered meanwhile: its words went with it, and an id tells a reader nothing.
    return "an offer of the lead" if len(key) == _ID_LENGTH or key[_ID_LENGTH:] == "/1" else key


def version(state: Organisation, key: str) -> str:
    """The id of the command that last changed a thing: location, lead, declared/AGENCY and the like."""
    match key:
        case "location":
            return state.location_version
        case "lead":
            return state.lead_version
        case "kind":
            return state.kind_version
        case "closed":
            return state.closed_version
        case "title":
            return state.title_version
    what, _, agency = key.partition("/")
    party = state.parties.get(agency)
    if party is None:
        return ""
    return {"declared": party.version, "contact": party.spoc_version}.get(what, "")
