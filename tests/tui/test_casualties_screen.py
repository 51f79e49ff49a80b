"""Casualties and hospitals at the desk: few keys from the row, and the screen says what does not add up."""

from __future__ import annotations

import pytest

from incident.casualties.facts import Count, Counts
from incident.places.facts import Allocate, Arrive, Convey, OpenPlaces
from tests.tui.desk import Desk, told
from tests.tui.world import FakeSession


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
        await desk.shows("in all 60", "all counts" if size[0] < 100 else "UNEXPLAINED", "▲")

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


def over_allocated() -> FakeSession:
    """Four hospitals, one of them with more P1 than it has room for."""
    session = FakeSession()
    session.happens("LAS", OpenPlaces(("HILLINGDON", "WEXHAM")))
    session.happens("LAS", Allocate("HILLINGDON", "p1", 2, "LAS/A101"))
    session.happens("SCAS", Allocate("HILLINGDON", "p1", 3, reason="nothing nearer"))
    return session


def test_totals_stand_above_the_counts_and_the_hospitals_beside_them() -> None:
    async def story(desk: Desk) -> None:
        await desk.press("6")
        lines = await desk.shows("TOTALS", "UNEXPLAINED", "STAGE", "HOSPITALS", "NOT THERE YET")
        assert any("P3" in line and "2 ▲" in line for line in lines)
        assert any("Hillingdon" in line and "▲5/3" in line for line in lines)
        assert any("P1 2 OVER" in line for line in lines)
        assert any("P1 2  Hillingdon  A101" in line and "allocated" in line for line in lines)
        await desk.press("tab", "enter")
        await desk.shows("REMAINING")
        assert desk.room.front.place == "places"
        found = desk.room.front.row()
        assert found is not None
        assert found[0] in ("HILLINGDON", "WEXHAM")

    told(story, session=over_allocated())


def test_the_detail_opens_in_the_place_of_the_hospitals_and_goes_back() -> None:
    async def story(desk: Desk) -> None:
        await desk.press("6", "j", "enter")
        await desk.shows("Count again here", "TOTALS")
        await desk.hides("HOSPITALS")
        await desk.press("escape")
        await desk.shows("HOSPITALS", "TOTALS")

    told(story, session=over_allocated())


def test_on_a_wall_the_detail_is_the_third_column() -> None:
    async def story(desk: Desk) -> None:
        await desk.press("6", "j")
        lines = await desk.shows("TOTALS", "HOSPITALS", "Count again here")
        assert sum("TOTALS" in line and "HOSPITALS" in line for line in lines) == 1

    told(story, size=(200, 60), session=over_allocated())


def test_at_80_columns_the_hospitals_are_one_line_and_one_key_away() -> None:
    async def story(desk: Desk) -> None:
        await desk.press("6")
        lines = await desk.shows("TOTALS", "HOSPITALS  2 with room", "▲ over: Hillingdon", "h opens")
        assert any(line.startswith("  all") and line.rstrip().endswith("2 ▲") for line in lines)
        await desk.press("h")
        await desk.shows("▲ 5/3 OVER")
        assert desk.room.front.place == "places"

    told(story, size=(80, 24), session=over_allocated())


def test_where_nobody_is_counted_and_nothing_stood_up_the_keys_are_said() -> None:
    async def story(desk: Desk) -> None:
        await desk.press("6")
        await desk.shows("None stood up.", "h then u")
        await desk.press("h", "u")
        await desk.shows("Stand up hospitals")

    told(story)


def test_a_form_beside_it_leaves_the_totals_whole() -> None:
    async def story(desk: Desk) -> None:
        await desk.press("6", "c")
        await desk.shows("Count casualties", "HOSPITALS", "IN ALL UNEXPL.")

    told(story, session=over_allocated())


def test_a_letter_leads_to_the_hospitals() -> None:
    async def story(desk: Desk) -> None:
        await desk.press("6", ";")
        await desk.shows("letter go there")
        await desk.press(await desk.letter_before("HOSPITALS"), "down")
        block = desk.app.focused
        assert block is not None
        assert block.id == "block-hospitals"

    told(story, session=over_allocated())
