"""Nothing hides: a filter that is kept, what waits for an answer and what is an alarm each leave a sign and a way."""

from __future__ import annotations

import msgspec
import pytest

from incident.boundaries.board import BOARD as BOUNDARIES
from incident.boundaries.board import ours_cell
from incident.kernel.receipts import Acknowledge
from incident.methane.facts import Publish, Report
from incident.organisation.facts import OfferLead
from incident.tasks import facts as t
from incident.values import Location
from incident_tui.widgets.status import Wire, second_line
from incident_tui.widgets.tabs import Tab, tab_line
from tests.tui.desk import Desk, told
from tests.tui.world import FakeSession


def text(line: object) -> str:
    return "".join(span.text for span in line)  # type: ignore[attr-defined]


def kept_filters(session: FakeSession) -> dict[str, str]:
    return dict(msgspec.json.decode(session.views.get("look", "{}")).get("filters", {}))


def test_a_kept_filter_leaves_a_sign_on_its_tab_and_board_and_esc_clears_it() -> None:
    async def story(desk: Desk) -> None:
        await desk.press("2", "/")
        await desk.type("hart")
        assert not any("esc clears" in line for line in await desk.shows("2 of 15"))  # its own line says it
        await desk.press("enter")
        await desk.shows("filter: hart  2 of 15 units", "esc clears", "11 /")
        await desk.press("4")
        await desk.shows("11 /", "Open RVP B")
        await desk.press("2", "escape")
        await desk.hides("filter: hart", "11 /")
        assert kept_filters(desk.session) == {}

    told(story)


def test_a_filter_that_gives_way_to_a_row_is_not_kept_either() -> None:
    async def story(desk: Desk) -> None:
        await desk.press("2", "/")
        await desk.type("hart")
        await desk.press("enter")
        assert kept_filters(desk.session) == {"resources": "hart"}
        await desk.press("5", ":")
        await desk.type("find A204")
        await desk.press("enter")
        await desk.shows("SCAS/A204", "SCAS/A205")
        assert kept_filters(desk.session) == {}

    told(story)


def test_the_sign_stands_in_a_small_terminal_and_moves_no_row() -> None:
    async def story(desk: Desk) -> None:
        await desk.press("2", "/", "enter")
        before = await desk.shows("A101")
        await desk.press("/")
        await desk.type("las")
        await desk.press("enter")
        after = await desk.shows("filter: las", "esc clears")
        where = [next(i for i, line in enumerate(lines) if "A101" in line) for lines in (before, after)]
        assert where[0] == where[1]

    told(story, size=(80, 24))


def test_a_full_stop_leads_through_what_waits_for_us_and_the_tab_says_how_much() -> None:
    session = FakeSession()
    for number in range(2):
        session.happens("SCAS", t.Raise(f"Another {number}", "LAS"))

    async def story(desk: Desk) -> None:
        await desk.press("4")
        await desk.shows(" ✉3", f"✉ {len(desk.room.sight.waiting)} to answer .")
        await desk.press("1")
        seen = []
        for _ in range(len(desk.room.sight.waiting)):
            await desk.press(".")
            found = desk.room.front.row()
            assert found is not None
            seen.append(f"{desk.room.front.place}/{found[0]}")
        assert sorted(seen) == sorted(subject.partition("@")[0] for subject in desk.room.sight.waiting)
        await desk.press(".")
        assert f"{desk.room.front.place}/{desk.room.front.row()[0]}" == seen[0]  # type: ignore[index]
        before = len(desk.room.sight.waiting)
        await desk.press(".", "a")
        assert isinstance(desk.last, Acknowledge)
        await desk.shows(f"✉ {before - 1} to answer .")

    told(story, session=session)


def test_a_proposal_is_agreed_or_declined_and_one_that_was_acknowledged_waits_nowhere_any_more() -> None:
    session = FakeSession()

    def waiting() -> list[str]:
        look = session.look()
        return [
            row.name for row in BOUNDARIES.rows(look).values() if "to answer" in ours_cell(row, look).text
        ]

    async def story(desk: Desk) -> None:
        await desk.press(".")
        await desk.shows("to answer: y agrees, x declines, . is the next.")
        assert desk.room.front.place == "boundaries"
        assert len(waiting()) == desk.room.sight.by_board()["boundaries"] == 2
        before = len(desk.room.sight.places)
        await desk.press("a")
        assert isinstance(desk.last, Acknowledge)
        await desk.shows(f"✉ {before - 1} to answer .")
        assert len(waiting()) == desk.room.sight.by_board()["boundaries"] == 1
        while desk.room.front.place != "methane":
            await desk.press(".")
        await desk.shows("to answer: a acknowledges, . is the next.")

    session.happens("SCAS", Publish(Report(Location("M25 J15"), "rtc")))
    told(story, size=(160, 48), session=session)


def test_with_nothing_to_answer_it_says_so() -> None:
    async def story(desk: Desk) -> None:
        desk.room.sight.look = lambda _look: 0  # type: ignore[method-assign]  # a count meanwhile finds nothing either
        desk.room.sight.places = ()
        await desk.press(".")
        await desk.shows("Nothing waits to be acknowledged.")

    told(story)


def test_a_comma_leads_to_the_alarms_and_then_from_one_to_the_next() -> None:
    async def story(desk: Desk) -> None:
        await desk.shows("▲ ", " ,")
        await desk.press(",")
        assert desk.room.front.place == "alarms"
        first = desk.room.front.row()
        await desk.press(",")
        second = desk.room.front.row()
        assert first is not None
        assert second is not None
        assert first[0] != second[0]

    told(story)


@pytest.mark.parametrize(("size", "enters"), [((120, 40), 1), ((80, 24), 2)])
def test_enter_leads_from_an_alarm_to_where_it_is_cleared(size: tuple[int, int], enters: int) -> None:
    async def story(desk: Desk) -> None:
        await desk.press(",")
        for _ in range(20):
            here = desk.room.front.row()
            if here is not None and here[1].alarm.kind == "rvps_differ":
                break
            await desk.press("j")
        await desk.press(*["enter"] * enters)
        assert desk.room.front.place == "boundaries"
        found = desk.room.front.row()
        assert found is not None
        assert found[1].kind == "rvp"

    told(story, size=size)


def test_the_words_for_both_are_next_and_alarm() -> None:
    async def story(desk: Desk) -> None:
        await desk.press(":")
        await desk.type("next")
        await desk.press("enter")
        await desk.shows("to answer: y agrees, x declines, . is the next.")
        await desk.press(":")
        await desk.type("alarm")
        await desk.press("enter")
        assert desk.room.front.scope == "alarms"

    told(story)


def test_the_second_line_names_both_keys_while_there_is_room() -> None:
    wire = Wire("LIVE", 12, "", 418, "LAS EOC Waterloo", "operator", alarms=2, unread=3, keys=(",", "."))
    assert "▲ 2 alarms ,   ✉ 3 to answer .   0 unsent" in text(second_line(wire, 120))
    narrow = text(second_line(wire, 58))
    assert "▲ 2 alarms   ✉ 3 to answer   0 unsent" in narrow
    assert len(narrow) == 58


def test_a_tab_tells_alarms_what_to_answer_and_a_filter_apart() -> None:
    tabs = (Tab("tasks", "4", "Tasks", 6, 2, 1, filtered=True), Tab("aid", "7", "Aid", 0, 0, 1))
    assert text(tab_line(tabs, "picture", 80)) == " 4 Tasks 6 ▲2 ✉1 /   7 Aid ✉1"
    assert text(tab_line(tabs, "picture", 20)) == " 4·6 ▲2 ✉1 /  7✉1"


def test_the_dot_leads_to_a_lead_that_is_offered_to_us() -> None:
    async def story(desk: Desk) -> None:
        desk.session.happens("SCAS", OfferLead("LAS", "the scene is yours"), "tactical_commander")
        desk.session.touch()
        await desk.shows("offers the lead to LAS", "to answer")
        for _ in range(12):
            await desk.press(".")
            if desk.room.front.place == "parties":
                break
        found = desk.room.front.row()
        assert desk.room.front.place == "parties"
        assert found is not None
        assert found[0] == "SCAS", "who offers it"
        await desk.shows("A accepts the lead")

    told(story)
