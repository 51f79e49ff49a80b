"""An incident as large as a bad night: five trusts, 2,000 units of theirs committed, all through the front door.

The trusts' fleets are imported by the server's command line, the rest is done by desks that sit at the websocket.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from bench.scene import HELLO, now, submit
from bench.subjects import Subject, running, server_says
from bench.wire import Peer, PeerError
from incident.boundaries import facts as boundaries_facts
from incident.kernel import protocol
from incident.kernel.protocol import Accepted, Refused
from incident.organisation import facts as organisation_facts
from incident.resources import facts as resources_facts
from incident.tasks import facts as tasks_facts
from incident.values import Location

TRUSTS = ("LAS", "SCAS", "SECAMB", "SWASFT", "EEAST")
UNITS = 2_000
EACH = UNITS // len(TRUSTS)
COMMIT_MAX = 40
TITLE = "M25 / M4 interchange, bench"
"""As ``bench.scene`` opens it."""
MARKED = "A000"
"""The LAS unit whose place is changed to be looked for on the screen; no status of it changes."""
STATIONS = ("Hillingdon", "Slough", "Chertsey", "Yeovil", "Basildon")


class Ids:
    """Command ids that grow as UUIDv7 do."""

    def __init__(self) -> None:
        self._run = secrets.token_hex(4)
        self._count = 0

    def new(self) -> str:
        self._count += 1
        return f"{self._run}-0000-7000-8000-{self._count:012x}"


class Desk:
    """One desk of a trust, by hand: one command after the other, each answered before the next."""

    def __init__(self, port: int, token: str, stream: str) -> None:
        self.stream = stream
        self.ids = Ids()
        self._answers: set[str] = set()
        self.peer = Peer(port, token, self._take)
        self.peer.send(HELLO)
        self.peer.until(lambda: self.peer.frames > 0)

    def _take(self, payload: bytes) -> None:
        if not payload.startswith((b'{"frame":"accepted"', b'{"frame":"refused"', b'{"frame":"error"')):
            return
        frame = protocol.read_server(payload)
        if not isinstance(frame, Accepted):
            raise PeerError(frame.sentence if isinstance(frame, Refused) else payload[:300].decode())
        self._answers.update(done.command_id for done in frame.done)

    def post(self, command: Any, base: dict[str, str] | None = None) -> str:
        """Send a command, with what its author has seen; answers its id."""
        command_id = self.ids.new()
        self.peer.send(frame_of(self.stream, command, base or {}, command_id))
        return command_id

    def do(self, *commands: Any) -> list[str]:
        """Send commands and wait for each; answers their ids."""
        done = []
        for command in commands:
            command_id = self.post(command)
            self.peer.until(lambda wanted=command_id: wanted in self._answers)  # type: ignore[misc]
            done.append(command_id)
        return done


Unit = tuple[str, str, str]
"""A committed unit: its key, the version its feeder has seen, and its status."""


@dataclass
class Rooms:
    """The server with its incident, what each trust comes in with, and its units.

    ``task`` is looked for on the screen; ``seen`` are the versions that the desk which changes such things has seen.
    """

    subject: Subject
    tokens: dict[str, str]
    units: dict[str, list[Unit]]
    task: str = ""
    seen: dict[str, str] = field(default_factory=dict)


@contextmanager
def opened(scratch: Path, say: Callable[[str], None]) -> Iterator[Rooms]:
    """The server on a scratch folder, with everything in place."""
    folder = scratch / "server"
    server_says("init", str(folder), "--plain")
    tokens = {}
    for trust, station in zip(TRUSTS, STATIONS, strict=True):
        tokens[trust] = server_says(
            "token", str(folder), "--agency", trust, "--role", "operator", "--name", "EOC desk"
        ).strip()
        table = scratch / f"{trust}.csv"
        table.write_text("\n".join(("callsign,kind,capabilities,station,status", *_fleet(station))))
        server_says("register", "import", str(folder), str(table), "--agency", trust)
    with running(folder, tokens["LAS"], tokens["LAS"]) as subject:
        desks = {trust: Desk(subject.port, tokens[trust], subject.stream) for trust in TRUSTS}
        room = Rooms(subject, tokens, {})
        _furnish(room, desks)
        for desk in desks.values():
            desk.peer.sock.close()
        say(f"{sum(map(len, room.units.values())):,} units of {len(TRUSTS)} trusts are committed")
        yield room


def _fleet(station: str) -> list[str]:
    return [f"A{n:03},DCA,paramedic,{station},AVB" for n in range(EACH)]


def _furnish(room: Rooms, desks: dict[str, Desk]) -> None:
    """Everybody joins; units, boundaries and tasks as on a long night."""
    desks["LAS"].do(organisation_facts.Invite(TRUSTS[1:]))
    for trust, station in zip(TRUSTS, STATIONS, strict=True):
        desk = desks[trust]
        if trust != "LAS":
            desk.do(organisation_facts.Join(spoc="tactical commander, 020 7946 0000"))
        room.units[trust] = []
        for start in range(0, EACH, COMMIT_MAX):
            units = [
                _commitment(f"{trust}/A{n:03}", station) for n in range(start, min(start + COMMIT_MAX, EACH))
            ]
            (made,) = desk.do(resources_facts.Commit(tuple(units)))
            room.units[trust] += [(unit.unit, made, unit.status) for unit in units]
        shape = boundaries_facts.Shape(Location(text="Colnbrook by-pass", lat=51.48, lon=-0.52))
        desk.do(*(boundaries_facts.Propose("rvp", shape) for _ in range(3)))
        tasks = desk.do(*(_task(n) for n in range(10)))
        room.task = room.task or tasks[0]
    room.seen[resources_facts.field_key(f"LAS/{MARKED}", "place")] = room.units["LAS"][0][1]


def _task(n: int) -> tasks_facts.Raise:
    return tasks_facts.Raise(f"Blankets to rest centre {n}", TRUSTS[n % 5], due=now() + (n + 20) * 60_000)


def _commitment(key: str, station: str) -> resources_facts.Commitment:
    status = "SCN" if key == f"LAS/{MARKED}" else "MOB"
    return resources_facts.Commitment(
        key, "DCA", status, now(), ("paramedic",), station, function="", destination="RVP A"
    )


def frame_of(stream: str, command: Any, base: dict[str, str], command_id: str) -> bytes:
    """A command as a frame, with what its author has seen."""
    return protocol.encode(msgspec.structs.replace(submit(stream, command, command_id), base=base))
