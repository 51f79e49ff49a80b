"""Alarms, when it is over: what stops for an agency that stands down, what stops with all, what is asked on."""

from __future__ import annotations

import pytest

from incident.alarms import FINDER, alarms, facts, standing
from incident.alarms.rules import heard_by
from incident.boundaries import facts as b
from incident.casualties import casualties, disagreements
from incident.casualties import facts as k
from incident.commanders import facts as c
from incident.commanders import vacant
from incident.kernel.board import Look
from incident.kernel.slice import Actor
from incident.log import facts as lg
from incident.messages import facts as ms
from incident.methane import facts as m
from incident.methane import receipt_rows, required_absent
from incident.organisation import facts as o
from incident.organisation import over, scene_over, stood_down, stood_down_at
from incident.reports.gather import upcoming
from incident.resources import facts as r
from incident.tasks import facts as t
from incident.values import Location
from tests.incident.given import MINUTE, T0, Given, opened
from tests.incident.test_alarms import CASES, HERE, kinds, only

STAYS = {
    "task_unanswered": "somebody asked for it",
    "task_overdue": "somebody asked for it",
    "destination_unconfirmed": "a unit is committed still",
    "status_disputed": "a unit is committed still",
    "shift_over": "a unit is committed still",
    "crews_differ": "units are committed still",
    "counts_differ": "people are counted twice or not at all",
    "casualties_unexplained": "people are in no count",
    "lead_disputed": "only who has the lead can close it",
    "lead_unanswered": "only who has the lead can close it",
    "recall_unanswered": "a unit is committed still",
    "promised_twice": "a unit is promised still",
    "message_waits": "it was critical",
    "glass_broken": "somebody came in past the usual sign-in, whatever the incident does",
}
"""What standing down does not end, and why."""

SCENE = frozenset(
    {
        "required_absent",
        "no_methane",
        "methane_old",
        "provider_silent",
        "declared_silent",
        "rvps_differ",
        "rvp_unagreed",
        "no_rvp",
        "no_fcp",
        "no_zones",
        "in_hazard",
        "no_specialist",
        "no_hospital",
        "plan_draft",
        "no_talkgroup",
    }
)
"""What is asked for no more once the scene is clear for all who were there."""

PLANTED = {"promised_twice"}
"""No command brings it about, so that none can be given after it."""

AGENCIES = ("LAS", "SCAS", "SECAMB")


def say(given: Given, state: str, *agencies: str) -> Given:
    """They declare; the clock has moved on."""
    for agency in agencies:
        given.by(agency).did(o.Declare(agency, state))
    return given.by("LAS")


def _risen(name: str) -> Given:
    given = opened()
    CASES[name].rise(given)
    given.later(CASES[name].later)
    assert name in kinds(given)
    return given


@pytest.mark.parametrize("name", sorted(CASES.keys() - PLANTED))
def test_once_all_have_stood_down_only_what_was_begun_is_asked_on(name: str) -> None:
    given = say(_risen(name).later(0.1), "stand_down", *AGENCIES)
    assert over(given.view)
    assert (name in kinds(given)) is (name in STAYS)
    assert {one.kind for one in standing(given.view, given.now + 24 * 60 * MINUTE)} <= set(STAYS), "nor later"
    given.by("LAS").did(o.Declare("LAS", "standby", "it is not over"))
    assert not over(given.view)


@pytest.mark.parametrize("name", sorted(CASES.keys() - PLANTED))
def test_once_the_scene_is_clear_nobody_is_asked_for_what_a_scene_needs(name: str) -> None:
    given = say(_risen(name), "scene_clear", *AGENCIES)
    assert scene_over(given.view)
    assert not over(given.view)
    assert (name in kinds(given)) is (name not in SCENE)


def test_the_tables_name_kinds_that_exist() -> None:
    assert set(STAYS) | SCENE <= set(FINDER.kinds)
    assert not set(STAYS) & SCENE


# -- one agency alone -------------------------------------------------------------------------------------------


def test_nobody_waits_for_an_agency_that_has_stood_down_and_everybody_for_the_others() -> None:
    given = say(opened(), "declared", *AGENCIES).did(
        m.Publish(m.Report(Location("M25"), "rtc", required=(m.Service("SCAS"), m.Service("LFB"))))
    )
    given.did(b.Propose("rvp", HERE)).later(6)
    before = {
        a.key for a in standing(given.view, given.now) if "SCAS" in (a.agencies[:1] or a.key.split("/"))
    }
    assert {key.split("/")[0] for key in before} >= {"absent", "unread", "rvp", "vacant"}
    say(given, "stand_down", "SCAS")
    after = {one.key for one in standing(given.view, given.now)}
    assert not before & after
    assert {"absent/LFB", "vacant/LAS", "vacant/SECAMB"} <= after
    assert not any(row.late for row in receipt_rows(given.view, given.now) if row.agency == "SCAS")
    assert required_absent(given.view) == ("LFB",)
    assert {one.agency for one in vacant(given.view)} == {"LAS", "SECAMB"}


def test_a_unit_left_at_the_scene_asks_for_no_commander_of_who_has_stood_down() -> None:
    given = opened().did(r.Commit((r.Commitment("LAS/A101", "DCA", "SCN"),))).later(5)
    assert "role_vacant" in kinds(given)
    assert "role_vacant" not in kinds(say(given, "stand_down", "LAS"))


def test_what_an_agency_is_asked_after_it_stood_down_is_asked_of_it_all_the_same() -> None:
    given = say(opened(), "declared", *AGENCIES).did(ms.Send("gas", "SCAS", priority="urgent")).later(3)
    assert "message_waits" in kinds(given)
    say(given, "stand_down", "SCAS")
    assert "message_waits" not in kinds(given)
    given.later().did(ms.Send("we need you back", "SCAS", priority="urgent")).later(3)
    assert only(given, "message_waits").words == "SCAS has not acknowledged LAS-M2: we need you back"
    say(given, "stand_down", "LAS", "SECAMB")
    assert "message_waits" in kinds(given), (
        "SCAS was asked after it had stood down, and before the others did"
    )


def test_one_stand_down_ends_nothing_for_the_others_and_one_without_units_that_is_aware_holds_up_nobody() -> (
    None
):
    given = say(opened(), "stand_down", "SCAS").later(1)
    assert stood_down(given.view, "SCAS")
    assert not over(given.view), "LAS, whose incident it is, has not said so"
    assert stood_down_at(given.view, "SECAMB") is None
    say(given, "stand_down", "LAS")
    assert over(given.view), "SECAMB was never at work on it"
    assert stood_down_at(given.view, "LAS") == given.now
    assert stood_down_at(given.view, "SECAMB") is None, "that is its own word"
    given.by("SECAMB").did(o.Declare("SECAMB", "standby"))
    assert not over(given.view)


def test_nothing_is_next_for_who_has_stood_down_and_nothing_at_all_once_it_is_closed() -> None:
    given = say(opened(), "declared", "LAS", "SCAS")
    given.did(lg.Decide("P3 by bus", "frees crews", review_at=T0 + 10 * MINUTE))
    given.did(b.Propose("rvp", HERE, review_due=T0 + 10 * MINUTE))
    given.did(m.Publish(m.Report(Location("M25"), "rtc")))
    given.did(t.Raise("Open the slip road", "SCAS", due=T0 + 10 * MINUTE))

    def next_(given: Given) -> set[str]:
        look = Look(state=given.view, me=Actor("Sam", "LAS", "operator"), now=given.now, stream=given.stream)
        return {one.board for one in upcoming(look)}

    assert next_(given) == {"tasks", "boundaries", "decisions", "methane"}
    assert next_(say(given, "scene_clear", "LAS", "SCAS")) == {"tasks", "boundaries", "decisions"}
    assert next_(say(given, "stand_down", "LAS", "SCAS")) == {"tasks"}, "SCAS has it to do still"
    assert next_(given.did(o.Close())) == set()
    assert stood_down(given.view, "SECAMB")


# -- since when -------------------------------------------------------------------------------------------------


def test_a_service_that_was_there_and_left_is_absent_since_it_left() -> None:
    given = opened().did(m.Publish(m.Report(Location("M25"), "rtc", required=(m.Service("SCAS"),))))
    unit = r.Commitment("SCAS/A204", "DCA", "MOB")
    given.by("SCAS").later(4).did(r.Commit((unit,))).later(2).did(r.SetStatus("SCAS/A204", "SCN"))
    given.later(10).did(r.SetStatus("SCAS/A204", "LDG")).later(10).did(r.SetStatus("SCAS/A204", "LFT"))
    left = given.now
    assert "required_absent" not in kinds(given.later(4))
    given.did(r.SetStatus("SCAS/A204", "HOS")).later(1)
    assert only(given, "required_absent").since == left + 5 * MINUTE, "on from the hospital changes nothing"
    given.did(r.SetStatus("SCAS/A204", "CLR")).did(r.Release("SCAS/A204")).later(10)
    assert only(given, "required_absent").since == left + 5 * MINUTE
    given.did(r.Commit((r.Commitment("SCAS/A204", "DCA", "SCN"),))).later(10).did(r.Release("SCAS/A204"))
    assert "required_absent" not in kinds(given.later(4))
    assert only(given.later(1), "required_absent").since == given.now, "it left with its release"
    room = given.model.restore(given.model.snapshot(given.view))
    assert standing(room, given.now) == standing(given.view, given.now)


def test_a_service_that_a_report_named_as_present_is_absent_since_one_that_does_not() -> None:
    report = m.Report(Location("M25"), "rtc", required=(m.Service("LFB"),))
    there = m.Report(Location("M25"), "rtc", required=(m.Service("LFB"),), present=(m.Service("LFB"),))
    given = opened().did(m.Publish(report)).later(9).did(m.Publish(there)).later(9).did(m.Publish(report))
    assert "required_absent" not in kinds(given.later(4))
    assert only(given.later(1), "required_absent").since == given.now


def test_a_report_that_comes_late_or_from_a_room_without_a_line_makes_nobody_absent_for_longer() -> None:
    report = m.Report(Location("M25"), "rtc", required=(m.Service("LFB"),))
    given = opened().later(20)
    mark = given.mark()
    given.did(m.Publish(report))
    began = given.now
    given.later(1).by("SCAS").having_seen(mark)
    given.did(m.Publish(m.Report(Location("M25"), "rtc")), happened_at=began - 9 * MINUTE)
    assert required_absent(given.view) == ("LFB",)
    assert "required_absent" not in kinds(given.later(3))
    assert only(given.later(1), "required_absent").since == began + 5 * MINUTE
    given.by("LAS").did(m.Publish(report))
    assert only(given, "required_absent").since == began + 5 * MINUTE, "nor for less long"


def test_a_specialist_team_is_missing_since_the_last_was_released() -> None:
    given = say(opened(), "declared", "LAS").did(r.Commit((r.Commitment("LAS/H1", "HART", "AVB"),)))
    given.later(30).did(r.Release("LAS/H1"))
    assert "no_specialist" not in kinds(given.later(9))
    assert only(given.later(1), "no_specialist").since == given.now


def test_what_was_withdrawn_is_missing_since_then() -> None:
    given = say(opened(), "declared", "LAS").did(b.Propose("rvp", HERE)).did(b.Propose("fcp", HERE))
    given.did(b.Propose("inner_cordon", b.Shape(HERE.place, 500.0))).later(40)
    for feature in list(given.view.boundaries.rows):
        given.did(b.Withdraw(feature, "too near"))
    gone = given.now
    given.later(60)
    assert only(given, "no_rvp").since == gone + 5 * MINUTE
    assert only(given, "no_fcp").since == only(given, "no_zones").since == gone + 20 * MINUTE


def test_scene_clear_and_the_stand_down_of_the_first_make_nothing_younger() -> None:
    given = say(opened(), "declared", "LAS", "SCAS").later(30)
    since = only(given, "no_humanitarian").since
    vacant_since = {a.key: a.since for a in standing(given.view, given.now) if a.kind == "role_vacant"}
    say(given, "scene_clear", "LAS", "SCAS")
    assert only(given, "no_humanitarian").since == since
    assert {
        a.key: a.since for a in standing(given.view, given.now) if a.kind == "role_vacant"
    } == vacant_since
    given.later(5)
    say(given, "stand_down", "LAS")
    assert only(given, "no_humanitarian").since == since
    given.by("LAS").later(5).did(o.Declare("LAS", "declared", "a second coach"))
    assert given.view.organisation.parties["LAS"].major_at < given.now
    assert only(given, "no_humanitarian").since == since, (
        "it stood down too soon: what was missing is no younger"
    )


def test_a_declaration_that_was_called_off_before_another_declared_counts_for_nothing() -> None:
    given = say(opened(), "declared", "SCAS").later(2)
    say(given, "cancelled", "SCAS").later(60)
    say(given, "declared", "LAS")
    assert "no_rvp" not in kinds(given)
    assert only(given.later(5), "no_rvp").since == given.now


def test_a_unit_that_moves_about_at_the_scene_makes_a_vacant_role_no_younger() -> None:
    given = opened().did(r.Commit((r.Commitment("LAS/A101", "DCA", "MOB"),))).later(5)
    given.did(r.SetStatus("LAS/A101", "SCN")).later(5)
    alarm = only(given, "role_vacant")
    given.did(facts.Acknowledge((alarm.key,))).later(1).did(r.SetStatus("LAS/A101", "LDG"))
    assert only(given, "role_vacant") == alarm
    given.did(c.TakeRole("LAS", "tactical", "Lee"))
    assert only(given, "role_vacant").since == alarm.since


# -- counts that differ -----------------------------------------------------------------------------------------


def _recount(given: Given, agency: str, p1: int, stage: str = "at_scene") -> Given:
    return given.by(agency).did(k.Count(stage, k.Counts(p1=p1)))


def test_a_difference_that_was_acknowledged_rings_no_more_however_often_is_counted() -> None:
    given = opened().later()
    CASES["counts_differ"].rise(given)
    began = given.now
    alarm = only(given.later(1), "counts_differ")
    given.by("LAS").did(facts.Acknowledge((alarm.key,)))
    for n in range(4):
        _recount(given.later(2), "LAS" if n % 2 else "SCAS", 10 + n)
        again = only(given, "counts_differ")
        assert again.since == began
        assert heard_by(alarms(given.view), again, "LAS") is not None
    given.by("LAS", "tactical_commander").did(
        k.PickCount("at_scene", disagreements(given.view)[0].rivals[0].version)
    )
    assert "counts_differ" not in kinds(given)
    mark = given.later().mark()
    _recount(given, "LAS", 3)
    given.by("SCAS").having_seen(mark).did(k.Count("at_scene", k.Counts(p1=30)))
    assert only(given, "counts_differ").since == given.now, "another one, that nobody has heard of"
    given.check()


def test_what_is_unexplained_for_long_is_an_alarm_though_somebody_counts_all_the_time() -> None:
    given = _recount(opened(), "LAS", 48, "total")
    for n in range(3):
        _recount(given.later(2), "LAS", 40 + n)
    assert only(given, "casualties_unexplained").since == T0 + 5 * MINUTE, "from the first, not from the last"
    given.by("LAS").did(facts.Acknowledge(("counts/unexplained",)))
    _recount(given.later(2), "LAS", 47)
    alarm = only(given, "casualties_unexplained")
    assert alarm.words == "1 casualty is in no count"
    assert heard_by(alarms(given.view), alarm, "LAS") is not None
    _recount(given, "LAS", 48)
    assert "casualties_unexplained" not in kinds(given)
    back = given.later(20).now
    _recount(given, "LAS", 50)
    assert "casualties_unexplained" not in kinds(given.later(4)), "this one may be of two moments"
    assert only(given.later(1), "casualties_unexplained").since == back + 5 * MINUTE
    given.check()


def test_what_a_methane_said_before_does_not_make_a_difference_older_or_younger_than_it_is() -> None:
    def said(total: int) -> m.Publish:
        return m.Publish(m.Report(Location("M25"), "rtc", total=total))

    given = _recount(opened().did(said(20)), "LAS", 20).later(10).did(said(48))
    assert "casualties_unexplained" not in kinds(given.later(4))
    assert only(given.later(1), "casualties_unexplained").since == given.now
    given.did(said(49)).later(1)
    assert only(given, "casualties_unexplained").since == given.now - MINUTE, (
        "one report more changes nothing"
    )
    _recount(given, "LAS", 49)
    assert "casualties_unexplained" not in kinds(given)


def test_how_many_changes_of_the_sum_are_kept_is_bounded() -> None:
    given = _recount(opened(), "LAS", 500, "total")
    for n in range(k.TALLIES_KEPT + 9):
        _recount(given.later(0.1), "LAS", n)
    assert len(casualties(given.view).tallies) == k.TALLIES_KEPT
    assert "casualties_unexplained" in kinds(given)


@pytest.mark.parametrize("expected", ["count", "METHANE"])
def test_a_difference_gets_no_younger_however_often_is_counted(expected: str) -> None:
    given = opened()
    if expected == "METHANE":
        given.did(m.Publish(m.Report(Location("M25"), "rtc", total=500)))
        _recount(given, "LAS", 500)
    else:
        _recount(_recount(given, "LAS", 500), "LAS", 500, "total")
    began = _recount(given.later(30), "LAS", 400).now
    given.later(10)
    for n in range(k.TALLIES_KEPT + 10):
        _recount(given.later(0.03), "LAS", n)
    assert only(given, "casualties_unexplained").since == began + 5 * MINUTE
    _recount(given, "LAS", 500)
    assert "casualties_unexplained" not in kinds(given)
    back = _recount(given.later(10), "LAS", 499).now
    for n in range(k.TALLIES_KEPT + 10):
        _recount(given.later(0.01), "LAS", n)
    assert only(given.later(5), "casualties_unexplained").since == back + 5 * MINUTE, (
        "nor older: it was explained"
    )
    given.check()
