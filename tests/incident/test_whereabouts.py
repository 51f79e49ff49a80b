"""Where something is, as people say it: spellings of a point, names, callsigns, roads and railways, and nonsense."""

from __future__ import annotations

import contextlib
import difflib
import string
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from config.reader import find_config, parse_yaml, read_yaml
from incident.boundaries.facts import Propose, Shape
from incident.fleet.facts import EnterUnits, Entry, OpenRegister
from incident.geography import from_grid, to_grid
from incident.kernel.board import Look
from incident.kernel.checks import ConfigError, validate
from incident.kernel.slice import Actor
from incident.resources.facts import Commit, Commitment, Describe, SetStatus
from incident.state import INCIDENT, REGISTER
from incident.values import Location, read_location
from incident.whereabouts import (
    FILE,
    GAZETTEER_SCHEMA,
    Gazetteer,
    Known,
    Named,
    as_location,
    drawn_place,
    known_of,
    metres_between,
    read,
    read_point,
)
from incident.whereabouts.grids import is_square
from tests.foreign import FORMULAS, MARKUP
from tests.incident.given import REGISTER_STREAM, Given, charter, opened

PLACE = (51.494, -0.503)
EXACT = 0.000_001


@cache
def gazetteer() -> Gazetteer:
    """The names that ship."""
    return validate(read_yaml(find_config(FILE)), GAZETTEER_SCHEMA)


def look_of(state: Any = None, home: str = "LAS", **fields: Any) -> Look:
    return Look(
        state=INCIDENT.initial() if state is None else state,
        me=Actor("EOC", home, "operator"),
        now=0,
        charter=charter(),
        gazetteer=gazetteer(),
        **fields,
    )


def place(text: str, look: Look | None = None) -> Location:
    return as_location(text, look or look_of())


def refusal(text: str, look: Look | None = None) -> str:
    with pytest.raises(ValueError, match=r"[a-z].*[.?]$") as caught:
        place(text, look)
    return str(caught.value)


def told(text: str) -> Location | str:
    """The place, or the sentence that says why there is none; whatever else happens is a bug."""
    try:
        return place(text)
    except ValueError as error:
        return str(error)


# -- grid references ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "grid"),
    [
        ("TQ 0402 7829", "TQ 0402 7829"),
        ("tq04027829", "TQ 0402 7829"),
        ("TQ 0478", "TQ 04 78"),
        ("TQ04 78", "TQ 04 78"),
        ("TQ 040 782", "TQ 040 782"),
        ("tq 040782", "TQ 040 782"),
        ("TQ0402078290", "TQ 04020 78290"),
        ("TQ 04020 78290", "TQ 04020 78290"),
        ("TQ 0402, 7829", "TQ 0402 7829"),
        ("grid ref TQ 040782", "TQ 040 782"),
        ("NGR: TQ 0402 7829", "TQ 0402 7829"),
    ],
)
def test_a_grid_reference_of_any_precision_is_read(written: str, grid: str) -> None:
    assert place(written) == Location(grid=grid)


def test_four_figures_among_words_are_a_grid_reference_where_what_they_are_stands_in_brackets() -> None:
    assert place("SU 97 80 (Slough, within 2 km)") == Location("(Slough, within 2 km)", "SU 97 80")
    assert place("sector TN 12 34") == Location("sector TN 12 34")
    assert place("unit su 97 80 (late)") == Location("unit su 97 80 (late)")


@given(
    st.floats(50.0, 58.0),
    st.floats(-4.0, 1.0),
    st.sampled_from((4, 6, 8, 10)),
    st.sampled_from(("{} {} {}", "{}{}{}", "{} {}{}", "{}{} {}")),
    st.booleans(),
)
def test_a_point_comes_back_from_its_grid_reference_to_within_the_square(
    lat: float, lon: float, digits: int, spelling: str, small: bool
) -> None:
    grid = to_grid(lat, lon, digits)
    assume(grid)  # none is printed on the other side of the Channel
    written = spelling.format(*grid.split())
    found = place(written.lower() if small else written)
    assert found.grid == grid
    side = 10 ** (5 - digits // 2)
    assert metres_between((lat, lon), from_grid(found.grid)) <= side * 0.75 + 10


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ("TQ 0402 782", "7 digits"),
        ("Poyle TQ 0402 782", "7 digits"),
        ("TQ 04020 7829", "9 digits"),
        ("TQ 402 78290", "8 digits, 3 and 5"),
        (
            "TQ 03 7",
            "3 digits, 2 and 1: a grid reference has 4, 6, 8 or 10 in equal halves, such as TQ 0402 7829",
        ),
        ("TQ 12345", "5 digits, an odd number"),
        ("TQ 033 76O", "the letter O among its digits: write TQ 033 760 if a digit is meant"),
        ("tq03376o", "write TQ 033 760 if a digit"),
        ("RVP at TQ O33 76I, gate", "the letter O and the letter I among its digits: write TQ 033 761"),
        ("TI 0402 7829", "TI is no square"),
        ("XX 1234 5678", "XX is no square"),
        ("JZ 1234 5678", "JZ is no square"),
    ],
)
def test_a_grid_reference_that_cannot_be_one_says_what_one_is_like(written: str, says: str) -> None:
    said = refusal(written)
    assert says in said
    assert "TQ 0402 7829" in said


def test_the_squares_are_those_of_the_national_grid() -> None:
    squares = [a + b for a in string.ascii_uppercase for b in string.ascii_uppercase if is_square(a + b)]
    assert {"SV", "TQ", "TM", "SU", "NT", "HP", "HU"} <= set(squares)
    assert not {"TI", "II", "AA", "TE", "JE", "HA"} & set(squares)


# -- latitude and longitude -----------------------------------------------------------------------------------

SPELLINGS = (
    "{lat},{lon}",
    "{lat}, {lon}",
    "{lat} {lon}",
    "{lat}; {lon}",
    "{alat}{ns} {alon}{ew}",
    "{alat} {ns}, {alon} {ew}",
    "{ns}{alat} {ew}{alon}",
    "{ns} {alat}, {ew} {alon}",
    "{alon}{ew} {alat}{ns}",
    "{alat}° {ns} {alon}° {ew}",
    "{lat}°, {lon}°",
    "lat {lat} lon {lon}",
    "latitude: {lat}, longitude: {lon}",
    "long {lon} lat {lat}",
    "{dm_lat} {ns} {dm_lon} {ew}",
    "{ns}{dm_lat} {ew}{dm_lon}",
    "{sym_lat}{ns} {sym_lon}{ew}",
    "{sym_lat} {ns}, {sym_lon} {ew}",
    "{dms_lat} {ns} {dms_lon} {ew}",
    "{col_lat}{ns}, {col_lon}{ew}",
    "{col_lat} {ns} {col_lon} {ew}",
    "{dms_lat}{ns} {dms_lon}{ew}",
    "{deg_lat} north {deg_lon} {east_west}",
)


def _parts(value: float) -> tuple[int, int, float]:
    tenths = round(abs(value) * 36_000)
    return tenths // 36_000, tenths // 600 % 60, tenths % 600 / 10


def _spelt(spelling: str, lat: float, lon: float) -> str:
    words: dict[str, str] = {"ns": "N" if lat >= 0 else "S", "ew": "E" if lon >= 0 else "W"}
    words["east_west"] = "east" if lon >= 0 else "west"
    for name, value in (("lat", lat), ("lon", lon)):
        degrees, minutes, seconds = _parts(value)
        words |= {
            name: f"{value:.6f}",
            f"a{name}": f"{abs(value):.6f}",
            f"dm_{name}": f"{degrees} {minutes + seconds / 60:.4f}",
            f"sym_{name}": f"{degrees}°{minutes:02}'{seconds:04.1f}\"",
            f"dms_{name}": f"{degrees} {minutes} {seconds:.1f}",
            f"col_{name}": f"{degrees}:{minutes:02}:{seconds:04.1f}",
            f"deg_{name}": f"{degrees} deg {minutes} min {seconds:.1f} sec",
        }
    return spelling.format(**words)


@given(st.floats(49.5, 60.9), st.floats(-8.5, 2.0), st.sampled_from(SPELLINGS))
@example(51.0, -0.0, SPELLINGS[0])
@example(51.999_99, -0.000_01, "{sym_lat}{ns} {sym_lon}{ew}")
def test_every_spelling_of_a_point_comes_back_to_within_its_precision(
    lat: float, lon: float, spelling: str
) -> None:
    found = place(_spelt(spelling, lat, lon))
    assert found.point is not None
    assert found.text == ""
    assert metres_between((lat, lon), found.point) <= 15


@pytest.mark.parametrize(
    ("written", "point"),
    [
        ("51°29'38\"N 0°30'11\"W", (51.49389, -0.50306)),
        ("51° 29′ 38″ N, 0° 30′ 11″ W", (51.49389, -0.50306)),
        ("51 29 38 -0 30 11", (51.49389, -0.50306)),
        ("51:29:38 -0:30:11", (51.49389, -0.50306)),
        ("51:29:38 0:30:11", (51.49389, 0.50306)),
        ("51 29.64 N 0 30.18 W", (51.494, -0.503)),
        ("51.494 \N{MINUS SIGN}0.503", (51.494, -0.503)),
        ("51, 0", (51.0, 0.0)),
        ("48.85,2.35", (48.85, 2.35)),
    ],
)
def test_degrees_minutes_and_seconds_are_read(written: str, point: tuple[float, float]) -> None:
    assert place(written).point == pytest.approx(point, abs=0.00001)


def test_the_longitude_first_is_noticed_where_only_that_is_in_this_country_and_said() -> None:
    found = read("-0.503, 51.494")
    assert found.location.point == PLACE
    assert found.warn == "The longitude stood first: read as latitude 51.494, longitude -0.503."
    assert read("51.494,-0.503").warn == ""
    assert read("0.503W 51.494N").warn == "", "the letters say which is which"
    assert read("45.1, 46.2").location.point == (45.1, 46.2), "nothing is certain there"


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ("51.494", "latitude and longitude"),
        ("51.494N", "latitude and longitude"),
        ("12345", "latitude and longitude"),
        ("14:05", "latitude and longitude"),
        ("020 7946 0101", "latitude and longitude"),
        ("91.5, 200.3", "not on the earth"),
        ("coach 51.494,-190.503", "not on the earth"),
        ("51N 52N", "two latitudes"),
        ("51 75 0 N 0 1 0 W", "75 cannot be minutes"),
        ("51.494N -0.503W", "a minus and a letter"),
        ("51.5 29 N 0.5 30 W", "fraction"),
        ("1 2 3 4 N 5 6 7 8 W", "degrees, minutes and seconds"),
        ("9" * 290, "latitude and longitude"),
        ("9" * 140 + " " + "9" * 140, "not on the earth"),
    ],
)
def test_figures_that_are_no_place_are_refused_with_what_would_be_one(written: str, says: str) -> None:
    assert says in refusal(written)


# -- words around it ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "text", "grid", "direction"),
    [
        ("M25 J15 northbound, TQ 0402 7829", "M25 J15 northbound", "TQ 0402 7829", "northbound"),
        ("Colnbrook by-pass (TQ 0227 7759)", "Colnbrook by-pass", "TQ 0227 7759", ""),
        ("  M25   anti-clockwise TQ 040 782", "M25 anti-clockwise", "TQ 040 782", "anti-clockwise"),
        ("M4 WB TQ 0402 7829", "M4 WB", "TQ 0402 7829", "westbound"),
        ("the up line, TQ 0402 7829", "the up line", "TQ 0402 7829", "up line"),
    ],
)
def test_words_stay_beside_a_grid_reference(written: str, text: str, grid: str, direction: str) -> None:
    found = place(written)
    assert (found.text, found.grid, found.direction) == (text, grid, direction)


def test_a_position_is_found_among_words() -> None:
    found = place("coach on M25 51 29 38 N 0 30 11 W northbound")
    assert (found.text, found.direction) == ("coach on M25 northbound", "northbound")
    assert found.point == pytest.approx((51.49389, -0.50306), abs=0.00001)
    both = place("51.494,-0.503 Poyle TQ 0402 7829")
    assert (both.text, both.grid, both.point) == ("Poyle", "TQ 0402 7829", PLACE)


@given(st.text(max_size=320))
def test_what_was_read_before_is_read_the_same_or_better(written: str) -> None:
    """Whatever the plain reader has found in a line, this one finds, or it says why not."""
    try:
        before = read_location(written)
    except ValueError:
        return
    with contextlib.suppress(ValueError):
        now = place(written)
        assert not before.grid or not is_square(before.grid[:2]) or now.grid == before.grid
        assert before.point is None or now.point is not None


@pytest.mark.parametrize(
    "written",
    ["the pub near the bridge", "Flat 12, 40 Acacia Avenue", "M4/M25 coach", "W12", "N1, W3", "SW19", "SE10 9GB",
     "at 14.30, 2.5 km north", "Gate 3", "at J14", "SE1 0ll"],
)  # fmt: skip
def test_words_stay_words(written: str) -> None:
    found = place(written)
    assert (found.text, found.grid, found.point) == (written, "", None)
    assert not found.confirmed


# -- names ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "text", "point"),
    [
        ("Wexham Park", "Wexham Park hospital (within 300 m)", (51.532, -0.573)),
        ("wexham park hospital", "Wexham Park hospital (within 300 m)", (51.532, -0.573)),
        ("Bridgend", "Bridgend ambulance station (within 5 km)", (51.52, -3.57)),
        ("WEXHAM", "Wexham Park hospital (within 300 m)", (51.532, -0.573)),
        ("rlh", "Royal London hospital (within 300 m)", (51.519, -0.059)),
        ("st marys", "St Mary's hospital (within 300 m)", (51.517, -0.174)),
        ("at Slough", "Slough (within 2 km)", (51.511, -0.595)),
        ("Slough ambulance station", "Slough ambulance station (within 2 km)", (51.511, -0.595)),
        ("Hillingdon hospital", "Hillingdon hospital (within 300 m)", (51.526, -0.461)),
        ("Hillingdon town", "Hillingdon (within 2 km)", (51.534, -0.447)),
        ("QEII bridge", "Dartford crossing (within 1 km)", (51.465, 0.259)),
        ("Heathrow T5", "Heathrow Terminal 5 (within 500 m)", (51.472, -0.488)),
        ("Wexham Park, main gate", "Wexham Park hospital, main gate (within 300 m)", (51.532, -0.573)),
        ("Slough (within 2 km)", "Slough (within 2 km)", (51.511, -0.595)),
    ],
)
def test_a_name_gives_its_approximate_place_and_says_how_approximate(
    written: str, text: str, point: tuple[float, float]
) -> None:
    found = place(written)
    assert (found.text, found.point, found.confirmed) == (text, point, False)


def test_a_direction_stands_behind_a_name() -> None:
    found = place("Dartford crossing northbound")
    assert found.text == "Dartford crossing northbound (within 1 km)"
    assert found.direction == "northbound"


@pytest.mark.parametrize(
    ("written", "offered"),
    [
        ("Bridge", "Did you mean Bridgend ambulance station?"),
        ("Lake", "Did you mean Lakeside?"),
        ("Swan", "Did you mean Swansea?"),
        ("wexham p", "Did you mean Wexham Park?"),
        ("Royal", "Did you mean Royal London, Royal Sussex County, Royal Free or Royal Berkshire?"),
        ("ashford", "Did you mean Ashford, Surrey or Ashford, Kent?"),
        ("Hill", "Did you mean Hillingdon or Hillingdon ambulance station?"),
        ("West", ""),
        ("Heath", ""),
        ("Lake northbound", ""),
        ("Bridge, by the church", ""),
    ],
)
def test_the_beginning_of_a_name_stays_words_and_the_names_are_offered(written: str, offered: str) -> None:
    found = read(written, known_of(look_of()))
    assert found.location.text == written
    assert (found.location.point, found.location.grid, found.how) == (None, "", "words")
    assert offered in found.warn
    assert place(written) == found.location
    with pytest.raises(ValueError, match="Nothing gives a point"):
        read_point(written, look_of())


def test_a_name_that_several_have_stays_words_and_says_which_ones() -> None:
    found = read("Hillingdon", known_of(look_of()))
    assert found.location == Location("Hillingdon")
    assert found.warn == (
        "Kept as words, no point is known. Hillingdon may be Hillingdon (hospital) or Hillingdon (town): "
        "write Hillingdon hospital or Hillingdon town."
    )
    with pytest.raises(ValueError, match="write Hillingdon hospital or Hillingdon town"):
        read_point("Hillingdon", look_of())


def test_few_of_many_names_are_compared_letter_by_letter(monkeypatch: pytest.MonkeyPatch) -> None:
    letters = "abcdefghijklmnopqrstuvwxyz"
    names = [
        Named(f"{one}{two}{letters[(at * 7) % 26]}{letters[(at * 11) % 26]}ham Green", "town", 51.5, -0.1)
        for at, (one, two) in enumerate((one, two) for one in letters for two in letters)
    ]
    compared: list[int] = []
    real = difflib.get_close_matches

    def counting(word: str, among: Any, **rest: Any) -> list[str]:
        compared.append(len(among))
        return real(word, among, **rest)

    monkeypatch.setattr(difflib, "get_close_matches", counting)
    known = Known(Gazetteer(tuple(names)))
    assert names[30].name in known.nearest(names[30].name.replace("Green", "Gren"))
    assert known.nearest("1" + names[30].name[1:]), "its first letter is mistyped"
    assert max(compared) < len(names) / 8


def test_a_mistyped_name_stays_words_and_the_nearest_is_offered() -> None:
    found = read("Wexam Park", known_of(look_of()))
    assert found.location == Location("Wexam Park")
    assert found.warn == "Kept as words, no point is known. Did you mean Wexham Park?"
    with pytest.raises(ValueError, match="Did you mean Wexham Park"):
        read_point("Wexam Park", look_of())
    assert read_point("Wexham Park", look_of()).point == (51.532, -0.573)
    assert read_point("TQ 0402 7829").grid == "TQ 0402 7829"


def test_what_lies_on_the_ground_is_a_place_by_its_name_or_number() -> None:
    made = opened(model=INCIDENT)
    made.did(
        Propose("rvp", Shape(Location("Colnbrook by-pass", "TQ 0227 7759", confirmed=True)), name="RVP B")
    )
    seen = look_of(made.view)
    number = next(iter(made.view.boundaries.rows.values())).number
    for written in ("RVP B", "rvp b", number):
        found = place(written, seen)
        assert (found.text, found.grid) == ("RVP B: Colnbrook by-pass", "TQ 0227 7759")
        assert not found.confirmed, "the other place was confirmed, this one is said now"
    assert place("RVP C", seen) == Location("RVP C")


# -- the incident itself ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("written", ["the scene", "scene", "The Scene", "at scene", "AT THE SCENE"])
def test_the_scene_is_the_place_of_the_incident(written: str) -> None:
    found = read(written, known_of(look_of(opened(model=INCIDENT).view)))
    assert (found.location.grid, found.location.point) == ("TQ 0402 7829", (51.494, -0.503))
    assert found.location.text == "the scene: M25 J15 / M4 J4b"
    assert (found.how, found.warn) == ("the incident's own place", "")


def test_further_words_stand_behind_the_scene_and_other_scenes_are_words() -> None:
    seen = look_of(opened(model=INCIDENT).view)
    assert place("the scene, north side", seen).text == "the scene, north side: M25 J15 / M4 J4b"
    assert place("the scene of the other crash", seen) == Location("the scene of the other crash")
    assert place("the scene TQ 0338 7538", seen).grid == "TQ 0338 7538", "what was given with it stands"
    again = opened(model=INCIDENT, location=place("scene", seen))
    assert place("scene", look_of(again.view)).text == "the scene: M25 J15 / M4 J4b", "said once"
    said = place("the scene, north side", seen).text
    assert place(said, seen).text == said, "what stands there already is not said twice"


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("scene: rear entrance by the barn", "the scene: rear entrance by the barn"),
        ("the scene, north gate: casualties behind it", "the scene, north gate: casualties behind it"),
        ("at the scene: M25 J15", "the scene: M25 J15"),
        ("the scene:", "the scene: M25 J15 / M4 J4b"),
        ("THE SCENE: m25 j15 / m4 j4b", "the scene: M25 J15 / M4 J4b"),
        (f"scene: {'x' * 293}", f"scene: {'x' * 293}"),
    ],
)
def test_what_a_person_typed_behind_the_scene_is_kept_with_its_point(written: str, text: str) -> None:
    found = place(written, look_of(opened(model=INCIDENT).view))
    assert (found.text, found.point) == (text, (51.494, -0.503))


def test_the_scene_without_a_point_stays_words_and_it_is_said() -> None:
    seen = look_of(opened(model=INCIDENT, location=Location("M25 somewhere")).view)
    found = read("the scene", known_of(seen))
    assert found.location == Location("the scene")
    assert found.warn.startswith("Kept as words: the incident has no point yet.")
    with pytest.raises(ValueError, match="the incident has no point yet"):
        read_point("scene", seen)


def test_what_is_drawn_around_its_place_needs_a_point_and_is_told_what_gives_one() -> None:
    seen = look_of(opened(model=INCIDENT, location=Location("M25 somewhere")).view)
    for written, why in (
        ("the pub", "nothing gives one for the pub"),
        ("scene", "the incident has no point yet"),
    ):
        with pytest.raises(ValueError, match=why) as caught:
            drawn_place(written, seen)
        assert "Write a grid reference (TQ 0402 7829), latitude and longitude" in str(caught.value)
    assert drawn_place("Wexham Park", seen).point == (51.532, -0.573)


# -- units ----------------------------------------------------------------------------------------------------


def _fleet() -> Given:
    register = Given(REGISTER, REGISTER_STREAM)
    register.system().did(OpenRegister("exercise", "LAS")).by("LAS")
    return register.did(EnterUnits((Entry("A101", "DCA", station="Slough"), Entry("H01", "HART"))))


def test_a_callsign_is_where_the_unit_is_said_to_be_and_by_what() -> None:
    made = opened(model=INCIDENT)
    made.did(
        Commit(
            (Commitment("LAS/A101", "DCA", "MOB", station="Hillingdon"), Commitment("LAS/A102", "DCA", "MOB"))
        )
    )
    seen = look_of(made.view)
    found = read("at a101", known_of(seen))
    assert found.location.text == "at LAS/A101, its station: Hillingdon (within 2 km)"
    assert found.location.point == (51.534, -0.447)
    assert found.warn == "A101 (mobile): its station, not where it was seen."
    assert "Nothing says where A102 is" in refusal("at A102", seen)
    assert known_of(seen).stated("LAS/A102") is None
    made.did(Describe("LAS/A101", place="TQ 0402 7829 lay-by"))
    found = read("LAS/A101", known_of(look_of(made.view)))
    assert found.location.text == "at LAS/A101, its last place: lay-by"
    assert found.location.grid == "TQ 0402 7829"
    made.did(SetStatus("LAS/A102", "SCN"))
    at_scene = known_of(look_of(made.view)).stated("LAS/A102")
    assert at_scene is not None
    assert at_scene[1] == "it is at the scene"
    assert at_scene[0].grid == "TQ 0402 7829"


def test_a_unit_at_a_hospital_is_there_and_not_at_its_station() -> None:
    made = opened(model=INCIDENT)
    made.did(Commit((Commitment("LAS/A101", "DCA", "LFT", station="Hillingdon", destination="Wexham Park"),)))
    made.did(SetStatus("LAS/A101", "HOS"))
    found = place("at A101", look_of(made.view))
    assert found.text == "at LAS/A101, it is where it was bound for: Wexham Park hospital (within 300 m)"
    made.did(Describe("LAS/A101", destination=""))
    assert "Nothing says where A101 is" in refusal("at A101", look_of(made.view))


def test_a_callsign_that_nobody_has_is_refused_with_the_nearest() -> None:
    made = opened(model=INCIDENT)
    made.did(Commit((Commitment("LAS/A101", "DCA", "MOB", station="Hillingdon"),)))
    seen = look_of(made.view)
    assert (
        refusal("at A102", seen) == "No unit A102 is known here. Did you mean A101? For the road write A102."
    )
    assert refusal("SCAS/A999", seen) == "No unit SCAS/A999 is known here."
    assert place("A101", seen) == Location("A101"), "a bare one is a road"
    assert "A101" in refusal("at A110", seen)


def test_a_unit_of_the_register_is_at_its_station() -> None:
    seen = replace(look_of(), registers={"LAS": _fleet().view})
    assert place("at A101", seen).text == "at LAS/A101, its station: Slough (within 2 km)"
    assert place("A101", seen).point is None
    assert "Nothing says where H01 is" in refusal("H01", seen)


# -- roads, railways, three words -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "direction", "how"),
    [
        ("M4 12/3A westbound", "westbound", "road M4, marker post 12/3, carriageway A, westbound"),
        ("m4 marker post 12/3 WB", "westbound", "road M4, marker post 12/3, westbound"),
        ("M25 36/4B", "", "road M25, marker post 36/4, carriageway B"),
        ("M25 12/3", "", "road M25, marker post 12/3, carriageway not said"),
        ("A1(M) J6 northbound", "northbound", "road A1(M), junction 6, northbound"),
        ("A4 at the lay-by", "", "road A4, carriageway not said, no marker post or junction"),
        ("GWM1 18m 40ch up line", "up line", "railway GWM1, 18 miles 40 chains, up line"),
        ("MLN1 18 miles 5 chains down fast", "down fast", "railway MLN1, 18 miles 5 chains, down fast"),
        ("CTR 45.300 km", "", "railway CTR, 45.300 km, line not said"),
    ],
)
def test_a_road_or_a_railway_keeps_its_words_and_its_direction(
    written: str, direction: str, how: str
) -> None:
    found = read(written, known_of(look_of()))
    assert found.location == Location(written, direction=direction)
    assert found.how == how
    assert found.warn == "No point is known: ask for a grid reference."


def test_a_junction_of_known_position_has_a_point() -> None:
    found = place("M25 J14 clockwise")
    assert (found.text, found.direction) == ("M25 J14 clockwise (within 2 km)", "clockwise")
    assert found.point == (51.467, -0.506)
    for written in ("M25 J1", "M4 J4b to M25 J15", "M25 J14 500 m before it"):
        assert place(written).point is None, written


def test_more_chains_than_a_mile_has_are_refused() -> None:
    assert "A mile has 80 chains" in refusal("MLN1 18m 85ch")


def test_three_words_are_kept_and_flagged_until_there_is_a_grid_reference() -> None:
    found = read("pub ///filled.count.soap")
    assert found.location == Location("pub ///filled.count.soap (unresolved: obtain grid reference)")
    assert "obtain a grid reference" in found.warn
    assert read(found.location.words()).location == found.location, "flagged once"
    known = place("///filled.count.soap TQ 0402 7829")
    assert known == Location("///filled.count.soap", "TQ 0402 7829")
    for nonsense in ("///filled.count", "///", "//// a", "///a.b.c.d"):
        assert "three words" in refusal(nonsense)


# -- nonsense and foreign text ----------------------------------------------------------------------------------


@given(st.text(max_size=330) | st.text(alphabet="TQ0123456789 .,°'\"NSEW:-/JMA(m)ch", max_size=60))
def test_any_line_is_a_place_that_can_be_stored_or_a_sentence(written: str) -> None:
    found = told(written)
    if isinstance(found, str):
        assert found.strip().endswith((".", "?"))
        assert len(found) < 700
        return
    assert msgspec.json.decode(msgspec.json.encode(found), type=Location) == found
    assert not found.confirmed
    assume(len(found.words()) <= 300)
    again = place(found.words())
    assert (again.grid, again.point is None) == (found.grid, found.point is None)


@pytest.mark.parametrize("attack", [*FORMULAS[::7], *MARKUP, "\x1b[31mred", "\u202eabc"])
def test_foreign_text_is_kept_as_it_is_or_refused_in_harmless_words(attack: str) -> None:
    found = told(f"by {attack}"[:290])
    if isinstance(found, str):
        assert "\x1b" not in found
        return
    assert " ".join(f"by {attack}"[:290].split()).startswith(found.text[:20].strip())


@pytest.mark.parametrize("written", ["", "   ", "???", "///", "--", "x" * 301, "💥"])
def test_nothing_and_signs_alone_are_no_place(written: str) -> None:
    assert refusal(written)


def test_a_place_that_was_read_already_is_left_alone() -> None:
    stored = Location("Royal", confirmed=True)
    assert as_location(stored, look_of()) is stored


# -- the file ---------------------------------------------------------------------------------------------------


def test_the_names_that_ship_lie_in_this_country_and_say_how_sure_they_are() -> None:
    names = gazetteer().names
    assert len(names) > 120
    assert all(named.accuracy_m >= 300 for named in names)
    for trust in ("LAS", "SCAS", "SECAMB"):
        assert any(named.agency == trust for named in names)
    head = Path(find_config(FILE)).read_text(encoding="utf-8")[:600]
    assert "APPROXIMATE" in head.upper()
    for named in names:
        assert place(f"{named.name} {named.kind}").point == (named.lat, named.lon), named.name


def test_every_station_of_the_demonstration_has_a_position() -> None:
    for agency in ("LAS", "SCAS", "SECAMB"):
        table = find_config(f"demo/{agency}.csv").read_text(encoding="utf-8").splitlines()[1:]
        known = known_of(look_of(home=agency))
        for station in {row.split(",")[3] for row in table} - {""}:
            assert known.station(station, agency).point is not None, station


def test_everything_that_is_wrong_with_the_names_is_said_at_once_with_its_line() -> None:
    bad = """accuracy_m: 2000
names:
  - {name: Slough, kind: town, lat: -0.595, lon: 51.511}
  - {name: Poyle, kind: village, lat: 51.47, lon: -0.514}
  - {name: "...", kind: town, lat: 51.47, lon: -0.514}
  - {name: Iver, kind: town, lat: 51.52, lon: -0.508, elevation: 3}
"""
    with pytest.raises(ConfigError) as caught:
        validate(parse_yaml(bad.encode(), FILE), GAZETTEER_SCHEMA)
    said = [str(problem) for problem in caught.value.problems]
    assert [line.split(":")[1] for line in said] == ["3", "3", "4", "5", "6"]
    twice = """accuracy_m: 2000
names:
  - {name: Staines-upon-Thames, kind: town, lat: 51.434, lon: -0.511, also: [Staines]}
  - {name: staines, kind: town, lat: 51.434, lon: -0.511}
"""
    with pytest.raises(ConfigError, match="stands on line 3 already"):
        validate(parse_yaml(twice.encode(), FILE), GAZETTEER_SCHEMA)
