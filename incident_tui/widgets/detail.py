"""One row in full: titles at the left, values beside them, wrapped; below, what can be done to it."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len
from textual.containers import VerticalScroll

from incident.kernel.board import Cell
from incident_tui.actions import Action, key_words
from incident_tui.widgets.lines import Lines
from incident_tui.widgets.paint import Line, Span, wrap

TITLE_MAX = 14
"""Titles wider than this stand on a line of their own."""


def detail_lines(pairs: Sequence[tuple[str, Cell]], width: int) -> list[Line]:
    """The pairs as lines of this width; a pair without a title is a heading."""
    wide = max((cell_len(title) for title, _ in pairs if cell_len(title) <= TITLE_MAX), default=0)
    lines: list[Line] = []
    for title, cell in pairs:
        if not title:
            if lines:
                lines.append(())
            lines += [(Span(part, cell.tone),) for part in wrap(cell.text, width)]
            continue
        if cell_len(title) > wide:
            lines.append((Span(title, "dim"),))
            title = ""  # noqa: PLW2901 - said already
        parts = wrap(cell.text, max(8, width - wide - 2))
        for index, part in enumerate(parts):
            head = title if index == 0 else ""
            lines.append((Span(head.ljust(wide + 2), "dim"), Span(part, cell.tone)))
    return lines


def verb_lines(actions: Sequence[Action], width: int) -> list[Line]:
    """The keys of what can be done, in as many columns as fit."""
    named = [(key_words(action.keys[0]), action) for action in actions if action.keys]
    if not named:
        return []
    most = max(len(action.title) for _, action in named)
    column = min(width, most + 6)
    across = max(1, width // column)
    lines: list[Line] = []
    for start in range(0, len(named), across):
        spans: list[Span] = []
        for key, action in named[start : start + across]:
            spans += [
                Span(key.ljust(4), "accent bold", action.name),
                Span(action.title[: column - 5].ljust(column - 4), "ink", action.name),
            ]
        lines.append(tuple(spans))
    return lines


class DetailPane(VerticalScroll, can_focus=False):
    """The detail of one row, kept up to date while it is shown."""

    DEFAULT_CSS = """
    DetailPane { padding: 0 1 0 2; scrollbar-size: 0 0; width: 1fr; }
    """

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id, classes=classes)
        self._body = Lines()
        self._pairs: tuple[tuple[str, Cell], ...] = ()
        self._actions: tuple[Action, ...] = ()
        self.compose_add_child(self._body)

    def tell(self, pairs: Sequence[tuple[str, Cell]], actions: Sequence[Action] = ()) -> None:
        """Show this from now on."""
        self._pairs, self._actions = tuple(pairs), tuple(actions)
        self.lay()

    def on_resize(self) -> None:
        """Lines break elsewhere now."""
        self.lay()

    def lay(self) -> None:
        """Lay everything into the width there is, filled to the foot: another length would lay out the whole room."""
        width = max(10, self.size.width - 1)
        lines = detail_lines(self._pairs, width)
        verbs = verb_lines(self._actions, width)
        if verbs:
            lines += [(), *verbs]
        self._body.show((*lines, *((),) * (self.size.height - len(lines))))
