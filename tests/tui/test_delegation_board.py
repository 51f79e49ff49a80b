"""Stories at the board of what is lent, and of a broken glass as it reaches a room that had no part in it."""

from __future__ import annotations

import pytest

from incident.alarms.facts import Acknowledge
from incident.delegation.facts import Delegate, EndDelegation, RecordGlass
from incident.kernel.slice import Actor
from incident.log.facts import Write
from tests.incident.given import INCIDENT_STREAM, MINUTE, Given, opened
from tests.tui import world
from tests.tui.desk import Desk, told
from tests.tui.world import FakeSession

KIM = Actor("Kim", "LAS", "tactical_commander")
ANN = Actor("Ann Lee", "LAS", "observer")


async def line(desk: Desk, words: str) -> None:
    await desk.press(":")
    await desk.type(words)
    await desk.press("enter")


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
def test_a_role_is_lent_by_a_form_and_taken_back_by_a_key(size: tuple[int, int]) -> None:
    seat = FakeSession(me=KIM)
    seat.present = {"LAS": ("Kim", "Ann Lee")}

    async def story(desk: Desk) -> None:
        await line(desk, "delegation")
        await desk.shows("Nobody acts in a role that was lent")
        await desk.press("p")
        await desk.shows("Ann Lee", "4h", "5 of 5")
        await line_of_form(desk)
        assert isinstance(desk.last, Delegate)
        assert (desk.last.to, desk.last.role) == ("Ann Lee", "operator")
        assert desk.last.until - desk.session.at == 4 * 60 * MINUTE
        desk.session.confirm()
        await desk.shows("for 4 h more")
        await desk.press("X")
        await desk.type("the desk is manned")
        await desk.press("enter")
        assert desk.last == EndDelegation("LAS", "Ann Lee", "operator", "the desk is manned")
        desk.session.confirm()
        await desk.shows("taken back")

    told(story, size, seat)


async def line_of_form(desk: Desk) -> None:
    """The role by its letter, the colleague who is there and the length as they stand, and the reason."""
    await desk.press(*"control")
    await desk.press("tab", "tab", "tab")
    await desk.type("two desks are empty")
    await desk.press("enter")


def lent() -> Given:
    given = opened("SCAS", "SECAMB").by("LAS", "tactical_commander", "Kim")
    return given.did(Delegate("LAS", "Ann Lee", "loggist", given.now + 60 * MINUTE, "our loggist is away"))


def test_who_was_lent_a_role_writes_at_once_and_gives_it_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(world, "busy_incident", lent)

    async def story(desk: Desk) -> None:
        await desk.shows("OBSERVER + LOGGIST")
        await desk.press("5", "l")
        await desk.type("the A4 is shut")
        await desk.press("enter")
        assert desk.last == Write("the A4 is shut")
        await desk.press("escape")
        await line(desk, "invite LFB")
        await desk.shows("lacks the grant organisation.invite")
        await line(desk, "undelegate Ann Lee")
        assert desk.last == EndDelegation("LAS", "Ann Lee", "loggist")

    told(story, session=FakeSession(me=ANN))


def broken() -> Given:
    given = opened("SCAS", "SECAMB")
    given.system().did(
        RecordGlass("SCAS", "R Osei", "K Dale", "operator", "nobody can sign in", given.now + 60 * MINUTE)
    )
    return given.by("LAS")


def test_a_broken_glass_of_another_agency_is_an_alarm_here_until_all_have_said_that_they_know(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(world, "busy_incident", broken)

    async def story(desk: Desk) -> None:
        await desk.press("1")
        await desk.shows("BREAK GLASS: R Osei and K Dale of SCAS")
        await line(desk, "alarms")
        await desk.shows("▲ BREAK GLASS: R Osei and K Dale of SCAS")
        await line(desk, "heard BREAK GLASS")
        (key,) = desk.last.keys
        assert desk.last == Acknowledge((key,), desk.last.words)
        desk.session.confirm()
        await desk.shows("BREAK GLASS: R Osei and K Dale of SCAS", "heard ")
        await line(desk, "delegation")
        await desk.shows("R Osei and K Dale", "BREAK GLASS")
        assert desk.session.stream == INCIDENT_STREAM

    told(story)
