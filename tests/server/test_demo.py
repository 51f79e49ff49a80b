"""The demo: several terminals share one server, which plays a scenario and ends by itself."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from server import admin, demo
from server.__main__ import SCRATCH
from server.datafolder import DataFolder

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A temporary folder of this test's own, and no demo left running in it."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    yield tmp_path
    for plate in tmp_path.rglob("admin.json"):
        try:
            admin.call(plate, "stop")
        except (admin.NotRunning, admin.AdminError):
            continue


CLIENT = """
import json, sys
sys.path.insert(0, {root!r})
from server import demo
def client(url, token):
    print(json.dumps([url, str(token), token.read_text().strip()]), flush=True)
    sys.stdin.read()
    return 0
demo._client = client
sys.exit(demo.demo({room!r}))
"""


def opened(room: str) -> subprocess.Popen[str]:
    """A terminal that opens a room, with a client that only says what it was told."""
    code = CLIENT.format(root=str(ROOT), room=room)
    pipe = subprocess.PIPE
    pipes: dict[str, Any] = {"stdin": pipe, "stdout": pipe, "stderr": pipe, "text": True}
    return subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, env=os.environ.copy(), **pipes)


def at_work(terminal: subprocess.Popen[str]) -> list[str]:
    """What the client of a terminal was told; it stays there until its input ends."""
    assert terminal.stdout is not None
    for line in terminal.stdout:
        if line.startswith("["):
            return list(json.loads(line))
    raise AssertionError("the terminal ended without a client")


@pytest.mark.skipif(sys.platform == "win32", reason="TMPDIR is of POSIX")
def test_three_terminals_at_once_share_one_server_that_ends_by_itself(elsewhere: Path) -> None:
    terminals = [opened(room) for room in ("LAS", "SCAS", "LAS")]
    said = [at_work(terminal) for terminal in terminals]
    for terminal in terminals:
        _, err = terminal.communicate(timeout=60)
        assert terminal.returncode == 0, err
    assert len({url for url, _, _ in said}) == 1
    assert len({token for _, _, token in said}) == 3
    folders = {Path(file).parent for _, file, _ in said}
    assert len(folders) == 1
    folder = DataFolder(folders.pop())
    status = admin.call(folder.admin, "status")
    assert status["streams"] == 3 + 5  # three registers; the incident, three own parts, exercise control's
    if sys.platform != "win32":
        assert folder.root.parent.stat().st_mode & 0o777 == 0o700
        for name in ("server.log", SCRATCH):
            assert (folder.root / name).stat().st_mode & 0o777 == 0o600, name
    # who left a desk finds it again
    back = opened("LAS")
    out, err = back.communicate(timeout=60)
    assert json.loads(out.splitlines()[-1])[1] in {file for _, file, _ in said}, err
    # a later terminal joins, too; so does exercise control, in its own role
    control = opened("EXCON")
    out, err = control.communicate(timeout=60)
    assert json.loads(out.splitlines()[-1])[0] == said[0][0], err
    later = opened("SECAMB")
    out, err = later.communicate(timeout=60)
    assert json.loads(out.splitlines()[-1])[0] == said[0][0], err
    admin.call(folder.admin, "stop")
    until = time.monotonic() + 15
    while folder.root.exists() and time.monotonic() < until:
        time.sleep(0.05)
    assert not folder.root.exists()  # scratch goes with its server
    # what is left of it does not mislead the next one
    again = opened("LAS")
    out, err = again.communicate(timeout=60)
    assert again.returncode == 0, err
    assert json.loads(out.splitlines()[-1])[0] != said[0][0]


@pytest.mark.skipif(sys.platform == "win32", reason="TMPDIR is of POSIX")
def test_a_demo_that_was_killed_is_cleared_away(elsewhere: Path) -> None:
    first = opened("LAS")
    out, err = first.communicate(timeout=60)
    assert first.returncode == 0, err
    folder = DataFolder(Path(json.loads(out.splitlines()[-1])[1]).parent)
    os.kill(json.loads(folder.admin.read_text())["pid"], 9)
    second = opened("LAS")
    out, err = second.communicate(timeout=60)
    assert second.returncode == 0, err
    assert Path(json.loads(out.splitlines()[-1])[1]).parent != folder.root
    assert not folder.root.exists()


def test_each_terminal_keeps_its_copy_in_the_scratch_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    homes = []
    monkeypatch.setattr(
        "subprocess.call", lambda _command, *, env: homes.append(Path(env["INCIDENT_TUI_HOME"])) or 0
    )
    for token in ("token-LAS-1", "token-LAS-2", "token-SCAS-1"):
        assert demo._client("ws://127.0.0.1:9", tmp_path / token) == 0
    assert len(set(homes)) == 3
    assert {home.parent for home in homes} == {tmp_path}
    assert not {home.name for home in homes} & {"token-LAS-1", "token-LAS-2", "token-SCAS-1"}


def test_a_room_that_is_none(capsys: pytest.CaptureFixture[str]) -> None:
    from server.__main__ import main  # noqa: PLC0415

    assert main(["demo", "--room", "KENT"]) == 1
    assert "LAS, SCAS, SECAMB, EXCON" in capsys.readouterr().err
