"""Sharing agreements as a board: what is shared with whom, in which tier, what for, and until when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

import msgspec

from incident.kernel.board import Arg, Board, Cell, Column, Look, Verb
from incident.organisation.facts import Organisation
from incident.sharing import facts as f
from incident.sharing.facts import Agreement
from incident.sharing.rules import owner, sharing, stands
from incident.values import as_minutes, length_words


class SharingRow(msgspec.Struct, frozen=True):
    """One agreement, with the stream it is about. ``part``: the agency whose own part that is, "" the incident."""

    agreement: Agreement
    part: str
    stream: str
    lapsed: bool
    """The receiver's place in the incident has changed since."""


@lru_cache(maxsize=512)
def _row(agreement: Agreement, part: str, stream: str, *, lapsed: bool) -> SharingRow:
    # The same inputs give the same object, so that an unchanged line is not painted again.
    return SharingRow(agreement, part, stream, lapsed)


def rows(look: Look) -> Mapping[str, SharingRow]:
    """The agreements of the incident, of our own part, and of those parts of others that are shared with us."""
    views = [("", look.stream, look.state)]
    if look.own is not None:
        views.append((_me(look), look.own_stream, look.own))
    views += [(view.organisation.own, stream, view) for stream, view in look.shown.items()]
    return {
        f"{part or 'incident'}/{code}": _row(
            one, part, stream, lapsed=one.ended_at is None and not stands(view, one, one.at)
        )
        for part, stream, view in views
        for code, one in sharing(view).agreements.items()
    }


def _me(look: Look) -> str:
    return "" if look.me is None else str(look.me.agency)


def _state(look: Look) -> Organisation:
    state: Organisation = look.state.organisation
    return state


def _open(row: SharingRow, look: Look) -> bool:
    one = row.agreement
    return one.ended_at is None and not row.lapsed and look.now < one.until


# -- cells ----------------------------------------------------------------------------------------------------


def _what(row: SharingRow, look: Look) -> Cell:
    if not row.part:
        return Cell("incident", "strong")
    return Cell("our own part" if row.part == _me(look) else f"{row.part}'s own part", "strong")


def _with(row: SharingRow, look: Look) -> Cell:
    code = row.agreement.agency
    return Cell(f"{code}  us" if code == _me(look) else code, "accent" if code == _me(look) else "ink")


def state_cell(row: SharingRow, look: Look) -> Cell:
    """Whether it stands, and if not, why not."""
    one = row.agreement
    if one.ended_at is not None:
        return Cell(f"ended by {one.ended_by}" if one.ended_by else "run out", "dim")
    if row.lapsed:
        return Cell("lapsed", "dim")
    if look.now >= one.until:
        return Cell("run out", "dim")
    return Cell(f"{one.tier} {length_words(one.until - look.now)} more", "caution")


def _until(row: SharingRow, look: Look) -> Cell:
    one = row.agreement
    return Cell(look.clock(one.until if one.ended_at is None else one.ended_at), "dim")


COLUMNS: Final = (
    Column("what", "What", 16, _what, priority=0),
    Column("with", "With", 12, _with, priority=0, sort=lambda row, _look: row.agreement.agency),
    Column("state", "Stands", 20, state_cell, priority=1),
    Column("until", "Until", 8, _until, priority=2, sort=lambda row, _look: row.agreement.until),
    Column("by", "Shared by", 10, lambda row, _look: Cell(row.agreement.by), priority=4),
    Column("purpose", "Purpose", 30, lambda row, _look: Cell(row.agreement.purpose), priority=3, grow=2),
)


def detail(row: SharingRow, look: Look) -> Sequence[tuple[str, Cell]]:
    """Everything known of one agreement."""
    one = row.agreement
    lines = [
        ("", _what(row, look)),
        ("with", Cell(f"{one.agency}  {_state(look).charter.agency_name(one.agency)}")),
        ("tier", Cell(f"{one.tier}: {f.TIERS[one.tier]}")),
        ("stands", state_cell(row, look)),
        ("agreed", Cell(f"{look.clock(one.at)} by {one.by}, {one.actor}", "dim")),
        ("until", Cell(look.clock(one.until), "dim")),
        ("purpose", Cell(one.purpose)),
    ]
    if one.ended_at is not None:
        lines.append(("ended", Cell(f"{look.clock(one.ended_at)} {one.ended_by}", "dim")))
    if one.reason:
        lines.append(("reason", Cell(one.reason)))
    return lines


# -- verbs ----------------------------------------------------------------------------------------------------


def _tiers(_look: Look, _row: Any) -> Sequence[tuple[str, str]]:
    return list(f.TIERS.items())


def _outside(look: Look, _row: Any) -> Sequence[tuple[str, str]]:
    state = _state(look)
    inside = {code for code, party in state.parties.items() if party.left_at is None}
    agencies = state.charter.agencies.items()
    return [(code, one.name) for code, one in agencies if code not in inside and one.type != "exercise"]


def _parties(look: Look, _row: Any) -> Sequence[tuple[str, str]]:
    state = _state(look)
    inside = [code for code, party in state.parties.items() if party.left_at is None and code != _me(look)]
    return [(code, state.charter.agency_name(code)) for code in inside]


def _text(values: Mapping[str, Any], name: str) -> str:
    return str(values.get(name) or "").strip()


def _share(_row: Any, values: Mapping[str, Any], _look: Look) -> f.Share:
    tier = _text(values, "tier").lower()
    if tier not in f.TIERS:
        raise ValueError(f"The tier is one of: {', '.join(f.TIERS)}.")
    minutes = as_minutes(values["minutes"])
    if not 1 <= minutes <= f.MINUTES_MAX:
        raise ValueError(f"An agreement holds for at most {f.MINUTES_MAX // 60} hours.")
    return f.Share(_text(values, "agency").upper(), tier, minutes, _text(values, "purpose"))  # type: ignore[arg-type]


def _share_own(row: Any, values: Mapping[str, Any], look: Look) -> f.Share:
    """Of our own part; it would open by itself to who is invited later, so it is shared with a party only."""
    made = _share(row, values, look)
    if made.agency not in dict(_parties(look, row)):
        raise ValueError(f"{made.agency} is not party to this incident: our own part is shared with a party.")
    return made


def _args(choices: Any) -> tuple[Arg, ...]:
    return (
        Arg("agency", "With", "agency", True, choices),
        Arg("tier", "Tier", "choice", True, _tiers, lambda _look, _row: "view"),
        Arg("minutes", "For how long (4h)", "minutes", True, default=lambda _look, _row: "4h"),
        Arg("purpose", "Purpose", rest=True, limit=200),
    )


VERBS: Final = (
    Verb(
        "share-own",
        "Share our own part",
        "share",
        f.Share,
        _share_own,
        key="p",
        row=False,
        args=_args(_parties),
        stream=lambda _row, look: look.own_stream,
        applies=lambda _row, look: getattr(look.own, "sharing", None) is not None,
        example="share SCAS view 4h to see which crews we have asked for",
        help="With a party of the incident. It ends by itself, and either side ends it before.",
    ),
    Verb(
        "share-incident",
        "Share the incident with an outsider",
        "show",
        f.Share,
        _share,
        key="o",
        row=False,
        args=_args(_outside),
        applies=lambda _row, look: bool(look.stream) and owner(_state(look)) == _me(look),
        example="show NHSE view 2h regional picture",
        help="Only who has the lead. The other sees the whole incident, and no agency's own part.",
    ),
    Verb(
        "end-sharing",
        "End the sharing",
        "unshare",
        f.End,
        lambda row, values, _look: f.End(row.agreement.agency, _text(values, "reason")),
        key="X",
        args=(Arg("reason", "Reason", required=False, rest=True),),
        stream=lambda row, _look: row.stream,
        applies=lambda row, look: (
            _open(row, look)
            and _me(look) in (row.agreement.by, row.agreement.agency, row.part or _state(look).lead)
        ),
        example="unshare NHSE briefed",
        help="Either side, at any time. The other's copy is deleted.",
    ),
)


def _find(row: SharingRow, look: Look) -> str:
    cells = (_what(row, look), state_cell(row, look))
    one = row.agreement
    return " ".join((one.agency, one.by, one.purpose, *(cell.text for cell in cells))).lower()


def named(written: str, look: Look) -> str | None:
    """An agreement by its receiver, else by whose own part is shared with us; one that stands comes first.

    Where both are meant by one name, ``SCAS/LAS`` is what SCAS shares with LAS.
    """
    wanted, me, every = written.strip().upper(), _me(look), rows(look)
    theirs = f"{wanted}/{me}"
    found = [(key, row) for key, row in every.items() if row.agreement.agency == wanted or key == theirs]
    found = [(key, row) for key, row in every.items() if key.upper() == wanted] or found
    found.sort(key=lambda pair: (not _open(pair[1], look), pair[0] == theirs))
    return found[0][0] if found else None


BOARD: Final = Board(
    name="sharing",
    title="Sharing",
    digit="",
    rows=rows,
    columns=COLUMNS,
    verbs=VERBS,
    detail=detail,
    find=_find,
    named=named,
    version=lambda row: row.agreement.version,
    order=lambda row, look: (not _open(row, look), row.part, row.agreement.agency),
    count=lambda look: sum(_open(row, look) for row in rows(look).values()),
    noun="agreement",
    empty="Nothing is shared. Press p to share our own part, o the incident.",
)
