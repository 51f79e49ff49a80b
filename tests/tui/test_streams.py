"""What a stream tells once the disk has its records: of one state at a time, and of none too early or never."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, cast

from incident.kernel.record import Record
from incident.kernel.replica import Replica
from incident.kernel.slice import Actor
from incident.state import INCIDENT, MODELS
from incident_tui import streams as streams_module
from incident_tui.cache import Cache
from incident_tui.link import Link
from incident_tui.streams import Owner, Streams
from incident_tui.watched import SNAPSHOT_EVERY, SNAPSHOT_SECONDS, Watched

STREAM = "incident/00000000-0000-7000-8000-000000000000"


class Disk:
    """A cache whose disk writes when it is told to."""

    def __init__(self) -> None:
        self.waiting: list[Callable[[], None]] = []
        self.snapshots = 0

    def store(self, _stream: str, _records: Sequence[Record], stored: Callable[[], None]) -> None:
        self.waiting.append(stored)

    def store_snapshot(self, _stream: str, _snapshot: Any) -> None:
        self.snapshots += 1

    def write(self) -> None:
        waiting, self.waiting = self.waiting, []
        for stored in waiting:
            stored()


class Told:
    """An owner that keeps which states it was told of."""

    def __init__(self) -> None:
        self.states: list[Any] = []

    def stored(self, _watched: Watched, state: Any) -> None:
        self.states.append(state)


class Scene:
    """One stream, its owner, its disk and a clock."""

    def __init__(self) -> None:
        self.disk, self.told, self.now = Disk(), Told(), 0.0
        cache, link = cast("Cache", self.disk), cast("Link", None)
        self.streams = Streams(cast("Owner", self.told), MODELS, link, cache, lambda: self.now)
        self.watched = Watched(Replica(INCIDENT, STREAM, Actor("desk", "LAS", "operator")))

    def records(self, count: int, state: Any) -> None:
        """So many records have come; the confirmed state is this one now."""
        replica = self.watched.replica
        replica.cursor += count
        replica.confirmed = state
        self.streams._store(self.watched, cast("tuple[Record, ...]", (None,) * count))


def test_a_state_is_told_of_when_its_records_are_on_the_disk_and_not_before() -> None:
    scene = Scene()
    scene.records(1, "first")
    assert scene.told.states == []
    scene.disk.write()
    assert scene.told.states == ["first"]


def test_while_the_disk_is_slow_one_state_waits_and_the_last_is_told_of_in_the_end() -> None:
    scene = Scene()
    for number in range(100):
        scene.records(1, number)
    assert scene.watched.unreported == (1, 0), "one state is kept, not a hundred"
    scene.disk.write()
    assert scene.told.states == [0, 99]
    assert scene.watched.unreported is None


def test_records_that_never_cease_do_not_put_it_off_for_ever() -> None:
    scene = Scene()
    for number in range(50):
        scene.records(1, number)
        if number >= 5:  # the disk is always so far behind
            scene.disk.waiting.pop(0)()
    assert len(scene.told.states) >= 8
    assert scene.told.states == sorted(scene.told.states)


def test_a_whole_state_is_written_seldom_however_much_comes() -> None:
    scene = Scene()
    state = INCIDENT.initial()
    assert streams_module.SNAPSHOT_EVERY == SNAPSHOT_EVERY
    for _ in range(10):
        scene.records(SNAPSHOT_EVERY, state)
    assert scene.disk.snapshots == 1
    scene.now += SNAPSHOT_SECONDS
    scene.records(1, state)
    assert scene.disk.snapshots == 2
