"""A client whose terminal has gone ends by itself.

A window that is closed sends SIGHUP, and most clients end by that. But it does not reach a client started behind
`nohup`, in a session of its own, or below a terminal program that was killed. Textual then reads the end of the file
for ever, with a whole core. So a thread of its own, which no stuck event loop can stop, looks now and then whether
the terminal is still there. What was written is on the disk before it is called QUEUED, so nothing is lost.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Final

if sys.platform != "win32":
    import select
    import termios

GONE: Final = 129
"""The exit code of a client whose terminal has gone: as a shell tells of an end by SIGHUP."""
LOOK_SECONDS: Final = 0.5
GRACE_SECONDS: Final = 4.0
"""So long the client may take to leave in order; then it is ended where it stands."""
LAST_SECONDS: Final = 10.0
"""And so long to close its copy and be gone, once it has left."""


def hung_up(descriptor: int) -> bool:
    """Whether the terminal behind this has gone. On Windows the console ends its programs itself."""
    if sys.platform == "win32":
        return False
    try:
        poll = select.poll()
        poll.register(descriptor, 0)  # hang-up and error are told without being asked for
        if any(told & (select.POLLHUP | select.POLLERR | select.POLLNVAL) for _, told in poll.poll(0)):
            return True
        termios.tcgetattr(descriptor)
    except (OSError, termios.error):
        return True
    return False


class Watch:
    """Looks after one terminal until `stop`; calls `leave` in the event loop once it has gone."""

    def __init__(
        self, descriptor: int, leave: Callable[[], None], *, end: Callable[[int], None] = os._exit
    ) -> None:
        """`end` is what ends a process that does not leave in time. To be made where a loop runs."""
        self._descriptor = descriptor
        self._leave = leave
        self._end = end
        self._loop = asyncio.get_running_loop()
        self._over = threading.Event()
        self._told = threading.Event()
        self._thread = threading.Thread(target=self._look, name="terminal", daemon=True)

    def start(self) -> None:
        """Look from now on."""
        self._thread.start()

    def stop(self) -> None:
        """The client has left, or is about to."""
        self._over.set()
        self._told.set()

    def tell(self) -> None:
        """The terminal is known to be gone: leave."""
        self._told.set()

    def _look(self) -> None:
        while not self._told.wait(LOOK_SECONDS) and not hung_up(self._descriptor):
            pass
        if self._over.is_set():
            return
        _nowhere(self._descriptor)
        with contextlib.suppress(RuntimeError):  # the loop has just closed
            self._loop.call_soon_threadsafe(self._leave)
        if self._over.wait(GRACE_SECONDS):
            # It has left, and a program that ends takes this thread with it. One has hung in its framework's last
            # tasks for ever, reading the end of the file with a whole core.
            time.sleep(LAST_SECONDS)
        self._end(GONE)


def _nowhere(descriptor: int) -> None:
    """What is still painted goes nowhere: a write to a terminal that has gone fails, and its queue would fill."""
    if not hung_up(descriptor):
        return
    with contextlib.suppress(OSError):
        nothing = os.open(os.devnull, os.O_RDWR)
        for standard in (0, 1, 2):
            if os.isatty(standard) or hung_up(standard):
                os.dup2(nothing, standard)
        os.close(nothing)


@contextlib.contextmanager
def watching(leave: Callable[[], None]) -> Iterator[None]:
    """While the block lasts, `leave` is called once the terminal has gone, or somebody asks the process to end."""
    stdin = sys.__stdin__
    if sys.platform == "win32" or stdin is None or not stdin.isatty():
        yield
        return
    watch = Watch(stdin.fileno(), leave)
    loop = asyncio.get_running_loop()
    asked = [one for one in (signal.SIGHUP, signal.SIGTERM) if signal.getsignal(one) is signal.SIG_DFL]
    for one in asked:
        loop.add_signal_handler(one, watch.tell)
    watch.start()
    try:
        yield
    finally:
        watch.stop()
        for one in asked:
            loop.remove_signal_handler(one)
