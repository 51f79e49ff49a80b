"""Floor and server in turn, pair by pair; the figures are medians of the ratios inside a pair.

Absolute figures move by half from one minute to the next on a shared machine; ratios inside a pair hold to about
a tenth. So both run close together, on the same core, under the same load, and which goes first alternates.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from statistics import median
from typing import Any

from bench.scene import new_stream
from bench.subjects import LOAD_CORE, ROOT, Subject, floor, pin, server
from bench.wire import PeerError
from incident.kernel import protocol
from incident.kernel.protocol import Records

LOAD_SECONDS_MAX = 120
WATCHERS = (50, 500)

Figures = dict[str, Any]


def phases(seconds: float) -> list[Figures]:
    """Each number of watchers with 50 commands in flight, then with one."""
    return [
        {"watchers": watchers, "in_flight": in_flight, "seconds": seconds}
        for watchers in WATCHERS
        for in_flight in (50, 1)
    ]


def loaded(subject: Subject, order: list[Figures]) -> list[Figures]:
    """Put the load on a subject; its figures, phase by phase."""
    task = {
        "port": subject.port,
        "publisher": subject.publisher,
        "watcher": subject.watcher,
        "stream": subject.stream,
        "server": subject.pid,
        "phases": order,
    }
    command = [sys.executable, "-m", "bench.load", json.dumps(task)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    pin(process.pid, LOAD_CORE)
    try:
        out, err = process.communicate(timeout=LOAD_SECONDS_MAX)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        raise PeerError(f"the load on the {subject.name} did not end") from None
    if process.returncode != 0:
        raise PeerError(f"{subject.name}: {err.strip()[-500:]}")
    return [json.loads(line) for line in out.splitlines()]


def measured(make: Callable[[Path], AbstractContextManager[Subject]], order: list[Figures]) -> list[Figures]:
    """A fresh subject under the load."""
    with tempfile.TemporaryDirectory(prefix="incident-bench-") as scratch, make(Path(scratch)) as subject:
        return loaded(subject, order)


def pairs(
    count: int, seconds: float, say: Callable[[str], None]
) -> list[tuple[list[Figures], list[Figures]]]:
    """Floor and server, each phase, pair by pair."""
    order, found = phases(seconds), []
    for number in range(count):
        if number % 2:
            real = measured(server, order)
            bare = measured(floor, order)
        else:
            bare = measured(floor, order)
            real = measured(server, order)
        found.append((bare, real))
        rates = ", ".join(
            f"{r['rate'] / b['rate']:.2f}" for b, r in zip(bare, real, strict=True) if b["in_flight"] > 1
        )
        say(f"pair {number + 1} of {count}: commands/s to the floor {rates}")
    return found


def ratio(
    found: list[tuple[list[Figures], list[Figures]]], phase: int, key: str
) -> tuple[float, float, float]:
    """Median, least and greatest ratio of server to floor."""
    ratios = sorted(real[phase][key] / bare[phase][key] for bare, real in found)
    return median(ratios), ratios[0], ratios[-1]


def middle(found: list[tuple[list[Figures], list[Figures]]], phase: int, key: str) -> tuple[float, float]:
    """Median absolute figures of floor and server."""
    return median(bare[phase][key] for bare, _ in found), median(real[phase][key] for _, real in found)


ROWS = (
    # key, in flight, words, format, goal
    ("rate", 50, "durable commands/s", "{:,.0f}", "≥ 0.60"),
    ("server_cpu_us", 50, "server CPU per command, µs", "{:,.0f}", ""),
    ("p50_ms", 50, "ack p50, ms", "{:.2f}", ""),
    ("p99_ms", 50, "ack p99, ms", "{:.2f}", ""),
    ("p50_ms", 1, "ack p50, ms", "{:.2f}", "≤ 1.5"),
    ("p99_ms", 1, "ack p99, ms", "{:.2f}", "≤ 2.0"),
)


def table(found: list[tuple[list[Figures], list[Figures]]], order: list[Figures]) -> str:
    """The figures as a table in Markdown."""
    lines = [
        "| watchers | in flight | measure | floor | server | ratio | goal |",
        "|---:|---:|---|---:|---:|---|---|",
    ]
    for watchers in WATCHERS:
        for key, in_flight, words, shape, goal in ROWS:
            phase = next(
                n for n, p in enumerate(order) if (p["watchers"], p["in_flight"]) == (watchers, in_flight)
            )
            mid, low, high = ratio(found, phase, key)
            bare, real = (shape.format(figure) for figure in middle(found, phase, key))
            spread = f"**{mid:.2f}** ({low:.2f} to {high:.2f})"
            lines.append(f"| {watchers} | {in_flight} | {words} | {bare} | {real} | {spread} | {goal} |")
    others = [figures["others_cpu"] for pair in found for phases in pair for figures in phases]
    lines += [
        "",
        f"Other programs took {median(others):.0%} of the machine meanwhile (at most {max(others):.0%}).",
    ]
    return "\n".join(lines)


def fair(found: list[tuple[list[Figures], list[Figures]]]) -> None:
    """Records of floor and server must be of one size on the wire, or the comparison is none."""
    envelope = len(protocol.encode(Records(stream=new_stream(), prev="0" * 64, records=[])))
    for both in (phase for pair in found for phase in zip(*pair, strict=True)):
        bare, real = (figures["record_bytes"] - envelope / figures["frame_records"] for figures in both)
        if not 0.97 <= real / bare <= 1.03:
            raise PeerError(f"records of {bare:.0f} bytes at the floor and of {real:.0f} at the server")
