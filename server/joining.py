"""How a client comes to hold a stream: checked at its cursor, brought up to date, then live without a gap.

A client that is a little behind gets the records it lacks; one that is far behind gets a snapshot and the rest.
One coroutine per connection does this, a bounded portion at a time, waiting for the peer and never for long
without giving everybody else a turn. The last step, from *up to date* to *live*, has no await in it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final

import msgspec

from incident.kernel import protocol
from incident.kernel.model import Model
from incident.kernel.protocol import Page, Records, SnapshotPage, Watch, Watching
from incident.kernel.record import Record, genesis
from server.channel import Channel, Place, frames, size
from server.hub import CLOSED, Hub
from server.limits import ERRAND_BYTES
from server.session import Session
from server.store import StoreError

FAR_BEHIND: Final = 5_000
"""Records a client may lack and still be sent them one by one."""

PORTION: Final = 250
"""Records read from the store before others have a turn."""

PIECE_BYTES_MAX: Final = 131_072
"""One snapshot page before it is compressed: small enough not to fill a slow line for long."""

SNAPSHOT_AGE_MAX: Final = 1_000
"""Records that may have come since a kept snapshot; the joiner gets them as records."""

PAGE_BYTES_MAX: Final = 131_072
TURNED_AWAY_SECONDS: Final = 0.02
"""After so long it is said whether somebody may be told that a stream is closed to them, found or not."""

PUBLISHED_SECONDS: Final = 0.002
NO_SUCH_STREAM: Final = "There is no such stream, or it is not open to your agency."


class Snapshot(msgspec.Struct, frozen=True):
    """A stream's whole state at one place, as frames ready to be sent."""

    at: Place
    pages: tuple[bytes, ...]


def paged(model: Model, stream: str, state: object, at: Place) -> Snapshot:
    """Build a snapshot. Takes a while: run it in a thread. States are frozen, so nobody changes it meanwhile."""
    pages = []
    for part in model.snapshot(state):
        pieces = [part.body[n : n + PIECE_BYTES_MAX] for n in range(0, len(part.body), PIECE_BYTES_MAX)] or [
            b""
        ]
        for index, piece in enumerate(pieces):
            header = SnapshotPage(
                stream=stream,
                seq=at.seq,
                hash=at.hash,
                slice=part.name,
                state_v=part.state_v,
                index=index,
                of=len(pieces),
            )
            pages.append(protocol.encode_page(header, piece))
    return Snapshot(at, tuple(pages))


def whole(records: Sequence[Record]) -> list[Record]:
    """The first portion of records, to the end of its last command."""
    last = len(records)
    if last > PORTION:
        last = PORTION
        while last < len(records) and records[last].command_id == records[last - 1].command_id:
            last += 1
    return list(records[:last])


class Joining:
    """Serves the watches and pages of all sessions."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._snapshots: dict[str, Snapshot] = {}

    async def run(self, session: Session) -> None:
        """Everything that a session has asked for and not been given, in order."""
        while session.errands and session.open:
            errand = session.errands.popleft()
            await session.pay(ERRAND_BYTES)
            try:
                if isinstance(errand, Watch):
                    await self._watch(session, errand)
                else:
                    await self._page(session, errand)
            except StoreError as error:
                session.error("unavailable", error.sentence, errand.stream)

    # -- watching -------------------------------------------------------------------------------------------

    async def _watch(self, session: Session, watch: Watch) -> None:
        hub, stream = self._hub, watch.stream
        hub.leave(session, stream)
        if not hub.may_see(session.actor, stream):
            await self._turned_away(session, watch)
            return
        channel = hub.channel(stream)
        token = session.streams[stream] = object()
        if not await self._holds(channel, watch):
            session.streams.pop(stream, None)
            session.error(
                "diverged", f"Record {watch.cursor} of your copy is not in the history kept here.", stream
            )
            return
        at = await self._snapshot(session, channel, watch, token)
        while self._wanted(session, stream, token):
            if at.seq >= channel.published.seq:
                hub.enter(session, channel)
                session.post(hub.claims_frame(stream))
                session.post(protocol.encode(Watching(stream=stream, seq=at.seq)))
                return
            at = await self._forward(session, channel, at, token)

    async def _turned_away(self, session: Session, watch: Watch) -> None:
        """What is not theirs is answered as if it were not there.

        Who names a record of it with its chain hash has held it, so is told that it is closed to them: a client
        deletes its copy on that word alone, and not where the server itself may have lost the history. What is
        absent is looked for in the store just as well, and neither is answered before the time that this takes.
        """
        held = False
        if watch.cursor and watch.hash:
            answered_at = asyncio.get_running_loop().time() + TURNED_AWAY_SECONDS
            found = await self._hub.store.read(watch.stream, watch.cursor - 1, 1)
            held = bool(found) and found[0].seq == watch.cursor and found[0].hash == watch.hash
            await asyncio.sleep(answered_at - asyncio.get_running_loop().time())
        if held and not self._hub.may_see(session.actor, watch.stream):
            session.error("not_party", CLOSED, watch.stream)
        else:
            session.error("unknown_stream", NO_SUCH_STREAM, watch.stream)

    def _wanted(self, session: Session, stream: str, token: object) -> bool:
        """Whether this watch goes on. Asked before every portion: a slow line may outlast the right to see."""
        if not session.open or session.streams.get(stream) is not token:
            return False
        if self._hub.may_see(session.actor, stream):
            return True
        self._hub.put_out(session, stream)
        return False

    async def _holds(self, channel: Channel, watch: Watch) -> bool:
        """Whether the copy the client holds is a beginning of ours."""
        if watch.cursor > channel.published.seq:
            return False
        if watch.cursor == 0:
            return watch.hash in ("", genesis(channel.stream))
        known = channel.hash_at(watch.cursor)
        if known is None:
            records = await self._hub.store.read(channel.stream, watch.cursor - 1, 1)
            known = records[0].hash if records else None
        return known == watch.hash

    async def _forward(self, session: Session, channel: Channel, at: Place, token: object) -> Place:
        """Send the next portion after this place, as far as it is published; answers where the client is then."""
        recent = channel.since(at.seq)
        records = (
            whole(recent)
            if recent is not None
            else await self._hub.store.read(channel.stream, at.seq, PORTION)
        )
        published = channel.published.seq
        records = [record for record in records if record.seq <= published]
        if not records:
            raise StoreError(f"What follows record {at.seq} cannot be read at this moment.")
        for frame in frames(channel.stream, at.hash, records):
            if not self._wanted(session, channel.stream, token):
                break
            await session.send(frame)
        return Place(records[-1].seq, records[-1].hash)

    async def _hash_before(self, channel: Channel, seq: int) -> str:
        if seq <= 1:
            return genesis(channel.stream)
        known = channel.hash_at(seq - 1)
        if known is None:
            before = await self._hub.store.read_back(channel.stream, seq, 1)
            known = before[-1].hash if before else ""
        return known

    # -- snapshots ------------------------------------------------------------------------------------------

    async def _snapshot(self, session: Session, channel: Channel, watch: Watch, token: object) -> Place:
        """Send a snapshot when that is shorter and the client can read it; answers where the client stands."""
        model = self._hub.model(channel.stream)
        here = Place(watch.cursor, watch.hash or genesis(channel.stream))
        if channel.published.seq - watch.cursor <= FAR_BEHIND or watch.states != model.state_versions():
            return here
        snapshot = await self._built(model, channel)
        if snapshot.at.seq <= watch.cursor:
            return here
        for page in snapshot.pages:
            if not self._wanted(session, channel.stream, token):
                break
            await session.send(page, text=False)
        return snapshot.at

    async def _built(self, model: Model, channel: Channel) -> Snapshot:
        async with channel.building:
            kept = self._snapshots.get(channel.stream)
            if kept is not None and channel.published.seq - kept.at.seq <= SNAPSHOT_AGE_MAX:
                return kept
            while (head := self._hub.durable(channel.stream)).seq != channel.published.seq:
                # A snapshot past what is published would make its reader see records twice.
                channel.publish(critical=True)
                await asyncio.sleep(PUBLISHED_SECONDS)
            snapshot = await asyncio.to_thread(paged, model, channel.stream, head.state, channel.published)
            self._snapshots[channel.stream] = snapshot
            return snapshot

    # -- history --------------------------------------------------------------------------------------------

    async def _page(self, session: Session, page: Page) -> None:
        """Up to ``limit`` records before a place, marked as history; fewer when they would not fit a frame."""
        hub, stream = self._hub, page.stream
        if not hub.may_see(session.actor, stream):
            session.error("unknown_stream", NO_SUCH_STREAM, stream)
            return
        found = await hub.store.read_back(stream, page.before, page.limit)
        kept: list[Record] = []
        room = PAGE_BYTES_MAX
        for record in reversed(found):
            room -= size(record)
            if room < 0 and kept:
                break
            kept.append(record)
        kept.reverse()
        prev = await self._hash_before(hub.channel(stream), kept[0].seq) if kept else ""
        if not hub.may_see(session.actor, stream):
            session.error("unknown_stream", NO_SUCH_STREAM, stream)
            return
        await session.send(protocol.encode(Records(stream=stream, prev=prev, records=kept, history=True)))
