"""An incident that is closed to us leaves the screen, whatever stood there: lists, a form, a question, notices."""

from __future__ import annotations

import pytest

from incident.kernel.slice import Actor
from incident.organisation.facts import Open
from incident.sharing.facts import Share
from incident.state import INCIDENT
from incident_tui.feed import LogFeed
from incident_tui.screens.log.lines import detail
from tests.incident.given import INCIDENT_STREAM, MINUTE, OWN_STREAM, Given
from tests.tui.desk import Desk, told
from tests.tui.world import FakeSession, own_part

OTHER = INCIDENT_STREAM.replace("01a8", "01b8")
WORDS = ("M4/M25", "coach", "RVP")


def closed(desk: Desk) -> None:
    """What a session does when the server says that it is not open to us any more."""
    session = desk.session
    for stream in (INCIDENT_STREAM, OWN_STREAM):
        session.held.pop(stream, None)
    session.stream, session.feed = "", LogFeed((), lambda *_: False, lambda: 0)
    session.closings += 1
    type(session).incidents = property(lambda _self: ())  # type: ignore[assignment, method-assign]
    session.say("alarm", "An incident is no longer open to your agency. The copy on this desk is deleted.")
    session.touch()


@pytest.mark.parametrize("keys", [("1",), ("4", "down", "t"), ("d",), ("ctrl+p",)])
def test_nothing_of_it_stays_on_the_screen(keys: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    """Fails when `Voice.forget` does not put the form away, or does not clear what was said."""
    monkeypatch.setattr(FakeSession, "incidents", FakeSession.incidents)

    async def story(desk: Desk) -> None:
        desk.session.say("caution", "the coach is blue")
        await desk.shows("the coach is blue")
        await desk.press(*keys)
        closed(desk)
        await desk.shows("no longer open to your agency")
        await desk.hides(*WORDS, "the coach is blue")
        assert desk.room.form is None
        assert not desk.room.has_class("-asking")
        assert not any("coach" in notice.sentence for notice in desk.app.kept)

    told(story)


@pytest.mark.parametrize("keys", [("1",), ("4", "down", "t"), ("d",)])
def test_nothing_of_it_stays_where_another_incident_is_opened_by_itself(keys: tuple[str, ...]) -> None:
    """It was the only other one. Fails when `Voice.stroke` looks at nothing but whether an incident is open."""

    async def story(desk: Desk) -> None:
        desk.session.say("caution", "the coach is blue")
        await desk.shows("the coach is blue")
        await desk.press(*keys)
        session = desk.session
        session.held.pop(OWN_STREAM)
        session.held.pop(INCIDENT_STREAM)
        session.closings += 1
        session.stream, session.feed = OTHER, LogFeed((), lambda *_: False, lambda: 0)
        type(session).incidents = property(lambda _self: ())  # type: ignore[assignment, method-assign]
        session.say(
            "alarm", "An incident is no longer open to your agency. The copy on this desk is deleted."
        )
        await desk.shows("no longer open to your agency", "Flood at Teddington")
        await desk.hides(*WORDS, "the coach is blue")
        assert desk.room.form is None
        assert not any("coach" in notice.sentence for notice in desk.app.kept)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(FakeSession, "incidents", FakeSession.incidents)
        other = Given(INCIDENT, OTHER).by("LAS").did(Open("Flood at Teddington", "exercise"))
        told(story, session=FakeSession(more={OTHER: other}))


# -- another agency's own part -----------------------------------------------------------------------------------


def looker_on(tier: str = "assist") -> FakeSession:
    """A seat of SCAS, with which LAS shares its own part."""
    theirs = own_part().by("LAS", "tactical_commander").later(30)
    theirs.did(Share("SCAS", tier, 60, "which crews we asked for"))  # type: ignore[arg-type]
    session = FakeSession(me=Actor("EOC", "SCAS", "operator"), more={OWN_STREAM: theirs})
    assert session.at < theirs.now + 60 * MINUTE
    return session


THEIRS = ("relief crews asked for", "Call in the night shift")


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
def test_anothers_own_part_stands_in_the_log_and_among_the_tasks_marked_with_whose_it_is(
    size: tuple[int, int],
) -> None:
    async def story(desk: Desk) -> None:
        await desk.press("4")
        await desk.shows("OWN of LAS · Call" if size[0] > 80 else "OWN of LAS")
        await desk.press("5", "end")
        await desk.shows("OWN of LAS · shares its own part with SCAS")
        await desk.type("/is:shared")
        await desk.press("enter")
        await desk.shows("OWN of LAS · relief crews asked for", "OWN of LAS · asks LAS: LAS-T1 Call in")

    told(story, size=size, session=looker_on())


@pytest.mark.parametrize("keys", [("5",), ("4", "u"), ("1",)])
def test_at_the_end_anothers_own_part_leaves_the_screen_and_the_incident_stays(keys: tuple[str, ...]) -> None:
    """Also a form about a task of it, and what was said. Fails when `Voice.forget_part` does nothing."""

    async def story(desk: Desk) -> None:
        desk.session.say("caution", "relief crews asked for at Waterloo")
        await desk.shows("relief crews asked for")
        await desk.press("4")
        await desk.shows("OWN of LAS · Call")
        while (found := desk.room.front.row()) is None or found[0] not in desk.session.look().shown[
            OWN_STREAM
        ].tasks.rows:
            await desk.press("down")
        await desk.press(*keys)
        if "u" in keys:
            assert desk.room.form is not None
        desk.session.held.pop(OWN_STREAM)
        desk.session.notices.clear()
        desk.session.feed.shows({})
        desk.session.closings += 1
        desk.session.say("alarm", "LAS's own part of an incident is no longer open to your agency.")
        await desk.shows("no longer open to your agency")
        await desk.hides(*THEIRS)
        assert desk.room.form is None
        assert not any("relief" in notice.sentence for notice in desk.app.kept)
        assert desk.session.stream == INCIDENT_STREAM

    told(story, session=looker_on())


def test_of_our_own_part_each_line_says_who_sees_it() -> None:
    alone, shared_ = FakeSession(), FakeSession(more={OWN_STREAM: looker_on().world[OWN_STREAM]})
    for session, words in ((alone, "our agency only"), (shared_, "our agency, and by agreement SCAS")):
        line = next(line for line in session.log().lines if line.own)
        assert dict(detail(line, session.look()))["seen by"].text == words
        session.later(2 * 60 * 60)
        assert dict(detail(line, session.look()))["seen by"].text == "our agency only"
    line = next(line for line in looker_on().log().lines if line.part)
    assert dict(detail(line, looker_on().look()))["seen by"].text == "LAS, and our agency by agreement"
