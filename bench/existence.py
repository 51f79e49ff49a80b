"""Whether the time of an answer tells an incident that is not ours from one that there is not.

An outsider asks in turn about both, over one line: for the records, for a page, with a command, and with a record's
number and a hash that is none of its own. Both answers say the same; the figure is how far their p95 lie apart.

    python -m bench existence [--asks 3000 --records 2000]
"""

from __future__ import annotations

import argparse
import asyncio
import secrets
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import quantiles

from websockets.asyncio.client import ClientConnection, connect

from bench.scene import HELLO, Commands, new_stream, submit
from bench.subjects import make_folder, running, server_says
from incident.kernel import protocol
from incident.kernel.protocol import Page, Watch
from incident.log.facts import Write

BEGIN, END = "<!-- existence figures: begin -->", "<!-- existence figures: end -->"
GOAL_MS = 5.0


def _id() -> str:
    return f"{secrets.token_hex(4)}-0000-7000-8000-{secrets.token_hex(6)}"


ASKS: dict[str, Callable[[str], bytes]] = {
    "watch": lambda stream: protocol.encode(Watch(stream=stream)),
    "watch with a hash": lambda stream: protocol.encode(Watch(stream=stream, cursor=700, hash="f" * 64)),
    "page": lambda stream: protocol.encode(Page(stream=stream)),
    "command": lambda stream: protocol.encode(submit(stream, Write("is anybody there"), _id())),
}


async def line(port: int, token: str) -> ClientConnection:
    """A line that has been let in."""
    headers = {"Authorization": f"Bearer {token}"}
    found = await connect(
        f"ws://127.0.0.1:{port}", additional_headers=headers, proxy=None, compression=None, max_size=2**20
    )
    await found.send(HELLO, text=True)
    await answer(found, b'"welcome"')
    return found


async def answer(found: ClientConnection, *marks: bytes) -> None:
    """Read to the next frame of these kinds."""
    while True:
        said = await found.recv(decode=False)
        if any(b'{"frame":' + mark in said[:40] for mark in marks):
            return


async def filled(port: int, token: str, stream: str, records: int) -> None:
    """Write so many entries."""
    found, commands = await line(port, token), Commands(stream)
    for _ in range(records):
        await found.send(commands.next(), text=True)
        await answer(found, b'"accepted"', b'"refused"')
    await found.close()


async def measured(
    port: int, token: str, theirs: str, asks: int
) -> dict[str, tuple[list[float], list[float]]]:
    """Milliseconds to each answer, of theirs and of what there is not, in turn."""
    found: dict[str, tuple[list[float], list[float]]] = {name: ([], []) for name in ASKS}
    peer, absent = await line(port, token), new_stream()
    for number in range(asks):
        for name, frame in ASKS.items():
            pair = ((theirs, 0), (absent, 1)) if number % 2 else ((absent, 1), (theirs, 0))
            for stream, which in pair:
                start = time.perf_counter()
                await peer.send(frame(stream), text=True)
                await answer(peer, b'"error"', b'"refused"')
                found[name][which].append((time.perf_counter() - start) * 1_000)
    await peer.close()
    return found


def table(found: dict[str, tuple[list[float], list[float]]]) -> str:
    """The figures in words."""
    rows = ["| asked | not ours p95, ms | absent p95, ms | apart, ms | goal |", "|---|---:|---:|---:|---|"]
    for name, (theirs, absent) in found.items():
        first, second = quantiles(theirs, n=20)[-1], quantiles(absent, n=20)[-1]
        rows.append(f"| {name} | {first:.2f} | {second:.2f} | {abs(first - second):.2f} | ≤ {GOAL_MS:.0f} |")
    return "\n".join(rows)


def main(arguments: list[str], doc: Path) -> int:
    """Measure and print; with --write also into the page."""
    parser = argparse.ArgumentParser(prog="python -m bench existence", description=__doc__)
    parser.add_argument("--asks", type=int, default=3_000)
    parser.add_argument("--records", type=int, default=2_000)
    parser.add_argument("--write", action="store_true")
    asked = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "server"
        publisher, watcher = make_folder(folder)
        outsider = server_says(
            "token", str(folder), "--agency", "SCAS", "--role", "operator", "--name", "Outsider"
        ).strip()
        with running(folder, publisher, watcher) as subject:
            asyncio.run(filled(subject.port, publisher, subject.stream, asked.records))
            found = asyncio.run(measured(subject.port, outsider, subject.stream, asked.asks))
    text = f"{asked.asks:,} of each, {asked.records:,} records.\n\n{table(found)}"
    print(text)
    if asked.write:
        before, _, rest = doc.read_text(encoding="utf-8").partition(BEGIN)
        _, _, after = rest.partition(END)
        doc.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], Path(__file__).resolve().parent.parent / "docs" / "benchmarks.md"))
