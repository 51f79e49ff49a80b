"""The wind sector: where what is in the air goes, as a wedge of ground downwind of its source.

The wind is named by where it comes FROM, as in every forecast; the wedge lies on the other side. It is a first answer
for the minutes before a forecast of the plume is there, and says no more than direction, width and length.
"""

from __future__ import annotations

import math
import re
from typing import Final

from msgspec.structs import replace

from incident.boundaries.corners import METRES_A_DEGREE, Corner
from incident.boundaries.facts import Shape, Wind

COMPASS: Final = (
    "N", "NNE", "NE", "ENE", "E", "ESE", "SE", "SSE", "S", "SSW", "SW", "WSW", "W", "WNW", "NW", "NNW",
)  # fmt: skip
HALF_DEG: Final = 30
"""Half the width of a wedge that nobody has given one: the wind of the first minutes is known no better."""
LENGTH_M: Final = 1_000.0
STEP_DEG: Final = 10
WIND_SHAPE: Final = r"from (?:[nesw]{1,3}|\d{1,3}°?)"
"""A wind as it is told from other words of a line."""
_NAMES: Final = {"north": "N", "east": "E", "south": "S", "west": "W"}


def read_wind(written: str) -> int:
    """Degrees from "SW", "from SW", "south-west", "225" or "225°": where the wind comes from.

    Raises:
        ValueError: it is no direction.
    """
    text = re.sub(r"^from\s+", "", written.strip().casefold()).rstrip("°")
    if re.fullmatch(r"\d{1,3}", text) and int(text) <= 360:
        return int(text) % 360
    for name, letter in _NAMES.items():
        text = text.replace(name, letter.casefold())
    letters = re.sub(r"[\s-]", "", text).upper()
    if letters in COMPASS:
        return round(COMPASS.index(letters) * 22.5) % 360
    raise ValueError("Say where the wind comes from: SW, NNE, or degrees such as 225.")


def wind_words(wind: Wind) -> str:
    """The wind as it is said: "wind from SW, 2.0 km downwind"; its width when it is not the usual one."""
    point = wind.from_deg / 22.5
    exact = abs(point - round(point)) < 0.03
    where = COMPASS[round(point) % 16] if exact else f"{wind.from_deg}°"
    far = f"{wind.length_m:.0f} m" if wind.length_m < 1000 else f"{wind.length_m / 1000:.1f} km"
    wide = "" if wind.half_deg == HALF_DEG else f", {2 * wind.half_deg}° wide"
    return f"wind from {where}, {far} downwind{wide}"


def wedge(source: Corner, wind: Wind) -> tuple[Corner, ...]:
    """The corners of the wedge, the source first, then its far side from left to right as seen from there."""
    lat, lon = source
    across = METRES_A_DEGREE * math.cos(math.radians(lat))
    steps = max(2, math.ceil(2 * wind.half_deg / STEP_DEG))
    far = []
    for step in range(steps + 1):
        bearing = math.radians(wind.from_deg + 180 - wind.half_deg + 2 * wind.half_deg * step / steps)
        north, east = math.cos(bearing) * wind.length_m, math.sin(bearing) * wind.length_m
        far.append((round(lat + north / METRES_A_DEGREE, 6), round(lon + east / across, 6)))
    return ((round(lat, 6), round(lon, 6)), *far)


def with_wedge(shape: Shape) -> Shape:
    """The shape with its wedge drawn, where the wind and the source are known and it is not drawn yet."""
    if shape.wind is None or shape.polygon or shape.place.point is None:
        return shape
    return replace(shape, polygon=wedge(shape.place.point, shape.wind))
