"""Virtual time, the one source of chance, ids, and the trace of a run. Nothing here sleeps or reads a clock."""

from __future__ import annotations

import hashlib
import heapq
import random
from collections import Counter, deque
from collections.abc import Callable
from typing import Any

START = 1_795_298_400_000
"""Where virtual time begins: UTC ms, in November 2026."""

LINES_KEPT = 60


class Violation(AssertionError):
    """A promise was broken in a run. The text says which, and where."""


class World:
    """One run: a heap of things to happen, one ``random.Random``, and a hash over everything that happened."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.rng = random.Random(seed)
        self.now = START
        self.lines: deque[str] = deque(maxlen=LINES_KEPT)
        self.counts: Counter[str] = Counter()
        """How often each kind of trouble has come up: a simulator in which nothing goes wrong proves nothing."""
        self._sha = hashlib.sha256()
        self._heap: list[tuple[int, int, Callable[..., None], tuple[Any, ...]]] = []
        self._count = 0

    def after(self, delay_ms: int, do: Callable[..., None], *args: Any) -> None:
        """Let this happen so many virtual milliseconds from now; what is due together happens in this order."""
        self._count += 1
        heapq.heappush(self._heap, (self.now + delay_ms, self._count, do, args))

    def run(self, until: int) -> None:
        """Let everything happen that is due up to this moment (UTC ms)."""
        while self._heap and self._heap[0][0] <= until:
            self.now, _, do, args = heapq.heappop(self._heap)
            do(*args)
        self.now = until

    def say(self, *words: object) -> None:
        """One line of the trace. Its hash is what two runs of one seed must share."""
        line = f"{self.now - START:>7} " + " ".join(map(str, words))
        self._sha.update(line.encode() + b"\n")
        self.lines.append(line)

    @property
    def trace(self) -> str:
        """The hash of the trace so far."""
        return self._sha.hexdigest()

    # -- chance ---------------------------------------------------------------------------------------------

    def chance(self, probability: float) -> bool:
        return self.rng.random() < probability

    def between(self, low: int, high: int) -> int:
        return self.rng.randint(low, high)

    def uuid(self) -> str:
        """A UUID whose first half is the time, as a client makes them."""
        digits = f"{self.now:012x}7{self.rng.getrandbits(12):03x}8{self.rng.getrandbits(60):015x}"
        return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))

    def salt(self) -> str:
        return f"{self.rng.getrandbits(128):032x}"
