"""The line to the server: dialling, hello, heartbeats, and coming back when it breaks. It never raises.

Whatever goes wrong ends in a word and one plain sentence, and in another attempt after a random wait that grows
from half a second to fifteen. A pong proves only that the peer's socket lives, so the line counts as dead when
no frame of the protocol has come for eight seconds, whatever the socket says.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import ssl
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, WebSocketException

from incident.kernel import protocol
from incident.kernel.protocol import (
    SERVER_FRAME_BYTES_MAX,
    Bye,
    ClientFrame,
    Error,
    Heartbeat,
    Hello,
    ProtocolError,
    Records,
    ServerFrame,
    SnapshotPage,
    Welcome,
)
from incident.kernel.replica import LinkWord
from incident.kernel.text import clip, safe_text
from incident_tui.clock import Clock
from incident_tui.endings import Ending, closed, not_opened, stranger

OUTGOING_MAX: Final = 8_192
"""Frames that wait to be written; more than the outboxes of all streams together should ever hold."""

ECHOES_MAX: Final = 16
GATHER_SECONDS: Final = 0.04
"""Frames that come closer together than this are a flood, once ``FLOOD`` of them have, and are taken in together."""
FLOOD: Final = 4
GATHERED_MAX: Final = 256
RUN_MAX: Final = 256
"""Records that are taken in at once; behind them the screen has its turn."""
RETRY_SECONDS_MAX: Final = 60.0
SILENT = logging.getLogger("incident_tui.websockets")
SILENT.addHandler(logging.NullHandler())
SILENT.propagate = False
SILENT.setLevel(logging.CRITICAL)
_log = logging.getLogger(__name__)

Incoming: TypeAlias = ServerFrame | tuple[SnapshotPage, bytes]


class Ends(ClientConnection):
    """Knows why its transport ended: over TLS 1.3 a desk's certificate is refused after the handshake, when the
    websocket is told only that nothing more came. A kind of its own for each dialling.
    """

    why: list[Exception]

    def connection_lost(self, exc: Exception | None) -> None:
        """The transport has gone."""
        self.why += [exc] if exc is not None else []
        super().connection_lost(exc)


@dataclass(frozen=True, slots=True)
class Timing:
    """Every length of time of the line, in seconds; a test shortens them together."""

    heartbeat: float = 2.0
    lagging: float = 4.0
    slow: float = 1.0
    island: float = 8.0
    open: float = 5.0
    backoff: float = 0.5
    backoff_max: float = 15.0
    settled: float = 5.0
    """A connection that lasted this long starts the next backoff from its beginning."""


@dataclass(frozen=True, slots=True)
class LinkState:
    """What the screens show of the line. `since_ms` is when the word began (UTC ms), `head` the server's last
    record of the open stream, `retry_in_s` the seconds to the next attempt while there is no line.
    """

    word: LinkWord = LinkWord.ISLAND
    rtt_ms: int | None = None
    since_ms: int = 0
    head: int = 0
    retry_in_s: float | None = None
    sentence: str = ""


class Link:
    """One line to one server. Everything is called in the event loop."""

    def __init__(
        self,
        url: str,
        token: str,
        clock: Clock,
        *,
        hello: Callable[[], Hello],
        receive: Callable[[Incoming], None],
        changed: Callable[[], None],
        context: ssl.SSLContext | None = None,
        over: Callable[[str], None] | None = None,
        folder: str = "",
        timing: Timing | None = None,
        chance: random.Random | None = None,
    ) -> None:
        """`receive` gets every frame, in order, Welcome first; `changed` is called when `state` changes.

        `context` says whom a `wss` line believes (`trust.desk_context`); without one none is dialled. `over` is told
        why a sign-in is not valid any more; nothing is dialled then until `enter` or `redial` says so. `folder` is what
        a command that is offered to be typed needs to mean the same folder.
        """
        self.url = url
        self.heads: dict[str, int] = {}
        self.read_only = False
        self._token = token
        self._context = context
        self._over = over
        self._folder = folder
        self._connection: ClientConnection | None = None
        self._anew = False
        self._clock = clock
        self._hello = hello
        self._receive = receive
        self._changed = changed
        self._timing = timing or Timing()
        self._chance = chance or random.Random()
        self._state = LinkState(since_ms=clock.now(), sentence=f"Not connected yet. Waiting for {url}.")
        self._out: deque[bytes] = deque()
        self._writable = asyncio.Event()
        self._dial_now = asyncio.Event()
        self._next_try: float | None = None
        self._welcomed = False
        self._bye: Bye | None = None
        self._heard = 0.0
        self._taken = float("-inf")
        self._flood = 0
        self._run: list[Records] = []
        """Frames of one stream that follow from one another, before they are handed on."""
        self._rtt: float | None = None
        self._asked: dict[int, float] = {}

    # -- what is seen of it -----------------------------------------------------------------------------------

    @property
    def state(self) -> LinkState:
        """Word, round trip, and the sentence that says what is being waited for."""
        if self._next_try is None:
            return self._state
        return replace(self._state, retry_in_s=max(0.0, self._next_try - self._clock.monotonic()))

    @property
    def up(self) -> bool:
        """Whether the server has said Welcome on a line that is still open."""
        return self._welcomed

    def post(self, frame: ClientFrame) -> bool:
        """Hand over a frame to be written. False: there is no line, or too much waits already."""
        if not self._welcomed or len(self._out) >= OUTGOING_MAX:
            return False
        self._out.append(protocol.encode(frame))
        self._writable.set()
        return True

    def redial(self) -> None:
        """Do not wait for the next attempt: dial now."""
        self._dial_now.set()

    def enter(self, token: str, context: ssl.SSLContext | None, *, stays: bool = False) -> None:
        """Come in with another token from now on: at once, unless the line that there is `stays`."""
        self._token, self._context = token, context
        if stays:
            return
        self._anew = True
        if self._connection is not None:
            self._connection.transport.abort()
        self._dial_now.set()

    # -- dialling ---------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Keep the line up until cancelled; says goodbye when it is."""
        tries = 0
        while True:
            self._next_try, self._anew = None, False
            ending = await self._dial()
            if self._anew:
                continue
            tries = 0 if ending.settled else tries + 1
            wait = None
            if not ending.over or self._over is None:
                wait = self._wait(ending, tries)
                self._next_try = self._clock.monotonic() + wait
            self._set(LinkWord.ISLAND, ending.sentence)
            self._dial_now.clear()
            if wait is None and self._over is not None:
                self._over(ending.sentence)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    await self._dial_now.wait()

    def _wait(self, ending: Ending, tries: int) -> float:
        """Full jitter, so that rooms cut off together do not come back together."""
        timing = self._timing
        if ending.hopeless:
            return self._chance.uniform(timing.backoff_max, 2 * timing.backoff_max)
        ceiling = min(timing.backoff_max, timing.backoff * 2.0 ** min(tries, 16))
        asked = min(ending.retry_seconds, RETRY_SECONDS_MAX)
        return asked + self._chance.uniform(0, timing.backoff if asked else ceiling)

    async def _dial(self) -> Ending:
        """One connection from its first packet to its end; every failure is an Ending."""
        secure = self.url.startswith("wss:")
        if secure and self._context is None:
            return stranger(self.url, self._folder)
        why: list[Exception] = []
        try:
            connection = await connect(
                self.url,
                additional_headers={"Authorization": f"Bearer {self._token}"} if self._token else None,
                user_agent_header="incident-tui",
                proxy=None,
                compression=None,
                open_timeout=self._timing.open,
                close_timeout=1,
                ping_interval=None,  # heartbeats of the protocol say more
                max_size=SERVER_FRAME_BYTES_MAX + 65_536,
                max_queue=64,
                logger=SILENT,
                ssl=self._context if secure else None,
                create_connection=type("_Ends", (Ends,), {"why": why}),
            )
        except (OSError, TimeoutError, ValueError, WebSocketException) as error:
            return not_opened(self.url, error, *why[-1:])
        started = self._clock.monotonic()
        self._connection = connection
        try:
            ending = await self._talk(connection)
        finally:
            self._connection = None
            self._welcomed = False
            self._out.clear()
            self._asked.clear()
            self._rtt = None
            connection.transport.abort()
            # Here, and not in `run` alone: when it is ended from outside, nobody else says that the line is gone.
            self._set(LinkWord.ISLAND, "The line to the server is closed.")
        lasted = self._clock.monotonic() - started
        return replace(ending, settled=lasted >= self._timing.settled)

    # -- one connection ---------------------------------------------------------------------------------------

    async def _talk(self, connection: ClientConnection) -> Ending:
        self._bye, self._run = None, []
        self._heard = self._clock.monotonic()
        parts = [
            asyncio.create_task(part, name=f"link {name}")
            for name, part in (
                ("read", self._read(connection)),
                ("write", self._write(connection)),
                ("watch", self._watch(connection)),
            )
        ]
        try:
            await connection.send(protocol.encode(self._hello()), text=True)
            done, _ = await asyncio.wait(parts, return_when=asyncio.FIRST_COMPLETED)
            return next(iter(done)).result()
        except (OSError, WebSocketException) as error:
            return closed(error, self._bye)
        except asyncio.CancelledError:
            with contextlib.suppress(OSError, TimeoutError, WebSocketException):
                async with asyncio.timeout(1):
                    await connection.send(protocol.encode(Bye(sentence="The client was closed.")), text=True)
                    await connection.close()
            raise
        finally:
            for part in parts:
                part.cancel()
            await asyncio.gather(*parts, return_exceptions=True)

    async def _read(self, connection: ClientConnection) -> Ending:
        try:
            while True:
                some = [await connection.recv(decode=False)]
                await self._gather(connection, some)
                for data in some:
                    ending = self._take(data, self._taken)
                    if ending is not None:
                        self._hand_on()
                        return ending
                    if sum(len(frame.records) for frame in self._run) > RUN_MAX or not self._run:
                        # recv() does not give way while frames are at hand, and a long answer would stop the screen
                        self._hand_on()
                        await asyncio.sleep(0)
                self._hand_on()
                await asyncio.sleep(0)
        except ConnectionClosed as error:
            return closed(error, self._bye)
        except ProtocolError as error:
            return Ending(f"The server sent something that is not this protocol: {safe_text(error.sentence)}")
        except Exception as error:  # noqa: BLE001 - a mistake of ours must end the line, not the screen
            _log.error("frame_failed error=%s", type(error).__name__)
            return Ending(f"This client could not take in what the server sent ({type(error).__name__}).")

    async def _gather(self, connection: ClientConnection, some: list[bytes]) -> None:
        """Under a flood, wait a moment and take whatever has come: a hundred frames are dearer one by one."""
        since = self._clock.monotonic() - self._taken
        self._flood = self._flood + 1 if since < GATHER_SECONDS else 0
        if self._flood > FLOOD:
            await asyncio.sleep(GATHER_SECONDS - since)
            with contextlib.suppress(
                TimeoutError, ConnectionClosed
            ):  # the next recv() says that it is closed
                async with asyncio.timeout(0):
                    while len(some) < GATHERED_MAX:
                        some.append(await connection.recv(decode=False))
        self._taken = self._clock.monotonic()

    def _hand_on(self) -> None:
        """Records that came in several frames and follow from one another are taken in as one."""
        run, self._run = self._run, []
        if run:
            records = [record for frame in run for record in frame.records]
            self._receive(msgspec.structs.replace(run[0], records=records) if run[1:] else run[0])
            self._judge()

    def _follows(self, frame: Records) -> bool:
        """Whether it goes on where those that wait to be handed on end: a gap or a break is looked at by itself."""
        if not self._run or not self._run[-1].records or not frame.records:
            return not self._run
        last, first = self._run[-1], frame
        end = last.records[-1]
        return (last.stream, end.seq + 1, end.hash) == (first.stream, first.records[0].seq, first.prev)

    def _take(self, data: bytes, arrived: float) -> Ending | None:
        """One frame. A text frame opens with a brace, a snapshot page with the upper byte of a small number."""
        if data[:1] != b"{":
            self._hand_on()
            self._receive(protocol.read_page(data))
            self._heard = arrived
            return None
        frame = protocol.read_server(data)
        if not self._welcomed:
            if isinstance(frame, Error):
                return Ending(clip(safe_text(frame.sentence), 300), hopeless=True)
            if not isinstance(frame, Welcome):
                return Ending("The server did not say welcome first.")
            self._clock.learn(frame.sent_at, self._heard, arrived)
            self._welcomed = True
            self._heard = arrived
            self._ask()
        elif isinstance(frame, Heartbeat):
            self._beat(frame, arrived)
        elif isinstance(frame, Bye):
            self._bye = frame
        self._heard = arrived
        if isinstance(frame, Records) and not frame.history:
            if not self._follows(frame):
                self._hand_on()
            self._run.append(frame)
            return None
        self._hand_on()
        self._receive(frame)
        self._judge()
        return None

    def _beat(self, frame: Heartbeat, arrived: float) -> None:
        self.heads = frame.heads
        self.read_only = frame.read_only
        asked = self._asked.get(frame.echo) if frame.echo is not None else None
        if asked is None:
            return
        self._rtt = arrived - asked
        self._clock.learn(frame.sent_at, asked, arrived)
        # an answer stands for every question before it
        self._asked = {sent_at: at for sent_at, at in self._asked.items() if at > asked}

    def _ask(self) -> None:
        """Our own heartbeat, before everything that waits: for the round trip and the server's time."""
        sent_at = max(0, self._clock.wall_ms())
        while sent_at in self._asked:
            sent_at += 1
        if len(self._asked) < ECHOES_MAX:
            self._asked[sent_at] = self._clock.monotonic()
        self._out.appendleft(protocol.encode(Heartbeat(sent_at=sent_at)))
        self._writable.set()

    async def _write(self, connection: ClientConnection) -> Ending:
        try:
            while True:
                if not self._out:
                    self._writable.clear()
                    await self._writable.wait()
                    continue
                await connection.send(self._out.popleft(), text=True)
                await asyncio.sleep(0)
        except ConnectionClosed as error:
            return closed(error, self._bye)

    async def _watch(self, connection: ClientConnection) -> Ending:
        """Looks at the silence, and asks for the time every heartbeat."""
        timing = self._timing
        next_ask = self._clock.monotonic() + timing.heartbeat
        while True:
            await asyncio.sleep(min(0.5, timing.heartbeat / 4))
            now = self._clock.monotonic()
            silent = now - self._heard
            if not self._welcomed and silent > timing.open:
                return Ending("The server took the call and said nothing.")
            if silent > timing.island:
                return Ending(f"The server has been silent for {timing.island:g} seconds.")
            if self._welcomed and now >= next_ask:
                next_ask = now + timing.heartbeat
                self._ask()
            self._judge()

    # -- the word ---------------------------------------------------------------------------------------------

    def _judge(self) -> None:
        """The word that the facts allow now."""
        if not self._welcomed:
            return
        now = self._clock.monotonic()
        silent = now - self._heard
        waiting = now - min(self._asked.values(), default=now)
        trip = max(waiting, self._rtt or 0.0)
        if silent > self._timing.lagging:
            self._set(LinkWord.LAGGING, f"Nothing heard for {silent:.0f} seconds.")
        elif trip > self._timing.slow:
            self._set(LinkWord.LAGGING, f"An answer takes more than {self._timing.slow:g} s.")
        elif self.read_only:
            self._set(
                LinkWord.READ_ONLY, "The server can write nothing at the moment. What you write waits here."
            )
        else:
            self._set(LinkWord.LIVE, "")

    def _set(self, word: LinkWord, sentence: str) -> None:
        rtt_ms = None if self._rtt is None or word is LinkWord.ISLAND else round(self._rtt * 1000)
        before = self._state
        since = before.since_ms if before.word is word else self._clock.now()
        self._state = LinkState(word, rtt_ms, since, sentence=sentence)
        if (before.word, before.sentence, before.rtt_ms) != (word, sentence, rtt_ms):
            self._changed()
