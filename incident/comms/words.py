"""Comms, the words: channels set, tested and withdrawn, calls that got no answer, as lines of the log."""

from __future__ import annotations

from typing import Any

from incident.comms import facts as f
from incident.comms.facts import KINDS
from incident.kernel.record import Record
from incident.kernel.slice import Line, Names
from incident.values import sentences

DECISION, ACT = "decision", "act"


def sentence(event: Any, record: Record, names: Names) -> Line:
    """One event as a line of the log. Who wrote it and for which agency stands before it already."""
    match event:
        case f.LinkSet():
            first = f"sets the control-room talkgroup: {_way(event.name, event.number)}"
            old = f"In place of {names('comms', event.replaces)}" if event.replaces else ""
            return Line(sentences(first, event.purpose, old), DECISION)
        case f.ChannelAdded():
            for_whom = f"For {', '.join(event.members)}" if event.members else ""
            first = f"adds the {KINDS[event.kind]} {_way(event.name, event.number)}"
            return Line(sentences(first, event.purpose, for_whom), ACT)
        case f.ChannelTested():
            how = "works" if event.worked else "DOES NOT WORK"
            first = f"{_whose(event.agency, record)}tests {names('comms', event.channel)}: it {how}"
            return Line(sentences(first, event.note), ACT)
        case f.ChannelWithdrawn():
            first = f"withdraws the channel {names('comms', event.channel)}"
            return Line(sentences(first, f"Reason: {event.reason}" if event.reason else ""), ACT)
        case f.RoomGiven():
            return Line(_room(event, record), ACT)
        case f.CallUnanswered():
            return Line(sentences(f"gets no answer from {_called(event, names)}", event.note), ACT)
        case f.CallAnswered():
            return Line(f"reaches {_called(event, names)}", ACT)
        case _:
            raise AssertionError(f"no sentence for {type(event).__name__}")


def _way(name: str, number: str) -> str:
    return f"{name}, {number}" if number else name


def _whose(agency: str, record: Record) -> str:
    # Exercise control may speak for an agency that nobody plays.
    return "" if agency == record.agency else f"for {agency}: "


def _room(event: f.RoomGiven, record: Record) -> str:
    parts = (
        event.name,
        f"call back on {event.phone}" if event.phone else "",
        f"or else {event.alternative}" if event.alternative else "",
    )
    said = ", ".join(filter(None, parts)) or "nothing is known of it any more"
    return f"{_whose(event.agency, record)}gives its control room: {said}"


def _called(event: f.CallUnanswered | f.CallAnswered, names: Names) -> str:
    channel = names("comms", event.channel) if event.channel else ""
    return f"{event.agency} on {channel}" if event.agency and channel else event.agency or channel
