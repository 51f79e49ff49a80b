"""Alarms: each kind rises from what people did or did not do, and clears with the verb that it names."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import msgspec
import pytest

from incident.alarms import FINDER, alarms, facts, standing
from incident.alarms.engine import Finder
from incident.alarms.lessons import LESSONS
from incident.alarms.rules import heard_by
from incident.boundaries import facts as b
from incident.casualties import disagreements
from incident.casualties import facts as k
from incident.commanders import facts as c
from incident.comms import control_room_link
from incident.comms import facts as x
from incident.cover import facts as cv
from incident.delegation import facts as d
from incident.ground import Reach
from incident.kernel.board import Look
from incident.kernel.receipts import Acknowledge, See
from incident.kernel.slice import Actor
from incident.log import facts as lg
from incident.messages import facts as ms
from incident.methane import facts as m
from incident.mutual_aid import commands as a
from incident.mutual_aid import facts as af
from incident.organisation import facts as o
from incident.places import facts as h
from incident.placing import Near
from incident.resources import facts as r
from incident.state import INCIDENT
from incident.tasks import facts as t
from incident.values import Location
from tests.incident.given import MINUTE, T0, Given, opened
from tests.incident.make_alarms import PAGE, page

HERE = b.Shape(Location("Colnbrook by-pass", "TQ 0227 7759", 51.487, -0.530))
THERE = b.Shape(Location("A4 lay-by", "TQ 0402 7829", 51.494, -0.503))
A101 = r.Commitment("LAS/A101", "DCA", "AVB", crew_shift_end=T0 + 30 * MINUTE)
A204 = r.Commitment("SCAS/A204", "DCA", "AVB")


REACH = Reach("areas-1", ("SCAS", "LAS"), (Near("SCAS", 0), Near("LAS", 0), Near("EEAST", 4_000)), 900, 250)


def _with_areas(given: Given) -> Given:
    """As if the incident had been opened with that set of areas."""
    known = given.view.organisation
    known = msgspec.structs.replace(
        known, charter=msgspec.structs.replace(known.charter, areas_digest="areas-1")
    )
    given.view = msgspec.structs.replace(given.view, organisation=known)
    return given.by("LAS")


def _cover(given: Given) -> Given:
    return given.by("LAS").did(cv.Ask("SCAS", cv.Terms("Iver", HERE, T0, 60, "the M25 is shut")))


def kinds(given: Given) -> set[str]:
    return {alarm.kind for alarm in standing(given.view, given.now)}


def only(given: Given, kind: str) -> facts.Alarm:
    (found,) = (alarm for alarm in standing(given.view, given.now) if alarm.kind == kind)
    return found


def look(given: Given, agency: str = "LAS") -> Look:
    return Look(state=given.view, me=Actor("Sam", agency, "operator"), now=given.now, stream=given.stream)


@dataclass(frozen=True)
class Case:
    """How one kind of alarm comes about, and how it is cleared. `later` minutes pass before it is one."""

    rise: Callable[[Given], object]
    later: float
    clear: Callable[[Given], object]


def _two_rvps(given: Given) -> None:
    given.by("LAS").did(b.Propose("rvp", HERE)).by("SCAS").did(b.Propose("rvp", THERE))


def _crews(given: Given) -> None:
    _two_rvps(given)
    given.by("LAS").did(r.Commit((A101,))).did(r.Describe("LAS/A101", destination="RVP A"))
    given.by("SCAS").did(r.Commit((A204,))).did(r.Describe("SCAS/A204", destination="RVP B"))


def _two_leads(given: Given) -> None:
    given.by("LAS").did(o.OfferLead("SCAS", "their area")).by("SECAMB").did(o.OfferLead("SECAMB", "ours"))


def _two_places(given: Given) -> None:
    mark = given.mark()
    given.by("LAS").did(o.GiveLocation(HERE.place))
    given.by("SCAS").having_seen(mark).did(o.GiveLocation(THERE.place))


def _pick(given: Given) -> None:
    given.by("LAS", "tactical_commander").did(o.PickLocation(given.view.organisation.sightings[0].version))


def _first_feature(given: Given) -> str:
    return next(iter(given.view.boundaries.rows))


def _last_feature(given: Given) -> str:
    return next(reversed(given.view.boundaries.rows))


def _first_task(given: Given) -> str:
    return next(iter(given.view.tasks.rows))


def _declare(given: Given) -> Given:
    return given.by("LAS").did(o.Declare("LAS", "declared"))


def _two_counts(given: Given) -> None:
    mark = given.mark()
    given.by("LAS").did(k.Count("at_scene", k.Counts(p1=6)))
    given.by("SCAS").having_seen(mark).did(k.Count("at_scene", k.Counts(p1=8)))


def _tested(given: Given, *, worked: bool) -> Given:
    channel = next(iter(given.view.comms.channels))
    for agency in ("LAS", "SCAS", "SECAMB"):
        given.by(agency).did(x.TestChannel(channel, agency, worked))
    return given


def _ask(given: Given) -> Given:
    return given.by("LAS").did(
        a.Raise(lender="SCAS", terms=af.Terms(lines=(af.Line("DCA", 3),)), approve=True)
    )


def _request(given: Given) -> str:
    return next(reversed(given.view.mutual_aid.rows))


def _reply(given: Given, accepted: int) -> Given:
    said = a.LineReply(0, accepted, "" if accepted == 3 else "none to spare")
    return given.by("SCAS").did(a.Reply(_request(given), (said,)))


def _recalled(given: Given) -> None:
    _ask(given).by("SCAS").did(a.NameUnits(_request(given), (a.Sent("SCAS/A201", "DCA", 0, 18, 22, "AVB"),)))
    given.did(a.Mobilise(_request(given), ("SCAS/A201",))).did(a.ReachRvp(_request(given), ("SCAS/A201",)))
    given.by("LAS").did(a.TakeUnits(_request(given), ("SCAS/A201",)))
    given.by("SCAS").did(a.RequestRecall(_request(given), ("SCAS/A201",), "needed at home"))


def _twice(given: Given) -> None:
    """It cannot come about by any command, so the state is planted: the alarm is the last wall."""
    _ask(given).by("SCAS").did(a.NameUnits(_request(given), (a.Sent("SCAS/A201", "DCA", 0, 18, 22, "AVB"),)))
    first = given.view.mutual_aid.rows[_request(given)]
    second = msgspec.structs.replace(first, id="planted", number="LAS-A9")
    rows = {**given.view.mutual_aid.rows, "planted": second}
    state = msgspec.structs.replace(given.view.mutual_aid, rows=rows)
    given.view = msgspec.structs.replace(given.view, mutual_aid=state)


def _once(given: Given) -> None:
    rows = {key: row for key, row in given.view.mutual_aid.rows.items() if key != "planted"}
    state = msgspec.structs.replace(given.view.mutual_aid, rows=rows)
    given.view = msgspec.structs.replace(given.view, mutual_aid=state)


def _report(*, required: str = "", place: str = "M25 J15") -> m.Publish:
    services = (m.Service(required),) if required else ()
    return m.Publish(m.Report(Location(place), "rtc", required=services))


def _two_reports(given: Given) -> None:
    mark = given.mark()
    given.by("LAS").did(_report())
    given.by("SCAS").having_seen(mark).did(_report(place="M4 J4b"))


def _read_by(given: Given, *agencies: str) -> None:
    subject = m.subject(given.view.methane.versions[-1])
    for agency in agencies:
        given.by(agency).did(See((subject,)))


CASES = {
    "required_absent": Case(
        lambda g: g.by("LAS").did(_report(required="LFB")),
        5,
        lambda g: g.did(m.Publish(m.Report(Location("M25 J15"), "rtc", present=(m.Service("LFB"),)))),
    ),
    "methane_unread": Case(lambda g: g.by("LAS").did(_report()), 2, lambda g: _read_by(g, "SCAS", "SECAMB")),
    "message_waits": Case(
        lambda g: g.by("LAS").did(ms.Send("gas", "SCAS", priority="critical")).did(ms.Send("tea", "SCAS")),
        3,
        lambda g: g.by("SCAS").did(Acknowledge((f"messages/{next(iter(g.view.messages.rows))}",))),
    ),
    "no_methane": Case(_declare, 3, lambda g: g.by("SCAS").did(_report())),
    "methanes_differ": Case(_two_reports, 0, lambda g: g.by("LAS").did(_report())),
    "methane_old": Case(lambda g: _declare(g).did(_report()), 15, lambda g: g.by("LAS").did(_report())),
    "provider_silent": Case(
        lambda g: _declare(g).did(o.Invite(("EVENTMED",))).by("EVENTMED").did(o.Join("event control")),
        10,
        lambda g: g.by("EVENTMED").did(_report()),
    ),
    "declared_silent": Case(
        _declare,
        3,
        lambda g: (
            g.by("SCAS").did(o.Declare("SCAS", "standby")).by("SECAMB").did(o.Declare("SECAMB", "declared"))
        ),
    ),
    "no_contact": Case(lambda g: None, 3, lambda g: g.by("LAS").did(o.NameContact("LAS", "EOC manager"))),
    "lead_disputed": Case(_two_leads, 0, lambda g: g.by("SECAMB").did(o.WithdrawLead(g.last))),
    "lead_unanswered": Case(
        lambda g: g.by("LAS").did(o.OfferLead("SCAS", "their area")),
        5,
        lambda g: g.by("SCAS").did(o.AcceptLead(g.view.organisation.lead_offer.id)),
    ),
    "location_disputed": Case(_two_places, 0, _pick),
    "rvps_differ": Case(
        _two_rvps, 0, lambda g: g.by("SCAS").did(b.Withdraw(_last_feature(g), "LAS has one"))
    ),
    "rvp_unagreed": Case(
        lambda g: g.by("LAS").did(b.Propose("rvp", HERE)),
        5,
        lambda g: g.by("SCAS").did(b.Agree(_first_feature(g))).by("SECAMB").did(b.Agree(_first_feature(g))),
    ),
    "no_rvp": Case(_declare, 5, lambda g: g.by("LAS").did(b.Propose("rvp", HERE))),
    "neighbour_untold": Case(
        lambda g: _with_areas(g).did(b.Propose("outer_cordon", b.Shape(HERE.place, 900.0), reach=REACH)),
        3,
        lambda g: g.by("LAS").did(o.TellAndOffer(("EEAST",))),
    ),
    "in_hazard": Case(
        lambda g: (
            g.by("LAS")
            .did(b.Propose("hot_zone", b.Shape(HERE.place, 300.0), scheme="fire"))
            .by("SCAS")
            .did(b.Propose("rvp", HERE))
        ),
        0,
        lambda g: g.by("SCAS").did(b.Move(_last_feature(g), THERE)),
    ),
    "cover_unanswered": Case(_cover, 5, lambda g: g.by("SCAS").did(cv.Accept(next(iter(g.view.cover.rows))))),
    "cover_ends": Case(
        lambda g: _cover(g).by("SCAS").did(cv.Accept(next(iter(g.view.cover.rows)))),
        46,
        lambda g: (
            g.by("LAS")
            .did(cv.Ask("SCAS", cv.Terms("Iver", HERE, T0 + 50 * MINUTE, 60, "still shut")))
            .by("SCAS")
            .did(cv.Accept(g.last))
        ),
    ),
    "cover_twice": Case(
        lambda g: (
            _cover(g)
            .by("SCAS")
            .did(cv.Accept(g.last))
            .by("LAS")
            .did(cv.Ask("SECAMB", cv.Terms("Iver", HERE, T0, 60, "the M25 is shut")))
            .by("SECAMB")
            .did(cv.Accept(g.last))
        ),
        0,
        lambda g: g.by("LAS").did(cv.End(next(iter(g.view.cover.rows)), "one is enough")),
    ),
    "crews_differ": Case(_crews, 0, lambda g: g.by("SCAS").did(r.Describe("SCAS/A204", destination="RVP A"))),
    "no_fcp": Case(_declare, 20, lambda g: g.by("LAS").did(b.Propose("fcp", HERE))),
    "no_zones": Case(
        _declare, 20, lambda g: g.by("LAS").did(b.Propose("inner_cordon", b.Shape(HERE.place, 500.0)))
    ),
    "review_due": Case(
        lambda g: g.by("LAS").did(b.Propose("rvp", HERE, review_due=T0 + 10 * MINUTE)),
        10,
        lambda g: g.by("LAS").did(b.Review(_first_feature(g), T0 + 90 * MINUTE)),
    ),
    "task_unanswered": Case(
        lambda g: g.by("LAS").did(t.Raise("Open the slip road", "SCAS", priority="urgent")),
        5.1,
        lambda g: g.by("SCAS").did(t.Accept(_first_task(g))),
    ),
    "task_overdue": Case(
        lambda g: g.by("LAS").did(t.Raise("Open the slip road", "SCAS", due=T0 + 10 * MINUTE)),
        11,
        lambda g: (
            g.by("SCAS")
            .did(t.Accept(_first_task(g)))
            .did(t.Begin(_first_task(g)))
            .did(t.Finish(_first_task(g)))
        ),
    ),
    "decision_review": Case(
        lambda g: g.by("LAS").did(lg.Decide("P3 by bus", "frees crews", review_at=T0 + 10 * MINUTE)),
        10,
        lambda g: g.by("LAS").did(lg.Review(next(iter(g.view.log.decisions)), "stands", "works")),
    ),
    "destination_unconfirmed": Case(
        lambda g: g.by("LAS").did(r.Commit((A101,))).did(r.Describe("LAS/A101", destination="RVP A")),
        3,
        lambda g: g.by("LAS").did(r.ConfirmDestination("LAS/A101", "RVP A")),
    ),
    "status_disputed": Case(
        lambda g: g.by("LAS").did(r.Commit((A101,))).by("SCAS").did(r.ReportStatus("LAS/A101", "SCN")),
        0,
        lambda g: g.by("LAS").later().did(r.SetStatus("LAS/A101", "MOB")),
    ),
    "shift_over": Case(
        lambda g: g.by("LAS").did(r.Commit((A101,))).did(r.SetStatus("LAS/A101", "MOB")),
        30,
        lambda g: g.by("LAS").did(r.Release("LAS/A101")),
    ),
    "no_specialist": Case(
        _declare, 10, lambda g: g.by("LAS").did(r.Commit((r.Commitment("LAS/H1", "HART", "AVB"),)))
    ),
    "role_vacant": Case(
        _declare,
        5,
        lambda g: [
            g.by("LAS").did(c.TakeRole("LAS", role, "Lee")) for role in ("tactical", "operational", "room")
        ],
    ),
    "counts_differ": Case(
        _two_counts,
        0,
        lambda g: g.by("LAS", "tactical_commander").did(
            k.PickCount("at_scene", disagreements(g.view)[0].rivals[0].version)
        ),
    ),
    "casualties_unexplained": Case(
        lambda g: (
            g.by("LAS").did(k.Count("total", k.Counts(p3=48))).did(k.Count("at_scene", k.Counts(p3=40)))
        ),
        5,
        lambda g: g.by("LAS").did(k.Count("en_route", k.Counts(p3=8))),
    ),
    "no_count": Case(_declare, 15, lambda g: g.by("LAS").did(k.Count("at_scene", k.Counts(p3=40)))),
    "no_hospital": Case(_declare, 10, lambda g: g.by("LAS").did(h.OpenPlaces(("WEXHAM",)))),
    "plan_draft": Case(
        lambda g: g.by("LAS").did(h.OpenPlaces(("WEXHAM",))),
        10,
        lambda g: g.by("LAS").did(h.DeclareCapacity("WEXHAM", 3, 6, 12)),
    ),
    "over_allocated": Case(
        lambda g: (
            g.by("LAS").did(h.OpenPlaces(("WEXHAM",))).did(h.Allocate("WEXHAM", "p1", 5, reason="nearest"))
        ),
        0,
        lambda g: g.by("LAS").did(h.DeclareCapacity("WEXHAM", p1=5)),
    ),
    "no_talkgroup": Case(_declare, 0, lambda g: g.by("LAS").did(x.SetLink("Control 1"))),
    "talkgroup_untested": Case(
        lambda g: g.by("LAS").did(x.SetLink("Control 1")), 5, lambda g: _tested(g, worked=True)
    ),
    "talkgroup_failed": Case(
        lambda g: _tested(g.by("LAS").did(x.SetLink("Control 1")), worked=False),
        0,
        lambda g: _tested(g, worked=True),
    ),
    "calls_unanswered": Case(
        lambda g: g.by("LAS").did(x.ReportUnanswered("SCAS")).later(1).did(x.ReportUnanswered("SCAS")),
        0,
        lambda g: g.by("LAS").did(x.ReportAnswered("SCAS")),
    ),
    "aid_unanswered": Case(_ask, 5, lambda g: _reply(g, accepted=3)),
    "aid_unfilled": Case(
        lambda g: _reply(_ask(g), accepted=0),
        0,
        lambda g: g.by("LAS").did(a.OfferNext(_request(g), "SECAMB")),
    ),
    "recall_unanswered": Case(
        _recalled, 0, lambda g: g.by("LAS").did(a.AgreeRecall(_request(g), ("SCAS/A201",)))
    ),
    "promised_twice": Case(_twice, 0, _once),
    "glass_broken": Case(
        lambda g: g.system().did(
            d.RecordGlass("SCAS", "R Osei", "K Dale", "operator", "no sign-in", g.now + 1)
        ),
        0,
        lambda g: [
            g.by(agency).did(facts.Acknowledge((f"glass/{next(iter(g.view.delegation.glass))}",)))
            for agency in ("LAS", "SCAS", "SECAMB")
        ],
    ),
    "no_humanitarian": Case(
        _declare,
        30,
        lambda g: g.by("LAS").did(t.Raise("Open a rest centre", "SCAS", category="humanitarian")),
    ),
}


def test_every_kind_has_a_case_a_lesson_and_a_verb_that_exists() -> None:
    assert set(CASES) == set(FINDER.kinds)
    boards = {board.name: {verb.name for verb in board.verbs} for board in INCIDENT.boards}
    for kind in FINDER.kinds.values():
        assert kind.lessons, kind.name
        assert set(kind.lessons) <= set(LESSONS), kind.name
        known = boards[kind.board] | {"acknowledge"}  # the app's own, on every board
        assert kind.verb in known, f"{kind.name}: {kind.board} has no verb {kind.verb}"


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run: python -m tests.incident.make_alarms"


@pytest.mark.parametrize("name", CASES)
def test_it_rises_and_clears(name: str) -> None:
    case = CASES[name]
    given = opened()
    if name != "no_contact":
        assert name not in kinds(given)
    case.rise(given)
    if case.later:
        assert name not in kinds(given), "it is one before its time"
    given.later(case.later)
    assert name in kinds(given)
    alarm = next(one for one in standing(given.view, given.now) if one.kind == name)
    assert alarm.since <= given.now
    assert alarm.words
    assert not alarm.words[0].islower()
    case.clear(given)
    assert name not in kinds(given)


def test_what_a_person_acknowledges_stays_listed_and_is_on_record() -> None:
    given = opened()
    _two_rvps(given)
    alarm = only(given, "rvps_differ")
    given.by("SECAMB").did(facts.Acknowledge((alarm.key,)))
    assert given.line().text == "acknowledges the alarm: Two rendezvous points: RVP A of LAS, RVP B of SCAS"
    assert only(given, "rvps_differ") == alarm
    assert heard_by(alarms(given.view), alarm, "SECAMB") is not None
    assert heard_by(alarms(given.view), alarm, "LAS") is None
    given.when(facts.Acknowledge((alarm.key,))).nothing()


def test_all_at_once_names_each_in_the_log() -> None:
    given = _declare(opened()).later(60)
    found = standing(given.view, given.now)
    assert len(found) > 12
    given.did(facts.Acknowledge(tuple(alarm.key for alarm in found), f"{len(found)} alarms"))
    assert given.line().text.startswith(f"acknowledges {len(found)} alarms: ")
    assert all(alarm.words in given.line().text for alarm in found)


def test_an_acknowledgement_of_what_has_gone_meanwhile_lands_all_the_same() -> None:
    given = opened()
    _two_rvps(given)
    alarm = only(given, "rvps_differ")
    CASES["rvps_differ"].clear(given)
    given.by("SECAMB").did(facts.Acknowledge((alarm.key,), alarm.words))
    assert alarm.words in given.line().text
    given.by("SCAS").did(facts.Acknowledge((alarm.key,)))
    assert given.line().text == "acknowledges an alarm whose cause had gone", "a key says nothing to a reader"


def test_many_drafts_are_one_alarm_and_too_many_counted_says_by_how_many() -> None:
    given = opened().did(h.OpenPlaces(("WEXHAM", "EALING", "HILLINGDON", "STMARYS"))).later(10)
    assert only(given, "plan_draft").words == "Room by a draft plan: Ealing, Hillingdon, St Mary's and 1 more"
    given.did(k.Count("total", k.Counts(p3=4))).did(k.Count("at_scene", k.Counts(p3=6))).later(5)
    assert only(given, "casualties_unexplained").words == "2 more casualties counted than expected"


def test_the_number_of_a_methane_is_what_is_expected_until_somebody_counts_the_total() -> None:
    given = opened()
    report = m.Report(Location("M25"), "rtc", total=48)
    given.did(m.Publish(report))
    assert "casualties_unexplained" not in kinds(given.later(6)), "nothing was counted: nothing to compare"
    given.did(k.Count("at_scene", k.Counts(p3=40))).later(5)
    assert only(given, "casualties_unexplained").words == "8 casualties are in no count"
    given.did(k.Count("total", k.Counts(altogether=40)))
    assert "casualties_unexplained" not in kinds(given)


def test_an_alarm_that_comes_back_asks_again() -> None:
    given = opened()
    case = CASES["destination_unconfirmed"]
    case.rise(given)
    given.later(3)
    first = only(given, "destination_unconfirmed")
    given.by("LAS").did(facts.Acknowledge((first.key,)))
    case.clear(given)
    given.later().did(r.Describe("LAS/A101", destination="RVP B")).later(3)
    again = only(given, "destination_unconfirmed")
    assert heard_by(alarms(given.view), again, "LAS") is None


def test_an_agency_that_is_not_concerned_says_so_once() -> None:
    given = _declare(opened()).later(3)
    mine = next(a for a in standing(given.view, given.now) if a.key == "silent/SCAS")
    given.by("LAS").did(facts.Acknowledge((mine.key,)))
    assert mine in standing(given.view, given.now), "only SCAS can answer for SCAS"
    given.by("SCAS").did(facts.Acknowledge((mine.key,)))
    assert mine not in standing(given.view, given.now)


def test_crews_of_one_agency_stand_in_one_alarm() -> None:
    units = tuple(r.Commitment(f"LAS/A{100 + n}", "DCA", "AVB", destination="RVP A") for n in range(12))
    given = opened().by("LAS").did(r.Commit(units)).later(3)
    alarm = only(given, "destination_unconfirmed")
    assert alarm.words.startswith("LAS/A100, LAS/A101, LAS/A102, LAS/A103 and 8 more have not confirmed")
    assert alarm.agencies == ("LAS",)


def test_a_closed_incident_has_no_alarms() -> None:
    given = opened()
    _two_rvps(given)
    given.by("LAS").did(o.Close("over"))
    assert standing(given.view, given.now) == ()


def test_when_one_thing_changes_only_the_rules_that_read_it_look_anew() -> None:
    finder = Finder(FINDER.rules)
    given = opened().by("LAS").did(r.Commit((A101,)))
    finder.now(given.view, given.now)
    asked = finder.asked
    finder.now(given.view, given.now + 99 * MINUTE)
    assert finder.asked == asked, "time alone asks no rule"
    given.did(r.SetStatus("LAS/A101", "MOB"))
    finder.now(given.view, given.now)
    assert 0 < finder.asked - asked < len(finder.rules)


def test_the_next_moment_is_known() -> None:
    given = _declare(opened())
    coming = FINDER.next(given.view, given.now)
    assert coming == T0 + 3 * MINUTE
    assert kinds(given) == {"no_talkgroup"}, "which a declaration asks for at once"


def test_the_board_lists_what_is_ours_first_and_counts_what_we_have_not_heard_of() -> None:
    (board,) = (board for board in INCIDENT.boards if board.name == "alarms")
    given = opened()
    _two_rvps(given)
    given.by("LAS").did(t.Raise("Open the slip road", "SCAS", priority="immediate")).later(6)
    seen = look(given, "SCAS")
    rows = board.rows(seen)
    assert board.rows(look(given, "SCAS")).keys() == rows.keys()
    assert all(again is row for again, row in zip(board.rows(seen).values(), rows.values(), strict=True))
    assert board.alarm is not None
    before = board.alarm(seen)
    key = next(key for key, row in rows.items() if row.alarm.kind == "rvps_differ")
    verb = next(verb for verb in board.verbs if verb.name == "acknowledge")
    given.by("SCAS").did(verb.build(rows[key], {}, seen))
    assert board.alarm(look(given, "SCAS")) == before - 1
    texts = [cell.text for _, cell in board.detail(rows[key], seen)]
    assert any("Manchester" in text for text in texts)


def test_what_is_remembered_is_bounded() -> None:
    state = facts.Alarms()
    given = opened()
    record = given.records[-1]
    from incident.alarms.rules import evolve  # noqa: PLC0415 - beside its only use

    for n in range(facts.ACKNOWLEDGED_MAX + 10):
        state = evolve(
            state,
            facts.Acknowledged((f"alarm/{n}",), ""),
            msgspec.structs.replace(record, seq=n + 1, written_at=T0 + n, recorded_at=T0 + n),
        )
    assert len(state.heard) == facts.ACKNOWLEDGED_MAX
    assert "alarm/9" not in state.heard


# -- it stays the same one while it is the same thing --------------------------------------------------------------


def _heard(given: Given, kind: str) -> Given:
    for alarm in standing(given.view, given.now):
        if alarm.kind == kind:
            given.did(facts.Acknowledge((alarm.key,)))
    return given


def _unheard(given: Given, kind: str, agency: str = "LAS") -> list[str]:
    found = standing(given.view, given.now)
    return [a.words for a in found if a.kind == kind and heard_by(alarms(given.view), a, agency) is None]


def test_when_one_crew_has_answered_the_others_do_not_ring_again() -> None:
    given = opened().by("LAS")
    for number in range(3):
        one = r.Commitment(f"LAS/A{100 + number}", "DCA", "AVB", destination="RVP A")
        given.did(r.Commit((one,))).later(0.25)
    _heard(given.later(3), "destination_unconfirmed")
    given.did(r.ConfirmDestination("LAS/A100", "RVP A"))
    assert only(given, "destination_unconfirmed").words.startswith("LAS/A101, LAS/A102 have not confirmed")
    assert _unheard(given, "destination_unconfirmed") == []


def test_when_one_vacant_role_is_filled_the_others_do_not_ring_again_and_one_given_up_does() -> None:
    given = _heard(_declare(opened()).later(5), "role_vacant")
    given.did(c.TakeRole("LAS", "tactical", "J Smith"))
    assert (
        only(given, "role_vacant").words
        == "LAS has no operational commander and no control room duty manager"
    )
    assert _unheard(given, "role_vacant") == []
    given.later(1).did(c.GiveUpRole("LAS", "tactical", "end of shift")).later(5)
    assert _unheard(given, "role_vacant") == ["LAS has no tactical commander"]


def test_a_hospital_that_is_over_does_not_ring_again_for_each_that_leaves_or_comes() -> None:
    given = opened().did(h.OpenPlaces(("WEXHAM",))).did(h.Allocate("WEXHAM", "p1", 9, reason="nearest"))
    hold = given.last
    _heard(given.later(1), "over_allocated")
    given.later(1).did(h.Convey("WEXHAM", hold)).later(1).did(h.Arrive("WEXHAM", hold))
    assert _unheard(given, "over_allocated") == []
    given.later(1).did(h.Allocate("WEXHAM", "p1", 1, reason="nearest"))
    assert len(_unheard(given, "over_allocated")) == 1, "one more is news"


def test_a_further_crew_on_its_way_to_one_of_two_points_is_nothing_new() -> None:
    given = opened()
    _crews(given)
    _heard(given.by("LAS").later(1), "crews_differ")
    given.later(1).did(r.Commit((r.Commitment("LAS/A102", "DCA", "AVB", destination="RVP A"),)))
    assert "LAS/A102" in only(given, "crews_differ").words
    assert _unheard(given, "crews_differ") == []


def test_two_rooms_find_the_same_alarms_however_their_state_came() -> None:
    given = opened().by("LAS").did(r.Commit((A101,)))
    for agency, status in (("SECAMB", "SCN"), ("SCAS", "HOS")):
        given.later(1).by(agency).did(r.ReportStatus("LAS/A101", status))
    given.later(1).by("SCAS").did(o.Declare("SCAS", "declared"))
    given.later(1).by("LAS").did(o.Declare("LAS", "declared"))
    given.later(10)
    room = INCIDENT.restore(INCIDENT.snapshot(given.view))
    assert Finder(FINDER.rules).now(room, given.now) == standing(given.view, given.now)
    assert "SCAS at hospital" in only(given, "status_disputed").words
    assert only(given, "declared_silent").words.startswith("SCAS has declared")


def test_an_alarm_is_one_line_whatever_was_written() -> None:
    given = opened().did(ms.Send("word\n" * 190, "SCAS", priority="urgent")).later(3)
    words = only(given, "message_waits").words
    assert len(words) == 200
    assert words.endswith("…")
    assert "\n" not in words


def test_nobody_waits_for_an_agency_that_has_left() -> None:
    given = opened().did(ms.Send("the A4 is shut", "SECAMB", priority="urgent")).later(3)
    assert "message_waits" in kinds(given)
    given.by("SECAMB", "tactical_commander").did(o.Leave("not needed"))
    assert "message_waits" not in kinds(given)


def test_a_guest_can_clear_what_waits_for_it_alone() -> None:
    """A medical provider at an event has few rights, but an alarm that nobody can clear is soon looked at by nobody."""
    given = _declare(opened("EVENTMED")).did(x.SetLink("ICC-1")).did(b.Propose("rvp", HERE)).later(30)
    its = {alarm.kind for alarm in standing(given.view, given.now) if alarm.agencies == ("EVENTMED",)}
    assert its == {"declared_silent", "talkgroup_untested", "rvp_unagreed"}
    for alarm in standing(given.view, given.now):
        given.by("EVENTMED", "guest").did(facts.Acknowledge((alarm.key,)))
    given.did(x.TestChannel(control_room_link(given.view).id, "EVENTMED", True))  # type: ignore[union-attr]
    given.did(b.Agree(_first_feature(given)))
    left = standing(given.view, given.now)
    assert not [alarm.words for alarm in left if alarm.agencies == ("EVENTMED",)]
    given.when(x.TestChannel(next(iter(given.view.comms.channels)), "LAS", True)).refused("no_grant")
    given.when(b.Propose("rvp", THERE)).refused("no_grant")
