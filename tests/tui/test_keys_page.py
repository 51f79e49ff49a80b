"""The page of keys is what the table says, and every verb can be reached three ways."""

from __future__ import annotations

import re

import pytest

from incident.organisation import OPEN
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


OURS = re.compile(
    r"\b(stream|slice|replica|ledger|verb|durable|durably|projected|upcast|hash|payload|client|uuid|outbox)s?\b",
    re.IGNORECASE,
)
"""Words of those who build the program: no operator has heard of them."""


def test_what_an_operator_reads_of_an_act_is_said_in_plain_words() -> None:
    acts = [(action.name, action.title, action.help) for action in table().all]
    verbs = [action.verb for action in table().all if action.verb is not None] + [OPEN]
    said = [
        *acts,
        *(
            (verb.name, verb.title, verb.help, *(f"{arg.title} {arg.help}" for arg in verb.args))
            for verb in verbs
        ),
    ]
    assert [words for words in said if any(map(OURS.search, words[1:]))] == []
