"""What stands on the Picture, as lines: each block is a few rows of a board, or totals. No widget in here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Final

from incident.kernel.board import Board, Cell, Look
from incident.resources.words import unit_totals
from incident_tui.feed import LogLine
from incident_tui.screens.log.lines import WEIGHTS, agency_cell, key_of, number_cell, text_tone, time_cell
from incident_tui.widgets.block import Item, View
from incident_tui.widgets.columns import GAP, Fitted, fit_columns
from incident_tui.widgets.paint import Line, Span, fit, length, shorten, wrap

TRUSTS_MAX: Final = 6
"""Agencies that have a column of their own among the totals of units."""
LOOKED_THROUGH: Final = 400
"""Lines of the log among which the last of weight are looked for."""


# -- rows of a board ------------------------------------------------------------------------------------------


def board_view(
    board: Board,
    look: Look,
    names: Sequence[tuple[str, int]],
    width: int,
    most: int,
    keep: Callable[[Any], bool] = lambda _row: True,
) -> View:
    """The first rows of a board, in its own order, with these columns (name, width) as far as they fit."""
    rows = {key: row for key, row in board.rows(look).items() if keep(row)}
    keys = list(rows)
    if (order := board.order) is not None:
        keys.sort(key=lambda key: order(rows[key], look))
    widths = dict(names)
    columns = [
        replace(c, width=widths[c.name], priority=0)
        for name, _ in names
        for c in board.columns
        if c.name == name
    ]
    fitted = fit_columns(columns, width)
    shown = keys[: max(0, most)]
    count = f" {len(shown)} of {len(keys)}" if len(shown) < len(keys) else ""
    head = tuple(
        span
        for index, (column, cells) in enumerate(fitted)
        for span in (
            Span(
                fit((board.title + count if index == 0 else column.title).upper(), cells, column.align), "dim"
            ),
            Span(" " * GAP),
        )
    )[:-1]
    items = tuple(Item(_row_line(fitted, rows[key], look), board.name, key) for key in shown)
    return View(head, items, () if keys else (Span("none yet", "dim"),))


def _row_line(fitted: Sequence[Fitted], row: Any, look: Look) -> Line:
    spans: list[Span] = []
    for column, cells in fitted:
        cell = column.cell(row, look)
        spans += [Span(fit(cell.text, cells, column.align), cell.tone), Span(" " * GAP)]
    return tuple(spans[:-1])


# -- units ----------------------------------------------------------------------------------------------------


def units_view(look: Look, width: int, most: int) -> View:
    """Units by where they are: all of them, and those of each trust as far as there is room."""
    every = unit_totals(look)
    if most <= 2:
        return View((), (Item(_units_line(look, width), "resources"),))
    homes = sorted({unit.home for unit in look.state.resources.units.values()})
    if look.me is not None and look.me.agency in homes:
        homes.remove(look.me.agency)
        homes.insert(0, look.me.agency)
    columns = [("ALL", every)]
    for home in homes[: min(TRUSTS_MAX, max(0, (width - 24) // 8))]:
        columns.append((home, unit_totals(look, home)))
    head = (Span(fit("UNITS", 14), "dim"), *(Span(fit(name[:7], 8, "right"), "dim") for name, _ in columns))
    groups = [group for group, count in every.groups.items() if count] or list(every.groups)[:1]
    items = []
    for group in groups[: most - 1]:
        spans = [Span(fit(group, 14))]
        for index, (_, totals) in enumerate(columns):
            count = totals.groups.get(group, 0)
            tone = "strong" if index == 0 and count else "ink" if count else "dim"
            spans.append(Span(fit(str(count) if count else "–", 8, "right"), tone))
        items.append(Item(tuple(spans), "resources"))
    return View(head, tuple(items), _doubts(every))


def _units_line(look: Look, width: int) -> Line:
    """In one line: doubts are never cut off, and groups that do not fit are named by their number of units."""
    every = unit_totals(look)
    doubts = _doubts(every)
    groups = [(count, f" {group}  ") for group, count in every.groups.items() if count]
    if not groups:
        return shorten((Span("UNITS  ", "dim"), Span("none committed  ", "dim"), *doubts), width)
    room = width - length(doubts) - len("UNITS  ")
    while groups[1:] and sum(len(f"{count}{words}") for count, words in groups) - 2 > room:
        rest = groups.pop()[0] + groups.pop()[0]
        groups.append((rest, " elsewhere  "))
    said = [span for count, words in groups for span in (Span(f"{count}", "strong"), Span(words, "dim"))]
    if not doubts:
        said[-1] = Span(said[-1].text.rstrip(), "dim")
    return shorten((Span("UNITS  ", "dim"), *said, *doubts), width)


def _doubts(totals: Any) -> Line:
    words = []
    if totals.disputed:
        words.append(Span(f"▲ {totals.disputed} disputed  ", "alarm"))
    if totals.stale:
        words.append(Span(f"{totals.stale} stale  ", "caution"))
    if totals.wanted:
        words.append(Span(f"{totals.wanted} requested, not confirmed", "caution"))
    return tuple(words)


# -- the log --------------------------------------------------------------------------------------------------


def log_view(
    lines: Sequence[LogLine], look: Look, width: int, most: int, *, wrapped: bool = False, brief: bool = False
) -> View:
    """The last lines that people wrote or did, newest at the foot, what waits below them.

    ``wrapped`` gives a long text as many lines as it needs; ``brief`` leaves out the number and the seconds.
    """
    room = max(0, most - 1)
    shown = (
        [line for line in lines[-LOOKED_THROUGH:] if line.weight in WEIGHTS or line.word][-room:]
        if room
        else []
    )
    items: list[Item] = []
    for line in shown:
        painted = log_lines(line, look, width, wrapped=wrapped, brief=brief)
        items += [Item(part, "log", key_of(line)) for part in painted]
    empty = () if items else (Span("nothing written yet", "dim"),)
    return View((Span("LOG", "dim"),), tuple(items[-room:] if room else ()), empty)


def log_lines(line: LogLine, look: Look, width: int, *, wrapped: bool, brief: bool) -> list[Line]:
    """One entry: time, number or state word, agency, text."""
    time, number, agency = (maker(line, look) for maker in (time_cell, number_cell, agency_cell))
    if brief:
        time = Cell(look.clock(line.at) + time.text[8:], time.tone)
    head = [Span(fit(time.text, 6 if brief else 9) + " " * (1 if brief else 2), time.tone)]
    if line.word or not brief:
        head.append(
            Span((line.word or number.text).ljust(8) + "  ", f"{number.tone}{' bold' if line.word else ''}")
        )
    head.append(Span(agency.text.ljust(7 if brief else 8) + (" " if brief else "  "), agency.tone))
    if not wrapped:
        return [shorten((*head, Span(line.said, text_tone(line))), width)]
    indent = length(head)
    parts = wrap(line.said, max(12, width - indent))
    first: Line = (*head, Span(parts[0], text_tone(line)))
    return [first, *((Span(" " * indent), Span(part, text_tone(line))) for part in parts[1:])]


def share(room: int, wants: Sequence[tuple[int, int]]) -> list[int]:
    """Rows for each block out of ``room``: each its least first, then in turn up to what it wants.

    ``wants`` is (least, most) by block, the most important first; what is last may get nothing.
    """
    given: list[int] = []
    for least, _ in wants:
        got = min(least, max(0, room - sum(given)))
        given.append(got)
    while (left := room - sum(given)) > 0:
        open_ones = [index for index, (_, most) in enumerate(wants) if given[index] and given[index] < most]
        if not open_ones:
            break
        for index in open_ones[:left]:
            given[index] += 1
    return given


def taken(view: View) -> int:
    """Widest line of a view, for tests of alignment."""
    return max((length(item.line) for item in view.items), default=0)
