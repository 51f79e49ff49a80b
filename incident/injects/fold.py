"""What each event does to exercise control's papers."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec.structs import replace

from incident.injects import facts
from incident.injects.facts import Injects, Note, Standing
from incident.injects.rules import key_of
from incident.kernel.record import Record, thing_id
from incident.kernel.slice import View


def evolve(state: Injects, event: Any, record: Record) -> Injects:
    """The state after one event. Never refuses, whatever came before."""
    match event:
        case facts.ScenarioLoaded():
            rows = {
                key_of(one.number): Standing(
                    one.number, "held" if one.held else "pending", version=record.command_id
                )
                for one in sorted(event.scenario.injects, key=lambda one: (one.at, one.number))
            }
            source = msgspec.json.encode(event.scenario).decode()
            return replace(state, source=source, rows=rows, version=record.command_id)
        case facts.Noted():
            key = thing_id(record)
            note = Note(key, event.text, record.at, record.actor, event.inject, event.objective, event.mark)
            return replace(state, notes={**state.notes, key: note})
    row = state.rows.get(key_of(event.inject))
    if row is None:
        return state
    after = replace(_row(row, event, record), version=_version(row, event, record))
    return replace(state, rows={**state.rows, key_of(row.number): after})


def _row(row: Standing, event: Any, record: Record) -> Standing:
    match event:
        case facts.FireAsked():
            return replace(row, asked=True)
        case facts.Fired():
            return replace(row, state="sent", asked=False, fired_at=record.recorded_at)
        case facts.Performed():
            return replace(row, results={**row.results, event.place: event.refused})
        case facts.Hindered():
            return replace(row, problems=(*row.problems, event.problem))
        case facts.HeldBack():
            return replace(row, state="held", asked=False, reason=event.reason)
        case facts.Skipped():
            return replace(row, state="skipped", asked=False, reason=event.reason)
        case facts.Actioned():
            response = event.response or row.response
            return replace(row, state="actioned", actioned_at=record.at, response=response)
        case _:
            # What was sent waits for a hand: its time has long passed, and it would go out at once.
            again: facts.State = "pending" if row.fired_at is None else "held"
            return Standing(row.number, again, attempt=row.attempt + 1)


def _version(row: Standing, event: Any, record: Record) -> str:
    """What the machine adds to a sent inject is no change that a person must have seen."""
    return row.version if isinstance(event, facts.Performed | facts.Hindered) else record.command_id


def version(state: Injects, key: str) -> str:
    """The id of the command that last changed an inject."""
    row = state.rows.get(key)
    return "" if row is None else row.version


def label(_state: Injects, key: str) -> str:
    """What people call an inject."""
    return f"inject {key}"


def invariants(view: View) -> tuple[str, ...]:
    """What must never be true of exercise control's papers, and is."""
    state: Injects = view.injects
    found = []
    numbers = set() if state.scenario is None else {key_of(one.number) for one in state.scenario.injects}
    if set(state.rows) != numbers:
        found.append("the injects are not those of the scenario")
    for key, row in state.rows.items():
        if key != key_of(row.number):
            found.append(f"inject {row.number} is filed as {key}")
        if (row.state in ("sent", "actioned")) != (row.fired_at is not None):
            found.append(f"inject {row.number} is {row.state}, fired at {row.fired_at}")
    return tuple(found)
