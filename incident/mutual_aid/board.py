"""Mutual aid, the board: requests of ours and to us first, and everything that is known of one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from incident.kernel.board import Board, Cell, Column, Look
from incident.kernel.receipts import receipt
from incident.mutual_aid import facts as f
from incident.mutual_aid.cover import cover_left, cover_words
from incident.mutual_aid.fold import mutual_aid
from incident.mutual_aid.lookup import mine, named, ours, rows
from incident.mutual_aid.steps import present
from incident.mutual_aid.verbs import VERBS
from incident.mutual_aid.words import (
    counter_words,
    eta_words,
    late,
    lines_words,
    needed_cell,
    not_taken_words,
    state_cell,
    to_answer,
    told,
    unanswered,
    units_words,
)
from incident.statuses import word_of
from incident.values import MINUTE_MS, length_words, role_words, span

_ORDER = {"expired": 0, "declined": 0, "countered": 0, "part": 0, "sent": 1, "requested": 1, "accepted": 2}


# -- cells ----------------------------------------------------------------------------------------------------


def _number(request: f.Request, _look: Look) -> Cell:
    return Cell(request.number, "dim")


def _route(request: f.Request, look: Look) -> Cell:
    near = mine(request, look) or ours(request, look)
    return Cell(f"{request.requester} → {request.lender}", "accent" if near else "ink")


def _what(request: f.Request, _look: Look) -> Cell:
    return Cell(lines_words(request.terms.lines), "strong" if request.state not in f.SETTLED else "dim")


def _told(request: f.Request, look: Look) -> Cell:
    word, at = told(request, look)
    tone = "alarm" if late(request, look.now) else "ink"
    return Cell(word if at is None else f"{word} {look.clock(at)}", tone)


def _units(request: f.Request, _look: Look) -> Cell:
    if not request.units:
        return Cell("–", "dim")
    return Cell(f"{len(request.out)} {' '.join(key.partition('/')[2] for key in request.units)}")


def _order(request: f.Request, look: Look) -> Any:
    """Open before settled, ours and to us first, what waits for us above, then trouble, then by when it is needed."""
    near = mine(request, look) or ours(request, look)
    waits = look.me is not None and to_answer(request, look.me.agency)
    needed = request.terms.needed_by if request.terms.needed_by is not None else 0
    rank = (request.state in f.SETTLED, not near, not waits, _ORDER.get(request.state, 3))
    return (*rank, needed, request.raised_at, request.number)


COLUMNS = (
    Column("number", "No", 9, _number, priority=1, sort=lambda r, _l: r.number),
    Column("route", "From → to", 13, _route, priority=1),
    Column("what", "What", 13, _what, priority=0, grow=1),
    Column("state", "State", 16, state_cell, priority=0, grow=2),
    Column("needed", "Needed by", 14, needed_cell, priority=3, sort=lambda r, _l: r.terms.needed_by or 0),
    Column("told", "Told", 14, _told, priority=2),
    Column("units", "Units", 12, _units, priority=4, grow=2),
)


# -- detail ---------------------------------------------------------------------------------------------------


def detail(request: f.Request, look: Look) -> Sequence[tuple[str, Cell]]:
    """Everything known of one request, in the order in which it is asked for on the telephone."""
    terms = request.terms
    lines: list[tuple[str, Cell]] = [
        ("", Cell(f"{request.number}  {request.requester} asks {request.lender}", "strong")),
        ("state", state_cell(request, look)),
        ("told", _told(request, look)),
    ]
    if request.state == "sent":
        left = request.answer_by - look.now
        words = f"{look.clock(request.answer_by)}, in {span(left)}" if left > 0 else "over"
        lines.append(("answer by", Cell(words, "alarm" if late(request, look.now) else "ink")))
    lines += _line_items(request)
    for cover in cover_left(look, request):
        lines.append(("cover", Cell(cover_words(cover), "alarm" if cover.short else "good")))
    lines += _pressure(request, look)
    lines += [("needed by", needed_cell(request, look))]
    lines += _terms(terms)
    lines += _units_lines(request, look)
    lines += _people(request, look)
    lines += _history(request, look)
    return lines


def _line_items(request: f.Request) -> list[tuple[str, Cell]]:
    answers = {answer.line: answer for answer in request.answers}
    found = []
    for number, line in enumerate(request.terms.lines):
        answer = answers.get(number)
        said, tone = _answer_words(answer)
        found.append((f"line {number + 1}", Cell(f"{lines_words((line,))}: {said}", tone)))
    return found


def _answer_words(answer: f.Answer | None) -> tuple[str, str]:
    if answer is None:
        return "no answer yet", "dim"
    why = f" – {answer.reason}" if answer.reason else ""
    if answer.counter is not None:
        return f"offers {counter_words(answer.counter)} instead{why}", "alarm"
    if answer.not_taken is not None:
        return not_taken_words(answer), "caution"
    if answer.full:
        return f"accepted{why}", "good"
    if answer.accepted:
        return f"{answer.accepted} accepted{why}", "caution"
    return f"declined{why}", "alarm"


def _pressure(request: f.Request, look: Look) -> list[tuple[str, Cell]]:
    pressure = mutual_aid(look.state).pressures.get(request.lender)
    if pressure is None:
        return []
    floors = ", ".join(f"{floor.count} {floor.kind}" for floor in pressure.floors)
    parts = [f"REAP {pressure.reap}, {f.REAP.get(pressure.reap, '')}, {look.clock(pressure.at)}"]
    parts += [words for words in (pressure.note, f"keeps {floors}" if floors else "") if words]
    return [(request.lender, Cell("; ".join(parts), "caution" if pressure.reap > 2 else "ink"))]


def _terms(terms: f.Terms) -> list[tuple[str, Cell]]:
    hazards = "not known" if terms.hazards == f.UNKNOWN else terms.hazards
    rvp = "none given" if terms.rvp is None else _place(terms.rvp)
    expected = "" if terms.expected_minutes is None else length_words(terms.expected_minutes * MINUTE_MS)
    optional = (
        ("RVP", rvp, "ink" if terms.rvp else "caution"),
        ("hazards", hazards, "ink" if terms.hazards != f.UNKNOWN else "caution"),
        ("PPE", terms.ppe, "ink"),
        ("access", terms.access, "ink"),
        ("egress", terms.egress, "ink"),
        ("talkgroup", terms.talkgroup or "none given", "ink" if terms.talkgroup else "caution"),
        ("reports to", terms.reports_to, "ink"),
        ("ring", terms.contact, "ink"),
        ("METHANE", f"version {terms.methane}" if terms.methane else "", "ink"),
        ("for how long", expected, "ink"),
        ("reason", terms.reason, "ink"),
    )
    return [(title, Cell(text, tone)) for title, text, tone in optional if text]


def _place(rvp: f.Rvp) -> str:
    where = rvp.location.words() if rvp.location.known else ""
    return rvp.words if not where or where == rvp.words else f"{rvp.words}  {where}"


def _units_lines(request: f.Request, look: Look) -> list[tuple[str, Cell]]:
    found = []
    for unit in request.units.values():
        parts = [unit.kind, f"{f.UNIT_WORDS[unit.state]} {look.clock(unit.since)}"]
        held = present(look.state, unit)
        if unit.state in ("named", "mobilised") and unit.eta_from is not None:
            first = look.clock(unit.named_at + unit.eta_from * MINUTE_MS)
            parts.append(f"at RVP in {eta_words(unit.eta_from, unit.eta_to)} (from {first})")
        if held is not None and unit.state != "home":
            parts.append(f"{word_of(held.status)}, {held.controlling} controls")
        elif unit.state != "home":
            parts.append("released past the request: book it home")
        if unit.crew_shift_end is not None:
            parts.append(f"shift ends {look.clock(unit.crew_shift_end)}")
        if unit.reason:
            parts.append(unit.reason)
        over = unit.crew_shift_end is not None and unit.crew_shift_end <= look.now and unit.state != "home"
        tone = "alarm" if unit.state == "recalled" or over else "dim" if unit.state == "home" else "ink"
        found.append((unit.key, Cell(" · ".join(parts), tone)))
    return found


def _signed(by: str) -> str:
    """A person and, behind the last comma, the role they acted in."""
    name, comma, role = by.rpartition(", ")
    return name + comma + role_words(role)


def _people(request: f.Request, look: Look) -> list[tuple[str, Cell]]:
    approved = "not approved yet"
    if request.approved_at is not None:
        approved = f"{look.clock(request.approved_at)} by {_signed(request.approved_by)}"
    who = f"{request.person}, {role_words(request.requester_role)} of {request.requester}"
    asked = f"{look.clock(request.raised_at)} by {who}"
    lines = [
        ("basis", Cell(f"{request.basis} aid, edition {request.edition}", "dim")),
        ("asked", Cell(asked, "dim")),
        ("approved", Cell(approved, "dim" if request.approved_at is not None else "caution")),
    ]
    if request.replied_at is not None:
        got = receipt(look.state.receipts, f.reply_subject(request), request.requester)
        read = f", read {look.clock(got.seen)}" if got.seen is not None else ", not read yet"
        lines.append(
            (
                "answered",
                Cell(f"{look.clock(request.replied_at)} by {_signed(request.replied_by)}{read}", "dim"),
            )
        )
    for agency in request.transit:
        got = receipt(look.state.receipts, f.transit_subject(request), agency)
        state = "seen" if got.seen is not None else "delivered" if got.delivered is not None else "told"
        lines.append(("through", Cell(f"{agency}, {state if request.offer else 'not told yet'}", "dim")))
    return lines


def _history(request: f.Request, look: Look) -> list[tuple[str, Cell]]:
    found = []
    if request.proposed:
        found.append(("ask next", Cell(request.proposed, "accent")))
    if request.passed_on:
        found.append(("the rest", Cell(f"asked of {request.passed_on}", "dim")))
    if request.reason:
        found.append(("reason", Cell(request.reason, "dim")))
    for before in reversed(request.asked):
        why = f": {before.reason}" if before.reason else ""
        found.append((look.clock(before.at), Cell(f"{before.agency} asked, {before.outcome}{why}", "dim")))
    for old in reversed(request.earlier):
        parts = [lines_words(old.lines)]
        parts += [f"by {look.clock(old.needed_by)}"] if old.needed_by is not None else []
        parts += [words for words in (old.rvp, old.talkgroup) if words]
        found.append((look.clock(old.at), Cell(f"edition {old.edition} was: {', '.join(parts)}", "dim")))
    return found


# -- the board ------------------------------------------------------------------------------------------------


def _find(request: f.Request, look: Look) -> str:
    terms = request.terms
    words = [request.number, request.requester, request.lender, lines_words(terms.lines), request.state]
    words += [state_cell(request, look).text, units_words(request), *request.units, *request.transit]
    words += [terms.rvp.words if terms.rvp else "", terms.talkgroup]
    words += [f"from:{request.requester}", f"to:{request.lender}"]
    return " ".join(words).lower()


def _count(look: Look) -> int:
    """What waits for an answer of ours."""
    if look.me is None:
        return 0
    return sum(to_answer(request, look.me.agency) for request in rows(look).values())


def _alarm(look: Look) -> int:
    """Of ours and to us: what nobody has answered, or nobody will send."""
    return sum(
        unanswered(request, look.now)
        for request in rows(look).values()
        if mine(request, look) or ours(request, look)
    )


BOARD = Board(
    name="mutual_aid",
    title="Aid",
    digit="7",
    rows=rows,
    columns=COLUMNS,
    verbs=VERBS,
    detail=detail,
    find=_find,
    named=named,
    version=lambda request: request.version,
    order=_order,
    count=_count,
    alarm=_alarm,
    noun="request",
    empty="No aid asked for yet. Press r to ask a trust.",
)
