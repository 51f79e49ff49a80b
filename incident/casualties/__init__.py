"""Casualties: counts by priority and stage, as snapshots with source and time; totals, and what does not add up.

Others read ``totals`` and ``grid`` (what it comes to, with the unexplained difference) and ``disagreements`` (where
two agencies contradict each other).
"""

from __future__ import annotations

from typing import Any

from incident.casualties import facts as f
from incident.casualties.board import BOARD
from incident.casualties.facts import Span
from incident.casualties.fold import (
    Totals,
    casualties,
    disagreements,
    evolve,
    invariants,
    label,
    reported,
    totals,
    unexplained_since,
    version,
)
from incident.casualties.rules import decide
from incident.casualties.words import GRID, counted_at, grid, sentence, stale
from incident.kernel.slice import CommandSpec, Conflict, EventSpec, Offline, Slice

__all__ = [
    "GRID",
    "SLICE",
    "Span",
    "Totals",
    "casualties",
    "counted_at",
    "disagreements",
    "grid",
    "reported",
    "stale",
    "totals",
    "unexplained_since",
]


def _keys(command: Any) -> tuple[str, ...]:
    return (f.version_key(command.stage, command.place),)


SLICE = Slice(
    name="casualties",
    state=f.Casualties,
    events=(EventSpec(f.Counted), EventSpec(f.CountPicked)),
    commands=(
        # A count is an observation, so it always lands; its base says whether it contradicts what it had not seen.
        CommandSpec(f.Count, Conflict.APPEND, Offline.ALLOWED, keys=_keys),
        CommandSpec(f.PickCount, Conflict.SAFETY, Offline.QUEUED, keys=_keys),
    ),
    decide=decide,
    evolve=evolve,
    state_v=2,
    sentence=sentence,
    boards=(BOARD,),
    version=version,
    label=label,
    invariants=invariants,
)
