"""The ground drawn: corners as they are typed, the wind sector, hazards, and what a shape reaches among the areas."""

from __future__ import annotations

import math
import random
from typing import Any

import msgspec
import pytest
from hypothesis import given as any_of
from hypothesis import strategies as st

from incident.alarms import standing as alarms_now
from incident.boundaries import boundaries, endangered
from incident.boundaries import facts as f
from incident.boundaries.board import BOARD
from incident.boundaries.corners import (
    CORNERS_MAX,
    crossing_lines,
    distance_m,
    flaw,
    inside,
    read_corners,
    span_m,
)
from incident.boundaries.meeting import EACH_MAX, meeting, meets
from incident.boundaries.wind import read_wind, wedge, wind_words, with_wedge
from incident.geography import from_grid
from incident.gridpoint import from_reference
from incident.ground import Reach, measured, reach_words, told_of
from incident.kernel.board import Look
from incident.kernel.slice import Actor, Refusal
from incident.organisation import must_be_told, untold
from incident.organisation.facts import Invite, Join, Open
from incident.placing import Near, Placing, where_words
from incident.state import INCIDENT
from incident.values import Location
from incident_tui.grammar import build, parse
from tests.incident.given import Given, charter, opened

SOURCE = Location("M25 J15", "TQ 0402 7829", 51.494, -0.503)
SQUARE = ((51.494, -0.503), (51.494, -0.500), (51.490, -0.500), (51.490, -0.503))
BOW = (SQUARE[0], SQUARE[2], SQUARE[1], SQUARE[3])
WITH_AREAS = msgspec.structs.replace(charter(), areas_digest="areas-1")


def reach(*near: tuple[str, int], crosses: tuple[str, ...] = ("SCAS",), radius_m: int = 500) -> Reach:
    return Reach("areas-1", crosses, tuple(Near(*one) for one in near), radius_m, 250)


def look(given: Given, agency: str = "LAS") -> Look:
    return Look(
        given.view, Actor("Sam", agency, "operator"), given.now, given.stream, charter=given.charter,
        clock=lambda at: f"{at // 60_000 % 1440 // 60:02}:{at // 60_000 % 60:02}",
    )  # fmt: skip


def typed(given: Given, line: str, agency: str = "LAS") -> Any:
    """The command of one typed line, or the sentence that says what is wrong."""
    seen = look(given, agency)
    act = parse(line, seen, INCIDENT.boards)
    if isinstance(act, Refusal):
        return act.sentence
    made = build(act, seen, INCIDENT.boards)
    return made.sentence if isinstance(made, Refusal) else made[0]


# -- corners ----------------------------------------------------------------------------------------------------------


def test_a_reference_is_the_same_point_without_the_libraries() -> None:
    rng = random.Random(7)
    for _ in range(300):
        letters = rng.choice(("TQ", "SU", "SK", "NY", "SX", "TR", "SD", "SW", "NZ"))
        written = f"{letters} {rng.randrange(10_000):04d} {rng.randrange(10_000):04d}"
        assert distance_m(from_reference(written), from_grid(written)) < 0.05, written


@pytest.mark.parametrize(
    "written",
    [
        "TQ 0402 7829; TQ 0410 7829; TQ 0410 7820",
        "tq04027829 via TQ 0410 7829 VIA TQ04107820",
        "TQ 0402 7829 ; TQ 0410 7829;TQ 0410 7820; TQ 0402 7829;",
    ],
)
def test_corners_are_read_as_they_are_said(written: str) -> None:
    corners = read_corners(written)
    assert len(corners) == 3, "the first need not come again"
    assert distance_m(corners[0], from_grid("TQ 0402 7829")) < 1


def test_what_a_map_draws_and_degrees_are_corners_too() -> None:
    assert read_corners([*SQUARE, SQUARE[0]]) == SQUARE
    assert read_corners("51.494,-0.503; 51.494, -0.500; 51.490,-0.500; 51.490,-0.503") == SQUARE


def test_corners_with_the_longitude_first_are_turned_round_and_it_stands_with_the_place() -> None:
    given = opened(model=INCIDENT)
    made = typed(given, "propose inner -0.503,51.494; -0.500,51.494; -0.500,51.490; -0.503,51.490")
    assert made.shape.polygon == SQUARE
    assert made.shape.place.text == "corners with the longitude first were turned round"
    mixed = typed(given, 'propose inner Poyle polygon="TQ 0402 7829; -0.500,51.490; TQ 0402 7820"')
    assert mixed.shape.place.text == "Poyle (corners with the longitude first were turned round)"
    assert typed(given, "propose inner TQ 0402 7829 via TQ 0410 7829 via TQ 0410 7820").shape.place.text == ""


def test_corners_far_from_this_country_are_asked_about() -> None:
    given = opened(model=INCIDENT)
    abroad = "propose inner 1.494,45.503; 1.494,45.500; 1.490,45.500"
    assert "far from this country" in typed(given, abroad)
    assert len(typed(given, f'propose inner polygon="{abroad[14:]}" wide=yes').shape.polygon) == 3
    near = typed(given, 'propose inner polygon="48.60,-2.00; 48.60,-2.01; 48.61,-2.01"')
    assert near.shape.polygon


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("TQ 0402 7829; Poyle; TQ 0410 7820", "Corner 2, Poyle, is neither"),
        ("TQ 0402 7829; TQ 0410 7820", "at least three"),
        ("TQ 0402 7829; 91.00,-0.50; TQ 0410 7820", "Corner 2: 91.00,-0.50 is not on the earth"),
        ("TQ 0402 7829; TQ 0410 7829; TQ 0402 7829; TQ 0410 7820", "Corner 3 is corner 1 again"),
        (BOW, "the line from corner 1 to corner 2 meets the line from corner 3 to corner 4"),
        (((51.0, -0.5), (51.1, -0.5), (51.2, -0.5)), "cross|one line"),
        (((50.0, -5.0), (50.0, 1.5), (54.0, 1.5)), "km across"),
    ],
)
def test_what_is_no_ground_says_which_corner(written: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        read_corners(written)


def test_a_spike_and_a_touching_corner_are_no_ground_and_a_star_is() -> None:
    spike = ((0.0, 0.0), (0.0, 0.02), (0.0, 0.01), (0.01, 0.01))
    assert flaw(spike)
    touching = ((0.0, 0.0), (0.0, 0.02), (0.02, 0.02), (0.0, 0.01))
    assert flaw(touching)
    star = [
        (far * math.cos(math.radians(turn * 18)), far * math.sin(math.radians(turn * 18)))
        for turn, far in enumerate((0.01, 0.02) * 10)
    ]
    assert flaw(star) == ""


def test_random_rings_are_judged_as_the_geometry_library_judges_them() -> None:
    shapely = pytest.importorskip("shapely")
    rng = random.Random(11)
    agreed = 0
    for _ in range(600):
        ring = [(rng.randint(0, 12) / 100, rng.randint(0, 12) / 100) for _ in range(rng.randint(3, 8))]
        if len(set(ring)) < len(ring):
            continue
        valid = bool(shapely.Polygon(ring).is_valid)
        ours = crossing_lines(ring) is None
        area = shapely.Polygon(ring).area > 0
        assert ours == valid or not area, ring
        agreed += valid
    assert agreed > 20


def test_the_server_compares_no_more_than_it_must() -> None:
    ring = [(index % 2 / 10 + index / 1e6, index / 1e4) for index in range(CORNERS_MAX - 1)]
    assert crossing_lines(ring, most=10) is None
    assert flaw([*ring] * 2).startswith("A shape has 1,000 corners")


def test_a_point_is_inside_or_not() -> None:
    assert inside(SQUARE, (51.492, -0.501))
    assert not inside(SQUARE, (51.495, -0.501))
    assert 450 < span_m(SQUARE) < 550


# -- typed ------------------------------------------------------------------------------------------------------------


def test_a_cordon_is_typed_by_its_corners_or_by_its_radius() -> None:
    given = opened()
    made = typed(given, "propose inner TQ 0402 7829 via TQ 0410 7829 via TQ 0410 7820")
    assert (made.kind, len(made.shape.polygon)) == ("inner_cordon", 3)
    assert made.shape.place.point is not None, "to be found by on a list and a map"
    assert typed(given, 'propose inner "TQ 0402 7829; TQ 0410 7829; TQ 0410 7820"').shape == made.shape
    named = typed(given, 'propose sector Poyle polygon="TQ 0402 7829; TQ 0410 7829; TQ 0410 7820" name=North')
    assert (named.kind, named.shape.place.text, named.name) == ("sector", "Poyle", "North")
    assert typed(given, 'propose outer "TQ 0402 7829 M25 J15" 800m').shape.radius_m == 800
    assert "nothing gives one for M25 J15" in typed(given, "propose outer M25 J15 800m")
    hot = typed(given, "propose hot 51.494,-0.503 via 51.494,-0.500 via 51.490,-0.500 fire")
    assert (hot.kind, hot.scheme, len(hot.shape.polygon)) == ("hot_zone", "fire", 3)
    given.did(named)
    again = typed(given, 'move North polygon="TQ 0602 7829; TQ 0610 7829; TQ 0610 7820"')
    assert again.shape.place.text == "Poyle", "it is called as it was"
    assert again.shape.place.point == pytest.approx((51.4930, -0.4735), abs=0.001), (
        "and found where it is now"
    )
    given.did(hot).check()


def test_what_is_typed_wrong_says_so_before_it_is_sent() -> None:
    given = opened()
    assert "radius" in typed(given, "propose inner M25 J15")
    assert "Say where it is" in typed(given, "propose rvp")
    bow = "; ".join(f"{lat:.4f},{lon:.4f}" for lat, lon in BOW)
    assert "meets the line" in typed(given, f'propose inner polygon="{bow}"')
    wide = 'propose inner polygon="51.00,-0.50; 51.00,0.50; 51.40,0.50"'
    assert "wide=yes" in typed(given, wide)
    assert len(typed(given, f"{wide} wide=yes").shape.polygon) == 3
    assert len(typed(given, f'{wide[:-1]} wide"').shape.polygon) == 3, "as it is written in a form"
    assert "scheme" in typed(given, "propose hot M25 J15")


@pytest.mark.parametrize("kind", sorted(f.KINDS))
def test_every_kind_is_proposed_agreed_declined_moved_reviewed_and_withdrawn(kind: str) -> None:
    given = opened()
    extra = {"scheme": "fire"} if kind in f.ZONES else {}
    shape = f.Shape(SOURCE, 300.0)
    if kind == "wind":
        shape = with_wedge(f.Shape(SOURCE, wind=f.Wind(225)))
    given.did(f.Propose(kind, shape, review_due=given.now + 600_000, **extra))
    one = given.last
    given.by("SCAS").did(f.Agree(one)).by("SECAMB").did(f.Decline(one, "downwind of the spill"))
    moved = msgspec.structs.replace(shape, place=Location("further", lat=51.5, lon=-0.51))
    given.by("LAS").did(f.Move(one, moved, "smoke")).did(f.Review(one, given.now + 900_000))
    row = boundaries(given.view).rows[one]
    assert (row.moves, list(row.answers), row.review_due) == (1, ["LAS"], given.now + 900_000)
    given.by("SCAS").when(f.Withdraw(one)).refused("no_grant")
    given.by("LAS").did(f.Withdraw(one, "over")).check()


# -- the wind ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "degrees"),
    [("SW", 225), ("from sw", 225), ("south-west", 225), ("NNE", 22), ("225°", 225), ("360", 0), ("7", 7)],
)
def test_the_wind_is_read_by_where_it_comes_from(written: str, degrees: int) -> None:
    assert read_wind(written) == degrees


@pytest.mark.parametrize("written", ["", "up", "361", "SWN"])
def test_what_is_no_wind_says_what_is_one(written: str) -> None:
    with pytest.raises(ValueError, match="where the wind comes from"):
        read_wind(written)


def test_the_wedge_lies_where_the_wind_blows_to() -> None:
    ring = wedge((51.494, -0.503), f.Wind(225, 30, 2_000.0))
    assert ring[0] == (51.494, -0.503)
    assert all(abs(distance_m(ring[0], corner) - 2_000) < 5 for corner in ring[1:])
    assert all(lat > 51.494 and lon > -0.503 for lat, lon in ring[1:]), (
        "from the south-west goes to the north-east"
    )
    assert flaw(ring) == ""
    assert flaw(wedge((51.494, -0.503), f.Wind(0, 90, 50_000.0))) == ""
    assert wind_words(f.Wind(225, 30, 2_000.0)) == "wind from SW, 2.0 km downwind"
    assert wind_words(f.Wind(200, 45, 500.0)) == "wind from 200°, 500 m downwind, 90° wide"


def test_a_wind_sector_is_typed_in_one_line() -> None:
    given = opened()
    made = typed(given, "propose wind TQ 0402 7829 from SW 2km")
    assert made.kind == "wind"
    assert made.shape.wind == f.Wind(225, 30, 2_000.0)
    assert len(made.shape.polygon) > 5
    assert typed(given, "propose wind from SW TQ 0402 7829 2km").shape == made.shape
    other = typed(given, "propose wind Poyle 51.494,-0.503 from 190° half=45")
    assert (other.shape.place.text, other.shape.wind) == ("Poyle", f.Wind(190, 45, 1_000.0))
    given.did(made)
    assert given.line().text == (
        "proposes wind sector A (LAS-B1): TQ 0402 7829 51.49404,-0.50295, wind from SW, 2.0 km downwind"
    )
    turned = typed(given, 'move "wind sector A" from W')
    assert turned.shape.wind == f.Wind(270, 30, 2_000.0)
    assert turned.shape.place.grid == "TQ 0402 7829", "only the wind has turned"
    given.did(turned).check()


def test_a_wind_sector_without_source_or_wind_is_none_and_nothing_else_has_a_wind() -> None:
    given = opened()
    assert "where the wind comes from" in typed(given, "propose wind TQ 0402 7829")
    propose = next(verb for verb in BOARD.verbs if verb.name == "propose")
    in_form = {"kind": "wind", "place": "TQ 0402 7829", "radius": "from SW 2km", "wind": ""}
    assert propose.build(None, in_form, look(given)).shape.wind == f.Wind(225, 30, 2_000.0)
    assert propose.build(None, in_form | {"radius": "225"}, look(given)).shape.wind == f.Wind(225)
    assert "Only a wind sector" in typed(given, "propose rvp Poyle from SW")
    assert "nothing gives one for Poyle" in typed(given, "propose wind Poyle from SW")
    nowhere = f.Shape(Location("Poyle"), wind=f.Wind(225))
    given.when(f.Propose("wind", nowhere)).refused("wind_missing")
    drawn = typed(given, 'propose wind polygon="TQ 0402 7829; TQ 0410 7829; TQ 0410 7820"')
    assert (drawn.shape.wind, len(drawn.shape.polygon)) == (None, 3), "after a forecast of the plume"
    given.when(f.Propose("rvp", f.Shape(SOURCE, wind=f.Wind(10)))).refused("wind_unasked")
    given.when(f.Propose("inner_cordon", f.Shape(SOURCE, polygon=BOW))).refused("bad_shape")


# -- hazards ----------------------------------------------------------------------------------------------------------


def test_who_gathers_downwind_or_in_the_hot_zone_is_warned_until_one_is_moved() -> None:
    given = opened().did(typed(opened(), "propose wind TQ 0402 7829 from SW 2km"))
    downwind = Location("lay-by", lat=51.500, lon=-0.495)
    given.by("SCAS").did(f.Propose("rvp", f.Shape(downwind)))
    rvp = given.last
    assert [(a.name, b.name) for a, b in endangered(given.view)] == [("RVP A", "wind sector A")]
    seen = look(given)
    row = BOARD.rows(seen)[rvp]
    cells = {column.name: column.cell(row, seen) for column in BOARD.columns}
    assert cells["place"].text.startswith("▲ downwind: wind sector A.")
    assert "move one of the two" in dict(BOARD.detail(row, seen))["danger"].text
    given.did(f.Move(rvp, f.Shape(Location("by-pass", lat=51.487, lon=-0.530))))
    assert endangered(given.view) == ()
    given.by("LAS").did(
        f.Propose("hot_zone", f.Shape(Location("pit", lat=51.487, lon=-0.531), 400.0), scheme="cbrn")
    )
    hot = given.last
    assert [b.name for _, b in endangered(given.view)] == ["hot zone A"]
    given.did(f.Withdraw(hot))
    assert endangered(given.view) == ()
    given.did(f.Propose("ccp", f.Shape(Location("somewhere downwind"))))
    assert endangered(given.view) == (), "words alone cannot be measured"


MIDDLE = (51.5, -0.12)


def at(north_m: float, east_m: float) -> tuple[float, float]:
    return MIDDLE[0] + north_m / 111_195, MIDDLE[1] + east_m / 111_195 / math.cos(math.radians(MIDDLE[0]))


def circle(north_m: float, east_m: float, radius_m: float | None = None) -> f.Shape:
    lat, lon = at(north_m, east_m)
    return f.Shape(Location(lat=lat, lon=lon), radius_m)


def ring(*corners: tuple[float, float]) -> f.Shape:
    return f.Shape(Location("drawn"), polygon=tuple(at(*corner) for corner in corners))


BOX = ring((0, -200), (0, 900), (-900, 900), (-900, -200))


@pytest.mark.parametrize(
    ("one", "other", "met"),
    [
        (circle(0, 0, 400), BOX, True),  # its side goes through the middle
        (circle(0, 0, 400), circle(-900, 0, 600), True),
        (circle(0, 0, 400), circle(-1_010, 0, 600), False),
        (circle(0, 0, 400), circle(-390, 0), True),
        (circle(150, 300, 140), BOX, False),
        (circle(150, 300, 160), BOX, True),
        (circle(-400, 300, 50), BOX, True),  # wholly inside
        (BOX, ring((-300, -100), (-300, 100), (-400, 100)), True),
        (ring((-300, -100), (-300, 100), (-400, 100)), BOX, True),
        (ring((500, 100), (500, 200), (-2_000, 200), (-2_000, 100)), BOX, True),  # no corner in the other
        (ring((500, 100), (500, 1_500), (-200, 1_500)), BOX, False),  # the boxes meet, they do not
        (f.Shape(Location("words alone")), BOX, False),
    ],
)
def test_two_pieces_of_ground_meet_or_not(one: f.Shape, other: f.Shape, met: bool) -> None:
    assert meets(one, other) is met
    assert meets(other, one) is met


def test_random_rings_meet_as_the_geometry_library_says() -> None:
    shapely = pytest.importorskip("shapely")
    rng = random.Random(5)

    def star(north: float, east: float) -> list[tuple[float, float]]:
        spokes = [(turn, rng.uniform(100, 900)) for turn in range(0, 360, 30)]
        return [
            (north + d * math.cos(math.radians(t)), east + d * math.sin(math.radians(t))) for t, d in spokes
        ]

    for _ in range(200):
        a, b = star(0, 0), star(rng.uniform(-1_500, 1_500), rng.uniform(-1_500, 1_500))
        assert meets(ring(*a), ring(*b)) == shapely.Polygon(a).intersects(shapely.Polygon(b))


def test_who_gathers_on_ground_that_reaches_into_the_hazard_is_warned() -> None:
    given = opened().did(f.Propose("hot_zone", circle(0, 0, 400), scheme="fire"))
    given.did(f.Propose("marshalling", BOX)).did(f.Propose("parking", circle(-900, 0, 600)))
    given.did(f.Propose("rvp", circle(2_000, 0)))
    assert [one.kind for one, _ in endangered(given.view)] == ["marshalling", "parking"]


def test_thousands_of_features_are_compared_with_an_end_to_it() -> None:
    corners = [(500 * math.cos(turn / 159), 500 * math.sin(turn / 159)) for turn in range(999)]
    rings, points = [ring(*corners)] * 200, [circle(0, 0), circle(9_000, 0)] * 100
    pairs = tuple(meeting(points, rings))
    assert len(pairs) == 100 * EACH_MAX, "each that is in danger is told"
    assert not any(one % 2 for one, _ in pairs)
    exact = [circle(one, 0) for one in range(0, 40_000, 40)]
    assert len(tuple(meeting(exact, exact))) == 1_000, "each itself alone"


# -- what it reaches --------------------------------------------------------------------------------------------------


def with_areas() -> Given:
    given = Given(INCIDENT, charter_=WITH_AREAS).by("LAS")
    given.did(Open("M4/M25 coach", "exercise", SOURCE)).did(Invite(("SCAS",))).by("SCAS").did(Join("duty"))
    return given.by("LAS")


def test_what_a_cordon_reaches_is_stored_shown_and_grows() -> None:
    given = with_areas()
    near = (("SCAS", 0), ("LAS", 0), ("SECAMB", 800), ("EEAST", 9_000))
    small = reach(("SCAS", 0), ("LAS", 700), ("SECAMB", 9_500), ("EEAST", 12_000))
    given.did(f.Propose("outer_cordon", f.Shape(SOURCE, 500.0), reach=small))
    cordon = given.last
    assert untold(given.view) == ()
    big = reach(*near, crosses=("SCAS", "LAS"), radius_m=9_000)
    given.did(f.Move(cordon, f.Shape(SOURCE, 9_000.0), "smoke", big))
    row = boundaries(given.view).rows[cordon]
    assert row.reach == big
    assert reach_words(big) == "crosses SCAS/LAS; SECAMB 0.8 km, EEAST 9.0 km"
    assert given.line().text.endswith("Crosses SCAS/LAS; SECAMB 0.8 km, EEAST 9.0 km. Reason: smoke.")
    assert untold(given.view) == ("SECAMB", "EEAST")
    assert set(must_be_told(given.view)) >= set(small.tells)
    seen = look(given)
    assert dict(BOARD.detail(row, seen))["reaches"].text == reach_words(big)
    given.did(f.Withdraw(cordon))
    assert untold(given.view) == (), "what is withdrawn asks for nobody"
    given.check()


def test_ground_moved_by_a_room_without_the_areas_asks_for_who_had_to_be_told_before() -> None:
    given = with_areas()
    small = reach(("SCAS", 0), ("SECAMB", 800), crosses=("SCAS",))
    given.did(f.Propose("outer_cordon", f.Shape(SOURCE, 500.0), reach=small))
    cordon, laid = given.last, given.now
    given.by("SCAS").did(f.Agree(cordon)).by("LAS").later(1)
    given.did(f.Move(cordon, f.Shape(SOURCE, 5_000.0), reach=msgspec.structs.replace(small, areas="others")))
    row = boundaries(given.view).rows[cordon]
    assert untold(given.view) == ("SECAMB",), "a cordon that grows never warns fewer"
    assert given.line().text.endswith("Reach not computed: tell as before: SCAS SECAMB.")
    assert dict(BOARD.detail(row, look(given)))["reaches"].text == "not computed: tell as before: SCAS SECAMB"
    given.did(f.Move(cordon, f.Shape(SOURCE, 6_000.0)))
    assert untold(given.view) == ("SECAMB",), "nor when it grows again"
    given.did(f.Move(cordon, f.Shape(msgspec.structs.replace(SOURCE, text="the coach"), 6_000.0)))
    given.later(2)
    (alarm,) = (a for a in alarms_now(given.view, given.now) if a.kind == "neighbour_untold")
    assert alarm.since == laid + 180_000, "a move gives nobody more time"
    given.check()


def test_a_reach_can_be_computed_later_and_nobody_is_asked_anew_for_that() -> None:
    given = with_areas()
    shape = f.Shape(SOURCE, 500.0)
    given.did(f.Propose("outer_cordon", shape))
    cordon = given.last
    given.by("SCAS").did(f.Agree(cordon)).by("LAS").later(1)
    found = reach(("SCAS", 0), ("SECAMB", 800))
    given.did(f.Move(cordon, shape, reach=found))
    assert given.line().text == "measures outer cordon A (LAS-B1) anew: inside SCAS; SECAMB 0.8 km", (
        "nothing moved"
    )
    row = boundaries(given.view).rows[cordon]
    assert (row.reach, row.moves, set(row.answers)) == (found, 0, {"LAS", "SCAS"})
    given.when(f.Move(cordon, shape, reach=found)).nothing()
    given.when(f.Move(cordon, shape)).nothing()
    as_of_old = given.model.evolve(
        given.view, f.Moved(cordon, shape, reach=reach(("LAS", 0))), given.records[-1]
    )
    assert boundaries(as_of_old).rows[cordon].reach == reach(("LAS", 0)), "an older log says it with a move"
    assert boundaries(as_of_old).rows[cordon].moves == 0
    forged = msgspec.structs.replace(found, before=("EEAST",))
    given.did(f.Move(cordon, f.Shape(SOURCE, 600.0), reach=forged))
    assert "EEAST" not in untold(given.view), "only the rules say what was before"
    given.check()


def test_a_reason_is_written_where_nothing_is_moved() -> None:
    given = with_areas()
    shape, found = f.Shape(SOURCE, 500.0), reach(("SCAS", 0), ("SECAMB", 800))
    given.did(f.Propose("outer_cordon", shape))
    cordon = given.last
    given.by("SCAS").did(f.Agree(cordon)).by("LAS")
    given.when(f.Move(cordon, shape, "as the fire service asked")).refused("not_moved")
    given.did(f.Move(cordon, shape, "as the fire service asked", found))
    assert given.line().text == (
        "measures outer cordon A (LAS-B1) anew: inside SCAS; SECAMB 0.8 km. Reason: as the fire service asked."
    )
    given.did(f.Move(cordon, shape, "the wind turned"))
    assert given.line().text.endswith("Reason: the wind turned."), "what it reaches is as it was"
    row = boundaries(given.view).rows[cordon]
    assert (row.reach, row.moves, set(row.answers)) == (found, 0, {"LAS", "SCAS"})
    given.did(f.Move(cordon, f.Shape(SOURCE, 600.0), "larger", found))
    given.when(f.Move(cordon, f.Shape(SOURCE, 600.0), "larger", found)).nothing()
    given.check()


def test_a_cordon_is_moved_in_words_and_one_in_words_is_changed() -> None:
    given = with_areas()
    given.did(f.Propose("outer_cordon", f.Shape(SOURCE, 500.0)))
    moved = typed(given, 'move LAS-B1 "behind the church"')
    assert isinstance(moved, f.Move), moved
    assert moved.shape == f.Shape(Location("behind the church"), 500.0)
    given.did(moved)
    grown = typed(given, "move LAS-B1 800m")
    assert isinstance(grown, f.Move), grown
    assert grown.shape == f.Shape(Location("behind the church"), 800.0)
    assert "drawn around a point" in typed(given, 'move LAS-B1 "behind the mill" 800m'), "both are typed now"
    assert "drawn around a point" in typed(given, 'propose outer "behind the mill" 800m')
    given.check()


def test_what_was_computed_with_other_areas_is_left_out() -> None:
    given = with_areas()
    other = msgspec.structs.replace(reach(("SCAS", 0)), areas="areas-2")
    given.did(f.Propose("rvp", f.Shape(SOURCE), reach=other))
    assert boundaries(given.view).rows[given.last].reach is None
    assert measured(reach(), "") is None


def test_a_cordon_that_grows_never_warns_fewer() -> None:
    rng = random.Random(5)
    for _ in range(300):
        at = {code: rng.randint(0, 30_000) for code in ("LAS", "SCAS", "SECAMB", "EEAST", "SWASFT")}
        told: set[str] = set()
        for radius in (1, 200, 1_000, 4_000, 6_000, 12_000, 25_000):
            near = sorted(((max(0, metres - radius), code) for code, metres in at.items()))
            crosses = tuple(code for metres, code in near if metres == 0)
            grown = Reach("a", crosses, tuple(Near(code, metres) for metres, code in near), radius, 250)
            assert told <= set(grown.tells)
            told = set(grown.tells)


def test_several_pieces_of_ground_name_nobody_twice() -> None:
    assert told_of((reach(("LAS", 10)), None, reach(("LAS", 20), ("SECAMB", 30)))) == (
        "SCAS",
        "LAS",
        "SECAMB",
    )


def test_a_point_asks_for_whom_it_lies_by() -> None:
    rvp = Reach("a", ("SCAS",), (Near("SCAS", 0), Near("LAS", 900), Near("SECAMB", 3_000)), 0, 250)
    assert rvp.tells == ("SCAS", "LAS")
    assert reach_words(rvp) == "inside SCAS; LAS 0.9 km"
    assert reach_words(Reach("a", (), (Near("EEAST", 400),), 0, 250, True)) == (
        "outside every area; EEAST 0.4 km (INDICATIVE)"
    )


@any_of(
    st.integers(0, 3),
    st.lists(st.integers(0, 3_000), max_size=3),
    st.integers(0, 3_000),
)
def test_of_one_point_the_place_and_the_ground_say_the_same(
    drawn: int, others: list[int], accuracy: int
) -> None:
    trust = "SCAS" if drawn else ""
    near = tuple(
        Near(code, metres) for code, metres in zip(("LAS", "SECAMB", "EEAST"), sorted(others), strict=False)
    )
    close = any(one.metres <= accuracy for one in near)
    state = "border" if close else "inside" if trust else "outside"
    place = Placing(state, "a", trust, near, accuracy)
    own = ((Near(trust, 0),), (trust,)) if trust else ((), ())
    ground = Reach("a", own[1], (*own[0], *near), 0, accuracy)
    assert reach_words(ground).partition(";")[0] == where_words(place)


def test_a_record_from_before_reads_as_it_did() -> None:
    body = msgspec.json.encode({"kind": "rvp", "shape": {"place": {"text": "Poyle"}}})
    event = INCIDENT.read_event("boundaries.proposed", 1, body)
    assert event == f.Proposed("rvp", f.Shape(Location("Poyle")))
