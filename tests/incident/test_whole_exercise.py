"""M4/M25 COACH from the first call to stand down, in virtual time, with a LAS that follows its expected actions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import cache
from typing import Any

from incident.boundaries.facts import Agree, Propose, Shape
from incident.kernel.receipts import Acknowledge, Deliver, See
from incident.kernel.slice import Actor, Refusal
from incident.organisation.facts import Declare, GiveLocation, Invite, OfferLead
from incident.resources.facts import Release, SetStatus
from incident.scenario import Scenario
from incident.scenario.effects import brought_about
from incident.scenario.opening import lacking
from incident.state import INCIDENT, MODELS
from incident.tasks.facts import Accept, Begin, Finish, Raise
from incident.values import Location
from incident.virtual import replies
from tests.incident.given import INCIDENT_STREAM, charter
from tests.incident.theatre import HOUSE, SECOND, Theatre, scenario_of

DESK = Actor("Desk 1", "LAS", "operator")
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
    """One exercise, second by second."""

    def __init__(self, scenario: Scenario, tables: dict[str, str]) -> None:
        self.scenario = scenario
        self.theatre = Theatre()
        while found := lacking(scenario, INCIDENT_STREAM, charter(), tables, self.theatre.view):
            for act in found:
                self.theatre.act(act)
        self.began = self.theatre.now
        self.done: Counter[str] = Counter()
        self.problems: set[str] = set()
        self.quiet = 0

    def second(self, second: int, *, manned: tuple[str, ...] = ("LAS",), desk: bool = True) -> None:
        """One second of it."""
        theatre, now = self.theatre, self.began + second * SECOND
        theatre.now = now
        before = self.written
        for inject in self.scenario.injects:
            fired = self.began + inject.at * SECOND
            if not inject.held and fired <= now < fired + 120 * SECOND:
                acts, problems = brought_about(
                    self.scenario, inject, INCIDENT_STREAM, MODELS.of, theatre.known,
                    fired_at=fired, now=now, manned=manned,
                )  # fmt: skip
                self.problems.update(problems)
                for act in acts:
                    self.perform(act)
        for act in replies(
            self.scenario, INCIDENT, INCIDENT_STREAM, theatre.view(), now=now, began=self.began, manned=manned
        ):
            self.perform(act)
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
        return len(self.theatre.records[INCIDENT_STREAM]) + len(
            self.theatre.records[f"{INCIDENT_STREAM}/own/LAS"]
        )

    def perform(self, act: Any) -> None:
        answer = self.theatre.act(act)
        if not isinstance(answer, Refusal) and answer.last:
            self.done[act.key] += 1


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
    assert played().problems == set()


def test_every_inject_came_to_pass() -> None:
    performance = played()
    fired = {key.split("/")[1] for key in performance.done if key.startswith("inject/")}
    assert fired == {str(inject.number) for inject in performance.scenario.injects if not inject.held}


def test_the_partners_are_what_the_scenario_says_of_them() -> None:
    theatre = played().theatre
    began = played().began
    parties = theatre.view().organisation.parties
    assert parties["SCAS"].joined_at - began < 15 * SECOND
    assert parties["LFB"].joined_at - began > 7 * 60 * SECOND, "late"
    names = [feature.name for feature in theatre.view().boundaries.rows.values()]
    assert "Langley lorry park" in names
    assert "Inner cordon, 100 m" in names
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
