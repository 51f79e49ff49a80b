"""An incident that is not open here and asks this room: it is told, counted, listed, and stays until it is answered."""

from __future__ import annotations

import pytest

from incident.boundaries.facts import Propose, Shape
from incident.kernel.slice import Actor
from incident.organisation.facts import Close, DeclineLead, Join, OfferLead, Open, TellAndOffer
from incident.state import INCIDENT
from incident.values import Location
from incident_tui.screens.room import elsewhere
from tests.incident.given import INCIDENT_STREAM, Given, opened
from tests.tui.desk import Desk, told
from tests.tui.test_closed_screen import OTHER
from tests.tui.world import FakeSession

SCAS = Actor("EOC desk 2", "SCAS", "operator")


def flood() -> Given:
    """Another incident, to which SCAS is invited and whose lead it is offered."""
    other = (
        Given(INCIDENT, OTHER).by("LAS", "tactical_commander").did(Open("Flood at Teddington", "exercise"))
    )
    return other.did(TellAndOffer(("SCAS",), "SCAS", "their area"))


def seat(other: Given, me: Actor = SCAS) -> FakeSession:
    """A seat with the coach on the M25 open, in which nothing waits for it."""
    return FakeSession(me=me, more={INCIDENT_STREAM: opened("SCAS"), OTHER: other})


async def counted(desk: Desk, words: str) -> None:
    desk.room.recount()
    await desk.shows(words)


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
def test_an_invitation_to_another_incident_is_told_counted_and_listed_until_it_is_answered(
    size: tuple[int, int],
) -> None:
    async def story(desk: Desk) -> None:
        await desk.shows("Invited to another incident and asked about its lead")
        await desk.shows("1 to answer", "✉1")
        (kept,) = [one.sentence for one in desk.app.kept]
        assert kept == (
            "Invited to another incident and asked about its lead: Flood at Teddington. "
            "0 lists it, and enter goes there."
        )
        await desk.press("5", "a")
        await desk.shows("1 to answer")
        assert not desk.session.submitted, "no copy of it is here: nothing of it is acknowledged from here"
        await desk.press(".")
        await desk.shows("1 to answer: enter goes there", "INVITED lead")
        await desk.press("enter")
        await desk.shows("Flood at Teddington", "2 to answer")
        assert desk.session.entered == [OTHER]
        await desk.press("0")
        await counted(desk, "2 to answer")
        assert len(desk.app.kept) == 1, "told once"

    told(story, size, session=seat(flood()))


def test_the_detail_of_an_incident_names_the_keys_that_answer_it() -> None:
    async def story(desk: Desk) -> None:
        await desk.press("0")
        desk.room.front.go_to(OTHER)
        desk.app.clear_notifications()
        await desk.shows("asks us", "to join, and to answer about the lead")
        row = desk.room.front.row()
        assert row is not None
        there = dict(desk.room.front.pairs(row[1], desk.room.seen()))["keys"].text  # type: ignore[attr-defined]
        assert there == (
            "enter goes there, . leads to it, and there J joins, A accepts the lead, x declines it"
        )
        await desk.press("enter")
        await counted(desk, "2 to answer")
        await desk.press("0")
        row = desk.room.front.row()
        assert row is not None
        here = dict(desk.room.front.pairs(row[1], desk.room.seen()))["keys"].text  # type: ignore[attr-defined]
        assert here == ". leads to it, and there J joins, A accepts the lead, x declines it"

    told(story, (200, 60), session=seat(flood()))


def test_the_cursor_stands_on_the_incident_that_is_open_after_another_was() -> None:
    async def story(desk: Desk) -> None:
        await desk.press("0")
        place = desk.room.places["incidents"]
        assert place.row() is not None
        assert place.row()[0] == INCIDENT_STREAM  # type: ignore[index]
        await desk.press("1")
        desk.session.stream = OTHER  # as after `o`, or a word
        desk.session.touch()
        await desk.press("0")
        await desk.shows("Flood at Teddington")
        assert place.row()[0] == OTHER  # type: ignore[index]
        await desk.press("k", "j", "k")
        here = place.row()[0]  # type: ignore[index]
        desk.session.touch()
        await desk.pilot.pause(0.2)
        assert place.row()[0] == here, "who goes to another row stays there"  # type: ignore[index]

    told(story, session=seat(flood()))


def test_what_is_answered_there_or_closed_goes_and_what_is_new_is_told_again() -> None:
    other = flood()

    async def story(desk: Desk) -> None:
        await counted(desk, "1 to answer")
        other.by("SCAS").did(Join("SCAS duty manager"))
        desk.session.touch()
        await counted(desk, "1 to answer")
        await desk.press("0")
        await desk.shows("lead asked")
        (offer,) = other.view.organisation.lead_offers
        other.by("SCAS", "tactical_commander").did(DeclineLead(offer.id, "not ours"))
        desk.session.touch()
        desk.room.recount()
        await desk.hides("to answer", "lead asked")
        other.by("LAS", "tactical_commander").did(OfferLead("SCAS", "after all"))
        desk.session.touch()
        await counted(desk, "1 to answer")
        await desk.shows("Asked about the lead of another incident")
        assert len(desk.app.kept) == 2
        other.did(Close())
        desk.session.touch()
        desk.room.recount()
        await desk.hides("to answer")

    told(story, (120, 40), session=seat(other))


def test_nothing_of_the_play_waits_for_exercise_control_and_a_list_of_an_older_server_asks_nothing() -> None:
    session = seat(flood())
    look = session.look()
    assert [one.asked for one in elsewhere.elsewhere(session.incidents, look)] == [("join", "lead")]
    control = seat(flood(), Actor("Control", "SCAS", "excon"))
    assert elsewhere.elsewhere(control.incidents, control.look()) == ()
    for odd in (
        {},
        {"asked": None},
        {"asked": {"SCAS": None}},
        {"asked": {"SCAS": ["dance"]}},
        {"asked": "SCAS"},
    ):
        rows = [type(row)(row.stream, row.seq, odd) for row in session.incidents]
        assert elsewhere.elsewhere(rows, look) == ()


def test_line_two_and_the_foot_count_what_is_to_answer_alike_before_one_has_joined() -> None:
    """Two are invited by one act: what the other is asked is nothing to us."""

    async def story(desk: Desk) -> None:
        await counted(desk, "✉ 3 to answer")
        for words in ("y agrees", "A accepts the lead", "J joins"):
            await desk.press(".")
            await desk.shows("✉ 3 to answer", f"3 to answer: {words}")

    given = opened("LFB")
    given.did(Propose("rvp", Shape(Location("Colnbrook west", "TQ 0227 7759"))))
    given.by("LAS", "tactical_commander").did(TellAndOffer(("SCAS", "SECAMB"), "SCAS", "their area"))
    told(story, session=FakeSession(me=SCAS, more={INCIDENT_STREAM: given}))
