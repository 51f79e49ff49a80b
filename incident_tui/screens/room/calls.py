"""What an exercise tells this room: a call that exercise control puts into our own log is shown whole, as it comes.

In a control room a telephone rings. Here a line in our own part of the log that a machine of the exercise has written
is that call: nobody sees a line among many that is cut at its end.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from incident_tui.feed import LogLine

LOOKED_AT: Final = 12
"""Lines at the end of our own part of the log that are looked through; more calls are not shown in one stroke."""
RINGS_MS: Final = 5 * 60_000
"""What came longer ago, by real time, is no ringing telephone: who comes back to the room reads it in the log."""


class Calls:
    """The calls of one room. Give it the last lines of the log, as often as you like."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell
        self._stream = ""
        self._heard = 0

    def hear(self, own: Sequence[LogLine], stream: str, now: int) -> None:
        """Tell what has come since the last time; what was there when the room opened is in the log.

        ``own`` are the last lines of our own part, ``now`` UTC ms by the server's clock.
        """
        newest = max((line.seq for line in own), default=0)
        if stream != self._stream:
            self._stream, self._heard = stream, newest
            return
        for line in own:
            if line.seq > self._heard and from_exercise(line) and now - line.real_at < RINGS_MS:
                self._tell(line.text)
        self._heard = max(self._heard, newest)


def from_exercise(line: LogLine) -> bool:
    """Whether exercise control's machine has written this line in our name."""
    return line.actor == "excon" or line.actor.startswith("virtual/")
