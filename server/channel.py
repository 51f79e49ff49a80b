"""One stream on its way out: who watches it, what was published last, and one encoding for all of them.

Records are published after the disk has them, in order, joined while the last fan-out is still being paid for:
nothing waits while the server is idle, and at most ``WINDOW_SECONDS_MAX`` under load. ``published`` is where a
watcher that joins at this moment stands; it moves before the frames are written, so that nothing falls between.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Final

import msgspec

from incident.kernel import protocol
from incident.kernel.protocol import PAGE_RECORDS_MAX, Records
from incident.kernel.record import Record
from server.counters import Tally
from server.session import BUFFER_BYTES_MAX, Session, Spawn
from server.wire import deliver

WINDOW_SECONDS_MAX: Final = 0.025
WINDOW_FAN_OUTS: Final = 10
"""Under load records are joined for so many times what the last fan-out took: a tenth of the time goes into them."""

SLICE_WATCHERS: Final = 250
"""Watchers served before everybody else has a turn."""

RECENT_RECORDS_MAX: Final = 1_000
CLAIMS_SECONDS: Final = 0.25
"""The list of claims goes out whole, so not with every change of it; the first change after a pause goes at once."""

FRAME_BYTES_AIM: Final = 131_072
"""Some seconds of a slow line: a heartbeat waits behind a frame, and one command may not be parted."""

RECORD_BYTES: Final = 700
"""What a record needs besides its body and base: ids, names, salt and hash."""


class Place(msgspec.Struct, frozen=True):
    """A place in a stream: the last record's number and its chain hash."""

    seq: int
    hash: str


def size(record: Record) -> int:
    """About how many bytes a record takes in a frame."""
    return RECORD_BYTES + len(record.body) + 120 * len(record.base)


def split(records: Sequence[Record]) -> Iterator[tuple[Record, ...]]:
    """Records in portions that fit a frame, each ending with a whole command."""
    portion: list[Record] = []
    command: list[Record] = []
    filled = weight = 0
    for record in records:
        if command and record.command_id != command[0].command_id:
            if portion and (
                filled + weight > FRAME_BYTES_AIM or len(portion) + len(command) > PAGE_RECORDS_MAX
            ):
                yield tuple(portion)
                portion, filled = [], 0
            portion += command
            filled += weight
            command, weight = [], 0
        command.append(record)
        weight += size(record)
    if portion and (filled + weight > FRAME_BYTES_AIM or len(portion) + len(command) > PAGE_RECORDS_MAX):
        yield tuple(portion)
        portion = []
    if portion or command:
        yield tuple(portion + command)


def frames(stream: str, prev: str, records: Sequence[Record]) -> Iterator[bytes]:
    """Records as frames of their stream; ``prev`` is the hash before the first."""
    for portion in split(records):
        yield protocol.encode(Records(stream=stream, prev=prev, records=list(portion)))
        prev = portion[-1].hash


class Channel:
    """The watchers of one stream and what they have been sent."""

    def __init__(
        self, stream: str, published: Place, spawn: Spawn, tally: Tally, claims: Callable[[str], bytes]
    ) -> None:
        self.stream = stream
        self.published = published
        self.watchers: dict[Session, None] = {}
        self.recent: deque[Record] = deque(maxlen=RECENT_RECORDS_MAX)
        self.building = asyncio.Lock()
        """Held while a snapshot of this stream is built: one at a time."""
        self._claims = claims
        self._claims_changed = False
        self._claims_from = 0.0
        self._claims_timer: asyncio.TimerHandle | None = None
        self._fresh: list[Record] = []
        self._spawn = spawn
        self._tally = tally
        self._timer: asyncio.TimerHandle | None = None
        self._busy = False
        self._ended = 0.0
        self._took = 0.0

    def add(self, records: Iterable[Record]) -> None:
        """The disk has these: they are the next to be published."""
        self._fresh += records

    def claims_changed(self) -> None:
        """What the watchers of this stream are told of claims is another list now."""
        self._claims_changed = True

    def since(self, seq: int) -> tuple[Record, ...] | None:
        """The published records after ``seq`` out of memory; None when the store must be asked."""
        if seq >= self.published.seq:
            return ()
        if not self.recent or self.recent[0].seq > seq + 1:
            return None
        return tuple(islice(self.recent, seq + 1 - self.recent[0].seq, None))

    def hash_at(self, seq: int) -> str | None:
        """The chain hash at a published record, if memory has it."""
        if seq == self.published.seq:
            return self.published.hash
        if not self.recent or not self.recent[0].seq <= seq <= self.published.seq:
            return None
        return self.recent[seq - self.recent[0].seq].hash

    def publish(self, *, critical: bool = False) -> None:
        """Send what is fresh: at once when idle or critical, else when the last fan-out has been paid for."""
        if self._busy:
            return  # the fan-out under way takes it along when it ends
        now = asyncio.get_running_loop().time()
        ready = self._ended + min(self._took * WINDOW_FAN_OUTS, WINDOW_SECONDS_MAX)
        if critical or now >= ready:
            self._go()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_at(ready, self._go)

    def _go(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._busy:
            return
        out = self._encoded()
        if not out or not self.watchers:
            return
        if len(self.watchers) <= SLICE_WATCHERS:
            start = asyncio.get_running_loop().time()
            self._write(tuple(self.watchers), out)
            self._ended = asyncio.get_running_loop().time()
            self._took = self._ended - start
            self._tally.fan_out_seconds.add(self._took)
        else:
            self._busy = True
            self._spawn(self._in_slices(tuple(self.watchers), out))

    def _encoded(self) -> list[bytes]:
        records, self._fresh = self._fresh, []
        out: list[bytes] = []
        if records:
            prev, last = self.published.hash, records[-1]
            self.published = Place(last.seq, last.hash)
            self.recent.extend(records)
            self._tally.records += len(records)
            if self.watchers:
                out += frames(self.stream, prev, records)
                self._tally.encodes += len(out)
                self._tally.fan_outs += 1
        if self._claims_changed and self._claims_due():
            self._claims_changed = False
            if self.watchers:
                out.append(self._claims(self.stream))
        return out

    def _claims_due(self) -> bool:
        """Whether the list of claims may go out now; if not, its time is set."""
        loop = asyncio.get_running_loop()
        if self._claims_timer is None and loop.time() >= self._claims_from:
            self._claims_from = loop.time() + CLAIMS_SECONDS
            return True
        if self._claims_timer is None:
            self._claims_timer = loop.call_at(self._claims_from, self._claims_now)
        return False

    def _claims_now(self) -> None:
        self._claims_timer = None
        self._claims_from = 0.0
        self._go()

    def _write(self, watchers: Sequence[Session], out: Sequence[bytes]) -> None:
        self._tally.deliveries += len(out) * deliver(watchers, out, BUFFER_BYTES_MAX)

    async def _in_slices(self, watchers: Sequence[Session], out: Sequence[bytes]) -> None:
        clock = asyncio.get_running_loop().time
        took = 0.0
        try:
            for first in range(0, len(watchers), SLICE_WATCHERS):
                start = clock()
                some = watchers[first : first + SLICE_WATCHERS]
                self._write([session for session in some if session in self.watchers], out)
                took += clock() - start
                await asyncio.sleep(0)
        finally:
            self._busy = False
            self._ended, self._took = clock(), took
            self._tally.fan_out_seconds.add(took)
        if self._fresh or self._claims_changed:
            self.publish()
