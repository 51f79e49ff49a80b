"""The foot of every screen: at most eight keys that make sense now, and EXERCISE once more."""

from __future__ import annotations

from collections.abc import Sequence

from incident_tui.actions import HINTS_MAX, Action, key_words
from incident_tui.widgets.lines import Lines
from incident_tui.widgets.paint import Line, Span, length, spread

WORDS_MAX = 14
"""A longer title gives way to the verb's word."""
FORM_KEYS = (
    ("enter", "send", ""),
    ("tab", "next", ""),
    ("ctrl+s", "send", ""),
    ("esc", "keep draft", ""),
)
WRITE_KEYS = (("enter", "write", ""), ("esc", "back to the keys, the draft is kept", ""))
"""While one writes in the log: letters are text there, and no keys."""
SMALL_KEYS = (("enter", "write", ""), (":", "a command", ""), ("ctrl+q", "quit", "app.quit"))


def hint_line(hints: Sequence[tuple[str, str, str]], mode: str, width: int, lead: Line = ()) -> Line:
    """(key, words, act) side by side as far as they fit; the last three (command, filter, help) stay longest.

    ``lead`` stands before them all: what the keys would act on.
    """
    end = _frame(mode)
    room = width - length(end) - length(lead) - 1
    kept = list(hints)
    gap = "   "
    line = _hints(kept, gap)
    while kept and length(line) > room:
        if gap == "   ":
            gap = "  "
        elif len(kept) > 3:
            del kept[-4]
        else:
            kept.pop()
        line = _hints(kept, gap)
    line = (*lead, *line)
    return (*line, Span(" " * max(0, width - length(line) - length(end))), *end)


def _frame(mode: str) -> Line:
    if mode == "exercise":
        return (Span(" EXERCISE ", "exercise-ink bold on exercise"),)
    if mode == "live":
        return (Span(" LIVE INCIDENT ", "live-ink on live"),)
    return ()


def _hints(hints: Sequence[tuple[str, str, str]], gap: str) -> Line:
    spans: list[Span] = [Span(" ")]
    for index, (key, words, act) in enumerate(hints):
        if index:
            spans.append(Span(gap))
        spans += [Span(key, "accent bold", act), Span(f" {words}", "dim", act)]
    return tuple(spans)


class FooterLine(Lines):
    """The foot as a widget; a click does what the key does."""

    DEFAULT_CSS = """
    FooterLine { height: 1; }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__("panel", id=id)
        self._hints: tuple[tuple[str, str, str], ...] = ()
        self._mode = ""
        self._lead: Line = ()
        self._said = ""

    def tell(self, hints: Sequence[Action], mode: str, selected: int = 0) -> None:
        """Show the keys of these acts, and how many rows are selected for them."""
        self.tell_keys([(key_words(a.keys[0]), _words(a), a.name) for a in hints if a.keys], mode, selected)

    def tell_keys(self, hints: Sequence[tuple[str, str, str]], mode: str, selected: int = 0) -> None:
        """Show these keys: (key, words, act)."""
        self._hints, self._mode = tuple(hints[:HINTS_MAX]), mode
        self._lead = (Span(f" ✓ {selected} selected ", "strong on selection"),) if selected else ()
        self.lay()

    def say(self, sentence: str) -> None:
        """This stands there instead of the keys for a moment; "" brings them back."""
        if sentence != self._said:
            self._said = sentence
            self.lay()

    def on_resize(self) -> None:
        """Other things fit now."""
        self.lay()

    def lay(self) -> None:
        """Lay the keys into the width there is."""
        if not self.size.width:
            return  # not laid out yet
        if self._said:
            end = _frame(self._mode)
            self.show((spread((Span(f" {self._said}", "dim"),), end, self.size.width),))
            return
        self.show((hint_line(self._hints, self._mode, self.size.width, self._lead),))


FOOT_WORDS = {
    "app.command": "command", "app.filter": "find", "app.help": "help", "app.compose": "log", "app.back": "back",
    "app.palette": "palette",
}  # fmt: skip


def _words(action: Action) -> str:
    """What the foot calls an act: a word or two."""
    if action.name in FOOT_WORDS:
        return FOOT_WORDS[action.name]
    title = action.title.split(",")[0].split(" / ")[0]
    if len(title) > WORDS_MAX and action.verb is not None and len(action.verb.word) > 1:
        return action.verb.word.replace("-", " ")
    return title[:1].lower() + title[1:]
