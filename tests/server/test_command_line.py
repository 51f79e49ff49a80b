"""The command line of the server: every failure is one plain sentence with the way on, and an exit code."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from incident.kernel import protocol
from server import admin, authority, datafolder, logs, starting
from server.__main__ import main
from server.datafolder import DataFolder
from server.settings import EVERYWHERE, read_settings
from server.store.sqlite import open_sqlite
from tests.store.contract import Listener
from tests.store.pen import NOW, Pen

ROOT = Path(__file__).resolve().parents[2]
TABLE = "callsign,kind,capabilities,station,status\nA101,DCA,,Waterloo,AVB\nA102,DCA,,Waterloo,AVB\n"
NO_LETTERS = (
    b'{"format":2,"tokens":[{"digest":"\xff\xfe"}],"pending":[{"lookup":"\xff\xfe"}],'
    b'"signins":[{"digest":"\xff\xfe"}],"last":{}}'
)
"""A file of any of the three names in which a disk has turned a byte."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    assert main(["init", str(tmp_path / "rooms"), "--plain"]) == 0
    return tmp_path / "rooms"


def said(capsys: pytest.CaptureFixture[str]) -> str:
    """What stood on standard error: sentences, never a trace."""
    err = capsys.readouterr().err
    assert "Traceback" not in err
    return err


@contextmanager
def running(folder: Path, *more: str, **kwargs: Any) -> Iterator[subprocess.Popen[str]]:
    """A server of its own process; killed at the end if it still runs."""
    process = subprocess.Popen(
        [sys.executable, "-m", "server", "run", str(folder), "--port", "0", *more],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **kwargs,
    )
    try:
        assert process.stdout is not None
        first = process.stdout.readline()
        assert "://127.0.0.1:" in first, process.stderr.read() if process.stderr else ""
        assert ("PLAIN: nothing on this line is encrypted" in first) == (" ws://" in first)
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def status(folder: Path) -> dict[str, Any]:
    return admin.call(DataFolder(folder).admin, "status")


# -- what can go wrong before it starts -----------------------------------------------------------------------


def test_a_missing_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for command in (
        ["run"],
        ["status"],
        ["stop"],
        ["token", "--agency", "LAS", "--role", "operator", "--name", "x"],
    ):
        assert main([*command, str(tmp_path / "nothing")]) == 1
        assert "incident-server init" in said(capsys)


def test_a_folder_is_made_once(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["init", str(folder.parent / "other")]) == 0
    assert "incident-server run" in capsys.readouterr().out
    assert main(["init", str(folder)]) == 1
    assert "is a data folder already" in said(capsys)


def test_bad_settings_are_told_all_at_once_with_file_and_line(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "server.yaml").write_text(
        "mode: exercise\nprot: 80\ntls: false\nhost: 0.0.0.0\n", encoding="utf-8"
    )
    config = tmp_path / "config"
    config.mkdir()
    (config / "roles.yaml").write_text("roles: 5\n", encoding="utf-8")
    assert main(["run", str(folder), "--config", str(config)]) == 1
    lines = said(capsys).splitlines()
    assert len(lines) == 3
    assert "server.yaml:2: 'prot' is not a known key; did you mean 'port'?" in lines[0]
    assert "server.yaml:4: 'host' must be a loopback address" in lines[1]
    assert "roles.yaml:1: 'roles' must be a list" in lines[2]


def test_an_address_that_others_could_reach_is_refused(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for host in ("0.0.0.0", "192.0.2.1", "::", "example.org"):  # noqa: S104 -- that is the test
        assert main(["run", str(folder), "--host", host]) == 1
        assert "must be a loopback address such as 127.0.0.1 while tls is false" in said(capsys)


def test_a_port_that_is_taken(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert main(["run", str(folder), "--port", str(port)]) == 1
    assert f"Port {port} on 127.0.0.1 is taken by another program." in said(capsys)
    assert main(["run", str(folder), "--port", "70000"]) == 1
    assert "0 to 65,535" in said(capsys)


def test_a_broken_log_a_newer_one_and_one_that_is_none(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = folder / "log.db"
    log.write_bytes(b"this is no database, and long enough to be taken for one" * 100)
    assert main(["run", str(folder)]) == 1
    assert "cannot be read" in said(capsys)
    log.unlink()
    with sqlite3.connect(log) as other:
        other.execute("CREATE TABLE t (x)")
    other.close()
    assert main(["run", str(folder)]) == 1
    assert "is not a log of this program" in said(capsys)
    log.unlink()
    assert main(["register", "import", str(folder), _table(folder), "--agency", "LAS"]) == 0
    with sqlite3.connect(log) as newer:
        newer.execute("PRAGMA user_version = 99")
    newer.close()
    capsys.readouterr()
    assert main(["run", str(folder)]) == 1
    assert "newer version" in said(capsys)


def _table(folder: Path, written: str = TABLE) -> str:
    path = folder.parent / "table.csv"
    path.write_text(written, encoding="utf-8")
    return str(path)


def test_nonsense_is_not_understood(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in ([], ["dance"], ["token", "x"]):
        with pytest.raises(SystemExit) as caught:
            main(arguments)
        assert caught.value.code == 2
    capsys.readouterr()
    with pytest.raises(SystemExit) as caught:
        main(["--help"])
    assert caught.value.code == 0
    assert "exit codes: 0 done" in " ".join(capsys.readouterr().out.split())


# -- tokens and tables, without a server ----------------------------------------------------------------------


def test_a_token_is_shown_once_and_kept_as_a_digest(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    arguments = ["token", str(folder), "--agency", "LAS", "--role", "operator", "--name", "EOC desk 3"]
    assert main(arguments) == 0
    token = capsys.readouterr().out.strip()
    assert len(token) == 43
    kept = (folder / "identity.json").read_text()
    assert token not in kept
    assert "EOC desk 3" in kept
    assert main(arguments) == 1
    assert "already" in said(capsys)
    out = folder.parent / "desk.token"
    assert main([*arguments[:-1], "EOC desk 4", "--out", str(out)]) == 0
    assert capsys.readouterr().out == ""
    assert len(out.read_text().strip()) == 43
    if sys.platform != "win32":
        assert out.stat().st_mode & 0o777 == 0o600
        assert (folder / "identity.json").stat().st_mode & 0o777 == 0o600


def test_who_can_says_which_roles_may_do_something(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["who-can", str(folder), "organisation.pick_location"]) == 0
    told = capsys.readouterr().out.splitlines()
    assert told[0] == "organisation.pick_location"
    assert told[1].split("  ")[-1].strip() == "Tactical commander, Exercise control"
    assert told[2].endswith("nobody")
    assert (
        told[3] == "  by delegation     as Tactical commander, from Tactical commander, Strategic commander"
    )
    assert main(["who-can", str(folder), "log."]) == 0
    assert {line for line in capsys.readouterr().out.splitlines() if not line.startswith(" ")} >= {
        "log.write",
        "log.strike",
    }
    assert main(["who-can", str(folder)]) == 0
    assert len(capsys.readouterr().out.splitlines()) > 300
    assert main(["who-can", str(folder), "organisation.declair"]) == 1
    assert "Near it: organisation.declare" in said(capsys)


@pytest.mark.parametrize(
    ("agency", "role", "name", "sentence"),
    [
        ("LASS", "operator", "x", "did you mean 'LAS'"),
        ("LAS", "operater", "x", "did you mean 'operator'"),
        ("LAS", "system", "x", "no role 'system'"),
        ("LAS", "operator", "system", "kept for the server"),
        ("LAS", "operator", "EXCON", "kept for the server"),
        ("LAS", "operator", "virtual/SCAS", "kept for the server"),
        ("LAS", "operator", "", "A name"),
        ("LAS", "operator", "a\x1b]52;c;x\x07", "A name"),
        ("LAS", "operator", "x" * 41, "A name"),
    ],
)
def test_a_token_for_nobody_is_not_made(
    agency: str, role: str, name: str, sentence: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["token", str(folder), "--agency", agency, "--role", role, "--name", name]) == 1
    assert sentence in said(capsys)
    assert not (folder / "identity.json").exists()


def test_a_broken_file_of_tokens(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "identity.json").write_text("{", encoding="utf-8")
    assert main(["run", str(folder), "--port", "0"]) == 1
    assert "identity.json cannot be read" in said(capsys)


def test_a_table_is_taken_up_whole_or_not_at_all(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["register", "import", str(folder), _table(folder), "--agency", "LAS"]
    assert main(arguments) == 0
    assert "taken up" in capsys.readouterr().out
    assert main(arguments) == 0
    assert "nothing in it is new" in capsys.readouterr().out
    arguments[3] = _table(folder, TABLE + "A103,TANK,,,AVB\nA104,DCA,,,FLYING\n")
    assert main(arguments) == 1
    lines = said(capsys).splitlines()
    assert ["table.csv:4" in lines[0], "table.csv:5" in lines[1], len(lines)] == [True, True, 2]
    assert main([*arguments[:-1], "LAX"]) == 1
    assert "did you mean 'LAS'" in said(capsys)
    assert main([*arguments, "--mode", "live"]) == 1
    assert "for exercise use" in said(capsys)
    arguments[3] = str(folder / "none.csv")
    assert main(arguments) == 1
    assert "cannot be read" in said(capsys)


def test_a_table_may_say_itself_whose_it_is(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["register", "import", str(folder)]
    assert main([*command, _table(folder)]) == 1
    problem = said(capsys)
    assert "--agency CODE" in problem
    assert problem.count("\n") == 1
    scas = folder.parent / "SCAS.csv"
    scas.write_text(TABLE, encoding="utf-8")
    assert main([*command, str(scas)]) == 0
    assert capsys.readouterr().out == "register/exercise/SCAS: taken up.\n"
    two = _table(folder, "callsign,kind,trust\nA101,DCA,SCAS\nA101,DCA,SECAMB\nA102,DCA,SECAMB\n")
    with running(folder):
        assert main([*command, two]) == 0
        assert capsys.readouterr().out == (
            "register/exercise/SCAS: taken up.\nregister/exercise/SECAMB: taken up.\n"
        )
        assert status(folder)["streams"] == 2
        assert main([*command, _table(folder, "callsign,kind,agency\n")]) == 1
        assert "has no rows" in said(capsys)


# -- while a server runs --------------------------------------------------------------------------------------


def test_everything_works_while_the_server_runs(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    with running(folder) as process:
        assert main(["run", str(folder)]) == 1
        assert f"process {process.pid}" in said(capsys)
        assert (
            main(["token", str(folder), "--agency", "SCAS", "--role", "operator", "--name", "EOC desk 3"])
            == 0
        )
        assert main(["register", "import", str(folder), _table(folder), "--agency", "LAS"]) == 0
        assert (
            main(["token", str(folder), "--agency", "SCAS", "--role", "operator", "--name", "EOC desk 3"])
            == 1
        )
        assert "already" in said(capsys)
        assert main(["status", str(folder)]) == 0
        assert "running, 1 streams. Here: nobody." in capsys.readouterr().out
        assert main(["stop", str(folder)]) == 0
        assert process.wait(10) == 0
        assert process.stderr is not None
        lines = [json.loads(line) for line in process.stderr.read().splitlines()]
        assert [line["event"] for line in lines][-1] == "stopped"
    assert not (folder / "admin.json").exists()
    assert main(["status", str(folder)]) == 1
    assert "No server runs" in said(capsys)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other signals")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_it_in_order(number: signal.Signals, folder: Path) -> None:
    with running(folder) as process:
        start = time.monotonic()
        process.send_signal(number)
        assert process.wait(12) == 0
        print(f"stopped after {time.monotonic() - start:.2f} s")
        assert process.stderr is not None
        err = process.stderr.read()
        assert "Traceback" not in err
        assert json.loads(err.splitlines()[-1])["event"] == "stopped"
    assert not (folder / "admin.json").exists(), "the door's plate was taken down"


def test_it_stops_when_everybody_has_left(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.server.house import Guest  # noqa: PLC0415

    with running(folder, "--stop-when-empty", "0.5") as process:
        token = admin.call(DataFolder(folder).admin, "token", agency="LAS", role="operator", name="Desk")[
            "token"
        ]

        async def visit() -> None:
            from websockets.asyncio.client import connect  # noqa: PLC0415

            headers = {"Authorization": f"Bearer {token}"}
            url = status(folder)["url"]
            async with connect(url, additional_headers=headers, proxy=None) as connection:
                guest = Guest(connection)
                welcome = await guest.hello()
                assert (welcome.name, welcome.agency, welcome.role) == ("Desk", "LAS", "operator")
                assert welcome.mode == "exercise"
                charter = protocol.msgspec.json.decode(welcome.charter)
                assert "LAS" in charter["agencies"]
                await asyncio.sleep(1.0)
                assert process.poll() is None  # somebody is here

        asyncio.run(visit())
        start = time.monotonic()
        assert process.wait(10) == 0
        print(f"ended {time.monotonic() - start:.2f} s after the last had left")


# -- the admin door -------------------------------------------------------------------------------------------


def test_the_door_opens_to_the_secret_alone(folder: Path) -> None:
    with running(folder):
        plate = DataFolder(folder).admin
        if sys.platform != "win32":
            assert plate.stat().st_mode & 0o777 == 0o600
        found = json.loads(plate.read_text())
        copy = folder.parent / "plate.json"
        for secret in ("", "wrong", found["secret"] + "x"):
            copy.write_text(json.dumps({**found, "secret": secret}))
            with pytest.raises(admin.AdminError, match="not the secret"):
                admin.call(copy, "stop")
        with pytest.raises(admin.AdminError, match="does not know that operation"):
            admin.call(plate, "dance")
        for junk in (b"", b"\n", b"[]\n", b"\xff\xfe\n", b'{"secret": 5}\n', b"{" * 1_000 + b"\n"):
            with socket.create_connection(("127.0.0.1", found["port"]), timeout=5) as door:
                door.sendall(junk)
                door.shutdown(socket.SHUT_WR)
                assert b'"ok":false' in door.recv(4_096)
        assert admin.call(plate, "status")["streams"] == 0


def test_nobody_behind_a_door_plate_is_nobody(tmp_path: Path) -> None:
    plate = tmp_path / "admin.json"
    with pytest.raises(admin.NotRunning):
        admin.call(plate, "status")
    with socket.socket() as gone:
        gone.bind(("127.0.0.1", 0))
        port = gone.getsockname()[1]
    plate.write_text(json.dumps({"port": port, "secret": "x", "pid": 1}))
    with pytest.raises(admin.NotRunning):
        admin.call(plate, "status")


def test_a_door_that_does_not_answer_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(admin, "ANSWER_SECONDS_MAX", 0.3)
    plate = tmp_path / "admin.json"
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        plate.write_text(json.dumps({"port": silent.getsockname()[1], "secret": "x", "pid": 1}))
        with pytest.raises(admin.AdminError, match="did not answer in time"):
            admin.call(plate, "status")


def test_an_exercise_is_opened_with_and_without_a_server(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["exercise", str(folder), "m4-m25-coach", "--hold"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("M4/M25 COACH is open as LAS-")
    assert "waits until exercise control starts it" in out
    with running(folder):
        assert main(["exercise", str(folder), "ascot"]) == 0
        assert "ASCOT RACE DAY is open as SCAS-" in capsys.readouterr().out
    assert main(["exercise", str(folder), "m4-m26-coach"]) == 1
    assert "there is no such file" in said(capsys)
    bad = tmp_path / "bad.yaml"
    bad.write_text("id: bad\nopener: LAS\nstarts_at: noon\n", encoding="utf-8")
    assert main(["exercise", str(folder), str(bad)]) == 1
    sentences = said(capsys).splitlines()
    assert any(
        line.endswith("bad.yaml:3: 'starts_at' must be a time of day such as 13:58") for line in sentences
    )
    assert len(sentences) > 4
    assert main(["init", str(tmp_path / "real"), "--mode", "live", "--plain"]) == 0
    assert main(["exercise", str(tmp_path / "real"), "ascot"]) == 1
    assert "for live use" in said(capsys)


# -- what a start says and does not stop over -----------------------------------------------------------------


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")
def test_a_start_says_what_the_doctor_calls_wrong(folder: Path) -> None:
    (folder / "identity.json").write_text('{"format": 2, "tokens": []}')
    (folder / "identity.json").chmod(0o644)
    with running(folder) as process:
        assert process.stdout is not None
        second = process.stdout.readline()
        process.terminate()
        _, err = process.communicate(timeout=20)
    mend = f"identity.json is open to others of this machine (644). Mend it: chmod 600 {folder}"
    assert second.startswith("WRONG: ")
    assert mend in second
    (line,) = (json.loads(line) for line in err.splitlines() if "wrong at the start" in line)
    assert line["level"] == "warning"
    assert mend in line["why"]


def test_a_start_says_that_the_clock_cannot_be_right(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def filled() -> None:
        store = open_sqlite(folder / "log.db", mode="exercise")
        heard, pen = Listener(store), Pen("incident/a")
        store.append(pen.write())
        await heard.answers(1)
        await store.close()

    asyncio.run(filled())
    settings, charter = read_settings(DataFolder(folder))
    monkeypatch.setattr(logs, "clock", lambda: NOW + 1_000)
    codes = charter.agencies
    assert starting.doubts(DataFolder(folder), settings, None, codes) == []
    monkeypatch.setattr(logs, "clock", lambda: NOW - 60_000)
    (told,) = starting.doubts(DataFolder(folder), settings, None, codes)
    assert "behind the newest record" in told
    monkeypatch.setattr(logs, "clock", lambda: 1_000)
    (told,) = starting.doubts(DataFolder(folder), settings, None, codes)
    assert "before 2026" in told


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        ({"trouble": []}, "running"),
        ({}, "running"),
        ({"trouble": ["disk_full"]}, "cannot write: disk full"),
        ({"trouble": ["clock"]}, "not ready: clock"),
        ({"trouble": ["read_only"], "read_only": True}, "READ ONLY"),
        ({"trouble": ["stopping"], "stopping": True}, "stopping"),
    ],
)
def test_status_says_whether_anything_can_be_written(
    answer: dict[str, Any],
    state: str,
    folder: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    whole = {
        "url": "ws://x",
        "mode": "exercise",
        "streams": 2,
        "people": {},
        "stopping": False,
        "read_only": False,
    }
    monkeypatch.setattr(admin, "call", lambda *_: whole | answer)
    assert main(["status", str(folder)]) == 0
    assert f"(exercise), {state}, 2 streams." in capsys.readouterr().out


# -- another user than the folder's ---------------------------------------------------------------------------


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such users")
@pytest.mark.parametrize(
    "words",
    [
        ["run"],
        ["renew"],
        ["enrol", "--agency", "LAS", "--role", "operator", "--name", "x"],
        ["backup", "--to", "safe"],
        ["areas", "forget"],
    ],
)
def test_another_user_leaves_no_file_that_the_server_cannot_read(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "rooms"
    assert main(["init", str(folder)]) == 0
    before = {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(datafolder, "owner_of", lambda _path: 54_321)
    assert main([*words, str(folder)]) == 1
    told = said(capsys)
    assert f"{folder}: belongs to #54321" in told
    assert "Nothing was done. Say: sudo -u '#54321' incident-server …" in told
    assert {path.name: path.stat().st_mtime_ns for path in folder.iterdir()} == before
    assert not (tmp_path / "safe").exists()


# -- what is near ---------------------------------------------------------------------------------------------


def test_what_there_is_is_listed_where_a_word_is_none(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["who-can", str(folder), "xx"]) == 1
    assert "There is no grant 'xx'. Name a part of one, such as: alarms, " in said(capsys)
    assert main(["exercise", str(folder), "nope"]) == 1
    told = said(capsys)
    assert "There are: " in told
    assert "m4-m25-coach" in told
    assert main(["exercise", str(folder), "m4-m26-coach"]) == 1
    assert "did you mean 'm4-m25-coach'?" in said(capsys)


def test_the_help_says_what_the_program_is_for(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    told = capsys.readouterr().out
    assert "entity" not in told
    assert "First: incident-server init DIR" in " ".join(told.split())


@pytest.mark.parametrize(
    ("more", "hears"),
    [
        (["--host", EVERYWHERE[0]], True),
        (["--host", "192.0.2.10"], True),
        (["--host", EVERYWHERE[0], "--name", "rooms.example"], False),
        ([], False),
    ],
)
def test_a_folder_that_others_can_reach_by_no_name_says_so(
    more: list[str],
    hears: bool,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(authority, "machine_name", lambda: "box7")
    assert main(["init", str(tmp_path / "rooms"), *more]) == 0
    told = capsys.readouterr().out
    assert ("No name was given: desks reach this server by " in told) is hears
    assert ("box7 alone, and whoever dials another name or address is turned away" in told) is hears
    assert main(["doctor", str(tmp_path / "rooms")]) == 0
    assert ("look   No name was given: " in capsys.readouterr().out) is hears


@pytest.mark.parametrize("torn", [b"{", NO_LETTERS])
def test_damaged_codes_are_set_aside_and_keep_no_server_from_starting(
    torn: bytes, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The doctor says beforehand what the start does, and calls it no more than to be looked at."""
    with running(folder) as process:
        assert main(["stop", str(folder)]) == 0
        process.wait(20)
    capsys.readouterr()
    (folder / "codes.json").write_bytes(torn)
    (folder / "codes.json").chmod(0o600)
    assert main(["doctor", str(folder)]) == 0
    told = capsys.readouterr().out
    assert "codes.json is damaged. The next start sets it aside as codes.json.damaged and serves" in told
    assert (folder / "codes.json").exists(), "the doctor changes nothing"
    with running(folder) as process:
        process.terminate()
        _, err = process.communicate(timeout=20)
    assert "codes set aside" in err
    assert (folder / "codes.json.damaged").read_bytes() == torn
    assert not (folder / "codes.json").exists()
    assert main(["doctor", str(folder)]) == 0
    assert "codes.json" not in capsys.readouterr().out


@pytest.mark.parametrize("torn", [b"{", NO_LETTERS])
@pytest.mark.parametrize("name", ["identity.json", "signins.json"])
def test_a_damaged_file_is_called_damaged(
    name: str, torn: bytes, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A byte that is no letter, too: that is another exception than JSON that is none."""
    with running(folder) as process:
        assert main(["stop", str(folder)]) == 0
        process.wait(20)
    capsys.readouterr()
    (folder / name).write_bytes(torn)
    assert main(["accounts", str(folder)]) == 1
    told = said(capsys)
    assert "it is damaged: not the JSON that this program writes" in told
    assert "DecodeError" not in told
    assert main(["doctor", str(folder)]) == 1
    assert "it is damaged" in capsys.readouterr().out
