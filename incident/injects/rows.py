"""An inject as a line of a board: its text from the scenario, and how it stands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from incident.injects.facts import Injects, Note, Standing
from incident.injects.words import MARK_WORDS
from incident.kernel.board import Cell, Look
from incident.scenario.facts import Inject, Scenario, t_words
from incident.values import span

SECOND_MS: Final = 1_000
TONES: Final = {"pending": "ink", "held": "caution", "sent": "accent", "actioned": "good", "skipped": "dim"}


class InjectRow(msgspec.Struct, frozen=True):
    """One inject: what the scenario says of it, and how it stands."""

    inject: Inject
    standing: Standing

    @property
    def version(self) -> str:
        """The id of the command that last changed it."""
        return self.standing.version


class _Rows:
    """The rows of the papers looked at last: an inject that did not change is the same object."""

    def __init__(self) -> None:
        self.papers: Injects | None = None
        self.made: dict[str, InjectRow] = {}

    def of(self, papers: Injects) -> Mapping[str, InjectRow]:
        """One row for each inject, by number as text, in the order of their times."""
        scenario = papers.scenario
        if papers is not self.papers and scenario is not None:
            by_number = {one.number: one for one in scenario.injects}
            self.made = {
                key: self._row(key, by_number[standing.number], standing)
                for key, standing in papers.rows.items()
                if standing.number in by_number
            }
            self.papers = papers
        return self.made if scenario is not None else {}

    def _row(self, key: str, inject: Inject, standing: Standing) -> InjectRow:
        before = self.made.get(key)
        if before is not None and before.standing is standing and before.inject is inject:
            return before
        return InjectRow(inject, standing)


rows = _Rows().of


def state_cell(row: InjectRow, look: Look, began: int | None) -> Cell:
    """How it stands; what did not arrive is an alarm, what is due soon says when."""
    standing = row.standing
    if standing.trouble:
        return Cell(f"{standing.state} ▲", "alarm")
    if standing.asked:
        return Cell("firing", "accent")
    if standing.state == "pending" and began is not None:
        left = began + row.inject.at * SECOND_MS - look.now
        return Cell("due" if left <= 0 else f"in {span(left)}", "caution" if left < 60 * SECOND_MS else "ink")
    return Cell(standing.state, TONES[standing.state])


def what(row: InjectRow) -> str:
    """From whom to whom, by what, and what is said."""
    inject = row.inject
    return f"{inject.sender} > {' '.join(inject.to)} ({inject.means}): {inject.text}"


def detail(row: InjectRow, look: Look, papers: Injects, began: int | None) -> Sequence[tuple[str, Cell]]:
    """Everything exercise control knows of an inject."""
    inject, standing = row.inject, row.standing
    lines: list[tuple[str, Cell]] = [
        ("", Cell(f"Inject {inject.number}", "strong")),
        ("state", state_cell(row, look, began)),
        ("time", Cell(t_words(inject.at) + ("" if began is None else f"  {_clock(inject, look, began)}"))),
        ("from", Cell(inject.sender)),
        ("to", Cell(f"{', '.join(inject.to)}, {inject.how}")),
        ("text", Cell(inject.text)),
    ]
    lines += [("expected", Cell(inject.expected, "accent"))] if inject.expected else []
    lines += [("objective", Cell(_objective(papers.scenario, inject.objective)))] if inject.objective else []
    if standing.fired_at is not None:
        lines.append(("sent", Cell(look.clock(standing.fired_at), "dim")))
    lines += [("reason", Cell(standing.reason))] if standing.reason else []
    lines += [("▲", Cell(why, "alarm")) for why in standing.trouble]
    if standing.actioned_at is not None:
        lines.append(
            ("actioned", Cell(f"{look.clock(standing.actioned_at)}  {standing.response}".rstrip(), "good"))
        )
    lines += [("note", _note(note, look)) for note in papers.notes.values() if note.inject == inject.number]
    return lines


def _clock(inject: Inject, look: Look, began: int) -> str:
    return look.clock(began + inject.at * SECOND_MS)


def _objective(scenario: Scenario | None, code: str) -> str:
    found = () if scenario is None else scenario.objectives
    return next((f"{code}: {one.words}" for one in found if one.code == code), code)


def _note(note: Note, look: Look) -> Cell:
    mark = f"{note.objective} {MARK_WORDS.get(note.mark, '')}".strip()
    return Cell(" ".join(part for part in (look.clock(note.at), note.actor, mark, note.text) if part))
