"""One socket from its first moment on: counted before TLS, read in small bites, and held to its user's budget.

websockets parses whatever one read of the socket brought, and answers pings by itself. A quarter of a megabyte of
the smallest frames would keep the loop for half a second; so the bytes are handed on in bites, between which everybody
else has a turn, and a user who has sent too many frames is not read from for a while.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Coroutine
from typing import Any, ClassVar, Final, cast

from websockets.asyncio.server import ServerConnection
from websockets.frames import Frame, Opcode

from server import logs
from server.counters import Tally
from server.entrance import Entrance
from server.limits import Account
from server.places import Places
from server.session import close
from server.signins import Badge

OPEN_SECONDS: Final = 5.0
"""Time for the handshake of TLS, and as much again for that of the websocket."""

TLS_CLOSE_SECONDS: Final = 3.0
BITE: Final = 2_048
"""Bytes that are parsed before everybody else has a turn."""

LAST_BITE: Final = 16_384
"""What is still taken of a peer that has ended its side; what is beyond that is lost, and was never answered."""

UNKNOWN_BYTES_MAX: Final = 65_536
"""What may come from a socket before it has said who it is."""

FRAGMENTS_MAX: Final = 32
"""Frames of one message."""

TOO_BIG: Final = 1009

QUEUE, METER, REST = "queue", "meter", "rest"


class _Valve:
    """The transport as websockets sees it while the line is made: it pauses, and so do we, each for its own reason."""

    def __init__(self, transport: asyncio.Transport, hold: Any, release: Any) -> None:
        self.set_write_buffer_limits = transport.set_write_buffer_limits
        self._hold = hold
        self._release = release

    def pause_reading(self) -> None:
        self._hold(QUEUE)

    def resume_reading(self) -> None:
        self._release(QUEUE)


class Caller(ServerConnection):
    """A connection that is a stranger until ``welcome``. The gateway makes a kind of its own with the class fields."""

    entrance: ClassVar[Entrance]
    places: ClassVar[Places]
    tally: ClassVar[Tally]
    context: ClassVar[ssl.SSLContext | None] = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.badge: Badge | None = None
        self.errand: Callable[[], Coroutine[Any, Any, None]] | None = None
        """What it came to the door for, when it is no session."""
        self.account: Account | None = None
        self.heard_at = self.loop.time()
        """When anything last came, by the loop's clock."""
        self._line: asyncio.Transport
        self._securing: asyncio.Task[None] | None = None
        self._closing: asyncio.Task[None] | None = None
        self._made = self._gone = False
        self._rest = bytearray()
        self._holds: set[str] = set()
        self._feeding: asyncio.Handle | None = None
        self._metering: asyncio.TimerHandle | None = None
        self._received = self._frames = self._fragments = 0

    # -- coming and going -----------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A socket has come in; nothing has been read of it."""
        self._line = cast(asyncio.Transport, transport)
        if not self.entrance.came(self, transport.get_extra_info("peername"), self.loop.time()):
            self._line.abort()
        elif self.context is None:
            self._open(self._line)
        else:
            self._securing = self.loop.create_task(self._secure(self.context))

    async def _secure(self, context: ssl.SSLContext) -> None:
        """The handshake of TLS. That it fails is normal life, and logged as a line."""
        try:
            secured = await self.loop.start_tls(
                self._line,
                self,
                context,
                server_side=True,
                ssl_handshake_timeout=OPEN_SECONDS,
                ssl_shutdown_timeout=TLS_CLOSE_SECONDS,
            )
        except OSError as error:
            logs.note("no handshake", error=type(error).__name__, peer=shown(_peer(self._line)))
            secured = None
        if secured is None or self._gone:
            self._line.abort()
            self.connection_lost(None)
            return
        self._open(secured)

    def _open(self, transport: asyncio.Transport) -> None:
        valve = cast(asyncio.BaseTransport, _Valve(transport, self._hold, self._release))
        super().connection_made(valve)
        self.transport = transport
        self._made = True
        self._feed()

    def welcome(self) -> None:
        """It has said who it is."""
        self.entrance.left(self)

    def put_out(self) -> None:
        """End it now, without a word."""
        self._line.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """The socket has gone, at whatever stage; may be told twice."""
        if self._gone:
            return
        self._gone = True
        self._rest.clear()
        self.entrance.left(self)
        self.places.left(self)
        for handle in (self._feeding, self._metering):
            if handle is not None:
                handle.cancel()
        if self._made:
            super().connection_lost(exc)

    # -- bytes in -------------------------------------------------------------------------------------------

    def data_received(self, data: bytes) -> None:
        """Take a bite now, and the rest when others have had their turn."""
        self.heard_at = self.loop.time()
        self._received += len(data)
        if self.account is None and self._received > UNKNOWN_BYTES_MAX:
            self._line.abort()
            return
        if self._made and not self._rest and not self._holds and len(data) <= BITE:
            self._bite(data)
        else:
            self._rest += data
            if self._made and self._feeding is None:
                self._feed()

    def eof_received(self) -> None:
        """The peer has ended its side."""
        if not self._made:
            return
        last = bytes(self._rest[:LAST_BITE])
        self._rest.clear()
        if last:
            super().data_received(last)
        super().eof_received()

    def process_event(self, event: Any) -> None:
        """Count what websockets has found."""
        if isinstance(event, Frame):
            self._frames += 1
            if event.opcode is Opcode.CONT:
                self._fragments += 1
                if self._fragments == FRAGMENTS_MAX:
                    reason = f"A message may come in {FRAGMENTS_MAX} pieces."
                    self._closing = self.loop.create_task(close(self, TOO_BIG, reason))
            elif event.opcode in (Opcode.TEXT, Opcode.BINARY):
                self._fragments = 0
        super().process_event(event)

    def _bite(self, data: bytes) -> None:
        super().data_received(data)
        frames, self._frames = self._frames, 0
        if self.account is None:
            return
        wait = self.account.frames(self.loop.time(), frames, len(data))
        if wait:
            self._hold(METER)
            self._metering = self.loop.call_later(wait, self._release, METER)
            self.tally.paused += 1

    def _feed(self) -> None:
        """The next bite of what has come already."""
        self._feeding = None
        if self._gone:
            return
        if self._rest and self._holds <= {REST}:
            data = bytes(self._rest[:BITE])
            del self._rest[:BITE]
            self._bite(data)
        if not self._rest:
            self._release(REST)
        else:
            self._hold(REST)
            if self._holds == {REST}:
                self._feeding = self.loop.call_soon(self._feed)

    def _hold(self, why: str) -> None:
        if not self._holds:
            self.transport.pause_reading()
        self._holds.add(why)

    def _release(self, why: str) -> None:
        if why not in self._holds:
            return
        self._holds.discard(why)
        if self._gone:
            return
        if not self._holds:
            self.transport.resume_reading()
        elif self._holds == {REST} and self._feeding is None:
            self._feeding = self.loop.call_soon(self._feed)


def _peer(transport: asyncio.BaseTransport) -> Any:
    return transport.get_extra_info("peername")


def shown(peer: Any) -> str:
    """Where a socket comes from, as people write it: 192.0.2.7:51000, [2001:db8::7]:51000; "" when it has gone."""
    if not isinstance(peer, tuple) or len(peer) < 2:
        return ""
    host, port = str(peer[0]), peer[1]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
