"""Looking at a log without touching it, while a server writes to it or while none does.

For `incident-server doctor` and for backups. Nothing here writes: not a page, not a lock file, no checkpoint. Every
question is bounded in time, since a reader that stays keeps the write-ahead log from being emptied.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from importlib.resources import files
from pathlib import Path
from typing import Final

import msgspec

from server.store import Unavailable
from server.store.opening import FORMAT, RESTORE, StreamRow, check_format, check_tail, prepare, streams_of

TAIL_RECORDS: Final = 2_000
"""Records of one stream whose chain is followed, its last ones."""

RECORDS_MAX: Final = 50_000
"""Records whose chain is followed in all."""

STEPS: Final = 20_000
"""Instructions of SQLite between two looks at the time."""

NEWEST_OF: Final = 1_000
"""Records among which the newest time is looked for, the last ones."""

_PARTS: Final = "SELECT name FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'"

_WAL: Final = b"\x02\x02"
"""Bytes 18 and 19 of a database in WAL mode, for writing and for reading (sqlite.org/fileformat2.html)."""


class Looked(msgspec.Struct, frozen=True):
    """What was found in a sound log. ``newest`` is the latest time of its last records, UTC ms;
    0 while it is empty.

    ``pages_whole`` is False when the time was up before all pages had been looked at.
    """

    mode: str
    epoch: str
    wal: bool
    streams: int
    records: int
    followed: int
    pages_whole: bool
    newest: int


def look(path: Path, seconds: float, *, thorough: bool = False) -> Looked | None:
    """Look a log over, for about so many seconds for the pages and as many for the chains; None when it is empty.

    ``thorough`` compares the indexes with the rows, too, which takes several times as long.

    Raises:
        Unavailable: with one sentence about what is wrong.
    """
    alone = not wal_of(path).exists()
    try:
        return _look(path, seconds, alone=alone, thorough=thorough)
    except Unavailable:
        if not alone or not wal_of(path).exists():
            raise
    return _look(path, seconds, alone=False, thorough=thorough)  # a server came up in the middle of it


def newest(path: Path) -> int:
    """The latest time of the last records, UTC ms; 0 while there are none. Raises Unavailable."""
    with opened(path, alone=not wal_of(path).exists()) as connection:
        return _newest(connection)


def wal_of(path: Path) -> Path:
    """The write-ahead log of a database."""
    return path.with_name(path.name + "-wal")


@contextmanager
def opened(path: Path, *, alone: bool) -> Iterator[sqlite3.Connection]:
    """A connection that only reads. ``alone`` says that there is no write-ahead log: then not even a lock is made."""
    how = "immutable=1" if alone else "mode=ro"
    try:
        with closing(
            sqlite3.connect(f"{path.resolve().as_uri()}?{how}", uri=True, isolation_level=None)
        ) as it:
            prepare(it)
            it.execute("PRAGMA query_only = ON")
            yield it
    except (OSError, sqlite3.Error) as error:
        raise Unavailable(f"The log {path} cannot be read ({error}). {RESTORE}") from error


def _look(path: Path, seconds: float, *, alone: bool, thorough: bool) -> Looked | None:
    with opened(path, alone=alone) as connection:
        if connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] == 0:
            return None
        check_format(connection, path)
        _check_parts(connection, path)
        whole = _pages(connection, path, seconds, "integrity_check" if thorough else "quick_check")
        meta: dict[str, str] = dict(connection.execute("SELECT key, value FROM meta").fetchall())
        if "epoch" not in meta or "mode" not in meta:
            raise Unavailable(f"The log {path} is damaged: what it is a log of is missing. {RESTORE}")
        streams = streams_of(connection, path)
        return Looked(
            mode=meta["mode"],
            epoch=meta["epoch"],
            wal=_in_wal_mode(path),
            streams=len(streams),
            records=sum(row.head for row in streams.values()),
            followed=_chains(connection, path, streams, seconds),
            pages_whole=whole,
            newest=_newest(connection),
        )


def _in_wal_mode(path: Path) -> bool:
    """Asked of the file: a connection that assumes that nobody else writes does not say so."""
    with path.open("rb") as file:
        return file.read(20)[18:] == _WAL


def _check_parts(connection: sqlite3.Connection, path: Path) -> None:
    """All tables, indexes and triggers of the schema are there: the triggers are what keeps the past unchanged."""
    schema = (files("server.store") / "schema" / f"{FORMAT:04}.sql").read_text(encoding="utf-8")
    with closing(sqlite3.connect(":memory:")) as model:
        model.executescript(schema)
        known = {row[0] for row in model.execute(_PARTS)}
    missing = known - {row[0] for row in connection.execute(_PARTS)}
    if missing:
        raise Unavailable(
            f"The log {path} was changed with other tools: {', '.join(sorted(missing))} is missing. {RESTORE}"
        )


def _pages(connection: sqlite3.Connection, path: Path, seconds: float, check: str) -> bool:
    """The structure of the file; False when time was up first. Raises Unavailable."""
    until = time.monotonic() + seconds
    connection.set_progress_handler(lambda: time.monotonic() > until, STEPS)
    try:
        verdict = connection.execute(f"PRAGMA {check}(1)").fetchone()[0]
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode == sqlite3.SQLITE_INTERRUPT:
            return False
        raise
    finally:
        connection.set_progress_handler(None, 0)
    if verdict != "ok":
        raise Unavailable(f"The log {path} is damaged ({' '.join(str(verdict).split())}). {RESTORE}")
    return True


def _chains(connection: sqlite3.Connection, path: Path, streams: dict[str, StreamRow], seconds: float) -> int:
    """Follow the chains, those written last first; answers how many records were followed."""
    until = time.monotonic() + seconds
    followed = 0
    for name, row in streams.items():
        if followed >= RECORDS_MAX or time.monotonic() > until:
            break
        if row.head:
            followed += check_tail(connection, path, name, row, min(TAIL_RECORDS, RECORDS_MAX - followed))
    return followed


def _newest(connection: sqlite3.Connection) -> int:
    found = connection.execute(
        "SELECT max(recorded_at) FROM (SELECT recorded_at FROM record ORDER BY id DESC LIMIT ?)", (NEWEST_OF,)
    ).fetchone()
    return int(found[0] or 0)
