"""The command line: one line of words, with the shape of what may follow, and a memory of what was typed."""

from __future__ import annotations

from collections import deque
from typing import Final

from textual import events

from incident_tui.actions import Actions
from incident_tui.grammar import nearest_words, usage
from incident_tui.nearest import offer
from incident_tui.widgets.prompt import Prompt

HISTORY_MAX: Final = 50


class CommandLine(Prompt):
    """``:``. While a word is typed its shape stands at the right; up and down bring back earlier lines."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(": ", id=id)
        self._history: deque[str] = deque(maxlen=HISTORY_MAX)
        self._back = 0

    def remember(self, line: str) -> None:
        """Keep a line that was done."""
        if line.strip() and (not self._history or self._history[-1] != line):
            self._history.append(line)
        self._back = 0

    def shape(self, actions: Actions) -> None:
        """Show what may follow the word that stands there, or the words that begin so."""
        word, space, _ = self.text.lstrip().partition(" ")
        word = word.casefold()
        exact = [action for action in actions.all if word and word in action.words]
        if exact:
            action = exact[0]
            if action.verb is not None and action.board is not None:
                self.tell(usage(action.board, action.verb))
            else:
                self.tell(action.example or action.title)
        elif word and not space:
            beginning = sorted({w for action in actions.all for w in action.words if w.startswith(word)})
            nearest = () if beginning else nearest_words(word, actions.boards)
            wrong = f"no such word{offer(nearest).replace(' Did', ': did')}"
            self.tell("  ".join(beginning[:6]) or wrong, "dim" if beginning else "caution")
        else:
            self.tell("s A101 scn   t SCAS open RVP B 15m   find hart")

    def on_key(self, event: events.Key) -> None:
        """Up and down walk through what was typed before; Escape leaves."""
        if event.key in ("up", "down"):
            event.stop()
            event.prevent_default()
            by = 1 if event.key == "up" else -1
            self._back = max(0, min(len(self._history), self._back + by))
            self.put(self._history[-self._back] if self._back else "")
        else:
            super().on_key(event)
