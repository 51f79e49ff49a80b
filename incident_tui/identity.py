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
    except (OSError, ValueError):
        return None


def remember(folder: Path, token: str, who: Known) -> None:
    """Write it down, whole or not at all. A disk that does not allow it costs only the early opening."""
    _write(_file(folder, token), who)


class Last(msgspec.Struct, frozen=True):
    """A screen that was let in: the server's address, the file of the token ("": there was none), whose desk it was."""

    url: str
    token_file: str = ""
    agency: str = ""


LAST: Final = "last.json"
LAST_MAX: Final = 16


def lasts(home: Path) -> tuple[Last, ...]:
    """The screens that were let in with this home folder, one for each address and agency, the latest first.

    Empty when there was none, or nobody can read it.
    """
    try:
        written = (home / LAST).read_bytes()
    except OSError:
        return ()
    try:
        # an older client kept one only
        found = msgspec.json.decode(written, type=list[Last] | Last)
    except ValueError:
        return ()
    return (found,) if isinstance(found, Last) else tuple(found[:LAST_MAX])


class Several(Exception):
    """More than one desk uses this home folder, and nothing says which is meant; the words are a plain sentence."""


def last(home: Path, url: str = "", agency: str = "") -> Last | None:
    """The one desk that is meant: that of this address and this agency, as far as they are named.

    Raises:
        Several: more than one is left. The latest of them is not good enough to write in somebody's name.
    """
    found = [one for one in lasts(home) if url in ("", one.url) and agency in ("", one.agency)]
    if len(found) > 1:
        desks = ", ".join(f"{one.agency or 'a desk'} at {one.url}" for one in found[:4])
        raise Several(
            f"Several desks use this folder: {desks}. Say which, with --agency {found[0].agency or 'X'} "
            "or with the address, or give each a folder of its own with --home."
        )
    return found[0] if found else None


def remember_last(home: Path, where: Last) -> None:
    """Write it down, whole or not at all. A disk that does not allow it costs only the short form of commands."""
    others = [one for one in lasts(home) if (one.url, one.agency) != (where.url, where.agency) and one.agency]
    _write(home / LAST, [where, *others][:LAST_MAX])


def _write(path: Path, what: msgspec.Struct | list[Last]) -> None:
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    with contextlib.suppress(OSError):
        private_folder(path.parent)
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as opened:
            opened.write(msgspec.json.encode(what))
        fresh.replace(path)
