"""METHANE, the verbs: one form that starts from the last version, and a short one for each of its letters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, cast

from incident.kernel.board import Arg, Look, Verb
from incident.methane.facts import (
    CERTAINTIES,
    COUNT_MAX,
    TYPES,
    Certainty,
    Hazard,
    Publish,
    Report,
    Service,
    TypeCode,
    Version,
)
from incident.methane.fold import current, methane
from incident.methane.rules import major_of, tidy
from incident.methane.words import hazard_words, service_words
from incident.organisation import charter_of, organisation
from incident.values import Location, as_location

COUNTS: Final = ("total", "p1", "p2", "p3", "dead", "untriaged")


def _last(look: Look) -> Version | None:
    return current(methane(look.state))


def _report(look: Look) -> Report | None:
    version = _last(look)
    return None if version is None else version.report


# -- what the form starts from --------------------------------------------------------------------------------


def _place(look: Look) -> Location:
    """Where it is: what the last version said, or what the parties have said since."""
    sightings, version = organisation(look.state).sightings, _last(look)
    if version is None or (sightings and sightings[0].at > version.at):
        return sightings[0].location if sightings else Location()
    return version.report.location


def _place_words(look: Look, _row: Any) -> str:
    place = _place(look)
    return place.words() if place.known else ""


def _rvp(look: Look, _row: Any) -> str:
    """The rendezvous point: as the last version had it, else the only one there is on the ground."""
    report = _report(look)
    if report is not None and report.rvp:
        return report.rvp
    found = rvps(look)
    return next(iter(found)) if len(found) == 1 else ""


def rvps(look: Look) -> dict[str, str]:
    """The rendezvous points on the ground that are not withdrawn: their words, and their ids."""
    return {
        f"{feature.name} {feature.shape.place.words()}"[:300]: feature.id
        for feature in look.state.boundaries.rows.values()
        if feature.kind == "rvp" and feature.withdrawn_at is None
    }


def _text(attribute: str) -> Any:
    def default(look: Look, _row: Any) -> str:
        report = _report(look)
        value = None if report is None else getattr(report, attribute)
        return "" if value is None else str(value)

    return default


def _counted(look: Look, _row: Any) -> str:
    report = _report(look)
    return "counted" if report is not None and report.counted else "estimated"


def _hazard_text(look: Look, _row: Any) -> str:
    report = _report(look)
    return "" if report is None else hazard_words(report.hazards)


def _service_text(attribute: str) -> Any:
    def default(look: Look, _row: Any) -> str:
        report = _report(look)
        return "" if report is None else service_words(getattr(report, attribute))

    return default


# -- reading what was written ---------------------------------------------------------------------------------


def read_hazards(written: str) -> tuple[Hazard, ...]:
    """Hazards from "fuel present; smoke suspected": parts at semicolons, each with its word, else present."""
    found = []
    for part in written.replace("\n", ";").split(";"):
        words = part.split()
        certainty = "present"
        for place in (-1, 0):
            if len(words) > 1 and (word := words[place].strip("().,:").lower()) in CERTAINTIES:
                certainty = word
                words.pop(place)
                break
        if words:
            found.append(Hazard(" ".join(words), cast("Certainty", certainty)))
    return tuple(found)


def read_services(written: str, known: Mapping[str, Any]) -> tuple[Service, ...]:
    """Agencies from "LAS 4 crews; SCAS", or from codes alone: "LAS SCAS LFB".

    Raises:
        ValueError: a part does not begin with an agency; a plain sentence.
    """
    found: list[Service] = []
    for part in written.replace("\n", ";").split(";"):
        words = part.replace(",", " ").replace(":", " ").split()
        codes = [word.upper() for word in words]
        if not words:
            continue
        if all(code in known for code in codes):
            found += [Service(code) for code in codes]
        elif codes[0] in known:
            found.append(Service(codes[0], part.strip()[len(words[0]) :].strip(" ,:")))
        else:
            raise ValueError(f"{words[0]} is no agency that is known here. Write: LAS 4 crews; SCAS.")
    return tuple(found)


def _number(values: Mapping[str, Any], name: str) -> int | None:
    text = str(values.get(name) or "").strip()
    if not text:
        return None
    if not text.isdigit() or int(text) > COUNT_MAX:
        raise ValueError(f"{TITLES[name]}: write a whole number up to {COUNT_MAX:,}, or nothing.")
    return int(text)


def _publish(_row: Any, values: Mapping[str, Any], look: Look) -> Publish:
    last, known = _report(look), charter_of(look.state).agencies

    def text(name: str) -> str:
        return str(values.get(name) or "").strip()

    def services(name: str) -> tuple[Service, ...]:
        # As it was, an answer is not read again: nothing may change that nobody has touched.
        if last is not None and text(name) == service_words(getattr(last, name)):
            return cast("tuple[Service, ...]", getattr(last, name))
        return read_services(text(name), known)

    if not text("location"):
        raise ValueError("Say where it is: words, a grid reference or latitude,longitude.")
    as_it_was = text("location") == _place_words(look, None)
    same_hazards = last is not None and text("h") == hazard_words(last.hazards)
    numbers = {name: _number(values, "n" if name == "total" else name) for name in COUNTS}
    report = Report(
        location=_place(look) if as_it_was else as_location(text("location")),
        type=cast("TypeCode", text("type")),
        nature=text("what"),
        hazards=last.hazards if last is not None and same_hazards else read_hazards(text("h")),
        routes_in=text("in"),
        egress=text("egress"),
        avoid=text("avoid"),
        rvp=text("rvp"),
        rvp_id=_rvp_id(text("rvp"), look),
        **numbers,
        counted=text("count") == "counted",
        present=services("present"),
        required=services("required"),
    )
    _check(report, look)
    return Publish(report)


def _rvp_id(words: str, look: Look) -> str:
    last = _report(look)
    copied = last.rvp_id if last is not None and words and words == last.rvp else ""
    return rvps(look).get(words, copied)


def _check(report: Report, look: Look) -> None:
    """What cannot be meant: counts that are more than all, and a version that says nothing new."""
    sum_ = report.sorted_total
    if report.total is not None and sum_ is not None and sum_ > report.total:
        raise ValueError(
            f"The priorities add up to {sum_}, more than the {report.total} casualties in all: correct one of them."
        )
    version = _last(look)
    if version is None or tidy(report) != version.report or look.me is None:
        return
    if major_of(look.state, look.me.agency)[1] == version.major:
        raise ValueError(
            f"Nothing in it differs from {version.kind} {version.name}: change what is new, or send it as unchanged."
        )


def _part(_row: Any, values: Mapping[str, Any], look: Look) -> Publish:
    """A further version from a few answers; all else as the last one had it."""
    whole = {arg.name: arg.default(look, None) for arg in ARGS if arg.default is not None}
    return _publish(None, {**whole, **values}, look)


def _again(_row: Any, _values: Mapping[str, Any], look: Look) -> Publish:
    report = _report(look)
    if report is None:
        raise ValueError("There is no METHANE yet: press m and send the first.")
    return Publish(report)


def _types(_look: Look, _row: Any) -> Sequence[tuple[str, str]]:
    return tuple(TYPES.items())


def _estimates(_look: Look, _row: Any) -> Sequence[tuple[str, str]]:
    return (("estimated", "estimated"), ("counted", "counted"))


# -- verbs ----------------------------------------------------------------------------------------------------

_CASUALTIES = (
    Arg("n", "N casualties in all (48)", "number", False, default=_text("total"), limit=6),
    Arg("p1", "N P1", "number", False, default=_text("p1"), limit=6),
    Arg("p2", "N P2", "number", False, default=_text("p2"), limit=6),
    Arg("p3", "N P3", "number", False, default=_text("p3"), limit=6),
    Arg("dead", "N dead", "number", False, default=_text("dead"), limit=6),
    Arg("untriaged", "N not triaged", "number", False, default=_text("untriaged"), limit=6),
    Arg("count", "N estimated or counted", "choice", False, _estimates, _counted),
)
_HAZARDS = (
    Arg(
        "h",
        "H hazards (fuel present; smoke suspected; fire potential)",
        required=False,
        default=_hazard_text,
        limit=1600,
    ),
)
_ACCESS = (
    Arg("in", "A routes in", required=False, default=_text("routes_in"), limit=300),
    Arg("egress", "A egress", required=False, default=_text("egress"), limit=300),
    Arg("avoid", "A avoid", required=False, default=_text("avoid"), limit=300),
    Arg("rvp", "A RVP", required=False, default=_rvp, limit=300),
)
_SERVICES = (
    Arg(
        "required",
        "E required (LFB 2 pumps; SCAS)",
        required=False,
        default=_service_text("required"),
        limit=1600,
    ),
    Arg(
        "present",
        "E present (LAS 4 crews; MPS)",
        required=False,
        default=_service_text("present"),
        limit=1600,
    ),
)
ARGS: Final = (
    # Not asked for, as a place is known from the opening: loose words behind the verb then overwrite no place.
    Arg(
        "location",
        "E exact location (words, grid or lat,lon)",
        "location",
        False,
        default=_place_words,
        limit=500,
    ),
    Arg("type", "T type", "choice", True, _types, _text("type")),
    Arg("what", "T in words (coach on its side)", required=False, default=_text("nature"), limit=200),
    *_HAZARDS,
    *_ACCESS,
    *_CASUALTIES,
    *_SERVICES,
)
TITLES: Final = {arg.name: arg.title.partition(" (")[0] for arg in ARGS}


_HAZARDS_ALONE = (replace(_HAZARDS[0], rest=True),)
_SERVICES_ALONE = (replace(_SERVICES[0], rest=True), _SERVICES[1])
"""By themselves they take the rest of the line without quotes."""


def _another(_row: Any, look: Look) -> bool:
    """A letter alone can be changed once there is a version to start from."""
    return _last(look) is not None


VERBS: Final = (
    Verb(
        "methane",
        "METHANE to every party",
        "methane",
        Publish,
        _publish,
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
        _part,
        key="c",
        row=False,
        args=_CASUALTIES,
        applies=_another,
        example="numbers 48 6 12",
        help="A further version; all other letters as they stand.",
    ),
    Verb(
        "hazards",
        "H: hazards",
        "hazards",
        Publish,
        _part,
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
        _part,
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
        _part,
        key="x",
        row=False,
        args=_ACCESS,
        applies=_another,
        example='access avoid="the slip road"',
        help="A further version; all other letters as they stand.",
    ),
    Verb(
        "unchanged",
        "Looked again: it stands as it is",
        "unchanged",
        Publish,
        _again,
        key="u",
        row=False,
        applies=_another,
        example="unchanged",
        help="A further version with nothing new in it, so that everybody knows how old the last look is.",
    ),
)
