"""The authority: once per id, two winners never, tentative is not durable, and nothing rests on a no."""

from __future__ import annotations

import itertools
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from incident.kernel import ledger as ledger_module
from incident.kernel.claims import ClaimTable, Holding
from incident.kernel.ledger import REUSED, Ledger, Lookup, Proposal, Waiting
from incident.kernel.protocol import Done
from incident.kernel.record import Record, encode_body, first_break, genesis
from incident.kernel.slice import Actor, Refusal
from tests.kernel.toy import (
    ANN,
    BEN,
    EVE,
    OTHER,
    SALT,
    SHELF,
    T0,
    TOY,
    Jot,
    Place,
    PlaceAll,
    Rename,
    Return,
    Take,
    cid,
    commit,
    submit,
)


@pytest.fixture
def ledger() -> Ledger:
    return Ledger(TOY, SHELF, ClaimTable())


def propose(ledger: Ledger, n: int, command: Any, actor: Actor = ANN, **more: Any) -> Any:
    frame = submit(n, command, view=ledger.tentative.state, stream=ledger.stream, **more)
    return ledger.propose(actor, frame, T0 + 10 * n, SALT)


def refused(answer: Any, code: str, *, conflict: bool = False) -> Refusal:
    assert isinstance(answer, Refusal), answer
    assert (answer.code, answer.conflict) == (code, conflict), answer
    return answer


# -- one command --


def test_a_proposal_holds_everything_the_disk_needs(ledger: Ledger) -> None:
    frame = submit(1, PlaceAll(("a", "b")), on_behalf_of="Kim", happened_at=T0 - 9, clock_offset=7)
    proposal = ledger.propose(BEN, frame, T0 + 5, SALT)
    assert isinstance(proposal, Proposal)
    assert (proposal.stream, proposal.expected_seq, proposal.prev) == (SHELF, 0, genesis(SHELF))
    assert proposal.body == bytes(frame.body)
    assert proposal.done == Done(cid(1), 1, 2)
    assert [(record.seq, record.part, record.type) for record in proposal.records] == [
        (1, 0, "shelf.placed"),
        (2, 1, "shelf.placed"),
    ]
    record = proposal.records[1]
    assert (record.actor, record.agency, record.role, record.on_behalf_of) == ("Ben", "SCAS", "clerk", "Kim")
    assert (record.happened_at, record.written_at, record.recorded_at) == (T0 - 9, T0 + 1, T0 + 5)
    assert (record.clock_offset, record.salt, record.v) == (7, SALT, 2)
    assert first_break(genesis(SHELF), SHELF, proposal.records) is None
    assert proposal.after.hash == record.hash


def test_what_changes_nothing_is_done_and_writes_nothing(ledger: Ledger) -> None:
    commit(ledger, 1, Place("a", "Atlas"))
    assert propose(ledger, 2, Place("a", "Atlas")) == Done(cid(2), 0, 0)
    assert ledger.tentative.seq == 1


def test_a_refusal_leaves_no_trace(ledger: Ledger) -> None:
    commit(ledger, 1, Place("a", "Atlas"))
    before = ledger.tentative
    refused(propose(ledger, 2, Take("zz")), "no_book")
    refused(propose(ledger, 3, Take("a"), EVE), "no_grant")
    refused(propose(ledger, 4, Jot("bell \x07")), "bad_text")
    refused(propose(ledger, 5, Jot("hello"), on_behalf_of="Kim\x1b[2J"), "bad_text")
    bad = msgspec.structs.replace(submit(6, Jot("x")), body=msgspec.Raw(b'{"text":7}'))
    refused(ledger.propose(ANN, bad, T0, SALT), "bad_shape")
    assert ledger.tentative is before
    assert propose(ledger, 7, Jot("fine")).expected_seq == 1


def test_the_future_is_refused_and_the_past_never(ledger: Ledger) -> None:
    now = T0 + 10
    refused(propose(ledger, 1, Jot("x"), happened_at=now + 120_001), "in_the_future")
    refused(propose(ledger, 2, Jot("x"), happened_at=2**53 - 1), "in_the_future")
    assert isinstance(propose(ledger, 3, Jot("x"), happened_at=now + 120_000), Proposal), "clocks differ"
    assert isinstance(propose(ledger, 4, Jot("x"), happened_at=0), Proposal)


@pytest.mark.parametrize("base", [{"a\x1b[2J": cid(1)}, {"a": "\u202e"}])
def test_what_was_seen_is_text_like_any_other(ledger: Ledger, base: dict[str, str]) -> None:
    frame = msgspec.structs.replace(submit(1, Jot("x")), base=base)
    refused(ledger.propose(ANN, frame, T0, SALT), "bad_text")
    full = {f"{n:080}": "v" * 80 for n in range(64)}
    frame = msgspec.structs.replace(submit(2, Jot("x")), base=full)
    assert isinstance(ledger.propose(ANN, frame, T0, SALT), Proposal), "as much as the wire lets through"


# -- once per id --


def test_a_command_sent_twice_is_written_once(ledger: Ledger) -> None:
    first = commit(ledger, 1, Jot("hello"))
    assert propose(ledger, 1, Jot("hello")) == first.done
    assert ledger.tentative.seq == 1


def test_a_copy_that_comes_while_the_first_waits_for_the_disk_waits_with_it(ledger: Ledger) -> None:
    proposal = propose(ledger, 1, Jot("hello"))
    assert propose(ledger, 1, Jot("hello")) == Waiting(cid(1))
    ledger.commit((proposal,))
    assert propose(ledger, 1, Jot("hello")) == proposal.done


def test_times_and_seen_versions_do_not_make_another_command(ledger: Ledger) -> None:
    first = commit(ledger, 1, Jot("hello"))
    assert propose(ledger, 1, Jot("hello"), written_at=T0 + 999, on_behalf_of="Kim") == first.done


@pytest.mark.parametrize("when", ["waiting", "durable"])
def test_an_id_used_again_for_something_else_is_refused(ledger: Ledger, when: str) -> None:
    proposal = propose(ledger, 1, Jot("hello"))
    if when == "durable":
        ledger.commit((proposal,))
    assert propose(ledger, 1, Jot("goodbye")) == REUSED
    assert propose(ledger, 1, Jot("hello"), BEN) == REUSED, (
        "another agency cannot answer for it, nor learn of it"
    )
    assert ledger.tentative.seq == 1


def test_a_no_stays_a_no_for_a_late_copy(ledger: Ledger) -> None:
    commit(ledger, 1, Place("a", "Atlas"))
    commit(ledger, 2, Take("a"), BEN)
    no = refused(propose(ledger, 3, Take("a")), "taken", conflict=True)
    commit(ledger, 4, Return("a"), BEN)
    assert propose(ledger, 3, Take("a")) == no, (
        "its author was told no; it must not be taken behind their back"
    )
    assert isinstance(propose(ledger, 5, Take("a")), Proposal)


def test_after_a_restart_an_old_id_is_looked_up_in_the_store(ledger: Ledger) -> None:
    proposals = [commit(ledger, 1, Jot("hello")), commit(ledger, 2, Place("a", "Atlas"))]
    again = Ledger(TOY, SHELF, ClaimTable())
    again.load(itertools.chain.from_iterable(proposal.records for proposal in proposals))
    assert (again.durable.seq, again.durable.hash) == (2, ledger.durable.hash)
    assert TOY.digest(again.durable.state) == TOY.digest(ledger.durable.state)
    lookup = propose(again, 1, Jot("hello"))
    assert lookup == Lookup(cid(1), proposals[0].digest)
    assert again.known(lookup, proposals[0].digest, proposals[0].done) == proposals[0].done
    other = propose(again, 1, Jot("other"))
    assert isinstance(other, Lookup)
    assert again.known(other, proposals[0].digest, proposals[0].done) == REUSED


def test_an_id_that_only_seemed_known_is_new_after_all(ledger: Ledger) -> None:
    proposal = commit(ledger, 1, Jot("hello"))
    again = Ledger(TOY, SHELF, ClaimTable())
    again.load(proposal.records)
    lookup = propose(again, 1, Jot("hello"))
    assert isinstance(lookup, Lookup)
    assert again.known(lookup, None, None) is None
    assert isinstance(propose(again, 1, Jot("hello")), Proposal)


def test_memory_for_ids_is_bounded_and_older_ones_are_looked_up(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger_module, "RECENT_COMMANDS_MAX", 3)
    for n in range(1, 6):
        commit(ledger, n, Jot(str(n)))
    assert isinstance(propose(ledger, 1, Jot("1")), Lookup)
    assert isinstance(propose(ledger, 5, Jot("5")), Done)


# -- tentative and durable --


def test_what_waits_for_the_disk_counts_for_the_next_decision_and_for_nobody_else(ledger: Ledger) -> None:
    commit(ledger, 1, Place("a", "Atlas"))
    first = propose(ledger, 2, Take("a"))
    refused(propose(ledger, 3, Take("a"), BEN), "taken", conflict=True)
    assert ledger.tentative.state.shelf.books["a"].holder == "LAS"
    assert ledger.durable.state.shelf.books["a"].holder == ""
    assert (ledger.durable.seq, ledger.tentative.seq) == (1, 2)
    ledger.commit((first,))
    assert ledger.durable is first.after


def test_a_group_is_committed_in_the_order_of_its_proposals(ledger: Ledger) -> None:
    group = [propose(ledger, n, Jot(str(n))) for n in (1, 2, 3)]
    with pytest.raises(RuntimeError, match="order"):
        ledger.commit(group[1:])
    ledger.commit(group)
    assert ledger.durable.state.pad.lines == ("1", "2", "3")


# -- claims across streams --


def test_two_streams_never_hold_one_thing() -> None:
    table = ClaimTable()
    one, two = Ledger(TOY, SHELF, table), Ledger(TOY, OTHER, table)
    for ledger in (one, two):
        commit(ledger, 1, Place("a", "Atlas"))
    won = propose(one, 2, Take("a"))
    assert won.tell == ("desk",)
    assert [holding.key for holding in won.claims] == ["book/a"]
    before = two.tentative
    lost = refused(propose(two, 3, Take("a"), BEN), "claim_held", conflict=True)
    assert lost.facts["held_by"] == SHELF
    assert two.tentative is before, (
        "reserved at the proposal, not first at the commit; the loser left no trace"
    )
    one.commit((won,))
    freed = propose(one, 4, Return("a"))
    assert (freed.releases, freed.tell) == (("book/a",), ("desk",))
    assert isinstance(propose(two, 5, Take("a"), BEN), Proposal)


def test_what_must_not_be_held_elsewhere_is_asked_of_the_same_table() -> None:
    table = ClaimTable()
    one, two = Ledger(TOY, SHELF, table), Ledger(TOY, OTHER, table)
    for ledger in (one, two):
        commit(ledger, 1, Place("a", "Atlas"))
    commit(one, 2, Take("a"))
    refused(propose(two, 3, Rename("a", "Other")), "claim_held", conflict=True)
    assert isinstance(propose(one, 4, Rename("a", "Other")), Proposal), "the holder itself may"


def holding(key: str, stream: str = SHELF, tell: str = "desk") -> Holding:
    return Holding(key, stream, 1, T0, tell, key)


def test_only_the_stream_that_holds_a_key_frees_it() -> None:
    table = ClaimTable((holding("k"),))
    assert table.take((), ("k", "unknown"), OTHER) == set()
    assert table.holder("k") == holding("k")
    assert table.take((), ("k",), SHELF) == {"desk"}
    assert table.holder("k") is None


def test_a_key_claimed_twice_in_one_command_is_refused_and_one_freed_in_it_is_not() -> None:
    table = ClaimTable((holding("k"),))
    twice = table.blocked((holding("x"), holding("x")), (), SHELF)
    assert twice is not None
    assert twice.conflict
    assert table.blocked((holding("k"),), ("k",), SHELF) is None
    assert table.blocked((holding("k", OTHER),), ("k",), OTHER) is not None, (
        "another's cannot be freed in passing"
    )


def test_watchers_are_told_of_their_own() -> None:
    table = ClaimTable((holding("a"), holding("b", tell="back")))
    assert [h.key for h in table.told_to("desk")] == ["a"]


# -- commands that build on others --


def test_what_builds_on_a_refused_command_is_refused_too(ledger: Ledger) -> None:
    refused(propose(ledger, 1, Take("zz")), "no_book")
    refused(propose(ledger, 2, Jot("took zz"), depends_on=[cid(1)]), "depends_on_refused", conflict=True)
    refused(propose(ledger, 3, Jot("took it"), depends_on=[cid(2)]), "depends_on_refused", conflict=True)


def test_what_builds_on_something_written_waiting_or_so_already_is_taken(ledger: Ledger) -> None:
    commit(ledger, 1, Place("a", "Atlas"))
    waiting = propose(ledger, 2, Jot("waits"))
    assert propose(ledger, 3, Place("a", "Atlas")) == Done(cid(3), 0, 0)
    for n in (1, 2, 3):
        assert isinstance(propose(ledger, 10 + n, Jot("on top"), depends_on=[cid(n)]), Proposal)
    assert waiting.expected_seq == 1


def test_what_builds_on_the_unknown_is_refused(ledger: Ledger) -> None:
    refused(propose(ledger, 1, Jot("x"), depends_on=[cid(77)]), "depends_on_refused", conflict=True)


# -- the whole --

ACTS = st.one_of(
    st.builds(Place, st.sampled_from("abc"), st.sampled_from(["Atlas", "Bible"])),
    st.builds(Take, st.sampled_from("abc")),
    st.builds(Return, st.sampled_from("abc")),
    st.builds(Rename, st.sampled_from("abc"), st.sampled_from(["Atlas", "Cooking"])),
    st.builds(Jot, st.text("xy", max_size=3)),
)


@given(
    st.lists(
        st.tuples(ACTS, st.sampled_from([ANN, BEN, EVE]), st.sampled_from([0, 1]), st.booleans()), max_size=30
    )
)
def test_whatever_happens_the_log_alone_gives_the_state_and_no_book_has_two_holders(
    acts: list[tuple[Any, Actor, int, bool]],
) -> None:
    table = ClaimTable()
    ledgers = [Ledger(TOY, SHELF, table), Ledger(TOY, OTHER, table)]
    waiting: list[list[Proposal]] = [[], []]
    logs: list[list[Record]] = [[], []]
    for n, (command, actor, which, flush) in enumerate(acts, 1):
        answer = propose(ledgers[which], n, command, actor)
        if isinstance(answer, Proposal):
            waiting[which].append(answer)
        if flush:
            ledgers[which].commit(waiting[which])
            logs[which] += [record for proposal in waiting[which] for record in proposal.records]
            waiting[which].clear()
        holders = [
            key
            for ledger in ledgers
            for key, book in ledger.tentative.state.shelf.books.items()
            if book.holder
        ]
        assert len(set(holders)) == len(holders)
    for ledger, log in zip(ledgers, logs, strict=True):
        assert TOY.digest(TOY.fold(log)) == TOY.digest(ledger.durable.state)
        assert first_break(genesis(ledger.stream), ledger.stream, log) is None


def test_a_body_is_stored_as_the_very_bytes_that_came(ledger: Ledger) -> None:
    spaced = msgspec.Raw(b'{ "text" : "hello" }')
    frame = msgspec.structs.replace(submit(1, Jot("hello")), body=spaced)
    proposal = ledger.propose(ANN, frame, T0, SALT)
    assert isinstance(proposal, Proposal)
    assert proposal.body == bytes(spaced), "the command, exactly; the event is written in our own hand"
    assert bytes(proposal.records[0].body) == bytes(encode_body({"text": "hello"}))
