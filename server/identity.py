"""Who may come in: desks with a key and a password, and tokens for one machine; nothing that could be used is kept.

A token is 256 bits of chance, shown once, kept as its SHA-256: with that much chance in it, a slow hash would protect
nothing more. A desk's password is kept as argon2id. Names are unique in their agency, so that a line of the log names
one person or desk.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

import msgspec

from incident.kernel.checks import nearest
from incident.kernel.text import text_flaw
from server.datafolder import write_private

FORMAT: Final = 2
"""1 had tokens alone."""

NAME_MAX: Final = 40
TOKENS_MAX: Final = 10_000
DESKS_MAX: Final = 10_000
RESERVED: Final = ("system", "excon")
"""Names of actors that are not people; so is everything that begins as one of ``RESERVED_STARTS``."""
RESERVED_STARTS: Final = ("virtual/", "break glass")

TOKEN_CHARS_MAX: Final = 100


class IdentityError(Exception):
    """The identity file cannot be used, or somebody cannot be let in; ``str`` is a plain sentence."""


class DeskGone(IdentityError):
    """A desk was revoked, or another has its place, while something about it was on its way."""


class Entry(msgspec.Struct, frozen=True):
    """One token. ``digest`` is the hex SHA-256 of the token; ``created_at`` is UTC ms."""

    digest: str
    name: str
    agency: str
    role: str
    created_at: int


class Desk(msgspec.Struct, frozen=True):
    """One desk. ``key`` is its public key (PEM), ``device`` that key's digest; all times are UTC ms, 0: never."""

    account: str
    name: str
    agency: str
    role: str
    key: str
    device: str
    password: str
    enrolled_at: int
    certificate_until: int = 0
    revoked_at: int = 0


class _File(msgspec.Struct, frozen=True):
    format: int
    tokens: list[Entry]
    desks: list[Desk] = []


class Identity:
    """The desks and tokens of one data folder, in memory and on the disk.

    What changes something blocks, and must not be called by two at once; a server has one thread for it. What only
    asks may be called at any time: a change replaces everything that is asked, once it is on the disk.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._take(_read(self._path))

    def _take(self, file: _File) -> None:
        self._file = file
        self._tokens = {entry.digest: entry for entry in file.tokens}
        self._desks = {desk.account: desk for desk in file.desks}
        self._devices = {desk.device: desk for desk in file.desks}

    # -- who it is ------------------------------------------------------------------------------------------

    def token(self, token: str) -> Entry | None:
        """What a token stands for; None when it is not known here."""
        return self._tokens.get(digest_of(token)) if len(token) <= TOKEN_CHARS_MAX else None

    def has(self, digest: str) -> bool:
        """Whether there is (still) a token of this digest."""
        return digest in self._tokens

    def desk(self, account: str) -> Desk | None:
        """The desk of an account, revoked or not."""
        return self._desks.get(account)

    def desk_of(self, device: str) -> Desk | None:
        """The desk that has this key, revoked or not."""
        return self._devices.get(device) if device else None

    def named(self, agency: str, name: str) -> Desk | None:
        """The desk of this name, revoked or not; capitals do not matter."""
        found = (desk for desk in self._desks.values() if _same(desk, agency, name))
        return next(found, None)

    def desks(self) -> tuple[Desk, ...]:
        """All of them, in the order in which they came."""
        return tuple(self._desks.values())

    def tokens(self) -> tuple[Entry, ...]:
        """All of them, in the order in which they came."""
        return tuple(self._tokens.values())

    # -- changes --------------------------------------------------------------------------------------------

    def add(
        self,
        name: str,
        agency: str,
        role: str,
        *,
        agencies: Iterable[str],
        roles: Mapping[str, str],
        now: int,
    ) -> str:
        """Make a token and write its digest; answers the token, which is kept nowhere. Blocks.

        Raises:
            IdentityError: the name is taken or reserved, agency or role are unknown, or the file cannot be written.
        """
        check_who(name, agency, role, tuple(agencies), roles)
        if self.has_token(agency, name) or self.named(agency, name) is not None:
            raise IdentityError(f"{agency} has a token or a desk for {name!r} already; choose another name.")
        if len(self._tokens) >= TOKENS_MAX:
            raise IdentityError(f"There are {TOKENS_MAX:,} tokens already; no more are made.")
        token = secrets.token_urlsafe(32)
        entry = Entry(digest_of(token), name, agency, role, now)
        self.put(tokens=(*self._tokens.values(), entry))
        return token

    def has_token(self, agency: str, name: str) -> bool:
        """Whether a token has this name."""
        return any(_same(entry, agency, name) for entry in self._tokens.values())

    def put(self, *, tokens: Iterable[Entry] | None = None, desks: Iterable[Desk] | None = None) -> None:
        """Replace all tokens, or all desks, on the disk and then in memory. Blocks.

        Raises:
            IdentityError: it cannot be written, and everything is as before.
        """
        file = _File(
            FORMAT,
            list(self._tokens.values() if tokens is None else tokens),
            list(self._desks.values() if desks is None else desks),
        )
        try:
            write_private(self._path, msgspec.json.format(msgspec.json.encode(file)))
        except OSError as error:
            raise IdentityError(f"{self._path} cannot be written ({error.strerror}).") from None
        self._take(file)

    def add_desk(self, desk: Desk, instead: str = "") -> None:
        """Enrol a desk, alone of its name, or in the place of the account ``instead``. Blocks.

        Raises:
            DeskGone: another has the name by now, or there is no such account any more.
            IdentityError: there are too many, or it cannot be written.
        """
        old = self.named(desk.agency, desk.name)
        if instead != (old.account if old is not None else ""):
            raise DeskGone(f"The desk {desk.name!r} of {desk.agency} is not what it was a moment ago.")
        others = [one for one in self._desks.values() if one.account != instead]
        if len(others) >= DESKS_MAX:
            raise IdentityError(f"There are {DESKS_MAX:,} desks already; no more are enrolled.")
        self.put(desks=(*others, desk))

    def change_desk(self, account: str, change: Callable[[Desk], Desk]) -> Desk:
        """Change what is kept of a desk at this moment, never what somebody read of it earlier. Blocks.

        Raises:
            DeskGone: there is no such account any more.
            IdentityError: it cannot be written.
        """
        desk = self._desks.get(account)
        if desk is None:
            raise DeskGone("This desk is not enrolled any more.")
        fresh = change(desk)
        self.put(desks=[fresh if one.account == account else one for one in self._desks.values()])
        return fresh


def check_who(name: str, agency: str, role: str, agencies: tuple[str, ...], roles: Mapping[str, str]) -> None:
    """Raises IdentityError when nobody can be called so, or be that there.

    ``roles``: each, and the one agency whose people have it, "" for any.
    """
    for _key, flaw in flaws_of(name, agency, role, agencies, roles):
        raise IdentityError(flaw)


def flaws_of(
    name: str, agency: str, role: str, agencies: tuple[str, ...], roles: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    """Everything by which nobody can be called so, or be that there: which of the three, and a sentence."""
    flaw = text_flaw(name, limit=NAME_MAX)
    if flaw is not None or name != name.strip() or not name:
        yield "name", f"A name {flaw or 'needs letters, without blanks around them'}."
    elif name.lower() in RESERVED or name.lower().startswith(RESERVED_STARTS):
        yield "name", f"The name {name!r} is kept for the server itself; choose another."
    if agency not in agencies:
        yield "agency", f"There is no agency {agency!r} in agencies.yaml{_instead(agency, agencies)}"
    if role not in roles:
        fitting = [one for one, whose in roles.items() if whose in ("", agency)]
        yield "role", f"There is no role {role!r} in roles.yaml{_instead(role, fitting)}"
    elif roles[role] not in ("", agency):
        yield (
            "role",
            f"The role {role!r} is for people of {roles[role]} alone (roles.yaml); give {agency} another.",
        )


def _instead(name: str, known: Iterable[str]) -> str:
    """The end of a sentence about an unknown name: what is near it, else all that there are."""
    every = list(known)
    return nearest(name, every) or f"; there are {', '.join(every)}."


def digest_of(token: str) -> str:
    """As a token is kept: its SHA-256, hex."""
    return hashlib.sha256(token.encode()).hexdigest()


def why_unread(error: OSError | ValueError) -> str:
    """Why a file of this program cannot be read, for a person; never what stands in it."""
    if isinstance(error, OSError):
        return error.strerror or type(error).__name__
    return "it is damaged: not the JSON that this program writes"


def _same(one: Entry | Desk, agency: str, name: str) -> bool:
    return (one.agency, one.name.lower()) == (agency, name.lower())


def _read(path: Path) -> _File:
    try:
        found = msgspec.json.decode(path.read_bytes(), type=_File)
    except FileNotFoundError:
        return _File(FORMAT, [])
    except (OSError, ValueError) as error:
        raise IdentityError(
            f"{path} cannot be read ({why_unread(error)}). Put a backup of it back, or move it away and make new "
            "tokens and enrol the desks again."
        ) from None
    if found.format > FORMAT:
        raise IdentityError(f"{path} was written by a newer version of this program; use that one.")
    return found
