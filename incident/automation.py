"""What happens by itself in an incident, beside what time alone brings: who would do what now, as acts.

The parts of an incident take on its clock. The server asks this of every stream, about once a second, and writes the
acts in the name of whoever is given in them; it knows nothing of what they mean.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

from incident.exercises import missing, play
from incident.exercises.facts import Follow
from incident.kernel.slice import Act, Actor, View
from incident.organisation import parties

SYSTEM: Final = Actor("system", "", "system")
ViewOf = Callable[[str], Any]
"""The state of a stream by its name; None when there is no such stream yet."""


def acts(stream: str, view_of: ViewOf, now: int) -> tuple[Act, ...]:
    """What automation does now about this incident and the parts of it. ``now`` is the server's time (UTC ms)."""
    view = view_of(stream)
    if view is None or not play(view).segments:
        return ()
    return tuple(_follow(stream, view, view_of, now))


def parts(stream: str, view: View) -> Iterator[str]:
    """The names of the streams that may stand under an incident: each party's own, and exercise control's."""
    yield f"{stream}/excon"
    for agency in parties(view):
        yield f"{stream}/own/{agency}"


def _follow(stream: str, view: View, view_of: ViewOf, now: int) -> Iterator[Act]:
    """Every part that is open shows the clock of its incident."""
    clock = play(view).segments
    for part in parts(stream, view):
        own = view_of(part)
        if own is not None and own.organisation.opened:
            lacks = missing(play(own).segments, clock)
            if lacks:
                last = lacks[-1]
                key = f"follow/{part}/{len(lacks)}/{last.real}/{last.shown}/{last.speed}"
                yield Act(now, key, part, SYSTEM, Follow(lacks))
