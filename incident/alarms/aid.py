"""Alarms about mutual aid: nobody answers, nobody sends what is lacking, and one unit counted on twice."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from incident.alarms.engine import Rule
from incident.alarms.facts import Alarm, Kind
from incident.kernel.slice import View
from incident.mutual_aid import mutual_aid, promised_twice
from incident.organisation import stood_down, with_units

UNANSWERED = Kind("aid_unanswered", "A request for aid is not answered", (10, 11), "mutual_aid", "accept")
UNFILLED = Kind(
    "aid_unfilled", "A request for aid was declined or has expired", (10,), "mutual_aid", "offer_next"
)
RECALL = Kind(
    "recall_unanswered", "A lender wants units back", (21,), "mutual_aid", "agree_recall", rings=False
)
TWICE = Kind("promised_twice", "One unit is promised twice", (12,), "mutual_aid", "home")


def _requests(view: View) -> Iterator[Alarm]:
    for request in mutual_aid(view).rows.values():
        both = (request.lender, request.requester)
        needed = not stood_down(view, request.requester)
        if request.state == "sent" and needed:
            half = request.answer_minutes * 30_000
            words = f"{request.lender} has not answered {request.number} of {request.requester}"
            key = f"aid/asked/{request.id}/{request.offer}"
            yield Alarm(key, UNANSWERED.name, words, request.offered_at + half, request.id, both)
        elif request.state in ("declined", "expired") and not request.passed_on and needed:
            said = "declined" if request.state == "declined" else "has let expire"
            words = f"{request.lender} {said} {request.number}"
            if request.state == "declined" and any(answer.not_taken for answer in request.answers):
                words = f"what {request.lender} offered for {request.number} was not taken"
            words += f": ask {request.proposed}" if request.proposed else ""
            key = f"aid/{request.state}/{request.id}/{request.offer}"
            yield Alarm(key, UNFILLED.name, words, request.since, request.id, (request.requester,))
        recalled = [unit for unit in request.units.values() if unit.state == "recalled"]
        if recalled:
            named = ", ".join(sorted(unit.key for unit in recalled))
            since = min(unit.since for unit in recalled)
            words = f"{request.lender} wants {named} back"
            key = f"aid/recall/{request.id}/{since}"
            yield Alarm(key, RECALL.name, words, since, request.id, (request.requester,))


def _twice(view: View) -> Iterator[Alarm]:
    """The last wall: a claim refuses the second promise, so this can only stand when that wall has failed."""
    state = mutual_aid(view)
    for unit in promised_twice(state):
        holders = [request for request in state.rows.values() if unit in request.units]
        since = max(request.units[unit].named_at for request in holders)
        named = " and ".join(request.number for request in holders)
        key = f"aid/twice/{unit}"
        yield Alarm(key, TWICE.name, f"{unit} is promised twice: {named}", since, holders[-1].id)


def rules() -> Iterable[Rule]:
    """What this file finds."""
    return (
        Rule(
            (UNANSWERED, UNFILLED, RECALL, TWICE),
            ("mutual_aid", "organisation", with_units),
            lambda v: (*_requests(v), *_twice(v)),
        ),
    )
