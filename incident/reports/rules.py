"""Reports, the slice: what may be signed, what it leaves in the state, and how the log speaks of it."""

from __future__ import annotations

from typing import Any

from incident.kernel.record import Record, thing_id
from incident.kernel.slice import Context, Line, Names, Refusal, View
from incident.organisation import organisation
from incident.reports import facts
from incident.reports.facts import HEADINGS, Part, Report, Reports

OPENING = 160
"""Characters of a report's first part that stand in the log; what is left out is marked."""


def decide(view: View, command: facts.Sign, ctx: Context) -> tuple[Any, ...] | Refusal:
    """A signature is a fact, whenever it lands; a report with nothing in it is none."""
    if not organisation(view).opened:
        return Refusal("not_open", "This incident is not open.")
    known = HEADINGS[command.kind]
    parts = tuple(Part(part.name, part.text.strip()) for part in command.parts if part.text.strip())
    if not parts:
        return Refusal("empty_report", f"Nothing is written in this {command.kind}.")
    for part in parts:
        if part.name not in known:
            return Refusal("unknown_heading", f"A {command.kind} has no heading {part.name}.")
    if len({part.name for part in parts}) != len(parts):
        return Refusal("heading_twice", f"A heading of this {command.kind} stands twice.")
    return (facts.Signed(command.kind, command.as_at, parts),)


def evolve(state: Reports, event: facts.Signed, record: Record) -> Reports:
    """One more report. Its number is the server's to give."""
    number = 0
    counts = state.counts
    if record.seq:
        number = counts.get(event.kind, 0) + 1
        counts = {**counts, event.kind: number}
    key = thing_id(record)
    row = Report(
        id=key,
        kind=event.kind,
        number=number,
        agency=record.agency,
        actor=record.actor,
        role=record.role,
        as_at=min(event.as_at, record.recorded_at),
        at=record.at,
        parts=event.parts,
        version=record.command_id,
        place=state.total,
    )
    rows = {**state.rows, key: row}
    while len(rows) > facts.KEPT:
        del rows[min(rows, key=lambda key: (rows[key].place, key))]
    return Reports(rows, counts, state.total + 1)


def sentence(event: facts.Signed, record: Record, names: Names) -> Line:
    """That it was signed, and how it opens; the whole stands on its board."""
    opening = " ".join(event.parts[0].text.split()) if event.parts else ""
    shown = opening if len(opening) <= OPENING else f"{opening[: OPENING - 1]}…"
    return Line(f"signs {names('reports', thing_id(record))}: {shown}", "decision")


def label(state: Reports, key: str) -> str:
    """What people call a report."""
    row = state.rows.get(key)
    return "an earlier report" if row is None else row.name


def version(state: Reports, key: str) -> str:
    """The command that signed it."""
    row = state.rows.get(key)
    return "" if row is None else row.version


def invariants(view: View) -> tuple[str, ...]:
    """Numbers never twice, and no more kept than promised."""
    state: Reports = view.reports
    names = [row.name for row in state.rows.values() if row.number]
    found = ["two reports have one number"] if len(set(names)) != len(names) else []
    if len(state.rows) > facts.KEPT:
        found.append("more reports are kept than promised")
    return tuple(found)
