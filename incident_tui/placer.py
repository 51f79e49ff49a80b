"""Where a location lies, computed at this desk before the command is written, so that it stands in the record.

Also how what is typed is understood, said while it is typed; and the names of places that this desk knows.

The areas are those of this installation, read when they are first needed. They are used only when their digest is
that of the incident: two rooms must not compute different borders. Nothing that goes wrong in here holds up a
command; the person is told once, and the location goes without.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from config.areas import areas_path, read_areas
from config.reader import find_config, read_yaml
from incident.boundaries.facts import Move, Propose, Shape
from incident.boundaries.wind import with_wedge
from incident.catalogue import Charter
from incident.cover.facts import Ask, Offer
from incident.ground import Reach
from incident.kernel.board import Look
from incident.kernel.checks import ConfigError, validate
from incident.organisation.facts import GiveLocation, Open
from incident.placing import (
    INSIDE,
    NEAR_MAX,
    RADIUS_M,
    Placing,
    distance_words,
    near_words,
    propose,
    where_words,
)
from incident.values import Location
from incident.whereabouts import FILE as NAMES_FILE
from incident.whereabouts import (
    GAZETTEER_SCHEMA,
    Gazetteer,
    Reading,
    known_of,
    metres_between,
    read,
    square_m,
)

NO_LIBRARY = "The geometry library is not installed here: grid references and areas are not computed."
NO_MAP = "The geometry library is not installed here, so there is no map: the list has everything."
OTHER_AREAS = (
    "The areas of this installation differ from those of this incident: not computed whose area it is."
)
NOT_COMPUTED: Final = "This place cannot be computed with: no grid reference, and not whose area it is."
FAR: Final = "This ground lies {} from every area: is latitude first, and is each figure right?"
FAR_M: Final = 100_000
"""Ground further than this from every area is more often a slip than a place."""

DEEP: Final = 3
"""How deep in a command a place may lie: a form of METHANE, the shape of a feature, the terms of a request."""
PROBLEMS_TOLD: Final = 5
APART_M: Final = 150
"""A grid reference and a position that stand together and are further apart than this, beyond the size
of the square, are not the same place."""


class Placer:
    """What this desk computes of places; `say(severity, sentence)` tells the person."""

    def __init__(self, config: Path | None, say: Callable[[str, str], None]) -> None:
        self._config = config
        self._say = say
        self._areas: Any = None
        self._told: set[str] = set()
        self._names: Gazetteer | None = None
        self._names_wrong: ConfigError | None = None
        self._trouble = ""
        self._speeds_wrong = ""
        self.loaded = False
        """The geometry library is here, and the areas have been looked for."""
        self.speeds: Any = None
        """How fast each trust's units get along, for estimates; None while that is not read."""

    async def prepare(self) -> None:
        """Read names and areas beside the screen, so that the first place that is given holds up nobody who types.

        It takes most of a second. What is wrong with the areas is told when a place is given and where the map is, with
        the names at once.
        """
        await asyncio.to_thread(self._read_names)
        self._tell_names()
        if not self.loaded:
            await asyncio.to_thread(self._load)
            if self._speeds_wrong:
                self._tell(self._speeds_wrong)

    def _load(self) -> None:
        """What the map needs; why there is none is kept for whoever looks at it."""
        try:
            self._warm()
        except ImportError:
            self._trouble = NO_MAP
            return
        except ConfigError as error:
            self._trouble = f"The areas of this installation cannot be used. {error.problems[0]}"
        from incident import geography  # noqa: PLC0415 - loaded by now

        try:
            path = find_config(geography.speeds.FILE, self._config)
            self.speeds = validate(read_yaml(path), geography.SPEEDS_SCHEMA)
        except ConfigError as error:
            self._speeds_wrong = f"Every trust is taken to be as fast as any other. {error.problems[0]}"
        self.loaded = True

    def areas(self, charter: Charter | None) -> Any:
        """The areas, once they are read and where they are those of the incident; None else: see ``why``."""
        if self._areas is None or self._strange(charter):
            return None
        return self._areas

    def why(self, charter: Charter | None) -> str:
        """Why there is no map here, or no areas on it, as a sentence; "" while all is well or still to come."""
        if self._trouble or self._areas is None:
            return self._trouble
        return OTHER_AREAS if self._strange(charter) else ""

    def _strange(self, charter: Charter | None) -> bool:
        """An incident that was opened before areas were known may be drawn on any."""
        wanted = "" if charter is None else charter.areas_digest
        return bool(wanted) and self._areas.digest != wanted

    @property
    def gazetteer(self) -> Gazetteer | None:
        """The names that this desk knows; None while they have not been read."""
        return self._names

    def read_names(self) -> None:
        """Read the names now, for a command without a screen; what is wrong with them is told."""
        self._read_names()
        self._tell_names()

    def completed(self, command: Any, charter: Charter | None) -> Any:
        """The command with what can be computed of every place and shape in it; any other command as it is.

        So is one that the libraries cannot compute with: the person is told, and it goes without.
        """
        try:
            return self._completed(command, charter)
        except Exception:  # noqa: BLE001 - whatever a library makes of a place, the command is sent
            self._tell(NOT_COMPUTED)
            return command

    def _completed(self, command: Any, charter: Charter | None) -> Any:
        match command:
            case Open() | GiveLocation() if command.location.known:
                location, placing = self._computed(command.location, charter)
                return replace(command, location=location, placing=placing)
            case Propose() | Move():
                shape, reach = self._measured(command.shape, charter)
                return replace(command, shape=shape, reach=reach)
            case Ask() | Offer():
                shape, reach = self._measured(command.terms.shape, charter)
                return replace(command, terms=replace(command.terms, shape=shape, reach=reach))
            case _:
                return self._filled(command, DEEP)

    def _filled(self, thing: Any, deep: int) -> Any:
        """A value with both halves of each place in it: the grid reference and the position."""
        if isinstance(thing, Location):
            return self._whole(thing)
        if deep == 0 or not isinstance(thing, msgspec.Struct):
            return thing
        changed = {}
        for name in thing.__struct_fields__:
            before = getattr(thing, name)
            if isinstance(before, msgspec.Struct) and (after := self._filled(before, deep - 1)) is not before:
                changed[name] = after
        return replace(thing, **changed) if changed else thing

    def _whole(self, location: Location) -> Location:
        return location if bool(location.grid) == (location.point is not None) else self._pointed(location)

    # -- while somebody types -----------------------------------------------------------------------------------

    def understood(self, written: str, look: Look, *, loosely: bool = False) -> Sequence[tuple[str, str]]:
        """How a place is understood as it is typed, in lines of (words, tone): grid, position, whose area it is.

        ``loosely``: it is a text that may mean a place and is kept as typed, so nothing is said where it gives no
        point. Never waits for the geometry library: while that is being loaded, only what needs none is said.
        """
        try:
            found = read(written, known_of(look))
        except ValueError as error:
            return () if loosely else ((str(error), "alarm"),)
        try:
            return self._said(found, look, loosely=loosely)
        except Exception:  # noqa: BLE001 - as in ``completed``
            return () if loosely else ((NOT_COMPUTED, "caution"),)

    def warnings(self, written: str, look: Look) -> tuple[str, ...]:
        """What a person must be told of a place that stands in a line; one that cannot be read is told elsewhere."""
        try:
            found = read(written, known_of(look))
        except ValueError:
            return ()
        try:
            apart = self._apart(found.location)
        except Exception:  # noqa: BLE001 - as in ``completed``
            apart = ""
        return tuple(filter(None, (found.warn, apart)))

    def _said(self, found: Reading, look: Look, *, loosely: bool) -> Sequence[tuple[str, str]]:
        """The lines for a place that was read."""
        place = self._whole(found.location) if self.loaded else found.location
        pointed = bool(place.grid) or place.point is not None
        if loosely:
            words = f"{place.words(grid_first=True)} · {found.how}, kept as typed"
            return ((words, "dim"),) if pointed else ()
        first = f"{place.words(grid_first=True)}  provisional" if pointed else f"{place.text}  provisional"
        lines = [(f"{first} · {found.how}", "ink")]
        if self.loaded and pointed:
            lines += self._asides(place, look)
        if found.warn:
            lines.append((found.warn, "caution"))
        return lines

    def _asides(self, place: Location, look: Look) -> list[tuple[str, str]]:
        """Whose area it is, and that the two halves of a place are not the same place."""
        from incident import geography  # noqa: PLC0415 - loaded already

        apart = self._apart(place)
        said = [(apart, "alarm")] if apart else []
        areas = self.areas(look.charter)
        if areas is not None:
            placing = geography.place(areas, place)
            if placing is not None:
                near = near_words(placing) if placing.near and placing.near[0].metres <= RADIUS_M else ""
                sure = " (INDICATIVE)" if placing.indicative else ""
                words = ", ".join(filter(None, (where_words(placing), near))) + sure
                said.append((words, "ink" if placing.state == INSIDE else "caution"))
        return said

    def _apart(self, place: Location) -> str:
        """That the two halves of a place are not the same place."""
        if not place.grid or place.point is None:
            return ""
        from incident import geography  # noqa: PLC0415 - loaded with the first place

        metres = metres_between(geography.from_grid(place.grid), place.point)
        if metres <= APART_M + square_m(place.grid):
            return ""
        return f"The grid reference and the position are {distance_words(metres)} apart: which is right?"

    def proposal(self, command: Any, agency: str) -> str:
        """What a place asks of this room, in words; "" when it concerns nobody else."""
        placing: Placing | None = getattr(command, "placing", None)
        if placing is None:
            return ""
        found = propose(placing, agency)
        if not found.tell and found.lead == agency and not found.agree:
            return ""
        return f"{found.words} The word tell invites them." if found.tell else found.words

    def _computed(self, location: Location, charter: Charter | None) -> tuple[Location, Placing | None]:
        """The location completed, and where it lies."""
        location = self._pointed(location)
        areas = self._agreed(charter) if location.point is not None else None
        if areas is None:
            return location, None
        from incident import geography  # noqa: PLC0415 - loaded when the first place is given

        return location, geography.place(areas, location)

    def _measured(self, shape: Shape, charter: Charter | None) -> tuple[Shape, Reach | None]:
        """The shape with its place completed and its wedge drawn, and what its ground reaches."""
        shape = with_wedge(replace(shape, place=self._pointed(shape.place)))
        areas = self._agreed(charter) if shape.polygon or shape.place.point is not None else None
        if areas is None:
            return shape, None
        from incident.geography import crossing, metres_of, outline, radius_of  # noqa: PLC0415
        from incident.geography.reach import reach  # noqa: PLC0415

        ring = outline(shape)
        if ring is None and (point := metres_of(shape.place.point)) is not None:
            ring = (point,)  # a place without extent reaches what it lies in and near
        if ring is None:
            return shape, None
        found = areas.set
        crosses, near = crossing(areas, ring)[:NEAR_MAX], reach(areas, ring)[:NEAR_MAX]
        if near and near[0].metres > FAR_M:
            self._say("caution", FAR.format(distance_words(near[0].metres)))
        return shape, Reach(areas.digest, crosses, near, radius_of(ring), found.accuracy_m, found.indicative)

    def _pointed(self, location: Location) -> Location:
        """The location with the point of its grid reference, or the other way round."""
        from incident import geography  # noqa: PLC0415

        try:
            return geography.completed(location)
        except ImportError:
            self._tell(NO_LIBRARY)
            return location

    def _agreed(self, charter: Charter | None) -> Any:
        """The areas of this installation, where they are those of the incident; else None, and why is told once."""
        if charter is None or not charter.areas_digest:
            return None
        try:
            areas = self._read()
        except ImportError:
            self._tell(NO_LIBRARY)
            return None
        except ConfigError as error:
            self._tell(f"The areas of this installation cannot be used. {error.problems[0]}")
            return None
        if areas.digest != charter.areas_digest:
            self._tell(OTHER_AREAS)
            return None
        return areas

    def _read(self) -> Any:
        from incident import geography  # noqa: PLC0415 - as above

        if self._areas is None:
            path = areas_path(self._config)
            self._areas = geography.Areas(read_areas(path), str(path))
        return self._areas

    def _warm(self) -> None:
        """Load the library, then read the areas, in a thread."""
        from incident import geography  # noqa: PLC0415 - as above

        geography.to_grid(51.5, -0.1)
        self._read()

    def _read_names(self) -> None:
        if self._names is not None:
            return
        try:
            self._names = validate(read_yaml(find_config(NAMES_FILE, self._config)), GAZETTEER_SCHEMA)
        except ConfigError as error:
            self._names, self._names_wrong = Gazetteer(), error

    def _tell_names(self) -> None:
        problems = () if self._names_wrong is None else self._names_wrong.problems
        for problem in problems[:PROBLEMS_TOLD]:
            self._tell(f"The names of places cannot be used here. {problem}")
        if len(problems) > PROBLEMS_TOLD:
            self._tell(f"And {len(problems) - PROBLEMS_TOLD} more problems with the names of places.")

    def _tell(self, sentence: str) -> None:
        if sentence not in self._told:
            self._told.add(sentence)
            self._say("caution", sentence)
