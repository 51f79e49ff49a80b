"""Opening, taking part, declaring, where it is, who leads: as the field does it."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from incident.alarms import standing as alarms_now
from incident.boundaries.facts import Propose, Shape, Withdraw
from incident.catalogue import Charter
from incident.kernel.board import Look
from incident.kernel.receipts import Deliver, See
from incident.kernel.slice import Actor, Refusal
from incident.organisation import (
    DECLARATIONS,
    OPEN,
    SLICE,
    charter_of,
    facts,
    is_party,
    organisation,
    parties,
    untold,
)
from incident.organisation.board import BOARD
from incident.organisation.facts import (
    AcceptLead,
    AssignNumber,
    ChangeKind,
    Close,
    Declare,
    Declared,
    DeclineLead,
    GiveLocation,
    Invite,
    Join,
    LapseLead,
    Leave,
    NameContact,
    OfferLead,
    Open,
    OpenOwn,
    PickLocation,
    Reopen,
    Retitle,
    TakeBackInvitation,
    WithdrawLead,
)
from incident.placing import Near, Placing
from incident.reports.gather import declarations
from incident.resources.facts import Commit, Commitment, Release
from incident.state import INCIDENT, OWN
from incident.tasks.facts import Cancel, Raise
from incident.values import Location
from tests.incident.given import MINUTE, OWN_STREAM, T0, Given, charter, opened

HERE = Location("M25 J15", "TQ 0402 7829")
THERE = Location("M25 J14", "TQ 0338 7538")


def org(given: Given) -> Any:
    return organisation(given.view)


# -- opening --


def test_whoever_opens_takes_part_is_aware_and_leads() -> None:
    given = Given(INCIDENT).by("LAS").did(Open("Coach", "exercise", HERE))
    state = org(given)
    assert (state.opened, state.mode, state.kind, state.title) == (True, "exercise", "incident", "Coach")
    assert (state.opened_by, state.opened_at, state.lead) == ("LAS", T0, "LAS")
    assert state.location == HERE
    assert state.incident_id == given.stream.removeprefix("incident/")
    assert parties(given.view) == ("LAS",)
    assert state.parties["LAS"].declared == "aware"
    assert given.line().text == "opens an exercise incident: Coach. M25 J15  TQ 0402 7829."
    assert given.line().weight == "decision"


def test_opening_freezes_the_charter_of_the_server() -> None:
    given = opened()
    before = charter_of(given.view)
    assert before == charter()
    assert before.version == charter().version != ""
    given.charter = Charter(mode="exercise")  # the server's roles are changed afterwards
    given.by("SCAS").when(Declare("SCAS", "declared")).then(Declared("SCAS", "declared", "aware"))


@pytest.mark.parametrize(("server", "asked"), [("exercise", "live"), ("live", "exercise")])
def test_a_drill_and_the_real_thing_never_share_a_server(server: str, asked: str) -> None:
    given = Given(INCIDENT, charter_=charter(server)).by("LAS")
    given.when(Open("Coach", asked)).refused("wrong_mode", mode=server)


def test_an_incident_is_opened_once_and_by_somebody_known() -> None:
    opened().when(Open("Again", "exercise")).refused("already_open")
    Given(INCIDENT).by("ACME").when(Open("Coach", "exercise")).refused("unknown_agency", agency="ACME")
    refusal = Given(INCIDENT).by("LAS").when(Open("   ", "exercise")).refused("bad_shape")
    assert refusal.sentence == "The title must not be blank."
    Given(INCIDENT, OWN_STREAM).by("LAS").when(Open("Coach", "exercise")).refused("wrong_stream")
    Given(INCIDENT).by("LAS").when(Declare("LAS", "declared")).refused("not_open")


def test_an_agency_opens_its_own_part_and_no_other() -> None:
    given = Given(OWN, OWN_STREAM).by("LAS").did(OpenOwn())
    state = org(given)
    assert (state.own, state.opened_by, state.opened) == ("LAS", "LAS", True)
    assert is_party(given.view, "LAS")
    assert not is_party(given.view, "SCAS")
    given.when(OpenOwn()).refused("already_open")
    given.when(Declare("LAS", "declared")).refused("wrong_stream")
    given.by("SCAS").when(OpenOwn()).refused("not_party")
    Given(OWN, OWN_STREAM).by("SCAS").when(OpenOwn()).refused("wrong_stream")
    assert given.line().weight == "machine"


def test_the_number_is_given_once_and_belongs_to_the_opener() -> None:
    given = opened()
    given.by("LAS").when(AssignNumber("SCAS-2611-01")).refused("wrong_number")
    given.by("SCAS").when(AssignNumber("LAS-2611-03")).refused("no_grant")
    given.by("LAS").did(AssignNumber("LAS-2611-03"))
    assert org(given).number == "LAS-2611-03"
    given.when(AssignNumber("LAS-2611-03")).nothing()
    given.when(AssignNumber("LAS-2611-04")).refused("numbered", conflict=True)


def test_a_number_is_claimed_across_all_incidents() -> None:
    given = opened()
    (event,) = given.when(AssignNumber("LAS-2611-03")).events
    (claim,) = SLICE.claims(event)
    assert claim.key == "exercise/number/LAS-2611-03"
    assert claim.tell == "register/exercise/LAS"


# -- taking part --


def test_who_is_invited_takes_part_and_joins_with_a_contact() -> None:
    given = Given(INCIDENT).by("LAS").did(Open("Coach", "exercise", HERE)).did(Invite(("SCAS", "SCAS")))
    assert parties(given.view) == ("LAS", "SCAS")
    assert org(given).parties["SCAS"].declared == ""
    given.by("SCAS").later().did(Join("EOC manager"))
    party = org(given).parties["SCAS"]
    assert (party.joined_at, party.spoc, party.declared) == (T0 + MINUTE, "EOC manager", "aware")
    given.when(Join("EOC manager")).nothing()
    given.when(Join("Night manager")).then(facts.ContactNamed("Night manager"))
    night = NameContact("SCAS", "Night manager")
    given.did(night).when(night).nothing()
    assert given.line().text == "names its single point of contact: Night manager"
    given.when(NameContact("LAS", "us")).refused("no_grant", relation="other")


def test_two_desks_name_different_contacts_and_the_second_is_told() -> None:
    given = opened()
    mark = given.mark()
    given.by("SCAS").did(NameContact("SCAS", "Night manager"))
    lost = given.having_seen(mark).when(NameContact("SCAS", "Silver"))
    assert (
        "Night manager. That changed" in lost.refused("changed", conflict=True, now="Night manager").sentence
    )
    given.did(NameContact("SCAS", "Silver"))
    assert org(given).parties["SCAS"].spoc == "Silver"
    given.by("LAS").having_seen(mark).did(NameContact("LAS", "Gold"))


def test_an_invitation_by_mistake_is_taken_back_before_it_is_answered() -> None:
    given = opened().did(Invite(("NWAS", "LFB"))).by("SCAS")
    given.when(TakeBackInvitation("NWAS", "x")).refused("not_yours")
    given.by("LAS").when(TakeBackInvitation("NWAS", " ")).refused("bad_shape")
    given.did(TakeBackInvitation("NWAS", "meant SWASFT"))
    assert given.line().text == "takes back the invitation of NWAS. Reason: meant SWASFT."
    assert not is_party(given.view, "NWAS")
    assert cells(given, "NWAS")[1] == "not invited"
    assert INCIDENT.addressed(given.view, "NWAS") == ()
    given.when(TakeBackInvitation("NWAS", "x")).nothing()
    given.when(TakeBackInvitation("EEAST", "x")).refused("not_party")
    given.when(TakeBackInvitation("SCAS", "x")).refused("has_joined")
    given.by("LFB").did(Declare("LFB", "standby")).by("LAS")
    given.when(TakeBackInvitation("LFB", "x")).refused("has_joined")
    given.did(Invite(("NWAS",))).by("NWAS").did(Join("after all"))
    assert cells(given, "NWAS")[1] == "joined", "which is no word of its own about how it stands"


def test_who_has_joined_is_not_shown_as_having_said_how_it_stands() -> None:
    given = opened("SCAS")
    party = org(given).parties["SCAS"]
    assert (party.declared, party.spoken_for, cells(given, "SCAS")[1]) == ("aware", False, "joined")
    assert cells(given, "LAS")[1] == "opened"
    given.later().by("SCAS").did(Declare("SCAS", "aware"))
    assert given.line().text == "is aware"
    assert (org(given).parties["SCAS"].spoken_for, cells(given, "SCAS")[1]) == (True, "aware")
    given.when(Declare("SCAS", "aware")).nothing()


def test_a_wrong_title_is_corrected_and_two_corrections_meet_a_conflict() -> None:
    given = opened()
    mark = given.mark()
    given.when(Retitle("M4/M25 coach")).nothing()
    given.did(Retitle("  M4/M25 two coaches "))
    assert org(given).title == "M4/M25 two coaches"
    assert given.line().text == "corrects the title to: M4/M25 two coaches (was: M4/M25 coach)"
    lost = given.by("SCAS").having_seen(mark).when(Retitle("Coach fire"))
    assert "M4/M25 two coaches. That" in lost.refused("changed", conflict=True).sentence


def test_an_unknown_agency_is_not_invited_and_the_nearest_is_named() -> None:
    refusal = opened().when(Invite(("SECAM",))).refused("unknown_agency", agency="SECAM")
    assert refusal.sentence == "The catalogue has no agency SECAM; did you mean 'SECAMB'?"


def test_who_is_in_already_is_not_invited_again() -> None:
    opened().when(Invite(("SCAS",))).nothing()
    opened().when(Invite(("SCAS", "LFB"))).then(facts.AgenciesInvited(("LFB",)))


def test_who_leaves_sees_nothing_more_and_can_be_invited_anew() -> None:
    given = opened().by("SCAS", "tactical_commander").did(Declare("SCAS", "declared"))
    given.did(OfferLead("SCAS", "ours")).did(Leave("not our area"))
    assert parties(given.view) == ("LAS", "SECAMB")
    assert org(given).lead_offers == ()
    given.when(Join("again")).refused("not_party")
    given.by("LAS").did(Invite(("SCAS",)))
    party = org(given).parties["SCAS"]
    assert (party.left_at, party.joined_at, party.declared) == (None, None, "declared")


def test_who_would_leave_something_behind_does_not_leave() -> None:
    """Nobody else could verify its tasks, release its units or take back its rendezvous point."""
    given = opened().by("SCAS", "tactical_commander").did(Commit((Commitment("SCAS/A1", "DCA", "AVB"),)))
    given.did(Propose("rvp", Shape(HERE))).did(Raise("open the gate", "LAS"))
    task, rvp = given.last, next(iter(given.view.boundaries.rows))
    refusal = given.when(Leave("not ours")).refused("still_active", agency="SCAS")
    assert refusal.sentence == (
        "Before SCAS leaves, release, close or hand over what is still its own: "
        "units SCAS/A1; open tasks SCAS-T1; on the ground RVP A."
    )
    given.did(Release("SCAS/A1")).did(Withdraw(rvp)).when(Leave("not ours")).refused("still_active")
    given.by("LAS", "tactical_commander").did(OfferLead("SECAMB", "x")).by("SECAMB").did(
        AcceptLead(given.last)
    )
    asked = given.by("LAS", "tactical_commander").when(Leave("done")).refused("still_active")
    assert "open tasks SCAS-T1" in asked.sentence, "it was asked to do it"
    given.by("SCAS", "tactical_commander").did(Cancel(task, "open already")).did(Leave("not ours"))
    given.by("LAS", "tactical_commander").did(Leave("done"))


def test_the_lead_does_not_leave() -> None:
    opened().by("LAS", "tactical_commander").when(Leave("tired")).refused("has_lead")


# -- declaring --


def test_each_agency_declares_for_itself_and_nobody_else_is_touched() -> None:
    given = opened().by("SCAS").later().did(Declare("SCAS", "declared"))
    states = {code: party.declared for code, party in org(given).parties.items()}
    assert states == {"LAS": "aware", "SCAS": "declared", "SECAMB": "aware"}
    assert org(given).parties["SCAS"].declared_at == T0 + MINUTE
    given.by("LAS").when(Declare("SCAS", "stand_down")).refused("no_grant", relation="other")
    given.by("LAS").did(Declare("LAS", "declared")).did(Declare("LAS", "stand_down"))
    assert org(given).parties["SCAS"].declared == "declared"


@pytest.mark.parametrize("end", ["scene_clear", "stand_down", "recovery", "closed"])
def test_a_correction_keeps_the_time_of_the_first_declaration_wherever_it_is_told(end: str) -> None:
    given = opened().later().did(Declare("LAS", "declared"))
    first = given.now
    given.later(60).did(Declare("LAS", end)).later(5).did(
        Declare("LAS", "declared", "that was the wrong key")
    )
    party = org(given).parties["LAS"]
    assert (party.declared, party.major_at, party.stands_since) == ("declared", first, first)
    assert party.declared_at == given.now, "when it was said last stays known"
    seat = look(given, "LAS")
    row = next(iter(BOARD.rows(seat).values()))
    since = next(column for column in BOARD.columns if column.name == "since").cell(row, seat).text
    assert since.startswith(seat.clock(first))
    told = dict(BOARD.detail(row, seat))["since"].text
    assert f"again {seat.clock(given.now)} by" in told
    assert f"LAS: declared {seat.clock(first)}." in tuple(declarations(seat))


def test_what_was_called_off_is_declared_anew() -> None:
    given = opened().did(Declare("LAS", "declared")).later().did(Declare("LAS", "cancelled"))
    given.later().did(Declare("LAS", "declared", "it was one after all"))
    assert org(given).parties["LAS"].stands_since == given.now


def test_the_same_declaration_twice_is_one() -> None:
    given = opened()
    mark = given.mark()
    given.did(Declare("LAS", "declared"))
    given.having_seen(mark).when(Declare("LAS", "declared")).nothing()


def test_a_declaration_on_an_old_picture_is_refused_as_a_conflict() -> None:
    given = opened()
    mark = given.mark()
    given.did(Declare("LAS", "declared"))
    given.having_seen(mark).when(Declare("LAS", "standby", "x")).refused(
        "changed", conflict=True, now="declared"
    )


def test_going_back_is_legal_with_a_reason() -> None:
    given = opened().did(Declare("LAS", "declared"))
    given.when(Declare("LAS", "standby")).refused("reason_needed")
    given.when(Declare("LAS", "standby", "  ")).refused("reason_needed")
    given.did(Declare("LAS", "standby", "one coach, not two"))
    assert given.line().text == (
        "declares MAJOR INCIDENT STANDBY, back from major incident. Reason: one coach, not two."
    )
    for state in DECLARATIONS[2:]:
        given.did(Declare("LAS", state))
    assert org(given).parties["LAS"].declared == "closed"


def test_one_who_is_invited_may_declare_before_joining() -> None:
    given = Given(INCIDENT).by("LAS").did(Open("Coach", "exercise")).did(Invite(("SCAS",)))
    given.by("SCAS").did(Declare("SCAS", "standby"))
    given.did(Join("duty manager"))
    assert org(given).parties["SCAS"].declared == "standby"


def test_exercise_control_may_speak_for_an_agency_that_nobody_plays() -> None:
    given = opened().by("EXCON", "excon").did(Declare("SECAMB", "declared"))
    assert org(given).parties["SECAMB"].declared == "declared"
    assert given.line().text == "for SECAMB: declares MAJOR INCIDENT"
    given.when(Declare("LFB", "declared")).refused("not_party")


# -- what it is --


def test_a_planned_event_becomes_an_incident_in_one_step_keeping_everything() -> None:
    given = opened(kind="planned_event").did(AssignNumber("LAS-2611-03"))
    before = org(given)
    given.did(ChangeKind())
    after = org(given)
    assert after.kind == "incident"
    assert (after.parties, after.number, after.sightings) == (before.parties, before.number, before.sightings)
    assert given.line().text == "makes the planned event an incident"
    given.when(ChangeKind()).nothing()
    given.when(ChangeKind("standby")).refused("reason_needed")
    given.when(ChangeKind("standby", "drill over")).then(
        facts.KindChanged("standby", "incident", "drill over")
    )


def test_two_rooms_that_change_the_kind_differently_meet_a_conflict() -> None:
    given = opened(kind="planned_event")
    mark = given.mark()
    given.did(ChangeKind())
    given.having_seen(mark).when(ChangeKind("standby", "x")).refused("changed", conflict=True)


def test_the_lead_closes_once_nobody_is_at_work() -> None:
    given = opened().by("SCAS").did(Declare("SCAS", "declared"))
    given.by("LAS").when(Close()).refused("still_active", agencies="SCAS")
    given.by("SCAS").did(Declare("SCAS", "stand_down")).when(Close()).refused("not_lead")
    given.by("LAS").did(Commit((Commitment("LAS/A101", "DCA", "AVB"), Commitment("LAS/A102", "DCA", "AVB"))))
    refusal = given.when(Close()).refused("still_active", units="2")
    assert refusal.sentence == "2 units are still committed: LAS/A101, LAS/A102; release them first."
    given.did(Release("LAS/A101")).did(Release("LAS/A102"))
    given.later().did(Close("all home"))
    assert (org(given).closed, org(given).closed_at) == (True, T0 + MINUTE)
    given.when(Close()).nothing()
    given.did(Reopen("another casualty found"))
    assert (org(given).closed, org(given).closed_at) == (False, None)


# -- where it is --


def test_a_location_that_was_seen_is_replaced() -> None:
    given = opened().did(GiveLocation(THERE))
    assert org(given).location == THERE
    assert not org(given).disputed
    given.when(GiveLocation(THERE)).nothing()
    given.when(GiveLocation(Location())).refused("empty")


def test_concurrent_locations_are_both_kept_until_a_tactical_commander_picks() -> None:
    given = opened(location=Location("M25 somewhere"))
    mark = given.mark()
    given.by("LAS").did(GiveLocation(HERE))
    given.by("SCAS").having_seen(mark).did(GiveLocation(THERE))
    state = org(given)
    assert state.disputed
    assert [(s.agency, s.location) for s in state.sightings] == [("LAS", HERE), ("SCAS", THERE)]
    assert state.location == HERE, "what stood goes on standing"
    wrong, right = (sighting.version for sighting in state.sightings)
    given.by("LAS", "operator").when(PickLocation(right)).refused(
        "no_grant", grant="organisation.pick_location"
    )
    given.by("LAS", "tactical_commander").did(PickLocation(right))
    assert (org(given).location, org(given).disputed) == (THERE, False)
    assert given.line().weight == "decision"
    given.when(PickLocation(right)).nothing()
    given.when(PickLocation(wrong)).refused("changed")
    given.having_seen(mark).when(PickLocation(wrong)).refused("changed", conflict=True)


def test_a_pick_does_not_put_aside_a_location_that_was_given_unseen() -> None:
    given = opened(location=Location("M25 somewhere"))
    blank = given.mark()
    given.by("LAS").did(GiveLocation(HERE)).by("SCAS").having_seen(blank).did(GiveLocation(THERE))
    seen = given.mark()
    given.by("SECAMB").having_seen(blank).did(GiveLocation(Location("J16")))
    pick = PickLocation(org(given).sightings[0].version)
    given.by("LAS", "tactical_commander").having_seen(seen).when(pick).refused("changed", conflict=True)
    given.did(pick)
    assert org(given).location == HERE


def test_a_dispute_ends_by_itself_when_all_say_the_same_place() -> None:
    given = opened(location=Location("M25 somewhere"))
    mark = given.mark()
    given.by("LAS").did(GiveLocation(HERE))
    given.by("SCAS").having_seen(mark).did(GiveLocation(THERE))
    assert org(given).disputed
    agreed = Location(THERE.text, THERE.grid, confirmed=True)
    given.by("LAS").did(GiveLocation(agreed))
    assert not org(given).disputed
    assert (org(given).location, org(given).sightings[0].agency) == (agreed, "LAS"), "confirmed stands first"
    given.by("SECAMB").did(GiveLocation(HERE))
    assert org(given).location == HERE


def test_during_a_dispute_a_room_replaces_only_its_own_word() -> None:
    given = opened()
    mark = given.mark()
    given.by("LAS").did(GiveLocation(HERE)).by("SCAS").having_seen(mark).did(GiveLocation(THERE))
    better = Location("M25 J14 northbound")
    given.by("SCAS").did(GiveLocation(better))
    assert [s.location for s in org(given).sightings] == [HERE, better]
    given.by("SECAMB").did(GiveLocation(THERE))
    assert len(org(given).sightings) == 3


def test_to_confirm_what_was_changed_meanwhile_is_a_dispute_too() -> None:
    given = opened(location=HERE)
    mark = given.mark()
    given.by("SCAS").did(GiveLocation(THERE))
    confirmed = Location(HERE.text, HERE.grid, confirmed=True)
    given.by("LAS").having_seen(mark).did(GiveLocation(confirmed))
    assert {s.location for s in org(given).sightings} == {THERE, confirmed}


def test_a_dispute_has_a_bound_and_never_drops_what_stood() -> None:
    given = opened("SCAS", "SECAMB", "EEAST", location=HERE)
    mark = given.mark()
    for number in range(12):
        given.having_seen(mark).did(GiveLocation(Location(f"place {number}")))
    sightings = org(given).sightings
    assert len(sightings) == facts.SIGHTINGS_MAX
    assert sightings[0].location == Location("place 0")
    assert sightings[-1].location == Location("place 11")


# -- the lead --


def test_the_lead_changes_hands_by_offer_and_acceptance() -> None:
    given = opened().did(OfferLead("SCAS", "their area"))
    offer = org(given).lead_offer
    assert (offer.to, offer.by, offer.reason, offer.claim) == ("SCAS", "LAS", "their area", False)
    assert org(given).lead == "LAS", "until accepted the old lead stays"
    given.by("LAS").when(AcceptLead(offer.id)).refused("not_yours")
    given.by("SECAMB").when(AcceptLead(offer.id)).refused("not_yours")
    given.by("SCAS").later().did(AcceptLead(offer.id))
    assert (org(given).lead, org(given).lead_since, org(given).lead_offers) == ("SCAS", T0 + MINUTE, ())
    assert given.line().text == "accepts the lead from LAS"


def test_a_declined_or_withdrawn_offer_leaves_the_lead_where_it_is() -> None:
    given = opened().did(OfferLead("SCAS", "their area"))
    offer = org(given).lead_offer.id
    given.by("SCAS").when(WithdrawLead(offer)).refused("not_yours")
    given.by("SCAS").did(DeclineLead(offer, "no commander free"))
    assert (org(given).lead, org(given).lead_offers) == ("LAS", ())
    assert given.line().text == "declines the lead. Reason: no commander free."
    given.by("LAS").did(OfferLead("SCAS", "again")).did(WithdrawLead(given.last))
    assert given.line().text == "takes back its offer of the lead to SCAS"
    given.by("SCAS").when(AcceptLead(given.last)).refused("no_offer", lead="LAS")


def test_an_answer_to_an_offer_that_was_withdrawn_meanwhile_is_a_conflict() -> None:
    given = opened().did(OfferLead("SCAS", "their area"))
    mark = given.mark()
    given.did(WithdrawLead(given.last))
    offer = org(given).lead_version
    given.by("SCAS").having_seen(mark).when(AcceptLead(offer)).refused("no_offer", conflict=True, lead="LAS")


def test_one_offer_at_a_time() -> None:
    given = opened().did(OfferLead("SCAS", "their area"))
    given.when(OfferLead("SECAMB", "theirs")).refused("offer_pending", to="SCAS")
    given.when(OfferLead("SECAMB", "theirs"), base={}).refused("offer_pending", conflict=True)
    given.when(OfferLead("SECAMB", " ")).refused("bad_shape")
    given.when(OfferLead("LAS", "ours")).refused("has_lead")
    given.when(OfferLead("LFB", "fire")).refused("not_party", agency="LFB")
    given.by("SECAMB").when(OfferLead("SCAS", "theirs")).refused("not_lead", lead="LAS")


def test_who_offers_on_an_old_picture_of_the_lead_meets_a_conflict() -> None:
    given = opened()
    mark = given.mark()
    given.did(OfferLead("SCAS", "their area")).by("SCAS").did(AcceptLead(given.last))
    given.by("LAS").having_seen(mark).when(OfferLead("SECAMB", "x")).refused("not_lead", conflict=True)


def test_a_claim_is_answered_by_the_lead() -> None:
    given = opened().by("SCAS").did(OfferLead("SCAS", "our area"))
    claim = given.last
    assert org(given).lead_offer.claim
    given.by("SCAS").when(AcceptLead(claim)).refused("not_yours")
    assert given.line().text == "claims the lead. Reason: our area."
    given.by("LAS").did(AcceptLead(claim))
    assert org(given).lead == "SCAS"
    assert given.line().text == "gives the lead to SCAS"


def test_two_names_for_the_lead_are_a_disputed_lead() -> None:
    given = opened().did(OfferLead("SCAS", "their area")).by("SECAMB").did(OfferLead("SECAMB", "it is ours"))
    assert org(given).lead_disputed
    claim = given.last
    given.by("SCAS").did(AcceptLead(org(given).lead_offers[0].id))
    assert org(given).lead == "SCAS"
    assert [offer.id for offer in org(given).lead_offers] == [claim], "the claim now goes to the new lead"
    given.by("LAS").when(AcceptLead(claim)).refused("not_yours")
    given.by("SCAS").did(AcceptLead(claim))
    assert (org(given).lead, org(given).lead_disputed) == ("SECAMB", False)


def test_an_offer_lapses_after_a_quarter_of_an_hour_by_the_system() -> None:
    given = opened().did(OfferLead("SCAS", "their area"))
    (due,) = given.model.due(given.view, given.now)
    assert (due.at, due.key, due.command) == (
        T0 + 15 * MINUTE,
        f"lead-lapses/{given.last}",
        LapseLead(given.last),
    )
    given.by("LAS").when(due.command).refused("no_grant")
    given.system().later(14).when(due.command).refused("too_early")
    given.later(1).did(due.command)
    assert org(given).lead_offers == ()
    assert given.line().text == "the lead does not go to SCAS: no answer in 15 min"
    given.when(due.command).nothing()
    assert given.model.due(given.view, given.now) == ()


@pytest.mark.parametrize("said", [0, T0 + 10**12])
def test_an_offer_lapses_by_the_servers_clock_whatever_its_author_says(said: int) -> None:
    given = opened().did(OfferLead("SCAS", "their area"), happened_at=said)
    (due,) = given.model.due(given.view, given.now)
    assert due.at == T0 + 15 * MINUTE


def test_exercise_control_hands_over_the_lead_of_a_drill_that_it_opened() -> None:
    given = Given(INCIDENT).by("EXCON", "excon").did(Open("Drill", "exercise")).did(Invite(("LAS", "SCAS")))
    given.did(OfferLead("LAS", "yours")).did(WithdrawLead(given.last))
    given.by("SCAS").did(OfferLead("SCAS", "ours")).by("EXCON", "excon").did(
        DeclineLead(given.last, "LAS has it")
    )
    given.by("LAS").did(OfferLead("LAS", "ours")).by("EXCON", "excon").did(AcceptLead(given.last))
    assert org(given).lead == "LAS"


def test_a_person_cannot_take_the_role_of_the_system() -> None:
    given = opened().did(OfferLead("SCAS", "their area")).later(20)
    given.by("LAS", "system", "Sam").when(LapseLead(given.last)).refused("no_grant")


# -- the board --


def look(given: Given, agency: str = "LAS", **more: Any) -> Look:
    return Look(
        given.view,
        Actor("Sam", agency, "operator"),
        given.now,
        given.stream,
        charter=charter(),
        clock=lambda at: f"+{(at - T0) // MINUTE}",
        **more,
    )


def cells(given: Given, agency: str) -> list[str]:
    seen = look(given)
    return [column.cell(BOARD.rows(seen)[agency], seen).text for column in BOARD.columns]


def test_the_board_shows_who_takes_part_and_how_they_stand() -> None:
    given = opened().did(Invite(("LFB",))).by("SCAS").later(5).did(Declare("SCAS", "declared")).later(10)
    assert cells(given, "LAS")[:4] == ["LAS  us", "opened", "+0  15 min", "lead"]
    assert cells(given, "SCAS")[:4] == ["SCAS", "DECLARED", "+5  10 min", ""]
    assert cells(given, "LFB")[:5] == ["LFB", "not joined", "", "", "invited +0 sent"]
    assert cells(given, "SCAS")[5] == "SCAS duty manager"


def test_an_unchanged_row_is_the_same_object() -> None:
    given = opened()
    before = BOARD.rows(look(given))
    given.by("SCAS").did(Declare("SCAS", "declared"))
    after = BOARD.rows(look(given))
    assert after["SECAMB"] is before["SECAMB"]
    assert after["SCAS"] is not before["SCAS"]
    given.by("LAS").did(OfferLead("SECAMB", "theirs"))
    assert BOARD.rows(look(given))["SECAMB"] is not before["SECAMB"], "the lead column has changed"


def test_a_dispute_about_the_lead_repaints_the_line_of_the_lead() -> None:
    given = opened().did(OfferLead("SCAS", "x"))
    before = BOARD.rows(look(given))
    given.by("SECAMB").did(OfferLead("SECAMB", "y"))
    after = BOARD.rows(look(given))
    assert after["LAS"] is not before["LAS"]
    assert [after[code].disputed for code in ("LAS", "SCAS", "SECAMB")] == [True, True, True]


def test_an_invitation_and_an_offer_say_how_far_they_have_got() -> None:
    given = opened().did(Invite(("LFB",)))
    (invitation,) = INCIDENT.addressed(given.view, "LFB")
    assert INCIDENT.addressed(given.view, "SCAS") == ()
    given.by("LFB").did(See((invitation,)))
    assert given.line().text == "seen by LFB: the invitation"
    assert cells(given, "LFB")[4] == "invited +0 seen"
    given.did(Join("fire control"))
    assert INCIDENT.addressed(given.view, "LFB") == ()
    given.by("LAS").did(OfferLead("SCAS", "their area"))
    (offer,) = INCIDENT.addressed(given.view, "SCAS")
    given.by("SCAS").did(Deliver((offer,)))
    assert given.line().text == "delivered to SCAS: the lead offered to SCAS"
    seen = look(given)
    assert any(
        "delivered, lapses +15" in cell.text for _, cell in BOARD.detail(BOARD.rows(seen)["SCAS"], seen)
    )
    given.did(AcceptLead(offer.removeprefix("organisation/")))
    assert INCIDENT.addressed(given.view, "SCAS") == ()
    assert given.line(-2).text == "delivered to SCAS: an offer of the lead"


def test_a_claim_of_the_lead_is_addressed_to_the_lead() -> None:
    given = opened().by("SCAS").did(OfferLead("SCAS", "ours"))
    assert INCIDENT.addressed(given.view, "LAS") == (f"organisation/{given.last}",)
    assert INCIDENT.addressed(given.view, "SCAS") == ()


def test_a_disputed_lead_and_a_disputed_location_alarm() -> None:
    given = opened()
    assert BOARD.alarm is not None
    assert BOARD.alarm(look(given)) == 0
    mark = given.mark()
    given.did(OfferLead("SCAS", "x")).by("SECAMB").did(OfferLead("SECAMB", "y"))
    given.by("LAS").did(GiveLocation(HERE)).by("SCAS").having_seen(mark).did(GiveLocation(THERE))
    seen = look(given)
    assert BOARD.alarm(seen) == 2
    row = BOARD.rows(seen)["LAS"]
    assert cells(given, "LAS")[3] == "lead, DISPUTED"
    detail = dict(BOARD.detail(row, seen))
    assert detail["location"].text.startswith("DISPUTED")
    assert "TQ 0338 7538" in detail["SCAS"].text


def test_rows_are_found_by_what_people_type() -> None:
    seen = look(opened())
    assert [BOARD.named(word, seen) for word in ("scas", "South Central Ambulance Service", "no")] == [
        "SCAS",
        "SCAS",
        None,
    ]
    row = BOARD.rows(seen)["SCAS"]
    assert "south central" in BOARD.find(row, seen)
    assert BOARD.version(row) == seen.state.organisation.parties["SCAS"].changed


def verb(name: str) -> Any:
    return next(verb for verb in BOARD.verbs if verb.name == name)


def test_verbs_make_the_commands_that_the_rules_take() -> None:
    given = opened()
    seen = look(given)
    row = BOARD.rows(seen)["SCAS"]
    made = {
        "declare": verb("declare").build(None, {"state": "stand down", "reason": ""}, seen),
        "invite": verb("invite").build(None, {"agencies": "lfb, mps"}, seen),
        "lead": verb("lead").build(row, {"reason": "their area"}, seen),
        "location": verb("location").build(None, {"location": "M25 J14 TQ 0338 7538"}, seen),
        "confirm": verb("confirm-location").build(None, {}, seen),
        "contact": verb("contact").build(None, {"spoc": "Silver"}, seen),
        "retitle": verb("retitle").build(None, {"title": "Two coaches"}, seen),
        "open": OPEN.build(None, {"title": "Second coach", "location": "M25 J14", "kind": "standby"}, seen),
    }
    assert made["declare"] == Declare("LAS", "stand_down")
    assert made["invite"] == Invite(("LFB", "MPS"))
    assert made["lead"] == OfferLead("SCAS", "their area")
    assert made["location"] == GiveLocation(Location("M25 J14", "TQ 0338 7538"))
    assert made["confirm"].location.confirmed
    assert made["open"] == Open("Second coach", "exercise", Location("M25 J14"), "standby")
    assert (made["contact"], made["retitle"]) == (NameContact("LAS", "Silver"), Retitle("Two coaches"))
    (title,) = verb("retitle").args
    assert title.default is not None
    assert title.default(seen, None) == "M4/M25 coach"
    for name, command in made.items():
        if name != "open":
            assert not isinstance(given.when(command).answer, Refusal), name


def test_only_an_unanswered_invitation_of_ours_or_of_the_lead_can_be_taken_back() -> None:
    given = opened().by("SCAS").did(Invite(("LFB",)))
    able = {agency: look(given, agency) for agency in ("LAS", "SCAS", "SECAMB")}
    rows = BOARD.rows(able["LAS"])
    uninvite = verb("uninvite")
    assert [uninvite.applies(rows["LFB"], seen) for seen in able.values()] == [True, True, False]
    assert not uninvite.applies(rows["SECAMB"], able["LAS"])
    made = uninvite.build(rows["LFB"], {"reason": "meant RBFRS"}, able["SCAS"])
    assert made == TakeBackInvitation("LFB", "meant RBFRS")
    given.by("SCAS").did(made)


def test_verbs_of_the_lead_find_the_offer_that_is_meant() -> None:
    given = opened().did(OfferLead("SCAS", "their area"))
    offer = given.last
    ours, theirs = look(given), look(given, "SCAS")
    assert verb("accept-lead").applies(None, theirs)
    assert not verb("accept-lead").applies(None, ours)
    assert verb("accept-lead").build(None, {}, theirs) == AcceptLead(offer)
    assert verb("accept-lead").build(None, {"offer": "scas"}, theirs) == AcceptLead(offer)
    assert verb("decline-lead").build(None, {"reason": "no"}, theirs) == DeclineLead(offer, "no")
    assert verb("withdraw-lead").build(None, {"offer": offer}, ours) == WithdrawLead(offer)
    with pytest.raises(ValueError, match="waits"):
        verb("accept-lead").build(None, {}, ours)
    with pytest.raises(ValueError, match="no such"):
        verb("accept-lead").build(None, {"offer": "SECAMB"}, theirs)


def test_two_keys_stand_before_what_cannot_be_taken_back_quietly() -> None:
    assert {v.name for v in BOARD.verbs if v.confirm} >= {"declare", "lead", "accept-lead", "close"}
    declare = verb("declare")
    assert {answer["state"] for answer in declare.quick.values()} == set(DECLARATIONS)
    with pytest.raises(ValueError, match="declares one of"):
        declare.build(None, {"state": "panic"}, look(opened()))


def test_an_unknown_charter_is_said_before_anything_is_sent() -> None:
    with pytest.raises(ValueError, match="not been reached"):
        OPEN.build(None, {"title": "x"}, Look(None, None, T0))


# -- the whole --


def test_a_long_history_keeps_every_promise() -> None:
    given = opened(kind="planned_event").did(AssignNumber("LAS-2611-03"))
    mark = given.mark()
    given.did(ChangeKind()).did(Declare("LAS", "declared")).did(GiveLocation(HERE))
    given.by("SCAS").having_seen(mark).did(GiveLocation(THERE)).did(OfferLead("SCAS", "ours"))
    given.by("LAS", "tactical_commander").did(PickLocation(org(given).sightings[1].version))
    given.did(AcceptLead(org(given).lead_offer.id)).by("SECAMB", "tactical_commander").did(Leave("not ours"))
    given.check()


# -- whose area it is --

AREAS = "0123456789abcdef"
NEAR = (Near("LAS", 600), Near("SECAMB", 2_800), Near("EEAST", 13_000))
PLACED = Placing("border", AREAS, "SCAS", NEAR, 3_000, indicative=True)
WITH_AREAS = msgspec.structs.replace(charter(), areas_digest=AREAS)


def placed(**changed: Any) -> Given:
    given = Given(INCIDENT, charter_=WITH_AREAS).by("LAS")
    return given.did(Open("Coach", "exercise", HERE, placing=msgspec.structs.replace(PLACED, **changed)))


def test_what_the_room_computed_of_the_place_stands_in_the_opening_record() -> None:
    given = placed()
    assert org(given).placing == PLACED
    assert INCIDENT.digest(INCIDENT.fold(tuple(given.records))) == INCIDENT.digest(given.view)
    line = INCIDENT.sentence(given.records[0], INCIDENT.names(given.view)).text
    assert "On the border SCAS/LAS/SECAMB" in line
    assert "INDICATIVE" in line


def test_what_was_computed_with_other_areas_is_left_out_and_the_location_is_taken() -> None:
    given = placed(areas="another set")
    assert org(given).placing is None
    assert org(given).location == HERE
    given = placed().did(GiveLocation(THERE, msgspec.structs.replace(PLACED, areas="")))
    assert org(given).location == THERE
    assert org(given).placing is None  # never that of the place before


def test_a_placing_that_comes_later_is_taken_for_the_same_location() -> None:
    given = Given(INCIDENT, charter_=WITH_AREAS).by("LAS").did(Open("Coach", "exercise", HERE))
    assert org(given).placing is None
    given.did(GiveLocation(HERE, PLACED))
    assert org(given).placing == PLACED
    given.when(GiveLocation(HERE, PLACED)).nothing()
    given.when(GiveLocation(HERE)).nothing()


def test_in_dispute_there_is_no_placing_until_one_is_picked() -> None:
    given = placed().did(Invite(("SCAS",)))
    given.by("SCAS").did(Join("duty manager"))
    mark = given.mark()
    given.by("LAS").did(GiveLocation(THERE, PLACED))
    given.by("SCAS").having_seen(mark).did(GiveLocation(Location("A4"), None))
    assert org(given).disputed
    assert org(given).placing is None
    given.by("LAS", "tactical_commander").did(PickLocation(org(given).sightings[0].version))
    assert org(given).placing == PLACED


def test_an_incident_from_before_there_were_areas_reads_as_it_did() -> None:
    given = opened()
    body = msgspec.json.decode(given.records[0].body)
    assert "placing" not in body
    assert org(given).placing is None


def seen(given: Given, agency: str = "LAS") -> Look:
    return Look(given.view, Actor("Sam", agency, "operator"), given.now, charter=given.charter)


def test_the_word_tell_invites_the_trusts_near_it_that_do_not_take_part_and_then_has_nothing_to_do() -> None:
    given = placed(state="inside", accuracy_m=100)
    tell = verb("tell")
    assert tell.applies(None, seen(given))
    assert set(tell.args[0].default(seen(given), None).split(",")) == {"SCAS", "SECAMB"}
    given.did(tell.build(None, {"agencies": tell.args[0].default(seen(given), None)}, seen(given)))
    assert set(parties(given.view)) == {"LAS", "SCAS", "SECAMB"}
    assert tell.args[0].default(seen(given), None) == ""
    assert tell.applies(None, seen(given)), "the lead is still to be offered"
    given.did(tell.build(None, {"to": "scas", "reason": "their area"}, seen(given)))
    assert not tell.applies(None, seen(given))
    assert not tell.applies(None, seen(opened()))


def test_the_reason_for_the_lead_stands_in_the_form_for_the_trust_of_the_place_and_no_other() -> None:
    given = placed().did(Invite(("SCAS", "SECAMB")))
    look = seen(given)
    rows = BOARD.rows(look)
    reason = verb("lead").args[0].default
    assert "SCAS" in reason(look, rows["SCAS"])
    assert reason(look, rows["SECAMB"]) == ""
    assert reason(look, None) == ""
    given.did(verb("lead").build(rows["SCAS"], {"reason": reason(look, rows["SCAS"])}, look))
    assert org(given).lead_offer.to == "SCAS"


def test_the_detail_of_a_party_says_whose_area_it_is_and_who_is_still_to_be_told() -> None:
    given = placed().did(Invite(("SCAS",)))
    look = seen(given)
    lines = dict(BOARD.detail(BOARD.rows(look)["LAS"], look))
    assert "INDICATIVE" in lines["area"].text
    assert lines["to be told"].text == "SECAMB"


def test_on_a_border_nobody_is_named_for_the_lead_and_the_likeliest_are_the_first_choices() -> None:
    given = placed()
    to = next(arg for arg in verb("tell").args if arg.name == "to")
    assert to.default is not None
    assert to.choices is not None
    assert to.default(seen(given), None) == "", "that is agreed between control rooms"
    first = [code for code, _ in to.choices(seen(given), None)]
    assert set(first[:2]) == {"SCAS", "SECAMB"}
    assert to.default(seen(placed(state="inside")), None) == "SCAS"


def test_who_has_left_is_told_again_when_it_is_to_lead() -> None:
    given = placed().did(Invite(("SCAS",)))
    given.by("SCAS", "tactical_commander").did(Join("duty manager")).did(Leave("not ours")).by("LAS")
    look = seen(given)
    given.did(verb("tell").build(None, {"to": "scas", "reason": "their area"}, look))
    assert "SCAS" in parties(given.view)
    assert org(given).lead_offer.to == "SCAS"
    given.check()


def test_a_room_without_the_areas_takes_nothing_back_that_others_computed() -> None:
    given = placed()
    given.did(GiveLocation(msgspec.structs.replace(HERE, confirmed=True)))
    assert org(given).placing == PLACED
    assert org(given).location.confirmed
    given.did(GiveLocation(msgspec.structs.replace(HERE, text="the coach")))
    assert org(given).placing == PLACED, "the same point by another name"
    given.did(GiveLocation(THERE))
    assert org(given).placing is None, "nobody has computed whose area that is"
    assert set(untold(given.view)) == {"SCAS", "SECAMB"}, "and who had to be told still must be"
    look = seen(given)
    lines = dict(BOARD.detail(BOARD.rows(look)["LAS"], look))
    assert lines["area"].text == "not computed: tell as before: SCAS LAS SECAMB"
    assert "not computed: tell as before" in given.line().text
    given.did(GiveLocation(HERE, msgspec.structs.replace(PLACED, state="inside", near=())))
    assert set(untold(given.view)) == {"SCAS"}, "computed anew, it is what was computed"
    given.check()


def test_a_place_given_anew_gives_nobody_more_time_to_be_told() -> None:
    given = placed()
    begun = given.now
    for turn in range(4):
        given.later(1).did(GiveLocation(msgspec.structs.replace(HERE, confirmed=turn % 2 == 0), PLACED))
    found = [a for a in alarms_now(given.view, given.now) if a.kind == "neighbour_untold"]
    assert {a.key: a.since for a in found} == {
        "untold/SCAS": begun + 3 * MINUTE, "untold/SECAMB": begun + 3 * MINUTE
    }  # fmt: skip
    wider = msgspec.structs.replace(PLACED, near=(*NEAR[:2], Near("EEAST", 2_000)))
    given.did(GiveLocation(THERE, wider))
    assert "untold/EEAST" not in {a.key for a in alarms_now(given.view, given.now)}, (
        "it is asked for only now"
    )
    given.check()
