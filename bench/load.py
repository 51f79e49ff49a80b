"""The load: one publisher and N watchers in one process, without asyncio.

    python -m bench.load '{"port": 1, "publisher": "token", "watcher": "token", "stream": "incident/...",
                           "phases": [{"watchers": 50, "in_flight": 50, "seconds": 3}], "server": PID}'

prints one JSON line a phase. A phase counts only when every watcher was given every record: their bytes must be
equal, and every so many of them count the records themselves.
"""

from __future__ import annotations

import os
import selectors
import sys
import time
from collections import deque
from typing import Any

import msgspec

from bench.scene import HELLO, Commands, watch
from bench.wire import Peer, PeerError, masked

SAMPLE_EVERY = 25
DRAIN_SECONDS = 10.0
WARM_SECONDS = 0.5


class Phase(msgspec.Struct):
    """What to do for how long."""

    watchers: int
    in_flight: int
    seconds: float


class Task(msgspec.Struct):
    """The whole order."""

    port: int
    publisher: str
    watcher: str
    stream: str
    phases: list[Phase]
    server: int


class Sample:
    """A watcher that counts records."""

    def __init__(self) -> None:
        self.records = 0
        self.ready = False

    def take(self, payload: bytes) -> None:
        if payload.startswith(b'{"frame":"records"'):
            self.records += payload.count(b'"command_id":')
        elif payload.startswith(b'{"frame":"watching"'):
            self.ready = True


class Load:
    """Publisher, watchers and their counters."""

    def __init__(self, task: Task) -> None:
        self.task = task
        self.commands = Commands(task.stream)
        self.watchers: list[Peer] = []
        self.samples: list[Sample] = []
        self.selector = selectors.DefaultSelector()
        self.sent: deque[float] = deque()
        self.latencies: list[float] = []
        self.acked = 0
        self.free = 0
        self.sending = False
        self.publisher = Peer(task.port, task.publisher, self.answered)
        self.publisher.send(HELLO)
        self.publisher.until(lambda: self.publisher.frames > 0)
        self.publisher.sock.setblocking(False)
        self.selector.register(self.publisher.sock, selectors.EVENT_READ, self.publisher)

    def answered(self, payload: bytes) -> None:
        """A frame for the publisher: acknowledgements, joined as the server likes."""
        if payload.startswith(b'{"frame":"accepted"'):
            at = time.perf_counter()
            for _ in range(payload.count(b'"command_id":')):
                self.latencies.append(at - self.sent.popleft())
                self.acked += 1
                self.free += 1
        elif payload.startswith((b'{"frame":"refused"', b'{"frame":"error"')):
            raise PeerError(payload[:300].decode(errors="replace"))

    def refill(self) -> None:
        """Send as many commands as may be in flight, in one write."""
        if self.free and self.sending:
            frames = b"".join(masked(self.commands.next()) for _ in range(self.free))
            at = time.perf_counter()
            self.sent.extend([at] * self.free)
            self.free = 0
            self.publisher.sock.setblocking(True)
            self.publisher.sock.sendall(frames)
            self.publisher.sock.setblocking(False)

    def watch(self, count: int) -> None:
        """Have this many watchers, each up to date."""
        while len(self.watchers) < count:
            peer = Peer(self.task.port, self.task.watcher)
            sample = Sample()
            peer.whole = sample.take
            peer.send(HELLO)
            peer.send(watch(self.task.stream, snapshots=True))
            peer.until(lambda sample=sample: sample.ready)  # type: ignore[misc]
            if len(self.watchers) % SAMPLE_EVERY == 0:
                sample.records = 0
                self.samples.append(sample)
            else:
                peer.whole = None
            peer.sock.setblocking(False)
            self.watchers.append(peer)
            self.selector.register(peer.sock, selectors.EVENT_READ, peer)

    def turn(self, seconds: float) -> None:
        """Read what has come, the publisher's first."""
        ready = [key.data for key, _ in self.selector.select(seconds)]
        if self.publisher in ready:
            self.publisher.read()
            self.refill()
        for peer in ready:
            if peer is not self.publisher:
                peer.read()

    def run(self, phase: Phase) -> dict[str, Any]:
        """One phase: warm up, measure, drain, and check that everybody has everything."""
        self.watch(phase.watchers)
        for sample in self.samples:
            sample.records = 0
        for peer in self.watchers:
            peer.record_bytes = peer.record_frames = 0
        self.acked, self.latencies, self.free, self.sending = 0, [], phase.in_flight, True
        start = time.perf_counter()
        self.refill()
        while time.perf_counter() - start < WARM_SECONDS:
            self.turn(0.1)
        before, busy = self.acked, busy_seconds()
        cpu, own, since = cpu_seconds(self.task.server), time.process_time(), time.perf_counter()
        while time.perf_counter() - since < phase.seconds:
            self.turn(0.1)
        took, measured = time.perf_counter() - since, self.acked - before
        cpu, own = cpu_seconds(self.task.server) - cpu, time.process_time() - own
        others = max(0.0, busy_seconds() - busy - cpu - own) / took / (os.cpu_count() or 1)
        latencies = sorted(self.latencies[before:])
        self.sending = False
        drained = time.perf_counter()
        while self.sent or not self.everybody_has(self.acked):
            if time.perf_counter() - drained > DRAIN_SECONDS:
                raise PeerError(
                    f"of {self.acked} records some watcher got only {min(s.records for s in self.samples)}"
                )
            self.turn(0.05)
        return {
            **msgspec.to_builtins(phase),
            "rate": measured / took,
            "p50_ms": 1e3 * latencies[len(latencies) // 2],
            "p99_ms": 1e3 * latencies[int(len(latencies) * 0.99)],
            "server_cpu_us": 1e6 * cpu / measured,
            "server_cpu": cpu / took,
            "load_cpu": own / took,
            "others_cpu": others,
            "frame_records": self.acked / max(1, self.watchers[0].record_frames),
            "record_bytes": self.watchers[0].record_bytes / self.acked,
            "drain_ms": 1e3 * (time.perf_counter() - drained),
        }

    def everybody_has(self, records: int) -> bool:
        """Whether the samples have the records, and all the others as many bytes as they."""
        if any(sample.records < records for sample in self.samples):
            return False
        return len({peer.record_bytes for peer in self.watchers}) == 1


def cpu_seconds(pid: int) -> float:
    """Processor time of another process so far; 0 where the system does not tell."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as stat:  # noqa: PTH123 - no path, a counter
            fields = stat.read().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def busy_seconds() -> float:
    """Processor time of everybody on this machine so far, taken by its host included; 0 where it does not tell."""
    try:
        with open("/proc/stat", encoding="ascii") as stat:  # noqa: PTH123 - no path, a counter
            user, nice, system, _idle, _iowait, irq, softirq, steal = map(int, stat.readline().split()[1:9])
    except (OSError, ValueError):
        return 0.0
    return (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Run the phases in order; one JSON line each."""
    load = Load(msgspec.json.decode(sys.argv[1], type=Task))
    for phase in load.task.phases:
        print(msgspec.json.encode(load.run(phase)).decode(), flush=True)


if __name__ == "__main__":
    try:
        main()
    except PeerError as error:
        sys.exit(f"the run is void: {error}")
