"""Drawing on the map: a cordon that ends in the form of its proposal, or a line that is measured.

A cordon of more than one point is kept on the disk with every key, like any other draft: cut off, locked or ended in
between, it is taken up again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from incident_tui.map.scene import Ground, Stroke
from incident_tui.map.things import Metres
from incident_tui.screens.boundaries.drawing import Drawing, answers_of, kept, radius_of, to_keep

if TYPE_CHECKING:
    from incident_tui.screens.boundaries.steering import Steering

DRAW_KEY: Final = "drawing"
PROPOSE: Final = "boundaries.propose"


class Sketching:
    """What is being drawn on one map."""

    def __init__(self, steering: Steering) -> None:
        self.steering = steering
        self.drawing: Drawing | None = None

    def begin(self, what: str) -> None:
        """Begin a cordon or a line at the crosshair; a cordon that was kept goes on, and ``c`` once more closes it."""
        steering = self.steering
        if self.drawing is not None and self.drawing.what == what == "cordon":
            self._finish(self.drawing)
            return
        steering.to_map()
        if not steering.crosshair:
            steering.look()
        before = kept(self._written) if what == "cordon" else None
        if before is not None:
            steering.say("Kept from before: u takes corners back, c closes it.")
            self._now(before)
            steering.put(before.points[-1])
            return
        self._now(Drawing("measure" if what == "measure" else "cordon", (steering.cursor,)))

    def measured(self, drawing: Drawing, last: Metres) -> None:
        """A line between places that were typed: all of it on the map, the crosshair on its last point."""
        self.steering.show((*drawing.points, last))
        self._now(drawing)

    def takes(self, key: str) -> bool:
        """Whether a key is a letter of a radius; if so it is done."""
        typed = None if self.drawing is None else self.drawing.typing(key)
        if typed is None:
            return False
        self._now(typed)
        return True

    def undo(self) -> None:
        """Take back the last corner; the first takes the drawing with it."""
        if self.drawing is not None:
            self._now(self.drawing.undone())

    def corner(self) -> None:
        """A corner at the crosshair; with a radius typed, the end of it."""
        drawing = self.drawing
        if drawing is None:
            return
        if drawing.typed:
            self._finish(drawing)
            return
        after = drawing.with_corner(self.steering.cursor)
        if after is drawing:
            self.steering.say("Move the crosshair, then Enter sets a corner; or type a radius.", "caution")
        self._now(after)

    def leave(self) -> None:
        """Put it away; a cordon is kept."""
        drawing = self.drawing
        self._drop(kept_on=True)
        if to_keep(drawing):
            self.steering.say("The drawing is kept: c goes on with it.")

    def tell_kept(self) -> None:
        """Another incident is shown: whether a cordon was begun in it."""
        self.drawing = None
        if kept(self._written) is not None:
            self.steering.say("A cordon that was begun is kept: c goes on with it.")

    def redraw(self) -> None:
        """The drawing on top of the map, as it would be with the crosshair as its next corner."""
        place = self.steering.place
        if place.ready:
            place.canvas.overlay(*overlay_of(self.drawing, self.steering.cursor))

    # -- kept -----------------------------------------------------------------------------------------------

    @property
    def _name(self) -> str:
        seen = self.steering.place.seen
        return f"map/{'' if seen is None else seen.look.stream}"

    @property
    def _written(self) -> str:
        seen = self.steering.place.seen
        return "" if seen is None else seen.session.draft(self._name)

    def _write(self, text: str) -> None:
        seen = self.steering.place.seen
        if seen is not None and text != self._written:
            seen.session.keep_draft(self._name, text)

    def _now(self, drawing: Drawing | None) -> None:
        """This is the drawing from now on; it is on the disk soon."""
        self.drawing = drawing
        if drawing is None or drawing.what == "cordon":
            self._write(to_keep(drawing))
        self.redraw()

    def _drop(self, *, kept_on: bool) -> None:
        drawing, self.drawing = self.drawing, None
        if drawing is not None and drawing.what == "cordon":
            self._write(to_keep(drawing) if kept_on else "")
        self.redraw()

    def _finish(self, drawing: Drawing) -> None:
        """The form of the proposal, filled in."""
        answers = answers_of(drawing, exact_words)
        if answers is None:
            short = "a radius" if drawing.typed else "three corners, or a radius"
            self.steering.say(f"A cordon needs {short}, such as 500m or 1.5km.", "caution")
            return
        self._drop(kept_on=True)  # until that form is a command
        self.steering.place.ask(PROPOSE, answers)

    def taken(self, answers: Mapping[str, str]) -> None:
        """A form has become a command: if it was that of the kept drawing, that is done with."""
        before = kept(self._written)
        if self.drawing is None and before is not None and answers == answers_of(before, exact_words):
            self._write("")


def exact_words(at: Metres) -> str:
    """A point as it was set, to the metre: ten figures of its grid reference, or latitude and longitude."""
    from incident import geography  # noqa: PLC0415 - loaded with the map

    lat, lon = geography.to_position(*at)
    return geography.to_grid(lat, lon, 10) or f"{lat:.5f},{lon:.5f}"


def overlay_of(drawing: Drawing | None, cursor: Metres) -> tuple[tuple[Stroke, ...], tuple[Ground, ...]]:
    """A drawing in progress as lines and ground: the circle of a radius, or the corners with the cursor as the next."""
    if drawing is None:
        return (), ()
    radius = radius_of(drawing.typed) if drawing.typed else None
    if radius is not None:
        from incident import geography  # noqa: PLC0415 - loaded with the map

        ring = geography.circle(*drawing.points[0], radius)
        return (), (Ground(ring, "accent", dash="dotted", key=DRAW_KEY),)
    points = (*drawing.points, cursor)
    if drawing.what == "measure" or len(points) < 3:
        return (Stroke(points, "accent", "dotted", "cordons", DRAW_KEY),), ()
    return (), (Ground(points, "accent", dash="dotted", key=DRAW_KEY),)
