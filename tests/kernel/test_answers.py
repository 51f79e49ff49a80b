"""What was said to the author of a command stays said: to late copies, over snapshots, while the line is cut.

Each of these was found by the simulator first (tests/sim), and is here so that it can be read.
"""

from __future__ import annotations

from typing import Any

import pytest

from incident.kernel.claims import ClaimTable
from incident.kernel.ledger import Ledger, Proposal, Waiting
from incident.kernel.protocol import Accepted, Done, Records, SnapshotPage, Submit
from incident.kernel.record import encode_body
from incident.kernel.replica import Drop, Replica, Send, StateWord, StoreSnapshot
from incident.kernel.slice import Actor, Refusal
from incident.log.facts import Write
from incident.organisation.facts import ChangeKind, GiveLocation, Invite, Open
from incident.state import INCIDENT
from incident.values import Location
from tests.incident.given import INCIDENT_STREAM, T0, charter, cid

SAM = Actor("Sam", "LAS", "operator")
SALT = "5" * 32


class Room:
    """One ledger and one author, with the disk between them under the test's hand."""

    def __init__(self) -> None:
        self.ledger = Ledger(INCIDENT, INCIDENT_STREAM, ClaimTable(), charter())
        self.replica = Replica(INCIDENT, INCIDENT_STREAM, SAM, charter())
        self.count = 0
        self.waiting: list[Proposal] = []

    def frame(self, command: Any, depends_on: tuple[str, ...] = (), **more: Any) -> Submit:
        self.count += 1
        return Submit(
            stream=INCIDENT_STREAM,
            command_id=cid(self.count),
            type=INCIDENT.name_of(command),
            body=encode_body(command),
            written_at=T0,
            depends_on=list(depends_on),
            **more,
        )

    def ask(self, submit: Submit) -> Any:
        answer = self.ledger.propose(SAM, submit, T0, SALT)
        if isinstance(answer, Proposal):
            self.waiting.append(answer)
        return answer

    def commit(self) -> Records:
        """The disk has what waits; what is published of it."""
        done, self.waiting = self.waiting, []
        self.ledger.commit(done)
        records = [record for proposal in done for record in proposal.records]
        return Records(stream=INCIDENT_STREAM, prev=done[0].prev, records=records)

    def did(self, command: Any, **more: Any) -> Submit:
        submit = self.frame(command, **more)
        assert isinstance(self.ask(submit), Proposal)
        self.commit()
        return submit


@pytest.fixture
def room() -> Room:
    found = Room()
    found.did(Open("M4/M25 coach", "exercise", Location("M4 J4b")))
    return found


def test_a_late_copy_of_a_refused_command_is_refused_again(room: Room) -> None:
    """It would be accepted by now, but its author has been told no and has seen the card."""
    change = room.frame(ChangeKind("standby", "slow"))
    first = room.ask(change)
    assert isinstance(first, Refusal)
    assert first.conflict
    seen = {"kind": room.ledger.durable.state.organisation.kind_version}
    assert room.ask(Submit(**{**_fields(change), "base": seen})) == first
    assert isinstance(room.ask(room.frame(ChangeKind("standby", "slow"), base=seen)), Proposal)


def test_a_late_copy_of_what_was_so_already_changes_nothing(room: Room) -> None:
    room.did(GiveLocation(Location("A4 lay-by")))
    again = room.frame(GiveLocation(Location("A4 lay-by")))
    assert room.ask(again) == Done(again.command_id, 0, 0)
    room.did(GiveLocation(Location("M4 J5")), base={"location": cid(2)})
    assert room.ask(again) == Done(again.command_id, 0, 0)
    assert room.ledger.tentative.state.organisation.location.text == "M4 J5"


def test_one_may_build_on_what_was_so_already_and_not_on_what_was_refused(room: Room) -> None:
    room.did(Invite(("SCAS",)))
    same = room.frame(Invite(("SCAS",)))
    assert isinstance(room.ask(same), Done)
    assert isinstance(room.ask(room.frame(Write("they know"), (same.command_id,))), Proposal)
    bad = room.frame(Invite(("NOBODY",)))
    assert isinstance(room.ask(bad), Refusal)
    refusal = room.ask(room.frame(Write("they know"), (bad.command_id,)))
    assert isinstance(refusal, Refusal)
    assert refusal.code == "depends_on_refused"


def test_another_body_under_a_refused_id_is_still_another_command(room: Room) -> None:
    bad = room.frame(Invite(("NOBODY",)))
    assert room.ask(bad).code == "unknown_agency"
    other = Submit(**{**_fields(bad), "body": encode_body(Invite(("SCAS",)))})
    assert room.ask(other).code == "id_reuse"


def test_the_memory_of_answers_has_a_bound(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("incident.kernel.ledger.ANSWERS_MAX", 3)
    ids = [room.frame(Invite(("NOBODY",))) for _ in range(5)]
    for submit in ids:
        assert isinstance(room.ask(submit), Refusal)
    assert [room.ledger.knows(submit.command_id) for submit in ids] == [False, False, True, True, True]


def test_the_same_command_twice_before_the_disk_waits_once(room: Room) -> None:
    write = room.frame(Write("fire"))
    assert isinstance(room.ask(write), Proposal)
    assert room.ask(write) == Waiting(write.command_id)


# -- the author's side ----------------------------------------------------------------------------------------


def acknowledged_and_cut(room: Room) -> tuple[Submit, Records]:
    """The author has the server's yes, and the line goes before the records come."""
    room.replica.online = True
    write = room.frame(Write("smoke drifts south"))
    room.replica.submit(write)
    assert room.replica.kept(write.command_id) == (Send(write),)
    assert isinstance(room.ask(write), Proposal)
    published = room.commit()
    done = Done(write.command_id, 2, 2)
    room.replica.accepted(Accepted(stream=INCIDENT_STREAM, done=[done]))
    room.replica.link_lost()
    return write, published


def test_what_was_acknowledged_and_lies_inside_a_snapshot_waits_no_longer() -> None:
    room = Room()
    opening = room.frame(Open("M4/M25 coach", "exercise", Location("M4 J4b")))
    assert isinstance(room.ask(opening), Proposal)
    room.replica.receive(room.commit())
    write, _lost = acknowledged_and_cut(room)
    head = room.ledger.durable
    effects: tuple[Any, ...] = ()
    for part in INCIDENT.snapshot(head.state):
        header = SnapshotPage(
            stream=INCIDENT_STREAM,
            seq=head.seq,
            hash=head.hash,
            slice=part.name,
            state_v=part.state_v,
            index=0,
            of=1,
        )
        effects = room.replica.receive_page(header, part.body)
    assert isinstance(effects[0], StoreSnapshot)
    assert Drop(write.command_id) in effects
    assert room.replica.pending == {}
    assert room.replica.projected == head.state
    assert not [effect for effect in room.replica.caught_up() if isinstance(effect, Send)]


def test_what_was_acknowledged_is_confirmed_until_its_records_come() -> None:
    """Cut off, seen from here, it may look like a claim that was never granted. It was."""
    room = Room()
    opening = room.frame(Open("M4/M25 coach", "exercise", Location("M4 J4b")))
    assert isinstance(room.ask(opening), Proposal)
    room.replica.receive(room.commit())
    write, published = acknowledged_and_cut(room)
    entry = room.replica.pending[write.command_id]
    entry.refusal = Refusal("changed", "as it looks from here", conflict=True)
    assert room.replica.word(write.command_id) is StateWord.CONFIRMED
    assert write.command_id not in room.replica.wanted()
    assert Drop(write.command_id) in room.replica.receive(published)
    assert room.replica.word(write.command_id) is None


def _fields(submit: Submit) -> dict[str, Any]:
    return {name: getattr(submit, name) for name in submit.__struct_fields__}
