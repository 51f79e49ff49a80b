"""What an inject brings about when it is fired."""

from __future__ import annotations

from typing import Any

import msgspec

from incident.log.facts import Write
from incident.organisation.facts import OpenOwn
from incident.scenario.effects import brought_about
from incident.scenario.facts import Inject, Scenario, Step
from incident.state import MODELS, OWN
from incident.tasks.facts import Accept, Raise
from tests.incident.given import INCIDENT_STREAM, OWN_STREAM, Given, opened
from tests.incident.test_virtual import scenario


def made(*steps: Step, told: bool = False) -> tuple[Scenario, Inject]:
    inject = Inject(
        7, 60, "999 caller", ("LAS", "SCAS"), "phone", "Coach on its side", effects=steps, told=told
    )
    return msgspec.structs.replace(scenario(), injects=(inject,)), inject


def asked(given: Given, play: tuple[Scenario, Inject], *, after: int = 0, **more: Any) -> Any:
    own = Given(OWN, OWN_STREAM).by("LAS").did(OpenOwn())
    views = {INCIDENT_STREAM: given.view} | ({OWN_STREAM: own.view} if more.pop("own", True) else {})
    now = given.now + after * 1_000
    return brought_about(
        *play,
        INCIDENT_STREAM,
        MODELS.of,
        views.get,
        fired_at=given.now,
        now=now,
        manned=more.pop("manned", ()),
    )


def test_its_words_are_written_where_those_it_is_for_keep_their_own_log() -> None:
    acts, problems, _ = asked(opened(), made(told=True))
    assert problems == ()
    assert [(act.stream, act.actor.name, act.actor.agency) for act in acts] == [(OWN_STREAM, "excon", "LAS")]
    assert acts[0].command == Write("999 caller, by phone: Coach on its side")


def test_a_person_who_comes_in_is_not_by_in_person() -> None:
    whole, inject = made(told=True)
    acts, _, _ = asked(opened(), (whole, msgspec.structs.replace(inject, means="in person")))
    assert acts[0].command == Write("999 caller, in person: Coach on its side")


def test_where_nobody_keeps_a_log_of_their_own_all_hear_it() -> None:
    acts, _, _ = asked(opened(), made(told=True), own=False)
    assert [(act.stream, act.actor.agency, act.actor.role) for act in acts] == [
        (INCIDENT_STREAM, "EXCON", "excon")
    ]
    assert acts[0].command.text.startswith("999 caller to LAS, SCAS, by phone:")


def test_steps_come_each_in_its_time_with_a_key_of_its_own() -> None:
    one = Step("scene", "SCAS", "log.write", '{"text":"a"}')
    two = Step("scene", "SCAS", "log.write", '{"text":"b"}', after=30)
    given = opened()
    assert [act.key for act in asked(given, made(one, two))[0]] == ["inject/7/0"]
    assert [act.key for act in asked(given, made(one, two), after=30)[0]] == ["inject/7/0", "inject/7/1"]
    assert asked(given, made(one, two)) == asked(given, made(one, two)), "the same question, the same answer"


def test_a_virtual_agency_with_somebody_there_decides_for_itself_and_a_played_one_is_not_asked() -> None:
    steps = (
        Step("scene", "SCAS", "log.write", '{"text":"a"}'),
        Step("scene", "LAS", "log.write", '{"text":"b"}'),
    )
    acts, _, left = asked(opened(), made(*steps), manned=("SCAS", "LAS"))
    assert left == ("0",)
    assert [act.actor.agency for act in acts] == ["LAS"]


def test_two_steps_that_say_the_same_are_two() -> None:
    step = Step("scene", "SCAS", "log.write", '{"text":"a"}')
    assert [act.key for act in asked(opened(), made(step, step))[0]] == ["inject/7/0", "inject/7/1"]


def test_what_cannot_be_done_is_said_and_the_rest_is_done() -> None:
    given = opened().did(Raise("A bus", "SCAS"))
    steps = (
        Step("scene", "SCAS", "tasks.accept", '{"task":"$task:No such thing"}'),
        Step("scene", "SCAS", "tasks.accept", '{"task":"$task:a bus"}'),
        Step("own", "SCAS", "log.write", '{"text":"x"}'),
        Step("scene", "SCAS", "nothing.known", "{}"),
    )
    acts, problems, _ = asked(given, made(*steps))
    assert [act.command for act in acts] == [Accept(given.last)]
    assert problems == (
        "inject 7: there is no task No such thing yet",
        "inject 7: SCAS has not opened its part of the incident",
        "inject 7: nothing here knows what nothing.known means",
    )
