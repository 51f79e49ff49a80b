"""Tasks, the rules: who may move a task where, and what each event makes of it."""

from __future__ import annotations

from typing import Any, cast

import msgspec

from incident.kernel.record import Record, thing_id
from incident.kernel.slice import Context, Refusal, View
from incident.organisation import is_party, organisation, parties
from incident.tasks.facts import (
    OPEN,
    UPDATES_KEPT,
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
    Tasks,
    Update,
    Updated,
    Verify,
    edited,
    key_of,
)

NEXT: dict[type, tuple[str, frozenset[str]]] = {
    Accept: ("accepted", frozenset({"raised"})),
    Decline: ("declined", frozenset({"raised", "accepted"})),
    Begin: ("in_progress", frozenset({"raised", "accepted", "blocked"})),
    Block: ("blocked", frozenset({"accepted", "in_progress"})),
    Finish: ("done", frozenset({"accepted", "in_progress", "blocked"})),
    Verify: ("closed", frozenset({"done"})),
    Return: ("in_progress", frozenset({"done"})),
    Cancel: ("cancelled", OPEN),
}
"""Command -> the state it leads to, and the states it may start from."""

WORDS = {"in_progress": "in progress"}


def tasks(view: View) -> Tasks:
    """The tasks of an incident, or of an agency's own part of it."""
    return cast("Tasks", view.tasks)


def decide(view: View, command: Any, ctx: Context) -> tuple[Any, ...] | Refusal:
    """What a command makes happen, or the reason why not."""
    if not organisation(view).opened:
        return Refusal("not_open", "This incident is not open.")
    if isinstance(command, Raise):
        return _raise(view, command)
    task = tasks(view).rows.get(command.task)
    if task is None:
        return Refusal("no_such_task", "There is no such task here.")
    if type(command) in NEXT:
        return _step(task, command, ctx)
    match command:
        case Report():
            return (Updated(task.id, command.text),)
        case Amend():
            return _amend(task, command, ctx)
        case _:
            return _rearrange(view, task, command, ctx)


def _raise(view: View, command: Raise) -> tuple[Any, ...] | Refusal:
    unknown = _not_parties(view, (command.agency, *command.supporting))
    if unknown is not None:
        return unknown
    for other in command.depends_on:
        if other not in tasks(view).rows:
            return Refusal("no_such_task", "A task it depends on is not here.")
    supporting = tuple(a for a in dict.fromkeys(command.supporting) if a != command.agency)
    return (
        Raised(
            command.title,
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
            command.depends_on,
        ),
    )


def _step(task: Task, command: Any, ctx: Context) -> tuple[Any, ...] | Refusal:
    """One step of the state machine: the same target twice is one; else version, then legality."""
    target, sources = NEXT[type(command)]
    if task.state == target:
        return ()
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
            return (Declined(task.id, command.reason, command.suggested),)
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


def _rearrange(view: View, task: Task, command: Any, ctx: Context) -> tuple[Any, ...] | Refusal:
    """Who does it: reassign, assign inside, split, support."""
    if task.state not in OPEN:
        return Refusal("illegal_step", f"{task.number} is {_word(task.state)} and no longer open.")
    match command:
        case Support():
            supporting = tuple(a for a in dict.fromkeys(command.supporting) if a != task.agency)
            unknown = _not_parties(view, supporting)
            if unknown is not None:
                return unknown
            return () if supporting == task.supporting else (Supported(task.id, supporting),)
        case Assign():
            if (command.assignee, command.assigned_role) == (task.assignee, task.assigned_role):
                return ()
            return (Assigned(task.id, command.assignee, command.assigned_role),)
    if ctx.stale(key_of(task.id), task.version):
        return _moved(task)
    match command:
        case Reassign():
            if command.agency == task.agency and task.state != "declined":
                return ()
            unknown = _not_parties(view, (command.agency,))
            return unknown or (Reassigned(task.id, command.agency, command.reason),)
        case SplitUp():
            unknown = _not_parties(view, tuple(child.agency for child in command.children))
            return unknown or _split(task, command)
        case _:
            raise AssertionError(f"no rule for {type(command).__name__}")


def _split(task: Task, command: SplitUp) -> tuple[Any, ...]:
    children = tuple(
        Raised(
            child.title,
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


def _amend(task: Task, command: Amend, ctx: Context) -> tuple[Any, ...] | Refusal:
    """Different fields merge; for the same field the later author is told."""
    names = edited(command)
    changed = tuple(name for name in names if getattr(command, name) != getattr(task, name))
    if not changed:
        return ()
    for name in changed:
        if ctx.stale(f"{key_of(task.id)}/{name}", task.edits.get(name, "")):
            return Refusal(
                "field_changed",
                f"The {name} of {task.number} was changed meanwhile to {getattr(task, name)!s}.",
                {"field": name},
                conflict=True,
            )
    values = {name: getattr(command, name) for name in changed}
    return (Amended(task.id, **values),)


def _moved(task: Task) -> Refusal:
    return Refusal(
        "stale",
        f"{task.number} has moved on: it is {_word(task.state)} with {task.agency} now.",
        {"state": task.state, "agency": task.agency, "since": str(task.since)},
        conflict=True,
    )


def _not_parties(view: View, agencies: tuple[str, ...]) -> Refusal | None:
    for agency in agencies:
        if not is_party(view, agency):
            known = ", ".join(parties(view))
            return Refusal("not_party", f"{agency} is not a party to this incident. Parties: {known}.")
    return None


def _word(state: str) -> str:
    return WORDS.get(state, state)


# -- evolve -------------------------------------------------------------------------------------------------


def evolve(state: Tasks, event: Any, record: Record) -> Tasks:
    """The tasks after one event."""
    if isinstance(event, Raised):
        return _raised(state, event, record)
    task = state.rows.get(event.task)
    if task is None:
        return state
    return Tasks({**state.rows, task.id: _evolved(task, event, record)}, state.counts)


def _raised(state: Tasks, event: Raised, record: Record) -> Tasks:
    count = state.counts.get(record.agency, 0) + 1
    task = Task(
        id=thing_id(record),
        number=f"{record.agency}-T{count}",
        title=event.title,
        raised_by=record.agency,
        raised_by_role=record.role,
        person=record.actor,
        agency=event.agency,
        offered_at=record.at,
        since=record.at,
        version=record.command_id,
        detail=event.detail,
        assigned_role=event.assigned_role,
        assignee=event.assignee,
        supporting=event.supporting,
        priority=event.priority,
        due=event.due,
        category=event.category,
        place=event.place,
        origin=event.origin,
        depends_on=event.depends_on,
        parent=event.parent,
        asked=(event.agency,),
    )
    return Tasks({**state.rows, task.id: task}, {**state.counts, record.agency: count})


def _evolved(task: Task, event: Any, record: Record) -> Task:
    change = msgspec.structs.replace
    match event:
        case Updated():
            note = Update(record.at, record.agency, record.actor, event.text)
            kept = (*task.updates, note)[-UPDATES_KEPT:]
            return change(task, updates=kept, updates_count=task.updates_count + 1)
        case Amended():
            names = edited(event)
            values = {name: getattr(event, name) for name in names}
            return change(task, edits={**task.edits, **dict.fromkeys(names, record.command_id)}, **values)
        case Supported():
            return change(task, supporting=event.supporting)
        case Assigned():
            return change(task, assignee=event.assignee, assigned_role=event.assigned_role)
        case _:
            return _stepped(task, event, record)


def _stepped(task: Task, event: Any, record: Record) -> Task:
    def to(state: str, **more: Any) -> Task:
        version = record.command_id
        return msgspec.structs.replace(task, state=state, since=record.at, version=version, **more)

    match event:
        case Accepted():
            return to("accepted", reason="")
        case Declined():
            return to("declined", reason=event.reason, suggested=event.suggested)
        case Began():
            return to("in_progress", reason="")
        case Blocked():
            return to("blocked", reason=event.reason)
        case Finished():
            return to("done", evidence=event.evidence, reason="")
        case Closed():
            return to("closed")
        case Returned():
            return to("in_progress", reason=event.reason)
        case Cancelled():
            return to("cancelled", reason=event.reason)
        case Split():
            return to("split")
        case Reassigned():
            asked = (*task.asked, event.agency)
            return to(
                "raised",
                agency=event.agency,
                offered_at=record.at,
                reason=event.reason,
                suggested="",
                assignee="",
                assigned_role="",
                supporting=tuple(a for a in task.supporting if a != event.agency),
                asked=asked,
            )
        case _:
            raise AssertionError(f"no rule for {type(event).__name__}")


def version(state: Tasks, key: str) -> str:
    """``tasks/<id>`` for the state of a task, ``tasks/<id>/<field>`` for an ordinary field of it."""
    _, _, rest = key.partition("/")
    task = state.rows.get(rest)
    if task is not None:
        return task.version
    task_id, _, name = rest.rpartition("/")
    task = state.rows.get(task_id)
    return "" if task is None else task.edits.get(name, "")


def addressed(state: Tasks, agency: str) -> tuple[str, ...]:
    """Tasks that ask this agency and were not answered yet."""
    return tuple(
        key_of(task.id) for task in state.rows.values() if task.agency == agency and task.state == "raised"
    )


def label(state: Tasks, key: str) -> str:
    """What people call a task: its number and title."""
    task = state.rows.get(key)
    return "a task" if task is None else f"{task.number} {task.title}"


def invariants(view: View) -> tuple[str, ...]:
    """One accountable agency each; numbers never twice; children have a parent that was split."""
    found = []
    rows = tasks(view).rows
    numbers = [task.number for task in rows.values()]
    if len(set(numbers)) != len(numbers):
        found.append("two tasks have one number")
    for task in rows.values():
        if task.agency in task.supporting:
            found.append(f"{task.number}: {task.agency} is accountable and supporting")
        if task.parent and rows[task.parent].state != "split":
            found.append(f"{task.number} has a parent that was not split")
    return tuple(found)
