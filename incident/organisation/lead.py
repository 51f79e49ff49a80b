"""Who leads: offered, claimed, accepted with an IIMARCH brief; and the one form that tells the neighbours, too.

The text of a brief is drafted from the whole picture, which this slice cannot see: ``incident.reports.parties`` fills
it in, and leaves the rest of these verbs as they are. An offer of the lead carries the brief, so who accepts has read
it; to a claim, who has the lead gives the brief with its consent.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from incident.kernel.board import Arg, Look, Verb
from incident.organisation import facts
from incident.organisation.asking import invitable, me_of, proposed, state_of, text_of
from incident.organisation.facts import BRIEF_MAX, LeadOffer
from incident.organisation.rules import answers
from incident.organisation.telling import must_be_told
from incident.placing import AGREE, INSIDE, placing_words
from incident.values import as_words, sentences

Draft = Callable[[Look], str]
"""Writes a first IIMARCH brief from what is seen."""

Changed = Callable[[Look, int], Sequence[str]]
"""Names what has changed in the picture since a moment (UTC ms)."""
NAMED_MAX: Final = 6
"""So many of the things that have changed are named; the rest is counted."""


def nothing_changed(_look: Look, _at: int) -> Sequence[str]:
    """For who sees no more than the organisation."""
    return ()


_REASON: Final = Arg("reason", "Reason", rest=True)


def _words(offer: LeadOffer) -> str:
    return f"{offer.to} {'claims it' if offer.claim else 'is offered it'}: {offer.reason}"


def _for_us(look: Look, _row: Any) -> Sequence[tuple[str, str]]:
    state = state_of(look)
    return [(o.id, _words(o)) for o in state.lead_offers if answers(state, o) == me_of(look)]


def _from_us(look: Look, _row: Any) -> Sequence[tuple[str, str]]:
    return [(offer.id, _words(offer)) for offer in state_of(look).lead_offers if offer.by == me_of(look)]


def _first(choices: Any) -> Any:
    def default(look: Look, row: Any) -> str:
        found = choices(look, row)
        return found[0][0] if found else ""

    return default


def _offer(values: Mapping[str, Any], look: Look, choices: Any) -> str:
    """The offer meant: the one named (by its id, or by the agency), else the first that can be meant."""
    named = text_of(values, "offer")
    found = choices(look, None)
    if not found:
        raise ValueError("No offer or claim of the lead waits for that.")
    by_agency = [
        o.id for o in state_of(look).lead_offers if o.to == named.upper() and (o.id, _words(o)) in found
    ]
    if named and not by_agency and named not in dict(found):
        raise ValueError("There is no such offer of the lead.")
    return (by_agency or [named or found[0][0]])[0]


def _why(look: Look) -> str:
    """What the place says about the lead, as a reason that stands in the form already."""
    placing = state_of(look).placing
    if placing is None:
        return ""
    agree = "" if placing.state == INSIDE else f"{AGREE[:1].upper()}{AGREE[1:]}"
    return sentences(placing_words(placing), agree) if agree else placing_words(placing)


def _why_lead(look: Look, row: Any) -> str:
    """As ``_why``, where the place speaks for this agency."""
    placing = state_of(look).placing
    return _why(look) if placing is not None and row is not None and placing.trust == row.party.agency else ""


def lead_goes_to(look: Look, _row: Any = None) -> str:
    """Whom the place proposes for the lead, where that is ours to offer or to claim; "" to leave it where it is.

    Nobody on a border: what the drawn lines say there is no answer, and control rooms agree it.
    """
    state, me, placing = state_of(look), me_of(look), state_of(look).placing
    trust = placing.trust if placing is not None and placing.state == INSIDE else ""
    named = {offer.to for offer in state.lead_offers}
    if not trust or trust == state.lead or trust in named or trust not in state.charter.agencies:
        return ""
    return trust if me in (state.lead, trust) else ""


def asks(look: Look) -> bool:
    """Whether the place asks for the form: somebody is to be told, or the lead is another's."""
    return bool(proposed(look, None) or lead_goes_to(look))


def _can_offer(look: Look) -> bool:
    """Whether we have the lead where the area may be another's, too: control rooms agree it, and then it is offered."""
    state, me = state_of(look), me_of(look)
    others = () if state.placing is None else (code for code in state.placing.candidates if code != me)
    return me == state.lead and not state.closed and not _from_us(look, None) and any(others)


def _why_not_tell(_row: Any, look: Look) -> str:
    """Why there is nobody to tell and no lead to offer, and how the lead is offered all the same."""
    state, me = state_of(look), me_of(look)
    offers = [offer for offer in state.lead_offers if offer.by == me]
    others = any(code != me for code in must_be_told(look.state))
    told = "Everybody whom the place concerns is invited" if others else "The place concerns no other trust"
    if not state.opened:
        return "No incident is open here: first one is entered (0) or opened."
    if state.closed:
        return "The incident is closed: nobody is told of it any more."
    if offers:
        claim = "claimed by us" if offers[0].claim else f"offered to {offers[0].to}"
        return f"{told}, and the lead is {claim}: w on Parties takes that back."
    if me == state.lead:
        return f'{told}. To offer the lead: o on Parties, on the row of who is to have it, or lead SCAS "reason".'
    return f"{told}, and {state.lead} has the lead: o on Parties, on our own row, claims it."


def _tellable(look: Look, row: Any) -> Sequence[tuple[str, str]]:
    """Who takes no part, those first whom the place concerns."""
    first = proposed(look, row).split(",")
    return sorted(invitable(look, row), key=lambda pair: pair[0] not in first)


def _leaders(look: Look, _row: Any) -> Sequence[tuple[str, str]]:
    """Whom the lead can be offered to, who take part and who would; or we claim it."""
    state, me = state_of(look), me_of(look)
    if me != state.lead:
        return [(me, "we claim it")]
    first = state.placing.candidates if state.placing is not None else ()
    there = [(c, state.charter.agency_name(c)) for c, p in state.parties.items() if p.left_at is None]
    found = [(code, name) for code, name in (*there, *invitable(look, None)) if code != state.lead]
    return sorted(found, key=lambda pair: pair[0] not in first)


def _tell(_row: Any, values: Mapping[str, Any], look: Look) -> facts.TellAndOffer:
    agencies = tuple(code.upper() for code in as_words(values.get("agencies") or ""))
    to = text_of(values, "to").upper()
    if not agencies and not to:
        raise ValueError("Name at least one trust to be told, or who is to lead.")
    party = state_of(look).parties.get(to)
    there = party is not None and party.left_at is None
    if to and to != me_of(look) and not there and to not in agencies:
        agencies = (*agencies, to)  # who is to lead takes part first
    reason = text_of(values, "reason") if to else ""
    return facts.TellAndOffer(agencies, to, reason, _given(values, look) if to else "")


def _given(values: Mapping[str, Any], look: Look) -> str:
    """The brief that goes with an offer of ours; a claim has none, since we have not had the lead."""
    return text_of(values, "brief")[:BRIEF_MAX] if me_of(look) == state_of(look).lead else ""


def _accept(_row: Any, values: Mapping[str, Any], look: Look) -> facts.AcceptLead:
    meant = _offer(values, look, _for_us)
    claims = {offer.id for offer in state_of(look).lead_offers if offer.claim}
    return facts.AcceptLead(meant, _given(values, look) if meant in claims else "")


def _lead(row: Any, values: Mapping[str, Any], look: Look) -> facts.OfferLead:
    return facts.OfferLead(row.party.agency, text_of(values, "reason"), _given(values, look))


def _ours(draft: Draft) -> Callable[[Look, Any], str]:
    """Our brief, where the lead is ours to hand over."""
    return lambda look, _row: draft(look) if me_of(look) == state_of(look).lead else ""


def since_written(look: Look, offer: LeadOffer, changed: Changed) -> str:
    """How old the brief of an offer is, where what it tells of has changed since; else ""."""
    found = changed(look, offer.at)
    if not found or not offer.brief:
        return ""
    more = f" and {len(found) - NAMED_MAX} more" if len(found) > NAMED_MAX else ""
    count = "1 thing has" if len(found) == 1 else f"{len(found)} things have"
    return (
        f"WRITTEN {look.clock(offer.at)}; SINCE THEN {count} changed: {', '.join(found[:NAMED_MAX])}{more}."
    )


def _read(draft: Draft, changed: Changed) -> Callable[[Look, Any], str]:
    """The brief that came with the offer, and how old it is; of a claim, the one that we give."""

    def default(look: Look, row: Any) -> str:
        found = _first(_for_us)(look, row)
        offer = next((offer for offer in state_of(look).lead_offers if offer.id == found), None)
        if offer is None:
            return ""
        if offer.claim:
            return _ours(draft)(look, row)
        text = "\n".join(filter(None, (since_written(look, offer, changed), offer.brief)))
        if len(text) > BRIEF_MAX:  # all of it stands in the detail of the Parties board
            text = f"{text[: BRIEF_MAX - 1]}…"
        return text or "No written brief came with it."

    return default


_ANSWERS: Final = (
    Verb(
        "decline-lead",
        "Decline the lead, or the claim of it",
        "decline-lead",
        facts.DeclineLead,
        lambda _row, values, look: facts.DeclineLead(
            _offer(values, look, _for_us), text_of(values, "reason")
        ),
        key="x",
        row=False,
        args=(_REASON, Arg("offer", "Which", "choice", False, _for_us, _first(_for_us))),
        applies=lambda row, look: bool(_for_us(look, row)),
    ),
    Verb(
        "withdraw-lead",
        "Take back our offer or claim of the lead",
        "withdraw-lead",
        facts.WithdrawLead,
        lambda _row, values, look: facts.WithdrawLead(_offer(values, look, _from_us)),
        key="w",
        row=False,
        args=(Arg("offer", "Which", "choice", False, _from_us, _first(_from_us)),),
        applies=lambda row, look: bool(_from_us(look, row)),
    ),
)


def tell_verb(draft: Draft) -> Verb:
    """The one form that is put up when a place concerns others: whom to tell, and who is to lead."""
    return Verb(
        "tell",
        "Tell the neighbours, offer the lead",
        "tell",
        facts.TellAndOffer,
        _tell,
        key="y",
        row=False,
        read_first=True,
        args=(
            Arg("agencies", "Tell", "agencies", False, _tellable, proposed),
            Arg("to", "Lead offered to", "choice", False, _leaders, lead_goes_to),
            Arg("reason", "Reason", required=False, default=lambda look, _row: _why(look), limit=500),
            Arg("brief", "IIMARCH brief", "lines", False, default=_ours(draft), limit=BRIEF_MAX),
        ),
        applies=lambda _row, look: asks(look) or _can_offer(look),
        instead=_why_not_tell,
        example="tell",
        help="Those told see the whole incident. The lead stays where it is until the other has read the brief and "
        "accepted. A field that is left blank tells nobody, or offers nothing.",
    )


def lead_verbs(draft: Draft, changed: Changed = nothing_changed) -> tuple[Verb, ...]:
    """Everything that is done about the lead; ``draft`` writes the first text of a brief."""
    brief = Arg("brief", "IIMARCH brief", "lines", False, default=_ours(draft), limit=BRIEF_MAX)
    return (
        Verb(
            "lead",
            "Offer the lead, or claim it",
            "lead",
            facts.OfferLead,
            _lead,
            key="o",
            read_first=True,
            args=(Arg("reason", "Reason", default=_why_lead), brief),
            applies=lambda row, look: (
                not row.lead
                and row.party.left_at is None
                and me_of(look) in (state_of(look).lead, row.party.agency)
            ),
            confirm=True,
            example='lead SCAS "their area"',
            help="Offers it to that agency, with the brief; with our own, claims it. Until accepted the lead stays "
            "where it is.",
        ),
        Verb(
            "accept-lead",
            "Accept: the lead changes hands",
            "accept-lead",
            facts.AcceptLead,
            _accept,
            key="A",
            row=False,
            read_first=True,
            args=(
                Arg("offer", "Which", "choice", False, _for_us, _first(_for_us)),
                Arg("brief", "IIMARCH brief", "lines", False, default=_read(draft, changed), limit=BRIEF_MAX),
            ),
            applies=lambda row, look: bool(_for_us(look, row)),
            confirm=True,
            help="It is recorded with the brief as it was given.",
        ),
        *_ANSWERS,
    )
