"""METHANE at the desk: every letter in full, what stood there before, who has read it, and the next from there."""

from __future__ import annotations

import msgspec
import pytest

from incident.kernel.receipts import Acknowledge
from incident.methane import facts as m
from tests.tui.desk import Desk, told
from tests.tui.world import FakeSession


def letters(lines: list[str], letter: str) -> list[str]:
    return [line for line in lines if line.startswith(f"  {letter}  ")]


async def there(desk: Desk) -> list[str]:
    await desk.press(":")
    await desk.type("methane")
    await desk.press("enter")
    return await desk.shows("METHANE v2   by LAS", "hazards")


def test_enter_on_the_picture_leads_to_every_letter_and_what_stood_there_before() -> None:
    async def story(desk: Desk) -> None:
        await desk.press("1", "enter")
        lines = await desk.shows("METHANE v2   by LAS", "SENT TO 3", "v2 now")
        assert desk.room.front.place == "methane"
        assert [len(letters(lines, letter)) for letter in "METHAN"] == [1, 3, 1, 1, 1, 1], "three lines are E"
        (hazards,) = letters(lines, "H")
        assert "fuel (present); fire (suspected)" in hazards
        assert "new" in hazards
        assert any("was: fuel (present)" in line for line in lines)
        assert any("was: provisional" in line for line in lines)
        assert any("was: 40 estimated" in line for line in lines)
        assert any("LFB required and not there" in line for line in lines)
        assert not any("… " in line for line in lines[4:18])

    told(story)


def test_each_agency_has_a_clock_of_its_own() -> None:
    async def story(desk: Desk) -> None:
        version = desk.session.look().state.methane.versions[-1]
        desk.session.happens("SCAS", Acknowledge((m.subject(version),)))
        await there(desk)
        lines = await desk.shows("✓ acknowledged", "✗ not delivered")
        assert any("SECAMB" in line and "✗ not read" in line and "for 5m" in line for line in lines)
        assert any("acknowledged 14:31 by" in line for line in lines)
        desk.session.later(60)
        desk.session.touch()
        await desk.shows("for 6m")

    told(story)


@pytest.mark.parametrize("size", [(120, 40), (80, 24)], ids=["120x40", "80x24"])
def test_the_letters_are_those_of_the_version_under_the_cursor(size: tuple[int, int]) -> None:
    async def story(desk: Desk) -> None:
        await there(desk)
        await desk.press("j")
        lines = await desk.shows("METHANE v1  replaced, go by v2")
        assert "fuel (present)" in letters(lines, "H")[0]
        assert "fire" not in letters(lines, "H")[0]
        await desk.press("k")
        await desk.shows("METHANE v2   by LAS")

    told(story, size=size)


def test_at_80x24_every_letter_and_every_reader_stand_there_without_a_key() -> None:
    async def story(desk: Desk) -> None:
        await there(desk)
        lines = await desk.shows("READ BY", "✗ not read 5m")
        assert [bool(letters(lines, letter)) for letter in "METHAN"] == [True] * 6
        await desk.press("enter")
        await desk.shows("sent to every party", "NOT READ for 5 min")
        await desk.press("pagedown")
        await desk.shows("E required")
        await desk.press("escape")
        await desk.shows("READ BY")

    told(story, size=(80, 24))


def test_a_report_that_is_longer_than_the_screen_says_so_and_loses_nothing() -> None:
    async def story(desk: Desk) -> None:
        report = desk.session.look().state.methane.versions[-1].report
        long = " and ".join(["along the hard shoulder past the lorry park"] * 6)
        report = msgspec.structs.replace(report, routes_in=long, egress=long, avoid=long)
        desk.session.happens("LAS", m.Publish(report))
        await desk.press(":")
        await desk.type("methane")
        await desk.press("enter")
        lines = await desk.shows("METHANE v3", "v3 now")
        assert [bool(letters(lines, letter)) for letter in "METHAN"] == [True] * 6
        assert any(line.startswith("▸ v3 now") for line in lines)

    told(story, size=(80, 24))


def test_two_that_stand_beside_each_other_say_so() -> None:
    session = FakeSession()
    report = session.look().state.methane.versions[-1].report
    mark = session.world[session.stream].mark()
    session.happens("LAS", m.Publish(msgspec.structs.replace(report, total=49)))
    session.happens("SCAS", m.Publish(msgspec.structs.replace(report, total=50)), having_seen=mark)

    async def story(desk: Desk) -> None:
        await desk.press(":")
        await desk.type("methane")
        await desk.press("enter")
        await desk.shows("▲ 2 stand", "written without knowing v3")
        await desk.press("j")
        await desk.shows("▲ stands beside v4")

    told(story, session=session)


def test_m_writes_the_next_from_here() -> None:
    async def story(desk: Desk) -> None:
        await there(desk)
        await desk.press("m")
        await desk.shows("METHANE to every party", "Starts from the last version.")

    told(story)


def test_only_the_version_whose_letters_stand_there_counts_as_seen() -> None:
    """A line of the list is no METHANE: two that stand are seen one after the other."""
    session = FakeSession()
    report = session.look().state.methane.versions[-1].report
    second = session.look().state.methane.versions[-1].id
    first = session.happens("SCAS", m.Publish(msgspec.structs.replace(report, total=50)))

    async def story(desk: Desk) -> None:
        await desk.press(":")
        await desk.type("methane")
        await desk.press("enter")
        await desk.shows("METHANE v3   by SCAS")
        assert desk.room.front.in_sight() == (first,), "and not the second"
        await desk.press("j")
        await desk.shows("METHANE v2")
        assert f"methane/{first}" in desk.session.seen
        assert second in desk.room.front.in_sight()

    told(story, session=session)
