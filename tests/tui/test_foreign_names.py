"""No name that comes from somewhere else leaves its folder, means a device, or is written over what is there."""

from __future__ import annotations

import stat
import sys
import threading
from pathlib import Path, PureWindowsPath

import pytest

from incident.organisation.facts import Retitle
from incident_tui import papers
from incident_tui.papers import PaperError, Wanted, a_file_name, file_name, write
from incident_tui.seat import RESERVED, desk_folder, plain, server_folder, slug
from tests.foreign import NAMES
from tests.hostile import HOSTILE
from tests.tui.world import FakeSession, local_time_is_utc

EVERY = tuple(dict.fromkeys([*NAMES, *(one.text for one in HOSTILE)]))
on_unix = pytest.mark.skipif(sys.platform == "win32", reason="Windows has other rights and other links")


def within(folder: Path) -> set[Path]:
    return {path for path in folder.rglob("*") if path.is_file()}


def good_on_every_system(name: str) -> bool:
    windows = PureWindowsPath(name)
    bare = name.partition(".")[0].strip().upper()
    return (
        name.isprintable()
        and windows.name == name == Path(name).name
        and not windows.drive
        and not set(name) & set('<>:"|?*/\\')
        and name == name.rstrip(". ")
        and bare not in RESERVED
        and len(name.encode()) <= 200
    )


def test_there_are_enough_of_them() -> None:
    assert len(NAMES) >= 60
    assert sum(not good_on_every_system(name) for name in NAMES) >= 50


# -- names that are made from what a server or another trust says ---------------------------------------------


@pytest.mark.parametrize("what", ["picture", "log", "sitrep"])
def test_the_name_of_a_paper_is_good_whatever_the_incident_is_called(what: str) -> None:
    local_time_is_utc()
    session = FakeSession()
    organisation = session.look().state.organisation

    class Called:
        def __init__(self, text: str) -> None:
            self.number, self.title = "", text

    for text in EVERY:
        for number, title in ((text, ""), ("", text)):
            called = Called(title)
            called.number = number
            look = type("Look", (), {"state": type("State", (), {"organisation": called})})
            fake = type(
                "Seat", (), {"look": lambda _self, look=look: look, "now": session.now, "mode": text}
            )()
            for form in papers.FORMATS:
                name = file_name(Wanted(what, form), fake)
                assert good_on_every_system(name), (text, name)
                assert a_file_name(name)
                assert name.isascii()
                assert name.rpartition(".")[2] in ("txt", "csv", "json"), "nothing that opens in a browser"
    assert organisation.title


def test_the_folders_of_a_desk_stay_in_its_home(tmp_path: Path) -> None:
    folders = set()
    for text in EVERY:
        assert good_on_every_system(slug(text))
        assert plain(text) == "" or good_on_every_system(plain(text))
        for folder in (server_folder(tmp_path, text), desk_folder(tmp_path, text, text, text, text)):
            relative = folder.relative_to(tmp_path)
            assert all(good_on_every_system(part) for part in relative.parts), (text, folder)
        folders.add(server_folder(tmp_path, text))
    assert len(folders) == len(EVERY), "two names never share a folder"


# -- names that a person gives --------------------------------------------------------------------------------


@on_unix
def test_a_paper_stays_in_its_folder_and_is_this_user_s_alone(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "er" / "papers"
    outside = tmp_path / "deep" / "x"
    outside.parent.mkdir()
    outside.write_text("theirs", encoding="utf-8")
    written = 0
    for text in EVERY:
        try:
            path = write(folder, text, "ours\n")
        except PaperError as error:
            said = str(error)
            assert said.isprintable(), (text, said)
            assert said.endswith("."), said
            continue
        written += 1
        assert path.parent == folder
        assert path.name == text or text in [name.name for name in within(folder)]
        assert good_on_every_system(text[:40])
        assert path.read_text(encoding="utf-8") == "ours\n"
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert path.is_file()
        assert not path.is_symlink()
    assert within(tmp_path) - {outside} == within(folder)
    assert len(within(folder)) == written >= 5
    assert outside.read_text(encoding="utf-8") == "theirs"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert not Path("/x").exists()


def test_nothing_is_written_over_and_the_next_is_numbered_before_its_ending(tmp_path: Path) -> None:
    for name, second in (("log.csv", "log_2.csv"), ("board", "board_2"), ("a.b.txt", "a.b_2.txt")):
        (tmp_path / name).write_text("there", encoding="utf-8")
        assert write(tmp_path, name, "new").name == second
        assert (tmp_path / name).read_text(encoding="utf-8") == "there"


@on_unix
@pytest.mark.parametrize("aim", ["there", "nowhere"])
def test_a_link_that_was_laid_beforehand_is_not_followed(tmp_path: Path, aim: str) -> None:
    outside = tmp_path / aim
    if aim == "there":
        outside.write_text("theirs", encoding="utf-8")
    folder = tmp_path / "papers"
    folder.mkdir(mode=0o700)
    (folder / "log.csv").symlink_to(outside)
    assert write(folder, "log.csv", "ours").name == "log_2.csv"
    assert (outside.read_text(encoding="utf-8") if aim == "there" else outside.exists()) in ("theirs", False)


@on_unix
def test_a_link_that_is_laid_meanwhile_is_not_followed(tmp_path: Path) -> None:
    outside, folder = tmp_path / "outside", tmp_path / "papers"
    outside.write_text("theirs", encoding="utf-8")
    folder.mkdir(mode=0o700)
    over = threading.Event()

    def lay() -> None:
        while not over.is_set():
            for number in range(1, 40):
                link = folder / ("log.csv" if number == 1 else f"log_{number}.csv")
                try:
                    link.symlink_to(outside)
                    link.unlink()
                except OSError:
                    continue

    layer = threading.Thread(target=lay)
    layer.start()
    try:
        for _ in range(60):
            try:
                path = write(folder, "log.csv", "ours")
            except PaperError:
                continue
            path.unlink(missing_ok=True)
    finally:
        over.set()
        layer.join()
    assert outside.read_text(encoding="utf-8") == "theirs"


def test_an_incident_called_like_a_device_is_printed_all_the_same(tmp_path: Path) -> None:
    local_time_is_utc()
    session = FakeSession()
    session.happens("LAS", Retitle("CON"))
    assert session.look().state.organisation.title == "CON"
    name, text = papers.prepared("picture", session)
    assert name.startswith("EXERCISE_CON_picture_")
    assert write(tmp_path, name, text).name == name
