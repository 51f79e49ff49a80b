"""Choosing from a list, and a form that says what is wrong where it is wrong and shows what was written."""

from __future__ import annotations

from incident.boundaries import facts as b
from incident.kernel.slice import Actor
from incident.organisation.facts import AcceptLead, OfferLead
from incident_tui.widgets.choice import Choice
from incident_tui.widgets.form import Form
from tests.tui.desk import Desk, told
from tests.tui.world import FakeSession


def answer(desk: Desk, name: str) -> str:
    return desk.room.query_one(Form).answers()[name]


def test_moving_in_a_list_chooses_nothing_and_tab_takes_what_one_stands_on() -> None:
    async def story(desk: Desk) -> None:
        await desk.press("3", "p")
        await desk.shows("Propose")
        field = desk.room.query_one("#answer-scheme", Choice)
        desk.room.set_focus(field)
        await desk.press("down")
        assert answer(desk, "scheme") == ""
        await desk.press("tab")
        assert answer(desk, "scheme") == "fire"
        desk.room.set_focus(field)
        await desk.press("tab")
        assert answer(desk, "scheme") == "fire"

    told(story)


def test_passing_a_list_by_chooses_nothing() -> None:
    async def story(desk: Desk) -> None:
        await desk.press("3", "p")
        await desk.shows("Propose")
        desk.room.set_focus(desk.room.query_one("#answer-scheme", Choice))
        await desk.press("tab")
        assert answer(desk, "scheme") == ""

    told(story)


def test_enter_takes_what_was_typed_or_moved_to_and_sends_a_short_form() -> None:
    async def story(desk: Desk) -> None:
        await desk.press("3", "p", "r", "tab")
        await desk.type("TQ 0370 8110")
        desk.room.set_focus(desk.room.query_one("#answer-kind", Choice))
        await desk.press("down", "enter")
        assert isinstance(desk.last, b.Propose)
        assert desk.last.kind != "rvp"

    told(story)


def test_letters_that_fit_nothing_choose_nothing_and_do_not_lead_on() -> None:
    async def story(desk: Desk) -> None:
        await desk.press("4", "t", "s", "c", "tab", "shift+tab", *"ander", "tab")
        await desk.shows("none is called so")
        assert answer(desk, "agency") == "SCAS"
        assert isinstance(desk.app.focused, Choice)

    told(story)


def test_in_a_long_form_enter_on_a_list_takes_it_and_goes_on() -> None:
    async def story(desk: Desk) -> None:
        await desk.press("m")
        await desk.shows("METHANE")
        field = desk.room.query_one("#answer-type", Choice)
        field.put("")
        desk.room.set_focus(field)
        await desk.press("down")
        before = len(desk.session.submitted)
        await desk.press("enter")
        assert field.value
        assert len(desk.session.submitted) == before
        assert desk.app.focused is not field
        await desk.hides("is needed")

    told(story)


def test_a_refusal_stands_under_the_field_it_names_and_the_keys_go_there() -> None:
    async def story(desk: Desk) -> None:
        await desk.press("3", "p", "r", "tab")
        await desk.type("TQ 0370 8110")
        desk.room.query_one("#answer-scheme", Choice).put("fire")
        await desk.press("enter")
        lines = await desk.shows("▲ Only zones have a scheme")
        told_at = next(n for n, line in enumerate(lines) if "Only zones" in line)
        assert any("fire and rescue" in line for line in lines[told_at - 8 : told_at])
        assert desk.app.focused is desk.room.query_one("#answer-scheme", Choice)
        assert not any(isinstance(command, b.Propose) for _, command, _ in desk.session.submitted[:-1])

    told(story)


def test_what_does_not_fit_into_its_field_is_read_in_full_under_it() -> None:
    long = "the front of it stays to be read " + "and so does what stands between " * 3 + "to the very end"

    async def story(desk: Desk) -> None:
        await desk.press("4", "t", "s", "c", "tab")
        await desk.type(long)
        await desk.shows("▏ the front of it", "to the very end")

    told(story)


def test_a_command_typed_into_a_field_is_told_how_to_get_out() -> None:
    async def story(desk: Desk) -> None:
        await desk.press("4", "t", "s", "c", "tab")
        await desk.type(":s A103 scn")
        await desk.shows("This is a field of the form.")
        await desk.press("escape", ":")
        await desk.shows("find hart")

    told(story)


def test_a_command_typed_into_a_contact_is_not_taken_for_the_contact() -> None:
    async def story(desk: Desk) -> None:
        desk.room.go("parties")
        await desk.press("c")
        await desk.type(":tell SECAMB")
        await desk.press("enter")
        await desk.shows("This is a field of the form.", "Nothing was sent.")
        assert desk.session.submitted == []
        await desk.press("ctrl+u")
        await desk.type("EOC manager: 020 7946 0101")
        await desk.press("enter")
        assert desk.last.spoc == "EOC manager: 020 7946 0101"

    told(story)


def test_a_key_that_means_something_elsewhere_says_where_and_one_that_is_too_late_says_why() -> None:
    async def story(desk: Desk) -> None:
        await desk.press("4", "J")
        await desk.shows('J does nothing here; on Parties it is "Join, and name whom to ring" (:join).')
        desk.room.go("parties")
        await desk.press("J")
        await desk.shows("We have joined already: c on Parties, or contact, changes whom to ring.")
        await desk.press(":")
        await desk.type("join Sam")
        await desk.press("enter")
        await desk.shows("We have joined already: c on Parties, or contact, changes whom to ring.")
        assert desk.session.submitted == []

    told(story)


def test_a_key_that_is_no_answer_says_what_the_answers_are() -> None:
    async def story(desk: Desk) -> None:
        await desk.press("d", "z")
        await desk.shows("z is none of these")
        await desk.press("d", "d")
        await desk.shows("d is no answer to this.", "y does it")
        assert desk.session.submitted == []
        await desk.press("n")
        await desk.shows("Not done.")

    told(story)


def test_while_one_writes_in_the_log_the_last_line_names_no_keys_that_would_be_letters() -> None:
    async def story(desk: Desk) -> None:
        await desk.shows("d declare")
        await desk.press("l")
        await desk.hides("d declare")
        await desk.shows("esc back to the keys")
        await desk.type("one line")
        await desk.press("enter")
        await desk.shows("sent: one line")
        await desk.press("escape")
        await desk.shows("d declare")

    told(story)


def test_what_a_rule_stands_against_is_refused_before_the_second_key_is_asked() -> None:
    async def story(desk: Desk) -> None:
        await desk.press(":")
        await desk.type("close")
        await desk.press("enter")
        lines = await desk.shows("Only SCAS, which has the lead, closes the incident.")
        assert not any("yes, close" in line for line in lines)
        desk.session.happens("SCAS", OfferLead("LAS", "the scene is yours"), "tactical_commander")
        (offer,) = desk.session.look().state.organisation.lead_offers
        desk.session.happens("LAS", AcceptLead(offer.id), "tactical_commander")
        desk.session.touch()
        await desk.press("escape", "escape", ":")
        await desk.type("close")
        await desk.press("enter")
        await desk.shows("Still at work on it: LAS")
        assert not desk.session.submitted

    told(story, session=FakeSession(me=Actor("EOC desk 2", "LAS", "tactical_commander")))
