"""Alarms, when one has stood down and others work on: nobody is silenced by what another says of itself."""

from __future__ import annotations

import pytest

from incident.alarms import standing
from incident.boundaries import facts as b
from incident.comms import facts as x
from incident.kernel.board import Look
from incident.kernel.slice import Actor
from incident.messages import facts as ms
from incident.methane import facts as m
from incident.methane import required_absent
from incident.organisation import busy, over, scene_over, with_units
from incident.organisation import facts as o
from incident.reports.gather import upcoming
from incident.resources import facts as r
from incident.values import Location
from tests.incident.given import MINUTE, T0, Given, opened
from tests.incident.test_alarms import HERE, kinds, only
from tests.incident.test_alarms_end import AGENCIES, say


def _crew(given: Given, unit: str = "SCAS/A204", status: str = "SCN") -> Given:
    return given.by(unit.partition("/")[0]).did(r.Commit((r.Commitment(unit, "DCA", status),))).by("LAS")


@pytest.mark.parametrize("ends", ["stand_down", "cancelled", "recovery"])
def test_the_stand_down_of_the_lead_silences_nobody_whose_crew_is_at_work(ends: str) -> None:
    given = _crew(say(opened(), "declared", "LAS"))
    given.did(m.Publish(m.Report(Location("M25"), "rtc", required=(m.Service("LFB"),))))
    given.did(ms.Send("gas leak: pull your crew back", "SCAS", priority="critical")).later(6)
    say(given, ends, "LAS")
    assert not over(given.view)
    assert not scene_over(given.view)
    keys = {
        one.key.partition("/")[0] + "/" + one.agencies[0]
        for one in standing(given.view, given.now)
        if one.agencies
    }
    assert {"vacant/SCAS", "unread/SCAS", "message/SCAS"} <= keys
    assert "absent/LFB" in {one.key for one in standing(given.view, given.now)}
    assert ("no_rvp" in kinds(given)) is (ends != "cancelled"), "what was called off was no major incident"
    given.by("SCAS").did(r.SetStatus("SCAS/A204", "CLR"))
    assert over(given.view), "asked anew when its last crew is free"
    assert kinds(given) == {"message_waits"}


def test_a_standby_that_is_called_off_by_the_lead_silences_nobody_whose_crew_is_at_work() -> None:
    given = _crew(say(opened(), "standby", "LAS")).later(6)
    say(given, "cancelled", "LAS")
    assert "role_vacant" in kinds(given)


def test_a_scene_is_clear_when_it_is_so_for_who_has_a_crew_there() -> None:
    given = _crew(say(opened(), "declared", "LAS"))
    given.did(m.Publish(m.Report(Location("M25"), "rtc", required=(m.Service("LFB"),)))).later(11)
    say(given, "scene_clear", "LAS")
    assert required_absent(given.view) == ("LFB",)
    assert {"required_absent", "no_rvp", "no_hospital"} <= kinds(given)
    say(given, "scene_clear", "SCAS")
    assert scene_over(given.view)
    assert not {"required_absent", "no_rvp", "no_hospital"} & kinds(given)


def test_a_standby_party_is_asked_for_what_a_scene_needs_while_the_others_have_cleared_it() -> None:
    given = say(say(opened(), "declared", "LAS"), "standby", "SCAS").later(21)
    missing = {"no_methane", "no_rvp", "no_fcp", "no_zones", "no_hospital", "no_specialist"}
    assert missing <= kinds(given)
    assert missing <= kinds(say(given, "scene_clear", "LAS"))
    assert missing <= kinds(say(given, "stand_down", "LAS")), "SCAS was there when it stood down"
    assert not missing & kinds(say(given, "cancelled", "SCAS"))
    given.later(60).by("SCAS").did(o.Declare("SCAS", "standby", "a smell of gas"))
    assert not missing & kinds(given.later(60)), "that is something new"


@pytest.mark.parametrize(
    ("status", "working"), [("UNK", True), ("MOB", True), ("AVB", False), ("RET", False)]
)
def test_a_unit_is_at_work_unless_it_is_free_or_away(status: str, working: bool) -> None:
    given = say(_crew(opened(), status=status), "stand_down", "LAS")
    assert over(given.view) is not working
    assert with_units(given.view) == (frozenset({"SCAS"}) if working else frozenset())


def test_a_unit_is_of_whose_it_is_and_of_who_controls_it() -> None:
    given = _crew(opened()).by("SCAS").did(r.OfferControl("SCAS/A204", "SECAMB"))
    given.by("SECAMB").did(r.AcceptControl("SCAS/A204"))
    assert busy(say(given, "stand_down", "LAS", "SCAS").view) == ("SECAMB",)


def test_a_message_lapses_with_the_stand_down_of_who_has_no_crew_and_one_that_is_critical_never() -> None:
    given = _crew(say(opened(), "declared", *AGENCIES))
    given.did(ms.Send("gas: pull back", "SECAMB", priority="critical"))
    for agency in ("SCAS", "SECAMB"):
        given.did(ms.Send("which RVP?", agency, priority="urgent"))
    given.later(3)

    def waits(given: Given) -> set[tuple[str, str]]:
        found = [one for one in standing(given.view, given.now) if one.kind == "message_waits"]
        return {(one.agencies[0], one.words.rpartition(": ")[2]) for one in found}

    assert waits(say(given, "stand_down", *AGENCIES)) == {("SCAS", "which RVP?"), ("SECAMB", "pull back")}
    given.by("SCAS").did(r.SetStatus("SCAS/A204", "CLR"))
    assert waits(given) == {("SECAMB", "pull back")}


def test_calls_to_who_has_stood_down_are_an_alarm_when_nobody_answers_them() -> None:
    given = say(say(opened(), "declared", *AGENCIES), "stand_down", "SCAS").later(1)
    given.did(x.ReportUnanswered("SCAS")).later(1).did(x.ReportUnanswered("SCAS"))
    assert "SCAS has not answered 2 calls" in only(given, "calls_unanswered").words


def test_a_cordon_outlives_the_stand_down_of_its_owner_and_is_the_leads_to_review() -> None:
    given = say(opened(), "declared", *AGENCIES).by("SCAS")
    given.did(b.Propose("inner_cordon", b.Shape(HERE.place, 500.0), review_due=T0 + 10 * MINUTE))
    given.did(b.Propose("rvp", HERE, review_due=T0 + 10 * MINUTE)).later(10)
    assert {one.agencies for one in standing(given.view, given.now) if one.kind == "review_due"} == {
        ("SCAS",)
    }
    say(given, "stand_down", "SCAS")
    alarm = only(given, "review_due")
    assert alarm.agencies == ("LAS",)
    assert given.view.boundaries.rows[alarm.row].kind == "inner_cordon"
    look = Look(state=given.view, me=Actor("Sam", "LAS", "operator"), now=given.now, stream=given.stream)
    assert [one.agency for one in upcoming(look) if one.board == "boundaries"] == ["LAS"]
    assert "review_due" not in kinds(say(given, "scene_clear", "LAS", "SECAMB"))


def test_the_finder_looks_anew_when_a_crew_ends_its_work_and_not_for_every_step_of_it() -> None:
    given = _crew(_crew(say(opened(), "declared", "LAS")), "SCAS/A205", "MOB")
    say(given.did(m.Publish(m.Report(Location("M25"), "rtc"))).later(3), "stand_down", "LAS")
    busy_then = with_units(given.view)
    for unit, status in (("SCAS/A204", "LDG"), ("SCAS/A204", "SCN"), ("SCAS/A204", "CLR")):
        assert "methane_unread" in kinds(given)
        given.by("SCAS").did(r.SetStatus(unit, status))
        assert with_units(given.view) is busy_then
    assert "methane_unread" in kinds(given)
    given.did(r.SetStatus("SCAS/A205", "CLR"))
    assert "methane_unread" not in kinds(given)
