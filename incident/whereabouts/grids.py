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
_MISREAD = re.compile(
    r"(?<![\w/])(?P<letters>[A-Z]{2}) ?(?P<east>[0-9OIl]{3,5}) ?(?P<north>[0-9OIl]{3,5})(?![\w/])", re.ASCII
)
_MISREAD_ALONE = re.compile(
    r"(?P<letters>[A-Za-z]{2})[ ,.:-]*(?P<east>[0-9OoIl]{2,5})[ ,.-]*(?P<north>[0-9OoIl]{2,5})", re.ASCII
)
_AS_DIGIT: Final = {"O": "0", "o": "0", "I": "1", "l": "1"}
"""Letters that are read or typed for a digit."""
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
    for meant in (_MISREAD_ALONE.fullmatch(bare.strip()), *_MISREAD.finditer(line)):
        if meant is not None:
            _letter_for_digit(meant)
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


def _letter_for_digit(found: re.Match[str]) -> None:
    """Refuse what is a grid reference but for a letter among its digits. A postcode has too few digits for it.

    Raises:
        ValueError: it is one; the sentence says which letter, and what to write.
    """
    east, figures = found["east"], found["east"] + found["north"]
    if figures in found[0]:  # written without a blank: where east ends is known by the count alone
        east = figures[: len(figures) // 2]
    letters = [sign for sign in figures if sign in _AS_DIGIT]
    if not letters or 2 * len(letters) >= len(figures) or not is_square(found["letters"]):
        return
    if len(figures) not in DIGITS[1:] or 2 * len(east) != len(figures):
        return
    wrong = " and ".join(f"the letter {sign}" for sign in dict.fromkeys(letters))
    digits = "".join(_AS_DIGIT.get(sign, sign) for sign in figures)
    right = f"{found['letters'].upper()} {digits[: len(east)]} {digits[len(east) :]}"
    raise ValueError(
        f"{found[0]} has {wrong} among its digits: write {right} if a digit is meant. "
        f"A grid reference is like {EXAMPLE}."
    )


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
    if groups is not None and len(groups) == 2 and len(groups[0]) != len(groups[1]):
        how = f", {len(groups[0])} and {len(groups[1])}"
    else:
        how = ", an odd number" if digits % 2 else ""
    wanted = f"a grid reference has 4, 6, 8 or 10 in equal halves, such as {EXAMPLE}"
    return f"{written[:40]} has {digits} digits{how}: {wanted}."
