"""What a cordon reaches: its outline, whom it crosses, how far the others are, and that more ground warns no fewer."""

from __future__ import annotations

import math

import pytest
import shapely
from hypothesis import example, given, settings
from hypothesis import strategies as st

from incident.boundaries.facts import Shape
from incident.geography import (
    circle,
    crossing,
    estimate,
    metres_of,
    outline,
    place,
    radius_of,
    to_grid,
    to_metres,
    to_position,
    to_tell,
)
from incident.geography.nearest import nearest
from incident.geography.reach import CIRCLE_CORNERS, reach
from incident.ground import Reach
from incident.placing import METRES_MAX, Near, Placing, must_tell, tell_by_distance
from incident.values import Location
from tests.incident.ground import needs_real, plain_distance, plain_inside, plain_rings, real, shipped

POYLE = (51.4763, -0.5090)
"""Where LAS, SCAS and SECAMB meet, as the shipped areas have it to within a few hundred metres."""
DARTFORD = (51.466, 0.259)
SCENES = [
    POYLE,
    DARTFORD,
    (53.443, -1.949),
    (52.4, -1.18),
    (51.61, -2.645),
    (51.276, -0.777),
    (54.995, -3.06),
]


def at(lat: float, lon: float, radius_m: float | None = None) -> Shape:
    return Shape(Location("here", lat=lat, lon=lon), radius_m)


def ring_of(lat: float, lon: float, radius_m: float) -> tuple[tuple[float, float], ...]:
    ring = outline(at(lat, lon, radius_m))
    assert ring is not None
    return ring


# -- the outline --


def test_a_circle_is_a_closed_ring_on_the_circle() -> None:
    ring = ring_of(*POYLE, 500)
    middle = to_metres(*POYLE)
    assert len(ring) == CIRCLE_CORNERS + 1
    assert ring[0] == ring[-1]
    assert {round(math.dist(corner, middle), 3) for corner in ring} == {500.0}
    assert radius_of(ring) == 500


def test_a_polygon_is_as_it_was_drawn_and_closed_once() -> None:
    drawn = ((51.47, -0.51), (51.48, -0.51), (51.48, -0.50))
    for polygon in (drawn, (*drawn, drawn[0])):
        ring = outline(Shape(Location("here", lat=51.47, lon=-0.51), None, polygon))
        assert ring is not None
        assert len(ring) == 4
        assert ring[0] == ring[-1]
        assert [tuple(round(degrees, 6) for degrees in to_position(*corner)) for corner in ring[:3]] == list(
            drawn
        )


def test_a_grid_reference_alone_has_an_outline_and_words_alone_have_none() -> None:
    by_grid = outline(Shape(Location("coach", "TQ 0402 7829"), 300))
    assert by_grid is not None
    assert to_grid(*to_position(*shapely.Polygon(by_grid).centroid.coords[0])) == "TQ 0402 7829"
    assert outline(Shape(Location("somewhere on the M25"), 300)) is None
    assert outline(at(*POYLE)) is None  # a place has no extent


# -- who is near --


@pytest.mark.parametrize(
    "areas", [pytest.param(shipped, id="shipped"), pytest.param(real, id="detailed", marks=needs_real)]
)
def test_at_dartford_essex_and_kent_warn_each_other_whoever_the_incident_is_in(areas) -> None:
    crossing_point = place(areas(), Location("bridge", lat=DARTFORD[0], lon=DARTFORD[1]))
    assert crossing_point is not None
    assert set(must_tell(crossing_point)) >= {"EEAST", "SECAMB"}
    for bank in ((51.478, 0.262), (51.452, 0.245)):  # Purfleet and Stone
        placing = place(areas(), Location("bank", lat=bank[0], lon=bank[1]))
        assert placing is not None
        assert placing.trust in ("EEAST", "SECAMB", "")
        assert set(must_tell(placing)) >= {"EEAST", "SECAMB"}
        assert set(to_tell(areas(), ring_of(*bank, 200))) >= {"EEAST", "SECAMB"}


def test_the_larger_of_five_kilometres_and_the_cordons_radius_and_one_from_its_ground() -> None:
    near = (
        Near("LAS", 0),
        Near("SCAS", 5_000),
        Near("SECAMB", 5_001),
        Near("EEAST", 9_000),
        Near("EMAS", 9_001),
    )
    assert tell_by_distance(near, 0) == ("LAS", "SCAS")
    assert tell_by_distance(near, 4_000) == ("LAS", "SCAS")
    assert tell_by_distance(near, 4_001) == ("LAS", "SCAS", "SECAMB")
    assert tell_by_distance(near, 8_000) == ("LAS", "SCAS", "SECAMB", "EEAST")
    assert tell_by_distance(near, 0, accuracy_m=9_001) == ("LAS", "SCAS", "SECAMB", "EEAST", "EMAS")
    placing = Placing("inside", "d", "WAST", near[1:], 100)  # the same from a place: its cordon is a circle
    assert must_tell(placing, cordon_radius_m=1) == ("WAST", "SCAS", "SECAMB")
    assert must_tell(placing, cordon_radius_m=3_999) == ("WAST", "SCAS", "SECAMB")
    assert must_tell(placing, cordon_radius_m=4_000) == ("WAST", "SCAS", "SECAMB", "EEAST")


@given(scene=st.sampled_from(SCENES), radius=st.floats(1, 30_000), more=st.floats(0, 20_000))
@settings(deadline=None, max_examples=150)
def test_a_cordon_that_grows_never_warns_fewer(
    scene: tuple[float, float], radius: float, more: float
) -> None:
    small, large = ring_of(*scene, radius), ring_of(*scene, radius + more)
    told = to_tell(shipped(), small)
    assert set(told) <= set(to_tell(shipped(), large))
    assert set(crossing(shipped(), small)) <= set(crossing(shipped(), large))
    placing = place(shipped(), Location("here", lat=scene[0], lon=scene[1]))
    assert placing is not None
    assert set(must_tell(placing)) <= set(told)
    inside_it = {near.agency for near in placing.near if near.metres < radius * 0.99}
    assert inside_it <= set(told)


CORNERS = st.lists(st.tuples(st.floats(-20_000, 20_000), st.floats(-20_000, 20_000)), min_size=3, max_size=8)


@given(scene=st.sampled_from(SCENES), corners=CORNERS, extra=CORNERS)
@settings(deadline=None, max_examples=150)
def test_ground_that_holds_other_ground_never_warns_fewer(
    scene: tuple[float, float], corners: list[tuple[float, float]], extra: list[tuple[float, float]]
) -> None:
    east, north = to_metres(*scene)
    small = shapely.MultiPoint([(east + x, north + y) for x, y in corners]).convex_hull
    large = shapely.MultiPoint([(east + x, north + y) for x, y in [*corners, *extra]]).convex_hull
    rings = [tuple(shapely.get_coordinates(hull).tolist()) for hull in (small, large)]
    less, more = ([tuple(corner) for corner in ring] for ring in rings)
    assert set(to_tell(shipped(), less)) <= set(to_tell(shipped(), more))


@given(
    scene=st.sampled_from(SCENES),
    shift=st.tuples(st.floats(-8_000, 8_000), st.floats(-8_000, 8_000)),
    radius=st.floats(1, 12_000),
)
@settings(deadline=None, max_examples=150)
def test_outline_reach_and_crossing_agree(
    scene: tuple[float, float], shift: tuple[float, float], radius: float
) -> None:
    areas = shipped()
    east, north = (metres + by for metres, by in zip(to_metres(*scene), shift, strict=True))
    ring = circle(east, north, radius)
    near = reach(areas, ring)
    assert {one.agency for one in near} == set(areas.codes)
    assert [one.metres for one in near] == sorted(one.metres for one in near)
    crossed = crossing(areas, ring)
    assert set(crossed) <= {one.agency for one in near if one.metres == 0}
    told = to_tell(areas, ring)
    assert set(crossed) <= set(told)
    stored = Reach(areas.digest, crossed, near, radius_of(ring), areas.set.accuracy_m, areas.set.indicative)
    assert set(stored.tells) == set(told)  # what is stored with a feature answers as the map does
    owner = areas.containing(east, north)
    assert not owner or owner in crossed
    from_middle = {code: metres for metres, code in areas.distances(east, north)}
    for one in near:  # a circle is nearer than its middle by its radius, less what its corners cut off
        assert from_middle[one.agency] - radius - 1 <= one.metres <= from_middle[one.agency]
        assert one.metres <= max(0, from_middle[one.agency] - radius * 0.998) + 1


@pytest.mark.parametrize(
    "areas", [pytest.param(shipped, id="shipped"), pytest.param(real, id="detailed", marks=needs_real)]
)
def test_reach_and_crossing_against_plain_python(areas) -> None:
    found, rings = areas(), plain_rings(areas())
    for scene in SCENES[:5]:
        for radius in (150, 2_500):
            ring = ring_of(*scene, radius)
            crossed = crossing(found, ring)
            for near in reach(found, ring):
                lines = rings[near.agency]
                met = any(plain_inside(lines, *corner) for corner in ring) or any(
                    plain_inside([ring], *corner) for line in lines for corner in line
                )
                apart = 0.0 if met else min(plain_distance(lines, *corner) for corner in ring[::4])
                if met:
                    assert near.metres == 0
                    assert near.agency in crossed
                else:
                    assert near.metres <= apart + 1  # no corner of the ring is nearer than the ring itself
                    assert near.metres >= apart - radius / 4 - 1


def test_the_largest_part_comes_first() -> None:
    areas = shipped()
    by_code = dict(zip(areas.codes, areas.shapes, strict=True))
    ring = ring_of(*POYLE, 3_000)
    crossed = crossing(areas, ring)
    assert set(crossed) == {"LAS", "SCAS", "SECAMB"}
    parts = [shapely.intersection(by_code[code], shapely.Polygon(ring)).area for code in crossed]
    assert parts == sorted(parts, reverse=True)


def test_a_point_a_line_and_a_ring_that_crosses_itself_are_ground_too() -> None:
    areas = shipped()
    point = to_metres(51.5, -0.12)
    assert crossing(areas, [point]) == ("LAS",)
    assert crossing(areas, [point, point]) == ("LAS",)
    assert radius_of([point]) == 0
    west = to_metres(51.5, -0.6)
    assert crossing(areas, [point, west]) == ("LAS", "SCAS")
    bow = [(0.0, 0.0), (1_000.0, 1_000.0), (1_000.0, 0.0), (0.0, 1_000.0), (0.0, 0.0)]
    moved = [(point[0] + east, point[1] + north) for east, north in bow]
    assert crossing(areas, moved) == ("LAS",)
    assert reach(areas, moved)[0] == Near("LAS", 0)
    flat = [(point[0], point[1]), (point[0] + 50, point[1]), (point[0] + 100, point[1]), point]
    assert crossing(areas, flat) == ("LAS",)
    assert radius_of(flat) == 50
    with pytest.raises(ValueError, match="without a corner"):
        reach(areas, [])


# -- the whole globe --


@given(lat=st.floats(-90, 90), lon=st.floats(-180, 180))
@example(lat=0.0, lon=88.0)
@example(lat=0.0, lon=90.0)
@example(lat=0.0, lon=-92.0)
@example(lat=-5.0, lon=89.9)
@example(lat=90.0, lon=0.0)
@settings(deadline=None, max_examples=300)
def test_no_position_on_the_globe_is_too_much(lat: float, lon: float) -> None:
    """Wherever another room says that something is, it has metres or none, and nothing breaks."""
    areas, slough = shipped(), (51.511, -0.595)
    ring = outline(at(lat, lon, 500))
    known = metres_of((lat, lon)) is not None
    assert (ring is not None) == known
    if ring is not None:
        assert len(reach(areas, ring)) == len(areas.codes)
        assert len(crossing(areas, ring)) <= len(areas.codes)
        assert to_tell(areas, ring) is not None
    corners = (
        (lat, lon),
        (lat - 0.01 if lat > 0 else lat + 0.01, lon),
        (lat, lon - 0.01 if lon > 0 else lon + 0.01),
    )
    drawn = outline(Shape(Location("here", lat=lat, lon=lon), None, corners))
    assert drawn is None or all(math.isfinite(metres) for corner in drawn for metres in corner)
    assert (place(areas, Location("here", lat=lat, lon=lon)) is None) == (not known)
    for ways in (estimate(areas, slough, (lat, lon)), estimate(areas, (lat, lon), slough)):
        assert 0 <= ways.metres <= METRES_MAX
        assert ways.minutes_low < ways.minutes_high
    found = [key for key, _ in nearest(areas, slough, [("far", lat, lon), ("near", 51.5, -0.6)])]
    assert ("far" in found) == known
    assert [key for key, _ in nearest(areas, (lat, lon), [("near", 51.5, -0.6)])] == ["near"] * known
