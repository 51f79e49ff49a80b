"""The page of keys is what the table says, and every verb can be reached three ways."""

from __future__ import annotations

import pytest

from incident_tui import keymaps
from incident_tui.actions import Actions
from tests.tui.make_keys import PAGE, PRESETS, page, table


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run: python -m tests.tui.make_keys"


@pytest.mark.parametrize("preset", PRESETS)
def test_no_key_and_no_word_means_two_things(preset: str) -> None:
    assert Actions(table().boards, keymaps.load(preset)).clashes() == ()


def test_every_verb_has_a_word_and_a_title() -> None:
    for action in table().all:
        if action.verb is not None:
            assert action.words, action.name
            assert action.title, action.name
