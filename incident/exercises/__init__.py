"""Exercises: the clock of the play, the code word, and NO DUFF, which stops it on every screen."""

from __future__ import annotations

from incident.exercises import facts as f
from incident.exercises.board import BOARD
from incident.exercises.clock import CLOCK, incident_now, missing, to_exercise, to_real
from incident.exercises.facts import Play, Segment
from incident.exercises.fold import evolve, invariants, version
from incident.exercises.rules import decide
from incident.exercises.words import label, sentence, standing, suspended
from incident.kernel.slice import CommandSpec, Conflict, EventSpec, Offline, Slice, View

__all__ = [
    "CLOCK",
    "SLICE",
    "Play",
    "Segment",
    "incident_now",
    "missing",
    "play",
    "standing",
    "suspended",
    "to_exercise",
    "to_real",
]


def play(view: View) -> Play:
    """The play of an exercise, as it stands."""
    state: Play = view.exercises
    return state


def _play(_command: object) -> tuple[str, ...]:
    return (f.PLAY,)


SLICE = Slice(
    name="exercises",
    state=Play,
    events=(
        EventSpec(f.PlayStarted),
        EventSpec(f.Paused),
        EventSpec(f.Resumed),
        EventSpec(f.SpeedSet),
        EventSpec(f.NoDuffCalled),
        EventSpec(f.PlayResumed),
        EventSpec(f.PlayEnded),
        EventSpec(f.ClockFollowed),
    ),
    commands=(
        # The clock belongs to all rooms at once: who is cut off does not turn it.
        CommandSpec(f.StartPlay, Conflict.STATE, Offline.REFUSED),
        CommandSpec(f.Pause, Conflict.STATE, Offline.REFUSED),
        CommandSpec(f.Resume, Conflict.STATE, Offline.REFUSED, keys=_play),
        CommandSpec(f.SetSpeed, Conflict.STATE, Offline.REFUSED, keys=_play),
        # An observation about the real world: taken from anybody, however late it arrives.
        CommandSpec(f.NoDuff, Conflict.APPEND, Offline.ALLOWED),
        CommandSpec(f.EndPlay, Conflict.STATE, Offline.REFUSED),
        CommandSpec(f.Follow, Conflict.STATE, Offline.REFUSED),
    ),
    decide=decide,
    evolve=evolve,
    sentence=sentence,
    boards=(BOARD,),
    version=version,
    label=label,
    invariants=invariants,
    keeps_clock=True,
)
