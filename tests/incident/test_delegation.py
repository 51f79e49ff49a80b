"""What is lent opens that role's rows, for that person, that long, and nothing else; broken glass is everybody's."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from incident.alarms import alarms, standing
from incident.alarms.facts import Acknowledge
from incident.alarms.rules import heard_by
from incident.catalogue import Charter
from incident.delegation import Delegation, delegations, facts
from incident.delegation.board import BOARD
from incident.delegation.facts import Delegate, EndDelegation, RecordGlass
from incident.exercises import facts as x
from incident.kernel.board import Look
from incident.kernel.slice import Actor, Refusal
from incident.log.facts import Write
from incident.mutual_aid import commands as a
from incident.mutual_aid import facts as af
from incident.organisation import facts as o
from incident.permissions import explained, for_people, grants_now, unknown_lent, who_can_lend
from incident.state import CRITICAL, INCIDENT, OWN, REGISTER, glass_broken, is_critical
from tests.incident.given import INCIDENT_STREAM, MINUTE, OWN_STREAM, T0, Given, charter, opened

HOUR = 60 * MINUTE
NOTE = Write("the A4 is shut")


def lent(role: str = "operator", to: str = "Ann Lee", hours: float = 2) -> Given:
    """A tactical commander of LAS has lent a role to somebody."""
    given = opened().by("LAS", "tactical_commander", "Kim")
    return given.did(Delegate("LAS", to, role, given.now + int(hours * HOUR), "two desks are empty"))


def ann(given: Given, role: str = "observer") -> Given:
    return given.by("LAS", role, "Ann Lee")


def look(given: Given, name: str = "Ann Lee", role: str = "observer", **more: Any) -> Look:
    return Look(
        state=given.view, me=Actor(name, "LAS", role), now=given.now, stream=given.stream,
        clock=lambda at: f"{at // MINUTE % 1440 // 60:02}:{at // MINUTE % 60:02}", **more,
    )  # fmt: skip


# -- what it opens --


def test_it_opens_the_roles_rows_for_that_person_and_is_on_record() -> None:
    given = ann(opened())
    given.when(NOTE).refused("no_grant", grant="log.write")
    ann(lent()).did(NOTE)
    text = lent().line().text
    assert (
        text == "lends Ann Lee the role Control room operator until 16:00 UTC. Reason: two desks are empty."
    )
    assert lent().line().weight == "decision"


def test_it_opens_nothing_that_the_role_lacks() -> None:
    ann(lent("loggist")).when(o.Invite(("LFB",))).refused("no_grant", grant="organisation.invite")


@pytest.mark.parametrize(
    ("agency", "name"), [("SCAS", "Ann Lee"), ("LAS", "Ann"), ("LAS", "Ann  Lee x"), ("LAS", "Sam")]
)
def test_it_opens_nothing_for_anybody_else(agency: str, name: str) -> None:
    given = lent().by(agency, "observer", name)
    assert given.when(NOTE).refused("no_grant").facts["lent_by"]


def test_a_name_is_found_whatever_its_capitals_and_two_letters_are_never_one() -> None:
    lent(to="  ANN   lee ").by("LAS", "observer", "Ann Lee").did(NOTE)
    lent(to="Ann Strauss").by("LAS", "observer", "Ann Strauß").when(NOTE).refused("no_grant")


def test_it_counts_until_the_moment_and_no_longer() -> None:
    given = ann(lent(hours=2))
    given.now = T0 + 2 * HOUR - 1
    given.when(NOTE).then(*given.when(NOTE).events)
    given.now += 1
    refusal = given.when(NOTE).refused("no_grant")
    assert "What was lent to you is over: Control room operator." in refusal.sentence


def test_a_command_that_was_written_in_time_and_comes_too_late_is_refused_unless_it_observes() -> None:
    given = ann(lent(hours=1)).later(61)
    invite = o.Invite(("LFB",))
    given.when(invite, written_at=given.now - 5 * MINUTE).refused("no_grant")
    given.when(NOTE, written_at=given.now - MINUTE).refused("no_grant")
    given.when(NOTE, written_at=T0 - 1).refused("no_grant")
    given.when(NOTE, written_at=given.now - 5 * MINUTE).then(
        *given.when(NOTE, written_at=given.now - 5 * MINUTE).events
    )


def test_what_was_written_before_it_was_prolonged_counts_and_before_it_was_taken_back_does_not() -> None:
    given = lent(hours=1).later(30)
    given.did(Delegate("LAS", "Ann Lee", "operator", given.now + HOUR, "longer"))
    assert not isinstance(ann(given).later(90).when(NOTE, written_at=T0 + 10 * MINUTE).answer, Refusal)
    given = lent(hours=1).later(30)
    given.did(EndDelegation("LAS", "Ann Lee", "operator"))
    ann(given).later(60).when(NOTE, written_at=T0 + 10 * MINUTE).refused("no_grant")


def test_no_right_is_given_for_the_past() -> None:
    given = opened().later(60).by("LAS", "tactical_commander", "Kim")
    asked = Delegate("LAS", "Ann Lee", "operator", given.now + HOUR, "x")
    given.did(asked, happened_at=given.now - 50 * MINUTE)
    (one,) = delegations(given.view).lent.values()
    assert (one.at, one.since) == (given.now, given.now)
    ann(given).later(90).when(NOTE, written_at=T0 + 30 * MINUTE).refused("no_grant")
    given = lent().later(60)
    given.did(EndDelegation("LAS", "Ann Lee", "operator"), happened_at=given.now - 50 * MINUTE)
    (one,) = delegations(given.view).lent.values()
    assert one.ended_at == given.now


def test_it_goes_by_the_clock_of_the_incident() -> None:
    given = opened().by("EXCON", "excon", "Control").did(x.StartPlay("m4-m25-coach", "Coach", "COBALT"))
    given.by("LAS", "tactical_commander", "Kim").did(
        Delegate("LAS", "Ann Lee", "operator", given.now + HOUR, "x")
    )
    given.by("EXCON", "excon", "Control").did(x.SetSpeed(4))
    ann(given).later(14).when(NOTE).then(*given.when(NOTE).events)
    given.later(2).when(NOTE).refused("no_grant")


def test_it_opens_no_other_stream() -> None:
    own = Given(OWN, OWN_STREAM).by("LAS").did(o.OpenOwn())
    ann(own).when(NOTE).refused("no_grant")
    own.by("LAS", "tactical_commander", "Kim")
    own.did(Delegate("LAS", "Ann Lee", "loggist", own.now + HOUR, "our loggist is away"))
    ann(own).did(NOTE)
    assert "delegation.delegate" not in REGISTER.commands


def test_aid_may_be_approved_in_the_same_breath_by_who_has_that_lent() -> None:
    ask = a.RaiseInviting(lender="WMAS", terms=af.Terms(lines=(af.Line("DCA", 2),)), approve=True)
    ann(opened(), "loggist").when(ask).refused("no_grant")
    ann(lent(), "loggist").did(ask)


# -- who lends what to whom --


def test_what_was_lent_is_never_lent_on() -> None:
    given = ann(lent("tactical_commander"))
    until = given.now + HOUR
    given.did(o.Invite(("LFB",)))
    given.when(Delegate("LAS", "Bo", "loggist", until, "x")).refused("no_grant", grant="delegation.delegate")
    # Who may lend by their own role, lends what that role may, whatever else was lent to them.
    mixed = ann(lent("tactical_commander"), "operator")
    mixed.when(Delegate("LAS", "Bo", "operator", until, "x")).refused("not_lent")
    mixed.did(Delegate("LAS", "Bo", "loggist", until, "x"))


def test_a_role_lends_what_its_row_says_and_the_refusal_says_who_lends_the_rest() -> None:
    given = opened().by("LAS", "operator", "Sam")
    refusal = given.when(Delegate("LAS", "Bo", "operator", given.now + HOUR, "x")).refused("not_lent")
    assert refusal.sentence == (
        "Control room operator may lend: Loggist. Control room operator is lent by: Tactical commander."
    )
    given.when(Delegate("LAS", "Bo", "dancer", given.now + HOUR, "x")).refused("not_lent")
    given.by("LAS", "tactical_commander", "Kim")
    given.when(Delegate("LAS", "Bo", "strategic_commander", given.now + HOUR, "x")).refused("not_lent")


@pytest.mark.parametrize("role", ["system", "excon", "evaluator", "view", "assist"])
def test_what_sees_other_papers_or_is_no_person_is_never_lent(role: str) -> None:
    roles = dict(charter().roles)
    roles["tactical_commander"] = msgspec.structs.replace(roles["tactical_commander"], may_delegate=(role,))
    slip = msgspec.structs.replace(charter(), roles=roles)
    assert unknown_lent(slip) == (("tactical_commander", role),)
    given = Given(INCIDENT, charter_=slip).by("LAS").did(o.Open("Coach", "exercise"))
    given.by("LAS", "tactical_commander", "Kim")
    given.when(Delegate("LAS", "Ann Lee", role, given.now + HOUR, "x")).refused("not_lent", role=role)
    # And if a record says so all the same, it opens nothing.
    one = Delegation(agency="LAS", to="Ann Lee", role=role, at=T0, until=T0 + HOUR, reason="x", by="Kim")
    state = facts.Delegations({one.key: one})
    given.view = msgspec.structs.replace(given.view, delegation=state)
    ann(given).when(x.StartPlay("m4-m25-coach", "Coach", "COBALT")).refused("no_grant")


def test_only_to_a_person_of_ones_own_agency_and_not_to_oneself() -> None:
    given = opened().by("LAS", "tactical_commander", "Kim")
    until = given.now + HOUR
    given.when(Delegate("SCAS", "Bo", "operator", until, "x")).refused("no_grant", relation="other")
    given.when(Delegate("LAS", " kim", "operator", until, "x")).refused("same_person")
    for name in ("system", "Excon", "virtual/LAS", "VIRTUAL/las"):
        given.when(Delegate("LAS", name, "operator", until, "x")).refused("no_person")


def test_for_twelve_hours_at_most_and_for_a_reason() -> None:
    given = opened().by("LAS", "tactical_commander", "Kim")
    given.when(Delegate("LAS", "Bo", "loggist", given.now, "x")).refused("wrong_time")
    given.when(Delegate("LAS", "Bo", "loggist", given.now + 12 * HOUR + 1, "x")).refused("wrong_time")
    given.when(Delegate("LAS", "Bo", "loggist", given.now + HOUR, " ")).refused("bad_shape")
    given.did(Delegate("LAS", "Bo", "loggist", given.now + 12 * HOUR, "a long shift"))


def test_who_is_no_party_learns_nothing_and_in_a_closed_incident_nothing_is_lent() -> None:
    given = opened("SCAS").by("WMAS", "tactical_commander", "Kim")
    given.when(Delegate("WMAS", "Bo", "loggist", given.now + HOUR, "x")).refused("not_party")
    given.by("LAS").did(o.Close("over")).by("LAS", "tactical_commander", "Kim")
    given.when(Delegate("LAS", "Bo", "loggist", given.now + HOUR, "x")).refused("closed")


def test_lent_again_it_is_prolonged_unless_it_changed_meanwhile() -> None:
    given = lent(hours=1)
    mark = given.mark()
    same = Delegate("LAS", "Ann Lee", "operator", T0 + HOUR, "two desks are empty")
    given.when(same).nothing()
    given.by("LAS", "tactical_commander", "Lou").did(
        Delegate("LAS", "Ann Lee", "operator", T0 + 3 * HOUR, "still")
    )
    given.by("LAS", "tactical_commander", "Kim").having_seen(mark)
    again = Delegate("LAS", "Ann Lee", "operator", T0 + 2 * HOUR, "still")
    assert "Lou changed" in given.when(again).refused("changed", conflict=True).sentence
    ann(given).later(150).did(NOTE)


def test_the_number_that_runs_and_the_number_that_is_kept_are_bounded() -> None:
    given = opened().by("LAS", "tactical_commander", "Kim")
    for n in range(facts.ACTIVE_MAX):
        given.did(Delegate("LAS", f"Desk {n}", "loggist", given.now + HOUR + n, "x"))
    given.when(Delegate("LAS", "one more", "loggist", given.now + HOUR, "x")).refused("too_many")
    given.later(90)
    for n in range(facts.KEPT_MAX - 20):
        given.did(Delegate("LAS", f"Night {n}", "loggist", given.now + HOUR, "x"))
    kept = delegations(given.view).lent
    assert len(kept) == facts.KEPT_MAX
    assert "LAS/loggist/desk 0" not in kept
    assert f"LAS/loggist/desk {facts.ACTIVE_MAX - 1}" in kept
    given.check()


# -- ending it --


def test_who_lent_it_who_has_it_and_who_could_have_lent_it_end_it() -> None:
    end = EndDelegation("LAS", "Ann Lee", "operator", "the desk is manned")
    for name, role in (("Kim", "observer"), ("Ann Lee", "observer"), ("Lou", "tactical_commander")):
        given = lent().by("LAS", role, name).did(end)
        word = "gives back the role" if name == "Ann Lee" else "takes back from Ann Lee the role"
        assert given.line().text == f"{word} Control room operator. Reason: the desk is manned."
        ann(given).when(NOTE).refused("no_grant")
        given.when(end).nothing()
    refusal = lent().by("LAS", "operator", "Sam").when(end).refused("not_yours")
    assert refusal.sentence == "Kim ends it, who lent it, or Ann Lee, who has it, or: Tactical commander."
    lent().by("SCAS", "tactical_commander", "Lou").when(end).refused("no_grant", relation="other")


def test_who_takes_it_back_takes_back_what_was_prolonged_meanwhile_too() -> None:
    given = lent()
    mark = given.mark()
    given.did(Delegate("LAS", "Ann Lee", "operator", T0 + 4 * HOUR, "longer"))
    end = EndDelegation("LAS", "Ann Lee", "operator")
    given.having_seen(mark).did(end)
    ann(given).when(NOTE).refused("no_grant")
    given.later(300).when(end).nothing()


# -- what is told --


def test_a_refusal_names_the_grant_and_who_lends_the_role() -> None:
    refusal = ann(opened()).when(NOTE).refused("no_grant", grant="log.write")
    assert (
        refusal.sentence.endswith(
            "Or have it lent to you by: Control room operator, Strategic commander, Tactical commander, "
            "Operational commander."
        )
        or "Or have it lent to you by: " in refusal.sentence
    )
    assert set(refusal.facts["lent_by"].split(", ")) == set(who_can_lend(charter(), "log.write"))
    assert who_can_lend(charter(), "delegation.delegate") == ()
    assert who_can_lend(charter(), "organisation.lapse_lead") == ()


def test_who_can_explains_it() -> None:
    lines = explained(charter(), "casualties.pick_count")
    assert "  by delegation     as Tactical commander, from Tactical commander, Strategic commander" in lines
    assert not any("by delegation" in line for line in explained(charter(), "delegation.delegate"))
    assert not any("by delegation" in line for line in explained(charter(), "injects.fire"))


def test_what_somebody_may_now() -> None:
    given = lent()
    me = Actor("Ann Lee", "LAS", "observer")
    own, other = grants_now(given.view, me, T0)
    assert "log.write" in own
    assert "resources.report_status" in other
    assert "log.write" not in grants_now(given.view, me, T0 + 2 * HOUR)[0]
    assert unknown_lent(charter()) == ()


# -- the board --


def _words(given: Given, name: str = "Ann Lee", role: str = "observer") -> list[list[str]]:
    seen = look(given, name, role)
    return [[column.cell(row, seen).text for column in BOARD.columns] for row in BOARD.rows(seen).values()]


def test_the_board_says_who_acts_until_when_and_how_it_ended() -> None:
    given = lent()
    (row,) = _words(given)
    assert row == [
        "LAS  us", "Ann Lee", "Control room operator", "for 2 h more", "16:00", "Kim", "two desks are empty",
    ]  # fmt: skip
    assert BOARD.count is not None
    assert BOARD.count(look(given)) == 1
    ann(given).later(5).did(EndDelegation("LAS", "Ann Lee", "operator"))
    assert _words(given)[0][3] == "given back 14:05"
    assert BOARD.count(look(given)) == 0
    assert _words(lent().later(121))[0][3] == "over"


def test_the_verbs_build_what_the_form_says() -> None:
    verbs = {verb.name: verb for verb in BOARD.verbs}
    given = opened()
    seen = look(given, "Kim", "tactical_commander", present={"LAS": ("Kim", "Ann Lee")})
    delegate = verbs["delegate"]
    assert delegate.applies(None, seen)
    assert not delegate.applies(None, look(given))
    to = next(arg for arg in delegate.args if arg.name == "to")
    assert to.default is not None
    assert to.default(seen, None) == "Ann Lee"
    command = delegate.build(
        None, {"role": "operator", "to": " Ann  Lee", "until": "90m", "reason": "empty"}, seen
    )
    given.by("LAS", "tactical_commander", "Kim").did(command)
    assert command == Delegate("LAS", "Ann Lee", "operator", given.now + 90 * MINUTE, "empty")
    key = BOARD.named("ann lee", look(given))
    assert key is not None
    row = BOARD.rows(look(given))[key]
    end = verbs["undelegate"]
    assert end.applies(row, look(given))
    assert not end.applies(row, look(given, "Bo", "observer"))
    ann(given).did(end.build(row, {"reason": ""}, look(given)))


def test_what_is_lent_in_our_own_part_stands_on_the_same_board_and_goes_there() -> None:
    own = Given(OWN, OWN_STREAM).by("LAS").did(o.OpenOwn()).by("LAS", "tactical_commander", "Kim")
    own.did(Delegate("LAS", "Ann Lee", "loggist", own.now + HOUR, "away"))
    seen = look(opened(), own=own.view, own_stream=OWN_STREAM)
    (row,) = BOARD.rows(seen).values()
    assert row.own
    assert next(verb for verb in BOARD.verbs if verb.name == "undelegate").stream(row, seen) == OWN_STREAM
    assert "our own part" in BOARD.columns[2].cell(row, seen).text


# -- broken glass --


def broken(given: Given, agency: str = "SCAS") -> Given:
    command = glass_broken(
        INCIDENT_STREAM,
        given.view,
        agency,
        "R Osei",
        "K Dale",
        "operator",
        "nobody can sign in",
        given.now + HOUR,
    )
    assert command is not None
    return given.system().did(command)


def test_the_server_writes_it_and_nobody_else_can() -> None:
    given = broken(opened())
    assert given.line().text == (
        "records BREAK GLASS: R Osei and K Dale of SCAS came in as Control room operator past the usual sign-in, "
        "until 15:00 UTC, real time. Reason: nobody can sign in."
    )
    assert given.line().weight == "decision"
    assert given.records[-1].type in CRITICAL
    assert is_critical(given.records[-1])
    again = RecordGlass("SCAS", "R Osei", "K Dale", "operator", "x", given.now + HOUR)
    given.when(again).nothing()
    for role in for_people(charter()):
        answer = given.by("SCAS", role, "R Osei").when(again).answer
        assert isinstance(answer, Refusal), role
        assert answer.code == "no_grant"
    given.by("SCAS", "system", "R Osei").when(again).refused("no_grant")
    given.by("SCAS", "operator", "system").when(again).refused("no_grant")
    given.check()


def test_it_is_written_in_an_incident_whose_roles_knew_nothing_of_it() -> None:
    roles = {
        code: msgspec.structs.replace(
            role,
            own=tuple(row for row in role.own if not row.startswith("delegation.")),
            other=tuple(row for row in role.other if not row.startswith("delegation.")),
            may_delegate=(),
        )
        for code, role in charter().roles.items()
    }
    older = Charter("exercise", charter().agencies, charter().kinds, roles)
    given = Given(INCIDENT, charter_=older).by("LAS").did(o.Open("Coach", "exercise"))
    assert broken(given, "LAS").line().text.startswith("records BREAK GLASS")
    given.by("LAS", "tactical_commander", "Kim")
    given.when(Delegate("LAS", "Bo", "loggist", given.now + HOUR, "x")).refused("no_grant")


def test_it_ends_in_real_time_also_while_an_exercise_stands() -> None:
    given = opened().by("EXCON", "excon", "Control").did(x.StartPlay("m4-m25-coach", "Coach", "COBALT"))
    given.later(10).did(x.Pause("umpires")).later(20)
    broken(given)
    end = given.now + HOUR
    (glass,) = delegations(given.view).glass.values()
    assert glass.until == end
    shown = INCIDENT.now(given.view, given.now)
    assert shown < given.now

    def at(real: int) -> tuple[str, str]:
        own = INCIDENT.now(given.view, real)
        one = Look(state=given.view, me=None, now=own, real=real, clock=lambda when: f"{when - end}")
        (row,) = BOARD.rows(one).values()
        told = dict(BOARD.detail(row, one)) if BOARD.detail is not None else {}
        return told["stands"].text, told["until"].text

    assert at(given.now) == ("BREAK GLASS", "0 real time")
    assert at(end - 1)[0] == "BREAK GLASS"
    assert at(end)[0] == "break glass, over"


def test_none_where_the_agency_has_no_part() -> None:
    given = opened("SCAS")
    asked = ("R Osei", "K Dale", "operator", "x", given.now)
    assert glass_broken(INCIDENT_STREAM, given.view, "WMAS", *asked) is None
    assert glass_broken(OWN_STREAM, given.view, "LAS", *asked) is None
    assert glass_broken("register/exercise/LAS", REGISTER.initial(), "LAS", *asked) is None
    assert glass_broken(INCIDENT_STREAM, INCIDENT.initial(), "LAS", *asked) is None
    given.by("LAS").did(o.Close("over"))
    assert glass_broken(INCIDENT_STREAM, given.view, "LAS", *asked) is None


def test_whatever_they_typed_is_made_to_fit() -> None:
    given = opened()
    command = glass_broken(
        INCIDENT_STREAM, given.view, "LAS", "", "n" * 900, "operator", "\x1b[31m" + "r" * 900, T0
    )
    assert command is not None
    given.system().did(command)
    assert "\x1b" not in given.line().text
    assert "not named and nnn" in given.line().text


def test_it_rings_with_every_party_and_is_listed_until_each_has_acknowledged() -> None:
    given = broken(opened())
    (alarm,) = (one for one in standing(given.view, given.now) if one.kind == "glass_broken")
    assert alarm.agencies == ()
    assert alarm.words.startswith("BREAK GLASS: R Osei and K Dale of SCAS")
    for agency in ("SCAS", "LAS"):
        given.by(agency, "loggist").later().did(Acknowledge((alarm.key,)))
        assert heard_by(alarms(given.view), alarm, agency) is not None
        assert alarm in standing(given.view, given.now), "SECAMB has not said that it knows"
    given.later(12 * 60)
    assert alarm in standing(given.view, given.now), "what is over is to be known all the same"
    given.by("SECAMB").did(Acknowledge((alarm.key,)))
    assert alarm not in standing(given.view, given.now)


def test_who_comes_later_is_told_too_and_who_left_is_not_waited_for() -> None:
    given = broken(opened("SCAS"))
    (alarm,) = (one for one in standing(given.view, given.now) if one.kind == "glass_broken")
    given.by("LAS").did(Acknowledge((alarm.key,)))
    given.by("SCAS", "tactical_commander").did(o.Leave("no crews left"))
    assert alarm not in standing(given.view, given.now)
    given.by("LAS").did(o.Invite(("LFB",)))
    assert alarm in standing(given.view, given.now)


def test_two_at_once_are_two_alarms_and_the_newest_fifty_are_kept() -> None:
    given = opened()
    for n in range(facts.GLASS_MAX + 3):
        given.later().system().did(RecordGlass("SCAS", f"P{n}", "Q", "operator", "x", given.now + HOUR))
    kept = delegations(given.view).glass
    assert len(kept) == facts.GLASS_MAX
    assert "P2" not in {one.first for one in kept.values()}
    assert sum(one.kind == "glass_broken" for one in standing(given.view, given.now)) == facts.GLASS_MAX
    assert not INCIDENT.invariants(given.view)


# -- the national coordination centre --


def asked_for_aid(state: str) -> tuple[Given, str]:
    given = opened("SCAS", "NACC").by("LAS")
    given.did(a.Raise(lender="SCAS", terms=af.Terms(lines=(af.Line("DCA", 3),)), approve=True))
    request = given.last
    if state == "declined":
        given.by("SCAS").did(a.Reply(request, (a.LineReply(0, 0, "none free"),)))
    if state == "part":
        given.by("SCAS").did(a.Reply(request, (a.LineReply(0, 1, "two are out"),)))
    return given.by("NACC", "nacc", "Duty officer"), request


def test_the_broker_asks_another_trust_for_what_nobody_gives() -> None:
    given, request = asked_for_aid("declined")
    given.did(a.OfferNextInviting(request, "SWASFT"))
    row = given.view.mutual_aid.rows[request]
    assert (row.lender, row.requester, row.state) == ("SWASFT", "LAS", "sent")
    assert given.line(-2).text == "asks SWASFT instead of SCAS for LAS-A1"


@pytest.mark.parametrize("state", ["sent", "part"])
def test_the_broker_takes_no_request_from_who_still_considers_it_or_gives_a_part(state: str) -> None:
    given, request = asked_for_aid(state)
    given.when(a.OfferNextInviting(request, "SWASFT")).refused("not_yours", agency="LAS")
    given.by("SECAMB", "operator").when(a.OfferNext(request, "SWASFT")).refused("not_party")


def test_the_broker_neither_asks_nor_answers_for_a_trust() -> None:
    given, request = asked_for_aid("sent")
    for command in (
        a.Reply(request, (a.LineReply(0, 3),)),
        a.Cancel(request, "x"),
        a.Raise(lender="SCAS", terms=af.Terms(lines=(af.Line("DCA", 1),))),
    ):
        given.when(command).refused("no_grant")
    given.by("SCAS").when(a.OfferNext(request, "SECAMB")).refused("no_grant", relation="other")
