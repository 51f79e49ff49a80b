"""The door as sockets see it: one websocket per errand, each step within a time, each frame within a bound.

Nothing that came in is ever repeated, logged or put into an error: it may be a password.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections import Counter
from typing import Final, TypeVar

import msgspec
from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed

from incident.kernel.door import (
    DOOR_FRAME_BYTES_MAX,
    ENROL_PATH,
    PLAIN,
    PROVIDER_SECONDS,
    SIGN_IN_PATH,
    BreakGlass,
    Denied,
    DoorAnswer,
    DoorAsk,
    EnrolAsk,
    EnrolClaim,
    EnrolOffer,
    ProviderAsk,
    ProviderOffer,
    ProviderToken,
    SignIn,
    SignOut,
    Transcript,
    read_ask,
)
from incident.kernel.protocol import ProtocolError
from server import logs
from server.admission import NOT_ENROLLED, WRONG_CODE, Admission
from server.by_provider import NONE, ByProvider
from server.enrolment import Pending, device_of_key
from server.identity import Desk
from server.people import People
from server.session import close

STEP_SECONDS: Final = 10.0
PATHS: Final = (ENROL_PATH, SIGN_IN_PATH)
LINES_OF_ONE_DESK_MAX: Final = 4
DONE: Final = 1000
POLICY: Final = 1008
TOO_LARGE: Final = 1009
NONCE_CHARS_MIN: Final = 32

MANY: Final = Denied(
    code="busy", sentence="This desk is at the door several times already; end the others.", wait_ms=5_000
)

T = TypeVar("T", bound=DoorAsk)


class Door:
    """Serves the two paths of the door. The gateway says on which line each connection came."""

    def __init__(
        self,
        people: People,
        admission: Admission,
        *,
        step_seconds: float = STEP_SECONDS,
        provider: ByProvider | None = None,
    ) -> None:
        self._people = people
        self._admission = admission
        self._step_seconds = step_seconds
        self._lines: Counter[str] = Counter()
        self._provider = provider

    def known(self, device: str, account: str, *, plain: bool) -> bool:
        """Whether a line is one of the few of a desk that may sign in: then it need not wait among strangers."""
        desk = self._people.desk(device, account, plain=plain)
        if desk is None or self._people.revoked(desk):
            return False
        return self._lines[desk.account] < LINES_OF_ONE_DESK_MAX

    async def serve(
        self, connection: ServerConnection, path: str, *, device: str, account: str, plain: bool
    ) -> None:
        """One errand, from its first frame to its answer. ``account`` counts on an open line alone."""
        try:
            if path == ENROL_PATH:
                answer = await self._enrol(connection, plain=plain)
            else:
                answer = await self._sign_in(
                    connection, self._people.desk(device, account, plain=plain), plain=plain
                )
            await self._say(connection, answer)
            await close(connection, DONE)
        except ConnectionClosed:
            pass
        except TimeoutError:
            await close(connection, POLICY, "Nothing came in time.")
        except ProtocolError as error:
            await self._say_last(connection, error)

    # -- enrolment ------------------------------------------------------------------------------------------

    async def _enrol(self, connection: ServerConnection, *, plain: bool) -> DoorAnswer:
        ask = await self._hear(connection, EnrolAsk)
        try:
            device = device_of_key(ask.device)
        except ValueError as flaw:
            return Denied(code="bad_key", sentence=str(flaw))
        if len(ask.nonce) < NONCE_CHARS_MIN:
            return Denied(code="bad_nonce", sentence="The chance that came with this was too short.")
        codes, now, issuer = self._people.codes, self._people.now, self._people.issuer
        pending = codes.find(ask.lookup, now())
        # Nobody's code is answered as anybody's would be, with a proof that proves nothing.
        key = pending.key if pending is not None else secrets.token_bytes(64)
        script = Transcript(
            bound=PLAIN if plain or issuer is None else issuer.leaf_digest(connection),
            lookup=ask.lookup,
            desk_nonce=ask.nonce,
            server_nonce=secrets.token_hex(32),
            device=ask.device,
            authority="" if issuer is None else issuer.pem,
        )
        offer = EnrolOffer(
            nonce=script.server_nonce, proof=script.proof(key, "server"), authority=script.authority
        )
        await self._say(connection, offer)
        try:
            claim = await self._hear(connection, EnrolClaim)
        except (ConnectionClosed, TimeoutError):  # a desk that is shown a false proof goes without a word
            _denied(pending, "unknown_code" if pending is None else "left")
            raise
        right = script.holds(key, "desk", claim.proof)
        if pending is None or not right or codes.find(ask.lookup, now()) is not pending:
            if pending is not None and not right:
                codes.wrong(pending)
            _denied(pending, WRONG_CODE.code)
            return WRONG_CODE
        answer = await self._admission.claim(pending, ask.device, device, claim)
        if isinstance(answer, Denied):
            _denied(pending, answer.code)
        return answer

    # -- sign-in --------------------------------------------------------------------------------------------

    async def _sign_in(self, connection: ServerConnection, desk: Desk | None, *, plain: bool) -> DoorAnswer:
        if desk is None or self._lines[desk.account] >= LINES_OF_ONE_DESK_MAX:
            # Read, so that a client hears the answer to what it asked; computed it is not.
            await self._hear(connection, SignIn, SignOut, BreakGlass, ProviderAsk)
            return NOT_ENROLLED if desk is None else MANY
        self._lines[desk.account] += 1
        try:
            match await self._hear(connection, SignIn, SignOut, BreakGlass, ProviderAsk):
                case SignIn() as ask:
                    return await self._admission.sign_in(desk, ask, plain=plain)
                case SignOut() as ask:
                    return await self._admission.sign_out(desk, ask)
                case BreakGlass() as ask:
                    return await self._admission.break_glass(desk, ask, plain=plain)
                case _:
                    return await self._by_provider(connection, desk, plain=plain)
        finally:
            self._lines[desk.account] -= 1
            if not self._lines[desk.account]:
                del self._lines[desk.account]

    async def _by_provider(self, connection: ServerConnection, desk: Desk, *, plain: bool) -> DoorAnswer:
        """Tell what to ask the provider for, and wait for as long as a person takes there."""
        if self._provider is None:
            return NONE
        offer = await self._provider.offer(desk)
        if not isinstance(offer, ProviderOffer):
            return offer
        await self._say(connection, offer)
        ask = await self._hear(connection, ProviderToken, seconds=PROVIDER_SECONDS)
        return await self._provider.let_in(desk, ask, plain=plain)

    # -- frames ---------------------------------------------------------------------------------------------

    async def _hear(self, connection: ServerConnection, *kinds: type[T], seconds: float | None = None) -> T:
        """The next frame, which is one of these.

        Raises:
            TimeoutError: nothing came in time.
            ProtocolError: something else did.
            ConnectionClosed: the peer has gone.
        """
        async with asyncio.timeout(self._step_seconds if seconds is None else seconds):
            message = await connection.recv()
        if isinstance(message, bytes):
            raise ProtocolError("not_text", "Frames of the door are text.")
        data = message.encode()
        if len(data) > DOOR_FRAME_BYTES_MAX:
            raise ProtocolError(
                "too_large", f"A frame at the door has at most {DOOR_FRAME_BYTES_MAX:,} bytes."
            )
        frame = read_ask(data)
        if not isinstance(frame, kinds):
            raise ProtocolError("not_now", "That frame does not belong here.")
        return frame

    async def _say(self, connection: ServerConnection, frame: DoorAnswer) -> None:
        async with asyncio.timeout(self._step_seconds):
            await connection.send(msgspec.json.encode(frame), text=True)

    async def _say_last(self, connection: ServerConnection, error: ProtocolError) -> None:
        with contextlib.suppress(ConnectionClosed, TimeoutError):
            await self._say(connection, Denied(code=error.code, sentence=error.sentence))
        await close(connection, TOO_LARGE if error.code == "too_large" else POLICY, error.sentence[:100])


def line_account(header: str) -> str:
    """The account that an open line names: ``Authorization: Desk <account>``."""
    scheme, _, account = header.partition(" ")
    return account.strip() if scheme.lower() == "desk" else ""


def _denied(pending: Pending | None, code: str) -> None:
    """A line for a code that let nobody in: never the code, and whose it is where that is known."""
    whose = {} if pending is None else {"agency": pending.agency, "name": pending.name}
    logs.security("enrolment denied", code=code, **whose)
