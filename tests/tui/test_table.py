"""The virtual table on a real (headless) screen: what is painted, what stays, what moves and what does not."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import Any

import msgspec
import pytest
from textual.app import App, ComposeResult
from textual.events import MouseScrollDown
from textual.pilot import Pilot

from incident.kernel.board import Board, Cell, Column, Look
from incident_tui import themes
from incident_tui.widgets.paint import Span
from incident_tui.widgets.table import FLASH_SECONDS, HOLD_SECONDS, VirtualTable
from tests.running import run

LOOK = Look(state=None, me=None, now=0)


class Unit(msgspec.Struct, frozen=True):
    call: str
    state: str = "mobile"
    version: str = ""
    rank: int = 0


class Hall:
    """A board whose rows the test changes, and a clock that it moves."""

    def __init__(self, count: int = 100) -> None:
        self.rows: dict[str, Unit] = {f"A{n:03d}": Unit(f"LAS/A{n:03d}", rank=n) for n in range(count)}
        self.at = 1000.0
        self.asked = 0
        self.board = Board(
            name="units", title="Units", digit="2", rows=lambda _look: self.rows,
            columns=(
                Column("call", "Callsign", 12, lambda row, _look: Cell(row.call, "strong"), priority=0),
                Column("state", "Status", 14, self.state, priority=1, grow=1, sort=lambda row, _look: row.state),
            ),
            verbs=(), detail=lambda _row, _look: (), find=lambda row, _look: row.call.lower(),
            named=lambda _text, _look: None, version=lambda row: row.version,
            order=lambda row, _look: row.rank, noun="unit", empty="No units yet.",
        )  # fmt: skip
        self.table = VirtualTable(self.board, clock=lambda: self.at)

    def state(self, row: Unit, _look: Look) -> Cell:
        self.asked += 1
        return Cell(row.state, "accent")

    def put(self, key: str, **change: Any) -> None:
        self.rows = {**self.rows, key: msgspec.structs.replace(self.rows[key], **change)}

    def feed(self, **marks: str) -> None:
        self.table.feed(LOOK, marks)


@asynccontextmanager
async def hall(count: int = 100, size: tuple[int, int] = (60, 12)) -> Any:
    made = Hall(count)

    class Alone(App[None]):
        CSS = "Screen { background: $ground; }"

        def compose(self) -> ComposeResult:
            yield made.table

    app = Alone()
    for name in themes.names():
        app.register_theme(themes.for_textual(themes.load(name)))
    app.theme = "dark"
    async with app.run_test(size=size) as pilot:
        made.feed()
        made.table.focus()
        await pilot.pause()
        yield made, pilot


def lines(pilot: Pilot[Any]) -> list[str]:
    return [strip.text.rstrip(" ▐") for strip in pilot.app.screen._compositor.render_strips()]


def test_only_what_is_visible_is_asked_for_and_painted() -> None:
    async def scenario() -> None:
        async with hall(5000) as (it, pilot):
            assert lines(pilot)[:3] == [
                "  CALLSIGN      STATUS",
                "▸ LAS/A000      mobile",
                "  LAS/A001      mobile",
            ]
            assert it.asked < 40
            assert it.table.painted_count < 40

    run(scenario())


def test_a_note_that_no_longer_holds_is_painted_away() -> None:
    async def scenario() -> None:
        async with hall(5) as (it, pilot):
            it.table.note = (Span("as at 14:02, own copy", "caution"),)
            it.feed()
            await pilot.pause()
            assert lines(pilot)[0].endswith("as at 14:02, own copy")
            it.table.note = ()
            it.table.tick()
            await pilot.pause()
            assert lines(pilot)[0] == "  CALLSIGN      STATUS"

    run(scenario())


def test_what_may_have_been_read_is_what_stands_painted_in_the_window() -> None:
    async def scenario() -> None:
        async with hall(500) as (it, pilot):
            assert it.table.painted == it.table.in_view == tuple(f"A{n:03d}" for n in range(11))
            for _ in range(30):
                await pilot.press("pagedown")
                await pilot.pause()
                assert it.table.painted == it.table.in_view
            it.table.go_to("A000")
            assert it.table.painted == ()  # long ago, and not yet again

    run(scenario())


def test_only_visible_rows_that_are_another_object_are_painted_again() -> None:
    async def scenario() -> None:
        async with hall() as (it, pilot):
            painted, asked = it.table.painted_count, it.asked
            it.feed()
            await pilot.pause()
            assert (it.table.painted_count, it.asked) == (painted, asked)
            it.put("A004", state="at scene")
            it.put("A090", state="at scene")  # out of sight
            it.feed()
            await pilot.pause()
            assert it.table.painted_count == painted + 1
            assert lines(pilot)[5] == " •LAS/A004      at scene"
            it.put("A004")  # another object, the same words
            it.feed()
            await pilot.pause()
            assert it.table.painted_count == painted + 1

    run(scenario())


def test_a_change_flashes_by_sign_and_style_and_then_rests() -> None:
    async def scenario() -> None:
        async with hall() as (it, pilot):
            it.put("A003", state="at scene")
            it.feed()
            await pilot.pause()
            strip = it.table.render_line(4)
            changed = next(segment for segment in strip if segment.text == "at scene")
            assert changed.style is not None
            assert changed.style.bold
            assert changed.style.underline
            it.at += FLASH_SECONDS + 0.1
            it.table.tick()
            await pilot.pause()
            assert lines(pilot)[4] == "  LAS/A003      at scene"

    run(scenario())


def test_rows_never_move_under_the_cursor_until_asked() -> None:
    async def scenario() -> None:
        async with hall() as (it, pilot):
            await pilot.press("j", "j")
            before = lines(pilot)
            it.put("A050", rank=-1)
            it.put("A051", rank=-2)
            it.feed()
            await pilot.pause()
            assert lines(pilot)[1:] == before[1:]
            assert it.table.hint == "2 rows re-ordered, press ctrl+r"
            assert lines(pilot)[0].endswith("2 rows re-ordered, press ctrl+r")
            await pilot.press("ctrl+r")
            assert it.table.key == "A002"
            assert lines(pilot)[3] == "▸ LAS/A002      mobile"  # the same line of the screen
            assert it.table.hint == ""
            await pilot.press("g")
            assert it.table.key == "A051"

    run(scenario())


def test_a_list_that_nobody_works_in_comes_into_order_by_itself() -> None:
    async def scenario() -> None:
        async with hall() as (it, pilot):
            await pilot.press("j")
            it.put("A050", rank=-1)
            it.feed()
            assert it.table.roll.waiting == 1
            it.at += HOLD_SECONDS + 1
            it.table.tick()
            await pilot.pause()
            assert it.table.roll.waiting == 0
            assert it.table.roll.shown[0] == "A050"
            assert it.table.key == "A001"
            it.put("A060", rank=-5)
            it.feed()
            assert it.table.roll.shown[0] == "A060"

    run(scenario())


def test_a_row_that_has_gone_stays_as_a_ghost_while_somebody_works_and_no_verb_meets_it() -> None:
    async def scenario() -> None:
        async with hall() as (it, pilot):
            await pilot.press("j")
            it.rows = {key: row for key, row in it.rows.items() if key != "A001"}
            it.feed()
            await pilot.pause()
            assert lines(pilot)[2].split() == ["▸", "LAS/A001", "mobile", "gone"]
            assert it.table.row is None
            assert it.table.chosen == ()

    run(scenario())


def test_the_state_word_is_shown_and_becomes_a_number() -> None:
    async def scenario() -> None:
        async with hall() as (it, pilot):
            it.put("A001", state="at scene", version="c1")
            it.feed(c1="QUEUED")
            await pilot.pause()
            assert lines(pilot)[2].endswith("QUEUED")
            it.feed(c1="#418")
            await pilot.pause()
            assert lines(pilot)[2].endswith("#418")
            it.feed()
            await pilot.pause()
            assert lines(pilot)[2].endswith("at scene")

    run(scenario())


def test_letters_arrows_pages_and_ends() -> None:
    async def scenario() -> None:
        async with hall(40) as (it, pilot):
            steps = [
                ("j", "A001"), ("down", "A002"), ("k", "A001"), ("up", "A000"), ("pagedown", "A010"),
                ("ctrl+d", "A015"), ("ctrl+u", "A010"), ("pageup", "A000"), ("G", "A039"), ("home", "A000"),
                ("end", "A039"), ("g", "A000"),
            ]  # fmt: skip
            for key, stands_on in steps:
                await pilot.press(key)
                assert it.table.key == stands_on, key
                assert stands_on in it.table.in_view

    run(scenario())


def test_the_mouse_puts_the_cursor_orders_by_a_title_and_rolls() -> None:
    async def scenario() -> None:
        async with hall() as (it, pilot):
            entered: list[str | None] = []
            it.table.post_message = _spy(it.table.post_message, entered)  # type: ignore[method-assign]
            await pilot.click(VirtualTable, offset=(5, 4))
            assert it.table.key == "A003"
            await pilot.click(VirtualTable, offset=(5, 4), times=2)
            assert entered[-1] == "A003"
            it.put("A070", state="at scene")
            it.feed()
            it.at += HOLD_SECONDS + 1
            await pilot.click(VirtualTable, offset=(18, 0))
            assert it.table.roll.shown[0] == "A070"
            assert "STATUS ▲" in lines(pilot)[0]
            await pilot.click(VirtualTable, offset=(18, 0))
            assert it.table.roll.shown[-1] == "A070"
            await pilot.click(VirtualTable, offset=(18, 0))
            assert it.table.roll.shown[0] == "A000"

    run(scenario())


def _spy(post: Any, entered: list[str | None]) -> Any:
    def spying(message: Any) -> Any:
        if isinstance(message, VirtualTable.Entered):
            entered.append(message.key)
        return post(message)

    return spying


def test_the_wheel_moves_the_window_and_takes_the_cursor_along() -> None:
    async def scenario() -> None:
        async with hall() as (it, pilot):
            await pilot._post_mouse_events([MouseScrollDown], VirtualTable)
            await pilot.pause()
            assert it.table.scroll_offset.y == 3
            assert it.table.key == "A003"

    run(scenario())


def test_a_filter_narrows_and_says_so_when_nothing_fits() -> None:
    async def scenario() -> None:
        async with hall() as (it, pilot):
            it.table.narrow("a09")
            await pilot.pause()
            assert len(it.table.roll) == 10
            it.table.narrow("zeppelin")
            await pilot.pause()
            assert "No unit matches. Esc clears the filter." in lines(pilot)[2]
            it.table.narrow("")
            it.rows = {}
            it.at += HOLD_SECONDS + 1
            it.feed()
            await pilot.pause()
            assert "No units yet." in lines(pilot)[2]

    run(scenario())


def test_a_tail_follows_the_end_unless_somebody_reads_above() -> None:
    async def scenario() -> None:
        async with hall(30) as (it, pilot):
            it.table.tail = True
            await pilot.press("G")
            it.rows = {**it.rows, "B": Unit("LAS/B", rank=99)}
            it.feed()
            await pilot.pause()
            assert it.table.key == "B"
            assert lines(pilot)[-1].startswith("▸ LAS/B")
            await pilot.press("k", "k")
            it.rows = {**it.rows, "C": Unit("LAS/C", rank=100)}
            it.feed()
            await pilot.pause()
            assert it.table.key == "A028"

    run(scenario())


def test_a_column_that_breaks_is_reported_once_and_the_rest_stands() -> None:
    async def scenario() -> None:
        async with hall(3) as (it, pilot):
            broken: list[str] = []
            post = it.table.post_message

            def spying(message: Any) -> Any:
                if isinstance(message, VirtualTable.Broken):
                    broken.append(message.where)
                return post(message)

            it.table.post_message = spying  # type: ignore[method-assign]
            object.__setattr__(it.board.columns[1], "cell", _failing)
            it.put("A002", state="x")
            it.feed()
            await pilot.pause()
            assert broken == ["units.state"]
            assert lines(pilot)[3].startswith(" •LAS/A002      cannot be shown")

    run(scenario())


def _failing(_row: Any, _look: Any) -> Cell:
    raise KeyError("planted")


@pytest.mark.parametrize("theme", themes.names())
def test_a_change_of_theme_repaints_everything(theme: str) -> None:
    async def scenario() -> None:
        async with hall(3) as (it, pilot):
            pilot.app.theme = theme
            await pilot.pause()
            it.feed()
            colours = {
                segment.style.color for segment in it.table.render_line(2) if segment.style is not None
            }
            assert (colours == {None}) is (theme == "mono")

    run(scenario())
