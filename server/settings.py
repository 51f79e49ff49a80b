"""What a server runs with: its own settings, and the charter made of the configuration files.

Every problem of every file is found at once, each with its file and line.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

from config.reader import find_config, read_yaml
from incident.catalogue import (
    AGENCIES_SCHEMA,
    KINDS_SCHEMA,
    PLACES_SCHEMA,
    ROLES_SCHEMA,
    Charter,
    charter_from,
)
from incident.geography import AREAS_SCHEMA
from incident.geography import FILE as AREAS_FILE
from incident.kernel.checks import (
    Check,
    ConfigError,
    Problem,
    choice,
    integer,
    optional,
    parsed,
    record,
    required,
    text,
    validate,
)
from server.datafolder import MODES, DataFolder
from server.logs import FORMATS

PORT: Final = 8765

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Settings:
    """``server.yaml`` of a data folder. ``host`` is a loopback address as long as there is no TLS.

    ``metrics_port`` is where health and figures are asked for, on 127.0.0.1 alone; 0: nowhere.
    """

    mode: str
    host: str = "127.0.0.1"
    port: int = PORT
    name: str = "incident server"
    connections_max: int = 2_000
    unknown_max: int = 256
    metrics_port: int = 0
    log_level: str = "info"
    log_format: str = "json"


def loopback(host: str) -> str:
    """The address, when only this machine can reach it.

    Raises:
        ValueError: it could be reached from elsewhere, where nothing is encrypted yet.
    """
    try:
        inside = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        inside = False
    if not inside:
        raise ValueError(
            "must be a loopback address such as 127.0.0.1: until TLS exists, this server speaks to its own machine only"
        )
    return host


SCHEMA: Final[Check[Settings]] = record(
    {
        "mode": required(choice(*MODES)),
        "host": optional(parsed(text(60), loopback), "127.0.0.1"),
        "port": optional(integer(0, 65_535), PORT),
        "name": optional(text(60), "incident server"),
        "connections_max": optional(integer(1, 20_000), 2_000),
        "unknown_max": optional(integer(8, 5_000), 256),
        "metrics_port": optional(integer(0, 65_535), 0),
        "log_level": optional(choice("debug", "info", "warning", "error"), "info"),
        "log_format": optional(choice(*FORMATS), "json"),
    },
    into=Settings,
)


def read_settings(folder: DataFolder, config: Path | None = None) -> tuple[Settings, Charter]:
    """The settings of a data folder and the charter of the configuration.

    Raises:
        ConfigError: with every problem of all the files.
    """
    problems: list[Problem] = []
    settings = _read(folder.settings, SCHEMA, problems)
    agencies = _found("agencies.yaml", config, AGENCIES_SCHEMA, problems)
    kinds = _found("kinds.yaml", config, KINDS_SCHEMA, problems)
    roles = _found("roles.yaml", config, ROLES_SCHEMA, problems)
    places = _found("places.yaml", config, PLACES_SCHEMA, problems)
    areas = _found(AREAS_FILE, config, AREAS_SCHEMA, problems)
    if (
        settings is None
        or agencies is None
        or kinds is None
        or roles is None
        or places is None
        or areas is None
    ):
        raise ConfigError(problems)
    return settings, charter_from(agencies, kinds, roles, settings.mode, areas.digest, places=places)


def _found(name: str, config: Path | None, schema: Check[T], problems: list[Problem]) -> T | None:
    try:
        path = find_config(name, config)
    except ConfigError as error:
        problems += [problem for problem in error.problems if problem not in problems]
        return None
    return _read(path, schema, problems)


def _read(path: Path, schema: Check[T], problems: list[Problem]) -> T | None:
    try:
        return validate(read_yaml(path), schema)
    except ConfigError as error:
        problems += error.problems
        return None
