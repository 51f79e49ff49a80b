"""Key to idle on the map of the Boundaries screen, in a real terminal, while units move. See docs/benchmarks.md.

    python -m bench panning [--keys 60] [--moves 2] [--write]

The incident of ``bench.rooms``, with each of its 2,000 units at a grid reference, most of them near. The client looks
at it in tmux at 120x40 and at 200x60; a desk moves so many units a second through the real server meanwhile. A key is
pressed when the screen has come to rest, and the clock runs until the last byte that comes out before there is silence:
whatever else is painted meanwhile counts, too. What the terminal itself takes for that is measured with ``cat``.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import os
import platform
import random
import selectors
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Final

from bench import rooms
from bench.ground import detailed
from bench.load import cpu_seconds
from bench.pane import Pane, pane
from bench.programs import GUARD_SECONDS, Programs
from bench.rooms import COMMIT_MAX, TRUSTS, UNITS, Desk, Rooms
from bench.watching import share
from bench.wire import PeerError
from config.areas import FILE
from config.reader import ENVIRONMENT
from incident import geography
from incident.interchange.areas_file import written
from incident.resources import facts as resources_facts

BEGIN, END = "<!-- panning figures: begin -->", "<!-- panning figures: end -->"
SIZES: Final = ((120, 40), (200, 60))
GOAL_MS: Final = 60.0
MIDDLE: Final = 503_400.0, 175_400.0
"""Metres of the National Grid: where the boundaries of ``bench.rooms`` are proposed."""
SPREADS: Final = (3_000.0, 15_000.0, 60_000.0)
KEYS: Final = {
    "the map four cells on": ("Right", "Down", "Left", "Up"),
    "half a screen on": ("S-Right", "S-Down", "S-Left", "S-Up"),
    "nearer, farther": ("+", "-", "-", "+"),
}
CROSSHAIR: Final = ("w", "the crosshair a cell on", ("Right", "Down", "Left", "Up"))
SILENCE: Final = 0.040
"""Seconds without a byte after which the screen is at rest; longer than two strokes of what is painted."""
REST: Final = (0.1, 0.4)
STEP_M: Final = 400.0

Figures = dict[str, list[float]]


def grid(place: tuple[float, float]) -> str:
    """A place as it is typed."""
    return geography.to_grid(*geography.to_position(*place))


class Fleet:
    """The units of all trusts: where they are, and the desks that say so."""

    def __init__(self, room: Rooms) -> None:
        chance = random.Random(11)
        self.desks = {
            trust: Desk(room.subject.port, room.tokens[trust], room.subject.stream) for trust in TRUSTS
        }
        self.units = [(trust, unit[0]) for trust in TRUSTS for unit in room.units[trust]]
        self.places = [
            (chance.gauss(MIDDLE[0], SPREADS[n % 3]), chance.gauss(MIDDLE[1], SPREADS[n % 3]))
            for n in range(len(self.units))
        ]
        self.seen: dict[str, str] = {}
        for trust in TRUSTS:
            for number, (key, made, _) in enumerate(room.units[trust]):
                part = number % COMMIT_MAX  # of the command that committed it
                self.seen[key] = f"{made}/{part}" if part else made
        for number in range(len(self.units)):
            self.say(number)
            if not number % 50:
                self.read()

    def say(self, number: int) -> None:
        """A unit is where it is."""
        trust, key = self.units[number]
        command = resources_facts.Describe(key, place=grid(self.places[number]))
        base = {resources_facts.field_key(key, "place"): self.seen[key]}
        self.seen[key] = self.desks[trust].post(command, base)

    def read(self) -> None:
        """Take what was answered."""
        for desk in self.desks.values():
            desk.peer.sock.settimeout(0.005)
            with contextlib.suppress(TimeoutError):
                desk.peer.read()

    @contextlib.contextmanager
    def moving(self, rate: float) -> Iterator[None]:
        """So many units a second go a bit further, one after the other, for as long as the block runs.

        Raises:
            PeerError: they did not: the run is void.
        """
        done = threading.Event()
        failed: list[Exception] = []

        def move() -> None:
            try:
                for number in itertools.cycle(range(0, len(self.units), 3)):
                    if done.wait(1 / rate):
                        return
                    east, north = self.places[number]
                    self.places[number] = east + STEP_M, north
                    self.say(number)
                    self.read()
            except (PeerError, OSError) as error:
                failed.append(error)

        mover = threading.Thread(target=move, daemon=True)
        mover.start()
        try:
            yield
        finally:
            done.set()
            mover.join()
        if failed:
            raise PeerError(f"the units stood still: {failed[0]}")


class Hands:
    """Presses keys in a terminal and waits until it is at rest."""

    def __init__(self, screen: Pane) -> None:
        self.screen = screen
        self.selector = selectors.DefaultSelector()
        self.selector.register(screen, selectors.EVENT_READ)
        self.chance = random.Random(3)

    def rest(self, silence: float = SILENCE, *, begun: float | None = None, guard: float = 10.0) -> float:
        """Wait for silence; the moment of the last byte. ``begun``: something must come first, since a key was pressed.

        Raises:
            PeerError: nothing came, or no end of it.
        """
        last, limit = begun, time.perf_counter() + guard
        while time.perf_counter() < limit:
            before = self.screen.bytes
            left = GUARD_SECONDS if begun is not None and last == begun else silence
            if not self.selector.select(min(left, guard)):
                break
            self.screen.read()
            if self.screen.bytes > before:
                last = time.perf_counter()
        if last is None:
            return time.perf_counter()
        if last == begun or time.perf_counter() >= limit:
            raise PeerError(f"a key was not answered, or without end. The screen:\n{self.screen.screen()}")
        return last

    def press(self, key: str) -> tuple[float, int]:
        """Milliseconds from a key until rest, and the bytes that came."""
        time.sleep(self.chance.uniform(*REST))
        self.rest()
        before, began = self.screen.bytes, time.perf_counter()
        self.screen.press(key)
        return 1e3 * (self.rest(begun=began) - began), self.screen.bytes - before


def pressed(hands: Hands, keys: tuple[str, ...], count: int, pid: int = 0) -> Figures:
    """So many keys in turn: milliseconds and bytes of each; and the processor's milliseconds for one, with all else."""
    before = cpu_seconds(pid)
    each = [hands.press(key) for key, _ in zip(itertools.cycle(keys), range(count), strict=False)]
    spent = 1e3 * (cpu_seconds(pid) - before) / count
    return {"took": [took for took, _ in each], "sent": [float(sent) for _, sent in each], "cpu": [spent]}


def one_size(room: Rooms, scratch: Path, size: tuple[int, int], count: int) -> dict[str, Figures]:
    """The figures of one size of terminal, by what the keys do."""
    token = scratch / "desk.token"
    token.write_text(room.tokens[TRUSTS[0]])
    with pane(*size) as screen:
        hands = Hands(screen)
        found = {"a letter that `cat` repeats": pressed(hands, ("x",), count)}
        programs = Programs(screen, scratch, room.subject.port, token)
        programs.start("client")
        screen.until(lambda text: "LIVE" in text, "the word LIVE", GUARD_SECONDS)
        screen.press("3")
        screen.until(lambda text: "INDICATIVE" in text, "the map", GUARD_SECONDS)
        hands.rest(0.3, guard=GUARD_SECONDS)
        screen.press("Tab")
        hands.rest(0.5)
        for name, keys in KEYS.items():
            found[name] = pressed(hands, keys, count, programs.pid())
        screen.press(CROSSHAIR[0])
        hands.rest(0.2)
        found[CROSSHAIR[1]] = pressed(hands, CROSSHAIR[2], count, programs.pid())
        programs.leave()
    return found


def table(count: int, rate: float, say: Callable[[str], None]) -> str:
    """Everything; tables in Markdown."""
    areas = detailed()
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    where = (
        f"{time.strftime('%Y-%m-%d')}, Python {platform.python_version()}, Textual {version('textual')}, tmux"
    )
    lines = [
        f"{where}; {'detailed' if areas else 'drawn'} areas; {UNITS:,} units, of which {rate:g} a second move.",
        f"Each figure from {count} keys. Load of the machine before: {load:.1f}, of {os.cpu_count()} cores.",
        "",
        "| terminal | the key moves | p50, ms | p95, ms | worst, ms | goal, p95 | processor, ms | KiB, p50 |",
        "|---|---|---:|---:|---:|---|---:|---:|",
    ]
    with tempfile.TemporaryDirectory(prefix="incident-bench-") as name:
        scratch = Path(name)
        if areas is not None:
            (scratch / "config").mkdir()
            (scratch / "config" / FILE).write_bytes(written(areas))
            os.environ[ENVIRONMENT] = str(scratch / "config")  # for the server of this bench, and its client
        with rooms.opened(scratch, say) as room:
            with Fleet(room).moving(rate):
                each = [one_size(room, scratch, size, count) for size in SIZES]
            for size, found in zip(SIZES, each, strict=True):
                for words, figures in found.items():
                    times, ours = figures["took"], "cat" not in words
                    goal, spent = (f"≤ {GOAL_MS:.0f}", f"{figures['cpu'][0]:.0f}") if ours else ("", "")
                    lines.append(
                        f"| {size[0]}x{size[1]} | {words} | {share(times, 0.5):.0f} | **{share(times, 0.95):.0f}** | "
                        f"{max(times):.0f} | {goal} | {spent} | {share(figures['sent'], 0.5) / 1024:.1f} |"
                    )
    return "\n".join(lines)


def main(arguments: list[str], doc: Path) -> int:
    """``python -m bench panning``."""
    parser = argparse.ArgumentParser(prog="python -m bench panning", description=__doc__)
    parser.add_argument("--keys", type=int, default=60, help="of each kind and size")
    parser.add_argument("--moves", type=float, default=2.0, help="units that move a second")
    parser.add_argument("--write", action="store_true", help="put the table into docs/benchmarks.md")
    asked = parser.parse_args(arguments)
    if shutil.which("tmux") is None:
        print("Key to idle needs tmux, and there is none on the path: it is left out.", file=sys.stderr)
        return 0
    try:
        text = table(asked.keys, asked.moves, lambda line: print(line, file=sys.stderr, flush=True))
    except PeerError as error:
        print(f"Key to idle could not be measured: {error}.", file=sys.stderr)
        return 1
    print(f"\n{text}")
    if asked.write:
        before, _, rest = doc.read_text(encoding="utf-8").partition(BEGIN)
        _, _, after = rest.partition(END)
        doc.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}", encoding="utf-8")
    return 0
