"""The doctor finds each fault that was planted, says it in a sentence, and changes nothing."""

from __future__ import annotations

import asyncio
import re
import shutil
import signal
import sqlite3
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from server import admin, doctor, logs
from server.__main__ import main
from server.datafolder import DataFolder, locked
from server.store import looking
from server.store.sqlite import DISK_FREE_BYTES_MIN, open_sqlite
from tests.server.test_command_line import running
from tests.store.contract import Listener
from tests.store.pen import NOW, Pen

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="Windows has other rights and signals")
RECORDS = 300


@pytest.fixture
def folder(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder with tokens, and a log of two streams; it is an hour after the newest record."""
    root = tmp_path / "rooms"
    start = time.monotonic()
    monkeypatch.setattr(logs, "clock", lambda: NOW + 3_600_000 + round((time.monotonic() - start) * 1000))
    assert main(["init", str(root)]) == 0
    assert main(["token", str(root), "--agency", "LAS", "--role", "operator", "--name", "Desk 1"]) == 0
    (root / "secret").write_bytes(b"x" * 32)
    (root / "secret").chmod(0o600)

    async def fill() -> None:
        store = open_sqlite(root / "log.db", mode="exercise")
        heard, pens = Listener(store), [Pen("incident/a"), Pen("incident/b")]
        for n in range(RECORDS):
            store.append(pens[n % 2].write())
        await heard.answers(RECORDS)
        await store.close()

    asyncio.run(fill())
    capsys.readouterr()
    monkeypatch.setattr(doctor, "STEP_LOOK_SECONDS", 0.02)
    return root


def told(folder: Path, capsys: pytest.CaptureFixture[str], *more: str, code: int) -> list[str]:
    """The lines of the doctor without the sum at the end; the exit code must fit them."""
    assert main(["doctor", str(folder), *more]) == code
    heard = capsys.readouterr()
    assert heard.err == ""
    *lines, total = heard.out.splitlines()
    assert all(line.split()[0] in ("ok", "look", "wrong") for line in lines)
    assert total.startswith("Nothing wrong") == (code == 0)
    assert any(line.startswith("wrong") for line in lines) == (code == 1)
    return lines


def marked(mark: str, lines: list[str]) -> list[str]:
    return [line.removeprefix(mark).strip() for line in lines if line.startswith(mark)]


def test_a_sound_folder_is_said_to_be_sound_and_left_as_it_was(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "lock").unlink(missing_ok=True)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    lines = told(folder, capsys, code=0)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    (looked,) = [line for line in marked("look", lines) if not line.startswith(("SQLite", "Who may read"))]
    assert looked.startswith("There is no backup of this folder.")
    sound = "\n".join(marked("ok", lines))
    for said in (
        "Python 3.",
        "The settings and the configuration can be read",
        "TLS 1.3; the server's certificate is good until ",
        "The file of desks and tokens can be read",
        "none of its pages is damaged",
        f"The chain of all {RECORDS} records in 2 streams holds.",
        "The clock is not behind the newest record.",
        "The clock runs evenly.",
        "MiB free.",
        "No server runs here.",
    ):
        assert said in sound


def test_a_folder_that_is_new_or_missing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    new = tmp_path / "new"
    assert main(["init", str(new)]) == 0
    capsys.readouterr()
    assert "There is no log yet" in "\n".join(told(new, capsys, code=0))
    (new / "log.db").touch(0o600)
    assert "There is no log yet" in "\n".join(told(new, capsys, code=0))
    assert main(["doctor", str(tmp_path / "nothing")]) == 1
    assert "incident-server init" in capsys.readouterr().err
    assert main(["doctor", str(new), "--seconds", "0"]) == 1
    assert "--seconds must be" in capsys.readouterr().err


# -- the log --------------------------------------------------------------------------------------------------


def changed(folder: Path, *statements: str) -> None:
    connection = sqlite3.connect(folder / "log.db", isolation_level=None)
    for statement in statements:
        connection.execute(statement)
    connection.close()


@pytest.mark.parametrize(
    ("garble", "why"),
    [
        (lambda data: data[:8192] + b"\x55" * 4096 + data[12288:], "damaged|cannot be read"),
        (lambda data: data[: len(data) // 2], "damaged|cannot be read"),
        (lambda _data: b"this is no database at all" * 400, "cannot be read"),
        (
            lambda data: data.replace(b'{"n":77}', b'{"n":78}', 1),
            r"record \d+ of incident/. breaks its chain",
        ),
    ],
)
def test_a_broken_page_or_chain(
    garble: Callable[[bytes], bytes], why: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = folder / "log.db"
    data = log.read_bytes()
    assert garble(data) != data
    log.write_bytes(garble(data))
    lines = told(folder, capsys, code=1)
    (wrong,) = marked("wrong", lines)
    assert re.search(why, wrong)
    assert "incident-server restore BACKUP NEWFOLDER" in wrong
    assert "The clock was not compared with the log, which cannot be read." in marked("look", lines)
    assert log.read_bytes() == garble(data), "evidence is left as it was found"


@pytest.mark.parametrize(
    ("statement", "why"),
    [
        ("PRAGMA user_version = 99", "made by a newer version"),
        ("PRAGMA application_id = 5", "is not a log of this program"),
        ("DROP TRIGGER record_is_never_changed", "record_is_never_changed is missing"),
        ("DELETE FROM meta WHERE key = 'epoch'", "what it is a log of is missing"),
        ("UPDATE meta SET value = 'live' WHERE key = 'mode'", "for live use and the settings say exercise"),
        ("UPDATE stream SET head = 99", "the last record of incident/. is missing"),
    ],
)
def test_a_log_changed_with_other_tools(
    statement: str, why: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    changed(folder, statement)
    (wrong,) = marked("wrong", told(folder, capsys, code=1))
    assert re.search(why, wrong)


def test_a_journal_of_another_kind_is_to_be_looked_at(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    changed(folder, "PRAGMA journal_mode = DELETE")
    assert any("is not in WAL mode" in line for line in marked("look", told(folder, capsys, code=0)))


def test_what_was_not_looked_at_is_said(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(looking, "STEPS", 5)
    lines = told(folder, capsys, "--seconds", "0.000001", code=0)
    assert any("No damage was found in 1e-06 s" in line for line in marked("look", lines))
    monkeypatch.setattr(looking, "RECORDS_MAX", 250)
    lines = told(folder, capsys, code=0)
    assert any("The chain of 250 of 300 records holds" in line for line in marked("ok", lines))
    monkeypatch.setattr(looking, "TAIL_RECORDS", 10)
    lines = told(folder, capsys, code=0)
    assert any("The chain of 20 of 300 records holds" in line for line in marked("ok", lines))


# -- the folder -----------------------------------------------------------------------------------------------


@POSIX
@pytest.mark.parametrize(
    ("name", "mode", "mend"), [("", 0o755, "700"), ("log.db", 0o640, "600"), ("identity.json", 0o604, "600")]
)
def test_a_folder_open_to_others(
    name: str, mode: int, mend: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = folder / name if name else folder
    path.chmod(mode)
    (wrong,) = marked("wrong", told(folder, capsys, code=1))
    assert wrong == f"{path} is open to others of this machine ({mode:o}). Mend it: chmod {mend} {path}"


@POSIX
def test_a_file_of_another_user_is_told_with_the_way_to_give_it_back(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    whose = {folder: 54_321, folder / "secret": 65_432}
    monkeypatch.setattr(doctor, "owner_of", lambda path: whose.get(path, 54_321))
    lines = told(folder, capsys, code=1)
    (wrong,) = marked("wrong", lines)
    assert f"{folder / 'secret'} belongs to #65432 and its folder to #54321" in wrong
    assert wrong.endswith(f"Mend it: sudo chown 54321: {folder / 'secret'}")
    assert any("sudo -u #54321" in line for line in marked("look", lines))


def test_on_windows_rights_are_said_not_to_be_checked(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor.sys, "platform", "win32")
    (found,) = doctor.permissions(DataFolder(folder))
    assert found.mark == "look"
    assert "is not checked on Windows" in found.sentence


def test_every_mistake_of_the_settings_with_file_and_line(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "server.yaml").write_text(
        "mode: exercise\nprot: 80\ntls: false\nhost: 0.0.0.0\n", encoding="utf-8"
    )
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "roles.yaml").write_text("roles: 5\n", encoding="utf-8")
    wrong = marked("wrong", told(folder, capsys, "--config", str(tmp_path / "config"), code=1))
    assert len(wrong) == 3
    assert "server.yaml:2: 'prot' is not a known key" in wrong[0]
    assert "server.yaml:4: 'host' must be a loopback address" in wrong[1]
    assert "roles.yaml:1:" in wrong[2]


def test_tokens_and_a_secret_that_cannot_be_used(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("identity.json", "secret"):
        (folder / name).write_bytes(b"{")
    first, second = marked("wrong", told(folder, capsys, code=1))
    assert "identity.json cannot be read" in first
    assert "1 bytes instead of 32" in second


def test_a_desk_whose_role_the_configuration_no_longer_has_is_named(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It would come in as before and be refused everything."""
    config = tmp_path / "config"
    config.mkdir()
    roles = "roles:\n  - {code: loggist, title: Loggist, own: [log.write]}\n"
    (config / "roles.yaml").write_text(roles, encoding="utf-8")
    (wrong,) = marked("wrong", told(folder, capsys, "--config", str(config), code=1))
    assert "There is no role 'operator' in roles.yaml" in wrong
    assert "Desk 1 (LAS)" in wrong
    assert "enrol them with --again" in wrong
    (config / "roles.yaml").write_text(roles.replace("log.write", "log.wirte"), encoding="utf-8")
    (wrong,) = marked("wrong", told(folder, capsys, "--config", str(config), code=1))
    assert "roles.yaml:2: " in wrong
    assert "did you mean 'log.write'?" in wrong


def test_the_provider_is_looked_at_as_the_start_does(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    person = "  - {subject: 9f2c, name: R Patel, agency: SCAS, role: operator}\n"
    head = "issuer: https://login.example\nclient_id: incident-tui\npeople:\n"
    (folder / "oidc.yaml").write_text(head + person)
    (folder / "oidc.yaml").chmod(0o600)
    assert any("1 people may sign in by https://login.example" in one for one in told(folder, capsys, code=0))
    (folder / "oidc.yaml").write_text(head + person.replace("SCAS", "SCSA").replace("operator", "operater"))
    first, second = marked("wrong", told(folder, capsys, code=1))
    assert "oidc.yaml:4: subject '9f2c': There is no agency 'SCSA'" in first
    assert "oidc.yaml:4: subject '9f2c': There is no role 'operater'" in second


# -- the machine ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("free", "mark", "sentence"),
    [
        (DISK_FREE_BYTES_MIN - 1, "wrong", "63 MiB left"),
        (DISK_FREE_BYTES_MIN, "look", "64 MiB free. Below 64 the server takes nothing new."),
        (doctor.DISK_FREE_BYTES_LOOK, "ok", "1,024 MiB free."),
    ],
)
def test_a_full_disk(
    free: int, mark: str, sentence: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = shutil.disk_usage(folder)
    monkeypatch.setattr("server.store.sqlite.shutil.disk_usage", lambda _path: real._replace(free=free))
    found = doctor.disk(DataFolder(folder))
    assert found.mark == mark
    assert sentence in found.sentence
    assert main(["doctor", str(folder)]) == (mark == "wrong")


def test_a_network_file_system(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor, "network_file_system", lambda _folder: "nfs4")
    (wrong,) = marked("wrong", told(folder, capsys, code=1))
    assert "on a network file system (nfs4)" in wrong


def test_a_clock_in_the_past(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = logs.clock
    monkeypatch.setattr(logs, "clock", lambda: now() - 3_600_000 - 60_000)
    (wrong,) = marked("wrong", told(folder, capsys, code=1))
    assert re.search(r"is [56]\d s behind the newest record", wrong)
    monkeypatch.setattr(logs, "clock", lambda: now() - NOW)
    (wrong,) = marked("wrong", told(folder, capsys, code=1))
    assert "before 2026" in wrong


@pytest.mark.parametrize("jump", [-60_000, 60_000])
def test_a_clock_that_jumps(
    jump: int, folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    now, real = logs.clock, time.sleep
    after: list[int] = []

    def sleep(seconds: float) -> None:
        real(seconds)
        after.append(jump)

    monkeypatch.setattr(doctor.time, "sleep", sleep)
    monkeypatch.setattr(logs, "clock", lambda: now() + sum(after))
    (wrong,) = marked("wrong", told(folder, capsys, code=1))
    assert f"The clock jumped by {jump / 1000:+.1f} s" in wrong


@pytest.mark.parametrize(
    ("version", "mark"),
    [((3, 7, 0), "look"), ((3, 40, 1), "look"), ((3, 51, 2), "look"), ((3, 51, 3), "ok"), ((3, 53, 0), "ok")],
)
def test_versions_of_sqlite(version: tuple[int, ...], mark: str) -> None:
    assert doctor.sqlite(version).mark == mark


@pytest.mark.parametrize(
    ("version", "mark"), [((3, 10, 9), "wrong"), ((3, 11, 0), "ok"), ((3, 14, 9), "ok"), ((3, 15, 0), "look")]
)
def test_versions_of_python(version: tuple[int, ...], mark: str) -> None:
    assert doctor.python(version).mark == mark


# -- the server -----------------------------------------------------------------------------------------------


def test_it_looks_on_while_the_server_runs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "rooms"
    assert main(["init", str(root), "--plain"]) == 0
    with running(root) as process:
        assert main(["exercise", str(root), "m4-m25-coach"]) == 0
        assert (root / "log.db-wal").exists()
        capsys.readouterr()
        sound = marked("ok", told(root, capsys, code=0))
        url = admin.call(DataFolder(root).admin, "status")["url"]
        assert f"A server runs at {url} and answers." in sound
        assert any("journal_mode=WAL and synchronous=FULL" in line for line in sound)
        assert any("none of its pages is damaged" in line for line in sound)
        assert main(["exercise", str(root), "ascot"]) == 0, "it goes on writing"
        capsys.readouterr()
        if sys.platform != "win32":
            monkeypatch.setattr(doctor, "ANSWER_SECONDS", 0.5)
            process.send_signal(signal.SIGSTOP)
            (wrong,) = marked("wrong", told(root, capsys, code=1))
            assert "did not answer in time" in wrong
            process.send_signal(signal.SIGCONT)
        process.kill()
        process.wait(10)
        lines = told(root, capsys, code=0)
        assert any("did not stop in order" in line for line in marked("look", lines))
        assert any("none of its pages is damaged" in line for line in marked("ok", lines))


def test_who_holds_the_folder_and_does_not_answer(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with locked(DataFolder(folder)):
        (wrong,) = marked("wrong", told(folder, capsys, code=1))
    assert "works in this folder and does not answer" in wrong


def test_a_server_that_is_not_ready_or_not_safe() -> None:
    sound = {"trouble": [], "journal_mode": "wal", "synchronous": 2, "clock_steps": 0, "metrics_port": 0}
    answer = {"url": "ws://x", "last_step": 0.0, **sound}
    assert [found.mark for found in doctor.running(answer)] == ["ok", "ok"]
    first, second = doctor.running({**answer, "trouble": ["disk_full"], "synchronous": 1})
    assert first.sentence == "The server at ws://x answers and is not ready: disk_full."
    assert "may be lost when the power goes" in second.sentence
    assert [first.mark, second.mark] == ["wrong", "wrong"]
    *_, third, fourth = doctor.running({**answer, "clock_steps": 2, "last_step": -90.0, "metrics_port": 9464})
    assert third.mark == "look"
    assert "jumped 2 times since the server started, the last time by -90.0 s" in third.sentence
    assert "http://127.0.0.1:9464/" in fourth.sentence


@pytest.mark.parametrize(
    ("name", "mark", "said"),
    [("codes.json", "look", "is damaged"), ("signins.json", "wrong", "cannot be read")],
)
def test_a_broken_file_of_codes_or_sign_ins_is_found(name: str, mark: str, said: str, folder: Path) -> None:
    """Codes keep no server from starting, so they are no more than to be looked at."""
    (folder / name).write_text("{")
    found = list(doctor.examine(DataFolder(folder), None, 1.0))
    assert [one.mark for one in found if f"{name} {said}" in one.sentence] == [mark]
