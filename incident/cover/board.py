"""Cover as a board: what one trust covers of another's area, until when, and what waits for an answer."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from incident.boundaries.corners import middle
from incident.boundaries.facts import Shape
from incident.boundaries.verbs import CORNERS, drawn_as, read_metres, with_point
from incident.boundaries.words import where_words
from incident.cover import facts as f
from incident.cover.facts import Cover
from incident.cover.rules import covers
from incident.cover.words import phase
from incident.ground import reach_words
from incident.kernel.board import Arg, Board, Cell, Column, Look, Verb
from incident.kernel.receipts import receipt
from incident.organisation import charter_of, organisation, parties
from incident.values import MINUTE_MS, Location, length_words, read_due, read_location, span
from incident.whereabouts import drawn_place


def rows(look: Look) -> Mapping[str, Cover]:
    """Every stretch of the incident by id, those that are over too."""
    found: Mapping[str, Cover] = covers(look.state).rows
    return found


def _me(look: Look) -> str:
    return "" if look.me is None else str(look.me.agency)


# -- cells ----------------------------------------------------------------------------------------------------


def stands_cell(row: Cover, look: Look) -> Cell:
    """How it stands now, in words; the last minutes say so."""
    words = phase(row, look.now)
    if row.over(look.now):
        return Cell(words, "dim")
    if row.step in f.OPEN:
        return Cell(f"· {words}, {row.answers} to answer", "caution")
    if words == "covered":
        left = row.until - look.now
        soon = left <= f.SOON_MS
        return Cell(f"{'▲ ' if soon else ''}covered {length_words(left)} more", "alarm" if soon else "good")
    return Cell(f"agreed, in {length_words(row.begins - look.now)}", "good")


def _stretch(row: Cover, look: Look) -> Cell:
    return Cell(row.stretch, "dim" if row.over(look.now) else "strong")


def _agency(code: str, look: Look) -> Cell:
    return Cell(f"{code}  us" if code == _me(look) else code, "accent" if code == _me(look) else "ink")


def _times(row: Cover, look: Look) -> Cell:
    return Cell(
        f"{look.clock(row.begins)} to {look.clock(row.until)}", "dim" if row.over(look.now) else "ink"
    )


COLUMNS: Final = (
    Column("stretch", "Stretch", 22, _stretch, priority=0, grow=2),
    Column("covered", "Area of", 10, lambda r, look: _agency(r.covered, look), priority=1),
    Column("by", "Covered by", 10, lambda r, look: _agency(r.by, look), priority=0),
    Column("stands", "Stands", 26, stands_cell, priority=1),
    Column("times", "From to", 16, _times, priority=2, sort=lambda row, _look: row.until),
    Column("reason", "Reason", 24, lambda r, _l: Cell(r.reason), priority=4, grow=2),
    Column("resources", "With", 18, lambda r, _l: Cell(r.resources), priority=5, grow=1),
    Column("number", "No", 10, lambda r, _l: Cell(r.number, "dim"), priority=3),
)


def detail(row: Cover, look: Look) -> Sequence[tuple[str, Cell]]:
    """Everything known of one stretch."""
    state = organisation(look.state)
    lines = [
        ("", Cell(row.stretch, "strong")),
        ("number", Cell(row.number, "dim")),
        ("stands", stands_cell(row, look)),
        ("area of", Cell(f"{row.covered}, and stays so; lead {state.lead}")),
        ("covered by", Cell(f"{row.by}{f': {row.resources}' if row.resources else ''}")),
        ("from, to", Cell(f"{_times(row, look).text}, {length_words(row.until - row.begins)}")),
        ("reason", Cell(row.reason)),
        ("where", Cell(where_words(row.shape))),
    ]
    if row.reach is not None:
        lines.append(("reaches", Cell(reach_words(row.reach), "dim")))
    word = "asked for" if row.begun_by == row.covered else "offered"
    lines.append((word, Cell(f"{look.clock(row.at)} by {row.begun_by}, {row.actor}", "dim")))
    if row.answered_at is not None:
        answer = "declined" if row.step == "declined" else "agreed"
        lines.append((answer, Cell(f"{look.clock(row.answered_at)} by {row.answered_by}", "dim")))
    elif row.step in f.OPEN:
        lines.append(("answer", _told(row, look)))
    if row.ended_at is not None:
        lines.append((f.STEPS[row.step], Cell(f"{look.clock(row.ended_at)} by {row.ended_by}", "dim")))
    if row.end_reason:
        lines.append(("because", Cell(row.end_reason)))
    return lines


def _told(row: Cover, look: Look) -> Cell:
    if row.over(look.now):
        return Cell(f"{row.answers}: none within its time", "dim")
    got = receipt(look.state.receipts, f.key_of(row.id), row.answers)
    word = (
        "acknowledged"
        if got.acknowledged
        else "seen"
        if got.seen
        else "delivered"
        if got.delivered
        else "sent"
    )
    return Cell(f"{row.answers}: {word}, waits {span(look.now - row.at)}", "caution")


# -- verbs ----------------------------------------------------------------------------------------------------

_WITHIN = re.compile(r"within\s+(\d+(?:\.\d+)?)\s?(km|m)\s+of\s+(.+)", re.IGNORECASE)


def _trusts(look: Look, _row: Any) -> Sequence[tuple[str, str]]:
    known = charter_of(look.state).agencies
    codes = (code for code in parties(look.state) if code != _me(look))
    return [(code, known[code].name) for code in codes if code in known and known[code].type == "ambulance"]


def _text(values: Mapping[str, Any], name: str) -> str:
    return str(values.get(name) or "").strip()


def _shape(values: Mapping[str, Any], stretch: str, look: Look) -> Shape:
    """The ground of a stretch: "within 5km of PLACE", its corners, or the words alone.

    What must be said of how the corners were read stands with the place, for everybody who agrees to it.
    """
    if values.get("polygon"):
        corners, said = drawn_as(values)
        lat, lon = middle(corners)
        return Shape(Location(f"{stretch} ({said})" if said else stretch, lat=lat, lon=lon), polygon=corners)
    within = _WITHIN.fullmatch(stretch)
    if within is None:
        return Shape(with_point(read_location(stretch)))
    return Shape(with_point(drawn_place(within[3], look)), read_metres(f"{within[1]}{within[2].lower()}"))


def _terms(values: Mapping[str, Any], look: Look) -> f.Terms:
    begins_at, stretch = _text(values, "begins"), _text(values, "stretch")
    begins = read_due(begins_at, look.now, look.offset_minutes) if begins_at else look.now
    until = read_due(_text(values, "until"), begins, look.offset_minutes)
    minutes = -(-(until - begins) // MINUTE_MS)
    if not 1 <= minutes <= f.MINUTES_MAX:
        raise ValueError("A stretch is covered for 24 hours at most. Agree anew what is longer.")
    return f.Terms(
        stretch,
        _shape(values, stretch, look),
        begins,
        minutes,
        _text(values, "reason"),
        _text(values, "resources"),
    )


_ARGS: Final = (
    Arg("stretch", "Which stretch (words, or within 5km of PLACE)", "text", limit=200),
    Arg("until", "Until (4h or 18:00)", "time", True, default=lambda _look, _row: "4h", limit=20),
    Arg("reason", "Reason", rest=True),
    Arg("begins", "From (blank is now)", "time", False, limit=20),
    Arg("resources", "With which units", "text", False),
    CORNERS,
)
_NEIGHBOUR: Final = (
    "It changes neither whose area it is nor who leads. Nothing binds before the other accepts."
)


def _theirs(row: Cover, look: Look) -> bool:
    return row.step in f.OPEN and row.answers == _me(look)


VERBS: Final = (
    Verb(
        "ask",
        "Ask a trust to cover a stretch of ours",
        "cover-ask",
        f.Ask,
        lambda _row, v, look: f.Ask(_text(v, "agency").upper(), _terms(v, look)),
        key="p",
        row=False,
        args=(Arg("agency", "Whom we ask", "agency", True, _trusts), *_ARGS),
        applies=lambda row, look: bool(_trusts(look, row)),
        example='cover ask SECAMB "Staines and Ashford" 4h M25 is shut between us',
        help=_NEIGHBOUR,
    ),
    Verb(
        "offer",
        "Offer to cover a stretch of theirs",
        "cover-offer",
        f.Offer,
        lambda _row, v, look: f.Offer(_text(v, "agency").upper(), _terms(v, look)),
        key="o",
        row=False,
        args=(Arg("agency", "Whose area", "agency", True, _trusts), *_ARGS),
        applies=lambda row, look: bool(_trusts(look, row)),
        example='cover offer SCAS "within 5km of TQ 0227 7759" 18:00 two of ours are free there',
        help=_NEIGHBOUR,
    ),
    Verb(
        "accept",
        "Accept the cover",
        "cover-accept",
        f.Accept,
        lambda row, _v, _l: f.Accept(row.id),
        key="y",
        applies=lambda row, look: look.now < row.until and _theirs(row, look),
        example="cover accept SCAS-C1",
    ),
    Verb(
        "decline",
        "Do not accept the cover",
        "cover-decline",
        f.Decline,
        lambda row, v, _l: f.Decline(row.id, _text(v, "reason")),
        key="x",
        args=(Arg("reason", "Reason", rest=True),),
        applies=_theirs,
        example="cover decline SCAS-C1 none of ours is free",
    ),
    Verb(
        "withdraw",
        "Take the offer or the question back",
        "cover-withdraw",
        f.Withdraw,
        lambda row, v, _l: f.Withdraw(row.id, _text(v, "reason")),
        key="w",
        args=(Arg("reason", "Reason", required=False, rest=True),),
        applies=lambda row, look: row.step in f.OPEN and row.begun_by == _me(look),
        example="cover withdraw SCAS-C1",
    ),
    Verb(
        "end",
        "End the cover before its time",
        "cover-end",
        f.End,
        lambda row, v, _l: f.End(row.id, _text(v, "reason")),
        key="X",
        args=(Arg("reason", "Reason", rest=True),),
        applies=lambda row, look: row.step == "agreed" and look.now < row.until and _me(look) in row.sides,
        example="cover end SCAS-C1 the road is open again",
        help="Either side, with a reason. Its calls are the other's again at once.",
    ),
)


def _find(row: Cover, look: Look) -> str:
    words = (row.stretch, row.covered, row.by, row.reason, row.resources, row.number)
    return " ".join((*words, stands_cell(row, look).text)).lower()


def named(written: str, look: Look) -> str | None:
    """A stretch by its number or its words; by a trust, when only one that is not over is with it."""
    wanted = written.strip().casefold()
    live = [row for row in rows(look).values() if not row.over(look.now)]
    exact = [
        row.id for row in rows(look).values() if wanted in (row.number.casefold(), row.stretch.casefold())
    ]
    found = exact or [row.id for row in live if wanted in (code.casefold() for code in row.sides)]
    return found[0] if len(found) == 1 else None


def _order(row: Cover, look: Look) -> Any:
    return (row.over(look.now), row.step not in f.OPEN, row.until, row.number)


def _soon(look: Look) -> int:
    return sum(row.stands(look.now) and row.until - look.now <= f.SOON_MS for row in rows(look).values())


BOARD: Final = Board(
    name="cover",
    title="Cover",
    digit="",
    rows=rows,
    columns=COLUMNS,
    verbs=VERBS,
    detail=detail,
    find=_find,
    named=named,
    version=lambda row: row.version,
    order=_order,
    count=lambda look: sum(not row.over(look.now) for row in rows(look).values()),
    alarm=_soon,
    noun="stretch",
    empty="No trust covers for another. Press p to ask for cover, o to offer it.",
)
