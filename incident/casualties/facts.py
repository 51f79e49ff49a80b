"""Casualties, the facts: how many of each priority an agency has counted, at which stage, when, and who counted.

A count is a *snapshot* with source and time, never one number that is changed: each agency speaks for itself, and
what it said before stays known. Stages are disjoint: who is in the casualty clearing station is not *at scene*.
*Total* is what is expected in all (a METHANE, the driver, a ticket list); it is compared with the sum of the stages,
and the difference is shown as a number. No patient has an identity here. Priorities as in triage: P1, P2, P3, dead.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

Number = Annotated[int, Meta(ge=0, le=100_000)]
Stage = Literal["at_scene", "in_ccs", "loaded", "en_route", "at_hospital", "discharged", "total"]
Where = Annotated[str, Meta(max_length=60)]
Source = Annotated[str, Meta(max_length=80)]
Version = Annotated[str, Meta(min_length=36, max_length=40)]

STAGES: Final = {
    "at_scene": "scene",
    "in_ccs": "CCS",
    "loaded": "loaded",
    "en_route": "en route",
    "at_hospital": "hospital",
    "discharged": "discharged",
    "total": "total",
}
"""In the order in which a casualty goes through them, as people say them; the total comes last."""

PRIORITIES: Final = {"p1": "P1", "p2": "P2", "p3": "P3", "dead": "dead", "untriaged": "untriaged"}
TOTAL: Final = "total"
PAST_KEPT: Final = 12
"""Earlier counts that are kept of one stage and place; all of them are in the log."""
TALLIES_KEPT: Final = 120
"""Changes of the sum that are kept, to tell since when it does not add up."""
FOLDED_MAX: Final = 50
"""Characters of a place that tell it from others: a key of what was seen may have 80 on the wire."""
SLOTS_MAX: Final = 400
"""Stages and places of one incident that can be counted: more are refused with a sentence."""
STALE_MS: Final = 20 * 60_000
"""A count older than this is called old (our rule: casualties do not stay where they are)."""
LATE_MS: Final = 2 * 60_000
"""A count that reached the log more than this after it was made is marked late."""


class Counts(msgspec.Struct, frozen=True, omit_defaults=True):
    """How many of each priority. None is *not said*, which is not zero.

    ``altogether`` is for who knows only how many there are in all: it counts those named by priority, too.
    """

    p1: Number | None = None
    p2: Number | None = None
    p3: Number | None = None
    dead: Number | None = None
    untriaged: Number | None = None
    altogether: Number | None = None

    @property
    def sorted(self) -> int:
        """The sum of the priorities that were said."""
        return sum(getattr(self, name) or 0 for name in PRIORITIES)

    @property
    def everyone(self) -> int | None:
        """All of them: as said, else the sum of the priorities; None when nothing was said at all."""
        if self.altogether is not None:
            return self.altogether
        said = any(getattr(self, name) is not None for name in PRIORITIES)
        return self.sorted if said else None

    def words(self) -> str:
        """Such as "P1 3, P2 9, P3 19, dead 2"; what was not said is left out."""
        said = [
            f"{word} {value}"
            for name, word in PRIORITIES.items()
            if (value := getattr(self, name)) is not None
        ]
        if self.altogether is not None:
            said.append(f"in all {self.altogether}")
        return ", ".join(said) or "nothing"


class Snapshot(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """What one agency counted at one stage and place. ``at`` (UTC ms) is when, as best known.

    ``source`` says who counted, in words; ``counted`` that it was counted and not estimated. ``late`` (ms) is how
    long it took to reach the log, 0 when it came in time. ``version`` is the id of the command that said it.
    ``replaced`` is that of what replaced it: a newer count of somebody who had seen this one, or a pick; "" while
    it stands.
    """

    agency: str
    stage: Stage
    counts: Counts
    at: int
    version: str
    place: str = ""
    counted: bool = False
    source: str = ""
    actor: str = ""
    late: int = 0
    replaced: str = ""


class Span(msgspec.Struct, frozen=True):
    """A figure, or while it is disputed the least and the most it may be."""

    low: int
    high: int

    def words(self) -> str:
        """Such as "12" or "10–12"; "−2" where a difference is below zero."""
        low, high = (f"−{-n}" if n < 0 else str(n) for n in (self.low, self.high))
        return low if low == high else f"{low}–{high}"

    def plus(self, other: Span | None) -> Span:
        """The sum; what was not said adds nothing."""
        return self if other is None else Span(self.low + other.low, self.high + other.high)

    def minus(self, other: Span) -> Span:
        """The difference, as wide as doubt makes it."""
        return Span(self.low - other.high, self.high - other.low)


class Slot(msgspec.Struct, frozen=True, omit_defaults=True):
    """One stage at one place ("": the stage as a whole): the latest count of each agency, and some before them.

    ``version`` is the id of the command that last changed what stands. More than one count that stands, and that
    differ, mean that the figures are DISPUTED (``rivals``); ``disputed_at`` is since when (UTC ms), 0 while they
    are not.
    """

    stage: str
    place: str = ""
    version: str = ""
    latest: dict[str, Snapshot] = {}
    past: tuple[Snapshot, ...] = ()
    disputed_at: int = 0

    @property
    def standing(self) -> tuple[Snapshot, ...]:
        """The counts that nothing has replaced, the newest first."""
        found = [snapshot for snapshot in self.latest.values() if not snapshot.replaced]
        return tuple(sorted(found, key=lambda s: (-s.at, s.agency)))

    @property
    def rivals(self) -> tuple[Snapshot, ...]:
        """The counts that contradict each other; empty while all that stand say the same."""
        standing = self.standing
        return standing if len({snapshot.counts for snapshot in standing}) > 1 else ()


class Tally(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """What all counts came to from this moment on (UTC ms): the sum of the stages, and what is expected in all."""

    at: int
    known: Span | None = None
    total: Span | None = None


class Casualties(msgspec.Struct, frozen=True):
    """Every stage and place that was counted, by its key; and what they came to, whenever that changed."""

    slots: dict[str, Slot] = {}
    tallies: tuple[Tally, ...] = ()


# -- events -------------------------------------------------------------------------------------------------


class Counted(msgspec.Struct, frozen=True, omit_defaults=True):
    """An agency counted, or estimated, the casualties of one stage at one place."""

    stage: Stage
    counts: Counts
    place: Where = ""
    counted: bool = False
    source: Source = ""


class CountPicked(msgspec.Struct, frozen=True, omit_defaults=True):
    """A dispute over a count was settled: that of this agency stands."""

    stage: Stage
    version: Version
    agency: str
    counts: Counts
    place: Where = ""


# -- commands -----------------------------------------------------------------------------------------------


class Count(msgspec.Struct, frozen=True, omit_defaults=True):
    """Say how many there are at a stage, and where; ``total``: how many are expected in all.

    It is an observation of our own agency: allowed while cut off, and never refused for being late.
    """

    stage: Stage
    counts: Counts
    place: Where = ""
    counted: bool = False
    source: Source = ""


class PickCount(msgspec.Struct, frozen=True, omit_defaults=True):
    """Settle a dispute over a count: the one of this version stands, the others are kept as replaced."""

    stage: Stage
    version: Version
    place: Where = ""


def folded(place: str) -> str:
    """A place as it is compared: Wexham Park and WEXHAM  PARK are one."""
    return " ".join(place.split()).casefold()[:FOLDED_MAX]


def slot_key(stage: str, place: str) -> str:
    """The key of a stage at a place."""
    return f"{stage}/{folded(place)}"


def version_key(stage: str, place: str) -> str:
    """The key under which its version is remembered and compared."""
    return f"casualties/{slot_key(stage, place)}"
