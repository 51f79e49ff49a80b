"""Whose area a place is in, who is near, who must be told; grid references; and what a file of areas may not be."""

from __future__ import annotations

import json
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import shapely
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from config.reader import find_config, parse_yaml, read_yaml
from incident.geography import (
    AREAS_SCHEMA,
    FILE,
    Areas,
    AreaSet,
    completed,
    from_grid,
    place,
    to_grid,
)
from incident.kernel.checks import ConfigError, validate
from incident.placing import (
    BORDER,
    INSIDE,
    NEAR_MAX,
    OUTSIDE,
    Near,
    Placing,
    must_tell,
    placing_words,
    propose,
    status_words,
)
from incident.values import Location, read_grid, read_location
from tests.incident.given import charter

ROOT = Path(__file__).resolve().parents[2]
REAL = ROOT.parent / "shared" / "geo" / "ambulance_trusts.geojson"
if not REAL.exists():  # a second working copy lies one folder deeper
    REAL = ROOT.parent.parent / "shared" / "geo" / "ambulance_trusts.geojson"

# latitude, longitude, whose it is ("" for nobody's), and how far others are in km, as measured on detailed areas
GOLDEN = {
    "Sheffield": (53.380, -1.470, "YAS", {"EMAS": 5.1}),
    "Glossop": (53.443, -1.949, "NWAS", {"EMAS": 3.1}),
    "Lilbourne": (52.400, -1.180, "EMAS", {"WMAS": 1.5}),
    "Heathrow": (51.470, -0.4543, "LAS", {"SECAMB": 1.5, "SCAS": 3.6}),
    "Farnborough": (51.290, -0.755, "SECAMB", {"SCAS": 4.9}),
    "Dartford crossing": (51.466, 0.259, "", {"EEAST": 0.4, "SECAMB": 0.4, "LAS": 3.3}),
    "Severn bridge": (51.610, -2.645, "", {"SWASFT": 0.5, "WAST": 1.4}),
    "M4/M25": (51.494, -0.503, "SCAS", {"LAS": 0.6, "SECAMB": 2.8}),
    "Gatwick": (51.154, -0.182, "SECAMB", {}),
    "Ascot": (51.411, -0.677, "SCAS", {}),
    "Wimbledon": (51.434, -0.214, "LAS", {}),
    "Farnborough airfield": (51.276, -0.777, "SECAMB", {}),
}

TOWNS = {
    "LAS": ((51.501, -0.111), (51.51, 0.03), (51.55, -0.10), (51.43, -0.10)),
    "SCAS": ((51.893, -1.145), (51.005, -1.348), (51.764, -1.220), (52.026, -0.736), (50.933, -1.435)),
    "SECAMB": ((51.133, -0.172), (51.381, 0.543), (50.819, -0.118), (51.241, -0.607), (51.142, 0.916)),
    "SWASFT": ((50.719, -3.463), (51.453, -2.60), (50.265, -5.05), (51.07, -1.80), (50.37, -4.14)),
    "WMAS": ((52.484, -2.115), (52.81, -2.12), (52.71, -2.75), (52.055, -2.715), (52.41, -1.51)),
    "EEAST": ((52.13, -0.46), (51.76, 0.51), (52.65, 1.24), (52.175, 0.140), (51.894, -0.474)),
    "EMAS": ((52.98, -1.21), (53.20, -0.53), (52.63, -1.13), (52.24, -0.90), (53.57, -0.08), (53.30, -1.10)),
    "NWAS": ((53.575, -2.48), (53.81, -2.72), (53.345, -2.86), (54.895, -2.935), (53.19, -2.89)),
    "NEAS": ((54.98, -1.73), (54.97, -1.51), (54.57, -1.23), (55.41, -1.71), (54.78, -1.58)),
    "YAS": ((53.71, -1.51), (53.98, -1.10), (53.74, -0.34), (54.28, -0.41), (53.52, -1.13)),
    "IOW": ((50.711, -1.301), (50.63, -1.18)),
    "WAST": ((51.65, -3.02), (51.85, -4.28), (53.25, -4.0), (52.415, -4.07), (53.05, -3.0)),
}


@cache
def shipped() -> Areas:
    return Areas(validate(read_yaml(find_config(FILE)), AREAS_SCHEMA))


def at(lat: float, lon: float) -> Placing:
    found = place(shipped(), Location("here", lat=lat, lon=lon))
    assert found is not None
    return found


def metres(placing: Placing) -> dict[str, int]:
    return {near.agency: near.metres for near in placing.near}


# -- the areas that ship --


@pytest.mark.parametrize("name", GOLDEN)
def test_known_places_lie_where_they_do_within_the_stated_accuracy(name: str) -> None:
    lat, lon, owner, others = GOLDEN[name]
    placing = at(lat, lon)
    if owner:
        assert owner in placing.candidates
        assert placing.trust == owner
    else:
        assert placing.trust == ""
    if placing.state == INSIDE:
        assert placing.candidates == (owner,)
    for code, km in others.items():
        assert abs(metres(placing)[code] - km * 1000) < shipped().set.accuracy_m, code
    assert [near.metres for near in placing.near] == sorted(near.metres for near in placing.near)


@pytest.mark.parametrize(("owner", "lat", "lon"), [(code, *point) for code in TOWNS for point in TOWNS[code]])
def test_towns_lie_in_the_area_of_their_trust(owner: str, lat: float, lon: float) -> None:
    placing = at(lat, lon)
    assert placing.trust == owner
    assert placing.state in (INSIDE, BORDER)


def test_a_place_nearer_to_a_border_than_the_border_is_known_is_on_the_border() -> None:
    placing = at(51.494, -0.503)
    assert placing.state == BORDER
    assert placing.candidates == ("SCAS", "LAS", "SECAMB")
    assert at(51.466, 0.259).candidates == ("EEAST", "SECAMB")
    assert at(51.466, 0.259).state == BORDER
    assert at(52.5, -1.9).state == INSIDE
    assert at(50.0, 2.0).state == OUTSIDE
    assert at(50.0, 2.0).candidates == ()


def test_the_areas_that_ship_are_of_agencies_that_can_be_invited_and_say_that_they_are_indicative() -> None:
    found = shipped().set
    assert {area.agency for area in found.areas} == set(TOWNS)
    assert {area.agency for area in found.areas} <= set(charter().agencies)
    assert found.indicative
    assert found.accuracy_m >= 1_000
    assert "general knowledge" in found.origin


def test_the_digest_is_of_the_content_and_not_of_the_layout() -> None:
    written = find_config(FILE).read_bytes()
    tight = json.dumps(json.loads(written)).encode()
    again = validate(parse_yaml(tight, "tight"), AREAS_SCHEMA)
    assert again.digest == shipped().digest
    moved = json.loads(written)
    moved["features"][0]["geometry"]["coordinates"][0][1][0] += 0.001
    other = validate(parse_yaml(json.dumps(moved).encode(), "moved"), AREAS_SCHEMA)
    assert other.digest != again.digest


@pytest.mark.skipif(not REAL.exists(), reason="the detailed areas are not on this machine")
def test_the_drawn_areas_against_detailed_ones() -> None:
    known = {
        feature["properties"]["code"]: shapely.from_geojson(json.dumps(feature["geometry"]))
        for feature in json.loads(REAL.read_text(encoding="utf-8"))["features"]
    }
    wrong = asked = 0
    for lat in (49.95 + 0.07 * step for step in range(84)):
        for lon in (-5.6 + 0.1 * step for step in range(74)):
            point = shapely.Point(lon, lat)
            owner = next((code for code in TOWNS if known[code].contains(point)), "")
            if not owner:
                continue
            placing = at(lat, lon)
            asked += 1
            wrong += owner not in placing.candidates
    assert asked > 2_000
    assert (
        wrong < asked / 200
    )  # at 199 of 200 places the true owner is the answer, or among those on the border


# -- what follows --

GOLDEN_PLACES = st.sampled_from([(lat, lon) for lat, lon, _, _ in GOLDEN.values()])
RADII = st.integers(0, 60_000)


@given(point=GOLDEN_PLACES, small=RADII, more=RADII)
@settings(deadline=None)
def test_a_larger_cordon_never_warns_fewer(point: tuple[float, float], small: int, more: int) -> None:
    placing = at(*point)
    told = must_tell(placing, cordon_radius_m=small)
    assert set(told) <= set(must_tell(placing, cordon_radius_m=small + more))
    assert set(must_tell(placing)) <= set(told)
    assert set(placing.candidates) <= set(told)


def test_who_must_be_told_goes_by_distance_and_by_the_cordon() -> None:
    near = (Near("LAS", 600), Near("SECAMB", 2_800), Near("EEAST", 12_000))
    placing = Placing(INSIDE, "d", "SCAS", near, 100)
    assert must_tell(placing) == ("SCAS", "LAS", "SECAMB")
    assert must_tell(placing, radius_m=1_000) == ("SCAS", "LAS")
    assert must_tell(placing, cordon_radius_m=5_499) == ("SCAS", "LAS", "SECAMB")
    assert must_tell(placing, cordon_radius_m=5_500) == ("SCAS", "LAS", "SECAMB", "EEAST")


def test_what_is_proposed_to_the_room_that_opens() -> None:
    coach = propose(at(51.494, -0.503), "LAS")
    assert (coach.lead, coach.agree, coach.tell) == ("SCAS", True, ("SCAS", "SECAMB"))
    assert "INDICATIVE" in coach.words
    assert "LAS 0.6 km" in coach.words
    crossing = propose(at(51.466, 0.259), "LAS")
    assert (crossing.lead, crossing.agree, crossing.tell) == ("", True, ("EEAST", "SECAMB"))
    deep = propose(at(52.5, -1.9), "WMAS")
    assert (deep.lead, deep.agree, deep.tell) == ("WMAS", False, ())


def test_words_never_name_one_trust_within_the_accuracy() -> None:
    assert placing_words(at(51.494, -0.503)).startswith("On the border SCAS/LAS/SECAMB")
    assert placing_words(at(54.995, -3.06)).startswith("On the edge of NWAS")
    assert placing_words(at(50.0, 2.0)).startswith("Outside every area")
    assert status_words(at(51.494, -0.503)) == "LAS border 0.6 km · INDICATIVE"
    assert status_words(at(51.411, -0.677)).endswith(" km · INDICATIVE")
    assert status_words(at(52.5, -1.9)) == ""
    agreed = Placing(INSIDE, "d", "SCAS", (Near("LAS", 600),), 100)
    assert status_words(agreed) == "LAS 0.6 km"
    assert "INDICATIVE" not in placing_words(agreed)


@given(lat=st.floats(49.9, 55.9), lon=st.floats(-5.8, 1.8))
@settings(deadline=None, max_examples=300)
def test_every_point_is_in_one_area_at_most_and_the_states_agree_with_the_distances(
    lat: float, lon: float
) -> None:
    placing = at(lat, lon)
    inside = [near for near in placing.near if near.metres == 0]
    assert not inside or placing.state == BORDER  # on the very line, and said to be
    assert placing.trust not in metres(placing)
    assert len(placing.near) <= NEAR_MAX
    assert (placing.state == OUTSIDE) == (not placing.candidates)
    assert placing.state != INSIDE or placing.candidates == (placing.trust,)
    assert placing.state != BORDER or placing.near[0].metres <= placing.accuracy_m


# -- grid references --


def test_grid_references_agree_with_the_ordnance_survey_within_five_metres() -> None:
    known = {
        (51.5008, -0.1219): (530455, 179656, "TQ"),
        (53.4300, -1.9490): (403486, 392579, "SK"),
        (53.3800, -1.4700): (435354, 387145, "SK"),
        (51.4660, 0.2590): (557010, 176534, "TQ"),
        (54.9950, -3.0600): (332282, 567227, "NY"),
    }
    for (lat, lon), (easting, northing, square) in known.items():
        letters, east, north = to_grid(lat, lon, 10).split()
        assert letters == square
        assert abs(int(east) - easting % 100_000) <= 5
        assert abs(int(north) - northing % 100_000) <= 5


@given(lat=st.floats(50.0, 58.0), lon=st.floats(-5.0, 1.7), digits=st.sampled_from([6, 8, 10]))
@settings(deadline=None)
def test_there_and_back_is_the_same_square(lat: float, lon: float, digits: int) -> None:
    assume(lat > 51.4 or (lat > 50.1 and lon < 0.2))  # this side of the Channel
    grid = to_grid(lat, lon, digits)
    assert read_grid(grid) == grid
    back = from_grid(grid)
    assert to_grid(*back, digits) == grid
    side = 10 ** (5 - digits // 2)
    assert abs(back[0] - lat) * 111_200 <= side + 5


def test_no_grid_reference_is_given_where_there_is_none() -> None:
    assert to_grid(54.6, -5.93) == ""  # Belfast is on the Irish Grid
    assert to_grid(48.85, 2.35) == ""
    assert to_grid(-33.9, 151.2) == ""
    assert to_grid(50.12, -6.3).startswith("SV") or to_grid(49.92, -6.3).startswith("SV")
    with pytest.raises(ValueError, match="two letters"):
        from_grid("4027829")


@pytest.mark.parametrize(
    ("name", "lat", "lon", "square"),
    [
        ("Stranraer", 54.903, -5.027, "NX"),
        ("Corsewall Point", 55.007, -5.159, "NW"),
        ("Mull of Galloway", 54.635, -4.857, "NX"),
        ("Mull of Kintyre", 55.311, -5.803, "NR"),
        ("Campbeltown", 55.425, -5.606, "NR"),
        ("Port Ellen, Islay", 55.630, -6.190, "NR"),
        ("Mull of Oa, Islay", 55.580, -6.330, "NR"),
        ("Calf of Man", 54.054, -4.830, "SC"),
        ("Douglas, Isle of Man", 54.152, -4.486, "SC"),
        ("Holyhead", 53.309, -4.633, "SH"),
        ("St Davids Head", 51.903, -5.313, "SM"),
        ("Grassholm", 51.731, -5.480, "SM"),
        ("Isles of Scilly", 49.920, -6.300, "SV"),
        ("Barra Head", 56.785, -7.653, "NL"),
        ("Dover", 51.129, 1.311, "TR"),
        ("South Goodwin", 51.170, 1.480, "TR"),
        ("Dungeness", 50.912, 0.976, "TR"),
        ("Ramsgate", 51.333, 1.417, "TR"),
        ("Beachy Head", 50.737, 0.247, "TV"),
        ("Lowestoft", 52.475, 1.752, "TM"),
        ("Bangor in County Down", 54.660, -5.670, ""),
        ("Newtownards", 54.591, -5.690, ""),
        ("Donaghadee", 54.640, -5.530, ""),
        ("Portavogie", 54.457, -5.437, ""),
        ("Larne", 54.853, -5.817, ""),
        ("Rathlin", 55.290, -6.190, ""),
        ("Torr Head", 55.197, -6.060, ""),
        ("Malin Head", 55.382, -7.374, ""),
        ("Tory Island", 55.265, -8.230, ""),
        ("Wicklow Head", 52.965, -6.000, ""),
        ("Carnsore Point", 52.172, -6.360, ""),
        ("Mizen Head", 51.450, -9.000, ""),
        ("Calais", 50.950, 1.850, ""),
        ("Cap Gris Nez", 50.870, 1.583, ""),
        ("Boulogne", 50.726, 1.600, ""),
        ("Dieppe", 49.920, 1.080, ""),
        ("Dunkirk", 51.035, 2.377, ""),
        ("Barfleur", 49.700, -1.260, ""),
    ],
)
def test_a_place_has_a_british_reference_where_the_british_grid_is_used(
    name: str, lat: float, lon: float, square: str
) -> None:
    assert to_grid(lat, lon)[:2] == square, name


def test_a_location_gets_what_is_missing_and_keeps_what_was_given() -> None:
    typed = completed(read_location("M25 J15 northbound, TQ 0402 7829"))
    assert typed.point is not None
    assert abs(typed.point[0] - 51.494) < 0.0002
    assert abs(typed.point[1] + 0.503) < 0.0002
    assert completed(read_location("coach 51.494,-0.503")).grid == "TQ 0402 7829"
    both = Location("x", "TQ 0402 7829", 53.0, -1.0)
    assert completed(both) == both
    words = Location("somewhere on the M25")
    assert completed(words) == words
    assert place(shipped(), words) is None


# -- what a file may not be --


def square(code: str, west: float, south: float, size: float = 1.0) -> dict[str, Any]:
    ring = [
        [west, south],
        [west + size, south],
        [west + size, south + size],
        [west, south + size],
        [west, south],
    ]
    return {
        "type": "Feature",
        "properties": {"agency": code, "ods_code": "X1"},
        "geometry": {"type": "Polygon", "coordinates": [ring]},
    }


def collection(*features: dict[str, Any], **changed: Any) -> bytes:
    whole = {"type": "FeatureCollection", "name": "test", "accuracy_m": 100, "indicative": True}
    return json.dumps({**whole, **changed, "features": list(features)}, indent=1).encode()


def read(data: bytes) -> AreaSet:
    return validate(parse_yaml(data, FILE), AREAS_SCHEMA)


def problems(data: bytes) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        Areas(read(data))
    return [problem.sentence for problem in caught.value.problems]


def test_members_that_are_not_ours_are_passed_over() -> None:
    found = Areas(read(collection(square("LAS", -1, 51), bbox=[-1, 51, 0, 52])))
    assert found.containing(530_000, 180_000) in ("LAS", "")
    placing = place(found, Location("x", lat=51.5, lon=-0.5))
    assert placing is not None
    assert (placing.trust, placing.near) == ("LAS", ())


def test_every_problem_of_a_file_is_told_at_once_in_plain_sentences() -> None:
    grid = square("SCAS", 400_000, 180_000)
    open_ring = square("SECAMB", 0, 51)
    open_ring["geometry"]["coordinates"][0].pop()
    line = square("EEAST", 1, 52)
    line["geometry"]["type"] = "LineString"
    text = square("EMAS", -1, 52)
    text["geometry"]["coordinates"][0][0] = ["NaN", 52]
    nobody = square("las!", -1, 51)
    short = square("NWAS", -3, 53)
    short["geometry"]["coordinates"][0] = short["geometry"]["coordinates"][0][:3]
    told = "\n".join(
        problems(
            collection(grid, open_ring, line, text, nobody, short, accuracy_m=-1, indicative="yes", name="")
        )
    )
    assert "degrees" in told
    assert "must end where it begins" in told
    assert "must be one of Polygon, MultiPolygon" in told
    assert "must be a number, not 'NaN'" in told
    assert "'features[4].properties.agency'" in told
    assert "must have 4 to" in told
    assert "'accuracy_m' must be a whole number" in told
    assert "'indicative' must be true or false" in told
    assert "'name' must not be empty" in told


@pytest.mark.parametrize(
    "data",
    [b"", b"[]", b"{", b'{"type": "FeatureCollection"}', collection(), b"\xff\xfe", collection({})],
)
def test_what_is_no_file_of_areas_is_refused_with_a_sentence(data: bytes) -> None:
    with pytest.raises(ConfigError) as caught:
        Areas(read(data))
    assert all(problem.sentence for problem in caught.value.problems)


def test_areas_may_meet_and_may_not_overlap_or_cross_themselves() -> None:
    Areas(read(collection(square("LAS", -1, 51), square("SCAS", -2, 51))))
    told = problems(collection(square("LAS", -1, 51), square("SCAS", -1.5, 51), square("IOW", -2, 51)))
    assert [" ".join(sentence.split()[:6]) for sentence in told] == [
        "the areas of LAS and SCAS",
        "the areas of SCAS and IOW",
    ]
    bow = square("LAS", -1, 51)
    ring = bow["geometry"]["coordinates"][0]
    ring[1], ring[2] = ring[2], ring[1]
    assert "LAS" in problems(collection(bow))[0]
    twice = problems(collection(square("LAS", -1, 51), square("LAS", 1, 51)))
    assert "repeats" in twice[0]


def test_lines_that_cross_by_a_hair_are_mended_and_by_more_are_told() -> None:
    def zigzag(width: float, by: float) -> bytes:
        feature = square("LAS", -1, 51, 0.5)
        top = [[-0.5, 51.5], [-0.7 - width, 51.5], [-0.7, 51.5 + by], [-1, 51.5 - 0.9 * by / width]]
        feature["geometry"]["coordinates"] = [[[-1, 51], [-0.5, 51], *top, [-1, 51]]]
        return collection(feature)

    sound = Areas(read(zigzag(0.001, 1e-6)))
    assert shapely.is_valid(sound.shapes[0])
    assert sound.shapes[0].geom_type == "MultiPolygon"
    assert place(sound, Location("x", lat=51.3, lon=-0.7)) == Placing(
        INSIDE, sound.digest, "LAS", (), 100, True
    )
    assert "not closed lines" in problems(zigzag(0.05, 5e-3))[0]


def test_no_geometry_is_loaded_until_it_is_asked_for() -> None:
    asked = (
        "import sys, server.settings, server.__main__, incident_tui.headless, incident_tui.app, incident_tui.__main__, "
        "incident.geography, incident.nearby; "
        "print(sorted({'numpy', 'shapely', 'pyproj'} & set(sys.modules)))"
    )
    said = subprocess.run(
        [sys.executable, "-c", asked], capture_output=True, text=True, check=True, cwd=ROOT, timeout=60
    )
    assert said.stdout.strip() == "[]"
