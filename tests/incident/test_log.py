"""The log: nothing is refused for being late, nothing is erased, and a decision has its reason."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from incident.kernel.board import Look
from incident.kernel.slice import Actor
from incident.log import author, facts, lateness, log, struck
from incident.log.board import BOARD, counts, decision_of
from incident.log.facts import Decide, Decided, Review, Strike, Write, Written, journey
from incident.log.rules import evolve
from incident.organisation.facts import Invite, Join, OpenOwn
from incident.state import INCIDENT, OWN
from tests.incident.given import MINUTE, OWN_STREAM, T0, Given, charter, opened


def decide(text: str = "hold at RVP B", reason: str = "scene not safe", **more: Any) -> Decide:
    return Decide(text, reason, **more)


# -- entries --


def test_an_entry_is_a_line_of_the_log() -> None:
    given = opened().by("SCAS").did(Write("  second coach confirmed  "))
    assert given.line() == msgspec.structs.replace(given.line(), text="second coach confirmed", weight="act")
    assert log(given.view).entries == 1
    assert given.when(Write("   ")).refused("bad_shape").sentence == "The text must not be blank."
    given.when(Write("x" * 2001)).refused("bad_shape")


def test_written_by_is_not_on_behalf_of() -> None:
    given = (
        opened().by("LAS", "loggist", "Ravi").did(Write("crews to gate 4"), on_behalf_of="Tactical commander")
    )
    record = given.records[-1]
    assert (record.actor, record.role, record.on_behalf_of) == ("Ravi", "loggist", "Tactical commander")


def test_a_late_entry_is_taken_and_marked_whether_or_not_it_is_explained() -> None:
    given = opened().later(30)
    given.did(Write("RVP was full", "no free hands"), happened_at=given.now - 12 * MINUTE)
    assert given.line().text == "RVP was full (late, written 12 min after: no free hands)"
    given.did(Write("RVP was full"), happened_at=given.now - 12 * MINUTE)
    assert given.line().text == "RVP was full (late, written 12 min after, no reason given)"
    given.did(Write("RVP is full"), happened_at=given.now - 2 * MINUTE)
    assert given.line().text == "RVP is full"


def test_an_entry_written_in_time_while_cut_off_is_not_its_authors_delay() -> None:
    given = opened().later(60)
    written = given.now - 40 * MINUTE
    given.did(Write("we are cut off"), happened_at=written - MINUTE, written_at=written)
    record = given.records[-1]
    assert (lateness(record), journey(record)) == (MINUTE, 40 * MINUTE)
    assert given.line().text == "we are cut off (reached the log 40 min later)"
    given.did(Write("back"), happened_at=given.now - 9 * MINUTE, written_at=given.now - 3 * MINUTE)
    assert given.line().text == (
        "back (late, written 6 min after, no reason given) (reached the log 3 min later)"
    )


def test_a_late_decision_can_be_explained() -> None:
    given = opened().later(30)
    late = decide("hold at RVP B.", "gas!", late_reason="hands full")
    given.did(late, happened_at=given.now - 8 * MINUTE)
    assert given.line().text == (
        "decides LAS-D1: hold at RVP B. Reason: gas! (late, written 8 min after: hands full)"
    )
    made = verb("decide").build(None, {"text": "x", "reason": "y", "late_reason": "z"}, look(given))
    assert made == Decide("x", "y", late_reason="z")


# -- corrections --


def test_a_strike_keeps_the_line_and_says_who_why_and_what_is_right() -> None:
    given = opened().by("SCAS").did(Write("two coaches"))
    seq = given.records[-1].seq
    given.by("SCAS", name="Noor").later().did(Strike(seq, "misheard", "one coach, one HGV"))
    correction = struck(given.view, seq)
    assert correction is not None
    assert (correction.agency, correction.actor, correction.reason) == ("SCAS", "Noor", "misheard")
    assert (correction.text, correction.at) == ("one coach, one HGV", T0 + MINUTE)
    assert given.line().text == (
        f"strikes through #{seq}. Reason: misheard. It should read: one coach, one HGV."
    )
    assert bytes(given.records[seq - 1].body) == msgspec.json.encode(Written("two coaches")), (
        "nothing is erased"
    )
    given.when(Strike(seq, "again")).nothing()
    assert struck(given.view, seq + 1) is None


def test_only_the_agency_that_wrote_a_line_strikes_it() -> None:
    given = opened().by("SCAS").did(Write("two coaches"))
    seq = given.records[-1].seq
    refusal = given.by("LAS").when(Strike(seq, "no")).refused("no_grant", relation="other")
    assert "SCAS" in refusal.sentence


def test_even_a_role_that_may_touch_others_things_strikes_only_its_own_line() -> None:
    role = charter().roles["operator"]
    wide = msgspec.structs.replace(role, other=("log.strike",))
    loose = msgspec.structs.replace(charter(), roles={**charter().roles, "operator": wide})
    given = Given(INCIDENT, charter_=loose)
    for record in opened().by("SCAS").did(Write("two coaches")).records:
        event = given.model.read_event(record.type, record.v, record.body)
        if hasattr(event, "charter"):
            event = msgspec.structs.replace(event, charter=loose)
        given.view = given.model.evolve(given.view, event, record)
    given.by("LAS").when(Strike(record.seq, "no")).refused("not_yours", agency="SCAS")


def test_what_is_no_entry_cannot_be_struck() -> None:
    given = opened()
    given.when(Strike(1, "x")).refused("no_entry")
    given.when(Strike(999, "x")).refused("no_entry")
    given.when(Strike(0, "x")).refused("bad_shape")
    given.did(Write("a")).when(Strike(5, " ")).refused("bad_shape")


def test_a_strike_can_be_struck_in_turn() -> None:
    given = opened().did(Write("a")).did(Strike(5, "typo"))
    given.did(Strike(6, "it was right"))
    assert struck(given.view, 6) is not None


def test_who_wrote_which_line_is_known_for_every_line_of_a_long_log() -> None:
    # straight through evolve: a thousand lines, seventy agencies, gaps where other slices wrote
    state = facts.Log()
    template = opened().did(Write("x")).records[-1]
    wrote: dict[int, str] = {}
    for number in range(1, 1000):
        seq, agency = number * 3, f"AG{number * 7 % 70}"
        record = msgspec.structs.replace(template, seq=seq, agency=agency)
        state = evolve(state, Written("x"), record)
        wrote[seq] = agency
    again = msgspec.json.decode(msgspec.json.encode(state), type=facts.Log)
    assert {seq: author(again, seq) for seq in wrote} == wrote
    assert {author(again, seq) for seq in range(1, 3000) if seq % 3} == {""}
    assert len(msgspec.json.encode(state.pages)) < 6_000


# -- decisions --


def test_a_decision_has_a_number_a_reason_and_an_owner() -> None:
    given = opened().by("LAS", "loggist", "Ravi")
    given.did(decide(options=("hold", "go in"), dissent="fire would go in"), on_behalf_of="Tac commander Lee")
    decision = log(given.view).decisions[given.last]
    assert (decision.name, decision.owner, decision.written_by) == ("LAS-D1", "Tac commander Lee", "Ravi")
    assert given.line().weight == "decision"
    assert given.line().text == (
        "decides LAS-D1: hold at RVP B. Reason: scene not safe. "
        "Options: hold; go in. Dissent: fire would go in."
    )
    given.by("SCAS").did(decide())
    assert log(given.view).decisions[given.last].name == "SCAS-D1"
    given.by("LAS").did(decide(owner="Lee"))
    assert log(given.view).decisions[given.last].name == "LAS-D2"
    assert "Decided by Lee" in given.line().text


def test_a_decision_without_a_reason_is_none() -> None:
    assert (
        opened().when(Decide("hold", "   ")).refused("bad_shape").sentence == "The reason must not be blank."
    )
    opened().when(Decide("hold", "")).refused("bad_shape")


def test_a_decision_has_no_number_before_the_server_has_it() -> None:
    given = opened()
    record = msgspec.structs.replace(given.did(decide()).records[-1], seq=0)
    state = evolve(facts.Log(), Decided("hold", "unsafe", "Sam"), record)
    (provisional,) = state.decisions.values()
    assert provisional.name == "LAS-D?"
    assert (state.minted, state.entries) == ({}, 0)


def test_a_review_keeps_a_decision_or_ends_it() -> None:
    given = opened().did(decide(review_at=T0 + 30 * MINUTE))
    key = given.last
    given.later(31).did(Review(key, note="still unsafe", review_at=T0 + 60 * MINUTE))
    decision = log(given.view).decisions[key]
    assert (decision.open, decision.reviewed, decision.review_at) == (True, 1, T0 + 60 * MINUTE)
    assert given.line().text == "reviews LAS-D1: it stands. still unsafe."
    given.did(Review(key, "replaced"))
    decision = log(given.view).decisions[key]
    assert (decision.open, decision.outcome, decision.review_at) == (False, "replaced", None)
    given.when(Review(key, "replaced")).nothing()
    given.when(Review(key, "replaced", "by LAS-D2")).then(facts.Reviewed(key, "replaced", "by LAS-D2"))
    given.when(Review("nothing")).refused("no_decision")
    given.by("SCAS").when(Review(key)).refused("no_grant", relation="other")


def test_a_review_that_comes_after_the_end_stands_in_the_log_and_reopens_nothing() -> None:
    given = opened().did(decide())
    key = given.last
    given.did(Review(key, "ended"))
    given.did(Review(key, "stands", "still unsafe", T0 + 60 * MINUTE))
    decision = log(given.view).decisions[key]
    assert (decision.open, decision.outcome, decision.review_at, decision.reviewed) == (
        False,
        "ended",
        None,
        2,
    )


def test_a_log_has_room_for_so_many_decisions_and_corrections(monkeypatch: pytest.MonkeyPatch) -> None:
    given = opened().did(decide()).did(Strike(5, "typo")).did(Write("x"))
    monkeypatch.setattr(facts, "DECISIONS_MAX", 1)
    monkeypatch.setattr(facts, "CORRECTIONS_MAX", 1)
    given.when(decide()).refused("too_many")
    given.when(Strike(7, "typo")).refused("too_many")
    given.when(Strike(5, "typo")).nothing()
    given.did(Write("there is always room for an entry"))


def test_a_struck_decision_no_longer_stands() -> None:
    given = opened().did(decide(review_at=T0)).did(Strike(5, "entered in the wrong incident"))
    (decision,) = log(given.view).decisions.values()
    assert (decision.struck, decision.open) == (True, False)
    assert counts(log(given.view)) == (2, 0)


# -- the board --


def look(given: Given, own: Given | None = None, agency: str = "LAS") -> Look:
    return Look(
        given.view,
        Actor("Sam", agency, "operator"),
        given.now,
        given.stream,
        own=None if own is None else own.view,
        own_stream="" if own is None else own.stream,
        clock=lambda at: f"+{(at - T0) // MINUTE}",
    )


def test_the_board_shows_open_decisions_first_and_alarms_for_those_overdue() -> None:
    given = opened().did(decide("a", review_at=T0 + 5 * MINUTE)).did(decide("b", review_at=T0 + MINUTE))
    given.did(decide("c")).did(Review(given.last, "ended")).later(3)
    seen = look(given)
    rows = BOARD.rows(seen)
    assert BOARD.order is not None
    ordered = sorted(rows.values(), key=lambda row: BOARD.order(row, seen))
    assert [row.text for row in ordered] == ["b", "a", "c"]
    review = next(column for column in BOARD.columns if column.name == "review")
    assert [review.cell(row, seen).text for row in ordered] == ["+1 overdue 2 min", "+5 in 2 min", ""]
    assert BOARD.count is not None
    assert BOARD.alarm is not None
    assert (BOARD.count(seen), BOARD.alarm(seen)) == (2, 1)
    assert BOARD.named("las-d2", seen) == ordered[0].id
    assert ("reason", "scene not safe") in [(t, cell.text) for t, cell in BOARD.detail(ordered[0], seen)]
    assert "scene not safe" in BOARD.find(ordered[0], seen)


def test_our_own_decisions_stand_beside_the_shared_ones_and_are_marked() -> None:
    given = opened().did(decide("shared"))
    own = Given(OWN, OWN_STREAM).by("LAS").did(OpenOwn())
    own.count = 50  # ids are never shared between streams
    own.did(decide("ours alone"))
    seen = look(given, own)
    rows = {BOARD.columns[0].cell(row, seen).text: row for row in BOARD.rows(seen).values()}
    assert {name: row.text for name, row in rows.items()} == {"LAS-D1": "shared", "OWN LAS-D1": "ours alone"}
    assert BOARD.named("own LAS-D1", seen) == rows["OWN LAS-D1"].id
    assert BOARD.named("LAS-D1", seen) == rows["LAS-D1"].id
    review = next(verb for verb in BOARD.verbs if verb.name == "review-decision")
    assert review.stream(rows["OWN LAS-D1"], seen) == own.stream
    assert review.stream(rows["LAS-D1"], seen) == given.stream


def verb(name: str) -> Any:
    return next(verb for verb in BOARD.verbs if verb.name == name)


def test_verbs_of_our_own_log_go_to_our_own_part() -> None:
    given = opened()
    own = Given(OWN, OWN_STREAM).by("LAS").did(OpenOwn())
    seen = look(given, own)
    for name in ("own-log", "own-decide", "own-strike"):
        assert verb(name).stream(None, seen) == own.stream
        assert verb(name).applies(None, seen)
        assert not verb(name).applies(None, look(given))
    for name in ("log", "decide", "strike"):
        assert verb(name).stream(None, seen) == given.stream


def test_lines_of_the_command_line_become_commands() -> None:
    seen = look(opened())
    assert verb("log").build(None, {"text": "fire out"}, seen) == Write("fire out")
    assert verb("decide").build(None, {"text": "hold at B because: unsafe"}, seen) == Decide(
        "hold at B", "unsafe"
    )
    assert verb("strike").build(None, {"line": "#412", "reason": "typo"}, seen) == Strike(412, "typo")
    full = {
        "text": "hold",
        "reason": "unsafe because of gas",
        "options": "a\nb; c",
        "review": "30m",
        "owner": "Lee",
    }
    assert decision_of(full, seen) == Decide(
        "hold", "unsafe because of gas", ("a", "b", "c"), "", T0 + 30 * MINUTE, "Lee"
    )


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("decide", {"text": "hold at B"}),
        ("decide", {"text": "", "reason": "unsafe"}),
        ("strike", {"line": "last", "reason": "typo"}),
        ("decide", {"text": "hold because unsafe", "review": "soonish"}),
    ],
)
def test_what_is_missing_is_said_in_a_plain_sentence(name: str, values: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"[a-z]"):
        verb(name).build(None, values, look(opened()))


# -- the whole --


def test_a_long_history_keeps_every_promise() -> None:
    given = opened().did(Invite(("LFB",))).by("LFB").did(Join("fire control")).did(Write("water on"))
    given.by("LAS", "loggist").did(Write("fire says water on")).did(decide(review_at=T0)).did(
        Review(given.last)
    )
    given.did(Strike(8, "not our business", "LFB: water on")).did(
        Review(next(iter(log(given.view).decisions)))
    )
    given.check()
