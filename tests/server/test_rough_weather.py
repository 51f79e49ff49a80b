"""What must hold when people, lines and disks behave badly: found by a review that tried each of these."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from incident.kernel import protocol
from incident.kernel.claims import Holding
from incident.kernel.protocol import Claims, Error, Page, Refused, Watching
from server import admin, channel, conductor, hub, joining, operations
from server.conductor import Conductor
from server.datafolder import init, secret_of
from server.session import Session
from server.store.memory import MemoryDisk, MemoryStore
from tests.running import run
from tests.server.house import BOARD, house, soon, submitted
from tests.server.toy import Open, Oust, SetAlarm, Take, Write

# -- who may see, and who may write ---------------------------------------------------------------------------


def test_who_is_put_out_while_being_brought_up_to_date_gets_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """Their line is slow: they had not been entered as watchers when they lost the right to be."""
    monkeypatch.setattr(joining, "PORTION", 3)
    inside, on = asyncio.Event(), asyncio.Event()
    send = Session.send

    async def slowly(self: Session, frame: bytes, *, text: bool = True) -> None:
        await send(self, frame, text=text)
        if self.actor.agency == "SCAS":
            inside.set()
            await on.wait()

    monkeypatch.setattr(Session, "send", slowly)

    async def scene() -> None:
        async with house() as home, home.guest("LAS") as las:
            await home.opened("LAS", "SCAS")
            await home.written(20)
            monkeypatch.setattr(home.hub.channel(BOARD), "recent", type(home.hub.channel(BOARD).recent)())
            async with home.guest("SCAS") as scas:
                await scas.say(protocol.Watch(stream=BOARD))
                await inside.wait()
                await las.do(Oust("SCAS"))
                await las.do(Write("not for them"))
                on.set()
                said = await scas.until(Error)
                assert (said.code, said.stream) == ("not_party", BOARD)
                await las.do(Write("nor this"))
                await scas.say(protocol.Heartbeat(sent_at=1))
                beat = await scas.until(protocol.Heartbeat, lambda frame: frame.echo == 1)
                assert beat.heads == {}
                assert [record.seq for record in scas.records[BOARD]] == [1, 2, 3]
                assert not [frame for frame in scas.heard if isinstance(frame, Watching)]
            assert not home.hub.channel(BOARD).watchers

    run(scene())


def test_who_is_put_out_while_a_page_is_read_does_not_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scene() -> None:
        async with house() as home, home.guest("LAS") as las, home.guest("SCAS") as scas:
            await home.opened("LAS", "SCAS")
            inside, on = asyncio.Event(), asyncio.Event()
            read_back = home.hub.store.read_back

            async def slowly(*args: Any) -> Any:
                inside.set()
                await on.wait()
                return await read_back(*args)

            monkeypatch.setattr(home.hub.store, "read_back", slowly)
            await scas.say(Page(stream=BOARD))
            await inside.wait()
            await las.do(Oust("SCAS"))
            on.set()
            said = await scas.until(object, lambda frame: isinstance(frame, Error | protocol.Records))
            assert isinstance(said, Error)
            assert said.code == "unknown_stream"

    run(scene())


def test_a_session_that_only_reads_writes_nothing() -> None:
    async def scene() -> None:
        async with house() as home, home.guest(observer=True) as wall:
            await home.opened("LAS")
            said = await wall.do(Write("by a wall display"))
            assert isinstance(said, Refused)
            assert (said.code, said.sentence) == ("observer", "A session that only reads cannot write.")
            assert home.hub.durable(BOARD).seq == 1

    run(scene())


# -- disks, and slips of our own ------------------------------------------------------------------------------


def test_a_disk_that_does_not_answer_is_told_of_and_taken_back_when_it_does(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(hub, "SILENT_SECONDS", 0.2)
    flushes: list[Any] = []

    async def scene() -> None:
        async with house(MemoryStore(schedule=flushes.append)) as home, home.guest() as guest:

            async def read_only() -> bool:
                await guest.say(protocol.Heartbeat(sent_at=1))
                beat = await guest.until(protocol.Heartbeat, lambda frame: frame.echo == 1)
                reader, writer = await asyncio.open_connection("127.0.0.1", home.port)
                writer.write(b"GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n")
                ready = (await reader.readline()).split()[1] == b"200"
                writer.close()
                assert beat.read_only is not ready
                return bool(beat.read_only)

            opening = await guest.submit(Open(("LAS",)))
            assert not await read_only()
            await asyncio.sleep(0.3)
            assert await read_only()
            assert home.failures == []
            flushes.pop()()
            assert (await guest.answer(opening)).last == 1
            assert not await read_only()
            await asyncio.sleep(0.3)
            assert not await read_only()  # nothing waits: silence is no sign

    run(scene())


def test_a_slip_while_a_group_is_taken_ends_the_server_and_answers_nobody_wrongly(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def scene() -> None:
        async with house() as home, home.guest() as guest:
            await home.opened("LAS")

            def slip(_proposals: Any) -> Any:
                raise KeyError("a slip")

            monkeypatch.setattr(home.hub.sequencers[BOARD], "committed", slip)
            await guest.submit(Write("x"))
            beat = await guest.until(protocol.Heartbeat, lambda frame: frame.read_only)
            assert beat.read_only
            assert [failure.sentence for failure in home.failures] == [
                "The server has lost its thread. It must be started again."
            ]
            assert not [frame for frame in guest.heard if isinstance(frame, protocol.Accepted)]

    run(scene())


def test_a_slip_in_one_heartbeat_list_or_stream_stops_none_of_the_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(hub, "BEAT_SECONDS", 0.05)
    slips: list[str] = []

    async def scene() -> None:
        async with house(now=lambda: 9_000) as home, home.guest("LAS") as las, home.guest("SCAS") as scas:
            for stream in ("board/bad", BOARD):
                await las.do(Open(("LAS", "SCAS")), stream)
                await las.do(SetAlarm(5_000), stream)
            heartbeat, refresh = home.hub.heartbeat, home.hub.lists.refresh
            due = type(home.hub.model(BOARD)).due
            bad = home.hub.durable("board/bad").state

            def beat(session: Any, echo: int | None = None) -> bytes:
                if session.actor.agency == "LAS":
                    slips.append("beat")
                    raise KeyError("a slip")
                return heartbeat(session, echo)

            def lists() -> None:
                slips.append("lists")
                raise KeyError("a slip")

            def what_is_due(self: Any, state: Any, now: int) -> Any:
                if state is bad:
                    slips.append("due")
                    raise KeyError("a slip")
                return due(self, state, now)

            monkeypatch.setattr(home.hub, "heartbeat", beat)
            monkeypatch.setattr(home.hub.lists, "refresh", lists)
            monkeypatch.setattr(type(home.hub.model(BOARD)), "due", what_is_due)
            for _ in range(3):
                await scas.until(protocol.Heartbeat)
            await soon(lambda: slips.count("beat") > 1 and slips.count("lists") > 1)
            monkeypatch.setattr(home.hub.lists, "refresh", refresh)
            await Conductor(home.hub).tick()
            await soon(lambda: home.hub.durable(BOARD).state.notes.rung == 1)
            assert "due" in slips

    run(scene())


def test_a_late_copy_of_what_a_full_disk_refused_is_refused_when_there_is_room_again() -> None:
    async def scene() -> None:
        store = MemoryStore()
        async with house(store) as home, home.guest() as guest:
            await home.opened("LAS")
            write = submitted(Write("no room"))
            store.full = "The disk is nearly full."
            await guest.say(write)
            refused = await guest.answer(write.command_id)
            store.full = None
            await guest.say(write)
            assert await guest.answer(write.command_id) == refused
            assert refused.code == "disk_full"
            assert home.hub.durable(BOARD).seq == 1

    run(scene())


# -- the admin door -------------------------------------------------------------------------------------------


def test_an_operation_may_take_longer_than_the_asking(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(admin, "SECONDS_MAX", 0.1)

    async def slow(_asked: Mapping[str, Any]) -> admin.Answer:
        await asyncio.sleep(0.4)
        return {"rows": 7}

    async def scene() -> None:
        door = admin.AdminDoor(tmp_path / "admin.json", {"slow": slow})
        await door.open()
        try:
            answer = await asyncio.to_thread(admin.call, tmp_path / "admin.json", "slow")
            assert answer == {"ok": True, "rows": 7}
            port = json.loads((tmp_path / "admin.json").read_bytes())["port"]
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            assert await asyncio.wait_for(reader.read(), 2) == b""  # who asks nothing is still not waited for
            writer.close()
        finally:
            door.close()

    run(scene())


def test_silent_callers_at_the_admin_door_keep_nobody_out(tmp_path: Path) -> None:
    async def done(_asked: Mapping[str, Any]) -> admin.Answer:
        return {"rows": 7}

    async def scene() -> None:
        door = admin.AdminDoor(tmp_path / "admin.json", {"revoke": done})
        await door.open()
        try:
            port = json.loads((tmp_path / "admin.json").read_bytes())["port"]
            silent = [await asyncio.open_connection("127.0.0.1", port) for _ in range(admin.CALLERS_MAX)]
            for _ in range(3):
                answer = await asyncio.to_thread(admin.call, tmp_path / "admin.json", "revoke")
                assert answer == {"ok": True, "rows": 7}
            more = [await asyncio.open_connection("127.0.0.1", port) for _ in range(3 * admin.CALLERS_MAX)]
            for reader, _ in silent:
                assert await reader.read() == b"", "the oldest went"
            assert await asyncio.to_thread(admin.call, tmp_path / "admin.json", "revoke") == {
                "ok": True,
                "rows": 7,
            }
            for _, writer in (*silent, *more):
                writer.close()
        finally:
            door.close()

    run(scene())


def test_an_import_that_is_cut_short_says_what_was_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    tables = [
        ("LAS", "shelf/LAS", (Write("a"), Write("b"))),
        ("SCAS", "shelf/SCAS", (Write("c"), Write("bad\x1b"), Write("d"))),
    ]

    async def scene() -> None:
        async with house() as home:
            monkeypatch.setattr(operations.state, "IMPORTS", {"toys": lambda *_: (tables, [])})

            class Charter:
                mode, agencies = "exercise", ()

            asked = {"what": "toys", "mode": "exercise"}
            charter: Any = Charter()
            with pytest.raises(admin.AdminError) as cut:
                await operations.bring_in(home.hub, charter, asked)
            assert "Of shelf/SCAS, 1 of 3 parts were taken" in str(cut.value)
            assert "Taken whole before that: shelf/LAS: all 2." in str(cut.value)
            assert home.hub.durable("shelf/SCAS").seq == 1

    run(scene())


# -- what the server writes by itself -------------------------------------------------------------------------


def test_what_is_due_and_was_refused_is_tried_anew_under_another_id(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conductor, "AGAIN_SECONDS", 0.0)

    async def scene() -> None:
        store = MemoryStore()
        async with house(store, now=lambda: 9_000) as home, home.guest() as guest:
            await home.opened("LAS")
            await guest.do(SetAlarm(5_000))
            # even who had guessed the id of the first attempt would only delay it
            taken = home.hub.own_id("due", BOARD, "ring 5000", "0")
            await guest.do(Write("squatter"), command_id=taken)
            time = Conductor(home.hub)
            await time.tick()
            await asyncio.sleep(0.02)
            assert home.hub.durable(BOARD).state.notes.rung == 0
            store.full = "The disk is nearly full."
            await time.tick()
            store.full = None
            await time.tick()
            await soon(lambda: home.hub.durable(BOARD).state.notes.rung == 1)
            (ring,) = [record for record in store.load(BOARD) if record.actor == "system"]
            assert ring.command_id == home.hub.own_id("due", BOARD, "ring 5000", "2")

    run(scene())


def test_ids_of_the_server_rest_on_a_secret_of_the_folder_and_outlast_a_restart(tmp_path: Path) -> None:
    folder, other = init(tmp_path / "a"), init(tmp_path / "b")
    secret = secret_of(folder)
    assert len(secret) == 32
    assert secret_of(folder) == secret != secret_of(other)
    disk = MemoryDisk()

    async def own_id(disk: MemoryDisk, secret: bytes) -> str:
        async with house(MemoryStore(disk), secret=secret) as home:
            return home.hub.own_id("due", BOARD)

    async def scene() -> None:
        first = await own_id(disk, secret)
        assert await own_id(disk, secret) == first
        assert await own_id(disk, secret_of(other)) != first  # an outsider knows the epoch, and no secret
        assert await own_id(MemoryDisk(), secret) != first

    run(scene())


# -- what goes out --------------------------------------------------------------------------------------------


def test_many_changes_of_the_claims_are_few_lists_and_the_last_is_right() -> None:
    async def scene() -> None:
        async with house() as home, home.guest() as guest, home.guest() as writer:
            await home.opened("LAS")
            shelf = "shelf/LAS"
            await writer.do(Write("a shelf"), shelf)
            await guest.watch(shelf)
            for n in range(60):
                await writer.do(Take(f"thing {n}"))
            last = await guest.until(Claims, lambda frame: len(frame.held) == 60)
            assert {holding.label for holding in last.held} == {f"thing {n}" for n in range(60)}
            lists = [frame for frame in guest.heard if isinstance(frame, Claims) and frame.held]
            assert len(lists) < 30
            await asyncio.sleep(0.6)
            assert home.hub.channel(shelf)._claims_timer is None

    run(scene())


def test_more_claims_than_a_frame_holds_are_cut_to_one() -> None:
    held = [Holding(f"thing {n}", BOARD, 1, 1, "shelf/LAS", "x" * 60) for n in range(9_000)]

    async def scene() -> None:
        async with house() as home:
            home.hub._told_claims.take(held, (), BOARD)
            frame = home.hub.claims_frame("shelf/LAS")
            told = protocol.read_server(frame)
            assert isinstance(told, Claims)
            assert 4_000 < len(told.held) < 9_000
            assert told.held[-1] == held[-1]  # the newest are told

    run(scene())


def test_a_slow_line_gets_what_it_lacks_in_pieces_of_a_few_seconds() -> None:
    async def scene() -> None:
        async with house() as home:
            await home.opened("LAS")
            async with home.guest() as writer:
                for _ in range(10):
                    await writer.do(Write("x" * 3_900, parts=10))
            async with home.guest() as guest:
                await guest.watch()
                frames = [frame for frame in guest.heard if isinstance(frame, protocol.Records)]
                assert sum(len(frame.records) for frame in frames) == 101
                assert max(len(protocol.encode(frame)) for frame in frames) < 200_000
            model, head = home.hub.model(BOARD), home.hub.durable(BOARD)
            place = channel.Place(head.seq, head.hash)
            pages = joining.paged(model, BOARD, head.state, place).pages
            assert len(pages) >= 3
            assert max(len(protocol.read_page(page)[1]) for page in pages) <= 131_072

    run(scene())
