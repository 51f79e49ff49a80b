"""The one thread that writes: takes whatever waits, at most ``GROUP_MAX`` appends, and commits it as one.

It never waits for more: an idle server answers after one fsync, a busy one shares each fsync among many. The
first failure of any kind ends it for good. SQLite itself carries on after a failed fsync, and then says yes to
what the disk never got; so there is no rollback and no second try here.
"""

from __future__ import annotations

import queue
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from server.counters import Histogram
from server.store import GROUP_MAX, Append, Unavailable
from server.store.opening import Opened, StreamRow
from server.store.rows import INSERT_CONTENT, INSERT_RECORD, rows_of

CHECKPOINT_PAGES = 4_000
"""Pages in the write-ahead log, as estimated, after which the writer moves them even when it is busy (16 MB)."""

IDLE_CHECKPOINT_PAGES = 1_000
"""The same when nothing waits at this moment. It takes about a millisecond, and the next in line may wait for it:
so rarely that 99 commands of 100 do not."""

RESTART = "The server takes nothing more until it is restarted; what was not answered is settled then."


class Writer:
    """Owns the writing connection. ``announce`` and ``fail`` are called in the writer's thread."""

    def __init__(
        self,
        opened: Opened,
        announce: Callable[[Sequence[Append]], None],
        fail: Callable[[Unavailable], None],
    ) -> None:
        self.seconds = Histogram()
        """Of each commit."""
        self._connection = opened.connection
        self._streams = opened.streams
        self._next_id = opened.last_id + 1
        self._announce = announce
        self._fail = fail
        self._queue: queue.SimpleQueue[Sequence[Append] | None] = queue.SimpleQueue()
        self._waiting: deque[Append] = deque()  # taken from the queue and not yet written
        self._stopping = False
        self._dirty_pages = 0
        self._thread = threading.Thread(target=self._run, name="store-writer", daemon=True)

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    def put(self, items: Sequence[Append]) -> None:
        """Queue appends, in order; never blocks."""
        self._queue.put(items)

    def stop(self) -> None:
        """Write what waits, then end; blocks until the connection is closed. May be called twice."""
        if self._thread.is_alive():
            self._queue.put(None)
            self._thread.join()
        self._connection.close()

    def _run(self) -> None:
        more = True
        while more:
            group, more = self._take()
            try:
                if group:
                    start = time.perf_counter()
                    self._write(group)
                    self.seconds.add(time.perf_counter() - start)
                    self._announce(group)
                    self._checkpoint(len(group))
            except Exception as error:  # noqa: BLE001 - whatever it was, nothing may be answered after it
                self._fail(_sentence(error))
                return

    def _take(self) -> tuple[list[Append], bool]:
        """What waits now, at most a group; False when the writer was asked to stop and nothing is left."""
        waiting = self._waiting
        while len(waiting) < GROUP_MAX and not self._stopping:
            try:
                items = self._queue.get(block=not waiting)
            except queue.Empty:
                break
            if items is None:
                self._stopping = True
            else:
                waiting.extend(items)
        group = [waiting.popleft() for _ in range(min(GROUP_MAX, len(waiting)))]
        return group, not self._stopping or bool(waiting)

    def _write(self, group: Sequence[Append]) -> None:
        connection = self._connection
        connection.execute("BEGIN IMMEDIATE")
        records: list[tuple[Any, ...]] = []
        contents: list[tuple[Any, ...]] = []
        heads: dict[str, StreamRow] = {}
        for item in group:
            proposal = item.proposal
            row = heads.get(proposal.stream) or self._head(proposal.stream)
            first, last = proposal.records[0], proposal.records[-1]
            if (proposal.expected_seq, first.seq) != (row.head, row.head + 1) or (
                last.seq != row.head + len(proposal.records)
            ):
                raise _WallError("a record was given a number that is taken or leaves a gap")
            new_records, new_contents = rows_of(item, self._next_id + len(records), row.id)
            records += new_records
            contents += new_contents
            heads[proposal.stream] = StreamRow(row.id, last.seq, last.hash)
        connection.executemany(INSERT_RECORD, records)
        connection.executemany(INSERT_CONTENT, contents)
        for item in group:
            if item.proposal.claims or item.proposal.releases:
                self._claim(item, heads[item.proposal.stream].id)
        for name, row in heads.items():
            self._move_head(name, row)
        connection.execute("COMMIT")
        self._streams.update(heads)
        self._next_id += len(records)

    def _head(self, name: str) -> StreamRow:
        """The last record of a stream as this writer left it; a new stream gets its row."""
        row = self._streams.get(name)
        if row is None:
            made = self._connection.execute(
                "INSERT INTO stream (name, head, hash) VALUES (?, 0, x'')", (name,)
            )
            row = self._streams[name] = StreamRow(made.lastrowid or 0, 0, "")
        return row

    def _move_head(self, name: str, row: StreamRow) -> None:
        """Compare and set: had anyone else written to the stream, its head would not be where it was left."""
        moved = self._connection.execute(
            "UPDATE stream SET head = ?, hash = ? WHERE id = ? AND head = ?",
            (row.head, bytes.fromhex(row.hash), row.id, self._streams[name].head),
        )
        if moved.rowcount != 1:
            raise _WallError("another process wrote to it")

    def _claim(self, item: Append, stream_id: int) -> None:
        """Free, then hold. The primary key is the last wall: a key that is held already fails the group."""
        for key in item.proposal.releases:
            self._connection.execute("DELETE FROM claim WHERE key = ? AND stream = ?", (key, stream_id))
        self._connection.executemany(
            "INSERT INTO claim (key, stream, seq, since, tell, label) VALUES (?, ?, ?, ?, ?, ?)",
            [(c.key, stream_id, c.seq, c.since, c.tell, c.label) for c in item.proposal.claims],
        )

    def _checkpoint(self, appends: int) -> None:
        """Move the write-ahead log into the database, after the group was announced and best in a pause."""
        self._dirty_pages += 5 + appends
        idle = not self._waiting and self._queue.empty()
        bound = IDLE_CHECKPOINT_PAGES if idle else CHECKPOINT_PAGES
        if self._dirty_pages >= bound:
            self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
            self._dirty_pages = 0


class _WallError(Exception):
    """The layers above and the disk do not agree; ``args[0]`` says over what."""


def _sentence(error: Exception) -> Unavailable:
    """What to tell people of a failure, with the cause kept for the log."""
    if isinstance(error, _WallError | sqlite3.IntegrityError):
        what = f"The log refused a group of records ({error}), so something is counted wrongly."
    elif isinstance(error, sqlite3.Error | OSError):
        what = f"The disk failed while the log was written ({error})."
    else:
        what = f"A fault of this program stopped the writing of the log ({type(error).__name__})."
    told = Unavailable(f"{what} {RESTART}")
    told.__cause__ = error
    return told
