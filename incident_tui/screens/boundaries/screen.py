"""Boundaries: the map, and beside it the list of everything that is on it; one cursor runs through both.

The list is there at once and can do everything; the map comes when the geometry library is loaded, in a thread. From
100 cells on they stand side by side and Tab goes from one to the other; below that Tab shows one or the other. On a
wall the detail stands beside both. Without the library there is the list alone, and a sentence that says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical

from incident.cover import covers
from incident.kernel.board import Board, Cell, Look
from incident_tui.actions import Action, applies, key_words
from incident_tui.map.scene_of import Scenes
from incident_tui.map.things import AREA, COVER, FEATURE, GONE, Metres, Thing, Things, unchanged
from incident_tui.screens.board.screen import BoardPlace
from incident_tui.screens.boundaries.following import Following, TwinTable
from incident_tui.screens.boundaries.lines import head_lines, hint_line
from incident_tui.screens.boundaries.nearby import Nearby
from incident_tui.screens.boundaries.steering import Steering
from incident_tui.screens.boundaries.twin import detail, twin_board
from incident_tui.screens.place import Seen
from incident_tui.widgets.block import Block
from incident_tui.widgets.lines import Lines
from incident_tui.widgets.map_canvas import MapCanvas
from incident_tui.widgets.paint import Line, Span
from incident_tui.widgets.table import VirtualTable

THIRD: Final = 160
"""From so many cells on the detail stands beside map and list."""
HINTS: Final = (("map.other", "list"), ("map.in", "nearer"), ("map.out", "farther"), ("map.look", "crosshair"),
                ("map.goto", "go to"), ("map.cordon", "cordon"), ("map.layers", "layers"),
                ("map.all", "all"))  # fmt: skip
"""What the foot names while the map has the keys."""
LIST_HINTS: Final = (
    ("map.other", "map"),
    ("map.fit", "fit"),
    ("map.goto", "go to"),
    ("map.layers", "layers"),
)
COVER_VERBS: Final[Mapping[str, tuple[str, ...]]] = {
    "agree": ("accept",), "decline": ("decline",), "withdraw": ("withdraw", "end"),
}  # fmt: skip
"""What the verbs of features are on a row of cover."""
COMING: Final = "The map is being loaded; the list can do everything it can."


class BoundariesPlace(BoardPlace):
    """Map and twin list."""

    tailed = False

    def __init__(self, board: Board) -> None:
        self.things = Things()
        self._found: Mapping[str, Thing] = {}
        super().__init__(board, TwinTable(twin_board(self._rows), self._reads_gone))
        self.add_class("boundaries-place")
        self.scenes = Scenes()
        self.canvas = MapCanvas(id="map")
        self.head = Lines(classes="twin-head")
        self.foot = Lines(classes="twin-foot")
        self.nearby = Block("nearby")
        self.steering = Steering(self)
        self.near = Nearby(self)
        self.areas: Any = None
        self.ready = False
        self.why = ""
        """Why there is no map, or no areas on it; "" while all is well or still to come."""
        self._asked = False
        self._headed: tuple[Any, ...] = ()
        self._following = Following(self)
        self._width = 0

    def compose(self) -> ComposeResult:
        """Map, list and detail from left to right; the sentence about the cursor at the foot."""
        yield self._sign
        yield self.foot
        with Horizontal(classes="twin"):
            with Vertical(classes="twin-map"):
                yield self.canvas
            with Vertical(classes="twin-list"):
                yield self.head
                yield self._table
                yield self.nearby
            yield self._detail

    # -- what is shown --------------------------------------------------------------------------------------

    def _rows(self, look: Look) -> Mapping[str, Thing]:
        """What the list shows, and the map draws."""
        self._found = self.things.of(look, self.areas, ready=self.ready, near=self.near.rows)
        return self._found

    @property
    def seen(self) -> Seen | None:
        """The moment that is shown."""
        return self._seen

    @property
    def thing(self) -> Thing | None:
        """What the cursor is on."""
        row = self._table.row
        return row if isinstance(row, Thing) else None

    @property
    def foot_height(self) -> int:
        """The sentence about the cursor, and what was asked for below the list with the line above it."""
        block = self.nearby.size if self.nearby.display else None
        return self.foot.size.height + (block.height + 1 if block else 0)

    def _reads_gone(self) -> bool:
        """Whether somebody reads the detail of what was withdrawn."""
        found = self._found.get(self._table.key or "") if self._opened else None
        return found is not None and found.kind == GONE

    def found(self, key: str) -> Thing | None:
        """A thing that is here, by its key."""
        return self._found.get(key)

    def feed(self, seen: Seen) -> None:
        """Show this moment, in the list and on the map."""
        self._know(seen)
        if self._seen is not None and self._seen.look.stream not in ("", seen.look.stream):
            self.steering.entered(seen.look.stream)
            self.near.entered()
        self._seen = seen
        self.near.look()
        self._following.stood()
        super().feed(seen)
        self._following.to_made()
        self._following.step_on()
        self._fit_classes(seen)
        self._tell_head(seen)
        self.draw()
        self.tell_foot()

    def tick(self) -> None:
        """Time has passed, or the list has another width: not every change of layout is told as a resize."""
        super().tick()
        self._following.step_on()
        self.near.tick()
        if self._table.size.width != self._width:
            self._width = self._table.size.width
            if self._seen is not None:
                self._tell_head(self._seen)

    def _know(self, seen: Seen) -> None:
        """What there is of geometry by now; at the first look it is asked for."""
        placer = getattr(seen.session, "placer", None)
        if placer is None:
            self.why = "This desk computes no geometry: the list stands alone."
            return
        self.ready, self.areas = placer.loaded, placer.areas(seen.look.charter)
        self.why = placer.why(seen.look.charter)
        if not self._asked and not self.ready and not self.why:
            self._asked = True
            self.run_worker(self._prepare(placer), name="geometry", group="geometry", exit_on_error=False)

    async def _prepare(self, placer: Any) -> None:
        await placer.prepare()
        if self._seen is not None and self.is_attached:
            self.feed(self._seen)

    def _fit_classes(self, seen: Seen) -> None:
        self.set_class(not seen.wide, "-slim")
        self.set_class(seen.wall and self.size.width >= THIRD, "-third")
        self.set_class(not self.ready, "-nomap")
        self.set_class(self.over, "-over")

    @property
    def over(self) -> bool:
        """Whether the map lies over the list: narrow, and it has the keys."""
        return self.steering.in_front and self.has_class("-slim") and self.ready and not self._opened

    @property
    def shows_map(self) -> bool:
        """Whether the map is on the screen, or about to be."""
        return self.ready and (self.over or (self.has_class("-wide") and not self.has_class("-opened")))

    @property
    def settled(self) -> bool:
        """Whether keys meet the map that they are meant for."""
        return self.steering.settled

    @property
    def busy(self) -> bool:
        """While somebody draws or points, or looks at the layers."""
        steering = self.steering
        return steering.crosshair or steering.layers_open or steering.sketch.drawing is not None

    def _tell_head(self, seen: Seen) -> None:
        state = seen.look.state
        headed = (self._found, state.organisation, state.boundaries, state.receipts, self.head.size.width)
        if unchanged(headed, self._headed):
            return
        self._headed = headed
        self.head.show(
            head_lines(seen.look, self._found, self.things.placing, max(20, self.head.size.width - 3))
        )

    def draw(self) -> None:
        """The map as it is now, with what the cursor is on marked."""
        if not self.ready or self._seen is None:
            return
        me = self._seen.look.me
        own = "" if me is None else me.agency
        scene = self.scenes.of(self._found, self.areas, own, self.steering.search)
        self.canvas.show(scene, self._table.key or "")
        self.steering.after_draw()

    def tell_foot(self) -> None:
        """The lines at the foot: what is being drawn or asked, what the crosshair is on, else a few keys."""
        lines = list(self.steering.lines(max(20, self.size.width - 3)))
        if not lines and self._seen is not None:
            lines = [self._hints()]
        self.foot.show([line for line in lines if line])

    def _hints(self) -> Line:
        if not self.ready:
            sentence = self.why or (COMING if self._asked else "")
            return (Span(sentence, "caution" if self.why else "dim"),) if sentence else ()
        if self.why and self.areas is None:
            return (Span(self.why, "caution"),)
        assert self._seen is not None  # noqa: S101 - asked before
        named = HINTS if self.steering.in_front else LIST_HINTS
        keys = [(next(iter(self._seen.actions.keys_of(name)), ""), words) for name, words in named]
        return hint_line([(key_words(key) if key else "", words) for key, words in keys], self.size.width - 3)

    def on_resize(self) -> None:
        """Other things fit now."""
        super().on_resize()
        if self._seen is not None:
            self._fit_classes(self._seen)
            self._tell_head(self._seen)
            self.tell_foot()

    def beside(self, seen: Seen) -> bool:
        """On a wall the detail is always there."""
        return self.has_class("-third")

    def pairs(self, row: Any, seen: Seen) -> list[tuple[str, Cell]]:
        """The detail of a row, as its own board has it."""
        return list(detail(row, seen.look))

    def acts(self, row: Any, seen: Seen) -> list[Action]:
        """What can be done to a feature or to cover; nothing here to the rows of other boards."""
        if isinstance(row, Thing) and row.kind in (FEATURE, GONE):
            return super().acts(row.row, seen)
        if isinstance(row, Thing) and row.kind == COVER:
            return self._cover_acts(row, seen)
        return [a for a in seen.actions.verbs(self.scope) if a.keys and a.verb is not None and not a.verb.row]

    def _cover_acts(self, thing: Thing, seen: Seen) -> list[Action]:
        """What can be done to a stretch of cover now, under the keys of the same acts to a feature."""
        found = []
        for verb, others in COVER_VERBS.items():
            here = seen.actions.by_name[f"{self.scope}.{verb}"]
            for name in others:
                act = seen.actions.by_name[f"cover.{name}"]
                if applies(act, thing.row, seen.look):
                    found.append(replace(act, keys=here.keys))
        return found

    def meant(self, action: Action) -> tuple[Action, tuple[str, ...]] | None:
        """On a row of cover, the keys that agree to a feature, decline or withdraw it are for the cover."""
        thing, verb = self.thing, action.verb
        if self._seen is None or thing is None or thing.kind != COVER or action.board is None or verb is None:
            return None
        names = COVER_VERBS.get(verb.name, ()) if action.board.name == self.scope else ()
        acts = [self._seen.actions.by_name[f"cover.{name}"] for name in names]
        look = self._seen.session.look()  # as it is by now, which may be more than is on the screen
        row = covers(look.state).rows.get(thing.row.id, thing.row)
        able = [act for act in acts if applies(act, row, look)] or acts
        return (able[0], (thing.row.id,)) if able else None

    # -- for the room ---------------------------------------------------------------------------------------

    @property
    def scopes(self) -> tuple[str, ...]:
        """The keys of the map go before those of the board while the map has them."""
        return ("map", self.scope) if self.steering.in_front else (self.scope,)

    def take_focus(self) -> None:
        """The keys go to the map or the list, whichever had them."""
        self.screen.set_focus(self.canvas if self.steering.in_front and self.ready else self._table)

    def row(self) -> tuple[str, Any] | None:
        """Key and row under the cursor, when it is a feature: the verbs of this board are for those."""
        thing = self.thing
        if thing is None or thing.kind not in (FEATURE, GONE):
            return None
        return thing.key, thing.row

    def chosen(self) -> tuple[str, ...]:
        """The features that a verb acts on."""
        return tuple(key for key in super().chosen() if self._is_feature(key))

    def selected(self) -> tuple[str, ...]:
        """The features picked out one by one."""
        return tuple(key for key in super().selected() if self._is_feature(key))

    def _is_feature(self, key: str) -> bool:
        thing = self._found.get(key)
        return thing is not None and thing.kind in (FEATURE, GONE)

    def answers(self, action: Action) -> Mapping[str, str]:
        """What the map knows for a form: the place under the cursor, while the map has the keys."""
        asked = {arg.name for arg in action.verb.args} if action.verb is not None else set()
        if (
            not self.steering.in_front
            or not self.ready
            or action.board is not self.board
            or "place" not in asked
        ):
            return {}
        return {"place": self.steering.words_of(self.steering.cursor)}

    def made(self, ids: Sequence[str] = ()) -> None:
        """What was proposed stands where it belongs, and the cursor on it."""
        super().made(ids)
        self._following.made(ids)

    def taken(self, answers: Mapping[str, str]) -> None:
        """What was drawn has been proposed."""
        self.steering.sketch.taken(answers)

    def go_to(self, key: str) -> bool:
        """Put the cursor on a row, and show it on the map."""
        found = super().go_to(key)
        if found:
            self.show_selected()
        return found

    def show_selected(self) -> None:
        """The row under the cursor is marked on the map, and brought into sight where it is not."""
        thing = self.thing
        if self.ready and thing is not None and thing.at is not None:
            self.steering.bring_into_sight(thing.at)
        self.draw()
        self.tell_foot()

    def back(self) -> bool:
        """One step back: out of what is being drawn or asked, then as on any board, then from the map to the list."""
        if self.steering.back():
            self.tell_foot()
            return True
        if self.near.back():
            if self._seen is not None:
                self.feed(self._seen)
            return True
        if super().back():
            return True
        if self.steering.in_front:
            self.steering.other()
            return True
        return False

    def show_list(self) -> None:
        """What lies over the list where it is narrow, a detail or the map, goes: below it stands what was asked for."""
        if self.has_class("-slim") and self._opened:
            self._open(opened=False)
        if self.over:
            self.steering.other()

    def map_act(self, name: str, value: str = "") -> None:
        """One act of the map, by its name in the table."""
        if self._seen is None:
            return
        if name == "nearest":
            self.near.ask(value)
            self._table.feed(self._seen.look)
        else:
            self.steering.act(name, value)
        self.draw()
        self.tell_foot()

    def on_key(self, event: events.Key) -> None:
        """What is being typed into a drawing, and the digits of the layers, are no keys of the room."""
        if self.steering.takes(event.character or event.key if event.is_printable else event.key):
            event.stop()
            event.prevent_default()
            self.draw()
            self.tell_foot()
            return
        if self.canvas.has_focus and event.key in self._table.moves and event.key not in self._map_keys():
            event.stop()
            self._table.act(self._table.moves[event.key])

    def _map_keys(self) -> frozenset[str]:
        if self._seen is None:
            return frozenset()
        return frozenset(key for a in self._seen.actions.all if a.scope == "map" for key in a.keys)

    @on(VirtualTable.Moved)
    def _another(self, event: VirtualTable.Moved) -> None:
        if event.by_hand:
            self.show_selected()
        else:
            self.draw()

    @on(MapCanvas.Picked)
    def _picked(self, event: MapCanvas.Picked) -> None:
        event.stop()
        here = [key for key in event.keys if key in self._found]
        if not here or self.steering.sketch.drawing is not None:
            return  # while something is drawn a click points, and selects nothing
        now = self._table.key
        self.pick(here[(here.index(now) + 1) % len(here)] if now in here else here[0])
        if len(here) > 1:
            self.steering.identify()
            self.tell_foot()

    @on(MapCanvas.Broken)
    def _map_broken(self, event: MapCanvas.Broken) -> None:
        event.stop()
        self.app.trouble(event.error, "the map")  # type: ignore[attr-defined]

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """A click, a letter or Tab gave the keys to the map, or to the list; what has lost them since is too late."""
        if event.widget is not self.screen.focused:
            return
        in_front = event.widget is self.canvas
        if in_front or event.widget is self._table:
            self.steering.in_front = in_front
            self.tell_foot()

    def pick(self, key: str) -> None:
        """Something on the map was chosen: the list's cursor goes to it."""
        if key in self._found:
            super().go_to(key)
            self.draw()
            self.tell_foot()

    @on(MapCanvas.Moved)
    def _cursor_moved(self, event: MapCanvas.Moved) -> None:
        event.stop()
        self.steering.moved()
        if self.steering.sketch.drawing is not None:
            self.steering.sketch.redraw()
        self.tell_foot()

    def shown(self) -> Iterable[Thing]:
        """Everything that is here."""
        return self._found.values()

    def turned(self) -> None:
        """The keys went to the map, or back to the list."""
        if self._seen is not None:
            self._fit_classes(self._seen)
        self.take_focus()

    def ask(self, action: str, answers: Mapping[str, str]) -> None:
        """Put up the form of a verb, with what is known of it filled in."""
        self.post_message(self.Asked(action, answers))

    def begin_line(self, words: str) -> None:
        """Open the command line with its first words, for what must still be said."""
        self.post_message(self.Begun(words))

    def counts(self) -> tuple[int, int, str, tuple[str, ...]]:
        """How many rows are shown, of how many."""
        shown, total, _, unknown = super().counts()
        return shown, total, "row", unknown

    def on_block_opened(self, event: Block.Opened) -> None:
        """Enter on a line of the block: to its row here, or in its own place."""
        event.stop()
        if event.item.key in self._found:
            self.go_to(event.item.key)
            self.take_focus()
        elif event.item.place:
            self.post_message(self.Opened(event.item.place, event.item.key))

    def on_block_over(self, event: Block.Over) -> None:
        """Past the end of the block: back to the list."""
        event.stop()
        self.screen.set_focus(self._table)

    def bounds_of(self, thing: Thing) -> tuple[float, float, float, float] | None:
        """West, south, east and north of a thing in metres; None when it is not on the map."""
        if thing.kind == AREA and self.areas is not None:
            code = thing.owner
            if code in self.areas.codes:
                west, south, east, north = self.areas.shapes[self.areas.codes.index(code)].bounds
                return float(west), float(south), float(east), float(north)
            return None
        points: list[Metres] = [] if thing.at is None else [thing.at]
        points += self.scenes.ring(thing.key)
        if not points:
            return None
        xs, ys = [p[0] for p in points], [p[1] for p in points]
        return min(xs), min(ys), max(xs), max(ys)
