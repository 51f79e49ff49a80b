"""Alarms about the ground and the neighbours: who is not told, who waits in the hazard, what cover runs out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from incident.alarms.engine import Rule
from incident.alarms.facts import Alarm, Kind
from incident.boundaries.overlap import overlap
from incident.boundaries.rules import boundaries, endangered
from incident.cover import covers
from incident.cover.facts import ANSWER_MS, OPEN, SOON_MS, Cover
from incident.kernel.slice import View
from incident.organisation import organisation, over, scene_over, stood_down, untold, with_units
from incident.organisation.telling import concerns_since, tells
from incident.values import MINUTE_MS

TOLD_MS: Final = 3 * MINUTE_MS
"""How long a trust whom the place or the ground concerns may go untold."""

ENDED_MS: Final = 30 * MINUTE_MS
"""So long after its end it is said that cover has ended."""

NOT_TOLD = Kind(
    "neighbour_untold",
    "A trust that the place concerns is not told",
    (12, 20),
    "parties",
    "tell",
    answered=True,
)
IN_HAZARD = Kind("in_hazard", "People gather in the hazard", (27,), "boundaries", "move")
UNANSWERED = Kind(
    "cover_unanswered", "Cover is asked for or offered, and not answered", (11,), "cover", "accept"
)
TWICE = Kind("cover_twice", "Two trusts cover the same stretch", (11, 28), "cover", "end", answered=True)
RUNS_OUT = Kind("cover_ends", "Cover is about to run out", (28,), "cover", "ask", answered=True)


def _untold(view: View) -> Iterator[Alarm]:
    """Since each of them had to be told first: a place given anew, or ground moved, gives nobody more time."""
    if over(view):
        return
    state = organisation(view)
    begun: dict[str, int] = {}
    for sighting in state.sightings:
        for code in tells(sighting):
            since = concerns_since(sighting, code)
            begun[code] = min(since, begun.get(code, since))
    for feature in boundaries(view).rows.values():
        if feature.withdrawn_at is None and feature.reach is not None:
            for code in feature.reach.tells:
                since = feature.concerns_since(code)
                begun[code] = min(since, begun.get(code, since))
    for code in untold(view):
        left = state.parties[code].left_at if code in state.parties else None
        begins = max(begun[code], left or 0) + TOLD_MS
        words = f"{code} is not told: its area is in or near the place or the ground"
        yield Alarm(f"untold/{code}", NOT_TOLD.name, words, begins, "", (state.lead,))


def _hazards(view: View) -> Iterator[Alarm]:
    if scene_over(view):
        return
    for feature, hazard in endangered(view):
        where = "downwind, in" if hazard.kind == "wind" else "in"
        words = f"{feature.name} of {feature.owner} lies {where} {hazard.name} of {hazard.owner}"
        key = f"hazard/{feature.id}/{hazard.id}"
        since = max(feature.placed_at, hazard.placed_at)
        yield Alarm(key, IN_HAZARD.name, words, since, feature.id, (feature.owner, hazard.owner))


def _cover(view: View) -> Iterator[Alarm]:
    """Of what its time has ended nothing is asked any more; that it has ended is said for a while."""
    if over(view):
        return
    rows = covers(view).rows.values()
    for cover in rows:
        if cover.step in OPEN and not stood_down(view, cover.answers):
            word = "asks for" if cover.begun_by == cover.covered else "offers"
            words = f"{cover.answers} has not answered {cover.begun_by}, who {word} cover of {cover.stretch}"
            key, sides = f"cover/answer/{cover.id}", (cover.answers, cover.begun_by)
            yield Alarm(key, UNANSWERED.name, words, cover.at + ANSWER_MS, cover.id, sides, cover.until)
        if cover.step == "agreed" and not any(_goes_on(cover, other) for other in rows):
            yield from _ends(cover)
    agreed = [cover for cover in rows if cover.step == "agreed"]
    for place, one in enumerate(agreed):
        yield from (_twice(one, other) for other in agreed[place + 1 :] if _same_cover(one, other))


def _ends(cover: Cover) -> Iterator[Alarm]:
    words = f"{cover.by}'s cover of {cover.stretch} runs out: agree more, or {cover.covered} takes it back"
    begins, ours = max(cover.until - SOON_MS, cover.answered_at or 0), (cover.covered,)
    yield Alarm(f"cover/ends/{cover.id}", RUNS_OUT.name, words, begins, cover.id, ours, cover.until)
    words = f"{cover.by}'s cover of {cover.stretch} has ended: its calls are {cover.covered}'s again"
    ended = cover.until + ENDED_MS
    yield Alarm(f"cover/ended/{cover.id}", RUNS_OUT.name, words, cover.until, cover.id, ours, ended)


def _same_cover(one: Cover, other: Cover) -> bool:
    """Whether two trusts are agreed to cover the same ground of a third at the same time; a border is no ground."""
    if one.covered != other.covered or one.by == other.by:
        return False
    if max(one.begins, other.begins) >= min(one.until, other.until):
        return False
    return one.stretch.casefold() == other.stretch.casefold() or overlap(one.shape, other.shape)


def _twice(one: Cover, other: Cover) -> Alarm:
    stretch = (
        one.stretch
        if one.stretch.casefold() == other.stretch.casefold()
        else f"{one.stretch}, {other.stretch}"
    )
    words = f"{one.by} and {other.by} both cover for {one.covered}: {stretch}. Say who answers its calls"
    since = max(one.answered_at or 0, other.answered_at or 0)
    until, sides = min(one.until, other.until), (one.covered, one.by, other.by)
    return Alarm(f"cover/twice/{one.id}/{other.id}", TWICE.name, words, since, other.id, sides, until)


def _goes_on(cover: Cover, other: Cover) -> bool:
    """Whether another agreement takes over where this one ends."""
    return (
        other.step == "agreed"
        and other.covered == cover.covered
        and other.stretch.casefold() == cover.stretch.casefold()
        and other.begins <= cover.until < other.until
    )


def rules() -> Iterable[Rule]:
    """What this file finds."""
    return (
        Rule((NOT_TOLD,), ("organisation", "boundaries", with_units), _untold),
        Rule((IN_HAZARD,), ("boundaries", "organisation", with_units), _hazards),
        Rule((UNANSWERED, RUNS_OUT, TWICE), ("cover", "organisation", with_units), _cover),
    )
