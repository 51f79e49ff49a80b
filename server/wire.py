"""The two things done past what websockets documents, each in one function, with a way back.

One frame is built once and its bytes are written to every watcher's transport: `broadcast` builds it anew for each,
at more than twice the cost (bench/). A connection that is not plainly ready for that gets the frame by `broadcast`.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from typing import Final, Protocol

from websockets.asyncio.server import ServerConnection, broadcast
from websockets.protocol import State

_TEXT: Final = 0x81
"""First byte of a whole text frame: FIN, opcode 1."""

_SHORT, _MIDDLE, _MIDDLE_MAX = 125, 126, 65_535
_LONG: Final = 127


class Peer(Protocol):
    """Somebody with a connection who may be over the bound."""

    connection: ServerConnection
    closing: bool

    def too_slow(self) -> None:
        """The peer has let too much pile up."""
        ...


def buffered(connection: ServerConnection) -> int:
    """Bytes written and not yet taken by the peer's side."""
    return connection.transport.get_write_buffer_size()


def framed(payload: bytes) -> bytes:
    """A text as one frame from a server (RFC 6455, 5.2: unmasked), as websockets itself would write it."""
    size = len(payload)
    if size <= _SHORT:
        return struct.pack(">BB", _TEXT, size) + payload
    if size <= _MIDDLE_MAX:
        return struct.pack(">BBH", _TEXT, _MIDDLE, size) + payload
    return struct.pack(">BBQ", _TEXT, _LONG, size) + payload


def deliver(peers: Iterable[Peer], texts: Sequence[bytes], bound: int) -> int:
    """Write these texts to every peer whose buffer is under ``bound`` bytes; answers to how many.

    Never waits. A peer over the bound is told that it is too slow, and gets nothing.
    """
    data = framed(texts[0]) if len(texts) == 1 else b"".join(map(framed, texts))
    reached = 0
    for peer in peers:
        connection = peer.connection
        if peer.closing or connection.protocol.state is not State.OPEN:
            continue
        transport = connection.transport
        if transport.get_write_buffer_size() > bound:
            peer.too_slow()
            continue
        reached += 1
        if connection.send_in_progress is None and not connection.protocol.extensions:
            transport.write(data)
        else:
            for text in texts:
                broadcast((connection,), text, text=True)
    return reached
