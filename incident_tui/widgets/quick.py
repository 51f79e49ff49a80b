"""One more letter: the short answers of a verb in one line at the foot, such as ``s`` then ``m`` for mobile."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from textual import events
from textual.message import Message

from incident_tui.widgets.confirm import pressed
from incident_tui.widgets.lines import Lines
from incident_tui.widgets.paint import Line, Span, length


class QuickBar(Lines, can_focus=True):
    """Letters and what they answer. Enter asks for the whole form, Escape for nothing."""

    DEFAULT_CSS = """
    QuickBar { height: auto; padding: 0 1; }
    """

    class Picked(Message):
        """A letter was pressed; "" means: the whole form, please."""

        def __init__(self, letter: str, what: Any) -> None:
            super().__init__()
            self.letter = letter
            self.what = what

    class Left(Message):
        """Escape."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__("panel", id=id)
        self._title = ""
        self._subject = ""
        self._letters: tuple[tuple[str, str], ...] = ()
        self._known: frozenset[str] = frozenset()
        self._what: Any = None
        self._other = ""
        """The key that was pressed last and is none of the letters, as it is shown."""

    def ask(
        self, title: str, subject: str, letters: Sequence[tuple[str, str]], known: Sequence[str], what: Any
    ) -> None:
        """Show these (letter, words); ``known`` are all letters that may be pressed, shown or not."""
        self._title, self._subject, self._what = title, subject, what
        self._letters, self._known = tuple(letters), frozenset(known)
        self._other = ""
        self.lay()
        self.screen.set_focus(self)

    def on_resize(self) -> None:
        """The letters break elsewhere now."""
        self.lay()

    def lay(self) -> None:
        """The letters, in as many lines as they need."""
        room = max(20, self.size.width)
        line: Line = (Span(f"{self._title} ", "strong"), Span(f"{self._subject}  ", "accent"))
        lines: list[Line] = []
        for letter, words in (*self._letters, ("enter", "form"), ("esc", "back")):
            act = letter if len(letter) == 1 else ""
            piece = (Span(letter, "accent bold", act), Span(f" {words}   ", "ink" if act else "dim", act))
            if length(line) + length(piece) > room:
                lines.append(line)
                line = (Span("  "),)
            line = (*line, *piece)
        other = f"  {self._other} is none of these. Nothing is done yet; Esc goes back."
        said: tuple[Line, ...] = ((Span(other, "caution"),),) if self._other else ()
        self.show((*lines, line, *said))

    def on_key(self, event: events.Key) -> None:
        """A known letter answers; what is none of them is told so, and does nothing."""
        if event.key.startswith("ctrl+"):
            return
        event.stop()
        event.prevent_default()
        if event.key == "escape":
            self.post_message(self.Left())
        elif event.key == "enter":
            self.post_message(self.Picked("", self._what))
        elif event.character in self._known:
            self.post_message(self.Picked(event.character or "", self._what))
        else:
            self._other = pressed(event)
            self.lay()

    def on_lines_acted(self, event: Lines.Acted) -> None:
        """A click on a letter."""
        event.stop()
        self.post_message(self.Picked(event.act, self._what))
