"""A table of units as the commands that take it up: what the server's import asks for, without knowing units."""

from __future__ import annotations

from typing import Any

from incident.catalogue import Charter
from incident.fleet.facts import OpenRegister, in_parts, register_stream
from incident.fleet.table import units_from_csv
from incident.kernel.checks import Problem


def import_table(
    written: str, file: str, agency: str, charter: Charter
) -> tuple[str, tuple[Any, ...], list[Problem]]:
    """The register a table belongs to, the commands in order, and everything that is wrong with the table.

    With any problem there are no commands: a table is taken up whole or not at all.
    """
    entries, problems = units_from_csv(written, charter, file)
    stream = register_stream(charter.mode, agency)
    if problems:
        return stream, (), problems
    return stream, (OpenRegister(charter.mode, agency), *in_parts(entries)), []
