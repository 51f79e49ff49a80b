"""What a desk computes of a place before it writes: the other half of a location, whose area it is, and a proposal."""

from __future__ import annotations

import json
import sys
import threading
from pathlib import Path
from typing import Any

import msgspec
import pytest

from config.areas import read_areas
from config.reader import find_config, read_yaml
from incident.boundaries.facts import Propose, Shape
from incident.geography import AREAS_SCHEMA, FILE
from incident.kernel.board import Look
from incident.kernel.checks import validate
from incident.kernel.slice import Actor
from incident.log.facts import Write
from incident.methane.facts import Publish, Report
from incident.organisation.facts import GiveLocation, Open
from incident.state import INCIDENT
from incident.values import Location, read_location
from incident_tui import placer as placer_module
from incident_tui.near import nearest
from incident_tui.placer import NO_LIBRARY, NOT_COMPUTED, OTHER_AREAS, Placer
from tests.incident.given import charter
from tests.running import run
from tests.tui import toy_server
from tests.tui.rooms import at_desk, until
from tests.tui.toy_server import ToyServer

DIGEST = validate(read_yaml(find_config(FILE)), AREAS_SCHEMA).digest
CHARTER = msgspec.structs.replace(charter(), areas_digest=DIGEST)
COACH = read_location("M25 J15 clockwise TQ 0402 7829")


class Told(list[str]):
    def __call__(self, severity: str, sentence: str) -> None:
        assert severity == "caution"
        self.append(sentence)


def test_a_location_typed_as_a_grid_reference_gets_its_point_and_whose_area_it_is() -> None:
    placer = Placer(None, told := Told())
    for command in (Open("Coach", "exercise", COACH), GiveLocation(COACH)):
        made = placer.completed(command, CHARTER)
        assert made.location.grid == "TQ 0402 7829"
        assert made.location.point == pytest.approx((51.494, -0.503), abs=0.0002)
        assert made.placing.candidates == ("SCAS", "LAS", "SECAMB")
        assert made.placing.areas == DIGEST
        assert "Tell: SCAS SECAMB. The word tell invites them." in placer.proposal(made, "LAS")
        assert "Tell: LAS SECAMB." in placer.proposal(made, "SCAS")
    assert told == []


def test_the_areas_are_read_beside_the_screen_before_a_place_is_given(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    where: list[int] = []

    def read(path: Path) -> Any:
        where.append(threading.get_ident())
        return read_areas(path)

    monkeypatch.setattr(placer_module, "read_areas", read)
    placer = Placer(None, Told())
    run(placer.prepare())
    assert placer.completed(GiveLocation(COACH), CHARTER).placing.trust == "SCAS"
    assert len(where) == 1
    assert threading.get_ident() not in where


def test_areas_that_cannot_be_read_are_told_when_a_place_is_given(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text("{", encoding="utf-8")
    placer = Placer(tmp_path, told := Told())
    run(placer.prepare())
    assert told == []
    assert placer.completed(GiveLocation(COACH), CHARTER).placing is None
    assert "cannot be used" in told[0]


def test_speeds_that_cannot_be_read_are_told_once_with_their_line(tmp_path: Path) -> None:
    (tmp_path / "speeds.yaml").write_text("default: {ground: urbane}\n", encoding="utf-8")
    placer = Placer(tmp_path, told := Told())
    run(placer.prepare())
    run(placer.prepare())
    (said,) = told
    assert "Every trust is taken to be as fast as any other." in said
    assert "speeds.yaml:1: " in said


def test_what_concerns_nobody_else_makes_no_proposal() -> None:
    placer = Placer(None, Told())
    birmingham = placer.completed(GiveLocation(Location("New Street", lat=52.478, lon=-1.9)), CHARTER)
    assert birmingham.placing.trust == "WMAS"
    assert birmingham.location.grid.startswith("SP ")
    assert placer.proposal(birmingham, "WMAS") == ""
    assert placer.proposal(birmingham, "LAS").startswith("Inside WMAS")
    assert placer.proposal(Write("x"), "LAS") == ""


def test_words_alone_and_other_commands_go_as_they_are() -> None:
    placer = Placer(None, told := Told())
    for command in (GiveLocation(Location("somewhere on the M25")), Open("x", "exercise"), Write("x")):
        assert placer.completed(command, CHARTER) == command
    assert told == []


def test_other_areas_than_those_of_the_incident_are_said_once_and_nothing_is_computed() -> None:
    placer = Placer(None, told := Told())
    other = msgspec.structs.replace(CHARTER, areas_digest="of another set")
    for _ in range(2):
        made = placer.completed(GiveLocation(COACH), other)
        assert made.placing is None
        assert made.location.point is not None
    assert told == [OTHER_AREAS]
    for none in (None, charter()):
        assert placer.completed(GiveLocation(COACH), none).placing is None
    assert told == [OTHER_AREAS]


def test_an_incident_can_be_opened_without_the_geometry_library(monkeypatch: Any) -> None:
    for name in ("pyproj", "shapely"):
        monkeypatch.setitem(sys.modules, name, None)
    placer = Placer(None, told := Told())
    located = Location("coach", "TQ 0402 7829", 51.494, -0.503)
    command = Open("Coach", "exercise", located)
    assert placer.completed(command, CHARTER) == command
    assert told == [NO_LIBRARY]


def test_areas_that_cannot_be_used_are_said_and_hold_nothing_up(tmp_path: Path) -> None:
    whole = json.loads(find_config(FILE).read_bytes())
    whole["features"][0]["geometry"]["type"] = "Point"
    (tmp_path / FILE).write_text(json.dumps(whole, indent=1), encoding="utf-8")
    placer = Placer(tmp_path, told := Told())
    made = placer.completed(GiveLocation(COACH), CHARTER)
    assert made.placing is None
    assert made.location.point is not None
    assert "must be one of Polygon, MultiPolygon" in told[0]


def test_a_room_that_opens_near_a_border_stores_it_and_is_told_whom_to_invite(
    tmp_path: Path, monkeypatch: Any
) -> None:
    monkeypatch.setattr(
        toy_server, "CHARTER", msgspec.structs.replace(toy_server.CHARTER, areas_digest=DIGEST)
    )

    async def scenario() -> None:
        async with ToyServer() as toy:
            toy.furnish()
            async with at_desk(toy.url, tmp_path) as las:
                before = las.stream
                assert isinstance(las.submit(Open("Coach", "exercise", COACH)), str)
                await until(lambda: las.stream != before)
                await until(lambda: las.unsent == 0 and las.settled)
                state = toy.state(las.stream).organisation
                assert state.placing.trust == "SCAS"
                assert state.location.point is not None
                assert any("Tell: SCAS SECAMB" in sentence for _, sentence in las.notices)

    run(scenario())


# -- how it is understood while it is typed ---------------------------------------------------------------------


def seen(placer: Placer) -> Look:
    return Look(
        state=INCIDENT.initial(),
        me=Actor("EOC", "LAS", "operator"),
        now=0,
        charter=CHARTER,
        gazetteer=placer.gazetteer,
    )


def understood(placer: Placer, written: str) -> list[tuple[str, str]]:
    return list(placer.understood(written, seen(placer)))


def test_a_place_is_said_as_it_is_understood_with_whose_area_it_is() -> None:
    placer = Placer(None, told := Told())
    run(placer.prepare())
    first, area = understood(placer, "M25 J15 northbound TQ 0402 7829")
    assert first == (
        "TQ 0402 7829  M25 J15 northbound  51.49404,-0.50295  provisional · grid reference",
        "ink",
    )
    assert area == ("on the border SCAS/LAS/SECAMB, LAS 0.5 km, SECAMB 2.8 km (INDICATIVE)", "caution")
    name, *_ = understood(placer, "Wexham Park")
    assert name[0].startswith("SU 9")
    assert name[0].endswith(
        "  Wexham Park hospital (within 300 m)  51.53200,-0.57300  provisional · hospital"
    )
    assert understood(placer, "-0.503 51.494")[-1][0].startswith("The longitude stood first")
    words = [("the pub  provisional · words", "ink"), ("Kept as words, no point is known.", "caution")]
    assert understood(placer, "the pub") == words
    assert [tone for _, tone in understood(placer, "TQ 0402 782")] == ["alarm"]
    assert told == []


def test_a_text_that_may_mean_a_place_is_never_in_the_way() -> None:
    placer = Placer(None, Told())
    placer.read_names()
    said = placer.understood("Wexham Park", seen(placer), loosely=True)
    assert said == (
        ("Wexham Park hospital (within 300 m)  51.53200,-0.57300 · hospital, kept as typed", "dim"),
    )
    for words in ("sector 2", "Royal", "12", "TQ 0402 782"):
        assert placer.understood(words, seen(placer), loosely=True) == ()


def test_two_halves_of_a_place_that_are_not_the_same_place_are_told() -> None:
    placer = Placer(None, Told())
    run(placer.prepare())
    apart = understood(placer, "TQ 0402 7829 51.594,-0.503")
    assert ("The grid reference and the position are 11 km apart: which is right?", "alarm") in apart
    for same in ("TQ 0402 7829 51.494,-0.503", "TQ 04 78 51.490,-0.496"):
        assert not any("apart" in words for words, _ in understood(placer, same)), same


def test_while_the_library_is_loading_nothing_waits_for_it() -> None:
    placer = Placer(None, Told())
    placer.read_names()
    assert understood(placer, "TQ 0402 7829") == [("TQ 0402 7829  provisional · grid reference", "ink")]
    assert understood(placer, "Slough")[0][0] == "Slough (within 2 km)  51.51100,-0.59500  provisional · town"
    run(placer.prepare())
    assert understood(placer, "Slough")[0][0].startswith("SU 9759 8005  Slough (within 2 km)  51.511")


def test_every_place_in_a_command_gets_its_other_half() -> None:
    placer = Placer(None, Told())
    where = Location("lay-by", "TQ 0402 7829")
    made = placer.completed(Propose("rvp", Shape(where)), CHARTER)
    assert made.shape.place.point == pytest.approx((51.494, -0.503), abs=0.0002)
    assert made.shape.place.text == "lay-by"
    report = placer.completed(Publish(Report(Location("x", lat=51.494, lon=-0.503), "rtc", "coach")), CHARTER)
    assert report.report.location.grid == "TQ 0402 7829"
    words = Propose("rvp", Shape(Location("the pub")))
    assert placer.completed(words, CHARTER) == words


def test_names_that_cannot_be_read_are_told_once_and_the_rest_goes_on(tmp_path: Path) -> None:
    (tmp_path / "gazetteer.yaml").write_text("accuracy_m: 5\nnames: [{name: X}]\n", encoding="utf-8")
    placer = Placer(tmp_path, told := Told())
    run(placer.prepare())
    placer.read_names()
    assert len(told) == 3, "each of them once: no kind, no latitude, no longitude"
    assert all("gazetteer.yaml:2" in sentence for sentence in told)
    assert understood(placer, "TQ 0402 7829")[0][0].startswith("TQ 0402 7829")


NOWHERE = Location("a ship", lat=0.0, lon=90.0)


def test_a_place_without_metres_holds_up_no_command() -> None:
    placer = Placer(None, told := Told())
    run(placer.prepare())
    given = placer.completed(GiveLocation(NOWHERE), CHARTER)
    assert (given.location, given.placing) == (NOWHERE, None)
    for shape in (
        Shape(NOWHERE),
        Shape(NOWHERE, 500),
        Shape(NOWHERE, None, ((0, 90), (0, 90.1), (0.1, 90.1))),
    ):
        made = placer.completed(Propose("inner_cordon", shape), CHARTER)
        assert made.reach is None
    look = Look(state=INCIDENT.initial(), me=Actor("EOC", "LAS", "operator"), now=0, charter=CHARTER)
    assert placer.understood("0.0 N 90.0 E", look)
    assert nearest("hospital", look, placer, (0.0, 90.0), "the ship") == "the ship is on no map here."
    assert told == []


def test_what_a_library_cannot_do_is_said_once_and_the_command_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> Any:
        raise RuntimeError("GEOSException")

    placer = Placer(None, told := Told())
    run(placer.prepare())
    look = Look(state=INCIDENT.initial(), me=Actor("EOC", "LAS", "operator"), now=0, charter=CHARTER)
    monkeypatch.setattr("incident.geography.place", broken)
    monkeypatch.setattr("incident.geography.crossing", broken)
    monkeypatch.setattr("incident.nearby.nearest_hospitals", broken)
    for command in (GiveLocation(COACH), Propose("rvp", Shape(COACH))):
        assert placer.completed(command, CHARTER) is command
    assert told == [NOT_COMPUTED]
    assert placer.understood("TQ 0402 7829", look) == ((NOT_COMPUTED, "caution"),)
    assert nearest("hospital", look, placer, (51.5, -0.1), "here") == "Nothing can be estimated from here."


def test_ground_far_from_every_area_is_asked_about() -> None:
    placer = Placer(None, told := Told())
    placer.completed(Propose("rvp", Shape(COACH)), CHARTER)
    assert told == []
    somalia = Location("here", lat=-0.503, lon=51.494)
    made = placer.completed(Propose("inner_cordon", Shape(somalia, 500)), CHARTER)
    assert made.reach is not None
    assert len(told) == 1
    assert told[0].endswith("km from every area: is latitude first, and is each figure right?")
