"""A mistake is answered with the nearest thing that there is: words, agencies, statuses, kinds, rows, screens."""

from __future__ import annotations

import pytest

from incident.kernel.slice import Refusal
from incident.state import INCIDENT
from incident_tui.grammar import AppAct, parse
from incident_tui.nearest import near, offer
from tests.tui.desk import Desk, told
from tests.tui.world import FakeSession, local_time_is_utc

local_time_is_utc()
LOOK = FakeSession().look()


@pytest.mark.parametrize(
    ("line", "end"),
    [
        ("ss A101 scn", "There is no word ss. Did you mean s?"),
        ("lgo bus requested", "There is no word lgo. Did you mean log?"),
        ("s A10l scn", "There is no unit A10l. Did you mean A101?"),
        ("s A101 snc", "Did you mean SCN?"),
        ("t SCSA open RVP B", "Did you mean SCAS?"),
        ("@SCSA log x", "There is no agency SCSA. Did you mean SCAS?"),
        ("propose rpv Colnbrook", "Did you mean rvp?"),
        ("appoint tactcal B Jones", "Did you mean tactical?"),
        ("appoint sliver B Jones", "Did you mean silver?"),
        ("appoint clearng B Jones", "Did you mean clearing?"),
        ("appoint nillo B Jones", "Did you mean nilo?"),
        ("appoint ambulence B Jones", "Did you mean Ambulance incident commander?"),
        ("commandrs", "Did you mean commanders?"),
        ("hospitls", "Did you mean hospitals?"),
        ("declare standbye", "Did you mean standby?"),
        ("agree RVPB", "There is no feature RVPB. Did you mean RVP B?"),
        ("accept SCAST1", "There is no task SCAST1. Did you mean SCAS-T1?"),
        ('t SCAS "open RVP" prioriti=urgent', "There is no answer prioriti=. Did you mean priority=?"),
        ("release", ("Say which unit or request: release UNIT [reason], or release REQUEST [units] [reason]. "
         "Or put the cursor on it and press x or f.")),
        ("propose", ("is missing: propose KIND [place] [radius] [name] [scheme] [review] [polygon] [wind] [note] "
         "[half] [wide]. Or press p.")),
    ],
)  # fmt: skip
def test_the_nearest_is_offered(line: str, end: str) -> None:
    answer = parse(line, LOOK, INCIDENT.boards)
    assert isinstance(answer, Refusal)
    assert answer.sentence.endswith(end), answer.sentence


@pytest.mark.parametrize(("word", "board"), [("hospitals", "places"), ("commanders", "commanders")])
def test_a_board_is_reached_by_what_people_call_it(word: str, board: str) -> None:
    assert parse(word, LOOK, INCIDENT.boards) == AppAct("go.to", board)


def test_a_misspelt_row_is_no_answer_about_the_row_under_the_cursor() -> None:
    here = ("resources", "LAS/A102")
    answer = parse("s A10l scn", LOOK, INCIDENT.boards, here)
    assert isinstance(answer, Refusal)
    assert answer.sentence == "There is no unit A10l. Did you mean A101?"
    answer = parse("s snc", LOOK, INCIDENT.boards, here)
    assert isinstance(answer, Refusal)
    assert answer.sentence.startswith("Status: snc is none of")


def test_what_is_like_nothing_is_not_guessed_at() -> None:
    answer = parse("accept X", LOOK, INCIDENT.boards)
    assert isinstance(answer, Refusal)
    assert "Did you mean" not in answer.sentence
    assert "task" in answer.sentence
    assert near("", ["a"]) == near("zzzz", ["log", "go"]) == ()
    assert near("A109", ["A101", "A102", "A103", "H1"], most=3) == ("A101", "A102", "A103")
    assert offer(("A1", "A2", "A3")) == " Did you mean A1, A2 or A3?"
    assert offer(()) == ""


def test_a_key_that_was_given_to_another_is_named_as_it_is() -> None:
    answer = parse("release", LOOK, INCIDENT.boards, None, lambda _board, _verb: "ctrl+r")
    assert isinstance(answer, Refusal)
    assert answer.sentence.endswith("press ctrl+r.")


def test_screens_and_themes_are_offered_and_a_wrong_word_is_told_while_it_is_typed() -> None:
    async def story(desk: Desk) -> None:
        for line, said in (
            ("go tsaks", "There is no screen tsaks. Did you mean tasks?"),
            ("theme drak", "There is no theme drak. Did you mean dark?"),
            ("go nowhere-at-all", "There is no screen nowhere-at-all. There are: picture"),
        ):
            await desk.press(":")
            await desk.type(line)
            await desk.press("enter")
            await desk.shows(said)
        await desk.press(":")
        await desk.type("staus")
        await desk.shows("no such word: did you mean status?")

    told(story)
