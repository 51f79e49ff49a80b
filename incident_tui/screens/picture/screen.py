"""The Picture: METHANE, alarms, who has declared and read, casualties, what comes next, the log. Enter opens each."""

from __future__ import annotations

import time
from typing import Any, Final

from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical

from incident.kernel.board import Board
from incident_tui.actions import key_words
from incident_tui.screens.picture.blocks import LOOKED_THROUGH, board_view, log_view, share, units_view
from incident_tui.screens.picture.summary import (
    agencies_view,
    alarms_view,
    casualties_line,
    casualties_view,
    methane_lines,
    methane_view,
    next_view,
)
from incident_tui.screens.place import Place, Seen
from incident_tui.widgets.block import EMPTY, Block, View
from incident_tui.widgets.lines import Lines
from incident_tui.widgets.paint import Span

FEED_SECONDS: Final = 0.25
"""The Picture is made of whole boards, so under load it is made anew four times a second, not fifteen."""
REST: Final = 20
"""And after so many times what it took to make: on a slow machine more rarely."""

ROOMY_WIDTH: Final = 100
WALL_WIDTH: Final = 160
LOG_LEAST: Final = 6
"""Lines that the log keeps below the columns."""
LEFT: Final = ("methane", "alarms", "tasks", "boundaries")
RIGHT: Final = ("parties", "casualties", "next", "units")
NARROW: Final = ("alarms", "methane", "parties", "casualties", "units", "log")
"""One column, what asks for a hand first: the blocks below 100 cells, from top to bottom."""


class PicturePlace(Place):
    """The blocks, in one, two or three columns."""

    place = "picture"
    title_words = "Picture"

    def __init__(self, boards: dict[str, Board]) -> None:
        super().__init__(id="place-picture")
        self._boards = boards
        self._seen: Seen | None = None
        self._fed = float("-inf")
        self._rest = FEED_SECONDS
        self._due = False
        self._widths: tuple[int, ...] = ()
        self._last: Block | None = None
        self.blocks = {name: Block(name) for name in (*LEFT, *RIGHT, "log")}

    def compose(self) -> ComposeResult:
        """Two columns and the log."""
        with Horizontal(id="picture-columns"):
            with Vertical(id="picture-left"):
                yield from (self.blocks[name] for name in LEFT)
            with Vertical(id="picture-right"):
                yield from (self.blocks[name] for name in RIGHT)
        yield self.blocks["log"]

    # -- what is shown --------------------------------------------------------------------------------------

    def feed(self, seen: Seen) -> None:
        """Show this moment, or soon."""
        self._seen = seen
        self._due = True
        self.tick()

    def tick(self) -> None:
        """Lay the blocks anew when something is due, or a column has another width now."""
        widths = tuple(block.size.width for block in self.blocks.values())
        if widths != self._widths:
            self._widths = widths
            self._fed, self._due = float("-inf"), True
        now = time.monotonic()
        if self._due and now - self._fed >= self._rest and self._seen is not None and self.size.width:
            self._fed, self._due = now, False
            used = time.thread_time()
            self._lay(self._seen)
            self._rest = min(4 * FEED_SECONDS, max(FEED_SECONDS, REST * (time.thread_time() - used)))

    def on_resize(self) -> None:
        """Other things fit now."""
        width = self.size.width
        narrow = width < ROOMY_WIDTH
        if narrow != self.has_class("-narrow"):
            first, second = ("alarms", "methane") if narrow else ("methane", "alarms")
            left = self.query_one("#picture-left", Vertical)
            left.move_child(self.blocks[first], before=self.blocks[second])
        self.set_class(narrow, "-narrow")
        self.set_class(width >= WALL_WIDTH, "-wall")
        self._fed = float("-inf")
        self._due = True

    def _lay(self, seen: Seen) -> None:
        self.set_class(not seen.look.state.organisation.opened, "-nothing")
        if not seen.look.state.organisation.opened:
            self._lay_nothing()
            return
        if self.has_class("-narrow"):
            self._lay_narrow(seen)
        else:
            self._lay_columns(seen)

    def _lay_nothing(self) -> None:
        words = Span("No incident is open here. Press 0 for the list of incidents.", "dim")
        for block in self.blocks.values():
            block.tell(EMPTY)
        self.blocks["methane"].tell(View((words,), ()))

    def _lay_narrow(self, seen: Seen) -> None:
        """One column, no blank lines: headings part the blocks."""
        look, width, room = seen.look, self.size.width - 2, self.size.height
        parties = 1 + len(look.state.organisation.parties)
        alarms = self._alarms(seen, width, room)
        methane = methane_lines(look, width)
        heights = share(
            room - methane.height - 1,
            [(min(4, alarms.height), min(6, alarms.height)), (min(5, parties), parties), (4, 12), (1, 1)],
        )
        alarms_h, parties_h, log_h, totals_h = heights
        views = {
            "alarms": self._alarms(seen, width, alarms_h),
            "methane": methane,
            "parties": agencies_view(look, width, parties_h),
            "casualties": casualties_line(look, width) if totals_h else EMPTY,
            "units": units_view(look, width, 1),
            "log": log_view(seen.session.log().last(LOOKED_THROUGH), look, width, log_h),
        }
        for name, block in self.blocks.items():
            block.tell(views.get(name, EMPTY))

    def _lay_columns(self, seen: Seen) -> None:
        """Two columns, and the log below them or, on a wall, beside them."""
        look, height = seen.look, self.size.height
        wall = self.has_class("-wall")
        left, right = self.blocks["methane"].size.width, self.blocks["parties"].size.width
        room = height - 1 if wall else height - LOG_LEAST - 1
        lefts = self._left(seen, left, room, wall=wall)
        rights = self._right(seen, right, room, wall=wall)
        for name, view in {**lefts, **rights}.items():
            self.blocks[name].tell(view)
        columns = [lefts.values(), rights.values()]
        tall = max(sum(view.height + 1 for view in views if view.height) for views in columns)
        log_h = height if wall else height - tall
        lines = seen.session.log().last(LOOKED_THROUGH)
        self.blocks["log"].tell(log_view(lines, look, self.blocks["log"].size.width, log_h, wrapped=True))

    def _left(self, seen: Seen, width: int, room: int, *, wall: bool) -> dict[str, View]:
        """METHANE and what is wrong; on a wall, the work and the ground below them."""
        methane = methane_view(seen.look, width)
        wants = self._alarms(seen, width, 99).height
        tasks, features = 1 + max(1, _open_tasks(seen)), 1 + max(1, _live_features(seen))
        asked = [(4, wants), (3, tasks), (3, features)] if wall else [(3, wants)]
        alarms_h, tasks_h, features_h, *_ = (*share(room - methane.height - 4, asked), 0, 0)
        return {
            "methane": methane,
            "alarms": self._alarms(seen, width, alarms_h),
            "tasks": self._tasks(seen, width, tasks_h),
            "boundaries": self._features(seen, width, features_h),
        }

    def _right(self, seen: Seen, width: int, room: int, *, wall: bool) -> dict[str, View]:
        """The agencies, the casualties, what comes next, and where the units are."""
        look = seen.look
        parties = 2 + len(look.state.organisation.parties)
        casualties = casualties_view(look, width, 7)
        units = 10 if wall else 1
        parties_h, next_h, units_h = share(
            room - casualties.height - 4, [(min(5, parties), parties), (3, 6), (1, units)]
        )
        return {
            "parties": agencies_view(look, width, parties_h),
            "casualties": casualties,
            "next": next_view(look, width, next_h),
            "units": units_view(look, width, units_h),
        }

    def _alarms(self, seen: Seen, width: int, most: int) -> View:
        board = self._boards.get("alarms")
        if board is None or most < 1:
            return EMPTY
        keys = seen.actions.keys_of("app.alarm")
        return alarms_view(board, seen.look, width, most, key_words(keys[0]) if keys else "")

    def _tasks(self, seen: Seen, width: int, most: int) -> View:
        names = (("title", 16), ("agency", 7), ("state", 12), ("due", 15))
        return self._rows("tasks", seen, names, width, most, _is_open)

    def _features(self, seen: Seen, width: int, most: int) -> View:
        names = (("name", 16), ("owner", 7), ("agreed", 12), ("review", 15))
        return self._rows("boundaries", seen, names, width, most, lambda row: row.withdrawn_at is None)

    def _rows(
        self, name: str, seen: Seen, names: tuple[tuple[str, int], ...], width: int, most: int, keep: Any
    ) -> View:
        board = self._boards.get(name)
        if board is None or most < 1:
            return EMPTY
        return board_view(board, seen.look, names, width, most - 1, keep)

    # -- for the room ---------------------------------------------------------------------------------------

    def take_focus(self) -> None:
        """The keys go to the block that had them last, else to the first that has something."""
        full = [block for block in self._order() if block.view.items]
        self.screen.set_focus(self._last if self._last in full else next(iter(full), self._order()[0]))

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """This block has the keys now."""
        self._last = event.widget if isinstance(event.widget, Block) else self._last

    def on_block_opened(self, event: Block.Opened) -> None:
        """Enter: to the row in its own place."""
        event.stop()
        self.post_message(self.Opened(event.item.place, event.item.key))

    def on_block_over(self, event: Block.Over) -> None:
        """Past the end of a block: on to the next that has something."""
        event.stop()
        order = [block for block in self._order() if block.view.items]
        if event.block in order:
            target = order[(order.index(event.block) + event.by) % len(order)]
            target.at = 0 if event.by > 0 else len(target.view.items) - 1
            self.screen.set_focus(target)

    def _order(self) -> list[Block]:
        names = NARROW if self.has_class("-narrow") else (*LEFT, *RIGHT, "log")
        return [self.blocks[name] for name in names]

    def on_lines_acted(self, event: Lines.Acted) -> None:
        """A click on "+2 more"."""
        event.stop()
        self.post_message(self.Opened(event.act.removeprefix("go."), ""))


def _is_open(task: Any) -> bool:
    return task.state not in ("closed", "cancelled", "split")


def _open_tasks(seen: Seen) -> int:
    return sum(_is_open(task) for task in seen.look.state.tasks.rows.values())


def _live_features(seen: Seen) -> int:
    return sum(feature.withdrawn_at is None for feature in seen.look.state.boundaries.rows.values())
