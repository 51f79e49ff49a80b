"""How a line can end, each way as one plain sentence with what is to be done, and how soon to dial again.

Also which addresses are dialled at all: a token goes over an open line only within this machine.
"""

from __future__ import annotations

import http
import ipaddress
import re
import socket
import ssl
import urllib.parse
from dataclasses import dataclass
from typing import Final

from websockets.exceptions import ConnectionClosed, InvalidStatus, InvalidURI, WebSocketException

from incident.kernel.protocol import Bye
from incident.kernel.text import clip, safe_text

PORT: Final = 8765
_HOST = re.compile(r"[a-z0-9._:%-]+", re.IGNORECASE | re.ASCII)
_CODES: Final = {
    1001: "The server has closed the line.",
    1008: "The server did not accept what this client sent.",
    1009: "The server closed the line: a frame was too large.",
    1011: "The server met a fault and closed the line.",
    1012: "The server is being stopped or started again.",
    1013: "The server has too much to do and asks to come back later.",
    4001: "The sign-in is no longer valid. Ask whoever runs the server for a new token.",
    4003: "Your agency is no longer party to this.",
    4008: "This client read too slowly; it comes back and goes on where it was.",
    4009: "This seat was opened a second time elsewhere.",
    4010: "The server speaks another version of the protocol. Update the older of the two.",
    4011: "The server's history is not the one held here.",
}
OVER: Final = 4001
_HOPELESS: Final = frozenset({4001, 4003, 4010})


@dataclass(frozen=True, slots=True)
class Ending:
    """Why there is no line. `hopeless`: nothing will change by itself soon, so dial slowly.

    `over`: what we showed to be let in is not good any more, and will not be again. `retry_seconds` is how long the
    server asked us to wait; `settled`: the line had been good for a while.
    """

    sentence: str
    hopeless: bool = False
    over: bool = False
    retry_seconds: float = 0.0
    settled: bool = False


def server_url(typed: str) -> str:
    """The address to dial: `ws://127.0.0.1:8470/`, `wss://host/`, or a bare `host:port`.

    Raises:
        ValueError: it is none; the words are a plain sentence.
    """
    text = typed.strip()
    wrong = ValueError(
        f"'{clip(safe_text(text), 80)}' is no address of a server. Write it like ws://127.0.0.1:{PORT}"
    )
    scheme, mark, rest = text.partition("://")
    try:
        parts = urllib.parse.urlsplit(f"//{rest if mark else text}")
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise wrong from None
    if not mark:
        scheme = "ws" if _this_machine(host) else "wss"
    scheme = {"http": "ws", "https": "wss"}.get(scheme.lower(), scheme.lower())
    if scheme not in ("ws", "wss") or not _HOST.fullmatch(host) or parts.query or parts.fragment:
        raise wrong
    if parts.username is not None or parts.password is not None:
        raise ValueError("An address holds no name and no password. Give the token with --token-file.")
    if scheme == "ws" and not _this_machine(host):
        raise ValueError(f"An open line (ws://) is only for this machine. Write wss:// to reach {host}.")
    netloc = f"[{host}]" if ":" in host else host
    return f"{scheme}://{netloc}{f':{port}' if port else ''}{parts.path or '/'}"


def _this_machine(host: str) -> bool:
    """Whether what is sent there never leaves this machine."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def not_opened(url: str, error: Exception) -> Ending:
    """A line that never came to be."""
    where = urllib.parse.urlsplit(url).netloc
    match error:
        case InvalidStatus():
            return _turned_away(error)
        case TimeoutError():
            return Ending(f"{where} does not answer.")
        case ConnectionRefusedError():
            return Ending(f"Nobody answers at {where}. Is the server running?")
        case socket.gaierror():
            return Ending(f"The name in {where} is not known. Check the address and the network.")
        case ssl.SSLCertVerificationError():
            return Ending(
                f"The certificate of {where} is not trusted: {error.verify_message}.", hopeless=True
            )
        case ssl.SSLError():
            return Ending(f"{where} does not speak TLS as it should.", hopeless=True)
        case InvalidURI() | ValueError():
            return Ending(f"{where} cannot be dialled: the address is wrong.", hopeless=True)
        case WebSocketException():
            return Ending(f"What answers at {where} is no server of this kind.")
        case OSError():
            return Ending(f"{where} cannot be reached: {_system_words(error)}.")
        case _:
            return Ending(f"{where} cannot be reached.")


def _turned_away(error: InvalidStatus) -> Ending:
    """The server answered and did not let us in. It says why in plain words."""
    response = error.response
    status = response.status_code
    said = clip(safe_text((response.body or b"").decode("utf-8", "replace").strip()), 300)
    if status == http.HTTPStatus.UNAUTHORIZED:
        return Ending(
            said or "The server does not know this token. Ask for a new one.", hopeless=True, over=True
        )
    if status == http.HTTPStatus.FORBIDDEN:
        return Ending(said or "The server does not let this client in.", hopeless=True)
    if status in (http.HTTPStatus.SERVICE_UNAVAILABLE, http.HTTPStatus.TOO_MANY_REQUESTS):
        wait = response.headers.get("Retry-After", "")
        seconds = float(wait) if wait.isascii() and wait.isdigit() else 0.0
        return Ending(said or "The server takes nobody new at this moment.", retry_seconds=seconds)
    return Ending(f"What answers there is no server of this kind (HTTP {status}).")


def _system_words(error: OSError) -> str:
    return (error.strerror or "the network does not allow it").lower().rstrip(".")


def closed(error: Exception, bye: Bye | None) -> Ending:
    """A line that was there and has ended."""
    if bye is not None:
        said = clip(safe_text(bye.sentence), 300) or "The server has said goodbye."
        return Ending(said, retry_seconds=bye.retry_after_ms / 1000)
    frame = error.rcvd if isinstance(error, ConnectionClosed) else None
    if frame is None:
        return Ending("The line was cut.")
    known = _CODES.get(frame.code)
    said = clip(safe_text(frame.reason), 300)
    if frame.code == OVER:  # whether it ran out or was revoked, the server says
        return Ending(said or _CODES[OVER], hopeless=True, over=True)
    return Ending(known or said or "The server has closed the line.", hopeless=frame.code in _HOPELESS)
