"""A client's half: kept before it is sent, shown at once, confirmed by the server alone, never lost silently."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from incident.kernel import protocol
from incident.kernel.claims import ClaimTable
from incident.kernel.ledger import Ledger, Proposal
from incident.kernel.model import Model
from incident.kernel.protocol import Accepted, Done, Records, Refused, SnapshotPage, Submit
from incident.kernel.record import Record, chained, genesis
from incident.kernel.replica import (
    PENDING_MAX,
    Card,
    Changed,
    Diverged,
    Drop,
    Keep,
    Replica,
    Resync,
    Send,
    StateWord,
    Store,
    StoreSnapshot,
)
from incident.kernel.slice import Actor, Refusal
from tests.kernel.toy import (
    ANN,
    BEN,
    OLDER,
    SALT,
    SHELF,
    T0,
    TOY,
    Jot,
    Place,
    PlaceAll,
    Return,
    Take,
    Wipe,
    cid,
    submit,
)


class Room:
    """A replica and the authority it talks to. Frames go through their bytes, as on the wire."""

    def __init__(self, model: Model = TOY, actor: Actor = ANN) -> None:
        self.ledger = Ledger(TOY, SHELF, ClaimTable())
        self.log: list[Record] = []
        self.replica = Replica(model, SHELF, actor)
        self.replica.caught_up()
        self.count = 0

    def write(self, command: Any, **more: Any) -> Any:
        """A person writes here; the answer of the replica."""
        self.count += 1
        return self.replica.submit(submit(self.count, command, view=self.replica.projected, **more))

    def kept(self, command: Any, **more: Any) -> str:
        """A person writes, and the disk has it. Its id."""
        effects = self.write(command, **more)
        assert not isinstance(effects, Refusal), effects
        (keep, *_) = effects
        assert isinstance(keep, Keep)
        self.replica.kept(keep.submit.command_id)
        return keep.submit.command_id

    def serve(self, frame: Submit, actor: Actor = ANN) -> Any:
        """The server decides and makes durable; its answer."""
        answer = self.ledger.propose(actor, frame, T0 + 1000 + len(self.log), SALT)
        if isinstance(answer, Proposal):
            self.ledger.commit((answer,))
            self.log += answer.records
        return answer

    def elsewhere(self, n: int, command: Any, actor: Actor = BEN) -> tuple[Record, ...]:
        """Another room writes, and the server takes it."""
        frame = submit(500 + n, command, view=self.ledger.durable.state)
        answer = self.serve(frame, actor)
        assert isinstance(answer, Proposal), answer
        return answer.records

    def records(self, first: int = 1, last: int = 10**6, **more: Any) -> Records:
        """The frame that carries these records."""
        found = [record for record in self.log if first <= record.seq <= last]
        prev = self.log[first - 2].hash if first > 1 else genesis(SHELF)
        frame = protocol.read_server(protocol.encode(Records(stream=SHELF, prev=prev, records=found, **more)))
        assert isinstance(frame, Records)
        return frame

    def catch_up(self) -> Any:
        return self.replica.receive(self.records())

    def books(self, state: Any = None) -> dict[str, str]:
        state = self.replica.projected if state is None else state
        return {key: book.title for key, book in state.shelf.books.items()}


@pytest.fixture
def room() -> Room:
    return Room()


def of(effects: Any, kind: type) -> list[Any]:
    assert not isinstance(effects, Refusal), effects
    return [effect for effect in effects if isinstance(effect, kind)]


# -- writing --


def test_what_is_written_shows_at_once_and_is_kept_before_it_is_sent(room: Room) -> None:
    effects = room.write(Place("a", "Atlas"))
    assert [type(effect) for effect in effects] == [Keep, Changed]
    assert room.books() == {"a": "Atlas"}
    assert room.books(room.replica.confirmed) == {}
    assert room.replica.word(cid(1)) is StateWord.SAVING
    sends = room.replica.kept(cid(1))
    assert sends == (Send(effects[0].submit),)
    assert room.replica.word(cid(1)) is StateWord.SENT
    assert room.replica.kept(cid(1)) == (), "a disk that says it twice sends nothing twice"
    assert room.replica.kept(cid(9)) == ()


def test_cut_off_it_is_queued_and_sent_in_order_when_the_line_is_back(room: Room) -> None:
    room.replica.link_lost()
    ids = [room.kept(Jot(str(n))) for n in range(3)]
    assert [room.replica.word(command_id) for command_id in ids] == [StateWord.QUEUED] * 3
    unkept = room.write(Jot("not on the disk yet"))
    assert of(unkept, Send) == []
    sends = of(room.replica.caught_up(), Send)
    assert [send.submit.command_id for send in sends] == ids
    assert room.replica.word(cid(4)) is StateWord.SAVING


def test_what_was_sent_and_not_answered_is_sent_again_after_a_cut(room: Room) -> None:
    first = room.kept(Jot("hello"))
    room.replica.link_lost()
    assert room.replica.word(first) is StateWord.SENT
    assert [send.submit.command_id for send in of(room.replica.caught_up(), Send)] == [first]


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (Take("zz"), "no_book"),
        (Jot("bell \x07"), "bad_text"),
        (Place("", "x"), "bad_shape"),
    ],
)
def test_an_obvious_no_is_said_at_once_and_nothing_is_kept(room: Room, command: Any, code: str) -> None:
    answer = room.write(command)
    assert isinstance(answer, Refusal)
    assert answer.code == code
    assert room.replica.pending == {}
    assert room.replica.preview(submit(7, command, view=room.replica.projected)) == answer


def test_a_preview_keeps_nothing_and_shows_nothing(room: Room) -> None:
    before = room.replica.projected
    assert room.replica.preview(submit(7, Jot("hello"), view=before)) is None
    assert room.replica.pending == {}
    assert room.replica.projected is before


def test_what_cannot_have_happened_yet_is_said_at_once_by_the_corrected_clock(room: Room) -> None:
    fast = {"clock_offset": -600_000}
    answer = room.write(Jot("x"), happened_at=T0, **fast)
    assert isinstance(answer, Refusal)
    assert answer.code == "in_the_future"
    assert not isinstance(room.write(Jot("x"), happened_at=T0 - 600_000, **fast), Refusal)


def test_the_roles_no_is_said_at_once_too() -> None:
    answer = Room(actor=Actor("Eve", "LAS", "reader")).write(Jot("x"))
    assert isinstance(answer, Refusal)
    assert answer.facts == {"grant": "pad.jot"}


def test_a_conflict_is_never_refused_here(room: Room) -> None:
    room.elsewhere(1, Place("a", "Atlas"))
    room.elsewhere(2, Take("a"))
    room.catch_up()
    command_id = room.kept(Take("a"))
    assert room.replica.word(command_id) is StateWord.LIKELY_REFUSED
    assert room.replica.projected.shelf.books["a"].holder == "SCAS"
    assert room.replica.pending[command_id].word is StateWord.SENT, "marked, and still sent"


def test_one_id_is_taken_once_and_the_outbox_has_a_bound(room: Room) -> None:
    room.kept(Jot("hello"))
    again = room.replica.submit(submit(1, Jot("hello")))
    assert isinstance(again, Refusal)
    assert again.code == "id_reuse"
    assert "command" not in again.sentence
    entry = room.replica.pending[cid(1)]
    room.replica.pending.update({str(n): entry for n in range(PENDING_MAX)})
    full = room.write(Jot("one more"))
    assert isinstance(full, Refusal)
    assert full.code == "outbox_full"
    assert full.sentence == "2,000 changes wait to be sent. Nothing more can be taken on."


def test_what_only_the_server_may_do_waits_for_no_line(room: Room) -> None:
    room.replica.link_lost()
    answer = room.write(Wipe())
    assert isinstance(answer, Refusal)
    assert answer.code == "needs_link"
    room.replica.caught_up()
    assert not isinstance(room.write(Wipe()), Refusal)


def test_a_claim_made_offline_is_only_asked_for(room: Room) -> None:
    room.elsewhere(1, Place("a", "Atlas"))
    room.catch_up()
    room.replica.link_lost()
    command_id = room.kept(Take("a"))
    assert room.replica.word(command_id) is StateWord.REQUESTED
    assert room.replica.words() == {command_id: "REQUESTED – NOT CONFIRMED"}
    assert room.replica.wanted() == {command_id}
    room.kept(Jot("x"))
    assert room.replica.wanted() == {command_id}, "a note is no claim"


# -- confirmed --


def test_records_confirm_what_was_pending(room: Room) -> None:
    command_id = room.kept(PlaceAll(("a", "b")))
    room.serve(room.replica.pending[command_id].submit)
    effects = room.catch_up()
    assert [type(effect) for effect in effects] == [Store, Drop, Changed]
    assert effects[1] == Drop(command_id)
    assert [record.seq for record in effects[0].records] == [1, 2]
    assert room.replica.pending == {}
    assert (room.replica.cursor, room.replica.hash) == (2, room.ledger.durable.hash)
    assert TOY.digest(room.replica.confirmed) == TOY.digest(room.ledger.durable.state)
    assert room.replica.projected is room.replica.confirmed
    assert room.replica.word(command_id) is None


def test_another_agencys_command_of_the_same_id_does_not_answer_ours(room: Room) -> None:
    command_id = room.kept(PlaceAll(("a",)))
    mine = room.replica.pending[command_id].submit
    room.serve(mine, BEN)
    effects = room.catch_up()
    assert [type(effect) for effect in effects] == [Store, Changed]
    assert list(room.replica.pending) == [command_id], "the server has not answered it yet"
    back = Replica(TOY, SHELF, room.replica.actor)
    back.restore(None, room.log, (mine,))
    assert list(back.pending) == [command_id], "nor has it when the client was closed in between"


@pytest.mark.parametrize("first", ["accepted", "records"])
def test_acknowledgement_and_records_come_in_any_order(room: Room, first: str) -> None:
    command_id = room.kept(Jot("hello"))
    done = room.serve(room.replica.pending[command_id].submit).done
    if first == "records":
        room.catch_up()
        assert of(room.replica.accepted(Accepted(stream=SHELF, done=[done])), Drop) == []
    else:
        assert of(room.replica.accepted(Accepted(stream=SHELF, done=[done])), Drop) == [], (
            "its records are not here yet"
        )
        assert room.replica.word(command_id) is StateWord.CONFIRMED
        assert room.replica.projected.pad.lines == ("hello",)
        assert of(room.catch_up(), Drop) == [Drop(command_id)]
    assert room.replica.pending == {}
    assert room.replica.projected.pad.lines == ("hello",)


def test_what_changed_nothing_leaves_at_its_acknowledgement(room: Room) -> None:
    command_id = room.kept(Place("a", "Atlas"))
    effects = room.replica.accepted(Accepted(stream=SHELF, done=[Done(command_id, 0, 0)]))
    assert of(effects, Drop) == [Drop(command_id)]
    assert room.books() == {}


def test_another_rooms_records_go_under_what_is_pending(room: Room) -> None:
    mine = room.kept(Place("b", "Bible"))
    room.elsewhere(1, Place("a", "Atlas"))
    effects = room.catch_up()
    assert of(effects, Drop) == []
    assert room.books(room.replica.confirmed) == {"a": "Atlas"}
    assert room.books() == {"a": "Atlas", "b": "Bible"}
    assert room.replica.word(mine) is StateWord.SENT


def test_what_would_now_lose_is_marked_and_recovers_when_it_would_not(room: Room) -> None:
    room.elsewhere(1, Place("a", "Atlas"))
    room.catch_up()
    mine = room.kept(Take("a"))
    assert room.replica.projected.shelf.books["a"].holder == "LAS"
    room.elsewhere(2, Take("a"))
    room.replica.receive(room.records(2))
    assert room.replica.word(mine) is StateWord.LIKELY_REFUSED
    assert room.replica.projected.shelf.books["a"].holder == "SCAS"
    room.elsewhere(3, Return("a"))
    room.replica.receive(room.records(3))
    assert room.replica.word(mine) is StateWord.SENT
    assert room.replica.projected.shelf.books["a"].holder == "LAS"


def test_a_refusal_takes_the_change_away_and_leaves_a_card(room: Room) -> None:
    room.elsewhere(1, Place("a", "Atlas"))
    room.catch_up()
    take = room.kept(Take("a"))
    hanging = room.kept(Jot("a is ours"), depends_on=[take])
    room.kept(Jot("and this is not about it"))
    further = room.kept(Jot("so read it"), depends_on=[hanging])
    room.kept(Jot("something else"))
    facts = {"held_by": "SCAS"}
    said = {"code": "taken", "sentence": "SCAS has it.", "facts": facts, "conflict": True}
    frame = protocol.read_server(protocol.encode(Refused(stream=SHELF, command_id=take, **said)))
    assert isinstance(frame, Refused)
    effects = room.replica.refused(frame)
    (card,) = of(effects, Card)
    assert card.submit.command_id == take
    assert card.refusal == Refusal("taken", "SCAS has it.", {"held_by": "SCAS"}, conflict=True)
    assert [frame.command_id for frame in card.dependants] == [hanging, further]
    assert of(effects, Drop) == [Drop(take)]
    assert room.replica.projected.shelf.books["a"].holder == ""
    assert take not in room.replica.pending
    assert room.replica.refused(frame) == (), "said twice, shown once"


def test_frames_about_commands_of_others_change_nothing(room: Room) -> None:
    assert of(room.replica.accepted(Accepted(stream=SHELF, done=[Done(cid(77), 1, 1)])), Drop) == []
    assert room.replica.refused(Refused(stream=SHELF, command_id=cid(77), code="x", sentence="y")) == ()


# -- order, gaps, broken chains --


def test_records_known_already_are_passed_over(room: Room) -> None:
    room.elsewhere(1, Place("a", "Atlas"))
    room.catch_up()
    assert room.catch_up() == ()
    room.elsewhere(2, Jot("x"))
    effects = room.catch_up()
    assert [record.seq for record in of(effects, Store)[0].records] == [2]


def test_a_gap_asks_for_what_is_missing_and_takes_nothing(room: Room) -> None:
    for n in range(4):
        room.elsewhere(n, Jot(str(n)))
    room.replica.receive(room.records(1, 1))
    (resync,) = room.replica.receive(room.records(4))
    assert isinstance(resync, Resync)
    assert "2 to 3" in resync.reason
    assert resync.snapshots
    assert room.replica.cursor == 1
    room.replica.receive(room.records(2))
    assert room.replica.cursor == 4


def test_history_is_not_applied(room: Room) -> None:
    room.elsewhere(1, Jot("x"))
    assert room.replica.receive(room.records(history=True)) == ()
    assert room.replica.cursor == 0


def forged(record: Record, **change: Any) -> Record:
    return msgspec.structs.replace(record, **change)


@pytest.mark.parametrize(
    "change", [{"actor": "Eve"}, {"body": msgspec.Raw(b'{"text":"no"}')}, {"hash": "00" * 32}]
)
def test_a_history_that_is_not_ours_stops_the_stream_and_overwrites_nothing(
    room: Room, change: dict[str, Any]
) -> None:
    for n in range(3):
        room.elsewhere(n, Jot(str(n)))
    room.replica.receive(room.records(1, 1))
    frame = room.records(2)
    frame = msgspec.structs.replace(frame, records=[forged(frame.records[0], **change), *frame.records[1:]])
    effects = room.replica.receive(frame)
    (diverged,) = of(effects, Diverged)
    assert diverged.seq == 2
    assert of(effects, Store) == []
    assert (room.replica.cursor, room.replica.confirmed.pad.lines) == (1, ("0",))
    assert room.replica.receive(room.records(2)) == (), "stopped until a person has looked"
    command_id = room.kept(Jot("still written down here"))
    assert room.replica.word(command_id) is StateWord.QUEUED, "kept, and not sent into another history"
    assert of(room.replica.caught_up(), Send) == []


def test_a_hole_inside_a_frame_is_a_broken_chain(room: Room) -> None:
    for n in range(3):
        room.elsewhere(n, Jot(str(n)))
    frame = room.records()
    holed = msgspec.structs.replace(frame, records=[frame.records[0], frame.records[2]])
    effects = room.replica.receive(holed)
    assert of(effects, Diverged)[0].seq == 3
    assert [type(effect) for effect in effects] == [Store, Diverged, Changed]
    assert [record.seq for record in of(effects, Store)[0].records] == [1], "what was sound is kept"
    assert (room.replica.cursor, room.replica.confirmed.pad.lines) == (1, ("0",)), "and no more than that"
    assert [record.seq for record in of(effects, Changed)[0].records] == [1]


def test_answers_one_by_one_are_worked_out_once_for_the_next_look(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = [room.kept(Jot(str(n))) for n in range(20)]
    decided = []
    really = Model.decide
    monkeypatch.setattr(Model, "decide", lambda *args: decided.append(args[2]) or really(*args))
    for command_id in ids[:10]:
        room.replica.accepted(Accepted(stream=SHELF, done=[Done(command_id, 0, 0)]))
    assert decided == []
    assert room.replica.projected.pad.lines == tuple(str(n) for n in range(10, 20))
    assert set(room.replica.pending) == set(ids[10:])
    assert len(decided) == 10


# -- snapshots --


def pages(room: Room, *, cut: int = 40, **change: Any) -> list[tuple[SnapshotPage, bytes]]:
    """A snapshot of the server's state, in pieces, through the wire."""
    head = room.ledger.durable
    found = []
    for part in TOY.snapshot(head.state):
        pieces = [part.body[at : at + cut] for at in range(0, len(part.body), cut)]
        for index, piece in enumerate(pieces):
            fields = {"stream": SHELF, "seq": head.seq, "hash": head.hash, "slice": part.name}
            shape = {"state_v": part.state_v, "index": index, "of": len(pieces)}
            header = SnapshotPage(**{**fields, **shape, **change})
            found.append(protocol.read_page(protocol.encode_page(header, piece)))
    return found


def test_a_snapshot_in_any_order_of_pages_and_then_records(room: Room) -> None:
    for n in range(9):
        room.elsewhere(n, Place(f"k{n}", f"Title {n}"))
    mine = room.kept(Jot("mine"))
    every = pages(room)
    assert len(every) > 3
    for header, body in reversed(every[1:]):
        assert room.replica.receive_page(header, body) == ()
    effects = room.replica.receive_page(*every[0])
    (stored,) = of(effects, StoreSnapshot)
    assert (stored.seq, stored.hash) == (9, room.ledger.durable.hash)
    assert TOY.digest(room.replica.confirmed) == TOY.digest(room.ledger.durable.state)
    assert room.replica.projected.pad.lines == ("mine",)
    assert room.replica.word(mine) is StateWord.SENT
    room.elsewhere(20, Jot("after"))
    room.replica.receive(room.records(10))
    assert TOY.digest(room.replica.confirmed) == TOY.digest(TOY.fold(room.log))


def test_pages_of_an_older_snapshot_or_one_already_passed_are_let_go(room: Room) -> None:
    room.elsewhere(1, Place("a", "Atlas"))
    old = pages(room)
    room.elsewhere(2, Place("b", "Bible"))
    new = pages(room)
    room.replica.receive_page(*old[0])
    effects = [effect for page in new for effect in room.replica.receive_page(*page)]
    assert of(effects, StoreSnapshot)[0].seq == 2
    assert [room.replica.receive_page(*page) for page in new] == [()] * len(new)
    assert room.replica.cursor == 2


def test_pages_are_forgotten_when_the_line_is_lost(room: Room) -> None:
    room.elsewhere(1, Place("a", "Atlas"))
    first, *rest = pages(room)
    room.replica.receive_page(*first)
    room.replica.link_lost()
    assert [effect for page in rest for effect in room.replica.receive_page(*page)] == []
    assert room.replica.cursor == 0


@pytest.mark.parametrize("change", [{"state_v": 7}, {"slice": "film"}])
def test_a_snapshot_of_an_unknown_shape_falls_back_to_records(room: Room, change: dict[str, Any]) -> None:
    room.elsewhere(1, Place("a", "Atlas"))
    *most, (header, body) = pages(room, cut=10_000)
    asked = [effect for page in most for effect in room.replica.receive_page(*page)]
    asked += room.replica.receive_page(msgspec.structs.replace(header, **change), body)
    if "slice" in change:  # an unknown slice more, beside all the known ones
        asked += room.replica.receive_page(header, body)
    (resync,) = of(asked, Resync)
    assert not resync.snapshots
    assert room.replica.cursor == 0


def test_pages_that_do_not_fit_ask_again_and_impossible_ones_are_let_go(room: Room) -> None:
    room.elsewhere(1, Place("a", "Atlas"))
    (header, body), *_ = pages(room, cut=10_000)
    assert room.replica.receive_page(msgspec.structs.replace(header, index=1), body) == ()
    assert room.replica.receive_page(msgspec.structs.replace(header, index=-1), body) == ()
    two = msgspec.structs.replace(header, of=2)
    assert room.replica.receive_page(two, body) == ()
    assert isinstance(room.replica.receive_page(header, body)[0], Resync)


@pytest.mark.parametrize("change", [{"of": 20_000_000}, {"slice": "film"}])
def test_pages_that_no_server_of_ours_would_send_are_let_go_after_one_word(
    room: Room, change: dict[str, Any]
) -> None:
    room.elsewhere(1, Place("a", "Atlas"))
    (header, body), *_ = pages(room)
    odd = msgspec.structs.replace(header, **change)
    (resync,) = room.replica.receive_page(odd, body)
    assert isinstance(resync, Resync)
    assert not resync.snapshots
    assert room.replica.receive_page(odd, body) == ()
    assert room.replica.receive_page(header, body) == ()
    room.elsewhere(2, Jot("x"))
    later = [effect for page in pages(room) for effect in room.replica.receive_page(*page)]
    assert of(later, StoreSnapshot)[0].seq == 2, "another snapshot is another matter"


def test_a_snapshot_that_is_no_json_falls_back_to_records(room: Room) -> None:
    room.elsewhere(1, Place("a", "Atlas"))
    asked = [
        effect for header, _ in pages(room, cut=10_000) for effect in room.replica.receive_page(header, b"{")
    ]
    assert not of(asked, Resync)[0].snapshots


def test_what_is_inside_a_snapshot_and_acknowledged_is_no_longer_pending(room: Room) -> None:
    command_id = room.kept(Jot("hello"))
    done = room.serve(room.replica.pending[command_id].submit).done
    room.replica.accepted(Accepted(stream=SHELF, done=[done]))
    effects = [effect for page in pages(room) for effect in room.replica.receive_page(*page)]
    effects += room.replica.accepted(Accepted(stream=SHELF, done=[done]))
    assert of(effects, Drop) == [Drop(command_id)]
    assert room.replica.projected.pad.lines == ("hello",)


# -- from the disk --


def test_a_client_comes_back_with_what_it_had(room: Room) -> None:
    room.elsewhere(1, Place("a", "Atlas"))
    effects = [effect for page in pages(room) for effect in room.replica.receive_page(*page)]
    (snapshot,) = of(effects, StoreSnapshot)
    room.elsewhere(2, Place("b", "Bible"))
    room.replica.receive(room.records(2))
    command_id = room.kept(Place("c", "Cooking"))
    outbox = [entry.submit for entry in room.replica.pending.values()]
    again = Replica(TOY, SHELF, ANN)
    assert again.restore(snapshot, room.log[1:], outbox)
    assert (again.cursor, again.hash) == (2, room.ledger.durable.hash)
    assert TOY.digest(again.projected) == TOY.digest(room.replica.projected)
    assert again.word(command_id) is StateWord.QUEUED
    assert [send.submit.command_id for send in of(again.caught_up(), Send)] == [command_id]


def test_a_waiting_row_whose_records_are_here_has_done_its_work(room: Room) -> None:
    written, waiting = room.kept(PlaceAll(("a", "b"))), room.kept(Jot("waits"))
    outbox = [entry.submit for entry in room.replica.pending.values()]
    room.serve(outbox[0])
    again = Replica(TOY, SHELF, ANN)
    assert again.restore(None, room.log, outbox)
    assert list(again.pending) == [waiting], "its records are the confirmed ones: it is not shown twice"
    effects = again.caught_up()
    assert of(effects, Drop) == [Drop(written)]
    assert [send.submit.command_id for send in of(effects, Send)] == [waiting]
    assert of(again.caught_up(), Drop) == []


def test_a_damaged_cached_snapshot_is_not_taken(room: Room) -> None:
    shelf, pad = TOY.snapshot(TOY.initial())
    damaged = (shelf, msgspec.structs.replace(pad, body=b'{"lines":3}'))
    assert not room.replica.restore(StoreSnapshot(damaged, 5, "00"), (), ())
    assert room.replica.cursor == 0


def test_a_cached_snapshot_of_an_unknown_shape_is_not_taken(room: Room) -> None:
    parts = tuple(msgspec.structs.replace(part, state_v=9) for part in TOY.snapshot(TOY.initial()))
    assert not room.replica.restore(StoreSnapshot(parts, 5, "00"), (), ())
    assert room.replica.cursor == 0


def test_an_outbox_row_of_another_version_is_left_alone(room: Room) -> None:
    strange = msgspec.structs.replace(submit(1, Jot("x")), type="film.show")
    again = Replica(TOY, SHELF, ANN)
    assert again.restore(None, (), [strange, submit(2, Jot("y"))])
    assert list(again.pending) == [cid(2)]


# -- an older client --


@pytest.fixture
def older() -> Room:
    """A client that knows neither the event Renamed nor the second shape of Placed."""
    return Room(OLDER)


def test_an_unknown_record_freezes_its_slice_and_the_rest_goes_on(older: Room) -> None:
    older.elsewhere(1, Jot("before"))
    older.elsewhere(2, Place("a", "Atlas"))  # written in the second shape, which this client cannot read
    older.elsewhere(3, Take("a"))  # a known type, about a book this client has never seen
    older.elsewhere(4, Jot("after"))
    effects = older.catch_up()
    assert older.replica.frozen_slices == {"shelf"}
    assert older.replica.confirmed.pad.lines == ("before", "after")
    assert older.replica.confirmed.shelf.books == {}
    assert (older.replica.cursor, older.replica.diverged) == (4, None), "the chain is followed all the same"
    assert len(of(effects, Store)[0].records) == 4, "and everything is kept for the day of the update"


def test_a_known_record_with_an_unknown_value_freezes_its_slice_too(room: Room) -> None:
    (first,) = room.elsewhere(1, Jot("before"))
    odd = msgspec.structs.replace(
        first, seq=2, type="shelf.placed", v=2, body=msgspec.Raw(b'{"key":"a","title":{"en":"Atlas"}}')
    )
    odd = msgspec.structs.replace(odd, hash=chained(first.hash, SHELF, odd))
    room.replica.receive(Records(stream=SHELF, prev=genesis(SHELF), records=[first, odd]))
    assert room.replica.frozen_slices == {"shelf"}
    assert (room.replica.cursor, room.replica.confirmed.pad.lines) == (2, ("before",))


def test_a_frozen_slice_is_not_written_to_and_its_outbox_is_kept(older: Room) -> None:
    older.replica.link_lost()
    waiting = older.kept(Place("mine", "Mine"))
    older.elsewhere(1, Place("a", "Atlas"))
    older.catch_up()
    answer = older.write(Place("b", "B"))
    assert isinstance(answer, Refusal)
    assert answer.code == "update_needed"
    assert older.replica.word(waiting) is StateWord.QUEUED
    assert [send.submit.command_id for send in of(older.replica.caught_up(), Send)] == [waiting]
    assert not isinstance(older.write(Jot("the rest works")), Refusal)


def test_a_snapshot_thaws_what_was_frozen(older: Room) -> None:
    older.elsewhere(1, Place("a", "Atlas"))
    older.catch_up()
    older.elsewhere(2, Jot("x"))
    for page in pages(older):
        older.replica.receive_page(*page)
    assert older.replica.frozen_slices == frozenset()
    assert older.books() == {"a": "Atlas"}
    older.elsewhere(3, Take("a"))
    older.replica.receive(older.records(3))
    assert older.replica.confirmed.shelf.books["a"].holder == "SCAS"
