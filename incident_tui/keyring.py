"""What an enrolled desk keeps: its key, the certificates, who it is, and its sign-in. One folder per desk and server.

Every file is for this user alone. The key never leaves this folder; a sign-in's token is worth nothing without it.
A desk is there whole or not at all: it is written beside its place and moved there when it is complete.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import ssl
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from incident.kernel.door import CODE_SECONDS, Enrolled
from incident_tui.seat import private_folder, server_folder, slug
from incident_tui.trust import desk_context

DESK, KEY, CERTIFICATE, AUTHORITY, SIGN_IN = (
    "desk.json", "key.pem", "certificate.pem", "authority.pem", "sign-in.json",
)  # fmt: skip
FILE_BYTES_MAX: Final = 65_536
PREFIX: Final = "desk-"
FORGED: Final = ".new-"


class Badge(msgspec.Struct, frozen=True):
    """Who an enrolled desk is, as the server said when it was enrolled. ``url`` as ``endings.server_url`` gives it."""

    url: str
    account: str
    name: str
    agency: str
    role: str
    server: str
    mode: str


class Kept(msgspec.Struct, frozen=True):
    """The sign-in of a desk as it is kept between two openings. Times are UTC ms, ``until`` by the server's clock.

    ``verifier`` (argon2id) opens the lock while the server cannot be asked; ``wrong`` tries slow the next one down.
    ``touched_at`` is when a key was last pressed, ``opened_at`` when the password was last given, by this desk's clock.
    """

    token: str
    until: int
    verifier: str = ""
    locked: bool = False
    touched_at: int = 0
    wrong: int = 0
    not_before: int = 0
    opened_at: int = 0


@dataclass(frozen=True, slots=True)
class Ring:
    """One enrolled desk on this disk."""

    folder: Path
    badge: Badge

    @property
    def plain(self) -> bool:
        """Whether its server is spoken to over an open line, which never leaves this machine."""
        return self.badge.url.startswith("ws://")

    def context(self) -> ssl.SSLContext | None:
        """How this desk dials: it trusts its server's own authority and shows its certificate. None: an open line.

        Raises:
            TrustError: what this desk keeps cannot be read, or does not fit together.
        """
        if self.plain:
            return None
        try:
            authority = _read(self.folder / AUTHORITY).decode("ascii", "replace")
        except OSError:
            authority = ""
        return desk_context(authority, self.folder / CERTIFICATE, self.folder / KEY)

    def present(self) -> Ring:
        """This desk as it lies on the disk now: enrolled once more beside us, it has another key and another folder."""
        if _badge(self.folder) is not None:
            return self
        return next((ring for ring in _in(self.folder.parent) if _same(ring.badge, self.badge)), self)

    def certificate_until(self) -> int:
        """When the desk's own certificate ends (UTC ms); 0 when it has none."""
        from cryptography import x509  # noqa: PLC0415 - loaded by a desk that has a certificate, and by no other

        try:
            pem = _read(self.folder / CERTIFICATE)
            return int(x509.load_pem_x509_certificate(pem).not_valid_after_utc.timestamp() * 1000)
        except (OSError, ValueError):
            return 0

    def certify(self, pem: str) -> None:
        """A fresh certificate takes the place of the old one. Raises OSError."""
        write_private(self.folder / CERTIFICATE, pem.encode())

    def sign_in(self) -> Kept | None:
        """The sign-in that is kept; None when there is none, or nobody can read it."""
        try:
            return msgspec.json.decode(_read(self.folder / SIGN_IN), type=Kept)
        except (OSError, ValueError):
            return None

    def keep(self, kept: Kept | None) -> bool:
        """Keep this sign-in, or none; False when the disk does not allow it."""
        try:
            if kept is None:
                (self.folder / SIGN_IN).unlink(missing_ok=True)
            else:
                write_private(self.folder / SIGN_IN, msgspec.json.encode(kept))
        except OSError:
            return False
        return True


def rings(home: Path, url: str = "", agency: str = "") -> list[Ring]:
    """The desks that are enrolled with this home folder, of one server and one agency as far as they are named."""
    servers = [server_folder(home, url)] if url else _folders(home)
    found = [ring for server in servers for ring in _in(server)]
    return [ring for ring in found if url in ("", ring.badge.url) and agency in ("", ring.badge.agency)]


def _in(server: Path) -> list[Ring]:
    folders = [folder for folder in _folders(server) if folder.name.startswith(PREFIX)]
    return [Ring(folder, badge) for folder in folders if (badge := _badge(folder)) is not None]


def _same(one: Badge, other: Badge) -> bool:
    """Whether both are the same desk of the same server, whatever its account is called now."""
    return (one.url, one.agency, one.name.lower()) == (other.url, other.agency, other.name.lower())


def _folders(parent: Path) -> list[Path]:
    try:
        return sorted(path for path in parent.iterdir() if path.is_dir())
    except OSError:
        return []


def _badge(folder: Path) -> Badge | None:
    try:
        return msgspec.json.decode(_read(folder / DESK), type=Badge)
    except (OSError, ValueError):
        return None


class Forge:
    """A desk in the making. Its key is on the disk before the server is told of it, so that no account is lost to a
    full disk; what was not finished is gone when the block ends.
    """

    def __init__(self, folder: Path, device: str) -> None:
        self._folder = folder
        self.device = device
        """The public key, PEM: all that leaves this machine."""

    def finish(self, url: str, told: Enrolled, authority: str) -> Ring:
        """The desk is known to its server: everything else beside the key, then all of it to its place.

        Raises:
            OSError: the disk does not take it.
        """
        badge = Badge(url, told.account, told.name, told.agency, told.role, told.server, told.mode)
        write_private(self._folder / AUTHORITY, authority.encode())
        write_private(self._folder / CERTIFICATE, told.certificate.encode())
        write_private(self._folder / DESK, msgspec.json.encode(badge))
        before = [ring for ring in _in(self._folder.parent) if _same(ring.badge, badge)]
        place = self._folder.with_name(PREFIX + slug(told.account))
        self._folder.rename(place)
        for ring in before:  # enrolled once more: the old key is of no use to anybody
            shutil.rmtree(ring.folder, ignore_errors=True)
        return Ring(place, badge)


@contextlib.contextmanager
def forging(home: Path, url: str) -> Iterator[Forge]:
    """Make a key for a desk at this server. Raises OSError."""
    from cryptography.hazmat.primitives import serialization as form  # noqa: PLC0415 - only enrolling makes a key
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415

    folder = private_folder(server_folder(home, url)) / f"{FORGED}{os.getpid()}"
    sweep(home)
    folder.mkdir(mode=0o700)
    try:
        key = ec.generate_private_key(ec.SECP256R1())
        kind = form.PrivateFormat.PKCS8
        write_private(folder / KEY, key.private_bytes(form.Encoding.PEM, kind, form.NoEncryption()))
        public = key.public_key().public_bytes(form.Encoding.PEM, form.PublicFormat.SubjectPublicKeyInfo)
        yield Forge(folder, public.decode())
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        with contextlib.suppress(OSError):
            folder.parent.rmdir()  # where nothing else is in it: a server that is not known leaves no trace


def sweep(home: Path) -> None:
    """Take away the desks that were never finished: of programs that were killed in the middle. A key is in them."""
    for server in _folders(home):
        for folder in _folders(server):
            if folder.name.startswith(FORGED) and not _at_work(folder):
                shutil.rmtree(folder, ignore_errors=True)


def _at_work(folder: Path) -> bool:
    """Whether the program that makes this desk may still be at it; another one may have got its number since."""
    number = folder.name.removeprefix(FORGED)
    try:
        age = time.time() - folder.stat().st_mtime
    except OSError:
        return False
    if not number.isdecimal() or int(number) == os.getpid() or age > CODE_SECONDS:
        return False
    if sys.platform != "win32":  # there, to ask after a program is to interrupt it: age alone decides
        try:
            os.kill(int(number), 0)
        except (ProcessLookupError, OverflowError):
            return False
        except OSError:
            pass  # it is somebody else's
    return True


def write_private(path: Path, data: bytes) -> None:
    """Write a file for this user alone, whole or not at all. Raises OSError."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as opened:
            opened.write(data)
            opened.flush()
            os.fsync(opened.fileno())
        fresh.replace(path)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise


def _read(path: Path) -> bytes:
    with path.open("rb") as opened:
        return opened.read(FILE_BYTES_MAX)
