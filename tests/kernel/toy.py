"""A toy model for the tests of the kernel: a shelf of books, and a pad of notes beside it.

Placing is an observation, taking is a claim across all shelves, renaming is a state machine with a version. The
event Placed has had two shapes. `OLDER` is the same model in a build that knows no Renamed and no second shape.
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from incident.kernel.ledger import Ledger, Proposal
from incident.kernel.model import Model
from incident.kernel.protocol import Submit
from incident.kernel.record import Record, encode_body
from incident.kernel.slice import (
    Actor,
    Claim,
    CommandSpec,
    Conflict,
    Context,
    Due,
    EventSpec,
    Line,
    Names,
    Offline,
    Refusal,
    Slice,
)

SHELF = "shelf/one"
OTHER = "shelf/two"
T0 = 1_795_269_600_000
SALT = "5a" * 16

ANN = Actor("Ann", "LAS", "clerk")
BEN = Actor("Ben", "SCAS", "clerk")
EVE = Actor("Eve", "EVIL", "stranger")

Key = Annotated[str, Meta(min_length=1, max_length=20)]
Title = Annotated[str, Meta(max_length=60)]


class Book(msgspec.Struct, frozen=True):
    title: str
    owner: str
    version: str
    holder: str = ""


class Shelf(msgspec.Struct, frozen=True):
    books: dict[str, Book] = {}


class Pad(msgspec.Struct, frozen=True):
    lines: tuple[str, ...] = ()


class Placed(msgspec.Struct, frozen=True):
    key: str
    title: str


class PlacedOnce(msgspec.Struct, frozen=True):
    """The first shape of Placed."""

    key: str
    name: str


class Taken(msgspec.Struct, frozen=True):
    key: str


class Returned(msgspec.Struct, frozen=True):
    key: str


class Renamed(msgspec.Struct, frozen=True):
    key: str
    title: str


class Jotted(msgspec.Struct, frozen=True):
    text: str


class Place(msgspec.Struct, frozen=True):
    key: Key
    title: Title


class Take(msgspec.Struct, frozen=True):
    key: Key


class Return(msgspec.Struct, frozen=True):
    key: Key


class Rename(msgspec.Struct, frozen=True):
    key: Key
    title: Title


class PlaceAll(msgspec.Struct, frozen=True):
    """Several books at once: one command, several events."""

    keys: Annotated[tuple[Key, ...], Meta(max_length=10)]


class Jot(msgspec.Struct, frozen=True):
    text: Annotated[str, Meta(max_length=200)]


class Wipe(msgspec.Struct, frozen=True):
    """Only while the link is up."""


def shelf_decide(view: Any, command: Any, ctx: Context) -> tuple[Any, ...] | Refusal:
    if isinstance(command, PlaceAll):
        return tuple(Placed(key, f"all {key}") for key in command.keys)
    book = view.shelf.books.get(command.key)
    match command:
        case Place():
            return (
                ()
                if book is not None and book.title == command.title
                else (Placed(command.key, command.title),)
            )
        case _ if book is None:
            return Refusal("no_book", "There is no such book.")
        case Take():
            if book.holder:
                return Refusal("taken", f"{book.holder} has it.", {"held_by": book.holder}, conflict=True)
            return (Taken(command.key),)
        case Return():
            return (Returned(command.key),) if book.holder == ctx.actor.agency else ()
        case _:
            if book.title == command.title:
                return ()
            if ctx.stale(command.key, book.version):
                return Refusal("changed", f"It is called {book.title} now.", conflict=True)
            return (Renamed(command.key, command.title),)


def shelf_evolve(state: Shelf, event: Any, record: Record) -> Shelf:
    if isinstance(event, Placed):
        book = Book(event.title, record.agency, record.command_id)
    else:
        before = state.books[event.key]  # a state that misses a record breaks here
        match event:
            case Taken():
                book = msgspec.structs.replace(before, holder=record.agency)
            case Returned():
                book = msgspec.structs.replace(before, holder="")
            case _:
                book = msgspec.structs.replace(before, title=event.title, version=record.command_id)
    return Shelf({**state.books, event.key: book})


def older_decide(view: Any, command: Any, ctx: Context) -> tuple[Any, ...] | Refusal:
    """The same in a build that writes the first shape."""
    events = shelf_decide(view, command, ctx)
    if isinstance(events, Refusal):
        return events
    return tuple(PlacedOnce(e.key, e.title) if isinstance(e, Placed) else e for e in events)


def older_evolve(state: Shelf, event: Any, record: Record) -> Shelf:
    return shelf_evolve(
        state, Placed(event.key, event.name) if isinstance(event, PlacedOnce) else event, record
    )


def shelf_sentence(event: Any, record: Record, names: Names) -> Line:
    return Line(f"{type(event).__name__.lower()} {names('shelf', event.key)}", "act")


def _version(state: Shelf, key: str) -> str:
    return state.books[key].version if key in state.books else ""


def _claims(event: Any) -> tuple[Claim, ...]:
    return (Claim(f"book/{event.key}", "desk", event.key),) if isinstance(event, Taken) else ()


def _releases(event: Any) -> tuple[str, ...]:
    return (f"book/{event.key}",) if isinstance(event, Returned) else ()


def _unheld(event: Any) -> tuple[str, ...]:
    """A book is not renamed while another shelf's reader has it."""
    return (f"book/{event.key}",) if isinstance(event, Renamed) else ()


def _whose(view: Any, command: Any) -> str:
    book = view.shelf.books.get(command.key)
    return "" if book is None else str(book.owner)


def _shelf(name: str = "shelf", *, older: bool = False) -> Slice:
    placed = EventSpec(PlacedOnce)
    if not older:
        placed = EventSpec(Placed, 2, {1: lambda body: {"key": body["key"], "title": body["name"].title()}})
    events = (placed, EventSpec(Taken), EventSpec(Returned), EventSpec(Renamed))
    return Slice(
        name=name,
        state=Shelf,
        events=events[:-1] if older else events,
        commands=(
            CommandSpec(Place, Conflict.APPEND, Offline.ALLOWED),
            CommandSpec(PlaceAll, Conflict.APPEND, Offline.ALLOWED),
            CommandSpec(Take, Conflict.CLAIM, Offline.REQUEST, keys=lambda command: (command.key,)),
            CommandSpec(Return, Conflict.STATE, Offline.QUEUED, keys=lambda command: (command.key,)),
            CommandSpec(
                Rename, Conflict.STATE, Offline.QUEUED, keys=lambda command: (command.key,), about=_whose
            ),
        ),
        decide=older_decide if older else shelf_decide,
        evolve=older_evolve if older else shelf_evolve,
        sentence=shelf_sentence,
        version=_version,
        label=lambda state, key: state.books[key].title if key in state.books else key,
        claims=_claims,
        releases=_releases,
        unheld=_unheld,
        due=lambda state, now: tuple(
            Due(T0 + 1000 * len(book.title), f"return/{key}", Return(key))
            for key, book in state.books.items()
            if book.holder
        ),
        addressed=lambda state, agency: tuple(
            f"shelf/{key}" for key, book in state.books.items() if book.owner != agency
        ),
        invariants=lambda view: tuple(
            f"{key} has no title" for key, book in view.shelf.books.items() if not book.title
        ),
    )


PAD = Slice(
    name="pad",
    state=Pad,
    events=(EventSpec(Jotted),),
    commands=(
        CommandSpec(Jot, Conflict.APPEND, Offline.ALLOWED),
        CommandSpec(Wipe, Conflict.MEMBERSHIP, Offline.REFUSED),
    ),
    decide=lambda _view, command, _ctx: (Jotted(command.text if isinstance(command, Jot) else "wiped"),),
    evolve=lambda state, event, _record: Pad((*state.lines, event.text)),
    sentence=lambda event, _record, _names: Line(event.text),
)


class State(msgspec.Struct, frozen=True):
    shelf: Shelf = Shelf()
    pad: Pad = Pad()


def permit(view: Any, ctx: Context, command: str, about: str) -> Refusal | None:
    if ctx.actor.role != "clerk":
        return Refusal("no_grant", f"Your role lacks {command}.", {"grant": command})
    if command == "shelf.rename" and about not in ("", ctx.actor.agency):
        return Refusal("no_grant", f"It belongs to {about}.", {"grant": command})
    return None


TOY = Model("toy", State, (_shelf(), PAD), permit, agencies=lambda _view: frozenset({"LAS", "SCAS"}))
OLDER = Model("older", State, (_shelf(older=True), PAD), permit)
BARE = Model("bare", State, (PAD,), permit)


def cid(n: int) -> str:
    """The id of the n-th command of a test."""
    return f"{n:08x}-0000-7000-8000-000000000000"


def submit(n: int, command: Any, *, view: Any = None, stream: str = SHELF, **more: Any) -> Submit:
    """The frame of a command whose author has seen `view` (nothing, when left out)."""
    base = {} if view is None else TOY.base_for(view, command)
    fields = {"base": base, "written_at": T0 + n, **more}
    return Submit(
        stream=stream, command_id=cid(n), type=TOY.name_of(command), body=encode_body(command), **fields
    )


def commit(ledger: Ledger, n: int, command: Any, actor: Actor = ANN, **more: Any) -> Proposal:
    """Propose and make durable; it must be taken."""
    frame = submit(n, command, view=ledger.tentative.state, stream=ledger.stream, **more)
    proposal = ledger.propose(actor, frame, T0 + 10 * n, SALT)
    assert isinstance(proposal, Proposal), proposal
    ledger.commit((proposal,))
    return proposal
