"""Stories at the boards of commanders and of comms: the frequent acts from the row under the cursor, by keys."""

from __future__ import annotations

import pytest

from incident.commanders.facts import HandOver, TakeRole
from incident.comms import facts as f
from incident.organisation.facts import Declare
from tests.incident.given import Given, opened
from tests.tui import world
from tests.tui.desk import Desk, told


def declared() -> Given:
    """Three trusts, one declaration, and not a role or a channel yet."""
    return opened("SCAS", "SECAMB").later(2).did(Declare("LAS", "declared")).later(5)


@pytest.fixture(autouse=True)
def nothing_arranged_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(world, "busy_incident", declared)


async def line(desk: Desk, words: str) -> None:
    await desk.press(":")
    await desk.type(words)
    await desk.press("enter")


async def confirmed(desk: Desk) -> None:
    desk.session.confirm()
    await desk.hides("requested")


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
def test_a_vacant_role_is_filled_and_handed_over_by_few_keys(size: tuple[int, int]) -> None:
    async def story(desk: Desk) -> None:
        await line(desk, "commanders")
        await desk.shows("Tactical commander", "▲ vacant")
        await desk.press("p")
        await desk.type("J Smith 020 7946 0000")
        await desk.press("enter")
        await desk.shows("J Smith, requested")  # a claim is a wish until the server has it
        assert desk.last == TakeRole("LAS", "tactical", "J Smith", "020 7946 0000")
        await confirmed(desk)
        await desk.press("h", "v", "tab")
        await desk.type("A Patel 020 7946 0001")
        await desk.press("enter")
        await desk.shows("A Patel, requested")
        assert desk.last == HandOver("LAS", "tactical", "A Patel", "020 7946 0001", verbal=True)
        await confirmed(desk)

    told(story, size)


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
def test_a_talkgroup_is_set_and_tested_and_a_call_goes_unanswered_twice(size: tuple[int, int]) -> None:
    async def story(desk: Desk) -> None:
        await line(desk, "comms")
        await desk.shows("▲ no control-room tal")
        await line(desk, "talkgroup ICC-1 number=1001")
        await desk.shows("ICC-1")
        assert desk.last == f.SetLink("ICC-1", "1001")
        await confirmed(desk)
        await desk.press("g", "y")
        await desk.shows("1 of 3")
        assert isinstance(desk.last, f.TestChannel)
        assert desk.last.worked
        await line(desk, "unanswered SCAS rang out")
        desk.session.confirm()
        await line(desk, "unanswered SCAS")
        await desk.shows("▲ no answer 2x")
        assert desk.last == f.ReportUnanswered("SCAS")

    told(story, size)
