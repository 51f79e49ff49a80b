"""What is written in every bench: one incident, and one ordinary log entry after the other."""

from __future__ import annotations

import secrets
import time
from typing import Any

import msgspec

from incident.kernel import protocol
from incident.kernel.protocol import Hello, Submit, Watch
from incident.kernel.record import Record
from incident.log import facts as log_facts
from incident.organisation import facts as organisation_facts
from incident.state import INCIDENT

TEXT = (
    "A101 at the RVP, J15 services: two patients trapped, fire and rescue cutting, access from the A4 only."
)
AGENCY = "LAS"
ID = "00000000-0000-7000-8000-000000000000"
HELLO = protocol.encode(Hello(protocol=protocol.PROTOCOL, client="bench"))


def now() -> int:
    """UTC ms."""
    return time.time_ns() // 1_000_000


def new_stream() -> str:
    """The name of an incident that does not exist yet."""
    return f"incident/{secrets.token_hex(4)}-0000-7000-8000-000000000000"


def submit(stream: str, command: Any, command_id: str) -> Submit:
    """A command as the client sends it."""
    return Submit(
        stream=stream,
        command_id=command_id,
        type=INCIDENT.name_of(command),
        body=msgspec.Raw(msgspec.json.encode(command)),
        written_at=now(),
    )


def opening(stream: str) -> Submit:
    """The command that makes the incident."""
    command = organisation_facts.Open(title="M25 / M4 interchange, bench", mode="exercise")
    return submit(stream, command, f"{secrets.token_hex(4)}{ID[8:]}")


class Commands:
    """Ready-made frames that differ in nothing but the id, which grows as a UUIDv7 does."""

    def __init__(self, stream: str) -> None:
        frame = protocol.encode(submit(stream, log_facts.Write(text=TEXT), ID))
        self._head, self._tail = frame.split(ID.encode())
        self._run = secrets.token_hex(4)
        self.count = 0

    def next(self) -> bytes:
        """One frame, unmasked."""
        self.count += 1
        return self._head + f"{self._run}-0000-7000-8000-{self.count:012x}".encode() + self._tail


def watch(stream: str, *, cursor: int = 0, snapshots: bool = False) -> bytes:
    """Ask for a stream from its beginning; with ``snapshots`` as a client that knows every shape."""
    states = INCIDENT.state_versions() if snapshots else {}
    return protocol.encode(Watch(stream=stream, cursor=cursor, states=states))


def typical_record() -> Record:
    """A record as the real server makes it of the command above: for frames of the same size."""
    return Record(
        seq=10_000,
        command_id=ID,
        type=INCIDENT.event_names[log_facts.Written],
        v=1,
        body=msgspec.Raw(msgspec.json.encode(log_facts.Written(text=TEXT))),
        actor="EOC desk 1",
        agency=AGENCY,
        role="operator",
        written_at=now(),
        recorded_at=now(),
        salt=secrets.token_hex(16),
        hash=secrets.token_hex(32),
    )
