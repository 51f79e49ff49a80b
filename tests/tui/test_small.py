"""A terminal with no room for the screens: the log can be written, and what begins with a colon is no line of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from incident.log.facts import Write
from incident_tui.screens.room.foot import NO_ROOM, SIZE, SMALL_HEIGHT, SMALL_WIDTH, TOO_SMALL
from incident_tui.widgets.composer import Composer
from tests.tui.desk import Desk, told

SMALL = (60, 15)


def written(desk: Desk) -> list[str]:
    return [command.text for _, command, *_ in desk.session.submitted if isinstance(command, Write)]


def typed(desk: Desk) -> str:
    return desk.room.query_one(Composer).text


def test_a_command_is_done_there_and_never_stands_in_the_log() -> None:
    async def story(desk: Desk) -> None:
        await desk.type(":s A101 scn")
        await desk.shows("a command: enter does it")
        await desk.press("enter")
        assert type(desk.last).__name__ == "SetStatus"
        assert typed(desk) == ""
        await desk.shows("sent: ")
        await desk.type("on foot from J4b")
        await desk.press("enter")
        assert written(desk) == ["on foot from J4b"]

    told(story, SMALL)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (":", "Write a word"),
        (":nosuchword at all", "no word nosuchword"),
        (":s A999 scn", "A999"),
        (":find hart", "no room here"),
        ("  :nearest hart", "no room here"),
        (":3", "There is no word 3"),
    ],
)
def test_what_cannot_be_done_there_is_said_and_stays_to_be_mended(line: str, said: str) -> None:
    async def story(desk: Desk) -> None:
        before = len(desk.session.submitted)
        await desk.type(line)
        await desk.press("enter")
        await desk.shows(said)
        assert typed(desk) == line
        assert len(desk.session.submitted) == before
        assert desk.room.form is None
        # What is typed next goes on in the same line.
        await desk.press("x")
        assert typed(desk) == line + "x"

    told(story, SMALL)


def test_what_has_no_room_is_done_once_there_is_some() -> None:
    async def story(desk: Desk) -> None:
        await desk.type(":nearest hart")
        await desk.press("enter")
        await desk.shows("no room here")
        await desk.pilot.resize_terminal(80, 24)
        await desk.press("enter")
        await desk.shows("NEAREST")
        assert typed(desk) == ""

    told(story, SMALL)


@pytest.mark.parametrize("larger", [False, True])
def test_escape_clears_a_line_that_has_no_room(larger: bool) -> None:
    async def story(desk: Desk) -> None:
        await desk.type(":nearest hart")
        await desk.press("enter")
        await desk.shows("no room here", "Esc clears the line")
        if larger:
            await desk.pilot.resize_terminal(80, 24)
        await desk.press("escape")
        assert typed(desk) == ""
        await desk.hides("no room here", "nearest hart")
        assert not desk.session.draft("log")
        if not larger:
            await desk.type("on foot")
            await desk.press("escape")
            assert typed(desk) == "on foot", "a draft of the log is kept"

    told(story, SMALL)


def test_the_second_key_is_asked_for_there_too_and_a_no_leaves_the_line() -> None:
    async def story(desk: Desk) -> None:
        before = len(desk.session.submitted)
        await desk.type(":declare stand_down")
        await desk.press("enter")
        await desk.shows("no, go back")
        await desk.press("n")
        assert len(desk.session.submitted) == before
        assert typed(desk) == ":declare stand_down"
        await desk.press("enter", "y")
        assert type(desk.last).__name__ == "Declare"
        assert typed(desk) == ""
        await desk.type("and so on")
        await desk.press("enter")
        assert written(desk) == ["and so on"]

    told(story, SMALL)


def test_a_row_that_nobody_sees_is_never_meant() -> None:
    async def story(desk: Desk) -> None:
        await desk.press("3", "j")
        await desk.pilot.resize_terminal(*SMALL)
        before = len(desk.session.submitted)
        await desk.type(":withdraw")
        await desk.press("enter")
        assert len(desk.session.submitted) == before
        assert typed(desk) == ":withdraw"

    told(story, (80, 24))


def test_a_form_without_room_is_kept_and_nothing_typed_goes_into_the_log() -> None:
    async def story(desk: Desk) -> None:
        await desk.press("3", "p")
        await desk.shows("Propose")
        form, field = desk.room.form, desk.room.focused
        before = len(desk.session.submitted)
        await desk.pilot.resize_terminal(*SMALL)
        await desk.shows("A form is open")
        assert desk.room.ready, "no key waits for a field that nobody sees"
        await desk.type("Poyle")
        await desk.press("enter")
        assert typed(desk) == ""
        assert len(desk.session.submitted) == before
        await desk.pilot.resize_terminal(80, 24)
        await desk.shows("Propose")
        assert desk.room.form is form
        assert desk.room.focused is field
        await desk.pilot.resize_terminal(*SMALL)
        await desk.press("escape")
        assert desk.room.form is None
        await desk.shows("only the log can be")
        await desk.type("on foot")
        await desk.press("enter")
        assert written(desk) == ["on foot"]

    told(story, (80, 24))


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
def test_in_the_composer_of_a_large_terminal_a_command_is_one_too(size: tuple[int, int]) -> None:
    async def story(desk: Desk) -> None:
        await desk.press("l")
        await desk.type(":s A101 scn")
        await desk.press("enter")
        assert type(desk.last).__name__ == "SetStatus"
        await desk.press("l")
        await desk.type(":nosuch")
        await desk.press("enter")
        await desk.shows("nosuch")
        assert typed(desk) == ":nosuch"
        assert not written(desk)

    told(story, size)


def test_the_guide_names_the_same_size_as_the_screen() -> None:
    guide = Path(__file__).parents[2] / "docs" / "operator.md"
    assert f"Under {SMALL_WIDTH} by {SMALL_HEIGHT} only" in guide.read_text(encoding="utf-8")
    assert SIZE in TOO_SMALL
    assert SIZE in NO_ROOM
