"""How an exercise is opened: what is still lacking, on the state as it is."""

from __future__ import annotations

import pytest

from incident.drill.opening import lacking
from incident.kernel.slice import Refusal
from tests.incident.given import INCIDENT_STREAM, charter
from tests.incident.theatre import HOUSE, Theatre, scenario_of

SCENARIOS = sorted(HOUSE.glob("*.yaml"))


def opened(theatre: Theatre, name: str, *, most: int = 10_000, hold: bool = False) -> int:
    """Open a scenario of the house, with at most so many acts; how many were done."""
    scenario, tables = scenario_of(HOUSE / f"{name}.yaml")
    done = 0
    while found := lacking(scenario, INCIDENT_STREAM, charter(), tables, theatre.view, hold=hold):
        for act in found:
            if done == most:
                return done
            answer = theatre.act(act)
            assert not isinstance(answer, Refusal), answer
            assert answer.last, f"nothing came of {act.key}"
            done += 1
    return done


def test_the_scenarios_of_the_house() -> None:
    assert [path.stem for path in SCENARIOS] == ["ascot", "m4-m25-coach"]
    assert [scenario_of(path)[0].id for path in SCENARIOS] == ["ascot", "m4-m25-coach"]


def test_it_stands_as_the_scenario_says() -> None:
    theatre = Theatre()
    opened(theatre, "m4-m25-coach")
    state = theatre.view().organisation
    assert (state.title, state.kind, state.opened_by, state.lead) == (
        "M4/M25 COACH",
        "incident",
        "LAS",
        "LAS",
    )
    assert state.number.startswith("LAS-")
    assert not state.location.confirmed, "a first location is provisional"
    assert set(state.parties) == {"LAS", "SCAS", "SECAMB", "LFB", "HILLINGDON"}
    assert state.parties["LAS"].spoc.startswith("Waterloo")
    assert state.parties["SCAS"].joined_at is None
    assert len(theatre.view("register/exercise/LAS").fleet.units) > 40
    assert theatre.view(f"{INCIDENT_STREAM}/own/LAS").organisation.opened
    assert {record.actor for records in theatre.records.values() for record in records} == {"excon", "system"}


@pytest.mark.parametrize("most", [0, 1, 4, 5, 6, 7, 8, 12, 13, 14])
def test_an_opening_that_was_cut_off_goes_on_where_it_was(most: int) -> None:
    whole, cut = Theatre(), Theatre()
    opened(whole, "m4-m25-coach")
    opened(cut, "m4-m25-coach", most=most)
    opened(cut, "m4-m25-coach")
    assert cut.lines() == whole.lines()
    assert opened(cut, "m4-m25-coach") == 0


def test_a_planned_event_is_opened_as_one() -> None:
    theatre = Theatre()
    opened(theatre, "ascot")
    state = theatre.view().organisation
    assert (state.kind, state.opened_by) == ("planned_event", "SCAS")
    assert "SECAMB" not in state.parties, "somebody has to think of it"
    assert set(theatre.view().places.rows) == {"WEXHAM"}


def test_a_held_one_waits_for_exercise_control() -> None:
    theatre = Theatre()
    opened(theatre, "m4-m25-coach", hold=True)
    assert not theatre.view().exercises.started
    theatre.now += 600_000
    before = len(theatre.records[INCIDENT_STREAM])
    theatre.tick()
    assert len(theatre.records[INCIDENT_STREAM]) == before, "nobody acts before T+0"
    assert opened(theatre, "m4-m25-coach") == 1
    assert theatre.view().exercises.running
