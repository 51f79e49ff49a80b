"""Files of areas for tests: small ones made here, and the real one, which lies beside some checkouts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.incident.ground import REAL


def box(west: float, south: float, east: float, north: float) -> list[list[float]]:
    return [[west, south], [east, south], [east, north], [west, north], [west, south]]


def feature(code: Any, *rings: Any, **properties: Any) -> dict[str, Any]:
    return {
        "type": "Feature",
        "properties": {"code": code, **properties},
        "geometry": {"type": "Polygon", "coordinates": list(rings)},
    }


def collection(*features: Any, **members: Any) -> dict[str, Any]:
    return {"type": "FeatureCollection", **members, "features": list(features)}


LONDON = feature("LAS", box(-0.5, 51.3, 0.2, 51.7))
SOUTH = feature("SECAMB", box(-0.5, 50.9, 0.2, 51.3))
BOTH = collection(LONDON, SOUTH)


GOLDEN = (
    (53.380, -1.470, "YAS", {"EMAS": 5.1}),
    (53.443, -1.949, "NWAS", {"EMAS": 3.1}),
    (52.400, -1.180, "EMAS", {"WMAS": 1.5}),
    (51.470, -0.4543, "LAS", {"SECAMB": 1.5, "SCAS": 3.6}),
    (54.995, -3.060, "SAS", {"NWAS": 0.5}),
    (51.290, -0.755, "SECAMB", {"SCAS": 4.9}),
    (51.466, 0.259, "", {"EEAST": 0.4, "SECAMB": 0.4, "LAS": 3.3}),
    (51.610, -2.645, "", {"SWASFT": 0.5, "WAST": 1.4}),
)


def real_areas() -> Path:
    """The real file; the test is skipped where there is none."""
    if REAL is None:
        pytest.skip("the real areas (shared/geo/ambulance_trusts.geojson) are not beside this checkout")
    return REAL
