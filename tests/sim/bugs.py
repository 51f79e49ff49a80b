"""Faults that the simulator must find: what is broken, how it is planted, and the promise by which it shows.

Each is planted in the real code by a subclass or a patch, and only there. ``walls`` of the memory store are
taken down where they would stop the fault before the checkers can see it.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

import msgspec

from incident.casualties import fold as casualties
from incident.exercises import fold as exercises
from incident.kernel.claims import ClaimTable, Holding
from incident.kernel.ledger import Head, Ledger
from incident.kernel.model import Model
from incident.kernel.protocol import Accepted, Done, Records, Submit
from incident.kernel.record import Record, thing_id
from incident.kernel.replica import Effects, Keep, Replica, Send
from incident.kernel.slice import Context
from server.sequencer import Asker, Sequencer, Turnstile
from server.store import Append
from tests.sim.cache import Cache, Write
from tests.sim.client import Client
from tests.sim.server import Disk, Disks, Server

Planted = dict[str, Any]
"""What ``run_seed`` is given: the class of the server or of the clients."""

Plant = Callable[[ExitStack], Planted]


@dataclass(frozen=True, slots=True)
class Bug:
    """One fault. ``seeds`` is how many may be needed to find it; ``shows`` the promises it may break first."""

    name: str
    broken: str
    plant: Plant
    shows: tuple[str, ...]
    seeds: int = 40

    @contextmanager
    def planted(self) -> Iterator[Planted]:
        """As long as this lasts, it is broken."""
        with ExitStack() as stack:
            yield self.plant(stack)


# -- how they are planted ---------------------------------------------------------------------------------------


def _ledger(cls: type[Ledger]) -> Plant:
    return lambda _stack: {"server_class": type("BrokenServer", (Server,), {"ledger_class": cls})}


def _sequencer(cls: type[Sequencer]) -> Plant:
    return lambda _stack: {"server_class": type("BrokenServer", (Server,), {"sequencer_class": cls})}


def _claims(cls: type[ClaimTable]) -> Plant:
    return lambda _stack: {"server_class": type("BrokenServer", (Server,), {"claims_class": cls})}


def _replica(cls: type[Replica]) -> Plant:
    return lambda _stack: {"client_class": type("BrokenClient", (Client,), {"replica_class": cls})}


def _patched(target: Any, name: str, value: Any) -> Plant:
    def plant(stack: ExitStack) -> Planted:
        stack.enter_context(patch.object(target, name, value))
        return {}

    return plant


def _and_no_walls(plant: Plant) -> Plant:
    """The store takes whatever it is given."""

    def write(self: Disk, group: Sequence[Append]) -> None:
        for item in group:
            self._keep(item)
            for key in item.proposal.releases:
                self.claims.pop(key, None)
            self.claims.update({claim.key: claim for claim in item.proposal.claims})
        assert self.truth is not None
        self.truth.durable([item.proposal for item in group])

    def without(stack: ExitStack) -> Planted:
        stack.enter_context(patch.object(Disk, "write", write))
        return plant(stack)

    return without


# -- the server's half ------------------------------------------------------------------------------------------


class AcksAtOnce(Sequencer):
    def submit(self, asker: Asker, submit: Submit) -> bool:
        before = self.ledger.tentative.seq
        waits = super().submit(asker, submit)
        if waits:
            asker.accepted(self.stream, [Done(submit.command_id, before + 1, self.ledger.tentative.seq)])
        return waits


class AcksWhatFailed(Disks):
    def flush(self) -> None:
        assert self._fault is not None
        if self._waiting and self._fault(tuple(self._waiting)) is not None:
            group = tuple(self._waiting)
            self._waiting.clear()
            self._announce(group)
        super().flush()


class SaysNoAtOnce(Turnstile):
    def after(self, tell: Callable[[], None]) -> None:
        tell()


class PublishesAtOnce(Sequencer):
    def submit(self, asker: Asker, submit: Submit) -> bool:
        waits = super().submit(asker, submit)
        if waits and hasattr(asker, "server"):
            records = [r for item in self._store._waiting for r in item.proposal.records]  # type: ignore[attr-defined]
            mine = [record for record in records if record.command_id == submit.command_id]
            for seat in asker.server.seats.values():
                if self.stream in seat.watched:
                    seat.post(Records(stream=self.stream, prev="", records=mine))
        return waits


class ForgetsIds(Ledger):
    def _again(self, command_id: str, digest: str) -> None:
        return None


class ForgetsIdsAtRestart(Ledger):
    def load(self, records: Iterable[Record]) -> None:
        super().load(records)
        self._seen.clear()


class ForgetsRefusals(Ledger):
    def propose(self, *told: Any) -> Any:
        answer = super().propose(*told)
        self._answers.clear()
        return answer


class DecidesOnTheDurable(Ledger):
    def _decided(self, *told: Any) -> Any:
        here = self.tentative
        self.tentative = Head(self.durable.state, here.seq, here.hash)
        try:
            return super()._decided(*told)
        finally:
            if self.tentative.seq == here.seq:
                self.tentative = here


class NeverAsked(ClaimTable):
    def blocked(self, *_told: Any) -> None:
        return None

    def elsewhere(self, *_told: Any) -> None:
        return None


class NeverFrees(ClaimTable):
    def take(self, holdings: Iterable[Holding], _releases: Iterable[str], stream: str) -> set[str]:
        return super().take(holdings, (), stream)


# -- the client's half --------------------------------------------------------------------------------------------


class SkipsGaps(Replica):
    def receive(self, frame: Records) -> Effects:
        fresh = [record for record in frame.records if record.seq > self.cursor]
        if fresh and fresh[0].seq > self.cursor + 1 and not frame.history:
            self.cursor, self.hash = fresh[0].seq - 1, frame.prev
        return super().receive(frame)


class AppliesTwice(Replica):
    def receive(self, frame: Records) -> Effects:
        effects = super().receive(frame)
        if effects and not frame.history and frame.records[-1].seq == self.cursor:
            self.confirmed = self.model.apply(self.confirmed, frame.records[-1])
        return effects


class TakesHistoryForNews(Replica):
    def receive(self, frame: Records) -> Effects:
        if frame.history and frame.records:
            self.confirmed = self.model.fold(frame.records, self.confirmed)
        return super().receive(frame)


class DropsPending(Replica):
    def link_lost(self) -> Effects:
        self.pending.clear()
        return super().link_lost()


class SendsUnderNewIds(Replica):
    def caught_up(self) -> Effects:
        return tuple(_renamed(effect) for effect in super().caught_up())


def _renamed(effect: Any) -> Any:
    if not isinstance(effect, Send):
        return effect
    other = effect.submit.command_id[:-4] + "ffff"
    return Send(msgspec.structs.replace(effect.submit, command_id=other))


class WaitsForRecordsInASnapshot(Replica):
    def accepted(self, frame: Accepted) -> Effects:
        effects = super().accepted(frame)
        for entry in self.pending.values():
            entry.last = None
        return effects


class DropsOnRefusalWithoutCard(Replica):
    def refused(self, frame: Any) -> Effects:
        return super().refused(frame)[1:]


class KeepsInMemoryOnly(Cache):
    """Says *kept*, and never writes it down."""

    def write(self, stream: str, writes: Sequence[Write], written: Callable[[Sequence[Write]], None]) -> None:
        if any(isinstance(write, Keep) for write in writes):
            written(writes)
        else:
            super().write(stream, writes, written)


# -- the rules ------------------------------------------------------------------------------------------------------


def _numbered_by_this_process(stack: ExitStack) -> Planted:
    count = itertools.count(1)
    inner = Model.evolve

    def evolve(self: Model, view: Any, event: Any, record: Record) -> Any:
        after = inner(self, view, event, record)
        if self.event_names[type(event)] != "tasks.raised":
            return after
        tasks = after.tasks
        task = msgspec.structs.replace(tasks.rows[thing_id(record)], number=f"{record.agency}-T{next(count)}")
        return msgspec.structs.replace(
            after, tasks=msgspec.structs.replace(tasks, rows={**tasks.rows, task.id: task})
        )

    return _patched(Model, "evolve", evolve)(stack)


def _restores_without_tasks(stack: ExitStack) -> Planted:
    inner = Model.restore

    def restore(self: Model, parts: Any) -> Any:
        state = inner(self, parts)
        if state is None or "tasks" not in self.by_name:
            return state
        return msgspec.structs.replace(state, tasks=self.initial().tasks)

    return _patched(Model, "restore", restore)(stack)


def _aid_is_not_claimed(stack: ExitStack) -> Planted:
    inner = Model.claims

    def claims(self: Model, event: Any) -> Any:
        if getattr(event, "reason", "").startswith("mutual aid "):
            return (), ()
        return inner(self, event)

    return _patched(Model, "claims", claims)(stack)


def _counts_for_everybody(stack: ExitStack) -> Planted:
    inner = casualties._counted

    def counted(slot: Any, event: Any, record: Record) -> Any:
        after = inner(slot, event, record)
        latest = {
            agency: msgspec.structs.replace(one, counts=event.counts) for agency, one in after.latest.items()
        }
        return msgspec.structs.replace(after, latest=latest)

    return _patched(casualties, "_counted", counted)(stack)


def _clock_turned_twice(stack: ExitStack) -> Planted:
    def fold(self: Model, records: Iterable[Record], view: Any = None) -> Any:
        state = self.initial() if view is None else view
        for record in records:
            state = self.apply(state, self.timed(state, record))
        return state

    return _patched(Model, "fold", fold)(stack)


def _pause_is_played(stack: ExitStack) -> Planted:
    """While the clock stands, its time passes all the same, and is added when it runs again."""
    inner = exercises.changed

    def changed(play: Any, real: int, most: int) -> Any:
        after = inner(play, real, most)
        if len(after) > 1 and after[-1] is not play.segments[-1:] and after[-2].speed == 0:
            late = real - after[-2].real
            after = (*after[:-1], msgspec.structs.replace(after[-1], shown=after[-1].shown + late))
        return after

    return _patched(exercises, "changed", changed)(stack)


def _snapshot_of_the_newest(stack: ExitStack) -> Planted:
    """A snapshot of what is there now, labelled with an older place."""

    class Mislabels(Server):
        def _snapshot(self, seat: Any, stream: str, cursor: int, head: int) -> int:
            chronicle = self.truth.chronicle(stream)
            whole = chronicle.states
            chronicle.states = dict.fromkeys(whole, whole[chronicle.head])
            try:
                return super()._snapshot(seat, stream, cursor, head)
            finally:
                chronicle.states = whole

    return {"server_class": Mislabels}


BUGS = (
    Bug(
        "ack before commit",
        "a yes leaves the server before the disk has the command",
        _sequencer(AcksAtOnce),
        ("acknowledged after the disk",),
    ),
    Bug(
        "ack of a failed commit",
        "a commit failed, and its commands are acknowledged all the same",
        lambda _stack: {"server_class": type("BrokenServer", (Server,), {"store_class": AcksWhatFailed})},
        ("acknowledged after the disk", "published after the disk"),
        100,
    ),
    Bug(
        "answer before commit",
        "a no leaves the server that rests on a command which the disk does not have",
        lambda _stack: {"server_class": type("BrokenServer", (Server,), {"turnstile_class": SaysNoAtOnce})},
        ("no answer before the disk",),
    ),
    Bug(
        "publish before commit",
        "watchers get records that the disk does not have",
        _sequencer(PublishesAtOnce),
        ("published after the disk",),
    ),
    Bug(
        "dedupe off",
        "the ledger does not know the ids of its commands",
        _and_no_walls(_ledger(ForgetsIds)),
        ("exactly once", "same answer"),
    ),
    Bug(
        "dedupe ends with the process",
        "after a restart the ledger does not know the ids of older commands",
        _and_no_walls(_ledger(ForgetsIdsAtRestart)),
        ("exactly once", "same answer", "a refused command", "answered by the rules"),
        60,
    ),
    Bug(
        "refusals forgotten",
        "a late copy of a refused command is decided anew",
        _ledger(ForgetsRefusals),
        ("same answer", "a refused command", "answered by the rules"),
        400,
    ),
    Bug(
        "tentative state ignored",
        "a command is decided on what is durable, not on what was decided before it",
        _ledger(DecidesOnTheDurable),
        ("replay = live", "decided by the rules", "answered by the rules"),
    ),
    Bug(
        "claims not asked",
        "the claim table is never consulted",
        _and_no_walls(_claims(NeverAsked)),
        ("never two holders", "left alone while held"),
    ),
    Bug(
        "claims not freed",
        "a release frees nothing",
        _claims(NeverFrees),
        ("a release frees", "the claim table holds what the log claims"),
        60,
    ),
    Bug(
        "base ignored",
        "nobody compares what the author had seen",
        _patched(Context, "stale", lambda _ctx, _key, _version: False),
        ("compare-and-set",),
        60,
    ),
    Bug(
        "gap skipped",
        "the replica goes on after records that it never got",
        _replica(SkipsGaps),
        ("every copy",),
    ),
    Bug(
        "applied twice",
        "the replica applies the last record of a frame twice",
        _replica(AppliesTwice),
        ("every copy", "every replica"),
    ),
    Bug(
        "history taken for news",
        "the replica applies a page of old records",
        _replica(TakesHistoryForNews),
        ("every copy", "every replica"),
    ),
    Bug(
        "pending dropped",
        "what was not answered is forgotten when the line goes",
        _replica(DropsPending),
        ("nothing kept is hidden", "no queued entry is lost"),
    ),
    Bug(
        "new id at re-send",
        "after a reconnection a command is sent under another id",
        _replica(SendsUnderNewIds),
        ("nobody wrote this command", "everything settles"),
    ),
    Bug(
        "stuck behind a snapshot",
        "what was acknowledged before the line went waits for ever when a snapshot holds its records",
        _replica(WaitsForRecordsInASnapshot),
        ("everything settles",),
        60,
    ),
    Bug(
        "refused without a card",
        "a refused command vanishes",
        _replica(DropsOnRefusalWithoutCard),
        ("no queued entry is lost",),
    ),
    Bug(
        "kept in memory",
        "the client says QUEUED, and its disk never gets the command",
        lambda stack: (stack.enter_context(patch("tests.sim.client.Cache", KeepsInMemoryOnly)), {})[1],
        ("nothing kept is hidden", "no queued entry is lost"),
        150,
    ),
    Bug(
        "evolve counts by itself",
        "a number is minted from what this process has seen, not from the state",
        _numbered_by_this_process,
        ("replay = live",),
    ),
    Bug(
        "snapshot loses a slice",
        "a state that is restored has no tasks",
        _restores_without_tasks,
        ("snapshot + records == fresh snapshot", "every copy"),
    ),
    Bug(
        "snapshot mislabelled",
        "a snapshot is of a later moment than it says",
        _snapshot_of_the_newest,
        ("every copy", "every replica"),
    ),
    Bug(
        "aid not claimed",
        "units named on a request for aid are claimed from no other incident",
        _and_no_walls(_aid_is_not_claimed),
        ("one incident at a time",),
        150,
    ),
    Bug(
        "counted for everybody",
        "one agency's count of casualties is written into the others' counts, too",
        _counts_for_everybody,
        ("each agency speaks for itself",),
    ),
    Bug(
        "clock turned twice",
        "a replay takes its records' times through the exercise clock twice",
        _clock_turned_twice,
        ("replay = live", "snapshot + records", "every copy"),
    ),
    Bug(
        "pause is played",
        "the exercise clock makes up for a pause when it runs again",
        _pause_is_played,
        ("the exercise clock goes steadily", "invariant"),
        60,
    ),
)
