"""The parties of an incident as a board: who takes part, what each has declared, who leads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import msgspec

from incident.catalogue import Agency
from incident.ground import as_before
from incident.kernel.board import Board, Cell, Column, Look
from incident.kernel.receipts import Receipts, receipt
from incident.organisation.facts import DECLARATIONS, Organisation, Party
from incident.organisation.fold import subject, waits
from incident.organisation.lead import Changed, Draft, nothing_changed
from incident.organisation.rules import answers, stands
from incident.organisation.telling import untold
from incident.organisation.verbs import verbs
from incident.placing import INSIDE, placing_words
from incident.values import length_words

_TONES = {
    "aware": "ink",
    "standby": "caution",
    "declared": "alarm",
    "cancelled": "dim",
    "scene_clear": "good",
    "stand_down": "dim",
    "recovery": "good",
    "closed": "dim",
}


class PartyRow(msgspec.Struct, frozen=True):
    """One agency's line: its place in the incident, its names, and what it has to do with the lead."""

    party: Party
    name: str
    short: str
    type: str
    lead: bool
    lead_offer: str
    """"offered" when the lead is offered to it, "claims" when it asks for it, else ""."""
    disputed: bool
    """More than one agency is named for the lead, and this is one of them."""
    told: str
    """What became of its invitation while it has not joined: sent, delivered, seen or acknowledged."""


@lru_cache(maxsize=1024)
def _row(party: Party, agency: Agency, offer: str, told: str, *, lead: bool, disputed: bool) -> PartyRow:
    # The same inputs give the same object, so that an unchanged line is not painted again.
    short = agency.short or agency.code
    return PartyRow(party, agency.name, short, agency.type, lead, offer, disputed, told)


def _told(receipts: Receipts, subject_: str, agency: str) -> str:
    got = receipt(receipts, subject_, agency)
    stages = (("acknowledged", got.acknowledged), ("seen", got.seen), ("delivered", got.delivered))
    return next((word for word, at in stages if at is not None), "sent")


def rows(look: Look) -> Mapping[str, PartyRow]:
    """Every agency that takes part or took part, in the order in which they came."""
    state: Organisation = look.state.organisation
    offers = {offer.to: "claims" if offer.claim else "offered" for offer in state.lead_offers}
    return {
        code: _row(
            party,
            state.charter.agencies.get(code) or Agency(code, code),
            offers.get(code, ""),
            _told(look.state.receipts, subject(party.invitation), code) if waits(party) else "",
            lead=code == state.lead,
            disputed=state.lead_disputed and (code == state.lead or code in offers),
        )
        for code, party in state.parties.items()
    }


# -- cells ----------------------------------------------------------------------------------------------------


def declared_cell(party: Party) -> Cell:
    """What an agency has declared, in a word."""
    if party.left_at is not None:
        return Cell("not invited" if party.uninvited else "left", "dim")
    words = stands(party)
    if not party.declared:
        return Cell(words, "caution")
    return Cell(words.upper() if party.declared == "declared" else words, _TONES.get(party.declared, "ink"))


def _agency(row: PartyRow, look: Look) -> Cell:
    mine = look.me is not None and look.me.agency == row.party.agency
    return Cell(row.party.agency + ("  us" if mine else ""), "accent" if mine else "strong")


def _since(row: PartyRow, look: Look) -> Cell:
    at = row.party.stands_since
    return Cell("" if at is None else f"{look.clock(at)}  {length_words(look.now - at)}", "dim")


def lead_cell(row: PartyRow, _look: Look) -> Cell:
    """Lead, offered or claimed; more than one name for the lead is an alarm."""
    if row.lead:
        return Cell("lead, DISPUTED", "alarm") if row.disputed else Cell("lead", "good")
    if not row.lead_offer:
        return Cell("")
    words = "claims lead" if row.lead_offer == "claims" else "lead offered"
    return Cell(words, "alarm" if row.disputed else "caution")


def _joined(row: PartyRow, look: Look) -> Cell:
    at = row.party.joined_at
    if at is not None:
        return Cell(look.clock(at), "dim")
    if not row.told:
        return Cell("")
    return Cell(f"invited {look.clock(row.party.invited_at)} {row.told}", "caution")


def _contact(row: PartyRow, _look: Look) -> Cell:
    if row.party.spoc or row.party.left_at is not None:
        return Cell(row.party.spoc)
    return Cell("no contact named", "caution")


def _place_in_list(row: PartyRow, look: Look) -> Any:
    first = 0 if row.lead else 1 if look.me is not None and look.me.agency == row.party.agency else 2
    return (row.party.left_at is not None, first, row.party.invited_at, row.party.agency)


COLUMNS = (
    Column("agency", "Agency", 12, _agency, priority=0, sort=lambda row, _look: row.party.agency),
    Column(
        "declared",
        "Declared",
        12,
        lambda row, _look: declared_cell(row.party),
        priority=0,
        sort=lambda row, _look: DECLARATIONS.index(row.party.declared) if row.party.declared else -1,
    ),
    Column("since", "Since", 15, _since, priority=2, sort=lambda row, _look: row.party.stands_since or 0),
    Column("lead", "Lead", 14, lead_cell, priority=1),
    Column("joined", "Joined", 22, _joined, priority=4),
    Column("spoc", "Contact", 24, _contact, priority=3, grow=2),
    Column("name", "Name", 26, lambda row, _look: Cell(row.name, "dim"), priority=6, grow=1),
)


# -- detail ---------------------------------------------------------------------------------------------------


def detail(row: PartyRow, look: Look) -> Sequence[tuple[str, Cell]]:
    """Everything known of one agency's part in the incident, and where the lead and the location stand."""
    party, state = row.party, look.state.organisation
    lines: list[tuple[str, Cell]] = [
        ("", Cell(f"{party.agency}  {row.name}", "strong")),
        ("declared", declared_cell(party)),
    ]
    if party.declared_at is not None:
        again = party.declared_at != party.stands_since
        said = f"again {look.clock(party.declared_at)} " if again else ""
        lines.append(("since", Cell(f"{_since(row, look).text}, {said}by {party.declared_by}", "dim")))
    lines += [("reason", Cell(party.reason))] if party.reason else []
    lines += [
        ("contact", _contact(row, look)),
        ("invited", Cell(f"{look.clock(party.invited_at)} by {party.invited_by}", "dim")),
    ]
    if party.joined_at is not None:
        lines.append(("joined", Cell(look.clock(party.joined_at), "dim")))
    if party.left_at is not None:
        lines.append(("left", Cell(look.clock(party.left_at), "dim")))
    lines.append(("lead", Cell(f"{state.lead} since {look.clock(state.lead_since)}")))
    for offer in state.lead_offers:
        word = "claimed by" if offer.claim else "offered to"
        told = _told(look.state.receipts, subject(offer.id), answers(state, offer))
        times = f"{told}, lapses {look.clock(offer.lapses_at)}"
        lines.append(
            ("", Cell(f"{word} {offer.to} at {look.clock(offer.at)}, {times}: {offer.reason}", "caution"))
        )
        lines += _brief_lines("its brief", offer.brief)
    if row.lead:
        lines += _brief_lines("brief", state.lead_brief)
    lines += place_lines(look)
    return lines


def _brief_lines(title: str, brief: str) -> list[tuple[str, Cell]]:
    """A brief as it was given, a line for each of its lines."""
    return [("" if index else title, Cell(line)) for index, line in enumerate(brief.split("\n")) if brief]


def place_lines(look: Look) -> list[tuple[str, Cell]]:
    """Where it is: one line, or every value that stands while it is DISPUTED."""
    state: Organisation = look.state.organisation
    if not state.disputed:
        place = state.location
        word = "confirmed" if place.confirmed else "provisional"
        where = ("location", Cell(f"{place.words()}  {word}", "ink" if place.confirmed else "caution"))
        return [where, *_area_lines(look)]
    return [
        ("location", Cell("DISPUTED: a tactical commander picks", "alarm")),
        *(
            (sighting.agency, Cell(f"{sighting.location.words()}  {look.clock(sighting.at)}", "caution"))
            for sighting in state.sightings
        ),
    ]


def _area_lines(look: Look) -> list[tuple[str, Cell]]:
    """Whose area it is, what follows for the lead, and which trusts are still to be told."""
    state: Organisation = look.state.organisation
    placing = state.placing
    if placing is None:
        before = state.sightings[0].before if state.sightings else ()
        lines = [("area", Cell(as_before(before), "caution"))] if before else []
        return [*lines, *_untold_lines(look)]
    lines = [("area", Cell(placing_words(placing), "ink" if placing.state == INSIDE else "caution"))]
    return [*lines, *_lead_lines(look, placing.trust), *_untold_lines(look)]


def _lead_lines(look: Look, trust: str) -> list[tuple[str, Cell]]:
    """What is still to be done about the lead where another trust's area it is; nothing while it is, or once closed."""
    state: Organisation = look.state.organisation
    if (
        not trust
        or trust == state.lead
        or state.closed
        or any(offer.to == trust for offer in state.lead_offers)
    ):
        return []
    if state.lead != state.opened_by or state.lead_since != state.opened_at:
        words = (
            f"{trust}'s area; the lead went to {state.lead} by agreement at {look.clock(state.lead_since)}"
        )
        return [("", Cell(words, "dim"))]
    return [("", Cell(f"its area: offer or agree the lead with {trust}", "caution"))]


def _untold_lines(look: Look) -> list[tuple[str, Cell]]:
    missing = () if look.state.organisation.closed else untold(look.state)
    return [("to be told", Cell(" ".join(missing), "caution"))] if missing else []


def _find(row: PartyRow, look: Look) -> str:
    words = (row.party.agency, row.name, row.short, row.type, row.party.spoc, declared_cell(row.party).text)
    return " ".join((*words, lead_cell(row, look).text)).lower()


def _named(written: str, look: Look) -> str | None:
    wanted = written.strip().lower()
    for code, row in rows(look).items():
        if wanted in (code.lower(), row.short.lower(), row.name.lower()):
            return code
    return None


def _count(look: Look) -> int:
    return sum(party.left_at is None for party in look.state.organisation.parties.values())


def _alarm(look: Look) -> int:
    state: Organisation = look.state.organisation
    return int(state.lead_disputed) + int(state.disputed)


def make_board(draft: Draft = lambda _look: "", changed: Changed = nothing_changed) -> Board:
    """The board of parties; ``draft`` writes the first text of an IIMARCH brief from the picture.

    ``changed`` names what has changed in the picture since a moment.
    """
    return Board(
        name="parties",
        title="Parties",
        digit="",
        rows=rows,
        columns=COLUMNS,
        verbs=verbs(draft, changed),
        detail=detail,
        find=_find,
        named=_named,
        version=lambda row: row.party.changed,
        order=_place_in_list,
        count=_count,
        alarm=_alarm,
        noun="agency",
        empty="No agency takes part yet.",
    )


BOARD = make_board()
