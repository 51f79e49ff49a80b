"""Alarms, the facts: what is wrong or overdue between the agencies, which lesson asks for it, and what clears it.

Nothing in here is set by anybody: an alarm is computed from the state, so every room computes the same ones. Each
kind names the inquiry lessons that it comes from (the numbers of docs/alarms.md) and the verb that clears it. What
a person does is to acknowledge one: it stops ringing for that agency and stays listed until its cause is gone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from incident.values import AgencyCode

AlarmKey = Annotated[str, Meta(min_length=3, max_length=200)]
AlarmKeys = Annotated[tuple[AlarmKey, ...], Meta(min_length=1, max_length=50)]
ACKNOWLEDGED_MAX: Final = 2_000
"""Acknowledgements that the state keeps; past it the oldest go, and their alarms ask again if they still stand."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of alarm. ``lessons`` are numbers of docs/alarms.md; ``board`` and ``verb`` say where it is cleared.

    ``rings``: it is audible once. What does not ring is a prompt: due by good practice, not yet a failure.
    """

    name: str
    title: str
    lessons: tuple[int, ...]
    board: str
    verb: str
    rings: bool = True
    answered: bool = False
    """Acknowledged by the agency it concerns, it is gone: that agency's answer is on record."""
    by_all: bool = False
    """Gone when every party has acknowledged it, and not before: nobody may say afterwards that they never knew."""


class Alarm(msgspec.Struct, frozen=True, gc=False):
    """One thing that is wrong. ``key`` stays the same for as long as it is the same thing.

    ``since`` is the moment it became one (UTC ms on the incident's clock); before that it is only due. ``row`` is
    the row of the kind's board that it is about, "" for none. ``agencies`` are those it is theirs to clear, none
    means everybody's. ``until`` is the moment it is over by the clock, None for until its cause is gone.
    """

    key: str
    kind: str
    words: str
    since: int
    row: str = ""
    agencies: tuple[str, ...] = ()
    until: int | None = None

    def rings_at(self, now: int) -> bool:
        """Whether it has begun and is not over at this moment (UTC ms)."""
        return self.since <= now and (self.until is None or now < self.until)

    def concerns(self, agency: str) -> bool:
        """Whether it is this agency's to clear."""
        return not self.agencies or agency in self.agencies


class Heard(msgspec.Struct, frozen=True, gc=False):
    """An agency has acknowledged an alarm: who, and when (UTC ms)."""

    by: str
    at: int


class Alarms(msgspec.Struct, frozen=True):
    """Acknowledgements, by the alarm's key, then by agency. The alarms themselves are computed."""

    heard: dict[str, dict[AgencyCode, Heard]] = {}


# -- events and commands ----------------------------------------------------------------------------------------


class Acknowledged(msgspec.Struct, frozen=True):
    """The recording agency has heard these alarms. ``words`` says for the log what they said."""

    keys: AlarmKeys
    words: str


class Acknowledge(msgspec.Struct, frozen=True):
    """Acknowledge alarms for our agency: they stay listed, and ring no more."""

    keys: AlarmKeys
    words: Annotated[str, Meta(max_length=300)] = ""
