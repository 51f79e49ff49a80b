"""Casualties, the words: each record as a line of the log, and how counts and totals are shown."""

from __future__ import annotations

from typing import Any, Final

from incident.casualties.facts import (
    PRIORITIES,
    STAGES,
    STALE_MS,
    TOTAL,
    Counted,
    CountPicked,
    Snapshot,
    Span,
)
from incident.casualties.fold import COLUMNS, Totals, casualties, reported, totals
from incident.kernel.board import Cell
from incident.kernel.record import Record
from incident.kernel.slice import Line, Names, View
from incident.values import span

NOT_SAID: Final = "–"
TONES: Final = {"p1": "p1", "p2": "p2", "p3": "p3", "dead": "dead", "untriaged": "ink", "all": "strong"}
ROWS: Final = {**PRIORITIES, "all": "all"}
GRID: Final = (*COLUMNS, "total", "unexplained")
"""The columns of the totals, from left to right."""


def sentence(event: Any, _record: Record, _names: Names) -> Line:
    """A record of this slice as one line of the log. The agency stands in a column of its own."""
    match event:
        case Counted():
            verb = "counts" if event.counted else "estimates"
            what = "casualties in all" if event.stage == TOTAL else where_words(event.stage, event.place)
            source = f" (source: {event.source})" if event.source else ""
            return Line(f"{verb} {what}: {event.counts.words()}{source}")
        case CountPicked():
            what = where_words(event.stage, event.place)
            return Line(f"settles the count of {what}: {event.counts.words()}, by {event.agency}", "decision")
        case _:
            raise AssertionError(f"no sentence for {type(event).__name__}")


def where_words(stage: str, place: str) -> str:
    """A stage and place as they are said: "hospital WEXHAM", "scene", "casualties in all"."""
    return f"{STAGES.get(stage, stage)} {place}".strip()


def stale(snapshot: Snapshot, now: int) -> bool:
    """Older than twenty minutes, and still standing."""
    return not snapshot.replaced and now - snapshot.at > STALE_MS


def age_cell(snapshot: Snapshot, now: int) -> Cell:
    """How old a count is; one that is old says so in a word."""
    age = span(now - snapshot.at)
    return Cell(f"▲ {age} old", "caution") if stale(snapshot, now) else Cell(age, "dim")


def number_words(value: int | None) -> str:
    """A count, or a dash for what was not said."""
    return NOT_SAID if value is None else str(value)


def span_words(figure: Span | None) -> str:
    """A figure of the totals: "12", "10–12" while it is disputed, a dash for what was not said."""
    return NOT_SAID if figure is None else figure.words()


def unexplained_words(figure: Span | None) -> str:
    """The unexplained difference: a number with a mark, or a dash where nothing is missing or nothing was said."""
    if figure is None or figure == Span(0, 0):
        return NOT_SAID
    return f"{figure.words()} ▲"


def grid(view: View, now: int) -> list[tuple[str, str, dict[str, str]]]:
    """The totals for a screen: (label, tone, text by column), the columns being ``GRID``.

    Rows without any figure are left out, but P1, P2, P3 and all are always there. The last row, "age", says for
    each column how old the oldest count in it is; ``now`` is UTC ms. A figure such as "10–12" is disputed.
    """
    rows = [
        (ROWS[row.name], TONES[row.name], _cells(row))
        for row in totals(view)
        if row.name in ("p1", "p2", "p3", "all") or row.known is not None or row.total is not None
    ]
    return [*rows, _ages(view, now)]


def _cells(row: Totals) -> dict[str, str]:
    cells = {column: span_words(getattr(row, column)) for column in (*COLUMNS, "total")}
    return {**cells, "unexplained": unexplained_words(row.unexplained)}


def _oldest(view: View) -> dict[str, Snapshot]:
    """The oldest count that stands in each column."""
    slots = casualties(view).slots.values()
    found = {}
    for column, stages in {**COLUMNS, "total": (TOTAL,)}.items():
        standing = [s for slot in slots if slot.stage in stages for s in slot.standing]
        if standing:
            found[column] = min(standing, key=lambda s: s.at)
    return found


def counted_at(view: View) -> dict[str, int]:
    """When the oldest count of each column was made (UTC ms); in all, the METHANE that says how many."""
    times = {column: one.at for column, one in _oldest(view).items()}
    version = reported(view)
    return times if version is None else {**times, "total": version.at}


def _ages(view: View, now: int) -> tuple[str, str, dict[str, str]]:
    late = {column for column, one in _oldest(view).items() if stale(one, now)}
    ages = {column: span(now - at) for column, at in counted_at(view).items()}
    if reported(view) is not None:
        late.discard("total")
    texts = {column: f"{'▲ ' if column in late else ''}{ages.get(column, NOT_SAID)}" for column in GRID[:-1]}
    return "age", "caution" if late else "dim", {**texts, "unexplained": ""}
