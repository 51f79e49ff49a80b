"""Decisions as a board, and the verbs of the log: write, decide, review, strike through."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from incident.kernel.board import Arg, Board, Cell, Column, Look, Verb
from incident.log import facts
from incident.log.facts import Decision, Log
from incident.sharing import assists, marked, part_of
from incident.values import length_words, read_due

_BECAUSE = re.compile(r"\s+because:?\s+", re.IGNORECASE)
_LINE = re.compile(r"#?(\d{1,16})")
_LAST = 2**53


def rows(look: Look) -> Mapping[str, Decision]:
    """Every decision seen here, by id: of the incident, of our own part, of those that others share with us."""
    found = ours(look)
    for view in look.shown.values():
        found = {**view.log.decisions, **found} if view.log.decisions else found
    return found


def ours(look: Look) -> Mapping[str, Decision]:
    """Every decision of the incident and of our own part of it, by id: what counts here."""
    shared: Mapping[str, Decision] = look.state.log.decisions
    if look.own is None or not look.own.log.decisions:
        return shared
    return {**shared, **look.own.log.decisions}


def is_own(row: Decision | None, look: Look) -> bool:
    """Whether a decision stands in our agency's own part, which no other agency sees, unless we share that."""
    return row is not None and look.own is not None and row.id in look.own.log.decisions


def part(row: Decision, look: Look) -> str:
    """The stream of another agency's own part in which it stands; "" for what is ours or the incident's."""
    return part_of(look, lambda view: row.id in view.log.decisions) if look.shown else ""


def overdue(row: Decision, now: int) -> bool:
    """Whether an open decision should have been looked at again by now (UTC ms)."""
    return row.open and row.review_at is not None and row.review_at <= now


# -- cells ----------------------------------------------------------------------------------------------------


def _number(row: Decision, look: Look) -> Cell:
    return Cell(f"OWN {row.name}" if is_own(row, look) else row.name, "dim")


def _text(row: Decision, look: Look) -> Cell:
    return Cell(marked(look, part(row, look), row.text), "strong" if row.open else "dim")


def _state(row: Decision, _look: Look) -> Cell:
    if row.struck:
        return Cell("struck through", "dim")
    return Cell(row.outcome, "ink" if row.open else "dim")


def _review(row: Decision, look: Look) -> Cell:
    if not row.open:
        return Cell("")
    if row.review_at is None:
        return Cell("no review set", "dim")
    left = row.review_at - look.now
    if left <= 0:
        return Cell(f"{look.clock(row.review_at)} overdue {length_words(-left)}", "alarm")
    return Cell(f"{look.clock(row.review_at)} in {length_words(left)}")


COLUMNS = (
    Column("number", "No", 12, _number, priority=1, sort=lambda row, _look: (row.agency, row.number)),
    Column("text", "Decision", 30, _text, priority=0, grow=3),
    Column("review", "Review", 20, _review, priority=1, sort=lambda row, _look: row.review_at or _LAST),
    Column("owner", "Decided by", 16, lambda row, _look: Cell(row.owner), priority=3, grow=1),
    Column("state", "State", 14, _state, priority=4),
    Column("at", "At", 8, lambda row, look: Cell(look.clock(row.at), "dim"), priority=5),
)


def detail(row: Decision, look: Look) -> Sequence[tuple[str, Cell]]:
    """A decision with everything that an inquiry asks for."""
    lines = [
        ("", Cell(f"{_number(row, look).text}  {_text(row, look).text}", "strong")),
        ("reason", Cell(row.reason)),
        ("state", _state(row, look)),
        ("review", _review(row, look)),
        ("decided by", Cell(f"{row.owner}, {row.agency}")),
        ("written by", Cell(f"{row.written_by}  {look.clock(row.at)}", "dim")),
    ]
    lines += [("option", Cell(option)) for option in row.options]
    if row.dissent:
        lines.append(("dissent", Cell(row.dissent, "caution")))
    if row.reviewed:
        lines.append(("reviewed", Cell(f"{row.reviewed} times", "dim")))
    return lines


def _order(row: Decision, look: Look) -> Any:
    return (not row.open, not overdue(row, look.now), row.review_at or _LAST, -row.at)


def _named(written: str, look: Look) -> str | None:
    wanted = " ".join(written.upper().split())
    found = {_number(row, look).text: key for key, row in rows(look).items()}
    return found.get(wanted) or found.get(f"OWN {wanted}")


# -- commands from answers ------------------------------------------------------------------------------------


def _word(values: Mapping[str, Any], name: str) -> str:
    return str(values.get(name) or "").strip()


def _moment(values: Mapping[str, Any], look: Look) -> int | None:
    written = values.get("review")
    if written is None or written == "":
        return None
    return written if isinstance(written, int) else read_due(str(written), look.now, look.offset_minutes)


def decision_of(values: Mapping[str, Any], look: Look) -> facts.Decide:
    """A decision from the answers; on one line the reason stands behind "because".

    Raises:
        ValueError: there is no reason.
    """
    text, reason = _word(values, "text"), _word(values, "reason")
    if not reason:
        text, *rest = _BECAUSE.split(text, maxsplit=1)
        reason = rest[0].strip() if rest else ""
    if not text or not reason:
        raise ValueError(
            "Say what was decided and why: dec hold crews at RVP B because the scene is not safe"
        )
    return facts.Decide(
        text.strip(),
        reason,
        options=tuple(line.strip() for line in re.split(r"[;\n]", _word(values, "options")) if line.strip()),
        dissent=_word(values, "dissent"),
        review_at=_moment(values, look),
        owner=_word(values, "owner"),
        late_reason=_word(values, "late_reason"),
    )


def _strike(_row: Any, values: Mapping[str, Any], _look: Look) -> facts.Strike:
    found = _LINE.fullmatch(_word(values, "line"))
    if found is None:
        raise ValueError("Name the line by its number, such as #412.")
    return facts.Strike(int(found[1]), _word(values, "reason"), _word(values, "text"))


def _write(_row: Any, values: Mapping[str, Any], _look: Look) -> facts.Write:
    return facts.Write(_word(values, "text"), _word(values, "late_reason"))


def _review_of(row: Decision, values: Mapping[str, Any], look: Look) -> facts.Review:
    return facts.Review(
        row.id, _word(values, "outcome") or "stands", _word(values, "note"), _moment(values, look)
    )


def _outcomes(_look: Look, _row: Any) -> Sequence[tuple[str, str]]:
    return [("stands", "it stands"), ("replaced", "another replaces it"), ("ended", "it has ended")]


def _own_stream(_row: Any, look: Look) -> str:
    return look.own_stream


def _has_own(_row: Any, look: Look) -> bool:
    return bool(look.own_stream)


def _assisted(look: Look, _row: Any) -> Sequence[tuple[str, str]]:
    """The agencies that share their own part with us to assist, in the words of a choice."""
    codes = [view.organisation.own for stream, view in sorted(look.shown.items()) if assists(look, stream)]
    return [(code, look.state.organisation.charter.agency_name(code)) for code in codes]


def _assisted_stream(_row: Any, values: Mapping[str, Any], look: Look) -> str:
    wanted = _word(values, "part").upper()
    for stream, view in look.shown.items():
        if view.organisation.own == wanted and assists(look, stream):
            return stream
    raise ValueError(f"{wanted} does not share its own part with us to assist.")


# -- verbs ----------------------------------------------------------------------------------------------------

_LATE = Arg("late_reason", "Why it is written late", required=False, limit=500)
_ENTRY = (Arg("text", "Entry", rest=True, limit=2000), _LATE)
_DECISION = (
    Arg("text", "Decision", rest=True, limit=1000),
    Arg("reason", "Because", required=False, limit=1000, help='On one line: behind "because".'),
    Arg("options", "Options there were", "lines", required=False, limit=2000, help="One a line."),
    Arg("dissent", "Dissent", required=False),
    Arg("review", "Look at it again (30m or 15:00)", "time", required=False),
    Arg("owner", "Decided by", required=False, limit=80),
    _LATE,
)
_STRUCK = (
    Arg("line", "Line", "word", help="Its number, such as #412."),
    Arg("reason", "Reason", rest=True),
    Arg("text", "It should read", required=False, limit=2000),
)

VERBS: Final = (
    Verb(
        "log",
        "Write in the log",
        "log",
        facts.Write,
        _write,  # no key: the letter l opens the composer everywhere
        row=False,
        args=_ENTRY,
        example="log second coach confirmed, 23 on board",
        help="All parties see it.",
    ),
    Verb(
        "own-log",
        "Write in our own log",
        "ownlog",
        facts.Write,
        _write,
        key="L",
        row=False,
        args=_ENTRY,
        stream=_own_stream,
        applies=_has_own,
        example="ownlog relief crews asked for",
        help="Only our agency sees it, and whom we share our own part with.",
    ),
    Verb(
        "part-log",
        "Write in another agency's own log",
        "assist",
        facts.Write,
        _write,
        row=False,
        args=(
            Arg("part", "In whose own part", "agency", True, _assisted),
            *_ENTRY,
        ),
        into=_assisted_stream,
        applies=lambda _row, look: bool(_assisted(look, None)),
        example="assist SCAS two of the relief crews are ours",
        help="Where it is shared with us to assist. That agency sees it, and whoever it shares with.",
    ),
    Verb(
        "decide",
        "Write down a decision",
        "dec",
        facts.Decide,
        lambda _row, values, look: decision_of(values, look),
        key="D",
        row=False,
        args=_DECISION,
        example="dec hold crews at RVP B because the scene is not safe",
    ),
    Verb(
        "own-decide",
        "Write down a decision of our own",
        "owndec",
        facts.Decide,
        lambda _row, values, look: decision_of(values, look),
        row=False,
        args=_DECISION,
        stream=_own_stream,
        applies=_has_own,
        help="Only our agency sees it.",
    ),
    Verb(
        "review-decision",
        "Review the decision",
        "review-dec",
        facts.Review,
        _review_of,
        key="v",
        args=(
            Arg("outcome", "What of it", "choice", False, _outcomes, lambda _look, _row: "stands"),
            Arg("note", "Note", required=False, rest=True),
            Arg("review", "Look at it again (30m or 15:00)", "time", required=False),
        ),
        stream=lambda row, look: look.own_stream if is_own(row, look) else look.stream,
        applies=lambda row, look: (
            row.open and look.me is not None and row.agency == look.me.agency and not part(row, look)
        ),
        example="review-dec LAS-D3 stands",
    ),
    Verb(
        "strike",
        "Strike through a line of ours",
        "strike",
        facts.Strike,
        _strike,
        row=False,
        args=_STRUCK,
        example="strike #412 wrong callsign",
        help="Nothing is erased: the line stays, struck through, with the reason.",
    ),
    Verb(
        "own-strike",
        "Strike through a line of our own log",
        "ownstrike",
        facts.Strike,
        _strike,
        row=False,
        args=_STRUCK,
        stream=_own_stream,
        applies=_has_own,
        example="ownstrike #12 wrong time",
    ),
)


def _open_count(look: Look) -> int:
    return sum(row.open for row in ours(look).values())


def _overdue_count(look: Look) -> int:
    return sum(overdue(row, look.now) for row in ours(look).values())


def counts(state: Log) -> tuple[int, int]:
    """(entries, open decisions) of a log, for the line under a picture."""
    return state.entries, sum(decision.open for decision in state.decisions.values())


BOARD: Final = Board(
    name="decisions",
    title="Decisions",
    digit="",
    rows=rows,
    columns=COLUMNS,
    verbs=VERBS,
    detail=detail,
    find=lambda row, _look: f"{row.name} {row.text} {row.reason} {row.owner}".lower(),
    named=_named,
    version=lambda row: row.version,
    order=_order,
    count=_open_count,
    alarm=_overdue_count,
    noun="decision",
    empty="No decision has been written down yet.",
)
