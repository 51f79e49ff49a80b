"""The ladder: a task that nobody answers, or that is overdue, is told of rung by rung, by the system, in the log."""

from __future__ import annotations

from weakref import WeakKeyDictionary

from incident.tasks import facts as f
from incident.tasks.fold import tasks
from incident.tasks.ladder import due
from tests.incident.given import MINUTE, T0, Given, opened

WRITTEN: WeakKeyDictionary[Given, set[str]] = WeakKeyDictionary()
"""What the system has written in a history: the same key is the same id, and is not written twice."""


def asked(**more: object) -> Given:
    return opened().did(f.Raise("Open the slip road", "SCAS", priority="urgent", **more))  # type: ignore[arg-type]


def task(given: Given) -> f.Task:
    (found,) = tasks(given.view).rows.values()
    return found


def climb(given: Given, minutes: float) -> list[str]:
    """Time passes minute by minute, and the system writes what is due. Answers the lines it wrote."""
    said = []
    for _ in range(int(minutes)):
        given.later(1)
        for one in due(tasks(given.view), given.now):
            if one.at <= given.now and one.key not in WRITTEN.setdefault(given, set()):
                WRITTEN[given].add(one.key)
                before = len(given.records)
                given.system().did(one.command)
                said += [given.line(n).text for n in range(before, len(given.records))]
    return said


def test_an_unanswered_task_climbs_and_each_rung_is_a_line() -> None:
    given = asked()
    assert climb(given, 4) == []
    assert climb(given, 60) == [
        "escalates LAS-T1 Open the slip road to the tactical commander: not answered",
        "escalates LAS-T1 Open the slip road to the strategic commander: not answered",
        "escalates LAS-T1 Open the slip road to the strategic coordinating group: not answered",
    ]
    assert task(given).rung == 3
    given.check()


def test_an_answer_ends_the_climb_and_another_cause_begins_at_the_foot() -> None:
    given = asked(due=T0 + 30 * MINUTE)
    assert len(climb(given, 12)) == 2
    given.by("SCAS").did(f.Accept(task(given).id))
    assert climb(given, 20) == []
    assert climb(given, 30) == [
        "escalates LAS-T1 Open the slip road to the tactical commander: overdue",
        "escalates LAS-T1 Open the slip road to the strategic commander: overdue",
        "escalates LAS-T1 Open the slip road to the strategic coordinating group: overdue",
    ]


def test_a_task_that_is_done_is_not_overdue() -> None:
    given = asked(due=T0 + 10 * MINUTE).by("SCAS").did(f.Accept(next(iter(tasks(asked().view).rows))))
    given.did(f.Begin(task(given).id)).did(f.Finish(task(given).id))
    assert climb(given, 90) == []


def test_asking_another_agency_begins_a_new_climb() -> None:
    given = asked()
    assert len(climb(given, 6)) == 1
    given.by("LAS").did(f.Reassign(task(given).id, "SECAMB"))
    assert climb(given, 4) == []
    assert len(climb(given, 2)) == 1


def test_an_overdue_task_that_went_to_another_agency_climbs_again() -> None:
    given = asked(due=T0 + 10 * MINUTE).by("SCAS").did(f.Accept(next(iter(tasks(asked().view).rows))))
    assert len(climb(given, 45)) == 3
    given.by("LAS").did(f.Reassign(task(given).id, "SECAMB"))
    assert len(climb(given, 6)) == 1
    given.by("SECAMB").did(f.Accept(task(given).id))
    assert len(climb(given, 5)) == 3, "it is as late as it was, and SECAMB's commanders are told at once"
    given.by("LAS").did(f.Amend(task(given).id, due=given.now + MINUTE))
    assert len(climb(given, 7)) == 1
    given.by("LAS").did(f.Amend(task(given).id, due=T0 + 10 * MINUTE))
    assert len(climb(given, 4)) == 3
    given.check()


def test_a_rung_is_neither_skipped_nor_climbed_twice_nor_early_nor_by_hand() -> None:
    given = asked().later(4)
    cause = f"asked/{task(given).offer}"
    given.system().when(f.Escalate(task(given).id, cause, 1)).nothing()
    given.later(2)
    given.system().when(f.Escalate(task(given).id, cause, 2)).nothing()
    given.by("LAS").when(f.Escalate(task(given).id, cause, 1)).refused("no_grant")
    given.system().did(f.Escalate(task(given).id, cause, 1))
    given.when(f.Escalate(task(given).id, cause, 1)).nothing()


def test_what_people_had_seen_does_not_grow_stale_by_it() -> None:
    """The system overrules nobody: SCAS accepts what it saw before the rung was climbed."""
    given = asked()
    seen = given.mark()
    climb(given, 6)
    given.by("SCAS").having_seen(seen).did(f.Accept(task(given).id))
    assert task(given).state == "accepted"
