"""Right answers of the areas: golden points, a thousand random ones against plain Python, and what must always be."""

from __future__ import annotations

import math
import random
from functools import cache

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from incident.geography import (
    Areas,
    completed,
    from_grid,
    place,
    to_grid,
    to_metres,
    to_metres_many,
    to_position,
)
from incident.placing import BORDER, METRES_MAX, must_tell
from incident.values import Location
from tests.incident.ground import (
    metres,
    needs_real,
    plain_distance,
    plain_inside,
    plain_rings,
    real,
    shipped,
)

# latitude, longitude, whose it is ("" for nobody's), and how far the nearest others are in km, on the detailed areas
GOLDEN = [
    (53.380, -1.470, "YAS", {"EMAS": 5.1}),
    (53.443, -1.949, "NWAS", {"EMAS": 3.1}),
    (52.400, -1.180, "EMAS", {"WMAS": 1.5}),
    (51.470, -0.4543, "LAS", {"SECAMB": 1.5, "SCAS": 3.6}),
    (54.995, -3.060, "SAS", {"NWAS": 0.5}),
    (51.290, -0.755, "SECAMB", {"SCAS": 4.9}),
    (51.466, 0.259, "", {"EEAST": 0.4, "SECAMB": 0.4, "LAS": 3.3}),
    (51.610, -2.645, "", {"SWASFT": 0.5, "WAST": 1.4}),
]
SURVEYED = [
    (51.5008, -0.1219, 530_455, 179_656),
    (53.4300, -1.9490, 403_486, 392_579),
    (53.3800, -1.4700, 435_354, 387_145),
    (51.4660, 0.2590, 557_010, 176_534),
    (54.9950, -3.0600, 332_282, 567_227),
]
"""Latitude, longitude, and easting and northing by the Ordnance Survey's own transformation."""
CLOSE = {"LAS", "SCAS", "SECAMB", "EEAST"}
"""Around these the areas that ship must be within 3 km."""


@needs_real
@pytest.mark.parametrize(("lat", "lon", "owner", "others"), GOLDEN)
def test_golden_points_on_the_detailed_areas(
    lat: float, lon: float, owner: str, others: dict[str, float]
) -> None:
    placing = place(real(), Location("here", lat=lat, lon=lon))
    assert placing is not None
    assert placing.trust == owner
    nearest = placing.near[: len(others)]
    assert {near.agency for near in nearest} == set(others)
    for near in nearest:
        assert near.metres / 1000 == pytest.approx(others[near.agency], abs=0.06)


@pytest.mark.parametrize(("lat", "lon", "owner", "others"), GOLDEN)
def test_golden_points_on_the_areas_that_ship(
    lat: float, lon: float, owner: str, others: dict[str, float]
) -> None:
    areas = shipped()
    placing = place(areas, Location("here", lat=lat, lon=lon))
    assert placing is not None
    if owner in areas.codes:
        assert placing.trust == owner or (placing.state == BORDER and owner in placing.candidates)
    else:  # nobody's, or Scotland's, of which no area ships
        assert placing.trust == "" or placing.state == BORDER
    measured = {near.agency: near.metres for near in placing.near}
    for code in CLOSE & set(others):
        assert abs(measured[code] - others[code] * 1000) <= 3_000


def sets() -> list:
    return [pytest.param(shipped, id="shipped"), pytest.param(real, id="detailed", marks=needs_real)]


@cache
def land(areas: Areas) -> shapely.Geometry:
    whole = shapely.union_all(list(areas.shapes))
    shapely.prepare(whole)
    return whole


@cache
def drawn(areas: Areas, count: int) -> tuple[tuple[float, float], ...]:
    """Random points of the country, the same ones every time."""
    chance = random.Random(5)
    west, south, east, north = areas.bounds
    return tuple((chance.uniform(west, east), chance.uniform(south, north)) for _ in range(count))


@pytest.mark.parametrize("areas", sets())
def test_a_thousand_random_points_against_plain_python(areas) -> None:
    found, rings = areas(), plain_rings(areas())
    points = np.array(drawn(found, 1_000))
    owners = found.containing_many(points)
    boxes = {
        code: (min(map(min, xs)), min(map(min, ys)), max(map(max, xs)), max(map(max, ys)))
        for code, several in rings.items()
        for xs, ys in [([[x for x, _ in r] for r in several], [[y for _, y in r] for r in several])]
    }
    inland = 0
    for (east, north), index in zip(points, owners, strict=True):
        plain = [
            code
            for code, (west, south, far, top) in boxes.items()
            if west <= east <= far and south <= north <= top and plain_inside(rings[code], east, north)
        ]
        assert plain == ([] if index < 0 else [found.codes[index]])
        inland += bool(plain)
    assert 200 < inland < 900


@pytest.mark.parametrize("areas", sets())
def test_how_much_of_a_line_is_outside_against_the_whole_land(areas) -> None:
    found, points = areas(), drawn(areas(), 1_000)
    for start, end in zip(points[:40], points[40:80], strict=True):
        line = shapely.LineString([start, end])
        beyond = shapely.difference(line, land(found)).length
        assert found.length_outside(start, end) == pytest.approx(beyond, abs=1)


@pytest.mark.parametrize("areas", sets())
def test_distances_against_plain_python(areas) -> None:
    found, rings = areas(), plain_rings(areas())
    for east, north in drawn(found, 1_000)[:12]:
        for far, code in found.distances(east, north):
            inside = plain_inside(rings[code], east, north)
            plain = 0.0 if inside else plain_distance(rings[code], east, north)
            assert far == pytest.approx(plain, abs=1.1)


@pytest.mark.parametrize("areas", sets())
@given(data=st.data())
@settings(deadline=None, max_examples=200)
def test_each_point_of_land_lies_in_exactly_one_area(areas, data: st.DataObject) -> None:
    found = areas()
    west, south, east, north = found.bounds
    x, y = data.draw(st.floats(west, east)), data.draw(st.floats(south, north))
    inside = [
        code
        for code, shape in zip(found.codes, found.shapes, strict=True)
        if shape.contains(shapely.Point(x, y))
    ]
    assert len(inside) <= 1
    owner = found.containing(x, y)
    assert (owner != "") == land(found).intersects(shapely.Point(x, y))
    assert not inside or inside == [owner]


@pytest.mark.parametrize("areas", sets())
@pytest.mark.parametrize("tolerance", [300, 1_000, 3_000])
def test_less_detail_leaves_no_gap_and_no_overlap(areas, tolerance: float) -> None:
    found = areas()
    simple = found.simplified(tolerance)
    assert found.simplified(tolerance) is simple
    assert found.simplified(0) is found.shapes
    assert len(simple) == len(found.codes)
    assert shapely.coverage_is_valid(list(found.shapes))
    assert shapely.coverage_is_valid(list(simple))
    corners = shapely.get_num_coordinates(list(simple)).sum()
    assert corners <= shapely.get_num_coordinates(list(found.shapes)).sum()
    for shape, coarse in zip(found.shapes, simple, strict=True):
        assert coarse.area == pytest.approx(shape.area, rel=0.1, abs=20 * tolerance**2)


def test_a_point_on_a_common_line_is_in_one_area_and_on_the_border() -> None:
    areas = shipped()
    codes = dict(zip(areas.codes, areas.shapes, strict=True))
    line = shapely.intersection(codes["LAS"], codes["SCAS"])
    corner = shapely.get_coordinates(line)[1]
    owner = areas.containing(*corner)
    assert owner in ("LAS", "SCAS")
    assert areas.containing_many(np.array([corner, corner])).tolist() == [areas.codes.index(owner)] * 2
    placing = place(areas, Location("here", lat=to_position(*corner)[0], lon=to_position(*corner)[1]))
    assert placing is not None
    assert placing.state == BORDER


def test_no_points_at_all_and_points_of_nowhere() -> None:
    areas = shipped()
    assert areas.containing_many(np.empty((0, 2))).tolist() == []
    assert areas.containing_many(np.array([[np.inf, 0.0], [np.nan, np.nan]])).tolist() == [-1, -1]


@pytest.mark.parametrize(
    "point", [(90.0, 0.0), (-90.0, 180.0), (-33.9, 151.2), (0.0, 0.0), (51.5, 88.0), (0.0, 178.0)]
)
def test_a_place_on_the_other_side_of_the_earth_is_outside_every_area(point: tuple[float, float]) -> None:
    placing = place(shipped(), Location("here", lat=point[0], lon=point[1]))
    assert placing is not None
    assert placing.state == "outside"
    assert all(1_000_000 < near.metres <= METRES_MAX for near in placing.near)
    assert must_tell(placing) == ()


# -- reference systems ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("lat", "lon", "easting", "northing"), SURVEYED)
def test_metres_are_within_five_of_the_ordnance_surveys(
    lat: float, lon: float, easting: int, northing: int
) -> None:
    assert math.dist(to_metres(lat, lon), (easting, northing)) <= 5
    back = to_metres(*to_position(easting, northing))
    assert math.dist(back, (easting, northing)) <= 0.01
    assert math.dist(metres(lat, lon), (easting, northing)) <= 5


BRITAIN = st.tuples(st.floats(50.0, 60.8), st.floats(-5.0, 1.7)).filter(
    lambda point: point[0] > 51.4 or (point[0] > 50.1 and point[1] < 0.2)  # this side of the Channel
)


@given(point=BRITAIN)
@settings(deadline=None)
def test_metres_there_and_back_and_by_plain_python(point: tuple[float, float]) -> None:
    easting, northing = to_metres(*point)
    assert math.dist(metres(*point), (easting, northing)) <= 0.05
    back = to_position(easting, northing)
    assert abs(back[0] - point[0]) * 111_200 <= 0.01
    assert abs(back[1] - point[1]) * 111_200 <= 0.01
    many = to_metres_many([point[0], 51.5], [point[1], -0.1])
    assert many.shape == (2, 2)
    assert tuple(many[0]) == pytest.approx((easting, northing), abs=1e-6)


@given(point=BRITAIN, digits=st.sampled_from([4, 6, 8, 10]))
@settings(deadline=None)
def test_a_reference_names_the_square_in_which_the_point_lies(
    point: tuple[float, float], digits: int
) -> None:
    grid = to_grid(*point, digits)
    side = 10 ** (5 - digits // 2)
    middle = to_metres(*from_grid(grid))
    for said, was in zip(middle, to_metres(*point), strict=True):
        assert abs(said - was) <= side / 2 + 0.01
    given = completed(Location(grid=grid))  # as it is stored
    assert given.point is not None
    assert to_grid(*given.point, digits) == grid
