"""After the exercise has ended: virtual agencies pack up, so that its lead can close the incident."""

from __future__ import annotations

import pytest

from incident.exercises import facts as x
from incident.mutual_aid import commands as a
from incident.mutual_aid import facts as af
from incident.organisation import facts as o
from incident.organisation import over
from incident.resources import facts as r
from tests.incident.given import Given
from tests.incident.papers import Exercise


def ended(*, lead: str = "LAS") -> Exercise:
    """Play has ended; SECAMB, which is virtual, is at work on it with a unit of its own and one that it lent."""
    play = Exercise().start().later(6).tick()
    scene = play.scene
    assert scene.view.organisation.parties["SECAMB"].declared == "standby"
    ours = r.Commitment("SECAMB/S1", "DCA", "MOB")
    scene.by("SECAMB").did(r.Commit((ours,)))
    scene.by("LAS").did(a.Raise(lender="SECAMB", terms=af.Terms(lines=(af.Line("DCA", 1),)), approve=True))
    request = next(iter(scene.view.mutual_aid.rows))
    scene.by("SECAMB").did(a.Reply(request, (a.LineReply(0, 1),)))
    scene.did(a.NameUnits(request, (a.Sent("SECAMB/S2", "DCA", 0, 18, 22, "AVB"),)))
    for step in (a.Mobilise, a.ReachRvp):
        scene.did(step(request, ("SECAMB/S2",)))
    scene.by("LAS").did(a.TakeUnits(request, ("SECAMB/S2",)))
    if lead != "LAS":
        scene.did(o.OfferLead(lead, "their area"))
        scene.by(lead).did(o.AcceptLead(scene.view.organisation.lead_offer.id))
    scene.by("LAS").did(o.Declare("LAS", "declared"))
    control(play).did(x.EndPlay("endex"))
    return play


def control(play: Exercise) -> Given:
    return play.scene.by("EXCON", "excon", "Control")


def test_a_virtual_agency_stands_down_and_lets_its_units_go_and_the_lead_can_close() -> None:
    play = ended()
    scene = play.scene
    scene.by("LAS").did(o.Declare("LAS", "stand_down"))
    scene.when(o.Close()).refused("still_active", agencies="SECAMB")
    play.tick()
    assert scene.view.organisation.parties["SECAMB"].declared == "stand_down"
    assert scene.view.organisation.parties["SECAMB"].declared_by == "virtual/SECAMB"
    assert scene.view.resources.units == {}
    assert over(scene.view)
    scene.by("LAS").did(o.Close())
    assert play.due() == ()
    scene.check()


def test_it_does_so_without_waiting_for_the_lead_and_never_closes_what_others_lead() -> None:
    play = ended().tick()
    assert play.scene.view.organisation.parties["SECAMB"].declared == "stand_down"
    play.scene.by("LAS").did(o.Declare("LAS", "stand_down"))
    play.later(60).tick()
    assert not play.scene.view.organisation.closed
    assert play.scene.view.organisation.parties["SCAS"].declared == "aware", "people speak for themselves"


def test_while_somebody_of_it_is_there_they_do_that_themselves() -> None:
    play = ended()
    play.manned |= {"SECAMB"}
    assert play.due() == ()
    play.later(60).tick()
    assert play.scene.view.organisation.parties["SECAMB"].declared == "standby"
    play.manned -= {"SECAMB"}
    assert play.due()


def test_under_no_duff_nothing_moves_and_no_inject_goes_out_any_more() -> None:
    play = ended()
    play.scene.by("SCAS").did(x.NoDuff("controller collapsed"))
    assert [act for act in play.due() if act.actor.name != "system"] == []
    control(play).did(x.Resume("over"))
    assert {act.actor.name for act in play.due()} - {"system"} == {"virtual/SECAMB"}


@pytest.mark.parametrize("again", [False, True])
def test_where_it_has_the_lead_it_closes_once_nobody_is_at_work_any_more(*, again: bool) -> None:
    play = ended(lead="SECAMB").tick()
    scene = play.scene
    assert not scene.view.organisation.closed, "LAS is at work on it still"
    scene.by("LAS").did(o.Declare("LAS", "stand_down"))
    play.tick()
    assert scene.view.organisation.closed
    if again:
        scene.by("LAS").did(o.Reopen("the debrief has found something"))
        play.later(60).tick()
        assert not scene.view.organisation.closed
