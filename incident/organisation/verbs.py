"""What a person can do to an incident's organisation, with the grammar of each line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from msgspec.structs import replace

from incident.kernel.board import Arg, Look, Verb
from incident.organisation import facts
from incident.organisation.asking import invitable, me_of, state_of, text_of
from incident.organisation.facts import DECLARATIONS, KINDS, Party
from incident.organisation.lead import Changed, Draft, lead_verbs, nothing_changed, tell_verb
from incident.organisation.remains import against_closing, against_declaring
from incident.organisation.rules import spoken
from incident.values import Location, as_words
from incident.whereabouts import as_location


def _my_party(look: Look) -> Party | None:
    return state_of(look).parties.get(me_of(look))


def _why_not_join(_row: Any, look: Look) -> str:
    if _my_party(look) is None:
        return "We are not invited: an agency that takes part does that first."
    return "We have joined already: c on Parties, or contact, changes whom to ring."


# -- what can be answered -------------------------------------------------------------------------------------


def _declarations(_look: Look, _row: Any) -> Sequence[tuple[str, str]]:
    return [(word, spoken(word)) for word in DECLARATIONS]


def _kinds(_look: Look, _row: Any) -> Sequence[tuple[str, str]]:
    return [(kind, spoken(kind)) for kind in KINDS]


def _sightings(look: Look, _row: Any) -> Sequence[tuple[str, str]]:
    return [(s.version, f"{s.agency}: {s.location.words()}") for s in state_of(look).sightings]


# -- commands from answers ------------------------------------------------------------------------------------


def _open(_row: Any, values: Mapping[str, Any], look: Look) -> facts.Open:
    if look.charter is None:
        raise ValueError("The server has not been reached yet, so its catalogue is not known here.")
    written = values.get("location")
    return facts.Open(
        title=text_of(values, "title"),
        mode=look.charter.mode,
        location=as_location(written, look) if written else Location(),
        kind=text_of(values, "kind") or "incident",
    )


def _declared_word(values: Mapping[str, Any]) -> str:
    word = text_of(values, "state").lower().replace(" ", "_").replace("-", "_")
    return {"standdown": "stand_down", "clear": "scene_clear"}.get(word, word)


def _declare(_row: Any, values: Mapping[str, Any], look: Look) -> facts.Declare:
    word = _declared_word(values)
    if word not in DECLARATIONS:
        raise ValueError(f"An agency declares one of: {', '.join(map(spoken, DECLARATIONS))}.")
    return facts.Declare(me_of(look), word, text_of(values, "reason"))


def _invite(_row: Any, values: Mapping[str, Any], _look: Look) -> facts.Invite:
    agencies = tuple(code.upper() for code in as_words(values["agencies"]))
    if not agencies:
        raise ValueError("Name at least one agency, such as SCAS.")
    return facts.Invite(agencies)


def _confirm(_row: Any, _values: Mapping[str, Any], look: Look) -> facts.GiveLocation:
    return facts.GiveLocation(replace(state_of(look).location, confirmed=True))


def _next_number(look: Look, _row: Any) -> str:
    """The number that the opener's own register has given this incident, when that is seen here."""
    state = state_of(look)
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
        Arg(
            "location", "Where: grid, lat,lon, a name, at A101, words", "location", required=False, rest=True
        ),
        Arg("kind", "Kind", "choice", False, _kinds, lambda _look, _row: "incident"),
    ),
    stream=lambda _row, _look: "",
    example='open "M4/M25 coach" M25 J15 TQ 0402 7829',
    help="It is on this desk at once, also while cut off; others see it when it has been sent.",
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
            look.state, me_of(look), _declared_word(values), look.own
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
        args=(Arg("agencies", "Agencies", "agencies", True, invitable, rest=True),),
        example="invite SCAS SECAMB",
        help="From then on they see the whole incident.",
    ),
    Verb(
        "join",
        "Join, and name whom to ring",
        "join",
        facts.Join,
        lambda _row, values, _look: facts.Join(text_of(values, "spoc")),
        key="J",
        row=False,
        args=(Arg("spoc", "Our single point of contact", rest=True, limit=200),),
        applies=lambda _row, look: (party := _my_party(look)) is not None and party.joined_at is None,
        instead=_why_not_join,
        example="join EOC manager, 020 7946 0101",
    ),
    Verb(
        "contact",
        "Name whom to ring here",
        "contact",
        facts.NameContact,
        lambda _row, values, look: facts.NameContact(me_of(look), text_of(values, "spoc")),
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
        lambda row, values, _look: facts.TakeBackInvitation(row.party.agency, text_of(values, "reason")),
        key="U",
        args=(_REASON,),
        applies=lambda row, look: (
            not row.party.declared
            and row.party.joined_at is None
            and row.party.left_at is None
            and me_of(look) in (row.party.invited_by, state_of(look).lead)
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
        lambda _row, values, _look: facts.Leave(text_of(values, "reason")),
        row=False,
        args=(_REASON,),
        confirm=True,
        help="Our agency no longer sees it.",
    ),
)

_INCIDENT_VERBS = (
    Verb(
        "retitle",
        "Correct the title",
        "retitle",
        facts.Retitle,
        lambda _row, values, _look: facts.Retitle(text_of(values, "title")),
        key="T",
        row=False,
        args=(Arg("title", "Title", default=lambda look, _row: state_of(look).title, rest=True, limit=200),),
        example="retitle Two coaches, M4/M25",
    ),
    Verb(
        "location",
        "Say where it is",
        "location",
        facts.GiveLocation,
        lambda _row, values, look: facts.GiveLocation(as_location(values["location"], look)),
        key="p",
        row=False,
        aliases=("loc",),
        args=(Arg("location", "Where: grid, lat,lon, a name, at A101, words", "location", rest=True),),
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
            not state_of(look).disputed
            and state_of(look).location.known
            and not state_of(look).location.confirmed
        ),
    ),
    Verb(
        "pick-location",
        "Settle the disputed location",
        "pick-location",
        facts.PickLocation,
        lambda _row, values, _look: facts.PickLocation(text_of(values, "version")),
        row=False,
        args=(Arg("version", "Which is right", "choice", True, _sightings),),
        applies=lambda _row, look: state_of(look).disputed,
    ),
    Verb(
        "number",
        "Give the incident its number",
        "number",
        facts.AssignNumber,
        lambda _row, values, _look: facts.AssignNumber(text_of(values, "number").upper()),
        row=False,
        args=(Arg("number", "Number", "word", True, default=_next_number, limit=24),),
        applies=lambda _row, look: not state_of(look).number and state_of(look).opened_by == me_of(look),
        example="number LAS-2611-03",
    ),
    Verb(
        "become",
        "Planned event or standby becomes an incident",
        "become",
        facts.ChangeKind,
        lambda _row, values, _look: facts.ChangeKind(
            text_of(values, "kind") or "incident", text_of(values, "reason")
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
        lambda _row, values, _look: facts.Close(text_of(values, "reason")),
        row=False,
        args=(Arg("reason", "Reason", required=False, rest=True),),
        # Whose it is and what still stands against it is said by the rule, with the names.
        applies=lambda _row, look: not state_of(look).closed,
        confirm=True,
        against=lambda _row, _values, look: against_closing(look.state, me_of(look), look.own, look.now),
    ),
    Verb(
        "reopen",
        "Open the closed incident again",
        "reopen",
        facts.Reopen,
        lambda _row, values, _look: facts.Reopen(text_of(values, "reason")),
        row=False,
        args=(_REASON,),
        applies=lambda _row, look: state_of(look).closed,
    ),
)


def verbs(draft: Draft = lambda _look: "", changed: Changed = nothing_changed) -> tuple[Verb, ...]:
    """Everything that is done to the organisation; ``draft`` writes the first text of an IIMARCH brief."""
    return (*_PARTY_VERBS, tell_verb(draft), *lead_verbs(draft, changed), *_INCIDENT_VERBS)
