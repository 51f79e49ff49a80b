"""A database that cannot be trusted is not opened; one plain sentence says why, and the way on."""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from server.store import Unavailable
from server.store.opening import FORMAT, network_file_system
from server.store.sqlite import DISK_FREE_BYTES_MIN, SqliteStore, open_sqlite
from tests.running import run
from tests.store.contract import Listener
from tests.store.pen import Pen


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """A log with 300 records in two streams, closed."""
    path = tmp_path / "log.db"

    async def fill() -> None:
        store = open_sqlite(path, mode="exercise")
        heard, pens = Listener(store), [Pen("incident/a"), Pen("incident/b")]
        for n in range(300):
            store.append(pens[n % 2].write())
        await heard.answers(300)
        await store.close()

    run(fill())
    return path


def opened(path: Path, mode: str = "exercise") -> SqliteStore:
    store = open_sqlite(path, mode=mode)
    run(store.close())
    return store


def refusal(path: Path, mode: str = "exercise") -> str:
    with pytest.raises(Unavailable) as caught:
        opened(path, mode)
    return caught.value.sentence


def change(path: Path, *statements: str) -> None:
    connection = sqlite3.connect(path)
    for name in ("record_is_never_changed", "record_is_never_removed"):
        connection.execute(f"DROP TRIGGER {name}")
    for name in ("content_is_never_changed", "content_is_never_removed"):
        connection.execute(f"DROP TRIGGER {name}")
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()


def test_a_sound_log_opens_soon_and_leaves_one_file(log: Path) -> None:
    start = time.monotonic()
    assert opened(log).heads() == {"incident/a": 150, "incident/b": 150}
    print(f"opened in {time.monotonic() - start:.3f} s")
    assert [path.name for path in log.parent.iterdir()] == ["log.db"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")
def test_only_the_owner_may_read_it(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        opened(tmp_path / "log.db")
    finally:
        os.umask(old)
    assert (tmp_path / "log.db").stat().st_mode & 0o777 == 0o600


GARBLED: list[tuple[str, Callable[[bytes], bytes]]] = [
    ("file is not a database", lambda data: b"not a log at all" * 1000),
    ("damaged|cannot be read", lambda data: data[:8192] + b"\x55" * 4096 + data[12288:]),
    ("damaged|cannot be read", lambda data: data[: len(data) // 2]),
    (r"record \d+ of incident/. breaks its chain", lambda data: data.replace(b'{"n":77}', b'{"n":78}', 1)),
    (r"record \d+ of incident/. breaks its chain", lambda data: data.replace(b"desk 3", b"desk 4", 1)),
]


@pytest.mark.parametrize(("why", "garble"), GARBLED)
def test_a_damaged_file_is_one_sentence_with_the_way_on(
    log: Path, why: str, garble: Callable[[bytes], bytes]
) -> None:
    before = log.read_bytes()
    after = garble(before)
    assert after != before
    log.write_bytes(after)
    told = refusal(log)
    assert str(log) in told
    assert "incident-server restore BACKUP NEWFOLDER" in told
    assert "\n" not in told
    assert re.search(why, told)
    assert log.read_bytes() == after, "evidence is left as it was found"


@pytest.mark.parametrize(
    ("statement", "why"),
    [
        ("DELETE FROM record WHERE seq = 150", "the last record of incident/. is missing"),
        ("DELETE FROM content WHERE id = (SELECT id FROM record WHERE seq = 9)", "breaks its chain"),
        ("UPDATE record SET base = '{' WHERE seq = 5", "is garbled"),
        ("UPDATE record SET hash = x'00' WHERE seq = 5", "breaks its chain"),
        ("UPDATE stream SET hash = x'00'", "record 150 of incident/. breaks its chain"),
        ("DELETE FROM meta WHERE key = 'epoch'", "damaged"),
    ],
)
def test_a_log_edited_with_tools_is_found_out(log: Path, statement: str, why: str) -> None:
    change(log, "PRAGMA foreign_keys = OFF", statement)
    with pytest.raises(Unavailable, match=why):
        opened(log)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE record SET actor = 'x'",
        "DELETE FROM record",
        "UPDATE content SET body = x'00'",
        "DELETE FROM content",
    ],
)
def test_the_database_itself_refuses_to_edit_the_past(log: Path, statement: str) -> None:
    connection = sqlite3.connect(log)
    with pytest.raises(sqlite3.IntegrityError, match="is never"):
        connection.execute(statement)
    connection.close()


def test_a_newer_format_is_left_alone(log: Path) -> None:
    connection = sqlite3.connect(log)
    connection.execute(f"PRAGMA user_version = {FORMAT + 1}")
    connection.close()
    assert "made by a newer version of this program" in refusal(log)


def test_somebody_elses_database_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE theirs (x)")
    connection.close()
    assert "is not a log of this program" in refusal(path)


def test_live_and_exercise_never_share_a_log(log: Path) -> None:
    assert "made for exercise use and the settings say live" in refusal(log, "live")


def test_a_file_left_by_a_power_cut_while_it_was_made_is_made_again(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    path.touch()
    assert opened(path).heads() == {}
    path.unlink()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.close()
    assert path.stat().st_size > 0
    assert opened(path).heads() == {}


def test_a_folder_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    assert "cannot be opened" in refusal(tmp_path / "nowhere" / "log.db")


def test_a_second_writer_is_found_out_at_its_first_commit(log: Path) -> None:
    async def scene() -> None:
        one, two = open_sqlite(log, mode="exercise"), open_sqlite(log, mode="exercise")
        try:
            first, second = Listener(one), Listener(two)
            one.append(Pen.after(one, "incident/a").write())
            await first.answers(1)
            two.append(Pen.after(two, "incident/a").write())
            await second.until(lambda: bool(second.failures))
            assert (second.answered, one.read_only, two.read_only) == ([], False, True)
        finally:
            await two.close()
            await one.close()

    run(scene())


MOUNTS = """\
/dev/vda / ext4 rw 0 0
server:/export /mnt/rooms nfs4 rw 0 0
//server/share /mnt/rooms/one\\040floor cifs rw 0 0
/dev/vdb /mnt/rooms/local ext4 rw 0 0
"""


@pytest.mark.skipif(sys.platform == "win32", reason="paths of another kind")
@pytest.mark.parametrize(
    ("folder", "kind"),
    [
        ("/var/data", None),
        ("/mnt/rooms/x/y", "nfs4"),
        ("/mnt/rooms/one floor/x", "cifs"),
        ("/mnt/rooms/local", None),
        ("/mnt/roomsy", None),
    ],
)
def test_network_file_systems_are_told_from_local_ones(tmp_path: Path, folder: str, kind: str | None) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_text(MOUNTS)
    assert network_file_system(Path(folder), mounts) == kind
    assert network_file_system(Path(folder), tmp_path / "absent") is None


def test_a_network_file_system_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.store.opening.network_file_system", lambda _folder: "nfs4")
    assert "Put it on a local disk" in refusal(tmp_path / "log.db")


def test_a_nearly_full_disk_refuses_before_it_is_full_and_recovers_by_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = open_sqlite(tmp_path / "log.db", mode="exercise")
    free = DISK_FREE_BYTES_MIN - 1
    real = shutil.disk_usage(tmp_path)
    monkeypatch.setattr("server.store.sqlite.shutil.disk_usage", lambda _path: real._replace(free=free))
    now = 0.0
    monkeypatch.setattr("server.store.sqlite.time.monotonic", lambda: now)
    assert "63 MiB left" in (store.refuses() or "")
    free = DISK_FREE_BYTES_MIN
    now = 0.5
    assert store.refuses() is not None, "it does not look more than once a second"
    now = 1.5
    assert store.refuses() is None
    run(store.close())
