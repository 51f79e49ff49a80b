"""Makes docs/alarms.md from the rules: alarm x lesson x test. `python -m tests.incident.make_alarms` writes it."""

from __future__ import annotations

from pathlib import Path

from incident.alarms import FINDER
from incident.alarms.lessons import LESSONS
from incident.state import INCIDENT

PAGE = Path(__file__).resolve().parents[2] / "docs" / "alarms.md"
HEAD = """# Alarms

Made from the code. Nobody sets an alarm: it is computed from the record, the same in every room. It rings once in each room, can be
acknowledged (`a`; that is on record, with who and when) and stays listed until its cause is gone. A *prompt* does not ring: it is due by
good practice, not yet a failure. The test of each is `tests/incident/test_alarms.py::test_it_rises_and_clears[name]`: it lets the alarm
rise, and clears it with the verb named here. Who has stood down is asked nothing more, once the scene is clear nobody is asked for what a
scene needs, and once all have stood down only what was begun is asked on: a unit still committed, a recall, a task, people in no count, an
offer of the lead, a critical message (`tests/incident/test_alarms_end.py`). Each stands down for itself alone: an agency whose crews are at
work is asked on until it says so itself, and a cordon or zone of one that has stood down is the lead's to review
(`tests/incident/test_alarms_busy.py`).

| alarm | name, and its test | rings | cleared with | lessons |
|---|---|---|---|---|
"""
LESSON_HEAD = """
## The lessons

| no | what failed | alarms that come from it |
|---|---|---|
"""


def page() -> str:
    """The whole page."""
    titles = {board.name: board.title for board in INCIDENT.boards}
    verbs = {(board.name, verb.name): verb for board in INCIDENT.boards for verb in board.verbs}
    lines = []
    for kind in FINDER.kinds.values():
        verb = verbs.get((kind.board, kind.verb))
        title = "Acknowledge" if verb is None else verb.title
        letter = "a" if verb is None else verb.key
        key = f" (`{letter}`)" if letter else ""
        lessons = ", ".join(map(str, kind.lessons))
        rings = "yes" if kind.rings else "prompt"
        lines.append(
            f"| {kind.title} | `{kind.name}` | {rings} | {title}{key}, {titles[kind.board]} | {lessons} |"
        )
    by_lesson = [f"| {number} | {words} | {_of(number) or 'none'} |" for number, words in LESSONS.items()]
    covered = sum(bool(_of(number)) for number in LESSONS)
    foot = f"\n{covered} of {len(LESSONS)} lessons have an alarm.\n"
    return HEAD + "\n".join(lines) + "\n" + LESSON_HEAD + "\n".join(by_lesson) + "\n" + foot


def _of(number: int) -> str:
    return ", ".join(kind.name for kind in FINDER.kinds.values() if number in kind.lessons)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
