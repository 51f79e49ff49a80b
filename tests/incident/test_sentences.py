"""One voice: what people read says no word of ours for things, ends each sentence once, and begins with the deed."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import pytest

from incident.fleet import facts as g
from incident.kernel.checks import nearest
from incident.log import facts as lg
from incident.organisation import facts as o
from incident.resources import facts as r
from incident.state import INCIDENT, REGISTER
from incident.values import Location, sentences, stop
from tests.golden.make import HISTORIES
from tests.incident.given import MINUTE, REGISTER_STREAM, T0, Given, opened

ROOT = Path(__file__).resolve().parents[2] / "incident"
TWICE = re.compile(r"[.!?][.]|[.] [.]")
# *Command* is a role at the scene; of what a person wrote it is our word, not theirs.
OF_THE_FIELD = ("command and control", "Forward command post (FCP)")


def spoken(path: Path) -> list[str]:
    """The texts of a module that hold more than one word, without its docstrings."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    mute = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    return [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and id(node) not in mute
        and " " in node.value.strip()
    ]


def test_no_sentence_speaks_of_commands() -> None:
    found = [
        f"{path.relative_to(ROOT)}: {text}"
        for path in sorted(ROOT.rglob("*.py"))
        if "scenario" not in path.parts  # whoever writes a scenario writes commands, and is told of them
        for text in spoken(path)
        if re.search(r"(?<!forward )(?<!in )\bcommands?\b", text) and text not in OF_THE_FIELD
    ]
    assert found == []


def test_a_stop_is_set_once() -> None:
    assert [stop(text) for text in ("fire out", "fire out.", "fire out!", "fire out?")] == [
        "fire out.",
        "fire out.",
        "fire out!",
        "fire out?",
    ]
    assert sentences("closes the incident") == "closes the incident"
    assert sentences("a", "Reason: b.", "", "c?") == "a. Reason: b. c?"
    assert stop(f"no kind{nearest('DCB', ['DCA'])}") == "no kind; did you mean 'DCA'?"


@pytest.mark.parametrize("name", sorted(HISTORIES))
def test_a_line_of_the_log_begins_with_what_was_done_or_with_the_thing(name: str) -> None:
    """Who did it stands in a column of its own, so no line repeats it or says it in the past."""
    given = HISTORIES[name]()
    names = given.model.names(given.view)
    for record in given.records:
        if record.type == "log.written":
            continue  # a person's own words
        text = given.model.sentence(record, names).text
        assert not TWICE.search(text), text
        first = text.split()[0].rstrip(":")
        assert first.islower() or re.search(r"[/\d-]", first), text
        assert not text.startswith(f"{record.agency} "), text


def _ended(given: Given, *steps: tuple[str, str, Any]) -> list[str]:
    for agency, role, command in steps:
        given.by(agency, role, "system" if role == "system" else "Sam").did(command)
    names = given.model.names(given.view)
    return [given.model.sentence(record, names).text for record in given.records]


def test_words_that_end_in_a_stop_of_their_own_get_no_second() -> None:
    chief = "tactical_commander"
    given = opened(title="Coach on fire.", location=Location("M25 J15."))
    lines = _ended(
        given,
        ("LAS", "operator", o.ChangeKind("standby", "smaller.")),
        ("SCAS", "operator", o.Declare("SCAS", "declared", "bus!")),
        ("LAS", "operator", o.Invite(("NWAS",))),
        ("LAS", "operator", o.TakeBackInvitation("NWAS", "wrong one.")),
        ("SCAS", "operator", o.OfferLead("SCAS", "ours.")),
        ("LAS", "operator", o.DeclineLead("00000009-0000-7000-8000-000000000000", "no?")),
        ("LAS", "operator", lg.Decide("hold.", "not safe.", ("go in.", "wait."), "HART disagrees.")),
        ("LAS", "operator", lg.Review("0000000b-0000-7000-8000-000000000000", "stands", "still.")),
        ("LAS", "operator", lg.Strike(11, "wrong.", "hold on.")),
        ("LAS", "operator", r.Commit((r.Commitment("LAS/A1", "DCA", "AVB"),), "near.")),
        ("SCAS", "operator", r.ReportStatus("LAS/A1", "SCN", "seen it.")),
        ("LAS", "operator", r.CorrectStatus("LAS/A1", "RVP", "wrong key.")),
        ("LAS", "operator", r.OfferControl("LAS/A1", "SCAS")),
        ("SCAS", "operator", r.DeclineControl("LAS/A1", "no.")),
        ("LAS", "operator", r.Release("LAS/A1", "done.")),
        ("SECAMB", chief, o.Leave("not ours.")),
    )
    assert [line for line in lines if TWICE.search(line)] == []
    assert sum("Reason: " in line for line in lines) == 12, lines
    register = Given(REGISTER, REGISTER_STREAM)
    lines = _ended(
        register,
        ("LAS", "system", g.OpenRegister("exercise", "LAS")),
        ("LAS", "operator", g.EnterUnits((g.Entry("A1", "DCA"),))),
        ("LAS", "operator", g.CorrectStatus("LAS/A1", "AVB", "radioed.")),
        ("LAS", chief, g.RemoveUnit("LAS/A1", "sold.")),
    )
    assert [line for line in lines if TWICE.search(line)] == []


def test_times_far_away_break_nothing() -> None:
    given = opened().later(10)
    given.did(lg.Write("long ago"), happened_at=0)
    assert "late, written" in given.line().text
    given.did(r.Commit((r.Commitment("LAS/A1", "DCA", "AVB"),)))
    given.did(r.SetStatus("LAS/A1", "MOB"), happened_at=2**53 - 1)
    unit = given.view.resources.units["LAS/A1"]
    assert (unit.since, unit.heard_at) == (T0 + 10 * MINUTE,) * 2, "no status begins in the future"
    given.did(r.SetStatus("LAS/A1", "SCN"))
    assert INCIDENT.invariants(given.view) == ()
