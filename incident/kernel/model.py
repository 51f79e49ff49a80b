"""A model: the slices of one kind of stream, and what may be done with them together.

``Model`` decides, evolves, folds, snapshots and answers invariants for one kind of stream. ``Models`` knows
which kind a stream's name means. Generic over slices; the tests use a toy one.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import Any, Protocol

import msgspec

from incident.kernel.board import Board
from incident.kernel.record import Record
from incident.kernel.slice import (
    Act,
    Claim,
    Clock,
    CommandSpec,
    Conflict,
    Context,
    Due,
    EventSpec,
    Line,
    Names,
    Refusal,
    Slice,
    View,
    type_name,
)
from incident.kernel.text import brief, clip, safe_text

# Keys are sorted so that two rooms whose states are equal have equal bytes, whatever order things came in.
_ENCODE = msgspec.json.Encoder(order="sorted")

LINE_MAX = 6_000
"""Characters of one line of the log, more than any entry or decision has; what is cut off stands in the record."""


class UnknownType(Exception):
    """A record type or version this build does not know: an older client meeting a newer server."""

    def __init__(self, type_: str, v: int) -> None:
        super().__init__(f"unknown record type {type_} v{v}")
        self.slice = type_.partition(".")[0]


class Permit(Protocol):
    """Asks the frozen roles: may this actor do this, to a thing of this agency ("" is nobody's)?"""

    def __call__(self, view: View, ctx: Context, command: str, about: str) -> Refusal | None: ...


class SlicePart(msgspec.Struct, frozen=True):
    """One slice of a snapshot: its name, the version of its shape, and its state as JSON."""

    name: str
    state_v: int
    body: bytes


@dataclass(frozen=True, slots=True)
class _Command:
    slice: Slice
    spec: CommandSpec


@dataclass(frozen=True, slots=True)
class _Event:
    slice: Slice
    spec: EventSpec


@cache
def _decoder(cls: type) -> msgspec.json.Decoder[Any]:
    """Made at the first use: a client that starts needs few of some two hundred."""
    return msgspec.json.Decoder(cls)


REAL_TIME = Clock()


class Model:
    """The rules of one kind of stream. ``critical`` says of a record that it must not wait to be joined."""

    def __init__(
        self,
        name: str,
        state_type: type,
        slices: tuple[Slice, ...],
        permit: Permit,
        *,
        summary: Callable[[View], dict[str, Any]] = lambda _view: {},
        may_watch: Callable[[View, Any], Refusal | None] = lambda _view, _actor: None,
        agencies: Callable[[View], frozenset[str]] = lambda _view: frozenset(),
        critical: Callable[[Record], bool] = lambda _record: False,
        clock: Clock = REAL_TIME,
        shared: Callable[[View, int], frozenset[str]] = lambda _view, _now: frozenset(),
    ) -> None:
        self.name = name
        self.state_type = state_type
        self.slices = slices
        self.summary = summary
        self.may_watch = may_watch
        self.agencies = agencies
        self.critical = critical
        self.clock = clock
        self._permit = permit
        self._shared = shared
        self.commands: dict[str, _Command] = {}
        self.events: dict[str, _Event] = {}
        self.command_names: dict[type, str] = {}
        self.event_names: dict[type, str] = {}
        for part in slices:
            for command in part.commands:
                key = type_name(part.name, command.cls)
                self.commands[key] = _Command(part, command)
                self.command_names[command.cls] = key
            for event in part.events:
                key = type_name(part.name, event.cls)
                self.events[key] = _Event(part, event)
                self.event_names[event.cls] = key
        self.by_name = {part.name: part for part in slices}
        self.labels = {part.name: part.label for part in slices}
        self.boards: tuple[Board, ...] = tuple(board for part in slices for board in part.boards)
        self._initial = state_type()

    def initial(self) -> Any:
        """The state before the first record."""
        return self._initial

    # -- commands -------------------------------------------------------------------------------------------

    def read_command(self, type_: str, v: int, body: bytes | msgspec.Raw) -> Any | Refusal:
        """The command a body stands for, or the plain sentence that says what is wrong with it."""
        known = self.commands.get(type_)
        if known is None:
            named = clip(safe_text(type_), 80)
            return Refusal("unknown_command", f"Nothing here knows what {named} means.")
        if v != known.spec.v:
            return Refusal("unknown_version", f"Version {known.spec.v} of {type_} is known here, not {v}.")
        try:
            return _decoder(known.spec.cls).decode(body)
        except msgspec.ValidationError as error:
            return Refusal("bad_shape", _shape_sentence(type_, error))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return Refusal("bad_shape", f"What was sent as {type_} is not well formed JSON.")

    def name_of(self, command: Any) -> str:
        """The name of a command on the wire."""
        return self.command_names[type(command)]

    def spec_of(self, type_: str) -> CommandSpec:
        """Conflict class, offline rule and keys of a command, by its name."""
        return self.commands[type_].spec

    def base_for(self, view: View, command: Any) -> dict[str, str]:
        """What somebody who sees this view has seen of the things this command touches."""
        known = self.commands[self.command_names[type(command)]]
        base: dict[str, str] = {}
        for key in known.spec.keys(command):
            version = self.version(view, known.slice, key)
            if version:
                base[key] = version
        return base

    def version(self, view: View, part: Slice, key: str) -> str:
        """The id of the command that last changed a thing; "" when there is no such thing."""
        return part.version(getattr(view, part.name), key)

    def permit(self, view: View, command: Any, ctx: Context) -> Refusal | None:
        """The roles' answer alone, before the thing itself is asked."""
        name = self.command_names[type(command)]
        spec = self.commands[name].spec
        if spec.conflict is Conflict.APPEND:
            ctx = msgspec.structs.replace(ctx, observed=True)
        return self._permit(view, ctx, name, spec.about(view, command))

    def shared(self, view: View, real: int) -> frozenset[str]:
        """The agencies that see this stream by an agreement at this moment (UTC ms of the server's clock).

        They belong to it no more than before: nothing is asked of them, and they have no part of it.
        """
        return self._shared(view, self.now(view, real))

    def decide(self, view: View, command: Any, ctx: Context) -> tuple[Any, ...] | Refusal:
        """The events this command makes, none when nothing changes, or a refusal."""
        ctx = msgspec.structs.replace(ctx, **self._own_time(view, ctx))
        # not by the clock: a receipt that comes late is evidence all the same
        asked = partial(self.addressed, view, ctx.actor.agency)
        ctx = msgspec.structs.replace(ctx, addressed=asked)
        # Asked by the stream's own clock, too: what is lent is over when that says so.
        refusal = self.permit(view, command, ctx)
        if refusal is not None:
            return refusal
        return self.commands[self.command_names[type(command)]].slice.decide(view, command, ctx)

    # -- time -----------------------------------------------------------------------------------------------

    def now(self, view: View, real: int) -> int:
        """A moment of the server's clock (UTC ms) by the clock of this stream: all timers and ages go by it."""
        return self.clock.incident(view, real) if self.clock.apart(view) else real

    def real(self, view: View, own: int) -> int:
        """The moment (UTC ms) at which the clock of this stream first showed that: what a claimed time means."""
        return self.clock.real(view, own) if self.clock.apart(view) else own

    def timed(self, view: View, record: Record) -> Record:
        """A record as the stream's own clock saw it; the same object where that is the server's."""
        if not self.clock.apart(view):
            return record
        return msgspec.structs.replace(
            record,
            happened_at=None if record.happened_at is None else self.clock.incident(view, record.happened_at),
            written_at=self.clock.incident(view, record.written),
            clock_offset=0,
            recorded_at=self.clock.incident(view, record.recorded_at),
        )

    def _own_time(self, view: View, ctx: Context) -> dict[str, Any]:
        if not self.clock.apart(view):
            return {}
        incident = partial(self.clock.incident, view)
        happened = None if ctx.happened_at is None else incident(ctx.happened_at)
        return {"now": incident(ctx.now), "written_at": incident(ctx.written_at), "happened_at": happened}

    # -- events ---------------------------------------------------------------------------------------------

    def read_event(self, type_: str, v: int, body: bytes | msgspec.Raw) -> Any:
        """The event of a stored body, brought up to today's shape.

        Raises:
            UnknownType: this build does not know the type, only an older version of it, or a value in it.
        """
        known = self.events.get(type_)
        if known is None or v > known.spec.v:
            raise UnknownType(type_, v)
        try:
            if v == known.spec.v:
                return _decoder(known.spec.cls).decode(body)
            plain = msgspec.json.decode(body)
            for step in range(v, known.spec.v):
                plain = known.spec.upcasts[step](plain)
            return msgspec.convert(plain, known.spec.cls)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            # A newer server has widened a choice or a bound without a new version: newer all the same.
            raise UnknownType(type_, v) from None

    def evolve(self, view: View, event: Any, record: Record) -> Any:
        """The state after one event. Never refuses. The record's times are taken by the clock as it stood before it."""
        part = self.events[self.event_names[type(event)]].slice
        before = getattr(view, part.name)
        after = part.evolve(before, event, record if part.keeps_clock else self.timed(view, record))
        if after is before:
            return view
        return msgspec.structs.replace(view, **{part.name: after})

    def evolve_run(self, view: View, run: Sequence[tuple[Any, Record]]) -> Any:
        """The state after a run of events of one slice: the same as after ``evolve`` of each in turn."""
        part = self.events[self.event_names[type(run[0][0])]].slice if run else None
        if part is None or part.evolve_run is None or part.keeps_clock or len(run) == 1:
            for event, record in run:
                view = self.evolve(view, event, record)
            return view
        # the clock stands in another slice, so it stands still while these are folded
        timed = [(event, self.timed(view, record)) for event, record in run]
        before = getattr(view, part.name)
        after = part.evolve_run(before, timed)
        return view if after is before else msgspec.structs.replace(view, **{part.name: after})

    def apply(self, view: View, record: Record) -> Any:
        """The state after one stored record.

        Raises:
            UnknownType: see ``read_event``.
        """
        return self.evolve(view, self.read_event(record.type, record.v, record.body), record)

    def fold(self, records: Iterable[Record], view: View | None = None) -> Any:
        """The state after many records."""
        state = self._initial if view is None else view
        for record in records:
            state = self.apply(state, record)
        return state

    def describe(self, event: Any) -> tuple[str, int]:
        """Type name and version of an event, as they stand in its record."""
        name = self.event_names[type(event)]
        return name, self.events[name].spec.v

    def claims(self, event: Any) -> tuple[tuple[Claim, ...], tuple[str, ...]]:
        """What an event claims and what it releases, across all streams."""
        part = self.events[self.event_names[type(event)]].slice
        return part.claims(event), part.releases(event)

    def unheld(self, event: Any) -> tuple[str, ...]:
        """The claim keys that no other stream may hold while this event is written."""
        return self.events[self.event_names[type(event)]].slice.unheld(event)

    def yields(self, event: Any) -> tuple[str, ...]:
        """The claim keys that no other stream may hold, or else this event is left out."""
        return self.events[self.event_names[type(event)]].slice.yields(event)

    # -- whole states ---------------------------------------------------------------------------------------

    def snapshot(self, view: View) -> tuple[SlicePart, ...]:
        """A state as bytes, slice by slice. Equal states give equal bytes."""
        return tuple(
            SlicePart(part.name, part.state_v, _ENCODE.encode(getattr(view, part.name)))
            for part in self.slices
        )

    def restore(self, parts: Iterable[SlicePart]) -> Any | None:
        """The state of a snapshot, or None when a slice is damaged or has a shape this build does not know."""
        found: dict[str, Any] = {}
        for piece in parts:
            part = self.by_name.get(piece.name)
            if part is None or part.state_v != piece.state_v:
                return None
            try:
                found[piece.name] = msgspec.json.decode(piece.body, type=part.state)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                return None
        if set(found) != set(self.by_name):
            return None
        return self.state_type(**found)

    def state_versions(self) -> dict[str, int]:
        """The shape versions of every slice, for asking a server for a snapshot."""
        return {part.name: part.state_v for part in self.slices}

    def digest(self, view: View) -> str:
        """One hash over a whole state: equal in every room that has seen the same records."""
        sha = hashlib.sha256()
        for piece in self.snapshot(view):
            sha.update(piece.name.encode() + b"\0" + piece.body + b"\0")
        return sha.hexdigest()

    def due(self, view: View, now: int) -> tuple[Due, ...]:
        """What time alone brings, over all slices, earliest first; ``now`` and their times are the stream's own."""
        found = [due for part in self.slices for due in part.due(getattr(view, part.name), now)]
        return tuple(sorted(found, key=lambda due: (due.at, due.key)))

    def addressed(self, view: View, agency: str, now: int | None = None) -> tuple[str, ...]:
        """Subjects that still ask this agency for a receipt; what is over ``now`` (the stream's own) asks no more."""
        found: list[str] = []
        for part in self.slices:
            state = getattr(view, part.name)
            sent = part.addressed(state, agency)
            late = part.lapsed(state, now) if sent and now is not None else ()
            found += [subject for subject in sent if subject not in late]
        return tuple(found)

    def invariants(self, view: View) -> tuple[str, ...]:
        """Sentences about what must never be true and is; empty when all is well."""
        return tuple(line for part in self.slices for line in part.invariants(view))

    def names(self, view: View) -> Names:
        """Words for keys, as of this state."""
        return Names(view, self.labels)

    def sentence(self, record: Record, names: Names) -> Line:
        """A record as a line of the log. An unknown type says so instead of vanishing."""
        try:
            event = self.read_event(record.type, record.v, record.body)
        except UnknownType:
            return Line("An entry of a newer kind: update this client to read it.", "act")
        line = self.events[record.type].slice.sentence(event, self.timed(names.view, record), names)
        if len(line.text) <= LINE_MAX:
            return line
        return msgspec.structs.replace(line, text=f"{line.text[: LINE_MAX - 1]}…")


class Models(Protocol):
    """What a shell needs to know of streams: which rules a name means. ``incident.state`` offers it."""

    def of(self, stream: str) -> Model | None:
        """The rules of a stream, by its name; None when the name is of no known kind."""
        ...

    def parent(self, stream: str) -> str | None:
        """The stream whose parties may see this one at all, or None when it stands alone."""
        ...

    def agency(self, stream: str) -> str | None:
        """The one agency a stream belongs to, or None when it is shared."""
        ...

    def acts(
        self, stream: str, view_of: Callable[[str], View | None], now: int, manned: frozenset[str]
    ) -> tuple[Act, ...]:
        """What automation would do now because of this stream: asked again and again, it answers what is still to do.

        ``view_of`` is the state of any stream, None when it does not exist. ``now`` is the server's time (UTC ms).
        ``manned`` are the agencies of which a person is connected: for them nobody else acts.
        """
        ...


_FIELD = re.compile(r"`\$\.([a-z_]+)[^`]*`$")
_LONGEST = re.compile(r"`str` of length <= (\d+)")


def _shape_sentence(type_: str, error: msgspec.ValidationError) -> str:
    """What is wrong with the shape of a command. Too much and too little are what people meet."""
    said = str(error)
    field = _FIELD.search(said)
    if field and ("length >= 1 " in said or r"matching regex '\\S'" in said):
        return f"The {field[1].replace('_', ' ')} must not be blank."
    if field and (bound := _LONGEST.search(said)):
        return f"The {field[1].replace('_', ' ')} may have {int(bound[1]):,} characters; this is longer."
    return f"{type_} is not well formed: {brief(error)}."


def subset(mapping: Mapping[str, Any], keys: Iterable[str]) -> dict[str, Any]:
    """Those entries whose keys are named, in the order named."""
    return {key: mapping[key] for key in keys if key in mapping}
