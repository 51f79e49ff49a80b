"""A signed-in desk: its lock, the end of its sign-in, and two persons who break the glass; on a real line."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher

from incident.kernel.door import BreakGlass, Denied, read_code
from incident.kernel.replica import LinkWord
from incident.kernel.slice import Refusal
from incident.log.facts import Write
from incident_tui import door, headless, sitting
from incident_tui.keyring import Ring, rings
from incident_tui.session import Session
from incident_tui.sitting import Sitting
from tests.running import run
from tests.tui.door_toy import DoorToy, ToyAuthority
from tests.tui.rooms import FAST, SetClock, until
from tests.tui.toy_server import INCIDENT_STREAM

PASSWORD = "four plain horses waiting"
WRONG = "four plain horses missing"
MINUTE = 60


@pytest.fixture(autouse=True)
def _cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """The verifier costs 64 MiB and a tenth of a second each time; what is tested here is what follows from it."""
    monkeypatch.setattr(sitting, "_hasher", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


class Room:
    """A server, and what a desk of it keeps."""

    def __init__(self, toy: DoorToy, home: Path, ring: Ring) -> None:
        self.toy, self.home, self.ring = toy, home, ring
        self.clock = SetClock()

    @contextlib.asynccontextmanager
    async def desk(self, *, ready: bool = True, resumed: bool = False) -> AsyncIterator[Session]:
        """The desk at work: signed in anew, or `resumed` with what is kept."""
        made = Sitting(self.ring, self.clock)
        if resumed:
            made.resume()
        else:
            assert await made.open(PASSWORD) == ""
        session = Session(self.toy.url, "", home=self.home, timing=FAST, sitting=made, clock=self.clock)
        running = asyncio.create_task(session.run())
        try:
            if ready:
                await until(lambda: session.settled and session.stream, what="the desk is ready")
            yield session
            assert not running.done() or running.result() is None
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            await session.close()


def story(tmp_path: Path, told: Callable[[Room], Any]) -> None:
    async def scenario() -> None:
        async with DoorToy() as toy:
            toy.furnish()
            ring = await door.enrol(toy.url, read_code(toy.code()), PASSWORD, tmp_path)
            await told(Room(toy, tmp_path, ring))

    run(scenario())


def held(session: Session) -> Sitting:
    assert session.sitting is not None
    return session.sitting


def wrote(session: Session, text: str) -> str:
    answer = session.submit(Write(text))
    assert isinstance(answer, str), answer
    return answer


async def sent(session: Session) -> None:
    await until(lambda: session.settled and not session.unsent, what="nothing waits")


async def idle(room: Room, session: Session) -> None:
    room.clock.ahead += 15 * MINUTE + 1
    await until(lambda: held(session).word == "LOCKED")


def test_a_desk_left_alone_is_locked_and_goes_on_being_shown(tmp_path: Path) -> None:
    async def told(room: Room) -> None:
        async with room.desk() as session:
            session.keep_draft("log", "half a sen")
            await idle(room, session)
            await until(lambda: room.toy.locks == 1)
            refused = session.submit(Write("by whoever passes"))
            assert isinstance(refused, Refusal)
            assert refused.code == "locked"
            assert session.preview(Write("by whoever passes")) == refused
            room.toy.write(INCIDENT_STREAM, Write("news from elsewhere"))
            await until(lambda: any("news from" in line.text for line in session.log().lines))
            assert await held(session).open(WRONG) == "That is not the password of this desk."
            assert held(session).word == "LOCKED"
            before = held(session).token
            assert await held(session).open(PASSWORD) == ""
            assert held(session).token == before, "unlocked, not signed in a second time"
            assert session.draft("log") == "half a sen"
            wrote(session, "by me")
            await sent(session)
            assert session.cards == ()

    story(tmp_path, told)


def test_a_key_now_and_then_keeps_it_open(tmp_path: Path) -> None:
    async def told(room: Room) -> None:
        async with room.desk() as session:
            for _ in range(3):
                room.clock.ahead += 14 * MINUTE
                held(session).touched()
                held(session).tick()
            assert held(session).word == ""

    story(tmp_path, told)


def test_somebody_at_another_client_of_the_desk_keeps_it_open(tmp_path: Path) -> None:
    async def told(room: Room) -> None:
        async with room.desk() as session:
            other = Sitting(room.ring, room.clock)
            other.resume()
            room.clock.ahead += 14 * MINUTE
            room.clock.wall_ahead_ms += 14 * MINUTE * 1000
            other.touched()
            other.tick()
            room.clock.ahead += 2 * MINUTE
            room.clock.wall_ahead_ms += 2 * MINUTE * 1000
            held(session).tick()
            assert held(session).word == ""
            room.clock.ahead += 14 * MINUTE
            room.clock.wall_ahead_ms += 14 * MINUTE * 1000
            held(session).tick()
            assert held(session).word == "LOCKED"

    story(tmp_path, told)


def test_what_was_written_before_the_lock_still_goes_out_first(tmp_path: Path) -> None:
    """Cut off, one writes, and leaves: the line comes back to a locked desk, and what was written is not refused."""

    async def told(room: Room) -> None:
        async with room.desk() as session:
            await room.toy.stop(abruptly=True)
            await until(lambda: session.link.word is LinkWord.ISLAND)
            wrote(session, "before I went")
            await idle(room, session)
            await room.toy.start()
            session.redial()
            await sent(session)
            await until(lambda: room.toy.locks == 1)
            assert session.cards == ()
            assert held(session).word == "LOCKED"
            assert await held(session).open(PASSWORD) == ""
            room.toy.mute_acks = True
            wrote(session, "and before I went again")
            held(session).lock()
            held(session).tick()
            await asyncio.sleep(0.3)
            assert room.toy.locks == 1, "the server is not told before everything written has been answered"
            room.toy.mute_acks = False
            room.toy.cut()
            await sent(session)
            await until(lambda: room.toy.locks == 2)

    story(tmp_path, told)


def test_cut_off_the_desk_opens_its_own_lock_and_what_is_written_is_queued(tmp_path: Path) -> None:
    async def told(room: Room) -> None:
        async with room.desk() as session:
            await idle(room, session)
            await until(lambda: room.toy.locks == 1)
            await room.toy.stop(abruptly=True)
            await until(lambda: session.link.word is LinkWord.ISLAND)
            assert await held(session).open(WRONG) == "That is not the password of this desk."
            assert await held(session).open(PASSWORD) == ""
            wrote(session, "written while cut off")
            assert session.unsent == 1
            await room.toy.start()
            session.redial()
            await sent(session)
            assert room.toy.locked == set(), "the server was shown the password before anything was sent"
            assert session.cards == ()

    story(tmp_path, told)


def test_guessing_at_a_desk_that_is_cut_off_is_slowed(tmp_path: Path) -> None:
    async def told(room: Room) -> None:
        async with room.desk() as session:
            await idle(room, session)
            await room.toy.stop(abruptly=True)
            await until(lambda: session.link.word is LinkWord.ISLAND)
            for _ in range(3):
                assert "not the password" in await held(session).open(WRONG)
            assert "wait" in await held(session).open(PASSWORD)
            again = Sitting(room.ring, room.clock)
            again.resume()
            assert "wait" in await again.open(PASSWORD), "another start does not make it quicker"
            room.clock.wall_ahead_ms += 3_000
            assert await held(session).open(PASSWORD) == ""

    story(tmp_path, told)


def test_a_locked_desk_is_locked_after_another_start(tmp_path: Path) -> None:
    async def told(room: Room) -> None:
        async with room.desk() as session:
            held(session).lock()
        again = Sitting(room.ring, room.clock)
        assert again.resume()
        assert again.word == "LOCKED"
        assert await again.open(PASSWORD) == ""
        assert not Sitting(room.ring, room.clock).locked

    story(tmp_path, told)


def test_a_desk_that_was_left_for_long_asks_at_its_next_start(tmp_path: Path) -> None:
    async def told(room: Room) -> None:
        async with room.desk():
            pass
        assert _word_after(room, 0) == ""
        assert _word_after(room, 16) == "LOCKED"

    story(tmp_path, told)


def _word_after(room: Room, minutes: int) -> str:
    room.clock.wall_ahead_ms = minutes * MINUTE * 1000
    again = Sitting(room.ring, room.clock)
    assert again.resume()
    return again.word


def test_the_server_knows_better_whether_it_is_locked(tmp_path: Path) -> None:
    """Another client of this desk has locked the sign-in: what is refused for that is no card, and goes out later."""

    async def told(room: Room) -> None:
        async with room.desk() as session:
            room.toy.locked.add(held(session).token)
            wrote(session, "in one breath")
            await until(lambda: held(session).word == "LOCKED")
            assert session.cards == ()
            assert session.unsent == 1
            assert await held(session).open(PASSWORD) == ""
            await sent(session)
            assert session.cards == ()

    story(tmp_path, told)


def test_the_end_of_a_sign_in_loses_nothing(tmp_path: Path) -> None:
    async def told(room: Room) -> None:
        async with room.desk() as session:
            seat = session.desk.name
            session.keep_draft("log", "half a sen")
            room.toy.mute_acks = True
            wrote(session, "on its way")
            await until(lambda: room.toy.submitted)
            room.toy.end()
            await until(lambda: held(session).word == "SIGNED OUT")
            await until(lambda: session.link.word is LinkWord.ISLAND)
            assert session.link.retry_in_s is None
            refused = session.submit(Write("not signed in"))
            assert isinstance(refused, Refusal)
            assert refused.code == "signed_out"
            dials = room.toy.dials
            await asyncio.sleep(1.0)
            assert room.toy.dials == dials, "nobody knocks for ever with a token that is good for nothing"
            room.toy.mute_acks = False
            assert await held(session).open(PASSWORD) == ""
            await sent(session)
            assert session.desk.name == seat
            assert session.draft("log") == "half a sen"
            assert [line.text for line in session.log().lines].count("on its way") == 1

    story(tmp_path, told)


def test_a_sign_in_that_ends_while_cut_off_is_begun_again_with_the_password_given_here(
    tmp_path: Path,
) -> None:
    async def told(room: Room) -> None:
        room.toy.hours = 1
        async with room.desk() as session:
            await room.toy.stop(abruptly=True)
            await until(lambda: session.link.word is LinkWord.ISLAND)
            room.clock.ahead += 61 * MINUTE
            await until(lambda: held(session).word == "LOCKED")
            assert await held(session).open(PASSWORD) == ""
            wrote(session, "hours later")
            room.toy.end()
            await room.toy.start()
            session.redial()
            await sent(session)
            assert held(session).word == ""

    story(tmp_path, told)


def test_opened_past_its_end_by_its_own_password_a_cut_off_desk_works_on(tmp_path: Path) -> None:
    """The password is owed to the server: until it can be asked, nothing shuts the desk but the lack of keys."""

    async def told(room: Room) -> None:
        room.toy.hours = 1
        async with room.desk() as session:
            await room.toy.stop(abruptly=True)
            await until(lambda: session.link.word is LinkWord.ISLAND)
            room.clock.ahead += 61 * MINUTE
            await until(lambda: held(session).word == "LOCKED")
            assert await held(session).open(PASSWORD) == ""
            for minutes in (0, 14, 14):
                room.clock.ahead += minutes * MINUTE
                held(session).tick()
                assert held(session).word == ""
                wrote(session, f"after {minutes} more")
                held(session).touched()
            await idle(room, session)
            assert isinstance(session.submit(Write("by whoever passes")), Refusal)
            room.toy.end()
            await room.toy.start()
            session.redial()
            await sent(session)
            assert held(session).word == "LOCKED", "a password of before opens no lock of now"
            await until(lambda: room.toy.locks == 1)
            texts = [line.text for line in session.log().lines]
            assert "after 14 more" in texts
            assert "by whoever passes" not in texts

    story(tmp_path, told)


def test_left_while_its_password_is_owed_it_sends_what_was_written_and_stays_locked(tmp_path: Path) -> None:
    async def told(room: Room) -> None:
        async with room.desk() as session:
            await idle(room, session)
            await until(lambda: room.toy.locks == 1)
            await room.toy.stop(abruptly=True)
            await until(lambda: session.link.word is LinkWord.ISLAND)
            assert await held(session).open(PASSWORD) == ""
            wrote(session, "written while cut off")
            held(session).lock()
            await room.toy.start()
            session.redial()
            await sent(session)
            assert held(session).word == "LOCKED"
            await until(lambda: room.toy.locks == 2)
            assert session.cards == ()

    story(tmp_path, told)


def test_a_morning_without_a_server(tmp_path: Path) -> None:
    """Yesterday's sign-in is over and nobody answers: who knows the password works on, and it is sent later."""

    async def told(room: Room) -> None:
        async with room.desk() as session:
            wrote(session, "yesterday")
            await sent(session)
        room.toy.end()
        await room.toy.stop(abruptly=True)
        clock = SetClock()
        clock.wall_ahead_ms = 13 * 60 * MINUTE * 1000
        made = Sitting(room.ring, clock)
        assert not made.resume()
        assert await made.open(WRONG) == "That is not the password of this desk."
        assert await made.open(PASSWORD) == ""
        session = Session(room.toy.url, "", home=room.home, timing=FAST, sitting=made, clock=clock)
        running = asyncio.create_task(session.run())
        try:
            await until(lambda: any(line.text == "yesterday" for line in session.log().lines))
            wrote(session, "this morning")
            await room.toy.start()
            session.redial()
            await sent(session)
            assert made.word == ""
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            await session.close()

    story(tmp_path, told)


def test_the_end_is_told_a_quarter_of_an_hour_before(tmp_path: Path) -> None:
    async def told(room: Room) -> None:
        room.toy.hours = 0.25
        async with room.desk() as session:
            held(session).tick()
            await until(lambda: any("This sign-in ends at" in words for _, words in session.notices))
            assert held(session).ends_soon

    story(tmp_path, told)


def test_certificates_that_end_soon_are_told(tmp_path: Path) -> None:
    async def scenario() -> None:
        authority = ToyAuthority(tmp_path, days=20)
        async with DoorToy(authority) as toy:
            toy.furnish()
            toy.fresh_days = 10
            ring = await door.enrol(toy.url, read_code(toy.code()), PASSWORD, tmp_path)
            room = Room(toy, tmp_path, ring)
            async with room.desk() as session:
                said = " ".join(words for _, words in session.notices)
                assert "The server's certificate ends on" in said
                assert "This desk's certificate ends on" in said
                assert [whose for whose, _ in held(session).certificates()] == ["the server's", "this desk's"]
                room.toy.fresh_days = 300
                held(session).lock()
                assert await held(session).open(PASSWORD) == ""
                assert [whose for whose, _ in held(session).certificates()] == ["the server's"]

    run(scenario())


def test_a_sign_in_in_another_terminal_opens_this_one(tmp_path: Path) -> None:
    async def told(room: Room) -> None:
        async with room.desk() as session:
            held(session).lock()
            await asyncio.sleep(1.2)
            assert held(session).word == "LOCKED", "its own sign-in opens nothing by itself"
            beside = Sitting(room.ring, room.clock, watched=False)
            assert await beside.open(PASSWORD) == ""
            await until(lambda: held(session).word == "")
            assert held(session).token == beside.token
            wrote(session, "after that")
            await sent(session)

    story(tmp_path, told)


def test_the_same_sign_in_unlocked_in_another_terminal_opens_this_one_and_a_key_there_does_not(
    tmp_path: Path,
) -> None:
    async def told(room: Room) -> None:
        async with room.desk() as session:
            other = Sitting(room.ring, room.clock)
            other.resume()
            room.clock.wall_ahead_ms += 1_000
            held(session).lock()
            await until(lambda: room.toy.locks == 1)
            room.clock.wall_ahead_ms += 1_000
            other.touched()
            other.tick()
            kept = room.ring.sign_in()
            assert kept is not None
            assert not kept.locked, "the other screen has not heard of it"
            held(session).tick()
            assert held(session).word == "LOCKED"
            beside = Sitting(room.ring, room.clock, watched=False)
            beside.reuse()
            assert await beside.open(PASSWORD) == ""
            assert beside.token == held(session).token, "no further sign-in was begun"
            held(session).tick()
            assert held(session).word == ""
            wrote(session, "after that")
            await sent(session)
            assert room.toy.locked == set()

    story(tmp_path, told)


def test_a_sign_in_that_ends_soon_or_was_given_by_a_provider_is_not_taken_up_again(tmp_path: Path) -> None:
    async def told(room: Room) -> None:
        room.toy.hours = 0.2
        first = Sitting(room.ring, room.clock)
        assert await first.open(PASSWORD) == ""
        room.toy.hours = 12
        second = Sitting(room.ring, room.clock)
        second.reuse()
        assert await second.open(PASSWORD) == ""
        assert second.token != first.token
        await second.take(await door.sign_in(room.ring, PASSWORD), ())
        third = Sitting(room.ring, room.clock)
        third.reuse()
        assert await third.open(PASSWORD) == ""
        assert third.token != second.token

    story(tmp_path, told)


def test_a_revoked_desk_keeps_nothing_that_lets_it_in(tmp_path: Path) -> None:
    async def told(room: Room) -> None:
        async with room.desk() as session:
            room.toy.revoke(room.ring.badge.account)
            await until(lambda: held(session).word == "SIGNED OUT")
            assert held(session).out == "This desk was revoked."
            assert room.ring.sign_in() is None
            assert await held(session).open(PASSWORD) == "This desk was revoked."
            await room.toy.stop(abruptly=True)
            assert "Only the server" in await held(session).open(PASSWORD)
            assert held(session).word == "SIGNED OUT"

    story(tmp_path, told)


ANEW = "seven green kettles whistling"


async def enrolled_anew(room: Room) -> Ring:
    """In another terminal, into the same folder: the server knows the old desk no more."""
    old = room.ring.badge.account
    ring = await door.enrol(room.toy.url, read_code(room.toy.code()), ANEW, room.home)
    room.toy.revoke(old)
    assert not room.ring.folder.exists()
    return ring


@pytest.mark.parametrize("kind", ["plain", "tls"])
def test_a_desk_enrolled_anew_beside_its_open_screen_is_opened_there_by_its_new_password(
    kind: str, tmp_path: Path
) -> None:
    async def scenario() -> None:
        async with DoorToy(ToyAuthority(tmp_path) if kind == "tls" else None) as toy:
            toy.furnish()
            home = tmp_path / "home"
            ring = await door.enrol(toy.url, read_code(toy.code()), PASSWORD, home)
            room = Room(toy, home, ring)
            async with room.desk() as session:
                seat = session.desk.name
                session.keep_draft("log", "half a sen")
                made = await enrolled_anew(room)
                await until(lambda: held(session).word == "SIGNED OUT")
                assert await held(session).open(PASSWORD) == "That is not the password of this desk."
                assert await held(session).open(ANEW) == ""
                assert held(session).ring == made
                wrote(session, "by the new key")
                await sent(session)
                assert (session.desk.name, session.draft("log")) == (seat, "half a sen")
                held(session).lock()
                assert await held(session).open(ANEW) == ""

    run(scenario())


def test_a_desk_enrolled_anew_goes_on_when_it_is_signed_in_beside(tmp_path: Path) -> None:
    async def told(room: Room) -> None:
        async with room.desk() as session:
            made = await enrolled_anew(room)
            await until(lambda: held(session).word == "SIGNED OUT")
            beside = Sitting(made, room.clock, watched=False)
            assert await beside.open(ANEW) == ""
            await until(lambda: held(session).word == "")
            wrote(session, "by the new key")
            await sent(session)

    story(tmp_path, told)


def test_two_persons_break_the_glass_for_a_while(tmp_path: Path) -> None:
    async def told(room: Room) -> None:
        await door.enrol(room.toy.url, read_code(room.toy.code("EOC desk 4")), "others", tmp_path)
        glass = BreakGlass(
            first="EOC desk 3",
            first_password=PASSWORD,
            second="EOC desk 4",
            second_password="others",
            role="operator",
            reason="the duty manager is in the lift",
        )
        async with room.desk() as session:
            mine = session.desk.cache
            assert await held(session).break_glass(glass) == ""
            await until(lambda: session.me is not None and session.me.name.startswith("break glass"))
            await until(lambda: session.settled and session.stream)
            assert held(session).glass == "break glass: EOC desk 3 + EOC desk 4"
            assert session.desk.cache is not mine, "two persons write in a seat of their own"
            kept = room.ring.sign_in()
            assert kept is not None
            assert kept.token != held(session).token, "it is good for an hour, and in this program alone"
            wrote(session, "in need")
            await sent(session)
            room.toy.end()
            await until(lambda: held(session).word == "SIGNED OUT")
            assert held(session).glass == ""
            assert await held(session).open(PASSWORD) == ""
            await until(lambda: session.me is not None and session.me.name == "EOC desk 3")
            await until(lambda: session.settled)

    story(tmp_path, told)


def test_wrong_passwords_of_two_persons_change_nothing(tmp_path: Path) -> None:
    async def told(room: Room) -> None:
        glass = BreakGlass(
            first="A", first_password="a", second="B", second_password="b", role="operator", reason="none"
        )
        async with room.desk() as session:
            assert await held(session).break_glass(glass) == "That did not open it."
            assert held(session).glass == ""
            assert session.settled

    story(tmp_path, told)


def test_without_a_screen_it_says_how_to_sign_in(tmp_path: Path) -> None:
    async def told(room: Room) -> None:
        async with room.desk() as session:
            held(session).lock()
            await until(lambda: room.toy.locks)
        said: list[str] = []
        made = Sitting(room.ring, room.clock, watched=False)
        made.resume()
        session = Session(room.toy.url, "", home=tmp_path, timing=FAST, sitting=made, clock=room.clock)
        code = await headless.do(session, "log by a script", seconds=5, put=said.append, complain=said.append)
        assert code == headless.NOT_ALLOWED
        assert any(f"incident-tui sign-in {room.toy.url}" in line for line in said), said

    story(tmp_path, told)


async def scripted(room: Room, minutes: int, line: str, *, typed: bool = False) -> tuple[int, list[str]]:
    """What a program without a screen answers so long after the beginning; for no line, the picture."""
    room.clock.wall_ahead_ms = minutes * MINUTE * 1000
    said: list[str] = []
    made = Sitting(room.ring, room.clock, watched=False)
    assert made.resume()
    if typed:
        made.somebody()
    session = Session(
        room.toy.url, "", home=room.home, timing=FAST, sitting=made, clock=room.clock, observer=not line
    )
    if line:
        code = await headless.do(session, line, seconds=5, put=said.append, complain=said.append)
    else:
        code = await headless.state(session, json=False, seconds=5, put=said.append, complain=said.append)
    return code, said


def test_what_was_left_alone_for_long_writes_nothing_without_a_screen_and_reads_on(tmp_path: Path) -> None:
    async def told(room: Room) -> None:
        async with room.desk():
            pass
        assert (await scripted(room, 10, "log in time"))[0] == headless.DONE
        assert (await scripted(room, 12, ""))[0] == headless.DONE
        before = len(room.toy.submitted)
        code, said = await scripted(room, 16, "log by whoever passes")
        assert code == headless.NOT_ALLOWED
        assert f"incident-tui sign-in {room.toy.url}" in said[0]
        assert len(room.toy.submitted) == before
        code, said = await scripted(room, 17, "")
        assert code == headless.DONE
        assert any("in time" in line or "Incident" in line for line in said)
        async with room.desk():
            pass
        assert len(room.toy.submitted) == before, "nothing had been kept to be sent later"

    story(tmp_path, told)


def test_a_command_that_somebody_typed_is_a_sign_of_life(tmp_path: Path) -> None:
    async def told(room: Room) -> None:
        async with room.desk():
            pass
        assert (await scripted(room, 10, "log one", typed=True))[0] == headless.DONE
        assert (await scripted(room, 20, "log two"))[0] == headless.DONE
        code, _ = await scripted(room, 26, "log three", typed=True)
        assert code == headless.NOT_ALLOWED, "too late: a key opens no lock"
        assert _word_after(room, 26) == "LOCKED"
        assert _word_after(room, -26) == "LOCKED", "nor does a clock that is set back"

    story(tmp_path, told)


def test_a_no_from_the_door_is_made_safe(tmp_path: Path) -> None:
    async def told(room: Room) -> None:
        room.toy.deny = Denied(code="no", sentence="No.\x1b]0;owned\x07\u202e" + "x" * 500)
        made = Sitting(room.ring, room.clock)
        why = await made.open(PASSWORD)
        assert "\x1b" not in why
        assert "\u202e" not in why
        assert rings(tmp_path)[0].sign_in() is None

    story(tmp_path, told)
