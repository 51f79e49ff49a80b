"""A model puts slices together: commands in, events and states out, snapshots, upcasts, due things."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from incident.kernel.claims import ClaimTable
from incident.kernel.ledger import Ledger
from incident.kernel.model import SlicePart, UnknownType, subset
from incident.kernel.record import Record, encode_body
from incident.kernel.slice import Actor, Claim, Context, Offline, Refusal, type_name
from tests.kernel.toy import (
    ANN,
    BARE,
    BEN,
    EVE,
    OLDER,
    SHELF,
    T0,
    TOY,
    Jot,
    Place,
    PlaceAll,
    Placed,
    Rename,
    Return,
    Returned,
    Take,
    Taken,
    cid,
    commit,
)


@pytest.fixture
def ledger() -> Ledger:
    ledger = Ledger(TOY, SHELF, ClaimTable())
    commit(ledger, 1, Place("a", "Atlas"))
    commit(ledger, 2, Jot("hello"), BEN)
    commit(ledger, 3, Take("a"), BEN)
    return ledger


def ctx(actor: Actor = ANN, base: dict[str, str] | None = None) -> Context:
    return Context(actor, SHELF, cid(99), T0, T0, base or {})


# -- commands --


def test_names_on_the_wire_are_slice_and_words() -> None:
    assert type_name("shelf", PlaceAll) == "shelf.place_all"
    assert TOY.name_of(PlaceAll(())) == "shelf.place_all"
    assert TOY.describe(Placed("a", "b")) == ("shelf.placed", 2)
    assert TOY.spec_of("pad.wipe").offline is Offline.REFUSED


@pytest.mark.parametrize(
    ("type_", "v", "body", "code"),
    [
        ("shelf.burn", 1, b"{}", "unknown_command"),
        ("shelf.placed", 1, b"{}", "unknown_command"),  # an event is no command
        ("shelf.place", 2, b"{}", "unknown_version"),
        ("shelf.place", 1, b'{"key":"a"}', "bad_shape"),
        ("shelf.place", 1, b'{"key":"","title":"x"}', "bad_shape"),
        ("shelf.place", 1, b'{"key":"a","title":5}', "bad_shape"),
        ("shelf.place", 1, b"{", "bad_shape"),
        ("shelf.place", 1, b"\xff", "bad_shape"),
        ("shelf.place", 1, b"null", "bad_shape"),
        ("shelf.place", 1, b"[" * 100_000, "bad_shape"),
    ],
)
def test_what_is_no_command_is_refused_in_a_sentence(type_: str, v: int, body: bytes, code: str) -> None:
    refusal = TOY.read_command(type_, v, body)
    assert isinstance(refusal, Refusal)
    assert refusal.code == code
    assert refusal.sentence.endswith(".")
    assert not refusal.conflict


def test_a_refusal_of_a_bad_shape_is_short_and_harmless() -> None:
    for type_, body in (("x" * 80 + "\x1b[2J", b"{}"), ("pad.jot", b'{"text":"' + b"\\u001b" * 300 + b'"}')):
        refusal = TOY.read_command(type_, 1, body)
        assert isinstance(refusal, Refusal)
        assert refusal.sentence.isprintable()
        assert len(refusal.sentence) < 300


def test_a_field_left_blank_is_said_in_words() -> None:
    refusal = TOY.read_command("shelf.place", 1, b'{"key":"","title":"x"}')
    assert isinstance(refusal, Refusal)
    assert refusal.sentence == "The key must not be blank."


@pytest.mark.parametrize(
    ("type_", "v", "body"),
    [
        ("shelf.placed", 2, {"key": 5, "title": "x"}),
        ("shelf.placed", 2, {"key": "a"}),
        ("shelf.placed", 1, {"key": [], "name": "x"}),
    ],
)
def test_a_value_that_this_build_does_not_know_is_a_newer_kind_of_record(
    type_: str, v: int, body: dict[str, Any]
) -> None:
    with pytest.raises(UnknownType) as unknown:
        TOY.read_event(type_, v, encode_body(body))
    assert unknown.value.slice == "shelf"


def test_a_command_is_read_as_it_was_written() -> None:
    assert TOY.read_command("shelf.place", 1, encode_body(Place("a", "Atlas"))) == Place("a", "Atlas")


def test_permission_comes_before_the_thing_itself(ledger: Ledger) -> None:
    state = ledger.durable.state
    refused = TOY.decide(state, Take("a"), ctx(EVE))
    assert isinstance(refused, Refusal)
    assert refused.facts == {"grant": "shelf.take"}
    about = TOY.permit(state, Rename("a", "B"), ctx(BEN))
    assert about is not None
    assert "LAS" in about.sentence
    assert TOY.permit(state, Rename("a", "B"), ctx(ANN)) is None


def test_the_author_is_taken_to_have_seen_the_present_versions(ledger: Ledger) -> None:
    state = ledger.durable.state
    assert TOY.base_for(state, Rename("a", "B")) == {"a": cid(1)}
    assert TOY.base_for(state, Rename("nothing", "B")) == {}
    assert TOY.base_for(state, Jot("x")) == {}
    assert TOY.decide(state, Rename("a", "B"), ctx(base={"a": cid(1)})) != ()
    stale = TOY.decide(state, Rename("a", "B"), ctx(base={"a": cid(0)}))
    assert isinstance(stale, Refusal)
    assert stale.conflict
    assert ctx().stale("a", cid(1))
    assert not ctx().stale("a", "")


# -- events --


def stored(type_: str, v: int, body: Any) -> Record:
    return Record(
        seq=1,
        command_id=cid(1),
        type=type_,
        v=v,
        body=encode_body(body),
        actor="Ann",
        agency="LAS",
        role="clerk",
        written_at=T0,
        recorded_at=T0,
    )


def test_an_old_body_is_brought_up_to_todays_shape_and_stays_as_it_is() -> None:
    old = stored("shelf.placed", 1, {"key": "a", "name": "atlas of bones"})
    before = bytes(old.body)
    assert TOY.read_event(old.type, old.v, old.body) == Placed("a", "Atlas Of Bones")
    state = TOY.apply(TOY.initial(), old)
    assert state.shelf.books["a"].title == "Atlas Of Bones"
    assert bytes(old.body) == before
    new = stored("shelf.placed", 2, Placed("a", "Atlas Of Bones"))
    assert TOY.digest(TOY.apply(TOY.initial(), new)) == TOY.digest(state)


def test_an_old_record_and_its_rewriting_give_one_sentence() -> None:
    old = stored("shelf.placed", 1, {"key": "a", "name": "atlas"})
    state = TOY.apply(TOY.initial(), old)
    assert TOY.sentence(old, TOY.names(state)).text == "placed Atlas"


def test_what_a_newer_build_wrote_is_unknown_and_says_so() -> None:
    for record in (stored("shelf.burnt", 1, {}), stored("shelf.placed", 3, {}), stored("film.shown", 1, {})):
        with pytest.raises(UnknownType) as caught:
            TOY.apply(TOY.initial(), record)
        assert caught.value.slice == record.type.partition(".")[0]
        line = TOY.sentence(record, TOY.names(TOY.initial()))
        assert "update" in line.text
    with pytest.raises(UnknownType):
        OLDER.apply(OLDER.initial(), stored("shelf.placed", 2, Placed("a", "b")))


def test_an_event_touches_its_own_slice_and_no_other(ledger: Ledger) -> None:
    before = ledger.durable.state
    after = TOY.evolve(before, Returned("a"), stored("shelf.returned", 1, {}))
    assert after.pad is before.pad
    assert after.shelf is not before.shelf
    assert before.shelf.books["a"].holder == "SCAS"


def test_claims_and_releases_of_an_event() -> None:
    assert TOY.claims(Taken("a")) == ((Claim("book/a", "desk", "a"),), ())
    assert TOY.claims(Returned("a")) == ((), ("book/a",))
    assert TOY.claims(Placed("a", "b")) == ((), ())


# -- whole states --


def test_a_fold_goes_on_from_any_state(ledger: Ledger) -> None:
    records = records_of(ledger)
    whole = TOY.fold(records)
    assert TOY.digest(TOY.fold(records[2:], TOY.fold(records[:2]))) == TOY.digest(whole)
    assert TOY.digest(whole) == TOY.digest(ledger.durable.state)


def records_of(_: Ledger) -> tuple[Record, ...]:
    """The same history as the fixture's, as records."""
    ledger = Ledger(TOY, SHELF, ClaimTable())
    return (
        *commit(ledger, 1, Place("a", "Atlas")).records,
        *commit(ledger, 2, Jot("hello"), BEN).records,
        *commit(ledger, 3, Take("a"), BEN).records,
    )


def test_a_snapshot_is_the_whole_state(ledger: Ledger) -> None:
    parts = TOY.snapshot(ledger.durable.state)
    assert [part.name for part in parts] == ["shelf", "pad"]
    again = TOY.restore(parts)
    assert again == ledger.durable.state
    assert TOY.digest(again) == TOY.digest(ledger.durable.state)


def test_a_snapshot_of_another_shape_is_not_taken(ledger: Ledger) -> None:
    shelf, pad = TOY.snapshot(ledger.durable.state)
    newer = msgspec.structs.replace(shelf, state_v=2)
    assert TOY.restore((newer, pad)) is None
    assert TOY.restore((shelf,)) is None
    assert TOY.restore((shelf, pad, SlicePart("film", 1, b"{}"))) is None
    for damaged in (b"{", b'{"lines":[3]}', b'{"lines":["\xff"]}', b"[" * 100_000):
        assert TOY.restore((shelf, SlicePart("pad", 1, damaged))) is None
    assert TOY.state_versions() == {"shelf": 1, "pad": 1}
    assert BARE.restore((pad,)) is not None


def test_the_digest_follows_meaning_and_not_order(ledger: Ledger) -> None:
    state = ledger.durable.state
    twice = TOY.evolve(state, Placed("b", "Book"), stored("shelf.placed", 2, {}))
    books = dict(reversed(list(twice.shelf.books.items())))
    turned = msgspec.structs.replace(twice, shelf=type(twice.shelf)(books))
    assert TOY.digest(turned) == TOY.digest(twice) != TOY.digest(state)


def test_what_time_brings_what_is_addressed_and_what_must_not_be(ledger: Ledger) -> None:
    commit(ledger, 4, Place("b", "B"))
    commit(ledger, 5, Take("b"))
    state = ledger.durable.state
    dues = TOY.due(state, T0)
    assert [due.key for due in dues] == ["return/b", "return/a"], "earliest first"
    assert dues[0].command == Return("b")
    assert TOY.addressed(state, "SCAS") == ("shelf/a", "shelf/b")
    assert TOY.addressed(state, "LAS") == ()
    assert TOY.invariants(state) == ()
    commit(ledger, 6, Place("c", ""))
    assert TOY.invariants(ledger.durable.state) == ("c has no title",)
    assert TOY.agencies(state) == {"LAS", "SCAS"}


def test_words_for_keys_and_for_unknown_ones(ledger: Ledger) -> None:
    names = TOY.names(ledger.durable.state)
    assert names("shelf", "a") == "Atlas"
    assert names("shelf", "zz") == "zz"
    assert names("films", "zz") == "zz"


def test_a_subset_keeps_the_order_named() -> None:
    assert list(subset({"a": 1, "b": 2, "c": 3}, ("c", "x", "a"))) == ["c", "a"]


def test_automation_has_a_name() -> None:
    assert [Actor(name, "LAS", "x").automatic for name in ("system", "excon", "virtual/SCAS", "Sam")] == [
        True,
        True,
        True,
        False,
    ]
