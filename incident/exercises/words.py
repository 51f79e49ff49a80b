"""How the field speaks of the play of an exercise: log lines, the banner, the state in a word."""

from __future__ import annotations

from typing import Any

from incident.exercises import facts
from incident.exercises.facts import Play
from incident.kernel.record import Record
from incident.kernel.slice import Line, Names, View
from incident.values import sentences

DECISION, ACT, MACHINE = "decision", "act", "machine"


def sentence(event: Any, _record: Record, _names: Names) -> Line:
    """One event as a line of the log."""
    match event:
        case facts.PlayStarted():
            code = f"Code word: {event.code_word}" if event.code_word else ""
            return Line(
                sentences("starts play" + (f": {event.title}" if event.title else ""), code), DECISION
            )
        case facts.Paused():
            return Line(sentences("pauses play, the exercise clock stands", _why(event.reason)), DECISION)
        case facts.Resumed():
            return Line("resumes play", DECISION)
        case facts.SpeedSet():
            return Line(f"sets the exercise clock to ×{event.speed} (was ×{event.before})", ACT)
        case facts.NoDuffCalled():
            return Line(f"calls NO DUFF, REAL EMERGENCY, exercise suspended: {event.reason}", DECISION)
        case facts.PlayResumed():
            return Line(sentences("takes back NO DUFF: play resumes", _why(event.reason)), DECISION)
        case facts.PlayEnded():
            return Line(sentences("ends play", _why(event.reason)), DECISION)
        case _:
            return Line("the clock of this part follows that of the exercise", MACHINE)


def _why(reason: str) -> str:
    return f"Reason: {reason}" if reason else ""


def label(_state: Play, _key: str) -> str:
    """The play has no parts with names of their own."""
    return "the play"


def suspended(view: View) -> str:
    """The banner that stands on every screen while NO DUFF does; "" when it does not."""
    play: Play = view.exercises
    if not play.calls:
        return ""
    call = play.calls[-1]
    more = f" (and {len(play.calls) - 1} more)" if len(play.calls) > 1 else ""
    # What has happened stands first: at 80 columns the rest may be cut.
    return f"NO DUFF, REAL: {call.reason}{more}. Exercise suspended by {call.agency} {call.actor}"


def standing(play: Play) -> tuple[str, str]:
    """How play stands in a word or two, and its tone."""
    if play.suspended:
        return "NO DUFF, suspended", "alarm"
    if not play.started:
        return "not started", "dim"
    if play.ended_at is not None:
        return "ended", "dim"
    if play.paused:
        return "paused", "caution"
    return "running" + ("" if play.speed == 1 else f" ×{play.speed}"), "good"
