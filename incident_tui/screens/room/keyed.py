"""Where keys go that no widget wanted: to the table of actions, and from there to verbs and the acts of the app."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from textual import events
from textual.widgets import Input, TextArea

from incident_tui.actions import Action, key_words
from incident_tui.screens.room.foot import FORM_HELD, TOO_SMALL, Footed
from incident_tui.widgets.lines import Lines
from incident_tui.widgets.paint import Span, wrap

if TYPE_CHECKING:
    from textual.widget import Widget

    from incident_tui.actions import Actions
    from incident_tui.screens.place import Place
    from incident_tui.screens.room.doing import Doing
    from incident_tui.screens.room.locking import Locking
    from incident_tui.screens.room.sight import Sight
    from incident_tui.screens.room.voice import Voice
    from incident_tui.screens.room.words import Words
    from incident_tui.widgets.form import Form

SMALL_ACTS: Final = frozenset({"app.compose", "app.quit", "app.theme", "app.ascii", "app.lock"})
"""All that can be done in a terminal that is too small for the rest."""


class Keyed(Footed):
    """A screen with such keys."""

    actions: Actions
    doing: Doing
    locking: Locking
    sight: Sight
    voice: Voice
    words: Words
    _field: Widget | None = None
    """Where one wrote in the form that has no room now."""
    _was_small = False

    @abstractmethod
    def foot(self) -> None:
        """The keys that make sense now."""

    def keys_of_a_line(self) -> tuple[tuple[str, str, str], ...]:
        """As elsewhere; at a locked desk, what there is left to do."""
        if not self.locking.shut:
            return super().keys_of_a_line()
        opens = "sign in" if self.locking.over else "unlock"
        ways = tuple((key_words(key), words, name) for key, words, name in self._ways() if key)
        return ((self.locking.key, opens, "app.lock"), ("0-9", "read on", ""), *ways)

    def _ways(self) -> tuple[tuple[str, str, str], ...]:
        named = (("app.help", "help"), ("app.quit", "quit"))
        return tuple((next(iter(self.actions.keys_of(name)), ""), words, name) for name, words in named)

    @property
    @abstractmethod
    def front(self) -> Place:
        """The place that is shown."""

    @property
    @abstractmethod
    def form(self) -> Form | None:
        """The form that is open, or None."""

    @abstractmethod
    def say(self, sentence: str, tone: str = "caution") -> None:
        """Say one sentence above the foot."""

    def fit(self, width: int) -> None:
        """Say what there is room for in this width, and give the keys to it: a form keeps its field, unseen."""
        form, small = self.form, self.has_class("-small")
        held = form is not None and not self.locking.shut
        words = FORM_HELD if held else TOO_SMALL
        lines = [(Span(f" {line}", "caution"),) for line in wrap(words, max(10, width - 2))]
        self.query_one("#small", Lines).show(lines)
        if small and not held:
            self.words.compose()
        elif small and form is not None:
            if self.focused is not None and form in self.focused.ancestors:
                self._field = self.focused
            if not self.has_class("-asking"):
                self.set_focus(None)
        elif held and form is not None and not form.has_focus_within and self._was_small:
            field, self._field = self._field, None
            if field is not None and field.is_attached and form in field.ancestors:
                self.set_focus(field)
            else:
                form.focus_first()
        self._was_small = small
        self.foot()

    def on_key(self, event: events.Key) -> None:
        """What no widget wanted: look it up in the table."""
        self.sight.key_pressed()
        self.say("")
        self.voice.did("")
        focused = self.focused
        typing = isinstance(focused, (Input, TextArea))
        if typing and focused is not None and event.key in focused._bindings.key_to_bindings:  # noqa: SLF001
            return
        key = (event.character or event.key) if event.is_printable and event.key != "space" else event.key
        busy = not self.locking.shut and (typing or self.form is not None or self.has_class("-asking"))
        if busy and (len(key) == 1 or key == "escape"):
            if key == "escape" and self.form is not None:
                self.doing.close_form()
            return
        action = self.actions.for_key(key, *(() if busy else self.front.scopes))
        if action is not None and (not self.has_class("-small") or action.name in SMALL_ACTS):
            event.stop()
            event.prevent_default()
            self.act(action)
        elif action is None and len(key) == 1:
            if self.locking.shut:
                self.locking.remind()  # somebody who begins to write must not think that it is taken
            elif not self.has_class("-small"):
                self.say(self.actions.elsewhere(key), "dim")

    def act(self, action: Action) -> None:
        """Do what an action says, unless the desk is locked."""
        action, rows = self.front.meant(action) or (action, None)
        if self.locking.forbids(action):
            return
        if action.verb is not None:
            self.doing.start(action, rows)
        else:
            self.words.act(action.name, "")

    def done(self, action: Action, ids: Sequence[str] = ()) -> None:
        """A verb was submitted."""
        self.sight.tried(action.name)
        if action.verb is not None and not action.verb.row:
            self.front.made(ids)
        self._version = -1
