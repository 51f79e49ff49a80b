"""Signing in at the organisation's own identity provider, in the browser of this machine.

Authorization code with PKCE on loopback (RFC 8252, RFC 7636): the page comes back to a port that this program
listens on for that one answer. What comes out is the provider's ID token, which the server looks at; here it is
carried, not read.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import hmac
import secrets
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import msgspec

from incident.kernel.text import clip, safe_text

SECONDS: Final = 280.0
"""The server forgets what it asked for after five minutes."""

FETCH_SECONDS: Final = 10.0
ANSWER_BYTES_MAX: Final = 65_536
REQUEST_BYTES_MAX: Final = 16_384
REQUEST_SECONDS: Final = 5.0
_PAGE: Final = (
    "<!doctype html><meta charset=utf-8><title>incident-tui</title>"
    "<p>{}</p><p>You can close this page and go back to the terminal.</p>"
)


class ProviderError(Exception):
    """There is no ID token; ``str`` is a plain sentence."""


class _Answer(msgspec.Struct, frozen=True):
    id_token: str = ""


@dataclass(slots=True)
class _Errand:
    """What is waited for on the port: the code, by this state; ``start`` is the path that leads to ``page``."""

    came: asyncio.Future[str]
    state: str
    start: str
    page: str = ""


async def id_token(
    authorization: str,
    token: str,
    client_id: str,
    scope: str,
    nonce: str,
    *,
    show: Callable[[str], None],
    seconds: float = SECONDS,
) -> str:
    """Have a person sign in, and bring back the ID token. ``show`` gets the address that is to be opened: a short one
    of this machine that leads to the provider's, so that it can be typed, and stands on one line of a terminal.

    Raises:
        ProviderError: they did not, or the provider said no.
    """
    for place in (authorization, token):
        _check(place)
    verifier, state = secrets.token_urlsafe(48), secrets.token_urlsafe(24)
    errand = _Errand(asyncio.get_running_loop().create_future(), state, "/" + secrets.token_hex(4))

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _serve(reader, writer, errand)

    try:
        server = await asyncio.start_server(serve, "127.0.0.1", 0, limit=REQUEST_BYTES_MAX)
    except OSError as error:
        raise ProviderError(f"No port of this machine can be listened on ({error.strerror}).") from None
    async with server:
        here = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        back = f"{here}/callback"
        errand.page = _address(authorization, client_id, scope, nonce, back, state, verifier)
        show(here + errand.start)
        try:
            async with asyncio.timeout(seconds):
                code = await errand.came
        except TimeoutError:
            raise ProviderError("Nobody signed in at the identity provider in time. Try again.") from None
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": back,
        "client_id": client_id,
        "code_verifier": verifier,
    }
    return await asyncio.to_thread(_exchange, token, form)


def _check(place: str) -> None:
    """A server that we know names these, and still no file and no open line is to be read."""
    parts = urllib.parse.urlsplit(place)
    place_is_plain = place.isascii() and place.isprintable() and " " not in place
    inside = parts.hostname in ("127.0.0.1", "::1", "localhost")
    if (
        not place_is_plain
        or not parts.hostname
        or not (parts.scheme == "https" or (parts.scheme == "http" and inside))
    ):
        raise ProviderError("The address of the identity provider is not one to be trusted (https).")


def _address(
    authorization: str, client_id: str, scope: str, nonce: str, back: str, state: str, verifier: str
) -> str:
    digest = hashlib.sha256(verifier.encode()).digest()
    asked = {
        "response_type": "code",
        "client_id": client_id,
        "scope": scope,
        "redirect_uri": back,
        "state": state,
        "nonce": nonce,
        "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
        "code_challenge_method": "S256",
    }
    mark = "&" if urllib.parse.urlsplit(authorization).query else "?"
    return f"{authorization}{mark}{urllib.parse.urlencode(asked)}"


async def _serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, errand: _Errand) -> None:
    """One request of a browser. What is not the answer to what we asked changes nothing."""
    try:
        async with asyncio.timeout(REQUEST_SECONDS):
            line = (await reader.readuntil(b"\r\n")).decode("latin-1")
            while (await reader.readuntil(b"\r\n")) != b"\r\n":
                pass
        status, words = _judged(line, errand)
        page = _PAGE.format(words).encode()
        head = (
            f"HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {len(page)}\r\n"
            "Cache-Control: no-store\r\nContent-Security-Policy: default-src 'none'\r\nConnection: close\r\n"
            "Referrer-Policy: no-referrer\r\n\r\n"
        )
        writer.write(head.encode() + page)
        await writer.drain()
    except (OSError, TimeoutError, ValueError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        pass
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


def _judged(line: str, errand: _Errand) -> tuple[str, str]:
    came, state = errand.came, errand.state
    method, _, rest = line.partition(" ")
    parts = urllib.parse.urlsplit(rest.partition(" ")[0])
    if method == "GET" and hmac.compare_digest(parts.path.encode(), errand.start.encode()):
        return f"302 Found\r\nLocation: {errand.page}", "Going to the identity provider."
    if method != "GET" or parts.path != "/callback":
        return "404 Not Found", "There is nothing here."
    said = dict(urllib.parse.parse_qsl(parts.query))
    if not hmac.compare_digest(said.get("state", "").encode(), state.encode()):
        return "400 Bad Request", "This is not the answer to what this program asked."
    if came.done():
        return "400 Bad Request", "This was answered already."
    code = said.get("code", "")
    if not code:
        why = clip(
            safe_text(said.get("error_description") or said.get("error") or "no reason was given"), 200
        )
        came.set_exception(ProviderError(f"The identity provider said no: {why}."))
        return "200 OK", "The sign-in did not work."
    came.set_result(code)
    return "200 OK", "You are signed in."


class _Stay(urllib.request.HTTPRedirectHandler):
    """The code goes to where it was meant to go, and nowhere that this leads to."""

    def redirect_request(self, *_args: object, **_kwargs: object) -> None:
        return None


_opener = urllib.request.build_opener(_Stay)


def _exchange(token: str, form: dict[str, str]) -> str:
    """The ID token for a code. Blocks: for a thread."""
    refused = ProviderError("The identity provider did not give an answer that can be used. Try again.")
    try:
        body = urllib.parse.urlencode(form).encode()
        asked = urllib.request.Request(token, body, {"Accept": "application/json"})  # noqa: S310 - looked at above
        with _opener.open(asked, timeout=FETCH_SECONDS) as answer:
            found = msgspec.json.decode(answer.read(ANSWER_BYTES_MAX), type=_Answer)
    except (OSError, ValueError, msgspec.MsgspecError):
        raise refused from None
    if not found.id_token:
        raise refused
    return found.id_token
