"""What may be done to an inject, and the notes about it: the decisions of the slice."""

from __future__ import annotations

from typing import Any

from incident.injects import facts
from incident.injects.facts import Injects, Standing
from incident.kernel.slice import Context, Refusal, View

Answer = tuple[Any, ...] | Refusal


def key_of(number: int) -> str:
    """The key of an inject in the state, and in what somebody has seen."""
    return str(number)


def decide(view: View, command: Any, ctx: Context) -> Answer:
    """The events of one command, none when it is so already, or a refusal."""
    state: Injects = view.injects
    match command:
        case facts.LoadScenario():
            return _load(view, command)
        case facts.WriteNote():
            return _note(state, command)
    row = state.rows.get(key_of(command.inject))
    if row is None:
        return Refusal("no_inject", f"There is no inject {command.inject}.")
    if isinstance(command, facts.MarkFired | facts.Report):
        return _by_itself(row, command)
    if not isinstance(command, facts.MarkActioned) and ctx.stale(key_of(row.number), row.version):
        sentence = f"Inject {row.number} is {row.state} meanwhile: look again."
        return Refusal("changed", sentence, {"now": row.state}, conflict=True)
    return _by_hand(row, command)


def _load(view: View, command: facts.LoadScenario) -> Answer:
    state: Injects = view.injects
    scenario = command.scenario
    if scenario == state.scenario:
        return ()
    if scenario.mode != "exercise" or view.organisation.mode != "exercise":
        return Refusal("wrong_mode", "A scenario is played in an exercise, never in a live incident.")
    if any(row.fired_at is not None for row in state.rows.values()):
        return Refusal("already_sent", "Injects of the scenario that is loaded have been sent: it stays.")
    numbers = [inject.number for inject in scenario.injects]
    if len(set(numbers)) != len(numbers):
        return Refusal("not_one", "Two injects of the scenario have the same number.")
    return (facts.ScenarioLoaded(scenario),)


def _note(state: Injects, command: facts.WriteNote) -> Answer:
    if command.inject and key_of(command.inject) not in state.rows:
        return Refusal("no_inject", f"There is no inject {command.inject}.")
    objectives = () if state.scenario is None else state.scenario.objectives
    if command.objective and all(command.objective != one.code for one in objectives):
        known = ", ".join(one.code for one in objectives) or "none"
        return Refusal("no_objective", f"The scenario has no objective {command.objective}. It has: {known}.")
    if len(state.notes) >= facts.NOTES_MAX:
        return Refusal("too_many", f"There are {facts.NOTES_MAX:,} notes: write this one in the log.")
    return (facts.Noted(command.text.strip(), command.inject, command.objective, command.mark),)


def _by_itself(row: Standing, command: facts.MarkFired | facts.Report) -> Answer:
    """What the machine says of an inject: once each, and of no older attempt."""
    if isinstance(command, facts.MarkFired):
        due = row.state == "pending" or (row.state == "held" and row.asked)
        return (facts.Fired(row.number),) if due else ()
    if row.fired_at is None or command.attempt != row.attempt:
        return ()
    if not command.place:
        new = (
            command.refused and command.refused not in row.problems and len(row.problems) < facts.RESULTS_MAX
        )
        return (facts.Hindered(row.number, command.refused),) if new else ()
    if command.place in row.results or len(row.results) >= facts.RESULTS_MAX:
        return ()
    return (facts.Performed(row.number, command.place, command.refused, command.left),)


def _by_hand(row: Standing, command: Any) -> Answer:
    waits = row.state in ("pending", "held")
    match command:
        case facts.Fire():
            if not waits:
                return _gone(row)
            return () if row.asked else (facts.FireAsked(row.number),)
        case facts.Hold():
            if not waits:
                return _gone(row)
            held = row.state == "held" and not row.asked
            return () if held else (facts.HeldBack(row.number, command.reason.strip()),)
        case facts.Skip():
            if row.state == "skipped":
                return ()
            return (facts.Skipped(row.number, command.reason.strip()),) if waits else _gone(row)
        case facts.MarkActioned():
            return _actioned(row, command)
        case _:
            return () if row.state == "pending" and not row.asked else (facts.Reinstated(row.number),)


def _actioned(row: Standing, command: facts.MarkActioned) -> Answer:
    response = command.response.strip()
    if row.fired_at is None:
        return Refusal("not_sent", f"Inject {row.number} has not been sent yet.")
    if row.state == "actioned" and response in ("", row.response):
        return ()
    return (facts.Actioned(row.number, response),)


def _gone(row: Standing) -> Refusal:
    word = "was skipped: reinstate it first" if row.state == "skipped" else "has been sent already"
    return Refusal("already_sent", f"Inject {row.number} {word}.", {"state": row.state})
