"""Sharing agreements: who makes them, what each tier may do, how they end, and that nothing is shared on."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from msgspec.structs import replace

from incident.alarms import standing as alarms_standing
from incident.alarms.facts import Acknowledge as HearAlarm
from incident.exercises.facts import Pause, Resume, SetSpeed, StartPlay
from incident.kernel.board import Look
from incident.kernel.ledger import context_of
from incident.kernel.receipts import Deliver
from incident.kernel.slice import Actor
from incident.log.board import BOARD as DECISIONS
from incident.log.facts import Decide, Write
from incident.methane.facts import Publish
from incident.organisation.facts import Invite, Join, Leave, OpenOwn, TakeBackInvitation
from incident.sharing import facts as f
from incident.sharing import shared_with, standing
from incident.sharing.board import BOARD, rows
from incident.sharing.facts import Agreement, End, RunOut, Share
from incident.sharing.rules import decide
from incident.state import INCIDENT, MODELS, OWN
from incident.tasks.board import BOARD as TASKS
from incident.tasks.facts import Raise
from tests.incident.given import MINUTE, OWN_STREAM, T0, Given, opened
from tests.incident.test_methane import COACH

TWO_HOURS = Share("NWAS", "view", 120, "neighbour on standby")
ASSIST = Share("NWAS", "assist", 60, "its desk takes calls for us")


def lead(*parties: str) -> Given:
    return opened(*(parties or ("SCAS",))).by("LAS", "tactical_commander", "Ann")


def own() -> Given:
    return Given(OWN, OWN_STREAM).by("LAS", "tactical_commander", "Ann").did(OpenOwn())


def agreement(given: Given, agency: str = "NWAS") -> Agreement:
    found: Agreement = given.view.sharing.agreements[agency]
    return found


def sees(given: Given, agency: str = "NWAS", now: int | None = None) -> bool:
    return agency in given.model.shared(given.view, given.now if now is None else now)


# -- making one -----------------------------------------------------------------------------------------------


def test_the_lead_shares_the_incident_with_an_outsider_for_a_purpose_and_a_time() -> None:
    given = lead()
    given.when(TWO_HOURS).then(f.Shared("NWAS", "view", "neighbour on standby", given.now + 120 * MINUTE))
    given.did(TWO_HOURS).check()
    assert sees(given)
    assert (
        given.line().text
        == "shares the incident with NWAS to look at, for 2 h. Purpose: neighbour on standby."
    )
    assert given.line().weight == "decision"


@pytest.mark.parametrize("minutes", [0, -1, 24 * 60 + 1, 10**9])
def test_an_agreement_has_an_end_within_a_day(minutes: int) -> None:
    lead().when(Share("NWAS", "view", minutes, "x")).refused("bad_shape")


@pytest.mark.parametrize("purpose", ["", "   ", "x" * 201])
def test_an_agreement_has_a_purpose(purpose: str) -> None:
    lead().when(Share("NWAS", "view", 60, purpose)).refused("bad_shape")


def test_there_is_no_third_tier() -> None:
    lead().when(Share("NWAS", "lead", 60, "x")).refused("bad_shape")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("to", "code"),
    [("SCAS", "not_shared"), ("LAS", "own_agency"), ("NOBODY", "unknown_agency"), ("EXCON", "not_shared")],
)
def test_it_is_shared_with_no_party_and_with_nobody_unheard_of(to: str, code: str) -> None:
    lead().when(Share(to, "view", 60, "x")).refused(code)


def test_only_the_lead_shares_the_incident_and_only_its_agency_an_own_part() -> None:
    lead().by("SCAS", "tactical_commander").when(TWO_HOURS).refused("no_grant")
    lead().by("EXCON", "excon").when(TWO_HOURS).refused("no_grant")
    given = own().did(Share("SCAS", "assist", 60, "x"))
    given.by("SCAS", "tactical_commander").when(Share("NWAS", "view", 60, "x")).refused("no_grant")


def test_nothing_is_shared_on_even_if_the_file_of_roles_would_let_it() -> None:
    """The rule stands beside the data: who is not the owner is refused by the decision, too."""
    given = lead().did(ASSIST).by("NWAS", "tactical_commander")
    ctx = context_of(given.actor, given.submit(TWO_HOURS), given.now, given.charter)
    answer: Any = decide(given.view, Share("EEAST", "view", 60, "on to a friend"), ctx)
    assert answer.code == "not_owner"
    assert "shared on" in answer.sentence


def test_a_role_without_the_grant_shares_nothing() -> None:
    for role in ("operator", "loggist", "observer", "guest"):
        opened().by("LAS", role).when(TWO_HOURS).refused("no_grant")


def test_who_agrees_has_seen_what_was_agreed_before() -> None:
    given = lead()
    seen = given.mark()
    given.did(TWO_HOURS)
    given.having_seen(seen).when(Share("NWAS", "assist", 60, "x")).refused("changed", conflict=True)
    given.did(Share("NWAS", "assist", 60, "more")).check()
    assert agreement(given).tier == "assist"


def test_so_many_agreements_stand_at_one_time_and_no_more() -> None:
    given = lead()
    codes = [code for code, one in given.charter.agencies.items() if one.type != "exercise"]
    outside = [code for code in codes if code not in ("LAS", "SCAS")]
    assert len(outside) > f.STANDING_MAX
    for code in outside[: f.STANDING_MAX]:
        given.did(Share(code, "view", 60, "x"))
    given.when(Share(outside[f.STANDING_MAX], "view", 60, "x")).refused("too_many")
    given.did(Share(outside[0], "view", 90, "one that stands is renewed"))
    given.later(61).did(Share(outside[f.STANDING_MAX], "view", 60, "room again")).check()


# -- what it lets -----------------------------------------------------------------------------------------------


def test_a_viewer_writes_nothing_and_leaves_no_receipt() -> None:
    given = lead().did(TWO_HOURS).by("NWAS", "tactical_commander")
    for command in (
        Write("hello"),
        Join("us"),
        Invite(("EEAST",)),
        Deliver(("organisation/x",)),
        HearAlarm(("methane_unread/x",)),
    ):
        refusal = given.when(command).refused("no_grant", role="view")
        assert "by LAS" in refusal.sentence
    assert INCIDENT.addressed(given.view, "NWAS") == ()


def test_who_assists_gives_the_commands_that_the_file_lists_and_that_their_role_has() -> None:
    given = lead().did(ASSIST)
    given.by("NWAS").did(Write("three calls from the hard shoulder"))
    given.when(Join("us")).refused("no_grant", role="assist")
    given.by("NWAS", "observer").when(Write("x")).refused("no_grant", role="observer")


def test_a_tier_that_the_frozen_roles_do_not_know_lets_nothing() -> None:
    """An incident opened before there were tiers: its roles are what they were, and what they lack is denied."""
    given = lead().did(ASSIST)
    charter = given.view.organisation.charter
    roles = {code: role for code, role in charter.roles.items() if code != "assist"}
    organisation = replace(given.view.organisation, charter=replace(charter, roles=roles))
    given.view = replace(given.view, organisation=organisation)
    given.by("NWAS").when(Write("x")).refused("no_grant")


@pytest.mark.parametrize("role", ["view", "assist"])
def test_a_tier_is_nobodys_role(role: str) -> None:
    lead().by("LAS", role).when(Write("x")).refused("no_role")


def test_a_receiver_is_no_party() -> None:
    given = lead().did(ASSIST)
    assert "NWAS" not in given.view.organisation.parties
    assert INCIDENT.agencies(given.view) == {"LAS", "SCAS"}
    assert INCIDENT.may_watch(given.view, Actor("Sam", "NWAS", "operator")) is not None
    given.by("LAS").did(Publish(COACH)).later(30)
    found = [(alarm, str(alarm)) for alarm in alarms_standing(given.view, given.now)]
    assert any("SCAS" in words for _, words in found)
    assert not [words for _, words in found if "NWAS" in words]


# -- how it ends --------------------------------------------------------------------------------------------------


def test_it_is_over_at_its_moment_whether_or_not_anybody_has_noted_it() -> None:
    given = lead().did(TWO_HOURS)
    until = agreement(given).until
    assert sees(given, now=until - 1)
    assert not sees(given, now=until)
    given.now = until
    given.by("NWAS").when(Write("x")).refused("not_party")


def test_the_server_notes_that_it_has_run_out_once() -> None:
    given = lead().did(TWO_HOURS)
    (due,) = [due for due in INCIDENT.due(given.view, given.now) if isinstance(due.command, RunOut)]
    assert due.at == agreement(given).until
    given.system().when(due.command).refused("too_early")
    given.now = due.at
    given.did(due.command).check()
    assert given.line().text == "the sharing with NWAS has run out"
    given.when(due.command).nothing()
    assert not [due for due in INCIDENT.due(given.view, given.now) if isinstance(due.command, RunOut)]


def test_what_ran_out_does_not_end_what_was_agreed_after_it() -> None:
    given = lead().did(TWO_HOURS)
    (due,) = [due for due in INCIDENT.due(given.view, given.now) if isinstance(due.command, RunOut)]
    given.later(100).did(Share("NWAS", "view", 120, "longer"))
    given.system().later(30).when(due.command).nothing()
    assert sees(given)


@pytest.mark.parametrize(("agency", "role"), [("LAS", "tactical_commander"), ("NWAS", "operator")])
def test_either_side_ends_it_at_any_time(agency: str, role: str) -> None:
    given = lead().did(TWO_HOURS).later(1).by(agency, role)
    given.did(End("NWAS", "not needed")).check()
    assert not sees(given)
    assert "Reason: not needed." in given.line().text
    given.by("NWAS").when(Write("x")).refused("not_party")


def test_nobody_else_ends_it() -> None:
    given = lead("SCAS", "SECAMB").did(TWO_HOURS)
    given.by("SCAS", "tactical_commander").when(End("NWAS")).refused("not_yours")
    given.by("EEAST", "tactical_commander").when(End("NWAS")).refused("not_party")
    lead().when(End("NWAS")).refused("no_agreement")


def test_to_end_it_needs_no_sight_of_the_newest_version() -> None:
    """Who ends what was renewed meanwhile ends it all the same: that is the safe side."""
    given = lead().did(TWO_HOURS)
    seen = given.mark()
    given.did(Share("NWAS", "view", 240, "longer"))
    given.by("NWAS").having_seen(seen).did(End("NWAS"))
    assert not sees(given)


def test_who_becomes_a_party_and_leaves_sees_nothing_by_the_old_agreement() -> None:
    given = lead().did(TWO_HOURS)
    given.did(Invite(("NWAS",)))
    assert not sees(given)
    given.by("NWAS", "tactical_commander").did(Join("us")).did(Leave("not ours"))
    assert not sees(given)
    given.when(Write("x")).refused("not_party")
    given.by("LAS", "tactical_commander").did(Share("NWAS", "view", 60, "anew")).check()
    assert sees(given)


def test_an_invitation_taken_back_takes_the_agreement_with_it() -> None:
    given = lead().did(TWO_HOURS).did(Invite(("NWAS",))).did(TakeBackInvitation("NWAS", "by mistake"))
    assert not sees(given)


def test_the_time_of_an_agreement_is_the_time_of_the_exercise() -> None:
    given = lead()
    given.by("EXCON", "excon").did(StartPlay("m4-m25-coach", "M4/M25 coach", "COBALT"))
    given.by("LAS", "tactical_commander").did(Share("NWAS", "assist", 60, "x"))
    given.by("EXCON", "excon").did(SetSpeed(4))
    given.later(14)
    assert sees(given)
    given.by("NWAS").did(Write("still here"))
    given.by("EXCON", "excon").did(Pause("umpires")).later(600)
    assert sees(given)
    given.did(Resume()).later(2)
    assert not sees(given)
    given.by("NWAS").when(Write("x")).refused("not_party")


# -- an own part ----------------------------------------------------------------------------------------------------


def test_an_agency_shares_its_own_part() -> None:
    given = own().did(Share("SCAS", "assist", 60, "which crews we asked for")).check()
    assert given.line().text.startswith("shares its own part with SCAS to assist, for 1 h.")
    assert shared_with(given.view, given.now) == {"SCAS"}
    given.by("SCAS").did(Write("two of them are ours"))
    given.did(End("SCAS"))
    given.when(Write("x")).refused("not_party")


def test_exercise_controls_papers_and_registers_are_not_shared() -> None:
    for stream in (f"{OWN_STREAM.partition('/own')[0]}/excon", "register/exercise/LAS"):
        model = MODELS.of(stream)
        assert model is not None
        assert "sharing.share" not in model.commands
        assert model.shared(model.initial(), T0) == frozenset()
    assert standing(model.initial(), "SCAS", T0) is None


# -- on the board ---------------------------------------------------------------------------------------------------


def look(given: Given, agency: str = "LAS", **more: Any) -> Look:
    return Look(given.view, Actor("Ann", agency, "tactical_commander"), given.now, given.stream, **more)


def verb(name: str) -> Any:
    return next(verb for verb in BOARD.verbs if verb.name == name)


def test_the_board_says_what_stands_and_how_long() -> None:
    given = lead().did(TWO_HOURS)
    mine = own().did(Share("SCAS", "assist", 60, "x"))
    seen = look(given, own=mine.view, own_stream=OWN_STREAM)
    found = rows(seen)
    assert list(found) == ["incident/NWAS", "LAS/SCAS"]
    texts = [[column.cell(row, seen).text for column in BOARD.columns][:3] for row in found.values()]
    assert texts == [["incident", "NWAS", "view 2 h more"], ["our own part", "SCAS", "assist 1 h more"]]
    assert BOARD.named("nwas", seen) == "incident/NWAS"
    assert BOARD.count is not None
    assert BOARD.count(seen) == 2
    for row in found.values():
        assert all(cell.text for _, cell in BOARD.detail(row, seen))


def test_the_verbs_make_the_commands_in_the_right_stream() -> None:
    given = lead()
    seen = look(given, own=own().view, own_stream=OWN_STREAM)
    values = {"agency": "nwas", "tier": "view", "minutes": "2h", "purpose": "neighbour on standby"}
    assert verb("share-incident").build(None, values, seen) == TWO_HOURS
    assert verb("share-incident").stream(None, seen) == given.stream
    assert verb("share-own").stream(None, seen) == OWN_STREAM
    assert verb("share-incident").applies(None, seen)
    assert not verb("share-incident").applies(None, look(given, "SCAS"))
    outside = {code for code, _ in verb("share-incident").args[0].choices(seen, None)}
    assert "NWAS" in outside
    assert outside.isdisjoint({"LAS", "SCAS", "EXCON"})
    assert [code for code, _ in verb("share-own").args[0].choices(seen, None)] == ["SCAS"]
    for wrong in ({"tier": "lead"}, {"minutes": "25h"}):
        with pytest.raises(ValueError, match=r"tier is one of|at most 24 hours"):
            verb("share-incident").build(None, values | wrong, seen)


def test_our_own_part_is_shared_with_a_party_and_with_nobody_who_may_become_one() -> None:
    seen = look(lead(), own=own().view, own_stream=OWN_STREAM)
    values = {"agency": "scas", "tier": "view", "minutes": "2h", "purpose": "to see what we asked for"}
    assert verb("share-own").build(None, values, seen).agency == "SCAS"
    with pytest.raises(ValueError, match="NWAS is not party"):
        verb("share-own").build(None, values | {"agency": "NWAS"}, seen)


def test_what_is_written_by_an_agreement_and_comes_after_its_end_is_refused() -> None:
    given = lead().did(Share("NWAS", "assist", 60, "x")).by("NWAS", "operator").later(30)
    given.did(Write("we have two to spare"))
    given.later(31).when(Write("late"), written_at=given.now - 20 * MINUTE).refused("not_party")


def test_the_receiver_ends_it_from_its_own_board() -> None:
    given = lead().did(TWO_HOURS)
    seen = look(given, "NWAS")
    row = rows(seen)["incident/NWAS"]
    assert verb("end-sharing").applies(row, seen)
    assert verb("end-sharing").build(row, {}, seen) == End("NWAS")
    assert not verb("end-sharing").applies(row, look(given, "SCAS"))
    given.did(End("NWAS"))
    after = look(given)
    assert not verb("end-sharing").applies(rows(after)["incident/NWAS"], after)
    assert BOARD.columns[2].cell(rows(after)["incident/NWAS"], after).text == "ended by LAS"


def test_a_part_that_is_shared_with_us_stands_on_our_board() -> None:
    theirs = own().did(Share("SCAS", "view", 60, "x"))
    seen = look(lead(), "SCAS", shown={OWN_STREAM: theirs.view})
    row = rows(seen)["LAS/SCAS"]
    assert (row.part, row.stream) == ("LAS", OWN_STREAM)
    assert verb("end-sharing").applies(row, seen)
    assert verb("end-sharing").stream(row, seen) == OWN_STREAM


# -- where it is seen ---------------------------------------------------------------------------------------------


def papers_of_las(tier: str) -> Given:
    """LAS's own part with a task that is long overdue and a decision to be looked at again, shared with SCAS."""
    theirs = own().did(Raise("Call in the night shift", "LAS", due=T0 + MINUTE))
    theirs.did(Decide("hold two crews", "none to spare", review_at=T0 + MINUTE))
    return theirs.did(Share("SCAS", tier, 60, "x")).later(5)  # type: ignore[arg-type]


@pytest.mark.parametrize("tier", ["view", "assist"])
def test_what_is_anothers_stands_on_our_boards_and_counts_in_nothing_of_ours(tier: str) -> None:
    theirs = papers_of_las(tier)
    seen = look(lead(), "SCAS", shown={OWN_STREAM: theirs.view})
    seen = dataclasses.replace(seen, now=theirs.now)
    for board in (TASKS, DECISIONS):
        ((key, row),) = board.rows(seen).items()
        assert board.count is not None
        assert board.alarm is not None
        assert (board.count(seen), board.alarm(seen)) == (0, 0)
        assert board.columns[1].cell(row, seen).text.startswith("OWN of LAS · ")
        assert "own of las" in f"{board.find(row, seen)} {board.columns[1].cell(row, seen).text.lower()}"
        able = [one.name for one in board.verbs if one.row and one.applies(row, seen)]
        assert able == (["report"] if tier == "assist" and board is TASKS else [])
        assert board.named(board.columns[0].cell(row, seen).text, seen) == key
    assert {one.stream(row, seen) for one in TASKS.verbs for row in TASKS.rows(seen).values() if one.row} == {
        OWN_STREAM
    }
    words = [one for one in DECISIONS.verbs if one.name == "part-log"]
    assert [one.applies(None, seen) for one in words] == [tier == "assist"]


def test_a_number_means_ours_before_anothers_and_what_is_anothers_is_named_in_nothing_of_ours() -> None:
    here = lead().did(Raise("Open RVP B", "SCAS"))
    ours = here.last
    theirs = papers_of_las("assist").by("LAS").did(Raise("Second", "LAS"))
    seen = look(here, "SCAS", shown={OWN_STREAM: theirs.view})
    assert TASKS.named("LAS-T1", seen) == ours
    assert TASKS.named("LAS-T2", seen) == theirs.last
    raising = next(one for one in TASKS.verbs if one.name == "raise")
    values = {"title": "x", "agency": "LAS"}
    assert raising.build(None, values | {"waits": "LAS-T1"}, seen).depends_on == (ours,)
    with pytest.raises(ValueError, match="no task LAS-T2"):
        raising.build(None, values | {"waits": "LAS-T2"}, seen)


def test_of_two_agreements_between_two_agencies_the_one_is_named_that_is_meant() -> None:
    ours = Given(OWN, OWN_STREAM.replace("LAS", "SCAS")).by("SCAS", "tactical_commander").did(OpenOwn())
    ours.did(Share("LAS", "view", 60, "x"))
    theirs = own().did(Share("SCAS", "view", 60, "x"))
    both = look(lead(), "SCAS", own=ours.view, own_stream=ours.stream, shown={OWN_STREAM: theirs.view})
    assert BOARD.named("LAS", both) == "SCAS/LAS"
    assert BOARD.named("las/scas", both) == "LAS/SCAS"
    assert BOARD.named("LAS", look(lead(), "SCAS", shown={OWN_STREAM: theirs.view})) == "LAS/SCAS"
