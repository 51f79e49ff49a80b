"""The play of an exercise: its clock, the code word, NO DUFF. State, events and commands of the slice ``exercises``.

An exercise runs on one clock of its own, which exercise control starts, pauses and hurries; every timer and every
age in it goes by that clock. NO DUFF is what anybody says when something real happens: from then on the clock
stands, nothing more is played, and every screen says so, until exercise control takes it back.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

Speed = Literal[1, 2, 4, 8]
SPEEDS: Final[tuple[Speed, ...]] = (1, 2, 4, 8)
"""How fast the exercise clock may run, as a multiple of real time."""

SEGMENTS_MAX: Final = 500
"""Changes of the clock that are remembered: as many as any exercise makes."""

CHANGES_MAX: Final = 450
"""Past so many, the speed is changed no more; play can still be paused, and NO DUFF is always heard."""

CALLS_MAX: Final = 8

Code = Annotated[str, Meta(max_length=40)]
Title = Annotated[str, Meta(max_length=80)]
Reasoned = Annotated[str, Meta(min_length=1, max_length=500, pattern=r"\S")]
Reason = Annotated[str, Meta(max_length=500)]
Moment = Annotated[int, Meta(ge=0, le=2**53 - 1)]
PLAY: Final = "play"
"""The key under which the play's version is asked for."""


# -- state ----------------------------------------------------------------------------------------------------


class Segment(msgspec.Struct, frozen=True, gc=False):
    """From the real moment on (UTC ms) the exercise clock shows ``shown`` and runs at ``speed``; 0: it stands."""

    real: Moment
    shown: Moment
    speed: Annotated[int, Meta(ge=0, le=8)]


Segments = Annotated[tuple[Segment, ...], Meta(min_length=1, max_length=SEGMENTS_MAX)]


class Call(msgspec.Struct, frozen=True):
    """Somebody has called NO DUFF. ``at`` is real time (UTC ms): it is about a real thing."""

    agency: str
    actor: str
    reason: str
    at: int


class Play(msgspec.Struct, frozen=True, omit_defaults=True):
    """How an exercise stands. ``started_at`` and ``ended_at`` are on the exercise clock (UTC ms).

    ``speed`` is the chosen one, also while the clock stands. ``segments`` are all changes of the clock, the oldest
    first; before the first it showed real time. ``calls`` are the NO DUFF that stand. ``version`` is the id of the
    command that last changed anything.
    """

    scenario: str = ""
    title: str = ""
    code_word: str = ""
    started_at: int | None = None
    ended_at: int | None = None
    paused: bool = False
    speed: int = 1
    calls: tuple[Call, ...] = ()
    segments: tuple[Segment, ...] = ()
    version: str = ""

    @property
    def started(self) -> bool:
        """Play has begun, and perhaps ended."""
        return self.started_at is not None

    @property
    def suspended(self) -> bool:
        """NO DUFF stands."""
        return bool(self.calls)

    @property
    def running(self) -> bool:
        """Play is on: injects fire and virtual agencies act."""
        return self.started and self.ended_at is None and not self.paused and not self.suspended

    @property
    def rate(self) -> int:
        """How fast the clock runs now: 0 while it stands, 1 before play and after it."""
        if self.suspended or (self.paused and self.ended_at is None):
            return 0
        return self.speed if self.started and self.ended_at is None else 1


# -- events ---------------------------------------------------------------------------------------------------


class PlayStarted(msgspec.Struct, frozen=True, omit_defaults=True):
    """Play has begun: this is T+0."""

    scenario: str = ""
    title: str = ""
    code_word: str = ""


class Paused(msgspec.Struct, frozen=True, omit_defaults=True):
    """The exercise clock stands."""

    reason: str = ""


class Resumed(msgspec.Struct, frozen=True):
    """The exercise clock runs again."""


class SpeedSet(msgspec.Struct, frozen=True):
    """The exercise clock runs at another speed."""

    speed: int
    before: int


class NoDuffCalled(msgspec.Struct, frozen=True):
    """Something real has happened: the exercise is suspended on every screen."""

    reason: str


class PlayResumed(msgspec.Struct, frozen=True, omit_defaults=True):
    """Exercise control has taken NO DUFF back: play goes on where it stood."""

    reason: str = ""


class PlayEnded(msgspec.Struct, frozen=True, omit_defaults=True):
    """Play is over; the log goes on, for the debrief."""

    reason: str = ""


class ClockFollowed(msgspec.Struct, frozen=True):
    """In a part of an incident: the clock of the incident, from these changes on."""

    segments: tuple[Segment, ...]


# -- commands -------------------------------------------------------------------------------------------------


class StartPlay(msgspec.Struct, frozen=True, omit_defaults=True):
    """Begin to play: the clock is at T+0, what is due from now on fires."""

    scenario: Code = ""
    title: Title = ""
    code_word: Code = ""


class Pause(msgspec.Struct, frozen=True, omit_defaults=True):
    """Let the exercise clock stand."""

    reason: Reason = ""


class Resume(msgspec.Struct, frozen=True, omit_defaults=True):
    """Let the clock run again; takes back NO DUFF, if that stands."""

    reason: Reason = ""


class SetSpeed(msgspec.Struct, frozen=True):
    """Let the exercise clock run at this multiple of real time."""

    speed: Speed


class NoDuff(msgspec.Struct, frozen=True):
    """Something real has happened: suspend the exercise everywhere, at once. Anybody may say so."""

    reason: Reasoned


class EndPlay(msgspec.Struct, frozen=True, omit_defaults=True):
    """End the play. It is not begun again."""

    reason: Reason = ""


class Follow(msgspec.Struct, frozen=True):
    """Written by the system in a part of an incident: take on the incident's clock."""

    segments: Segments
