"""Ways in minutes, as a range; the nearest of many; what lies across water; and how fast each trust gets along."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.reader import find_config, parse_yaml, read_yaml
from incident.geography import MIXED, RURAL, SPEEDS_SCHEMA, URBAN, Speed, estimate, to_metres
from incident.geography.nearest import COMPASS, bearing, nearest, over_water
from incident.kernel.checks import ConfigError, validate
from tests.incident.ground import needs_real, real, shipped

POYLE = (51.4763, -0.5090)
SLOUGH = (51.511, -0.595)
SOUTHEND = (51.537, 0.714)
SHEERNESS = (51.440, 0.750)
BRITAIN = st.tuples(st.floats(50.2, 55.5), st.floats(-4.5, 1.5))


def test_a_way_is_the_straight_line_and_a_third_at_the_speeds_of_its_ground() -> None:
    assert URBAN.minutes(0) == (1, 2)
    assert URBAN.minutes(10_000) == pytest.approx((13 / 55 * 60 + 1, 13 / 40 * 60 + 2))
    assert RURAL.minutes(10_000) == pytest.approx((13 / 90 * 60 + 1, 13 / 70 * 60 + 2))
    assert MIXED.minutes(10_000) == pytest.approx((13 / 90 * 60 + 1, 10 / 40 * 60 + 3 / 70 * 60 + 2))
    assert MIXED.under_way().minutes(0) == (0, 0)


@given(
    metres=st.floats(0, 900_000),
    manner=st.sampled_from([URBAN, RURAL, MIXED, MIXED.under_way(), Speed(town_km=3)]),
)
def test_many_ways_at_once_take_as_long_as_each(metres: float, manner: Speed) -> None:
    assert manner.sum_of_minutes(np.array([metres, 0.0])) == pytest.approx(
        [sum(manner.minutes(metres)), sum(manner.minutes(0))]
    )


def test_an_estimate_is_whole_minutes_and_always_a_range() -> None:
    way = estimate(shipped(), POYLE, SLOUGH, URBAN)
    assert way.metres == math.floor(math.dist(to_metres(*POYLE), to_metres(*SLOUGH)))
    assert 7_000 < way.metres < 7_300
    assert way.bearing == "NW"
    assert (way.minutes_low, way.minutes_high) == (11, 16)
    assert not way.water
    here = estimate(shipped(), POYLE, POYLE, URBAN.under_way())
    assert (here.metres, here.bearing, here.minutes_low, here.minutes_high) == (0, "", 1, 2)


@given(start=BRITAIN, end=BRITAIN, manner=st.sampled_from([URBAN, RURAL, MIXED, MIXED.under_way()]))
@settings(deadline=None)
def test_both_directions_take_as_long_and_point_opposite_ways(
    start: tuple[float, float], end: tuple[float, float], manner: Speed
) -> None:
    there, back = estimate(shipped(), start, end, manner), estimate(shipped(), end, start, manner)
    assert (there.metres, there.minutes_low, there.minutes_high, there.water) == (
        back.metres,
        back.minutes_low,
        back.minutes_high,
        back.water,
    )
    assert 1 <= there.minutes_low < there.minutes_high
    if there.bearing:
        apart = COMPASS.index(there.bearing) - COMPASS.index(back.bearing)
        assert apart % 8 in (3, 4, 5)
    # of the distance itself, which is told in whole metres
    assert there.minutes_low <= max(1, manner.minutes(there.metres + 1)[0])
    assert there.minutes_high >= manner.minutes(there.metres - 1)[1]


@pytest.mark.parametrize(
    ("east", "north", "words"),
    [(0, 100, "N"), (100, 100, "NE"), (100, 0, "E"), (100, -100, "SE"), (0, -100, "S"), (-100, -100, "SW"),
     (-100, 0, "W"), (-100, 100, "NW"), (-40, 100, "N"), (-45, 100, "NW"), (10, 10, "")],
)  # fmt: skip
def test_bearings(east: float, north: float, words: str) -> None:
    assert bearing((500_000, 200_000), (500_000 + east, 200_000 + north)) == words


@pytest.mark.parametrize(
    "areas", [pytest.param(shipped, id="shipped"), pytest.param(real, id="detailed", marks=needs_real)]
)
def test_water_is_flagged_where_the_line_leaves_every_area_for_more_than_a_kilometre(areas) -> None:
    found = areas()
    assert estimate(found, SOUTHEND, SHEERNESS).water
    assert estimate(found, (50.72, -1.30), (50.85, -1.07)).water  # Newport to Portsmouth
    assert not estimate(found, POYLE, SLOUGH).water
    assert not estimate(found, (52.48, -1.90), (52.63, -1.13)).water  # Birmingham to Leicester


@needs_real
def test_a_river_of_a_few_hundred_metres_is_not_flagged_and_the_severn_is() -> None:
    assert not estimate(real(), (51.478, 0.262), (51.452, 0.250)).water  # Purfleet to Stone
    assert estimate(real(), (51.61, -2.60), (51.60, -2.75)).water  # Aust to Caldicot


def test_the_shortest_lines_are_asked_of_no_map() -> None:
    sea = to_metres(50.3, -0.5)
    assert not over_water(shipped(), sea, (sea[0] + 1_000, sea[1]))
    assert over_water(shipped(), sea, (sea[0] + 1_001, sea[1]))


# -- the nearest of many --


def east_of(count: int, every: float = 0.01) -> list[tuple[str, float, float]]:
    return [(f"u{n:03}", 51.50, -0.12 + n * every) for n in range(count)]


def test_the_nearest_stand_first_and_there_are_three_at_least() -> None:
    found = nearest(shipped(), (51.50, -0.12), east_of(20), most=5, across=lambda _key: False)
    assert [key for key, _ in found] == ["u000", "u001", "u002", "u003", "u004"]
    assert len(nearest(shipped(), (51.50, -0.12), east_of(20), most=1, across=lambda _key: False)) == 3
    assert len(nearest(shipped(), (51.50, -0.12), east_of(2), most=5)) == 2
    assert nearest(shipped(), (51.50, -0.12), [], most=5) == []


def test_one_from_across_the_border_is_always_among_them() -> None:
    far = ("reading", 51.455, -0.972)
    candidates = [*east_of(20), far]
    found = nearest(shipped(), (51.50, -0.12), candidates, most=3)
    assert [key for key, _ in found] == [
        "u000",
        "u001",
        "u002",
        "reading",
    ]  # nothing that is near is given up for it
    found = nearest(shipped(), (51.50, -0.12), candidates, most=5)
    assert [key for key, _ in found] == ["u000", "u001", "u002", "u003", "reading"]
    by_trust = nearest(shipped(), (51.50, -0.12), candidates, most=5, across=lambda key: key == "u017")
    assert [key for key, _ in by_trust][-1] == "u017"
    near = nearest(shipped(), (51.50, -0.12), candidates, most=5, across=lambda key: key == "u001")
    assert [key for key, _ in near] == ["u000", "u001", "u002", "u003", "u004"]


def test_who_is_faster_comes_before_who_is_nearer() -> None:
    candidates = [("town", 51.50, -0.20), ("country", 51.50, -0.02)]
    manners = {"town": URBAN, "country": RURAL}
    assert [key for key, _ in nearest(shipped(), (51.50, -0.12), candidates, manner=manners.__getitem__)] == [
        "country",
        "town",
    ]


@given(points=st.lists(BRITAIN, min_size=1, max_size=30), target=BRITAIN, most=st.integers(1, 8))
@settings(deadline=None, max_examples=100)
def test_nobody_left_out_is_nearer_than_those_named_but_for_the_one_from_across(
    points: list[tuple[float, float]], target: tuple[float, float], most: int
) -> None:
    areas = shipped()
    candidates = [(f"u{n}", *point) for n, point in enumerate(points)]
    found = nearest(areas, target, candidates, most)
    assert len(found) >= min(3, len(points))
    assert len(found) <= max(3, most) + 1
    mine = areas.containing(*to_metres(*target))
    owners = {key: areas.containing(*to_metres(lat, lon)) for key, lat, lon in candidates}
    foreign = {key for key, owner in owners.items() if owner and owner != mine}
    named = [key for key, _ in found]
    assert not foreign or foreign & set(named)
    near = {key: math.dist(to_metres(lat, lon), to_metres(*target)) for key, lat, lon in candidates}
    plain = [key for key in named if key not in foreign] or named[:1]
    assert all(near[key] <= near[other] or other in named for key in plain for other in near)
    assert [way.metres for _, way in found] == sorted(way.metres for _, way in found)


# -- the file --


def read(text: str) -> object:
    return validate(parse_yaml(text.encode(), "speeds.yaml"), SPEEDS_SCHEMA)


def test_the_speeds_that_ship_and_a_trust_of_its_own() -> None:
    shipped_speeds = validate(read_yaml(find_config("speeds.yaml")), SPEEDS_SCHEMA)
    assert shipped_speeds.of("LAS") == URBAN
    assert shipped_speeds.of("SWASFT") == MIXED
    own = read("default: {ground: rural}\ntrusts:\n  WAST: {ground: rural, slow_kmh: 50, set_out_high: 5}\n")
    assert own.of("WAST") == Speed(50, 90, set_out_high=5)
    assert own.of("LAS") == RURAL


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("trusts: {}", "'default' is missing"),
        ("default: {ground: sea}", "urban, rural, mixed"),
        ("default: {ground: rural, slow_kmh: 100}", "faster than"),
        ("default: {ground: rural, fast_kmh: 400}", "fast_kmh"),
        ("default: {ground: rural, set_out_low: 5}", "set_out_low is more"),
        ("default: {ground: rural}\ntrusts: {las: {ground: urban}}", "las"),
        ("default: {ground: rural, wings: 2}", "is not a known key"),
    ],
)
def test_a_wrong_file_is_told_in_sentences(text: str, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read(text)
    assert words in "\n".join(str(problem) for problem in caught.value.problems)
