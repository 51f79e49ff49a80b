"""Given / when / then for the rules: real records, real permissions, the default charter.

    Given(INCIDENT).by("LAS").when(Write("fire")).then(Written("fire"))
    opened().by("SCAS").when(Declare("LAS", "declared")).refused("no_grant")

`when` only asks. `did` asks, expects it to be taken, and adds its records to the history. Commands get ids that
can be read (`cid(3)`), and the clock moves by `later`. Unless told otherwise, the author has seen everything
(`base` is what the model says of the present state); `having_seen(mark)` writes as somebody who saw less.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any

import msgspec

from config.reader import read_yaml
from incident.catalogue import (
    AGENCIES_SCHEMA,
    KINDS_SCHEMA,
    PLACES_SCHEMA,
    ROLES_SCHEMA,
    Charter,
    charter_from,
)
from incident.kernel.checks import validate
from incident.kernel.ledger import context_of, record_of
from incident.kernel.model import Model
from incident.kernel.protocol import Submit
from incident.kernel.record import Record, chained, encode_body, genesis
from incident.kernel.slice import Actor, Line, Refusal
from incident.organisation.facts import Invite, Join, Open
from incident.state import INCIDENT
from incident.values import Location

T0 = 1_795_269_600_000  # 2026-11-21 14:00 UTC
MINUTE = 60_000
INCIDENT_STREAM = "incident/01a80000-0000-7000-8000-000000000001"
OWN_STREAM = f"{INCIDENT_STREAM}/own/LAS"
REGISTER_STREAM = "register/exercise/LAS"
CONFIG = Path(__file__).resolve().parents[2] / "config"


@cache
def charter(mode: str = "exercise") -> Charter:
    """What the files in config/ make."""
    return charter_from(
        validate(read_yaml(CONFIG / "agencies.yaml"), AGENCIES_SCHEMA),
        validate(read_yaml(CONFIG / "kinds.yaml"), KINDS_SCHEMA),
        validate(read_yaml(CONFIG / "roles.yaml"), ROLES_SCHEMA),
        mode,
        places=validate(read_yaml(CONFIG / "places.yaml"), PLACES_SCHEMA),
    )


def cid(n: int) -> str:
    """The id of the n-th command of a history."""
    return f"{n:08x}-0000-7000-8000-000000000000"


@dataclass
class Outcome:
    """What came of a command: its events, or the refusal."""

    id: str
    answer: tuple[Any, ...] | Refusal

    @property
    def events(self) -> tuple[Any, ...]:
        assert not isinstance(self.answer, Refusal), self.answer
        return self.answer

    @property
    def refusal(self) -> Refusal:
        assert isinstance(self.answer, Refusal), self.answer
        return self.answer

    def then(self, *events: Any) -> None:
        """Exactly these events."""
        assert self.events == events

    def nothing(self) -> None:
        """It is so already."""
        assert self.events == ()

    def refused(self, code: str, *, conflict: bool = False, **facts: str) -> Refusal:
        """Refused with this code; `conflict`: of the kind that only the ledger says. Facts, where given, match."""
        assert self.refusal.code == code, self.refusal
        assert self.refusal.conflict is conflict, self.refusal
        assert self.refusal.sentence.endswith((".", "?")), self.refusal
        assert {name: self.refusal.facts.get(name) for name in facts} == facts
        return self.refusal


class Given:
    """One stream with its history, and somebody about to write in it."""

    def __init__(
        self, model: Model, stream: str = INCIDENT_STREAM, *, charter_: Charter | None = None, now: int = T0
    ) -> None:
        self.model = model
        self.stream = stream
        self.charter = charter() if charter_ is None else charter_
        self.now = now
        self.view = model.initial()
        self.records: list[Record] = []
        self.count = 0
        self.actor = Actor("Sam", "LAS", "operator")
        self.last = ""
        self._seen: Any = None
        self._hash = genesis(stream)

    # -- who, when, having seen what --

    def by(self, agency: str, role: str = "operator", name: str = "Sam") -> Given:
        """The next commands are written by this person of this agency in this role."""
        self.actor = Actor(name, agency, role)
        self._seen = None
        return self

    def system(self) -> Given:
        """The next commands are written by the server itself."""
        return self.by("", "system", "system")

    def later(self, minutes: float = 1) -> Given:
        """Time passes."""
        self.now += int(minutes * MINUTE)
        return self

    def mark(self) -> Any:
        """What can be seen now, for `having_seen`."""
        return self.view

    def having_seen(self, mark: Any) -> Given:
        """The next command's author has seen no more than was there at the mark."""
        self._seen = mark
        return self

    # -- commands --

    def submit(
        self,
        command: Any,
        *,
        base: Mapping[str, str] | None = None,
        happened_at: int | None = None,
        written_at: int | None = None,
        on_behalf_of: str = "",
    ) -> Submit:
        """The frame a client would send for this command now."""
        self.count += 1
        seen = self.view if self._seen is None else self._seen
        self._seen = None
        name = self.model.name_of(command)
        return Submit(
            stream=self.stream,
            command_id=cid(self.count),
            type=name,
            v=self.model.spec_of(name).v,
            body=encode_body(command),
            written_at=self.now if written_at is None else written_at,
            happened_at=happened_at,
            on_behalf_of=on_behalf_of,
            base=self.model.base_for(seen, command) if base is None else dict(base),
        )

    def when(self, command: Any, **envelope: Any) -> Outcome:
        """What would come of this command. It travels as it does on the wire, and changes nothing."""
        return self._ask(self.submit(command, **envelope))

    def decided(self, submit: Submit, *, clock_offset: int = 0) -> tuple[Any, ...] | Refusal:
        """What would come of this frame, from a desk whose clock is known to be off so far (ms)."""
        return self._ask(msgspec.structs.replace(submit, clock_offset=clock_offset)).answer

    def did(self, command: Any, **envelope: Any) -> Given:
        """This was done: it is taken, and its records join the history. `last` is its id."""
        submit = self.submit(command, **envelope)
        for part, event in enumerate(self._ask(submit).events):
            self._record(submit, event, part)
        self.last = submit.command_id
        return self

    def _ask(self, submit: Submit) -> Outcome:
        command = self.model.read_command(submit.type, submit.v, submit.body)
        if isinstance(command, Refusal):
            return Outcome(submit.command_id, command)
        ctx = context_of(self.actor, submit, self.now, self.charter)
        return Outcome(submit.command_id, self.model.decide(self.view, command, ctx))

    def _record(self, submit: Submit, event: Any, part: int) -> None:
        seq = len(self.records) + 1
        salt = f"{seq:032x}"
        record = record_of(self.model, self.actor, submit, event, part, seq, self.now, salt)
        record = msgspec.structs.replace(record, hash=chained(self._hash, self.stream, record))
        self._hash = record.hash
        self.records.append(record)
        self.view = self.model.apply(self.view, record)
        broken = self.model.invariants(self.view)
        assert not broken, broken

    # -- looking --

    def line(self, index: int = -1) -> Line:
        """A record as it stands in the log."""
        return self.model.sentence(self.records[index], self.model.names(self.view))

    def check(self) -> Given:
        """Everything that must hold of any history: replay, snapshots at every record, sentences."""
        fresh = self.model.digest(self.view)
        assert self.model.digest(self.model.fold(self.records)) == fresh
        assert self.model.digest(in_runs(self.model, self.records)) == fresh
        state = self.model.initial()
        for record in self.records:
            state = self.model.restore(self.model.snapshot(self.model.apply(state, record)))
            assert state is not None
            assert self.model.sentence(record, self.model.names(state)).text.strip()
        assert self.model.digest(state) == fresh, "snapshot + records is not a fresh fold"
        return self


def in_runs(model: Model, records: Iterable[Record]) -> Any:
    """The state after these records, each run of one slice folded at once, as a client folds a frame."""
    state = model.initial()
    for _, run in groupby(records, key=lambda record: record.type.partition(".")[0]):
        read = [(model.read_event(record.type, record.v, record.body), record) for record in run]
        state = model.evolve_run(state, read)
    return state


def opened(*parties: str, model: Model | None = None, **command: Any) -> Given:
    """An exercise at the M25 opened by LAS, with SCAS and SECAMB (or those named) joined."""
    place = Location("M25 J15 / M4 J4b", "TQ 0402 7829", 51.494, -0.503)
    fields = {"title": "M4/M25 coach", "mode": "exercise", "location": place, **command}
    given = Given(model or INCIDENT).by("LAS").did(Open(**fields))
    agencies = parties or ("SCAS", "SECAMB")
    given.did(Invite(tuple(agencies)))
    for agency in agencies:
        given.by(agency).did(Join(f"{agency} duty manager"))
    return given.by("LAS")
