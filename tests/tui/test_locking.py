"""A locked desk on the screen: readable, alive, and nothing on it can be changed; not even by what is typed ahead."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from textual.events import Paste
from textual.widgets import Input, TextArea

from incident.kernel.replica import LinkWord
from incident.log.facts import Write
from incident_tui.link import LinkState
from incident_tui.screens.room import locking
from incident_tui.screens.room.telling import held_of
from incident_tui.screens.unlock.screen import Glass, Unlock
from incident_tui.widgets.composer import Composer
from incident_tui.widgets.status import Held, Wire, second_line
from tests.tui.desk import Desk, told
from tests.tui.world import FakeSession, text_of

RIGHT = "four plain horses waiting"


class Sitting:
    """A sign-in that needs no server."""

    def __init__(self) -> None:
        badge = SimpleNamespace(name="EOC desk 2", agency="LAS", url="wss://control/")
        self.ring = SimpleNamespace(badge=badge)
        self.locked, self.out, self.glass, self.until, self.ends_soon = False, "", "", 0, False
        self.tried: list[Any] = []
        self.touches = 0
        self.came = asyncio.Event()
        self.by_provider_now = False

    async def by_provider(self, show: Any) -> str:
        self.tried.append("provider")
        show("http://127.0.0.1:40000/ab12cd34")
        await self.came.wait()
        self.locked, self.out = False, ""
        return ""

    @property
    def word(self) -> str:
        return "SIGNED OUT" if self.out else "LOCKED" if self.locked else ""

    def touched(self) -> None:
        self.touches += 1

    def lock(self) -> None:
        self.locked = True

    def certificates(self) -> list[tuple[str, int]]:
        return []

    async def open(self, password: str) -> str:
        self.tried.append(password)
        if password != RIGHT:
            return "That is not the password of this desk."
        self.locked, self.out = False, ""
        return ""

    async def break_glass(self, asked: Any) -> str:
        self.tried.append(asked)
        self.locked, self.out, self.glass = False, "", f"break glass: {asked.first} + {asked.second}"
        return ""


@pytest.fixture
def seat(monkeypatch: pytest.MonkeyPatch) -> FakeSession:
    monkeypatch.setattr(locking, "LULL_SECONDS", 0.3)
    session = FakeSession()
    session.sitting = Sitting()
    return session


async def asked(desk: Desk) -> Input:
    """Wait until the password is asked for."""
    for _ in range(400):
        await desk.pilot.pause(0.01)
        if isinstance(desk.app.screen, Unlock) and desk.app.focused is not None:
            return desk.app.screen.query_one(Input)
    raise AssertionError("nobody asks")


async def box_says(desk: Desk, words: str) -> None:
    """Wait until it stands on the screen, whatever screen that is."""
    for _ in range(400):
        await desk.pilot.pause(0.01)
        if words in " ".join(text_of(desk.app)):
            return
    raise AssertionError("\n".join(text_of(desk.app)))


async def open_again(desk: Desk) -> None:
    field = await asked(desk)
    field.value = RIGHT
    await desk.press("enter")
    for _ in range(400):
        await desk.pilot.pause(0.01)
        if desk.app.screen is desk.room and not desk.room.locking.shut:
            return
    raise AssertionError("it stays shut")


def test_a_form_and_a_line_of_the_log_are_kept_to_the_last_letter(seat: FakeSession) -> None:
    async def story(desk: Desk) -> None:
        await desk.press("l")
        await desk.type("first crew on sce")
        await desk.press("escape", "t")
        await desk.type("SCAS")
        await desk.press("tab")
        await desk.type("open RVP ")
        form, focus = desk.room.form, desk.room.focused
        assert form is not None
        written = [field.value for field in form.query(Input)], [area.text for area in form.query(TextArea)]
        assert "open RVP " in str(written)
        desk.session.sitting.locked = True
        await asked(desk)
        await desk.press("escape")
        await desk.press("x", "escape", "tab", "enter", "3", "ctrl+s")
        assert desk.room.front.place == "boundaries"
        await desk.shows("RVP B")
        desk.app.post_message(Paste("pasted\ninto it\n"))
        await desk.done()
        assert desk.room.form is form
        assert (
            [field.value for field in form.query(Input)],
            [area.text for area in form.query(TextArea)],
        ) == written
        assert desk.session.submitted == []
        await desk.press("ctrl+l")
        await open_again(desk)
        assert desk.room.form is form
        assert desk.room.focused is focus
        assert desk.session.draft("log") == "first crew on sce"
        assert desk.room.query_one(Composer).text == "first crew on sce"
        await desk.type("B")
        assert "open RVP B" in str(
            [area.text for area in form.query(TextArea)] + [i.value for i in form.query(Input)]
        )

    told(story, session=seat)


def test_at_a_locked_desk_keys_go_somewhere_and_do_nothing(seat: FakeSession) -> None:
    async def story(desk: Desk) -> None:
        seat.sitting.locked = True
        await asked(desk)
        await desk.press("escape")
        for keys in (
            ("d", "d", "y"),
            ("2", "s", "m"),
            ("l", "x", "enter"),
            ("colon", "l", "o", "g", " ", "x", "enter"),
            ("a",),
            ("slash", "h", "enter"),
            ("ctrl+p", "d", "enter"),
            ("t",),
        ):
            await desk.press(*keys)
            assert desk.app.screen is desk.room
            assert desk.room.form is None
            assert not desk.room.has_class("-asking")
        await desk.press("5")
        desk.room.set_focus(desk.room.query_one(Composer).field)  # however that may come about
        await desk.press(*"by mouse", "enter")
        assert desk.room.query_one(Composer).text == ""
        assert seat.submitted == []
        assert seat.drafts == {}
        await desk.press("2")
        assert desk.room.front.place == "resources"
        await desk.shows("LOCKED ctrl+l", "ctrl+l unlock   0-9 read on")
        desk.session.happens("SCAS", Write("a line that comes meanwhile"))
        await desk.press("5")
        await desk.shows("a line that comes meanwhile")

    told(story, session=seat)


def test_whoever_begins_to_write_at_a_locked_desk_is_told(seat: FakeSession) -> None:
    async def story(desk: Desk) -> None:
        seat.sitting.locked = True
        await asked(desk)
        await desk.press("escape")
        for key in ("l", "e", "Z", "q"):
            await desk.press("5" if key == "q" else "1")
            assert "opens it" not in " ".join(text_of(desk.app))
            await desk.press(key)
            await desk.shows("LOCKED: ctrl+l opens it.")

    told(story, session=seat)


def test_a_question_that_waits_for_one_more_key_is_not_done(seat: FakeSession) -> None:
    async def story(desk: Desk) -> None:
        await desk.press("d", "d")
        assert desk.room.has_class("-asking")
        seat.sitting.locked = True
        await asked(desk)
        await desk.press("escape", "y", "enter")
        assert seat.submitted == []
        await desk.press("ctrl+l")
        await open_again(desk)
        await desk.press("y", "enter")
        assert seat.submitted == []

    told(story, session=seat)


def test_the_box_never_comes_between_two_letters(seat: FakeSession, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sign-in ends in the middle of a word: what follows goes on into the word, not into the password."""
    monkeypatch.setattr(locking, "LULL_SECONDS", 60.0)

    async def story(desk: Desk) -> None:
        await desk.press("l")
        await desk.press(*"two bu")
        seat.sitting.out = "This sign-in is over. Sign in again."
        seat.touch()
        await desk.shows("SIGNED OUT")
        await desk.press(*"ses")
        assert desk.app.screen is desk.room
        assert desk.room.query_one(Composer).text == "two buses"
        monkeypatch.setattr(locking, "LULL_SECONDS", 0.1)
        await asked(desk)
        assert desk.room.query_one(Composer).text == "two buses"

    told(story, session=seat)


def test_keys_typed_ahead_of_the_lock_go_into_the_password_and_nowhere_else(seat: FakeSession) -> None:
    async def story(desk: Desk) -> None:
        desk.all_at_once("ctrl+l", "d", "d", "y")
        await desk.done()
        field = await asked(desk)
        assert field.value == "ddy"
        assert seat.submitted == []
        desk.app.post_message(Paste("a password\nand more\n"))
        await desk.done()
        assert seat.sitting.tried == [], "a paste never sends"

    told(story, session=seat)


def test_a_wrong_password_is_said_and_not_kept_in_the_field(seat: FakeSession) -> None:
    async def story(desk: Desk) -> None:
        await desk.press("ctrl+l")
        field = await asked(desk)
        await desk.press("w", "r", "enter")
        box = desk.app.screen
        for _ in range(200):
            await desk.pilot.pause(0.01)
            said = str(box.query_one("#unlock-said").lines)
            if "not the password" in said:
                break
        else:
            raise AssertionError(said)
        assert field.value == ""
        assert seat.sitting.tried == ["wr"]
        await open_again(desk)

    told(story, session=seat)


def test_keys_pressed_while_the_server_is_asked_are_no_half_password(seat: FakeSession) -> None:
    answer = asyncio.Event()

    async def slow(password: str) -> str:
        await answer.wait()
        return "That is not the password of this desk."

    seat.sitting.open = slow

    async def story(desk: Desk) -> None:
        await desk.press("ctrl+l")
        field = await asked(desk)
        await desk.press("w", "r", "enter", *"ddy")
        await box_says(desk, "Keys are not taken")
        assert field.value == ""
        answer.set()
        for _ in range(200):
            await desk.pilot.pause(0.01)
            if desk.app.focused is field:
                break
        await desk.press("x")
        assert field.value == "x", "the next try begins where the cursor was"
        assert seat.submitted == []

    told(story, session=seat)


def test_signed_out_the_line_is_not_filled_with_what_the_box_says(seat: FakeSession) -> None:
    sentence = "Your sign-in is over or was revoked: sign in again."
    seat.state = LinkState(LinkWord.ISLAND, since_ms=seat.at, sentence=sentence)
    seat.sitting.out = sentence

    async def story(desk: Desk) -> None:
        await asked(desk)
        await desk.press("escape")
        await desk.shows("SIGNED OUT ctrl+l")
        (line,) = [line for line in text_of(desk.app) if "SIGNED OUT ctrl+l" in line]
        assert "Your" not in line
        assert "since" in line

    told(story, size=(80, 24), session=seat)


def test_the_glass_is_broken_by_two_from_the_box(seat: FakeSession) -> None:
    async def story(desk: Desk) -> None:
        await desk.press("ctrl+l")
        await asked(desk)
        await desk.press("ctrl+b")
        for _ in range(200):
            await desk.pilot.pause(0.01)
            if isinstance(desk.app.screen, Glass) and desk.app.focused is not None:
                break
        await desk.press("ctrl+s")
        assert seat.sitting.tried == []
        for words in ("EOC desk 1", "first words", "EOC desk 2", "second words", "tactical commander"):
            await desk.type(words)
            await desk.press("enter")
        await desk.type("the duty manager cannot be found")
        await desk.press("enter")
        await desk.shows("BREAK GLASS EOC desk 1 + EOC desk 2")
        (glass,) = seat.sitting.tried
        assert (glass.first, glass.second_password, glass.role) == (
            "EOC desk 1",
            "second words",
            "tactical_commander",
        )
        assert not desk.room.locking.shut

    told(story, session=seat)


def test_a_desk_with_a_token_has_no_lock(seat: FakeSession) -> None:
    seat.sitting = None

    async def story(desk: Desk) -> None:
        await desk.press("ctrl+l")
        assert desk.app.screen is desk.room
        await desk.shows("came in with a token")

    told(story, session=seat)


def test_keys_and_the_mouse_are_signs_of_life(seat: FakeSession) -> None:
    async def story(desk: Desk) -> None:
        before = seat.sitting.touches
        await desk.press("2")
        pressed = seat.sitting.touches
        assert pressed > before
        await desk.pilot.hover("#tabs")
        assert seat.sitting.touches > pressed

    told(story, session=seat)


@pytest.mark.parametrize("size", [(60, 20), (80, 24), (120, 40)])
def test_what_holds_the_desk_stands_in_the_header_at_every_size(
    size: tuple[int, int], seat: FakeSession
) -> None:
    async def story(desk: Desk) -> None:
        seat.url = "ws://127.0.0.1:1/"
        seat.sitting.locked = True
        await asked(desk)
        await desk.press("escape")
        await desk.shows("PLAIN", "LOCKED ctrl+l")

    told(story, size=size, session=seat)


def test_a_broken_glass_and_a_lock_are_never_dropped() -> None:
    held = Held("LOCKED", "ctrl+l", "BREAK GLASS A + B until 14:05", "sign-in ends 14:05", "x" * 40, "PLAIN")
    wire = Wire(
        "LIVE",
        20,
        "words",
        418,
        "LAS EOC desk 2",
        "OPERATOR",
        17,
        3,
        4,
        2,
        5,
        ("SCAS",),
        (".", ","),
        held=held,
    )
    for width in (80, 100, 120, 200):
        line = "".join(span.text for span in second_line(wire, width))
        assert "LOCKED ctrl+l" in line
        assert "PLAIN" in line
        if width > 100:
            assert "BREAK GLASS A + B until 14:05" in line


def test_an_open_line_is_no_news_in_a_demo(seat: FakeSession) -> None:
    seat.url = "ws://127.0.0.1:1/"
    look = seat.look()
    assert held_of(seat, "ctrl+l", look, demo=False).plain == "PLAIN"
    assert held_of(seat, "ctrl+l", look, demo=True).plain == ""


def test_a_sign_in_ends_in_real_time_also_beside_the_clock_of_an_exercise(seat: FakeSession) -> None:
    sitting: Any = seat.sitting
    sitting.until, sitting.glass = 90 * 60_000, "break glass: A + B"
    look = replace(seat.look(), clock=lambda at: f"{at // 60_000} min")
    assert held_of(seat, "ctrl+l", look, demo=False).glass == "BREAK GLASS A + B until 90 min"
    behind = replace(look, timed=lambda at: at - 30 * 60_000)
    assert held_of(seat, "ctrl+l", behind, demo=False).glass == "BREAK GLASS A + B until 90 min real time"


def test_the_board_behind_the_box_is_the_board(seat: FakeSession) -> None:
    async def story(desk: Desk) -> None:
        await desk.shows("casualties")
        before = text_of(desk.app)[:10]
        await desk.press("ctrl+l")
        await asked(desk)
        behind = [strip.text.rstrip() for strip in desk.room._compositor.render_strips()][:10]
        assert behind[4:] == before[4:]
        svg = desk.app.export_screenshot()
        assert "casualties" in svg
        assert "unlock" in svg

    told(story, session=seat)


def test_who_signed_in_at_the_identity_provider_unlocks_there(seat: FakeSession) -> None:
    async def story(desk: Desk) -> None:
        desk.session.sitting.by_provider_now = True
        desk.session.sitting.locked = True
        await asked(desk)
        await box_says(desk, "ctrl+g provider")
        await desk.press("ctrl+g")
        await box_says(desk, "Open http://127.0.0.1:40000/ab12cd34 in a browser")
        desk.session.sitting.came.set()
        for _ in range(400):
            await desk.pilot.pause(0.01)
            if desk.app.screen is desk.room:
                break
        assert not desk.room.locking.shut
        assert desk.session.sitting.tried == ["provider"]

    told(story, session=seat)
