"""One connection as the hub sees it: who it is, what it watches, and a bounded way out.

Nothing here waits for a peer without a limit. Small frames are written at once and counted against a bound; a
peer that does not read is closed with 4008 and comes back by its cursor. Long answers go through ``send``,
which waits for the peer and is run by one coroutine per connection.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any, Final

from websockets.asyncio.server import ServerConnection
from websockets.protocol import State

from incident.kernel import protocol
from incident.kernel.protocol import Accepted, Done, Error, Page, Refused, Watch
from incident.kernel.slice import Actor, Refusal
from server import logs
from server.counters import Tally
from server.limits import Account
from server.pacing import Pace
from server.signins import Badge
from server.wire import buffered, deliver

BUFFER_BYTES_MAX: Final = 1_048_576
"""What may wait for one peer to read before it is closed with 4008."""

STALLED_BEATS_MAX: Final = 3
"""Heartbeats in a row at which a full buffer has not shrunk, before the peer is taken for stuck."""

CLOSE_SECONDS: Final = 3.0
UNANSWERED_MAX: Final = 256
"""Commands of one connection that may wait for an answer; past it, nothing more is read from the peer."""

ERRANDS_MAX: Final = 64
"""Watches and pages of one connection that may wait their turn."""

TOO_SLOW: Final = 4008
GOING: Final = 1001
FAULT: Final = 1011

Spawn = Callable[[Coroutine[Any, Any, None]], Any]


class Session:
    """An authenticated connection. ``observer`` sessions do not count as a person of their agency."""

    __slots__ = (
        "_stalled",
        "_unanswered",
        "_waiting_bytes",
        "account",
        "actor",
        "badge",
        "closing",
        "connection",
        "errands",
        "observer",
        "pace",
        "room",
        "seat",
        "spawn",
        "streams",
        "tally",
        "working",
    )

    def __init__(
        self,
        connection: ServerConnection,
        actor: Actor,
        spawn: Spawn,
        *,
        observer: bool = False,
        seat: str = "",
        tally: Tally | None = None,
        badge: Badge | None = None,
        account: Account | None = None,
    ) -> None:
        self.connection = connection
        self.badge = Badge(actor) if badge is None else badge
        self.actor = actor
        self.observer = observer
        self.seat = seat
        self.spawn = spawn
        self.tally = Tally() if tally is None else tally
        self.account = account
        self.pace: Pace | None = None
        self.closing = False
        self.streams: dict[str, object] = {}
        """What it watches or is about to; each watch has a token of its own, so that a later one replaces it."""
        self.errands: deque[Watch | Page] = deque()
        self.working = False
        self.room = asyncio.Event()
        self.room.set()
        self._unanswered = 0
        self._stalled = 0
        self._waiting_bytes = 0

    # -- commands of this peer ------------------------------------------------------------------------------

    def asked(self) -> None:
        """A command was taken from the peer; ``room`` is shut while too many wait for their answer."""
        self._unanswered += 1
        if self._unanswered >= UNANSWERED_MAX:
            self.room.clear()

    def accepted(self, stream: str, done: list[Done]) -> None:
        """These commands of the peer are in the log."""
        self._answered(len(done))
        self.tally.acks += len(done)
        for one in done:
            logs.detail("accepted", command_id=one.command_id, stream=stream, seq=one.last)
        self.post(protocol.encode(Accepted(stream=stream, done=done)))

    def refused(self, stream: str, command_id: str, refusal: Refusal) -> None:
        """This command of the peer is not."""
        self._answered(1)
        self.tally.refuse(refusal)
        logs.detail("refused", command_id=command_id, code=refusal.code)
        self.post(
            protocol.encode(
                Refused(
                    stream=stream,
                    command_id=command_id,
                    code=refusal.code,
                    sentence=refusal.sentence,
                    facts=refusal.facts,
                    conflict=refusal.conflict,
                )
            )
        )

    def _answered(self, count: int) -> None:
        self._unanswered -= count
        if self._unanswered < UNANSWERED_MAX:
            self.room.set()

    # -- the way out ----------------------------------------------------------------------------------------

    @property
    def open(self) -> bool:
        """Whether frames still reach the peer."""
        return not self.closing and self.connection.state is State.OPEN

    def too_slow(self) -> None:
        """More waits for the peer than may: it is closed, to come back by its cursor."""
        self.drop(TOO_SLOW, "You read too slowly; come back and resume.")

    def post(self, frame: bytes) -> None:
        """Write one small frame now, or close a peer that does not read."""
        deliver((self,), (frame,), BUFFER_BYTES_MAX)

    def error(self, code: str, sentence: str, stream: str = "") -> None:
        """Tell the peer what could not be taken."""
        self.post(protocol.encode(Error(code=code, sentence=sentence, stream=stream)))

    async def send(self, frame: bytes, *, text: bool = True) -> None:
        """Write one frame of a long answer, waiting for the peer; others get their turn in any case.

        Raises:
            websockets.ConnectionClosed: the peer has gone.
        """
        await self.connection.send(frame, text=text)
        # send() does not give way while the socket takes data, and one joiner would stop everybody
        await self.pay(len(frame))

    async def pay(self, size: int) -> None:
        """Wait until the user may be answered with more, after so many bytes; others get their turn in any case."""
        now = asyncio.get_running_loop().time()
        await asyncio.sleep(0.0 if self.account is None else self.account.answer(now, size))

    def beat(self) -> bool:
        """Called with each heartbeat: False when the peer has taken nothing for a while and is closed."""
        waiting = buffered(self.connection)
        stuck = waiting > 0 and waiting >= self._waiting_bytes > 0
        self._waiting_bytes = waiting
        self._stalled = self._stalled + 1 if stuck else 0
        if self._stalled >= STALLED_BEATS_MAX:
            self.drop(TOO_SLOW, "You have read nothing for a while; come back and resume.")
            return False
        return True

    def drop(self, code: int, reason: str) -> None:
        """Close the connection from here, once; it is gone within a few seconds whatever the peer does."""
        if self.closing:
            return
        self.closing = True
        self.tally.too_slow += code == TOO_SLOW
        if self.pace is not None:
            self.pace.end()
        self.room.set()
        logs.note("closed by us", agency=self.actor.agency, name=self.actor.name, code=code)
        self.spawn(close(self.connection, code, reason))


async def close(connection: ServerConnection, code: int, reason: str = "") -> None:
    """The closing handshake, with an end: a peer that does not read would make it wait for ever."""
    try:
        async with asyncio.timeout(CLOSE_SECONDS):
            await connection.close(code, reason)
    except TimeoutError:
        connection.transport.abort()
