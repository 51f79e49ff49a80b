"""What is drawn, as GeoJSON, KML and CAP: the right way round, whole, harmless, and the same when it is read back."""

from __future__ import annotations

import json
import math
import re
from itertools import pairwise
from typing import Any
from xml.etree import ElementTree as ET

import pyproj
import pytest
from hypothesis import given as any_of
from hypothesis import settings
from hypothesis import strategies as st

from incident import geography
from incident.boundaries import facts as b
from incident.boundaries.corners import distance_m
from incident.interchange import cap, features, kml, map_geojson
from incident.interchange.drawing import SCENE, Drawing, Drawn, circle, closed, drawing_of, middle_of
from incident.interchange.features import (
    CORNERS_MAX,
    FEATURES_MAX,
    Brought,
    proposal,
    read_things,
    stands,
)
from incident.kernel.board import Look
from incident.kernel.checks import ConfigError
from incident.kernel.slice import Refusal
from incident.kernel.text import printable, text_problems
from incident.organisation import facts as o
from incident.values import Location
from tests.hostile import HOSTILE as PAYLOADS
from tests.hostile import Hostile
from tests.incident.given import opened

HOSTILE = '<script>alert(1)</script> & "x" \u202e]]> \x1b[2J'
SCENE_AT = (51.494, -0.503)
MERIDIAN = (51.4779, 0.0)


def drawing(*features: Drawn, mode: str = "exercise") -> Drawing:
    return Drawing(
        stream="incident/0192", mode=mode, title="Coach & HGV", number="LAS-2611-03", agency="LAS",
        at=1_795_705_200_000,
        foot="Made by EOC desk 2 of LAS", features=features,
    )  # fmt: skip


def drawn(**values: Any) -> Drawn:
    return Drawn(**{"id": "f1", "kind": "outer_cordon", "name": "Outer cordon A", "owner": "LAS", **values})


CIRCLE = drawn(point=SCENE_AT, radius_m=500.0)
SQUARE = drawn(
    id="f2", kind="hot_zone", name="Hot zone A", scheme="cbrn", note="downwind",
    ring=((51.49, -0.51), (51.49, -0.50), (51.50, -0.50), (51.50, -0.51)),
)  # fmt: skip
POINT = drawn(id="f3", kind="rvp", name="RVP B", point=MERIDIAN)
WORDS = drawn(id="f4", kind="fcp", name="FCP A", where="behind the garage")
ALL = drawing(CIRCLE, SQUARE, POINT, WORDS)


def apart(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Metres between two positions that are near one another."""
    north = (one[0] - other[0]) * 111_200
    return math.hypot(north, (one[1] - other[1]) * 111_320 * math.cos(math.radians(one[0])))


def back(data: str, name: str) -> tuple[Brought, ...]:
    return read_things(data.encode(), name, lambda _x, _y: (0.0, 0.0)).things


# -- from an incident ----------------------------------------------------------------------------------------------


def test_everything_that_stands_is_drawn_and_what_was_withdrawn_is_not() -> None:
    world = opened("SCAS")
    world.did(o.GiveLocation(Location("M25 J15", "TQ 0402 7829")))
    world.by("SCAS").did(b.Propose("rvp", b.Shape(Location("Colnbrook", "TQ 0227 7759"))))
    world.by("LAS").did(b.Agree(world.last))
    world.did(b.Propose("inner_cordon", b.Shape(Location("scene", lat=51.49, lon=-0.5), 500.0)))
    world.by("SCAS").did(b.Decline(world.last, "too small"))
    ring = ((51.49, -0.51), (51.49, -0.50), (51.50, -0.50))
    world.by("LAS").did(
        b.Propose("sector", b.Shape(Location("east"), None, ring), review_due=world.now + 60_000)
    )
    world.did(b.Propose("fcp", b.Shape(Location("garage"))))
    world.did(b.Withdraw(world.last))
    look = Look(world.view, world.actor, world.now, "incident/x")
    made = drawing_of(look, world.now, "foot", geography.completed)
    assert [one.kind for one in made.features] == [SCENE, "rvp", "inner_cordon", "sector"]
    scene, rvp, cordon, sector = made.features
    assert scene.point is not None
    assert apart(scene.point, (51.4944, -0.5027)) < 100
    assert rvp.agreement == "agreed by all 2"
    assert cordon.agreement == "NOT AGREED by SCAS"
    assert sector.agreement == "proposed, not agreed"
    assert (cordon.radius_m, sector.ring, sector.review) == (500.0, ring, world.now + 60_000)
    assert len(cordon.ground) == 64


# -- GeoJSON -------------------------------------------------------------------------------------------------------


def test_geojson_has_longitude_first_ids_bounds_and_the_right_hand_rule() -> None:
    tree = json.loads(map_geojson.written(ALL))
    by_id = {one["id"]: one for one in tree["features"]}
    assert list(by_id) == ["f1", "f1/ground", "f2", "f3", "f4"]
    assert by_id["f1"]["geometry"] == {"type": "Point", "coordinates": [-0.503, 51.494]}
    assert by_id["f1"]["properties"]["radius_m"] == 500
    assert by_id["f1/ground"]["properties"]["incident:twin_of"] == "f1"
    assert by_id["f3"]["geometry"]["coordinates"] == [0.0, 51.4779]
    assert by_id["f4"]["geometry"] is None
    for name in ("f1/ground", "f2"):
        (ring,) = by_id[name]["geometry"]["coordinates"]
        assert ring[0] == ring[-1]
        assert sum(x * v - u * y for (x, y), (u, v) in pairwise(ring)) > 0
    assert tree["bbox"] == pytest.approx([-0.5102, 51.4779, 0.0, 51.5], abs=1e-4)
    assert tree["name"].startswith("EXERCISE ")
    assert not json.loads(map_geojson.written(drawing(POINT, mode="live")))["name"].startswith("EXERCISE")


def test_what_is_foreign_is_dead_in_every_format_and_read_back_as_it_was() -> None:
    one = drawing(
        drawn(point=SCENE_AT, name=HOSTILE.replace("\x1b", "\ufffd").replace("\u202e", "\ufffd"), note="<b>")
    )
    for text in (map_geojson.written(one), kml.written(one), cap.written(one)):
        assert "<script" not in text
        assert "<b>" not in text
    assert back(map_geojson.written(one), "x.geojson")[0].name.startswith("<script>")
    assert back(kml.written(one), "x.kml")[0].name.startswith("<script>")


def test_a_ring_that_was_drawn_with_the_clock_is_written_against_it() -> None:
    for ring in (SQUARE.ring, SQUARE.ring[::-1]):
        tree = json.loads(map_geojson.written(drawing(drawn(ring=ring))))
        ((corners,),) = [tree["features"][0]["geometry"]["coordinates"]]
        assert sum(x * v - u * y for (x, y), (u, v) in pairwise(corners)) > 0


# -- KML -----------------------------------------------------------------------------------------------------------

K = {"k": kml.NAMESPACE}


def test_kml_has_longitude_first_and_colours_with_the_alpha_in_front() -> None:
    root = ET.fromstring(kml.written(ALL))  # noqa: S314 - our own
    marks = root.findall(".//k:Placemark", K)
    assert [mark.findtext("k:name", "", K) for mark in marks] == [
        "Outer cordon A",
        "Hot zone A",
        "RVP B",
        "FCP A",
    ]
    point = marks[0].findtext("k:MultiGeometry/k:Point/k:coordinates", "", K)
    assert point == "-0.5030000,51.4940000"
    outer = ".//k:outerBoundaryIs/k:LinearRing/k:coordinates"
    corners = marks[0].findtext(outer, "", K).split()
    assert corners[0] == corners[-1]
    assert len(corners) == 65
    assert marks[2].findtext("k:Point/k:coordinates", "", K).startswith("0.0000000,51.4779")
    for style in root.findall(".//k:Style", K):
        assert re.fullmatch(r"ff[0-9a-f]{6}", style.findtext("k:LineStyle/k:color", "", K))
        assert re.fullmatch(r"40[0-9a-f]{6}", style.findtext("k:PolyStyle/k:color", "", K))
    hot = root.find(".//k:Style[@id='hot_zone']", K)
    assert hot is not None
    assert hot.findtext("k:LineStyle/k:color", "", K) == "ff0000ff", "red is last: aabbggrr"


# -- CAP -----------------------------------------------------------------------------------------------------------

C = {"c": cap.NAMESPACE}


def test_cap_has_latitude_first_kilometres_and_a_polygon_beside_each_circle() -> None:
    root = ET.fromstring(cap.written(ALL))  # noqa: S314 - our own
    assert root.findtext("c:status", "", C) == "Exercise"
    assert root.findtext("c:scope", "", C) == "Restricted"
    assert root.findtext("c:restriction", "", C)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d-00:00", root.findtext("c:sent", "", C))
    assert not re.search(r"[\s,<&]", root.findtext("c:identifier", "", C) + root.findtext("c:sender", "", C))
    areas = {
        area.findtext("c:areaDesc", "", C).partition(".")[0]: area for area in root.findall(".//c:area", C)
    }
    cordon = areas["Outer cordon A"]
    assert cordon.findtext("c:circle", "", C) == "51.494000,-0.503000 0.5"
    corners = cordon.findtext("c:polygon", "", C).split()
    assert corners[0] == corners[-1]
    assert len(corners) >= 4
    assert all(50 < float(corner.split(",")[0]) < 53 for corner in corners)
    assert areas["Hot zone A"].find("c:circle", C) is None
    assert areas["RVP B"].findtext("c:circle", "", C) == "51.477900,0.000000 0"
    kilometres = {0: "0", 1: "0.001", 5: "0.005", 500: "0.5", 1000: "1", 10_000: "10", 123_456: "123.456"}
    for metres, written in kilometres.items():
        text = cap.written(drawing(drawn(point=SCENE_AT, radius_m=float(metres))))
        assert re.search(r"<circle>\S+ (\S+)</circle>", text)[1] == written  # type: ignore[index]
    assert areas["FCP A"].find("c:polygon", C) is None
    order = [one.tag.rpartition("}")[2] for one in cordon]
    assert order == ["areaDesc", "polygon", "circle", "geocode"], "as the schema wants them"


def test_what_is_live_is_actual_and_only_that() -> None:
    assert "<status>Actual</status>" in cap.written(drawing(POINT, mode="live"))
    assert "<status>Exercise</status>" in cap.written(drawing(POINT))
    assert "EXERCISE" not in cap.written(drawing(POINT, mode="live"))


# -- and back ------------------------------------------------------------------------------------------------------


def cap_back(text: str) -> list[tuple[tuple[float, float] | None, float | None, list[tuple[float, float]]]]:
    made = []
    for area in ET.fromstring(text).findall(".//c:area", C):  # noqa: S314 - our own
        at, _, km = area.findtext("c:circle", "", C).partition(" ")
        lat, _, lon = at.partition(",")
        pairs = area.findtext("c:polygon", "", C).split()
        ring = [(float(pair.split(",")[0]), float(pair.split(",")[1])) for pair in pairs]
        made.append(((float(lat), float(lon)) if at else None, float(km) * 1000 if km else None, ring))
    return made


LATS = st.floats(50, 58)
LONS = st.floats(-6, 1.7)


@settings(max_examples=60, deadline=None)
@any_of(LATS, LONS, st.floats(1, 50_000), st.integers(3, 40), st.floats(0.001, 0.2))
def test_every_format_comes_back_within_a_metre(
    lat: float, lon: float, radius: float, corners: int, wide: float
) -> None:
    ring = tuple(
        (lat + wide * math.sin(2 * math.pi * n / corners), lon + wide * math.cos(2 * math.pi * n / corners))
        for n in range(corners)
    )
    one = drawing(drawn(point=(lat, lon), radius_m=radius), drawn(id="f2", name="Other", ring=ring))
    for text, name in ((map_geojson.written(one), "x.geojson"), (kml.written(one), "x.kml")):
        first, second = back(text, name)
        assert first.point is not None
        assert apart(first.point, (lat, lon)) < 1
        assert first.radius_m == pytest.approx(radius, abs=0.01)
        assert (first.kind, first.name) == ("outer_cordon", "Outer cordon A")
        assert len(second.ring) == corners
        assert all(min(apart(corner, other) for other in second.ring) < 1 for corner in ring)
    (point, metres, round_ring), (none, _, cap_ring) = cap_back(cap.written(one))
    assert point is not None
    assert none is None
    assert apart(point, (lat, lon)) < 1
    assert metres == pytest.approx(radius, rel=1e-3, abs=1)
    assert len(round_ring) == 65
    assert all(min(apart(corner, other) for other in cap_ring) < 1 for corner in ring)


@settings(max_examples=60, deadline=None)
@any_of(LATS, LONS, st.floats(10, 10_000))
def test_the_corners_of_a_circle_lie_on_it(lat: float, lon: float, radius: float) -> None:
    geod = pyproj.Geod(ellps="WGS84")
    for to_lat, to_lon in circle((lat, lon), radius):
        *_, metres = geod.inv(lon, lat, to_lon, to_lat)
        assert abs(metres - radius) < 1
    ring = closed(circle((lat, lon), radius))
    assert ring[0] == ring[-1]
    assert apart(middle_of(ring[:-1]), (lat, lon)) < max(1, radius / 1000)


# -- what others have drawn ----------------------------------------------------------------------------------------


def kml_of(inner: str, head: str = "") -> bytes:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>{head}<kml xmlns="http://www.opengis.net/kml/2.2">'
        f"<Document>{inner}</Document></kml>"
    ).encode()


def placemark(shape: str, name: str = "Cordon") -> str:
    return f"<Placemark><name>{name}</name>{shape}</Placemark>"


AT = "<Point><coordinates>-0.5,51.49,0</coordinates></Point>"


def said(data: bytes, name: str = "x.kml") -> str:
    with pytest.raises(ConfigError) as caught:
        read_things(data, name, lambda _x, _y: (51.0, 0.0))
    return str(caught.value)


BOMB = (
    '<!DOCTYPE lolz [<!ENTITY lol "lol"><!ENTITY a "&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;">'
    '<!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'
)
OUTSIDE = '<!DOCTYPE kml [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
BY_NAME = '<!DOCTYPE kml SYSTEM "http://192.0.2.1/evil.dtd">'


@pytest.mark.parametrize("head", [BOMB, OUTSIDE, BY_NAME, "<!DOCTYPE kml>"])
def test_a_document_type_is_refused_and_no_entity_is_ever_expanded(head: str) -> None:
    assert "<!DOCTYPE" in said(kml_of(placemark(AT, "&b;"), head))


def test_an_entity_that_nobody_declared_is_no_xml() -> None:
    assert "is not XML" in said(kml_of(placemark(AT, "&x;")))


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"PK\x03\x04doc.kml", "KMZ"), (b"<html></html>", "no KML"), (b"<kml", "not XML"), (b"", "empty"),
        (kml_of("<a>" * 100 + "</a>" * 100), "nested more than 60"), (kml_of(""), "nothing that could be proposed"),
        (kml_of(placemark("<Point><coordinates>x,y</coordinates></Point>")), "'x,y'"),
        (kml_of(placemark("<Point><coordinates>nan,51</coordinates></Point>")), "no longitude and latitude"),
        (kml_of(placemark("<Point><coordinates>51.49,-0.5</coordinates></Point>")), "latitude stands before longitude"),
        (kml_of(placemark("<Point><coordinates>2.35,48.85</coordinates></Point>")), "outside the United Kingdom"),
        (kml_of(placemark("<Polygon/>")), "fewer than three corners"), (b"<kml>\xff</kml>", "UTF-8"),
        (kml_of(placemark(AT) * (FEATURES_MAX + 1)), "at most 50"), (kml_of(placemark(AT) * 300), "at most 200"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_a_file_that_cannot_be_taken_says_why(data: bytes, words: str) -> None:
    assert words in said(data)


@pytest.mark.parametrize("written", [map_geojson.written, kml.written], ids=["geojson", "kml"])
def test_what_lies_abroad_is_left_out_by_name_and_the_rest_is_taken(written: Any) -> None:
    paris = [drawn(id=f"p{n}", kind="rvp", name=f"RVP {n}", point=(48.8566, 2.3522)) for n in range(7)]
    bundle = read_things(written(drawing(SQUARE, paris[0], POINT)).encode(), "x", lambda _x, _y: (0.0, 0.0))
    assert [one.name for one in bundle.things] == ["Hot zone A", "RVP B"]
    assert bundle.notes == ("Left out, outside the United Kingdom: RVP 0: RVP, 48.8566,2.3522.",)
    bundle = read_things(written(drawing(POINT, *paris)).encode(), "x", lambda _x, _y: (0.0, 0.0))
    assert bundle.notes[0].endswith("RVP 4: RVP, 48.8566,2.3522 and 2 more.")


def test_links_holes_heights_and_lines_are_left_out_and_told() -> None:
    hole = "<innerBoundaryIs><LinearRing><coordinates>0,51 0,51.1 0.1,51</coordinates></LinearRing></innerBoundaryIs>"
    corners = "-0.5,51,9 -0.4,51,9 -0.4,51.1,9 -0.5,51,9"
    ring = f"<outerBoundaryIs><LinearRing><coordinates>{corners}</coordinates></LinearRing></outerBoundaryIs>"
    line = "<LineString><coordinates>0,51 1,51</coordinates></LineString>"
    link = "<NetworkLink><Link><href>http://192.0.2.1/x.kml</href></Link></NetworkLink>"
    bundle = read_things(
        kml_of(placemark(f"<MultiGeometry><Polygon>{ring}{hole}</Polygon>{line}</MultiGeometry>") + link), "x.kml",
        lambda _x, _y: (0.0, 0.0),
    )  # fmt: skip
    assert len(bundle.things) == 1
    assert len(bundle.things[0].ring) == 3
    assert "The heights of 4 corners were left out." in bundle.notes
    assert {"lines", "holes", "links"} <= {word for note in bundle.notes for word in note.split()}


def test_too_many_corners_are_refused() -> None:
    ring = [[-0.5 + n / 1e5, 51.0 + (n % 2) / 1e3] for n in range(CORNERS_MAX + 1)]
    tree = {
        "type": "Feature",
        "properties": {"name": "long"},
        "geometry": {"type": "Polygon", "coordinates": [[*ring, ring[0]]]},
    }
    assert "1,001 corners, at most 1,000" in said(json.dumps(tree).encode(), "x.geojson")


def test_metres_of_the_grid_are_turned_into_positions() -> None:
    tree = {
        "type": "FeatureCollection",
        "crs": {"type": "name", "properties": {"name": "EPSG:27700"}},
        "features": [{"type": "Feature", "properties": {"name": "RVP", "kind": "rvp"},
                      "geometry": {"type": "Point", "coordinates": [504_020, 178_290]}}],
    }  # fmt: skip
    bundle = read_things(json.dumps(tree).encode(), "x.geojson", lambda _x, _y: (51.494, -0.503))
    assert (bundle.things[0].point, bundle.things[0].kind) == ((51.494, -0.503), "rvp")
    del tree["crs"]
    assert "metres of a grid" in said(json.dumps(tree).encode(), "x.geojson")


# -- proposals -----------------------------------------------------------------------------------------------------


def test_a_thing_becomes_a_proposal_that_the_rules_take_and_what_is_not_said_is_asked() -> None:
    world = opened("SCAS")
    for one in back(map_geojson.written(ALL), "x.geojson"):
        made = proposal(one, "", "")
        assert not isinstance(made, Refusal)
        world.did(made)
    rows = list(world.view.boundaries.rows.values())
    assert [(row.kind, row.name) for row in rows] == [
        ("outer_cordon", "Outer cordon A"),
        ("hot_zone", "Hot zone A"),
        ("rvp", "RVP B"),
    ]
    assert rows[0].shape.radius_m == 500
    assert len(rows[1].shape.polygon) == 4
    assert rows[1].scheme == "cbrn"
    unknown = Brought(name="Somewhere", point=SCENE_AT)
    asked = proposal(unknown, "", "")
    assert isinstance(asked, Refusal)
    assert asked.facts["arg"] == "kind"
    assert not isinstance(proposal(unknown, "rvp", ""), Refusal)
    assert isinstance(proposal(unknown, "outer_cordon", ""), Refusal), "a cordon needs its extent"
    assert isinstance(proposal(unknown, "hot_zone", ""), Refusal), "a zone needs its scheme"
    zone = proposal(unknown, "hot_zone", "fire")
    assert not isinstance(zone, Refusal)


def test_ground_stands_wherever_its_ring_begins_and_it_is_told_in_one_pass(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    count, compared = 900, 0

    def counted(one: tuple[float, float], other: tuple[float, float]) -> float:
        nonlocal compared
        compared += 1
        return distance_m(one, other)

    ring = tuple(
        (51.5 + 0.05 * math.sin(2 * math.pi * n / count), -0.5 + 0.05 * math.cos(2 * math.pi * n / count))
        for n in range(count)
    )
    world = opened("LAS").did(b.Propose("sector", b.Shape(Location("here"), polygon=ring), "Sector A"))
    there = list(world.view.boundaries.rows.values())
    monkeypatch.setattr(features, "distance_m", counted)
    for turned in (ring, ring[700:] + ring[:700], ring[::-1], ring[300::-1] + ring[:300:-1]):
        compared = 0
        assert stands(Brought(name="Sector A", kind="sector", ring=turned), there)
        assert compared < 4 * count
    near = (*ring[:400], (ring[400][0] + 0.0001, ring[400][1]), *ring[401:])
    assert not stands(Brought(name="Sector A", kind="sector", ring=near), there)
    crossed = (*ring[:400], ring[401], ring[400], *ring[402:])
    assert not stands(Brought(name="Sector A", kind="sector", ring=crossed), there), (
        "the same corners, other ground"
    )
    compared = 0
    assert not stands(Brought(name="Sector A", kind="sector", ring=(ring[0],) * count), there)
    assert compared < 4 * count


def test_kinds_and_schemes_that_are_none_are_asked_and_never_believed() -> None:
    properties = {"kind": "nuclear strike", "scheme": "x", "name": "a\u202eb" * 100, "radius_m": "1e9"}
    geometry = {"type": "Point", "coordinates": [-0.5, 51.49]}
    tree = {"type": "Feature", "properties": properties, "geometry": geometry}
    (one,) = back(json.dumps(tree), "x.geojson")
    assert (one.kind, one.scheme, one.radius_m) == ("", "", None)
    assert len(one.name) <= 70
    assert "\u202e" not in one.name


@pytest.mark.parametrize("payload", PAYLOADS, ids=lambda one: one.name)
def test_no_text_of_a_drawing_acts_wherever_it_goes(payload: Hostile) -> None:
    """Into the form, into the proposal, and out again into another file."""
    tree = {
        "type": "Feature", "properties": {"name": payload.text, "note": payload.text, "kind": payload.text},
        "geometry": {"type": "Point", "coordinates": [-0.5, 51.49]},
    }  # fmt: skip
    (one,) = back(json.dumps(tree), "x.geojson")
    assert one.words == printable(one.words)
    made = proposal(one, "rvp", "")
    assert not isinstance(made, Refusal)
    assert text_problems(made) is None
    out = drawing(drawn(point=SCENE_AT, name=made.name, note=made.note))
    for text in (map_geojson.written(out), kml.written(out), cap.written(out)):
        assert all(line == printable(line) for line in text.splitlines())


PIECES = ["<Placemark>", "</Placemark>", "<Point>", "<coordinates>1,51", "<![CDATA[", "&#0;"]
JUNK = st.text(max_size=20) | st.sampled_from(PIECES)


@settings(max_examples=200, deadline=None)
@any_of(st.lists(JUNK, max_size=6), st.integers(0, 400), st.binary(max_size=3))
def test_whatever_kml_holds_there_is_one_error_or_things(junk: list[str], at: int, raw: bytes) -> None:
    good = kml_of(placemark(AT))
    data = good[:at] + "".join(junk).encode("utf-8", "ignore") + raw + good[at:]
    try:
        bundle = read_things(data, "x.kml", lambda _x, _y: (0.0, 0.0))
    except ConfigError:
        return
    for one in bundle.things:
        proposal(one, "rvp", "")
