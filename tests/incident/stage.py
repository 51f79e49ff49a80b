"""An opened incident to try slices on: every person may do everything, so that only the slice's own rules speak."""

from __future__ import annotations

from typing import Any

import msgspec

from incident.catalogue import Agency, Charter, Role
from incident.kernel.ledger import record_of
from incident.kernel.model import Model
from incident.kernel.protocol import Submit
from incident.kernel.record import Record, encode_body
from incident.kernel.slice import Actor, Context, Refusal
from incident.organisation.facts import Invite, Open
from incident.state import INCIDENT
from incident.values import Location

AGENCIES = ("LAS", "SCAS", "SECAMB")
START = 1_763_000_000_000
STREAM = "incident/0192f0c1-0000-7000-8000-000000000000"


class Stage:
    """Commands in, events and state out, through `decide`, the stored record and `apply`, as in the real thing."""

    def __init__(self, model: Model = INCIDENT) -> None:
        everything = tuple(model.commands)
        self.model = model
        self.charter = Charter(
            mode="exercise",
            agencies={
                **{code: Agency(code, code) for code in (*AGENCIES, "LFB")},
                "EXCON": Agency("EXCON", "Exercise control", type="exercise"),
            },
            roles={"operator": Role("operator", "operator", own=everything, other=everything)},
        )
        self.state: Any = model.initial()
        self.records: list[Record] = []
        self.now = START
        self._count = 0
        self.ids: list[str] = []
        self.must("LAS", Open(title="Coach on the M25", mode="exercise", location=Location("M25 J15")))
        self.must("LAS", Invite(AGENCIES[1:]))

    def try_(
        self,
        agency: str,
        command: Any,
        *,
        base: dict[str, str] | None = None,
        happened_at: int | None = None,
        cut_off: bool = False,
    ) -> tuple[Any, ...] | Refusal:
        """The answer; events are applied. Without `base` the author has seen everything there is.

        `cut_off`: as a room without a line shows it, provisionally; the log holds nothing of it.
        """
        self._count += 1
        self.now += 1000
        command_id = f"00000000-0000-7000-8000-{self._count:012d}"
        self.ids.append(command_id)
        actor = Actor("desk 1", agency, "operator")
        name = self.model.name_of(command)
        body = encode_body(command)
        seen = self.model.base_for(self.state, command) if base is None else base
        submit = Submit(
            stream=STREAM,
            command_id=command_id,
            type=name,
            body=body,
            written_at=self.now,
            base=seen,
            happened_at=happened_at,
        )
        ctx = Context(actor, STREAM, command_id, self.now, self.now, seen, happened_at, charter=self.charter)
        again = self.model.read_command(name, 1, bytes(body))
        assert again == command, "a command means the same after its journey"
        events = self.model.decide(self.state, command, ctx)
        if isinstance(events, Refusal):
            return events
        for part, event in enumerate(events):
            seq = 0 if cut_off else len(self.records) + 1
            record = record_of(self.model, actor, submit, event, part, seq, self.now, "")
            record = msgspec.json.decode(msgspec.json.encode(record), type=Record)
            if not cut_off:
                self.records.append(record)
            self.state = self.model.apply(self.state, record)
        assert self.model.invariants(self.state) == ()
        return events

    def must(self, agency: str, command: Any, **more: Any) -> str:
        """The id of a command that is accepted."""
        answer = self.try_(agency, command, **more)
        assert not isinstance(answer, Refusal), answer.sentence
        return self.ids[-1]

    def refused(self, agency: str, command: Any, code: str, **more: Any) -> Refusal:
        """The refusal of a command, of this code."""
        answer = self.try_(agency, command, **more)
        assert isinstance(answer, Refusal), f"accepted: {answer}"
        assert answer.code == code, answer
        return answer

    def lines(self) -> list[str]:
        """The log as people read it."""
        names = self.model.names(self.state)
        return [self.model.sentence(record, names).text for record in self.records]
