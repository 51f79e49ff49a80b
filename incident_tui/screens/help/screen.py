"""Help: the keys of the screen one comes from, then everything else, made from the one table of actions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from textual import events
from textual.containers import VerticalScroll

from incident_tui.actions import Action, Actions, key_words
from incident_tui.screens.place import Place, Seen
from incident_tui.widgets.lines import Lines
from incident_tui.widgets.paint import Line, Span, fit, shorten, wrap

GRAMMAR = (
    ("s A101 scn", "the word, the row by name, then the answers in the order of the form"),
    ('t SCAS "open RVP B" 15m', "quotes keep words together; where no doubt is left they may be left out"),
    ("decline LAS-T3 no vehicle free", "the last text takes the rest of the line"),
    ("t SCAS close lane 1 note=... due=15m", "an answer by its name, anywhere"),
    ("14:05 @MPS log bus requested", "when it happened and on whose behalf, in front of any line"),
    ("find hart   go 3   inc 03", "a row anywhere, a screen, an incident"),
)
FILTERS = (
    ("hart wex", "every word must be there"),
    ("trust:LAS status:mobile", "a word in a column"),
    ("-status:clear", "without"),
)


KEYS, WORDS, TITLE_MAX = 12, 17, 44
SENTENCE_LEAST = 20
"""With less room than this beside the keys, sentences are left out."""


class HelpPlace(Place):
    """Everything that can be done, as text to scroll through."""

    place = "help"
    title_words = "Help"

    def __init__(self) -> None:
        super().__init__(id="place-help")
        self._body = Lines()
        self._scroll = _Scroll(self._body, id="help-scroll")
        self._seen: Seen | None = None
        self._scope = ""

    def compose(self) -> Iterable[VerticalScroll]:
        """One long text."""
        yield self._scroll

    def of(self, scope: str) -> None:
        """Help for the screen one comes from."""
        self._scope = scope
        self._scroll.scroll_home(animate=False)

    def feed(self, seen: Seen) -> None:
        """Show the table."""
        if self._seen is None or self._seen.actions is not seen.actions:
            self._seen = seen
        self._body.show(help_lines(seen.actions, self._scope, max(40, self.size.width - 4)))

    def on_resize(self) -> None:
        """Sentences break elsewhere now."""
        if self._seen is not None:
            self.feed(self._seen)

    def take_focus(self) -> None:
        """The keys scroll."""
        self.screen.set_focus(self._scroll)


class _Scroll(VerticalScroll, can_focus=True):
    """Scrolls by lines and pages, with the letters of every list."""

    def on_key(self, event: events.Key) -> None:
        """Movement of every list: j and k, Space, g and G."""
        page = max(1, self.size.height - 1)
        by = {"j": 1, "k": -1, "ctrl+d": page // 2, "ctrl+u": -(page // 2), "space": page}.get(event.key)
        if event.key in ("g", "G"):
            event.stop()
            (self.scroll_home if event.key == "g" else self.scroll_end)(animate=False)
        elif by is not None:
            event.stop()
            self.scroll_relative(y=by, animate=False, immediate=True)


def help_lines(actions: Actions, scope: str, width: int) -> list[Line]:
    """All of it: this screen first."""
    here = [action for action in actions.verbs(scope) if action.keys or action.words]
    lines: list[Line] = []
    if here:
        lines += _section(f"ON THIS SCREEN: {here[0].group}", here, width)
    for group in dict.fromkeys(action.group for action in actions.all):
        members = [action for action in actions.all if action.group == group and action not in here]
        if members:
            lines += _section(group.upper(), members, width)
    lines += [(), (Span("THE COMMAND LINE", "dim"),)]
    lines += [_pair(example, words, width) for example, words in GRAMMAR]
    lines += [(), (Span("THE FILTER", "dim"),)]
    lines += [_pair(example, words, width) for example, words in FILTERS]
    return lines[1:] if lines and not lines[0] else lines


def _section(title: str, members: Sequence[Action], width: int) -> list[Line]:
    lines: list[Line] = [(), (Span(title, "dim"),)]
    titles = min(TITLE_MAX, max(len(action.title) for action in members))
    indent = KEYS + titles + 2 + WORDS + 2
    for action in members:
        keys = " ".join(key_words(key) for key in action.keys)
        words = ":" + action.words[0] if action.words else ""
        line = (
            Span(fit(keys, KEYS), "accent bold", action.name),
            Span(fit(action.title, titles) + "  ", "strong", action.name),
            Span(fit(words, WORDS) + "  ", "accent"),
        )
        rest = width - indent
        if rest < SENTENCE_LEAST:
            lines.append(shorten(line, width))
            continue
        said = wrap(action.help or action.example, rest)
        lines.append((*line, Span(said[0], "dim")))
        lines += [(Span(" " * indent), Span(more, "dim")) for more in said[1:]]
    return lines


def _pair(example: str, words: str, width: int) -> Line:
    return shorten((Span(fit(example, 42), "accent"), Span("  " + words, "dim")), width)
