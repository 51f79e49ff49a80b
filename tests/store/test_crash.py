"""What was answered survives: kill -9 at any moment, a commit that fails, a disk that says no to fsync."""

from __future__ import annotations

import asyncio
import random
import shutil
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from server.store import Append, Unavailable
from server.store.opening import connect_sqlite
from server.store.sqlite import SqliteStore, open_sqlite
from server.store.writer import Writer
from tests.running import run
from tests.store.contract import Listener
from tests.store.pen import Pen, whole

ROOT = Path(__file__).resolve().parent.parent.parent
KILLS = 20


def writer(path: Path, seed: str, *before: str) -> subprocess.Popen[str]:
    """The process that writes without pause, perhaps under another program."""
    return subprocess.Popen(
        [*before, sys.executable, "-m", "tests.store.writer_process", str(path), seed],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def told(text: str) -> list[str]:
    """The whole lines about commands: the last one may have been cut by the kill."""
    return [line for line in text.split("\n")[:-1] if line != "ready"]


def lost_or_wrong(path: Path, answered: list[str]) -> list[str]:
    """Everything answered that is not in the log exactly so, and every stream with a gap or a broken chain."""

    async def look() -> list[str]:
        store = open_sqlite(path, mode="exercise")
        problems = []
        try:
            for stream in store.heads():
                if not whole(stream, list(store.load(stream))):
                    problems.append(f"{stream} has a gap or does not verify")
            for line in answered:
                stream, command_id, first, last = line.split()
                found = await store.command(stream, command_id)
                if found is None or (found[1].first, found[1].last) != (int(first), int(last)):
                    problems.append(f"answered and not in the log: {line}")
        finally:
            await store.close()
        return problems

    return run(look())


def test_what_was_answered_survives_twenty_kills_under_load(tmp_path: Path, seed: int) -> None:
    path = tmp_path / "log.db"
    chance = random.Random(f"{seed} kills")
    answered: list[str] = []
    for kill in range(KILLS):
        process = writer(path, f"{seed}/{kill}")
        # Every fourth dies while it starts, the others under load.
        if kill % 4:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        timer = threading.Timer(chance.uniform(0.0, 0.25), process.kill)
        timer.start()
        out, err = process.communicate(timeout=30)
        timer.join()
        assert err == ""
        assert process.returncode != 0
        answered += told(out)
    print(f"{len(answered)} commands were answered before {KILLS} kills")
    assert len(answered) > 1_000
    assert lost_or_wrong(path, answered) == []


def test_the_check_above_bites(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    process = writer(path, "bites")
    lines: list[str] = []
    assert process.stdout is not None
    while len(lines) < 10:
        lines += told(process.stdout.readline())
    process.kill()
    process.communicate(timeout=30)
    stream, command_id, first, last = lines[-1].split()
    moved = f"{stream} {command_id} {first} {int(last) + 1}"
    never = f"{stream} 00000000-0000-0000-0000-000000000000 1 1"
    assert len(lost_or_wrong(path, [*lines[:-1], moved, never])) == 2
    connection = sqlite3.connect(path)
    connection.execute("DROP TRIGGER record_is_never_changed")
    connection.execute("UPDATE record SET actor = 'somebody else' WHERE seq = 1")
    connection.commit()
    connection.close()
    with pytest.raises(Unavailable, match=r"record 1 of .* breaks its chain"):
        lost_or_wrong(path, [])


# -- a commit that fails --------------------------------------------------------------------------------------


def failing(at: int, *, kept: bool) -> Callable[[Path], sqlite3.Connection]:
    """Connections of which the first counts its commits and fails one of them, before or after the disk has it."""
    commits = 0

    class Failing(sqlite3.Connection):
        def execute(self, sql: str, *values: Any) -> sqlite3.Cursor:
            nonlocal commits
            if sql == "COMMIT":
                commits += 1
                if commits == at:
                    if kept:
                        super().execute(sql)
                    raise sqlite3.OperationalError("disk I/O error")
            return super().execute(sql, *values)

    def connect(path: Path) -> sqlite3.Connection:
        return sqlite3.connect(path, isolation_level=None, check_same_thread=False, factory=Failing)

    return connect


async def load(store: SqliteStore) -> tuple[list[Append], Listener]:
    """Commands without pause until the store fails, then a while longer. Answers what was sent and heard."""
    heard, pens, sent = Listener(store), [Pen(f"incident/{n}") for n in range(3)], []
    for n in range(100_000):
        item = pens[n % 3].write()
        try:
            store.append(item)
        except Unavailable:
            break
        sent.append(item)
        if n % 40 == 0:
            await asyncio.sleep(0.001)
    await heard.until(lambda: bool(heard.failures))
    await asyncio.sleep(0.1)
    return sent, heard


def misbehaviour(store: SqliteStore, sent: list[Append], heard: Listener) -> list[str]:
    """What a store may not do around a failed commit."""
    problems = []
    if heard.answered != sent[: len(heard.answered)]:
        problems.append("something was answered out of order, or after the failure")
    if len(heard.answered) == len(sent):
        problems.append("what waited at the failure was answered")
    if not store.read_only or len(heard.failures) != 1:
        problems.append("the store did not become read-only, or said so more than once")
    try:
        store.append(Pen("incident/new").write())
    except Unavailable:
        return problems
    return [*problems, "the store took on more"]


# Commit 1 makes the schema; commit 2 is the first group.
@pytest.mark.parametrize("at", [2, 3, 9])
@pytest.mark.parametrize("kept", [False, True])
def test_after_a_failed_commit_nothing_is_answered_and_ids_resolve_the_rest(
    tmp_path: Path, at: int, kept: bool
) -> None:
    async def scene() -> None:
        store = open_sqlite(tmp_path / "log.db", mode="exercise", connect=failing(at, kept=kept))
        try:
            sent, heard = await load(store)
            assert misbehaviour(store, sent, heard) == []
            assert "disk I/O error" in heard.failures[0].sentence
            assert len(heard.groups) == at - 2
            page = await store.read("incident/0", 0, 5_000)
            assert len(page) == store.heads().get("incident/0", 0), "reads go on, up to what was answered"
        finally:
            await store.close()
        await _resolved(sent, len(heard.answered))

    async def _resolved(sent: list[Append], answered: int) -> None:
        again = open_sqlite(tmp_path / "log.db", mode="exercise")
        try:
            found = [await again.command(i.proposal.stream, i.proposal.command_id) for i in sent]
            in_the_log = sum(answer is not None for answer in found)
            assert all(answer is not None for answer in found[:in_the_log]), "a prefix, whole groups only"
            assert in_the_log > answered if kept else in_the_log == answered
            assert all(whole(stream, list(again.load(stream))) for stream in again.heads())
        finally:
            await again.close()

    run(scene())


def test_without_the_latch_the_same_check_finds_the_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The fault planted: a writer that rolls back and carries on, as SQLite itself would."""

    def carries_on(self: Writer) -> None:
        more = True
        while more:
            group, more = self._take()
            try:
                self._write(group)
            except sqlite3.Error:
                self._connection.execute("ROLLBACK")
            else:
                self._announce(group)

    monkeypatch.setattr(Writer, "_run", carries_on)

    async def scene() -> list[str]:
        store = open_sqlite(tmp_path / "log.db", mode="exercise", connect=failing(4, kept=False))
        try:
            heard, sent = Listener(store), []
            for n in range(200):
                sent.append(
                    Pen(f"incident/{n}").write()
                )  # each its own stream: nothing hangs on the lost ones
                store.append(sent[-1])
                if n % 20 == 0:
                    await asyncio.sleep(0.005)
            await heard.until(lambda: sent[-1] in heard.answered)
            return misbehaviour(store, sent, heard)
        finally:
            await store.close()

    assert run(scene()) == [
        "something was answered out of order, or after the failure",
        "the store did not become read-only, or said so more than once",
        "the store took on more",
    ]


def _strace_works() -> bool:
    if shutil.which("strace") is None:
        return False
    tried = subprocess.run(["strace", "-o", "/dev/null", "true"], check=False, capture_output=True)
    return tried.returncode == 0


@pytest.mark.skipif(not _strace_works(), reason="strace is not here, or may not trace")
@pytest.mark.parametrize(("call", "when"), [("fdatasync", 12), ("pwrite64", 90)])
def test_an_error_of_the_disk_itself_ends_all_answers(
    tmp_path: Path, seed: int, call: str, when: int
) -> None:
    """One EIO from the kernel; every later call would succeed, and SQLite would go on as if nothing had been."""
    path = tmp_path / "log.db"
    before = ["strace", "-f", "-q", "-e", "signal=none", "-o", str(tmp_path / "trace")]
    inject = ["-e", f"trace={call}", "-e", f"inject={call}:error=EIO:when={when}"]
    process = writer(path, f"{seed}/{call}", *before, *inject)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, "disk I/O error" in err) == (3, True)
    assert "INJECTED" in (tmp_path / "trace").read_text()
    answered = told(out)
    print(f"{len(answered)} commands were answered before the error")
    assert answered
    assert lost_or_wrong(path, answered) == []


def test_the_usual_connection_is_what_the_fault_replaces(tmp_path: Path) -> None:
    """The failing one differs from it in nothing but the fault."""
    usual, faulty = connect_sqlite(tmp_path / "a.db"), failing(99, kept=False)(tmp_path / "b.db")
    assert (usual.isolation_level, faulty.isolation_level) == (None, None)
    usual.close()
    faulty.close()
