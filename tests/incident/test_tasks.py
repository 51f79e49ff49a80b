"""Tasks: the whole of one task's life, who may move it, and what happens when two rooms move it at once."""

from __future__ import annotations

import random

import pytest

from incident.kernel.board import Look
from incident.kernel.receipts import Deliver, See, receipt
from incident.kernel.slice import Actor, Refusal
from incident.tasks import facts as f
from incident.tasks import overdue, tasks, unanswered
from incident.tasks.board import BOARD
from tests.incident.stage import AGENCIES, Stage


def raised(stage: Stage, **more: object) -> str:
    return stage.must("LAS", f.Raise("Open RVP B", "SCAS", **more))


def look(stage: Stage, agency: str = "LAS") -> Look:
    return Look(stage.state, Actor("desk 1", agency, "operator"), stage.now, clock=lambda at: f"{at}")


def test_from_raised_to_verified() -> None:
    stage = Stage()
    task = raised(stage, due=stage.now + 900_000)
    row = tasks(stage.state).rows[task]
    assert (row.number, row.state, row.agency, row.raised_by) == ("LAS-T1", "raised", "SCAS", "LAS")
    for command, state in (
        (f.Accept(task), "accepted"),
        (f.Begin(task), "in_progress"),
        (f.Block(task, "road closed"), "blocked"),
        (f.Begin(task), "in_progress"),
        (f.Finish(task, "photograph taken"), "done"),
    ):
        stage.must("SCAS", command)
        assert tasks(stage.state).rows[task].state == state
    stage.must("LAS", f.Return(task, "lane 2 still shut"))
    stage.must("SCAS", f.Finish(task))
    stage.must("LAS", f.Verify(task))
    assert tasks(stage.state).rows[task].state == "closed"
    assert stage.lines()[-1] == "verified and closed: LAS-T1 Open RVP B"


def test_sent_delivered_and_seen_are_facts_of_the_agency_asked() -> None:
    stage = Stage()
    task = raised(stage)
    cell = BOARD.columns[3].cell
    row = tasks(stage.state).rows[task]
    assert cell(row, look(stage)).text == "sent"
    stage.must("SECAMB", See((f"tasks/{task}",)))
    assert cell(row, look(stage)).text == "sent", "somebody else's eyes are not theirs"
    stage.must("SCAS", Deliver((f"tasks/{task}",)))
    assert cell(row, look(stage)).text == "delivered"
    stage.must("SCAS", See((f"tasks/{task}",)))
    assert cell(row, look(stage)).text == "seen"
    assert receipt(stage.state.receipts, f"tasks/{task}", "SCAS").delivered is not None


def test_it_asks_for_a_receipt_until_it_is_answered() -> None:
    stage = Stage()
    task = raised(stage)
    assert f"tasks/{task}" in stage.model.addressed(stage.state, "SCAS")
    assert f"tasks/{task}" not in stage.model.addressed(stage.state, "LAS")
    stage.must("SCAS", f.Accept(task))
    assert f"tasks/{task}" not in stage.model.addressed(stage.state, "SCAS")


def test_declined_with_a_suggestion_then_asked_elsewhere() -> None:
    stage = Stage()
    task = raised(stage)
    stage.must("SCAS", f.Decline(task, "no vehicle free", "SECAMB"))
    row = tasks(stage.state).rows[task]
    assert (row.state, row.reason, row.suggested) == ("declined", "no vehicle free", "SECAMB")
    stage.must("LAS", f.Reassign(task, "SECAMB"))
    row = tasks(stage.state).rows[task]
    assert (row.state, row.agency, row.asked, row.reason) == ("raised", "SECAMB", ("SCAS", "SECAMB"), "")
    assert f"tasks/{task}" in stage.model.addressed(stage.state, "SECAMB")


def test_the_same_target_twice_is_one() -> None:
    stage = Stage()
    task = raised(stage)
    stage.must("SCAS", f.Accept(task))
    assert stage.try_("SCAS", f.Accept(task), base={}) == ()


def test_an_illegal_step_says_from_where() -> None:
    stage = Stage()
    task = raised(stage)
    refusal = stage.refused("LAS", f.Verify(task), "illegal_step")
    assert refusal.sentence == "LAS-T1 is raised; it cannot become closed from there."
    assert not refusal.conflict


def test_who_had_not_seen_the_last_change_is_told() -> None:
    stage = Stage()
    task = raised(stage)
    seen = stage.model.base_for(stage.state, f.Accept(task))
    stage.must("LAS", f.Reassign(task, "SECAMB", "nearer"))
    refusal = stage.refused("SCAS", f.Accept(task), "stale", base=seen)
    assert refusal.conflict
    assert refusal.facts["agency"] == "SECAMB"


def test_different_fields_merge_and_the_same_field_does_not() -> None:
    stage = Stage()
    task = raised(stage)
    due = stage.model.base_for(stage.state, f.Amend(task, due=stage.now + 60_000))
    title = stage.model.base_for(stage.state, f.Amend(task, title="Open RVP C"))
    stage.must("LAS", f.Amend(task, due=stage.now + 60_000), base=due)
    stage.must("LAS", f.Amend(task, title="Open RVP C"), base=title)
    assert stage.refused("LAS", f.Amend(task, title="Open RVP D"), "field_changed", base=title).conflict
    row = tasks(stage.state).rows[task]
    assert row.title == "Open RVP C"
    assert row.due is not None


def test_a_note_never_conflicts() -> None:
    stage = Stage()
    task = raised(stage)
    seen = stage.model.base_for(stage.state, f.Accept(task))
    stage.must("SECAMB", f.Report(task, "we can see smoke"), base={})
    stage.must("SCAS", f.Accept(task), base=seen)
    for n in range(f.UPDATES_KEPT + 5):
        stage.must("SCAS", f.Report(task, f"note {n}"))
    row = tasks(stage.state).rows[task]
    assert len(row.updates) == f.UPDATES_KEPT
    assert row.updates_count == f.UPDATES_KEPT + 6


def test_split_makes_children_with_their_own_agencies() -> None:
    stage = Stage()
    task = raised(stage, priority="immediate", category="transport")
    command = stage.must("SCAS", f.SplitUp(task, (f.Child("lane 1", "SCAS"), f.Child("lane 2", "SECAMB"))))
    rows = tasks(stage.state).rows
    assert rows[task].state == "split"
    children = [rows[f"{command}/1"], rows[f"{command}/2"]]
    assert [(c.agency, c.parent, c.priority, c.number) for c in children] == [
        ("SCAS", task, "immediate", "SCAS-T1"),
        ("SECAMB", task, "immediate", "SCAS-T2"),
    ]
    stage.refused("SCAS", f.Begin(task), "illegal_step")


def test_only_parties_can_be_asked_or_support() -> None:
    stage = Stage()
    stage.refused("LAS", f.Raise("x", "LFB"), "not_party")
    task = raised(stage)
    stage.refused("LAS", f.Support(task, ("LFB",)), "not_party")
    stage.refused("LAS", f.Reassign(task, "LFB"), "not_party")
    stage.must("LAS", f.Support(task, ("SECAMB", "SCAS", "SECAMB")))
    assert tasks(stage.state).rows[task].supporting == ("SECAMB",), (
        "the accountable agency does not support itself"
    )


def test_numbers_are_each_agencys_own_and_never_change() -> None:
    stage = Stage()
    first = raised(stage)
    stage.must("SCAS", f.Raise("other", "LAS"))
    second = raised(stage)
    rows = tasks(stage.state).rows
    assert [row.number for row in rows.values()] == ["LAS-T1", "SCAS-T1", "LAS-T2"]
    stage.must("LAS", f.Cancel(first, "not needed"))
    assert tasks(stage.state).rows[second].number == "LAS-T2"


@pytest.mark.parametrize(("priority", "minutes"), [("immediate", 2), ("urgent", 5), ("routine", 15)])
def test_unanswered_and_overdue_follow_from_time(priority: str, minutes: int) -> None:
    stage = Stage()
    task = raised(stage, priority=priority, due=stage.now + 3_600_000)
    row = tasks(stage.state).rows[task]
    asked = row.offered_at
    assert not unanswered(row, asked + minutes * 60_000)
    assert unanswered(row, asked + minutes * 60_000 + 1)
    assert not overdue(row, row.due or 0)
    assert overdue(row, (row.due or 0) + 1)
    stage.must("SCAS", f.Accept(task))
    stage.must("SCAS", f.Finish(task))
    assert not overdue(tasks(stage.state).rows[task], (row.due or 0) + 1), "done is done, if not yet verified"


def test_no_such_task() -> None:
    stage = Stage()
    stage.refused("LAS", f.Accept("00000000-0000-7000-8000-999999999999"), "no_such_task")


def test_the_board_says_it_in_the_fields_words() -> None:
    stage = Stage()
    task = raised(stage, priority="immediate", due=stage.now + 600_000, detail="by the lay-by")
    view = look(stage, "SCAS")
    row = BOARD.rows(view)[task]
    assert BOARD.named("t1", view) == task
    assert BOARD.named("LAS-T1", view) == task
    assert BOARD.named("T9", view) is None
    assert "rvp b" in BOARD.find(row, view)
    titles = [title for title, _ in BOARD.detail(row, view)]
    assert {"with", "asked", "raised by", "due", "detail"} <= set(titles)
    offered = {verb.name for verb in BOARD.verbs if verb.row and verb.applies(row, view)}
    assert {"accept", "decline", "begin"} <= offered
    assert not {"verify", "cancel", "reassign"} & offered, "those are the raiser's"


def test_any_walk_keeps_what_must_hold(seed: int) -> None:
    """Random commands of random agencies: the stage checks the invariants after each."""
    for walk in range(20):
        rng = random.Random(f"{seed} tasks {walk}")
        stage = Stage()
        accepted = 0
        for _ in range(60):
            rows = list(tasks(stage.state).rows)
            agency = rng.choice(AGENCIES)
            target = rng.choice(rows) if rows else "00000000-0000-7000-8000-999999999999"
            command = rng.choice(
                [
                    *[f.Raise(f"task {rng.random()}", rng.choice(AGENCIES))] * 4,
                    f.Accept(target),
                    f.Decline(target, "no", rng.choice(("", *AGENCIES))),
                    f.Begin(target),
                    f.Block(target, "because"),
                    f.Finish(target),
                    f.Verify(target),
                    f.Return(target, "not yet"),
                    f.Cancel(target, "no"),
                    f.Reassign(target, rng.choice(AGENCIES)),
                    f.Assign(target, "desk 2"),
                    f.SplitUp(target, (f.Child("a", "LAS"), f.Child("b", "SCAS"))),
                    f.Support(target, tuple(rng.sample(AGENCIES, 2))),
                    f.Report(target, "note"),
                    f.Amend(target, title=f"title {rng.random()}"),
                ]
            )
            accepted += not isinstance(stage.try_(agency, command), Refusal)
        assert accepted > 20
        assert stage.model.digest(stage.model.fold(stage.records)) == stage.model.digest(stage.state)
        assert all(stage.lines())
