"""Between reference systems: WGS 84 degrees, metres of the National Grid, and grid references as they are said.

By pyproj without grid files, which is within 3 m of the Ordnance Survey's own transformation, and we say 5. The letters
of the squares are ours. pyproj is loaded by the first who asks for a transformation.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from incident.values import Location, read_grid

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

GRID_WEST: Final = -9.0
GRID_EAST: Final = 2.5
GRID_SOUTH: Final = 49.7
GRID_NORTH: Final = 61.0
IRELAND: Final = (
    (51.20, -12.0), (51.20, -9.0), (51.80, -7.0), (52.00, -5.95), (53.00, -5.75), (54.00, -5.20), (54.60, -5.28),
    (54.85, -5.52), (55.10, -5.85), (55.23, -5.98), (55.36, -6.05), (55.40, -6.50), (55.46, -7.20),
    (55.60, -8.00), (55.60, -12.0),
)  # fmt: skip
"""Around Ireland and its islands, with the Irish Grid: by hand, through the middle of the channels to Kintyre, Galloway
and Wales. (latitude, longitude), as the next."""
CONTINENT: Final = (
    (49.00, -2.40), (49.85, -2.40), (49.85, -1.00), (50.10, 0.30), (50.35, 1.05), (50.75, 1.40), (50.98, 1.48),
    (51.15, 1.75), (51.35, 2.10), (51.60, 2.60), (49.00, 2.60),
)  # fmt: skip
"""The corner of France that lies within the bounds of the National Grid, up to the middle of the Channel."""


@lru_cache(maxsize=1)
def _transformer() -> Any:
    import pyproj

    # Whatever grid files a machine has, every one computes the same: the transformation is named in full.
    helmert = (
        "+proj=pipeline +step +proj=axisswap +order=2,1 +step +proj=unitconvert +xy_in=deg +xy_out=rad "
        "+step +proj=push +v_3 +step +proj=cart +ellps=WGS84 +step +inv +proj=helmert +x=446.448 +y=-125.157 "
        "+z=542.06 +rx=0.15 +ry=0.247 +rz=0.842 +s=-20.489 +convention=position_vector "
        "+step +inv +proj=cart +ellps=airy +step +proj=pop +v_3 "
        "+step +proj=tmerc +lat_0=49 +lon_0=-2 +k=0.9996012717 +x_0=400000 +y_0=-100000 +ellps=airy"
    )
    return pyproj.Transformer.from_pipeline(helmert)


def to_metres(lat: float, lon: float) -> tuple[float, float]:
    """(easting, northing) in metres of the National Grid, of WGS 84 degrees."""
    easting, northing = _transformer().transform(lat, lon)
    return float(easting), float(northing)


def metres_of(point: tuple[float, float] | None) -> tuple[float, float] | None:
    """As ``to_metres``; None without a point, and for one that the National Grid has no metres for.

    Near the equator, a quarter round the earth from its meridian, they are infinite.
    """
    if point is None:
        return None
    metres = to_metres(*point)
    return metres if all(map(math.isfinite, metres)) else None


def to_metres_many(
    lats: Sequence[float] | NDArray[Any], lons: Sequence[float] | NDArray[Any]
) -> NDArray[Any]:
    """A row (easting, northing) for each latitude and longitude."""
    import numpy as np

    lats, lons = np.asarray(lats, dtype=np.float64), np.asarray(lons, dtype=np.float64)
    return np.column_stack(_transformer().transform(lats, lons))


def to_positions_many(metres: NDArray[Any]) -> NDArray[Any]:
    """A row (latitude, longitude) for each row (easting, northing)."""
    import numpy as np

    return np.column_stack(_transformer().transform(metres[:, 0], metres[:, 1], direction="INVERSE"))


def to_position(easting: float, northing: float) -> tuple[float, float]:
    """(latitude, longitude) in WGS 84 degrees, of metres of the National Grid."""
    lat, lon = _transformer().transform(easting, northing, direction="INVERSE")
    return float(lat), float(lon)


_LETTERS: Final = "ABCDEFGHJKLMNOPQRSTUVWXYZ"
"""Of the National Grid's squares: five by five, row by row from the north-west, without I."""


def to_grid(lat: float, lon: float, digits: int = 8) -> str:
    """The grid reference of the square in which a point lies, "" where the National Grid has none.

    Eight digits name a square of 10 m, six one of 100 m.
    """
    inside = GRID_SOUTH <= lat <= GRID_NORTH and GRID_WEST <= lon <= GRID_EAST
    if not inside or any(_within(ring, lat, lon) for ring in (IRELAND, CONTINENT)):
        return ""
    easting, northing = map(math.floor, to_metres(lat, lon))
    if not (0 <= easting < 700_000 and 0 <= northing < 1_300_000):
        return ""
    east, north = easting // 100_000, northing // 100_000
    first = _LETTERS[(3 - north // 5) * 5 + 2 + east // 5]
    second = _LETTERS[(4 - north % 5) * 5 + east % 5]
    half = digits // 2
    step = 10 ** (5 - half)
    return f"{first}{second} {easting % 100_000 // step:0{half}d} {northing % 100_000 // step:0{half}d}"


def _within(ring: Sequence[tuple[float, float]], lat: float, lon: float) -> bool:
    """Whether a point lies in a ring of (latitude, longitude), over a flat earth."""
    found = False
    for (lat_a, lon_a), (lat_b, lon_b) in zip(ring, (*ring[1:], ring[0]), strict=True):
        if (lat_a > lat) != (lat_b > lat) and lon < (lon_b - lon_a) * (lat - lat_a) / (lat_b - lat_a) + lon_a:
            found = not found
    return found


def from_grid(written: str) -> tuple[float, float]:
    """(latitude, longitude) of the middle of the square that a grid reference names.

    Raises:
        ValueError: it is not a grid reference.
    """
    letters, east, north = read_grid(written).split()
    first, second = (_LETTERS.index(letter) for letter in letters)
    step = 10 ** (5 - len(east))
    easting = ((first % 5 - 2) * 5 + second % 5) * 100_000 + int(east) * step + step / 2
    northing = ((3 - first // 5) * 5 + 4 - second // 5) * 100_000 + int(north) * step + step / 2
    return to_position(easting, northing)


def completed(location: Location) -> Location:
    """The location with what can be computed of it: a point from its grid reference, and the other way round.

    What a person gave is never changed. Six decimals of a degree are a tenth of a metre: the point of a reference of
    ten digits stays within its square.
    """
    point = location.point
    if point is None and location.grid:
        lat, lon = from_grid(location.grid)
        return replace(location, lat=round(lat, 6), lon=round(lon, 6))
    if point is not None and not location.grid:
        return replace(location, grid=to_grid(*point))
    return location
