"""What is written to a file acts nowhere: no formula in a spreadsheet, no markup in a browser, and all comes back."""

from __future__ import annotations

import csv
import io
import json
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from incident.fleet import Unit, units_from_csv, units_to_csv
from incident.kernel.tables import guarded, unguarded
from incident.kernel.text import safe_text, text_flaw
from incident.reports.document import Document, Section, Table, inert, to_csv, to_json, to_text
from incident.reports.papers import COLUMNS
from tests.foreign import FORMULAS, MARKUP, SIGNS
from tests.hostile import HOSTILE
from tests.incident.given import charter

EVERY = tuple(dict.fromkeys([*FORMULAS, *MARKUP, *(one.text for one in HOSTILE)]))
BLANKS = " \t\r\n\x00\xa0\ufeff\u200b"


def active(cell: str) -> bool:
    """Whether a spreadsheet would compute it: as it is, or as a part of a line cut at another country's separator."""
    parts = re.split(r'[;\t\r\n"]', cell)
    return any(part.lstrip(BLANKS).startswith(SIGNS) for part in parts)


def test_there_are_enough_of_them() -> None:
    assert (len(FORMULAS) >= 100, len(MARKUP) >= 60) == (True, True)
    assert sum(map(active, FORMULAS)) >= 100


@pytest.mark.parametrize("column", range(len(COLUMNS)), ids=COLUMNS)
def test_no_cell_of_a_log_is_a_formula_and_each_comes_back(column: int) -> None:
    rows = [tuple(text if place == column else "x" for place in range(len(COLUMNS))) for text in EVERY]
    written = to_csv(COLUMNS, rows)
    back = list(csv.reader(io.StringIO(written), strict=True))[1:]
    assert len(back) == len(rows), "no text makes a row of its own"
    for text, row in zip(EVERY, back, strict=True):
        assert len(row) == len(COLUMNS)
        assert not active(row[column]), (text, row[column])
        assert unguarded(row[column]) == safe_text(text)
    for separator in ";\t":  # as a spreadsheet of another country reads it
        for row in csv.reader(io.StringIO(written), delimiter=separator):
            assert not [cell for cell in row if active(cell)], row
    assert safe_text(written.replace("\r\n", "")) == written.replace("\r\n", "")


def unit(callsign: str, station: str, kind: str = "DCA", status: str = "AVB", skill: str = "") -> Unit:
    return Unit(
        callsign=callsign, kind=kind, status=status, since=0, heard_at=0, version="", status_version="",
        capabilities=(skill,) if skill else (), station=station,
    )  # fmt: skip


def test_no_cell_of_a_list_of_units_is_a_formula_and_each_comes_back() -> None:
    lawful = [text for text in EVERY if re.search(r"[\x00-\x1f\x7f]", text) is None and len(text) <= 60]
    units = [unit(callsign=f"A{n}", station=text) for n, text in enumerate(lawful)]
    written = units_to_csv(units)
    rows = list(csv.DictReader(io.StringIO(written)))
    assert not [row["station"] for row in rows if active(row["station"])]
    for text, row in zip(lawful, rows, strict=True):
        assert unguarded(row["station"]) == text
    known = [one for one in units if text_flaw(one.station, limit=60) is None]
    fleets, problems = units_from_csv(units_to_csv(known), charter(), "LAS.csv", "LAS")
    assert problems == []
    assert [entry.station for entry in fleets["LAS"]] == [one.station.strip() for one in known]


def test_a_callsign_that_somebody_smuggled_in_is_no_formula_either() -> None:
    odd = [unit(text, text, text, text, text) for text in FORMULAS]
    for row in csv.reader(io.StringIO(units_to_csv(odd))):
        assert not [cell for cell in row if active(cell)]


@given(st.text(st.sampled_from("=+-@\uff1d'\";\t\r\n \x00ab,\ufeff"), max_size=14))
@example("';'=")
def test_guarding_is_inert_and_exact(cell: str) -> None:
    assert not active(guarded(cell))
    assert unguarded(guarded(cell)) == cell


@given(st.text(max_size=30))
def test_an_honest_cell_is_left_alone(cell: str) -> None:
    if not active(cell):
        assert guarded(cell) == cell
    assert not active(inert(cell))


def document(texts: tuple[str, ...]) -> Document:
    """A paper that has every text in every place that a text can stand in."""
    table = Table((texts[0], texts[1]), tuple((text, text) for text in texts))
    sections = [Section(text, ((text, text),), (text,)) for text in texts]
    return Document(texts[0], "exercise", texts[-1], (*sections, Section("t", tables=(table,))), texts[0])


def test_markup_is_dead_in_json_and_the_text_is_exact() -> None:
    written = to_json(document(EVERY))
    assert not re.search("[<>&]", written), "no browser finds a tag in it, whatever it takes the file for"
    assert safe_text(written.rstrip("\n"), lines=True) == written.rstrip("\n")
    back = json.loads(written)
    assert [one["title"] for one in back["sections"][:-1]] == [safe_text(t, lines=True) for t in EVERY]
    assert [row[0] for row in back["sections"][-1]["tables"][0]["rows"]] == [
        safe_text(t, lines=True) for t in EVERY
    ]


def test_a_text_is_text_with_nothing_in_it_that_acts() -> None:
    written = to_text(document(EVERY))
    assert safe_text(written, lines=True) == written
    for text in MARKUP:
        if "\n" not in text and text.isprintable():
            assert text in written
    assert written.startswith("EXERCISE EXERCISE EXERCISE\n")
    assert not [line for line in written.splitlines()[:1] if "<" in line], "no sniffer takes it for a page"
