"""Tasks: one accountable agency each, from raised to verified and closed."""

from __future__ import annotations

from typing import Any

from incident.kernel.slice import CommandSpec, Conflict, EventSpec, Offline, Slice, View
from incident.tasks import facts as f
from incident.tasks.board import BOARD
from incident.tasks.fold import addressed, evolve, invariants, label, tasks, version
from incident.tasks.ladder import due
from incident.tasks.rules import decide
from incident.tasks.words import overdue, sentence, unanswered

__all__ = ["SLICE", "overdue", "tasks", "unanswered"]


def _keys(command: Any) -> tuple[str, ...]:
    return (f.key_of(command.task),)


def _edit_keys(command: f.Amend) -> tuple[str, ...]:
    return tuple(f.field_key(command.task, name) for name in f.edited(command))


def _assign_keys(command: f.Assign) -> tuple[str, ...]:
    return (f.key_of(command.task), f.field_key(command.task, f.ASSIGNED))


def _support_keys(command: f.Support) -> tuple[str, ...]:
    return (f.key_of(command.task), f.field_key(command.task, f.SUPPORTING))


def _accountable(view: View, command: Any) -> str:
    task = tasks(view).rows.get(command.task)
    return "" if task is None else task.agency


def _raiser(view: View, command: Any) -> str:
    task = tasks(view).rows.get(command.task)
    return "" if task is None else task.raised_by


def _state(cls: type, about: Any) -> CommandSpec:
    return CommandSpec(cls, Conflict.STATE, Offline.QUEUED, keys=_keys, about=about)


COMMANDS = (
    CommandSpec(f.Raise, Conflict.APPEND, Offline.ALLOWED),
    _state(f.Accept, _accountable),
    _state(f.Decline, _accountable),
    _state(f.Begin, _accountable),
    _state(f.Block, _accountable),
    _state(f.Finish, _accountable),
    _state(f.Verify, _raiser),
    _state(f.Return, _raiser),
    _state(f.Cancel, _raiser),
    _state(f.Reassign, _raiser),
    CommandSpec(f.Assign, Conflict.FIELD, Offline.QUEUED, keys=_assign_keys, about=_accountable),
    _state(f.SplitUp, _accountable),
    CommandSpec(f.Support, Conflict.FIELD, Offline.QUEUED, keys=_support_keys, about=_raiser),
    CommandSpec(f.Report, Conflict.APPEND, Offline.ALLOWED),
    CommandSpec(f.Escalate, Conflict.STATE, Offline.REFUSED),
    CommandSpec(f.Amend, Conflict.FIELD, Offline.QUEUED, keys=_edit_keys, about=_raiser),
)

EVENTS = tuple(
    EventSpec(cls)
    for cls in (
        f.Raised,
        f.Accepted,
        f.Declined,
        f.Began,
        f.Blocked,
        f.Finished,
        f.Closed,
        f.Returned,
        f.Cancelled,
        f.Reassigned,
        f.Assigned,
        f.Split,
        f.Supported,
        f.Updated,
        f.Amended,
        f.Escalated,
    )
)

SLICE = Slice(
    name="tasks",
    state=f.Tasks,
    state_v=3,
    events=EVENTS,
    commands=COMMANDS,
    decide=decide,
    evolve=evolve,
    sentence=sentence,
    boards=(BOARD,),
    version=version,
    label=label,
    due=due,
    addressed=addressed,
    invariants=invariants,
)
