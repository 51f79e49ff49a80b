"""Latitude and longitude in the spellings people use: decimal, degrees and minutes, with seconds, either order.

51.494,-0.503 · 51.494 N 0.503 W · N51.494 W0.503 · 51 29 38 N 0 30 11 W · 51:29:38 N, 0:30:11 W · with ° and ' and its
double · lat 51.494 lon -0.503. WGS 84 degrees. The longitude first is taken for what it is where
only that lies in the United Kingdom, and it is said.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from incident.kernel.text import clip, safe_text
from incident.values import LATITUDE_MAX, LONGITUDE_MAX

UK_SOUTH: Final = 49.0
UK_NORTH: Final = 61.5
UK_WEST: Final = -9.0
UK_EAST: Final = 2.5
EXAMPLE: Final = "51.494,-0.503"
MINUTES: Final = 60
PARTS_MAX: Final = 2
METRES_A_DEGREE: Final = 111_200

_TOKEN = re.compile(
    r"""\s*(?:
        (?P<number>[+\-−–]?\d+(?:\.\d+)?)
      | (?P<word>latitude|longitude|lat|long|lon|lng)\b[:=]?
      | (?P<hemisphere>north|south|east|west|[NSEW])(?![A-Za-z])
      | (?P<degree>°|º|deg(?:rees)?\b\.?)
      | (?P<colon>:)
      | (?P<second>"|″|”|''|′′|sec(?:onds)?\b\.?)
      | (?P<minute>'|′|’|min(?:utes)?\b\.?)
      | (?P<apart>[,;/])
    )""",
    re.VERBOSE | re.IGNORECASE | re.ASCII,
)
_MINUS: Final = "-−–"
_SIGNS: Final = "+-−–"
SHOWN: Final = 60
"""So much of what was typed is said again in a sentence."""
_NO_PLACE: Final = (
    f"{{}} is no place by itself: write latitude and longitude, such as {EXAMPLE}, or a grid reference."
)
_AXIS: Final = {"n": "lat", "s": "lat", "e": "lon", "w": "lon"}

_DEG = r"\d{1,3}(?:\.\d{1,12})?\s*(?:°|º|deg(?:rees)?\.?)?"
_SIXTIETH = r"[\s:]*\d{1,2}(?:\.\d{1,10})?\s*(?:'|′|’|min(?:utes)?\.?)?"
_SECONDS = r"[\s:]*\d{1,2}(?:\.\d{1,10})?\s*(?:\"|″|”|''|′′|sec(?:onds)?\.?)?"
_ANGLE = rf"{_DEG}(?:{_SIXTIETH}(?:{_SECONDS})?)?"
_BETWEEN = r"[\s,;/]*"
_AMONG_WORDS = re.compile(
    rf"""(?<![\w.])(?:
        [+\-]?\d{{1,3}}\.\d{{2,12}}\s*°?\s*,\s*[+\-]?\d{{1,3}}\.\d{{2,12}}\s*°?(?![\d.]|\s*[NSEW]\b)
      | [+\-−]?\d{{1,2}}\.\d{{3,12}}\s+[+\-−]?\d{{1,3}}\.\d{{3,12}}(?![\d.]|\s*[NSEW]\b)
      | {_ANGLE}\s*[NS]{_BETWEEN}{_ANGLE}\s*[EW](?!\w)
      | {_ANGLE}\s*[EW]{_BETWEEN}{_ANGLE}\s*[NS](?!\w)
      | [NS]\s*{_ANGLE}{_BETWEEN}[EW]\s*{_ANGLE}(?![\w.])
      | [EW]\s*{_ANGLE}{_BETWEEN}[NS]\s*{_ANGLE}(?![\w.])
    )""",
    re.VERBOSE | re.IGNORECASE | re.ASCII,
)


class Found(NamedTuple):
    """A point found in a line: where, what stands around it, and what must be said of how it was read."""

    lat: float
    lon: float
    rest: str
    said: str


@dataclass(slots=True)
class _Angle:
    """One angle as it is put together: its numbers as written, its letter or word, and whether it has marks."""

    numbers: list[str] = field(default_factory=list)
    hemisphere: str = ""
    axis: str = ""
    marked: bool = False
    by_colon: bool = False
    closed: bool = False
    whole: bool = False

    def degrees(self) -> float:
        """Its value. Raises ValueError with a sentence."""
        whole, *parts = self.numbers
        if len(parts) > PARTS_MAX:
            raise ValueError(
                f"An angle is degrees, minutes and seconds, such as 51 29 38 N: {EXAMPLE} is shorter."
            )
        negative = whole[0] in _MINUS
        if negative and self.hemisphere:
            letter = self.hemisphere.upper()
            raise ValueError(
                f"{whole} {letter} has a minus and a letter: write one of them, such as {EXAMPLE}."
            )
        value = float(whole.lstrip(_SIGNS))
        for size, part in zip((60.0, 3_600.0), parts, strict=False):
            if part[0] in _SIGNS or float(part) >= MINUTES:
                raise ValueError(f"{part} cannot be minutes or seconds of a degree: they go from 0 to 59.")
            value += float(part) / size
        if any("." in part for part in self.numbers[:-1]):
            raise ValueError("Only the last of degrees, minutes and seconds can have a fraction.")
        return -value if negative or self.hemisphere in ("s", "w") else value


def coordinates_in(line: str) -> Found | None:
    """The first point that stands in a line, as degrees; None when there is none.

    Raises:
        ValueError: the whole line is figures and no point, or the point is not on the earth; a plain sentence.
    """
    if (angles := _angles(line)) is not None:
        if len(angles) == 1 and angles[0].hemisphere and not _exact(angles):
            return None  # "W12" is a postcode, and no longitude
        lat, lon, said = _read(line, angles)
        if not _in_uk(lat, lon) and not _exact(angles):
            return None  # "N1, W3" are two districts
        return Found(lat, lon, "", said)
    for found in _AMONG_WORDS.finditer(line):
        angles = _angles(found[0]) or []
        lat, lon, said = _read(found[0], angles)
        if _in_uk(lat, lon) or _exact(angles):
            return Found(lat, lon, f"{line[: found.start()]} {line[found.end() :]}", said)
    return None


def _read(written: str, angles: list[_Angle]) -> tuple[float, float, str]:
    """Latitude, longitude, and what must be said of them. Raises ValueError with a sentence."""
    if len(angles) == 1:
        angles = _halved(angles[0])
    if len(angles) != 2:
        raise ValueError(_NO_PLACE.format(clip(safe_text(written.strip()), SHOWN)))
    first, second = angles
    axes = [angle.axis or _AXIS.get(angle.hemisphere, "") for angle in angles]
    if axes[0] and axes[0] == axes[1]:
        both = "latitudes" if axes[0] == "lat" else "longitudes"
        raise ValueError(f"These are two {both}: write one latitude and one longitude, such as {EXAMPLE}.")
    lat, lon = first.degrees(), second.degrees()
    if any(axes):
        if axes[0] == "lon" or axes[1] == "lat":
            lat, lon = lon, lat
        return (*_on_earth(lat, lon, written), "")
    if not _in_uk(lat, lon) and _in_uk(lon, lat):
        return lon, lat, f"The longitude stood first: read as latitude {lon:g}, longitude {lat:g}."
    lat, lon = _on_earth(lat, lon, written)
    if not _in_uk(lat, lon) and not _exact(angles):
        raise ValueError(_NO_PLACE.format(clip(safe_text(written.strip()), SHOWN)))
    return lat, lon, ""


def _exact(angles: Sequence[_Angle]) -> bool:
    """Whether they look like degrees by themselves: a fraction, or a sign for degrees or minutes."""
    return any(angle.marked or "." in number for angle in angles for number in angle.numbers)


def _angles(written: str) -> list[_Angle] | None:
    """The angles of a text that is nothing but figures and their signs; None for any other text."""
    angles = [_Angle()]
    at, joined = 0, False
    while at < len(written):
        found = _TOKEN.match(written, at)
        if found is None:
            if written[at:].strip():
                return None
            break
        at = found.end()
        _take(angles, found, joined=joined)
        joined = found.lastgroup == "colon"
    whole = [angle for angle in angles if angle.numbers]
    return whole or None


def _take(angles: list[_Angle], found: re.Match[str], *, joined: bool) -> None:
    """One figure, letter or sign; ``joined`` says that a colon stood before it."""
    now = angles[-1]
    match found.lastgroup:
        case "apart":
            now.closed = bool(now.numbers)
        case "word":
            now = _next(angles, anew=bool(now.numbers or now.axis))
            now.axis = "lat" if found["word"].lower().startswith("la") else "lon"
        case "hemisphere":
            behind = bool(now.numbers) and not now.hemisphere and not now.closed
            now = now if behind else _next(angles, anew=bool(now.numbers or now.hemisphere))
            now.hemisphere, now.closed = found["hemisphere"][0].lower(), behind
        case "number":
            signed = found["number"][0] in _SIGNS and bool(now.numbers)
            apart = now.closed or now.whole or signed or (now.by_colon and not joined)
            _next(angles, anew=apart).numbers.append(found["number"])
        case "degree":
            if len(now.numbers) > 1:  # behind a further number: that is the first of the next angle
                last = now.numbers.pop()
                now = _next(angles, anew=True)
                now.numbers.append(last)
            now.marked = True
        case "minute" | "second":
            now.marked = True
            now.whole = found.lastgroup == "second"
        case _:
            now.by_colon = True


def _next(angles: list[_Angle], *, anew: bool) -> _Angle:
    if anew:
        angles.append(_Angle())
    return angles[-1]


def _halved(angle: _Angle) -> list[_Angle]:
    """Figures with nothing between the two angles: two, four or six of them are halves of equal size."""
    half, odd = divmod(len(angle.numbers), 2)
    if odd or not 1 <= half <= 3 or angle.hemisphere or angle.axis or angle.marked or angle.by_colon:
        return [angle]
    return [_Angle(angle.numbers[:half]), _Angle(angle.numbers[half:])]


def _on_earth(lat: float, lon: float, written: str) -> tuple[float, float]:
    if abs(lat) > LATITUDE_MAX or abs(lon) > LONGITUDE_MAX:
        raise ValueError(
            f"{clip(safe_text(written.strip()), SHOWN)} is not on the earth: write latitude first, such as {EXAMPLE}."
        )
    return round(lat, 9), round(lon, 9)


def metres_between(here: tuple[float, float], there: tuple[float, float]) -> int:
    """How far two points are apart, (latitude, longitude) in degrees; good to a per cent."""
    north = there[0] - here[0]
    east = (there[1] - here[1]) * math.cos(math.radians((here[0] + there[0]) / 2))
    return round(math.hypot(north, east) * METRES_A_DEGREE)


def _in_uk(lat: float, lon: float) -> bool:
    return UK_SOUTH <= lat <= UK_NORTH and UK_WEST <= lon <= UK_EAST
