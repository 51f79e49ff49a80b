"""One user sends 10,000 frames a second; what do the others' acknowledgements wait? A server with its own limits.

    python -m bench abuse [--seconds 4] [--rounds 2]

Without and with the abuse in turn, in one run, on one server, since absolute figures are worth little here. The
abuser is of the same agency as the others, so that they share the agency's budget, too.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import selectors
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import quantiles
from typing import Any

from bench.scene import AGENCY, HELLO, Commands
from bench.subjects import LOAD_CORE, ROOT, Subject, make_folder, pin, running, server_says
from bench.wire import Peer, PeerError, masked
from incident.kernel import protocol
from incident.kernel.protocol import Heartbeat

DESKS = 6
EVERY_SECONDS = 0.1
"""Each desk writes so often, or when its last command is answered: half of what a user may."""

RATE = 10_000
AT_ONCE = 100
KINDS = ("commands", "heartbeats", "pings", "garbage")
GOAL = 2.0


class Desk:
    """One command at a time, and how long each waited."""

    def __init__(self, subject: Subject, token: str, selector: selectors.BaseSelector) -> None:
        self.waits: list[float] = []
        self._commands = Commands(subject.stream)
        self._sent: float | None = None
        self.next = 0.0
        self.peer = Peer(subject.port, token, self._answered)
        self.peer.send(HELLO)
        self.peer.until(lambda: self.peer.frames > 0)
        self.peer.sock.setblocking(False)
        selector.register(self.peer.sock, selectors.EVENT_READ, self.peer)

    def _answered(self, payload: bytes) -> None:
        if payload.startswith(b'{"frame":"accepted"') and self._sent is not None:
            self.waits.append(time.perf_counter() - self._sent)
            self._sent = None
        elif payload.startswith(b'{"frame":"refused"'):
            raise PeerError(payload[:300].decode(errors="replace"))

    def write(self, now: float) -> None:
        """The next command, if its time has come."""
        if self._sent is None and now >= self.next:
            self._sent, self.next = now, now + EVERY_SECONDS
            self.peer.send(self._commands.next())


def measured(desks: list[Desk], selector: selectors.BaseSelector, seconds: float) -> list[float]:
    """So long of ordinary writing; how long each command waited."""
    start = time.perf_counter()
    for number, desk in enumerate(desks):
        desk.waits, desk.next = [], start + EVERY_SECONDS * number / len(desks)
    while (now := time.perf_counter()) < start + seconds:
        for desk in desks:
            desk.write(now)
        for key, _ in selector.select(0.002):
            key.data.read()
    return [wait for desk in desks for wait in desk.waits]


def flood(order: dict[str, Any]) -> dict[str, int]:
    """Offer so many frames of a kind each second, as far as the socket takes them; come back when it is ended."""
    with contextlib.suppress(AttributeError, OSError):
        os.nice(10)  # it shares the core of those who measure, and the server is what is measured
    commands = Commands(order["stream"])
    fixed = {
        "heartbeats": masked(protocol.encode(Heartbeat(sent_at=1))),
        "pings": masked(b"", 9),
        "garbage": masked(b"{"),
    }.get(order["kind"])
    end, offered, taken, lines = time.perf_counter() + order["seconds"], 0, 0, 0
    peer: Peer | None = None
    rest = b""
    due = time.perf_counter()
    while (now := time.perf_counter()) < end:
        if now < due:
            time.sleep(due - now)
        due += AT_ONCE / RATE
        offered += AT_ONCE
        try:
            if peer is None:
                peer, rest, lines = Peer(order["port"], order["token"]), b"", lines + 1
                peer.send(HELLO)
                peer.sock.setblocking(False)
            if not rest:
                rest = b"".join(fixed or masked(commands.next()) for _ in range(AT_ONCE))
            with contextlib.suppress(BlockingIOError):
                sent = peer.sock.send(rest)
                taken += len(rest[:sent]) * AT_ONCE // max(1, len(rest)) if sent < len(rest) else AT_ONCE
                rest = rest[sent:]
            peer.read()
        except (OSError, PeerError):
            peer = None
    return {"offered": offered, "written": taken, "lines": lines}


def abused(subject: Subject, token: str, kind: str, seconds: float) -> subprocess.Popen[str]:
    """The abuser, as a process of its own."""
    order = {
        "port": subject.port,
        "token": token,
        "stream": subject.stream,
        "kind": kind,
        "seconds": seconds,
    }
    command = [sys.executable, "-m", "bench.abuse", json.dumps(order)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    pin(process.pid, LOAD_CORE)
    return process


def percentile(waits: list[float], percent: int) -> float:
    """In ms."""
    return quantiles(waits, n=100, method="inclusive")[percent - 1] * 1000


def rows(subject: Subject, tokens: list[str], abuser: str, seconds: float, rounds: int) -> list[str]:
    """A line for each kind of abuse."""
    selector = selectors.DefaultSelector()
    desks = [Desk(subject, token, selector) for token in tokens]
    measured(desks, selector, 1.0)
    lines = []
    for kind in KINDS:
        calm: list[float] = []
        under: list[float] = []
        written = offered = 0
        for _ in range(rounds):
            calm += measured(desks, selector, seconds)
            process = abused(subject, abuser, kind, seconds + 1.0)
            measured(desks, selector, 0.7)  # until it has started
            under += measured(desks, selector, seconds)
            found = json.loads(process.communicate(timeout=60)[0])
            written, offered = written + found["written"], offered + found["offered"]
        p99 = percentile(calm, 99), percentile(under, 99)
        lines.append(
            f"| {kind} | {offered / rounds / (seconds + 1.0):,.0f} | {written / rounds / (seconds + 1.0):,.0f} "
            f"| {percentile(calm, 50):.1f} | {percentile(under, 50):.1f} | {p99[0]:.1f} | {p99[1]:.1f} "
            f"| **{p99[1] / p99[0]:.2f}** | ≤ {GOAL:g} |"
        )
    return lines


def table(seconds: float, rounds: int) -> str:
    """The figures as a table in Markdown."""
    with tempfile.TemporaryDirectory(prefix="incident-bench-") as scratch:
        folder = Path(scratch) / "abuse"
        publisher, _ = make_folder(folder, unbound=False)
        tokens = [
            server_says(
                "token", str(folder), "--agency", AGENCY, "--role", "operator", "--name", name
            ).strip()
            for name in (*(f"Desk {number}" for number in range(DESKS)), "Abuser")
        ]
        with running(folder, publisher, "") as subject:
            found = rows(subject, tokens[:-1], tokens[-1], seconds, rounds)
    head = (
        "| abuse | frames/s offered | taken by the socket | ack p50, ms | under abuse | ack p99, ms "
        "| under abuse | ratio | goal |"
    )
    return "\n".join([head, "|---|---:|---:|---:|---:|---:|---:|---:|---|", *found])


def main(words: list[str]) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench abuse", description=__doc__)
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--rounds", type=int, default=2)
    asked = parser.parse_args(words)
    print(table(asked.seconds, asked.rounds))
    return 0


if __name__ == "__main__":
    print(json.dumps(flood(json.loads(sys.argv[1]))))
