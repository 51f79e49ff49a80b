"""A store without a disk: the same contract, for tests and the simulator, with failing commits to order.

A ``MemoryDisk`` outlives the store, as a disk outlives a process: a new ``MemoryStore`` on the same disk is a
restart. Groups become durable when ``schedule`` says so (the event loop's ``call_soon`` by default), so a
simulator can decide the moment, and which commits fail, and whether a failed one reached the disk all the same.
"""

from __future__ import annotations

import asyncio
import uuid
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from incident.kernel.claims import Holding
from incident.kernel.protocol import Done
from incident.kernel.record import Record
from server.counters import Histogram
from server.store import GROUP_MAX, PAGE_MAX, Append, Unavailable
from server.store.loopside import LoopSide

Fate = Literal["lost", "kept"]
"""What a failed commit left on the disk: nothing, or all of it."""

Fault = Callable[[Sequence[Append]], Fate | None]
Schedule = Callable[[Callable[[], None]], object]


@dataclass(slots=True)
class StoredCommand:
    """One command as it is kept: digest, place, exact bytes and the author's signature."""

    digest: str
    done: Done
    body: bytes
    attestation: bytes | None


@dataclass(slots=True)
class MemoryDisk:
    """What is durable."""

    mode: str = "exercise"
    epoch: str = field(default_factory=lambda: uuid.uuid4().hex)
    records: dict[str, list[Record]] = field(default_factory=dict)
    commands: dict[tuple[str, str], StoredCommand] = field(default_factory=dict)
    claims: dict[str, Holding] = field(default_factory=dict)

    def write(self, group: Sequence[Append]) -> None:
        """Take a group whole, or none of it.

        Raises:
            Unavailable: the group breaks one of the last walls (sequence, command id, claim key).
        """
        claims, heads = dict(self.claims), {name: len(rows) for name, rows in self.records.items()}
        seen: set[tuple[str, str]] = set()
        for item in group:
            proposal = item.proposal
            key = (proposal.stream, proposal.command_id)
            head = heads.get(proposal.stream, 0)
            numbers = [record.seq for record in proposal.records]
            if head != proposal.expected_seq or numbers != list(range(head + 1, head + 1 + len(numbers))):
                raise Unavailable("A record was given a number that is taken or leaves a gap.")
            if key in self.commands or key in seen:
                raise Unavailable("A command was accepted twice.")
            seen.add(key)
            heads[proposal.stream] = numbers[-1]
            _claim(claims, item)
        self.claims = claims
        for item in group:
            self._keep(item)

    def _keep(self, item: Append) -> None:
        proposal = item.proposal
        self.records.setdefault(proposal.stream, []).extend(proposal.records)
        self.commands[proposal.stream, proposal.command_id] = StoredCommand(
            proposal.digest, proposal.done, proposal.body, item.attestation
        )


def _claim(claims: dict[str, Holding], item: Append) -> None:
    proposal = item.proposal
    for key in proposal.releases:
        holding = claims.get(key)
        if holding is not None and holding.stream == proposal.stream:
            del claims[key]
    for claim in proposal.claims:
        if claim.key in claims:
            raise Unavailable("A claim was granted twice.")
        claims[claim.key] = claim


class MemoryStore(LoopSide):
    """A store on a ``MemoryDisk``. ``fault`` is asked before each commit whether it fails, and how."""

    def __init__(
        self, disk: MemoryDisk | None = None, *, schedule: Schedule | None = None, fault: Fault | None = None
    ) -> None:
        self.disk = MemoryDisk() if disk is None else disk
        super().__init__({name: len(rows) for name, rows in self.disk.records.items()})
        self._schedule = schedule
        self._fault = fault
        self._waiting: deque[Append] = deque()
        self.durability = ("memory", 0)
        self.commit_seconds = Histogram()
        self.full: str | None = None
        """What ``refuses`` answers: set it to play a full disk."""

    @property
    def epoch(self) -> str:
        """The disk's."""
        return self.disk.epoch

    @property
    def mode(self) -> str:
        """The disk's."""
        return self.disk.mode

    def load(self, stream: str) -> Iterator[Record]:
        """Every announced record of a stream."""
        return iter(self.disk.records.get(stream, [])[: self._announced.get(stream, 0)])

    def claims(self) -> list[Holding]:
        """Every claim that is held, by key."""
        return sorted(self.disk.claims.values(), key=lambda holding: holding.key)

    def append(self, item: Append) -> None:
        """Queue a decision; the next ``flush`` makes it durable. Raises OutOfOrder or Unavailable."""
        self._take_on(item)
        self._waiting.append(item)
        if len(self._waiting) == 1:
            schedule = asyncio.get_running_loop().call_soon if self._schedule is None else self._schedule
            schedule(self.flush)

    def flush(self) -> None:
        """Make everything that waits durable, in groups, and announce each; stops at a failing commit."""
        while self._waiting and self._failure is None:
            group = [self._waiting.popleft() for _ in range(min(GROUP_MAX, len(self._waiting)))]
            fate = None if self._fault is None else self._fault(group)
            try:
                if fate != "lost":
                    self.disk.write(group)
            except Unavailable as broken:
                self._latch(broken.sentence)
                return
            if fate is not None:
                self._latch("The disk failed. Nothing more is taken until a restart.")
                return
            self._announce(group)

    def _latch(self, sentence: str) -> None:
        self._failure = Unavailable(sentence)
        self._waiting.clear()
        self._announce_failure()

    def refuses(self) -> str | None:
        """The sentence set as ``full``."""
        return self.full

    def room(self) -> tuple[int, int]:
        """There is no disk to run full."""
        return 0, 0

    async def sound(self) -> bool:
        """It is what it is."""
        return True

    async def read(self, stream: str, after: int, limit: int) -> list[Record]:
        """Up to ``limit`` records after a place, and the rest of a command."""
        rows = self.disk.records.get(stream, [])
        head = self._announced.get(stream, 0)
        end = min(after + min(limit, PAGE_MAX), head)
        while after < end < head and rows[end].command_id == rows[end - 1].command_id:
            end += 1
        return rows[after:end]

    async def read_back(self, stream: str, before: int, limit: int) -> list[Record]:
        """The last ``limit`` records before a place (0: from the head), ascending."""
        head = self._announced.get(stream, 0)
        end = head if before <= 0 else min(before - 1, head)
        return self.disk.records.get(stream, [])[max(0, end - min(limit, PAGE_MAX)) : end]

    async def command(self, stream: str, command_id: str) -> tuple[str, Done] | None:
        """Digest and place of a command in the log."""
        stored = self.disk.commands.get((stream, command_id))
        if stored is None or stored.done.last > self._announced.get(stream, 0):
            return None
        return stored.digest, stored.done

    async def close(self) -> None:
        """Flush what waits."""
        self._closed = True
        self.flush()
