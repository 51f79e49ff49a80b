"""Tasks, the board: columns, verbs with their grammar, and the detail of one task."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from incident.kernel.board import Board, Cell, Column, Look
from incident.sharing import marked
from incident.tasks.facts import CATEGORIES, OPEN, SETTLED, STAMPED, Stamp, Task
from incident.tasks.lookup import is_own, named, ours, part, rows
from incident.tasks.verbs import VERBS
from incident.tasks.words import (
    RUNGS,
    due_cell,
    overdue,
    receipts_of,
    state_cell,
    told,
    unanswered,
    waits_for,
)
from incident.values import span

_ORDER = {"immediate": 0, "urgent": 1, "routine": 2}
_STATE_ORDER = {
    "blocked": 0,
    "declined": 0,
    "raised": 1,
    "done": 2,
    "in_progress": 3,
    "accepted": 3,
    "split": 3,
}


# -- cells --------------------------------------------------------------------------------------------------


def _number(task: Task, look: Look) -> Cell:
    return Cell(f"OWN {task.number}" if is_own(task, look) else task.number, "dim")


def _title(task: Task, look: Look) -> Cell:
    mark = {"immediate": "‼ ", "urgent": "! "}.get(task.priority, "")
    waits = ", ".join(other.number for other in waits_for(task, look)) if task.state in OPEN else ""
    behind = f" · waits for {waits}" if waits else ""
    return Cell(
        marked(look, part(task, look), mark + task.title + behind),
        "strong" if task.priority != "routine" else "ink",
    )


def _agency(task: Task, look: Look) -> Cell:
    who = " ".join(filter(None, (task.assigned_role, task.assignee)))
    mine = look.me is not None and task.agency == look.me.agency
    return Cell(f"{task.agency} {who}".strip(), "accent" if mine else "ink")


def _since(task: Task, look: Look) -> Cell:
    return Cell(span(look.now - task.since), "dim")


def _by(task: Task, _look: Look) -> Cell:
    return Cell(task.raised_by, "dim")


def _category(task: Task, _look: Look) -> Cell:
    return Cell(CATEGORIES[task.category], "dim")


def _order(task: Task, look: Look) -> Any:
    """Open before settled, ours first, what is in trouble above, then by due time and priority."""
    mine = look.me is not None and look.me.agency in (task.agency, task.raised_by)
    due = task.due if task.due is not None else 2**53
    return (_STATE_ORDER.get(task.state, 9), not mine, due, _ORDER[task.priority], task.number)


COLUMNS = (
    # At 80 columns, and at 120 beside the detail, these five stand side by side: a list of tasks is read by due time.
    Column("number", "No", 11, _number, priority=1, sort=lambda t, _l: t.number),
    Column("title", "Task", 18, _title, priority=0, grow=12),
    Column("agency", "With", 6, _agency, priority=2, grow=1),
    Column("state", "State", 12, state_cell, priority=1),
    Column("due", "Due", 15, due_cell, priority=1),
    Column("since", "For", 6, _since, priority=6, align="right"),
    Column("by", "Raised by", 9, _by, priority=5),
    Column("category", "Kind", 16, _category, priority=8),
)


# -- detail -------------------------------------------------------------------------------------------------


def detail(task: Task, look: Look) -> Sequence[tuple[str, Cell]]:
    """Everything known of one task, in reading order."""
    lines: list[tuple[str, Cell]] = [
        ("", Cell(f"{_number(task, look).text}  {marked(look, part(task, look), task.title)}", "strong")),
        ("state", state_cell(task, look)),
        ("since", Cell(f"{look.clock(task.since)}, {span(look.now - task.since)}", "dim")),
        ("with", _agency(task, look)),
        ("asked", _asked(task, look)),
        ("raised by", Cell(f"{task.raised_by}, {task.person}", "ink")),
        ("priority", Cell(task.priority, "caution" if task.priority != "routine" else "ink")),
        ("due", due_cell(task, look)),
    ]
    lines += [(STAMPED[step], _stamp(task.stamps[step], look)) for step in STAMPED if step in task.stamps]
    optional = (
        ("reason", task.reason, "alarm"),
        ("suggests", task.suggested, "accent"),
        ("escalated to", RUNGS[task.rung] if task.rung else "", "alarm"),
        ("supported by", _supporting(task, look), "ink"),
        ("place", task.place, "ink"),
        ("kind", CATEGORIES[task.category], "dim"),
        ("origin", task.origin, "dim"),
        ("raised as", task.called if task.called != task.title else "", "dim"),
        ("shown by", task.evidence, "ink"),
        ("closed with", task.closing, "ink"),
        ("detail", task.detail, "ink"),
    )
    lines += [(title, Cell(text, tone)) for title, text, tone in optional if text]
    lines += _related(task, look)
    lines += [
        (look.clock(note.at), Cell(f"{note.agency}  {note.text}", "ink")) for note in reversed(task.updates)
    ]
    return lines


def _asked(task: Task, look: Look) -> Cell:
    got = receipts_of(task, task.agency, look)
    parts = [f"sent {look.clock(task.offered_at)}"]
    for word, at in (("delivered", got.delivered), ("seen", got.seen), ("acknowledged", got.acknowledged)):
        if at is not None:
            parts.append(f"{word} {look.clock(at)}")
    return Cell(" · ".join(parts), "alarm" if unanswered(task, look.now) else "ink")


def _stamp(stamp: Stamp, look: Look) -> Cell:
    return Cell(f"{look.clock(stamp.at)} by {stamp.agency}, {stamp.actor}", "ink")


def _supporting(task: Task, look: Look) -> str:
    return ", ".join(f"{agency} ({told(task, agency, look)})" for agency in task.supporting)


def _related(task: Task, look: Look) -> list[tuple[str, Cell]]:
    found = []
    everything = rows(look)
    for title, ids in (("part of", (task.parent,)), ("waits for", task.depends_on)):
        for other in ids:
            if other in everything:
                row = everything[other]
                found.append((title, Cell(f"{row.number} {row.title} · {state_cell(row, look).text}", "ink")))
    for row in everything.values():
        if row.parent == task.id:
            found.append(
                ("split into", Cell(f"{row.number} {row.title} · {state_cell(row, look).text}", "ink"))
            )
    return found


def _find(task: Task, look: Look) -> str:
    words = (task.number, task.title, task.agency, task.raised_by, task.assignee, task.assigned_role)
    state = state_cell(task, look).text
    whose = marked(look, part(task, look), "")
    return " ".join((*words, state, task.place, task.priority, CATEGORIES[task.category], whose)).lower()


BOARD = Board(
    name="tasks",
    title="Tasks",
    digit="4",
    rows=rows,
    columns=COLUMNS,
    verbs=VERBS,
    detail=detail,
    find=_find,
    named=named,
    version=lambda task: task.version,
    order=_order,
    count=lambda look: sum(1 for task in ours(look).values() if task.state not in SETTLED),
    alarm=lambda look: sum(
        1 for task in ours(look).values() if overdue(task, look.now) or unanswered(task, look.now)
    ),
    noun="task",
    empty="No tasks yet. Press t to ask an agency for something.",
)
