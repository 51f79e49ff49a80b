"""Where one can go and what stands there: words, places, every size, the first run and the mouse."""

from __future__ import annotations

from typing import Any

import pytest
from rich.cells import cell_len
from textual.widgets import Input

from incident.log.facts import Write
from incident.methane import receipt_rows
from incident.organisation.facts import Declare, Open
from incident.resources.facts import SetStatus
from incident.state import INCIDENT
from incident.values import span
from incident_tui.screens.picture.summary import agencies_view
from incident_tui.widgets.form import Form
from tests.incident.given import INCIDENT_STREAM, OWN_STREAM, REGISTER_STREAM
from tests.tui.desk import Desk, told
from tests.tui.world import FakeSession, text_of

# -- words --


def test_the_command_line_does_what_the_keys_do() -> None:
    async def story(desk: Desk) -> None:
        await desk.press(":")
        await desk.type("s A103 scn")
        await desk.shows("s UNIT STATUS")
        await desk.press("enter")
        assert desk.last == SetStatus("LAS/A103", "SCN")
        await desk.press(":")
        await desk.type("go 3")
        await desk.press("enter")
        await desk.shows("ON THE MAP")
        await desk.press(":")
        await desk.type("declare stand_down")
        await desk.press("enter")
        await desk.shows("n no, go back")
        await desk.press("y")
        assert desk.last == Declare("LAS", "stand_down", "")
        await desk.press(":", "up")
        await desk.shows(": declare stand_down")

    told(story)


def test_a_mistake_leaves_the_line_standing_with_one_sentence() -> None:
    async def story(desk: Desk) -> None:
        await desk.press(":")
        await desk.type("tsk SCAS x")
        await desk.press("enter")
        await desk.shows("▲ There is no word tsk. Did you mean task?", ": tsk SCAS x")
        await desk.press("escape")
        await desk.hides(": tsk")

    told(story)


def test_the_palette_finds_acts_and_rows() -> None:
    async def story(desk: Desk) -> None:
        await desk.press("ctrl+p")
        await desk.type("rvp b")
        await desk.shows("▲ RVP B", "feature")
        await desk.press("enter")
        await desk.shows("ON THE MAP", "▸ R  ▲ RVP B")
        row = desk.room.front.row()
        assert row is not None
        assert row[1].name == "RVP B"
        await desk.press("ctrl+p")
        await desk.type("withdr")
        await desk.press("enter")
        await desk.shows("Withdraw  ▲ RVP B")

    told(story)


def test_find_jumps_to_the_only_row_that_fits_and_else_offers_them() -> None:
    async def story(desk: Desk) -> None:
        await desk.press(":")
        await desk.type("find h101")
        await desk.press("enter")
        await desk.shows("▸ H101")
        await desk.press(":")
        await desk.type("find buses")
        await desk.press("enter")
        await desk.shows("▸ SCAS-T1")

    told(story)


def test_the_filter_narrows_as_one_types_counts_and_is_kept() -> None:
    async def begin(desk: Desk) -> None:
        await desk.press("2", "/")
        await desk.type("trust:scas")
        await desk.shows("3 of 15")
        await desk.hides("A101 ")
        await desk.type(" nothing")
        await desk.shows("0 of 15", "No unit matches. Esc clears the filter.")
        await desk.press(*["backspace"] * 8, "enter", "j")
        await desk.shows("SCAS/A205")

    async def go_on(desk: Desk) -> None:
        await desk.shows("SCAS/A204")
        assert desk.room.front.counts()[:2] == (3, 15)
        await desk.press("escape")
        await desk.shows("A101")

    told(go_on, session=told(begin))


def test_help_is_made_from_the_table_and_leads_back() -> None:
    async def story(desk: Desk) -> None:
        await desk.press("2", "?")
        await desk.shows("ON THIS SCREEN: Resources", ":saw")
        await desk.press("escape")
        await desk.shows("UNIT")

    told(story)


# -- places --


def test_everything_on_the_picture_can_be_entered() -> None:
    async def story(desk: Desk) -> None:
        await desk.shows(
            "M4/M25 coach", "METHANE v2", "ALARMS", "AGENCY", "CASUALTIES", "NEXT", "UNITS", "LOG"
        )
        seen = set()
        for name, block in desk.room.places["picture"].blocks.items():  # type: ignore[attr-defined]
            await desk.press("1")
            if not block.view.items:
                continue
            block.focus()
            await desk.press("enter")
            seen.add((name, desk.room.front.place))
        assert seen == {
            ("methane", "methane"), ("alarms", "parties"), ("parties", "parties"), ("casualties", "casualties"),
            ("next", "tasks"), ("units", "resources"), ("log", "log"),
        }  # fmt: skip

    told(story)


def test_the_cursor_of_the_picture_goes_with_the_keys_and_comes_back_where_it_was() -> None:
    def lit(desk: Desk) -> set[str]:
        blocks = desk.room.places["picture"].blocks  # type: ignore[attr-defined]
        return {
            name for name, block in blocks.items()
            if any("on selection" in span.style for line in block.lines for span in line)
        }  # fmt: skip

    async def story(desk: Desk) -> None:
        await desk.shows("METHANE v2")
        assert lit(desk) == {"methane"}
        await desk.press(*("j" for _ in range(8)))
        assert lit(desk) == {"alarms"}
        await desk.press(":")
        assert lit(desk) == set()
        await desk.press("escape")
        assert lit(desk) == {"alarms"}
        await desk.press("2", "1")
        assert lit(desk) == {"alarms"}

    told(story)


def test_the_detail_follows_the_cursor_beside_the_list_and_over_it_when_it_is_narrow() -> None:
    async def wide(desk: Desk) -> None:
        await desk.press("2")
        await desk.shows("LAS/A101  DCA")
        await desk.press("j")
        await desk.shows("LAS/A102  DCA")

    async def narrow(desk: Desk) -> None:
        await desk.press("2")
        await desk.hides("LAS/A101  DCA")
        await desk.press("enter")
        await desk.shows("LAS/A101  DCA")
        await desk.press("j")
        await desk.shows("LAS/A102  DCA")
        await desk.press("escape")
        await desk.shows("▸ A102")

    told(wide)
    told(narrow, (80, 24))


def test_a_refused_command_is_a_card_until_it_is_cleared_and_never_a_dialogue() -> None:
    async def story(desk: Desk) -> None:
        await desk.press("2", "j", "j", "s", "s")
        desk.session.refuse(
            "LAS/A103 is already held by another incident.",
            held_by="incident/other",
            since=str(desk.session.at),
        )
        await desk.shows("! 1 refused", "!▲1", "▶ mobile")
        assert desk.app.focused is desk.room.places["resources"].table  # type: ignore[attr-defined]
        await desk.press("!")
        await desk.shows("▲ REFUSED", "held by  another incident", "Somebody else was first.")
        await desk.press("x")
        await desk.shows("Nothing was refused. Nothing is in dispute")
        assert desk.session.cards == ()

    told(story)


def test_an_incident_is_opened_and_entered_from_the_list() -> None:
    async def story(desk: Desk) -> None:
        await desk.shows("No incident is open here. Press 0 for the list of incidents.")
        await desk.press("0")
        await desk.shows("M4/M25 coach", "EXERCISE")
        await desk.press("enter")
        await desk.shows("AGENCY", "lead SCAS")
        assert desk.session.entered == [INCIDENT_STREAM]

    told(story, session=FakeSession(opened_one=False))


def test_the_form_of_a_new_incident() -> None:
    session = FakeSession()
    opened: list[Any] = []
    session.submit = lambda command, **kind: opened.append((command, kind)) or "id"  # type: ignore[method-assign,assignment,func-returns-value]

    async def story(desk: Desk) -> None:
        await desk.press("0", "o")
        await desk.type("Tanker fire")
        await desk.press("tab")
        await desk.type("A4 TQ 0402 7829")
        await desk.press("enter")
        command, kind = opened[-1]
        assert isinstance(command, Open)
        assert (command.title, command.location.grid, kind["stream"]) == ("Tanker fire", "TQ 0402 7829", "")

    told(story, session=session)


def test_a_place_is_understood_under_its_field_while_it_is_typed() -> None:
    session = FakeSession()
    session.placer.read_names()

    async def story(desk: Desk) -> None:
        await desk.press("0", "o")
        await desk.type("Tanker fire")
        await desk.press("tab")
        await desk.type("Wexham P")
        await desk.shows("Kept as words, no point is known. Did you")
        await desk.type("ark")
        await desk.shows("Wexham Park hospital", "51.53200,-0.57300")
        await desk.type("er")
        await desk.shows("Kept as words, no point is known.")
        await desk.press("ctrl+u")
        await desk.type("TQ 0402 782")
        await desk.shows("has 7 digits")
        await desk.press("enter")
        assert not session.submitted, "what cannot be meant is not sent"
        await desk.type("9")
        await desk.shows("TQ 0402 7829  51.49404,-0.50295")
        await desk.hides("has 7 digits")
        await desk.press("enter")
        assert desk.last.location.grid == "TQ 0402 7829"

    told(story, session=session)


def test_the_place_of_a_task_says_what_it_may_mean_and_stays_as_it_was_typed() -> None:
    session = FakeSession()
    session.placer.read_names()

    async def story(desk: Desk) -> None:
        await desk.press("t")
        await desk.shows("New task")
        desk.room.set_focus(desk.room.query_one("#answer-place", Input))
        await desk.type("Slough")
        await desk.shows("51.51100,-0.59500")

    told(story, session=session)


def test_what_a_line_says_of_a_place_is_told_when_it_is_done() -> None:
    session = FakeSession()
    session.placer.read_names()

    async def story(desk: Desk) -> None:
        await desk.press(":")
        await desk.type("location -0.573, 51.532")
        await desk.press("enter")
        assert desk.last.location.point == (51.532, -0.573)
        await desk.shows("The longitude stood first")
        await desk.press(":")
        await desk.type("location Royal")
        await desk.press("enter")
        await desk.shows("Did you mean Royal London")
        await desk.press("escape", ":")
        await desk.type("propose outer_cordon TQ 0402 782 500m")
        await desk.press("enter")
        await desk.shows("has 7 digits")

    told(story, session=session)


def test_what_goes_to_our_own_part_and_our_register_goes_there() -> None:
    async def story(desk: Desk) -> None:
        await desk.press("4", "T")
        await desk.type("Ring the night manager")
        await desk.press("enter")
        assert desk.session.submitted[-1][0] == OWN_STREAM
        await desk.press("2", "G", "s", "m")
        assert desk.session.submitted[-1][0] == REGISTER_STREAM

    told(story)


# -- sizes --


def test_sixty_by_twenty_has_one_sentence_both_status_lines_and_the_composer() -> None:
    async def story(desk: Desk) -> None:
        lines = await desk.shows("This terminal is smaller than 80x22")
        assert lines[0].startswith(" EXERCISE")
        assert "● LIVE" in lines[1]
        assert lines[-2].startswith(" › log:")
        assert lines[-1].rstrip().endswith("EXERCISE")
        await desk.type("on foot from J4b")
        await desk.press("enter")
        assert desk.last == Write("on foot from J4b", "")
        await desk.press("escape", "4", "d")
        assert desk.room.form is None
        await desk.pilot.resize_terminal(80, 24)
        await desk.shows("AGENCY")

    told(story, (60, 20))


@pytest.mark.parametrize("rows", [22, 23, 24])
def test_a_few_rows_less_than_24_still_have_the_normal_view(rows: int) -> None:
    async def story(desk: Desk) -> None:
        lines = await desk.shows("AGENCY", "› log:")
        assert " 1 Picture" in lines[2]
        await desk.press("4")
        await desk.shows("Open RVP B")

    told(story, (80, rows))


def test_below_that_only_the_log_can_be_written() -> None:
    async def story(desk: Desk) -> None:
        await desk.shows("This terminal is smaller than 80x22")

    told(story, (80, 21))


@pytest.mark.parametrize("size", [(80, 24), (99, 30), (120, 40)])
def test_a_list_of_tasks_says_when_each_is_due_however_narrow_it_is(size: tuple[int, int]) -> None:
    async def story(desk: Desk) -> None:
        await desk.press("4")
        lines = await desk.shows("Open RVP B", "WITH", "STATE", "DUE")
        head = next(line for line in lines if "NO " in line and "TASK" in line)
        assert all(title in head for title in ("NO", "TASK", "WITH", "STATE", "DUE"))
        assert any("SCAS-T1" in line and "14:45 in 14m" in line for line in lines), lines

    told(story, size)


def test_a_wall_has_list_detail_and_the_log_side_by_side() -> None:
    async def story(desk: Desk) -> None:
        await desk.press("2")
        lines = await desk.shows("LAS/A101  DCA", "second coach confirmed empty")
        assert "UNIT" in lines[4]
        assert "LOG" in lines[4]

    told(story, (200, 60))


@pytest.mark.parametrize(
    "size", [(80, 22), (80, 24), (100, 30), (120, 40), (160, 45), (200, 60), (60, 20), (40, 10)]
)
def test_no_line_is_wider_than_the_terminal_at_any_size_on_any_screen(size: tuple[int, int]) -> None:
    async def story(desk: Desk) -> None:
        for key in ("1", "2", "3", "4", "5", "0", "!", "?"):
            await desk.press(key)
            for strip in desk.app.screen._compositor.render_strips():
                assert strip.cell_length == size[0]

    told(story, size)


# -- the first run --


def test_the_first_run_line_names_the_next_key_and_goes_on() -> None:
    async def story(desk: Desk) -> None:
        await desk.shows("▸ 1 of 10  Press 2 for the units")
        await desk.press("2")
        await desk.shows("▸ 2 of 10  Put the cursor on a free unit")

    told(story, first_run=True)


def test_escape_skips_what_the_first_run_line_names_once_nothing_else_is_open() -> None:
    async def story(desk: Desk) -> None:
        await desk.shows("▸ 1 of 10  Press 2 for the units", "esc skips")
        await desk.press("l", "escape")
        await desk.shows("▸ 1 of 10", "draft")  # Escape led out of the line
        await desk.press("escape")
        await desk.shows("▸ 2 of 10  Put the cursor on a free unit")
        assert desk.session.view_state("tried").split() == ["app.compose", "go.resources"]
        for _ in range(10):
            await desk.press("escape")
        await desk.hides(" of 10")

    told(story, size=(80, 24), first_run=True)


def test_who_comes_to_a_screen_by_another_way_has_come_there() -> None:
    async def story(desk: Desk) -> None:
        await desk.press(":")
        await desk.type("go resources")
        await desk.press("enter")
        await desk.shows("▸ 2 of 10")

    told(story, first_run=True)


def test_without_it_the_line_is_not_there() -> None:
    async def story(desk: Desk) -> None:
        await desk.hides("1 of 10")

    told(story)


# -- the mouse --


def test_tabs_and_hints_can_be_clicked() -> None:
    async def story(desk: Desk) -> None:
        await desk.pilot.click("#tabs", offset=(18, 0))
        await desk.shows("UNIT")
        line = text_of(desk.app)[-1]
        await desk.pilot.click("#footer", offset=(line.index("? help"), 0))
        await desk.shows("ON THIS SCREEN")

    told(story)


def test_there_is_a_field_for_every_kind_of_answer() -> None:
    async def story(desk: Desk) -> None:
        look = desk.session.look()
        shown: set[tuple[str, bool]] = set()
        for action in desk.app.actions.all:
            args = action.verb.args if action.verb is not None else ()
            kinds = {(arg.kind, arg.choices is not None) for arg in args}
            if action.verb is None or action.board is None or kinds <= shown:
                continue
            rows = action.board.rows(look).values() if action.verb.row else (None,)
            row = next((row for row in rows if action.verb.applies(row, look)), None)
            if action.verb.row and row is None:
                continue
            form = Form(action.title, "", args, look, row)
            await desk.room.query_one("#side").mount(form)
            await desk.pilot.pause()
            assert set(form.answers()) == {arg.name for arg in args}, action.name
            await form.remove()
            shown |= kinds
        every = {
            (arg.kind, arg.choices is not None)
            for board in INCIDENT.boards
            for verb in board.verbs
            for arg in verb.args
        }
        assert every <= shown

    told(story)


@pytest.mark.parametrize("width", [54, 55, 57, 62, 78])
@pytest.mark.parametrize("minutes", [3, 12, 65, 25 * 60])
def test_how_long_a_methane_is_unread_is_never_cut(width: int, minutes: int) -> None:
    session = FakeSession()
    session.at += minutes * 60_000
    look = session.look()
    view = agencies_view(look, width, 12)
    lines = ["".join(part.text for part in item.line) for item in view.items]
    waits = {row.agency: span(row.waiting) for row in receipt_rows(look.state, look.now) if row.unread}
    assert waits
    for agency, age in waits.items():
        line = next(line for line in lines if line.startswith(agency))
        assert f" {age} " in line, line
    assert all(cell_len(line) <= width for line in lines)
    if width >= 57:
        assert any("✗ unread" in line for line in lines)


def test_how_it_stands_with_a_change_of_ours_is_said_in_plain_words_in_the_detail() -> None:
    async def story(desk: Desk) -> None:
        await desk.press("4", ":")
        await desk.type('t SCAS "open a second RVP"')
        await desk.press("enter")
        session = desk.session
        task = next(
            key for key, row in session.look().state.tasks.rows.items() if row.title == "open a second RVP"
        )
        desk.room.feed()
        assert desk.room.front.go_to(task)
        await desk.shows("your change")
        session.confirm()
        await desk.shows("your change", "confirmed, #")
        await desk.hides("state word")

    told(story)
