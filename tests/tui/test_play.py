"""An exercise on the screen: NO DUFF from wherever one is, and both clocks."""

from __future__ import annotations

from incident.exercises.facts import NoDuff
from tests.tui.desk import Desk, told
from tests.tui.world import text_of


def test_no_duff_is_called_from_any_screen_and_stands_above_every_one() -> None:
    async def story(desk: Desk) -> None:
        await desk.press("4", ":")
        await desk.type("noduff a real fire in the room")
        await desk.press("enter")
        await desk.shows("NO DUFF, REAL: a real fire in the room. Exercise suspended by LAS")
        assert desk.last == NoDuff("a real fire in the room")
        for digit in "123459":
            await desk.press(digit)
            top = text_of(desk.app)[:2]
            assert "NO DUFF, REAL: a real fire" in top[0]
            assert top[1].startswith(" EXERCISE ")
            assert "paused  real" in top[1]
        await desk.shows("NO DUFF, suspended", "9 Exercise")

    told(story)


def test_real_time_goes_on_while_the_clock_of_the_exercise_stands() -> None:
    async def story(desk: Desk) -> None:
        desk.session.happens("SCAS", NoDuff("a real fire"), name="Kim")
        await desk.press("9", "enter")
        await desk.shows("SCAS Kim, 0 s ago")
        desk.session.later(180)
        await desk.shows("SCAS Kim, 3 min ago")

    told(story)


def test_a_player_has_no_hand_on_the_clock() -> None:
    async def story(desk: Desk) -> None:
        await desk.press("9")
        await desk.shows("not started")
        await desk.press("b")
        await desk.shows("Start play: the clock is at T+0 does not apply")
        await desk.press("X")
        await desk.shows("What has really happened")
        await desk.press("escape")

    told(story)


def test_what_cannot_be_written_down_is_refused_before_the_second_key_is_asked_for() -> None:
    async def story(desk: Desk) -> None:
        await desk.press("2", ":")
        await desk.type("release A101 A102")
        await desk.press("enter")
        await desk.shows("A line releases one unit, and A102 would stand as the reason")
        assert "yes, release" not in "\n".join(text_of(desk.app))
        assert not desk.session.submitted

    told(story)
