"""What goes wrong at a command line: one plain sentence with the way on, no traceback, and the code it documents."""

from __future__ import annotations

import re
import shutil
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from server.store.opening import FORMAT
from tests.e2e.rooms import ENVIRONMENT, House, free_port

if sys.platform != "win32":
    from tests.e2e.pty_room import room

on_a_terminal = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminal to read")
TABLE = "callsign,kind,capabilities,station,status\n"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> House:
    """A data folder with tokens and units; nobody serves it."""
    return House(tmp_path_factory.mktemp("made"))


@pytest.fixture
def folder(made: House, tmp_path: Path) -> Path:
    """A copy of it, to be broken."""
    return Path(shutil.copytree(made.data, tmp_path / "data"))


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    house = House(tmp_path_factory.mktemp("served"))
    house.start()
    try:
        yield house
    finally:
        house.stop()
    assert "Traceback" not in house.log()


def run(module: str, *words: str, home: Path | None = None) -> tuple[int, list[str]]:
    """A program to its end: exit code, and the lines it said on standard error."""
    env = {name: value for name, value in ENVIRONMENT.items() if not name.startswith("INCIDENT_TUI")}
    if home is not None:
        env["INCIDENT_TUI_HOME"] = str(home)
    done = subprocess.run(
        [sys.executable, "-m", module, *words],
        capture_output=True, text=True, timeout=60, check=False, env=env, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    said = done.stdout + done.stderr
    for word in ("Traceback", "usage:", "Errno", "Exception"):
        assert word not in said, said
    assert all(line.isprintable() for line in said.splitlines()), said
    return done.returncode, done.stderr.splitlines()


def server(*words: str) -> tuple[int, list[str]]:
    return run("server", *words)


# -- the command line itself ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("module", "line", "sentence"),
    [
        ("server", "rum d", "Did you mean run?"),
        ("server", "register imprt d u.csv --agency LAS", "Did you mean import?"),
        ("server", "run d --prot 3", "Did you mean --port?"),
        ("server", "run d --port x", "--port takes a number, not 'x'."),
        ("server", "token d --role operator --name x", "Something is missing: --agency."),
        ("server", "init d --mode lvie", "Did you mean live?"),
        ("server", "dance", "There are: init, renew, run"),
        ("incident_tui", "conect ws://127.0.0.1:9", "Did you mean connect?"),
        ("incident_tui", "connect ws://127.0.0.1:9 --theem dark", "Did you mean --theme?"),
        ("incident_tui", "state ws://127.0.0.1:9 --token", "This command line is not understood"),
        (
            "incident_tui",
            "connect ws://127.0.0.1:9 --token t --theme drak",
            "There are: dark, deuteranopia, high-contrast",
        ),
        ("incident_tui", "connect ws://127.0.0.1:9 --token t --keymap emacs", "There are: default, function"),
    ],
)
def test_a_word_that_is_not_understood(module: str, line: str, sentence: str) -> None:
    code, said = run(module, *line.split())
    assert code == 2
    assert len(said) == 1
    assert sentence in said[0]


def test_what_was_typed_cannot_act_in_the_answer() -> None:
    code, said = server("\x1b]52;c;cm0=\x07")
    assert (code, len(said)) == (2, 1)


# -- the server before it serves ------------------------------------------------------------------------------


def test_a_bad_configuration_is_told_whole_with_file_and_line(folder: Path, tmp_path: Path) -> None:
    (folder / "server.yaml").write_text(
        "mode: exercise\nprot: 80\ntls: false\nhost: 0.0.0.0\n", encoding="utf-8"
    )
    config = tmp_path / "config"
    config.mkdir()
    (config / "kinds.yaml").write_text("kinds: [\n", encoding="utf-8")
    code, said = server("run", str(folder), "--config", str(config))
    assert code == 1
    assert len(said) == 3, said
    assert all(re.search(r"(server|kinds)\.yaml:\d+: ", line) for line in said), said


def test_a_missing_folder_a_taken_port_and_an_open_door(folder: Path, tmp_path: Path) -> None:
    code, said = server("run", str(tmp_path / "nothing"))
    assert (code, len(said)) == (1, 1)
    assert "make one with: incident-server init" in said[0]
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        code, said = server("run", str(folder), "--port", str(taken.getsockname()[1]))
    assert (code, len(said)) == (1, 1)
    assert "is taken by another program" in said[0]
    assert "--port" in said[0]
    code, said = server("run", str(folder), "--host", "0.0.0.0")  # noqa: S104 -- that is the test
    assert (code, len(said)) == (1, 1)
    assert "loopback address such as 127.0.0.1" in said[0]


def test_a_second_server_on_one_folder(served: House) -> None:
    code, said = server("run", str(served.data), "--port", str(free_port()))
    assert (code, len(said)) == (1, 1)
    assert "is in use by process" in said[0]
    assert "stop that one first" in said[0]


def overwritten(data: bytes) -> bytes:
    return data[:8192] + b"\x55" * 8192 + data[16384:]


@pytest.mark.parametrize(
    "broken",
    [overwritten, lambda data: data[: len(data) // 2], lambda _data: b"a letter, not a log\n" * 500],
    ids=["overwritten", "truncated", "something else"],
)
def test_a_broken_database(folder: Path, broken: object) -> None:
    log = folder / "log.db"
    whole = log.read_bytes()
    log.write_bytes(broken(whole))  # type: ignore[operator]
    assert log.read_bytes() != whole
    code, said = server("run", str(folder), "--port", "0")
    assert (code, len(said)) == (1, 1), said
    assert "log.db" in said[0]
    assert "incident-server restore BACKUP NEWFOLDER" in said[0]


def test_a_newer_format(folder: Path) -> None:
    connection = sqlite3.connect(folder / "log.db")
    connection.execute(f"PRAGMA user_version = {FORMAT + 1}")
    connection.close()
    code, said = server("run", str(folder), "--port", "0")
    assert (code, len(said)) == (1, 1)
    assert "newer version" in said[0]


def test_a_bad_table_is_told_whole_and_nothing_of_it_is_taken(folder: Path, tmp_path: Path) -> None:
    table = tmp_path / "units.csv"
    rows = "X1,DCA,,x,AVB\nX1,DCA,,x,AVB\nX3,TANK,,,AVB\nX4,DCA,,,FLYING\n,DCA,,,AVB\nA\x1b[2J,DCA,,,AVB\n"
    table.write_text(TABLE + rows, encoding="utf-8")
    code, said = server("register", "import", str(folder), str(table), "--agency", "LAS")
    assert code == 1
    assert [line.partition("units.csv:")[2].partition(":")[0] for line in said] == ["3", "4", "5", "6", "7"]
    table.write_text(TABLE + "X1,DCA,,x,AVB\n", encoding="utf-8")
    assert server("register", "import", str(folder), str(table), "--agency", "LAS") == (0, [])


# -- the client -----------------------------------------------------------------------------------------------


def test_a_bad_client_configuration(tmp_path: Path) -> None:
    (tmp_path / "client.yaml").write_text("theme: purple\npump: 900\ncolour: yes\n", encoding="utf-8")
    code, said = run(
        "incident_tui", "connect", "127.0.0.1:9", "--token", "t", "--config", str(tmp_path), home=tmp_path
    )
    assert code == 2
    assert [re.search(r"client\.yaml:(\d+): ", line)[1] for line in said] == ["1", "2", "3"]  # type: ignore[index]


def test_a_token_that_is_missing_empty_or_wrong(served: House, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.touch()
    for file, sentence in (
        (tmp_path / "none", "cannot be read: no such file"),
        (empty, "For a token: name its file"),
    ):
        code, said = run("incident_tui", "state", served.url, "--token-file", str(file), home=tmp_path)
        assert (code, len(said)) == (2, 1)
        assert sentence in said[0]
    code, said = run("incident_tui", "state", served.url, "--token", "x" * 43, home=tmp_path)
    assert (code, len(said)) == (3, 1)
    assert "token" in said[0]


def test_a_missing_server_keeps_the_command_and_the_next_client_sends_it(served: House) -> None:
    opened = served.client("LAS", "do", 'open "COACH" "M25 J15"')
    assert opened.returncode == 0, opened.stderr
    served.stop()
    try:
        kept = served.client("LAS", "do", "log written while nobody answered", "--timeout", "2")
        never = served.client("SCAS", "do", "log x", "--timeout", "1")
    finally:
        served.start()
    for done in (kept, never):
        assert done.returncode == 3, done.stdout
        assert len(done.stderr.splitlines()) == 1
        assert "Is the server running?" in done.stderr
    assert "It is kept on this desk and sent later." in kept.stderr
    assert "kept" not in never.stderr, "nobody knows yet who writes there"
    assert served.client("LAS", "do", "log the next line").returncode == 0
    tail = served.client("LAS", "state", "--json")
    assert tail.returncode == 0


@on_a_terminal
def test_the_screen_opens_without_a_server_and_says_what_it_waits_for(made: House, tmp_path: Path) -> None:
    words = [
        sys.executable,
        "-m",
        "incident_tui",
        "connect",
        made.url,
        "--token-file",
        str(made.token("LAS")),
    ]
    env = {**ENVIRONMENT, "INCIDENT_TUI_HOME": str(tmp_path)}
    with room(words, size=(120, 40), cwd=tmp_path, env=env) as las:
        las.wait_for("Is the server running?")
        las.press("\x11")
        deadline = time.monotonic() + 20
        while las.alive() and time.monotonic() < deadline:
            time.sleep(0.1)
        assert las.process.returncode == 0


def letters(written: str) -> str:
    """What was painted, without where and how: a line of a notice may be painted in pieces."""
    return "".join(re.sub(r"\x1b\[[\d;?]*[A-Za-z]", "", written).split())


@on_a_terminal
def test_a_second_client_on_one_desk_takes_the_next_seat_and_says_so(served: House, tmp_path: Path) -> None:
    token = str(served.token("SECAMB"))
    words = [sys.executable, "-m", "incident_tui", "connect", served.url, "--token-file", token]
    env = {**ENVIRONMENT, "INCIDENT_TUI_HOME": str(tmp_path)}
    with room(words, size=(120, 40), cwd=tmp_path, env=env) as first:
        first.wait_for("LIVE")
        with room(words, size=(120, 40), cwd=tmp_path, env=env) as second:
            sentence = letters("Another client sits at this desk already. This is seat 2.")
            second.wait_for(lambda written: sentence in letters(written))
            assert first.alive()
            assert second.alive()
