"""Grid references and degrees in plain arithmetic, for what is typed as the corners of a shape.

The maps of a client reckon with ``incident.geography`` and its libraries; a form must be able to read a corner without
them, and what a slice imports may ask no map. Within a centimetre of it, and like it within 5 m of the Ordnance
Survey's own transformation (National Grid, Airy 1830, Helmert's seven parameters).
"""

from __future__ import annotations

import math
from typing import Final

from incident.values import read_grid

_AIRY: Final = (6_377_563.396, 6_356_256.909)
_WGS84: Final = (6_378_137.0, 6_356_752.314_245)
_SHIFT: Final = (446.448, -125.157, 542.06)
"""Metres from OSGB36 to WGS 84; then seconds of arc about each axis, and parts in a million."""
_TURN: Final = tuple(math.radians(seconds / 3600) for seconds in (0.15, 0.247, 0.842))
_SCALE: Final = -20.489e-6
_F0, _LAT0, _LON0 = 0.9996012717, math.radians(49), math.radians(-2)
_E0, _N0 = 400_000.0, -100_000.0
_LETTERS: Final = "ABCDEFGHJKLMNOPQRSTUVWXYZ"


def from_reference(written: str) -> tuple[float, float]:
    """(latitude, longitude), WGS 84, of the middle of the square that a grid reference names.

    Raises:
        ValueError: it is not a grid reference.
    """
    letters, east, north = read_grid(written).split()
    first, second = (_LETTERS.index(letter) for letter in letters)
    step = 10 ** (5 - len(east))
    easting = ((first % 5 - 2) * 5 + second % 5) * 100_000 + int(east) * step + step / 2
    northing = ((3 - first // 5) * 5 + 4 - second // 5) * 100_000 + int(north) * step + step / 2
    return position(easting, northing)


def position(easting: float, northing: float) -> tuple[float, float]:
    """(latitude, longitude) in WGS 84 degrees, of metres of the National Grid."""
    a, b = _AIRY
    lat = _LAT0
    for _ in range(12):  # converges to well under a millimetre
        lat += (northing - _N0 - _meridian(lat)) / (a * _F0)
    e2 = 1 - (b * b) / (a * a)
    sine, cosine, tangent = math.sin(lat), math.cos(lat), math.tan(lat)
    nu = a * _F0 / math.sqrt(1 - e2 * sine**2)
    rho = a * _F0 * (1 - e2) / (1 - e2 * sine**2) ** 1.5
    eta2, t2, secant, d = nu / rho - 1, tangent**2, 1 / cosine, easting - _E0
    vii = tangent / (2 * rho * nu)
    viii = tangent / (24 * rho * nu**3) * (5 + 3 * t2 + eta2 - 9 * t2 * eta2)
    ix = tangent / (720 * rho * nu**5) * (61 + 90 * t2 + 45 * t2**2)
    x = secant / nu
    xi = secant / (6 * nu**3) * (nu / rho + 2 * t2)
    xii = secant / (120 * nu**5) * (5 + 28 * t2 + 24 * t2**2)
    xiia = secant / (5040 * nu**7) * (61 + 662 * t2 + 1320 * t2**2 + 720 * t2**3)
    lat = lat - vii * d**2 + viii * d**4 - ix * d**6
    lon = _LON0 + x * d - xi * d**3 + xii * d**5 - xiia * d**7
    return _to_wgs84(lat, lon)


def _meridian(lat: float) -> float:
    """The arc of the meridian from the true origin to this latitude, in metres of the grid."""
    a, b = _AIRY
    n = (a - b) / (a + b)
    d, s = lat - _LAT0, lat + _LAT0
    return (
        b
        * _F0
        * (
            (1 + n + 1.25 * n**2 + 1.25 * n**3) * d
            - (3 * n + 3 * n**2 + 2.625 * n**3) * math.sin(d) * math.cos(s)
            + (1.875 * n**2 + 1.875 * n**3) * math.sin(2 * d) * math.cos(2 * s)
            - 35 / 24 * n**3 * math.sin(3 * d) * math.cos(3 * s)
        )
    )


def _to_wgs84(lat: float, lon: float) -> tuple[float, float]:
    a, b = _AIRY
    e2 = 1 - (b * b) / (a * a)
    nu = a / math.sqrt(1 - e2 * math.sin(lat) ** 2)
    x = nu * math.cos(lat) * math.cos(lon)
    y = nu * math.cos(lat) * math.sin(lon)
    z = nu * (1 - e2) * math.sin(lat)
    rx, ry, rz = _TURN
    scale = 1 + _SCALE
    x, y, z = (
        _SHIFT[0] + scale * (x - rz * y + ry * z),
        _SHIFT[1] + scale * (rz * x + y - rx * z),
        _SHIFT[2] + scale * (-ry * x + rx * y + z),
    )
    a, b = _WGS84
    e2 = 1 - (b * b) / (a * a)
    flat = math.hypot(x, y)
    found = math.atan2(z, flat * (1 - e2))
    for _ in range(6):
        nu = a / math.sqrt(1 - e2 * math.sin(found) ** 2)
        found = math.atan2(z + e2 * nu * math.sin(found), flat)
    return math.degrees(found), math.degrees(math.atan2(y, x))
