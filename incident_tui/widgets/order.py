"""The order of a list, kept: a row is asked where it belongs when it is another object, and all now and then.

With 2,000 rows and a thousand changes a second, asking each row at every stroke of the pump was a tenth of the
client's whole work. Where a row belongs follows from the row, from who looks and, slowly, from the time. No widget
in here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from itertools import compress
from operator import is_not
from typing import Any

from incident.kernel.board import Column, Look

SECONDS = 5
"""How often every row is asked again: what is overdue moves up, and a few seconds are soon enough for that."""

By = Callable[[Any, Look], Any]
"""Answers what a row is ordered by."""


@lru_cache(maxsize=256)
def by_words(column: Column) -> By:
    """By what stands in a column that has no order of its own."""
    return lambda row, look: column.cell(row, look).text.casefold()


class Order:
    """The order of the rows of one list."""

    def __init__(self) -> None:
        self._under: tuple[Any, ...] = ()
        self._known: dict[str, tuple[Any, Any]] = {}
        self._keys: list[str] = []
        self._rows: list[Any] = []
        """The row of each of ``_keys``, as it was looked at last."""
        self._sorted: list[str] = []

    def sorted(
        self, keys: list[str], rows: Mapping[str, Any], look: Look, by: By, *, backwards: bool = False
    ) -> list[str]:
        """The keys in the order of their rows; the same list as before when nothing has moved. Not to be changed."""
        under = (by, backwards, look.me, look.now // (1000 * SECONDS), look.unconfirmed)
        anew = under != self._under
        # also when it is asked anew and nothing is left: the last row must not stand for ever
        known, moved = {} if anew else self._known, anew or keys != self._keys
        self._under = ()  # until all have answered: a row that cannot say its place leaves nothing half done
        here = [rows[key] for key in keys]
        pairs = zip(keys, here, strict=True)
        for key, row in pairs if moved else compress(pairs, map(is_not, here, self._rows)):
            before = known.get(key)
            if before is None or before[0] is not row:
                place = by(row, look)
                known[key] = (row, place)
                moved = moved or before is None or before[1] != place
        self._under, self._known, self._rows = under, known, here
        if moved:
            self._keys = keys
            fresh = sorted(keys, key=lambda key: known[key][1], reverse=backwards)
            if fresh != self._sorted:
                self._sorted = fresh
            if len(known) > 2 * len(keys):
                self._known = {key: known[key] for key in keys}
        return self._sorted
