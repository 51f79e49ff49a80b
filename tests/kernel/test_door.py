"""The code that is read out over the telephone, the proofs it makes, and which passwords are taken."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from incident.kernel import door
from incident.kernel.door import (
    Code,
    Denied,
    SignIn,
    Transcript,
    code_from,
    code_key,
    password_flaw,
    read_code,
)
from incident.kernel.protocol import ProtocolError

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
CODES = st.binary(min_size=9, max_size=16).map(code_from)
SEEN = Transcript(b"\x01" * 32, "7K3", "aa", "bb", "desk's key", "the authority")


@given(CODES)
def test_a_code_reads_back_however_it_is_typed(code: Code) -> None:
    written = code.written()
    assert [len(group) for group in written.split("-")] == [4, 4, 4, 4]
    misread = written.replace("0", "o").replace("1", "l")
    for typed in (
        written,
        written.lower(),
        written.replace("-", " "),
        f" {written.replace('-', '')} ",
        misread,
    ):
        assert read_code(typed) == code


@given(CODES, st.data())
def test_one_sign_misheard_or_two_that_changed_places_are_noticed(code: Code, data: st.DataObject) -> None:
    signs = code.written().replace("-", "")
    at = data.draw(st.integers(0, len(signs) - 1))
    other = data.draw(st.sampled_from([sign for sign in ALPHABET if sign != signs[at]]))
    with pytest.raises(ValueError, match="One sign of this code is wrong"):
        read_code(signs[:at] + other + signs[at + 1 :])
    second = data.draw(st.integers(0, len(signs) - 2))
    swapped = signs[:second] + signs[second + 1] + signs[second] + signs[second + 2 :]
    if swapped != signs:
        with pytest.raises(ValueError, match="One sign of this code is wrong"):
            read_code(swapped)


@pytest.mark.parametrize(
    "typed", ["", "7K3M", "7K3M-Q9XT-ABCD-EFGH-1", "7K3M Q9XT ABCD EFGU", "7K3M/Q9XT", "７K3M"]
)
def test_what_is_no_code_is_told_why(typed: str) -> None:
    with pytest.raises(ValueError, match="A code has") as told:
        read_code(typed)
    assert str(told.value).endswith(".")


def test_the_secret_needs_all_of_the_chance_that_it_is_given() -> None:
    assert len({code_from(bytes([*[0] * n, 1, *[0] * (8 - n)])) for n in range(9)}) == 9


def test_only_who_knows_the_code_makes_a_proof_and_every_sign_seen_counts() -> None:
    key, other = code_key(Code("7K3", "A" * 11)), code_key(Code("7K4", "A" * 11))
    proof = SEEN.proof(key, "server")
    assert SEEN.holds(key, "server", proof)
    assert not SEEN.holds(other, "server", proof)
    assert not SEEN.holds(key, "desk", proof)
    assert not SEEN.holds(key, "server", "é" * 64)
    changed = [
        Transcript(**{**{n: getattr(SEEN, n) for n in SEEN.__slots__}, name: value})
        for name, value in (
            ("bound", b"\x02" * 32),
            ("lookup", "7K4"),
            ("desk_nonce", "ab"),
            ("server_nonce", "aa"),
            ("device", "another key"),
            ("authority", "another authority"),
        )
    ]
    assert not any(seen.holds(key, "server", proof) for seen in changed)


@pytest.mark.parametrize(
    ("password", "good"),
    [
        ("kettle otter lamp", True),
        ("Kettle-Otter-9", True),
        ("zwölf grüne Eimer", True),
        ("short", False),
        ("x" * 201, False),
        ("aaaaaaaaaaaaaaaa", False),
        ("abababababababab", False),
        ("password password 1", False),
        ("eoc desk 3 scas", False),
        ("kettle\notter lamp", False),
    ],
)
def test_which_passwords_are_taken(password: str, good: bool) -> None:
    flaw = password_flaw(password, "EOC desk 3", "SCAS")
    assert (flaw is None) is good
    assert flaw is None or (flaw.endswith(".") and password not in flaw)


def test_frames_go_round_and_a_bad_one_repeats_nothing_of_itself() -> None:
    asked = SignIn(password="kettle otter lamp")
    assert door.read_ask(msgspec.json.encode(asked)) == asked
    answer = Denied(code="wait", sentence="Try again later.", wait_ms=5_000)
    assert door.read_answer(msgspec.json.encode(answer)) == answer
    for data in (
        b'{"frame":"sign_in","password":["kettle"]}',
        b"kettle",
        b"\xff",
        b"[" * 5_000,
        b'{"frame":"enrolled"}',
    ):
        with pytest.raises(ProtocolError) as told:
            door.read_ask(data)
        assert "kettle" not in str(told.value)
