"""What may be done to an incident's organisation, and by whom: the decisions of the slice."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from typing import Any, Final

import msgspec

from incident.catalogue import Charter
from incident.ground import BEFORE_MAX
from incident.kernel.slice import Context, Refusal, View
from incident.organisation import facts
from incident.organisation.ending import closed
from incident.organisation.facts import DECLARATIONS, KINDS, LeadOffer, Organisation, Party
from incident.organisation.telling import tells
from incident.placing import Placing
from incident.values import Location, stop

Answer = tuple[Any, ...] | Refusal

NAMED_MAX: Final = 6
"""Names written out in a refusal; more of them are counted."""

# A task that is neither waits for who does it, or for who asked for it and verifies.
_SETTLED: Final = frozenset({"closed", "cancelled"})
# A request for aid is its requester's until it ends, and the lender's while that has to answer or has promised.
_AID_SETTLED: Final = frozenset({"closed", "cancelled"})
_AID_WITH_LENDER: Final = frozenset({"sent", "accepted", "part", "countered"})
_INCIDENT: Final = re.compile(r"incident/([^/]+)")
_OWN: Final = re.compile(r"incident/([^/]+)/(?:own/([^/]+)|excon)")
_EXERCISE_CONTROL: Final = "EXCON"


def decide(view: View, command: Any, ctx: Context) -> Answer:
    """The events of one command, none when it is so already, or a refusal."""
    state: Organisation = view.organisation
    if isinstance(command, facts.Open | facts.OpenOwn):
        return _open(state, command, ctx)
    if state.own:
        return Refusal("wrong_stream", "This belongs to the incident, not to an agency's own part of it.")
    match command:
        case facts.AssignNumber():
            return _number(state, command)
        case facts.Invite():
            return closed(view, ctx, "an agency is invited") or _invite(state, command)
        case facts.TellAndOffer():
            return closed(view, ctx, "an agency is told") or _tell_and_offer(state, command, ctx)
        case facts.TakeBackInvitation():
            return _take_back(view, command, ctx)
        case facts.Join() | facts.NameContact() | facts.Leave():
            return _membership(view, command, ctx)
        case facts.Retitle():
            return _retitle(state, command, ctx)
        case facts.Declare():
            return _declare(state, command, ctx)
        case facts.ChangeKind():
            return _change_kind(state, command, ctx)
        case facts.GiveLocation():
            return _give_location(state, command, ctx)
        case facts.PickLocation():
            return _pick_location(state, command, ctx)
        case facts.OfferLead():
            return _offer_lead(state, command, ctx)
        case facts.Close() | facts.Reopen():
            return _close(view, command, ctx)
        case _:
            return _answer_lead(state, command, ctx)


# -- opening --------------------------------------------------------------------------------------------------


def _open(state: Organisation, command: facts.Open | facts.OpenOwn, ctx: Context) -> Answer:
    charter: Charter | None = ctx.charter
    if charter is None:
        return Refusal("no_charter", "The catalogue of this server is not known here yet.")
    if state.opened:
        return Refusal("already_open", "This incident is open already.")
    agency = ctx.actor.agency
    if agency not in charter.agencies:
        return Refusal("unknown_agency", f"The catalogue has no agency {agency!r}.", {"agency": agency})
    if isinstance(command, facts.OpenOwn):
        found = _OWN.fullmatch(ctx.stream)
        if found is None or (found[2] or _EXERCISE_CONTROL) != agency:
            return Refusal("wrong_stream", "An agency opens its own part of an incident, and no other.")
        return (facts.OwnOpened(found[1], agency, charter.mode, charter),)
    found = _INCIDENT.fullmatch(ctx.stream)
    if found is None:
        return Refusal("wrong_stream", "An incident is opened by itself, and not inside another one.")
    if command.mode != charter.mode:
        return Refusal(
            "wrong_mode",
            f"This server holds {charter.mode} incidents only; nothing crosses between live and exercise.",
            {"mode": charter.mode},
        )
    title = command.title.strip()
    placing = _placed(command, charter)
    return (facts.Opened(found[1], command.mode, command.kind, title, command.location, charter, placing),)


def _number(state: Organisation, command: facts.AssignNumber) -> Answer:
    if state.number == command.number:
        return ()
    if state.number:
        facts_ = {"number": state.number}
        return Refusal("numbered", f"The incident has its number: {state.number}.", facts_, conflict=True)
    if not command.number.startswith(f"{state.opened_by}-"):
        return Refusal("wrong_number", f"The number of this incident begins with {state.opened_by}-.")
    return (facts.Numbered(command.number, state.mode, state.opened_by),)


# -- who takes part -------------------------------------------------------------------------------------------


def _membership(view: View, command: Any, ctx: Context) -> Answer:
    state: Organisation = view.organisation
    agency = ctx.actor.agency
    party = state.parties.get(agency)
    if party is None or party.left_at is not None:
        return Refusal("not_party", f"{agency} is not party to this incident.")
    match command:
        case facts.Join():
            spoc = command.spoc.strip()
            if party.joined_at is None:
                return (facts.Joined(spoc),)
            return () if party.spoc == spoc else (facts.ContactNamed(spoc),)
        case facts.NameContact():
            return _name_contact(party, command, ctx)
        case _:
            if state.lead == agency:
                return Refusal("has_lead", f"{agency} has the lead: hand it over first.")
            return _still_here(view, agency, "leaves", ctx.now) or (facts.Left(command.reason.strip()),)


def _name_contact(party: Party, command: facts.NameContact, ctx: Context) -> Answer:
    if command.agency != party.agency:
        return Refusal("not_yours", f"Only {command.agency} names its own contact.")
    spoc = command.spoc.strip()
    if party.spoc == spoc:
        return ()
    if ctx.stale(f"contact/{party.agency}", party.spoc_version):
        sentence = f"The contact of {party.agency} is {stop(party.spoc)} That changed after you looked."
        return Refusal("changed", sentence, {"now": party.spoc}, conflict=True)
    return (facts.ContactNamed(spoc),)


def _take_back(view: View, command: facts.TakeBackInvitation, ctx: Context) -> Answer:
    state: Organisation = view.organisation
    agency, party = command.agency, state.parties.get(command.agency)
    if party is None:
        return Refusal("not_party", f"{agency} is not party to this incident.")
    if party.left_at is not None:
        return ()
    if ctx.actor.agency not in (party.invited_by, state.lead):
        able = " or ".join(dict.fromkeys((party.invited_by, state.lead)))
        return Refusal("not_yours", f"Only {able} can take back the invitation of {agency}.")
    if party.joined_at is not None or party.declared:
        sentence = f"{agency} has answered the invitation: only {agency} itself can leave."
        return Refusal("has_joined", sentence, {"agency": agency})
    return _still_here(view, agency, "goes", ctx.now) or (
        facts.InvitationTakenBack(agency, command.reason.strip()),
    )


def _still_here(view: View, agency: str, goes: str, now: int) -> Refusal | None:
    """What an agency that goes would leave behind with nobody to end it: units, tasks, features of the ground."""
    units = [key for key, unit in view.resources.units.items() if agency in (unit.home, unit.controlling)]
    tasks = [
        task.number
        for task in view.tasks.rows.values()
        if task.state not in _SETTLED and agency in (task.agency, task.raised_by)
    ]
    features = [
        feature.name
        for feature in view.boundaries.rows.values()
        if feature.owner == agency and feature.withdrawn_at is None
    ]
    cover = [
        one.number
        for one in view.cover.rows.values()
        if agency in one.sides and one.step in ("asked", "offered", "agreed") and now < one.until
    ]
    aid = [
        request.number
        for request in view.mutual_aid.rows.values()
        if (request.state not in _AID_SETTLED and request.requester == agency)
        or (request.state in _AID_WITH_LENDER and request.lender == agency)
    ]
    parts = [
        f"{words} {named(what)}"
        for words, what in (
            ("units", units),
            ("open tasks", tasks),
            ("on the ground", features),
            ("requests for aid", aid),
            ("cover", cover),
        )
        if what
    ]
    if not parts:
        return None
    sentence = (
        f"Before {agency} {goes}, release, close or hand over what is still its own: {'; '.join(parts)}."
    )
    return Refusal("still_active", sentence, {"agency": agency})


def named(words: Sequence[str]) -> str:
    """Names in a sentence: the first few, and how many more."""
    more = f" and {len(words) - NAMED_MAX} more" if len(words) > NAMED_MAX else ""
    return ", ".join(words[:NAMED_MAX]) + more


def _invite(state: Organisation, command: facts.Invite) -> Answer:
    asked = tuple(dict.fromkeys(command.agencies))
    for code in asked:
        if code not in state.charter.agencies:
            near = difflib.get_close_matches(code, state.charter.agencies, 1)
            hint = f"; did you mean '{near[0]}'?" if near else ""
            sentence = stop(f"The catalogue has no agency {code}{hint}")
            return Refusal("unknown_agency", sentence, {"agency": code})
    new = tuple(code for code in asked if code not in _taking_part(state))
    if len(state.parties) + len(new) > facts.PARTIES_MAX:
        return Refusal("too_many", f"An incident may have {facts.PARTIES_MAX} parties.")
    return (facts.AgenciesInvited(new),) if new else ()


def _taking_part(state: Organisation) -> tuple[str, ...]:
    return tuple(code for code, party in state.parties.items() if party.left_at is None)


# -- declaring ------------------------------------------------------------------------------------------------


def _declare(state: Organisation, command: facts.Declare, ctx: Context) -> Answer:
    agency = command.agency
    party = state.parties.get(agency)
    if party is None or party.left_at is not None:
        return Refusal("not_party", f"{agency} is not party to this incident.")
    if party.declared == command.state and party.spoken_for:
        return ()
    if ctx.stale(f"declared/{agency}", party.version):
        return Refusal(
            "changed",
            f"{agency} has declared {stood(party.declared)} meanwhile.",
            {"now": party.declared, "since": str(party.declared_at), "by": party.declared_by},
            conflict=True,
        )
    if is_back(party.declared, command.state) and not command.reason.strip():
        return Refusal("reason_needed", f"Going back from {stood(party.declared)} needs a reason.")
    return (facts.Declared(agency, command.state, party.declared, command.reason.strip()),)


def is_back(before: str, after: str) -> bool:
    """Whether a declaration goes back to an earlier one: legal, but with a reason."""
    return before in DECLARATIONS and DECLARATIONS.index(after) < DECLARATIONS.index(before)


def spoken(word: str) -> str:
    """A declaration or a kind as it is said: "stand down", "planned event"; "nothing" for none."""
    return word.replace("_", " ") if word else "nothing"


def stands(party: facts.Party) -> str:
    """How an agency stands, in a word: what it has declared; joined, or opened, while it has said nothing itself."""
    if not party.declared:
        return "not joined"
    if not party.spoken_for:
        return "joined" if party.invitation else "opened"
    return spoken(party.declared)


def stood(word: str) -> str:
    """What an agency has declared, behind that verb: "major incident" for the one that is called declared."""
    return "major incident" if word == "declared" else spoken(word)


def _retitle(state: Organisation, command: facts.Retitle, ctx: Context) -> Answer:
    title = command.title.strip()
    if title == state.title:
        return ()
    if ctx.stale("title", state.title_version):
        sentence = f"The title is {stop(state.title)} That changed after you looked."
        return Refusal("changed", sentence, {"now": state.title}, conflict=True)
    return (facts.Retitled(title, state.title),)


def _change_kind(state: Organisation, command: facts.ChangeKind, ctx: Context) -> Answer:
    if state.kind == command.kind:
        return ()
    if ctx.stale("kind", state.kind_version):
        return Refusal("changed", f"It is a {spoken(state.kind)} meanwhile.", conflict=True)
    if KINDS.index(command.kind) > KINDS.index(state.kind) and not command.reason.strip():
        return Refusal(
            "reason_needed", f"Making a {spoken(state.kind)} a {spoken(command.kind)} needs a reason."
        )
    return (facts.KindChanged(command.kind, state.kind, command.reason.strip()),)


def _close(view: View, command: facts.Close | facts.Reopen, ctx: Context) -> Answer:
    state: Organisation = view.organisation
    closing = isinstance(command, facts.Close)
    if state.closed == closing:
        return ()
    if ctx.stale("closed", state.closed_version):
        word = "closed" if state.closed else "open"
        return Refusal("changed", f"The incident is {word} meanwhile.", conflict=True)
    if isinstance(command, facts.Reopen):
        return (facts.Reopened(command.reason.strip()),)
    if ctx.actor.agency != state.lead:
        return Refusal("not_lead", f"Only {state.lead}, which has the lead, closes the incident.")
    busy = [code for code in _taking_part(state) if state.parties[code].declared in facts.ACTIVE]
    if busy:
        return Refusal(
            "still_active", f"Still at work on it: {', '.join(busy)}.", {"agencies": " ".join(busy)}
        )
    units = tuple(view.resources.units)
    if units:
        are = "1 unit is" if len(units) == 1 else f"{len(units)} units are"
        sentence = f"{are} still committed: {named(units)}; release them first."
        return Refusal("still_active", sentence, {"units": str(len(units))})
    return (facts.Closed(command.reason.strip()),)


# -- where it is ----------------------------------------------------------------------------------------------


def _give_location(state: Organisation, command: facts.GiveLocation, ctx: Context) -> Answer:
    if not command.location.known:
        return Refusal("empty", "Say where it is: words, a grid reference or latitude,longitude.")
    mine = [s for s in state.sightings if s.agency == ctx.actor.agency or not state.disputed]
    placing = _placed(command, state.charter)
    if any(s.location == command.location and placing in (None, s.placing) for s in mine):
        return ()
    before: tuple[str, ...] = ()
    if placing is None:
        placing, before = _known_of(state, command.location)
    return (facts.LocationGiven(command.location, placing, before),)


def _known_of(state: Organisation, location: Location) -> tuple[Placing | None, tuple[str, ...]]:
    """What others computed, for a room that could not: the same place lies where it lay.

    Of another place nothing is known, and who had to be told before still must be.
    """
    same = [one for one in state.sightings if one.location.same_point(location)]
    for one in same:
        if one.placing is not None:
            return one.placing, one.before
    before = (code for one in same or state.sightings for code in tells(one))
    return None, tuple(dict.fromkeys(before))[:BEFORE_MAX]


def _placed(command: facts.Open | facts.GiveLocation, charter: Charter) -> Placing | None:
    """What the author's client computed, if it used the areas of this incident: no two rooms use different ones."""
    placing = command.placing
    return placing if placing is not None and placing.areas == charter.areas_digest else None


def _pick_location(state: Organisation, command: facts.PickLocation, ctx: Context) -> Answer:
    raced = ctx.stale("location", state.location_version)
    picked = next((s for s in state.sightings if s.version == command.version), None)
    if picked is None:
        return Refusal("changed", "That location does not stand any more: look again.", conflict=raced)
    if not state.disputed:
        return ()
    if raced:
        given = " and ".join(sighting.agency for sighting in state.sightings)
        sentence = f"The location was given anew after you looked: {given} differ. Look again, and pick."
        return Refusal("changed", sentence, {"agencies": given}, conflict=True)
    return (facts.LocationPicked(command.version, picked.location),)


# -- the lead -------------------------------------------------------------------------------------------------


def _tell_and_offer(state: Organisation, command: facts.TellAndOffer, ctx: Context) -> Answer:
    """Both or neither: who reads the refusal knows that nobody was told by this."""
    told = _invite(state, facts.Invite(command.agencies)) if command.agencies else ()
    if isinstance(told, Refusal) or not command.to:
        return told
    if not command.reason.strip():
        return Refusal("reason_needed", "An offer of the lead needs a reason.")
    offer = facts.OfferLead(command.to, command.reason, command.brief)
    offered = _offer_lead(state, offer, ctx, command.agencies)
    if isinstance(offered, Refusal):
        more = "Nobody was told either: leave the lead blank to tell them." if told else ""
        return msgspec.structs.replace(offered, sentence=f"{offered.sentence} {more}".strip())
    return (*told, *offered)


def _offer_lead(
    state: Organisation, command: facts.OfferLead, ctx: Context, told: Sequence[str] = ()
) -> Answer:
    """``told``: agencies that become parties by the same command."""
    agency, to = ctx.actor.agency, command.to
    if to not in (*_taking_part(state), *told):
        return Refusal("not_party", f"{to} is not party to this incident: invite it first.", {"agency": to})
    if to == state.lead:
        return Refusal(
            "has_lead", f"{to} has the lead already.", conflict=ctx.stale("lead", state.lead_version)
        )
    if agency not in (state.lead, to):
        return Refusal(
            "not_lead",
            f"{state.lead} has the lead: only {state.lead} can offer it, and only {to} can claim it.",
            {"lead": state.lead},
            conflict=ctx.stale("lead", state.lead_version),
        )
    for offer in state.lead_offers:
        if offer.to == to or (agency == state.lead and not offer.claim):
            return Refusal(
                "offer_pending",
                f"The lead is already {'claimed by' if offer.claim else 'offered to'} {offer.to}.",
                {"to": offer.to, "since": str(offer.at), "reason": offer.reason},
                conflict=ctx.stale("lead", state.lead_version),
            )
    return (facts.LeadOffered(to, command.reason.strip(), command.brief.strip()),)


def _answer_lead(state: Organisation, command: Any, ctx: Context) -> Answer:
    offer = next((o for o in state.lead_offers if o.id == command.offer), None)
    if offer is None:
        if isinstance(command, facts.LapseLead):
            return ()
        return Refusal(
            "no_offer",
            f"That offer of the lead no longer stands. {state.lead} has the lead.",
            {"lead": state.lead},
            conflict=ctx.stale("lead", state.lead_version),
        )
    agency = ctx.actor.agency
    match command:
        case facts.LapseLead():
            if ctx.now < offer.lapses_at:
                return Refusal("too_early", "The offer of the lead still stands.")
            return (facts.LeadLapsed(offer.id, offer.to),)
        case facts.WithdrawLead():
            if agency != offer.by:
                return Refusal("not_yours", f"Only {offer.by} can take this back.")
            return (facts.LeadWithdrawn(offer.id, offer.to),)
        case _:
            if agency != answers(state, offer):
                return Refusal("not_yours", f"{answers(state, offer)} answers this, nobody else.")
            if isinstance(command, facts.DeclineLead):
                return (facts.LeadDeclined(offer.id, offer.to, command.reason.strip()),)
            brief = command.brief.strip() if offer.claim else offer.brief
            return (facts.LeadAccepted(offer.id, offer.to, state.lead, brief),)


def answers(state: Organisation, offer: LeadOffer) -> str:
    """The agency that answers: an offer, the one it is offered to; a claim, the one that has the lead."""
    return state.lead if offer.claim else offer.to
