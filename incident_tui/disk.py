"""The one writer of a seat's file: what is urgent at once, the rest in groups, and again when the disk says no.

Nothing handed over is forgotten while the process lives, except records that the server can send again, and
those only when more wait than memory should hold. While the disk refuses, `trouble` says why in one sentence.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sqlite3
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

import msgspec

from incident_tui import cache_file
from incident_tui.cache_file import CacheFile, Statement, Unreadable

GATHER_SECONDS: Final = 0.2
RETRY_SECONDS: Final = 2.0
GROUP_MAX: Final = 500
"""Rows of one transaction at most, so that an urgent one never waits long behind it."""
RECORDS_WAITING_MAX: Final = 20_000
WIPE_RETRIES: Final = 30
"""A wipe that failed is tried again after so many times the usual wait, then after twice that and so on: each try
writes the whole file, and nothing but itself waits for it."""
WIPE_RETRIES_MAX: Final = 1_800

_log = logging.getLogger(__name__)

NOT_OURS: Final = (msgspec.MsgspecError, UnicodeDecodeError)
"""What was read is not what this program writes; a byte that is no letter is no error of msgspec's own."""
FAULTS: Final = (sqlite3.Error, OSError, Unreadable, *NOT_OURS)
"""What a disk, or a file on it, may answer with."""

TRIES_MAX: Final = 3
"""A job that is our own mistake, and not the disk's, is tried so often; then it is set aside for the others."""


@dataclass(slots=True)
class Job:
    """Statements that belong together; `then` is called in the loop once they are on the disk.

    `fetchable` marks what the server could send again. `wipe`: no byte of what it deletes may stay in the file; it
    is written in its turn, and alone. Where the overwriting fails, the rest goes on: the file remembers that it is due.
    """

    statements: list[Statement]
    then: Callable[[], None] | None = None
    size: int = 1
    fetchable: bool = False
    wipe: bool = False


class Disk:
    """Takes jobs in the loop, without waiting, and writes them by a task of its own."""

    def __init__(
        self, reopen: Callable[[bool], Awaitable[CacheFile]], *, retry_seconds: float = RETRY_SECONDS
    ) -> None:
        """`reopen(broken)` answers an open file after a failure; `broken`: the old one may not be used again."""
        self.file: CacheFile | None = None
        self.trouble = ""
        self.given_up = ""
        """What could not be written although the disk is well, as a sentence; "" when there is none."""
        self.on_trouble: Callable[[], None] = lambda: None
        self.on_lost: Callable[[], None] = lambda: None
        """Records were given up: what is on the disk now has a hole, so hand over snapshots."""
        self.on_wipe: Callable[[str], None] = lambda _sentence: None
        """What was deleted is still to be overwritten, and why; or it is at last. As a sentence."""
        self._reopen = reopen
        self._retry_seconds = retry_seconds
        self._broken = False
        self._urgent: list[Job] = []
        self._bulk: list[Job] = []
        self._bulk_size = 0
        self._flushing = 0
        self._tries = 0
        """How often in a row a mistake of ours stopped the writing; the first job is written alone meanwhile."""
        self._wipe_at: float | None = None
        """When a wipe that failed is tried again (the loop's seconds)."""
        self._wipe_wait = 0.0
        self._woken = asyncio.Event()
        self._hurry = asyncio.Event()
        self._turn = asyncio.Event()
        self._closing = asyncio.Event()
        self._writer: asyncio.Task[None] | None = None

    def start(self, file: CacheFile | None, why: str = "") -> None:
        """Begin to write; without a file, `why` says what is wrong, and opening is tried again."""
        self.file = file
        self._complain(why)
        self._writer = asyncio.create_task(self._write_all(), name="disk")

    async def close(self) -> None:
        """Write what waits, if the disk lets us, and close the file; that also where somebody ends this meanwhile."""
        self._closing.set()
        self._woken.set()
        self._hurry.set()
        try:
            if self._writer is not None:
                await self._writer
        finally:
            self._writer = None
            if self.file is not None:
                file, self.file = self.file, None
                await file.close(properly=not self._urgent and not self._bulk)

    @property
    def unsaved(self) -> int:
        """How many urgent things are not on the disk yet."""
        return len(self._urgent)

    def put(self, job: Job, *, urgent: bool) -> None:
        """Hand over a job. Urgent ones are written in their order, and before all others."""
        if urgent:
            self._urgent.append(job)
            self._hurry.set()
        else:
            self._bulk.append(job)
            self._bulk_size += job.size
            if job.wipe:
                self._hurry.set()
            if self._bulk_size > RECORDS_WAITING_MAX and self.trouble:
                self.give_up_records()
        self._woken.set()

    def give_up_records(self) -> None:
        """What can be fetched again goes out of memory, the rest stays."""
        self._bulk = [job for job in self._bulk if not job.fetchable]
        self._bulk_size = sum(job.size for job in self._bulk)
        self.on_lost()

    async def flush(self) -> None:
        """Wait until all that was handed over is on the disk, or the disk has said no."""
        self._flushing += 1
        self._hurry.set()
        try:
            while (self._urgent or self._bulk) and not self.trouble and self._writer is not None:
                self._turn.clear()
                await self._turn.wait()
        finally:
            self._flushing -= 1

    # -- the writer -----------------------------------------------------------------------------------------

    async def _write_all(self) -> None:
        while True:
            self._wipe_again()
            if not self._urgent and not self._bulk:
                if self._closing.is_set():
                    return
                self._woken.clear()
                await _event_or(self._woken, self._wipe_wait or None)
                continue
            if not self._urgent and not self._flushing and self._bulk_size < GROUP_MAX:
                await _event_or(self._hurry, GATHER_SECONDS)
            self._hurry.clear()
            written = await self._write_some()
            self._turn.set()
            if written:
                continue
            if self._closing.is_set():
                return
            await _event_or(self._closing, self._retry_seconds)

    async def _write_some(self) -> bool:
        """One transaction: everything urgent, or else a group of the rest. False when the disk said no."""
        try:
            if self.file is None:
                self.file = await self._reopen(self._broken)
                self._broken = False
            waiting, some, size = self._next_group()
            await self.file.write(statement for job in some for statement in job.statements)
            if some[0].wipe:
                await self._wipe(self.file)
        except FAULTS as error:
            await self._failed(error)
            return False
        except Exception as error:  # noqa: BLE001 - a mistake of ours must not end the writer
            await self._failed(error)
            self._set_aside(error)
            return False
        self._tries = 0
        if waiting is self._urgent:
            del self._urgent[: len(some)]
        else:
            del self._bulk[: len(some)]
            self._bulk_size -= size
        if self.trouble:
            self._complain("")
        for job in some:
            if job.then is not None:
                _call(job.then)
        return True

    async def _wipe(self, file: CacheFile) -> None:
        """Overwrite what is deleted by now. When that fails it is due again, and only a broken file stops the rest."""
        try:
            await file.wipe()
        except FAULTS as error:
            if is_broken(error):
                await self._failed(error)
                # the next file holds nothing that was deleted; this job sees to it that there is one
                self.put(Job([cache_file.GONE_WIPE]), urgent=False)
                self._wipe_is_done(
                    f"The deleted copy could not be overwritten: {why(error)}. It is in the file set aside."
                )
                return
            if not self._wipe_wait:
                self._tell_of_wipe(
                    f"The deleted copy is not overwritten yet: {why(error)}. It is tried again."
                )
            longest = self._retry_seconds * WIPE_RETRIES_MAX
            self._wipe_wait = min(self._wipe_wait * 2 or self._retry_seconds * WIPE_RETRIES, longest)
            self._wipe_at = asyncio.get_running_loop().time() + self._wipe_wait
        else:
            self._wipe_is_done("The deleted copy is overwritten now." if self._wipe_wait else "")

    def _wipe_is_done(self, sentence: str) -> None:
        self._wipe_at, self._wipe_wait = None, 0.0
        if sentence:
            self._tell_of_wipe(sentence)

    def _wipe_again(self) -> None:
        """Put a wipe that failed back among the rest, when its time has come."""
        if self._wipe_at is not None and asyncio.get_running_loop().time() >= self._wipe_at:
            self._wipe_at = None
            self.put(Job([cache_file.DUE_WIPE], wipe=True), urgent=False)

    def _tell_of_wipe(self, sentence: str) -> None:
        _call(lambda: self.on_wipe(sentence))

    def _next_group(self) -> tuple[list[Job], list[Job], int]:
        waiting = self._urgent or self._bulk
        some: list[Job] = []
        size = 0
        for job in waiting:
            if some and (self._tries or size + job.size > GROUP_MAX or job.wipe or some[0].wipe):
                break
            some.append(job)
            size += job.size
        return waiting, some, size

    async def _failed(self, error: Exception) -> None:
        if is_broken(error) and (self.file is None or self.file.path is not None):
            # After a failed flush the file may lack what it seems to hold: nothing more goes into it.
            if self.file is not None:
                await self.file.close()
            self.file, self._broken = None, True
        self._complain(why(error))

    def _set_aside(self, error: Exception) -> None:
        """Count a mistake of ours; after the third, the job that it is in makes way for those behind it."""
        self._tries += 1
        if self.file is None or self._tries <= TRIES_MAX:  # the first was perhaps another's of the group
            return
        waiting = self._urgent or self._bulk
        job = waiting.pop(0)
        if waiting is self._bulk:
            self._bulk_size -= job.size
        self._tries = 0
        _log.error("job_set_aside error=%s", type(error).__name__)
        self.given_up = (
            f"Something could not be saved on this desk because of a mistake in this program "
            f"({type(error).__name__}). What stands at SAVING is not on the disk: write it down elsewhere."
        )
        _call(self.on_trouble)

    def _complain(self, reason: str) -> None:
        before = self.trouble
        self.trouble = (
            f"Nothing can be saved on this desk: {reason}. It is tried again all the time." if reason else ""
        )
        if self.trouble != before:
            _call(self.on_trouble)


def is_broken(error: Exception) -> bool:
    """Whether a failure means that the file itself cannot be used any more."""
    if isinstance(error, sqlite3.Error):
        return cache_file.is_broken(error)
    return isinstance(error, (Unreadable, *NOT_OURS))


def why(error: Exception) -> str:
    """A failure as the end of a sentence."""
    if isinstance(error, (sqlite3.Error, OSError)):
        return cache_file.reason(error)
    if isinstance(error, Unreadable):
        return str(error)
    if isinstance(error, NOT_OURS):
        return "it holds something that is not ours"
    return f"a mistake in this program ({type(error).__name__})"


async def _event_or(event: asyncio.Event, seconds: float | None) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()


def _call(then: Callable[[], None]) -> None:
    """A caller's mistake must not end the writer: everything after it would be lost."""
    try:
        then()
    except Exception as error:  # noqa: BLE001
        _log.error("callback_failed error=%s", type(error).__name__)
