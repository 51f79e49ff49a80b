"""The list beside the map: what stands first, where the cursor goes, and what lies over it goes when it must."""

from __future__ import annotations

import pytest

from incident.boundaries import facts as b
from incident.cover import facts as c
from incident.organisation import facts as o
from incident.state import INCIDENT
from incident.values import Location
from incident_tui.map.things import COVER, FEATURE, GONE
from incident_tui.screens.boundaries.screen import BoundariesPlace
from tests.incident.given import Given
from tests.tui.desk import Desk, told
from tests.tui.world import INCIDENT_STREAM, FakeSession

NARROW, WIDE, WALL = (80, 24), (120, 40), (200, 60)
SIZES = pytest.mark.parametrize("size", [NARROW, WIDE, WALL], ids=["80x24", "120x40", "200x60"])
IVER = b.Shape(Location("Iver", "TQ 0370 8110"))


def place_of(desk: Desk) -> BoundariesPlace:
    found = desk.room.places["boundaries"]
    assert isinstance(found, BoundariesPlace)
    return found


def names(desk: Desk) -> list[str]:
    place = place_of(desk)
    return [thing.name for key in place.table.roll.shown if (thing := place.found(key)) is not None]


def let_go(desk: Desk) -> None:
    """Some time has passed since the last key in the list."""
    place_of(desk).table._pressed = float("-inf")


async def settled(desk: Desk) -> None:
    let_go(desk)
    desk.session.touch()
    await desk.pilot.pause(0.3)


# -- what stands first ----------------------------------------------------------------------------------------


def test_what_waits_for_our_answer_stands_first_then_the_newest() -> None:
    session = FakeSession()
    session.later(60)
    session.happens("LAS", b.Propose("parking", IVER))
    session.later(60)
    session.happens("SCAS", b.Propose("hls", IVER))
    terms = c.Terms("Iver", IVER, session.at, 60, "the M25 is shut")
    session.later(60)
    session.happens("SCAS", c.Ask("LAS", terms))

    async def story(desk: Desk) -> None:
        await desk.press("3")
        await desk.shows("asked: LAS", "from scene".upper())
        place = place_of(desk)
        features = [
            thing
            for key in place.table.roll.shown
            if (thing := place.found(key)) is not None and thing.kind in (FEATURE, COVER)
        ]
        waiting = [thing for thing in features if thing.kind == COVER or "LAS" not in thing.row.answers]
        assert features[: len(waiting)] == waiting, [thing.name for thing in features]
        assert waiting[0].kind == COVER
        rest = [thing.row.placed_at for thing in features[len(waiting) :]]
        assert rest == sorted(rest, reverse=True)
        assert features[len(waiting)].name == "ambulance parking point A"

    told(story, size=WIDE, session=session)


def test_what_has_been_answered_gives_its_place_to_what_has_not() -> None:
    session = FakeSession()

    async def story(desk: Desk) -> None:
        await desk.press("3")
        await desk.shows("RVP A")
        first = names(desk)[0]
        await desk.press("y")
        session.confirm()
        await settled(desk)
        assert names(desk)[0] != first

    told(story, size=WIDE, session=session)


async def at_rvp_b(desk: Desk) -> tuple[BoundariesPlace, str]:
    """The list, with the cursor on our RVP; and its key."""
    await desk.press("3")
    await desk.shows("RVP B")
    place = place_of(desk)
    rows = desk.session.look().state.boundaries.rows
    ours = next(key for key, row in rows.items() if row.name == "RVP B")
    place.go_to(ours)
    return place, ours


@SIZES
def test_what_we_have_proposed_stands_where_it_belongs_at_once(size: tuple[int, int]) -> None:
    async def story(desk: Desk) -> None:
        await desk.press("3")
        await desk.shows("RVP B")
        place = place_of(desk)
        await desk.press("G", ":")  # from far below: the new row is above what is in sight
        await desk.type("propose parking TQ 0300 7770")
        await desk.press("enter")
        await desk.pilot.pause(0.3)
        key = next(reversed(desk.session.look().state.boundaries.rows))
        waits = sum(
            1 for row in desk.session.look().state.boundaries.rows.values() if "LAS" not in row.answers
        )
        assert place.table.roll.places[key] == waits, "after what waits for us, before all that is older"
        assert place.table.key == key, "the cursor goes to it"
        assert key in place.table.in_view, "and it is in sight"
        await desk.shows("sent: proposes ")
        # What others propose meanwhile moves nothing under our hands.
        await desk.press("j", "k")
        theirs = desk.session.happens("SCAS", b.Propose("hls", IVER))
        await desk.shows("re-ordered")
        assert place.table.roll.shown[-1] == theirs

    told(story, size=size)


# -- where the cursor goes ------------------------------------------------------------------------------------


@SIZES
def test_the_cursor_goes_from_what_was_withdrawn_to_the_next_that_stands(size: tuple[int, int]) -> None:
    session = FakeSession()

    async def story(desk: Desk) -> None:
        place, ours = await at_rvp_b(desk)
        await desk.press("k", "j")
        assert place.table.key == ours
        after = place.table.roll.shown[place.table.roll.line + 1]
        session.happens("LAS", b.Withdraw(ours, "flooded"))
        await desk.shows("withdrawn")
        await desk.pilot.pause(0.2)
        assert place.table.key == ours, "nothing moves under somebody's hands"
        await settled(desk)
        assert place.table.key == after
        assert place.found(ours).kind == GONE  # type: ignore[union-attr]
        assert place.table.roll.shown[-1] == ours

    told(story, size=size, session=session)


def test_of_several_that_go_at_once_none_has_the_cursor_and_who_goes_to_one_stays() -> None:
    session = FakeSession()

    async def story(desk: Desk) -> None:
        await desk.press("3")
        await desk.shows("RVP B")
        place = place_of(desk)
        let_go(desk)
        for key in list(session.look().state.boundaries.rows):
            owner = session.look().state.boundaries.rows[key].owner
            session.happens(owner, b.Withdraw(key, "over"))
        await settled(desk)
        thing = place.thing
        assert thing is not None
        assert thing.kind not in (GONE, FEATURE)
        await desk.press("G")
        gone = place.table.key
        await settled(desk)
        assert place.table.key == gone
        assert place.thing is not None
        assert place.thing.kind == GONE

    told(story, size=NARROW, session=session)


def test_a_detail_that_is_being_read_stays_with_what_was_withdrawn() -> None:
    session = FakeSession()

    async def story(desk: Desk) -> None:
        await desk.press("3", "enter")
        place = place_of(desk)
        key = place.table.key or ""
        owner = session.look().state.boundaries.rows[key].owner
        session.happens(owner, b.Withdraw(key, "over"))
        await settled(desk)
        await desk.shows("withdrawn")
        assert place.table.key == key
        await desk.press("escape")
        await settled(desk)
        assert place.table.key != key

    told(story, size=NARROW, session=session)


@SIZES
def test_what_we_withdraw_with_its_detail_open_keeps_its_line_until_it_is_closed(
    size: tuple[int, int],
) -> None:
    session = FakeSession()

    async def story(desk: Desk) -> None:
        place, ours = await at_rvp_b(desk)
        await desk.press("enter")
        line, after = place.table.roll.line, place.table.roll.shown[place.table.roll.line + 1]
        session.happens("LAS", b.Withdraw(ours, "flooded"))
        await settled(desk)
        await desk.shows("withdrawn")
        assert (place.table.key, place.table.roll.line) == (ours, line)
        await desk.press("escape")
        await settled(desk)
        assert (place.table.key, place.table.roll.line) == (after, line)
        assert place.table.roll.shown[-1] == ours

    told(story, size=size, session=session)


# -- what lies over the list ----------------------------------------------------------------------------------


@SIZES
@pytest.mark.parametrize(
    "over", [("enter",), ("tab",), ("tab", "w"), ("2",)], ids=["detail", "map", "crosshair", "screen"]
)
def test_the_nearest_are_seen_whatever_lies_over_the_list(
    size: tuple[int, int], over: tuple[str, ...]
) -> None:
    session = FakeSession()
    session.placer.read_names()

    async def story(desk: Desk) -> None:
        await desk.press("3", *over, ":")
        await desk.type("nearest hart")
        await desk.press("enter")
        lines = await desk.shows("NEAREST hart", "min", "esc closes")
        assert any("ask SECAMB" in line for line in lines)
        assert desk.app.focused is place_of(desk).nearby
        if place_of(desk).steering.crosshair:
            await desk.press("escape")  # one step at a time
        await desk.press("escape")
        await desk.hides("NEAREST")
        await desk.shows("ON THE MAP")
        await desk.press("j")
        assert desk.app.focused in (place_of(desk).table, place_of(desk).canvas)

    told(story, size=size, session=session)


def test_the_detail_of_another_incident_is_closed() -> None:
    other = "incident/00000000-0000-7000-8000-0000000000ff"
    scene = Location("Slough", "SU 9700 8000", 51.51, -0.6)
    given = Given(INCIDENT, other).by("LAS").did(o.Open(title="Slough", mode="exercise", location=scene))
    given.did(b.Propose("rvp", b.Shape(scene), "RVP Z"))
    session = FakeSession(more={other: given})

    async def story(desk: Desk) -> None:
        await desk.press("3", "down", "enter")
        await desk.shows("owner", "where")
        session.stream = other
        session.touch()
        await desk.shows("RVP Z", "ON THE MAP")
        assert not place_of(desk)._opened
        assert place_of(desk).table.roll.line == 0, "a row of the same name is another thing there"
        await desk.press("enter")
        await desk.shows("owner")
        session.stream = INCIDENT_STREAM
        session.touch()
        await desk.shows("RVP B", "ON THE MAP")

    told(story, size=NARROW, session=session)
