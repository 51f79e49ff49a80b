"""What a data folder once had is never made anew in silence: it is missed, and the way on is said."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from server import admin, backup, datafolder
from server.__main__ import main
from server.datafolder import DataFolder
from server.identity import Desk, Identity
from server.signins import SignIns
from tests.server.test_command_line import ROOT, TABLE, running, said
from tests.server.test_doctor import marked, told

FRESH = ("server.yaml", "authority.key", "server.key")
ENROL = ("--agency", "LAS", "--role", "operator", "--name", "Desk 1")


@pytest.fixture
def folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> DataFolder:
    """A folder with something in its log."""
    root = tmp_path / "rooms"
    table = tmp_path / "LAS.csv"
    table.write_text(TABLE, encoding="utf-8")
    assert main(["init", str(root)]) == 0
    assert main(["register", "import", str(root), str(table)]) == 0
    capsys.readouterr()
    return DataFolder(root)


def refused(folder: DataFolder, capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """Nothing is made by whatever would make it; the same sentence from the doctor."""
    before = {path.name: path.read_bytes() for path in folder.root.iterdir() if path.name != "lock"}
    table = folder.root.parent / "LAS.csv"
    assert main(["run", str(folder.root)]) == 1
    sentence = said(capsys)
    assert all(word in sentence for word in words), sentence
    for command in (
        ["enrol", str(folder.root), *ENROL],
        ["register", "import", str(folder.root), str(table)],
    ):
        assert main(command) == 1
        assert said(capsys) == sentence
    assert {path.name: path.read_bytes() for path in folder.root.iterdir() if path.name != "lock"} == before
    wrong = marked("wrong", told(folder.root, capsys, code=1))
    assert any(sentence.strip() in one for one in wrong), wrong
    return sentence


@pytest.mark.parametrize("how", ["gone", "empty"])
def test_a_log_that_is_gone_is_missed_and_never_begun_anew(
    folder: DataFolder, how: str, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = folder.root.parent / "kept.db"
    for path in folder.root.glob("log.db-*"):
        path.unlink()
    shutil.move(folder.log, kept)
    if how == "empty":
        folder.log.touch(0o600)
    refused(folder, capsys, "log.db: is missing or empty", "incident-server restore", "move begun away")
    to = folder.root.parent / "safe"
    assert main(["backup", str(folder.root), "--to", str(to)]) == 1
    assert "No backup was made." in said(capsys)
    assert not to.exists()
    folder.begun.unlink()  # on purpose
    with running(folder.root):
        pass
    assert folder.log.stat().st_size
    shutil.move(kept, folder.log)
    assert folder.begun.exists()


def test_an_old_folder_is_known_by_a_backup_or_sign_ins(
    folder: DataFolder, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["backup", str(folder.root), "--to", str(folder.root.parent / "safe")]) == 0
    folder.log.unlink()
    folder.begun.unlink()
    capsys.readouterr()
    refused(folder, capsys, "this folder had a log (backup.json says so)")
    SignIns(folder.signins, 0)
    folder.signins.write_bytes(b'{"format": 1, "signins": []}')
    folder.signins.chmod(0o600)
    assert main(["run", str(folder.root)]) == 1
    assert "(signins.json, backup.json says so)" in said(capsys)


def test_a_folder_that_was_backed_up_before_its_first_start_starts(tmp_path: Path) -> None:
    root = tmp_path / "rooms"
    assert main(["init", str(root)]) == 0
    assert main(["backup", str(root), "--to", str(tmp_path / "safe")]) == 0
    assert backup.last_backup(DataFolder(root)) is not None
    with running(root):
        assert DataFolder(root).begun.exists()


def test_the_desks_and_the_secret_are_missed(folder: DataFolder, capsys: pytest.CaptureFixture[str]) -> None:
    for path, words in (
        (folder.tokens, ("identity.json: is missing", "enrol every desk again")),
        (folder.secret, ("secret: is missing", "Put it back")),
    ):
        kept = path.read_bytes()
        path.unlink()
        refused(folder, capsys, *words)
        path.write_bytes(kept)
        path.chmod(0o600)
    folder.secret.write_bytes(b"x" * 31)
    refused(folder, capsys, "secret: has 31 bytes instead of 32")


def test_a_restored_folder_is_whole(folder: DataFolder, capsys: pytest.CaptureFixture[str]) -> None:
    safe = folder.root.parent / "safe"
    assert main(["backup", str(folder.root), "--to", str(safe)]) == 0
    (made,) = safe.iterdir()
    again = folder.root.parent / "again"
    assert main(["restore", str(made), str(again)]) == 0
    capsys.readouterr()
    with running(again):
        assert admin.call(DataFolder(again).admin, "status")["streams"] == 1


def test_an_authority_that_is_gone_is_missed(folder: DataFolder, capsys: pytest.CaptureFixture[str]) -> None:
    kept = folder.authority.read_bytes()
    folder.authority.unlink()
    for command in ("run", "renew", "doctor"):
        assert main([command, str(folder.root)]) == 1
        heard = capsys.readouterr()
        assert "authority.key: is missing, and every desk trusts it" in heard.out + heard.err
        assert not folder.authority.exists()
    folder.authority.write_bytes(kept)
    folder.authority.chmod(0o600)
    with running(folder.root):
        pass


def test_lost_settings_are_no_dead_end(folder: DataFolder, capsys: pytest.CaptureFixture[str]) -> None:
    kept = folder.settings.read_bytes()
    folder.settings.unlink()
    for command in (["run"], ["doctor"], ["status"], ["backup", "--to", "safe"], ["init"]):
        assert main([*command[:1], str(folder.root), *command[1:]]) == 1
        sentence = said(capsys)
        assert "is a data folder without its server.yaml" in sentence
        assert "'mode: exercise'" in sentence
    folder.settings.write_bytes(b"mode: exercise\n")
    folder.settings.chmod(0o600)
    with running(folder.root):
        pass
    assert kept


def test_a_folder_of_another_user_is_a_sentence(
    folder: DataFolder, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def denied(path: Path) -> bool:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(datafolder, "there", denied)
    for command in ("run", "doctor", "status", "stop", "accounts", "renew"):
        assert main([command, str(folder.root)]) == 1
        assert "may not be read by this user (" in said(capsys)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows quotes otherwise")
def test_what_is_to_be_typed_next_can_be_copied(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = tmp_path / "our rooms"
    assert main(["run", str(root)]) == 1
    assert f"incident-server init '{root}'" in said(capsys)


# -- what is said at the command line -------------------------------------------------------------------------


@pytest.mark.skipif(sys.platform == "win32", reason="pipes end otherwise")
def test_whoever_reads_may_stop_reading(folder: DataFolder) -> None:
    reads, writes = os.pipe()
    os.close(reads)
    words = [sys.executable, "-m", "server", "doctor", str(folder.root)]
    with os.fdopen(writes, "wb") as gone:
        done = subprocess.run(words, stdout=gone, stderr=subprocess.PIPE, check=False, timeout=60, cwd=ROOT)
    assert done.stderr == b""
    assert done.returncode == 1


def test_a_server_whose_door_plate_is_gone_is_told_of(
    folder: DataFolder, capsys: pytest.CaptureFixture[str]
) -> None:
    with running(folder.root) as process:
        folder.admin.unlink()
        for command in ("status", "stop"):
            assert main([command, str(folder.root)]) == 1
            sentence = said(capsys)
            assert f"Process {process.pid} works in {folder.root}" in sentence
            assert "admin.json, which leads to it, is missing" in sentence
        (wrong,) = marked("wrong", told(folder.root, capsys, code=1))
        assert f"Process {process.pid} " in wrong
        assert "admin.json" in wrong
    assert main(["status", str(folder.root)]) == 1
    assert "No server runs on " in said(capsys)


def test_the_doctor_misses_a_name_in_the_certificate(
    folder: DataFolder, capsys: pytest.CaptureFixture[str]
) -> None:
    with folder.settings.open("a", encoding="utf-8") as settings:
        settings.write("names: [rooms.example]\n")
    looked = "\n".join(marked("look", told(folder.root, capsys, code=0)))
    assert "the name 'rooms.example', and the certificate is not for it" in looked
    assert main(["renew", str(folder.root)]) == 0
    capsys.readouterr()
    assert "rooms.example" not in "\n".join(told(folder.root, capsys, code=0))


def test_init_listens_on_an_address(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["init", str(tmp_path / "rooms"), "--host", "rooms.example"]) == 1
    assert "--host must be an address of this machine" in said(capsys)
    assert not (tmp_path / "rooms").exists()
    assert main(["init", str(tmp_path / "rooms"), "--host", "localhost"]) == 0


def test_an_unknown_role_or_agency_names_those_there_are(
    folder: DataFolder, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["enrol", str(folder.root), "--name", "Desk 1"]
    assert main([*words, "--agency", "LAS", "--role", "zzz"]) == 1
    assert "operator" in said(capsys)
    assert main([*words, "--agency", "ZZZ", "--role", "operator"]) == 1
    sentence = said(capsys)
    assert "LAS" in sentence
    assert "SCAS" in sentence


def test_a_backup_that_may_not_be_read_is_not_called_broken(
    folder: DataFolder, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def denied(path: Path) -> bytes:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "read_bytes", denied)
    assert main(["restore", str(folder.root), str(folder.root.parent / "again")]) == 1
    assert "may not be read by this user" in said(capsys)


def test_desks_alone_are_reason_enough_to_miss_the_authority(
    folder: DataFolder, capsys: pytest.CaptureFixture[str]
) -> None:
    desk = Desk("LAS/1", "Desk 1", "LAS", "operator", "key", "device", "hash", 1, certificate_until=2)
    Identity(folder.tokens).add_desk(desk)
    folder.authority.unlink()
    folder.server.unlink()
    assert main(["run", str(folder.root)]) == 1
    assert "authority.key: is missing" in said(capsys)
    for path in (folder.tokens, folder.begun):  # on purpose
        path.unlink()
    with running(folder.root):
        assert folder.authority.exists()
