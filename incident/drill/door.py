"""The one door through which a shell opens an exercise: it reads files and writes commands, and knows no more.

The shell gives the tree of the scenario's file and the text of the tables that it names, and does what is lacking
until nothing is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from incident.catalogue import Charter
from incident.drill.opening import ViewOf, lacking, opened
from incident.kernel.checks import ConfigError, Marked, Problem
from incident.kernel.model import Model, Models
from incident.kernel.slice import Act
from incident.placing import Placing
from incident.scenario.facts import Scenario
from incident.scenario.reading import STREAMS, Known, fleets_of, read_fleet, read_scenario

SOME_INCIDENT: Final = "incident/00000000-0000-7000-8000-000000000000"
PARTS: Final = {"scene": "", "own": "/own/LAS", "excon": "/excon"}
"""A stream of each kind that a step can write in, by the word of the scenario."""


class Drill:
    """What can be done with a scenario before it is played. ``models`` are those of the streams."""

    def __init__(self, models: Models) -> None:
        self._models = models

    def tables(self, tree: Marked) -> tuple[tuple[str, str], ...]:
        """Agency and file name of each table that a scenario names, before anything of it is checked."""
        return fleets_of(tree)

    def read(self, tree: Marked, tables: Mapping[str, str], charter: Charter) -> Scenario:
        """The scenario of a file; ``tables`` are the texts of those that it names, by agency.

        Raises:
            ConfigError: with everything that is wrong with it, and with its tables.
        """
        problems: list[Problem] = []
        fleets = {}
        for agency, file in self.tables(tree):
            if agency in tables and agency in charter.agencies:
                fleets[agency], found = read_fleet(agency, file, tables[agency], charter)
                problems += found
        if problems:
            raise ConfigError(problems)
        models: dict[str, Model] = {}
        for word in STREAMS:
            model = self._models.of(SOME_INCIDENT + PARTS[word])
            if model is not None:
                models[word] = model
        return read_scenario(tree, Known(charter, models, fleets))

    def opened(self, stream: str, view_of: ViewOf) -> bool:
        """Whether an exercise stands in this stream already, its papers taken up."""
        return opened(stream, view_of)

    def stream(self, id_: str) -> str:
        """The name of the stream of an exercise with this UUID."""
        return f"incident/{id_}"

    def lacking(
        self,
        scenario: Scenario,
        stream: str,
        charter: Charter,
        tables: Mapping[str, str],
        view_of: ViewOf,
        *,
        hold: bool,
        placing: Placing | None = None,
    ) -> tuple[Act, ...]:
        """What is to be written next for the exercise to stand open; with ``hold`` its clock is not started.

        ``placing`` is where the scene lies among the areas of the trusts, where that can be computed.
        """
        return lacking(scenario, stream, charter, tables, view_of, hold=hold, placing=placing)
