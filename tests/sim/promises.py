"""Promises of the field, each checked by its own idea of what is right, whenever the disk has something new."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from incident.kernel.record import Record


def broken(stream: str, before: Any, after: Any, records: Sequence[Record]) -> Iterator[tuple[str, str]]:
    """The promises that do not hold after these records of one command, each with what shows it."""
    for record in records:
        if record.type == "casualties.counted":
            for sentence in _others_counts(before, after, record):
                yield "each agency speaks for itself", sentence
    if stream.count("/") == 1:
        for sentence in _clock(before, after, records):
            yield "the exercise clock goes steadily", sentence


def in_two_places(states: Mapping[str, Any]) -> Iterator[str]:
    """A unit is in one incident at a time, whoever sent it there and however."""
    where: dict[str, str] = {}
    for stream, state in states.items():
        for unit in getattr(getattr(state, "resources", None), "units", {}):
            if unit in where:
                yield f"{unit} is in {where[unit]} and in {stream}"
            where[unit] = stream


def _others_counts(before: Any, after: Any, record: Record) -> Iterator[str]:
    """A count may put another agency's aside; it never says other words in that agency's name."""
    for key, slot in before.casualties.slots.items():
        for agency, said in slot.latest.items():
            now = after.casualties.slots[key].latest.get(agency)
            if agency != record.agency and (now is None or _words(now) != _words(said)):
                yield f"{record.agency} counted, and {agency} has another count of {key} than it gave"


def _words(snapshot: Any) -> Any:
    return msgspec.structs.replace(snapshot, replaced="")


def _clock(before: Any, after: Any, records: Sequence[Record]) -> Iterator[str]:
    """The clock of an incident shows, at every change, what it would have shown without it."""
    played = getattr(after, "exercises", None)
    if played is None or played.segments == before.exercises.segments:
        return
    at = records[-1].recorded_at
    if _shows(before, at) != _shows(after, at):
        yield f"the exercise clock jumps from {_shows(before, at)} to {_shows(after, at)}"


def _shows(state: Any, at: int) -> int:
    known = [one for one in state.exercises.segments if one.real <= at]
    return known[-1].shown + (at - known[-1].real) * known[-1].speed if known else at
