"""Ordnance Survey grid references as people write them: 4 to 10 digits, with spaces or without, among words."""

from __future__ import annotations

import re
from typing import Final

from incident.values import read_grid

EXAMPLE: Final = "TQ 0402 7829"
DIGITS: Final = (4, 6, 8, 10)

_LETTERS: Final = "ABCDEFGHJKLMNOPQRSTUVWXYZ"
_ALONE = re.compile(r"(?P<letters>[A-Za-z]{2})[ ,.:-]*(?P<digits>[0-9][0-9 ,.-]*)", re.ASCII)
_AMONG = re.compile(
    r"(?<![\w/])(?P<letters>[A-Za-z]{2}) ?(?P<east>[0-9]{2,5}) ?(?P<north>[0-9]{2,5})(?![\w/])", re.ASCII
)
_NUMBERED = re.compile(r"[0-9]{3,5} [0-9]{3,5}", re.ASCII)
_LABEL = re.compile(r"(?:at )?(?:grid|osgb|os|ngr|gr)(?: ref(?:erence)?)?\b[ :]*", re.IGNORECASE)


def is_square(letters: str) -> bool:
    """Whether two letters are a square of 100 km in which a place of Great Britain or its waters can lie."""
    first, second = letters[0].upper(), letters[1].upper()
    if first not in "HJNOST" or second not in _LETTERS:
        return False
    north, east = divmod(_LETTERS.index(second), 5)
    return (first not in "JOT" or east < 2) and (first not in "HJ" or north >= 2)


def square_m(grid: str) -> int:
    """The side of the square that a stored grid reference names, in metres: 10 for eight digits."""
    return int(10 ** (5 - len(grid.split()[1])))


def grid_in(line: str) -> tuple[str, str]:
    """The grid reference of a line in the form in which it is stored, and the words around it; "" for none.

    Raises:
        ValueError: something is meant to be one, and its letters or the number of its digits are wrong.
    """
    bare = _LABEL.sub("", line, count=1) if _LABEL.match(line) else line
    alone = _ALONE.fullmatch(bare.strip())
    if alone is not None and (grid := _alone(alone, bare)):
        return grid, ""
    for found in _AMONG.finditer(line):
        letters, east, north = found["letters"], found["east"], found["north"]
        apart = " " in found[0][2:].strip()
        digits = east + north
        if not is_square(letters):
            continue
        # Four figures among words are more often a number of something, but where what they are stands in brackets.
        square = len(digits) == DIGITS[0] and letters.isupper() and line[found.end() :].lstrip()[:1] == "("
        if (len(digits) in DIGITS[1:] or square) and (not apart or len(east) == len(north)):
            around = f"{line[: found.start()]} {line[found.end() :]}"
            half = len(digits) // 2
            return f"{letters.upper()} {digits[:half]} {digits[half:]}", around
        if apart and letters.isupper() and _NUMBERED.fullmatch(f"{east} {north}"):
            raise ValueError(_count_words(found[0], len(digits)))
    return "", line


def _alone(found: re.Match[str], written: str) -> str:
    letters = found["letters"]
    groups = re.findall("[0-9]+", found["digits"])
    digits = "".join(groups)
    if not is_square(letters):
        if len(digits) < DIGITS[0]:
            return ""  # "AB 12" is no grid reference and is not meant as one
        raise ValueError(
            f"{letters.upper()} is no square of the National Grid: a grid reference is like {EXAMPLE}."
        )
    if len(digits) not in DIGITS or (len(groups) == 2 and len(groups[0]) != len(groups[1])):
        if len(digits) < DIGITS[0] - 1:
            return ""
        raise ValueError(_count_words(written.strip(), len(digits), groups))
    return read_grid(f"{letters}{digits}")


def _count_words(written: str, digits: int, groups: list[str] | None = None) -> str:
    if digits in DIGITS and groups:
        counts = f"{len(groups[0])} and {len(groups[1])} digits"
        return f"{written[:40]} has {counts}: a grid reference has as many of both, such as {EXAMPLE}."
    return f"{written[:40]} has {digits} digits: a grid reference has 4, 6, 8 or 10, such as {EXAMPLE}."
