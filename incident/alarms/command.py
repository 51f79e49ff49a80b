"""Alarms about who is in charge and how the rooms reach each other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from incident.alarms.engine import Rule
from incident.alarms.facts import Alarm, Kind
from incident.alarms.units import BY_SCENE
from incident.commanders import ROLES, Vacancy, at_work, vacant
from incident.comms import control_room_link, failed, link_missing, unanswered, untested
from incident.kernel.slice import View
from incident.organisation import organisation, over, stood_down, with_units
from incident.values import MINUTE_MS

VACANT_MS: Final = 5 * MINUTE_MS
"""How long an agency at work may leave a key role unfilled."""

TEST_MS: Final = 5 * MINUTE_MS
"""How long a control room may leave the common talkgroup untested."""

NO_LINK = Kind("no_talkgroup", "The control rooms have no talkgroup", (4,), "comms", "talkgroup")
UNTESTED = Kind(
    "talkgroup_untested", "A control room has not tested the talkgroup", (4, 21), "comms", "works"
)
FAILED = Kind("talkgroup_failed", "The talkgroup does not work for a control room", (4, 24), "comms", "works")
NO_ANSWER = Kind("calls_unanswered", "Calls are not answered", (14, 24), "comms", "answered")
VACANT = Kind("role_vacant", "A key role is vacant", (13,), "commanders", "fill")


def _vacant(view: View) -> Iterator[Alarm]:
    """Manchester: a service stood by until midnight with nobody in command of it.

    One alarm for each agency and moment from which roles are vacant: it stays the same when one of them is filled,
    and a role that is given up later is another.
    """
    began = at_work(view)
    together: dict[tuple[str, int], list[Vacancy]] = {}
    for one in vacant(view):
        together.setdefault((one.agency, one.since), []).append(one)
    for (agency, since), found in together.items():
        words = f"{agency} has no " + " and no ".join(ROLES[one.role].words for one in found)
        key = f"vacant/{agency}" + (f"/{since}" if since > began[agency] else "")
        row = f"{agency}/{found[0].role}"
        yield Alarm(key, VACANT.name, words, since + VACANT_MS, row, (agency,))


def _link(view: View) -> Iterator[Alarm]:
    """Manchester: the control rooms had no talkgroup of their own, and nobody set one up."""
    since = link_missing(view)
    if since is not None:
        who = organisation(view).lead
        words = "The control rooms have no talkgroup of their own"
        yield Alarm("comms/link", NO_LINK.name, words, since, "", (who,))
    link = control_room_link(view)
    if link is None:
        return
    for agency in untested(view):
        if stood_down(view, agency):
            continue
        begins = max(link.set_at, organisation(view).parties[agency].invited_at) + TEST_MS
        words = f"{agency} has not tested {link.name}"
        yield Alarm(f"comms/test/{link.id}/{agency}", UNTESTED.name, words, begins, link.id, (agency,))
    for agency in failed(view):
        test = link.test(agency)
        if test is not None and not stood_down(view, agency):
            words = f"{link.name} does not work for {agency}"
            key = f"comms/failed/{link.id}/{agency}/{test.at}"
            yield Alarm(key, FAILED.name, words, test.at, link.id, (agency,))


def _calls(view: View) -> Iterator[Alarm]:
    """Manchester: one officer on one engaged line was the only route."""
    for one in unanswered(view):
        if one.channel and over(view):  # an agency is asked for by name, whatever it has said
            continue
        ways = (
            f": try {', '.join(one.alternatives[:2])}" if one.alternatives else ", and no other way is known"
        )
        words = f"{one.name} has not answered {one.count} calls{ways}"
        row = one.agency or one.channel
        yield Alarm(f"comms/calls/{row}/{one.since}", NO_ANSWER.name, words, one.since, row)


def rules() -> Iterable[Rule]:
    """What this file finds."""
    return (
        Rule((VACANT,), ("organisation", "commanders", BY_SCENE, with_units), _vacant),
        Rule((NO_LINK, UNTESTED, FAILED), ("organisation", "comms", with_units), _link),
        Rule((NO_ANSWER,), ("organisation", "comms", with_units), _calls),
    )
