"""Delegation, the board: who acts in which role for whom until when, what is over, and every broken glass."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

import msgspec

from incident.catalogue import Charter
from incident.delegation import facts as f
from incident.delegation.facts import Delegation, Delegations, Glass, tidy
from incident.delegation.rules import may_end
from incident.delegation.words import role_title
from incident.kernel.board import Arg, Board, Cell, Column, Look, Verb
from incident.values import length_words, read_due

OWN: Final = "own/"


class LentRow(msgspec.Struct, frozen=True):
    """One delegation, or one broken glass. ``own``: it counts in our own part of the incident, and there alone."""

    thing: Delegation | Glass
    title: str
    own: bool = False

    @property
    def lent(self) -> Delegation | None:
        """The delegation, if it is one."""
        return self.thing if isinstance(self.thing, Delegation) else None

    @property
    def who(self) -> str:
        """Who acts in the role."""
        one = self.thing
        return one.to if isinstance(one, Delegation) else f"{one.first} and {one.second}"


@lru_cache(maxsize=2048)
def _row(thing: Delegation | Glass, title: str, *, own: bool = False) -> LentRow:
    # The same inputs give the same object, so that an unchanged line is not painted again.
    return LentRow(thing, title, own)


def rows(look: Look) -> Mapping[str, LentRow]:
    """Glass that was broken, what is lent in the incident, and what is lent in our own part of it."""
    found: dict[str, LentRow] = {}
    if look.state is None:
        return found
    state: Delegations = look.state.delegation
    for key, glass in state.glass.items():
        found[key] = _row(glass, role_title(look.state, glass.role))
    for key, lent in state.lent.items():
        found[key] = _row(lent, role_title(look.state, lent.role))
    own = getattr(look.own, "delegation", None)
    for key, lent in () if own is None else own.lent.items():
        found[OWN + key] = _row(lent, role_title(look.own, lent.role), own=True)
    return found


# -- cells ----------------------------------------------------------------------------------------------------


def state_cell(row: LentRow, look: Look) -> Cell:
    """Whether it counts now: until when, or since when it does not."""
    if row.lent is None:
        return Cell("BREAK GLASS" if _real(look) < row.thing.until else "break glass, over", "alarm")
    if row.lent.counts(look.now):
        return Cell(f"for {length_words(row.lent.until - look.now)} more", "good")
    if row.lent.ended_at is not None:
        word = "given back" if row.lent.ended_by.lower() == row.lent.to.lower() else "taken back"
        return Cell(f"{word} {look.clock(row.lent.ended_at)}", "dim")
    return Cell("over", "dim")


def _real(look: Look) -> int:
    """The time of the server (UTC ms), by which a sign-in ends."""
    return look.real or look.now


def _until(row: LentRow, look: Look) -> str:
    """When it ends; said to be real time where that is not what the incident's clock shows."""
    real = row.lent is None and _real(look) != look.now
    return look.clock(row.thing.until) + (" real time" if real else "")


def _agency(row: LentRow, look: Look) -> Cell:
    mine = look.me is not None and row.thing.agency == look.me.agency
    return Cell(row.thing.agency + ("  us" if mine else ""), "accent" if mine else "strong")


def _role(row: LentRow, _look: Look) -> Cell:
    return Cell(f"{row.title}, our own part" if row.own else row.title)


def _by(row: LentRow, _look: Look) -> Cell:
    return Cell("themselves" if row.lent is None else row.lent.by, "dim")


COLUMNS = (
    Column("agency", "Agency", 10, _agency, priority=0, sort=lambda row, _look: row.thing.agency),
    Column("who", "Acts", 18, lambda row, _look: Cell(row.who, "strong"), priority=0, grow=2,
           sort=lambda row, _look: row.who.lower()),
    Column("role", "As", 20, _role, priority=0, grow=1, sort=lambda row, _look: row.title),
    Column("state", "Stands", 18, state_cell, priority=1, sort=lambda row, _look: row.thing.until),
    Column("until", "Until", 5, lambda row, look: Cell(look.clock(row.thing.until), "dim"), priority=3),
    Column("by", "Lent by", 14, _by, priority=4),
    Column("reason", "Reason", 20, lambda row, _look: Cell(row.thing.reason), priority=5, grow=2),
)  # fmt: skip


def detail(row: LentRow, look: Look) -> Sequence[tuple[str, Cell]]:
    """Everything known of one delegation or broken glass."""
    one = row.thing
    lines = [
        ("", Cell(f"{one.agency}  {row.who}", "strong")),
        ("acts as", _role(row, look)),
        ("stands", state_cell(row, look)),
        ("from", Cell(look.clock(one.at), "dim")),
        ("until", Cell(_until(row, look), "dim")),
        ("reason", Cell(one.reason)),
    ]
    if row.lent is None:
        return [*lines, ("", Cell("Two persons came in past the usual sign-in.", "alarm"))]
    lent = row.lent
    lines.insert(2, ("lent by", Cell(f"{lent.by}, {role_title(look.state, lent.giver)}")))
    if lent.ended_at is not None:
        lines.append(("ended by", Cell(f"{lent.ended_by}, {look.clock(lent.ended_at)}", "dim")))
    lines += [("why", Cell(lent.ended_why))] if lent.ended_why else []
    return lines


# -- verbs ----------------------------------------------------------------------------------------------------


def _text(values: Mapping[str, Any], name: str) -> str:
    return str(values.get(name) or "").strip()


def _charter(look: Look, *, own: bool = False) -> Charter:
    state = look.own if own else look.state
    charter: Charter = state.organisation.charter
    return charter


def lendable(look: Look, *, own: bool = False) -> Sequence[tuple[str, str]]:
    """The roles that whoever looks may lend, with their titles."""
    if look.me is None or look.state is None or (own and look.own is None):
        return []
    roles = _charter(look, own=own).roles
    mine = roles.get(look.me.role)
    return [(code, roles[code].title) for code in (mine.may_delegate if mine else ()) if code in roles]


def _only(look: Look, *, own: bool) -> str:
    """The role to lend where there is but one."""
    roles = lendable(look, own=own)
    return roles[0][0] if len(roles) == 1 else ""


def _colleagues(look: Look) -> str:
    """Who of us is here now, for the form: a name has to be written as they sign in."""
    if look.me is None:
        return ""
    here = [name for name in look.present.get(look.me.agency, ()) if name != look.me.name]
    return here[0] if len(here) == 1 else ""


def _delegate(_row: Any, values: Mapping[str, Any], look: Look) -> f.Delegate:
    return f.Delegate(
        look.me.agency,
        tidy(_text(values, "to")),
        _text(values, "role"),
        read_due(_text(values, "until"), look.now, look.offset_minutes),
        _text(values, "reason"),
    )


def _end(row: LentRow, values: Mapping[str, Any], _look: Look) -> f.EndDelegation:
    one = row.lent
    if one is None:
        raise ValueError("Only what is lent can be ended.")
    return f.EndDelegation(one.agency, one.to, one.role, _text(values, "reason"))


def _ends(row: LentRow, look: Look) -> bool:
    if row.lent is None or look.me is None or not row.lent.counts(look.now):
        return False
    return may_end(_charter(look, own=row.own), look.me, row.lent)


def _args(*, own: bool) -> tuple[Arg, ...]:
    return (
        Arg(
            "role",
            "Role",
            "choice",
            True,
            lambda look, _row: lendable(look, own=own),
            lambda look, _row: _only(look, own=own),
        ),
        Arg("to", "To whom, as they sign in", default=lambda look, _row: _colleagues(look), limit=80),
        Arg("until", "Until (2h or 22:00; 12 h at most)", "time", default=lambda _look, _row: "4h"),
        Arg("reason", "Reason", rest=True, limit=500),
    )


VERBS = (
    Verb(
        "delegate",
        "Lend a role to a colleague",
        "delegate",
        f.Delegate,
        _delegate,
        key="p",
        row=False,
        aliases=("lend",),
        args=_args(own=False),
        applies=lambda _row, look: bool(lendable(look)),
        example='delegate loggist "Ann Lee" 2h our loggist is at the briefing',
        help="In this incident, until that time. Lent again, it is prolonged. What was lent cannot be lent on.",
    ),
    Verb(
        "undelegate",
        "End it: take back, or give back",
        "undelegate",
        f.EndDelegation,
        _end,
        key="X",
        args=(Arg("reason", "Reason", required=False, rest=True, limit=500),),
        applies=_ends,
        stream=lambda row, look: look.own_stream if row is not None and row.own else look.stream,
        example="undelegate Ann Lee",
        help="For who lent it, who has it, and everybody of the agency who may lend it.",
    ),
    Verb(
        "delegate_own",
        "Lend a role in our own part",
        "delegate-own",
        f.Delegate,
        _delegate,
        row=False,
        args=_args(own=True),
        applies=lambda _row, look: bool(lendable(look, own=True)),
        stream=lambda _row, look: look.own_stream,
        example='delegate-own loggist "Ann Lee" 2h our loggist is at the briefing',
        help="Counts in our own log and tasks of this incident, and is seen by nobody else.",
    ),
)


def _find(row: LentRow, look: Look) -> str:
    words = (row.thing.agency, row.who, row.title, state_cell(row, look).text, row.thing.reason)
    return " ".join(words).lower()


def named(written: str, look: Look) -> str | None:
    """A delegation by the name of who has it, with the role before it where they have several."""
    wanted = tidy(written).casefold()
    found = [
        key
        for key, row in rows(look).items()
        if wanted
        and wanted
        in (row.who.casefold(), f"{row.title} {row.who}".casefold(), f"{row.thing.role} {row.who}".casefold())
    ]
    running = [key for key in found if (one := rows(look)[key].lent) is not None and one.counts(look.now)]
    return next(iter(running or found), None)


def _order(row: LentRow, look: Look) -> Any:
    """Broken glass above, then what counts now, what is over below."""
    over = row.lent is not None and not row.lent.counts(look.now)
    mine = look.me is not None and row.thing.agency == look.me.agency
    return (over, row.lent is not None, not mine, row.thing.agency, row.thing.until)


def _count(look: Look) -> int:
    return sum(row.lent is not None and row.lent.counts(look.now) for row in rows(look).values())


BOARD = Board(
    name="delegation",
    title="Delegation",
    digit="",
    rows=rows,
    columns=COLUMNS,
    verbs=VERBS,
    detail=detail,
    find=_find,
    named=named,
    version=lambda row: "" if row.lent is None else row.lent.version,
    order=_order,
    count=_count,
    noun="delegation",
    empty="Nobody acts in a role that was lent. Press p to lend one.",
)
