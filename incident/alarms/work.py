"""Alarms about work that was asked for and not answered: tasks, decisions, crews and their destinations."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from incident.alarms.agreement import first_declared, scene_declared
from incident.alarms.engine import Rule
from incident.alarms.facts import Alarm, Kind
from incident.alarms.units import BY_DUTY, BY_KIND
from incident.boundaries.rules import boundaries
from incident.kernel.slice import View
from incident.log import log
from incident.organisation import organisation, stood_down, with_units
from incident.resources import Resource, resources
from incident.resources.facts import Report
from incident.statuses import WORKING, status
from incident.tasks.facts import OPEN
from incident.tasks.fold import tasks
from incident.tasks.words import ANSWER_WITHIN_MS
from incident.values import MINUTE_MS

TOLD_MS: Final = 3 * MINUTE_MS
"""How long a crew may leave a new destination unconfirmed."""
HUMANITARIAN_MS: Final = 30 * MINUTE_MS
SPECIALIST_MS: Final = 10 * MINUTE_MS

UNANSWERED = Kind("task_unanswered", "A task was asked and not answered", (11,), "tasks", "accept")
OVERDUE = Kind("task_overdue", "A task is past its time", (11,), "tasks", "finish")
DECISION_DUE = Kind(
    "decision_review", "A decision is due for review", (5,), "decisions", "review-decision", rings=False
)
UNCONFIRMED = Kind(
    "destination_unconfirmed",
    "Crews have not confirmed where they are sent",
    (9,),
    "resources",
    "confirm_destination",
)
DISPUTED = Kind(
    "status_disputed", "Agencies see a unit in different states", (12,), "resources", "status", rings=False
)
SHIFT_ENDS = Kind(
    "shift_over", "Crews at work past the end of their shift", (21, 24), "resources", "release", rings=False
)
NO_SPECIALIST = Kind(
    "no_specialist", "No specialist team committed", (10,), "resources", "commit", rings=False, answered=True
)
NO_CARE = Kind(
    "no_humanitarian",
    "No humanitarian task has been raised",
    (23,),
    "tasks",
    "raise",
    rings=False,
    answered=True,
)

SPECIALIST: Final = frozenset({"HART", "SORT"})


def _tasks(view: View) -> Iterator[Alarm]:
    for task in tasks(view).rows.values():
        if task.state == "raised":
            begins = task.offered_at + ANSWER_WITHIN_MS[task.priority]
            words = f"{task.agency} has not answered {task.number} {task.title}"
            key = f"task/asked/{task.id}/{task.offer}"
            yield Alarm(key, UNANSWERED.name, words, begins, task.id, (task.agency, task.raised_by))
        if task.due is not None and task.state in OPEN and task.state != "done":
            words = f"{task.agency}: {task.number} {task.title} is overdue"
            key = f"task/due/{task.id}/{task.due}"
            yield Alarm(key, OVERDUE.name, words, task.due, task.id, (task.agency, task.raised_by))


def _decisions(view: View) -> Iterator[Alarm]:
    for key, decision in log(view).decisions.items():
        if decision.open and decision.review_at is not None and not stood_down(view, decision.agency):
            words = f"{decision.name} is due for review: {decision.text}"
            name = f"decision/{key}/{decision.review_at}"
            yield Alarm(name, DECISION_DUE.name, words, decision.review_at, key, (decision.agency,))


def _units(view: View) -> Iterator[Alarm]:
    """One walk over all units: a change of one unit asks this rule anew, so it does little for each."""
    silent: dict[str, list[tuple[int, str]]] = {}
    over: dict[str, list[tuple[int, str]]] = {}
    for key, unit in resources(view).units.items():
        if unit.sent_at and not unit.crew_told_at:
            silent.setdefault(unit.controlling, []).append((unit.sent_at + TOLD_MS, key))
        if unit.crew_shift_end is not None and status(unit.status).group in WORKING:
            over.setdefault(unit.controlling, []).append((max(unit.crew_shift_end, unit.committed_at), key))
        if unit.reports and unit.disputed:
            agency, report = _against(unit)
            said = f"{key}: {unit.controlling} says {status(unit.status).word}, {agency} {status(report.status).word}"
            yield Alarm(f"status/{key}/{report.at}", DISPUTED.name, said, report.at, key, (unit.controlling,))
    yield from _together(
        UNCONFIRMED, silent, "has not confirmed where it is sent", "have not confirmed where they are sent"
    )
    yield from _together(
        SHIFT_ENDS, over, "is at work past the end of its shift", "are at work past the end of their shift"
    )


def _against(unit: Resource) -> tuple[str, Report]:
    """The newest report that says otherwise, and whose it is."""
    against = [one for one in unit.reports.items() if one[1].status != unit.status]
    return max(against, key=lambda one: (one[1].at, one[0]))


def _together(
    kind: Kind, by_agency: dict[str, list[tuple[int, str]]], one: str, many: str
) -> Iterator[Alarm]:
    """One alarm for each agency and moment, naming the units: a list to work through, not twenty bells.

    Of the units of one agency those whose time comes within the same minute of the clock stand together, so that it
    stays the same alarm when one of them has answered.
    """
    for agency, found in by_agency.items():
        minutes: dict[int, list[tuple[int, str]]] = {}
        for at, key in sorted(found):
            minutes.setdefault(at // MINUTE_MS, []).append((at, key))
        for minute, group in minutes.items():
            keys = [key for _, key in group]
            named = ", ".join(keys[:4]) + (f" and {len(keys) - 4} more" if len(keys) > 4 else "")
            words = f"{named} {one if len(keys) == 1 else many}"
            name = f"{kind.name}/{agency}/{minute * MINUTE_MS}"
            yield Alarm(name, kind.name, words, group[0][0], keys[0], (agency,))


def _specialist(view: View) -> Iterator[Alarm]:
    """Manchester: HART was allocated late. Asked once: who does not need it acknowledges, and that is recorded."""
    since = scene_declared(view)
    state = resources(view)
    if since is None or any(unit.kind in SPECIALIST for unit in state.units.values()):
        return
    # If one was here, from when the last of them was released.
    since = max([since, *(past.released_at for past in state.released.values() if past.kind in SPECIALIST)])
    lead = organisation(view).lead
    words = "Neither HART nor SORT is committed: send them, or acknowledge that they are not needed"
    yield Alarm("attendance/specialist", NO_SPECIALIST.name, words, since + SPECIALIST_MS, "", (lead,))


def _humanitarian(view: View) -> Iterator[Alarm]:
    """Grenfell: those who were displaced felt abandoned in the first hours."""
    since = first_declared(view)
    if since is None or any(task.category == "humanitarian" for task in tasks(view).rows.values()):
        return
    if any(feature.kind == "rest_centre" for feature in boundaries(view).rows.values()):
        return
    words = "No rest centre and no humanitarian task: families, the vulnerable; acknowledge if none is needed"
    yield Alarm("tasks/humanitarian", NO_CARE.name, words, since + HUMANITARIAN_MS)


def rules() -> Iterable[Rule]:
    """What this file finds."""
    return (
        Rule((UNANSWERED, OVERDUE), ("tasks",), _tasks),
        Rule((DECISION_DUE,), ("log", "organisation", with_units), _decisions),
        Rule((UNCONFIRMED, DISPUTED, SHIFT_ENDS), (BY_DUTY,), _units),
        Rule((NO_SPECIALIST,), ("organisation", BY_KIND, with_units), _specialist),
        Rule((NO_CARE,), ("organisation", "tasks", "boundaries", with_units), _humanitarian),
    )
