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
from incident.catalogue import Charter
from incident.kernel.checks import ConfigError
from incident.organisation.facts import GiveLocation, Open
from incident.placing import Placing, propose
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
        """The command with what can be computed of its location; any other command as it is."""
        if not isinstance(command, Open | GiveLocation) or not command.location.known:
            return command
        location, placing = self._computed(command.location, charter)
        return replace(command, location=location, placing=placing)

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
        from incident import geography  # noqa: PLC0415 - loaded when the first place is given

        try:
            location = geography.completed(location)
            if charter is None or not charter.areas_digest or location.point is None:
                return location, None
            areas = self._read()
        except ImportError:
            self._tell(NO_LIBRARY)
            return location, None
        except ConfigError as error:
            self._tell(f"The areas of this installation cannot be used. {error.problems[0]}")
            return location, None
        if areas.digest != charter.areas_digest:
            self._tell(OTHER_AREAS)
            return location, None
        return location, geography.place(areas, location)

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
