"""Records as rows: the columns in the one order in which they are written and read."""

from __future__ import annotations

from typing import Any

import msgspec

from incident.kernel.record import Record
from server.store import Append

RECORD_COLUMNS = (
    "seq, command_id, part, type, v, actor, agency, role, on_behalf_of, happened_at, written_at, recorded_at, "
    "clock_offset, base, hash, salt, body"
)

INSERT_RECORD = (
    "INSERT INTO record (id, stream, seq, command_id, part, type, v, actor, agency, role, on_behalf_of, "
    "happened_at, written_at, recorded_at, clock_offset, base, hash, digest, attestation) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)

INSERT_CONTENT = "INSERT INTO content (id, salt, body, command) VALUES (?, ?, ?, ?)"

_encode = msgspec.json.Encoder(order="sorted").encode
_decode = msgspec.json.Decoder(dict[str, str]).decode


def rows_of(item: Append, id_: int, stream_id: int) -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]:
    """The rows of one command, for ``INSERT_RECORD`` and ``INSERT_CONTENT``; ``id_`` is that of its first."""
    records, contents = [], []
    proposal = item.proposal
    digest: bytes | None = bytes.fromhex(proposal.digest)
    attestation = item.attestation
    command: bytes | None = proposal.body
    for record in proposal.records:
        records.append(
            (
                id_,
                stream_id,
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
                _encode(record.base).decode() if record.base else "",
                bytes.fromhex(record.hash),
                digest,
                attestation,
            )
        )
        contents.append((id_, bytes.fromhex(record.salt), bytes(record.body), command))
        digest = attestation = command = None
        id_ += 1
    return records, contents


def record_of_row(row: Any) -> Record:
    """The record of a row of ``RECORD_COLUMNS``."""
    (seq, command_id, part, type_, v, actor, agency, role, on_behalf_of, happened_at, *rest) = row
    written_at, recorded_at, clock_offset, base, hash_, salt, body = rest
    return Record(
        seq=seq,
        command_id=command_id,
        part=part,
        type=type_,
        v=v,
        body=msgspec.Raw(body),
        actor=actor,
        agency=agency,
        role=role,
        on_behalf_of=on_behalf_of,
        happened_at=happened_at,
        written_at=written_at,
        recorded_at=recorded_at,
        clock_offset=clock_offset,
        base=_decode(base) if base else {},
        salt=salt.hex(),
        hash=hash_.hex(),
    )
