"""Who this client was to a server when they last spoke, so that it can open before the line is up.

Kept by a digest of the token, never with the token itself: a copy of the file lets nobody in. Which server that
was, and in which file its token lies, is kept for the commands that are given neither.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from pathlib import Path
from typing import Final

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
    _write(_file(folder, token), who)


class Last(msgspec.Struct, frozen=True):
    """Where the screen was last let in: the server's address, and the file of the token ("": there was none)."""

    url: str
    token_file: str = ""


LAST: Final = "last.json"


def last(home: Path) -> Last | None:
    """Where a screen of this home folder was last let in; None when it never was, or nobody can read it."""
    try:
        return msgspec.json.decode((home / LAST).read_bytes(), type=Last)
    except (OSError, msgspec.MsgspecError):
        return None


def remember_last(home: Path, where: Last) -> None:
    """Write it down, whole or not at all. A disk that does not allow it costs only the short form of commands."""
    _write(home / LAST, where)


def _write(path: Path, what: msgspec.Struct) -> None:
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    with contextlib.suppress(OSError):
        private_folder(path.parent)
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as opened:
            opened.write(msgspec.json.encode(what))
        fresh.replace(path)
