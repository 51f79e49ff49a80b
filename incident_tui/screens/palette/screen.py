"""The palette: a few letters find every act, every row of every board, and every incident."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message

from incident.kernel.board import Board, Look
from incident_tui.actions import Action, Actions, applies, key_words
from incident_tui.feed import LogLine
from incident_tui.screens.log.lines import find as line_words
from incident_tui.widgets.lines import Lines
from incident_tui.widgets.paint import Line, Span, fit, spread
from incident_tui.widgets.prompt import Prompt

SHOWN_MAX: Final = 12
ROWS_SEARCHED_MAX: Final = 5_000
LINES_SEARCHED_MAX: Final = 2_000


@dataclass(frozen=True, slots=True)
class Hit:
    """One thing found: an act, or a row of a board to go to. The lower its rank the better it fits."""

    rank: tuple[int, int, str]
    title: str
    group: str
    keys: str = ""
    action: Action | None = None
    board: str = ""
    row: str = ""


def fits(typed: str, words: str) -> int | None:
    """How well letters fit words, 0 best: from the start, at the start of words, inside, in order; None: not."""
    wanted, text = typed.casefold(), words.casefold()
    if not wanted:
        return 0
    if text.startswith(wanted):
        return 0
    parts = wanted.split()
    if parts and all(any(word.startswith(part) for word in text.replace("/", " ").split()) for part in parts):
        return 1
    if all(part in text for part in parts):
        return 2
    at = -1
    for letter in wanted.replace(" ", ""):
        at = text.find(letter, at + 1)
        if at < 0:
            return None
    return 3


def search(typed: str, actions: Actions, look: Look, here: tuple[str, Any] | None, scope: str) -> list[Hit]:
    """Acts first, those for the row under the cursor before all; then rows, once two letters are typed."""
    hits = [hit for action in actions.all if (hit := _act_hit(typed, action, look, here, scope)) is not None]
    if len(typed.strip()) > 1:
        searched = 0
        for board in actions.boards:
            for key, row in board.rows(look).items():
                searched += 1
                rank = fits(typed, board.find(row, look)) if searched < ROWS_SEARCHED_MAX else None
                if rank is not None and rank < 3:
                    name = row_words(board, row, look)
                    hits.append(Hit((rank, 1, name), name, board.noun, board=board.name, row=key))
    return sorted(hits, key=lambda hit: hit.rank)


def search_lines(typed: str, lines: Mapping[str, LogLine], look: Look) -> list[Hit]:
    """Lines of the log in which all of it stands, by their keys there, the newest first: "own 5", "rest centre"."""
    parts = typed.casefold().split()
    hits = []
    for age, (key, line) in enumerate(reversed(list(lines.items())[-LINES_SEARCHED_MAX:])):
        number = f"own {line.seq}" if line.own else f"o{line.seq}" if line.part else f"#{line.seq}"
        words = f"{number} {line_words(line, look)}"
        also = f"own #{line.seq}" if line.own else number if line.part else str(line.seq)
        numbered = typed.strip().casefold() in (number, also)
        if parts and (numbered or all(part in words for part in parts)):
            title = f"{number.upper()}  {look.clock(line.at)}  {line.agency}  {line.said}"
            hits.append(Hit((0 if numbered else 2, 2, f"{age:06}"), title, "line", board="log", row=key))
    exact = [hit for hit in hits if not hit.rank[0]]
    return exact or hits


def row_words(board: Board, row: Any, look: Look) -> str:
    """What a row is called: its worthiest columns side by side."""
    columns = sorted(board.columns, key=lambda column: column.priority)[:3]
    ordered = [column for column in board.columns if column in columns]
    return "  ".join(text for column in ordered if (text := column.cell(row, look).text.strip()))


def _act_hit(typed: str, action: Action, look: Look, here: tuple[str, Any] | None, scope: str) -> Hit | None:
    if action.scope == "list" or action.name in ("app.palette", "app.back"):
        return None
    rank = fits(typed, f"{action.title} {' '.join(action.words)} {action.group}")
    if rank is None:
        return None
    row = here[1] if here is not None and action.scope == scope else None
    near = 0
    if action.verb is not None:
        usable = applies(action, row, look) if (row is not None or not action.verb.row) else False
        near = 0 if usable and action.scope == scope else 1 if usable else 2
    keys = " ".join(key_words(key) for key in action.keys)
    return Hit((rank, near, action.title), action.title, action.group, keys, action)


class Palette(Vertical):
    """The found things above, the line to type in below."""

    class Picked(Message):
        """This one."""

        def __init__(self, hit: Hit) -> None:
            super().__init__()
            self.hit = hit

    class Left(Message):
        """None of them."""

    def __init__(self) -> None:
        super().__init__(id="palette")
        self._actions: Actions | None = None
        self._look: Look | None = None
        self._here: tuple[str, Any] | None = None
        self._scope = ""
        self._log: Mapping[str, LogLine] = {}
        self.hits: list[Hit] = []
        self.at = 0

    def compose(self) -> ComposeResult:
        """List, line."""
        yield Lines("panel", id="palette-hits")
        yield Prompt("» ", id="palette-line")

    def open(
        self,
        actions: Actions,
        look: Look,
        here: tuple[str, Any] | None,
        scope: str,
        lines: Mapping[str, LogLine] | None = None,
    ) -> None:
        """Begin anew, for the row under the cursor; ``lines`` of the log are looked through, too, when given."""
        self._log = lines or {}
        self._actions, self._look, self._here, self._scope = actions, look, here, scope
        prompt = self.query_one(Prompt)
        prompt.put("")
        self.screen.set_focus(prompt.field)
        self._find("")

    def _find(self, typed: str) -> None:
        if self._actions is not None and self._look is not None:
            self.hits = search(typed, self._actions, self._look, self._here, self._scope)
            if self._log:
                rows = [hit for hit in self.hits if hit.row]
                self.hits = [*rows, *search_lines(typed, self._log, self._look)]
            self.at = 0
            self.lay()

    def on_resize(self) -> None:
        """Other things fit now."""
        self.lay()

    def lay(self) -> None:
        """The best hits, with the cursor on one."""
        width = self.query_one("#palette-hits", Lines).size.width or self.size.width - 2
        top = max(0, min(self.at - SHOWN_MAX // 2, len(self.hits) - SHOWN_MAX))
        lines = [self._line(hit, top + i, width) for i, hit in enumerate(self.hits[top : top + SHOWN_MAX])]
        if not lines:
            lines = [(Span("  nothing is called that", "dim"),)]
        self.query_one("#palette-hits", Lines).show(lines)
        self.query_one(Prompt).tell(f"{len(self.hits):,} found")

    def _line(self, hit: Hit, index: int, width: int) -> Line:
        on = " on selection" if index == self.at else ""
        act = str(index)
        line = spread(
            (Span("▸ " if on else "  ", "accent bold" + on), Span(fit(hit.keys, 8) + "  ", "accent bold" + on, act),
             Span(hit.title, ("strong" if hit.action is not None else "ink") + on, act)),
            (Span(hit.group + " ", "dim" + on, act),),
            width,
        )  # fmt: skip
        return tuple(
            Span(s.text, s.style if " on " in s.style or not on else s.style + on, s.act) for s in line
        )

    @on(Prompt.Changed)
    def _changed(self, event: Prompt.Changed) -> None:
        event.stop()
        self._find(event.text)

    @on(Prompt.Entered)
    def _entered(self, event: Prompt.Entered) -> None:
        event.stop()
        if self.hits:
            self.post_message(self.Picked(self.hits[self.at]))

    @on(Prompt.Left)
    def _left(self, event: Prompt.Left) -> None:
        event.stop()
        self.post_message(self.Left())

    def on_key(self, event: events.Key) -> None:
        """Up and down through what was found."""
        page = {"pageup": -SHOWN_MAX, "pagedown": SHOWN_MAX}
        by = {"up": -1, "down": 1, "ctrl+p": -1, "ctrl+n": 1, **page}.get(event.key)
        if by is not None and self.hits:
            event.stop()
            event.prevent_default()
            self.at = max(0, min(len(self.hits) - 1, self.at + by))
            self.lay()

    def on_lines_acted(self, event: Lines.Acted) -> None:
        """A click on one."""
        event.stop()
        self.post_message(self.Picked(self.hits[int(event.act)]))
