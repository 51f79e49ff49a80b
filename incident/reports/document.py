"""A report as a value: headings, paragraphs, facts and tables, and the plain text that is printed from it.

A Document knows nothing of incidents. What goes into it is safe text already, or becomes it here: a report is read
in a terminal, mailed, and opened in a spreadsheet, and may act on none of them. An exercise says so on every page:
in the first line and the last, and before every line when it is asked to.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from typing import Any, Final

import msgspec

from incident.kernel.tables import guarded
from incident.kernel.text import safe_text

EXERCISE: Final = "EXERCISE EXERCISE EXERCISE"
WIDTH: Final = 100
_MARKUP: Final = re.compile("[<>&]")


class Table(msgspec.Struct, frozen=True):
    """Rows under column titles."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


class Section(msgspec.Struct, frozen=True):
    """One heading with what stands under it, in this order: facts, paragraphs, tables."""

    title: str
    facts: tuple[tuple[str, str], ...] = ()
    paragraphs: tuple[str, ...] = ()
    tables: tuple[Table, ...] = ()


class Document(msgspec.Struct, frozen=True):
    """A whole report. ``mode`` is live or exercise; ``foot`` says who made it, when, and from what."""

    title: str
    mode: str
    about: str
    sections: tuple[Section, ...]
    foot: str = ""


def to_text(document: Document, width: int = WIDTH) -> str:
    """The report as plain text of at most this width (a word that is longer stands alone)."""
    lines: list[str] = []
    banner = [EXERCISE] if document.mode == "exercise" else []
    about = safe_text(document.about)
    lines += [*banner, safe_text(document.title.upper()), about, "=" * min(width, max(20, len(about)))]
    for section in document.sections:
        lines += ["", safe_text(section.title.upper())]
        label = max((len(name) for name, _ in section.facts), default=0)
        for name, value in section.facts:
            lines += _hung(f"  {safe_text(name):<{label}}  ", value, width)
        for paragraph in section.paragraphs:
            for part in safe_text(paragraph, lines=True).split("\n"):
                lines += _hung("  ", part, width)
        for table in section.tables:
            lines += _table(table, width)
    lines += ["", *_hung("", document.foot, width), *banner] if document.foot else ["", *banner]
    return "\n".join(line.rstrip() for line in lines).rstrip() + "\n"


def _hung(head: str, text: str, width: int) -> list[str]:
    """A text behind its head, further lines under the first one's beginning."""
    lines, current = [], head
    for word in safe_text(text).split():
        if len(current) > len(head) and len(current) + 1 + len(word) > width:
            lines.append(current)
            current = " " * len(head)
        current += ("" if len(current) == len(head) else " ") + word
    return [*lines, current]


def _table(table: Table, width: int) -> list[str]:
    """Columns as wide as they need to be; the last one takes what is left and wraps."""
    head_row, *rows = (tuple(safe_text(cell) for cell in row) for row in (table.columns, *table.rows))
    widths = [max(len(cell) for cell in column) for column in zip(head_row, *rows, strict=True)]
    fixed = sum(widths[:-1]) + 2 * len(widths)
    last = max(20, width - fixed)
    lines = []
    for row in (head_row, *rows):
        head = "  " + "".join(f"{cell:<{size}}  " for cell, size in zip(row[:-1], widths[:-1], strict=True))
        lines += _hung(head, row[-1], len(head) + last) if row[-1] else [head]
    return lines


def to_csv(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Rows as comma-separated values, every cell inert in a spreadsheet."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n", quoting=csv.QUOTE_MINIMAL)
    writer.writerows([inert(cell) for cell in row] for row in (columns, *rows))
    return out.getvalue()


def inert(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula; ``kernel.tables.unguarded`` gives the safe text back."""
    return guarded(safe_text(cell))


def to_json(value: Any) -> str:
    """A report, or plain values, as JSON for people and programs: every text safe, and inert wherever it is opened.

    What could be markup to a browser that is shown the file stands escaped, which changes nothing for who reads JSON.
    """
    made = msgspec.json.format(msgspec.json.encode(_safe(msgspec.to_builtins(value)))).decode()
    return _MARKUP.sub(lambda found: f"\\u{ord(found.group()):04x}", made) + "\n"


def _safe(value: Any) -> Any:
    if isinstance(value, str):
        return safe_text(value, lines=True)
    if isinstance(value, dict):
        return {name: _safe(part) for name, part in value.items()}
    return [_safe(part) for part in value] if isinstance(value, list | tuple) else value
