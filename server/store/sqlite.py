"""The store on SQLite: one file in the data folder, one writer thread, readers on connections of their own.

Settings and reasons: WAL with ``synchronous=FULL`` (NORMAL loses what was acknowledged when the power goes),
``BEGIN IMMEDIATE``, one writer that alone checkpoints, reads that fetch bounded pages whole (an open cursor would
keep the write-ahead log from ever being emptied).
"""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import aiosqlite

from incident.kernel.claims import Holding
from incident.kernel.protocol import Done
from incident.kernel.record import Record
from server.counters import Histogram
from server.store import PAGE_MAX, Append, Unavailable
from server.store.loopside import LoopSide
from server.store.opening import FORMAT, Connect, connect_sqlite, open_database, prepare
from server.store.rows import RECORD_COLUMNS, record_of_row
from server.store.writer import Writer

READERS = 2
DISK_FREE_BYTES_MIN = 64 * 1024 * 1024
"""Below this nothing new is taken: a full disk must not be met in the middle of a commit."""

DISK_LOOK_SECONDS = 1.0

_SELECT = f"SELECT {RECORD_COLUMNS} FROM record JOIN content USING (id) "  # noqa: S608 - a constant
_STREAM = "WHERE stream = (SELECT id FROM stream WHERE name = ?) "


def open_sqlite(path: Path, *, mode: str, connect: Connect = connect_sqlite) -> SqliteStore:
    """The store of a data folder, made when there is none; looks the log over, which takes up to some 2 s.

    Raises:
        Unavailable: one plain sentence and the way on.
    """
    return SqliteStore(path, mode, connect)


class SqliteStore(LoopSide):
    """A store in one SQLite file. Everything but ``load`` is called from one event loop."""

    def __init__(self, path: Path, mode: str, connect: Connect) -> None:
        opened = open_database(path, mode, connect)
        super().__init__({name: row.head for name, row in opened.streams.items()})
        self.path = path
        self.epoch = opened.epoch
        self.mode = opened.mode
        self.durability = opened.durability
        self._connect = connect
        self._held = _claims(opened.connection)
        self._writer = Writer(opened, self._from_writer, self._failed)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._fresh: list[Append] = []
        self._readers: list[aiosqlite.Connection] = []
        self._next_reader = 0
        self._opening = asyncio.Lock()
        self._looked_at = float("-inf")
        self._refusal: str | None = None

    # -- at the start -----------------------------------------------------------------------------------------

    def load(self, stream: str) -> Iterator[Record]:
        """Every announced record of a stream, read in pages on a connection of its own. Blocks."""
        head, after = self._announced.get(stream, 0), 0
        connection = self._connect(self.path)
        try:
            prepare(connection)
            connection.execute("PRAGMA query_only = ON")
            while after < head:
                page = connection.execute(
                    f"{_SELECT}{_STREAM}AND seq > ? AND seq <= ? ORDER BY seq LIMIT ?",
                    (stream, after, head, PAGE_MAX),
                ).fetchall()
                if not page:
                    break
                yield from map(record_of_row, page)
                after = page[-1][0]
        finally:
            connection.close()

    def claims(self) -> list[Holding]:
        """Every claim that was held when the store was opened, by key."""
        return list(self._held)

    # -- appending --------------------------------------------------------------------------------------------

    def append(self, item: Append) -> None:
        """Queue a decision for the next group commit. Raises OutOfOrder or Unavailable; never blocks."""
        self._take_on(item)
        self._fresh.append(item)
        if len(self._fresh) == 1:
            if self._loop is None:
                self._loop = asyncio.get_running_loop()
                self._writer.start()
            # What one turn of the loop brings is handed over at its end, at once: to wake the writer for each
            # would make the two threads fight over one interpreter.
            self._loop.call_soon(self._hand_over)

    def _hand_over(self) -> None:
        if self._fresh:
            fresh, self._fresh = self._fresh, []
            self._writer.put(fresh)

    def refuses(self) -> str | None:
        """A sentence while the disk is nearly full. Looks at most once a second, so it may be asked always."""
        now = time.monotonic()
        if now - self._looked_at >= DISK_LOOK_SECONDS:
            self._looked_at = now
            self._refusal = disk_problem(self.path.parent)
        return self._refusal

    @property
    def commit_seconds(self) -> Histogram:
        """How long each commit took."""
        return self._writer.seconds

    def room(self) -> tuple[int, int]:
        """Bytes free on the disk, and bytes of the write-ahead log; -1 when the disk does not say."""
        free = wal = -1
        with suppress(OSError):
            free = shutil.disk_usage(self.path.parent).free
        with suppress(OSError):
            wal = self.path.with_name(self.path.name + "-wal").stat().st_size
        return free, wal

    async def sound(self) -> bool:
        """Whether the form and the epoch, read anew, are those of the log that was opened."""
        form = await self._rows("PRAGMA user_version", ())
        epoch = await self._rows("SELECT value FROM meta WHERE key = 'epoch'", ())
        return [*form, *epoch] == [(FORMAT,), (self.epoch,)]

    def _from_writer(self, group: Sequence[Append]) -> None:
        self._in_loop(self._announce, group)

    def _failed(self, failure: Unavailable) -> None:
        self._failure = failure  # at once: whatever is appended from here on is refused
        self._in_loop(self._announce_failure)

    def _in_loop(self, callback: Any, *args: Any) -> None:
        # A loop that has ended hears no more: durable and never announced, which command ids resolve.
        if self._loop is not None:
            with suppress(RuntimeError):
                self._loop.call_soon_threadsafe(callback, *args)

    # -- reading ----------------------------------------------------------------------------------------------

    async def read(self, stream: str, after: int, limit: int) -> list[Record]:
        """Up to ``limit`` announced records after a place, and the rest of a command."""
        head = self._announced.get(stream, 0)
        rows = await self._rows(
            f"{_SELECT}{_STREAM}AND seq > ? AND seq <= ? ORDER BY seq LIMIT ?",
            (stream, after, head, min(limit, PAGE_MAX)),
        )
        if rows and rows[-1][0] < head:
            last_seq, command_id = rows[-1][:2]
            rows += await self._rows(
                f"{_SELECT}{_STREAM}AND command_id = ? AND seq > ? AND seq <= ? ORDER BY seq",
                (stream, command_id, last_seq, head),
            )
        return [record_of_row(row) for row in rows]

    async def read_back(self, stream: str, before: int, limit: int) -> list[Record]:
        """The last ``limit`` announced records before a place (0: from the head), ascending."""
        head = self._announced.get(stream, 0)
        end = head if before <= 0 else min(before - 1, head)
        rows = await self._rows(
            f"{_SELECT}{_STREAM}AND seq <= ? ORDER BY seq DESC LIMIT ?", (stream, end, min(limit, PAGE_MAX))
        )
        return [record_of_row(row) for row in reversed(rows)]

    async def command(self, stream: str, command_id: str) -> tuple[str, Done] | None:
        """Digest and place of a command in the log."""
        rows = await self._rows(
            f"SELECT digest, seq FROM record {_STREAM}AND command_id = ? ORDER BY part",  # noqa: S608
            (stream, command_id),
        )
        if not rows or rows[-1][1] > self._announced.get(stream, 0):
            return None
        return rows[0][0].hex(), Done(command_id, rows[0][1], rows[-1][1])

    async def _rows(self, sql: str, values: tuple[Any, ...]) -> list[Any]:
        """One bounded question, answered whole, by the next reader in turn."""
        async with self._opening:
            if self._closed:
                raise Unavailable("The store is closed.")
            while len(self._readers) < READERS:
                self._readers.append(await self._reader())
        self._next_reader = (self._next_reader + 1) % READERS
        return list(await self._readers[self._next_reader].execute_fetchall(sql, values))

    async def _reader(self) -> aiosqlite.Connection:
        def connect() -> Any:
            connection = self._connect(self.path)
            prepare(connection)
            connection.execute("PRAGMA query_only = ON")
            connection.execute("PRAGMA wal_autocheckpoint = 0")
            return connection

        return await aiosqlite.Connection(connect, 64)

    async def close(self) -> None:
        """Write and announce what waits, then close every connection; the last one empties the WAL."""
        if self._closed:
            return
        async with self._opening:
            self._closed = True
        self._hand_over()
        for reader in self._readers:
            await reader.close()
        await asyncio.to_thread(self._writer.stop)
        await asyncio.sleep(0)  # what the writer announced last has been called before this returns


def disk_problem(folder: Path) -> str | None:
    """A sentence when the disk under the log has no room for more, or does not answer."""
    try:
        free = shutil.disk_usage(folder).free
    except OSError as error:
        return f"The disk of the log does not answer ({error.strerror}). Nothing new is taken until it does."
    if free >= DISK_FREE_BYTES_MIN:
        return None
    return (
        f"The disk of the log has {free // 2**20} MiB left and {DISK_FREE_BYTES_MIN // 2**20} are kept free. "
        f"Nothing new is taken until there is room."
    )


def _claims(connection: Any) -> list[Holding]:
    rows = connection.execute(
        "SELECT key, name, seq, since, tell, label FROM claim JOIN stream ON stream.id = claim.stream ORDER BY key"
    ).fetchall()
    return [Holding(*row) for row in rows]
