"""Whom the place concerns, above the list and in it: named while places are in dispute, never called told too soon."""

from __future__ import annotations

import msgspec
import pytest

from incident.boundaries.facts import Propose, Shape
from incident.kernel.receipts import Deliver
from incident.kernel.slice import Actor
from incident.organisation import facts as o
from incident.organisation import untold
from incident.organisation.fold import subject
from incident.placing import Near, Placing
from incident.state import INCIDENT
from incident.values import Location
from incident_tui.map.things import Things
from incident_tui.screens.boundaries.lines import head_lines
from incident_tui.screens.boundaries.twin import bearing_words, detail, state_cell
from tests.incident.given import INCIDENT_STREAM, Given, charter
from tests.tui.desk import Desk, told
from tests.tui.world import FakeSession, placer

SCENE = Location("M25 J15", "TQ 0402 7829", 51.494, -0.503)
INLAND = Location("by the wood", lat=51.60, lon=-0.90)
NORTH = Location("north of the wood", lat=51.61, lon=-0.90)


def placed(location: Location) -> Placing:
    from incident import geography  # noqa: PLC0415 - as the client does

    return geography.place(placer().areas(charter()), location)


def seat(location: Location = SCENE, placing: Placing | None = None) -> FakeSession:
    """LAS has opened an incident there, alone; with the areas of this desk, or those that the placing was made by."""
    found = placing or placed(location)
    made = msgspec.structs.replace(charter(), areas_digest=found.areas)
    given = Given(INCIDENT, charter_=made).by("LAS")
    given.did(o.Open("Coach", "exercise", location, placing=found))
    return FakeSession(more={INCIDENT_STREAM: given})


def head(session: FakeSession, width: int = 200) -> str:
    look = session.look()
    things = Things()
    rows = things.of(look, placer().areas(charter()), ready=True)
    lines = head_lines(look, rows, things.placing, width)
    return "\n".join("".join(span.text for span in line) for line in lines)


def test_while_two_places_are_given_the_head_names_the_neighbours_of_both() -> None:
    session = seat(INLAND)
    assert "SECAMB" not in head(session)
    mark = session.world[INCIDENT_STREAM].mark()
    session.happens("LAS", o.Invite(("SCAS",)))
    session.happens("SCAS", o.Join("duty manager"))
    session.happens("LAS", o.GiveLocation(NORTH, placed(NORTH)))
    session.happens("SCAS", o.GiveLocation(SCENE, placed(SCENE)), having_seen=mark)
    look = session.look()
    assert look.state.organisation.disputed
    assert "SECAMB" in untold(look.state)
    said = head(session)
    assert "two places" in said
    assert "▲ SECAMB 2.8 km" in said
    assert "✓ SCAS" in said
    rows = Things().of(look, placer().areas(charter()), ready=True)
    assert bearing_words(rows["area/SCAS"]) == "one of the places"
    assert state_cell(rows["area/SECAMB"], look).text == "▲ tell"

    async def story(desk: Desk) -> None:
        await desk.press("3")
        await desk.shows("two places", "▲ SECAMB")

    told(story, size=(120, 40), session=session)


def test_the_head_asks_for_nobody_whom_tell_does_not_know_of() -> None:
    # Nothing is stored of where an incident lies whose charter names no set of areas: this desk's own reckoning of it
    # is shown, and asks for nobody.
    session = FakeSession()
    assert untold(session.look().state) == ()
    assert "On the border" in head(session)
    assert "▲" not in head(session)
    # A cordon that does not lie at the scene reaches what it reaches, and is no larger scene.
    session = seat(INLAND)
    far = Shape(Location("in Kent", lat=51.20, lon=0.90), 40_000.0)
    session.happens("LAS", Propose("outer_cordon", far))
    look = session.look()
    rows = Things().of(look, placer().areas(charter()), ready=True)
    due = {thing.owner for thing in rows.values() if thing.due and not thing.told}
    assert due == set(untold(look.state))


def test_on_a_border_no_list_says_inside() -> None:
    session = seat()
    look = session.look()
    rows = Things().of(look, placer().areas(charter()), ready=True)
    drawn = next(thing for thing in rows.values() if thing.key.startswith("area/") and thing.far == 0)
    assert bearing_words(drawn) == "as drawn, ±3.0 km"
    said = [cell.text for _, cell in detail(drawn, look)]
    assert "as drawn, ±3.0 km: the scene lies in it or in the next" in said
    session = seat(INLAND)
    look = session.look()
    rows = Things().of(look, placer().areas(charter()), ready=True)
    assert bearing_words(rows["area/SCAS"]) == "inside"
    assert "the scene lies in it" in [cell.text for _, cell in detail(rows["area/SCAS"], look)]


def test_invited_is_not_delivered_and_delivered_has_not_joined() -> None:
    session = seat()

    def stands() -> tuple[str, str]:
        look = session.look()
        rows = Things().of(look, placer().areas(charter()), ready=True)
        return state_cell(rows["area/SECAMB"], look).text, head(session)

    assert stands()[0] == "▲ tell"
    session.happens("LAS", o.Invite(("SECAMB",)))
    assert stands()[0] == "· invited"
    assert "· SECAMB 2.8 km invited" in stands()[1]
    asked = subject(session.look().state.organisation.parties["SECAMB"].invitation)
    session.happens("SECAMB", Deliver((asked,)))
    assert stands()[0] == "· delivered"
    assert "· SECAMB 2.8 km delivered" in stands()[1]
    session.happens("SECAMB", o.Join("duty manager"))
    assert stands()[0] == "✓ joined"
    assert "✓ SECAMB 2.8 km" in stands()[1]
    session.happens("SECAMB", o.Leave("all done"), role="tactical_commander")
    assert stands()[0] == "▲ tell"


@pytest.mark.parametrize("width", [30, 40, 60])
def test_who_does_not_fit_is_counted(width: int) -> None:
    codes = ("SCAS", "SECAMB", "EEAST", "SWASFT", "WMAS", "EMAS", "YAS")
    near = tuple(Near(code, 100 * (index + 1)) for index, code in enumerate(codes))
    session = seat(SCENE, Placing("inside", "another set", "LAS", near))
    line = head(session, width).splitlines()[1]
    assert len(line) <= width
    shown = sum(code in line for code in (*codes, "LAS"))
    assert line.endswith(f"+{8 - shown} more")
    assert head(session, 300).splitlines()[1].count("▲") == len(codes)


def test_who_is_invited_reads_how_to_take_part_in_the_detail_of_the_scene_and_of_its_own_area() -> None:
    made = seat().world[INCIDENT_STREAM]
    made.by("LAS").did(o.Invite(("SECAMB",)))
    invited = FakeSession(me=Actor("EOC", "SECAMB", "operator"), more={INCIDENT_STREAM: made})

    def said(session: FakeSession, key: str) -> str:
        look = session.look()
        rows = Things().of(look, placer().areas(charter()), ready=True)
        return " ".join(cell.text for _, cell in detail(rows[key], look))

    assert ":join does that, or J on Parties" in said(invited, "area/SECAMB")
    assert ":join does that, or J on Parties" in said(invited, "incident")
    assert ":join" not in said(invited, "area/LAS")
    assert ":join" not in said(seat(), "incident")
    invited.happens("SECAMB", o.Join("duty manager"))
    assert ":join" not in said(invited, "incident") + said(invited, "area/SECAMB")
