"""Alarms about hospitals: none stood up, more sent than they can take, and room that only a draft promises."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from incident.alarms.agreement import scene_declared
from incident.alarms.engine import Rule
from incident.alarms.facts import Alarm, Kind
from incident.kernel.slice import View
from incident.organisation import charter_of, over, scene_over, with_units
from incident.places import drafts, over_allocated, places
from incident.places.facts import LIVE, PRIORITIES
from incident.values import MINUTE_MS

STAND_UP_MS: Final = 10 * MINUTE_MS
DRAFT_MS: Final = 10 * MINUTE_MS
"""How long a hospital has to say what it can take, before the draft it is measured by is an alarm."""
NAMED_MAX: Final = 3

NO_HOSPITAL = Kind("no_hospital", "No hospital is stood up", (20,), "places", "standup")
DRAFT = Kind("plan_draft", "A draft says what hospitals can take", (18,), "places", "capacity", rings=False)
OVER = Kind("over_allocated", "A hospital is sent more than it can take", (18,), "places", "capacity")


def _none(view: View) -> Iterator[Alarm]:
    since = scene_declared(view)
    if since is not None and not places(view).rows and charter_of(view).places:
        words = "No hospital is stood up for this incident"
        yield Alarm("places/none", NO_HOSPITAL.name, words, since + STAND_UP_MS)


def _drafts(view: View) -> Iterator[Alarm]:
    found = sorted(drafts(view), key=lambda row: (row.opened_at, row.place.code))
    if not found or scene_over(view):
        return
    names = ", ".join(row.place.name for row in found[:NAMED_MAX])
    more = f" and {len(found) - NAMED_MAX} more" if len(found) > NAMED_MAX else ""
    words = f"Room by a draft plan: {names}{more}"
    yield Alarm("places/draft", DRAFT.name, words, found[0].opened_at + DRAFT_MS, found[0].place.code)


def _over(view: View) -> Iterator[Alarm]:
    if over(view):
        return
    for row, name, by in over_allocated(view):
        code = row.place.code
        # From when it was promised: that they have left or come since then is nothing new.
        promised = [h.allocated_at for h in row.holds.values() if h.priority == name and h.step in LIVE]
        since = max(row.declared[name].at, *promised)
        words = f"{row.place.name} is {by} {PRIORITIES[name]} over what it can take"
        yield Alarm(f"places/over/{code}/{name}", OVER.name, words, since, code)


def rules() -> Iterable[Rule]:
    """What this file finds."""
    return (
        Rule((NO_HOSPITAL,), ("places", "organisation", with_units), _none),
        Rule(
            (DRAFT, OVER), ("places", "organisation", with_units), lambda view: (*_drafts(view), *_over(view))
        ),
    )
