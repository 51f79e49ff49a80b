"""METHANE, the verbs: one form that starts from the last version, and a short one for each of its letters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from incident.kernel.board import Arg, Look, Verb
from incident.methane.facts import TYPES, Publish
from incident.methane.form import START, again, last, part, publish, start, start_of, starts


def _from(name: str) -> Any:
    return lambda look, _row: start_of(look, name)


def _types(_look: Look, _row: Any) -> Sequence[tuple[str, str]]:
    return tuple(TYPES.items())


def _estimates(_look: Look, _row: Any) -> Sequence[tuple[str, str]]:
    return (("estimated", "estimated"), ("counted", "counted"))


# -- verbs ----------------------------------------------------------------------------------------------------

_CASUALTIES = (
    Arg("n", "N casualties in all (48)", "number", False, default=_from("n"), limit=6),
    Arg("p1", "N P1", "number", False, default=_from("p1"), limit=6),
    Arg("p2", "N P2", "number", False, default=_from("p2"), limit=6),
    Arg("p3", "N P3", "number", False, default=_from("p3"), limit=6),
    Arg("dead", "N dead", "number", False, default=_from("dead"), limit=6),
    Arg("untriaged", "N not triaged", "number", False, default=_from("untriaged"), limit=6),
    Arg("count", "N estimated or counted", "choice", False, _estimates, _from("count")),
)
_HAZARDS = (
    Arg(
        "h",
        "H hazards (fuel present; smoke suspected; fire potential)",
        required=False,
        default=_from("h"),
        limit=1600,
    ),
)
_ACCESS = (
    Arg("in", "A routes in", required=False, default=_from("in"), limit=300),
    Arg("egress", "A egress", required=False, default=_from("egress"), limit=300),
    Arg("avoid", "A avoid", required=False, default=_from("avoid"), limit=300),
    Arg("rvp", "A RVP", "place", required=False, default=_from("rvp"), limit=300),
)
_SERVICES = (
    Arg(
        "required",
        "E required (LFB 2 pumps; SCAS)",
        required=False,
        default=_from("required"),
        limit=1600,
    ),
    Arg(
        "present",
        "E present (LAS 4 crews; MPS)",
        required=False,
        default=_from("present"),
        limit=1600,
    ),
)
_STARTS = Arg(START, "Starts from", "choice", False, starts, start, hidden=True)
ARGS: Final = (
    # Not asked for, as a place is known from the opening: loose words behind the verb then overwrite no place.
    Arg(
        "location",
        "E exact location (grid, lat,lon, a name, at A101, words)",
        "location",
        False,
        default=_from("location"),
        limit=500,
    ),
    Arg("type", "T type", "choice", True, _types, _from("type")),
    Arg("what", "T in words (coach on its side)", required=False, default=_from("what"), limit=200),
    *_HAZARDS,
    *_ACCESS,
    *_CASUALTIES,
    *_SERVICES,
    _STARTS,
)
_HAZARDS_ALONE = (replace(_HAZARDS[0], rest=True), _STARTS)
_SERVICES_ALONE = (replace(_SERVICES[0], rest=True), _SERVICES[1], _STARTS)
"""By themselves they take the rest of the line without quotes."""


def _another(_row: Any, look: Look) -> bool:
    """A letter alone can be changed once there is a version to start from."""
    return last(look) is not None


VERBS: Final = (
    Verb(
        "methane",
        "METHANE to every party",
        "methane",
        Publish,
        publish,
        key="m",
        row=False,
        aliases=("m", "ethane"),
        args=ARGS,
        example='methane n=48 p1=6 h="fuel present"',
        help="Starts from the last version. An ETHANE as long as our agency has declared nothing.",
    ),
    Verb(
        "numbers",
        "N: number of casualties",
        "numbers",
        Publish,
        part,
        key="c",
        row=False,
        args=(*_CASUALTIES, _STARTS),
        applies=_another,
        example="numbers 48 6 12",
        help="A further version; all other letters as they stand.",
    ),
    Verb(
        "hazards",
        "H: hazards",
        "hazards",
        Publish,
        part,
        key="h",
        row=False,
        args=_HAZARDS_ALONE,
        applies=_another,
        example="hazards fuel present; smoke suspected",
        help="A further version; all other letters as they stand.",
    ),
    Verb(
        "services",
        "E: services required and present",
        "services",
        Publish,
        part,
        key="e",
        row=False,
        args=_SERVICES_ALONE,
        applies=_another,
        example="services LFB 2 pumps; SCAS",
        help="A further version; all other letters as they stand.",
    ),
    Verb(
        "access",
        "A: access, egress, RVP",
        "access",
        Publish,
        part,
        key="x",
        row=False,
        args=(*_ACCESS, _STARTS),
        applies=_another,
        example='access avoid="the slip road"',
        help="A further version; all other letters as they stand.",
    ),
    Verb(
        "unchanged",
        "Looked again: it stands as it is",
        "unchanged",
        Publish,
        again,
        key="u",
        row=False,
        applies=_another,
        example="unchanged",
        help="A further version with nothing new in it, so that everybody knows how old the last look is.",
    ),
)
