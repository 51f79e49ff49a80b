from __future__ import annotations

import asyncio
import contextlib
import random
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import msgspec
import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosedError, InvalidMessage
from websockets.frames import Close

from incident.kernel import protocol
from incident.kernel.protocol import PROTOCOL, Bye, Claims, Heartbeat, Hello, Page, Records, Welcome
from incident.kernel.record import Record, encode_body
from incident.kernel.replica import LinkWord
from incident_tui import link as link_module
from incident_tui.endings import Ending, closed, not_opened, server_url
from incident_tui.link import Incoming, Link, Timing
from tests.running import run
from tests.tui.rooms import FAST, LAS, SetClock, until
from tests.tui.toy_server import INCIDENT_STREAM, ToyServer

LIVE, LAGGING, ISLAND, READ_ONLY = LinkWord.LIVE, LinkWord.LAGGING, LinkWord.ISLAND, LinkWord.READ_ONLY


class Ear:
    """A link with everything it has said."""

    def __init__(self, url: str, token: str = LAS, *, timing: Timing = FAST, seed: int = 1) -> None:
        self.frames: list[Incoming] = []
        self.words: list[LinkWord] = []
        self.clock = SetClock()
        self.receive: Callable[[Incoming], None] = self.frames.append
        self.link = Link(
            url,
            token,
            self.clock,
            hello=lambda: Hello(protocol=PROTOCOL, client="test"),
            receive=self._take,
            changed=self._changed,
            timing=timing,
            chance=random.Random(seed),
        )

    def _take(self, frame: Incoming) -> None:
        self.receive(frame)  # a test may put another in its place

    def _changed(self) -> None:
        word = self.link.state.word
        if not self.words or self.words[-1] is not word:
            self.words.append(word)

    @property
    def word(self) -> LinkWord:
        return self.link.state.word

    @property
    def sentence(self) -> str:
        return self.link.state.sentence

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[Ear]:
        task = asyncio.create_task(self.link.run())
        try:
            yield self
            assert not task.done(), "the link ended by itself"
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task


@contextlib.asynccontextmanager
async def peer(handle: Callable[[ServerConnection], Awaitable[None]]) -> AsyncIterator[str]:
    """A server of which nothing is right but the handshake."""
    async with serve(handle, "127.0.0.1", 0, compression=None, close_timeout=0.2) as server:
        yield f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/"


def welcome() -> bytes:
    return protocol.encode(
        Welcome(
            protocol=1,
            epoch="e",
            server="s",
            mode="exercise",
            name="n",
            agency="LAS",
            role="operator",
            sent_at=0,
        )
    )


# -- the line that is there -----------------------------------------------------------------------------------


def test_a_line_comes_up_with_welcome_first_and_measures_round_trip_and_the_servers_clock() -> None:
    async def scenario() -> None:
        async with ToyServer() as toy:
            toy.clock_ahead_ms = 5_000
            async with Ear(toy.url).running() as ear:
                await until(lambda: ear.word is LIVE and ear.link.state.rtt_ms is not None)
                assert isinstance(ear.frames[0], Welcome)
                assert ear.sentence == ""
                assert ear.link.up
                await until(lambda: abs(ear.clock.offset_ms - 5_000) < 200)
                print(f"round trip {ear.link.state.rtt_ms} ms, offset {ear.clock.offset_ms} ms")
                assert (await until(lambda: toy.hellos))[0].client == "test"

    run(scenario())


def test_a_line_that_is_ended_from_outside_does_not_go_on_saying_live() -> None:
    async def scenario() -> None:
        async with ToyServer() as toy:
            ear = Ear(toy.url)
            async with ear.running():
                await until(lambda: ear.word is LIVE)
            assert ear.word is ISLAND
            assert ear.words[-1] is ISLAND, "and it is told"
            assert ear.sentence == "The line to the server is closed."

    run(scenario())


def test_the_welcome_alone_tells_the_servers_time() -> None:
    async def scenario() -> None:
        stop = asyncio.Event()

        async def terse(connection: ServerConnection) -> None:
            await connection.send(welcome(), text=True)  # it says that it is 1970
            await stop.wait()

        async with peer(terse) as url, Ear(url).running() as ear:
            await until(lambda: ear.link.up)
            assert abs(ear.clock.now()) < 5_000
            stop.set()

    run(scenario())


def test_before_the_first_line_it_says_what_it_waits_for() -> None:
    async def scenario() -> None:
        ear = Ear("ws://127.0.0.1:9/")
        assert (ear.word, ear.sentence) == (ISLAND, "Not connected yet. Waiting for ws://127.0.0.1:9/.")
        assert not ear.link.post(Page(stream="incident/x"))

    run(scenario())


def test_a_server_that_falls_silent_is_lagging_after_4_s_and_an_island_after_8_s() -> None:
    """P13, P14: with the real figures; the clock is moved, not waited for."""

    async def scenario() -> None:
        async with ToyServer() as toy, Ear(toy.url, timing=Timing()).running() as ear:
            await until(lambda: ear.word is LIVE and ear.link.state.rtt_ms is not None)
            toy.silent = True  # the sockets live on, and pings would be answered
            await asyncio.sleep(0.2)
            ear.clock.stop()
            ear.link._heard = ear.clock.monotonic()
            for seconds, word in ((3.9, LIVE), (4.1, LAGGING), (7.9, LAGGING), (8.1, ISLAND)):
                ear.link._asked.clear()  # silence alone is tried here, not the round trip
                ear.clock.ahead = seconds
                await asyncio.sleep(0.7)  # longer than one look at the clock
                assert ear.word is word, seconds
            assert ear.sentence == "The server has been silent for 8 seconds."
            assert ear.words == [LIVE, LAGGING, ISLAND]

    run(scenario())


def test_a_silent_server_is_dialled_again_and_the_line_comes_back_when_it_speaks() -> None:
    async def scenario() -> None:
        async with ToyServer() as toy, Ear(toy.url).running() as ear:
            await until(lambda: ear.word is LIVE)
            toy.silent = True
            await until(lambda: ear.word is ISLAND and toy.dials > 2)
            toy.silent = False
            await until(lambda: ear.word is LIVE)
            assert ear.words[:3] == [LIVE, LAGGING, ISLAND]

    run(scenario())


def test_slow_answers_are_lagging() -> None:
    async def scenario() -> None:
        async def slow(connection: ServerConnection) -> None:
            await connection.send(welcome(), text=True)

            async def late(frame: Heartbeat) -> None:
                await asyncio.sleep(0.5)
                await connection.send(protocol.encode(Heartbeat(sent_at=1, echo=frame.sent_at)), text=True)

            async with asyncio.TaskGroup() as group:
                async for message in connection:
                    frame = protocol.read_client(str(message).encode())
                    if isinstance(frame, Heartbeat):
                        await connection.send(protocol.encode(Heartbeat(sent_at=1)), text=True)
                        group.create_task(late(frame))

        async with peer(slow) as url, Ear(url).running() as ear:
            await until(lambda: ear.word is LAGGING and (ear.link.state.rtt_ms or 0) >= 400)
            assert ear.sentence == "An answer takes more than 0.3 s."

    run(scenario())


def test_read_only_is_a_word_of_its_own() -> None:
    async def scenario() -> None:
        async with ToyServer() as toy, Ear(toy.url).running() as ear:
            await until(lambda: ear.word is LIVE)
            since = ear.link.state.since_ms
            toy.read_only = True
            await until(lambda: ear.word is READ_ONLY)
            assert ear.sentence.startswith("The server can write nothing at the moment.")
            assert ear.link.state.since_ms >= since
            toy.read_only = False
            await until(lambda: ear.word is LIVE)

    run(scenario())


def test_the_heads_of_the_streams_watched_are_known() -> None:
    async def scenario() -> None:
        async with ToyServer() as toy:
            toy.furnish()
            async with Ear(toy.url).running() as ear:
                await until(lambda: ear.link.up)
                assert ear.link.post(protocol.Watch(stream=INCIDENT_STREAM))
                await until(lambda: ear.link.heads.get(INCIDENT_STREAM) == 2)

    run(scenario())


def test_what_waits_to_be_written_is_bounded_when_the_peer_does_not_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(link_module, "OUTGOING_MAX", 300)

    async def scenario() -> None:
        stop = asyncio.Event()

        async def deaf(connection: ServerConnection) -> None:
            await connection.send(welcome(), text=True)
            connection.transport.pause_reading()
            await stop.wait()

        async with peer(deaf) as url, Ear(url, timing=Timing(island=60)).running() as ear:
            await until(lambda: ear.link.up)
            await asyncio.sleep(0.05)
            posted = 0
            for _ in range(4_000):
                posted += ear.link.post(Page(stream="incident/" + "x" * 100))
                if posted % 100 == 0:
                    await asyncio.sleep(0)
            assert len(ear.link._out) <= 301, "and our own heartbeat, which goes first"
            assert not ear.link.post(Page(stream="incident/x"))
            stop.set()

    run(scenario())


# -- the line that is not -------------------------------------------------------------------------------------


def test_a_token_that_is_not_known_is_one_sentence_and_is_tried_again_slowly() -> None:
    async def scenario() -> None:
        async with ToyServer() as toy, Ear(toy.url, "tok-new").running() as ear:
            await until(lambda: ear.sentence == "This token is not known here.")
            assert ear.word is ISLAND
            wait = ear.link.state.retry_in_s
            assert wait is not None
            assert 0.1 < wait <= 2 * FAST.backoff_max
            toy.actors["tok-new"] = toy.actors["tok-las"]
            ear.link.redial()
            await until(lambda: ear.word is LIVE)

    run(scenario())


def test_a_server_that_is_started_later_is_found() -> None:
    async def scenario() -> None:
        async with ToyServer() as toy:
            await toy.stop()
            async with Ear(toy.url).running() as ear:
                await until(lambda: ear.sentence.startswith(f"Nobody answers at 127.0.0.1:{toy.port}."))
                await toy.start()
                await until(lambda: ear.word is LIVE)

    run(scenario())


def test_it_waits_at_least_as_long_as_the_server_asks() -> None:
    async def scenario() -> None:
        dials: list[float] = []
        loop = asyncio.get_running_loop()

        async def leaving(connection: ServerConnection) -> None:
            dials.append(loop.time())
            await connection.send(welcome(), text=True)
            bye = Bye(sentence="The server is being stopped.", retry_after_ms=700)
            await connection.send(protocol.encode(bye), text=True)

        async with peer(leaving) as url, Ear(url).running() as ear:
            await until(lambda: len(dials) >= 2)
            assert dials[1] - dials[0] >= 0.7
            await until(lambda: ear.sentence == "The server is being stopped.")

    run(scenario())


def test_a_server_that_takes_nobody_says_for_how_long() -> None:
    async def scenario() -> None:
        async with ToyServer() as toy:
            toy.refuse_status = 503
            async with Ear(toy.url).running() as ear:
                await until(lambda: ear.sentence == "Come back later.")

    run(scenario())


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        (b"{}", "The server sent something that is not this protocol: Not a frame of this protocol"),
        (b"{" * 40, "The server sent something that is not this protocol: A frame may nest 16 deep"),
        (b"\x00\x00\x00\x05junk", "The server sent something that is not this protocol: A snapshot page"),
        (b'{"frame":"watching","stream":"incident/x","seq":1}', "The server did not say welcome first."),
        (protocol.encode(protocol.Error(code="x", sentence="Update.\x1b[2J")), "Update.\ufffd[2J"),
        (None, "The line was cut."),
    ],
)
def test_a_peer_that_breaks_the_protocol_ends_the_line_with_a_sentence(
    said: bytes | None, sentence: str
) -> None:
    async def scenario() -> None:
        async def broken(connection: ServerConnection) -> None:
            await connection.recv()
            if said is None:
                connection.transport.abort()
            else:
                await connection.send(said, text=said.startswith(b"{"))
                await asyncio.sleep(0.2)

        async with peer(broken) as url, Ear(url).running() as ear:
            await until(lambda: ear.sentence.startswith(sentence), what=sentence)
            assert ear.word is ISLAND

    run(scenario())


def test_a_mistake_of_ours_ends_the_line_and_not_the_program() -> None:
    async def scenario() -> None:
        async with ToyServer() as toy, Ear(toy.url).running() as ear:

            def fails(_frame: Incoming) -> None:
                raise KeyError("ours")

            ear.receive = fails
            await until(lambda: "could not take in what the server sent (KeyError)" in ear.sentence)
            ear.receive = ear.frames.append
            await until(lambda: ear.word is LIVE)

    run(scenario())


def test_something_else_answers_at_that_port() -> None:
    async def scenario() -> None:
        async def other(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read(100)
            writer.write(b"220 mail ready\r\n")
            await writer.drain()
            writer.close()

        server = await asyncio.start_server(other, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        async with server, Ear(f"ws://127.0.0.1:{port}/").running() as ear:
            await until(
                lambda: ear.sentence == f"What answers at 127.0.0.1:{port} is no server of this kind."
            )

    run(scenario())


def test_a_server_that_accepts_and_says_nothing_is_given_up() -> None:
    async def scenario() -> None:
        async def mute(connection: ServerConnection) -> None:
            await connection.wait_closed()

        timing = Timing(open=0.3, heartbeat=0.1, island=5, backoff=0.05, backoff_max=0.1)
        async with peer(mute) as url, Ear(url, timing=timing).running() as ear:
            await until(lambda: ear.sentence == "The server took the call and said nothing.")

    run(scenario())


# -- how long it waits ----------------------------------------------------------------------------------------


def test_waits_are_fully_random_and_grow_from_half_a_second_to_fifteen() -> None:
    ear = Ear("ws://127.0.0.1:9/", timing=Timing(), seed=7)
    for tries, ceiling in ((0, 0.5), (1, 1.0), (3, 4.0), (5, 15.0), (40, 15.0)):
        waits = [ear.link._wait(Ending("cut"), tries) for _ in range(400)]
        assert 0 <= min(waits) < 0.1 * ceiling
        assert 0.9 * ceiling < max(waits) <= ceiling
    assert all(2.0 <= ear.link._wait(Ending("bye", retry_seconds=2), 9) <= 2.5 for _ in range(100))
    assert ear.link._wait(Ending("bye", retry_seconds=10**9), 0) <= 61
    assert all(15 <= ear.link._wait(Ending("who?", hopeless=True), 0) <= 30 for _ in range(100))


# -- words ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "url"),
    [
        ("ws://127.0.0.1:8765", "ws://127.0.0.1:8765/"),
        ("127.0.0.1:8765", "wss://127.0.0.1:8765/"),
        ("localhost:1", "wss://localhost:1/"),
        ("[::1]:8765", "wss://[::1]:8765/"),
        ("http://127.0.0.2:5/x", "ws://127.0.0.2:5/x"),
        ("eoc.example", "wss://eoc.example/"),
        (" wss://eoc.example:444/ ", "wss://eoc.example:444/"),
        ("https://eoc.example", "wss://eoc.example/"),
    ],
)
def test_addresses_as_people_type_them(typed: str, url: str) -> None:
    assert server_url(typed) == url


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("", "is no address"),
        ("ftp://x", "is no address"),
        ("ws://127.0.0.1:notaport", "is no address"),
        ("ws://127.0.0.1:99999", "is no address"),
        ("ws://127.0.0.1/?token=x", "is no address"),
        ("ws://", "is no address"),
        ("ws://[::1", "is no address"),
        ("ws://me:secret@127.0.0.1", "holds no name and no password"),
        ("ws://eoc.example", "is only for this machine"),
        ("ws://10.0.0.1:8765", "is only for this machine"),
        ("\x1b[2J", "is no address"),
    ],
)
def test_an_address_that_is_none_is_one_sentence(typed: str, words: str) -> None:
    with pytest.raises(ValueError, match=words) as raised:
        server_url(typed)
    assert "\x1b" not in str(raised.value)
    assert "secret" not in str(raised.value)


def test_every_way_in_which_a_line_can_fail_is_a_sentence_without_a_trace() -> None:
    certificate = ssl.SSLCertVerificationError()
    certificate.verify_code, certificate.verify_message = 10, "certificate has expired"
    failures: list[Exception] = [
        TimeoutError(),
        ConnectionRefusedError(),
        socket.gaierror(-2, "unknown"),
        certificate,
        ssl.SSLError(),
        InvalidMessage("x"),
        OSError(101, "Network is unreachable"),
        ValueError(),
        RuntimeError(),
    ]
    said = [not_opened("wss://eoc.example/", failure).sentence for failure in failures]
    assert len(set(said)) == len(said)
    assert all(one.endswith((".", "?")) and "Error" not in one for one in said)
    assert "The certificate of eoc.example has expired." in said[3]


@pytest.mark.parametrize(
    "code", [1001, 1008, 1009, 1011, 1012, 1013, 4001, 4003, 4008, 4009, 4010, 4011, 4999]
)
def test_every_close_code_is_a_sentence(code: int) -> None:
    ending = closed(ConnectionClosedError(Close(code, "because \x1b[2J"), None), None)
    assert ending.sentence
    assert "\x1b" not in ending.sentence
    assert ending.hopeless == (code in (4001, 4003, 4010))


def test_a_closing_line_says_goodbye() -> None:
    async def scenario() -> None:
        heard: list[Any] = []

        async def listening(connection: ServerConnection) -> None:
            await connection.send(welcome(), text=True)
            async for message in connection:
                heard.append(protocol.read_client(str(message).encode()))

        async with peer(listening) as url:
            async with Ear(url).running() as ear:
                await until(lambda: ear.link.up)
            await until(lambda: any(isinstance(frame, Bye) for frame in heard))

    run(scenario())


def a_record(seq: int) -> Record:
    return Record(
        seq=seq, command_id=f"{seq:08x}-0000-7000-8000-000000000000", type="log.written", v=1,
        body=encode_body({"text": "x"}), actor="Ann", agency="LAS", role="operator", written_at=1, recorded_at=1,
        hash=f"h{seq}",
    )  # fmt: skip


def test_a_flood_is_taken_in_together_in_its_order_and_a_gap_by_itself() -> None:
    """Merged frames must be what came: nothing lost, nothing across a gap, nothing moved before another frame."""
    claims = Claims(stream=INCIDENT_STREAM, held=[])
    sent: list[Records | Claims] = [
        Records(stream=INCIDENT_STREAM, prev=f"h{seq - 1}", records=[a_record(seq)])
        for seq in range(1, 400)
        if seq != 200
    ]
    sent[100] = msgspec.structs.replace(sent[100], prev="of another history")
    sent.insert(300, claims)

    async def scenario() -> None:
        async def pouring(connection: ServerConnection) -> None:
            await connection.recv()
            await connection.send(welcome(), text=True)
            for frame in sent:
                await connection.send(protocol.encode(frame), text=True)
            await connection.wait_closed()

        async with peer(pouring) as url:
            ear = Ear(url)
            async with ear.running():
                await until(lambda: sum(len(f.records) for f in ear.frames if isinstance(f, Records)) == 398)
                got = [frame for frame in ear.frames if isinstance(frame, Records | Claims)]
        told: list[Any] = []
        for frame in got:
            if isinstance(frame, Claims):
                told.append("claims")
                continue
            seqs = [record.seq for record in frame.records]
            assert seqs == list(range(seqs[0], seqs[0] + len(seqs))), "no gap inside"
            broken = seqs[0] == 101
            assert frame.prev == ("of another history" if broken else f"h{seqs[0] - 1}")
            assert 101 not in seqs[1:], "what does not follow is looked at by itself"
            told += seqs
        expected = ["claims" if isinstance(frame, Claims) else frame.records[0].seq for frame in sent]
        assert told == expected
        assert len(got) < len(sent) / 2, "and it was far fewer"

    run(scenario())
