"""The door and the frames: who comes in, what is answered, and what no peer can do."""

from __future__ import annotations

import asyncio
import io
import logging
import random
import struct
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.frames import Frame, Opcode

from incident.kernel import protocol
from incident.kernel.protocol import Error, Heartbeat, Hello, Watching
from server import doorkeeper, gateway, logs
from server.caller import shown
from server.store.memory import MemoryStore
from tests.running import run
from tests.server.house import BOARD, House, chained_from_genesis, house, soon, submitted
from tests.server.toy import Open, Write

DEEP = b'{"frame":"submit","body":' + b"[" * 40 + b"]" * 40 + b"}"


def test_a_command_is_acknowledged_and_reaches_both_watchers() -> None:
    async def scene() -> None:
        async with house() as home:
            await home.opened("LAS", "SCAS")
            async with home.guest("LAS") as las, home.guest("SCAS") as scas:
                await las.watch()
                await scas.watch()
                done = await las.do(Write("hello"))
                assert (done.first, done.last) == (2, 2)
                for guest in (las, scas):
                    while len(guest.records.get(BOARD, ())) < 2:
                        await guest.next()
                    chained_from_genesis(BOARD, guest.records[BOARD])
                    written = protocol.msgspec.json.decode(guest.records[BOARD][1].body)
                    assert written == {"key": done.command_id + "/0", "text": "hello"}

    run(scene())


async def _turned_away(home: House, **kwargs: Any) -> tuple[int, str]:
    with pytest.raises(InvalidStatus) as caught:
        async with connect(kwargs.pop("url", home.url), proxy=None, **kwargs):
            pass
    response = caught.value.response
    return response.status_code, (response.body or b"").decode()


def test_nobody_comes_in_without_a_token_that_is_known() -> None:
    async def scene() -> None:
        async with house() as home:
            status, sentence = await _turned_away(home)
            assert status == 401
            assert sentence.startswith("No token was given.")
            for scheme in ("Bearer", "Basic", "bearer"):
                headers = {"Authorization": f"{scheme} stolen"}
                status, sentence = await _turned_away(home, additional_headers=headers)
                assert status == 401
            assert sentence == doorkeeper.PLAIN_STRANGER
            # never in the address: there it would end in logs
            assert (await _turned_away(home, url=home.url + "/?token=x"))[0] == 401

    run(scene())


def test_a_browser_page_from_elsewhere_is_refused_and_nothing_is_compressed() -> None:
    async def scene() -> None:
        async with house() as home:
            token = home.book.token("LAS", "Desk", "operator")
            headers = {"Authorization": f"Bearer {token}"}
            status, _ = await _turned_away(home, additional_headers=headers, origin="http://evil.example")
            assert status == 403
            assert (await _turned_away(home, url=home.url + "/other", additional_headers=headers))[0] == 404
            async with connect(
                home.url, additional_headers=headers, proxy=None, compression="deflate"
            ) as socket:
                assert socket.response is not None
                assert "Sec-WebSocket-Extensions" not in socket.response.headers
                assert "Server" not in socket.response.headers

    run(scene())


def test_health_is_answered_without_a_token() -> None:
    async def scene() -> None:
        async with house() as home:
            for path, body in (("/healthz", "ok\n"), ("/readyz", "ready\n")):
                assert await _turned_away(home, url=home.url + path) == (200, body)
            home.hub.stopping = True
            assert (await _turned_away(home, url=home.url + "/readyz"))[0] == 503
            home.hub.stopping = False

    run(scene())


@pytest.mark.parametrize(
    ("first", "code", "word"),
    [
        (b'{"frame":"watch","stream":"board/one"}', 1008, "hello_first"),
        (b"not json", 1008, "not_json"),
        (b'{"frame":"hello","protocol":99}', 4010, "protocol"),
        (b'{"frame":"hello","protocol":0}', 4010, "protocol"),
        (DEEP, 1008, "too_deep"),
    ],
)
def test_the_first_frame_is_a_hello_of_this_protocol(first: bytes, code: int, word: str) -> None:
    async def scene() -> None:
        async with house() as home, home.connected() as socket:
            await socket.send(first, text=True)
            frame = protocol.read_server(await socket.recv(decode=False))
            assert isinstance(frame, Error)
            assert frame.code == word
            with pytest.raises(ConnectionClosed):
                await socket.recv()
            assert socket.close_code == code

    run(scene())


def test_a_peer_that_says_nothing_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gateway, "HELLO_SECONDS", 0.1)

    async def scene() -> None:
        async with house() as home, home.connected() as socket:
            with pytest.raises(ConnectionClosed):
                await socket.recv()
            assert socket.close_code == 1008

    run(scene())


def test_a_bad_frame_is_answered_and_a_row_of_them_ends_it() -> None:
    async def scene() -> None:
        async with house() as home:
            async with home.guest() as guest:
                for bad in (
                    b"{",
                    DEEP,
                    b'{"frame":"nothing"}',
                    b'{"frame":"page","stream":"!"}',
                    b"[]",
                    b"null",
                ):
                    await guest.socket.send(bad, text=True)
                    error = await guest.until(Error)
                    assert "Traceback" not in error.sentence
                await guest.say(Hello(protocol=1))
                assert (await guest.until(Error)).code == "hello_again"
                await guest.say(Heartbeat(sent_at=5))  # a good one: the row begins again
                await guest.until(Heartbeat, lambda frame: frame.echo == 5)
                for _ in range(gateway.BAD_FRAMES_MAX + 1):
                    await guest.socket.send(b"{", text=True)
                assert await guest.closed() == 1008
            async with home.guest() as guest:
                await guest.socket.send(b"\x00\x01")
                assert await guest.closed() == 1003
            async with home.guest() as guest:
                await guest.socket.send(b'"' + b"a" * 70_000 + b'"', text=True)
                assert await guest.closed() == 1009

    run(scene())


def _malformed(chance: random.Random) -> bytes:
    """A frame of the protocol, damaged; or nothing like one."""
    good = protocol.encode(submitted(Write("x" * chance.randrange(50))))
    kind = chance.randrange(6)
    if kind == 0:
        return bytes(chance.randrange(32, 127) for _ in range(chance.randrange(200)))
    if kind == 1:
        return good[: chance.randrange(len(good))]
    if kind == 2:
        return b"{" * chance.randrange(1, 2_000)
    if kind == 3:
        at = chance.randrange(len(good))
        return good[:at] + bytes([chance.randrange(32, 127)]) + good[at + 1 :]
    if kind == 4:
        return good.replace(b"frame", chance.choice([b"FRAME", b"frame\\u0000", b"f"]))
    return (
        b'{"frame":"submit","stream":"board/one","written_at":'
        + str(10 ** chance.randrange(400)).encode()
        + b"}"
    )


def test_two_thousand_malformed_frames_do_no_harm(seed: int) -> None:
    chance = random.Random(f"{seed} frames")
    said = io.StringIO()
    logs.start("debug", said)

    async def scene() -> None:
        async with house() as home:
            await home.opened("LAS")
            async with home.guest() as healthy:
                await healthy.watch()
                for first in range(0, 2_000, 40):
                    async with home.guest("SCAS") as fuzzer:
                        for number in range(40):
                            await fuzzer.socket.send(_malformed(chance), text=True)
                            if number % 8 == 0:  # else a row of bad ones would end it, and the rest be unread
                                await fuzzer.say(Heartbeat(sent_at=first + number))
                        await fuzzer.say(Heartbeat(sent_at=9_999))
                        await fuzzer.until(Heartbeat, lambda frame: frame.echo == 9_999)
                        answers = [f for f in fuzzer.heard if isinstance(f, Error | protocol.Refused)]
                        assert len(answers) >= 35
                assert (await healthy.do(Write("still here"))).last == 2
            assert home.hub.durable(BOARD).seq == 2  # no damaged command got in: SCAS is not a party

    try:
        run(scene(), seconds=120)
    finally:
        logging.getLogger("incident.server").handlers.clear()
    lines = said.getvalue()
    assert "Traceback" not in lines
    assert '"level": "error"' not in lines


def test_raw_bytes_at_the_door_do_no_harm(seed: int, caplog: pytest.LogCaptureFixture) -> None:
    chance = random.Random(f"{seed} raw")

    async def scene() -> None:
        async with house() as home:
            await home.opened("LAS")
            async with home.guest() as healthy:
                for number in range(200):
                    reader, writer = await asyncio.open_connection("127.0.0.1", home.port)
                    junk = chance.randbytes(chance.randrange(1, 400))
                    writer.write(b"GET / HTTP/1.1\r\n" + junk + b"\r\n\r\n" if number % 2 else junk)
                    writer.write_eof()
                    await reader.read()
                    writer.close()
                assert (await healthy.do(Write("still here"))).last == 2

    with caplog.at_level(logging.WARNING):
        run(scene(), seconds=120)
    assert "Traceback" not in caplog.text
    assert not [record for record in caplog.records if record.name != "incident.server"]


def test_frames_of_a_broken_client_end_that_client_alone() -> None:
    async def scene() -> None:
        async with house() as home:
            await home.opened("LAS")
            async with home.guest() as healthy, home.guest() as broken:
                # a masked frame with reserved bits set, and a text frame that is no UTF-8
                frame = Frame(Opcode.TEXT, b"\xff\xfe{", rsv1=False).serialize(mask=True)
                broken.socket.transport.write(frame)
                assert await broken.closed() == 1007
                assert (await healthy.do(Write("x"))).last == 2

    run(scene())


def test_no_more_is_read_from_a_peer_with_too_many_unanswered_commands() -> None:
    flushes: list[Any] = []
    store = MemoryStore(schedule=flushes.append)

    async def scene() -> None:
        async with house(store) as home, home.guest() as guest:
            opening = await guest.submit(Open(("LAS",)))
            await soon(lambda: flushes)
            flushes.pop()()
            await guest.answer(opening)
            ids = [await guest.submit(Write(f"{n}")) for n in range(400)]
            await soon(lambda: home.hub.sequencers[BOARD].waiting == 256)
            await asyncio.sleep(0.1)
            assert home.hub.sequencers[BOARD].waiting == 256
            while home.hub.durable(BOARD).seq != 401:
                if flushes:
                    flushes.pop()()
                await asyncio.sleep(0.01)
            await guest.answer(ids[-1])
            # what was committed together was acknowledged together
            accepted = [frame for frame in guest.heard if isinstance(frame, protocol.Accepted)]
            assert sum(len(frame.done) for frame in accepted) == 401
            assert len(accepted) <= 12

    run(scene())


def test_sockets_that_never_finish_their_handshake_go_and_others_come_in(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(gateway, "OPEN_SECONDS", 0.4)

    async def scene() -> None:
        async with house() as home:
            await home.opened("LAS")
            lorises = [await asyncio.open_connection("127.0.0.1", home.port) for _ in range(60)]
            for number, (_, writer) in enumerate(lorises):
                writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n"[: number % 24])
            async with home.guest() as guest:
                assert (await guest.do(Write("meanwhile"))).last == 2
            start = asyncio.get_running_loop().time()
            assert all([await _ended(reader) for reader, _ in lorises])
            print(f"all gone after {asyncio.get_running_loop().time() - start:.2f} s")
            for _, writer in lorises:
                writer.close()

    run(scene())


async def _ended(reader: asyncio.StreamReader) -> bool:
    try:
        return await asyncio.wait_for(reader.read(), 2) == b""
    except ConnectionResetError:
        return True


def test_a_heartbeat_is_echoed_and_tells_who_of_the_parties_is_here() -> None:
    async def scene() -> None:
        async with house() as home:
            await home.opened("LAS", "SCAS")
            async with (
                home.guest("LAS", "Desk 1") as las,
                home.guest("SCAS", "Bridge") as scas,
                home.guest("KENT", "Spy"),
                home.guest("SCAS", "Wall", observer=True),
            ):
                assert isinstance(await las.watch(), Watching)
                assert isinstance(await scas.watch(), Watching)
                await las.say(Heartbeat(sent_at=77))
                beat = await las.until(Heartbeat, lambda frame: frame.echo == 77)
                assert beat.heads == {BOARD: 1}
                assert beat.epoch == home.hub.store.epoch
                assert beat.present == [["LAS", "Desk 1"], ["SCAS", "Bridge"]]

    run(scene())


def test_a_snapshot_page_has_the_shape_that_is_documented() -> None:
    header = protocol.SnapshotPage(stream=BOARD, seq=1, hash="", slice="s", state_v=1, index=0, of=1)
    data = protocol.encode_page(header, b"{}")
    (size,) = struct.unpack(">I", data[:4])
    assert protocol.msgspec.json.decode(data[4 : 4 + size])["slice"] == "s"


def test_an_address_stands_in_the_log_as_people_write_it() -> None:
    assert shown(("192.0.2.7", 51_000)) == "192.0.2.7:51000"
    assert shown(("2001:db8::7", 51_000, 0, 0)) == "[2001:db8::7]:51000"
    assert shown(None) == ""
