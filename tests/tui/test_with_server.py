"""The client on the real server, each in a process of its own: rooms that see each other, and faults on the way."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from incident.kernel.replica import LinkWord
from incident.log.facts import Write
from incident.organisation.facts import Declare, Invite, Open
from incident_tui.endings import server_url
from incident_tui.link import Timing
from incident_tui.session import Session
from tests.running import run
from tests.tui.rooms import at_desk, texts, until

ROOT = Path(__file__).resolve().parents[2]
ENV = {**os.environ, "PYTHONPATH": str(ROOT)}
QUICK = Timing(backoff=0.1, backoff_max=0.5, settled=0.5)


class Server:
    """A server process over a data folder; killed and started again on the same port."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = 0
        self.process: subprocess.Popen[str] | None = None
        self.command("init", str(folder), "--plain")

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

    def token(self, agency: str) -> str:
        said = self.command(
            "token",
            str(self.folder),
            "--agency",
            agency,
            "--role",
            "operator",
            "--name",
            f"Desk {time.time_ns()}",
        )
        return next(word for word in said.split() if re.fullmatch(r"[A-Za-z0-9_-]{43}", word))

    def start(self) -> str:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "server", "run", str(self.folder), "--port", str(self.port)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=ENV,
        )
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if found := re.search(r"ws://127\.0\.0\.1:(\d+)", line):
                self.port = int(found[1])
                return server_url(found[0])
        raise AssertionError("the server did not start")

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()
        self.process = None


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    made = Server(tmp_path / "data")
    yield made
    if made.process is not None:
        made.kill()


async def opened(las: Session) -> None:
    answer = las.submit(Open("M4/M25 coach", "exercise"))
    assert isinstance(answer, str), answer
    await until(lambda: las.stream and las.settled)
    assert isinstance(las.submit(Invite(("SCAS",))), str)
    await quiet(las)


async def quiet(session: Session) -> None:
    await until(lambda: session.settled and not session.unsent, what="nothing waits")


def test_two_rooms_on_one_server_see_each_other(server: Server, tmp_path: Path) -> None:
    async def scenario() -> None:
        url = server.start()
        las_token, scas_token = server.token("LAS"), server.token("SCAS")
        async with at_desk(url, tmp_path / "h", las_token, ready=False, timing=QUICK) as las:
            await until(lambda: las.settled)
            await opened(las)
            async with at_desk(url, tmp_path / "h", scas_token, timing=QUICK) as scas:
                assert isinstance(scas.submit(Declare("SCAS", "standby")), str)
                assert isinstance(las.submit(Write("bus requested")), str)
                assert isinstance(scas.submit(Write("ours alone"), stream=scas.look().own_stream), str)
                await quiet(las)
                await quiet(scas)
                await until(lambda: las.look().state == scas.look().state)
                await until(lambda: "bus requested" in texts(scas) and "ours alone" in texts(scas))
                assert any(
                    line.type == "organisation.declared" and line.agency == "SCAS" for line in las.log().lines
                )
                assert "ours alone" not in texts(las)
                await until(lambda: set(las.present) == {"LAS", "SCAS"})
                rtt = las.link.rtt_ms
                print(f"round trip {rtt} ms")

    run(scenario())


def test_the_server_is_killed_again_and_again_and_nothing_is_lost_or_doubled(
    server: Server, tmp_path: Path
) -> None:
    """P1, P5, P8, P15, seen from a room."""

    async def scenario() -> None:
        url = server.start()
        token = server.token("LAS")
        written: list[str] = []
        async with at_desk(url, tmp_path / "h", token, ready=False, timing=QUICK) as las:
            await until(lambda: las.settled)
            await opened(las)
            for round_ in range(4):
                for number in range(30):
                    answer = las.submit(Write(f"entry {round_}-{number}"))
                    assert isinstance(answer, str)
                    written.append(answer)
                    await asyncio.sleep(0.002)
                server.kill()
                await until(lambda: las.link.word is LinkWord.ISLAND)
                began = time.monotonic()
                server.start()
                await quiet(las)
                print(f"back after {time.monotonic() - began:.1f} s, with the server's own start")
            assert [line.command_id for line in las.log().lines if line.text.startswith("entry ")] == written
            assert las.cards == ()

    run(scenario(), seconds=120)


@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="this system cannot freeze a process")
def test_a_frozen_server_is_seen_within_ten_seconds_and_the_line_comes_back(
    server: Server, tmp_path: Path
) -> None:
    """P13: the real figures, on a real clock: the sockets live on and nothing speaks."""

    async def scenario() -> None:
        url = server.start()
        async with at_desk(url, tmp_path / "h", server.token("LAS"), ready=False, timing=Timing()) as las:
            await until(lambda: las.link.word is LinkWord.LIVE)
            assert server.process is not None
            server.process.send_signal(signal.SIGSTOP)
            frozen = time.monotonic()
            await until(lambda: las.link.word is LinkWord.LAGGING)
            lagging = time.monotonic() - frozen
            await until(lambda: las.link.word is LinkWord.ISLAND)
            island = time.monotonic() - frozen
            print(f"LAGGING after {lagging:.1f} s, ISLAND after {island:.1f} s")
            assert island <= 30, "a hang guard at three times the promised figure"
            server.process.send_signal(signal.SIGCONT)
            las.redial()
            await until(lambda: las.link.word is LinkWord.LIVE)

    run(scenario())


def test_two_thousand_commands_written_while_cut_off_are_sent_in_one_go(
    server: Server, tmp_path: Path
) -> None:
    """P10: a long cut; the figure is printed."""

    async def scenario() -> None:
        url = server.start()
        async with at_desk(url, tmp_path / "h", server.token("LAS"), ready=False, timing=QUICK) as las:
            await until(lambda: las.settled)
            await opened(las)
            server.kill()
            await until(lambda: las.link.word is LinkWord.ISLAND)
            for number in range(1_900):
                assert isinstance(las.submit(Write(f"entry {number}")), str)
                if number % 50 == 0:
                    await asyncio.sleep(0)
            await until(lambda: las.desk.cache is not None and not las.desk.cache.disk.unsaved)
            server.start()
            await until(lambda: las.link.word is not LinkWord.ISLAND)
            began = time.monotonic()
            slowest = 0.0
            while las.unsent:
                before = time.monotonic()
                await asyncio.sleep(0.01)
                slowest = max(slowest, time.monotonic() - before)
                assert time.monotonic() - began < 120, (
                    f"{las.unsent} still wait"
                )  # a guard; the figure is printed
            print(
                f"1,900 commands in {time.monotonic() - began:.1f} s; the loop stood still for {slowest * 1000:.0f} ms"
            )

    with contextlib.suppress(ProcessLookupError):
        run(scenario(), seconds=150)
