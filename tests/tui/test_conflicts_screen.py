"""Conflicts at the desk: what is in dispute stands there with every value, and Enter goes where it is settled."""

from __future__ import annotations

import msgspec
import pytest

from incident.casualties import facts as k
from incident.methane import facts as m
from incident.organisation import facts as o
from incident.resources import facts as r
from incident.values import Location
from incident_tui.screens.conflicts.disputes import Disputes
from tests.tui.desk import Desk, told
from tests.tui.world import FakeSession


def torn() -> FakeSession:
    """Two rooms wrote without having seen each other: place, count, METHANE; and SECAMB sees a unit elsewhere."""
    session = FakeSession()
    mark = session.world[session.stream].mark()
    report = session.look().state.methane.versions[-1].report
    session.happens("LAS", o.GiveLocation(Location("M25 J15 northbound", "TQ 0402 7829")))
    session.happens("SCAS", o.GiveLocation(Location("M4 J4b", "TQ 0500 7800")), having_seen=mark)
    session.happens("LAS", k.Count("in_ccs", k.Counts(3)))
    session.happens("SCAS", k.Count("in_ccs", k.Counts(5)), having_seen=mark)
    session.happens("LAS", m.Publish(msgspec.structs.replace(report, total=49)))
    session.happens("SCAS", m.Publish(msgspec.structs.replace(report, total=55)), having_seen=mark)
    session.happens("SECAMB", r.ReportStatus("LAS/A101", "HOS"))
    return session


@pytest.mark.parametrize("size", [(120, 40), (80, 24)], ids=["120x40", "80x24"])
def test_every_dispute_stands_there_with_both_values(size: tuple[int, int]) -> None:
    async def story(desk: Desk) -> None:
        await desk.press("!")
        lines = await desk.shows(
            "▲ DISPUTED", "location", "METHANE", "casualties CCS", "LAS/A101", "Conflicts ▲4"
        )
        assert sum("▲ DISPUTED" in line for line in lines) == 4
        if size[0] < 100:
            return
        await desk.shows("M25 J15 northbound", "M4 J4b", "Both stand until")
        await desk.press("j", "j")
        await desk.shows("P1 3", "P1 5", "settles")

    told(story, size=size, session=torn())


@pytest.mark.parametrize(
    ("downs", "place", "row"),
    [(0, "parties", "SCAS"), (1, "methane", ""), (2, "casualties", "in_ccs"), (3, "resources", "LAS/A101")],
)
def test_enter_leads_to_where_it_is_settled(downs: int, place: str, row: str) -> None:
    async def story(desk: Desk) -> None:
        await desk.press("!")
        await desk.shows("▲ DISPUTED")
        await desk.press(*["j"] * downs, "enter")
        await desk.hides("▲ DISPUTED   location")
        assert desk.room.front.place == place
        found = desk.room.front.row()
        assert found is not None
        assert found[0].startswith(row)

    told(story, session=torn())


def test_what_is_settled_goes_and_what_did_not_change_is_the_same_row() -> None:
    session = torn()
    disputes = Disputes()
    before = dict(disputes.of(session.look()))
    assert list(before) == [
        "dispute/location", "dispute/methane", "dispute/counts/in_ccs/", "dispute/unit/LAS/A101",
    ]  # fmt: skip
    session.later(60)
    session.happens("LAS", k.Count("in_ccs", k.Counts(5)))
    version = session.look().state.organisation.sightings[1].version
    session.happens("SCAS", o.PickLocation(version), "tactical_commander")
    after = disputes.of(session.look())
    assert "dispute/location" not in after
    assert "dispute/counts/in_ccs/" not in after
    assert after["dispute/unit/LAS/A101"] is before["dispute/unit/LAS/A101"]


def test_only_a_card_is_cleared() -> None:
    async def story(desk: Desk) -> None:
        await desk.press("!")
        await desk.shows("▲ DISPUTED")
        await desk.press("x")
        await desk.shows("does not apply")
        await desk.shows("location")

    told(story, session=torn())
