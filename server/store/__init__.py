"""The contract of a store: an append-only log of streams, blind to what the records mean.

A store is told what was decided (a kernel ``Proposal``) and makes it durable, in groups: whatever waits, at
most ``GROUP_MAX``, shares one commit and never waits for more. Only after the commit does the event loop hear
of it, once per group, in order; that callback is where sequencers commit, acknowledge and publish. ``append``
never blocks. One test class, ``tests/store/contract.py``, runs against every backend.

A commit that fails answers nothing: what it held may be on the disk all the same. The store is read-only from
then on (``read_only``, ``failure``), says so once through ``on_failure``, and refuses every later append; the
process is expected to end, and command ids resolve the open ones after the restart. The same happens when the
last walls (sequence, command id, claim key) are hit, since then the layers above have lost count.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

import msgspec

from incident.kernel.claims import Holding
from incident.kernel.ledger import Proposal
from incident.kernel.protocol import Done
from incident.kernel.record import Record
from server.counters import Histogram

GROUP_MAX = 64
"""Appends that share one commit at most."""

PAGE_MAX = 5_000
"""Records that one read answers at most, whatever it asks for."""


class StoreError(Exception):
    """The store cannot do it. ``sentence`` is plain, for a person, and names the way on."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class OutOfOrder(StoreError):
    """A proposal that does not continue its stream: its ``expected_seq`` is not the last one appended."""


class Unavailable(StoreError):
    """The store cannot be opened, or takes nothing more: a failed commit, a broken or newer database."""


class Append(msgspec.Struct, frozen=True, eq=False, gc=False):
    """One decided command on its way to the disk.

    ``tag`` is the caller's own and comes back with the group (whom to acknowledge, for example).
    ``attestation`` is the author's signature over the command's bytes, kept beside them.
    """

    proposal: Proposal
    tag: object = None
    attestation: bytes | None = None


GroupCallback = Callable[[Sequence[Append]], None]
FailureCallback = Callable[[Unavailable], None]


class Store(Protocol):
    """What a shell needs of a store. Each backend has its own way to open; used from one event loop."""

    @property
    def epoch(self) -> str:
        """The id made when the store was created; it never changes. Another epoch is another history."""
        ...

    @property
    def mode(self) -> str:
        """``exercise`` or ``live``, fixed at creation."""
        ...

    @property
    def durability(self) -> tuple[str, int]:
        """``journal_mode`` and ``synchronous`` of the connection that writes, as it answered after it was set up."""
        ...

    @property
    def commit_seconds(self) -> Histogram:
        """How long each commit took."""
        ...

    def room(self) -> tuple[int, int]:
        """Bytes free on the disk, and bytes of the write-ahead log; -1 when the disk does not say. For any thread."""
        ...

    async def sound(self) -> bool:
        """Whether what is on the disk still is the log that was opened, in the form that this version knows."""
        ...

    @property
    def read_only(self) -> bool:
        """A commit has failed: nothing more is appended until a restart. Reads go on."""
        ...

    @property
    def failure(self) -> Unavailable | None:
        """Why the store is read-only; None while it is not."""
        ...

    # -- at the start, before anything is appended ------------------------------------------------------

    def heads(self) -> dict[str, int]:
        """Every stream with the ``seq`` of its last announced record."""
        ...

    def load(self, stream: str) -> Iterator[Record]:
        """Every record of a stream, in order. Blocks: for start-up only."""
        ...

    def claims(self) -> list[Holding]:
        """Every claim that is held."""
        ...

    # -- appending --------------------------------------------------------------------------------------

    def append(self, item: Append) -> None:
        """Queue a decision for the next group commit. Call from the event loop; bounded by the caller.

        Raises:
            OutOfOrder: it does not follow the last one appended to its stream; nothing was queued.
            Unavailable: the store is read-only or closed.
        """
        ...

    def refuses(self) -> str | None:
        """A plain sentence when new commands must be refused for now (the disk is nearly full); else None."""
        ...

    def on_group(self, callback: GroupCallback) -> None:
        """Call this in the event loop after each durable group, in order, once per group."""
        ...

    def on_failure(self, callback: FailureCallback) -> None:
        """Call this in the event loop once, when the store has become read-only."""
        ...

    # -- reading: never past what has been announced through ``on_group`` -------------------------------

    async def read(self, stream: str, after: int, limit: int) -> list[Record]:
        """Up to ``limit`` records with ``seq`` above ``after``, in order, and the rest of a command."""
        ...

    async def read_back(self, stream: str, before: int, limit: int) -> list[Record]:
        """The last ``limit`` records with ``seq`` below ``before`` (0: from the head), in ascending order."""
        ...

    async def command(self, stream: str, command_id: str) -> tuple[str, Done] | None:
        """Digest and place of a command that is in the log; None when it is not."""
        ...

    async def close(self) -> None:
        """Make durable and announce what waits, then let go of everything. May be called twice."""
        ...
