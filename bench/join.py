"""A room joins late: an incident with 100,000 records, by snapshot and tail, and by replaying all of it.

The client is the real half of it: it verifies the chain, decodes and folds what it gets, as a room does.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

from bench import fill
from bench.scene import AGENCY, HELLO, Commands, watch
from bench.subjects import LOAD_CORE, ROOT, Subject, make_folder, pin, running
from bench.wire import Peer, PeerError
from incident.kernel import protocol
from incident.kernel.protocol import Records, Watching
from incident.kernel.replica import Replica
from incident.kernel.slice import Actor
from incident.state import INCIDENT

TAIL = 200
JOIN_SECONDS_MAX = 120.0


def join(port: int, token: str, stream: str, snapshots: bool) -> dict[str, Any]:
    """Join once: ms until everything is here and folded, bytes, records, and the digest of the state."""
    replica = Replica(INCIDENT, stream, Actor("EOC wall", AGENCY, "operator"))
    done = False
    size = records = 0

    def take(payload: bytes) -> None:
        nonlocal done, size, records
        size += len(payload)
        if payload[:1] != b"{":
            replica.receive_page(*protocol.read_page(payload))
            return
        frame = protocol.read_server(payload)
        if isinstance(frame, Records):
            records += len(frame.records)
            replica.receive(frame)
        elif isinstance(frame, Watching):
            done = True

    peer = Peer(port, token, take)
    peer.send(HELLO)
    peer.until(lambda: peer.frames >= 2)
    size = 0
    start = time.perf_counter()
    peer.send(watch(stream, snapshots=snapshots))
    peer.until(lambda: done, JOIN_SECONDS_MAX)
    took = time.perf_counter() - start
    peer.sock.close()
    if replica.diverged is not None:
        raise PeerError(replica.diverged.sentence)
    return {
        "ms": 1e3 * took,
        "bytes": size,
        "records": records,
        "cursor": replica.cursor,
        "digest": INCIDENT.digest(replica.confirmed),
    }


def add_tail(subject: Subject, count: int) -> None:
    """Write some more, so that the snapshot kept by the server is not the whole truth."""
    answered = 0

    def take(payload: bytes) -> None:
        nonlocal answered
        answered += payload.count(b'"command_id":') if payload.startswith(b'{"frame":"accepted"') else 0

    commands = Commands(subject.stream)
    peer = Peer(subject.port, subject.publisher, take)
    peer.send(HELLO)
    for _ in range(count):
        peer.send(commands.next())
    peer.until(lambda: answered >= count)
    peer.sock.close()


def client(subject: Subject, snapshots: bool) -> dict[str, Any]:
    """One join in a process of its own, on the load's core."""
    task = [subject.port, subject.watcher, subject.stream, snapshots]
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.join", json.dumps(task)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    pin(process.pid, LOAD_CORE)
    out, err = process.communicate(timeout=JOIN_SECONDS_MAX + 30)
    if process.returncode != 0:
        raise PeerError(f"a join failed: {err.strip()[-500:]}")
    found: dict[str, Any] = json.loads(out)
    return found


def table(records: int, pairs: int, say: Callable[[str], None]) -> str:
    """Both ways in turn; a table in Markdown."""
    with tempfile.TemporaryDirectory(prefix="incident-bench-") as scratch:
        folder = Path(scratch) / "server"
        publisher, watcher = make_folder(folder)
        stream = fill.fill(folder, records)
        say(f"an incident of {records:,} records is written; its server starts")
        with running(folder, publisher, watcher, stream) as subject:
            first = client(subject, True)
            add_tail(subject, TAIL)
            found = []
            for number in range(pairs):
                found.append((client(subject, False), client(subject, True)))
                say(
                    f"join {number + 1} of {pairs}: {found[-1][1]['ms'] / found[-1][0]['ms']:.3f} of a replay"
                )
    for replay, snapshot in found:
        if (replay["digest"], replay["cursor"]) != (snapshot["digest"], snapshot["cursor"]):
            raise PeerError("the two ways of joining ended in different states")
        if replay["records"] < records or snapshot["records"] > 2 * TAIL:
            raise PeerError(f"a replay of {replay['records']} records, a snapshot with {snapshot['records']}")
    ratios = sorted(snapshot["ms"] / replay["ms"] for replay, snapshot in found)
    sizes = [snapshot["bytes"] / replay["bytes"] for replay, snapshot in found]
    both = [median(pair[n]["ms"] for pair in found) for n in (0, 1)]
    megabytes = [median(pair[n]["bytes"] for pair in found) / 1e6 for n in (0, 1)]
    head = f"| join at {found[0][0]['cursor']:,} records | full replay | snapshot + {TAIL} | ratio | goal |"
    spread = f"**{median(ratios):.3f}** ({ratios[0]:.3f} to {ratios[-1]:.3f})"
    return "\n".join(
        (
            head,
            "|---|---:|---:|---|---|",
            f"| until everything is folded, ms | {both[0]:,.0f} | {both[1]:,.0f} | {spread} | ≤ 0.15 |",
            f"| on the wire, MB | {megabytes[0]:.1f} | {megabytes[1]:.2f} | **{median(sizes):.3f}** | ≤ 0.03 |",
            f"| the first one, which has the snapshot built, ms | | {first['ms']:,.0f} | | |",
        )
    )


if __name__ == "__main__":
    print(json.dumps(join(*json.loads(sys.argv[1]))))
