"""What an end would leave behind: said in the question before the second key, never a refusal.

Each agency speaks for itself, so nobody is kept from standing down; but who does it while its crews are at the scene
should read so first. The same of the closing of an incident, of what the rules let pass.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from incident.kernel.slice import View
from incident.organisation.ending import CLEAR, OVER
from incident.organisation.facts import ACTIVE, Organisation
from incident.organisation.rules import named
from incident.statuses import SCENE, STATUSES

_SETTLED: Final = frozenset({"closed", "cancelled"})


def against_declaring(view: View, agency: str, word: str, own: View | None = None) -> tuple[str, ...]:
    """What stands against an agency's declaration, in sentences; none against one that ends nothing.

    ``own`` is the agency's own part of the incident, whose tasks only it sees.
    """
    if word in OVER:
        return (*_committed(view, agency), *_others(view, agency), *_our_tasks(view, agency, own))
    return tuple(_at_the_scene(view, agency)) if word in CLEAR else ()


def against_closing(view: View, agency: str, own: View | None = None, now: int = 0) -> tuple[str, ...]:
    """What the closing of an incident leaves open, in sentences: the rules ask for none of it.

    ``now`` (UTC ms on the incident's clock) tells the cover that stands, or is yet to begin, from what is over.
    """
    rows = _tasks(view, own)
    done = [task for task in rows if task.state == "done"]
    at_work = _numbers([task for task in rows if task.state != "done"], own)
    ours = _numbers([task for task in done if task.raised_by == agency], own)
    theirs = _numbers([task for task in done if task.raised_by != agency], own)
    aid = [one.number for one in view.mutual_aid.rows.values() if one.state not in _SETTLED]
    cover = [one.number for one in view.cover.rows.values() if one.step == "agreed" and not one.over(now)]
    return tuple(
        f"{_many(numbers, *words)}: {named(numbers)}."
        for numbers, words in (
            (at_work, ("task is open", "tasks are open")),
            (ours, ("task waits for our verification", "tasks wait for our verification")),
            (theirs, ("task waits for others to verify it", "tasks wait for others to verify them")),
            (cover, ("stretch is still covered by agreement", "stretches are still covered by agreement")),
            (aid, ("request for aid is not closed", "requests for aid are not closed")),
        )
        if numbers
    )


def _committed(view: View, agency: str) -> Iterator[str]:
    there, elsewhere = _units(view, agency)
    units = (*there, *elsewhere)
    if not units:
        return
    are = "1 of our units is" if len(units) == 1 else f"{len(units)} of our units are"
    scene = "" if not there else ", at the scene" if len(units) == 1 else f", {len(there)} at the scene"
    yield f"{are} still committed{scene}: {named(units)}."


def _at_the_scene(view: View, agency: str) -> Iterator[str]:
    there, _ = _units(view, agency)
    if there:
        are = "1 of our units is" if len(there) == 1 else f"{len(there)} of our units are"
        yield f"{are} still at the scene: {named(there)}."


def _units(view: View, agency: str) -> tuple[list[str], list[str]]:
    """An agency's committed units, those at the scene apart: its own, and others' that it controls."""
    there: list[str] = []
    elsewhere: list[str] = []
    for key, unit in view.resources.units.items():
        if agency in (unit.home, unit.controlling):
            status = STATUSES.get(unit.status)
            (there if status is not None and status.group == SCENE else elsewhere).append(key)
    return there, elsewhere


def _others(view: View, agency: str) -> Iterator[str]:
    """Who is still at work; with the lead in our hands it is theirs to have first."""
    state: Organisation = view.organisation
    busy = [
        code
        for code, party in state.parties.items()
        if code != agency and party.left_at is None and party.declared in ACTIVE
    ]
    if busy and state.lead == agency:
        yield "We lead: offer the lead on first."
    if busy:
        yield f"Still at work: {named(busy)}."


def _our_tasks(view: View, agency: str, own: View | None) -> Iterator[str]:
    rows = _tasks(view, own)
    mine = [task for task in rows if task.agency == agency and task.state != "done"]
    done = [task for task in rows if task.raised_by == agency and task.state == "done"]
    if mine:
        yield f"{_many(mine, 'of our tasks is open', 'of our tasks are open')}."
    if done:
        yield f"{_many(done, 'task waits for our verification', 'tasks wait for our verification')}."


def _tasks(view: View, own: View | None) -> list[Any]:
    """Every task that is not settled, of the incident and of the agency's own part of it."""
    rows = {**view.tasks.rows, **({} if own is None else own.tasks.rows)}
    return [task for task in rows.values() if task.state not in _SETTLED]


def _numbers(tasks: list[Any], own: View | None) -> list[str]:
    """Their numbers as the board shows them: those of the agency's own part are numbered apart."""
    apart = () if own is None else own.tasks.rows
    return [f"OWN {task.number}" if task.id in apart else task.number for task in tasks]


def _many(what: list[Any], one: str, more: str) -> str:
    return f"{len(what)} {one if len(what) == 1 else more}"
