"""A table of units as the commands that take it up: what the server's import asks for, without knowing units."""

from __future__ import annotations

from typing import Any

from incident.catalogue import Charter
from incident.fleet.facts import OpenRegister, in_parts, register_stream
from incident.fleet.table import units_from_csv
from incident.kernel.checks import Problem


def import_table(
    written: str, file: str, agency: str, charter: Charter
) -> tuple[list[tuple[str, str, tuple[Any, ...]]], list[Problem]]:
    """What a table holds for each agency (agency, its register, the commands in order), and what is wrong with it.

    Without an ``agency`` the table tells by itself whose units it holds, and may hold those of several. With any
    problem there is nothing to take up: a table is taken up whole or not at all.
    """
    fleets, problems = units_from_csv(written, charter, file, agency)
    if problems:
        return [], problems
    if agency and not fleets:
        fleets = {agency: []}  # a table without rows opens the register
    return [
        (
            home,
            register_stream(charter.mode, home),
            (OpenRegister(charter.mode, home), *in_parts(entries)),
        )
        for home, entries in fleets.items()
    ], []
