"""Which row stands on which line: nothing moves under the cursor while somebody works."""

from __future__ import annotations

import random
from typing import Any

from incident.kernel.board import Board, Cell, Column, Look
from incident_tui.widgets.roll import Roll
from incident_tui.widgets.sieve import Sieve, read_terms

LOOK = Look(state=None, me=None, now=0)


def rolled(*keys: str) -> Roll:
    roll = Roll()
    roll.feed(dict.fromkeys(keys, object()), list(keys), hold=False)
    return roll


def rows(*keys: str) -> dict[str, Any]:
    return {key: key.upper() for key in keys}


def test_the_cursor_begins_on_the_first_row_and_moves_by_lines_within_the_list() -> None:
    roll = rolled("a", "b", "c")
    assert roll.cursor == "a"
    assert roll.move(5)
    assert roll.cursor == "c"
    assert not roll.move(9)
    assert roll.move(-3)
    assert roll.cursor == "a"


def test_the_cursor_keeps_its_row_wherever_the_row_goes() -> None:
    roll = rolled("a", "b", "c")
    roll.move(1)
    roll.feed(rows("a", "b", "c"), ["c", "a", "b"], hold=False)
    assert (roll.cursor, roll.line) == ("b", 2)


def test_held_rows_stay_and_are_counted() -> None:
    roll = rolled("a", "b", "c", "d")
    roll.feed(rows("a", "b", "c", "d"), ["d", "a", "b", "c"], hold=True)
    assert roll.shown == ["a", "b", "c", "d"]
    assert roll.waiting == 1  # moving d alone puts all in order
    roll.settle()
    assert roll.shown == ["d", "a", "b", "c"]
    assert roll.waiting == 0


def test_a_ghost_is_chosen_no_more_than_a_row_that_is_not_shown() -> None:
    roll = rolled("a", "b", "c")
    roll.toggle("b")
    roll.toggle("c")
    assert roll.chosen() == ("b", "c")
    roll.feed(rows("a", "c"), ["a", "c"], hold=True)
    assert roll.shown == ["a", "b", "c"], "b stands there as a ghost"
    assert roll.chosen() == ("c",)


def test_held_new_rows_join_at_the_end_and_what_has_gone_stays_as_a_ghost() -> None:
    roll = rolled("a", "b", "c")
    roll.move(1)
    roll.feed(rows("n", "a", "c"), ["n", "a", "c"], hold=True)
    assert roll.shown == ["a", "b", "c", "n"]
    assert roll.waiting == 2  # n stands below the others, and b has gone
    assert "b" not in roll.rows
    assert roll.row("b") is not None
    roll.settle()
    assert roll.shown == ["n", "a", "c"]
    assert roll.cursor == "a"  # the row that now stands where b stood


def test_a_row_that_comes_back_is_no_ghost_any_more() -> None:
    roll = rolled("a", "b")
    roll.feed(rows("a"), ["a"], hold=True)
    roll.feed(rows("a", "b"), ["a", "b"], hold=True)
    assert roll.ghosts == {}
    assert roll.waiting == 0


def test_selection_hangs_on_keys_and_ends_with_its_row() -> None:
    roll = rolled("a", "b", "c")
    roll.toggle("b")
    roll.toggle("c")
    roll.toggle("c")
    roll.feed(rows("c", "b", "a"), ["c", "b", "a"], hold=False)
    assert roll.selected == {"b"}
    roll.feed(rows("a"), ["a"], hold=False)
    assert roll.selected == set()


def test_whatever_happens_held_lines_never_change(seed: int) -> None:
    chance = random.Random(f"{seed} held lines")
    for _ in range(200):
        keys = [f"k{n}" for n in range(chance.randrange(1, 30))]
        roll = rolled(*keys)
        roll.move(chance.randrange(len(keys)))
        cursor, before = roll.cursor, list(roll.shown)
        for _ in range(5):
            now = chance.sample([*keys, "n1", "n2", "n3"], chance.randrange(len(keys) + 3))
            roll.feed(rows(*now), now, hold=True)
            assert roll.shown[: len(before)] == before
            assert roll.cursor == cursor
            before = list(roll.shown)
        roll.settle()
        assert roll.shown == list(roll.wanted)
        assert roll.cursor is None or roll.cursor in roll.rows


# -- the filter --


def board() -> Board:
    def cell(name: str) -> Any:
        return lambda row, _look: Cell(row[name])

    columns = (Column("home", "Trust", 8, cell("trust")), Column("status", "Status", 8, cell("status")))
    return Board(
        "units", "Units", "2", lambda _look: {}, columns, (), lambda _r, _l: (),
        lambda row, _look: f"{row['name']} {row['trust']} {row['status']} is:{row['mark']}", lambda _t, _l: None,
    )  # fmt: skip


UNITS = {
    "a": {"name": "A101", "trust": "LAS", "status": "at scene", "mark": "stale"},
    "b": {"name": "HART-1", "trust": "LAS", "status": "mobile", "mark": "ok"},
    "c": {"name": "A204", "trust": "SCAS", "status": "mobile", "mark": "ok"},
}


def found(text: str) -> str:
    sieve = Sieve(board())
    sieve.set(text)
    return "".join(sieve.sift(UNITS, LOOK))


def test_every_word_must_be_there_and_a_field_looks_into_its_column() -> None:
    assert found("") == "abc"
    assert found("las") == "ab"
    assert found("LAS mob") == "b"
    assert found("trust:las status:mobile") == "b"
    assert found("stat:mob") == "bc"
    assert found("-trust:scas") == "ab"
    assert found("is:stale") == "a"
    assert found("status:") == "abc"


def test_a_field_that_means_nothing_is_named() -> None:
    sieve = Sieve(board())
    sieve.set("colour:red")
    assert sieve.sift(UNITS, LOOK) == []
    assert sieve.unknown == ("colour",)


def test_a_row_is_asked_once_what_it_is_known_by() -> None:
    asked: list[str] = []
    made = board()
    counting = Board(**{name: getattr(made, name) for name in made.__dataclass_fields__} | {
        "find": lambda row, look: asked.append(row["name"]) or made.find(row, look)
    })  # fmt: skip
    sieve = Sieve(counting)
    sieve.set("las")
    for _ in range(3):
        sieve.sift(UNITS, LOOK)
    assert sorted(asked) == ["A101", "A204", "HART-1"]


def test_a_minus_alone_is_a_word() -> None:
    assert [(term.word, term.without) for term in read_terms("- -x")] == [("-", False), ("x", True)]
