"""Tasks, the words: each record as a line of the log, and what state and time mean on a screen."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from incident.kernel.board import Cell, Look
from incident.kernel.receipts import Receipt, receipt
from incident.kernel.record import Record, thing_id
from incident.kernel.slice import Line, Names
from incident.tasks.facts import (
    CATEGORIES,
    FIELDS,
    SETTLED,
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
    Supported,
    Task,
    Updated,
    edited,
    offer_subject,
    support_subject,
)
from incident.tasks.lookup import is_own, one, part
from incident.values import sentences, span, utc_words

ANSWER_WITHIN_MS = {"immediate": 120_000, "urgent": 300_000, "routine": 900_000}
"""How long an unanswered task may wait before it is called unanswered, by priority (our rule; inquiry lesson 11)."""


def sentence(event: Any, record: Record, names: Names) -> Line:
    """A record of this slice as one line of the log. The agency stands in a column of its own."""
    if isinstance(event, Raised):
        return Line(_raised(event, record, names))
    what = names("tasks", event.task)
    match event:
        case Accepted():
            return Line(f"accepts {what}")
        case Declined():
            hint = f"Suggests {event.suggested}" if event.suggested else ""
            return Line(sentences(f"declines {what}", f"Reason: {event.reason}", hint))
        case Began():
            return Line(f"begins {what}")
        case Blocked():
            return Line(sentences(f"is blocked in {what}", f"Reason: {event.reason}"))
        case Finished():
            return Line(sentences(f"finishes {what}", event.evidence))
        case Closed():
            return Line(sentences(f"verifies and closes {what}", event.note))
        case Returned():
            return Line(sentences(f"sends back {what}: it is not done", f"Reason: {event.reason}"))
        case Cancelled():
            return Line(sentences(f"cancels {what}", f"Reason: {event.reason}"))
        case Updated():
            return Line(f"notes on {what}: {event.text}")
        case Escalated():
            return Line(_escalated(event, what))
        case Amended():
            return Line(f"changes {what}: {'; '.join(_amended(event, record, names))}")
        case _:
            return Line(_rearranged(event, what))


def _raised(event: Raised, record: Record, names: Names) -> str:
    """Number and title are the task's own, as raised: a line of the log never changes."""
    parts = [f"asks {event.agency}: {names('tasks', thing_id(record))}"]
    if event.priority != "routine":
        parts.append(event.priority)
    if event.due is not None:
        parts.append(f"due {utc_words(event.due, record.recorded_at)}")
    if event.supporting:
        parts.append(f"supported by {', '.join(event.supporting)}")
    if event.depends_on:
        parts.append(f"waits for {_listed(event.depends_on, names)}")
    if event.parent:
        parts.append(f"part of {names('tasks', event.parent)}")
    return ", ".join(parts)


def _listed(ids: tuple[str, ...], names: Names) -> str:
    return ", ".join(names("tasks", other) for other in ids) or "nothing"


def _amended(event: Amended, record: Record, names: Names) -> Iterator[str]:
    """Each field that was changed with its new value."""
    for name in edited(event):
        value = getattr(event, name)
        if name == "depends_on":
            yield f"waits for {_listed(value, names)}"
        elif name == "due":
            yield "no due time" if value is None else f"due {utc_words(value, record.recorded_at)}"
        else:
            words = CATEGORIES[event.category] if event.category and name == "category" else str(value)
            yield f"{FIELDS[name]} is now {' '.join(words.split())}" if words else f"no {FIELDS[name]}"


RUNGS = ("operator", "tactical commander", "strategic commander", "strategic coordinating group")
"""Whom the ladder tells, rung by rung; the first is whoever was asked."""


def _escalated(event: Escalated, what: str) -> str:
    why = "not answered" if event.cause.startswith("asked") else "overdue"
    return f"escalates {what} to the {RUNGS[event.rung]}: {why}"


def _rearranged(event: Any, what: str) -> str:
    match event:
        case Reassigned():
            return sentences(
                f"asks {event.agency} instead: {what}", f"Reason: {event.reason}" if event.reason else ""
            )
        case Assigned():
            who = " ".join(filter(None, (event.assigned_role, event.assignee)))
            return f"gives {what} to {who}" if who else f"gives {what} to nobody in particular"
        case Split():
            return f"splits {what} into {event.children} tasks"
        case Supported():
            helpers = ", ".join(event.supporting)
            return f"asks {helpers} to support {what}" if helpers else f"needs no support for {what}"
        case _:
            raise AssertionError(f"no sentence for {type(event).__name__}")


def state_cell(task: Task, look: Look) -> Cell:
    """The state in a word: raised tasks say how far the offer has got (sent, delivered, seen)."""
    if task.state == "raised":
        return _offer_cell(task, look)
    tones = {
        "accepted": "accent",
        "in_progress": "accent",
        "blocked": "alarm",
        "declined": "alarm",
        "done": "good",
        "closed": "dim",
        "cancelled": "dim",
        "split": "caution",
    }
    words = {
        "in_progress": "in progress",
        "blocked": "▲ blocked",
        "declined": "▲ declined",
        "done": "done, verify",
        "split": "split in parts",
    }
    return Cell(words.get(task.state, task.state), tones[task.state])


def _offer_cell(task: Task, look: Look) -> Cell:
    if task.version in look.unconfirmed:
        return Cell("raised", "caution")
    word = told(task, task.agency, look)
    if unanswered(task, look.now):
        return Cell(f"▲ {word}", "alarm")
    return Cell(word, "caution")


def told(task: Task, agency: str, look: Look) -> str:
    """How far the present offer, or the call for support, has got with an agency: sent … acknowledged."""
    got = receipts_of(task, agency, look)
    if got.acknowledged:
        return "acknowledged"
    return "seen" if got.seen else "delivered" if got.delivered else "sent"


def receipts_of(task: Task, agency: str, look: Look) -> Receipt:
    """What an agency has done with the present offer, or with the call for its support."""
    theirs = look.shown.get(part(task, look))
    kept = (look.own if is_own(task, look) else theirs or look.state).receipts
    subject = offer_subject(task) if agency == task.agency else support_subject(task, agency)
    return receipt(kept, subject, agency)


def waits_for(task: Task, look: Look) -> tuple[Task, ...]:
    """The tasks it waits for that are neither done nor settled."""
    others = [one(other, look) for other in task.depends_on]
    return tuple(t for t in others if t is not None and t.state not in SETTLED | {"done"})


def unanswered(task: Task, now: int) -> bool:
    """Asked and not answered for longer than its priority allows."""
    return task.state == "raised" and now - task.offered_at > ANSWER_WITHIN_MS[task.priority]


def overdue(task: Task, now: int) -> bool:
    """Past its due time and not said to be done."""
    return task.due is not None and now > task.due and task.state not in SETTLED | {"done"}


def due_cell(task: Task, look: Look) -> Cell:
    """When it is due, and how far off that is; overdue says so in a word."""
    if task.due is None:
        return Cell("–", "dim")
    if task.state in SETTLED or task.state == "done":
        return Cell(look.clock(task.due), "dim")
    minutes = (task.due - look.now) // 60_000
    if overdue(task, look.now):
        return Cell(f"▲ {look.clock(task.due)} {span(look.now - task.due)} over", "alarm")
    return Cell(f"{look.clock(task.due)} in {span(task.due - look.now)}", "caution" if minutes < 5 else "ink")
