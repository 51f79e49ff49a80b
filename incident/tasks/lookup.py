"""Tasks, the lookup: every task a seat sees, and which one a person means."""

from __future__ import annotations

from collections.abc import Mapping

from incident.kernel.board import Look
from incident.sharing import part_of
from incident.tasks.facts import Task


def rows(look: Look) -> Mapping[str, Task]:
    """Every task that is seen here, by id: of the incident, of our own part, of those that others share with us."""
    found = ours(look)
    for view in look.shown.values():
        found = {**view.tasks.rows, **found} if view.tasks.rows else found
    return found


def ours(look: Look) -> Mapping[str, Task]:
    """Every task of the incident and of our own part of it, by id: what counts here."""
    shared: Mapping[str, Task] = look.state.tasks.rows
    if look.own is None or not look.own.tasks.rows:
        return shared
    return {**shared, **look.own.tasks.rows}


def one(id_: str, look: Look) -> Task | None:
    """One task by its id, wherever it stands."""
    return rows(look).get(id_)


def is_own(task: Task, look: Look) -> bool:
    """Stands in our agency's own part: no other agency sees it, unless we share that."""
    return look.own is not None and task.id in look.own.tasks.rows


def part(task: Task, look: Look) -> str:
    """The stream of another agency's own part in which it stands; "" for what is ours or the incident's."""
    return part_of(look, lambda view: task.id in view.tasks.rows) if look.shown else ""


def named(text: str, look: Look) -> str | None:
    """A task by its number: ``LAS-T14``, or ``T14`` when only one agency has a task of that number.

    A number of another agency's own part is meant only where the incident and our own part have none such.
    """
    return _named(text.upper(), ours(look)) or _named(text.upper(), rows(look))


def _named(wanted: str, everything: Mapping[str, Task]) -> str | None:
    exact = [task.id for task in everything.values() if task.number == wanted]
    if not exact:
        exact = [task.id for task in everything.values() if task.number.partition("-")[2] == wanted]
    return exact[0] if len(exact) == 1 else None
