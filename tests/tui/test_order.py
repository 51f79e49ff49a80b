"""The order of a list, kept: rows are asked again when they are others, and nothing is sorted that has not moved."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from incident.kernel.board import Cell, Column, Look
from incident_tui.widgets.order import SECONDS, Order, by_words


@dataclass(frozen=True)
class Row:
    place: int
    words: str = ""


class Asked:
    """Counts who was asked where it belongs."""

    def __init__(self) -> None:
        self.rows: list[Row] = []

    def __call__(self, row: Row, _look: Look) -> int:
        self.rows.append(row)
        return row.place


def look(now: int = 0, **kwargs: Any) -> Look:
    return Look(state=None, me=None, now=now, **kwargs)


def test_only_a_row_that_is_another_is_asked_again() -> None:
    order, asked = Order(), Asked()
    rows = {"a": Row(3), "b": Row(1), "c": Row(2)}
    assert order.sorted(list(rows), rows, look(), asked) == ["b", "c", "a"]
    asked.rows.clear()
    first = order.sorted(list(rows), rows, look(1), asked)
    assert asked.rows == []
    changed = {**rows, "c": Row(2, "other words, same place")}
    assert order.sorted(list(changed), changed, look(2), asked) is first, "nothing has moved"
    assert asked.rows == [changed["c"]]
    moved = {**changed, "a": Row(0)}
    assert order.sorted(list(moved), moved, look(3), asked) == ["a", "b", "c"]


def test_rows_come_and_go() -> None:
    order, asked = Order(), Asked()
    rows = {str(n): Row(-n) for n in range(9)}
    assert order.sorted(list(rows), rows, look(), asked) == [str(n) for n in range(8, -1, -1)]
    fewer = {key: rows[key] for key in ("2", "7")}
    assert order.sorted(list(fewer), fewer, look(), asked) == ["7", "2"]
    back = {**fewer, "5": Row(-9)}
    assert order.sorted(list(back), back, look(), asked) == ["5", "7", "2"]


def test_the_last_row_leaves_also_when_all_are_asked_anew_in_that_moment() -> None:
    order, asked = Order(), Asked()
    rows = {"a": Row(1)}
    assert order.sorted(list(rows), rows, look(), asked) == ["a"]
    assert order.sorted([], {}, look(1_000 * SECONDS), asked) == []
    assert order.sorted([], {}, look(1_000 * SECONDS + 1), asked) == []


def test_a_row_that_cannot_say_its_place_leaves_nothing_half_done() -> None:
    order, broken = Order(), Row(9)
    rows = {"a": Row(3), "b": Row(1), "c": broken}

    def by(row: Row, _look: Look) -> int:
        if row.place == 9:
            raise RuntimeError("a bug in a board")
        return row.place

    good = {**rows, "c": Row(2)}
    for turn in range(2):
        assert order.sorted(list(good), good, look(turn), by) == ["b", "c", "a"]
        moved = {**rows, "b": Row(7)}
        with pytest.raises(RuntimeError):
            order.sorted(list(moved), moved, look(turn), by)
        mended = {**moved, "c": Row(2)}
        assert order.sorted(list(mended), mended, look(turn), by) == ["c", "a", "b"]
    fresh = Order()
    for _ in range(2):
        with pytest.raises(RuntimeError):
            fresh.sorted(list(rows), rows, look(), by)
    assert fresh.sorted(list(good), good, look(), by) == ["b", "c", "a"]


def test_what_follows_from_the_time_is_asked_again_every_few_seconds() -> None:
    order = Order()
    rows = {"later": Row(90_000), "sooner": Row(1_500)}

    def overdue_first(row: Row, seen: Look) -> bool:
        return row.place > seen.now

    assert order.sorted(list(rows), rows, look(1_000), overdue_first) == ["later", "sooner"]
    assert order.sorted(list(rows), rows, look(1_000 + 1_000 * SECONDS), overdue_first) == ["sooner", "later"]


def test_another_column_or_direction_orders_anew() -> None:
    order, asked = Order(), Asked()
    rows = {"a": Row(1, "Zebra"), "b": Row(2, "ant")}
    column = Column("words", "Words", 9, lambda row, _look: Cell(row.words))
    assert order.sorted(list(rows), rows, look(), asked) == ["a", "b"]
    assert order.sorted(list(rows), rows, look(), asked, backwards=True) == ["b", "a"]
    assert order.sorted(list(rows), rows, look(), by_words(column)) == ["b", "a"]
    assert by_words(column) is by_words(column)
