"""What is shared by an agreement, over a real socket: seen while it stands, closed at its end, and no longer than that.

Each test fails when its defence is taken out; the last lines of a docstring say which.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from msgspec.structs import replace

from incident.kernel.protocol import Directory, Error, Heartbeat, Page, Records, Refused, Watch, Watching
from incident.log.facts import Write
from incident.organisation.facts import Invite, Leave, Open, OpenOwn, TakeBackInvitation
from incident.sharing.facts import End, Share
from incident.state import MODELS
from server import hub as hub_module
from server.store.memory import MemoryStore
from tests.incident.given import INCIDENT_STREAM as INCIDENT
from tests.incident.given import MINUTE, T0, charter
from tests.running import run
from tests.server.house import Guest, House, house, soon, submitted

LAS_PART = f"{INCIDENT}/own/LAS"
VIEW = Share("NWAS", "view", 60, "neighbour on standby")
ASSIST = Share("NWAS", "assist", 60, "takes calls for us")


class Clock:
    def __init__(self) -> None:
        self.at = T0

    def __call__(self) -> int:
        return self.at


async def do(guest: Guest, command: Any, stream: str = INCIDENT) -> Any:
    return await guest.do(command, stream, models=MODELS, written_at=T0)


async def took(guest: Guest, command: Any, stream: str = INCIDENT) -> None:
    answer = await do(guest, command, stream)
    assert not isinstance(answer, Refused), answer


@asynccontextmanager
async def opened(clock: Clock, store: MemoryStore | None = None) -> AsyncIterator[tuple[House, Guest]]:
    """An incident of LAS and SCAS, LAS's own part with an entry, and a commander of LAS at work."""
    async with (
        house(store, MODELS, charter(), now=clock) as home,
        home.guest("LAS", role="tactical_commander") as las,
    ):
        await took(las, Open("M4/M25 coach", "exercise"))
        await took(las, Invite(("SCAS",)))
        await took(las, Write("for the parties"))
        await took(las, OpenOwn(), LAS_PART)
        await took(las, Write("for us alone"), LAS_PART)
        yield home, las


def refused(answer: Any) -> str:
    return answer.code if isinstance(answer, Refused | Error) else ""


async def beat(guest: Guest, sent_at: int = 1) -> Heartbeat:
    """A round trip: everything before it has arrived."""
    await guest.say(Heartbeat(sent_at=sent_at))
    found: Heartbeat = await guest.until(Heartbeat, lambda frame: frame.echo == sent_at)
    return found


# -- while it stands --------------------------------------------------------------------------------------------


def test_an_outsider_sees_what_is_shared_with_it_and_no_agencys_own_part() -> None:
    async def scene() -> None:
        clock = Clock()
        async with opened(clock) as (home, las), home.guest("NWAS") as nwas:
            assert refused(await nwas.watch(INCIDENT)) == "unknown_stream"
            await took(las, VIEW)
            listed = await nwas.until(Directory, lambda frame: bool(frame.streams))
            assert [one.stream for one in listed.streams] == [INCIDENT]
            assert isinstance(await nwas.watch(INCIDENT), Watching)
            await took(las, Write("and so on"))
            await nwas.until(Records, lambda frame: frame.records[-1].type == "log.written")
            await nwas.say(Page(stream=INCIDENT))
            assert (await nwas.until(Records, lambda frame: frame.history)).records
            for part in (LAS_PART, f"{INCIDENT}/own/NWAS", f"{INCIDENT}/own/SCAS"):
                assert refused(await nwas.watch(part)) == "unknown_stream"
                assert refused(await do(nwas, Write("x"), part)) == "unknown_stream"
            assert refused(await do(nwas, OpenOwn(), f"{INCIDENT}/own/NWAS")) == "unknown_stream"
            for command in (Write("x"), Share("EEAST", "view", 60, "on to a friend")):
                assert refused(await do(nwas, command)) == "no_grant"

    run(scene())


def test_who_assists_writes_what_its_tier_lists() -> None:
    async def scene() -> None:
        clock = Clock()
        async with opened(clock) as (home, las), home.guest("NWAS") as nwas:
            await took(las, ASSIST)
            await took(nwas, Write("three calls from the hard shoulder"))
            assert refused(await do(nwas, Invite(("EEAST",)))) == "no_grant"
            assert refused(await do(nwas, Share("EEAST", "view", 60, "x"))) == "no_grant"

    run(scene())


def test_an_own_part_is_shared_with_a_party_and_with_nobody_else() -> None:
    """Fails when `_is_shown` does not ask whether both sides belong to the whole."""

    async def scene() -> None:
        clock = Clock()
        async with (
            opened(clock) as (home, las),
            home.guest("SCAS", role="tactical_commander") as scas,
            home.guest("NWAS") as nwas,
        ):
            await took(las, VIEW)
            await took(las, Share("NWAS", "view", 60, "no party, so it will not see it"), LAS_PART)
            assert refused(await nwas.watch(LAS_PART)) == "unknown_stream"
            assert refused(await scas.watch(LAS_PART)) == "unknown_stream"
            await took(las, Share("SCAS", "assist", 60, "which crews we asked for"), LAS_PART)
            assert isinstance(await scas.watch(LAS_PART), Watching)
            await took(scas, Write("two are ours"), LAS_PART)
            assert refused(await do(scas, Share("NWAS", "view", 60, "x"), LAS_PART)) == "no_grant"
            await took(scas, Leave("not ours"))
            assert (await scas.until(Error, lambda frame: frame.stream == LAS_PART)).code == "not_party"
            assert refused(await scas.watch(LAS_PART)) == "unknown_stream"

    run(scene())


def test_what_a_leaver_had_shared_of_its_own_part_is_closed_with_its_leaving() -> None:
    """It could not end that any more, so nobody goes on looking."""

    async def scene() -> None:
        clock = Clock()
        async with opened(clock) as (home, las), home.guest("SCAS", role="tactical_commander") as scas:
            part = f"{INCIDENT}/own/SCAS"
            await took(scas, OpenOwn(), part)
            await took(scas, Share("LAS", "view", 60, "x"), part)
            assert isinstance(await las.watch(part), Watching)
            await took(scas, Leave("not ours"))
            assert (await las.until(Error, lambda frame: frame.stream == part)).code == "not_party"

    run(scene())


# -- its end ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("side", ["LAS", "NWAS"])
def test_either_side_ends_it_and_the_socket_hears_it_at_once(side: str) -> None:
    async def scene() -> None:
        clock = Clock()
        async with opened(clock) as (home, las), home.guest("NWAS") as nwas:
            await took(las, VIEW)
            await nwas.watch(INCIDENT)
            await (nwas if side == "NWAS" else las).submit(
                End("NWAS"), INCIDENT, models=MODELS, written_at=T0
            )
            said = await nwas.until(Error)
            assert (said.code, said.stream) == ("not_party", INCIDENT)
            assert "SCAS" not in said.sentence
            await beat(las)
            await took(las, Write("not for them"))
            assert (await beat(nwas)).heads == {}
            assert not any(b"not for them" in bytes(record.body) for record in nwas.records[INCIDENT])

    run(scene())


def test_at_its_moment_it_is_over_on_every_way_out() -> None:
    """Pages, watches, commands, the list, who is here: fails when `Sight._is_shown` does not pass the time."""

    async def scene() -> None:
        clock = Clock()
        async with opened(clock) as (home, las), home.guest("NWAS") as nwas, home.guest("NWAS") as idle:
            await took(las, ASSIST)
            await nwas.watch(INCIDENT)
            assert [row[0] for row in (await beat(nwas)).present] == ["LAS", "NWAS"]
            clock.at += 60 * MINUTE
            await nwas.say(Page(stream=INCIDENT))
            await nwas.until(Error, lambda frame: frame.stream == INCIDENT)
            assert refused(await do(nwas, Write("x"))) in ("not_open", "unknown_stream")
            found = await beat(nwas, 2)
            assert found.heads == {}
            assert [row[0] for row in found.present] == ["NWAS"]
            await idle.until(Directory, lambda frame: not frame.streams)

    run(scene())


def test_time_alone_closes_the_socket_that_only_listens() -> None:
    """Within a second (here the look is taken every 50 ms): fails when nobody calls `Hub.end_sight`."""

    async def scene() -> None:
        clock = Clock()
        async with opened(clock) as (home, las), home.guest("NWAS") as nwas:
            await took(las, VIEW)
            await nwas.watch(INCIDENT)
            clock.at += 60 * MINUTE
            said = await nwas.until(Error)
            assert (said.code, said.stream) == ("not_party", INCIDENT)
            assert hub_module.SIGHT_SECONDS <= 0.5

    run(scene())


def test_nothing_is_published_to_a_receiver_between_its_moment_and_the_next_look(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The look is never taken here: fails when `_take_group` does not ask before it publishes."""
    monkeypatch.setattr(hub_module.Hub, "end_sight", lambda _self: None)

    async def scene() -> None:
        clock = Clock()
        async with opened(clock) as (home, las), home.guest("NWAS") as nwas:
            await took(las, VIEW)
            await nwas.watch(INCIDENT)
            clock.at += 60 * MINUTE
            await took(las, Write("not for them"))
            await beat(nwas)
            assert not any(b"not for them" in bytes(record.body) for record in nwas.records[INCIDENT])
            assert [frame.code for frame in nwas.heard if isinstance(frame, Error)] == ["not_party"]

    run(scene())


def test_what_is_written_in_one_group_with_the_end_does_not_go_out_to_who_is_put_out() -> None:
    """Fails when a group is published before it is asked who may still see it."""
    flushes: list[Any] = []

    async def scene() -> None:
        clock = Clock()
        store = MemoryStore(schedule=flushes.append)

        async def flush() -> None:
            while True:
                await asyncio.sleep(0.001)
                if not held.is_set():
                    while flushes:
                        flushes.pop(0)()

        held = asyncio.Event()
        flusher = asyncio.create_task(flush())
        try:
            async with (
                opened(clock, store) as (home, las),
                home.guest("SCAS") as scas,
                home.guest("NWAS") as nwas,
            ):
                await took(las, VIEW)
                await scas.watch(INCIDENT)
                await nwas.watch(INCIDENT)
                held.set()
                commands = (TakeBackInvitation("SCAS", "meant SECAMB"), End("NWAS"), Write("not for them"))
                ids = [await las.submit(one, INCIDENT, models=MODELS, written_at=T0) for one in commands]
                await beat(las)
                held.clear()
                await las.answer(ids[-1])
                for guest in (scas, nwas):
                    await guest.until(Error, lambda frame: frame.code == "not_party")
                    await beat(guest)
                    assert not any(b"not for them" in bytes(one.body) for one in guest.records[INCIDENT])
        finally:
            flusher.cancel()

    run(scene())


# -- what a server says of a copy ---------------------------------------------------------------------------------


def test_only_who_held_a_stream_is_told_that_it_is_closed_to_them() -> None:
    """So that a client deletes its copy, and nobody learns from the answer that there is something.

    Fails when `_turned_away` does not compare the chain hash.
    """

    async def scene() -> None:
        clock = Clock()
        async with opened(clock) as (home, las), home.guest("NWAS") as nwas, home.guest("EEAST") as other:
            await took(las, VIEW)
            await nwas.watch(INCIDENT)
            last = nwas.records[INCIDENT][-1]
            await took(las, End("NWAS"))
            await nwas.until(Error)
            absent = INCIDENT.replace("01a8", "01a9")
            cases = [
                (nwas, INCIDENT, last.seq, last.hash, "not_party"),
                (nwas, INCIDENT, last.seq, "0" * 64, "unknown_stream"),
                (nwas, INCIDENT, last.seq - 1, last.hash, "unknown_stream"),
                (nwas, INCIDENT, 0, "", "unknown_stream"),
                (nwas, INCIDENT, last.seq + 1_000, last.hash, "unknown_stream"),
                (nwas, absent, last.seq, last.hash, "unknown_stream"),
                (other, INCIDENT, 1, "0" * 64, "unknown_stream"),
                (other, absent, 1, "0" * 64, "unknown_stream"),
            ]
            for guest, stream, seq, hash_, code in cases:
                await guest.say(Watch(stream=stream, cursor=seq, hash=hash_))
                said = await guest.until(Error, lambda frame, name=stream: frame.stream == name)
                assert said.code == code, (stream, seq)

    run(scene())


def test_the_same_id_with_other_words_tells_an_outsider_nothing() -> None:
    """Fails when the ledger of a stream that is not theirs answers that an id is taken."""

    async def scene() -> None:
        clock = Clock()
        async with opened(clock) as (_home, las), _home.guest("NWAS") as nwas:
            absent = INCIDENT.replace("01a8", "01a9")
            await beat(las)
            for stream in (INCIDENT, absent):
                first = submitted(Write("one"), stream, models=MODELS, written_at=T0)
                second = replace(first, body=submitted(Write("two"), stream, models=MODELS).body)
                told = []
                for frame in (first, second, first, second):
                    await nwas.say(frame)
                    answer = await nwas.answer(first.command_id)
                    told.append((answer.code, answer.sentence, answer.facts))
                assert set(map(repr, told)) == {repr(told[0])}
                assert told[0][0] == "not_open"

    run(scene())


def test_after_a_restart_an_agreement_stands_and_ends_as_before() -> None:
    async def scene() -> None:
        clock = Clock()
        async with opened(clock) as (home, las):
            await took(las, VIEW)
            disk = home.hub.store.disk  # type: ignore[attr-defined]
        async with house(MemoryStore(disk), MODELS, charter(), now=clock) as home, home.guest("NWAS") as nwas:
            assert isinstance(await nwas.watch(INCIDENT), Watching)
            clock.at += 60 * MINUTE
            assert (await nwas.until(Error)).code == "not_party"
            await soon(lambda: not home.hub.channel(INCIDENT).watchers)

    run(scene())


def test_who_had_a_full_buffer_gets_nothing_that_was_written_after_the_end() -> None:
    """What is in the socket's buffer at that moment may still arrive; all of it is from before."""

    async def scene() -> None:
        clock = Clock()
        async with opened(clock) as (home, las), home.guest("NWAS", **home.narrow()) as nwas:
            await took(las, VIEW)
            await nwas.watch(INCIDENT)
            for number in range(40):
                await took(las, Write(f"before {number} " + "x" * 1_900))
            await took(las, End("NWAS"))
            await took(las, Write("not for them"))
            said = await nwas.until(Error)
            assert said.code == "not_party"
            await beat(nwas)
            bodies = b"".join(bytes(record.body) for record in nwas.records[INCIDENT])
            assert b"before 39" in bodies
            assert b"not for them" not in bodies

    run(scene())
