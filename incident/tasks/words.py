"""Tasks, the words: each record as a line of the log, and what state and time mean on a screen."""

from __future__ import annotations

from typing import Any

from incident.kernel.board import Cell, Look
from incident.kernel.receipts import receipt
from incident.kernel.record import Record
from incident.kernel.slice import Line, Names
from incident.tasks.facts import (
    Accepted,
    Amended,
    Assigned,
    Began,
    Blocked,
    Cancelled,
    Closed,
    Declined,
    Finished,
    Raised,
    Reassigned,
    Returned,
    Split,
    Supported,
    Task,
    Updated,
    edited,
    key_of,
)
from incident.values import span

ANSWER_WITHIN_MS = {"immediate": 120_000, "urgent": 300_000, "routine": 900_000}
"""How long an unanswered task may wait before it is called unanswered, by priority (our rule; inquiry lesson 11)."""

SETTLED = frozenset({"closed", "cancelled", "split"})


def sentence(event: Any, record: Record, names: Names) -> Line:
    """A record of this slice as one line of the log. The agency stands in a column of its own."""
    if isinstance(event, Raised):
        return Line(_raised(event))
    what = names("tasks", event.task)
    match event:
        case Accepted():
            return Line(f"accepts {what}")
        case Declined():
            hint = f" Suggests {event.suggested}." if event.suggested else ""
            return Line(f"declines {what}. Reason: {_stop(event.reason)}{hint}")
        case Began():
            return Line(f"in progress: {what}")
        case Blocked():
            return Line(f"blocked: {what}. Reason: {_stop(event.reason)}")
        case Finished():
            return Line(f"done: {what}" + (f". {_stop(event.evidence)}" if event.evidence else ""))
        case Closed():
            return Line(f"verified and closed: {what}" + (f". {_stop(event.note)}" if event.note else ""))
        case Returned():
            return Line(f"not done, sent back: {what}. Reason: {_stop(event.reason)}")
        case Cancelled():
            return Line(f"cancelled: {what}. Reason: {_stop(event.reason)}")
        case Updated():
            return Line(f"{what}: {event.text}")
        case _:
            return Line(_rearranged(event, what))


def _raised(event: Raised) -> str:
    due = "" if event.due is None else ", with a due time"
    weight = "" if event.priority == "routine" else f", {event.priority}"
    part = " (part of a split task)" if event.parent else ""
    return f"asks {event.agency}: {event.title}{weight}{due}{part}"


def _rearranged(event: Any, what: str) -> str:
    match event:
        case Reassigned():
            reason = f" Reason: {_stop(event.reason)}" if event.reason else ""
            return f"asks {event.agency} instead: {what}.{reason}"
        case Assigned():
            who = " ".join(filter(None, (event.assigned_role, event.assignee))) or "nobody in particular"
            return f"{what} is with {who}"
        case Split():
            return f"splits {what} into {event.children} tasks"
        case Supported():
            helpers = ", ".join(event.supporting) or "nobody"
            return f"{what}: supported by {helpers}"
        case Amended():
            return f"{what}: {', '.join(edited(event))} changed"
        case _:
            raise AssertionError(f"no sentence for {type(event).__name__}")


def _stop(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else text + "."


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
        "split": "dim",
    }
    words = {
        "in_progress": "in progress",
        "blocked": "▲ blocked",
        "declined": "▲ declined",
        "done": "done, verify",
    }
    return Cell(words.get(task.state, task.state), tones[task.state])


def _offer_cell(task: Task, look: Look) -> Cell:
    if task.version in look.unconfirmed:
        return Cell("raised", "caution")
    got = receipt(_receipts(task, look), key_of(task.id), task.agency)
    word = "seen" if got.seen else "delivered" if got.delivered else "sent"
    if got.acknowledged:
        word = "acknowledged"
    if unanswered(task, look.now):
        return Cell(f"▲ {word}", "alarm")
    return Cell(word, "caution")


def is_own(task: Task, look: Look) -> bool:
    """Stands in our agency's own part: no other agency sees it."""
    return look.own is not None and task.id in look.own.tasks.rows


def _receipts(task: Task, look: Look) -> Any:
    return look.own.receipts if is_own(task, look) else look.state.receipts


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
