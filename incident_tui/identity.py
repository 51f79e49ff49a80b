"""Who this client was to a server when they last spoke, so that it can open before the line is up.

Kept by a digest of the token, never with the token itself: a copy of the file lets nobody in.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from pathlib import Path

import msgspec

from incident.kernel.slice import Actor
from incident_tui.seat import private_folder


class Known(msgspec.Struct, frozen=True):
    """What the server's last Welcome said: who the token stands for, the mode, its name, and which history it has."""

    actor: Actor
    mode: str
    server: str
    epoch: str


def _file(folder: Path, token: str) -> Path:
    return folder / f"who-{hashlib.sha256(b'incident-tui ' + token.encode()).hexdigest()[:16]}.json"


def known(folder: Path, token: str) -> Known | None:
    """Who this token stood for the last time; None when the server was never reached with it from here."""
    try:
        return msgspec.json.decode(_file(folder, token).read_bytes(), type=Known)
    except (OSError, msgspec.MsgspecError):
        return None


def remember(folder: Path, token: str, who: Known) -> None:
    """Write it down, whole or not at all. A disk that does not allow it costs only the early opening."""
    path = _file(folder, token)
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    with contextlib.suppress(OSError):
        private_folder(folder)
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as opened:
            opened.write(msgspec.json.encode(who))
        fresh.replace(path)
