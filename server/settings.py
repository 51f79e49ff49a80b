"""What a server runs with: its own settings, and the charter made of the configuration files.

Every problem of every file is found at once, each with its file and line.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeVar

from config.areas import areas_path, read_areas
from config.reader import find_config, read_yaml
from incident.catalogue import (
    AGENCIES_SCHEMA,
    KINDS_SCHEMA,
    PLACES_SCHEMA,
    ROLES_SCHEMA,
    Charter,
    charter_from,
)
from incident.geography import AreaSet
from incident.kernel.checks import (
    Bad,
    Check,
    ConfigError,
    Marked,
    MarkedMap,
    MarkedScalar,
    Problem,
    boolean,
    choice,
    integer,
    optional,
    parsed,
    record,
    required,
    sequence,
    text,
    validate,
)
from incident.rows import slips
from server.datafolder import MODES, DataFolder
from server.limits import Limits
from server.logs import FORMATS

PORT: Final = 8765
NAMES_MAX: Final = 50
OWN: Final = ("certificate", "key", "authority")
"""The settings that name files of the trust's own."""

EVERYWHERE: Final = ("0.0.0.0", "::")  # noqa: S104 -- the words for it
_HOST: Final = re.compile(
    r"(?=.{1,253}\Z)[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?)*", re.ASCII
)
_NUMBERS: Final = re.compile(r"[0-9.]+", re.ASCII)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Settings:
    """``server.yaml`` of a data folder. Without ``tls``, ``host`` is a loopback address.

    ``names`` are the host names and addresses by which desks reach the server. ``certificate``, ``key`` and
    ``authority`` are files of the trust's own, seen from the data folder; "": the server makes them itself.
    ``limits`` are keys of the same level in the file. ``metrics_port`` is where health and figures are asked for, on
    127.0.0.1 alone; 0: nowhere.
    """

    mode: str
    host: str = "127.0.0.1"
    port: int = PORT
    name: str = "incident server"
    limits: Limits = field(default_factory=Limits)
    metrics_port: int = 0
    log_level: str = "info"
    log_format: str = "json"
    tls: bool = True
    names: tuple[str, ...] = ()
    certificate: str = ""
    key: str = ""
    authority: str = ""

    def url(self, port: int) -> str:
        """The address to tell people: where it listens, and where it listens everywhere, by its first name."""
        host = self.host
        if host in EVERYWHERE:
            host = self.names[0] if self.names else machine_name() or "localhost"
        shown = f"[{host}]" if ":" in host else host
        return f"{'wss' if self.tls else 'ws'}://{shown}:{port}"


def machine_name() -> str:
    """What this machine calls itself, when that can be the name of a host; else ""."""
    try:
        return reachable(socket.gethostname())
    except (OSError, ValueError):
        return ""


def reachable(name: str) -> str:
    """A host name or an IP address, in small letters.

    Raises:
        ValueError: it is neither.
    """
    written = name.lower().rstrip(".")
    try:
        return str(ipaddress.ip_address(written))
    except ValueError:
        pass
    if not _HOST.fullmatch(written) or _NUMBERS.fullmatch(written):
        raise ValueError("must be a host name such as rooms.example, or an IP address, without a port")
    return written


def is_address(host: str) -> bool:
    """Whether it can be listened on without asking anybody what it stands for."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return host == "localhost"
    return True


def on_loopback(host: str) -> bool:
    """Whether only this machine can reach it."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def loopback(host: str) -> str:
    """The address, when only this machine can reach it.

    Raises:
        ValueError: it could be reached from elsewhere.
    """
    if not on_loopback(host):
        raise ValueError(
            "must be a loopback address such as 127.0.0.1 while tls is false: without TLS nothing is encrypted, so "
            "this server then speaks to its own machine only"
        )
    return host


BOUNDS: Final = {
    "connections_max": (1, 20_000),
    "connections_per_agency": (1, 20_000),
    "connections_per_user": (1, 20_000),
    "unknown_max": (8, 5_000),
    "unknown_per_address": (2, 5_000),
    "per_user_rate": (1, 100_000),
    "per_user_burst": (1, 100_000),
    "per_user_backlog": (0, 100_000),
    "per_agency_rate": (1, 100_000),
    "per_agency_burst": (1, 100_000),
    "per_agency_backlog": (0, 100_000),
}
"""Least and most of each of ``Limits``."""


def _settings(**found: Any) -> Settings:
    limits = Limits(**{name: found.pop(name) for name in BOUNDS})
    return Settings(**found, limits=limits)


_FIELDS: Final[Check[Settings]] = record(
    {
        "mode": required(choice(*MODES)),
        "host": optional(parsed(text(253), reachable), "127.0.0.1"),
        "port": optional(integer(0, 65_535), PORT),
        "name": optional(text(60), "incident server"),
        **{name: optional(integer(*ends), getattr(Limits(), name)) for name, ends in BOUNDS.items()},
        "metrics_port": optional(integer(0, 65_535), 0),
        "log_level": optional(choice("debug", "info", "warning", "error"), "info"),
        "log_format": optional(choice(*FORMATS), "json"),
        "tls": optional(boolean(), True),
        "names": optional(
            parsed(sequence(parsed(text(253), reachable), hi=NAMES_MAX, unique=str), tuple), ()
        ),
        "certificate": optional(text(1_000, empty=True), ""),
        "key": optional(text(1_000, empty=True), ""),
        "authority": optional(text(1_000, empty=True), ""),
    },
    into=_settings,
)


def _together(node: Marked, path: str, problems: list[Problem]) -> Settings | Bad:
    """Each key by itself, and what two of them mean together; all that is wrong at once."""
    settings = _FIELDS.run(node, path, problems)
    given = dict(_scalars(node))
    host, tls = given.get("host"), given.get("tls")
    if tls is not None and tls.value is False and host is not None:
        try:
            loopback(host.text)
        except ValueError as error:
            problems.append(Problem(host.mark.file, host.mark.line, "host", f"'host' {error}"))
    own = {key: given[key] for key in OWN if key in given and given[key].text}
    if own and len(own) < len(OWN):
        first = next(iter(own.values()))
        lacking = " and ".join(f"'{key}'" for key in OWN if key not in own)
        sentence = (
            f"a certificate of your own needs 'certificate', 'key' and 'authority'; {lacking} is not given"
        )
        problems.append(Problem(first.mark.file, first.mark.line, next(iter(own)), sentence))
    return settings


def _scalars(node: Marked) -> Iterator[tuple[str, MarkedScalar]]:
    if isinstance(node, MarkedMap):
        for key, value in node.entries:
            if isinstance(value, MarkedScalar):
                yield key.text, value


SCHEMA: Final[Check[Settings]] = Check(_together)


def lines_of(path: Path) -> dict[str, int]:
    """On which line of ``server.yaml`` the value of each key begins; empty when the file cannot be read."""
    try:
        tree = read_yaml(path)
    except ConfigError:
        return {}
    return {key.text: value.mark.line for key, value in tree.entries} if isinstance(tree, MarkedMap) else {}


def read_server_settings(folder: DataFolder) -> Settings:
    """The settings of a data folder alone. Raises ConfigError with every problem."""
    return validate(read_yaml(folder.settings), SCHEMA)


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
    areas = _areas(folder, config, problems)
    problems += _slips(config, None if agencies is None else {agency.code for agency in agencies}, problems)
    if (
        problems
        or settings is None
        or agencies is None
        or kinds is None
        or roles is None
        or places is None
        or areas is None
    ):
        raise ConfigError(problems)
    return settings, charter_from(agencies, kinds, roles, settings.mode, areas.digest, places=places)


def _slips(config: Path | None, agencies: set[str] | None, told: list[Problem]) -> Iterator[Problem]:
    """What stands in roles.yaml and means nothing; not twice what is told already."""
    from incident.state import EVERY_COMMAND  # noqa: PLC0415 -- every command word would load it else

    try:
        tree = read_yaml(find_config("roles.yaml", config))
    except ConfigError:
        return  # told already
    lines = {(one.file, one.line) for one in told}
    yield from (one for one in slips(tree, EVERY_COMMAND, agencies) if (one.file, one.line) not in lines)


def _found(name: str, config: Path | None, schema: Check[T], problems: list[Problem]) -> T | None:
    try:
        path = find_config(name, config)
    except ConfigError as error:
        problems += [problem for problem in error.problems if problem not in problems]
        return None
    return _read(path, schema, problems)


def _areas(folder: DataFolder, config: Path | None, problems: list[Problem]) -> AreaSet | None:
    """The areas that were imported into the folder, unless a folder of configuration has its own."""
    try:
        return read_areas(areas_path(config, folder.root))
    except ConfigError as error:
        problems += [problem for problem in error.problems if problem not in problems]
        return None


def _read(path: Path, schema: Check[T], problems: list[Problem]) -> T | None:
    try:
        return validate(read_yaml(path), schema)
    except ConfigError as error:
        problems += error.problems
        return None
