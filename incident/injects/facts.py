"""Exercise control's papers: the scenario loaded, how each inject stands, and the evaluators' notes.

They lie in a stream of their own (``incident/<uuid>/excon``), which no player ever sees. An inject is one line of the
main events list: pending until its time on the exercise clock, or held, then sent, and at last actioned; or skipped.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from incident.scenario.facts import Scenario

NOTES_MAX: Final = 2_000
RESULTS_MAX: Final = 60

State = Literal["pending", "held", "sent", "skipped", "actioned"]
MARKS: Final = ("", "met", "partly", "not_met")
"""What an evaluator's note says of an objective; "" says nothing of that."""

Number = Annotated[int, Meta(ge=1, le=999)]
Reason = Annotated[str, Meta(max_length=500)]
Words = Annotated[str, Meta(min_length=1, max_length=2_000, pattern=r"\S")]
Response = Annotated[str, Meta(max_length=1_000)]
Objective = Annotated[str, Meta(max_length=40)]
Mark = Literal["", "met", "partly", "not_met"]
Place = Annotated[str, Meta(min_length=1, max_length=60)]
Sentence = Annotated[str, Meta(max_length=600)]


# -- state ----------------------------------------------------------------------------------------------------


class Standing(msgspec.Struct, frozen=True):
    """How one inject stands. Times are UTC ms on the exercise clock.

    ``asked``: a person has fired it by hand, ahead of its time or out of hold. ``attempt`` counts how often it was put
    back. ``results`` says for each of its effects what came of it: "" when it was done, else why not; ``problems``
    are what could not even be tried. ``reason`` is that of the last hold or skip, ``response`` what the rooms did.
    """

    number: int
    state: State = "pending"
    asked: bool = False
    attempt: int = 0
    fired_at: int | None = None
    actioned_at: int | None = None
    reason: str = ""
    response: str = ""
    results: dict[str, str] = {}
    problems: tuple[str, ...] = ()
    version: str = ""

    @property
    def trouble(self) -> tuple[str, ...]:
        """Why not all of it arrived."""
        return (*(why for why in self.results.values() if why), *self.problems)


class Note(msgspec.Struct, frozen=True, omit_defaults=True):
    """What an evaluator saw, at a moment of the exercise; about an inject (0: none) and an objective ("": none)."""

    id: str
    text: str
    at: int
    actor: str
    inject: int = 0
    objective: str = ""
    mark: Mark = ""


class Injects(msgspec.Struct, frozen=True, omit_defaults=True):
    """The papers: the scenario, its injects by number (as text), the notes by id.

    ``source`` is the scenario as it was loaded, in JSON: equal papers have equal bytes, whoever made them.
    """

    source: str = ""
    rows: dict[str, Standing] = {}
    notes: dict[str, Note] = {}
    version: str = ""

    @property
    def scenario(self) -> Scenario | None:
        """The scenario; None before one was loaded."""
        return _read(self.source) if self.source else None


@lru_cache(maxsize=8)
def _read(source: str) -> Scenario:
    return msgspec.json.decode(source, type=Scenario)


# -- events ---------------------------------------------------------------------------------------------------


class ScenarioLoaded(msgspec.Struct, frozen=True):
    """A scenario was loaded, whole, so that the exercise can be replayed without its file."""

    scenario: Scenario


class FireAsked(msgspec.Struct, frozen=True):
    """A person of exercise control has fired an inject by hand."""

    inject: int


class Fired(msgspec.Struct, frozen=True):
    """An inject went out."""

    inject: int


class Performed(msgspec.Struct, frozen=True, omit_defaults=True):
    """What came of one effect of an inject. ``refused`` is why it was not taken, "" when it was.

    ``left``: it was not tried, since a person of the virtual agency was there to decide.
    """

    inject: int
    place: str
    refused: str = ""
    left: bool = False


class Hindered(msgspec.Struct, frozen=True):
    """An effect of an inject cannot be tried as things stand."""

    inject: int
    problem: str


class HeldBack(msgspec.Struct, frozen=True, omit_defaults=True):
    """An inject waits for somebody to fire it by hand."""

    inject: int
    reason: str = ""


class Skipped(msgspec.Struct, frozen=True, omit_defaults=True):
    """An inject will not be sent."""

    inject: int
    reason: str = ""


class Reinstated(msgspec.Struct, frozen=True):
    """An inject is pending again; one that was sent goes out a second time."""

    inject: int


class Actioned(msgspec.Struct, frozen=True, omit_defaults=True):
    """The rooms have done something about an inject."""

    inject: int
    response: str = ""


class Noted(msgspec.Struct, frozen=True, omit_defaults=True):
    """An evaluator's note."""

    text: str
    inject: int = 0
    objective: str = ""
    mark: Mark = ""


# -- commands -------------------------------------------------------------------------------------------------


class LoadScenario(msgspec.Struct, frozen=True):
    """Take up a scenario, before anything of another was sent."""

    scenario: Scenario


class Fire(msgspec.Struct, frozen=True):
    """Send an inject now."""

    inject: Number


class Hold(msgspec.Struct, frozen=True, omit_defaults=True):
    """Let the time of an inject pass: it goes out when fired by hand."""

    inject: Number
    reason: Reason = ""


class Skip(msgspec.Struct, frozen=True, omit_defaults=True):
    """Leave an inject out."""

    inject: Number
    reason: Reason = ""


class Reinstate(msgspec.Struct, frozen=True):
    """Make an inject pending again: one held or skipped goes out at its time, one sent goes out once more by hand."""

    inject: Number


class MarkActioned(msgspec.Struct, frozen=True, omit_defaults=True):
    """Say that the rooms have acted on an inject, and how."""

    inject: Number
    response: Response = ""


class WriteNote(msgspec.Struct, frozen=True, omit_defaults=True):
    """Write down what was seen, about an inject and an objective where that is meant."""

    text: Words
    inject: Annotated[int, Meta(ge=0, le=999)] = 0
    objective: Objective = ""
    mark: Mark = ""


class MarkFired(msgspec.Struct, frozen=True):
    """Written by the system: the inject's time has come, or somebody fired it."""

    inject: Number


class Report(msgspec.Struct, frozen=True, omit_defaults=True):
    """Written by the system: what came of an effect; with ``place`` "" it could not be tried, ``left`` to people."""

    inject: Number
    attempt: Annotated[int, Meta(ge=0, le=10_000)]
    place: Annotated[str, Meta(max_length=60)] = ""
    refused: Sentence = ""
    left: bool = False
