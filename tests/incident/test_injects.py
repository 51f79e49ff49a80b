"""Exercise control's papers: injects in their states, effects once each, notes, and who may see any of it."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from incident.exercises import facts as x
from incident.exercises import incident_now
from incident.exercises.board import BOARD
from incident.injects import facts as f
from incident.injects.facts import Standing
from incident.injects.rows import InjectRow
from incident.kernel.board import Look
from incident.kernel.slice import Actor
from incident.log.facts import Write
from incident.organisation.facts import Close, Declare, Open, OpenOwn
from incident.scenario.facts import Inject
from incident.state import EXCON, INCIDENT, MODELS, OWN, own_stream
from incident.tasks.facts import Raise
from tests.incident.given import INCIDENT_STREAM, MINUTE, OWN_STREAM, Given, charter, opened
from tests.incident.papers import EXCON_STREAM, SCENARIO, Exercise, papers


def row(given: Given, number: int = 1) -> Standing:
    return given.view.injects.rows[str(number)]


# -- whose papers they are -------------------------------------------------------------------------------------


def test_exercise_control_has_a_stream_of_its_own_under_the_incident() -> None:
    assert own_stream(INCIDENT_STREAM, "EXCON") == EXCON_STREAM
    assert own_stream(INCIDENT_STREAM, "LAS") == OWN_STREAM
    assert MODELS.of(EXCON_STREAM) is EXCON
    assert MODELS.parent(EXCON_STREAM) == INCIDENT_STREAM
    assert MODELS.agency(EXCON_STREAM) == "EXCON"
    assert papers().view.organisation.own == "EXCON"


@pytest.mark.parametrize("role", sorted(charter().roles))
@pytest.mark.parametrize("agency", ["LAS", "EXCON"])
def test_nobody_but_exercise_control_and_its_evaluators_sees_them(agency: str, role: str) -> None:
    may = EXCON.may_watch(papers().view, Actor("Sam", agency, role)) is None
    assert may == (agency == "EXCON" and role in ("excon", "evaluator"))


def test_an_evaluator_sees_the_incident_and_writes_in_the_papers_alone() -> None:
    seat = Actor("Kim", "EXCON", "evaluator")
    assert INCIDENT.may_watch(opened().view, seat) is None
    assert INCIDENT.may_watch(opened().view, Actor("Kim", "LFB", "evaluator")) is not None
    live = Given(INCIDENT, charter_=charter("live")).by("LAS")
    live.did(Open("M4/M25 coach", "live"))
    assert INCIDENT.may_watch(live.view, seat) is not None
    given = papers().by("EXCON", "evaluator", "Kim")
    given.did(f.WriteNote("LAS asked twice for the RVP", 2, "rvp", "partly"))
    assert given.line().text == "notes on inject 2, objective rvp partly met: LAS asked twice for the RVP"
    for command in (f.Fire(1), f.Hold(1), f.Skip(1), f.Reinstate(1), f.LoadScenario(SCENARIO)):
        given.when(command).refused("no_grant")
    opened().by("EXCON", "evaluator", "Kim").when(x.StartPlay()).refused("no_grant")
    given.did(Write("LAS asked twice"))
    played = opened().by("EXCON", "evaluator", "Kim")
    played.when(Write("LAS asked twice")).refused("no_grant")  # the players would read that
    played.did(x.NoDuff("a real casualty at the RVP"))


def test_no_other_agency_writes_or_opens_them() -> None:
    Given(EXCON, EXCON_STREAM).by("LAS").when(OpenOwn()).refused("wrong_stream")
    Given(OWN, OWN_STREAM).by("EXCON", "excon").when(OpenOwn()).refused("wrong_stream")
    papers().by("LAS").when(f.WriteNote("x")).refused("not_party")
    papers().by("LAS", "excon").when(f.Fire(1)).refused("not_party")
    papers().when(f.MarkFired(1)).refused("no_grant")  # the machine's own
    papers().when(f.Report(1, 0, "told/LAS")).refused("no_grant")


# -- the states of an inject -----------------------------------------------------------------------------------


def test_an_inject_is_fired_held_skipped_reinstated_and_actioned_by_hand() -> None:
    given = papers()
    assert {key: one.state for key, one in given.view.injects.rows.items()} == {
        "1": "pending", "2": "pending", "3": "held", "4": "pending",
    }  # fmt: skip
    given.did(f.Hold(1, "the rooms are busy")).when(f.Hold(1)).nothing()
    assert (row(given).state, row(given).reason) == ("held", "the rooms are busy")
    given.did(f.Fire(1)).when(f.Fire(1)).nothing()
    assert row(given).asked
    given.did(f.Hold(1))
    assert not row(given).asked
    given.did(f.Skip(1, "no time")).when(f.Skip(1)).nothing()
    given.when(f.Fire(1)).refused("already_sent")
    given.did(f.Reinstate(1)).when(f.Reinstate(1)).nothing()
    assert row(given) == Standing(1, attempt=1, version=given.last)
    given.when(f.MarkActioned(1)).refused("not_sent")
    given.system().did(f.MarkFired(1)).when(f.MarkFired(1)).nothing()
    given.by("EXCON", "excon", "Control").when(f.Skip(1)).refused("already_sent")
    given.did(f.MarkActioned(1, "RVP moved")).when(f.MarkActioned(1)).nothing()
    assert (row(given).state, row(given).response) == ("actioned", "RVP moved")
    given.when(f.Fire(9)).refused("no_inject")
    given.check()


def test_what_two_controllers_do_at_once_is_decided_by_what_they_had_seen() -> None:
    given = papers()
    mark = given.mark()
    given.did(f.Hold(1))
    given.having_seen(mark).when(f.Fire(1)).refused("changed", conflict=True)
    given.having_seen(mark).when(f.Skip(1)).refused("changed", conflict=True)


def test_a_scenario_is_replaced_only_before_anything_was_sent_and_is_whole() -> None:
    given = papers()
    given.when(f.LoadScenario(SCENARIO)).nothing()
    other = msgspec.structs.replace(SCENARIO, id="other", injects=SCENARIO.injects[:1])
    given.did(f.LoadScenario(other))
    assert list(given.view.injects.rows) == ["1"]
    twice = msgspec.structs.replace(SCENARIO, injects=(SCENARIO.injects[0], SCENARIO.injects[0]))
    given.when(f.LoadScenario(twice)).refused("not_one")
    given.when(f.LoadScenario(msgspec.structs.replace(SCENARIO, mode="live"))).refused("wrong_mode")
    given.system().did(f.MarkFired(1))
    given.by("EXCON", "excon", "Control").when(f.LoadScenario(SCENARIO)).refused("already_sent")


def test_notes_name_what_there_is_and_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    given = papers()
    given.when(f.WriteNote("x", 9)).refused("no_inject")
    assert "It has: rvp." in given.when(f.WriteNote("x", 0, "rpv")).refused("no_objective").sentence
    monkeypatch.setattr(f, "NOTES_MAX", 1)
    given.did(f.WriteNote("seen")).when(f.WriteNote("again")).refused("too_many")


def test_what_the_machine_reports_counts_once_and_never_for_an_older_attempt() -> None:
    given = papers().system().did(f.MarkFired(2))
    version = row(given, 2).version
    given.did(f.Report(2, 0, "0")).when(f.Report(2, 0, "0", "late")).nothing()
    given.did(f.Report(2, 0, "", "nobody there")).when(f.Report(2, 0, "", "nobody there")).nothing()
    assert row(given, 2).trouble == ("nobody there",)
    assert row(given, 2).version == version  # a person has nothing new to read
    given.by("EXCON", "excon", "Control").did(f.Reinstate(2))
    assert row(given, 2).state == "held"  # its time has passed: it would go out at once
    given.did(f.Fire(2)).system().did(f.MarkFired(2)).when(f.Report(2, 0, "1")).nothing()
    given.check()


# -- playing ---------------------------------------------------------------------------------------------------


def test_an_inject_goes_out_at_its_time_and_its_effects_happen_once_each() -> None:
    play = Exercise().start().tick()
    assert play.texts() == []
    play.later(1).tick()
    assert play.texts() == ["999 caller to LAS, by phone: A coach is on its side."]
    play.later(1).tick()
    play.done.clear()  # a restart that has forgotten every id: the papers know what was done
    play.tick()
    assert len(play.texts()) == 1
    play.later(3).tick()
    assert play.scene.view.organisation.parties["SECAMB"].declared == "standby"
    assert row(play.excon, 2).results == {"0": ""}
    play.later(1).tick()
    assert play.texts()[-1] == "Smoke drifts south."
    assert row(play.excon, 2).results == {"0": "", "1": ""}
    assert row(play.excon, 3).state == "held"
    for given in play.streams.values():
        given.check()


def test_an_effect_that_was_written_and_not_reported_is_not_written_twice() -> None:
    """The server ends between the effect and its report: the id is the same, and so is the answer."""
    play = Exercise().start().later(1)
    play.tick(ticks=1)  # fired
    (effect,) = (act for act in play.due() if act.actor.name == "excon")
    play._do(msgspec.structs.replace(effect, told=None))
    assert row(play.excon).results == {}
    (again,) = (act for act in play.due() if act.actor.name == "excon")
    assert (again.key, again.command) == (effect.key, effect.command)
    play.tick()
    assert len(play.texts()) == 1
    assert row(play.excon).results == {"told/LAS": ""} or list(row(play.excon).results.values()) == [""]


def test_what_is_held_as_it_goes_out_goes_out_when_fired_by_hand() -> None:
    """The machine's order meets a hold that it had not seen, and is answered with nothing: that id is used up."""
    play = Exercise().start().later(1)
    (order,) = (act for act in play.due() if act.command == f.MarkFired(1))
    play.excon.by("EXCON", "excon", "Control").did(f.Hold(1))
    play.excon.system().when(order.command).nothing()
    play.done[order.key] = ""
    play.excon.by("EXCON", "excon", "Control").did(f.Fire(1))
    assert row(play.tick().excon).state == "sent"


def test_what_was_left_to_a_person_is_not_done_when_they_have_gone() -> None:
    play = Exercise().start()
    play.manned |= {"SECAMB"}
    play.later(6).tick()
    play.manned -= {"SECAMB"}
    play.later(1).tick()
    assert play.scene.view.organisation.parties["SECAMB"].declared != "standby"
    assert row(play.excon, 2).results == {"0": "", "1": ""}
    assert row(play.excon, 2).trouble == ()
    assert any("effect 0, is left to the person" in line for line in lines_of(play.excon))


def test_an_effect_that_the_server_was_down_for_is_not_lost() -> None:
    """The clock of the exercise goes on while the server does not: at eight times, ten minutes are soon over."""
    play = Exercise().start().later(1)
    play.tick(ticks=1)
    assert (row(play.excon).state, row(play.excon).results) == ("sent", {})
    play.later(60).tick()
    assert play.texts()[0] == "999 caller to LAS, by phone: A coach is on its side."
    assert list(row(play.excon).results) == ["told/EXCON"]
    play.later(60).tick()
    assert row(play.excon, 2).results == {"0": "", "1": ""}
    assert not [act for act in play.due() if act.key.startswith(("inject/1/", "inject/2/"))]


def test_who_opens_a_log_after_a_call_is_not_rung_again() -> None:
    play = Exercise().start().later(1).tick()
    play.streams[OWN_STREAM] = Given(OWN, OWN_STREAM, now=play.scene.now).by("LAS").did(OpenOwn())
    assert not [act for act in play.due() if act.key.startswith("inject/1/")]


def lines_of(given: Given) -> list[str]:
    names = given.model.names(given.view)
    return [given.model.sentence(record, names).text for record in given.records]


def test_a_refused_effect_is_seen_by_exercise_control_and_not_tried_for_ever() -> None:
    play = Exercise().start().later(16).tick()
    assert row(play.excon, 4).trouble
    assert "Only LAS may do this" in row(play.excon, 4).trouble[0]
    assert "LFB has not opened its part" in row(play.excon, 4).trouble[1]
    assert not [act for act in play.due() if "/4/" in act.key]


def test_nothing_goes_out_under_no_duff_and_what_waited_goes_out_after_it() -> None:
    play = Exercise().start().later(0.5)
    play.scene.by("SCAS").did(x.NoDuff("controller collapsed"))
    play.later(30).tick()
    assert play.due() == ()
    play.excon.by("EXCON", "excon", "Control").did(f.Fire(1))
    assert play.tick().texts() == []  # not even by hand
    play.scene.by("EXCON", "excon", "Control").did(x.Resume("over"))
    assert len(play.tick().texts()) == 1
    play.later(1).tick()
    assert row(play.excon, 2).state == "pending"  # the clock stood: its time has not come


def test_while_paused_only_what_a_person_fires_goes_out() -> None:
    play = Exercise().start()
    play.scene.by("EXCON", "excon", "Control").did(x.Pause())
    play.later(30).tick()
    assert play.texts() == []
    play.excon.by("EXCON", "excon", "Control").did(f.Fire(3))
    assert play.tick().texts() == ["press to LAS, by media: How many are dead?"]
    assert row(play.excon, 3).fired_at == incident_now(play.scene.view, play.scene.now)


def test_nothing_is_played_before_the_start_after_the_end_or_without_papers() -> None:
    play = Exercise().later(30)
    play.excon.by("EXCON", "excon", "Control").did(f.Fire(1))
    assert play.due() == ()
    play.start().scene.did(x.EndPlay())
    assert [act for act in play.tick().due() if act.actor.name != "system"] == []
    assert play.texts() == []
    bare = Exercise().start()
    del bare.streams[EXCON_STREAM]
    assert bare.later(30).due() == ()


def test_nothing_is_played_in_an_incident_that_is_closed() -> None:
    play = Exercise().start()
    for agency in ("SCAS", "SECAMB", "LAS"):
        play.scene.by(agency, "tactical_commander").did(Declare(agency, "stand_down"))
    play.scene.did(Close())
    play.later(30)
    assert play.due() == ()


def test_parts_follow_the_clock_and_then_there_is_nothing_to_do() -> None:
    play = Exercise().start()
    own = Given(OWN, OWN_STREAM, now=play.scene.now).by("LAS").did(OpenOwn())
    play.streams[OWN_STREAM] = own
    play.scene.by("EXCON", "excon", "Control").did(x.SetSpeed(8))
    play.tick()
    for given in (own, play.excon):
        assert given.view.exercises.segments == play.scene.view.exercises.segments
        assert given.model.now(given.view, given.now + MINUTE) == incident_now(
            play.scene.view, given.now + MINUTE
        )
    assert play.due() == ()
    play.scene.by("EXCON", "excon", "Control").later(1)
    play.scene.did(x.Pause())
    assert {act.stream for act in play.due()} == {OWN_STREAM, EXCON_STREAM}
    own.check()


def test_virtual_agencies_are_silent_while_a_person_is_there_and_while_the_clock_stands() -> None:
    def virtual(play: Exercise) -> set[str]:
        return {act.actor.name for act in play.due() if act.actor.name.startswith("virtual/")}

    play = Exercise().start().later(4)
    play.scene.by("LAS").did(Raise("Open RVP B", "SECAMB"))
    play.later(4)
    assert virtual(play) == {"virtual/SECAMB"}
    play.manned = frozenset({"SECAMB"})
    assert virtual(play) == set()
    play.manned = frozenset()
    play.scene.by("EXCON", "excon", "Control").did(x.Pause())
    assert virtual(play) == set()
    play.scene.did(x.Resume("over")).by("LAS").did(x.NoDuff("a real fire"))
    assert virtual(play) == set()


# -- the board -------------------------------------------------------------------------------------------------


def look(play: Exercise, agency: str = "EXCON", role: str = "excon") -> Look:
    view = play.scene.view
    clock = lambda at: f"{at // 60_000 % 1440 // 60:02}:{at // 60_000 % 60:02}"  # noqa: E731
    own: Any = play.excon.view if agency == "EXCON" else None
    return Look(
        view, Actor("Sam", agency, role), incident_now(view, play.scene.now), INCIDENT_STREAM, own,
        own_stream(INCIDENT_STREAM, agency), real=play.scene.now, clock=clock,
    )  # fmt: skip


def cells(row_: Any, seen: Look) -> list[str]:
    return [column.cell(row_, seen).text for column in BOARD.columns]


def test_exercise_control_sees_its_injects_and_players_see_none() -> None:
    play = Exercise().start().later(1).tick()
    seen = look(play)
    rows = BOARD.rows(seen)
    assert list(rows) == ["play", "1", "2", "3", "4"]
    assert cells(rows["1"], seen)[:3] == ["1", "T+1", "sent"]
    assert cells(rows["2"], seen) == ["2", "T+5", "next in 4m", "SECAMB > LAS SCAS (radio): We stand by."]
    assert ("expected", "LAS answers within 2 min") in [(t, c.text) for t, c in BOARD.detail(rows["2"], seen)]
    assert ("next", "T+5  inject 2: We stand by.") in [
        (t, c.text) for t, c in BOARD.detail(rows["play"], seen)
    ]
    assert list(BOARD.rows(look(play, "LAS", "operator"))) == ["play"]
    assert BOARD.count is not None
    assert BOARD.count(seen) == 2
    assert BOARD.rows(look(play))["2"] is rows["2"]  # what did not change is not painted again


def test_its_verbs_go_to_exercise_control_s_stream_and_only_where_they_make_sense() -> None:
    play = Exercise().start().later(1).tick()
    seen = look(play)
    rows = BOARD.rows(seen)
    able = {
        key: {v.word for v in BOARD.verbs if v.row and v.applies(rows[key], seen)}
        for key in ("play", "1", "2", "3")
    }
    assert able == {
        "play": set(), "1": {"reinstate", "actioned"}, "2": {"fire", "hold", "skip"},
        "3": {"fire", "skip", "reinstate"},
    }  # fmt: skip
    verbs = {verb.word: verb for verb in BOARD.verbs}
    assert verbs["fire"].build(rows["2"], {}, seen) == f.Fire(2)
    assert verbs["fire"].stream(rows["2"], seen) == EXCON_STREAM
    assert verbs["fire"].args == ()
    note = verbs["evaluate"].build(
        None, {"text": "good", "inject": "2", "objective": "rvp", "mark": "met"}, seen
    )
    assert note == f.WriteNote("good", 2, "rvp", "met")
    with pytest.raises(ValueError, match="no inject 77"):
        verbs["evaluate"].build(None, {"text": "good", "inject": "77"}, seen)
    assert BOARD.named("#2", seen) == "2"
    evaluator = look(play, "EXCON", "evaluator")
    assert {v.word for v in BOARD.verbs if v.row and v.applies(rows["1"], evaluator)} == {"actioned"}
    assert {v.word for v in BOARD.verbs if not v.row and v.applies(None, evaluator)} == {"evaluate", "noduff"}


def test_what_did_not_arrive_is_an_alarm_with_the_reason() -> None:
    play = Exercise().start().later(16).tick()
    seen = look(play)
    four = BOARD.rows(seen)["4"]
    assert isinstance(four, InjectRow)
    assert cells(four, seen)[2] == "sent ▲"
    assert any("Only LAS" in cell.text for title, cell in BOARD.detail(four, seen) if title == "▲")
    assert BOARD.alarm is not None
    assert BOARD.alarm(seen) == 1


def test_the_numbers_of_a_scenario_are_the_keys_of_the_papers() -> None:
    assert all(isinstance(one, Inject) for one in SCENARIO.injects)
    assert sorted(map(int, papers().view.injects.rows)) == [one.number for one in SCENARIO.injects]
