"""METHANE, the words: each letter in plain English, what differs between two versions, and the line of the log."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

from incident.kernel.record import Record, thing_id
from incident.kernel.slice import Line, Names
from incident.methane.facts import TYPES, Hazard, Major, Published, Report, Service, Version
from incident.values import sentences, utc_words

UNSAID: Final = "not said"
"""What stands where a letter says nothing: an unknown is a word on the screen, never an empty place."""

CERTAINTY_UNSAID: Final = "certainty not said"
"""What stands behind a hazard of which nobody has said whether it is there, suspected or may come."""

_MAJOR: Final = {
    "declared": "major incident declared",
    "standby": "major incident standby",
    "no": "not declared",
}


class Field(NamedTuple):
    """One field of a version, in words; ``letter`` is that of METHANE."""

    letter: str
    name: str
    words: str


class Difference(NamedTuple):
    """One field that two versions say differently."""

    letter: str
    name: str
    before: str
    after: str


def major_words(major: Major) -> str:
    """What the author's agency had declared."""
    return _MAJOR[major]


def location_words(report: Report) -> str:
    """Where it is, whether somebody has confirmed it, and whether a machine could find it."""
    place = report.location
    surely = "confirmed" if place.confirmed else "provisional"
    point = "" if place.grid or place.point else ", words only: no grid reference or position"
    return f"{place.words()} ({surely}{point})"


def type_words(report: Report) -> str:
    """The type, coded and free."""
    return f"{TYPES[report.type]}: {report.nature}" if report.nature else TYPES[report.type]


def hazard_words(hazards: tuple[Hazard, ...]) -> str:
    """The hazards as they are written and read: fuel (present); smoke (suspected)."""
    return "; ".join(hazard_said(hazard) for hazard in hazards)


def hazard_said(hazard: Hazard) -> str:
    """One hazard; its certainty stands apart in brackets, so that it never becomes part of the author's sentence."""
    return f"{hazard.text} ({CERTAINTY_UNSAID if hazard.certainty == 'not_said' else hazard.certainty})"


def service_words(services: tuple[Service, ...]) -> str:
    """Agencies with what is there of them or needed: LAS 4 crews; SCAS."""
    return "; ".join(f"{service.agency} {service.note}".strip() for service in services)


def casualty_words(report: Report) -> str:
    """How many casualties, and how that is known."""
    number = report.casualties
    return UNSAID if number is None else f"{number} {'counted' if report.counted else 'estimated'}"


_COUNTS: Final = (
    ("P1", "p1"),
    ("P2", "p2"),
    ("P3", "p3"),
    ("dead", "dead"),
    ("untriaged", "untriaged"),
)


def count_words(report: Report) -> str:
    """Those counts that were said: P1 6, P2 12."""
    said = ((name, getattr(report, attribute)) for name, attribute in _COUNTS)
    return ", ".join(f"{name} {number}" for name, number in said if number is not None)


def _count(attribute: str) -> Callable[[Report], str]:
    def words(report: Report) -> str:
        number = getattr(report, attribute)
        return "" if number is None else str(number)

    return words


_FIELDS: Final[tuple[tuple[str, str, Callable[[Report], str]], ...]] = (
    ("E", "exact location", location_words),
    ("T", "type", type_words),
    ("H", "hazards", lambda report: hazard_words(report.hazards)),
    ("A", "routes in", lambda report: report.routes_in),
    ("A", "egress", lambda report: report.egress),
    ("A", "avoid", lambda report: report.avoid),
    ("A", "RVP", lambda report: report.rvp),
    ("N", "casualties", casualty_words),
    *(("N", name, _count(attribute)) for name, attribute in _COUNTS),
    ("E", "present", lambda report: service_words(report.present)),
    ("E", "required", lambda report: service_words(report.required)),
)


def fields(version: Version) -> tuple[Field, ...]:
    """Every field of a version in the order of the letters; what was not said says so."""
    major = Field("M", "major incident", major_words(version.major))
    return (major, *(Field(letter, name, say(version.report) or UNSAID) for letter, name, say in _FIELDS))


def differences(old: Version | None, new: Version) -> tuple[Difference, ...]:
    """What the new version says otherwise than the old, field by field; all that it says, when there is no old.

    M is the word of each author's own agency: from another agency it says another thing, and nothing new.
    """
    then = tuple(UNSAID for _ in range(len(_FIELDS) + 1)) if old is None else [f.words for f in fields(old)]
    return tuple(
        Difference(now.letter, now.name, was, now.words)
        for was, now in zip(then, fields(new), strict=True)
        if was != now.words and not (now.letter == "M" and old is not None and old.agency != new.agency)
    )


def summary(version: Version) -> str:
    """A version in one line for a narrow place: type, casualties, what is required."""
    report = version.report
    number = report.casualties
    parts = []
    if number is not None:
        parts.append(f"{number} casualties" if report.counted else f"about {number} casualties")
    parts.append(report.nature or TYPES[report.type])
    if report.required:
        parts.append(f"required: {', '.join(service.agency for service in report.required)}")
    return ", ".join(parts)


def unaware_words(numbers: tuple[int, ...]) -> str:
    """That the author had not seen these versions: both stand, and the reader should know."""
    named = ", ".join(f"v{number}" for number in numbers if number)
    return f"written without knowing {named}" if named else ""


def sentence(event: Published, record: Record, names: Names) -> Line:
    """A version as one line of the log, letter by letter, as a loggist writes it."""
    report = event.report
    since = "" if event.major_at is None else f" at {utc_words(event.major_at, record.recorded_at)}"
    major = "" if event.kind == "ETHANE" else f"M {major_words(event.major)}{since}"
    counts = count_words(report)
    casualties = casualty_words(report) + (f" ({counts})" if counts else "")
    access = (
        ("in by", report.routes_in),
        ("out by", report.egress),
        ("avoid", report.avoid),
        ("RVP", report.rvp),
    )
    services = (("present", service_words(report.present)), ("required", service_words(report.required)))
    return Line(
        sentences(
            f"sends {names('methane', thing_id(record))} to every party",
            major,
            f"E {location_words(report)}",
            f"T {type_words(report)}",
            f"H {hazard_words(report.hazards) or UNSAID}",
            f"A {_joined(access) or UNSAID}",
            f"N {casualties}",
            f"E {_joined(services) or UNSAID}",
            unaware_words(event.unaware).capitalize(),
        )
    )


def _joined(pairs: tuple[tuple[str, str], ...]) -> str:
    return ", ".join(f"{name} {words}" for name, words in pairs if words)
