"""Mutual aid: from the request to the last unit home; no unit is promised twice, and nobody answers for another."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from incident.kernel.board import Look
from incident.kernel.claims import ClaimTable
from incident.kernel.ledger import Ledger, Proposal
from incident.kernel.receipts import Acknowledge, Deliver, See
from incident.kernel.replica import Replica
from incident.kernel.slice import Actor, Conflict, Offline, Refusal
from incident.mutual_aid import BOARD, mutual_aid, promised_twice, to_answer, unanswered
from incident.mutual_aid import commands as c
from incident.mutual_aid import events as e
from incident.mutual_aid import facts as f
from incident.organisation import parties
from incident.organisation.facts import AgenciesInvited, Close, Leave, Open, TakeBackInvitation
from incident.resources import facts as r
from incident.resources import held_keys, resources
from incident.state import INCIDENT
from incident.values import Location
from tests.incident.given import INCIDENT_STREAM, MINUTE, T0, Given, charter, opened

A201, A202, H1 = "SCAS/A201", "SCAS/A202", "SCAS/H1"
OTHER_STREAM = "incident/01a80000-0000-7000-8000-000000000002"
RVP = f.Rvp("RVP B", "", Location("Colnbrook by-pass"))
TERMS = f.Terms(
    lines=(f.Line("DCA", 3), f.Line("HART", 1, "water")),
    needed_by=T0 + 50 * MINUTE,
    rvp=RVP,
    talkgroup="IC01",
    methane=2,
)
SENT = (
    c.Sent(A201, "DCA", 0, 18, 22, "AVB", T0 - 60 * MINUTE, "Slough", T0 + 300 * MINUTE),
    c.Sent(A202, "DCA", 0, 20, 25, "AVB"),
)


def asked(terms: f.Terms = TERMS, **more: Any) -> Given:
    """LAS has asked SCAS; the next to write is SCAS."""
    return opened().did(c.Raise(lender="SCAS", terms=terms, approve=True, **more)).by("SCAS")


def only(given: Given) -> f.Request:
    return list(mutual_aid(given.view).rows.values())[-1]


def named(units: tuple[c.Sent, ...] = SENT, **more: Any) -> Given:
    """SCAS has named its units; the next to write is SCAS."""
    given = asked(**more)
    return given.did(c.NameUnits(only(given).id, units))


def committed() -> Given:
    """Both units of SCAS are under the command of LAS, which is the next to write."""
    given = named()
    id_ = only(given).id
    given.did(c.Mobilise(id_, (A201, A202))).later(20).did(c.ReachRvp(id_, (A201, A202)))
    return given.by("LAS").did(c.TakeUnits(id_, (A201, A202)))


def lines(given: Given, count: int) -> list[str]:
    return [given.line(-n).text for n in range(count, 0, -1)]


def states(given: Given) -> dict[str, str]:
    return {key: unit.state for key, unit in only(given).units.items()}


def look(given: Given, agency: str, register: Any = None, **more: Any) -> Look:
    registers = {} if register is None else {agency: register}
    return Look(
        given.view,
        Actor("Sam", agency, "operator"),
        given.now,
        INCIDENT_STREAM,
        registers=registers,
        charter=charter(),
        clock=lambda at: f"{at // MINUTE % 1440 // 60:02}:{at // MINUTE % 60:02}",
        **more,
    )


def cell(given: Given, agency: str, column: str) -> str:
    found = next(one for one in BOARD.columns if one.name == column)
    return found.cell(only(given), look(given, agency)).text


# -- the whole path -------------------------------------------------------------------------------------------


def test_three_ambulances_from_the_request_to_home() -> None:
    given = asked()
    request = only(given)
    assert (request.number, request.state, request.approved_by) == ("LAS-A1", "sent", "Sam, operator")
    assert given.line().text == (
        "asks SCAS for 3 DCA, 1 HART (water) by 14:50 UTC at RVP B (LAS-A1). Hazards not known."
    )
    offer = (f.offer_subject(request),)
    assert INCIDENT.addressed(given.view, "SCAS")[-1:] == offer
    given.did(Deliver(offer)).later(1).did(See(offer)).did(Acknowledge(offer))
    assert cell(given, "LAS", "told") == "acknowledged 14:01"
    given.did(c.NameUnits(request.id, SENT))
    assert lines(given, 3) == [
        "accepts 2 of 3 DCA for LAS-A1: SCAS/A201, SCAS/A202, at RVP in 18-25 min",
        "commits SCAS/A201 (DCA) to RVP B, available. Reason: mutual aid LAS-A1.",
        "commits SCAS/A202 (DCA) to RVP B, available. Reason: mutual aid LAS-A1.",
    ]
    given.did(c.Reply(request.id, (c.LineReply(1, reason="both teams are out"),)))
    assert given.line().text == "declines 1 HART for LAS-A1. Reason: both teams are out."
    assert only(given).state == "part"
    given.did(c.Mobilise(request.id, (A201, A202)))
    assert resources(given.view).units[A201].status == "MOB"
    given.later(20).by("LAS").did(c.ReachRvp(request.id, (A201, A202)))
    assert resources(given.view).units[A201].status == "RVP"
    given.did(c.TakeUnits(request.id, (A201, A202)))
    assert lines(given, 3) == [
        "takes SCAS/A201, SCAS/A202 under its control for LAS-A1",
        "takes control of SCAS/A201 from SCAS",
        "takes control of SCAS/A202 from SCAS",
    ]
    unit = resources(given.view).units[A201]
    assert (unit.home, unit.controlling, unit.commitment) == (
        "SCAS",
        "LAS",
        only(given).units[A201].commitment,
    )
    given.by("SCAS").later(60).did(c.RequestRecall(request.id, (A202,), "cover in Slough"))
    given.by("LAS").did(c.AgreeRecall(request.id, (A202,)))
    given.did(c.ReleaseUnits(request.id, (A201,), "enough here"))
    assert lines(given, 3) == [
        "releases SCAS/A201 from LAS-A1. Reason: enough here.",
        "gives control of SCAS/A201 back to SCAS",
        "SCAS/A201 returning",
    ]
    given.by("SCAS").later(30).did(c.BringHome(request.id, (A201, A202), "64 miles, 2 oxygen"))
    assert lines(given, 3)[0] == "books SCAS/A201, SCAS/A202 home from LAS-A1. 64 miles, 2 oxygen."
    assert resources(given.view).units == {}
    given.by("LAS").did(c.Close(request.id))
    request = only(given)
    assert request.state == "closed"
    unit_times = request.units[A202]
    assert (unit_times.mobilised_at, unit_times.at_rvp_at, unit_times.home_at) == (
        T0 + MINUTE, T0 + 21 * MINUTE, T0 + 111 * MINUTE,
    )  # fmt: skip
    given.check()


# -- asking ---------------------------------------------------------------------------------------------------


def test_a_number_is_the_requesters_own_and_a_room_cut_off_has_none_yet() -> None:
    given = asked().by("SECAMB").did(c.Raise(lender="SCAS", terms=TERMS))
    assert only(given).number == "SECAMB-A1"
    assert only(given.by("LAS").did(c.Raise(lender="SECAMB", terms=TERMS))).number == "LAS-A2"
    replica = Replica(INCIDENT, INCIDENT_STREAM, Actor("Sam", "LAS", "operator"), charter())
    replica.restore(None, given.records, ())
    replica.submit(given.submit(c.Raise(lender="SCAS", terms=TERMS, approve=True)))
    assert list(mutual_aid(replica.projected).rows.values())[-1].number == "LAS-A?"


def test_who_may_not_approve_can_ask_and_waits_for_somebody_who_may() -> None:
    roles = dict(charter().roles)
    row = roles["operator"]
    roles["operator"] = msgspec.structs.replace(
        row, own=tuple(grant for grant in row.own if not grant.startswith("mutual_aid.approve"))
    )
    given = Given(INCIDENT, charter_=msgspec.structs.replace(charter(), roles=roles)).by("LAS")
    given.did(Open("Coach", "exercise"))
    given.when(c.RaiseInviting(lender="SCAS", terms=TERMS, approve=True)).refused(
        "no_grant", grant="mutual_aid.approve"
    )
    given.did(c.Raise(lender="SCAS", terms=TERMS))
    assert parties(given.view) == ("LAS",), "nobody is asked, so nobody becomes party"
    assert given.line().text.startswith("wants to ask SCAS for 3 DCA, 1 HART (water) by 14:50 UTC at RVP B")
    assert to_answer(only(given), "LAS")
    given.when(c.ApproveInviting(only(given).id)).refused("no_grant")
    given.by("LAS", "tactical_commander", "Ann").when(c.Approve(only(given).id)).refused("not_party")
    given.when(c.ApproveInviting(only(given).id)).then(
        e.Approved(only(given).id, "SCAS"), AgenciesInvited(("SCAS",))
    )
    given.did(c.ApproveInviting(only(given).id))
    request = only(given)
    assert (request.state, request.person, request.approved_by) == ("sent", "Sam", "Ann, tactical_commander")
    shown = {title: cell.text for title, cell in BOARD.detail(request, look(given, "LAS"))}
    assert shown["approved"].endswith(" by Ann, tactical commander"), "a role as people say it"
    given.when(c.Approve(request.id)).nothing()


def test_approval_is_of_what_was_seen() -> None:
    given = opened().did(c.Raise(lender="SCAS", terms=TERMS))
    mark = given.mark()
    given.did(c.Amend(only(given).id, msgspec.structs.replace(TERMS, talkgroup="IC09")))
    given.having_seen(mark).when(c.Approve(only(given).id)).refused("changed_since", conflict=True)


def test_being_asked_makes_a_trust_party_and_a_trust_driven_through_is_told() -> None:
    given = opened("SCAS")
    ask = {"lender": "SWASFT", "terms": TERMS, "approve": True, "transit": ("SECAMB", "SCAS")}
    refusal = given.when(c.Raise(**ask)).refused("not_party")
    assert refusal.sentence.startswith("SWASFT, SECAMB is not party")
    given.did(c.RaiseInviting(**ask))
    assert parties(given.view) == ("LAS", "SCAS", "SWASFT", "SECAMB")
    assert given.line(-2).text.endswith("Hazards not known. Through the area of SECAMB, SCAS.")
    notice = f.transit_subject(only(given))
    for agency in ("SECAMB", "SCAS"):
        assert notice in INCIDENT.addressed(given.view, agency)
    given.by("SCAS").did(See((notice,)))
    assert given.line().text == "seen by SCAS: the notice of transit for LAS-A1"
    given.by("SCAS").when(c.Reply(only(given).id, (c.LineReply(0, 1),))).refused("no_grant")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"lender": "LAS"}, "own_agency"),
        ({"lender": "NOBODY"}, "unknown_agency"),
        ({"next": ("NOBODY",)}, "unknown_agency"),
        ({"terms": f.Terms(lines=(f.Line("SLEIGH", 1),))}, "unknown_kind"),
        ({"lender": "WMAS"}, "not_party"),
    ],
)
def test_what_cannot_be_asked(change: dict[str, Any], code: str) -> None:
    opened().when(c.Raise(**{"lender": "SCAS", "terms": TERMS, "approve": True, **change})).refused(code)


def test_a_closed_incident_asks_for_nothing() -> None:
    opened().did(Close()).when(c.Raise(lender="SCAS", terms=TERMS)).refused("closed")


@pytest.mark.parametrize("bad", [0, 61])
def test_numbers_have_bounds(bad: int) -> None:
    answer = opened().when(c.Raise(lender="SCAS", terms=f.Terms(lines=(f.Line("DCA", bad),))))
    answer.refused("bad_shape")


def test_a_new_edition_is_read_anew_and_the_earlier_one_is_kept() -> None:
    given = named()
    assert f.offer_subject(only(given)) not in INCIDENT.addressed(given.view, "SCAS"), "it has answered"
    later = msgspec.structs.replace(TERMS, needed_by=T0 + 70 * MINUTE, talkgroup="IC02")
    given.by("LAS").later(5).did(c.Amend(only(given).id, later))
    request = only(given)
    assert given.line().text == "changes LAS-A1: needed by is now 15:10 UTC; talkgroup is now IC02"
    assert (request.edition, request.earlier) == (
        2,
        (f.Earlier(1, T0 + 5 * MINUTE, TERMS.lines, T0 + 50 * MINUTE, "RVP B", "IC01"),),
    )
    assert f.offer_subject(request) in INCIDENT.addressed(given.view, "SCAS")
    given.when(c.Amend(request.id, later)).nothing()
    more = msgspec.structs.replace(later, lines=(f.Line("DCA", 9),))
    given.when(c.Amend(request.id, more)).refused("illegal_step")
    given.by("SCAS").when(c.Amend(request.id, TERMS)).refused("no_grant")


def test_two_rooms_that_change_it_at_once_do_not_undo_each_other() -> None:
    given = asked().by("LAS")
    mark = given.mark()
    given.did(c.Amend(only(given).id, msgspec.structs.replace(TERMS, talkgroup="IC02")))
    other = c.Amend(only(given).id, msgspec.structs.replace(TERMS, hazards="fuel on the road"))
    given.having_seen(mark).when(other).refused("changed_since", conflict=True, edition="2")


# -- answering ------------------------------------------------------------------------------------------------


def test_the_answer_is_line_by_line_and_no_is_said_with_a_reason() -> None:
    given = asked()
    id_ = only(given).id
    given.when(c.Reply(id_, (c.LineReply(1),))).refused("reason_needed")
    given.when(c.Reply(id_, (c.LineReply(2, 1),))).refused("no_such_line")
    given.did(c.Reply(id_, (c.LineReply(0, 2, "one is off the road"), c.LineReply(1, 0, "out at Reading"))))
    assert given.line().text == (
        "accepts 2 of 3 DCA, declines 1 HART for LAS-A1. Reason: one is off the road; out at Reading."
    )
    assert (only(given).state, only(given).replied_by) == ("part", "Sam, operator")
    answer = f.reply_subject(only(given))
    assert answer in INCIDENT.addressed(given.view, "LAS")
    given.by("LAS").did(Deliver((answer,)))
    assert given.line().text == "delivered to LAS: the answer to LAS-A1"
    given.by("SECAMB").when(c.Reply(id_, (c.LineReply(0, 3),))).refused("no_grant")


def test_all_accepted_all_declined_and_said_twice() -> None:
    given = asked()
    whole = c.Reply(only(given).id, (c.LineReply(0, 3), c.LineReply(1, 1)))
    given.did(whole)
    assert only(given).state == "accepted"
    given.when(whole).nothing()
    given.did(c.Reply(only(given).id, (c.LineReply(0, 0, "REAP 4"), c.LineReply(1, 0, "REAP 4"))))
    assert only(given).state == "declined"
    assert only(given).since == given.now
    assert unanswered(only(given), given.now)


def test_something_else_is_offered_and_the_requester_takes_it_or_not() -> None:
    given = asked()
    id_ = only(given).id
    offer = c.Reply(id_, (c.LineReply(0, counter=f.Counter("RRV", 2, 15, "paramedics")), c.LineReply(1, 1)))
    given.did(offer)
    assert given.line().text == (
        "offers 2 RRV in 15 min (paramedics) instead of 3 DCA, accepts 1 HART for LAS-A1"
    )
    mark = given.mark()
    given.by("LAS").did(c.AnswerCounter(id_, accept=False, reason="must convey"))
    assert given.line().text == "does not take what is offered instead for LAS-A1. Reason: must convey."
    assert only(given).state == "part"
    answer = only(given).answers[0]
    assert (answer.not_taken, answer.reason) == (f.Counter("RRV", 2, 15, "paramedics"), "must convey")
    seen = {title: cell.text for title, cell in BOARD.detail(only(given), look(given, "LAS"))}
    assert seen["line 1"].endswith(": offered 2 RRV in 15 min (paramedics), not taken: must convey"), (
        "a refusal of ours is not put in their mouth"
    )
    given.having_seen(mark).when(c.AnswerCounter(id_, accept=True)).refused("stale", conflict=True)
    given.by("SCAS").did(offer).by("LAS").did(c.AnswerCounter(id_, accept=True))
    request = only(given)
    assert request.state == "accepted"
    assert request.answers[0] == f.Answer(0, "RRV", 2, 2)
    given.when(c.AnswerCounter(id_, accept=True)).refused("illegal_step")


def test_nobody_answered_in_time() -> None:
    given = asked(next=("LAS", "SCAS", "SECAMB"))
    id_, offer = only(given).id, only(given).offer
    (due,) = (due for due in INCIDENT.due(given.view, given.now) if "aid" in due.key)
    assert (due.at, due.command) == (T0 + 10 * MINUTE, c.Expire(id_, offer))
    given.later(9).system().when(due.command).refused("too_early")
    given.by("SCAS").when(due.command).refused("no_grant")
    assert cell(given, "LAS", "state") == "▲ sent", "half of the time has gone"
    given.system().later(1).did(due.command)
    assert given.line().text == "no answer from SCAS to LAS-A1 in 10 min. Next: SECAMB."
    assert [due for due in INCIDENT.due(given.view, given.now) if "aid" in due.key] == []
    given.when(due.command).nothing()
    given.by("LAS").did(c.OfferNext(id_, "SECAMB"))
    request = only(given)
    assert (request.state, request.lender, request.asked[0].outcome) == ("sent", "SECAMB", "expired")
    assert given.line().text == "asks SECAMB instead of SCAS for LAS-A1"
    given.by("SCAS").when(c.Reply(id_, (c.LineReply(0, 3),))).refused("no_grant")
    given.system().when(due.command).nothing()
    given.by("SECAMB").did(c.Reply(id_, (c.LineReply(0, 3), c.LineReply(1, 1))))
    assert only(given).state == "accepted"


def test_a_late_answer_is_better_than_none() -> None:
    given = asked().later(10)
    given.system().did(c.Expire(only(given).id, only(given).offer))
    given.by("SCAS").did(c.NameUnits(only(given).id, SENT))
    assert only(given).state == "part"


def test_the_rest_is_asked_of_another_trust_in_a_request_of_its_own() -> None:
    given = named(next=("SECAMB",))
    first = only(given).id
    given.by("LAS").when(c.OfferNext(first, "SWASFT")).refused("not_party")
    given.did(c.OfferNextInviting(first, "SWASFT"))
    assert "SWASFT" in parties(given.view)
    one, two = mutual_aid(given.view).rows.values()
    assert (one.state, one.passed_on, one.lender) == ("accepted", "SWASFT", "SCAS")
    assert (two.number, two.lender, two.state, two.follows) == ("LAS-A2", "SWASFT", "sent", first)
    assert two.terms.lines == (f.Line("DCA", 1), f.Line("HART", 1, "water"))
    assert two.terms.rvp == RVP
    assert given.line(-3).text.startswith(
        "asks SWASFT for 1 DCA, 1 HART (water) by 14:50 UTC at RVP B (LAS-A2, for "
    )
    given.when(c.OfferNext(first, "SECAMB")).refused("illegal_step")


# -- no unit twice ------------------------------------------------------------------------------------------------


def test_two_requests_cannot_count_on_one_unit() -> None:
    given = named()
    given.by("SECAMB").did(c.Raise(lender="SCAS", terms=TERMS, approve=True)).by("SCAS")
    refusal = given.when(c.NameUnits(only(given).id, SENT[:1])).refused(
        "already_committed", conflict=True, unit=A201
    )
    assert refusal.sentence == "SCAS/A201 is promised already: it is named for LAS-A1 of LAS."
    assert promised_twice(mutual_aid(given.view)) == ()
    first = next(iter(mutual_aid(given.view).rows))
    given.did(c.BringHome(first, (A201,), "flat tyre")).did(c.NameUnits(only(given).id, SENT[:1]))
    assert resources(given.view).units[A201].reason == "mutual aid SECAMB-A1"


def proposed(ledger: Ledger, writer: Given, command: Any, n: int) -> Any:
    writer.count = 100 + n
    return ledger.propose(writer.actor, writer.submit(command), writer.now, f"{n:032x}")


def test_two_incidents_race_for_one_unit_and_one_wins() -> None:
    table = ClaimTable()
    here = asked()
    there = Given(INCIDENT, OTHER_STREAM).by("SECAMB").did(Open("Gatwick", "exercise"))
    there.did(c.RaiseInviting(lender="SCAS", terms=TERMS, approve=True)).by("SCAS")
    ledgers = []
    for given in (here, there):
        ledger = Ledger(INCIDENT, given.stream, table, charter())
        ledger.load(given.records)
        ledgers.append(ledger)
    won = proposed(ledgers[0], here, c.NameUnits(only(here).id, SENT), 1)
    assert isinstance(won, Proposal)
    assert [claim.key for claim in won.claims] == ["exercise/unit/SCAS/A201", "exercise/unit/SCAS/A202"]
    lost = proposed(ledgers[1], there, c.NameUnits(only(there).id, SENT[1:]), 2)
    assert isinstance(lost, Refusal)
    assert (lost.code, lost.facts["held_by"], lost.conflict) == ("claim_held", INCIDENT_STREAM, True)
    again = proposed(ledgers[0], here, c.NameUnits(only(here).id, SENT[1:]), 3)
    assert isinstance(again, Refusal), "nor once more here, before the first is on the disk"
    assert again.conflict


def test_two_desks_of_the_lender_that_name_at_once_do_not_send_too_many() -> None:
    given = asked()
    mark = given.mark()
    given.did(c.NameUnits(only(given).id, SENT[:1]))
    given.having_seen(mark).when(c.NameUnits(only(given).id, SENT[1:])).refused("stale", conflict=True)


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (c.Sent("LAS/A101", "DCA", 0), "not_yours"),
        (c.Sent(A201, "DCA", 2), "no_such_line"),
        (c.Sent(A201, "SLEIGH", 0), "unknown_kind"),
        (c.Sent(A201, "DCA", 0, status="QQQ"), "unknown_status"),
        (c.Sent(A201, "DCA", 0, status="OOS"), "not_available"),
    ],
)
def test_what_cannot_be_named(sent: c.Sent, code: str) -> None:
    given = asked()
    given.when(c.NameUnits(only(given).id, (sent,))).refused(code)
    given.when(c.NameUnits(only(given).id, (SENT[0], SENT[0]))).refused("given_twice")


def test_a_unit_that_is_here_already_can_be_named_while_its_own_trust_controls_it() -> None:
    given = asked().did(r.Commit((r.Commitment(A201, "DCA", "AVB"), r.Commitment(A202, "DCA", "AVB"))))
    given.did(r.OfferControl(A202, "SECAMB")).by("SECAMB").did(r.AcceptControl(A202)).by("SCAS")
    given.when(c.NameUnits(only(given).id, SENT)).refused("not_controlling")
    given.did(c.NameUnits(only(given).id, SENT[:1]))
    assert only(given).units[A201].commitment == resources(given.view).units[A201].commitment
    assert held_keys(given.view) == {"exercise/unit/SCAS/A201", "exercise/unit/SCAS/A202"}


# -- the units ----------------------------------------------------------------------------------------------------


def test_each_step_is_whose_it_is() -> None:
    given = named()
    id_ = only(given).id
    given.by("LAS").when(c.Mobilise(id_, (A201,))).refused("no_grant")
    given.by("SECAMB").when(c.ReachRvp(id_, (A201,))).refused("not_yours")
    given.by("SCAS").when(c.TakeUnits(id_, (A201,))).refused("no_grant")
    given.when(c.ReleaseUnits(id_, (A201,))).refused("no_grant")
    given.when(c.Mobilise(id_, (H1,))).refused("not_committed")
    given.did(c.Mobilise(id_, (A201,))).when(c.Mobilise(id_, (A201,))).nothing()
    given.when(c.Mobilise(id_, (A201, A202))).then(
        e.UnitsMobilised(id_, (A202,)), r.StatusSet(A202, "MOB", "AVB")
    )


def test_a_step_back_is_refused_and_who_had_not_seen_the_last_is_told() -> None:
    given = named()
    id_ = only(given).id
    mark = given.mark()
    given.by("LAS").did(c.TakeUnits(id_, (A201,)))
    given.by("SCAS").when(c.ReachRvp(id_, (A201,))).refused("illegal_step")
    given.having_seen(mark).when(c.ReachRvp(id_, (A201,))).refused("changed_since", conflict=True)
    refusal = given.when(c.BringHome(id_, (A201,))).refused("illegal_step")
    assert refusal.sentence == "SCAS/A201 is committed: LAS has to let it go first."


def test_a_recall_needs_the_host_and_the_home_trust_may_take_control_back_all_the_same() -> None:
    given = committed()
    id_ = only(given).id
    given.by("SCAS").did(c.RequestRecall(id_, (A201,), "cover in Slough"))
    assert given.line().text == "asks for SCAS/A201 back from LAS-A1. Reason: cover in Slough."
    assert resources(given.view).units[A201].controlling == "LAS", "asked for, not taken"
    assert to_answer(only(given), "LAS")
    given.did(r.Recall(A202, "at once"))
    assert resources(given.view).units[A202].controlling == "SCAS"
    given.by("LAS").did(c.AgreeRecall(id_, (A201,)))
    assert states(given) == {A201: "returning", A202: "committed"}
    unit = resources(given.view).units[A201]
    assert (unit.controlling, unit.status) == ("SCAS", "RET")


def test_a_crew_with_a_patient_keeps_its_status_when_it_is_released() -> None:
    given = committed()
    for code in ("SCN", "LFT"):
        given.did(r.SetStatus(A201, code))
    given.did(c.ReleaseUnits(only(given).id, (A201,)))
    assert (resources(given.view).units[A201].status, states(given)[A201]) == ("LFT", "returning")


def test_a_unit_that_was_released_past_the_request_is_booked_home_and_nothing_else() -> None:
    given = named().did(r.Release(A201, "wanted elsewhere"))
    id_ = only(given).id
    given.when(c.Mobilise(id_, (A201,))).refused("not_committed", conflict=True)
    assert ("SCAS/A201", "released past the request") in [
        (title, next((w for w in value.text.split(" · ") if "past" in w), "").partition(":")[0])
        for title, value in BOARD.detail(only(given), look(given, "SCAS"))
    ]
    given.when(c.BringHome(id_, (A201,))).then(e.UnitsHome(id_, (A201,)))


def test_a_unit_that_came_back_under_another_commitment_is_left_alone() -> None:
    given = named().did(r.Release(A201)).did(r.Commit((r.Commitment(A201, "DCA", "AVB"),)))
    given.did(c.BringHome(only(given).id, (A201,)))
    assert A201 in resources(given.view).units


def test_a_unit_whose_control_went_elsewhere_is_not_taken_from_there() -> None:
    given = named().did(r.OfferControl(A201, "SECAMB")).by("SECAMB").did(r.AcceptControl(A201))
    refusal = (
        given.by("LAS").when(c.TakeUnits(only(given).id, (A201,))).refused("changed_since", conflict=True)
    )
    assert refusal.facts["held_by"] == "SECAMB"
    given.by("SCAS").did(r.Recall(A201)).did(r.OfferControl(A201, "LAS")).by("LAS").did(r.AcceptControl(A201))
    given.when(c.TakeUnits(only(given).id, (A201,))).then(e.UnitsCommitted(only(given).id, (A201,)))


# -- ending -------------------------------------------------------------------------------------------------------


def test_cancelled_before_anybody_is_on_the_way_frees_what_was_named() -> None:
    given = named()
    id_ = only(given).id
    given.when(c.Cancel(id_, "no")).refused("no_grant")
    given.by("LAS").did(c.Cancel(id_, "enough here"))
    assert (resources(given.view).units, only(given).state) == ({}, "cancelled")
    assert given.line(-3).text == "cancels LAS-A1. Reason: enough here."
    given.when(c.Cancel(id_, "again")).nothing()
    given.by("SCAS").when(c.NameUnits(id_, SENT)).refused("illegal_step")
    given.by("SCAS").when(c.Reply(id_, (c.LineReply(0, 1),))).refused("illegal_step")
    given.check()


def test_what_is_on_the_way_is_released_not_cancelled_and_closed_when_home() -> None:
    given = named()
    id_ = only(given).id
    given.did(c.Mobilise(id_, (A201,))).by("LAS")
    given.when(c.Cancel(id_, "enough")).refused("illegal_step")
    given.when(c.Close(id_)).refused("still_active")
    given.did(c.ReleaseUnits(id_, (A201, A202))).by("SCAS").did(c.BringHome(id_, (A201, A202)))
    given.by("LAS").did(c.Close(id_, "thanks")).when(c.Close(id_)).nothing()
    assert INCIDENT.addressed(given.view, "SCAS") == ()


def test_who_asks_or_has_promised_does_not_just_leave() -> None:
    given = (
        opened("SCAS", "SECAMB", "SWASFT").by("SECAMB").did(c.Raise(lender="SCAS", terms=TERMS, approve=True))
    )
    chief = "tactical_commander"
    refusal = given.by("SECAMB", chief).when(Leave("done")).refused("still_active")
    assert "requests for aid SECAMB-A1" in refusal.sentence
    given.by("SCAS").did(c.Reply(only(given).id, (c.LineReply(0, 3), c.LineReply(1, 1))))
    given.by("SCAS", chief).when(Leave("done")).refused("still_active")
    given.by("SECAMB").did(c.Cancel(only(given).id, "enough")).by("SCAS", chief).did(Leave("done"))
    given = opened("SCAS").did(c.RaiseInviting(lender="SWASFT", terms=TERMS, approve=True))
    given.when(TakeBackInvitation("SWASFT", "wrong")).refused("still_active")


# -- pressure, and a line that is cut -------------------------------------------------------------------------------


def test_each_trust_says_for_itself_how_hard_pressed_it_is() -> None:
    given = opened().by("SCAS").did(c.ReportPressure("SCAS", 3, "two wards shut", (f.Floor("DCA", 4),)))
    assert given.line().text == "reports REAP 3, severe. two wards shut. Keeps at least 4 DCA."
    mark = given.mark()
    given.when(c.ReportPressure("SCAS", 3, "two wards shut", (f.Floor("DCA", 4),))).nothing()
    given.by("LAS").when(c.ReportPressure("SCAS", 1)).refused("no_grant")
    given.by("SCAS").did(c.ReportPressure("SCAS", 4))
    given.having_seen(mark).when(c.ReportPressure("SCAS", 2)).refused(
        "changed_since", conflict=True, reap="4"
    )
    given.by("EXCON", "excon").did(c.ReportPressure("SECAMB", 2))
    assert given.line().text == "reports REAP 2, moderate for SECAMB"


def test_what_waits_for_the_line_and_what_does_not() -> None:
    specs = {part.cls: part for part in INCIDENT.by_name["mutual_aid"].commands}
    assert {cls for cls, spec in specs.items() if spec.offline is Offline.REFUSED} == {
        c.RaiseInviting, c.ApproveInviting, c.OfferNextInviting, c.Expire,
    }  # fmt: skip
    assert {cls for cls, spec in specs.items() if spec.conflict is Conflict.CLAIM} == {
        c.NameUnits,
        c.TakeUnits,
    }
    given = asked()
    room = Replica(INCIDENT, INCIDENT_STREAM, Actor("Sam", "SCAS", "operator"), charter())
    room.restore(None, given.records, ())
    name = given.submit(c.NameUnits(only(given).id, SENT))
    assert not isinstance(room.submit(name), Refusal)
    room.kept(name.command_id)
    assert str(room.word(name.command_id)) == "REQUESTED – NOT CONFIRMED"
    assert room.wanted() == {name.command_id}
    asking = Replica(INCIDENT, INCIDENT_STREAM, Actor("Sam", "LAS", "operator"), charter())
    asking.restore(None, given.records, ())
    given.by("LAS")
    refused = asking.submit(given.submit(c.RaiseInviting(lender="SWASFT", terms=TERMS, approve=True)))
    assert isinstance(refused, Refusal)
    assert refused.code == "needs_link"
    assert not isinstance(
        asking.submit(given.submit(c.Raise(lender="SECAMB", terms=TERMS, approve=True))), Refusal
    )


def test_named_at_two_cut_off_desks_is_refused_to_the_second_with_the_first_told() -> None:
    given = asked()
    late = given.submit(c.NameUnits(only(given).id, SENT[1:]))
    room = Replica(INCIDENT, INCIDENT_STREAM, Actor("Kim", "SCAS", "operator"), charter())
    room.restore(None, given.records, ())
    assert not isinstance(room.submit(late), Refusal)
    given.did(c.NameUnits(only(given).id, SENT))
    room = Replica(INCIDENT, INCIDENT_STREAM, Actor("Kim", "SCAS", "operator"), charter())
    room.restore(None, given.records, ())
    assert not isinstance(room.submit(late), Refusal), "a conflict is the ledger's to say"
    room.kept(late.command_id)
    assert str(room.word(late.command_id)) == "LIKELY REFUSED"
