"""Opening the database of a data folder: made when it is new, looked over when it is not.

Whatever is wrong is one plain sentence with the way on, never a traceback: a file that is no log of ours, one of
a newer format, a damaged one, a folder on a network file system, another mode than the settings say.
"""

from __future__ import annotations

import os
import sqlite3
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import msgspec

from incident.kernel.record import first_break, genesis
from server.datafolder import sync_folder
from server.store import Unavailable
from server.store.rows import RECORD_COLUMNS, record_of_row

Connect = Callable[[Path], sqlite3.Connection]
"""Makes a connection in autocommit mode that any thread may use; a test gives one that fails to order."""

FORMAT = 1
APPLICATION_ID = 0x496E6354  # "IncT"
BUSY_MILLIS = 5_000
TAIL_RECORDS = 1_000
TAIL_SECONDS_MAX = 1.5
QUICK_CHECK_BYTES_MAX = 512 * 1024 * 1024

RESTORE = (
    "Keep the folder as evidence, and make a new one of the last backup (incident-server restore BACKUP NEWFOLDER), or "
    "an empty one (incident-server init)."
)

# The shared memory of WAL and the locks of SQLite do not work over a network.
_NETWORK = frozenset(
    "nfs nfs4 cifs smb smb2 smb3 smbfs afs ncpfs ceph fuse.sshfs fuse.glusterfs glusterfs lustre beegfs".split()
)


@dataclass(slots=True)
class StreamRow:
    """A stream as the writer knows it: its row, and the last record on the disk."""

    id: int
    head: int
    hash: str


@dataclass(frozen=True, slots=True)
class Opened:
    """A database that was looked over, with what the writer goes on from."""

    connection: sqlite3.Connection
    epoch: str
    mode: str
    streams: dict[str, StreamRow]
    last_id: int
    durability: tuple[str, int]
    """``journal_mode`` and ``synchronous``, as the connection itself says."""


def connect_sqlite(path: Path) -> sqlite3.Connection:
    """The usual factory: Python's own sqlite3, in autocommit mode, usable from the writer's thread."""
    return sqlite3.connect(path, isolation_level=None, check_same_thread=False, cached_statements=64)


def prepare(connection: sqlite3.Connection) -> None:
    """Set what every connection has, reader or writer. ``mmap`` is off: it made damage of others worse."""
    for pragma in (
        f"busy_timeout = {BUSY_MILLIS}",
        "foreign_keys = ON",
        "trusted_schema = OFF",
        "cell_size_check = ON",
        "mmap_size = 0",
    ):
        connection.execute(f"PRAGMA {pragma}").fetchall()


def open_database(path: Path, mode: str, connect: Connect = connect_sqlite) -> Opened:
    """The database at ``path`` ready for the writer, made first when there is none.

    Raises:
        Unavailable: with one sentence and the way on.
    """
    kind = network_file_system(path.parent)
    if kind is not None:
        raise Unavailable(
            f"The data folder {path.parent} is on a network file system ({kind}), where the log would not be "
            f"safe. Put it on a local disk."
        )
    try:
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        connection = connect(path)
    except (OSError, sqlite3.Error) as error:
        raise Unavailable(f"The log {path} cannot be opened: {error}.") from error
    try:
        return _opened(connection, path, mode)
    except Unavailable:
        connection.close()
        raise
    except sqlite3.Error as error:
        with suppress(sqlite3.Error):
            connection.close()
        raise Unavailable(f"The log {path} cannot be read ({error}). {RESTORE}") from error


def _opened(connection: sqlite3.Connection, path: Path, mode: str) -> Opened:
    prepare(connection)
    # A power cut while it was made leaves a file without a table: it is made again.
    tables = _one(connection, "SELECT count(*) FROM sqlite_master")
    new = tables == 0 and _one(connection, "PRAGMA application_id") == 0
    if not new:
        check_format(connection, path)
    if _one(connection, "PRAGMA journal_mode = WAL") != "wal":
        raise Unavailable(f"The file system under {path} does not allow a write-ahead log. Use a local disk.")
    for pragma in (
        "synchronous = FULL",
        "fullfsync = ON",  # macOS: fsync alone stops at the drive's cache
        "wal_autocheckpoint = 8000",  # a backstop: the writer checkpoints by itself
        "journal_size_limit = 67108864",
    ):
        connection.execute(f"PRAGMA {pragma}").fetchall()
    if new:
        _create(connection, path, mode)
    _check_pages(connection, path)
    meta: dict[str, str] = dict(connection.execute("SELECT key, value FROM meta").fetchall())
    if "epoch" not in meta or "mode" not in meta:
        raise Unavailable(f"The log {path} is damaged: what it is a log of is missing. {RESTORE}")
    if meta["mode"] != mode:
        raise Unavailable(
            f"The log {path} was made for {meta['mode']} use and the settings say {mode}. Live and exercise "
            f"never share a data folder: correct the settings or make a new folder."
        )
    streams = streams_of(connection, path)
    last_id = _one(connection, "SELECT coalesce(max(id), 0) FROM record")
    _check_tails(connection, path, streams)
    durability = (_one(connection, "PRAGMA journal_mode"), _one(connection, "PRAGMA synchronous"))
    return Opened(connection, meta["epoch"], mode, streams, last_id, durability)


def _one(connection: sqlite3.Connection, sql: str) -> Any:
    row = connection.execute(sql).fetchone()
    return None if row is None else row[0]


def _create(connection: sqlite3.Connection, path: Path, mode: str) -> None:
    """All of it in one transaction: a power cut leaves an empty file, which is made again."""
    schema = (files("server.store") / "schema" / "0001.sql").read_text(encoding="utf-8")
    connection.executescript(
        f"BEGIN IMMEDIATE;\n{schema}\nPRAGMA application_id = {APPLICATION_ID};\nPRAGMA user_version = {FORMAT};"
    )
    made = (("epoch", uuid.uuid4().hex), ("mode", mode), ("created_at", str(int(time.time() * 1000))))
    connection.executemany("INSERT INTO meta VALUES (?, ?)", made)
    connection.execute("COMMIT")
    sync_folder(path.parent)


def check_format(connection: sqlite3.Connection, path: Path) -> None:
    if _one(connection, "PRAGMA application_id") != APPLICATION_ID:
        raise Unavailable(f"The file {path} is not a log of this program. Name another data folder.")
    found = _one(connection, "PRAGMA user_version")
    if not isinstance(found, int) or found > FORMAT:
        raise Unavailable(
            f"The log {path} has format {found}, made by a newer version of this program; this one knows "
            f"format {FORMAT}. Install the newer version."
        )


def _check_pages(connection: sqlite3.Connection, path: Path) -> None:
    """Damage on the level of pages. Larger files are left to the full check that goes before an export."""
    if path.stat().st_size > QUICK_CHECK_BYTES_MAX:
        return
    verdict = _one(connection, "PRAGMA quick_check(1)")
    if verdict != "ok":
        raise Unavailable(f"The log {path} is damaged ({' '.join(str(verdict).split())}). {RESTORE}")


def streams_of(connection: sqlite3.Connection, path: Path) -> dict[str, StreamRow]:
    """Every stream; its head must be its last record."""
    found = connection.execute(
        "SELECT id, name, head, hash, (SELECT coalesce(max(seq), 0) FROM record WHERE stream = stream.id) "
        "FROM stream ORDER BY (SELECT max(id) FROM record WHERE stream = stream.id AND seq = head) DESC"
    ).fetchall()
    for _, name, head, _, last in found:
        if head != last:
            raise Unavailable(f"The log {path} is damaged: the last record of {name} is missing. {RESTORE}")
    return {name: StreamRow(id_, head, hash_.hex()) for id_, name, head, hash_, _ in found}


def _check_tails(connection: sqlite3.Connection, path: Path, streams: dict[str, StreamRow]) -> None:
    """The chain of the last records of every stream, the latest streams first, within a bound of time."""
    until = time.monotonic() + TAIL_SECONDS_MAX
    for name, row in streams.items():
        if time.monotonic() > until:
            return
        check_tail(connection, path, name, row, TAIL_RECORDS)


def check_tail(connection: sqlite3.Connection, path: Path, name: str, row: StreamRow, count: int) -> int:
    """Follow the chain of the last ``count`` records of a stream up to ``row.head``; answers how many they were.

    Raises:
        Unavailable: it is broken, and where.
    """
    first = max(1, row.head - count + 1)
    before = connection.execute(
        "SELECT hash FROM record WHERE stream = ? AND seq = ?", (row.id, first - 1)
    ).fetchone()
    tail = connection.execute(
        f"SELECT {RECORD_COLUMNS} FROM record JOIN content USING (id) "  # noqa: S608 - a constant
        "WHERE stream = ? AND seq BETWEEN ? AND ? ORDER BY seq",
        (row.id, first, row.head),
    ).fetchall()
    try:
        records = [record_of_row(found) for found in tail]
        prev = genesis(name) if before is None else before[0].hex()
        broken = first_break(prev, name, records)
    except (msgspec.MsgspecError, AttributeError, TypeError, ValueError) as error:
        raise Unavailable(f"The log {path} is damaged: a record of {name} is garbled. {RESTORE}") from error
    if broken is None and (len(records) != row.head - first + 1 or records[-1].hash != row.hash):
        broken = row.head
    if broken is not None:
        raise Unavailable(f"The log {path} is damaged: record {broken} of {name} breaks its chain. {RESTORE}")
    return len(records)


def network_file_system(folder: Path, mounts: Path = Path("/proc/mounts")) -> str | None:
    """The kind of network file system a folder is on; None when it is local, or nobody can tell cheaply."""
    try:
        lines = mounts.read_text(encoding="utf-8", errors="replace").splitlines()
        place = folder.resolve()
    except OSError:
        return None
    best, kind = -1, ""
    for line in lines:
        _, _, rest = line.partition(" ")
        where, _, rest = rest.partition(" ")
        point = Path(where.replace("\\040", " "))
        if (place == point or point in place.parents) and len(point.parts) >= best:
            best, kind = len(point.parts), rest.partition(" ")[0]
    return kind if kind in _NETWORK else None
