"""A terminal that vanishes without a word: the client ends by itself, and what was written waits on the desk."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

import pytest

from incident_tui.hangup import hung_up
from tests.e2e.rooms import ENVIRONMENT, House

if sys.platform == "win32":
    pytest.skip("a console of Windows ends its programs itself", allow_module_level=True)

from tests.e2e import pty_room

SECONDS = 20.0
"""Far more than it takes; nobody's patience is measured here, only that it does not go on for ever."""


def words(house: House) -> list[str]:
    return [
        sys.executable, "-m", "incident_tui", "connect", house.url, "--token-file", str(house.token("LAS")),
    ]  # fmt: skip


def ended(room: pty_room.Room) -> int | None:
    deadline = time.monotonic() + SECONDS
    while room.process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.05)
    return room.process.poll()


@pytest.mark.parametrize("how", ["closed", "terminated"])
def test_a_client_without_a_terminal_ends_and_keeps_its_queue(tmp_path: Path, how: str) -> None:
    house = House(tmp_path)
    house.start()
    try:
        assert house.client("LAS", "do", 'open "M4/M25 COACH" "M25 J15"').returncode == 0
        environment = {**ENVIRONMENT, "INCIDENT_TUI_HOME": str(tmp_path / "home")}
        with pty_room.room(words(house), size=(100, 30), cwd=tmp_path, env=environment) as room:
            room.wait_for("LIVE")
            room.rest()
            house.stop()
            room.wait_for("ISLAND")
            room.press("l")
            room.rest()
            room.press("written before the terminal went\r")
            room.wait_for("1 unsent")
            if how == "closed":
                room.hang_up()
            else:
                room.process.send_signal(signal.SIGTERM)
            assert ended(room) == 129
        house.start()
        with pty_room.room(words(house), size=(100, 30), cwd=tmp_path, env=environment) as room:
            room.wait_for("written before the terminal went")
            room.wait_for("0 unsent")
        assert house.log_lines("LAS").count("written before the terminal went") == 1
    finally:
        house.stop()


def test_it_is_told_that_a_terminal_has_gone() -> None:
    ours, theirs = os.openpty()
    try:
        assert not hung_up(theirs)
        os.close(ours)
        assert hung_up(theirs)
    finally:
        os.close(theirs)
    assert hung_up(theirs)  # closed on our side is gone, too
