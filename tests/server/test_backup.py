"""A backup holds all that was confirmed, counts only when it was checked, and a server made from it works."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sqlite3
import stat
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from server import backup, doctor, logs
from server.__main__ import main
from server.backup import BackupError, back_up, backup_age, last_backup, restore
from server.datafolder import DataFolder
from server.settings import Settings
from server.store import Unavailable, copying
from server.store.looking import look
from server.store.sqlite import open_sqlite
from tests.server.test_command_line import running
from tests.store.contract import Listener
from tests.store.pen import NOW, Pen

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="Windows has other rights and signals")
DAY = 86_400_000


def write(root: Path, records: int, stream: str = "incident/a", pen: Pen | None = None) -> Pen:
    """So many more records."""
    pen = pen or Pen(stream)

    async def fill() -> None:
        store = open_sqlite(root / "log.db", mode="exercise")
        heard = Listener(store)
        for _ in range(records):
            store.append(pen.write())
        await heard.answers(records)
        await store.close()

    asyncio.run(fill())
    return pen


@pytest.fixture
def folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> DataFolder:
    """A data folder with desks, a secret, keys in a folder of their own, and 40 records."""
    root = tmp_path / "rooms"
    assert main(["init", str(root)]) == 0
    assert main(["token", str(root), "--agency", "LAS", "--role", "operator", "--name", "Desk 1"]) == 0
    (root / "secret").write_bytes(b"x" * 32)
    (root / "keys").mkdir(mode=0o700)
    (root / "keys" / "own.pem").write_text("a key")
    write(root, 40)
    capsys.readouterr()
    return DataFolder(root)


def made(folder: DataFolder, to: Path, at: int = NOW, keep: int = 14) -> Path:
    return back_up(folder, to, at, keep).path


# -- what it holds --------------------------------------------------------------------------------------------


def test_it_holds_the_log_and_all_that_lets_people_in_again(folder: DataFolder, tmp_path: Path) -> None:
    (folder.root / "lock").write_text("1\n")
    for gone in ("admin.json", "codes.json", "signins.json"):
        (folder.root / gone).write_text("{}")
    (folder.root / "identity.json.new").write_text("half of it")
    path = made(folder, tmp_path / "safe")
    assert path.name == "incident-20260921T141320.000Z"
    inside = {found.relative_to(path).as_posix() for found in path.rglob("*") if found.is_file()}
    kept = {"identity.json", "secret", "server.yaml", "keys/own.pem", "authority.key", "server.key"}
    assert inside == {"contents.json", "log.db", *kept}
    for name in inside - {"contents.json", "log.db"}:
        assert (path / name).read_bytes() == (folder.root / name).read_bytes()
    found = look(path / "log.db", 5.0, thorough=True)
    assert found is not None
    assert (found.records, found.streams) == (40, 1)
    stamp = last_backup(folder)
    assert stamp is not None
    assert (stamp.at, stamp.where) == (NOW, str(path))
    assert backup_age(folder, NOW + 5_400_000) == 5_400
    assert sorted(entry.name for entry in (tmp_path / "safe").iterdir()) == [path.name]


@POSIX
def test_nobody_else_of_the_machine_may_read_it(folder: DataFolder, tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        path = made(folder, tmp_path / "safe")
    finally:
        os.umask(before)
    for found in (tmp_path / "safe", path, *path.rglob("*")):
        right = 0o700 if found.is_dir() else 0o600
        assert stat.S_IMODE(found.stat().st_mode) == right, found


def test_a_copy_under_writing_holds_what_was_confirmed_before_it_began(
    folder: DataFolder, tmp_path: Path
) -> None:
    """A writer adds as fast as it can; each backup holds at least what was confirmed, as one moment, unbroken."""
    confirmed, stop = [40], threading.Event()

    async def writing() -> None:
        store, pen = open_sqlite(folder.log, mode="exercise"), Pen("incident/b")
        heard = Listener(store)
        count = 0
        while not stop.is_set():
            store.append(pen.write())
            count += 1
            await heard.answers(count)
            confirmed[0] = 40 + count
        await store.close()

    writer = threading.Thread(target=lambda: asyncio.run(writing()))
    writer.start()
    try:
        seen = []
        for n in range(5):
            before = confirmed[0]
            found = back_up(folder, tmp_path / "safe", NOW + n, 14)
            assert found.contents.records >= before
            seen.append(found.contents.records)
        assert seen == sorted(seen)
    finally:
        stop.set()
        writer.join()
    assert seen[-1] > 40, "nothing was written meanwhile: the test says nothing"


@POSIX
def test_it_is_made_while_a_server_runs_and_after_it_was_killed(
    folder: DataFolder, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with running(folder.root) as server:
        assert main(["exercise", str(folder.root), "m4-m25-coach"]) == 0
        assert main(["backup", str(folder.root), "--to", str(tmp_path / "safe")]) == 0
        said = capsys.readouterr().out
        assert "checked and on the disk" in said
        assert "on the same disk" in said
        server.send_signal(signal.SIGKILL)
        server.wait()
    assert folder.log.with_name("log.db-wal").exists()
    assert main(["backup", str(folder.root), "--to", str(tmp_path / "safe")]) == 0
    assert len(list((tmp_path / "safe").iterdir())) == 2


# -- what does not count --------------------------------------------------------------------------------------


def damaged(folder: DataFolder) -> None:
    data = folder.log.read_bytes()
    at = data.index(b'{"n":7}')
    folder.log.write_bytes(data[:at] + b'{"n":8}' + data[at + 7 :])


def test_a_copy_of_a_broken_log_leaves_nothing_and_removes_nothing(
    folder: DataFolder, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    safe = tmp_path / "safe"
    good = made(folder, safe)
    damaged(folder)
    assert main(["backup", str(folder.root), "--to", str(safe), "--keep", "1"]) == 1
    told = capsys.readouterr().err
    assert "breaks its chain" in told
    assert str(folder.log) in told
    assert "unfinished" not in told, "the copy is gone when this is read"
    assert list(safe.iterdir()) == [good]
    stamp = last_backup(folder)
    assert stamp is not None
    assert stamp.at == NOW


def test_a_try_that_fails_half_way_leaves_no_name(
    folder: DataFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device", "secret")

    monkeypatch.setattr(backup, "_write", full)
    with pytest.raises(BackupError, match="secret: No space left on device"):
        made(folder, tmp_path / "safe")
    assert list((tmp_path / "safe").iterdir()) == []
    assert last_backup(folder) is None


def test_a_place_that_will_not_do(
    folder: DataFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for inside in (folder.root, folder.root / "backups"):
        with pytest.raises(BackupError, match="inside the data folder"):
            made(folder, inside)
    assert not (folder.root / "backups").exists()
    (tmp_path / "file").write_text("")
    with pytest.raises(BackupError, match="could not be made"):
        made(folder, tmp_path / "file")
    usage = type("Usage", (), {"free": 1_000})
    monkeypatch.setattr(backup.shutil, "disk_usage", lambda _: usage)
    with pytest.raises(BackupError, match="0 MiB free, and 64 are needed"):
        made(folder, tmp_path / "safe")


def test_what_is_no_file_of_this_program_is_named(folder: DataFolder, tmp_path: Path) -> None:
    with (folder.root / "film.mkv").open("wb") as file:
        file.truncate(backup.FILE_BYTES_MAX + 1)
    found = back_up(folder, tmp_path / "safe", NOW, 14)
    assert found.left_out == ["film.mkv"]
    assert not (found.path / "film.mkv").exists()


def test_servers_that_come_and_go_during_a_copy(
    folder: DataFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A copy of a log that was thought to be nobody's does not count when somebody wrote to it meanwhile."""
    pen, times, real = Pen("incident/b"), [0], copying._copied

    def disturbed(held: sqlite3.Connection, source: Path, target: Path) -> None:
        real(held, source, target)
        if times[0]:
            times[0] -= 1
            write(folder.root, 1, pen=pen)

    monkeypatch.setattr(copying, "_copied", disturbed)
    times[0] = 1
    assert back_up(folder, tmp_path / "safe", NOW, 14).contents.records == 41
    times[0] = copying.TRIES
    with pytest.raises(BackupError, match="starts and stops all the time"):
        made(folder, tmp_path / "safe", NOW + 1)


# -- how many are kept ----------------------------------------------------------------------------------------


def test_the_last_ones_of_this_log_are_kept_and_nothing_else_is_touched(
    folder: DataFolder, tmp_path: Path
) -> None:
    safe = tmp_path / "safe"
    other = tmp_path / "others"
    assert main(["init", str(other)]) == 0
    write(other, 1)
    theirs = made(DataFolder(other), safe, NOW - DAY)
    (safe / "incident-20200101T000000.000Z").mkdir()
    (safe / "letters").mkdir()
    mine = [made(folder, safe, NOW + n * DAY, keep=3) for n in range(5)]
    assert not any(path.exists() for path in mine[:2])
    left = {path.name for path in safe.iterdir()}
    assert left == {path.name for path in mine[2:]} | {
        theirs.name,
        "incident-20200101T000000.000Z",
        "letters",
    }
    cut = safe / ".incident-20200101T000000.000Z.unfinished"
    going = safe / ".incident-20200101T000000.001Z.unfinished"
    for path in (cut, going):
        path.mkdir()
    os.utime(cut, (0, 0))
    found = back_up(folder, safe, NOW + 9 * DAY, 1)
    assert found.removed == [path.name for path in mine[2:]]
    assert not cut.exists()
    assert going.exists()


def test_how_many_must_be_a_number_that_makes_sense(
    folder: DataFolder, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for keep in ("0", "-1", "100000"):
        assert main(["backup", str(folder.root), "--to", str(tmp_path / "safe"), "--keep", keep]) == 1
        assert "--keep must be from 1" in capsys.readouterr().err


# -- the way back ---------------------------------------------------------------------------------------------


def test_a_server_runs_from_what_was_restored(
    folder: DataFolder, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with running(folder.root):
        assert main(["exercise", str(folder.root), "m4-m25-coach"]) == 0
    path = made(folder, tmp_path / "safe")
    root = tmp_path / "again"
    assert main(["restore", str(path), str(root)]) == 0
    assert "A new history begins with it" in capsys.readouterr().out
    for name in ("identity.json", "secret", "server.yaml", "keys/own.pem"):
        assert (root / name).read_bytes() == (folder.root / name).read_bytes()
    if sys.platform != "win32":
        assert {stat.S_IMODE(found.stat().st_mode) for found in root.rglob("*") if found.is_file()} == {0o600}
    with running(root):
        assert main(["doctor", str(root)]) == 0
    old, new = look(folder.log, 5.0), look(root / "log.db", 5.0)
    assert old is not None
    assert new is not None
    assert new.records >= old.records > 40
    assert new.epoch != old.epoch, "rooms that hold more must be able to tell the two apart"
    kept = sqlite3.connect(root / "log.db").execute("SELECT value FROM meta WHERE key LIKE 'restored_at_%'")
    assert kept.fetchall() == [(old.epoch,)]


def test_a_folder_without_a_log_is_saved_and_restored_too(tmp_path: Path) -> None:
    root = tmp_path / "new"
    assert main(["init", str(root)]) == 0
    path = made(DataFolder(root), tmp_path / "safe")
    assert main(["restore", str(path), str(tmp_path / "again")]) == 0
    assert main(["doctor", str(tmp_path / "again")]) == 0


def altered_log(path: Path) -> None:
    data = (path / "log.db").read_bytes()
    (path / "log.db").write_bytes(data.replace(b'{"n":7}', b'{"n":8}', 1))


def re_described(path: Path, **changes: object) -> None:
    contents = json.loads((path / "contents.json").read_text())
    (path / "contents.json").write_text(json.dumps(contents | changes))


def outside(path: Path, name: str) -> None:
    files = json.loads((path / "contents.json").read_text())["files"]
    re_described(path, files=files | {name: {"bytes": 0, "sha256": ""}})


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (altered_log, "log.db is not as it was saved"),
        (lambda path: (path / "secret").write_bytes(b"y" * 32), "secret is not as it was saved"),
        (lambda path: (path / "identity.json").unlink(), "identity.json: No such file"),
        (lambda path: (path / "contents.json").unlink(), "is no whole backup"),
        (lambda path: (path / "contents.json").write_text("{"), "is no whole backup"),
        (lambda path: re_described(path, format=2), "made by a newer version"),
        (lambda path: re_described(path, files={}), "holds no settings"),
        (lambda path: outside(path, "../escaped"), "names a file outside itself"),
        (lambda path: outside(path, "/tmp/escaped"), "names a file outside itself"),
        (lambda path: outside(path, "C:\\escaped"), "names a file outside itself"),
    ],
)
def test_a_backup_that_was_spoiled_makes_no_server(
    spoil: Callable[[Path], object],
    why: str,
    folder: DataFolder,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = made(folder, tmp_path / "safe")
    spoil(path)
    root = tmp_path / "again"
    assert main(["restore", str(path), str(root)]) == 1
    assert why in capsys.readouterr().err
    assert main(["run", str(root)]) == 1
    assert "is not a data folder" in capsys.readouterr().err
    assert not (tmp_path / "escaped").exists()


def test_a_log_that_was_broken_and_described_anew_is_found_by_its_chain(
    folder: DataFolder, tmp_path: Path
) -> None:
    path = made(folder, tmp_path / "safe")
    altered_log(path)
    contents = json.loads((path / "contents.json").read_text())
    part = backup._part(path / "log.db")
    contents["files"]["log.db"] = {"bytes": part.bytes, "sha256": part.sha256}
    (path / "contents.json").write_text(json.dumps(contents))
    with pytest.raises(BackupError, match="breaks its chain") as error:
        restore(path, tmp_path / "again", NOW)
    assert str(path / "log.db") in str(error.value)
    assert not (tmp_path / "again" / "server.yaml").exists()


def test_nothing_is_restored_over_anything(folder: DataFolder, tmp_path: Path) -> None:
    path = made(folder, tmp_path / "safe")
    before = {found.name: found.read_bytes() for found in folder.root.iterdir() if found.is_file()}
    with pytest.raises(BackupError, match="is not empty"):
        restore(path, folder.root, NOW)
    assert {found.name: found.read_bytes() for found in folder.root.iterdir() if found.is_file()} == before


def test_a_copy_is_refused_by_the_disk(
    folder: DataFolder, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def broken(_held: object, _source: Path, _target: Path) -> None:
        raise Unavailable("The log could not be copied.")

    monkeypatch.setattr(copying, "_copied", broken)
    with pytest.raises(BackupError, match="could not be copied"):
        made(folder, tmp_path / "safe")


# -- how old the last one is ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mode", "hours", "mark"),
    [
        ("exercise", None, "look"),
        ("exercise", 25.9, "ok"),
        ("exercise", 26.1, "look"),
        ("exercise", 24 * 30, "look"),
        ("live", None, "wrong"),
        ("live", 25.9, "ok"),
        ("live", 26.1, "look"),
        ("live", 24 * 7 + 1, "wrong"),
        ("live", -3, "look"),
    ],
)
def test_the_doctor_says_how_old_it_is(
    mode: str, hours: float | None, mark: str, folder: DataFolder, tmp_path: Path
) -> None:
    if hours is not None:
        made(folder, tmp_path / "safe")
    found = doctor.backup(folder, Settings(mode), NOW + int((hours or 0) * 3_600_000))
    assert found.mark == mark, found.sentence
    assert ("incident-server backup" in found.sentence) == (mark != "ok" and hours != -3)


def test_the_doctor_says_when_it_has_gone(folder: DataFolder, tmp_path: Path) -> None:
    path = made(folder, tmp_path / "safe")
    path.rename(tmp_path / "elsewhere")
    found = doctor.backup(folder, Settings("live"), NOW)
    assert (found.mark, "is not where it was made" in found.sentence) == ("look", True)
    assert backup_age(DataFolder(tmp_path / "nothing"), logs.clock()) == -1
