"""A stream whose clock is not the server's: what its rules, its states and its sentences are told of time."""

from __future__ import annotations

import itertools
from typing import Any

import msgspec

from incident.kernel.claims import ClaimTable
from incident.kernel.ledger import Ledger, Proposal
from incident.kernel.model import Model
from incident.kernel.protocol import Records, Submit
from incident.kernel.record import Record, encode_body
from incident.kernel.replica import Replica
from incident.kernel.slice import (
    Actor,
    Clock,
    CommandSpec,
    Conflict,
    Context,
    Due,
    EventSpec,
    Line,
    Names,
    Offline,
    Slice,
)

T0 = 1_795_269_600_000
ANN = Actor("Ann", "LAS", "clerk")


class Hands(msgspec.Struct, frozen=True):
    """The clock: apart from a moment on, it is so many times as fast from there."""

    since: int | None = None
    speed: int = 1


class Seen(msgspec.Struct, frozen=True):
    """Every time that a rule, a state or a sentence was told."""

    times: tuple[tuple[int, ...], ...] = ()


class Turned(msgspec.Struct, frozen=True):
    speed: int


class Noted(msgspec.Struct, frozen=True):
    told: tuple[int, int]


class Turn(msgspec.Struct, frozen=True):
    speed: int


class Note(msgspec.Struct, frozen=True):
    """Write down what time it is."""


class State(msgspec.Struct, frozen=True):
    hands: Hands = Hands()
    notes: Seen = Seen()


def _note(_view: Any, _command: Any, ctx: Context) -> tuple[Any, ...]:
    return (Noted((ctx.now, -1 if ctx.happened_at is None else ctx.happened_at)),)


def _noted(state: Seen, event: Any, record: Record) -> Seen:
    return Seen((*state.times, (*event.told, record.at, record.recorded_at)))


def _sentence(_event: Any, record: Record, _names: Names) -> Line:
    return Line(f"at {record.at - T0}")


HANDS = Slice(
    "hands", Hands, (EventSpec(Turned),), (CommandSpec(Turn, Conflict.STATE, Offline.REFUSED),),
    lambda _view, command, _ctx: (Turned(command.speed),),
    lambda _state, event, record: Hands(record.recorded_at, event.speed), _sentence, keeps_clock=True,
)  # fmt: skip
NOTES = Slice(
    "notes", Seen, (EventSpec(Noted),), (CommandSpec(Note, Conflict.APPEND, Offline.ALLOWED),), _note, _noted,
    _sentence, due=lambda _state, now: (Due(now, "now", None),),
)  # fmt: skip


def _asked(view: Any, real: int) -> int:
    assert view.hands.since is not None, "the clock is asked only where it is apart"
    return int(view.hands.since + (real - view.hands.since) * view.hands.speed)


CLOCK = Clock(
    lambda view: view.hands.since is not None, _asked, lambda view, own: -(-own // max(1, view.hands.speed))
)
TIMED = Model("timed", State, (HANDS, NOTES), lambda *_: None, clock=CLOCK)
IDS = itertools.count()


def submit(command: Any, now: int, **more: Any) -> Submit:
    name = TIMED.name_of(command)
    command_id = f"{next(IDS):08x}-0000-7000-8000-000000000000"
    return Submit(
        stream="s", command_id=command_id, type=name, v=1, body=encode_body(command), written_at=now, **more
    )


def taken(ledger: Ledger, command: Any, now: int, **more: Any) -> Proposal:
    answer = ledger.propose(ANN, submit(command, now, **more), now, "5a" * 16)
    assert isinstance(answer, Proposal)
    ledger.commit([answer])
    return answer


def test_rules_states_dues_and_sentences_are_told_the_time_of_the_stream() -> None:
    ledger = Ledger(TIMED, "s", ClaimTable())
    taken(ledger, Note(), T0)
    taken(ledger, Turn(10), T0 + 100)
    late = taken(ledger, Note(), T0 + 300, happened_at=T0 + 200)
    assert ledger.durable.state.notes.times == (
        (T0, -1, T0, T0),
        (T0 + 2100, T0 + 1100, T0 + 1100, T0 + 2100),
    )
    (record,) = late.records
    assert (record.recorded_at, record.happened_at) == (T0 + 300, T0 + 200)  # what is kept is real time
    state = ledger.durable.state
    assert TIMED.sentence(record, TIMED.names(state)) == Line("at 1100")
    assert TIMED.now(state, T0 + 400) == T0 + 3100
    assert [due.at for due in TIMED.due(state, TIMED.now(state, T0 + 400))] == [T0 + 3100]


def test_a_record_counts_by_the_clock_as_it_stood_before_it_and_replay_is_live() -> None:
    ledger = Ledger(TIMED, "s", ClaimTable())
    proposals = [
        taken(ledger, Turn(2) if step % 3 == 0 else Note(), T0 + step * 50, clock_offset=-20)
        for step in range(9)
    ]
    records = [record for proposal in proposals for record in proposal.records]
    assert TIMED.fold(records) == ledger.durable.state
    for cut in range(len(records)):
        half = TIMED.restore(TIMED.snapshot(TIMED.fold(records[:cut])))
        assert TIMED.fold(records[cut:], half) == ledger.durable.state


def test_where_the_clock_is_the_server_s_a_record_is_the_very_same_object() -> None:
    ledger = Ledger(TIMED, "s", ClaimTable())
    (record,) = taken(ledger, Note(), T0).records
    assert TIMED.timed(ledger.durable.state, record) is record
    assert TIMED.now(ledger.durable.state, T0) == T0
    assert TIMED.real(ledger.durable.state, T0) == T0


def test_a_client_s_provisional_step_is_seen_in_the_same_time_as_the_server_s() -> None:
    ledger = Ledger(TIMED, "s", ClaimTable())
    turn = taken(ledger, Turn(4), T0)
    replica = Replica(TIMED, "s", ANN)
    replica.receive(Records(stream="s", records=list(turn.records), prev=turn.prev))
    wanted = submit(Note(), T0 + 100)
    assert not isinstance(replica.submit(wanted), str)
    answer = ledger.propose(ANN, wanted, T0 + 100, "5a" * 16)
    assert isinstance(answer, Proposal)
    assert replica.projected.notes == answer.after.state.notes
