"""The demo: its play is lawful from the first to the last step, and several terminals share one server."""

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

from config.reader import DEFAULTS
from incident.state import MODELS
from server import admin, demo
from server.datafolder import DataFolder, init
from server.operations import bring_in
from server.partner import Partner, read_script
from server.settings import read_settings
from tests.running import run
from tests.server.house import house

ROOT = Path(__file__).resolve().parents[2]
PLAY = DEFAULTS / "demo" / "play.yaml"


def test_every_step_of_the_play_is_lawful_and_its_rounds_come_again(tmp_path: Path) -> None:
    async def scene() -> None:
        _, charter = read_settings(init(tmp_path / "x", "exercise"))
        async with house(models=MODELS, charter=charter) as home:
            for agency in demo.ROOMS:
                written = (DEFAULTS / "demo" / f"{agency}.csv").read_text(encoding="utf-8")
                asked = {
                    "what": "register",
                    "written": written,
                    "file": "x",
                    "agency": agency,
                    "mode": "exercise",
                }
                await bring_in(home.hub, charter, asked)
            script = read_script(PLAY)
            play = Partner(home.hub, script)
            await play.set_up()
            assert play.refused == []
            for number, step in enumerate(sorted(script.play, key=lambda step: step.after)):
                await play._perform(step, f"play {number}")
            assert play.refused == []
            assert script.repeat is not None
            for turn in range(2):
                for number, step in enumerate(script.repeat.steps):
                    await play._perform(step, f"turn {turn} {number}")
            assert play.refused == []
            stream = play.streams["scene"]
            records = list(home.hub.store.load(stream))
            commands = {record.command_id for record in records}
            # every step left something in the log: none says what was so already
            places = [(f"setup {n}", step) for n, step in enumerate(script.setup)]
            places += [
                (f"play {n}", step) for n, step in enumerate(sorted(script.play, key=lambda s: s.after))
            ]
            places += [(f"turn 1 {n}", step) for n, step in enumerate(script.repeat.steps)]
            idle = [
                (place, step.type, step.body)
                for place, step in places
                if step.stream == "scene" and home.hub.own_id("play", place) not in commands
            ]
            assert idle == []
            assert MODELS.of(stream).invariants(home.hub.durable(stream).state) == ()  # type: ignore[union-attr]
            late = [record for record in records if record.agency == "SCAS"]
            assert len(late) > 40

    run(scene())


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
demo._client = lambda url, token: print(json.dumps([url, str(token), token.read_text().strip()])) or 0
sys.exit(demo.demo({room!r}))
"""


def opened(room: str) -> subprocess.Popen[str]:
    """A terminal that opens a room, with a client that only says what it was told."""
    code = CLIENT.format(root=str(ROOT), room=room)
    pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, env=os.environ.copy(), **pipes)


@pytest.mark.skipif(sys.platform == "win32", reason="TMPDIR is of POSIX")
def test_three_terminals_at_once_share_one_server_that_ends_by_itself(elsewhere: Path) -> None:
    terminals = [opened(room) for room in ("LAS", "SCAS", "LAS")]
    said = []
    for terminal in terminals:
        out, err = terminal.communicate(timeout=60)
        assert terminal.returncode == 0, err
        said.append(json.loads(out.splitlines()[-1]))
    assert len({url for url, _, _ in said}) == 1
    assert len({token for _, _, token in said}) == 3
    folders = {Path(file).parent for _, file, _ in said}
    assert len(folders) == 1
    folder = DataFolder(folders.pop())
    status = admin.call(folder.admin, "status")
    assert status["streams"] == 3 + 4  # three registers; the incident and three own parts
    if sys.platform != "win32":
        assert folder.root.parent.stat().st_mode & 0o777 == 0o700
    # a later terminal joins, too
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
    assert "LAS, SCAS, SECAMB" in capsys.readouterr().err
