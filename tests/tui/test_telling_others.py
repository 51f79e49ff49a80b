"""METHANE and messages at the screen: the keys they take, what a letter changes, and what is acknowledged where."""

from __future__ import annotations

import pytest

from incident.kernel.receipts import Acknowledge
from incident.messages.facts import Send
from incident.methane import current, methane
from incident.methane.facts import Publish, Report
from incident.values import Location
from incident_tui.screens.room.screen import Room
from tests.tui import world
from tests.tui.desk import Desk, told
from tests.tui.world import FakeSession

BRIDGE = Report(Location("M25 J15", "TQ 0402 7829"), "rtc", "coach", total=48, p1=6)


def seat_with(*commands: object, agency: str = "SCAS") -> FakeSession:
    """A seat of LAS, to which another agency has said something."""
    session = FakeSession()
    for command in commands:
        session.happens(agency, command)
    return session


def test_the_first_takes_its_key_the_type_and_sending(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(world, "_reports", lambda _given: None)  # nobody has sent one yet

    async def story(desk: Desk) -> None:
        await desk.press("m")
        await desk.shows("METHANE to every party", "16 of 16  type to find")
        await desk.press(*"road", "enter", "ctrl+s")
        assert isinstance(desk.last, Publish)
        assert desk.last.report.type == "rtc"
        assert desk.last.report.location == desk.session.look().state.organisation.location
        desk.session.confirm()
        version = current(methane(desk.session.look().state))
        assert version is not None
        assert (version.name, version.kind) == ("v1", "METHANE"), "LAS has declared"

    told(story)


def test_one_letter_of_a_further_one_takes_four_keys() -> None:
    async def story(desk: Desk) -> None:
        desk.room.go("methane")
        await desk.shows("v3 now", "48 estimated", "E  present")
        await desk.press("c", *"60", "enter")
        assert isinstance(desk.last, Publish)
        assert (desk.last.report.total, desk.last.report.p1) == (60, 6)
        await desk.press("m")
        await desk.shows("METHANE to every party", "M25 J15")

    told(story, session=seat_with(Publish(BRIDGE)))


def test_a_methane_is_acknowledged_on_its_own_board_by_the_key_of_every_screen() -> None:
    async def story(desk: Desk) -> None:
        desk.room.go("methane")
        await desk.shows("v3 now")
        await desk.press("a")
        version = current(methane(desk.session.look().state))
        assert version is not None
        assert desk.last == Acknowledge((f"methane/{version.id}",))

    told(story, session=seat_with(Publish(BRIDGE)))


def test_a_message_to_us_is_counted_acknowledged_and_answered() -> None:
    async def story(desk: Desk) -> None:
        await desk.press("8")
        await desk.shows("the A4 is shut", "UNREAD")
        await desk.press("a")
        assert isinstance(desk.last, Acknowledge)
        await desk.press("y")
        await desk.shows("Answer")
        await desk.press(*"ok", "enter")
        assert isinstance(desk.last, Send)
        assert (desk.last.to, desk.last.text) == ("SCAS", "ok")
        assert desk.last.reply_to

    told(story, session=seat_with(Send("the A4 is shut", "LAS", priority="urgent")))


def test_a_new_message_takes_its_key_the_agency_and_the_text() -> None:
    async def story(desk: Desk) -> None:
        await desk.press("8", "c")
        await desk.shows("New message")
        await desk.press(*"scas", "tab", *"hello", "enter")
        assert desk.last == Send("hello", "SCAS")

    told(story)


def test_both_boards_fit_the_smallest_terminal() -> None:
    async def story(desk: Desk) -> None:
        assert isinstance(desk.room, Room)
        await desk.press("8")
        await desk.shows("the A4 is shut", "8")
        desk.room.go("methane")
        await desk.shows("v3 now", "about 48 casualties")

    told(story, size=(80, 24), session=seat_with(Publish(BRIDGE), Send("the A4 is shut", "LAS")))
