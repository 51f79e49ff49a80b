"""Streams: who sees them, how a client comes to hold one, and that nothing is lost, doubled or told too early."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed

from incident.kernel import protocol
from incident.kernel.protocol import Accepted, Claims, Directory, Error, Page, Records, Refused, Watching
from incident.kernel.replica import Replica
from incident.kernel.slice import Actor
from server import channel, joining, sequencer, session
from server.store import StoreError
from server.store.memory import MemoryDisk, MemoryStore
from server.wire import buffered
from tests.running import run
from tests.server.house import BOARD, Guest, House, chained_from_genesis, house, soon, submitted
from tests.server.toy import BOARD as RULES
from tests.server.toy import Give, Open, Oust, Take, Write

LAS = Actor("Desk", "LAS", "operator")


def replica_of(guest: Guest, stream: str = BOARD) -> Replica:
    """What a client makes of everything it has heard."""
    replica = Replica(RULES, stream, LAS)
    for frame in guest.heard:
        if isinstance(frame, Records) and frame.stream == stream:
            replica.receive(frame)
        elif isinstance(frame, tuple):
            replica.receive_page(*frame)
    return replica


# -- who may see ----------------------------------------------------------------------------------------------


def test_what_is_not_yours_is_answered_as_what_is_not_there() -> None:
    async def scene() -> None:
        async with house() as home:
            await home.opened("LAS")
            async with home.guest("KENT") as spy:
                said: dict[str, list[Any]] = {}
                for stream in (BOARD, "board/nothing"):
                    watched = await spy.watch(stream)
                    assert isinstance(watched, Error)
                    await spy.say(Page(stream=stream))
                    paged = await spy.until(Error)
                    refused = await spy.do(Write("x"), stream)
                    said[stream] = [
                        (watched.code, watched.sentence),
                        (paged.code, paged.sentence),
                        (refused.code, refused.sentence, refused.facts),
                    ]
                assert said[BOARD] == said["board/nothing"]
                for stream in (f"{BOARD}/own/LAS", "board/nothing/own/LAS", "shelf/LAS", "elsewhere/x"):
                    assert isinstance(await spy.watch(stream), Error)
            assert set(home.hub.sequencers) == {BOARD}
            assert set(home.hub._channels) <= {BOARD}

    run(scene())


def test_a_refused_opening_leaves_no_trace() -> None:
    async def scene() -> None:
        async with house() as home:
            async with home.guest(role="reader") as guest:
                refused = await guest.do(Open(("LAS",)), "board/new")
                assert refused.code == "no_grant"
            assert not home.hub.sequencers
            assert not home.hub.store.heads()

    run(scene())


def test_an_own_part_may_be_watched_while_it_is_still_empty() -> None:
    async def scene() -> None:
        async with house() as home:
            await home.opened("LAS")
            own = f"{BOARD}/own/LAS"
            async with home.guest() as guest:
                assert isinstance(await guest.watch(own), Watching)
                assert (await guest.do(Write("ours"), own)).last == 1
                await guest.until(Records, lambda frame: frame.stream == own)
                chained_from_genesis(own, guest.records[own])

    run(scene())


def test_one_agencys_own_part_and_shelf_are_for_no_other_party() -> None:
    async def scene() -> None:
        async with house() as home:
            await home.opened("LAS", "SCAS")
            async with home.guest("LAS") as las, home.guest("SCAS") as scas:
                for stream in (f"{BOARD}/own/LAS", "shelf/LAS"):
                    assert (await las.do(Write("ours alone"), stream)).last == 1
                    assert isinstance(await las.watch(stream), Watching)
                    assert (await scas.watch(stream)).code == "unknown_stream"
                    assert (await scas.do(Write("x"), stream)).code == "unknown_stream"
                    await scas.say(Page(stream=stream))
                    assert (await scas.until(Error)).code == "unknown_stream"
                await asyncio.sleep(0.2)  # whatever would be told, has been
                await scas.say(protocol.Heartbeat(sent_at=6))
                await scas.until(protocol.Heartbeat, lambda frame: frame.echo == 6)
                listed = [frame for frame in scas.heard if isinstance(frame, Directory)][-1]
                assert [one.stream for one in listed.streams] == [BOARD]
                assert not [frame for frame in scas.heard if b"ours alone" in protocol.encode(frame)]

    run(scene())


def test_who_is_party_no_longer_gets_no_more() -> None:
    async def scene() -> None:
        async with house() as home:
            await home.opened("LAS", "SCAS")
            async with home.guest("LAS") as las, home.guest("SCAS") as scas:
                await scas.watch()
                await scas.watch(f"{BOARD}/own/SCAS")
                await las.do(Oust("SCAS"))
                lost = {(await scas.until(Error)).stream for _ in range(2)}
                assert lost == {BOARD, f"{BOARD}/own/SCAS"}
                directory = await scas.until(Directory)
                assert directory.streams == []
                await las.do(Write("between us"))
                assert (await scas.do(Write("x"))).code == "not_open"
                heard = [r for r in scas.records[BOARD] if b"between us" in bytes(r.body)]
                assert heard == []

    run(scene())


def test_the_directory_tells_of_new_streams_at_once_and_of_summaries_soon() -> None:
    async def scene() -> None:
        async with house() as home:
            async with home.guest("SCAS") as scas, home.guest("LAS") as las:
                assert (await scas.until(Directory)).streams == []
                await las.do(Open(("LAS", "SCAS")))
                listed = await scas.until(Directory)
                assert [(one.stream, one.summary["notes"]) for one in listed.streams] == [(BOARD, 0)]
                await las.do(Write("x"))
                listed = await scas.until(Directory)
                assert [(one.seq, one.summary["notes"]) for one in listed.streams] == [(2, 1)]
            # what did not change is not told again
            async with home.guest("SCAS") as scas:
                await scas.until(Directory)
                home.hub.lists._changed = True
                await asyncio.sleep(0.3)
                await scas.say(protocol.Heartbeat(sent_at=3))
                await scas.until(protocol.Heartbeat, lambda frame: frame.echo == 3)
                assert sum(isinstance(frame, Directory) for frame in scas.heard) == 1

    run(scene())


# -- coming to hold a stream ----------------------------------------------------------------------------------


def test_a_client_resumes_at_its_cursor_from_memory_and_from_the_store(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(channel, "RECENT_RECORDS_MAX", 20)
    monkeypatch.setattr(joining, "PORTION", 7)

    async def scene() -> None:
        async with house() as home:
            await home.opened("LAS")
            async with home.guest() as writer:
                for n in range(30):
                    await writer.do(Write(f"{n}", parts=1 + n % 3))
            head = home.hub.durable(BOARD).seq
            full = home.hub.store.load(BOARD)
            hashes = {record.seq: (record.hash, record.command_id) for record in full}
            ends = [n for n in hashes if n == head or hashes[n][1] != hashes[n + 1][1]]
            for cursor in ends[::5]:
                async with home.guest() as guest:
                    watching = await guest.watch(cursor=cursor, hash_=hashes[cursor][0])
                    assert watching.seq == head
                    got = [record.seq for record in guest.records.get(BOARD, ())]
                    assert got == list(range(cursor + 1, head + 1))
                    prevs = [
                        (frame.prev, frame.records[0].seq)
                        for frame in guest.heard
                        if isinstance(frame, Records)
                    ]
                    assert all(prev == hashes[seq - 1][0] for prev, seq in prevs if seq > 1)

    run(scene())


def test_a_short_break_is_made_good_from_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scene() -> None:
        async with house() as home:
            await home.opened("LAS")
            await home.written(20)
            records = list(home.hub.store.load(BOARD))
            monkeypatch.setattr(home.hub.store, "read", None)  # whoever asks the store for it fails
            async with home.guest() as guest:
                assert isinstance(await guest.watch(cursor=11, hash_=records[10].hash), Watching)
                assert guest.records[BOARD] == records[11:]

    run(scene())


def test_a_copy_that_is_not_of_this_history_is_told_so() -> None:
    async def scene() -> None:
        async with house() as home:
            await home.opened("LAS")
            await home.written(3)
            for cursor, hash_ in ((2, "f" * 64), (99, "f" * 64), (0, "f" * 64), (4, "")):
                async with home.guest() as guest:
                    answer = await guest.watch(cursor=cursor, hash_=hash_)
                    assert isinstance(answer, Error)
                    assert answer.code == "diverged"
                    assert guest.records == {}
                    # the connection goes on with its other streams
                    assert isinstance(await guest.watch("shelf/LAS"), Watching)

    run(scene())


def test_a_snapshot_and_the_rest_are_the_same_as_every_record(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(joining, "FAR_BEHIND", 50)
    monkeypatch.setattr(joining, "PIECE_BYTES_MAX", 1_000)

    async def scene() -> None:
        async with house() as home:
            await home.opened("LAS")
            await home.written(120)
            states = RULES.state_versions()
            async with home.guest() as by_records, home.guest() as by_snapshot, home.guest() as by_cache:
                await by_records.watch()
                assert len(by_records.records[BOARD]) == 121
                await by_snapshot.watch(states=states)
                pages = by_snapshot.pages()
                assert len(pages) > 3
                assert BOARD not in by_snapshot.records
                await home.written(5)
                await by_cache.watch(states=states)  # the kept snapshot, and five records
                assert by_cache.pages() == pages
                assert len(by_cache.records[BOARD]) == 5
                for guest in (by_records, by_snapshot):
                    while replica_of(guest).cursor < 126:
                        await guest.next()
                digests = {
                    RULES.digest(replica_of(guest).confirmed) for guest in (by_records, by_snapshot, by_cache)
                }
                assert digests == {RULES.digest(home.hub.durable(BOARD).state)}
                hashes = {replica_of(guest).hash for guest in (by_records, by_snapshot, by_cache)}
                assert hashes == {home.hub.durable(BOARD).hash}
            async with home.guest() as older:  # who does not know the shapes gets the records
                await older.watch(states={"notes": 99})
                assert older.pages() == []
                assert len(older.records[BOARD]) == 126

    run(scene())


def test_many_joiners_build_one_snapshot(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(joining, "FAR_BEHIND", 50)
    built: list[int] = []
    real = joining.paged

    def counted(*args: Any) -> Any:
        built.append(1)
        return real(*args)

    monkeypatch.setattr(joining, "paged", counted)

    async def scene() -> None:
        async with house() as home:
            await home.opened("LAS")
            await home.written(100)

            async def join() -> None:
                async with home.guest() as guest:
                    await guest.watch(states=RULES.state_versions())
                    assert replica_of(guest).cursor == 101

            await asyncio.gather(*(join() for _ in range(20)))
            assert len(built) == 1

    run(scene())


def test_joining_while_others_write_leaves_no_gap_and_nothing_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(joining, "PORTION", 5)
    monkeypatch.setattr(channel, "RECENT_RECORDS_MAX", 10)
    monkeypatch.setattr(channel, "SLICE_WATCHERS", 2)

    async def scene() -> None:
        async with house() as home:
            await home.opened("LAS")
            await home.written(60)
            stop = asyncio.Event()

            async def write() -> None:
                async with home.guest() as writer:
                    while not stop.is_set():
                        await writer.do(Write("busy", parts=3))

            async def join() -> None:
                async with home.guest() as guest:
                    await guest.watch()
                    for _ in range(3):
                        last = guest.records[BOARD][-1]
                        await guest.watch(cursor=last.seq, hash_=last.hash)  # again, in mid stream
                        await asyncio.sleep(0.01)
                    await guest.until(Records)
                    seqs = [record.seq for record in guest.records[BOARD]]
                    assert sorted(set(seqs)) == list(range(1, seqs[-1] + 1))
                    replica = replica_of(guest)
                    assert replica.diverged is None
                    assert replica.cursor == seqs[-1]

            writing = [asyncio.ensure_future(write()) for _ in range(2)]
            await asyncio.gather(*(join() for _ in range(8)))
            stop.set()
            await asyncio.gather(*writing)

    run(scene())


def test_pages_of_history_are_marked_and_chained() -> None:
    async def scene() -> None:
        async with house() as home:
            await home.opened("LAS")
            await home.written(20)
            async with home.guest() as guest:
                await guest.watch()
                records = guest.records[BOARD]
                await guest.say(Page(stream=BOARD, before=11, limit=4))
                page = await guest.until(Records)
                assert page.history
                assert page.records == records[6:10]
                assert page.prev == records[5].hash
                await guest.say(Page(stream=BOARD, limit=3))
                assert (await guest.until(Records)).records == records[-3:]
                await guest.say(Page(stream=BOARD, before=1))
                assert (await guest.until(Records)).records == []

    run(scene())


def test_a_large_answer_keeps_to_the_frame(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scene() -> None:
        async with house() as home:
            await home.opened("LAS")
            async with home.guest() as writer:
                for _ in range(40):
                    await writer.do(Write("x" * 3_900, parts=10))
            async with home.guest() as guest:
                await guest.watch()
                chained_from_genesis(BOARD, guest.records[BOARD])
                await guest.say(Page(stream=BOARD, limit=500))
                page = await guest.until(Records, lambda frame: frame.history)
                assert 10 < len(page.records) < 40
                assert page.records[-1].seq == 401

    run(scene())


# -- once, in order, after the disk ---------------------------------------------------------------------------


def test_the_same_command_again_gets_the_same_answer_and_one_effect() -> None:
    async def scene() -> None:
        disk = MemoryDisk()
        first: Any = None
        submit = submitted(Write("once"))
        other = submitted(Write("other"), command_id=submit.command_id)
        async with house(MemoryStore(disk)) as home:
            await home.opened("LAS")
            async with home.guest() as guest, home.guest() as again:
                for _ in range(3):
                    await guest.say(submit)
                await again.say(submit)
                first = await again.answer(submit.command_id)
                answers: list[Any] = []
                while len(answers) < 3:
                    await guest.next()
                    frames = [frame for frame in guest.heard if isinstance(frame, Accepted)]
                    answers = [done for frame in frames for done in frame.done]
                assert answers == [first] * 3
                await guest.say(other)
                assert (await guest.answer(submit.command_id)).code == "id_reuse"
        async with house(MemoryStore(disk)) as home:  # after a restart the store is asked
            async with home.guest() as guest:
                await guest.say(submit)
                assert await guest.answer(submit.command_id) == first
                await guest.say(other)
                assert (await guest.answer(submit.command_id)).code == "id_reuse"
            assert home.hub.durable(BOARD).seq == 2

    run(scene())


def test_nothing_is_acknowledged_or_published_before_the_disk_has_it() -> None:
    flushes: list[Any] = []

    async def scene() -> None:
        async with house(MemoryStore(schedule=flushes.append)) as home, home.guest() as guest:
            opening = await guest.submit(Open(("LAS",)))
            await _arrived(home, flushes)
            assert isinstance(await guest.watch(), Error)  # not even the stream is there
            flushes.pop()()
            await guest.answer(opening)
            await guest.watch()
            before = len(guest.heard)
            await guest.submit(Write("x"))
            await guest.submit(Take("HART"))
            await _arrived(home, flushes)
            await guest.say(protocol.Heartbeat(sent_at=1))
            beat = await guest.until(protocol.Heartbeat, lambda frame: frame.echo == 1)
            assert beat.heads == {BOARD: 1}
            assert not [f for f in guest.heard[before:] if isinstance(f, Accepted | Records | Claims)]
            flushes.pop()()
            assert len((await guest.until(Accepted)).done) == 2  # one group, one frame
            assert [record.seq for record in (await guest.until(Records)).records] == [2, 3]

    run(scene())


async def _arrived(home: House, flushes: list[Any]) -> None:
    await soon(lambda: flushes)
    await asyncio.sleep(0.02)


def test_a_failed_commit_answers_nothing_and_says_read_only() -> None:
    fate: list[Any] = [None]

    async def scene() -> None:
        disk = MemoryDisk()
        submit = submitted(Write("perhaps"))
        async with house(MemoryStore(disk, fault=lambda _group: fate[0])) as home:
            await home.opened("LAS")
            async with home.guest() as guest:
                await guest.watch()
                before = len(guest.heard)
                fate[0] = "kept"  # it failed, and is on the disk all the same
                await guest.say(submit)
                beat = await guest.until(protocol.Heartbeat, lambda frame: frame.read_only)
                assert beat.heads == {BOARD: 1}
                await guest.submit(Write("later"))
                await guest.say(protocol.Heartbeat(sent_at=1))
                await guest.until(protocol.Heartbeat, lambda frame: frame.echo == 1)
                assert not [f for f in guest.heard[before:] if isinstance(f, Accepted | Refused | Records)]
            assert len(home.failures) == 1
        fate[0] = None
        async with house(MemoryStore(disk)) as home, home.guest() as guest:
            await guest.say(submit)
            assert (await guest.answer(submit.command_id)).last == 2  # the id answers it

    run(scene())


def test_once_something_is_wrong_with_the_store_no_group_is_answered_any_more() -> None:
    flushes: list[Any] = []

    async def scene() -> None:
        async with house(MemoryStore(schedule=flushes.append)) as home, home.guest() as guest:
            opening = await guest.submit(Open(("LAS",)))
            await _arrived(home, flushes)
            home.hub.failed(StoreError("Counted wrongly."))
            flushes.pop()()
            await guest.until(protocol.Heartbeat, lambda frame: frame.read_only)
            await guest.say(protocol.Heartbeat(sent_at=1))
            await guest.until(protocol.Heartbeat, lambda frame: frame.echo == 1)
            assert not [frame for frame in guest.heard if isinstance(frame, Accepted | Refused)], opening

    run(scene())


def test_a_full_disk_refuses_what_is_new_and_never_what_was_taken_on() -> None:
    async def scene() -> None:
        store = MemoryStore()
        async with house(store) as home:
            await home.opened("LAS")
            submit = submitted(Write("before"))
            async with home.guest() as guest:
                await guest.say(submit)
                done = await guest.answer(submit.command_id)
                store.full = "The disk is nearly full."
                await guest.say(submit)
                assert await guest.answer(submit.command_id) == done
                refused = await guest.do(Write("after"))
                assert (refused.code, refused.sentence) == ("disk_full", "The disk is nearly full.")
                store.full = None
                assert (await guest.do(Write("again"))).last == 3

    run(scene())


def test_a_refusal_that_rests_on_what_may_be_lost_is_not_told_before_the_disk_has_it() -> None:
    flushes: list[Any] = []

    async def scene() -> None:
        async with house(MemoryStore(schedule=flushes.append)) as home, home.guest() as guest:
            for opening in (submitted(Open(("LAS",))), submitted(Open(("LAS",)), "board/two")):
                await guest.say(opening)
                await _arrived(home, flushes)
                flushes.pop()()
                await guest.answer(opening.command_id)
            take = await guest.submit(Take("HART"))
            late = await guest.submit(Take("HART"), "board/two")  # held by the one before, which may be lost
            again = await guest.submit(Open(("LAS",)))  # already so
            await _arrived(home, flushes)
            await guest.say(protocol.Heartbeat(sent_at=4))
            await guest.until(protocol.Heartbeat, lambda frame: frame.echo == 4)
            assert not [f for f in guest.heard if isinstance(f, Refused)]
            flushes.pop()()
            assert (await guest.answer(take)).last == 2
            assert (await guest.answer(late)).code == "claim_held"
            assert (await guest.answer(again)).last == 0

    run(scene())


def test_too_many_commands_at_once_are_refused_as_busy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sequencer, "WAITING_MAX", 3)
    flushes: list[Any] = []

    async def scene() -> None:
        async with house(MemoryStore(schedule=flushes.append)) as home, home.guest() as guest:
            opening = await guest.submit(Open(("LAS",)))
            await _arrived(home, flushes)
            flushes.pop()()
            await guest.answer(opening)
            first = submitted(Write("0"))
            await guest.say(first)
            for n in range(4):
                await guest.submit(Write(f"{n}"))
            await guest.say(first)  # taken on already: waits like its first copy
            refused = [await guest.until(Refused) for _ in range(2)]
            assert {one.code for one in refused} == {"busy"}
            await _arrived(home, flushes)
            flushes.pop()()
            accepted = await guest.until(Accepted)
            assert len(accepted.done) == 4
            assert home.hub.durable(BOARD).seq == 4

    run(scene())


# -- what is held, and what is told ---------------------------------------------------------------------------


def test_a_claim_that_the_disk_does_not_have_is_told_to_nobody() -> None:
    flushes: list[Any] = []

    async def scene() -> None:
        async with house(MemoryStore(schedule=flushes.append)) as home, home.guest() as guest:
            opening = await guest.submit(Open(("LAS",)))
            await _arrived(home, flushes)
            flushes.pop()()
            await guest.answer(opening)
            take = await guest.submit(Take("HART"))
            await _arrived(home, flushes)
            await guest.watch("shelf/LAS")
            assert [frame.held for frame in guest.heard if isinstance(frame, Claims)] == [[]]
            flushes.pop()()
            await guest.answer(take)
            assert [one.key for one in (await guest.until(Claims)).held] == ["thing/HART"]

    run(scene())


def test_claims_are_told_where_the_claim_says_and_hold_across_streams() -> None:
    async def scene() -> None:
        async with house() as home:
            await home.opened("LAS")
            await home.opened("LAS", "SCAS", stream="board/two")
            async with home.guest("LAS") as las, home.guest("SCAS") as scas, home.guest("LAS") as wall:
                await wall.watch("shelf/LAS")
                await las.do(Take("HART"))
                held = (await wall.until(Claims, lambda frame: frame.held)).held
                assert [(one.key, one.stream) for one in held] == [("thing/HART", BOARD)]
                refused = await scas.do(Take("HART"), "board/two")
                assert refused.code == "claim_held"
                assert refused.conflict
                await las.do(Give("HART"))
                assert (await wall.until(Claims)).held == []
                assert (await scas.do(Take("HART"), "board/two")).last == 2

    run(scene())


# -- fan-out --------------------------------------------------------------------------------------------------


def test_one_encoding_serves_all_watchers() -> None:
    async def scene() -> None:
        async with house() as home:
            await home.opened("LAS")
            async with home.guest() as writer:
                guests = []
                stack = [home.guest() for _ in range(30)]
                for one in stack:
                    guests.append(await one.__aenter__())
                for guest in guests:
                    await guest.watch()
                home.hub.tally.encodes = 0
                for n in range(10):
                    await writer.do(Write(f"{n}"))
                for guest in guests:
                    while len(guest.records[BOARD]) < 11:
                        await guest.next()
                assert 1 <= home.hub.tally.encodes <= 10, "fewer when some were joined, never more"
                for one in stack:
                    await one.__aexit__(None, None, None)

    run(scene())


def test_under_load_events_are_joined_and_a_critical_one_does_not_wait(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    critical: list[bytes] = []
    monkeypatch.setattr(
        RULES, "critical", lambda record: any(word in bytes(record.body) for word in critical)
    )

    async def scene() -> None:
        async with house() as home:
            await home.opened("LAS")
            async with home.guest() as writer, home.guest() as guest:
                await guest.watch()
                way = home.hub.channel(BOARD)
                way._took = 5.0  # the last fan-out was dear: the window is as long as it gets
                way._ended = asyncio.get_running_loop().time()
                before = home.hub.tally.encodes
                ids = [await writer.submit(Write(f"{n}")) for n in range(8)]
                await writer.answer(ids[-1])
                joined = await guest.until(Records)
                waited = asyncio.get_running_loop().time() - way._ended
                assert len(joined.records) == 8
                assert home.hub.tally.encodes == before + 1
                assert waited < 2  # the window is bounded, whatever the last one took
                way._took, way._ended = 5.0, asyncio.get_running_loop().time() + 1e6
                critical.append(b"METHANE")
                await writer.do(Write("nothing much"))
                assert way._timer is not None
                await writer.do(Write("METHANE"))
                assert [bytes(r.body) for r in (await guest.until(Records)).records][1].count(b"METHANE")
                assert way._timer is None

    run(scene())


def test_a_watcher_that_does_not_read_is_closed_and_the_others_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "CLOSE_SECONDS", 0.3)

    async def scene() -> None:
        async with house() as home:
            await home.opened("LAS")
            async with home.guest() as writer, home.guest() as reader, home.guest(**home.narrow()) as sleeper:
                await reader.watch()
                await sleeper.watch()
                most = 0
                for n in range(600):  # some 12 MB: past what the sockets hold
                    await writer.do(Write("x" * 3_900, parts=5))
                    for one in home.hub.sessions:
                        most = max(most, buffered(one.connection))
                    while len(reader.records[BOARD]) < 5 * n + 6:
                        await reader.next()
                    if any(one.closing for one in home.hub.sessions):
                        break
                print(f"largest buffer {most:,} bytes")
                assert most < 2 * session.BUFFER_BYTES_MAX
                await soon(
                    lambda: len(home.hub.sessions) == 2
                )  # within CLOSE_SECONDS, whatever the peer does
                chained_from_genesis(BOARD, reader.records[BOARD])
                with pytest.raises(ConnectionClosed):
                    await sleeper.until(Claims, lambda _frame: False)
                assert sleeper.socket.close_code in (4008, 1006)
                assert (await writer.do(Write("we go on"))).last > 0

    run(scene())


def test_a_peer_that_takes_nothing_for_a_while_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "CLOSE_SECONDS", 0.1)
    monkeypatch.setattr("server.hub.BEAT_SECONDS", 0.05)
    waiting = [0]
    monkeypatch.setattr(session, "buffered", lambda _connection: waiting[0])

    async def scene() -> None:
        async with house() as home, home.guest() as guest:
            await asyncio.sleep(0.5)
            assert len(home.hub.sessions) == 1  # idle is not stuck
            waiting[0] = 1_000
            assert await guest.closed() == 4008

    run(scene())


def test_a_fan_out_in_slices_gives_way_and_keeps_the_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(channel, "SLICE_WATCHERS", 3)

    async def scene() -> None:
        async with house() as home:
            await home.opened("LAS")
            stack = [home.guest() for _ in range(10)]
            guests = [await one.__aenter__() for one in stack]
            for guest in guests:
                await guest.watch()
            async with home.guest() as writer:
                ids = [await writer.submit(Write(f"{n}")) for n in range(50)]
                await writer.answer(ids[-1])
            for guest in guests:
                while len(guest.records[BOARD]) < 51:
                    await guest.next()
                chained_from_genesis(BOARD, guest.records[BOARD])
            for one in stack:
                await one.__aexit__(None, None, None)

    run(scene())


# -- leaving --------------------------------------------------------------------------------------------------


def test_a_graceful_stop_finishes_commits_says_goodbye_and_closes_1012() -> None:
    flushes: list[Any] = []

    async def scene() -> None:
        async with house(MemoryStore(schedule=flushes.append)) as home:
            async with home.guest() as guest:
                opening = await guest.submit(Open(("LAS",)))
                await _arrived(home, flushes)
                stopping = asyncio.ensure_future(home.gateway.stop())
                await asyncio.sleep(0.05)
                late = await guest.submit(Write("too late"))
                await asyncio.sleep(0.05)
                assert not stopping.done()
                flushes.pop()()
                assert (await guest.answer(opening)).last == 1
                bye = await guest.until(protocol.Bye)
                assert 500 <= bye.retry_after_ms <= 5_000
                assert await guest.closed() == 1012
                await asyncio.wait_for(stopping, 10)
                assert not [f for f in guest.heard if isinstance(f, Refused)], late
            assert home.hub.durable(BOARD).seq == 1

    run(scene())


def test_a_stop_does_not_wait_for_a_peer_that_does_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.gateway.GOODBYE_SECONDS", 0.5)

    async def scene() -> None:
        async with house() as home:
            await home.opened("LAS")
            async with home.guest(**home.narrow()) as sleeper, home.guest() as writer:
                await sleeper.watch()
                for _ in range(200):
                    await writer.do(Write("x" * 3_900, parts=8))
                    if any(buffered(one.connection) > 200_000 for one in home.hub.sessions):
                        break
                start = asyncio.get_running_loop().time()
                await home.gateway.stop()
                took = asyncio.get_running_loop().time() - start
                print(f"stopped after {took:.2f} s")
                assert took < 9
                sleeper.socket.transport.abort()

    run(scene())


def test_unwatched_is_unheard() -> None:
    async def scene() -> None:
        async with house() as home:
            await home.opened("LAS")
            async with home.guest() as guest, home.guest() as writer:
                await guest.watch()
                await guest.say(protocol.Unwatch(stream=BOARD))
                await guest.say(protocol.Heartbeat(sent_at=9))
                assert (await guest.until(protocol.Heartbeat, lambda frame: frame.echo == 9)).heads == {}
                await writer.do(Write("x"))
                await guest.say(protocol.Heartbeat(sent_at=10))
                await guest.until(protocol.Heartbeat, lambda frame: frame.echo == 10)
                assert len(guest.records[BOARD]) == 1

    run(scene())
