"""Other rooms at work: each trust's desk sets statuses of its units, so many a second, each a durable command.

    python -m bench.feeder        with one line of JSON on standard input:

    {"port": 1, "stream": "incident/...", "tokens": {"LAS": "..."},
     "units": {"LAS": [["LAS/A001", "version", "MOB"]]}, "rate": 1000, "seconds": 20}

says "ready", begins when another line comes in, and prints one JSON line at its end. A unit goes MOB, SCN, RVP
and round again, each a legal step on the version seen; a refusal makes the run void. The rate is kept by the
clock: what the server cannot take is not sent, and the rate reached says so. How the units stand at the end is in
the answer.
"""

from __future__ import annotations

import random
import selectors
import sys
import time
from collections import deque
from typing import Any

import msgspec

from bench.rooms import MARKED, Ids, Unit, frame_of
from bench.scene import HELLO
from bench.wire import Peer, PeerError, masked
from incident.resources import facts as resources_facts

NEXT = {"MOB": "SCN", "SCN": "RVP", "RVP": "MOB"}
IN_FLIGHT_MAX = 100
"""Of one desk; the server answers no more than 256 at a time."""
TURN_SECONDS = 0.002
DRAIN_SECONDS = 10.0
SEED = 7


class Task(msgspec.Struct):
    """The whole order."""

    port: int
    stream: str
    tokens: dict[str, str]
    units: dict[str, list[Unit]]
    rate: float
    seconds: float


class Desk:
    """One trust's connection, and its units in the order in which they come round."""

    def __init__(self, task: Task, trust: str) -> None:
        self.stream = task.stream
        units = list(task.units[trust])
        random.Random(SEED).shuffle(units)
        self.turn = deque(unit for unit in units if not unit[0].endswith(f"/{MARKED}"))
        self.ids = Ids()
        self.sent: deque[float] = deque()
        self.latencies: list[float] = []
        self.peer = Peer(task.port, task.tokens[trust], self.answered)
        self.peer.send(HELLO)
        self.peer.until(lambda: self.peer.frames > 0)

    def answered(self, payload: bytes) -> None:
        """Acknowledgements, joined as the server likes."""
        if payload.startswith(b'{"frame":"accepted"'):
            at = time.perf_counter()
            for _ in range(payload.count(b'"command_id":')):
                self.latencies.append(at - self.sent.popleft())
        elif payload.startswith((b'{"frame":"refused"', b'{"frame":"error"')):
            raise PeerError(payload[:300].decode(errors="replace"))

    def send(self, count: int) -> int:
        """Send the next changes, as many as may be in flight; answers how many."""
        count = min(count, IN_FLIGHT_MAX - len(self.sent))
        frames = []
        for _ in range(max(0, count)):
            key, version, status = self.turn.popleft()
            command_id = self.ids.new()
            command = resources_facts.SetStatus(key, NEXT[status])
            frames.append(masked(frame_of(self.stream, command, {key: version}, command_id)))
            self.turn.append((key, command_id, command.status))
        if frames:
            self.sent.extend([time.perf_counter()] * len(frames))
            self.peer.sock.setblocking(True)
            self.peer.sock.sendall(b"".join(frames))
            self.peer.sock.setblocking(False)
        return len(frames)


def feed(desks: list[Desk], task: Task) -> dict[str, Any]:
    """Keep the rate for the time asked, desk by desk in turn; then wait for the last answers."""
    selector = selectors.DefaultSelector()
    for desk in desks:
        desk.peer.sock.setblocking(False)
        selector.register(desk.peer.sock, selectors.EVENT_READ, desk)
    start, sent, turn = time.perf_counter(), 0, 0
    while (passed := time.perf_counter() - start) < task.seconds:
        due = int(passed * task.rate) - sent
        while due > 0:
            portion = desks[turn % len(desks)].send(min(due, 2))
            turn += 1
            sent += portion
            due -= portion
            if not portion and all(len(desk.sent) >= IN_FLIGHT_MAX for desk in desks):
                sent += due  # not taken: what is not sent now is not sent at all
                break
        for key, _ in selector.select(TURN_SECONDS):
            key.data.peer.read()
    took = time.perf_counter() - start
    while any(desk.sent for desk in desks):
        if time.perf_counter() - start - took > DRAIN_SECONDS:
            raise PeerError("the server did not answer every change")
        for key, _ in selector.select(0.05):
            key.data.peer.read()
    latencies = sorted(latency for desk in desks for latency in desk.latencies)
    return {
        "rate": len(latencies) / took,
        "ack_p50_ms": 1e3 * latencies[len(latencies) // 2],
        "ack_p99_ms": 1e3 * latencies[int(len(latencies) * 0.99)],
        "units": {trust: list(desk.turn) for trust, desk in zip(task.tokens, desks, strict=True)},
    }


def main() -> None:
    """Wait for the word, feed, say what was reached."""
    task = msgspec.json.decode(sys.stdin.readline(), type=Task)
    desks = [Desk(task, trust) for trust in task.tokens]
    print("ready", flush=True)
    sys.stdin.readline()
    print(msgspec.json.encode(feed(desks, task)).decode(), flush=True)


if __name__ == "__main__":
    try:
        main()
    except PeerError as error:
        sys.exit(f"the run is void: {error}")
