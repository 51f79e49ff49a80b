"""The desk's half of the door on the real server, over TLS: one call, one evening, and what ends it."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from incident.kernel.door import BreakGlass, read_code
from incident.kernel.replica import LinkWord
from incident.kernel.slice import Refusal
from incident.log.facts import Write
from incident.organisation.facts import Open
from incident_tui import door
from incident_tui.clock import Clock
from incident_tui.endings import server_url
from incident_tui.keyring import Ring
from incident_tui.link import Timing
from incident_tui.session import Session
from incident_tui.sitting import Sitting
from tests.running import run
from tests.tui.rooms import until

ROOT = Path(__file__).resolve().parents[2]
ENV = {**os.environ, "PYTHONPATH": str(ROOT)}
QUICK = Timing(backoff=0.1, backoff_max=0.5, settled=0.5)
PASSWORD = "four plain horses waiting"


class Server:
    """A server process with an authority of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.url = ""
        self.command("init", str(folder))
        self.process = self.start(0)

    def command(self, *words: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "server", *words],
            check=True,
            capture_output=True,
            text=True,
            env=ENV,
            timeout=60,
        )
        return done.stdout

    def start(self, port: int) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "server", "run", str(self.folder), "--port", str(port)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=ENV,
        )
        assert process.stdout is not None
        for line in process.stdout:
            if found := re.search(r"wss://127\.0\.0\.1:(\d+)", line):
                self.url = server_url(found[0])
                return process
        raise AssertionError("the server did not start")

    def again(self) -> None:
        """Started on the same port, after it was killed."""
        self.process = self.start(int(self.url.rsplit(":", 1)[1].strip("/")))

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()

    def code(self, name: str, *, agency: str = "LAS") -> str:
        words = ("--agency", agency, "--role", "operator", "--name", name)
        return self.command("enrol", str(self.folder), *words).split()[0]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    made = Server(tmp_path / "data")
    yield made
    made.kill()


class AtWork:
    """A signed-in desk at work, for as long as the block lasts."""

    def __init__(self, ring: Ring, home: Path) -> None:
        self.sitting = Sitting(ring, Clock())
        self.home = home

    async def __aenter__(self) -> Session:
        assert await self.sitting.open(PASSWORD) == ""
        self.session = Session(
            self.sitting.ring.badge.url,
            "",
            home=self.home,
            timing=QUICK,
            sitting=self.sitting,
            clock=self.sitting.clock,
        )
        self._running = asyncio.create_task(self.session.run())
        await until(lambda: self.session.settled, what="the desk is ready")
        return self.session

    async def __aexit__(self, *_: object) -> None:
        self._running.cancel()
        await asyncio.gather(self._running, return_exceptions=True)
        await self.session.close()


async def quiet(session: Session) -> None:
    await until(lambda: session.settled and not session.unsent, what="nothing waits")


def test_an_evening_at_an_enrolled_desk(server: Server, tmp_path: Path) -> None:
    """Enrolled, locked, cut off, opened by itself, back again, revoked: nothing is lost, and nothing gets through."""

    async def scenario() -> None:
        code = read_code(await asyncio.to_thread(server.code, "EOC desk 3"))
        ring = await door.enrol(server.url, code, PASSWORD, tmp_path)
        with pytest.raises(door.DoorError, match="was used"):
            await door.knows(server.url, code, tmp_path / "other")
        at_work = AtWork(ring, tmp_path)
        async with at_work as session:
            sitting = at_work.sitting
            assert isinstance(session.submit(Open("Coach on the M25", "exercise")), str)
            await until(lambda: session.stream and session.settled)
            await quiet(session)
            assert sitting.until > session.now() + 11 * 3_600_000

            sitting.lock()
            refused = session.submit(Write("by whoever passes"))
            assert isinstance(refused, Refusal)
            assert refused.code == "locked"
            assert "not the password" in await sitting.open("five lame horses waiting")
            assert await sitting.open(PASSWORD) == ""
            assert isinstance(session.submit(Write("by me")), str)
            await quiet(session)

            sitting.lock()
            await until(lambda: sitting._told_lock)
            beside = Sitting(ring, Clock(), watched=False)
            beside.reuse()
            assert await beside.open(PASSWORD) == ""
            await until(lambda: sitting.word == "", what="the same sign-in, unlocked beside it")
            assert beside.token == sitting.token
            other = await door.sign_in(ring, PASSWORD)
            assert other.token != sitting.token
            await door.sign_out(ring, other.token)
            with pytest.raises(door.DoorError, match="over"):
                await door.sign_in(ring, PASSWORD, token=other.token)
            assert isinstance(session.submit(Write("by me still")), str)
            await quiet(session)

            sitting.lock()
            await until(lambda: sitting._told_lock)
            await asyncio.to_thread(server.kill)
            await until(lambda: session.link.word is LinkWord.ISLAND)
            assert await sitting.open(PASSWORD) == ""
            assert isinstance(session.submit(Write("while cut off")), str)
            await asyncio.to_thread(server.again)
            session.redial()
            await quiet(session)
            assert session.cards == ()
            assert [line.text for line in session.log().lines if line.text in ("by me", "while cut off")] == [
                "by me",
                "while cut off",
            ]

            words = ("revoke", str(server.folder), "--agency", "LAS", "--name", "EOC desk 3")
            await asyncio.to_thread(server.command, *words)
            done = time.monotonic()
            await until(lambda: sitting.word == "SIGNED OUT")
            print(f"out {(time.monotonic() - done) * 1000:.0f} ms after the word had returned")
            assert ring.sign_in() is None
            assert "revoked" in await sitting.open(PASSWORD)

    run(scenario(), seconds=120)


def test_two_persons_break_the_glass_and_it_stands_in_the_log(server: Server, tmp_path: Path) -> None:
    async def scenario() -> None:
        codes = [await asyncio.to_thread(server.code, name) for name in ("EOC desk 3", "EOC desk 4")]
        homes = tmp_path / "a", tmp_path / "b"
        ring, _ = [
            await door.enrol(server.url, read_code(code), PASSWORD, home)
            for code, home in zip(codes, homes, strict=True)
        ]
        at_work = AtWork(ring, homes[0])
        async with at_work as session:
            assert isinstance(session.submit(Open("Coach on the M25", "exercise")), str)
            await until(lambda: session.stream and session.settled)
            await quiet(session)
            glass = BreakGlass(
                first="EOC desk 3",
                first_password=PASSWORD,
                second="EOC desk 4",
                second_password=PASSWORD,
                role="tactical_commander",
                reason="nobody in command can be reached",
            )
            assert await at_work.sitting.break_glass(glass) == ""
            await until(lambda: session.me is not None and session.me.role == "tactical_commander")
            await until(lambda: session.settled and session.stream)
            assert at_work.sitting.glass == "break glass: EOC desk 3 + EOC desk 4"
            await until(
                lambda: any("nobody in command can be reached" in line.text for line in session.log().lines)
            )
            assert isinstance(session.submit(Write("by two")), str)
            await quiet(session)
            at_work.sitting.lock()
            assert await at_work.sitting.open(PASSWORD) == "", "either of the two opens it"
            assert at_work.sitting.glass

    run(scenario(), seconds=120)
