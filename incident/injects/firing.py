"""What of the injects is to be done now: which go out, and which of their effects are still to be brought about."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from typing import Any, Final

import msgspec

from incident.injects.facts import Injects, MarkFired, Report, Standing
from incident.injects.rules import key_of
from incident.kernel.model import Model
from incident.kernel.slice import Act, Actor
from incident.scenario.effects import brought_about
from incident.scenario.facts import Inject, Scenario

SYSTEM: Final = Actor("system", "", "system")
SECOND_MS: Final = 1_000
TOLD: Final = "/told/"
PATIENCE_MS: Final = 10 * 60 * SECOND_MS
"""How long after its last step an inject is looked at: what could not be tried may become possible.

What nobody has tried, since the server was down all that time, is still done later.
"""


def firing(
    papers: Injects,
    incident: str,
    model_of: Callable[[str], Model | None],
    view_of: Callable[[str], Any],
    *,
    began: int,
    now: int,
    manned: Collection[str],
    paused: bool,
) -> Iterator[Act]:
    """The acts of every inject that are due, each with who hears what came of it.

    ``began`` (T+0) and ``now`` are UTC ms on the incident's clock. ``paused``: only what a person fires goes out.
    """
    scenario, stream = papers.scenario, f"{incident}/excon"
    if scenario is None:
        return
    for inject in scenario.injects:
        row = papers.rows[key_of(inject.number)]
        if row.fired_at is None:
            if row.asked or (not paused and row.state == "pending" and began + inject.at * SECOND_MS <= now):
                # Held in the same moment, it is answered "so already"; fired by hand after that, it is another thing.
                key = f"inject/{row.number}/{row.attempt}/fire/{row.version}"
                yield Act(now, key, stream, SYSTEM, MarkFired(row.number))
            continue
        late = now > row.fired_at + _last(inject) + PATIENCE_MS
        if not late or _untried(inject, row):
            acts, problems, left = brought_about(
                scenario, inject, incident, model_of, view_of, fired_at=row.fired_at, now=now, manned=manned
            )
            if _said(row, late=late):
                acts = tuple(act for act in acts if TOLD not in act.key)
            yield from _effects(row, stream, acts, problems, now)
            yield from _left(row, stream, left, now)


def _untried(inject: Inject, row: Standing) -> bool:
    """Whether an effect has neither happened nor been told of as hindered."""
    places = map(str, range(len(inject.effects)))
    silent = inject.told and not any(map(_is_told, row.results))
    return not row.problems and (silent or any(place not in row.results for place in places))


def _said(row: Standing, *, late: bool) -> bool:
    """Whether its words have been heard by all that are to hear them: who opens a log later is not rung again."""
    return "told/EXCON" in row.results or (late and any(map(_is_told, row.results)))


def _is_told(place: str) -> bool:
    return place.startswith("told/")


def _left(row: Standing, stream: str, places: tuple[str, ...], now: int) -> Iterator[Act]:
    """What is left to people stays theirs when they have gone."""
    for place in places:
        if place not in row.results:
            key = f"inject/{row.number}/{row.attempt}/{place}/left"
            yield Act(now, key, stream, SYSTEM, Report(row.number, row.attempt, place, left=True))


def _last(inject: Inject) -> int:
    return max((step.after for step in inject.effects), default=0) * SECOND_MS


def _effects(
    row: Standing, stream: str, acts: tuple[Act, ...], problems: tuple[str, ...], now: int
) -> Iterator[Act]:
    """What is not done yet. A restart asks again under the same id, and so does nothing twice."""
    for act in acts:
        place = act.key.partition("/")[2].partition("/")[2]
        if place not in row.results:
            key = f"inject/{row.number}/{row.attempt}/{place}"

            def heard(refused: str, key: str = key, place: str = place) -> Act:
                report = Report(row.number, row.attempt, place, refused[:600])
                return Act(now, f"{key}/heard", stream, SYSTEM, report)

            yield msgspec.structs.replace(act, key=key, told=heard)
    for problem in problems:
        if problem not in row.problems:
            key = f"inject/{row.number}/{row.attempt}/hindered/{problem}"
            yield Act(now, key, stream, SYSTEM, Report(row.number, row.attempt, "", problem[:600]))


def next_due(scenario: Scenario, papers: Injects) -> Inject | None:
    """The next inject that goes out by itself."""
    waits = [one for one in scenario.injects if papers.rows[key_of(one.number)].state == "pending"]
    return min(waits, key=lambda one: (one.at, one.number), default=None)
