"""Opening an exercise at the admin door: whole, by machines with names, on a server whose virtual agencies then act."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from typing import Any

import pytest

from config.reader import DEFAULTS, read_yaml
from incident.catalogue import Charter
from incident.kernel.checks import ConfigError
from incident.state import MODELS
from server import exercise
from server.admin import AdminError
from server.conductor import Conductor
from server.datafolder import init
from server.exercise import find_scenario, open_exercise
from server.settings import read_settings
from server.store.memory import MemoryDisk, MemoryStore
from tests.running import run
from tests.server.house import House, house, soon

COACH = DEFAULTS / "scenarios" / "m4-m25-coach.yaml"
T0 = 1_795_269_600_000
SECOND = 1_000
SMALL = """\
id: small
title: SMALL
code_word: AMBER
starts_at: 09:00
length: 10 min
location: {text: Somewhere}
opener: LAS
parties:
  - {agency: LAS, played: person}
  - {agency: SCAS, played: virtual, joins: 2-4 s}
"""


def charter_of(tmp_path: Path, mode: str = "exercise") -> Charter:
    return read_settings(init(tmp_path / "x", mode))[1]


def state(home: House, stream: str) -> Any:
    return home.hub.durable(stream).state


def asked(path: Path, **more: Any) -> dict[str, Any]:
    return {"file": str(path), **more}


def test_it_stands_and_is_played_and_falls_silent_for_people(tmp_path: Path) -> None:
    async def scene() -> None:
        now = [T0]
        charter = charter_of(tmp_path)
        async with house(models=MODELS, charter=charter, now=lambda: now[0]) as home:
            told = await open_exercise(home.hub, charter, asked(COACH))
            stream = told["stream"]
            assert told["title"] == "M4/M25 COACH"
            assert told["number"].startswith("LAS-")
            assert state(home, stream).exercises.running
            placing = state(home, stream).organisation.sightings[0].placing
            assert (placing.trust, placing.near[0].agency) == ("SCAS", "LAS"), "the scene lies in SCAS's area"
            assert len([name for name, *_ in home.hub.streams()]) == 3 + 1 + 3 + 1
            time = Conductor(home.hub)

            async def pass_(seconds: int) -> None:
                for _ in range(seconds):
                    now[0] += SECOND
                    await time.tick()
                    await asyncio.sleep(0.005)

            await pass_(20)
            parties = state(home, stream).organisation.parties
            await soon(lambda: state(home, stream).organisation.parties["SCAS"].joined_at is not None)
            assert parties["SECAMB"].joined_at is None
            async with home.guest("SECAMB"):
                await pass_(60)
                assert state(home, stream).organisation.parties["SECAMB"].joined_at is None
            await pass_(5)
            await soon(lambda: state(home, stream).organisation.parties["SECAMB"].joined_at is not None)
            authors = {record.actor for record in home.hub.store.load(stream)}
            assert {"excon", "virtual/SCAS", "virtual/SECAMB"} <= authors
            assert MODELS.of(stream).invariants(state(home, stream)) == ()  # type: ignore[union-attr]

    run(scene())


def test_no_file_is_read_where_the_rooms_are_served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    where: list[int] = []

    def read(path: Path) -> Any:
        where.append(threading.get_ident())
        return read_yaml(path)

    monkeypatch.setattr(exercise, "read_yaml", read)

    async def scene() -> None:
        charter = charter_of(tmp_path)
        async with house(models=MODELS, charter=charter, now=lambda: T0) as home:
            await open_exercise(home.hub, charter, asked(COACH))
        assert where
        assert threading.get_ident() not in where

    run(scene())


def test_a_restart_goes_on_where_it_was(tmp_path: Path) -> None:
    async def scene() -> None:
        now = [T0]
        charter = charter_of(tmp_path)
        disk = MemoryDisk()
        path = tmp_path / "small.yaml"
        path.write_text(SMALL, encoding="utf-8")
        async with house(MemoryStore(disk), models=MODELS, charter=charter, now=lambda: now[0]) as home:
            stream = (await open_exercise(home.hub, charter, asked(path)))["stream"]
        now[0] += 60 * SECOND
        async with house(MemoryStore(disk), models=MODELS, charter=charter, now=lambda: now[0]) as home:
            time = Conductor(home.hub)
            await time.tick()
            await soon(lambda: state(home, stream).organisation.parties["SCAS"].joined_at is not None)
            for _ in range(3):
                await Conductor(home.hub).tick()
                await asyncio.sleep(0.02)
            joined = [r for r in home.hub.store.load(stream) if r.type == "organisation.joined"]
            assert len(joined) == 1

    run(scene())


def test_given_again_it_is_another_exercise_and_one_that_was_cut_off_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scene() -> None:
        charter = charter_of(tmp_path)
        path = tmp_path / "small.yaml"
        path.write_text(SMALL, encoding="utf-8")
        async with house(models=MODELS, charter=charter) as home:
            submit = home.hub.submit
            count = [0]

            def cut(*args: Any, **more: Any) -> None:
                count[0] += 1
                if count[0] != 4:
                    submit(*args, **more)

            monkeypatch.setattr("server.conductor.ANSWER_SECONDS", 0.1)
            monkeypatch.setattr(home.hub, "submit", cut)
            with pytest.raises(AdminError, match="it goes on"):
                await open_exercise(home.hub, charter, asked(path))
            half = [name for name, *_ in home.hub.streams()]
            first = await open_exercise(home.hub, charter, asked(path, hold=True))
            assert first["stream"] in half
            assert not state(home, first["stream"]).exercises.started
            second = await open_exercise(home.hub, charter, asked(path))
            assert second["stream"] != first["stream"]

    run(scene())


def test_what_is_wrong_with_a_file_is_said_at_the_door_with_its_lines(tmp_path: Path) -> None:
    async def scene() -> None:
        charter = charter_of(tmp_path)
        async with house(models=MODELS, charter=charter) as home:

            async def no(written: str) -> str:
                path = tmp_path / "bad.yaml"
                path.write_text(written, encoding="utf-8")
                with pytest.raises(AdminError) as found:
                    await open_exercise(home.hub, charter, asked(path))
                return str(found.value)

            said = await no(SMALL.replace("opener: LAS", "opener: NOBODY").replace("10 min", "soon"))
            assert "bad.yaml:5:" in said
            assert "bad.yaml:7:" in said
            assert "there is no such file" in await no(SMALL + "fleets: {SCAS: none.csv}\n")
            assert "must lie beside" in await no(SMALL + "fleets: {SCAS: ../SCAS.csv}\n")
            (tmp_path / "SCAS.csv").write_text("callsign,kind\nA1,NOKIND\n", encoding="utf-8")
            assert "SCAS.csv:2" in await no(SMALL + "fleets: {SCAS: SCAS.csv}\n")
            with pytest.raises(AdminError, match="there is no such file"):
                await open_exercise(home.hub, charter, asked(tmp_path / "nothing.yaml"))
            assert list(home.hub.streams()) == []

    run(scene())


def test_none_is_opened_among_live_incidents(tmp_path: Path) -> None:
    async def scene() -> None:
        charter = charter_of(tmp_path, "live")
        async with house(models=MODELS, charter=charter) as home:
            with pytest.raises(AdminError, match="for live use"):
                await open_exercise(home.hub, charter, asked(COACH))

    run(scene())


def test_a_scenario_is_found_by_its_name_or_its_path(tmp_path: Path) -> None:
    assert find_scenario("m4-m25-coach") == COACH.resolve()
    path = tmp_path / "own.yaml"
    path.write_text(SMALL, encoding="utf-8")
    assert find_scenario(str(path)) == path.resolve()
    (tmp_path / "scenarios").mkdir()
    (tmp_path / "scenarios" / "ours.yaml").write_text(SMALL, encoding="utf-8")
    assert find_scenario("ours", tmp_path) == (tmp_path / "scenarios" / "ours.yaml").resolve()
    with pytest.raises(ConfigError, match="no such file"):
        find_scenario("no-such-scenario")
