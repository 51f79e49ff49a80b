"""A websocket client by hand, light enough that hundreds of them are no load worth mentioning.

It masks with zeros, answers pings, and looks into a frame no further than it must: a watcher counts frames and
bytes; only every so many keep whole payloads and count records in them.
"""

from __future__ import annotations

import base64
import os
import socket
import struct
import time
from collections.abc import Callable

RECORDS = b'{"frame":"records"'
READ_BYTES = 262_144
_read_buffer = bytearray(READ_BYTES)


class PeerError(Exception):
    """The other side did not do what a server does; the run is void."""


def masked(payload: bytes, opcode: int = 1) -> bytes:
    """A client's frame: masked as the standard wants, with a key of zeros, which changes no byte."""
    size = len(payload)
    if size < 126:
        return struct.pack(">BB", 0x80 | opcode, 0x80 | size) + b"\0\0\0\0" + payload
    if size < 65_536:
        return struct.pack(">BBH", 0x80 | opcode, 0xFE, size) + b"\0\0\0\0" + payload
    return struct.pack(">BBQ", 0x80 | opcode, 0xFF, size) + b"\0\0\0\0" + payload


class Peer:
    """One connection. ``whole`` is called with every whole text or binary payload; without it they are counted."""

    def __init__(self, port: int, token: str, whole: Callable[[bytes], None] | None = None) -> None:
        self.frames = 0
        self.bytes = 0
        self.record_frames = 0
        self.record_bytes = 0
        self.whole = whole
        self._tail = b""
        self._need = 0
        self._parts: list[bytes] = []
        self._data = False
        self.sock = socket.create_connection(("127.0.0.1", port), timeout=20)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._shake_hands(port, token)

    def _shake_hands(self, port: int, token: str) -> None:
        key = base64.b64encode(os.urandom(16)).decode()
        self.sock.sendall(
            f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\nAuthorization: Bearer {token}\r\n\r\n".encode()
        )
        answer = b""
        while b"\r\n\r\n" not in answer:
            more = self.sock.recv(4096)
            if not more:
                raise PeerError(f"no handshake: {answer[:200]!r}")
            answer += more
        head, _, self._tail = answer.partition(b"\r\n\r\n")
        if b" 101 " not in head.split(b"\r\n", 1)[0]:
            raise PeerError(f"no handshake: {head[:200]!r}")

    def send(self, payload: bytes) -> None:
        """One text frame, at once."""
        self.sock.sendall(masked(payload))

    def read(self) -> None:
        """Take what the socket has now. Raises PeerError when the server has closed."""
        try:
            size = self.sock.recv_into(_read_buffer)
        except BlockingIOError:
            return
        if size == 0:
            raise PeerError("the server closed a connection")
        data = self._tail + _read_buffer[:size] if self._tail else bytes(memoryview(_read_buffer)[:size])
        self._tail = b""
        self._take(data)

    def _take(self, data: bytes) -> None:
        at, end = 0, len(data)
        while at < end:
            if self._need:
                size = min(self._need, end - at)
                if self.whole is not None and self._data:
                    self._parts.append(data[at : at + size])
                at += size
                self._need -= size
                if not self._need:
                    self._finished()
                continue
            begun = self._begin(data, at, end)
            if begun is None:
                self._tail = data[at:]
                return
            at = begun

    def _begin(self, data: bytes, at: int, end: int) -> int | None:
        """Read a frame's head; where its payload begins, or None when more must come first."""
        if end - at < 2:
            return None
        opcode, size = data[at] & 15, data[at + 1] & 127
        head = 2 if size < 126 else 4 if size == 126 else 10
        if end - at < head + min(size, len(RECORDS)):
            return None
        if size == 126:
            (size,) = struct.unpack_from(">H", data, at + 2)
        elif size == 127:
            (size,) = struct.unpack_from(">Q", data, at + 2)
        at += head
        self._data = opcode in (1, 2)
        if opcode in (8, 9):
            if end - at < size:
                return None
            if opcode == 8:
                raise PeerError(f"the server closed a connection: {data[at + 2 : at + size]!r}")
            self.sock.sendall(masked(data[at : at + size], 10))
        elif self._data:
            self.frames += 1
            self.bytes += size
            if data.startswith(RECORDS, at):
                self.record_frames += 1
                self.record_bytes += size
        self._need = size
        if not size:
            self._finished()
        return at

    def _finished(self) -> None:
        if self.whole is not None and self._data:
            parts, self._parts = self._parts, []
            self.whole(parts[0] if len(parts) == 1 else b"".join(parts))

    def until(self, ready: Callable[[], bool], seconds: float = 30.0) -> None:
        """Read, blocking, until something has come. Raises PeerError when it does not come in time."""
        limit = time.monotonic() + seconds
        if self._tail:
            data, self._tail = self._tail, b""
            self._take(data)
        while not ready():
            left = limit - time.monotonic()
            if left <= 0:
                raise PeerError("the server did not answer in time")
            self.sock.settimeout(left)
            try:
                self.read()
            except TimeoutError:
                raise PeerError("the server did not answer in time") from None
