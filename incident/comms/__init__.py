"""Comms: the talkgroup of the control rooms, other channels, who has tested them, how each room is reached.

In the field this is the communications plan. The person to ask for in each room is named in ``organisation``;
here stand the ways to talk, whether each agency has tried them, and which calls got no answer.
"""

from __future__ import annotations

from typing import Any

from incident.comms import facts, rules, words
from incident.comms.board import BOARD
from incident.comms.facts import Channel, Comms
from incident.comms.rules import (
    Unanswered,
    alternatives,
    comms,
    control_room_link,
    failed,
    link_missing,
    unanswered,
    untested,
)
from incident.kernel.slice import CommandSpec, Conflict, EventSpec, Offline, Slice, View

__all__ = [
    "SLICE",
    "Channel",
    "Comms",
    "Unanswered",
    "alternatives",
    "comms",
    "control_room_link",
    "failed",
    "link_missing",
    "unanswered",
    "untested",
]


def _link(_command: Any) -> tuple[str, ...]:
    return (facts.LINK,)


def _names(_command: Any) -> tuple[str, ...]:
    return (facts.NAMES_KEY,)


def _channel(command: Any) -> tuple[str, ...]:
    return (facts.channel_key(command.channel),)


def _room(command: Any) -> tuple[str, ...]:
    return (facts.room_key(command.agency),)


def _whose(_view: View, command: Any) -> str:
    return str(command.agency)


def _owner(view: View, command: Any) -> str:
    channel = rules.comms(view).channels.get(command.channel)
    return "" if channel is None else channel.owner


SLICE = Slice(
    name="comms",
    state=Comms,
    events=(
        EventSpec(facts.LinkSet),
        EventSpec(facts.ChannelAdded),
        EventSpec(facts.ChannelTested),
        EventSpec(facts.ChannelWithdrawn),
        EventSpec(facts.RoomGiven),
        EventSpec(facts.CallUnanswered),
        EventSpec(facts.CallAnswered),
    ),
    commands=(
        CommandSpec(facts.SetLink, Conflict.CLAIM, Offline.REQUEST, keys=_link),
        CommandSpec(facts.AddChannel, Conflict.FIELD, Offline.QUEUED, keys=_names),
        CommandSpec(facts.TestChannel, Conflict.APPEND, Offline.ALLOWED, about=_whose),
        CommandSpec(facts.WithdrawChannel, Conflict.STATE, Offline.QUEUED, keys=_channel, about=_owner),
        CommandSpec(facts.GiveRoom, Conflict.FIELD, Offline.QUEUED, keys=_room, about=_whose),
        # That nobody answered is an observation: it happened, whoever could know better.
        CommandSpec(facts.ReportUnanswered, Conflict.APPEND, Offline.ALLOWED),
        CommandSpec(facts.ReportAnswered, Conflict.APPEND, Offline.ALLOWED),
    ),
    decide=rules.decide,
    evolve=rules.evolve,
    sentence=words.sentence,
    boards=(BOARD,),
    version=rules.version,
    label=rules.label,
    addressed=rules.addressed,
    invariants=rules.invariants,
)
