"""What was acknowledged is there after a kill at any moment, and after a disk that says no; ids answer the rest."""

from __future__ import annotations

import asyncio
import random
import subprocess
import sys
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from incident.kernel.protocol import Accepted, Done, Heartbeat, Submit
from incident.log.facts import Write
from incident.organisation.facts import Open
from incident.state import MODELS
from server.__main__ import main
from tests.running import run
from tests.server.house import Guest, chained_from_genesis, submitted

ROOT = Path(__file__).resolve().parents[2]
KILLS = 20
WRITERS = 4

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="kills and limits as POSIX has them")


@dataclass
class Room:
    """One writer's own book: what it has sent, and what it was told."""

    token: str
    sent: dict[str, Submit] = field(default_factory=dict)
    told: dict[str, Done] = field(default_factory=dict)

    @property
    def unanswered(self) -> list[Submit]:
        return [submit for id_, submit in self.sent.items() if id_ not in self.told]

    def hear(self, frame: Any) -> None:
        if isinstance(frame, Accepted):
            for done in frame.done:
                assert self.told.setdefault(done.command_id, done) == done


@dataclass
class Process:
    server: subprocess.Popen[str]
    url: str = ""

    async def ready(self) -> None:
        assert self.server.stdout is not None
        line = await asyncio.to_thread(self.server.stdout.readline)
        self.url = "ws://" + line.partition("ws://")[2].partition(" ")[0]
        assert "127" in self.url, self.server.stderr.read() if self.server.stderr else ""


@asynccontextmanager
async def served(folder: Path, **kwargs: Any) -> AsyncIterator[Process]:
    command = [sys.executable, "-m", "server", "run", str(folder), "--port", "0"]
    pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    server = subprocess.Popen(command, cwd=ROOT, **pipes, **kwargs)  # noqa: ASYNC220 -- starting one is quick
    try:
        yield Process(server)
    finally:
        server.kill()
        await asyncio.to_thread(server.communicate)


def tokens(folder: Path, capsys: pytest.CaptureFixture[str]) -> list[str]:
    assert main(["init", str(folder), "--plain"]) == 0
    found = []
    for number in range(WRITERS):
        capsys.readouterr()
        arguments = ["--agency", "LAS", "--role", "operator", "--name", f"Desk {number}"]
        assert main(["token", str(folder), *arguments]) == 0
        found.append(capsys.readouterr().out.strip())
    return found


async def write(url: str, room: Room, stream: str, *, new: bool = True) -> None:
    """Send again what has no answer, then new entries, a few at a time, until the line breaks."""
    headers = {"Authorization": f"Bearer {room.token}"}
    with suppress(ConnectionClosed, OSError, InvalidHandshake, EOFError):
        async with connect(url, additional_headers=headers, proxy=None, max_queue=None) as connection:
            guest = Guest(connection)
            await guest.hello()
            for submit in room.unanswered:
                await guest.say(submit)
            while new or room.unanswered:
                if new and len(room.unanswered) < 10:
                    for _ in range(5):
                        submit = submitted(Write(text="still here"), stream, models=MODELS)
                        room.sent[submit.command_id] = submit
                        await guest.say(submit)
                room.hear(await guest.next())


async def everything(url: str, token: str, stream: str) -> Guest:
    headers = {"Authorization": f"Bearer {token}"}
    async with connect(url, additional_headers=headers, proxy=None, max_queue=None) as connection:
        guest = Guest(connection)
        await guest.hello()
        await guest.watch(stream)
        return guest


def judged(rooms: list[Room], guest: Guest, stream: str) -> None:
    """Every acknowledged command once, where it was said to be; every sent one answered."""
    records = guest.records[stream]
    chained_from_genesis(stream, records)
    places: dict[str, list[int]] = {}
    for record in records:
        places.setdefault(record.command_id, []).append(record.seq)
    for room in rooms:
        assert not room.unanswered
        for id_, done in room.told.items():
            assert places[id_] == list(range(done.first, done.last + 1))
    assert len(records) == len(places)
    print(f"{len(records)} records")


def test_twenty_kills_lose_nothing_that_was_acknowledged(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], seed: int
) -> None:
    chance = random.Random(f"{seed} kills")
    rooms = [Room(token) for token in tokens(tmp_path / "rooms", capsys)]
    stream = f"incident/{uuid.uuid4()}"

    async def scene() -> None:
        opening = submitted(Open(title="kills", mode="exercise"), stream, models=MODELS)
        rooms[0].sent[opening.command_id] = opening
        async with served(tmp_path / "rooms") as process:
            await process.ready()
            await write(process.url, rooms[0], stream, new=False)
        for number in range(KILLS):
            async with served(tmp_path / "rooms") as process:
                if number % 4 == 3:  # in the middle of its start
                    await asyncio.sleep(chance.random() * 0.5)
                    continue
                await process.ready()
                writing = [asyncio.ensure_future(write(process.url, room, stream)) for room in rooms]
                await asyncio.sleep(0.1 + chance.random() * 0.2)
                process.server.kill()
                await asyncio.gather(*writing)
        async with served(tmp_path / "rooms") as process:
            await process.ready()
            for room in rooms:
                await write(process.url, room, stream, new=False)
            judged(rooms, await everything(process.url, rooms[0].token, stream), stream)

    run(scene(), seconds=150)
    assert sum(len(room.told) for room in rooms) > KILLS


def test_a_disk_that_says_no_ends_the_process_and_nothing_was_promised(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import resource  # noqa: PLC0415 -- POSIX only

    rooms = [Room(token) for token in tokens(tmp_path / "rooms", capsys)]
    stream = f"incident/{uuid.uuid4()}"
    opening = submitted(Open(title="full", mode="exercise"), stream, models=MODELS)
    rooms[0].sent[opening.command_id] = opening

    def small_files() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000))

    async def scene() -> None:
        async with served(tmp_path / "rooms", preexec_fn=small_files) as process:
            await process.ready()
            await write(process.url, rooms[0], stream, new=False)
            headers = {"Authorization": f"Bearer {rooms[3].token}"}
            async with connect(
                process.url, additional_headers=headers, proxy=None, max_queue=None
            ) as connection:
                wall = Guest(connection)
                await wall.hello()
                writing = [asyncio.ensure_future(write(process.url, room, stream)) for room in rooms[:3]]
                await wall.until(Heartbeat, lambda frame: frame.read_only)
                start = time.monotonic()
                code = await asyncio.to_thread(process.server.wait, 10)
                print(f"ended {time.monotonic() - start:.2f} s after the failure")
                assert code == 3
            await asyncio.gather(*writing)
            assert process.server.stderr is not None
            said = process.server.stderr.read()
            assert "Traceback" not in said
            assert "nothing more until it is restarted" in said
        async with served(tmp_path / "rooms") as process:
            await process.ready()
            for room in rooms:
                await write(process.url, room, stream, new=False)
            judged(rooms, await everything(process.url, rooms[0].token, stream), stream)

    run(scene(), seconds=100)
