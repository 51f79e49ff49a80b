"""The one table: every verb has key or word, help and a place in the palette; nothing means two things."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from incident.kernel.board import Board, Look, Verb
from incident.kernel.checks import ConfigError
from incident.kernel.slice import Refusal
from incident.state import INCIDENT
from incident_tui import keymaps
from incident_tui.actions import APP, FREQUENT, HINTS_MAX, Act, Action, Actions, key_words
from incident_tui.grammar import APP_WORDS, parse
from incident_tui.screens.conflicts.screen import conflicts_board
from incident_tui.screens.help.screen import help_lines
from incident_tui.screens.incidents.listing import incidents_board
from incident_tui.screens.palette.screen import search
from incident_tui.screens.room.hints import STEPS, Step, Trail, next_hint

BOARDS = (*INCIDENT.boards, incidents_board(tuple), conflicts_board(tuple, tuple))
LOOK = Look(INCIDENT.initial(), None, 0)
TABLE = Actions(BOARDS)
VERBS = [action for action in TABLE.all if action.verb is not None]


@pytest.mark.parametrize("preset", keymaps.names())
def test_no_key_and_no_word_means_two_things(preset: str) -> None:
    assert Actions(BOARDS, keymaps.load(preset)).clashes() == ()


@pytest.mark.parametrize("action", VERBS, ids=lambda action: action.name)
def test_every_verb_can_be_reached_by_word_palette_and_help(action: Action) -> None:
    assert action.words
    assert action.title[:1].isupper()
    assert action.help or action.example, "a person must be able to find out what it does"
    assert any(hit.action is action for hit in search(action.title, TABLE, LOOK, None, action.scope))
    said = ["".join(span.text for span in line) for line in help_lines(TABLE, action.scope, 120)]
    assert any(action.title in line and f":{action.words[0]}" in line for line in said)


@pytest.mark.parametrize("action", VERBS, ids=lambda action: action.name)
def test_every_word_of_every_verb_is_known_to_the_command_line_and_leads_to_it(action: Action) -> None:
    for word in action.words:
        answer = parse(word, LOOK, BOARDS)
        if isinstance(answer, Refusal):
            assert answer.code != "unknown_word", answer.sentence
        elif isinstance(answer, Act):
            assert word in TABLE.by_name[f"{answer.board}.{answer.verb}"].words
        else:  # the word alone opens the board of the same name
            assert (answer.name, answer.value) == ("go.to", action.scope)


def test_every_frequent_letter_does_something_on_every_screen() -> None:
    for letter in FREQUENT:
        for board in BOARDS:
            assert TABLE.for_key(letter, board.name) is not None, (letter, board.name)


def test_most_verbs_have_a_key_and_what_has_none_is_rare() -> None:
    without = {action.name for action in VERBS if not action.keys}
    assert "decisions.log" in without  # the composer is its key
    assert len(without) <= len(VERBS) // 4


def test_every_act_of_the_app_has_a_key_or_a_word_and_is_explained() -> None:
    for action in APP:
        made = TABLE.by_name[action.name]
        assert made.keys or made.words, action.name
        assert made.help or made.scope == "list", action.name
        for word in made.words:
            assert APP_WORDS.get(word) == action.name, word
    assert set(APP_WORDS.values()) <= set(TABLE.by_name)


def test_frequent_letters_mean_the_same_on_every_screen() -> None:
    names = {key: {TABLE.for_key(key, board.name).name for board in BOARDS} for key in "dlmt"}  # type: ignore[union-attr]
    assert names == {
        "d": {"parties.declare"},
        "l": {"app.compose"},
        "m": {"methane.methane"},
        "t": {"tasks.raise"},
    }
    assert {TABLE.for_key("s", board.name).verb.word for board in BOARDS} == {"s"}  # type: ignore[union-attr]
    # an alarm is acknowledged, too, as a fact of its own
    assert {TABLE.for_key("a", board.name).name for board in BOARDS} == {  # type: ignore[union-attr]
        "app.acknowledge",
        "alarms.acknowledge",
    }
    assert TABLE.for_key("d") is None  # in a text field a letter is a letter


def test_a_board_s_own_form_of_a_frequent_act_goes_before_the_app_s() -> None:
    verb = next(verb for board in BOARDS if board.name == "tasks" for verb in board.verbs)
    own = boards_with(replace(verb, name="accept", key="a", word="accept", title="Accept the task"))
    table = Actions(own)
    assert not [said for said in table.clashes() if said.startswith("a ")]
    assert table.for_key("a", "tasks").name == "tasks.accept"  # type: ignore[union-attr]
    assert table.for_key("a", "units").name == "app.acknowledge"  # type: ignore[union-attr]


def test_digits_go_to_the_same_screens_everywhere_and_those_to_come_stay_free() -> None:
    digits = {digit: TABLE.for_key(digit, "tasks") for digit in "0123456789"}
    assert {digit: action.name for digit, action in digits.items() if action is not None} == {
        "0": "go.incidents", "1": "go.picture", "2": "go.resources",
        "3": "go.boundaries", "4": "go.tasks", "5": "go.log", "6": "go.casualties",
        "7": "go.mutual_aid", "8": "go.messages", "9": "go.exercise",
    }  # fmt: skip


def planted(**change: Any) -> Actions:
    tasks = next(board for board in BOARDS if board.name == "tasks")
    verbs = (replace(tasks.verbs[2], **change), *tasks.verbs[3:])
    return Actions((*(board for board in BOARDS if board is not tasks), replace(tasks, verbs=verbs)))


def test_a_planted_clash_is_told() -> None:
    assert planted(key=":").clashes() == (": is app.command and tasks.accept.",)
    assert planted(key="x").clashes() == ("x is tasks.accept and tasks.decline.",)
    assert planted(key="j").clashes() == ("j is list.down and tasks.accept.",)
    assert planted(key="d").clashes() == (
        "d is kept for declare on every screen, and tasks.accept has taken it.",
    )
    assert planted(word="go").clashes() == ("The word go is go.to and tasks.accept.",)


def test_a_keymap_may_change_any_key_and_is_told_of_a_name_that_means_nothing(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(
        'title: Mine\nkeys:\n  app.help: "f2"\n  tasks.accept: "ctrl+y"\n  app.hepl: "f3"\n', encoding="utf-8"
    )
    mine = Actions(BOARDS, keymaps.read_keymap(path))
    assert mine.for_key("f2", "tasks") is mine.by_name["app.help"]
    assert mine.for_key("?", "tasks") is None
    assert mine.for_key("ctrl+y", "tasks") is mine.by_name["tasks.accept"]
    assert mine.keys_of("list.down") == ("down", "j")  # what it leaves out is as it was
    assert mine.clashes() == ("The keymap mine names app.hepl, and there is no such act.",)


def test_a_keymap_with_a_key_that_no_keyboard_has_is_refused_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text('title: Mine\nkeys:\n  app.help: "hyper+x"\n', encoding="utf-8")
    with pytest.raises(
        ConfigError, match=r"mine.yaml:3: 'keys.app.help' holds hyper\+x, and no keyboard has that key"
    ):
        keymaps.read_keymap(path)


def test_keys_as_they_are_shown() -> None:
    assert [key_words(key) for key in ("?", "f10", "ctrl+q", "escape", "pagedown", "f")] == [
        "?", "F10", "ctrl+q", "esc", "pgdn", "f",
    ]  # fmt: skip


def test_hints_are_few_make_sense_now_and_end_with_the_ways_to_everything() -> None:
    for board in BOARDS:
        hints = TABLE.hints(board.name, None, LOOK)
        assert len(hints) <= HINTS_MAX
        assert [hint.name for hint in hints[-3:]] == ["app.command", "app.filter", "app.help"]
        assert all(hint.keys for hint in hints)
        assert not any(hint.verb is not None and hint.verb.row for hint in hints)


# -- the first run --


def test_the_first_run_names_the_next_key_until_it_was_pressed() -> None:
    assert next_hint(frozenset(), TABLE) == (
        f"1 of {len(STEPS)}  Press 2 for the units: yours can be committed.  esc skips"
    )
    done = frozenset(step.done for step in STEPS[:3])
    assert next_hint(done, TABLE).startswith(f"4 of {len(STEPS)}  Press l and write a line in the log.")
    assert next_hint(frozenset(step.done for step in STEPS), TABLE) == ""
    assert all(step.done in TABLE.by_name for step in STEPS)


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.done)
def test_what_the_first_run_says_has_room_at_80_cells(step: Step) -> None:
    others = frozenset(one.done for one in STEPS) - {step.done}
    assert len(f" ▸ {next_hint(others, TABLE)}") <= 80


def test_what_was_tried_is_kept() -> None:
    kept: list[str] = []
    trail = Trail("go.resources nonsense", kept.append)
    assert not trail.add("go.resources")
    assert not trail.add("list.down")
    assert trail.add("app.help")
    assert kept == ["app.help go.resources nonsense"]


def test_the_letters_are_those_of_the_design() -> None:
    assert FREQUENT == "mdltras"


def boards_with(verb: Verb) -> tuple[Board, ...]:
    tasks = next(board for board in BOARDS if board.name == "tasks")
    return (replace(tasks, verbs=(verb,)),)
