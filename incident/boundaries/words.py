"""Boundaries, the words: lines of the log, where a feature lies, and how far it reaches."""

from __future__ import annotations

from typing import Any

from incident.boundaries.facts import (
    KINDS,
    SCHEMES,
    Agreed,
    Amended,
    Declined,
    Feature,
    Measured,
    Moved,
    Proposed,
    Reviewed,
    Shape,
    Withdrawn,
    words_of,
)
from incident.boundaries.wind import wind_words
from incident.ground import Reach, reach_words
from incident.kernel.record import Record, thing_id
from incident.kernel.slice import Line, Names
from incident.values import sentences, utc_words


def sentence(event: Any, record: Record, names: Names) -> Line:
    """A record of this slice as one line of the log. The agency stands in a column of its own."""
    if isinstance(event, Proposed):
        return Line(_proposed(event, record, names))
    what = names("boundaries", event.feature)
    match event:
        case Agreed():
            return Line(f"agrees to {what}")
        case Declined():
            return Line(sentences(f"does not agree to {what}", _because(event.reason)))
        case Moved():
            if event.reach is not None and event.reach.before:
                across = f"Reach {reach_words(event.reach)}"
            else:
                across = _across(event.reach)
            where = f"moves {what} to {where_words(event.shape)}"
            return Line(sentences(where, across, _because(event.reason)))
        case Measured():
            anew = f"measures {what} anew: {reach_words(event.reach)}"
            return Line(sentences(anew, _because(event.reason)))
        case Withdrawn():
            return Line(sentences(f"withdraws {what}", _because(event.reason)))
        case Reviewed():
            again = _review_words(event.review_due, record)
            return Line(sentences(f"reviews {what}: it stands", event.note, again))
        case Amended():
            return Line(_amended(event, what))
        case _:
            raise AssertionError(f"no sentence for {type(event).__name__}")


def _proposed(event: Proposed, record: Record, names: Names) -> str:
    """Name and number are the feature's own, as proposed: a line of the log never changes."""
    what = names("boundaries", thing_id(record))
    kind = "" if KINDS[event.kind].casefold() in what.casefold() else f", {words_of(event.kind)}"
    scheme = f", {SCHEMES[event.scheme]}" if event.scheme else ""
    first = f"proposes {what}{kind}{scheme}: {where_words(event.shape)}"
    return sentences(first, _across(event.reach), event.note, _review_words(event.review_due, record))


def _across(reach: Reach | None) -> str:
    """What the ground crosses, where that is more than one area."""
    words = "" if reach is None or len(reach.crosses) < 2 else reach_words(reach)
    return words[:1].upper() + words[1:]


def _amended(event: Amended, what: str) -> str:
    note = "" if event.note is None else event.note or "none"
    if event.name is None:
        return f"changes the note of {what}: {note}"
    return sentences(f"renames {what} to {event.name}", note and f"Note: {note}")


def _because(reason: str) -> str:
    return f"Reason: {reason}" if reason else ""


def _review_words(due: int | None, record: Record) -> str:
    return "" if due is None else f"Review due {utc_words(due, record.recorded_at)}"


def where_words(shape: Shape) -> str:
    """Where a shape lies, and its size."""
    place = shape.place
    return (" ".join(place.words().split()) if place.known else "place not given") + size(shape)


def grid_first(shape: Shape) -> str:
    """As ``where_words``, with the grid reference and the size first, for where the end of it may be cut off."""
    place = shape.place
    if not place.grid:
        return where_words(shape)
    point = "" if place.point is None else place.words().rpartition("  ")[2]
    return "  ".join(filter(None, (place.grid + size(shape), place.text, point)))


def size(shape: Shape) -> str:
    """The extent in words: a radius in metres or kilometres, or how many corners."""
    if shape.wind is not None:
        return f", {wind_words(shape.wind)}"
    if shape.polygon:
        return f", {len(shape.polygon)} corners"
    if shape.radius_m is None:
        return ""
    return f", {shape.radius_m:.0f} m" if shape.radius_m < 1000 else f", {shape.radius_m / 1000:.1f} km"


def place_words(feature: Feature) -> str:
    """Where it lies, and how far it reaches, in words."""
    return where_words(feature.shape)
