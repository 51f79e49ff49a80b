"""Delegation, the words: lent, taken back, given back, and a broken glass, as lines of the log."""

from __future__ import annotations

from typing import Any

from incident.delegation import facts as f
from incident.kernel.record import Record
from incident.kernel.slice import Line, Names
from incident.values import role_words, sentences, utc_words

DECISION = "decision"


def sentence(event: Any, record: Record, names: Names) -> Line:
    """One event as a line of the log. Who wrote it and for which agency stands before it already."""
    role = role_title(names.view, event.role)
    match event:
        case f.Delegated():
            until = utc_words(event.until, record.recorded_at)
            first = f"lends {event.to} the role {role} until {until}"
            return Line(sentences(first, f"Reason: {event.reason}"), DECISION)
        case f.DelegationEnded():
            what = "gives back the role" if event.back else f"takes back from {event.to} the role"
            reason = f"Reason: {event.reason}" if event.reason else ""
            return Line(sentences(f"{what} {role}", reason), DECISION)
        case _:
            first = f"records {glass_words(event, role, names.view)}"
            return Line(sentences(first, f"Reason: {event.reason}"), DECISION)


def glass_words(glass: Any, role: str, view: Any) -> str:
    """What happened, in one sentence: of the event, or of the state it left.

    A sign-in ends in real time, an hour later; an exercise may have its own, which is said.
    """
    until = utc_words(glass.until, glass.until)
    if view.organisation.charter.mode == "exercise":
        until += ", real time"
    who = f"{glass.first} and {glass.second} of {glass.agency}"
    return f"BREAK GLASS: {who} came in as {role} past the usual sign-in, until {until}"


def role_title(view: Any, code: str) -> str:
    """What the incident calls a role; its code in words when it does not know it."""
    role = view.organisation.charter.roles.get(code)
    return role_words(code) if role is None else str(role.title)
