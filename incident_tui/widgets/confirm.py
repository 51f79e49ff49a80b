"""The second key: asked only for declare, stand down, release and a change of lead. Enter alone never does it."""

from __future__ import annotations

from typing import Any

from textual import events
from textual.message import Message

from incident_tui.actions import key_words
from incident_tui.widgets.lines import Lines
from incident_tui.widgets.paint import Line, Span, wrap


class Confirm(Lines, can_focus=True):
    """A question at the foot with two answers; the safe one is in front."""

    DEFAULT_CSS = """
    Confirm { height: auto; padding: 0 1; }
    """

    class Answered(Message):
        """Yes or no; ``what`` is what was asked about."""

        def __init__(self, what: Any, *, yes: bool) -> None:
            super().__init__()
            self.what = what
            self.yes = yes

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__("panel", id=id)
        self._question = self._against = ""
        self._deed = ""
        self._what: Any = None
        self._yes = False
        self._other = ""
        """The key that was pressed last and is no answer, as it is shown."""

    def ask(self, question: str, deed: str, what: Any, against: str = "") -> None:
        """Ask; the answer comes as a message. ``against`` is what speaks against it, though nothing forbids it."""
        self._against = against
        self._question, self._deed, self._what, self._yes = question, deed, what, False
        self._other = ""
        self.lay()
        self.screen.set_focus(self)

    def lay(self) -> None:
        """The question, what stands against it, and the two answers."""
        width = max(20, self.size.width - 4)
        lines: list[Line] = [
            (Span("▲ ", "caution bold"), Span(part, "strong"))
            if i == 0
            else (Span("  "), Span(part, "strong"))
            for i, part in enumerate(wrap(self._question, width))
        ]
        if self._against:
            lines += [(Span("  "), Span(part, "caution bold")) for part in wrap(self._against, width)]
        no = "active-ink on active" if not self._yes else "ink"
        yes = "active-ink on active" if self._yes else "ink"
        lines.append(
            (
                Span("  "), Span(" n ", f"{'accent bold' if self._yes else no}", "no"), Span("no, go back ", no, "no"),
                Span("   "), Span(" y ", f"{'accent bold' if not self._yes else yes}", "yes"),
                Span(f"{self._deed} ", yes, "yes"),
            )
        )  # fmt: skip
        if self._other:
            said = f"{self._other} is no answer to this. Nothing is done yet: y does it, n or Esc goes back."
            lines += [(Span("  "), Span(part, "caution")) for part in wrap(said, width)]
        self.show(lines)

    def on_resize(self) -> None:
        """The question breaks elsewhere now."""
        self.lay()

    def on_key(self, event: events.Key) -> None:
        """Y does it; n, Escape and a bare Enter do not. No other key gets past."""
        if event.key.startswith("ctrl+") or event.key == "f1":
            return
        event.stop()
        event.prevent_default()
        if event.key in ("left", "right", "tab", "shift+tab", "up", "down"):
            self._yes, self._other = not self._yes, ""
            self.lay()
        elif event.key in ("y", "n", "escape", "enter"):
            self._answer(yes=event.key == "y" or (event.key == "enter" and self._yes))
        else:
            self._other = pressed(event)
            self.lay()

    def on_lines_acted(self, event: Lines.Acted) -> None:
        """A click on an answer."""
        event.stop()
        self._answer(yes=event.act == "yes")

    def _answer(self, *, yes: bool) -> None:
        self.post_message(self.Answered(self._what, yes=yes))


def pressed(event: events.Key) -> str:
    """A key as a person knows it."""
    return (
        event.character
        if event.is_printable and event.key != "space" and event.character
        else key_words(event.key)
    )
