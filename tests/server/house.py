"""A whole server in this process, on a real socket, and guests that speak its protocol as any client would."""

from __future__ import annotations

import asyncio
import itertools
import socket
import ssl
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import msgspec
from websockets.asyncio.client import ClientConnection, connect

from incident.kernel import protocol
from incident.kernel.model import Models
from incident.kernel.protocol import Hello, Records, SnapshotPage, Submit, Watch, Watching
from incident.kernel.record import Record, encode_body, first_break, genesis
from incident.kernel.slice import Actor
from server.admission import Admission
from server.app import Crew
from server.by_provider import ByProvider
from server.door import Door
from server.doorkeeper import keep_sweeping
from server.gateway import Gateway
from server.glass import record_glass
from server.hub import Hub
from server.limits import Limits
from server.people import People
from server.signins import Badge
from server.store import Store, StoreError
from server.store.memory import MemoryStore
from tests.server.toy import TOYS, Open, Write

BOARD = "board/one"
FREE = Limits(
    connections_per_agency=5_000,
    connections_per_user=5_000,
    unknown_max=500,
    per_user_rate=100_000,
    per_user_burst=100_000,
    per_agency_rate=100_000,
    per_agency_burst=100_000,
)


class Book:
    """A doorkeeper with tokens of its own making."""

    def __init__(self) -> None:
        self.actors: dict[str, Actor] = {}

    def actor(self, token: str, _device: str, _plain: bool) -> Actor | None:
        return self.actors.get(token)

    def over(self, _badge: Badge) -> bool:
        return False

    def why_over(self, _badge: Badge) -> str:
        return ""

    def lock(self, _badge: Badge) -> bool:
        return False

    def gone(self, _device: str) -> bool:
        return False

    def token(self, agency: str, name: str, role: str) -> str:
        token = f"{agency}-{name}-{role}".replace(" ", "-")
        self.actors[token] = Actor(name, agency, role)
        return token


class Guest:
    """One client. Frames it has read are kept in ``heard``."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.heard: list[Any] = []
        self.records: dict[str, list[Record]] = {}

    async def say(self, frame: Any) -> None:
        await self.socket.send(protocol.encode(frame), text=True)

    async def next(self) -> Any:
        """The next frame, as a frame or as a snapshot page."""
        message = await self.socket.recv()
        frame: Any
        frame = (
            protocol.read_server(message.encode())
            if isinstance(message, str)
            else protocol.read_page(message)
        )
        self.heard.append(frame)
        if isinstance(frame, Records) and not frame.history:
            self.records.setdefault(frame.stream, []).extend(frame.records)
        return frame

    async def until(self, kind: type, when: Callable[[Any], bool] = lambda _frame: True) -> Any:
        """The next frame of a kind, reading past others."""
        while True:
            frame = await self.next()
            if isinstance(frame, kind) and when(frame):
                return frame

    async def hello(self, *, observer: bool = False) -> Any:
        await self.say(Hello(protocol=protocol.PROTOCOL, client="test", observer=observer))
        return await self.until(protocol.Welcome)

    async def watch(
        self, stream: str = BOARD, *, cursor: int = 0, hash_: str = "", states: Any = None
    ) -> Any:
        await self.say(Watch(stream=stream, cursor=cursor, hash=hash_, states=states or {}))
        return await self.until(
            Watching | protocol.Error,
            lambda frame: frame.stream == stream,  # type: ignore[arg-type]
        )

    async def submit(self, command: Any, stream: str = BOARD, **kwargs: Any) -> str:
        """Send a command and do not wait."""
        submit = submitted(command, stream, **kwargs)
        await self.say(submit)
        return submit.command_id

    async def do(self, command: Any, stream: str = BOARD, **kwargs: Any) -> Any:
        """Send a command and wait for its Done or its Refused."""
        return await self.answer(await self.submit(command, stream, **kwargs))

    async def answer(self, command_id: str) -> Any:
        while True:
            frame = await self.next()
            if isinstance(frame, protocol.Refused) and frame.command_id == command_id:
                return frame
            if isinstance(frame, protocol.Accepted):
                for done in frame.done:
                    if done.command_id == command_id:
                        return done

    async def closed(self) -> int | None:
        """Read to the end; the close code."""
        await self.socket.wait_closed()
        return self.socket.close_code

    def pages(self) -> list[tuple[SnapshotPage, bytes]]:
        return [frame for frame in self.heard if isinstance(frame, tuple)]


_models: Models = TOYS


def submitted(
    command: Any, stream: str = BOARD, *, command_id: str = "", models: Models | None = None, **kwargs: Any
) -> Submit:
    model = (models or _models).of(stream)
    assert model is not None
    return Submit(
        stream=stream,
        command_id=command_id or str(uuid.uuid4()),
        type=model.name_of(command),
        body=encode_body(command),
        written_at=kwargs.pop("written_at", 1_800_000_000_000),
        **kwargs,
    )


class House:
    def __init__(self, hub: Hub, gateway: Gateway, book: Book, port: int) -> None:
        self.hub = hub
        self.gateway = gateway
        self.book = book
        self.port = port
        self.scheme = "ws"
        self.failures: list[StoreError] = []
        self._numbers = itertools.count(1)

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}"

    @asynccontextmanager
    async def connected(
        self, agency: str = "LAS", name: str = "", role: str = "operator", **kwargs: Any
    ) -> AsyncIterator[ClientConnection]:
        token = self.book.token(agency, name or f"Desk {next(self._numbers)}", role)
        headers = {"Authorization": f"Bearer {token}"}
        settings: dict[str, Any] = {"proxy": None, "compression": None, "max_size": 2**20, "max_queue": None}
        async with connect(self.url, additional_headers=headers, **{**settings, **kwargs}) as connection:
            yield connection

    def narrow(self) -> dict[str, Any]:
        """For a guest that does not read: a socket that holds little, so that the server notices soon."""
        sock = socket.socket()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        sock.setblocking(False)
        with suppress(BlockingIOError):
            sock.connect(("127.0.0.1", self.port))
        return {"sock": sock, "max_queue": 1}

    @asynccontextmanager
    async def guest(
        self,
        agency: str = "LAS",
        name: str = "",
        role: str = "operator",
        *,
        observer: bool = False,
        **kwargs: Any,
    ) -> AsyncIterator[Guest]:
        async with self.connected(agency, name, role, **kwargs) as connection:
            guest = Guest(connection)
            await guest.hello(observer=observer)
            yield guest

    async def opened(self, *parties: str, stream: str = BOARD) -> None:
        """A board that is open to these agencies."""
        async with self.guest(parties[0]) as guest:
            done = await guest.do(Open(parties), stream)
            assert done.last > 0, done

    async def written(self, count: int, agency: str = "LAS", stream: str = BOARD) -> None:
        async with self.guest(agency) as guest:
            ids = [await guest.submit(Write(f"note {n}"), stream) for n in range(count)]
            await guest.answer(ids[-1])


def door_of(people: People, hub: Hub, step_seconds: float, oidc: Path | None = None) -> Door:
    """The door of a house, as the server makes it; a step may take long on a busy machine."""

    async def glass(*told: Any) -> None:
        await record_glass(hub, *told)

    admission = Admission(people, name="test", mode="exercise", glass=glass)
    file = oidc or Path("there-is-none")
    provider = ByProvider(people, file, fresh=admission.fresh_certificate)
    return Door(people, admission, step_seconds=step_seconds, provider=provider)


@asynccontextmanager
async def house(
    store: Store | None = None,
    models: Models = TOYS,
    charter: Any = None,
    *,
    lists_seconds: float = 0.1,
    people: People | None = None,
    step_seconds: float = 60.0,
    context: ssl.SSLContext | None = None,
    limits: Limits = FREE,
    oidc: Path | None = None,
    **kwargs: Any,
) -> AsyncIterator[House]:
    """A server that listens, until the block ends; then it stops in order. With ``people`` it has a door, too.

    Nobody is slowed, unless by ``limits``.
    """
    failures: list[StoreError] = []
    kept: Store = store if store is not None else MemoryStore()
    problem: BaseException | None = None
    async with asyncio.TaskGroup() as group:
        crew = Crew(group)
        hub = Hub(kept, models, charter, crew.spawn, fail=failures.append, **kwargs)
        hub.load()
        book = Book()
        gateway = Gateway(
            hub,
            people or book,
            name="test",
            charter=msgspec.json.encode(charter),
            limits=limits,
            door=None if people is None else door_of(people, hub, step_seconds, oidc),
        )
        port = await gateway.open("127.0.0.1", 0, context)
        if people is not None:
            crew.spawn(keep_sweeping(hub, people))
        crew.spawn(hub.beat())
        crew.spawn(hub.keep_lists(lists_seconds))
        crew.spawn(hub.keep_sight(0.05))
        made = House(hub, gateway, book, port)
        made.failures = failures
        made.scheme = "ws" if context is None else "wss"
        try:
            yield made
        except BaseException as error:  # noqa: BLE001 -- raised below, as it is: a group would wrap it
            problem = error
        try:
            await gateway.stop()
        finally:
            crew.dismiss()
            await kept.close()
    if problem is not None:
        raise problem


def chained_from_genesis(stream: str, records: list[Record]) -> None:
    """Every record follows from the one before it, from the first on."""
    assert first_break(genesis(stream), stream, records) is None
    assert [record.seq for record in records] == list(range(1, len(records) + 1))


async def soon(so: Callable[[], object], seconds: float = 10.0) -> None:
    """Wait until something is so; a time limit only against hanging."""
    async with asyncio.timeout(seconds):
        while not so():  # noqa: ASYNC110 -- whatever it is, it has no event of its own
            await asyncio.sleep(0.005)
