"""A certificate of the trust's own: read, and tried as a desk will try it before anybody is let near.

Everything that is wrong is told at once, each thing in a plain sentence at its line of ``server.yaml``.
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization

from incident.kernel.checks import ConfigError, Problem
from incident.kernel.door import PEM_MAX
from incident.kernel.text import clip, safe_text
from server.certificates import PEM_BYTES_MAX, digest_of, pem_of, since_of, until_of
from server.datafolder import DataFolder
from server.settings import Settings, lines_of

ROUNDS_MAX: Final = 20
NOT_SIGNED: Final = frozenset({2, 7, 18, 19, 20, 21, 24})
"""What OpenSSL says when there is no way from the certificate to the authority."""


@dataclass(frozen=True, slots=True)
class Own:
    """A certificate that desks will take. ``until_ms`` is UTC."""

    certificate: Path
    key: Path
    authority_pem: str
    digest: bytes
    until_ms: int


def read(folder: DataFolder, settings: Settings, now_ms: int) -> Own:
    """The certificate that the settings name. Raises ConfigError with everything that is wrong with it."""
    return _Reading(folder, settings).own(now_ms)


class _Reading:
    def __init__(self, folder: DataFolder, settings: Settings) -> None:
        self.folder = folder
        self.settings = settings
        self.problems: list[Problem] = []
        self.lines = lines_of(folder.settings)

    def say(self, key: str, sentence: str) -> None:
        """One thing that is wrong, at the line of its key."""
        self.problems.append(Problem(str(self.folder.settings), self.lines.get(key, 0), key, sentence))

    def own(self, now_ms: int) -> Own:
        paths = {
            key: self.folder.root / getattr(self.settings, key) for key in ("certificate", "key", "authority")
        }
        read = {key: self.content(key, path) for key, path in paths.items()}
        leaf = self.certificates("certificate", paths["certificate"], read["certificate"])
        trusted = self.certificates("authority", paths["authority"], read["authority"])
        key = self.private(paths["key"], read["key"])
        if leaf and key is not None and key.public_key() != leaf[0].public_key():
            self.say(
                "key", f"the key in {paths['key']} is not that of the certificate in {paths['certificate']}"
            )
        if leaf:
            self.times(paths["certificate"], leaf[0], now_ms)
        authority = "".join(map(pem_of, trusted))
        if len(authority) > PEM_MAX:
            self.say(
                "authority",
                f"{paths['authority']} holds certificates of {len(authority):,} signs, and a desk is given {PEM_MAX:,} "
                "at most: leave in it the authority alone that signs this certificate",
            )
        if not self.problems:
            self.tried(paths, trusted)
        if self.problems:
            raise ConfigError(self.problems)
        return Own(paths["certificate"], paths["key"], authority, digest_of(leaf[0]), until_of(leaf[0]))

    def content(self, key: str, path: Path) -> bytes:
        """What stands in a file, or b"" and a problem."""
        try:
            with path.open("rb") as opened:
                found = opened.read(PEM_BYTES_MAX + 1)
        except FileNotFoundError:
            self.say(key, f"there is no file {path}")
            return b""
        except OSError as error:
            self.say(key, f"{path} cannot be read ({error.strerror or 'bad name'})")
            return b""
        if not found or len(found) > PEM_BYTES_MAX:
            self.say(key, f"{path} is {'empty' if not found else 'too large to be this'}")
            return b""
        return found

    def certificates(self, key: str, path: Path, found: bytes) -> list[x509.Certificate]:
        """The certificates of a file, the first first."""
        if not found:
            return []
        try:
            return x509.load_pem_x509_certificates(found)
        except ValueError:
            self.say(key, f"{path} holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)")
            return []

    def private(self, path: Path, found: bytes) -> Any:
        """The key of a file; None with a problem."""
        if not found:
            return None
        try:
            return serialization.load_pem_private_key(found, password=None)
        except TypeError:
            self.say("key", f"the key in {path} is locked with a passphrase, and nobody is here to type it")
        except (ValueError, UnsupportedAlgorithm):
            self.say("key", f"{path} holds no private key in PEM form that can be used")
        return None

    def times(self, path: Path, leaf: x509.Certificate, now_ms: int) -> None:
        """Whether the certificate is good now."""
        if until_of(leaf) <= now_ms:
            self.say(
                "certificate",
                f"the certificate in {path} expired on {leaf.not_valid_after_utc:%d %b %Y}: put a new one there",
            )
        elif since_of(leaf) > now_ms:
            self.say(
                "certificate",
                f"the certificate in {path} is good only from {leaf.not_valid_before_utc:%d %b %Y %H:%M} UTC: is the "
                "clock of this machine right?",
            )

    def tried(self, paths: dict[str, Path], trusted: list[x509.Certificate]) -> None:
        """Both sides of a line, here in memory: what a desk would say of it."""
        server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        server.minimum_version = ssl.TLSVersion.TLSv1_3
        try:
            server.load_cert_chain(paths["certificate"], paths["key"], password=lambda: "")
        except (OSError, ValueError) as error:
            why = getattr(error, "reason", None) or type(error).__name__
            self.say("certificate", f"the certificate in {paths['certificate']} cannot be used ({why})")
            return
        desk = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        desk.minimum_version = ssl.TLSVersion.TLSv1_3
        desk.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        desk.load_verify_locations(cadata="".join(map(pem_of, trusted)))
        desk.check_hostname = False
        if (no := handshake(server, desk, None)) is not None:
            signed = getattr(no, "verify_code", 0) not in NOT_SIGNED
            why = clip(safe_text(getattr(no, "verify_message", "") or no.reason or "no"), 100)
            self.say(
                "certificate",
                f"a desk would not take the certificate in {paths['certificate']}: {why}"
                if signed
                else f"the certificate in {paths['certificate']} is not signed by the authority in "
                f"{paths['authority']}, and nothing beside it leads there",
            )
            return
        desk.check_hostname = True
        for name in self.settings.names:
            if handshake(server, desk, name) is not None:
                self.say("names", f"the certificate in {paths['certificate']} is not for the name '{name}'")


def handshake(server: ssl.SSLContext, desk: ssl.SSLContext, name: str | None) -> ssl.SSLError | None:
    """Begin a line between two contexts, in memory; what stands in the way, or None."""
    up, down = ssl.MemoryBIO(), ssl.MemoryBIO()
    sides = [
        desk.wrap_bio(down, up, server_side=False, server_hostname=name),
        server.wrap_bio(up, down, server_side=True),
    ]
    for _ in range(ROUNDS_MAX):
        for side in tuple(sides):
            try:
                side.do_handshake()
                sides.remove(side)
            except ssl.SSLWantReadError:
                continue
            except ssl.SSLError as error:
                return error
        if not sides:
            return None
    return ssl.SSLError("the two sides do not come to an end")
