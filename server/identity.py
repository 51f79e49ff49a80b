"""Who may come in: tokens, kept as digests only, each for one named actor of one agency in one role.

A token is 256 bits of chance, shown once. The file holds its SHA-256: with that much chance in it, a slow hash
would protect nothing more. Names are unique in their agency, so that a line of the log names one person or desk.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import msgspec

from incident.kernel.checks import nearest
from incident.kernel.slice import Actor
from incident.kernel.text import text_flaw
from server.datafolder import write_private

FORMAT: Final = 1
NAME_MAX: Final = 40
TOKENS_MAX: Final = 10_000
RESERVED: Final = ("system", "excon")
"""Names of actors that are not people; so is everything that begins with ``virtual/``."""

TOKEN_CHARS_MAX: Final = 100


class IdentityError(Exception):
    """The identity file cannot be used, or a token cannot be made; ``str`` is a plain sentence."""


class Entry(msgspec.Struct, frozen=True):
    """One token. ``digest`` is the hex SHA-256 of the token; ``created_at`` is UTC ms."""

    digest: str
    name: str
    agency: str
    role: str
    created_at: int


class _File(msgspec.Struct, frozen=True):
    format: int
    tokens: list[Entry]


class Identity:
    """The tokens of one data folder, in memory and on the disk."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._entries: dict[str, Entry] = {entry.digest: entry for entry in _read(self._path)}

    def actor(self, token: str) -> Actor | None:
        """Whom a token stands for; None when it is not known here."""
        entry = self._entries.get(_digest(token)) if len(token) <= TOKEN_CHARS_MAX else None
        return None if entry is None else Actor(entry.name, entry.agency, entry.role)

    def add(
        self, name: str, agency: str, role: str, *, agencies: Iterable[str], roles: Iterable[str], now: int
    ) -> str:
        """Make a token and write its digest; answers the token, which is kept nowhere.

        Raises:
            IdentityError: the name is taken or reserved, agency or role are unknown, or the file cannot be written.
        """
        self._check(name, agency, role, tuple(agencies), tuple(roles))
        token = secrets.token_urlsafe(32)
        entry = Entry(_digest(token), name, agency, role, now)
        entries = {**self._entries, entry.digest: entry}
        whole = msgspec.json.format(msgspec.json.encode(_File(FORMAT, list(entries.values()))))
        try:
            write_private(self._path, whole)
        except OSError as error:
            raise IdentityError(f"{self._path} cannot be written ({error.strerror}).") from None
        self._entries = entries
        return token

    def _check(
        self, name: str, agency: str, role: str, agencies: tuple[str, ...], roles: tuple[str, ...]
    ) -> None:
        flaw = text_flaw(name, limit=NAME_MAX)
        if flaw is not None or name != name.strip() or not name:
            raise IdentityError(f"A name {flaw or 'needs letters, without blanks around them'}.")
        if name.lower() in RESERVED or name.lower().startswith("virtual/"):
            raise IdentityError(f"The name {name!r} is kept for the server itself; choose another.")
        if agency not in agencies:
            raise IdentityError(
                f"There is no agency {agency!r} in agencies.yaml{nearest(agency, agencies) or '.'}"
            )
        if role not in roles:
            raise IdentityError(f"There is no role {role!r} in roles.yaml{nearest(role, roles) or '.'}")
        if any((e.agency, e.name.lower()) == (agency, name.lower()) for e in self._entries.values()):
            raise IdentityError(f"{agency} has a token for {name!r} already; choose another name.")
        if len(self._entries) >= TOKENS_MAX:
            raise IdentityError(f"There are {TOKENS_MAX:,} tokens already; no more are made.")


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _read(path: Path) -> list[Entry]:
    try:
        found = msgspec.json.decode(path.read_bytes(), type=_File)
    except FileNotFoundError:
        return []
    except (OSError, msgspec.DecodeError) as error:
        raise IdentityError(
            f"{path} cannot be read ({type(error).__name__}). Put a backup of it back, or move it away and make new "
            "tokens."
        ) from None
    if found.format != FORMAT:
        raise IdentityError(f"{path} was written by a newer version of this program; use that one.")
    return found.tokens
