"""The admin door: how the command line reaches a running server.

A loopback port chosen by the system and a secret in a file that only the folder's owner can read: whoever may
read the data folder may use the door. One request per connection: one JSON line in, one out.
"""

from __future__ import annotations

import asyncio
import hmac
import os
import secrets
import socket
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from server import logs
from server.datafolder import write_private

LINE_BYTES_MAX: Final = 8_388_608
"""A request may carry a table of many rows."""

SECONDS_MAX: Final = 5.0
"""To reach the door and to say what is wanted. What is asked for may take its time."""

ANSWER_SECONDS_MAX: Final = 120.0
"""An import of many rows is many commands, each one answered by the disk."""

CALLERS_MAX: Final = 16
"""Callers who have not said what they want, at once: with one more the oldest of them goes, so that silence keeps
nobody out. As many may be answered at once."""

Answer = dict[str, Any]
Operation = Callable[[Mapping[str, Any]], Awaitable[Answer]]


class AdminError(Exception):
    """The operation cannot be done; ``str`` is a plain sentence, which the command line prints."""


class NotRunning(Exception):
    """No server answers at the door of this folder."""


class DoorPlate(msgspec.Struct, frozen=True):
    """The file that tells where the door is: port on loopback, the secret, and whose process it is."""

    port: int
    secret: str
    pid: int


class AdminDoor:
    """The server's side of the door. ``operations`` maps a name to what it does."""

    def __init__(self, plate: Path, operations: Mapping[str, Operation]) -> None:
        self._plate = plate
        self._operations = operations
        self._secret = secrets.token_urlsafe(32)
        self._server: asyncio.Server | None = None
        self._silent: dict[asyncio.StreamWriter, None] = {}
        self._answering = 0

    async def open(self) -> None:
        """Listen on loopback and write the plate. Raises OSError when either cannot be."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=LINE_BYTES_MAX)
        port = self._server.sockets[0].getsockname()[1]
        write_private(self._plate, msgspec.json.encode(DoorPlate(port, self._secret, os.getpid())))

    def close(self) -> None:
        """Take the plate down and listen no more."""
        self._plate.unlink(missing_ok=True)
        if self._server is not None:
            self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._silent[writer] = None
        if len(self._silent) > CALLERS_MAX:
            oldest = next(iter(self._silent))
            del self._silent[oldest]
            oldest.transport.abort()
        try:
            async with asyncio.timeout(SECONDS_MAX):
                line = await reader.readline()
            if writer not in self._silent:
                return  # put out while its line came
            del self._silent[writer]
            writer.write(msgspec.json.encode(await self._answer(line)) + b"\n")
            async with asyncio.timeout(SECONDS_MAX):
                await writer.drain()
        except (OSError, TimeoutError, ValueError):
            pass  # whoever asked has gone, or sent more than a line may hold
        finally:
            self._silent.pop(writer, None)
            writer.close()

    async def _answer(self, line: bytes) -> Answer:
        try:
            asked = msgspec.json.decode(line, type=dict[str, Any])
        except msgspec.DecodeError:
            return {"ok": False, "sentence": "That is no request."}
        given = asked.pop("secret", "")
        if not isinstance(given, str) or not hmac.compare_digest(given.encode(), self._secret.encode()):
            return {"ok": False, "sentence": "That is not the secret of this door."}
        operation = self._operations.get(str(asked.pop("do", "")))
        if operation is None:
            return {
                "ok": False,
                "sentence": "This server does not know that operation: is it of another version?",
            }
        if self._answering >= CALLERS_MAX:
            return {"ok": False, "sentence": "Too much is asked at this moment; ask again."}
        self._answering += 1
        try:
            return {"ok": True, **await operation(asked)}
        except AdminError as error:
            return {"ok": False, "sentence": str(error)}
        except Exception as error:  # noqa: BLE001 -- a slip at the door must not end the server
            logs.fault("admin operation failed", error)
            return {"ok": False, "sentence": "The server could not do it; its log says more."}
        finally:
            self._answering -= 1


def call(plate: Path, do: str, *, within: float | None = None, **arguments: Any) -> Answer:
    """Ask the running server of a folder, from the command line; ``within`` seconds, else as long as it may take.

    Raises:
        NotRunning: nobody answers there; a plate left by a dead server counts as nobody.
        AdminError: the server says no, in a sentence.
    """
    try:
        found = msgspec.json.decode(plate.read_bytes(), type=DoorPlate)
        request = msgspec.json.encode({"do": do, "secret": found.secret, **arguments}) + b"\n"
        with socket.create_connection(("127.0.0.1", found.port), timeout=SECONDS_MAX) as door:
            door.sendall(request)
            door.settimeout(ANSWER_SECONDS_MAX if within is None else within)
            line = _line(door)
    except (OSError, ValueError):
        raise NotRunning from None
    try:
        answer = msgspec.json.decode(line, type=dict[str, Any])
    except msgspec.DecodeError:
        raise AdminError(
            "The server did not answer in time; look whether it did it before you try again."
        ) from None
    if not answer.get("ok"):
        raise AdminError(str(answer.get("sentence", "The server said no.")))
    return answer


def _line(door: socket.socket) -> bytes:
    """One line of answer, or what there is of it when the peer closes or takes too long."""
    held = bytearray()
    try:
        while not held.endswith(b"\n"):
            more = door.recv(65_536)
            if not more:
                break
            held += more
    except TimeoutError:
        pass
    return bytes(held)
