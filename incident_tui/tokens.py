"""The words of a command line: quoted ones are one word, and so is a grid reference."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from incident.kernel.board import Arg


@dataclass(frozen=True, slots=True)
class Token:
    """One word of a line, where it stands in it, whether it was quoted, and whether it is a grid reference."""

    text: str
    start: int
    quoted: bool = False
    grid: bool = False


_TOKEN = re.compile(r'([a-z_]+=)"([^"]*)"?|"([^"]*)"?|“([^”]*)”?|([^\s"“]\S*)')


def tokens_of(line: str) -> tuple[Token, ...]:
    """The words of a line; what stands in double quotes is one word, with or without the closing one."""
    tokens = []
    for found in _TOKEN.finditer(line):
        name, given, *words = found.groups()
        text = name + given if name is not None else next(part for part in words if part is not None)
        tokens.append(Token(text, found.start(), quoted=name is None and words[-1] is None))
    return tuple(tokens)


_SQUARE = re.compile(r"[HJNOST][A-HJ-Z]", re.IGNORECASE)
_DIGITS = re.compile(r"\d{2,5}")
_IN_ONE = re.compile(r"\d{6,10}")


def with_grids(tokens: tuple[Token, ...]) -> tuple[Token, ...]:
    """A grid reference without quotes is one word: its northing must never be read as a radius or a time.

    Also one with a digit too few, which is refused then; and the letters with all the digits in one.
    """
    found: list[Token] = []
    at = 0
    while at < len(tokens):
        size = _grid_at(tokens[at : at + 3])
        some = tokens[at : at + size]
        whole = " ".join(token.text for token in some)
        found.append(Token(whole, some[0].start, quoted=True, grid=True) if size > 1 else tokens[at])
        at += size
    return tuple(found)


def by_shape(args: Sequence[Arg], tokens: tuple[Token, ...]) -> tuple[dict[str, str], tuple[Token, ...]]:
    """Answers of several words that nothing else looks like, wherever they stand: from SW, A via B via C.

    Such an argument's shape has a blank in it. Answers the words of each, by its name, and what is left of the line.
    """
    found: dict[str, str] = {}
    for arg in args:
        if " " not in arg.shape:
            continue
        shape = re.compile(rf"(?:{arg.shape})(?!\S)", re.IGNORECASE)
        for start in range(len(tokens)):
            match = shape.match(" ".join(token.text for token in tokens[start:]))
            if match is not None:
                length = len(match[0])
                end = start
                while length > 0 and end < len(tokens):
                    length -= len(tokens[end].text) + 1
                    end += 1
                found[arg.name] = match[0]
                tokens = (*tokens[:start], *tokens[end:])
                break
    return found, tokens


def one_word(tokens: tuple[Token, ...], words: Collection[str]) -> tuple[Token, ...]:
    """The line with its first two words as one, where they make a word that there is: cover ask is cover-ask."""
    if len(tokens) < 2 or tokens[0].quoted or tokens[1].quoted:
        return tokens
    both = f"{tokens[0].text}-{tokens[1].text}".casefold()
    return (Token(both, tokens[0].start), *tokens[2:]) if both in words else tokens


LOGGED: Final = frozenset({"log", "ownlog"})
"""Words that open an entry of the log, before whose text a time of day is the time it happened."""

CLOCK = re.compile(r"\d{1,2}:\d{2}(?::\d{2})?")


def time_first(tokens: tuple[Token, ...]) -> tuple[Token, ...]:
    """`log 14:05 first crew` means `14:05 log first crew`: the time of an entry, as the composer reads it."""
    logged = len(tokens) > 2 and tokens[0].text.casefold() in LOGGED and not tokens[1].quoted
    if logged and CLOCK.fullmatch(tokens[1].text):
        return (tokens[1], tokens[0], *tokens[2:])
    return tokens


def _grid_at(some: tuple[Token, ...]) -> int:
    """How many of these words are one grid reference; 1 when they are none."""
    letters, *digits = (token.text for token in some)
    if any(token.quoted for token in some[:2]) or not _SQUARE.fullmatch(letters):
        return 1
    first, second = (*digits, "", "")[:2]
    two = (
        len(some) > 2 and not some[2].quoted and bool(_DIGITS.fullmatch(first) and _DIGITS.fullmatch(second))
    )
    if two and (len(first) == len(second) or (letters.isupper() and min(len(first), len(second)) > 2)):
        return 3
    return 2 if _IN_ONE.fullmatch(first) and len(first) % 2 == 0 else 1
