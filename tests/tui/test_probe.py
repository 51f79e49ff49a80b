"""The probe of the event loop: only when asked for, and then it sees what holds the loop up."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path

from incident_tui.probe import VARIABLE, probing
from tests.running import run


def test_without_the_variable_there_is_no_probe() -> None:
    async def scenario() -> None:
        before = asyncio.all_tasks()
        with probing({}):
            assert asyncio.all_tasks() == before

    run(scenario())


def test_a_loop_that_is_held_up_is_seen_with_its_processor_time(tmp_path: Path) -> None:
    async def scenario() -> None:
        with probing({VARIABLE: str(tmp_path / "probe.json")}):
            await asyncio.sleep(0.05)
            time.sleep(0.2)  # noqa: ASYNC251 - it is what is measured
            await asyncio.sleep(0.05)

    began = time.time() * 1000
    run(scenario())
    samples = json.loads((tmp_path / "probe.json").read_bytes())["samples"]
    assert max(late for _, late, _ in samples) >= 150
    assert all(began <= at <= time.time() * 1000 for at, _, _ in samples)
    assert [cpu for _, _, cpu in samples] == sorted(cpu for _, _, cpu in samples)
