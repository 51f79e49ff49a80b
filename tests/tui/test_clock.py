from __future__ import annotations

import random
import uuid

from hypothesis import given
from hypothesis import strategies as st

from incident_tui.clock import Clock, iso_time, long_time, short_time, zone_minutes
from incident_tui.ids import Ids, derived
from tests.tui.rooms import SetClock


def test_ids_are_uuids_of_version_7_and_never_go_backwards_whatever_the_clock_does() -> None:
    times = iter([5_000, 5_000, 4_000, 6_000, 1, 6_001] + [6_001] * 9_000)
    ids = Ids(lambda: next(times), random.Random(1))
    made = [ids.new() for _ in range(9_006)]
    assert made == sorted(set(made))
    assert {uuid.UUID(one).version for one in made} == {7}
    assert {uuid.UUID(one).variant for one in made} == {uuid.RFC_4122}


def test_an_id_tells_when_it_was_made() -> None:
    made = uuid.UUID(Ids(lambda: 1_795_298_400_123).new())
    assert made.int >> 80 == 1_795_298_400_123


def test_what_a_session_does_by_itself_has_the_same_id_everywhere_and_no_other_has_it() -> None:
    assert derived("number", "incident/a") == derived("number", "incident/a")
    assert uuid.UUID(derived("a")).version == 5
    assert derived("ab", "c") != derived("a", "bc")


def test_time_follows_the_server_once_it_is_heard() -> None:
    clock = SetClock()
    assert abs(clock.now() - clock.wall_ms()) < 50
    server = clock.wall_ms() + 7_000
    clock.learn(server, clock.monotonic(), clock.monotonic())
    assert abs(clock.offset_ms - 7_000) < 50


def test_a_desk_clock_that_is_set_does_not_move_the_time_shown_and_its_error_is_known() -> None:
    clock = SetClock()
    clock.learn(clock.wall_ms(), clock.monotonic(), clock.monotonic())
    before = clock.now()
    clock.wall_ahead_ms = 3_600_000
    assert abs(clock.now() - before) < 100
    assert abs(clock.offset_ms + 3_600_000) < 100


def test_the_quickest_answer_of_the_last_few_counts() -> None:
    clock = SetClock()
    now = clock.monotonic()
    clock.learn(clock.wall_ms() + 1_000, now, now + 0.001)
    clock.learn(clock.wall_ms() + 9_000, now, now + 3.0)
    assert abs(clock.offset_ms - 1_000) < 100


def test_the_offset_of_an_earlier_session_holds_until_the_server_is_heard() -> None:
    clock = Clock()
    clock.remember(-120_000)
    assert abs(clock.offset_ms + 120_000) < 50
    clock.learn(clock.wall_ms(), clock.monotonic(), clock.monotonic())
    assert abs(clock.offset_ms) < 50


@given(st.integers(-(2**60), 2**60))
def test_any_moment_can_be_shown(at: int) -> None:
    assert short_time(at)
    assert long_time(at)
    assert iso_time(at)
    assert -1_440 < zone_minutes(at) < 1_440
