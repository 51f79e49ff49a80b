"""Identities made at this desk: UUIDs of version 7, which sort by when they were made.

Every command gets its id here, before it touches the disk or the line, and keeps it for ever: the same id sent
twice is one command. Ids of what a session does by itself are made from what they are about (`derived`), so
that two desks of one room, or one desk after a restart, make the same one.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable

_COUNTER_BITS = 12
_COUNTER_MAX = (1 << _COUNTER_BITS) - 1
_CHANCE_BITS = 62

OF_SESSIONS = uuid.UUID("6f1c2f0e-7a0b-5c53-9d0e-4f2b8a7d1c66")
"""The name space of what sessions do by themselves."""


class Ids:
    """Makes UUIDv7s that never go backwards within a process, whatever its clock does."""

    def __init__(self, wall_ms: Callable[[], int], chance: random.Random | None = None) -> None:
        """`wall_ms` answers UTC ms; `chance` is the system's randomness unless a test wants its own."""
        self._wall_ms = wall_ms
        self._chance = chance or random.SystemRandom()
        self._last_ms = 0
        self._counter = 0

    def new(self) -> str:
        """The next id, larger than every one before it."""
        now = self._wall_ms()
        if now > self._last_ms:
            # The upper half stays free, so that a burst within one millisecond has room to count.
            self._last_ms, self._counter = now, self._chance.getrandbits(_COUNTER_BITS - 1)
        elif self._counter < _COUNTER_MAX:
            self._counter += 1
        else:
            self._last_ms, self._counter = self._last_ms + 1, 0
        value = (self._last_ms & ((1 << 48) - 1)) << 80
        value |= 0x7 << 76
        value |= self._counter << 64
        value |= 0b10 << _CHANCE_BITS
        value |= self._chance.getrandbits(_CHANCE_BITS)
        return str(uuid.UUID(int=value))


def derived(*words: str) -> str:
    """The id of something a session does by itself, the same wherever and whenever it is made."""
    return str(uuid.uuid5(OF_SESSIONS, "\x1f".join(words)))
