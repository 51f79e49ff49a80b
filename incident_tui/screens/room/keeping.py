"""What is found again at the next start of this seat: the place, and in each place row, order, filter and detail.

Written to the seat's own copy a second after something changed, and when one leaves. What was kept and cannot be
read, or means nothing here any more, is passed over, and said. Drafts are kept elsewhere, with every key.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from incident_tui import themes
from incident_tui.bell import Muted
from incident_tui.screens.board.screen import BoardPlace, Standpoint
from incident_tui.screens.log.screen import LogPlace

if TYPE_CHECKING:
    from incident_tui.screens.room.screen import Room

LOOK: Final = "look"
"""The name it is kept under."""
PLACES_MAX: Final = 64
TEXT_MAX: Final = 500
NEVER: Final = frozenset({"help"})
"""Places that one does not come back to."""


class Kept(msgspec.Struct, omit_defaults=True):
    """All of it. ``places`` holds where one stood in each."""

    place: str = "picture"
    filters: dict[str, str] = {}
    places: dict[str, Standpoint] = {}
    theme: str = ""
    ascii: bool | None = None
    machine: bool = False
    muted: Muted | None = None


class Keeping:
    """The memory of one room."""

    def __init__(self, room: Room) -> None:
        self.room = room
        self.kept = Kept()
        self._written = ""

    def restore(self) -> None:
        """Take up the place, and in each place what there was, as of the last time."""
        self.kept = self._read()
        self._written = msgspec.json.encode(self.kept).decode()
        places = self.room.places
        for name, text in self.kept.filters.items():
            if name in places:
                places[name].narrow(text[:TEXT_MAX])
        for name, standpoint in self.kept.places.items():
            place = places.get(name)
            if isinstance(place, BoardPlace):
                place.resume(standpoint)
        log = places["log"]
        if isinstance(log, LogPlace):
            log.machine = self.kept.machine
        self.room.voice.bell.muted = self.kept.muted
        app = self.room.app
        if self.kept.theme in themes.names() and not app.no_color:
            app.theme = self.kept.theme
        if self.kept.ascii is not None:
            app.ascii_look = self.kept.ascii  # type: ignore[attr-defined]
        known = self.kept.place in places and self.kept.place not in NEVER
        self.room.go(self.kept.place if known else "picture")

    def _read(self) -> Kept:
        written = self.room.session.view_state(LOOK)
        try:
            return msgspec.json.decode(written or "{}", type=Kept)
        except msgspec.DecodeError:
            self.room.session.say(
                "info",
                "Where you were cannot be read any more, so it begins with the Picture. Drafts are kept.",
            )
            return Kept()

    def keep(self) -> None:
        """Write it down, if anything is another than before."""
        written = msgspec.json.encode(self.kept).decode()
        if written != self._written:
            self._written = written
            self.room.session.keep_view_state(LOOK, written)

    def moment(self) -> None:
        """Once a second, and at the end: where one stands now."""
        front = self.room.front
        if isinstance(front, BoardPlace) and front.here:
            standpoint = front.standpoint
            if standpoint == Standpoint():
                self.kept.places.pop(front.place, None)
            elif front.place in self.kept.places or len(self.kept.places) < PLACES_MAX:
                self.kept.places[front.place] = standpoint
        self.keep()

    def keep_place(self, place: str) -> None:
        """This place is where the next start begins."""
        self.kept.place = place
        self.keep()

    def keep_filter(self) -> None:
        """The filter of the place in front, as it stands now, is found again at the next start."""
        front = self.room.front
        text = front.filter_text or ""
        if text == self.kept.filters.get(front.place, ""):
            return
        if text:
            self.kept.filters[front.place] = text[:TEXT_MAX]
        else:
            self.kept.filters.pop(front.place, None)
        self.keep()
        self.room.recount()
