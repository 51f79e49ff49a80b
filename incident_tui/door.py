"""A desk's errands at the door: enrolling by a code, signing in, unlocking, breaking the glass. One line per errand.

The code that was read out over the telephone proves the server to this desk over the certificate that is seen on
this very line, so nobody in between can answer in its place; from then on the authority that came with the proof
is trusted and nothing else. What is refused is said as the server says it, made safe.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import ssl
import urllib.parse
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Final

import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from incident.kernel.door import (
    DOOR_FRAME_BYTES_MAX,
    ENROL_PATH,
    PLAIN,
    SIGN_IN_PATH,
    BreakGlass,
    Code,
    Denied,
    DoorAnswer,
    DoorAsk,
    EnrolAsk,
    EnrolClaim,
    Enrolled,
    EnrolOffer,
    ProviderAsk,
    ProviderOffer,
    ProviderToken,
    SignedIn,
    SignedOut,
    SignIn,
    SignOut,
    Transcript,
    code_key,
    read_answer,
)
from incident.kernel.protocol import ProtocolError
from incident.kernel.text import clip, safe_text
from incident_tui import provider
from incident_tui.endings import closed, not_opened
from incident_tui.keyring import Forge, Ring, forging
from incident_tui.link import SILENT, Ends
from incident_tui.trust import TrustError, enrolling_context, is_for, peer_digest

OPEN_SECONDS: Final = 10.0
ANSWER_SECONDS: Final = 30.0
"""A password takes the server a while to look at, and others may stand before us."""

IMPOSTOR: Final = (
    "Whoever answers there does not know this code: it is another server, or somebody stands in between, or the code "
    "was used, is older than 15 minutes or was misheard. Nothing was enrolled; ask for a new code."
)


GONE: Final = frozenset({"not_enrolled", "revoked"})
NO_TOKEN: Final = "none"  # noqa: S105 -- of nobody
OTHER_NAME: Final = (
    "The server at {where} knows this code, and its certificate is for other names than this one. Dial the name that "
    "you were given; or whoever runs the server adds this one to names in server.yaml (incident-server renew). The "
    "code is good as before."
)


class DoorError(Exception):
    """The errand came to nothing; the words are a plain sentence. ``code`` is the server's, "" when it was not asked.

    ``wait_ms``: nothing is tried before that.
    """

    def __init__(self, sentence: str, code: str = "", wait_ms: int = 0) -> None:
        super().__init__(sentence)
        self.code = code
        self.wait_ms = wait_ms


# -- enrolling ------------------------------------------------------------------------------------------------


async def reach(url: str) -> None:
    """Whether anybody answers there at all, before somebody reads a code to us. Raises DoorError."""
    async with _line(url, ENROL_PATH, _enrolling(url)):
        pass


async def knows(url: str, code: Code, home: Path) -> None:
    """Ask whether the server knows the code, before anybody is asked for a password.

    Raises:
        DoorError: it does not, or cannot be reached.
        OSError: this desk's folder cannot be written.
    """
    with forging(home, url) as forge:
        async with _proven(url, code, forge):
            pass


async def enrol(url: str, code: Code, password: str, home: Path) -> Ring:
    """Make this desk known to the server; answers what is kept of it. Raises as ``knows``."""
    with forging(home, url) as forge:
        async with _proven(url, code, forge) as (connection, transcript, key):
            claim = EnrolClaim(proof=transcript.proof(key, "desk"), password=password)
            answer = await _ask(connection, claim)
            if not isinstance(answer, Enrolled):
                raise _strange(answer)
        return forge.finish(url, answer, transcript.authority)


def _enrolling(url: str) -> ssl.SSLContext | None:
    return enrolling_context() if url.startswith("wss://") else None


@contextlib.asynccontextmanager
async def _proven(
    url: str, code: Code, forge: Forge
) -> AsyncIterator[tuple[ClientConnection, Transcript, bytes]]:
    """A line on which the server has proved that it knows the code."""
    key = await asyncio.to_thread(code_key, code)
    async with _line(url, ENROL_PATH, _enrolling(url)) as connection:
        nonce = secrets.token_hex(32)
        offer = await _ask(connection, EnrolAsk(lookup=code.lookup, nonce=nonce, device=forge.device))
        if not isinstance(offer, EnrolOffer):
            raise _strange(offer)
        transcript = Transcript(
            peer_digest(connection) or PLAIN, code.lookup, nonce, offer.nonce, forge.device, offer.authority
        )
        if not transcript.holds(key, "server", offer.proof):
            raise DoorError(IMPOSTOR, "impostor")
        parts = urllib.parse.urlsplit(url)
        if not is_for(connection, parts.hostname or ""):
            raise DoorError(OTHER_NAME.format(where=parts.netloc), "other_name")
        yield connection, transcript, key


# -- signing in -----------------------------------------------------------------------------------------------


async def sign_in(ring: Ring, password: str, *, new_password: str = "", token: str = "") -> SignedIn:
    """Sign in at this desk; with ``token``, unlock that sign-in; with ``new_password``, change it.

    Raises:
        DoorError: the server says no, or cannot be reached.
    """
    return await _let_in(ring, SignIn(password=password, new_password=new_password, token=token))


async def sign_out(ring: Ring, token: str) -> None:
    """End this sign-in at the server, whoever holds a copy of it. Raises as ``sign_in``."""
    async with _sign_in_line(ring) as connection:
        answer = await _ask(connection, SignOut(token=token))
    if not isinstance(answer, SignedOut):
        raise _strange(answer)


async def break_glass(ring: Ring, asked: BreakGlass) -> SignedIn:
    """Two persons open this desk for a while. Raises as ``sign_in``."""
    return await _let_in(ring, asked)


async def still_known(ring: Ring) -> None:
    """Whether this desk may sign in at all, before two persons are asked for everything; no password is tried for it.

    A sign-in that there is not is asked to be unlocked: who is enrolled is told that it is over.

    Raises:
        DoorError: it was revoked or replaced, or the server cannot be reached.
    """
    try:
        async with _sign_in_line(ring) as connection:
            await _ask(connection, SignIn(password="", token=NO_TOKEN))
    except DoorError as error:
        if error.code in GONE or not error.code:  # without one it could not be asked
            raise


async def by_provider(ring: Ring, show: Callable[[str], None], *, token: str = "") -> SignedIn:
    """Sign in at the organisation's identity provider; ``show`` gets the address that is to be opened in a browser.

    Raises:
        DoorError: the server or the provider says no, or cannot be reached.
    """
    async with _sign_in_line(ring) as connection:
        offer = await _ask(connection, ProviderAsk())
        if not isinstance(offer, ProviderOffer):
            raise _strange(offer)
        try:
            id_token = await provider.id_token(
                offer.authorization, offer.token, offer.client_id, offer.scope, offer.nonce, show=show
            )
        except provider.ProviderError as error:
            raise DoorError(str(error), "provider") from None
        answer = await _ask(connection, ProviderToken(id_token=id_token, token=token))
    return await _kept(ring, answer)


@contextlib.asynccontextmanager
async def _sign_in_line(ring: Ring) -> AsyncIterator[ClientConnection]:
    headers = {"Authorization": f"Desk {ring.badge.account}"} if ring.plain else None
    try:
        context = ring.context()
    except TrustError as error:
        raise DoorError(str(error), "damaged") from None
    async with _line(ring.badge.url, SIGN_IN_PATH, context, headers) as connection:
        yield connection


async def _let_in(ring: Ring, asked: SignIn | BreakGlass) -> SignedIn:
    async with _sign_in_line(ring) as connection:
        answer = await _ask(connection, asked)
    return await _kept(ring, answer)


async def _kept(ring: Ring, answer: DoorAnswer) -> SignedIn:
    """The sign-in that was answered; a fresh certificate that came with it is kept."""
    if not isinstance(answer, SignedIn):
        raise _strange(answer)
    if answer.certificate and not ring.plain:
        with contextlib.suppress(OSError):  # the old one is good for a while; the next sign-in brings another
            await asyncio.to_thread(ring.certify, answer.certificate)
    return answer


# -- one line -------------------------------------------------------------------------------------------------


@contextlib.asynccontextmanager
async def _line(
    url: str, path: str, context: ssl.SSLContext | None, headers: dict[str, str] | None = None
) -> AsyncIterator[ClientConnection]:
    """One line to the door; however it ends is a DoorError."""
    why: list[Exception] = []
    try:
        connection = await connect(
            urllib.parse.urljoin(url, path),
            ssl=context,
            additional_headers=headers,
            user_agent_header="incident-tui",
            proxy=None,
            compression=None,
            open_timeout=OPEN_SECONDS,
            close_timeout=1,
            ping_interval=None,
            max_size=DOOR_FRAME_BYTES_MAX,
            logger=SILENT,
            create_connection=type("_Ends", (Ends,), {"why": why}),
        )
    except (OSError, TimeoutError, ValueError, WebSocketException) as error:
        raise DoorError(not_opened(url, error, *why[-1:]).sentence) from None
    try:
        yield connection
        with contextlib.suppress(OSError, TimeoutError, WebSocketException):
            await connection.close()
    except TimeoutError:
        raise DoorError("The server took the call and said nothing.") from None
    except (OSError, WebSocketException) as error:
        raise DoorError(closed(error, None).sentence) from None
    except ProtocolError as error:
        raise DoorError(error.sentence) from None
    finally:
        connection.transport.abort()


async def _ask(connection: ClientConnection, asked: DoorAsk) -> DoorAnswer:
    """Say one thing and hear the answer; a no is raised."""
    async with asyncio.timeout(ANSWER_SECONDS):
        await connection.send(msgspec.json.encode(asked), text=True)
        answer = read_answer(await connection.recv(decode=False))
    if isinstance(answer, Denied):
        sentence = clip(safe_text(answer.sentence), 600) or "The server says no."
        raise DoorError(sentence, answer.code or "denied", answer.wait_ms)
    return answer


def _strange(answer: DoorAnswer) -> DoorError:
    return DoorError(
        f"The server answered with something else ({type(answer).__name__}). Update the older of the two."
    )
