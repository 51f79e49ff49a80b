"""Small frozen values that every slice shares, and how they are read from what a person types.

A place, a callsign, a priority, a length of time, a time of day. Pure: "now" and the local offset from UTC
come in as arguments. Every reader raises ValueError with one plain sentence, fit to stand beside the field.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Annotated, Final

import msgspec
from msgspec import Meta

MINUTE_MS: Final = 60_000
HOUR_MS: Final = 60 * MINUTE_MS
DAY_MS: Final = 24 * HOUR_MS
MILLIS_MAX: Final = 4_102_444_800_000
"""The year 2100 (UTC ms): no plan, review or shift lies beyond it, and every program can still show it."""
LOCATION_MAX: Final = 300
LATITUDE_MAX: Final = 90
LONGITUDE_MAX: Final = 180

_SQUARE = r"[HJNOST][A-HJ-Z] (?:\d\d \d\d|\d{3} \d{3}|\d{4} \d{4}|\d{5} \d{5})"
Grid = Annotated[str, Meta(pattern=rf"^(?:{_SQUARE})?$(?!\n)")]
"""An Ordnance Survey grid reference as it is stored and shown: two letters and two equal groups of digits."""
AgencyCode = Annotated[str, Meta(pattern=r"^[A-Z][A-Z0-9]{1,11}$(?!\n)")]
"""The short code by which an agency is known: LAS, SCAS, NH."""
Millis = Annotated[int, Meta(ge=0, le=MILLIS_MAX)]
"""A moment in UTC milliseconds, between 1970 and 2100."""
Mode = Annotated[str, Meta(pattern=r"^(live|exercise)$(?!\n)")]
"""A drill or the real thing; fixed for ever when an incident is opened."""


# -- places --------------------------------------------------------------------------------------------------


class Location(msgspec.Struct, frozen=True, omit_defaults=True):
    """A place: always words, and where possible a point that a machine can use.

    ``lat`` and ``lon`` are WGS 84 degrees; ``grid`` is an Ordnance Survey reference; none is computed from
    the other here. ``confirmed`` is False until a person has said that the place is right: a first location
    is provisional. ``direction`` is the carriageway or line affected, since the wrong one costs minutes.
    """

    text: Annotated[str, Meta(max_length=LOCATION_MAX)] = ""
    grid: Grid = ""
    lat: Annotated[float, Meta(ge=-LATITUDE_MAX, le=LATITUDE_MAX)] | None = None
    lon: Annotated[float, Meta(ge=-LONGITUDE_MAX, le=LONGITUDE_MAX)] | None = None
    confirmed: bool = False
    direction: Annotated[str, Meta(max_length=40)] = ""

    def __post_init__(self) -> None:
        if (self.lat is None) != (self.lon is None):
            raise ValueError("Latitude and longitude stand together or not at all")

    @property
    def known(self) -> bool:
        """Whether anything at all is said about where it is."""
        return bool(self.text or self.grid or self.lat is not None)

    @property
    def point(self) -> tuple[float, float] | None:
        """(latitude, longitude), or None when only words or a grid reference are known."""
        return None if self.lat is None or self.lon is None else (self.lat, self.lon)

    def same_point(self, other: Location) -> bool:
        """Whether both are one point on the ground, whatever it is called and whoever has confirmed it."""
        if self.point is not None and other.point is not None:
            return self.point == other.point
        return bool(self.grid) and self.grid == other.grid

    def words(self, *, grid_first: bool = False) -> str:
        """The place in one line: words, grid, coordinates. ``grid_first`` is for where the end of it may be cut off."""
        if not self.known:
            return "no location"
        point = f"{self.lat:.5f},{self.lon:.5f}" if self.lat is not None and self.lon is not None else ""
        grid = "" if self.grid and self.grid in self.text and not grid_first else self.grid
        parts = (grid, self.text, point) if grid_first else (self.text, grid, point)
        return "  ".join(part for part in parts if part)


_GRID = re.compile(r"(?<![A-Za-z0-9])([A-Za-z]{2})\s?(\d{2,5})[\s]?(\d{2,5})(?![A-Za-z0-9])")
_GRID_LETTERS = re.compile(r"[HJNOST][A-HJ-Z]")
_COORDINATES = re.compile(
    r"(?<![\d.])([+-]?\d{1,3}\.\d{2,10})\s*°?\s*,\s*([+-]?\d{1,3}\.\d{2,10})(?![\d.])°?"
)
_DIRECTION = re.compile(
    r"\b(northbound|southbound|eastbound|westbound|anti-?clockwise|clockwise|"
    r"up line|down line|both directions)\b",
    re.IGNORECASE,
)
_EDGES = " \t,;:-–"
_HOLLOW = re.compile(r"\(\s*\)|\[\s*\]")
"""Brackets that held a grid reference or a position, and hold nothing now; others are the author's words."""


def read_grid(written: str) -> str:
    """A grid reference in the form in which it is stored, from "tq04027829", "TQ 0402 7829" and the like.

    Raises:
        ValueError: the letters or the number of digits are not those of a grid reference.
    """
    found = re.fullmatch(r"\s*([A-Za-z]{2})[\s]*([\d\s]{4,14})", written)
    letters = found[1].upper() if found else ""
    digits = re.sub(r"\s", "", found[2]) if found else ""
    if not _GRID_LETTERS.fullmatch(letters):
        raise ValueError("A grid reference begins with two letters, such as TQ 0402 7829.")
    if len(digits) not in (4, 6, 8, 10):
        raise ValueError("A grid reference has 4, 6, 8 or 10 digits, such as TQ 0402 7829.")
    half = len(digits) // 2
    return f"{letters} {digits[:half]} {digits[half:]}"


def read_location(written: str) -> Location:
    """A place from one line: a grid reference or "51.494,-0.503" inside it is found, the rest stays as words.

    A direction of travel is found, too, and stays in the words. The place is not confirmed.

    Raises:
        ValueError: nothing was written, the line is too long, or the coordinates are not on the earth.
    """
    text = " ".join(written.split())
    if not text:
        raise ValueError("Say where it is: words, a grid reference or latitude,longitude.")
    if len(text) > LOCATION_MAX:
        raise ValueError(f"A location may have {LOCATION_MAX} characters.")
    lat, lon, text = _coordinates_in(text)
    grid, text = _grid_in(text)
    words = " ".join(_HOLLOW.sub(" ", text).split()).strip(_EDGES)
    return Location(text=words, grid=grid, lat=lat, lon=lon, direction=direction_in(words))


def direction_in(words: str) -> str:
    """The direction of travel that words name: "westbound", "clockwise", "up line"; "" for none."""
    found = _DIRECTION.search(words)
    return "" if found is None else found[1].lower()


def _coordinates_in(text: str) -> tuple[float | None, float | None, str]:
    found = _COORDINATES.search(text)
    if found is None:
        return None, None, text
    lat, lon = float(found[1]), float(found[2])
    if abs(lat) > LATITUDE_MAX or abs(lon) > LONGITUDE_MAX:
        raise ValueError(f"{found[0]} is not on the earth: write latitude first, such as 51.494,-0.503.")
    return lat, lon, text[: found.start()] + " " + text[found.end() :]


def _grid_in(text: str) -> tuple[str, str]:
    for found in _GRID.finditer(text):
        # "M25 12" and "J4 15" do not match; "ST 10 12 Mary's" would: equal groups of a real square only.
        digits = found[2] + found[3]
        if _GRID_LETTERS.fullmatch(found[1].upper()) and len(digits) in (6, 8, 10):
            half = len(digits) // 2
            if " " in found[0][2:].strip() and len(found[2]) != half:
                continue
            grid = f"{found[1].upper()} {digits[:half]} {digits[half:]}"
            return grid, text[: found.start()] + " " + text[found.end() :]
    return "", text


# -- callsigns -----------------------------------------------------------------------------------------------

_CALLSIGN = re.compile(r"[A-Z0-9](?:[A-Z0-9 .-]{0,14}[A-Z0-9])?")
_HOME = re.compile(r"[A-Z][A-Z0-9]{1,11}")


def unit_key(home: str, callsign: str) -> str:
    """The key of a unit across all trusts: local callsigns collide, so the home trust stands before them."""
    return f"{home}/{callsign}"


def split_key(key: str) -> tuple[str, str]:
    """Home trust and callsign of a unit key."""
    home, _, callsign = key.partition("/")
    return home, callsign


def read_callsign(written: str, home: str) -> str:
    """The unit key of what a person typed: "a101" means their own trust's, "scas/a204" another's.

    Raises:
        ValueError: it is not a callsign.
    """
    text = " ".join(written.upper().split())
    trust, stroke, callsign = text.rpartition("/")
    trust = trust if stroke else home
    if not _CALLSIGN.fullmatch(callsign) or not _HOME.fullmatch(trust):
        raise ValueError("A callsign is letters and digits, such as A101 or SCAS/A204.")
    return unit_key(trust, callsign)


def short_callsign(key: str, home: str) -> str:
    """A unit key as it is shown in a room of ``home``: without the trust when it is the room's own."""
    trust, callsign = split_key(key)
    return callsign if trust == home else key


# -- priority ------------------------------------------------------------------------------------------------


class Priority(StrEnum):
    """How soon somebody must act."""

    IMMEDIATE = "immediate"
    URGENT = "urgent"
    ROUTINE = "routine"


def read_priority(written: str) -> Priority:
    """A priority from its word or its first letter.

    Raises:
        ValueError: it is none of the three.
    """
    word = written.strip().lower()
    for priority in Priority:
        if word and priority.value.startswith(word):
            return priority
    raise ValueError("A priority is immediate, urgent or routine.")


# -- lengths of time -----------------------------------------------------------------------------------------

_LENGTH = re.compile(
    r"(?:(?P<d>\d{1,3})\s*d(?:ays?)?)?\s*(?:(?P<h>\d{1,4})\s*h(?:(?:ou)?rs?)?)?\s*"
    r"(?:(?P<m>\d{1,5})\s*(?:m(?:in(?:ute)?s?)?|$))?\s*(?:(?P<s>\d{1,6})\s*s(?:ec(?:ond)?s?)?)?"
)
LENGTH_MAX_MS: Final = 366 * DAY_MS
_SECONDS_SHOWN_MS = 90_000


def read_duration(written: str) -> int:
    """Milliseconds from "15m", "1h30", "90s", "2 h", "1d"; a bare number is minutes.

    Raises:
        ValueError: it is not a length of time, or longer than a year.
    """
    text = written.strip().lower()
    found = _LENGTH.fullmatch(text)
    if not text or found is None:
        raise ValueError("Write a length of time such as 15m, 1h30 or 90s.")
    days, hours, minutes, seconds = (int(found[name] or 0) for name in "dhms")
    length = days * DAY_MS + hours * HOUR_MS + minutes * MINUTE_MS + seconds * 1000
    if length > LENGTH_MAX_MS:
        raise ValueError("That is longer than a year.")
    return length


def read_minutes(written: str) -> int:
    """Whole minutes from what ``read_duration`` reads; a part of a minute counts as one."""
    return -(-read_duration(written) // MINUTE_MS)


def length_words(length_ms: int) -> str:
    """A length of time as it is shown: "45 s", "15 min", "1 h 30 min", "2 d 3 h". Never negative."""
    length = max(0, length_ms)
    if length < _SECONDS_SHOWN_MS:
        return f"{length // 1000} s"
    if length < HOUR_MS:
        return f"{length // MINUTE_MS} min"
    if length < DAY_MS:
        hours, rest = divmod(length, HOUR_MS)
        return f"{hours} h {rest // MINUTE_MS} min" if rest >= MINUTE_MS else f"{hours} h"
    days, rest = divmod(length, DAY_MS)
    return f"{days} d {rest // HOUR_MS} h" if rest >= HOUR_MS else f"{days} d"


def span(millis: int) -> str:
    """A stretch of time in a few letters, for a narrow column: 40s, 12m, 1h05. Never negative."""
    seconds = max(0, millis // 1000)
    if seconds < 60:
        return f"{seconds}s"
    if seconds < 3600:
        return f"{seconds // 60}m"
    return f"{seconds // 3600}h{seconds % 3600 // 60:02d}"


# -- times of day --------------------------------------------------------------------------------------------

_CLOCK = re.compile(r"([01]?\d|2[0-3]):?([0-5]\d)(?::?([0-5]\d))?")
_AGO = re.compile(r"-\s*(.+)|(.+?)\s+ago")
_AHEAD = re.compile(r"(?:\+|in\s)\s*(.+)")
_SKEW_MS = 2 * MINUTE_MS
_LAST_MS = 12 * HOUR_MS


def read_clock(written: str, now: int, offset_minutes: int, *, ahead: bool = False) -> int:
    """A moment (UTC ms) from "14:05", "1405", "14:05:30", "now", "5m ago", "-5m", "+30m" or "in 30m".

    ``now`` is UTC ms; ``offset_minutes`` is how far local time is ahead of UTC (60 in British summer). A time
    of day means its last occurrence, or with ``ahead`` its next one; two minutes of clock skew are forgiven. One that
    was last so more than twelve hours ago is a slip of the finger, and not yesterday.

    Raises:
        ValueError: it is not a time, or it is still to come.
    """
    text = written.strip().lower()
    if text == "now":
        return now
    if found := _AHEAD.fullmatch(text):
        return now + read_duration(found[1])
    if found := _AGO.fullmatch(text):
        return now - read_duration(found[1] or found[2])
    found = _CLOCK.fullmatch(text)
    if found is None:
        raise ValueError("Write a time of day such as 14:05, or 5m ago.")
    hour, minute, second = int(found[1]), int(found[2]), int(found[3] or 0)
    offset = offset_minutes * MINUTE_MS
    midnight = (now + offset) // DAY_MS * DAY_MS - offset
    at = midnight + hour * HOUR_MS + minute * MINUTE_MS + second * 1000
    if ahead:
        return at if at >= now - _SKEW_MS else at + DAY_MS
    if at <= now + _SKEW_MS:
        return at
    if at - DAY_MS < now - _LAST_MS:
        raise ValueError(f"{text} is still to come. For yesterday write how long ago: 20h ago.")
    return at - DAY_MS


_CLOCK_DIGITS = 4


def read_due(written: str, now: int, offset_minutes: int) -> int:
    """The moment (UTC ms) something is due: "15m" is in fifteen minutes, "14:45" the next such time of day.

    ``now`` is UTC ms; ``offset_minutes`` is how far local time is ahead of UTC.

    Raises:
        ValueError: it is neither.
    """
    text = written.strip().lower()
    by_clock = ":" in text or (text.isdigit() and len(text) == _CLOCK_DIGITS) or text.startswith(("+", "in "))
    try:
        return read_clock(text, now, offset_minutes, ahead=True) if by_clock else now + read_duration(text)
    except ValueError:
        raise ValueError("Write when it is due: 15m, 1h30 or 14:45.") from None


# -- lines of the log ----------------------------------------------------------------------------------------


def stop(text: str) -> str:
    """The text with one full stop at its end, unless it ends in a stop of its own."""
    return text if text.endswith((".", "!", "?")) else text + "."


def sentences(first: str, *more: str) -> str:
    """One line of the log: the first words, and behind them further sentences, each with its stop.

    Blank ones are left out; the first words alone get no stop.
    """
    parts = [part for part in more if part]
    return " ".join(map(stop, (first, *parts))) if parts else first


def role_words(code: str) -> str:
    """The code of a role as it is said: "tactical commander"."""
    return code.replace("_", " ")


def utc_words(at: int, written_at: int) -> str:
    """A moment (UTC ms) for a line that stays: "14:05 UTC", "09:00 UTC (+1 d)" on another day than it was written."""
    minutes = at // MINUTE_MS % (24 * 60)
    days = at // DAY_MS - written_at // DAY_MS
    return f"{minutes // 60:02}:{minutes % 60:02} UTC" + (f" ({days:+} d)" if days else "")


# -- answers of forms and command lines -----------------------------------------------------------------------


def as_location(answer: object) -> Location:
    """The answer to an argument of kind ``location``: read already, or still as typed."""
    return answer if isinstance(answer, Location) else read_location(str(answer))


def as_minutes(answer: object) -> int:
    """The answer to an argument of kind ``minutes``: a number already, or still as typed."""
    return answer if isinstance(answer, int) else read_minutes(str(answer))


def as_words(answer: object) -> tuple[str, ...]:
    """The answer to an argument of kind ``agencies`` or ``choices``: several already, or still as typed."""
    if isinstance(answer, (tuple, list, set, frozenset)):
        return tuple(str(word) for word in answer)
    return tuple(word for word in re.split(r"[\s,;]+", str(answer)) if word)
