"""One stream that this session holds: its replica, where it stands with the server, and what the disk has of it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import msgspec

from incident.kernel.claims import Holding
from incident.kernel.model import Model
from incident.kernel.protocol import Submit, Watch
from incident.kernel.record import Record
from incident.kernel.replica import Diverged, Replica, StoreSnapshot
from incident.kernel.slice import Actor
from incident_tui.cache import Cache

SNAPSHOT_EVERY: Final = 2_000
"""Records after which the state is written down, so that the next opening need not fold them all."""

SNAPSHOT_SECONDS: Final = 10.0
"""Not oftener than this: a whole state takes a few hundredths of a second to encode, in which nothing is painted."""


class Watched:
    """A stream held here. `live`: the server has sent everything up to its head and goes on sending."""

    def __init__(self, replica: Replica) -> None:
        self.replica = replica
        self.live = False
        self.absent = False
        """The server knows no such stream, or not for us; a stream opened here has no other answer at first."""
        self.closed = False
        """It is not open to us any more: nothing is kept of it here but what a person wrote and has no answer yet."""
        self.asked_at: float | None = None
        """When Watch was sent (monotonic seconds), while its answer is awaited."""
        self.with_snapshots = True
        self.resyncs = 0
        self.sent: dict[str, float] = {}
        """When each command was sent that has no answer yet (monotonic seconds)."""
        self.busy: set[str] = set()
        """Those of them that it had no time for, or that the line did not take: they are sent again in any case."""
        self.claims: tuple[Holding, ...] = ()
        self.delivered: set[str] = set()
        """Subjects whose delivery has been reported, or could not be."""
        self.seen: set[str] = set()
        self.told_frozen = False
        self.unsnapped = 0
        self.snapped_at = float("-inf")
        """When the state was last written down (monotonic seconds)."""
        self.unreported: tuple[int, Any] | None = None
        """A state (with its record's number) of which `stored` is told once the disk has its records."""

    @property
    def stream(self) -> str:
        """Its name."""
        return self.replica.stream

    @property
    def model(self) -> Model:
        """Its rules."""
        return self.replica.model

    @property
    def diverged(self) -> str:
        """Why the server's history is not ours, as a sentence; "" when it is."""
        return "" if self.replica.diverged is None else self.replica.diverged.sentence

    def watch(self, now: float) -> Watch:
        """The frame that asks for everything after what is here."""
        self.live, self.asked_at = False, now
        states = self.model.state_versions() if self.with_snapshots else {}
        replica = self.replica
        return Watch(stream=self.stream, cursor=replica.cursor, hash=replica.hash, states=states)

    def line_lost(self) -> None:
        """Nothing that was asked will be answered on this line."""
        self.live = self.absent = False
        self.asked_at = None
        self.resyncs = 0
        self.sent.clear()
        self.busy.clear()

    def diverge(self, sentence: str) -> None:
        """The server says that our copy is no beginning of its history: nothing of it is overwritten."""
        self.live = False
        self.replica.diverged = Diverged(self.replica.cursor, sentence)

    def snapshot(self) -> StoreSnapshot | None:
        """The confirmed state as it would be written down; None when part of it is not understood here."""
        replica = self.replica
        if replica.frozen_slices or not replica.cursor:
            return None
        self.unsnapped = 0
        return StoreSnapshot(self.model.snapshot(replica.confirmed), replica.cursor, replica.hash)


async def load(cache: Cache, model: Model, stream: str, actor: Actor, charter: Any) -> Watched:
    """A stream as the cache holds it, with its waiting commands; an empty one when it holds nothing."""
    snapshot, records = await cache.stream(stream)
    waiting = [submit for submit in cache.outbox.values() if submit.stream == stream]
    replica = Replica(model, stream, actor, charter)
    if not _restored(replica, snapshot, records, waiting):
        # Another version of this program wrote that state: from the records, or else from the server.
        whole = await cache.before(stream, (snapshot.seq if snapshot is not None else 0) + 1, 1_000_000)
        from_start = [*whole, *records] if whole and whole[0].seq == 1 else []
        replica = Replica(model, stream, actor, charter)
        _restored(replica, None, from_start, waiting)
    watched = Watched(replica)
    watched.unsnapped = len(records)
    return watched


def _restored(
    replica: Replica, snapshot: StoreSnapshot | None, records: Iterable[Record], waiting: Iterable[Submit]
) -> bool:
    try:
        return replica.restore(snapshot, records, waiting)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return False
