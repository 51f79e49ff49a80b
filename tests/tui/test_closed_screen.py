"""An incident that is closed to us leaves the screen, whatever stood there: lists, a form, a question, notices."""

from __future__ import annotations

import pytest

from incident_tui.feed import LogFeed
from tests.incident.given import INCIDENT_STREAM, OWN_STREAM
from tests.tui.desk import Desk, told
from tests.tui.world import FakeSession

WORDS = ("M4/M25", "coach", "RVP")


def closed(desk: Desk) -> None:
    """What a session does when the server says that it is not open to us any more."""
    session = desk.session
    for stream in (INCIDENT_STREAM, OWN_STREAM):
        session.held.pop(stream, None)
    session.stream, session.feed = "", LogFeed((), lambda *_: False, lambda: 0)
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
        assert not any("coach" in repr(notice) for notice in desk.app.kept)

    told(story)
