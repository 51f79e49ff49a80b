"""The file of a scenario: what it says, and every kind of mistake in it, with its line and a plain sentence."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from config.reader import parse_yaml
from incident.kernel.checks import ConfigError
from incident.methane.facts import Hazard, Publish, Report, Service
from incident.scenario import Scenario
from incident.scenario.facts import Wait, clock_words, t_words
from incident.scenario.filling import command_of
from incident.scenario.reading import Known, fleets_of, read_fleet, read_scenario
from incident.scenario.words import read_at, read_wait
from incident.state import INCIDENT, OWN
from incident.tasks.facts import Accept, Raise
from incident.values import Location
from tests.incident.given import INCIDENT_STREAM, MINUTE, charter, opened

CSV = "callsign,kind,capabilities,station,status\nA201,DCA,paramedic,Slough,AVB\nR321,RRV,,Slough,AVB\n"
GOOD = """\
id: two-rooms
title: TWO ROOMS
code_word: EXERCISE AMBER
starts_at: 13:58
length: 30 min
seed: 4
location: {text: M25 J15, grid: TQ 0402 7829, lat: 51.494, lon: -0.503, direction: clockwise}
summary: |
  A coach on its side.
  Nobody knows which side.
objectives:
  - {code: declare, words: Declare within five minutes}
opener: LAS
fleets: {SCAS: SCAS.csv}
hospitals:
  - {place: WEXHAM, p1: 3, p2: 6, p3: 12}
parties:
  - {agency: LAS, played: person}
  - agency: SCAS
    played: virtual
    joins: 20-40 s
    spoc: Bicester
    acknowledges: never
    declares:
      - {at: T+2, state: standby, reason: Watching}
    appoints:
      - {at: T+5, role: tactical, holder: B. Nkosi, contact: ext. 2207}
    tasks: {answers: 10-20 s, declines: 20 %, reasons: [Nobody free]}
    rival_rvp: {at: T+6, name: Slough yard, place: {text: Slough}, withdrawn_at: T+9:30}
    sends:
      - {at: T+1, units: [A201, R321]}
    aid: {units: [A201]}
    lead: {answer: accept, claims_at: T+4}
injects:
  - no: 2
    at: T+3:30
    from: SCAS duty manager
    to: [LAS]
    means: phone
    text: Which carriageway?
    objective: declare
    expected: The room asks R301.
    effects:
      - {agency: SCAS, type: tasks.raise, body: {title: Which carriageway, agency: LAS, due: $now+10m}}
      - {agency: EXCON, type: log.write, body: {text: Asked.}, after: 20 s}
  - {no: 1, at: T+0, from: 999 caller, to: [LAS], means: phone, text: A coach is on its side.}
"""


def known() -> Known:
    units, problems = read_fleet("SCAS", "SCAS.csv", CSV, charter())
    assert problems == ()
    return Known(charter(), {"scene": INCIDENT, "own": OWN}, {"SCAS": units})


def read(written: str) -> Scenario:
    return read_scenario(parse_yaml(written.encode(), "x.yaml"), known())


def wrong(*changes: tuple[str, str]) -> list[tuple[int, str]]:
    """The problems of the good file with these changes, each with its line."""
    written = GOOD
    for before, after in changes:
        assert written.count(before) >= 1, before
        written = written.replace(before, after, 1)
    with pytest.raises(ConfigError) as found:
        read(written)
    for problem in found.value.problems:
        assert problem.file == "x.yaml"
    return [(problem.line, problem.sentence) for problem in found.value.problems]


def line_of(part: str) -> int:
    return next(n for n, line in enumerate(GOOD.splitlines(), 1) if part in line)


def test_a_good_file_says_all_this() -> None:
    made = read(GOOD)
    assert (made.starts_at, clock_words(made.starts_at), made.length_minutes) == (838, "13:58", 30)
    assert made.location.lat == 51.494
    scas = made.participant("SCAS")
    assert scas is not None
    assert made.participant("SECAMB") is None
    habit = scas.behaviour
    assert habit.joins == Wait(20, 40)
    assert habit.acknowledges is None
    assert habit.features is not None, "what is left out is as usual"
    assert [unit.callsign for unit in habit.sends[0].units] == ["A201", "R321"]
    assert habit.sends[0].units[0].capabilities == ("paramedic",)
    assert habit.rival_rvp is not None
    assert habit.rival_rvp.withdrawn_at == 570
    assert habit.tasks is not None
    assert habit.tasks.declines == 20
    assert habit.lead is not None
    assert habit.lead.claims_at == 240
    assert [inject.number for inject in made.injects] == [1, 2], "in the order of time"
    assert made.injects[1].at == 210
    assert made.injects[1].effects[1].role == "excon"
    assert made.injects[1].effects[1].after == 20
    assert msgspec.json.decode(msgspec.json.encode(made), type=Scenario) == made


def test_the_fleets_are_known_before_anything_is_checked() -> None:
    assert fleets_of(parse_yaml(GOOD.encode(), "x")) == (("SCAS", "SCAS.csv"),)
    assert fleets_of(parse_yaml(b"fleets: nonsense", "x")) == ()
    assert fleets_of(parse_yaml(b"[1]", "x")) == ()


@pytest.mark.parametrize(
    ("before", "after", "part", "words"),
    [
        ("id: two-rooms", "id: Two Rooms", "id:", "must be a short name in small letters"),
        ("starts_at: 13:58", "starts_at: 2 pm", "starts_at", "must be a time of day such as 13:58"),
        ("length: 30 min", "length: 90 s", "length", "whole minutes"),
        ("seed: 4", "seed: -4", "seed", "must be a whole number"),
        ("grid: TQ 0402 7829", "grid: TQ 04", "location", "is no grid reference"),
        ("opener: LAS", "opener: LFB", "opener", "is LFB: it must be one of the parties"),
        (
            "fleets: {SCAS",
            "fleets: {SCOS",
            "fleets",
            "the catalogue has no agency of that name; did you mean 'SCAS'",
        ),
        ("place: WEXHAM", "place: WEXHIM", "place:", "has no place of that code; did you mean 'WEXHAM'?"),
        ("- {agency: LAS, played", "- {agency: LOS, played", "agency: LAS", "did you mean 'LAS'?"),
        ("played: virtual", "played: robot", "played: virtual", "must be one of virtual, person, absent"),
        ("played: virtual", "played: absent", "joins", "is a habit, and SCAS has none"),
        ("joins: 20-40 s", "joins: 40-20 s", "joins", "the shorter time stands first"),
        ("joins: 20-40 s", "joins: soon", "joins", "such as 20-40 s"),
        ("T+2, state: standby", "T+2, state: standing", "state: standby", "did you mean 'standby'?"),
        ("role: tactical", "role: tacticool", "role: tactical", "did you mean 'tactical'?"),
        ("role: tactical", "role: sector", "role: tactical", "say with a label which forward"),
        (
            "role: tactical",
            "label: x, role: tactical",
            "role: tactical",
            "there is one tactical commander only",
        ),
        ("declines: 20 %", "declines: 120 %", "declines", "from 0 % to 100 %"),
        ("withdrawn_at: T+9:30", "withdrawn_at: T+5", "rival_rvp", "taken back before it is proposed"),
        ("units: [A201, R321]", "units: [A201, R322]", "units: [A201, R", "the fleet of SCAS has no unit"),
        ("aid: {units: [A201]}", "aid: {units: [A201, A201]}", "aid:", "repeats the item"),
        ("claims_at: T+4", "claims_at: T+31", "claims_at", "is T+31, and the exercise ends at T+30"),
        ("no: 2", "no: 1", "no: 1, at", "repeats the item"),
        ("at: T+3:30", "at: T+3:70", "at: T+3", "must be a time from the start"),
        ("at: T+3:30", "at: T+1:00:00", "at: T+3", "is T+1:00:00, and the exercise ends at T+30"),
        ("to: [LAS]\n", "to: [LAZ]\n", "to: [LAS]", "the catalogue has no agency"),
        ("means: phone\n", "means: pigeon\n", "means: phone", "must be one of phone, radio"),
        (
            "objective: declare",
            "objective: declair",
            "objective:",
            "no objective of that name; did you mean 'declare'?",
        ),
        (
            "type: tasks.raise",
            "type: tasks.rais",
            "tasks.raise",
            "no such command; did you mean 'tasks.raise'?",
        ),
        ("agency: LAS, due", "due", "tasks.raise", "is not accepted"),
        ("$now+10m", "$later", "tasks.raise", "$later is no reference; there are $now"),
        ("{agency: SCAS, type", "{agency: MPS, type", "tasks.raise", "must be one of the parties, or EXCON"),
        (
            "{agency: SCAS, type",
            "{agency: SCAS, role: loggist, type",
            "tasks.raise",
            "the role loggist may not do",
        ),
        ("{agency: EXCON, type", "{agency: EXCON, stream: own, type", "", ""),
        ("body: {text: Asked.}", "body: Asked", "Asked.", "must be the body of the command"),
        ("text: Which carriageway?", 'text: "\\e[2J"', "Which carriageway?", "text"),
        ("expected: The", "expect: The", "expected", "is not a known key; did you mean 'expected'?"),
    ],
)
def test_every_mistake_is_named_at_its_line(before: str, after: str, part: str, words: str) -> None:
    if not part:
        read(GOOD.replace(before, after, 1))
        return
    found = wrong((before, after))
    assert any(line == line_of(part) and words in sentence for line, sentence in found), found
    assert all(sentence.startswith(("'", "the file")) for _, sentence in found)


def test_many_mistakes_are_told_at_once() -> None:
    found = wrong(
        ("starts_at: 13:58", "starts_at: noon"),
        ("opener: LAS", "opener: NOBODY"),
        ("joins: 20-40 s", "joins: soon"),
        ("type: log.write", "type: log.right"),
    )
    assert [line for line, _ in found] == sorted(line for line, _ in found)
    assert len(found) == 4


def test_what_is_missing_is_said() -> None:
    found = wrong(("title: TWO ROOMS\n", ""), ("    means: phone\n", ""))
    assert any("'title' is missing" in sentence for _, sentence in found)
    assert any("means' is missing" in sentence for _, sentence in found)


def test_a_scenario_fits_into_one_record() -> None:
    injects = "".join(
        f"  - {{no: {n}, at: T+1, from: x, to: [LAS], means: radio, text: {'word ' * 100}}}\n"
        for n in range(3, 100)
    )
    with pytest.raises(ConfigError, match="take words out"):
        read(GOOD + injects)


def test_the_agency_that_opens_it_is_invited() -> None:
    found = wrong(("{agency: LAS, played: person}", "{agency: LAS, played: person, invited: false}"))
    assert found == [(1, "the file is not accepted: LAS opens the incident, so it is invited to it")]


@pytest.mark.parametrize(
    ("written", "seconds"), [("T+0", 0), ("T+7", 420), ("T+7:30", 450), ("t+1:05:00", 3900), ("T+90", 5400)]
)
def test_times_from_the_start(written: str, seconds: int) -> None:
    assert read_at(written) == seconds
    assert read_at(t_words(seconds)) == seconds


@pytest.mark.parametrize("written", ["7", "T-7", "T+", "T+7:5", "T+1:60:00", "T+7m"])
def test_what_is_no_time_from_the_start(written: str) -> None:
    with pytest.raises(ValueError, match="such as T"):
        read_at(written)


def test_waits() -> None:
    assert read_wait("2-5 min") == Wait(120, 300)
    assert read_wait("30 s") == Wait(30, 30)
    assert read_wait("20 to 40 s") == Wait(20, 40)


# -- references ----------------------------------------------------------------------------------------------


def step(body: str, type_: str = "tasks.accept", agency: str = "SCAS") -> Any:
    written = GOOD.replace(
        "{agency: SCAS, type: tasks.raise, body: {title: Which carriageway, agency: LAS, due: $now+10m}}",
        f"{{agency: {agency}, type: {type_}, body: {body}}}",
    )
    return read(written).injects[1].effects[0]


def test_a_step_names_things_by_what_people_call_them() -> None:
    given = opened().did(Raise("Which carriageway", "SCAS")).did(Raise("which  Carriageway", "SCAS"))
    now = given.now
    actor, command = command_of(step("{task: '$task:Which carriageway'}"), INCIDENT, given.view, "x", now)
    assert command == Accept(given.last), "the newest of that name"
    assert actor is not None
    assert (actor.name, actor.agency, actor.role) == ("excon", "SCAS", "operator")
    number = next(iter(given.view.tasks.rows.values())).number
    _, command = command_of(step(f"{{task: '$task:{number}'}}"), INCIDENT, given.view, "x", now)
    assert command == Accept(next(iter(given.view.tasks.rows)))
    raised = step("{title: T, agency: LAS, due: $now+10m}", "tasks.raise")
    _, command = command_of(raised, INCIDENT, given.view, "x", now)
    assert command.due == now + 10 * MINUTE


def test_a_methane_of_an_inject_says_what_is_new_and_the_rest_stands() -> None:
    given = opened()
    services = "present: [{agency: LFB, note: 2 pumps}], required: [{agency: LAS}]"
    body = f"{{report: {{location: {{text: J16}}, type: rtc, {services}}}}}"
    one = step(body, "methane.publish")
    _, first = command_of(one, INCIDENT, given.view, "x", given.now)
    assert (first.report.required, first.report.total) == ((Service("LAS"),), None), (
        "there is nothing before it"
    )
    before = Report(
        Location("J15"),
        "rtc",
        "coach",
        (Hazard("fuel", "present"),),
        total=48,
        present=(Service("LAS", "4 crews"),),
        required=(Service("LFB"), Service("MPS")),
    )
    given.did(Publish(before))
    _, command = command_of(one, INCIDENT, given.view, "x", given.now)
    new = command.report
    assert (new.location.text, new.nature, new.hazards, new.total) == ("J16", "coach", before.hazards, 48)
    assert new.present == (Service("LAS", "4 crews"), Service("LFB", "2 pumps"))
    assert new.required == (Service("MPS"),), "who is there is not required any more"
    counts = step("{report: {location: {text: J16}, type: rtc, p1: 3}}", "methane.publish")
    _, command = command_of(counts, INCIDENT, given.view, "x", given.now)
    assert (command.report.p1, command.report.total) == (3, None), "old and new counts are not mixed"


def test_what_names_nothing_yet_is_said() -> None:
    given = opened()
    actor, said = command_of(step("{task: '$task:Nothing'}"), INCIDENT, given.view, "x", given.now)
    assert (actor, said) == (None, "there is no task Nothing yet")


def test_what_is_addressed_to_an_agency() -> None:
    given = opened().did(Raise("A", "SCAS"))
    one = step("{subjects: $addressed}", "receipts.see")
    _, command = command_of(one, INCIDENT, given.view, INCIDENT_STREAM, given.now)
    assert command.subjects == INCIDENT.addressed(given.view, "SCAS")
