"""What a client has on its own disk. Writes queue up and take virtual time; a killed client keeps what was written.

Each set of effects is one transaction. What a client holds in memory only is not in here.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from incident.kernel import protocol
from incident.kernel.protocol import Submit
from incident.kernel.record import Record
from incident.kernel.replica import Card, Drop, Keep, Store, StoreSnapshot
from tests.sim.world import World

Write = Keep | Store | StoreSnapshot | Drop | Card


@dataclass(slots=True)
class Copy:
    """One stream: where the confirmed state starts from, and the records since."""

    snapshot: StoreSnapshot | None = None
    records: list[Record] = field(default_factory=list)


class Cache:
    """The durable rows of one client, and its queue of writes."""

    def __init__(self, world: World, delays: tuple[int, int]) -> None:
        self.world = world
        self.delays = delays
        self.outbox: dict[str, bytes] = {}
        self.copies: dict[str, Copy] = {}
        self.cards: dict[str, Card] = {}
        self._queue: deque[tuple[str, Sequence[Write], Callable[[Sequence[Write]], None]]] = deque()
        self._life = 0

    def write(self, stream: str, writes: Sequence[Write], written: Callable[[Sequence[Write]], None]) -> None:
        """Queue one transaction; ``written`` is called when the disk has it."""
        self._queue.append((stream, writes, written))
        if len(self._queue) == 1:
            self._begin()

    def kill(self) -> None:
        """The client is gone: the transaction under way may just have made it, the others have not."""
        if self._queue and self.world.chance(0.5):
            self._apply(*self._queue[0][:2])
        self._queue.clear()
        self._life += 1

    def waiting(self, stream: str) -> tuple[Submit, ...]:
        """The outbox of one stream, in the order in which it was written."""
        rows = (protocol.read_client(row) for row in self.outbox.values())
        return tuple(row for row in rows if isinstance(row, Submit) and row.stream == stream)

    @property
    def idle(self) -> bool:
        return not self._queue

    def _begin(self) -> None:
        self.world.after(self.world.between(*self.delays), self._done, self._life)

    def _done(self, life: int) -> None:
        if life != self._life:
            return
        stream, writes, written = self._queue.popleft()
        self._apply(stream, writes)
        if self._queue:
            self._begin()
        written(writes)

    def _apply(self, stream: str, writes: Sequence[Write]) -> None:
        for write in writes:
            match write:
                case Keep():
                    self.outbox[write.submit.command_id] = protocol.encode(write.submit)
                case Drop():
                    self.outbox.pop(write.command_id, None)
                case Card():
                    self.cards[write.submit.command_id] = write
                case StoreSnapshot():
                    self.copies[stream] = Copy(write)
                case Store():
                    self.copies.setdefault(stream, Copy()).records.extend(write.records)
