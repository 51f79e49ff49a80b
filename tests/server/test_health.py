"""Health and figures over HTTP: what they say, what they never say, and what they refuse."""

from __future__ import annotations

import asyncio
import re
import socket
import sqlite3
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from incident.kernel.protocol import Refused
from incident.kernel.slice import Refusal
from server import health, hub, logs
from server.__main__ import main
from server.counters import BOUNDS, CODES_MAX, Histogram, Tally
from server.health import HealthDoor
from server.probe import Probe
from server.pulse import Pulse
from server.store.memory import MemoryStore
from server.store.sqlite import open_sqlite
from tests.running import run
from tests.server.house import House, house, soon
from tests.server.test_command_line import running
from tests.server.toy import Open, Write

LINE = re.compile(r'(incident_[a-z_]+)(\{(?:le|code|event)="[^"{}\\\n]*"\})? (-?[0-9]+(?:\.[0-9]+)?)')


@asynccontextmanager
async def watched(store: Any = None) -> AsyncIterator[tuple[House, int]]:
    """A house with the door of its health, and its port."""
    async with house(store) as home:
        door = HealthDoor(home.hub, Pulse())
        try:
            yield home, await door.open(0)
        finally:
            door.close()


async def said(port: int, sent: bytes) -> bytes:
    """Everything that comes back for these bytes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(sent)
        return await reader.read()
    except ConnectionError:
        return b""
    finally:
        writer.close()


async def got(port: int, path: str) -> tuple[int, str]:
    """Status and body of a GET."""
    answer = await said(port, f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode())
    head, _, body = answer.partition(b"\r\n\r\n")
    fields = head.decode().lower().split("\r\n")
    assert f"content-length: {len(body)}" in fields
    assert "connection: close" in fields
    return int(head.split()[1]), body.decode()


async def figures(port: int) -> dict[str, float]:
    """Every sample by its name and label; each line must be of the format."""
    status, text = await got(port, "/metrics")
    assert status == 200
    found: dict[str, float] = {}
    kinds = re.findall(r"^# TYPE (incident_[a-z_]+) (counter|gauge|histogram)$", text, re.MULTILINE)
    assert len(kinds) == len(dict(kinds)) == text.count("# HELP ") == text.count("# TYPE ")
    for line in text.splitlines():
        if not line.startswith("#"):
            sample = LINE.fullmatch(line)
            assert sample, line
            assert sample[1] + (sample[2] or "") not in found
            found[sample[1] + (sample[2] or "")] = float(sample[3])
    for name, kind in kinds:
        if kind == "histogram":
            rungs = [value for key, value in found.items() if key.startswith(name + "_bucket")]
            assert rungs == sorted(rungs)
            assert rungs[-1] == found[name + "_count"]
            assert len(rungs) == len(BOUNDS) + 1
        if kind == "counter":
            assert name.endswith("_total")
    return found


# -- what they say --------------------------------------------------------------------------------------------


def test_the_figures_count_what_was_done() -> None:
    async def scene() -> None:
        async with watched() as (home, port), home.guest() as las, home.guest(observer=True) as wall:
            await home.opened("LAS")
            before = await figures(port)
            assert before["incident_connections"] == 2
            for _ in range(3):
                await las.do(Write("a line"))
            assert isinstance(await wall.do(Write("no")), Refused)
            with pytest.raises(InvalidStatus):
                async with connect(home.url, proxy=None):
                    pass
            after = await figures(port)
            for name, more in {
                "incident_acks_total": 3,
                "incident_ack_seconds_count": 3,
                'incident_refused_total{code="observer"}': 1,
                'incident_security_total{event="turned away"}': 1,
                "incident_authz_denied_total": 2,
                "incident_fanout_records_total": 3,
                "incident_conflicts_total": 0,
                "incident_slow_disconnects_total": 0,
                "incident_streams": 0,
            }.items():
                assert after[name] - before.get(name, 0) == more, name
            next(iter(home.hub.sessions)).too_slow()
            await soon(lambda: len(home.hub.sessions) == 1)
            last = await figures(port)
            assert (last["incident_slow_disconnects_total"], last["incident_connections"]) == (1, 1)

    run(scene())


def test_the_log_tells_once_when_nothing_can_be_written_and_once_when_it_can(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told: list[tuple[str, Any]] = []
    monkeypatch.setattr(logs, "warn", lambda event, **facts: told.append((event, facts)))
    monkeypatch.setattr(logs, "note", lambda event, **facts: told.append((event, facts)))

    async def scene() -> None:
        store = MemoryStore()
        async with house(store) as home:
            watch = health.Watch()

            def look() -> None:
                watch.look(health.trouble(home.hub, Pulse()))

            told.clear()
            look()
            assert told == []
            store.full = "no room"
            look()
            look()
            home.hub.stopping = True
            look()
            home.hub.stopping = False
            assert told == [("not ready", {"reasons": ["disk_full"]})]
            store.full = None
            look()
            look()
            assert told[1:] == [("ready again", {})]

    run(scene())


def test_of_an_incident_nothing_is_told() -> None:
    async def scene() -> None:
        async with watched() as (home, port), home.guest("SCAS", "Canary desk") as scas:
            await home.opened("SCAS", stream="board/canary-stream")
            await scas.do(Write("canary text"), "board/canary-stream")
            await scas.do(Write("canary text"), "board/canary-nowhere")
            for path in ("/metrics", "/readyz", "/healthz", "/canary"):
                _, body = await got(port, path)
                assert "canary" not in body.lower()
                assert "SCAS" not in body
                assert "board/" not in body

    run(scene())


def test_ready_until_something_is_wrong_and_then_each_reason_is_a_word(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "SOUND_SECONDS", 0.0)

    async def full_and_stopping() -> None:
        store = MemoryStore()
        async with watched(store) as (home, port):
            assert await got(port, "/readyz") == (200, "ready\n")
            store.full = "no room"
            assert await got(port, "/readyz") == (503, "disk_full\n")
            home.hub.stopping = True
            assert await got(port, "/readyz") == (503, "disk_full stopping\n")
            assert await got(port, "/healthz") == (200, "ok\n")
            store.full, home.hub.stopping = None, False

    async def latched() -> None:
        fate: list[Any] = [None]
        async with watched(MemoryStore(fault=lambda _group: fate[0])) as (home, port), home.guest() as las:
            await home.opened("LAS")
            fate[0] = "lost"
            await las.submit(Write("x"))
            await soon(lambda: home.hub.failure is not None)
            assert (await got(port, "/readyz"))[0] == 503
            assert "read_only" in (await got(port, "/readyz"))[1].split()
            assert (await figures(port))["incident_read_only"] == 1

    async def silent() -> None:
        monkeypatch.setattr(hub, "SILENT_SECONDS", 0.05)
        flushes: list[Any] = []
        async with watched(MemoryStore(schedule=flushes.append)) as (home, port), home.guest() as las:
            await las.submit(Open(("LAS",)))
            await soon(lambda: flushes)
            await asyncio.sleep(0.1)
            assert await got(port, "/readyz") == (503, "disk_silent\n")
            flushes.pop()()
            assert await got(port, "/readyz") == (200, "ready\n")

    async def changed() -> None:
        path = tmp_path / "log.db"
        async with watched(open_sqlite(path, mode="exercise")) as (home, port):
            await home.opened("LAS")
            assert await got(port, "/readyz") == (200, "ready\n")
            found = await figures(port)
            assert found["incident_commit_seconds_count"] == 1
            assert found["incident_wal_bytes"] > 0
            assert found["incident_disk_free_bytes"] > 0
            other = sqlite3.connect(path)
            other.execute("PRAGMA user_version = 99")
            other.close()
            assert await got(port, "/readyz") == (503, "schema\n")

    for scene in (full_and_stopping, latched, silent, changed):
        run(scene())


def test_a_count_has_no_more_codes_than_it_may() -> None:
    tally = Tally()
    for code in ("", "Not A Code", 'x"} 1\n', "a" * 41):
        tally.refuse(Refusal(code, "no"))
    assert tally.refused == {"other": 4}
    for first in range(26):
        for second in range(26):
            tally.refuse(Refusal(chr(97 + first) + chr(97 + second), "no", conflict=True))
    assert len(tally.refused) == CODES_MAX
    assert sum(tally.refused.values()) == 4 + 676
    assert tally.conflicts == 676


def test_a_histogram_counts_what_is_just_at_a_bound_below_it() -> None:
    found = Histogram()
    for seconds in (0.0, 0.001, 0.0011, 5.0, 99.0):
        found.add(seconds)
    assert (found.counts[0], found.counts[1], found.counts[-2], found.counts[-1]) == (2, 1, 1, 1)
    assert found.total == pytest.approx(104.0021)


def test_a_clock_that_jumps_under_the_server_is_counted() -> None:
    pulse = Pulse()
    for shown, went in ((0.5, 0.5), (0.9, 0.5), (3.5, 3.0), (-60.0, 0.5), (3_600.0, 0.5)):
        pulse.compare(shown, went)
    assert (pulse.steps, pulse.last_step) == (2, 3_599.5)


def test_a_clock_that_was_set_back_is_not_ready_until_it_has_caught_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pulse, now = Pulse(), 1_800_000_000_000
    assert not pulse.clock_is_wrong(now)
    assert not pulse.clock_is_wrong(now - 2_000)
    assert pulse.clock_is_wrong(now - 2_001)
    assert not pulse.clock_is_wrong(now + 3_600_000)
    assert pulse.clock_is_wrong(now)
    assert not pulse.clock_is_wrong(now + 3_600_001)
    assert Pulse().clock_is_wrong(1_700_000_000_000)

    async def scene() -> None:
        async with watched() as (_, port):
            assert await got(port, "/readyz") == (200, "ready\n")
            monkeypatch.setattr(logs, "clock", lambda: 1_700_000_000_000)
            assert await got(port, "/readyz") == (503, "clock\n")

    run(scene())


def test_a_disk_that_takes_nothing_is_not_ready_though_nobody_writes(tmp_path: Path) -> None:
    wal = [5]
    probe = Probe(tmp_path / "probe", lambda: (0, wal[0]))
    assert probe.once()
    before = (tmp_path / "probe").read_bytes()
    assert probe.once()
    assert (tmp_path / "probe").read_bytes() != before
    if sys.platform != "win32":
        assert (tmp_path / "probe").stat().st_mode & 0o077 == 0
    assert not Probe(tmp_path / "gone" / "probe", lambda: (0, 0)).once()

    async def scene() -> None:
        async with house() as home:
            assert health.trouble(home.hub, Pulse(), probe) == []
            probe.wal = health.WAL_BYTES_MAX + 1
            assert health.trouble(home.hub, Pulse(), probe) == ["wal"]
            probe.wal = 0
            probe._last -= 5.1
            assert health.trouble(home.hub, Pulse(), probe) == ["disk_silent"]
            probe.start()
            await soon(lambda: not health.trouble(home.hub, Pulse(), probe))
            assert probe.wal == 5
            probe.stop()

    run(scene())


# -- what they refuse -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"POST /metrics HTTP/1.1\r\n\r\n", 405),
        (b"HEAD /healthz HTTP/1.1\r\n\r\n", 405),
        (b"PUT /healthz HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello", 405),
        (b"get /healthz HTTP/1.1\r\n\r\n", 405),
        (b"GET /elsewhere HTTP/1.1\r\n\r\n", 404),
        (b"GET /../identity.json HTTP/1.1\r\n\r\n", 404),
        (b"GET http://127.0.0.1/metrics HTTP/1.1\r\n\r\n", 400),
        (b"GET /healthz HTTP/2\r\n\r\n", 400),
        (b"GET /healthz\r\n\r\n", 400),
        (b"\xff\xfe\x00\r\n\r\n", 400),
        (b"GET /healthz HTTP/1.1\r\nHost: example.org\r\n\r\n", 403),
        (b"GET /healthz HTTP/1.1\r\nhost:192.0.2.1:80\r\n\r\n", 403),
        (b"GET /healthz HTTP/1.1\r\nX: " + b"x" * 70_000, 431),
        (b"GET /healthz?full=1 HTTP/1.0\r\n\r\n", 200),
        (b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n", 200),
        (b"GET /healthz HTTP/1.1\r\nHost: [::1]:9464\r\n\r\n", 200),
        (b"GET /healthz HTTP/1.1\r\n\r\nGET /metrics HTTP/1.1\r\n\r\n", 200),
    ],
)
def test_only_a_small_get_of_three_addresses_is_answered(sent: bytes, status: int) -> None:
    async def scene() -> None:
        async with watched() as (_, port):
            answer = await said(port, sent)
            if status == 431 and not answer:
                return  # closed with bytes of it unread: the system may take the answer along
            assert answer.split()[1] == str(status).encode()
            assert answer.count(b"HTTP/1.1 ") == 1
            assert (b"Allow: GET" in answer) == (status == 405)
            assert await got(port, "/healthz") == (200, "ok\n")

    run(scene())


def test_who_is_silent_or_one_too_many_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "SECONDS_MAX", 0.5)

    async def scene() -> None:
        async with watched() as (_, port):
            silent = [await asyncio.open_connection("127.0.0.1", port) for _ in range(health.CALLERS_MAX)]
            silent[0][1].write(b"GET /healthz HT")
            assert await said(port, b"GET /healthz HTTP/1.1\r\n\r\n") == b""
            for reader, writer in silent:
                assert await reader.read() == b""
                writer.close()
            assert await got(port, "/healthz") == (200, "ok\n")

    run(scene())


def test_it_listens_on_loopback_alone_and_only_when_asked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async def scene() -> None:
        async with house() as home:
            door = HealthDoor(home.hub, Pulse())
            await door.open(0)
            assert door._server is not None
            assert {held.getsockname()[0] for held in door._server.sockets} == {"127.0.0.1"}
            door.close()
            await asyncio.sleep(0)  # the loop lets go of its sockets in its next turn

    run(scene())
    root = tmp_path / "rooms"
    assert main(["init", str(root), "--plain"]) == 0
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with (root / "server.yaml").open("a", encoding="utf-8") as settings:
            settings.write(f"metrics_port: {port}\n")
        assert main(["run", str(root), "--port", "0"]) == 1
        assert f"Port {port} on 127.0.0.1 is taken by another program" in capsys.readouterr().err
    with running(root):
        assert run(got(port, "/readyz")) == (200, "ready\n")
        assert main(["exercise", str(root), "m4-m25-coach"]) == 0
        found = run(figures(port))
        assert found["incident_commit_seconds_count"] > 0
        assert found["incident_streams"] > 0
        capsys.readouterr()
        assert main(["doctor", str(root)]) == 0
        assert f"http://127.0.0.1:{port}/" in capsys.readouterr().out
    written = (root / "server.yaml").read_text(encoding="utf-8")
    (root / "server.yaml").write_text(written.replace(f"metrics_port: {port}\n", ""), encoding="utf-8")
    with running(root), pytest.raises(ConnectionRefusedError):
        run(got(port, "/healthz"))
