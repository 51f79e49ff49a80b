"""The filter's grammar and its work: which rows of a board match what a person types. No widget in here.

Words are looked for in everything a row is known by, all of them must be there: ``hart las``. A word with a
colon looks into columns, or into what the board itself marks so: ``trust:LAS status:mobile is:stale``. A minus
in front means *without*: ``-status:clear``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from incident.kernel.board import Board, Column, Look

SYNONYMS: Mapping[str, tuple[str, ...]] = {
    "trust": ("home", "agency", "owner", "by", "control", "controlling", "with"),
    "agency": ("home", "owner", "by", "trust", "control", "controlling", "with"),
    "status": ("state",),
    "state": ("status",),
    "kind": ("category", "type"),
    "place": ("location", "where"),
}
"""What people call a column that a board may call otherwise."""


@dataclass(frozen=True, slots=True)
class Term:
    """One word of a filter: where to look ("" is everywhere), for what, and whether it must be absent."""

    field: str
    word: str
    without: bool = False


def read_terms(text: str) -> tuple[Term, ...]:
    """The terms of a filter line; a field whose word is not typed yet asks for nothing."""
    terms = []
    for part in text.casefold().split():
        without = part.startswith("-") and len(part) > 1
        body = part[1:] if without else part
        field, colon, word = body.partition(":")
        if colon and field:
            if word:
                terms.append(Term(field, word, without))
        else:
            terms.append(Term("", body, without))
    return tuple(terms)


def columns_named(board: Board, field: str) -> tuple[Column, ...]:
    """The columns a field word means: by name or title, by their beginning, or by a word that means the same."""
    names = (field, *SYNONYMS.get(field, ()))
    exact = tuple(c for c in board.columns if c.name.casefold() in names or c.title.casefold() in names)
    if exact:
        return exact
    return tuple(
        c
        for c in board.columns
        if c.name.casefold().startswith(field) or c.title.casefold().startswith(field)
    )


class Sieve:
    """Sifts the rows of one board; what a row is known by is asked once for each frozen row."""

    def __init__(self, board: Board) -> None:
        self.board = board
        self.text = ""
        self._terms: tuple[tuple[Term, tuple[Column, ...]], ...] = ()
        self._known: dict[str, tuple[Any, str]] = {}
        self.unknown: tuple[str, ...] = ()
        """Fields that this board has no column for: said beside the filter."""

    @property
    def active(self) -> bool:
        """Whether anything is left out at all."""
        return bool(self._terms)

    def set(self, text: str) -> None:
        """Filter by this line from now on."""
        self.text = text
        terms = [
            (term, columns_named(self.board, term.field) if term.field else ()) for term in read_terms(text)
        ]
        self._terms = tuple(terms)
        self._known.clear()
        self.unknown = ()

    def sift(self, rows: Mapping[str, Any], look: Look) -> list[str]:
        """The keys of the rows that match, in their own order."""
        if not self._terms:
            return list(rows)
        found = [key for key, row in rows.items() if self.matches(key, row, look)]
        strange = {
            f"{term.field}:": term.field for term, columns in self._terms if term.field and not columns
        }
        if strange and not found and rows:
            every = [self._find(key, row, look) for key, row in rows.items()]
            self.unknown = tuple(
                f for mark, f in strange.items() if not any(mark in known for known in every)
            )
        return found

    def matches(self, key: str, row: Any, look: Look) -> bool:
        """Whether one row has every word asked for and none that is not wanted."""
        for term, columns in self._terms:
            if not term.field:
                found = term.word in self._find(key, row, look)
            else:
                found = any(term.word in column.cell(row, look).text.casefold() for column in columns)
                found = found or f"{term.field}:{term.word}" in self._find(key, row, look)
            if found is term.without:
                return False
        return True

    def _find(self, key: str, row: Any, look: Look) -> str:
        known = self._known.get(key)
        if known is None or known[0] is not row:
            known = self._known[key] = (row, self.board.find(row, look).casefold())
        return known[1]
