"""Tasks, the ladder: whom the system tells, rung by rung, of a task that nobody answers or that is overdue.

The operator was asked first. Then come the tactical and the strategic commander of the accountable agency, and the
strategic coordinating group. Each rung is a line of the log in the name of ``system``: nobody climbs it by hand, and
nobody is overruled by it (Manchester: call-outs took a quarter of an hour and nobody above knew).
"""

from __future__ import annotations

from typing import Any, Final

from incident.kernel.slice import Context, Due
from incident.tasks.facts import SETTLED, Escalate, Escalated, Task, Tasks
from incident.tasks.words import ANSWER_WITHIN_MS
from incident.values import MINUTE_MS

ASKED_TIMES: Final = (1, 2, 4)
"""Rungs of an unanswered task, in multiples of the time in which it should have been answered."""

OVERDUE_MS: Final = (5 * MINUTE_MS, 15 * MINUTE_MS, 30 * MINUTE_MS)
"""Rungs of an overdue task, from its due time."""


def cause_of(task: Task) -> tuple[str, tuple[int, ...]]:
    """Why the ladder is climbed, as a stable key, and the moments of its rungs (UTC ms); ("", ()) when it is not.

    Each climb has a key of its own: one that came back, with another agency or another due time, would find its rungs
    written already, and nobody would be told.
    """
    if task.state == "raised":
        limit = ANSWER_WITHIN_MS[task.priority]
        return f"asked/{task.offer}", tuple(task.offered_at + limit * times for times in ASKED_TIMES)
    if task.due is not None and task.state not in SETTLED | {"done"}:
        return f"due/{task.offer}/{task.edits.get('due', '')}", tuple(
            task.due + later for later in OVERDUE_MS
        )
    return "", ()


def coming(task: Task) -> tuple[int, str, int] | None:
    """The next rung: when (UTC ms), why, and which; None when there is none."""
    cause, times = cause_of(task)
    rung = task.rung + 1 if cause == task.rung_cause else 1
    return (times[rung - 1], cause, rung) if rung <= len(times) else None


def due(state: Tasks, _now: int) -> tuple[Due, ...]:
    """The next rung of every task that climbs."""
    found = []
    for task in state.rows.values():
        step = coming(task)
        if step is not None:
            at, cause, rung = step
            found.append(Due(at, f"task-rung/{task.id}/{cause}/{rung}", Escalate(task.id, cause, rung)))
    return tuple(found)


def escalate(task: Task, command: Escalate, ctx: Context) -> tuple[Any, ...]:
    """The rung, if it is still the next one and its time has come; else somebody was quicker, and all is well."""
    step = coming(task)
    if step is None or step[1:] != (command.cause, command.rung) or step[0] > ctx.now:
        return ()
    return (Escalated(task.id, command.cause, command.rung),)
