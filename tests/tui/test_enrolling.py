"""Enrolling a desk with nothing but a code from the telephone, and signing in: as a user, and as an enemy."""

from __future__ import annotations

import asyncio
import os
import ssl
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization

from incident.kernel.door import Denied, read_code
from incident_tui import __main__ as command_line
from incident_tui import comings, door
from incident_tui.clock import Clock
from incident_tui.keyring import forging, rings
from incident_tui.seat import server_folder
from incident_tui.settings import DEFAULTS
from incident_tui.sitting import Sitting
from tests.running import run
from tests.tui.door_toy import DoorToy, ToyAuthority

PASSWORD = "four plain horses waiting"
OTHER = "seven green kettles whistling"


@contextmanager
def serving(toy: DoorToy) -> Iterator[DoorToy]:
    """The server in a thread of its own: the command line runs a loop of its own."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    def there(coroutine: Any) -> Any:
        future: Future[Any] = asyncio.run_coroutine_threadsafe(coroutine, loop)
        return future.result(30)

    try:
        there(toy.start())
        yield toy
    finally:
        there(toy.stop(abruptly=True))
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What somebody types where a password is asked for."""
    words: list[str] = []
    monkeypatch.setattr(comings, "_from_terminal", lambda ask: words.pop(0))
    return words


def enrolled(toy: DoorToy, home: Path, typed: list[str], **who: str) -> int:
    typed[:] = [PASSWORD, PASSWORD]
    return command_line.main(["enrol", toy.url, toy.code(**who), "--home", str(home)])


def files(home: Path) -> set[str]:
    return {path.name for path in home.rglob("*")}


@pytest.mark.parametrize("kind", ["tls", "plain"])
def test_one_command_with_the_code_makes_a_desk_that_is_signed_in(
    kind: str, tmp_path: Path, typed: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    home = tmp_path / "home"
    with serving(DoorToy(ToyAuthority(tmp_path) if kind == "tls" else None)) as toy:
        assert enrolled(toy, home, typed) == 0, capsys.readouterr().err
        said = capsys.readouterr().out
        assert "EOC desk 3 (LAS), operator, at toy (exercise)" in said
        assert "Signed in." in said
        (ring,) = rings(home)
        kept = ring.sign_in()
        assert kept is not None
        assert kept.token in toy.actors
        assert toy.log == ["ask", "ask", "claim", "SignIn"]
        assert PASSWORD not in "".join(path.read_text() for path in ring.folder.iterdir())


def test_what_is_kept_is_for_this_user_alone_and_the_key_is_never_sent(
    tmp_path: Path, typed: list[str]
) -> None:
    with serving(DoorToy(ToyAuthority(tmp_path))) as toy:
        assert enrolled(toy, tmp_path / "home", typed) == 0
        (ring,) = rings(tmp_path / "home")
        pem = (ring.folder / "key.pem").read_bytes()
        key = serialization.load_pem_private_key(pem, None)
        public = key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        assert list(toy.devices.values()) == [public.decode()]
        if sys.platform != "win32":
            for path in ring.folder.iterdir():
                assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
            assert stat.S_IMODE(ring.folder.stat().st_mode) == 0o700


def test_somebody_in_between_has_another_certificate_and_no_proof_for_it(
    tmp_path: Path, typed: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """He hands everything on to the real server and back; only the certificate that the desk sees is his own."""
    toy = DoorToy(ToyAuthority(tmp_path))
    toy.shown = ToyAuthority(tmp_path)
    with serving(toy):
        assert enrolled(toy, tmp_path / "home", typed) == 1
        assert "does not know this code" in capsys.readouterr().err
        assert "claim" not in toy.log
        assert files(tmp_path / "home") == set()
        assert typed == [PASSWORD, PASSWORD], "nobody was asked for a password"


def test_a_server_that_does_not_know_the_code_is_told_nothing(
    tmp_path: Path, typed: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    toy = DoorToy(ToyAuthority(tmp_path))
    toy.liar = True
    with serving(toy):
        assert enrolled(toy, tmp_path / "home", typed) == 1
        assert "Nothing was enrolled" in capsys.readouterr().err
        assert toy.log == ["ask"]


def test_a_code_is_good_once(tmp_path: Path, typed: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with serving(DoorToy(ToyAuthority(tmp_path))) as toy:
        code = toy.code()
        for home, expected in ((tmp_path / "one", 0), (tmp_path / "two", 1)):
            typed[:] = [PASSWORD, PASSWORD]
            assert command_line.main(["enrol", toy.url, *code.split("-"), "--home", str(home)]) == expected
        assert "was used" in capsys.readouterr().err
        assert files(tmp_path / "two") == set()


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("7K2M-9QX4", "16 signs"),
        ("UUUU-UUUU-UUUU-UUUU", "never a U"),
        ("0000-0000-0000-0001", "One sign of this code is wrong"),
    ],
)
def test_a_slip_of_the_tongue_is_told_before_anybody_is_asked(
    code: str, says: str, tmp_path: Path, typed: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert command_line.main(["enrol", "wss://nowhere.invalid", code, "--home", str(tmp_path)]) == 2
    assert says in capsys.readouterr().err


def test_nobody_is_asked_for_a_code_where_nobody_answers(
    tmp_path: Path, typed: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with serving(DoorToy(ToyAuthority(tmp_path))) as toy:
        typed[:] = [toy.code(), PASSWORD, PASSWORD]
        assert command_line.main(["enrol", toy.url, "--home", str(tmp_path / "home")]) == 0
        assert typed == []
    typed[:] = ["a code"]
    assert command_line.main(["enrol", toy.url, "--home", str(tmp_path / "other")]) == 3
    assert "Is the server running?" in capsys.readouterr().err
    assert typed == ["a code"]


def test_the_screen_opens_without_an_address_at_the_only_desk_that_is_enrolled(
    tmp_path: Path, typed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    monkeypatch.setattr(command_line, "_settings", lambda asked: None)
    monkeypatch.setattr(command_line, "_screen", lambda session, settings: opened.append(session.url) or 0)
    monkeypatch.delenv(command_line.URL, raising=False)
    words = ["connect", "--home", str(tmp_path)]
    assert command_line.main(words) == 2
    with serving(DoorToy()) as toy:
        assert enrolled(toy, tmp_path, typed) == 0
        assert command_line.main(words) == 0
        assert opened == [toy.url]


def test_passwords_that_differ_or_are_easy_are_asked_for_again(
    tmp_path: Path, typed: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with serving(DoorToy(ToyAuthority(tmp_path))) as toy:
        typed[:] = ["short", PASSWORD, OTHER, PASSWORD, PASSWORD]
        assert command_line.main(["enrol", toy.url, toy.code(), "--home", str(tmp_path / "h")]) == 0
        said = capsys.readouterr().err
        assert "12 to 200 signs" in said
        assert "not the same" in said


def test_a_password_that_the_server_finds_too_easy_is_asked_for_again(
    tmp_path: Path, typed: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with serving(DoorToy(ToyAuthority(tmp_path))) as toy:
        toy.weak = {OTHER}
        typed[:] = [OTHER, OTHER, PASSWORD, PASSWORD]
        assert command_line.main(["enrol", toy.url, toy.code(), "--home", str(tmp_path / "h")]) == 0
        assert "too easy to guess" in capsys.readouterr().err
        toy.weak = {OTHER, PASSWORD}
        typed[:] = [PASSWORD, PASSWORD] * comings.TRIES
        code = toy.code("EOC desk 4")
        assert command_line.main(["enrol", toy.url, code, "--home", str(tmp_path / "i")]) == 1
        assert typed == []
        assert rings(tmp_path / "i") == []


def test_a_server_that_says_no_at_the_end_leaves_nothing_here(
    tmp_path: Path, typed: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    toy = DoorToy(ToyAuthority(tmp_path))
    toy.deny = Denied(code="not_written", sentence="The server's disk\x1b[31m is full.")
    with serving(toy):
        assert enrolled(toy, tmp_path / "home", typed) == 1
        said = capsys.readouterr().err
        assert "disk" in said
        assert "\x1b" not in said
        assert files(tmp_path / "home") == set()


@pytest.mark.skipif(
    sys.platform == "win32" or os.geteuid() == 0, reason="whoever may write anywhere sees no full disk"
)
def test_a_folder_that_cannot_be_written_is_told_before_the_server_is(
    tmp_path: Path, typed: list[str]
) -> None:
    with serving(DoorToy(ToyAuthority(tmp_path))) as toy:
        home = tmp_path / "home"
        home.mkdir(mode=0o500)
        assert enrolled(toy, home, typed) == 3
        assert toy.log == []


def test_a_crash_in_the_middle_leaves_nothing_half_made(tmp_path: Path) -> None:
    def crash() -> None:
        with forging(tmp_path, "wss://x/") as forge:
            assert forge.device.startswith("-----BEGIN PUBLIC KEY")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        crash()
    assert files(tmp_path) == set()
    assert rings(tmp_path) == []


def test_what_a_killed_program_left_half_made_is_swept_and_nothing_else(
    tmp_path: Path, typed: list[str]
) -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as done:
        done.wait()
    old = time.time() - 16 * 60
    with serving(DoorToy()) as toy:
        server = server_folder(tmp_path, toy.url)
        kept = [server / f".new-{os.getppid()}", server / "LAS", server / ".new"]
        gone = [server / f".new-{number}" for number in (done.pid, os.getpid(), 10**30, "x")]
        aged = server_folder(tmp_path, "wss://elsewhere/") / f".new-{os.getppid()}"
        for folder in (*kept, *gone, aged):
            folder.mkdir(parents=True)
            (folder / "key.pem").write_text("a key")
        for folder in (gone[0], aged):
            os.utime(folder, (old, old))
        assert enrolled(toy, tmp_path, typed) == 0
        assert [folder for folder in kept if not folder.exists()] == []
        assert [folder for folder in (*gone, aged) if folder.exists()] == []
        gone[0].mkdir()
        os.utime(gone[0], (old, old))
        assert command_line.main(["state", "--home", str(tmp_path)]) == 0
        assert not gone[0].exists(), "swept at each start"


def test_signing_in_once_more_takes_the_same_sign_in_up_again(tmp_path: Path, typed: list[str]) -> None:
    """The server ends the oldest of a few for another one, and that may be the screen of the room."""
    with serving(DoorToy(ToyAuthority(tmp_path))) as toy:
        assert enrolled(toy, tmp_path / "home", typed) == 0
        (ring,) = rings(tmp_path / "home")
        first = ring.sign_in()
        assert first is not None
        toy.locked.add(first.token)
        for _ in range(5):
            typed[:] = [PASSWORD]
            assert command_line.main(["sign-in", "--home", str(tmp_path / "home")]) == 0
        again = ring.sign_in()
        assert again is not None
        assert again.token == first.token
        assert toy.locked == set()
        toy.end()
        typed[:] = [PASSWORD]
        assert command_line.main(["sign-in", "--home", str(tmp_path / "home")]) == 0
        fresh = ring.sign_in()
        assert fresh is not None
        assert fresh.token in toy.actors, "one that the server has ended is begun anew"


def test_signing_out_ends_the_sign_in_at_the_server_too(
    tmp_path: Path, typed: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    home = tmp_path / "home"
    words = ["sign-out", "--home", str(home)]
    with serving(DoorToy(ToyAuthority(tmp_path))) as toy:
        assert enrolled(toy, home, typed) == 0
        (ring,) = rings(home)
        kept = ring.sign_in()
        assert kept is not None
        assert command_line.main(words) == 0
        assert kept.token not in toy.actors
        assert ring.sign_in() is None
        assert "lives on" not in capsys.readouterr().err
        asked = len(toy.log)
        assert command_line.main(words) == 0
        assert len(toy.log) == asked, "nobody is signed in, and nothing is to be told"
        typed[:] = [PASSWORD]
        assert command_line.main(["sign-in", "--home", str(home)]) == 0
        toy.deny = Denied(code="full", sentence="Too many are at the door.")
        assert command_line.main(words) == 0
        assert ring.sign_in() is None
        assert "lives on until" in capsys.readouterr().err
        toy.deny = None
        typed[:] = [PASSWORD]
        assert command_line.main(["sign-in", "--home", str(home)]) == 0
    assert command_line.main(words) == 0
    assert ring.sign_in() is None, "here it is over in any case"
    assert "lives on until" in capsys.readouterr().err


def test_a_wrong_name_in_the_certificate_is_told_at_once(
    tmp_path: Path, typed: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with serving(DoorToy(ToyAuthority(tmp_path, ("elsewhere.example",)))) as toy:
        code = toy.code()
        typed[:] = [PASSWORD, PASSWORD]
        home = tmp_path / "home"
        assert command_line.main(["enrol", toy.url, code, "--home", str(home)]) == comings.REFUSED
        said = capsys.readouterr().err
        assert "its certificate is for other names than this one" in said
        assert "The code is good as before." in said
        assert typed == [PASSWORD, PASSWORD], "nobody is asked for a password before"
        assert not rings(home)
        assert not any("claim" in str(line).lower() for line in toy.log)


def test_the_code_may_be_left_out_and_the_next_command_can_be_typed_as_it_is_printed(
    tmp_path: Path, typed: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        command_line.main(["enrol"])
    missing = capsys.readouterr().err
    assert "URL" in missing
    assert "URL, CODE" not in missing
    home = tmp_path / "a home"
    with serving(DoorToy(ToyAuthority(tmp_path))) as toy:
        typed[:] = [PASSWORD, PASSWORD]
        bare = toy.url.removeprefix("wss://")
        assert command_line.main(["enrol", bare, toy.code(), "--home", str(home)]) == 0
        assert f"Now: incident-tui connect {toy.url} --home '{home}'" in capsys.readouterr().out


def test_an_enrolled_desk_does_not_believe_another_authority(tmp_path: Path, typed: list[str]) -> None:
    toy = DoorToy(ToyAuthority(tmp_path))
    with serving(toy):
        assert enrolled(toy, tmp_path / "home", typed) == 0
        port = toy.port
    other = DoorToy(ToyAuthority(tmp_path))
    other.port = port
    (ring,) = rings(tmp_path / "home")
    with serving(other), pytest.raises(door.DoorError, match="is not the server at which"):
        run(door.sign_in(ring, PASSWORD))
    assert other.log == []


def test_a_script_gives_its_passwords_in_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "password"
    file.write_text(f"{PASSWORD}\n{OTHER}\n")
    home = str(tmp_path / "home")
    with serving(DoorToy(ToyAuthority(tmp_path))) as toy:
        words = ["--home", home, "--password-file", str(file)]
        assert command_line.main(["enrol", toy.url, toy.code(), *words]) == 0
        assert command_line.main(["sign-out", "--home", home]) == 0
        assert rings(tmp_path / "home")[0].sign_in() is None
        assert command_line.main(["state", "--home", home]) == 2
        said = capsys.readouterr().err
        assert "incident-tui sign-in localhost" in said
        assert said.rstrip().endswith(f"--home {home}"), "what is to be typed means the same folder"
        assert command_line.main(["sign-in", *words]) == 0
        assert command_line.main(["password", *words]) == 0
        assert set(toy.passwords.values()) == {OTHER}
        assert command_line.main(["sign-in", toy.url, *words]) == 1
        assert "not the password" in capsys.readouterr().err


def test_without_a_terminal_it_says_how_a_script_does_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys.stdin, "isatty", lambda: False, raising=False)
    with serving(DoorToy()) as toy:
        assert command_line.main(["enrol", toy.url, toy.code(), "--home", str(tmp_path)]) == 2
        assert "--password-file" in capsys.readouterr().err
        assert files(tmp_path) == set()


def test_two_persons_are_asked_again_for_the_role_alone_and_one_person_at_once(
    tmp_path: Path, typed: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    opened: list[str] = []

    def screen(session: Any, settings: Any) -> int:
        opened.append(session.sitting.glass)
        return 0

    monkeypatch.setattr(command_line, "_settings", lambda asked: DEFAULTS)
    monkeypatch.setattr(command_line, "_screen", screen)
    words = ["break-glass", "--home", str(tmp_path), "--reason", "nobody in command can be reached"]
    with serving(DoorToy()) as toy:
        assert enrolled(toy, tmp_path, typed) == 0
        assert enrolled(toy, tmp_path / "b", typed, name="EOC desk 4") == 0
        toy.roles = ("tactical_commander",)
        both = ["EOC desk 3", PASSWORD, "EOC desk 4", PASSWORD]
        typed[:] = ["tactical", *both, "Tactical commander"]
        assert command_line.main(words) == 0
        assert typed == []
        assert opened == ["break glass: EOC desk 3 + EOC desk 4"]
        assert "A role is one of tactical_commander" in capsys.readouterr().err
        asked = len(toy.log)
        typed[:] = ["operator", "EOC desk 3", PASSWORD, "eoc desk 3 ", "not asked for"]
        assert command_line.main(words) == 2
        assert typed == ["not asked for"]
        assert "the same desk twice" in capsys.readouterr().err
        assert toy.log[asked:] == ["SignIn"], "whether the desk is still known, and no more"
        toy.desks.clear()
        typed[:] = ["not asked for"]
        assert command_line.main(words) == comings.REFUSED
        assert typed == ["not asked for"], "two persons are not asked for everything first"
        assert "This desk was revoked." in capsys.readouterr().err


def test_two_desks_in_one_folder_are_told_apart_by_agency(
    tmp_path: Path, typed: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    home = tmp_path / "home"
    with serving(DoorToy()) as toy:
        toy.furnish()
        assert enrolled(toy, home, typed) == 0
        assert enrolled(toy, home, typed, name="EOC 1", agency="SCAS") == 0
        assert command_line.main(["state", toy.url, "--home", str(home)]) == 2
        assert "Several desks are enrolled" in capsys.readouterr().err
        assert command_line.main(["state", toy.url, "--home", str(home), "--agency", "SCAS"]) == 0


def test_a_desk_enrolled_anew_replaces_the_old_one_only_when_it_is_whole(
    tmp_path: Path, typed: list[str]
) -> None:
    with serving(DoorToy()) as toy:
        assert enrolled(toy, tmp_path, typed) == 0
        before = {ring.badge.account for ring in rings(tmp_path)}
        toy.deny = Denied(code="not_written", sentence="No.")
        assert enrolled(toy, tmp_path, typed) == 1
        assert {ring.badge.account for ring in rings(tmp_path)} == before


def test_the_same_desk_enrolled_once_more_is_one_desk(
    tmp_path: Path, typed: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with serving(DoorToy()) as toy:
        toy.furnish()
        assert enrolled(toy, tmp_path, typed) == 0
        (before,) = rings(tmp_path)
        assert enrolled(toy, tmp_path, typed) == 0
        (after,) = rings(tmp_path)
        assert after.badge.account != before.badge.account
        assert not before.folder.exists()
        assert enrolled(toy, tmp_path, typed, name="EOC desk 4") == 0
        assert command_line.main(["state", "--home", str(tmp_path)]) == 2
        assert "Give each a folder of its own with --home." in capsys.readouterr().err


def test_a_fresh_certificate_is_kept(tmp_path: Path, typed: list[str]) -> None:
    toy = DoorToy(ToyAuthority(tmp_path))
    toy.fresh_days = 20
    with serving(toy):
        assert enrolled(toy, tmp_path / "home", typed) == 0
        (ring,) = rings(tmp_path / "home")
        assert [whose for whose, _ in Sitting(ring, Clock()).certificates()] == ["this desk's"]
        assert isinstance(ring.context(), ssl.SSLContext)
        run(door.sign_in(ring, PASSWORD))


def test_a_damaged_key_is_a_sentence(
    tmp_path: Path, typed: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with serving(DoorToy(ToyAuthority(tmp_path))) as toy:
        assert enrolled(toy, tmp_path / "home", typed) == 0
        (ring,) = rings(tmp_path / "home")
        (ring.folder / "key.pem").write_text("nothing")
        assert command_line.main(["state", "--home", str(tmp_path / "home")]) == 2
        assert "Enrol it again" in capsys.readouterr().err


def test_the_server_folder_of_a_desk_is_that_of_its_copy(tmp_path: Path, typed: list[str]) -> None:
    with serving(DoorToy()) as toy:
        assert enrolled(toy, tmp_path, typed) == 0
        (ring,) = rings(tmp_path)
        assert ring.folder.parent == server_folder(tmp_path, toy.url)
        assert read_code(toy.code())
