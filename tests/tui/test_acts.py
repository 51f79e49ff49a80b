"""Every act of the operator's script, pressed in the real app; and that few keys are enough."""

from __future__ import annotations

from statistics import median

import pytest
from textual.events import Paste

from incident.kernel.slice import Actor
from tests.tui.acts import ACTS, KEYS_MAX, MEDIAN_MAX, Act, Typed, figures, names
from tests.tui.desk import Desk, told
from tests.tui.make_acts import PAGE, page
from tests.tui.world import FakeSession


async def stand_on(desk: Desk, act: Act) -> None:
    """Where the act begins: on its screen, with its row selected."""
    assert desk.room.go(act.place)
    await desk.done()
    if not act.row:
        return
    board = desk.room.front.board
    assert board is not None
    look = desk.session.look()
    rows = board.rows(look)
    like = (key for key, row in rows.items() if act.row in board.find(row, look))
    key = act.row if act.row in rows else board.named(act.row, look) or next(like, None)
    assert key is not None, act.row
    assert desk.room.front.go_to(key)
    await desk.done()


@pytest.mark.parametrize("act", ACTS, ids=names)
def test_these_keys_do_it(act: Act) -> None:
    session = FakeSession(me=Actor("EOC desk 2", "LAS", act.role))
    act.before(session)

    async def story(desk: Desk) -> None:
        await stand_on(desk, act)
        before = len(desk.session.submitted)
        for key in act.keys:
            if isinstance(key, Typed):
                desk.app.post_message(Paste(str(key)))
                await desk.done()
            else:
                await desk.press(key)
        done = [command for _, command, _ in desk.session.submitted[before:]]
        assert done, "nothing came of it"
        assert isinstance(done[-1], act.command), done

    told(story, session=session)


def test_few_keys_are_enough() -> None:
    middle, most = figures()
    assert len(ACTS) >= 30
    assert middle <= MEDIAN_MAX
    assert most <= KEYS_MAX


def test_what_is_typed_is_not_counted_and_all_else_is() -> None:
    act = ACTS[0]
    assert act.count == 2
    assert median([2]) == act.count
    assert Act("x", "log", ("D", Typed("why"), "tab", Typed("because"), "enter"), Act).count == 3


def test_the_page_says_what_the_table_says() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "python -m tests.tui.make_acts"
