"""The certificates that a server shows and trusts: kept in its folder, made anew in time, or the trust's own.

TLS 1.3 alone. A desk's certificate is asked for and need not be shown; one that is shown must come from this folder's
authority, or there is no line. Whoever renews while the server runs changes what the next line sees, and no other.
"""

from __future__ import annotations

import ssl
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from server import logs, own_certificate
from server.certificates import (
    DAY_MS,
    RENEW_DAYS,
    Pair,
    certificate_digest,
    device_digest,
    digest_of,
    make_authority,
    make_desk,
    make_server,
    names_of,
    pem_of,
    read_pair,
    since_of,
    until_of,
)
from server.datafolder import DataFolder, problem, there, write_private
from server.identity import Identity, IdentityError
from server.settings import EVERYWHERE, Settings, machine_name, read_server_settings

__all__ = ["Authority", "Shown", "device_digest", "device_of"]

LOOPBACK: Final = ("localhost", "127.0.0.1", "::1")


class Shown(ssl.SSLContext):
    """The server's side of a line, which knows what certificate it shows."""

    digest: bytes = b""
    until_ms: int = 0


class Authority:
    """The authority of one data folder and the certificate that its server shows now."""

    def __init__(self, folder: DataFolder, settings: Settings, now_ms: int) -> None:
        """Take up what the folder holds, and make what is missing or soon over. For who holds the folder's lock.

        Raises:
            ConfigError: with everything that is wrong, file by file.
        """
        self._folder = folder
        self._settings = settings
        self._renewing = threading.Lock()
        self._pair = _kept(folder.authority, "authority") or _new_authority(folder, now_ms)
        self._pem = ""
        self._shown = self._made(settings, now_ms, anew=False)
        self._front = self._context_of(self._shown)

    @property
    def pem(self) -> str:
        """The certificate (PEM) that desks are to trust from now on."""
        return self._pem

    @property
    def until_ms(self) -> int:
        """When the certificate that is shown now ends, UTC ms."""
        return self._shown.until_ms

    @property
    def own(self) -> bool:
        """Whether the certificate is one of the trust's own, which the server cannot renew."""
        return bool(self._settings.certificate)

    def context(self) -> ssl.SSLContext:
        """What the listener is opened with, once: each new line sees the certificate of that moment."""
        return self._front

    def leaf_digest(self, connection: Any = None) -> bytes:
        """SHA-256 of the DER of the certificate shown on this connection's line; without one, of that shown now."""
        line = None if connection is None else _ssl_object(connection)
        context = self._shown if line is None else line.context
        return context.digest if isinstance(context, Shown) else self._shown.digest

    def certify(self, device_pem: str, account: str, now_ms: int) -> str:
        """A desk's certificate (PEM), for its public key. Raises ValueError when that is no key of P-256."""
        return make_desk(self._pair, device_pem, account, now_ms)

    # -- renewal ----------------------------------------------------------------------------------------------

    def renew(self, now_ms: int, *, anew: bool = False) -> bool:
        """Show a new certificate when there is reason to, or in any case; answers whether it did.

        Reasons are that it ends soon, that the names in ``server.yaml`` or of the machine are others, and that the
        files of the trust's own are others. Lines that are open stay as they are.

        Raises:
            ConfigError: it cannot be; what was shown is shown on.
        """
        with self._renewing:  # it is done in a thread: while a server runs, the command line asks for it, too
            return self._renew(now_ms, anew=anew)

    def _renew(self, now_ms: int, *, anew: bool) -> bool:
        written = read_server_settings(self._folder)
        settings = replace(
            self._settings,
            names=written.names,
            certificate=written.certificate,
            key=written.key,
            authority=written.authority,
        )
        before = self._shown.digest
        self._shown = self._made(settings, now_ms, anew=anew)
        self._settings = settings
        changed = self._shown.digest != before
        if changed:
            logs.note("certificate renewed", until=self.until_ms)
        return changed

    def days_left(self, now_ms: int) -> int:
        """Whole days until the certificate ends; below nought when it has."""
        return (self.until_ms - now_ms) // DAY_MS

    def _made(self, settings: Settings, now_ms: int, *, anew: bool) -> Shown:
        """What is to be shown, and, once nothing went wrong, what desks are to trust for it."""
        if settings.certificate:
            own = own_certificate.read(self._folder, settings, now_ms)
            shown = self._showing(own.certificate, own.key, own.digest, own.until_ms)
            self._pem = own.authority_pem
            return shown
        kept = _kept(self._folder.server, "certificate")
        names = wanted_names(settings)
        if anew or kept is None or self._over(kept, names, now_ms):
            kept = make_server(self._pair, names, now_ms)
            _keep(self._folder.server, kept)
        shown = self._showing(
            self._folder.server, self._folder.server, digest_of(kept.certificate), until_of(kept.certificate)
        )
        self._pem = pem_of(self._pair.certificate)
        return shown

    def _over(self, kept: Pair, names: frozenset[str], now_ms: int) -> bool:
        """Whether the certificate in the folder will not do any longer."""
        if kept.certificate.issuer != self._pair.certificate.subject:
            return True
        left = until_of(kept.certificate) - now_ms
        # near the authority's own end there is nothing longer to be had
        most = until_of(self._pair.certificate) - until_of(kept.certificate)
        soon = left < RENEW_DAYS * DAY_MS and most > DAY_MS
        return soon or left <= 0 or since_of(kept.certificate) > now_ms or names_of(kept.certificate) != names

    def _showing(self, certificate: Path, key: Path, digest: bytes, until_ms: int) -> Shown:
        shown = Shown(ssl.PROTOCOL_TLS_SERVER)
        harden(shown, pem_of(self._pair.certificate))
        try:
            shown.load_cert_chain(certificate, key, password=no_passphrase)
        except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
            why = getattr(error, "reason", None) or getattr(error, "strerror", None) or type(error).__name__
            raise problem(certificate, f"cannot be shown to anybody ({why})") from None
        shown.digest = digest
        shown.until_ms = until_ms
        return shown

    def _context_of(self, first: Shown) -> Shown:
        """The context of the listener: at each hello it hands over to the one that is shown at that moment."""

        def hand_over(line: ssl.SSLObject, _name: str | None, _context: ssl.SSLContext) -> None:
            line.context = self._shown

        front = self._showing(*self._files(), first.digest, first.until_ms)
        front.sni_callback = hand_over
        return front

    def _files(self) -> tuple[Path, Path]:
        if self._settings.certificate:
            root = self._folder.root
            return root / self._settings.certificate, root / self._settings.key
        return self._folder.server, self._folder.server


def harden(context: ssl.SSLContext, desks_pem: str) -> None:
    """The one kind of line that this server opens: TLS 1.3, never resumed, desks by certificates of ours."""
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.verify_mode = ssl.CERT_OPTIONAL
    context.load_verify_locations(cadata=desks_pem)
    # Who comes back shows the certificate again: a ticket would let in whoever was turned out meanwhile.
    context.num_tickets = 0


def no_passphrase() -> str:
    """For keys that ask for one: nobody sits here to be asked."""
    return ""


def wanted_names(settings: Settings) -> frozenset[str]:
    """By which names and addresses the server may be reached."""
    listening = () if settings.host in EVERYWHERE else (settings.host,)
    return frozenset(name for name in (*settings.names, *LOOPBACK, machine_name(), *listening) if name)


def device_of(connection: Any) -> str:
    """The hex SHA-256 of the key that the peer of a websocket holds, as its verified certificate says; else ""."""
    line = _ssl_object(connection)
    der = None if line is None else line.getpeercert(binary_form=True)
    return certificate_digest(der) if der else ""


def _ssl_object(connection: Any) -> ssl.SSLObject | None:
    found = connection.transport.get_extra_info("ssl_object")
    return found if isinstance(found, ssl.SSLObject) else None


# -- the files ------------------------------------------------------------------------------------------------


def _kept(path: Path, what: str) -> Pair | None:
    """What a file of ours holds; None when there is none. Raises ConfigError when it cannot be used."""
    try:
        return read_pair(path.read_bytes())
    except FileNotFoundError:
        return None
    except OSError as error:
        raise problem(path, f"cannot be read ({error.strerror})") from None
    except (ValueError, TypeError):
        way = (
            "put a copy of it back; without it every desk must be enrolled again"
            if what == "authority"
            else "move it away, and the next start makes a new one"
        )
        raise problem(path, f"holds no {what} that can be used: {way}") from None


def _new_authority(folder: DataFolder, now_ms: int) -> Pair:
    _miss(folder)
    made = make_authority(now_ms)
    _keep(folder.authority, made)
    return made


def _miss(folder: DataFolder) -> None:
    """Raises ConfigError when the folder has had an authority: with a new one every desk would be locked out."""
    try:
        desks = any(desk.certificate_until for desk in Identity(folder.tokens).desks())
    except IdentityError:
        desks = True  # perhaps: what cannot be read is no reason to make it anew
    if not (desks or there(folder.server)):
        return
    raise problem(
        folder.authority,
        "is missing, and every desk trusts it: put it back from the last backup. To begin with a new one on purpose, "
        "move server.key, identity.json, signins.json and begun away; then every desk must be enrolled again",
    )


def _keep(path: Path, pair: Pair) -> None:
    try:
        write_private(path, pair.written())
    except OSError as error:
        raise problem(path, f"cannot be written ({error.strerror})") from None


def looked_at(folder: DataFolder, settings: Settings, now_ms: int) -> tuple[int, int]:
    """When the server's certificate and the authority end, UTC ms, 0 where there is none yet; changes nothing.

    Raises:
        ConfigError: with everything that is wrong.
    """
    pair = _kept(folder.authority, "authority")
    if pair is None:
        _miss(folder)
    ends = until_of(pair.certificate) if pair is not None else 0
    if settings.certificate:
        return own_certificate.read(folder, settings, now_ms).until_ms, ends
    kept = _kept(folder.server, "certificate")
    return (until_of(kept.certificate) if kept is not None else 0), ends


def names_lacking(folder: DataFolder, settings: Settings) -> list[str]:
    """Names of the settings that the certificate in the folder is not for. Raises ConfigError: it cannot be read."""
    kept = None if settings.certificate else _kept(folder.server, "certificate")
    return [] if kept is None else sorted(set(settings.names) - names_of(kept.certificate))
