"""The exercise clock: from real time to the time of the exercise and back, by the changes that were made to it.

The clock is a broken line: it never goes back and never jumps. Before its first change it shows real time.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import Final

from incident.exercises.facts import Play, Segment
from incident.kernel.slice import Clock, View


def incident_now(view: View, server_time: int) -> int:
    """What time it is in this incident when the server's clock shows that (both UTC ms). All timers ask it."""
    return shown(view.exercises.segments, server_time)


to_exercise = incident_now
"""Any real moment, also one long past, as the exercise clock showed it then."""


def to_real(view: View, moment: int) -> int:
    """The real moment (UTC ms) at which the exercise clock first showed that."""
    return reached(view.exercises.segments, moment)


def shown(segments: tuple[Segment, ...], real: int) -> int:
    """What the clock shows at a real moment."""
    if not segments:
        return real
    place = bisect_right(segments, real, key=_real) - 1
    if place < 0:
        return segments[0].shown - (segments[0].real - real)
    last = segments[place]
    return last.shown + (real - last.real) * last.speed


def reached(segments: tuple[Segment, ...], moment: int) -> int:
    """When the clock first shows that. While it stands, it never shows what comes after: then as if it ran."""
    if not segments or moment <= segments[0].shown:
        return moment if not segments else segments[0].real - (segments[0].shown - moment)
    for place in range(len(segments) - 1, -1, -1):
        one = segments[place]
        if moment > one.shown:
            return one.real + -(-(moment - one.shown) // (one.speed or 1))
    return segments[0].real


def _real(segment: Segment) -> int:
    return segment.real


def changed(play: Play, real: int, limit: int) -> tuple[Segment, ...]:
    """The changes of the clock, with one more when it is to run at another rate from this real moment on."""
    segments = play.segments
    if play.rate == (segments[-1].speed if segments else 1):
        return segments
    real = max(real, segments[-1].real) if segments else real
    new = Segment(real, shown(segments, real), play.rate)
    if segments and segments[-1].real == real:
        segments = segments[:-1]
    return (*segments, new)[-limit:]


def missing(have: tuple[Segment, ...], wanted: tuple[Segment, ...]) -> tuple[Segment, ...]:
    """The changes that a copy of the clock lacks; empty when it shows the same."""
    if have == wanted:
        return ()
    for place, (one, other) in enumerate(zip(have, wanted, strict=False)):
        if one != other:
            return wanted[place:]
    return wanted[len(have) :] or wanted


def merged(have: tuple[Segment, ...], new: tuple[Segment, ...], limit: int) -> tuple[Segment, ...]:
    """A copy of the clock with what it lacked."""
    return (*(one for one in have if one.real < new[0].real), *new)[-limit:]


CLOCK: Final = Clock(apart=lambda view: bool(view.exercises.segments), incident=incident_now, real=to_real)
"""The clock of an incident and of its parts. Live ones are never apart from real time."""
