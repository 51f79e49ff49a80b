"""The shared frame is what websockets would have written, and nobody who is not ready is written to past it."""

from __future__ import annotations

import pytest
from websockets.frames import Frame, Opcode
from websockets.protocol import State

from server import wire


@pytest.mark.parametrize("size", [0, 1, 125, 126, 127, 65_535, 65_536, 70_000])
def test_the_frame_is_the_librarys_own(size: int) -> None:
    payload = b"x" * size
    assert wire.framed(payload) == Frame(Opcode.TEXT, payload).serialize(mask=False)


class Transport:
    def __init__(self, waiting: int = 0) -> None:
        self.waiting = waiting
        self.written = b""

    def get_write_buffer_size(self) -> int:
        return self.waiting

    def write(self, data: bytes) -> None:
        self.written += data


class Protocol:
    def __init__(self, state: State = State.OPEN) -> None:
        self.state = state
        self.extensions: list[object] = []
        self.texts: list[bytes] = []

    def send_text(self, text: bytes) -> None:
        self.texts.append(text)


class Connection:
    def __init__(self, transport: Transport, protocol: Protocol, sending: object = None) -> None:
        self.transport = transport
        self.protocol = protocol
        self.send_in_progress = sending

    def send_data(self) -> None:
        self.transport.write(wire.framed(self.protocol.texts[-1]))


class Peer:
    def __init__(self, waiting: int = 0, state: State = State.OPEN, *, closing: bool = False) -> None:
        self.transport = Transport(waiting)
        self.connection = Connection(self.transport, Protocol(state))
        self.closing = closing
        self.slow = 0

    def too_slow(self) -> None:
        self.slow += 1


def test_only_who_is_ready_is_written_to() -> None:
    ready, slow = Peer(100), Peer(101)
    gone, going = Peer(0, State.CLOSING), Peer(0, closing=True)
    peers = [slow, gone, ready, going]
    assert wire.deliver(peers, (b"one", b"two"), 100) == 1  # type: ignore[arg-type]
    assert ready.transport.written == wire.framed(b"one") + wire.framed(b"two")
    assert [peer.slow for peer in peers] == [1, 0, 0, 0]
    assert [len(peer.transport.written) for peer in (slow, gone, going)] == [0, 0, 0]


def test_a_connection_with_an_extension_gets_its_frame_from_the_library() -> None:
    peer = Peer()
    peer.connection.protocol.extensions.append(object())
    assert wire.deliver([peer], (b"one",), 100) == 1  # type: ignore[list-item]
    assert peer.connection.protocol.texts == [b"one"]
