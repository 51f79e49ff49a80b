"""Messages: to one agency, to a role there, to every party; who has it, what an answer means, what is withdrawn."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from incident.kernel.board import Look
from incident.kernel.receipts import Acknowledge, Deliver, See
from incident.kernel.slice import Actor, Refusal
from incident.messages import (
    ANSWER_WITHIN_MS,
    Message,
    messages,
    seen_is_enough,
    subject,
    unanswered,
    waits_for,
)
from incident.messages.board import BOARD
from incident.messages.facts import ASKING_MAX, MESSAGES_KEPT, Messages, Send, Sent, Withdraw
from incident.messages.rules import addressed, evolve
from incident.organisation import facts as o
from incident.state import INCIDENT
from incident_tui.grammar import Act, build, parse
from incident_tui.screens.room.telling import to_answer
from tests.incident.given import INCIDENT_STREAM, MINUTE, Given, opened
from tests.incident.stage import Stage


def message(given: Given, id_: str = "") -> Message:
    return messages(given.view).rows[id_ or given.last]


def look(given: Given, agency: str = "LAS") -> Look:
    actor = Actor("Sam", agency, "operator")
    return Look(
        given.view, actor, given.now, INCIDENT_STREAM, charter=given.charter, clock=lambda at: f"@{at}"
    )


def cells(given: Given, id_: str, agency: str = "LAS") -> dict[str, str]:
    seat = look(given, agency)
    return {column.name: column.cell(message(given, id_), seat).text for column in BOARD.columns}


def count(given: Given, agency: str) -> int:
    assert BOARD.count is not None
    return BOARD.count(look(given, agency))


def alarm(given: Given, agency: str) -> int:
    assert BOARD.alarm is not None
    return BOARD.alarm(look(given, agency))


def test_one_to_an_agency_asks_that_agency_and_nobody_else() -> None:
    given = opened().did(Send("the A4 is shut", "SCAS", "tactical commander", "urgent"))
    asked = subject(message(given))
    assert asked in given.model.addressed(given.view, "SCAS")
    assert asked not in given.model.addressed(given.view, "SECAMB")
    assert asked not in given.model.addressed(given.view, "LAS")
    assert given.line().text == "tells SCAS tactical commander (LAS-M1, urgent): the A4 is shut"
    assert (count(given, "SCAS"), count(given, "SECAMB"), count(given, "LAS")) == (1, 0, 0)
    assert cells(given, given.last, "SCAS")["state"] == "UNREAD 0s"
    given.check()


def test_one_to_every_party_is_had_by_each_for_itself() -> None:
    given = opened().did(Send("fire is out"))
    sent = given.last
    asked = (subject(message(given)),)
    assert waits_for(given.view, message(given)) == ("SCAS", "SECAMB")
    given.by("SCAS").did(Deliver(asked)).did(See(asked))
    assert cells(given, sent, "SCAS")["state"] == "to acknowledge 0s"
    assert cells(given, sent)["state"] == "0 of 2 have it"
    given.did(Acknowledge(asked))
    assert cells(given, sent)["state"] == "1 of 2 have it"
    assert cells(given, sent, "SCAS")["state"] == "acknowledged"
    assert (count(given, "SCAS"), count(given, "SECAMB")) == (0, 1)
    given.did(o.Invite(("LFB",)))
    assert count(given, "LFB") == 1, "who comes later is told, too"
    given.check()


def test_urgent_and_not_acknowledged_for_three_minutes_alarms_who_sent_it() -> None:
    given = opened().did(Send("gas", "SCAS", priority="critical")).did(Send("tea is ready", "SCAS"))
    sent = list(messages(given.view).rows.values())
    at = sent[0].recorded_at
    assert unanswered(given.view, sent[0], at + ANSWER_WITHIN_MS - 1) == ()
    given.now = at + ANSWER_WITHIN_MS
    assert unanswered(given.view, sent[0], given.now) == ("SCAS",)
    assert (alarm(given, "LAS"), alarm(given, "SCAS")) == (1, 0)
    assert "NOT ACKNOWLEDGED for 3m" in dict(BOARD.detail(sent[0], look(given)))["SCAS"].text
    given.by("SCAS").did(See((subject(sent[0]),)))
    assert alarm(given, "LAS") == 1, "seen is not acknowledged"
    given.did(Acknowledge((subject(sent[0]),)))
    assert alarm(given, "LAS") == 0


def test_the_time_of_who_was_invited_later_begins_with_the_invitation() -> None:
    given = opened().did(Send("gas", priority="urgent")).later(10).did(o.Invite(("LFB",))).later()
    first = next(iter(messages(given.view).rows.values()))
    assert unanswered(given.view, first, given.now) == ("SCAS", "SECAMB")
    assert unanswered(given.view, first, given.now + 2 * MINUTE) == ("SCAS", "SECAMB", "LFB")


def test_an_answer_says_more_than_an_acknowledgement() -> None:
    given = opened().did(Send("how many crews?", "SCAS", priority="urgent"))
    asked = given.last
    given.by("SCAS").later(4).did(Send("four", "LAS", reply_to=asked))
    assert message(given, asked).answered == ("SCAS",)
    assert waits_for(given.view, message(given, asked)) == ()
    assert subject(message(given, asked)) not in given.model.addressed(given.view, "SCAS")
    assert cells(given, asked)["state"] == "answered"
    assert given.line().text == "tells LAS (SCAS-M1, in answer to LAS-M1): four"
    assert dict(BOARD.detail(message(given), look(given)))["answers"].text == "LAS-M1 how many crews?"
    given.check()


def test_only_who_was_asked_answers() -> None:
    given = opened().did(Send("how many crews?", "SCAS"))
    asked = given.last
    given.by("SECAMB").did(Send("we have two", "LAS", reply_to=asked))
    assert message(given, asked).answered == ()
    given.by("LAS").did(Send("hurry", "SCAS", reply_to=asked))
    assert message(given, asked).answered == ()


def test_an_answer_to_what_is_not_here_is_a_message_all_the_same() -> None:
    missing = "00000000-0000-7000-8000-000000000999"
    given = opened().did(Send("yes", "SCAS", reply_to=missing))
    assert message(given).reply_to == ""


def test_who_sent_it_withdraws_it_and_it_stays_struck_through() -> None:
    given = opened().did(Send("junction 14", priority="critical"))
    sent = given.last
    given.by("SCAS").when(Withdraw(sent, "no")).refused("no_grant", relation="other")
    given.by("LAS").later(5).did(Withdraw(sent, "junction 15"))
    assert given.line().text == "withdraws LAS-M1. Reason: junction 15."
    assert cells(given, sent, "SCAS")["text"] == "WITHDRAWN: junction 14"
    assert cells(given, sent, "SCAS")["state"] == "withdrawn"
    assert (count(given, "SCAS"), alarm(given, "LAS")) == (0, 0)
    assert subject(message(given, sent)) not in given.model.addressed(given.view, "SCAS")
    given.when(Withdraw(sent, "again")).nothing()
    given.when(Withdraw("00000000-0000-7000-8000-000000000999", "x")).refused("no_such_message")
    given.check()


def test_one_that_asks_for_nothing_waits_until_it_is_seen() -> None:
    given = opened().did(Send("tea is ready", "SCAS", needs_ack=False, priority="urgent")).later(9)
    asked = subject(message(given))
    assert seen_is_enough(messages(given.view)) == {asked}
    assert asked in to_answer(look(given, "SCAS"))
    assert alarm(given, "LAS") == 0
    given.by("SCAS").did(See((asked,)))
    assert asked not in to_answer(look(given, "SCAS"))
    assert count(given, "SCAS") == 0


def test_what_must_be_acknowledged_waits_until_it_is() -> None:
    given = opened().did(Send("tea is ready", "SCAS"))
    asked = subject(message(given))
    given.by("SCAS").did(See((asked,)))
    assert asked in to_answer(look(given, "SCAS"))
    given.did(Acknowledge((asked,)))
    assert asked not in to_answer(look(given, "SCAS"))


def test_nobody_writes_to_itself_or_to_who_takes_no_part() -> None:
    given = opened()
    given.when(Send("hello", "LAS")).refused("to_ourselves")
    refusal = given.when(Send("hello", "LFB")).refused("not_party")
    assert refusal.sentence.endswith("Parties: SCAS, SECAMB.")
    given.by("LFB").when(Send("hello", "LAS")).refused("not_party")
    given.by("SCAS", "observer").when(Send("hello", "LAS")).refused("no_grant")
    given.by("SCAS", "guest").did(Send("hello", "LAS"))


def test_exercise_control_is_no_party_and_is_answered() -> None:
    given = opened().by("EXCON", "excon").did(Send("what do you do now?", "SCAS"))
    asked = given.last
    given.by("SCAS").did(Send("we declare", "EXCON", reply_to=asked))
    assert message(given, asked).answered == ("SCAS",)
    given.when(Send("hello", "EXCON")).refused("not_party")
    given.did(Send("all"))
    assert "EXCON" not in waits_for(given.view, message(given))


@pytest.mark.parametrize(
    "wrong",
    [
        {"text": " "},
        {"text": "x" * 1001},
        {"to": "scas"},
        {"to_role": "x" * 81},
        {"priority": "immediate"},
        {"reply_to": "x"},
    ],
)
def test_everything_has_a_bound(wrong: dict[str, Any]) -> None:
    opened().when(Send(**{"text": "hello", **wrong})).refused("bad_shape")


def test_a_room_without_a_line_sees_no_number() -> None:
    stage = Stage()
    stage.must("LAS", Send("hello", "SCAS"))
    stage.must("LAS", Send("again", "SCAS"), cut_off=True)
    numbers = [row.number for row in messages(stage.state).rows.values()]
    assert numbers == ["LAS-M1", "LAS-M?"]


def test_the_oldest_go_when_there_are_too_many_whatever_the_order_in_which_they_are_held() -> None:
    given = opened().did(Send("hello", "SCAS"))
    record = given.records[-1]
    state, held = Messages(), Messages()
    for number in range(MESSAGES_KEPT + 10):
        one = msgspec.structs.replace(record, command_id=f"{number:036d}", seq=number + 1)
        state = evolve(state, Sent("hello", "SCAS"), one)
        held = evolve(
            Messages(dict(reversed(held.rows.items())), held.counts, held.total), Sent("hello", "SCAS"), one
        )
    assert state == held
    assert len(state.rows) <= MESSAGES_KEPT
    assert state.counts == {"LAS": MESSAGES_KEPT + 10}
    asked = addressed(state, "SCAS")
    assert len(asked) == ASKING_MAX
    assert f"messages/{MESSAGES_KEPT + 9:036d}" in asked
    assert set(asked) == set(addressed(held, "SCAS"))


# -- the board ------------------------------------------------------------------------------------------------


def test_to_us_and_unread_come_first_the_most_pressing_above() -> None:
    given = opened().did(Send("old and ours", "SCAS")).later()
    given.by("SCAS").did(Send("routine", "LAS")).later().did(Send("critical", "LAS", priority="critical"))
    read = given.later().did(Send("read", "LAS")).last
    given.by("LAS").did(Acknowledge((f"messages/{read}",))).did(Send("newest", "SCAS"))
    seat = look(given)
    order = sorted(BOARD.rows(seat).values(), key=lambda row: BOARD.order(row, seat))  # type: ignore[misc]
    assert [row.text for row in order] == ["critical", "routine", "newest", "read", "old and ours"]


def acted(given: Given, line: str, here: tuple[str, str] | None = None) -> Any:
    seat = look(given)
    act = parse(line, seat, INCIDENT.boards, here)
    made = build(act, seat, INCIDENT.boards) if isinstance(act, Act) else act
    return made.sentence if isinstance(made, Refusal) else made[0]


def test_the_lines_of_the_command_line() -> None:
    given = opened().by("SCAS").did(Send("how many?", "LAS"))
    asked = given.last
    assert acted(given, 'msg SCAS "the A4 is shut" urgent') == Send("the A4 is shut", "SCAS", "", "urgent")
    assert acted(given, "msg scas the A4 is shut") == Send("the A4 is shut", "SCAS")
    assert acted(given, 'msg all "fire out" ack=no') == Send("fire out", needs_ack=False)
    assert acted(given, 'msg SCAS "call me" role="tactical commander"') == Send(
        "call me", "SCAS", "tactical commander"
    )
    assert acted(given, "answer SCAS-M1 four crews") == Send("four crews", "SCAS", reply_to=asked)
    assert acted(given, "answer four crews", ("messages", asked)) == Send(
        "four crews", "SCAS", reply_to=asked
    )
    assert "name the agency" in acted(given, 'msg all "x" role="boss"')
    assert "none of" in acted(given, "msg LFB hello")
    given.by("LAS").did(Send("wrong", "SCAS"))
    assert acted(given, "retract LAS-M1 wrong junction") == Withdraw(given.last, "wrong junction")
    assert "does not apply" in acted(given, "retract SCAS-M1 not ours")
