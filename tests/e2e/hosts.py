"""Separate hosts on one machine: network namespaces of their own, joined by a bridge in yet another one.

Each host has one address and its own loopback; nothing of it is in the machine's own network. Their names hold this
process's number, so that what a run that was killed has left behind is known and cleared away by the next.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Self

import pytest

PREFIX = "itui"
NET = "192.0.2."  # TEST-NET-1 of RFC 5737: nobody's
SECONDS_MAX = 30


def why_not() -> str:
    """Why hosts cannot be made here; "" when they can."""
    if sys.platform != "linux":
        return "network namespaces are Linux's"
    if os.geteuid() != 0:
        return "network namespaces need root"
    if shutil.which("ip") is None:
        return "there is no ip command (iproute2)"
    name = f"{PREFIX}-{os.getpid()}-try"
    made = _ip("netns", "add", name, check=False)
    if made.returncode == 0:
        tried = _ip("-n", name, "link", "add", "name", "br0", "type", "bridge", check=False)
        _ip("netns", "del", name, check=False)
        made = tried
    return "" if made.returncode == 0 else f"no network namespace can be made: {made.stderr.strip()}"


def _ip(*words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["ip", *words], capture_output=True, text=True, check=check, timeout=SECONDS_MAX)


class Hosts:
    """Hosts by name, each at an address of its own."""

    def __init__(self, names: Sequence[str]) -> None:
        self._tag = f"{PREFIX}-{os.getpid()}"
        self._addresses = {name: f"{NET}{number}" for number, name in enumerate(names, start=10)}
        self._started: list[subprocess.Popen[Any]] = []

    @classmethod
    @contextlib.contextmanager
    def joined(cls, *names: str) -> Iterator[Self]:
        """Make them, and take all of it away at the end; skips the test where none can be made."""
        reason = why_not()
        if reason:
            pytest.skip(reason)
        _clear_what_was_left()
        hosts = cls(names)
        try:
            hosts._make()
            yield hosts
        finally:
            hosts._end()

    def _space(self, name: str) -> str:
        return f"{self._tag}-{name}"

    def _make(self) -> None:
        middle = self._space("middle")
        _ip("netns", "add", middle)
        _ip("-n", middle, "link", "add", "name", "br0", "type", "bridge")
        _ip("-n", middle, "link", "set", "br0", "up")
        for name, address in self._addresses.items():
            space = self._space(name)
            _ip("netns", "add", space)
            _ip(
                *("-n", middle, "link", "add", f"to-{name}", "type", "veth"),
                *("peer", "name", "eth0", "netns", space),
            )
            _ip("-n", middle, "link", "set", f"to-{name}", "master", "br0", "up")
            _ip("-n", space, "link", "set", "lo", "up")
            _ip("-n", space, "addr", "add", f"{address}/24", "dev", "eth0")
            _ip("-n", space, "link", "set", "eth0", "up")

    def _end(self) -> None:
        for process in self._started:
            if process.poll() is None:
                process.kill()
                process.wait(timeout=SECONDS_MAX)
        for name in (*self._addresses, "middle"):
            _remove(self._space(name))

    def address(self, name: str) -> str:
        return self._addresses[name]

    def words(self, name: str, *words: str) -> list[str]:
        """The command line that runs this on a host."""
        return ["ip", "netns", "exec", self._space(name), *words]

    def run(
        self, name: str, *words: str, seconds: float = 60, **kwargs: Any
    ) -> subprocess.CompletedProcess[str]:
        """Run this on a host to its end."""
        return subprocess.run(
            self.words(name, *words), capture_output=True, text=True, check=False, timeout=seconds, **kwargs
        )

    def start(self, name: str, *words: str, **kwargs: Any) -> subprocess.Popen[str]:
        """Set this going on a host; it is ended with the hosts."""
        process: subprocess.Popen[str] = subprocess.Popen(self.words(name, *words), text=True, **kwargs)
        self._started.append(process)
        return process

    def cut(self, name: str) -> None:
        """Pull the plug of a host: what is sent is lost, and nobody is told."""
        _ip("-n", self._space("middle"), "link", "set", f"to-{name}", "down")

    def mend(self, name: str) -> None:
        """Put the plug back."""
        _ip("-n", self._space("middle"), "link", "set", f"to-{name}", "up")


def _remove(space: str) -> None:
    """A namespace and whatever still runs in it, which can only be of this test."""
    listed = _ip("netns", "pids", space, check=False)
    for pid in map(int, listed.stdout.split()):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    _ip("netns", "del", space, check=False)


def _clear_what_was_left() -> None:
    for line in _ip("netns", "list").stdout.splitlines():
        space = line.split()[0]
        tag, _, rest = space.partition("-")
        pid = rest.partition("-")[0]
        if tag == PREFIX and pid.isdigit() and not Path(f"/proc/{pid}").exists():
            _remove(space)
