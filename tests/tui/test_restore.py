"""A seat is found again as it was left: place, row, order, filter, detail; what cannot be read is passed over."""

from __future__ import annotations

import msgspec
import pytest

from incident_tui.screens.board.screen import Standpoint
from incident_tui.screens.room.keeping import Kept
from incident_tui.widgets.table import VirtualTable
from tests.incident.given import INCIDENT_STREAM
from tests.tui.desk import Desk, told
from tests.tui.world import FakeSession


def table_of(desk: Desk) -> VirtualTable:
    return desk.room.front.query_one(VirtualTable)


def test_place_row_order_filter_and_detail_are_found_again() -> None:
    async def first(desk: Desk) -> None:
        await desk.press("2", "/")
        await desk.type("las")
        await desk.press("enter", ">", ">", "<", "j", "j", "j", "enter")
        seen.append((table_of(desk).key, table_of(desk).sorting.name, table_of(desk).sorting.backwards))
        await desk.press("4", "j", "ctrl+q")

    async def second(desk: Desk) -> None:
        assert desk.room.front.place == "tasks"
        await desk.shows("Open RVP B")
        assert table_of(desk).roll.line == 1
        await desk.press("2")
        await desk.shows("filter: las")
        table = table_of(desk)
        assert (table.key, table.sorting.name, table.sorting.backwards) == seen[0]
        assert seen[0][1:] == (table.board.columns[1].name, True)
        assert desk.room.places["resources"].has_class("-opened")

    seen: list[tuple[str | None, str, bool]] = []
    told(second, session=told(first))


def test_a_client_that_is_killed_finds_where_it_was_a_second_before() -> None:
    async def story(desk: Desk) -> None:
        await desk.press("2", "j", "j")
        desk.session.at += 1_000  # a second passes, and nothing else
        for _ in range(200):
            await desk.pilot.pause(0.01)
            kept = msgspec.json.decode(desk.session.views["look"], type=Kept)
            if kept.places.get("resources", Standpoint()).row:
                break
        assert kept.place == "resources"
        assert kept.places["resources"].row == table_of(desk).key

    told(story)


def test_the_same_moment_is_written_once() -> None:
    async def story(desk: Desk) -> None:
        await desk.press("2", "j")
        desk.room.keeping.moment()
        written: list[str] = []
        desk.session.keep_view_state = lambda name, text: written.append(name)  # type: ignore[method-assign]
        for _ in range(5):
            desk.room.keeping.moment()
        assert "look" not in written

    told(story)


@pytest.mark.parametrize(
    "broken", ["{", "5", '{"places": {"tasks": 7}}', '{"filters": ["x"]}', '{"place": null}']
)
def test_what_cannot_be_read_is_passed_over_and_said(broken: str) -> None:
    session = FakeSession()
    session.views["look"] = broken

    async def story(desk: Desk) -> None:
        assert desk.room.front.place == "picture"
        await desk.shows("Where you were cannot be read any more")

    told(story, session=session)


def test_what_means_nothing_here_any_more_is_passed_over() -> None:
    session = FakeSession()
    kept = Kept(
        place="gone",
        filters={"gone": "x", "tasks": "rvp" * 900},
        places={
            "gone": Standpoint("x"),
            "resources": Standpoint("LAS/GONE", sort="gone", backwards=True, opened=True),
        },
    )
    session.views["look"] = msgspec.json.encode(kept).decode()

    async def story(desk: Desk) -> None:
        assert desk.room.front.place == "picture"
        await desk.press("2")
        await desk.shows("A101")
        table = table_of(desk)
        assert table.roll.line == 0
        assert table.sorting.by is None
        assert len(desk.room.places["tasks"].filter_text or "") == 500

    told(story, session=session)


def test_a_row_that_comes_later_is_waited_for_and_a_hand_on_the_list_ends_the_wait() -> None:
    session = FakeSession(opened_one=False)
    session.views["look"] = msgspec.json.encode(
        Kept(place="resources", places={"resources": Standpoint("SCAS/A204")})
    ).decode()

    async def story(desk: Desk) -> None:
        assert table_of(desk).key != "SCAS/A204"
        await desk.session.open_incident(INCIDENT_STREAM)
        await desk.press("2")
        await desk.shows("▸ SCAS/A204")
        await desk.press("home")
        assert table_of(desk).key != "SCAS/A204"

    told(story, session=session)


def test_a_log_is_found_at_its_end() -> None:
    async def first(desk: Desk) -> None:
        await desk.press("5")
        desk.room.keeping.moment()
        kept = msgspec.json.decode(desk.session.views["look"], type=Kept)
        assert "log" not in kept.places
        await desk.press("escape", "up", "up")
        desk.room.keeping.moment()
        kept = msgspec.json.decode(desk.session.views["look"], type=Kept)
        assert kept.places["log"].row == table_of(desk).key

    told(first)
