"""Where a location lies, computed at this desk before the command is written, so that it stands in the record.

The areas are those of this installation, read when they are first needed. They are used only when their digest is
that of the incident: two rooms must not compute different borders. Nothing that goes wrong in here holds up a
command; the person is told once, and the location goes without.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from config.areas import areas_path, read_areas
from incident.boundaries.facts import Move, Propose, Shape
from incident.boundaries.wind import with_wedge
from incident.catalogue import Charter
from incident.cover.facts import Ask, Offer
from incident.ground import Reach
from incident.kernel.checks import ConfigError
from incident.organisation.facts import GiveLocation, Open
from incident.placing import NEAR_MAX, Placing, propose
from incident.values import Location

NO_LIBRARY = "The geometry library is not installed here: grid references and areas are not computed."
OTHER_AREAS = (
    "The areas of this installation differ from those of this incident: not computed whose area it is."
)


class Placer:
    """What this desk computes of places; `say(severity, sentence)` tells the person."""

    def __init__(self, config: Path | None, say: Callable[[str, str], None]) -> None:
        self._config = config
        self._say = say
        self._areas: Any = None
        self._told: set[str] = set()

    async def prepare(self) -> None:
        """Read the areas beside the screen, so that the first place that is given holds up nobody who types.

        It takes most of a second. What is wrong with them is told when a place is given.
        """
        with suppress(ImportError, ConfigError):
            await asyncio.to_thread(self._read)

    def completed(self, command: Any, charter: Charter | None) -> Any:
        """The command with what can be computed of its location or its shape; any other command as it is."""
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
                return command

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
        from incident.geography import crossing, outline, radius_of, to_metres  # noqa: PLC0415
        from incident.geography.reach import reach  # noqa: PLC0415

        ring = outline(shape)
        if ring is None and shape.place.point is not None:
            ring = (to_metres(*shape.place.point),)  # a place without extent reaches what it lies in and near
        if ring is None:
            return shape, None
        found = areas.set
        crosses, near = crossing(areas, ring)[:NEAR_MAX], reach(areas, ring)[:NEAR_MAX]
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

    def _tell(self, sentence: str) -> None:
        if sentence not in self._told:
            self._told.add(sentence)
            self._say("caution", sentence)
