"""Lines of words that are commands: from the command line, or begun with ``:`` where one writes in the log."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from incident.kernel.slice import Refusal
from incident.kernel.text import clip
from incident_tui.actions import Act, Action, AppAct, applies, parse
from incident_tui.answers import far_away, places_in, words_only
from incident_tui.screens.room.doing import Deed
from incident_tui.screens.room.foot import NO_ROOM
from incident_tui.screens.room.keyed import SMALL_ACTS
from incident_tui.widgets.command_line import CommandLine
from incident_tui.widgets.composer import Composer

if TYPE_CHECKING:
    from incident_tui.screens.room.screen import Room

SPOKEN: Final = frozenset({"app.mute", "app.unmute", "app.print"})
"""Acts of the app that need no more room than a sentence."""
WORDS_ONLY: Final = "No point is known for {}: it cannot be drawn or measured. Enter again sends it as words."
FAR_AWAY: Final = "{} lies {} km from the scene. Enter again sends it all the same."
PLACE_SHOWN: Final = 40
FIRST_WORDS: Final = 3
"""So many words of a line are looked at for the one it begins with: a time and on whose behalf may stand before it."""


class Typed:
    """The doer of the lines of one room."""

    def __init__(self, room: Room) -> None:
        self.room = room
        self.asked_of = ""
        """The line that was asked about once, since its place is words only or far away."""

    def line(self, prompt: CommandLine, text: str) -> None:
        """Do one line, or say what is wrong with it and leave it standing."""
        if not text.strip():
            self.room.words.close_line()
            return
        answer = self._parsed(text)
        if isinstance(answer, Refusal):
            self.room.say(answer.sentence)
            return
        if isinstance(answer, Act) and self._asks(answer, text):
            return
        prompt.remember(text)
        self.room.words.close_line()
        if isinstance(answer, AppAct):
            self.room.words.act(answer.name, answer.value)
        else:
            self._go_on(answer)

    def command(self, text: str) -> None:
        """Do a line that somebody has begun with ``:`` in the composer, without it. It never stands in the log.

        What is refused, or has no room here, stays where it was typed; what was done goes.
        """
        answer = self._parsed(text)
        if isinstance(answer, Refusal):
            self.room.say(answer.sentence)
            return
        if self.room.has_class("-small") and self._shows(answer):
            self.room.say(NO_ROOM)
            return
        if isinstance(answer, Act) and self._asks(answer, text):
            return
        self.room.query_one(CommandLine).remember(text)
        words = self.room.words
        if isinstance(answer, AppAct):
            words.written()
            words.close_line()
            words.act(answer.name, answer.value)
            return
        self._go_on(answer, composed=True)
        if not self.room.query_one(Composer).text and not self.room.has_class("-asking"):
            words.close_line()

    def _shows(self, answer: Act | AppAct) -> bool:
        """Whether a line opens something that needs the room of a screen."""
        if isinstance(answer, AppAct):
            return answer.name not in SMALL_ACTS | SPOKEN
        verb = self.room.actions.by_name[f"{answer.board}.{answer.verb}"].verb
        return verb is not None and verb.read_first

    def _parsed(self, text: str) -> Act | AppAct | Refusal:
        """What a line means here and now; where it names no row, the one under the cursor, if somebody sees it."""
        front, actions = self.room.front, self.room.actions
        found = None if self.room.has_class("-small") else front.row()
        here = None if found is None else (front.scope, found[0])
        return parse(text, self.room.session.look(), actions.boards, here, actions.key_of)

    def _go_on(self, answer: Act, *, composed: bool = False) -> None:
        """What a line says, as a deed."""
        action = self.room.actions.by_name[f"{answer.board}.{answer.verb}"]
        rows = (answer.row,) if answer.row is not None else ()
        if action.verb is not None and action.verb.read_first:
            row, look = self._of(answer)[1], self.room.session.look()
            if not applies(action, row, look):  # no form is filled in for what is refused anyway
                self.room.say(action.verb.not_now(row, look))
                return
            given = {name: str(value) for name, value in answer.values.items() if value}
            self.room.doing.open_form(Deed(action, rows, composed=composed), given)
            return
        values, at, behalf = dict(answer.values), answer.happened_at, answer.on_behalf_of
        self.room.doing.go_on(Deed(action, rows, values, at, behalf, composed=composed))

    def _of(self, act: Act) -> tuple[Action, Any]:
        """The action of an act, and its row."""
        action = self.room.actions.by_name[f"{act.board}.{act.verb}"]
        rows = {} if action.board is None else action.board.rows(self.room.session.look())
        return action, rows.get(act.row or "")

    def reading(self, text: str) -> Sequence[tuple[str, str]]:
        """How the place in a line is understood so far, as a form says it under its field."""
        words = {word.casefold() for word in text.split()[:FIRST_WORDS]}
        placed = (
            action
            for action in self.room.actions.all
            if action.verb is not None and any(arg.kind == "location" for arg in action.verb.args)
        )
        if not any(words & set(action.words) for action in placed):
            return ()
        act, look = self._parsed(text), self.room.session.look()
        if not isinstance(act, Act):
            return ()
        action, row = self._of(act)
        written = () if action.verb is None else places_in(action.verb, act.values, look, row)
        return self.room.session.placer.understood(written[0], look) if written else ()

    def _asks(self, act: Act, text: str) -> bool:
        """Whether it is asked about first: what is drawn on the map, and its place has no point or a far one."""
        action, row = self._of(act)
        if action.verb is None or text == self.asked_of:
            return False
        look = self.room.session.look()
        place = words_only(action.verb, act.values, look, row)
        far, away = ("", 0) if place else far_away(action.verb, act.values, look, row)
        if not (place or far) or self.room.doing.preview(act) is not None:
            return False  # nobody is asked about what is refused anyway
        self.asked_of = text
        shown = clip(place or far, PLACE_SHOWN)
        self.room.say(WORDS_ONLY.format(shown) if place else FAR_AWAY.format(shown, away))
        return True
