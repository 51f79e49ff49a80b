"""What is near, in words: one row as cells, all of them as lines, one as a sentence. Minutes are a range, and *est.*"""

from __future__ import annotations

from collections.abc import Iterable

from incident.geography.nearest import Estimate
from incident.kernel.board import Cell
from incident.nearby.rows import Nearby
from incident.placing import distance_words

WATER = "water crossing: check route"
UNKNOWN = "position not known"
NOTE = "est. = straight line and a third, on blue lights: no roads, no traffic."


def way_words(way: Estimate | None) -> str:
    """How far, where, and how long: "12 km NE, est. 12-21 min"."""
    if way is None:
        return UNKNOWN
    far = f"{distance_words(way.metres)} {way.bearing}".rstrip()
    return f"{far}, {minutes_words(way)}" + (f", {WATER}" if way.water else "")


def minutes_words(way: Estimate) -> str:
    """The range of minutes, marked as an estimate; hours from two of them on."""
    if way.minutes_low >= 120:
        return f"est. {_hours(way.minutes_low)}-{_hours(way.minutes_high)}"
    return f"est. {way.minutes_low}-{way.minutes_high} min"


def _hours(minutes: int) -> str:
    return f"{minutes // 60}h{minutes % 60:02}"


def line(row: Nearby) -> tuple[Cell, ...]:
    """One row: name, what it is, how far and where, minutes, its state, where it is."""
    way = row.way
    cells = [Cell(row.name, "strong" if row.fit else "dim"), Cell(row.what, "dim")]
    if way is None:
        cells.append(Cell(UNKNOWN, "caution"))
    else:
        cells.append(Cell(f"{distance_words(way.metres)} {way.bearing}".rstrip()))
        cells.append(Cell(minutes_words(way)))
    cells.append(row.state)
    if row.at:
        cells.append(Cell(row.at, "dim"))
    if way is not None and way.water:
        cells.append(Cell(WATER, "caution"))
    return tuple(cells)


def lines(rows: Iterable[Nearby]) -> list[tuple[Cell, ...]]:
    """All rows, and what the estimate is worth; one line that says so where there is nothing."""
    found = [line(row) for row in rows]
    return (
        [*found, (Cell(NOTE, "dim"),)] if found else [(Cell("Nothing of that kind is known here.", "dim"),)]
    )


def sentence(row: Nearby) -> str:
    """One row as a sentence, for the command line and papers."""
    at = f" ({row.at})" if row.at else ""
    return f"{row.name} {row.what}, {row.state.text}{at}: {way_words(row.way)}."
