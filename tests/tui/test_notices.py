"""A notice lies where nobody types or looks first, in three lines at most; what is due at a row is its first key."""

from __future__ import annotations

import pytest
from textual.widgets._toast import Toast

from incident.messages.facts import Send
from incident_tui.screens.room.voice import RACK
from tests.tui.desk import Desk, told
from tests.tui.world import FakeSession

LONG = "On the border of two trusts, as drawn by both of them, and neither has said that it leads. " * 4


def covered(desk: Desk) -> list[tuple[int, int]]:
    """The cells of the field that has the keys that lie under a notice."""
    field = desk.app.focused
    assert field is not None
    toasts = list(desk.app.screen.query(Toast))
    assert toasts
    return [toast.region.offset for toast in toasts if toast.region.intersection(field.region).area]


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
@pytest.mark.parametrize("keys", [("1", "l"), ("2", ":"), ("2", "/"), ("ctrl+p",), ("4", "t"), ("m",)])
def test_no_notice_lies_over_the_field_in_which_one_types(
    size: tuple[int, int], keys: tuple[str, ...]
) -> None:
    async def story(desk: Desk) -> None:
        await desk.press(*keys)
        desk.session.say("caution", LONG)
        await desk.shows("On the border")
        for toast in desk.app.screen.query(Toast):
            assert toast.region.height <= 3
        assert covered(desk) == []

    told(story, size=size)


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
@pytest.mark.parametrize("key", ["1", "2", "3", "4", "8"])
def test_notices_lie_over_the_foot_of_what_is_in_front(size: tuple[int, int], key: str) -> None:
    async def story(desk: Desk) -> None:
        await desk.press(key)
        for number in range(3):
            desk.session.say("caution", f"{number} {LONG}")
        await desk.shows("2 On the border")
        await desk.pilot.pause(0.2)
        places = desk.room.query_one("#places").region
        toasts = [toast.region for toast in desk.app.screen.query(Toast) if toast.region.area]
        assert max(toast.bottom for toast in toasts) == places.bottom - desk.room.front.foot_height
        assert min(toast.y for toast in toasts) >= places.y + places.height // 2 - 1
        assert all(toast.right <= places.right for toast in toasts), "the log beside a list is another thing"
        # A line that opens under them pushes them up.
        await desk.press("ctrl+p")
        await desk.pilot.pause(0.3)
        assert covered(desk) == []

    told(story, size=size)


def test_they_do_not_lie_over_what_was_asked_for_below_the_list() -> None:
    session = FakeSession()
    session.placer.read_names()

    async def story(desk: Desk) -> None:
        await desk.press("2", ":")
        await desk.type("nearest hart")
        await desk.press("enter")
        await desk.shows("NEAREST hart", "ask SECAMB")
        desk.session.say("caution", LONG)
        await desk.shows("On the border")
        await desk.pilot.pause(0.2)
        assert covered(desk) == []

    told(story, size=(80, 24), session=session)


@pytest.mark.parametrize("form", [False, True])
def test_notices_that_lie_where_they_lay_are_not_laid_anew(
    monkeypatch: pytest.MonkeyPatch, *, form: bool
) -> None:
    """Laid out at each stroke, the screen kept what a notice had covered when that was gone."""

    async def story(desk: Desk) -> None:
        if form:
            await desk.press("t")
            await desk.shows("ctrl+s send")
        desk.session.say("caution", LONG)
        await desk.shows("On the border")
        room, asked = desk.app.room, []
        rack = room.query_one(RACK)
        room.voice.lay_notices()
        refresh = type(rack).refresh
        monkeypatch.setattr(
            type(rack), "refresh", lambda self, *a, **more: asked.append(more) or refresh(self, *a, **more)
        )
        for _ in range(3):
            room.voice.lay_notices()
        assert [more for more in asked if more.get("layout")] == []

    told(story, size=(80, 24))


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
def test_in_the_log_they_lie_over_its_older_lines_and_not_over_its_titles(size: tuple[int, int]) -> None:
    async def story(desk: Desk) -> None:
        await desk.press("5")
        desk.session.say("caution", LONG)
        lines = await desk.shows("On the border")
        assert "ENTRY" in lines[4]
        assert "On the border" in lines[5]

    told(story, size=size)


def test_what_is_more_than_three_lines_says_where_the_rest_is() -> None:
    async def story(desk: Desk) -> None:
        desk.session.say("caution", LONG + "THE END")
        await desk.shows("On the border", "…  ! all")
        await desk.hides("THE END")

    told(story)


def test_a_row_that_waits_for_us_has_acknowledging_as_its_first_key() -> None:
    async def story(desk: Desk) -> None:
        desk.session.happens("SCAS", Send("Where do your crews report?", "LAS"))
        await desk.press("8")
        lines = await desk.shows("a   Acknowledge")
        await desk.shows(" a acknowledge   ")
        assert lines[-1].startswith(" a acknowledge")
        await desk.press("a")
        await desk.shows("sent: ")
        await desk.hides("a   Acknowledge")

    told(story)
