"""What happens by itself in an incident, beside what time alone brings: who would do what now, as acts.

The parts of an incident take on its clock; injects go out and bring about what they should; virtual agencies answer.
The server asks this of every incident, about once a second, and writes the acts in the name of whoever is given in
them; it knows nothing of what they mean. While NO DUFF stands, nothing is played. Once play has ended, those
whom nobody plays pack up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

from incident.exercises import incident_now, missing, play
from incident.exercises.facts import Follow
from incident.injects import firing, injects
from incident.kernel.model import Model
from incident.kernel.slice import Act, Actor, View
from incident.organisation import parties
from incident.virtual import replies

SYSTEM: Final = Actor("system", "", "system")
ViewOf = Callable[[str], Any]
"""The state of a stream by its name; None when there is no such stream yet."""


def acts(
    stream: str, model_of: Callable[[str], Model | None], view_of: ViewOf, now: int, manned: frozenset[str]
) -> tuple[Act, ...]:
    """What automation does now about this incident and the parts of it. ``now`` is the server's time (UTC ms)."""
    view, model = view_of(stream), model_of(stream)
    if view is None or model is None or view.organisation.mode != "exercise":
        return ()
    found = list(_follow(stream, view, view_of, now)) if play(view).segments else []
    played, own = play(view), view_of(f"{stream}/excon")
    if not played.started or played.suspended or own is None:
        return tuple(found)
    if view.organisation.closed:  # nobody is there any more to be told anything
        return tuple(found)
    papers, began, at = injects(own), played.started_at or 0, incident_now(view, now)
    ended = played.ended_at is not None
    # What a person of exercise control fires goes out while the clock stands, too; nothing else moves then.
    if not ended:
        paused = not played.running
        found += firing(papers, stream, model_of, view_of, began=began, now=at, manned=manned, paused=paused)
    if papers.scenario is not None and (played.running or ended):
        found += replies(
            papers.scenario, model, stream, view, now=at, began=began, manned=manned, ended=ended
        )
    return tuple(found)


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
