"""Which row stands on which line: order, cursor and selection, all by key. No widget in here.

While somebody works in a list nothing moves under their hands. Then a row that should stand elsewhere stays
where it is, a new one joins at the end, one that has gone stays as a ghost, and ``waiting`` counts them, so that
the screen can say so. ``settle`` puts everything where it belongs; the cursor stays on its row.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from typing import Any


class Roll:
    """The lines of one list."""

    def __init__(self) -> None:
        self.rows: Mapping[str, Any] = {}
        self.shown: list[str] = []
        self.places: dict[str, int] = {}
        self.wanted: Sequence[str] = ()
        self.ghosts: dict[str, Any] = {}
        self.cursor: str | None = None
        self.selected: set[str] = set()
        self.waiting = 0

    def __len__(self) -> int:
        return len(self.shown)

    def row(self, key: str) -> Any | None:
        """The row of a key, as it is now or as it last was."""
        found = self.rows.get(key)
        return found if found is not None else self.ghosts.get(key)

    def at(self, line: int) -> str | None:
        """The key on a line, or None past the end."""
        return self.shown[line] if 0 <= line < len(self.shown) else None

    @property
    def line(self) -> int:
        """The line the cursor stands on; 0 when the list is empty."""
        return 0 if self.cursor is None else self.places.get(self.cursor, 0)

    def feed(self, rows: Mapping[str, Any], wanted: Sequence[str], *, hold: bool) -> bool:
        """Take up new rows and the order they should stand in; ``hold`` keeps every line where it is.

        Answers whether any line now shows another key than before.
        """
        if not self.ghosts and wanted == self.shown:
            # Nothing has come, gone or moved: the common case, many times a second.
            self.rows, self.wanted, self.waiting = rows, wanted, 0
            self._keep_cursor()
            return False
        here = len(self.shown)
        if here and not self.ghosts and len(wanted) > here and wanted[:here] == self.shown:
            # More at the end, and nothing else: a log that grows.
            self.rows, self.wanted, self.waiting, self.shown = rows, wanted, 0, list(wanted)
            self.places.update((key, line) for line, key in enumerate(wanted[here:], here))
            self._keep_cursor()
            return True
        gone = {key: self.rows[key] for key in self.shown if key in self.rows and key not in rows}
        self.rows, self.wanted = rows, wanted
        if not hold:
            return self.settle()
        self.ghosts = {key: row for key, row in {**self.ghosts, **gone}.items() if key not in rows}
        new = [key for key in wanted if key not in self.places]
        if new:
            self._stand([*self.shown, *new])
        self.waiting = self._out_of_place()
        self._keep_cursor()
        return bool(new)

    def settle(self) -> bool:
        """Put every row where it belongs; answers whether any line changed."""
        self.ghosts = {}
        self.waiting = 0
        before, line = self.shown, self.line
        moved = list(self.wanted) != before
        if moved:
            self._stand(list(self.wanted))
        self.selected &= self.rows.keys()
        self._keep_cursor(line)
        return moved

    def move(self, line: int) -> bool:
        """Put the cursor on a line, as near as there is one; answers whether it moved."""
        before = self.cursor
        self.cursor = self.at(max(0, min(line, len(self.shown) - 1)))
        return self.cursor != before

    def go_to(self, key: str) -> bool:
        """Put the cursor on a row by its key; False when there is no such row."""
        if key not in self.places:
            return False
        self.cursor = key
        return True

    def toggle(self, key: str) -> None:
        """Select a row, or leave it out again."""
        self.selected ^= {key}

    def chosen(self) -> tuple[str, ...]:
        """The rows selected that are shown, in their order. Asked many times a second, and mostly there are none."""
        if not self.selected:
            return ()
        return tuple(key for key in self.shown if key in self.selected and key in self.rows)

    def _stand(self, keys: list[str]) -> None:
        self.shown = keys
        self.places = {key: line for line, key in enumerate(keys)}

    def _keep_cursor(self, line: int = 0) -> None:
        if self.cursor is None or self.cursor not in self.places:
            self.cursor = None
            self.move(line)

    def _out_of_place(self) -> int:
        """How few rows would have to move, and how many have gone."""
        places = {key: place for place, key in enumerate(self.wanted)}
        ends: list[
            int
        ] = []  # the longest run of rows that already stand in the right order (patience sorting)
        here = 0
        for key in self.shown:
            place = places.get(key)
            if place is None:
                continue
            here += 1
            at = bisect_left(ends, place)
            ends[at : at + 1] = [place]
        return here - len(ends) + (len(self.shown) - here)
