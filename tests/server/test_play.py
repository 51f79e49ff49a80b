"""An exercise on a real server: injects fire once whatever restarts, NO DUFF stops them, and no player sees them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from incident.exercises.facts import NoDuff, Pause, Resume, SetSpeed, StartPlay
from incident.injects.facts import Fire, LoadScenario, WriteNote
from incident.kernel import protocol
from incident.kernel.protocol import Directory
from incident.organisation.facts import Invite, Join, Open, OpenOwn
from incident.state import MODELS
from incident.values import Location
from server.conductor import Conductor
from server.store.memory import MemoryDisk, MemoryStore
from tests.incident.given import INCIDENT_STREAM, MINUTE, OWN_STREAM, T0, charter
from tests.incident.papers import EXCON_STREAM, SCENARIO
from tests.running import run
from tests.server.house import Guest, House, house, soon

TICKS = 6


class Time:
    """The server's clock, turned by hand."""

    def __init__(self) -> None:
        self.now = T0

    def __call__(self) -> int:
        return self.now

    def later(self, minutes: float) -> None:
        self.now += int(minutes * MINUTE)


async def wrote(guest: Guest, command: Any, stream: str = INCIDENT_STREAM) -> Any:
    """Written as somebody who has seen what there is."""
    model = MODELS.of(stream)
    assert model is not None
    base = model.base_for(guest.hub.durable(stream).state, command)  # type: ignore[attr-defined]
    return await guest.do(command, stream, models=MODELS, base=base, written_at=guest.hub.now())  # type: ignore[attr-defined]


async def ticked(conductor: Conductor) -> None:
    """The conductor asks, and what it wrote is on the disk, some times over."""
    for _ in range(TICKS):
        await conductor.tick()
        await asyncio.sleep(0.02)


def lines(home: House) -> list[str]:
    """What exercise control's machine wrote in the incident."""
    records = home.hub.store.load(INCIDENT_STREAM)
    return [bytes(record.body).decode() for record in records if record.actor == "excon"]


def results(home: House, number: int = 1) -> dict[str, str]:
    found: dict[str, str] = home.hub.durable(EXCON_STREAM).state.injects.rows[str(number)].results
    return found


@asynccontextmanager
async def served(disk: MemoryDisk, time: Time) -> AsyncIterator[House]:
    async with house(MemoryStore(disk), MODELS, charter(), now=time, secret=b"the data folder's own") as home:
        yield home


@asynccontextmanager
async def seat(home: House, agency: str, role: str = "operator") -> AsyncIterator[Guest]:
    async with home.guest(agency, role=role) as guest:
        guest.hub = home.hub  # type: ignore[attr-defined]
        yield guest


async def begun(home: House) -> None:
    """LAS opens, SCAS joins, exercise control loads a scenario and starts play."""
    async with seat(home, "LAS") as las:
        await wrote(las, Open("M4/M25 coach", "exercise", Location("M25 J15")))
        await wrote(las, Invite(("SCAS", "SECAMB")))
    async with seat(home, "SCAS") as scas:
        await wrote(scas, Join("duty manager"))
    async with seat(home, "EXCON", "excon") as control:
        await wrote(control, OpenOwn(), EXCON_STREAM)
        await wrote(control, LoadScenario(SCENARIO), EXCON_STREAM)
        done = await wrote(control, StartPlay("small", "A small one", "COBALT"))
        assert isinstance(done, protocol.Done)


@pytest.mark.parametrize("lost", [False, True], ids=["reported", "killed before the report"])
def test_an_inject_fires_once_across_a_restart(lost: bool) -> None:
    disk, time = MemoryDisk(), Time()

    async def scene() -> None:
        async with served(disk, time) as home:
            await begun(home)
            time.later(1)
            conductor = Conductor(home.hub)
            if lost:
                conductor._heard = lambda *_: None  # type: ignore[method-assign]
            await ticked(conductor)
            assert len(lines(home)) == 1
            assert "A coach is on its side." in lines(home)[0]
            assert (results(home) == {}) == lost
        for _ in range(2):
            async with served(disk, time) as home:
                await ticked(Conductor(home.hub))
                assert len(lines(home)) == 1
                assert list(results(home).values()) == [""]

    run(scene())


def test_under_no_duff_nothing_is_played_by_anybody_until_exercise_control_resumes() -> None:
    time = Time()

    async def scene() -> None:
        async with served(MemoryDisk(), time) as home:
            await begun(home)
            conductor = Conductor(home.hub)
            async with seat(home, "SCAS", "observer") as anybody:
                assert isinstance(await wrote(anybody, NoDuff("controller collapsed")), protocol.Done)
            time.later(30)
            async with seat(home, "EXCON", "excon") as control:
                await wrote(control, Fire(3), EXCON_STREAM)
                await ticked(conductor)
                assert lines(home) == []
                assert not home.hub.durable(INCIDENT_STREAM).state.organisation.parties["SECAMB"].declared
                refused = await wrote(control, SetSpeed(8))
                assert isinstance(refused, protocol.Done)  # it will run so once it runs again
                await ticked(conductor)
                assert lines(home) == []
                await wrote(control, Resume("over"))
            await soon(lambda: home.hub.durable(INCIDENT_STREAM).state.exercises.running)
            await ticked(conductor)
            assert [number for number in "123" if results(home, int(number))] == ["3"]

    run(scene())


def test_no_player_sees_or_writes_exercise_control_s_papers() -> None:
    async def scene() -> None:
        async with served(MemoryDisk(), Time()) as home:
            await begun(home)
            for agency, role in (
                ("LAS", "operator"),
                ("LAS", "excon"),
                ("SCAS", "observer"),
                ("EXCON", "operator"),
            ):
                async with seat(home, agency, role) as player:
                    assert (await player.watch(EXCON_STREAM)).code == "unknown_stream"
                    answer = await wrote(player, WriteNote("x"), EXCON_STREAM)
                    assert answer.code in ("unknown_stream", "no_grant"), (agency, role, answer)
                    listed = [
                        one.stream
                        for frame in player.heard
                        if isinstance(frame, Directory)
                        for one in frame.streams
                    ]
                    assert EXCON_STREAM not in listed
            for role in ("excon", "evaluator"):
                async with seat(home, "EXCON", role) as control:
                    assert not hasattr(await control.watch(EXCON_STREAM), "code")
                    assert not hasattr(await control.watch(INCIDENT_STREAM), "code")
                    assert isinstance(await wrote(control, WriteNote("seen"), EXCON_STREAM), protocol.Done)

    run(scene())


def test_parts_of_the_incident_take_on_its_clock() -> None:
    time = Time()

    async def scene() -> None:
        async with served(MemoryDisk(), time) as home:
            await begun(home)
            async with seat(home, "LAS") as las:
                await wrote(las, OpenOwn(), OWN_STREAM)
            time.later(3)
            async with seat(home, "EXCON", "excon") as control:
                await wrote(control, SetSpeed(4))
                time.later(1)
                await wrote(control, Pause())
            await ticked(Conductor(home.hub))
            clocks = [
                home.hub.durable(s).state.exercises.segments
                for s in (INCIDENT_STREAM, OWN_STREAM, EXCON_STREAM)
            ]
            assert len(clocks[0]) == 2
            assert clocks == [clocks[0]] * 3

    run(scene())


def test_a_virtual_agency_answers_until_a_person_of_it_comes() -> None:
    time = Time()

    async def scene() -> None:
        async with served(MemoryDisk(), time) as home:
            await begun(home)
            conductor = Conductor(home.hub)

            def virtual() -> int:
                records = home.hub.store.load(INCIDENT_STREAM)
                return sum(record.actor == "virtual/SECAMB" for record in records)

            async with seat(home, "SECAMB"):
                time.later(4)
                await ticked(conductor)
                assert virtual() == 0
            await soon(lambda: "SECAMB" not in home.hub.people())
            await ticked(conductor)
            assert virtual() > 0

    run(scene())


def acts_of(home: House, actor: str) -> int:
    return sum(record.actor == actor for record in home.hub.store.load(INCIDENT_STREAM))


@pytest.mark.parametrize("how", ["the line breaks", "the server is started again"])
def test_nobody_plays_a_room_that_is_only_on_its_way_back(how: str) -> None:
    """What a person has left open for a moment is theirs: a broken line must not answer it for them."""
    disk, time, clock = MemoryDisk(), Time(), [1_000.0]

    async def scene() -> None:
        asyncio.get_running_loop().time = lambda: clock[0]  # type: ignore[method-assign]
        async with served(disk, time) as home:
            await begun(home)
            conductor = Conductor(home.hub)
            async with seat(home, "SECAMB"):
                time.later(4)
                if how == "the line breaks":
                    conductor = Conductor(home.hub, back_seconds=20)
                    clock[0] += 30
                    await conductor.tick()
            if how == "the line breaks":
                await hurried(home, conductor, clock)
        if how != "the line breaks":
            async with served(disk, time) as home:
                await hurried(home, Conductor(home.hub, back_seconds=20), clock)

    run(scene())


async def hurried(home: House, conductor: Conductor, clock: list[float]) -> None:
    """For twenty seconds nobody else speaks for SECAMB; after that its room is empty."""
    for _ in range(1_000):  # no timer goes off while the clock of the loop is turned by hand
        await asyncio.sleep(0)
    assert "SECAMB" not in home.hub.people()
    await conductor.tick()
    clock[0] += 19
    await conductor.tick()
    assert acts_of(home, "virtual/SECAMB") == 0
    clock[0] += 2
    await conductor.tick()
    for _ in range(1_000):
        await asyncio.sleep(0)
    assert acts_of(home, "virtual/SECAMB") > 0
