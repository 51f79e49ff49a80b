"""A backup of a data folder, checked before it counts, and the way back from one (docs/adr/0026-backup.md).

One backup is one folder: the log as it was at one moment, and everything without which nobody could come in again:
settings, desks and tokens, the secret, the keys of the authority. It appears under its name only when it is whole,
checked and on the disk. Times are UTC; the name of a backup is the time at which it was begun.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import time
import uuid
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import Final

import msgspec

from server.datafolder import DataFolder, sync_folder, write_private
from server.store import Unavailable
from server.store.copying import begin_anew, copy_log
from server.store.looking import Looked, look
from server.store.sqlite import DISK_FREE_BYTES_MIN

FORMAT: Final = 1
CONTENTS: Final = "contents.json"
UNFINISHED: Final = ".unfinished"
UNFINISHED_SECONDS_MAX: Final = 86_400
"""A try that was cut off is cleared away when it is older than this: until then it may be going on."""

CHECK_SECONDS: Final = 900.0
FILES_MAX: Final = 1_000
FILE_BYTES_MAX: Final = 16 * 2**20
"""Files of the program are far smaller than this: larger ones are somebody's own, and named when they are left out."""

OF_A_PROCESS: Final = frozenset(
    {
        "lock",
        "admin.json",
        "backup.json",
        "probe",
        "codes.json",
        "signins.json",
        ".scratch",
        "log.db",
        "log.db-wal",
        "log.db-shm",
        "log.db-journal",
    }
)
"""Not copied as files: what belongs to a running process, and the log, which is copied by its own means. Nor open codes
and sign-ins: what was used or revoked meanwhile must not be good again, and everybody has a password."""

_NAME: Final = re.compile(r"incident-[0-9]{8}T[0-9]{6}\.[0-9]{3}Z")


class BackupError(Exception):
    """It cannot be done; ``str`` is a plain sentence."""


class Part(msgspec.Struct, frozen=True):
    """One file of a backup: its length, and the SHA-256 of its bytes in hex."""

    bytes: int
    sha256: str


class Contents(msgspec.Struct, frozen=True):
    """What a backup says of itself. ``at`` is UTC ms; ``epoch`` and ``mode`` are those of the log, "" without one."""

    format: int
    at: int
    epoch: str
    mode: str
    streams: int
    records: int
    newest: int
    files: dict[str, Part]


class Stamp(msgspec.Struct, frozen=True):
    """In the data folder: when and where the last backup was made, and whether there was a log. ``at`` is UTC ms."""

    at: int
    where: str
    bytes: int
    log: bool = True


class Made(msgspec.Struct, frozen=True):
    """A backup that was made. ``left_out`` are files that are not of this program; ``removed`` are older backups."""

    path: Path
    contents: Contents
    left_out: list[str]
    removed: list[str]


# -- making one -----------------------------------------------------------------------------------------------


def back_up(folder: DataFolder, to: Path, now: int, keep: int) -> Made:
    """Make a backup in the folder ``to``, check it, and keep the last ``keep`` of this log. ``now`` is UTC ms.

    Raises:
        BackupError: with one sentence; what was there before is there still.
    """
    try:
        _check_place(folder, to)
        to.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = to / _name(now)
        if path.exists():
            raise BackupError(f"{path} is there already. Try again.")
        rough = to / f".{path.name}{UNFINISHED}"
        rough.mkdir(mode=0o700)
        try:
            contents, left_out = _filled(folder, rough, now)
            rough.rename(path)
        finally:
            shutil.rmtree(rough, ignore_errors=True)
        sync_folder(to)
        size = sum(part.bytes for part in contents.files.values())
        stamp = Stamp(now, str(path.resolve()), size, log="log.db" in contents.files)
        write_private(folder.backup, msgspec.json.format(msgspec.json.encode(stamp)))
        return Made(path, contents, left_out, _cleared(to, contents.epoch, keep, path))
    except Unavailable as error:
        raise BackupError(error.sentence) from error
    except OSError as error:
        what = error.filename or to
        raise BackupError(f"The backup could not be made: {what}: {error.strerror or error}.") from error


def _check_place(folder: DataFolder, to: Path) -> None:
    here, there = folder.root.resolve(), to.resolve()
    if there == here or here in there.parents:
        raise BackupError(f"{to} is inside the data folder, and would be lost with it. Name another folder.")
    size = folder.log.stat().st_size if folder.log.exists() else 0
    place = next(path for path in (there, *there.parents) if path.exists())
    free = shutil.disk_usage(place).free
    if free < size + DISK_FREE_BYTES_MIN:
        raise BackupError(
            f"{to} has {free // 2**20:,} MiB free, and {(size + DISK_FREE_BYTES_MIN) // 2**20:,} are needed."
        )


def _name(now: int) -> str:
    return f"incident-{time.strftime('%Y%m%dT%H%M%S', time.gmtime(now // 1000))}.{now % 1000:03}Z"


def _filled(folder: DataFolder, rough: Path, now: int) -> tuple[Contents, list[str]]:
    """Everything into a folder without a name yet, checked and on the disk.

    The log comes first: who is revoked while it is copied is revoked in the backup, too.
    """
    looked: Looked | None = None
    files: dict[str, Part] = {}
    if folder.log.exists() and folder.log.stat().st_size:
        copy_log(folder.log, rough / "log.db")
        looked = _checked(rough / "log.db", folder.log)
        files["log.db"] = _part(rough / "log.db")
    left_out: list[str] = []
    for name, source in _own_files(folder.root, left_out):
        with suppress(FileNotFoundError):  # taken away in this moment
            _write(rough / name, source.read_bytes())
            files[name] = _part(rough / name)
    contents = Contents(
        format=FORMAT,
        at=now,
        epoch=looked.epoch if looked else "",
        mode=looked.mode if looked else "",
        streams=looked.streams if looked else 0,
        records=looked.records if looked else 0,
        newest=looked.newest if looked else 0,
        files=files,
    )
    _write(rough / CONTENTS, msgspec.json.format(msgspec.json.encode(contents)))
    for inner in sorted({(rough / name).parent for name in files} | {rough}):
        sync_folder(inner)
    return contents, left_out


def _own_files(root: Path, left_out: list[str]) -> Iterator[tuple[str, Path]]:
    """The files of the folder that make it work elsewhere, by their names from its root."""
    count = 0
    for path in sorted(root.rglob("*")):
        name = path.relative_to(root).as_posix()
        if name in OF_A_PROCESS or name.endswith(".new") or not path.is_file():
            continue
        count += 1
        if count > FILES_MAX or path.stat().st_size > FILE_BYTES_MAX:
            left_out.append(name)
        else:
            yield name, path


def _checked(copy: Path, log: Path) -> Looked:
    """Look over a copy of a log: every page, every index, and the chain of each stream's last records.

    What is wrong is told of ``log``, which it is a copy of and which stays.
    """
    try:
        looked = look(copy, CHECK_SECONDS, thorough=True)
    except Unavailable as error:
        raise BackupError(error.sentence.replace(str(copy), str(log))) from error
    if looked is None:
        raise BackupError(f"The copy of the log {log} is empty. It does not count.")
    if not looked.pages_whole:
        raise BackupError(f"The copy could not be checked within {CHECK_SECONDS / 60:.0f} minutes.")
    return looked


def _write(path: Path, data: bytes) -> None:
    """A new file, 0600, on the disk."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | getattr(os, "O_BINARY", 0), 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _part(path: Path) -> Part:
    with path.open("rb") as file:
        return Part(path.stat().st_size, hashlib.file_digest(file, "sha256").hexdigest())


def _cleared(to: Path, epoch: str, keep: int, fresh: Path) -> list[str]:
    """Remove the oldest backups of this very log beyond ``keep``, and tries that were cut off long ago.

    What cannot be removed is left: a backup was made, and that is what counts.
    """
    mine = []
    for path in sorted(to.iterdir()):
        if path.name.startswith(".incident-") and path.name.endswith(UNFINISHED):
            if time.time() - path.stat().st_mtime > UNFINISHED_SECONDS_MAX:
                shutil.rmtree(path, ignore_errors=True)
        elif path != fresh and _NAME.fullmatch(path.name):
            with suppress(BackupError):
                if _contents(path).epoch == epoch:
                    mine.append(path)
    old = mine[: max(0, len(mine) - (keep - 1))]
    for path in old:
        shutil.rmtree(path, ignore_errors=True)
    return [path.name for path in old if not path.exists()]


# -- the way back ---------------------------------------------------------------------------------------------


def restore(backup: Path, root: Path, now: int) -> Contents:
    """Make a new data folder at ``root`` from a backup, checked before and after. ``now`` is UTC ms.

    The settings are written last: a restore that was cut off is no data folder, and starts nothing.

    Raises:
        BackupError: with one sentence.
    """
    contents = _contents(backup)
    try:
        if root.exists() and any(root.iterdir()):
            raise BackupError(f"{root} is not empty. Name a new folder.")
        for name, part in contents.files.items():
            if _part(backup / name) != part:
                raise BackupError(f"{backup / name} is not as it was saved. Take an older backup.")
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        root.chmod(0o700)
        folder = DataFolder(root)
        last = folder.settings.name
        for name in sorted(contents.files, key=lambda name: name == last):
            if name == last and "log.db" in contents.files:
                _checked(folder.log, backup / "log.db")
                begin_anew(folder.log, uuid.uuid4().hex, now)
            _copy(backup / name, root / name)
        sync_folder(root)
    except Unavailable as error:
        raise BackupError(error.sentence) from error
    except OSError as error:
        what = error.filename or root
        raise BackupError(f"It could not be restored: {what}: {error.strerror or error}.") from error
    return contents


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY | getattr(os, "O_BINARY", 0), 0o600)
    with os.fdopen(handle, "wb") as file, source.open("rb") as read:
        shutil.copyfileobj(read, file, 2**20)
        file.flush()
        os.fsync(file.fileno())


def _contents(backup: Path) -> Contents:
    """What a backup says of itself; its names stay inside it. Raises BackupError."""
    try:
        contents = msgspec.json.decode((backup / CONTENTS).read_bytes(), type=Contents)
    except PermissionError:
        raise BackupError(
            f"{backup} may not be read by this user. Give the command as the user that made the backup."
        ) from None
    except (OSError, ValueError):
        raise BackupError(f"{backup} is no whole backup: it has no {CONTENTS} that can be read.") from None
    if contents.format > FORMAT:
        raise BackupError(f"{backup} was made by a newer version. Install that one.")
    for name in contents.files:
        parts = PurePosixPath(name).parts
        if not parts or name.startswith("/") or ".." in parts or "\\" in name or ":" in name:
            raise BackupError(f"{backup} names a file outside itself. It was not made by this program.")
    if DataFolder(backup).settings.name not in contents.files:
        raise BackupError(f"{backup} holds no settings. It was not made by this program.")
    return contents


# -- how old the last one is ----------------------------------------------------------------------------------


def last_backup(folder: DataFolder) -> Stamp | None:
    """When and where the last one was made; None when none is known."""
    try:
        return msgspec.json.decode(folder.backup.read_bytes(), type=Stamp)
    except (OSError, ValueError):
        return None


def backup_age(folder: DataFolder, now: int) -> int:
    """Seconds since the last backup; -1 when none is known. ``now`` is UTC ms."""
    stamp = last_backup(folder)
    return -1 if stamp is None else max(0, (now - stamp.at) // 1000)
