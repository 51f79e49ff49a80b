"""A trust's file of areas: understood, mended with a report, or refused with a sentence; never a crash."""

from __future__ import annotations

import gzip
import json
import math
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.areas import read_areas
from config.reader import DEFAULTS, find_config, parse_yaml
from incident import geography
from incident.geography import AREAS_SCHEMA, Areas, place
from incident.interchange import areas_file, geojson, plain
from incident.interchange.areas_file import areas_of, written
from incident.interchange.importing import Imported, Wanted, codes_schema, import_areas
from incident.interchange.mending import oriented
from incident.kernel.checks import ConfigError, validate
from incident.kernel.text import printable
from incident.placing import BORDER, INSIDE, OUTSIDE
from incident.values import Location
from tests.hostile import HOSTILE, Hostile
from tests.incident.real_areas import BOTH, GOLDEN, LONDON, SOUTH, box, collection, feature, real_areas

AGENCIES = "LAS SCAS SECAMB EEAST YAS EMAS NWAS WMAS SWASFT WAST NEAS IOW SAS NIAS".split()
FILE = "areas of ours.json"


def taken(tree: Any, **wanted: Any) -> Imported:
    data = tree if isinstance(tree, bytes) else json.dumps(tree).encode()
    return import_areas(data, FILE, AGENCIES, Wanted(**wanted))


def refused(tree: Any, **wanted: Any) -> str:
    with pytest.raises(ConfigError) as caught:
        taken(tree, **wanted)
    return str(caught.value)


def whose(made: Imported, lat: float, lon: float) -> str:
    placing = place(Areas(made.areas), Location(lat=lat, lon=lon))
    assert placing is not None
    return placing.trust


# -- as it is --------------------------------------------------------------------------------------------------


def test_areas_in_degrees_are_taken_as_they_are_and_are_the_same_read_back() -> None:
    made = taken(BOTH, agreed=True, name="Ours", accuracy_m=100, attribution="Source: us")
    assert made.areas.name == "Ours"
    assert (made.areas.accuracy_m, made.areas.indicative, made.areas.origin) == (100, False, "Source: us")
    assert made.areas.areas[0].polygons == ((tuple(map(tuple, box(-0.5, 51.3, 0.2, 51.7))),),)
    file = written(made.areas)
    assert areas_of(file) == made.areas
    assert validate(parse_yaml(file, FILE), AREAS_SCHEMA) == made.areas
    assert whose(made, 51.5, -0.1) == "LAS"
    assert whose(made, 51.1, -0.1) == "SECAMB"


def test_what_nobody_has_agreed_is_indicative_and_what_is_not_said_is_assumed_aloud() -> None:
    made = taken(collection(LONDON, SOUTH, name="Trusts 2026", attribution="Contains OS data"))
    assert made.areas.indicative
    assert (made.areas.name, made.areas.accuracy_m, made.areas.origin) == (
        "Trusts 2026",
        250,
        "Contains OS data",
    )
    assert any("'code'" in note for note in made.notes)


def test_the_fast_way_reads_only_what_the_schema_takes_and_reads_it_the_same(tmp_path: Path) -> None:
    shipped = DEFAULTS / "areas.geojson"
    right = shipped.read_bytes()
    assert areas_of(right) == validate(parse_yaml(right, "x"), AREAS_SCHEMA)
    tree = json.loads(right)
    for change in (
        {"name": " "}, {"accuracy_m": 1.5}, {"indicative": "true"}, {"origin": ""}, {"features": []},
        {"type": "Feature"}, {"features": [tree["features"][0]] * 2}, {"name": "a\u202eb"},
    ):  # fmt: skip
        broken = json.dumps({**tree, **change}).encode()
        assert areas_of(broken) is None, change
        (tmp_path / "areas.geojson").write_bytes(broken)
        with pytest.raises(ConfigError):
            read_areas(tmp_path / "areas.geojson")
    twice = right.replace(b'"name":', b'"name": "other",\n  "name":', 1)
    assert areas_of(twice) is None


def test_a_file_too_large_for_the_reader_of_yaml_is_read_and_its_mistakes_have_lines(tmp_path: Path) -> None:
    ring = [[-0.1 + 0.2 * math.cos(a / 4500), 51.5 + 0.1 * math.sin(a / 4500)] for a in range(28274)]
    ring = [*ring[:9_900], ring[0]]
    set_of = taken(collection(*(
        feature(code, [[x + 0.5 * at, y] for x, y in ring]) for at, code in enumerate(AGENCIES[:4])
    )))  # fmt: skip
    path = tmp_path / "areas.geojson"
    path.write_bytes(written(set_of.areas))
    assert read_areas(path) == set_of.areas
    path.write_bytes(written(set_of.areas).replace(b'"indicative": true', b'"indicative": "maybe"'))
    with pytest.raises(ConfigError, match=r"geojson:5: 'indicative' must be true or false"):
        read_areas(path)


# -- reference systems and axes ----------------------------------------------------------------------------------


def in_metres() -> dict[str, Any]:
    def turned(one: dict[str, Any]) -> dict[str, Any]:
        (ring,) = one["geometry"]["coordinates"]
        moved = [list(geography.to_metres(lat, lon)) for lon, lat in ring]
        return {**one, "geometry": {"type": "Polygon", "coordinates": [moved]}}

    return collection(turned(LONDON), turned(SOUTH))


NAMED = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::27700"}}


def test_the_national_grid_is_reprojected_within_a_metre() -> None:
    for made in (taken({**in_metres(), "crs": NAMED}), taken(in_metres(), crs="EPSG:27700")):
        assert any("Reprojected" in note for note in made.notes)
        ((ring,),) = made.areas.areas[0].polygons
        for lon, lat in box(-0.5, 51.3, 0.2, 51.7):
            assert min(math.hypot((x - lon) * 69_000, (y - lat) * 111_000) for x, y in ring) < 0.1


def test_metres_that_are_not_said_to_be_any_are_told_as_such() -> None:
    assert "--crs EPSG:27700" in refused(in_metres())
    assert "are these degrees" in refused(BOTH, crs="27700")


@pytest.mark.parametrize(
    "name",
    ["urn:ogc:def:crs:OGC:1.3:CRS84", "EPSG:4326", "urn:ogc:def:crs:EPSG::4326", "http://www.opengis.net/def/crs/OGC/1.3/CRS84"],
)  # fmt: skip
def test_the_usual_names_of_wgs_84_are_understood(name: str) -> None:
    assert taken({**BOTH, "crs": {"type": "name", "properties": {"name": name}}}).corners == 10


@pytest.mark.parametrize("name", ["EPSG:3857", "urn:ogc:def:crs:EPSG::29903", "EPSG:277000", "", "27700.5"])
def test_other_systems_are_refused_with_the_reason(name: str) -> None:
    said = refused({**BOTH, "crs": {"type": "name", "properties": {"name": name}}})
    assert "only WGS 84 (CRS84, EPSG:4326) and the National Grid (EPSG:27700) are understood" in said
    assert "names no reference system" in refused({**BOTH, "crs": {"type": "link"}})


def test_swapped_axes_are_found_and_mended_when_it_is_said() -> None:
    turned = collection(
        feature("LAS", [[y, x] for x, y in box(-0.5, 51.3, 0.2, 51.7)]),
        feature("SECAMB", [[y, x] for x, y in box(-0.5, 50.9, 0.2, 51.3)]),
    )
    assert "Somalia" in refused(turned)
    made = taken(turned, swap_axes=True)
    assert whose(made, 51.5, -0.1) == "LAS"
    assert any("swapped" in note for note in made.notes)


def test_at_the_meridian_itself_the_axes_are_still_told_apart() -> None:
    thin = [[51.3, -0.001], [51.7, -0.001], [51.7, 0.001], [51.3, 0.001], [51.3, -0.001]]
    assert "Somalia" in refused(collection(feature("LAS", thin)))


def test_what_lies_elsewhere_is_refused_with_its_number() -> None:
    paris = feature("SCAS", box(2.0, 48.5, 2.5, 48.9))
    said = refused(collection(LONDON, paris))
    assert "outside the United Kingdom" in said
    assert "feature 2" in said


# -- numbers and rings -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        ("NaN", "NaN"), ("Infinity", "infinite"), ("-Infinity", "infinite"), ('"51.3"', "'51.3'"), ("null", "nothing"),
        ("1e999", "infinite"), ("9" * 400, "infinite"), ("true", "true"), ("[]", "an empty list"), ("{}", "a group"),
    ],
)  # fmt: skip
def test_a_number_that_is_none_is_refused_with_feature_and_ring(bad: str, words: str) -> None:
    hole = box(-0.2, 51.4, -0.1, 51.5)
    hole[2][1] = "BAD"  # type: ignore[call-overload]
    tree = collection(LONDON, feature("SECAMB", box(-0.5, 50.9, 0.2, 51.3), hole))
    said = refused(json.dumps(tree).replace('"BAD"', bad).encode())
    assert "feature 2, its hole 1" in said
    assert words in said
    assert "corner 3" in said


def test_every_mistake_is_told_at_once_and_no_more_than_can_be_read() -> None:
    broken = [feature("LAS", [[0, "x"]]), {"type": "Circle"}, 7, feature("LAS", "no")]
    said = refused(collection(*broken))
    assert all(f"feature {number}" in said for number in range(1, 5))
    many = refused(collection(*[7] * 500)).splitlines()
    assert len(many) == 21
    assert "480 more" in many[-1]


def test_rings_are_closed_and_heights_left_out_and_both_are_told() -> None:
    ring = [[x, y, 12.5] for x, y in box(-0.5, 51.3, 0.2, 51.7)[:-1]]
    made = taken(collection(feature("LAS", ring)))
    assert any("heights of 4 corners" in note for note in made.notes)
    assert any("1 rings did not end where they begin" in note for note in made.notes)
    ((ring_,),) = made.areas.areas[0].polygons
    assert ring_[0] == ring_[-1]


def test_outer_rings_run_against_the_clock_whichever_way_they_came() -> None:
    made = taken(collection(feature("LAS", box(-0.5, 51.3, 0.2, 51.7)[::-1], box(-0.2, 51.4, -0.1, 51.5))))
    ((outer, hole),) = made.areas.areas[0].polygons
    assert oriented(outer, outer=True) == outer
    assert oriented(hole, outer=False) == hole


def test_a_line_that_crosses_itself_is_mended_and_how_much_is_told() -> None:
    bow = [[-0.5, 51.3], [0.2, 51.7], [0.2, 51.3], [-0.5, 51.7], [-0.5, 51.3]]
    made = taken(collection(feature("LAS", bow)))
    (note,) = [note for note in made.notes if "crossed itself" in note]
    assert re.search(r"near TQ \d{3} \d{3}", note)
    assert "km² now" in note
    assert len(made.areas.areas[0].polygons) == 2
    assert whose(made, 51.5, 0.15) == "LAS"
    assert whose(made, 51.65, -0.15) == ""


@pytest.mark.parametrize("crossing", [False, True])
def test_a_slit_of_less_than_a_centimetre_is_closed_and_the_areas_can_be_used(crossing: bool) -> None:
    slit = [[-0.1, 51.7], [-0.1, 51.5], [-0.1 + 4e-9, 51.5], [-0.1 + 4e-9, 51.7]]
    ring = [[-0.5, 51.3], [0.2, 51.3], [0.2, 51.7], *slit[::-1], [-0.5, 51.7], [-0.5, 51.3]]
    if crossing:
        ring[2:2] = [[0.3, 51.35], [0.1, 51.35]]
    made = taken(collection(feature("LAS", ring)))
    assert whose(made, 51.6, -0.11) == whose(made, 51.6, -0.09) == "LAS"
    assert (-0.1, 51.5) not in made.areas.areas[0].polygons[0][0], "no spike is left of it"


def test_slivers_without_ground_are_left_out() -> None:
    several = {
        "type": "Feature",
        "properties": {"code": "LAS"},
        "geometry": {
            "type": "MultiPolygon",
            "coordinates": [[box(-0.5, 51.3, 0.2, 51.7)], [[[0, 51], [0, 51.1], [0, 51]]]],
        },
    }
    made = taken(collection(several))
    assert any("fewer than three corners" in note for note in made.notes)
    assert len(made.areas.areas[0].polygons) == 1


# -- what is no area ---------------------------------------------------------------------------------------------


def with_geometry(geometry: Any) -> dict[str, Any]:
    return {"type": "Feature", "properties": {"code": "SCAS"}, "geometry": geometry}


@pytest.mark.parametrize(
    ("geometry", "words"),
    [
        (None, "no geometry"),
        ({"type": "Polygon", "coordinates": []}, "no geometry, or one that encloses no ground"),
        ({"type": "Point", "coordinates": [0, 51]}, "a point or a line"),
        ({"type": "LineString", "coordinates": [[0, 51], [1, 51]]}, "a point or a line"),
        ({"type": "GeometryCollection", "geometries": []}, "no geometry"),
        ({"type": "Blob", "coordinates": []}, "which GeoJSON does not know"),
        (5, "the number 5"),
        ({"type": "Polygon", "coordinates": [[[0, 51], [0.1, 51.1], [0, 51], [0, 51]]]}, "encloses no ground"),
    ],
)  # fmt: skip
def test_what_encloses_no_ground_is_refused_clearly(geometry: Any, words: str) -> None:
    said = refused(collection(LONDON, with_geometry(geometry)))
    assert "feature 2" in said
    assert words in said


def test_of_a_collection_of_geometries_the_polygons_are_taken() -> None:
    inner = [
        {"type": "Polygon", "coordinates": [box(-1.5, 51.3, -0.6, 51.7)]},
        {"type": "Point", "coordinates": [-1, 51.5]},
    ]
    made = taken(collection(LONDON, with_geometry({"type": "GeometryCollection", "geometries": inner})))
    assert whose(made, 51.5, -1.0) == "SCAS"
    assert any("points and lines were left out" in note for note in made.notes)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"), (b"  \n", "empty"), (gzip.compress(b"{}", mtime=0), "gzip"), (b"PK\x03\x04rest", "archive"),
        (json.dumps(BOTH).encode("utf-16"), "UTF-16"), (json.dumps(BOTH).encode("utf-16-le"), "UTF-16"),
        (b'{"type": "\xff"}', "UTF-8"), (b"{", "not JSON"), (b"[" * 200_000, "nested too deeply"),
        (b'{"a":' * 100_000, "nested too deeply"), (b'{"type": 1, "type": 2}', "twice"), (b"<kml/>", "XML"),
        (b"7", "no GeoJSON"), (b'{"type": "Topology"}', "TopoJSON"), (b'{"type": "FeatureCollection"}', "no list"),
        (b'{"type": "FeatureCollection", "features": []}', "no features"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_what_is_no_geojson_at_all_is_told_apart(data: bytes, words: str) -> None:
    assert words in refused(data)


def test_a_mark_of_byte_order_does_no_harm() -> None:
    assert taken(b"\xef\xbb\xbf" + json.dumps(BOTH).encode()).corners == 10


# -- codes -------------------------------------------------------------------------------------------------------


def test_a_property_that_is_not_there_is_answered_with_those_that_are() -> None:
    said = refused(BOTH, code="trust")
    assert "no property 'trust'" in said
    assert "code" in said
    nameless = collection({**LONDON, "properties": {"ICB23CD": "E54", "area": 7}})
    assert "--code" in refused(nameless)
    assert "ICB23CD" in refused(nameless)
    assert "no properties at all" in refused(collection({**LONDON, "properties": None}))


def test_codes_that_are_nobodys_are_listed_and_a_file_of_codes_maps_them() -> None:
    tree = collection(
        feature("RRU", *LONDON["geometry"]["coordinates"]), feature("las", *SOUTH["geometry"]["coordinates"])
    )
    said = refused(tree)
    assert "'RRU'" in said
    assert "'las', did you mean 'LAS'?" in said
    made = taken(tree, codes={"RRU": "LAS", "las": "SECAMB"})
    assert [one.agency for one in made.areas.areas] == ["LAS", "SECAMB"]
    left = taken(tree, codes={"RRU": "LAS", "las": None})
    assert [one.agency for one in left.areas.areas] == ["LAS"]
    assert any("'las' was left out" in note for note in left.notes)


def test_all_that_is_wrong_with_a_file_of_codes_is_told_with_its_line() -> None:
    tree = parse_yaml(b"RRU: LAS\nRX9: LASS\nRYE: [SCAS]\nRX9: EMAS\nS1:\n", "codes.yaml")
    with pytest.raises(ConfigError) as caught:
        validate(tree, codes_schema(AGENCIES))
    said = str(caught.value).splitlines()
    assert [line.split(": ")[0] for line in said] == ["codes.yaml:2", "codes.yaml:3", "codes.yaml:4"]
    assert "did you mean 'LAS'" in said[0]


def test_a_feature_without_a_code_is_told_with_its_number() -> None:
    assert "feature 2" in refused(collection(LONDON, feature(None, *SOUTH["geometry"]["coordinates"])))


def test_a_code_that_is_a_number_is_mapped_as_its_digits() -> None:
    tree = collection(feature(7, *LONDON["geometry"]["coordinates"]))
    assert taken(tree, codes={"7": "LAS"}).areas.areas[0].agency == "LAS"


def test_many_features_of_one_agency_become_one_area() -> None:
    wards = [feature("LAS", box(-0.5 + n / 10, 51.3, -0.4 + n / 10, 51.7)) for n in range(7)]
    made = taken(collection(*wards, SOUTH, LONDON))  # the last one lies on the others
    assert [one.agency for one in made.areas.areas] == ["LAS", "SECAMB"]
    assert len(made.areas.areas[0].polygons) == 1
    assert any("8 features were made one area" in note for note in made.notes)


# -- overlaps ----------------------------------------------------------------------------------------------------


def test_a_narrow_overlap_is_given_to_the_first_and_told_with_its_size() -> None:
    over = feature("SECAMB", box(-0.5, 50.9, 0.2, 51.301))  # 110 m
    made = taken(collection(LONDON, over))
    (note,) = [note for note in made.notes if "overlapped" in note]
    assert "km²" in note
    assert "given to LAS" in note
    assert whose(made, 51.3008, -0.1) == "LAS"


def test_a_wide_overlap_is_refused_and_so_is_any_of_lines_that_are_said_to_be_exact() -> None:
    wide = collection(LONDON, feature("SECAMB", box(-0.5, 50.9, 0.2, 51.4)))
    assert "the areas of LAS and SECAMB overlap by" in refused(wide)
    narrow = collection(LONDON, feature("SECAMB", box(-0.5, 50.9, 0.2, 51.301)))
    assert "overlap" in refused(narrow, accuracy_m=0)
    same = collection(LONDON, {**LONDON, "properties": {"code": "SCAS"}})
    assert "overlap" in refused(same)


# -- size --------------------------------------------------------------------------------------------------------


def wavy(corners: int, lat: float) -> list[list[float]]:
    """A long shore and three straight sides."""
    shore = [[-0.5 + 0.7 * n / corners, lat + 0.002 * math.sin(n / 7)] for n in range(corners + 1)]
    return [*shore, [0.2, 51.7], [-0.5, 51.7], shore[0]]


def test_ground_between_areas_that_is_nobodys_is_told_where_it_is_wider_than_the_lines_are_accurate() -> None:
    def around(size: float) -> Any:
        """Two areas that meet but for a hole of so many degrees on their common line."""
        north = [[-0.5, 51.3], [-0.1, 51.3], [-0.1, 51.3 + size], [-0.1 + size, 51.3 + size], [-0.1 + size, 51.3],
                 [0.2, 51.3], [0.2, 51.7], [-0.5, 51.7], [-0.5, 51.3]]  # fmt: skip
        south = [
            [-0.5, 51.0],
            [0.2, 51.0],
            [0.2, 51.3],
            [-0.1 + size, 51.3],
            [-0.1, 51.3],
            [-0.5, 51.3],
            [-0.5, 51.0],
        ]
        return collection(feature("LAS", north), feature("SECAMB", south))

    told = [note for note in taken(around(0.01)).notes if "gap" in note]
    assert len(told) == 1
    assert re.fullmatch(
        r"A gap of 0\.7\d km² near TQ \d{3} \d{3} is in no area; around it: LAS, SECAMB\.", told[0]
    )
    assert not [note for note in taken(around(0.001)).notes if "gap" in note], "80 m, and 250 m are assumed"
    assert [note for note in taken(around(0.001), accuracy_m=10).notes if "gap" in note]
    assert not [note for note in taken(BOTH).notes if "gap" in note]


def test_too_many_corners_are_refused_with_an_offer_and_simplified_they_are_taken() -> None:
    south = [*wavy(60_000, 51.3)[:60_001], [0.2, 50.9], [-0.5, 50.9], wavy(60_000, 51.3)[0]]
    tree = collection(feature("LAS", wavy(60_000, 51.3)), feature("SECAMB", south))
    said = refused(tree)
    assert "--simplify" in said
    assert "100,000" in said
    made = taken(tree, simplify_m=100)
    assert made.corners < 20_000
    assert made.areas.accuracy_m == 350
    ours = set(made.areas.areas[0].polygons[0][0])
    theirs = set(made.areas.areas[1].polygons[0][0])
    assert len(ours & theirs) > 20, "a common border stays common"


def test_millions_of_corners_are_refused_before_anything_is_computed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(geojson, "CORNERS_READ_MAX", 1_000)
    assert "more than 1,000 corners" in refused(collection(feature("LAS", wavy(1_000, 51.3))))
    monkeypatch.setattr(plain, "LISTS_MAX", 1_000)
    assert "more lists or values" in refused(b"[" + b"[]," * 1_000 + b"[]]")
    assert "at most 20,000" in refused(collection(*[7] * 20_001))
    assert "64 MiB" in refused(b" " * (64 * 2**20 + 1))


# -- hostile -----------------------------------------------------------------------------------------------------

JUNK = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8)
    | st.sampled_from(["Polygon", "Point", "Feature", "MultiPolygon", "GeometryCollection", "LAS"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=8,
)  # fmt: skip


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A good file with a few values put in the place of others, and then perhaps a few bytes."""
    tree = json.loads(json.dumps(BOTH))
    for _ in range(draw(st.integers(0, 3))):
        spot: Any = tree
        while True:
            keys = list(spot) if isinstance(spot, dict) else list(range(len(spot)))
            if not keys:
                break
            key = draw(st.sampled_from(keys))
            inner = spot[key]
            if not isinstance(inner, (dict, list)) or draw(st.integers(0, 3)) == 0:
                spot[key] = draw(JUNK | st.floats(-200, 200))
                break
            spot = inner
    data = bytearray(json.dumps(tree).encode())
    for _ in range(draw(st.sampled_from([0, 0, 0, 1, 3]))):
        data[draw(st.integers(0, len(data) - 1))] = draw(st.integers(0, 255))
    return bytes(data)


@settings(max_examples=300, deadline=None)
@given(mutated(), st.sampled_from(["", "CRS84", "EPSG:27700"]), st.booleans(), st.sampled_from([0.0, 100.0]))
def test_whatever_a_file_holds_there_is_one_error_or_areas_that_can_be_asked(
    data: bytes, crs: str, swap: bool, simplify: float
) -> None:
    try:
        made = import_areas(data, FILE, AGENCIES, Wanted(crs=crs, swap_axes=swap, simplify_m=simplify))
    except ConfigError as error:
        said = str(error)
    else:
        assert areas_of(written(made.areas)) == made.areas
        Areas(made.areas)
        return
    assert all(line.isprintable() for line in said.splitlines())


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200))
def test_bytes_of_any_kind_are_refused_or_read(data: bytes) -> None:
    with pytest.raises(ConfigError):
        import_areas(data, FILE, AGENCIES, Wanted())


@pytest.mark.parametrize("payload", HOSTILE, ids=lambda one: one.name)
def test_no_text_of_a_file_of_areas_acts_in_what_is_said_of_it(payload: Hostile) -> None:
    ground = LONDON["geometry"]["coordinates"][0]
    for tree in (
        collection(feature(payload.text, ground)),
        collection({**LONDON, "properties": {payload.text: 1}}),
        collection({**LONDON, "geometry": {"type": payload.text}}),
        collection(feature("LAS", [[payload.text, 1]])),
        {**BOTH, "crs": {"type": "name", "properties": {"name": payload.text}}},
    ):
        assert all(line == printable(line) for line in refused(tree).splitlines())
    whole = collection(LONDON, name=payload.text, origin=payload.text)
    codes = {payload.text.strip(): None}
    if payload.text.strip():
        whole["features"].append(feature(payload.text, ground))
    made = taken(whole, codes=codes)
    assert areas_of(written(made.areas)) == made.areas
    for said in (*made.notes, made.areas.name, made.areas.origin):
        assert said == printable(said)


# -- the real file -----------------------------------------------------------------------------------------------


def test_the_real_areas_are_imported_whole_and_give_the_golden_answers() -> None:
    data = real_areas().read_bytes()
    made = import_areas(data, "real.geojson", AGENCIES, Wanted(name="Real"))
    assert len(made.areas.areas) == 14
    assert made.corners > 20_000
    assert "Open Government Licence" in made.areas.origin or made.areas.origin
    areas = Areas(made.areas)
    for lat, lon, owner, near in GOLDEN:
        found = place(areas, Location(lat=lat, lon=lon))
        assert found is not None
        assert found.trust == owner, (lat, lon)
        assert found.state in ((INSIDE, BORDER) if owner else (OUTSIDE, BORDER))
        distances = {one.agency: one.metres / 1000 for one in found.near}
        for agency, km in near.items():
            assert abs(distances[agency] - km) < 0.1, (lat, lon, agency, distances[agency])


def test_the_real_areas_simplified_keep_their_common_borders_and_the_right_owners() -> None:
    made = import_areas(real_areas().read_bytes(), "real.geojson", AGENCIES, Wanted(simplify_m=500))
    assert made.corners < 14_000
    areas = Areas(made.areas)
    for lat, lon, owner, _ in GOLDEN:
        found = place(areas, Location(lat=lat, lon=lon))
        assert found is not None
        assert found.trust == owner or found.state == BORDER


def test_agencies_that_are_not_of_this_deployment_are_named_and_can_be_left_out() -> None:
    english = [code for code in AGENCIES if code not in ("SAS", "NIAS")]
    data = real_areas().read_bytes()
    with pytest.raises(ConfigError, match=r"'SAS'.*; 'NIAS'"):
        import_areas(data, "real.geojson", english, Wanted())
    made = import_areas(data, "real.geojson", english, Wanted(codes={"SAS": None, "NIAS": None}))
    assert len(made.areas.areas) == 12


def test_the_shipped_file_lies_where_it_is_looked_for() -> None:
    assert read_areas(find_config("areas.geojson", None, {})).areas
    assert areas_file.BYTES_MAX > 1_048_576
