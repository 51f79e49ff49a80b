"""Does the disk of the log still take what is written to it, while nobody writes?

A file of a few bytes beside the log is written and flushed every two seconds, by a thread of its own: a disk that hangs
stops that thread and nothing else. It shows that the disk works, not that a command would be taken; what is waiting to
be committed has a measure of its own (``Hub.disk_silent``).
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

SECONDS: Final = 2.0
OLD_SECONDS: Final = 5.0
"""A disk that has taken nothing for so long is not ready."""


class Probe:
    """Writes while it runs. ``age`` is how long ago the disk last took something; ``wal`` the size of the write-ahead
    log in bytes, as it was then. ``room`` is the store's, which says that.
    """

    def __init__(self, path: Path, room: Callable[[], tuple[int, int]]) -> None:
        self._path = path
        self._room = room
        self.wal = 0
        self._last = time.monotonic()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="probe", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End, soon; a thread that hangs on a broken disk is left behind."""
        self._over.set()

    def age(self) -> float:
        """Seconds since the disk last took something."""
        return time.monotonic() - self._last

    def _run(self) -> None:
        while True:
            if self.once():
                self._last = time.monotonic()
                self.wal = self._room()[1]
            if self._over.wait(SECONDS):
                return

    def once(self) -> bool:
        """Write and flush; False when the disk says no."""
        try:
            handle = os.open(self._path, os.O_CREAT | os.O_WRONLY | getattr(os, "O_BINARY", 0), 0o600)
            try:
                os.write(handle, b"%020d\n" % time.time_ns())
                os.fsync(handle)
            finally:
                os.close(handle)
        except OSError:
            return False
        return True
