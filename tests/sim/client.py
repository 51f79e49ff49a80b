"""A client of a run: the real replicas of every stream it knows, its cache, and the shell between them.

It does what a session does: dials, watches, performs effects, goes on working while cut, comes back after a
restart with what was on its disk.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from incident.kernel import protocol
from incident.kernel.protocol import (
    Accepted,
    Claims,
    Directory,
    Done,
    Error,
    Heartbeat,
    Hello,
    Page,
    Records,
    Refused,
    Submit,
    Watch,
    Watching,
    Welcome,
)
from incident.kernel.record import encode_body
from incident.kernel.replica import (
    Card,
    Changed,
    Diverged,
    Effects,
    Keep,
    Replica,
    Resync,
    Send,
    StateWord,
)
from incident.kernel.slice import Actor, Refusal
from tests.sim.cache import Cache, Write
from tests.sim.server import Server
from tests.sim.truth import Story, Truth
from tests.sim.wire import Wire
from tests.sim.world import World


class Client:
    """One terminal of one agency, over all its lives."""

    replica_class: type[Replica] = Replica

    def __init__(
        self, world: World, server: Server, truth: Truth, actor: Actor, habits: dict[str, Any]
    ) -> None:
        self.world = world
        self.server = server
        self.truth = truth
        self.actor = actor
        self.name = actor.name
        self.delays: tuple[int, int] = habits["delays"]
        self.skew: int = habits["skew"]
        self.again: float = habits["again"]
        self.cache = Cache(world, habits["disk"])
        self.network = True
        self.alive = False
        self.lives = 0
        self.open: dict[str, None] = {}
        """Commands kept and not settled: each must be seen pending somewhere."""
        self.boot()

    # -- lives ------------------------------------------------------------------------------------------------

    def boot(self) -> None:
        self.alive = True
        self.lives += 1
        self.replicas: dict[str, Replica] = {}
        self.claims: dict[str, dict[str, str]] = {}
        self.wire: Wire | None = None
        self.welcomed = False
        self.watched: dict[str, bool] = {}
        """Streams watched on this wire; True once everything up to the head is here."""
        self.shut: dict[str, None] = {}
        self.behind: dict[str, int] = {}
        streams = [
            *self.cache.copies,
            *(protocol.read_client(row).stream for row in self.cache.outbox.values()),
        ]  # type: ignore[union-attr]
        for stream in dict.fromkeys((self.register, *streams)):
            self.replica(stream)
        self.world.say(self.name, "boots", self.lives, len(self.cache.outbox))
        self.world.after(self.world.between(0, 300), self._dial, self.lives)

    def kill(self) -> None:
        """The process is gone. What was not on its disk is lost, and only that."""
        self.world.say(self.name, "killed")
        self.world.counts["client killed"] += 1
        self.alive = False
        self.cache.kill()
        for command_id, story in self.truth.stories.items():
            if story.author != self.name:
                continue
            if command_id in self.cache.outbox:
                # Its answer was not written down, so it is asked for again, and may be another after a restart.
                story.answers = [
                    answer for answer in story.answers if isinstance(answer, Done) and answer.first
                ]
                story.card = False
            elif not story.kept and not story.settled:
                story.forgotten = True
        if self.wire is not None:
            self._let_go(self.wire)

    @property
    def register(self) -> str:
        return f"register/exercise/{self.actor.agency}"

    def replica(self, stream: str) -> Replica:
        """The copy of a stream; taken from the cache when it has one."""
        found = self.replicas.get(stream)
        if found is None:
            found = self.replica_class(self.server.model(stream), stream, self.actor, self.server.charter)
            copy = self.cache.copies.get(stream)
            outbox = self.cache.waiting(stream)
            snapshot, records = (None, []) if copy is None else (copy.snapshot, copy.records)
            assert found.restore(snapshot, records, outbox)
            for submit in outbox:  # a row may have been written in the last moment before the kill
                self._is_kept(submit.command_id)
            self.replicas[stream] = found
        return found

    # -- the line -----------------------------------------------------------------------------------------------

    def _dial(self, life: int) -> None:
        if not self.alive or life != self.lives or self.wire is not None:
            return
        if not self.network or not self.server.up:
            self.world.after(self.world.between(300, 3_000), self._dial, life)
            return
        self.wire = Wire(self.world, self, self.server, self.delays)
        self.server.attach(self.wire)
        self.watched.clear()
        self.behind.clear()
        self._post(
            Hello(protocol=protocol.PROTOCOL, client="sim", seat=self.name, epoch=self.server.disk.epoch)
        )

    def noticed(self, wire: Wire) -> None:
        """The line is found to be dead."""
        if wire.client_open:
            self._let_go(wire)

    def _let_go(self, wire: Wire) -> None:
        wire.close_client()
        wire.cut(late_ms_max=10_000)
        self.world.after(self.world.between(0, 12_000), self.server.noticed, wire)
        if self.wire is not wire:
            return
        self.wire = None
        self.welcomed = False
        if self.alive:
            self.world.say(self.name, "cut off")
            self.world.counts["cut off"] += 1
            for stream, replica in self.replicas.items():
                self.perform(stream, replica.link_lost())
            self.world.after(self.world.between(200, 2_000), self._dial, self.lives)

    def _post(self, frame: protocol.ClientFrame) -> None:
        if self.wire is not None:
            self.wire.up.send(protocol.encode(frame))

    def watch(self, stream: str, *, snapshots: bool = True) -> None:
        replica = self.replica(stream)
        states = replica.model.state_versions() if snapshots else {}
        self.watched[stream] = False
        self._post(Watch(stream=stream, cursor=replica.cursor, hash=replica.hash, states=states))

    def hear(self, wire: Wire, data: bytes, binary: bool) -> None:
        if wire is not self.wire:
            return
        if binary:
            header, body = protocol.read_page(data)
            self.perform(header.stream, self.replica(header.stream).receive_page(header, body))
            return
        match protocol.read_server(data):
            case Welcome():
                self.welcomed = True
                for stream in list(self.replicas):
                    self.watch(stream)
            case Directory() as directory:
                self._listed({listing.stream for listing in directory.streams})
            case Records() as frame:
                self._records(frame)
            case Watching() as frame:
                self._watching(frame)
            case Accepted() as frame:
                self._accepted(frame)
            case Refused() as frame:
                self._refused(frame)
            case Heartbeat() as frame:
                self._heartbeat(frame)
            case Claims() as frame:
                self.claims[frame.stream] = {held.key: held.stream for held in frame.held}
            case Error() as frame:
                self._closed(frame)

    def _listed(self, open_to_us: set[str]) -> None:
        """Watch what is open to us and not watched yet, and our own parts of it, which are listed once written."""
        for stream in sorted(open_to_us - self.watched.keys()):
            self.shut.pop(stream, None)
            self.watch(stream)
        for stream in [s for s in self.shut if self.server.models.parent(s) in open_to_us]:
            del self.shut[stream]
            self.watch(stream)

    def _records(self, frame: Records) -> None:
        chronicle = self.truth.chronicle(frame.stream)
        for record in frame.records:
            if record.seq > chronicle.head or chronicle.records[record.seq - 1].hash != record.hash:
                raise self.truth.wrong("published after the disk", frame.stream, record.seq, record.type)
        self.perform(frame.stream, self.replica(frame.stream).receive(frame))

    def _watching(self, frame: Watching) -> None:
        replica = self.replica(frame.stream)
        if replica.cursor < frame.seq:
            self.watch(frame.stream)  # something on the way was lost
            return
        self.watched[frame.stream] = True
        self.world.say(self.name, "live", frame.stream[-8:], replica.cursor)
        self.perform(frame.stream, replica.caught_up())

    def _accepted(self, frame: Accepted) -> None:
        for done in frame.done:
            self.truth.answered(frame.stream, done.command_id, done)
            self.world.say(self.name, "has", done.command_id[-6:], done.first)
        self.perform(frame.stream, self.replica(frame.stream).accepted(frame))

    def _refused(self, frame: Refused) -> None:
        self.truth.codes_seen.add(frame.code)
        self.world.say(self.name, "refused", frame.command_id[-6:], frame.code)
        if frame.code != "id_reuse":
            self.truth.answered(frame.stream, frame.command_id, frame.code)
            self.perform(frame.stream, self.replica(frame.stream).refused(frame))

    def _heartbeat(self, frame: Heartbeat) -> None:
        """A head that stays ahead of us means that something was lost on the way: ask again."""
        for stream, head in frame.heads.items():
            if self.watched.get(stream) and self.replica(stream).cursor < head:
                self.behind[stream] = self.behind.get(stream, 0) + 1
                if self.behind[stream] >= 2:
                    self.behind[stream] = 0
                    self.watch(stream)
            else:
                self.behind[stream] = 0

    def _closed(self, frame: Error) -> None:
        """This stream is not for us, or not yet: what waits is still sent, so that it gets its answer."""
        self.shut[frame.stream] = None
        self.watched.pop(frame.stream, None)
        self.perform(frame.stream, self.replica(frame.stream).caught_up())

    # -- a person works -------------------------------------------------------------------------------------------

    def seen(self, stream: str, command: Any) -> dict[str, str]:
        """What this person sees now of the things a command touches."""
        replica = self.replicas.get(stream)
        return {} if replica is None else replica.model.base_for(replica.projected, command)

    def submit(self, stream: str, command: Any, base: dict[str, str], **more: Any) -> Refusal | str:
        """Take a command on, as a session does: stamp it, note what was seen of the things it touches."""
        known = stream in self.replicas
        replica, world = self.replica(stream), self.world
        if not known and self.welcomed:
            self.watch(stream)
        written_at = world.now + self.skew
        body = encode_body(command)
        submit = Submit(
            stream=stream,
            command_id=world.uuid(),
            type=replica.model.name_of(command),
            body=body,
            written_at=written_at,
            clock_offset=world.between(-40, 40) - self.skew,
            base=base,
            depends_on=self._depends_on(replica, bytes(body), base),
            **more,
        )
        assert len(protocol.encode(submit)) <= protocol.CLIENT_FRAME_BYTES_MAX
        effects = replica.submit(submit)
        if isinstance(effects, Refusal):
            self.truth.codes_seen.add(effects.code)
            world.say(self.name, "may not", submit.type, effects.code)
            return effects
        world.say(self.name, "writes", submit.command_id[-6:], submit.type)
        self.truth.wrote(Story(submit, self.name, self.actor))
        self.perform(stream, effects)
        return submit.command_id

    def _depends_on(self, replica: Replica, body: bytes, base: dict[str, str]) -> list[str]:
        """Commands of ours that this one builds on and that nobody has confirmed."""
        named = [c for c in replica.pending if c.encode() in body or c in base.values()]
        return named[-16:]

    # -- effects ----------------------------------------------------------------------------------------------------

    def perform(self, stream: str, effects: Effects) -> None:
        """Do what the replica asks, in its order; its writes together are one transaction."""
        writes: list[Write] = []
        for effect in effects:
            match effect:
                case Send():
                    self._send(effect.submit)
                case Changed():
                    self._looked_at(stream)
                case Resync():
                    self.world.counts["gap"] += 1
                    self.watch(stream, snapshots=effect.snapshots)
                case Diverged():
                    raise self.truth.wrong("one history", self.name, effect.sentence)
                case Card():
                    self.truth.stories[effect.submit.command_id].card = True
                    writes.append(effect)
                case _:
                    writes.append(effect)
        if writes:
            self.cache.write(stream, writes, self._written(stream, self.lives))

    def _written(self, stream: str, life: int) -> Callable[[Sequence[Write]], None]:
        def written(writes: Sequence[Write]) -> None:
            for write in writes:
                if isinstance(write, Keep) and self.alive and life == self.lives:
                    self._is_kept(write.submit.command_id)
                    self.perform(stream, self.replica(stream).kept(write.submit.command_id))

        return written

    def _is_kept(self, command_id: str) -> None:
        self.truth.stories[command_id].kept = True
        self.open[command_id] = None

    def _send(self, submit: Submit) -> None:
        if self.wire is None:
            return
        self.truth.sent(submit)
        data = protocol.encode(submit)
        self.wire.up.send(data)
        world = self.world
        if world.chance(self.again):
            for _ in range(world.between(1, 4)):
                late = world.between(0, world.rng.choice((60, 600, 4_000)))
                world.after(late, self._send_again, submit, data, self.wire)

    def _send_again(self, submit: Submit, data: bytes, wire: Wire) -> None:
        """The same bytes once more: on the same wire unanswered, or on any once they are in the log."""
        story = self.truth.stories.get(submit.command_id)
        answers = [] if story is None else story.answers
        logged = any(isinstance(answer, Done) and answer.first for answer in answers)
        if self.alive and self.wire is not None and (logged or (self.wire is wire and not answers)):
            self.world.counts["sent again"] += 1
            self.wire.up.send(data)

    # -- what a person sees -------------------------------------------------------------------------------------------

    def _looked_at(self, stream: str) -> None:
        """No word on the screen is false, and nothing that was kept is missing from it."""
        replica = self.replicas[stream]
        for command_id, word in replica.words().items():
            if word != StateWord.CONFIRMED:
                if replica.pending[command_id].word is StateWord.CONFIRMED:
                    raise self.truth.wrong(
                        "what is acknowledged is never doubted", self.name, command_id, word
                    )
                continue
            answers = self.truth.stories[command_id].answers
            if command_id not in self.truth.logged and not any(isinstance(a, Done) for a in answers):
                raise self.truth.wrong("CONFIRMED means durable", self.name, command_id)
        for command_id in list(self.open):
            story = self.truth.stories[command_id]
            if story.submit.stream != stream or command_id in replica.pending:
                continue
            done = self.truth.logged.get(command_id)
            if not story.settled and (done is None or done.last > replica.cursor):
                raise self.truth.wrong("nothing kept is hidden", self.name, story.submit.type, command_id)
            del self.open[command_id]
        self._prefix(stream, replica)

    def _prefix(self, stream: str, replica: Replica) -> None:
        chronicle = self.truth.chronicle(stream)
        if replica.hash != chronicle.hash_at(replica.cursor):
            raise self.truth.wrong("every copy is a prefix", self.name, stream, "at", replica.cursor)
        state = chronicle.states.get(replica.cursor)
        if state is None or replica.frozen_slices:
            raise self.truth.wrong("every copy ends a command", self.name, stream, "at", replica.cursor)
        if state is not replica.confirmed and self.world.chance(0.1) and state != replica.confirmed:
            raise self.truth.wrong("every copy equals the ledger", self.name, stream, "at", replica.cursor)

    def send_broken(self) -> None:
        """What a broken or newer client would send: none of it may ever be in the log."""
        live = [stream for stream, here in self.watched.items() if here and stream in self.replicas]
        if not live or self.wire is None:
            return
        world = self.world
        stream = world.rng.choice(live)
        model = self.replicas[stream].model
        type_ = world.rng.choice(list(model.commands))
        broken: dict[str, Any] = world.rng.choice(
            (
                {"type": "tasks.dance"},
                {"type": type_, "v": 99},
                {"type": type_, "body": msgspec.Raw(b'["agency", 7]')},
                {"type": "log.write", "body": msgspec.Raw(b'{"text": "\\u001b]52;c;YQ==\\u0007"}')},
                {"type": "log.write", "body": msgspec.Raw(b'{"text": 1, "text": "twice"}')},
            )
        )
        submit = Submit(stream=stream, command_id=world.uuid(), written_at=world.now, **broken)
        self.truth.wrote(Story(submit, self.name, self.actor, honest=False))
        self._post(submit)
        mine = [
            s.submit
            for s in self.truth.stories.values()
            if s.author == self.name and s.submit.stream == stream
        ]
        logged = [submit for submit in mine if submit.command_id in self.truth.logged]
        if logged:
            again = world.rng.choice(logged)
            self._post(msgspec.structs.replace(again, body=encode_body({"text": "quite another thing"})))

    def ask_history(self, stream: str) -> None:
        """A page of old lines, for the log screen: it must change nothing."""
        self._post(Page(stream=stream, before=self.world.between(0, 30), limit=self.world.between(1, 20)))
