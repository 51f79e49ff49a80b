"""What a stream tells once the disk has its records: of one state at a time, and of none too early or never."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, cast

from incident.kernel.protocol import Accepted, Done, Error, Refused, Submit, Watch, Watching
from incident.kernel.record import Record, encode_body
from incident.kernel.replica import Replica, StateWord
from incident.kernel.slice import Actor
from incident.state import INCIDENT, MODELS
from incident_tui import streams as streams_module
from incident_tui.cache import Cache
from incident_tui.link import Link
from incident_tui.streams import ANSWER_SECONDS, Owner, Streams
from incident_tui.watched import SNAPSHOT_EVERY, SNAPSHOT_SECONDS, Watched
from tests.incident.given import T0, charter, opened

STREAM = "incident/00000000-0000-7000-8000-000000000000"


class Disk:
    """A cache whose disk writes when it is told to."""

    def __init__(self) -> None:
        self.waiting: list[Callable[[], None]] = []
        self.snapshots = 0
        self.streams: set[str] = set()
        self.discarded: list[tuple[str, ...]] = []
        self.held_on: set[str] = set()
        self.meta: dict[str, str] = {}

    def note(self, _table: str, name: str, value: str) -> None:
        self.meta[name] = value

    def store(self, _stream: str, _records: Sequence[Record], stored: Callable[[], None]) -> None:
        self.waiting.append(stored)

    def store_snapshot(self, _stream: str, _snapshot: Any) -> None:
        self.snapshots += 1

    def keep(self, _submit: Submit, kept: Callable[[], None]) -> None:
        self.waiting.append(kept)

    def discard(self, streams: tuple[str, ...], _words: Any) -> None:
        self.discarded.append(streams)

    def hold_on(self, stream: str) -> None:
        self.held_on.add(stream)

    def let_go(self, stream: str) -> None:
        self.held_on.discard(stream)

    def holds_on(self, stream: str) -> bool:
        return stream in self.held_on

    def drop(self, _command_id: str) -> None: ...

    def write(self) -> None:
        waiting, self.waiting = self.waiting, []
        for stored in waiting:
            stored()


class Told:
    """An owner that keeps which states it was told of, and what was said."""

    def __init__(self) -> None:
        self.states: list[Any] = []
        self.said: list[str] = []

    def say(self, _severity: str, sentence: str) -> None:
        self.said.append(sentence)

    def touch(self) -> None:
        pass

    def closed(self, _streams: tuple[str, ...], sentence: str) -> None:
        self.said.append(sentence)

    def done(self, _command_id: str, _seq: int) -> None:
        pass

    def stored(self, _watched: Watched, state: Any) -> None:
        self.states.append(state)


class Line:
    """A line that is up, takes frames or not, and keeps them."""

    def __init__(self) -> None:
        self.up, self.takes = True, True
        self.frames: list[Any] = []

    def post(self, frame: Any) -> bool:
        if self.takes:
            self.frames.append(frame)
        return self.takes

    def of(self, kind: type) -> list[Any]:
        return [frame for frame in self.frames if isinstance(frame, kind)]


class Scene:
    """One stream, its owner, its disk, its line and a clock."""

    def __init__(self) -> None:
        self.disk, self.told, self.now = Disk(), Told(), 0.0
        self.line = Line()
        cache, link = cast("Cache", self.disk), cast("Link", self.line)
        self.streams = Streams(cast("Owner", self.told), MODELS, link, cache, lambda: self.now)
        given = opened()
        self.watched = Watched(Replica(INCIDENT, STREAM, Actor("desk", "LAS", "operator"), charter()))
        self.watched.replica.restore(None, given.records, ())
        self.streams.held[STREAM] = self.watched
        self.streams.lent.note = lambda _: None  # type: ignore[method-assign] # states are numbers in here

    def records(self, count: int, state: Any) -> None:
        """So many records have come; the confirmed state is this one now."""
        replica = self.watched.replica
        replica.cursor += count
        replica.confirmed = state
        self.streams._store(self.watched, cast("tuple[Record, ...]", (None,) * count))

    def watching(self) -> None:
        """The server has sent everything."""
        self.streams.receive(Watching(stream=STREAM, seq=self.watched.replica.cursor))

    def error(self, code: str) -> None:
        """The server says no to the stream."""
        self.streams.receive(Error(code=code, sentence="No.", stream=STREAM))

    def writes(self, number: int) -> str:
        """A person writes a line in the log; it is on the disk."""
        command_id = f"00000000-0000-7000-8000-{number:012d}"
        body = encode_body({"text": f"entry {number}"})
        submit = Submit(stream=STREAM, command_id=command_id, type="log.write", v=1, body=body, written_at=T0)
        assert self.streams.submit(self.watched, submit) is None
        self.disk.write()
        return command_id


def test_a_state_is_told_of_when_its_records_are_on_the_disk_and_not_before() -> None:
    scene = Scene()
    scene.records(1, "first")
    assert scene.told.states == []
    scene.disk.write()
    assert scene.told.states == ["first"]


def test_while_the_disk_is_slow_one_state_waits_and_the_last_is_told_of_in_the_end() -> None:
    scene = Scene()
    before = scene.watched.replica.cursor
    for number in range(100):
        scene.records(1, number)
    assert scene.watched.unreported == (before + 1, 0), "one state is kept, not a hundred"
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


def test_a_room_that_is_no_longer_party_lets_go_of_it_and_asks_again_when_it_is_listed_again() -> None:
    """Its copy is deleted: tests/tui/test_closing.py."""
    scene = Scene()
    scene.watching()
    command_id = scene.writes(1)
    scene.line.frames.clear()
    scene.error("not_party")
    assert scene.disk.discarded == [(STREAM,)]
    left = scene.streams.held[STREAM]
    assert left is not scene.watched
    assert (left.live, left.absent, left.replica.cursor, left.replica.online) == (False, True, 0, False)
    assert [frame.command_id for frame in scene.line.of(Submit)] == [command_id]
    (sentence,) = scene.told.said
    assert "The copy on this desk is deleted. What was written here and not sent (1) is kept." in sentence
    scene.now += 1
    scene.streams.tick()
    assert scene.line.of(Watch) == [], "it is not asked for without end"
    scene.streams.listed((STREAM,))
    assert [(frame.stream, frame.cursor) for frame in scene.line.of(Watch)] == [(STREAM, 0)]
    scene.streams.receive(Watching(stream=STREAM, seq=0))
    assert left.live
    assert left.replica.online


def test_what_was_written_for_a_stream_that_is_closed_to_us_is_sent_so_that_it_gets_its_card() -> None:
    scene = Scene()
    before = scene.writes(1)
    assert scene.watched.replica.pending[before].word is StateWord.QUEUED
    scene.error("unknown_stream")
    assert scene.disk.held_on == {STREAM}
    assert [frame.command_id for frame in scene.line.of(Submit)] == [before]
    after = scene.writes(2)
    assert scene.line.of(Submit)[-1].command_id == after, "what is written after it, too"
    assert scene.watched.absent
    assert not scene.watched.replica.online


def test_what_the_line_does_not_take_is_queued_and_sent_a_little_later() -> None:
    scene = Scene()
    scene.watching()
    scene.line.takes = False
    command_id = scene.writes(1)
    entry = scene.watched.replica.pending[command_id]
    assert entry.word is StateWord.QUEUED, "it is not on the line"
    scene.line.takes = True
    scene.now += ANSWER_SECONDS + 1
    scene.streams.tick()
    assert [frame.command_id for frame in scene.line.of(Submit)] == [command_id]
    assert entry.word is StateWord.SENT


def test_while_the_server_works_on_a_long_queue_nothing_is_sent_twice_but_what_it_was_too_busy_for() -> None:
    scene = Scene()
    scene.watching()
    waiting = [scene.writes(number) for number in range(1, 31)]

    def sent() -> list[str]:
        return [frame.command_id for frame in scene.line.of(Submit)]

    assert sent() == waiting
    busy, last = waiting[20], waiting[-1]
    for number, command_id in enumerate(waiting[:10]):
        scene.now += 10  # answered one by one, the last after much longer than an answer may take
        if number == 4:
            scene.streams.receive(
                Refused(stream=STREAM, command_id=busy, code="busy", sentence="Not at this moment.")
            )
        scene.streams.receive(Accepted(stream=STREAM, done=[Done(command_id, 0, 0)]))
        scene.streams.tick()
    assert sent() == [*waiting, busy]
    scene.now += ANSWER_SECONDS + 1  # then silence: now it is asked again
    scene.streams.tick()
    assert sent()[-1] == last
    assert len(sent()) == 31 + 20
