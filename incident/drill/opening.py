"""How an exercise is opened: the acts still lacking until it stands as its scenario says, on the state as it is.

Asked again after each of them was done, until nothing is lacking: so an opening that was cut off goes on where it was.
Registers are filled, the incident is opened in the name of the agency whose room has begun, gets its number, invites
its parties, and the parts of it are opened.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, Final

from incident.catalogue import Charter
from incident.exercises.facts import StartPlay
from incident.fleet import import_table
from incident.fleet.facts import TakeNumber, register_stream
from incident.injects.facts import LoadScenario
from incident.kernel.slice import Act, Actor
from incident.organisation.facts import AssignNumber, Invite, NameContact, Open, OpenOwn
from incident.places.facts import OPENED_AT_ONCE, OpenPlaces
from incident.placing import Placing
from incident.scenario.facts import Participant, Scenario
from incident.values import unit_key

ViewOf = Callable[[str], Any]
"""The state of a stream by its name, the first one when nothing is in it yet."""

SYSTEM: Final = "system"
MACHINE: Final = "excon"
CONTROL: Final = Actor(MACHINE, "EXCON", "excon")


def lacking(
    scenario: Scenario,
    incident: str,
    charter: Charter,
    tables: Mapping[str, str],
    view_of: ViewOf,
    *,
    hold: bool = False,
    placing: Placing | None = None,
) -> tuple[Act, ...]:
    """What is to be done next, in order; empty when the exercise stands open.

    ``incident`` is the name of the incident's stream, ``tables`` the text of each fleet's table by agency. ``hold``:
    the clock waits until exercise control starts it. ``placing``: where the scene lies among the trusts' areas.
    """
    incident_stage = partial(_incident, placing=placing)
    stages = (
        _registers,
        incident_stage,
        _number,
        _parties,
        _hospitals,
        _parts,
        _papers,
        *(() if hold else (_clock,)),
    )
    for stage in stages:
        found = tuple(stage(scenario, incident, charter, tables, view_of))
        if found:
            return found
    return ()


def opened(incident: str, view_of: ViewOf) -> bool:
    """Whether an exercise stands there already, its papers taken up."""
    return view_of(f"{incident}/excon").injects.scenario is not None


def _machine(agency: str) -> Actor:
    return Actor(MACHINE, agency, "operator")


def _registers(
    scenario: Scenario, _incident: str, charter: Charter, tables: Mapping[str, str], view_of: ViewOf
) -> Iterator[Act]:
    """Each fleet whose register lacks one of its units."""
    for fleet in scenario.fleets:
        stream = register_stream(charter.mode, fleet.agency)
        has = view_of(stream).fleet
        made, _ = import_table(tables[fleet.agency], fleet.file, fleet.agency, charter)
        commands = [command for agency, _, commands in made if agency == fleet.agency for command in commands]
        units = [unit for command in commands for unit in getattr(command, "units", ())]
        if has.opened and all(unit_key(fleet.agency, unit.callsign) in has.units for unit in units):
            continue
        for place, command in enumerate(commands):
            actor = Actor(SYSTEM, fleet.agency, SYSTEM)
            yield Act(0, f"open/register/{fleet.agency}/{place}", stream, actor, command)


def _incident(
    scenario: Scenario,
    incident: str,
    charter: Charter,
    _tables: Mapping[str, str],
    view_of: ViewOf,
    *,
    placing: Placing | None,
) -> Iterator[Act]:
    if not view_of(incident).organisation.opened:
        command = Open(scenario.title, charter.mode, scenario.location, scenario.kind, placing)
        yield Act(0, "open/incident", incident, _machine(scenario.opener), command)


def _number(
    scenario: Scenario, incident: str, charter: Charter, _tables: Mapping[str, str], view_of: ViewOf
) -> Iterator[Act]:
    """The next number of the agency that opened it, where that agency keeps a register here."""
    register = register_stream(charter.mode, scenario.opener)
    fleet, id_ = view_of(register).fleet, incident.partition("/")[2]
    if view_of(incident).organisation.number or not fleet.opened:
        return
    number = fleet.numbers.get(id_)
    if number is None:
        yield Act(0, "open/take-number", register, _machine(scenario.opener), TakeNumber(id_))
    else:
        yield Act(0, "open/number", incident, _machine(scenario.opener), AssignNumber(number))


def _parties(
    scenario: Scenario, incident: str, _charter: Charter, _tables: Mapping[str, str], view_of: ViewOf
) -> Iterator[Act]:
    here = view_of(incident).organisation.parties
    missing = tuple(party.agency for party in scenario.parties if party.invited and party.agency not in here)
    if missing:
        yield Act(0, "open/invite", incident, _machine(scenario.opener), Invite(missing))
    opener = scenario.participant(scenario.opener)
    if opener is not None and opener.behaviour.spoc and not here[scenario.opener].spoc:
        command = NameContact(scenario.opener, opener.behaviour.spoc)
        yield Act(0, "open/contact", incident, _machine(scenario.opener), command)


def _hospitals(
    scenario: Scenario, incident: str, _charter: Charter, _tables: Mapping[str, str], view_of: ViewOf
) -> Iterator[Act]:
    """Those that are warned already when it begins."""
    rows = view_of(incident).places.rows
    wanted = tuple(one.place for one in scenario.hospitals if one.stood_up and one.place not in rows)
    for start in range(0, len(wanted), OPENED_AT_ONCE):
        few = wanted[start : start + OPENED_AT_ONCE]
        yield Act(0, f"open/places/{few[0]}", incident, _machine(scenario.opener), OpenPlaces(few))


def _parts(
    scenario: Scenario, incident: str, _charter: Charter, _tables: Mapping[str, str], view_of: ViewOf
) -> Iterator[Act]:
    """The own part of each agency that people may play: it keeps a log of its own from the first call on."""
    for party in scenario.parties:
        stream = f"{incident}/own/{party.agency}"
        if _keeps_a_log(scenario, party) and not view_of(stream).organisation.opened:
            yield Act(0, f"open/own/{party.agency}", stream, _machine(party.agency), OpenOwn())


def _papers(
    scenario: Scenario, incident: str, _charter: Charter, _tables: Mapping[str, str], view_of: ViewOf
) -> Iterator[Act]:
    """Exercise control's own part, and the scenario in it."""
    stream = f"{incident}/excon"
    papers = view_of(stream)
    if not papers.organisation.opened:
        yield Act(0, "open/excon", stream, CONTROL, OpenOwn())
    elif papers.injects.scenario != scenario:
        yield Act(0, f"open/scenario/{scenario.id}", stream, CONTROL, LoadScenario(scenario))


def _clock(
    scenario: Scenario, incident: str, _charter: Charter, _tables: Mapping[str, str], view_of: ViewOf
) -> Iterator[Act]:
    """T+0."""
    if not view_of(incident).exercises.started:
        command = StartPlay(scenario.id, scenario.title, scenario.code_word)
        yield Act(0, "open/start", incident, CONTROL, command)


def _keeps_a_log(scenario: Scenario, party: Participant) -> bool:
    return party.invited and (
        party.played == "person" or any(fleet.agency == party.agency for fleet in scenario.fleets)
    )
