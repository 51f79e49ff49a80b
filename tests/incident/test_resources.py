"""Units at an incident: committed by their home alone, one holder, status by home or controller, control by consent."""

from __future__ import annotations

import random
from typing import Any

import msgspec
import pytest

from incident.fleet import facts as g
from incident.kernel.board import Look
from incident.kernel.claims import ClaimTable
from incident.kernel.ledger import Ledger, Proposal
from incident.kernel.receipts import See
from incident.kernel.replica import Replica
from incident.kernel.slice import Actor, Conflict, Offline, Refusal
from incident.organisation.facts import Close, Declare, Leave, OfferLead, Open
from incident.resources import Resource, held_keys, resources, unit_totals
from incident.resources import facts as f
from incident.state import INCIDENT, REGISTER
from incident.statuses import STATUSES, legal
from tests.incident.given import INCIDENT_STREAM, MINUTE, REGISTER_STREAM, T0, Given, charter, cid, opened

A101, A102, SCAS_A204 = "LAS/A101", "LAS/A102", "SCAS/A204"
DCA = f.Commitment(A101, "DCA", "AVB", T0 - 90 * MINUTE, ("paramedic",), "Hillingdon", T0 + 300 * MINUTE)
CAR = f.Commitment("LAS/R301", "RRV", "AVS")
OTHER_STREAM = "incident/01a80000-0000-7000-8000-000000000002"


def at_work(*commitments: f.Commitment) -> Given:
    """The incident of LAS, SCAS and SECAMB with these units of LAS committed; the next to write is LAS."""
    return opened().did(f.Commit(commitments or (DCA,)))


def unit(start: Given, key: str = A101) -> Resource:
    return resources(start.view).units[key]


def lines(start: Given, count: int) -> list[str]:
    return [start.line(-n).text for n in range(count, 0, -1)]


# -- commitment -----------------------------------------------------------------------------------------------


def test_a_unit_is_committed_with_what_its_register_says_of_it() -> None:
    start = opened()
    to = msgspec.structs.replace(DCA, function="first on scene", destination="RVP B")
    start.when(f.Commit((to,), "nearest")).then(f.Committed("exercise", to, "nearest"))
    start.did(f.Commit((to,), "nearest"))
    assert start.line().text == (
        "commits LAS/A101 (DCA) as first on scene to RVP B, available. Reason: nearest."
    )
    held = unit(start)
    assert (held.home, held.controlling, held.kind, held.station) == ("LAS", "LAS", "DCA", "Hillingdon")
    assert (held.status, held.since, held.heard_at) == ("AVB", T0 - 90 * MINUTE, T0)
    assert (held.commitment, held.committed_at, held.committed_by) == (start.last, T0, "Sam")
    assert (held.crew_shift_end, held.destination, held.reason) == (T0 + 300 * MINUTE, "RVP B", "nearest")


def test_several_are_committed_as_one_command() -> None:
    start = at_work(DCA, CAR)
    assert [record.part for record in start.records[-2:]] == [0, 1]
    assert unit(start).commitment == start.last
    assert unit(start, "LAS/R301").commitment == f"{start.last}/1"
    assert unit(start, "LAS/R301").since == T0, "a register that does not know since when says nothing"


def test_all_of_them_or_none() -> None:
    start = at_work(DCA)
    start.when(f.Commit((CAR, DCA))).refused("already_committed", unit=A101)
    start.when(f.Commit((CAR, DCA)), base={}).refused("already_committed", conflict=True, unit=A101)
    assert set(resources(start.view).units) == {A101}


def test_only_the_home_trust_commits() -> None:
    start = opened().by("SCAS")
    refusal = start.when(f.Commit((DCA,))).refused("no_grant")
    assert refusal.sentence.startswith("Only LAS may do this")
    mixed = f.Commit((f.Commitment(SCAS_A204, "DCA"), DCA))
    start.when(mixed).refused("not_yours")
    start.by("LAS", "observer").when(f.Commit((DCA,))).refused("no_grant", grant="resources.commit")
    start.by("LAS", "loggist").when(f.Commit((DCA,))).refused("no_grant", grant="resources.commit")
    start.by("NWAS").when(f.Commit((f.Commitment("NWAS/A1", "DCA"),))).refused("not_party")


def test_what_is_committed_is_checked() -> None:
    start = opened()
    start.when(f.Commit((DCA, DCA))).refused("given_twice")
    start.when(f.Commit((f.Commitment(A101, "DCB"),))).refused("unknown_kind")
    start.when(f.Commit((f.Commitment(A101, "DCA", "XYZ"),))).refused("unknown_status")
    start.when(f.Commit((f.Commitment(A101, "DCA", "OOS"),))).refused("not_available", status="OOS")
    start.when(f.Commit((f.Commitment("A101", "DCA"),))).refused("bad_shape")
    start.when(f.Commit((f.Commitment("LAS/A 1", "DCA"),))).then(
        f.Committed("exercise", f.Commitment("LAS/A 1", "DCA"))
    )
    start.when(f.Commit((f.Commitment("LAS/A  1", "DCA"),))).refused("bad_shape")
    start.when(f.Commit((f.Commitment(A101, "DCA", crew_shift_end=2**53 - 1),))).refused("bad_shape")
    unknown = start.when(f.Commit((f.Commitment(A101, "DCB"),))).refusal.sentence
    assert unknown == "LAS/A101: DCB is no kind of unit; did you mean 'DCA'?"
    start.when(f.Commit(())).refused("bad_shape")


def test_an_incident_has_room_for_so_many_units_and_remembers_so_many_releases(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(f, "UNITS_HELD_MAX", 2)
    monkeypatch.setattr(f, "PAST_KEPT", 2)
    start = at_work(DCA, CAR)
    start.when(f.Commit((f.Commitment(A102, "DCA"),))).refused("too_many")
    for _ in range(3):
        start.did(f.Release("LAS/R301")).did(f.Commit((CAR,)))
    last = start.last
    start.did(f.Release("LAS/R301"))
    assert len(resources(start.view).released) == 2
    assert list(resources(start.view).released)[-1] == last


def test_nothing_is_committed_to_a_closed_incident() -> None:
    start = opened()
    for agency in ("LAS", "SCAS", "SECAMB"):
        start.by(agency).did(Declare(agency, "closed", "over"))
    start.by("LAS").did(Close("over")).when(f.Commit((CAR,))).refused("closed")


def test_who_comes_second_is_told_who_holds_it_and_since_when() -> None:
    start = at_work(DCA).did(f.OfferControl(A101, "SCAS")).by("SCAS").did(f.AcceptControl(A101)).by("LAS")
    refusal = start.when(f.Commit((DCA,))).refused("already_committed", held_by="SCAS", since=str(T0))
    assert "by Sam of LAS since 14:00 UTC; SCAS controls it" in refusal.sentence


# -- one holder across incidents ------------------------------------------------------------------------------


def ledgers() -> tuple[ClaimTable, Ledger, Ledger, Given, Given]:
    """Two incidents of LAS on one server, with the histories that write to them."""
    table = ClaimTable()
    one = opened()
    two = Given(INCIDENT, OTHER_STREAM).by("LAS").did(Open("Wimbledon", "exercise"))
    pair = []
    for given in (one, two):
        ledger = Ledger(INCIDENT, given.stream, table, charter())
        ledger.load(given.records)
        pair.append(ledger)
    return table, pair[0], pair[1], one, two


def proposed(ledger: Ledger, writer: Given, command: Any, n: int) -> Any:
    writer.count = 100 + n
    return ledger.propose(writer.actor, writer.submit(command), writer.now, f"{n:032x}")


def test_one_unit_has_one_holder_across_incidents() -> None:
    table, here, there, one, two = ledgers()
    won = proposed(here, one, f.Commit((DCA,)), 1)
    assert isinstance(won, Proposal)
    assert [(claim.key, claim.tell, claim.label) for claim in won.claims] == [
        ("exercise/unit/LAS/A101", REGISTER_STREAM, A101)
    ]
    assert won.tell == (REGISTER_STREAM,), "the register's own agency is told"
    lost = proposed(there, two, f.Commit((CAR, DCA)), 2)
    assert isinstance(lost, Refusal), "not even before the first is on the disk"
    assert (lost.code, lost.conflict) == ("claim_held", True)
    assert lost.facts == {"held_by": INCIDENT_STREAM, "since": str(T0), "label": A101}
    assert table.holder("exercise/unit/LAS/R301") is None, "of a refused command nothing is held"
    here.commit((won,))
    assert {holding.key for holding in table.told_to(REGISTER_STREAM)} == held_keys(here.durable.state)


def test_after_its_release_another_incident_may_have_it() -> None:
    table, here, there, one, two = ledgers()
    here.commit((proposed(here, one, f.Commit((DCA,)), 1),))
    one.view = here.durable.state
    gone = proposed(here, one, f.Release(A101), 2)
    assert gone.releases == ("exercise/unit/LAS/A101",)
    assert held_keys(here.tentative.state) == frozenset()
    again = proposed(there, two, f.Commit((DCA,)), 3)
    assert isinstance(again, Proposal)
    assert table.holder("exercise/unit/LAS/A101").stream == OTHER_STREAM


def test_a_client_leaves_a_lost_claim_to_the_ledger() -> None:
    start = at_work(DCA)
    replica = Replica(INCIDENT, INCIDENT_STREAM, Actor("Kim", "LAS", "operator"), charter())
    replica.restore(None, start.records, ())
    submit = start.submit(f.Commit((DCA,)), base={})  # written before the first was heard of
    assert not isinstance(replica.submit(submit), Refusal)
    replica.kept(submit.command_id)
    assert str(replica.word(submit.command_id)) == "LIKELY REFUSED"
    illegal = start.submit(f.SetStatus(A101, "HOS"))
    assert isinstance(replica.submit(illegal), Refusal), "an obvious no is said at once"


# -- status ---------------------------------------------------------------------------------------------------


def test_the_home_trust_sets_the_status_step_by_step() -> None:
    start = at_work().later(2)
    start.when(f.SetStatus(A101, "MOB")).then(f.StatusSet(A101, "MOB", "AVB"))
    start.did(f.SetStatus(A101, "MOB")).when(f.SetStatus(A101, "MOB")).nothing()
    assert start.line().text == "LAS/A101 mobile"
    held = unit(start)
    assert (held.since, held.heard_at, held.said_by) == (T0 + 2 * MINUTE, T0 + 2 * MINUTE, "LAS")
    refusal = start.when(f.SetStatus(A101, "HND")).refused("illegal_step")
    assert "Next: at RVP, at scene" in refusal.sentence
    start.when(f.SetStatus(A101, "XYZ")).refused("unknown_status")


def test_two_rooms_on_one_status() -> None:
    start = at_work().did(f.OfferControl(A101, "SCAS")).by("SCAS").did(f.AcceptControl(A101))
    mark = start.mark()
    start.by("LAS").did(f.SetStatus(A101, "MOB"))
    start.by("SCAS").having_seen(mark).when(f.SetStatus(A101, "ALL")).refused(
        "changed_since", conflict=True, status="MOB"
    )
    start.having_seen(mark).when(f.SetStatus(A101, "MOB")).nothing()
    start.having_seen(mark).when(f.Release(A101)).refused("changed_since", conflict=True)
    start.having_seen(mark).did(f.Describe(A101, note="fuel low"))


def test_other_agencies_cannot_set_it() -> None:
    start = at_work().by("SCAS")
    refusal = start.when(f.SetStatus(A101, "MOB")).refused("not_yours", home="LAS", controlling="LAS")
    assert refusal.sentence.startswith("Only LAS can do this with LAS/A101")
    for command in (f.CorrectStatus(A101, "MOB", "x"), f.Describe(A101, note="x"), f.Release(A101)):
        start.when(command).refused("not_yours")
    start.by("LAS", "loggist").when(f.SetStatus(A101, "MOB")).refused(
        "no_grant", grant="resources.set_status"
    )


def test_any_status_can_be_corrected_with_a_reason_and_a_time() -> None:
    start = at_work().did(f.SetStatus(A101, "MOB")).later(10)
    fix = f.CorrectStatus(A101, "RVP", "pressed the wrong key")
    start.when(fix).then(f.StatusCorrected(A101, "RVP", "MOB", "pressed the wrong key"))
    start.did(fix, happened_at=T0 + 4 * MINUTE)
    assert unit(start).since == T0 + 4 * MINUTE
    assert start.line().text == "corrects LAS/A101 from mobile to at RVP. Reason: pressed the wrong key."
    start.when(f.CorrectStatus(A101, "SCN", " ")).refused("bad_shape")


def test_what_happened_before_the_present_status_is_not_set_over_it() -> None:
    start = at_work().later(10).did(f.SetStatus(A101, "MOB")).later(5)
    start.when(f.SetStatus(A101, "SCN"), happened_at=T0 + 9 * MINUTE).refused("before_present")
    start.did(f.SetStatus(A101, "SCN"), happened_at=T0 + 12 * MINUTE)
    assert unit(start).since == T0 + 12 * MINUTE


def test_a_stale_status_is_confirmed_by_hearing_it_again() -> None:
    start = at_work().did(f.SetStatus(A101, "MOB")).later(STATUSES["MOB"].stale_minutes + 1)
    start.when(f.SetStatus(A101, "MOB")).then(f.StatusConfirmed(A101, "MOB"))
    start.did(f.SetStatus(A101, "MOB"))
    assert (unit(start).since, unit(start).heard_at) == (T0, start.now)
    assert start.line().text == "LAS/A101 still mobile"


def test_a_place_ends_with_the_stay_and_a_destination_with_the_work() -> None:
    start = at_work().did(f.SetStatus(A101, "MOB")).did(f.Describe(A101, destination="RVP B"))
    start.did(f.SetStatus(A101, "SCN")).did(f.Describe(A101, place="sector 2"))
    start.did(f.SetStatus(A101, "LDG"))
    assert (unit(start).place, unit(start).destination) == ("sector 2", "RVP B"), "still at the scene"
    start.did(f.Describe(A101, destination="Wexham Park")).did(f.SetStatus(A101, "LFT"))
    assert (unit(start).place, unit(start).destination) == ("", "Wexham Park")
    start.did(f.SetStatus(A101, "HOS")).did(f.SetStatus(A101, "CLR"))
    assert (unit(start).place, unit(start).destination) == ("", "")


def test_who_leaves_the_scene_is_bound_no_more_for_where_it_was_sent_before_it_came() -> None:
    start = at_work().did(f.SetStatus(A101, "MOB")).did(f.Describe(A101, destination="RVP B"))
    start.did(f.ConfirmDestination(A101, "RVP B")).later(9).did(f.SetStatus(A101, "RVP"))
    assert unit(start).destination == "RVP B"
    start.later(1).did(f.SetStatus(A101, "SCN")).later(1).did(f.SetStatus(A101, "LDG")).later(1)
    to_hospital = start.mark()
    start.did(f.SetStatus(A101, "LFT"))
    assert (unit(start).destination, unit(start).sent_at, unit(start).crew_told_at) == ("", 0, 0)
    start.did(f.Describe(A101, destination="Wexham Park")).later(1).did(f.SetStatus(A101, "HOS"))
    assert unit(start).destination == "Wexham Park"
    start.view = to_hospital
    start.did(f.Describe(A101, destination="Wexham Park")).later(1).did(f.SetStatus(A101, "LFT"))
    assert unit(start).destination == "Wexham Park", "where it takes them was said while it was loading"


def test_a_hospital_named_before_it_came_is_not_lost_when_it_leaves() -> None:
    start = at_work().did(f.SetStatus(A101, "MOB")).did(f.Describe(A101, destination="St Mary's Hospital"))
    for status in ("SCN", "LDG", "LFT"):
        start.later(1).did(f.SetStatus(A101, status))
    assert unit(start).destination == "St Mary's Hospital"


@pytest.mark.parametrize(
    ("kind", "steps", "going", "group"),
    [
        ("DCA", "MOB SCN LDG LFT", "", "conveying"),
        ("DCA", "MOB SCN LFT", "Wexham Park", "conveying"),
        ("DCA", "MOB SCN LFT", "", "left scene"),
        ("DCA", "MOB SCN LFT CLR", "", "free"),
        ("RRV", "MOB SCN LDG LFT", "Wexham Park", "left scene"),
    ],
)
def test_only_who_is_known_to_have_a_patient_is_counted_as_conveying(
    kind: str, steps: str, going: str, group: str
) -> None:
    start = at_work(f.Commitment(A101, kind, "AVB", destination="RVP A"))
    for code in steps.split():
        start.later().did(f.SetStatus(A101, code))
    if going:
        start.did(f.Describe(A101, destination=going))
    totals = unit_totals(Look(state=start.view, me=start.actor, now=start.now, stream=start.stream))
    assert {name: count for name, count in totals.groups.items() if count} == {group: 1}
    assert (totals.all, totals.working) == (1, int(group != "free"))
    start.check()


# -- what others see ------------------------------------------------------------------------------------------


def test_what_another_trust_saw_stands_beside_the_status_until_the_keeper_answers() -> None:
    start = at_work().did(f.SetStatus(A101, "MOB")).later(3).by("SCAS")
    start.when(f.ReportStatus(A101, "SCN", "at the bridge")).then(
        f.StatusReported(A101, "SCN", "at the bridge")
    )
    start.did(f.ReportStatus(A101, "SCN", "at the bridge"))
    held = unit(start)
    assert (held.status, held.disputed) == ("MOB", True), "both are kept"
    assert held.reports == {"SCAS": f.Report("SCN", T0 + 3 * MINUTE, "Sam", "at the bridge")}
    assert start.line().text == "reports LAS/A101 at scene. at the bridge."
    start.later(1).by("LAS").did(f.SetStatus(A101, "SCN"))
    assert (unit(start).disputed, unit(start).reports) == (False, {})


def test_the_keeper_may_stand_by_the_status() -> None:
    start = at_work().did(f.SetStatus(A101, "MOB")).by("SCAS").did(f.ReportStatus(A101, "SCN"))
    mark = start.mark()
    start.later(1).by("LAS")
    start.when(f.SetStatus(A101, "MOB")).then(f.StatusConfirmed(A101, "MOB"))
    start.when(f.SetStatus(A101, "HOS")).refused("illegal_step")
    start.did(f.SetStatus(A101, "MOB"))
    assert not unit(start).disputed
    start.having_seen(mark).when(f.SetStatus(A101, "MOB")).nothing()


def test_a_report_that_agrees_disputes_nothing() -> None:
    start = at_work().did(f.SetStatus(A101, "MOB")).by("SCAS").did(f.ReportStatus(A101, "MOB"))
    assert not unit(start).disputed
    assert unit(start).reports["SCAS"].status == "MOB"


def test_a_report_is_never_refused_for_lateness() -> None:
    start = at_work().later(10).did(f.SetStatus(A101, "MOB")).later(5).by("SCAS")
    start.did(f.ReportStatus(A101, "SCN"), happened_at=T0 + 5 * MINUTE)
    assert unit(start).reports == {}, "it is in the log, and speaks of an earlier status"
    start.did(f.ReportStatus(A101, "SCN"))
    start.did(f.ReportStatus(A101, "RVP"), happened_at=start.now - MINUTE)
    assert unit(start).reports["SCAS"].status == "SCN", "the later of two stands"


def test_a_report_of_a_unit_released_meanwhile_stands_in_the_log() -> None:
    start = at_work()
    mark = start.mark()
    start.did(f.Release(A101)).by("SCAS").having_seen(mark)
    start.did(f.ReportStatus(A101, "SCN", "at the bridge"))
    assert start.line().text == "reports LAS/A101 at scene. at the bridge."
    assert resources(start.view).units == {}
    start.did(f.ReportStatus(A101, "LFT"), base={})


def test_a_report_written_before_control_came_to_the_reporter_stands_in_the_log() -> None:
    start = at_work().did(f.OfferControl(A101, "SCAS"))
    mark = start.mark()
    start.by("SCAS").did(f.AcceptControl(A101)).having_seen(mark).did(f.ReportStatus(A101, "SCN"))
    assert start.line().text == "reports LAS/A101 at scene"
    assert unit(start).reports == {}, "who sets the status disputes nothing by a report"
    start.when(f.ReportStatus(A101, "SCN")).refused("set_it")


def test_a_report_later_than_the_status_that_arrives_after_it_stays() -> None:
    start = at_work().did(f.SetStatus(A101, "MOB")).later(10).by("SCAS").did(f.ReportStatus(A101, "LFT"))
    start.later(1).by("LAS").did(f.SetStatus(A101, "SCN"), happened_at=T0 + 5 * MINUTE)
    assert unit(start).disputed


def test_who_can_set_it_does_not_report_it() -> None:
    start = at_work()
    start.when(f.ReportStatus(A101, "MOB")).refused("set_it")
    start.by("SCAS").when(f.ReportStatus(A101, "XYZ")).refused("unknown_status")
    start.by("SCAS", "observer").when(f.ReportStatus(A101, "MOB")).refused("no_grant")
    start.by("SCAS").when(f.ReportStatus(A102, "MOB")).refused("not_committed")


# -- control --------------------------------------------------------------------------------------------------


def test_control_passes_by_offer_and_acceptance_and_the_home_stays() -> None:
    start = at_work()
    start.when(f.OfferControl(A101, "SCAS")).then(f.ControlOffered(A101, "SCAS"))
    start.did(f.OfferControl(A101, "SCAS")).when(f.OfferControl(A101, "SCAS")).nothing()
    offer = unit(start).offer
    assert (offer.to, offer.by, offer.at, offer.id) == ("SCAS", "LAS", T0, start.last)
    assert (unit(start).controlling, unit(start).home) == ("LAS", "LAS"), "an offer alone changes nothing"
    start.by("SCAS").when(f.AcceptControl(A101)).then(f.ControlTaken(A101, "SCAS", "LAS"))
    start.did(f.AcceptControl(A101)).when(f.AcceptControl(A101)).nothing()
    assert (unit(start).controlling, unit(start).home, unit(start).offer) == ("SCAS", "LAS", None)
    assert lines(start, 2) == [
        "offers control of LAS/A101 to SCAS",
        "takes control of LAS/A101 from LAS",
    ]
    start.did(f.SetStatus(A101, "MOB")).by("LAS").did(f.SetStatus(A101, "SCN"))
    assert unit(start).said_by == "LAS"


def test_only_who_controls_it_hands_it_over_and_only_to_a_party() -> None:
    start = at_work()
    start.when(f.OfferControl(A101, "LAS")).refused("controls_already")
    start.when(f.OfferControl(A101, "NWAS")).refused("not_party")
    start.by("SCAS").when(f.OfferControl(A101, "SECAMB")).refused("not_controlling", controlling="LAS")


def test_only_who_is_asked_answers() -> None:
    start = at_work().did(f.OfferControl(A101, "SCAS")).by("SECAMB")
    start.when(f.AcceptControl(A101)).refused("no_grant", relation="other")
    start.by("SCAS").when(f.DeclineControl(A101, "no room")).then(f.ControlDeclined(A101, "SCAS", "no room"))
    start.did(f.DeclineControl(A101, "no room"))
    assert start.line().text == "declines control of LAS/A101. Reason: no room."
    assert (unit(start).controlling, unit(start).offer) == ("LAS", None)
    start.when(f.AcceptControl(A101)).refused("no_offer")


def test_an_answer_to_an_offer_that_was_replaced_is_a_conflict() -> None:
    start = at_work().did(f.OfferControl(A101, "SCAS"))
    mark = start.mark()
    start.did(f.Recall(A101)).did(f.OfferControl(A101, "SCAS"))
    start.by("SCAS").having_seen(mark).when(f.AcceptControl(A101)).refused("changed_since", conflict=True)
    start.by("LAS").did(f.OfferControl(A101, "SECAMB"))
    assert unit(start).offer.to == "SECAMB", "a new offer stands in the place of the old"


def test_the_home_trust_takes_its_unit_back_at_once() -> None:
    start = at_work().did(f.OfferControl(A101, "SCAS")).by("SCAS").did(f.AcceptControl(A101))
    start.did(f.OfferControl(A101, "SECAMB")).by("LAS")
    start.when(f.Recall(A101, "needed at home")).then(f.Recalled(A101, "SCAS", "needed at home"))
    mark = start.mark()
    start.did(f.Recall(A101, "needed at home")).when(f.Recall(A101)).nothing()
    assert (unit(start).controlling, unit(start).offer) == ("LAS", None)
    assert start.line().text == "recalls LAS/A101 from SCAS. Reason: needed at home."
    start.by("SECAMB").having_seen(mark).when(f.AcceptControl(A101)).refused("changed_since", conflict=True)


def test_who_offered_control_may_take_the_offer_back() -> None:
    start = at_work().did(f.OfferControl(A101, "SCAS")).by("SCAS").did(f.AcceptControl(A101))
    start.when(f.Recall(A101)).refused("not_yours")
    start.did(f.OfferControl(A101, "SECAMB"))
    start.by("SECAMB").when(f.Recall(A101)).refused("not_yours")
    start.by("SCAS").when(f.Recall(A101)).then(f.OfferWithdrawn(A101, "SECAMB"))
    start.did(f.Recall(A101))
    assert (unit(start).controlling, unit(start).offer) == ("SCAS", None)
    assert start.line().text == "takes back the offer of control of LAS/A101 to SECAMB"


def test_who_takes_control_answers_its_own_report() -> None:
    start = at_work().by("SCAS").did(f.ReportStatus(A101, "SCN")).by("LAS").did(f.OfferControl(A101, "SCAS"))
    start.by("SCAS").did(f.AcceptControl(A101))
    assert unit(start).reports == {}


def test_an_offer_asks_the_other_agency_for_a_receipt_of_its_own() -> None:
    start = at_work().did(f.OfferControl(A101, "SCAS"))
    subject = f"resources/{A101}@{start.last}"
    assert INCIDENT.addressed(start.view, "SCAS") == (subject,)
    assert subject not in INCIDENT.addressed(start.view, "LAS")
    start.by("SCAS").did(See((subject,)))
    assert start.line().text == "seen by SCAS: LAS/A101"
    start.did(f.AcceptControl(A101))
    assert INCIDENT.addressed(start.view, "SCAS") == ()


# -- words ----------------------------------------------------------------------------------------------------


def test_a_unit_is_described_field_by_field() -> None:
    start = at_work()
    start.when(f.Describe(A101, place="sector 2", note="fuel low")).then(
        f.Described(A101, place="sector 2", note="fuel low")
    )
    start.did(f.Describe(A101, place="sector 2", note="fuel low"))
    assert start.line().text == "LAS/A101: at sector 2; note: fuel low"
    start.when(f.Describe(A101, place="sector 2")).nothing()
    start.did(f.Describe(A101, note="", function="loading officer", destination="RVP B"))
    assert start.line().text == "LAS/A101: to RVP B; as loading officer; note taken away"
    held = unit(start)
    assert (held.place, held.note, held.function, held.destination) == (
        "sector 2", "", "loading officer", "RVP B",
    )  # fmt: skip


def test_different_fields_merge_and_of_the_same_the_later_author_is_told() -> None:
    start = at_work()
    mark = start.mark()
    start.did(f.Describe(A101, note="crew hurt"))
    start.having_seen(mark).did(f.Describe(A101, place="sector 3"))
    lost = start.having_seen(mark).when(f.Describe(A101, note="all well", function="loading"))
    refusal = lost.refused("field_changed", conflict=True, field="note")
    assert refusal.sentence == "The note of LAS/A101 was changed after you looked; it is now: crew hurt."
    start.having_seen(mark).when(f.Describe(A101, note="crew hurt")).nothing()
    start.did(f.Describe(A101, note="all well"))
    assert (unit(start).place, unit(start).note) == ("sector 3", "all well")


def test_a_place_written_for_the_stay_before_is_not_set_over_the_move() -> None:
    start = at_work().did(f.CorrectStatus(A101, "SCN", "radioed"))
    start.did(f.Describe(A101, place="sector 2", destination="Wexham Park"))
    mark = start.mark()
    start.did(f.SetStatus(A101, "CLR"))
    for field in ("place", "destination"):
        late = start.having_seen(mark).when(f.Describe(A101, **{field: "sector 3"}))
        assert late.refused("field_changed", conflict=True, field=field).sentence.endswith("now: blank.")


# -- release --------------------------------------------------------------------------------------------------


def test_a_release_keeps_a_row_of_history_and_frees_the_unit() -> None:
    start = at_work().did(f.SetStatus(A101, "MOB")).later(30).did(f.SetStatus(A101, "CLR")).later(1)
    commitment = unit(start).commitment
    start.when(f.Release(A101, "job done")).then(f.Released("exercise", A101, "CLR", "job done"))
    start.did(f.Release(A101, "job done"))
    assert start.line().text == "releases LAS/A101, clear. Reason: job done."
    assert resources(start.view).units == {}
    past = resources(start.view).released[commitment]
    assert (past.unit, past.committed_at, past.released_at) == (A101, T0, T0 + 31 * MINUTE)
    assert (past.status, past.released_by, past.reason) == ("CLR", "LAS", "job done")
    start.did(f.Commit((DCA,)))
    assert unit(start).commitment != commitment


def test_the_controlling_trust_may_release_too() -> None:
    start = at_work().did(f.OfferControl(A101, "SCAS")).by("SCAS").did(f.AcceptControl(A101))
    start.did(f.Release(A101))
    assert resources(start.view).released[cid_of(start)].released_by == "SCAS"


def cid_of(start: Given) -> str:
    return next(iter(resources(start.view).released))


def test_released_twice_is_released_once() -> None:
    start = at_work()
    mark = start.mark()
    start.did(f.Release(A101)).having_seen(mark).when(f.Release(A101)).nothing()
    start.when(f.Release(A101)).refused("not_committed")
    start.when(f.Release(A102), base={A102: cid(1)}).refused("not_committed", conflict=False)
    start.did(f.Commit((DCA,))).having_seen(mark).when(f.Release(A101)).refused(
        "changed_since", conflict=True
    )


def test_who_comes_after_the_release_is_told_of_it() -> None:
    start = at_work()
    mark = start.mark()
    start.did(f.Release(A101))
    late = start.having_seen(mark).when(f.SetStatus(A101, "MOB"))
    assert "released by LAS at 14:00 UTC" in late.refused("not_committed", conflict=True).sentence
    start.when(f.SetStatus(A101, "MOB")).refused("not_committed")
    start.when(f.SetStatus(A102, "MOB")).refused("not_committed")


def test_when_home_and_controller_have_left_the_lead_trust_answers_for_the_unit() -> None:
    start = opened().by("SCAS").did(f.Commit((f.Commitment(SCAS_A204, "DCA", "AVB"),)))
    # As in a log from before nobody could leave units behind.
    gone = opened().by("SCAS", "tactical_commander").did(Leave("nothing to do with us")).records[-1]
    start.view = INCIDENT.apply(start.view, gone)
    start.by("SECAMB").when(f.Release(SCAS_A204)).refused("not_yours")
    start.by("LAS").did(f.Release(SCAS_A204))
    assert resources(start.view).units == {}


def test_exercise_control_may_speak_for_an_agency() -> None:
    start = at_work().by("EXCON", "excon", "excon")
    start.did(f.SetStatus(A101, "MOB")).did(f.OfferControl(A101, "SCAS")).did(f.AcceptControl(A101))
    assert (unit(start).status, unit(start).controlling) == ("MOB", "SCAS")
    start.did(f.Recall(A101)).did(f.Commit((f.Commitment(SCAS_A204, "DCA"),))).did(f.Release(SCAS_A204))
    assert set(resources(start.view).units) == {A101}
    start.did(f.OfferControl(A101, "SCAS")).did(f.DeclineControl(A101, "not played"))
    assert start.line().text == "declines control of LAS/A101 for SCAS. Reason: not played."
    start.did(f.OfferControl(A101, "SCAS")).did(f.AcceptControl(A101))
    assert start.line().text == "takes control of LAS/A101 from LAS for SCAS"
    start.did(f.Recall(A101))
    assert start.line().text == "recalls LAS/A101 from SCAS for LAS"


# -- the whole ------------------------------------------------------------------------------------------------


def test_every_command_has_its_class_and_its_offline_rule() -> None:
    table = {name.partition(".")[2]: (c.spec.conflict, c.spec.offline)
             for name, c in INCIDENT.commands.items() if c.slice.name == "resources"}  # fmt: skip
    claim, state = (Conflict.CLAIM, Offline.REQUEST), (Conflict.STATE, Offline.QUEUED)
    assert table == {
        "commit": claim,
        "offer_control": claim,
        "accept_control": claim,
        "decline_control": claim,
        "recall": claim,
        "set_status": state,
        "correct_status": state,
        "release": state,
        "report_status": (Conflict.APPEND, Offline.ALLOWED),
        "describe": (Conflict.FIELD, Offline.QUEUED),
        "confirm_destination": (Conflict.APPEND, Offline.ALLOWED),
    }


def test_every_event_has_a_line_and_continues_a_snapshot() -> None:
    start = at_work(DCA, CAR).did(f.SetStatus(A101, "MOB")).did(f.CorrectStatus(A101, "SCN", "x"))
    start.by("SCAS").did(f.ReportStatus(A101, "LFT")).by("LAS").did(f.SetStatus(A101, "SCN"))
    start.did(f.Describe(A101, note="x", destination="RVP")).did(f.ConfirmDestination(A101, "RVP"))
    start.did(f.OfferControl(A101, "SCAS"))
    start.by("SCAS").did(f.DeclineControl(A101)).by("LAS").did(f.OfferControl(A101, "SCAS")).did(
        f.Recall(A101)
    )
    start.did(f.OfferControl(A101, "SCAS")).by("SCAS").did(f.AcceptControl(A101)).by("LAS").did(
        f.Recall(A101)
    )
    start.did(f.Release(A101)).check()
    recorded = {record.type for record in start.records if record.type.startswith("resources.")}
    assert recorded == {name for name in INCIDENT.events if name.startswith("resources.")}


def test_random_walks_keep_the_invariants(seed: int) -> None:
    rng = random.Random(f"{seed} resources walk")
    start = opened()
    agencies = ("LAS", "SCAS", "SECAMB")
    keys = [f"{agency}/A{n}" for agency in agencies for n in (101, 102)]
    refused: set[str] = set()
    for _ in range(3000):
        key, code = rng.choice(keys), rng.choice(tuple(STATUSES))
        start.by(rng.choice((key.partition("/")[0], *agencies))).later(rng.choice((0.1, 1, 20)))
        command = rng.choice(
            (
                f.Commit((f.Commitment(key, "DCA", rng.choice(("AVB", "AVS", "MOB"))),)),
                f.SetStatus(key, code),
                f.SetStatus(key, code),
                f.CorrectStatus(key, code, "why not"),
                f.ReportStatus(key, code),
                f.Describe(key, place=rng.choice("XYZ"), note=rng.choice(("", "n"))),
                f.OfferControl(key, rng.choice(agencies)),
                f.AcceptControl(key),
                f.DeclineControl(key),
                f.Recall(key),
                f.Release(key) if rng.random() < 0.2 else f.Commit((f.Commitment(key, "DCA"),)),
            )
        )
        before = resources(start.view).units.get(key)
        happened = rng.choice((None, None, start.now - 30_000))
        outcome = start.when(command, happened_at=happened)
        start.count -= 1
        if isinstance(outcome.answer, Refusal):
            refused.add(outcome.answer.code)
            continue
        if before is not None and isinstance(command, f.SetStatus) and before.status != code:
            assert legal(before.status, code)
            assert start.actor.agency in (before.home, before.controlling)
        start.did(command, happened_at=happened)
        assert held_keys(start.view) == {f"exercise/unit/{unit}" for unit in resources(start.view).units}
    assert len(start.records) > 300
    assert {"illegal_step", "not_yours", "not_committed", "already_committed", "not_controlling"} <= refused
    start.check()


def test_an_event_about_a_unit_that_is_not_there_changes_nothing() -> None:
    start = at_work().did(f.SetStatus(A101, "MOB"))
    empty = opened().view
    assert INCIDENT.apply(empty, start.records[-1]) is empty


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        ({"status": "XYZ"}, "has the status XYZ"),
        ({"controlling": "NWAS"}, "was never party"),
        ({"heard_at": 0}, "before its status began"),
        ({"callsign": "A9"}, "stands among the units as LAS/A101"),
        ({"offer": f.Offer("x", "LAS", "LAS", "Sam", T0)}, "which cannot take it"),
        ({"reports": {"LAS": f.Report("SCN", T0, "Sam")}}, "by those who set its status"),
    ],
)
def test_invariants_find_what_must_not_be(fault: dict[str, Any], sentence: str) -> None:
    start = at_work()
    bad = msgspec.structs.replace(unit(start), **fault)
    view = msgspec.structs.replace(start.view, resources=f.Resources({A101: bad}))
    assert INCIDENT.invariants(start.view) == ()
    assert any(sentence in line for line in INCIDENT.invariants(view)), INCIDENT.invariants(view)


def test_a_register_and_an_incident_never_set_one_status_both() -> None:
    table, here, _, one, _ = ledgers()
    own = Given(REGISTER, REGISTER_STREAM).system().did(g.OpenRegister("exercise", "LAS"))
    own.did(g.EnterUnits((g.Entry("A101", "DCA", (), "Hillingdon", "AVB"),))).by("LAS")
    register = Ledger(REGISTER, REGISTER_STREAM, table, charter())
    register.load(own.records)
    here.commit((proposed(here, one, f.Commit((DCA,)), 1),))
    lost = proposed(register, own, g.SetStatus(A101, "MOB"), 2)
    assert isinstance(lost, Refusal)
    assert (lost.code, lost.facts["held_by"]) == ("claim_held", INCIDENT_STREAM)
    one.view = here.durable.state
    assert isinstance(proposed(here, one, f.SetStatus(A101, "MOB"), 3), Proposal)


def test_the_lead_changes_nothing_about_whose_a_unit_is() -> None:
    start = at_work().did(OfferLead("SCAS", "their area"))
    assert (unit(start).home, unit(start).controlling) == ("LAS", "LAS")


# -- where a crew is sent ---------------------------------------------------------------------------------------


def test_a_crew_confirms_where_it_was_sent_and_another_order_asks_it_anew() -> None:
    start = at_work()
    start.did(f.Describe(A101, destination="RVP A"))
    assert (unit(start).sent_at, unit(start).crew_told_at) == (T0, 0)
    start.later().did(f.ConfirmDestination(A101, "RVP A"))
    assert start.line().text == "LAS/A101 confirms: to RVP A"
    assert unit(start).crew_told_at == T0 + MINUTE
    start.when(f.ConfirmDestination(A101, "RVP A")).nothing()
    start.later().did(f.Describe(A101, destination="RVP B"))
    assert (unit(start).sent_at, unit(start).crew_told_at) == (T0 + 2 * MINUTE, 0)
    start.did(f.ConfirmDestination(A101, "RVP A"))  # an answer to the older order
    assert unit(start).crew_told_at == 0


def test_what_was_written_before_an_order_went_out_does_not_confirm_it() -> None:
    start = at_work().did(f.Describe(A101, destination="RVP A")).later(5)
    start.did(f.Describe(A101, destination="RVP B")).later(5)
    start.did(f.SetStatus(A101, "MOB"), written_at=start.now - 9 * MINUTE)  # it set out for RVP A
    assert (unit(start).status, unit(start).crew_told_at) == ("MOB", 0)
    start.did(f.Describe(A101, destination="RVP A"))
    start.did(f.ConfirmDestination(A101, "RVP A"), written_at=start.now - 8 * MINUTE)
    assert unit(start).crew_told_at == 0
    start.did(f.ConfirmDestination(A101, "RVP A"))
    assert unit(start).crew_told_at == start.now
    start.check()


def test_a_crew_that_goes_mobile_has_heard_where_to_and_one_that_is_cleared_is_bound_for_nowhere() -> None:
    start = at_work().did(f.Describe(A101, destination="RVP A")).later()
    start.did(f.SetStatus(A101, "ALL"))
    assert unit(start).crew_told_at == 0
    start.did(f.SetStatus(A101, "MOB"))
    assert unit(start).crew_told_at == start.now
    start.did(f.SetStatus(A101, "CLR"))
    assert (unit(start).destination, unit(start).sent_at, unit(start).crew_told_at) == ("", 0, 0)
