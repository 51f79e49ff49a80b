"""The client under load and at its start, in a real terminal. See docs/benchmarks.md.

    python -m bench client [--seconds 20] [--rate 1000] [--starts 7] [--write]

Five trusts' desks change the statuses of 2,000 units through a real server, durably. The client of the first is
looked at from inside (how late its event loop runs, by ``incident_tui.probe``) and from outside (what it writes to
its terminal, and when). Beside it, in the same run, stands a bare Textual app: what machine and framework take.
"""

from __future__ import annotations

import argparse
import platform
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

from bench import rooms
from bench.pane import COLUMNS, ROWS, pane
from bench.programs import Programs
from bench.rooms import UNITS, Rooms
from bench.watching import SCENES, Scene, watched
from bench.wire import PeerError

BEGIN, END = "<!-- client figures: begin -->", "<!-- client figures: end -->"
LAG_GOAL_MS, CORE_GOAL = 50.0, 0.30

Figures = dict[str, Any]


def loads(
    programs: Programs, room: Rooms, rate: float, seconds: float, say: Callable[[str], None]
) -> list[Figures]:
    """The bare app, then the client on each scene, under the same load."""
    found = []
    scenes: tuple[Scene | None, ...] = (None, *SCENES)
    for scene in scenes:
        figures = watched(programs, room, scene, rate, seconds)
        found.append(figures)
        say(f"{figures['name']}: {figures['rate']:,.0f} changes/s, lag p99 {figures['lag_p99']:.1f} ms, "
            f"{figures['core']:.0%} of a core")  # fmt: skip
    return found


def starts(
    programs: Programs, count: int, kinds: tuple[str, ...], say: Callable[[str], None]
) -> dict[str, list[float]]:
    """Each kind of start in turn, so often: milliseconds until its words are painted."""
    found: dict[str, list[float]] = {kind: [] for kind in kinds}
    for _ in range(count):
        for kind in kinds:
            found[kind].append(1e3 * programs.started(kind))
    say(", ".join(f"{kind} {median(times):,.0f} ms" for kind, times in found.items()))
    return found


def measured(rate: float, seconds: float, count: int, say: Callable[[str], None]) -> str:
    """Everything; tables in Markdown."""
    with tempfile.TemporaryDirectory(prefix="incident-bench-") as name, pane() as screen:
        scratch = Path(name)
        with rooms.opened(scratch, say) as room:
            token = scratch / "desk.token"
            token.write_text(room.tokens[rooms.TRUSTS[0]])
            programs = Programs(screen, scratch, room.subject.port, token)
            for kind in ("bare", "client"):
                programs.started(kind)  # a first time, which fills the caches: of modules, and the desk's own
            under_load = loads(programs, room, rate, seconds, say)
            with_server = starts(programs, count, ("bare", "client"), say)
        without = starts(programs, count, ("bare", "cached"), say)
    where = f"{time.strftime('%Y-%m-%d')}, Python {platform.python_version()}, Textual {version('textual')}, tmux."
    return "\n\n".join((where, load_table(under_load, rate, seconds), start_table(with_server, without)))


# -- tables ---------------------------------------------------------------------------------------------------

ROWS_OF = (
    ("event loop late, p50, ms", "lag_p50", "{:.1f}", ""),
    ("event loop late, p99, ms", "lag_p99", "{:.1f}", f"≤ {LAG_GOAL_MS:.0f}"),
    ("event loop late, worst, ms", "lag_max", "{:.0f}", ""),
    ("share of a core", "core", "{:.0%}", f"≤ {CORE_GOAL:.0%}"),
    ("changed in another room → painted, p50, ms", "stale_p50", "{:.0f}", ""),
    ("changed in another room → painted, p95, ms", "stale_p95", "{:.0f}", ""),
    ("key (`j`; on the Picture `:`) → painted, p50, ms", "key_p50", "{:.0f}", ""),
    ("the same, worst, ms", "key_max", "{:.0f}", ""),
    ("written to the terminal, kB/s", "painted_kb", "{:.0f}", ""),
    ("memory, MB", "rss_mb", "{:.0f}", ""),
    ("changes/s that came", "rate", "{:,.0f}", ""),
    ("durable at the server, ack p50, ms", "ack_p50_ms", "{:.1f}", ""),
)


def load_table(found: list[Figures], rate: float, seconds: float) -> str:
    """A column for each scene."""
    names = [figures["name"] for figures in found]
    lines = [
        f"{UNITS:,} units, {rate:,.0f} changes asked for a second, {seconds:.0f} s, {COLUMNS}x{ROWS} in tmux:",
        "",
        f"| under load | {' | '.join(names)} | goal |",
        f"|---|{'---:|' * len(names)}---|",
    ]
    for words, key, shape, goal in ROWS_OF:
        cells = [shape.format(figures[key]) if key in figures else "–" for figures in found]
        lines.append(f"| {words} | {' | '.join(cells)} | {goal} |")
    return "\n".join(lines)


def start_table(with_server: dict[str, list[float]], without: dict[str, list[float]]) -> str:
    """Medians, each beside the bare app of the same minute."""
    lines = [
        "| start until painted, ms | bare app | client | ratio |",
        "|---|---:|---:|---|",
    ]
    for words, found, kind in (
        ("the picture of the cache, no server running", without, "cached"),
        ("the same, with the server", with_server, "client"),
    ):
        ratios = sorted(real / bare for real, bare in zip(found[kind], found["bare"], strict=True))
        spread = f"**{median(ratios):.2f}** ({ratios[0]:.2f} to {ratios[-1]:.2f})"
        lines.append(f"| {words} | {median(found['bare']):,.0f} | {median(found[kind]):,.0f} | {spread} |")
    return "\n".join(lines)


def main(arguments: list[str], doc: Path) -> int:
    """``python -m bench client``."""
    parser = argparse.ArgumentParser(prog="python -m bench client", description=__doc__)
    parser.add_argument("--seconds", type=float, default=20.0, help="of each load")
    parser.add_argument("--rate", type=float, default=1_000.0, help="changes a second")
    parser.add_argument("--starts", type=int, default=7, help="how often each start is measured")
    parser.add_argument("--write", action="store_true", help="put the tables into docs/benchmarks.md")
    asked = parser.parse_args(arguments)
    if shutil.which("tmux") is None:
        print(
            "The client's figures need tmux, and there is none on the path: they are left out.",
            file=sys.stderr,
        )
        return 0
    start = time.monotonic()
    try:
        text = measured(asked.rate, asked.seconds, asked.starts, say)
    except PeerError as error:
        print(f"The client could not be measured: {error}.", file=sys.stderr)
        return 1
    print(f"\n{text}\n\n{time.monotonic() - start:.0f} s")
    if asked.write:
        write(text, doc)
    return 0


def say(line: str) -> None:
    """How far it is."""
    print(line, file=sys.stderr, flush=True)


def write(text: str, doc: Path) -> None:
    """Replace what stands between the client's marks."""
    before, _, rest = doc.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    doc.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}", encoding="utf-8")
