"""The map and its twin list at the desk: one cursor through both, and everything from the list alone as well."""

from __future__ import annotations

import math
import random
from dataclasses import replace

import msgspec
import pytest

from incident.boundaries.facts import Agree, Propose, Shape, Wind, Withdraw
from incident.boundaries.wind import with_wedge
from incident.casualties import facts as k
from incident.cover import facts as c
from incident.kernel.board import Look
from incident.organisation.facts import GiveLocation
from incident.places.facts import OpenPlaces
from incident.resources.facts import Describe
from incident.values import Location
from incident.whereabouts import within_words
from incident_tui.map.scene_of import Scenes, scene_of
from incident_tui.map.things import AREA, COVER, FEATURE, GONE, INCIDENT, Things
from incident_tui.map.view import View
from incident_tui.placer import NO_MAP, Placer
from incident_tui.screens.boundaries.drawing import Drawing, answers_of, kept, measured, radius_of, to_keep
from incident_tui.screens.boundaries.going import cell_within, digits_of
from incident_tui.screens.boundaries.screen import BoundariesPlace
from tests.tui.desk import Desk, told
from tests.tui.world import FakeSession, placer

WIDE, NARROW, WALL = (120, 40), (80, 24), (200, 60)
POYLE = Location("Colnbrook, Poyle", "TQ 0338 7538", 51.468, -0.513)


def place_of(desk: Desk) -> BoundariesPlace:
    found = desk.room.places["boundaries"]
    assert isinstance(found, BoundariesPlace)
    return found


def foot(desk: Desk) -> str:
    return " ".join("".join(span.text for span in line) for line in place_of(desk).foot.lines)


# -- stories --------------------------------------------------------------------------------------------------


def test_from_a_grid_reference_to_an_agreed_rvp_and_a_cordon_on_the_map() -> None:
    session = FakeSession()

    async def story(desk: Desk) -> None:
        await desk.press("3")
        await desk.shows("ON THE MAP", "On the border SCAS/LAS/SECAMB", "INDICATIVE")
        await desk.press(":")
        await desk.type("goto TQ 0338 7538")
        await desk.press("enter")
        await desk.shows("TQ 0338 7538", "51.46", "SECAMB")
        assert desk.app.focused is place_of(desk).canvas
        await desk.press("p")
        await desk.shows("Propose", "TQ 0338 7538")
        await desk.press("r", "ctrl+s")
        assert isinstance(desk.last, Propose)
        assert desk.last.kind == "rvp"
        assert desk.last.shape.place.grid == "TQ 0338 7538"
        session.confirm()
        rvp = next(reversed(session.look().state.boundaries.rows))
        session.happens("SCAS", Agree(rvp))
        await desk.press("c", "5", "0", "0", "m")
        await desk.shows("radius 500m")
        await desk.press("enter")
        await desk.shows("inner cordon", "500m")
        await desk.press("ctrl+s")
        assert desk.last.kind == "inner_cordon"
        assert desk.last.shape.radius_m == 500
        assert desk.last.shape.place.grid == "TQ 03385 75384", "to the metre"

    told(story, size=WIDE, session=session)


@pytest.mark.parametrize("size", [NARROW, WIDE, WALL], ids=["80x24", "120x40", "200x60"])
def test_the_same_from_the_list_alone_in_plain_signs(size: tuple[int, int]) -> None:
    session = FakeSession()

    async def story(desk: Desk) -> None:
        await desk.press("3", "f10")
        lines = await desk.shows("RVP A", "! RVP B", "From scene".upper())
        assert "\n".join(lines).isascii()
        await desk.press("p", "r", "tab")
        await desk.type("Iver TQ 0370 8110")
        await desk.press("enter")
        assert desk.last.shape.place.grid == "TQ 0370 8110"
        session.confirm()
        await desk.press(":")
        await desk.type("propose outer TQ 0402 7829 2km")
        await desk.press("enter")
        assert desk.last.shape.radius_m == 2000
        session.confirm()
        lines = await desk.shows("outer c")
        assert "\n".join(lines).isascii()
        await desk.press(":")
        await desk.type('agree "RVP A"')
        await desk.press("enter")
        assert isinstance(desk.last, Agree)

    told(story, size=size, session=session)


def test_the_cursor_runs_through_both() -> None:
    async def story(desk: Desk) -> None:
        await desk.press("3")
        place = place_of(desk)
        await desk.press("j")
        await desk.done()
        thing = place.thing
        assert thing is not None
        assert place.canvas.selected == thing.key
        assert thing.at is not None
        assert place.canvas.view.holds(*place.canvas.view.cell_of(*thing.at))
        # Over to the map: the list's keys go on, arrows move the map.
        await desk.press("tab", "j")
        after = place.thing
        assert after is not None
        assert after.key != thing.key
        before = place.canvas.view
        await desk.press("right", "up")
        assert place.canvas.view != before
        assert place.thing is after
        # From the map back to the list: what lies under the crosshair.
        scene = place.found("incident")
        assert scene is not None
        assert scene.at is not None
        await desk.press("w")
        place.canvas.cursor_to(*scene.at)
        await desk.press("i")
        await desk.shows("Here: ")
        await desk.press("enter", "enter", "enter")
        assert place.thing is not None
        assert place.thing.at is not None
        assert place.canvas.view.cell_of(*place.thing.at) == place.canvas.cursor
        await desk.press("escape", "escape", "escape")
        assert desk.app.focused is place.table

    told(story, size=WIDE)


def test_the_crosshair_says_where_it_is_in_three_states() -> None:
    async def story(desk: Desk) -> None:
        await desk.press("3", "w")
        await desk.shows("TQ 0400 7826", "on the border")
        for words, said in (
            ("51.60,-0.90", "inside SCAS"),
            ("50.50,0.90", "outside every area"),
            ("51.468,-0.513", "on the border"),
        ):
            await desk.press(":")
            await desk.type(f"goto {words}")
            await desk.press("enter")
            await desk.shows(said)
        await desk.press(":")
        await desk.type("goto nowhere at all")
        await desk.press("enter")
        await desk.shows("nowhere at all")
        await desk.press(":")
        await desk.type("goto rvp b")
        await desk.press("enter")
        assert place_of(desk).thing is not None
        assert place_of(desk).thing.name == "RVP B"  # type: ignore[union-attr]

    told(story, size=WIDE)


def test_layers_go_and_come_with_their_digits_and_no_screen_changes() -> None:
    async def story(desk: Desk) -> None:
        await desk.press("3", "L")
        await desk.shows("1 ✓ our own area", "6 ✓ units")
        await desk.press("6")
        await desk.shows("6 – units")
        assert place_of(desk).canvas.hidden == {"units"}
        await desk.press("6", "escape")
        await desk.hides("layers  1")
        assert place_of(desk).canvas.hidden == frozenset()
        await desk.press("4")
        assert desk.room.front.place == "tasks"

    told(story, size=WIDE)


def test_measuring_says_distance_and_bearing() -> None:
    async def story(desk: Desk) -> None:
        await desk.press("3", "M", "right", "right", "right")
        await desk.shows("measure", " E ")
        await desk.press("enter", "up", "up")
        await desk.shows("in all")
        await desk.press("escape")
        await desk.hides("measure")

    told(story, size=WIDE)


def test_places_that_are_typed_are_measured_on_the_map_and_the_line_goes_on_there() -> None:
    async def story(desk: Desk) -> None:
        await desk.press(":")
        await desk.type("measure the scene; RVP B; TQ 0338 7538")
        await desk.press("enter")
        await desk.shows(
            "The scene to RVP B: 1.7 km W",
            "RVP B to TQ 0338 7538",
            "In all 4.2 km",
            "2.5 km SE, 4.2 km in all",
        )
        await desk.press("escape", ":")
        await desk.type("measure the pub; RVP B")
        await desk.press("enter")
        await desk.shows("Nothing gives a point for the pub")
        await desk.press(":")
        await desk.type("measure the scene; 89.9,179")
        await desk.press("enter")
        await desk.shows("89.9,179 lies beyond the National Grid")
        await desk.press(":")
        await desk.type("measure the scene; TQ 03 75")
        await desk.press("enter")
        await desk.shows("TQ 03 75 is a square of 1 km: the")
        await desk.press("escape", ":")
        await desk.type("measure")
        await desk.press("enter")
        await desk.shows("enter next point")

    told(story, size=WIDE)


def test_where_one_said_to_go_is_of_its_incident_and_no_other() -> None:
    async def story(desk: Desk) -> None:
        await desk.press("3")
        await desk.shows("INDICATIVE ±")
        place, steering = place_of(desk), place_of(desk).steering
        far, here = (460_000.0, 300_000.0), place.seen
        assert here is not None
        for stream, arrives in ((here.look.stream, True), ("incident/another", False)):
            steering._fitted_to = "incident/before"  # the map of this incident does not lie there yet
            steering.show((far,))
            place._seen = replace(here, look=replace(here.look, stream=stream))
            steering.after_draw()
            view = place.canvas.view
            assert view.holds(*view.cell_of(*far)) == arrives, stream
            place._seen = here

    told(story, size=WIDE)


def test_what_was_looked_for_in_one_incident_is_not_looked_at_in_the_next() -> None:
    """A map of another place than the list beside it would be believed."""

    async def story(desk: Desk) -> None:
        await desk.press(":")
        await desk.type("goto SU 50 50")
        await desk.press("enter")
        await desk.shows("SU 50 50 (within")
        await desk.press(":")
        await desk.type("nearest hart")
        await desk.press("enter")
        await desk.shows("NEAREST hart")
        place, steering = place_of(desk), place_of(desk).steering
        (scene,) = [thing.at for thing in place.shown() if thing.kind == INCIDENT]
        seen, canvas = place.seen, place.canvas
        assert seen is not None
        assert scene is not None
        assert not canvas.view.holds(*canvas.view.cell_of(*scene))
        place.feed(replace(seen, look=replace(seen.look, stream="incident/another")))
        steering._size = (1, 1)  # the map has another size there, with no block below the list
        steering.moved()
        assert canvas.view.holds(*canvas.view.cell_of(*scene))
        assert (steering.search, steering.crosshair, place.near.found) == (None, False, None)

    told(story, size=WIDE)


def test_a_place_that_is_known_roughly_says_so_and_gives_no_more_figures_than_that() -> None:
    async def story(desk: Desk) -> None:
        desk.session.placer.read_names()
        await desk.press(":")
        await desk.type("goto Slough")
        await desk.press("enter")
        await desk.shows("Slough is known within 2 km (town)", "SU 97 80  51.51,-0.59  within 2 km")
        await desk.press("p", "r", "ctrl+s")
        assert desk.last.shape.place.grid == "SU 97 80"
        assert desk.last.shape.place.text == "(Slough, within 2 km)"
        desk.session.confirm()
        await desk.press(":")
        await desk.type("goto TQ 03 75")
        await desk.press("enter")
        await desk.shows("TQ 03 75 is a square of 1 km: the crosshair is in its middle.", "TQ 03 75  51.")
        await desk.press("p", "f", "ctrl+s")
        assert (desk.last.shape.place.text, desk.last.shape.place.grid) == ("", "TQ 03 75")

    told(story, size=WIDE)


def test_a_point_of_a_far_map_says_how_far_off_it_may_be() -> None:
    async def story(desk: Desk) -> None:
        await desk.press("3", ":")
        await desk.type("goto TQ 0338 7538")
        await desk.press("enter")
        await desk.shows("TQ 0338 7538  51.46")
        await desk.press("-", "-")
        place = place_of(desk)
        assert place.canvas.view.metres_per_dot > 100
        await desk.shows("TQ 0338 7538  51.46")
        assert "within" not in foot(desk), "it stands where it was put"
        await desk.press("right")
        wide = place.canvas.view.cell_wide
        far = place.steering.within(place.steering.cursor)
        assert 4 * wide > far > wide
        await desk.shows(within_words(far).strip(" ()"))
        found = place.steering.location(place.steering.cursor)
        assert len(found.grid.split()[1]) == 3
        await desk.press("p", "r", "ctrl+s")
        assert desk.last.shape.place.grid == found.grid
        assert desk.last.shape.place.text.startswith("(from the map, within ")

    told(story, size=WIDE)


@pytest.mark.parametrize(
    ("dot", "digits", "within"),
    [(0.5, 10, 2), (2.5, 10, 7), (5, 8, 20), (29, 8, 80), (60, 6, 300), (600, 4, 3000)],
)
def test_a_cell_gives_a_point_as_exact_as_it_is_large(dot: float, digits: int, within: int) -> None:
    view = View(503_380.0, 175_380.0, dot, 60, 30)
    assert digits_of(view.cell_wide) == digits
    assert cell_within(view) == pytest.approx(within, rel=0.3)
    assert cell_within(view) >= math.hypot(view.cell_wide, view.cell_high) / 2


def test_corners_are_drawn_kept_and_taken_up_again() -> None:
    session = FakeSession()

    async def begins(desk: Desk) -> None:
        await desk.press("3", "c", "right", "right", "right", "right", "enter", "down", "down", "enter")
        await desk.shows("3 corners")
        await desk.press("u")
        await desk.shows("2 corners")
        session.cut()

    told(begins, size=WIDE, session=session)

    async def goes_on(desk: Desk) -> None:
        await desk.press("3")
        await desk.shows("A cordon that was begun is kept")
        await desk.press("c", "down", "down", "down", "enter", "c")
        await desk.shows("Propose", "outer cordon")
        form = desk.room.form
        assert form is not None
        sketch = f"map/{session.stream}"
        assert session.draft(sketch), "kept until it is a command"
        await desk.press("escape")
        draft = next(
            text for name, text in session.drafts.items() if name.endswith("boundaries.propose//map")
        )
        assert draft.count(";") == 2
        await desk.press("c", "c")
        await desk.shows("Propose", "outer cordon")
        await desk.press("ctrl+s")
        assert desk.last.kind == "outer_cordon"
        assert len(desk.last.shape.polygon) == 3
        assert not session.draft(sketch)

    told(goes_on, size=WIDE, session=session)


def test_a_form_from_the_map_takes_nothing_over_from_one_that_was_left() -> None:
    session = FakeSession()

    async def story(desk: Desk) -> None:
        name = f"form/{session.stream}/boundaries.propose/"
        left = {
            "kind": "rvp",
            "name": "Old",
            "note": "of another place",
            "polygon": "TQ 01 78; TQ 02 78; TQ 02 79",
        }
        session.keep_draft(name, msgspec.json.encode(left).decode())
        await desk.press("3", "c", "5", "0", "0", "m", "enter")
        await desk.shows("Propose", "500m")
        await desk.press("ctrl+s")
        assert desk.last.kind == "inner_cordon"
        assert desk.last.shape.radius_m == 500
        assert not desk.last.shape.polygon
        assert "Old" not in str(desk.last)
        assert "of another place" not in str(desk.last)
        assert "Old" in session.draft(name), "it is there for the next plain p"

    told(story, size=WIDE, session=session)


def test_narrow_tab_shows_the_map_over_the_list() -> None:
    async def story(desk: Desk) -> None:
        await desk.press("3")
        lines = await desk.shows("ON THE MAP", "RVP A")
        assert not any("INDICATIVE ±" in line for line in lines)
        await desk.press("tab")
        await desk.hides("ON THE MAP")
        await desk.shows("INDICATIVE ±")
        await desk.press("tab")
        await desk.shows("ON THE MAP")
        await desk.press("enter")
        await desk.shows("proposed")
        await desk.press("escape")
        await desk.shows("ON THE MAP")

    told(story, size=NARROW)


def test_without_the_geometry_library_the_list_stands_alone_and_says_so() -> None:
    session = FakeSession()
    session.placer = Placer(None, session.say)
    session.placer._trouble = NO_MAP

    async def story(desk: Desk) -> None:
        await desk.press("3")
        await desk.shows("RVP A", "there is no map", "cordon A")
        assert not place_of(desk).canvas.size.width
        await desk.press("w")
        await desk.shows("there is no map")
        await desk.press("g", "j", "y")
        assert isinstance(desk.last, Agree)

    told(story, size=WIDE, session=session)


def test_the_map_comes_when_the_library_is_there_and_the_list_is_there_at_once() -> None:
    session = FakeSession()
    session.placer = Placer(None, session.say)

    async def story(desk: Desk) -> None:
        await desk.press("3")
        await desk.shows("RVP A")
        await desk.shows("INDICATIVE ±")
        assert place_of(desk).ready

    told(story, size=WIDE, session=session)


def test_areas_other_than_those_of_the_incident_are_not_drawn() -> None:
    session = FakeSession()
    look = session.look()
    charter = type(look.charter)(**{f: getattr(look.charter, f) for f in look.charter.__struct_fields__})
    strange = replace(look, charter=_with_digest(charter, "another"))
    assert placer().areas(strange.charter) is None
    assert "differ" in placer().why(strange.charter)


def _with_digest(charter: object, digest: str) -> object:
    return msgspec.structs.replace(charter, areas_digest=digest)  # type: ignore[type-var]


def test_nearest_hospital_is_shown_and_enter_goes_to_its_row() -> None:
    async def story(desk: Desk) -> None:
        await desk.press("3", ":")
        await desk.type("nearest hospital")
        await desk.press("enter")
        await desk.shows("NEAREST hospital from the scene", "est.")
        await desk.press("enter")
        place = place_of(desk)
        assert place.thing is not None
        assert place.thing.key.startswith("place/")
        await desk.press("escape")
        await desk.hides("NEAREST")
        await desk.press(":")
        await desk.type("nearest banana")
        await desk.press("enter")
        await desk.shows("No kind of unit is called banana", "There are: hospital, dca")

    told(story, size=WIDE)


def test_nearest_teams_of_both_sides_of_the_border_are_on_the_map_while_they_are_asked_for() -> None:
    session = FakeSession()
    session.placer.read_names()

    async def story(desk: Desk) -> None:
        await desk.press(":")
        await desk.type("nearest hart")
        await desk.press("enter")
        await desk.shows("NEAREST hart from the scene", "min", "ask SECAMB")
        place = place_of(desk)
        base = next(thing for thing in place.shown() if thing.key.startswith("base/SECAMB"))
        assert base.at is not None
        assert base.key in {mark.key for mark in place.canvas.scene.marks}
        await desk.press("escape")
        await desk.hides("NEAREST")
        assert base.key not in {mark.key for mark in place.canvas.scene.marks}

    told(story, size=WIDE, session=session)


def test_signs_and_layers_are_found_again() -> None:
    session = FakeSession()

    async def chooses(desk: Desk) -> None:
        await desk.press("3", "B", "L", "7", "escape")
        assert place_of(desk).canvas.look == "blocks"

    async def comes_back(desk: Desk) -> None:
        await desk.press("3")
        await desk.shows("INDICATIVE ±")
        assert place_of(desk).canvas.look == "blocks"
        assert place_of(desk).canvas.hidden == {"labels"}

    told(chooses, session=session)
    told(comes_back, session=session)


def test_what_must_be_told_is_told_in_the_head_and_the_verbs_of_other_rows_do_not_apply() -> None:
    async def story(desk: Desk) -> None:
        await desk.press("3")
        place = place_of(desk)
        assert place.go_to("area/LAS")
        await desk.press("enter")
        await desk.shows("London", "0.6 km")
        assert place.row() is None
        assert place.chosen() == ()
        await desk.press("escape", "y")
        await desk.shows("Agree")  # asks which feature
        await desk.press("escape")

    told(story, size=WIDE)


# -- the twin: every mark has a row, and every row with a point a mark ----------------------------------------


def random_look(rng: random.Random) -> Look:
    """A seat after some random work on the ground: proposals, agreement, withdrawals, units, hospitals."""
    session = FakeSession()
    kinds = ("rvp", "fcp", "ccp", "inner_cordon", "hls", "sector", "parking")
    for _ in range(rng.randrange(12)):
        rows = session.look().state.boundaries.rows
        alive = [key for key, row in rows.items() if row.withdrawn_at is None]
        what = rng.randrange(6)
        if what < 3:
            kind = rng.choice(kinds)
            place = rng.choice((
                Location("by the church"),
                Location(grid=f"TQ {rng.randrange(1000):03} {rng.randrange(1000):03}"),
                Location(lat=round(rng.uniform(50, 55), 5), lon=round(rng.uniform(-5, 1.5), 5)),
            ))  # fmt: skip
            radius = rng.choice((100.0, 2500.0)) if kind == "inner_cordon" else None
            session.happens(rng.choice(("LAS", "SCAS", "SECAMB")), Propose(kind, Shape(place, radius)))
        elif what == 3 and alive:
            key = rng.choice(alive)
            session.happens(rows[key].owner, Withdraw(key, "mistaken"))
        elif what == 4:
            grid = f"TQ {rng.randrange(1000):03} {rng.randrange(1000):03}"
            session.happens("LAS", Describe("LAS/A101", place=rng.choice(("", "RVP B", grid))))
        else:
            session.happens("LAS", OpenPlaces((rng.choice(("WEXHAM", "HILLINGDON", "STMARYS")),)))
    session.later(rng.choice((0, 60, 7200)))
    return session.look()


@pytest.mark.parametrize("seed", range(12))
def test_every_mark_has_a_row_and_every_row_with_a_point_has_a_mark(seed: int) -> None:
    look = random_look(random.Random(seed))
    areas = placer().areas(look.charter)
    things = Things().of(look, areas, ready=True)
    scene = scene_of(look, areas)
    drawn = {mark.key for mark in scene.marks}
    assert drawn == {key for key, thing in things.items() if thing.at is not None and thing.kind != AREA}
    assert {ground.key for ground in scene.grounds} <= drawn
    assert {thing.owner for thing in things.values() if thing.kind == AREA} == set(areas.codes)
    features = {key for key, thing in things.items() if thing.kind in (FEATURE, GONE)}
    assert features == set(look.state.boundaries.rows)
    assert not any(things[key].row.withdrawn_at for key in drawn & features)


def test_dashes_and_signs_say_how_it_stands() -> None:
    session = FakeSession()
    scene = scene_of(session.look(), placer().areas(session.charter))
    cordon = scene.grounds[0]
    assert cordon.dash == "dashed"  # LFB has not agreed
    rows = session.look().state.boundaries.rows
    assert {mark.label for mark in scene.marks if mark.label.startswith("▲ RVP")} == {"▲ RVP A", "▲ RVP B"}
    rival = next(key for key, row in rows.items() if row.name == "RVP A")
    session.happens("SCAS", Withdraw(rival, "B it is"))
    scene = scene_of(session.look(), placer().areas(session.charter))
    assert rival not in {mark.key for mark in scene.marks}
    assert {mark.label for mark in scene.marks if "RVP" in mark.label} == {"RVP B"}
    for agency in ("SCAS", "SECAMB", "LFB"):
        if agency in session.look().state.organisation.parties:
            rvp = next(key for key, row in rows.items() if row.name == "RVP B")
            given = session.look().state.boundaries.rows[rvp]
            if agency not in given.answers:
                session.happens(agency, Agree(rvp))


def test_cover_is_drawn_until_it_is_over_and_a_wind_sector_is_a_wedge() -> None:
    session = FakeSession()
    north = Shape(Location("Iver", "TQ 0370 8110", 51.519, -0.507), 3000.0)
    terms = c.Terms("Iver and north of it", north, session.at, 60, "the M40 is shut")
    key = f"cover/{session.happens('LAS', c.Offer('SCAS', terms))}"
    wedge = with_wedge(Shape(Location("scene", lat=51.494, lon=-0.503), wind=Wind(225, 30, 2000.0)))
    session.happens("LAS", Propose("wind", wedge))
    areas = placer().areas(session.charter)
    things = Things().of(session.look(), areas, ready=True)
    cover = next(thing for thing in things.values() if thing.kind == COVER)
    assert key.startswith("cover/")
    assert cover.name == "offered: LAS for SCAS"
    grounds = {ground.key: ground for ground in scene_of(session.look(), areas).grounds}
    assert (grounds[cover.key].dash, grounds[cover.key].hatch) == ("dashed", "")
    assert grounds[cover.key].words == "cover to come"
    wind = next(row.id for row in session.look().state.boundaries.rows.values() if row.kind == "wind")
    assert len(grounds[wind].ring) > 3
    session.happens("SCAS", c.Accept(cover.row.id))
    grounds = {ground.key: ground for ground in scene_of(session.look(), areas).grounds}
    assert (grounds[cover.key].dash, grounds[cover.key].hatch) == ("solid", "other")
    assert Things().of(session.look(), areas, ready=True)[cover.key].name == "LAS covers SCAS"
    later = msgspec.structs.replace(terms, begins=session.at + 30 * 60_000)
    given = session.happens("LAS", c.Ask("SECAMB", later))
    session.happens("SECAMB", c.Accept(next(reversed(session.look().state.cover.rows))))
    to_come = next(
        row for row in Things().of(session.look(), areas, ready=True).values() if "SECAMB for" in row.name
    )
    assert given
    assert to_come.name == f"from {session.look().clock(later.begins)}: SECAMB for LAS"
    grounds = {ground.key: ground for ground in scene_of(session.look(), areas).grounds}
    assert (grounds[to_come.key].dash, grounds[to_come.key].hatch) == ("dashed", "")
    session.later(3700)
    assert cover.key not in {ground.key for ground in scene_of(session.look(), areas).grounds}
    assert cover.key not in Things().of(session.look(), areas, ready=True)

    async def story(desk: Desk) -> None:
        await desk.press("3")
        await desk.shows("wind sector A")

    told(story, session=session)


def test_cover_is_answered_and_ended_on_its_row() -> None:
    session = FakeSession()
    north = Shape(Location("Iver", "TQ 0370 8110", 51.519, -0.507), 3000.0)
    session.happens("SCAS", c.Ask("LAS", c.Terms("Iver", north, session.at, 60, "the M40 is shut")))
    (ours,) = session.look().state.cover.rows

    async def story(desk: Desk) -> None:
        await desk.press("3")
        place = place_of(desk)
        assert place.go_to(f"cover/{ours}")
        await desk.press("enter")
        await desk.shows("asked: LAS", "asked for, LAS to answer", "Accept the cover")
        await desk.press("y")
        assert desk.last == c.Accept(ours)
        session.confirm()
        await desk.press("X")
        await desk.shows("End the cover before its time")
        await desk.type("the road is open")
        await desk.press("ctrl+s")
        assert desk.last == c.End(ours, "the road is open")

    told(story, size=WIDE, session=session)


def test_an_unchanged_look_gives_the_same_scene() -> None:
    session = FakeSession()
    things, scenes, areas = Things(), Scenes(), placer().areas(session.charter)
    first = scenes.of(things.of(session.look(), areas, ready=True), areas, "LAS")
    session.later(1)
    assert scenes.of(things.of(session.look(), areas, ready=True), areas, "LAS") is first
    session.happens("LAS", k.Count("at_scene", k.Counts(1, 2, 3)))
    assert scenes.of(things.of(session.look(), areas, ready=True), areas, "LAS") is first
    session.happens("LAS", GiveLocation(POYLE))
    changed = scenes.of(things.of(session.look(), areas, ready=True), areas, "LAS")
    assert changed is not first


# -- drawings -------------------------------------------------------------------------------------------------


def test_a_radius_is_read_as_it_is_typed() -> None:
    assert [radius_of(typed) for typed in ("500", "500m", "1.5km", "k", "", "0", "60km", "1.2.3")] == [
        500, 500, 1500, None, None, None, None, None,
    ]  # fmt: skip
    drawing = Drawing("cordon", ((0.0, 0.0),))
    for key in "1.5km":
        after = drawing.typing(key)
        assert after is not None
        drawing = after
    assert answers_of(drawing, str) == {
        "kind": "inner_cordon",
        "place": "(0.0, 0.0)",
        "radius": "1.5km",
        "polygon": "",
    }
    assert drawing.typing("x") is None
    assert Drawing("cordon", ((0.0, 0.0), (1.0, 5.0))).typing("5") is None


def test_what_is_kept_of_a_drawing_comes_back_and_rubbish_does_not() -> None:
    drawing = Drawing("cordon", ((500000.0, 200000.0), (500100.0, 200000.0)))
    assert kept(to_keep(drawing)) == drawing
    assert to_keep(Drawing("cordon", ((1.0, 2.0),))) == ""
    assert to_keep(Drawing("measure", ((1.0, 2.0), (3.0, 4.0)))) == ""
    for rubbish in ("", "{", "[]", '{"what":"cordon","points":[]}', '{"what":"x","points":[[1,2]]}', "null"):
        assert kept(rubbish) is None


def test_a_line_is_measured_with_its_last_piece_and_the_whole() -> None:
    assert measured(Drawing("measure", ((0.0, 0.0),)), (0.0, 800.0)) == "800 m N"
    assert (
        measured(Drawing("measure", ((0.0, 0.0), (3000.0, 0.0))), (3000.0, -1000.0))
        == "1.0 km S, 4.0 km in all"
    )
