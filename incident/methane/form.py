"""METHANE, the form: what it starts from, how answers are read, and what is kept when somebody else was quicker.

A form starts from a version. While it is filled in, another room may send one of its own: what was not touched here
is then taken from that one, so that nobody turns back by silence what somebody else has said.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, cast

from incident.kernel.board import Look
from incident.methane.facts import (
    CERTAINTIES,
    COUNT_MAX,
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
from incident.methane.words import CERTAINTY_UNSAID, count_words, hazard_words, service_words
from incident.organisation import charter_of, organisation
from incident.values import Location
from incident.whereabouts import EMPTY, as_location

NUMBERS: Final = {
    "n": "casualties in all",
    "p1": "P1",
    "p2": "P2",
    "p3": "P3",
    "dead": "dead",
    "untriaged": "not triaged",
}
START: Final = "start"
"""The question that nobody need answer: from which version the form was filled in."""
COUNTS: Final = ("p1", "p2", "p3", "dead", "untriaged")


def last(look: Look) -> Version | None:
    return current(methane(look.state))


def _report(look: Look) -> Report | None:
    version = last(look)
    return None if version is None else version.report


# -- what the form starts from --------------------------------------------------------------------------------


def _place(look: Look) -> Location:
    """Where it is: what the last version said, or what the parties have said since."""
    sightings, version = organisation(look.state).sightings, last(look)
    if version is None or (sightings and sightings[0].at > version.at):
        return sightings[0].location if sightings else Location()
    return version.report.location


def _place_words(look: Look) -> str:
    place = _place(look)
    return place.words() if place.known else ""


def _rvp(look: Look) -> str:
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


def _of(attribute: str) -> Callable[[Report], str]:
    def say(report: Report) -> str:
        value = getattr(report, attribute)
        return "" if value is None else str(value)

    return say


SAID: Final[Mapping[str, Callable[[Report], str]]] = {
    "location": lambda report: report.location.words() if report.location.known else "",
    "type": _of("type"),
    "what": _of("nature"),
    "h": lambda report: hazard_words(report.hazards),
    "in": _of("routes_in"),
    "egress": _of("egress"),
    "avoid": _of("avoid"),
    "rvp": _of("rvp"),
    "n": _of("total"),
    **{name: _of(name) for name in COUNTS},
    "count": lambda report: "counted" if report.counted else "estimated",
    "required": lambda report: service_words(report.required),
    "present": lambda report: service_words(report.present),
}
"""What a version answers to each question of the form."""


def start_of(look: Look, name: str) -> str:
    """What stands in the form before anybody has written in it."""
    if name == "location":
        return _place_words(look)
    if name == "rvp":
        return _rvp(look)
    report = _report(look)
    if report is None:
        return "estimated" if name == "count" else ""
    return SAID[name](report)


def starts(look: Look, _row: Any) -> Sequence[tuple[str, str]]:
    """The versions a form may have started from, the newest first."""
    return tuple(
        (version.id, f"{version.kind} {version.name} by {version.agency}")
        for version in reversed(methane(look.state).versions)
    )


def start(look: Look, _row: Any) -> str:
    """The version a form that is opened now starts from."""
    version = last(look)
    return "" if version is None else version.id


def _caught_up(values: Mapping[str, Any], look: Look) -> dict[str, Any]:
    """The answers, where those that were not touched since the form was opened are those of the newest version."""
    begun = {version.id: version for version in methane(look.state).versions}.get(
        str(values.get(START) or "")
    )
    if begun is None or begun.id == start(look, None):
        return dict(values)
    return {
        name: start_of(look, name)
        if name in SAID and str(value or "").strip() == SAID[name](begun.report)
        else value
        for name, value in values.items()
    }


# -- reading what was written ---------------------------------------------------------------------------------


def read_hazards(written: str) -> tuple[Hazard, ...]:
    """Hazards from "fuel (present); suspected: smoke": parts at semicolons, each with its certainty where one is said.

    Without brackets or a colon the word counts only first or last, alone, and in no sentence that denies anything:
    "fuel not present" stays as it was written, with its certainty not said.
    """
    found = []
    for part in written.replace("\n", ";").split(";"):
        text, certainty = _certainty(" ".join(part.split()))
        if text:
            found.append(Hazard(text, cast("Certainty", certainty)))
    return tuple(found)


_OR: Final = "|".join((*CERTAINTIES, CERTAINTY_UNSAID))
_APART: Final = re.compile(
    rf"(?:(?P<first>{_OR})\s*:\s*)?(?P<text>.*?)(?:\s*\((?P<last>{_OR})\))?", re.IGNORECASE
)
_DENIES: Final = frozenset(
    {"no", "not", "non", "none", "never", "nothing", "without", "unknown", "unclear", "or", "if"}
)


def _certainty(written: str) -> tuple[str, str]:
    """The words of one hazard, and its certainty."""
    found = _APART.fullmatch(written)
    said = "" if found is None else (found["last"] or found["first"] or "").lower()
    if found is not None and said and found["text"]:
        return found["text"], said if said in CERTAINTIES else "not_said"
    words = written.split()
    bare = [word.strip("().,:").lower() for word in words]
    denied = any(word in _DENIES or word.endswith(("n't", "n’t")) for word in bare)
    if len(words) > 1 and not denied and sum(word in CERTAINTIES for word in bare) == 1:
        for place in (-1, 0):
            if bare[place] in CERTAINTIES:
                words.pop(place)
                return " ".join(words), bare[place]
    return written, "not_said"


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
        raise ValueError(f"{NUMBERS[name]}: write a whole number up to {COUNT_MAX:,}, or nothing.")
    return int(text)


def publish(_row: Any, values: Mapping[str, Any], look: Look) -> Publish:
    values = _caught_up(values, look)
    known, before = charter_of(look.state).agencies, _report(look)

    def text(name: str) -> str:
        return str(values.get(name) or "").strip()

    def services(name: str) -> tuple[Service, ...]:
        # As it was, an answer is not read again: nothing may change that nobody has touched.
        if before is not None and text(name) == service_words(getattr(before, name)):
            return cast("tuple[Service, ...]", getattr(before, name))
        return read_services(text(name), known)

    if not text("location"):
        raise ValueError(EMPTY)
    as_it_was = text("location") == _place_words(look)
    same_hazards = before is not None and text("h") == hazard_words(before.hazards)
    numbers = {name: _number(values, name) for name in COUNTS}
    report = Report(
        location=_place(look) if as_it_was else as_location(text("location"), look),
        type=cast("TypeCode", text("type")),
        nature=text("what"),
        hazards=before.hazards if before is not None and same_hazards else read_hazards(text("h")),
        routes_in=text("in"),
        egress=text("egress"),
        avoid=text("avoid"),
        rvp=text("rvp"),
        rvp_id=_rvp_id(text("rvp"), look),
        total=_number(values, "n"),
        **numbers,
        counted=text("count") == "counted",
        present=services("present"),
        required=services("required"),
    )
    _check(report, look)
    return Publish(report)


def _rvp_id(words: str, look: Look) -> str:
    before = _report(look)
    copied = before.rvp_id if before is not None and words and words == before.rvp else ""
    return rvps(look).get(words, copied)


def _check(report: Report, look: Look) -> None:
    """What cannot be meant: counts that are more than all, and a version that says nothing new."""
    sum_ = report.sorted_total
    if report.total is not None and sum_ is not None and sum_ > report.total:
        raise ValueError(
            f"The priorities add up to {sum_}, more than the {report.total} casualties in all: correct one of "
            f"{count_words(report)}."
        )
    version = last(look)
    if version is None or tidy(report) != version.report or look.me is None:
        return
    if major_of(look.state, look.me.agency)[1] == version.major:
        raise ValueError(
            f"Nothing in it differs from {version.kind} {version.name}: change what is new, or send it as unchanged."
        )


def part(_row: Any, values: Mapping[str, Any], look: Look) -> Publish:
    """A further version from a few answers; all else as the last one had it."""
    return publish(None, {**{name: start_of(look, name) for name in SAID}, **_caught_up(values, look)}, look)


def again(_row: Any, _values: Mapping[str, Any], look: Look) -> Publish:
    report = _report(look)
    if report is None:
        raise ValueError("There is no METHANE yet: press m and send the first.")
    return Publish(report)
