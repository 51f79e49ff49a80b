"""METHANE: versions that never conflict, what is new in each, who has read it, and its form."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from incident.boundaries import facts as b
from incident.kernel.board import Look, Verb
from incident.kernel.model import LINE_MAX
from incident.kernel.receipts import Acknowledge, Deliver, See
from incident.kernel.slice import Actor, Line, Refusal
from incident.methane import (
    UNREAD_MS,
    before,
    current,
    differences,
    fields,
    methane,
    receipt_rows,
    required_absent,
    standing,
    subject,
)
from incident.methane.board import BOARD
from incident.methane.facts import (
    STANDING_MAX,
    VERSIONS_KEPT,
    Hazard,
    Methane,
    Publish,
    Published,
    Report,
    Service,
)
from incident.methane.fold import evolve
from incident.methane.form import read_hazards, read_services
from incident.methane.words import hazard_words
from incident.organisation import facts as o
from incident.resources import facts as r
from incident.state import INCIDENT, is_critical
from incident.values import Location
from incident_tui.actions import Actions
from incident_tui.grammar import Act, AppAct, build, parse
from tests.incident.given import INCIDENT_STREAM, MINUTE, Given, opened
from tests.incident.stage import Stage

COACH = Report(
    Location("M25 J15", "TQ 0402 7829", 51.494, -0.503),
    "rtc",
    "coach on its side",
    (Hazard("diesel", "present"), Hazard("fire", "potential")),
    routes_in="slip road J15",
    total=48,
    p1=6,
    present=(Service("LAS", "3 crews"),),
    required=(Service("LFB", "2 pumps"), Service("SCAS")),
)


def changed(**change: Any) -> Publish:
    return Publish(msgspec.structs.replace(COACH, **change))


def sent(*parties: str) -> Given:
    """LAS has declared and sent the first."""
    given = opened(*parties).did(o.Declare("LAS", "declared")).later()
    return given.did(Publish(COACH))


def look(given: Given, agency: str = "LAS") -> Look:
    actor = Actor("Sam", agency, "operator")
    return Look(
        given.view, actor, given.now, INCIDENT_STREAM, charter=given.charter, clock=lambda at: f"@{at}"
    )


def cells(given: Given, index: int = 0, agency: str = "LAS") -> dict[str, str]:
    seat = look(given, agency)
    row = list(BOARD.rows(seat).values())[index]
    return {column.name: column.cell(row, seat).text for column in BOARD.columns}


# -- versions -------------------------------------------------------------------------------------------------


def test_the_first_waits_for_nobody_and_is_an_ethane_as_long_as_nothing_is_declared() -> None:
    given = opened().did(Publish(COACH))
    version = current(methane(given.view))
    assert version is not None
    assert (version.kind, version.name, version.major, version.major_at) == ("ETHANE", "v1", "no", None)
    given.later().did(o.Declare("LAS", "standby")).did(Publish(COACH))
    version = current(methane(given.view))
    assert version is not None
    assert (version.kind, version.name, version.major, version.major_at) == (
        "METHANE",
        "v2",
        "standby",
        given.now,
    )
    given.check()


def test_the_m_is_what_the_authors_own_agency_has_declared() -> None:
    given = sent().by("SCAS").did(changed(total=50))
    version = current(methane(given.view))
    assert version is not None
    assert (version.agency, version.kind) == ("SCAS", "ETHANE")
    given.did(o.Declare("SCAS", "declared")).did(o.Declare("SCAS", "scene_clear")).did(changed(total=51))
    version = current(methane(given.view))
    assert version is not None
    assert (version.major, version.major_at) == ("declared", given.now), (
        "a clear scene is one of a major incident"
    )


def test_the_m_keeps_the_first_time_of_what_was_closed_too_soon() -> None:
    given = opened().did(o.Declare("LAS", "declared"))
    first = given.now
    given.later(30).did(o.Declare("LAS", "closed")).later().did(o.Declare("LAS", "declared", "wrong key"))
    version = current(methane(given.did(Publish(COACH)).view))
    assert version is not None
    assert (version.major, version.major_at) == ("declared", first)


def test_where_it_is_must_be_said_and_nothing_else_need_be_known() -> None:
    opened().when(changed(location=Location())).refused("empty")
    given = opened().did(Publish(Report(Location("M25 somewhere"), "other")))
    version = current(methane(given.view))
    assert version is not None
    said = {field.name: field.words for field in fields(version)}
    assert said["exact location"].endswith("(provisional, words only: no grid reference or position)")
    assert {said[name] for name in ("hazards", "casualties", "P1", "egress", "required")} == {"not said"}


def test_an_agency_that_nobody_knows_can_be_neither_there_nor_missed() -> None:
    refusal = opened().when(changed(required=(Service("LBF"),))).refused("unknown_agency", agency="LBF")
    assert refusal.sentence == "LBF is no agency that is known here; did you mean 'LFB'?"
    doubled = (Service("LFB", " 2 pumps "), Service("LFB", "3"))
    (event,) = opened().when(changed(required=doubled)).events
    assert event.report.required == (Service("LFB", "2 pumps, 3"),)


def test_two_rooms_at_once_give_two_versions_and_both_stand_until_somebody_has_seen_both() -> None:
    given = sent()
    mark = given.mark()
    given.by("SCAS").did(changed(total=60))
    theirs = given.last
    given.by("SECAMB").having_seen(mark).did(changed(total=40))
    ours = given.last
    state = methane(given.view)
    assert [version.name for version in state.versions] == ["v1", "v2", "v3"]
    assert [version.id for version in standing(state)] == [theirs, ours]
    assert state.versions[-1].unaware == (2,)
    assert given.line().text.endswith("Written without knowing v2.")
    asked = set(given.model.addressed(given.view, "SCAS"))
    assert f"methane/{ours}" in asked
    assert f"methane/{theirs}" not in asked, "it is their own"
    assert {f"methane/{ours}", f"methane/{theirs}"} <= set(given.model.addressed(given.view, "LAS"))
    assert cells(given)["version"] == "v3 now"
    assert cells(given, 1)["version"] == "v2 too"
    given.by("LAS").did(changed(total=55))
    assert [version.name for version in standing(methane(given.view))] == ["v4"]
    assert methane(given.view).versions[-1].unaware == ()
    given.check()


def test_one_that_comes_late_is_never_refused_and_does_not_push_a_newer_one_aside() -> None:
    given = sent()
    mark = given.mark()
    cut_off_at = given.now
    given.later(20).by("SCAS").did(changed(total=60))
    newest = given.last
    given.by("SECAMB").having_seen(mark).did(changed(total=40), written_at=cut_off_at + MINUTE)
    state = methane(given.view)
    assert [version.name for version in state.versions] == ["v1", "v2", "v3"]
    assert current(state).id == newest  # type: ignore[union-attr]
    assert len(standing(state)) == 2
    seat = look(given)
    shown = dict(BOARD.detail(state.versions[-1], seat))
    assert "reached the others 19 min later" in shown["as at"].text
    assert "v2" in shown["note"].text


def test_one_typed_in_late_by_who_knew_a_newer_one_is_kept_and_replaces_nothing() -> None:
    given = sent().later(20).by("SCAS").did(changed(total=60))
    newest = given.last
    given.later(1).by("LAS").did(changed(total=40), happened_at=given.now - 15 * MINUTE)
    state = methane(given.view)
    assert [version.name for version in state.versions] == ["v1", "v2", "v3"]
    assert [version.id for version in standing(state)] == [newest]
    assert current(state).id == newest  # type: ignore[union-attr]
    given.later(1).by("SECAMB").did(changed(total=61))
    assert [version.id for version in standing(methane(given.view))] == [given.last], (
        "its author has seen all"
    )
    given.check()


def test_a_room_without_a_line_sees_no_number_and_never_the_number_of_another() -> None:
    stage = Stage()
    stage.must("LAS", Publish(COACH))
    stage.must("LAS", changed(total=50), cut_off=True)
    last = methane(stage.state).versions[-1]
    assert last.name == "v?"
    assert methane(stage.state).count == 1
    stage.must("LAS", changed(total=52), cut_off=True)
    assert [version.name for version in standing(methane(stage.state))] == ["v?"], "each saw the one before"


def test_numbers_never_change_and_only_so_many_are_kept() -> None:
    given = opened()
    for number in range(VERSIONS_KEPT + 5):
        given.did(changed(total=number))
    state = methane(given.view)
    assert len(state.versions) == VERSIONS_KEPT
    assert (state.versions[0].name, state.versions[-1].name) == ("v6", f"v{VERSIONS_KEPT + 5}")
    names = given.model.names(given.view)
    assert names("methane", given.last) == f"ETHANE v{VERSIONS_KEPT + 5}"
    first = next(record.command_id for record in given.records if record.type == "methane.published")
    assert names("methane", first) == "an earlier METHANE"
    assert before(state, state.versions[0]) is None


def test_who_writes_as_if_nothing_had_been_seen_cannot_make_all_of_them_stand() -> None:
    given = sent()
    for number in range(STANDING_MAX + 4):
        given.did(changed(total=number), base={})
    state = methane(given.view)
    assert len(state.standing) == STANDING_MAX
    assert state.standing[-1] == given.last
    assert len(state.versions[-1].unaware) <= 8
    given.when(changed(total=1), base={"methane": "no-such-thing"})


def test_any_history_folds_whatever_its_base_says() -> None:
    given = sent()
    record = given.records[-1]
    odd = msgspec.structs.replace(record, command_id="x" * 36, base={"methane": record.command_id})
    event = Published(COACH, "ETHANE", "no")
    state = evolve(evolve(Methane(), event, odd), event, record)
    assert [version.id for version in state.versions] == ["x" * 36, record.command_id]


# -- what is new ----------------------------------------------------------------------------------------------


def test_differences_are_told_field_by_field_with_what_stood_there_before() -> None:
    given = sent()
    hazards = (Hazard("diesel", "present"), Hazard("fire", "present"))
    given.did(changed(total=60, p2=12, hazards=hazards, counted=True, required=COACH.required[1:]))
    old, new = methane(given.view).versions
    assert differences(old, new) == (
        ("H", "hazards", "diesel (present); fire (potential)", "diesel (present); fire (present)"),
        ("N", "casualties", "48 estimated", "60 counted"),
        ("N", "P2", "not said", "12"),
        ("E", "required", "LFB 2 pumps; SCAS", "SCAS"),
    )
    assert differences(new, new) == ()
    assert [found.name for found in differences(None, old)][:3] == [
        "major incident",
        "exact location",
        "type",
    ]
    shown = dict(BOARD.detail(new, look(given)))
    assert shown["N P2"].text == "new: 12 (was: not said)"
    assert shown["N P1"].text == "6"
    assert "N dead" not in shown
    assert shown["A routes in"].text == "slip road J15"


def test_the_line_of_the_log_says_every_letter() -> None:
    line = sent().line()
    assert line == Line(
        "sends METHANE v1 to every party. M major incident declared at 14:00 UTC. "
        "E M25 J15  TQ 0402 7829  51.49400,-0.50300 (provisional). "
        "T road traffic collision: coach on its side. H diesel (present); fire (potential). "
        "A in by slip road J15. N 48 estimated (P1 6). E present LAS 3 crews, required LFB 2 pumps; SCAS."
    )


# -- who has read it ------------------------------------------------------------------------------------------


def test_a_line_of_the_log_has_an_end_whatever_was_written() -> None:
    services = tuple(Service(code, "n" * 80) for code in list(opened().charter.agencies)[:30])
    hazards = (Hazard("h" * 120, "potential"),) * 12
    long = "x" * 300
    report = Report(
        Location(long), "rtc", "n" * 200, hazards, long, long, long, long, present=services, required=services
    )
    given = opened().did(Publish(report))
    assert len(given.line().text) == LINE_MAX
    assert given.line().text.endswith("…")


def test_each_agency_has_its_own_clock_until_somebody_there_has_read_it() -> None:
    given = sent()
    version = current(methane(given.view))
    assert version is not None
    asked = (subject(version),)
    given.by("SCAS").did(Deliver(asked)).later().did(See(asked)).later(5)
    scas, secamb = receipt_rows(given.view, given.now)
    assert (scas.agency, scas.unread, scas.late, scas.waiting) == ("SCAS", False, False, MINUTE)
    assert (scas.delivered, scas.seen, scas.acknowledged) == (
        version.recorded_at,
        version.recorded_at + MINUTE,
        None,
    )
    assert (secamb.agency, secamb.unread, secamb.late, secamb.waiting) == ("SECAMB", True, True, 6 * MINUTE)
    assert cells(given)["read"] == "1 of 2"
    assert BOARD.alarm is not None
    assert BOARD.alarm(look(given)) == 1 + 2, "one room has not read it, two services are missing"
    assert BOARD.alarm(look(given, "SCAS")) == 2, "an unread METHANE is its sender's alarm"
    given.by("SECAMB").did(Acknowledge(asked))
    assert not any(row.late for row in receipt_rows(given.view, given.now))
    shown = dict(BOARD.detail(version, look(given)))
    assert shown["SECAMB"].text.endswith(f"acknowledged @{given.now} by Sam")
    given.check()


def test_just_under_two_minutes_is_not_late() -> None:
    given = sent()
    at = given.now
    assert not any(row.late for row in receipt_rows(given.view, at + UNREAD_MS - 1))
    assert all(row.late for row in receipt_rows(given.view, at + UNREAD_MS))


def test_who_is_invited_later_is_sent_it_too_and_its_clock_begins_then() -> None:
    given = sent().later(10).did(o.Invite(("LFB",))).later()
    row = receipt_rows(given.view, given.now)[-1]
    assert (row.agency, row.waiting) == ("LFB", MINUTE)
    assert given.last != current(methane(given.view)).id  # type: ignore[union-attr]
    version = current(methane(given.view))
    assert version is not None
    given.by("LFB").did(See((subject(version),)))
    assert receipt_rows(given.view, given.now)[-1].seen == given.now


def test_nobody_reads_for_another_nor_what_was_replaced_nor_its_own() -> None:
    given = sent()
    version = current(methane(given.view))
    assert version is not None
    given.by("LAS").when(See((subject(version),))).nothing()
    given.did(changed(total=60))
    given.by("SCAS").when(See((subject(version),))).nothing()
    assert BOARD.count is not None
    assert BOARD.count(look(given, "SCAS")) == 1
    assert BOARD.count(look(given, "LAS")) == 0
    given.did(Acknowledge(given.model.addressed(given.view, "SCAS")))
    assert BOARD.count(look(given, "SCAS")) == 0


def test_what_is_required_is_absent_until_it_is_named_as_present_or_has_a_unit_at_the_scene() -> None:
    given = sent("SCAS", "LFB")
    assert required_absent(given.view) == ("LFB", "SCAS")
    given.by("SCAS").did(r.Commit((r.Commitment("SCAS/A204", "DCA", "MOB", given.now),)))
    assert required_absent(given.view) == ("LFB", "SCAS"), "on its way is not there"
    given.did(r.SetStatus("SCAS/A204", "SCN"))
    assert required_absent(given.view) == ("LFB",)
    version = current(methane(given.view))
    assert version is not None
    assert dict(BOARD.detail(version, look(given)))["absent"].text == "required and not there: LFB"
    given.by("LAS").did(changed(present=(Service("LAS"), Service("LFB", "1 pump"))))
    assert required_absent(given.view) == ()
    assert required_absent(opened().view) == ()


# -- who may --------------------------------------------------------------------------------------------------


def test_an_event_provider_may_send_one_and_an_observer_may_not() -> None:
    given = opened("SJA", "SCAS")
    given.by("SJA", "guest").did(Publish(COACH))
    given.when(o.Declare("SJA", "declared")).refused("no_grant")
    given.by("SCAS", "observer").when(Publish(COACH)).refused("no_grant")
    given.by("SECAMB").when(Publish(COACH)).refused("not_party")


def test_a_methane_and_a_declaration_do_not_wait_to_be_joined() -> None:
    given = sent()
    assert [record.type for record in given.records if is_critical(record)] == [
        "organisation.declared",
        "methane.published",
    ]
    assert INCIDENT.critical is is_critical


@pytest.mark.parametrize(
    "wrong",
    [
        {"p1": -1},
        {"dead": 100_001},
        {"nature": "x" * 201},
        {"hazards": (Hazard("x", "present"),) * 13},
        {"hazards": (Hazard(" ", "present"),)},
        {"required": (Service("lfb"),)},
    ],
)
def test_everything_has_a_bound(wrong: dict[str, Any]) -> None:
    opened().when(changed(**wrong)).refused("bad_shape")


# -- the form -------------------------------------------------------------------------------------------------


def acted(given: Given, line: str, agency: str = "LAS") -> Publish:
    seat = look(given, agency)
    act = parse(line, seat, INCIDENT.boards)
    assert isinstance(act, Act), act
    made = build(act, seat, INCIDENT.boards)
    assert not isinstance(made, Refusal), made
    assert isinstance(made[0], Publish)
    return made[0]


def no(given: Given, line: str) -> str:
    seat = look(given)
    act = parse(line, seat, INCIDENT.boards)
    made = build(act, seat, INCIDENT.boards) if isinstance(act, Act) else act
    assert isinstance(made, Refusal), made
    return made.sentence


def test_the_first_takes_the_place_of_the_incident_and_asks_for_the_type_alone() -> None:
    given = opened()
    report = acted(given, 'm type=rtc what="coach and lorry"').report
    assert report == Report(given.view.organisation.location, "rtc", "coach and lorry")
    assert no(given, "m").startswith("T type (road traffic collision, ")
    assert parse("methane", look(given), INCIDENT.boards) == AppAct("go.to", "methane")


def test_a_further_one_starts_from_the_last_and_needs_only_what_is_new() -> None:
    given = sent()
    assert acted(given, 'methane n=60 p1=8 h="diesel present; smoke suspected"') == changed(
        total=60, p1=8, hazards=(Hazard("diesel", "present"), Hazard("smoke", "suspected"))
    )
    assert acted(given, "numbers 60 8") == changed(total=60, p1=8)
    assert acted(given, "hazards smoke suspected; gas") == changed(
        hazards=(Hazard("smoke", "suspected"), Hazard("gas", "not_said"))
    )
    assert acted(given, "services LFB 4 pumps") == changed(required=(Service("LFB", "4 pumps"),))
    assert acted(given, 'services present="LAS SCAS"') == changed(present=(Service("LAS"), Service("SCAS")))
    assert acted(given, 'access avoid="the slip road"') == changed(avoid="the slip road")
    assert acted(given, "numbers p1=") == changed(p1=None)


def test_nothing_changes_that_nobody_touched_and_nothing_new_is_not_sent() -> None:
    place = Location("M25 J15; northbound", "TQ 0402 7829", 51.4940001, -0.5030009, True, "northbound")
    odd = changed(
        location=place, hazards=(Hazard("gas; and smoke", "present"),), required=(Service("LFB", "1;2"),)
    )
    given = opened().did(o.Declare("LAS", "declared")).did(odd)
    assert acted(given, "numbers 60").report == msgspec.structs.replace(odd.report, total=60)
    assert (
        no(given, "m")
        == "Nothing in it differs from METHANE v1: change what is new, or send it as unchanged."
    )
    assert acted(given, "unchanged") == odd
    given.did(o.Declare("LAS", "standby", "fewer than feared"))
    assert acted(given, "m") == odd, "the M is new"


def test_the_place_follows_what_the_parties_have_said_since() -> None:
    given = sent().later().did(o.GiveLocation(Location("M4 J4b", "TQ 0338 7538")))
    assert acted(given, "numbers 60").report.location == Location("M4 J4b", "TQ 0338 7538")


def test_a_rendezvous_point_is_copied_in_words_with_its_feature() -> None:
    given = sent().did(b.Propose("rvp", b.Shape(Location("Colnbrook by-pass"), 50.0), "RVP A"))
    report = acted(given, "numbers 60").report
    assert (report.rvp, report.rvp_id) == ("RVP A Colnbrook by-pass", given.last)
    assert acted(given, 'access rvp="the bridge"').report.rvp_id == ""


def test_what_was_not_touched_is_never_turned_back_by_a_form_that_was_open_when_another_version_came() -> (
    None
):
    given = sent()
    verb = BOARD.verbs[0]
    opened_at = look(given)
    answers = {arg.name: arg.default(opened_at, None) for arg in verb.args if arg.default is not None}
    theirs = (Hazard("diesel", "present"), Hazard("gas", "present"))
    given.by("SCAS").did(changed(total=60, hazards=theirs)).by("LAS")
    report = verb.build(
        None, {**answers, "p1": "8", "h": "diesel present; smoke suspected"}, look(given)
    ).report
    assert (report.total, report.p1) == (60, 8), "theirs where we wrote nothing, ours where we did"
    assert [hazard.text for hazard in report.hazards] == ["diesel", "smoke"]
    short = next(verb for verb in BOARD.verbs if verb.name == "numbers")
    answers = {arg.name: arg.default(opened_at, None) for arg in short.args if arg.default is not None}
    report = short.build(None, {**answers, "p1": "9"}, look(given)).report
    assert (report.total, report.p1, report.hazards) == (60, 9, theirs)
    with pytest.raises(ValueError, match="Nothing in it differs from ETHANE v2"):
        short.build(None, answers, look(given, "SCAS"))


def test_slips_are_caught_before_they_are_sent_to_everybody() -> None:
    given = sent()
    assert no(given, "numbers 48 60").startswith("The priorities add up to 60, more than the 48")
    given.did(changed(untriaged=3))
    assert no(given, "numbers 48 40 6").endswith("correct one of P1 40, P2 6, untriaged 3."), (
        "the unseen one too"
    )
    assert "whole number" in no(given, "numbers 4.5")
    assert "LBF is no agency" in no(given, "services LBF 2 pumps")
    assert "none of" in no(given, "methane type=sleigh")
    assert no(given, "methane coach on fire"), "loose words overwrite no place"


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("fuel", (Hazard("fuel", "not_said"),)),
        ("fuel not known, traffic moving", (Hazard("fuel not known, traffic moving", "not_said"),)),
        ("fuel not present", (Hazard("fuel not present", "not_said"),)),
        ("gas isn't suspected", (Hazard("gas isn't suspected", "not_said"),)),
        ("no fuel (present)", (Hazard("no fuel", "present"),)),
        ("present or suspected", (Hazard("present or suspected", "not_said"),)),
        (
            "potential: fire; gas (certainty not said)",
            (Hazard("fire", "potential"), Hazard("gas", "not_said")),
        ),
        ("suspected fuel; POTENTIAL: fire", (Hazard("fuel", "suspected"), Hazard("fire", "potential"))),
        (
            "fuel (suspected)\nwires down present;;",
            (Hazard("fuel", "suspected"), Hazard("wires down", "present")),
        ),
        ("present", (Hazard("present", "not_said"),)),
        ("", ()),
    ],
)
def test_hazards_as_people_write_them(written: str, read: tuple[Hazard, ...]) -> None:
    assert read_hazards(written) == read
    assert read_hazards(hazard_words(read)) == read, "as it is shown, it is read again"


def test_a_hazard_keeps_its_sentence_on_the_board_and_in_the_log() -> None:
    given = sent().did(changed(hazards=read_hazards("fuel not known, traffic moving")))
    said = "fuel not known, traffic moving (certainty not said)"
    assert f"H {said}" in given.line().text
    version = current(methane(given.view))
    assert {field.name: field.words for field in fields(version)}["hazards"] == said


def test_services_as_people_write_them() -> None:
    known = {"LAS": 1, "LFB": 1, "SCAS": 1}
    assert read_services("las 4 crews; LFB: 2 pumps", known) == (
        Service("LAS", "4 crews"),
        Service("LFB", "2 pumps"),
    )
    assert read_services("LAS, scas LFB", known) == (Service("LAS"), Service("SCAS"), Service("LFB"))
    with pytest.raises(ValueError, match="4 is no agency"):
        read_services("4 crews", known)


def test_m_is_its_key_on_every_screen_and_its_word_alone_goes_to_the_screen() -> None:
    table = Actions(INCIDENT.boards)
    for board in INCIDENT.boards:
        assert table.for_key("m", board.name).name == "methane.methane"  # type: ignore[union-attr]
    methane_verb: Verb = BOARD.verbs[0]
    assert all(arg.default is not None for arg in methane_verb.args), "changing one thing takes few keys"
