"""The listener: who may come in, frames in and out, and every bound a peer meets before the hub hears of it.

A bad frame is answered with an error frame, a row of them with a close code; no peer ever sees a trace. That a
connection ends is normal life.
"""

from __future__ import annotations

import asyncio
import http
import secrets
import ssl
from collections.abc import Callable
from functools import partial
from typing import Final

import msgspec
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.protocol import State

from incident.kernel import protocol
from incident.kernel.protocol import (
    PROTOCOL,
    Bye,
    Error,
    Heartbeat,
    Hello,
    Lock,
    Page,
    ProtocolError,
    Submit,
    Unwatch,
    Watch,
)
from incident.kernel.slice import Actor, Refusal
from server import logs
from server.authority import device_of
from server.caller import OPEN_SECONDS, Caller, shown
from server.door import PATHS, Door, line_account
from server.doorkeeper import LOCKED, SIGNED_OUT, Doorkeeper, turned_away
from server.entrance import Entrance
from server.hub import Hub
from server.joining import Joining
from server.limits import Limits
from server.pacing import Pace
from server.places import Places
from server.session import ERRANDS_MAX, FAULT, GOING, Session, close
from server.settings import loopback
from server.signins import Badge

HELLO_SECONDS: Final = 5.0
BAD_FRAMES_MAX: Final = 10
"""Frames in a row that are not of the protocol, before the connection is closed."""

STREAMS_MAX: Final = 64
"""Streams that one connection may watch at once."""

RESTART: Final = 1012
NOT_TEXT: Final = 1003
POLICY: Final = 1008
TOO_OLD: Final = 4010
RETRY_MS: Final = (500, 5_000)
"""A stopping server asks each client to come back after a time between these, so that they do not come as one."""

OBSERVER: Final = Refusal("observer", "A session that only reads cannot write.")
AT_THE_DOOR: Final = "(at the door)"
"""Known desks that sign in have their places together: some of each desk, and so many in all."""

COMMITS_SECONDS: Final = 4.0
GOODBYE_SECONDS: Final = 4.0


class Gateway:
    """The websocket side of one server process."""

    def __init__(
        self,
        hub: Hub,
        doorkeeper: Doorkeeper,
        *,
        name: str,
        charter: bytes,
        limits: Limits | None = None,
        door: Door | None = None,
        certificate_until: Callable[[], int] = lambda: 0,
    ) -> None:
        self.hub = hub
        self.joining = Joining(hub)
        self._doorkeeper = doorkeeper
        self._name = name
        self._charter = charter
        limits = limits or Limits()
        self._entrance = Entrance(limits, hub.tally)
        self._places = Places(limits, hub.tally)
        self._errands_at = door
        self._certificate_until = certificate_until
        self._server: Server | None = None
        self._plain = True
        """An open line, which only this machine reaches."""

    # -- the socket -----------------------------------------------------------------------------------------

    async def open(self, host: str, port: int, context: ssl.SSLContext | None = None) -> int:
        """Listen, with TLS where there is a context; answers the port.

        Raises:
            OSError: the address is taken or not ours.
            ValueError: an open line was to be reached from elsewhere.
        """
        if context is None:
            loopback(host)
        self._plain = context is None
        own = {
            "entrance": self._entrance,
            "places": self._places,
            "tally": self.hub.tally,
            "context": context,  # a socket is counted before TLS, so its handshake is the caller's
        }
        kind = type("_Caller", (Caller,), own)
        self._server = await serve(
            self._handle,
            host,
            port,
            process_request=self._door,
            origins=[None],
            compression=None,
            server_header=None,
            max_size=(protocol.CLIENT_FRAME_BYTES_MAX, protocol.CLIENT_FRAME_BYTES_MAX),
            max_queue=16,
            write_limit=65_536,
            open_timeout=OPEN_SECONDS,
            ping_interval=5,
            ping_timeout=7,
            close_timeout=3,
            logger=logs.SILENT,
            create_connection=kind,
        )
        return int(self._server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        """Leave in order: nobody new, finish what was taken on, say goodbye; at most ten seconds in all."""
        self.hub.stopping = True
        await self.hub.quiet(COMMITS_SECONDS)
        for session in tuple(self.hub.sessions):
            wait = RETRY_MS[0] + secrets.randbelow(RETRY_MS[1] - RETRY_MS[0])
            session.post(protocol.encode(Bye(sentence="The server is being stopped.", retry_after_ms=wait)))
        if self._server is None:
            return
        self._entrance.clear()
        self._server.close(code=RESTART, reason="The server is being stopped.")
        try:
            async with asyncio.timeout(GOODBYE_SECONDS):
                await self._server.wait_closed()
        except TimeoutError:
            for connection in tuple(self._server.all_connections):
                connection.transport.abort()

    # -- the door -------------------------------------------------------------------------------------------

    def _door(self, connection: ServerConnection, request: Request) -> Response | None:
        """Before the handshake: is the server well, and who is it?"""
        path = request.path.partition("?")[0]
        if path == "/healthz":
            return connection.respond(http.HTTPStatus.OK, "ok\n")
        if path == "/readyz":
            return self._readiness(connection)
        if path != "/" and (self._errands_at is None or path not in PATHS):
            return connection.respond(
                http.HTTPStatus.NOT_FOUND, "There is nothing here but / and /healthz.\n"
            )
        if self.hub.stopping:
            response = connection.respond(
                http.HTTPStatus.SERVICE_UNAVAILABLE,
                "The server takes nobody new at this moment. Try again soon.\n",
            )
            response.headers["Retry-After"] = str(1 + secrets.randbelow(5))
            return response
        header = request.headers.get("Authorization", "")
        device, plain = device_of(connection), self._plain
        if path != "/":
            account = line_account(header)
            return self._send_to_door(_caller(connection), path, device, account, plain=plain)
        scheme, _, token = header.partition(" ")
        found = self._doorkeeper.actor(token.strip(), device, plain) if scheme.lower() == "bearer" else None
        if found is None:
            sentence = turned_away(token, plain=plain, gone=self._doorkeeper.gone(device))
            self.hub.tally.turned_away += 1
            logs.security("turned away", with_token=bool(token), peer=shown(connection.remote_address))
            response = connection.respond(http.HTTPStatus.UNAUTHORIZED, sentence)
            response.headers["WWW-Authenticate"] = "Bearer"
            return response
        caller = _caller(connection)
        caller.badge = found if isinstance(found, Badge) else Badge(found)
        return self._placed(caller, caller.badge.actor)

    def _placed(self, caller: Caller, actor: Actor) -> Response | None:
        """A place for a line of somebody known, or the answer that there is none."""
        full = self._places.take(caller, actor)
        if full is None:
            return None
        response = caller.respond(full.status, f"{full.sentence}\n")
        response.headers["Retry-After"] = str(full.seconds + secrets.randbelow(full.seconds))
        return response

    def _send_to_door(
        self, caller: Caller, path: str, device: str, account: str, *, plain: bool
    ) -> Response | None:
        """Enrolment and sign-in are served by the door; who comes as a known desk need not wait among strangers."""
        door = self._errands_at
        if door is None:
            return None
        if door.known(device, account, plain=plain):
            full = self._placed(caller, Actor(device or account, AT_THE_DOOR, ""))
            if full is not None:
                return full
            caller.welcome()
        caller.errand = lambda: door.serve(caller, path, device=device, account=account, plain=plain)
        return None

    def _readiness(self, connection: ServerConnection) -> Response:
        if self.hub.read_only or self.hub.store.read_only:
            return connection.respond(http.HTTPStatus.SERVICE_UNAVAILABLE, "read only\n")
        if self.hub.stopping:
            return connection.respond(http.HTTPStatus.SERVICE_UNAVAILABLE, "stopping\n")
        return connection.respond(http.HTTPStatus.OK, "ready\n")

    # -- one connection -------------------------------------------------------------------------------------

    async def _handle(self, connection: ServerConnection) -> None:
        """One peer from its Hello to its end."""
        caller = _caller(connection)
        if caller.errand is not None:
            await self._serve_errand(caller)
            return
        caller.welcome()
        session: Session | None = None
        try:
            session = await self._greet(caller)
            if session is not None:
                await self._read(session)
        except ConnectionClosed:
            pass
        except Exception as error:  # noqa: BLE001 -- one peer's trouble is not the others'
            logs.fault("connection failed", error)
            await close(connection, FAULT, "The server could not go on with this connection.")
        finally:
            if session is not None:
                if session.pace is not None:
                    session.pace.end()
                self.hub.depart(session)
                logs.note(
                    "disconnected",
                    agency=session.actor.agency,
                    name=session.actor.name,
                    code=connection.close_code,
                )

    async def _serve_errand(self, caller: Caller) -> None:
        try:
            if caller.errand is not None:
                await caller.errand()
        except Exception as error:  # noqa: BLE001 -- one peer's trouble is not the others'
            logs.fault("errand failed", error)
            await close(caller, FAULT, "The server could not go on with this connection.")

    async def _greet(self, connection: Caller) -> Session | None:
        """Hello, version, Welcome and the directory; None when the peer was sent away."""
        badge = connection.badge
        if badge is None:
            return None
        actor = badge.actor
        try:
            async with asyncio.timeout(HELLO_SECONDS):
                hello = _hello(await connection.recv())
        except TimeoutError:
            await close(connection, POLICY, "No Hello came.")
            return None
        except ProtocolError as error:
            await _last_word(connection, POLICY, Error(code=error.code, sentence=error.sentence))
            return None
        if hello.protocol != PROTOCOL:
            older = "your program" if hello.protocol < PROTOCOL else "this server"
            sentence = (
                f"Protocol {hello.protocol} is not spoken here, but {PROTOCOL}: {older} must be updated."
            )
            await _last_word(connection, TOO_OLD, Error(code="protocol", sentence=sentence))
            return None
        session = Session(
            connection,
            actor,
            self.hub.spawn,
            observer=hello.observer,
            seat=hello.seat,
            tally=self.hub.tally,
            badge=badge,
            account=connection.account,
        )
        if connection.account is not None:
            take = partial(self._decide, session)
            told = partial(logs.security, "slowed", agency=actor.agency, name=actor.name)
            session.pace = Pace(connection.account, session.room, take, self.hub.spawn, self.hub.tally, told)
        if self._doorkeeper.over(badge):  # since the handshake
            await close(connection, SIGNED_OUT, self._doorkeeper.why_over(badge))
            return None
        self.hub.arrive(session)
        session.post(self._welcome(badge))
        self.hub.lists.welcome(session)
        session.post(self.hub.heartbeat(session))
        logs.note("connected", agency=actor.agency, name=actor.name, role=actor.role, observer=hello.observer)
        return session

    def _welcome(self, badge: Badge) -> bytes:
        actor = badge.actor
        return protocol.encode(
            protocol.Welcome(
                protocol=PROTOCOL,
                epoch=self.hub.store.epoch,
                server=self._name,
                mode=self.hub.store.mode,
                name=actor.name,
                agency=actor.agency,
                role=actor.role,
                sent_at=self.hub.now(),
                charter=msgspec.Raw(self._charter),
                until=badge.until,
                locked=badge.locked,
                certificate_until=self._certificate_until(),
            )
        )

    async def _read(self, session: Session) -> None:
        """What the peer sends, until it has gone or sent too much that is no frame of ours."""
        bad = 0
        async for message in session.connection:
            if session.closing:
                continue  # read on, so that the peer's own goodbye comes through
            if isinstance(message, bytes):
                session.drop(NOT_TEXT, "Frames of this protocol are text.")
                continue
            try:
                self._take(session, protocol.read_client(message.encode()))
                bad = 0
            except ProtocolError as error:
                bad += 1
                session.error(error.code, error.sentence)
                if bad > BAD_FRAMES_MAX:
                    session.drop(POLICY, "Too many frames in a row that are not of this protocol.")
            if not session.room.is_set():
                await session.room.wait()
            if session.pace is not None and not session.closing:
                await session.pace.room.wait()

    def _take(self, session: Session, frame: protocol.ClientFrame) -> None:
        match frame:
            case Submit() if session.observer:
                session.asked()
                session.refused(frame.stream, frame.command_id, OBSERVER)
            case Submit() if session.badge.locked and not self.hub.still_taken(frame):
                session.asked()
                session.refused(frame.stream, frame.command_id, LOCKED)
            case Submit() if session.pace is not None:
                session.pace.take(frame)
            case Submit():
                self._decide(session, frame)
            case Heartbeat():
                session.post(self.hub.heartbeat(session, frame.sent_at))
            case Watch() | Page():
                self._errand(session, frame)
            case Unwatch():
                self.hub.leave(session, frame.stream)
            case Bye():
                session.drop(GOING, "Goodbye.")
            case Lock():
                if not self._doorkeeper.lock(session.badge):
                    session.error("no_sign_in", "This session has no sign-in that could be locked.")
            case Hello():
                raise ProtocolError("hello_again", "Hello is said once.")

    def _decide(self, session: Session, submit: Submit) -> None:
        """A command whose turn has come. Nobody writes after their sign-in, not until the next sweep either."""
        if not session.closing and self._doorkeeper.over(session.badge):
            session.drop(SIGNED_OUT, self._doorkeeper.why_over(session.badge))
        if session.closing:
            return
        session.asked()
        self.hub.submit(session, submit)

    def _errand(self, session: Session, frame: Watch | Page) -> None:
        """Long answers are given one after the other, by one coroutine per connection that ends when it is idle."""
        if (
            isinstance(frame, Watch)
            and frame.stream not in session.streams
            and len(session.streams) >= STREAMS_MAX
        ):
            session.error("too_many", f"A connection may watch {STREAMS_MAX} streams.", frame.stream)
            return
        if len(session.errands) >= ERRANDS_MAX:
            session.error("busy", f"At most {ERRANDS_MAX} requests may wait their turn.", frame.stream)
            return
        session.errands.append(frame)
        if not session.working:
            session.working = True
            self.hub.spawn(self._errands(session))

    async def _errands(self, session: Session) -> None:
        try:
            await self.joining.run(session)
        except ConnectionClosed:
            pass
        except Exception as error:  # noqa: BLE001 -- one peer's trouble is not the others'
            logs.fault("answer failed", error)
            session.drop(FAULT, "The server could not go on with this connection.")
        finally:
            session.working = False


def _hello(message: str | bytes) -> Hello:
    """The first frame, which is a Hello or the end. Raises ProtocolError."""
    if isinstance(message, bytes):
        raise ProtocolError("not_text", "The first frame must be a Hello, as text.")
    hello = protocol.read_client(message.encode())
    if not isinstance(hello, Hello):
        raise ProtocolError("hello_first", "The first frame must be a Hello.")
    return hello


def _caller(connection: ServerConnection) -> Caller:
    """The connection as the kind that ``serve`` was told to make."""
    if not isinstance(connection, Caller):
        raise TypeError(type(connection).__name__)
    return connection


async def _last_word(connection: ServerConnection, code: int, error: Error) -> None:
    """Say what is wrong, then close."""
    if connection.state is State.OPEN:
        async with asyncio.timeout(HELLO_SECONDS):
            await connection.send(protocol.encode(error), text=True)
    await close(connection, code, error.sentence[:100])
