"""Rows picked out for one act: always seen, counted at the foot, and gone with the act; what was done is said."""

from __future__ import annotations

from incident.resources.facts import SetStatus
from tests.tui.desk import Desk, told


def test_space_picks_without_moving_and_the_foot_counts() -> None:
    async def story(desk: Desk) -> None:
        await desk.press("2", "space")
        await desk.shows("▸✓", "✓ 1 selected")
        await desk.press("down", "space")
        await desk.shows("✓ 2 selected")
        await desk.press("space")
        await desk.shows("✓ 1 selected")
        await desk.press("escape")
        await desk.hides("selected")

    told(story)


def test_the_ticks_go_with_the_act_so_that_the_next_meets_only_what_is_under_the_cursor() -> None:
    async def story(desk: Desk) -> None:
        await desk.press("2", "/")
        await desk.type("is:free")
        await desk.press("enter", "space", "down", "space", "c")
        await desk.shows("Commit  2 units")
        await desk.press("enter")
        assert len(desk.session.submitted) == 2
        assert desk.room.front.selected() == ()
        await desk.shows("sent, 2 units: ")
        await desk.press("escape", "down")
        await desk.hides("2 selected", "sent,")

    told(story)


def test_a_row_that_has_just_changed_keeps_its_tick() -> None:
    async def story(desk: Desk) -> None:
        await desk.press("2")
        desk.room.front.go_to("LAS/A103")
        await desk.press("space")
        desk.session.happens("LAS", SetStatus("LAS/A103", "SCN"))
        lines = await desk.shows("at scene")
        assert any(line.startswith("▸✓") for line in lines)

    told(story)


def test_rows_that_a_verb_does_not_apply_to_are_left_out_and_that_is_said() -> None:
    async def story(desk: Desk) -> None:
        await desk.press("2")
        desk.room.front.go_to("LAS/A103")
        await desk.press("space")
        desk.room.front.go_to("SCAS/A204")
        await desk.press("space", "x")
        await desk.shows("1 of 2 units")

    told(story)


def test_what_was_done_is_said_at_the_foot_until_the_next_key() -> None:
    async def story(desk: Desk) -> None:
        await desk.press("2", ":")
        await desk.type("s A103 scn")
        await desk.press("enter")
        await desk.shows("sent: ")
        await desk.press("down")
        await desk.hides("sent: ")
        desk.session.cut()
        await desk.press("1", ":")
        await desk.type("t SCAS open RVP Q 15m")
        await desk.press("enter")
        await desk.shows("kept: ", "open RVP Q")

    told(story)


def test_a_selection_does_not_outlive_its_screen() -> None:
    async def story(desk: Desk) -> None:
        await desk.press("2", "space", "down", "space", "1", "2")
        assert desk.room.front.selected() == ()

    told(story)


def test_find_looks_through_the_log_too() -> None:
    async def story(desk: Desk) -> None:
        await desk.press(":")
        await desk.type("find fuel spill")
        await desk.press("enter")
        await desk.shows("▸ 14:29:20")
        assert desk.room.front.place == "log"
        await desk.press("1", ":")
        await desk.type("find own 2")
        await desk.press("enter")
        await desk.shows("OWN 2", "relief crews asked for")
        await desk.press("1", ":")
        await desk.type("find scas")
        await desk.press("enter")
        await desk.shows("fuel spill across", "Two buses for P3")

    told(story)
