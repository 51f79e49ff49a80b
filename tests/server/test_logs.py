"""What the server says about itself: one line for each event, of a known form, and nothing that anybody wrote."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import random
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from msgspec import ValidationError

from incident.kernel.protocol import Refused
from incident.state import INCIDENT, MODELS
from server import logs
from server.datafolder import DataFolder, init
from server.settings import read_settings
from server.store.memory import MemoryDisk, MemoryStore
from tests.golden.make import HISTORIES
from tests.incident.given import INCIDENT_STREAM
from tests.running import run
from tests.server.house import house, soon
from tests.sim import guess
from tests.sim.guess import GivenUp, Guess

ROOT = Path(__file__).resolve().parents[2]
CANARY = "zqcanary"
WORDS = tuple(f"{CANARY} {number} \u2013 two lanes" for number in range(8))
COMMANDS = 300
LINE = re.compile(
    r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z) (debug|info|warning|error|security) +([^=]*?)((?: [a-z_]+=.*)?)"
)


@pytest.fixture
def heard() -> Iterator[io.StringIO]:
    """The log at level debug, until the end of the test."""
    stream = io.StringIO()
    root, ours = logging.getLogger(), logging.getLogger("incident.server")
    before = root.handlers[:], ours.handlers[:], ours.level, ours.propagate
    logs.start("debug", stream)
    yield stream
    root.handlers[:], ours.handlers[:], ours.level, ours.propagate = before


def lines(heard: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in heard.getvalue().splitlines()]


# -- the form -------------------------------------------------------------------------------------------------


def test_a_line_is_json_with_time_level_and_event(heard: io.StringIO) -> None:
    before = logs.clock()
    logs.note("something", count=3, name='a "name"\nof two lines \u202e')
    logs.detail("smaller", command_id="x")
    first, second = lines(heard)
    assert before <= first.pop("at") <= logs.clock()
    assert first == {
        "level": "info",
        "event": "something",
        "count": 3,
        "name": 'a "name"\nof two lines \u202e',
    }
    assert (second["level"], second["event"]) == ("debug", "smaller")
    assert heard.getvalue().isascii()


def test_a_line_in_words_holds_the_same_and_stays_one_line() -> None:
    stream = io.StringIO()
    logs.start("info", stream, "text")
    logs.note("something", count=3, name='a "name"\nof two lines \u202e')
    logs.security("turned away", peer="('127.0.0.1', 4)")
    one, two = stream.getvalue().splitlines()
    found = LINE.fullmatch(one)
    assert found
    assert (found[2], found[3]) == ("info", "something")
    assert found[4] == ' count=3 name="a \\"name\\"\\nof two lines \\u202e"'
    assert " security turned away peer=" in two


def test_what_concerns_who_came_in_is_told_at_every_level() -> None:
    stream = io.StringIO()
    logs.start("error", stream)
    logs.warn("not told")
    logs.security("told")
    assert [line["event"] for line in lines(stream)] == ["told"]


def test_the_settings_choose_the_form(tmp_path: Path) -> None:
    folder = init(tmp_path / "rooms")
    assert read_settings(folder)[0].log_format == "json"
    with folder.settings.open("a") as file:
        file.write("log_format: text\n")
    assert read_settings(DataFolder(folder.root))[0].log_format == "text"
    assert "# log_format: json" in folder.settings.read_text()


# -- what it never holds --------------------------------------------------------------------------------------


def failing(error: Exception) -> None:
    raise error


def test_an_error_is_told_by_its_kind_and_place_and_never_by_its_text(heard: io.StringIO) -> None:
    try:
        failing(ExceptionGroup(CANARY, [ValueError(CANARY)]))
    except ExceptionGroup as error:
        logs.fault("group failed", error)
    try:
        failing(KeyError(CANARY))
    except KeyError as error:
        logs.fault("answer failed", error)
    first, second = lines(heard)
    assert first["error"] == "ValueError"
    assert (second["error"], second["where"].rpartition(":")[0]) == ("KeyError", __file__)
    assert second["trace"][-1].endswith(" failing")
    assert CANARY not in heard.getvalue()


def test_a_library_is_told_to_have_spoken_and_not_what_it_said(heard: io.StringIO) -> None:
    async def scene() -> None:
        loop = asyncio.get_running_loop()

        def broken() -> None:
            raise RuntimeError(CANARY)

        loop.call_soon(broken)
        await asyncio.sleep(0)
        logging.getLogger("aiosqlite").error("INSERT %s", CANARY)
        logging.getLogger("some.library").warning(CANARY)
        logging.getLogger("some.library").info(CANARY)

    run(scene())
    assert CANARY not in heard.getvalue()
    found = [(line["library"], line["level"], line["error"]) for line in lines(heard)]
    assert found == [
        ("asyncio", "error", "RuntimeError"),
        ("aiosqlite", "error", ""),
        ("some", "warning", ""),
    ]


CRASH = """
import sys, threading
from server import logs
logs.start("debug"); logs.mind_the_process()
def broken(text): raise OSError(text)
class Sore:
    def __del__(self): broken(sys.argv[1])
thread = threading.Thread(target=broken, args=(sys.argv[1],)); thread.start(); thread.join()
sore = Sore(); del sore
broken(sys.argv[1])
"""


def test_a_crash_of_the_process_or_of_a_thread_prints_no_trace() -> None:
    done = subprocess.run(
        [sys.executable, "-c", CRASH, CANARY], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert CANARY not in done.stdout + done.stderr
    found = [json.loads(line) for line in done.stderr.splitlines()]
    assert [line["event"] for line in found] == ["thread crashed", "could not be raised", "crashed"]
    assert {line["error"] for line in found} == {"OSError"}


def drawn(rng: random.Random, view: Any, agency: str, now: int) -> Any:
    while True:
        cls = rng.choice(list(INCIDENT.command_names))
        with suppress(GivenUp, ValidationError):
            return Guess(rng, view, agency, INCIDENT_STREAM, now, ("LAS", "SCAS", "SECAMB"), 0.2).command(cls)


@pytest.mark.parametrize("form", logs.FORMATS)
def test_a_random_history_leaves_nothing_of_its_words_in_the_log(
    form: str, heard: io.StringIO, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    """All levels, three desks, hundreds of commands with canaries in every text, frames that are none, and faults."""
    logs.start("debug", heard, form)
    monkeypatch.setattr(guess, "WORDS", WORDS)
    rng = random.Random(f"{seed} log {form}")
    given = HISTORIES["incident"]()
    fate: list[Any] = [None]
    store = MemoryStore(
        MemoryDisk(records={INCIDENT_STREAM: list(given.records)}), fault=lambda _group: fate[0]
    )
    taken = refused = 0

    async def scene() -> None:
        nonlocal taken, refused
        async with (
            house(store, MODELS, given.charter, now=lambda: given.now) as home,
            home.guest("LAS", role="tactical_commander") as las,
            home.guest("SCAS") as scas,
            home.guest("WMAS") as outside,
        ):
            for number in range(COMMANDS):
                guest, agency = rng.choice([(las, "LAS"), (scas, "SCAS"), (outside, "WMAS")])
                body = drawn(rng, home.hub.durable(INCIDENT_STREAM).state, agency, given.now)
                answer = await guest.do(body, INCIDENT_STREAM, models=MODELS)
                refused += isinstance(answer, Refused)
                taken += not isinstance(answer, Refused)
                if number % 50 == 0:
                    await guest.socket.send(f'{{"frame":"{CANARY}"}}')
                    await guest.socket.send(f'{{"frame":"watch","stream":"{CANARY} {CANARY}"}}')

            def slip(*_: object) -> None:
                raise ValueError(CANARY)

            monkeypatch.setattr(home.gateway.joining, "_watch", slip)
            with suppress(Exception):
                await scas.watch(INCIDENT_STREAM)
            await scas.closed()
            fate[0] = "lost"
            await las.submit(
                drawn(rng, home.hub.durable(INCIDENT_STREAM).state, "LAS", given.now),
                INCIDENT_STREAM,
                models=MODELS,
            )
            with suppress(TimeoutError):
                await soon(lambda: home.hub.failure is not None)

    run(scene())
    text = heard.getvalue()
    assert taken > COMMANDS / 10, "too little was written for the test to say something"
    assert refused > COMMANDS / 10
    written = sum(CANARY.encode() in bytes(record.body) for record in store.disk.records[INCIDENT_STREAM])
    assert written > COMMANDS / 20
    assert CANARY not in text
    for event in ("connected", "accepted", "refused", "answer failed", "disconnected"):
        assert event in text, event
    if form == "text":
        assert all(map(LINE.fullmatch, text.splitlines()))
    else:
        assert all("event" in line for line in lines(heard))
