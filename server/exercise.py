"""Opening an exercise from the file of a scenario: files in, commands by named machines out, through the normal path.

What a scenario means, and what is lacking until its exercise stands, says ``incident.state.EXERCISES``; this only
reads the files it names and writes what it is told.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from config.areas import areas_path, read_areas
from config.reader import DEFAULTS, find_config, read_yaml
from incident import geography
from incident.catalogue import Charter
from incident.kernel.checks import ConfigError, Problem, nearest
from incident.kernel.slice import Actor, Refusal
from incident.state import EXERCISES
from server import logs
from server.admin import AdminError, Answer
from server.conductor import Automaton
from server.hub import Hub

FOLDER: Final = "scenarios"
TABLES: Final = "demo"
"""Where a table is looked for that does not lie beside its scenario."""

TABLE_BYTES_MAX: Final = 1_048_576
OPENED_MAX: Final = 1_000
"""Exercises of one scenario in one data folder."""


def find_scenario(named: str, config: Path | None = None) -> Path:
    """The file of a scenario, from its name or its path.

    Raises:
        ConfigError: there is none.
    """
    path = Path(named).expanduser()
    if named.endswith((".yaml", ".yml")) or path.is_file():
        return path.resolve()
    try:
        return find_config(f"{FOLDER}/{named}.yaml", config).resolve()
    except ConfigError as error:
        places = [DEFAULTS, *([] if config is None else [config])]
        there = sorted({path.stem for place in places for path in (place / FOLDER).glob("*.yaml")})
        sentence = f"There is no scenario of that name{nearest(named, there)}. There are: {', '.join(there)}"
        raise ConfigError([*error.problems, Problem("", 0, "", sentence)]) from None


async def open_exercise(hub: Hub, charter: Charter, asked: Mapping[str, Any]) -> Answer:
    """Open the exercise of a scenario, or go on with one whose opening was cut off.

    Raises:
        AdminError: the file is not good, or a command was not taken; with everything that is wrong.
    """
    if charter.mode != "exercise":
        raise AdminError("This data folder is for live use: exercises are opened in another.")
    path, hold = Path(str(asked.get("file", ""))), bool(asked.get("hold"))
    try:  # not in the loop: the rooms of other incidents wait for nobody's file
        scenario, tables = await asyncio.to_thread(_read, path, charter)
    except ConfigError as error:
        raise AdminError(str(error)) from None

    def view_of(stream: str) -> Any:
        return hub.durable(stream).state

    stream = _stream(hub, scenario.id, view_of)
    placing = await asyncio.to_thread(_placing, scenario, charter, str(asked.get("areas", "")))
    actors: dict[Actor, Automaton] = {}
    done: set[str] = set()
    while acts := EXERCISES.lacking(scenario, stream, charter, tables, view_of, hold=hold, placing=placing):
        for act in acts:
            if act.key in done:
                raise AdminError(
                    f"The exercise cannot be opened: {act.key} was written and is lacking still."
                )
            done.add(act.key)
            actor = actors.setdefault(act.actor, Automaton(hub, act.actor))
            try:
                answer = await actor.do(act.stream, act.command, hub.own_id("opening", stream, act.key))
            except TimeoutError:
                raise AdminError(
                    "The disk did not answer in time. Give the command again: it goes on."
                ) from None
            if isinstance(answer, Refusal):
                raise AdminError(
                    f"{answer.sentence} The exercise is opened in part; mend that and try again."
                )
    logs.note("exercise opened", stream=stream, commands=len(done))
    told = hub.model(stream).summary(view_of(stream))
    return {"stream": stream, "title": scenario.title, "number": told.get("number", ""), "held": hold}


def _read(path: Path, charter: Charter) -> tuple[Any, dict[str, str]]:
    """The scenario of a file, and the text of the tables that it names, by agency.

    Raises:
        ConfigError: with everything that is wrong with it.
    """
    tree = read_yaml(path)
    tables = {agency: _table(path, file) for agency, file in EXERCISES.tables(tree)}
    return EXERCISES.read(tree, tables, charter), tables


def _stream(hub: Hub, scenario: str, view_of: Callable[[str], Any]) -> str:
    """The first of this scenario's exercises that does not stand yet."""
    for number in range(OPENED_MAX):
        stream = EXERCISES.stream(hub.own_id("exercise", scenario, str(number)))
        if not EXERCISES.opened(stream, view_of):
            return stream
    raise AdminError("This scenario was opened often enough here: begin with a new data folder.")


def _placing(scenario: Any, charter: Charter, file: str) -> Any:
    """Where the scene lies among the areas of a file, that of this installation if none is named.

    None when they cannot be used, or are not those of the charter.
    """
    try:
        areas = read_areas(Path(file) if file else areas_path())
        same = areas.digest == charter.areas_digest
        return geography.place(geography.Areas(areas), scenario.location) if same else None
    except (ConfigError, ImportError) as error:  # the library of shapes is not everywhere
        logs.note("areas not used", problem=type(error).__name__)
        return None


def _table(scenario: Path, file: str) -> str:
    """The text of a table beside the scenario, or among those of the demo.

    Raises:
        ConfigError: there is none, or it cannot be read.
    """
    if Path(file).name != file:
        raise ConfigError([Problem(str(scenario), 0, "", f"the table {file!r} must lie beside the scenario")])
    beside = scenario.parent / file
    path = beside if beside.is_file() else find_config(f"{TABLES}/{file}")
    try:
        if path.stat().st_size > TABLE_BYTES_MAX:
            raise ConfigError([Problem(str(path), 0, "", "this table is too large")])
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise ConfigError([Problem(str(path), 0, "", f"the file cannot be read ({why})")]) from None
