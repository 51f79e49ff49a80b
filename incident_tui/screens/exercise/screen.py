"""The exercise: to exercise control its clock, its injects and what became of each; to a player how play stands.

What stands here comes from the board of the slice, and from exercise control's papers, which no player's seat has.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from textual import events

from incident.exercises.verbs import play_of
from incident.injects.verbs import papers_of
from incident_tui.actions import key_words
from incident_tui.screens.exercise.blocks import (
    agencies_line,
    agencies_view,
    clock_lines,
    keys_line,
    next_lines,
    no_duff_lines,
    notes_view,
)
from incident_tui.screens.flanked.screen import FlankedPlace
from incident_tui.screens.place import Seen
from incident_tui.widgets.block import View
from incident_tui.widgets.paint import Line

KEYS: Final = (
    ("start-play", "start"),
    ("pause", "pause"),
    ("resume", "resume"),
    ("speed", "speed"),
    ("fire", "fire"),
    ("hold", "hold"),
    ("skip", "skip"),
    ("evaluate", "note"),
    ("end-play", "end"),
    ("noduff", "NO DUFF"),
)
"""The verbs that stand under the clock where they apply, each in a word."""
LIST_LEAST: Final = 5
START: Final = "exercise.start-play"
PAUSE: Final = "exercise.pause"


class ExercisePlace(FlankedPlace):
    """The clock above the injects, agencies and notes beside them."""

    SIDE = ("played", "notes")

    def feed(self, seen: Seen) -> None:
        """Show this moment; a player sees the clock and nothing beside it."""
        self.set_class(papers_of(seen.look) is None, "-alone")
        super().feed(seen)

    def head_lines(self, seen: Seen, width: int, room: int) -> Sequence[Line]:
        """The clock in full, what comes next, and the keys that can be pressed now."""
        look = seen.look
        if look.state.organisation.mode != "exercise":
            return ()
        clock = clock_lines(look, width)
        keys = [keys_line(self._keys(seen), width)]
        if papers_of(look) is None:
            return [*clock, (), *keys, *no_duff_lines(width)]
        most = (
            room - len(clock) - len(keys) - LIST_LEAST - sum(one.view.height for one in self.blocks.values())
        )
        return [*clock, *next_lines(look, width, min(3, most) if self.slim else 4), *keys]

    def views(self, seen: Seen, width: int, room: int) -> Mapping[str, View]:
        """Who plays whom and was told what last, and what the evaluators have written."""
        if papers_of(seen.look) is None:
            return {}
        if self.slim:
            return {
                "played": agencies_line(seen.look, width),
                "notes": notes_view(seen.look, width, 2),
            }
        played = agencies_view(seen.look, width, room * 3 // 5)
        return {"played": played, "notes": notes_view(seen.look, width, room - played.height - 2)}

    def on_key(self, event: events.Key) -> None:
        """The key that pauses play and resumes it also begins it; the word ``pause`` never does."""
        seen = self._seen
        if seen is None or event.character not in seen.actions.keys_of(PAUSE) or play_of(seen.look).started:
            return
        event.stop()
        event.prevent_default()
        self.screen.act(seen.actions.by_name[START])  # type: ignore[attr-defined]

    def _keys(self, seen: Seen) -> list[tuple[str, str, str]]:
        found = self.row()
        able = {action.name for action in self.acts(None if found is None else found[1], seen)}
        keys = []
        for verb, word in KEYS:
            name = f"{self.scope}.{verb}"
            bound = seen.actions.keys_of(PAUSE if name == START else name)
            if bound and name in able:
                keys.append((key_words(bound[0]), word, name))
        return keys
