"""What is drawn goes out as files, and what others drew comes in as proposals: on the screen and without one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from incident.boundaries import facts as b
from incident.values import Location
from incident_tui import bringing
from incident_tui.bringing import CannotBring, board_of, read
from incident_tui.papers import PaperError, file_name, made, prepared, read_wanted
from incident_tui.screens.room.screen import Room
from tests.tui.desk import Desk, told
from tests.tui.world import FakeSession

KML = """<?xml version="1.0" encoding="UTF-8"?>
<kml xmlns="http://www.opengis.net/kml/2.2"><Document>
<Placemark><name>Police RVP</name><ExtendedData><Data name="incident:kind"><value>rvp</value></Data></ExtendedData>
<Point><coordinates>-0.503,51.494,0</coordinates></Point></Placemark>
<Placemark><name>Police cordon</name><Polygon><outerBoundaryIs><LinearRing><coordinates>
-0.51,51.49 -0.50,51.49 -0.50,51.50 -0.51,51.50 -0.51,51.49
</coordinates></LinearRing></outerBoundaryIs></Polygon></Placemark>
</Document></kml>"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "police.kml"
    path.write_text(KML)
    return path


def of(words: str, session: FakeSession) -> str:
    return made(read_wanted(words), session)  # type: ignore[arg-type]


# -- out -----------------------------------------------------------------------------------------------------------


def test_the_map_is_a_paper_in_three_forms_with_or_without_a_line() -> None:
    session = FakeSession()
    session.cut()
    tree = json.loads(of("map", session))
    assert tree["incident:mode"] == "exercise"
    kinds = [one["properties"]["incident:kind"] for one in tree["features"]]
    assert kinds.count("rvp") == 2
    assert "inner_cordon" in kinds
    cordon = next(one for one in tree["features"] if one["properties"]["incident:kind"] == "inner_cordon")
    lon, lat = cordon["geometry"]["coordinates"]
    assert (round(lat, 2), round(lon, 2)) == (51.49, -0.5), "computed from TQ 0402 7829"
    assert cordon["properties"]["incident:agreement"] == "agreed by 3 of 4"
    assert "ISLAND" in tree["incident:foot"]
    assert ET.fromstring(of("map kml", session)).tag.endswith("kml")  # noqa: S314 - our own
    assert "<status>Exercise</status>" in of("map cap", session)


@pytest.mark.parametrize(
    ("words", "ends"),
    [("map", ".geojson"), ("map kml", ".kml"), ("map cap", ".xml"), ("map geojson", ".geojson")],
)
def test_the_name_of_the_file_says_what_it_is(words: str, ends: str) -> None:
    name = file_name(read_wanted(words), FakeSession())  # type: ignore[arg-type]
    assert name.startswith("EXERCISE_")
    assert name.endswith(ends)
    assert ("_cap_" if "cap" in words else "_map_") in name


@pytest.mark.parametrize("words", ["map csv", "map text", "log kml", "picture geojson", "mapp"])
def test_what_cannot_be_is_said(words: str) -> None:
    with pytest.raises(PaperError):
        read_wanted(words)


def test_without_an_incident_there_is_no_map() -> None:
    session = FakeSession()
    session.stream = ""
    with pytest.raises(PaperError, match="No incident"):
        prepared("map", session)  # type: ignore[arg-type]


# -- in ------------------------------------------------------------------------------------------------------------


def features(session: FakeSession) -> dict[str, Any]:
    return {one.name: one for one in session.look().state.boundaries.rows.values()}


def test_what_a_file_holds_is_shown_first_and_then_proposed_one_by_one(file: Path) -> None:
    async def story(desk: Desk) -> None:
        await desk.press(":")
        await desk.type(f"import-features {file}")
        await desk.press("enter")
        seen = "\n".join(await desk.shows("Police RVP: RVP"))
        assert "Propose what police.kml holds" in seen
        assert "Police RVP" not in features(desk.session), "nothing is proposed before it was read"
        form = desk.room.form
        assert form is not None
        await desk.press(*"outer")
        await desk.press("ctrl+s")
        await desk.hides("Scheme of zones")
        found = features(desk.session)
        assert found["Police RVP"].kind == "rvp"
        assert found["Police cordon"].kind == "outer_cordon"
        assert len(found["Police cordon"].shape.polygon) == 4
        assert found["Police RVP"].shape.place.grid.startswith("TQ ")
        assert found["Police RVP"].owner == "LAS"

    told(story)


def test_what_is_not_wanted_is_left_out(file: Path) -> None:
    async def story(desk: Desk) -> None:
        desk.room.words.act("app.bring", str(file))
        await desk.shows("Police RVP: RVP")
        desk.app.set_focus(desk.room.query_one("#answer-things"))
        await desk.shows("Police cordon: kind")
        await desk.press("space", "ctrl+s")  # the first of them is not wanted
        await desk.shows("Kind is needed")
        await desk.press(*"outer", "ctrl+s")
        await desk.hides("Scheme of zones")
        found = features(desk.session)
        assert "Police RVP" not in found
        assert found["Police cordon"].kind == "outer_cordon"

    told(story)


def test_escape_proposes_nothing(file: Path) -> None:
    async def story(desk: Desk) -> None:
        desk.room.words.act("app.bring", str(file))
        await desk.shows("Police RVP")
        await desk.press("escape")
        assert "Police RVP" not in features(desk.session)

    told(story)


def test_a_file_that_cannot_be_read_is_a_sentence_at_the_foot(tmp_path: Path) -> None:
    (tmp_path / "x.kml").write_text("<!DOCTYPE kml><kml/>")

    async def story(desk: Desk) -> None:
        for path, words in (
            (tmp_path / "x.kml", "<!DOCTYPE"),
            (tmp_path / "none.kml", "no such file"),
            ("", "which file"),
        ):
            desk.room.words.act("app.bring", str(path))
            await desk.shows(words)
            assert isinstance(desk.app.screen, Room)

    told(story)


def test_a_name_that_is_taken_is_refused_and_the_rest_is_proposed(file: Path) -> None:
    async def story(desk: Desk) -> None:
        desk.session.happens("SCAS", b.Propose("rvp", b.Shape(Location("elsewhere")), "Police RVP"))
        desk.room.words.act("app.bring", str(file))
        await desk.shows("Police RVP: RVP")
        await desk.press(*"outer")
        await desk.press("ctrl+s")
        await desk.shows("1 done, 1 not")
        assert "Police cordon" in features(desk.session)

    told(story)


def test_the_reader_of_files_says_why_not(tmp_path: Path) -> None:
    for words in ("", str(tmp_path), str(tmp_path / "none.kml")):
        with pytest.raises(CannotBring):
            read(words)
    (tmp_path / "\x1b[2J.kml").write_text("<a/>")
    with pytest.raises(CannotBring) as caught:
        read(str(tmp_path / "\x1b[2J.kml"))
    assert "\x1b" not in str(caught.value)


def test_the_form_asks_for_a_kind_only_where_the_file_does_not_say(file: Path, tmp_path: Path) -> None:
    (verb,) = board_of(read(str(file)), str(file)).verbs
    assert [arg.name for arg in verb.args] == ["things", "kind", "scheme", "name_1", "name_2"]
    said = tmp_path / "said.kml"
    said.write_text(
        KML.replace(
            "<Polygon>",
            '<ExtendedData><Data name="kind"><value>sector</value></Data></ExtendedData><Polygon>',
        )
    )
    (verb,) = board_of(read(str(said)), str(said)).verbs
    assert [arg.name for arg in verb.args] == ["things", "scheme", "name_1", "name_2"]


def test_a_thing_is_called_otherwise_in_the_form(file: Path) -> None:
    async def story(desk: Desk) -> None:
        desk.room.words.act("app.bring", str(file))
        await desk.shows("Police RVP: RVP", "Name of Police RVP")
        desk.app.set_focus(desk.room.query_one("#answer-name_1"))
        await desk.type(" north")
        desk.app.set_focus(desk.room.query_one("#answer-kind"))
        await desk.press(*"outer", "ctrl+s")
        await desk.hides("Scheme of zones")
        assert {"Police RVP north", "Police cordon"} <= set(features(desk.session))

    told(story)


def test_what_stands_already_comes_unticked_and_is_said(tmp_path: Path) -> None:
    session = FakeSession()
    for words in ("map", "map kml"):
        path = tmp_path / file_name(read_wanted(words), session)  # type: ignore[arg-type]
        path.write_text(of(words, session), encoding="utf-8")
        bundle = read(str(path))
        assert len(bringing.standing_of(bundle, session.look())) == len(bundle.things) > 2

    async def story(desk: Desk) -> None:
        desk.room.words.act("app.bring", str(path))
        await desk.shows("stand already and are not ticked")
        await desk.press("ctrl+s")
        await desk.shows("Take is needed")
        desk.app.set_focus(desk.room.query_one("#answer-things"))
        await desk.shows("stands already: ")
        assert desk.session.submitted == []

    told(story, session=session)


def test_another_kind_name_or_ground_does_not_stand_already(tmp_path: Path) -> None:
    session = FakeSession()
    path = tmp_path / "ours.geojson"
    tree = json.loads(of("map", session))
    tree["features"] = [one for one in tree["features"] if one["properties"].get("incident:kind") == "rvp"]

    def standing(change: Any) -> int:
        changed = json.loads(json.dumps(tree))
        change(changed["features"][0])
        path.write_text(json.dumps(changed), encoding="utf-8")
        return len(bringing.standing_of(read(str(path)), session.look()))

    def moved(metres: float) -> Any:
        def change(one: Any) -> None:
            one["geometry"]["coordinates"][1] += metres / 111_195

        return change

    every = len(tree["features"])
    assert standing(lambda _one: None) == every
    assert standing(moved(0.5)) == every
    assert standing(moved(5)) == every - 1
    assert standing(lambda one: one["properties"].update({"incident:kind": "fcp"})) == every - 1
    assert standing(lambda one: one["properties"].update({"name": "RVP Z"})) == every - 1
    assert standing(lambda one: one["properties"].update({"incident:radius_m": 50})) == every - 1


def test_what_goes_out_comes_in_again_as_it_was(tmp_path: Path) -> None:
    session = FakeSession()
    for words in ("map", "map kml"):
        path = tmp_path / file_name(read_wanted(words), session)  # type: ignore[arg-type]
        path.write_text(of(words, session), encoding="utf-8")
        things = {one.name: one for one in read(str(path)).things}
        stand = {
            one.name: one
            for one in session.look().state.boundaries.rows.values()
            if one.withdrawn_at is None and one.shape.place.grid
        }
        assert set(things) == set(stand)
        for name, one in things.items():
            assert (one.kind, one.radius_m) == (stand[name].kind, stand[name].shape.radius_m)
    assert bringing.words_of(read(str(path))).endswith("the others are asked.")
