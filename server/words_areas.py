"""The words of the command line about the areas on the ground. Each loads only what it needs.

An import writes one new file beside the old and puts it in its place when it is whole and on the disk: until then the
old areas count. The file lies in the data folder, and is backed up with it, unless a folder of configuration is named.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path
from typing import Any, Final, Literal

from server.datafolder import DataFolder, check_owner, existing, problem, quoted
from server.printing import put
from server.said import Said

OK: Final = 0
Mark = Literal["ok", "look", "wrong"]


def add(commands: Any, on_folder: Callable[..., Any]) -> None:
    """Add them."""
    words = commands.add_parser("areas", help="the areas on the ground, one for each agency").add_subparsers(
        required=True
    )
    made = on_folder("import", _import, "make a file (GeoJSON) the areas of this deployment, mended", words)
    made.add_argument("file", type=Path, metavar="FILE", help="GeoJSON in WGS 84, or in the National Grid")
    made.add_argument(
        "--code", default="", metavar="PROPERTY", help="names whose area it is (agency, or code)"
    )
    made.add_argument(
        "--map", type=Path, metavar="CODES", help="YAML, one line each: CODE IN THE FILE: AGENCY"
    )
    made.add_argument("--name", default="", help="what these areas are called")
    made.add_argument("--accuracy", type=int, metavar="M", help="how far a line may be off, in metres (250)")
    made.add_argument(
        "--attribution", default="", metavar="TEXT", help="whose data it is, as its licence asks"
    )
    made.add_argument(
        "--agreed", action="store_true", help="the agencies agreed to them: no longer INDICATIVE"
    )
    made.add_argument(
        "--crs", default="", metavar="SYSTEM", help="CRS84 or EPSG:27700, if the file does not say"
    )
    made.add_argument("--swap-axes", action="store_true", help="latitude stands before longitude in the file")
    made.add_argument(
        "--simplify", type=float, default=0.0, metavar="M", help="fewer corners, good to about M metres"
    )
    on_folder("show", _show, "say which areas count here, from where, and how good they are", words)
    on_folder("forget", _forget, "remove the imported areas: those of the program count again", words)


def place(folder: DataFolder, config: Path | None) -> Path:
    """Where the areas of a deployment are put: where they are looked for first."""
    from config.areas import FILE
    from config.reader import ENVIRONMENT

    named = os.environ.get(ENVIRONMENT)
    where = config or (Path(named).expanduser() if named else folder.root)
    if not where.is_dir():
        raise problem(where, "is no folder, and the areas were to be put there")
    return where / FILE


def _import(asked: argparse.Namespace) -> int:
    from incident.interchange import areas_file
    from incident.interchange.importing import import_areas

    folder = existing(asked.folder)
    wanted, agencies, data = _wanted(asked)
    to = place(folder, asked.config)
    if to.parent == folder.root:
        check_owner(folder)
    try:
        made = import_areas(data, str(asked.file), agencies, wanted)
    except ImportError:
        raise Said(
            "The library of shapes is not installed here, and areas cannot be mended without."
        ) from None
    ready = areas_file.written(made.areas)
    if areas_file.areas_of(ready, str(to)) != made.areas:  # nobody is left with a file that cannot be read
        raise Said(f"{asked.file} cannot be made a file of areas. The old areas count.")
    _write(to, ready)
    for note in made.notes:
        put(note)
    found = made.areas
    put(
        f"{len(found.areas)} areas with {made.corners:,} corners: {', '.join(one.agency for one in found.areas)}."
    )
    put(f"{to}: {_worth(found)}, digest {found.digest}.")
    if found.indicative:
        put("They are shown as INDICATIVE. Once the agencies have agreed to them, import with --agreed.")
    if not found.origin:
        put("The file does not say whose data it is: give --attribution if its licence asks for it.")
    put(
        f"Next: copy this very file into the folder of configuration of every desk (--config, or INCIDENT_TUI_CONFIG); "
        f"a desk with other areas says so and computes nothing. The server goes by it from its next start"
        f"{_running(folder, found.digest)}. Incidents that are open keep the areas that they were opened with."
    )
    return OK


def _wanted(asked: argparse.Namespace) -> tuple[Any, frozenset[str], bytes]:
    """What was asked for, the agencies there are, and the file's bytes. Raises ConfigError with all that is wrong."""
    from config.reader import find_config, read_bytes, read_yaml
    from incident.catalogue import AGENCIES_SCHEMA
    from incident.interchange.importing import SIMPLIFY_M_MAX, Wanted, codes_schema
    from incident.interchange.plain import BYTES_MAX
    from incident.kernel.checks import validate
    from incident.placing import ACCURACY_MAX_M

    if asked.accuracy is not None and not 0 <= asked.accuracy <= ACCURACY_MAX_M:
        raise Said(f"--accuracy must be from 0 to {ACCURACY_MAX_M:,} metres.")
    if not 0 <= asked.simplify <= SIMPLIFY_M_MAX:
        raise Said(f"--simplify must be from 0 to {SIMPLIFY_M_MAX:,.0f} metres.")
    found = validate(read_yaml(find_config("agencies.yaml", asked.config)), AGENCIES_SCHEMA)
    agencies = frozenset(one.code for one in found)
    codes = {} if asked.map is None else validate(read_yaml(asked.map), codes_schema(agencies))
    wanted = Wanted(
        asked.code, codes, asked.name, asked.accuracy, asked.crs, asked.swap_axes, asked.simplify, asked.agreed,
        asked.attribution,
    )  # fmt: skip
    return wanted, agencies, read_bytes(asked.file, BYTES_MAX)


def _write(to: Path, data: bytes) -> None:
    """The new file whole in the place of the old, or the old one as it was."""
    from server.datafolder import write_private

    try:
        write_private(to, data)
        if to.parent.stat().st_mode & 0o055:
            to.chmod(
                0o644
            )  # a folder of configuration is for every user of the machine, and its files with it
    except OSError as error:
        raise Said(f"{to} cannot be written ({error.strerror or error}). The old areas count.") from None


def _show(asked: argparse.Namespace) -> int:
    from config.areas import areas_path, read_areas

    folder = existing(asked.folder)
    path = areas_path(asked.config, folder.root)
    found = read_areas(path)
    put(f"{path}: {found.name}, {_worth(found)}, digest {found.digest}{_running(folder, found.digest)}.")
    if found.origin:
        put(found.origin)
    for area in found.areas:
        corners = sum(len(ring) for polygon in area.polygons for ring in polygon)
        pieces = f", {len(area.polygons)} pieces" if len(area.polygons) > 1 else ""
        put(f"{area.agency}: {corners:,} corners{pieces}")
    return OK


def _forget(asked: argparse.Namespace) -> int:
    from config.areas import areas_path
    from server.datafolder import sync_folder

    folder = existing(asked.folder)
    to = place(folder, asked.config)
    if to.parent == folder.root:
        check_owner(folder)
    try:
        to.unlink()
        sync_folder(to.parent)
    except FileNotFoundError:
        raise Said(f"There are no areas of this deployment: {to} is not there. Nothing was done.") from None
    except OSError as error:
        raise Said(f"{to} cannot be removed ({error.strerror or error}).") from None
    put(f"{to} is removed. From the next start the areas of {areas_path(asked.config, folder.root)} count.")
    return OK


def _worth(found: Any) -> str:
    return f"±{found.accuracy_m:,} m{', INDICATIVE' if found.indicative else ', agreed'}"


def _running(folder: DataFolder, digest: str) -> str:
    """Whether a server that runs here goes by other areas; "" when it goes by these, or none runs."""
    from server.admin import AdminError, NotRunning, call

    try:
        answer = call(folder.admin, "doctor")
    except (NotRunning, AdminError):
        return ""
    return f" (the one that runs goes by others: {quoted(folder.root)} must be stopped and run again)" if answer.get(
        "areas", digest
    ) != digest else ""  # fmt: skip


def examined(
    folder: DataFolder, config: Path | None, agencies: Collection[str]
) -> Iterator[tuple[Mark, str]]:
    """The doctor's mark and sentence about the file that counts, and whether its areas can be computed with."""
    from config.areas import areas_path, read_areas
    from incident.geography import Areas
    from incident.kernel.checks import ConfigError

    try:
        path = areas_path(config, folder.root)
        found = read_areas(path)
    except ConfigError:
        return  # told of with the other files
    yield from spoken_of(folder, config, agencies)
    try:
        Areas(found, str(path))
    except ConfigError as error:
        yield from (("wrong", str(one)) for one in error.problems)
        return
    except ImportError:
        yield "look", "The library of shapes is not installed here: the areas were not looked over."
        return
    yield (
        "ok",
        f"The areas are those of {path}: {_worth(found)}, digest {found.digest}. Desks need the same file.",
    )


def spoken_of(
    folder: DataFolder, config: Path | None, agencies: Collection[str]
) -> Iterator[tuple[Mark, str]]:
    """What is wrong with whom the areas and the speeds speak of, for the doctor and for a start.

    The speeds are read by desks alone, and mostly from a copy of this very file.
    """
    from config.areas import areas_path, read_areas
    from incident.kernel.checks import ConfigError

    try:
        path = areas_path(config, folder.root)
        found = read_areas(path)
    except ConfigError:
        return  # told of with the other files
    yield from _nobodies(path, (area.agency for area in found.areas), agencies)
    yield from _speeds(config, agencies)


def _speeds(config: Path | None, agencies: Collection[str]) -> Iterator[tuple[Mark, str]]:
    from config.reader import find_config, read_yaml
    from incident.geography import SPEEDS_SCHEMA, speeds
    from incident.kernel.checks import ConfigError, validate

    try:
        path = find_config(speeds.FILE, config)
        found = validate(read_yaml(path), SPEEDS_SCHEMA)
    except ConfigError as error:
        yield from (("wrong", str(one)) for one in error.problems)
        return
    yield from _nobodies(path, found.trusts, agencies)


def _nobodies(path: Path, named: Iterable[str], agencies: Collection[str]) -> Iterator[tuple[Mark, str]]:
    """What a file says of agencies that there are not."""
    from incident.kernel.checks import nearest

    for code in named:
        if code not in agencies:
            near = nearest(code, agencies) or "."
            yield "look", f"{path} speaks of {code}, which is no agency of agencies.yaml{near}"


def of_running(running: str, digest: str) -> Iterator[tuple[Mark, str]]:
    """The doctor's sentence when the server that runs goes by other areas than the files have now."""
    if running and running != digest:
        yield (
            "look",
            f"The server goes by other areas ({running}) than the files have now ({digest}): stop it and run it again.",
        )
