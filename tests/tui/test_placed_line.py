"""A place in a line of the command line: how it is understood stands above it, and words only are asked about once."""

from __future__ import annotations

import pytest

from incident.boundaries.facts import Propose, Shape
from incident.tasks.facts import Raise
from incident.values import Location
from tests.tui.desk import Desk, told
from tests.tui.world import FakeSession


def test_how_a_place_is_understood_stands_above_the_line_while_it_is_typed() -> None:
    async def story(desk: Desk) -> None:
        await desk.press(":")
        await desk.type("propose rvp TQ 0402 7829")
        await desk.shows("TQ 0402 7829  51.49", "provisional · grid reference")
        await desk.press("backspace")
        await desk.hides("provisional · grid reference")
        await desk.press("9")
        await desk.shows("provisional · grid reference")
        await desk.press("enter")
        assert isinstance(desk.last, Propose)
        await desk.hides("provisional · grid reference")

    told(story)


def test_what_was_said_of_a_place_goes_when_the_line_is_another_or_left() -> None:
    async def story(desk: Desk) -> None:
        await desk.press(":")
        await desk.type("propose rvp the scene")
        await desk.shows("the incident's own place")
        await desk.press(*["backspace"] * len(" the scene"))
        await desk.hides("the incident's own place")
        await desk.type(" the scene")
        await desk.shows("the incident's own place")
        await desk.press("escape")
        await desk.hides("the incident's own place")
        assert desk.session.submitted == []

    told(story)


def test_a_point_by_words_only_is_asked_about_once() -> None:
    async def story(desk: Desk) -> None:
        await desk.press(":")
        await desk.type('propose rvp "the old mill"')
        await desk.shows("Kept as words, no point is known.")
        await desk.press("enter")
        await desk.shows("No point is known for the old mill", "Enter again sends it as words")
        assert desk.session.submitted == []
        await desk.press("enter")
        assert desk.last.shape.place.text == "the old mill"

    told(story)


@pytest.mark.parametrize("place", ["NZ 27 64", '"48.85,2.35"'])
def test_a_place_far_from_the_scene_is_asked_about_once(place: str) -> None:
    async def story(desk: Desk) -> None:
        await desk.press(":")
        await desk.type(f"propose rvp {place}")
        await desk.press("enter")
        await desk.shows("km from the scene. Enter again sends it all the same.")
        assert desk.session.submitted == []
        await desk.press("enter")
        assert desk.last.shape.place.text or desk.last.shape.place.grid or desk.last.shape.place.lat

    told(story)


def test_another_line_is_asked_about_anew_and_one_with_a_point_is_not() -> None:
    async def story(desk: Desk) -> None:
        await desk.press(":")
        await desk.type('propose rvp "the old mill"')
        await desk.press("enter", "escape", ":")
        await desk.type('propose rvp "the old mill"')
        await desk.press("enter")
        await desk.shows("Enter again sends it as words")
        assert desk.session.submitted == [], "it was left and begun again"
        await desk.press(*" note=x", "enter")
        await desk.shows("Enter again sends it as words")
        assert desk.session.submitted == [], "it is not the line that was asked about"
        await desk.press("escape", ":")
        await desk.type('propose rvp "the scene"')
        await desk.press("enter")
        assert desk.last.shape.place.point is not None

    told(story)


def test_a_cordon_that_is_moved_in_words_is_asked_about_once_and_keeps_its_radius() -> None:
    session = FakeSession()
    session.happens(
        "LAS", Propose("outer_cordon", Shape(Location("A4", lat=51.49, lon=-0.5), 700.0), "Outer Z")
    )

    async def story(desk: Desk) -> None:
        await desk.press(":")
        await desk.type('move "Outer Z" "behind the church"')
        await desk.press("enter")
        await desk.shows("No point is known for behind the church", "Enter again sends it as words")
        assert desk.session.submitted == []
        await desk.press("enter")
        assert desk.last.shape == Shape(Location("behind the church"), 700.0)
        desk.session.confirm()
        await desk.press(":")
        await desk.type('move "Outer Z" 800m')
        await desk.press("enter")
        assert desk.last.shape == Shape(Location("behind the church"), 800.0), "a length alone is no place"

    told(story, session=session)


def test_a_cordon_without_a_point_is_refused_and_not_asked_about() -> None:
    async def story(desk: Desk) -> None:
        await desk.press(":")
        await desk.type('propose outer "the old mill" 1500m')
        await desk.press("enter")
        await desk.shows("It is drawn around a point, and nothing gives one for the old mill")
        assert desk.session.submitted == []

    told(story)


def test_lines_without_a_place_say_nothing_of_one() -> None:
    async def story(desk: Desk) -> None:
        await desk.press(":")
        await desk.type('t SCAS "propose an RVP"')
        await desk.hides("Kept as words")
        await desk.press("enter")
        assert isinstance(desk.last, Raise)

    told(story, session=FakeSession())
