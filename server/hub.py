"""The middle of the server: every stream with its one writer, everybody who watches it, and who is here.

The hub is blind: it carries commands, records and summaries whose meaning only the models know. It answers an
actor who may not see a stream exactly as if there were no such stream. Called from the event loop only.
"""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import secrets
import time
import uuid
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

from incident.kernel import protocol
from incident.kernel.claims import ClaimTable
from incident.kernel.ledger import Head, Ledger, Proposal
from incident.kernel.model import Model, Models, UnknownType
from incident.kernel.protocol import Claims, Done, Heartbeat, Submit
from incident.kernel.record import genesis
from incident.kernel.slice import Actor, Refusal
from server import logs
from server.channel import Channel, Place
from server.counters import Tally
from server.directory import Lists
from server.sequencer import Asker, Sequencer, Turnstile
from server.session import Session, Spawn
from server.sight import EVERY_SECONDS as SIGHT_SECONDS
from server.sight import Sight
from server.store import Append, Store, StoreError, Unavailable

BEAT_SECONDS: Final = 2.0
BEATS_AT_ONCE: Final = 250
SILENT_SECONDS: Final = 4.0
"""A disk that has answered nothing for so long, with work before it, is told to the rooms as one that cannot write."""

CLOSED: Final = "This is not open to your agency any more."
UNKNOWN: Final = Refusal("unknown_stream", "There is no such incident, or it is not open to your agency.")


class Salts:
    """32 hex digits of chance for the salt of one command's records, drawn from the system many at a time."""

    SALT: Final = 16
    DRAW: Final = 4_096

    def __init__(self) -> None:
        self._drawn = b""
        self._at = 0

    def __call__(self) -> str:
        """The next salt; none is given twice."""
        if self._at == len(self._drawn):
            self._drawn, self._at = secrets.token_bytes(self.DRAW), 0
        self._at += self.SALT
        return self._drawn[self._at - self.SALT : self._at].hex()


class Hub:
    """Sequencers, channels and sessions of one server process."""

    def __init__(
        self,
        store: Store,
        models: Models,
        charter: Any,
        spawn: Spawn,
        *,
        now: Callable[[], int] = logs.clock,
        salt: Callable[[], str] | None = None,
        fail: Callable[[StoreError], None] = lambda _error: None,
        secret: bytes = b"",
    ) -> None:
        self.store = store
        self.models = models
        self.charter = charter
        self.spawn = spawn
        self.now = now
        self.salt = salt or Salts()
        self.sessions: dict[Session, None] = {}
        self.sequencers: dict[str, Sequencer] = {}
        self.tally = Tally()
        self.failure: StoreError | None = None
        self.stopping = False
        self.sight = Sight(models, self.sequencers, now)
        self.lists = Lists(self, lambda: self.sessions)
        self._fail = fail
        self._secret = secret
        self._quiet = asyncio.Event()
        self._people: dict[str, list[str]] | None = None
        self._channels: dict[str, Channel] = {}
        self._turnstile = Turnstile()
        self._claims = ClaimTable(store.claims())
        # What watchers are told of claims follows the disk; the ledgers' own table runs ahead of it.
        self._told_claims = ClaimTable(store.claims())
        store.on_group(self._group)
        store.on_failure(self.failed)

    def load(self) -> None:
        """Take up every stream that the store holds. Blocks: for start-up only.

        Raises:
            Unavailable: the log holds what this version cannot read.
        """
        for stream in self.store.heads():
            sequencer = self._sequencer(stream)
            if sequencer is None:
                logs.warn("stream of an unknown kind is left alone", stream=stream)
                continue
            try:
                sequencer.ledger.load(self.store.load(stream))
            except UnknownType as unknown:
                raise Unavailable(
                    f"The log holds records of a newer kind ({unknown}). Install the newer version of this program."
                ) from None
            self.sequencers[stream] = sequencer
            self.lists.touched(stream, sequencer.ledger.model, sequencer.ledger.durable.state)
            self.sight.moved(stream)

    # -- who may see what -----------------------------------------------------------------------------------

    def may_see(self, actor: Actor, stream: str, *, decided: bool = False) -> bool:
        """Whether an actor may watch a stream; its own streams also while they are still empty.

        ``decided`` asks what has been decided, on the disk or not: who opens an incident writes on in one breath.
        """
        return self.sight.may_see(actor, stream, decided=decided)

    def streams(self) -> Iterable[tuple[str, Model, Any, int]]:
        """Every stream with its model, durable state and head, the newest at the end."""
        for stream, sequencer in self.sequencers.items():
            head = sequencer.ledger.durable
            yield stream, sequencer.ledger.model, head.state, head.seq

    def model(self, stream: str) -> Model:
        """The rules of a stream whose kind is known."""
        model = self.models.of(stream)
        if model is None:
            raise LookupError("streams of an unknown kind are asked about nowhere")
        return model

    def durable(self, stream: str) -> Head:
        """State and place of what the disk has of a stream."""
        sequencer = self.sequencers.get(stream)
        if sequencer is not None:
            return sequencer.ledger.durable
        return Head(self.model(stream).initial(), 0, genesis(stream))

    def own_id(self, *cause: str) -> str:
        """The id of a command that the server writes because of this, the same each time, also after a restart.

        Made with the data folder's secret and the log's epoch, so that no client can use it before the server does.
        """
        digest = hmac.digest(self._secret, "\n".join((self.store.epoch, *cause)).encode(), "sha256")
        return str(uuid.UUID(bytes=digest[:16], version=5))

    # -- commands in ----------------------------------------------------------------------------------------

    def submit(self, asker: Asker, submit: Submit, *, trusted: bool = False) -> None:
        """Decide one command; the answer goes to the asker. ``trusted`` askers are the server's own.

        Once the store has failed or the server is stopping, nothing is answered: ids resolve it later.
        """
        if self.failure is not None or self.stopping:
            return
        sequencer = self.sequencers.get(submit.stream)
        if sequencer is None:
            self._first(asker, submit, trusted=trusted)
        elif (
            trusted
            # What its author was told before, it is told again, whatever it may see by now.
            or sequencer.ledger.repeats(asker.actor, submit)
            or self.may_see(asker.actor, submit.stream, decided=True)
        ):
            sequencer.submit(asker, submit)
        else:
            self._unseen(sequencer, asker, submit)

    def still_taken(self, submit: Submit) -> bool:
        """Of a desk at which nobody is: what a machine writes, and what was taken on before and is asked for again."""
        sequencer = self.sequencers.get(submit.stream)
        if sequencer is not None and sequencer.ledger.knows(submit.command_id):
            return True
        model = self.models.of(submit.stream)
        return model is not None and submit.type in model.commands and model.spec_of(submit.type).by_machine

    def _first(self, asker: Asker, submit: Submit, *, trusted: bool) -> None:
        """A command to a stream that does not exist: only if it is accepted does the stream come to be."""
        sequencer = self._sequencer(submit.stream)
        if sequencer is None or not (trusted or self._may_begin(asker.actor, sequencer)):
            self._turnstile.after(lambda: asker.refused(submit.stream, submit.command_id, UNKNOWN))
        elif sequencer.submit(asker, submit):
            self.sequencers[submit.stream] = sequencer

    def _may_begin(self, actor: Actor, sequencer: Sequencer) -> bool:
        if sequencer.agency is not None and sequencer.agency != actor.agency:
            return False
        return sequencer.parent is None or self.sight.belongs(actor, sequencer.parent, decided=True)

    def _unseen(self, sequencer: Sequencer, asker: Asker, submit: Submit) -> None:
        """What is not theirs is answered as if it were not there: decided on an empty stream, and never written."""
        refusal = UNKNOWN
        if sequencer.agency is None:
            full = self.store.refuses()
            if full is not None:
                refusal = Refusal("disk_full", full)
            else:
                ledger = Ledger(sequencer.ledger.model, submit.stream, ClaimTable(), self.charter)
                answer = ledger.propose(asker.actor, submit, self.now(), self.salt())
                if isinstance(answer, Refusal):
                    refusal = answer
            sequencer.ledger.turned_away(asker.actor, submit, refusal)
        self._turnstile.after(lambda: asker.refused(submit.stream, submit.command_id, refusal))

    def _sequencer(self, stream: str) -> Sequencer | None:
        model = self.models.of(stream)
        if model is None:
            return None
        ledger = Ledger(model, stream, self._claims, self.charter)
        return Sequencer(
            ledger,
            self.store,
            self._turnstile,
            now=self.now,
            salt=self.salt,
            spawn=self.spawn,
            fail=self.failed,
            agency=self.models.agency(stream),
            parent=self.models.parent(stream),
        )

    # -- records out ----------------------------------------------------------------------------------------

    @property
    def read_only(self) -> bool:
        """The disk has failed, or answers nothing at this moment."""
        return self.failure is not None or self.disk_silent

    @property
    def disk_silent(self) -> bool:
        """The disk has had something to write for a while and has answered nothing."""
        return self._turnstile.silent_seconds() > SILENT_SECONDS

    def _group(self, group: Sequence[Append]) -> None:
        """The disk has this group. A slip half way leaves what nobody can vouch for: then the server ends.

        What is on the disk is right; the next start reads it from there.
        """
        if self.failure is not None:
            return
        try:
            self._take_group(group)
        except Exception as error:  # noqa: BLE001 -- whatever it is, the state in memory is not to be trusted
            logs.fault("group failed", error)
            self.failed(Unavailable("The server has lost its thread. It must be started again."))

    def _take_group(self, group: Sequence[Append]) -> None:
        """Commit, then acknowledge, then publish, each in the order of the log."""
        proposals: dict[str, list[Proposal]] = {}
        for item in group:
            proposals.setdefault(item.proposal.stream, []).append(item.proposal)
        for stream in proposals:
            self.channel(stream)  # made here, it stands where the last group ended
        answers: dict[tuple[Asker, str], list[Done]] = {}
        for stream, waited in proposals.items():
            for asker, done in self.sequencers[stream].committed(waited):
                answers.setdefault((asker, stream), []).append(done)
        for (asker, stream), done_together in answers.items():
            asker.accepted(stream, done_together)
        self._count(group)
        self._turnstile.durable(len(group))
        # Who may no longer see a stream gets nothing that was written in one group with the end of their sight.
        moved = [stream for stream in proposals if self._moved(stream)]
        for stream, waited in proposals.items():
            self._publish(stream, waited)
        if moved:
            self.lists.refresh()
        if self.stopping and not self._unanswered():
            self._quiet.set()

    def _count(self, group: Sequence[Append]) -> None:
        """How long each waited for its answer; the sequencer has noted when it was decided."""
        now, add = time.monotonic(), self.tally.ack_seconds.add
        for item in group:
            if isinstance(item.tag, float):
                add(now - item.tag)

    def _publish(self, stream: str, waited: Sequence[Proposal]) -> None:
        ledger = self.sequencers[stream].ledger
        channel = self.channel(stream)
        critical = False
        for proposal in waited:
            channel.add(proposal.records)
            critical = critical or any(map(ledger.model.critical, proposal.records))
            for told in self._told_claims.take(proposal.claims, proposal.releases, stream):
                listening = self._channels.get(told)
                if listening is not None:
                    listening.claims_changed()
                    if told != stream:
                        listening.publish()
        channel.publish(critical=critical)

    def _moved(self, stream: str) -> bool:
        """Whether others may see a stream than before its last records; who may not any more is put out."""
        ledger = self.sequencers[stream].ledger
        others = self.lists.touched(stream, ledger.model, ledger.durable.state)
        if not self.sight.moved(stream) and not others:
            return False
        self._sight_changed(stream)
        return True

    def _sight_changed(self, stream: str) -> None:
        """A new stream, or other parties: whoever may no longer see it is told so and gets no more of it."""
        for session in tuple(self.sessions):
            for name in tuple(session.streams):  # also those that are still being brought up to date
                if stream in (name, self.models.parent(name)) and not self.may_see(session.actor, name):
                    self.put_out(session, name)

    async def keep_sight(self, seconds: float = SIGHT_SECONDS) -> None:
        """End what is over by time alone, for ever: what is shared until a moment is closed within so long after."""
        while True:
            await asyncio.sleep(seconds)
            with logs.guarded("sight failed"):
                self.end_sight()

    def end_sight(self) -> None:
        """Put out whoever may see a stream no longer, now that it is later."""
        over = list(self.sight.run_out())
        for stream in over:
            self._sight_changed(stream)
        if over:
            self.lists.changed()
            self.lists.refresh()

    def channel(self, stream: str) -> Channel:
        """The way out of a stream; made when first needed."""
        channel = self._channels.get(stream)
        if channel is None:
            head = self.durable(stream)
            channel = Channel(stream, Place(head.seq, head.hash), self.spawn, self.tally, self.claims_frame)
            self._channels[stream] = channel
        return channel

    def claims_frame(self, stream: str) -> bytes:
        """What the watchers of a stream are told of claims, as a frame."""
        held = list(self._told_claims.told_to(stream))
        frame = protocol.encode(Claims(stream=stream, held=held))
        if len(frame) <= protocol.SERVER_FRAME_BYTES_MAX:
            return frame
        # A list is a help to who writes; the ledger decides. Cut, it is better than a frame that nobody can read.
        kept = held
        while len(frame) > protocol.SERVER_FRAME_BYTES_MAX:
            kept = kept[len(kept) - len(kept) * 3 // 4 :]
            frame = protocol.encode(Claims(stream=stream, held=kept))
        logs.warn("too many claims to be told all", stream=stream, held=len(held), told=len(kept))
        return frame

    # -- sessions -------------------------------------------------------------------------------------------

    def enter(self, session: Session, channel: Channel) -> None:
        """From here on the session gets what is published. It must hold everything up to ``published``."""
        channel.watchers[session] = None

    def leave(self, session: Session, stream: str) -> None:
        """The session gets no more of this stream."""
        session.streams.pop(stream, None)
        channel = self._channels.get(stream)
        if channel is not None:
            channel.watchers.pop(session, None)
            if not channel.watchers and stream not in self.sequencers and not channel.building.locked():
                del self._channels[stream]

    def put_out(self, session: Session, stream: str) -> None:
        """Its agency may see this stream no longer: the session is told so and gets no more of it.

        What was written to its socket before may still be on its way there: at most ``session.BUFFER_BYTES_MAX``,
        all of it from when it might be seen. Nothing of the stream is written behind this frame.
        """
        self.leave(session, stream)
        session.error("not_party", CLOSED, stream)

    def arrive(self, session: Session) -> None:
        """A session has said Hello."""
        self._people = None
        self.sessions[session] = None

    def depart(self, session: Session) -> None:
        """A session has ended, however it ended."""
        self._people = None
        self.sessions.pop(session, None)
        self.lists.forget(session)
        for stream in tuple(session.streams):
            self.leave(session, stream)
        session.errands.clear()
        session.room.set()

    def people(self) -> dict[str, list[str]]:
        """Who is here: the names of each agency's persons, without observers."""
        if self._people is None:
            here: dict[str, set[str]] = {}
            for session in self.sessions:
                if not session.observer:
                    here.setdefault(session.actor.agency, set()).add(session.actor.name)
            self._people = {agency: sorted(names) for agency, names in here.items()}
        return self._people

    def heartbeat(self, session: Session, echo: int | None = None) -> bytes:
        """The heartbeat of one session: the heads of what it watches, and who else of their parties is here."""
        people = self.people()
        heads: dict[str, int] = {}
        parties: set[str] = {session.actor.agency}
        for stream in session.streams:
            if not self.may_see(session.actor, stream):
                continue
            head = self.durable(stream)
            heads[stream] = head.seq
            parties |= self.model(stream).agencies(head.state)
        return protocol.encode(
            Heartbeat(
                sent_at=self.now(),
                echo=echo,
                epoch=self.store.epoch,
                heads=heads,
                read_only=self.read_only,
                present=[[agency, *people[agency]] for agency in sorted(parties) if agency in people],
            )
        )

    async def beat(self) -> None:
        """Heartbeats, for ever. Stuck peers are closed on the way."""
        while True:
            await asyncio.sleep(BEAT_SECONDS)
            for count, session in enumerate(tuple(self.sessions), 1):
                with logs.guarded("heartbeat failed"):
                    if session.open and session.beat():
                        session.post(self.heartbeat(session))
                if count % BEATS_AT_ONCE == 0:
                    await asyncio.sleep(0)

    async def keep_lists(self, seconds: float) -> None:
        """Tell changed summaries, at most this often, for ever."""
        while True:
            await asyncio.sleep(seconds)
            with logs.guarded("lists failed"):
                self.lists.refresh()

    # -- the end --------------------------------------------------------------------------------------------

    def failed(self, error: StoreError) -> None:
        """The store has failed: from now on nothing is answered, and everybody is told that it is read-only."""
        if self.failure is not None:
            return
        self.failure = error
        logs.fault("store failed", error)
        for session in tuple(self.sessions):
            session.post(self.heartbeat(session))
        self._fail(error)

    async def quiet(self, seconds: float) -> None:
        """While stopping: wait until the disk has all that was taken on, at most this long."""
        if self.failure is None and self._unanswered():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._quiet.wait()

    def _unanswered(self) -> int:
        return sum(sequencer.waiting for sequencer in self.sequencers.values())
