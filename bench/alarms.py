"""Alarms when one thing changed: every rule of the divergence board, on an incident of a national size.

    python -m bench alarms [--units 2000] [--tasks 200] [--rounds 300] [--write]

Each round changes one thing (a unit's status, a task, a receipt, the log), and asks what stands now. What did not
change is not looked at again: beside it stands what it would cost to look at everything, in the same run.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import msgspec

from incident.alarms import FINDER
from incident.alarms.engine import Finder
from incident.boundaries import facts as b
from incident.methane import facts as m
from incident.organisation import facts as o
from incident.resources import facts as r
from incident.tasks import facts as t
from incident.values import Location
from tests.incident.given import Given, opened

BEGIN, END = "<!-- alarm figures: begin -->", "<!-- alarm figures: end -->"
GOAL_MS = 5.0
STATUSES = ("MOB", "RVP", "SCN", "LDG", "LFT", "CLR")
"""What the units of LAS go through, one after the other."""
AT_SCENE_OR_GONE = frozenset({"SCN", "LFT"})
TRUSTS = ("LAS", "SCAS", "SECAMB", "EEAST", "SWASFT")


def incident(units: int, tasks: int) -> Given:
    """An incident with so many committed units and open tasks, declared, with METHANE, RVPs and roles wanting."""
    given = opened(*TRUSTS[1:]).did(o.Declare("LAS", "declared"))
    for home in TRUSTS:
        for first in range(0, units // len(TRUSTS), r.UNITS_MAX):
            last = min(first + r.UNITS_MAX, units // len(TRUSTS))
            some = tuple(
                r.Commitment(f"{home}/A{n}", "DCA", "AVB", destination="RVP A") for n in range(first, last)
            )
            given.by(home).did(r.Commit(some))
    for n in range(tasks):
        to = TRUSTS[1 + n % (len(TRUSTS) - 1)]
        given.by("LAS").did(t.Raise(f"Task {n}", to, due=given.now + (n % 60) * 60_000))
    place = Location("M25 J15", "TQ 0402 7829", 51.494, -0.503)
    given.did(b.Propose("rvp", b.Shape(place))).did(
        m.Publish(m.Report(place, "rtc", required=(m.Service("LFB"),)))
    )
    return given


def changes(given: Given) -> Iterator[tuple[str, Any]]:
    """One small change after the other, without end: what changed, and the state after it."""
    view, number = given.view, 0
    while True:
        number += 1
        key = f"LAS/A{number % 100}"
        at, status = given.now + number, STATUSES[number // 100 % len(STATUSES)]
        unit = msgspec.structs.replace(view.resources.units[key], status=status, since=at, heard_at=at)
        if status in AT_SCENE_OR_GONE:
            unit = msgspec.structs.replace(unit, scene_at=at)
        units = {**view.resources.units, key: unit}
        view = msgspec.structs.replace(view, resources=msgspec.structs.replace(view.resources, units=units))
        yield "a unit", view
        task_id = next(iter(view.tasks.rows))
        task = msgspec.structs.replace(view.tasks.rows[task_id], updates_count=number)
        rows = {**view.tasks.rows, task_id: task}
        view = msgspec.structs.replace(view, tasks=msgspec.structs.replace(view.tasks, rows=rows))
        yield "a task", view
        view = msgspec.structs.replace(view, log=msgspec.structs.replace(view.log, entries=number))
        yield "the log", view
        view = msgspec.structs.replace(view, receipts=msgspec.structs.replace(view.receipts))
        yield "a receipt", view


def measured(given: Given, rounds: int) -> dict[str, list[float]]:
    """Milliseconds until the standing alarms are known, by what had changed; "everything" with nothing remembered."""
    finder = Finder(FINDER.rules)
    now = given.now + 10 * 60_000
    found: dict[str, list[float]] = {}
    finder.now(given.view, now)
    for count, (what, view) in enumerate(changes(given)):
        if count >= rounds:
            break
        began = time.perf_counter()
        finder.now(view, now)
        found.setdefault(what, []).append(1e3 * (time.perf_counter() - began))
        if count % 20 == 0:
            fresh = Finder(FINDER.rules)
            began = time.perf_counter()
            fresh.now(view, now)
            found.setdefault("everything", []).append(1e3 * (time.perf_counter() - began))
    return found


def table(found: dict[str, list[float]], units: int, tasks: int, standing: int) -> str:
    """The figures as they stand in the document."""
    size = f"{units:,} units, {tasks} tasks, {standing} alarms standing"
    lines = [
        f"{size}; {len(FINDER.rules)} rules, {len(FINDER.kinds)} kinds.",
        "",
        "| changed | p50, ms | p95, ms | goal |",
        "|---|---:|---:|---|",
    ]
    for what, times in found.items():
        goal = "" if what == "everything" else f"≤ {GOAL_MS:.0f}"
        lines.append(f"| {what} | {median(times):.2f} | {quantiles(times, n=20)[-1]:.2f} | {goal} |")
    return "\n".join(lines)


def main(arguments: list[str], doc: Path, say: Callable[[str], None] = print) -> int:
    """Measure, print, and with --write put it into the document."""
    parser = argparse.ArgumentParser(prog="python -m bench alarms", description=__doc__)
    parser.add_argument("--units", type=int, default=2_000)
    parser.add_argument("--tasks", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=300)
    parser.add_argument("--write", action="store_true")
    asked = parser.parse_args(arguments)
    given = incident(asked.units, asked.tasks)
    standing = len(FINDER.now(given.view, given.now + 10 * 60_000))
    text = table(measured(given, asked.rounds), asked.units, asked.tasks, standing)
    say(text)
    if asked.write:
        before, _, rest = doc.read_text(encoding="utf-8").partition(BEGIN)
        _, _, after = rest.partition(END)
        doc.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}", encoding="utf-8")
    return 0
