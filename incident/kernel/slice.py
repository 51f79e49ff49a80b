"""The vocabulary in which every slice is written: commands, events, refusals, and the slice itself.

A slice is one kind of thing the field speaks of. It is plain values and plain functions; nothing registers
itself. ``decide`` may look at every slice and may say no with a value. ``evolve`` sees only its own slice,
never says no, and gets the event with the record that carried it. No clock, no chance, no ids in here:
they arrive inside commands and context.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeAlias

import msgspec

from incident.kernel.board import Board
from incident.kernel.record import Record

View: TypeAlias = Any
"""The state of every slice of one stream, by name. Each slice offers a typed accessor for its own part."""


class Actor(msgspec.Struct, frozen=True, gc=False):
    """Who writes, for which agency, in which role. Automation is an actor too, and has a name."""

    name: str
    agency: str
    role: str

    @property
    def automatic(self) -> bool:
        """Written by the system, exercise control's machine or a virtual trust, not by a person."""
        return self.name in ("system", "excon") or self.name.startswith("virtual/")


class Refusal(msgspec.Struct, frozen=True):
    """The domain's no. ``conflict`` marks the kind that only the ledger may say: somebody else was first.

    A client never refuses for a conflict; it marks the command LIKELY REFUSED and still sends it.
    ``facts`` carries what the card shows: who holds it, since when, which grant is missing.
    """

    code: str
    sentence: str
    facts: dict[str, str] = {}
    conflict: bool = False


class Conflict(StrEnum):
    """What happens when two rooms act on one thing at once (the table in ARCHITECTURE.md)."""

    APPEND = "append"
    CLAIM = "exclusive claim"
    STATE = "state machine"
    SAFETY = "safety field"
    FIELD = "ordinary field"
    RESERVATION = "reservation"
    GEOMETRY = "geometry"
    MEMBERSHIP = "membership"


class Offline(StrEnum):
    """What a command may do while the line is cut."""

    ALLOWED = "allowed"
    QUEUED = "queued"
    REQUEST = "request"
    REFUSED = "refused"


class Context(msgspec.Struct, frozen=True, gc=False):
    """Everything about a command that is not in its body. Times are UTC milliseconds, by the incident's own clock.

    ``written_at`` is the author's clock corrected by what it is known to be off, and never after ``now``.
    """

    actor: Actor
    stream: str
    command_id: str
    now: int
    written_at: int
    base: dict[str, str] = {}
    happened_at: int | None = None
    on_behalf_of: str = ""
    charter: Any = None
    observed: bool = False
    """What was seen, said or done (``Conflict.APPEND``): never refused for coming late. The model fills it in."""
    addressed: Callable[[], tuple[str, ...]] = tuple
    """Asked only when needed: the subjects that now ask the author's agency for a receipt (the model fills it in)."""

    def stale(self, key: str, version: str) -> bool:
        """The author had not seen the present version of this thing: the compare of compare-and-set."""
        return self.base.get(key, "") != version


class Claim(msgspec.Struct, frozen=True):
    """Exclusive across every stream: an opaque key, the stream whose watchers are told, and words for people."""

    key: str
    tell: str
    label: str = ""


class Line(msgspec.Struct, frozen=True):
    """A record as one line of the log. Weight: decision, act or machine; the log opens on the first two."""

    text: str
    weight: str = "act"


class Due(msgspec.Struct, frozen=True):
    """What time alone brings: at this moment (UTC ms) the system writes this command.

    ``key`` is stable, so that the command's id is the same after a restart.
    """

    at: int
    key: str
    command: Any


class Act(msgspec.Struct, frozen=True):
    """What somebody who is no person does now: an inject of exercise control, a virtual trust's answer.

    ``at`` is the moment it fell due (UTC ms), ``stream`` the whole name of the stream it is written in. ``key`` is
    stable and says what it is about, so that its id is the same after a restart and it is done once.

    ``told`` hears what came of it, "" when it was taken, else the sentence that refused it, and may answer another
    act: so that who fired an inject can see whether it arrived.
    """

    at: int
    key: str
    stream: str
    actor: Actor
    command: Any
    told: Callable[[str], Act | None] | None = None


@dataclass(frozen=True, slots=True)
class Clock:
    """How the time of one kind of stream follows from the server's: an exercise is paused, or runs at four times.

    All three are asked of the state as it stands. ``apart`` is cheap and False where the stream runs on the
    server's own time; only then are the others asked. ``incident`` turns UTC ms into the stream's own, ``real``
    turns those back into the moment at which that time was first reached. Both never go backwards.
    """

    apart: Callable[[View], bool] = lambda _view: False
    incident: Callable[[View, int], int] = lambda _view, real: real
    real: Callable[[View, int], int] = lambda _view, own: own


@dataclass(frozen=True, slots=True)
class CommandSpec:
    """A command a slice accepts, with its conflict class and its offline rule.

    ``keys`` are the things whose version the author must have seen. ``about`` answers whose thing it is:
    the agency that permission measures own / other against; "" when it is nobody's in particular.
    """

    cls: type
    conflict: Conflict
    offline: Offline
    keys: Callable[[Any], tuple[str, ...]] = lambda _command: ()
    about: Callable[[View, Any], str] = lambda _view, _command: ""
    v: int = 1
    by_machine: bool = False
    """Written by a program and not by a person: taken, too, while nobody is at the desk."""


@dataclass(frozen=True, slots=True)
class EventSpec:
    """An event a slice records. ``upcasts[n]`` turns the plain body of version n into that of n + 1."""

    cls: type
    v: int = 1
    upcasts: Mapping[int, Callable[[dict[str, Any]], dict[str, Any]]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Slice:
    """One kind of thing, whole. The functions are listed in the order in which they are read."""

    name: str
    state: type
    events: tuple[EventSpec, ...]
    commands: tuple[CommandSpec, ...]
    decide: Callable[[View, Any, Context], tuple[Any, ...] | Refusal]
    evolve: Callable[[Any, Any, Record], Any]
    sentence: Callable[[Any, Record, Names], Line]
    evolve_run: Callable[[Any, Sequence[tuple[Any, Record]]], Any] | None = None
    """As ``evolve``, one after the other, over a run of events: for a slice whose state is dear to copy each time."""
    state_v: int = 1
    boards: tuple[Board, ...] = ()
    version: Callable[[Any, str], str] = lambda _state, _key: ""
    claims: Callable[[Any], tuple[Claim, ...]] = lambda _event: ()
    releases: Callable[[Any], tuple[str, ...]] = lambda _event: ()
    unheld: Callable[[Any], tuple[str, ...]] = lambda _event: ()
    """Claim keys that no other stream may hold while this event is written; nothing is claimed by it."""
    yields: Callable[[Any], tuple[str, ...]] = lambda _event: ()
    """As ``unheld``, but then the event alone is left out, and the rest of its command stands."""
    label: Callable[[Any, str], str] = lambda _state, key: key
    due: Callable[[Any, int], tuple[Due, ...]] = lambda _state, _now: ()
    addressed: Callable[[Any, str], tuple[str, ...]] = lambda _state, _agency: ()
    """Subjects sent to an agency that still ask for a receipt of it (delivered, seen, acknowledged)."""
    lapsed: Callable[[Any, int], frozenset[str]] = lambda _state, _now: frozenset()
    """Those of them that are over by the clock (UTC ms) without anybody having written it: they ask no more."""
    invariants: Callable[[View], tuple[str, ...]] = lambda _view: ()
    keeps_clock: bool = False
    """This slice holds the clock of its stream: its ``evolve`` sees records in the server's time, every other one in
    the time of the incident."""
    wants: tuple[str, ...] = ()
    """Other slices that ``sentence`` and the boards read names from."""


class Names:
    """Words for keys, for sentences: ``names("tasks", id)`` answers what people call that task."""

    __slots__ = ("_labels", "_view")

    def __init__(self, view: View, labels: Mapping[str, Callable[[Any, str], str]]) -> None:
        self._view = view
        self._labels = labels

    @property
    def view(self) -> View:
        """The state the words are taken from."""
        return self._view

    def __call__(self, slice_name: str, key: str) -> str:
        label = self._labels.get(slice_name)
        if label is None:
            return key
        return label(getattr(self._view, slice_name), key)


_HUMP = re.compile(r"(?<!^)(?=[A-Z])")


def type_name(slice_name: str, cls: type) -> str:
    """The name on the wire: ``resources.set_status`` for ``SetStatus`` of the slice ``resources``."""
    return f"{slice_name}.{_HUMP.sub('_', cls.__name__).lower()}"
