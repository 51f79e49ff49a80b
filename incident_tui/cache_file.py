"""One SQLite file of one seat: its shape, its transactions, and what can be saved from one that is broken.

Every commit is on the disk when `write` returns (WAL with `synchronous=FULL`; `EXTRA` where there is no WAL).
Blobs are the JSON of the wire types, so the file has nothing to migrate when a slice changes.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Final, TypeAlias

import aiosqlite
import msgspec

from incident.kernel.protocol import Listing

FORMAT: Final = 1
APPLICATION_ID: Final = 0x49544331  # "ITC1"

Statement: TypeAlias = tuple[str, Sequence[tuple[Any, ...]]]
"""One SQL text with the rows it is run for."""

ADD_RECORD: Final = "INSERT OR REPLACE INTO record VALUES (?, ?, ?)"
ADD_STREAM: Final = "INSERT OR IGNORE INTO stream VALUES (?)"

WIPE: Final = "wipe"
"""The fact kept while something was deleted of which the file may still hold bytes."""
DUE_WIPE: Final[Statement] = ("INSERT OR REPLACE INTO meta VALUES (?, ?)", [(WIPE, "due")])
GONE_WIPE: Final[Statement] = ("DELETE FROM meta WHERE name = ?", [(WIPE,)])
_NO_LIST: Final[Statement] = ("DELETE FROM meta WHERE name = ?", [("directory",)])

LENT: Final = "lent until "
"""With the name of a stream: the fact that its copy is only lent, and when that is over (UTC ms)."""

_SCHEMA: Final = (
    "CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL)",
    "CREATE TABLE draft (name TEXT PRIMARY KEY, value TEXT NOT NULL)",
    "CREATE TABLE view (name TEXT PRIMARY KEY, value TEXT NOT NULL)",
    "CREATE TABLE stream (name TEXT PRIMARY KEY)",
    "CREATE TABLE snapshot (stream TEXT PRIMARY KEY, seq INTEGER NOT NULL, snapshot BLOB NOT NULL)",
    "CREATE TABLE record (stream TEXT NOT NULL, seq INTEGER NOT NULL, record BLOB NOT NULL, UNIQUE (stream, seq))",
    "CREATE TABLE outbox (place INTEGER PRIMARY KEY, command_id TEXT NOT NULL UNIQUE, submit BLOB NOT NULL)",
    "CREATE TABLE card (place INTEGER PRIMARY KEY, command_id TEXT NOT NULL UNIQUE, card BLOB NOT NULL)",
    f"PRAGMA application_id = {APPLICATION_ID}",
    f"PRAGMA user_version = {FORMAT}",
)

_SETTINGS: Final = (
    "PRAGMA busy_timeout = 5000",
    "PRAGMA trusted_schema = OFF",
    "PRAGMA cell_size_check = ON",
    "PRAGMA mmap_size = 0",
    "PRAGMA fullfsync = ON",  # macOS: without it the disk's own cache may lie
    "PRAGMA journal_size_limit = 16777216",
    "PRAGMA secure_delete = ON",  # what is deleted is overwritten; see `wipe` for what that leaves
)

_listings = msgspec.json.Decoder(list[Listing])

_TAILS: Final = ("", "-wal", "-shm", "-journal")


class Unreadable(Exception):
    """The file is no cache this program can use; the words say why, and fit into a sentence."""


class CacheFile:
    """An open file; with no path, a copy in memory that ends with the process."""

    def __init__(self, connection: aiosqlite.Connection, path: Path | None) -> None:
        self.path = path
        self._connection = connection

    @classmethod
    async def open(cls, path: Path | None) -> CacheFile:
        """Open or make the file.

        Raises:
            Unreadable: it is broken, or of another format.
            sqlite3.Error, OSError: the disk or the folder does not allow it.
        """
        if path is not None:
            # Made here, so that nobody else can read it from its first byte on; -wal and -shm take the same mode.
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        connection = aiosqlite.connect(":memory:" if path is None else path, isolation_level=None)
        # A client that ends without closing must not hang on this thread: what is not committed was not promised.
        connection._thread.daemon = True  # noqa: SLF001 - there is no public way
        try:
            opened = cls(await connection, path)
        except BaseException:
            connection.stop()  # whoever waited is gone: the thread that opens it must not be left with it
            raise
        try:
            await opened._prepare()
        except BaseException:
            await opened.close()
            raise
        return opened

    async def _prepare(self) -> None:
        try:
            for setting in _SETTINGS:
                await self.rows(setting)
            ((mode,),) = await self.rows("PRAGMA journal_mode = WAL")
            await self.rows(f"PRAGMA synchronous = {'FULL' if mode in ('wal', 'memory') else 'EXTRA'}")
            ((stamp,),) = await self.rows("PRAGMA user_version")
            ((tables,),) = await self.rows("SELECT count(*) FROM sqlite_master")
            if stamp == 0 and tables == 0:
                await self.write([(statement, [()]) for statement in _SCHEMA])
            elif stamp != FORMAT:
                raise Unreadable(f"it has format {stamp}, and this client writes format {FORMAT}")
            elif await self._left_open() and (await self.rows("PRAGMA quick_check(1)"))[0][0] != "ok":
                raise Unreadable("it is damaged")
            await self.write([("INSERT OR REPLACE INTO meta VALUES ('closed', '')", [()])])
        except sqlite3.DatabaseError as error:
            if not is_broken(error):
                raise
            raise Unreadable("it is damaged") from error

    async def _left_open(self) -> bool:
        """Whether the last client did not close it: then it is checked, which takes time by its size."""
        found = await self.rows("SELECT value FROM meta WHERE name = 'closed'")
        return not found or found[0][0] != "yes"

    async def rows(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Everything a query answers. Raises sqlite3.Error."""
        return list(await self._connection.execute_fetchall(sql, values))  # type: ignore[arg-type]

    async def write(self, statements: Iterable[Statement]) -> None:
        """One transaction, on the disk when this returns. Raises sqlite3.Error; then nothing of it is written."""
        await self._connection.execute("BEGIN IMMEDIATE")
        try:
            for sql, rows in _joined(statements):
                await self._connection.executemany(sql, rows) if rows != [
                    ()
                ] else await self._connection.execute(sql)
            await self._connection.execute("COMMIT")
        except BaseException:
            with contextlib.suppress(sqlite3.Error, ValueError):
                await self._connection.execute("ROLLBACK")
            raise

    async def wipe(self) -> None:
        """Leave no byte of what was deleted: not in free pages, not in the slack of others, not in the WAL.

        Takes as long as the rest of the file is large. Raises sqlite3.Error; then it is due again.
        """
        await self.rows("VACUUM")
        await self.write([GONE_WIPE])
        for busy, _pages, _moved in await self.rows("PRAGMA wal_checkpoint(TRUNCATE)"):
            if busy:
                await self.write([DUE_WIPE])
                error = sqlite3.OperationalError("another program reads the file")
                error.sqlite_errorcode = sqlite3.SQLITE_BUSY
                raise error

    async def close(self, *, properly: bool = False) -> None:
        """Close the file; `properly` leaves a note that it need not be checked at the next opening.

        Closed also for a client that is ended meanwhile; then the note may be there or not.
        """
        try:
            if properly:
                with contextlib.suppress(sqlite3.Error):
                    await self.write([("INSERT OR REPLACE INTO meta VALUES ('closed', 'yes')", [()])])
        finally:
            with contextlib.suppress(sqlite3.Error):
                await self._connection.close()


def _joined(statements: Iterable[Statement]) -> list[Statement]:
    """The same, with the rows of all records in one statement: each is a trip to the file's thread and back.

    What adds a record or names a stream may change places with anything else of its transaction.
    """
    added: dict[str, list[tuple[Any, ...]]] = {ADD_RECORD: [], ADD_STREAM: []}
    rest: list[Statement] = []
    for sql, rows in statements:
        if sql in added:
            added[sql] += rows
        else:
            rest.append((sql, rows))
    added[ADD_STREAM] = list(dict.fromkeys(added[ADD_STREAM]))
    return [*((sql, rows) for sql, rows in added.items() if rows), *rest]


def deletion(streams: Sequence[str]) -> list[Statement]:
    """What takes the copy of these streams out of a file; `wipe` has to follow."""
    names = [(name,) for name in streams]
    tables = (("record", "stream"), ("snapshot", "stream"), ("stream", "name"))
    gone = [(f"DELETE FROM {table} WHERE {column} = ?", names) for table, column in tables]  # noqa: S608
    return [*gone, ("DELETE FROM meta WHERE name = ?", [(f"{LENT}{name}",) for name in streams]), DUE_WIPE]


async def unlisting(file: CacheFile, kept: Callable[[str], bool]) -> list[Statement]:
    """What leaves in the list of incidents of a file only the streams that are `kept`; `wipe` has to follow.

    Without its list a start at that seat without a line opens nothing, so the rest of it stays. One that cannot be
    read goes whole: nobody can open anything by it. Nothing is to be done where it names no other.
    """
    made: list[Statement] = []
    for (written,) in await file.rows("SELECT value FROM meta WHERE name = 'directory'"):
        left: list[Listing] = []
        with contextlib.suppress(msgspec.MsgspecError, UnicodeDecodeError):
            listed = _listings.decode(written)
            left = [one for one in listed if kept(one.stream)]
            if len(left) == len(listed):
                continue
        row = ("directory", msgspec.json.encode(left).decode())
        made.append(("INSERT OR REPLACE INTO meta VALUES (?, ?)", [row]) if left else _NO_LIST)
    return made


def is_broken(error: sqlite3.Error) -> bool:
    """Whether nothing more may be written to this file.

    Besides damage that is any failed read, write or flush: SQLite would go on as if the lost pages were there.
    """
    code = getattr(error, "sqlite_errorcode", None)
    if code is None:
        return False
    return (code & 0xFF) in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_IOERR)


def reason(error: sqlite3.Error | OSError) -> str:
    """Why a file cannot be written, as the end of a sentence."""
    if isinstance(error, OSError):
        return (error.strerror or str(error)).lower()
    match (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF:
        case sqlite3.SQLITE_FULL:
            return "the disk is full"
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return "another program holds the file"
        case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_PERM | sqlite3.SQLITE_CANTOPEN | sqlite3.SQLITE_AUTH:
            return "the file may not be written"
        case _:
            return "the disk reports an error"


def set_aside(path: Path, at: int) -> Path:
    """Rename a file with its journals, so that a new one can be made; nothing is deleted. Raises OSError."""
    aside = path.with_name(f"{path.stem}.aside-{at}.db")
    for tail in _TAILS:
        with contextlib.suppress(FileNotFoundError):
            path.with_name(path.name + tail).replace(aside.with_name(aside.name + tail))
    return aside


def rescue(path: Path) -> tuple[list[bytes], list[bytes], list[tuple[str, str]]]:
    """What a person wrote, from a file that may be broken: outbox, cards and drafts, as far as they can be read."""
    outbox: list[bytes] = []
    cards: list[bytes] = []
    drafts: list[tuple[str, str]] = []
    with contextlib.suppress(sqlite3.Error), contextlib.closing(sqlite3.connect(path)) as connection:
        for sql, found in (
            ("SELECT submit FROM outbox ORDER BY place", outbox),
            ("SELECT card FROM card ORDER BY place", cards),
            ("SELECT name, value FROM draft", drafts),
        ):
            with contextlib.suppress(sqlite3.Error):
                for row in connection.execute(sql):
                    found.append(row[0] if len(row) == 1 else row)
    return outbox, cards, drafts
