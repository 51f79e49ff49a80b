"""Virtual trusts: what an agency that nobody plays does, when, and when it keeps silent."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from incident.boundaries.facts import Propose, Shape
from incident.commanders.facts import GiveUpRole, HandOver
from incident.comms.facts import AddChannel, SetLink
from incident.kernel.receipts import Deliver, See, receipt
from incident.kernel.slice import Act
from incident.mutual_aid import commands as aid_commands
from incident.mutual_aid import facts as aid
from incident.organisation.facts import Close, Declare, DeclineLead, Invite, OfferLead, Open
from incident.resources.facts import AcceptControl, Commit, Commitment, Describe, OfferControl
from incident.scenario.facts import (
    AidHabit,
    Appointment,
    Behaviour,
    ChannelHabit,
    Declaring,
    FeatureHabit,
    LeadHabit,
    Movement,
    Participant,
    RivalPoint,
    Scenario,
    Sending,
    TaskHabit,
    Unit,
    Wait,
)
from incident.state import INCIDENT
from incident.tasks.facts import Accept, Cancel, Decline, Raise, Reassign, Return
from incident.tasks.facts import Finish as FinishTask
from incident.values import Location
from incident.virtual import replies
from tests.incident.given import INCIDENT_STREAM, MINUTE, Given

SCENE = Location("M25 J15", "TQ 0402 7829", 51.494, -0.503)
YARD = Location("Stockley Park", "TQ 0486 7950", 51.5048, -0.4905)
SECOND = 1_000


def scenario(seed: int = 1, **habits: Any) -> Scenario:
    return Scenario(
        id="two-rooms",
        title="TWO ROOMS",
        code_word="AMBER",
        starts_at=838,
        length_minutes=45,
        location=SCENE,
        seed=seed,
        opener="LAS",
        parties=(
            Participant("LAS", "person"),
            Participant("SCAS", "virtual", Behaviour(**habits)),
            Participant("LFB", "absent"),
        ),
    )


class Played:
    """An incident of LAS in which virtual agencies act, second by second."""

    def __init__(self, made: Scenario, *invited: str) -> None:
        self.scenario = made
        self.given = Given(INCIDENT).by("LAS").did(Open("TWO ROOMS", "exercise", SCENE))
        self.given.did(Invite(invited or ("SCAS",)))
        self.began = self.given.now
        self.done: list[Act] = []
        self.refused: list[tuple[Act, str]] = []

    def due(self, *, manned: tuple[str, ...] = ()) -> tuple[Act, ...]:
        return replies(
            self.scenario,
            INCIDENT,
            INCIDENT_STREAM,
            self.given.view,
            now=self.given.now,
            began=self.began,
            manned=manned,
        )

    def take(self, act: Act) -> None:
        """Done as the conductor does it: by its actor, on the state as it stands; its key is used once."""
        outcome = self.given.by(act.actor.agency, act.actor.role, act.actor.name).when(act.command)
        if not isinstance(outcome.answer, tuple):
            self.refused.append((act, outcome.refusal.sentence))
            return
        if not outcome.events:  # what was to be received has been answered in the same moment
            assert isinstance(act.command, (Deliver, See)), act
            return
        self.given.by(act.actor.agency, act.actor.role, act.actor.name).did(act.command)
        self.done.append(act)

    def run(self, seconds: float, *, every: int = 5, manned: tuple[str, ...] = ()) -> Played:
        """Let time pass, and what is due happen."""
        until = self.given.now + int(seconds * SECOND)
        while True:
            for act in self.due(manned=manned):
                self.take(act)
            assert self.refused == []
            if self.given.now >= until:
                break
            self.given.now = min(until, self.given.now + every * SECOND)
        self.given.by("LAS")
        return self

    def las(self, command: Any) -> Given:
        return self.given.by("LAS").did(command)

    @property
    def view(self) -> Any:
        return self.given.view

    def kinds(self) -> list[str]:
        return [type(act.command).__name__ for act in self.done]

    def task(self) -> Any:
        return next(iter(self.view.tasks.rows.values()))


def test_it_joins_after_a_while_and_names_whom_to_ring() -> None:
    play = Played(scenario(joins=Wait(20, 40), spoc="Bicester, duty manager"))
    assert play.run(15).view.organisation.parties["SCAS"].joined_at is None
    party = play.run(30).view.organisation.parties["SCAS"]
    assert party.spoc == "Bicester, duty manager"
    assert 20 * SECOND <= party.joined_at - party.invited_at <= 45 * SECOND
    record = next(record for record in play.given.records if record.type == "organisation.joined")
    assert (record.actor, record.agency) == ("virtual/SCAS", "SCAS")


def test_nothing_is_delivered_or_read_before_it_has_joined_and_then_it_answers_one_thing_after_another() -> (
    None
):
    play = Played(
        scenario(
            joins=Wait(300, 300), reads=Wait(30, 90), appoints=APPOINTS, features=FeatureHabit(Wait(60, 180))
        )
    )
    for place in range(5):
        play.las(Propose("ccp" if place else "rvp", Shape(YARD), f"P{place}"))
    play.las(Raise("Close the slip road", "SCAS"))
    play.run(299)
    assert play.kinds() == []
    assert not any("SCAS" in got for got in play.view.receipts.rows.values())
    play.run(301)
    joined = play.view.organisation.parties["SCAS"].joined_at
    answers = [f.answers["SCAS"].at - joined for f in play.view.boundaries.rows.values()]
    assert min(answers) >= 60 * SECOND, "it has to look at them first"
    assert len(set(answers)) > 2, "and not all in one breath"
    posts = play.view.commanders.posts.values()
    assert {post.since > joined for post in posts} == {True}
    reads = [
        got["SCAS"].seen for got in play.view.receipts.rows.values() if "SCAS" in got and got["SCAS"].seen
    ]
    assert reads
    assert min(reads) >= joined


APPOINTS = (Appointment(60, "room", "H. Marlow"), Appointment(90, "tactical", "B. Nkosi"))


def test_it_never_joins_when_it_is_said_so_nor_does_one_that_is_absent() -> None:
    play = Played(scenario(joins=None), "SCAS", "LFB").run(900)
    assert "Join" not in play.kinds()
    assert play.view.organisation.parties["LFB"].joined_at is None
    assert play.done == [], "where nobody has joined, nobody opens the post either"


def test_it_is_silent_while_somebody_of_it_is_there_and_goes_on_when_they_have_left() -> None:
    play = Played(scenario()).run(600, manned=("SCAS",))
    assert play.done == []
    assert "Join" in play.run(5).kinds()


@pytest.mark.parametrize("change", [{"closed": True}, {"mode": "live"}, {"opened": False}])
def test_it_is_silent_outside_an_open_exercise(change: dict[str, Any]) -> None:
    play = Played(scenario())
    play.given.now += 10 * MINUTE
    assert play.due()
    other = msgspec.structs.replace(play.view.organisation, **change)
    view = msgspec.structs.replace(play.view, organisation=other)
    told = replies(
        play.scenario, INCIDENT, INCIDENT_STREAM, view, now=play.given.now, began=play.began, manned=()
    )
    assert told == ()


def test_what_is_sent_to_it_is_delivered_at_once_seen_later_and_acknowledged_only_where_that_says_something() -> (
    None
):
    play = Played(scenario(joins=Wait(1, 1), reads=Wait(30, 30), tasks=None)).run(5)
    play.las(Raise("Warn Wexham Park", "SCAS"))
    subjects = INCIDENT.addressed(play.view, "SCAS")
    play.run(0)
    assert all(receipt(play.view.receipts, one, "SCAS").delivered for one in subjects)
    assert not any(receipt(play.view.receipts, one, "SCAS").seen for one in subjects)
    play.run(60)
    assert all(receipt(play.view.receipts, one, "SCAS").seen for one in subjects)
    play.run(600)
    assert not any(receipt(play.view.receipts, one, "SCAS").acknowledged for one in subjects)


def test_it_declares_when_its_time_has_come_and_late_when_it_joined_late() -> None:
    said = (Declaring(60, "standby"), Declaring(180, "declared", "In our area"))
    play = Played(scenario(joins=Wait(100, 100), declares=said)).run(99)
    assert play.view.organisation.parties["SCAS"].declared == ""
    assert play.run(61).view.organisation.parties["SCAS"].declared == "standby"
    party = play.run(60).view.organisation.parties["SCAS"]
    assert (party.declared, party.reason) == ("declared", "In our area")


def test_it_does_not_take_back_what_a_person_has_said_for_its_agency() -> None:
    play = Played(scenario(joins=Wait(10, 10), declares=(Declaring(60, "standby"),))).run(65)
    play.given.by("SCAS").did(Declare("SCAS", "declared"))
    assert play.run(600).view.organisation.parties["SCAS"].declared == "declared"


def test_it_goes_no_way_back_from_what_a_person_has_said_before_its_own_time_came() -> None:
    later = (Declaring(60, "standby"), Declaring(120, "declared"))
    play = Played(scenario(joins=Wait(10, 10), declares=later)).run(30)
    play.given.by("SCAS").did(Declare("SCAS", "declared"))
    assert play.run(80).view.organisation.parties["SCAS"].declared == "declared"
    assert play.run(80).view.organisation.parties["SCAS"].declared_by == "Sam"


def test_going_back_has_a_reason() -> None:
    said = (Declaring(20, "declared"), Declaring(60, "standby"))
    assert Played(scenario(joins=Wait(5, 5), declares=said)).run(70).view.organisation.parties["SCAS"].reason


def test_it_fills_its_roles_once_and_leaves_a_handover_to_people() -> None:
    roles = (
        Appointment(60, "tactical", "B. Nkosi", "ext. 2207"),
        Appointment(90, "sector", "K. Lind", label="north"),
    )
    play = Played(scenario(joins=Wait(5, 5), appoints=roles)).run(70)
    post = play.view.commanders.posts["SCAS/tactical"]
    assert (post.holder, post.contact) == ("B. Nkosi", "ext. 2207")
    assert play.run(100).view.commanders.posts["SCAS/sector/north"].holder == "K. Lind"
    play.given.by("SCAS").did(HandOver("SCAS", "tactical", "D. Rees", verbal=True))
    play.given.by("SCAS").did(GiveUpRole("SCAS", "sector", "Sent home", "north"))
    posts = play.run(600).view.commanders.posts
    assert posts["SCAS/tactical"].holder == "D. Rees"
    assert "SCAS/sector/north" not in posts


def test_it_takes_a_task_through_to_done_and_again_when_it_is_sent_back() -> None:
    habit = TaskHabit(Wait(10, 20), Wait(10, 20), Wait(60, 90), evidence=("Wexham Park takes 3 P1",))
    play = Played(scenario(joins=Wait(1, 1), tasks=habit)).run(5)
    play.las(Raise("Warn Wexham Park", "SCAS"))
    assert play.run(25).task().state == "accepted"
    assert play.run(25).task().state == "in_progress"
    assert play.run(100).task().state == "done"
    assert play.task().evidence == "Wexham Park takes 3 P1"
    play.las(Return(play.task().id, "How many P2?"))
    assert play.run(30).task().state == "in_progress"
    assert play.run(100).task().state == "done"


def test_it_declines_with_a_reason_and_is_asked_anew_after_another_was() -> None:
    habit = TaskHabit(declines=100, reasons=("No vehicle free",))
    play = Played(scenario(joins=Wait(1, 1), tasks=habit)).run(5)
    play.las(Raise("A bus", "SCAS"))
    assert (play.run(90).task().state, play.task().reason) == ("declined", "No vehicle free")
    play.las(Reassign(play.task().id, "LAS"))
    play.las(Reassign(play.task().id, "SCAS"))
    assert play.run(90).task().state == "declined"


def test_it_does_not_answer_tasks_when_it_has_no_such_habit_nor_before_it_has_joined() -> None:
    for habits in ({"tasks": None, "joins": Wait(1, 1)}, {"joins": None}):
        play = Played(scenario(**habits))
        play.las(Raise("A bus", "SCAS"))
        assert play.run(900).task().state == "raised"


def test_what_it_asked_for_it_looks_at_when_it_is_done_and_gives_up_when_it_is_declined() -> None:
    play = Played(scenario(joins=Wait(1, 1))).run(5)
    play.given.by("SCAS", name="excon").did(Raise("A bus", "LAS"))
    task = play.task()
    play.las(Accept(task.id))
    play.las(FinishTask(task.id, "Bus 12"))
    assert play.run(120).task().state == "closed"
    play.given.by("SCAS", name="excon").did(Raise("Another bus", "LAS"))
    other = play.given.last
    play.las(Decline(other, "None left"))
    assert play.run(600).view.tasks.rows[other].state == "cancelled"


def test_a_task_that_is_gone_is_left_alone() -> None:
    play = Played(scenario(joins=Wait(1, 1))).run(5)
    play.las(Raise("A bus", "SCAS"))
    play.las(Cancel(play.task().id, "Not needed"))
    before = len(play.done)
    play.run(900)
    assert [kind for kind in play.kinds()[before:] if kind not in ("Deliver", "See")] == []


@pytest.mark.parametrize("declines", [0, 100])
def test_it_agrees_or_declines_what_lies_on_the_ground(declines: int) -> None:
    habit = FeatureHabit(Wait(10, 20), declines, ("The bridge is too low",))
    play = Played(scenario(joins=Wait(1, 1), features=habit)).run(5)
    play.las(Propose("rvp", Shape(YARD), "Stockley Park"))
    answer = next(iter(play.run(30).view.boundaries.rows.values())).answers["SCAS"]
    assert answer.agreed is (declines == 0)
    assert answer.reason == ("The bridge is too low" if declines else "")


def test_it_proposes_a_rival_rvp_once_and_takes_it_back() -> None:
    rival = RivalPoint(60, "Slough yard", Location("Slough"), withdrawn_at=300)
    play = Played(scenario(joins=Wait(1, 1), rival_rvp=rival)).run(59)
    assert play.view.boundaries.rows == {}
    (feature,) = play.run(100).view.boundaries.rows.values()
    assert (feature.owner, feature.name, feature.kind) == ("SCAS", "Slough yard", "rvp")
    (feature,) = play.run(900).view.boundaries.rows.values()
    assert feature.withdrawn_at is not None


@pytest.mark.parametrize("answer", ["accept", "decline"])
def test_it_answers_an_offer_of_the_lead(answer: Any) -> None:
    play = Played(scenario(joins=Wait(1, 1), lead=LeadHabit(answer, Wait(20, 30)))).run(5)
    play.las(OfferLead("SCAS", "Your area"))
    assert play.run(15).view.organisation.lead == "LAS"
    state = play.run(30).view.organisation
    assert state.lead == ("SCAS" if answer == "accept" else "LAS")
    assert state.lead_offers == ()


def test_it_claims_the_lead_once_and_not_again_when_it_is_told_no() -> None:
    play = Played(scenario(joins=Wait(1, 1), lead=LeadHabit(claims_at=60))).run(65)
    (offer,) = play.view.organisation.lead_offers
    assert offer.claim
    play.run(90)
    play.las(DeclineLead(offer.id, "We have a commander there"))
    play.run(900)
    assert play.kinds().count("OfferLead") == 1


UNITS = (Unit("A201", "DCA", ("paramedic",), "Slough"), Unit("R321", "RRV"))


def test_it_sends_units_and_moves_them_through_legal_states_for_as_long_as_there_is_work() -> None:
    habits = {
        "joins": Wait(1, 1),
        "sends": (Sending(30, UNITS, "Nearest"),),
        "movement": Movement(destination="Wexham Park"),
    }
    play = Played(scenario(**habits)).run(29)
    assert play.view.resources.units == {}
    play.run(5)
    assert set(play.view.resources.units) == {"SCAS/A201", "SCAS/R321"}
    assert play.view.resources.units["SCAS/A201"].capabilities == ("paramedic",)
    play.run(40 * 60)
    statuses = [
        play.given.model.read_event(record.type, record.v, record.body)
        for record in play.given.records
        if record.type == "resources.status_set"
    ]
    ambulance = [event.status for event in statuses if event.unit == "SCAS/A201"]
    assert ambulance[:8] == ["MOB", "SCN", "LDG", "LFT", "HOS", "HND", "CLR", "MOB"]
    assert [event.status for event in statuses if event.unit == "SCAS/R321"] == ["MOB", "SCN"]
    assert play.view.resources.units["SCAS/A201"].destination == "Wexham Park"


def test_its_units_go_by_the_rvp_that_it_has_agreed_to() -> None:
    play = Played(scenario(joins=Wait(1, 1), sends=(Sending(120, UNITS),))).run(5)
    play.las(Propose("rvp", Shape(YARD), "Stockley Park"))
    play.run(900)
    events = [
        play.given.model.read_event(record.type, record.v, record.body)
        for record in play.given.records
        if record.type.startswith("resources.")
    ]
    mine = [event for event in events if getattr(event, "unit", "") == "SCAS/R321"]
    assert [getattr(event, "status", getattr(event, "destination", "")) for event in mine] == [
        "Stockley Park",
        "MOB",
        "RVP",
        "SCN",
    ]


def test_a_crew_confirms_where_whoever_controls_it_sends_it() -> None:
    play = Played(scenario(joins=Wait(1, 1), sends=(Sending(5, UNITS),))).run(400)
    play.given.by("SCAS").did(OfferControl("SCAS/R321", "LAS"))
    play.las(AcceptControl("SCAS/R321")).did(Describe("SCAS/R321", destination="St Mary's"))
    assert not play.view.resources.units["SCAS/R321"].crew_told_at
    play.run(80)
    assert play.view.resources.units["SCAS/R321"].crew_told_at


def test_its_units_turn_to_the_other_rvp_when_theirs_is_withdrawn() -> None:
    rival = RivalPoint(10, "Slough yard", Location("Slough"), withdrawn_at=120)
    slow = Movement(travels=Wait(300, 300), mobilises=Wait(5, 5))
    play = Played(
        scenario(joins=Wait(1, 1), rival_rvp=rival, sends=(Sending(20, UNITS),), movement=slow)
    ).run(5)
    play.las(Propose("rvp", Shape(YARD), "Stockley Park"))
    assert play.run(60).view.resources.units["SCAS/R321"].destination == "Slough yard"
    play.run(240)
    assert play.view.resources.units["SCAS/R321"].destination == "Stockley Park"


def test_it_stands_down_after_the_lead_and_lets_its_units_go_with_their_patients_brought_in() -> None:
    play = Played(
        scenario(joins=Wait(1, 1), sends=(Sending(30, UNITS),), declares=(Declaring(20, "declared"),))
    )
    play.run(20 * 60)
    play.las(Declare("LAS", "stand_down"))
    play.run(15 * 60)
    assert play.view.organisation.parties["SCAS"].declared == "stand_down"
    assert play.view.resources.units == {}
    play.las(Close("Over"))
    assert play.view.organisation.closed
    play.run(600)


def test_it_takes_control_that_is_offered_to_it() -> None:
    play = Played(scenario(joins=Wait(1, 1))).run(5)
    play.las(Commit((Commitment("LAS/A101", "DCA", "AVB"),)))
    play.las(OfferControl("LAS/A101", "SCAS"))
    assert play.run(100).view.resources.units["LAS/A101"].controlling == "SCAS"


def everything() -> dict[str, Any]:
    return {
        "declares": (Declaring(60, "standby"), Declaring(300, "declared")),
        "rival_rvp": RivalPoint(240, "Slough yard", Location("Slough"), withdrawn_at=600),
        "lead": LeadHabit(claims_at=400),
        "sends": (Sending(90, UNITS),),
        "tasks": TaskHabit(declines=30, reasons=("a", "b")),
        "features": FeatureHabit(declines=30, reasons=("c", "d")),
    }


def busy(seed: int, every: int = 5) -> Played:
    """Half an hour in which LAS asks for much."""
    play = Played(scenario(seed, **everything()))
    for number in range(6):
        play.run(120, every=every)
        play.las(Raise(f"Do {number}", "SCAS"))
        play.las(Propose("sector", Shape(YARD), f"Sector {number}"))
    return play.run(900, every=every)


@pytest.mark.parametrize("seed", range(4))
def test_what_it_has_done_it_does_not_propose_again(seed: int) -> None:
    play = busy(seed)
    keys = [act.key for act in play.done]
    assert len(set(keys)) == len(keys)
    assert not {act.key for act in play.due()} & set(keys)
    play.given.check()


def test_the_same_question_has_the_same_answer_and_the_seed_decides() -> None:
    one, again, other = busy(1), busy(1), busy(2)
    assert [(a.at, a.key, a.command) for a in one.done] == [(a.at, a.key, a.command) for a in again.done]
    assert [record.type for record in one.given.records] != [record.type for record in other.given.records]


def test_a_restart_goes_on_where_it_was() -> None:
    """Asked every second or every half minute, it does the same things; only when it is asked differs."""
    play = Played(scenario(3, **everything()))
    play.las(Raise("Do it", "SCAS"))
    play.run(100)
    before = play.due()
    assert play.due() == before
    state = INCIDENT.restore(INCIDENT.snapshot(play.view))
    play.given.view = state
    assert play.due() == before


def test_it_tries_the_talkgroup_and_what_did_not_work_once_more() -> None:
    habit = ChannelHabit(Wait(10, 20), fails=100, reasons=("Not on our sets",))
    play = Played(scenario(joins=Wait(1, 1), channels=habit)).run(5)
    play.las(SetLink("SHARE 1"))

    def test() -> Any:
        (channel,) = play.run(60).view.comms.channels.values()
        return channel.test("SCAS")

    assert (test().worked, test().note) == (False, "Not on our sets")
    play.run(400)
    assert test().worked
    assert play.kinds().count("TestChannel") == 2


def test_another_talkgroup_in_place_of_one_that_failed_works_at_once() -> None:
    habit = ChannelHabit(Wait(10, 20), fails=100, reasons=("Not on our sets",))
    play = Played(scenario(joins=Wait(1, 1), channels=habit)).run(5)
    play.las(SetLink("SHARE 1"))
    play.run(60).las(SetLink("SHARE 2"))
    now = [one for one in play.run(60).view.comms.channels.values() if one.live]
    assert [(one.name, one.test("SCAS").worked) for one in now] == [("SHARE 2", True)]


def test_it_leaves_alone_a_channel_that_is_not_for_it() -> None:
    play = Played(scenario(joins=Wait(1, 1)), "SCAS", "LFB").run(5)
    play.las(AddChannel("bridge", "Fire and us", members=("LFB",)))
    assert "TestChannel" not in play.run(600).kinds()


# -- aid -----------------------------------------------------------------------------------------------------

LENT = (Unit("A206", "DCA"), Unit("A210", "DCA"), Unit("O722", "TACAD"))


def asked(lines: tuple[aid.Line, ...], *, seed: int = 1, **habit: Any) -> Played:
    """LAS has asked SCAS for aid."""
    play = Played(scenario(seed, joins=Wait(1, 1), aid=AidHabit(units=LENT, **habit))).run(5)
    play.given.by("LAS", "tactical_commander").did(
        aid_commands.Raise(lender="SCAS", terms=aid.Terms(lines=lines), approve=True)
    )
    play.given.by("LAS")
    return play


def the_request(play: Played) -> aid.Request:
    return next(iter(play.view.mutual_aid.rows.values()))


def test_it_lends_what_it_has_and_says_why_the_rest_does_not_come() -> None:
    play = asked(
        (aid.Line("DCA", 3), aid.Line("TACAD", 1)), reasons=("Nothing can go",), less=("Cover first",)
    ).run(200)
    request = the_request(play)
    assert request.state == "part"
    assert [(answer.accepted, answer.reason) for answer in request.answers] == [(2, "Cover first"), (1, "")]
    play.run(200)
    assert set(the_request(play).units) == {"SCAS/A206", "SCAS/A210", "SCAS/O722"}
    assert the_request(play).units["SCAS/A206"].eta_to == 8
    play.run(600)
    assert {unit.state for unit in the_request(play).units.values()} == {"at_rvp"}


def test_what_it_lent_works_under_the_host_and_goes_home_when_it_is_let_go() -> None:
    play = asked((aid.Line("DCA", 2),)).run(900)
    keys = tuple(the_request(play).units)
    play.las(aid_commands.TakeUnits(the_request(play).id, keys))
    assert {play.view.resources.units[key].controlling for key in keys} == {"LAS"}
    play.run(900)
    assert {play.view.resources.units[key].status for key in keys} & {
        "LDG",
        "LFT",
        "HOS",
        "HND",
        "CLR",
        "MOB",
    }
    play.las(aid_commands.ReleaseUnits(the_request(play).id, keys))
    play.run(600)
    assert {unit.state for unit in the_request(play).units.values()} == {"home"}
    assert play.view.resources.units == {}


@pytest.mark.parametrize("accept", [True, False])
def test_it_offers_something_else_and_sends_that_only_when_it_is_taken(accept: bool) -> None:
    play = asked((aid.Line("DCA", 2),), counters=100, reasons=("None can go",), less=("Cover first",)).run(
        200
    )
    (answer,) = the_request(play).answers
    assert the_request(play).state == "countered"
    assert answer.counter == aid.Counter("DCA", 1, None, "Cover first")
    play.run(900)
    assert the_request(play).units == {}
    play.las(aid_commands.AnswerCounter(the_request(play).id, accept))
    play.run(300)
    assert len(the_request(play).units) == accept


def test_one_that_comes_later_has_a_reason_that_fits_that() -> None:
    (answer,) = the_request(
        asked((aid.Line("DCA", 1),), counters=100, less=("Cover first",)).run(200)
    ).answers
    assert answer.counter == aid.Counter("DCA", 1, 30, "At another job until then")


def test_it_declines_with_a_reason_and_says_nothing_without_the_habit() -> None:
    play = asked((aid.Line("DCA", 2),), declines=100, reasons=("All out",)).run(300)
    assert (the_request(play).state, the_request(play).answers[0].reason) == ("declined", "All out")
    play = Played(scenario(joins=Wait(1, 1))).run(5)
    play.given.by("LAS", "tactical_commander").did(
        aid_commands.Raise(lender="SCAS", terms=aid.Terms(lines=(aid.Line("DCA", 1),)), approve=True)
    )
    assert the_request(play.run(500)).state == "sent"


def test_it_asks_for_what_it_lent_when_it_stands_down() -> None:
    play = asked((aid.Line("DCA", 2),)).run(900)
    request = the_request(play)
    play.las(aid_commands.TakeUnits(request.id, ("SCAS/A206",)))
    play.given.by("SCAS").did(Declare("SCAS", "stand_down"))
    play.run(400)
    states = {unit.key: unit.state for unit in the_request(play).units.values()}
    assert states == {"SCAS/A206": "recalled", "SCAS/A210": "home"}
