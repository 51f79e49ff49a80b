"""Leaving: at once, unless the disk has not taken what was written; then it takes a second time."""

from __future__ import annotations

import pytest

from incident.log.facts import Write
from tests.tui.desk import Desk, told


@pytest.mark.parametrize(("trouble", "unsent"), [("", True), ("The disk is full.", False)])
def test_leaving_takes_one_key(trouble: str, unsent: bool) -> None:
    async def story(desk: Desk) -> None:
        desk.session.disk_trouble = trouble
        if unsent:
            desk.session.submit(Write("kept on this desk"))
        await desk.press("ctrl+q")
        assert not desk.app.is_running

    told(story)


def test_leaving_with_a_full_disk_asks_once() -> None:
    async def story(desk: Desk) -> None:
        desk.session.disk_trouble = "The disk is full."
        desk.session.submit(Write("on no disk yet"))
        await desk.press("ctrl+q")
        await desk.shows("1 not sent, and the disk does not keep them", "Quit again", "is full.")
        assert desk.app.is_running
        await desk.press("ctrl+q")
        assert not desk.app.is_running

    told(story)
