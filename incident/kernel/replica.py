"""A client's half of one stream: confirmed + pending = projected. Returns effects; sends and stores nothing.

The shell performs the effects in order. Every command is kept on the client's own disk before it is sent, and
stays pending until its records arrive or the server says no. Nothing a person wrote disappears without a card.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import groupby, islice
from typing import Any

import msgspec

from incident.kernel.ledger import context_of, flaw_of, record_of
from incident.kernel.model import Model, SlicePart, UnknownType
from incident.kernel.protocol import Accepted, Records, Refused, SnapshotPage, Submit
from incident.kernel.record import Record, chained, genesis
from incident.kernel.slice import Actor, CommandSpec, Conflict, Offline, Refusal

PENDING_MAX = 2000

ASKED_FOR = frozenset({Conflict.CLAIM, Conflict.RESERVATION})
"""What only the ledger grants: written while cut off it is a request, and counts in no total."""

PAGES_MAX = 4096
"""Pages of one slice of a snapshot; each has up to a megabyte."""


class StateWord(StrEnum):
    """The one table of state words, used on every screen and in every export."""

    SAVING = "SAVING"
    QUEUED = "QUEUED"
    SENT = "SENT – NO ANSWER"
    CONFIRMED = "CONFIRMED"
    REFUSED = "REFUSED"
    LIKELY_REFUSED = "LIKELY REFUSED"
    REQUESTED = "REQUESTED – NOT CONFIRMED"
    DISPUTED = "DISPUTED"


class LinkWord(StrEnum):
    """The one table of link words."""

    LIVE = "LIVE"
    LAGGING = "LAGGING"
    ISLAND = "ISLAND"
    READ_ONLY = "READ ONLY"


# -- effects: what the shell is asked to do, in this order ----------------------------------------------------


class Keep(msgspec.Struct, frozen=True):
    """Write this command durably to the outbox, then call ``kept``."""

    submit: Submit


FOLDED_AT_ONCE = 500
"""Records of the cache that are held at once while it is taken up."""


class Send(msgspec.Struct, frozen=True):
    """Send this command; the line is up."""

    submit: Submit


class Store(msgspec.Struct, frozen=True):
    """Write these confirmed records to the cache (``prev`` is the hash before the first)."""

    records: tuple[Record, ...]


class StoreSnapshot(msgspec.Struct, frozen=True):
    """Write this snapshot to the cache: the confirmed state now starts from it."""

    parts: tuple[SlicePart, ...]
    seq: int
    hash: str


class Drop(msgspec.Struct, frozen=True):
    """The outbox row of this command has done its work."""

    command_id: str


class Card(msgspec.Struct, frozen=True):
    """A refused command, for the operator's queue, with those that hung on it. Kept until a person clears it."""

    submit: Submit
    refusal: Refusal
    dependants: tuple[Submit, ...] = ()


class Changed(msgspec.Struct, frozen=True):
    """The projected state is another object now; ``records`` are the newly confirmed ones."""

    records: tuple[Record, ...] = ()


class Resync(msgspec.Struct, frozen=True):
    """Watch this stream again from the cursor; without snapshots when ``whole`` is False."""

    reason: str
    snapshots: bool = True


class Diverged(msgspec.Struct, frozen=True):
    """The server's history is not the one this client holds. The copy is kept, nothing is overwritten."""

    seq: int
    sentence: str


Effect = Keep | Send | Store | StoreSnapshot | Drop | Card | Changed | Resync | Diverged
Effects = tuple[Effect, ...]


@dataclass(slots=True)
class Pending:
    """One command whose records are not here yet. ``refusal`` is what would be said if it were decided now.

    ``last`` is its last record's ``seq`` once the server has acknowledged it, else None.
    """

    submit: Submit
    command: Any
    spec: CommandSpec
    word: StateWord = StateWord.SAVING
    refusal: Refusal | None = None
    records: tuple[Record, ...] = ()
    last: int | None = None


@dataclass(slots=True)
class _Pages:
    seq: int
    hash: str
    pieces: dict[str, list[bytes | None]] = field(default_factory=dict)
    shapes: dict[str, int] = field(default_factory=dict)


class Replica:
    """The client's copy of one stream."""

    def __init__(self, model: Model, stream: str, actor: Actor, charter: Any = None) -> None:
        self.model = model
        self.stream = stream
        self.actor = actor
        self.charter = charter
        self.confirmed = model.initial()
        self.cursor = 0
        self.hash = genesis(stream)
        self.online = False
        self.diverged: Diverged | None = None
        self.frozen_slices: frozenset[str] = frozenset()
        self._projected = self.confirmed
        self._pending: dict[str, Pending] = {}
        self._fresh = True
        self._settled: tuple[str, ...] = ()
        self._pages: _Pages | None = None
        self._spurned = (0, "")

    @property
    def projected(self) -> Any:
        """What is shown: the confirmed state with everything pending on top.

        Worked out when it is looked at, not at each of a hundred frames that come between two looks.
        """
        self._project()
        return self._projected

    @property
    def pending(self) -> dict[str, Pending]:
        """Every command whose records are not here yet, by its id, in the order in which they were written."""
        self._project()
        return self._pending

    # -- from the disk, at the start ------------------------------------------------------------------------

    def restore(
        self,
        snapshot: StoreSnapshot | None,
        records: Iterable[Record],
        outbox: Iterable[Submit],
    ) -> bool:
        """Take up what the cache holds. False: the snapshot is damaged or of an unknown shape, start over.

        A waiting command whose records are among these has done its work; its row is dropped once the line is up.
        """
        if snapshot is not None:
            state = self.model.restore(snapshot.parts)
            if state is None:
                return False
            self.confirmed, self.cursor, self.hash = state, snapshot.seq, snapshot.hash
        written: set[str] = set()
        left = iter(records)
        while some := tuple(islice(left, FOLDED_AT_ONCE)):
            self._confirm(some)
            written.update(record.command_id for record in some if record.agency == self.actor.agency)
        waiting = tuple(outbox)
        self._settled = tuple(s.command_id for s in waiting if s.command_id in written)
        for submit in waiting:
            if submit.command_id in written:
                continue
            command = self.model.read_command(submit.type, submit.v, submit.body)
            if isinstance(command, Refusal):
                continue  # written by another version: the row stays in the outbox, untouched
            spec = self.model.spec_of(submit.type)
            self._pending[submit.command_id] = Pending(submit, command, spec, StateWord.QUEUED)
        self._fresh = False
        return True

    # -- from the person --------------------------------------------------------------------------------------

    def submit(self, submit: Submit) -> Refusal | Effects:
        """Take a command on: an obvious no at once, otherwise it is pending and must be kept.

        A conflict (somebody else holds it, a newer version) is never refused here; only the ledger may.
        """
        tried = self._tried(submit)
        if isinstance(tried, Refusal):
            return tried
        entry, state = tried
        self._pending[submit.command_id] = entry
        self._projected = state
        return (Keep(submit), Changed())

    def preview(self, submit: Submit) -> Refusal | None:
        """The no that ``submit`` would give at once, before anybody is asked whether it should be done."""
        tried = self._tried(submit)
        return tried if isinstance(tried, Refusal) else None

    def _tried(self, submit: Submit) -> Refusal | tuple[Pending, Any]:
        if len(self._pending) >= PENDING_MAX:
            return Refusal(
                "outbox_full", f"{PENDING_MAX:,} changes wait to be sent. Nothing more can be taken on."
            )
        if submit.command_id in self._pending:
            return Refusal("id_reuse", "This is waiting to be sent already.")
        command = self.model.read_command(submit.type, submit.v, submit.body)
        if isinstance(command, Refusal):
            return command
        flaw = flaw_of(command, submit, submit.written_at + submit.clock_offset)
        if flaw is not None:
            return flaw
        if self._frozen(submit.type):
            return Refusal(
                "update_needed", "The server writes this in a newer way: update this client first."
            )
        spec = self.model.spec_of(submit.type)
        if not self.online and spec.offline is Offline.REFUSED:
            return Refusal("needs_link", "This can only be done while the link is LIVE.")
        entry = Pending(submit, command, spec)
        state = self._attempt(self.projected, entry)
        if entry.refusal is not None and not entry.refusal.conflict:
            return entry.refusal
        return entry, state

    def kept(self, command_id: str) -> Effects:
        """The outbox has it on the disk: it may be sent now."""
        entry = self._pending.get(command_id)
        if entry is None or entry.word is not StateWord.SAVING:
            return ()
        entry.word = StateWord.QUEUED
        return self._send((entry,))

    # -- from the link ----------------------------------------------------------------------------------------

    def caught_up(self) -> Effects:
        """Everything up to the server's head is here and the line is up: send what waits, in order."""
        self.online = True
        drops, self._settled = map(Drop, self._settled), ()
        waiting = tuple(e for e in self._pending.values() if e.word in (StateWord.QUEUED, StateWord.SENT))
        return (*drops, *self._send(waiting), Changed())

    def link_lost(self) -> Effects:
        """The line is down. What was sent and not answered stays SENT – NO ANSWER until it is answered."""
        self.online = False
        self._pages = None
        return (Changed(),)

    def receive(self, frame: Records) -> Effects:
        """Records of this stream, in order. A gap asks for a resync; a broken chain stops the stream."""
        if self.diverged is not None or frame.history:
            return ()
        fresh = [record for record in frame.records if record.seq > self.cursor]
        if not fresh:
            return ()
        if fresh[0].seq != self.cursor + 1:
            return (Resync(f"records {self.cursor + 1} to {fresh[0].seq - 1} are missing"),)
        good = self._following(fresh)
        self._confirm(good)
        effects: list[Effect] = [Store(good)] if good else []
        # An id of another agency's making is not ours, even when it is the same: ours still waits for its answer.
        for command_id in dict.fromkeys(r.command_id for r in good if r.agency == self.actor.agency):
            if self._pending.pop(command_id, None) is not None:
                effects.append(Drop(command_id))
        if len(good) < len(fresh):
            seq = fresh[len(good)].seq
            self.diverged = Diverged(seq, f"Record {seq} does not follow from the copy held here.")
            effects.append(self.diverged)
        self._fresh = False
        return (*effects, Changed(good))

    def _following(self, fresh: Sequence[Record]) -> tuple[Record, ...]:
        """As many of these as follow from the copy held here: what comes behind a break is not taken."""
        prev, seq = self.hash, self.cursor
        for count, record in enumerate(fresh):
            if record.seq != seq + 1 or chained(prev, self.stream, record) != record.hash:
                return tuple(fresh[:count])
            prev, seq = record.hash, record.seq
        return tuple(fresh)

    def receive_page(self, header: SnapshotPage, body: bytes) -> Effects:
        """One page of a snapshot; when the last piece is here, the confirmed state starts from it."""
        if header.seq <= self.cursor or self.diverged is not None or not 0 <= header.index < header.of:
            return ()
        if self._spurned == (header.seq, header.hash):
            return ()
        if header.slice not in self.model.by_name or header.of > PAGES_MAX:
            self._spurned, self._pages = (header.seq, header.hash), None
            return (Resync("a snapshot holds what this client does not know", snapshots=False),)
        if self._pages is None or (self._pages.seq, self._pages.hash) != (header.seq, header.hash):
            self._pages = _Pages(header.seq, header.hash)
        pages = self._pages
        pieces = pages.pieces.setdefault(header.slice, [None] * header.of)
        if len(pieces) != header.of:
            return (Resync("a snapshot page does not fit the others", snapshots=False),)
        pieces[header.index] = body
        pages.shapes[header.slice] = header.state_v
        return self._assembled(pages)

    def _assembled(self, pages: _Pages) -> Effects:
        if set(pages.pieces) < set(self.model.by_name) or any(None in p for p in pages.pieces.values()):
            return ()
        parts = tuple(
            SlicePart(name, pages.shapes[name], b"".join(piece for piece in pieces if piece is not None))
            for name, pieces in pages.pieces.items()
        )
        self._pages = None
        state = self.model.restore(parts)
        if state is None:
            return (Resync("the snapshot has a shape this client does not know", snapshots=False),)
        self.confirmed, self.cursor, self.hash = state, pages.seq, pages.hash
        self.frozen_slices = frozenset()  # the server's own fold knows what this build could not read
        # Acknowledged before the line was lost, and inside the snapshot: no record will come to say so.
        inside = [c for c, e in self._pending.items() if e.last is not None and e.last <= self.cursor]
        for command_id in inside:
            del self._pending[command_id]
        self._fresh = False
        return (StoreSnapshot(parts, pages.seq, pages.hash), *map(Drop, inside), Changed())

    def accepted(self, frame: Accepted, *, closed: bool = False) -> Effects:
        """The server has these durably. A pending one leaves when its records are here (or changed nothing).

        ``closed``: the stream may not be seen from here any more, so no records will come.
        """
        effects: list[Effect] = []
        for done in frame.done:
            entry = self._pending.get(done.command_id)
            if entry is None:
                continue
            entry.word, entry.last = StateWord.CONFIRMED, done.last
            if closed or done.last <= self.cursor:
                del self._pending[done.command_id]
                effects.append(Drop(done.command_id))
                self._fresh = False
        return (*effects, Changed())

    def refused(self, frame: Refused) -> Effects:
        """The server said no: the provisional change vanishes, a card holds it and what depended on it."""
        entry = self._pending.pop(frame.command_id, None)
        if entry is None:
            return ()
        refusal = Refusal(frame.code, frame.sentence, frame.facts, frame.conflict)
        hanging = self._hanging_on(frame.command_id)
        self._fresh = False
        return (Card(entry.submit, refusal, hanging), Drop(frame.command_id), Changed())

    def _hanging_on(self, command_id: str) -> tuple[Submit, ...]:
        """What depends on a command, and what depends on that, in the order in which it was written."""
        lost = {command_id}
        found = []
        for entry in self._pending.values():
            if not lost.isdisjoint(entry.submit.depends_on):
                lost.add(entry.submit.command_id)
                found.append(entry.submit)
        return tuple(found)

    # -- for the screen ---------------------------------------------------------------------------------------

    def word(self, command_id: str) -> StateWord | None:
        """The state word of a command of ours that is not confirmed; None when it is, or is not ours."""
        entry = self.pending.get(command_id)
        if entry is None:
            return None
        if entry.word is StateWord.CONFIRMED:
            return entry.word  # whatever it looks like here until its records come
        if entry.refusal is not None:
            return StateWord.LIKELY_REFUSED
        if entry.spec.conflict in ASKED_FOR and not self.online and entry.word is not StateWord.SAVING:
            return StateWord.REQUESTED
        return entry.word

    def words(self) -> Mapping[str, str]:
        """The state words of everything pending, by command id."""
        found = {command_id: self.word(command_id) for command_id in self.pending}
        return {command_id: str(word) for command_id, word in found.items() if word is not None}

    def wanted(self) -> frozenset[str]:
        """Pending claims and reservations: shown, but outside every total until the ledger has granted them."""
        return frozenset(
            command_id
            for command_id, entry in self.pending.items()
            if entry.spec.conflict in ASKED_FOR and entry.word is not StateWord.CONFIRMED
        )

    # -- inside -----------------------------------------------------------------------------------------------

    def _confirm(self, records: Sequence[Record]) -> None:
        # A slice that misses one record must take no further one: what follows builds on what it lacks.
        for name, run in groupby(records, key=lambda record: record.type.partition(".")[0]):
            known = []
            for record in run:
                if name in self.frozen_slices:
                    break
                try:
                    known.append((self.model.read_event(record.type, record.v, record.body), record))
                except UnknownType as unknown:
                    self.frozen_slices |= {unknown.slice}
            self.confirmed = self.model.evolve_run(self.confirmed, known)
        if records:
            self.cursor, self.hash = records[-1].seq, records[-1].hash

    def _frozen(self, type_: str) -> bool:
        return type_.partition(".")[0] in self.frozen_slices

    def _send(self, entries: Iterable[Pending]) -> tuple[Send, ...]:
        if not self.online or self.diverged is not None:
            return ()
        sends = []
        for entry in entries:
            entry.word = StateWord.SENT
            sends.append(Send(entry.submit))
        return tuple(sends)

    def _attempt(self, state: Any, entry: Pending) -> Any:
        """Decide one pending command on a state; its events are applied, or its likely refusal is noted."""
        submit = entry.submit
        if self._frozen(submit.type):
            entry.refusal, entry.records = None, ()
            return state  # what it would do cannot be shown here; the server will say
        ctx = context_of(self.actor, submit, submit.written_at + submit.clock_offset, self.charter)
        events = self.model.decide(state, entry.command, ctx)
        if isinstance(events, Refusal):
            entry.refusal, entry.records = events, ()
            return state
        entry.refusal = None
        records = []
        for part, event in enumerate(events):
            record = record_of(self.model, self.actor, submit, event, part, 0, ctx.now, "")
            state = self.model.evolve(state, event, record)
            records.append(record)
        entry.records = tuple(records)
        return state

    def _project(self) -> None:
        if self._fresh:
            return
        self._fresh = True
        state = self.confirmed
        for entry in self._pending.values():
            state = self._attempt(state, entry)
        self._projected = state
