"""A real terminal for tests: tmux runs a program, keys are typed, the screen is read.

Nothing is asserted about time: `wait_for` has a generous hang guard and fails with the last screen.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Self

GUARD_SECONDS = 45.0


class Terminal:
    """One tmux session on a server socket of its own, so that nobody else's tmux is ever touched."""

    def __init__(self, socket: str, session: str) -> None:
        self._tmux = ["tmux", "-L", socket]
        self._session = session

    @classmethod
    @contextlib.contextmanager
    def running(
        cls,
        command: str,
        *,
        size: tuple[int, int] = (120, 40),
        cwd: Path | None = None,
        env: dict[str, str] | None = None,
    ) -> Iterator[Self]:
        """Start a command in a terminal of this size; the tmux server ends with the block."""
        name = f"itui-{uuid.uuid4().hex[:10]}"
        terminal = cls(name, "main")
        words = ["new-session", "-d", "-s", "main", "-x", str(size[0]), "-y", str(size[1])]
        for key, value in (env or {}).items():
            words += ["-e", f"{key}={value}"]
        if cwd is not None:
            words += ["-c", str(cwd)]
        terminal._run(*words, command)
        terminal._run("set-option", "-g", "remain-on-exit", "on")
        try:
            yield terminal
        finally:
            subprocess.run([*terminal._tmux, "kill-server"], check=False, capture_output=True)

    def _run(self, *words: str) -> str:
        # The size is the terminal's own, whatever the environment of whoever runs the tests says.
        environment = {
            name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES", "TMUX")
        }
        done = subprocess.run(
            [*self._tmux, *words], check=True, capture_output=True, text=True, env=environment
        )
        return done.stdout

    def screen(self, *, colours: bool = False) -> str:
        """What the terminal shows now."""
        extra = ["-e"] if colours else []
        return self._run("capture-pane", "-p", *extra, "-t", self._session)

    def press(self, *keys: str) -> None:
        """Press named keys, in tmux's names: Enter, Escape, Tab, Up, C-c, or one character."""
        self._run("send-keys", "-t", self._session, *keys)

    def type(self, text: str) -> None:
        """Type text literally."""
        self._run("send-keys", "-t", self._session, "-l", text)

    def resize(self, columns: int, rows: int) -> None:
        """Change the size of the terminal."""
        self._run("resize-window", "-t", self._session, "-x", str(columns), "-y", str(rows))

    def wait_for(self, wanted: str | Callable[[str], bool], *, seconds: float = GUARD_SECONDS) -> str:
        """The screen once it shows the text (or fits the test); fails with the last screen otherwise."""
        test = wanted if callable(wanted) else lambda screen: wanted in screen
        deadline = time.monotonic() + seconds
        screen = ""
        while time.monotonic() < deadline:
            screen = self.screen()
            if test(screen):
                return screen
            time.sleep(0.1)
        raise AssertionError(f"never showed {wanted!r}; the last screen was:\n{screen}")

    def pid(self) -> int:
        """The process id of the program in the terminal (of the shell that started it, if there is one)."""
        return int(self._run("display-message", "-p", "-t", self._session, "#{pane_pid}").strip())

    def kill(self) -> None:
        """kill -9 the program in the terminal."""
        os.kill(self.pid(), signal.SIGKILL)

    def signal_stop(self) -> None:
        """Freeze the program: it neither reads keys nor frames until `signal_go`."""
        os.kill(self.pid(), signal.SIGSTOP)

    def signal_go(self) -> None:
        """Let a frozen program go on."""
        os.kill(self.pid(), signal.SIGCONT)

    def dead(self) -> bool:
        """Whether the program has ended."""
        return self._run("display-message", "-p", "-t", self._session, "#{pane_dead}").strip() == "1"


def missing() -> str | None:
    """Why these tests cannot run here, or None."""
    return None if shutil.which("tmux") else "tmux is not installed"
