"""The bell: once for each new alarm; muted only with a reason that stands in the log, and seen to be muted."""

from __future__ import annotations

import msgspec
import pytest

from incident.log import facts as n
from incident_tui.bell import FORGET_SECONDS, Bell, Muted
from incident_tui.screens.room.keeping import Kept
from incident_tui.widgets.status import Wire, second_line
from tests.incident.given import OWN_STREAM
from tests.tui.desk import Desk, told
from tests.tui.world import FakeSession


def test_each_new_alarm_rings_once() -> None:
    rung: list[int] = []
    bell = Bell(lambda: rung.append(1))
    assert bell.hear(["a", "b"], 0.0)
    assert not bell.hear(["a", "b"], 1.0)
    assert not bell.hear(["b"], 2.0)
    assert bell.hear(["b", "c"], 3.0)
    assert not bell.hear([], 4.0)
    assert len(rung) == 2


def test_one_that_comes_and_goes_is_the_same_until_it_was_gone_for_a_while() -> None:
    bell = Bell(lambda: None)
    assert bell.hear(["a"], 0.0)
    assert not bell.hear([], 1.0)
    assert not bell.hear(["a"], FORGET_SECONDS - 1)
    assert not bell.hear([], FORGET_SECONDS)
    assert bell.hear(["a"], 3 * FORGET_SECONDS)


def test_in_another_incident_every_alarm_is_new() -> None:
    bell = Bell(lambda: None)
    assert bell.hear(["a"], 0.0, "one")
    assert bell.hear(["a"], 1.0, "two")


def test_what_came_while_it_was_muted_does_not_ring_afterwards() -> None:
    rung: list[int] = []
    bell = Bell(lambda: rung.append(1))
    bell.muted = Muted("a test", 0)
    assert not bell.hear(["a"], 0.0)
    bell.muted = None
    assert not bell.hear(["a"], 1.0)
    assert bell.hear(["a", "b"], 2.0)
    assert len(rung) == 1


async def say(desk: Desk, line: str) -> None:
    await desk.press(":")
    await desk.type(line)
    await desk.press("enter")


def test_the_room_rings_for_the_alarms_that_stand_and_again_for_a_new_one() -> None:
    session = FakeSession()

    async def story(desk: Desk) -> None:
        rung: list[int] = []
        desk.app.bell = lambda: rung.append(1)  # type: ignore[method-assign]
        desk.room.voice.hear(desk.session.look())
        assert rung == []  # those that stand were rung for at the start
        desk.session.at += 3 * 60 * 60_000  # everything is overdue now
        desk.room.voice.hear(desk.session.look())
        assert rung == [1]

    told(story, session=session, bell=True)


def test_the_setting_silences_it() -> None:
    async def story(desk: Desk) -> None:
        rung: list[int] = []
        desk.app.bell = lambda: rung.append(1)  # type: ignore[method-assign]
        desk.session.at += 3 * 60 * 60_000
        desk.room.voice.hear(desk.session.look())
        assert rung == []

    told(story, bell=False)


def test_muting_needs_a_reason_which_stands_in_our_log_and_line_two_says_so() -> None:
    async def story(desk: Desk) -> None:
        await say(desk, "mute")
        await desk.shows("Say why: it stands in the log.", ": mute ")
        assert desk.session.submitted == []
        await desk.type("the line to SCAS is tested")
        await desk.press("enter")
        stream, written, _ = desk.session.submitted[-1]
        assert (stream, written) == (
            OWN_STREAM,
            n.Write("mutes the alarm bell: the line to SCAS is tested", ""),
        )
        await desk.shows("bell muted 14:")
        await say(desk, "unmute")
        assert desk.last == n.Write("lets the alarm bell ring again", "")
        await desk.hides("bell muted")
        before = len(desk.session.submitted)
        await say(desk, "unmute")
        await desk.shows("The alarm bell is not muted.")
        assert len(desk.session.submitted) == before

    told(story)


def test_a_muted_bell_is_muted_at_the_next_start_too_and_seen_to_be() -> None:
    async def first(desk: Desk) -> None:
        await say(desk, "mute a test of the siren")
        await desk.press("ctrl+q")

    async def second(desk: Desk) -> None:
        await desk.shows("bell muted")
        assert desk.room.voice.bell.muted is not None

    session = told(first)
    assert msgspec.json.decode(session.views["look"], type=Kept).muted is not None
    told(second, session=session)


def test_with_no_log_to_write_it_in_it_goes_on_ringing() -> None:
    async def story(desk: Desk) -> None:
        await say(desk, "mute because")
        assert desk.room.voice.bell.muted is None
        assert desk.session.submitted == []

    told(story, session=FakeSession(opened_one=False))


@pytest.mark.parametrize("width", [60, 80, 120])
def test_a_muted_bell_is_said_at_every_width(width: int) -> None:
    line = second_line(
        Wire("ISLAND", None, "since 14:29", 418, "LAS", "operator", 2, 3, 1, 12, muted="14:32"), width
    )
    assert "bell muted" in "".join(span.text for span in line)
