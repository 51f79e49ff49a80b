"""The one form that comes up by itself: whom to tell and who is to lead, where a place concerns others.

It never comes between two keys. It waits until nobody types and nothing else is open, a line above the foot says so
and how it is opened at once, and a key that comes in the moment in which it appears goes where it was meant: the form
steps back and waits again.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from textual.events import MouseDown, MouseEvent, MouseMove
from textual.widgets import Input, TextArea

from incident.organisation.lead import asks
from incident_tui.screens.room.doing import PROPOSAL, Deed
from incident_tui.screens.room.jump import Jump
from incident_tui.screens.room.telling import LIVE

if TYPE_CHECKING:
    from incident_tui.screens.room.screen import Room

QUIET_SECONDS: Final = 2.0
"""So long after the last key nobody is in the middle of something."""
MOMENT_SECONDS: Final = 1.0
"""A key that comes so soon after the form was pressed before anybody had read it."""
OPEN: Final = ("-asking", "-command", "-filter", "-palette", "-small")
"""Classes of the room while something else has the keys."""


class Proposing:
    """The proposal of one room. It is one: nothing is sent before somebody has read it and pressed Enter."""

    def __init__(self, room: Room) -> None:
        self.room = room
        self._opened_from: str | None = None
        """The stream that was looked at when a new incident was opened, until that one is on the screen."""
        self._due: set[str] = set()
        """The streams whose place asks for the form, as long as nobody has seen it."""
        self._dragging = False
        self._pressed = self._came = float("-inf")
        self._told = ""

    # -- what asks for it -----------------------------------------------------------------------------------

    def opened(self, stream: str) -> None:
        """A new incident was opened while this stream was looked at: its place asks once it is on the screen."""
        self._opened_from = stream

    def placed(self) -> None:
        """The incident on the screen was given another place."""
        if self._asks():  # also without a line: it comes when there is one again
            self._due.add(self.room.session.stream)
        else:
            self._due.discard(self.room.session.stream)
        self.tell()

    def done(self) -> None:
        """The form is up, or was put up by hand: it does not come again by itself for this incident."""
        self._due.discard(self.room.session.stream)
        self.tell()

    def _asks(self) -> bool:
        """Whether there is somebody to tell, or a lead to offer."""
        look, known = self.room.session.look(), PROPOSAL in self.room.actions.by_name
        return known and look.state.organisation.opened and asks(look)

    def _live(self) -> bool:
        """Whether the server is there: only it can do what the form asks for."""
        return str(self.room.session.link.word) == LIVE

    # -- keys -----------------------------------------------------------------------------------------------

    def key_comes(self) -> None:
        """A key or a paste has come from the terminal, and is not done yet."""
        self._pressed = time.monotonic()
        self._step_back()

    def mouse_comes(self, event: MouseEvent) -> bool:
        """The mouse is somebody, too; whether what it did was meant for what the form has just come over."""
        if isinstance(event, MouseMove) and not event.button:
            self._dragging = False
            return False
        self._pressed = time.monotonic()
        self._dragging = isinstance(event, MouseDown | MouseMove)
        return isinstance(event, MouseDown) and self._step_back()

    def _step_back(self) -> bool:
        """Put the form away again when it came a moment ago, whatever is pressed: nobody has read it."""
        early = self._pressed - self._came < MOMENT_SECONDS and self._is_up()
        self._came = float("-inf")
        if early:
            stream = self.room.session.stream
            self.room.doing.close_form()
            self._due.add(stream)
            self.tell()
        return early

    def _is_up(self) -> bool:
        deed = self.room.doing.form_deed
        return self.room.form is not None and deed is not None and deed.action.name == PROPOSAL

    # -- the pump -------------------------------------------------------------------------------------------

    def stroke(self) -> None:
        """Put the form up when its time has come."""
        stream = self.room.session.stream
        if self._opened_from is not None and stream != self._opened_from:
            self._opened_from = None
            self.placed()
        if stream in self._due and not self._asks():
            self.done()
        self.tell()
        if stream in self._due and self._live() and self._quiet():
            self.room.doing.open_form(Deed(self.room.actions.by_name[PROPOSAL]))
            self._came = time.monotonic()

    def _quiet(self) -> bool:
        """Whether nothing else is open, no word is begun, and no key has come for a while."""
        room, jump = self.room, self.room.query_one(Jump)
        if room.form is not None or jump.due or jump.open or any(map(room.has_class, OPEN)):
            return False
        if room.locking.shut or not room.is_current or room.front.busy or self._dragging:
            return False
        if isinstance(room.focused, Input | TextArea) or not room.app.keys.idle:  # type: ignore[attr-defined]
            return False
        return time.monotonic() - self._pressed >= QUIET_SECONDS

    # -- what is said ---------------------------------------------------------------------------------------

    @property
    def words(self) -> str:
        """That it waits, and what opens it at once; "" while nothing waits here."""
        action = self.room.actions.by_name.get(PROPOSAL)
        if self.room.session.stream not in self._due or action is None or not self._live():
            return ""
        return f"The form of whom to tell waits until nobody types. :{action.words[0]} opens it now."

    def tell(self) -> None:
        """Show that above the foot, or take it away."""
        if self.words != self._told:
            self._told = self.words
            self.room.sight.hint()
