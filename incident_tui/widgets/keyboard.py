"""What the terminal sends becomes keys: Esc is never swallowed by the key after it, and a paste is never keys.

A terminal sends Esc as the byte that every other special key begins with, so whatever follows it within a tenth of a
second, or in the same packet of a slow line, Textual takes for the Alt of that key: Esc and then ``5`` becomes ``∞``
in the log line that Esc was to leave, and Esc and then Enter sends what Esc was to keep back. Nothing here is on Alt
and a letter, so Alt and a letter is Esc and the letter, as in vi. Where the terminal says which key it was (kitty,
foot, WezTerm), Alt stays Alt.

An Esc inside a paste makes Textual do as keys what comes after it. Inside a paste there is no Esc here.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Final

from textual._xterm_parser import XTermParser
from textual.events import Key
from textual.message import Message

ESC: Final = "\x1b"
BEGINS: Final = frozenset("[OPX]^_")
"""After Esc, what can be the beginning of a longer key or of an answer of the terminal; the parser waits for more."""
PASTE: Final = ESC + "[200~"
PASTED: Final = ESC + "[201~"
DRIVERS: Final = ("textual.drivers.linux_driver", "textual.drivers.win32")
"""Where Textual makes its parsers."""


class Keyboard(XTermParser):
    """Textual's parser, with these two mended."""

    def __init__(self, debug: bool = False) -> None:
        """No paste is under way."""
        super().__init__(debug)
        self._pasting = False
        self._sign = ""  # as much as has come of the sign that begins the paste, or ends it

    def feed(self, data: str) -> Iterable[Message]:
        """Packets as they come; nothing at all means that no more will come."""
        clean = self._without_escapes(data)
        return super().feed(clean) if clean or not data else ()

    def _without_escapes(self, data: str) -> str:
        """The packet without the Escs inside a paste; the sign of its beginning or end may come in parts."""
        done: list[str] = []
        for char in data:
            self._sign += char
            if not (PASTED if self._pasting else PASTE).startswith(self._sign):
                done.append(self._sign[:-1].replace(ESC, "") if self._pasting else "")
                self._sign = char if char == ESC else ""
                done.append("" if self._pasting and char == ESC else char)
            elif not self._pasting:
                done.append(char)
            if self._sign == (PASTED if self._pasting else PASTE):
                done.append(self._sign if self._pasting else "")
                self._pasting, self._sign = not self._pasting, ""
        return "".join(done)

    def _sequence_to_key_events(self, sequence: str, alt: bool = False) -> Iterable[Key]:
        """The keys of a sequence. ``alt`` says that an Esc stood before a character that came to nothing longer."""
        both = len(sequence) == 2 and sequence[0] == ESC and sequence[1].isprintable()
        if both and sequence[1] in BEGINS:
            return
        if both or alt:
            yield Key("escape", ESC)
        yield from super()._sequence_to_key_events(sequence[-1] if both else sequence)


def use_keyboard() -> None:
    """The driver that Textual has chosen reads with this from now on."""
    for name in DRIVERS:
        if name in sys.modules:
            setattr(sys.modules[name], "XTermParser", Keyboard)  # noqa: B010 - it cannot be handed over otherwise
