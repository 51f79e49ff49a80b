"""Hospitals: stood up from a plan that may be a draft, filled by rows, and never over-filled without a word."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from config.reader import parse_yaml
from incident.catalogue import PLACES_SCHEMA, Charter, Place
from incident.kernel.board import Look
from incident.kernel.checks import ConfigError, validate
from incident.kernel.replica import Replica, StateWord
from incident.kernel.slice import Actor, Offline, Refusal
from incident.organisation.facts import GiveLocation, Opened
from incident.places import drafts, over_allocated, places
from incident.places.board import ALLOCATIONS, PLACES
from incident.places.facts import (
    HOLDS_MAX,
    Allocate,
    Allocated,
    AllocationCancelled,
    Arrive,
    Arrived,
    CancelAllocation,
    CapacityDeclared,
    Convey,
    Conveyed,
    DeclareCapacity,
    Hold,
    OpenPlaces,
    PlaceOpened,
    Receiving,
)
from incident.places.fold import evolve, invariants
from incident.places.verbs import candidates, proposed
from incident.places.words import apart_km
from incident.resources.facts import Commit, Commitment
from incident.state import INCIDENT
from incident.values import Location
from incident_tui.grammar import Act, build, parse
from tests.incident.given import INCIDENT_STREAM, MINUTE, T0, Given, charter, opened


def clock(at: int) -> str:
    return f"{at // 3_600_000 % 24:02}:{at // MINUTE % 60:02}"


def look(given: Given, agency: str = "LAS", **more: Any) -> Look:
    actor = Actor("Sam", agency, "operator")
    return Look(given.view, actor, given.now, INCIDENT_STREAM, charter=charter(), clock=clock, **more)


def typed(line: str, given: Given, agency: str = "LAS") -> Any:
    """The command of a typed line, as the client makes it."""
    seen = look(given, agency)
    act = parse(line, seen, INCIDENT.boards)
    if isinstance(act, Refusal):
        return act
    assert isinstance(act, Act), act
    made = build(act, seen, INCIDENT.boards)
    return made if isinstance(made, Refusal) else made[0]


def stood_up(*codes: str) -> Given:
    return opened().did(OpenPlaces(codes or ("WEXHAM", "STMARYS")))


def row(given: Given, code: str = "WEXHAM") -> Receiving:
    return places(given.view).rows[code]


def hold(given: Given, number: str) -> Hold:
    return next(h for r in places(given.view).rows.values() for h in r.holds.values() if h.number == number)


def cells(given: Given, code: str = "WEXHAM", **more: Any) -> dict[str, str]:
    seen = look(given, **more)
    return {c.name: c.cell(PLACES.rows(seen)[code], seen).text for c in PLACES.columns}


# -- standing up ----------------------------------------------------------------------------------------------


def test_a_place_comes_from_the_plan_with_its_name_position_and_capacity() -> None:
    given = stood_up("WEXHAM")
    assert row(given).place == charter().places["WEXHAM"]
    assert [row(given).remaining(p) for p in ("p1", "p2", "p3")] == [3, 6, 12]
    assert given.check().line().text == "stands up Wexham Park (ED), by a draft plan: P1 3, P2 6, P3 12"
    assert cells(given) == {
        "place": "Wexham Park", "code": "WEXHAM", "type": "ED", "p1": "0/3", "p2": "0/6", "p3": "0/12",
        "declared": "3/6/12", "allocated": "–", "conveyed": "–", "arrived": "–", "remaining": "3/6/12",
        "said": "▲ DRAFT plan", "distance": "6.4 km",
    }  # fmt: skip


def test_two_rooms_that_stand_up_the_same_place_mean_one() -> None:
    given = opened()
    mark = given.mark()
    given.did(OpenPlaces(("WEXHAM",))).did(Allocate("WEXHAM", "p1", 2))
    given.by("SCAS").having_seen(mark).when(OpenPlaces(("WEXHAM",))).nothing()
    given.when(OpenPlaces(("WEXHAM", "EALING", "EALING"))).then(PlaceOpened(charter().places["EALING"]))
    state = places(given.view)
    assert evolve(state, PlaceOpened(charter().places["WEXHAM"]), given.records[-1]) is state


def test_what_the_plan_does_not_know_and_what_is_not_stood_up_is_refused() -> None:
    given = opened()
    refusal = given.when(OpenPlaces(("WEXAM",))).refused("unknown_place")
    assert refusal.sentence == "The plan of this incident has no place WEXAM; did you mean 'WEXHAM'?"
    given.when(Allocate("WEXHAM", "p1")).refused("not_stood_up")
    given.when(DeclareCapacity("WEXHAM", p1=1)).refused("not_stood_up")
    Given(INCIDENT).by("LAS").when(OpenPlaces(("WEXHAM",))).refused("not_open")
    opened().by("NWAS").when(OpenPlaces(("WEXHAM",))).refused("not_party")
    opened().by("LAS", "observer").when(OpenPlaces(("WEXHAM",))).refused(
        "no_grant", grant="places.open_places"
    )


def test_an_incident_opened_before_there_was_a_plan_still_folds_and_says_so() -> None:
    given = opened()
    opening = given.records[0]
    older = msgspec.json.decode(opening.body)
    del older["charter"]["places"]
    record = msgspec.structs.replace(opening, body=msgspec.Raw(msgspec.json.encode(older)))
    view = INCIDENT.apply(INCIDENT.initial(), record)
    event = INCIDENT.read_event(record.type, record.v, record.body)
    assert isinstance(event, Opened)
    assert event.charter.places == {}
    given.view = view
    given.when(OpenPlaces(("WEXHAM",))).refused("unknown_place")
    assert typed("standup WEXHAM", given).code in ("bad_value", "not_now", "not_understood")


def test_the_nearest_four_are_proposed_with_a_trauma_centre_among_them() -> None:
    given = opened()
    near = [place.code for place in candidates(look(given))]
    assert near[:4] == ["HILLINGDON", "WEXHAM", "EALING", "WMIDDX"]
    assert [place.code for place in proposed(look(given))] == ["HILLINGDON", "WEXHAM", "EALING", "STMARYS"]
    command = typed("standup", given)
    assert command == OpenPlaces(("HILLINGDON", "WEXHAM", "EALING", "STMARYS"))
    given.did(command)
    assert [place.code for place in proposed(look(given))] == ["WMIDDX"], "then one by one"
    assert typed("standup NORTHWICK FRIMLEY", given) == OpenPlaces(("NORTHWICK", "FRIMLEY"))


def test_nothing_is_proposed_while_nobody_knows_where_it_is() -> None:
    given = opened(location=Location("somewhere in Slough"))
    assert proposed(look(given)) == []
    assert typed("standup", given).code == "missing"
    given.did(OpenPlaces(("WEXHAM",)))
    assert cells(given)["distance"] == "–"
    given.did(GiveLocation(Location("M4 J5", "", 51.49, -0.54)))
    assert cells(given)["distance"] == "5.2 km"


def test_distance_is_along_the_globe() -> None:
    assert apart_km((51.5, -0.1), (51.5, -0.1)) == 0
    assert apart_km((51.0, 0.0), (52.0, 0.0)) == pytest.approx(111.2, abs=0.1)
    assert apart_km((51.494, -0.503), (51.532, -0.573)) == pytest.approx(6.4, abs=0.1)
    assert apart_km((90.0, 0.0), (-90.0, 0.0)) == pytest.approx(20_015, abs=5)


# -- what it can take ---------------------------------------------------------------------------------------------


def test_who_declares_capacity_stands_beside_the_number_and_a_draft_is_shown_as_a_draft() -> None:
    given = stood_up("WEXHAM")
    assert [r.place.code for r in drafts(given.view)] == ["WEXHAM"]
    given.by("SCAS").later().did(DeclareCapacity("WEXHAM", p1=2, note="two theatres"))
    assert given.line().text == "declares room at Wexham Park: P1 2. two theatres."
    assert cells(given)["said"] == f"SCAS {clock(given.now)}, P2 P3 DRAFT"
    given.did(DeclareCapacity("WEXHAM", p2=6, p3=12))
    assert cells(given)["said"] == f"SCAS {clock(given.now)}"
    assert drafts(given.view) == ()
    given.when(DeclareCapacity("WEXHAM", p1=2)).nothing()
    given.when(DeclareCapacity("WEXHAM")).refused("nothing_declared")
    given.check()


def test_two_declarations_at_once_the_second_is_told_the_number_now() -> None:
    given = stood_up("WEXHAM")
    mark = given.mark()
    given.did(DeclareCapacity("WEXHAM", p1=2))
    given.by("SCAS").having_seen(mark).when(DeclareCapacity("WEXHAM", p1=5)).refused(
        "capacity_changed", conflict=True, now="2", by="LAS"
    )
    given.having_seen(mark).when(DeclareCapacity("WEXHAM", p2=5)).then(CapacityDeclared("WEXHAM", p2=5))
    given.having_seen(mark).when(DeclareCapacity("WEXHAM", p1=2)).then(CapacityDeclared("WEXHAM", p1=2))


def test_a_declaration_written_late_does_not_undo_a_newer_one() -> None:
    given = stood_up("WEXHAM").later(30).did(DeclareCapacity("WEXHAM", p1=2))
    given.by("SCAS").did(DeclareCapacity("WEXHAM", p1=9), happened_at=given.now - 20 * MINUTE)
    assert row(given).capacity("p1") == 2
    given.check()


def test_capacity_below_what_is_held_is_recorded_and_shown() -> None:
    given = stood_up("WEXHAM").did(Allocate("WEXHAM", "p1", 3)).did(DeclareCapacity("WEXHAM", p1=1))
    assert [(r.place.code, p, by) for r, p, by in over_allocated(given.view)] == [("WEXHAM", "p1", 2)]
    assert cells(given)["p1"] == "▲ 3/1 OVER"
    assert cells(given)["remaining"] == "−2/6/12"
    assert PLACES.alarm is not None
    assert PLACES.alarm(look(given)) == 1


# -- allocations ---------------------------------------------------------------------------------------------------


def test_an_allocation_is_a_row_from_allocated_to_arrived() -> None:
    given = stood_up("WEXHAM").did(Allocate("WEXHAM", "p1", 2, "LAS/A101"))
    assert given.line().text == "allocates LAS-H1 (P1 2, LAS/A101 to Wexham Park)"
    assert (cells(given)["p1"], cells(given)["allocated"]) == ("2/3", "2/0/0")
    id_ = hold(given, "LAS-H1").id
    given.later().did(Convey("WEXHAM", id_))
    assert (cells(given)["allocated"], cells(given)["conveyed"]) == ("–", "2/0/0")
    given.later().did(Arrive("WEXHAM", id_))
    assert given.line().text == "arrives with LAS-H1 (P1 2, LAS/A101 to Wexham Park)"
    assert (cells(given)["p1"], cells(given)["arrived"], cells(given)["remaining"]) == (
        "2/3",
        "2/0/0",
        "1/6/12",
    )
    assert hold(given, "LAS-H1").since == given.now
    given.when(Arrive("WEXHAM", id_)).nothing()
    given.when(Convey("WEXHAM", id_)).nothing()
    given.check()


def test_who_arrived_without_having_been_said_to_leave_has_arrived() -> None:
    given = stood_up("WEXHAM").did(Allocate("WEXHAM", "p1"))
    given.when(Arrive("WEXHAM", given.last)).then(Arrived("WEXHAM", given.last))


def test_a_cancelled_allocation_frees_its_room_and_stays_in_the_list() -> None:
    given = stood_up("WEXHAM").did(Allocate("WEXHAM", "p1", 3))
    first = given.last
    given.when(Allocate("WEXHAM", "p1")).refused("over_capacity", remaining="0", declared="3")
    given.did(CancelAllocation("WEXHAM", first, "diverted"))
    assert given.line().text == "cancels LAS-H1 (P1 3 to Wexham Park). Reason: diverted."
    assert row(given).remaining("p1") == 3
    given.when(Allocate("WEXHAM", "p1", 3)).then(Allocated("WEXHAM", "p1", 3))
    assert hold(given, "LAS-H1").withdrawn == "diverted"
    given.when(CancelAllocation("WEXHAM", first, "again")).nothing()
    assert ALLOCATIONS.rows(look(given))[first].step == "cancelled"
    given.check()


def test_more_than_there_is_room_for_needs_a_reason_and_says_so() -> None:
    given = stood_up("WEXHAM").did(Allocate("WEXHAM", "p1", 2))
    refusal = given.when(Allocate("WEXHAM", "p1", 3)).refused("over_capacity", remaining="1")
    assert refusal.sentence == (
        "Wexham Park has room for 1 more P1: 2 of 3 are allocated. Give a reason to allocate all the same."
    )
    given.did(Allocate("WEXHAM", "p1", 3, reason="airway, cannot travel further"))
    assert hold(given, "LAS-H2").over == 2
    assert given.line().text.endswith(", 2 OVER its capacity. Reason: airway, cannot travel further.")
    assert given.line().weight == "decision"
    assert cells(given)["p1"] == "▲ 5/3 OVER"
    given.did(Allocate("WEXHAM", "p1", 1, reason="same"))
    assert hold(given, "LAS-H3").over == 1, "by how many this one was too many, not all before it"
    given.check()


def test_the_last_bed_goes_to_who_was_first_and_the_other_is_told() -> None:
    given = stood_up("WEXHAM").did(Allocate("WEXHAM", "p1", 2))
    mark = given.mark()
    given.did(Allocate("WEXHAM", "p1"))
    given.by("SCAS").having_seen(mark).when(Allocate("WEXHAM", "p1")).refused(
        "over_capacity", conflict=True, remaining="0"
    )
    given.having_seen(mark).when(Allocate("WEXHAM", "p2")).then(Allocated("WEXHAM", "p2", 1))
    given.when(Allocate("WEXHAM", "p1")).refused("over_capacity")


def test_the_same_room_freed_or_taken_away_meanwhile_is_a_conflict_too() -> None:
    given = stood_up("WEXHAM")
    mark = given.mark()
    given.by("SCAS").did(DeclareCapacity("WEXHAM", p1=0))
    given.by("LAS").having_seen(mark).when(Allocate("WEXHAM", "p1")).refused("over_capacity", conflict=True)


def test_others_say_that_they_left_or_came_and_only_its_own_agency_takes_it_back() -> None:
    given = stood_up("WEXHAM").did(Allocate("WEXHAM", "p1"))
    id_ = given.last
    given.by("SCAS").when(CancelAllocation("WEXHAM", id_, "no")).refused("no_grant", relation="other")
    given.when(Convey("WEXHAM", id_)).then(Conveyed("WEXHAM", id_))
    given.when(Arrive("WEXHAM", id_)).then(Arrived("WEXHAM", id_))
    given.by("LAS").when(CancelAllocation("WEXHAM", id_, "mistake")).then(
        AllocationCancelled("WEXHAM", id_, "mistake")
    )
    given.when(Convey("WEXHAM", "0" * 36)).refused("no_such_allocation")


def test_who_is_seen_to_arrive_after_the_allocation_was_cancelled_is_there_and_takes_room() -> None:
    given = stood_up("WEXHAM").did(Allocate("WEXHAM", "p1", 3))
    id_ = given.last
    given.later(10).did(CancelAllocation("WEXHAM", id_, "diverted")).did(Allocate("WEXHAM", "p1", 2))
    given.later().by("SCAS").did(Convey("WEXHAM", id_), happened_at=given.now - 5 * MINUTE)
    assert hold(given, "LAS-H1").step == "cancelled", "they had left before they were diverted"
    given.did(Arrive("WEXHAM", id_))
    assert (hold(given, "LAS-H1").step, hold(given, "LAS-H1").withdrawn) == ("arrived", "")
    assert cells(given)["p1"] == "▲ 5/3 OVER"
    given.check()


def test_taking_back_what_has_moved_on_is_a_conflict() -> None:
    given = stood_up("WEXHAM").did(Allocate("WEXHAM", "p1"))
    id_, mark = given.last, given.mark()
    given.by("SCAS").did(Convey("WEXHAM", id_))
    given.by("LAS").having_seen(mark).when(CancelAllocation("WEXHAM", id_, "not needed")).refused(
        "moved_on", conflict=True, step="conveyed"
    )
    given.when(CancelAllocation("WEXHAM", id_, "diverted")).then(
        AllocationCancelled("WEXHAM", id_, "diverted")
    )


def test_cut_off_an_allocation_is_only_asked_for_and_stands_outside_the_totals() -> None:
    assert INCIDENT.spec_of("places.allocate").offline is Offline.REQUEST
    given = stood_up("WEXHAM").did(Allocate("WEXHAM", "p1", 1))
    replica = Replica(INCIDENT, INCIDENT_STREAM, Actor("Sam", "LAS", "operator"), charter())
    replica.restore(None, given.records, ())
    asks = given.submit(Allocate("WEXHAM", "p1", 2))
    assert not isinstance(replica.submit(asks), Refusal)
    replica.kept(asks.command_id)
    assert replica.word(asks.command_id) is StateWord.REQUESTED
    given.view = replica.projected
    wanted = replica.wanted()
    assert cells(given, wanted=wanted)["p1"] == "1/3"
    assert cells(given, wanted=wanted)["allocated"] == "1/0/0"
    seen = look(given, wanted=wanted)
    step = next(c for c in ALLOCATIONS.columns if c.name == "step")
    assert step.cell(ALLOCATIONS.rows(seen)[asks.command_id], seen).text == "requested"


@pytest.mark.parametrize("count", ["0", "-1", "501", "1.5", '"2"'])
def test_counts_are_bounded_whatever_is_sent(count: str) -> None:
    body = f'{{"place":"WEXHAM","priority":"p1","count":{count}}}'.encode()
    refusal = INCIDENT.read_command("places.allocate", 1, body)
    assert isinstance(refusal, Refusal)
    assert refusal.code == "bad_shape"


def test_allocations_are_bounded() -> None:
    given = stood_up("WEXHAM")
    one = Hold(
        id="x" * 36, number="LAS-H1", place="WEXHAM", agency="LAS", person="Sam", priority="p3",
        count=1, allocated_at=T0, since=T0, version="x" * 36, step="allocated",
    )  # fmt: skip
    full = msgspec.structs.replace(row(given), holds={str(n): one for n in range(HOLDS_MAX)})
    state = msgspec.structs.replace(places(given.view), rows={"WEXHAM": full})
    given.view = msgspec.structs.replace(given.view, places=state)
    given.when(Allocate("WEXHAM", "p3", reason="x")).refused("full", limit=str(HOLDS_MAX))
    assert "two allocations have one number" in invariants(given.view)


def test_evolve_never_refuses_what_it_does_not_know() -> None:
    given = stood_up("WEXHAM")
    state, record = places(given.view), given.records[-1]
    assert evolve(state, Conveyed("EALING", "0" * 36), record) is state
    assert evolve(state, Conveyed("WEXHAM", "0" * 36), record) is state


# -- boards and lines ---------------------------------------------------------------------------------------------


def test_a_callsign_is_that_of_the_one_unit_committed_here_whose_ever_it_is() -> None:
    given = stood_up().did(Commit((Commitment("LAS/A101", "DCA", "MOB"),)))
    theirs = ("SCAS/A201", "SCAS/A101", "SCAS/A300")
    given.by("SCAS").did(Commit(tuple(Commitment(unit, "DCA", "MOB") for unit in theirs)))
    given.by("SECAMB").did(Commit((Commitment("SECAMB/A300", "DCA", "MOB"),))).by("LAS")

    def unit(written: str, agency: str = "LAS") -> str:
        made = typed(f"alloc WEXHAM p1 2 {written}", given, agency)
        return made.sentence if isinstance(made, Refusal) else made.unit

    assert unit("a201") == "SCAS/A201", "the only A201 here is another trust's"
    assert (unit("a101"), unit("a101", "SCAS")) == ("LAS/A101", "SCAS/A101"), "our own before any other's"
    assert unit("A300") == "A300 is SCAS/A300 or SECAMB/A300: write which."
    assert unit("A102") == (
        "No unit A102 is committed here; did you mean 'LAS/A101'? With its trust, LAS/A102, it is taken as it stands."
    )
    assert unit("Z999") == (
        "No unit Z999 is committed here. With its trust, LAS/Z999, it is taken as it stands."
    )
    assert (unit("LAS/Z999"), unit("iow/x1")) == ("LAS/Z999", "IOW/X1")
    assert unit("a!").startswith("A callsign is letters and digits")
    assert typed("alloc WEXHAM p1 2", given).unit == ""


def test_lines_allocate_convey_and_arrive() -> None:
    given = stood_up().did(Commit((Commitment("LAS/A101", "DCA", "MOB"),)))
    assert typed("alloc WEXHAM p1 2", given) == Allocate("WEXHAM", "p1", 2)
    assert typed("alloc wexham park p3", given) == Allocate("WEXHAM", "p3")
    assert typed("alloc WEXHAM p2 1 a101", given) == Allocate("WEXHAM", "p2", 1, "LAS/A101")
    assert typed("alloc WEXHAM p2 1 scas/a204 reason=nearest", given) == Allocate(
        "WEXHAM", "p2", 1, "SCAS/A204", "nearest"
    )
    assert typed("alloc WEXHAM p1 0", given).code == "bad_value"
    assert typed("alloc EALING p1", given).code == "unknown_row"
    assert typed("capacity STMARYS 4 8 20", given) == DeclareCapacity("STMARYS", 4, 8, 20)
    given.did(typed("alloc WEXHAM p2 1 a101", given))
    id_ = given.last
    assert typed("conveyed LAS-H1", given) == Convey("WEXHAM", id_)
    assert typed("arrived a101", given) == Arrive("WEXHAM", id_), "by the unit that takes them"
    assert typed("arrived las/a101", given, "SCAS") == Arrive("WEXHAM", id_)
    assert typed("unalloc LAS-H1 diverted by police", given) == CancelAllocation(
        "WEXHAM", id_, "diverted by police"
    )
    assert typed("unalloc LAS-H1 no", given, "SCAS").code == "not_now"


def test_one_letter_allocates_one() -> None:
    given = stood_up()
    verb = next(verb for verb in PLACES.verbs if verb.name == "allocate")
    seen = look(given)
    built = [verb.build(row(given), verb.quick[letter], seen) for letter in "123"]
    assert built == [Allocate("WEXHAM", p) for p in ("p1", "p2", "p3")]


def test_both_boards_tell_everything_the_nearest_first() -> None:
    given = stood_up("STMARYS", "WEXHAM").did(Allocate("STMARYS", "p1", 9, "LAS/A101", "MTC only"))
    seen = look(given)
    assert PLACES.order is not None
    ordered = sorted(PLACES.rows(seen).values(), key=lambda r: PLACES.order(r, seen))  # type: ignore[misc]
    assert [r.place.code for r in ordered] == ["WEXHAM", "STMARYS"]
    for board in (PLACES, ALLOCATIONS):
        for key, one in board.rows(seen).items():
            assert board.detail(one, seen)
            assert board.find(one, seen)
            assert board.version(one)
            for column in board.columns:
                assert isinstance(column.cell(one, seen).text, str)
            name = one.number if isinstance(one, Hold) else one.place.name
            assert board.named(name, seen) == key
    told = {title: cell.text for title, cell in PLACES.detail(row(given, "STMARYS"), seen)}
    assert told["plan"].startswith("DRAFT")
    assert told["LAS-H1"] == f"P1 9, LAS/A101  allocated {clock(T0)}  1 OVER: MTC only"
    untouched = PLACES.rows(seen)["WEXHAM"]
    given.did(Allocate("STMARYS", "p2"))
    assert PLACES.rows(look(given))["WEXHAM"] is untouched


# -- the plan ------------------------------------------------------------------------------------------------------


def test_the_plan_that_ships_is_a_draft_of_drill_figures_with_its_agencies() -> None:
    known = charter().places
    assert all(place.draft for place in known.values())
    assert known["STMARYS"] == Place(
        "STMARYS", "St Mary's", "MTC", "IMPERIAL", 51.517, -0.174, 8, 10, 15, draft=True
    )
    assert {p.agency for p in known.values()} - {""} <= set(charter().agencies)
    assert sum(place.type == "MTC" for place in known.values()) == 8
    for place in known.values():
        assert place.lat is not None
        assert place.lon is not None
        assert 50.5 < place.lat < 52.5 and -1.6 < place.lon < 1.1, place.code  # noqa: PT018 - one fact
    assert len(msgspec.json.encode(known)) < 9_000, "it stands in every opening record"
    assert msgspec.json.decode(msgspec.json.encode(charter()), type=Charter) == charter()


def test_an_approved_plan_is_no_draft_and_a_bad_one_is_described_with_its_lines() -> None:
    def read(text: str) -> tuple[Place, ...]:
        return validate(parse_yaml(text.encode(), "places.yaml"), PLACES_SCHEMA)

    good = "status: approved\nplaces:\n- {code: H1, name: One, type: ED, lat: 51, lon: 0.5, p1: 1, p2: 2, p3: 3}\n"
    assert read(good) == (Place("H1", "One", "ED", "", 51, 0.5, 1, 2, 3),)
    given = opened(model=INCIDENT)
    given.view = msgspec.structs.replace(
        given.view,
        organisation=msgspec.structs.replace(
            given.view.organisation,
            charter=msgspec.structs.replace(charter(), places={"H1": read(good)[0]}),
        ),
    )
    given.did(OpenPlaces(("H1",)))
    assert given.line().text == "stands up One (ED), by the plan: P1 1, P2 2, P3 3"
    assert cells(given, "H1")["said"] == "plan"
    bad = good.replace("approved", "final").replace("lat: 51", "lat: 511").replace("p1: 1", "p1: -1")
    with pytest.raises(ConfigError) as caught:
        read(bad)
    said = [str(problem) for problem in caught.value.problems]
    assert len(said) == 3
    assert said[0].startswith("places.yaml:1:")
    assert said[1].startswith("places.yaml:3:")
