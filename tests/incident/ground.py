"""Areas for tests, and a second opinion on them: plain Python that shares no code with the geometry libraries.

The detailed areas lie beside some checkouts, in ``shared/geo``, and are in no repository; where they are not, their
tests are skipped.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest

from config.reader import find_config, read_yaml
from incident.geography import AREAS_SCHEMA, FILE, Area, Areas, AreaSet
from incident.kernel.checks import validate

Ring = Sequence[tuple[float, float]]

_HERE = Path(__file__).resolve()
_FOUND = [folder / "shared" / "geo" / "ambulance_trusts.geojson" for folder in _HERE.parents]
REAL = next((path for path in _FOUND if path.exists()), None)

needs_real = pytest.mark.skipif(REAL is None, reason="the detailed areas are not beside this checkout")


@cache
def shipped() -> Areas:
    """The coarse areas that come with the product."""
    return Areas(validate(read_yaml(find_config(FILE)), AREAS_SCHEMA))


@cache
def real() -> Areas:
    """The detailed areas, as a set of ours."""
    assert REAL is not None
    features = json.loads(REAL.read_text(encoding="utf-8"))["features"]
    return Areas(AreaSet("detailed", 100, indicative=True, origin="", areas=tuple(map(_area, features))))


def _area(feature: dict) -> Area:
    geometry = feature["geometry"]
    several = geometry["coordinates"] if geometry["type"] == "MultiPolygon" else [geometry["coordinates"]]
    polygons = tuple(tuple(tuple(map(tuple, ring)) for ring in polygon) for polygon in several)
    return Area(feature["properties"]["code"], polygons)


# -- the second opinion ---------------------------------------------------------------------------------------

WGS84 = (6_378_137.0, 1 / 298.257223563)
AIRY = (6_377_563.396, 1 / 299.3249646)
ARC = math.radians(1 / 3600)


def metres(lat: float, lon: float) -> tuple[float, float]:
    """(easting, northing): degrees to the earth's centre, seven parameters, and the Ordnance Survey's own series."""
    x, y, z = _centred(math.radians(lat), math.radians(lon), *WGS84)
    rx, ry, rz, scale = -0.15 * ARC, -0.247 * ARC, -0.842 * ARC, 1 + 20.4894e-6
    x, y, z = (
        -446.448 + scale * x - rz * y + ry * z,
        125.157 + rz * x + scale * y - rx * z,
        -542.06 - ry * x + rx * y + scale * z,
    )
    return _on_grid(*_degrees(x, y, z, *AIRY))


def _centred(phi: float, lam: float, a: float, f: float) -> tuple[float, float, float]:
    e2 = f * (2 - f)
    nu = a / math.sqrt(1 - e2 * math.sin(phi) ** 2)
    return (
        nu * math.cos(phi) * math.cos(lam),
        nu * math.cos(phi) * math.sin(lam),
        nu * (1 - e2) * math.sin(phi),
    )


def _degrees(x: float, y: float, z: float, a: float, f: float) -> tuple[float, float]:
    e2, across = f * (2 - f), math.hypot(x, y)
    phi = math.atan2(z, across * (1 - e2))
    for _ in range(6):
        nu = a / math.sqrt(1 - e2 * math.sin(phi) ** 2)
        phi = math.atan2(z + e2 * nu * math.sin(phi), across)
    return phi, math.atan2(y, x)


def _on_grid(phi: float, lam: float) -> tuple[float, float]:
    a, f = AIRY
    b, e2, scale = a * (1 - f), f * (2 - f), 0.9996012717
    phi0, lam0 = math.radians(49), math.radians(-2)
    n = (a - b) / (a + b)
    sin, cos, tan = math.sin(phi), math.cos(phi), math.tan(phi)
    nu = a * scale / math.sqrt(1 - e2 * sin**2)
    rho = a * scale * (1 - e2) / (1 - e2 * sin**2) ** 1.5
    eta2 = nu / rho - 1
    less, more = phi - phi0, phi + phi0
    arc = b * scale * (
        (1 + n + 5 / 4 * n**2 + 5 / 4 * n**3) * less
        - (3 * n + 3 * n**2 + 21 / 8 * n**3) * math.sin(less) * math.cos(more)
        + 15 / 8 * (n**2 + n**3) * math.sin(2 * less) * math.cos(2 * more)
        - 35 / 24 * n**3 * math.sin(3 * less) * math.cos(3 * more)
    )  # fmt: skip
    d = lam - lam0
    northing = (
        arc - 100_000
        + nu / 2 * sin * cos * d**2
        + nu / 24 * sin * cos**3 * (5 - tan**2 + 9 * eta2) * d**4
        + nu / 720 * sin * cos**5 * (61 - 58 * tan**2 + tan**4) * d**6
    )  # fmt: skip
    easting = (
        400_000
        + nu * cos * d
        + nu / 6 * cos**3 * (nu / rho - tan**2) * d**3
        + nu / 120 * cos**5 * (5 - 18 * tan**2 + tan**4 + 14 * eta2 - 58 * tan**2 * eta2) * d**5
    )
    return easting, northing


@cache
def plain_rings(areas: Areas) -> dict[str, list[list[tuple[float, float]]]]:
    """Every ring of every area in metres, by our own transformation; outer rings and holes alike."""
    return {
        area.agency: [
            [metres(lat, lon) for lon, lat in ring] for polygon in area.polygons for ring in polygon
        ]
        for area in areas.set.areas
    }


def plain_inside(rings: Iterable[Ring], east: float, north: float) -> bool:
    """Even-odd: a ray to the east crosses the lines an odd number of times."""
    odd = False
    for ring in rings:
        for (x1, y1), (x2, y2) in pairwise(ring):
            if (y1 > north) != (y2 > north) and east < x1 + (north - y1) / (y2 - y1) * (x2 - x1):
                odd = not odd
    return odd


def plain_distance(rings: Iterable[Ring], east: float, north: float) -> float:
    """Metres from a point to the nearest of the lines."""
    least = math.inf
    for ring in rings:
        for (x1, y1), (x2, y2) in pairwise(ring):
            dx, dy = x2 - x1, y2 - y1
            length = dx * dx + dy * dy
            along = 0.0 if not length else max(0.0, min(1.0, ((east - x1) * dx + (north - y1) * dy) / length))
            least = min(least, math.hypot(east - x1 - along * dx, north - y1 - along * dy))
    return least
