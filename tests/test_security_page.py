"""Each threat on the page has a defence and tests, and each test that is named is there."""

from __future__ import annotations

import ast
import re
from pathlib import Path

TESTS = Path(__file__).resolve().parent
PAGE = (TESTS.parent / "docs" / "security.md").read_text(encoding="utf-8")
THREATS_LEAST = 20


def rows() -> list[tuple[str, str, list[str]]]:
    """Every threat with its defence and its tests."""
    found = []
    for line in PAGE.splitlines():
        cells = [cell.strip() for cell in line.split("|")[1:-1]]
        if len(cells) == 3 and cells[0] not in ("Threat", "---"):
            found.append((cells[0], cells[1], re.findall(r"`(test_[a-z0-9_]+)`", cells[2])))
    return found


def written() -> dict[str, str]:
    """The name of every test, and the file it is in."""
    names: dict[str, str] = {}
    for path in sorted(TESTS.rglob("test_*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                names[node.name] = path.name
    return names


def test_every_threat_has_a_defence_and_tests_that_exist() -> None:
    there = written()
    assert len(rows()) >= THREATS_LEAST
    for threat, defence, tests in rows():
        assert len(defence) > 20, threat
        assert tests or "`.ci/run`" in PAGE.split(threat)[1].splitlines()[0], threat
    named = set(re.findall(r"`(test_[a-z0-9_]+)`", PAGE))
    assert sorted(named - set(there)) == []
    assert len(named) > 2 * THREATS_LEAST


def test_every_test_named_on_the_page_of_foreign_text_exists() -> None:
    page = (TESTS.parent / "docs" / "foreign-text.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`(test_[a-z0-9_]+)`", page))
    assert len(named) >= 20
    assert sorted(named - set(written())) == []


def test_the_edges_and_the_way_to_report_are_told() -> None:
    edges = PAGE.partition("## What is not defended")[2].partition("## ")[0]
    for edge in ("Disks that lie", "workstation", "administrator", "only disk", "claims", "telephone"):
        assert edge in edges, edge
    assert "in private" in PAGE.partition("## How to report")[2]
