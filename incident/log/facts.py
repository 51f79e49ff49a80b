"""The log: state, events and commands.

The lines of the log are the records themselves, of every slice. What is kept here is only what the records alone
cannot answer at once: which lines are struck through, who wrote which line, and the decisions.
"""

from __future__ import annotations

from typing import Annotated, Final

import msgspec
from msgspec import Meta

from incident.kernel.record import Record
from incident.values import MINUTE_MS, AgencyCode, Millis

LATE_MS: Final = 2 * MINUTE_MS
"""Written more than this after it happened is late, and is explained (JESIP: no unexplained delays)."""

DECISIONS_MAX: Final = 5_000
CORRECTIONS_MAX: Final = 5_000
"""Decisions and struck lines of one log: further ones are refused, for size alone and with a sentence."""

Words = Annotated[str, Meta(min_length=1, max_length=2000, pattern=r"\S")]
Reason = Annotated[str, Meta(max_length=500)]
Reasoned = Annotated[str, Meta(min_length=1, max_length=1000, pattern=r"\S")]
Option = Annotated[str, Meta(min_length=1, max_length=300, pattern=r"\S")]
Options = Annotated[tuple[Option, ...], Meta(max_length=10)]
Owner = Annotated[str, Meta(max_length=80)]
Key = Annotated[str, Meta(max_length=80)]
Seq = Annotated[int, Meta(ge=1, le=2**53 - 1)]
Outcome = Annotated[str, Meta(pattern=r"^(stands|replaced|ended)$(?!\n)")]


# -- state ----------------------------------------------------------------------------------------------------


class Correction(msgspec.Struct, frozen=True, omit_defaults=True):
    """A line that was struck through: it stays readable, with who struck it, when, why, and what is right."""

    agency: str
    actor: str
    at: int
    reason: str
    text: str = ""
    command_id: str = ""


class Decision(msgspec.Struct, frozen=True):
    """A decision, owned by the person who took it (not by the loggist who wrote it). Times are UTC ms."""

    id: str
    agency: AgencyCode
    number: int
    """Its place among the agency's decisions; 0 until the server has it, shown as LAS-D?."""
    text: str
    reason: str
    at: int
    owner: str
    written_by: str
    options: tuple[str, ...] = ()
    dissent: str = ""
    review_at: int | None = None
    reviewed: int = 0
    outcome: str = "stands"
    struck: bool = False
    seq: int = 0
    version: str = ""

    @property
    def open(self) -> bool:
        """Whether it still stands."""
        return self.outcome == "stands" and not self.struck

    @property
    def name(self) -> str:
        """What people call it: LAS-D3."""
        return f"{self.agency}-D{self.number or '?'}"


class Log(msgspec.Struct, frozen=True, omit_defaults=True):
    """Corrections by the number of the line struck, decisions by id, and who wrote which line.

    ``pages`` holds one letter for each of PAGE_LINES record numbers, which stands for the place of an agency in
    ``authors``; a blank is a record that is no log entry. A hundred thousand lines fit into 100 kB.
    """

    corrections: dict[str, Correction] = {}
    decisions: dict[str, Decision] = {}
    minted: dict[str, int] = {}
    entries: int = 0
    authors: tuple[str, ...] = ()
    pages: dict[str, str] = {}


# -- events ---------------------------------------------------------------------------------------------------


class Written(msgspec.Struct, frozen=True, omit_defaults=True):
    """An entry. ``late_reason`` explains one written more than two minutes after it happened."""

    text: str
    late_reason: str = ""


class Decided(msgspec.Struct, frozen=True, omit_defaults=True):
    """A decision with its reason, the options there were, and when it is to be looked at again.

    ``late_reason`` explains one written down more than two minutes after it was taken.
    """

    text: str
    reason: str
    owner: str
    options: tuple[str, ...] = ()
    dissent: str = ""
    review_at: int | None = None
    late_reason: str = ""


class Reviewed(msgspec.Struct, frozen=True, omit_defaults=True):
    """A decision was looked at again."""

    decision: str
    outcome: str
    note: str = ""
    review_at: int | None = None


class Struck(msgspec.Struct, frozen=True, omit_defaults=True):
    """A line was struck through, with the reason, and what is right instead (or nothing)."""

    seq: int
    reason: str
    text: str = ""


# -- commands -------------------------------------------------------------------------------------------------


class Write(msgspec.Struct, frozen=True, omit_defaults=True):
    """Write an entry. When it happened and for whom it is written stand in the envelope."""

    text: Words
    late_reason: Reason = ""


class Decide(msgspec.Struct, frozen=True, omit_defaults=True):
    """Write down a decision. ``owner`` is who took it; "" means the one who writes, or on whose behalf."""

    text: Reasoned
    reason: Reasoned
    options: Options = ()
    dissent: Reason = ""
    review_at: Millis | None = None
    owner: Owner = ""
    late_reason: Reason = ""


class Review(msgspec.Struct, frozen=True, omit_defaults=True):
    """Say what became of a decision: it stands (until the next review), is replaced, or has ended."""

    decision: Key
    outcome: Outcome = "stands"
    note: Reason = ""
    review_at: Millis | None = None


class Strike(msgspec.Struct, frozen=True, omit_defaults=True):
    """Strike through a line of our own agency: #seq, why, and what is right instead. Nothing is erased."""

    seq: Seq
    reason: Annotated[str, Meta(min_length=1, max_length=500, pattern=r"\S")]
    text: Annotated[str, Meta(max_length=2000)] = ""


def lateness(record: Record) -> int:
    """How long after it happened an entry was written (ms), by the author's own clock; 0 when not claimed.

    An entry written in time in a room that was cut off reaches the others late (``journey``); that is not its
    author's delay.
    """
    return 0 if record.happened_at is None else max(0, record.written - record.happened_at)


def journey(record: Record) -> int:
    """How long after it was written an entry reached the log (ms): the line was cut, or a clock was wrong."""
    return record.recorded_at - record.written
