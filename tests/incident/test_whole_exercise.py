"""M4/M25 COACH from the first call to stand down, in virtual time, with a LAS that follows its expected actions."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest

from incident.boundaries.facts import Agree, Propose, Shape
from incident.exercises.facts import NoDuff, Pause, Resume
from incident.kernel.receipts import Acknowledge, Deliver, See
from incident.kernel.slice import Actor, Refusal
from incident.methane import current, methane, required_absent
from incident.organisation.facts import Declare, GiveLocation, Invite, OfferLead
from incident.resources.facts import Release, SetStatus
from incident.scenario import Scenario
from incident.state import EXERCISES, INCIDENT
from incident.tasks.facts import Accept, Begin, Finish, Raise
from incident.values import Location
from tests.incident.given import INCIDENT_STREAM, charter
from tests.incident.theatre import HOUSE, SECOND, Theatre, scenario_of

pytestmark = pytest.mark.xdist_group("whole exercise")  # one worker: it is played once

DESK = Actor("Desk 1", "LAS", "operator")
CONTROL = Actor("Control", "EXCON", "excon")
YARD = Location("Stockley Park, west entrance", "TQ 0486 7950", 51.5048, -0.4905)
SCENE = Location(
    "M25 anticlockwise, 200 m north of the M4", "TQ 0402 7829", 51.494, -0.503, True, "anticlockwise"
)
RACES = {"changed", "changed_since", "stale", "illegal_step", "withdrawn"}
"""What an act may be refused for: somebody was first."""


def las(second: int, theatre: Theatre) -> Iterator[Any]:
    """What the desk does by the clock."""
    match second:
        case 120:
            yield Raise("Confirm carriageway and marker post", "SCAS", priority="immediate")
        case 180:
            yield Declare("LAS", "declared", "Coach, some 50 on board, many trapped")
        case 200:
            yield OfferLead("SCAS", "The scene lies in your area")
        case 230:
            yield SetStatus("LAS/R301", "SCN")
            yield GiveLocation(SCENE)
        case 400:
            yield Propose("rvp", Shape(YARD), "Stockley Park")
            yield Invite(("MPS", "NH"))
        case 500:
            yield Raise("Two ambulances to Staines", "SECAMB", priority="urgent")
            yield Raise("Warn Wexham Park", "SCAS", priority="immediate")
        case 560:
            yield SetStatus("LAS/A101", "SCN")
        case 1260:
            yield Raise("A bus with 28 seats to the clearing point", "HILLINGDON", priority="urgent")
        case 2590:
            for key in theatre.view().resources.units:
                if key.startswith("LAS/"):
                    yield Release(key, "Stood down")
            yield Declare("LAS", "stand_down", "Scene evacuated, police keep the road")


def answers(theatre: Theatre) -> Iterator[Any]:
    """What the desk does about whatever is sent to it."""
    view = theatre.view()
    addressed = INCIDENT.addressed(view, "LAS")
    known = view.receipts.rows
    new = tuple(one for one in addressed if "LAS" not in known.get(one, {}))[:50]
    if new:
        yield Deliver(new)
        yield See(new)
        yield Acknowledge(new)
    for task in view.tasks.rows.values():
        if task.agency == "LAS":
            step = {
                "raised": Accept(task.id),
                "accepted": Begin(task.id),
                "in_progress": Finish(task.id, "Done"),
            }
            if task.state in step:
                yield step[task.state]
    for feature in view.boundaries.rows.values():
        if feature.withdrawn_at is None and "LAS" not in feature.answers:
            yield Agree(feature.id)


class Performance:
    """One exercise, second by second, as the server lets it happen."""

    def __init__(self, scenario: Scenario, tables: dict[str, str]) -> None:
        self.scenario = scenario
        self.theatre = Theatre()
        while found := EXERCISES.lacking(
            scenario, INCIDENT_STREAM, charter(), tables, self.theatre.view, hold=False
        ):
            for act in found:
                assert not isinstance(self.theatre.act(act), Refusal), self.theatre.refused
        self.began = self.theatre.now
        self.quiet = 0

    def second(self, second: int, *, manned: tuple[str, ...] = ("LAS",), desk: bool = True) -> None:
        """One second of it."""
        theatre = self.theatre
        theatre.now = self.began + second * SECOND
        before = self.written
        theatre.tick(manned=manned)
        if desk:
            for place, command in enumerate(las(second, theatre)):
                answer = theatre.do(INCIDENT_STREAM, DESK, command, f"desk {second} {place}")
                assert not isinstance(answer, Refusal), theatre.refused
            if second % 15 == 0:
                for place, command in enumerate(answers(theatre)):
                    theatre.do(INCIDENT_STREAM, DESK, command, f"answer {second} {place}")
        self.quiet = 0 if self.written > before else self.quiet + 1

    @property
    def written(self) -> int:
        """What LAS can see so far."""
        own = self.theatre.records.get(f"{INCIDENT_STREAM}/own/LAS", [])
        return len(self.theatre.records[INCIDENT_STREAM]) + len(own)

    @property
    def papers(self) -> Any:
        """Exercise control's."""
        return self.theatre.view(f"{INCIDENT_STREAM}/excon").injects


@cache
def played() -> Performance:
    scenario, tables = scenario_of(HOUSE / "m4-m25-coach.yaml")
    performance = Performance(scenario, tables)
    longest = 0
    for second in range(scenario.length_seconds + 600):
        performance.second(second)
        if second < scenario.length_seconds:
            longest = max(longest, performance.quiet)
    assert longest < 90, "the picture stood still"
    return performance


def test_it_is_played_to_stand_down() -> None:
    theatre = played().theatre
    state = theatre.view().organisation
    assert {party.declared for party in state.parties.values()} == {"stand_down"}
    assert theatre.view().resources.units == {}
    assert state.lead == "SCAS"


def test_nothing_was_refused_but_what_somebody_else_had_done_first() -> None:
    assert [one for one in played().theatre.refused if one[1] not in RACES] == []
    assert len(played().theatre.refused) < 10
    assert [row.trouble for row in played().papers.rows.values() if row.trouble] == []


def test_every_inject_came_to_pass_and_those_on_hold_did_not() -> None:
    performance = played()
    states = {row.number: row.state for row in performance.papers.rows.values()}
    for inject in performance.scenario.injects:
        assert states[inject.number] == ("held" if inject.held else "sent"), inject.number
        row = performance.papers.rows[str(inject.number)]
        wanted = len(inject.effects) + inject.told
        assert inject.held or len(row.results) >= wanted, (inject.number, row.results)


def test_the_partners_are_what_the_scenario_says_of_them() -> None:
    theatre = played().theatre
    began = played().began
    parties = theatre.view().organisation.parties
    assert parties["SCAS"].joined_at - began < 15 * SECOND
    assert parties["LFB"].joined_at - began > 7 * 60 * SECOND, "late"
    names = [feature.name for feature in theatre.view().boundaries.rows.values()]
    assert "Langley lorry park" in names
    assert "Inner cordon, 100 m" in names
    fire = [r for r in theatre.records[INCIDENT_STREAM] if r.agency == "LFB" and r.actor == "virtual/LFB"]
    assert min(r.at for r in fire) == parties["LFB"].joined_at, "it reads nothing before it has joined"
    newest = current(methane(theatre.view()))
    assert {"LAS", "SCAS", "LFB", "MPS", "NH"} == {service.agency for service in newest.report.present}
    assert (newest.report.p1, newest.report.required) == (8, ()), "the rest as SCAS had said it"
    assert required_absent(theatre.view()) == ()
    own = theatre.lines(f"{INCIDENT_STREAM}/own/LAS")
    assert sum("by phone:" in line or "by radio:" in line for line in own) > 20, "calls reach one room"


def test_it_is_alive_within_seconds() -> None:
    scenario, tables = scenario_of(HOUSE / "m4-m25-coach.yaml")
    performance = Performance(scenario, tables)
    for second in range(30):
        performance.second(second, desk=False)
    theatre = performance.theatre
    assert theatre.view().organisation.parties["SCAS"].joined_at is not None
    assert {unit.status for unit in theatre.view().resources.units.values()} >= {"MOB", "AVB"}
    assert len(theatre.records[INCIDENT_STREAM]) > 15


def test_twice_is_the_same() -> None:
    again = Performance(*scenario_of(HOUSE / "m4-m25-coach.yaml"))
    for second in range(600):
        again.second(second)
    short = again.theatre.lines()
    assert played().theatre.lines()[: len(short)] == short


def test_while_the_clock_stands_nobody_acts_and_no_duff_stops_all_of_it() -> None:
    performance = Performance(*scenario_of(HOUSE / "m4-m25-coach.yaml"))
    theatre = performance.theatre

    def acted() -> int:
        return sum(
            record.actor.startswith(("virtual/", "excon"))
            for records in theatre.records.values()
            for record in records
        )

    for second in range(60):
        performance.second(second, desk=False)
    for command in (Pause(), NoDuff("A colleague has collapsed")):
        theatre.do(INCIDENT_STREAM, CONTROL, command)
        before = acted()
        for _ in range(100):
            theatre.now += 5 * SECOND
            theatre.tick()
        assert acted() == before
    for _ in ("NO DUFF", "pause"):
        theatre.do(INCIDENT_STREAM, CONTROL, Resume("over"))
    for _ in range(60):
        theatre.now += SECOND
        theatre.tick()
    party = theatre.view().organisation.parties["SECAMB"]
    assert acted() > before, "it goes on where it stood"
    assert party.declared == "aware", "T+2 by the exercise clock"
    assert theatre.refused == []


def test_a_trust_is_silent_while_somebody_of_it_is_there_and_its_injects_are_left_to_them() -> None:
    performance = Performance(*scenario_of(HOUSE / "m4-m25-coach.yaml"))
    for second in range(600):
        performance.second(second, manned=("LAS", "SCAS"), desk=False)
    records = performance.theatre.records[INCIDENT_STREAM]
    assert not {record.actor for record in records if record.agency == "SCAS"}
    assert any(record.actor == "virtual/SECAMB" for record in records)


def test_every_effect_of_ascot_is_taken_and_who_was_not_thought_of_stays_away() -> None:
    performance = Performance(*scenario_of(HOUSE / "ascot.yaml"))
    for second in range(0, performance.scenario.length_seconds + 60, 2):
        performance.second(second, manned=("SCAS",), desk=False)
    rows = performance.papers.rows.values()
    assert {row.state for row in rows} == {"sent"}
    assert [row.trouble for row in rows if row.trouble] == []
    assert performance.theatre.refused == []
    state = performance.theatre.view().organisation
    assert state.parties["EVENTMED"].declared == "declared"
    assert set(state.parties) == {"SCAS", "EVENTMED", "TVP", "RBWM"}
    assert state.kind == "planned_event", "people make it an incident"
