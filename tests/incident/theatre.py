"""Several streams as a server keeps them, without one: real ledgers, one claim table, time that a test lets go by."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

from config.reader import find_config, read_yaml
from incident.kernel.claims import ClaimTable
from incident.kernel.ledger import Ledger, Proposal
from incident.kernel.protocol import Done, Submit
from incident.kernel.record import Record, encode_body
from incident.kernel.slice import Act, Actor, Refusal
from incident.scenario import Scenario
from incident.state import EXERCISES, MODELS
from tests.incident.given import CONFIG, INCIDENT_STREAM, T0, charter

SECOND = 1_000
HOUSE = CONFIG / "scenarios"


def scenario_of(path: Path) -> tuple[Scenario, dict[str, str]]:
    """A scenario of the house, and the tables of its fleets."""
    tree = read_yaml(path)
    tables = {
        agency: find_config(f"demo/{file}").read_text(encoding="utf-8")
        for agency, file in EXERCISES.tables(tree)
    }
    return EXERCISES.read(tree, tables, charter()), tables


class Theatre:
    """Every stream of one server by its name. What is done is durable at once."""

    def __init__(self, now: int = T0) -> None:
        self.now = now
        self.ledgers: dict[str, Ledger] = {}
        self.records: dict[str, list[Record]] = {}
        self.claims = ClaimTable()
        self.refused: list[tuple[str, str, str]] = []

    def ledger(self, stream: str) -> Ledger:
        if stream not in self.ledgers:
            model = MODELS.of(stream)
            assert model is not None, stream
            self.ledgers[stream] = Ledger(model, stream, self.claims, charter())
            self.records[stream] = []
        return self.ledgers[stream]

    def view(self, stream: str = INCIDENT_STREAM) -> Any:
        """The state of a stream, the first one when nothing is in it."""
        return self.ledger(stream).durable.state

    def known(self, stream: str) -> Any:
        """The state of a stream that has begun, or None."""
        return self.view(stream) if stream in self.ledgers and self.records[stream] else None

    def do(self, stream: str, actor: Actor, command: Any, key: str = "") -> Done | Refusal:
        """One command, on the state as it stands; the same key has the same id, and is done once."""
        ledger = self.ledger(stream)
        model = ledger.model
        type_ = model.name_of(command)
        id_ = str(uuid.uuid5(uuid.NAMESPACE_URL, stream + key)) if key else str(uuid.uuid4())
        base = model.base_for(ledger.durable.state, command)
        submit = Submit(
            stream=stream,
            command_id=id_,
            type=type_,
            v=model.spec_of(type_).v,
            body=encode_body(command),
            written_at=self.now,
            base=base,
        )
        answer = ledger.propose(actor, submit, self.now, "0" * 32)
        if isinstance(answer, Proposal):
            ledger.commit([answer])
            self.records[stream] += answer.records
            assert model.invariants(ledger.durable.state) == ()
            return answer.done
        assert isinstance(answer, (Refusal, Done))
        if isinstance(answer, Refusal):
            self.refused.append((key or type_, answer.code, answer.sentence))
        return answer

    def act(self, act: Act) -> Done | Refusal:
        """An act, as the conductor writes it."""
        return self.do(act.stream, act.actor, act.command, act.key)

    def tick(self, *, manned: tuple[str, ...] = ()) -> None:
        """What automation does now, in every incident; who is to be told what came of it is told."""
        for stream in tuple(self.ledgers):
            for act in MODELS.acts(stream, self.known, self.now, frozenset(manned)):
                self.perform(act)

    def perform(self, act: Act) -> None:
        """An act and what follows from it."""
        answer = self.act(act)
        if act.told is not None:
            then = act.told(answer.sentence if isinstance(answer, Refusal) else "")
            if then is not None:
                self.perform(then)

    def lines(self, stream: str = INCIDENT_STREAM) -> list[str]:
        """The log of a stream as people read it."""
        model = self.ledger(stream).model
        names = model.names(self.view(stream))
        return [
            f"{record.agency:10} {record.actor:16} {model.sentence(record, names).text}"
            for record in self.records[stream]
        ]
