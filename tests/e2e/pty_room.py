"""The real client in a pseudo-terminal of the standard library: keys go in, and every byte it writes is kept."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

if sys.platform != "win32":
    import fcntl
    import termios

GUARD_SECONDS = 45.0
QUIET_SECONDS = 0.6


class Room:
    """A program on a pseudo-terminal. ``written`` is what it has said so far."""

    def __init__(
        self, words: Sequence[str], *, size: tuple[int, int], cwd: Path, env: dict[str, str]
    ) -> None:
        self._ours, theirs = os.openpty()
        columns, rows = size
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        kept = {
            name: value
            for name, value in env.items()
            if not name.startswith(("TEXTUAL", "NO_COLOR", "COLORTERM", "TERM_PROGRAM", "TMUX"))
        }
        kept |= {"TERM": "xterm-256color", "COLUMNS": str(columns), "LINES": str(rows)}
        kept |= {"PYTHONUTF8": "1", "TEXTUAL_ANIMATIONS": "none"}
        self.process = subprocess.Popen(
            words, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True, env=kept, cwd=cwd
        )
        os.close(theirs)
        self._chunks: list[bytes] = []
        self._heard = time.monotonic()
        self._over = threading.Event()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        while not self._over.is_set():
            ready, _, _ = select.select([self._ours], [], [], 0.1)
            if not ready:
                continue
            try:
                chunk = os.read(self._ours, 65_536)
            except OSError:  # the other end is closed
                return
            if not chunk:
                return
            self._chunks.append(chunk)
            self._heard = time.monotonic()

    @property
    def raw(self) -> bytes:
        return b"".join(self._chunks)

    @property
    def written(self) -> str:
        return self.raw.decode("utf-8", "surrogateescape")

    def press(self, keys: str) -> None:
        self.press_bytes(keys.encode())

    def press_bytes(self, keys: bytes) -> None:
        os.write(self._ours, keys)

    def wait_for(self, wanted: Callable[[str], bool] | str) -> None:
        """Until what it has written holds this, or fits the test."""
        test = wanted if callable(wanted) else lambda written: wanted in written
        deadline = time.monotonic() + GUARD_SECONDS
        while time.monotonic() < deadline:
            if test(self.written):
                return
            assert self.process.poll() is None, self.written[-3_000:]
            time.sleep(0.1)
        raise AssertionError(f"never wrote {wanted!r}; the last of it was:\n{self.written[-3_000:]!r}")

    def rest(self, seconds: float = QUIET_SECONDS, at_most: float = 6.0) -> None:
        """Until nothing was painted for a while (a clock may go on painting: then no longer than ``at_most``)."""
        deadline = time.monotonic() + at_most
        time.sleep(seconds / 2)
        while time.monotonic() < deadline and time.monotonic() - self._heard < seconds:
            time.sleep(0.05)

    def alive(self) -> bool:
        return self.process.poll() is None

    def hang_up(self) -> None:
        """Take the terminal away, as a killed terminal program does: no signal is sent to anybody."""
        self._over.set()
        self._reader.join(timeout=5)
        os.close(self._ours)
        self._ours = -1

    def close(self) -> None:
        if self.process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                self.process.send_signal(signal.SIGKILL)
        self.process.wait(timeout=10)
        self._over.set()
        self._reader.join(timeout=5)
        if self._ours >= 0:
            os.close(self._ours)


@contextlib.contextmanager
def room(words: Sequence[str], *, size: tuple[int, int], cwd: Path, env: dict[str, str]) -> Iterator[Room]:
    """A room that is gone when the block ends."""
    made = Room(words, size=size, cwd=cwd, env=env)
    try:
        yield made
    finally:
        made.close()
