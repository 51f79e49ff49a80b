"""Control rooms in real terminals on a real server: how the end-to-end tests set their scene."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from tests.e2e.terminal import Terminal

ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENT = {
    **{name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "TMUX")},
    "PYTHONPATH": str(ROOT),
}


def free_port() -> int:
    """A port of loopback that nobody uses at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class House:
    """A server with tokens for three trusts, which can be killed and started again on its port."""

    program: tuple[str, ...] = ("-m", "server")
    """What is served with; a test may put a careless server in its place."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.port = free_port()
        self.process: subprocess.Popen[str] | None = None
        self.said = ""
        assert self.run("init", str(self.data), "--plain").returncode == 0
        for agency in ("LAS", "SCAS", "SECAMB"):
            made = self.run(
                "token", str(self.data), "--agency", agency, "--role", "operator", "--name", "Desk 1",
                "--out", str(self.token(agency)),
            )  # fmt: skip
            assert made.returncode == 0, made.stderr
            table = str(ROOT / "config" / "demo" / f"{agency}.csv")
            taken = self.run("register", "import", str(self.data), table, "--agency", agency)
            assert taken.returncode == 0, taken.stderr

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """The server's command line, to its end."""
        return subprocess.run(
            [sys.executable, "-m", "server", *words],
            capture_output=True, text=True, env=ENVIRONMENT, timeout=60, check=False, cwd=self.folder,
        )  # fmt: skip

    def token(self, agency: str) -> Path:
        """The file with the token of a trust's first desk."""
        return self.folder / f"{agency}.token"

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it and wait until it listens."""
        with (self.folder / "server.log").open("a") as log:
            self.process = subprocess.Popen(
                [sys.executable, *self.program, "run", str(self.data), "--port", str(self.port)],
                stdout=log, stderr=log, text=True, env=ENVIRONMENT, cwd=self.folder,
            )  # fmt: skip
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.1)
        raise AssertionError(f"the server never listened: {self.log()}")

    def kill(self) -> None:
        """kill -9 (on Windows, the like of it)."""
        assert self.process is not None
        self.process.kill()
        self.process.wait(timeout=10)
        self.process = None

    def stop(self) -> None:
        """Stop it in order, if it runs."""
        if self.process is not None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(timeout=20)
            self.process = None

    def log(self) -> str:
        """What the server printed."""
        return (self.folder / "server.log").read_text(encoding="utf-8")

    @contextlib.contextmanager
    def room(self, agency: str, size: tuple[int, int] = (120, 40), *more: str) -> Iterator[Terminal]:
        """A control room: the real client in a real terminal."""
        environment = {"PYTHONPATH": str(ROOT), "INCIDENT_TUI_HOME": str(self.folder / f"home-{agency}")}
        words = " ".join((
            sys.executable, "-m", "incident_tui", "connect", self.url, "--token-file", str(self.token(agency)), *more,
        ))  # fmt: skip
        with Terminal.running(words, size=size, cwd=self.folder, env=environment) as terminal:
            yield terminal

    def client(self, agency: str, *words: str) -> subprocess.CompletedProcess[str]:
        """The client without a screen, on a seat of its own."""
        command, *rest = words
        home = str(self.folder / f"home-{agency}-script")
        return subprocess.run(
            [sys.executable, "-m", "incident_tui", command, self.url, "--token-file", str(self.token(agency)), *rest],
            capture_output=True, text=True, timeout=90, check=False, cwd=self.folder,
            env={**ENVIRONMENT, "INCIDENT_TUI_HOME": home},
        )  # fmt: skip

    def log_lines(self, agency: str) -> str:
        """The whole log as `tail --json` prints it; tail goes on for ever, so it is ended after a silence."""
        words = [
            sys.executable,
            "-m",
            "incident_tui",
            "tail",
            self.url,
            "--token-file",
            str(self.token(agency)),
        ]
        environment = {**ENVIRONMENT, "INCIDENT_TUI_HOME": str(self.folder / f"home-{agency}-tail")}
        with (self.folder / "tail.txt").open("w") as out:
            tail = subprocess.Popen(
                [*words, "--json", "--lines", "1000"],
                stdout=out,
                stderr=out,
                env=environment,
                cwd=self.folder,
            )
            said, before = "", "-"
            while said != before or not said:
                time.sleep(1.5)
                said, before = (self.folder / "tail.txt").read_text(encoding="utf-8"), said
            tail.terminate()
            tail.wait(timeout=10)
        return said


def command_line(room: Terminal, line: str) -> None:
    """Type a line of words behind `:` and send it."""
    room.press(":")
    time.sleep(0.3)
    room.type(line)
    time.sleep(0.2)
    room.press("Enter")
    time.sleep(0.4)
