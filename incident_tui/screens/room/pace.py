"""How often the room is shown anew: at every stroke of the pump while the machine has room, more rarely when not.

A thousand changes a second are received and folded whatever is shown of them. What can wait is the showing: nobody
reads eighteen pictures a second, and a desk has other programs to run. No widget in here.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

SHARE: Final = 0.25
"""Of a core: above it, by this program's own reckoning, strokes are left out."""
SPAN_SECONDS: Final = 0.25
"""The share is taken over so long, and the pace changes by one step at most."""
LEFT_OUT_MAX: Final = 5
"""Between two that are shown; at 18 a second that is a picture every third of a second."""
SLOW_SECONDS: Final = 0.025
"""For each of these that one stroke took, one is left out behind it, and no more than ``SLOW_MAX``."""
SLOW_MAX: Final = 8


class Pace:
    """Which strokes of the pump are made. ``clock`` and ``cpu`` count seconds: any steady time, and processor time."""

    def __init__(
        self, clock: Callable[[], float] = time.perf_counter, cpu: Callable[[], float] = time.process_time
    ) -> None:
        self._clock, self._cpu = clock, cpu
        self._left_out = 0
        self._skip = 0
        self._began = self._since = clock()
        self._used = cpu()

    def due(self) -> bool:
        """Whether this stroke is to be made. Asked for each that has something new; ``done`` follows once shown."""
        if self._skip:
            self._skip -= 1
            return False
        self._began = self._clock()
        return True

    def done(self) -> None:
        """The picture is up to date: how many are left out now follows from what that took, and from what all takes."""
        now = self._clock()
        span = now - self._since
        if span >= SPAN_SECONDS:
            used = self._cpu()
            step = 1 if used - self._used > SHARE * span else -1
            self._left_out = max(0, min(LEFT_OUT_MAX, self._left_out + step))
            self._since, self._used = now, used
        self._skip = max(self._left_out, min(SLOW_MAX, int((now - self._began) / SLOW_SECONDS)))
