"""Jump labels: one key shows a letter at every tab, block and row; the letter goes there, at every size and look."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from incident_tui.screens.room.jump import LETTERS, Jump, targets_of
from incident_tui.widgets.table import VirtualTable
from tests.tui.desk import Desk, told

LOOKS: tuple[dict[str, Any], ...] = ({}, {"ascii": "always"}, {"theme": "mono"}, {"theme": "high-contrast"})


@pytest.mark.parametrize("look", LOOKS, ids=str)
@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
def test_a_letter_at_a_row_puts_the_cursor_there(size: tuple[int, int], look: dict[str, Any]) -> None:
    async def story(desk: Desk) -> None:
        await desk.press("2", ";")
        await desk.shows("letter go there", "esc stay here")
        await desk.press(await desk.letter_before("H101"))
        found = desk.room.front.row()
        assert found is not None
        assert found[0] == "LAS/H101"
        assert isinstance(desk.app.focused, VirtualTable)
        await desk.hides("letter go there")
        assert not desk.room.query_one(Jump).open

    told(story, size, **look)


def test_a_letter_at_a_tab_goes_there_and_one_at_a_block_takes_the_keys() -> None:
    async def story(desk: Desk) -> None:
        first = desk.app.focused
        await desk.press(";")
        await desk.shows("letter go there")
        shown = desk.room.query_one(Jump).shown
        letter, target = [(letter, target) for letter, target in shown.items() if 4 < target.y < 36][-1]
        await desk.press(letter)
        block = desk.app.focused
        assert block is not None
        assert block is not first
        assert block.parent is not None
        assert (block.region.x - 1, block.region.y) == (target.x, target.y)
        await desk.press(";")
        await desk.press(await desk.letter_before("4 Tasks"))
        assert desk.room.front.place == "tasks"

    told(story)


def test_escape_and_a_letter_that_stands_nowhere_stay_where_one_was() -> None:
    async def story(desk: Desk) -> None:
        await desk.press("2", "j", "j")
        before = desk.room.front.row()
        for other in ("escape", "A"):
            await desk.press(";")
            await desk.shows("letter go there")
            await desk.press(other)
            await desk.hides("letter go there")
            assert desk.room.front.row() == before
            assert isinstance(desk.app.focused, VirtualTable)

    told(story)


def test_the_letters_move_nothing_and_more_rows_than_letters_share_them_evenly() -> None:
    async def story(desk: Desk) -> None:
        await desk.press("5")
        before = await desk.shows("ENTRY")
        await desk.press(";")
        after = await desk.shows("letter go there")
        assert [line[2:] for line in after[5:-3]] == [line[2:] for line in before[5:-3]]
        targets = targets_of(desk.room)
        assert len(targets) <= len(LETTERS)
        gaps = {b.y - a.y for a, b in pairwise(targets) if b.y > a.y > 4}
        assert len(gaps) == 1
        assert gaps.pop() > 1

    told(story)


def test_rows_stand_still_while_letters_stand_at_them() -> None:
    async def story(desk: Desk) -> None:
        await desk.press("2", ";")
        table = desk.room.front.query_one(VirtualTable)
        assert table.holding
        await desk.press("escape")
        assert not table.pinned

    told(story)


def test_another_size_takes_the_letters_away_and_in_a_text_field_the_key_is_a_letter() -> None:
    async def story(desk: Desk) -> None:
        await desk.press("2", ";")
        await desk.pilot.resize_terminal(90, 30)
        await desk.hides("letter go there")
        assert isinstance(desk.app.focused, VirtualTable)
        await desk.press("l")
        await desk.press(";")
        assert not desk.room.query_one(Jump).open
        await desk.shows("› log: ;")

    told(story)
