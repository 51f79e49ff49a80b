"""What each event does to the state, what time alone brings, and what must never be true."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from incident.kernel.record import Record, thing_id
from incident.kernel.slice import Due, View
from incident.organisation import facts
from incident.organisation.ending import OVER
from incident.organisation.facts import DECLARATIONS, KINDS, LeadOffer, Organisation, Party, Sighting
from incident.organisation.rules import answers
from incident.organisation.telling import concerns_since, tells


def evolve(state: Organisation, event: Any, record: Record) -> Organisation:
    """The state after one event. Never refuses, whatever came before."""
    match event:
        case facts.Opened():
            return _opened(event, record)
        case facts.OwnOpened():
            return Organisation(
                opened=True,
                incident_id=event.incident_id,
                mode=event.mode,
                charter=event.charter,
                opened_at=record.at,
                opened_by=record.agency,
                own=event.agency,
            )
        case facts.Numbered():
            return replace(state, number=event.number)
        case facts.AgenciesInvited():
            return _invited(state, event.agencies, record)
        case (
            facts.Joined()
            | facts.ContactNamed()
            | facts.Left()
            | facts.Declared()
            | facts.InvitationTakenBack()
        ):
            return _party(state, event, record)
        case facts.Retitled():
            return replace(state, title=event.title, title_version=record.command_id)
        case facts.KindChanged():
            return replace(state, kind=event.kind, kind_version=record.command_id)
        case facts.LocationGiven() | facts.LocationPicked():
            return _located(state, event, record)
        case facts.Closed():
            return replace(state, closed=True, closed_at=record.recorded_at, closed_version=record.command_id)
        case facts.Reopened():
            return replace(state, closed=False, closed_at=None, closed_version=record.command_id)
        case _:
            return _lead(state, event, record)


def _opened(event: facts.Opened, record: Record) -> Organisation:
    opener = Party(
        agency=record.agency,
        invited_at=record.at,
        invited_by=record.agency,
        joined_at=record.at,
        declared="aware",
        declared_at=record.at,
        declared_by=record.actor,
        version=record.command_id,
        changed=record.command_id,
    )
    return Organisation(
        opened=True,
        incident_id=event.incident_id,
        mode=event.mode,
        kind=event.kind,
        title=event.title,
        opened_at=record.at,
        opened_by=record.agency,
        charter=event.charter,
        parties={record.agency: opener},
        sightings=(_sighting(event, record),),
        location_version=record.command_id,
        lead=record.agency,
        lead_since=record.at,
        lead_version=record.command_id,
        kind_version=record.command_id,
        title_version=record.command_id,
        closed_version=record.command_id,
    )


def _sighting(event: facts.Opened | facts.LocationGiven, record: Record) -> Sighting:
    before = event.before if isinstance(event, facts.LocationGiven) else ()
    at, version = record.at, record.command_id
    return Sighting(event.location, record.agency, record.actor, at, version, event.placing, before)


def _since(new: Sighting, known: tuple[Sighting, ...]) -> Sighting:
    """A place given anew gives nobody more time: who had to be told already has had to since then."""
    first: dict[str, int] = {}
    for one in known:
        for code in tells(one):
            first[code] = min(concerns_since(one, code), first.get(code, new.at))
    return replace(new, since={code: first[code] for code in tells(new) if first.get(code, new.at) < new.at})


def _invited(state: Organisation, agencies: tuple[str, ...], record: Record) -> Organisation:
    parties = dict(state.parties)
    for agency in agencies:
        before = parties.get(agency)
        if before is None:
            before = Party(agency, record.at)
        # Who had left is invited anew: what they had said stays, their place has to be taken again.
        parties[agency] = replace(
            before,
            invited_at=record.at,
            invited_by=record.agency,
            invitation=record.command_id,
            joined_at=None,
            left_at=None,
            uninvited=False,
            changed=record.command_id,
        )
    return replace(state, parties=parties)


def _party(state: Organisation, event: Any, record: Record) -> Organisation:
    named = isinstance(event, facts.Declared | facts.InvitationTakenBack)
    agency = event.agency if named else record.agency
    before = state.parties.get(agency) or Party(agency, record.at)
    before = replace(before, changed=record.command_id)
    match event:
        case facts.Joined():
            after = replace(
                before, joined_at=record.at, spoc=event.spoc, spoc_version=record.command_id, uninvited=False
            )
            if not after.declared:
                after = _declared(after, "aware", "", record)
        case facts.ContactNamed():
            after = replace(before, spoc=event.spoc, spoc_version=record.command_id)
        case facts.Left() | facts.InvitationTakenBack():
            offers = tuple(o for o in state.lead_offers if agency not in (o.to, o.by))
            state = replace(state, lead_offers=offers)
            taken_back = isinstance(event, facts.InvitationTakenBack)
            after = replace(before, left_at=record.at, joined_at=None, uninvited=taken_back)
        case _:
            after = _declared(before, event.state, event.reason, record)
    return replace(state, parties={**state.parties, agency: after})


def _declared(party: Party, declared: str, reason: str, record: Record) -> Party:
    return replace(
        party,
        declared=declared,
        declared_at=record.at,
        declared_by=record.actor,
        major_at=_major_at(party, declared, record.at),
        reason=reason,
        version=record.command_id,
    )


def _major_at(party: Party, declared: str, at: int) -> int | None:
    """When it declared first. Who says scene clear, or goes back from an end that was no end, has declared no later.

    Only what was called off is declared anew: from then on it is another declaration.
    """
    if declared in OVER:
        return party.major_at
    if declared not in ("declared", "scene_clear"):
        return None
    return at if party.major_at is None or party.declared == "cancelled" else party.major_at


def _located(state: Organisation, event: Any, record: Record) -> Organisation:
    """Concurrent values are kept side by side; who had seen the one standing replaces it."""
    version = record.command_id
    if isinstance(event, facts.LocationPicked):
        picked = tuple(s for s in state.sightings if s.version == event.version)
        return replace(state, sightings=picked[:1] or state.sightings[:1], location_version=version)
    new = _since(_sighting(event, record), state.sightings)
    seen = record.base.get("location", "")
    if seen == state.location_version:
        # Having seen a dispute does not settle it; a room only replaces what it had said itself.
        kept = tuple(s for s in state.sightings if s.agency != record.agency) if state.disputed else ()
    else:
        kept = tuple(s for s in state.sightings if s.version != seen)
    sightings = _agreed((*kept, new))
    if len(sightings) > facts.SIGHTINGS_MAX:
        sightings = (*sightings[:1], *sightings[1 - facts.SIGHTINGS_MAX :])
    return replace(state, sightings=sightings, location_version=version)


def _agreed(sightings: tuple[Sighting, ...]) -> tuple[Sighting, ...]:
    """One sighting when all of them say the same place: then nothing is in dispute. A confirmed one comes first."""
    places = {replace(sighting.location, confirmed=False) for sighting in sightings}
    if len(places) > 1:
        return sightings
    return (next((s for s in sightings if s.location.confirmed), sightings[0]),)


def _lead(state: Organisation, event: Any, record: Record) -> Organisation:
    version = record.command_id
    match event:
        case facts.LeadOffered():
            # Its time to live is counted by the server's clock, whatever its author's says.
            offer = LeadOffer(
                thing_id(record),  # one command may invite and offer: each has its own receipts
                event.to,
                record.agency,
                record.actor,
                event.reason,
                record.recorded_at,
                event.brief,
            )
            return replace(state, lead_offers=(*state.lead_offers, offer), lead_version=version)
        case facts.LeadAccepted():
            # Offers made by the old lead were of something it no longer has; claims now go to the new one.
            offers = tuple(o for o in state.lead_offers if o.claim and o.id != event.offer)
            return replace(
                state,
                lead=event.lead,
                lead_since=record.at,
                lead_version=version,
                lead_offers=offers,
                lead_brief=event.brief,
            )
        case facts.LeadDeclined() | facts.LeadWithdrawn() | facts.LeadLapsed():
            offers = tuple(o for o in state.lead_offers if o.id != event.offer)
            return replace(state, lead_offers=offers, lead_version=version)
        case _:
            return state


def due(state: Organisation, _now: int) -> tuple[Due, ...]:
    """Every offer of the lead lapses when nobody has answered it."""
    return tuple(
        Due(offer.lapses_at, f"lead-lapses/{offer.id}", facts.LapseLead(offer.id))
        for offer in state.lead_offers
    )


def addressed(state: Organisation, agency: str) -> tuple[str, ...]:
    """What was sent to an agency and is not answered: an invitation, an offer or a claim of the lead."""
    party = state.parties.get(agency)
    if party is None or party.left_at is not None:
        return ()
    offers = tuple(subject(offer.id) for offer in state.lead_offers if answers(state, offer) == agency)
    return (subject(party.invitation), *offers) if waits(party) else offers


def waits(party: Party) -> bool:
    """Whether an agency has been invited and has neither joined nor left."""
    return bool(party.invitation) and party.joined_at is None and party.left_at is None


def asked(state: Organisation) -> dict[str, list[str]]:
    """What each agency is asked and has not answered: to ``join`` or about the ``lead``. Only those are in it."""
    found = {code: ["join"] for code, party in state.parties.items() if waits(party)}
    for code in dict.fromkeys(answers(state, offer) for offer in state.lead_offers):
        found[code] = [*found.get(code, ()), "lead"]
    return found


def subject(id_: str) -> str:
    """What the receipts of an invitation or of an offer of the lead are about."""
    return f"organisation/{id_}"


def invariants(view: View) -> tuple[str, ...]:
    """What must never be true of an incident, and is."""
    state: Organisation = view.organisation
    found: list[str] = []
    if not state.opened or state.own:
        return ()
    parties = {code for code, party in state.parties.items() if party.left_at is None}
    if state.lead not in parties:
        found.append(f"the lead {state.lead!r} is not a party")
    if state.opened_by not in state.parties:
        found.append("the opener is not among the parties")
    if state.kind not in KINDS:
        found.append(f"unknown kind {state.kind!r}")
    for code, party in state.parties.items():
        if code != party.agency:
            found.append(f"party {code} is filed under another name")
        if party.declared and party.declared not in DECLARATIONS:
            found.append(f"{code} has declared {party.declared!r}")
        if party.joined_at is not None and not party.declared:
            found.append(f"{code} has joined and is aware of nothing")
        if len(state.charter.agencies) and code not in state.charter.agencies:
            found.append(f"{code} is not in the catalogue")
    if not state.sightings:
        found.append("the incident has no location, not even an unknown one")
    found += _lead_invariants(state, parties)
    return tuple(found)


def _lead_invariants(state: Organisation, parties: set[str]) -> list[str]:
    found = [
        f"the lead is offered to {offer.to}, which is not a party"
        for offer in state.lead_offers
        if offer.to not in parties
    ]
    if sum(not offer.claim for offer in state.lead_offers) > 1:
        found.append("more than one offer of the lead stands")
    if any(not offer.claim and offer.by != state.lead for offer in state.lead_offers):
        found.append("the lead is offered by an agency that does not have it")
    if len({offer.to for offer in state.lead_offers}) != len(state.lead_offers):
        found.append("one agency is named twice for the lead")
    if any(offer.to == state.lead for offer in state.lead_offers):
        found.append("the lead is offered to the agency that has it")
    return found
