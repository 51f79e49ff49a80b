"""How far one place is from another on blue lights, as a range of minutes, and which of many places are the nearest.

There are no roads in here. A way is the straight line and a third more, at the speeds of the ground it lies on, and the
time until wheels turn: so the answer is a range in whole minutes, marked *est.* wherever it is shown. Where the line
leaves every area for more than a kilometre there is water, a bridge or a ferry, and a person must look at the way.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Final

import msgspec

from incident.geography.areas import Areas, whole_metres
from incident.geography.grid import metres_of, to_metres, to_metres_many
from incident.placing import METRES_MAX

if TYPE_CHECKING:
    from numpy.typing import NDArray

ROWS_MIN: Final = 3
"""Fewer are never answered where there are as many: one that turns out to be no use must not leave a room with none."""
WATER_M: Final = 1_000
"""So much of a straight line outside every area is a crossing to be looked at."""
COMPASS: Final = ("N", "NE", "E", "SE", "S", "SW", "W", "NW")
HERE_M: Final = 50
"""Nearer than this there is no bearing worth saying."""

Position = tuple[float, float]
"""(latitude, longitude) in WGS 84 degrees."""


class Speed(msgspec.Struct, frozen=True):
    """How a way is made: between two speeds (km/h), with the detour of roads, after so many minutes to set out.

    Up to ``town_km`` of it may be in town, at ``town_kmh``; the fastest way has nothing of that.
    """

    slow_kmh: float = 70
    fast_kmh: float = 90
    town_km: float = 0
    town_kmh: float = 40
    detour: float = 1.3
    set_out_low: float = 1
    set_out_high: float = 2

    def minutes(self, metres: float) -> tuple[float, float]:
        """The least and the most minutes for a straight line of so many metres, not yet rounded."""
        km = metres * self.detour / 1000
        town = min(km, self.town_km)
        slowest = town / self.town_kmh + (km - town) / self.slow_kmh
        return km / self.fast_kmh * 60 + self.set_out_low, slowest * 60 + self.set_out_high

    def sum_of_minutes(self, metres: NDArray[Any]) -> NDArray[Any]:
        """The least and the most minutes together, for many straight lines at once: what the soonest is chosen by."""
        import numpy as np

        km = metres * self.detour / 1000
        town = np.minimum(km, self.town_km)
        hours = km / self.fast_kmh + town / self.town_kmh + (km - town) / self.slow_kmh
        return hours * 60 + (self.set_out_low + self.set_out_high)

    def under_way(self) -> Speed:
        """The same for who has set out already, or has a patient on board."""
        return msgspec.structs.replace(self, set_out_low=0, set_out_high=0)


URBAN: Final = Speed(40, 55)
RURAL: Final = Speed(70, 90)
MIXED: Final = Speed(70, 90, town_km=10)
"""Town and country, nobody knows how much of each: country all the way, or its first ten kilometres in town."""


class Estimate(msgspec.Struct, frozen=True):
    """A way: metres in a straight line, the bearing of its end as seen from its start, minutes from low to high.

    ``bearing`` is one of eight, "" where both are one place. ``water``: the line leaves every area for more than a
    kilometre, and the way must be checked.
    """

    metres: int
    bearing: str
    minutes_low: int
    minutes_high: int
    water: bool = False


def estimate(areas: Areas, start: Position, end: Position, manner: Speed = MIXED) -> Estimate:
    """The way between two positions (latitude, longitude). How long it takes is the same in both directions."""
    here, there = to_metres(*start), to_metres(*end)
    metres = math.dist(here, there)
    if not math.isfinite(metres):  # half round the earth: as far as there is, and nobody can say where to
        metres, here = METRES_MAX, there
    low, high = manner.minutes(min(metres, METRES_MAX))
    least = max(1, math.floor(low))
    return Estimate(
        whole_metres(metres),
        bearing(here, there),
        least,
        max(least + 1, math.ceil(high)),
        metres >= METRES_MAX or over_water(areas, here, there),
    )


def bearing(here: tuple[float, float], there: tuple[float, float]) -> str:
    """Where the second of two points (metres) lies as seen from the first: N, NE and so on; "" when it is the same."""
    east, north = there[0] - here[0], there[1] - here[1]
    if not (math.isfinite(east) and math.isfinite(north)) or math.hypot(east, north) < HERE_M:
        return ""
    return COMPASS[round(math.degrees(math.atan2(east, north)) / 45) % 8]


def over_water(areas: Areas, here: tuple[float, float], there: tuple[float, float]) -> bool:
    """Whether the straight line between two points (metres) is outside every area for more than a kilometre."""
    return math.dist(here, there) > WATER_M and areas.length_outside(here, there) > WATER_M


def nearest(
    areas: Areas,
    target: Position,
    candidates: Iterable[tuple[str, float, float]],
    most: int = ROWS_MIN,
    across: Callable[[str], bool] | None = None,
    manner: Speed | Callable[[str], Speed] = MIXED,
) -> list[tuple[str, Estimate]]:
    """The candidates (key, latitude, longitude) that can be at a target soonest, as seen from it.

    At least three where there are as many, and one of them from across the border where there is one: ``across`` says
    so of a key; without it, a candidate in another area than the target's is. ``manner`` is that of all, or of each.
    """
    rows = [row for row in candidates if metres_of(row[1:]) is not None]
    if not rows or metres_of(target) is None:
        return []
    import numpy as np

    keys = [key for key, _, _ in rows]
    points = to_metres_many([lat for _, lat, _ in rows], [lon for _, _, lon in rows])
    here = np.array(to_metres(*target))
    straight = np.hypot(*(points - here).T)
    manners = [manner(key) for key in keys] if callable(manner) else [manner] * len(keys)
    soonest = np.empty(len(keys))
    for how in set(manners):
        alike = np.array([one == how for one in manners])
        soonest[alike] = how.sum_of_minutes(straight[alike])
    order = [int(index) for index in np.lexsort((straight, soonest))]
    foreign = _elsewhere(areas, points, here) if across is None else [across(key) for key in keys]
    taken = order[: max(most, ROWS_MIN)]
    if not any(foreign[index] for index in taken):
        beyond = next((index for index in order[len(taken) :] if foreign[index]), None)
        if beyond is not None:
            taken = [*taken[:-1], beyond] if len(taken) > ROWS_MIN else [*taken, beyond]
    return [
        (keys[index], estimate(areas, target, (rows[index][1], rows[index][2]), manners[index]))
        for index in taken
    ]


def _elsewhere(areas: Areas, points: NDArray[Any], here: NDArray[Any]) -> list[bool]:
    """Whether each candidate lies in another area than the target; in no area is neither."""
    mine = areas.containing_many(here[None, :])[0]
    found = areas.containing_many(points)
    return [bool(elsewhere) for elsewhere in (found >= 0) & (found != mine)]
