"""A call in an exercise is shown whole as it comes; a line that is cut is read in full under the list."""

from __future__ import annotations

from incident.log.facts import Write
from incident_tui.screens.room.calls import LOOKED_AT, Calls
from incident_tui.screens.room.unread import Unread
from tests.tui.desk import Desk, told
from tests.tui.world import OWN_STREAM, FakeSession

CALL = (
    "999 caller, a driver, by phone: it is on the ANTICLOCKWISE side, past the M4 slip road, "
    + "and more " * 12
)


def called(session: FakeSession, text: str, name: str = "excon") -> None:
    session.happens("LAS", Write(text), stream=OWN_STREAM, name=name)


def test_what_was_there_before_is_not_told_and_each_call_is_told_once() -> None:
    session = FakeSession()
    heard: list[str] = []
    calls = Calls(heard.append)
    calls.hear(session.log().last_own(20), session.stream, session.now())
    assert heard == []
    called(session, CALL)
    called(session, "a colleague's own line", name="Kim")
    for _ in range(3):
        calls.hear(session.log().last_own(20), session.stream, session.now())
    assert heard == [CALL.strip()]


def test_a_call_is_told_however_much_else_comes_with_it() -> None:
    session = FakeSession()
    heard: list[str] = []
    calls = Calls(heard.append)
    calls.hear(session.log().last_own(LOOKED_AT), session.stream, session.now())
    called(session, "a call")
    for number in range(LOOKED_AT + 1):
        session.happens("SCAS", Write(f"line {number}"))
    calls.hear(session.log().last_own(LOOKED_AT), session.stream, session.now())
    assert heard == ["a call"]


def test_what_is_fetched_from_long_ago_does_not_ring() -> None:
    """The lines of a room that is entered late arrive after the room is there."""
    session = FakeSession()
    heard: list[str] = []
    calls = Calls(heard.append)
    calls.hear((), session.stream, session.now())
    called(session, "an old call")
    session.later(600)
    called(session, "a call")
    calls.hear(session.log().last_own(LOOKED_AT), session.stream, session.now())
    assert heard == ["a call"]


def test_a_call_comes_up_and_stays_among_the_notices() -> None:
    async def story(desk: Desk) -> None:
        await desk.shows("METHANE v2")
        called(desk.session, CALL)
        await desk.shows("ANTICLOCKWISE side")
        await desk.press("!")
        await desk.shows("999 caller, a driver")

    told(story)


def test_a_line_of_the_log_that_is_cut_is_read_in_full_under_the_list() -> None:
    long = "the sector commander says " + "that the verge is soft and " * 7 + "END OF IT"

    async def story(desk: Desk) -> None:
        desk.session.happens("SCAS", Write(long))
        desk.session.happens("SCAS", Write("short"))
        await desk.press("5")
        await desk.shows("short")
        await desk.hides("END OF IT")
        await desk.press("up")
        await desk.shows("END OF IT")
        await desk.press("down")
        await desk.hides("END OF IT")

    told(story, size=(80, 24))


def test_an_example_in_a_form_says_that_it_is_one() -> None:
    async def story(desk: Desk) -> None:
        await desk.press("4", "t")
        await desk.shows("e.g. 15m, 1h30 or 14:45")

    told(story)


def test_one_key_leads_through_the_unread_lines_of_our_own_and_the_tab_counts_them() -> None:
    async def story(desk: Desk) -> None:
        await desk.shows("METHANE v2")
        called(desk.session, "first call")
        called(desk.session, "second call", name="Kim")
        await desk.shows("Log ✉2")
        await desk.press("'")
        await desk.shows("first call", "1 more unread: ' leads on.", "Log ✉1")
        await desk.press("'")
        await desk.shows("second call", "That was the last one unread.")
        await desk.hides("Log ✉")
        await desk.press("'")
        await desk.shows("No line of our own part of the log is unread.")

    told(story)


def test_what_stood_on_the_log_is_read_when_one_leaves_it_and_ones_own_lines_are_never_unread() -> None:
    async def story(desk: Desk) -> None:
        await desk.shows("METHANE v2")
        called(desk.session, "mine", name=desk.session.me.name)
        called(desk.session, "one")
        called(desk.session, "two")
        await desk.shows("Log ✉2")
        await desk.press("5")
        await desk.shows("two")
        await desk.press("1")
        await desk.hides("Log ✉")

    told(story)


def test_lines_of_before_that_come_after_the_room_are_read() -> None:
    """A room that is entered late gets its log page by page."""
    session = FakeSession()
    unread = Unread()
    unread.look((), session.stream, "EOC desk 2", session.look().now)
    assert unread.look(session.log().last_own(200), session.stream, "EOC desk 2", session.look().now) == 0
    session.later(1)
    called(session, "a call")
    assert unread.look(session.log().last_own(200), session.stream, "EOC desk 2", session.look().now) == 1
