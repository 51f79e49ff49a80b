"""The words of a command line: quoted ones are one word, and so is a grid reference."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Token:
    """One word of a line, where it stands in it, and whether it was quoted."""

    text: str
    start: int
    quoted: bool = False


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


def with_grids(tokens: tuple[Token, ...]) -> tuple[Token, ...]:
    """A grid reference without quotes is one word: its northing must never be read as a radius or a time."""
    found: list[Token] = []
    at = 0
    while at < len(tokens):
        some = tokens[at : at + 3]
        parts = [token.text for token in some]
        whole = (
            len(some) == 3
            and not any(token.quoted for token in some)
            and _SQUARE.fullmatch(parts[0])
            and all(_DIGITS.fullmatch(part) for part in parts[1:])
            and len(parts[1]) == len(parts[2])
        )
        found.append(Token(" ".join(parts), some[0].start, quoted=True) if whole else tokens[at])
        at += 3 if whole else 1
    return tuple(found)
