"""Casualties as a control room counts them: snapshots that land, contradictions that show, and what is missing."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from incident.casualties import GRID, casualties, disagreements, grid, reported, totals
from incident.casualties.board import BOARD
from incident.casualties.facts import (
    PAST_KEPT,
    PRIORITIES,
    SLOTS_MAX,
    STALE_MS,
    Casualties,
    Count,
    Counted,
    CountPicked,
    Counts,
    PickCount,
    Slot,
    Snapshot,
    Span,
    slot_key,
)
from incident.casualties.fold import evolve, invariants
from incident.kernel.board import Look
from incident.kernel.protocol import Submit, encode, read_client
from incident.kernel.slice import Actor, Refusal
from incident.methane.facts import Publish, Report
from incident.organisation.facts import Open
from incident.state import INCIDENT
from incident.values import Location
from incident_tui.grammar import Act, build, parse
from tests.incident.given import INCIDENT_STREAM, MINUTE, T0, Given, charter, opened

SCENE = Count("at_scene", Counts(3, 9, 19, 2))


def look(given: Given, agency: str = "LAS", role: str = "operator") -> Look:
    actor = Actor("Sam", agency, role)
    return Look(given.view, actor, given.now, INCIDENT_STREAM, charter=charter(), clock=clock)


def clock(at: int) -> str:
    return f"{at // 3_600_000 % 24:02}:{at // MINUTE % 60:02}"


def slot(given: Given, stage: str = "at_scene", place: str = "") -> Slot:
    return casualties(given.view).slots[slot_key(stage, place)]


def standing(given: Given, stage: str = "at_scene", place: str = "") -> dict[str, Counts]:
    return {s.agency: s.counts for s in slot(given, stage, place).standing}


def row(given: Given, name: str) -> dict[str, str]:
    found = {label: cells for label, _tone, cells in grid(given.view, given.now)}
    return found[name]


def typed(line: str, given: Given, agency: str = "LAS") -> Any:
    """The command of a typed line, as the client makes it."""
    seen = look(given, agency)
    act = parse(line, seen, INCIDENT.boards)
    if isinstance(act, Refusal):
        return act
    assert isinstance(act, Act), act
    made = build(act, seen, INCIDENT.boards)
    return made if isinstance(made, Refusal) else made[0]


# -- one count ----------------------------------------------------------------------------------------------


def test_a_count_is_a_snapshot_with_source_and_time() -> None:
    given = opened().later(5)
    given.did(
        Count("at_scene", Counts(3, 9, 19, 2), counted=True, source="CCS officer"),
        happened_at=given.now - MINUTE,
    )
    (one,) = slot(given).standing
    assert (one.agency, one.counts, one.counted, one.source) == (
        "LAS",
        Counts(3, 9, 19, 2),
        True,
        "CCS officer",
    )
    assert one.at == given.now - MINUTE
    assert one.late == 0, "a minute is in time"
    assert given.check().line().text == "counts scene: P1 3, P2 9, P3 19, dead 2 (source: CCS officer)"


def test_not_said_is_not_zero() -> None:
    given = opened().did(Count("at_scene", Counts(p1=0)))
    assert row(given, "P1")["scene"] == "0"
    assert row(given, "P2")["scene"] == "–"
    assert "untriaged" not in [label for label, _tone, _cells in grid(given.view, given.now)]
    given.when(Count("at_scene", Counts())).refused("nothing_counted")
    assert given.did(Count("at_scene", Counts(altogether=40))).line().text == "estimates scene: in all 40"
    assert row(given, "all")["scene"] == "40"


def test_a_sum_smaller_than_its_parts_and_a_total_with_a_place_are_refused() -> None:
    given = opened()
    given.when(Count("at_scene", Counts(3, 9, altogether=11))).refused("sum_differs", sum="12")
    given.when(Count("at_scene", Counts(3, 9, altogether=12))).then(
        Counted("at_scene", Counts(3, 9, altogether=12))
    )
    given.when(Count("total", Counts(altogether=48), "Wexham Park")).refused("total_has_no_place")


@pytest.mark.parametrize("number", ["-1", "100001", "1.5", '"3"', "true"])
def test_numbers_are_bounded_whatever_is_sent(number: str) -> None:
    body = f'{{"stage":"at_scene","counts":{{"p1":{number}}}}}'.encode()
    refusal = INCIDENT.read_command("casualties.count", 1, body)
    assert isinstance(refusal, Refusal)
    assert refusal.code == "bad_shape"


def test_nothing_is_counted_before_an_incident_is_open() -> None:
    assert Given(INCIDENT).by("LAS").when(SCENE).refused("not_open")
    opened().by("NWAS").when(SCENE).refused("not_party")
    opened().by("LAS", "observer").when(SCENE).refused("no_grant", grant="casualties.count")


def test_whoever_counted_stands_in_for_a_source_that_was_not_named() -> None:
    given = opened().did(SCENE, on_behalf_of="Kim, loading officer")
    assert slot(given).standing[0].source == "Kim, loading officer"


# -- one agency after itself -----------------------------------------------------------------------------------


def test_a_newer_count_replaces_and_the_older_is_kept() -> None:
    given = opened().did(SCENE).later(10).did(Count("at_scene", Counts(2, 5, 10)))
    assert standing(given) == {"LAS": Counts(2, 5, 10)}
    assert [(past.counts.p1, bool(past.replaced)) for past in slot(given).past] == [(3, True)]
    for n in range(40):
        given.later().did(Count("at_scene", Counts(p1=n)))
    assert len(slot(given).past) == PAST_KEPT
    given.check()


def test_a_count_written_late_lands_is_marked_and_does_not_undo_a_newer_one() -> None:
    given = opened().later(30).did(SCENE)
    given.later(10).did(Count("at_scene", Counts(9)), happened_at=given.now - 25 * MINUTE)
    assert standing(given) == {"LAS": SCENE.counts}
    (past,) = slot(given).past
    assert (past.counts, past.late) == (Counts(9), 25 * MINUTE)
    given.did(Count("in_ccs", Counts(4)), happened_at=given.now - 7 * MINUTE)
    key = f"{slot_key('in_ccs', '')}/LAS"
    seen = look(given)
    cells = {c.name: c.cell(BOARD.rows(seen)[key], seen).text for c in BOARD.columns}
    assert cells["at"] == f"{clock(given.now - 7 * MINUTE)} late 7m"
    given.check()


# -- two agencies ----------------------------------------------------------------------------------------------


def test_who_has_seen_a_count_replaces_it() -> None:
    given = opened().did(SCENE).by("SCAS").did(Count("at_scene", Counts(2, 8, 19)))
    assert standing(given) == {"SCAS": Counts(2, 8, 19)}
    assert disagreements(given.view) == ()
    assert slot(given).latest["LAS"].counts == SCENE.counts, "what LAS said stays known"
    given.check()


def test_two_rooms_that_had_not_seen_each_other_are_disputed_until_a_tactical_commander_picks() -> None:
    given = opened().did(SCENE)
    mark = given.mark()
    given.later().did(Count("at_scene", Counts(3, 10, 19, 2)))
    given.by("SCAS").having_seen(mark).later().did(Count("at_scene", Counts(1, 10, 19, 2)))
    assert standing(given) == {"LAS": Counts(3, 10, 19, 2), "SCAS": Counts(1, 10, 19, 2)}
    (disputed,) = disagreements(given.view)
    assert [s.agency for s in disputed.rivals] == ["SCAS", "LAS"]
    assert row(given, "P1")["scene"] == "1–3"
    assert row(given, "P2")["scene"] == "10"
    key = f"{slot_key('at_scene', '')}/LAS"
    seen = look(given)
    assert BOARD.alarm is not None
    assert BOARD.alarm(seen) == 1
    cells = {c.name: c.cell(BOARD.rows(seen)[key], seen) for c in BOARD.columns}
    assert cells["state"].text == "▲ DISPUTED"
    chosen = slot(given).latest["LAS"].version
    given.by("SCAS").when(PickCount("at_scene", chosen)).refused("no_grant")
    given.by("LAS", "tactical_commander").did(PickCount("at_scene", chosen))
    assert disagreements(given.view) == ()
    assert standing(given) == {"LAS": Counts(3, 10, 19, 2)}
    assert given.line().text == "settles the count of scene: P1 3, P2 10, P3 19, dead 2, by LAS"
    assert given.line().weight == "decision"
    given.check()


def test_having_seen_a_dispute_does_not_settle_it_and_saying_the_same_does() -> None:
    given = opened()
    mark = given.mark()
    given.did(SCENE).by("SCAS").having_seen(mark).did(Count("at_scene", Counts(4, 9, 19, 2)))
    given.by("SECAMB").did(Count("at_scene", Counts(5, 9, 19, 2)))
    assert len(disagreements(given.view)[0].rivals) == 3
    given.did(SCENE).by("SCAS").did(SCENE)
    assert disagreements(given.view) == ()
    assert set(standing(given)) == {"LAS", "SCAS", "SECAMB"}
    given.by("LAS").did(Count("at_scene", Counts(1)))
    assert standing(given) == {"LAS": Counts(1)}
    given.check()


def test_what_is_expected_in_all_is_each_agencys_own_word_whoever_has_seen_it() -> None:
    """Casualties move, so a newer count replaces an older. How many there are in all does not move."""
    given = opened().did(Count("total", Counts(altogether=48)))
    given.by("SCAS").did(Count("total", Counts(altogether=31)))
    assert [s.stage for s in disagreements(given.view)] == ["total"]
    assert row(given, "all")["total"] == "31–48"
    given.by("SCAS").did(Count("total", Counts(altogether=48)))
    assert disagreements(given.view) == ()


def test_a_pick_that_came_too_late_is_told_and_a_pick_of_nothing_is_refused() -> None:
    given = opened()
    mark = given.mark()
    given.did(SCENE).by("SCAS").having_seen(mark).did(Count("at_scene", Counts(4)))
    both = given.mark()
    first, second = (slot(given).latest[agency].version for agency in ("LAS", "SCAS"))
    given.by("LAS", "tactical_commander").did(PickCount("at_scene", first))
    given.by("SCAS", "tactical_commander").having_seen(both)
    given.when(PickCount("at_scene", second)).refused("count_gone", conflict=True)
    given.when(PickCount("at_scene", second)).refused("count_gone")
    given.when(PickCount("at_scene", first)).nothing()
    given.when(PickCount("loaded", first)).refused("no_such_count")


def test_a_pick_does_not_put_aside_a_count_that_came_in_unseen() -> None:
    given = opened()
    blank = given.mark()
    given.did(SCENE)
    first = given.last
    given.by("SCAS").having_seen(blank).did(Count("at_scene", Counts(5)))
    seen = given.mark()
    given.by("SECAMB").having_seen(blank).did(Count("at_scene", Counts(8)))
    pick = PickCount("at_scene", first)
    told = given.by("LAS", "tactical_commander").having_seen(seen).when(pick)
    assert "SECAMB P1 8" in told.refused("count_came", conflict=True).sentence
    assert set(standing(given)) == {"LAS", "SCAS", "SECAMB"}
    given.did(pick)
    assert set(standing(given)) == {"LAS"}
    given.check()


def test_an_older_count_entered_late_by_who_saw_a_newer_one_puts_nothing_aside() -> None:
    given = opened().did(SCENE)
    given.later(30).by("SCAS").did(Count("at_scene", Counts(5)))
    given.later(1).by("SECAMB").did(Count("at_scene", Counts(12)), happened_at=given.now - 20 * MINUTE)
    assert standing(given) == {"SCAS": Counts(5)}
    assert slot(given).latest["SECAMB"].replaced == slot(given).latest["SCAS"].version
    given.by("LAS").did(Count("at_scene", Counts(6)), happened_at=given.now - 15 * MINUTE)
    assert standing(given) == {"SCAS": Counts(5)}
    given.check()


@pytest.mark.parametrize("place", ["x" * 60, "ﬃ" * 60])
def test_what_was_seen_of_a_place_with_a_long_name_fits_the_frame(place: str) -> None:
    given = opened().did(Count("at_hospital", Counts(1), place=place))
    frame = given.submit(Count("at_hospital", Counts(2), place=place))
    assert frame.base
    assert isinstance(read_client(encode(frame)), Submit)
    given.did(Count("at_hospital", Counts(2), place=place)).check()


def test_one_place_in_two_spellings_is_one_place() -> None:
    given = opened().did(Count("at_hospital", Counts(1), "Wexham  Park"))
    given.later().did(Count("at_hospital", Counts(2), "wexham park"))
    assert len(casualties(given.view).slots) == 1
    assert standing(given, "at_hospital", "WEXHAM PARK") == {"LAS": Counts(2)}


# -- what it comes to ------------------------------------------------------------------------------------------


def counted() -> Given:
    given = opened().did(Count("total", Counts(6, 14, 28, 2, altogether=52)))
    given.did(Count("at_scene", Counts(2, 6, 15, 2))).did(Count("in_ccs", Counts(1, 3, 4)))
    given.did(Count("loaded", Counts(1, 1))).did(Count("en_route", Counts(1, 2, 4)))
    given.did(Count("at_hospital", Counts(1, 1, 1), "WEXHAM"))
    return given.did(Count("at_hospital", Counts(0, 1, 2), "HILLINGDON"))


def test_the_unexplained_difference_is_a_number() -> None:
    given = counted()
    assert row(given, "P1") == dict(zip(GRID, ("3", "2", "1", "–", "6", "–"), strict=True)), (
        "all six are accounted for"
    )
    assert row(given, "P2") == dict(zip(GRID, ("9", "3", "2", "–", "14", "–"), strict=True))
    assert row(given, "P3") == dict(zip(GRID, ("19", "4", "3", "–", "28", "2 ▲"), strict=True))
    assert row(given, "dead") == dict(zip(GRID, ("2", "–", "–", "–", "2", "–"), strict=True))
    assert row(given, "all") == dict(zip(GRID, ("33", "9", "6", "–", "52", "4 ▲"), strict=True))
    by_name = {t.name: t for t in totals(given.view)}
    assert by_name["p3"].known == Span(26, 26)
    assert by_name["p3"].unexplained == Span(2, 2)
    assert by_name["untriaged"].unexplained is None, "nobody has said how many untriaged there are in all"


def test_a_methane_says_what_is_expected_while_nobody_has_counted_it() -> None:
    report = Report(Location("M25"), "rtc", total=48, p1=6)
    given = opened().did(Publish(report)).later(4)
    assert reported(given.view) is None, "with nothing counted there is nothing to compare"
    given.did(Count("at_scene", Counts(4, 9)))
    assert row(given, "all") | {"scene": ""} == {
        "scene": "", "moving": "–", "hospital": "–", "discharged": "–", "total": "48", "unexplained": "35 ▲",
    }  # fmt: skip
    assert row(given, "P1")["unexplained"] == "2 ▲"
    assert row(given, "P2")["unexplained"] == "–", "it did not say how many P2"
    assert row(given, "age")["total"] == "4m"
    seen = look(given)
    lines = BOARD.detail(next(iter(BOARD.rows(seen).values())), seen)
    assert lines[-1][1].text == "as METHANE v1 of LAS says: 48"
    given.did(Count("total", Counts(altogether=50)))
    assert reported(given.view) is None
    assert row(given, "all")["total"] == "50", "a count of the total speaks before any METHANE"


def test_more_than_expected_shows_as_a_number_below_zero() -> None:
    given = opened().did(Count("total", Counts(p1=2))).did(Count("at_scene", Counts(p1=5)))
    assert row(given, "P1")["unexplained"] == "−3 ▲"


def test_a_stage_as_a_whole_and_its_places_are_not_added_together() -> None:
    given = opened().did(Count("at_hospital", Counts(p1=10)))
    given.did(Count("at_hospital", Counts(p1=4), "WEXHAM"))
    assert row(given, "P1")["hospital"] == "10"
    given.did(Count("at_hospital", Counts(p1=8), "HILLINGDON"))
    assert row(given, "P1")["hospital"] == "12", "the places say more between them"


def test_a_count_grows_old_in_a_word_after_twenty_minutes() -> None:
    given = opened().did(SCENE)
    given.now += STALE_MS
    key = next(iter(BOARD.rows(look(given))))

    def age() -> str:
        seen = look(given)
        return next(c for c in BOARD.columns if c.name == "age").cell(BOARD.rows(seen)[key], seen).text

    assert age() == "20m"
    assert row(given, "age")["scene"] == "20m"
    given.later()
    assert age() == "▲ 21m old"
    assert row(given, "age")["scene"] == "▲ 21m"
    assert row(given, "age")["hospital"] == "–"


# -- the board and the line ------------------------------------------------------------------------------------


def test_a_line_counts() -> None:
    given = opened()
    assert typed("count scene 3 9 19 2", given) == SCENE
    assert typed("count ccs p2=4 how=counted", given) == Count("in_ccs", Counts(p2=4), counted=True)
    wexham = Count("at_hospital", Counts(1, 2), "WEXHAM")
    assert typed("count hospital 1 2 place=WEXHAM", given) == wexham
    assert typed('count hospital 1 2 "wexham park"', given) == wexham, "by its name, too"
    assert typed("total 48", given) == Count("total", Counts(altogether=48))
    assert typed("total p1=6 p2=14 source=driver", given) == Count("total", Counts(6, 14), source="driver")
    assert typed("count scene", given).code == "bad_value"
    assert typed("count scene 2.5", given).code == "bad_value"
    assert typed("count nowhere 3", given).code == "bad_value"


def test_a_row_is_counted_again_and_picked_by_its_name() -> None:
    given = opened()
    mark = given.mark()
    given.did(Count("at_hospital", Counts(3), "WEXHAM"))
    given.by("SCAS").having_seen(mark).did(Count("at_hospital", Counts(4), "WEXHAM"))
    again = typed('recount "LAS hospital wexham park" 5', given)
    assert again == Count("at_hospital", Counts(5), "WEXHAM")
    picked = typed('pick "hospital WEXHAM SCAS"', given)
    assert picked == PickCount(
        "at_hospital", slot(given, "at_hospital", "WEXHAM").latest["SCAS"].version, "WEXHAM"
    )
    given.by("LAS", "tactical_commander").did(picked)
    assert typed('pick "hospital WEXHAM SCAS"', given).code == "not_now"


def test_the_board_tells_totals_first_and_the_detail_tells_everything() -> None:
    given = counted()
    seen = look(given)
    rows = BOARD.rows(seen)
    assert BOARD.order is not None
    ordered = sorted(rows.values(), key=lambda r: BOARD.order(r, seen))  # type: ignore[misc]
    assert [r.stage for r in ordered][:2] == ["total", "at_scene"]
    for one in rows.values():
        assert BOARD.detail(one, seen)
        assert BOARD.find(one, seen)
        for column in BOARD.columns:
            assert column.cell(one, seen).text is not None
    wexham = rows[f"{slot_key('at_hospital', 'WEXHAM')}/LAS"]
    assert next(c for c in BOARD.columns if c.name == "place").cell(wexham, seen).text == "Wexham Park"
    given.did(SCENE)
    assert BOARD.rows(look(given))[f"{slot_key('at_hospital', 'WEXHAM')}/LAS"] is wexham


# -- bounds, and what must never be --------------------------------------------------------------------------


def test_places_are_bounded_and_a_place_that_is_there_is_always_counted() -> None:
    given = opened().did(SCENE)
    slots = {slot_key("at_hospital", f"H{n}"): Slot("at_hospital", f"H{n}") for n in range(SLOTS_MAX)}
    one = Snapshot(agency="LAS", stage="at_hospital", counts=Counts(1), at=T0, version="x" * 36)
    full = {key: Slot(s.stage, s.place, "x" * 36, {"LAS": one}) for key, s in slots.items()}
    given.view = with_counts(given.view, Casualties(full))
    given.when(Count("at_scene", Counts(1))).refused("full", limit=str(SLOTS_MAX))
    assert given.when(Count("at_hospital", Counts(1), "h7")).events


def with_counts(view: Any, state: Casualties) -> Any:
    return msgspec.structs.replace(view, casualties=state)


def test_evolve_never_refuses_and_a_pick_of_something_unknown_changes_nothing() -> None:
    given = opened().did(SCENE)
    record = given.records[-1]
    state = casualties(given.view)
    assert evolve(state, CountPicked("at_scene", "0" * 36, "LAS", Counts(1)), record) is state
    assert evolve(state, CountPicked("loaded", "0" * 36, "LAS", Counts(1)), record) is state


def test_what_must_never_be_is_said() -> None:
    broken = Casualties({"loaded/x": Slot("at_scene")})
    given = opened()
    view = with_counts(given.view, broken)
    assert len(invariants(view)) == 2
    assert set(PRIORITIES) <= {t.name for t in totals(view)}


def test_an_incident_of_before_has_no_counts_and_a_grid_all_the_same() -> None:
    given = Given(INCIDENT).by("LAS").did(Open("x", "exercise", Location("M25")))
    assert [label for label, _tone, _cells in grid(given.view, given.now)] == ["P1", "P2", "P3", "all", "age"]
    assert {text for _label, _tone, cells in grid(given.view, given.now) for text in cells.values()} <= {
        "–",
        "",
    }
