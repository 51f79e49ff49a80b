"""A locked desk: shown and alive, and nothing on it can be changed until the password was given.

What is open stays open to the last character, and cannot be typed into; keys only go somewhere. The box that asks
for the password never comes between two letters: it waits until nobody types.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from textual.widget import Widget

from incident_tui.actions import Action, key_words
from incident_tui.screens.unlock.screen import Glass, Unlock

if TYPE_CHECKING:
    from incident_tui.screens.room.screen import Room

LULL_SECONDS: Final = 3.0
"""So long after the last key nobody is in the middle of a word."""
SHUT: Final = ("#side", "#composer", "#command", "#filter", "#palette", "#quick", "#confirm")
"""Where one types, and where an act waits for its last key."""
READING: Final = frozenset({
    "app.help", "app.back", "app.quit", "app.theme", "app.ascii", "app.jump", "app.next", "app.alarm", "app.lock",
    "app.glass", "log.weight", "log.older", "casualties.hospitals",
})  # fmt: skip
"""What may be done at a locked desk, beside going to a screen and moving in a list."""


class Locking:
    """The lock of one room."""

    def __init__(self, room: Room) -> None:
        self.room = room
        self.shut = False
        """Whether what one types into is closed."""
        self._word = ""
        self._focus: Widget | None = None
        self._pressed = float("-inf")

    # -- keys -----------------------------------------------------------------------------------------------

    def touched(self) -> None:
        """A key was pressed or the mouse was used."""
        self._pressed = time.monotonic()
        sitting = self.room.session.sitting
        if sitting is not None:
            sitting.touched()

    def forbids(self, action: Action) -> bool:
        """Whether an act must wait until the desk is open; that is said."""
        sitting = self.room.session.sitting
        if sitting is None or not sitting.word:
            return False
        free = action.verb is None and (action.name in READING or action.scope == "list")
        if free or action.name.startswith("go."):
            return False
        self.remind()
        return True

    def remind(self) -> None:
        """Say why a key did nothing, until the next one."""
        sitting = self.room.session.sitting
        if sitting is not None and sitting.word:
            self.room.say(
                f"{sitting.word}: {self.key} opens it. Nothing was done, and what was typed is kept."
            )

    @property
    def key(self) -> str:
        """The key that asks for the password, as it is shown."""
        keys = self.room.actions.keys_of("app.lock")
        return key_words(keys[0]) if keys else ":lock"

    @property
    def over(self) -> bool:
        """Whether nobody is signed in any more."""
        sitting = self.room.session.sitting
        return sitting is not None and bool(sitting.out)

    # -- acts -----------------------------------------------------------------------------------------------

    def ask(self) -> None:
        """Lock; and when it is locked already, ask for the password."""
        sitting = self.room.session.sitting
        if sitting is None:
            self.room.say("This desk came in with a token: it has no password, and no lock.")
            return
        sitting.lock()
        self._close()
        if not isinstance(self.room.app.screen, Unlock | Glass):
            self.room.app.push_screen(Unlock(sitting, self.stroke))

    def glass(self) -> None:
        """Ask two persons for their passwords."""
        sitting = self.room.session.sitting
        if sitting is None:
            self.room.say(
                "This desk came in with a token: it is not enrolled, so no glass can be broken here."
            )
        elif not isinstance(self.room.app.screen, Unlock | Glass):
            self.room.app.push_screen(Glass(sitting, self.stroke))

    # -- the pump -------------------------------------------------------------------------------------------

    def stroke(self) -> None:
        """Follow the sign-in: close when it is locked or over, open when somebody is here again."""
        sitting = self.room.session.sitting
        if sitting is None or sitting.word == self._word:
            return
        if not sitting.word:
            self._word = ""
            self._open()
            return
        box = self.room.app.screen
        if isinstance(box, Unlock):
            self._word = sitting.word
            box.tell()
        elif isinstance(box, Glass):
            self._word = sitting.word
        elif time.monotonic() - self._pressed >= LULL_SECONDS:
            self.ask()

    def _close(self) -> None:
        sitting = self.room.session.sitting
        self._word = "" if sitting is None else sitting.word
        if self.shut or not self._word:
            return
        room = self.room
        self.shut = True
        room.drop_question()
        self._focus = room.focused
        for part in SHUT:
            room.query_one(part).disabled = True
        room.set_class(False, "-form")  # an open form gives its room to the board, and comes back as it was
        room.front.take_focus()
        room.foot()
        room.recount()

    def _open(self) -> None:
        room = self.room
        box = room.app.screen
        if isinstance(box, Unlock):
            box.dismiss()
        if self.shut:
            self.shut = False
            for part in SHUT:
                room.query_one(part).disabled = False
            room.set_class(room.form is not None, "-form")
            focus, self._focus = self._focus, None
            if focus is not None and focus.is_attached and focus.display:
                room.set_focus(focus)
            elif room.form is not None:
                room.form.focus_first()
            else:
                room.front.take_focus()
        room.say("")
        room.foot()
        room.recount()
