"""The file of a scenario, checked whole: every problem at once, each with its line, in a plain sentence.

``schema`` describes the file for one charter, one set of fleets and the commands that there are, so that an unknown
agency, unit, command, objective or kind is found when the scenario is loaded and not while it is played.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, Final

import msgspec

from incident.catalogue import Charter
from incident.fleet.table import units_from_csv
from incident.kernel.checks import (
    BAD,
    Bad,
    Check,
    Marked,
    MarkedList,
    MarkedMap,
    Problem,
    boolean,
    choice,
    integer,
    mapping,
    nearest,
    optional,
    parsed,
    record,
    required,
    seconds_of,
    sequence,
    text,
    validate,
)
from incident.kernel.model import Model
from incident.kernel.slice import Refusal
from incident.kernel.text import text_flaw
from incident.scenario.facts import (
    BODY_MAX,
    BYTES_MAX,
    EFFECTS_MAX,
    INJECTS_MAX,
    LENGTH_MINUTES_MAX,
    MEANS,
    PARTIES_MAX,
    Code,
    FleetFile,
    Hospital,
    Inject,
    Objective,
    Scenario,
    Step,
    Unit,
)
from incident.scenario.filling import Unfilled, stand_in
from incident.scenario.habits import LINE, TOLD, agency_of, participant, written
from incident.scenario.words import CLOCK, PLACE, WAIT, at, say

STREAMS: Final = ("scene", "own", "excon")
EXCON: Final = "EXCON"


class Known(msgspec.Struct, frozen=True):
    """What a scenario may speak of: the charter, the rules of each of ``STREAMS``, each agency's units by callsign."""

    charter: Charter
    models: dict[str, Any]
    fleets: dict[str, dict[str, Unit]] = {}


def fleets_of(tree: Marked) -> tuple[tuple[str, str], ...]:
    """Agency and file of each fleet that the scenario names, before anything of it is checked."""
    node = _child(tree, "fleets")
    if not isinstance(node, MarkedMap):
        return ()
    return tuple((key.text, str(getattr(value, "text", ""))) for key, value in node.entries[:PARTIES_MAX])


def read_fleet(
    agency: str, file: str, csv: str, charter: Charter
) -> tuple[dict[str, Unit], tuple[Problem, ...]]:
    """The units of an agency's table by callsign, and what is wrong with it."""
    entries, problems = units_from_csv(csv, charter, file, agency)
    units = {
        entry.callsign: Unit(entry.callsign, entry.kind, entry.capabilities, entry.station)
        for entry in entries.get(agency, ())
    }
    return units, tuple(problems)


def read_scenario(tree: Marked, known: Known) -> Scenario:
    """The scenario of a file.

    Raises:
        ConfigError: with everything that is wrong with it.
    """
    return validate(tree, schema(tree, known))


def schema(tree: Marked, known: Known) -> Check[Scenario]:
    """What the file of a scenario must hold. The tree itself says how long it is and what its objectives are."""
    length = _length(tree)
    agencies = known.charter.agencies
    objectives = _written_in(tree, "objectives", "code")
    parties = dict.fromkeys(_written_in(tree, "parties", "agency"))
    fields = {
        "id": required(_CODE),
        "title": required(text(80)),
        "mode": optional(choice("exercise"), "exercise"),
        "kind": optional(choice("incident", "planned_event"), "incident"),
        "code_word": required(text(40)),
        "starts_at": required(CLOCK),
        "length": required(_LENGTH),
        "location": required(PLACE),
        "seed": optional(integer(0, 2**31 - 1), 1),
        "summary": optional(text(2_000, lines=True), ""),
        "objectives": optional(_listed(_OBJECTIVE, 0, 20, unique=lambda one: one.code), ()),
        "opener": required(_one_of(parties, "it must be one of the parties")),
        "parties": required(
            _listed(
                participant(agencies, known.fleets, length), 1, PARTIES_MAX, unique=lambda one: one.agency
            )
        ),
        "fleets": optional(parsed(mapping(text(80), keys=agency_of(agencies), hi=PARTIES_MAX), _fleets), ()),
        "hospitals": optional(
            _listed(_hospital(known.charter.places), 0, 60, unique=lambda one: one.place), ()
        ),
        "injects": optional(
            _listed(
                _inject(known, objectives, parties, length), 0, INJECTS_MAX, unique=lambda one: one.number
            ),
            (),
        ),
    }
    return parsed(record(fields, into=_scenario), _small)


def _scenario(length: int, injects: tuple[Inject, ...], **fields: Any) -> Scenario:
    in_order = tuple(sorted(injects, key=lambda inject: (inject.at, inject.number)))
    made = Scenario(length_minutes=length, injects=in_order, **fields)
    opener = made.participant(made.opener)
    if opener is not None and not opener.invited:
        raise ValueError(f"{made.opener} opens the incident, so it is invited to it")
    return made


def _small(made: Scenario) -> Scenario:
    size = len(msgspec.json.encode(made))
    if size > BYTES_MAX:
        raise ValueError(f"is {size:,} bytes in all, and one scenario may have {BYTES_MAX:,}; take words out")
    return made


def _fleets(found: dict[str, str]) -> tuple[FleetFile, ...]:
    return tuple(FleetFile(agency, file) for agency, file in found.items())


# -- what the file says of itself, before it is checked ------------------------------------------------------


def _child(tree: Marked, name: str) -> Marked | None:
    if isinstance(tree, MarkedMap):
        return next((value for key, value in tree.entries if key.text == name), None)
    return None


def _length(tree: Marked) -> int | None:
    """The length in seconds, where it is written as it should be."""
    seconds = seconds_of(written(tree, "length"))
    return None if seconds is None else int(seconds)


def _written_in(tree: Marked, listed: str, name: str) -> list[str]:
    node = _child(tree, listed)
    return [written(item, name) for item in node.items] if isinstance(node, MarkedList) else []


# -- its parts -----------------------------------------------------------------------------------------------


def _code(value: str) -> str:
    try:
        return msgspec.convert(value, Code)
    except msgspec.ValidationError:
        raise ValueError("must be a short name in small letters, such as m4-m25-coach") from None


def _minutes(value: str) -> int:
    seconds = seconds_of(value)
    if seconds is None or not 60 <= seconds <= LENGTH_MINUTES_MAX * 60 or seconds % 60:
        raise ValueError("must be how long the exercise lasts, in whole minutes, such as 45 min")
    return int(seconds) // 60


_CODE: Final[Check[str]] = parsed(text(40), _code)
_LENGTH: Final[Check[int]] = parsed(text(40), _minutes)
_OBJECTIVE: Final[Check[Objective]] = record(
    {"code": required(_CODE), "words": required(LINE)}, into=Objective
)
_BEDS: Final = optional(integer(0, 500), 0)


def _hospital(places: Mapping[str, Any]) -> Check[Hospital]:
    return record(
        {
            "place": required(_one_of(places, "the plan in places.yaml has no place of that code")),
            "p1": _BEDS,
            "p2": _BEDS,
            "p3": _BEDS,
            "note": optional(TOLD, ""),
            "stood_up": optional(boolean(), default=False),
        },
        into=Hospital,
    )


def _listed(of: Check[Any], lo: int, hi: int, *, unique: Any = None) -> Check[tuple[Any, ...]]:
    return parsed(sequence(of, lo, hi, unique=unique), tuple)


def _one_of(known: Any, sentence: str) -> Check[str]:
    def parse(value: str) -> str:
        if value not in known:
            raise ValueError(f"is {value}: {sentence}{nearest(value, known)}")
        return value

    return parsed(text(80), parse)


def _inject(
    known: Known, objectives: list[str], parties: Mapping[str, None], length: int | None
) -> Check[Inject]:
    agency = agency_of(known.charter.agencies)
    fields = {
        "no": required(integer(1, 999)),
        "at": required(at(length)),
        "from": required(LINE),
        "to": required(_listed(agency, 1, 12, unique=lambda code: code)),
        "means": required(choice(*MEANS)),
        "text": required(text(600)),
        "objective": optional(_one_of(objectives, "the scenario has no objective of that name"), ""),
        "expected": optional(TOLD, ""),
        "told": optional(boolean()),
        "hold": optional(boolean(), default=False),
        "effects": optional(_listed(_step(known, parties), 0, EFFECTS_MAX), ()),
    }

    def made(**values: Any) -> Inject:
        told = values.pop("told")
        return Inject(
            number=values.pop("no"),
            sender=values.pop("from"),
            held=values.pop("hold"),
            told=not values["effects"] if told is None else told,
            **values,
        )

    return record(fields, into=made)


def _step(known: Known, parties: Mapping[str, None]) -> Check[Step]:
    """One effect: the command is read as it will be when it happens, with something in place of its references."""
    fields = {
        "stream": optional(choice(*STREAMS), "scene"),
        "agency": required(_one_of([*parties, EXCON], "it must be one of the parties, or EXCON")),
        "role": optional(_one_of(known.charter.roles, "there is no role of that name"), "operator"),
        "type": required(text(80)),
        "body": optional(_BODY, {}),
        "after": optional(parsed(WAIT, lambda wait: wait.least), 0),
    }

    def run(node: Marked, path: str, problems: list[Problem]) -> Step | Bad:
        values = record(fields).run(node, path, problems)
        if isinstance(values, Bad):
            return BAD
        stream, type_ = values["stream"], values["type"]
        tell = partial(_tell, node, path, problems)
        model: Model | None = known.models.get(stream)
        if model is None or type_ not in model.commands:
            there = () if model is None else model.commands
            return tell("type", f"is {type_}: there is no such command{nearest(type_, there)}")
        if values["agency"] == EXCON and "role" not in _keys(node):
            values["role"] = "excon"
        role = known.charter.roles[values["role"]]
        if type_ not in (*role.own, *role.other):
            return tell("type", f"is {type_}, which the role {role.code} may not do")
        if (flaw := _flaw(model, type_, values["body"])) is not None:
            return tell("body", f"is not accepted: {flaw}")
        values["body"] = msgspec.json.encode(values["body"]).decode()
        if len(values["body"]) > BODY_MAX:
            return tell("body", f"may have {BODY_MAX:,} characters; this is longer")
        return Step(**values)

    return Check(run)


def _flaw(model: Model, type_: str, body: Any) -> str | None:
    """Why a command of this body would not be understood, or None."""
    try:
        packed = msgspec.json.encode(stand_in(body))
    except Unfilled as error:
        return str(error)
    command = model.read_command(type_, model.spec_of(type_).v, packed)
    return command.sentence if isinstance(command, Refusal) else None


def _keys(node: Marked) -> set[str]:
    return {key.text for key, _ in node.entries} if isinstance(node, MarkedMap) else set()


def _tell(node: Marked, path: str, problems: list[Problem], name: str, sentence: str) -> Bad:
    """Add a problem of one key of a record, at the line of the key."""
    entries = node.entries if isinstance(node, MarkedMap) else ()
    line: Marked = next((key for key, _ in entries if key.text == name), node)
    return say(problems, line, f"{path}.{name}", sentence)


def _plain(node: Marked, path: str, problems: list[Problem]) -> Any:
    """A body as plain data, every text in it looked at."""
    if isinstance(node, MarkedMap):
        return {key.text: _plain(value, f"{path}.{key.text}", problems) for key, value in node.entries}
    if isinstance(node, MarkedList):
        return [_plain(item, f"{path}[{n}]", problems) for n, item in enumerate(node.items)]
    if isinstance(node.value, str) and (flaw := text_flaw(node.value, limit=BODY_MAX)) is not None:
        return say(problems, node, path, flaw)
    return node.value


def _body(node: Marked, path: str, problems: list[Problem]) -> dict[str, Any] | Bad:
    before = len(problems)
    found = _plain(node, path, problems) if isinstance(node, MarkedMap) else None
    if found is None:
        return say(problems, node, path, "must be the body of the command: a group of keys")
    return BAD if len(problems) > before else found


_BODY: Final[Check[dict[str, Any]]] = Check(_body)
