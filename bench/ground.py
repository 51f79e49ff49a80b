"""Places among the areas of the trusts: whose they are, how far the others are, what is nearest, what a cordon reaches.

    python -m bench ground [--points 5000] [--rounds 15] [--write]

On the detailed areas where they lie beside the checkout (`shared/geo`); otherwise on fourteen areas of as many corners
that are made here, wiggly lines between neighbours. Beside the figure stands what plain Python takes for the same.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from incident.geography import Area, Areas, AreaSet, circle, place, to_position, to_tell
from incident.geography.nearest import nearest
from incident.values import Location

BEGIN, END = "<!-- ground figures: begin -->", "<!-- ground figures: end -->"
PLACED_GOAL_MS = 10.0
COLUMNS, ROWS, PER_EDGE, SIDE_M = 2, 7, 357, 80_000.0
"""Fourteen squares of 80 km, each line between two corners of 357 pieces: 20,000 corners in all."""
PLAIN_POINTS = 50

Line = list[tuple[float, float]]


def detailed() -> AreaSet | None:
    """The detailed areas beside this checkout, or None."""
    folders = Path(__file__).resolve().parents
    found = [folder / "shared" / "geo" / "ambulance_trusts.geojson" for folder in folders]
    file = next((path for path in found if path.exists()), None)
    if file is None:
        return None
    areas = []
    for feature in json.loads(file.read_text(encoding="utf-8"))["features"]:
        shape = feature["geometry"]
        several = shape["coordinates"] if shape["type"] == "MultiPolygon" else [shape["coordinates"]]
        polygons = tuple(tuple(tuple((x, y) for x, y in ring) for ring in polygon) for polygon in several)
        areas.append(Area(feature["properties"]["code"], polygons))
    return AreaSet("detailed", 100, indicative=True, origin="", areas=tuple(areas))


def made() -> AreaSet:
    """Fourteen areas that meet in wiggly lines; the same ones every time."""
    chance = random.Random(14)

    def corner(column: int, row: int) -> tuple[float, float]:
        return 300_000 + column * SIDE_M, 50_000 + row * SIDE_M

    def wiggly(start: tuple[float, float], end: tuple[float, float]) -> Line:
        line, off = [start], 0.0
        for piece in range(1, PER_EDGE):
            along = piece / PER_EDGE
            off = 0.9 * off + chance.uniform(-400, 400)
            x, y = (a + along * (b - a) for a, b in zip(start, end, strict=True))
            across = off * min(1.0, 8 * along, 8 * (1 - along))
            line.append((x + across, y) if start[0] == end[0] else (x, y + across))
        return [*line, end]

    flat = {(c, r): wiggly(corner(c, r), corner(c + 1, r)) for c in range(COLUMNS) for r in range(ROWS + 1)}
    steep = {(c, r): wiggly(corner(c, r), corner(c, r + 1)) for c in range(COLUMNS + 1) for r in range(ROWS)}
    areas = []
    for c in range(COLUMNS):
        for r in range(ROWS):
            ring = [*flat[c, r], *steep[c + 1, r][1:], *flat[c, r + 1][::-1][1:], *steep[c, r][::-1][1:]]
            degrees = tuple((lon, lat) for lat, lon in (to_position(*point) for point in ring))
            areas.append(Area(f"T{c}{r}", ((degrees,),)))
    return AreaSet("made", 100, indicative=True, origin="", areas=tuple(areas))


def best(rounds: int, work: Callable[[], object]) -> float:
    """Milliseconds of the quickest of several runs: what else the machine does is not what is measured."""
    times = []
    for _ in range(rounds):
        began = time.perf_counter()
        work()
        times.append(1e3 * (time.perf_counter() - began))
    return min(times)


def plain(areas: Areas, points: list[tuple[float, float]]) -> list[int]:
    """Whose each point is, by plain Python: a box first, then a ray that crosses lines."""
    rings = [
        [
            np.asarray(ring.coords).tolist()
            for part in shape.geoms
            for ring in (part.exterior, *part.interiors)
        ]
        for shape in areas.shapes
    ]
    boxes = [shape.bounds for shape in areas.shapes]
    found = []
    for x, y in points:
        owner = -1
        for index, (west, south, east, north) in enumerate(boxes):
            if west <= x <= east and south <= y <= north and _odd(rings[index], x, y):
                owner = index
                break
        found.append(owner)
    return found


def _odd(rings: list[Line], x: float, y: float) -> bool:
    odd = False
    for ring in rings:
        for (x1, y1), (x2, y2) in pairwise(ring):
            if (y1 > y) != (y2 > y) and x < x1 + (y - y1) / (y2 - y1) * (x2 - x1):
                odd = not odd
    return odd


def measured(areas: Areas, count: int, rounds: int) -> list[tuple[str, float, str]]:
    """What was done, milliseconds, and the goal or what it is compared with."""
    chance = np.random.default_rng(5)
    west, south, east, north = areas.bounds
    points = np.column_stack([chance.uniform(west, east, count), chance.uniform(south, north, count)])
    some = [(float(x), float(y)) for x, y in points[:PLAIN_POINTS]]
    assert areas.containing_many(points[:PLAIN_POINTS]).tolist() == plain(areas, some)
    placed = best(rounds, lambda: areas.containing_many(points))
    slow = best(1, lambda: plain(areas, some)) * count / PLAIN_POINTS
    middle = to_position(*points[0])
    units = [(f"U{n}", *to_position(*point)) for n, point in enumerate(points)]
    ring = circle(*points[0], 2_000)
    here = Location("here", lat=middle[0], lon=middle[1])
    return [
        (
            f"{count:,} locations placed",
            placed,
            f"≤ {PLACED_GOAL_MS:.0f} ms; plain Python {slow / placed:,.0f} times that",
        ),
        (
            "one location: whose, and how far every other area is",
            best(rounds, lambda: place(areas, here)),
            "",
        ),
        ("who must be told of a cordon", best(rounds, lambda: to_tell(areas, ring)), ""),
        (
            f"the nearest of {count:,} units, with water",
            best(rounds, lambda: nearest(areas, middle, units)),
            "",
        ),
    ]


def table(areas: Areas, origin: str, found: list[tuple[str, float, str]]) -> str:
    """The figures as they stand in the document."""
    corners = sum(len(ring) for area in areas.set.areas for polygon in area.polygons for ring in polygon)
    lines = [
        f"{len(areas.codes)} areas of {corners:,} corners ({origin}).",
        "",
        "| what | ms | goal |",
        "|---|---:|---|",
    ]
    return "\n".join([*lines, *(f"| {what} | {ms:.2f} | {goal} |" for what, ms, goal in found)])


def main(arguments: list[str], doc: Path, say: Callable[[str], Any] = print) -> int:
    """Measure, print, and with --write put it into the document."""
    parser = argparse.ArgumentParser(prog="python -m bench ground", description=__doc__)
    parser.add_argument("--points", type=int, default=5_000)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--write", action="store_true")
    asked = parser.parse_args(arguments)
    real = detailed()
    areas = Areas(real or made())
    origin = "the detailed ones" if real else "made for this"
    text = table(areas, origin, measured(areas, asked.points, asked.rounds))
    say(text)
    if asked.write:
        before, _, rest = doc.read_text(encoding="utf-8").partition(BEGIN)
        _, _, after = rest.partition(END)
        doc.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}", encoding="utf-8")
    return 0
