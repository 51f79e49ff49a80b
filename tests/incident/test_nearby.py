"""The nearest units and hospitals: what can do the work, where it is as far as anybody said, and on which side."""

from __future__ import annotations

import re
from typing import Any

import pytest

from config.reader import find_config, read_yaml
from incident.boundaries import facts as b
from incident.fleet import facts as g
from incident.geography import Speed, Speeds, place
from incident.kernel.board import TONES, Look
from incident.kernel.checks import validate
from incident.kernel.slice import Actor
from incident.nearby import (
    NOTE,
    Base,
    Book,
    Nearby,
    book_of,
    lines,
    nearest_hospitals,
    nearest_units,
    point_of,
    sentence,
    stands,
)
from incident.organisation import facts as o
from incident.places import facts as p
from incident.resources import BOARD
from incident.resources import facts as f
from incident.state import REGISTER
from incident.values import Location
from incident.whereabouts import GAZETTEER_SCHEMA, Gazetteer, Named, known_of, read
from tests.incident.given import CONFIG, INCIDENT_STREAM, MINUTE, REGISTER_STREAM, Given, charter, opened
from tests.incident.ground import shipped

SCENE = (51.494, -0.503)
SLOUGH, EASTLEIGH, GATWICK, HOUNSLOW = (51.511, -0.595), (50.969, -1.351), (51.156, -0.170), (51.468, -0.361)
BOOK = Book(
    (
        Base("LAS", "Hounslow ambulance station", *HOUNSLOW, ("HART",)),
        Base("LAS", "Hayes", 51.513, -0.421),
        Base("SCAS", "Slough", *SLOUGH),
        Base("SCAS", "Eastleigh ambulance station", *EASTLEIGH, ("HART", "SORT")),
        Base("SECAMB", "Gatwick ambulance station", *GATWICK, ("HART",)),
        Base("EEAST", "Melbourn", 52.09, 0.01, ("HART",)),
    ),
    lambda words: (51.4763, -0.509) if words == "Poyle" else None,
)


class Room:
    """The room of LAS: the incident, its own register, and a book of stations."""

    def __init__(self) -> None:
        self.incident = opened()
        self.register = Given(REGISTER, REGISTER_STREAM).system().did(g.OpenRegister("exercise", "LAS"))
        entries = [
            g.Entry("A101", "DCA", ("paramedic",), "Hayes", "AVB"),
            g.Entry("A102", "DCA", (), "Hayes", "BRK"),
            g.Entry("A103", "DCA", (), "Nowhere Lane", "AVB"),
            g.Entry("H501", "HART", ("hot-zone", "water"), "Hounslow", "AVB"),
            g.Entry("H502", "HART", ("hot-zone", "usar"), "Hounslow", "OOS"),
        ]
        self.register.did(g.EnterUnits(tuple(entries)))

    def commit(self, unit: str, kind: str, status: str = "AVB", **more: Any) -> None:
        self.incident.by(unit.partition("/")[0]).did(f.Commit((f.Commitment(unit, kind, status, **more),)))

    def look(self, agency: str = "LAS", **more: Any) -> Look:
        mine = agency == "LAS"
        return Look(
            self.incident.view,
            Actor("Sam", agency, "operator"),
            more.pop("now", self.incident.now),
            INCIDENT_STREAM,
            registers={"LAS": self.register.view} if mine else {},
            register_streams={"LAS": REGISTER_STREAM} if mine else {},
            charter=charter(),
            **more,
        )

    def units(self, wanted: str = "", agency: str = "LAS", **more: Any) -> tuple[Nearby, ...]:
        options = {name: more.pop(name) for name in ("most", "speeds", "book") if name in more}
        return nearest_units(self.look(agency, **more), shipped(), SCENE, wanted, **{"book": BOOK, **options})

    def hospitals(self, wanted: str = "", **more: Any) -> tuple[Nearby, ...]:
        return nearest_hospitals(self.look(), shipped(), more.pop("target", SCENE), wanted, **more)

    def where(self, key: str, **more: Any) -> Any:
        look = self.look(**more)
        return stands(BOARD.rows(look)[key], look, BOOK)


@pytest.fixture
def room() -> Room:
    return Room()


# -- where a unit is ------------------------------------------------------------------------------------------


def test_a_unit_at_its_base_is_at_its_station_and_one_that_is_out_was_last_known_there(room: Room) -> None:
    assert room.where("LAS/A101").position == (51.513, -0.421)
    assert room.where("LAS/A101").words == "Hayes station"
    assert room.where("LAS/A101").now
    assert room.where("LAS/A103") is None, "no station of that name: nothing is invented"
    room.register.by("LAS").did(g.SetStatus("LAS/A101", "MOB"))
    assert not room.where("LAS/A101").now
    later = room.incident.now + 3_000 * MINUTE
    assert not room.where("LAS/H501", now=later).now, "nobody has said so for two days"


def test_what_was_said_of_a_unit_goes_before_its_station(room: Room) -> None:
    room.commit("SCAS/A201", "DCA", station="Slough")
    assert room.where("SCAS/A201").position == SLOUGH
    given = room.incident.by("SCAS")
    given.did(f.Describe("SCAS/A201", place="Poyle"))
    assert room.where("SCAS/A201").position == (51.4763, -0.509)
    given.did(f.Describe("SCAS/A201", place="TQ 0402 7829 hard shoulder"))
    assert room.where("SCAS/A201").position == pytest.approx(SCENE, abs=0.0002)
    given.did(f.Describe("SCAS/A201", place="behind the lorry"))
    assert room.where("SCAS/A201").position == SLOUGH
    given.did(f.SetStatus("SCAS/A201", "MOB"))
    assert not room.where("SCAS/A201").now


def test_at_scene_at_the_rvp_and_at_hospital_are_places(room: Room) -> None:
    rvp = Location("Colnbrook", "", 51.483, -0.522)
    room.incident.by("LAS").did(b.Propose("rvp", b.Shape(rvp)))
    room.commit("SCAS/A201", "DCA", "MOB", station="Slough")
    given = room.incident.by("SCAS")
    given.did(f.SetStatus("SCAS/A201", "RVP"))
    assert room.where("SCAS/A201").position == rvp.point
    given.did(f.SetStatus("SCAS/A201", "SCN"))
    assert room.where("SCAS/A201").position == SCENE
    given.did(f.SetStatus("SCAS/A201", "LFT")).did(f.Describe("SCAS/A201", destination="Wexham Park"))
    assert not room.where("SCAS/A201").now, "on its way: at its station when last known"
    given.did(f.SetStatus("SCAS/A201", "HOS"))
    wexham = charter().places["WEXHAM"]
    assert room.where("SCAS/A201").position == (wexham.lat, wexham.lon)


@pytest.mark.parametrize(
    "typed",
    ["Wexham Park", "WEXHAM", "RVP B", "TQ 0402 7829", "51.5,-0.5", "51.494 N 0.503 W", "the scene"],
)
def test_a_place_means_the_same_as_typed_and_as_it_is_written_down(room: Room, typed: str) -> None:
    for point in (Location("Colnbrook", "", 51.483, -0.522), Location("Iver", "", 51.521, -0.508)):
        room.incident.by("LAS").did(b.Propose("rvp", b.Shape(point)))
    look = room.look(gazetteer=gazetteer())
    meant = point_of(typed, look)
    assert meant is not None
    reading = read(typed, known_of(look)).location
    for written in filter(None, (reading.text, reading.words())):
        assert point_of(written, look) == pytest.approx(meant, abs=0.00001)


def test_what_words_mean_follows_what_changes_on_the_ground(room: Room) -> None:
    room.incident.by("LAS").did(b.Propose("rvp", b.Shape(Location("Colnbrook", "", 51.483, -0.522))))
    assert point_of("RVP", room.look(), BOOK) == (51.483, -0.522)
    feature = next(iter(room.incident.view.boundaries.rows))
    room.incident.did(b.Move(feature, b.Shape(Location("Iver", "", 51.521, -0.508))))
    assert point_of("RVP", room.look(), BOOK) == (51.521, -0.508)
    room.incident.did(b.Withdraw(feature))
    assert point_of("RVP", room.look(), BOOK) is None
    assert point_of("scene", room.look(), BOOK) == SCENE
    room.incident.did(o.GiveLocation(Location("M25 J16", "", 51.57, -0.53)))
    assert point_of("the scene", room.look(), BOOK) == (51.57, -0.53)
    assert point_of("Poyle", room.look(), BOOK) == (51.4763, -0.509)
    assert point_of("Poyle", room.look(), Book()) is None


def test_at_one_of_two_rvps_is_nowhere_until_it_is_said_which(room: Room) -> None:
    for point in (Location("Colnbrook", "", 51.483, -0.522), Location("Iver", "", 51.521, -0.508)):
        room.incident.by("LAS").did(b.Propose("rvp", b.Shape(point)))
    room.commit("SCAS/A201", "DCA", "RVP", station="Slough")
    assert room.where("SCAS/A201") is None
    room.incident.by("SCAS").did(f.Describe("SCAS/A201", place="RVP B"))
    assert room.where("SCAS/A201").position == (51.521, -0.508)


@pytest.mark.parametrize(
    "words", ["", "somewhere", "RVP", "M25 J15", "999.0, 888.0", "STATION", "\u202e[red]x"]
)
def test_words_that_name_no_point_give_none(room: Room, words: str) -> None:
    assert point_of(words, room.look(), BOOK) is None


def gazetteer() -> Gazetteer:
    station = "ambulance station"
    return Gazetteer(
        (
            Named("Hayes", "town", 51.513, -0.421, 2_000),
            Named("Hayes ambulance station", station, 51.520, -0.425, 2_000, ("Hayes",), "LAS"),
            Named("Newport", "town", 51.588, -2.998, 2_000),
            Named("Newport, Isle of Wight", "rail", 50.711, -1.301, 2_000, ("Newport",)),
            Named("Hounslow ambulance station", station, *HOUNSLOW, 2_000, (), "LAS", teams=("HART",)),
            Named("Eastleigh ambulance station", station, *EASTLEIGH, 2_000, (), "SCAS", teams=("HART",)),
            Named("RVP X", "on the ground"),
        )
    )


def test_a_book_of_a_gazetteer_has_its_stations_and_never_guesses_between_two_towns() -> None:
    book = book_of(gazetteer())
    station = book.station("LAS", "hayes")
    assert station is not None
    assert station.position == (51.520, -0.425)
    assert book.station("SCAS", "Hayes") is None
    assert book.find("  HAYES ") == (51.513, -0.421), (
        "town and station are one place, as far as they are known"
    )
    assert book.find("Newport") is None
    assert book.find("Nowhere") is None
    assert [base.name for base in book.of_kind("HART")] == [
        "Hounslow ambulance station",
        "Eastleigh ambulance station",
    ]


def test_without_a_book_that_of_the_desks_gazetteer_is_asked(room: Room) -> None:
    found = nearest_units(room.look(gazetteer=gazetteer()), shipped(), SCENE, "HART")
    assert [row.key for row in found] == ["LAS/H501", "base/SCAS/Eastleigh ambulance station", "LAS/H502"]
    assert [row.key for row in nearest_units(room.look(), shipped(), SCENE, "HART")] == ["LAS/H501"]


def test_the_gazetteer_that_ships_places_the_demonstration_and_three_trusts_hart_teams(room: Room) -> None:
    ships = book_of(validate(read_yaml(find_config("gazetteer.yaml")), GAZETTEER_SCHEMA))
    for file in sorted((CONFIG / "demo").glob("*.csv")):
        for row in file.read_text(encoding="utf-8").splitlines()[1:]:
            assert ships.station(file.stem, row.split(",")[3]) is not None, row
    owners = {base.agency for base in ships.of_kind("HART")}
    assert owners >= set(shipped().codes) - {"IOW"}, "one base at least of every trust that has a team"
    for base in ships.bases:
        placing = place(shipped(), Location(base.name, lat=base.lat, lon=base.lon))
        assert placing is not None
        assert base.agency in placing.candidates, base
    found = room.units("HART", book=ships)
    assert [(row.agency, row.across) for row in found] == [("LAS", False), ("SECAMB", True), ("EEAST", True)]


# -- units ----------------------------------------------------------------------------------------------------


def test_three_hart_teams_across_borders_are_found_whoever_may_see_their_state(room: Room) -> None:
    found = room.units("HART")
    assert [row.key for row in found] == [
        "LAS/H501",
        "base/SECAMB/Gatwick ambulance station",
        "base/EEAST/Melbourn",
    ]
    assert [row.across for row in found] == [False, True, True]
    assert found[0].state.text == "available"
    assert found[1].state.text == "ask SECAMB"
    assert found[0].way is not None
    assert found[0].way.bearing == "E"
    assert found[0].way.minutes_low < found[0].way.minutes_high
    assert [row.way.metres for row in found if row.way] == sorted(row.way.metres for row in found if row.way)


def test_a_team_that_was_committed_is_seen_with_its_state(room: Room) -> None:
    room.commit("SCAS/H521", "HART", "AVB", station="Eastleigh", capabilities=("usar",))
    found = room.units("HART", most=4)
    assert "SCAS/H521" in [row.key for row in found]
    assert [row.key for row in room.units("usar")][:1] == ["SCAS/H521"], "the own one is out of service"
    assert room.units("usar")[1].state.text == "out of service"
    assert not room.units("usar")[1].fit


def test_what_can_do_the_work_comes_before_what_is_near(room: Room) -> None:
    found = room.units("DCA")
    assert [row.key for row in found] == ["LAS/A101", "LAS/A102", "LAS/A103"]
    assert [row.fit for row in found] == [True, False, True]
    assert found[1].state.text == "meal break"
    assert found[2].way is None, "who could be sent and is nobody knows where stands last, and is named"
    assert {row.key for row in room.units("specialist", most=9)} == {"LAS/H501", "LAS/H502"}
    assert {row.key for row in room.units("conveys", most=9)} == {"LAS/A101", "LAS/A102", "LAS/A103"}
    assert room.units("SUBMARINE") == ()


def test_what_another_incident_holds_cannot_be_sent(room: Room) -> None:
    claims = {"exercise/unit/LAS/H501": "Wimbledon"}
    found = {row.key: row for row in room.units("HART", claims=claims, most=9)}
    assert not found["LAS/H501"].fit
    assert "held" in found["LAS/H501"].state.text


def test_one_from_across_the_border_is_among_them(room: Room) -> None:
    entries = tuple(g.Entry(f"A2{n:02}", "DCA", (), "Hayes", "AVB") for n in range(9))
    room.register.did(g.EnterUnits(entries))
    room.commit("SECAMB/A301", "DCA", station="Gatwick")
    found = room.units("DCA")
    assert [row.agency for row in found if row.way] == ["LAS", "LAS", "LAS", "SECAMB"]
    assert found[3].across


def test_another_room_sees_no_register_of_ours(room: Room) -> None:
    assert {row.key for row in room.units("HART", agency="SECAMB", most=9)} == {
        "base/LAS/Hounslow ambulance station",
        "base/SCAS/Eastleigh ambulance station",
        "base/EEAST/Melbourn",
    }


def test_each_trust_gets_along_in_its_own_manner(room: Room) -> None:
    slow = Speeds(trusts={"LAS": Speed(10, 12)})
    usual, slowed = (
        room.units("HART")[0],
        next(row for row in room.units("HART", speeds=slow, most=9) if row.key == "LAS/H501"),
    )
    assert usual.way is not None
    assert slowed.way is not None
    assert slowed.way.minutes_low > usual.way.minutes_high


def test_without_a_book_only_what_was_said_has_a_place(room: Room) -> None:
    found = nearest_units(room.look(), shipped(), SCENE, "HART")
    assert [row.way for row in found] == [None]
    assert found[0].key == "LAS/H501"


# -- hospitals ------------------------------------------------------------------------------------------------


def test_the_nearest_hospitals_have_one_across_the_border(room: Room) -> None:
    found = room.hospitals()
    assert [row.key for row in found] == ["HILLINGDON", "WEXHAM", "EALING"]
    assert {row.across for row in found} == {False, True}
    assert all("not stood up, DRAFT plan" in row.state.text for row in found)
    centres = room.hospitals("mtc")
    assert [row.what for row in centres] == ["MTC"] * len(centres)
    assert centres[0].key == "STMARYS"
    assert all(row.way is not None and row.way.minutes_low < row.way.minutes_high for row in centres)


def test_a_hospital_with_no_room_left_comes_last(room: Room) -> None:
    given = room.incident.by("LAS", "tactical_commander")
    given.did(p.OpenPlaces(("HILLINGDON", "WEXHAM"))).did(p.DeclareCapacity("HILLINGDON", p1=1))
    assert room.hospitals(priority="p1")[0].key == "HILLINGDON"
    assert room.hospitals(priority="p1")[0].state.text == "stood up, P1 1 left"
    given.did(p.Allocate("HILLINGDON", "p1", 1))
    assert "HILLINGDON" not in [row.key for row in room.hospitals(priority="p1")]
    everything = room.hospitals(priority="p1", most=100)
    assert everything[-1].key == "HILLINGDON"
    assert everything[-1].state.text == "stood up, P1 full"
    assert not everything[-1].fit
    assert room.hospitals(priority="p2")[0].key == "HILLINGDON"


def test_an_island_is_reached_by_a_way_that_must_be_checked(room: Room) -> None:
    found = room.hospitals(target=(50.711, -1.301))
    assert len(found) >= 3
    assert all(row.way is not None and row.way.water for row in found)
    assert "water crossing: check route" in sentence(found[0])


# -- words ----------------------------------------------------------------------------------------------------


def test_a_row_in_words_never_says_a_second(room: Room) -> None:
    room.commit("SCAS/H521", "HART", "AVB", station="Eastleigh")
    found = room.units("HART", most=9)
    own = sentence(found[0])
    assert own.startswith("H501 HART, available (Hounslow station): 10 km E, est. ")
    assert own.endswith(" min.")
    assert any("SCAS/H521" in sentence(row) for row in found)
    printed = lines(found)
    assert printed[-1][0].text == NOTE
    assert len(printed) == len(found) + 1
    for cells in printed:
        assert all(cell.tone in TONES and cell.text for cell in cells)
        assert not re.search(r"\d ?s\b|\bsec", " ".join(cell.text for cell in cells))
    assert lines([])[0][0].text == "Nothing of that kind is known here."
    far = nearest_units(room.look(), shipped(), (55.0, -1.6), "HART", book=BOOK)
    assert "h" in sentence(far[0]).rpartition("est. ")[2]
