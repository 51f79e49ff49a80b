"""The authority of one stream: decides on what is proposed, and knows what is durable.

Two states stand side by side. The tentative one includes proposals that are not yet on the disk, so that two
claims in one group commit cannot both win; the durable one is what may be acknowledged and published. The
ledger does no I/O: the shell appends a proposal to its store and says ``commit`` when the disk has it.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from incident.kernel.claims import ClaimTable, Holding
from incident.kernel.model import Model
from incident.kernel.protocol import Done, Submit
from incident.kernel.record import Record, chained, command_digest, encode_body, genesis, written
from incident.kernel.slice import Actor, Context, Refusal
from incident.kernel.text import text_problem, text_problems

RECENT_COMMANDS_MAX = 4096
"""Commands of one stream whose place in the log is in memory; for older ones the store is asked."""

ANSWERS_MAX = 4096
"""Refusals and *already so* of one stream that are kept, so that a late copy is answered as the first was."""


class Head(msgspec.Struct, frozen=True, gc=False):
    """A state with the place in the stream it stands at."""

    state: Any
    seq: int
    hash: str


class Proposal(msgspec.Struct, frozen=True, gc=False):
    """A decision that waits for the disk: records, claims, and the state that follows."""

    stream: str
    command_id: str
    digest: str
    body: bytes
    expected_seq: int
    prev: str
    records: tuple[Record, ...]
    claims: tuple[Holding, ...]
    releases: tuple[str, ...]
    tell: tuple[str, ...]
    after: Head

    @property
    def done(self) -> Done:
        """The acknowledgement this becomes once the disk has it."""
        return Done(self.command_id, self.records[0].seq, self.records[-1].seq)


class Lookup(msgspec.Struct, frozen=True):
    """This command may be in the log already, too long ago to be in memory: ask the store, then ``known``."""

    command_id: str
    digest: str


class Waiting(msgspec.Struct, frozen=True):
    """The same command again while its first proposal waits for the disk: answer both when it is durable."""

    command_id: str


Answer = Proposal | Refusal | Done | Lookup | Waiting

REUSED = Refusal("id_reuse", "Something else was sent before under the same id. Nothing was written.")

AHEAD_MS_MAX = 120_000
"""How far a claimed time may lie ahead of the server's clock: the two clocks need not agree to the second."""

BASE_CHARS_MAX = 12_000


class Ledger:
    """One stream's authority. One writer; calls come from one thread."""

    def __init__(self, model: Model, stream: str, claims: ClaimTable, charter: Any = None) -> None:
        self.model = model
        self.stream = stream
        self.charter = charter
        self._claims = claims
        self.durable = Head(model.initial(), 0, genesis(stream))
        self.tentative = self.durable
        # The last commands in two generations, which costs less than to forget them one by one.
        self._recent: dict[str, tuple[str, Done]] = {}
        self._older: dict[str, tuple[str, Done]] = {}
        self._waiting: dict[str, str] = {}
        # What left nothing in the log. A copy may arrive long after the answer did, over a line that was given up;
        # decided anew, it could be taken after its author was told no. Lines do not outlive the process, nor need this.
        self._answers: OrderedDict[str, tuple[str, Refusal | Done]] = OrderedDict()
        # Ids of older commands, as hashes only (some 70 bytes each): a hit is checked against the store.
        self._seen: set[int] = set()

    def load(self, records: Iterable[Record]) -> None:
        """Take up stored records, in order, before anything is proposed."""
        state, seq, digest = self.durable.state, self.durable.seq, self.durable.hash
        for record in records:
            state = self.model.apply(state, record)
            seq, digest = record.seq, record.hash
            self._seen.add(hash(record.command_id))
        self.durable = self.tentative = Head(state, seq, digest)

    def propose(self, actor: Actor, submit: Submit, now: int, salt: str) -> Answer:
        """Decide one command on the tentative state. ``now`` is UTC ms; ``salt`` is 32 hex digits of chance.

        A refusal, too, rests on the tentative state: the shell holds it back until the disk has that.
        """
        digest = command_digest(submit.type, submit.v, actor.agency, bytes(submit.body))
        again = self._again(submit.command_id, digest)
        if again is not None:
            return again
        answer = self._decided(actor, submit, now, salt, digest)
        if not isinstance(answer, Proposal):
            self._keep(submit.command_id, digest, answer)
        return answer

    def turned_away(self, actor: Actor, submit: Submit, refusal: Refusal) -> None:
        """The shell has refused this without asking here (it is not open to its author): so will a late copy be."""
        self._keep(
            submit.command_id,
            command_digest(submit.type, submit.v, actor.agency, bytes(submit.body)),
            refusal,
        )

    def _keep(self, command_id: str, digest: str, answer: Refusal | Done) -> None:
        self._answers[command_id] = (digest, answer)
        if len(self._answers) > ANSWERS_MAX:
            self._answers.popitem(last=False)

    def _decided(
        self, actor: Actor, submit: Submit, now: int, salt: str, digest: str
    ) -> Proposal | Refusal | Done:
        body = bytes(submit.body)
        if submit.depends_on and not all(map(self._stands, submit.depends_on)):
            return Refusal(
                "depends_on_refused",
                "What this builds on is not in the log, so nor is this.",
                conflict=True,
            )
        command = self.model.read_command(submit.type, submit.v, body)
        if isinstance(command, Refusal):
            return command
        flaw = flaw_of(command, submit, now)
        if flaw is not None:
            return flaw
        ctx = context_of(actor, submit, now, self.charter)
        events = self.model.decide(self.tentative.state, command, ctx)
        if isinstance(events, Refusal):
            return events
        events = tuple(event for event in events if not self._yields(event))
        if not events:
            return Done(submit.command_id, 0, 0)
        return self._proposal(actor, submit, events, now, salt, digest)

    def _yields(self, event: Any) -> bool:
        keys = self.model.yields(event)
        return bool(keys) and self._claims.elsewhere(keys, self.stream) is not None

    def known(self, lookup: Lookup, stored_digest: str | None, done: Done | None) -> Refusal | Done | None:
        """What the store's answer to a Lookup means; None: it is new after all, propose it again."""
        if stored_digest is None or done is None:
            self._seen.discard(hash(lookup.command_id))
            return None
        return done if stored_digest == lookup.digest else REUSED

    def commit(self, proposals: Sequence[Proposal]) -> None:
        """The disk has these, in the order in which they were proposed."""
        for proposal in proposals:
            if proposal.expected_seq != self.durable.seq:
                raise RuntimeError("commits must follow the order of proposals")
            self.durable = proposal.after
            del self._waiting[proposal.command_id]
            self._remember(proposal.command_id, proposal.digest, proposal.done)

    def _again(self, command_id: str, digest: str) -> Refusal | Done | Lookup | Waiting | None:
        waiting = self._waiting.get(command_id)
        if waiting is not None:
            return Waiting(command_id) if waiting == digest else REUSED
        said = self._recent.get(command_id) or self._older.get(command_id) or self._answers.get(command_id)
        if said is not None:
            return said[1] if said[0] == digest else REUSED
        if hash(command_id) in self._seen:
            return Lookup(command_id, digest)
        return None

    def knows(self, command_id: str) -> bool:
        """Whether this id may have been dealt with already: waiting, in memory, or to be looked up in the store."""
        return self._taken(command_id) or command_id in self._answers

    def repeats(self, actor: Actor, submit: Submit) -> bool:
        """Whether this very command may have been dealt with already: the same id, and as far as known the same words.

        Another command under an id that is taken is none: who may not see the stream must not learn that it is.
        """
        if not self.knows(submit.command_id):
            return False
        digest = command_digest(submit.type, submit.v, actor.agency, bytes(submit.body))
        return self._again(submit.command_id, digest) is not REUSED

    def _taken(self, command_id: str) -> bool:
        in_memory = command_id in self._waiting or command_id in self._recent or command_id in self._older
        return in_memory or hash(command_id) in self._seen

    def _stands(self, command_id: str) -> bool:
        """Whether others may build on it: it is in the log, on its way there, or was so already."""
        said = self._answers.get(command_id)
        return self._taken(command_id) or (said is not None and isinstance(said[1], Done))

    def _remember(self, command_id: str, digest: str, done: Done) -> None:
        self._recent[command_id] = (digest, done)
        if len(self._recent) >= RECENT_COMMANDS_MAX // 2:
            self._seen.update(map(hash, self._older))
            self._older, self._recent = self._recent, {}

    def _proposal(
        self, actor: Actor, submit: Submit, events: tuple[Any, ...], now: int, salt: str, digest: str
    ) -> Proposal | Refusal:
        state, seq, prev = self.tentative.state, self.tentative.seq, self.tentative.hash
        records: list[Record] = []
        holdings: list[Holding] = []
        releases: list[str] = []
        unheld: list[str] = []
        for part, event in enumerate(events):
            record = record_of(self.model, actor, submit, event, part, seq + part + 1, now, salt)
            prev = chained(prev, self.stream, record)
            msgspec.structs.force_setattr(record, "hash", prev)  # frozen, but nobody has seen it yet
            state = self.model.evolve(state, event, record)
            claims, frees = self.model.claims(event)
            if claims or frees:
                holdings += (Holding(c.key, self.stream, record.seq, now, c.tell, c.label) for c in claims)
                releases += frees
            unheld += self.model.unheld(event)
            records.append(record)
        blocked = self._claims.blocked(holdings, releases, self.stream) if holdings else None
        blocked = blocked or self._claims.elsewhere(unheld, self.stream)
        if blocked is not None:
            return blocked
        tell = self._claims.take(holdings, releases, self.stream) if holdings or releases else set()
        before = self.tentative
        self.tentative = Head(state, seq + len(records), prev)
        self._waiting[submit.command_id] = digest
        return Proposal(
            self.stream,
            submit.command_id,
            digest,
            bytes(submit.body),
            before.seq,
            before.hash,
            tuple(records),
            tuple(holdings),
            tuple(releases),
            tuple(sorted(tell)) if tell else (),
            self.tentative,
        )


def flaw_of(command: Any, submit: Submit, now: int) -> Refusal | None:
    """What is wrong with a text or a time, whatever the command means. ``now`` is UTC ms."""
    problem = text_problems(command, raw=bytes(submit.body)) or text_problem(submit.on_behalf_of, limit=80)
    if problem is None and submit.base:
        seen = " ".join((*submit.base, *submit.base.values()))
        problem = text_problem(seen, limit=BASE_CHARS_MAX)
    if problem is not None:
        return Refusal("bad_text", problem)
    if submit.happened_at is not None and submit.happened_at > now + AHEAD_MS_MAX:
        return Refusal("in_the_future", "This cannot have happened yet: look at the time it was given.")
    return None


def context_of(actor: Actor, submit: Submit, now: int, charter: Any) -> Context:
    """What a decision may know besides the command's body."""
    return Context(
        actor=actor,
        stream=submit.stream,
        command_id=submit.command_id,
        now=now,
        written_at=written(submit.written_at, submit.clock_offset, now),
        base=submit.base,
        happened_at=submit.happened_at,
        on_behalf_of=submit.on_behalf_of,
        charter=charter,
    )


def record_of(
    model: Model, actor: Actor, submit: Submit, event: Any, part: int, seq: int, now: int, salt: str
) -> Record:
    """The record of one event, without its chain hash. The same on the server and, provisionally, on a client."""
    type_, v = model.describe(event)
    return Record(
        seq=seq,
        command_id=submit.command_id,
        part=part,
        type=type_,
        v=v,
        body=encode_body(event),
        actor=actor.name,
        agency=actor.agency,
        role=actor.role,
        on_behalf_of=submit.on_behalf_of,
        happened_at=submit.happened_at,
        written_at=submit.written_at,
        recorded_at=now,
        clock_offset=submit.clock_offset,
        base=submit.base,
        salt=salt,
    )
