"""What is started in the terminal: the client on its desk's folder, and the bare app that it is compared with."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from bench.pane import Pane
from bench.rooms import TITLE
from bench.subjects import ROOT
from bench.wire import PeerError

BARE = "a bare app is here"
GUARD_SECONDS = 30.0


class Programs:
    """Starts and ends them, one at a time."""

    def __init__(self, screen: Pane, scratch: Path, port: int, token: Path) -> None:
        self.screen = screen
        self.probe = scratch / "probe.json"
        # Compiled modules are kept from one start to the next, as on a desk, whatever this environment says.
        self._env = {
            "COLORTERM": "truecolor",
            "PYTHONDONTWRITEBYTECODE": "",
            "PYTHONPYCACHEPREFIX": str(scratch / "pycache"),
        }
        self._client = ["-m", "incident_tui", "connect", f"ws://127.0.0.1:{port}"]
        self._client += ["--token-file", str(token), "--home", str(scratch / "home")]

    def start(self, kind: str, *, probe: bool = False) -> float:
        """Start the bare app ("bare") or the client; seconds until its words, or the incident's title, are painted."""
        words, sign = (["-m", "bench.bare", BARE], BARE) if kind == "bare" else (self._client, TITLE)
        env = {**self._env, "INCIDENT_TUI_PROBE": str(self.probe) if probe else ""}
        began = time.perf_counter()
        self.screen.start([sys.executable, *words], ROOT, env)
        return self.screen.until(lambda text: sign in text, f"the start of the {kind}", GUARD_SECONDS) - began

    def started(self, kind: str) -> float:
        """Start, wait until it is painted, and leave; the seconds. "client" must also be LIVE before it leaves."""
        seconds = self.start(kind)
        if kind == "client":
            self.screen.until(lambda text: "LIVE" in text, "the word LIVE", GUARD_SECONDS)
        self.leave()
        return seconds

    def pid(self) -> int:
        """The process in the terminal. It is left to the scheduler, as it is on a desk."""
        return int(self.screen.ask("pane_pid"))

    def leave(self) -> None:
        """Leave the program as a person does, and wait for its end."""
        self.screen.press("C-q")
        limit = time.perf_counter() + GUARD_SECONDS
        while self.screen.ask("pane_dead") != "1":
            if time.perf_counter() > limit:
                raise PeerError(f"the program did not end. The screen:\n{self.screen.screen()}")
            self.screen.read()
            time.sleep(0.02)
