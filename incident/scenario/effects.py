"""What an inject brings about when it is fired: acts of exercise control's machine, in order.

What it says is told to those it is for, and its effects happen, each in its time. A step in the name of a virtual
agency is left out while a person of it is connected: they decide for themselves. An agency that people play is not
asked: what a scenario says happened to it, happened.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any, Final

import msgspec

from incident.kernel.model import Model
from incident.kernel.slice import Act
from incident.scenario.facts import Inject, Scenario, Step
from incident.scenario.filling import command_of

SECOND_MS: Final = 1_000
EXCON: Final = "EXCON"


def stream_of(incident: str, step: Step) -> str:
    """The whole name of the stream a step writes in; ``incident`` is that of the incident."""
    part = {"scene": "", "own": f"/own/{step.agency}", "excon": "/excon"}[step.stream]
    return incident + part


def told(inject: Inject, incident: str, view_of: Callable[[str], Any]) -> tuple[Step, ...]:
    """An inject in the own log of each agency it is for; in the log of the incident when none of them keeps one.

    A call reaches one room. What the others hear of it, they hear from that room.
    """
    words = f"{inject.sender}, {inject.how}: {inject.text}"
    steps = [
        Step("own", agency, "log.write", msgspec.json.encode({"text": words}).decode())
        for agency in inject.to
        if view_of(f"{incident}/own/{agency}") is not None
    ]
    if steps:
        return tuple(steps)
    words = f"{inject.sender} to {', '.join(inject.to)}, {inject.how}: {inject.text}"
    return (Step("scene", EXCON, "log.write", msgspec.json.encode({"text": words}).decode(), "excon"),)


def brought_about(
    scenario: Scenario,
    inject: Inject,
    incident: str,
    model_of: Callable[[str], Model | None],
    view_of: Callable[[str], Any],
    *,
    fired_at: int,
    now: int,
    manned: Collection[str],
) -> tuple[tuple[Act, ...], tuple[str, ...], tuple[str, ...]]:
    """What is due of an inject that was fired, a sentence for each step that cannot be done as things stand, and the
    places of those that are left to people: once left they are theirs for good.

    ``incident`` is the name of the incident's stream, ``view_of`` gives the state of a stream or None. ``fired_at``
    and ``now`` are UTC ms on the incident's clock.
    """
    acts: list[Act] = []
    problems: list[str] = []
    left: list[str] = []
    words = told(inject, incident, view_of) if inject.told else ()
    steps = [(f"told/{step.agency}", step) for step in words]
    steps += [(str(number), step) for number, step in enumerate(inject.effects)]
    for place, step in steps:
        at = fired_at + step.after * SECOND_MS
        if at > now:
            continue
        if place.isdecimal() and _plays_itself(scenario, step.agency, manned):
            left.append(place)
            continue
        stream = stream_of(incident, step)
        model, view = model_of(stream), view_of(stream)
        if model is None or view is None:
            problems.append(f"inject {inject.number}: {step.agency} has not opened its part of the incident")
            continue
        actor, command = command_of(step, model, view, incident.partition("/")[2], at)
        if actor is None:
            problems.append(f"inject {inject.number}: {command}")
        else:
            acts.append(Act(at, f"inject/{inject.number}/{place}", stream, actor, command))
    return tuple(acts), tuple(problems), tuple(left)


def _plays_itself(scenario: Scenario, agency: str, manned: Collection[str]) -> bool:
    party = scenario.participant(agency)
    return party is not None and party.played == "virtual" and agency in manned
