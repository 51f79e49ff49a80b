"""Casualties and hospitals at the desk: few keys from the row, and the screen says what does not add up."""

from __future__ import annotations

import pytest

from incident.casualties.facts import Count, Counts
from incident.places.facts import Allocate, Arrive, Convey, OpenPlaces
from tests.tui.desk import Desk, told


@pytest.mark.parametrize("size", [(120, 40), (80, 24)], ids=["120x40", "80x24"])
def test_casualties_are_counted_at_the_screen(size: tuple[int, int]) -> None:
    async def story(desk: Desk) -> None:
        await desk.press("6")
        await desk.shows("STAGE", "STATE", "estimated")
        await desk.press("c")
        await desk.shows("Count casualties")
        await desk.press("tab")
        await desk.type("3")
        await desk.press("tab")
        await desk.type("11")
        await desk.press("ctrl+s")
        assert desk.last == Count("at_scene", Counts(3, 11))
        desk.session.confirm()
        await desk.press(":")
        await desk.type("count hospital 1 2 3 place=WEXHAM")
        await desk.press("enter")
        assert desk.last == Count("at_hospital", Counts(1, 2, 3), "WEXHAM")
        desk.session.confirm()
        await desk.shows("Wexham")
        await desk.press(":")
        await desk.type("total 60")
        await desk.press("enter")
        assert desk.last == Count("total", Counts(altogether=60))
        desk.session.confirm()
        await desk.press("g", "enter")
        await desk.shows("in all 60", "all counts", "▲")

    told(story, size=size)


@pytest.mark.parametrize("size", [(120, 40), (80, 24)], ids=["120x40", "80x24"])
def test_hospitals_are_stood_up_and_allocated_to(size: tuple[int, int]) -> None:
    async def story(desk: Desk) -> None:
        await desk.press(":")
        await desk.type("places")
        await desk.press("enter")
        await desk.shows("No hospital is stood up")
        await desk.press("u")
        await desk.shows("Stand up hospitals")
        await desk.press("ctrl+s")
        assert isinstance(desk.last, OpenPlaces)
        assert len(desk.last.places) == 4
        desk.session.confirm()
        await desk.shows("Hillingdon", "0/3")
        await desk.press("h", "1")
        assert desk.last == Allocate("HILLINGDON", "p1")
        desk.session.confirm()
        await desk.shows("1/3")
        await desk.press(":")
        await desk.type("allocations")
        await desk.press("enter")
        await desk.shows("LAS-H1", "P1 1")
        await desk.press("b")
        assert isinstance(desk.last, Convey)
        desk.session.confirm()
        await desk.press("f")
        assert isinstance(desk.last, Arrive)
        desk.session.confirm()
        await desk.shows("LAS-H1", "arrived  ")

    told(story, size=size)
