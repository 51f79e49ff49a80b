"""What the keys do on the map: moving, nearer and farther, the crosshair, layers, going to a place, drawing.

Nothing in here can be done on the map alone: a place is typed into the form as well, a cordon too, and distances stand
in the list. What is drawn ends in the form of a proposal, filled in.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final, Literal

import msgspec

from incident.kernel.text import clip
from incident.placing import Placing
from incident.values import Location
from incident.whereabouts import within_words
from incident_tui.map.scene import LAYERS
from incident_tui.map.things import AREA, FEATURE, HOSPITAL_, INCIDENT, Metres, Thing
from incident_tui.screens.boundaries.going import (
    FROM_MAP,
    Bounds,
    Going,
    bounds_of,
    called,
    cell_within,
    decimals_of,
    digits_of,
    joined,
    located,
)
from incident_tui.screens.boundaries.lines import drawing_line, layer_lines, point_line
from incident_tui.screens.boundaries.sketching import Sketching
from incident_tui.widgets.paint import Line, Span, wrap

if TYPE_CHECKING:
    from incident_tui.screens.boundaries.screen import BoundariesPlace

STEP: Final = 4
"""Cells that an arrow moves the map by, sideways; half as many up and down, since a cell is twice as high."""
ZOOM: Final = 2.0
AROUND_M: Final = 6_000.0
"""How much ground around the scene the first map shows."""
NEAR_M: Final = 1_500.0
"""How much ground is shown around a place that one goes to."""
EDGE: Final = 2
"""A mark so near to the edge of the map is brought into its middle."""
NAME_MAX: Final = 60
SAID_MAX: Final = 4
"""Lines of what is said at the foot."""
FOUND_MAX: Final = 6

Look = Literal["braille", "blocks", "ascii"]
LOOKS: Final[tuple[Look, ...]] = ("braille", "blocks", "ascii")
LOOK_WORDS: Final = {"braille": "dots of braille", "blocks": "half blocks", "ascii": "plain ASCII"}
VIEW: Final = "map"
"""The name under which signs and layers are kept."""


class Kept(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is found again: the signs of the lines, and the layers that are not shown."""

    look: Look = "braille"
    hidden: tuple[str, ...] = ()


class Steering:
    """The hands on one map."""

    def __init__(self, place: BoundariesPlace) -> None:
        self.place = place
        self.in_front = False
        """The map has the keys, and not the list."""
        self.crosshair = False
        self.following = False
        self.layers_open = False
        self.sketch = Sketching(self)
        self.going = Going(self)
        self.search: tuple[Metres, str] | None = None
        """A place that somebody went to, and what they typed for it."""
        self.said: tuple[str, str] | None = None
        self._exact: Metres | None = None
        self._within = 0
        self._size = (0, 0)
        self._fitted_to: str | None = None
        self._whole = False

    # -- the way in -----------------------------------------------------------------------------------------

    def act(self, name: str, value: str) -> None:
        """One act, by its name in the table. Without a map there is a sentence."""
        self.said = None
        place = self.place
        if not place.ready:
            self.say(place.why or "The map is not there yet.", "caution")
            return
        simple = {
            "other": self.other,
            "in": lambda: self.zoom(ZOOM),
            "out": lambda: self.zoom(1 / ZOOM),
            "all": self.fit_all,
            "fit": self.fit_selected,
            "follow": self.follow,
            "look": self.look,
            "layers": self.open_layers,
            "cordon": lambda: self.sketch.begin("cordon"),
            "identify": self.identify,
            "undo": self.sketch.undo,
            "legend": self.legend,
            "signs": self.signs,
            "enter": self.enter,
        }
        steps = {"left": (-1, 0), "right": (1, 0), "up": (0, -1), "down": (0, 1)}
        way, _, far = name.partition("-")
        if way in steps:
            self.move(*steps[way], half=far == "half")
        elif name == "goto":
            self.going.go_to(value)
        elif name == "measure":
            self.going.measure(value)
        elif name in simple:
            simple[name]()

    def say(self, sentence: str, tone: str = "dim") -> None:
        """A sentence at the foot, until the next key of the map."""
        self.said = (sentence, tone)

    def other(self) -> None:
        """To the map, or back to the list."""
        if not self.in_front and not self.place.ready:
            return
        self.in_front = not self.in_front
        self.layers_open = False
        if not self.in_front and self.sketch.drawing is None:
            self.crosshair = False
        self.place.turned()

    def to_map(self) -> None:
        """The map has the keys from now on."""
        if not self.in_front:
            self.other()

    def back(self) -> bool:
        """Out of the layers, a drawing or the crosshair, one at a time; False when there is nothing of the kind."""
        if (
            self.said is not None
            and self.sketch.drawing is None
            and not self.layers_open
            and not self.crosshair
        ):
            self.said = None
            return True
        self.said = None
        if self.layers_open:
            self.layers_open = False
        elif self.sketch.drawing is not None:
            self.sketch.leave()
        elif self.crosshair:
            self.crosshair = False
        elif self.search is not None:
            self.search = None
        else:
            return False
        return True

    def takes(self, key: str) -> bool:
        """Whether a key is for the layers or the drawing, and no key of the room; if so it is done."""
        if self.layers_open:
            return self._toggle(key)
        return self.in_front and self.sketch.takes(key)

    def _toggle(self, key: str) -> bool:
        if not (len(key) == 1 and key.isdigit()):
            return False
        index = int(key) - 1
        if 0 <= index < len(LAYERS):
            self.place.canvas.hidden ^= {LAYERS[index]}
            self._keep()
        return True

    # -- where one is ---------------------------------------------------------------------------------------

    @property
    def cursor(self) -> Metres:
        """Where the crosshair stands, in metres: the very point that it was put on, as long as it stands there."""
        canvas = self.place.canvas
        if self._exact is not None and canvas.view.cell_of(*self._exact) == canvas.cursor:
            return self._exact
        return canvas.metres_at_cursor

    def put(self, at: Metres, within_m: int | None = None) -> None:
        """Put the crosshair on a point; a cell is many metres wide, so the point itself is remembered.

        ``within_m`` is how far off it is known to be; left out: as before for the same point, and exact for another.
        """
        if within_m is not None or at != self._exact:
            self._within = within_m or 0
        self._exact = at
        canvas = self.place.canvas
        self._size = canvas.view.width, canvas.view.height
        canvas.cursor_to(*at)

    def moved(self) -> None:
        """The canvas has another size or another ground under its crosshair: what it was put on stays under it."""
        self.after_draw()
        view = self.place.canvas.view
        if self._exact is not None and (view.width, view.height) != self._size:
            self.put(self._exact)

    def within(self, at: Metres) -> int:
        """How far off a point of the map may be, metres: as the place that was gone to, else as the map is coarse."""
        return self._within if at == self._exact else cell_within(self.place.canvas.view)

    def location(self, at: Metres) -> Location:
        """A point of the map as a location: grid reference and position, as exact as it is known."""
        return located(at, self._digits(at))

    def _digits(self, at: Metres) -> int:
        """The figures of its grid reference; 0 for a point that is exact."""
        if at == self._exact:
            return digits_of(self._within) if self._within else 0
        return digits_of(self.place.canvas.view.cell_wide)

    def words_of(self, at: Metres) -> str:
        """A point as it would be typed: its grid reference, or latitude and longitude where there is no grid.

        What is not exact says how far off it may be, and stands so with whatever is put there.
        """
        found, far = self.location(at), within_words(self.within(at)).strip(" ()")
        decimals = decimals_of(self._digits(at))
        point = found.grid or f"{found.lat:.{decimals}f},{found.lon:.{decimals}f}"
        named = self.search[1].partition(" (within")[0] if at == self._exact and self.search else FROM_MAP
        if not far or named.replace(" ", "").upper() == point.replace(" ", ""):
            return point
        return f"{point} ({clip(named, NAME_MAX)}, {far})"

    def placing(self, at: Metres) -> Placing | None:
        """Whose ground a point is; None without areas."""
        from incident import geography  # noqa: PLC0415 - loaded with the map

        if self.place.areas is None:
            return None
        lat, lon = geography.to_position(*at)
        return geography.place(self.place.areas, Location(lat=lat, lon=lon))

    def lines(self, width: int) -> Sequence[Line]:
        """What stands at the foot now; nothing while there is nothing to say."""
        lines: list[Line] = []
        if self.layers_open:
            lines += layer_lines(self.place.canvas.hidden, width)
        if self.sketch.drawing is not None:
            lines.append(drawing_line(self.sketch.drawing, self.cursor, width))
        if self.crosshair or self.sketch.drawing is not None:
            found = self.location(self.cursor)
            far = within_words(self.within(self.cursor)).strip(" ()")
            decimals = decimals_of(self._digits(self.cursor))
            lines.append(point_line(found, decimals, far, self.placing(self.cursor), width))
        if self.said is not None:
            words, tone = self.said
            lines += [(Span(part, tone),) for part in wrap(words, width)[:SAID_MAX]]
        return lines

    # -- moving ---------------------------------------------------------------------------------------------

    def move(self, east: int, south: int, *, half: bool = False) -> None:
        """The map by a few cells or half a screen; with the crosshair, that, and the map where it meets the edge."""
        canvas = self.place.canvas
        view = canvas.view
        wide = max(1, view.width // 2) if half else STEP
        high = max(1, view.height // 2) if half else STEP // 2
        if not self.crosshair:
            self.following = False
            canvas.pan(east * wide, south * high)
            return
        canvas.move_cursor(east * (wide // 2 if half else 1), south * (high // 2 if half else 1))
        self.sketch.redraw()

    def zoom(self, factor: float) -> None:
        """Nearer or farther, about the cursor."""
        at = self.cursor
        exact = at == self._exact
        self.place.canvas.zoom(factor)
        if exact:
            self.put(at)
        self.sketch.redraw()

    def fit(self, bounds: Bounds, least: float = NEAR_M) -> None:
        """Show these bounds, and at least so much ground around their middle."""
        west, south, east, north = bounds
        wide, high = max(0.0, least - (east - west) / 2), max(0.0, least - (north - south) / 2)
        self.place.canvas.fit((west - wide, south - high, east + wide, north + high))

    def fit_all(self) -> None:
        """Everything of the incident; once more, every area."""
        bounds = self._incident_bounds()
        whole = self._area_bounds()
        self._whole = not self._whole if bounds is not None and whole is not None else bounds is None
        found = whole if self._whole else bounds
        if found is not None:
            self.fit(found)
        self.following = False

    def _incident_bounds(self, kinds: Iterable[int] = (INCIDENT, FEATURE, HOSPITAL_)) -> Bounds | None:
        wanted = set(kinds)
        found = [
            bounds
            for thing in self.place.shown()
            if thing.kind in wanted
            and not thing.hollow
            and (bounds := self.place.bounds_of(thing)) is not None
        ]
        return joined(found)

    def _area_bounds(self) -> Bounds | None:
        found = [self.place.bounds_of(thing) for thing in self.place.shown() if thing.kind == AREA]
        return joined([bounds for bounds in found if bounds is not None])

    def fit_selected(self) -> None:
        """What the cursor of the list is on."""
        thing = self.place.thing
        bounds = None if thing is None else self.place.bounds_of(thing)
        if bounds is None:
            self.say("This row has no place on the map: it is known in words alone.", "caution")
            return
        self.fit(bounds)

    def follow(self) -> None:
        """Keep what is selected in the middle, whatever is selected and wherever it goes."""
        self.following = not self.following
        self.say("The map follows the row." if self.following else "The map stays where it is.")

    def bring_into_sight(self, at: Metres) -> None:
        """A point that is outside, or at the edge, comes into the middle."""
        canvas = self.place.canvas
        view = canvas.view
        column, row = view.cell_of(*at)
        inside = EDGE <= column < view.width - EDGE and EDGE <= row < view.height - EDGE
        if not inside and view.width > 2 * EDGE:
            canvas.centre_on(*at)

    def entered(self, stream: str) -> None:
        """Another incident is looked at: what was looked for, pointed at and followed in the one before stays there."""
        self.sketch.leave()
        self.following = self.layers_open = False
        if not self.going.waits_for(stream):
            self.crosshair, self.search, self._exact, self.said = False, None, None, None

    def after_draw(self) -> None:
        """The first map of an incident shows its scene; what is followed stays in the middle."""
        canvas, seen = self.place.canvas, self.place.seen
        if seen is None or not canvas.size.width:
            return
        if self._fitted_to != seen.look.stream:
            if self._fitted_to is None:
                self.restore()
            bounds = self._first_bounds()
            if bounds is not None:
                self._fitted_to = seen.look.stream
                if self.going.taken_up(seen.look.stream):
                    return
                self.fit(bounds, AROUND_M)
                self.sketch.tell_kept()
            return
        thing = self.place.thing
        if self.following and thing is not None and thing.at is not None:
            column, row = canvas.view.cell_of(*thing.at)
            if (column, row) != (canvas.view.width // 2, canvas.view.height // 2):
                canvas.centre_on(*thing.at)

    @property
    def settled(self) -> bool:
        """Whether the first map of this incident lies there, if there is to be one: keys before that would be lost."""
        if self.place.seen is None or not self.place.shows_map or self._laid:
            return True
        return self._first_bounds() is None

    @property
    def _laid(self) -> bool:
        seen = self.place.seen
        return seen is not None and self._fitted_to == seen.look.stream

    def _first_bounds(self) -> Bounds | None:
        scene = [thing.at for thing in self.place.shown() if thing.kind == INCIDENT and thing.at is not None]
        if scene:
            at = scene[0]
            return (at[0], at[1], at[0], at[1])
        return self._incident_bounds() or self._area_bounds()

    # -- looking --------------------------------------------------------------------------------------------

    def look(self) -> None:
        """The crosshair comes, at what is selected if that is in sight; or goes."""
        if self.crosshair:
            self.crosshair = False
            return
        self.to_map()
        self.crosshair = True
        canvas, thing = self.place.canvas, self.place.thing
        view = canvas.view
        if thing is not None and thing.at is not None and view.holds(*view.cell_of(*thing.at)):
            self.put(thing.at)

    def open_layers(self) -> None:
        """The layers, each with its digit; or away again."""
        self.layers_open = not self.layers_open

    def legend(self) -> None:
        """What the lines and hatches of the map mean; or away again."""
        self.place.canvas.legend = not self.place.canvas.legend

    def signs(self) -> None:
        """Other signs for lines: braille, half blocks for typefaces without it, plain ASCII."""
        canvas = self.place.canvas
        canvas.look = LOOKS[(LOOKS.index(canvas.look) + 1) % len(LOOKS)]
        self.say(f"The map is drawn in {LOOK_WORDS[canvas.look]}.")
        self._keep()

    def _keep(self) -> None:
        """The signs and the layers are found again at the next start."""
        canvas, seen = self.place.canvas, self.place.seen
        if seen is not None:
            kept = Kept(canvas.look, tuple(sorted(canvas.hidden)))
            seen.session.keep_view_state(VIEW, msgspec.json.encode(kept).decode())

    def restore(self) -> None:
        """Signs and layers as of the last time; what cannot be read is passed over."""
        seen = self.place.seen
        try:
            written = "" if seen is None else seen.session.view_state(VIEW)
            kept = msgspec.json.decode(written or "{}", type=Kept)
        except msgspec.MsgspecError:
            return
        canvas = self.place.canvas
        if kept.look in LOOKS and kept.look != canvas.look:
            canvas.look = kept.look
        if kept.hidden:
            canvas.hidden = frozenset(kept.hidden) & frozenset(LAYERS)

    def under_cursor(self) -> list[Thing]:
        """Everything in the cell under the cursor, the area it lies in last."""
        keys = self.place.canvas.keys_at_cursor()
        found = [thing for key in keys if (thing := self.place.found(key)) is not None]
        placing = self.placing(self.cursor)
        if placing is not None and placing.trust:
            area = self.place.found(f"area/{placing.trust}")
            if area is not None and area not in found:
                found.append(area)
        return found

    def identify(self) -> None:
        """Say everything that is under the cursor."""
        found = self.under_cursor()
        if not found:
            self.say("Nothing is here.")
            return
        names = [called(thing) for thing in found[:FOUND_MAX]]
        more = f", and {len(found) - FOUND_MAX} more" if len(found) > FOUND_MAX else ""
        self.say(f"Here: {', '.join(names)}{more}.", "ink")

    def enter(self) -> None:
        """A corner of what is drawn; else the list's cursor goes to what is here, and then to the next of it."""
        if self.sketch.drawing is not None:
            self.sketch.corner()
            return
        found = [thing for thing in self.under_cursor() if thing.kind != AREA] or self.under_cursor()
        if not found:
            self.say("Nothing is here.")
            return
        here = [thing.key for thing in found]
        now = self.place.table.key
        if now in here and len(here) == 1:
            self.place.enter()
            return
        after = here[(here.index(now) + 1) % len(here)] if now in here else here[0]
        self.place.pick(after)
        self.identify()

    # -- going somewhere ------------------------------------------------------------------------------------

    def arrive(self, at: Metres, words: str, within_m: int) -> None:
        """The map and its crosshair go to a point that was named in words, and is known to within so many metres."""
        self.search = (at, words)
        self.show((at,), max(NEAR_M, within_m), within_m)

    def show(self, points: Sequence[Metres], least: float = NEAR_M, within_m: int = 0) -> None:
        """The map shows these points, and its crosshair is on the last of them."""

        def there() -> None:
            self._whole = False
            self.fit(bounds_of(points), least)
            self.put(points[-1], within_m)

        self.crosshair = True
        self.to_map()
        seen = self.place.seen
        if seen is not None and not self._laid and self._first_bounds() is not None:
            self.going.first(seen.look.stream, there)
        else:
            there()
