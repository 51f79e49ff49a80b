"""The frames of the wire: JSON texts, tagged by ``frame``, each with its bounds.

One socket carries every stream. A snapshot page is the one binary frame: a 4-byte big-endian length, a JSON
header (``SnapshotPage``), then zlib-compressed JSON of at most ``PAGE_BYTES_MAX``. ``docs/protocol.md`` and the
JSON Schema are generated from these types.
"""

from __future__ import annotations

import re
import struct
import zlib
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from incident.kernel.claims import Holding
from incident.kernel.record import Record
from incident.kernel.text import brief

PROTOCOL = 1
CLIENT_FRAME_BYTES_MAX = 65_536
SERVER_FRAME_BYTES_MAX = 1_048_576
BODY_BYTES_MAX = 49_152
PAGE_BYTES_MAX = 1_048_576
NESTING_MAX = 16
PAGE_RECORDS_MAX = 500
INT_MAX = 2**53 - 1

Stream = Annotated[str, Meta(min_length=3, max_length=120, pattern=r"^[A-Za-z0-9][A-Za-z0-9._/-]*$(?!\n)")]
Id = Annotated[
    str,
    Meta(pattern=r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$(?!\n)", description="UUID"),
]
Word = Annotated[str, Meta(max_length=80)]
Text = Annotated[str, Meta(max_length=1000)]
Millis = Annotated[int, Meta(ge=0, le=INT_MAX, description="UTC milliseconds since 1970")]
Count = Annotated[int, Meta(ge=0, le=INT_MAX)]


class ProtocolError(Exception):
    """A peer sent something that is not this protocol. ``sentence`` is plain, short and harmless to show."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence


class _Frame(msgspec.Struct, frozen=True, kw_only=True, tag_field="frame", omit_defaults=True, gc=False):
    pass


# -- from client to server ----------------------------------------------------------------------------------


class Hello(_Frame, frozen=True, kw_only=True, tag="hello"):
    """First frame of a client. ``epoch`` is the one it last knew ("" when none). ``relay`` is kept for relays.

    ``observer`` sessions (headless tail) write no receipts and do not count as a person of their agency.
    """

    protocol: int
    client: Word = ""
    seat: Word = ""
    epoch: Word = ""
    relay: bool = False
    observer: bool = False


class Watch(_Frame, frozen=True, kw_only=True, tag="watch"):
    """Send me this stream from after ``cursor`` on, whose chain hash I hold as ``hash``.

    ``states`` names the slice shapes the client knows, so that the server may answer with a snapshot.
    """

    stream: Stream
    cursor: Count = 0
    hash: Word = ""
    states: dict[Word, int] = {}


class Unwatch(_Frame, frozen=True, kw_only=True, tag="unwatch"):
    """Send me no more of this stream."""

    stream: Stream


class Submit(_Frame, frozen=True, kw_only=True, tag="submit"):
    """One command. ``base`` maps each thing it touches to the version seen (the id of its last command)."""

    stream: Stream
    command_id: Id
    type: Word
    v: Count = 1
    body: msgspec.Raw = msgspec.Raw(b"{}")
    written_at: Millis
    happened_at: Millis | None = None
    on_behalf_of: Word = ""
    base: Annotated[dict[Word, Word], Meta(max_length=64)] = {}
    depends_on: Annotated[list[Id], Meta(max_length=16)] = []
    clock_offset: Annotated[int, Meta(ge=-INT_MAX, le=INT_MAX)] = 0


class Page(_Frame, frozen=True, kw_only=True, tag="page"):
    """Send me up to ``limit`` records of a stream with ``seq`` below ``before`` (0: from the head), as history."""

    stream: Stream
    before: Count = 0
    limit: Annotated[int, Meta(ge=1, le=PAGE_RECORDS_MAX)] = 200


class Lock(_Frame, frozen=True, kw_only=True, tag="lock"):
    """Nobody is at this desk: from now on its sign-in's commands are refused (``locked``), until it is unlocked.

    Everything goes on being shown. What machines write, such as a receipt of delivery, is still taken.
    """


# -- both ways ----------------------------------------------------------------------------------------------


class Heartbeat(_Frame, frozen=True, kw_only=True, tag="heartbeat"):
    """Every 2 s from the server: heads of the watched streams, epoch, its clock. A client's own asks for an echo.

    ``echo`` gives back the ``sent_at`` of the client's last heartbeat, for the round trip and the clock offset.
    """

    sent_at: Millis
    echo: Millis | None = None
    epoch: Word = ""
    heads: dict[Stream, Count] = {}
    read_only: bool = False
    present: list[list[str]] = []


class Bye(_Frame, frozen=True, kw_only=True, tag="bye"):
    """Either side leaves on purpose. ``retry_after_ms`` asks the client to wait that long."""

    sentence: Text = ""
    retry_after_ms: Count = 0


# -- from server to client ----------------------------------------------------------------------------------


class Welcome(_Frame, frozen=True, kw_only=True, tag="welcome"):
    """The server knows you: who you are to it, and what it runs on.

    ``charter`` is the server's present catalogue, agencies and roles; opening an incident freezes it. ``until`` is
    the end of the sign-in (0: it has none), ``locked`` says that it must be unlocked before it writes, and
    ``certificate_until`` is when the server's certificate ends (0: there is none).
    """

    protocol: int
    epoch: Word
    server: Word
    mode: Word
    name: Word
    agency: Word
    role: Word
    sent_at: Millis
    charter: msgspec.Raw = msgspec.Raw(b"null")
    until: Millis = 0
    locked: bool = False
    certificate_until: Millis = 0


class Listing(msgspec.Struct, frozen=True, omit_defaults=True):
    """One stream that the reader may watch. ``summary`` is made by the model and shown, not understood, here."""

    stream: str
    seq: int
    summary: dict[str, Any] = {}


class Directory(_Frame, frozen=True, kw_only=True, tag="directory"):
    """Every stream the reader may watch; sent after Welcome and whenever the list changes."""

    streams: list[Listing]


class Done(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """A command that is in the log, durably, as records ``first`` to ``last`` (0 when it changed nothing)."""

    command_id: str
    first: int
    last: int


class Accepted(_Frame, frozen=True, kw_only=True, tag="accepted"):
    """These commands are in the log, durably, for ever."""

    stream: Stream
    done: list[Done]


class Refused(_Frame, frozen=True, kw_only=True, tag="refused"):
    """The domain's no to one command: code, sentence, and the facts a card shows."""

    stream: str
    command_id: str
    code: str
    sentence: str
    facts: dict[str, str] = {}
    conflict: bool = False


class Records(_Frame, frozen=True, kw_only=True, tag="records"):
    """Records of one stream in order without gaps, ending with a whole command.

    ``prev`` is the chain hash before the first. ``history`` marks the answer to a Page: not to be applied.
    """

    stream: str
    prev: str
    records: list[Record]
    history: bool = False


class Claims(_Frame, frozen=True, kw_only=True, tag="claims"):
    """Every claim that the watchers of this stream are told of; replaces the last such frame."""

    stream: str
    held: list[Holding]


class Watching(_Frame, frozen=True, kw_only=True, tag="watching"):
    """The answer to Watch once the client has everything up to ``seq``: from here on it is live."""

    stream: str
    seq: int


class SnapshotPage(msgspec.Struct, frozen=True, kw_only=True):
    """Header of a binary frame: a piece of one slice of a snapshot of a stream at ``seq``."""

    stream: str
    seq: int
    hash: str
    slice: str
    state_v: int
    index: int
    of: int


class Error(_Frame, frozen=True, kw_only=True, tag="error"):
    """Something the peer sent could not be taken. ``stream`` is set when it concerns one stream."""

    code: str
    sentence: str
    stream: str = ""


ClientFrame = Hello | Watch | Unwatch | Submit | Page | Lock | Heartbeat | Bye
ServerFrame = Welcome | Directory | Accepted | Refused | Records | Claims | Watching | Heartbeat | Error | Bye

_client = msgspec.json.Decoder(ClientFrame)
_server = msgspec.json.Decoder(ServerFrame)
_encoder = msgspec.json.Encoder()
_header = msgspec.json.Decoder(SnapshotPage)

_ESCAPED = re.compile(rb"\\.", re.DOTALL)
_QUOTED = re.compile(rb'"[^"]*(?:"|\Z)')
_NO_BRACKETS = bytes(byte for byte in range(256) if byte not in b'"[]{}')


def encode(frame: ClientFrame | ServerFrame) -> bytes:
    """A frame as UTF-8 JSON, to be sent as one websocket text message."""
    return _encoder.encode(frame)


def too_deep(data: bytes, limit: int = NESTING_MAX) -> bool:
    """Whether JSON nests past the limit, told without a parser (msgspec recurses; this does not).

    A thousand frames a second come in here, so whatever is neither a bracket nor a quote goes before anything is
    counted. What is no JSON may be told either way: the parser stops at its first fault, and never gets deeper than
    what stands before that.
    """
    if data.count(b"[") + data.count(b"{") <= limit:
        return False
    if b"\\" in data:
        data = _ESCAPED.sub(b"", data)
    brackets = _QUOTED.sub(b"", data.translate(None, _NO_BRACKETS))
    depth = 0
    for byte in brackets:
        if byte in (0x5B, 0x7B):
            depth += 1
            if depth > limit:
                return True
        else:
            depth -= 1
    return False


def read_client(data: bytes) -> ClientFrame:
    """What a client sent.

    Raises:
        ProtocolError: too large, too deep, not JSON, or not a frame of this protocol.
    """
    if len(data) > CLIENT_FRAME_BYTES_MAX:
        raise ProtocolError(
            "too_large", f"A frame may have {CLIENT_FRAME_BYTES_MAX} bytes; this one had more."
        )
    frame: ClientFrame = _read(_client, data)
    return frame


def read_server(data: bytes) -> ServerFrame:
    """What a server sent. Raises ProtocolError like ``read_client``."""
    if len(data) > SERVER_FRAME_BYTES_MAX:
        raise ProtocolError("too_large", "The server sent a frame over its own limit.")
    frame: ServerFrame = _read(_server, data)
    return frame


def _read(decoder: msgspec.json.Decoder[Any], data: bytes) -> Any:
    if too_deep(data):
        raise ProtocolError("too_deep", f"A frame may nest {NESTING_MAX} deep; this one goes deeper.")
    try:
        return decoder.decode(data)
    except msgspec.ValidationError as error:
        raise ProtocolError("bad_frame", f"Not a frame of this protocol: {brief(error)}.") from None
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        raise ProtocolError("not_json", "Not JSON.") from None


def encode_page(header: SnapshotPage, body: bytes) -> bytes:
    """A snapshot page as one binary message."""
    head = _encoder.encode(header)
    return struct.pack(">I", len(head)) + head + zlib.compress(body, 6)


def read_page(data: bytes) -> tuple[SnapshotPage, bytes]:
    """Header and inflated body of a snapshot page.

    Raises:
        ProtocolError: cut short, not zlib, or larger inflated than ``PAGE_BYTES_MAX``.
    """
    if len(data) < 4:
        raise ProtocolError("bad_page", "A snapshot page was cut short.")
    (size,) = struct.unpack(">I", data[:4])
    if size > 4096 or len(data) < 4 + size:
        raise ProtocolError("bad_page", "A snapshot page was cut short.")
    try:
        header = _header.decode(data[4 : 4 + size])
        inflate = zlib.decompressobj()
        body = inflate.decompress(data[4 + size :], PAGE_BYTES_MAX)
        if inflate.unconsumed_tail or inflate.unused_data or not inflate.eof:
            raise ProtocolError("bad_page", "A snapshot page is larger than allowed, or cut short.")
    except (msgspec.DecodeError, zlib.error, UnicodeDecodeError):
        raise ProtocolError("bad_page", "A snapshot page could not be read.") from None
    return header, body
