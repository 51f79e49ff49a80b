"""Passwords: what is kept of them, one thread with a bounded line before it, and a slow-down that locks nobody out."""

from __future__ import annotations

import asyncio
import threading

import pytest

from server.passwords import (
    FREE,
    MEMORY_KIB,
    TIMES,
    TRIES_MAX,
    WAIT_MS_MAX,
    WINDOW_MS,
    Argon2,
    Busy,
    Guesses,
    Pool,
    Throttle,
)
from tests.running import run


def test_what_is_kept_is_argon2id_with_no_less_than_is_asked_for() -> None:
    kept = Argon2().hash("correct horse battery")
    assert kept.startswith("$argon2id$")
    assert f"m={MEMORY_KIB},t={TIMES},p=1" in kept
    assert MEMORY_KIB >= 19 * 1024
    assert TIMES >= 2
    assert kept != Argon2().hash("correct horse battery"), "each has a salt of its own"


def test_a_password_is_right_or_wrong_and_never_a_fault() -> None:
    hasher = Argon2()
    kept = hasher.hash("caf\u00e9 correct horse")
    assert hasher.verify(kept, "cafe\u0301 correct horse"), "however the keyboard composes it"
    for kept_, tried in ((kept, "caf\u00e9 correct hors"), (kept, ""), ("", "x"), ("$argon2id$broken", "x")):
        assert not hasher.verify(kept_, tried)


def test_other_parameters_are_seen() -> None:
    kept = Argon2(memory_kib=1024, times=1).hash("correct horse battery")
    assert Argon2().outdated(kept)
    assert Argon2().verify(kept, "correct horse battery")
    assert not Argon2().outdated(Argon2().hash("correct horse battery"))


# -- the pool -------------------------------------------------------------------------------------------------


def test_all_of_it_is_computed_by_one_thread_that_is_nobody_elses() -> None:
    async def scene() -> None:
        pool = Pool()
        names = await asyncio.gather(
            *(pool.run(lambda: threading.current_thread().name, n) for n in range(20))
        )
        assert len(set(names)) == 1
        assert names[0].startswith("passwords")
        pool.close()

    run(scene())


def test_who_has_given_fewer_wrong_ones_comes_first_and_a_full_line_sends_the_worst_away() -> None:
    async def scene() -> None:
        pool, gate = Pool(waiting_max=4), threading.Event()
        order: list[str] = []

        def work(name: str) -> str:
            order.append(name)
            return name

        first = asyncio.ensure_future(pool.run(gate.wait))
        await asyncio.sleep(0)
        abuse = [asyncio.ensure_future(pool.run(lambda n=n: work(f"abuse {n}"), 5)) for n in range(4)]  # type: ignore[misc]
        await asyncio.sleep(0)
        assert pool.waiting == 4
        with pytest.raises(Busy):
            await pool.run(lambda: work("one more of them"), 9)
        real = asyncio.ensure_future(pool.run(lambda: work("real"), 0))
        gone = asyncio.ensure_future(pool.run(lambda: work("gone"), 0))
        await asyncio.sleep(0)
        gone.cancel()
        last = await asyncio.gather(*abuse[2:], return_exceptions=True)
        assert all(isinstance(one, Busy) for one in last), "the latest of the worst make room"
        gate.set()
        assert await real == "real"
        await asyncio.gather(*abuse[:2], first)
        assert order == ["real", "abuse 0", "abuse 1"]
        pool.close()

    run(scene())


def test_what_fails_in_the_thread_fails_for_who_asked_and_for_nobody_else() -> None:
    async def scene() -> None:
        pool = Pool()

        def fails() -> None:
            raise OSError(28, "full")

        failing = asyncio.ensure_future(pool.run(fails))
        fine = asyncio.ensure_future(pool.run(lambda: 5))
        with pytest.raises(OSError, match="full"):
            await failing
        assert await fine == 5
        pool.close()

    run(scene())


# -- the slow-down --------------------------------------------------------------------------------------------


def _wrong(throttle: Throttle, key: str, now: int) -> None:
    assert throttle.wait_ms(key, now) == 0
    throttle.begin(key, now)
    throttle.end(key, right=False)


def test_waits_grow_and_at_most_ten_are_tried_in_a_quarter_of_an_hour() -> None:
    throttle, now, waits = Throttle(), 1_000_000, []
    for _ in range(TRIES_MAX):
        _wrong(throttle, "a", now)
        waits.append(throttle.wait_ms("a", now))
        now += waits[-1]
    assert waits[:FREE] == [0] * FREE
    assert waits[FREE:-1] == [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, WAIT_MS_MAX]
    assert now == 1_000_000 + WINDOW_MS, "then the first must be a quarter of an hour old"
    assert throttle.wait_ms("b", 1_000_000) == 0, "nobody else is slowed"


def test_it_is_never_a_lock_out_and_a_right_one_clears_it() -> None:
    throttle, now = Throttle(), 1_000_000
    for _ in range(500):
        now += throttle.wait_ms("a", now)
        _wrong(throttle, "a", now)
    now += throttle.wait_ms("a", now)
    throttle.begin("a", now)
    assert throttle.wait_ms("a", now) > 0, "one at a time"
    throttle.end("a", right=True)
    assert throttle.wait_ms("a", now) == 0
    assert throttle.wrong("a", now) == 0


def test_what_was_not_computed_is_not_counted() -> None:
    throttle = Throttle()
    throttle.begin("a", 5)
    throttle.untried("a")
    assert throttle.wrong("a", 5) == 0
    assert throttle.wait_ms("a", 5) == 0


def test_a_clock_that_is_set_back_makes_nobody_wait_for_it() -> None:
    throttle = Throttle()
    for _ in range(FREE):
        _wrong(throttle, "a", 10 * WINDOW_MS)
    assert throttle.wait_ms("a", 1) == 0


def test_nothing_is_kept_of_what_is_long_past() -> None:
    throttle = Throttle()
    _wrong(throttle, "a", 5)
    assert throttle.wait_ms("a", 5 + WINDOW_MS) == 0
    assert not throttle._tries


def test_guesses_from_several_machines_are_bounded_together_and_shut_no_desks_own_way() -> None:
    guesses, now, computed = Guesses(), 1_000_000, 0
    while now < 1_000_000 + WINDOW_MS:
        for machine in range(20):
            if not guesses.wait_ms(f"machine {machine}", "victim", now):
                guesses.begin(f"machine {machine}", "victim", now)
                guesses.end(f"machine {machine}", "victim", right=False)
                computed += 1
        assert guesses.wait_ms("victim", "victim", now) == 0, "its own machine is not slowed"
        assert guesses.wait_ms("another", "victim", now) == 0, "nor the first tries at one more"
        now += 5_000
    assert computed <= 20 * FREE + WINDOW_MS // 60_000
    for _ in range(FREE):
        guesses.begin("another", "victim", now)
        guesses.end("another", "victim", right=False)
    assert 0 < guesses.wait_ms("another", "victim", now) <= 60_000


def test_a_right_password_clears_its_own_count_and_no_other() -> None:
    guesses, now = Guesses(), 1_000_000
    for whose in ("first", "second") * TRIES_MAX:
        guesses.begin("machine", whose, now)
        guesses.end("machine", whose, right=False)
    guesses.end("machine", "first", right=True)
    assert guesses.wait_ms("machine", "first", now) == 0
    assert guesses.wait_ms("machine", "second", now) == WINDOW_MS
