"""Injects: exercise control's main events list, what became of each line of it, and the evaluators' notes."""

from __future__ import annotations

from typing import Any

from incident.injects import facts as f
from incident.injects.facts import Injects, Note, Standing
from incident.injects.firing import firing, next_due
from incident.injects.fold import evolve, invariants, label, version
from incident.injects.rules import decide, key_of
from incident.injects.words import sentence
from incident.kernel.slice import CommandSpec, Conflict, EventSpec, Offline, Slice, View

__all__ = ["SLICE", "Injects", "Note", "Standing", "firing", "injects", "key_of", "next_due"]


def injects(view: View) -> Injects:
    """Exercise control's papers."""
    state: Injects = view.injects
    return state


def _keys(command: Any) -> tuple[str, ...]:
    return (key_of(command.inject),)


SLICE = Slice(
    name="injects",
    state=Injects,
    events=(
        EventSpec(f.ScenarioLoaded),
        EventSpec(f.FireAsked),
        EventSpec(f.Fired),
        EventSpec(f.Performed),
        EventSpec(f.Hindered),
        EventSpec(f.HeldBack),
        EventSpec(f.Skipped),
        EventSpec(f.Reinstated),
        EventSpec(f.Actioned),
        EventSpec(f.Noted),
    ),
    commands=(
        CommandSpec(f.LoadScenario, Conflict.STATE, Offline.REFUSED),
        CommandSpec(f.Fire, Conflict.STATE, Offline.REFUSED, keys=_keys),
        CommandSpec(f.Hold, Conflict.STATE, Offline.QUEUED, keys=_keys),
        CommandSpec(f.Skip, Conflict.STATE, Offline.QUEUED, keys=_keys),
        CommandSpec(f.Reinstate, Conflict.STATE, Offline.QUEUED, keys=_keys),
        CommandSpec(f.MarkActioned, Conflict.APPEND, Offline.ALLOWED),
        CommandSpec(f.WriteNote, Conflict.APPEND, Offline.ALLOWED),
        CommandSpec(f.MarkFired, Conflict.STATE, Offline.REFUSED),
        CommandSpec(f.Report, Conflict.STATE, Offline.REFUSED),
    ),
    decide=decide,
    evolve=evolve,
    sentence=sentence,
    version=version,
    label=label,
    invariants=invariants,
)
