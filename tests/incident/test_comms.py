"""Comms: one control-room talkgroup, tested by each room for itself; rooms, and calls that got no answer."""

from __future__ import annotations

from dataclasses import replace

import pytest
from msgspec.structs import replace as replace_

from incident.comms import alternatives, comms, control_room_link, failed, link_missing, unanswered, untested
from incident.comms import facts as f
from incident.comms.board import BOARD, named, state_cell
from incident.comms.rules import evolve
from incident.kernel.board import Look
from incident.kernel.receipts import Acknowledge
from incident.kernel.slice import Actor
from incident.organisation.facts import AcceptLead, Declare, Invite, Join, Leave, OfferLead
from incident.state import INCIDENT
from incident_tui.actions import build, parse
from incident_tui.grammar import Act
from tests.incident.given import MINUTE, Given, opened


def linked() -> tuple[Given, str]:
    given = opened().did(f.SetLink("ICC-1", "ISSI 1001"))
    return given, given.last


def look(given: Given, agency: str = "LAS") -> Look:
    actor = Actor("Sam", agency, "operator")
    return Look(given.view, actor, given.now, "incident", charter=given.charter, clock=lambda at: f"{at}")


# -- the one talkgroup ----------------------------------------------------------------------------------------


def test_a_rival_talkgroup_of_a_room_that_did_not_know_is_refused_and_told() -> None:
    given = opened()
    mark = given.mark()
    given.did(f.SetLink(" ICC-1 ", "ISSI 1001", "all control rooms"))
    assert given.line().text == "sets the control-room talkgroup: ICC-1, ISSI 1001. all control rooms."
    assert given.line().weight == "decision"
    rival = f.SetLink("SHARER-4")
    told = given.by("SCAS").having_seen(mark).when(rival).refused("link_set", conflict=True)
    assert told.facts["name"] == "ICC-1"
    assert told.facts["owner"] == "LAS"
    given.having_seen(mark).when(f.SetLink("icc-1", "ISSI 1001")).nothing()  # both meant the same
    given.when(rival).refused("link_set")  # who has seen it may not change it either: it is not theirs
    # its owner's other desk may change it, but not without having seen it
    given.by("LAS").having_seen(mark).when(rival).refused("link_set", conflict=True, name="ICC-1")
    link = control_room_link(given.view)
    assert link is not None
    assert link.name == "ICC-1"
    given.check()


def test_its_owner_and_the_lead_put_another_in_its_place_and_every_room_tests_anew() -> None:
    given, first = linked()
    given.by("SCAS").did(f.TestChannel(first, "SCAS", True))
    given.by("LAS").did(f.SetLink("ICC-2"))
    assert given.line().text == "sets the control-room talkgroup: ICC-2. In place of ICC-1."
    old = comms(given.view).channels[first]
    assert (old.live, old.reason) == (False, "ICC-2 in its place")
    assert untested(given.view) == ("LAS", "SCAS", "SECAMB")
    given.by("SCAS").when(f.SetLink("ICC-3")).refused("link_set")
    given.by("LAS").did(OfferLead("SCAS", "their area")).by("SCAS").did(AcceptLead(given.last))
    given.did(f.SetLink("ICC-3"))
    assert control_room_link(given.view).owner == "SCAS"  # type: ignore[union-attr]
    given.check()


def test_withdrawn_by_its_owner_only_and_a_room_that_has_not_seen_that_is_told() -> None:
    given, link = linked()
    mark = given.mark()
    given.by("SCAS").when(f.WithdrawChannel(link)).refused("no_grant")
    given.by("LAS").did(f.WithdrawChannel(link, "jammed"))
    assert given.line().text == "withdraws the channel ICC-1. Reason: jammed."
    given.when(f.WithdrawChannel(link)).nothing()
    assert control_room_link(given.view) is None
    assert untested(given.view) == ()
    another = f.SetLink("ICC-2")
    given.by("SCAS").having_seen(mark).when(another).refused("link_withdrawn", conflict=True)
    given.did(another)
    given.when(f.WithdrawChannel("nothing")).refused("no_such_channel")


def test_it_is_missed_once_somebody_has_declared_and_others_take_part() -> None:
    given = opened()
    assert link_missing(given.view) is None
    given.later().did(Declare("LAS", "declared"))
    missed = given.now
    assert link_missing(given.view) == missed
    given.later().did(Declare("LAS", "closed")).did(Declare("LAS", "declared", "wrong key"))
    assert link_missing(given.view) == missed, "a correction makes it no younger"
    given.did(f.SetLink("ICC-1"))
    assert link_missing(given.view) is None
    given.later(5).did(f.WithdrawChannel(given.last))
    assert link_missing(given.view) == given.now  # since then, not since the declaration
    given.by("SCAS", "tactical_commander").did(Leave("not ours"))
    given.by("SECAMB", "tactical_commander").did(Leave("not ours"))
    assert link_missing(given.view) is None  # one room alone needs no talkgroup between rooms


# -- tests ----------------------------------------------------------------------------------------------------


def test_each_agency_tests_for_itself_and_its_last_test_stands() -> None:
    given, link = linked()
    assert untested(given.view) == ("LAS", "SCAS", "SECAMB")
    given.by("SCAS").did(f.TestChannel(link, "SCAS", False, "no coverage in the room"))
    assert given.line().text == "tests ICC-1: it DOES NOT WORK. no coverage in the room."
    assert (untested(given.view), failed(given.view)) == (("LAS", "SECAMB"), ("SCAS",))
    given.later(5).did(f.TestChannel(link, "SCAS", True))
    given.did(f.TestChannel(link, "SCAS", False), happened_at=given.now - 60_000)  # written down late
    assert failed(given.view) == ()
    given.when(f.TestChannel(link, "LAS", True)).refused("no_grant")
    given.by("LAS", "observer").when(f.TestChannel(link, "LAS", True)).refused("no_grant")
    given.by("EXCON", "excon").did(f.TestChannel(link, "SECAMB", True))
    assert given.line().text == "for SECAMB: tests ICC-1: it works"
    assert untested(given.view) == ("LAS",)
    given.when(f.TestChannel(link, "NWAS", True)).refused("not_party")
    given.when(f.TestChannel("nothing", "SECAMB", True)).refused("no_such_channel")
    given.check()


def test_a_late_test_of_a_withdrawn_channel_is_taken_and_changes_no_alarm() -> None:
    given, link = linked()
    given.did(f.WithdrawChannel(link))
    given.by("SCAS").did(f.TestChannel(link, "SCAS", False))
    assert failed(given.view) == ()
    given.check()


def test_every_room_it_is_for_is_asked_until_it_has_tested_it() -> None:
    given, link = linked()
    subject = f"comms/{f.LINK}@{link}"
    asked = {a: INCIDENT.addressed(given.view, a) for a in ("LAS", "SCAS", "SECAMB")}
    assert [subject in asked[a] for a in asked] == [False, True, True]  # who set it knows of it
    given.by("SCAS").did(Acknowledge((subject,)))
    assert given.line().text == "acknowledges ICC-1"
    given.did(f.TestChannel(link, "SCAS", True))
    assert subject not in INCIDENT.addressed(given.view, "SCAS")
    given.by("LAS").did(f.AddChannel("bridge", "Tactical call", members=("SCAS",)))
    assert f"comms/{given.last}" in INCIDENT.addressed(given.view, "SCAS")
    assert f"comms/{given.last}" not in INCIDENT.addressed(given.view, "SECAMB")


# -- other channels -------------------------------------------------------------------------------------------


def test_channels_have_one_name_each_and_only_parties_as_members() -> None:
    given = opened()
    mark = given.mark()
    given.did(f.AddChannel("talkgroup", "SHARER-4", members=("SCAS", "SCAS")))
    assert comms(given.view).channels[given.last].members == ("SCAS",)
    assert given.line().text == "adds the talkgroup SHARER-4. For SCAS."
    same = f.AddChannel("bridge", "sharer-4")
    given.by("SCAS").having_seen(mark).when(same).refused("channel_there", conflict=True)
    given.when(same).refused("channel_there")
    given.when(f.AddChannel("phone", "Airport", members=("NWAS",))).refused("not_party")


def test_what_is_kept_of_channels_is_bounded() -> None:
    given = opened()
    for number in range(f.LIVE_MAX):
        given.did(f.AddChannel("talkgroup", f"group {number}"))
    given.when(f.AddChannel("talkgroup", "one more")).refused("full")
    given.did(f.ReportUnanswered(channel=given.last))
    for number in range(f.CHANNELS_MAX):
        given.did(f.SetLink(f"link {number}"))  # the one talkgroup is never refused for room
    assert len(comms(given.view).channels) == f.CHANNELS_MAX
    assert sum(channel.live for channel in comms(given.view).channels.values()) == f.LIVE_MAX + 1


def test_which_channel_is_forgotten_does_not_hang_on_the_order_in_which_a_state_came() -> None:
    given = opened().did(f.SetLink("ICC-1"))
    one = next(iter(comms(given.view).channels.values()))
    gone = {
        f"{n:03}": replace_(one, id=f"{n:03}", kind="talkgroup", withdrawn_at=given.now - n * MINUTE)
        for n in range(f.CHANNELS_MAX - 1)
    }
    state = f.Comms({**gone, one.id: one})
    turned = f.Comms({one.id: one, **dict(sorted(gone.items(), reverse=True))})
    record = given.did(f.AddChannel("phone", "airport")).records[-1]
    event = f.ChannelAdded("phone", "airport")
    after, other = evolve(state, event, record), evolve(turned, event, record)
    assert after == other
    assert f"{f.CHANNELS_MAX - 2:03}" not in after.channels, "the one that was withdrawn first"


# -- rooms and calls ------------------------------------------------------------------------------------------


def test_a_room_says_itself_how_it_is_reached() -> None:
    given = opened()
    mark = given.mark()
    given.did(f.GiveRoom("LAS", "EOC Waterloo", "020 7946 0100", "EOC Newham"))
    assert given.line().text == (
        "gives its control room: EOC Waterloo, call back on 020 7946 0100, or else EOC Newham"
    )
    given.having_seen(mark).when(f.GiveRoom("LAS", "EOC", "020 7946 0199")).refused("changed", conflict=True)
    given.having_seen(mark).when(f.GiveRoom("LAS", "EOC Waterloo", "020 7946 0100", "EOC Newham")).nothing()
    given.by("SCAS").when(f.GiveRoom("LAS", "", "020 7946 0199")).refused("no_grant")
    given.when(f.GiveRoom("SCAS")).nothing()


def test_two_calls_without_an_answer_bring_up_the_other_ways() -> None:
    given, link = linked()
    given.by("SCAS").did(f.GiveRoom("SCAS", "", "01869 000100", "radio desk"))
    given.did(f.TestChannel(link, "SCAS", True))
    given.by("LAS").did(f.AddChannel("bridge", "Tactical call", "020 7946 0999"))
    given.by("SECAMB").did(f.ReportUnanswered("SCAS", note="rang out"))
    assert given.line().text == "gets no answer from SCAS. rang out."
    assert unanswered(given.view) == ()
    first = given.now
    given.by("LAS").later(2).did(
        f.ReportUnanswered("SCAS")
    )  # by another room: it is SCAS that does not answer
    (one,) = unanswered(given.view)
    assert (one.agency, one.name, one.count, one.since) == ("SCAS", "SCAS", 2, first)
    assert one.alternatives == (
        "SCAS duty manager", "01869 000100", "radio desk", "ICC-1 ISSI 1001", "Tactical call 020 7946 0999",
    )  # fmt: skip
    given.did(f.ReportAnswered("SCAS"))
    assert unanswered(given.view) == ()
    given.when(f.ReportAnswered("SCAS")).nothing()
    given.check()


def test_that_somebody_was_reached_earlier_says_nothing_of_the_calls_after_it() -> None:
    given = opened().did(f.SetLink("ICC-1"))
    link = given.last
    for _ in range(2):
        given.later(5).did(f.ReportUnanswered("SCAS", link))
    given.did(f.ReportAnswered("SCAS"), happened_at=given.now - 8 * MINUTE)
    given.by("SECAMB").did(f.TestChannel(link, "SECAMB", True), happened_at=given.now - 8 * MINUTE)
    assert {(one.agency, one.channel) for one in unanswered(given.view)} == {("SCAS", ""), ("", link)}
    given.did(f.ReportAnswered("SCAS", link))
    assert unanswered(given.view) == ()


def test_a_channel_that_fails_is_not_proposed_in_place_of_another() -> None:
    given, link = linked()
    given.did(f.AddChannel("phone", "Duty officer", "020 7946 0900"))
    phone = given.last
    given.did(f.AddChannel("talkgroup", "SHARER-4"))
    for _ in range(2):
        given.did(f.ReportUnanswered(channel=phone))
    (one,) = unanswered(given.view)
    assert (one.agency, one.channel, one.name) == ("", phone, "Duty officer")
    assert one.alternatives == ("ICC-1 ISSI 1001", "SHARER-4")
    given.by("SCAS").did(f.TestChannel(link, "SCAS", False))
    assert alternatives(given.view, "SCAS") == ("SCAS duty manager", "SHARER-4")
    given.did(f.TestChannel(phone, "SCAS", True))  # somebody got through
    assert unanswered(given.view) == ()
    given.did(f.ReportUnanswered("SECAMB", phone)).did(f.ReportUnanswered("SECAMB", phone))
    assert given.line().text == "gets no answer from SECAMB on Duty officer"
    assert {(one.agency, one.channel) for one in unanswered(given.view)} == {("SECAMB", ""), ("", phone)}
    given.by("LAS").did(f.WithdrawChannel(phone))
    assert [one.agency for one in unanswered(given.view)] == ["SECAMB"]  # nobody rings it any more
    given.check()


def test_a_call_names_somebody_who_exists() -> None:
    given = opened()
    given.when(f.ReportUnanswered()).refused("nobody_called")
    given.when(f.ReportUnanswered("NOBODY")).refused("unknown_agency")
    given.when(f.ReportUnanswered(channel="nothing")).refused("no_such_channel")
    given.did(f.ReportUnanswered("NWAS"))  # who is no party can be rung, too


# -- the board and the command line -----------------------------------------------------------------------------


def run(given: Given, line: str, agency: str = "LAS") -> object:
    seen = look(given, agency)
    act = parse(line, seen, INCIDENT.boards)
    assert isinstance(act, Act), act
    made = build(act, seen, INCIDENT.boards)
    assert isinstance(made, tuple), made
    return made[0]


def test_who_did_not_answer_and_is_heard_of_since_is_no_alarm_any_more() -> None:
    given = opened().did(Invite(("LFB",)))
    given.did(f.ReportUnanswered("LFB")).later().did(f.ReportUnanswered("LFB"))
    assert [one.agency for one in unanswered(given.view)] == ["LFB"]
    given.later().by("LFB").did(Join("Brigade control")).by("LAS")
    assert unanswered(given.view) == ()
    assert BOARD.rows(look(given))["room/LFB"].calls is None
    given.later().did(f.ReportUnanswered("LFB"))
    assert [one.agency for one in unanswered(given.view)] == ["LFB"], "it is silent again"


def test_lines_that_an_operator_writes() -> None:
    given, link = linked()
    assert run(given, "talkgroup SHARER 4 number=1004") == f.SetLink("SHARER 4", "1004")
    assert run(given, "works icc-1") == f.TestChannel(link, "LAS", True)
    assert run(given, "fails ICC-1 no coverage") == f.TestChannel(link, "LAS", False, "no coverage")
    assert run(given, "unanswered SCAS rang out") == f.ReportUnanswered("SCAS", "", "rang out")
    assert run(given, "withdraw ICC-1 jammed") == f.WithdrawChannel(link, "jammed")
    assert run(given, 'channel bridge Tactical call number="020 7946 0999" members=SCAS') == f.AddChannel(
        "bridge", "Tactical call", "020 7946 0999", members=("SCAS",)
    )
    given.did(f.GiveRoom("LAS", "EOC Waterloo", "020 7946 0100"))
    assert run(given, "room 020 7946 0111") == f.GiveRoom("LAS", "EOC Waterloo", "020 7946 0111")
    given.did(f.ReportUnanswered("SCAS"))
    assert run(given, "answered SCAS") == f.ReportAnswered("SCAS")


def test_the_board_begins_with_a_missing_talkgroup_and_shows_every_room() -> None:
    given = opened()
    seen = look(given)
    assert list(BOARD.rows(seen)) == [f.LINK, "room/LAS", "room/SCAS", "room/SECAMB"]
    given.did(Declare("LAS", "declared"))
    assert BOARD.alarm is not None
    assert BOARD.alarm(look(given)) == 1
    name = BOARD.columns[0].cell
    assert name(BOARD.rows(look(given))[f.LINK], look(given)).text == "▲ no control-room talkgroup"
    given.did(f.SetLink("ICC-1")).by("SCAS").did(f.TestChannel(given.last, "SCAS", True))
    link = control_room_link(given.view)
    assert link is not None
    seen = look(given)
    row = BOARD.rows(seen)[f.LINK]  # in the place of the missing one
    assert row.channel is link
    assert state_cell(row, seen).text == "1 of 3"
    assert BOARD.rows(look(given))[f.LINK] is row
    given.did(f.ReportUnanswered("SECAMB")).did(f.ReportUnanswered("SECAMB"))
    seen = look(given)
    assert state_cell(BOARD.rows(seen)["room/SECAMB"], seen).text == "▲ no answer 2x"
    assert ("try", "SECAMB duty manager") in [
        (title, cell.text) for title, cell in BOARD.detail(BOARD.rows(seen)["room/SECAMB"], seen)
    ]
    assert BOARD.alarm(seen) == 1
    assert BOARD.order is not None
    ordered = sorted(BOARD.rows(seen).items(), key=lambda pair: BOARD.order(pair[1], seen))  # type: ignore[misc]
    assert [key for key, _ in ordered] == [f.LINK, "room/LAS", "room/SCAS", "room/SECAMB"]
    for one in BOARD.rows(seen).values():
        assert BOARD.find(one, seen)
        assert BOARD.detail(one, seen)


@pytest.mark.parametrize(("written", "key"), [("scas", "room/SCAS"), ("nobody", None)])
def test_rooms_are_named_by_their_agency(written: str, key: str | None) -> None:
    assert named(written, look(opened())) == key


def test_exercise_control_is_not_asked_to_test() -> None:
    given, _ = linked()
    given.did(Invite(("EXCON",))).by("EXCON", "excon").did(Join("exercise control"))
    assert "EXCON" not in untested(given.view)


def test_each_control_room_says_who_is_connected_there_as_long_as_that_is_known() -> None:
    given = opened()
    seen = replace(look(given), present={"LAS": ("EOC desk 2", "EOC desk 3"), "SCAS": ("EOC",)})
    rows = BOARD.rows(seen)
    assert state_cell(rows["room/LAS"], seen).text == "2 connected"
    assert state_cell(rows["room/SECAMB"], seen).text == "no person here"
    assert ("connected", "EOC desk 2") in [(t, c.text) for t, c in BOARD.detail(rows["room/LAS"], seen)]
    assert not state_cell(rows["room/LAS"], look(given)).text, "a room that is cut off cannot know"


def test_a_room_that_nobody_sits_in_is_said_to_be_played_by_the_exercise_and_where_to_ring_stands_there() -> (
    None
):
    given = (
        opened().did(Invite(("LFB",))).by("LFB", name="virtual/LFB").did(Join("Brigade control, officer 3"))
    )
    seen = replace(look(given), present={"LAS": ("EOC desk 2",)})
    row = BOARD.rows(seen)["room/LFB"]
    assert state_cell(row, seen).text == "exercise plays"
    number = next(column for column in BOARD.columns if column.name == "number")
    assert number.cell(row, seen).text == "see contact"
    told = {title: cell.text for title, cell in BOARD.detail(row, seen)}
    assert told["contact"] == "Brigade control, officer 3"
    assert told["connected"] == "nobody: the exercise plays it"
    given.did(f.GiveRoom("LFB", "Brigade control", "020 7946 0200"))
    row = BOARD.rows(look(given))["room/LFB"]
    assert number.cell(row, look(given)).text == "020 7946 0200"
