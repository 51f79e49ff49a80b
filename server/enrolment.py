"""Enrolling: what a code stands for until it is used, and the checks of a desk that claims it.

Of a code only what is told (its lookup) and what proves it (a key made by scrypt) are kept, for 15 minutes.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, Protocol

import msgspec
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from incident.kernel.door import CODE_SECONDS, Code, code_from, code_key
from server.datafolder import write_private
from server.identity import IdentityError, why_unread

FORMAT: Final = 1
PENDING_MAX: Final = 200
WRONG_MAX: Final = 100
"""Wrong proofs that end a code. With 55 bits of secret none of them will be right."""


class Issuer(Protocol):
    """The server's authority, as enrolment needs it."""

    @property
    def pem(self) -> str: ...

    def leaf_digest(self, connection: Any = None) -> bytes: ...

    def certify(self, device_pem: str, account: str, now_ms: int) -> str: ...


class Pending(msgspec.Struct, frozen=True):
    """A desk that may be enrolled until ``until`` (UTC ms). ``again``: in the place of the desk of this name."""

    lookup: str
    key: bytes
    name: str
    agency: str
    role: str
    again: bool
    until: int


class _File(msgspec.Struct, frozen=True):
    format: int
    pending: list[Pending]


class Codes:
    """The codes that are good now. Memory is what counts, changed by one thread; ``writer`` is as for sign-ins."""

    def __init__(self, path: Path, now: int) -> None:
        self._path = path
        self._pending = {one.lookup: one for one in _read(path) if one.until > now}
        self._wrong: dict[str, int] = {}
        self._claimed: dict[str, Pending] = {}
        """Used up by a desk that is being written down at this moment."""

    def make(self) -> tuple[Code, bytes]:
        """A new code that no other is looked up as, and its key. Takes some 50 ms: blocks."""
        code = code_from(secrets.token_bytes(16))
        while code.lookup in self._pending or code.lookup in self._claimed:
            code = code_from(secrets.token_bytes(16))
        return code, code_key(code)

    def add(
        self, code: Code, key: bytes, name: str, agency: str, role: str, *, again: bool, now: int
    ) -> Pending:
        """From now on this code is good; an earlier one for the same desk is not. Raises IdentityError."""
        self.sweep(now)
        self.drop(agency, name)
        if len(self._pending) >= PENDING_MAX:
            raise IdentityError(f"{PENDING_MAX} codes are waiting to be used; wait until some are over.")
        pending = Pending(code.lookup, key, name, agency, role, again, now + CODE_SECONDS * 1000)
        self._pending[code.lookup] = pending
        return pending

    def find(self, lookup: str, now: int) -> Pending | None:
        """The code of this lookup, if it is good now."""
        pending = self._pending.get(lookup)
        return None if pending is None or pending.until <= now else pending

    def wrong(self, pending: Pending) -> None:
        """A proof for it was wrong."""
        count = self._wrong.get(pending.lookup, 0) + 1
        self._wrong[pending.lookup] = count
        if count >= WRONG_MAX:
            self.take(pending)

    def take(self, pending: Pending) -> bool:
        """Use it up; False when somebody else has, a moment ago."""
        if self._pending.get(pending.lookup) is not pending:
            return False
        del self._pending[pending.lookup]
        self._wrong.pop(pending.lookup, None)
        return True

    def claim(self, pending: Pending) -> bool:
        """Use it up for a desk that is about to be written down, which a ``drop`` still prevents; False as ``take``."""
        if not self.take(pending):
            return False
        self._claimed[pending.lookup] = pending
        return True

    def claimed(self, pending: Pending) -> bool:
        """Whether that desk may still be written down. May be asked in any thread."""
        return self._claimed.get(pending.lookup) is pending

    def written_down(self, pending: Pending) -> None:
        """That desk is enrolled."""
        if self.claimed(pending):
            del self._claimed[pending.lookup]

    def give_back(self, pending: Pending) -> None:
        """It could not be used after all, and is good as before, unless it was dropped meanwhile."""
        if self.claimed(pending):
            del self._claimed[pending.lookup]
            self._pending.setdefault(pending.lookup, pending)

    def drop(self, agency: str, name: str) -> int:
        """Forget the codes for a desk of this name, also one that is being used; answers how many."""
        count = 0
        for codes in (self._pending, self._claimed):
            for one in tuple(codes.values()):
                if (one.agency, one.name.lower()) == (agency, name.lower()):
                    del codes[one.lookup]
                    self._wrong.pop(one.lookup, None)
                    count += 1
        return count

    def sweep(self, now: int) -> None:
        """Forget what is over."""
        for one in [one for one in self._pending.values() if one.until <= now]:
            self.take(one)

    def waiting(self, now: int) -> Iterable[Pending]:
        """Those that are good now."""
        return tuple(one for one in self._pending.values() if one.until > now)

    def writer(self) -> Callable[[], None]:
        """Work that puts on the disk what is in memory now. It blocks, and raises OSError."""
        data = msgspec.json.encode(_File(FORMAT, list(self._pending.values())))
        return lambda: write_private(self._path, data)


def place_aside(path: Path) -> Path | None:
    """Where a start moves codes that are damaged; None when they are not: they are good, or cannot be read at all."""
    try:
        msgspec.json.decode(path.read_bytes(), type=_File)
    except OSError:
        return None
    except ValueError:  # of letters that are none, too
        return path.with_name(path.name + ".damaged")
    return None


def set_aside(path: Path) -> Path | None:
    """Move codes that are damaged away: they are good for minutes, and keep no server from starting.

    Answers where they are now; None when nothing is wrong with them, or they cannot be moved.
    """
    aside = place_aside(path)
    if aside is not None:
        with suppress(OSError):
            path.replace(aside)
            return aside
    return None


def _read(path: Path) -> list[Pending]:
    try:
        found = msgspec.json.decode(path.read_bytes(), type=_File)
    except FileNotFoundError:
        return []
    except (OSError, ValueError) as error:
        raise IdentityError(
            f"{path} cannot be read ({why_unread(error)}). Move it away, and make new codes."
        ) from None
    if found.format != FORMAT:
        raise IdentityError(f"{path} was written by a newer version of this program; use that one.")
    return found.pending


def device_of_key(pem: str) -> str:
    """The digest that a desk's public key is known by: SHA-256 of its SubjectPublicKeyInfo, hex.

    Raises:
        ValueError: this is no public key, or not of a kind that is taken.
    """
    try:
        key = serialization.load_pem_public_key(pem.encode("ascii"))
    except (ValueError, UnsupportedAlgorithm):
        raise ValueError("That is no public key.") from None
    sane = isinstance(key, ed25519.Ed25519PublicKey) or (
        isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1)
    )
    if not sane:
        raise ValueError("The key of a desk is P-256 or Ed25519.")
    der = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(der).hexdigest()


def ends_at(certificate: str) -> int:
    """When a certificate (PEM) ends, UTC ms; 0 for none."""
    if not certificate:
        return 0
    end = x509.load_pem_x509_certificate(certificate.encode()).not_valid_after_utc
    return int(end.timestamp() * 1000)
