"""The lead is handed over with a brief, and one form tells the neighbours and offers it."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from incident.boundaries.facts import Agree, Propose, Shape
from incident.kernel.board import Look
from incident.kernel.slice import Actor, Refusal
from incident.organisation import parties
from incident.organisation.facts import (
    BRIEF_MAX,
    AcceptLead,
    Close,
    GiveLocation,
    Invite,
    Join,
    OfferLead,
    Open,
    Organisation,
    TellAndOffer,
)
from incident.organisation.fold import subject
from incident.organisation.lead import asks
from incident.placing import Near, Placing
from incident.reports import PARTIES
from incident.reports.parties import brief
from incident.state import INCIDENT
from incident.values import Location
from incident_tui.grammar import Act, build, parse
from tests.incident.given import Given, charter

HERE = Location("Poyle", "TQ 0330 7650", 51.478, -0.513)
WITH_AREAS = msgspec.structs.replace(charter(), areas_digest="areas-1")
NEAR = (Near("LAS", 600), Near("SECAMB", 2_800), Near("EEAST", 18_000))
BORDER = Placing("border", "areas-1", "SCAS", NEAR, 1_000, indicative=True)
INSIDE = Placing("inside", "areas-1", "SCAS", (Near("LAS", 1_600), *NEAR[1:]), 1_000, indicative=True)


def poyle(placing: Placing | None = BORDER) -> Given:
    """LAS opens an incident at Poyle, where three trusts meet."""
    return (
        Given(INCIDENT, charter_=WITH_AREAS).by("LAS").did(Open("Coach", "exercise", HERE, placing=placing))
    )


def org(given: Given) -> Organisation:
    state: Organisation = given.view.organisation
    return state


def look(given: Given, agency: str = "LAS") -> Look:
    return Look(
        given.view, Actor("Sam", agency, "operator"), given.now, given.stream, charter=given.charter,
        clock=lambda at: f"{at // 60_000 % 1440 // 60:02}:{at // 60_000 % 60:02}",
    )  # fmt: skip


def verb(name: str) -> Any:
    return next(one for one in PARTIES.verbs if one.name == name)


def filled(name: str, given: Given, agency: str = "LAS") -> dict[str, Any]:
    """What stands in a form before anybody has typed anything."""
    seen = look(given, agency)
    return {arg.name: arg.default(seen, None) for arg in verb(name).args if arg.default is not None}


def test_one_form_proposes_whom_to_tell_and_who_leads_and_enter_does_both() -> None:
    given = poyle(INSIDE)
    tell, seen = verb("tell"), look(poyle(INSIDE))
    assert tell.applies(None, seen)
    assert tell.read_first
    values = filled("tell", given)
    assert (values["agencies"].split(","), values["to"]) == (["SCAS", "SECAMB"], "SCAS")
    assert "INDICATIVE" in values["reason"]
    assert values["brief"].startswith("INFORMATION\nCoach")
    given.did(tell.build(None, values, look(given)))
    assert set(parties(given.view)) == {"LAS", "SCAS", "SECAMB"}
    assert (org(given).lead, org(given).lead_offers[0].to) == ("LAS", "SCAS"), (
        "until accepted the old lead stays"
    )
    assert [record.type for record in given.records[-2:]] == [
        "organisation.agencies_invited",
        "organisation.lead_offered",
    ]
    assert not tell.applies(None, look(given)), "there is nothing more to propose"
    given.check()


def test_on_a_border_the_form_tells_the_neighbours_and_names_nobody_for_the_lead() -> None:
    """The drawn lines are no answer there: the trusts whose area it may be are the first to choose from."""
    given = poyle()
    values = filled("tell", given)
    assert (values["agencies"].split(","), values["to"]) == (["SCAS", "SECAMB"], "")
    assert values["reason"].endswith("To be agreed between control rooms.")
    (to,) = (arg for arg in verb("tell").args if arg.name == "to")
    assert to.choices is not None
    assert to.choices(look(given), None)[0][0] == "SCAS"
    given.did(verb("tell").build(None, values, look(given)))
    assert org(given).lead_offers == ()
    assert verb("tell").build(None, values | {"to": "SCAS"}, look(given)).to == "SCAS"


def test_once_the_neighbours_are_invited_the_form_still_offers_the_lead_on_a_border_and_else_says_why_not() -> (
    None
):
    given, tell = poyle(), verb("tell")
    given.did(tell.build(None, filled("tell", given), look(given)))
    assert tell.applies(None, look(given)), "both are invited, and the lead is still to be agreed"
    assert not asks(look(given)), "but it does not come up by itself"
    values = filled("tell", given) | {"to": "SCAS"}
    assert values["agencies"] == ""
    act = Act("parties", "tell", None, values)
    made = build(act, look(given), (PARTIES,))
    assert not isinstance(made, Refusal), made
    given.did(made[0])
    assert org(given).lead_offers[0].to == "SCAS"
    said = build(act, look(given), (PARTIES,))
    assert isinstance(said, Refusal)
    assert said.sentence == (
        "Everybody whom the place concerns is invited, and the lead is offered to SCAS: w on Parties takes that back."
    )
    said = build(act, look(given, "SECAMB"), (PARTIES,))
    assert isinstance(said, Refusal)
    assert said.sentence.endswith("and LAS has the lead: o on Parties, on our own row, claims it.")
    alone = build(act, look(poyle(None)), (PARTIES,))
    assert isinstance(alone, Refusal)
    assert alone.sentence.startswith("The place concerns no other trust. To offer the lead: o on Parties")
    nowhere = build(act, look(Given(INCIDENT)), (PARTIES,))
    assert isinstance(nowhere, Refusal)
    assert nowhere.sentence == "No incident is open here: first one is entered (0) or opened."


def test_the_invitation_and_the_offer_have_each_a_receipt_of_their_own() -> None:
    given = poyle().did(TellAndOffer(("SCAS", "SECAMB"), "SCAS", "their area"))
    offer, invitation = org(given).lead_offers[0].id, org(given).parties["SCAS"].invitation
    assert offer != invitation
    assert set(given.model.addressed(given.view, "SCAS")) == {subject(offer), subject(invitation)}
    assert given.model.addressed(given.view, "SECAMB") == (subject(invitation),)


def test_the_receiver_reads_the_brief_and_the_acceptance_is_recorded_with_it() -> None:
    given = poyle().did(TellAndOffer(("SCAS",), "SCAS", "their area", "INFORMATION\nfuel on the road"))
    offer = org(given).lead_offers[0]
    seen = look(given, "SCAS")
    details = [cell.text for _, cell in PARTIES.detail(PARTIES.rows(seen)["SCAS"], seen)]
    assert "fuel on the road" in details
    values = filled("accept-lead", given, "SCAS")
    assert values == {"offer": offer.id, "brief": "INFORMATION\nfuel on the road"}
    given.by("SCAS").did(verb("accept-lead").build(None, values | {"brief": "changed by me"}, seen))
    assert org(given).lead == "SCAS"
    assert org(given).lead_brief == "INFORMATION\nfuel on the road", (
        "as it was given, whatever was typed over it"
    )
    assert given.line().text == "accepts the lead from LAS with a written brief"
    after = look(given, "LAS")
    assert "fuel on the road" in [cell.text for _, cell in PARTIES.detail(PARTIES.rows(after)["SCAS"], after)]
    given.check()


def test_a_brief_that_is_older_than_what_was_agreed_since_says_so_to_who_is_to_accept_it() -> None:
    given = poyle().did(TellAndOffer(("SCAS", "SECAMB"), "SCAS", "their area", "INFORMATION\nno RVP yet"))
    given.later(2).by("SCAS").did(Join("SCAS duty manager"))
    assert filled("accept-lead", given, "SCAS")["brief"] == "INFORMATION\nno RVP yet", (
        "our own joining is no news"
    )
    given.by("LAS").did(Propose("rvp", Shape(Location("Colnbrook", "TQ 0240 7770"))))
    rvp = given.last
    read = filled("accept-lead", given, "SCAS")["brief"].split("\n")
    assert read[1:] == ["INFORMATION", "no RVP yet"]
    assert read[0] == "WRITTEN 14:00; SINCE THEN 1 thing has changed: RVP A."
    given.later(1).by("SCAS").did(Agree(rvp)).by("SECAMB").did(Join("SECAMB duty manager"))
    given.by("LAS").did(GiveLocation(Location("Poyle, A3044", "TQ 0331 7651")))
    read = filled("accept-lead", given, "SCAS")["brief"].split("\n")
    assert read[0] == (
        "WRITTEN 14:00; SINCE THEN 3 things have changed: the location, RVP A, how SECAMB stands."
    )
    given.by("SCAS").did(
        verb("accept-lead").build(None, filled("accept-lead", given, "SCAS"), look(given, "SCAS"))
    )
    assert org(given).lead_brief == "INFORMATION\nno RVP yet", "what is recorded is what was given"


def test_a_brief_of_the_greatest_length_can_be_accepted_when_it_is_old() -> None:
    given = poyle().did(TellAndOffer(("SCAS",), "SCAS", "their area", "x" * BRIEF_MAX))
    given.later(2).did(Propose("rvp", Shape(Location("Colnbrook", "TQ 0240 7770"))))
    assert len(filled("accept-lead", given, "SCAS")["brief"]) == BRIEF_MAX


def detail_of(given: Given, agency: str) -> list[str]:
    seen = look(given, agency)
    return [cell.text for _, cell in PARTIES.detail(PARTIES.rows(seen)[agency], seen)]


def test_the_detail_says_what_is_still_to_be_done_about_the_lead_and_not_what_is_done() -> None:
    to_do = "its area: offer or agree the lead with SCAS"
    given = poyle(INSIDE)
    assert to_do in detail_of(given, "LAS")
    given.did(TellAndOffer(("SCAS", "SECAMB"), "SCAS", "their area")).later(3)
    assert to_do not in detail_of(given, "LAS"), "it is offered, and that stands there"
    given.by("SCAS").did(AcceptLead(org(given).lead_offers[0].id))
    assert to_do not in detail_of(given, "SCAS")
    given.by("SCAS").did(OfferLead("SECAMB", "nearer")).later(2)
    given.by("SECAMB").did(AcceptLead(org(given).lead_offers[0].id))
    assert to_do not in detail_of(given, "SCAS"), "it was agreed"
    assert "SCAS's area; the lead went to SECAMB by agreement at 14:05" in detail_of(given, "SCAS")
    closed = poyle(INSIDE).did(Close())
    assert not any("lead with" in line or "EEAST" in line for line in detail_of(closed, "LAS")), "it is over"
    assert "to be told" not in [
        title for title, _ in PARTIES.detail(PARTIES.rows(look(closed))["LAS"], look(closed))
    ]


def test_to_a_claim_who_has_the_lead_gives_the_brief() -> None:
    given = poyle(INSIDE).did(Invite(("SCAS",))).by("SCAS")
    assert filled("tell", given, "SCAS")["to"] == "SCAS", "we claim what lies in our area"
    claim = verb("tell").build(None, filled("tell", given, "SCAS"), look(given, "SCAS"))
    assert (claim.to, claim.brief) == ("SCAS", ""), "who has not had the lead has no brief to give"
    given.did(claim)
    values = filled("accept-lead", given, "LAS")
    assert values["brief"].startswith("INFORMATION")
    given.by("LAS").did(verb("accept-lead").build(None, values, look(given)))
    assert org(given).lead_brief == values["brief"].strip()
    assert given.line().text == "gives the lead to SCAS with a written brief"


def test_without_a_written_brief_the_log_does_not_say_there_was_one() -> None:
    given = poyle().did(Invite(("SCAS",))).did(OfferLead("SCAS", "their area")).by("SCAS")
    assert filled("accept-lead", given, "SCAS")["brief"] == "No written brief came with it."
    given.did(AcceptLead(org(given).lead_offers[0].id))
    assert given.line().text == "accepts the lead from LAS"
    assert org(given).lead_brief == ""


def test_both_or_neither() -> None:
    given = poyle()
    given.when(TellAndOffer(("SCAS",), "SCAS", "")).refused("reason_needed")
    said = given.when(TellAndOffer(("SCAS",), "EEAST", "x")).refused("not_party").sentence
    assert said.endswith("Nobody was told either: leave the lead blank to tell them.")
    given.when(TellAndOffer(("ZZTOP",), "", "")).refused("unknown_agency")
    given.when(TellAndOffer()).nothing()
    given.did(TellAndOffer(("SCAS",)))
    assert org(given).lead_offers == ()
    mark = given.mark()
    given.did(TellAndOffer((), "SCAS", "their area"))
    given.having_seen(mark).when(TellAndOffer(("EEAST",), "SCAS", "x")).refused(
        "offer_pending", conflict=True
    )
    given.by("SECAMB").when(TellAndOffer(("EEAST",))).refused("not_party")
    name = INCIDENT.name_of(TellAndOffer())
    assert str(INCIDENT.spec_of(name).offline) == "refused"


def test_whom_nobody_else_concerns_is_asked_nothing() -> None:
    inside = Placing("inside", "areas-1", "LAS", (Near("SCAS", 9_000),), 1_000)
    given = poyle(inside)
    assert not verb("tell").applies(None, look(given))
    assert filled("tell", given)["to"] == ""
    assert not verb("tell").applies(None, look(poyle(None)))


def test_it_is_typed_too_and_an_empty_form_names_what_is_missing() -> None:
    given = poyle(INSIDE)
    seen = look(given)
    act = parse("tell SECAMB EEAST", seen, INCIDENT.boards)
    assert not isinstance(act, Refusal)
    command, _ = build(act, seen, INCIDENT.boards)  # type: ignore[misc]
    assert set(command.agencies) == {"SECAMB", "EEAST", "SCAS"}, "who is to lead takes part first"
    with pytest.raises(ValueError, match="Name at least one trust"):
        verb("tell").build(None, {}, seen)


def test_a_brief_is_drafted_from_the_picture_and_is_never_too_long_to_send() -> None:
    given = poyle()
    text = brief(look(given))
    for heading in ("INFORMATION", "METHOD", "ADMINISTRATION", "RISK ASSESSMENT", "COMMUNICATIONS"):
        assert heading in text.split("\n")
    assert "Strategic aim:" not in text, "what nobody has answered is not sent"
    given.did(TellAndOffer(("SCAS",), "SCAS", "x", text))
    assert org(given).lead_offers[0].brief == text.strip()
