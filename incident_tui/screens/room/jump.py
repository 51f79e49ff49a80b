"""Jump labels: one key puts a letter at everything that can be gone to, and the letter goes there.

Tabs, the blocks of a place, rows of a list (every one, or as many as there are letters for, evenly) and the
composer. Letters stand where nothing else does: before a tab, in the gutter of a row, at the edge of a block.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from rich.cells import cell_len
from textual import events
from textual.widget import Widget

from incident_tui.screens.board.screen import BoardPlace
from incident_tui.widgets.composer import Composer
from incident_tui.widgets.lines import Lines
from incident_tui.widgets.paint import Span
from incident_tui.widgets.table import VirtualTable
from incident_tui.widgets.tabs import TabLine

if TYPE_CHECKING:
    from incident_tui.screens.room.screen import Room

LETTERS: Final = "asdfghjklqwertyuiopzxcvbnm"
"""The nearest to the fingers first."""
STYLE: Final = "active-ink bold on active"
SETTLING_MAX: Final = 12
"""Layouts that are waited for at most, before the letters are put where things stand now."""
JUMP_KEYS: Final = (("letter", "go there", ""), ("esc", "stay here", ""))


@dataclass(frozen=True, slots=True)
class Target:
    """One thing to go to: a cell of the screen, and how to get there."""

    x: int
    y: int
    go: Callable[[], object]


class Label(Lines):
    """One letter on top of everything."""

    DEFAULT_CSS = """
    Label { layer: jump; width: 1; height: 1; position: absolute; }
    """

    def __init__(self, letter: str) -> None:
        super().__init__("active", classes="jump-label")
        self.show(((Span(letter, STYLE),),))


class Jump(Widget, can_focus=True):
    """Has the keys while the letters are shown. It takes no room, so nothing moves when they come and go."""

    DEFAULT_CSS = """
    Jump { height: 0; width: 1fr; }
    """

    def __init__(self, room: Room) -> None:
        super().__init__(id="jump")
        self._room = room
        self.shown: dict[str, Target] = {}
        """What each letter that stands on the screen goes to."""
        self.due = False
        """Asked for, and not shown yet: the next key is for a letter."""

    @property
    def open(self) -> bool:
        """Whether letters are shown."""
        return bool(self.shown)

    def start(self) -> None:
        """Show a letter at everything there is, once a place that has just been gone to is laid out."""
        self.close()
        self.due = True
        self._room.set_focus(self)
        self.call_after_refresh(self._show, SETTLING_MAX, ())

    def _show(self, rounds: int, before: Sequence[tuple[int, int]]) -> None:
        """Blocks find their heights one after the other: what stands where it stood is laid out."""
        try:
            self._room.front.tick()
        except Exception as error:  # noqa: BLE001 - a place that is broken is told by the pump; the letters still come
            self._room.app.trouble(error, "jump")  # type: ignore[attr-defined]
        found = targets_of(self._room) if self.has_focus else []
        places = tuple((target.x, target.y) for target in found)
        if places != before and rounds:
            self.call_after_refresh(self._show, rounds - 1, places)
            return
        self.due = False
        if not found:
            self.stop()
            return
        self.shown = dict(zip(LETTERS, found, strict=False))
        _pin(self._room, pinned=True)
        labels = []
        for letter, target in self.shown.items():
            label = Label(letter)
            label.styles.offset = (target.x, target.y)
            labels.append(label)
        self._room.mount(*labels)
        self._room.foot()

    def stop(self) -> None:
        """Take the letters away, if they are there; the keys go back to the place."""
        if self.open or self.has_focus:
            self.close()
            self._room.take_focus()
            self._room.foot()

    def close(self) -> None:
        """Take the letters away."""
        if self.shown:
            self.shown = {}
            _pin(self._room, pinned=False)
            self._room.query(Label).remove()

    def on_key(self, event: events.Key) -> None:
        """A letter goes there; any other key stays here."""
        event.stop()
        event.prevent_default()
        target = self.shown.get(event.character or "")
        self.stop()
        if target is not None:
            target.go()

    def on_blur(self) -> None:
        """The keys went elsewhere, by a click."""
        if self.open:
            self.close()
            self._room.foot()


def targets_of(room: Room) -> list[Target]:
    """Everything in front that can be gone to. Rows share the letters that are left."""
    fixed = [*_blocks(room), *_composer(room), *_tabs(room)][: len(LETTERS)]
    rows = list(_rows(room))
    return [*_evenly(rows, len(LETTERS) - len(fixed)), *fixed]


def _evenly(rows: Sequence[Target], most: int) -> Sequence[Target]:
    if most < 1:
        return ()
    step = -(-len(rows) // most)
    return rows[::step] if rows else ()


def _rows(room: Room) -> Iterable[Target]:
    front = room.front
    if not isinstance(front, BoardPlace) or not front.table.size.width:
        return
    table = front.table
    for line, key in enumerate(table.in_view):
        yield Target(table.region.x, table.region.y + 1 + line, _to_row(room, table, key))


def _to_row(room: Room, table: VirtualTable, key: str) -> Callable[[], None]:
    def go() -> None:
        room.set_focus(table)
        table.go_to(key)

    return go


def _blocks(room: Room) -> Iterable[Target]:
    """Whatever else of the place can have the keys."""
    for widget in room.front.query("*").results(Widget):
        region = widget.region
        if widget.focusable and region.height and region.width and not isinstance(widget, VirtualTable):
            yield Target(max(0, region.x - 1), region.y, _to_widget(room, widget))


def _to_widget(room: Room, widget: Widget) -> Callable[[], None]:
    return lambda: room.set_focus(widget)


def _composer(room: Room) -> Iterable[Target]:
    composer = room.query_one(Composer)
    if composer.display and composer.region.height:
        yield Target(composer.region.x, composer.field.region.y, room.words.compose)


def _tabs(room: Room) -> Iterable[Target]:
    tabs = room.query_one(TabLine)
    seen = set()
    x = tabs.region.x
    for span in tabs.lines[0] if tabs.lines else ():
        action = room.actions.by_name.get(span.act)
        if action is not None and span.act not in seen and x < tabs.region.right:
            seen.add(span.act)
            yield Target(x, tabs.region.y, _to_act(room, span.act))
        x += cell_len(span.text)


def _to_act(room: Room, name: str) -> Callable[[], None]:
    return lambda: room.act(room.actions.by_name[name])


def _pin(room: Room, *, pinned: bool) -> None:
    """Rows stay where they are while letters stand at them."""
    for table in room.query(VirtualTable):
        table.pinned = pinned
