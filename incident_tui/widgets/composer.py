"""The log's composer. What is typed here is on the disk before it is sent, and the draft outlives everything.

A time in front says when it happened, ``@MPS`` on whose behalf it is written; both are said back at the right
while one types, so that nobody finds out afterwards. A late entry asks for its reason in a form.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from incident.kernel.board import Look
from incident.log import LATE_MS
from incident.values import length_words, read_clock
from incident_tui.tokens import tokens_of
from incident_tui.widgets.prompt import Prompt


@dataclass(frozen=True, slots=True)
class Entry:
    """What is typed, taken apart. ``problem`` is a plain sentence when it cannot be written like this."""

    text: str
    happened_at: int | None = None
    on_behalf_of: str = ""
    late_ms: int = 0
    problem: str = ""

    @property
    def late(self) -> bool:
        """So late that the reason must be given."""
        return self.late_ms > LATE_MS


def read_entry(written: str, look: Look) -> Entry:
    """An entry from one line: ``[14:05] [@MPS] text``."""
    happened_at, behalf, rest = None, "", written.strip()
    known: Mapping[str, Any] = getattr(look.charter, "agencies", None) or {}
    for token in tokens_of(rest)[:2]:
        word = token.text
        if happened_at is None and _is_clock(word):
            try:
                happened_at = read_clock(word, look.now, look.offset_minutes)
            except ValueError as error:
                return Entry(rest, None, "", problem=str(error))
        elif not behalf and word.startswith("@") and len(word) > 1:
            behalf = word[1:].upper()
            if known and behalf not in known:
                return Entry(rest, happened_at, "", problem=f"There is no agency {word[1:]}.")
        else:
            break
        rest = rest[len(word) :].lstrip()
    late = 0 if happened_at is None else max(0, look.now - happened_at)
    return Entry(rest, happened_at, behalf, late)


def is_command(written: str) -> bool:
    """Whether this was meant for the command line: no line of a log begins with a colon."""
    return written.lstrip().startswith(":")


def line_of(written: str) -> str:
    """The command that was meant, without its colon."""
    return written.strip().removeprefix(":")


def _is_clock(word: str) -> bool:
    hours, colon, minutes = word.partition(":")
    return bool(colon) and hours.isdigit() and len(hours) <= 2 and minutes.isdigit() and len(minutes) == 2


class Composer(Prompt):
    """The line under Picture and Log, and under every screen once ``l`` is pressed."""

    REST = "enter writes · esc keeps draft"

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__("› log: ", id=id)
        self._look: Look | None = None

    def on_descendant_blur(self) -> None:
        """Nobody types here now: say how to go on."""
        if self._look is not None:
            self.shape(self._look)

    def shape(self, look: Look) -> Entry:
        """Say back how what is typed will be written."""
        self._look = look
        entry = read_entry(self.text, look)
        if is_command(self.text):
            self.tell("a command: enter does it · esc clears", "accent")
        elif entry.problem:
            self.tell(entry.problem, "alarm")
        elif entry.happened_at is not None or entry.on_behalf_of:
            words = []
            if entry.happened_at is not None:
                at = f"happened {look.clock(entry.happened_at)}, {length_words(entry.late_ms)} ago"
                words.append(("late entry, " if entry.late else "") + at)
            if entry.on_behalf_of:
                words.append(f"for {entry.on_behalf_of}")
            self.tell(" · ".join(words), "caution" if entry.late else "accent")
        elif self.field.has_focus:
            self.tell(self.REST)
        else:
            self.tell(
                "l writes" if not self.text else "draft kept · l goes on",
                "dim" if not self.text else "caution",
            )
        return entry
