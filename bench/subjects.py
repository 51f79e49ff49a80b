"""The two that are measured, as processes on loopback: the floor, and the real server on a scratch data folder."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench.scene import AGENCY, HELLO, new_stream, opening
from bench.wire import Peer, PeerError
from incident.kernel import protocol
from server.settings import BOUNDS

ROOT = Path(__file__).resolve().parent.parent
SERVER_CORE, LOAD_CORE = 0, 1
START_SECONDS = 30


@dataclass(frozen=True)
class Subject:
    """Something that listens."""

    name: str
    port: int
    pid: int
    publisher: str
    watcher: str
    stream: str


def pin(pid: int, core: int) -> None:
    """Keep a process on one core, where the system can; on a machine with one core there is nothing to choose."""
    if hasattr(os, "sched_setaffinity") and (os.cpu_count() or 1) > core:
        os.sched_setaffinity(pid, {core})


def said(process: subprocess.Popen[str], what: str) -> str:
    """The first line of a process that starts; one that says nothing for long is stopped."""
    assert process.stdout is not None
    guard = threading.Timer(START_SECONDS, process.kill)
    guard.start()
    try:
        line = process.stdout.readline()
    finally:
        guard.cancel()
    if not line:
        raise PeerError(f"{what} did not start")
    return line


def port_of(line: str) -> int:
    """The port in what a server says when it is ready."""
    found = re.search(r":(\d+) ", line)
    if found is None:
        raise PeerError(f"the server did not say its port: {line[:200]}")
    return int(found[1])


@contextmanager
def floor(scratch: Path) -> Iterator[Subject]:
    """A fresh floor."""
    command = [sys.executable, "-m", "bench.floor", str(scratch / "floor.db")]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        pin(process.pid, SERVER_CORE)
        yield Subject("floor", int(said(process, "the floor")), process.pid, "-", "-", new_stream())
    finally:
        process.kill()
        process.communicate()


def server_says(*arguments: str) -> str:
    """What a command of the server's command line prints."""
    command = [sys.executable, "-m", "server", *arguments]
    done = subprocess.run(
        command, cwd=ROOT, check=True, capture_output=True, text=True, timeout=START_SECONDS
    )
    return done.stdout


UNBOUND: Final = (
    "connections_per_agency",
    "connections_per_user",
    "per_user_rate",
    "per_user_burst",
    "per_user_backlog",
    "per_agency_rate",
    "per_agency_burst",
    "per_agency_backlog",
)
"""Limits raised out of the way: one user is a whole control room here, and the figures are to be the server's."""


def make_folder(folder: Path, *, unbound: bool = True) -> tuple[str, str]:
    """A data folder with two tokens: one who writes, one for all who watch. ``unbound``: without the limits."""
    server_says("init", str(folder), "--plain")
    with (folder / "server.yaml").open("a", encoding="utf-8") as settings:
        settings.writelines(f"{name}: {BOUNDS[name][1]}\n" for name in UNBOUND if unbound)
    tokens = [
        server_says("token", str(folder), "--agency", AGENCY, "--role", "operator", "--name", name).strip()
        for name in ("EOC desk 1", "EOC wall")
    ]
    return tokens[0], tokens[1]


@contextmanager
def running(folder: Path, publisher: str, watcher: str, stream: str = "") -> Iterator[Subject]:
    """The real server on a data folder; without a stream, one incident is opened."""
    command = [sys.executable, "-m", "server", "run", str(folder), "--port", "0"]
    log = (folder.parent / f"{folder.name}.stderr").open("w")
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=log, text=True)
    try:
        pin(process.pid, SERVER_CORE)
        port = port_of(said(process, "the server"))
        yield Subject("server", port, process.pid, publisher, watcher, stream or opened(port, publisher))
    except PeerError as error:
        log.flush()
        told = Path(log.name).read_text(encoding="utf-8", errors="replace").strip()
        raise PeerError(f"{error}; the server's last words: {told[-400:]}") from error
    finally:
        process.terminate()
        try:
            process.communicate(timeout=15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
        log.close()


@contextmanager
def server(scratch: Path) -> Iterator[Subject]:
    """A fresh server with one open incident."""
    publisher, watcher = make_folder(scratch / "server")
    with running(scratch / "server", publisher, watcher) as subject:
        yield subject


def opened(port: int, token: str) -> str:
    """Open an incident through the front door; answers its stream."""
    stream = new_stream()
    answers: list[bytes] = []
    peer = Peer(port, token, answers.append)
    peer.send(HELLO)
    peer.send(protocol.encode(opening(stream)))
    peer.until(lambda: any(b'"accepted"' in a or b'"refused"' in a for a in answers))
    peer.sock.close()
    refused = [answer for answer in answers if b'"refused"' in answer]
    if refused:
        raise PeerError(refused[0].decode())
    return stream
