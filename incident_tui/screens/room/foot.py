"""The lines at the foot come and go many times a minute: showing one must not style the whole room anew.

Textual styles every widget below the one whose classes change. For the classes that only the foot follows that was
most of the time between a ``:`` and its line on the screen.
"""

from __future__ import annotations

from typing import Final, Self

from textual.screen import Screen

from incident_tui.screens.room.jump import JUMP_KEYS, Jump
from incident_tui.widgets.composer import Composer
from incident_tui.widgets.footer import FORM_KEYS, SMALL_KEYS, WRITE_KEYS

LIGHT: Final = frozenset({
    "-command", "-filter", "-palette", "-composing", "-composed", "-tailed", "-quick", "-confirm", "-asking",
})  # fmt: skip
"""Classes of the room that nothing follows but the foot; ``tests/tui/test_foot.py`` holds the stylesheets to it."""
FOOT: Final = ("#composer", "#command", "#filter", "#palette", "#quick", "#confirm", "#tail")
"""The parts of the foot, as selectors, and the log beside a list."""
SMALL_WIDTH, SMALL_HEIGHT = 80, 22
"""A terminal that is smaller has no room for the screens; one of 80x24 may have lost a line or two to its own bars."""
SIZE: Final = f"{SMALL_WIDTH}x{SMALL_HEIGHT}"
TOO_SMALL: Final = (
    f"This terminal is smaller than {SIZE}: only the log can be written here, and a line that begins with : is "
    "done as a command. Make it larger for the rest."
)
FORM_HELD: Final = (
    f"A form is open, and this terminal is smaller than {SIZE}: nothing that is typed here is taken. Make it larger to "
    "go on with the form; Esc puts it away and keeps what was written."
)
NO_ROOM: Final = f"There is no room here for that: Enter does it at {SIZE} or larger, Esc clears the line."


class Footed(Screen[None]):
    """A screen with such a foot."""

    def keys_of_a_line(self) -> tuple[tuple[str, str, str], ...]:
        """What the last line names while letters are no keys of the place in front; nothing while they are."""
        composer = self.query_one(Composer)
        if self.has_class("-small"):
            return FORM_KEYS[-1:] if self.has_class("-form") else SMALL_KEYS
        if self.query_one(Jump).open:
            return JUMP_KEYS
        if self.has_class("-form"):
            return FORM_KEYS
        return WRITE_KEYS if self.focused is not None and composer in self.focused.ancestors else ()

    def set_class(self, add: bool, *class_names: str, update: bool = True) -> Self:
        """As Textual has it, but for the classes that only the foot follows."""
        if not update or not LIGHT.issuperset(class_names):
            return super().set_class(add, *class_names, update=update)
        before = self.classes
        super().set_class(add, *class_names, update=False)
        if self.classes != before:
            self.app.stylesheet.update_nodes([part for name in FOOT for part in self.query(name)])
        return self
