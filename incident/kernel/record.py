"""The stored envelope around an event, its digest and its hash chain.

A record is what the log is made of. It is written once and never edited; a correction is a new record.
The chain is ``hash = H(prev || H(header) || H(salt || body))`` with SHA-256. The body and its salt stand apart
from the header, so that a lawful redaction can drop them and the chain still verifies from their digest.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import msgspec

_HEADER = msgspec.json.Encoder(order="sorted")
_BODY = msgspec.json.Encoder()
_sha = hashlib.sha256

AGE_MS_MAX = 366 * 86_400_000
"""How long before it was recorded something can have happened, as far as any state is concerned: a year."""


class Record(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One fact of one stream, with who wrote it, for whom, when, and what they had seen.

    All times are UTC milliseconds since 1970. ``happened_at`` is what the author claims, ``written_at`` is the
    author's clock, ``recorded_at`` the server's. ``clock_offset`` is the author's own measure of (server clock -
    author's clock). ``base`` maps each thing touched to the version the author had seen. ``hash`` is hex.
    A record with ``seq`` 0 is provisional: it exists only on the client that wrote it.
    """

    seq: int
    command_id: str
    type: str
    v: int
    body: msgspec.Raw
    actor: str
    agency: str
    role: str
    written_at: int
    recorded_at: int
    part: int = 0
    on_behalf_of: str = ""
    happened_at: int | None = None
    clock_offset: int = 0
    base: dict[str, str] = {}
    salt: str = ""
    hash: str = ""

    @property
    def at(self) -> int:
        """When it happened, as best known (UTC ms): claimed, else the author's clock corrected by its offset.

        Never after it was recorded and never more than a year before, whatever a clock or a person says: states
        and timers rest on it.
        """
        said = self.written_at + self.clock_offset if self.happened_at is None else self.happened_at
        return max(self.recorded_at - AGE_MS_MAX, min(said, self.recorded_at))

    @property
    def written(self) -> int:
        """When it was written down (UTC ms): the author's clock corrected, within the same bounds."""
        return written(self.written_at, self.clock_offset, self.recorded_at)


def written(written_at: int, clock_offset: int, recorded_at: int) -> int:
    """When something was written down (UTC ms): the author's clock corrected, never after it was taken."""
    return max(recorded_at - AGE_MS_MAX, min(written_at + clock_offset, recorded_at))


def thing_id(record: Record) -> str:
    """The id of the new thing a record brings: the command's id, and the part where one command brings several."""
    return record.command_id if record.part == 0 else f"{record.command_id}/{record.part}"


def genesis(stream: str) -> str:
    """The hash before the first record: fixed by the stream's name, so that two streams never share a chain."""
    return hashlib.sha256(b"incident-tui stream\n" + stream.encode()).hexdigest()


def header_bytes(stream: str, record: Record) -> bytes:
    """The header as it is hashed: a JSON array without white space, keys of ``base`` sorted."""
    return _HEADER.encode(
        [
            stream,
            record.seq,
            record.command_id,
            record.part,
            record.type,
            record.v,
            record.actor,
            record.agency,
            record.role,
            record.on_behalf_of,
            record.happened_at,
            record.written_at,
            record.recorded_at,
            record.clock_offset,
            record.base,
        ]
    )


def chained(prev: str, stream: str, record: Record) -> str:
    """The hash of a record that follows one whose hash is ``prev`` (both hex)."""
    head = _sha(header_bytes(stream, record)).digest()
    body = _sha(bytes.fromhex(record.salt) + record.body).digest()
    return _sha(bytes.fromhex(prev) + head + body).hexdigest()


def first_break(prev: str, stream: str, records: Sequence[Record]) -> int | None:
    """The ``seq`` of the first record that does not follow from the one before it, or None when all do."""
    expected: int | None = None
    for record in records:
        if expected is not None and record.seq != expected:
            return record.seq
        if chained(prev, stream, record) != record.hash:
            return record.seq
        prev, expected = record.hash, record.seq + 1
    return None


def command_digest(type_: str, v: int, agency: str, body: bytes) -> str:
    """What makes a command the same command: type, version, agency and exact body; never times or session."""
    sha = _begun(type_, v, agency).copy()
    sha.update(body)
    digest: str = sha.hexdigest()
    return digest


@lru_cache(maxsize=1024)
def _begun(type_: str, v: int, agency: str) -> Any:
    """The digest of what is the same in thousands of commands, to be copied and gone on with."""
    return _sha(_HEADER.encode([type_, v, agency]))


def encode_body(value: Any) -> msgspec.Raw:
    """A body as the bytes that are stored, hashed and sent."""
    return msgspec.Raw(_BODY.encode(value))


def base_of(pairs: Mapping[str, str]) -> dict[str, str]:
    """A plain copy of what the author had seen, fit to be frozen into a record."""
    return dict(pairs)
