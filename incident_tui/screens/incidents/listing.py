"""The incidents as a board, so that the table, the palette and the command line treat them like any other rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from incident.kernel.board import Board, Cell, Column, Look
from incident.kernel.protocol import Listing
from incident.organisation.verbs import OPEN
from incident.values import length_words
from incident_tui.screens.room.elsewhere import JOIN, LEAD, asked_by

OPEN_HERE = replace(OPEN, key=OPEN.key or "o")
"""Opening an incident, with a key: the list of incidents is where it is offered."""


def _said(row: Listing, name: str) -> str:
    return str(row.summary.get(name) or "")


def _number(row: Listing, _look: Look) -> Cell:
    return Cell(_said(row, "number") or "number to come", "strong" if _said(row, "number") else "dim")


def _title(row: Listing, _look: Look) -> Cell:
    return Cell(_said(row, "title"), "dim" if row.summary.get("closed") else "strong")


def _mode(row: Listing, _look: Look) -> Cell:
    mode = _said(row, "mode").upper()
    return Cell(mode, "exercise-ink on exercise" if mode == "EXERCISE" else "live-ink on live")


def _kind(row: Listing, _look: Look) -> Cell:
    return Cell(_said(row, "kind").replace("_", " "), "dim")


def _lead(row: Listing, _look: Look) -> Cell:
    return Cell(_said(row, "lead"), "accent")


ASKED: Final = {(JOIN,): "INVITED", (LEAD,): "lead asked", (JOIN, LEAD): "INVITED lead"}
"""What an incident asks of us, in the width of a column."""


def _ours(row: Listing, look: Look) -> Cell:
    asked = asked_by(row, look)
    if asked:
        return Cell(ASKED[asked], "alarm")
    declared = row.summary.get("declared") or {}
    mine = str(declared.get(look.me.agency, "")) if look.me is not None else ""
    tone = {"declared": "alarm", "standby": "caution", "": "dim"}.get(mine, "ink")
    return Cell(mine.replace("_", " ") or "not joined", tone)


def _parties(row: Listing, _look: Look) -> Cell:
    return Cell(" ".join(row.summary.get("declared") or {}), "dim")


def _opened(row: Listing, look: Look) -> Cell:
    at = int(row.summary.get("opened_at") or 0)
    now = look.now if row.stream == look.stream else look.real or look.now  # each exercise has its own clock
    return Cell(f"{look.clock(at)}, {length_words(now - at)} ago" if at else "", "dim")


def _state(row: Listing, _look: Look) -> Cell:
    return Cell("closed", "dim") if row.summary.get("closed") else Cell("running", "good")


COLUMNS = (
    Column("number", "Number", 16, _number, priority=1),
    Column("title", "Incident", 20, _title, priority=0, grow=2),
    Column("mode", "Mode", 9, _mode, priority=2),
    Column("lead", "Lead", 7, _lead, priority=3),
    Column("ours", "We are", 12, _ours, priority=2),
    Column("parties", "Agencies", 18, _parties, priority=6, grow=1),
    Column("opened", "Opened", 22, _opened, priority=4),
    Column("kind", "Kind", 14, _kind, priority=7),
    Column("state", "State", 8, _state, priority=3),
)


def detail(row: Listing, look: Look) -> Sequence[tuple[str, Cell]]:
    """Everything the directory says of one incident."""
    pairs = [
        ("", Cell(f"{_said(row, 'number')}  {_said(row, 'title')}".strip(), "strong")),
        ("mode", _mode(row, look)),
        ("kind", _kind(row, look)),
        ("place", Cell(_said(row, "place"))),
        ("lead", _lead(row, look)),
        ("opened", _opened(row, look)),
        ("opened by", Cell(_said(row, "opened_by"))),
        ("records", Cell(f"{row.seq:,}", "dim")),
    ]
    declared = row.summary.get("declared") or {}
    pairs += [(code, Cell(str(said).replace("_", " ") or "not joined")) for code, said in declared.items()]
    return pairs


def incidents_board(listings: Callable[[], Sequence[Listing]]) -> Board:
    """The board over whatever the session lists now."""
    made: dict[str, Listing] = {}

    def rows(_look: Look) -> Mapping[str, Any]:
        fresh = {listing.stream: listing for listing in listings()}
        for key, listing in fresh.items():
            if made.get(key) == listing:
                fresh[key] = made[key]  # equal is the same object, so that it is not painted again
        made.clear()
        made.update(fresh)
        return dict(fresh)

    def named(written: str, look: Look) -> str | None:
        wanted = written.casefold()
        found = [
            key
            for key, row in rows(look).items()
            if _said(row, "number").casefold().endswith(wanted) or wanted in _said(row, "title").casefold()
        ]
        return found[0] if len(found) == 1 else None

    return Board(
        name="incidents",
        title="Incidents",
        digit="0",
        rows=rows,
        columns=COLUMNS,
        verbs=(OPEN_HERE,),
        detail=detail,
        find=lambda row, _look: " ".join(
            (*(_said(row, name) for name in ("number", "title", "mode", "kind", "lead", "place")),
             *(row.summary.get("declared") or {}))
        ).lower(),
        named=named,
        noun="incident",
        empty="No incident yet. Press o to open one.",
    )  # fmt: skip
