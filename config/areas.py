"""Where the file of areas is, and what is in it: for both shells, so that they cannot find different ones."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from config.reader import find_config, parse_yaml, read_bytes
from incident.geography import AREAS_SCHEMA, FILE, AreaSet
from incident.interchange import areas_file
from incident.kernel.checks import ConfigError, Problem, validate

__all__ = ["FILE", "areas_path", "read_areas"]

BYTES_MAX: Final = areas_file.BYTES_MAX


def areas_path(config: Path | None = None, folder: Path | None = None) -> Path:
    """The file of areas that counts: in ``config`` (``--config DIR``), in the folder named by INCIDENT_TUI_CONFIG, in
    ``folder`` (a server's own data folder), else the one that ships with the program.

    Raises:
        ConfigError: a folder that was asked for does not exist.
    """
    return find_config(FILE, config, last=folder)


def read_areas(path: Path) -> AreaSet:
    """The areas of a file.

    Raises:
        ConfigError: with every mistake in it, each with its line.
    """
    data = read_bytes(path, BYTES_MAX)
    found = areas_file.areas_of(data, str(path))
    if found is not None:
        return found
    try:
        tree = parse_yaml(data, str(path), bytes_max=BYTES_MAX, nodes_max=areas_file.NODES_MAX)
    except ConfigError:
        _say_of_json(data, path)
        raise
    return validate(tree, AREAS_SCHEMA)


def _say_of_json(data: bytes, path: Path) -> None:
    """Raises ConfigError with where it stops being JSON, which is what a person wrote; the reader knows YAML."""
    try:
        json.loads(data)
    except json.JSONDecodeError as error:
        sentence = f"is not the JSON of a GeoJSON file: {error.msg}, at column {error.colno}"
        raise ConfigError([Problem(str(path), error.lineno, "", sentence)]) from None
    except (ValueError, RecursionError):
        return
