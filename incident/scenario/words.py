"""How times, waits and places are written in a scenario, with their checks."""

from __future__ import annotations

import re
from typing import Final

from incident.kernel.checks import (
    BAD,
    Bad,
    Check,
    Marked,
    MarkedScalar,
    Problem,
    boolean,
    number,
    optional,
    parsed,
    record,
    required,
    seconds_of,
    text,
)
from incident.scenario.facts import SECONDS_MAX, Wait, t_words
from incident.values import LOCATION_MAX, Location, read_grid

_AT = re.compile(r"T\+(?:(\d{1,2}):)?(\d{1,4}):(\d{2})|T\+(\d{1,4})", re.ASCII | re.IGNORECASE)
_CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)", re.ASCII)
_WAIT = re.compile(r"(\d{1,5})\s*(?:-|–|to)\s*(\d{1,5})\s*([a-z]+)", re.ASCII | re.IGNORECASE)
_PER_CENT = re.compile(r"(\d{1,3})\s*%", re.ASCII)
NEVER: Final = "never"
_SHORT: Final = text(40)


def read_at(written: str) -> int:
    """Seconds from the start: "T+7" and "T+7:30" are minutes, "T+1:05:00" has hours in front.

    Raises:
        ValueError: it is not such a time.
    """
    found = _AT.fullmatch(written.strip())
    minutes = int(found[4] or found[2]) if found else 0
    seconds = int(found[3] or 0) if found else 60
    if found is None or seconds >= 60 or (found[1] and minutes >= 60):
        raise ValueError("must be a time from the start such as T+7, T+7:30 or T+1:05:00")
    return (int(found[1] or 0) * 60 + minutes) * 60 + seconds


def at(length_seconds: int | None = None) -> Check[int]:
    """A time from the start, not beyond the end of the exercise where that is known."""

    def parse(written: str) -> int:
        seconds = read_at(written)
        if seconds > SECONDS_MAX or (length_seconds is not None and seconds > length_seconds):
            end = t_words(SECONDS_MAX if length_seconds is None else length_seconds)
            raise ValueError(f"is {t_words(seconds)}, and the exercise ends at {end}")
        return seconds

    return parsed(_SHORT, parse)


def read_wait(written: str) -> Wait:
    """How long somebody takes: "20-40 s", "2-5 min", "30 s".

    Raises:
        ValueError: it is no length of time, or it ends before it begins.
    """
    found = _WAIT.fullmatch(written.strip())
    parts = [f"{found[1]} {found[3]}", f"{found[2]} {found[3]}"] if found else [written, written]
    least, most = (seconds_of(part) for part in parts)
    if least is None or most is None or max(least, most) > SECONDS_MAX:
        raise ValueError("must be how long it takes, such as 20-40 s, 2-5 min or 30 s")
    if least > most:
        raise ValueError("ends before it begins: the shorter time stands first")
    return Wait(int(least), int(most))


WAIT: Final[Check[Wait]] = parsed(_SHORT, read_wait)


def _wait_or_never(written: str) -> Wait | None:
    return None if written.strip() == NEVER else read_wait(written)


WAIT_OR_NEVER: Final[Check[Wait | None]] = parsed(_SHORT, _wait_or_never)


def _per_cent(written: str) -> int:
    found = _PER_CENT.fullmatch(written.strip())
    if found is None or int(found[1]) > 100:
        raise ValueError("must be a share such as 20 %, from 0 % to 100 %")
    return int(found[1])


PER_CENT: Final[Check[int]] = parsed(_SHORT, _per_cent)


def _clock(written: str) -> int:
    found = _CLOCK.fullmatch(written.strip())
    if found is None:
        raise ValueError("must be a time of day such as 13:58")
    return int(found[1]) * 60 + int(found[2])


CLOCK: Final[Check[int]] = parsed(_SHORT, _clock)
"""A time of day, as minutes after midnight."""


def _grid(written: str) -> str:
    try:
        return read_grid(written)
    except ValueError:
        raise ValueError("is no grid reference such as TQ 0402 7829") from None


PLACE: Final[Check[Location]] = record(
    {
        "text": required(text(LOCATION_MAX)),
        "grid": optional(parsed(_SHORT, _grid), ""),
        "lat": optional(number(-90, 90)),
        "lon": optional(number(-180, 180)),
        "confirmed": optional(boolean(), default=False),
        "direction": optional(_SHORT, ""),
    },
    into=Location,
)
"""A place: words, and where possible a point."""


def or_never(check: Check[object]) -> Check[object]:
    """What ``check`` describes, or the word never (None)."""

    def run(node: Marked, path: str, problems: list[Problem]) -> object | Bad:
        if isinstance(node, MarkedScalar) and node.text.strip() == NEVER:
            return None
        return check.run(node, path, problems)

    return Check(run)


def say(problems: list[Problem], node: Marked, path: str, sentence: str) -> Bad:
    """Add a problem; the sentence opens with the path."""
    problems.append(Problem(node.mark.file, node.mark.line, path, f"'{path}' {sentence}"))
    return BAD
