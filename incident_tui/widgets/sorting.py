"""By which column a list is ordered, and which way round. No widget in here."""

from __future__ import annotations

from collections.abc import Sequence

from incident.kernel.board import Column


class Sorting:
    """The choice of one list: a column and a direction, or None for the board's own order."""

    def __init__(self, columns: Sequence[Column]) -> None:
        self._columns = {column.name: column for column in columns}
        self.by: tuple[Column, bool] | None = None

    @property
    def name(self) -> str:
        """The column's name, "" for the board's own order."""
        return "" if self.by is None else self.by[0].name

    @property
    def backwards(self) -> bool:
        """The last first."""
        return self.by is not None and self.by[1]

    def put(self, name: str, *, backwards: bool = False) -> None:
        """By this column; a name that there is none of gives the board's own order."""
        column = self._columns.get(name)
        self.by = None if column is None else (column, backwards)

    def next(self, shown: Sequence[Column]) -> None:
        """By the next of the columns that are shown; after the last, the board's own order."""
        at = shown.index(self.by[0]) + 1 if self.by is not None and self.by[0] in shown else 0
        self.by = (shown[at], False) if at < len(shown) else None

    def reverse(self) -> None:
        """The other way round."""
        if self.by is not None:
            self.by = (self.by[0], not self.by[1])

    def click(self, name: str) -> None:
        """By this column; the same again turns it round, a third time gives the board's own order back."""
        if name == self.name and self.backwards:
            self.put("")
        else:
            self.put(name, backwards=name == self.name)
