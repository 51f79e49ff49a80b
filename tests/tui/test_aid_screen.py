"""Aid at the desk: whoever accepts by one key has the cover that would be left before their eyes."""

from __future__ import annotations

import pytest

from incident.mutual_aid import commands as c
from incident.mutual_aid import facts as f
from tests.tui.desk import Desk, told
from tests.tui.world import FakeSession


def asked() -> FakeSession:
    """SCAS asks us for three ambulances, of which we have two free; we ask SECAMB for one."""
    session = FakeSession()
    terms = f.Terms(lines=(f.Line("DCA", 3),), needed_by=session.at + 30 * 60_000, hazards="diesel")
    session.happens("SCAS", c.Raise(lender="LAS", terms=terms, approve=True))
    session.happens("LAS", c.Raise(lender="SECAMB", terms=f.Terms(lines=(f.Line("DCA", 1),)), approve=True))
    return session


@pytest.mark.parametrize("size", [(120, 40), (80, 24)], ids=["120x40", "80x24"])
def test_the_lender_sees_the_cover_that_is_left_before_the_key_that_accepts(size: tuple[int, int]) -> None:
    async def story(desk: Desk) -> None:
        await desk.press("7")
        lines = await desk.shows("SCAS-A1", "DCA: 2 free, 3 asked,", "diesel")
        if size[0] < 100:
            assert any(
                "y accepts 3 DCA. That would leave:" in line and "answer in 10m" in line for line in lines
            )
            assert any("▲ DCA: 2 free, 3 asked, 1 lacking" in line for line in lines)
        await desk.press("j")
        await desk.hides("2 free, 3 asked")
        await desk.press("k", "y")
        assert isinstance(desk.last, c.Reply)
        desk.session.confirm()
        await desk.hides("That would leave")

    told(story, size=size, session=asked())


@pytest.mark.parametrize("size", [(120, 40), (80, 24)], ids=["120x40", "80x24"])
def test_how_far_a_request_has_come_stands_in_the_list(size: tuple[int, int]) -> None:
    async def story(desk: Desk) -> None:
        await desk.press("7")
        lines = await desk.shows("LAS → SECAMB")
        assert any("TOLD" in line for line in lines)
        assert any("LAS-A1" in line and "sent 14:31" in line for line in lines)

    told(story, size=size, session=asked())
