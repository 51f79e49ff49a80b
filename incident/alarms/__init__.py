"""Alarms: the divergence board. What the agencies disagree on, what is missing, and what nobody has answered.

Inquiry after inquiry found that somebody could have seen it. Alarms are computed from the state and the time, by the
same pure functions in every room; to acknowledge one is a record, so that it can be shown who knew what, and when.
"""

from __future__ import annotations

from functools import partial

from incident.alarms import (
    agreement,
    aid,
    command,
    door,
    facts,
    ground,
    hospitals,
    people,
    report,
    rules,
    work,
)
from incident.alarms.board import make_board
from incident.alarms.engine import Finder
from incident.alarms.facts import Alarm, Alarms, Kind
from incident.kernel.slice import CommandSpec, Conflict, EventSpec, Offline, Slice, View

__all__ = ["FINDER", "SLICE", "Alarm", "Alarms", "Kind", "alarms", "standing"]

FINDER = Finder(
    (
        *report.rules(),
        *agreement.rules(),
        *command.rules(),
        *work.rules(),
        *people.rules(),
        *hospitals.rules(),
        *aid.rules(),
        *door.rules(),
        *ground.rules(),
    )
)
"""Every rule there is, with what it answered last."""


def alarms(view: View) -> Alarms:
    """What has been acknowledged."""
    state: Alarms = view.alarms
    return state


def standing(view: View, now: int) -> tuple[Alarm, ...]:
    """The alarms at this moment (UTC ms on the incident's clock), the oldest first."""
    return FINDER.now(view, now)


SLICE = Slice(
    name="alarms",
    state=Alarms,
    events=(EventSpec(facts.Acknowledged),),
    # To have heard of something is an observation.
    commands=(CommandSpec(facts.Acknowledge, Conflict.APPEND, Offline.ALLOWED),),
    decide=partial(rules.decide, FINDER),
    evolve=rules.evolve,
    sentence=rules.sentence,
    boards=(make_board(FINDER),),
    invariants=rules.invariants,
)
