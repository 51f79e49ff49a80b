"""Whatever comes in at the socket is answered or ends its own line: no trace of a fault, and nobody else dropped."""

from __future__ import annotations

import asyncio
import io
import logging
import random
import struct
import time

import pytest
from websockets.frames import Frame, Opcode

from incident.kernel import protocol
from incident.kernel.protocol import PROTOCOL, Heartbeat, Hello
from server import caller, logs
from tests.running import run
from tests.server.house import BOARD, House, house, soon, submitted
from tests.server.toy import Write

FRAMES = 10_000
EACH = 25
KEY = "dGhlIHNhbXBsZSBub25jZQ=="


def _text(payload: bytes, *, fin: bool = True) -> bytes:
    return Frame(Opcode.TEXT, payload, fin=fin).serialize(mask=True)


def _frame(opcode: Opcode, payload: bytes, *, fin: bool = True) -> bytes:
    return Frame(opcode, payload, fin=fin).serialize(mask=True)


HELLO = _text(protocol.encode(Hello(protocol=PROTOCOL)))


def _meaning(chance: random.Random) -> bytes:
    """A whole frame, with what is nothing of the protocol in it."""
    good = protocol.encode(submitted(Write("x" * chance.randrange(60))))
    at = chance.randrange(len(good))
    return chance.choice(
        [
            good[:at],
            good[:at] + chance.randbytes(1) + good[at + 1 :],
            good[:at] + good[at + chance.randrange(20) :],
            good + good,
            b"[" * chance.randrange(1, 3_000),
            b'{"a":' * 200 + b"1" + b"}" * 200,
            b'{"frame":"' + chance.choice([b"submit", b"watch", b"page", b"\\ud800", b"welcome"]) + b'"}',
            b'{"frame":"page","stream":"board/one","limit":'
            + str(chance.choice([-1, 0, 1e99, 2**70])).encode()
            + b"}",
            b'{"frame":"heartbeat","sent_at":' + str(10 ** chance.randrange(400)).encode() + b"}",
            b'{"frame":"watch","stream":"' + chance.choice([b"../" * 30, b"a" * 9_999, b"\x1b[2J"]) + b'"}',
            b'{"frame":"submit","frame":"bye"}',
            b'"' + chance.randbytes(30).hex().encode() + b'"',
            b"",
            b"\x00",
            b"null",
            "🚑".encode() * chance.randrange(20),
        ]
    )


def _malformed(chance: random.Random) -> bytes:
    """Bytes on a line that is open: mostly frames that mean nothing, and some that are none."""
    body = _meaning(chance)
    match chance.randrange(40):
        case 0:
            return chance.randbytes(chance.randrange(1, 60))
        case 1:
            return bytes([0x80 | chance.randrange(3, 8), 0x80]) + chance.randbytes(
                4
            )  # an opcode that is kept
        case 2:
            return bytes([0x81 | chance.choice([0x40, 0x20, 0x10]), 0x80]) + chance.randbytes(
                4
            )  # a bit that is kept
        case 3:
            return b"\x81\x05hello"  # not masked
        case 4:
            return _frame(Opcode.PING, b"x" * 125)[:1] + struct.pack("!BH", 0x80 | 126, 500)  # a long ping
        case 5:
            return b"\x81\xff" + struct.pack("!Q", 2**63 + chance.randrange(99)) + b"maskdata"
        case 6:
            return _frame(Opcode.CONT, body)
        case 7:
            return _frame(
                Opcode.CLOSE, struct.pack("!H", chance.choice([0, 999, 1005, 1006, 5_000])) + b"\xff"
            )
        case 8:
            return _text(b"\xff\xfe" + body)
        case 9:
            return _frame(Opcode.BINARY, body)
        case 10:
            return _text(body, fin=False) + _text(body)
        case 11 | 12:
            return _frame(chance.choice([Opcode.PING, Opcode.PONG]), body[:125])
        case 13:
            return _text(body, fin=False) + _frame(Opcode.PING, b"") + _frame(Opcode.CONT, b"}")
        case 14:
            return _text(b'"' + b"a" * 70_000 + b'"')
        case _:
            return _text(body)


async def _upgraded(home: House, token: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection("127.0.0.1", home.port)
    writer.write(
        f"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        f"Sec-WebSocket-Key: {KEY}\r\nAuthorization: Bearer {token}\r\n\r\n".encode()
    )
    assert b" 101 " in await reader.readuntil(b"\r\n\r\n")
    return reader, writer


async def _fuzz(home: House, chance: random.Random, count: int) -> int:
    """One line with so many frames; whether it was ended by one of them."""
    reader, writer = await _upgraded(home, home.book.token("SCAS", "Fuzzer", "operator"))
    beat = _text(protocol.encode(Heartbeat(sent_at=1)))
    frames = [_malformed(chance) + beat * (number % 8 == 0) for number in range(count)]
    last = _text(protocol.encode(Heartbeat(sent_at=987_654_321)))
    ended = False
    try:
        writer.write(HELLO + b"".join(frames) + last)
        while b'"echo":987654321' not in (some := await reader.read(65_536)):
            if not some:
                ended = True
                break
    except ConnectionError:
        ended = True
    writer.transport.abort()
    return ended


def test_ten_thousand_malformed_frames_on_open_lines_do_no_harm(seed: int) -> None:
    chance = random.Random(f"{seed} fuzz")
    said = io.StringIO()
    logs.start("debug", said)

    async def scene() -> None:
        async with house() as home:
            await home.opened("LAS")
            started, ended = time.monotonic(), 0
            async with home.guest() as healthy:
                await healthy.watch()
                for number in range(FRAMES // EACH):
                    async with asyncio.timeout(20):
                        ended += await _fuzz(home, chance, EACH)
                    if number % 40 == 0:
                        assert (await healthy.do(Write("still here"))).last == 2 + number // 40
            seconds = time.monotonic() - started
            print(
                f"{FRAMES} frames on {FRAMES // EACH} lines in {seconds:.1f} s; {ended} lines were ended by one"
            )
            assert ended > 50
            # nothing of it got in: SCAS is no party, and what was whole by chance was refused
            assert {record.agency for record in home.hub.store.load(BOARD)} == {"LAS"}
            await soon(lambda: len(home.hub.sessions) == len(home.gateway._places) == 0)

    try:
        run(scene(), seconds=180)
    finally:
        logging.getLogger("incident.server").handlers.clear()
    lines = said.getvalue()
    assert "Traceback" not in lines
    assert '"level": "error"' not in lines


@pytest.mark.parametrize(
    ("frames", "code"),
    [
        ([_text(b'"' + b"a" * 65_536 + b'"')], 1009),
        ([b"\x81\xff" + struct.pack("!Q", 200 * 2**20) + b"mask"], 1009),
        ([_text(b'"' + b"a" * 40_000, fin=False), _frame(Opcode.CONT, b"a" * 40_000)], 1009),
        ([_text(b"[", fin=False), *[_frame(Opcode.CONT, b"", fin=False)] * caller.FRAGMENTS_MAX], 1009),
        ([bytes([0xC1, 0x80]) + b"mask"], 1002),
        ([_text(b'"\xff"')], 1007),
        ([_frame(Opcode.BINARY, b"{}")], 1003),
        ([b"\x81\x02{}"], 1002),
        ([b"\x83\x80mask"], 1002),
        ([b"\x09\x80mask"], 1002),
    ],
    ids="large announced parts fragments deflated utf8 binary unmasked opcode ping-in-parts".split(),
)
def test_what_is_no_frame_of_ours_ends_the_line_with_its_code(frames: list[bytes], code: int) -> None:
    async def scene() -> None:
        async with house() as home:
            reader, writer = await _upgraded(home, home.book.token("LAS", "Desk", "operator"))
            writer.write(HELLO + b"".join(frames))
            said = b""
            async with asyncio.timeout(10):
                while b"\x88" + b"" not in said or struct.pack("!H", code) not in said:
                    some = await reader.read(65_536)
                    assert some, said
                    said += some
            writer.close()

    run(scene())


def test_a_message_in_as_many_pieces_as_may_be_is_taken() -> None:
    whole = protocol.encode(Heartbeat(sent_at=987_654_321))
    pieces = [whole[:1], *(whole[n : n + 1] for n in range(1, caller.FRAGMENTS_MAX - 1))]
    pieces.append(whole[caller.FRAGMENTS_MAX - 1 :])

    async def scene() -> None:
        async with house() as home:
            reader, writer = await _upgraded(home, home.book.token("LAS", "Desk", "operator"))
            writer.write(HELLO)
            for number, piece in enumerate(pieces):
                opcode = Opcode.CONT if number else Opcode.TEXT
                writer.write(_frame(opcode, piece, fin=number == len(pieces) - 1))
            async with asyncio.timeout(10):
                await reader.readuntil(b'"echo":987654321')
            writer.close()

    run(scene())


UPGRADE = (
    "Host: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    f"Sec-WebSocket-Key: {KEY}\r\nAuthorization: Bearer LAS-Desk-operator\r\n"
)


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (f"GET / HTTP/1.1\r\n{UPGRADE}\r\n", 101),
        (f"GET / HTTP/1.1\r\n{UPGRADE}Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n", 101),
        (f"GET / HTTP/1.1\r\n{UPGRADE}Origin: http://evil.example\r\n\r\n", 403),
        (f"GET / HTTP/1.1\r\n{UPGRADE}Origin: null\r\n\r\n", 403),
        (f"GET / HTTP/1.1\r\n{UPGRADE}Origin: http://127.0.0.1\r\nOrigin: x\r\n\r\n", 400),
        (f"GET / HTTP/1.0\r\n{UPGRADE}\r\n", None),
        (f"GET / HTTP/9.9\r\n{UPGRADE}\r\n", None),
        (f"POST / HTTP/1.1\r\n{UPGRADE}Content-Length: 5\r\n\r\nhello", None),
        (f"HEAD / HTTP/1.1\r\n{UPGRADE}\r\n", None),
        (f"OPTIONS * HTTP/1.1\r\n{UPGRADE}\r\n", None),
        (f"CONNECT evil.example:443 HTTP/1.1\r\n{UPGRADE}\r\n", None),
        (f"GET http://evil.example/ HTTP/1.1\r\n{UPGRADE}\r\n", 404),
        (f"GET //evil.example HTTP/1.1\r\n{UPGRADE}\r\n", 404),
        (f"GET /../../etc/passwd HTTP/1.1\r\n{UPGRADE}\r\n", 404),
        (f"GET /%2e%2e%2f HTTP/1.1\r\n{UPGRADE}\r\n", 404),
        (f"GET /\x1b[2J HTTP/1.1\r\n{UPGRADE}\r\n", 404),
        (
            f"GET / HTTP/1.1\r\n{UPGRADE}{''.join(f'X-{n}: y{chr(13)}{chr(10)}' for n in range(200))}\r\n",
            None,
        ),
        (f"GET / HTTP/1.1\r\n{UPGRADE}X: {'y' * 20_000}\r\n\r\n", None),
        (f"GET /{'a' * 20_000} HTTP/1.1\r\n{UPGRADE}\r\n", None),
        (f"GET / HTTP/1.1\r\n{UPGRADE}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", None),
        (f"GET / HTTP/1.1\r\n{UPGRADE}Content-Length: 99999999999\r\n\r\n", None),
        ("GET / HTTP/1.1\r\n\r\n", 401),
        (f"GET / HTTP/1.1\r\n{UPGRADE.replace('Bearer', 'Basic')}\r\n", 401),
        (f"GET / HTTP/1.1\r\n{UPGRADE.replace('LAS-Desk-operator', 'x' * 6_000)}\r\n", 401),
        (f"GET / HTTP/1.1\r\n{UPGRADE.replace('Version: 13', 'Version: 8')}\r\n", 400),
        (f"GET / HTTP/1.1\r\n{UPGRADE.replace(KEY, 'short')}\r\n", 400),
        ("GET / HTTP/1.1\r\nAuthorization: Bearer LAS-Desk-operator\r\n\r\n", 426),
        ("\r\n\r\n\r\n", None),
        ("GET\r\n\r\n", None),
        ("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", None),
        ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", None),
        ("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n", 200),
        ("GET /healthz HTTP/1.1\r\nHost: evil.example\r\nHost: two\r\n\r\n", 200),
    ],
)
def test_a_strange_request_is_answered_or_ended_and_never_leaves_a_trace(
    request_: str, status: int | None, caplog: pytest.LogCaptureFixture
) -> None:
    async def scene() -> None:
        async with house() as home:
            home.book.token("LAS", "Desk", "operator")
            reader, writer = await asyncio.open_connection("127.0.0.1", home.port)
            answer = b""
            try:
                writer.write(request_.encode("latin-1"))
                if "\r\n\r\n" not in request_:
                    writer.write_eof()  # a server would wait for the rest
                async with asyncio.timeout(10):
                    if status == 101:
                        answer = await reader.readuntil(b"\r\n\r\n")
                    else:
                        while some := await reader.read(65_536):
                            answer += some
            except ConnectionError:
                pass  # ended without an answer
            writer.close()
            print(answer[:200])
            if status is not None:
                assert answer.startswith(f"HTTP/1.1 {status} ".encode()), answer
            else:
                assert not answer or b" 101 " not in answer.partition(b"\r\n")[0]
            for word in (
                b"Traceback",
                b"Python",
                b"websockets",
                b'File "',
                b"deflate",
                b"Sec-WebSocket-Extensions",
            ):
                assert word not in answer
            await soon(lambda: len(home.gateway._entrance) == 0)
            async with home.guest("SCAS"):
                pass  # others come in

    with caplog.at_level(logging.WARNING):
        run(scene())
    assert "Traceback" not in caplog.text
    assert not [record for record in caplog.records if record.name != "incident.server"]
