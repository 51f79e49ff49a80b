"""How the field speaks of a thing: columns, verbs and forms, as data.

The terminal client, the headless mode, reports, exports and the help all print from a Board. Nothing here
knows a widget. A cell is text and a tone; a tone is the name of a theme token, never a colour.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

TONES = ("ink", "dim", "strong", "accent", "alarm", "good", "caution", "p1", "p2", "p3", "dead")


@dataclass(frozen=True, slots=True)
class Cell:
    """What stands in one place of a board: words, and the tone that repeats (never replaces) their meaning."""

    text: str
    tone: str = "ink"


@dataclass(frozen=True, slots=True)
class Look:
    """What one seat sees at one moment: every stream it watches, who it is, and the time.

    ``state`` is the projected state of the incident. ``own`` is this agency's own part of it, ``registers`` the
    fleet registers watched, by agency. ``claims`` maps a claim key to who holds it, in words. ``now`` is UTC ms
    on the incident's clock, ``real`` the server's, which is another in an exercise that has been paused or
    hurried. ``unconfirmed`` holds the ids of this seat's commands that the server has not
    confirmed, each with its state word; ``wanted`` those that are claims (shown, but outside totals).
    """

    state: Any
    me: Any
    now: int
    stream: str = ""
    own: Any = None
    own_stream: str = ""
    shown: Mapping[str, Any] = field(default_factory=dict)
    """Parts of the incident that other agencies share with this one, by the name of the stream."""
    registers: Mapping[str, Any] = field(default_factory=dict)
    register_streams: Mapping[str, str] = field(default_factory=dict)
    claims: Mapping[str, str] = field(default_factory=dict)
    unconfirmed: Mapping[str, str] = field(default_factory=dict)
    wanted: frozenset[str] = frozenset()
    charter: Any = None
    present: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Who is connected now, by agency: the name of each seat. Nobody's is known while this room is cut off."""
    real: int = 0
    timed: Callable[[int], int] = lambda at: at
    """A moment of real time, such as a register's, by the incident's clock; itself where the two are one."""
    clock: Callable[[int], str] = str
    """Turns UTC ms into the short local time shown, e.g. 14:32."""
    gazetteer: Any = None
    """The names of places that this desk knows; nothing while they are being read."""
    offset_minutes: int = 0
    """Local time minus UTC, in minutes, for reading a clock time that a person typed."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a board. Lower ``priority`` stays longest when the terminal is narrow."""

    name: str
    title: str
    width: int
    cell: Callable[[Any, Look], Cell]
    priority: int = 5
    align: str = "left"
    grow: int = 0
    sort: Callable[[Any, Look], Any] | None = None


@dataclass(frozen=True, slots=True)
class Arg:
    """One thing a verb asks for.

    ``kind``: text, lines, word, choice, choices, agency, agencies, minutes, time, number, flag, location, place.
    A location is read as one, or refused; a place is text, and a form says beside it what it may mean.
    ``choices`` answers (value, words) pairs from what is seen. ``rest`` takes the rest of the command line.
    """

    name: str
    title: str
    kind: str = "text"
    required: bool = True
    choices: Callable[[Look, Any], Sequence[tuple[str, str]]] | None = None
    default: Callable[[Look, Any], str] | None = None
    help: str = ""
    rest: bool = False
    limit: int = 500
    hidden: bool = False
    """Not asked for: the form fills it in from its default and shows nothing of it."""
    shape: str = ""
    """A pattern that a word of a command line must fit to be this answer; another is left for those behind it."""
    also: Mapping[str, str] = field(default_factory=dict)
    """Other words for a choice, in small letters, each with the value that it means."""


@dataclass(frozen=True, slots=True)
class Verb:
    """One thing a person can do to a row (or, with ``row`` False, to the incident).

    ``build`` makes the command from the row (or None) and the answers by argument name; it may raise ValueError
    with a plain sentence. ``word`` opens its line on the command line, ``key`` its key on the board, and
    ``aliases`` are further words. ``stream`` answers where the command goes ("" is the incident itself).
    ``applies`` says whether it makes sense for this row now; permission is asked elsewhere.
    """

    name: str
    title: str
    word: str
    command: type
    build: Callable[[Any, Mapping[str, Any], Look], Any]
    key: str = ""
    args: tuple[Arg, ...] = ()
    row: bool = True
    aliases: tuple[str, ...] = ()
    applies: Callable[[Any, Look], bool] = lambda _row, _look: True
    instead: Callable[[Any, Look], str] = lambda _row, _look: ""
    """Where it does not apply: the sentence that says why, and what to do instead; "" where that needs no words."""
    stream: Callable[[Any, Look], str] = lambda _row, look: look.stream
    into: Callable[[Any, Mapping[str, Any], Look], str] | None = None
    """Where the command goes when an answer decides that, instead of ``stream``; may raise ValueError as ``build``."""
    read_first: bool = False
    """Its form is put up and read before it is done, even where nothing need be asked: it signs what stands there."""
    confirm: bool = False
    """Two keys: only for declare, stand down, release and a change of lead."""
    against: Callable[[Any, Mapping[str, Any], Look], Sequence[str]] = lambda _row, _values, _look: ()
    """Sentences for the question before the second key: what stands against it, though nothing forbids it."""
    quick: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """One further letter that answers the form: ``s`` then ``m`` is mobile. Letter -> answers by argument."""
    example: str = ""
    help: str = ""

    def not_now(self, row: Any, look: Look, what: str = "") -> str:
        """The sentence for who asks for it where it does not apply. ``what`` is the row, in words."""
        return self.instead(row, look) or f"{self.title} does not apply{f' to {what}' if what else ''} now."


@dataclass(frozen=True, slots=True)
class Board:
    """A list of like things, as the field speaks of them.

    ``rows`` answers an ordered mapping key -> frozen row; a row that did not change is the same object.
    ``detail`` answers (title, value) pairs. ``find`` is what the filter looks through, lower case.
    ``named`` finds a row by what a person types (a callsign, LAS-T14), for the command line.
    ``version`` answers the id of the command that last changed a row, from which its state word follows.
    """

    name: str
    title: str
    digit: str
    rows: Callable[[Look], Mapping[str, Any]]
    columns: tuple[Column, ...]
    verbs: tuple[Verb, ...]
    detail: Callable[[Any, Look], Sequence[tuple[str, Cell]]]
    find: Callable[[Any, Look], str]
    named: Callable[[str, Look], str | None]
    version: Callable[[Any], str] = lambda _row: ""
    order: Callable[[Any, Look], Any] | None = None
    count: Callable[[Look], int] | None = None
    alarm: Callable[[Look], int] | None = None
    noun: str = "row"
    empty: str = "Nothing here yet."
