"""Validation of marked trees: every problem of a file at once, each with its file, line and a plain sentence.

A reader outside this package turns a file into a tree in which every key and scalar knows its line
(`Marked`). A description, made of the small functions below, says what the tree must hold:

    SERVER = record({
        "host": optional(text(200), "127.0.0.1"),
        "port": required(integer(1, 65_535)),
        "heartbeat": optional(duration(0.1, 60), 2.0),
    }, into=ServerSettings)
    settings = validate(tree, SERVER)      # a ServerSettings, or ConfigError with all problems

What comes out is plain data or an instance of the given type. `incident.kernel.tables` does the same for CSV.
"""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from copy import copy
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final, Generic, TypeAlias, TypeVar, overload

from incident.kernel.text import clip, safe_text, text_flaw

T = TypeVar("T")
U = TypeVar("U")
T_co = TypeVar("T_co", covariant=True)

# --- the marked tree ---


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in a file; lines count from 1, and line 0 means the file as a whole."""

    file: str
    line: int


@dataclass(frozen=True, slots=True)
class MarkedScalar:
    """One value: `value` as the file format understands it, `text` as it was written."""

    mark: Mark
    value: str | int | float | bool | None
    text: str


@dataclass(frozen=True, slots=True)
class MarkedList:
    """A sequence."""

    mark: Mark
    items: tuple[Marked, ...]


@dataclass(frozen=True, slots=True)
class MarkedMap:
    """A mapping, with its entries in the order of the file, repeated keys included."""

    mark: Mark
    entries: tuple[tuple[MarkedScalar, Marked], ...]


Marked: TypeAlias = MarkedScalar | MarkedList | MarkedMap


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with a file.

    `path` is the place in the tree (`agencies[3].name`); `sentence` names it too, and stands alone.
    """

    file: str
    line: int
    path: str
    sentence: str

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" if self.line else self.file
        return f"{where}: {self.sentence}" if where else self.sentence


class ConfigError(Exception):
    """A file is not as described. `problems` holds everything that was found, in the order of the file."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__(self.problems)

    def __str__(self) -> str:
        return "\n".join(map(str, self.problems))


# --- the checkers ---


class Bad(Enum):
    """What a checker returns for a node with a problem; `None` is a lawful value."""

    BAD = "bad"


BAD: Final = Bad.BAD


@dataclass(frozen=True, slots=True)
class Check(Generic[T_co]):
    """A description of one node: `run(node, path, problems)` gives its plain value, or adds problems."""

    run: Callable[[Marked, str, list[Problem]], T_co | Bad]


@dataclass(frozen=True, slots=True)
class Field:
    """One key of a record."""

    check: Check[Any]
    needed: bool
    default: Any = None


def required(check: Check[Any]) -> Field:
    """A key that must be there."""
    return Field(check, needed=True)


def optional(check: Check[Any], default: Any = None) -> Field:
    """A key that may be left out; each record gets its own copy of `default`."""
    return Field(check, needed=False, default=default)


def problems_of(tree: Marked, description: Check[Any]) -> list[Problem]:
    """Everything wrong with the tree, in the order of the file; empty when it is as described."""
    problems: list[Problem] = []
    description.run(tree, "", problems)
    return sorted(problems, key=lambda problem: problem.line)


def validate(tree: Marked, description: Check[T]) -> T:
    """The tree as plain data. Raises `ConfigError` with all problems when it is not as described."""
    problems: list[Problem] = []
    value = description.run(tree, "", problems)
    if problems or value is BAD:
        raise ConfigError(sorted(problems, key=lambda problem: problem.line))
    return value


def _say(problems: list[Problem], node: Marked, path: str, sentence: str) -> Bad:
    """Add a problem; the sentence opens with the path."""
    named = f"'{path}'" if path else "the file"
    problems.append(Problem(node.mark.file, node.mark.line, path, f"{named} {sentence}"))
    return BAD


def _shown(node: Marked) -> str:
    """A node in a few harmless words, for a sentence."""
    if isinstance(node, MarkedMap):
        return "a group of keys"
    if isinstance(node, MarkedList):
        return "a list"
    return "nothing" if node.value is None else f"'{clip(safe_text(node.text), 40)}'"


def nearest(name: str, known: Iterable[str]) -> str:
    """The end of a sentence about an unknown name: "; did you mean 'port'?", or nothing."""
    near = difflib.get_close_matches(name.lower(), {word.lower(): word for word in known}, n=1, cutoff=0.6)
    return "" if not near else next(f"; did you mean '{word}'?" for word in known if word.lower() == near[0])


def _scalar(wanted: str, take: Callable[[MarkedScalar], T | Bad]) -> Check[T]:
    """A checker of one scalar: `take` gives the value, or BAD for "must be <wanted>, not <what is there>"."""

    def run(node: Marked, path: str, problems: list[Problem]) -> T | Bad:
        value = take(node) if isinstance(node, MarkedScalar) else BAD
        return _say(problems, node, path, f"must be {wanted}, not {_shown(node)}") if value is BAD else value

    return Check(run)


def text(limit: int = 200, *, lines: bool = False, empty: bool = False) -> Check[str]:
    """Text as it was written, of at most `limit` characters, without anything that acts on a terminal.

    A number or a word such as `yes` is taken as it stands. `lines` allows line breaks, `empty` empty text.
    """

    def run(node: Marked, path: str, problems: list[Problem]) -> str | Bad:
        if not isinstance(node, MarkedScalar) or node.value is None:
            return _say(problems, node, path, f"must be text, not {_shown(node)}")
        if (flaw := text_flaw(node.text, limit=limit, lines=lines)) is not None:
            return _say(problems, node, path, flaw)
        if not empty and not node.text.strip():
            return _say(problems, node, path, "must not be empty")
        return node.text

    return Check(run)


def _range(lo: float | None, hi: float | None, unit: str = "") -> str:
    """The words for a range, with a space in front; nothing when it is open."""
    if lo is not None and hi is not None:
        return f" from {lo:,}{unit} to {hi:,}{unit}"
    if lo is not None:
        return f" of {lo:,}{unit} or more"
    return f" of {hi:,}{unit} or less" if hi is not None else ""


def _inside(value: float, lo: float | None, hi: float | None) -> bool:
    return math.isfinite(value) and (lo is None or value >= lo) and (hi is None or value <= hi)


def integer(lo: int | None = None, hi: int | None = None) -> Check[int]:
    """A whole number in a range, both ends included."""

    def take(node: MarkedScalar) -> int | Bad:
        value = node.value
        if isinstance(value, bool) or not isinstance(value, int) or not _inside(value, lo, hi):
            return BAD
        return value

    return _scalar(f"a whole number{_range(lo, hi)}", take)


def number(lo: float | None = None, hi: float | None = None) -> Check[float]:
    """A number in a range, both ends included; never infinite, never NaN."""

    def take(node: MarkedScalar) -> float | Bad:
        value = node.value
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not _inside(value, lo, hi):
            return BAD
        return float(value)

    return _scalar(f"a number{_range(lo, hi)}", take)


def boolean() -> Check[bool]:
    """Either true or false; the words yes, no, on and off are refused, since they may be meant as text."""
    return _scalar("true or false", lambda node: node.value if isinstance(node.value, bool) else BAD)


_UNITS: Final = {
    **dict.fromkeys(("ms", "millisecond", "milliseconds"), 0.001),
    **dict.fromkeys(("s", "sec", "second", "seconds"), 1.0),
    **dict.fromkeys(("m", "min", "minute", "minutes"), 60.0),
    **dict.fromkeys(("h", "hour", "hours"), 3600.0),
    **dict.fromkeys(("d", "day", "days"), 86400.0),
}
_DURATION_CHARS_MAX: Final = 60
_DURATION = re.compile(r"(?:\s*\d{1,9}(?:\.\d{1,6})?\s*[a-z]+)+\s*", re.ASCII)
_DURATION_PART = re.compile(r"(\d+(?:\.\d+)?)\s*([a-z]+)", re.ASCII)


def seconds_of(written: str) -> float | None:
    """The seconds of '90 s', '500 ms', '1 h 30 min' or '2 days'; None when it is not a duration."""
    lowered = written.lower()
    if len(written) > _DURATION_CHARS_MAX or _DURATION.fullmatch(lowered) is None:
        return None
    total = 0.0
    for amount, unit in _DURATION_PART.findall(lowered):
        if unit not in _UNITS:
            return None
        total += float(amount) * _UNITS[unit]
    return total


def duration(lo: float | None = None, hi: float | None = None) -> Check[float]:
    """A length of time with its unit, as seconds; the range is in seconds too. A bare number is refused."""

    def take(node: MarkedScalar) -> float | Bad:
        seconds = seconds_of(node.text)
        return BAD if seconds is None or not _inside(seconds, lo, hi) else seconds

    return _scalar(f"a duration such as '30 s' or '1 h 30 min'{_range(lo, hi, ' s')}", take)


CHOICES_SHOWN: Final = 12


def choice(*words: str) -> Check[str]:
    """One of the given words, exactly as written."""

    def run(node: Marked, path: str, problems: list[Problem]) -> str | Bad:
        if isinstance(node, MarkedScalar) and node.text in words and node.value is not None:
            return node.text
        hint = nearest(node.text, words) if isinstance(node, MarkedScalar) else ""
        few = ", ".join((*words[:CHOICES_SHOWN], "...") if len(words) > CHOICES_SHOWN else words)
        return _say(problems, node, path, f"must be one of {few}, not {_shown(node)}{hint}")

    return Check(run)


def nothing_or(check: Check[T]) -> Check[T | None]:
    """What `check` describes, or an empty value (None)."""

    def run(node: Marked, path: str, problems: list[Problem]) -> T | Bad | None:
        if isinstance(node, MarkedScalar) and node.value is None:
            return None
        return check.run(node, path, problems)

    return Check(run)


def parsed(check: Check[T], parse: Callable[[T], U]) -> Check[U]:
    """What `check` describes, turned by `parse` into a value of the domain.

    A ValueError of `parse` is a problem; its words follow the name of the key: "is no grid reference".
    """

    def run(node: Marked, path: str, problems: list[Problem]) -> U | Bad:
        value = check.run(node, path, problems)
        if value is BAD:
            return BAD
        try:
            return parse(value)
        except ValueError as error:
            return _say(problems, node, path, clip(safe_text(str(error)), 200))

    return Check(run)


def sequence(
    of: Check[T], lo: int = 0, hi: int = 10_000, *, unique: Callable[[T], object] | None = None
) -> Check[list[T]]:
    """A list of `lo` to `hi` items; with `unique`, no two items may have the same key."""

    def run(node: Marked, path: str, problems: list[Problem]) -> list[T] | Bad:
        if not isinstance(node, MarkedList):
            return _say(problems, node, path, f"must be a list, not {_shown(node)}")
        if not lo <= len(node.items) <= hi:
            return _say(problems, node, path, f"must have {lo:,} to {hi:,} items, not {len(node.items):,}")
        values: list[T] = []
        seen: dict[object, int] = {}
        for index, item in enumerate(node.items):
            value = of.run(item, f"{path}[{index}]", problems)
            if isinstance(value, Bad):
                continue
            values.append(value)
            if unique is not None and (first := seen.setdefault(unique(value), index)) != index:
                line = node.items[first].mark.line
                _say(problems, item, f"{path}[{index}]", f"repeats the item of line {line}")
        return values

    return Check(run)


def _entries(
    node: MarkedMap, path: str, problems: list[Problem]
) -> Iterator[tuple[MarkedScalar, Marked, str]]:
    """The entries of a mapping with their paths; says so and skips when a key is repeated."""
    seen: dict[str, int] = {}
    for key, value in node.entries:
        part = clip(safe_text(key.text), 60)
        inner = f"{path}.{part}" if path else part
        if key.text in seen:
            _say(problems, key, inner, f"is given twice; the first is on line {seen[key.text]}")
            continue
        seen[key.text] = key.mark.line
        yield key, value, inner


def mapping(
    of: Check[T], *, keys: Check[str] | None = None, lo: int = 0, hi: int = 10_000
) -> Check[dict[str, T]]:
    """A mapping with free keys and like values; `keys` describes the keys, which are short text otherwise."""
    key_check = keys or text(80)

    def run(node: Marked, path: str, problems: list[Problem]) -> dict[str, T] | Bad:
        if not isinstance(node, MarkedMap):
            return _say(problems, node, path, f"must be a group of keys, not {_shown(node)}")
        if not lo <= len(node.entries) <= hi:
            return _say(problems, node, path, f"must have {lo:,} to {hi:,} keys, not {len(node.entries):,}")
        values: dict[str, T] = {}
        for key, inner, inner_path in _entries(node, path, problems):
            name = key_check.run(key, inner_path, problems)
            value = of.run(inner, inner_path, problems)
            if not isinstance(name, Bad) and not isinstance(value, Bad):
                values[name] = value
        return values

    return Check(run)


@overload
def record(fields: Mapping[str, Field], *, foreign: bool = False) -> Check[dict[str, Any]]: ...
@overload
def record(fields: Mapping[str, Field], into: Callable[..., T], *, foreign: bool = False) -> Check[T]: ...
def record(
    fields: Mapping[str, Field], into: Callable[..., Any] = dict, *, foreign: bool = False
) -> Check[Any]:
    """A mapping with known keys, given to `into` by keyword (a dict when left out).

    With `foreign`, keys that are not known are passed over, as a format of others may ask. A ValueError or
    TypeError of `into` (a struct's own rule about several keys) is a problem of the record.
    """

    def run(node: Marked, path: str, problems: list[Problem]) -> Any:
        if not isinstance(node, MarkedMap):
            return _say(problems, node, path, f"must be a group of keys, not {_shown(node)}")
        before = len(problems)
        values = _fields(node, path, fields, problems, foreign=foreign)
        if len(problems) > before:
            return BAD
        try:
            return into(**values)
        except (ValueError, TypeError) as error:
            return _say(problems, node, path, clip(safe_text(f"is not accepted: {error}"), 200))

    return Check(run)


def _fields(
    node: MarkedMap, path: str, fields: Mapping[str, Field], problems: list[Problem], *, foreign: bool
) -> dict[str, Any]:
    """The values of a record's keys, with defaults; says what is unknown, wrong or missing."""
    values: dict[str, Any] = {}
    present: set[str] = set()
    for key, inner, inner_path in _entries(node, path, problems):
        present.add(key.text)
        if (field := fields.get(key.text)) is None and foreign:
            continue
        if field is None:
            missing = [name for name in fields if name not in present]
            _say(problems, key, inner_path, f"is not a known key{nearest(key.text, missing or fields)}")
        else:
            values[key.text] = field.check.run(inner, inner_path, problems)
    for name, field in fields.items():
        if name not in present and field.needed:
            _say(problems, node, f"{path}.{name}" if path else name, "is missing")
        elif name not in present:
            values[name] = copy(field.default)
    return values
