"""Casualties and hospitals as lines: the totals, the room of each hospital, what is on the way. No widget in here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from incident.casualties import grid
from incident.kernel.board import Look
from incident.places.board import ALLOCATIONS, PLACES
from incident.places.facts import PRIORITIES, Hold, Receiving
from incident.places.words import asked, distance_km, distance_words, said_cell, step_cell
from incident.values import span
from incident_tui.widgets.block import EMPTY, Item, View
from incident_tui.widgets.paint import Line, Span, fit, shorten, spread

LABEL: Final = 6
COLUMNS: Final[tuple[tuple[str, str, int], ...]] = (
    ("scene", "scene", 8),
    ("moving", "moving", 9),
    ("hospital", "hospital", 11),
    ("discharged", "sent home", 12),
    ("total", "in all", 9),
    ("unexplained", "unexplained", 14),
)
"""Columns of the totals: name, title, cells."""
UNSAID: Final = "–"
ROOM: Final = 7


# -- the totals -----------------------------------------------------------------------------------------------


def totals_lines(look: Look, width: int) -> Sequence[Line]:
    """By priority: where they are, how many there are said to be, and the difference that nobody can explain."""
    rows = grid(look.state, look.now)
    said = {column for name, _, cells in rows for column, text in cells.items() if text not in (UNSAID, "")}
    if not said:
        return (
            (Span("Nobody is counted yet.  ", "dim"), Span("c", "accent bold"), Span(" counts, ", "dim"),
             Span("e", "accent bold"), Span(" says how many there are in all.", "dim")),
        )  # fmt: skip
    shown: list[tuple[str, str, int]] = [
        one for one in COLUMNS if one[0] != "discharged" or "discharged" in said
    ]
    spare = min(2, (width - LABEL - 2 - sum(cells for *_, cells in shown)) // len(shown))
    label = LABEL + 2
    if spare < -2:  # beside a form
        spare, label = -2, LABEL
        shown = [
            (name, title, cells) if name != "unexplained" else (name, "unexpl.", 10)
            for name, title, cells in shown
        ]
    head = (Span(fit("TOTALS", label), "dim"),)
    lines: list[Line] = [
        (*head, *(Span(fit(title.upper(), cells + spare, "right"), "dim") for _, title, cells in shown))
    ]
    for name, tone, texts in rows:
        age = name == "age"
        spans = [Span(fit(name, label), tone if age else f"{tone} bold")]
        for column, _, cells in shown:
            text = texts.get(column, UNSAID)
            spans.append(Span(fit(text, cells + spare, "right"), _tone(column, text, age=age)))
        lines.append(tuple(spans))
    return [shorten(line, width) for line in lines]


def _tone(column: str, text: str, *, age: bool) -> str:
    if age:
        return "caution" if "▲" in text else "dim"
    if text == UNSAID:
        return "dim"
    return "alarm bold" if column == "unexplained" or UNSAID in text else "ink"


# -- the hospitals --------------------------------------------------------------------------------------------


def hospitals_view(look: Look, width: int, most: int, key: str) -> View:
    """Each hospital that was stood up: taken of what it can take, by priority, and how many more it has room for."""
    rows = _rows(look)
    head = (
        Span(fit("HOSPITALS", width - 3 * ROOM), "dim"),
        *(Span(fit(word, ROOM, "right"), "dim") for word in PRIORITIES.values()),
    )
    if not rows:
        return View((Span("HOSPITALS", "dim"),), (Item(_none(key, width), "places"),))
    items = []
    room = max(1, (most - 4) // 2)
    for row in rows[:room]:
        items += [Item(line, "places", row.place.code) for line in _hospital(row, look, width)]
    if len(rows) > 1:
        items += [Item(line(rows, look, width), "places") for line in (_together, _left_of_all)]
    hidden = len(rows) - room
    more = (Span(f"+{hidden} more", "accent", "go.places"),) if hidden > 0 else ()
    return View(head, tuple(items), more)


def _rows(look: Look) -> list[Receiving]:
    order = PLACES.order
    rows = list(PLACES.rows(look).values())
    return rows if order is None else sorted(rows, key=lambda row: order(row, look))


def _none(key: str, width: int) -> Line:
    way = (Span(key, "accent bold"), Span(" then ", "dim")) if key else ()
    stands = (Span("u", "accent bold"), Span(": the nearest", "dim"))
    return shorten((Span("None stood up.  ", "caution"), *way, *stands), width)


def _hospital(row: Receiving, look: Look, width: int) -> tuple[Line, Line]:
    """Two lines: its name and its room; by whose word that is, how far it is, and what is left."""
    wanted = asked(row, look)
    spans = [Span(fit(row.place.name, width - 3 * ROOM - 1) + " ", "strong bold")]
    for priority in PRIORITIES:
        held, capacity = row.held(priority, but=wanted), row.capacity(priority)
        over = held > capacity
        tone = "alarm bold" if over else "caution" if held == capacity else priority
        spans.append(Span(fit(f"{'▲' if over else ''}{held}/{capacity}", ROOM, "right"), tone))
    said = said_cell(row, look)
    far = distance_words(distance_km(row.place, look))
    below = [Span("  " + "  ".join(part for part in (row.place.type, far) if part) + "  ", "dim")]
    below.append(Span(said.text.removesuffix(" plan"), "dim" if said.tone == "ink" else said.tone))
    left = [row.remaining(priority, wanted) for priority in PRIORITIES]
    return tuple(spans), spread(below, _left(left), width)


def _left(left: Sequence[int]) -> Line:
    """What room is left by priority; by how many one is over stands there in words."""
    over = [
        f"{word} {-number} OVER" for word, number in zip(PRIORITIES.values(), left, strict=True) if number < 0
    ]
    if over:
        return (Span(" ".join(over), "alarm bold"),)
    if not any(left):
        return (Span("full", "caution bold"),)
    return (Span("left ", "dim"), Span("/".join(map(str, left))))


def _together(rows: Sequence[Receiving], look: Look, width: int) -> Line:
    spans = [Span(fit("all", width - 3 * ROOM), "dim")]
    for priority in PRIORITIES:
        held = sum(row.held(priority, but=asked(row, look)) for row in rows)
        spans.append(Span(fit(f"{held}/{sum(row.capacity(priority) for row in rows)}", ROOM, "right"), "ink"))
    return tuple(spans)


def _left_of_all(rows: Sequence[Receiving], look: Look, width: int) -> Line:
    """What one has too many of is no room anywhere: only what is free counts."""
    return spread((), _left([_free(rows, priority, look) for priority in PRIORITIES]), width)


def _free(rows: Sequence[Receiving], priority: str, look: Look) -> int:
    return sum(max(0, row.remaining(priority, asked(row, look))) for row in rows)


def hospitals_line(look: Look, width: int, key: str) -> View:
    """The same in one line, for 80 columns: how many hospitals, and what room there is left by priority."""
    rows = _rows(look)
    if not rows:
        return View((), (Item((Span("HOSPITALS  ", "dim"), *_none(key, width - 11)), "places"),))
    spans = [Span("HOSPITALS  ", "dim"), Span(str(len(rows)), "strong"), Span(" with room for  ", "dim")]
    for priority, word in PRIORITIES.items():
        spans.append(Span(f"{word} {_free(rows, priority, look)}  ", f"{priority} bold"))
    over = [row.place.name for row in rows if any(row.remaining(p, asked(row, look)) < 0 for p in PRIORITIES)]
    if over:
        spans.append(Span(f"▲ over: {', '.join(over)}", "alarm bold"))
    right = (Span(key, "accent bold"), Span(" opens", "dim")) if key else ()
    return View((), (Item(spread(spans, right, width), "places", rows[0].place.code),))


def allocations_view(look: Look, width: int, most: int) -> View:
    """What was promised to a hospital and is not there yet, the longest under way first."""
    order = ALLOCATIONS.order
    under_way = [
        (key, hold) for key, hold in ALLOCATIONS.rows(look).items() if hold.step in ("allocated", "conveyed")
    ]
    if most < 2 or not under_way or order is None:
        return EMPTY
    under_way.sort(key=lambda one: order(one[1], look))
    shown = under_way[: most - 1] if len(under_way) < most else under_way[: most - 2]
    items = tuple(Item(_hold(hold, look, width), "allocations", key) for key, hold in shown)
    hidden = len(under_way) - len(shown)
    more = (Span(f"+{hidden} more", "accent", "go.allocations"),) if hidden else ()
    return View((Span("NOT THERE YET", "dim"),), items, more)


def _hold(hold: Hold, look: Look, width: int) -> Line:
    place = PLACES.rows(look).get(hold.place)
    step = step_cell(hold, look)
    left = [
        Span(f"{PRIORITIES[hold.priority]} {hold.count}  ", f"{hold.priority} bold"),
        Span(hold.place if place is None else place.place.name),
        Span(f"  {_unit(hold, look)}" if hold.unit else "", "dim"),
    ]
    return spread(left, (Span(step.text, step.tone), Span(f"  {span(look.now - hold.since)}", "dim")), width)


def _unit(hold: Hold, look: Look) -> str:
    home, _, callsign = hold.unit.partition("/")
    return callsign if look.me is not None and home == look.me.agency and callsign else hold.unit
