"""A tiny real server for the client's tests: real sockets, real ledgers, no disk, and faults on request.

What it has acknowledged it keeps, however often it is stopped and started: its memory is its disk. It checks its
own promise, that a command is in the log once.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
import uuid
from typing import Any, Self

from websockets.asyncio.server import Server, ServerConnection, broadcast, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from incident.catalogue import Agency, Charter, Kind, Role
from incident.fleet.facts import OpenRegister
from incident.kernel import protocol
from incident.kernel.claims import ClaimTable
from incident.kernel.ledger import Ledger, Lookup, Proposal, Waiting
from incident.kernel.protocol import (
    PROTOCOL,
    Accepted,
    Bye,
    Claims,
    Directory,
    Done,
    Error,
    Heartbeat,
    Hello,
    Listing,
    Page,
    Records,
    Refused,
    SnapshotPage,
    Submit,
    Unwatch,
    Watch,
    Watching,
    Welcome,
)
from incident.kernel.record import Record, encode_body, genesis
from incident.kernel.slice import Actor, Refusal
from incident.organisation.facts import Invite, Open
from incident.state import INCIDENT, MODELS, OWN, REGISTER

EVERYTHING = tuple({*INCIDENT.commands, *OWN.commands, *REGISTER.commands})
CHARTER = Charter(
    mode="exercise",
    agencies={code: Agency(code, code, code, "ambulance") for code in ("LAS", "SCAS", "SECAMB")},
    kinds={"DCA": Kind("DCA", "Double-crewed ambulance", conveys=True)},
    roles={
        "operator": Role("operator", "Operator", EVERYTHING, EVERYTHING),
        "observer": Role("observer", "Observer", ("receipts.deliver", "receipts.see"), ()),
        "system": Role("system", "System", EVERYTHING, EVERYTHING),
    },
    version="toy",
)
INCIDENT_STREAM = "incident/019aa000-0000-7000-8000-000000000001"
OTHER_STREAM = "incident/019aa000-0000-7000-8000-000000000002"
LAS_REGISTER = "register/exercise/LAS"
SYSTEM = Actor("system", "LAS", "system")


def now() -> int:
    return time.time_ns() // 1_000_000


class ToyServer:
    """`actors` by token. Faults: `silent`, `deaf`, `mute_acks`, `busy`, `read_only`, `snapshots_from`."""

    def __init__(self) -> None:
        self.actors = {
            "tok-las": Actor("Desk 1", "LAS", "operator"),
            "tok-scas": Actor("Desk 1", "SCAS", "operator"),
        }
        self.epoch = "toy-1"
        self.port = 0
        self.claims = ClaimTable()
        self.ledgers: dict[str, Ledger] = {}
        self.records: dict[str, list[Record]] = {}
        self.submitted: list[Submit] = []
        self.dials = 0
        self.hellos: list[Hello] = []
        self.silent = False
        """Sends nothing any more, and keeps the socket open."""
        self.mute_acks = False
        """Takes commands on and says nothing of them."""
        self.busy = 0
        self.read_only = False
        self.snapshots_from = 10**9
        """Sends a snapshot to whoever lacks this many records."""
        self.clock_ahead_ms = 0
        self.heartbeat_seconds = 0.1
        self.refuse_status: int | None = None
        self._server: Server | None = None
        self._watching: dict[ServerConnection, set[str]] = {}
        self._who: dict[ServerConnection, Actor] = {}
        self._beats: asyncio.Task[None] | None = None

    # -- the house --------------------------------------------------------------------------------------------

    async def start(self) -> str:
        """Listen, on the same port as before if there was one; answers the URL."""
        self._server = await serve(
            self._handle,
            "127.0.0.1",
            self.port,
            process_request=self._door,
            compression=None,
            ping_interval=None,
        )
        self.port = self._server.sockets[0].getsockname()[1]
        self._beats = asyncio.create_task(self._beat())
        return self.url

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/"

    async def stop(self, *, abruptly: bool = False) -> None:
        if self._beats is not None:
            self._beats.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._beats
        if self._server is not None:
            for connection in list(self._watching):
                if abruptly:
                    connection.transport.abort()
            self._server.close()
            await self._server.wait_closed()
            self._server = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        self.silent = False
        await self.stop(abruptly=True)

    def cut(self) -> None:
        """Every line breaks at once."""
        for connection in list(self._watching):
            connection.transport.abort()

    # -- what is in it ----------------------------------------------------------------------------------------

    def furnish(self) -> None:
        """An exercise of LAS with SCAS invited, and the register of LAS."""
        self.write(INCIDENT_STREAM, Open("Coach on the M25", "exercise"))
        self.write(INCIDENT_STREAM, Invite(("SCAS",)))
        self.write(LAS_REGISTER, OpenRegister("exercise", "LAS"))

    def write(self, stream: str, command: Any, actor: Actor | None = None) -> int:
        """Put a command into a stream from inside; answers the number of its last record."""
        model = MODELS.of(stream)
        assert model is not None
        view = self.ledger(stream).durable.state
        submit = Submit(
            stream=stream,
            command_id=str(uuid.uuid4()),
            type=model.name_of(command),
            body=encode_body(command),
            written_at=now(),
            base=model.base_for(view, command),
        )
        answer = self.decide(actor or Actor("Desk 1", "LAS", "operator"), submit)
        assert isinstance(answer, Done), answer
        return answer.last

    def ledger(self, stream: str) -> Ledger:
        if stream not in self.ledgers:
            model = MODELS.of(stream)
            assert model is not None
            self.ledgers[stream] = Ledger(model, stream, self.claims, CHARTER)
        return self.ledgers[stream]

    def decide(self, actor: Actor, submit: Submit) -> Done | Refusal:
        ledger = self.ledger(submit.stream)
        answer = ledger.propose(actor, submit, now() + self.clock_ahead_ms, "00" * 16)
        if isinstance(answer, Proposal):
            ledger.commit([answer])
            self.records.setdefault(submit.stream, []).extend(answer.records)
            self._publish(submit.stream, answer)
            return answer.done
        assert not isinstance(answer, Waiting | Lookup)
        return answer

    def ids(self, stream: str) -> list[str]:
        """The commands in a stream, in order, once each; a command found twice is an error."""
        found: list[str] = []
        for record in self.records.get(stream, []):
            if record.part == 0:
                assert record.command_id not in found, "a command is in the log twice"
                found.append(record.command_id)
        return found

    def state(self, stream: str) -> Any:
        return self.ledger(stream).durable.state

    def forget(self, stream: str, keep: int) -> None:
        """The disk was restored from an old backup: everything after record `keep` is gone."""
        kept = self.records[stream][:keep]
        self.records[stream] = kept
        ledger = Ledger(self.ledgers[stream].model, stream, self.claims, CHARTER)
        ledger.load(kept)
        self.ledgers[stream] = ledger

    # -- the wire ---------------------------------------------------------------------------------------------

    def _door(self, connection: ServerConnection, request: Request) -> Response | None:
        self.dials += 1
        if self.refuse_status is not None:
            return connection.respond(self.refuse_status, "Come back later.\n")
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if token not in self.actors:
            return connection.respond(401, "This token is not known here.\n")
        self._who[connection] = self.actors[token]
        return None

    def _post(self, connection: ServerConnection, frame: Any) -> None:
        if self.silent:
            return
        if isinstance(frame, bytes):
            broadcast([connection], frame)
        else:
            broadcast([connection], protocol.encode(frame), text=True)

    def _listings(self, actor: Actor) -> Directory:
        listings = []
        for stream, ledger in self.ledgers.items():
            if self._sees(actor, stream) and ledger.durable.seq:
                listings.append(
                    Listing(stream, ledger.durable.seq, ledger.model.summary(ledger.durable.state))
                )
        return Directory(streams=listings)

    def _sees(self, actor: Actor, stream: str) -> bool:
        model = MODELS.of(stream)
        agency = MODELS.agency(stream)
        if model is None or (agency is not None and agency != actor.agency):
            return False
        if stream not in self.ledgers:
            return agency is not None
        return model.may_watch(self.state(stream), actor) is None

    async def _handle(self, connection: ServerConnection) -> None:
        actor = self._who.pop(connection)
        try:
            hello = protocol.read_client(str(await connection.recv()).encode())
            assert isinstance(hello, Hello), hello
            self.hellos.append(hello)
            self._watching[connection] = set()
            self._post(
                connection,
                Welcome(
                    protocol=PROTOCOL,
                    epoch=self.epoch,
                    server="toy",
                    mode="exercise",
                    name=actor.name,
                    agency=actor.agency,
                    role=actor.role,
                    sent_at=now() + self.clock_ahead_ms,
                    charter=encode_body(CHARTER),
                ),
            )
            self._post(connection, self._listings(actor))
            async for message in connection:
                self._take(connection, actor, protocol.read_client(str(message).encode()))
        except ConnectionClosed:
            pass
        finally:
            self._watching.pop(connection, None)

    def _take(self, connection: ServerConnection, actor: Actor, frame: protocol.ClientFrame) -> None:
        match frame:
            case Watch():
                self._watch(connection, actor, frame)
            case Unwatch():
                self._watching[connection].discard(frame.stream)
            case Submit():
                self._submit(connection, actor, frame)
            case Page():
                end = frame.before - 1 if frame.before else len(self.records[frame.stream])
                records = self.records[frame.stream][max(0, end - frame.limit) : end]
                prev = self._hash(frame.stream, records[0].seq - 1) if records else ""
                self._post(connection, Records(stream=frame.stream, prev=prev, records=records, history=True))
            case Heartbeat():
                self._post(connection, self._heartbeat(connection, frame.sent_at))
            case Bye() | Hello() | protocol.Lock():
                pass

    def _hash(self, stream: str, seq: int) -> str:
        return self.records[stream][seq - 1].hash if seq else genesis(stream)

    def _watch(self, connection: ServerConnection, actor: Actor, watch: Watch) -> None:
        stream = watch.stream
        if not self._sees(actor, stream):
            self._post(
                connection, Error(code="unknown_stream", sentence="There is no such stream.", stream=stream)
            )
            return
        held = self.records.get(stream, [])
        if watch.cursor > len(held) or self._hash(stream, watch.cursor) != (watch.hash or genesis(stream)):
            sentence = f"Record {watch.cursor} of your copy is not in the history kept here."
            self._post(connection, Error(code="diverged", sentence=sentence, stream=stream))
            return
        cursor = watch.cursor
        model = self.ledger(stream).model
        if len(held) - cursor >= self.snapshots_from and watch.states == model.state_versions():
            for part in model.snapshot(self.state(stream)):
                header = SnapshotPage(
                    stream=stream,
                    seq=len(held),
                    hash=held[-1].hash,
                    slice=part.name,
                    state_v=part.state_v,
                    index=0,
                    of=1,
                )
                self._post(connection, protocol.encode_page(header, part.body))
            cursor = len(held)
        for start in range(cursor, len(held), 100):
            some = held[start : start + 100]
            self._post(connection, Records(stream=stream, prev=self._hash(stream, start), records=some))
        self._watching[connection].add(stream)
        self._post(connection, Claims(stream=stream, held=list(self.claims.told_to(stream))))
        self._post(connection, Watching(stream=stream, seq=len(held)))

    def _submit(self, connection: ServerConnection, actor: Actor, submit: Submit) -> None:
        self.submitted.append(submit)
        if self.busy:
            self.busy -= 1
            self._refuse(connection, submit, Refusal("busy", "Too much to write."))
            return
        if not self._sees(actor, submit.stream) and submit.stream in self.ledgers:
            self._refuse(connection, submit, Refusal("unknown_stream", "There is no such incident."))
            return
        existed = submit.stream in self.records
        answer = self.decide(actor, submit)
        if self.mute_acks:
            return
        if isinstance(answer, Refusal):
            self._refuse(connection, submit, answer)
            return
        self._post(connection, Accepted(stream=submit.stream, done=[answer]))
        if not existed:
            for other in self._watching:
                self._post(other, self._listings(actor))

    def _refuse(self, connection: ServerConnection, submit: Submit, refusal: Refusal) -> None:
        frame = Refused(
            stream=submit.stream,
            command_id=submit.command_id,
            code=refusal.code,
            sentence=refusal.sentence,
            facts=refusal.facts,
            conflict=refusal.conflict,
        )
        self._post(connection, frame)

    def _publish(self, stream: str, proposal: Proposal) -> None:
        frame = Records(stream=stream, prev=proposal.prev, records=list(proposal.records))
        for connection, streams in self._watching.items():
            if stream in streams and not self.mute_acks:
                self._post(connection, frame)

    def _heartbeat(self, connection: ServerConnection, echo: int | None = None) -> Heartbeat:
        heads = {stream: len(self.records.get(stream, [])) for stream in self._watching[connection]}
        return Heartbeat(
            sent_at=now() + self.clock_ahead_ms,
            echo=echo,
            epoch=self.epoch,
            heads=heads,
            read_only=self.read_only,
            present=[["LAS", "Desk 1"]],
        )

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(self.heartbeat_seconds)
            for connection in self._watching:
                self._post(connection, self._heartbeat(connection))
