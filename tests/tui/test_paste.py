"""What is pasted goes in whole: every line of it, as far as it fits, and what became of it is said."""

from __future__ import annotations

import pytest
from textual.events import Paste
from textual.widgets import Input

from incident.log import facts as n
from incident_tui.widgets.prompt import pasted_words
from tests.tui.desk import Desk, told

FOUR = "first crew on scene\r\n\r\n  two trapped\nthird line\n"


async def paste(desk: Desk, words: str) -> None:
    desk.app.post_message(Paste(words))
    await desk.done()


def test_every_line_of_a_paste_stands_in_the_composer_and_it_is_said() -> None:
    async def story(desk: Desk) -> None:
        await desk.press("l")
        await paste(desk, FOUR)
        await desk.shows(
            "first crew on scene two trapped third line", "3 lines were pasted and stand in one."
        )
        await desk.press("enter")
        assert desk.last == n.Write("first crew on scene two trapped third line")

    told(story)


def test_one_line_goes_in_as_it_is_and_into_the_middle() -> None:
    async def story(desk: Desk) -> None:
        await desk.press("l")
        await desk.type("a c")
        await desk.press("left")
        await paste(desk, "b ")
        field = desk.app.focused
        assert isinstance(field, Input)
        assert field.value == "a b c"
        assert not any("stand in one" in line for line in await desk.shows("a b c"))

    told(story)


def test_what_does_not_fit_is_left_out_and_counted() -> None:
    async def story(desk: Desk) -> None:
        await desk.press("l")
        field = desk.app.focused
        assert isinstance(field, Input)
        most = field.max_length or 0
        await paste(desk, "x" * most + "yz")
        await desk.shows("The last 2 characters did not fit and were left out.")
        assert field.value == "x" * most

    told(story)


def test_a_form_takes_every_line_too() -> None:
    async def story(desk: Desk) -> None:
        await desk.press("4", "t")
        assert desk.room.form is not None
        field = desk.room.form.query_one("#answer-title", Input)
        field.focus()
        await desk.done()
        await paste(desk, "Open RVP C\nfor buses")
        assert field.value == "Open RVP C for buses"

    told(story)


@pytest.mark.parametrize("nothing", ["\n", "\r\n\r\n", "  \n "])
def test_a_paste_of_blank_lines_is_nothing(nothing: str) -> None:
    async def story(desk: Desk) -> None:
        await desk.press("l")
        await paste(desk, nothing)
        field = desk.app.focused
        assert isinstance(field, Input)
        assert field.value == ""

    told(story)


def test_the_words_of_a_paste() -> None:
    assert pasted_words(1, 0) == pasted_words(1, -4) == ""
    assert pasted_words(2, 1_200).endswith("The last 1,200 characters did not fit and were left out.")
