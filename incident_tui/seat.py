"""Where a desk keeps its own copy, and which seat of the desk this client sits on.

One folder per server, agency, user and device holds the seats: `seat-1.db`, `seat-2.db` ... A seat is held by a
lock of the operating system on a file beside it, which ends with the process however it ends. A second client on
one desk takes the next free seat; what an abandoned seat left unsent is adopted by whoever opens next.
"""

from __future__ import annotations

import hashlib
import os
import re
import shlex
import socket
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

HOME: Final = "INCIDENT_TUI_HOME"
SEATS_MAX: Final = 9
RESERVED: Final = frozenset(
    ("CON PRN AUX NUL CONIN$ CONOUT$ " + " ".join(f"COM{n} LPT{n}" for n in "123456789\xb9\xb2\xb3")).split()
)
"""Names that mean a device on Windows, whatever ending they have."""
_NOT_PLAIN = re.compile(r"[^a-z0-9]+")


class SeatError(Exception):
    """No seat can be had; the words are a plain sentence."""


def home_words(home: Path) -> str:
    """What a command that is offered to be typed needs, to mean the same folder; "" where it is found without."""
    if home == home_folder():
        return ""
    # cmd.exe takes single quotes as part of the name
    name = subprocess.list2cmdline([str(home)]) if sys.platform == "win32" else shlex.quote(str(home))
    return f" --home {name}"


def home_folder(chosen: Path | None = None, environ: Mapping[str, str] = os.environ) -> Path:
    """The folder of every local copy: `--home`, else INCIDENT_TUI_HOME, else where this system keeps such things."""
    if chosen is not None:
        return chosen.expanduser()
    if named := environ.get(HOME):
        return Path(named).expanduser()
    if sys.platform == "win32":
        return Path(environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / "incident-tui"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "incident-tui"
    shared = environ.get("XDG_DATA_HOME") or ""
    base = Path(shared) if Path(shared).is_absolute() else Path.home() / ".local" / "share"
    return base / "incident-tui"


def device_name() -> str:
    """This machine, in words fit for a folder: homes that several machines share keep them apart by it."""
    return plain(socket.gethostname()) or "device"


def plain(words: str) -> str:
    """Words as part of a file name, on every system."""
    made = _NOT_PLAIN.sub("-", words.lower()).strip("-")[:40]
    return f"x-{made}" if made.upper() in RESERVED else made


def slug(words: str) -> str:
    """As `plain`, with a few letters that keep two different names apart."""
    exact = words.encode("utf-8", "surrogatepass")  # bytes of a command line that are no text come as halves
    return f"{plain(words) or 'x'}-{hashlib.sha256(exact).hexdigest()[:8]}"


def private_folder(path: Path) -> Path:
    """The folder, made if need be, readable by this user alone. Raises OSError."""
    # `mkdir(parents=True)` gives the mode to the last folder alone, and would leave those above it open to everybody
    for folder in reversed((path, *path.parents)):
        if not folder.is_dir():
            folder.mkdir(mode=0o700, exist_ok=True)
    return path


def server_folder(home: Path, url: str) -> Path:
    """What is kept of one server, whoever signs in."""
    return home / slug(url)


def desk_folder(home: Path, url: str, epoch: str, agency: str, user: str) -> Path:
    """The seats of one user of one agency on this machine, for one history of one server.

    `epoch` tells histories apart: behind an address there may be another server than last time.
    """
    return server_folder(home, url) / plain(epoch) / slug(f"{agency} {user}") / device_name()


class Lock:
    """One lock file. The lock ends with the process, however that ends; the file stays."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: int | None = None

    def take(self) -> bool:
        """True when this process has the lock now. Raises OSError when the file cannot be made."""
        if self._file is not None:
            return True
        file = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            if sys.platform == "win32":
                msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
            else:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(file)
            return False
        self._file = file
        return True

    def free(self) -> None:
        """Give the lock back."""
        if self._file is not None:
            os.close(self._file)  # closing frees it, on every system
            self._file = None


@dataclass(frozen=True, slots=True)
class Seat:
    """A seat held by this process: its number, its lock, and the file of its copy."""

    folder: Path
    number: int
    lock: Lock

    @property
    def file(self) -> Path:
        """The cache of this seat."""
        return self.folder / f"seat-{self.number}.db"

    def others(self) -> list[Seat]:
        """The other seats of this desk that have a file, held or not; their locks are not taken."""
        return [
            Seat(self.folder, number, Lock(self.folder / f"seat-{number}.lock"))
            for number in range(1, SEATS_MAX + 1)
            if number != self.number and (self.folder / f"seat-{number}.db").exists()
        ]


def take_seat(folder: Path, wanted: int | None = None) -> Seat:
    """The seat asked for when it is free, else the first free one.

    Raises:
        SeatError: the folder cannot be used, or every seat is taken.
    """
    order = list(range(1, SEATS_MAX + 1))
    if wanted in order:
        order.remove(wanted)
        order.insert(0, wanted)
    try:
        private_folder(folder)
        for number in order:
            lock = Lock(folder / f"seat-{number}.lock")
            if lock.take():
                return Seat(folder, number, lock)
    except OSError as error:
        raise SeatError(f"The folder {folder} cannot be used: {error.strerror or error}.") from None
    raise SeatError(
        f"All {SEATS_MAX} seats of this desk are taken. Close a client, or name another folder with --home."
    )
