"""Commanders, the words: appointed, handed over with a brief, vacated, as lines of the log."""

from __future__ import annotations

from typing import Any

from incident.commanders import facts as f
from incident.commanders.facts import ROLES
from incident.commanders.rules import called
from incident.kernel.record import Record
from incident.kernel.slice import Line, Names
from incident.values import sentences

DECISION, ACT = "decision", "act"


def sentence(event: Any, record: Record, _names: Names) -> Line:
    """One event as a line of the log. Who wrote it and for which agency stands before it already."""
    # Exercise control may speak for an agency that nobody plays.
    whose = "" if event.agency == record.agency else f"for {event.agency}: "
    if isinstance(event, f.DeskHandedOver):
        desk = event.desk if "desk" in event.desk.lower() else f"desk {event.desk}"
        first = f"{whose}hands over {desk} from {event.outgoing} to {event.incoming}"
        points = f"Open: {event.points}" if event.points else "Nothing open"
        return Line(sentences(first, points, _contact(event.contact)), ACT)
    role = called(event.role, event.label)
    weight = DECISION if ROLES[event.role].key else ACT
    match event:
        case f.RoleTaken():
            deputy = f"Deputy: {event.deputy}" if event.deputy else ""
            first = f"{whose}appoints {event.holder} {role}"
            return Line(sentences(first, _contact(event.contact), deputy), weight)
        case f.HandedOver():
            first = f"{whose}hands over {role} from {event.outgoing} to {event.incoming}"
            return Line(sentences(first, _contact(event.contact), *brief_words(event)), weight)
        case f.RoleGivenUp():
            first = f"{whose}leaves {role} vacant, held by {event.outgoing} until now"
            return Line(sentences(first, f"Reason: {event.reason}"), weight)
        case f.DeputyNamed():
            if not event.deputy:
                return Line(f"{whose}names no deputy any more for {role}", ACT)
            return Line(
                sentences(f"{whose}names {event.deputy} deputy of {role}", _contact(event.contact)), ACT
            )
        case _:
            raise AssertionError(f"no sentence for {type(event).__name__}")


def _contact(contact: str) -> str:
    return f"Contact: {contact}" if contact else ""


def brief_words(event: f.HandedOver) -> tuple[str, ...]:
    """What the log says of a brief: how it was given, and every section that was written down."""
    if not event.brief.written:
        return ("IIMARCH brief given by word of mouth",)
    how = "IIMARCH brief given, in writing and by word of mouth" if event.verbal else "IIMARCH brief given"
    return (how, *(f"{title}: {text}" for title, text in event.brief.sections() if text))
