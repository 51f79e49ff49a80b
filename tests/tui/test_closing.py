"""What is closed to us is not kept: the copy goes from screen and disk to the last byte, what a person wrote stays.

The files are read byte for byte: the test of the wipe fails without VACUUM, and without the checkpoint after it.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, Self, cast

import msgspec
import pytest

from incident.kernel.protocol import (
    Accepted,
    Done,
    Error,
    Listing,
    Records,
    Refused,
    Submit,
    Unwatch,
    Watch,
    Watching,
)
from incident.kernel.record import Record, chained, encode_body, genesis
from incident.kernel.replica import Replica, StateWord, StoreSnapshot
from incident.kernel.slice import Actor, Refusal
from incident.log.facts import Write
from incident.organisation.facts import OpenOwn
from incident.sharing.facts import Share
from incident.state import INCIDENT, MODELS
from incident.state import OWN as OWN_MODEL
from incident_tui import cache_file
from incident_tui.cache import Cache, CardItem
from incident_tui.closing import LOST, NOT_DELETED
from incident_tui.lent import CUT_SECONDS
from incident_tui.link import Link
from incident_tui.seat import take_seat
from incident_tui.streams import Owner, Streams
from incident_tui.watched import Watched, load
from tests.incident.given import INCIDENT_STREAM, T0, Given, charter, cid, opened
from tests.on_disk import every_byte
from tests.running import run
from tests.tui.rooms import until
from tests.tui.test_streams import Line

CANARY = "CANARY7f3a-the-coach-is-blue"
OTHER = "KEPT55aa-another-incident"
MINE = "MINE91bb-what-I-wrote-myself"
OWN = f"{INCIDENT_STREAM}/own/SCAS"
ELSEWHERE = INCIDENT_STREAM.replace("01a8", "01b8")
ME = Actor("Sam", "SCAS", "operator")


class Told:
    """An owner that keeps what it was told."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.closings: list[tuple[str, ...]] = []
        self.cards: list[tuple[Any, str]] = []
        self.over: list[tuple[str, int]] = []
        self.asides: list[Any] = []

    def say(self, _severity: str, sentence: str) -> None:
        self.said.append(sentence)

    def closed(self, streams: tuple[str, ...], sentence: str) -> None:
        self.closings.append(streams)
        self.said.append(sentence)

    def refused(self, watched: Watched, card: Any, words: str) -> None:
        self.cards.append((card, words))

    def done(self, command_id: str, seq: int) -> None:
        self.over.append((command_id, seq))

    def aside(self, errand: Any) -> None:
        self.asides.append(errand)

    def touch(self) -> None: ...
    def stored(self, _watched: Watched, _state: Any) -> None: ...
    def confirmed(self, _watched: Watched, _records: Any) -> None: ...
    def older(self, _stream: str, _records: Any, _prev: str) -> bool:
        return True


def history(text: str, count: int, stream: str = INCIDENT_STREAM) -> Given:
    given = opened("SCAS", title=f"M4 {text}")
    for number in range(count):
        given.did(Write(f"{text} {number} " + "x" * (number % 900)))
    if stream == INCIDENT_STREAM:
        return given
    rest, prev = [], genesis(stream)
    for record in given.records:
        prev = chained(prev, stream, record)
        rest.append(msgspec.structs.replace(record, hash=prev))
    given.records, given.stream = rest, stream
    return given


class Desk:
    """Streams over a real file of a seat and a line of the test's own."""

    def __init__(self, folder: Path, seat: int | None = None) -> None:
        self.folder = folder
        self.told, self.line, self.now = Told(), Line(), 0.0
        self.cache = Cache(take_seat(folder, seat), lambda: 1_000, retry_seconds=0.05)
        self.streams = Streams(
            cast("Owner", self.told), MODELS, cast("Link", self.line), self.cache, lambda: self.now
        )

    async def __aenter__(self) -> Self:
        await self.cache.open()
        return self

    async def __aexit__(self, *_exc: object) -> None:
        await self.cache.close()

    async def holds(self, given: Given, *, snapshot: bool = True) -> Watched:
        """A stream that was brought up to date, with a state written down and records behind it."""
        watched = await self.streams.hold(given.stream, ME, charter())
        assert watched is not None
        self.streams.receive(
            Records(stream=given.stream, prev=genesis(given.stream), records=list(given.records))
        )
        self.streams.receive(Watching(stream=given.stream, seq=len(given.records)))
        if snapshot:
            self.streams.snap(watched)
        await self.cache.disk.flush()
        return watched

    def submit(self, watched: Watched, number: int, text: str = MINE) -> str:
        command_id = f"00000000-0000-7000-8000-{number:012d}"
        frame = Submit(
            stream=watched.stream,
            command_id=command_id,
            type="log.write",
            body=encode_body({"text": f"{text} {number}"}),
            written_at=T0 + 10**9,
        )
        assert self.streams.submit(watched, frame) is None
        return command_id

    def again(self) -> None:
        """A new line: every stream is asked about anew."""
        self.streams.line_lost()
        self.streams.line_up()

    def closes(self, stream: str = INCIDENT_STREAM, code: str = "not_party") -> None:
        self.streams.receive(Error(code=code, sentence="No.", stream=stream))

    async def wiped(self) -> None:
        await self.cache.disk.flush()

    def sent(self) -> list[str]:
        return [frame.command_id for frame in self.line.of(Submit)]


def cut(desk: Desk, seconds: float) -> None:
    """There has been no line for so long."""
    desk.line.up = False
    desk.streams.lent.cut_off()
    desk.now += seconds


# -- byte for byte ------------------------------------------------------------------------------------------------


def test_not_a_byte_of_what_is_closed_stays_on_the_disk_and_all_of_the_rest_does(tmp_path: Path) -> None:
    async def scene() -> None:
        async with Desk(tmp_path) as desk:
            await desk.holds(history(CANARY, 300))
            await desk.holds(history(OTHER, 50, ELSEWHERE))
            for number in range(30):  # states written over one another leave their pages behind
                desk.cache.store_snapshot(
                    INCIDENT_STREAM,
                    StoreSnapshot(INCIDENT.snapshot(history(f"{CANARY} {number}", 3).view), 10, "0" * 64),
                )
            await desk.cache.disk.flush()
            assert CANARY.encode() in every_byte(tmp_path)
            desk.closes()
            await desk.wiped()
            left = every_byte(tmp_path)
            assert CANARY.encode() not in left
            assert OTHER.encode() in left
            assert desk.cache.streams == {ELSEWHERE}
            assert (await desk.cache.stream(INCIDENT_STREAM)) == (None, [])
            assert desk.streams.held.keys() == {ELSEWHERE}
        assert CANARY.encode() not in every_byte(tmp_path)
        async with Desk(tmp_path) as desk:
            watched = await load(desk.cache, INCIDENT, ELSEWHERE, ME, charter())
            assert watched.replica.cursor == len(history(OTHER, 50, ELSEWHERE).records)

    run(scene())


def test_records_that_wait_for_a_slow_disk_are_not_written_after_the_wipe(tmp_path: Path) -> None:
    async def scene() -> None:
        async with Desk(tmp_path) as desk:
            given = history(CANARY, 100)
            await desk.streams.hold(given.stream, ME, charter())
            desk.streams.receive(
                Records(stream=given.stream, prev=genesis(given.stream), records=given.records)
            )
            desk.closes()  # nothing has been written yet
            await desk.wiped()
            assert CANARY.encode() not in every_byte(tmp_path)
            assert desk.cache.streams == set()

    run(scene())


def test_a_wipe_that_was_cut_short_is_finished_at_the_next_opening(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def killed(_self: Any) -> None:
        await asyncio.sleep(3600)

    async def scene() -> None:
        async with Desk(tmp_path) as desk:
            await desk.holds(history(CANARY, 200))
        with monkeypatch.context() as patch:
            patch.setattr(cache_file.CacheFile, "wipe", killed)
            desk = Desk(tmp_path)
            await desk.cache.open()
            await desk.streams.hold(INCIDENT_STREAM, ME, charter())
            desk.closes()
            await asyncio.sleep(0.4)
            assert desk.cache.disk._writer is not None
            desk.cache.disk._writer.cancel()
            assert desk.cache.disk.file is not None
            await desk.cache.disk.file.close()
            assert desk.cache.seat is not None
            desk.cache.seat.lock.free()
        async with Desk(tmp_path) as desk:
            await desk.wiped()
            assert CANARY.encode() not in every_byte(tmp_path)
            assert desk.cache.streams == set()

    run(scene())


def test_the_other_seats_of_the_desk_are_cleared_when_nobody_sits_there(tmp_path: Path) -> None:
    async def scene() -> None:
        async with Desk(tmp_path, seat=2) as second:
            await second.holds(history(CANARY, 50))
            listed = [
                Listing(INCIDENT_STREAM, 1, {"title": CANARY}),
                Listing(ELSEWHERE, 2, {"title": "the barge is adrift"}),
            ]
            second.cache.note("meta", "directory", msgspec.json.encode(listed).decode())
        async with Desk(tmp_path, seat=1) as desk:
            await desk.holds(history(CANARY, 50))
            desk.closes()
            await desk.wiped()
            await desk.cache.discard_elsewhere((INCIDENT_STREAM,))
            assert CANARY.encode() not in every_byte(tmp_path)
        async with Desk(tmp_path, seat=2) as second:
            kept = msgspec.json.decode(second.cache.meta["directory"], type=list[Listing])
            assert kept == listed[1:], "a start there without a line opens what is left"

    run(scene())


# -- what a person wrote --------------------------------------------------------------------------------------------


def test_what_was_written_and_not_sent_waits_for_its_answer_and_becomes_a_card_in_its_authors_words(
    tmp_path: Path,
) -> None:
    async def scene() -> None:
        async with Desk(tmp_path) as desk:
            watched = await desk.holds(history(CANARY, 20))
            desk.line.takes = False
            first = desk.submit(watched, 1)
            await desk.cache.disk.flush()
            saving = desk.submit(watched, 2)  # not on the disk yet when the stream is closed
            desk.line.takes = True
            desk.closes()
            assert desk.sent() == [first]
            await until(lambda: saving in desk.sent(), what="the second is on the disk, so it is sent")
            assert set(desk.cache.outbox) == {first, saving}
            left = desk.streams.held[INCIDENT_STREAM]
            assert (left.closed, left.replica.cursor) == (True, 0)
            assert "(2) is kept" in desk.told.said[-1]
            desk.streams.receive(
                Refused(stream=INCIDENT_STREAM, command_id=first, code="unknown_stream", sentence="No.")
            )
            ((card, words),) = desk.told.cards
            assert f"{MINE} 1" in words
            assert CANARY not in words
            assert card.submit.command_id == first
            desk.streams.receive(
                Accepted(stream=INCIDENT_STREAM, done=[Done(saving, 40, 40)])
            )  # it had been in the log before
            assert saving not in desk.cache.outbox
            assert INCIDENT_STREAM not in desk.streams.held
            await desk.wiped()
            assert CANARY.encode() not in every_byte(tmp_path)
        async with Desk(tmp_path) as desk:
            assert MINE.encode() in every_byte(tmp_path)

    run(scene())


def test_a_card_of_before_keeps_its_authors_words_and_nobody_elses(tmp_path: Path) -> None:
    async def scene() -> None:
        async with Desk(tmp_path) as desk:
            watched = await desk.holds(history(CANARY, 5))
            frame = Submit(
                stream=watched.stream,
                command_id="00000000-0000-7000-8000-000000000009",
                type="log.write",
                body=encode_body({"text": MINE}),
                written_at=T0,
            )
            refusal = Refusal("held", f"{CANARY} has it.", {"holder": CANARY}, conflict=True)
            desk.cache.refuse(CardItem(frame, refusal, T0, f"answers {CANARY}"))
            await desk.cache.disk.flush()
            desk.closes()
            await desk.wiped()
            (card,) = desk.cache.cards.values()
            assert MINE in card.text
            assert CANARY not in f"{card}"
            assert CANARY.encode() not in every_byte(tmp_path)
            assert MINE.encode() in every_byte(tmp_path)

    run(scene())


def test_after_a_restart_what_waits_is_still_sent_to_what_is_closed(tmp_path: Path) -> None:
    async def scene() -> None:
        async with Desk(tmp_path) as desk:
            watched = await desk.holds(history(CANARY, 5))
            command_id = desk.submit(watched, 1)
            await desk.cache.disk.flush()
            desk.closes()
            await desk.wiped()
        async with Desk(tmp_path) as desk:
            assert list(desk.cache.outbox) == [command_id]
            watched_again = await desk.streams.hold(INCIDENT_STREAM, ME, charter())
            assert watched_again is not None
            assert [frame.cursor for frame in desk.line.of(Watch)] == [0]
            desk.closes(code="unknown_stream")
            assert desk.sent() == [command_id]

    run(scene())


# -- on which word ----------------------------------------------------------------------------------------------------


def test_a_server_that_does_not_know_the_stream_costs_no_copy(tmp_path: Path) -> None:
    """It may have been restored from an old backup, and the rooms hold the last copy."""

    async def scene() -> None:
        async with Desk(tmp_path) as desk:
            watched = await desk.holds(history(OTHER, 30))
            desk.closes(code="unknown_stream")
            assert desk.told.said == [], "a page that was asked for in the moment before it was closed to us"
            desk.again()
            desk.closes(code="unknown_stream")
            await desk.wiped()
            assert desk.told.said == [LOST]
            assert desk.streams.held[INCIDENT_STREAM] is watched
            assert watched.replica.cursor == len(history(OTHER, 30).records)
            assert OTHER.encode() in every_byte(tmp_path)

    run(scene())


def test_what_is_on_the_disk_and_not_on_the_list_is_asked_about_with_its_newest_record(
    tmp_path: Path,
) -> None:
    async def scene() -> None:
        gone, kept = history(CANARY, 30), history(OTHER, 5, ELSEWHERE)
        async with Desk(tmp_path) as desk:
            await desk.holds(gone)
            await desk.holds(kept)
        async with Desk(tmp_path) as desk:
            desk.streams.unlisted.listed([ELSEWHERE])
            await desk.streams.unlisted.probe()
            asked = [(frame.stream, frame.cursor, frame.hash) for frame in desk.line.of(Watch)]
            assert asked == [(INCIDENT_STREAM, len(gone.records), gone.records[-1].hash)]
            desk.closes(code="unknown_stream")
            assert desk.cache.streams == {INCIDENT_STREAM, ELSEWHERE}, "it does not know it: kept"
            desk.streams.receive(Watching(stream=INCIDENT_STREAM, seq=3))
            assert [frame.stream for frame in desk.line.of(Unwatch)] == [INCIDENT_STREAM], (
                "it is open: left alone"
            )
            desk.closes()
            await desk.wiped()
            assert desk.told.closings == [(INCIDENT_STREAM,)]
            assert CANARY.encode() not in every_byte(tmp_path)
            assert desk.cache.streams == {ELSEWHERE}

    run(scene())


async def look_beside(desk: Desk, *listed: str) -> list[tuple[str, int, str]]:
    """A new line and its first list; answers what was asked about then."""
    desk.streams.unlisted.line_up()
    desk.line.frames.clear()
    desk.streams.unlisted.listed(listed)
    await desk.streams.unlisted.look_beside()
    await desk.streams.unlisted.probe()
    return [(frame.stream, frame.cursor, frame.hash) for frame in desk.line.of(Watch)]


async def clear_beside(desk: Desk) -> None:
    """What a session does when streams are closed."""
    for streams in desk.told.closings:
        await desk.cache.discard_elsewhere(streams, desk.streams.unlisted.beside)


@pytest.mark.parametrize("snapshot", [False, True])
def test_what_lies_at_a_free_seat_alone_is_asked_about_and_goes_on_not_party(
    tmp_path: Path, snapshot: bool
) -> None:
    """Somebody looked on at seat 4 and left; the client at seat 1 never held it. Fails without `look_beside`."""

    async def scene() -> None:
        gone, kept = history(CANARY, 30), history(OTHER, 5, ELSEWHERE)
        async with Desk(tmp_path, seat=4) as fourth:
            await fourth.holds(gone, snapshot=snapshot)
            await fourth.holds(kept)
        last = (len(gone.records), gone.records[-1].hash)
        async with Desk(tmp_path, seat=1) as desk:
            assert await look_beside(desk, ELSEWHERE) == [(INCIDENT_STREAM, *last)]
            desk.closes(code="unknown_stream")
            await clear_beside(desk)
            assert CANARY.encode() in every_byte(tmp_path), "it does not know it: kept"
            for errand in desk.told.asides:
                await errand()
            assert await look_beside(desk, ELSEWHERE) == [(INCIDENT_STREAM, *last)]
            desk.closes()
            await clear_beside(desk)
            assert desk.told.closings == [(INCIDENT_STREAM,)]
            assert CANARY.encode() not in every_byte(tmp_path)
            assert OTHER.encode() in every_byte(tmp_path)
            assert b"held on to" not in every_byte(tmp_path)
            assert await look_beside(desk, ELSEWHERE) == []
            assert desk.cache.notices == []

    run(scene())


def test_what_a_free_seat_alone_has_is_not_deleted_because_another_stream_is_closed(tmp_path: Path) -> None:
    """The server was restored: it has the incident, and less of our own part than lies at seat 4."""

    async def scene() -> None:
        async with Desk(tmp_path, seat=4) as fourth:
            await fourth.holds(history(CANARY, 5))
            await fourth.holds(own_part(MINE))
        async with Desk(tmp_path, seat=1) as desk:
            assert [stream for stream, *_ in await look_beside(desk)] == [INCIDENT_STREAM, OWN]
            desk.closes()
            desk.closes(OWN, "unknown_stream")
            await clear_beside(desk)
            for errand in desk.told.asides:
                await errand()
            await desk.cache.discard_elsewhere((INCIDENT_STREAM, OWN))
            assert CANARY.encode() not in every_byte(tmp_path)
            assert MINE.encode() in every_byte(tmp_path)

    run(scene())


def test_the_files_beside_are_read_when_the_list_is_new_or_has_lost_something_and_at_no_seat_that_is_sat_at(
    tmp_path: Path,
) -> None:
    async def scene() -> None:
        async with Desk(tmp_path, seat=1) as desk:
            async with Desk(tmp_path, seat=4) as fourth:
                await fourth.holds(history(CANARY, 5))
                assert await look_beside(desk) == [], "it is theirs to clean"
            beside = desk.streams.unlisted
            beside.listed([ELSEWHERE])
            await beside.look_beside()
            assert beside.beside == {}, "nothing has left the list"
            beside.listed([])
            await beside.look_beside()
            assert list(beside.beside) == [INCIDENT_STREAM]
            for number in range(20):
                beside.beside[INCIDENT_STREAM.replace("01a8", f"{number:04x}")] = (1, "0" * 64)
            beside._theirs = list(beside.beside)
            desk.line.frames.clear()
            for asked in (8, 16, 21):
                beside.listed([])  # another list: what waits to be asked about still does
                await beside.probe()
                assert len(desk.line.of(Watch)) == asked

    run(scene())


def test_a_list_kept_at_a_free_seat_leaves_no_title_of_what_is_not_listed_any_more(tmp_path: Path) -> None:
    async def scene() -> None:
        async with Desk(tmp_path, seat=4) as fourth:
            listed = [Listing(ELSEWHERE, 3, {"title": CANARY}), Listing(INCIDENT_STREAM, 2, {"title": OTHER})]
            fourth.cache.note("meta", "directory", msgspec.json.encode(listed).decode())
        async with Desk(tmp_path, seat=1) as desk:
            await look_beside(desk, ELSEWHERE, INCIDENT_STREAM)
            assert CANARY.encode() in every_byte(tmp_path)
            await look_beside(desk, INCIDENT_STREAM)
            assert CANARY.encode() not in every_byte(tmp_path)
            assert OTHER.encode() in every_byte(tmp_path), "and the title of what is listed stays"

    run(scene())


def test_the_parts_of_what_is_closed_go_with_it(tmp_path: Path) -> None:
    async def scene() -> None:
        async with Desk(tmp_path) as desk:
            await desk.holds(history(CANARY, 5))
            own = [_record("organisation.own_opened", {"incident_id": "x"}), _record("x", {"text": CANARY})]
            desk.cache.store(OWN, own)
            await desk.cache.disk.flush()
            desk.closes()
            await desk.wiped()
            assert set(desk.told.closings[0]) == {INCIDENT_STREAM, OWN}
            assert desk.cache.streams == set()
            assert CANARY.encode() not in every_byte(tmp_path)

    run(scene())


def own_part(text: str) -> Given:
    """Our own part of the incident, with words of ours in it; nobody else has a copy."""
    given = Given(OWN_MODEL, OWN).by("SCAS").did(OpenOwn())
    for number in range(20):
        given.did(Write(f"{text} {number}"))
    return given


@pytest.mark.parametrize("restarted", [False, True])
@pytest.mark.parametrize("code", ["unknown_stream", "diverged"])
def test_a_part_that_was_said_to_be_kept_does_not_go_with_the_whole(
    tmp_path: Path, code: str, restarted: bool
) -> None:
    """The server was restored and lacks our own log: here is the last copy. Then we are put out of the incident."""

    async def scene() -> None:
        async with Desk(tmp_path) as desk:
            await desk.holds(history(CANARY, 5))
            part = await desk.holds(own_part(MINE))
            desk.again()
            desk.closes(OWN, code)
            assert "opy" in desk.told.said[-1]
            if not restarted:
                desk.closes()
                await kept(desk)
                assert desk.streams.held[OWN] is part
                assert part.replica.cursor == len(own_part(MINE).records)
        async with Desk(tmp_path) as desk:
            if restarted:
                desk.streams.unlisted.listed([])
                await desk.streams.unlisted.probe()
                desk.closes()
                await kept(desk)
            watched = await load(desk.cache, OWN_MODEL, OWN, ME, charter())
            assert watched.replica.cursor == len(own_part(MINE).records)

    async def kept(desk: Desk) -> None:
        await desk.wiped()
        assert desk.told.closings == [(INCIDENT_STREAM,)], "what is cleared elsewhere and not shown any more"
        assert "Not deleted is what the server does not have as this desk has it (1)." in desk.told.said[-1]
        assert desk.cache.streams == {OWN}
        left = every_byte(tmp_path)
        assert CANARY.encode() not in left
        assert MINE.encode() in left

    run(scene())


def test_what_another_seat_holds_on_to_is_not_cleared_from_here(tmp_path: Path) -> None:
    async def scene() -> None:
        async with Desk(tmp_path, seat=2) as second:
            await second.holds(history(CANARY, 5))
            await second.holds(own_part(MINE))
            listed = msgspec.json.encode([Listing(OWN, 3), Listing(ELSEWHERE, 2)]).decode()
            second.cache.note("meta", "directory", listed)
            second.again()
            second.closes(OWN, "unknown_stream")
        async with Desk(tmp_path, seat=1) as desk:
            await desk.cache.discard_elsewhere((OWN,))
            assert listed.encode() in every_byte(tmp_path), "what is held on to can be opened there"
            await desk.cache.discard_elsewhere((INCIDENT_STREAM, OWN))
            assert CANARY.encode() not in every_byte(tmp_path)
            assert MINE.encode() in every_byte(tmp_path)

    run(scene())


def test_another_history_than_the_servers_is_kept_although_we_are_put_out(tmp_path: Path) -> None:
    async def scene() -> None:
        async with Desk(tmp_path) as desk:
            watched = await desk.holds(history(OTHER, 5))
            seq = watched.replica.cursor
            other = history(f"{OTHER} again", 9)
            digest = other.records[seq - 1].hash
            desk.streams.receive(Records(stream=INCIDENT_STREAM, prev=digest, records=other.records[seq:]))
            assert watched.diverged
            desk.closes()
            await desk.wiped()
            assert desk.told.said[-1] == NOT_DELETED
            assert desk.told.closings == []
            assert desk.streams.held[INCIDENT_STREAM] is watched
            assert OTHER.encode() in every_byte(tmp_path)

    run(scene())


def test_what_the_server_has_again_goes_when_it_is_closed(tmp_path: Path) -> None:
    """Restored from an older backup and then from the newest: its *not_party* names our newest record."""

    async def scene() -> None:
        async with Desk(tmp_path) as desk:
            await desk.holds(history(CANARY, 5))
            part = await desk.holds(own_part(CANARY))
            desk.again()
            for stream in (INCIDENT_STREAM, OWN):
                desk.closes(stream, "unknown_stream")
            desk.again()
            desk.streams.receive(Watching(stream=OWN, seq=part.replica.cursor))
            desk.closes()
            await desk.wiped()
            assert set(desk.told.closings[0]) == {INCIDENT_STREAM, OWN}
            assert CANARY.encode() not in every_byte(tmp_path)
            assert not [name for name in desk.cache.meta if name.startswith("held on")]

    run(scene())


def _record(type_: str, body: dict[str, str]) -> Record:
    return Record(
        seq=1 if type_ != "x" else 2,
        command_id="00000000-0000-7000-8000-000000000001",
        type=type_,
        v=1,
        body=encode_body(body),
        actor="Sam",
        agency="SCAS",
        role="operator",
        written_at=T0,
        recorded_at=T0,
        salt="00" * 16,
        hash="0" * 64,
    )


def test_cut_off_a_looker_on_deletes_its_copy_when_the_agreement_is_over(tmp_path: Path) -> None:
    async def scene() -> None:
        given = history(CANARY, 5).by("LAS", "tactical_commander").did(Share("NWAS", "view", 60, "standby"))
        until_ = given.view.sharing.agreements["NWAS"].until
        async with Desk(tmp_path) as desk:
            watched = await desk.holds(given)
            party = Watched(Replica(INCIDENT, ELSEWHERE, ME, charter()))
            party.replica.restore(None, given.records, ())
            desk.streams.held[ELSEWHERE] = party
            watched.replica.actor = Actor("Kim", "NWAS", "operator")
            cut(desk, CUT_SECONDS)
            desk.streams.close_what_is_over(until_ - 1)
            assert desk.told.closings == []
            desk.streams.close_what_is_over(until_)
            await desk.wiped()
            assert desk.told.closings == [(INCIDENT_STREAM,)]
            assert list(desk.streams.held) == [ELSEWHERE], "a party keeps its copy while it is cut off"

    run(scene())


def test_cut_off_a_copy_that_this_client_cannot_read_to_its_end_is_kept(tmp_path: Path) -> None:
    """A newer client may have written that the agreement was made longer: this one cannot know."""

    async def scene() -> None:
        given = history(OTHER, 5).by("LAS", "tactical_commander").did(Share("NWAS", "view", 60, "standby"))
        until_ = given.view.sharing.agreements["NWAS"].until
        newer = msgspec.structs.replace(
            given.records[-1], seq=len(given.records) + 1, command_id=cid(9_999), type="sharing.prolonged"
        )
        newer = msgspec.structs.replace(newer, hash=chained(given.records[-1].hash, INCIDENT_STREAM, newer))
        given.records.append(newer)
        async with Desk(tmp_path) as desk:
            watched = await desk.holds(given, snapshot=False)
            watched.replica.actor = Actor("Kim", "NWAS", "operator")
            assert watched.replica.frozen_slices
            cut(desk, CUT_SECONDS)
            desk.streams.close_what_is_over(until_ + 10**9)
            await desk.wiped()
            assert desk.told.closings == []
            assert OTHER.encode() in every_byte(tmp_path)

    run(scene())


@pytest.mark.parametrize("code", ["unknown_stream", "diverged"])
def test_cut_off_what_was_said_to_be_kept_is_kept_when_the_agreement_is_over(
    tmp_path: Path, code: str
) -> None:
    async def scene() -> None:
        given = history(OTHER, 5).by("LAS", "tactical_commander").did(Share("NWAS", "view", 60, "standby"))
        async with Desk(tmp_path) as desk:
            watched = await desk.holds(given)
            watched.replica.actor = Actor("Kim", "NWAS", "operator")
            desk.again()
            desk.closes(code=code)
            cut(desk, CUT_SECONDS)
            said = list(desk.told.said)
            desk.streams.close_what_is_over(given.view.sharing.agreements["NWAS"].until)
            assert desk.told.closings == []
            assert desk.told.said == said

    run(scene())


def test_what_is_opened_to_us_again_is_fetched_anew(tmp_path: Path) -> None:
    async def scene() -> None:
        given = history(CANARY, 5)
        async with Desk(tmp_path) as desk:
            watched = await desk.holds(given)
            command_id = desk.submit(watched, 1)
            await desk.cache.disk.flush()
            desk.closes()
            desk.line.frames.clear()
            desk.streams.listed((INCIDENT_STREAM,))
            assert [(frame.stream, frame.cursor) for frame in desk.line.of(Watch)] == [(INCIDENT_STREAM, 0)]
            desk.streams.receive(
                Records(stream=INCIDENT_STREAM, prev=genesis(INCIDENT_STREAM), records=given.records)
            )
            desk.streams.receive(Watching(stream=INCIDENT_STREAM, seq=len(given.records)))
            again = desk.streams.held[INCIDENT_STREAM]
            assert (again.closed, again.replica.cursor) == (False, len(given.records))
            assert again.replica.pending[command_id].word is StateWord.SENT
            await desk.cache.disk.flush()
            snapshot, records = await desk.cache.stream(INCIDENT_STREAM)
            assert snapshot is None
            assert len(records) == len(given.records), "the wipe did not take what came after it"

    run(scene())
