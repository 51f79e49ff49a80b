"""A real terminal that a program is measured in: tmux, driven over one pipe in control mode.

What the program writes comes over the same pipe as it is written, so that a figure is taken when the bytes come
out, without asking for the screen again and again, which would be a load of its own. Each pane has a tmux server
and socket of its own; nobody else's tmux is touched.
"""

from __future__ import annotations

import codecs
import os
import re
import selectors
import shlex
import subprocess
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from bench.wire import PeerError

COLUMNS, ROWS = 140, 45
KEPT = 4_096
"""Characters of earlier output that are looked through again, for words that come in two pieces."""
_OCTAL = re.compile(rb"\\([0-7]{3})")
_ESCAPES = re.compile(
    r"\x1b(?:\[[0-9;:?<=>]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[PX^_].*?\x1b\\|[()*+].|[=>78cDEHM])",
    re.DOTALL,
)


class Pane:
    """One terminal. ``text`` is what has been written to it lately, without escape sequences."""

    def __init__(self, control: subprocess.Popen[bytes], tmux: Sequence[str]) -> None:
        self._control = control
        self._tmux = tmux
        self._rest = b""
        self._last = "it gave no reason"
        self._cut = ""
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        self.text = ""
        self.bytes = 0
        assert control.stdout is not None
        os.set_blocking(control.stdout.fileno(), False)
        self._selector = selectors.DefaultSelector()
        self._selector.register(control.stdout, selectors.EVENT_READ)

    def fileno(self) -> int:
        """For a selector."""
        assert self._control.stdout is not None
        return self._control.stdout.fileno()

    def command(self, *words: str) -> None:
        """Give tmux a command; its answer is not waited for."""
        assert self._control.stdin is not None
        self._control.stdin.write(shlex.join(words).encode() + b"\n")
        self._control.stdin.flush()

    def start(self, command: Sequence[str], cwd: Path, env: Mapping[str, str]) -> None:
        """Run a program in the pane, in place of what ran there before."""
        self.text = self._cut = ""
        given = [part for key, value in env.items() for part in ("-e", f"{key}={value}")]
        self.command(
            "respawn-pane", "-k", *given, "-c", str(cwd), "-t", "main", "exec " + shlex.join(command)
        )

    def press(self, *keys: str) -> None:
        """Press keys, by tmux's names."""
        self.command("send-keys", "-t", "main", *keys)

    def ask(self, what: str) -> str:
        """A fact about the pane, such as pane_pid."""
        done = subprocess.run(
            [*self._tmux, "display-message", "-p", "-t", "main", f"#{{{what}}}"],
            check=True, capture_output=True, text=True,
        )  # fmt: skip
        return done.stdout.strip()

    def screen(self) -> str:
        """What stands on the screen."""
        done = subprocess.run(
            [*self._tmux, "capture-pane", "-p", "-t", "main"], check=True, capture_output=True, text=True
        )
        return done.stdout

    def read(self) -> None:
        """Take what has been written meanwhile."""
        try:
            data = os.read(self.fileno(), 262_144)
        except BlockingIOError:
            return
        if not data:
            raise PeerError(f"tmux has ended: {self._last}")
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            if line.startswith(b"%output "):
                raw = _OCTAL.sub(lambda found: bytes([int(found[1], 8)]), line.split(b" ", 2)[2])
                self.bytes += len(raw)
                self._cut += self._decode(raw)
            elif line:
                self._last = line.decode("utf-8", "replace")
        end = self._cut.rfind("\x1b")
        whole = len(self._cut) if end < 0 or _ESCAPES.match(self._cut, end) else end
        self.text = self.text[-KEPT:] + _ESCAPES.sub("", self._cut[:whole])
        self._cut = self._cut[whole:]

    def until(self, ready: Callable[[str], object], what: str, seconds: float = 30.0) -> float:
        """Read until the text is as wanted; answers the moment (perf_counter). Raises PeerError with the screen."""
        limit = time.perf_counter() + seconds
        while not ready(self.text):
            left = limit - time.perf_counter()
            if left <= 0:
                raise PeerError(f"{what} was never painted. The screen:\n{self.screen()}")
            if self._selector.select(left):
                self.read()
        return time.perf_counter()


@contextmanager
def pane(columns: int = COLUMNS, rows: int = ROWS) -> Iterator[Pane]:
    """A terminal in which nothing runs yet but ``cat``."""
    tmux = ["tmux", "-L", f"bench-{uuid.uuid4().hex[:10]}", "-f", os.devnull]
    size = ["-x", str(columns), "-y", str(rows)]
    subprocess.run([*tmux, "new-session", "-d", "-s", "main", *size, "cat"], check=True, capture_output=True)
    control: subprocess.Popen[bytes] | None = None
    try:
        for option in (
            ("remain-on-exit", "on"),
            ("window-size", "manual"),
            ("default-terminal", "tmux-256color"),
        ):
            subprocess.run([*tmux, "set-option", "-g", *option], check=True, capture_output=True)
        control = subprocess.Popen(
            [*tmux, "-C", "attach-session", "-t", "main"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        yield Pane(control, tmux)
    finally:
        subprocess.run([*tmux, "kill-server"], check=False, capture_output=True)
        if control is not None:
            control.communicate()
