"""Two control rooms in two real terminals on one real server: what the product is for, seen as operators see it."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from incident_tui.screens.room.proposing import MOMENT_SECONDS
from tests.e2e.rooms import House, command_line
from tests.e2e.terminal import Terminal, missing

pytestmark = [
    pytest.mark.tmux,
    pytest.mark.skipif(missing() is not None, reason=missing() or ""),
]


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path)
    made.start()
    yield made
    made.stop()
    assert "Traceback" not in made.log()


def opened(house: House, las: Terminal) -> None:
    """LAS opens an exercise where three trusts meet, and reads and sends the form that says whom to tell."""
    las.wait_for("LIVE")
    command_line(las, 'open "M4/M25 COACH" "M25 J15 TQ 0402 7829"')
    las.wait_for("LAS-26")
    las.wait_for("Tell the neighbours")
    time.sleep(MOMENT_SECONDS + 0.5)  # a key at once would be no answer
    las.press("C-s")
    las.wait_for("SCAS INVITED")
    las.wait_for(lambda screen: "Tell the neighbours" not in screen)


def confirmed(room: Terminal) -> None:
    """Nothing waits to be sent in this room."""
    room.wait_for("0 unsent")


def test_a_change_in_one_room_is_seen_in_the_other_and_back(house: House) -> None:
    with house.room("LAS") as las:
        opened(house, las)
        with house.room("SCAS", (80, 24)) as scas:
            scas.wait_for("M4/M25 COACH")
            command_line(las, 't SCAS "open RVP B" 15m')
            scas.wait_for("open RVP B")
            command_line(scas, "accept LAS-T1")
            las.press("4")
            las.wait_for(lambda screen: "open RVP B" in screen and "accepted" in screen)
            command_line(scas, 'propose rvp "Colnbrook by-pass TQ 0227 7759"')
            las.wait_for("to answer")  # it is there, so the cursor meets it
            las.press("3")
            las.wait_for("RVP A")
            las.press("y")
            scas.press("3")
            scas.wait_for("2 of 3")
            las.press("1")
            las.press("l")
            las.type("two buses asked of the council")
            las.press("Enter")
            scas.press("5")
            scas.wait_for("two buses asked of the council")
            for room in (las, scas):
                lines = room.screen().splitlines()
                assert lines[0].split()[0] == "EXERCISE", "first"
                assert lines[-1].split()[-1] == "EXERCISE", "and last"


def test_a_unit_has_one_holder_and_moves_for_all_to_see(house: House) -> None:
    with house.room("LAS") as las, house.room("SCAS") as scas:
        opened(house, las)
        scas.wait_for("M4/M25 COACH")
        command_line(las, "commit A101")
        command_line(las, "s A101 mob")
        scas.press("2")
        scas.wait_for(lambda screen: "LAS/A101" in screen and "mobile" in screen)
        refused = house.client("SCAS", "do", "s LAS/A101 scn")
        assert refused.returncode in (1, 4), refused
        assert "Traceback" not in refused.stderr
        done = house.client("LAS", "do", "s A101 scn")
        assert done.returncode == 0, done.stderr
        scas.wait_for(lambda screen: "at scene" in screen)
        state = house.client("SCAS", "state", "--json")
        assert state.returncode == 0, state.stderr
        assert "LAS/A101" in json.dumps(json.loads(state.stdout))


def test_cut_off_the_room_goes_on_and_everything_lands_once(house: House) -> None:
    with house.room("LAS") as las, house.room("SCAS") as scas:
        opened(house, las)
        scas.wait_for("M4/M25 COACH")
        confirmed(las)
        house.kill()
        las.wait_for("ISLAND")
        las.press("1")
        command_line(las, "log written while cut off")
        las.wait_for("QUEUED")
        las.wait_for("1 unsent")
        house.start()
        las.wait_for("LIVE")
        las.wait_for("0 unsent")
        scas.press("5")
        scas.wait_for("written while cut off")
        assert house.log_lines("SCAS").count("written while cut off") == 1


def test_the_client_is_killed_and_its_queue_and_draft_are_there_again(house: House) -> None:
    with house.room("LAS") as las:
        opened(house, las)
        confirmed(las)
        house.kill()
        las.wait_for("ISLAND")
        command_line(las, "log before the crash")
        las.wait_for("QUEUED")
        las.press("l")
        las.type("half a sentence")
        time.sleep(2)
        las.kill()
    with house.room("LAS") as las:
        las.wait_for(lambda screen: "before the crash" in screen and "QUEUED" in screen)
        las.wait_for("half a sentence")
        house.start()
        las.wait_for("LIVE")
        las.wait_for("0 unsent")
        las.wait_for(lambda screen: "before the crash" in screen and "QUEUED" not in screen)


def test_the_loser_of_a_race_gets_a_card(house: House) -> None:
    """Both agencies answer the same offer while one is cut off: one wins, the other is told who and since when."""
    with house.room("LAS") as las:
        opened(house, las)
        command_line(las, 't SCAS "close lane 2" 15m')
        confirmed(las)
        with house.room("SCAS") as scas:
            scas.wait_for("close lane 2")
            scas.signal_stop()
            try:
                command_line(las, "reassign LAS-T1 SECAMB nearer")
                confirmed(las)
            finally:
                pass
            scas.press(":")
            scas.type("accept LAS-T1")
            scas.press("Enter")
            scas.signal_go()
            time.sleep(2)
            scas.press("!")
            scas.wait_for(lambda screen: "SECAMB" in screen)


def test_too_small_a_terminal_says_so_and_still_writes(house: House) -> None:
    with house.room("LAS") as las:
        opened(house, las)
        las.press("1")
        las.resize(60, 20)
        screen = las.wait_for("80")
        assert "EXERCISE" in screen
        las.press("l")
        las.type("written in a small window")
        las.press("Enter")
        las.resize(120, 40)
        las.press("5")
        las.wait_for("written in a small window")


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
def test_every_screen_at_every_size_keeps_its_frame(house: House, size: tuple[int, int]) -> None:
    with house.room("LAS", size) as las:
        opened(house, las)
        command_line(las, "commit A101")
        for digit in "123450":
            las.press(digit)
            time.sleep(0.6)
            lines = las.screen().splitlines()
            assert len(lines) == size[1]
            assert max(len(line) for line in lines) <= size[0]
            assert lines[0].split()[0] == "EXERCISE"
            assert lines[-1].split()[-1] == "EXERCISE"
            assert "LIVE" in lines[1]
            assert "Traceback" not in "\n".join(lines)


def test_what_is_typed_while_an_incident_is_being_opened_is_no_answer_to_the_form_of_its_place(
    house: House,
) -> None:
    """The form of whom to tell comes up by itself once nobody types, and not before."""
    with house.room("LAS") as las:
        las.wait_for("LIVE")
        command_line(las, 'open "M4/M25 COACH" "M25 J15 TQ 0402 7829"')
        las.wait_for("LAS-26")
        las.type("lfirst call from the M25\r")
        las.press("Escape")
        screen = las.wait_for("Tell the neighbours")
        assert "SCAS INVITED" not in screen
        confirmed(las)
        assert house.log_lines("LAS").count("first call from the M25") == 1


def test_what_is_typed_in_one_breath_arrives_in_order(house: House) -> None:
    """A key and the words behind it, faster than any screen can follow: no letter is taken for a key of the list."""
    with house.room("LAS") as las:
        opened(house, las)
        las.press("4")
        las.type("ltwo buses, tango wing xray\r")
        las.wait_for("#4")
        las.press("Escape")
        time.sleep(0.5)
        las.type("tSCAS\topen RVP B in one breath\x13")
        las.wait_for("open RVP B in one")
        las.press("5")
        screen = las.wait_for("two buses, tango wing xray")
        assert "declines" not in screen
