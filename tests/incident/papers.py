"""A small scenario, and a whole exercise in memory: the incident, exercise control's papers, and who acts by itself."""

from __future__ import annotations

from typing import Any

import msgspec

from incident.exercises.facts import StartPlay
from incident.injects.facts import LoadScenario
from incident.kernel.slice import Act
from incident.organisation.facts import OpenOwn
from incident.scenario.facts import Inject, Objective, Participant, Scenario, Step
from incident.state import EXCON, MODELS
from incident.values import Location
from tests.incident.given import INCIDENT_STREAM, Given, opened

EXCON_STREAM = f"{INCIDENT_STREAM}/excon"


def _step(by: str, type_: str, after: int = 0, **body: Any) -> Step:
    role = "excon" if by == "EXCON" else "operator"
    return Step("scene", by, type_, msgspec.json.encode(body).decode(), role, after)


SCENARIO = Scenario(
    id="small",
    title="A small one",
    code_word="COBALT",
    starts_at=14 * 60,
    length_minutes=60,
    location=Location("M25 J15"),
    opener="LAS",
    parties=(Participant("LAS", "person"), Participant("SCAS", "person"), Participant("SECAMB", "virtual")),
    objectives=(Objective("rvp", "One rendezvous point within ten minutes"),),
    injects=(
        Inject(1, 60, "999 caller", ("LAS",), "phone", "A coach is on its side.", told=True),
        Inject(
            2, 300, "SECAMB", ("LAS", "SCAS"), "radio", "We stand by.", "rvp", "LAS answers within 2 min",
            (
                _step("SECAMB", "organisation.declare", agency="SECAMB", state="standby"),
                _step("EXCON", "log.write", after=60, text="Smoke drifts south."),
            ),
        ),
        Inject(3, 600, "press", ("LAS",), "media", "How many are dead?", told=True, held=True),
        Inject(4, 900, "SCAS", ("LAS",), "phone", "Nobody here.", effects=(
            _step("SECAMB", "organisation.declare", agency="LAS", state="declared"),
            Step("own", "LFB", "log.write", '{"text": "nobody keeps a log here"}'),
        )),
    ),
)  # fmt: skip


QUICK = msgspec.structs.replace(
    SCENARIO, injects=tuple(msgspec.structs.replace(one, at=one.at // 100) for one in SCENARIO.injects)
)
"""The same within ten seconds."""


def papers(scenario: Scenario = SCENARIO) -> Given:
    """Exercise control's stream with a scenario loaded."""
    given = Given(EXCON, EXCON_STREAM).by("EXCON", "excon", "Control")
    given.count = 5_000
    return given.did(OpenOwn()).did(LoadScenario(scenario))


class Exercise:
    """The streams of one exercise, and a conductor that forgets everything whenever it is told to."""

    def __init__(self, scenario: Scenario = SCENARIO) -> None:
        self.scene = opened("SCAS", "SECAMB")
        self.excon = papers(scenario)
        self.excon.now = self.scene.now
        self.streams = {self.scene.stream: self.scene, EXCON_STREAM: self.excon}
        self.done: dict[str, str] = {}
        """What came of each act, by its key: an id that was answered is answered the same again."""
        self.manned: frozenset[str] = frozenset({"LAS", "SCAS", "EXCON"})

    def start(self) -> Exercise:
        self.scene.by("EXCON", "excon", "Control").did(StartPlay("small", "A small one", "COBALT"))
        return self

    def later(self, minutes: float) -> Exercise:
        for given in self.streams.values():
            given.later(minutes)
        return self

    def view_of(self, stream: str) -> Any:
        given = self.streams.get(stream)
        return None if given is None else given.view

    def due(self) -> tuple[Act, ...]:
        return MODELS.acts(self.scene.stream, self.view_of, self.scene.now, self.manned)

    def tick(self, *, ticks: int = 3) -> Exercise:
        """The server asks what is to be done, and does it; again, since one thing leads to another."""
        for _ in range(ticks):
            for act in self.due():
                self._do(act)
        return self

    def _do(self, act: Act) -> None:
        given = self.streams[act.stream]
        actor = act.actor
        if act.key not in self.done:
            outcome = given.by(actor.agency, actor.role, actor.name).when(act.command)
            refused = outcome.answer.sentence if hasattr(outcome.answer, "sentence") else ""
            if not refused:
                given.did(act.command)
            self.done[act.key] = refused
        if act.told is not None:
            then = act.told(self.done[act.key])
            if then is not None:
                self._do(then)

    def texts(self) -> list[str]:
        """The lines of the incident's log that exercise control's machine wrote."""
        return [
            self.scene.line(i).text for i, record in enumerate(self.scene.records) if record.actor == "excon"
        ]
