"""The one form that a place puts up: whom to tell, who is to lead, with the brief; nothing is sent unread."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from incident.kernel.replica import LinkWord
from incident.kernel.slice import Actor
from incident.organisation.facts import AcceptLead, GiveLocation, OfferLead, TellAndOffer
from incident.placing import Near, Placing
from incident_tui.link import LinkState
from tests.tui.desk import Desk, told
from tests.tui.world import FakeSession

ESSEX = Placing("inside", "", "EEAST", (Near("LAS", 400), Near("SECAMB", 900)), 100, indicative=True)


class Placed(FakeSession):
    """A desk at which a location is completed, as the real one does it: this one lies at Dartford."""

    placing = ESSEX

    def submit(self, command: Any, **envelope: Any) -> Any:
        if isinstance(command, GiveLocation):
            command = replace(command, placing=self.placing)
        return super().submit(command, **envelope)


def leading() -> Placed:
    """A desk of LAS, which leads."""
    session = Placed(me=Actor("EOC desk 2", "LAS", "tactical_commander"))
    session.happens("SCAS", OfferLead("LAS", "the scene is yours"), "tactical_commander")
    (offer,) = session.look().state.organisation.lead_offers
    session.happens("LAS", AcceptLead(offer.id), "tactical_commander")
    return session


async def _give_location(desk: Desk) -> None:
    await desk.press(":")
    await desk.type("location Dartford crossing 51.466,0.259")
    await desk.press("enter")


def test_a_place_that_concerns_others_puts_up_the_form_and_enter_does_both() -> None:
    async def story(desk: Desk) -> None:
        await _give_location(desk)
        await desk.shows("Tell the neighbours, offer the lead", "INFORMATION")
        assert isinstance(desk.last, GiveLocation), "a proposal is no act"
        await desk.press("ctrl+s")
        made = desk.last
        assert isinstance(made, TellAndOffer)
        assert ("EEAST" in made.agencies, made.to) == (True, "EEAST")
        assert "inside EEAST" in made.reason or "Inside EEAST" in made.reason
        assert made.brief.startswith("INFORMATION")
        state = desk.session.look().state.organisation
        assert state.lead == "LAS", "until it is accepted"
        assert state.lead_offers[0].to == "EEAST"
        assert desk.room.form is None
        await desk.shows("sent: invites", "; offers the lead to EEAST")

    told(story, session=leading())


def test_on_a_border_the_form_names_nobody_for_the_lead() -> None:
    async def story(desk: Desk) -> None:
        await _give_location(desk)
        await desk.shows("Tell the neighbours, offer the lead")
        await desk.press("ctrl+s")
        made = desk.last
        assert isinstance(made, TellAndOffer)
        assert ("EEAST" in made.agencies, made.to, made.reason) == (True, "", "")
        assert desk.session.look().state.organisation.lead_offers == ()

    session = leading()
    session.placing = replace(ESSEX, state="border", accuracy_m=3_000)
    told(story, session=session)


def test_escape_sends_nothing_and_the_word_brings_it_back_with_what_was_written() -> None:
    async def story(desk: Desk) -> None:
        await _give_location(desk)
        await desk.shows("Tell the neighbours, offer the lead")
        await desk.press("escape")
        await desk.hides("Tell the neighbours, offer the lead")
        assert isinstance(desk.last, GiveLocation)
        await desk.press(":")
        await desk.type("tell")
        await desk.press("enter")
        await desk.shows("Tell the neighbours, offer the lead")
        assert isinstance(desk.last, GiveLocation), "a word does not send it unread, either"

    told(story, (80, 24), session=leading())


def test_who_is_cut_off_is_not_asked_for_what_only_the_server_can_do() -> None:
    session = leading()
    session.state = LinkState(LinkWord.ISLAND, since_ms=session.at)

    async def story(desk: Desk) -> None:
        await _give_location(desk)
        await desk.shows("Dartford crossing")
        assert desk.room.form is None

    told(story, session=session)


def test_a_place_that_concerns_nobody_puts_up_nothing() -> None:
    async def story(desk: Desk) -> None:
        await _give_location(desk)
        await desk.shows("Dartford crossing")
        assert desk.room.form is None

    told(story, session=FakeSession(me=Actor("EOC desk 2", "LAS", "tactical_commander")))
