"""The tab line: one digit for each screen that exists, its count, and what is wrong there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from incident_tui.widgets.lines import Lines
from incident_tui.widgets.paint import Line, Span, length


@dataclass(frozen=True, slots=True)
class Tab:
    """One screen: its key, name, how many rows it has, how many of them are alarms, how many ask for an answer."""

    name: str
    digit: str
    title: str
    count: int = 0
    alarms: int = 0
    unread: int = 0
    filtered: bool = False
    """A filter is kept there, so that not every row is shown."""


def tab_line(tabs: Sequence[Tab], front: str, width: int) -> Line:
    """The tabs with their names; too narrow, those from the right keep digit and counts only, never the one in front.

    A slash says that a filter is kept there.
    """
    count = len(tabs)
    for gap, named in (("   ", count), *(("  ", least) for least in range(count, -1, -1))):
        line = _line(tabs, front, gap, named)
        if length(line) <= width:
            return line
    return _line(tabs, front, " ", 0)


def _line(tabs: Sequence[Tab], front: str, gap: str, named: int) -> Line:
    """All of them, the first so many with their names."""
    spans: list[Span] = []
    for place, tab in enumerate(tabs):
        in_front = tab.name == front
        if spans:
            spans.append(Span(gap[1:]))
        spans += _tab(tab, in_front=in_front, named=place < named or in_front)
    return tuple(spans)


def _tab(tab: Tab, *, in_front: bool, named: bool) -> list[Span]:
    act = f"go.{tab.name}"
    on = " on active" if in_front else ""
    ink = "active-ink" if in_front else "ink"
    digit = "active-ink" if in_front else "accent"
    count = "active-ink" if in_front else "dim"
    alarm = "active-ink" if in_front else "alarm bold"
    unread = "active-ink" if in_front else "accent bold"
    filtered = "active-ink" if in_front else "caution bold"
    spans = [Span(f" {tab.digit}" if tab.digit else "", digit + on, act)]
    if named:
        spans.append(Span(f" {tab.title}", ink + on, act))
    if tab.count:
        spans.append(Span(f"{' ' if named else '·'}{tab.count}", count + on, act))
    if tab.alarms:
        spans.append(Span(f"{' ' if named or tab.count else ''}▲{tab.alarms}", alarm + on, act))
    if tab.unread:
        room = " " if named or tab.count or tab.alarms else ""
        spans.append(Span(f"{room}✉{tab.unread}", unread + on, act))
    if tab.filtered:
        spans.append(Span(" /", filtered + on, act))
    return [*spans, Span(" " if in_front else "", ink + on, act)]


class TabLine(Lines):
    """The tabs as a widget; a click goes there."""

    DEFAULT_CSS = """
    TabLine { height: 1; }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self._tabs: tuple[Tab, ...] = ()
        self._front = ""

    def tell(self, tabs: Sequence[Tab], front: str) -> None:
        """Show these, with one of them in front."""
        self._tabs, self._front = tuple(tabs), front
        self.lay()

    def on_resize(self) -> None:
        """Other things fit now."""
        self.lay()

    def lay(self) -> None:
        """Lay the tabs into the width there is."""
        if not self.size.width:
            return  # not laid out yet
        self.show((tab_line(self._tabs, self._front, self.size.width),))
