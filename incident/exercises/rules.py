"""What may be done to the play of an exercise: the decisions of the slice."""

from __future__ import annotations

from typing import Any

from incident.exercises import facts
from incident.exercises.clock import missing
from incident.exercises.facts import Play
from incident.kernel.slice import Context, Refusal, View

Answer = tuple[Any, ...] | Refusal

LIVE = Refusal("wrong_mode", "This incident is live: there is no play in it, and nothing to suspend.")


def decide(view: View, command: Any, ctx: Context) -> Answer:
    """The events of one command, none when it is so already, or a refusal."""
    play: Play = view.exercises
    if view.organisation.mode != "exercise":
        return LIVE
    if isinstance(command, facts.Follow):
        return _follow(view, command)
    if view.organisation.own:
        return Refusal("wrong_stream", "The exercise is played in the incident, not in a part of it.")
    match command:
        case facts.NoDuff():
            return _no_duff(play, command, ctx)
        case facts.StartPlay():
            return _start(play, command)
        case facts.Resume():
            return _resume(play, command, ctx)
    if not play.started:
        return Refusal("not_started", "Play has not begun.")
    if play.ended_at is not None:
        return () if isinstance(command, facts.EndPlay) else _ended()
    match command:
        case facts.Pause():
            return () if play.paused else (facts.Paused(command.reason.strip()),)
        case facts.SetSpeed():
            return _set_speed(play, command, ctx)
        case _:
            return (facts.PlayEnded(command.reason.strip()),)


def _ended() -> Refusal:
    return Refusal("play_ended", "Play has ended.")


def _follow(view: View, command: facts.Follow) -> Answer:
    if not view.organisation.own:
        return Refusal("wrong_stream", "The incident keeps the clock; its parts follow it.")
    return (
        (facts.ClockFollowed(command.segments),) if missing(view.exercises.segments, command.segments) else ()
    )


def _start(play: Play, command: facts.StartPlay) -> Answer:
    if play.ended_at is not None:
        return Refusal("play_ended", "Play has ended. A new exercise is a new incident.")
    if play.started:
        return ()
    return (facts.PlayStarted(command.scenario.strip(), command.title.strip(), command.code_word.strip()),)


def _no_duff(play: Play, command: facts.NoDuff, ctx: Context) -> Answer:
    """Never refused: what somebody says a second time in the same words changes nothing."""
    reason = command.reason.strip()
    again = any((call.agency, call.reason) == (ctx.actor.agency, reason) for call in play.calls)
    return () if again else (facts.NoDuffCalled(reason),)


def _resume(play: Play, command: facts.Resume, ctx: Context) -> Answer:
    if not play.suspended and (not play.paused or play.ended_at is not None):
        return ()
    if ctx.stale(facts.PLAY, play.version):
        # Who was about to end a pause must not take back a NO DUFF that they have not read.
        word = "NO DUFF has been called" if play.suspended else "The play was changed"
        return Refusal("changed", f"{word} after you looked: look again.", conflict=True)
    if play.suspended and not command.reason.strip():
        sentence = "NO DUFF stands: say why play may go on, and what became of the real emergency."
        return Refusal("reason_needed", sentence)
    return (facts.PlayResumed(command.reason.strip()),) if play.suspended else (facts.Resumed(),)


def _set_speed(play: Play, command: facts.SetSpeed, ctx: Context) -> Answer:
    if play.speed == command.speed:
        return ()
    if ctx.stale(facts.PLAY, play.version):
        return Refusal("changed", "The play was changed after you looked: look again.", conflict=True)
    if len(play.segments) >= facts.CHANGES_MAX:
        return Refusal("too_many", f"The clock was changed {facts.CHANGES_MAX} times: it keeps its speed.")
    return (facts.SpeedSet(command.speed, play.speed),)
