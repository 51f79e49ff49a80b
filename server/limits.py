"""How much one peer, one user and one agency may ask of the server, so that no one of them can take it from the others.

What is over a budget is slowed: a bucket answers how long to wait, nothing is refused and nothing dropped. Every
figure that an administrator may set is in ``Limits``; those nobody should need to set are constants here.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Final

from incident.kernel.slice import Actor

FRAMES_PER_COMMAND: Final = 10
"""Frames of any kind that may be sent for each command that may: a desk has heartbeats and questions, too."""

CATCH_UP: Final = 5
"""A room that was away sends what it wrote meanwhile so many times as fast as its rate, until its backlog is used up:
two thousand commands after a long cut are through in some twenty seconds, and nobody else waits for them.
"""

FRAME_BURST: Final = 8_192
AGENCY_FRAME_BURST: Final = 65_536
"""Frames at once: the whole queue of a desk that comes back after a long cut; of an agency, some of them."""

FRAME_BYTES: Final = 4_096
"""So many bytes count as one frame more."""

ANSWER_BYTES: Final = 100_000
"""Bytes of long answers (what was missed, snapshots, pages) for each command that may be sent."""

ANSWER_BURST_SECONDS: Final = 32
"""So many seconds' worth of long answers may be given at once."""

ERRAND_BYTES: Final = 4_096
"""What a long answer costs even when it is short: it may have been looked for on the disk."""

OPEN_BURST: Final = 8
AGENCY_OPEN_BURST: Final = 2
"""How many times all the lines that may be open may be opened at once."""

OPEN_SECONDS: Final = 1
AGENCY_OPEN_SECONDS: Final = 4
"""As many lines as may be open may be opened each so many seconds."""

HELD_COMMANDS_MAX: Final = 8_192
HELD_BYTES_MAX: Final = 4_194_304
"""Commands of one user that may wait for its budget; past either, nothing more is read from the user's lines."""

HELD_BYTES_EACH: Final = 400
"""What a command takes besides its body."""

_TINY: Final = 1e-9


@dataclass(frozen=True, slots=True)
class Limits:
    """The bounds that an administrator may set. Rates are commands a second; bursts are commands at once.

    A backlog is what may come beyond the rate (``CATCH_UP`` times as fast); it fills again with what was not used.
    """

    connections_max: int = 2_000
    connections_per_agency: int = 200
    connections_per_user: int = 8
    unknown_max: int = 64
    unknown_per_address: int = 8
    per_user_rate: int = 20
    per_user_burst: int = 60
    per_user_backlog: int = 2_000
    per_agency_rate: int = 100
    per_agency_burst: int = 300
    per_agency_backlog: int = 20_000


class Bucket:
    """``burst`` at once, then ``rate`` a second. Whoever takes more is told how long to wait, and waits in turn."""

    __slots__ = ("_each", "_span", "_taken_until")

    def __init__(self, rate: float, burst: float) -> None:
        self._each = 1 / rate
        self._span = burst / rate
        self._taken_until = float("-inf")

    def take(self, now: float, amount: float = 1.0) -> float:
        """Take this much, now or later: the seconds to wait before it may be used. ``now`` is any steady clock."""
        self._taken_until = max(self._taken_until, now) + amount * self._each
        wait = self._taken_until - self._span - now
        return wait if wait > _TINY else 0.0

    def wait(self, now: float) -> float:
        """The seconds that whoever took one now would have to wait; nothing is taken."""
        wait = max(self._taken_until, now) + self._each - self._span - now
        return wait if wait > _TINY else 0.0


class Steps:
    """A budget of two: what is used for long, and how fast a backlog may be made up for."""

    __slots__ = ("_fast", "_long")

    def __init__(self, rate: float, burst: float, backlog: float) -> None:
        self._long = Bucket(rate, burst + backlog)
        self._fast = Bucket(rate * CATCH_UP, burst)

    def take(self, now: float) -> float:
        """As ``Bucket.take``, of both."""
        return max(self._long.take(now), self._fast.take(now))


class Purse:
    """What one user, over all of its lines, or one agency may still spend."""

    __slots__ = ("answers", "commands", "frames", "opens")

    def __init__(self, commands: Steps, frames: Bucket, answers: Bucket, opens: Bucket) -> None:
        self.commands = commands
        self.frames = frames
        self.answers = answers
        self.opens = opens


class Account:
    """A user's purse beside its agency's, and what of the user's commands waits for them."""

    __slots__ = ("_agency", "_user", "held_bytes", "held_commands", "room")

    def __init__(self, user: Purse, agency: Purse) -> None:
        self._user = user
        self._agency = agency
        self.held_commands = 0
        self.held_bytes = 0
        self.room = asyncio.Event()
        self.room.set()

    def command(self, now: float) -> float:
        """Seconds until the next command may be decided."""
        return max(self._user.commands.take(now), self._agency.commands.take(now))

    def frames(self, now: float, count: int, size: int) -> float:
        """Seconds until more may be read, after so many frames of so many bytes in all."""
        cost = count + size / FRAME_BYTES
        return max(self._user.frames.take(now, cost), self._agency.frames.take(now, cost))

    def answer(self, now: float, size: int) -> float:
        """Seconds until more may be answered, after so many bytes."""
        return max(self._user.answers.take(now, size), self._agency.answers.take(now, size))

    def opened(self, now: float) -> float:
        """Seconds until a line may be opened; 0: it is. What is turned away is not counted."""
        wait = max(self._user.opens.wait(now), self._agency.opens.wait(now))
        if not wait:
            self._user.opens.take(now)
            self._agency.opens.take(now)
        return wait

    def hold(self, size: int) -> None:
        """One more command waits."""
        self._held(1, size)

    def let_go(self, size: int, count: int = 1) -> None:
        """So many wait no longer."""
        self._held(-count, -size)

    def _held(self, count: int, size: int) -> None:
        self.held_commands += count
        self.held_bytes += size
        if self.held_commands < HELD_COMMANDS_MAX and self.held_bytes < HELD_BYTES_MAX:
            self.room.set()
        else:
            self.room.clear()


class Accounts:
    """One for each user that has come, kept while the process lives: there are no more than there are tokens."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._agencies: dict[str, Purse] = {}
        self._users: dict[tuple[str, str], Account] = {}

    def of(self, actor: Actor) -> Account:
        """The account of a user, whatever its role and however many lines it has."""
        key = (actor.agency, actor.name)
        account = self._users.get(key)
        if account is None:
            account = self._users[key] = Account(self._user(), self._agency(actor.agency))
        return account

    def _user(self) -> Purse:
        limits = self._limits
        return _purse(
            limits.per_user_rate,
            limits.per_user_burst,
            limits.per_user_backlog,
            FRAME_BURST,
            Bucket(limits.connections_per_user / OPEN_SECONDS, limits.connections_per_user * OPEN_BURST),
        )

    def _agency(self, agency: str) -> Purse:
        limits, purse = self._limits, self._agencies.get(agency)
        if purse is None:
            lines = limits.connections_per_agency
            opens = Bucket(lines / AGENCY_OPEN_SECONDS, lines * AGENCY_OPEN_BURST)
            purse = self._agencies[agency] = _purse(
                limits.per_agency_rate,
                limits.per_agency_burst,
                limits.per_agency_backlog,
                AGENCY_FRAME_BURST,
                opens,
            )
        return purse


def _purse(rate: int, burst: int, backlog: int, frames: int, opens: Bucket) -> Purse:
    answers = rate * ANSWER_BYTES
    return Purse(
        Steps(rate, burst, backlog),
        Bucket(rate * FRAMES_PER_COMMAND, frames),
        Bucket(answers, answers * ANSWER_BURST_SECONDS),
        opens,
    )
