"""The block under the list: what could be at the scene soonest. Enter on a line goes to its row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from incident.placing import distance_words
from incident_tui.map.things import unchanged
from incident_tui.near import Found, nearest
from incident_tui.widgets.block import EMPTY, Item, View
from incident_tui.widgets.paint import Line, Span, fit, shorten, spread

if TYPE_CHECKING:
    from incident.nearby import Nearby as Row
    from incident_tui.screens.boundaries.screen import BoundariesPlace

MINUTE_MS: Final = 60_000
NAME, FAR, MINUTES = 16, 9, 10
"""Cells of the columns of a line."""


class Nearby:
    """What was asked for last, and its answer, which is looked up anew when units have moved or a minute is over."""

    def __init__(self, place: BoundariesPlace) -> None:
        self.place = place
        self.asked: tuple[str, tuple[float, float] | None, str] | None = None
        self.found: Found | None = None
        self._made_of: tuple[object, ...] = ()
        self._width = 0
        """The width that it was laid into."""

    def ask(self, words: str) -> None:
        """Show what is nearest of this kind; without words, open the line to say what."""
        place = self.place
        if not words.strip():
            place.begin_line("nearest ")
            return
        target, where = None, ""
        if place.ready and place.steering.crosshair:
            location = place.steering.location(place.steering.cursor)
            target, where = location.point, location.grid or "the crosshair"
        self.asked = (words, target, where)
        self._made_of = ()
        self.look()
        if self.found is not None:
            place.show_list()
            if self.found.warnings:
                place.steering.say(" ".join(self.found.warnings), "caution")
            place.screen.set_focus(place.nearby)

    def look(self) -> None:
        """The answer as it is now."""
        seen = self.place.seen
        if self.asked is None or seen is None:
            return
        state = seen.look.state
        made_of = (
            state.resources,
            state.places,
            state.organisation,
            seen.look.now // MINUTE_MS,
            self.place.areas,
        )
        if unchanged(made_of, self._made_of):
            return
        self._made_of = made_of
        words, target, where = self.asked
        answer = nearest(words, seen.look, getattr(seen.session, "placer", None), target, where)
        if isinstance(answer, str):
            self.asked = self.found = None
            self.place.steering.say(answer, "caution")
        else:
            self.found = answer
        self.show()

    def show(self) -> None:
        """The block, or nothing."""
        self._width = self.place.table.size.width
        self.place.nearby.tell(EMPTY if self.found is None else view(self.found, self._width))

    def tick(self) -> None:
        """Asked for from another screen it was laid before the list had its width."""
        if self.place.table.size.width != self._width:
            self.show()

    def entered(self) -> None:
        """Another incident is looked at: what was asked in the one before is no answer there."""
        self.asked = self.found = None
        self.place.nearby.tell(EMPTY)

    def back(self) -> bool:
        """Away with it; False when there is nothing."""
        if self.found is None:
            return False
        self.asked = self.found = None
        self.place.nearby.tell(EMPTY)
        self.place.take_focus()
        return True

    @property
    def rows(self) -> tuple[Row, ...]:
        """What is shown, for the list and the map."""
        return () if self.found is None else self.found.rows


def key_of(row: Row, *, hospitals: bool) -> str:
    """The key of its row in the list beside the map."""
    if hospitals:
        return f"place/{row.key}"
    return row.key if row.key.startswith("base/") else f"unit/{row.key}"


def view(found: Found, width: int) -> View:
    """The block: what was asked, and a line for each answer."""
    said = (Span("NEAREST ", "dim"), Span(found.words, "strong"), Span("  est.", "dim"))
    head = spread(said, (Span("esc closes", "dim"),), max(20, width - 3))
    if not found.rows:
        return View(head, (Item((Span("Nothing of that kind is known here.", "caution"),), ""),))
    items = []
    for row in found.rows:
        board = "places" if found.hospitals else "resources"
        line = shorten(_line(row), max(20, width - 3))
        items.append(Item(line, board, key_of(row, hospitals=found.hospitals)))
    return View(head, tuple(items))


def _line(row: Row) -> Line:
    """Name, how far and where, the range of minutes, how it stands; what a person must look at is said."""
    from incident import nearby  # noqa: PLC0415 - loaded with the map

    spans = [Span(fit(row.name, NAME), "strong" if row.fit else "dim")]
    if row.way is None:
        spans.append(Span(" position not known  ", "caution"))
    else:
        minutes = nearby.minutes_words(row.way).removeprefix("est. ")
        far = f"{distance_words(row.way.metres)} {row.way.bearing}".rstrip()
        spans += [Span(f" {fit(far, FAR)} ", "ink"), Span(f"{fit(minutes, MINUTES)} ", "strong")]
        spans += [Span("▲ water ", "caution")] if row.way.water else []
    return (*spans, Span(row.state.text, row.state.tone))
