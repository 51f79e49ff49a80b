"""What each event does to the play and its clock. This slice alone sees its records in real time."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from incident.exercises import facts
from incident.exercises.clock import changed, merged, shown
from incident.exercises.facts import Call, Play
from incident.kernel.record import Record
from incident.kernel.slice import View


def evolve(state: Play, event: Any, record: Record) -> Play:
    """The state after one event. Never refuses, whatever came before."""
    if isinstance(event, facts.ClockFollowed):
        segments = (
            merged(state.segments, event.segments, facts.SEGMENTS_MAX) if event.segments else state.segments
        )
        return replace(state, segments=segments, version=record.command_id)
    after = replace(_after(state, event, record), version=record.command_id)
    return replace(after, segments=changed(after, record.recorded_at, facts.SEGMENTS_MAX))


def _after(state: Play, event: Any, record: Record) -> Play:
    now = shown(state.segments, record.recorded_at)
    match event:
        case facts.PlayStarted():
            return replace(
                state,
                scenario=event.scenario,
                title=event.title,
                code_word=event.code_word,
                started_at=now,
            )
        case facts.Paused():
            return replace(state, paused=True)
        case facts.Resumed():
            return replace(state, paused=False)
        case facts.SpeedSet():
            return replace(state, speed=event.speed)
        case facts.NoDuffCalled():
            call = Call(record.agency, record.actor, event.reason, record.recorded_at)
            return replace(state, calls=(*state.calls[: facts.CALLS_MAX - 1], call))
        case facts.PlayResumed():
            return replace(state, calls=(), paused=False)
        case facts.PlayEnded():
            return replace(state, ended_at=now, paused=False)
        case _:
            return state


def invariants(view: View) -> tuple[str, ...]:
    """What must never be true of a play, and is."""
    state: Play = view.exercises
    found = []
    if state.segments and view.organisation.mode == "live":
        found.append("a live incident has a clock of its own")
    for before, after in zip(state.segments, state.segments[1:], strict=False):
        if after.real < before.real or after.shown != shown((before,), after.real):
            found.append(f"the exercise clock jumps at {after.real}")
    if state.segments and not view.organisation.own and state.segments[-1].speed != state.rate:
        found.append("the exercise clock does not run as play stands")
    if state.ended_at is not None and (state.started_at is None or state.ended_at < state.started_at):
        found.append("play ended before it began")
    return tuple(found)


def version(state: Play, key: str) -> str:
    """The id of the command that last changed the play."""
    return state.version if key == facts.PLAY else ""
