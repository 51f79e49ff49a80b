"""A data folder is made once, private, and worked in by one process at a time."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from config.reader import find_config, read_yaml
from incident.kernel.checks import ConfigError, validate
from server.datafolder import MODES, DataFolder, existing, init, locked, write_private
from server.limits import Limits
from server.settings import SCHEMA, Settings, read_settings

ROOT = Path(__file__).resolve().parent.parent.parent

HOLD = """
import sys
from pathlib import Path
from server.datafolder import DataFolder, locked
with locked(DataFolder(Path(sys.argv[1]))):
    print("held", flush=True)
    sys.stdin.read()
"""


def sentence(error: pytest.ExceptionInfo[ConfigError]) -> str:
    told = str(error.value)
    assert "\n" not in told
    return told


@pytest.mark.parametrize("mode", MODES)
def test_init_writes_settings_that_the_server_takes_as_its_defaults(tmp_path: Path, mode: str) -> None:
    folder = init(tmp_path / "new" / "room", mode)
    assert validate(read_yaml(folder.settings), SCHEMA) == Settings(mode)
    assert existing(folder.root) == folder


def test_what_the_comments_of_the_settings_call_a_default_is_one(tmp_path: Path) -> None:
    folder = init(tmp_path / "room")
    lines = folder.settings.read_text(encoding="utf-8").splitlines()
    uncommented = [
        line.removeprefix("# ") if line.startswith("# ") and ": " in line else line for line in lines
    ]
    settings = [line for line in uncommented if line and not line.startswith("#") and line.islower()]
    folder.settings.write_text("\n".join(settings), encoding="utf-8")
    own = {**Settings.__dataclass_fields__, **Limits.__dataclass_fields__}
    own.pop("limits")
    assert {line.partition(":")[0] for line in settings} == set(own)
    assert validate(read_yaml(folder.settings), SCHEMA) == Settings("exercise")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")
def test_only_the_owner_may_look_inside(tmp_path: Path) -> None:
    folder = init(tmp_path / "room")
    with locked(folder):
        modes = {path.name: path.stat().st_mode & 0o777 for path in folder.root.iterdir()}
    assert modes == {"server.yaml": 0o600, "lock": 0o600}
    assert folder.root.stat().st_mode & 0o777 == 0o700


def test_init_overwrites_nothing(tmp_path: Path) -> None:
    init(tmp_path / "room")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "somebody's").touch()
    (tmp_path / "file").touch()
    for name, why in (("room", "already"), ("full", "not empty"), ("file", "cannot be made")):
        with pytest.raises(ConfigError, match=why) as caught:
            init(tmp_path / name)
        assert name in sentence(caught)


def test_an_unknown_mode_and_a_missing_folder_are_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="exercise or live") as caught:
        init(tmp_path / "room", "drill")
    assert sentence(caught)
    with pytest.raises(ConfigError, match="incident-server init") as caught:
        existing(tmp_path / "room")
    assert sentence(caught)


def test_a_second_process_is_told_who_holds_the_folder_and_gets_it_after_a_kill(tmp_path: Path) -> None:
    folder = init(tmp_path / "room")
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder.root)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(ConfigError, match=f"in use by process {holder.pid}") as caught, locked(folder):
            pass
        assert sentence(caught)
    finally:
        holder.kill()
        holder.communicate(timeout=20)
    with locked(folder), pytest.raises(ConfigError, match="in use"), locked(folder):
        pass
    with locked(folder):
        pass


def test_a_lock_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    with (
        pytest.raises(ConfigError, match="cannot be opened") as caught,
        locked(DataFolder(tmp_path / "nowhere")),
    ):
        pass
    assert sentence(caught)


def test_a_private_file_is_replaced_whole(tmp_path: Path) -> None:
    path = tmp_path / "tokens.json"
    write_private(path, b"one")
    write_private(path, b"two")
    assert path.read_bytes() == b"two"
    assert [found.name for found in tmp_path.iterdir()] == ["tokens.json"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows knows no such thing")
def test_a_small_file_is_durable_with_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a loss of power the old file is not back in its place: a revocation would be undone by it."""
    synced: list[tuple[bool, bool]] = []
    fsync = os.fsync

    def noted(handle: int) -> None:
        synced.append((stat.S_ISDIR(os.fstat(handle).st_mode), (tmp_path / "small").exists()))
        fsync(handle)

    monkeypatch.setattr(os, "fsync", noted)
    write_private(tmp_path / "small", b"x")
    assert synced == [(False, False), (True, True)]


def test_a_role_for_an_agency_that_nobody_knows_is_told_with_its_line(tmp_path: Path) -> None:
    """Nobody could be enrolled in it, and nobody would be told why."""
    shutil.copytree(find_config("roles.yaml").parent, tmp_path / "config")
    file = tmp_path / "config" / "roles.yaml"
    lines = file.read_text(encoding="utf-8").splitlines()
    (line,) = (n for n, text in enumerate(lines, 1) if text.strip() == "agency: NACC")
    file.write_text("\n".join(lines).replace("agency: NACC", "agency: NAC"), encoding="utf-8")
    with pytest.raises(ConfigError, match=rf"roles.yaml:{line}: roles\[\d+\].agency NAC is no agency of"):
        read_settings(init(tmp_path / "rooms", "exercise"), tmp_path / "config")


def test_a_row_that_names_no_command_is_told_with_its_line_and_the_word_that_is_near(tmp_path: Path) -> None:
    """It would take that right from everybody, and nobody would hear of it; every slip is told at once."""
    config = tmp_path / "config"
    config.mkdir()
    (config / "roles.yaml").write_text(
        "roles:\n"
        "  - code: operator\n    title: Operator\n    may_delegate: [logist, system]\n"
        "    own:\n      - log.wrote\n      - log.write\n"
        "    other: [tasks.acept]\n"
        "  - code: loggist\n    title: Loggist\n    agency: NAC\n    own: [log.write]\n"
        "  - code: system\n    title: System\n",
        encoding="utf-8",
    )
    folder = init(tmp_path / "rooms", "exercise")
    folder.settings.write_text("mode: exercise\nprot: 80\n", encoding="utf-8")
    with pytest.raises(ConfigError) as error:
        read_settings(folder, config)
    told = [line.removeprefix(f"{tmp_path}{os.sep}") for line in str(error.value).splitlines()]
    assert len(told) == 6
    assert "'prot' is not a known key" in told[0]
    roles = [line.removeprefix(f"config{os.sep}roles.yaml:") for line in told[1:]]
    assert [line.split(":")[0] for line in roles] == ["6", "8", "4", "4", "11"]
    assert roles[0].endswith(
        "log.wrote is no right that there is: nobody would have it; did you mean 'log.write'?"
    )
    assert roles[1].endswith(
        "tasks.acept is no right that there is: nobody would have it; did you mean 'tasks.accept'?"
    )
    assert roles[2].endswith("may_delegate[0] logist is no role of this file; did you mean 'loggist'?")
    assert roles[3].endswith("may_delegate[1] system is a role that nobody lends")
    assert "NAC is no agency of agencies.yaml" in roles[4]
