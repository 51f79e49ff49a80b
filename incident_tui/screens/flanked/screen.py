"""A board with something above its list, and blocks beside it: what the special screens have in common.

The list with its verbs, filter and detail stays what it is on every board, so nothing can be reached by the special
screen alone. From 96 cells on the blocks stand beside the list, below that under it. Enter opens the detail of a row
in the place of the blocks (over everything, when it is narrow), and the row of a block in its own place.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical

from incident.kernel.board import Board
from incident_tui.screens.board.screen import BoardPlace
from incident_tui.screens.place import Seen
from incident_tui.widgets.block import EMPTY, Block, View
from incident_tui.widgets.lines import Lines
from incident_tui.widgets.paint import Line

SLIM: Final = 96
"""Below so many cells the blocks stand under the list."""
THIRD: Final = 150
"""From so many cells on, where a place wants it, list, blocks and detail stand side by side."""
FEED_SECONDS: Final = 0.25
"""Blocks are made of whole boards, so under load they are made anew four times a second."""


class FlankedPlace(BoardPlace):
    """Head and list, and the blocks. A place of this kind says what stands in them."""

    SIDE: ClassVar[tuple[str, ...]] = ()
    """The names of the blocks, from top to bottom."""
    third = False
    """On a wall the detail stands beside the blocks, and the end of the log does not."""

    def __init__(self, board: Board) -> None:
        super().__init__(board)
        self.add_class("flanked-place")
        self.head = Lines(classes="flanked-head")
        self.blocks = {name: Block(name) for name in self.SIDE}
        self._laid_at = float("-inf")
        self._due = False
        self._sizes: tuple[Any, ...] = ()

    def compose(self) -> ComposeResult:
        """Head and list, the blocks, and the detail of a row."""
        yield self._sign
        with Horizontal(classes="flanked"):
            with Vertical(classes="flanked-main"):
                yield self.head
                yield self._table
            with Vertical(classes="flanked-side"):
                yield from self.blocks.values()
            yield self._detail

    # -- what a place of this kind says ---------------------------------------------------------------------

    def head_lines(self, seen: Seen, width: int, room: int) -> Sequence[Line]:
        """What stands above the list, in at most ``room`` lines."""
        return ()

    def views(self, seen: Seen, width: int, room: int) -> Mapping[str, View]:
        """What stands in the blocks; one that is not named is empty, and takes no room."""
        return {}

    # -- when it is shown -----------------------------------------------------------------------------------

    @property
    def slim(self) -> bool:
        """Whether the blocks stand under the list."""
        return self.size.width < SLIM

    def beside(self, seen: Seen) -> bool:
        """The blocks stand where the detail of other boards does."""
        return self.has_class("-third")

    def feed(self, seen: Seen) -> None:
        """Show this moment; the blocks now or soon."""
        super().feed(seen)
        self._due = True
        self._lay_soon()

    def tick(self) -> None:
        """Time has passed."""
        super().tick()
        self._lay_soon()

    def lay_now(self) -> None:
        """Whatever the blocks are made of has become another."""
        self._laid_at, self._due = float("-inf"), True
        self._lay_soon()

    def _measure(self) -> None:
        """Look whether there is another width or height: not every change of layout is told as a resize."""
        sizes = (self.size, self.head.size.width, *(block.size.width for block in self.blocks.values()))
        if sizes == self._sizes or not self.size.width:
            return
        self._sizes = sizes
        self.set_class(self.slim, "-slim")
        self.set_class(self.third and self.size.width >= THIRD, "-third")
        self._laid_at, self._due = float("-inf"), True

    def _lay_soon(self) -> None:
        self._measure()
        now = time.monotonic()
        if not self._due or now - self._laid_at < FEED_SECONDS or self._seen is None or not self.size.width:
            return
        self._laid_at, self._due = now, False
        seen, room = self._seen, self.size.height
        if not seen.look.state.organisation.opened:
            self.head.show(())
            for block in self.blocks.values():
                block.tell(EMPTY)
            return
        widths = [block.size.width for block in self.blocks.values() if block.size.width]
        side = max(widths, default=self.size.width - 2)
        views = self.views(seen, side, room)
        for name, block in self.blocks.items():
            block.tell(views.get(name, EMPTY))
        main = self.head.size.width or self.size.width - 2
        self.head.show(self.head_lines(seen, main, room))

    # -- the keys -------------------------------------------------------------------------------------------

    def on_block_opened(self, event: Block.Opened) -> None:
        """Enter on a line of a block: to its row in its own place, or here."""
        event.stop()
        if event.item.place == self.place:
            self.take_focus()
            self.go_to(event.item.key)
        elif event.item.place:
            self.post_message(self.Opened(event.item.place, event.item.key))

    def on_block_over(self, event: Block.Over) -> None:
        """Past the end of a block: on to the next, and past the first back to the list."""
        event.stop()
        order = [block for block in self.blocks.values() if block.view.items]
        at = order.index(event.block) + event.by if event.block in order else -1
        if 0 <= at < len(order):
            order[at].at = 0 if event.by > 0 else len(order[at].view.items) - 1
            self.screen.set_focus(order[at])
        else:
            self.take_focus()

    def on_lines_acted(self, event: Lines.Acted) -> None:
        """A click on "+2 more"."""
        event.stop()
        self.post_message(self.Opened(event.act.removeprefix("go."), ""))
