"""Ground in common, and more than a border: against a geometry library, and where it must not ring."""

from __future__ import annotations

import math
import random

import pytest
import shapely

from incident.boundaries.corners import METRES_A_DEGREE, flaw
from incident.boundaries.facts import Shape
from incident.boundaries.meeting import meets
from incident.boundaries.overlap import SLIVER_M, overlap
from incident.values import Location

HERE = (51.5, -0.5)
ACROSS = math.cos(math.radians(HERE[0]))
Metres = tuple[float, float]


def at(east: float, north: float) -> tuple[float, float]:
    lat, lon = HERE[0] + north / METRES_A_DEGREE, HERE[1] + east / METRES_A_DEGREE / ACROSS
    return round(lat, 6), round(lon, 6)


def ring(*corners: Metres) -> Shape:
    return Shape(Location("ground"), polygon=tuple(at(*corner) for corner in corners))


def circle(east: float, north: float, radius: float | None) -> Shape:
    lat, lon = at(east, north)
    return Shape(Location("place", lat=lat, lon=lon), radius)


def square(east: float, north: float, side: float) -> Shape:
    return ring((east, north), (east + side, north), (east + side, north + side), (east, north + side))


def both(one: Shape, other: Shape) -> bool:
    found = overlap(one, other)
    assert overlap(other, one) == found
    return found


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (square(0, 0, 2_000), square(2_000, 0, 2_000)),
        (square(0, 0, 2_000), square(2_000, 2_000, 2_000)),
        (square(0, 0, 2_000), ring((2_000, -500), (3_000, 700), (2_000, 1_900))),
        # one border, read off a map by two rooms: corners of theirs lie a few metres off our line
        (square(0, 0, 2_000), ring((1_996, 0), (2_003, 700), (1_994, 1_400), (2_000, 2_000), (4_000, 1_000))),
        (circle(0, 0, 1_000), circle(2_000, 0, 1_000)),
        (circle(0, 0, 1_000), square(1_000, -500, 2_000)),
        (square(0, 0, 2_000), square(9_000, 9_000, 10)),
        (circle(0, 0, 500), Shape(Location("somewhere"))),
        (circle(0, 0, 500), circle(503, 0, None)),
        (circle(0, 0, 500), circle(695, 0, 200)),
    ],
)  # fmt: skip
def test_a_border_is_no_ground(one: Shape, other: Shape) -> None:
    assert not both(one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (square(0, 0, 2_000), square(0, 0, 2_000)),
        (square(0, 0, 2_000), square(500, 500, 300)),
        (square(0, 0, 2_000), square(1_900, 0, 2_000)),
        (ring((0, 9), (2_000, 9), (2_000, 109), (0, 109)), ring((900, 0), (999, 0), (999, 2_000), (900, 2_000))),
        (ring((0, 0), (1_000, 0), (1_000, 8), (0, 8)), ring((0, 0), (1_000, 0), (1_000, 8), (0, 8))),
        (circle(0, 0, 1_000), circle(1_900, 0, 1_000)),
        (circle(0, 0, 1_000), square(900, -500, 2_000)),
        (circle(0, 0, 5), square(-500, -500, 1_000)),
        (circle(0, 0, None), square(-500, -500, 1_000)),
        (circle(0, 0, None), circle(0, 0, None)),
        (circle(0, 0, 500), circle(495, 0, None)),
        (circle(0, 0, 5), circle(3, 0, None)),
        (square(0, 0, 2_000), circle(1_997, 1_000, None)),
    ],
)  # fmt: skip
def test_ground_in_common_is_found(one: Shape, other: Shape) -> None:
    assert both(one, other)
    assert meets(one, other)


def star(rng: random.Random) -> list[Metres]:
    """A ring that does not cross itself, and may be hollow here and there."""
    east, north, count = rng.uniform(-2_000, 2_000), rng.uniform(-2_000, 2_000), rng.randrange(3, 30)
    turns = sorted(rng.uniform(0, 2 * math.pi) for _ in range(count))
    return [
        (east + far * math.sin(turn), north + far * math.cos(turn))
        for turn in turns
        for far in [rng.uniform(200, 2_000)]
    ]


def test_it_is_as_a_geometry_library_has_it() -> None:
    rng, seen = random.Random(17), set()
    for _ in range(400):
        one, other = star(rng), star(rng)
        shapes = ring(*one), ring(*other)
        polygons = shapely.Polygon(one), shapely.Polygon(other)
        if any(flaw(shape.polygon) for shape in shapes) or not all(polygon.is_valid for polygon in polygons):
            continue
        both_in = polygons[0].intersection(polygons[1])
        common, long = both_in.area, 0.0
        if common:
            west, south, east, north = both_in.bounds
            long = math.hypot(east - west, north - south)
        least = min(SLIVER_M * long, min(polygon.area for polygon in polygons) / 10)
        if 0.9 * least < common < 1.1 * least:
            continue
        assert both(*shapes) == (common > least), (one, other, common, least)
        seen.add(common > least)
    assert seen == {True, False}


def test_it_has_an_end() -> None:
    def comb(east: float) -> Shape:
        teeth = [(east + x, 0 if x % 20 else 3_000) for x in range(0, 4_990, 10)]
        return ring(*teeth, (east + 5_000, -100), (east, -100))

    assert both(comb(0), comb(7)), "rather a warning too many"
