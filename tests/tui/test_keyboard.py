"""Esc and the key after it are two keys, however fast they come; a paste is text; other keys are what they were."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.drivers import linux_driver
from textual.events import Key, MouseDown, Paste
from textual.message import Message

from incident_tui.widgets.keyboard import Keyboard, use_keyboard


def read(*packets: str) -> list[Message]:
    """What is made of these packets, after the last of which nothing comes any more."""
    keyboard = Keyboard()
    return [message for packet in (*packets, "") for message in keyboard.feed(packet)]


def keys(*packets: str) -> list[str]:
    return [message.key for message in read(*packets) if isinstance(message, Key)]


@pytest.mark.parametrize(
    ("typed", "wanted"),
    [
        ("5", ["5"]), ("0", ["0"]), ("a", ["a"]), ("b", ["b"]), ("f", ["f"]), ("G", ["G"]), (":", ["colon"]),
        ("-", ["minus"]), ("\r", ["enter"]), ("jj", ["j", "j"]), ("é", ["é"]), (" ", ["space"]),
        ("O", ["O"]), ("[", ["left_square_bracket"]), ("P", ["P"]), ("]", ["right_square_bracket"]),
    ],
)  # fmt: skip
def test_escape_and_a_key_are_two_keys(typed: str, wanted: list[str]) -> None:
    assert keys("\x1b" + typed) == ["escape", *wanted]
    assert keys("\x1b", typed) == ["escape", *wanted]


def test_escape_alone_is_escape() -> None:
    assert keys("\x1b") == ["escape"]
    assert keys("\x1b\x1b") == ["escape", "escape"]


def test_what_is_typed_after_escape_does_not_wait_for_a_longer_key() -> None:
    assert [message.key for message in Keyboard().feed("\x1b5") if isinstance(message, Key)] == [
        "escape",
        "5",
    ]


@pytest.mark.parametrize(
    ("sent", "key"),
    [
        ("\x1b[A", "up"), ("\x1bOA", "up"), ("\x1b[Z", "shift+tab"), ("\x1b\t", "shift+tab"), ("\x1bOP", "f1"),
        ("\x1b[20~", "f9"), ("\x1b[21~", "f10"), ("\x1b[5~", "pageup"), ("\x1b[1;5C", "ctrl+right"),
        ("\x1b\x7f", "ctrl+w"), ("\x1b[27u", "escape"), ("\x1b[53;3u", "alt+5"), ("\x12", "ctrl+r"), ("5", "5"),
    ],
)  # fmt: skip
def test_other_keys_stay_what_they_were(sent: str, key: str) -> None:
    assert keys(sent) == [key]
    assert keys(*sent) == [key]
    assert keys("\x1b" + sent) == ["escape", key]


def test_the_mouse_is_no_key() -> None:
    assert any(isinstance(message, MouseDown) for message in read("\x1b[<0;3;4M"))


@given(
    st.lists(
        st.sampled_from(["\x1b", "\x1b[", "\x1b[20", "\x1b[200~", "d", "y", "5 é\n", "a" * 40]), max_size=8
    ),
    st.lists(st.integers(0, 60), max_size=5),
)
def test_a_paste_is_one_text_and_no_key_whatever_is_in_it_and_however_it_comes(
    parts: list[str], cuts: list[int]
) -> None:
    pasted = "".join(parts)
    sent = f"j\x1b[200~{pasted}\x1b[201~k"
    found = read(*(sent[a:b] for a, b in pairwise([0, *sorted(cuts), len(sent)]) if a < b and sent[a:b]))
    assert [message.key for message in found if isinstance(message, Key)] == ["j", "k"]
    text = "".join(message.text for message in found if isinstance(message, Paste))
    assert text == pasted.replace("\x1b", "")


def test_the_driver_reads_with_it() -> None:
    before = linux_driver.XTermParser
    try:
        use_keyboard()
        assert linux_driver.XTermParser is Keyboard
    finally:
        linux_driver.XTermParser = before  # type: ignore[misc]
