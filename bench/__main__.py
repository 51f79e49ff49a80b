"""`make bench`: prints the figures; with --write also puts them into docs/benchmarks.md.

`python -m bench client` measures the client alone, which needs tmux; `python -m bench alarms` the alarms alone;
`python -m bench logins` login abuse beside real work; `python -m bench existence` whether the time of an answer tells
what is not ours from what is not there; `python -m bench abuse` what one user who sends far too much costs the others;
`python -m bench ground` places among the areas of the trusts; `python -m bench map` the drawing of the map;
`python -m bench panning` how long its keys take in a real terminal.
"""

from __future__ import annotations

import argparse
import platform
import sqlite3
import sys
import time
from collections.abc import Callable
from pathlib import Path

from bench import abuse, alarms, client, existence, ground, join, logins, panning, run
from bench import map as map_bench
from bench.wire import PeerError

DOC = Path(__file__).resolve().parent.parent / "docs" / "benchmarks.md"
BEGIN, END = "<!-- figures: begin -->", "<!-- figures: end -->"

ALONE: dict[str, Callable[[list[str], Path], int]] = {
    "alarms": alarms.main,
    "logins": logins.main,
    "abuse": lambda more, _doc: abuse.main(more),
    "existence": existence.main,
    "client": client.main,
    "map": map_bench.main,
    "panning": panning.main,
    "ground": ground.main,
}


def main() -> int:
    """Measure and print."""
    alone = ALONE.get("".join(sys.argv[1:2]))
    if alone is not None:
        return alone(sys.argv[2:], DOC)
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3.0, help="of each phase")
    parser.add_argument("--records", type=int, default=100_000, help="in the incident that is joined")
    parser.add_argument("--only", choices=["load", "join"])
    parser.add_argument("--write", action="store_true", help="put the tables into docs/benchmarks.md")
    asked = parser.parse_args()
    if asked.records < 10_000:
        parser.error(
            "--records: below 10,000 a joiner is sent the records themselves, and there is no snapshot"
        )
    start, parts = time.monotonic(), [machine()]
    try:
        if asked.only in (None, "load"):
            found = run.pairs(asked.pairs, asked.seconds, say)
            run.fair(found)
            parts.append(run.table(found, run.phases(asked.seconds)))
        if asked.only in (None, "join"):
            parts.append(join.table(asked.records, asked.pairs, say))
    except PeerError as error:
        print(f"The bench could not be finished: {error}.", file=sys.stderr)
        return 1
    text = "\n\n".join(parts)
    print(f"\n{text}\n\n{time.monotonic() - start:.0f} s")
    if asked.write:
        write(text)
    if asked.only is not None:
        return 0
    more = ["--write"] if asked.write else []
    return (
        alarms.main(more, DOC)
        or ground.main(more, DOC)
        or map_bench.main(more, DOC)
        or panning.main(more, DOC)
        or client.main(more, DOC)
    )


def say(line: str) -> None:
    """How far it is."""
    print(line, file=sys.stderr, flush=True)


def machine() -> str:
    """Where and with what this was measured."""
    return (
        f"{time.strftime('%Y-%m-%d')}, Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, "
        f"{platform.system()} {platform.machine()}, server on one core, load on another."
    )


def write(text: str) -> None:
    """Replace what stands between the marks."""
    before, _, rest = DOC.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    DOC.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
