"""Reports: drafted from the state, edited and signed by a person, the same words for everybody; and documents."""

from __future__ import annotations

import csv
import io

import msgspec
import pytest

from incident.boundaries import boundaries
from incident.boundaries import facts as b
from incident.casualties import facts as cs
from incident.commanders import facts as cm
from incident.comms import facts as cf
from incident.kernel.board import Look
from incident.kernel.slice import Actor
from incident.log import facts as lg
from incident.organisation import facts as o
from incident.places import facts as pl
from incident.reports import facts, gather, reports
from incident.reports.document import EXERCISE, Document, Section, Table, inert, to_csv, to_text
from incident.reports.facts import HEADINGS, Part, Sign
from incident.resources import facts as r
from incident.state import INCIDENT
from incident.tasks import facts as t
from incident.values import Location
from tests.incident.given import MINUTE, T0, Given, opened

BOARD = next(board for board in INCIDENT.boards if board.name == "reports")
HERE = b.Shape(Location("Colnbrook by-pass", "TQ 0227 7759", 51.487, -0.530))


def at_work() -> Given:
    given = opened().did(o.AssignNumber("LAS-2611-03")).did(o.Declare("LAS", "declared"))
    given.did(r.Commit((r.Commitment("LAS/A101", "DCA", "AVB"), r.Commitment("LAS/H1", "HART", "AVB"))))
    given.did(r.SetStatus("LAS/A101", "MOB")).did(b.Propose("rvp", HERE, review_due=T0 + 40 * MINUTE))
    given.did(t.Raise("Open the slip road", "SCAS", due=T0 + 20 * MINUTE))
    given.did(lg.Decide("P3 by bus", "frees four crews", review_at=T0 + 60 * MINUTE))
    return given.later(2)


def point(given: Given) -> str:
    """The feature that was proposed last."""
    return list(boundaries(given.view).rows)[-1]


def look(given: Given, agency: str = "LAS", role: str = "operator") -> Look:
    return Look(
        state=given.view,
        me=Actor("Sam", agency, role),
        now=given.now,
        stream=given.stream,
        clock=lambda at: f"{at // 3_600_000 % 24:02}:{at // 60_000 % 60:02}",
    )


def verb(name: str):
    return next(verb for verb in BOARD.verbs if verb.name == name)


def test_a_sitrep_is_drafted_from_what_is_known() -> None:
    seen = look(at_work())
    draft = {name: gather.text("sitrep", name, seen) for name in HEADINGS["sitrep"]}
    assert "M4/M25 coach (LAS-2611-03), incident, exercise." in draft["situation"]
    assert "LAS: declared 14:00." in draft["situation"]
    assert "2 units: 1 en route, 1 free." in draft["resources"]
    assert "LAS-D1 14:00: P3 by bus. Reason: frees four crews." in draft["decisions"]
    assert "LAS-T1 SCAS: Open the slip road, raised, due 14:20." in draft["open"]
    assert "SCAS: SCAS duty manager." in draft["communications"]
    assert draft["forecast"].startswith(
        "14:20 Open the slip road, SCAS\n14:40 RVP A review, LAS\n15:00 LAS-D1 review"
    )
    assert "LAS has named nobody to ring" in gather.text("sitrep", "risks", look(at_work().later(5)))


def test_a_sitrep_says_what_is_agreed_on_the_ground_who_commands_and_what_the_hospitals_can_take() -> None:
    given = at_work()
    given.by("SCAS").did(b.Agree(point(given)))
    given.by("SECAMB").did(b.Decline(point(given), "one way only")).by("LAS")
    given.did(b.Propose("hot_zone", HERE, scheme="fire")).by("SCAS").did(b.Agree(point(given))).by("LAS")
    given.did(cm.TakeRole("LAS", "tactical", "R Okafor", contact="ext 31"))
    given.did(pl.OpenPlaces(("WEXHAM",))).did(pl.Allocate("WEXHAM", "p1", 2))
    draft = {name: gather.text("sitrep", name, look(given)) for name in HEADINGS["sitrep"]}
    assert "NO FCP is set." in draft["ground"]
    assert (
        "RVP A, LAS, Colnbrook by-pass TQ 0227 7759 51.48700,-0.53000: NOT AGREED by SECAMB, review 14:40."
        in draft["ground"]
    )
    assert "hot zone A, scheme fire and rescue, LAS, " in draft["ground"]
    assert ": agreed by 2 of 3" in draft["ground"]
    assert "LAS tactical commander: R Okafor, ext 31, since 14:02." in draft["command"]
    assert "VACANT: LAS operational commander." in draft["command"]
    assert "Wexham Park: can take 3/6/12, allocated 2/0/0, room left 1/6/12" in draft["casualties"]


def test_a_draft_names_times_of_day_which_stay_true_once_it_is_signed() -> None:
    given = at_work().did(cs.Count("at_scene", cs.Counts(p1=3)))
    still = ("situation", "methane", "ground", "command", "casualties", "resources", "aid", "open")
    then, later = look(given), look(given.later(3))
    for name in still:
        assert gather.text("sitrep", name, then) == gather.text("sitrep", name, later), name
    assert "Oldest count in each: scene 14:02" in gather.text("sitrep", "casualties", later)


def test_a_talkgroup_that_does_not_work_for_somebody_is_not_called_tested() -> None:
    given = at_work().did(cf.SetLink("ICC-1"))
    for agency, worked in (("LAS", True), ("SCAS", False), ("SECAMB", True)):
        given.by(agency).did(cf.TestChannel(next(iter(given.view.comms.channels)), agency, worked))
    given.by("LAS")
    said = next(iter(gather.channels(look(given))))
    assert said.lower().endswith("does not work for scas."), said
    assert "works for all" not in said
    given.by("SCAS").did(cf.TestChannel(next(iter(given.view.comms.channels)), "SCAS", True)).by("LAS")
    assert next(iter(gather.channels(look(given)))) == "Control rooms: ICC-1, works for all."


def test_an_iimarch_brief_has_seven_headings_each_with_a_draft() -> None:
    seen = look(at_work())
    drafts = {name: gather.text("iimarch", name, seen) for name in HEADINGS["iimarch"]}
    assert len(drafts) == 7
    assert all(drafts.values())
    signed = verb("iimarch").build(
        None, {"intent": drafts["intent"], "humanitarian": "Rest centre open"}, seen
    )
    texts = {part.name: part.text for part in signed.parts}
    assert texts["intent"] == "", "what nobody has answered is not signed"
    assert texts["humanitarian"] == "Rest centre open"
    assert (
        "RVP A, LAS, Colnbrook by-pass TQ 0227 7759 51.48700,-0.53000: proposed, review 14:40."
        in drafts["method"]
    )


def test_nothing_is_drafted_of_nothing() -> None:
    empty = Look(state=INCIDENT.initial(), me=None, now=T0)
    assert gather.text("sitrep", "situation", empty) == ""


def test_what_a_person_signs_is_what_everybody_has() -> None:
    given = at_work()
    seen = look(given)
    answers = {name: gather.text("sitrep", name, seen) for name in HEADINGS["sitrep"]}
    answers["forecast"] = "All away by 16:00."
    given.did(verb("sitrep").build(None, answers, seen))
    (row,) = reports(given.view).rows.values()
    assert (row.name, row.agency, row.actor, row.as_at) == ("Sitrep 1", "LAS", "Sam", given.now)
    assert Part("forecast", "All away by 16:00.") in row.parts
    assert given.line().text.startswith("signs Sitrep 1: M4/M25 coach")
    assert given.line().weight == "decision"
    texts = [cell.text for _, cell in BOARD.detail(row, look(given, "SCAS"))]
    assert "All away by 16:00." in texts
    assert BOARD.named("sitrep 1", seen) is None
    assert BOARD.named("sitrep 1", look(given)) == row.id
    given.later().did(t.Raise("Later work", "SCAS")).check()
    assert reports(given.view).rows[row.id] == row, "what is signed never changes"


def test_a_form_that_was_not_touched_signs_the_draft_and_one_that_was_emptied_leaves_the_heading_out() -> (
    None
):
    given = at_work()
    command = verb("iimarch").build(None, {"intent": ""}, look(given))
    names = {part.name: part.text for part in command.parts}
    assert names["intent"] == ""
    given.did(command)
    (row,) = reports(given.view).rows.values()
    assert "intent" not in {part.name for part in row.parts}
    assert "information" in {part.name for part in row.parts}


def test_numbers_count_each_kind_and_never_change() -> None:
    given = at_work()
    for kind in ("sitrep", "iimarch", "sitrep"):
        given.did(Sign(kind, given.now, (Part("situation" if kind == "sitrep" else "intent", "x"),)))
    assert [row.name for row in reports(given.view).rows.values()] == [
        "Sitrep 1",
        "IIMARCH brief 1",
        "Sitrep 2",
    ]


def test_bad_reports_are_refused_with_a_sentence() -> None:
    given = at_work()
    given.when(Sign("sitrep", T0, (Part("situation", "  "),))).refused("empty_report")
    given.when(Sign("sitrep", T0, (Part("intent", "x"),))).refused("unknown_heading")
    given.when(Sign("sitrep", T0, (Part("risks", "x"), Part("risks", "y")))).refused("heading_twice")
    given.when(Sign("sitrep", T0, (Part("risks", "x" * 2_501),))).refused("bad_shape")
    given.by("LAS", "observer").when(Sign("sitrep", T0, (Part("risks", "x"),))).refused("no_grant")
    given.by("LAS", "loggist").when(Sign("sitrep", given.now + MINUTE, (Part("risks", "x"),)))


def test_no_report_speaks_of_the_future() -> None:
    given = at_work().did(Sign("sitrep", T0 + 999 * MINUTE, (Part("risks", "x"),)))
    assert next(iter(reports(given.view).rows.values())).as_at == given.now


def test_only_so_many_are_kept() -> None:
    given = at_work()
    for n in range(facts.KEPT + 3):
        given.did(Sign("sitrep", given.now, (Part("risks", str(n)),)))
    rows = list(reports(given.view).rows.values())
    assert len(rows) == facts.KEPT
    assert rows[0].name == "Sitrep 4"


# -- documents --------------------------------------------------------------------------------------------------


def document(mode: str = "exercise") -> Document:
    return Document(
        "Log",
        mode,
        "M4/M25 coach, LAS-2611-03, as at 14:32",
        (
            Section("Facts", (("lead", "SCAS"), ("where", "M25 J15 " + "northbound " * 12))),
            Section("Text", paragraphs=("one\ntwo", "evil \x1b]0;title\x07 [red]text")),
            Section("Rows", tables=(Table(("No", "What"), (("1", "word " * 40), ("22", "short"))),)),
        ),
        "made by Sam",
    )


def test_an_exercise_says_so_first_and_last_and_a_live_one_never() -> None:
    lines = to_text(document()).splitlines()
    assert lines[0] == lines[-1] == EXERCISE
    assert "EXERCISE" not in to_text(document("live"))


@pytest.mark.parametrize("width", [60, 80, 120])
def test_a_document_keeps_to_its_width_and_its_columns(width: int) -> None:
    text = to_text(document(), width)
    assert max(map(len, text.splitlines())) <= width
    lines = text.splitlines()
    head = next(line for line in lines if line.startswith("  No"))
    assert all(line.index("short") == head.index("What") for line in lines if "short" in line)


def test_nothing_in_a_document_acts_on_a_terminal() -> None:
    text = to_text(document())
    assert "\x1b" not in text
    assert "\x07" not in text
    assert "[red]text" in text


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@x", "\t=1", "=cmd|' /C calc'!A0"])
def test_no_cell_is_a_formula(cell: str) -> None:
    assert inert(cell)[0] not in "=+-@\t\r"
    (_, (found,)) = csv.reader(io.StringIO(to_csv(("a",), [(cell,)])))
    assert found[0] not in "=+-@"


def test_cells_come_back_as_they_were() -> None:
    rows = [("a, b", 'say "go"', "ü"), ("1", "", "x")]
    back = list(csv.reader(io.StringIO(to_csv(("x", "y", "z"), rows))))
    assert [tuple(row) for row in back[1:]] == rows
    assert msgspec.json.decode(msgspec.json.encode(document()), type=Document) == document()
