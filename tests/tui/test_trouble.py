"""Looks and trouble: ASCII, no colour, a cut line, bugs, hostile text. The room stays open and says what is so."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from rich.segment import Segment
from rich.style import Style
from textual.color import Color

from incident.kernel.slice import Actor
from incident.log.facts import Write
from incident_tui.app import BROKEN, IncidentApp, ascii_wanted
from incident_tui.widgets.composer import Composer
from incident_tui.widgets.last_door import LastDoor
from tests.running import run
from tests.tui.desk import Desk, told
from tests.tui.world import FakeSession, app_of, text_of

# -- looks --


def test_ascii_means_ascii_on_every_screen() -> None:
    async def story(desk: Desk) -> None:
        for key in ("1", "2", "3", "4", "5", "0", "?"):
            await desk.press(key)
            assert "\n".join(text_of(desk.app)).isascii(), key

    told(story, ascii="always")
    assert [ascii_wanted("auto", {"TERM": term}, "utf-8") for term in ("linux", "xterm-256color")] == [
        True,
        False,
    ]
    assert ascii_wanted("auto", {}, "ascii")
    assert not ascii_wanted("never", {"TERM": "linux"}, "ascii")


def test_themes_and_ascii_change_while_running_and_are_kept() -> None:
    async def begin(desk: Desk) -> None:
        await desk.press("f9", "f10")
        await desk.hides("●")
        assert desk.app.theme == "deuteranopia"
        await desk.press(":")
        await desk.type("theme mono")
        await desk.press("enter")
        await desk.shows("Theme: ")
        assert desk.app.theme == "mono"

    async def again(desk: Desk) -> None:
        assert desk.app.theme == "mono"
        assert desk.app.ascii_look

    told(again, session=told(begin))


def test_no_color_leaves_no_colour(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")

    async def story(desk: Desk) -> None:
        assert desk.app.theme == "mono"
        desk.session.say("alarm", "a toast")
        await desk.shows("a toast")
        for key in ("1", "2", "t", "5", "l"):
            await desk.press(key)
            strips = desk.app.screen._compositor.render_strips()
            colours = {
                colour.name for strip in strips for segment in strip if segment.style is not None
                for colour in (segment.style.color, segment.style.bgcolor) if colour is not None
            }  # fmt: skip
            assert colours <= {"default"}
        forgotten = [Segment("red", Style(color="red", bgcolor="#123456", bold=True))]
        for one in desk.app.get_line_filters():
            forgotten = one.apply(forgotten, Color.parse("black"))
        assert forgotten[0].style == Style(color="default", bgcolor="default", bold=True)
        reversed_first = next(iter(desk.app.screen._compositor.render_strips()[0]))
        assert reversed_first.style is not None
        assert reversed_first.style.reverse

    told(story)


# -- when things go wrong --


def test_cut_off_says_so_dims_nothing_away_and_goes_on_working() -> None:
    async def story(desk: Desk) -> None:
        await desk.press("2")
        look = desk.session.look()
        since = look.clock(look.now)
        desk.session.cut()
        await desk.shows(f"▲ ISLAND  since {since}", f"as at {since}, own copy")
        await desk.press("j", "j", "s", "s")
        desk.session.kept()
        await desk.shows("QUEUED", "1 unsent")

    told(story)


def test_notices_are_toasts_once_and_kept_in_the_list() -> None:
    async def story(desk: Desk) -> None:
        desk.session.say("caution", "The disk of this desk is [bold]nearly[/bold] full\x1b[31m.")
        await desk.shows("nearly[/bold] full")
        await desk.press("!")
        await desk.shows("notice", "[bold]nearly[/bold] full")

    told(story)


def test_a_bug_in_one_column_is_told_written_down_and_does_not_end_the_room(tmp_path: Path) -> None:
    session = FakeSession()

    async def scenario() -> None:
        app = app_of(session)
        app.trouble_file = tmp_path / "trouble.log"
        async with app.run_test(size=(120, 40), notifications=True) as pilot:
            desk = Desk(session, app, pilot)
            session.log = lambda: 1 / 0  # type: ignore[method-assign,assignment,return-value]
            session.touch()
            await desk.shows("Something here is broken")
            written = app.trouble_file.read_text()
            assert "ZeroDivisionError" in written
            assert app.is_running

    run(scenario())


def test_a_bug_that_ends_the_app_leaves_a_sentence_and_a_code_and_no_traceback(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async def scenario() -> IncidentApp:
        app = app_of()
        app.trouble_file = tmp_path / "trouble.log"
        with pytest.raises(RuntimeError, match="planted"):
            await failing(app)
        return app

    app = run(scenario())
    assert app.return_code == BROKEN
    assert app.last_words.startswith("The client has stopped because of a bug. It is written down in ")
    assert "planted" in app.trouble_file.read_text()  # type: ignore[union-attr]
    printed = capsys.readouterr()
    assert "Traceback" not in printed.out + printed.err


async def failing(app: IncidentApp) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        app.call_later(_fail)
        await pilot.pause(0.2)


def _fail() -> None:
    raise RuntimeError("planted")


def test_a_session_that_falls_is_told_and_started_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("incident_tui.app.RESTART_SECONDS", (0.05,))
    session = FakeSession()
    runs: list[int] = []
    stands = session.run

    async def falling() -> None:
        runs.append(len(runs))
        if len(runs) < 3:
            raise OSError("planted")
        await stands()

    session.run = falling  # type: ignore[method-assign]

    async def story(desk: Desk) -> None:
        await desk.shows("Something here is broken (the session: OSError).")
        for _ in range(40):
            await desk.pilot.pause(0.05)
            if len(runs) == 3:
                break
        assert runs == [0, 1, 2]

    told(story, session=session)


def test_an_observer_is_refused_with_the_missing_grant() -> None:
    async def story(desk: Desk) -> None:
        await desk.press("l")
        await desk.type("hello")
        await desk.press("enter")
        await desk.shows("▲ The role Observer lacks the grant log.write.")
        assert desk.room.query_one(Composer).text == "hello"

    told(story, session=FakeSession(me=Actor("Visitor", "LAS", "observer")))


def test_every_painted_segment_goes_through_the_last_door() -> None:
    assert isinstance(app_of().get_line_filters()[-1], LastDoor)


def test_hostile_text_of_another_room_reaches_the_screen_harmless() -> None:
    async def story(desk: Desk) -> None:
        desk.session.happens("SCAS", Write("plain [red]text[/red] \u200bend"))
        lines = await desk.shows("plain [red]text[/red]")
        assert not any("\u200b" in line for line in lines)

    told(story)


def test_what_is_written_down_is_for_this_user_alone_and_harmless(tmp_path: Path) -> None:
    app = app_of(FakeSession())
    app.trouble_file = tmp_path / "home" / "trouble.log"
    for _ in range(2):
        app._write_down(ValueError("bad \x1b[2J \ud800 text"), "a column")
    written = app.trouble_file.read_text(encoding="utf-8")
    assert written.count("ValueError: bad") == 2
    assert "\x1b" not in written
    assert " a column\n" in written, "the lines are kept apart"
    if os.name == "posix":
        assert stat.S_IMODE(app.trouble_file.stat().st_mode) == 0o600
        assert stat.S_IMODE(app.trouble_file.parent.stat().st_mode) == 0o700
