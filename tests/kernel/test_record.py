"""The chain: it holds from the first record on, shows any change, and survives a lawful redaction."""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec
import pytest

from incident.kernel.claims import ClaimTable
from incident.kernel.ledger import Ledger
from incident.kernel.record import (
    AGE_MS_MAX,
    Record,
    base_of,
    chained,
    command_digest,
    encode_body,
    first_break,
    genesis,
    header_bytes,
    thing_id,
)
from tests.kernel.toy import BEN, SALT, SHELF, T0, TOY, Jot, Place, PlaceAll, cid, commit


@pytest.fixture
def records() -> tuple[Record, ...]:
    ledger = Ledger(TOY, SHELF, ClaimTable())
    return (
        *commit(ledger, 1, Place("a", "Atlas")).records,
        *commit(ledger, 2, PlaceAll(("b", "c")), BEN).records,
        *commit(ledger, 3, Jot("näive ☃"), happened_at=T0 - 5, on_behalf_of="Kim", clock_offset=-3).records,
    )


def test_a_chain_holds_from_the_first_record_on(records: tuple[Record, ...]) -> None:
    assert [record.seq for record in records] == [1, 2, 3, 4]
    assert first_break(genesis(SHELF), SHELF, records) is None
    assert first_break(records[1].hash, SHELF, records[2:]) is None
    assert first_break(genesis(SHELF), SHELF, ()) is None


CHANGES: list[dict[str, Any]] = [
    {"command_id": cid(9)},
    {"part": 1},
    {"type": "pad.jotted2"},
    {"v": 2},
    {"body": msgspec.Raw(b'{"text":"naive"}')},
    {"body": msgspec.Raw(b'{ "text":"n\\u00e4ive \\u2603"}')},  # the same meaning in other bytes
    {"actor": "Eve"},
    {"agency": "SCAS"},
    {"role": "chief"},
    {"on_behalf_of": ""},
    {"happened_at": None},
    {"happened_at": T0},
    {"written_at": T0},
    {"recorded_at": T0},
    {"clock_offset": 0},
    {"base": {"a": cid(1)}},
    {"salt": "00" * 16},
    {"hash": "00" * 32},
    {"seq": 5},
]


@pytest.mark.parametrize("change", CHANGES, ids=[next(iter(change)) for change in CHANGES])
def test_any_change_to_a_record_is_found(records: tuple[Record, ...], change: dict[str, Any]) -> None:
    last = msgspec.structs.replace(records[-1], **change)
    assert last != records[-1]
    assert first_break(genesis(SHELF), SHELF, (*records[:-1], last)) == last.seq


def test_every_field_of_a_record_was_changed_above() -> None:
    assert {name for change in CHANGES for name in change} == {f.name for f in msgspec.structs.fields(Record)}


def test_a_change_in_the_middle_a_swap_a_gap_and_another_stream_are_found(
    records: tuple[Record, ...],
) -> None:
    one, two, three, four = records
    forged = msgspec.structs.replace(two, actor="Eve")
    forged = msgspec.structs.replace(forged, hash=chained(one.hash, SHELF, forged))
    assert first_break(genesis(SHELF), SHELF, (one, forged, three, four)) == 3, (
        "rehashed alone, the next one tells"
    )
    assert first_break(genesis(SHELF), SHELF, (two, one)) == 2
    assert first_break(genesis(SHELF), SHELF, (one, two, four)) == 4
    assert first_break(genesis("shelf/two"), "shelf/two", records) == 1
    assert genesis(SHELF) != genesis("shelf/two")


def test_a_redacted_record_leaves_a_chain_that_still_verifies(records: tuple[Record, ...]) -> None:
    """Body and salt are gone for ever; their digest stands in, and every hash follows as before."""
    prev = genesis(SHELF)
    for record in records:
        kept = hashlib.sha256(bytes.fromhex(record.salt) + bytes(record.body)).digest()
        header = hashlib.sha256(header_bytes(SHELF, record)).digest()
        prev = hashlib.sha256(bytes.fromhex(prev) + header + kept).hexdigest()
        assert prev == record.hash


def test_without_its_salt_a_redacted_body_cannot_be_guessed(records: tuple[Record, ...]) -> None:
    record = records[-1]
    kept = hashlib.sha256(bytes.fromhex(record.salt) + bytes(record.body)).digest()
    assert hashlib.sha256(bytes(record.body)).digest() != kept
    other = msgspec.structs.replace(record, salt="11" * 16)
    assert chained(records[-2].hash, SHELF, other) != record.hash


def test_what_the_author_had_seen_is_hashed_in_one_order(records: tuple[Record, ...]) -> None:
    one = msgspec.structs.replace(records[0], base={"a": "1", "b": "2"})
    two = msgspec.structs.replace(records[0], base={"b": "2", "a": "1"})
    assert header_bytes(SHELF, one) == header_bytes(SHELF, two)
    seen = {"a": "1"}
    copy = base_of(seen)
    seen["a"] = "2"
    assert copy == {"a": "1"}


def test_a_record_survives_the_disk_to_the_last_byte(records: tuple[Record, ...]) -> None:
    again = tuple(msgspec.json.decode(msgspec.json.encode(record), type=Record) for record in records)
    assert [bytes(record.body) for record in again] == [bytes(record.body) for record in records]
    assert first_break(genesis(SHELF), SHELF, again) is None


def test_a_command_is_the_same_by_type_version_agency_and_exact_bytes() -> None:
    first = command_digest("pad.jot", 1, "LAS", b'{"text":"a"}')
    assert command_digest("pad.jot", 1, "LAS", b'{"text":"a"}') == first
    others = [
        command_digest("pad.jog", 1, "LAS", b'{"text":"a"}'),
        command_digest("pad.jot", 2, "LAS", b'{"text":"a"}'),
        command_digest("pad.jot", 1, "SCAS", b'{"text":"a"}'),
        command_digest("pad.jot", 1, "LAS", b'{"text": "a"}'),
        command_digest("pad.jot", 1, "LAS", b'{"text":"b"}'),
    ]
    assert len({first, *others}) == 6


def record(**fields: Any) -> Record:
    plain: dict[str, Any] = {
        "seq": 1,
        "command_id": cid(1),
        "type": "pad.jotted",
        "v": 1,
        "body": encode_body({}),
        "actor": "Ann",
        "agency": "LAS",
        "role": "clerk",
        "written_at": T0,
        "recorded_at": T0,
        "salt": SALT,
    }
    return Record(**{**plain, **fields})


def test_when_it_happened_is_claimed_else_the_authors_clock_corrected_and_never_after_the_record() -> None:
    assert record(happened_at=T0 - 60_000).at == T0 - 60_000
    assert record(written_at=T0 - 5_000, clock_offset=2_000).at == T0 - 3_000
    assert record(written_at=T0 + 3_600_000).at == T0, (
        "a clock that is an hour fast does not write the future"
    )


@pytest.mark.parametrize(
    "said",
    [
        {"happened_at": 2**53 - 1},
        {"happened_at": T0 + 1},
        {"clock_offset": 2**53 - 1},
    ],
)
def test_nothing_happens_after_it_was_recorded_whatever_is_said(said: dict[str, Any]) -> None:
    assert record(**said).at == T0
    assert record(**said).written <= T0


@pytest.mark.parametrize("said", [{"happened_at": 0}, {"clock_offset": 1 - 2**53}, {"written_at": 0}])
def test_nothing_happens_more_than_a_year_before_it_was_recorded(said: dict[str, Any]) -> None:
    assert record(**said).at == T0 - AGE_MS_MAX


def test_when_it_was_written_is_the_authors_clock_corrected() -> None:
    assert record(written_at=T0 - 5_000, clock_offset=2_000, happened_at=T0 - 9_000).written == T0 - 3_000


def test_the_things_one_command_brings_have_different_ids() -> None:
    assert thing_id(record()) == cid(1)
    assert thing_id(record(part=2)) == f"{cid(1)}/2"
