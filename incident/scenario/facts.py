"""A scenario: what an exercise begins with, what is told to whom and when, and how the agencies behave that nobody
plays.

It is written as YAML (``docs/exercise.md``), checked whole by ``reading``, and travels as one value into the record
that loads it, so that an exercise can be replayed without the file. Every moment in it is a time from the start of
the exercise, T+, on the exercise's own clock, in seconds; a ``Wait`` is how long somebody takes, and which part of
it is theirs follows from the seed.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from incident.values import AgencyCode, Location, Mode

LENGTH_MINUTES_MAX: Final = 24 * 60
SECONDS_MAX: Final = LENGTH_MINUTES_MAX * 60
INJECTS_MAX: Final = 200
PARTIES_MAX: Final = 30
EFFECTS_MAX: Final = 12
UNITS_MAX: Final = 40
BYTES_MAX: Final = 48_000
"""A scenario is loaded by one command, and no command is larger than a frame may be."""

MEANS: Final = ("phone", "radio", "methane", "email", "media", "message", "in person")
"""By what an inject reaches those it is for."""

BODY_MAX: Final = 2_000
Code = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9-]{1,39}$(?!\n)")]
Words = Annotated[str, Meta(min_length=1, max_length=200, pattern=r"\S")]
Text = Annotated[str, Meta(min_length=1, max_length=600, pattern=r"\S")]
Told = Annotated[str, Meta(max_length=600)]
Seconds = Annotated[int, Meta(ge=0, le=SECONDS_MAX)]
PerCent = Annotated[int, Meta(ge=0, le=100)]
Reasons = Annotated[tuple[Words, ...], Meta(max_length=12)]
Callsign = Annotated[str, Meta(min_length=1, max_length=16)]
File = Annotated[str, Meta(min_length=1, max_length=80)]
Played = Literal["virtual", "person", "absent"]
"""Played by the program while nobody of it is connected; by people alone; or by nobody: it never answers."""


class Wait(msgspec.Struct, frozen=True):
    """How long somebody takes, at least and at most, in seconds. Which it is follows from the seed."""

    least: Seconds
    most: Seconds


class Objective(msgspec.Struct, frozen=True):
    """What the exercise is to show, with a short code that injects name."""

    code: Code
    words: Words


# -- injects --------------------------------------------------------------------------------------------------


class Step(msgspec.Struct, frozen=True, omit_defaults=True):
    """One command that an inject brings about, given by exercise control's machine in the name of ``agency``.

    ``stream`` is "scene" (the incident), "own" (the agency's own part of it) or "excon". ``body`` is the JSON of the
    command, with references still in it: see ``filling``. ``after`` counts from the inject.
    """

    stream: Literal["scene", "own", "excon"]
    agency: AgencyCode
    type: Annotated[str, Meta(max_length=80)]
    body: Annotated[str, Meta(max_length=BODY_MAX)] = "{}"
    role: Annotated[str, Meta(max_length=40)] = "operator"
    after: Seconds = 0


class Inject(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line of the main events list. ``sender`` is free words ("999 caller"), ``to`` are agencies.

    ``expected`` is what a room that works well does about it: for evaluators, never shown to players. ``told``: its
    text is written into the own log of those it is for. Without ``effects`` that is all there is to it.
    """

    number: Annotated[int, Meta(ge=1, le=999)]
    at: Seconds
    sender: Words
    to: Annotated[tuple[AgencyCode, ...], Meta(min_length=1, max_length=12)]
    means: Literal["phone", "radio", "methane", "email", "media", "message", "in person"]
    text: Text
    objective: Code | Literal[""] = ""
    expected: Told = ""
    effects: Annotated[tuple[Step, ...], Meta(max_length=EFFECTS_MAX)] = ()
    told: bool = False
    held: bool = False
    """Fired by hand only: its time passes without it."""

    @property
    def how(self) -> str:
        """By what it reaches them, as one says it: by phone, in person."""
        return self.means if self.means.startswith("in ") else f"by {self.means}"


# -- how an agency behaves that nobody plays -------------------------------------------------------------------


class Unit(msgspec.Struct, frozen=True, omit_defaults=True):
    """A unit of the agency's own fleet, as its table describes it."""

    callsign: Callsign
    kind: Annotated[str, Meta(max_length=12)]
    capabilities: Annotated[tuple[Annotated[str, Meta(max_length=40)], ...], Meta(max_length=20)] = ()
    station: Annotated[str, Meta(max_length=80)] = ""


Units = Annotated[tuple[Unit, ...], Meta(max_length=UNITS_MAX)]


class Declaring(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the agency declares of itself, and when: late ones too."""

    at: Seconds
    state: Annotated[str, Meta(max_length=20)]
    reason: Told = ""


class Appointment(msgspec.Struct, frozen=True, omit_defaults=True):
    """A command role that somebody of the agency takes, and when."""

    at: Seconds
    role: Annotated[str, Meta(max_length=40)]
    holder: Annotated[str, Meta(min_length=1, max_length=80, pattern=r"\S")]
    contact: Annotated[str, Meta(max_length=80)] = ""
    label: Annotated[str, Meta(max_length=40)] = ""


class TaskHabit(msgspec.Struct, frozen=True, omit_defaults=True):
    """How the agency takes what it is asked to do."""

    answers: Wait = Wait(15, 60)
    begins: Wait = Wait(20, 60)
    finishes: Wait = Wait(120, 480)
    declines: PerCent = 0
    reasons: Reasons = ()
    evidence: Reasons = ()


class FeatureHabit(msgspec.Struct, frozen=True, omit_defaults=True):
    """How the agency takes what others propose on the ground."""

    answers: Wait = Wait(30, 120)
    declines: PerCent = 0
    reasons: Reasons = ()


class ChannelHabit(msgspec.Struct, frozen=True, omit_defaults=True):
    """How the agency tries the talkgroup and the other ways to talk that are set up for it."""

    tests: Wait = Wait(30, 120)
    fails: PerCent = 0
    reasons: Reasons = ()


class AidHabit(msgspec.Struct, frozen=True, omit_defaults=True):
    """How the agency takes a request for aid. What it lends, it takes from ``units``, in their order.

    ``reasons`` are those for sending nothing, ``less`` those for sending less than was asked.
    """

    answers: Wait = Wait(60, 180)
    names: Wait = Wait(30, 120)
    declines: PerCent = 0
    counters: PerCent = 0
    reasons: Reasons = ()
    less: Reasons = ()
    units: Units = ()


class LeadHabit(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the agency does with the lead: takes or declines it when offered, or claims it at a time."""

    answer: Literal["accept", "decline"] = "accept"
    answers: Wait = Wait(30, 90)
    reason: Words = "Agreed between the two control rooms"
    claims_at: Seconds | None = None


class RivalPoint(msgspec.Struct, frozen=True, omit_defaults=True):
    """A rendezvous point of its own that the agency proposes, and perhaps takes back later."""

    at: Seconds
    name: Words
    place: Location
    note: Told = ""
    withdrawn_at: Seconds | None = None


class Sending(msgspec.Struct, frozen=True, omit_defaults=True):
    """Units that the agency commits to the incident of its own accord."""

    at: Seconds
    units: Units
    reason: Told = ""


class Movement(msgspec.Struct, frozen=True, omit_defaults=True):
    """How long its units take from one status to the next. ``stays``: they do not convey, so they stay at scene."""

    mobilises: Wait = Wait(20, 60)
    travels: Wait = Wait(180, 480)
    waits: Wait = Wait(60, 180)
    loads: Wait = Wait(120, 360)
    leaves: Wait = Wait(60, 180)
    drives: Wait = Wait(300, 600)
    hands_over: Wait = Wait(60, 240)
    clears: Wait = Wait(180, 480)
    destination: Annotated[str, Meta(max_length=120)] = ""


class Behaviour(msgspec.Struct, frozen=True, omit_defaults=True):
    """How one agency behaves while nobody plays it.

    ``reads`` is how long until somebody has seen what lies in its room, ``acknowledges`` until they say so after that.
    ``stands_down`` is how long after the lead, or the agency that opened the incident. What is None it does not do.
    """

    joins: Wait | None = Wait(20, 60)
    spoc: Words = "Duty manager"
    reads: Wait = Wait(10, 45)
    acknowledges: Wait | None = Wait(20, 90)
    declares: Annotated[tuple[Declaring, ...], Meta(max_length=12)] = ()
    appoints: Annotated[tuple[Appointment, ...], Meta(max_length=20)] = ()
    stands_down: Wait | None = Wait(60, 240)
    tasks: TaskHabit | None = TaskHabit()
    features: FeatureHabit | None = FeatureHabit()
    channels: ChannelHabit | None = ChannelHabit()
    aid: AidHabit | None = None
    lead: LeadHabit | None = None
    rival_rvp: RivalPoint | None = None
    sends: Annotated[tuple[Sending, ...], Meta(max_length=12)] = ()
    movement: Movement = Movement()


class Participant(msgspec.Struct, frozen=True, omit_defaults=True):
    """An agency that takes part, and who plays it."""

    agency: AgencyCode
    played: Played
    behaviour: Behaviour = Behaviour()
    invited: bool = True
    """Invited when the exercise opens; else somebody has to think of it."""


# -- the whole ------------------------------------------------------------------------------------------------


class Hospital(msgspec.Struct, frozen=True, omit_defaults=True):
    """A hospital of the distribution plan, and what it would say it can take in the first hour: P1, P2 and P3.

    ``stood_up``: it is warned when the exercise opens; else somebody has to think of it.
    """

    place: AgencyCode
    p1: Annotated[int, Meta(ge=0, le=500)] = 0
    p2: Annotated[int, Meta(ge=0, le=500)] = 0
    p3: Annotated[int, Meta(ge=0, le=500)] = 0
    note: Told = ""
    stood_up: bool = False


class FleetFile(msgspec.Struct, frozen=True):
    """The table from which an agency's register is filled, beside the scenario or among the demonstration's."""

    agency: AgencyCode
    file: File


class Scenario(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """An exercise, before it begins. ``starts_at`` is the local time of day, minutes after midnight, at T+0.

    ``code_word`` opens every message of an exercise that leaves the rooms. ``opener`` is the agency whose control
    room has begun, and which leads until the lead is handed over. ``seed`` decides, with the name of each thing,
    everything that a virtual agency could do in more than one way.
    """

    id: Code
    title: Annotated[str, Meta(min_length=1, max_length=80, pattern=r"\S")]
    mode: Mode = "exercise"
    kind: Literal["incident", "planned_event"] = "incident"
    code_word: Annotated[str, Meta(min_length=1, max_length=40, pattern=r"\S")]
    starts_at: Annotated[int, Meta(ge=0, le=24 * 60 - 1)]
    length_minutes: Annotated[int, Meta(ge=1, le=LENGTH_MINUTES_MAX)]
    location: Location
    seed: Annotated[int, Meta(ge=0, le=2**31 - 1)] = 1
    summary: Annotated[str, Meta(max_length=2_000)] = ""
    objectives: Annotated[tuple[Objective, ...], Meta(max_length=20)] = ()
    opener: AgencyCode
    parties: Annotated[tuple[Participant, ...], Meta(min_length=1, max_length=PARTIES_MAX)]
    fleets: Annotated[tuple[FleetFile, ...], Meta(max_length=PARTIES_MAX)] = ()
    hospitals: Annotated[tuple[Hospital, ...], Meta(max_length=60)] = ()
    injects: Annotated[tuple[Inject, ...], Meta(max_length=INJECTS_MAX)] = ()

    @property
    def length_seconds(self) -> int:
        """How long it is meant to last, on its own clock."""
        return self.length_minutes * 60

    def participant(self, agency: str) -> Participant | None:
        """An agency of the scenario, or None."""
        return next((party for party in self.parties if party.agency == agency), None)


def clock_words(starts_at: int) -> str:
    """The time of day at T+0 as it is said: "13:58"."""
    return f"{starts_at // 60:02}:{starts_at % 60:02}"


def t_words(seconds: int) -> str:
    """A time from the start as it stands in a main events list: "T+7", "T+7:30", "T+1:05:00"."""
    minutes, rest = divmod(max(0, seconds), 60)
    if minutes >= 60:
        return f"T+{minutes // 60}:{minutes % 60:02}:{rest:02}"
    return f"T+{minutes}:{rest:02}" if rest else f"T+{minutes}"
