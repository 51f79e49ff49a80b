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
from datetime import UTC, datetime
from typing import Final

from websockets.exceptions import (
    ConnectionClosed,
    InvalidMessage,
    InvalidStatus,
    InvalidURI,
    WebSocketException,
)

from incident.kernel.protocol import Bye
from incident.kernel.text import clip, safe_text

PORT: Final = 8765
SENTENCE_MAX: Final = 600
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
    The sentence may quote whoever answered, so it is safe and of a length to be read, whatever was quoted.
    """

    sentence: str
    hopeless: bool = False
    over: bool = False
    retry_seconds: float = 0.0
    settled: bool = False

    def __post_init__(self) -> None:
        """One door for every way a line can end."""
        object.__setattr__(self, "sentence", clip(safe_text(self.sentence), SENTENCE_MAX))


def server_url(typed: str) -> str:
    """The address to dial: `wss://host/`, a bare `host:port`, which means the same, or `ws://127.0.0.1:8470/`.

    An open line is only had by writing it: what is left out never takes a defence away.

    Raises:
        ValueError: it is none; the words are a plain sentence.
    """
    text = typed.strip()
    wrong = ValueError(
        f"'{clip(safe_text(text), 80)}' is no address of a server. Write it like rooms.example:{PORT}"
    )
    scheme, mark, rest = text.partition("://")
    try:
        parts = urllib.parse.urlsplit(f"//{rest if mark else text}")
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise wrong from None
    if not mark:
        scheme = "wss"
    scheme = {"http": "ws", "https": "wss"}.get(scheme.lower(), scheme.lower())
    if scheme not in ("ws", "wss") or not _HOST.fullmatch(host) or parts.query or parts.fragment:
        raise wrong
    if parts.username is not None or parts.password is not None:
        raise ValueError("An address holds no name and no password. Give the token with --token-file.")
    if scheme == "ws" and not _this_machine(host):
        raise ValueError(
            f"An open line (ws://) is only for this machine. Write wss:// to reach {clip(host, 80)}."
        )
    netloc = f"[{host}]" if ":" in host else host
    return f"{scheme}://{netloc}{f':{port}' if port else ''}{parts.path or '/'}"


def _this_machine(host: str) -> bool:
    """Whether what is sent there never leaves this machine."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def stranger(url: str, folder: str = "") -> Ending:
    """A line that is not dialled, since nothing is known here by which the other side could be believed."""
    where = urllib.parse.urlsplit(url).netloc
    return Ending(
        f"This desk is not enrolled at {where}. Ask whoever runs the server for a code, then: incident-tui enrol "
        f"{where} CODE{folder}. A server that serves this machine alone, openly, is written ws://{where}.",
        hopeless=True,
    )


def not_opened(url: str, error: Exception, ended: Exception | None = None) -> Ending:
    """A line that never came to be. `ended`: why its transport ended, where that is known."""
    where = urllib.parse.urlsplit(url).netloc
    secure = url.startswith("wss:")
    if secure and (ending := _refused_with_tls(where, error, ended)) is not None:
        return ending
    match error:
        case InvalidStatus():
            return _turned_away(error)
        case TimeoutError():
            return Ending(f"{where} does not answer.")
        case ConnectionRefusedError():
            return Ending(f"Nobody answers at {where}. Is the server running?")
        case socket.gaierror():
            return Ending(f"The name in {where} is not known. Check the address and the network.")
        case InvalidURI() | ValueError():
            return Ending(f"{where} cannot be dialled: the address is wrong.", hopeless=True)
        case WebSocketException() if _nothing_came(error):
            return Ending(
                f"What answers at {where} is no server of this kind, or it speaks with TLS: then write wss://{where}."
            )
        case WebSocketException():
            return Ending(f"What answers at {where} is no server of this kind.")
        case OSError():
            return Ending(f"{where} cannot be reached: {_system_words(error)}.")
        case _:
            return Ending(f"{where} cannot be reached.")


_OTHER_NAME: Final = frozenset({62, 64})
_NOT_YET: Final = 9
_OVER: Final = 10
_OTHER_AUTHORITY: Final = frozenset({2, 7, 18, 19, 20, 21, 24})
"""What OpenSSL says (its verify codes) of a name, of the times, and of who signed."""

_OUR_CERTIFICATE: Final = (
    "BAD_CERTIFICATE",
    "UNSUPPORTED_CERTIFICATE",
    "CERTIFICATE_REVOKED",
    "CERTIFICATE_UNKNOWN",
    "CERTIFICATE_REQUIRED",
    "UNKNOWN_CA",
    "ACCESS_DENIED",
    "DECRYPT_ERROR",
)
"""Alerts by which the server says no to what this desk showed; one more says that it has expired."""


def _refused_with_tls(where: str, error: Exception, ended: Exception | None) -> Ending | None:
    """Why there is no closed line, when that is it."""
    reason = str(getattr(error, "reason", "") or getattr(ended, "reason", "") or "")
    again = "Ask whoever runs the server for a code, and enrol this desk again."
    if isinstance(error, ssl.SSLCertVerificationError):
        return Ending(_not_believed(where, error), hopeless=True)
    if "ALERT_CERTIFICATE_EXPIRED" in reason:
        return Ending(f"{where} says that this desk's certificate has expired. {again}", hopeless=True)
    if "ALERT" in reason and reason.endswith(_OUR_CERTIFICATE):
        return Ending(f"{where} does not take this desk's certificate. {again}", hopeless=True)
    if _nothing_came(error):
        # A server that is just being stopped ends a line like that, too: so the next attempt is soon.
        return Ending(
            f"{where} ended the line as soon as it had seen this desk. If that goes on, this desk's certificate has "
            f"expired, or another server made it. {again}"
        )
    if isinstance(error, ssl.SSLError):
        return Ending(f"What answers at {where} does not speak TLS 1.3, {_LESS}", hopeless=True)
    if (
        isinstance(error, ConnectionResetError) and error.errno is None
    ):  # asyncio's word for: in mid-handshake
        return Ending(
            f"{where} ended the line before it was closed to others. It may not speak TLS 1.3, {_LESS}"
        )
    return None


_LESS: Final = (
    "and less is not taken: it is another program, a server that speaks openly (ws://), or something in between "
    "weakens the line. Check the address and the port with whoever runs the server."
)


def _not_believed(where: str, error: ssl.SSLCertVerificationError) -> str:
    """A certificate that will not do, and what is to be done."""
    now = f"{datetime.now(UTC):%d %b %Y %H:%M} UTC"
    code = getattr(error, "verify_code", 0)
    if code in _OTHER_NAME:
        return (
            f"The server at {where} is not the one of that name, as its certificate says. Dial the name that you were "
            "given; if it is the right one, whoever runs the server adds it to names in server.yaml."
        )
    if code == _OVER:
        return (
            f"The certificate of {where} has expired. Whoever runs the server renews it (incident-server renew), "
            f"unless this machine's clock is wrong: it says {now}."
        )
    if code == _NOT_YET:
        return f"The certificate of {where} is not good yet. Set this machine's clock: it says {now}."
    if code in _OTHER_AUTHORITY:
        return (
            f"What answers at {where} is not the server at which this desk was enrolled. Type nothing into it. If that "
            "server was set up anew, ask whoever runs it for a code, and enrol this desk again."
        )
    why = clip(safe_text(getattr(error, "verify_message", "")), 100)
    return f"The certificate of {where} is none for a server ({why}). Tell whoever runs the server."


def _nothing_came(error: Exception) -> bool:
    """Whether the line opened and ended before a word of the protocol."""
    return isinstance(error, InvalidMessage) and isinstance(error.__cause__, EOFError)


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
