"""Passwords: argon2id, computed by one thread of its own, in an order that an abuser cannot take over.

The store's thread and asyncio's own threads never compute one, so that no number of tries holds up a commit. What
waits is bounded, and who has given no wrong password of late comes before who has.
"""

from __future__ import annotations

import asyncio
import contextlib
import heapq
import os
import sys
import threading
import unicodedata
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, Protocol, TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

WAITING_MAX: Final = 64
"""Passwords that may wait for the thread; past it the one with the most wrong tries behind it is sent away."""

BUSY_MS: Final = 2_000
MEMORY_KIB: Final = 19_456
TIMES: Final = 2
"""With one lane these are the least that OWASP asks for argon2id; some 20 ms on an ordinary processor."""

TRIES_MAX: Final = 10
WINDOW_MS: Final = 15 * 60 * 1000
FREE: Final = 2
"""Wrong passwords after which the next try need not wait: fingers slip."""
WAIT_MS_MAX: Final = 60_000

FIRST: Final = -1
"""The rank of what is no guess, such as writing down what a right password brought."""

T = TypeVar("T")


class Busy(Exception):
    """Too many wait for the thread; try again in ``BUSY_MS``."""


class Pool:
    """One thread, and a bounded line before it. Used from one event loop."""

    def __init__(self, waiting_max: int = WAITING_MAX) -> None:
        self._thread = ThreadPoolExecutor(1, "passwords", _step_back)
        self._waiting_max = waiting_max
        self._waiting: list[tuple[int, int, asyncio.Future[Any], Callable[[], Any]]] = []
        self._count = 0
        self._busy = False

    @property
    def waiting(self) -> int:
        """How many wait for the thread."""
        return len(self._waiting)

    async def run(self, work: Callable[[], T], rank: int = FIRST) -> T:
        """What this answers, computed in the thread; the lower the rank the sooner.

        Raises:
            Busy: so many wait already that this one must come again.
        """
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._count += 1
        heapq.heappush(self._waiting, (rank, self._count, future, work))
        if len(self._waiting) > self._waiting_max:
            self._send_last_away()
        self._next()
        return await future

    def _send_last_away(self) -> None:
        last = max(self._waiting, key=lambda one: one[:2])
        if last[0] == FIRST:
            return  # these follow from what was let in before, so there are few
        self._waiting.remove(last)
        heapq.heapify(self._waiting)
        if not last[2].done():
            last[2].set_exception(Busy())

    def _next(self) -> None:
        while self._waiting and not self._busy:
            _, _, future, work = heapq.heappop(self._waiting)
            if future.done():
                continue  # who asked has gone
            self._busy = True
            done = asyncio.get_running_loop().run_in_executor(self._thread, work)
            done.add_done_callback(lambda done, future=future: self._answer(done, future))  # type: ignore[misc]

    def _answer(self, done: asyncio.Future[Any], future: asyncio.Future[Any]) -> None:
        self._busy = False
        error = None if done.cancelled() else done.exception()
        if future.done() or done.cancelled():
            future.cancel()
        elif error is not None:
            future.set_exception(error)
        else:
            future.set_result(done.result())
        self._next()

    def close(self) -> None:
        """Compute nothing more."""
        self._thread.shutdown(wait=False, cancel_futures=True)


def _step_back() -> None:
    """Where the system knows such a thing for one thread, everything else goes first."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 10)


# -- the hash -------------------------------------------------------------------------------------------------


class Hasher(Protocol):
    """Blocks: to be run in the pool."""

    def hash(self, password: str) -> str: ...

    def verify(self, kept: str, password: str) -> bool: ...

    def outdated(self, kept: str) -> bool: ...


class Argon2:
    """argon2id; composed and decomposed letters are the same password."""

    def __init__(self, memory_kib: int = MEMORY_KIB, times: int = TIMES) -> None:
        self._hasher = PasswordHasher(time_cost=times, memory_cost=memory_kib, parallelism=1)

    def hash(self, password: str) -> str:
        """As it is kept: with its parameters and a salt of its own."""
        return self._hasher.hash(_normal(password))

    def verify(self, kept: str, password: str) -> bool:
        """Whether it is this password."""
        try:
            return self._hasher.verify(kept, _normal(password))
        except (VerificationError, InvalidHashError):
            return False

    def outdated(self, kept: str) -> bool:
        """It was made with other parameters than now, and is to be made anew when the password is next given."""
        return self._hasher.check_needs_rehash(kept)


def _normal(password: str) -> str:
    return unicodedata.normalize("NFKC", password)


# -- the slow-down --------------------------------------------------------------------------------------------


class Throttle:
    """Wrong passwords slow down the next try of the same key, and only of that; nobody is ever locked out.

    Keys are made of accounts that exist, so this stays small. A server that is started again has forgotten it.
    ``shuts``: past ``TRIES_MAX`` nothing is tried until the first is ``WINDOW_MS`` ago; otherwise one a minute is.
    """

    def __init__(self, *, shuts: bool = True) -> None:
        self._shuts = shuts
        self._tries: dict[str, deque[int]] = {}
        self._under_way: set[str] = set()

    def wait_ms(self, key: str, now: int) -> int:
        """How long until a password may be tried for this key; 0: at once."""
        if key in self._under_way:
            return 1_000
        tries = self._recent(key, now)
        if not tries:
            return 0
        wait = 0 if len(tries) <= FREE else min(WAIT_MS_MAX, 1_000 << (len(tries) - FREE - 1))
        until = tries[-1] + wait
        if self._shuts and len(tries) >= TRIES_MAX:
            until = max(until, tries[0] + WINDOW_MS)
        return max(0, until - now)

    def wrong(self, key: str, now: int) -> int:
        """How many wrong passwords were given of late."""
        return len(self._recent(key, now))

    def begin(self, key: str, now: int) -> None:
        """A password is about to be tried: counted before it is known what comes of it."""
        self._tries.setdefault(key, deque(maxlen=TRIES_MAX)).append(now)
        self._under_way.add(key)

    def end(self, key: str, *, right: bool) -> None:
        """It was tried; a right one makes everything before it forgotten."""
        self._under_way.discard(key)
        if right:
            self._tries.pop(key, None)

    def untried(self, key: str) -> None:
        """It came to no try after all."""
        self._under_way.discard(key)
        if self._tries.get(key):
            self._tries[key].pop()

    def _recent(self, key: str, now: int) -> deque[int]:
        tries = self._tries.get(key, deque())
        if tries and tries[-1] > now:
            tries.clear()  # the clock was set back: nobody is to wait for it to come forward again
        while tries and tries[0] <= now - WINDOW_MS:
            tries.popleft()
        if not tries:
            self._tries.pop(key, None)
        return tries


ANYBODY: Final = ""
"""Whose password it is when it is nobody's: then the line alone is counted."""


class Guesses:
    """Wrong passwords, counted for the desk over whose line they come together with the desk whose they are.

    So what one machine tries at another's password is slowed at that machine alone. Over all such machines together a
    password is tried once a minute at most after the first ten, but for the first ``FREE`` tries of each.
    """

    def __init__(self) -> None:
        self._by_line = Throttle()
        self._from_others = Throttle(shuts=False)

    def wait_ms(self, line: str, whose: str, now: int) -> int:
        """How long until a password of ``whose`` may be tried over the line of a desk; 0: at once."""
        wait = self._by_line.wait_ms(_pair(line, whose), now)
        if _others(line, whose) and self.wrong(line, whose, now) >= FREE:
            wait = max(wait, self._from_others.wait_ms(whose, now))
        return wait

    def wrong(self, line: str, whose: str, now: int) -> int:
        """How many wrong ones were given of late over this line."""
        return self._by_line.wrong(_pair(line, whose), now)

    def begin(self, line: str, whose: str, now: int) -> None:
        """One is about to be tried."""
        self._by_line.begin(_pair(line, whose), now)
        if _others(line, whose):
            self._from_others.begin(whose, now)
            self._from_others.end(whose, right=False)  # at several desks at once it may be

    def end(self, line: str, whose: str, *, right: bool) -> None:
        """It was tried; a right one makes everything before it forgotten, of this line and this person."""
        self._by_line.end(_pair(line, whose), right=right)
        if right and _others(line, whose):
            self._from_others.end(whose, right=True)

    def untried(self, line: str, whose: str) -> None:
        """It came to no try after all."""
        self._by_line.untried(_pair(line, whose))
        if _others(line, whose):
            self._from_others.untried(whose)


def _pair(line: str, whose: str) -> str:
    return f"{line} {whose}"


def _others(line: str, whose: str) -> bool:
    return whose not in (line, ANYBODY)
