"""One program under one load: marks are sent and keys pressed meanwhile, and it is seen when each was painted."""

from __future__ import annotations

import json
import re
import selectors
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.load import cpu_seconds
from bench.programs import GUARD_SECONDS, Programs
from bench.rooms import MARKED, TRUSTS, Desk, Rooms
from bench.subjects import ROOT, SERVER_CORE, pin
from bench.wire import PeerError
from incident.resources import facts as resources_facts
from incident.tasks import facts as tasks_facts

WARM_SECONDS = 3.0
"""Of the load's beginning, left out of every figure."""
KEYS_SECONDS = 10.0
"""After the stretch that is measured the load goes on for so long, while keys are pressed."""
MARK_SECONDS, KEY_SECONDS = 0.23, 0.71
HOME_TRUST = TRUSTS[0]

Figures = dict[str, Any]
Mark = tuple[Any, str]
"""A command whose words are painted, and the key of what it touches."""


@dataclass(frozen=True)
class Scene:
    """Where the client stands: ``go`` is the key that leads there, ``sign`` what is painted then.

    ``mark`` makes a command whose words appear there; ``key`` is answered by ``answer``, and taken back by ``undo``.
    Where nothing stays in its place, neither can be looked for.
    """

    name: str
    go: str
    sign: str
    mark: Callable[[Rooms, str], Mark] | None = None
    key: str = ""
    answer: re.Pattern[str] = re.compile("")
    undo: str = ""


def _placed(_room: Rooms, words: str) -> Mark:
    return resources_facts.Describe(f"{HOME_TRUST}/{MARKED}", place=words), f"{HOME_TRUST}/{MARKED}/place"


def _titled(room: Rooms, words: str) -> Mark:
    return tasks_facts.Amend(task=room.task, title=words), f"tasks/{room.task}/title"


SCENES = (
    Scene("Resources", "2", "A001", _placed, "j", re.compile(r"▸\W+A001"), "k"),
    Scene("Picture", "1", "AT SCENE", _titled, ":", re.compile("t SCAS open RVP B"), "Enter"),
    Scene("Log", "5", "ENTRY"),
)


def watched(programs: Programs, room: Rooms, scene: Scene | None, rate: float, seconds: float) -> Figures:
    """The figures of one program under the load; without a scene, of the bare app."""
    screen = programs.screen
    programs.start("bare" if scene is None else "client", probe=True)
    pid = programs.pid()
    if scene is not None:
        screen.until(lambda text: "LIVE" in text, "the word LIVE", GUARD_SECONDS)
        screen.text = ""
        screen.press(scene.go)
        screen.until(lambda text: scene.sign in text, scene.name, GUARD_SECONDS)
    desk = Desk(room.subject.port, room.tokens[HOME_TRUST], room.subject.stream)
    with feeding(room, rate, seconds) as feeder:
        stretch = Stretch(programs, room, scene, desk)
        figures = stretch.run(feeder, pid, seconds)
    desk.peer.sock.close()
    room.units.update(
        {trust: [tuple(unit) for unit in units] for trust, units in figures.pop("units").items()}
    )
    programs.leave()
    return {
        "name": "bare app" if scene is None else scene.name,
        **figures,
        **inside(programs.probe, *stretch.window),
    }


@contextmanager
def feeding(room: Rooms, rate: float, seconds: float) -> Iterator[subprocess.Popen[str]]:
    """The other rooms, ready to begin."""
    task = {
        "port": room.subject.port,
        "stream": room.subject.stream,
        "tokens": room.tokens,
        "units": room.units,
        "rate": rate,
        "seconds": WARM_SECONDS + seconds + KEYS_SECONDS,
    }
    command = [sys.executable, "-m", "bench.feeder"]
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    pin(process.pid, SERVER_CORE)
    try:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(task) + "\n")
        process.stdin.flush()
        if process.stdout.readline() != "ready\n":
            raise PeerError("the feeder did not start")
        yield process
    finally:
        process.kill()
        process.communicate()


class Stretch:
    """One stretch of load. ``window`` is what is measured: wall clock in ms, from and to."""

    def __init__(self, programs: Programs, room: Rooms, scene: Scene | None, desk: Desk) -> None:
        self.screen = programs.screen
        self.room = room
        self.scene = scene
        self.desk = desk
        self.window = (0.0, 0.0)
        self.selector = selectors.DefaultSelector()
        self.stale: list[float] = []
        self.keys: list[float] = []
        self._count = 0
        self._mark: tuple[str, float] | None = None
        self._key: float | None = None

    def run(self, feeder: subprocess.Popen[str], pid: int, seconds: float) -> Figures:
        """Let the feeder begin, and read what is painted until it has done."""
        assert feeder.stdin is not None
        assert feeder.stdout is not None
        feeder.stdin.write("begin\n")
        feeder.stdin.flush()
        for what in (self.screen, self.desk.peer.sock, feeder.stdout):
            self.selector.register(what, selectors.EVENT_READ)
        self._until(WARM_SECONDS)
        self.stale.clear()
        begin, cpu, painted = time.time(), cpu_seconds(self.room.subject.pid), self.screen.bytes
        self._until(seconds)
        end, cpu = time.time(), cpu_seconds(self.room.subject.pid) - cpu
        self.window = (begin * 1e3, end * 1e3)
        figures: Figures = {
            "painted_kb": (self.screen.bytes - painted) / (end - begin) / 1e3,
            "rss_mb": resident_mb(pid),
            "server_core": cpu / (end - begin),
        }
        if self.stale:
            figures |= {"stale_p50": share(self.stale, 0.5), "stale_p95": share(self.stale, 0.95)}
        self._until(KEYS_SECONDS - 2.0, keys=True)  # and 2 s in which the last of them is painted
        self._until(10.0, until=feeder.stdout)
        if self._mark is not None or self._key is not None:
            raise PeerError(f"a change or a key was not painted. The screen:\n{self.screen.screen()}")
        answer = feeder.stdout.readline()
        if not answer:
            raise PeerError("the feeder ended before its time")
        if self.keys:
            figures |= {"key_p50": share(self.keys, 0.5), "key_max": max(self.keys)}
        fed: Figures = json.loads(answer)
        return figures | fed

    def _until(self, seconds: float, *, keys: bool = False, until: Any = None) -> None:
        """Send, press and read for so long; or send and press nothing more, and read until something has come."""
        limit = time.perf_counter() + seconds
        next_mark = next_key = time.perf_counter()
        while (now := time.perf_counter()) < limit:
            for ready, _ in self.selector.select(0.02):
                if ready.fileobj is self.screen:
                    self.screen.read()
                    self._look(time.perf_counter())
                elif ready.fileobj is self.desk.peer.sock:
                    self.desk.peer.read()
                elif ready.fileobj is until:
                    return
            if self.scene is None or self.scene.mark is None or until is not None:
                continue
            if now >= next_mark and self._mark is None:
                next_mark = now + MARK_SECONDS
                self._send(self.scene.mark)
            if keys and now >= next_key and self._key is None:
                next_key = now + KEY_SECONDS
                self.screen.text = ""
                self._key = time.perf_counter()
                self.screen.press(self.scene.key)

    def _send(self, mark: Callable[[Rooms, str], Mark]) -> None:
        self._count += 1
        words = f"Q{self._count:05}"
        command, touched = mark(self.room, words)
        self._mark = (words, time.perf_counter())
        before = self.room.seen.get(touched)
        self.room.seen[touched] = self.desk.post(command, {} if before is None else {touched: before})

    def _look(self, now: float) -> None:
        if self._mark is not None and self._mark[0] in self.screen.text:
            self.stale.append(1e3 * (now - self._mark[1]))
            self._mark = None
        if self._key is not None and self.scene is not None and self.scene.answer.search(self.screen.text):
            self.keys.append(1e3 * (now - self._key))
            self._key = None
            self.screen.press(self.scene.undo)
            self.screen.text = ""


def inside(probe: Path, begin: float, end: float) -> Figures:
    """What the program's own probe saw between two moments (wall clock, ms)."""
    samples = [sample for sample in json.loads(probe.read_bytes())["samples"] if begin <= sample[0] <= end]
    if len(samples) < 100:
        raise PeerError(f"the probe took {len(samples)} samples only")
    late = [sample[1] for sample in samples]
    (first, _, cpu), (last, _, cpu_end) = samples[0], samples[-1]
    return {
        "lag_p50": share(late, 0.5),
        "lag_p99": share(late, 0.99),
        "lag_max": max(late),
        "core": (cpu_end - cpu) / (last - first) * 1e3,
    }


def share(values: list[float], part: float) -> float:
    """The value below which this part of all lies; 0 for none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))] if ordered else 0.0


def resident_mb(pid: int) -> float:
    """Memory of a process; 0 where the system does not tell."""
    try:
        text = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    except OSError:
        return 0.0
    found = re.search(r"VmRSS:\s+(\d+) kB", text)
    return int(found[1]) / 1e3 if found else 0.0
