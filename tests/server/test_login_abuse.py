"""P37, scaled: hundreds of guesses over accounts and lines. Few are computed, a real desk gets in, commits go on.

Orders and counts are asserted, no times; the figures are made by `python -m bench logins`.
"""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from pathlib import Path

from incident.kernel import door
from incident.kernel.door import Denied, SignedIn, SignIn
from server.passwords import TRIES_MAX, WINDOW_MS, Pool
from tests.running import run
from tests.server.doorway import OTHER, PASSWORD, Counting, Place, doorway
from tests.server.house import soon
from tests.server.toy import Open, Write

DESKS = 12


class Gated(Counting):
    """A hasher that computes nothing until its gate is opened; says what stands before it."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = threading.Event()
        self.gate.set()

    def verify(self, kept: str, password: str) -> bool:
        right = super().verify(kept, password)
        self.gate.wait(60)
        return right


async def desks(place: Place, count: int = DESKS) -> list[str]:
    return [await place.desk(f"Desk {number}") for number in range(count)]


def test_of_hundreds_of_guesses_ten_an_account_are_computed_and_a_real_desk_gets_in_throughout(
    tmp_path: Path,
) -> None:
    async def scene() -> None:
        async with doorway(tmp_path / "rooms") as place:
            attacked = await desks(place)
            real = await place.desk("The commander", password=OTHER)
            began, answers = place.clock.at, Counter[str]()
            while place.clock.at + 42_000 < began + WINDOW_MS:
                guesses = (place.sign_in(account, f"guess {place.clock.at}") for account in attacked * 2)
                for answer in await asyncio.gather(*guesses):
                    assert isinstance(answer, Denied)
                    answers[answer.code] += 1
                    assert answer.wait_ms <= WINDOW_MS
                assert isinstance(await place.sign_in(real, OTHER), SignedIn)
                place.clock.at += 42_000
            assert answers.total() > 400
            assert set(answers) == {"wrong_password", "slow"}
            kept = {desk.account: desk.password for desk in place.people.identity.desks()}
            computed = Counter(place.hasher.tried)
            assert {computed[kept[account]] for account in attacked} == {TRIES_MAX}
            place.clock.at += WINDOW_MS
            for account in attacked:  # nobody is locked out by it
                assert isinstance(await place.sign_in(account), SignedIn)

    run(scene())


def test_a_line_without_a_desks_key_has_nothing_computed_and_slows_nobody(tmp_path: Path) -> None:
    async def scene() -> None:
        async with doorway(tmp_path / "rooms") as place:
            real = await place.desk()
            for number in range(100):
                answer = await place.asked(
                    SignIn(password=PASSWORD), door.SIGN_IN_PATH, f"{number:016x}" if number % 2 else ""
                )
                assert isinstance(answer, Denied)
                assert (answer.code, answer.wait_ms) == ("not_enrolled", 0)
            assert place.hasher.tried == []
            assert isinstance(await place.sign_in(real), SignedIn)

    run(scene())


def test_commits_go_on_while_the_pool_is_busy_and_a_real_desk_stands_before_the_guesses(
    tmp_path: Path,
) -> None:
    async def scene() -> None:
        hasher = Gated()
        async with doorway(tmp_path / "rooms", hasher=hasher) as place:
            place.people.pool.close()
            place.people.pool = pool = Pool(waiting_max=DESKS)
            attacked = await desks(place)
            real = await place.desk("The commander", password=OTHER)
            writer = await place.token(await place.desk("The writer"))
            for account in attacked:
                assert isinstance(await place.sign_in(account, "a wrong one"), Denied)
            kept = {desk.account: desk.password for desk in place.people.identity.desks()}
            async with place.session(writer) as guest:
                await guest.hello()
                assert (await guest.do(Open(("SCAS",)))).last > 0
                hasher.gate.clear()
                hasher.tried.clear()
                guesses = [
                    asyncio.ensure_future(place.sign_in(account, "another one")) for account in attacked
                ]
                await soon(lambda: pool.waiting == DESKS - 1)
                signing = asyncio.ensure_future(place.sign_in(real, OTHER))
                await soon(lambda: pool.waiting == DESKS)
                for number in range(50):
                    done = await guest.do(Write(f"note {number}"))
                    assert done.last == number + 2, "answered while passwords wait"
                assert len(hasher.tried) == 1, "one is being computed, and is held up"
                hasher.gate.set()
                assert isinstance(await signing, SignedIn)
                await asyncio.gather(*guesses)
                assert hasher.tried[1] == kept[real], "before all that had given a wrong one"

    run(scene())


def test_one_desk_cannot_take_all_lines_of_the_door(tmp_path: Path) -> None:
    async def scene() -> None:
        hasher = Gated()
        async with doorway(tmp_path / "rooms", hasher=hasher) as place:
            account = await place.desk()
            hasher.gate.clear()
            tries = [asyncio.ensure_future(place.sign_in(account, "a wrong one")) for _ in range(12)]
            await soon(lambda: sum(one.done() for one in tries) == 11)
            hasher.gate.set()
            codes = Counter(one.code for one in await asyncio.gather(*tries) if isinstance(one, Denied))
            assert codes["wrong_password"] == 1, "one at a time, the others are told to wait"
            assert codes.total() == 12
            assert len(hasher.tried) == 1

    run(scene())
