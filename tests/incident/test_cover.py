"""Cover: a stretch of one trust's area that another covers for a time, agreed by both and over by the clock."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from incident.alarms import standing as alarms_now
from incident.boundaries.facts import Shape
from incident.cover import covers, facts, standing
from incident.cover.board import BOARD, rows
from incident.cover.facts import Accept, Ask, Decline, End, Offer, Terms, Withdraw
from incident.cover.words import phase
from incident.exercises.facts import SetSpeed, StartPlay
from incident.ground import Reach
from incident.kernel.board import Look
from incident.kernel.receipts import Acknowledge, Deliver
from incident.kernel.slice import Actor, Refusal
from incident.organisation.facts import Close, Declare, Invite, Join, Leave
from incident.placing import Near
from incident.reports import gather
from incident.state import INCIDENT
from incident.values import Location
from incident_tui.grammar import build, parse
from incident_tui.screens.room.telling import to_answer
from tests.incident.given import MINUTE, T0, Given, opened

STAINES = Shape(Location("Staines", "TQ 0370 7150", 51.43, -0.51), 5_000.0)
HOUR = 60 * MINUTE


def terms(minutes: int = 240, begins: int = T0, **more: Any) -> Terms:
    return Terms("Staines and Ashford", STAINES, begins, minutes, "the M25 is shut between us", **more)


def asked() -> Given:
    """LAS asks SECAMB to cover Staines for four hours."""
    return opened().did(Ask("SECAMB", terms()))


def agreed() -> Given:
    given = asked()
    cover = given.last
    given.by("SECAMB").did(Accept(cover))
    given.last = cover
    return given


def cover_of(given: Given) -> facts.Cover:
    return next(iter(covers(given.view).rows.values()))


def look(given: Given, agency: str = "LAS") -> Look:
    actor = Actor("Sam", agency, "operator")
    return Look(
        given.view, actor, given.now, given.stream, charter=given.charter,
        clock=lambda at: f"{at // MINUTE % 1440 // 60:02}:{at // MINUTE % 60:02}",
    )  # fmt: skip


def typed(given: Given, line: str, agency: str = "LAS") -> Any:
    seen = look(given, agency)
    act = parse(line, seen, INCIDENT.boards)
    if isinstance(act, Refusal):
        return act.sentence
    made = build(act, seen, INCIDENT.boards)
    return made.sentence if isinstance(made, Refusal) else made[0]


# -- asked, offered, agreed -------------------------------------------------------------------------------------------


def test_asked_binds_nobody_until_it_is_accepted() -> None:
    given = asked()
    one = cover_of(given)
    assert (one.covered, one.by, one.number, one.step, one.answers) == (
        "LAS",
        "SECAMB",
        "LAS-C1",
        "asked",
        "SECAMB",
    )
    assert standing(given.view, given.now) == ()
    assert given.model.addressed(given.view, "SECAMB") == (f"cover/{one.id}",)
    before = given.view.organisation
    given.by("SECAMB").later().did(Accept(one.id))
    assert [stretch.number for stretch in standing(given.view, given.now)] == ["LAS-C1"]
    assert given.view.organisation == before, "whose area it is and who leads stay as they were"
    assert given.line().text == "agrees to the cover of Staines and Ashford (LAS-C1)"
    assert f"cover/{one.id}" not in given.model.addressed(given.view, "SECAMB")
    given.when(Accept(one.id)).nothing()
    given.check()


def test_offered_is_answered_by_whose_area_it_is() -> None:
    given = opened().by("SCAS").did(Offer("LAS", terms(resources="two of ours at Slough")))
    offer = given.last
    assert cover_of(given).sides == ("LAS", "SCAS")
    assert given.line().text == (
        "offers LAS to cover Staines and Ashford, 14:00 UTC to 18:00 UTC (4 h). Reason: the M25 is shut between us. "
        "With: two of ours at Slough."
    )
    given.when(Accept(offer)).refused("not_yours", agency="LAS")
    given.by("SECAMB").when(Accept(offer)).refused("not_yours")
    given.by("LAS").did(Decline(offer, "we have crews there"))
    assert phase(cover_of(given), given.now) == "declined"
    given.when(Accept(offer)).refused("wrong_step", step="declined")
    given.check()


def test_it_is_taken_back_before_the_answer_and_ended_after_it_by_either_side() -> None:
    given = asked()
    one = given.last
    given.by("SECAMB").when(Withdraw(one)).refused("not_yours", agency="LAS")
    given.when(End(one, "x")).refused("wrong_step")
    given.by("LAS").did(Withdraw(one, "open again")).when(Withdraw(one)).nothing()
    for side in ("LAS", "SECAMB"):
        ended = agreed().later(30).by(side)
        ended.when(Withdraw(ended.last)).refused("wrong_step" if side == "LAS" else "not_yours")
        ended.when(End(ended.last, " ")).refused("bad_shape")
        ended.did(End(ended.last, "the road is open"))
        assert standing(ended.view, ended.now) == ()
        assert cover_of(ended).ended_by == side
        ended.check()


def test_it_is_over_by_the_clock_and_nobody_writes_it() -> None:
    given = agreed()
    one, count = cover_of(given), len(given.records)
    assert [one.stands(T0 + minutes * MINUTE) for minutes in (-1, 1, 239, 240)] == [False, True, True, False]
    given.later(240)
    assert standing(given.view, given.now) == ()
    assert phase(one, given.now) == "over"
    assert given.model.due(given.view, given.now) == ()
    assert len(given.records) == count
    given.by("LAS").when(End(one.id, "late")).refused("bad_time")
    unanswered = asked().later(241)
    unanswered.by("SECAMB").when(Accept(unanswered.last)).refused("bad_time")
    assert phase(cover_of(unanswered), unanswered.now) == "run out unanswered"


def test_it_begins_when_it_was_agreed_to_begin() -> None:
    given = opened().did(Ask("SECAMB", terms(60, T0 + HOUR)))
    given.by("SECAMB").did(Accept(given.last))
    assert standing(given.view, given.now) == ()
    assert BOARD.columns[3].cell(cover_of(given), look(given)).text.startswith("agreed, in 1 h")
    assert len(standing(given.view, given.now + HOUR)) == 1


# -- as an enemy ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (Ask("LAS", terms()), "own_agency"),
        (Ask("LFB", terms()), "not_a_trust"),
        (Ask("NWAS", terms()), "not_party"),
        (Ask("SECAMB", terms(60, T0 - 2 * HOUR)), "bad_time"),
        (Ask("SECAMB", terms(60, T0 + 49 * HOUR)), "bad_time"),
        (Ask("ZZTOP", terms()), "unknown_agency"),
        (Accept("00000009-0000-7000-8000-000000000000"), "no_such_cover"),
    ],
)
def test_what_cannot_be_agreed_says_why(command: Any, code: str) -> None:
    opened().when(command).refused(code)


def test_a_day_is_the_most_and_a_reason_the_least() -> None:
    given = opened()
    given.when(Ask("SECAMB", terms(1_441))).refused("bad_shape")
    given.when(Ask("SECAMB", msgspec.structs.replace(terms(), reason=" "))).refused("bad_shape")
    given.when(Ask("SECAMB", msgspec.structs.replace(terms(), stretch=" "))).refused("bad_shape")
    bow = Shape(Location("x"), polygon=((51.0, -0.5), (51.1, -0.4), (51.1, -0.5), (51.0, -0.4)))
    given.when(Ask("SECAMB", msgspec.structs.replace(terms(), shape=bow))).refused("bad_shape")


def test_two_rooms_at_once_and_only_one_of_them_is_right() -> None:
    given = asked()
    one, mark = given.last, given.mark()
    given.did(Withdraw(one))
    given.by("SECAMB").having_seen(mark).when(Accept(one)).refused(
        "wrong_step", conflict=True, step="withdrawn"
    )
    again = agreed()
    seen = asked().mark()
    again.by("LAS").having_seen(seen).when(End(again.last, "open")).refused("stale", conflict=True)


def test_a_room_that_is_cut_off_gives_no_number() -> None:
    given = opened()
    name = given.model.name_of(Ask("SECAMB", terms()))
    assert str(given.model.spec_of(name).offline) == "queued"
    from tests.incident.stage import Stage  # noqa: PLC0415 - its charter knows no trusts by type

    stage = Stage()
    stage.charter = msgspec.structs.replace(
        stage.charter,
        agencies={
            code: msgspec.structs.replace(one, type="ambulance")
            for code, one in stage.charter.agencies.items()
        },
    )
    assert stage.try_("LAS", Ask("SCAS", terms(begins=stage.now)), cut_off=True)


def test_there_is_a_last_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(facts, "ROWS_MAX", 1)
    asked().when(Ask("SCAS", terms())).refused("full")


def test_a_closed_incident_agrees_on_nothing_and_who_leaves_ends_it_first() -> None:
    given = agreed()
    given.by("SECAMB", "tactical_commander")
    said = given.when(Leave("not ours")).refused("still_active").sentence
    assert "cover LAS-C1" in said
    given.did(End(given.last, "we leave")).did(Leave("not ours"))
    given.by("LAS").did(Declare("LAS", "cancelled", "hoax")).by("SCAS").did(Declare("SCAS", "aware"))
    given.by("LAS").did(Close("hoax")).when(Ask("SCAS", terms())).refused("closed")


def test_what_was_measured_with_other_areas_is_left_out() -> None:
    reach = Reach("other", ("LAS",), (Near("LAS", 0),))
    given = opened().did(Ask("SECAMB", terms(reach=reach)))
    assert cover_of(given).reach is None


# -- typed and seen ---------------------------------------------------------------------------------------------------


def test_it_is_typed_in_one_line() -> None:
    given = opened()
    made = typed(given, 'cover ask SECAMB "Staines and Ashford" 4h the M25 is shut between us')
    assert made == Ask("SECAMB", msgspec.structs.replace(made.terms, minutes=240, begins=given.now))
    assert (made.terms.stretch, made.terms.reason) == ("Staines and Ashford", "the M25 is shut between us")
    within = typed(given, "cover offer SCAS within 5km of TQ 0227 7759 18:00 two are free")
    assert isinstance(within, Offer)
    assert within.terms.shape.radius_m == 5_000
    assert within.terms.shape.place.point is not None
    assert within.terms.minutes == 240
    ring = "TQ 0402 7829; TQ 0810 7829; TQ 0810 7420"
    drawn = typed(given, f'cover ask SECAMB "north bank" 2h shut polygon="{ring}"')
    assert len(drawn.terms.shape.polygon) == 3
    turned = typed(
        given, 'cover ask SECAMB "north bank" 2h shut polygon="-0.50,51.49; -0.44,51.49; -0.44,51.45"'
    )
    assert turned.terms.shape.polygon == ((51.49, -0.5), (51.49, -0.44), (51.45, -0.44))
    said = "north bank (corners with the longitude first were turned round)"
    assert (turned.terms.stretch, turned.terms.shape.place.text) == ("north bank", said), (
        "nobody agrees unawares"
    )
    assert "24 hours at most" in typed(given, 'cover ask SECAMB "north bank" 25h shut')
    assert "Reason" in typed(given, 'cover ask SECAMB "north bank" 2h')
    given.did(made).by("SECAMB")
    assert typed(given, "cover accept LAS-C1", "SECAMB") == Accept(given.last)
    assert typed(given, "cover accept LAS", "SECAMB") == Accept(given.last), (
        "by the trust, if there is only one"
    )
    assert typed(given, "cover decline LAS-C1 none is free", "SECAMB") == Decline(given.last, "none is free")
    assert "does not apply" in typed(given, "cover accept LAS-C1", "SCAS")
    given.did(Accept(given.last))
    assert typed(given, "cover end LAS-C1 the road is open").reason == "the road is open"


def test_neighbours_see_it_and_the_board_says_how_long() -> None:
    given = agreed().later(30)
    for agency in ("LAS", "SCAS", "SECAMB"):
        seen = look(given, agency)
        (row,) = rows(seen).values()
        assert BOARD.columns[3].cell(row, seen).text == "covered 3 h 30 min more"
        assert dict(BOARD.detail(row, seen))["area of"].text == "LAS, and stays so; lead LAS"
        offered = {verb.name for verb in BOARD.verbs if verb.row and verb.applies(row, seen)}
        assert offered == (set() if agency == "SCAS" else {"end"})
    assert BOARD.count is not None
    assert BOARD.alarm is not None
    assert (BOARD.count(look(given)), BOARD.alarm(look(given))) == (1, 0)
    given.later(200)
    assert BOARD.alarm(look(given)) == 1
    assert [one.words for one in gather.upcoming(look(given)) if one.board == "cover"] == [
        "cover of Staines and Ashford by SECAMB ends"
    ]
    given.later(15)
    assert (BOARD.count(look(given)), BOARD.alarm(look(given))) == (0, 0)
    assert [one for one in gather.upcoming(look(given)) if one.board == "cover"] == []


def test_the_alarm_comes_before_the_end_and_not_where_more_is_agreed() -> None:
    given = agreed().later(224)
    assert "cover_ends" not in {one.kind for one in alarms_now(given.view, given.now)}
    given.later(2)
    (one,) = [alarm for alarm in alarms_now(given.view, given.now) if alarm.kind == "cover_ends"]
    assert one.agencies == ("LAS",)
    given.by("LAS").did(Ask("SECAMB", terms(120, T0 + 239 * MINUTE))).by("SECAMB").did(Accept(given.last))
    assert "cover_ends" not in {one.kind for one in alarms_now(given.view, given.now)}


def test_one_that_is_invited_later_sees_it_too() -> None:
    given = agreed().did(Invite(("EEAST",))).by("EEAST").did(Join("duty"))
    assert list(rows(look(given, "EEAST"))) == [cover_of(given).id]


def test_after_its_time_an_unanswered_request_rings_no_more_and_can_be_cleared_by_either_side() -> None:
    given = asked().later(6)
    assert "cover_unanswered" in {one.kind for one in alarms_now(given.view, given.now)}
    assert to_answer(look(given, "SECAMB"))
    given.later(24 * 60)
    one = given.last
    assert {one.kind for one in alarms_now(given.view, given.now)}.isdisjoint(
        {"cover_unanswered", "cover_ends"}
    )
    assert not any(subject.startswith("cover/") for subject in to_answer(look(given, "SECAMB")))
    assert f"cover/{one}" not in given.model.addressed(given.view, "SECAMB", given.now), "no desk sends one"
    assert dict(BOARD.detail(cover_of(given), look(given)))["answer"].text == "SECAMB: none within its time"
    given.by("SECAMB").when(Accept(one)).refused("bad_time")
    given.by("LAS").when(End(one, "x")).refused("wrong_step")
    row = cover_of(given)
    mine = {verb.name for verb in BOARD.verbs if verb.row and verb.applies(row, look(given))}
    theirs = {verb.name for verb in BOARD.verbs if verb.row and verb.applies(row, look(given, "SECAMB"))}
    assert (mine, theirs) == ({"withdraw"}, {"decline"})
    given.by("LAS").did(Withdraw(one)).check()
    late = asked().later(241).by("SECAMB")
    late.did(Decline(late.last, "nobody was free")).check()


def test_a_receipt_written_in_time_counts_however_late_it_arrives() -> None:
    given = asked()
    subject, written = f"cover/{given.last}", given.now + 60 * MINUTE
    given.later(241).by("SECAMB").did(Acknowledge((subject,)), written_at=written).check()
    assert given.view.receipts.rows[subject]["SECAMB"].acknowledged is not None, "SECAMB knew"


def test_that_agreed_cover_has_ended_is_said_for_a_while_and_then_no_more() -> None:
    given = agreed().later(239)
    (one,) = [alarm for alarm in alarms_now(given.view, given.now) if alarm.kind == "cover_ends"]
    assert "runs out" in one.words
    given.later(2)
    (one,) = [alarm for alarm in alarms_now(given.view, given.now) if alarm.kind == "cover_ends"]
    assert one.words == "SECAMB's cover of Staines and Ashford has ended: its calls are LAS's again"
    given.later(24 * 60)
    assert "cover_ends" not in {one.kind for one in alarms_now(given.view, given.now)}


def test_by_the_clock_of_the_exercise_too_what_is_over_asks_for_no_receipt() -> None:
    given = asked()
    subject = f"cover/{given.last}"
    given.by("SECAMB").did(Deliver((subject,)))
    assert subject in given.model.addressed(given.view, "SECAMB", given.now)
    assert subject in given.model.addressed(given.view, "SECAMB", T0 + 239 * MINUTE)
    assert subject not in given.model.addressed(given.view, "SECAMB", T0 + 240 * MINUTE)
    given.by("EXCON", "excon").did(StartPlay("small", "A small one", "COBALT"))
    given.did(SetSpeed(8)).later(35)  # more than four hours of the incident are over by then
    own = given.model.now(given.view, given.now)
    assert subject not in given.model.addressed(given.view, "SECAMB", own), "by its own clock it is over"


def test_two_stretches_that_share_a_border_are_no_cover_twice() -> None:
    def stretch(name: str, *corners: tuple[float, float]) -> Terms:
        return msgspec.structs.replace(terms(), stretch=name, shape=Shape(Location(name), polygon=corners))

    west = stretch("west bank", (51.50, -0.55), (51.50, -0.50), (51.45, -0.51), (51.45, -0.55))
    east = stretch("east bank", (51.50, -0.50), (51.50, -0.45), (51.45, -0.45), (51.45, -0.51))
    given = (
        opened()
        .did(Ask("SECAMB", west))
        .by("SECAMB")
        .did(Accept(cover_of(opened().did(Ask("SECAMB", west))).id))
    )
    given.by("LAS").did(Ask("SCAS", east))
    given.by("SCAS").did(Accept(given.last))
    assert len(standing(given.view, given.now)) == 2
    assert "cover_twice" not in {one.kind for one in alarms_now(given.view, given.now)}
    over = stretch("island", (51.49, -0.52), (51.49, -0.49), (51.46, -0.49), (51.46, -0.52))
    given.by("LAS").did(Ask("SCAS", over))
    given.by("SCAS").did(Accept(given.last))
    (one,) = [alarm for alarm in alarms_now(given.view, given.now) if alarm.kind == "cover_twice"]
    assert "west bank, island" in one.words


def test_two_trusts_that_cover_the_same_ground_are_told_so() -> None:
    given = agreed().by("LAS").did(Ask("SCAS", terms(60, T0 + 200 * MINUTE)))
    second = given.last
    twice = {one.kind for one in alarms_now(given.view, given.now)}
    assert "cover_twice" not in twice, "nothing binds until it is accepted"
    given.by("SCAS").did(Accept(second))
    (one,) = [alarm for alarm in alarms_now(given.view, given.now) if alarm.kind == "cover_twice"]
    assert one.agencies == ("LAS", "SECAMB", "SCAS")
    assert one.words.startswith("SECAMB and SCAS both cover for LAS: Staines and Ashford.")
    given.by("LAS").did(End(second, "one is enough"))
    assert "cover_twice" not in {one.kind for one in alarms_now(given.view, given.now)}
    after = agreed().by("LAS").did(Ask("SCAS", terms(60, T0 + 240 * MINUTE)))
    after.by("SCAS").did(Accept(after.last))
    assert "cover_twice" not in {one.kind for one in alarms_now(after.view, after.now)}, "one after the other"
    far = msgspec.structs.replace(
        terms(), stretch="Uxbridge", shape=Shape(Location("U", lat=51.7, lon=-0.5), 2_000.0)
    )
    apart = agreed().by("LAS").did(Ask("SCAS", far))
    apart.by("SCAS").did(Accept(apart.last))
    assert "cover_twice" not in {one.kind for one in alarms_now(apart.view, apart.now)}, "other ground"
    near = msgspec.structs.replace(far, shape=Shape(Location("U", lat=51.46, lon=-0.5), 2_000.0))
    over = agreed().by("LAS").did(Ask("SCAS", near))
    over.by("SCAS").did(Accept(over.last))
    assert "cover_twice" in {one.kind for one in alarms_now(over.view, over.now)}, (
        "the same ground by another name"
    )
