"""The board of units: those committed to the incident, and our own register's that could be."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeAlias

from incident.fleet import Unit, claim_key, fleet
from incident.kernel.board import Board, Cell, Column, Look
from incident.kernel.receipts import receipt
from incident.resources import facts as f
from incident.resources.fold import offer_subject, resources
from incident.resources.returns import returned
from incident.resources.words import is_wanted
from incident.statuses import HOSPITAL, SCENE, span, stale_minutes, status, word_of
from incident.values import split_key, unit_key

NOT_AVAILABLE = "not available"


@dataclass(frozen=True, slots=True)
class Idle:
    """A unit of our own register of which there is more to say than the register knows.

    ``held`` says who holds it, when that is not this incident. ``past`` is its commitment here that ended after
    the register last heard of it: how it stood at its release is then the latest that is known.
    """

    key: str
    unit: Unit
    held: str = ""
    past: f.PastCommitment | None = None

    @property
    def version(self) -> str:
        return self.unit.version if self.past is None else self.past.version


Row: TypeAlias = f.Resource | Unit | Idle
"""A plain ``Unit`` is one of our own register with nothing to add."""

# A row that did not change is the same object, which is how a screen knows what to paint.
_idle = lru_cache(maxsize=4096)(Idle)


def rows(look: Look) -> Mapping[str, Row]:
    """Every unit committed to the incident, then our own register's others, by ``LAS/A101``."""
    here: Mapping[str, Row] = resources(look.state).units
    register = None if look.me is None else look.registers.get(look.me.agency)
    if register is None:
        return here
    own = fleet(register)
    past = returned(look.state, register, look.timed)
    found = dict(here)
    for key, unit in own.units.items():
        if key in here:
            continue
        held = look.claims.get(claim_key(own.mode, key), "")
        ended = past.get(key)
        found[key] = _idle(key, unit, held, ended) if held or ended else unit
    return found


# -- a row, read the same way whatever it is ------------------------------------------------------------------


def key_of(row: Row, look: Look) -> str:
    """The unit across all trusts; a plain register row is of our own agency."""
    return unit_key(look.me.agency, row.callsign) if isinstance(row, Unit) else row.key


def committed(row: Any) -> bool:
    """Whether it is committed to this incident."""
    return isinstance(row, f.Resource)


def held(row: Any) -> bool:
    """Whether another incident holds this unit of ours."""
    return isinstance(row, Idle) and bool(row.held)


def standing(row: Row, look: Look) -> tuple[str, int, int]:
    """Status, since when and when last heard of (UTC ms on the incident's clock), as best known."""
    if isinstance(row, Idle):
        if row.past is not None:
            return row.past.status, row.past.since, row.past.released_at
        row = row.unit
    if isinstance(row, Unit):  # a register keeps real time
        return row.status, look.timed(row.since), look.timed(row.heard_at)
    return row.status, row.since, row.heard_at


def description(row: Row) -> Unit | f.Resource:
    """What is described alike in a register and in an incident: kind, capabilities, station, shift."""
    return row.unit if isinstance(row, Idle) else row


def _is_mine(row: Row, look: Look) -> bool:
    return look.me is not None and split_key(key_of(row, look))[0] == look.me.agency


# -- cells ----------------------------------------------------------------------------------------------------


def _callsign(row: Row, look: Look) -> Cell:
    key = key_of(row, look)
    mine = _is_mine(row, look)
    return Cell(split_key(key)[1] if mine else key, "strong" if committed(row) else "ink")


def _kind(row: Row, _look: Look) -> Cell:
    return Cell(description(row).kind)


def _trust(row: Row, look: Look) -> Cell:
    home = split_key(key_of(row, look))[0]
    if not isinstance(row, f.Resource):
        return Cell(home, "dim")
    chain = home if row.controlling == home else f"{home}→{row.controlling}"
    if row.offer is None:
        return Cell(chain, "ink" if row.controlling == home else "strong")
    ours = look.me is not None and row.offer.to == look.me.agency
    return Cell(f"{chain} ?{row.offer.to}", "alarm" if ours else "accent")


def _status(row: Row, look: Look) -> Cell:
    if held(row):
        return Cell(f"× {NOT_AVAILABLE}", "dim")
    code, _, heard_at = standing(row, look)
    state = status(code)
    text = f"{state.glyph} {word_of(code)}"
    if isinstance(row, f.Resource) and row.disputed:
        return Cell(f"{text} ▲ {_says(row)}", "alarm")
    stale = stale_minutes(code, heard_at, look.now) is not None
    return Cell(text, "caution" if stale else state.tone if committed(row) else "dim")


def _says(unit: f.Resource) -> str:
    """What the others say who do not agree: "SCAS says at scene"."""
    return ", ".join(
        f"{agency} says {word_of(report.status)}"
        for agency, report in unit.reports.items()
        if report.status != unit.status
    )


def _time(row: Row, look: Look) -> Cell:
    code, since, heard_at = standing(row, look)
    if held(row):
        return Cell("")
    stale = stale_minutes(code, heard_at, look.now)
    if stale is None:
        return Cell(span(look.now - since), "dim")
    return Cell(f"{span(look.now - since)} stale", "caution")


def _place(row: Row, look: Look) -> Cell:
    if isinstance(row, f.Resource):
        arrow = f"→ {row.destination}" if row.destination else ""
        now = status(row.status)
        if now.moving:
            return Cell(arrow)
        if now.group in (SCENE, HOSPITAL):  # it has arrived: an arrow would send it on
            return Cell(row.place or (row.destination if now.group == HOSPITAL else ""))
        return Cell(row.place or arrow)
    if isinstance(row, Idle) and row.held:
        return Cell(f"held by {row.held}", "caution")
    if isinstance(row, Idle) and row.past is not None:
        return Cell(f"released {look.clock(row.past.released_at)}", "dim")
    return Cell(description(row).station, "dim")


def _function(row: Row, _look: Look) -> Cell:
    return Cell(row.function if isinstance(row, f.Resource) else "")


def _capabilities(row: Row, _look: Look) -> Cell:
    return Cell(" ".join(description(row).capabilities), "dim")


def _mark(row: Row, look: Look) -> Cell:
    """The state word of what this seat has sent; else what asks for attention; else where the row stands."""
    word = look.unconfirmed.get(row.version)
    if word is not None:
        return Cell(word, "caution")
    if not isinstance(row, f.Resource):
        return Cell("register", "dim")
    if row.disputed:
        return Cell("DISPUTED", "alarm")
    if row.offer is not None:
        ours = look.me is not None and row.offer.to == look.me.agency
        return Cell("offered to us" if ours else "offered", "alarm" if ours else "accent")
    return Cell("")


@lru_cache(maxsize=8192)
def _natural(callsign: str) -> tuple[tuple[int, int, str], ...]:
    """A callsign for sorting: A9 before A10."""
    parts = re.findall(r"\d+|\D+", callsign)
    return tuple((1, int(part), "") if part.isdecimal() else (0, 0, part) for part in parts)


def order(row: Row, look: Look) -> Any:
    """Committed units first, our own before others', then by callsign: an order that no status disturbs."""
    home, callsign = split_key(key_of(row, look))
    return (not committed(row), not _is_mine(row, look), home, _natural(callsign))


def _sort_status(row: Row, look: Look) -> Any:
    code, since, _ = standing(row, look)
    return (not committed(row), _PLACES.index(status(code).code), since)


_PLACES = ("SCN", "APP", "LDG", "RVP", "MOB", "ALL", "LFT", "HOS", "HND", "CLR", "AVB", "AVS", "RET", "BRK", "UNK",
           "OOS", "OFF")  # fmt: skip

COLUMNS = (
    Column("callsign", "Unit", 11, _callsign, priority=0, sort=order),
    Column("kind", "Kind", 6, _kind, priority=3, sort=lambda r, _l: description(r).kind),
    Column("trust", "Trust", 13, _trust, priority=4, sort=lambda r, look: _trust(r, look).text),
    Column("status", "Status", 18, _status, priority=0, grow=2, sort=_sort_status),
    Column("time", "For", 11, _time, priority=2, sort=lambda r, look: standing(r, look)[1]),
    Column("place", "Place", 16, _place, priority=2, grow=2),
    Column("function", "As", 14, _function, priority=6, grow=1),
    Column("capabilities", "Can", 14, _capabilities, priority=7, grow=1),
    Column("mark", "", 13, _mark, priority=3),
)


# -- detail, filter, names ------------------------------------------------------------------------------------


def detail(row: Row, look: Look) -> Sequence[tuple[str, Cell]]:
    """Everything known of one unit, in reading order."""
    about = description(row)
    _, since, heard_at = standing(row, look)
    lines = [
        ("", Cell(f"{key_of(row, look)}  {_kind_title(about.kind, look)}", "strong")),
        ("status", _status(row, look)),
        ("since", Cell(f"{look.clock(since)}, {_time(row, look).text}", _time(row, look).tone)),
    ]
    if heard_at != since:
        lines.append(("last heard", Cell(f"{look.clock(heard_at)}, {span(look.now - heard_at)} ago", "dim")))
    if isinstance(row, f.Resource):
        lines += _committed_lines(row, look)
    elif held(row):
        lines.append(("held", _place(row, look)))
    optional = (("station", about.station), ("can", " ".join(about.capabilities)))
    lines += [(title, Cell(text)) for title, text in optional if text]
    if about.crew_shift_end is not None:
        over = about.crew_shift_end <= look.now
        word = "ended" if over else "ends"
        lines.append(
            ("shift", Cell(f"{word} {look.clock(about.crew_shift_end)}", "alarm" if over else "ink"))
        )
    return lines


def _kind_title(code: str, look: Look) -> str:
    kind = None if look.charter is None else look.charter.kinds.get(code)
    return code if kind is None else f"{code}  {kind.title}"


def _committed_lines(unit: f.Resource, look: Look) -> list[tuple[str, Cell]]:
    lines = [
        ("said by", Cell(unit.said_by, "dim")),
        ("home", Cell(unit.home)),
        ("controlled by", Cell(unit.controlling, "ink" if unit.controlling == unit.home else "strong")),
    ]
    if unit.offer is not None:
        got = receipt(look.state.receipts, offer_subject(unit), unit.offer.to)
        parts = [f"to {unit.offer.to} by {unit.offer.by} {look.clock(unit.offer.at)}"]
        for word, at in (("delivered", got.delivered), ("seen", got.seen)):
            if at is not None:
                parts.append(f"{word} {look.clock(at)}")
        lines.append(("offered", Cell(" · ".join(parts), "accent")))
    for agency, report in unit.reports.items():
        note = f"  {report.note}" if report.note else ""
        text = f"{word_of(report.status)}, {look.clock(report.at)}, {report.actor}{note}"
        lines.append((f"{agency} says", Cell(text, "ink" if report.status == unit.status else "alarm")))
    optional = (
        ("place", unit.place),
        ("destination", unit.destination),
        ("as", unit.function),
        ("note", unit.note),
        ("reason", unit.reason),
    )
    lines += [(title, Cell(text)) for title, text in optional if text]
    by = f"{look.clock(unit.committed_at)} by {unit.committed_by}, {unit.home}"
    lines.append(("committed", Cell(by, "caution" if is_wanted(unit, look) else "dim")))
    return lines


def find(row: Row, look: Look) -> str:
    """What the filter looks through: ``trust:LAS status:mobile kind:dca`` and any word that stands there."""
    about = description(row)
    key = key_of(row, look)
    home = split_key(key)[0]
    code, _, heard_at = standing(row, look)
    words = [key, _kind_title(about.kind, look), about.station, _place(row, look).text, _mark(row, look).text]
    words += [_status_words(code), f"trust:{home} home:{home} kind:{about.kind}"]
    words += [f"{word} can:{word}" for word in about.capabilities]
    if stale_minutes(code, heard_at, look.now) is not None:
        words.append("is:stale")
    if isinstance(row, f.Resource):
        words += ["is:committed", f"controlling:{row.controlling}", row.function, row.note]
        words += ["is:disputed"] * row.disputed + ["is:offered"] * (row.offer is not None)
    else:
        words += ["is:held" if held(row) else "is:free", f"controlling:{home}"]
    return " ".join(words).lower()


@lru_cache(maxsize=64)
def _status_words(code: str) -> str:
    """A status as it may be searched for: its words, and each of its names as one word behind ``status:``."""
    state = status(code)
    names = " ".join(f"status:{word.replace(' ', '-')}" for word in (code, state.word, *state.also))
    return f"{word_of(code)} {names} group:{state.group.replace(' ', '-')}"


def named(typed: str, look: Look) -> str | None:
    """The unit a person means: "A101" is our own trust's before any other's; None when it is not one alone."""
    wanted = " ".join(typed.upper().split())
    everything = rows(look)
    if "/" in wanted:
        return wanted if wanted in everything else None
    if look.me is not None:
        mine = unit_key(look.me.agency, wanted)
        if mine in everything:
            return mine
    found = [key for key in everything if split_key(key)[1] == wanted]
    return found[0] if len(found) == 1 else None


def _count(look: Look) -> int:
    units = resources(look.state).units
    return sum(not is_wanted(unit, look) for unit in units.values()) if look.wanted else len(units)


def _alarm(look: Look) -> int:
    """What asks us for something: control offered to us, and doubts about units that we answer for."""
    if look.me is None:
        return 0
    me = look.me.agency
    return sum(
        (unit.offer is not None and unit.offer.to == me)
        or (unit.disputed and me in (unit.home, unit.controlling))
        for unit in resources(look.state).units.values()
    )


def board(verbs: tuple[Any, ...]) -> Board:
    """The board, with the verbs that ``incident.resources.verbs`` holds."""
    return Board(
        name="resources",
        title="Resources",
        digit="2",
        rows=rows,
        columns=COLUMNS,
        verbs=verbs,
        detail=detail,
        find=find,
        named=named,
        version=lambda row: row.version,
        order=order,
        count=_count,
        alarm=_alarm,
        noun="unit",
        empty="No units yet. Commit your own with c, or ask a neighbour for theirs.",
    )
