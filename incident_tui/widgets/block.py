"""A block: a heading and a few lines, each of which leads somewhere. Places are put together from such blocks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from textual import events
from textual.message import Message

from incident_tui.widgets.lines import Lines
from incident_tui.widgets.paint import Line, Span


@dataclass(frozen=True, slots=True)
class Item:
    """One line that can be entered: what it says, and where Enter leads (a place, and a row of it)."""

    line: Line
    place: str
    key: str = ""


@dataclass(frozen=True, slots=True)
class View:
    """One block: its heading, its items, and how many rows it would like to have, at least and at most."""

    head: Line
    items: tuple[Item, ...]
    more: Line = ()

    @property
    def height(self) -> int:
        """Lines it takes."""
        return bool(self.head) + len(self.items) + bool(self.more)


EMPTY: Final = View((), ())


class Block(Lines, can_focus=True):
    """One block. It can be walked through and entered."""

    class Opened(Message):
        """Enter on an item: go to its row in its place."""

        def __init__(self, item: Item) -> None:
            super().__init__()
            self.item = item

    class Over(Message):
        """The cursor went past an end: on to the block before (-1) or after (1)."""

        def __init__(self, block: Block, by: int) -> None:
            super().__init__()
            self.block = block
            self.by = by

    def __init__(self, name: str) -> None:
        super().__init__(id=f"block-{name}", classes="block")
        self.view = EMPTY
        self.at = 0

    def tell(self, view: View) -> None:
        """Show this from now on."""
        self.view = view
        self.display = bool(view.height)
        self.at = max(0, min(self.at, len(view.items) - 1))
        self.lay()

    def lay(self) -> None:
        """Heading, items with the cursor among them, and what did not fit."""
        lines: list[Line] = [self.view.head] if self.view.head else []
        for index, item in enumerate(self.view.items):
            here = self.has_focus and index == self.at
            lines.append(_selected(item.line, self.size.width) if here else item.line)
        if self.view.more:
            lines.append(self.view.more)
        self.show(lines)

    def on_resize(self) -> None:
        """Other things fit now."""
        self.lay()

    def watch_has_focus(self, has_focus: bool) -> None:
        """The cursor shows, or goes. (Blur is told before it is so.)"""
        super().watch_has_focus(has_focus)
        self.lay()

    def on_key(self, event: events.Key) -> None:
        """Up and down through the items, and past the ends to the next block; Enter opens."""
        by = {"up": -1, "k": -1, "down": 1, "j": 1}.get(event.key, 0)
        if by:
            event.stop()
            if 0 <= self.at + by < len(self.view.items):
                self.at += by
                self.lay()
            else:
                self.post_message(self.Over(self, by))
        elif event.key == "enter":
            event.stop()
            self.open_item(self.at)

    def on_click(self, event: events.Click) -> None:
        """A click puts the cursor there; twice opens it."""
        line = event.y - bool(self.view.head)
        if 0 <= line < len(self.view.items):
            self.at = line
            self.lay()
            if event.chain == 2:
                self.open_item(line)

    def open_item(self, index: int) -> None:
        """Enter the item of this line."""
        if 0 <= index < len(self.view.items):
            self.post_message(self.Opened(self.view.items[index]))


def _selected(line: Line, width: int) -> Line:
    spans = [Span(span.text, f"{span.style} on selection", span.act) for span in line]
    used = sum(len(span.text) for span in spans)
    return (*spans, Span(" " * max(0, width - used), "ink on selection"))
