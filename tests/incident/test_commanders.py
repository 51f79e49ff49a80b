"""Commanders: filled by the own agency, handed over with a brief, vacated; vacant key roles of who is at work."""

from __future__ import annotations

import pytest

from incident.commanders import at_work, commanders, held, holder, vacant
from incident.commanders import facts as f
from incident.commanders.board import BOARD, COLUMNS, named, who
from incident.commanders.facts import ROLES, Brief, Post
from incident.kernel.board import Look
from incident.kernel.slice import Actor
from incident.organisation.facts import Declare, Leave
from incident.resources.facts import Commit, Commitment, Release, SetStatus
from incident.state import INCIDENT
from incident_tui.actions import build, parse
from incident_tui.grammar import Act
from incident_tui.widgets.columns import fit_columns
from tests.incident.given import T0, Given, opened

SPOKEN = Brief(information="two coaches, 48 on board", risk="fuel on the road")


def post(given: Given, key: str) -> Post:
    found: Post = given.view.commanders.posts[key]
    return found


def led() -> Given:
    return opened().did(f.TakeRole("LAS", "tactical", "J Smith", "020 7946 0000"))


def look(given: Given, agency: str = "LAS") -> Look:
    actor = Actor("Sam", agency, "operator")
    return Look(given.view, actor, given.now, "incident", charter=given.charter, clock=lambda at: f"{at}")


# -- filling --------------------------------------------------------------------------------------------------


def test_a_vacant_role_is_filled_by_its_own_agency_and_by_no_other() -> None:
    given = led()
    at = post(given, "LAS/tactical")
    assert (at.holder, at.contact, at.since, at.by) == ("J Smith", "020 7946 0000", given.now, "Sam")
    assert given.line().text == "appoints J Smith tactical commander. Contact: 020 7946 0000."
    assert given.line().weight == "decision"
    given.by("SCAS").when(f.TakeRole("LAS", "operational", "Mine")).refused("no_grant")
    given.by("SCAS").when(f.HandOver("LAS", "tactical", "Mine", verbal=True)).refused("no_grant")
    given.by("LAS", "observer").when(f.TakeRole("LAS", "operational", "B")).refused("no_grant")
    given.by("NWAS").when(f.TakeRole("NWAS", "tactical", "B")).refused("not_party")
    given.by("EXCON", "excon").when(f.TakeRole("NWAS", "tactical", "B")).refused("not_party")
    given.by("EXCON", "excon").did(f.TakeRole("SCAS", "tactical", "V Trust"))
    assert given.line().text == "for SCAS: appoints V Trust tactical commander"
    given.check()


def test_two_rooms_fill_one_role_and_the_second_is_told_who_has_it() -> None:
    given = opened()
    mark = given.mark()
    given.did(f.TakeRole("LAS", "tactical", "J Smith", "020 7946 0000"))
    rival = f.TakeRole("LAS", "tactical", "A Patel")
    told = given.having_seen(mark).when(rival).refused("role_held", conflict=True, holder="J Smith")
    assert told.facts["since"] == str(given.now)
    given.when(rival).refused("role_held")  # who has seen it is told as well, and has not lost anything
    given.having_seen(mark).when(f.TakeRole("LAS", "tactical", "j smith")).nothing()


def test_who_saw_an_older_holder_does_not_fill_the_role_that_was_vacated_since() -> None:
    given = led()
    mark = given.mark()
    given.did(f.GiveUpRole("LAS", "tactical", "called away"))
    given.having_seen(mark).when(f.TakeRole("LAS", "tactical", "Old Plan")).refused("changed", conflict=True)
    given.did(f.TakeRole("LAS", "tactical", "A Patel"))


def test_the_same_holder_can_be_reached_elsewhere_and_keeps_the_time() -> None:
    given = led()
    since = given.now
    given.later(5).did(f.TakeRole("LAS", "tactical", "J SMITH", "Airwave 12", deputy="K Lee"))
    at = post(given, "LAS/tactical")
    assert (at.contact, at.since, at.deputy) == ("Airwave 12", since, "K Lee")
    given.when(f.TakeRole("LAS", "tactical", "J Smith")).nothing()


def test_sectors_desks_and_hospitals_have_labels_and_the_rest_has_none() -> None:
    given = opened()
    given.when(f.TakeRole("LAS", "sector", "B Jones")).refused("label_missing")
    given.when(f.TakeRole("LAS", "triage", "B Jones", label="north")).refused("label_unasked")
    given.did(f.TakeRole("LAS", "sector", "B Jones", label=" North "))
    given.did(f.TakeRole("LAS", "sector", "C Brown", label="south"))
    given.when(f.TakeRole("LAS", "sector", "D Green", label="NORTH")).refused("role_held")
    assert holder(given.view, "LAS", "sector", "north") is post(given, "LAS/sector/north")
    assert given.line(-2).text == "appoints B Jones forward (sector) commander, North"
    assert given.line(-2).weight == "act"
    given.did(f.GiveUpRole("LAS", "sector", "joined", "north"))
    assert "LAS/sector/north" not in commanders(given.view).posts  # a sector that nobody has is none
    given.check()


def test_labels_are_bounded_for_each_agency() -> None:
    given = opened()
    for number in range(f.LABELLED_MAX):
        given.did(f.TakeRole("LAS", "sector", "B Jones", label=f"sector {number}"))
    given.when(f.TakeRole("LAS", "sector", "B Jones", label="one more")).refused("full")
    given.did(f.HandOverDesk("LAS", "desk 1", "Sam", "Kim"))  # it happened: never refused, in the log
    assert len(commanders(given.view).posts) == f.LABELLED_MAX
    given.by("SCAS").did(f.TakeRole("SCAS", "sector", "B Jones", label="one more"))


# -- handing over ---------------------------------------------------------------------------------------------


def test_a_handover_says_who_went_who_came_when_and_what_the_brief_was() -> None:
    given = led().later(90)
    given.did(f.HandOver("LAS", "tactical", "A Patel", "020 7946 0001", brief=SPOKEN))
    at = post(given, "LAS/tactical")
    assert (at.holder, at.relieves, at.since, at.handovers) == ("A Patel", "J Smith", given.now, 1)
    assert (at.contact, at.brief) == ("020 7946 0001", SPOKEN)
    assert given.line().text == (
        "hands over tactical commander from J Smith to A Patel. Contact: 020 7946 0001. IIMARCH brief given. "
        "Information: two coaches, 48 on board. Risk assessment: fuel on the road."
    )
    given.did(f.HandOver("LAS", "tactical", "J Smith", verbal=True))
    assert given.line().text.endswith("IIMARCH brief given by word of mouth.")
    assert post(given, "LAS/tactical").contact == ""  # the other one's number is not theirs
    given.check()


def test_no_handover_without_a_brief_and_none_of_a_vacant_role() -> None:
    given = led()
    blank = f.HandOver("LAS", "tactical", "A Patel", brief=Brief(information="  "))
    given.when(blank).refused("brief_missing")
    given.when(f.HandOver("LAS", "operational", "A Patel", verbal=True)).refused("role_vacant")
    given.when(f.HandOver("LAS", "tactical", "J Smith", verbal=True)).nothing()


def test_the_second_of_two_handovers_is_refused_and_told_who_has_it() -> None:
    given = led()
    mark = given.mark()
    given.did(f.HandOver("LAS", "tactical", "A Patel", verbal=True))
    second = f.HandOver("LAS", "tactical", "R Shah", verbal=True)
    given.having_seen(mark).when(second).refused("changed", conflict=True, holder="A Patel")
    gone = f.GiveUpRole("LAS", "tactical", "shift over")
    given.having_seen(mark).when(gone).refused("changed", conflict=True, holder="A Patel")
    given.did(gone)
    given.having_seen(mark).when(second).refused("role_vacant", conflict=True)
    given.when(gone).nothing()
    assert given.line().text == (
        "leaves tactical commander vacant, held by A Patel until now. Reason: shift over."
    )


def test_a_deputy_is_named_and_ends_with_the_holder_or_by_taking_over() -> None:
    given = opened()
    given.when(f.NameDeputy("LAS", "tactical", "K Lee")).refused("role_vacant")
    given.did(f.TakeRole("LAS", "tactical", "J Smith"))
    mark = given.mark()
    given.did(f.NameDeputy("LAS", "tactical", "K Lee", "020 7946 0002"))
    assert given.line().text == "names K Lee deputy of tactical commander. Contact: 020 7946 0002."
    given.having_seen(mark).when(f.NameDeputy("LAS", "tactical", "R Shah")).refused("changed", conflict=True)
    given.having_seen(mark).when(f.NameDeputy("LAS", "tactical", "K Lee", "020 7946 0002")).nothing()
    # naming a deputy does not make a handover stale
    given.having_seen(mark).did(f.HandOver("LAS", "tactical", "K Lee", verbal=True))
    assert (post(given, "LAS/tactical").holder, post(given, "LAS/tactical").deputy) == ("K Lee", "")
    given.did(f.NameDeputy("LAS", "tactical", "R Shah")).did(f.NameDeputy("LAS", "tactical", ""))
    assert given.line().text == "names no deputy any more for tactical commander"
    given.did(f.NameDeputy("LAS", "tactical", "R Shah")).did(f.GiveUpRole("LAS", "tactical", "called away"))
    assert post(given, "LAS/tactical").deputy == ""
    given.check()


def test_a_shift_handover_is_an_observation_that_is_never_late() -> None:
    given = opened().did(f.HandOverDesk("LAS", "Desk 3", "Sam", "Kim", "two crews not answered"))
    assert given.line().text == "hands over Desk 3 from Sam to Kim. Open: two crews not answered."
    assert (post(given, "LAS/desk/desk 3").holder, post(given, "LAS/desk/desk 3").note) == (
        "Kim", "two crews not answered",
    )  # fmt: skip
    given.later(30).did(f.HandOverDesk("LAS", "desk 3", "Lee", "Ann"))  # whoever was thought to sit there
    late = f.HandOverDesk("LAS", "desk 3", "Kim", "Lee")
    given.did(late, happened_at=given.now - 60_000)
    assert (
        post(given, "LAS/desk/desk 3").holder == "Ann"
    )  # it stands in the log, and nobody is unseated by it
    given.when(f.HandOverDesk("LAS", "desk 3", "Ann", " ann ")).refused("same_person")
    given.by("LAS", "loggist").when(f.HandOverDesk("SCAS", "desk 3", "Ann", "Sam")).refused("no_grant")
    given.check()


# -- what others ask ------------------------------------------------------------------------------------------


def test_key_roles_alarm_for_who_has_declared_and_for_nobody_else() -> None:
    given = opened()
    assert vacant(given.view) == ()
    assert held(given.view, "LAS").word == ""
    given.later().did(Declare("LAS", "declared"))
    declared = given.now
    assert [(one.agency, one.role, one.since) for one in vacant(given.view)] == [
        ("LAS", "tactical", declared), ("LAS", "operational", declared), ("LAS", "room", declared),
    ]  # fmt: skip
    assert held(given.view, "LAS").word == "vacant"
    for role in ("tactical", "operational", "room"):
        given.did(f.TakeRole("LAS", role, "J Smith"))
    assert vacant(given.view) == ()
    assert held(given.view, "LAS").word == "held"
    given.later(10).did(f.GiveUpRole("LAS", "operational", "injured"))
    (one,) = vacant(given.view)
    assert (one.title, one.since) == ("Operational commander", given.now)
    assert held(given.view, "LAS").vacant == ("Operational commander",)
    given.did(Declare("LAS", "stand_down"))
    assert vacant(given.view) == ()
    assert held(given.view, "LAS").word == "in part"


def test_units_at_the_scene_are_enough_and_those_on_the_way_are_not() -> None:
    given = opened()
    given.did(Commit((Commitment("LAS/A101", "DCA", "MOB", T0),), "first attendance"))
    assert at_work(given.view) == {}
    given.later(5).did(SetStatus("LAS/A101", "SCN"))
    assert at_work(given.view) == {"LAS": given.now}
    assert {one.agency for one in vacant(given.view)} == {"LAS"}
    given.did(SetStatus("LAS/A101", "CLR")).did(Release("LAS/A101"))
    assert vacant(given.view) == ()


def test_what_must_be_held_depends_on_the_kind_of_agency() -> None:
    given = opened("LFB", "HILLINGDON", "NACC")
    for agency in ("LFB", "HILLINGDON", "NACC"):
        given.by(agency).did(Declare(agency, "declared"))
    by_agency = {one.agency: [] for one in vacant(given.view)}  # type: ignore[var-annotated]
    for one in vacant(given.view):
        by_agency[one.agency].append(one.role)
    assert by_agency == {"LFB": ["tactical", "operational", "room"], "HILLINGDON": ["tactical"]}
    given.by("LFB", "tactical_commander").did(Leave("not ours"))
    assert {one.agency for one in vacant(given.view)} == {"HILLINGDON"}


@pytest.mark.parametrize("code", ROLES)
def test_every_role_can_be_held_and_is_spoken_of_in_small_letters(code: str) -> None:
    label = "" if ROLES[code].labels == f.NO else "north"
    given = opened().did(f.TakeRole("LAS", code, "J Smith", label=label))
    role = ROLES[code]
    assert f"J Smith {role.words}" in given.line().text
    assert role.title[1:2].isupper() or role.words[0].islower()
    assert len(f"deputy/{'A' * 12}/{code}/{'x' * 40}") <= 80  # the bound of a key on the wire


# -- the board and the command line -----------------------------------------------------------------------------


def run(given: Given, line: str, agency: str = "LAS") -> object:
    seen = look(given, agency)
    act = parse(line, seen, INCIDENT.boards)
    assert isinstance(act, Act), act
    made = build(act, seen, INCIDENT.boards)
    assert isinstance(made, tuple), made
    return made[0]


def test_the_board_shows_key_roles_of_all_others_when_held_and_vacant_ones_as_alarms() -> None:
    given = led().did(f.TakeRole("LAS", "triage", "B Jones")).did(Declare("LAS", "declared"))
    rows = BOARD.rows(look(given))
    assert list(rows)[:3] == ["LAS/tactical", "LAS/operational", "LAS/room"]
    assert "LAS/triage" in rows
    assert "SCAS/triage" not in rows
    cell = next(column for column in BOARD.columns if column.name == "holder").cell
    assert (cell(rows["LAS/operational"], look(given)).text, cell(rows["LAS/operational"], look(given)).tone) == (
        "▲ vacant", "alarm",
    )  # fmt: skip
    assert cell(rows["SCAS/tactical"], look(given)).tone == "dim"
    assert BOARD.alarm is not None
    assert BOARD.alarm(look(given)) == 2
    assert BOARD.rows(look(given))["LAS/tactical"] is rows["LAS/tactical"]
    for row in rows.values():
        assert BOARD.detail(row, look(given))
        assert BOARD.find(row, look(given))


def test_roles_are_named_as_people_say_them_and_the_own_one_first() -> None:
    given = led().did(f.TakeRole("LAS", "sector", "B Jones", label="North"))
    seen = look(given)
    assert named("tactical", seen) == named("Tactical commander", seen) == "LAS/tactical"
    assert named("scas tactical", seen) == named("SCAS/tactical", seen) == "SCAS/tactical"
    assert named("sector north", seen) == named("north", seen) == "LAS/sector/north"
    assert named("tactical", look(given, "SCAS")) == "SCAS/tactical"
    assert named("nobody", seen) is None


def test_lines_that_an_operator_writes() -> None:
    given = led().did(f.TakeRole("LAS", "room", "M Khan"))
    assert run(given, 'appoint operational "B Jones" 020 7946 0003') == f.TakeRole(
        "LAS", "operational", "B Jones", "020 7946 0003"
    )
    assert run(given, "appoint sector B Jones label=north") == f.TakeRole(
        "LAS", "sector", "B Jones", label="north"
    )
    assert run(given, "fill operational B Jones 07700 900123") == f.TakeRole(
        "LAS", "operational", "B Jones", "07700 900123"
    )
    assert run(given, "handover tactical verbal A Patel 020 7946 0001") == f.HandOver(
        "LAS", "tactical", "A Patel", "020 7946 0001", verbal=True
    )
    assert run(given, 'handover tactical written A Patel risk="fuel on the road"') == f.HandOver(
        "LAS", "tactical", "A Patel", brief=Brief(risk="fuel on the road")
    )
    assert run(given, "vacate room night shift ends") == f.GiveUpRole("LAS", "room", "night shift ends")
    assert run(given, "deputy tactical K Lee 020 7946 0002") == f.NameDeputy(
        "LAS", "tactical", "K Lee", "020 7946 0002"
    )
    assert run(given, 'shift "desk 3" "K Lee" two crews not answered') == f.HandOverDesk(
        "LAS", "desk 3", "Sam", "K Lee", "two crews not answered"
    )


def test_a_written_brief_with_nothing_in_it_is_sent_nowhere() -> None:
    given, seen = led(), look(led())
    act = parse("handover tactical written A Patel", seen, INCIDENT.boards)
    assert isinstance(act, Act)
    answer = build(act, look(given), INCIDENT.boards)
    assert not isinstance(answer, tuple)
    assert "Write at least one section" in answer.sentence


@pytest.mark.parametrize("width", [74, 78])
def test_the_list_says_who_how_to_reach_them_and_since_when_at_120_columns(width: int) -> None:
    shown = {column.name for column, _ in fit_columns(COLUMNS, width)}
    assert shown >= {"agency", "role", "holder", "since", "contact"}


def test_an_extension_typed_behind_a_name_is_their_contact() -> None:
    given = led().did(f.TakeRole("LAS", "room", "M Khan"))
    assert run(given, "appoint operational C Dale ext 31") == f.TakeRole(
        "LAS", "operational", "C Dale", "ext 31"
    )
    shift = run(given, 'shift "call desk" "K Lee ext 12" two crews unanswered')
    assert (shift.incoming, shift.contact, shift.points) == ("K Lee", "ext 12", "two crews unanswered")


def test_name_and_number_from_one_line() -> None:
    assert who("J Smith 020 7946 0000") == ("J Smith", "020 7946 0000")
    assert who('"J Smith" +44 20 7946 0000') == ("J Smith", "+44 20 7946 0000")
    assert who("R Osei ext 4410") == ("R Osei", "ext 4410")
    assert who("R Osei, Ext. 4410") == ("R Osei", "Ext. 4410")
    assert who("R Osei x4410") == ("R Osei", "x4410")
    assert who("R Osei 020 7946 0000 ext 12") == ("R Osei", "020 7946 0000 ext 12")
    assert who("Alex 4410") == ("Alex", "4410")
    assert who("C Dale ext 31") == ("C Dale", "ext 31")
    assert who("C Dale x31") == ("C Dale", "x31")
    assert who("C Dale tel 31, tg ICC-1") == ("C Dale", "tel 31, tg ICC-1")
    assert who("C Dale talkgroup ICC") == ("C Dale", "talkgroup ICC")
    assert who("C Dale on ICC-1") == ("C Dale", "on ICC-1")
    assert who("C Dale, callsign AMB 12") == ("C Dale", "callsign AMB 12")
    assert who("C Dale tg 4 020 7946 0000") == ("C Dale", "tg 4 020 7946 0000")
    assert who("M Phone") == ("M Phone", "")
    assert who("Ann Channel") == ("Ann Channel", "")
    assert who("P Lee on call") == ("P Lee on call", "")
    assert who("Tac 1 officer") == ("Tac 1 officer", "")
    assert who("Max") == ("Max", "")
    assert who("J Smith") == ("J Smith", "")
    assert who("") == ("", "")
