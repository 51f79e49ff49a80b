"""Crowds on real sockets: strangers who never say who they are, herds that come back, and users who send too much."""

from __future__ import annotations

import asyncio
import logging
import random
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.frames import Frame, Opcode

from incident.kernel import protocol
from incident.kernel.protocol import PROTOCOL, Heartbeat, Hello
from incident_tui.clock import Clock
from incident_tui.link import Link
from incident_tui.trust import desk_context
from server import caller, entrance, gateway, limits, logs
from server.authority import Authority
from server.datafolder import init
from server.limits import Limits
from server.settings import read_server_settings
from tests.running import run
from tests.server.house import BOARD, Guest, House, house, soon, submitted
from tests.server.toy import Open, Write

STRICT = Limits()


def _fds() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


async def _ended(reader: asyncio.StreamReader, seconds: float = 5.0) -> bool:
    """Read to the end; False when none came."""
    try:
        async with asyncio.timeout(seconds):
            while await reader.read(4_096):
                pass
    except ConnectionResetError:
        return True
    except TimeoutError:
        return False
    return True


# -- strangers ------------------------------------------------------------------------------------------------


@pytest.mark.skipif(sys.platform != "linux", reason="needs the whole of 127.0.0.0/8, and /proc")
def test_two_hundred_sockets_that_never_finish_are_bounded_and_keep_nobody_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert 2 * caller.OPEN_SECONDS <= 10.0  # TLS, then the request
    for module in (caller, gateway):
        monkeypatch.setattr(module, "OPEN_SECONDS", 0.6)

    async def scene() -> None:
        async with house(limits=STRICT) as home:
            await home.opened("LAS")
            await asyncio.sleep(0)
            before, most = _fds(), 0
            standing = home.gateway._entrance
            lorises = []
            for number in range(200):
                address = f"127.0.0.{2 + number % 25 if number < 150 else 40}"
                reader, writer = await asyncio.open_connection(
                    "127.0.0.1", home.port, local_addr=(address, 0)
                )
                writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n"[: number % 24])
                lorises.append((reader, writer))
                most = max(most, len(standing))
                assert len(standing) <= 64
                assert standing.at(address) <= 8
            assert most == 64
            async with home.guest() as guest:
                assert (await guest.do(Write("meanwhile"))).last == 2
            assert all([await _ended(reader) for reader, _ in lorises])
            assert len(standing) == 0
            for _, writer in lorises:
                writer.close()
            await soon(lambda: _fds() <= before)
            assert home.hub.tally.unknown_put_out >= 100

    run(scene())


def test_a_request_that_trickles_in_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gateway, "OPEN_SECONDS", 0.5)

    async def scene() -> None:
        async with house(limits=STRICT) as home:
            reader, writer = await asyncio.open_connection("127.0.0.1", home.port)
            with suppress(ConnectionError):
                for byte in b"GET / HTTP/1.1\r\nHost: x\r\n" * 100:
                    writer.write(bytes([byte]))
                    await writer.drain()
                    await asyncio.sleep(0.02)
                    if reader.at_eof():
                        break
            assert await _ended(reader)
            await soon(lambda: len(home.gateway._entrance) == 0)
            writer.close()

    run(scene())


def test_a_request_that_is_larger_than_any_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gateway, "OPEN_SECONDS", 40.0)  # not by the time it takes

    async def scene() -> None:
        async with house(limits=STRICT) as home:
            reader, writer = await asyncio.open_connection("127.0.0.1", home.port)
            with suppress(ConnectionError):
                writer.write(b"GET / HTTP/1.1\r\n")
                for _ in range(20):
                    writer.write(b"X: " + b"y" * 8_000 + b"\r\n")
                    await writer.drain()
            assert await _ended(reader)
            writer.close()

    run(scene())


def test_thirty_rooms_behind_one_address_all_come_back_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The whole herd of one site, in the same moment; those that are put out come with their own backoff."""
    monkeypatch.setattr(entrance, "_HERE", frozenset())  # this machine is a site like any other

    async def scene() -> None:
        async with house(limits=STRICT) as home:
            clock = Clock()
            links = []
            for number in range(30):
                token = home.book.token("LAS", f"Room {number}", "operator")
                links.append(
                    Link(
                        home.url,
                        token,
                        clock,
                        hello=lambda: Hello(protocol=PROTOCOL),
                        receive=lambda _frame: None,
                        changed=lambda: None,
                        chance=random.Random(number),
                    )
                )
            started = time.monotonic()
            tasks = [asyncio.create_task(link.run()) for link in links]
            await soon(lambda: all(link.up for link in links), 60)
            print(
                f"30 rooms in after {time.monotonic() - started:.1f} s; "
                f"{home.hub.tally.unknown_put_out} were put out on the way"
            )
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    run(scene(), seconds=90)


# -- lines ----------------------------------------------------------------------------------------------------


def test_a_user_with_too_many_lines_is_told_so_in_a_sentence() -> None:
    async def scene() -> None:
        async with house(limits=Limits(connections_per_user=2)) as home:
            async with home.guest("LAS", "Desk"), home.guest("LAS", "Desk"):
                with pytest.raises(InvalidStatus) as caught:
                    async with home.connected("LAS", "Desk"):
                        pass
                response = caught.value.response
                assert response.status_code == 429
                assert (response.body or b"").startswith(b"2 lines are open under this name already")
                assert 1 <= int(response.headers["Retry-After"]) <= 10
                async with home.guest("LAS", "Another desk"):
                    pass
            await soon(lambda: len(home.gateway._places) == 0)
            async with home.guest("LAS", "Desk"):
                pass

    run(scene())


# -- users who send too much ----------------------------------------------------------------------------------


def test_who_writes_too_fast_is_slowed_in_order_and_keeps_its_line_and_others_pass(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    slow = Limits(per_user_rate=40, per_user_burst=5, per_user_backlog=0)

    async def scene() -> None:
        async with house(limits=slow) as home:
            await home.opened("LAS")
            async with home.guest("LAS", "Fast") as fast, home.guest("LAS", "Other") as other:
                ids = [await fast.submit(Write(f"{n}")) for n in range(60)]
                await fast.say(Heartbeat(sent_at=77))
                await fast.until(Heartbeat, lambda frame: frame.echo == 77)  # long before the last is decided
                assert home.hub.durable(BOARD).seq < 50
                assert (await other.do(Write("passes"))).last < 50
                for command_id in ids:  # its client asks again for what has no answer yet
                    await fast.say(submitted(Write("again"), command_id=command_id))
                await fast.answer(ids[-1])
                await soon(lambda: home.hub.tally.refused.get("id_reuse", 0) > 0)
            await home.hub.quiet(1)
            records = home.hub.store.load(BOARD)
            mine = [record.command_id for record in records if record.actor == "Fast"]
            assert mine == ids
            assert home.hub.tally.slowed >= 50

    run(scene())


def test_what_may_wait_is_bounded_by_reading_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "HELD_COMMANDS_MAX", 20)

    async def scene() -> None:
        async with house(limits=Limits(per_user_rate=20, per_user_burst=1, per_user_backlog=0)) as home:
            await home.opened("LAS")
            async with home.guest("LAS", "Desk") as desk:
                for number in range(400):
                    await desk.submit(Write(f"{number}"))
                (line,) = [session for session in home.hub.sessions if session.actor.name == "Desk"]
                assert line.account is not None
                await soon(lambda: line.account is not None and line.account.held_commands == 20)
                for _ in range(30):
                    await asyncio.sleep(0.01)
                    assert line.account.held_commands <= 20
                desk.socket.transport.abort()
            await soon(lambda: line.account is not None and line.account.held_commands == 0)

    run(scene())


def test_what_waited_when_the_line_broke_is_sent_again_and_lands_once() -> None:
    slow = Limits(per_user_rate=50, per_user_burst=5, per_user_backlog=0)

    async def scene() -> None:
        async with house(limits=slow) as home:
            await home.opened("LAS")
            queue = [submitted(Write(f"{n}")) for n in range(40)]
            async with home.guest("LAS", "Desk") as desk:
                for submit in queue:
                    await desk.say(submit)
                await desk.answer(queue[8].command_id)
                desk.socket.transport.abort()
            assert home.hub.durable(BOARD).seq < 30
            async with home.guest("LAS", "Desk") as desk:
                for submit in queue:
                    await desk.say(submit)
                await desk.answer(queue[-1].command_id)
            found = [record.command_id for record in home.hub.store.load(BOARD)][1:]
            assert found == [submit.command_id for submit in queue]

    run(scene())


def test_who_asks_for_history_without_end_gets_it_slowly_and_all_of_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(limits, "ANSWER_BYTES", 10_000)
    monkeypatch.setattr(limits, "ANSWER_BURST_SECONDS", 1)

    async def scene() -> None:
        async with house(limits=STRICT) as home:
            await home.opened("LAS", "SCAS")
            async with home.guest("SCAS", "Asks") as asks, home.guest("LAS", "Other") as other:
                for _ in range(60):
                    await asks.say(protocol.Page(stream=BOARD))
                pages = 0
                for number in range(10):
                    assert (await other.do(Write("passes"))).last == number + 2
                with suppress(TimeoutError):
                    async with asyncio.timeout(0.2):
                        while await asks.until(protocol.Records, lambda frame: frame.history):
                            pages += 1
                assert 0 < pages < 60
                while pages < 60:
                    await asks.until(protocol.Records, lambda frame: frame.history)
                    pages += 1

    run(scene())


async def _flood(home: House, frame: bytes, count: int) -> None:
    """Write so many frames as fast as the socket takes them, until the line is ended."""
    async with home.guest("SCAS", "Flood") as flood:
        transport = flood.socket.transport
        try:
            for _ in range(0, count, 200):
                if transport.is_closing():
                    break
                transport.write(frame * 200)
                await flood.socket.drain()
                await asyncio.sleep(0)
            await flood.socket.wait_closed()
        finally:
            transport.abort()


@pytest.mark.parametrize("kind", ["heartbeats", "pings", "garbage", "watches", "unwatches", "nothing"])
def test_a_flood_of_small_frames_is_read_slowly_and_others_go_on(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "FRAME_BURST", 400)
    text = {
        "heartbeats": protocol.encode(Heartbeat(sent_at=1)),
        "garbage": b"{",
        "watches": protocol.encode(protocol.Watch(stream=BOARD)),
        "unwatches": protocol.encode(protocol.Unwatch(stream=BOARD)),
        "pings": b"",
        "nothing": b"",
    }[kind]
    frame = Frame(Opcode.PING if kind == "pings" else Opcode.TEXT, text).serialize(mask=True)
    taken = 0
    process_event = caller.Caller.process_event

    def counted(self: caller.Caller, event: object) -> None:
        nonlocal taken
        taken += self.badge is not None and self.badge.actor.name == "Flood" and isinstance(event, Frame)
        process_event(self, event)

    monkeypatch.setattr(caller.Caller, "process_event", counted)

    async def scene() -> None:
        async with house(limits=STRICT) as home:
            await home.opened("LAS")
            async with home.guest("LAS", "Desk") as desk:
                await desk.watch()
                flood = asyncio.create_task(_flood(home, frame, 100_000))
                await soon(lambda: home.hub.tally.paused > 0 or flood.done())
                for number in range(20):
                    assert (await desk.do(Write("on"))).last == number + 2
                flood.cancel()
                await asyncio.gather(flood, return_exceptions=True)
            # a row of garbage ends the line before it is ever slowed
            assert home.hub.tally.paused > 0 or kind in ("garbage", "nothing")
            assert taken < 2_000
            print(f"{taken} frames taken")

    run(scene())


# -- before TLS -----------------------------------------------------------------------------------------------


@asynccontextmanager
async def _over_tls(home: House, tmp_path: Path) -> AsyncIterator[tuple[gateway.Gateway, int, Authority]]:
    """The same hub behind a second listener, with TLS."""
    folder = init(tmp_path / "rooms")
    authority = Authority(folder, read_server_settings(folder), logs.clock())
    front = gateway.Gateway(home.hub, home.book, name="test", charter=b"null", limits=STRICT)
    port = await front.open("127.0.0.1", 0, authority.context())
    try:
        yield front, port, authority
    finally:
        await front.stop()


@pytest.mark.skipif(sys.platform != "linux", reason="needs the whole of 127.0.0.0/8, and /proc")
def test_silence_before_tls_is_bounded_and_ended_and_a_desk_comes_in_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for module in (caller, gateway):
        monkeypatch.setattr(module, "OPEN_SECONDS", 1.0)
    hello = bytes.fromhex("16030100c8010000c40303")

    async def scene() -> None:
        async with house() as home, _over_tls(home, tmp_path) as (front, port, authority):
            before, silent = _fds(), []
            for number in range(80):
                address = f"127.0.0.{2 + number // 16}"
                reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(address, 0))
                writer.write((b"", hello, hello[: number % 11], b"GET / HTTP/1.1\r\n\r\n")[number % 4])
                silent.append((reader, writer))
                await asyncio.sleep(0)
                assert front._entrance.at(address) <= 8
            assert 20 <= len(front._entrance) <= 40
            token = home.book.token("LAS", "Desk", "operator")
            async with connect(
                f"wss://127.0.0.1:{port}",
                ssl=desk_context(authority.pem),
                additional_headers={"Authorization": f"Bearer {token}"},
                proxy=None,
                compression=None,
            ) as socket:
                guest = Guest(socket)
                await guest.hello()
                await guest.do(Open(("LAS",)))
                assert (await guest.do(Write("x" * 3_900))).last == 2  # more than one bite
            assert all([await _ended(reader) for reader, _ in silent])
            assert len(front._entrance) == 0
            for _, writer in silent:
                writer.close()
            await soon(lambda: _fds() <= before)

    with caplog.at_level(logging.WARNING):
        run(scene())
    assert "Traceback" not in caplog.text


def test_a_stop_does_not_wait_for_sockets_in_the_middle_of_their_handshake(tmp_path: Path) -> None:
    async def scene() -> None:
        async with house() as home, _over_tls(home, tmp_path) as (front, port, _):
            sockets = [await asyncio.open_connection("127.0.0.1", port) for _ in range(4)]
            await soon(lambda: len(front._entrance) == 4)
            await front.stop()
            assert all([await _ended(reader) for reader, _ in sockets])
            for _, writer in sockets:
                writer.close()

    run(scene(), seconds=caller.OPEN_SECONDS - 0.5)
