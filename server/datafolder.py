"""The folder a server keeps everything in: made once by ``init``, locked by whoever works in it.

Files are 0600 and the folder 0700 where the system knows such things: a log of an incident is for its parties.
The lock is the operating system's, so it goes with the process, however that ends; the number in the file is
only there to be told to people.
"""

from __future__ import annotations

import getpass
import json
import os
import secrets
import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from incident.kernel.checks import ConfigError, Problem

MODES = ("exercise", "live")
SECRET_BYTES = 32

_SETTINGS = """\
# Settings of one incident server. Everything has a default; what stands behind a # is that default.

# exercise or live. Fixed for this folder when it was made: live and exercise never share one.
mode: {mode}

# Where the server listens: 127.0.0.1 for this machine alone, 0.0.0.0 for every network it is on.
{host}
# port: 8765

# By which host names and addresses desks reach it. They go into its certificate, beside the machine's own name and
# loopback. After a change: incident-server renew DIR
{names}

# TLS 1.3; the server makes its certificates itself. With false nothing is encrypted, and it speaks to its own machine
# alone, for demonstrations and scripts.
{tls}

# A certificate of your own instead: PEM files (the certificate with whatever stands between it and the authority, its
# key, and the authority that desks are to trust), all three, as paths seen from this folder.
# certificate: ""
# key: ""
# authority: ""

# What rooms see as the name of this server.
# name: incident server

# Lines that may be open: in all, of one agency, of one user. A line that has gone silent makes way for a new one.
# connections_max: 2000
# connections_per_agency: 200
# connections_per_user: 8

# Sockets that have not said who they are: in all, and from one address (this machine itself is not counted by that).
# When one too many comes, the oldest goes of the address that has most.
# unknown_max: 64
# unknown_per_address: 8

# Commands that a user and an agency may give each second, at once, and, five times as fast as the rate, to make up for
# a time away. What is over it waits; nothing is refused.
# per_user_rate: 20
# per_user_burst: 60
# per_user_backlog: 2000
# per_agency_rate: 100
# per_agency_burst: 300
# per_agency_backlog: 20000

# Where /healthz, /readyz and /metrics (Prometheus) are asked for, on 127.0.0.1 whatever host says. With 0: nowhere.
# metrics_port: 0

# debug, info, warning or error. Nothing of what people write is ever logged here. Who was let in, turned away, given
# or lost a right is logged at every level.
# log_level: info

# json (a line of JSON for each event, for a program that gathers them) or text (for the eye).
# log_format: json
"""


@dataclass(frozen=True, slots=True)
class DataFolder:
    """The paths inside a data folder."""

    root: Path

    @property
    def settings(self) -> Path:
        """``server.yaml``: what a person edits."""
        return self.root / "server.yaml"

    @property
    def log(self) -> Path:
        """The SQLite file with every record."""
        return self.root / "log.db"

    @property
    def lock(self) -> Path:
        """Held by the one process that may write here; its process id stands in it."""
        return self.root / "lock"

    @property
    def tokens(self) -> Path:
        """Who may come in: the desks, and the digests of their tokens."""
        return self.root / "identity.json"

    @property
    def codes(self) -> Path:
        """Desks that are to be enrolled: what is known of their codes, for as long as those are good."""
        return self.root / "codes.json"

    @property
    def provider(self) -> Path:
        """The identity provider that people may sign in by, and who they are here. Written by hand."""
        return self.root / "oidc.yaml"

    @property
    def signins(self) -> Path:
        """Who is signed in: the digests of their tokens, so that nobody must do it again when the server starts."""
        return self.root / "signins.json"

    @property
    def secret(self) -> Path:
        """Chance that the ids of the server's own commands are made with, so that nobody can take them first."""
        return self.root / "secret"

    @property
    def begun(self) -> Path:
        """There since the folder was first served: from then on the log, the desks and the secret must be there."""
        return self.root / "begun"

    @property
    def probe(self) -> Path:
        """Written again and again while a server runs, to see whether the disk still takes anything."""
        return self.root / "probe"

    @property
    def backup(self) -> Path:
        """When and where the last backup was made."""
        return self.root / "backup.json"

    @property
    def authority(self) -> Path:
        """Key and certificate of the folder's own authority: whoever reads it can let in whom they like."""
        return self.root / "authority.key"

    @property
    def server(self) -> Path:
        """Key and certificate that the server shows, made by the authority."""
        return self.root / "server.key"

    @property
    def admin(self) -> Path:
        """How the command line reaches a running server: there while it runs."""
        return self.root / "admin.json"


def problem(path: Path, sentence: str) -> ConfigError:
    """One plain sentence about a path, as the error that every command prints without a traceback."""
    return ConfigError([Problem(str(path), 0, "", sentence)])


def init(
    root: Path, mode: str = "exercise", *, host: str = "", names: tuple[str, ...] = (), tls: bool = True
) -> DataFolder:
    """Make a data folder with its commented settings. ``mode`` is one of ``MODES`` and stays.

    ``host``, ``names`` and ``tls`` are written into the settings when they are not the defaults.

    Raises:
        ConfigError: there is something in the way, or the disk says no.
    """
    if mode not in MODES:
        raise problem(root, f"the mode must be one of {' or '.join(MODES)}, not '{mode}'")
    folder = DataFolder(root)
    try:
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        if folder.settings.exists():
            raise problem(
                root, f"is a data folder already; start it with: incident-server run {quoted(root)}"
            )
        if any(map(there, _kept(folder))):
            raise problem(root, NO_SETTINGS)
        if any(root.iterdir()):
            raise problem(root, "is not empty; name a new folder")
        root.chmod(0o700)
        written = _SETTINGS.format(
            mode=mode,
            host=f"host: {json.dumps(host)}" if host else "# host: 127.0.0.1",
            names=f"names: {json.dumps(names)}" if names else "# names: []",
            tls="# tls: true" if tls else "tls: false",
        )
        write_private(folder.settings, written.encode())
    except OSError as error:
        raise problem(root, f"cannot be made a data folder: {error.strerror or error}") from error
    return folder


def existing(root: Path, *, to_write: bool = False) -> DataFolder:
    """The data folder at a path; ``to_write``: for a command that leaves files in it.

    Raises:
        ConfigError: there is none; or files made now would be another user's than the folder.
    """
    folder = DataFolder(root)
    try:
        found = there(folder.settings)
        kept = any(map(there, _kept(folder)))
    except PermissionError:
        raise _not_yours(root) from None
    except OSError as error:
        raise problem(root, f"cannot be looked into: {error.strerror or error}") from error
    if found and not os.access(folder.settings, os.R_OK):
        raise _not_yours(root)
    if not found and kept:
        raise problem(root, NO_SETTINGS)
    if not found:
        raise problem(root, f"is not a data folder; make one with: incident-server init {quoted(root)}")
    if to_write:
        check_owner(folder)
    return folder


def check_owner(folder: DataFolder) -> None:
    """Raises ConfigError when what this process writes would be another user's: the server could not read it."""
    if sys.platform == "win32":
        return
    owner = owner_of(folder.root)
    if owner != os.geteuid():
        name = user_name(owner)
        raise problem(
            folder.root,
            f"belongs to {name}, and what {_user()} leaves there the server could not read. Nothing was done. Say: "
            f"sudo -u {shlex.quote(name)} {program()} …",
        )


def owner_of(path: Path) -> int:
    """The number of the user that a file belongs to. Not on Windows."""
    return path.stat().st_uid


def user_name(number: int) -> str:
    """A user as ``sudo -u`` and ``chown`` take them: by name, else by number. Not on Windows."""
    import pwd  # noqa: PLC0415 -- not on Windows

    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return f"#{number}"


def program() -> str:
    """This command line's own program, as another user can call it."""
    path = Path(sys.argv[0])
    return quoted(path.absolute()) if path.name.startswith("incident-server") else "incident-server"


def _not_yours(root: Path) -> ConfigError:
    return problem(
        root,
        f"may not be read by this user ({_user()}); give the command as the user that the server runs as, or as the "
        "one that the folder is to belong to now (chown)",
    )


NO_SETTINGS = (
    "is a data folder without its server.yaml. Put that back: from the last backup, or write a new one with the line "
    "'mode: exercise' (or 'mode: live', as it was) and the 'host' and 'names' that it had"
)


def _kept(folder: DataFolder) -> tuple[Path, ...]:
    return folder.log, folder.tokens, folder.authority, folder.begun


def there(path: Path) -> bool:
    """Whether there is such a file; not to be allowed to look is no answer, but an OSError."""
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True


def quoted(path: Path) -> str:
    """A path as it can be typed behind a command."""
    return str(path) if sys.platform == "win32" and " " not in str(path) else shlex.quote(str(path))


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"


def write_private(path: Path, data: bytes) -> None:
    """Write a small file whole or not at all, durably, readable by its owner alone."""
    fresh = path.with_name(path.name + ".new")
    fresh.unlink(missing_ok=True)
    handle = os.open(fresh, os.O_CREAT | os.O_EXCL | os.O_WRONLY | getattr(os, "O_BINARY", 0), 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """The name of a new file is durable only with its folder; Windows has no such call and no such need."""
    if sys.platform != "win32":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def secret_of(folder: DataFolder) -> bytes:
    """The folder's 32 bytes of chance, made when first wanted. For who holds the lock.

    Raises:
        ConfigError: it is not whole, or the disk says no.
    """
    try:
        if not there(folder.secret):
            write_private(folder.secret, secrets.token_bytes(SECRET_BYTES))
        found = folder.secret.read_bytes()
    except OSError as error:
        raise problem(folder.secret, f"cannot be read or written ({error.strerror or error})") from None
    if len(found) != SECRET_BYTES:
        raise problem(
            folder.secret, f"has {len(found)} bytes instead of {SECRET_BYTES}; put a copy of it back"
        )
    return found


@contextmanager
def locked(folder: DataFolder) -> Iterator[None]:
    """Be the one process that works in this folder.

    Raises:
        ConfigError: another process does, and the sentence names it; or the lock cannot be opened.
    """
    try:
        handle = os.open(folder.lock, os.O_CREAT | os.O_RDWR, 0o600)
    except OSError as error:
        raise problem(folder.lock, f"cannot be opened: {error.strerror or error}") from error
    try:
        if not _take(handle):
            pid = _holder(handle)
            other = f"process {pid}" if pid else "another process"
            raise problem(
                folder.root,
                f"is in use by {other}, a running server most likely; stop that one first, or use another folder",
            )
        os.ftruncate(handle, 0)
        os.lseek(handle, 0, os.SEEK_SET)
        os.write(handle, b"%d\n" % os.getpid())
        yield
    finally:
        os.close(handle)  # and with it the lock


def held_by(folder: DataFolder) -> int | None:
    """The process that works in this folder; None when none does, 0 when it cannot be told. Raises OSError."""
    try:
        handle = os.open(folder.lock, os.O_RDWR)
    except FileNotFoundError:
        return None
    try:
        return None if _take(handle) else _holder(handle) or 0
    finally:
        os.close(handle)


def nobody_answers(folder: DataFolder, *, start: bool = False) -> str:
    """The sentence when no server can be asked: none runs, or its lock is held and the way to it is lost."""
    try:
        pid = held_by(folder)
        plate = there(folder.admin)
    except OSError as error:
        return f"Whether a server runs on {folder.root} cannot be told ({error.strerror or error})."
    if pid is None:
        next_ = f" Start it with: incident-server run {quoted(folder.root)}" if start else ""
        return f"No server runs on {folder.root}.{next_}"
    return (
        f"Process {pid or 'unknown'} works in {folder.root} and cannot be asked: "
        + ("it does not answer." if plate else "admin.json, which leads to it, is missing.")
        + " If it is a server that is just starting, ask again soon; else end that process and start it again."
    )


def _holder(handle: int) -> int | None:
    with suppress(OSError, ValueError):
        os.lseek(handle, 0, os.SEEK_SET)
        return int(os.read(handle, 20).strip() or b"0") or None
    return None


if sys.platform == "win32":
    import msvcrt

    _LOCK_BYTE = 1 << 30  # far behind the number, since a locked byte cannot be read by others

    def _take(handle: int) -> bool:
        os.lseek(handle, _LOCK_BYTE, os.SEEK_SET)
        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _take(handle: int) -> bool:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True
