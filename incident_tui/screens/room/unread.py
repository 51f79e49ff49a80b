"""Lines of our own part of the log that nobody has read at this desk: calls, and what colleagues have written.

What was there when the room was opened counts as read, and so does what is written here. A line is read when the
cursor has stood on it in the log, or when it was on the screen there as somebody went elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from incident_tui.feed import LogLine
from incident_tui.screens.log.lines import WEIGHTS, key_of

LOOKED_AT: Final = 200
"""Lines at the end of our own part that are looked through; what is older is not asked for any more."""


class Unread:
    """What one room has not read."""

    def __init__(self) -> None:
        self._stream = ""
        self._floor = 0
        self._since = 0
        self._read: set[str] = set()
        self.keys: tuple[str, ...] = ()
        """The keys of the lines in the log, the oldest first."""

    def look(self, own: Sequence[LogLine], stream: str, name: str, now: int) -> int:
        """Take up the last lines of our own part; answers how many are unread.

        ``name`` is who sits here, ``now`` UTC ms by the incident's clock: lines of before may come after the room.
        """
        if stream != self._stream:
            self._stream, self._read = stream, set()
            self._floor = max((line.seq for line in own), default=0)
            self._since = now
        told = [
            line
            for line in own
            if line.seq > self._floor
            and line.recorded_at >= self._since
            and line.weight in WEIGHTS
            and line.actor != name
        ]
        found = [key_of(line) for line in told]
        self._read &= set(found)
        self.keys = tuple(key for key in found if key not in self._read)
        return len(self.keys)

    def read(self, keys: Iterable[str]) -> None:
        """These have been read."""
        self._read.update(key for key in keys if key in self.keys)
        self.keys = tuple(key for key in self.keys if key not in self._read)
