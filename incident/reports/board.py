"""Reports as a board: what was signed, by whom, as of when; and the two forms, written from the state."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from incident.kernel.board import Arg, Board, Cell, Column, Look, Verb
from incident.reports import facts, gather
from incident.reports.facts import HEADINGS, TITLES, Part, Report, Reports
from incident.values import role_words, span


def rows(look: Look) -> Mapping[str, Report]:
    """Every report that is kept, by id."""
    state: Reports = look.state.reports
    return state.rows


def detail(row: Report, look: Look) -> Sequence[tuple[str, Cell]]:
    """The whole report as signed."""
    lines = [
        ("", Cell(row.name, "strong")),
        (
            "signed",
            Cell(f"{look.clock(row.at)} by {row.actor} of {row.agency}, {role_words(row.role)}", "dim"),
        ),
        ("as at", Cell(look.clock(row.as_at))),
    ]
    titles = HEADINGS.get(row.kind, {})
    for part in row.parts:
        first = titles.get(part.name, part.name)
        for text in part.text.split("\n"):
            lines.append((first, Cell(text)))
            first = ""
    return lines


def _opening(row: Report) -> str:
    return " ".join(row.parts[0].text.split()) if row.parts else ""


def _sign(kind: facts.ReportKind) -> Callable[[Any, Mapping[str, Any], Look], facts.Sign]:
    def build(_row: Any, values: Mapping[str, Any], look: Look) -> facts.Sign:
        parts = []
        for name in HEADINGS[kind]:
            given = values.get(name)
            text = gather.text(kind, name, look) if given is None else str(given)
            parts.append(Part(name, gather.answered(text).strip()[: facts.PART_MAX]))
        return facts.Sign(kind, look.now, tuple(parts))

    return build


def _default(kind: str, name: str) -> Callable[[Look, Any], str]:
    return lambda look, _row: gather.text(kind, name, look)


def _verb(kind: facts.ReportKind, title: str, help_: str) -> Verb:
    return Verb(
        kind,
        title,
        kind,
        facts.Sign,
        _sign(kind),
        row=False,
        read_first=True,
        args=tuple(
            Arg(name, heading, "lines", False, default=_default(kind, name), limit=facts.PART_MAX)
            for name, heading in HEADINGS[kind].items()
        ),
        example=kind,
        help=help_,
    )


BOARD = Board(
    name="reports",
    title="Reports",
    digit="",
    rows=rows,
    columns=(
        Column(
            "name", "Report", 18, lambda r, _l: Cell(r.name, "strong"), priority=0, sort=lambda r, _l: r.at
        ),
        Column("as_at", "As at", 12, lambda r, look: Cell(look.clock(r.as_at)), priority=1),
        Column(
            "age", "Age", 6, lambda r, look: Cell(span(look.now - r.at), "dim"), priority=2, align="right"
        ),
        Column("agency", "Agency", 9, lambda r, _l: Cell(r.agency), priority=1, sort=lambda r, _l: r.agency),
        Column(
            "actor",
            "Signed by",
            22,
            lambda r, _l: Cell(f"{r.actor}, {role_words(r.role)}", "dim"),
            priority=4,
        ),
        Column("opening", "Begins", 30, lambda r, _l: Cell(_opening(r), "dim"), priority=3, grow=2),
    ),
    verbs=(
        _verb("sitrep", "Write and sign a sitrep", "Written from the picture; read it, change it, sign it."),
        _verb(
            "iimarch", "Write and sign an IIMARCH brief", "Seven headings from the picture, for a handover."
        ),
    ),
    detail=detail,
    find=lambda row, _look: " ".join((row.name, row.agency, row.actor, *(p.text for p in row.parts))).lower(),
    named=lambda written, look: next(
        (key for key, row in rows(look).items() if row.name.lower() == written.strip().lower()), None
    ),
    version=lambda row: row.version,
    order=lambda row, _look: -row.at,
    noun="report",
    empty="Nothing has been signed yet. sitrep and iimarch write one from the picture.",
)

__all__ = ["BOARD", "TITLES"]
