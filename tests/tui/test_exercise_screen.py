"""Exercise control at the desk: the clock in words, the injects, who plays whom, the notes; and what a player sees."""

from __future__ import annotations

import pytest

from incident.exercises import facts as x
from incident.injects import facts as f
from incident.kernel.slice import Actor
from incident_tui.screens.exercise import blocks
from tests.incident.papers import EXCON_STREAM, papers
from tests.tui.desk import Desk, told
from tests.tui.world import FakeSession

CONTROL = Actor("Control", "EXCON", "excon")


def control(*, started: bool = True) -> FakeSession:
    """Exercise control's seat: one inject has gone out, an evaluator has written, SECAMB is played by nobody."""
    session = FakeSession(me=CONTROL, more={EXCON_STREAM: papers()})
    session.at += 1_000
    if started:
        session.happens("EXCON", x.StartPlay("small", "A small one", "COBALT"), "excon")
        session.later(90)
        session.happens("", f.MarkFired(1), "system", EXCON_STREAM, "system")
        note = f.WriteNote("LAS asked twice for the rendezvous point", 2, "rvp", "partly")
        session.happens("EXCON", note, "evaluator", EXCON_STREAM, "Eve")
        session.later(30)
    session.present = {"EXCON": ("Control",), "LAS": ("EOC desk 2", "EOC desk 3")}
    return session


def test_the_clock_the_next_inject_the_agencies_and_the_notes_stand_side_by_side() -> None:
    async def story(desk: Desk) -> None:
        await desk.press("9")
        lines = await desk.shows("RUNNING", "code word COBALT", "NEXT", "LAST TOLD", "NOTES 1")
        clock = next(line for line in lines if "RUNNING" in line and line.startswith("  EX "))
        assert "×1" in clock
        assert "T+00:02" in clock
        assert "real 14:33:21" in clock
        assert any("58 min" in line or "58m left of 60 min" in line for line in lines)
        assert any("NEXT" in line and "2  T+5 in 3m" in line for line in lines)
        assert any("expected: LAS answers within 2 min" in line for line in lines)
        assert any("next in 3m" in line for line in lines)
        assert any("LAS" in line and "● 2 here" in line and "#1" in line for line in lines)
        assert any("SCAS" in line and "▲ nobody here" in line for line in lines)
        assert any("SECAMB" in line and "virtual" in line and "nothing told" in line for line in lines)
        assert any("Eve" in line and "rvp partly met" in line for line in lines)

    told(story, session=control())


def test_one_key_begins_pauses_and_resumes() -> None:
    async def story(desk: Desk) -> None:
        await desk.press("9")
        await desk.shows("NOT STARTED", "p start", "60 min long")
        await desk.press("p")
        await desk.shows("Code word", "COBALT")
        await desk.press("enter")
        assert desk.last == x.StartPlay("small", "A small one", "COBALT")
        desk.session.confirm()
        await desk.shows("RUNNING", "p pause")
        await desk.press("p")
        assert desk.last == x.Pause()
        desk.session.confirm()
        await desk.shows("PAUSED")
        await desk.press("p")
        assert desk.last == x.Resume()
        desk.session.confirm()
        await desk.shows("RUNNING")
        await desk.press("v", "4")
        assert desk.last == x.SetSpeed(4)
        desk.session.confirm()
        await desk.shows("×4")

    told(story, session=control(started=False))


def test_the_word_pause_never_begins_the_play() -> None:
    async def story(desk: Desk) -> None:
        await desk.press("9", ":")
        await desk.type("pause")
        await desk.press("enter")
        await desk.shows("NOT STARTED")
        assert desk.session.submitted == []

    told(story, session=control(started=False))


def test_injects_are_fired_held_and_skipped_and_notes_written_from_here() -> None:
    async def story(desk: Desk) -> None:
        await desk.press("9", "j", "j", "f")
        assert desk.last == f.Fire(2)
        desk.session.confirm()
        await desk.press("j", "x", "ctrl+s")
        assert desk.last == f.Skip(3)
        desk.session.confirm()
        await desk.press("o")
        await desk.shows("What was seen")
        await desk.type("SCAS is slow")
        await desk.press("ctrl+s")
        assert desk.last == f.WriteNote("SCAS is slow")
        desk.session.confirm()
        await desk.shows("NOTES 2", "SCAS is slow")

    told(story, session=control())


def test_enter_on_an_agency_goes_to_what_it_was_told_and_on_a_note_to_its_inject() -> None:
    async def story(desk: Desk) -> None:
        await desk.press("9")
        await desk.shows("LAST TOLD")
        await desk.press("tab", "enter")
        found = desk.room.front.row()
        assert found is not None
        assert found[0] == "1"
        await desk.press("tab", "tab", "enter")
        found = desk.room.front.row()
        assert found is not None
        assert found[0] == "2"

    told(story, session=control())


def test_no_duff_stands_in_full_and_is_not_taken_back_by_one_key() -> None:
    async def story(desk: Desk) -> None:
        desk.session.happens("SCAS", x.NoDuff("controller collapsed in the Bicester room"))
        await desk.press("9")
        await desk.shows("NO DUFF, suspended", "▲ NO DUFF, REAL: controller collapsed")
        before = len(desk.session.submitted)
        await desk.press("p")
        assert len(desk.session.submitted) == before

    told(story, session=control())


def test_at_80x24_it_is_one_column_with_everything_that_must_be_known() -> None:
    async def story(desk: Desk) -> None:
        await desk.press("9")
        lines = await desk.shows("RUNNING", "NEXT", "PLAYED", "NOTE")
        assert any(line.startswith("  EX ") and "real" in line for line in lines)
        assert any("LAS ● 2 here" in line and "SECAMB virtual" in line for line in lines)
        assert any("T+10" in line and "held" in line for line in lines)
        await desk.press("j", "j", "enter")
        await desk.shows("Inject 2", "LAS answers within 2 min")
        await desk.press("escape")
        await desk.shows("PLAYED")

    told(story, size=(80, 24), session=control())


@pytest.mark.parametrize("size", [(120, 40), (80, 24)], ids=["120x40", "80x24"])
def test_a_player_sees_the_clock_the_code_word_and_the_way_to_stop_it_and_no_papers(
    size: tuple[int, int],
) -> None:
    session = FakeSession()
    session.happens("EXCON", x.StartPlay("small", "A small one", "COBALT"), "excon")
    session.later(61)

    async def story(desk: Desk) -> None:
        await desk.press("9")
        lines = await desk.shows("RUNNING", "code word COBALT", "X NO DUFF", "it suspends the exercise")
        assert not any(word in line for word in ("LAST TOLD", "NOTES", "NEXT ") for line in lines)
        await desk.press("p")
        await desk.shows("does not apply")
        assert desk.session.submitted == []

    told(story, size=size, session=session)


def test_of_two_thousand_notes_only_those_that_fit_are_laid(monkeypatch: pytest.MonkeyPatch) -> None:
    session = control()
    for number in range(30):
        session.happens("EXCON", f.WriteNote(f"note {number}"), "excon", EXCON_STREAM)
    laid: list[str] = []
    real = blocks.wrap
    monkeypatch.setattr(blocks, "wrap", lambda text, width: laid.append(text) or real(text, width))
    view = blocks.notes_view(session.look(), 60, 10)
    assert len(view.items) == 9
    assert len(laid) <= 10
