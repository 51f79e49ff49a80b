"""What is printed: the board with the tail of the log, the log itself, a report, and the blank forms.

Pure: from a Look and lines of the log to Documents and tables. The shell writes them to files, with or without a
line to the server. Every paper says when it was made and up to which record, and, in an exercise, that it is one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from itertools import groupby
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
    @property
    def type(self) -> str: ...


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
    ("Cover", gather.cover),
    ("Tasks", gather.work),
    ("Decisions", gather.decisions),
    ("Communications", gather.channels),
    ("Contacts", gather.contacts),
    ("Next", gather.coming),
)


def _document(title: str, look: Look, sections: tuple[Section, ...], foot: str) -> Document:
    state = organisation(look.state)
    at = f"{look.clock(look.now)} on {day(look.now, look)}"
    about = f"{state.title}, {state.number or 'not numbered'}, as at {at}"
    return Document(title, state.mode, about, sections, foot)


def day(at: int, look: Look) -> str:
    """The date of a moment (UTC ms) in the time that the paper is written in: "Saturday 21 November 2026"."""
    zone = timezone(timedelta(minutes=look.offset_minutes))
    local = datetime.fromtimestamp(at / 1000, tz=zone)
    return f"{DAYS[local.weekday()]} {local.day} {MONTHS[local.month - 1]} {local.year}"


DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS: Final = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
"""In English on every machine, whatever its locale."""


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
            number(line),
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


def number(line: Entry) -> str:
    """Its number; one of an agency's own part is numbered apart and says so: LAS-o12. "" while it has none."""
    if not line.seq:
        return ""
    return f"{line.agency}-o{line.seq}" if line.own else f"#{line.seq}"


def log_table(look: Look, lines: Iterable[Entry], today: int | None = None) -> Table:
    """The log for reading: when, number, who, what; what is particular stands behind the text.

    ``today`` is a moment (UTC ms) of the day that the heading names: what happened on another one has its date.
    """
    rows = []
    for line in lines:
        about = marks(line)
        text = f"{line.text} ({about})" if about else line.text
        at = f"{look.clock(line.at)}:{line.at // 1000 % 60:02d}"
        if today is not None and day(line.at, look) != day(today, look):
            _, date, month, _ = day(line.at, look).split()
            at = f"{date} {month[:3]} {at}"
        agency = f"{line.agency} for {line.on_behalf_of}" if line.on_behalf_of else line.agency
        rows.append((at, number(line) or "–", agency, cut(line.actor, AUTHOR_MAX), text))
    return Table(("time", "number", "agency", "written by", "entry"), tuple(rows))


def log(look: Look, lines: Sequence[Entry], foot: str) -> Document:
    """The log for reading, from the first line that is here: a section for each day, and the receipts at its end."""
    entries = [line for line in lines if line.type not in RECEIPTS]
    sections = [
        Section(f"Entries of {name}", tables=(log_table(look, kept, kept[0].recorded_at),))
        for name, kept in (
            (name, list(some))
            for name, some in groupby(entries, key=lambda line: day(line.recorded_at, look))
        )
    ]
    receipts = [line for line in lines if line.type in RECEIPTS]
    if receipts:
        sections.append(receipt_section(look, receipts))
        count = len(receipts)
        said = "1 receipt stands" if count == 1 else f"{count} receipts stand"
        foot = f"{said} at the end, not among the entries. {foot}"
    return _document("Log", look, tuple(sections), foot)


RECEIPTS: Final[Mapping[str, str]] = {"receipts.delivered": "delivered", "receipts.seen": "seen"}
"""Lines that a machine writes of every sending: a fifth of a log, and no entry of a loggist."""
AUTHOR_MAX: Final = 20
SUBJECT_MAX: Final = 40


def receipt_section(look: Look, lines: Sequence[Entry]) -> Section:
    """What was delivered to whom and seen by whom, and when: one row for each thing that was sent."""
    found: dict[str, dict[str, list[str]]] = {}
    for line in lines:
        what = cut(line.text.partition(": ")[2], SUBJECT_MAX)
        words = found.setdefault(what, {}).setdefault(RECEIPTS[line.type], [])
        words.append(f"{line.agency} {look.clock(line.at)}")
    rows = tuple(
        (what, "; ".join(f"{word} {', '.join(said)}" for word, said in words.items()))
        for what, words in found.items()
    )
    return Section("Receipts", tables=(Table(("of", "by whom, when"), rows),))


def cut(text: str, most: int) -> str:
    """The text, or its beginning with a sign that it goes on."""
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"


def log_values(line: Entry) -> dict[str, Any]:
    """One line as plain values, times in UTC ms."""
    return {
        "number": line.seq,
        "called": number(line),
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
