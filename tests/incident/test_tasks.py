"""Tasks: the whole of one task's life, who may move it, and what happens when two rooms move it at once."""

from __future__ import annotations

import random
from collections.abc import Callable

import msgspec
import pytest

from incident.kernel.board import Look
from incident.kernel.receipts import Acknowledge, Deliver, See, receipt
from incident.kernel.slice import Actor, Refusal
from incident.tasks import facts as f
from incident.tasks import overdue, rules, tasks, unanswered
from incident.tasks.board import BOARD
from incident.values import utc_words
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
    assert stage.lines()[-1] == "verifies and closes LAS-T1 Open RVP B"


def offered(stage: Stage, task: str) -> str:
    """The subject under which receipts of the present offer of a task are kept."""
    return f.offer_subject(tasks(stage.state).rows[task])


def state_word(stage: Stage, task: str) -> str:
    return BOARD.columns[3].cell(tasks(stage.state).rows[task], look(stage)).text


def test_sent_delivered_and_seen_are_facts_of_the_agency_asked() -> None:
    stage = Stage()
    task = raised(stage)
    assert state_word(stage, task) == "sent"
    assert stage.try_("SECAMB", See((offered(stage, task),))) == ()
    assert state_word(stage, task) == "sent", "somebody else's eyes are not theirs"
    stage.must("SCAS", Deliver((offered(stage, task),)))
    assert state_word(stage, task) == "delivered"
    stage.must("SCAS", See((offered(stage, task),)))
    assert state_word(stage, task) == "seen"
    assert receipt(stage.state.receipts, offered(stage, task), "SCAS").delivered is not None


def test_it_asks_for_a_receipt_until_it_is_answered() -> None:
    stage = Stage()
    task = raised(stage)
    assert offered(stage, task) in stage.model.addressed(stage.state, "SCAS")
    assert offered(stage, task) not in stage.model.addressed(stage.state, "LAS")
    stage.must("SCAS", f.Accept(task))
    assert offered(stage, task) not in stage.model.addressed(stage.state, "SCAS")


def test_receipts_of_an_earlier_offer_do_not_count_for_a_new_one() -> None:
    stage = Stage()
    task = raised(stage)
    first = offered(stage, task)
    stage.must("SCAS", Acknowledge((first,)))
    assert state_word(stage, task) == "acknowledged"
    stage.must("SCAS", f.Decline(task, "no vehicle free"))
    stage.must("LAS", f.Reassign(task, "SCAS", "you have one now"))
    assert state_word(stage, task) == "sent", "nobody has seen that they were asked again"
    assert offered(stage, task) != first
    assert offered(stage, task) in stage.model.addressed(stage.state, "SCAS")
    stage.must("SCAS", See((offered(stage, task),)))
    assert state_word(stage, task) == "seen"
    assert stage.lines()[-1] == "seen by SCAS: LAS-T1 Open RVP B"


def test_who_supports_is_told_and_keeps_its_receipt_when_others_join() -> None:
    stage = Stage()
    task = raised(stage, supporting=("SECAMB",))
    subject = f.support_subject(tasks(stage.state).rows[task], "SECAMB")
    assert subject in stage.model.addressed(stage.state, "SECAMB")
    stage.must("SECAMB", Acknowledge((subject,)))
    stage.must("LAS", f.Support(task, ("SECAMB", "LAS")))
    row = tasks(stage.state).rows[task]
    assert f.support_subject(row, "SECAMB") == subject
    assert f.support_subject(row, "LAS") in stage.model.addressed(stage.state, "LAS")
    assert dict(BOARD.detail(row, look(stage)))["supported by"].text == "SECAMB (acknowledged), LAS (sent)"
    stage.must("LAS", f.Cancel(task, "no longer"))
    assert not any(s.startswith("tasks/") for s in stage.model.addressed(stage.state, "SECAMB"))


def test_declined_with_a_suggestion_then_asked_elsewhere() -> None:
    stage = Stage()
    task = raised(stage)
    stage.must("SCAS", f.Decline(task, "no vehicle free", "SECAMB"))
    row = tasks(stage.state).rows[task]
    assert (row.state, row.reason, row.suggested) == ("declined", "no vehicle free", "SECAMB")
    stage.must("LAS", f.Reassign(task, "SECAMB"))
    row = tasks(stage.state).rows[task]
    assert (row.state, row.agency, row.asked, row.reason) == ("raised", "SECAMB", ("SCAS", "SECAMB"), "")
    assert offered(stage, task) in stage.model.addressed(stage.state, "SECAMB")
    stage.must("LAS", f.Reassign(task, "SCAS"))
    stage.refused("SCAS", f.Decline(task, "no", "LFBB"), "unknown_agency")
    stage.must("SCAS", f.Decline(task, "no", "LFB"))


@pytest.mark.parametrize("step", [f.Begin, lambda task: f.Block(task, "road closed")])
def test_work_that_was_begun_can_still_be_given_back(step: Callable[[str], object]) -> None:
    stage = Stage()
    task = raised(stage)
    stage.must("SCAS", f.Begin(task))
    stage.try_("SCAS", step(task))
    stage.must("SCAS", f.Decline(task, "crew called away"))
    assert tasks(stage.state).rows[task].state == "declined"


def test_the_same_target_twice_is_one() -> None:
    stage = Stage()
    task = raised(stage)
    stage.must("SCAS", f.Accept(task))
    assert stage.try_("SCAS", f.Accept(task), base={}) == ()


def test_words_said_with_a_step_that_was_taken_already_are_kept_as_a_note() -> None:
    stage = Stage()
    task = raised(stage)

    def notes() -> list[str]:
        return [note.text for note in tasks(stage.state).rows[task].updates]

    stage.must("SCAS", f.Begin(task))
    stage.must("SCAS", f.Block(task, "road closed"))
    assert stage.try_("SCAS", f.Block(task, "road closed"), base={}) == ()
    stage.must("SCAS", f.Block(task, "now also no crew"), base={})
    assert notes() == ["blocked: now also no crew"]
    stage.must("SCAS", f.Finish(task, "photograph"))
    assert stage.try_("SCAS", f.Finish(task), base={}) == ()
    stage.must("SCAS", f.Finish(task, "signed by the owner"))
    stage.must("LAS", f.Verify(task, "seen it"))
    assert stage.try_("LAS", f.Verify(task, "seen it")) == ()
    stage.must("LAS", f.Verify(task, "so has the officer"))
    other = raised(stage)
    stage.must("LAS", f.Cancel(other, "not needed"))
    assert stage.try_("LAS", f.Cancel(other, "not needed")) == ()
    stage.must("LAS", f.Cancel(other, "they know"))
    assert notes() == ["blocked: now also no crew", "done: signed by the owner", "closed: so has the officer"]
    assert tasks(stage.state).rows[other].updates[0].text == "cancelled: they know"


def test_what_is_in_progress_cannot_be_sent_back() -> None:
    stage = Stage()
    task = raised(stage)
    stage.must("SCAS", f.Begin(task))
    assert not stage.refused("LAS", f.Return(task, "not done at all"), "illegal_step").conflict


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


def test_who_has_it_and_who_helps_are_fields_of_their_own() -> None:
    stage = Stage()
    task = raised(stage)
    seen = stage.state
    assign, support = f.Assign(task, "Kim"), f.Support(task, ("SECAMB",))
    mine, theirs = (stage.model.base_for(seen, command) for command in (assign, support))
    stage.must("SCAS", assign, base=mine)
    stage.must("LAS", support, base=theirs)
    refusal = stage.refused("SCAS", f.Assign(task, "Lee"), "field_changed", base=mine)
    assert refusal.conflict
    assert refusal.sentence == "LAS-T1 was given to Kim of SCAS meanwhile."
    assert stage.refused("LAS", f.Support(task, ()), "field_changed", base=theirs).conflict
    latest = stage.model.base_for(stage.state, assign)
    stage.must("LAS", f.Reassign(task, "SECAMB"))
    row = tasks(stage.state).rows[task]
    assert (row.assignee, row.supporting) == ("", ()), (
        "a new owner begins afresh, and does not support itself"
    )
    stage.refused("SECAMB", f.Assign(task, "Lee"), "field_changed", base=latest)


def test_who_could_know_that_it_is_closed_is_not_told_of_a_race() -> None:
    stage = Stage()
    task = raised(stage)
    before = stage.model.base_for(stage.state, f.Assign(task, "Kim"))
    stage.must("LAS", f.Cancel(task, "no"))
    assert not stage.refused("SCAS", f.Assign(task, "Kim"), "illegal_step").conflict
    assert stage.refused("SCAS", f.Assign(task, "Kim"), "illegal_step", base=before).conflict


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
    assert stage.lines()[-2:] == [
        "asks SCAS: SCAS-T1 lane 1, immediate, part of LAS-T1 Open RVP B",
        "asks SECAMB: SCAS-T2 lane 2, immediate, part of LAS-T1 Open RVP B",
    ]


def halved(stage: Stage) -> str:
    task = raised(stage)
    stage.must("SCAS", f.SplitUp(task, (f.Child("lane 1", "SCAS"), f.Child("lane 2", "SECAMB"))))
    return task


def test_what_was_split_stays_its_raisers_and_open() -> None:
    stage = Stage()
    task = halved(stage)
    row = tasks(stage.state).rows[task]
    assert overdue(msgspec.structs.replace(row, due=1), 2), "the whole can still be late"
    assert BOARD.count is not None
    assert BOARD.count(look(stage)) == 3
    offered_verbs = {verb.name for verb in BOARD.verbs if verb.row and verb.applies(row, look(stage))}
    assert {"verify", "cancel", "reassign"} <= offered_verbs
    assert "split" not in offered_verbs
    for part in (key for key in tasks(stage.state).rows if "/" in key):
        stage.must("SCAS", f.Cancel(part, "no time"))
    stage.must("LAS", f.Reassign(task, "SCAS", "as a whole"))
    assert tasks(stage.state).rows[task].state == "raised"
    stage.must("LAS", f.Cancel(halved(stage), "not needed"))
    whole = halved(stage)
    stage.must("LAS", f.Verify(whole))
    assert tasks(stage.state).rows[whole].state == "closed"


@pytest.mark.parametrize("step", ["declined", "done"])
def test_what_was_answered_is_not_split(step: str) -> None:
    stage = Stage()
    task = raised(stage)
    stage.must("SCAS", f.Accept(task))
    stage.must("SCAS", f.Decline(task, "no") if step == "declined" else f.Finish(task))
    stage.refused("SCAS", f.SplitUp(task, (f.Child("a", "SCAS"), f.Child("b", "LAS"))), "illegal_step")


def test_only_who_is_accountable_is_offered_to_split() -> None:
    stage = Stage()
    task = raised(stage)
    row = tasks(stage.state).rows[task]
    split = next(verb for verb in BOARD.verbs if verb.name == "split")
    assert split.applies(row, look(stage, "SCAS"))
    assert not split.applies(row, look(stage, "LAS"))


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


def test_a_room_that_is_cut_off_gives_no_number() -> None:
    stage = Stage()
    raised(stage)
    task = stage.must("LAS", f.Raise("Bus", "SCAS"), cut_off=True)
    second = stage.must("LAS", f.Raise("Two buses", "SCAS"), cut_off=True)
    rows = tasks(stage.state).rows
    assert (rows[task].number, rows[second].number) == ("LAS-T?", "LAS-T?")
    assert tasks(stage.state).counts["LAS"] == 1


def test_a_line_of_the_log_says_the_same_for_ever() -> None:
    stage = Stage()
    first = raised(stage, due=stage.now + 24 * 3_600_000)
    task = stage.must("LAS", f.Raise("Find a bus.", "SCAS", supporting=("SECAMB",), depends_on=(first,)))
    stage.must("SCAS", f.Decline(task, "none free", "LFB"))
    before = stage.lines()
    at = utc_words(stage.now, stage.now)
    stage.must("LAS", f.Amend(task, title="Find two buses", due=stage.now, place="RVP B", depends_on=()))
    stage.must("LAS", f.Amend(task, due=None, place="", category="transport"))
    stage.must("LAS", f.Reassign(task, "SECAMB"))
    lines = stage.lines()
    assert lines[: len(before)] == before, "an amendment rewrites no earlier line"
    assert lines[2].startswith("asks SCAS: LAS-T1 Open RVP B, due ")
    assert lines[2].endswith("UTC (+1 d)")
    assert lines[3:] == [
        "asks SCAS: LAS-T2 Find a bus., supported by SECAMB, waits for LAS-T1 Open RVP B",
        "declines LAS-T2 Find a bus. Reason: none free. Suggests LFB.",
        f"changes LAS-T2 Find a bus.: title is now Find two buses; due {at}; place is now RVP B; waits for nothing",
        "changes LAS-T2 Find a bus.: no due time; kind is now transport; no place",
        "asks SECAMB instead: LAS-T2 Find a bus.",
    ]


def test_each_step_is_said_by_its_agency_in_the_present() -> None:
    stage = Stage()
    task = raised(stage)
    stage.must("SCAS", f.Accept(task))
    stage.must("SCAS", f.Assign(task, "Kim", "RVP officer"))
    stage.must("SCAS", f.Assign(task))
    stage.must("SCAS", f.Begin(task))
    stage.must("SCAS", f.Block(task, "road closed."))
    stage.must("SCAS", f.Finish(task, "first crews are there"))
    stage.must("LAS", f.Return(task, "nobody is there"))
    stage.must("LAS", f.Support(task, ("SECAMB",)))
    stage.must("LAS", f.Support(task, ()))
    stage.must("SECAMB", f.Report(task, "smoke"))
    stage.must("LAS", f.Cancel(task, "no longer needed"))
    what = "LAS-T1 Open RVP B"
    assert stage.lines()[3:] == [
        f"accepts {what}",
        f"gives {what} to RVP officer Kim",
        f"gives {what} to nobody in particular",
        f"begins {what}",
        f"is blocked in {what}. Reason: road closed.",
        f"finishes {what}. first crews are there.",
        f"sends back {what}: it is not done. Reason: nobody is there.",
        f"asks SECAMB to support {what}",
        f"needs no support for {what}",
        f"notes on {what}: smoke",
        f"cancels {what}. Reason: no longer needed.",
    ]


def test_blank_words_are_none() -> None:
    stage = Stage()
    for blank in ({"title": " "}, {"title": "\t\n"}):
        answer = stage.model.read_command("tasks.raise", 1, msgspec.json.encode({**blank, "agency": "SCAS"}))
        assert isinstance(answer, Refusal)
    task = raised(stage)
    for name in ("decline", "block", "return", "cancel"):
        body = msgspec.json.encode({"task": task, "reason": "  "})
        assert isinstance(stage.model.read_command(f"tasks.{name}", 1, body), Refusal)
    late = msgspec.json.encode({"title": "x", "agency": "SCAS", "due": 4_102_444_800_001})
    assert isinstance(stage.model.read_command("tasks.raise", 1, late), Refusal)


def test_there_is_a_last_task(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "TASKS_MAX", 3)
    stage = Stage()
    task, _ = raised(stage), raised(stage)
    stage.refused("SCAS", f.SplitUp(task, (f.Child("a", "SCAS"), f.Child("b", "LAS"))), "full")
    raised(stage)
    stage.refused("LAS", f.Raise("one more", "SCAS"), "full")


def test_only_the_last_agencies_that_were_asked_are_kept() -> None:
    stage = Stage()
    task = raised(stage)
    for turn in range(f.ASKED_KEPT + 5):
        stage.must("LAS", f.Reassign(task, AGENCIES[turn % 3]))
    asked = tasks(stage.state).rows[task].asked
    assert len(asked) == f.ASKED_KEPT
    assert asked[-1] == tasks(stage.state).rows[task].agency


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


def test_the_detail_says_who_accepted_did_and_verified_it_and_when() -> None:
    stage = Stage()
    task = raised(stage)

    def said() -> dict[str, str]:
        view = look(stage)
        return {title: cell.text for title, cell in BOARD.detail(tasks(stage.state).rows[task], view)}

    assert not {"accepted", "begun", "done", "verified"} & set(said())
    stage.must("SCAS", f.Accept(task))
    at = look(stage).clock(tasks(stage.state).rows[task].since)
    assert said()["accepted"] == f"{at} by SCAS, {tasks(stage.state).rows[task].stamps['accepted'].actor}"
    stage.must("SCAS", f.Begin(task))
    stage.must("SCAS", f.Finish(task))
    assert "by SCAS" in said()["done"]
    stage.must("LAS", f.Return(task, "the gate is locked"))
    assert "done" not in said(), "what was sent back is not done"
    assert "by SCAS" in said()["accepted"]
    stage.must("SCAS", f.Finish(task))
    stage.must("LAS", f.Verify(task))
    texts = said()
    assert "by LAS" in texts["verified"]
    assert list(texts).index("accepted") < list(texts).index("done") < list(texts).index("verified")
    again = raised(stage)
    stage.must("SCAS", f.Accept(again))
    stage.must("SCAS", f.Decline(again, "no vehicle"))
    stage.must("LAS", f.Reassign(again, "SECAMB", "nearer"))
    assert tasks(stage.state).rows[again].stamps == {}, "another agency has accepted nothing"


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
                    f.Amend(target, depends_on=tuple(rng.sample(rows, min(2, len(rows))))),
                ]
            )
            accepted += not isinstance(stage.try_(agency, command), Refusal)
        assert accepted > 20
        assert stage.model.digest(stage.model.fold(stage.records)) == stage.model.digest(stage.state)
        assert all(stage.lines())
