"""An agency's units as a table (CSV): in from a spreadsheet with every problem named, and out again, harmless.

The first line names the columns: callsign and kind, and where wanted capabilities (words with spaces between),
station, status and crew_shift_end; a column agency (or trust) says whose unit it is. A status is a code or its
words ("SCN", "at scene"); a shift's end is a date and time with its zone, such as 2026-11-21T19:00Z.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Final

from incident.catalogue import Charter
from incident.fleet.facts import CAPABILITY_PATTERN, Entry, Unit
from incident.kernel.checks import Problem, nearest
from incident.kernel.tables import CsvRow, csv_rows, guarded, unguarded
from incident.kernel.text import clip, safe_text
from incident.statuses import known_words, status_of
from incident.values import MILLIS_MAX, read_callsign, split_key

COLUMNS: Final = ("callsign", "kind")
OPTIONAL: Final = ("capabilities", "station", "status", "crew_shift_end")
OWNERS: Final = ("agency", "trust")
"""Columns that say whose unit a row is; the first that is filled in counts."""

CAPABILITIES_MAX: Final = 12
STATION_MAX: Final = 60

UNNAMED: Final = (
    "nothing says whose units these are: add --agency CODE, or a column 'agency', or write callsigns as SCAS/A101, "
    "or name the file after the agency, such as SCAS.csv"
)

_CAPABILITY = re.compile(CAPABILITY_PATTERN)

_SHIFT_YEARS: Final = (1971, 2098)


class _Wrong(ValueError):
    """What is wrong with one cell; the words follow the column's name."""


def units_from_csv(
    written: str, charter: Charter, file: str, agency: str
) -> tuple[dict[str, list[Entry]], list[Problem]]:
    """The units of a table by their agency, and everything that is wrong with it, each with its line. Never raises.

    With an ``agency`` every row is that agency's, whatever the table says. Without one a column names it, and
    where that is empty or not there the file's name does, when it is an agency's code (``SCAS.csv``).

    A table with any problem is meant to be mended and read again whole; the units of its good rows are given
    all the same. Callsigns are the agency's own, ``A101``; with the trust before it, ``SCAS/A101``, the row itself
    says whose it is.
    """
    rows, problems = csv_rows(written, COLUMNS, file, optional_columns=(*OPTIONAL, *OWNERS))
    kinds = _kinds(charter)
    entries: dict[str, list[Entry]] = {}
    seen: dict[tuple[str, str], int] = {}
    named_by_file = _code(re.split(r"[\\/]", file)[-1].rpartition(".")[0], charter)
    for line in rows:
        row, before_stroke = (line, "") if agency else _parted(line, charter)
        home = agency or before_stroke or _owner(row, named_by_file, charter, file, problems)
        entry = _entry(row, kinds, file, problems)
        if entry is None or not home:
            continue
        first = seen.setdefault((home, entry.callsign), row.line)
        if first != row.line:
            sentence = f"the callsign {entry.callsign} stands on line {first} already"
            problems.append(Problem(file, row.line, "callsign", sentence))
        else:
            entries.setdefault(home, []).append(entry)
    return entries, sorted(problems, key=lambda problem: problem.line)


def _code(word: str, charter: Charter) -> str:
    """The agency whose code a word is, in whatever case; "" when it is none."""
    return word.upper() if word.upper() in charter.agencies else ""


def _parted(row: CsvRow, charter: Charter) -> tuple[CsvRow, str]:
    """A row with its callsign alone, and the agency that stood before the stroke ("" when none did)."""
    before, stroke, callsign = row.cells["callsign"].partition("/")
    home = _code(before.strip(), charter) if stroke else ""
    return (CsvRow(row.line, {**row.cells, "callsign": callsign.strip()}), home) if home else (row, "")


def _owner(row: CsvRow, named_by_file: str, charter: Charter, file: str, problems: list[Problem]) -> str:
    """Whose unit a row is; "", and said why, when nobody can tell."""
    name, cell = next(((name, row.cells[name]) for name in OWNERS if row.cells[name]), ("", ""))
    home = _code(cell, charter) if cell else named_by_file
    if cell and not home:
        sentence = f"'{name}' must be an agency's code, not {_shown(cell)}{nearest(cell, charter.agencies)}"
        problems.append(Problem(file, row.line, name, sentence))
    elif not home and not any(
        problem.path == OWNERS[0] and problem.sentence == UNNAMED for problem in problems
    ):
        problems.append(
            Problem(file, row.line, OWNERS[0], UNNAMED)
        )  # once: it is the same for every such row
    return home


def _kinds(charter: Charter) -> dict[str, str]:
    """The code of every kind, by its code and by its title in lower case."""
    found = {kind.title.lower(): kind.code for kind in charter.kinds.values()}
    return found | {code.lower(): code for code in charter.kinds}


def _entry(row: CsvRow, kinds: dict[str, str], file: str, problems: list[Problem]) -> Entry | None:
    cells = {name: unguarded(cell) for name, cell in row.cells.items()}
    readers: dict[str, Any] = {
        "callsign": _callsign,
        "kind": lambda cell: _kind(cell, kinds),
        "capabilities": _capabilities,
        "station": _station,
        "status": _status,
        "crew_shift_end": _shift_end,
    }
    values: dict[str, Any] = {}
    for name, read in readers.items():
        try:
            values[name] = read(cells[name])
        except _Wrong as wrong:
            problems.append(Problem(file, row.line, name, f"'{name}' {wrong}"))
    return Entry(**values) if len(values) == len(readers) else None


def _shown(cell: str) -> str:
    return f"'{clip(safe_text(cell), 40)}'"


def _callsign(cell: str) -> str:
    if not cell:
        raise _Wrong("must not be empty")
    if "/" in cell:
        raise _Wrong(f"must stand without the trust, such as A101, not {_shown(cell)}")
    try:
        return split_key(read_callsign(cell, "HOME"))[1]
    except ValueError:
        raise _Wrong(f"must be letters and digits, such as A101, not {_shown(cell)}") from None


def _kind(cell: str, kinds: dict[str, str]) -> str:
    code = kinds.get(" ".join(cell.lower().split()))
    if code is None:
        raise _Wrong(f"must be a kind of the catalogue, not {_shown(cell)}{_near(cell, kinds)}")
    return code


def _near(cell: str, kinds: dict[str, str]) -> str:
    known = [word.upper() if word.upper() == code else word for word, code in kinds.items()]
    return nearest(cell, known)


def _capabilities(cell: str) -> tuple[str, ...]:
    words = tuple(dict.fromkeys(word for word in re.split(r"[\s,;|]+", cell.lower()) if word))
    for word in words:
        if not _CAPABILITY.search(word):
            raise _Wrong(f"must be words of letters and digits with spaces between, not {_shown(word)}")
    if len(words) > CAPABILITIES_MAX:
        raise _Wrong(f"names {len(words)} capabilities, and {CAPABILITIES_MAX} are allowed")
    return words


def _station(cell: str) -> str:
    if len(cell) > STATION_MAX:
        raise _Wrong(f"is {len(cell)} characters long, and {STATION_MAX} are allowed")
    return cell


def _status(cell: str) -> str:
    if not cell:
        return ""
    code = status_of(cell)
    if code is None:
        raise _Wrong(
            f"must be a status such as 'available', not {_shown(cell)}{nearest(cell, known_words())}"
        )
    return code


def _shift_end(cell: str) -> int | None:
    if not cell:
        return None
    try:
        at = datetime.fromisoformat(cell)
    except ValueError:
        at = None
    # The first and last years are left alone: their zone could carry a moment out of the calendar.
    if at is None or at.tzinfo is None or not _SHIFT_YEARS[0] <= at.year <= _SHIFT_YEARS[1]:
        raise _Wrong(f"must be a time with its zone, such as 2026-11-21T19:00Z, not {_shown(cell)}")
    return int(at.timestamp()) * 1000


# -- out ------------------------------------------------------------------------------------------------------


def units_to_csv(units: Iterable[Unit]) -> str:
    """Units as a table that ``units_from_csv`` reads back, safe to open in a spreadsheet. Shift ends in UTC.

    A shift that ends in no year of this century is left empty; never raises.
    """
    out = io.StringIO()
    table = csv.writer(out)
    table.writerow([*COLUMNS, *OPTIONAL])
    for unit in units:
        cells = (
            unit.callsign,
            unit.kind,
            " ".join(unit.capabilities),
            unit.station,
            unit.status,
            _shift_words(unit.crew_shift_end),
        )
        table.writerow([guarded(cell) for cell in cells])
    return out.getvalue()


def _shift_words(end: int | None) -> str:
    if end is None or not 0 <= end <= MILLIS_MAX:
        return ""
    at = datetime.fromtimestamp(end / 1000, UTC)
    in_reach = _SHIFT_YEARS[0] <= at.year <= _SHIFT_YEARS[1]
    return f"{at:%Y-%m-%dT%H:%M:%SZ}" if in_reach else ""
