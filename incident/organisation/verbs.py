"""What a person can do to an incident's organisation, with the grammar of each line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from msgspec.structs import replace

from incident.kernel.board import Arg, Look, Verb
from incident.organisation import facts
from incident.organisation.facts import DECLARATIONS, KINDS, LeadOffer, Organisation, Party
from incident.organisation.remains import against_closing, against_declaring
from incident.organisation.rules import answers, spoken
from incident.placing import placing_words, propose
from incident.values import Location, as_location, as_words


def _state(look: Look) -> Organisation:
    state: Organisation = look.state.organisation
    return state


def _me(look: Look) -> str:
    return "" if look.me is None else str(look.me.agency)


def _my_party(look: Look) -> Party | None:
    return _state(look).parties.get(_me(look))


def _text(values: Mapping[str, Any], name: str) -> str:
    return str(values.get(name) or "").strip()


# -- what can be answered -------------------------------------------------------------------------------------


def _declarations(_look: Look, _row: Any) -> Sequence[tuple[str, str]]:
    return [(word, spoken(word)) for word in DECLARATIONS]


def _invitable(look: Look, _row: Any) -> Sequence[tuple[str, str]]:
    state = _state(look)
    taking_part = {code for code, party in state.parties.items() if party.left_at is None}
    return [(code, agency.name) for code, agency in state.charter.agencies.items() if code not in taking_part]


def _kinds(_look: Look, _row: Any) -> Sequence[tuple[str, str]]:
    return [(kind, spoken(kind)) for kind in KINDS]


def _sightings(look: Look, _row: Any) -> Sequence[tuple[str, str]]:
    return [(s.version, f"{s.agency}: {s.location.words()}") for s in _state(look).sightings]


def _words(offer: LeadOffer) -> str:
    return f"{offer.to} {'claims it' if offer.claim else 'is offered it'}: {offer.reason}"


def _for_us(look: Look, _row: Any) -> Sequence[tuple[str, str]]:
    state = _state(look)
    return [(o.id, _words(o)) for o in state.lead_offers if answers(state, o) == _me(look)]


def _from_us(look: Look, _row: Any) -> Sequence[tuple[str, str]]:
    return [(offer.id, _words(offer)) for offer in _state(look).lead_offers if offer.by == _me(look)]


def _first(choices: Any) -> Any:
    def default(look: Look, row: Any) -> str:
        found = choices(look, row)
        return found[0][0] if found else ""

    return default


def _offer(values: Mapping[str, Any], look: Look, choices: Any) -> str:
    """The offer meant: the one named (by its id, or by the agency), else the first that can be meant."""
    named = _text(values, "offer")
    found = choices(look, None)
    if not found:
        raise ValueError("No offer or claim of the lead waits for that.")
    by_agency = [
        o.id for o in _state(look).lead_offers if o.to == named.upper() and (o.id, _words(o)) in found
    ]
    if named and not by_agency and named not in dict(found):
        raise ValueError("There is no such offer of the lead.")
    return (by_agency or [named or found[0][0]])[0]


# -- commands from answers ------------------------------------------------------------------------------------


def _open(_row: Any, values: Mapping[str, Any], look: Look) -> facts.Open:
    if look.charter is None:
        raise ValueError("The server has not been reached yet, so its catalogue is not known here.")
    written = values.get("location")
    return facts.Open(
        title=_text(values, "title"),
        mode=look.charter.mode,
        location=as_location(written) if written else Location(),
        kind=_text(values, "kind") or "incident",
    )


def _declared_word(values: Mapping[str, Any]) -> str:
    word = _text(values, "state").lower().replace(" ", "_").replace("-", "_")
    return {"standdown": "stand_down", "clear": "scene_clear"}.get(word, word)


def _declare(_row: Any, values: Mapping[str, Any], look: Look) -> facts.Declare:
    word = _declared_word(values)
    if word not in DECLARATIONS:
        raise ValueError(f"An agency declares one of: {', '.join(map(spoken, DECLARATIONS))}.")
    return facts.Declare(_me(look), word, _text(values, "reason"))


def _invite(_row: Any, values: Mapping[str, Any], _look: Look) -> facts.Invite:
    agencies = tuple(code.upper() for code in as_words(values["agencies"]))
    if not agencies:
        raise ValueError("Name at least one agency, such as SCAS.")
    return facts.Invite(agencies)


def _proposed(look: Look, _row: Any) -> str:
    """The trusts that the place concerns and that do not take part yet."""
    placing = _state(look).placing
    if placing is None:
        return ""
    return " ".join(code for code, _ in _invitable(look, None) if code in propose(placing, _me(look)).tell)


def _why_lead(look: Look, row: Any) -> str:
    """Why this agency should lead, when the place says so: a reason that stands in the form already."""
    placing = _state(look).placing
    if placing is None or row is None or placing.trust != row.party.agency:
        return ""
    return placing_words(placing)


def _confirm(_row: Any, _values: Mapping[str, Any], look: Look) -> facts.GiveLocation:
    return facts.GiveLocation(replace(_state(look).location, confirmed=True))


def _lead(row: Any, values: Mapping[str, Any], _look: Look) -> facts.OfferLead:
    return facts.OfferLead(row.party.agency, _text(values, "reason"))


def _next_number(look: Look, _row: Any) -> str:
    """The number that the opener's own register has given this incident, when that is seen here."""
    state = _state(look)
    register = getattr(look.registers.get(state.opened_by), "fleet", None)
    number = "" if register is None else str(register.numbers.get(state.incident_id, ""))
    return "" if "?" in number else number


# -- verbs ----------------------------------------------------------------------------------------------------

_REASON = Arg("reason", "Reason", rest=True)
_WHY = Arg("reason", "Reason", required=False, rest=True, help="Needed for a step back.")

OPEN: Final = Verb(
    "open",
    "Open an incident",
    "open",
    facts.Open,
    _open,
    row=False,
    args=(
        Arg("title", "Title", limit=200),
        Arg("location", "Where: words, grid or lat,lon", "location", required=False, rest=True),
        Arg("kind", "Kind", "choice", False, _kinds, lambda _look, _row: "incident"),
    ),
    stream=lambda _row, _look: "",
    example='open "M4/M25 coach" M25 J15 TQ 0402 7829',
    help="Opens it in a new stream, for which the client makes the id. Works while cut off, too.",
)
"""Belongs to no board, since there is no incident yet: the list of incidents offers it."""

_PARTY_VERBS = (
    Verb(
        "declare",
        "Declare for our agency",
        "declare",
        facts.Declare,
        _declare,
        key="d",
        row=False,
        args=(Arg("state", "We are", "choice", True, _declarations), _WHY),
        confirm=True,
        against=lambda _row, values, look: against_declaring(
            look.state, _me(look), _declared_word(values), look.own
        ),
        quick={
            "a": {"state": "aware"},
            "s": {"state": "standby"},
            "d": {"state": "declared"},
            "c": {"state": "cancelled"},
            "l": {"state": "scene_clear"},
            "T": {"state": "stand_down"},
            "r": {"state": "recovery"},
            "X": {"state": "closed"},
        },
        example="declare declared",
        help="Each agency declares for itself; nobody else is stood up or down by it.",
    ),
    Verb(
        "invite",
        "Invite agencies",
        "invite",
        facts.Invite,
        _invite,
        key="i",
        row=False,
        args=(Arg("agencies", "Agencies", "agencies", True, _invitable, rest=True),),
        example="invite SCAS SECAMB",
        help="From then on they see the whole incident.",
    ),
    Verb(
        "tell",
        "Invite whom the place concerns",
        "tell",
        facts.Invite,
        _invite,
        key="y",
        row=False,
        args=(Arg("agencies", "Trusts near it", "agencies", True, _invitable, _proposed, rest=True),),
        applies=lambda row, look: bool(_proposed(look, row)),
        example="tell",
        help="The trusts whose area it is in, or within 5 km of it; areas may be INDICATIVE.",
    ),
    Verb(
        "join",
        "Join, and name whom to ring",
        "join",
        facts.Join,
        lambda _row, values, _look: facts.Join(_text(values, "spoc")),
        key="J",
        row=False,
        args=(Arg("spoc", "Our single point of contact", rest=True, limit=200),),
        applies=lambda _row, look: (party := _my_party(look)) is not None and party.joined_at is None,
        example="join EOC manager, 020 7946 0101",
    ),
    Verb(
        "contact",
        "Name whom to ring here",
        "contact",
        facts.NameContact,
        lambda _row, values, look: facts.NameContact(_me(look), _text(values, "spoc")),
        key="c",
        row=False,
        args=(Arg("spoc", "Our single point of contact", rest=True, limit=200),),
        applies=lambda _row, look: (party := _my_party(look)) is not None and party.joined_at is not None,
        example="contact EOC manager, 020 7946 0101",
    ),
    Verb(
        "uninvite",
        "Take the invitation back",
        "uninvite",
        facts.TakeBackInvitation,
        lambda row, values, _look: facts.TakeBackInvitation(row.party.agency, _text(values, "reason")),
        key="U",
        args=(_REASON,),
        applies=lambda row, look: (
            not row.party.declared
            and row.party.joined_at is None
            and row.party.left_at is None
            and _me(look) in (row.party.invited_by, _state(look).lead)
        ),
        confirm=True,
        example='uninvite IOW "meant SCAS"',
        help="For one invited by mistake, as long as it has neither joined nor declared anything.",
    ),
    Verb(
        "leave",
        "Leave the incident",
        "leave",
        facts.Leave,
        lambda _row, values, _look: facts.Leave(_text(values, "reason")),
        row=False,
        args=(_REASON,),
        confirm=True,
        help="Our agency no longer sees it.",
    ),
)

_LEAD_VERBS = (
    Verb(
        "lead",
        "Offer the lead, or claim it",
        "lead",
        facts.OfferLead,
        _lead,
        key="o",
        args=(Arg("reason", "Reason", default=_why_lead, rest=True),),
        applies=lambda row, look: (
            not row.lead and row.party.left_at is None and _me(look) in (_state(look).lead, row.party.agency)
        ),
        confirm=True,
        example='lead SCAS "their area"',
        help="Offers it to that agency; with our own, claims it. Until accepted the lead stays where it is.",
    ),
    Verb(
        "accept-lead",
        "Accept: the lead changes hands",
        "accept-lead",
        facts.AcceptLead,
        lambda _row, values, look: facts.AcceptLead(_offer(values, look, _for_us)),
        key="A",
        row=False,
        args=(Arg("offer", "Which", "choice", False, _for_us, _first(_for_us)),),
        applies=lambda row, look: bool(_for_us(look, row)),
        confirm=True,
    ),
    Verb(
        "decline-lead",
        "Decline the lead, or the claim of it",
        "decline-lead",
        facts.DeclineLead,
        lambda _row, values, look: facts.DeclineLead(_offer(values, look, _for_us), _text(values, "reason")),
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

_INCIDENT_VERBS = (
    Verb(
        "retitle",
        "Correct the title",
        "retitle",
        facts.Retitle,
        lambda _row, values, _look: facts.Retitle(_text(values, "title")),
        key="T",
        row=False,
        args=(Arg("title", "Title", default=lambda look, _row: _state(look).title, rest=True, limit=200),),
        example="retitle Two coaches, M4/M25",
    ),
    Verb(
        "location",
        "Say where it is",
        "location",
        facts.GiveLocation,
        lambda _row, values, _look: facts.GiveLocation(as_location(values["location"])),
        key="p",
        row=False,
        aliases=("loc",),
        args=(Arg("location", "Where: words, grid or lat,lon", "location", rest=True),),
        example="location M25 J15 northbound, TQ 0402 7829",
    ),
    Verb(
        "confirm-location",
        "Confirm the location",
        "confirm-location",
        facts.GiveLocation,
        _confirm,
        key="P",
        row=False,
        applies=lambda _row, look: (
            not _state(look).disputed and _state(look).location.known and not _state(look).location.confirmed
        ),
    ),
    Verb(
        "pick-location",
        "Settle the disputed location",
        "pick-location",
        facts.PickLocation,
        lambda _row, values, _look: facts.PickLocation(_text(values, "version")),
        row=False,
        args=(Arg("version", "Which is right", "choice", True, _sightings),),
        applies=lambda _row, look: _state(look).disputed,
    ),
    Verb(
        "number",
        "Give the incident its number",
        "number",
        facts.AssignNumber,
        lambda _row, values, _look: facts.AssignNumber(_text(values, "number").upper()),
        row=False,
        args=(Arg("number", "Number", "word", True, default=_next_number, limit=24),),
        applies=lambda _row, look: not _state(look).number and _state(look).opened_by == _me(look),
        example="number LAS-2611-03",
    ),
    Verb(
        "become",
        "Planned event or standby becomes an incident",
        "become",
        facts.ChangeKind,
        lambda _row, values, _look: facts.ChangeKind(
            _text(values, "kind") or "incident", _text(values, "reason")
        ),
        key="e",
        row=False,
        args=(Arg("kind", "Becomes", "choice", False, _kinds, lambda _look, _row: "incident"), _WHY),
        example="become incident",
        help="Everything is kept: parties, units, tasks and the log go on.",
    ),
    Verb(
        "close",
        "Close the incident",
        "close",
        facts.Close,
        lambda _row, values, _look: facts.Close(_text(values, "reason")),
        row=False,
        args=(Arg("reason", "Reason", required=False, rest=True),),
        # Whose it is and what still stands against it is said by the rule, with the names.
        applies=lambda _row, look: not _state(look).closed,
        confirm=True,
        against=lambda _row, _values, look: against_closing(look.state, _me(look), look.own),
    ),
    Verb(
        "reopen",
        "Open the closed incident again",
        "reopen",
        facts.Reopen,
        lambda _row, values, _look: facts.Reopen(_text(values, "reason")),
        row=False,
        args=(_REASON,),
        applies=lambda _row, look: _state(look).closed,
    ),
)

VERBS: Final = (*_PARTY_VERBS, *_LEAD_VERBS, *_INCIDENT_VERBS)
