"""The figures of a running server in the text format of Prometheus, version 0.0.4 (docs/adr/0016-figures.md)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import accumulate
from typing import Final

from server import logs
from server.counters import BOUNDS, NOT_ALLOWED, Histogram
from server.hub import Hub
from server.pulse import Pulse

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
PREFIX: Final = "incident_"

Number = int | float


def written(hub: Hub, pulse: Pulse, disk_free: int, wal: int, backup_age: int) -> str:
    """Everything, as one text. ``disk_free`` and ``wal`` are bytes, ``backup_age`` seconds; -1: not known."""
    return "".join(f"{line}\n" for line in _lines(hub, pulse, disk_free, wal, backup_age))


def _lines(hub: Hub, pulse: Pulse, disk_free: int, wal: int, backup_age: int) -> Iterator[str]:
    tally = hub.tally
    refused = tuple(sorted(tally.refused.items()))
    denied = tally.turned_away + sum(count for code, count in refused if code in NOT_ALLOWED)
    yield from _counter("acks_total", "Commands that clients were told are in the log.", tally.acks)
    yield from _histogram("ack_seconds", "From a decision to its answer, after the disk.", tally.ack_seconds)
    yield from _histogram(
        "commit_seconds", "Time of one commit, a group of commands.", hub.store.commit_seconds
    )
    yield from _histogram(
        "fanout_seconds", "Time to write a change to all its watchers.", tally.fan_out_seconds
    )
    yield from _counter("fanout_records_total", "Records that were published.", tally.records)
    yield from _counter("fanout_frames_total", "Frames made for publication.", tally.encodes)
    yield from _counter("fanout_deliveries_total", "Frames given to watchers.", tally.deliveries)
    yield from _histogram("loop_lag_seconds", "How late the event loop comes to what is due.", pulse.lag)
    yield from _counter("clock_steps_total", "Jumps of the machine's clock since the start.", pulse.steps)
    yield from _counter(
        "slow_disconnects_total", "Clients closed since they read too slowly.", tally.too_slow
    )
    yield from _head("refused_total", "counter", "Commands refused, by code.")
    yield from (f'{PREFIX}refused_total{{code="{code}"}} {count}' for code, count in refused)
    yield from _counter("conflicts_total", "Of these, since somebody else was first.", tally.conflicts)
    yield from _counter("authz_denied_total", "Of these, not allowed; and sockets without a token.", denied)
    yield from _counter(
        "unknown_put_out_total", "Sockets ended before they said who they are.", tally.unknown_put_out
    )
    yield from _counter("no_room_total", "Lines that found all places taken.", tally.no_room)
    yield from _counter("slowed_total", "Commands that waited for a budget.", tally.slowed)
    yield from _counter("paused_total", "Pauses of lines with too many frames.", tally.paused)
    yield from _head("security_total", "counter", "Lines of level security in the log, by event.")
    yield from (
        f'{PREFIX}security_total{{event="{event}"}} {count}' for event, count in sorted(logs.SAID.items())
    )
    yield from _gauge("connections", "Clients connected.", len(hub.sessions))
    yield from _gauge("streams", "Streams kept.", len(hub.sequencers))
    yield from _gauge("read_only", "1 while nothing can be written.", int(hub.read_only))
    yield from _gauge("disk_free_bytes", "Free on the disk of the log.", disk_free)
    yield from _gauge("wal_bytes", "Size of the write-ahead log.", wal)
    yield from _gauge("backup_age_seconds", "Since the last backup; -1 when there is none.", backup_age)


def _head(name: str, kind: str, about: str) -> Iterable[str]:
    return f"# HELP {PREFIX}{name} {about}", f"# TYPE {PREFIX}{name} {kind}"


def _counter(name: str, about: str, value: Number) -> Iterator[str]:
    yield from _head(name, "counter", about)
    yield f"{PREFIX}{name} {value}"


def _gauge(name: str, about: str, value: Number) -> Iterator[str]:
    yield from _head(name, "gauge", about)
    yield f"{PREFIX}{name} {value}"


def _histogram(name: str, about: str, found: Histogram) -> Iterator[str]:
    """Each count holds the ones below it; the sum of all is the last, so that they agree while others are added."""
    yield from _head(name, "histogram", about)
    sums = tuple(accumulate(found.counts))
    for bound, count in zip((*map(str, BOUNDS), "+Inf"), sums, strict=True):
        yield f'{PREFIX}{name}_bucket{{le="{bound}"}} {count}'
    yield f"{PREFIX}{name}_sum {found.total:.6f}"
    yield f"{PREFIX}{name}_count {sums[-1]}"
