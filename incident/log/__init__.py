"""Log: append only, by several authors; what happened, what was decided and why, and corrections that erase nothing.

In the field it is the loggist's book. Written by is not on behalf of; when it happened is not when it was written;
a correction is a new entry and the old one stays, struck through.
"""

from __future__ import annotations

from incident.kernel.slice import CommandSpec, Conflict, EventSpec, Offline, Slice, View
from incident.log import facts, rules
from incident.log.board import BOARD
from incident.log.facts import LATE_MS, Correction, Decision, Log, lateness
from incident.log.rules import author

__all__ = ["LATE_MS", "SLICE", "Correction", "Decision", "Log", "author", "lateness", "log", "struck"]


def log(view: View) -> Log:
    """The log's own state."""
    state: Log = view.log
    return state


def struck(view: View, seq: int) -> Correction | None:
    """By whom and why a line is struck through; None when it is not."""
    state: Log = view.log
    return state.corrections.get(str(seq))


SLICE = Slice(
    name="log",
    state=Log,
    events=(
        EventSpec(facts.Written),
        EventSpec(facts.Decided),
        EventSpec(facts.Reviewed),
        EventSpec(facts.Struck),
    ),
    commands=(
        CommandSpec(facts.Write, Conflict.APPEND, Offline.ALLOWED),
        CommandSpec(facts.Decide, Conflict.APPEND, Offline.ALLOWED),
        CommandSpec(facts.Review, Conflict.APPEND, Offline.ALLOWED, about=rules.about),
        CommandSpec(facts.Strike, Conflict.APPEND, Offline.ALLOWED, about=rules.about),
    ),
    decide=rules.decide,
    evolve=rules.evolve,
    sentence=rules.sentence,
    boards=(BOARD,),
    version=rules.version,
    label=rules.label,
    invariants=rules.invariants,
)
