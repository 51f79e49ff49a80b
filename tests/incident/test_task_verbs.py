"""The forms of tasks: what is written becomes the command that was meant, and what waits says so."""

from __future__ import annotations

from typing import Any

import pytest

from incident.kernel.board import Look
from incident.kernel.slice import Actor
from incident.tasks import facts as f
from incident.tasks import tasks
from incident.tasks.board import BOARD
from tests.incident.stage import Stage

VERBS = {verb.name: verb for verb in BOARD.verbs}


def look(stage: Stage, agency: str = "LAS") -> Look:
    return Look(stage.state, Actor("desk 1", agency, "operator"), stage.now, clock=lambda at: f"{at}")


def built(stage: Stage, verb: str, task: str | None = None, **values: str) -> Any:
    """What a form makes; left alone, its fields hold what they are filled with."""
    view = look(stage)
    row = None if task is None else tasks(stage.state).rows[task]
    filled = {arg.name: arg.default(view, row) for arg in VERBS[verb].args if arg.default is not None}
    return VERBS[verb].build(row, {**filled, **values}, view)


def test_what_it_waits_for_and_where_it_came_from_can_be_said() -> None:
    stage = Stage()
    first = stage.must("LAS", f.Raise("Open RVP B", "SCAS"))
    command = built(stage, "raise", title="Bus", agency="SCAS", waits="t1", origin="line 14")
    assert (command.depends_on, command.origin) == ((first,), "line 14")
    task = stage.must("LAS", command)
    with pytest.raises(ValueError, match="no task T9"):
        built(stage, "amend", task, waits="T9")


def test_a_form_left_alone_changes_nothing_and_each_field_can_be_taken_away() -> None:
    stage = Stage()
    first = stage.must("LAS", f.Raise("Open RVP B", "SCAS"))
    due = stage.now + 600_000
    task = stage.must(
        "LAS", f.Raise("Bus", "SCAS", "by the lay-by", due=due, place="RVP", depends_on=(first,))
    )
    assert f.edited(built(stage, "amend", task)) == ()
    assert f.edited(built(stage, "amend", task, category="transport")) == ("category",)
    assert f.edited(built(stage, "amend", task, clear="due")) == ("due",)
    stage.must("LAS", built(stage, "amend", task, clear="due, place detail WAITS"))
    row = tasks(stage.state).rows[task]
    assert (row.due, row.place, row.detail, row.depends_on) == (None, "", "", ())
    stage.must("LAS", built(stage, "amend", task, waits="LAS-T1"))
    assert tasks(stage.state).rows[task].depends_on == (first,)
    with pytest.raises(ValueError, match="Only these can be taken away: detail, due, place, waits"):
        built(stage, "amend", task, clear="title")


def test_a_due_time_that_was_taken_away_meanwhile_is_told() -> None:
    stage = Stage()
    task = stage.must("LAS", f.Raise("Bus", "SCAS", due=stage.now + 60_000))
    seen = stage.model.base_for(stage.state, f.Amend(task, due=None))
    stage.must("LAS", f.Amend(task, due=None), base=seen)
    refusal = stage.refused("LAS", f.Amend(task, due=stage.now), "field_changed", base=seen)
    assert refusal.sentence == "The due time of LAS-T1 was changed meanwhile: it is empty now."


def test_the_board_marks_what_waits_until_the_other_is_done() -> None:
    stage = Stage()
    first = stage.must("LAS", f.Raise("Open RVP B", "SCAS"))
    task = stage.must("LAS", f.Raise("Bus", "SCAS", depends_on=(first,)))

    def title() -> str:
        return BOARD.columns[1].cell(tasks(stage.state).rows[task], look(stage)).text

    assert title() == "Bus · waits for LAS-T1"
    stage.must("SCAS", f.Begin(first))
    stage.must("SCAS", f.Begin(task))
    assert title() == "Bus · waits for LAS-T1", "it is a mark, and forbids nothing"
    stage.must("SCAS", f.Finish(first))
    assert title() == "Bus"


def test_tasks_do_not_wait_for_each_other_nor_for_what_is_not_here() -> None:
    stage = Stage()
    first = stage.must("LAS", f.Raise("one", "SCAS"))
    second = stage.must("LAS", f.Raise("two", "SCAS", depends_on=(first,)))
    third = stage.must("LAS", f.Raise("three", "SCAS", depends_on=(second,)))
    stage.refused("LAS", f.Amend(first, depends_on=(third,)), "waits_for_itself")
    stage.refused("LAS", f.Amend(first, depends_on=(first,)), "waits_for_itself")
    nowhere = ("00000000-0000-7000-8000-999999999999",)
    stage.refused("LAS", f.Amend(first, depends_on=nowhere), "no_such_task")
    stage.refused("LAS", f.Raise("four", "SCAS", depends_on=nowhere), "no_such_task")
