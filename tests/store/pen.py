"""Writes chained proposals of one stream, as a ledger would, without a model."""

from __future__ import annotations

import uuid
from typing import Any

import msgspec

from incident.kernel.claims import Holding
from incident.kernel.ledger import Head, Proposal
from incident.kernel.record import Record, chained, command_digest, first_break, genesis
from server.store import Append, Store

NOW = 1_790_000_000_000
SALT = "00112233445566778899aabbccddeeff"


class Pen:
    """One stream's author: each proposal follows the one before."""

    def __init__(self, stream: str = "incident/one", seq: int = 0, hash_: str = "") -> None:
        self.stream = stream
        self.seq = seq
        self.hash = hash_ or genesis(stream)

    def write(
        self,
        *,
        parts: int = 1,
        command_id: str = "",
        claims: tuple[str, ...] = (),
        releases: tuple[str, ...] = (),
        tag: object = None,
        **fields: Any,
    ) -> Append:
        command_id = command_id or str(uuid.uuid4())
        before, start, records = self.hash, self.seq, []
        for part in range(parts):
            self.seq += 1
            record = Record(
                seq=self.seq,
                command_id=command_id,
                part=part,
                type="toy.said",
                v=1,
                body=msgspec.Raw(b'{"n":%d}' % self.seq),
                actor="desk 3",
                agency="LAS",
                role="operator",
                written_at=NOW,
                recorded_at=NOW + self.seq,
                salt=SALT,
            )
            record = msgspec.structs.replace(record, **fields)
            record = msgspec.structs.replace(record, hash=chained(self.hash, self.stream, record))
            self.hash = record.hash
            records.append(record)
        held = tuple(
            Holding(key, self.stream, self.seq, NOW, "register/exercise/LAS", f"LAS/{key}") for key in claims
        )
        body = b'{"say":%d}' % self.seq
        digest = command_digest("toy.say", 1, "LAS", body)
        after = Head(None, self.seq, self.hash)
        proposal = Proposal(
            self.stream, command_id, digest, body, start, before, tuple(records), held, releases, (), after
        )
        return Append(proposal, tag)

    @classmethod
    def after(cls, store: Store, stream: str) -> Pen:
        """The author who goes on where a stored stream ends."""
        last = None
        for record in store.load(stream):
            last = record
        return cls(stream) if last is None else cls(stream, last.seq, last.hash)


def whole(stream: str, records: list[Record]) -> bool:
    """No gap, and the chain verifies from the stream's beginning."""
    numbers = [record.seq for record in records]
    return (
        numbers == list(range(1, len(numbers) + 1)) and first_break(genesis(stream), stream, records) is None
    )
