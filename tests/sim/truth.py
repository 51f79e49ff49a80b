"""What really happened: the log as the disk has it, and the story of every command. The checkers that run all
the time are here; each has its own idea of what is right and asks the code under test as little as it can.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from incident.kernel.claims import Holding
from incident.kernel.ledger import Proposal, context_of
from incident.kernel.model import Model, Models, SlicePart
from incident.kernel.protocol import Done, Submit
from incident.kernel.record import Record, encode_body, first_break, genesis
from incident.kernel.slice import Actor, Conflict, Refusal
from tests.sim import promises
from tests.sim.world import Violation, World

_ENCODE = msgspec.json.Encoder(order="sorted")
SNAPSHOT_EVERY = 9
"""Commands between two snapshots of a stream that are kept to the end and continued by records."""

RESTORE_EVERY = 3
"""Commands between two of which the state is made anew from its bytes."""

JUDGED_OTHERWISE = {
    "organisation.offer_lead": "by who has the lead now; an offer changes nothing until it is accepted",
    "organisation.accept_lead": "by the offer it names",
    "organisation.decline_lead": "by the offer it names",
    "organisation.withdraw_lead": "by the offer it names",
    "organisation.lapse_lead": "by the offer it names",
}
"""Commands that name a key and are right not to compare it."""


@dataclass(slots=True)
class Story:
    """One command, from the keyboard to its end. ``floor``: the highest acknowledged seq when it was first sent."""

    submit: Submit
    author: str
    actor: Actor
    honest: bool = True
    kept: bool = False
    floor: int | None = None
    answers: list[Done | str] = field(default_factory=list)
    card: bool = False
    forgotten: bool = False

    @property
    def settled(self) -> bool:
        return bool(self.answers) or self.card


@dataclass(slots=True, frozen=True)
class Basis:
    """What an answer rests on: how much of the stream, when, and who held what."""

    story: Story
    seq: int
    at: int
    holders: frozenset[tuple[str, int]]
    elsewhere: frozenset[str]


@dataclass(slots=True)
class Chronicle:
    """One stream as the disk has it, folded here once more from its bytes."""

    stream: str
    model: Model
    records: list[Record] = field(default_factory=list)
    states: dict[int, Any] = field(default_factory=dict)
    parts: tuple[SlicePart, ...] = ()
    snapshots: list[tuple[int, tuple[SlicePart, ...]]] = field(default_factory=list)
    commands: int = 0

    @property
    def head(self) -> int:
        return len(self.records)

    def hash_at(self, seq: int) -> str:
        return self.records[seq - 1].hash if seq else genesis(self.stream)


class Truth:
    """Everything durable, and every command that was ever written."""

    def __init__(self, world: World, models: Models, charter: Any) -> None:
        self.world = world
        self.models = models
        self.charter = charter
        self.chronicles: dict[str, Chronicle] = {}
        self.stories: dict[str, Story] = {}
        self.logged: dict[str, Done] = {}
        self.holders: dict[str, Holding] = {}
        self.ever_held: set[tuple[str, int]] = set()
        self.promised: dict[str, Holding] = {}
        """Holders with what waits for the disk on top."""
        self.acked: dict[str, int] = {}
        self.said: dict[tuple[int, str], str] = {}
        self.events_seen: set[str] = set()
        self.accepted_types: set[str] = set()
        self.codes_seen: set[str] = set()

    def chronicle(self, stream: str) -> Chronicle:
        found = self.chronicles.get(stream)
        if found is None:
            model = self.models.of(stream)
            assert model is not None
            state = model.initial()
            found = Chronicle(stream, model, states={0: state}, parts=model.snapshot(state))
            self.chronicles[stream] = found
        return found

    def wrong(self, promise: str, *facts: object) -> Violation:
        return Violation(f"{promise}: " + " ".join(map(str, facts)))

    # -- the disk has something new ---------------------------------------------------------------------------

    def durable(self, proposals: Sequence[Proposal]) -> None:
        """A group is on the disk, whether or not the server will ever hear of it."""
        for proposal in proposals:
            self._durable(proposal)

    def _durable(self, proposal: Proposal) -> None:
        chronicle = self.chronicle(proposal.stream)
        model, before = chronicle.model, chronicle.states[chronicle.head]
        story = self.stories.get(proposal.command_id)
        if story is None:
            raise self.wrong("nobody wrote this command", proposal.stream, proposal.command_id)
        if proposal.command_id in self.logged:
            raise self.wrong("exactly once", proposal.command_id, "is in the log twice")
        if not story.honest:
            raise self.wrong("a broken command was accepted", proposal.command_id, story.submit.type)
        records = proposal.records
        broken = first_break(chronicle.hash_at(chronicle.head), proposal.stream, records)
        if broken is not None or records[0].seq != chronicle.head + 1:
            raise self.wrong("the chain verifies", proposal.stream, "breaks at", broken)
        state = model.fold(records, before)
        parts = self._parts(chronicle, before, state)
        if state != proposal.after.state or parts != self._parts(
            chronicle, before, state, proposal.after.state
        ):
            raise self.wrong("replay = live", proposal.stream, story.submit.type, "at", records[-1].seq)
        self._decided_by_the_rules(chronicle, story, records, state)
        for sentence in model.invariants(state):
            raise self.wrong("invariant", sentence, "after", story.submit.type, "in", proposal.stream)
        for promise, sentence in promises.broken(proposal.stream, before, state, records):
            raise self.wrong(promise, sentence, "after", story.submit.type)
        self._one_holder(model, records, proposal.stream)
        self._snapshot_continues(chronicle, records, parts)
        chronicle.records.extend(records)
        chronicle.states[chronicle.head] = state
        chronicle.commands += 1
        if chronicle.commands % SNAPSHOT_EVERY == 0:
            chronicle.snapshots.append((chronicle.head, chronicle.parts))
        self.logged[proposal.command_id] = Done(proposal.command_id, records[0].seq, records[-1].seq)
        if any(record.type == "resources.committed" for record in records):
            heads = {stream: one.states[one.head] for stream, one in self.chronicles.items()}
            for sentence in promises.in_two_places(heads):
                raise self.wrong("one incident at a time", sentence)
        self.accepted_types.add(story.submit.type)
        self.events_seen.update(record.type for record in records)

    @staticmethod
    def _parts(chronicle: Chronicle, before: Any, state: Any, other: Any = None) -> tuple[SlicePart, ...]:
        """A state as bytes, or another that equals it. What is the same object as before has the same bytes."""
        there = state if other is None else other
        return tuple(
            old
            if getattr(state, old.name) is getattr(before, old.name)
            else SlicePart(old.name, old.state_v, _ENCODE.encode(getattr(there, old.name)))
            for old in chronicle.parts
        )

    def _decided_by_the_rules(
        self, chronicle: Chronicle, story: Story, records: Sequence[Record], after: Any
    ) -> None:
        """On the state of exactly the records before it, the command makes exactly these events."""
        model, submit, before = chronicle.model, story.submit, chronicle.states[chronicle.head]
        command = model.read_command(submit.type, submit.v, submit.body)
        ctx = context_of(story.actor, submit, records[0].recorded_at, self.charter)
        events = model.decide(before, command, ctx)
        if isinstance(events, Refusal):
            raise self.wrong(
                "decided by the rules", submit.type, "was taken, and would be refused:", events.code
            )
        bodies = [record.body for record in records]
        # What gives way to a holder elsewhere may have been left out; nothing else may, and nothing is added.
        made = [(encode_body(event), model.yields(event)) for event in events]
        if [body for body, gives_way in made if not gives_way or body in bodies] != bodies:
            raise self.wrong("decided by the rules", submit.type, "made other events than it does")
        spec = model.spec_of(submit.type)
        if spec.conflict in (Conflict.STATE, Conflict.CLAIM) and submit.type not in JUDGED_OTHERWISE:
            part = model.commands[submit.type].slice
            for key in spec.keys(command):
                known = model.version(before, part, key)
                # Words that come with a step taken already become a note: that sets nothing.
                if submit.base.get(key, "") != known != model.version(model.fold(records, before), part, key):
                    raise self.wrong("compare-and-set", submit.type, "was taken with a stale base for", key)

    def _snapshot_continues(
        self, chronicle: Chronicle, records: Sequence[Record], parts: tuple[SlicePart, ...]
    ) -> None:
        """The snapshot before these records, and the records, give the snapshot after them. By bytes."""
        model = chronicle.model
        if chronicle.commands % RESTORE_EVERY == 0:
            restored = model.restore(chronicle.parts)
            if restored is None or model.snapshot(model.fold(records, restored)) != parts:
                types = sorted({record.type for record in records})
                raise self.wrong("snapshot + records == fresh snapshot", chronicle.stream, *types)
        chronicle.parts = parts

    # -- claims -------------------------------------------------------------------------------------------------

    def _one_holder(self, model: Model, records: Sequence[Record], stream: str) -> None:
        self._hold(self.holders, model, records, stream, strict=True)

    def proposed(self, proposal: Proposal) -> None:
        """The server has decided this; the disk does not have it yet."""
        model = self.chronicle(proposal.stream).model
        self._hold(self.promised, model, proposal.records, proposal.stream, strict=False)

    def server_gone(self) -> None:
        """What was promised and is not on the disk never was."""
        self.promised = dict(self.holders)

    def _hold(
        self, held: dict[str, Holding], model: Model, records: Sequence[Record], stream: str, *, strict: bool
    ) -> None:
        claims: list[Holding] = []
        for record in records:
            event = model.read_event(record.type, record.v, record.body)
            claimed, freed = model.claims(event)
            for key in freed:
                if key in held and held[key].stream == stream:
                    del held[key]
            at = record.recorded_at
            claims += (Holding(c.key, stream, record.seq, at, c.tell, c.label) for c in claimed)
            for key in model.unheld(event):
                if strict and key in held and held[key].stream != stream:
                    raise self.wrong("left alone while held", key, "held by", held[key].stream)
        for claim in claims:
            if strict and claim.key in held:
                raise self.wrong("never two holders", claim.key, held[claim.key].stream, "and", stream)
            held[claim.key] = claim
            if strict:
                self.ever_held.add((claim.stream, claim.since))

    # -- answers --------------------------------------------------------------------------------------------------

    def wrote(self, story: Story) -> None:
        self.stories[story.submit.command_id] = story

    def sent(self, submit: Submit) -> None:
        """A command leaves a client: what was acknowledged by now comes before it (P9)."""
        story = self.stories.get(submit.command_id)
        if story is not None and story.floor is None:
            story.floor = self.acked.get(submit.stream, 0)

    def answered(self, stream: str, command_id: str, answer: Done | str) -> None:
        """An answer reached its author: the same one as ever before, and true by now."""
        story = self.stories.get(command_id)
        if story is None:
            raise self.wrong("nobody wrote this command", stream, command_id, answer)
        if isinstance(answer, Done) and answer.first:
            if self.logged.get(command_id) != answer:
                raise self.wrong("acknowledged after the disk", command_id, story.submit.type)
            self.acked[stream] = max(self.acked.get(stream, 0), answer.last)
        if story.honest and story.answers and story.answers[0] != answer:
            raise self.wrong("same answer", story.submit.type, command_id, story.answers[0], "then", answer)
        story.answers.append(answer)

    def basis(self, story: Story, seq: int) -> Basis:
        """What the server is about to decide a command on."""
        holders = frozenset((h.stream, h.since) for h in self.promised.values())
        elsewhere = frozenset(k for k, h in self.promised.items() if h.stream != story.submit.stream)
        return Basis(story, seq, self.world.now, holders, elsewhere)

    def rests_on_the_disk(self, basis: Basis, refusal: Refusal | None, life: int) -> None:
        """An answer leaves the server: what it was decided on is on the disk, and it follows from that."""
        submit = basis.story.submit
        answer = "already so" if refusal is None else refusal.code
        what = f"{submit.type} {submit.command_id} {answer}"
        said = self.said.setdefault((life, submit.command_id), answer)
        if said != answer:
            raise self.wrong("same answer", what, "after", said)
        chronicle = self.chronicle(submit.stream)
        if basis.seq not in chronicle.states:
            raise self.wrong("no answer before the disk", what, "rests on what may never be")
        if refusal is not None and answer == "claim_held":
            holder = (refusal.facts["held_by"], int(refusal.facts["since"]))
            if holder not in basis.holders:
                raise self.wrong("a release frees", what, "but nobody holds it")
            if holder not in self.ever_held:
                raise self.wrong("no answer before the disk", what, "lost to what may never be")
        command = chronicle.model.read_command(submit.type, submit.v, submit.body)
        if isinstance(command, Refusal) or answer in ("claim_held", "depends_on_refused", "unknown_stream"):
            return
        ctx = context_of(basis.story.actor, submit, basis.at, self.charter)
        events = chronicle.model.decide(chronicle.states[basis.seq], command, ctx)
        if isinstance(events, Refusal):
            rules = events.code
        else:
            left = [event for event in events if basis.elsewhere.isdisjoint(chronicle.model.yields(event))]
            rules = "yes" if left else "already so"
        if rules != answer:
            raise self.wrong("answered by the rules", what, "and the rules say", rules)
