from __future__ import annotations

import asyncio
import contextlib
import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from incident.kernel.slice import Actor
from incident.log.facts import Write
from incident.organisation.facts import Declare, Open
from incident.resources.facts import Commit, Commitment
from incident.tasks.facts import Raise
from incident_tui import __main__ as command_line
from incident_tui import headless, identity
from incident_tui.clock import long_time
from incident_tui.identity import Last
from incident_tui.seat import home_words
from incident_tui.session import Session
from incident_tui.settings import DEFAULTS, read_settings
from tests.hostile import HOSTILE
from tests.on_disk import every_byte
from tests.running import run
from tests.tui.rooms import FAST, LAS, asleep, at_desk, until
from tests.tui.toy_server import INCIDENT_STREAM, OTHER_STREAM, ToyServer

SCAS_DESK = Actor("Desk 1", "SCAS", "operator")
ROOT = Path(__file__).resolve().parents[2]


class Said:
    """What a headless command has printed: to standard output, and to standard error."""

    def __init__(self) -> None:
        self.out: list[str] = []
        self.err: list[str] = []


async def do(
    toy: ToyServer, home: Path, line: str, token: str = LAS, seconds: float = 5.0, *, yes: bool = False
) -> tuple[int, Said]:
    said = Said()
    session = Session(toy.url, token, home=home, timing=FAST)
    code = await headless.do(
        session, line, yes=yes, seconds=seconds, put=said.out.append, complain=said.err.append
    )
    return code, said


def program(
    *words: str, env: dict[str, str] | None = None, **kwargs: Any
) -> subprocess.CompletedProcess[str]:
    """The real program, as a script runs it."""
    return subprocess.run(
        [sys.executable, "-W", "error", "-m", "incident_tui", *words],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), **(env or {})},
        **kwargs,
    )


# -- do -------------------------------------------------------------------------------------------------------


def test_do_is_confirmed_with_its_number(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with ToyServer() as toy:
            toy.furnish()
            code, said = await do(toy, tmp_path, "log bus requested")
            assert code == 0
            last = toy.records[INCIDENT_STREAM][-1]
            assert said.out == [f"CONFIRMED #{last.seq}"]
            assert said.err == []
            assert bytes(last.body) == b'{"text":"bus requested"}'

    run(scenario())


def test_do_nearest_says_what_could_be_there_soonest_and_writes_nothing(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with ToyServer() as toy:
            toy.furnish()
            before = len(toy.records[INCIDENT_STREAM])
            code, said = await do(toy, tmp_path, "nearest hart at TQ 0402 7829", seconds=20)
            assert code == 0, said.err
            assert said.out[0] == "Nearest hart from TQ 0402 7829:"
            assert len(said.out) >= 5
            assert all(" km " in line and "min" in line for line in said.out[1:-1])
            code, said = await do(toy, tmp_path, "nearest")
            assert code == 2
            assert "nearest hart" in said.err[0]
            assert len(toy.records[INCIDENT_STREAM]) == before

    run(scenario())


def test_do_measure_says_each_part_and_the_whole_and_writes_nothing(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with ToyServer() as toy:
            toy.furnish()
            before = len(toy.records[INCIDENT_STREAM])
            line = "measure TQ 0402 7829; -0.513, 51.468; Slough"
            code, said = await do(toy, tmp_path, line, seconds=20)
            assert code == 0, said.err
            assert " 3.0 km S, " in said.out[0]
            assert " 7.4 km NW, " in said.out[1]
            assert "SSW" not in said.out[0]
            assert "S, grid bearing 19" in said.out[0]
            assert "Slough (within 2 km)" in said.out[1]
            assert said.out[2].startswith("In all 10 km")
            assert said.err == ["The longitude stood first: read as latitude 51.468, longitude -0.513."]
            code, said = await do(toy, tmp_path, "measure")
            assert (code, said.out) == (2, [])
            assert "with semicolons between" in said.err[0]
            assert len(toy.records[INCIDENT_STREAM]) == before

    run(scenario())


def test_do_nearest_of_an_unknown_kind_offers_those_there_are(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with ToyServer() as toy:
            toy.furnish()
            code, said = await do(toy, tmp_path, "nearest dcaa at TQ 0402 7829", seconds=20)
            assert (code, said.out) == (2, [])
            assert said.err[0].endswith("Did you mean dca?")
            code, said = await do(toy, tmp_path, "nearest banana at TQ 0402 7829", seconds=20)
            assert "There are: hospital, " in said.err[0]
            code, said = await do(toy, tmp_path, "nearest hart at -0.513, 51.468", seconds=20)
            assert code == 0
            assert said.err[0].startswith("The longitude stood first")

    run(scenario())


def test_what_must_be_said_of_a_place_goes_to_standard_error(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with ToyServer() as toy:
            toy.furnish()
            code, said = await do(toy, tmp_path, 'propose rvp "the old mill"')
            assert code == 0
            assert said.err == ["Kept as words, no point is known."]
            code, said = await do(toy, tmp_path, 'propose rvp "TQ 0402 7829 51.594,-0.503"')
            assert code == 0
            assert said.err == ["The grid reference and the position are 11 km apart: which is right?"]
            code, said = await do(toy, tmp_path, 'propose outer "the old mill" 1500m')
            assert (code, said.out) == (2, [])
            assert said.err[0].startswith(
                "It is drawn around a point, and nothing gives one for the old mill."
            )
            code, said = await do(toy, tmp_path, "propose outer TQ 0402 7829 -5m")
            assert (code, said.out) == (2, [])
            assert said.err == [
                "-5m cannot be a radius: it is more than 0 and at most 50 km. Write 500m or 1.5km."
            ]

    run(scenario())


def test_do_carries_time_and_on_whose_behalf(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with ToyServer() as toy:
            toy.furnish()
            code, _ = await do(toy, tmp_path, "@SCAS log asked for two crews")
            assert code == 0
            assert toy.records[INCIDENT_STREAM][-1].on_behalf_of == "SCAS"

    run(scenario())


def test_do_opens_an_incident_of_its_own(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with ToyServer() as toy:
            code, said = await do(toy, tmp_path, 'open "Train at Didcot"')
            assert (code, said.err) == (0, [])
            (stream,) = toy.records
            assert toy.state(stream).organisation.title == "Train at Didcot"

    run(scenario())


@pytest.mark.parametrize(
    ("line", "code", "words"),
    [
        ("frobnicate", 2, "no word frobnicate"),
        ("", 2, "Write a word"),
        ("go 3", 2, "for the screen"),
        ("theme mono", 2, "for the screen"),
        ("declare purple", 2, ""),
        ("decline LAS-T99 no crew", 2, ""),
        ("declare standby", 2, "say it again with --yes"),
        ("log standing by", 0, ""),
    ],
)
def test_what_a_line_means_for_a_script(tmp_path: Path, line: str, code: int, words: str) -> None:
    async def scenario() -> None:
        async with ToyServer() as toy:
            toy.furnish()
            found, said = await do(toy, tmp_path, line)
            assert found == code, said.err
            if code:
                (sentence,) = said.err
                assert words in sentence
                assert sentence.endswith((".", "?")), sentence

    run(scenario())


def test_do_reads_a_place_as_the_screen_does_and_says_what_must_be_said(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with ToyServer() as toy:
            toy.furnish()
            code, said = await do(toy, tmp_path, "location -0.573, 51.532")
            assert (code, said.err[0][:23]) == (0, "The longitude stood fir")
            assert toy.state(INCIDENT_STREAM).organisation.location.point == (51.532, -0.573)
            code, said = await do(toy, tmp_path, "location Slough")
            assert code == 0
            assert toy.state(INCIDENT_STREAM).organisation.location.text == "Slough (within 2 km)"
            code, said = await do(toy, tmp_path, "location TQ 0402 782")
            assert code == 2
            assert "has 7 digits" in said.err[-1]

    run(scenario())


def test_a_script_signs_nothing_that_nobody_has_read(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with ToyServer() as toy:
            toy.furnish()
            code, said = await do(toy, tmp_path, "sitrep")
            assert code == 2
            assert "sends a text that nobody has read here" in said.err[0]
            assert toy.submitted == []
            code, said = await do(toy, tmp_path, "sitrep", yes=True)
            assert code == 0, said.err

    run(scenario())


def test_the_second_key_of_a_script_is_yes(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with ToyServer() as toy:
            toy.furnish()
            before = len(toy.records[INCIDENT_STREAM])
            code, said = await do(toy, tmp_path, "declare standby")
            assert (code, len(toy.records[INCIDENT_STREAM])) == (2, before)
            assert said.err == ["declare asks for a second key: say it again with --yes. Nothing was done."]
            code, _ = await do(toy, tmp_path, "declare standby", yes=True)
            assert code == 0
            assert toy.state(INCIDENT_STREAM).organisation.parties["LAS"].declared == "standby"

    run(scenario())


def test_do_that_loses_is_refused_and_leaves_no_card(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with ToyServer() as toy:
            toy.furnish()
            decide = toy.decide

            def somebody_was_first(actor: Actor, submit: Any) -> Any:
                if submit.type == "organisation.declare":
                    toy.decide = decide  # type: ignore[method-assign]
                    toy.write(INCIDENT_STREAM, Declare("LAS", "declared"), Actor("Desk 2", "LAS", "operator"))
                return decide(actor, submit)

            toy.decide = somebody_was_first  # type: ignore[method-assign]
            code, said = await do(toy, tmp_path, "declare standby", yes=True)
            assert code == 1
            assert said.err[0].startswith("REFUSED. ")
            async with asleep(toy.url, tmp_path) as las:
                assert las.cards == ()

    run(scenario())


def test_do_without_the_right_is_not_allowed(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with ToyServer() as toy:
            toy.furnish()
            toy.actors["tok-eye"] = Actor("Eye", "LAS", "observer")
            code, said = await do(toy, tmp_path, "log x", "tok-eye")
            assert code == 4
            assert "log.write" in said.err[0] or "observer" in said.err[0].lower()

    run(scenario())


def test_do_without_a_server_keeps_the_command_and_the_next_client_sends_it(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with ToyServer() as toy:
            toy.furnish()
            assert (await do(toy, tmp_path, "log first"))[0] == 0
            await toy.stop()
            code, said = await do(toy, tmp_path, "log written in the dark", seconds=0.3)
            assert code == 3
            (sentence,) = said.err
            assert sentence.startswith("QUEUED. Nobody answers at 127.0.0.1")
            assert sentence.endswith("It is kept on this desk and sent later.")
            await toy.start()
            async with at_desk(toy.url, tmp_path) as las:
                await until(lambda: not las.unsent and las.settled)
            assert [bytes(one.body) for one in toy.records[INCIDENT_STREAM]].count(
                b'{"text":"written in the dark"}'
            ) == 1

    run(scenario())


def test_do_beside_an_open_screen_takes_another_seat(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with ToyServer() as toy:
            toy.furnish()
            async with at_desk(toy.url, tmp_path) as las:
                assert (await do(toy, tmp_path, "log from a script"))[0] == 0
                await until(lambda: any(line.text == "from a script" for line in las.log().lines))

    run(scenario())


def test_do_that_was_never_signed_in_says_what_it_waits_for(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with ToyServer() as toy:
            code, said = await do(toy, tmp_path, "log x", "tok-unknown", seconds=0.3)
            assert (code, said.err) == (3, ["This token is not known here."])
            toy.furnish()
            toy.write(OTHER_STREAM, Open("Train at Didcot", "exercise"))
            code, said = await do(toy, tmp_path, "log x", seconds=2)
            assert code == 2
            assert said.err[0].startswith("No incident is open. Name one with --incident: ")

    run(scenario())


# -- tail -----------------------------------------------------------------------------------------------------


def test_tail_prints_the_last_lines_then_each_new_one_and_leaves_no_trace(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with ToyServer() as toy:
            toy.furnish()
            toy.write(INCIDENT_STREAM, Raise(agency="LAS", title="Open RVP B"), SCAS_DESK)
            said = Said()
            home = tmp_path / "home"
            session = Session(toy.url, "tok-las", home=home, timing=FAST, observer=True, copy=False)
            tailing = asyncio.create_task(
                headless.tail(
                    session, json=False, lines=2, seconds=5, put=said.out.append, complain=said.err.append
                )
            )
            await until(lambda: len(said.out) == 2)
            assert "SCAS" in said.out[0]
            toy.write(INCIDENT_STREAM, Write("two crews sent"), SCAS_DESK)
            await until(lambda: len(said.out) == 3)
            last = toy.records[INCIDENT_STREAM][-1]
            assert said.out[2] == f"{long_time(last.at)} #{last.seq} SCAS two crews sent"
            await toy.stop(abruptly=True)
            await until(lambda: any(line.startswith("ISLAND") for line in said.err))
            await toy.start()
            toy.write(INCIDENT_STREAM, Write("and back"), SCAS_DESK)
            await until(lambda: len(said.out) == 4)
            assert any(line.startswith("LIVE") for line in said.err)
            tailing.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await tailing
            assert toy.submitted == []
            assert not home.exists()

    run(scenario())


def test_tail_without_a_server_ends_with_3_and_a_sentence(tmp_path: Path) -> None:
    async def scenario() -> None:
        said = Said()
        session = Session("ws://127.0.0.1:9/", "t", home=tmp_path, timing=FAST, observer=True, copy=False)
        code = await headless.tail(
            session, json=False, lines=2, seconds=0.3, put=said.out.append, complain=said.err.append
        )
        assert code == 3
        assert said.err == ["Nobody answers at 127.0.0.1:9. Is the server running?"]

    run(scenario())


def test_tail_asks_which_incident_is_meant_and_waits_for_the_first(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with ToyServer() as toy:
            said = Said()
            session = Session(toy.url, LAS, home=tmp_path, timing=FAST, observer=True, copy=False)
            tailing = asyncio.create_task(
                headless.tail(
                    session, json=False, lines=9, seconds=5, put=said.out.append, complain=said.err.append
                )
            )
            await until(lambda: said.err == ["There is no incident yet."])
            async with at_desk(toy.url, tmp_path, ready=False) as las:
                await until(lambda: las.settled)
                assert isinstance(las.submit(Open("Coach on the M25", "exercise")), str)
                await until(lambda: said.out and "Coach on the M25" in said.out[0])
                tailing.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await tailing
                toy.write(OTHER_STREAM, Open("Train at Didcot", "exercise"))
            said = Said()
            session = Session(toy.url, LAS, home=tmp_path, timing=FAST, observer=True, copy=False)
            code = await headless.tail(
                session, json=False, lines=9, seconds=5, put=said.out.append, complain=said.err.append
            )
            assert code == 2
            assert said.err[0].startswith("No incident is open. Name one with --incident: ")

    run(scenario())


def _can_be_sent(text: str) -> bool:
    try:
        return bool(text.encode())
    except UnicodeEncodeError:
        return False


def test_hostile_text_from_elsewhere_is_printed_harmless(tmp_path: Path) -> None:
    """P34: as it would be if the server let it through; the client has its own door."""

    async def scenario() -> None:
        async with ToyServer() as toy:
            toy.furnish()
            names = [one.text[:60] for one in HOSTILE if one.text.isascii() or _can_be_sent(one.text)]
            for number, name in enumerate(names):
                toy.actors[f"h{number}"] = Actor(name, "SCAS", "operator")
                toy.write(INCIDENT_STREAM, Write("ordinary words"), toy.actors[f"h{number}"])
            said = Said()
            session = Session(toy.url, "tok-las", home=tmp_path, timing=FAST, observer=True)
            await headless.state(session, json=True, seconds=5, put=said.out.append, complain=said.err.append)
            session = Session(toy.url, "tok-las", home=tmp_path, timing=FAST, observer=True)
            tailing = asyncio.create_task(
                headless.tail(
                    session, json=True, lines=1_000, seconds=5, put=said.out.append, complain=said.err.append
                )
            )
            await until(lambda: len(said.out) > len(names) > 30)
            tailing.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await tailing
            printed = "\n".join(said.out)
            assert not [char for char in printed if (char < " " and char != "\n") or "\x7f" <= char <= "\x9f"]
            assert not set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f") & set(
                printed
            )
            assert "\\u001b" not in printed
            assert "\\u202e" not in printed

    run(scenario())


# -- state ----------------------------------------------------------------------------------------------------


def test_state_is_the_picture_once_and_the_last_one_seen_when_nobody_answers(tmp_path: Path) -> None:
    async def state(toy: ToyServer, *, as_json: bool) -> tuple[int, Said]:
        said = Said()
        session = Session(toy.url, "tok-las", home=tmp_path, timing=FAST, observer=True)
        code = await headless.state(
            session, json=as_json, seconds=0.4, put=said.out.append, complain=said.err.append
        )
        return code, said

    async def scenario() -> None:
        async with ToyServer() as toy:
            toy.furnish()
            toy.write(INCIDENT_STREAM, Raise(agency="SCAS", title="Open RVP B"))
            code, said = await state(toy, as_json=True)
            assert code == 0
            (line,) = said.out
            picture = json.loads(line)
            assert (picture["link"], picture["mode"], picture["agency"]) == ("LIVE", "exercise", "LAS")
            assert picture["incident"] == INCIDENT_STREAM
            (task,) = picture["boards"]["tasks"]
            assert "Open RVP B" in task.values()
            code, said = await state(toy, as_json=False)
            assert said.out[0].startswith("EXERCISE. LIVE.")
            assert any("Open RVP B" in line for line in said.out)
            await toy.stop()
            code, said = await state(toy, as_json=False)
            assert code == 3
            assert any("Open RVP B" in line for line in said.out)
            assert said.out[0].startswith("EXERCISE. ISLAND. Nobody answers at")
            assert toy.submitted == [], "a reader writes no receipts"

    run(scenario())


# -- the program ----------------------------------------------------------------------------------------------


def test_the_program_without_widgets(tmp_path: Path) -> None:
    """`do`, `state` and `tail` run as a script runs them; nothing of Textual is loaded."""

    async def scenario() -> None:
        async with ToyServer() as toy:
            toy.furnish()
            token = tmp_path / "token"
            token.write_text("tok-las\n")
            words = (toy.url, "--token-file", str(token), "--home", str(tmp_path / "home"))
            done = await asyncio.to_thread(program, "do", *words, "log bus requested")
            assert (done.returncode, done.stderr) == (0, "")
            assert done.stdout.startswith("CONFIRMED #")
            env = {"PYTHONPROFILEIMPORTTIME": "1"}
            done = await asyncio.to_thread(program, "state", *words, "--json", env=env)
            assert done.returncode == 0
            assert json.loads(done.stdout)["link"] == "LIVE"
            assert "incident_tui.headless" in done.stderr
            loaded = {line.rpartition("|")[2].strip().partition(".")[0] for line in done.stderr.splitlines()}
            assert not loaded & {"textual", "rich"}
            done = await asyncio.to_thread(program, "do", *words, "--timeout", "5", "nonsense")
            assert done.returncode == 2
            assert "nonsense" in done.stderr

    run(scenario())


def test_the_short_forms_know_where_the_screen_last_was(tmp_path: Path) -> None:
    """`tail`, `state` and `do` with neither address nor token; the token itself is nowhere in the home folder."""

    async def scenario() -> None:
        async with ToyServer() as toy:
            toy.furnish()
            home, token = tmp_path / "home", tmp_path / "desk.token"
            token.write_text("tok-las\n")
            env = {"INCIDENT_TUI_HOME": str(home), "INCIDENT_TUI_TOKEN": "", "INCIDENT_TUI_URL": ""}
            done = await asyncio.to_thread(program, "do", "log too early", env=env)
            assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
            assert "No server is known here yet" in done.stderr
            assert "incident-tui enrol URL CODE" in done.stderr
            where = Last(toy.url, str(token))
            async with at_desk(toy.url, home, last=where):
                assert identity.last(home) == Last(toy.url, str(token), "LAS")
            assert b"tok-las" not in every_byte(home)
            done = await asyncio.to_thread(program, "do", "log bus requested", env=env)
            assert (done.returncode, done.stderr) == (0, "")
            done = await asyncio.to_thread(program, "state", "--json", env=env)
            assert json.loads(done.stdout)["link"] == "LIVE"
            # the environment wins over what is remembered, and what is said wins over both
            token.unlink()
            by_env = {**env, "INCIDENT_TUI_URL": toy.url, "INCIDENT_TUI_TOKEN": "tok-las"}
            for words in (("log by env",), (toy.url, "--timeout", "5", "log by word")):
                done = await asyncio.to_thread(program, "do", *words, env=by_env)
                assert (done.returncode, done.stderr) == (0, "")
            # a token is shown to no other server than its own
            done = await asyncio.to_thread(program, "state", "ws://127.0.0.1:9", env=env)
            assert done.returncode == 2
            assert "No desk is enrolled here" in done.stderr

    run(scenario())


def test_only_a_screen_that_was_let_in_is_remembered(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with ToyServer() as toy:
            toy.furnish()
            async with at_desk(toy.url, tmp_path):
                pass
            assert identity.last(tmp_path) is None, "who is no screen leaves no trace"
            session = Session(
                toy.url, "tok-nobody", home=tmp_path, timing=FAST, last=Last(toy.url, "x.token")
            )
            async with headless.at_work(session):
                await until(lambda: session.link.sentence)
            assert identity.last(tmp_path) is None

    run(scenario())


def test_two_desks_in_one_folder_must_say_which_they_mean(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with ToyServer() as toy:
            toy.furnish()
            home = tmp_path / "home"
            env = {"INCIDENT_TUI_HOME": str(home), "INCIDENT_TUI_TOKEN": "", "INCIDENT_TUI_URL": ""}
            for name in ("las", "scas"):
                file = tmp_path / f"{name}.token"
                file.write_text(f"tok-{name}\n")
                async with at_desk(toy.url, home, f"tok-{name}", last=Last(toy.url, str(file))):
                    pass
            assert [one.agency for one in identity.lasts(home)] == ["SCAS", "LAS"]
            for words in (("log whose",), (toy.url, "log whose")):
                done = await asyncio.to_thread(program, "do", *words, env=env)
                assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
                assert "Several desks use this folder: SCAS at " in done.stderr
                assert "--agency SCAS" in done.stderr
            done = await asyncio.to_thread(program, "do", "--agency", "LAS", "log ours", env=env)
            assert (done.returncode, done.stderr) == (0, "")
            assert toy.records[INCIDENT_STREAM][-1].agency == "LAS"
            done = await asyncio.to_thread(program, "do", "--agency", "LFB", "log x", env=env)
            assert "No server is known here yet for LFB" in done.stderr

    run(scenario())


def test_the_memory_of_an_older_client_is_read(tmp_path: Path) -> None:
    (tmp_path / identity.LAST).write_text('{"url": "ws://127.0.0.1:1/", "token_file": "x"}')
    assert identity.last(tmp_path) == Last("ws://127.0.0.1:1/", "x")
    identity.remember_last(tmp_path, Last("ws://127.0.0.1:1/", "y", "LAS"))
    assert identity.lasts(tmp_path) == (Last("ws://127.0.0.1:1/", "y", "LAS"),)


@pytest.mark.parametrize("broken", ["", "{", '{"url": 5}', "[5]"])
def test_a_broken_memory_is_no_memory(tmp_path: Path, broken: str) -> None:
    (tmp_path / identity.LAST).write_text(broken)
    assert identity.last(tmp_path) is None


@pytest.mark.parametrize("words", [("a", "b", "c"), ("a", "--timeout", "5", "b", "c")])
def test_do_takes_two_words_at_most(words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        command_line.main(("do", *words))
    assert ended.value.code == 2
    err = capsys.readouterr().err
    assert any(sentence in err for sentence in ("unrecognized arguments: c", "'c' is not understood"))


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("do", "ws://127.0.0.1:9", "log x"), "No desk is enrolled here for this server"),
        (
            ("do", "ws://10.0.0.1:9", "--token", "t", "log x"),
            "An open line (ws://) is only for this machine.",
        ),
        (("do", "nowhere://x", "--token", "t", "log x"), "is no address of a server."),
        (
            ("tail", "127.0.0.1:9", "--token-file", "/no/such/file"),
            "The token file cannot be read: no such file",
        ),
        (("state", "127.0.0.1:9", "--token", "two words"), "That is no token"),
        (("connect", "127.0.0.1:9", "--token", "t", "--theme", "purple"), "There is no theme of that name."),
        (("connect", "127.0.0.1:9", "--token", "t"), "The screen needs a terminal."),
        (("connect", "127.0.0.1:9", "--token", "t", "--config", "/no/such"), "--config names this folder"),
    ],
)
def test_every_misuse_is_one_sentence_and_code_2(
    words: tuple[str, ...],
    sentence: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.delenv("INCIDENT_TUI_TOKEN", raising=False)
    monkeypatch.delenv("INCIDENT_TUI_CONFIG", raising=False)
    monkeypatch.setenv("INCIDENT_TUI_HOME", str(tmp_path))
    assert command_line.main(words) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert sentence in err
    assert err.count("\n") == 1


def test_a_bad_settings_file_names_every_problem(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("INCIDENT_TUI_CONFIG", raising=False)
    (tmp_path / "client.yaml").write_text("theme: purple\npump: 900\ncolour: yes\n")
    words = ("connect", "127.0.0.1:9", "--token", "t", "--config", str(tmp_path))
    assert command_line.main(words) == 2
    err = capsys.readouterr().err.splitlines()
    assert [line.split(": ")[0].rpartition(":")[2] for line in err] == ["1", "2", "3"]
    assert "did you mean" in err[0] or "must be one of" in err[0]


def test_a_desk_that_was_revoked_is_not_told_to_sign_in(tmp_path: Path) -> None:
    def told(out: str) -> str:
        sitting = SimpleNamespace(word="SIGNED OUT", out=out, by_provider_now=False)
        session: Any = SimpleNamespace(sitting=sitting, link=None, url="wss://rooms.example/", home=tmp_path)
        return headless.why_not(session)

    gone = "This desk was revoked. Whoever runs the server can enrol it again: incident-tui enrol URL CODE"
    assert told(gone) == gone
    over = told("Your sign-in is over or was revoked: sign in again.")
    assert over.endswith(f"Sign in with: incident-tui sign-in wss://rooms.example/ --home {tmp_path}")


def test_what_is_to_be_typed_names_the_folder_only_where_it_must(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("INCIDENT_TUI_HOME", "INCIDENT_TUI_URL", "INCIDENT_TUI_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    folder = tmp_path / "a folder"
    for words in (["state"], ["state", "wss://rooms.example"], ["sign-in"]):
        assert command_line.main([*words, "--home", str(folder)]) == 2
        assert f"URL CODE --home '{folder}'" in capsys.readouterr().err
        monkeypatch.setenv("INCIDENT_TUI_HOME", str(folder))
        assert command_line.main(words) == 2
        assert "--home" not in capsys.readouterr().err
        monkeypatch.delenv("INCIDENT_TUI_HOME")

    async def dialled() -> str:
        session = Session("wss://127.0.0.1:9/", "a token", home=folder, timing=FAST)
        said: list[str] = []
        await headless.state(session, json=False, seconds=2, put=said.append, complain=said.append)
        return said[-1]

    assert f"127.0.0.1:9 CODE --home '{folder}'." in run(dialled())


def test_what_is_to_be_typed_is_quoted_as_that_system_reads_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On Windows single quotes are part of a name."""
    monkeypatch.delenv("INCIDENT_TUI_HOME", raising=False)
    folder = tmp_path / "a folder"
    monkeypatch.setattr("sys.platform", "win32")
    assert home_words(folder) == f' --home "{folder}"'
    monkeypatch.setattr("sys.platform", "linux")
    assert home_words(folder) == f" --home '{folder}'"


def test_the_settings_that_ship_are_the_defaults() -> None:
    assert read_settings(ROOT / "config") == DEFAULTS


def test_tail_into_head_ends_quietly(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with ToyServer() as toy:
            toy.furnish()
            tail = subprocess.Popen(  # noqa: ASYNC220 - it starts while the server waits
                [sys.executable, "-m", "incident_tui", "tail", toy.url, "--lines", "5"],
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                cwd=ROOT,
                env={**os.environ, "INCIDENT_TUI_TOKEN": "tok-las", "INCIDENT_TUI_HOME": str(tmp_path)},
            )
            assert tail.stdout is not None
            assert tail.stderr is not None
            first = await asyncio.to_thread(tail.stdout.readline)
            assert "Coach on the M25" in first
            tail.stdout.close()
            await asyncio.sleep(0.1)
            for _ in range(100):
                toy.write(INCIDENT_STREAM, Write("to nobody"), SCAS_DESK)
                await asyncio.sleep(0.05)
                if tail.poll() is not None:
                    break
            assert await asyncio.to_thread(tail.wait, 10) == 0
            assert tail.stderr.read() == ""
            tail.stderr.close()

    run(scenario())


def test_a_tail_whose_session_breaks_says_so_and_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scenario() -> None:
        async with ToyServer() as toy:
            toy.furnish()
            said = Said()
            session = Session(toy.url, LAS, home=tmp_path, timing=FAST, observer=True, copy=False)
            broken = asyncio.Event()

            async def tick() -> None:
                await broken.wait()
                raise ZeroDivisionError

            monkeypatch.setattr(session, "_tick", tick)
            task = asyncio.create_task(
                headless.tail(
                    session, json=False, lines=5, seconds=5, put=said.out.append, complain=said.err.append
                )
            )
            await until(lambda: said.out)
            broken.set()
            async with asyncio.timeout(5):
                assert await task == 3
            assert said.err[-1].startswith("The client has stopped because of a bug (ZeroDivisionError).")

    run(scenario())


def test_state_sends_nothing_of_what_waits_at_this_desk(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with ToyServer() as toy:
            toy.furnish()
            async with at_desk(toy.url, tmp_path):
                pass
            async with asleep(toy.url, tmp_path) as las:
                assert isinstance(las.submit(Declare("LAS", "standby")), str)
                await until(lambda: las.unsent == 1 and not las.disk_trouble)
            before = toy.state(INCIDENT_STREAM).organisation
            said = Said()
            session = Session(toy.url, LAS, home=tmp_path, timing=FAST, observer=True)
            code = await headless.state(
                session, json=False, seconds=5, put=said.out.append, complain=said.err.append
            )
            assert code == 0
            assert toy.state(INCIDENT_STREAM).organisation == before
            async with asleep(toy.url, tmp_path) as las:
                assert las.unsent == 1, "it waits for whoever writes here"

    run(scenario())


def test_a_script_is_told_what_stands_against_a_stand_down_and_is_not_refused(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with ToyServer() as toy:
            toy.furnish()
            toy.write(INCIDENT_STREAM, Commit((Commitment("LAS/A101", "DCA", "SCN"),)))
            code, said = await do(toy, tmp_path, "declare stand_down")
            assert code == 2
            assert said.err[0] == "1 of our units is still committed, at the scene: LAS/A101."
            assert said.err[-1].endswith("say it again with --yes. Nothing was done.")
            code, said = await do(toy, tmp_path, "declare stand_down", yes=True)
            assert (code, said.out[0].split()[0]) == (0, "CONFIRMED")
            assert said.err[0] == "1 of our units is still committed, at the scene: LAS/A101."

    run(scenario())
