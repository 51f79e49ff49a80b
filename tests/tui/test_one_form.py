"""The one form that a place puts up: whom to tell, who is to lead, with the brief; nothing is sent unread.

It comes up when nobody types. A test that is about what it holds is told that nobody does.
"""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from msgspec.structs import replace
from textual.widgets import TextArea

from incident.kernel.replica import LinkWord
from incident.kernel.slice import Actor
from incident.organisation.facts import AcceptLead, GiveLocation, OfferLead, TellAndOffer
from incident.placing import Near, Placing
from incident_tui.link import LinkState
from incident_tui.screens.room import proposing
from tests.incident.given import INCIDENT_STREAM, opened
from tests.tui.desk import Desk, told
from tests.tui.world import FakeSession, text_of

FORM = "Tell the neighbours, offer the lead"
WAITS = "The form of whom to tell waits until nobody types. :tell opens it now."
EVER = 1e9
"""Seconds: longer than any test."""
ESSEX = Placing("inside", "", "EEAST", (Near("LAS", 400), Near("SECAMB", 900)), 100, indicative=True)


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody has typed for long enough, and the form has been there for long enough."""
    monkeypatch.setattr(proposing, "QUIET_SECONDS", 0.0)
    monkeypatch.setattr(proposing, "MOMENT_SECONDS", 0.0)


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


def test_the_sign_of_a_brief_that_goes_on_says_so_until_its_last_line_is_in_sight() -> None:
    async def story(desk: Desk) -> None:
        await _give_location(desk)
        await desk.shows("Tell the neighbours, offer the lead", "▾ IIMARCH brief goes on: ")
        await desk.press(
            "tab", "tab", "tab"
        )  # to the brief, the last field: it is a page, and there are more
        lines = await desk.shows("▴ 3 above   ▾ IIMARCH brief goes on: ", "INFORMATION")
        assert not any("end of the form" in line for line in lines)
        brief = desk.app.focused
        assert isinstance(brief, TextArea)
        brief.move_cursor(brief.document.end)
        await desk.shows("▴ 3 above   the end of the form", brief.text.rstrip().splitlines()[-1][:20])

    told(story, (80, 24), session=leading())


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


def test_the_word_offers_the_lead_alone_and_says_why_it_cannot_instead_of_a_form_that_is_refused() -> None:
    async def story(desk: Desk) -> None:
        await _give_location(desk)
        await desk.shows(FORM)
        await desk.press("ctrl+s")
        await desk.hides(FORM)
        await desk.press(":")
        await desk.type("tell to=EEAST")
        await desk.press("enter")
        await desk.shows(FORM)
        await desk.press("ctrl+s")
        assert isinstance(desk.last, TellAndOffer)
        assert (desk.last.agencies, desk.last.to) == ((), "EEAST")
        await desk.press(":")
        await desk.type("tell")
        await desk.press("enter")
        await desk.shows("the lead is offered to EEAST: w on Parties takes that back.")
        await desk.hides(FORM)

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


def test_while_somebody_types_it_waits_says_so_and_its_word_opens_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proposing, "QUIET_SECONDS", EVER)

    async def story(desk: Desk) -> None:
        await _give_location(desk)
        await desk.shows(WAITS)
        await desk.press("l")
        await desk.type("first crew is there")
        await desk.press("enter")
        assert desk.last.text == "first crew is there", "what is typed next goes where it was meant"
        assert desk.room.form is None
        await desk.press("escape")
        await desk.shows(WAITS)
        await desk.press(*":tell", "enter")
        await desk.shows(FORM)
        await desk.hides(WAITS)
        await desk.press("escape")
        await desk.hides(FORM, WAITS)

    told(story, (80, 24), session=leading())


@pytest.mark.parametrize("begin", [":", "/", "l", "d", "t", "ctrl+p", ";"])
def test_it_does_not_come_over_what_is_open(begin: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proposing, "QUIET_SECONDS", EVER)

    async def story(desk: Desk) -> None:
        await _give_location(desk)
        await desk.press("2", begin)
        monkeypatch.setattr(proposing, "QUIET_SECONDS", 0.0)
        for _ in range(5):
            desk.session.touch()
            desk.room.pump()
            assert desk.room.form is None or desk.room.form.title != FORM
        await desk.press("escape")
        await desk.shows(FORM)

    told(story, session=leading())


def test_a_key_in_the_moment_of_its_coming_is_no_answer_and_goes_where_it_was_meant(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(proposing, "MOMENT_SECONDS", EVER)

    async def story(desk: Desk) -> None:
        await desk.press("2")
        await _give_location(desk)
        for key in ("enter", "ctrl+s", "x", "escape"):
            await desk.shows(FORM)
            monkeypatch.setattr(proposing, "QUIET_SECONDS", EVER)
            await desk.press(key)
            assert isinstance(desk.last, GiveLocation), key
            await desk.hides(FORM)
            await desk.shows(WAITS)
            await desk.press("escape")
            monkeypatch.setattr(proposing, "QUIET_SECONDS", 0.0)
        await desk.shows(FORM)
        monkeypatch.setattr(proposing, "QUIET_SECONDS", EVER)
        desk.all_at_once("l", *"crew")
        await desk.done()
        await desk.shows("crew")
        assert desk.room.form is None
        await desk.press("escape")
        monkeypatch.setattr(proposing, "QUIET_SECONDS", 0.0)
        await desk.shows(FORM)
        monkeypatch.setattr(proposing, "MOMENT_SECONDS", 0.0)
        await desk.press("escape")
        await desk.hides(FORM, WAITS)
        assert isinstance(desk.last, GiveLocation), "Escape puts it away for good"

    told(story, session=leading())


def test_a_click_in_the_moment_of_its_coming_is_no_answer_either(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proposing, "MOMENT_SECONDS", EVER)

    async def story(desk: Desk) -> None:
        await desk.press("2")
        await _give_location(desk)
        await desk.shows(FORM)
        monkeypatch.setattr(proposing, "QUIET_SECONDS", EVER)
        await desk.pilot.click(offset=(30, 12))
        await desk.hides(FORM)
        await desk.shows(WAITS)
        assert isinstance(desk.last, GiveLocation)

    told(story, session=leading())


def test_while_the_mouse_holds_something_it_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proposing, "QUIET_SECONDS", EVER)

    async def story(desk: Desk) -> None:
        await _give_location(desk)
        await desk.shows(WAITS)
        await desk.pilot.mouse_down(offset=(30, 12))
        monkeypatch.setattr(proposing, "QUIET_SECONDS", 0.0)
        for _ in range(5):
            desk.session.touch()
            desk.room.pump()
            assert desk.room.form is None
        await desk.pilot.mouse_up(offset=(30, 12))
        await desk.shows(FORM)

    told(story, session=leading())


def test_without_a_line_it_waits_for_the_line() -> None:
    session = leading()

    async def story(desk: Desk) -> None:
        live = session.state
        session.state = LinkState(LinkWord.LAGGING, since_ms=session.at)
        await _give_location(desk)
        await desk.done()
        assert desk.room.form is None
        session.state = live
        session.touch()
        await desk.shows(FORM)

    told(story, session=session)


@pytest.mark.parametrize("turns", range(6))
def test_what_is_typed_as_it_is_being_laid_out_is_not_lost(
    turns: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The form may be half there when it steps back: it takes no focus after that."""
    monkeypatch.setattr(proposing, "MOMENT_SECONDS", EVER)
    monkeypatch.setattr(proposing, "QUIET_SECONDS", EVER)

    async def story(desk: Desk) -> None:
        await desk.press("2")
        await _give_location(desk)
        monkeypatch.setattr(proposing, "QUIET_SECONDS", 0.0)
        desk.room.proposing.stroke()
        monkeypatch.setattr(proposing, "QUIET_SECONDS", EVER)
        assert desk.room.form is not None
        for _ in range(turns):
            await asyncio.sleep(0)
        desk.all_at_once(":", *"go tasks", "enter")
        await desk.done()
        assert desk.room.form is None
        assert desk.room.front.place == "tasks"

    told(story, session=leading())


def test_the_key_after_that_is_an_answer() -> None:
    async def story(desk: Desk) -> None:
        await _give_location(desk)
        await desk.shows(FORM)
        await desk.press("enter")
        assert isinstance(desk.last, TellAndOffer)

    told(story, session=leading())


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
def test_who_is_told_stands_in_it_by_code_where_the_names_are_too_long_and_a_tick_stays_under_the_cursor(
    size: tuple[int, int],
) -> None:
    async def story(desk: Desk) -> None:
        await _give_location(desk)
        await desk.shows(FORM)
        await desk.press(*("down", "space") * 4)
        assert desk.room.form is not None
        codes = desk.room.form.answers()["agencies"].split(",")
        assert len(codes) == 5
        lines = await desk.shows(*codes, "67 of 67")
        assert any("▸✓" in line for line in lines), "where the cursor stands, and that it is chosen"
        await desk.press("space")
        await desk.shows("▸  ")
        await desk.press("space", "tab")
        await desk.shows("▾ 67")
        await desk.shows(*codes)

    told(story, size, session=leading())


async def _brief(desk: Desk) -> TextArea:
    """The brief of the form that is open, once it has found its height."""
    assert desk.room.form is not None
    (area,) = desk.room.form.query(TextArea)
    before = -1
    while area.size.height != before:
        before = area.size.height
        await desk.pilot.pause(0.3)
    return area


def test_the_brief_has_the_room_there_is() -> None:
    async def story(desk: Desk) -> None:
        await desk.press(*":accept-lead", "enter")
        area = await _brief(desk)
        assert area.wrapped_document.height == 37, "or it would not be about this"
        await desk.shows("line 1 of it", "line 37 of it")
        await desk.hides("of them shown")

    given = opened("SECAMB").by("LAS", "tactical_commander")
    lines = "\n".join(f"line {number} of it" for number in range(1, 38))
    given.did(TellAndOffer(("SCAS",), "SCAS", "their area", lines))
    seat = Actor("EOC desk 2", "SCAS", "tactical_commander")
    told(story, (120, 60), session=FakeSession(me=seat, more={INCIDENT_STREAM: given}))


def test_a_brief_that_is_longer_than_the_screen_fills_it_and_says_how_much_of_it_is_shown() -> None:
    async def story(desk: Desk) -> None:
        await _give_location(desk)
        await desk.shows(FORM)
        area = await _brief(desk)
        assert area.size.height > 30, "of 60 rows"
        await desk.shows(f"{area.wrapped_document.height} lines, {area.size.height} of them shown")

    told(story, (120, 60), session=leading())


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
def test_in_the_ascii_look_how_sure_a_place_is_reads_more_or_less_in_the_notice_and_in_the_form(
    size: tuple[int, int],
) -> None:
    async def story(desk: Desk) -> None:
        await _give_location(desk)
        await desk.shows(FORM)
        desk.session.say("caution", "Inside EEAST, SECAMB 0.9 km (INDICATIVE, ±0.1 km). Tell: EEAST.")
        await desk.shows("Tell: EEAST")
        painted = text_of(desk.app)
        whole = [line for line in painted if "0.1 km" in line]
        assert len(whole) >= 2, "the notice, and the reason in the form"
        assert not any("+0.1" in line or "±" in line for line in painted)
        assert sum("+/-0.1 km" in line for line in whole) >= 2

    told(story, size, session=leading(), ascii="always")
