"""Commanders, the board: every party's key roles, held or vacant, and whoever else holds a role."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

import msgspec

from incident.commanders import facts as f
from incident.commanders.facts import ROLES, Brief, Post
from incident.commanders.rules import called, commanders, key_roles, vacant
from incident.kernel.board import Arg, Board, Cell, Column, Look, Verb
from incident.organisation import parties
from incident.values import length_words


class RoleRow(msgspec.Struct, frozen=True):
    """One role of one agency on the board. ``alarm``: it must be held, and is not."""

    post: Post
    alarm: bool

    @property
    def title(self) -> str:
        """What the role is called, with its label."""
        role = ROLES[self.post.role]
        return f"{role.title}, {self.post.label}" if self.post.label else role.title


@lru_cache(maxsize=4096)
def _row(post: Post, *, alarm: bool) -> RoleRow:
    # The same inputs give the same object, so that an unchanged line is not painted again.
    return RoleRow(post, alarm)


@lru_cache(maxsize=1024)
def _never_held(agency: str, role: str) -> Post:
    return Post(agency=agency, role=role)


def rows(look: Look) -> Mapping[str, RoleRow]:
    """For every party its key roles, vacant ones too, and every other role that is held."""
    posts = commanders(look.state).posts
    alarms = {f.post_key(one.agency, one.role) for one in vacant(look.state)}
    present = parties(look.state)
    found: dict[str, RoleRow] = {}
    for agency in present:
        for role in key_roles(look.state, agency):
            key = f.post_key(agency, role)
            found[key] = _row(posts.get(key) or _never_held(agency, role), alarm=key in alarms)
    for key, post in posts.items():
        if key not in found and post.holder and post.agency in present:
            found[key] = _row(post, alarm=False)
    return found


# -- cells ----------------------------------------------------------------------------------------------------


def _agency(row: RoleRow, look: Look) -> Cell:
    mine = _mine(row, look)
    return Cell(row.post.agency + ("  us" if mine else ""), "accent" if mine else "strong")


def _role(row: RoleRow, _look: Look) -> Cell:
    return Cell(row.title, "strong" if ROLES[row.post.role].key else "ink")


def holder_cell(row: RoleRow, look: Look) -> Cell:
    """Who holds it, or is asked for while we are cut off; a key role that must be held and is not is an alarm."""
    if row.post.holder:
        wanted = row.post.version in look.wanted
        return Cell(
            f"{row.post.holder}, requested" if wanted else row.post.holder, "caution" if wanted else "ink"
        )
    return Cell("▲ vacant", "alarm") if row.alarm else Cell("vacant", "dim")


def _since(row: RoleRow, look: Look) -> Cell:
    at = row.post.since
    return Cell(look.clock(at) if at else "", "dim")


def _deputy(row: RoleRow, _look: Look) -> Cell:
    return Cell(" ".join(filter(None, (row.post.deputy, row.post.deputy_contact))))


def _place_in_list(row: RoleRow, look: Look) -> Any:
    post = row.post
    return (not _mine(row, look), list(look.state.organisation.parties).index(post.agency),
            f.RANKS[post.role], post.label)  # fmt: skip


COLUMNS = (
    # Beside the detail at 120 columns these five fit: who, how to reach them and since when is what is asked.
    Column("agency", "Agency", 10, _agency, priority=0, sort=lambda row, _look: row.post.agency),
    Column("role", "Role", 20, _role, priority=0, grow=1, sort=lambda row, _look: f.RANKS[row.post.role]),
    Column("holder", "Held by", 16, holder_cell, priority=0, grow=3),
    Column("since", "Since", 5, _since, priority=2, sort=lambda row, _look: row.post.since),
    Column("contact", "Contact", 14, lambda row, _look: Cell(row.post.contact), priority=1, grow=1),
    Column("deputy", "Deputy", 20, _deputy, priority=4, grow=1),
    Column("level", "Level", 11, lambda row, _look: Cell(ROLES[row.post.role].level, "dim"), priority=6),
)


def detail(row: RoleRow, look: Look) -> Sequence[tuple[str, Cell]]:
    """Everything known of one role: who, since when, whom they relieved, and the brief they got."""
    post = row.post
    lines: list[tuple[str, Cell]] = [
        ("", Cell(f"{post.agency}  {row.title}", "strong")),
        ("held by", holder_cell(row, look)),
    ]
    if post.since:
        age = length_words(look.now - post.since)
        lines.append(("since", Cell(f"{look.clock(post.since)}  {age}, written by {post.by}", "dim")))
    lines += [("contact", Cell(post.contact))] if post.contact else []
    lines += [("deputy", _deputy(row, look))] if post.deputy else []
    if post.relieves:
        lines.append(("relieved" if post.holder else "had it", Cell(post.relieves)))
    if post.note:
        lines.append(("open" if post.holder else "reason", Cell(post.note)))
    if post.relieves and post.holder and post.role != f.DESK:
        how = "by word of mouth" if post.brief is None else "written"
        lines.append(("brief", Cell(f"IIMARCH, {how}", "good")))
    sections = () if post.brief is None else post.brief.sections()
    lines += [(title.lower(), Cell(text)) for title, text in sections if text]
    return lines


# -- verbs ----------------------------------------------------------------------------------------------------

_EXTENSION: Final = r"(?:extension|extn|ext|x)(?![a-z])\.?:?\s*\d{1,6}"
_TELEPHONE: Final = (
    rf"(?:(?:(?:tel|telephone|phone|mobile|mob)(?![a-z])\.?:?\s*)?\+?\d[\d ()/-]{{2,}}(?:\s*{_EXTENSION})?"
    rf"|{_EXTENSION}|(?:tel|telephone|phone|desk|bleep|pager)(?![a-z])\.?:?\s*\d{{1,6}})"
)
_TALKGROUP: Final = (
    r"(?:(?:on\s+)?(?:talkgroup|tg|callsign|channel|chan)(?![a-z])\.?:?\s*[a-z/-]{0,12}(?:\s|-)?\d{1,6}"
    r"|(?:on\s+)?(?:talkgroup|tg)(?![a-z])\.?:?\s*[a-z][\w/-]{1,15}|on\s+[a-z]{2,8}[ -]?\d{1,5})"
)
_REACHED: Final = re.compile(
    rf"(.*?[^\s,;])[\s,;]+({_TELEPHONE}(?:[\s,;]+{_TALKGROUP})?|{_TALKGROUP}(?:[\s,;]+{_TELEPHONE})?)",
    re.IGNORECASE,
)
"""A name, and behind it how they are reached: a telephone, an extension, a talkgroup, or two of them."""


def who(written: str) -> tuple[str, str]:
    """Name and contact from one line: "J Smith 020 7946 0000", "R Osei ext 31", "C Dale on talkgroup ICC-1"."""
    text = f.tidy(written.replace('"', " "))
    found = _REACHED.fullmatch(text)
    return (found[1], found[2]) if found else (text, "")


def _text(values: Mapping[str, Any], name: str) -> str:
    return str(values.get(name) or "").strip()


def _who(values: Mapping[str, Any]) -> tuple[str, str]:
    name, number = who(_text(values, "name"))
    if not name:
        raise ValueError("Say who: a name, and behind it their number if you have it.")
    if len(name) > 80:
        raise ValueError("A name may have 80 characters.")
    return name, (_text(values, "contact") or number)[:80]


def _me(look: Look) -> str:
    return "" if look.me is None else str(look.me.agency)


def _mine(row: RoleRow, look: Look) -> bool:
    return row.post.agency == _me(look)


def _ours_held(row: RoleRow, look: Look) -> bool:
    return _mine(row, look) and bool(row.post.holder)


def _fill(row: RoleRow, values: Mapping[str, Any], _look: Look) -> f.TakeRole:
    name, contact = _who(values)
    post, deputy = row.post, _text(values, "deputy")
    return f.TakeRole(post.agency, post.role, name, contact, post.label, deputy)


def _appoint(_row: Any, values: Mapping[str, Any], look: Look) -> f.TakeRole:
    role, label = ROLES[str(values["role"])], f.tidy(_text(values, "label"))
    if role.labels == f.MUST and not label:
        raise ValueError(f"Say which {role.words}: its sector, hospital or desk, as label=north.")
    name, contact = _who(values)
    return f.TakeRole(_me(look), role.code, name, contact, label, _text(values, "deputy"))


def _hand_over(row: RoleRow, values: Mapping[str, Any], _look: Look) -> f.HandOver:
    name, contact = _who(values)
    brief = Brief(**{section: _text(values, section) for section in f.SECTIONS})
    verbal = _text(values, "brief") == "verbal"
    if not (verbal or brief.written):
        raise ValueError("Write at least one section of the brief, or say that it was given: verbal.")
    post = row.post
    return f.HandOver(post.agency, post.role, name, contact, post.label, brief, verbal)


def _deputise(row: RoleRow, values: Mapping[str, Any], _look: Look) -> f.NameDeputy:
    name, number = who(_text(values, "name"))
    post = row.post
    return f.NameDeputy(post.agency, post.role, name[:80], number[:80], post.label)


def _shift(_row: Any, values: Mapping[str, Any], look: Look) -> f.HandOverDesk:
    name, number = _who(values)
    return f.HandOverDesk(
        _me(look),
        _text(values, "desk"),
        _text(values, "outgoing") or str(look.me.name),
        name,
        _text(values, "points"),
        number,
    )


def _roles(_look: Look, _row: Any) -> Sequence[tuple[str, str]]:
    return [(code, role.title) for code, role in ROLES.items()]


def _how(_look: Look, _row: Any) -> Sequence[tuple[str, str]]:
    return [("verbal", "verbal, by word of mouth"), ("written", "written, here below")]


def _my_name(look: Look, _row: Any) -> str:
    return "" if look.me is None else str(look.me.name)


_NAME: Final = Arg("name", "Name, and number or talkgroup", rest=True, limit=160)
_CONTACT: Final = Arg("contact", "Contact, if not a number", required=False, limit=80)
_DEPUTY: Final = Arg("deputy", "Deputy", required=False, limit=80)
_PARTY: Final = "Only our own roles: every agency fills its own."

VERBS = (
    Verb(
        "fill",
        "Appoint to this role",
        "fill",
        f.TakeRole,
        _fill,
        key="p",
        args=(_NAME, _CONTACT, _DEPUTY),
        applies=lambda row, look: _mine(row, look) and not row.post.holder,
        example="fill tactical J Smith 020 7946 0000",
        help=_PARTY,
    ),
    Verb(
        "handover",
        "Hand over, with a brief",
        "handover",
        f.HandOver,
        _hand_over,
        key="h",
        args=(
            Arg("brief", "IIMARCH brief", "choice", True, _how, lambda _look, _row: ""),
            _NAME,
            _CONTACT,
            *(Arg(name, title, required=False, limit=f.SECTION_MAX) for name, title in f.SECTIONS.items()),
        ),
        applies=_ours_held,
        example="handover tactical verbal A Patel 020 7946 0001",
        help="The log says who went, who came, when, and that the brief was given.",
    ),
    Verb(
        "deputy",
        "Name the deputy",
        "deputy",
        f.NameDeputy,
        _deputise,
        key="u",
        args=(Arg("name", "Name, and number (blank: none)", required=False, rest=True, limit=160),),
        applies=_ours_held,
        example="deputy tactical K Lee 020 7946 0002",
        help="So that no one person is the only way to an agency.",
    ),
    Verb(
        "vacate",
        "Leave the role vacant",
        "vacate",
        f.GiveUpRole,
        lambda row, values, _look: f.GiveUpRole(
            row.post.agency, row.post.role, _text(values, "reason"), row.post.label
        ),
        key="X",
        args=(Arg("reason", "Reason", rest=True),),
        applies=_ours_held,
        example="vacate triage all triaged",
    ),
    Verb(
        "appoint",
        "Appoint to any role",
        "appoint",
        f.TakeRole,
        _appoint,
        key="i",
        row=False,
        args=(
            Arg("role", "Role", "choice", True, _roles, also=f.ALSO_CALLED),
            _NAME,
            _CONTACT,
            Arg("label", "Which sector, hospital or desk", required=False, limit=40),
            _DEPUTY,
        ),
        example='appoint tactical "J Smith" 020 7946 0000',
        help=_PARTY,
    ),
    Verb(
        "shift",
        "Shift handover at a desk",
        "shift",
        f.HandOverDesk,
        _shift,
        key="z",
        row=False,
        args=(
            Arg("desk", "Desk", limit=40),
            Arg("name", "Who takes it", limit=80),
            Arg("points", "What is open", required=False, rest=True, limit=2000),
            Arg("outgoing", "Who leaves it", required=False, default=_my_name, limit=80),
        ),
        example='shift "major incident desk" "K Lee" SCAS has not answered about two crews',
        help="Recorded for everybody: who had the desk, who has it, and what is open.",
    ),
)


def _find(row: RoleRow, look: Look) -> str:
    post = row.post
    words = (
        post.agency,
        post.role,
        row.title,
        post.holder,
        post.contact,
        post.deputy,
        ROLES[post.role].level,
    )
    return " ".join((*words, holder_cell(row, look).text)).lower()


def named(written: str, look: Look) -> str | None:
    """A role by what a person types: "tactical" or "sector north" is our own, "SCAS tactical" another's."""
    wanted = f.tidy(written.replace("/", " ")).casefold()
    found = rows(look)
    for own in (True, False):
        for key, row in found.items():
            post = row.post
            if own != _mine(row, look):
                continue
            names = {f.tidy(f"{word} {post.label}") for word in (post.role, ROLES[post.role].title)}
            names |= {row.title, called(post.role, post.label)} | ({post.label} if post.label else set())
            spoken = {name.replace("/", " ").casefold() for name in names}
            theirs = {f"{post.agency} {name}".casefold() for name in spoken}
            if wanted in ((spoken | theirs) if own else theirs):
                return key
    return None


BOARD = Board(
    name="commanders",
    title="Commanders",
    digit="",
    rows=rows,
    columns=COLUMNS,
    verbs=VERBS,
    detail=detail,
    find=_find,
    named=named,
    version=lambda row: row.post.changed,
    order=_place_in_list,
    count=lambda look: sum(bool(row.post.holder) for row in rows(look).values()),
    alarm=lambda look: len(vacant(look.state)),
    noun="role",
    empty="No role is held yet. Press n to appoint somebody.",
)
