"""The client's only clock: this desk's time, the server's time as best known, and time that never jumps.

Nothing else in the client asks the system for the time, so that a test can put another clock in its place. All
moments are UTC milliseconds; lengths of time are seconds. A desk's clock may be wrong or may be set while the
program runs: `now` follows the server through a clock that never jumps, and what the desk's clock is off by is
worked out again for each command (`offset_ms`), so that the log can say it.
"""

from __future__ import annotations

import time
from collections import deque
from datetime import datetime

SAMPLES_MAX = 8


def _since_boot() -> float:
    """Seconds that go on while the machine sleeps, where the system offers that; else the monotonic clock."""
    boot = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if boot is None else time.clock_gettime(boot)


class Clock:
    """This desk's clock, and what it has learned of the server's."""

    def __init__(self, offset_ms: int = 0) -> None:
        """`offset_ms` is the last known (server - desk), from an earlier session; 0 when unknown."""
        self._remembered_ms = offset_ms
        # Each: round trip in seconds, and server time minus the clock that never jumps, in milliseconds.
        self._samples: deque[tuple[float, float]] = deque(maxlen=SAMPLES_MAX)

    def wall_ms(self) -> int:
        """This desk's clock, right or wrong (UTC ms)."""
        return time.time_ns() // 1_000_000

    def monotonic(self) -> float:
        """Seconds from some moment, never backwards: for lengths of time."""
        return _since_boot()

    def now(self) -> int:
        """UTC ms by the server's clock as best known; by this desk's own until a server has been heard."""
        if not self._samples:
            return self.wall_ms() + self._remembered_ms
        _, offset = min(self._samples)
        return round(self.monotonic() * 1000 + offset)

    @property
    def offset_ms(self) -> int:
        """Server's clock minus this desk's, as it stands now (ms); what a command carries beside its time."""
        return self.now() - self.wall_ms()

    @property
    def known(self) -> bool:
        """Whether a server's clock has been heard since the start."""
        return bool(self._samples)

    def remember(self, offset_ms: int) -> None:
        """Take up the offset of an earlier session, for the time until a server is heard."""
        self._remembered_ms = offset_ms

    def learn(self, server_ms: int, sent_at: float, received_at: float) -> None:
        """Take one reading of the server's clock: asked for and heard at these monotonic seconds.

        The reading with the shortest round trip of the last few counts, since it has the least room for error.
        """
        middle = (sent_at + received_at) / 2
        self._samples.append((max(0.0, received_at - sent_at), server_ms - middle * 1000))


def short_time(at: int) -> str:
    """UTC ms as people here read a clock: 14:32, in this desk's time zone."""
    return _local(at).strftime("%H:%M")


def long_time(at: int) -> str:
    """UTC ms with seconds and zone: 14:32:07 GMT."""
    local = _local(at)
    return f"{local:%H:%M:%S} {zone_name(local)}"


def long_day(at: int) -> str:
    """UTC ms as a day: 3 March 2027, in this desk's time zone."""
    local = _local(at)
    return f"{local.day} {local:%B %Y}"


def iso_time(at: int) -> str:
    """UTC ms as a machine reads it: 2026-11-21T14:32:07.120+00:00, in this desk's zone."""
    return _local(at).isoformat(timespec="milliseconds")


def zone_minutes(at: int) -> int:
    """Local time minus UTC at that moment, in minutes: for reading a clock time that a person typed."""
    offset = _local(at).utcoffset()
    return 0 if offset is None else round(offset.total_seconds() / 60)


def zone_name(local: datetime) -> str:
    """GMT, BST, or the offset where a system answers with a long name."""
    name = local.tzname() or ""
    return name if name.isascii() and 1 < len(name) <= 5 else f"{local:%z}"


def _local(at: int) -> datetime:
    # A moment outside what the system can show (a corrupt record) must not end a screen.
    try:
        return datetime.fromtimestamp(at / 1000).astimezone()
    except (OverflowError, OSError, ValueError):
        return datetime.fromtimestamp(0).astimezone()
