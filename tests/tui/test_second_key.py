"""The question before the second key says what stands against it."""

from __future__ import annotations

import pytest

from incident.kernel.slice import Actor
from incident.organisation.facts import AcceptLead, Close, Declare, OfferLead
from incident.resources.facts import Release
from incident.tasks.facts import Finish
from tests.tui.desk import Desk, told
from tests.tui.world import FakeSession

SIZES = [(80, 24), (120, 40)]


def question(lines: list[str]) -> str:
    """The question at the foot in one line, as it is read."""
    begins = next(at for at, line in enumerate(lines) if "▲ Declare for our agency" in line)
    return " ".join(" ".join(lines[begins:]).split())


@pytest.mark.parametrize("size", SIZES)
def test_who_stands_down_with_crews_at_the_scene_reads_so_before_the_second_key(
    size: tuple[int, int],
) -> None:
    async def story(desk: Desk) -> None:
        await desk.press("d", "T")
        lines = await desk.shows("yes, declare for our agency")
        asked = question(lines)
        assert "8 of our units are still committed, 5 at the scene: LAS/A101, " in asked
        assert " and 2 more. Still at work: SCAS. 2 of our tasks are open." in asked
        await desk.press("y")
        await desk.hides("still committed")
        assert isinstance(desk.session.submitted[-1][1], Declare)

    told(story, size=size)


@pytest.mark.parametrize("size", SIZES)
def test_a_question_with_nothing_against_it_is_no_longer_than_it_was(size: tuple[int, int]) -> None:
    async def story(desk: Desk) -> None:
        await desk.press("d", "d")
        assert "committed" not in question(await desk.shows("yes, declare for our agency"))

    told(story, size=size)


def test_a_step_back_by_its_letter_opens_the_form_at_the_reason_it_needs() -> None:
    async def story(desk: Desk) -> None:
        await desk.press("d", "s")
        await desk.shows("Going back from major incident needs a")
        await desk.type("wrong key")
        await desk.press("ctrl+s")
        assert "standby, wrong key." in question(await desk.shows("yes, declare for our agency"))
        await desk.press("y")
        await desk.hides("yes, declare for our agency")
        assert desk.session.submitted[-1][1] == Declare("LAS", "standby", "wrong key")
        await desk.hides("Going back from")

    told(story)


def test_what_was_closed_too_soon_was_declared_when_it_was_and_every_line_says_so() -> None:
    session = FakeSession()
    session.happens("LAS", Declare("LAS", "closed"), "tactical_commander")
    session.happens("LAS", Declare("LAS", "declared", "wrong key"), "tactical_commander")

    async def story(desk: Desk) -> None:
        await desk.shows("LAS DECLARED 14:02", "M  LAS declared 14:02", "LAS  us    14:02")

    told(story, session=session)


def led_by_us() -> FakeSession:
    session = FakeSession(me=Actor("EOC desk 2", "LAS", "tactical_commander"))
    session.happens("SCAS", OfferLead("LAS", "the scene is yours"), "tactical_commander")
    (offer,) = session.look().state.organisation.lead_offers
    session.happens("LAS", AcceptLead(offer.id), "tactical_commander")
    return session


@pytest.mark.parametrize("size", SIZES)
def test_the_lead_reads_that_it_leads_and_nothing_of_the_question_is_cut(size: tuple[int, int]) -> None:
    async def story(desk: Desk) -> None:
        await desk.press("d", "X")
        asked = question(await desk.shows("yes, declare for our agency"))
        assert "nobody else is stood up or down by it. 8 of our units are still committed, 5 at the" in asked
        assert "and 2 more. We lead: offer the lead on first. Still at work: SCAS. 2 of our tasks" in asked

    told(story, size=size, session=led_by_us())


@pytest.mark.parametrize("size", SIZES)
def test_who_closes_reads_what_is_left_open(size: tuple[int, int]) -> None:
    session = led_by_us()
    for key, unit in session.look().state.resources.units.items():
        session.happens(unit.controlling, Release(key))
    for agency in ("LAS", "SCAS"):
        session.happens(agency, Declare(agency, "stand_down"), "tactical_commander")
    opens = session.look().state.tasks.rows.values()
    mine = next(task for task in opens if task.raised_by == "LAS" and task.state == "accepted")
    session.happens(mine.agency, Finish(mine.id, "open"))

    async def story(desk: Desk) -> None:
        await desk.press(":")
        await desk.type("close")
        await desk.press("enter")
        lines = await desk.shows("▲ Close the incident")
        said = " ".join(" ".join(lines).split())
        assert "4 tasks are open: SCAS-T1, SCAS-T2, LAS-T2, OWN LAS-T1." in said
        assert f"1 task waits for our verification: {mine.number}." in said
        await desk.press("y")
        await desk.hides("▲ Close the incident")
        assert isinstance(desk.session.submitted[-1][1], Close)

    told(story, size=size, session=session)
