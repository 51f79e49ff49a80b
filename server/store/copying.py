"""Copying a log whole while a server writes to it, and making a copy the beginning of a history of its own."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

from server.store import Unavailable
from server.store.looking import opened, wal_of
from server.store.opening import prepare

TRIES: Final = 3


def copy_log(source: Path, target: Path) -> None:
    """Copy the log as it was at one moment; ``target`` is new, 0600, and on the disk when this returns.

    All pages in one step: a copy in portions begins again with every commit of the server, so under load it would
    never end. It reads from one snapshot, so the server goes on writing; only its write-ahead log cannot be
    emptied meanwhile.

    Raises:
        Unavailable: the log cannot be read, or servers come and go on it all the time.
        OSError: the copy cannot be written.
    """
    for _ in range(TRIES):
        alone, before = not wal_of(source).exists(), _mark(source)
        os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        with opened(source, alone=alone) as held:
            _copied(held, source, target)
        if not alone or (before == _mark(source) and not wal_of(source).exists()):
            _flushed(target)
            return
        target.unlink()  # a server came up while nobody expected one: what was read may be of two moments
    raise Unavailable(
        f"A server on {source.parent} starts and stops all the time. Try again when it is quiet."
    )


def _copied(held: sqlite3.Connection, source: Path, target: Path) -> None:
    try:
        with closing(sqlite3.connect(target, isolation_level=None)) as copy:
            held.backup(copy, pages=-1)
    except sqlite3.Error as error:
        to = target.parent.parent
        raise Unavailable(f"The log {source} could not be copied to {to} ({error}).") from error


def begin_anew(log: Path, epoch: str, now: int) -> None:
    """Give a restored log an epoch of its own, and note where it came from. ``now`` is UTC ms.

    Rooms that hold more than it does keep their old copies apart by this, and nothing of the two is ever mixed.

    Raises:
        Unavailable: it cannot be written.
    """
    try:
        with closing(sqlite3.connect(log, isolation_level=None)) as connection:
            prepare(connection)
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("BEGIN IMMEDIATE")
            (before,) = connection.execute("SELECT value FROM meta WHERE key = 'epoch'").fetchone()
            connection.execute("UPDATE meta SET value = ? WHERE key = 'epoch'", (epoch,))
            connection.execute("INSERT INTO meta VALUES (?, ?)", (f"restored_at_{now}", before))
            connection.execute("COMMIT")
    except sqlite3.Error as error:
        raise Unavailable(f"The restored log {log} could not be written ({error}).") from error
    _flushed(log)


def _mark(path: Path) -> tuple[int, int, int]:
    """What changes whenever somebody writes to a file or puts another in its place."""
    found = path.stat()
    return found.st_ino, found.st_size, found.st_mtime_ns


def _flushed(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())
