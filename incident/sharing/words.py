"""Sharing agreements, the words: shared, ended and run out, as lines of the log."""

from __future__ import annotations

from typing import Any

from incident.kernel.record import Record
from incident.kernel.slice import Line, Names
from incident.sharing import facts as f
from incident.values import length_words, sentences


def sentence(event: Any, record: Record, names: Names) -> Line:
    """One event as a line of the log. Who wrote it and for which agency stands before it already."""
    match event:
        case f.Shared():
            what = "its own part" if names.view.organisation.own else "the incident"
            how, long = f.TIERS[event.tier], length_words(event.until - record.recorded_at)
            text = f"shares {what} with {event.agency} {how}, for {long}"
            return Line(sentences(text, f"Purpose: {event.purpose}"), "decision")
        case f.Ended():
            ours = event.agency == record.agency
            text = "ends what is shared with it" if ours else f"ends the sharing with {event.agency}"
            return Line(sentences(text, f"Reason: {event.reason}" if event.reason else ""), "decision")
        case f.RanOut():
            return Line(f"the sharing with {event.agency} has run out", "act")
        case _:
            raise AssertionError(f"no sentence for {type(event).__name__}")
