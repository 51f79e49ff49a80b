"""Tasks, the board: columns, verbs with their grammar, and the detail of one task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from incident.kernel.board import Board, Cell, Column, Look
from incident.kernel.receipts import receipt
from incident.tasks.facts import CATEGORIES, Task, key_of
from incident.tasks.verbs import VERBS
from incident.tasks.words import SETTLED, due_cell, is_own, overdue, state_cell, unanswered
from incident.values import span

_ORDER = {"immediate": 0, "urgent": 1, "routine": 2}
_STATE_ORDER = {"blocked": 0, "declined": 0, "raised": 1, "done": 2, "in_progress": 3, "accepted": 3}


def rows(look: Look) -> Mapping[str, Task]:
    """Every task of the incident and of our own part of it, by id."""
    shared: Mapping[str, Task] = look.state.tasks.rows
    if look.own is None or not look.own.tasks.rows:
        return shared
    return {**shared, **look.own.tasks.rows}


# -- cells --------------------------------------------------------------------------------------------------


def _number(task: Task, look: Look) -> Cell:
    number = task.number
    if task.id.partition("/")[0] in look.unconfirmed:
        number = f"{task.raised_by}-T?"
    return Cell(f"OWN {number}" if is_own(task, look) else number, "dim")


def _title(task: Task, _look: Look) -> Cell:
    mark = {"immediate": "‼ ", "urgent": "! "}.get(task.priority, "")
    return Cell(mark + task.title, "strong" if task.priority != "routine" else "ink")


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
    Column("number", "No", 12, _number, priority=1, sort=lambda t, _l: t.number),
    Column("title", "Task", 24, _title, priority=0, grow=3),
    Column("agency", "With", 12, _agency, priority=2, grow=1),
    Column("state", "State", 14, state_cell, priority=1),
    Column("due", "Due", 15, due_cell, priority=2),
    Column("since", "For", 6, _since, priority=6, align="right"),
    Column("by", "Raised by", 9, _by, priority=5),
    Column("category", "Kind", 16, _category, priority=8),
)


# -- detail -------------------------------------------------------------------------------------------------


def detail(task: Task, look: Look) -> Sequence[tuple[str, Cell]]:
    """Everything known of one task, in reading order."""
    lines: list[tuple[str, Cell]] = [
        ("", Cell(f"{_number(task, look).text}  {task.title}", "strong")),
        ("state", state_cell(task, look)),
        ("since", Cell(f"{look.clock(task.since)}, {span(look.now - task.since)}", "dim")),
        ("with", _agency(task, look)),
        ("asked", _asked(task, look)),
        ("raised by", Cell(f"{task.raised_by}, {task.person}", "ink")),
        ("priority", Cell(task.priority, "caution" if task.priority != "routine" else "ink")),
        ("due", due_cell(task, look)),
    ]
    optional = (
        ("reason", task.reason, "alarm"),
        ("suggests", task.suggested, "accent"),
        ("supported by", ", ".join(task.supporting), "ink"),
        ("place", task.place, "ink"),
        ("kind", CATEGORIES[task.category], "dim"),
        ("origin", task.origin, "dim"),
        ("shown by", task.evidence, "ink"),
        ("detail", task.detail, "ink"),
    )
    lines += [(title, Cell(text, tone)) for title, text, tone in optional if text]
    lines += _related(task, look)
    lines += [
        (look.clock(note.at), Cell(f"{note.agency}  {note.text}", "ink")) for note in reversed(task.updates)
    ]
    return lines


def _asked(task: Task, look: Look) -> Cell:
    receipts = look.own.receipts if is_own(task, look) else look.state.receipts
    got = receipt(receipts, key_of(task.id), task.agency)
    parts = [f"sent {look.clock(task.offered_at)}"]
    for word, at in (("delivered", got.delivered), ("seen", got.seen), ("acknowledged", got.acknowledged)):
        if at is not None:
            parts.append(f"{word} {look.clock(at)}")
    return Cell(" · ".join(parts), "alarm" if unanswered(task, look.now) else "ink")


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
    return " ".join((*words, state, task.place, task.priority, CATEGORIES[task.category])).lower()


def named(text: str, look: Look) -> str | None:
    """A task by its number: ``LAS-T14``, or ``T14`` when only one agency has a task of that number."""
    wanted = text.upper()
    everything = rows(look)
    exact = [task.id for task in everything.values() if task.number == wanted]
    if not exact:
        exact = [task.id for task in everything.values() if task.number.partition("-")[2] == wanted]
    return exact[0] if len(exact) == 1 else None


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
    count=lambda look: sum(1 for task in rows(look).values() if task.state not in SETTLED),
    alarm=lambda look: sum(
        1 for task in rows(look).values() if overdue(task, look.now) or unanswered(task, look.now)
    ),
    noun="task",
    empty="No tasks yet. Press t to ask an agency for something.",
)
