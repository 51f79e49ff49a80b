"""What is printed: the board with the tail of the log, the log itself, a report, and the blank forms.

Pure: from a Look and lines of the log to Documents and tables. The shell writes them to files, with or without a
line to the server. Every paper says when it was made and up to which record, and, in an exercise, that it is one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, Protocol

from incident.kernel.board import Look
from incident.organisation import organisation
from incident.reports import gather, reports
from incident.reports.document import Document, Section, Table
from incident.reports.facts import HEADINGS, TITLES, Report
from incident.values import role_words

TAIL: Final = 60
"""Lines of the log at the foot of a printed board."""

WHAT: Final[Mapping[str, str]] = {
    "picture": "the board and the last lines of the log",
    "log": "every line of the log that is here",
    "sitrep": "the last signed sitrep, else a draft",
    "iimarch": "the last signed IIMARCH brief, else a draft",
    "methane-form": "a blank METHANE form, for paper",
    "log-form": "a blank log sheet, for paper",
}
"""What can be printed, by its word."""


class Entry(Protocol):
    """One line of the log, as both the screen and the headless client hold it. Times are UTC ms."""

    @property
    def seq(self) -> int: ...
    @property
    def at(self) -> int: ...
    @property
    def recorded_at(self) -> int: ...
    @property
    def agency(self) -> str: ...
    @property
    def actor(self) -> str: ...
    @property
    def on_behalf_of(self) -> str: ...
    @property
    def text(self) -> str: ...
    @property
    def weight(self) -> str: ...
    @property
    def late(self) -> bool: ...
    @property
    def own(self) -> bool: ...
    @property
    def word(self) -> str: ...
    @property
    def struck(self) -> bool: ...


# -- the board --------------------------------------------------------------------------------------------------


def picture(look: Look, lines: Sequence[Entry], foot: str) -> Document:
    """Everything that stands, as it would be read out, and the last lines of the log."""
    sections = [Section(title, paragraphs=tuple(part(look))) for title, part in BOARD]
    sections.append(Section("Log, the last lines", tables=(log_table(look, lines[-TAIL:]),)))
    return _document("The board", look, tuple(sections), foot)


BOARD: Final[tuple[tuple[str, Callable[[Look], Iterable[str]]], ...]] = (
    ("Situation", gather.situation),
    ("METHANE", gather.report),
    ("Alarms", gather.risks),
    ("Agencies", gather.declarations),
    ("Command", gather.posts),
    ("Casualties", gather.casualties),
    ("Units", gather.units),
    ("On the ground", gather.ground),
    ("Mutual aid", gather.aid),
    ("Tasks", gather.work),
    ("Decisions", gather.decisions),
    ("Communications", gather.channels),
    ("Contacts", gather.contacts),
    ("Next", gather.coming),
)


def _document(title: str, look: Look, sections: tuple[Section, ...], foot: str) -> Document:
    state = organisation(look.state)
    about = f"{state.title}, {state.number or 'not numbered'}, as at {look.clock(look.now)}"
    return Document(title, state.mode, about, sections, foot)


# -- the log ----------------------------------------------------------------------------------------------------

COLUMNS: Final = (
    "number",
    "happened",
    "recorded",
    "agency",
    "written by",
    "on behalf of",
    "weight",
    "marks",
    "text",
)


def marks(line: Entry) -> str:
    """What is particular about a line: own, late, struck through, its state word."""
    found = (
        ("OWN", line.own),
        ("late", line.late),
        ("struck through", line.struck),
        (line.word, bool(line.word)),
    )
    return ", ".join(word for word, holds in found if holds)


def log_rows(lines: Iterable[Entry], moment: Callable[[int], str]) -> list[tuple[str, ...]]:
    """Each line as cells in the order of COLUMNS; ``moment`` writes a UTC ms."""
    return [
        (
            f"#{line.seq}" if line.seq else "",
            moment(line.at),
            moment(line.recorded_at),
            line.agency,
            line.actor,
            line.on_behalf_of,
            line.weight,
            marks(line),
            line.text,
        )
        for line in lines
    ]


def log_table(look: Look, lines: Iterable[Entry]) -> Table:
    """The log for reading: when, number, who, what; what is particular stands behind the text."""
    rows = []
    for line in lines:
        who = f"{line.agency} for {line.on_behalf_of}" if line.on_behalf_of else line.agency
        about = marks(line)
        text = f"{line.text} ({about})" if about else line.text
        at = f"{look.clock(line.at)}:{line.at // 1000 % 60:02d}"
        rows.append((at, f"#{line.seq}" if line.seq else "–", who, text))
    return Table(("time", "number", "agency", "entry"), tuple(rows))


def log(look: Look, lines: Sequence[Entry], foot: str) -> Document:
    """The log for reading, from the first line that is here."""
    return _document("Log", look, (Section("Entries", tables=(log_table(look, lines),)),), foot)


def log_values(line: Entry) -> dict[str, Any]:
    """One line as plain values, times in UTC ms."""
    return {
        "number": line.seq,
        "happened_at": line.at,
        "recorded_at": line.recorded_at,
        "agency": line.agency,
        "written_by": line.actor,
        "on_behalf_of": line.on_behalf_of,
        "weight": line.weight,
        "late": line.late,
        "own": line.own,
        "struck_through": line.struck,
        "state_word": line.word,
        "text": line.text,
    }


# -- reports ----------------------------------------------------------------------------------------------------


def signed(look: Look, kind: str) -> Report | None:
    """The newest signed report of a kind; None when nobody has signed one."""
    found = [row for row in reports(look.state).rows.values() if row.kind == kind]
    return max(found, key=lambda row: (row.place, row.at)) if found else None


def report(look: Look, kind: str, foot: str) -> Document:
    """The newest signed report of a kind, else a draft, which says that nobody has signed it."""
    row = signed(look, kind)
    titles = HEADINGS[kind]
    if row is None:
        sections = tuple(
            Section(title, paragraphs=tuple(gather.text(kind, name, look).split("\n")))
            for name, title in titles.items()
        )
        return _document(f"{TITLES[kind]}, DRAFT, not signed", look, sections, foot)
    sections = tuple(
        Section(titles.get(part.name, part.name), paragraphs=tuple(part.text.split("\n")))
        for part in row.parts
    )
    by = f"Signed {look.clock(row.at)} by {row.actor} of {row.agency}, {role_words(row.role)}."
    then = replace(look, now=row.as_at)
    return _document(row.name, then, sections, f"{by} {foot}")


# -- for paper --------------------------------------------------------------------------------------------------

LINE: Final = "." * 60
METHANE_ASKS: Final = (
    ("M  Major incident", ("declared / standby / no, since", "by which agency")),
    ("E  Exact location", ("road, marker post, direction", "grid reference", "confirmed / provisional")),
    ("T  Type", ("what kind",)),
    ("H  Hazards", ("present", "suspected", "potential")),
    ("A  Access", ("routes in", "rendezvous point", "egress", "avoid")),
    ("N  Number of casualties", ("in all: estimated / counted", "P1", "P2", "P3", "dead", "not triaged")),
    ("E  Emergency services", ("present", "required")),
)


def methane_form(mode: str) -> Document:
    """A blank METHANE, for when nothing else works: read out over the telephone, typed in later as a late entry."""
    head = Section(
        "From", tuple((ask, LINE) for ask in ("agency and name", "version", "date and time", "sent to"))
    )
    parts = tuple(Section(title, tuple((ask, LINE) for ask in asks)) for title, asks in METHANE_ASKS)
    return Document(
        "METHANE form",
        mode,
        "Fill in what is known; leave nothing blank that is unknown: write UNK",
        (head, *parts),
    )


def log_form(mode: str, lines: int = 24) -> Document:
    """A blank log sheet: number, time, from, to, entry and initials. No erasures: strike through and initial."""
    rows = tuple((str(number), "....", "......", "......", "." * 44) for number in range(1, lines + 1))
    table = Table(("no", "time", "from", "to", "entry, action, initials"), rows)
    about = "No erasures and no blank lines: strike through once, and initial it"
    head = Section("Sheet", tuple((ask, LINE) for ask in ("incident", "loggist", "for", "date, sheet of")))
    return Document("Log sheet", mode, about, (head, Section("Entries", tables=(table,))))
