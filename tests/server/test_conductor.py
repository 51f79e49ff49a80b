"""What the server writes by itself: what is due, by name and once."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from incident.kernel.protocol import Records
from incident.kernel.slice import Act, Actor, Refusal
from server import conductor
from server.conductor import Automaton, Conductor
from server.store.memory import MemoryDisk, MemoryStore
from tests.running import run
from tests.server.house import BOARD, House, house
from tests.server.toy import TOYS, SetAlarm, Take, Write


def notes(home: House, stream: str = BOARD) -> Any:
    return home.hub.durable(stream).state.notes


def test_what_is_due_is_written_once_by_the_system() -> None:
    async def scene() -> None:
        now = [1_000]
        disk = MemoryDisk()
        async with house(MemoryStore(disk), now=lambda: now[0]) as home:
            await home.opened("LAS")
            async with home.guest() as guest:
                await guest.watch()
                await guest.do(SetAlarm(5_000))
                time = Conductor(home.hub)
                await time.tick()
                assert notes(home).rung == 0  # not yet
                now[0] = 5_000
                for _ in range(3):
                    await time.tick()
                    await asyncio.sleep(0.02)
                assert notes(home).rung == 1
                record = (
                    await guest.until(Records, lambda frame: frame.records[0].type == "notes.rung")
                ).records[0]
                assert (record.actor, record.role) == ("system", "system")
                assert record.command_id == home.hub.own_id("due", BOARD, "ring 5000", "0")
                await guest.do(
                    SetAlarm(5_000)
                )  # the same cause again: its id is used, and nothing is written twice
                await time.tick()
                await asyncio.sleep(0.02)
                assert notes(home).rung == 1
        async with house(MemoryStore(disk), now=lambda: now[0]) as home:
            await Conductor(home.hub).tick()
            await asyncio.sleep(0.02)
            assert notes(home).rung == 1

    run(scene())


def test_what_is_due_and_refused_is_not_asked_every_second(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []

    async def scene() -> None:
        async with house(now=lambda: 9_000) as home:
            await home.opened("LAS")
            async with home.guest() as guest:
                await guest.do(SetAlarm(5_000))
            monkeypatch.setattr(home.hub, "submit", lambda *args, **_kwargs: asked.append(args))
            time = Conductor(home.hub)
            for _ in range(5):
                await time.tick()
            assert len(asked) == 1
            monkeypatch.setattr(conductor, "AGAIN_SECONDS", 0.0)
            time = Conductor(home.hub)
            for _ in range(3):
                await time.tick()
            assert len(asked) == 4

    run(scene())


def test_an_automaton_hears_done_and_refusal_and_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conductor, "ANSWER_SECONDS", 0.1)

    async def scene() -> None:
        async with house() as home:
            await home.opened("LAS")
            robot = Automaton(home.hub, Actor("virtual/SCAS", "SCAS", "operator"))
            done = await robot.do(BOARD, Take("HART"), home.hub.own_id("a"))
            assert not isinstance(done, Refusal)
            assert done.last == 2
            refused = await robot.do(BOARD, Take("HART"), home.hub.own_id("b"))
            assert isinstance(refused, Refusal)
            assert refused.code == "claim_held"
            home.hub.stopping = True
            with pytest.raises(TimeoutError):
                await robot.do(BOARD, Take("x"), home.hub.own_id("c"))

    run(scene())


def test_a_long_running_write_is_answered_in_its_turn() -> None:
    """Many of the server's own commands at once are each answered."""

    async def scene() -> None:
        async with house() as home:
            await home.opened("LAS")
            robot = Automaton(home.hub, Actor("virtual/LAS", "LAS", "operator"))
            answers = await asyncio.gather(
                *(robot.do(BOARD, Write(f"{n}"), home.hub.own_id(f"{n}")) for n in range(100))
            )
            assert {answer.last for answer in answers if not isinstance(answer, Refusal)} == set(
                range(2, 102)
            )

    run(scene())


class Playing:
    """The toy, with somebody who wants one thing done, and hears what came of it."""

    def __init__(self, command: Any, heard: list[str]) -> None:
        self.command, self.heard = command, heard

    def __getattr__(self, name: str) -> Any:
        return getattr(TOYS, name)

    def acts(self, stream: str, *_: Any) -> tuple[Act, ...]:
        return (Act(0, "one", stream, Actor("excon", "LAS", "operator"), self.command, self.told),)

    def told(self, refused: str) -> None:
        self.heard.append(refused)


async def acted(home: House, command: Any, heard: list[str]) -> None:
    home.hub.models = Playing(command, heard)
    await Conductor(home.hub).tick()
    await asyncio.sleep(0.02)


def test_what_was_done_before_a_restart_is_done_though_it_would_be_put_otherwise_now() -> None:
    """What an act says may follow from the state, which the act itself has changed."""
    disk, heard = MemoryDisk(), list[str]()

    async def scene() -> None:
        async with house(MemoryStore(disk)) as home:
            await home.opened("LAS")
            await acted(home, Write("as it was"), [])
        async with house(MemoryStore(disk)) as home:
            await acted(home, Write("as it would be put now"), heard)
            assert [record.command_id for record in home.hub.store.load(BOARD)].count(
                home.hub.own_id("act", BOARD, "one", "0")
            ) == 1
        assert heard == [""]

    run(scene())


def test_a_full_disk_is_no_answer_of_the_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    heard = list[str]()

    async def scene() -> None:
        async with house() as home:
            await home.opened("LAS")
            with monkeypatch.context() as full:
                full.setattr(home.hub.store, "refuses", lambda: "The disk is full.")
                await acted(home, Write("x"), heard)
            assert heard == []
            await acted(home, Write("x"), heard)

    run(scene())


def test_a_slip_in_whoever_hears_an_answer_does_not_end_the_server() -> None:
    async def scene() -> None:
        async with house() as home:
            await home.opened("LAS")
            playing = Playing(Write("x"), [])
            playing.told = lambda _refused: 1 // 0  # type: ignore[assignment,return-value]
            home.hub.models = playing
            await Conductor(home.hub).tick()
            await asyncio.sleep(0.02)
            assert home.hub.failure is None

    run(scene())
