"""What the server writes by itself: what is due, and a scripted partner; by name, once, and never over a person."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from incident.kernel.checks import ConfigError
from incident.kernel.protocol import Records
from incident.kernel.slice import Actor, Refusal
from server import conductor, partner
from server.conductor import Automaton, Conductor
from server.partner import Partner, read_script
from server.store.memory import MemoryDisk, MemoryStore
from tests.running import run
from tests.server.house import BOARD, House, house, soon
from tests.server.toy import SetAlarm, Take, Write


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


SCRIPT = """
streams:
  scene: board/$ID
  own: $scene/own/SCAS
setup:
  - {as: opening, stream: scene, agency: LAS, type: notes.open, body: {parties: [LAS, SCAS]}}
  - {as: first, stream: scene, agency: LAS, type: notes.write, body: {text: hello, key: greeting}}
  - {stream: own, agency: SCAS, type: notes.write, body: {text: $first}}
  - {stream: scene, agency: SCAS, type: notes.set_alarm, body: {at: $now+20m}}
play:
  - {after: 400 ms, stream: scene, agency: SCAS, type: notes.write, body: {text: later, key: greeting}}
  - {after: 100 ms, stream: scene, agency: SCAS, type: notes.write, body: {text: sooner}}
  - {after: 200 ms, stream: scene, agency: SCAS, type: notes.dance, body: {}}
"""
REPEAT = """
repeat:
  every: 1 s
  steps:
    - {stream: scene, agency: SCAS, type: notes.write, body: {text: again}}
"""


def script(tmp_path: Path, written: str) -> partner.Script:
    path = tmp_path / "play.yaml"
    path.write_text(written, encoding="utf-8")
    return read_script(path)


def test_a_script_is_played_in_order_and_fills_in_what_came_before(tmp_path: Path) -> None:
    async def scene() -> None:
        disk = MemoryDisk()
        async with house(MemoryStore(disk), now=lambda: 60_000) as home:
            play = Partner(home.hub, script(tmp_path, SCRIPT))
            await play.set_up()
            stream, own = play.streams["scene"], play.streams["own"]
            assert own == stream + "/own/SCAS"
            assert notes(home, stream).alarm_at == 60_000 + 20 * 60_000
            first = home.hub.own_id("play", "setup 1")
            assert list(notes(home, own).notes.values()) == [first]
            await play.run()
            texts = [one["text"] for one in written(home, stream)]
            assert texts == ["hello", "sooner", "later"]
            # the base was the present state, so that the second writing of one key was no conflict
            assert notes(home, stream).notes["greeting"] == "later"
            assert play.refused == []
            actors = {record.actor for record in home.hub.store.load(stream)}
            assert actors == {"virtual/LAS", "virtual/SCAS"}
            head = home.hub.durable(stream).seq
        async with house(MemoryStore(disk), now=lambda: 60_000 + 3_600_000) as home:
            play = Partner(home.hub, script(tmp_path, SCRIPT))
            await play.set_up()
            await play.run()  # an hour later: what is past is past
            assert home.hub.durable(stream).seq == head

    run(scene())


def written(home: House, stream: str) -> list[dict[str, Any]]:
    records = home.hub.store.load(stream)
    return [_plain(record.body) for record in records if record.type == "notes.written"]


def _plain(body: Any) -> dict[str, Any]:
    import json  # noqa: PLC0415

    found: dict[str, Any] = json.loads(bytes(body))
    return found


def test_the_partner_is_silent_while_a_person_of_its_agency_is_here(tmp_path: Path) -> None:
    async def scene() -> None:
        async with house() as home:
            play = Partner(home.hub, script(tmp_path, SCRIPT + REPEAT))
            await play.set_up()
            stream = play.streams["scene"]
            running = asyncio.ensure_future(play.run())
            async with home.guest("SCAS"):
                await asyncio.sleep(1.7)
                assert [one["text"] for one in written(home, stream)] == ["hello"]
            async with home.guest("SCAS", observer=True), home.guest("LAS"):
                await soon(lambda: len(written(home, stream)) == 3)  # nobody of SCAS is here: it goes on
            assert [one["text"] for one in written(home, stream)] == ["hello", "again", "again"]
            running.cancel()

    run(scene())


def test_a_bad_script_is_told_all_at_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        script(
            tmp_path,
            "streams: {scene: x}\nsetup:\n  - {stream: scene}\nplay:\n  - {after: 5, stream: s, agency: A, type: t}\n",
        )
    lines = [problem.line for problem in caught.value.problems]
    assert lines == [3, 3, 5]


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
