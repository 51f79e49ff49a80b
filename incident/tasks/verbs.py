"""Tasks, the verbs: what a person can do to a task, with the grammar of its line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from msgspec import UNSET

from incident.kernel.board import Arg, Look, Verb
from incident.organisation import parties
from incident.sharing import assists
from incident.tasks.facts import (
    CATEGORIES,
    OPEN,
    Accept,
    Amend,
    Assign,
    Begin,
    Block,
    Cancel,
    Child,
    Decline,
    Finish,
    Raise,
    Reassign,
    Report,
    Return,
    SplitUp,
    Support,
    Task,
    Verify,
)
from incident.tasks.lookup import is_own, named, ours, part, rows
from incident.tasks.rules import NEXT, SPLIT_FROM
from incident.values import read_due

PRIORITIES = (("immediate", "immediate"), ("urgent", "urgent"), ("routine", "routine"))


def _stream(task: Any, look: Look) -> str:
    if task is None:
        return look.stream
    return look.own_stream if is_own(task, look) else part(task, look) or look.stream


def _categories(_look: Look, _row: Any) -> Sequence[tuple[str, str]]:
    return tuple(CATEGORIES.items())


def _agencies(look: Look, _row: Any) -> Sequence[tuple[str, str]]:
    return [(code, code) for code in parties(look.state)]


def _due(values: Mapping[str, Any], look: Look) -> int | None:
    text = str(values.get("due") or "").strip()
    return read_due(text, look.now, look.offset_minutes) if text else None


def _raise(_row: Any, values: Mapping[str, Any], look: Look) -> Raise:
    return Raise(
        title=values["title"],
        agency=values["agency"],
        due=_due(values, look),
        priority=values.get("priority") or "routine",
        category=values.get("category") or "other",
        assigned_role=values.get("role") or "",
        place=values.get("place") or "",
        detail=values.get("detail") or "",
        supporting=several(values.get("supporting")),
        origin=values.get("origin") or "",
        depends_on=_waits(values.get("waits"), look),
    )


def _raise_own(row: Any, values: Mapping[str, Any], look: Look) -> Raise:
    return _raise(row, {**values, "agency": look.me.agency}, look)


def _waits(value: Any, look: Look) -> tuple[str, ...]:
    """The tasks that were named, by id; what another shares with us of its own is named in nothing of ours."""
    found = []
    for number in several(value):
        id_ = named(number, look)
        if id_ is None or id_ not in ours(look):
            raise ValueError(f"There is no task {number}. Write numbers such as LAS-T3.")
        found.append(id_)
    return tuple(found)


def _numbers(look: Look, task: Task) -> str:
    everything = rows(look)
    return " ".join(everything[other].number for other in task.depends_on if other in everything)


def several(value: Any) -> tuple[str, ...]:
    """Answers that are lists: a sequence as it is, a text split at commas and spaces."""
    if not value:
        return ()
    if isinstance(value, str):
        return tuple(part for part in value.replace(",", " ").split() if part)
    return tuple(value)


def _amend(task: Task, values: Mapping[str, Any], look: Look) -> Amend:
    """What was written and differs; a blank changes nothing, so taking away has an answer of its own."""
    clear = {word.casefold() for word in several(values.get("clear"))}
    if clear - _CLEARED:
        raise ValueError(f"Only these can be taken away: {', '.join(sorted(_CLEARED))}.")

    def given(name: str) -> Any:
        if name in clear:
            return ""
        text = str(values.get(name) or "").strip()
        return text if text and text != str(getattr(task, name)) else None

    due = _due(values, look)
    waits = _waits(values.get("waits"), look)
    return Amend(
        task.id,
        title=given("title"),
        detail=given("detail"),
        priority=given("priority"),
        due=None if "due" in clear else UNSET if due is None else due,
        category=given("category"),
        place=given("place"),
        depends_on=() if "waits" in clear else waits if waits and waits != task.depends_on else None,
    )


_CLEARED = frozenset({"due", "place", "detail", "waits"})


def _split(task: Task, values: Mapping[str, Any], _look: Look) -> SplitUp:
    children = []
    for line in str(values["children"]).replace(";", "\n").splitlines():
        agency, _, title = line.strip().partition(" ")
        if agency and title.strip():
            children.append(Child(title.strip(), agency.upper().rstrip(":")))
    if len(children) < 2:
        raise ValueError(
            "Give at least two parts, one a line (or parted by ;): the agency, then what it does."
        )
    return SplitUp(task.id, tuple(children))


def _can(command: type) -> Any:
    _, sources = NEXT[command]
    return lambda task, _look: task.state in sources


def _mine(task: Task, look: Look) -> bool:
    return look.me is not None and task.agency == look.me.agency


def _raised_here(task: Task, look: Look) -> bool:
    return look.me is not None and task.raised_by == look.me.agency


def _open(task: Task, _look: Look) -> bool:
    return task.state in OPEN


def _both(*tests: Any) -> Any:
    return lambda task, look: all(test(task, look) for test in tests)


_REASON = Arg("reason", "Reason", "text", rest=True)
_RAISE_ARGS = (
    Arg("title", "What is to be done", "text", limit=200),
    Arg("due", "Due (15m, 1h30 or 14:45)", "time", required=False),
    Arg("priority", "Priority", "choice", False, lambda _l, _r: PRIORITIES, lambda _l, _r: "routine"),
    Arg("category", "Kind", "choice", False, _categories),
    Arg("role", "For the role", "text", required=False, limit=80),
    Arg("place", "Place", "place", required=False, limit=200),
    Arg("supporting", "Supported by", "agencies", False, _agencies),
    Arg("detail", "Detail", "lines", required=False, limit=2000),
    Arg("waits", "Waits for (LAS-T3 LAS-T4)", "text", required=False, limit=120),
    Arg("origin", "Arising from (line, message, decision)", "text", required=False, limit=120),
)

_VERBS = (
    Verb(
        "raise",
        "New task",
        "t",
        Raise,
        _raise,
        key="t",
        row=False,
        aliases=("task",),
        args=(Arg("agency", "For which agency", "agency", True, _agencies), *_RAISE_ARGS),
        example='t SCAS "open RVP B" 15m',
        help="Asks one agency, which is then accountable.",
    ),
    Verb(
        "raise_own",
        "New task of our own",
        "town",
        Raise,
        _raise_own,
        key="T",
        row=False,
        args=_RAISE_ARGS,
        stream=lambda _row, look: look.own_stream,
        example='town "call in the night shift" 30m',
        help="Stays in our own part: no other agency sees it.",
    ),
    Verb(
        "accept",
        "Accept",
        "accept",
        Accept,
        lambda task, _v, _l: Accept(task.id),
        key="y",
        applies=_both(_can(Accept), _mine),
        stream=_stream,
        example="accept LAS-T3",
    ),
    Verb(
        "decline",
        "Decline",
        "decline",
        Decline,
        lambda task, v, _l: Decline(task.id, v["reason"], v.get("suggested") or ""),
        key="x",
        args=(
            _REASON,
            Arg("suggested", "Who could do it instead", "agency", False, _agencies),
        ),
        applies=_both(_can(Decline), _mine),
        stream=_stream,
        example='decline LAS-T3 "no vehicle free"',
    ),
    Verb(
        "begin",
        "Begin / go on",
        "begin",
        Begin,
        lambda task, _v, _l: Begin(task.id),
        key="b",
        applies=_both(_can(Begin), _mine),
        stream=_stream,
        example="begin LAS-T3",
    ),
    Verb(
        "block",
        "Blocked",
        "block",
        Block,
        lambda task, v, _l: Block(task.id, v["reason"]),
        key="w",
        args=(_REASON,),
        applies=_both(_can(Block), _mine),
        stream=_stream,
        example='block LAS-T3 "road closed"',
    ),
    Verb(
        "finish",
        "Done",
        "done",
        Finish,
        lambda task, v, _l: Finish(task.id, v.get("evidence") or ""),
        key="f",
        args=(Arg("evidence", "What shows it", "text", required=False, rest=True),),
        applies=_both(_can(Finish), _mine),
        stream=_stream,
        example="done LAS-T3",
    ),
    Verb(
        "verify",
        "Verify and close",
        "verify",
        Verify,
        lambda task, v, _l: Verify(task.id, v.get("note") or ""),
        key="v",
        args=(Arg("note", "Note", "text", required=False, rest=True),),
        applies=_both(_can(Verify), _raised_here),
        stream=_stream,
        example="verify LAS-T3",
    ),
    Verb(
        "return",
        "Not done, send back",
        "sendback",
        Return,
        lambda task, v, _l: Return(task.id, v["reason"]),
        key="z",
        args=(_REASON,),
        applies=_both(_can(Return), _raised_here),
        stream=_stream,
        example='sendback LAS-T3 "lane 2 still shut"',
    ),
    Verb(
        "reassign",
        "Ask another agency",
        "reassign",
        Reassign,
        lambda task, v, _l: Reassign(task.id, v["agency"], v.get("reason") or ""),
        key="o",
        args=(
            Arg("agency", "Which agency", "agency", True, _agencies, lambda _l, task: task.suggested),
            Arg("reason", "Reason", "text", required=False, rest=True),
        ),
        applies=_both(_open, _raised_here),
        stream=_stream,
        example="reassign LAS-T3 SECAMB",
    ),
    Verb(
        "assign",
        "Give to a role or person",
        "assign",
        Assign,
        lambda task, v, _l: Assign(task.id, v.get("assignee") or "", v.get("role") or ""),
        key="i",
        args=(
            Arg("assignee", "Person", "text", required=False, limit=80),
            Arg("role", "Role", "text", required=False, limit=80),
        ),
        applies=_both(_open, _mine),
        stream=_stream,
        example='assign LAS-T3 "EOC desk 2"',
    ),
    Verb(
        "report",
        "Note on progress",
        "update",
        Report,
        lambda task, v, _l: Report(task.id, v["text"]),
        key="u",
        args=(Arg("text", "Note", "text", rest=True),),
        stream=_stream,
        example='update LAS-T3 "20 min out"',
    ),
    Verb(
        "amend",
        "Change title, due, priority",
        "amend",
        Amend,
        _amend,
        key="e",
        args=(
            Arg("due", "Due (15m, 1h30 or 14:45)", "time", required=False),
            Arg("priority", "Priority", "choice", False, lambda _l, _r: PRIORITIES, lambda _l, t: t.priority),
            Arg("title", "What is to be done", "text", False, default=lambda _l, t: t.title, limit=200),
            Arg("place", "Place", "place", False, default=lambda _l, t: t.place, limit=200),
            Arg("detail", "Detail", "lines", False, default=lambda _l, t: t.detail, limit=2000),
            Arg("waits", "Waits for (LAS-T3 LAS-T4)", "text", False, default=_numbers, limit=120),
            Arg("category", "Kind", "choice", False, _categories, lambda _l, t: t.category),
            Arg("clear", "Take away: due, place, detail, waits", "text", required=False, limit=40),
        ),
        applies=_both(_open, _raised_here),
        stream=_stream,
        example="amend LAS-T3 30m",
    ),
    Verb(
        "split",
        "Split into parts",
        "split",
        SplitUp,
        _split,
        key="p",
        args=(Arg("children", "One part a line: AGENCY what it does", "lines", limit=1600, rest=True),),
        applies=_both(lambda task, _look: task.state in SPLIT_FROM, _mine),
        stream=_stream,
        example="split LAS-T3 SCAS close lane 1; LAS close lane 2",
    ),
    Verb(
        "support",
        "Supporting agencies",
        "support",
        Support,
        lambda task, v, _l: Support(task.id, several(v.get("supporting"))),
        key="h",
        args=(Arg("supporting", "Which agencies", "agencies", False, _agencies, rest=True),),
        applies=_both(_open, _raised_here),
        stream=_stream,
        example="support LAS-T3 SECAMB LFB",
    ),
    Verb(
        "cancel",
        "Cancel",
        "cancel",
        Cancel,
        lambda task, v, _l: Cancel(task.id, v["reason"]),
        key="X",
        args=(_REASON,),
        applies=_both(_open, _raised_here),
        stream=_stream,
        example='cancel LAS-T3 "no longer needed"',
    ),
)


def _where_we_may(verb: Verb) -> Verb:
    """Of a task in another agency's own part we note progress, where that is shared to assist, and nothing else."""

    def applies(task: Any, look: Look) -> bool:
        theirs = part(task, look)
        allowed = not theirs or (verb.name == "report" and assists(look, theirs))
        return allowed and verb.applies(task, look)

    return replace(verb, applies=applies) if verb.row else verb


VERBS = tuple(map(_where_we_may, _VERBS))
