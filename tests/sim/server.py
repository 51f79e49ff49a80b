"""The server of a run: the real sequencers, ledgers and memory store, and a small hub in virtual time around them.

Group commits take virtual time, may fail, and may have reached the disk all the same. Watchers are brought up by
records or by the pages of a snapshot, get what is published once each, and are sometimes dropped or skipped.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Any

from incident.kernel import protocol
from incident.kernel.claims import ClaimTable
from incident.kernel.ledger import Ledger
from incident.kernel.model import Model, Models
from incident.kernel.protocol import (
    Accepted,
    Claims,
    Directory,
    Done,
    Error,
    Heartbeat,
    Hello,
    Listing,
    Page,
    Records,
    Refused,
    SnapshotPage,
    Submit,
    Watch,
    Watching,
    Welcome,
)
from incident.kernel.record import Record
from incident.kernel.slice import Actor, Refusal
from server.sequencer import Asker, Sequencer, Turnstile
from server.store import Append, StoreError
from server.store.memory import Fate, MemoryDisk, MemoryStore
from tests.sim.truth import Basis, Truth
from tests.sim.wire import Wire
from tests.sim.world import World

BEAT_MS = 3_000
UNKNOWN = Refusal("unknown_stream", "There is no such incident, or it is not open to your agency.")


@dataclass(slots=True)
class Weather:
    """How rough a run is: drawn once for each seed."""

    commit_ms: tuple[int, int] = (1, 30)
    commit_slow: float = 0.02
    records_first: bool = False
    lookup_ms: tuple[int, int] = (1, 40)
    page_bytes: int = 4_000
    page_records: int = 40
    snapshot_lag: int = 30
    drop_publish: float = 0.0
    kick: float = 0.0


class Disk(MemoryDisk):
    """The durable half, watched: whatever reaches it is checked there and then."""

    truth: Truth | None = None

    def write(self, group: Sequence[Append]) -> None:
        super().write(group)
        assert self.truth is not None
        self.truth.durable([item.proposal for item in group])


class Disks(MemoryStore):
    """The store of one life of the server; it tells the checkers what has been decided and not yet written."""

    def append(self, item: Append) -> None:
        super().append(item)
        assert isinstance(self.disk, Disk)
        assert self.disk.truth is not None
        self.disk.truth.proposed(item.proposal)

    def stop(self, group: int) -> None:
        """The process is killed: of what waits, the first so many may just have reached the disk."""
        waiting = list(self._waiting)
        self._waiting.clear()
        if waiting[:group]:
            self.disk.write(waiting[:group])


@dataclass(slots=True, eq=False)
class Seat:
    """One connection as the sequencers see it."""

    server: Server
    wire: Wire
    actor: Actor
    watched: dict[str, None] = field(default_factory=dict)
    listed: tuple[str, ...] = ()

    def accepted(self, stream: str, done: list[Done]) -> None:
        for one in done:
            self.server.answers(stream, one.command_id, None, logged=bool(one.first))
        self.post(Accepted(stream=stream, done=done))

    def refused(self, stream: str, command_id: str, refusal: Refusal) -> None:
        self.server.answers(stream, command_id, refusal)
        self.post(
            Refused(
                stream=stream,
                command_id=command_id,
                code=refusal.code,
                sentence=refusal.sentence,
                facts=refusal.facts,
                conflict=refusal.conflict,
            )
        )

    def post(self, frame: protocol.ServerFrame) -> None:
        if self.wire.server_open:
            self.wire.down.send(protocol.encode(frame))


class Server:
    """One server over all its lives."""

    ledger_class: type[Ledger] = Ledger
    sequencer_class: type[Sequencer] = Sequencer
    claims_class: type[ClaimTable] = ClaimTable
    turnstile_class: type[Turnstile] = Turnstile
    store_class: type[Disks] = Disks

    def __init__(self, world: World, models: Models, charter: Any, truth: Truth, weather: Weather) -> None:
        self.world = world
        self.models = models
        self.charter = charter
        self.truth = truth
        self.weather = weather
        self.disk = Disk(epoch=world.uuid())
        self.disk.truth = truth
        self.up = False
        self.beat_ms = BEAT_MS
        self.fate: Fate | None = None
        """What the next commit will meet, when it is to fail."""
        self.lives = 0
        self.errands: list[Coroutine[Any, Any, None]] = []
        self.start()

    # -- lives ------------------------------------------------------------------------------------------------

    def start(self) -> None:
        self.lives += 1
        self.up = True
        self.failing = False
        self.seats: dict[Wire, Seat] = {}
        self.sequencers: dict[str, Sequencer] = {}
        self.store = self.store_class(self.disk, schedule=self._commit_later, fault=self._fault)
        self.store.on_group(self._group)
        self.store.on_failure(lambda _error: self._failed())
        self.claims = self.claims_class(self.store.claims())
        self.turnstile = self.turnstile_class()
        self.bases: dict[tuple[str, str], Basis] = {}
        """What commands that are being decided, or have been and wait for the disk, were decided on."""
        for stream in self.store.heads():
            self._sequencer(stream).ledger.load(self.store.load(stream))
        self.world.say("server up", self.lives, sum(self.store.heads().values()))
        self.world.after(self.beat_ms, self._beat, self.lives)

    def kill(self) -> None:
        """The process is gone at this moment, whatever it was doing."""
        if not self.up:
            return
        self.up = False
        self.world.counts["server killed"] += 1
        self.store.stop(self.world.between(0, len(self.store._waiting)))
        self._ended()

    def _failed(self) -> None:
        """A commit failed: nothing is answered any more, and the process ends."""
        if not self.failing:
            raise self.truth.wrong("nothing gets as far as the last walls", self.store.failure)
        if self.up:
            self.up = False
            self._ended()

    def close(self) -> None:
        """Let go of what would otherwise be said to have been forgotten."""
        for errand in self.errands:
            errand.close()
        self.errands.clear()

    def _ended(self) -> None:
        self.world.say("server down")
        self.close()
        self.truth.server_gone()
        for wire in list(self.seats):
            wire.close_server()
            wire.cut()
            self.world.after(self.world.between(0, 3_000), wire.client.noticed, wire)
        self.seats.clear()

    def _commit_later(self, flush: Callable[[], None]) -> None:
        world, weather = self.world, self.weather
        delay = world.between(*weather.commit_ms)
        if world.chance(weather.commit_slow):
            delay += world.between(200, 2_500)
        world.after(delay, self._flush, self.lives, flush)

    def _flush(self, life: int, flush: Callable[[], None]) -> None:
        if self.up and life == self.lives:
            flush()

    def _fault(self, _group: Sequence[Append]) -> Fate | None:
        fate, self.fate = self.fate, None
        if fate is not None:
            self.failing = True
            self.world.say("commit fails", fate)
            self.world.counts[f"commit fails, {fate}"] += 1
        return fate

    # -- connections ------------------------------------------------------------------------------------------

    def attach(self, wire: Wire) -> None:
        self.seats[wire] = Seat(self, wire, wire.client.actor)

    def noticed(self, wire: Wire) -> None:
        """The server has found out that this peer is gone."""
        wire.close_server()
        self.seats.pop(wire, None)

    def kick(self, wire: Wire) -> None:
        """Too slow: come back and resume (4008)."""
        self.world.say("kick", wire.client.name)
        self.world.counts["watcher dropped"] += 1
        self.noticed(wire)
        wire.cut()
        self.world.after(self.world.between(0, 500), wire.client.noticed, wire)

    def hear(self, wire: Wire, data: bytes) -> None:
        if not self.up:
            return
        seat = self.seats[wire]
        match protocol.read_client(data):
            case Hello():
                seat.post(
                    Welcome(
                        protocol=protocol.PROTOCOL,
                        epoch=self.disk.epoch,
                        server="sim",
                        mode="exercise",
                        name=seat.actor.name,
                        agency=seat.actor.agency,
                        role=seat.actor.role,
                        sent_at=self.world.now,
                    )
                )
                self._list(seat)
            case Watch() as watch:
                self._watch(seat, watch)
            case Submit() as submit:
                self.submit(seat, submit)
            case Page() as page:
                self._history(seat, page)
            case Heartbeat() as beat:
                seat.post(self._heartbeat(seat, echo=beat.sent_at))
            case other:
                raise AssertionError(f"a client sent {type(other).__name__}")

    # -- commands -----------------------------------------------------------------------------------------------

    def submit(self, seat: Seat, submit: Submit) -> None:
        stream = submit.stream
        if self.models.of(stream) is None:
            seat.refused(stream, submit.command_id, UNKNOWN)
            return
        sequencer = self.sequencers.get(stream)
        known = sequencer is not None and sequencer.ledger.knows(submit.command_id)
        if not known and not self._may_write(seat.actor, stream):
            if sequencer is not None:
                sequencer.ledger.turned_away(seat.actor, submit, UNKNOWN)
            self.turnstile.after(lambda: seat.refused(stream, submit.command_id, UNKNOWN))
            return
        sequencer = self._sequencer(stream)
        story = self.truth.stories.get(submit.command_id)
        if story is not None and story.honest and not sequencer.ledger.knows(submit.command_id):
            self.bases[stream, submit.command_id] = self.truth.basis(story, sequencer.ledger.tentative.seq)
        sequencer.submit(seat, submit)

    def _may_write(self, actor: Actor, stream: str) -> bool:
        """As ``may_see``, but with what waits for the disk: who opens an incident writes on in the same breath."""
        agency, parent = self.models.agency(stream), self.models.parent(stream)
        if agency not in (None, actor.agency) or (parent is not None and not self._may_write(actor, parent)):
            return False
        sequencer = self.sequencers.get(stream)
        if sequencer is None or not sequencer.ledger.tentative.seq:
            return True
        return self.model(stream).may_watch(sequencer.ledger.tentative.state, actor) is None

    def _sequencer(self, stream: str) -> Sequencer:
        found = self.sequencers.get(stream)
        if found is None:
            ledger = self.ledger_class(self.model(stream), stream, self.claims, self.charter)
            found = self.sequencers[stream] = self.sequencer_class(
                ledger,
                self.store,
                self.turnstile,
                now=lambda: self.world.now,
                salt=self.world.salt,
                spawn=self._spawn,
                fail=self._no_store,
            )
        return found

    def _no_store(self, error: StoreError) -> None:
        raise self.truth.wrong("nothing is decided without a store", error.sentence)

    def _spawn(self, errand: Coroutine[Any, Any, None]) -> None:
        self.world.counts["looked up in the store"] += 1
        self.errands.append(errand)
        self.world.after(self.world.between(*self.weather.lookup_ms), self._errand, errand)

    def _errand(self, errand: Coroutine[Any, Any, None]) -> None:
        """The memory store's answers need no waiting, so one step runs a coroutine to its end."""
        if errand not in self.errands:
            return
        self.errands.remove(errand)
        try:
            errand.send(None)
        except StopIteration:
            return
        raise AssertionError("a look-up waited for something")

    def answers(self, stream: str, command_id: str, refusal: Refusal | None, *, logged: bool = False) -> None:
        """A no, or an *already so*, leaves the server: it must rest on what the disk has."""
        basis = self.bases.pop((stream, command_id), None)
        if basis is not None and not logged:
            self.truth.rests_on_the_disk(basis, refusal, self.lives)

    # -- what goes out ------------------------------------------------------------------------------------------

    def model(self, stream: str) -> Model:
        model = self.models.of(stream)
        assert model is not None
        return model

    def may_see(self, actor: Actor, stream: str) -> bool:
        agency, parent = self.models.agency(stream), self.models.parent(stream)
        if agency not in (None, actor.agency) or (parent is not None and not self.may_see(actor, parent)):
            return False
        sequencer = self.sequencers.get(stream)
        if sequencer is None or not sequencer.ledger.durable.seq:
            return agency is not None
        return self.model(stream).may_watch(sequencer.ledger.durable.state, actor) is None

    def _list(self, seat: Seat) -> None:
        seen = tuple(
            stream
            for stream, s in self.sequencers.items()
            if s.ledger.durable.seq and self.may_see(seat.actor, stream)
        )
        if seen != seat.listed:
            seat.listed = seen
            heads = self.store.heads()
            seat.post(Directory(streams=[Listing(stream, heads[stream]) for stream in seen]))

    def _group(self, group: Sequence[Append]) -> None:
        """The disk has these: commit, then acknowledge and publish, in the order of the log."""
        world = self.world
        world.say("group", *(item.proposal.command_id[-6:] for item in group))
        streams = list(dict.fromkeys(item.proposal.stream for item in group))
        answers: dict[tuple[Asker, str], list[Done]] = {}
        for stream in streams:
            mine = [item.proposal for item in group if item.proposal.stream == stream]
            for asker, done in self.sequencers[stream].committed(mine):
                answers.setdefault((asker, stream), []).append(done)
        if self.weather.records_first:
            self._publish(group, streams)
        for (asker, stream), done_together in answers.items():
            asker.accepted(stream, done_together)
        if not self.weather.records_first:
            self._publish(group, streams)
        for told in dict.fromkeys(name for item in group for name in item.proposal.tell):
            self._tell_claims(told)
        self.turnstile.durable(len(group))
        for seat in list(self.seats.values()):
            for stream in [s for s in seat.watched if not self.may_see(seat.actor, s)]:
                del seat.watched[stream]
                seat.post(Error(code="not_party", sentence="Your agency is no longer party.", stream=stream))
            self._list(seat)

    def _publish(self, group: Sequence[Append], streams: Sequence[str]) -> None:
        for stream in streams:
            mine = [item.proposal for item in group if item.proposal.stream == stream]
            records = [record for proposal in mine for record in proposal.records]
            data = protocol.encode(Records(stream=stream, prev=mine[0].prev, records=records))
            for seat in list(self.seats.values()):
                if stream not in seat.watched or not seat.wire.server_open:
                    continue
                if self.world.chance(self.weather.kick):
                    self.kick(seat.wire)
                elif self.world.chance(self.weather.drop_publish):
                    self.world.counts["records skipped"] += 1
                else:
                    seat.wire.down.send(data)

    def _tell_claims(self, stream: str) -> None:
        held = [holding for holding in self.truth.holders.values() if holding.tell == stream]
        for seat in self.seats.values():
            if stream in seat.watched:
                seat.post(Claims(stream=stream, held=held))

    def _beat(self, life: int) -> None:
        if not self.up or life != self.lives:
            return
        for seat in self.seats.values():
            seat.post(self._heartbeat(seat))
        self.world.after(self.beat_ms, self._beat, life)

    def _heartbeat(self, seat: Seat, echo: int | None = None) -> Heartbeat:
        heads = self.store.heads()
        watched = {stream: heads.get(stream, 0) for stream in seat.watched}
        return Heartbeat(sent_at=self.world.now, echo=echo, epoch=self.disk.epoch, heads=watched)

    # -- bringing a watcher up ------------------------------------------------------------------------------------

    def _watch(self, seat: Seat, watch: Watch) -> None:
        stream = watch.stream
        if not self.may_see(seat.actor, stream):
            seat.post(Error(code="unknown_stream", sentence=UNKNOWN.sentence, stream=stream))
            return
        records = self.disk.records.get(stream, [])
        head = self.store.heads().get(stream, 0)
        chronicle = self.truth.chronicle(stream)
        if watch.cursor > head or (watch.cursor and chronicle.hash_at(watch.cursor) != watch.hash):
            raise self.truth.wrong("one history", seat.actor.name, "holds another history of", stream)
        cursor = watch.cursor
        if head - cursor > self.weather.snapshot_lag and watch.states == self.model(stream).state_versions():
            cursor = self._snapshot(seat, stream, cursor, head)
        while cursor < head:
            end = min(cursor + self.world.between(1, self.weather.page_records), head)
            while end < head and records[end].command_id == records[end - 1].command_id:
                end += 1
            seat.post(Records(stream=stream, prev=chronicle.hash_at(cursor), records=records[cursor:end]))
            cursor = end
        seat.watched[stream] = None
        seat.post(Watching(stream=stream, seq=head))
        seat.post(Claims(stream=stream, held=[h for h in self.truth.holders.values() if h.tell == stream]))

    def _snapshot(self, seat: Seat, stream: str, cursor: int, head: int) -> int:
        """Pages of a snapshot at some whole command past the cursor, as a server that keeps one would send."""
        model, chronicle = self.model(stream), self.truth.chronicle(stream)
        at = self.world.rng.choice([seq for seq in chronicle.states if cursor < seq <= head])
        size = self.weather.page_bytes
        pages: list[tuple[SnapshotPage, bytes]] = []
        for part in model.snapshot(chronicle.states[at]):
            pieces = [part.body[i : i + size] for i in range(0, len(part.body), size)]
            for index, piece in enumerate(pieces):
                header = SnapshotPage(
                    stream=stream,
                    seq=at,
                    hash=chronicle.hash_at(at),
                    slice=part.name,
                    state_v=part.state_v,
                    index=index,
                    of=len(pieces),
                )
                pages.append((header, piece))
        self.world.rng.shuffle(pages)
        self.world.counts["snapshot"] += 1
        self.world.say("snapshot", seat.actor.name, stream[-6:], at, len(pages))
        for header, piece in pages:
            seat.wire.down.send(protocol.encode_page(header, piece), binary=True)
        return at

    def _history(self, seat: Seat, page: Page) -> None:
        if not self.may_see(seat.actor, page.stream):
            return
        head = self.store.heads().get(page.stream, 0)
        end = head if page.before == 0 else min(page.before - 1, head)
        rows: list[Record] = self.disk.records.get(page.stream, [])[max(0, end - page.limit) : end]
        prev = self.truth.chronicle(page.stream).hash_at(max(0, end - page.limit))
        seat.post(Records(stream=page.stream, prev=prev, records=rows, history=True))
