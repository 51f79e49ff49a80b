"""Tables (CSV) of a control room's own making: the rows, and every problem with its line.

Fleets come out of spreadsheets, so what a spreadsheet does to a file is understood: a byte order mark, any
line ending, semicolons, empty columns and blank rows. Pure: text goes in, no file is opened here.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, NoReturn

from incident.kernel.checks import Mark, Problem, nearest
from incident.kernel.text import clip, safe_text, text_flaw

CSV_ROWS_MAX: Final = 20_000
CSV_CELL_MAX: Final = 1_000

# Where a spreadsheet may take what follows for a formula, and run it: at the beginning of a cell, and, since some
# countries' spreadsheets open our file with another separator, behind what they take for one; blanks do not count.
_MAY_BEGIN: Final = r"(\A|[;\t\r\n\"])([\s\x00\u200b\ufeff]*)"
_FORMULA: Final = r"(?=[=+\-@\uff1d\uff0b\uff0d\uff20])"  # the wide forms are taken for them, too
_ACTIVE: Final = re.compile(_MAY_BEGIN + "('*)" + _FORMULA)
_GUARDED: Final = re.compile(_MAY_BEGIN + "'('*)" + _FORMULA)


@dataclass(frozen=True, slots=True)
class CsvRow:
    """One row of a table: the line it begins on, and its cells by column name, trimmed ("" when empty)."""

    line: int
    cells: dict[str, str]


class _CsvStop(Exception):
    """Ends the reading of a table at a problem after which nothing can be trusted."""


def csv_rows(
    written: str, columns: Sequence[str], file: str, *, optional_columns: Sequence[str] = ()
) -> tuple[list[CsvRow], list[Problem]]:
    """The rows of a table whose first line names its columns, and every problem found.

    Cells stand between commas, semicolons or tabs. Column names are matched without regard to case, in any
    order; those of `optional_columns` may be left out. A table with an unknown or missing column, or broken
    quotation marks, gives no further rows. Never raises.
    """
    every = [*columns, *optional_columns]
    problems: list[Problem] = []
    rows: list[CsvRow] = []
    body = written.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    head = next((line for line in body.split("\n") if line.strip()), "")
    delimiter = max(",;\t", key=head.count)
    reader = csv.reader(io.StringIO(body), delimiter=delimiter, strict=True)
    names: list[str] | None = None
    try:
        for line, cells in _csv_lines(reader, file, problems):
            if names is None:
                names = _csv_head(cells, columns, every, Mark(file, line), problems)
            elif len(rows) >= CSV_ROWS_MAX:
                _csv_stop(problems, file, line, f"the table has more than {CSV_ROWS_MAX:,} rows")
            elif (row := _csv_row(names, cells, file, line, problems)) is not None:
                rows.append(row)
        if names is None:
            _csv_stop(problems, file, 1, f"the table is empty; its first line must name {', '.join(columns)}")
    except _CsvStop:
        pass
    return [CsvRow(row.line, {name: row.cells.get(name, "") for name in every}) for row in rows], problems


def _csv_stop(problems: list[Problem], file: str, line: int, sentence: str) -> NoReturn:
    problems.append(Problem(file, line, "", sentence))
    raise _CsvStop


def _csv_lines(reader: Any, file: str, problems: list[Problem]) -> Iterator[tuple[int, list[str]]]:
    """The rows that are not blank, trimmed, each with the line it begins on."""
    while True:
        line = reader.line_num + 1
        try:
            cells = [cell.strip() for cell in next(reader)]
        except StopIteration:
            return
        except csv.Error as error:
            sentence = f"the row cannot be read ({error}); look for a stray quotation mark"
            _csv_stop(problems, file, line, sentence)
        if any(cells):
            yield line, cells


def _csv_head(
    cells: list[str], columns: Sequence[str], every: Sequence[str], at: Mark, problems: list[Problem]
) -> list[str]:
    """The column of each cell. Stops when one is unknown, repeated or missing: no row could be trusted."""
    known = {name.lower(): name for name in every}
    names = [known.get(cell.lower(), "") for cell in cells]
    sentences = []
    for cell, name in zip(cells, names, strict=True):
        shown = clip(safe_text(cell), 40)
        if not name:
            sentences.append(f"'{shown}' is not a known column{nearest(cell, known.values())}")
        elif names.count(name) > 1:
            sentences.append(f"the column '{name}' is given twice")
    sentences += [f"the column '{name}' is missing" for name in columns if name not in names]
    problems += [Problem(at.file, at.line, "", sentence) for sentence in dict.fromkeys(sentences)]
    if sentences:
        raise _CsvStop
    return names


def _csv_row(
    names: list[str], cells: list[str], file: str, line: int, problems: list[Problem]
) -> CsvRow | None:
    """One row by column; None, and said why, when its cells do not fit."""
    while len(cells) > len(names) and not cells[-1]:
        cells.pop()  # a spreadsheet's empty columns
    if len(cells) != len(names):
        sentence = f"the row has {len(cells)} cells, and {len(names)} columns are named"
        problems.append(Problem(file, line, "", sentence))
        return None
    flaws = {
        name: flaw
        for name, cell in zip(names, cells, strict=True)
        if (flaw := text_flaw(cell, limit=CSV_CELL_MAX)) is not None
    }
    problems += [Problem(file, line, name, f"'{name}' {flaw}") for name, flaw in flaws.items()]
    return None if flaws else CsvRow(line, dict(zip(names, cells, strict=True)))


# -- out ------------------------------------------------------------------------------------------------------


def guarded(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula: an apostrophe stands before what could begin one."""
    return _ACTIVE.sub(r"\1\2'\3", cell)


def unguarded(cell: str) -> str:
    """The cell as it was before ``guarded``."""
    return _GUARDED.sub(r"\1\2\3", cell)
