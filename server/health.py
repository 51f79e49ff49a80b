"""How a running server is: as words for the doctor, and over HTTP for whatever watches over the machine.

The door to it is a port of its own, on 127.0.0.1 alone and off unless the settings name it. It answers GET of
three addresses and nothing else, and tells nothing of an incident: counts, and the words of ``trouble``.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from http import HTTPStatus
from typing import Final

from server import logs, metrics
from server.backup import backup_age
from server.datafolder import DataFolder
from server.hub import Hub
from server.probe import OLD_SECONDS, Probe
from server.pulse import Pulse
from server.settings import loopback
from server.store import StoreError

HOST: Final = "127.0.0.1"
REQUEST_BYTES_MAX: Final = 4_096
SECONDS_MAX: Final = 3.0
"""For a request to come in, for its answer to be found, and for it to be taken: each."""

CALLERS_MAX: Final = 16
"""Connections at once; one more is closed at once."""

SOUND_SECONDS: Final = 1.0
"""The log is asked at most so often whether it is still the one that was opened."""

WAL_BYTES_MAX: Final = 256 * 2**20
"""Four times what it is kept to: some program reads the log without an end, so nothing can be moved out of it."""

PLAIN: Final = "text/plain; charset=utf-8"
Reply = tuple[HTTPStatus, str, str]


class PortRefused(OSError):
    """The port of this door cannot be listened on."""


def trouble(hub: Hub, pulse: Pulse, probe: Probe | None = None) -> list[str]:
    """Why nothing can be written at this moment, or would bear a wrong time, a word for each reason; else empty."""
    reasons = {
        "read_only": hub.failure is not None or hub.store.read_only,
        "disk_silent": hub.disk_silent or (probe is not None and probe.age() > OLD_SECONDS),
        "disk_full": hub.store.refuses() is not None,
        "wal": probe is not None and probe.wal > WAL_BYTES_MAX,
        "clock": pulse.clock_is_wrong(logs.clock()),
        "stopping": hub.stopping,
    }
    return [word for word, so in reasons.items() if so]


class Watch:
    """One line of the log when nothing can be written any more, or with a wrong time; one when all is well."""

    def __init__(self) -> None:
        self._reasons: list[str] = []

    def look(self, reasons: list[str]) -> None:
        """``reasons`` are those of ``trouble`` now; that the server stops is no trouble here."""
        reasons = [one for one in reasons if one != "stopping"]
        if reasons == self._reasons:
            return
        self._reasons = reasons
        if reasons:
            logs.warn("not ready", reasons=reasons)
        else:
            logs.note("ready again")


class HealthDoor:
    """/healthz, /readyz and /metrics of one server process."""

    def __init__(
        self, hub: Hub, pulse: Pulse, probe: Probe | None = None, folder: DataFolder | None = None
    ) -> None:
        self._hub = hub
        self._pulse = pulse
        self._probe = probe
        self._folder = folder
        self._server: asyncio.Server | None = None
        self._callers = 0
        self._sound = True
        self._asked_at = float("-inf")
        self._asking = asyncio.Lock()

    async def open(self, port: int) -> int:
        """Listen; answers the port.

        Raises:
            PortRefused: it is taken, or may not be used.
        """
        try:
            self._server = await asyncio.start_server(self._serve, HOST, port, limit=REQUEST_BYTES_MAX)
        except OSError as error:
            raise PortRefused(error.errno, error.strerror) from error
        return int(self._server.sockets[0].getsockname()[1])

    def close(self) -> None:
        """Listen no more."""
        if self._server is not None:
            self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._callers += 1
        try:
            if self._callers > CALLERS_MAX:
                return
            reply = await self._request(reader)
            if reply is not None:
                writer.write(_response(*reply))
                async with asyncio.timeout(SECONDS_MAX):
                    await writer.drain()
        except (OSError, TimeoutError):
            writer.transport.abort()  # whoever asked has gone, or takes nothing
        except Exception as error:  # noqa: BLE001 -- a slip here must not end the server
            logs.fault("health door failed", error)
        finally:
            self._callers -= 1
            writer.close()

    async def _request(self, reader: asyncio.StreamReader) -> Reply | None:
        """The answer to one request; None when none came."""
        try:
            async with asyncio.timeout(SECONDS_MAX):
                head = await reader.readuntil(b"\r\n\r\n")
        except asyncio.LimitOverrunError:
            return HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "That is too long.\n", PLAIN
        except (asyncio.IncompleteReadError, TimeoutError):
            return None
        first, *fields = head.decode("latin-1").split("\r\n")
        method, _, rest = first.partition(" ")
        target, _, version = rest.partition(" ")
        if version not in ("HTTP/1.0", "HTTP/1.1") or not target.startswith("/"):
            return HTTPStatus.BAD_REQUEST, "That is no request.\n", PLAIN
        if method != "GET":
            return HTTPStatus.METHOD_NOT_ALLOWED, "Only GET.\n", PLAIN
        if not all(map(_for_this_machine, fields)):
            return (
                HTTPStatus.FORBIDDEN,
                "This is for programs of this machine, by its loopback address.\n",
                PLAIN,
            )
        async with asyncio.timeout(SECONDS_MAX):
            return await self._answer(target.partition("?")[0])

    async def _answer(self, path: str) -> Reply:
        match path:
            case "/healthz":
                return HTTPStatus.OK, "ok\n", PLAIN
            case "/readyz":
                words = trouble(self._hub, self._pulse, self._probe)
                if not await self._log_is_sound():
                    words.append("schema")
                status = HTTPStatus.SERVICE_UNAVAILABLE if words else HTTPStatus.OK
                return status, " ".join(words or ["ready"]) + "\n", PLAIN
            case "/metrics":
                free, wal, age = await asyncio.to_thread(self._disk)
                text = metrics.written(self._hub, self._pulse, free, wal, age)
                return HTTPStatus.OK, text, metrics.CONTENT_TYPE
            case _:
                return HTTPStatus.NOT_FOUND, "Here are /healthz, /readyz and /metrics.\n", PLAIN

    def _disk(self) -> tuple[int, int, int]:
        """Bytes free, bytes of the write-ahead log, and seconds since the last backup; -1 where it is not known."""
        age = -1 if self._folder is None else backup_age(self._folder, logs.clock())
        return (*self._hub.store.room(), age)

    async def _log_is_sound(self) -> bool:
        """Whether the log still has the form it was opened with; asked anew at most once a second."""
        clock = asyncio.get_running_loop().time
        async with self._asking:
            if clock() - self._asked_at >= SOUND_SECONDS:
                self._sound = False
                with suppress(StoreError, OSError, TimeoutError):
                    async with asyncio.timeout(SECONDS_MAX / 2):
                        self._sound = await self._hub.store.sound()
                self._asked_at = clock()
        return self._sound


def _for_this_machine(field: str) -> bool:
    """False for a Host that is no loopback address: a page in a browser that pretends to be this machine."""
    name, _, value = field.partition(":")
    if name.strip().lower() != "host":
        return True
    host, _, port = value.strip().rpartition(":")
    if not port.isdigit():
        host = value.strip()
    try:
        loopback(host.strip("[]"))
    except ValueError:
        return False
    return True


def _response(status: HTTPStatus, body: str, kind: str) -> bytes:
    data = body.encode()
    allow = "Allow: GET\r\n" if status is HTTPStatus.METHOD_NOT_ALLOWED else ""
    head = (
        f"HTTP/1.1 {status.value} {status.phrase}\r\nContent-Type: {kind}\r\nContent-Length: {len(data)}\r\n"
        f"{allow}Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + data
