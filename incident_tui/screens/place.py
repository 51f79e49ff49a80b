"""What every place in the room has in common, and what the room shows it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from textual.containers import Container
from textual.message import Message

from incident.kernel.board import Board, Look
from incident_tui.actions import Action, Actions
from incident_tui.session import Session


@dataclass(frozen=True, slots=True)
class Seen:
    """One moment, as the pump hands it out. ``marks`` is the state word by command id: QUEUED, or #418 just after."""

    look: Look
    session: Session
    actions: Actions
    marks: Mapping[str, str] = field(default_factory=dict)
    stale: str = ""
    """How old the picture is, in words, while the line is not LIVE."""
    wide: bool = False
    """Room for list and detail side by side."""
    wall: bool = False
    """Room for three side by side."""
    waiting: frozenset[str] = frozenset()
    """What waits for our acknowledgement, as ``board/key`` of its row."""


class Place(Container):
    """A place in the room. It is fed while it is in front, and ticked several times a second."""

    class Opened(Message):
        """Go to a row of another place; with key "" only to the place."""

        def __init__(self, place: str, key: str) -> None:
            super().__init__()
            self.place = place
            self.key = key

    class Asked(Message):
        """Put up the form of a verb, with these answers filled in."""

        def __init__(self, action: str, answers: Mapping[str, str]) -> None:
            super().__init__()
            self.action = action
            self.answers = answers

    class Begun(Message):
        """Open the command line with these words, for what must still be said."""

        def __init__(self, words: str) -> None:
            super().__init__()
            self.words = words

    place = ""
    """Its name in the table of actions: ``go.<place>``."""
    title_words = ""
    board: Board | None = None
    """Whose verbs work here."""
    read_at_end = False
    """Whether one looks at its last lines first, as in a log that grows."""

    @property
    def scope(self) -> str:
        """Where the keys of this place are looked up."""
        return self.board.name if self.board is not None else self.place

    @property
    def scopes(self) -> tuple[str, ...]:
        """All of them, the first the strongest."""
        return (self.scope,)

    @property
    def settled(self) -> bool:
        """Whether it is laid out so far that a key does what is meant by it."""
        return True

    @property
    def busy(self) -> bool:
        """Whether somebody is in the middle of something here that a form coming up by itself would break off."""
        return False

    @property
    def foot_height(self) -> int:
        """Lines at its foot in which something is said, typed or was asked for: no notice lies over them."""
        return 0

    def feed(self, seen: Seen) -> None:
        """Show this moment."""

    def tick(self) -> None:
        """Time has passed: ages grow, flashes end."""

    def answers(self, action: Action) -> Mapping[str, str]:
        """What is known here already of what a verb's form asks for."""
        return {}

    def made(self, ids: Sequence[str] = ()) -> None:
        """Something new was made here, by these commands: a list shows it where it belongs."""

    def taken(self, answers: Mapping[str, str]) -> None:
        """What the place had filled into a form has become a command: it need not be kept here any more."""

    def meant(self, action: Action) -> tuple[Action, tuple[str, ...]] | None:
        """What a verb's key means on the row under the cursor where that is another board's: its act, and the row."""
        return None

    def take_focus(self) -> None:
        """The keys go here now."""

    def row(self) -> tuple[str, Any] | None:
        """Key and row under the cursor."""
        return None

    def chosen(self) -> tuple[str, ...]:
        """The keys of the rows that a verb acts on."""
        return ()

    def selected(self) -> tuple[str, ...]:
        """The rows picked out one by one for the next act; none is the rule."""
        return ()

    def unselect(self, keep: Sequence[str] = ()) -> None:
        """Nothing is selected any more but these: what it was selected for is done, or left."""

    def go_to(self, key: str) -> bool:
        """Put the cursor on a row; False when it is not here."""
        return False

    def narrow(self, text: str) -> None:
        """Filter by this line."""

    @property
    def filter_text(self) -> str | None:
        """The filter line as it stands; None when nothing can be filtered here."""
        return None

    def counts(self) -> tuple[int, int, str, tuple[str, ...]]:
        """How many rows are shown, of how many, what they are called, and filter words that mean nothing here."""
        return 0, 0, "row", ()

    def back(self) -> bool:
        """Step back inside the place (close a detail); False when there is nothing to step back from."""
        return False

    def in_sight(self) -> tuple[str, ...]:
        """The keys of the rows that are on the screen and painted."""
        return ()
