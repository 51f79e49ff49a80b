"""Counts that cost next to nothing where they are made, and are put into words only when somebody asks.

Nothing here knows a name, an agency or a text: a code of a refusal is the only word that is counted by.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from typing import Final

from incident.kernel.slice import Refusal

BOUNDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
"""Seconds: the upper ends of what is counted together."""

CODES_MAX: Final = 200
OTHER: Final = "other"
"""What a code is counted under that is none, or one too many."""

NOT_ALLOWED: Final = frozenset("no_grant no_role not_yours not_party unknown_stream observer".split())
"""Codes that say who may not, as opposed to what cannot be."""

_CODE: Final = re.compile(r"[a-z][a-z_]{0,39}")


class Histogram:
    """How often something took how long. One thread adds, any may read: a reader may miss the last one."""

    __slots__ = ("counts", "total")

    def __init__(self) -> None:
        self.counts = [0] * (len(BOUNDS) + 1)
        self.total = 0.0

    def add(self, seconds: float) -> None:
        """One more that took so long."""
        self.counts[bisect_left(BOUNDS, seconds)] += 1
        self.total += seconds


class Tally:
    """What the server counts, for its own figures and for the tests."""

    __slots__ = (
        "ack_seconds",
        "acks",
        "conflicts",
        "deliveries",
        "encodes",
        "fan_out_seconds",
        "fan_outs",
        "no_room",
        "paused",
        "records",
        "refused",
        "slowed",
        "too_slow",
        "turned_away",
        "unknown_put_out",
    )

    def __init__(self) -> None:
        self.encodes = 0
        """Frames of records encoded for publication: one per stream and window, whatever the watchers."""
        self.records = 0
        self.fan_outs = 0
        self.deliveries = 0
        self.fan_out_seconds = Histogram()
        self.acks = 0
        """Commands that a client was told are in the log."""
        self.ack_seconds = Histogram()
        """From the decision to the answer, after the disk."""
        self.refused: dict[str, int] = {}
        self.conflicts = 0
        self.too_slow = 0
        self.turned_away = 0
        """Sockets that came with no token, or with one that is not known."""
        self.unknown_put_out = 0
        """Sockets that were ended before they had said who they are, since there were too many of them."""
        self.no_room = 0
        """Lines of known users that found no place: too many open, of theirs or in all."""
        self.slowed = 0
        """Commands that waited for the budget of their user or agency."""
        self.paused = 0
        """How often a line was not read from for a while, since too many frames had come."""

    def refuse(self, refusal: Refusal) -> None:
        """A client was told no."""
        code = refusal.code
        if code not in self.refused and (len(self.refused) >= CODES_MAX or not _CODE.fullmatch(code)):
            code = OTHER
        self.refused[code] = self.refused.get(code, 0) + 1
        self.conflicts += refusal.conflict
