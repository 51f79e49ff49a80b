"""Statuses: their words, their letters, what follows what, when one is stale, and the judgement of a change."""

from __future__ import annotations

from itertools import pairwise, product
from types import SimpleNamespace
from typing import Any

import pytest

from incident.kernel.board import TONES
from incident.kernel.slice import Actor, Context, Refusal
from incident.statuses import (
    GROUPS,
    LEFT,
    MINUTE,
    QUICK,
    STATUSES,
    judge,
    known_words,
    legal,
    span,
    stale_minutes,
    status,
    status_of,
    steps,
    utc_clock,
    word_of,
)

NOW = 1_795_269_600_000  # 14:00 UTC


def test_the_seventeen_are_those_of_the_field() -> None:
    assert set(STATUSES) == set("AVB AVS ALL MOB RVP SCN APP LDG LFT HOS HND CLR OOS BRK OFF RET UNK".split())
    assert {one.group for one in STATUSES.values()} == set(GROUPS) - {LEFT}, (
        "which no state says, only what is lacking"
    )
    assert all(one.tone in TONES and len(one.glyph) == 1 for one in STATUSES.values())
    assert all(one.stale_minutes > 0 for one in STATUSES.values() if one.code != "UNK")


def test_every_status_has_a_letter_and_words_of_its_own() -> None:
    assert len(QUICK) == len(STATUSES) == len({one.letter for one in STATUSES.values()})
    assert {QUICK[letter] for letter in "mrslhca"} == {"MOB", "RVP", "SCN", "LFT", "HOS", "CLR", "AVB"}
    for one in STATUSES.values():
        for word in (one.code, one.word, *one.also):
            assert status_of(word) == one.code, f"{word} means two things"
    assert len(known_words()) == sum(2 + len(one.also) for one in STATUSES.values())


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("scn", "SCN"),
        ("At  Scene", "SCN"),
        ("at-scene", "SCN"),
        ("en_route", "MOB"),
        ("hosp", "HOS"),
        ("x", None),
    ],
)
def test_a_status_is_read_as_people_write_it(written: str, code: str | None) -> None:
    assert status_of(written) == code


def test_a_job_goes_from_available_to_available() -> None:
    job = "AVB ALL MOB RVP SCN APP LDG LFT HOS HND CLR AVB".split()
    assert all(legal(before, after) for before, after in pairwise(job))


def test_clear_comes_before_out_of_service() -> None:
    # Clear belongs to the incident, out of service to the vehicle.
    at_work = [one.code for one in STATUSES.values() if one.working]
    assert at_work
    assert not any(legal(code, "OOS") or legal(code, "AVB") or legal(code, "OFF") for code in at_work)
    assert legal("CLR", "OOS")
    assert not legal("MOB", "HOS")
    assert not legal("OOS", "SCN")


def test_unknown_is_always_a_step_away_and_a_step_back() -> None:
    for code in STATUSES:
        assert legal(code, "UNK")
        assert legal("UNK", code)
        if code != "UNK":
            assert steps(code)[-1] == "UNK"
    assert set(steps("UNK")) == set(STATUSES) - {"UNK"}
    for before, after in product(STATUSES, STATUSES):
        if before != after:
            assert legal(before, after) == (after in steps(before))


def test_every_status_leads_somewhere_and_is_reached_from_somewhere() -> None:
    for code, one in STATUSES.items():
        if code != "UNK":
            assert one.next
            assert any(code in other.next for other in STATUSES.values())


def test_stale_is_said_in_minutes_and_unknown_never_goes_stale() -> None:
    limit = status("SCN").stale_minutes
    assert stale_minutes("SCN", NOW - limit * MINUTE, NOW) is None
    assert stale_minutes("SCN", NOW - limit * MINUTE - 5 * MINUTE, NOW) == 5
    assert stale_minutes("UNK", 0, NOW) is None


def test_a_status_of_a_newer_version_reads_as_unknown_in_its_own_letters() -> None:
    assert status("XYZ").code == "UNK"
    assert word_of("XYZ") == "XYZ"
    assert legal("XYZ", "SCN")


@pytest.mark.parametrize(
    ("ms", "words"),
    [
        (-5, "0s"),
        (59_999, "59s"),
        (60_000, "1m"),
        (3_599_000, "59m"),
        (3_900_000, "1h05"),
        (172_800_000, "2d"),
    ],
)
def test_spans(ms: int, words: str) -> None:
    assert span(ms) == words


def test_the_clock_of_a_refusal_names_its_zone() -> None:
    assert utc_clock(NOW + 5 * MINUTE) == "14:05 UTC"


# -- the judgement --------------------------------------------------------------------------------------------


def asked(target: str, *, base: str = "v1", **more: Any) -> Any:
    unit = SimpleNamespace(status="MOB", since=NOW, heard_at=NOW, status_version="v1")
    now = NOW + more.pop("after_minutes", 1) * MINUTE
    happened = more.pop("happened_at", None)
    ctx = Context(Actor("Sam", "LAS", "operator"), "s", "c", now, now, {"LAS/A101": base}, happened)
    answer = judge(unit, "LAS/A101", target, ctx, **more)
    return (answer.code, answer.conflict) if isinstance(answer, Refusal) else answer


def test_the_judgement_of_a_change() -> None:
    assert asked("SCN") == "change"
    assert asked("HOS") == ("illegal_step", False)
    assert asked("HOS", correcting=True) == "change"
    assert asked("QQQ") == ("unknown_status", False)
    assert asked("SCN", base="v0") == ("changed_since", True)
    assert asked("HOS", base="v0", correcting=True) == ("changed_since", True), "not over what was not seen"
    assert asked("SCN", happened_at=NOW - MINUTE) == ("before_present", False)
    assert asked("SCN", happened_at=NOW) == "change"
    assert asked("SCN", happened_at=NOW - MINUTE, correcting=True) == "change"


def test_the_same_target_twice_is_one_unless_hearing_it_again_is_news() -> None:
    assert asked("MOB") == "same"
    assert asked("MOB", base="v0") == "same"
    old = status("MOB").stale_minutes + 1
    assert asked("MOB", after_minutes=old) == "confirm"
    assert asked("MOB", after_minutes=old, base="v0") == "same", "who has not seen it cannot confirm it"
    assert asked("MOB", doubted=True) == "confirm"
    assert asked("MOB", correcting=True) == "confirm"
