"""Cover, the words: what is asked for, offered, agreed and ended, as lines of the log."""

from __future__ import annotations

from typing import Any

from incident.cover import facts as f
from incident.cover.facts import Cover, Terms
from incident.ground import reach_words
from incident.kernel.record import Record
from incident.kernel.slice import Line, Names
from incident.values import MINUTE_MS, length_words, sentences, utc_words


def sentence(event: Any, record: Record, names: Names) -> Line:
    """One event as a line of the log. The agency stands in a column of its own."""
    match event:
        case f.Asked():
            first = f"asks {event.by} to cover {event.terms.stretch}"
            return Line(_terms(first, event.terms, record), "decision")
        case f.Offered():
            first = f"offers {event.covered} to cover {event.terms.stretch}"
            return Line(_terms(first, event.terms, record), "decision")
    what = names("cover", event.cover)
    match event:
        case f.Accepted():
            return Line(f"agrees to the cover of {what}", "decision")
        case f.Declined():
            return Line(_why(f"does not agree to the cover of {what}", event.reason), "decision")
        case f.Withdrawn():
            return Line(_why(f"takes back the cover of {what}", event.reason))
        case f.Ended():
            return Line(_why(f"ends the cover of {what}", event.reason), "decision")
        case _:
            raise AssertionError(f"no sentence for {type(event).__name__}")


def _terms(first: str, terms: Terms, record: Record) -> str:
    long = length_words(terms.minutes * MINUTE_MS)
    begins = utc_words(terms.begins, record.recorded_at)
    until = utc_words(terms.begins + terms.minutes * MINUTE_MS, record.recorded_at)
    resources = f"With: {terms.resources}" if terms.resources else ""
    reach = "" if terms.reach is None else reach_words(terms.reach)
    across = reach[:1].upper() + reach[1:]
    return sentences(f"{first}, {begins} to {until} ({long})", f"Reason: {terms.reason}", resources, across)


def _why(text: str, reason: str) -> str:
    return sentences(text, f"Reason: {reason}" if reason else "")


def phase(cover: Cover, now: int) -> str:
    """How it stands at this moment (UTC ms), in words: asked for, agreed, covered, over."""
    if cover.step in ("asked", "offered"):
        return "run out unanswered" if now >= cover.until else f.STEPS[cover.step]
    if cover.step != "agreed":
        return f.STEPS[cover.step]
    if now >= cover.until:
        return "over"
    return "covered" if now >= cover.begins else "agreed"
