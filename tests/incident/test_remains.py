"""What an end would leave behind: said before the second key, and nobody is refused for it."""

from __future__ import annotations

import pytest

from incident.boundaries.facts import Shape
from incident.cover import facts as cover
from incident.cover.facts import Ask, Terms
from incident.organisation.facts import Close, Declare
from incident.organisation.remains import against_closing, against_declaring
from incident.resources.facts import Commit, Commitment, Release, SetStatus
from incident.tasks.facts import Accept, Finish, Raise
from incident.values import Location
from tests.incident.given import T0, Given, opened

UNITS = (
    "5 of our units are still committed, 3 at the scene: LAS/A101, LAS/A103, LAS/A105, LAS/A102, LAS/A104."
)
OVER = ("cancelled", "stand_down", "recovery", "closed")


def at_work() -> Given:
    """LAS leads with five units, three at the scene; SCAS and SECAMB are at work; a task is for LAS, one by it."""
    given = opened("SCAS", "SECAMB")
    for agency in ("LAS", "SCAS", "SECAMB"):
        given.by(agency).did(Declare(agency, "declared"))
    units = tuple(Commitment(f"LAS/A10{n}", "DCA", "MOB") for n in range(1, 6))
    given.by("LAS").did(Commit(units))
    for n in (1, 3, 5):
        given.later().did(SetStatus(f"LAS/A10{n}", "SCN"))
    given.by("SCAS").did(Commit((Commitment("SCAS/A204", "DCA", "MOB"),)))
    given.did(Raise("Two buses", "LAS"))
    given.by("LAS").did(Raise("Open RVP B", "SCAS"))
    task = given.last
    given.by("SCAS").did(Accept(task)).did(Finish(task, "open"))
    return given.by("LAS")


@pytest.mark.parametrize("word", OVER)
def test_standing_down_says_what_stands_against_it_and_is_not_refused(word: str) -> None:
    given = at_work()
    assert against_declaring(given.view, "LAS", word) == (
        UNITS,
        "We lead: offer the lead on first.",
        "Still at work: SCAS, SECAMB.",
        "1 of our tasks is open.",
        "1 task waits for our verification.",
    )
    given.did(Declare("LAS", word))


def test_only_what_is_so_is_said_and_of_our_own_units_alone() -> None:
    given = at_work()
    for n in range(1, 6):
        given.did(Release(f"LAS/A10{n}"))
    assert against_declaring(given.view, "SCAS", "closed")[:2] == (
        "1 of our units is still committed: SCAS/A204.",
        "Still at work: LAS, SECAMB.",
    )
    for agency in ("SCAS", "SECAMB"):
        given.by(agency).did(Declare(agency, "stand_down"))
    assert not any(
        "lead" in said or "units" in said for said in against_declaring(given.view, "LAS", "closed")
    )


@pytest.mark.parametrize("word", ["aware", "standby", "declared", "nonsense"])
def test_nothing_stands_against_what_ends_nothing(word: str) -> None:
    assert against_declaring(at_work().view, "LAS", word) == ()


def test_the_scene_is_not_clear_of_units_that_are_there() -> None:
    (said,) = against_declaring(at_work().view, "LAS", "scene_clear")
    assert said == "3 of our units are still at the scene: LAS/A101, LAS/A103, LAS/A105."


def test_of_many_units_the_number_is_whole_and_the_names_are_few() -> None:
    given = opened()
    given.did(Commit(tuple(Commitment(f"LAS/A{n}", "DCA", "MOB") for n in range(100, 140))))
    (said,) = against_declaring(given.view, "LAS", "stand_down")
    assert said.startswith("40 of our units are still committed: LAS/A100, ")
    assert said.endswith(" and 34 more.")


def test_a_closing_that_the_rules_let_pass_names_what_is_left_open() -> None:
    given = at_work()
    for n in range(1, 6):
        given.did(Release(f"LAS/A10{n}"))
    given.by("SCAS").did(Release("SCAS/A204"))
    for agency in ("SCAS", "SECAMB", "LAS"):
        given.by(agency).did(Declare(agency, "stand_down"))
    assert against_closing(given.view, "LAS") == (
        "1 task is open: SCAS-T1.",
        "1 task waits for our verification: LAS-T1.",
    )
    assert "1 task waits for others to verify it: LAS-T1." in against_closing(given.view, "SCAS")
    given.did(Close())


def test_a_closing_names_the_cover_that_still_stands() -> None:
    given = opened().did(
        Ask("SECAMB", Terms("Staines", Shape(Location("Staines")), T0, 60, "the M25 is shut"))
    )
    assert against_closing(given.view, "LAS", now=given.now) == (), "nobody has agreed to it"
    given.by("SECAMB").did(cover.Accept(given.last))
    said = "1 stretch is still covered by agreement: LAS-C1."
    assert against_closing(given.view, "LAS", now=given.now) == (said,)
    given.later(60)
    assert against_closing(given.view, "LAS", now=given.now) == ()
