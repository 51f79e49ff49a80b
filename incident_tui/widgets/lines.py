"""A widget that shows a few painted lines and repaints only those that changed."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events
from textual.geometry import Region, Size
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from incident_tui.widgets.paint import Line, act_at, paint_of


class Lines(Widget):
    """Lines of spans, one below the other. As tall as its lines unless its style says otherwise."""

    DEFAULT_CSS = """
    Lines { height: auto; width: 1fr; }
    """
    ALLOW_SELECT = False

    class Acted(Message):
        """Somebody clicked on a span that does something."""

        def __init__(self, act: str) -> None:
            super().__init__()
            self.act = act

    def __init__(self, ground: str = "ground", *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id, classes=classes)
        self._ground = ground
        self._lines: tuple[Line, ...] = ()

    @property
    def lines(self) -> tuple[Line, ...]:
        """What is shown now."""
        return self._lines

    @property
    def ground(self) -> str:
        """The token behind the words."""
        return self._ground

    @ground.setter
    def ground(self, token: str) -> None:
        if token != self._ground:
            self._ground = token
            self.refresh()

    def show(self, lines: Sequence[Line]) -> None:
        """Show these lines from now on; those that are as before are not painted again."""
        before, self._lines = self._lines, tuple(lines)
        if len(before) != len(self._lines):
            self.refresh(layout=True)
            return
        for y, (old, new) in enumerate(zip(before, self._lines, strict=True)):
            if old != new:
                self.refresh(Region(0, y, self.size.width, 1))

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """One row of the terminal for each line."""
        return len(self._lines)

    def render_line(self, y: int) -> Strip:
        """One line, painted."""
        line = self._lines[y] if y < len(self._lines) else ()
        return paint_of(self).strip(line, self.size.width, self._ground)

    def on_click(self, event: events.Click) -> None:
        """A click on a span that does something is passed on as what it does."""
        if event.y < len(self._lines) and (act := act_at(self._lines[event.y], event.x)):
            event.stop()
            self.post_message(self.Acted(act))
