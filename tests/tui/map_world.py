"""A small piece of country for the tests of the map: three areas that meet, two cordons, points, hospitals, units."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pyproj
import shapely

from incident_tui.map.scene import AreaDrawing, Ground, Mark, Scene, Stroke
from incident_tui.map.view import View

HERE = (503_400.0, 175_400.0)


class Country:
    """What a drawing asks of a set of areas: its codes, and its shapes at a detail. Lines wind, and are shared."""

    def __init__(self, shapes: dict[str, Any]) -> None:
        self.codes = tuple(shapes)
        self._shapes = tuple(shapes.values())

    def simplified(self, tolerance_m: float) -> tuple[Any, ...]:
        if not tolerance_m:
            return self._shapes
        return tuple(shapely.coverage_simplify(list(self._shapes), tolerance_m))


def winding(
    start: tuple[float, float], end: tuple[float, float], points: int, sway: float
) -> list[tuple[float, float]]:
    """A line from here to there that does not go straight."""
    long = math.dist(start, end)
    across = (start[1] - end[1]) / long, (end[0] - start[0]) / long
    made = []
    for n in range(points + 1):
        share = n / points
        off = sway * math.sin(3 * math.pi * share) * math.sin(17 * share + 1) if 0 < n < points else 0.0
        made.append(
            (
                start[0] + (end[0] - start[0]) * share + across[0] * off,
                start[1] + (end[1] - start[1]) * share + across[1] * off,
            )
        )
    return made


def three_areas(
    east: float = HERE[0], north: float = HERE[1], size: float = 20_000.0, points: int = 60
) -> Country:
    """SCAS to the west, LAS to the east, SECAMB to the south, all meeting at one point."""
    middle, up = (east, north), (east + size / 9, north + size)
    left, right = (east - size, north - size / 3), (east + size, north - size / 4)
    lines = [winding(middle, end, points, size / 18) for end in (up, left, right)]
    corners = {
        "nw": (east - size, north + size), "ne": (east + size, north + size),
        "sw": (east - size, north - size), "se": (east + size, north - size),
    }  # fmt: skip
    to_up, to_left, to_right = lines
    return Country(
        {
            "SCAS": shapely.Polygon([*to_up, corners["nw"], *reversed(to_left)]),
            "LAS": shapely.Polygon([*to_right, corners["ne"], *reversed(to_up)]),
            "SECAMB": shapely.Polygon([*to_left, corners["sw"], corners["se"], *reversed(to_right)]),
        }
    )


def circle(east: float, north: float, radius: float, corners: int = 64) -> tuple[tuple[float, float], ...]:
    return tuple(
        (
            east + radius * math.sin(2 * math.pi * n / corners),
            north + radius * math.cos(2 * math.pi * n / corners),
        )
        for n in range(corners)
    )


def at(east: float, north: float) -> tuple[float, float]:
    """A place so many metres from the middle of it all."""
    return HERE[0] + east, HERE[1] + north


def small_scene(own: str = "LAS") -> Scene:
    """One of everything, around the point where three areas meet."""
    return Scene(
        areas=AreaDrawing(three_areas(), own),
        grounds=(
            Ground(circle(*at(0, 0), 500), "alarm", "hot", key="inner", words="inner cordon"),
            Ground(circle(*at(0, 0), 1_500), "caution", key="outer", dash="dotted", words="outer cordon"),
            Ground(
                (at(-3_000, 1_000), at(-1_800, 1_000), at(-1_800, 2_000), at(-3_000, 2_000)),
                "good", "other", key="cover", dash="dashed", label="covered by LAS", words="covered by another",
            ),
        ),
        strokes=(Stroke((at(-2_500, -900), at(2_500, -900)), "dim", "dashed", key="road", words="diversion"),),
        marks=(
            Mark("scene", at(0, 0), "✱", "*", "alarm", "scene", 100, words="scene"),
            Mark("rvp-a", at(-1_600, 700), "R", "R", "caution", "A proposed", 40, words="rendezvous point"),
            Mark("rvp-b", at(900, -300), "R", "R", "accent", "B agreed 2 of 3", 45, words="rendezvous point"),
            Mark("hosp", at(2_300, 1_400), "H", "H", "good", "Hillingdon", 20, "hospitals", words="hospital"),
            Mark("u1", at(-700, 200), "▲", "A", "ink", "A101", 10, "units", words="ambulance"),
            Mark("u2", at(-700, 210), "▲", "A", "ink", "A102", 10, "units", words="ambulance"),
            Mark("u3", at(1_300, -1_500), "▲", "A", "dim", "A103", 10, "units", hollow=True, words="ambulance"),
        ),
        badge="INDICATIVE ±3.0 km, 2026-11-01",
        attribution="Drawn by hand",
    )  # fmt: skip


def small_view(width: int = 60, height: int = 20, metres_per_dot: float = 60.0) -> View:
    return View(*HERE, metres_per_dot, width, height)


def real_areas() -> Path | None:
    """The real boundaries that may lie in a folder beside the checkout; they are no part of it."""
    for parent in Path(__file__).resolve().parents:
        found = parent / "shared" / "geo" / "ambulance_trusts.geojson"
        if found.is_file():
            return found
    return None


def country_of(path: Path) -> Country:
    """The areas of a GeoJSON file, in metres."""
    transform = pyproj.Transformer.from_crs(4326, 27700, always_xy=True).transform
    features = json.loads(path.read_text(encoding="utf-8"))["features"]
    return Country(
        {
            feature["properties"].get("code") or feature["properties"]["agency"]: shapely.transform(
                shapely.geometry.shape(feature["geometry"]),
                lambda points: np.column_stack(transform(points[:, 0], points[:, 1])),
            )
            for feature in features
        }
    )
