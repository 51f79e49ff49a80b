"""The pulse of the server: how late its event loop is, and whether the machine's clock jumps under it."""

from __future__ import annotations

import asyncio
import time
from typing import Final

from server import logs
from server.counters import Histogram

SECONDS: Final = 0.5
CLOCK_MS_BEHIND_MAX: Final = 2_000
CLOCK_MS_EARLIEST: Final = 1_767_225_600_000
"""2026-01-01 UTC: a clock before this program was made is wrong whatever the log holds."""

STEP_SECONDS: Final = 1.0
"""A clock that has moved so much more or less than time went by between two beats was set, or the machine slept."""


class Pulse:
    """Counts while ``run`` does."""

    def __init__(self) -> None:
        self.lag = Histogram()
        self.steps = 0
        self.last_step = 0.0
        """Seconds, of the last jump; negative when it went back."""
        self._latest = 0

    async def run(self) -> None:
        """Beat, for ever."""
        clock = asyncio.get_running_loop().time
        while True:
            due, wall, went = clock() + SECONDS, logs.clock(), time.monotonic()
            await asyncio.sleep(SECONDS)
            self.lag.add(max(0.0, clock() - due))
            self.clock_is_wrong(wall)
            self.compare((logs.clock() - wall) / 1000, time.monotonic() - went)

    def clock_is_wrong(self, shows: int) -> bool:
        """Whether the clock, which shows this (UTC ms), is before this program was made or behind what it showed."""
        self._latest = max(self._latest, shows)
        return shows < CLOCK_MS_EARLIEST or shows < self._latest - CLOCK_MS_BEHIND_MAX

    def compare(self, shown: float, went: float) -> None:
        """The clock moved by so many seconds while so many went by."""
        step = shown - went
        if abs(step) > STEP_SECONDS:
            self.steps += 1
            self.last_step = step
            logs.warn("the clock jumped", seconds=round(step, 3))
