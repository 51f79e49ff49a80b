"""Styles by number, so that a cell holds a number: the style words of what is written, and the grounds beneath."""

from __future__ import annotations

from typing import Final

GROUNDS: Final = ("ground", "panel", "selection")
PLAIN, TINT, SELECTED = range(len(GROUNDS))
BLANK: Final = ord(" ")
OWN: Final = "accent"
OTHERS: Final = "dim"
OWN_NAME: Final = "accent bold"
OTHERS_NAME: Final = "strong"
"""Our own border and name are bright; neighbours are there, and quiet."""


class Inks:
    """Style words by number, so that a cell holds a number; numbers stay for as long as a drawing does."""

    def __init__(self) -> None:
        self.words: list[str] = ["ink"]
        self._numbers = {"ink": 0}

    def number(self, words: str) -> int:
        """The number of these style words."""
        found = self._numbers.get(words)
        if found is None:
            found = self._numbers[words] = len(self.words)
            self.words.append(words)
        return found
