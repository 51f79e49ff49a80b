"""A house with a door: desks that are let in by a code, on real sockets, with a clock and a hasher of ours."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from websockets.asyncio.client import ClientConnection, connect

from incident.catalogue import Charter
from incident.kernel import door
from incident.kernel.door import (
    BreakGlass,
    Denied,
    EnrolAsk,
    EnrolClaim,
    Enrolled,
    EnrolOffer,
    SignedIn,
    SignIn,
)
from incident.kernel.model import Models
from server import logs
from server.authority import Authority
from server.datafolder import DataFolder, existing, init
from server.people import People
from server.settings import read_settings
from server.store import Store
from tests.server.house import Guest, House, house
from tests.server.toy import TOYS

T0 = 1_795_300_000_000
HOUR = 3_600_000
PASSWORD = "correct horse battery"
OTHER = "seven quiet lanterns"


class Clock:
    """Stands until it is moved."""

    def __init__(self, at: int = T0) -> None:
        self.at = at

    def __call__(self) -> int:
        return self.at


class Counting:
    """A hasher that costs nothing and counts what is computed, by what is kept."""

    def __init__(self, mark: str = "v1") -> None:
        self.mark = mark
        self.tried: list[str] = []
        self.made = 0

    def hash(self, password: str) -> str:
        self.made += 1
        return f"{self.mark}:{self.made}:{password}"

    def verify(self, kept: str, password: str) -> bool:
        self.tried.append(kept)
        return kept.partition(":")[2].partition(":")[2] == password

    def outdated(self, kept: str) -> bool:
        return not kept.startswith(self.mark + ":")


def new_key() -> tuple[Any, str]:
    """A desk's key, and its public half as PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    pem = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return key, pem.decode()


@dataclass
class Place:
    """One data folder with its people, and the house in which they are served."""

    folder: DataFolder
    charter: Charter
    clock: Clock
    hasher: Counting
    people: People
    home: House

    async def code(
        self, name: str = "EOC desk 3", agency: str = "SCAS", role: str = "operator", **more: Any
    ) -> str:
        answer = await self.people.enrol({"name": name, "agency": agency, "role": role, **more})
        return str(answer["code"])

    @asynccontextmanager
    async def at(self, path: str, account: str = "") -> AsyncIterator[ClientConnection]:
        headers = {"Authorization": f"Desk {account}"} if account else {}
        async with connect(
            self.home.url + path, additional_headers=headers, proxy=None, compression=None
        ) as socket:
            yield socket

    async def asked(self, frame: Any, path: str, account: str = "") -> Any:
        """One errand of one frame, and the answer."""
        async with self.at(path, account) as socket:
            await say(socket, frame)
            return await hear(socket)

    async def claim(self, code: str, password: str = PASSWORD, pem: str = "") -> Enrolled | Denied:
        """Enrol by a code, as a desk does it."""
        async with self.at(door.ENROL_PATH) as socket:
            return await claimed(socket, door.read_code(code), password, pem or new_key()[1])

    async def desk(
        self, name: str = "EOC desk 3", agency: str = "SCAS", role: str = "operator", **more: Any
    ) -> str:
        """The account of a new desk."""
        password = more.pop("password", PASSWORD)
        enrolled = await self.claim(await self.code(name, agency, role, **more), password)
        assert isinstance(enrolled, Enrolled), enrolled
        return enrolled.account

    async def sign_in(self, account: str, password: str = PASSWORD, **more: Any) -> SignedIn | Denied:
        answer = await self.asked(SignIn(password=password, **more), door.SIGN_IN_PATH, account)
        assert isinstance(answer, SignedIn | Denied)
        return answer

    async def token(self, account: str, password: str = PASSWORD) -> str:
        answer = await self.sign_in(account, password)
        assert isinstance(answer, SignedIn), answer
        return answer.token

    async def break_glass(self, account: str, first: str, second: str, **more: Any) -> SignedIn | Denied:
        ask = BreakGlass(
            **{
                "first": first,
                "first_password": PASSWORD,
                "second": second,
                "second_password": PASSWORD,
                "role": "operator",
                "reason": "nobody else is here",
                **more,
            }
        )
        answer = await self.asked(ask, door.SIGN_IN_PATH, account)
        assert isinstance(answer, SignedIn | Denied)
        return answer

    @asynccontextmanager
    async def session(self, token: str) -> AsyncIterator[Guest]:
        headers = {"Authorization": f"Bearer {token}"}
        async with connect(
            self.home.url, additional_headers=headers, proxy=None, compression=None, max_size=2**20
        ) as socket:
            yield Guest(socket)


async def say(socket: ClientConnection, frame: Any) -> None:
    await socket.send(msgspec.json.encode(frame), text=True)


async def hear(socket: ClientConnection) -> Any:
    return door.read_answer(await socket.recv(decode=False))


async def claimed(
    socket: ClientConnection,
    code: door.Code,
    password: str,
    pem: str,
    *,
    key: bytes = b"",
    bound: bytes = door.PLAIN,
) -> Enrolled | Denied:
    """The desk's half of an enrolment; ``key``: another than the code's."""
    ask = EnrolAsk(lookup=code.lookup, nonce=secrets.token_hex(32), device=pem)
    await say(socket, ask)
    offer = await hear(socket)
    if not isinstance(offer, EnrolOffer):
        assert isinstance(offer, Denied)
        return offer
    script = door.Transcript(bound, code.lookup, ask.nonce, offer.nonce, pem, offer.authority)
    right = key or door.code_key(code)
    await say(socket, EnrolClaim(proof=script.proof(right, "desk"), password=password))
    answer = await hear(socket)
    assert isinstance(answer, Enrolled | Denied)
    if isinstance(answer, Enrolled):
        assert script.holds(right, "server", offer.proof)
    return answer


def data_folder(root: Path) -> DataFolder:
    if not (root / "server.yaml").exists():
        init(root)
    return existing(root)


@asynccontextmanager
async def doorway(
    root: Path,
    *,
    clock: Clock | None = None,
    hasher: Counting | None = None,
    store: Store | None = None,
    models: Models = TOYS,
    tls: bool = False,
    **kwargs: Any,
) -> AsyncIterator[Place]:
    """A served data folder; the same one again is that server started anew."""
    folder = data_folder(root)
    settings, charter = read_settings(folder)
    clock, hasher = clock or Clock(logs.clock() if tls else T0), hasher or Counting()
    authority = Authority(folder, settings, clock()) if tls else None
    people = People(folder, charter, issuer=authority, hasher=hasher, now=clock)
    context = None if authority is None else authority.context()
    try:
        async with house(
            store, models, charter, people=people, context=context, oidc=folder.provider, **kwargs
        ) as home:
            yield Place(folder, charter, clock, hasher, people, home)
    finally:
        people.close()
