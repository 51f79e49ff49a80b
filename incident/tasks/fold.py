"""Tasks, the fold: what each event makes of a task, and what follows from the state alone."""

from __future__ import annotations

from typing import Any, cast

import msgspec

from incident.kernel.record import Record, thing_id
from incident.kernel.slice import View
from incident.tasks.facts import (
    ASKED_KEPT,
    ASSIGNED,
    OPEN,
    SUPPORTING,
    UPDATES_KEPT,
    Accepted,
    Amended,
    Assigned,
    Began,
    Blocked,
    Cancelled,
    Closed,
    Declined,
    Escalated,
    Finished,
    Raised,
    Reassigned,
    Returned,
    Split,
    Stamp,
    Supported,
    Task,
    Tasks,
    Update,
    Updated,
    edited,
    offer_subject,
    support_subject,
)


def tasks(view: View) -> Tasks:
    """The tasks of an incident, or of an agency's own part of it."""
    return cast("Tasks", view.tasks)


def evolve(state: Tasks, event: Any, record: Record) -> Tasks:
    """The tasks after one event."""
    if isinstance(event, Raised):
        return _raised(state, event, record)
    task = state.rows.get(event.task)
    if task is None:
        return state
    return Tasks({**state.rows, task.id: _evolved(task, event, record)}, state.counts)


def _raised(state: Tasks, event: Raised, record: Record) -> Tasks:
    provisional = (
        record.seq == 0
    )  # minted by the server only: two rooms that are cut off do not share a number
    count = state.counts.get(record.agency, 0) + (not provisional)
    task = Task(
        id=thing_id(record),
        number=f"{record.agency}-T{'?' if provisional else count}",
        title=event.title,
        called=event.title,
        raised_by=record.agency,
        raised_by_role=record.role,
        person=record.actor,
        agency=event.agency,
        offer=record.command_id,
        offered_at=record.at,
        since=record.at,
        version=record.command_id,
        detail=event.detail,
        assigned_role=event.assigned_role,
        assignee=event.assignee,
        supporting=event.supporting,
        named=dict.fromkeys(event.supporting, record.command_id),
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
            return change(task, edits=_edits(task, record, *names), **values)
        case Escalated():
            return change(task, rung=event.rung, rung_cause=event.cause)
        case Supported():
            return _supported(task, event.supporting, record)
        case Assigned():
            return change(
                task,
                assignee=event.assignee,
                assigned_role=event.assigned_role,
                edits=_edits(task, record, ASSIGNED),
            )
        case _:
            return _stepped(task, event, record)


def _edits(task: Task, record: Record, *names: str) -> dict[str, str]:
    return {**task.edits, **dict.fromkeys(names, record.command_id)}


def _supported(task: Task, supporting: tuple[str, ...], record: Record) -> Task:
    """Who was named before and still is, is not asked for new receipts."""
    named = {agency: task.named.get(agency, record.command_id) for agency in supporting}
    edits = _edits(task, record, SUPPORTING)
    return msgspec.structs.replace(task, supporting=supporting, named=named, edits=edits)


def _stepped(task: Task, event: Any, record: Record) -> Task:
    def to(state: str, **more: Any) -> Task:
        version = record.command_id
        return msgspec.structs.replace(task, state=state, since=record.at, version=version, **more)

    def by(step: str) -> dict[str, Stamp]:
        return {**task.stamps, step: Stamp(record.at, record.agency, record.actor)}

    match event:
        case Accepted():
            return to("accepted", reason="", stamps=by("accepted"))
        case Declined():
            return to("declined", reason=event.reason, suggested=event.suggested)
        case Began():
            return to("in_progress", reason="", stamps=by("began"))
        case Blocked():
            return to("blocked", reason=event.reason)
        case Finished():
            return to("done", evidence=event.evidence, reason="", stamps=by("done"))
        case Closed():
            return to("closed", closing=event.note, stamps=by("closed"))
        case Returned():
            left = {step: stamp for step, stamp in task.stamps.items() if step != "done"}
            return to("in_progress", reason=event.reason, stamps=left)
        case Cancelled():
            return to("cancelled", reason=event.reason)
        case Split():
            return to("split", parts=task.parts + event.children, reason="")
        case Reassigned():
            return _reassigned(to("raised", reason=event.reason), event.agency, record)
        case _:
            raise AssertionError(f"no rule for {type(event).__name__}")


def _reassigned(task: Task, agency: str, record: Record) -> Task:
    """A new offer: whoever had it inside the former agency, and what that agency suggested, is of the past."""
    if agency in task.supporting:
        task = _supported(task, tuple(a for a in task.supporting if a != agency), record)
    return msgspec.structs.replace(
        task,
        agency=agency,
        offer=record.command_id,
        offered_at=record.at,
        suggested="",
        assignee="",
        assigned_role="",
        stamps={},
        edits=_edits(task, record, ASSIGNED),
        asked=(*task.asked, agency)[-ASKED_KEPT:],
    )


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
    """Offers this agency has not answered yet, and open tasks it was named to support."""
    found = []
    for task in state.rows.values():
        if task.agency == agency:
            if task.state == "raised":
                found.append(offer_subject(task))
        elif agency in task.named and task.state in OPEN:
            found.append(support_subject(task, agency))
    return tuple(found)


def label(state: Tasks, key: str) -> str:
    """What log lines call a task: its number and its title as it was raised. Neither ever changes."""
    task = state.rows.get(key.partition("@")[0])
    return "a task" if task is None else f"{task.number} {task.called}"


def invariants(view: View) -> tuple[str, ...]:
    """One accountable agency each; numbers never twice; parts have a whole that was split; none waits for itself."""
    found = []
    rows = tasks(view).rows
    numbers = [task.number for task in rows.values() if not task.number.endswith("?")]
    if len(set(numbers)) != len(numbers):
        found.append("two tasks have one number")
    for task in rows.values():
        if task.agency in task.supporting:
            found.append(f"{task.number}: {task.agency} is accountable and supporting")
        if set(task.named) != set(task.supporting):
            found.append(f"{task.number}: who supports it and who was asked to differ")
        if task.parent and not rows[task.parent].parts:
            found.append(f"{task.number} has a parent that was not split")
        if task.id in task.depends_on or not all(other in rows for other in task.depends_on):
            found.append(f"{task.number} waits for itself or for nothing")
    return tuple(found)
