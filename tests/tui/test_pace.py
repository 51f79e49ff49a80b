"""How often the room is shown anew, by a clock of the test's own."""

from __future__ import annotations

import pytest

from incident_tui.screens.picture import screen as picture
from incident_tui.screens.picture.screen import PicturePlace
from incident_tui.screens.place import Seen
from incident_tui.screens.room import screen
from incident_tui.screens.room.pace import LEFT_OUT_MAX, SLOW_MAX, Pace
from tests.tui.desk import Desk, told

PERIOD = 1 / 18


class Machine:
    """Time and processor time, as they pass."""

    def __init__(self) -> None:
        self.now = 100.0
        self.used = 3.0
        self.pace = Pace(lambda: self.now, lambda: self.used)

    def runs(self, seconds: float, *, share: float, stroke: float = 0.002) -> int:
        """The pump strokes so long, while the program takes this share of a core; how many strokes were made."""
        made, end = 0, self.now + seconds
        while self.now < end:
            began = self.now
            if self.pace.due():
                made += 1
                self.now += stroke
                self.pace.done()
            self.now = max(self.now, began + PERIOD)
            self.used += share * (self.now - began)
        return made


def test_a_machine_with_room_shows_every_stroke() -> None:
    assert Machine().runs(10, share=0.1) in range(179, 182)


def test_a_program_that_takes_too_much_is_shown_more_rarely_but_still_several_times_a_second() -> None:
    machine = Machine()
    machine.runs(5, share=0.6)
    assert machine.runs(10, share=0.6) in range(29, 32)
    assert LEFT_OUT_MAX == 5


def test_every_stroke_is_shown_again_once_there_is_room() -> None:
    machine = Machine()
    machine.runs(5, share=0.6)
    machine.runs(3, share=0.1)
    assert machine.runs(10, share=0.1) in range(179, 182)


def test_a_stroke_that_was_not_brought_to_its_end_is_followed_by_the_next() -> None:
    machine = Machine()
    machine.runs(5, share=0.6)
    while not machine.pace.due():
        pass
    assert machine.pace.due()


def test_one_slow_stroke_is_followed_by_a_rest() -> None:
    machine = Machine()
    assert machine.pace.due()
    machine.now += 0.080
    machine.pace.done()
    assert [machine.pace.due() for _ in range(4)] == [False, False, False, True]
    machine.now += 10
    machine.pace.done()
    assert sum(not machine.pace.due() for _ in range(SLOW_MAX + 1)) == SLOW_MAX


def test_changes_at_every_stroke_are_shown_however_long_the_counting_takes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(screen, "COUNT_SECONDS", 0.0)  # as if the next count were due when the last is done
    monkeypatch.setattr(Pace, "due", lambda _pace: True)

    async def story(desk: Desk) -> None:
        await desk.press("2")
        room, shown = desk.room, list[int]()
        feed = room.front.feed

        def noted(seen: Seen) -> None:
            shown.append(desk.session.version)
            feed(seen)

        monkeypatch.setattr(room.front, "feed", noted)
        for _ in range(20):
            desk.session.version += 1
            room.pump()
        room.pump()
        assert len(shown) >= 10
        assert shown[-1] == desk.session.version, "what came last is on the screen"

    told(story)


def test_a_picture_that_is_slow_to_make_rests_longer_but_never_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """At every look something is new; what each laying costs is given here."""

    async def story(desk: Desk) -> None:
        await desk.press("1")
        place = desk.room.front
        assert isinstance(place, PicturePlace)
        for cost, least, most in ((0.001, 38, 41), (0.02, 23, 26), (5.0, 9, 11)):
            now, used, laid = [1_000.0], [0.0], list[float]()

            def lays(
                _seen: Seen, cost: float = cost, used: list[float] = used, laid: list[float] = laid
            ) -> None:
                used[0] += cost
                laid.append(now[0])  # noqa: B023 - called within this turn alone

            monkeypatch.setattr(place, "_lay", lays)
            monkeypatch.setattr(picture.time, "monotonic", lambda now=now: now[0])
            monkeypatch.setattr(picture.time, "thread_time", lambda used=used: used[0])
            place._fed, place._rest = 0.0, 0.25
            seen = desk.room.seen()
            for _ in range(1_000):
                now[0] += 0.01
                place._due, place._seen = True, seen
                place.tick()
            assert least <= len(laid) <= most, f"{cost} s each: {len(laid)} in 10 s"
            monkeypatch.undo()

    told(story)
