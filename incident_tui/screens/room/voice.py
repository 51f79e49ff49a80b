"""What the room says to a person: one sentence above the foot, toasts, and the list of notices behind ``!``."""

from __future__ import annotations

import time
from collections import deque
from typing import TYPE_CHECKING, Final

from incident.kernel.text import safe_text
from incident_tui.screens.conflicts.screen import Notice
from incident_tui.widgets.lines import Lines
from incident_tui.widgets.paint import Span, wrap

if TYPE_CHECKING:
    from incident_tui.screens.room.screen import Room

SAID_SECONDS: Final = 10.0
TOASTS: Final = {"alarm": ("error", 12.0), "caution": ("warning", 8.0)}
"""How a notice of this severity is shown, and for how long."""


class Voice:
    """The voice of one room."""

    def __init__(self, room: Room, kept: deque[Notice]) -> None:
        self.room = room
        self.kept = kept
        self._said_until = float("-inf")

    def stroke(self) -> None:
        """Tell what waits to be told; what was said long enough goes."""
        while self.room.session.notices:
            severity, sentence = self.room.session.notices.popleft()
            self.notice(severity, sentence)
        if self._said_until < time.monotonic():
            self.say("")

    def notice(self, severity: str, sentence: str) -> None:
        """Tell a person once, as a toast, and keep it in the list of notices."""
        text = safe_text(sentence)
        at = self.room.session.now()
        self.kept.append(Notice(f"notice/{at}/{len(self.kept)}", at, severity, text))
        kind, seconds = TOASTS.get(severity, ("information", 5.0))
        self.room.app.notify(text, severity=kind, timeout=seconds, markup=False)  # type: ignore[arg-type]
        if severity == "alarm" and self.room.settings.bell:
            self.room.app.bell()

    def say(self, sentence: str, tone: str = "caution") -> None:
        """Say one sentence above the foot; "" takes it away. The next key does, too."""
        said = self.room.query_one("#said", Lines)
        width = max(20, self.room.size.width - 4)
        said.show([(Span(" ▲ " if i == 0 else "   ", tone), Span(part, tone)) for i, part in
                   enumerate(wrap(safe_text(sentence), width)[:3])] if sentence else [])  # fmt: skip
        self._said_until = time.monotonic() + SAID_SECONDS if sentence else float("inf")
