"""Tasks, the rules: who may move a task where, and why not."""

from __future__ import annotations

from typing import Any

from incident.kernel.checks import nearest
from incident.kernel.slice import Context, Refusal, View
from incident.organisation import charter_of, closed, is_party, organisation, parties
from incident.tasks.facts import (
    ASSIGNED,
    FIELDS,
    OPEN,
    SUPPORTING,
    TASKS_MAX,
    Accept,
    Accepted,
    Amend,
    Amended,
    Assign,
    Assigned,
    Began,
    Begin,
    Block,
    Blocked,
    Cancel,
    Cancelled,
    Closed,
    Decline,
    Declined,
    Escalate,
    Finish,
    Finished,
    Raise,
    Raised,
    Reassign,
    Reassigned,
    Report,
    Return,
    Returned,
    Split,
    SplitUp,
    Support,
    Supported,
    Task,
    Updated,
    Verify,
    edited,
    field_key,
    key_of,
)
from incident.tasks.fold import tasks
from incident.tasks.ladder import escalate
from incident.values import utc_words

NEXT: dict[type, tuple[str, frozenset[str]]] = {
    Accept: ("accepted", frozenset({"raised"})),
    Decline: ("declined", frozenset({"raised", "accepted", "in_progress", "blocked"})),
    Begin: ("in_progress", frozenset({"raised", "accepted", "blocked"})),
    Block: ("blocked", frozenset({"accepted", "in_progress"})),
    Finish: ("done", frozenset({"accepted", "in_progress", "blocked"})),
    Verify: ("closed", frozenset({"done", "split"})),
    Return: ("in_progress", frozenset({"done"})),
    Cancel: ("cancelled", OPEN),
}
"""Command -> the state it leads to, and the states it may start from."""

SPLIT_FROM = frozenset({"raised", "accepted", "in_progress", "blocked"})
WORDS = {"in_progress": "in progress"}


def decide(view: View, command: Any, ctx: Context) -> tuple[Any, ...] | Refusal:
    """What a command makes happen, or the reason why not."""
    if not organisation(view).opened:
        return Refusal("not_open", "This incident is not open.")
    if isinstance(command, Raise):
        return closed(view, ctx, "a task is raised") or _raise(view, command)
    task = tasks(view).rows.get(command.task)
    if task is None:
        return Refusal("no_such_task", "There is no such task here.")
    if type(command) in NEXT:
        return _step(view, task, command, ctx)
    match command:
        case Report():
            return (Updated(task.id, command.text.strip()),)
        case Escalate():
            return escalate(task, command, ctx)
        case Amend():
            return _amend(view, task, command, ctx)
        case _:
            return _rearrange(view, task, command, ctx)


def _raise(view: View, command: Raise) -> tuple[Any, ...] | Refusal:
    refusal = (
        _too_many(view, 1)
        or _not_parties(view, (command.agency, *command.supporting))
        or _not_here(view, command.depends_on)
    )
    if refusal is not None:
        return refusal
    supporting = tuple(a for a in dict.fromkeys(command.supporting) if a != command.agency)
    return (
        Raised(
            command.title.strip(),
            command.agency,
            command.detail,
            command.assigned_role,
            command.assignee,
            supporting,
            command.priority,
            command.due,
            command.category,
            command.place,
            command.origin,
            tuple(dict.fromkeys(command.depends_on)),
        ),
    )


def _step(view: View, task: Task, command: Any, ctx: Context) -> tuple[Any, ...] | Refusal:
    """One step of the state machine: the same target twice is one; else version, then legality."""
    target, sources = NEXT[type(command)]
    if task.state == target and not isinstance(command, Return):
        return _said_again(task, command)
    if ctx.stale(key_of(task.id), task.version):
        return _moved(task)
    if task.state not in sources:
        return Refusal(
            "illegal_step",
            f"{task.number} is {_word(task.state)}; it cannot become {_word(target)} from there.",
            {"state": task.state},
        )
    match command:
        case Accept():
            return (Accepted(task.id),)
        case Decline():
            unknown = _unknown(view, command.suggested)
            return unknown or (Declined(task.id, command.reason, command.suggested),)
        case Begin():
            return (Began(task.id),)
        case Block():
            return (Blocked(task.id, command.reason),)
        case Finish():
            return (Finished(task.id, command.evidence),)
        case Verify():
            return (Closed(task.id, command.note),)
        case Return():
            return (Returned(task.id, command.reason),)
        case _:
            return (Cancelled(task.id, command.reason),)


def _said_again(task: Task, command: Any) -> tuple[Any, ...]:
    """The step has been taken already: nothing happens, but new words with it are kept as a note."""
    match command:
        case Block() | Decline() | Cancel():
            said, known = command.reason, task.reason
        case Finish():
            said, known = command.evidence, task.evidence
        case Verify():
            said, known = command.note, task.closing
        case _:
            return ()
    if not said.strip() or said == known:
        return ()
    return (Updated(task.id, f"{_word(task.state)}: {said.strip()}"),)


def _rearrange(view: View, task: Task, command: Any, ctx: Context) -> tuple[Any, ...] | Refusal:
    """Who does it: reassign, assign inside, split, support."""
    stale = ctx.stale(key_of(task.id), task.version)
    if task.state not in OPEN:
        sentence = f"{task.number} is {_word(task.state)} and no longer open."
        return Refusal("illegal_step", sentence, {"state": task.state}, conflict=stale)
    match command:
        case Support():
            return _support(view, task, command, ctx)
        case Assign():
            return _assign(task, command, ctx)
    if stale:
        return _moved(task)
    match command:
        case Reassign():
            if command.agency == task.agency and task.state not in ("declined", "split"):
                return ()
            unknown = _not_parties(view, (command.agency,))
            return unknown or (Reassigned(task.id, command.agency, command.reason),)
        case SplitUp():
            agencies = tuple(child.agency for child in command.children)
            refusal = _too_many(view, len(agencies)) or _not_parties(view, agencies)
            return refusal or _split(task, command)
        case _:
            raise AssertionError(f"no rule for {type(command).__name__}")


def _support(view: View, task: Task, command: Support, ctx: Context) -> tuple[Any, ...] | Refusal:
    supporting = tuple(a for a in dict.fromkeys(command.supporting) if a != task.agency)
    unknown = _not_parties(view, supporting)
    if unknown is not None:
        return unknown
    if supporting == task.supporting:
        return ()
    if ctx.stale(field_key(task.id, SUPPORTING), task.edits.get(SUPPORTING, "")):
        helpers = ", ".join(task.supporting) or "nobody"
        sentence = f"Who supports {task.number} was changed meanwhile: {helpers}."
        return Refusal("field_changed", sentence, {"field": SUPPORTING}, conflict=True)
    return (Supported(task.id, supporting),)


def _assign(task: Task, command: Assign, ctx: Context) -> tuple[Any, ...] | Refusal:
    wanted = (command.assignee.strip(), command.assigned_role.strip())
    if wanted == (task.assignee, task.assigned_role):
        return ()
    if ctx.stale(field_key(task.id, ASSIGNED), task.edits.get(ASSIGNED, "")):
        who = " ".join(filter(None, (task.assigned_role, task.assignee))) or "nobody in particular"
        sentence = f"{task.number} was given to {who} of {task.agency} meanwhile."
        return Refusal("field_changed", sentence, {"field": ASSIGNED}, conflict=True)
    return (Assigned(task.id, *wanted),)


def _split(task: Task, command: SplitUp) -> tuple[Any, ...] | Refusal:
    if task.state not in SPLIT_FROM:
        sentence = f"{task.number} is {_word(task.state)}; it cannot be split from there."
        return Refusal("illegal_step", sentence, {"state": task.state})
    children = tuple(
        Raised(
            child.title.strip(),
            child.agency,
            priority=task.priority,
            due=task.due,
            category=task.category,
            place=task.place,
            parent=task.id,
        )
        for child in command.children
    )
    return (Split(task.id, len(children)), *children)


def _amend(view: View, task: Task, command: Amend, ctx: Context) -> tuple[Any, ...] | Refusal:
    """Different fields merge; for the same field the later author is told."""
    wanted = {name: getattr(command, name) for name in edited(command)}
    changed = {name: value for name, value in wanted.items() if value != getattr(task, name)}
    for name in changed:
        if ctx.stale(field_key(task.id, name), task.edits.get(name, "")):
            known = _shown(view, task, name)
            sentence = f"The {FIELDS[name]} of {task.number} was changed meanwhile: it is {known} now."
            return Refusal("field_changed", sentence, {"field": name}, conflict=True)
    waits = changed.get("depends_on", ())
    refusal = _not_here(view, waits) or _waits_for_itself(view, task, waits)
    if refusal is not None:
        return refusal
    return (Amended(task.id, **changed),) if changed else ()


def _shown(view: View, task: Task, name: str) -> str:
    """The present value of a field, in words."""
    value = getattr(task, name)
    if name == "depends_on":
        value = ", ".join(tasks(view).rows[other].number for other in value)
    if name == "due" and value is not None:
        value = utc_words(value, task.since)
    return str(value) if value else "empty"


def _waits_for_itself(view: View, task: Task, waits: tuple[str, ...]) -> Refusal | None:
    """Tasks that wait for each other would wait for ever."""
    rows = tasks(view).rows
    seen: set[str] = set()
    behind = list(waits)
    while behind:
        other = behind.pop()
        if other == task.id:
            return Refusal("waits_for_itself", f"{task.number} would wait for itself.")
        if other not in seen:
            seen.add(other)
            behind += rows[other].depends_on
    return None


def _moved(task: Task) -> Refusal:
    return Refusal(
        "stale",
        f"{task.number} has moved on: it is {_word(task.state)} with {task.agency} now.",
        {"state": task.state, "agency": task.agency, "since": str(task.since)},
        conflict=True,
    )


def _too_many(view: View, more: int) -> Refusal | None:
    if len(tasks(view).rows) + more <= TASKS_MAX:
        return None
    sentence = f"This incident has its {TASKS_MAX:,} tasks. Write it in the log, or in a task there is."
    return Refusal("full", sentence, {"limit": str(TASKS_MAX)})


def _not_here(view: View, waits: tuple[str, ...]) -> Refusal | None:
    if all(other in tasks(view).rows for other in waits):
        return None
    sentence = "A task it waits for is not here: shared tasks wait for shared ones, our own for our own."
    return Refusal("no_such_task", sentence)


def _unknown(view: View, agency: str) -> Refusal | None:
    """A suggestion may name an agency that is not party yet, but one that there is."""
    known = charter_of(view).agencies
    if not agency or agency in known:
        return None
    hint = nearest(agency, known) or "."
    return Refusal("unknown_agency", f"{agency} is no agency that is known here{hint}")


def _not_parties(view: View, agencies: tuple[str, ...]) -> Refusal | None:
    for agency in agencies:
        if not is_party(view, agency):
            known = ", ".join(parties(view))
            return Refusal("not_party", f"{agency} is not a party to this incident. Parties: {known}.")
    return None


def _word(state: str) -> str:
    return WORDS.get(state, state)
