"""A small model for tests of the server, which is blind: notes on a board, for its parties, and things held.

``board/<id>`` is shared by its parties, ``board/<id>/own/<AGENCY>`` is one agency's, ``shelf/<AGENCY>`` is an
agency's standing one, told of what is held.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from incident.kernel.model import Model
from incident.kernel.slice import (
    Act,
    Claim,
    CommandSpec,
    Conflict,
    Context,
    Due,
    EventSpec,
    Line,
    Offline,
    Refusal,
    Slice,
)


class Notes(msgspec.Struct, frozen=True):
    opened: bool = False
    parties: tuple[str, ...] = ()
    notes: dict[str, str] = {}
    versions: dict[str, str] = {}
    held: tuple[str, ...] = ()
    alarm_at: int | None = None
    rung: int = 0


class Opened(msgspec.Struct, frozen=True):
    parties: tuple[str, ...]


class Written(msgspec.Struct, frozen=True):
    key: str
    text: str


class Took(msgspec.Struct, frozen=True):
    thing: str
    agency: str


class Gave(msgspec.Struct, frozen=True):
    thing: str


class Ousted(msgspec.Struct, frozen=True):
    agency: str


class AlarmSet(msgspec.Struct, frozen=True):
    at: int


class Rung(msgspec.Struct, frozen=True):
    at: int


class Open(msgspec.Struct, frozen=True):
    parties: tuple[str, ...]


class Write(msgspec.Struct, frozen=True):
    text: Annotated[str, Meta(max_length=40_000)]
    key: str = ""
    parts: Annotated[int, Meta(ge=1, le=20)] = 1


class Take(msgspec.Struct, frozen=True):
    thing: str


class Give(msgspec.Struct, frozen=True):
    thing: str


class Oust(msgspec.Struct, frozen=True):
    agency: str


class SetAlarm(msgspec.Struct, frozen=True):
    at: int


class Ring(msgspec.Struct, frozen=True):
    pass


def decide(view: Any, command: Any, ctx: Context) -> tuple[Any, ...] | Refusal:
    state: Notes = view.notes
    if (
        not isinstance(command, Open)
        and not state.opened
        and ctx.stream.startswith("board/")
        and "/own/" not in ctx.stream
    ):
        return Refusal("not_open", "This board has not been opened.")
    match command:
        case Open():
            return () if state.opened else (Opened(command.parties),)
        case Write():
            if command.key and ctx.stale(command.key, state.versions.get(command.key, "")):
                return Refusal("stale", "Somebody was first.", {"key": command.key}, conflict=True)
            keys = [command.key or ctx.command_id + f"/{n}" for n in range(command.parts)]
            return tuple(Written(key, command.text) for key in keys)
        case Take():
            return (Took(command.thing, ctx.actor.agency),)
        case Give():
            return (Gave(command.thing),) if command.thing in state.held else ()
        case Oust():
            return (Ousted(command.agency),)
        case SetAlarm():
            return (AlarmSet(command.at),)
        case _:
            return (Rung(ctx.now),)


def evolve(state: Notes, event: Any, record: Any) -> Notes:
    change = msgspec.structs.replace
    match event:
        case Opened():
            return change(state, opened=True, parties=event.parties)
        case Written():
            return change(
                state,
                notes={**state.notes, event.key: event.text},
                versions={**state.versions, event.key: record.command_id},
            )
        case Took():
            return change(state, held=(*state.held, event.thing))
        case Gave():
            return change(state, held=tuple(thing for thing in state.held if thing != event.thing))
        case Ousted():
            return change(state, parties=tuple(party for party in state.parties if party != event.agency))
        case AlarmSet():
            return change(state, alarm_at=event.at)
        case _:
            return change(state, alarm_at=None, rung=state.rung + 1)


def _due(state: Notes, now: int) -> tuple[Due, ...]:
    return () if state.alarm_at is None else (Due(state.alarm_at, f"ring {state.alarm_at}", Ring()),)


SLICE = Slice(
    name="notes",
    state=Notes,
    events=tuple(EventSpec(cls) for cls in (Opened, Written, Took, Gave, Ousted, AlarmSet, Rung)),
    commands=(
        CommandSpec(Open, Conflict.MEMBERSHIP, Offline.ALLOWED),
        CommandSpec(Write, Conflict.APPEND, Offline.ALLOWED, keys=lambda command: (command.key,)),
        CommandSpec(Take, Conflict.CLAIM, Offline.REQUEST),
        CommandSpec(Give, Conflict.CLAIM, Offline.QUEUED),
        CommandSpec(Oust, Conflict.MEMBERSHIP, Offline.REFUSED),
        CommandSpec(SetAlarm, Conflict.FIELD, Offline.QUEUED),
        CommandSpec(Ring, Conflict.APPEND, Offline.REFUSED),
    ),
    decide=decide,
    evolve=evolve,
    sentence=lambda event, _record, _names: Line(type(event).__name__),
    version=lambda state, key: state.versions.get(key, ""),
    claims=lambda event: (
        (Claim(f"thing/{event.thing}", f"shelf/{event.agency}", event.thing),)
        if isinstance(event, Took)
        else ()
    ),
    releases=lambda event: (f"thing/{event.thing}",) if isinstance(event, Gave) else (),
    due=_due,
)


class State(msgspec.Struct, frozen=True):
    notes: Notes = Notes()


def _may_watch(view: State, actor: Any) -> Refusal | None:
    if view.notes.opened and actor.agency in view.notes.parties:
        return None
    return Refusal("not_party", "There is no such board.")


def _permit(view: Any, ctx: Context, command: str, about: str) -> Refusal | None:
    if ctx.actor.role == "reader":
        return Refusal("no_grant", "The role reader may not do this.", {"grant": command, "role": "reader"})
    return None


BOARD = Model(
    "board",
    State,
    (SLICE,),
    _permit,
    summary=lambda view: {"parties": list(view.notes.parties), "notes": len(view.notes.notes)},
    may_watch=_may_watch,
    agencies=lambda view: frozenset(view.notes.parties),
)
PRIVATE = Model("private", State, (SLICE,), _permit)

_BOARD = re.compile(r"board/[a-z0-9-]+")
_OWN = re.compile(r"(board/[a-z0-9-]+)/own/([A-Z]+)")
_SHELF = re.compile(r"shelf/([A-Z]+)")


class Toys:
    """What a stream's name means in these tests."""

    def of(self, stream: str) -> Model | None:
        if _BOARD.fullmatch(stream):
            return BOARD
        return PRIVATE if _OWN.fullmatch(stream) or _SHELF.fullmatch(stream) else None

    def parent(self, stream: str) -> str | None:
        found = _OWN.fullmatch(stream)
        return found[1] if found else None

    def agency(self, stream: str) -> str | None:
        found = _OWN.fullmatch(stream)
        if found:
            return found[2]
        shelf = _SHELF.fullmatch(stream)
        return shelf[1] if shelf else None

    def acts(self, stream: str, view_of: Any, now: int, manned: frozenset[str]) -> tuple[Act, ...]:
        return self.scripted(stream, view_of, manned)

    scripted: Callable[[str, Any, frozenset[str]], tuple[Act, ...]] = staticmethod(lambda *_: ())


TOYS = Toys()
