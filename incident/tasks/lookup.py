"""Tasks, the lookup: every task a seat sees, and which one a person means."""

from __future__ import annotations

from collections.abc import Mapping

from incident.kernel.board import Look
from incident.tasks.facts import Task


def rows(look: Look) -> Mapping[str, Task]:
    """Every task of the incident and of our own part of it, by id."""
    shared: Mapping[str, Task] = look.state.tasks.rows
    if look.own is None or not look.own.tasks.rows:
        return shared
    return {**shared, **look.own.tasks.rows}


def one(id_: str, look: Look) -> Task | None:
    """One task by its id, of the incident or of our own part."""
    shared: Mapping[str, Task] = look.state.tasks.rows
    own: Mapping[str, Task] = {} if look.own is None else look.own.tasks.rows
    return shared.get(id_) or own.get(id_)


def is_own(task: Task, look: Look) -> bool:
    """Stands in our agency's own part: no other agency sees it."""
    return look.own is not None and task.id in look.own.tasks.rows


def named(text: str, look: Look) -> str | None:
    """A task by its number: ``LAS-T14``, or ``T14`` when only one agency has a task of that number."""
    wanted = text.upper()
    everything = rows(look)
    exact = [task.id for task in everything.values() if task.number == wanted]
    if not exact:
        exact = [task.id for task in everything.values() if task.number.partition("-")[2] == wanted]
    return exact[0] if len(exact) == 1 else None
