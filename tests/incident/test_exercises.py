"""The play of an exercise: one clock for all timers, NO DUFF from anybody, and nothing of it in a live incident."""

from __future__ import annotations

import random
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from incident.exercises import facts as f
from incident.exercises import incident_now, suspended, to_exercise, to_real
from incident.exercises.board import BOARD, t_plus
from incident.exercises.clock import merged, missing
from incident.exercises.facts import Segment
from incident.exercises.words import standing
from incident.fleet import facts as fl
from incident.kernel.board import Look
from incident.kernel.slice import Actor, Refusal
from incident.log import facts as lg
from incident.organisation import facts as o
from incident.organisation.facts import Open, OpenOwn
from incident.resources import BOARD as UNITS
from incident.resources import facts as r
from incident.resources import homecomings
from incident.resources.board import standing as standing_of
from incident.state import INCIDENT, OWN, REGISTER
from incident.tasks import facts as t
from incident.tasks.words import overdue
from tests.incident.given import MINUTE, OWN_STREAM, REGISTER_STREAM, T0, Given, charter, opened


def playing(*parties: str) -> Given:
    """Play has begun a minute after the incident was opened."""
    return (
        opened(*parties)
        .later()
        .by("EXCON", "excon", "Control")
        .did(f.StartPlay("m4-m25-coach", "M4/M25 coach", "COBALT"))
    )


def excon(given: Given) -> Given:
    return given.by("EXCON", "excon", "Control")


# -- who may, and where ----------------------------------------------------------------------------------------


def test_play_starts_once_and_by_exercise_control_alone() -> None:
    given = opened()
    given.by("LAS").when(f.StartPlay()).refused("no_grant")
    given.by("LAS", "tactical_commander").when(f.StartPlay()).refused("no_grant")
    excon(given).when(f.Pause()).refused("not_started")
    excon(given).when(f.StartPlay("a", "A", "COBALT")).then(f.PlayStarted("a", "A", "COBALT"))
    given.did(f.StartPlay()).when(f.StartPlay()).nothing()
    given.check()


@pytest.mark.parametrize(
    "command", [f.StartPlay(), f.Pause(), f.Resume(), f.SetSpeed(4), f.EndPlay(), f.NoDuff("x")]
)
def test_a_live_incident_has_no_play(command: Any) -> None:
    live = Given(INCIDENT, charter_=charter("live"))
    live.by("LAS").did(Open("M4/M25 coach", "live"))
    answer = live.when(command).answer
    assert isinstance(answer, Refusal)
    assert answer.code == ("wrong_mode" if isinstance(command, f.NoDuff) else "no_grant")
    assert not live.model.clock.apart(live.view)


def test_a_part_of_an_incident_has_the_clock_and_no_play() -> None:
    own = Given(OWN, OWN_STREAM).by("LAS").did(OpenOwn())
    own.when(f.NoDuff("x")).refused("wrong_stream")
    own.when(f.Follow((Segment(T0, T0, 0),))).refused("no_grant")
    own.system().did(f.Follow((Segment(T0, T0, 0),))).when(f.Follow((Segment(T0, T0, 0),))).nothing()
    assert own.view.exercises.segments == (Segment(T0, T0, 0),)
    playing().system().when(f.Follow((Segment(T0, T0, 0),))).refused("wrong_stream")
    own.check()


# -- the clock -------------------------------------------------------------------------------------------------


def test_the_clock_stands_while_paused_and_hurries_when_told_without_a_jump() -> None:
    given = playing()
    start = given.now
    assert incident_now(given.view, start + 5) == start + 5
    given.later(10).did(f.SetSpeed(4))
    given.later(5)
    assert incident_now(given.view, given.now) == start + 30 * MINUTE
    given.did(f.Pause("a question of safety")).later(60)
    assert incident_now(given.view, given.now) == start + 30 * MINUTE
    given.did(f.Resume("over")).later(1)
    assert incident_now(given.view, given.now) == start + 34 * MINUTE
    given.did(f.EndPlay()).later(2)
    assert incident_now(given.view, given.now) == start + 36 * MINUTE
    assert given.view.exercises.ended_at == start + 34 * MINUTE
    given.when(f.SetSpeed(2)).refused("play_ended")
    given.when(f.StartPlay()).refused("play_ended")
    given.check()


def test_records_are_seen_in_the_time_of_the_exercise_and_so_are_ages_and_dues() -> None:
    given = playing().did(f.SetSpeed(8))
    start = given.now
    given.by("LAS").later(10).did(t.Raise("Open RVP B", "SCAS", due=start + 90 * MINUTE))
    (row,) = given.view.tasks.rows.values()
    assert row.since == start + 80 * MINUTE
    assert not overdue(row, incident_now(given.view, given.now))
    excon(given).did(f.Pause()).later(30)
    assert not overdue(row, incident_now(given.view, given.now))  # nothing falls due while the clock stands
    given.did(f.Resume("over")).later(2)
    assert overdue(row, incident_now(given.view, given.now))
    assert given.model.now(given.view, given.now) == incident_now(given.view, given.now)
    given.check()


def test_an_offer_of_the_lead_lapses_by_the_exercise_clock() -> None:
    given = playing().did(f.SetSpeed(8))
    given.by("LAS").did(o.OfferLead("SCAS", "their area"))
    offer = given.last
    given.later(1).system().when(o.LapseLead(offer)).refused("too_early")
    given.later(1).when(o.LapseLead(offer)).then(o.LeadLapsed(offer, "SCAS"))
    (due,) = given.model.due(given.view, given.model.now(given.view, given.now))
    assert due.at <= given.model.now(given.view, given.now)


def test_a_claimed_time_is_taken_by_the_clock_as_it_stood_then() -> None:
    given = playing()
    start = given.now
    given.later(10).did(f.SetSpeed(8)).later(10)
    wanted = start + 5 * MINUTE  # the clock showed that before it was hurried
    real = given.model.real(given.view, wanted)
    assert real == start + 5 * MINUTE
    given.by("LAS").did(lg.Decide("hold", "smoke"), happened_at=real)
    (decision,) = given.view.log.decisions.values()
    assert decision.at == wanted
    assert "(late, written 1 h 25 min after" in given.line().text


def clocks(seed: int) -> Given:
    """A play in which somebody turns the clock without rest."""
    rng = random.Random(seed)
    given = playing()
    for _ in range(60):
        given.later(rng.choice((0, 0, 0.01, 0.5, 3, 40)))
        excon(given)
        match rng.randrange(6):
            case 0:
                given.did(f.Pause())
            case 1:
                given.did(f.Resume("over"))
            case 2:
                given.did(f.SetSpeed(rng.choice(f.SPEEDS)))
            case 3 if rng.random() < 0.3:
                given.by("SCAS").did(f.NoDuff("a real fire"))
            case 4:
                given.by("LAS").did(t.Raise("look", "SCAS"), written_at=given.now - rng.randrange(200_000))
            case _:
                given.by("LAS").did(
                    lg.Decide("go on", "why not"), happened_at=given.now - rng.randrange(900_000)
                )
    return given


@pytest.mark.parametrize("seed", range(8))
def test_the_clock_never_goes_back_never_jumps_and_no_age_is_negative(seed: int) -> None:
    given = clocks(seed)
    view, end = given.view, given.now + 5 * MINUTE
    last = to_exercise(view, T0 - MINUTE)
    for real in range(T0 - MINUTE, end, 7_001):
        shown = to_exercise(view, real)
        assert 0 <= shown - last <= 8 * 7_001
        last = shown
        assert to_exercise(view, to_real(view, shown)) >= shown
        assert to_real(view, shown) <= real + 1
    for segment in view.exercises.segments:
        assert to_exercise(view, segment.real - 1) <= segment.shown <= to_exercise(view, segment.real)
        assert segment.shown - to_exercise(view, segment.real - 1) <= 8
    now = incident_now(view, given.now)
    assert all(row.since <= now for row in view.tasks.rows.values())
    assert all(decision.at <= now for decision in view.log.decisions.values())
    given.check()  # replay = live, also from a snapshot at any record


def test_the_history_of_the_clock_is_bounded_and_stays_whole() -> None:
    given = playing()
    for turn in range(f.SEGMENTS_MAX + 40):
        given.later(0.1).did(f.Pause() if turn % 2 == 0 else f.Resume("over"))
    assert len(given.view.exercises.segments) == f.SEGMENTS_MAX
    assert given.model.invariants(given.view) == ()
    given.when(f.SetSpeed(8)).refused("too_many")
    given.by("SCAS").did(f.NoDuff("a real fire"))
    assert given.view.exercises.suspended
    first = given.view.exercises.segments[0]
    assert to_exercise(given.view, first.real - 5) == first.shown - 5


def test_a_copy_of_the_clock_gets_what_it_lacks_and_then_shows_the_same() -> None:
    whole = clocks(3).view.exercises.segments
    for held in range(len(whole) + 1):
        have = whole[:held]
        lacks = missing(have, whole)
        assert (merged(have, lacks, f.SEGMENTS_MAX) if lacks else have) == whole
    other = (Segment(T0 - 5, T0 - 5, 2), *whole[:3])  # another past altogether
    assert merged(whole[:1], missing(whole[:1], whole), f.SEGMENTS_MAX) == whole
    assert missing(other, whole) == whole
    cut = whole[4:]  # the oldest were dropped
    assert merged(whole, missing(whole, cut) or cut, len(cut)) == cut


# -- NO DUFF ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", ["operator", "tactical_commander", "loggist", "observer", "excon"])
def test_anybody_of_any_party_calls_no_duff(role: str) -> None:
    given = playing().by("EXCON" if role == "excon" else "SCAS", role, "Kim")
    given.did(f.NoDuff("controller collapsed"))
    assert given.view.exercises.rate == 0
    banner = suspended(given.view)
    assert banner.startswith("NO DUFF, REAL: controller collapsed. Exercise suspended by ")
    assert given.line().weight == "decision"
    assert given.model.critical(given.records[-1])


def test_no_duff_stops_the_clock_until_exercise_control_resumes_having_read_it() -> None:
    given = playing().later(5)
    before = given.mark()
    at = incident_now(given.view, given.now)
    given.by("SCAS").did(f.NoDuff("controller collapsed")).later(20)
    assert incident_now(given.view, given.now) == at
    given.by("SCAS", "tactical_commander").when(f.Resume()).refused("no_grant")
    excon(given).having_seen(before).when(f.Resume()).refused("changed", conflict=True)
    excon(given).did(f.Resume("she is in an ambulance"))
    assert given.records[-1].type == "exercises.play_resumed"
    assert not given.view.exercises.suspended
    given.later(1)
    assert incident_now(given.view, given.now) == at + MINUTE
    given.check()


def test_a_pause_that_was_to_be_ended_does_not_take_a_no_duff_back() -> None:
    given = playing().did(f.Pause())
    paused = given.mark()
    given.by("LAS").did(f.NoDuff("a real call"))
    excon(given).having_seen(paused).when(f.Resume()).refused("changed", conflict=True)


def test_no_duff_is_heard_before_play_after_it_and_a_second_time() -> None:
    given = opened().by("LAS").did(f.NoDuff("fire alarm here"))
    assert given.view.exercises.rate == 0
    given.when(f.NoDuff("fire alarm here")).nothing()
    given.by("SCAS").did(f.NoDuff("and here"))
    assert "and here (and 1 more)" in suspended(given.view)
    for number in range(f.CALLS_MAX + 3):
        given.did(f.NoDuff(f"again {number}"))
    assert len(given.view.exercises.calls) == f.CALLS_MAX
    assert f"again {number}" in suspended(given.view)
    excon(given).did(f.Resume("over")).did(f.StartPlay()).did(f.EndPlay())
    given.by("LAS").did(f.NoDuff("on the way home"))
    assert given.view.exercises.rate == 0
    given.check()


# -- the board -------------------------------------------------------------------------------------------------


def look(given: Given, agency: str = "LAS", role: str = "operator") -> Look:
    now = given.model.now(given.view, given.now)
    clock = lambda at: f"{at // 60_000 % 1440 // 60:02}:{at // 60_000 % 60:02}"  # noqa: E731
    return Look(given.view, Actor("Sam", agency, role), now, real=given.now, clock=clock)


def test_players_see_how_play_stands_and_can_only_call_no_duff() -> None:
    given = playing().later(30)
    seen = look(given)
    (row,) = BOARD.rows(seen).values()
    words = " ".join(column.cell(row, seen).text for column in BOARD.columns)
    assert words.split() == ["play", "T+00:30", "running", "M4/M25", "coach", "code", "word", "COBALT"]
    assert {verb.word for verb in BOARD.verbs if verb.applies(None, seen)} == {"noduff"}
    by_word = {verb.word: verb for verb in BOARD.verbs}
    assert by_word["noduff"].build(None, {"reason": "a fire"}, seen) == f.NoDuff("a fire")
    assert not by_word["noduff"].confirm
    assert "COBALT" in [cell.text for _title, cell in BOARD.detail(row, seen)]
    given.by("LAS").did(f.NoDuff("a real fire"))
    assert BOARD.alarm is not None
    assert BOARD.alarm(look(given)) == 1
    assert standing(given.view.exercises)[1] == "alarm"


def test_exercise_control_turns_the_clock_with_one_key_each() -> None:
    given = opened()
    verbs = {verb.word: verb for verb in BOARD.verbs}
    seen = look(given, "EXCON", "excon")
    assert {word for word, verb in verbs.items() if verb.applies(None, seen)} == {"noduff", "start"}
    excon(given).did(verbs["start"].build(None, {"code_word": "COBALT"}, seen))
    seen = look(given, "EXCON", "excon")
    assert verbs["pause"].args == ()
    given.did(verbs["pause"].build(None, {}, seen))
    assert t_plus(given.view.exercises, 0) == "T+00:00"
    given.did(verbs["pause"].build(None, {}, look(given, "EXCON", "excon")))
    assert given.view.exercises.running
    given.did(verbs["speed"].build(None, verbs["speed"].quick["4"], seen))
    assert given.view.exercises.rate == 4
    with pytest.raises(ValueError, match="×1, ×2, ×4, ×8"):
        verbs["speed"].build(None, {"speed": "3"}, seen)


# -- registers keep real time ----------------------------------------------------------------------------------


def register_of_las(now: int) -> Given:
    given = Given(REGISTER, REGISTER_STREAM, now=now)
    given.count = 9_000
    return (
        given.system()
        .did(fl.OpenRegister("exercise", "LAS"))
        .did(fl.EnterUnits((fl.Entry("A101", "DCA", status="AVB"),)))
    )


def test_the_ages_of_register_rows_are_shown_by_the_exercise_clock() -> None:
    given = playing()
    register = register_of_las(given.now)
    given.later(1).did(f.Pause()).later(60)
    seen = replace(look(given), registers={"LAS": register.view}, timed=partial(INCIDENT.now, given.view))
    (row,) = register.view.fleet.units.values()
    assert standing_of(row, seen)[1] == given.view.exercises.started_at
    cells = {column.name: column.cell(row, seen).text for column in UNITS.columns}
    assert cells["time"] == "1m"
    given.by("EXCON", "excon", "Control").did(f.Resume("over")).did(f.SetSpeed(8)).later(10)
    seen = replace(look(given), registers={"LAS": register.view}, timed=partial(INCIDENT.now, given.view))
    assert {column.name: column.cell(row, seen).text for column in UNITS.columns}["time"].startswith("1h21")


def test_a_unit_comes_home_though_the_exercise_clock_is_behind_real_time() -> None:
    given = playing()
    register = register_of_las(given.now)
    given.did(f.Pause()).later(120)
    register.later(120).by("LAS").did(fl.SetStatus("LAS/A101", "MOB"))  # real time is two hours ahead
    given.did(f.Resume("over")).later(5).by("LAS").did(r.Commit((r.Commitment("LAS/A101", "DCA", "MOB"),)))
    given.later(5).did(r.SetStatus("LAS/A101", "SCN")).later(5).did(r.Release("LAS/A101"))
    timed, real = partial(INCIDENT.now, given.view), partial(INCIDENT.real, given.view)
    ((_, command),) = homecomings(given.view, register.view, timed, real)
    assert (command.status, command.since) == ("SCN", given.now)  # the register hears it in its own time
    excon(given).did(f.Pause())
    given.by("LAS").later(60).did(r.Commit((r.Commitment("LAS/A101", "DCA", "AVB"),)))
    register.later(135).did(fl.CorrectStatus("LAS/A101", "AVB", "back"))
    given.did(r.Release("LAS/A101"))  # committed, heard of and released while the clock stands
    assert len(homecomings(given.view, register.view, partial(INCIDENT.now, given.view))) == 1
