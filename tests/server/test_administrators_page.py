"""What the administrator's guide says of the service, of health and of figures is what the program does."""

from __future__ import annotations

import ast
import configparser
import contextlib
import re
import shlex
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

from incident_tui import __main__ as desks_line
from incident_tui import cache_file
from server import __main__ as command_line
from server import metrics
from server.gateway import COMMITS_SECONDS, GOODBYE_SECONDS
from server.health import trouble
from server.limits import Limits
from server.pulse import Pulse
from server.store.memory import MemoryStore
from tests.e2e.rooms import ENVIRONMENT, free_port
from tests.running import run
from tests.server.house import house
from tests.server.make_bounds import AGAIN, DOCUMENT, whole

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "administrator.md").read_text(encoding="utf-8")


def unit() -> configparser.ConfigParser:
    """The service file that the page prints."""
    (text,) = re.findall(r"```ini\n(.*?)```", PAGE, re.DOTALL)
    read = configparser.ConfigParser(interpolation=None, strict=True)
    read.optionxform = str  # type: ignore[assignment,method-assign]
    read.read_string(text)
    return read


def test_the_service_file_gives_commands_that_are_understood() -> None:
    service = unit()["Service"]
    asked = {}
    for key in ("ExecStartPre", "ExecStart"):
        program, *words = service[key].removeprefix("-").split()
        assert program.endswith("/bin/incident-server")
        asked[key] = command_line._parser().parse_args(words)
    folder = asked["ExecStart"].folder
    assert asked["ExecStartPre"].folder == folder
    assert Path(service["ReadWritePaths"]) in folder.parents
    assert (asked["ExecStart"].run.__name__, asked["ExecStartPre"].run.__name__) == ("_run", "_doctor")
    assert service["ExecStartPre"].startswith("-"), "a finding keeps no server from starting"


def test_the_service_is_started_again_after_a_broken_store_and_not_after_a_mistake() -> None:
    service = unit()["Service"]
    never = {int(code) for code in service["RestartPreventExitStatus"].split()}
    assert never == {command_line.SAID_WHY, 2}
    assert command_line.STORE_FAILED not in never
    assert service["Restart"] == "on-failure"
    assert signal.Signals[service["KillSignal"]] is signal.SIGTERM
    assert float(service["TimeoutStopSec"]) > COMMITS_SECONDS + GOODBYE_SECONDS
    assert service["UMask"] == "0077"


def test_a_folder_that_moves_to_the_service_belongs_to_its_user() -> None:
    service = unit()["Service"]
    folder = service["ExecStart"].split()[-1]
    step = PAGE[PAGE.index("**7. As a service**") : PAGE.index("| when | do |")]
    (block,) = re.findall(r"```\n(.*?)```", step, re.DOTALL)
    assert block.splitlines() == [
        ".venv/bin/incident-server stop rooms",
        f"sudo mv rooms {folder}",
        f"sudo chown -R {service['User']}:{service['Group']} {folder}",
    ]
    assert "leave out its `init`" in step
    assert f"crontab -u {service['User']}" in PAGE


def test_what_waited_at_a_desk_is_read_as_the_page_says() -> None:
    (question,) = re.findall(r'sqlite3 FILE "(.*?)"', PAGE)
    with contextlib.closing(sqlite3.connect(":memory:")) as kept:
        for statement in cache_file._SCHEMA:
            kept.execute(statement)
        kept.execute("INSERT INTO outbox VALUES (1, 'c', ?)", (b'{"id":"c"}',))
        assert kept.execute(question).fetchall() == [('{"id":"c"}',)]


def commands(program: str, page: str = PAGE) -> list[list[str]]:
    """Every command line of a program in the page's blocks, without what the shell makes of the rest."""
    found = []
    for block in re.findall(r"^```\n(.*?)^```", page, re.DOTALL | re.MULTILINE):
        for line in block.splitlines():
            words = shlex.split(line, comments=True) if f"/{program} " in line else []
            for at, word in enumerate(words):
                if word.endswith("/" + program):
                    rest = words[at + 1 :]
                    found.append(
                        rest[: next((n for n, one in enumerate(rest) if one in ("||", "&&")), len(rest))]
                    )
    return found


def spoken() -> list[list[str]]:
    """Commands in the text and in tables, as far as they are whole."""
    written = re.findall(r"`(?:\.venv/bin/)?(incident-(?:server|tui) [^`…]+)`", PAGE)
    return [shlex.split(one) for one in written]


def test_every_command_of_the_page_is_understood() -> None:
    asked = commands("incident-server")
    assert {words[0] for words in asked} >= set(
        "init run doctor status enrol exercise backup register".split()
    )
    for words in asked:
        command_line._parser().parse_args(words)
    told = spoken()
    assert {(program, words[0]) for program, *words in told} >= {
        ("incident-server", "revoke"),
        ("incident-server", "renew"),
        ("incident-server", "restore"),
        ("incident-server", "accounts"),
        ("incident-tui", "enrol"),
        ("incident-tui", "connect"),
        ("incident-tui", "break-glass"),
    }
    for program, *words in told:
        if program == "incident-server":
            command_line._parser().parse_args(words)
        else:
            desks_line._understood(words)


def test_a_new_administrator_with_nothing_but_the_page_lets_three_trusts_in(tmp_path: Path) -> None:
    """The first part, line by line, but for the network: what it says is typed, what it promises is seen."""
    first = PAGE[PAGE.index("## From a bare machine") : PAGE.index("## Trusts and desks")]
    port = free_port()

    def typed(words: list[str], given: str = "", *, may_fail: bool = False) -> str:
        program = {"incident-server": "server", "incident-tui": "incident_tui"}[words[0]]
        done = subprocess.run(
            [sys.executable, "-m", program, *words[1:]],
            input=given, capture_output=True, text=True, check=False, timeout=60, cwd=tmp_path, env=ENVIRONMENT,
        )  # fmt: skip
        assert may_fail or done.returncode == 0, (words, done.stdout, done.stderr)
        return done.stdout

    lines = commands("incident-server", first)
    init = next(words for words in lines if words[0] == "init")
    typed(["incident-server", *init])
    with (tmp_path / "rooms" / "server.yaml").open("a") as settings:
        settings.write(f"port: {port}\n")
    run_it = next(words for words in lines if words[0] == "run")

    @contextlib.contextmanager
    def served(folder: str) -> Iterator[None]:
        words = [sys.executable, "-m", "server", run_it[0], folder, "--host", "127.0.0.1"]
        with subprocess.Popen(words, cwd=tmp_path, env=ENVIRONMENT, stdout=subprocess.PIPE) as server:
            assert server.stdout is not None
            assert b"wss://" in server.stdout.readline()
            try:
                yield
            finally:
                server.terminate()

    with served(run_it[1]):
        codes = [typed(["incident-server", *words]).strip() for words in lines if words[0] == "enrol"]
        assert len(codes) == 3
        for number, code in enumerate(codes):
            home = ["--home", str(tmp_path / f"desk{number}")]
            password = "heron basalt lantern quince\n"
            enrol = ["incident-tui", "enrol", f"wss://127.0.0.1:{port}", code, "--password-file", "-", *home]
            said = typed(enrol, password)
            assert "Enrolled: " in said
            assert "Signed in." in said
        assert typed(["incident-server", "accounts", "rooms"]).count("operator") == 2
        drill = re.findall(r"`:((?:open|invite) [^`]+)`", first)
        assert len(drill) == 2
        desks = [["--home", str(tmp_path / f"desk{number}")] for number in range(2)]
        assert "CONFIRMED" in typed(["incident-tui", "do", *desks[0], drill[0]])
        assert "A drill" not in typed(["incident-tui", "state", *desks[1]], may_fail=True)
        assert "CONFIRMED" in typed(["incident-tui", "do", *desks[0], drill[1]])
        assert "A drill" in typed(["incident-tui", "state", *desks[1]])
        typed(["incident-server", *next(words for words in lines if words[0] == "exercise")])
        for number in range(3):
            home = ["--home", str(tmp_path / f"desk{number}")]
            shown = ["incident-tui", "state", f"wss://127.0.0.1:{port}", "--incident", "M4/M25", *home]
            assert "M4/M25" in typed(shown)
        typed(["incident-server", "backup", "rooms", "--to", "safe"])
        assert "Nothing wrong" in typed(["incident-server", "doctor", "rooms"])
        typed(["incident-server", "revoke", "rooms", "--agency", "SCAS", "--name", "EOC desk 3"])
        again = "enrol rooms --again --agency SCAS --role operator --name"
        typed(["incident-server", *again.split(), "EOC desk 3"])
        typed(["incident-server", "renew", "rooms"])
    (kept,) = (tmp_path / "safe").iterdir()
    typed(["incident-server", "restore", str(kept), "rooms again"])
    assert "Nothing wrong" in typed(["incident-server", "doctor", "rooms again"])
    with served("rooms again"):  # the desks are known as before, and each signs in anew
        desk = ["--home", str(tmp_path / "desk0")]
        typed(["incident-tui", "sign-in", "--password-file", "-", *desk], "heron basalt lantern quince\n")
        that = ["--incident", "M4/M25"]
        assert "M4/M25" in typed(["incident-tui", "state", f"wss://127.0.0.1:{port}", *that, *desk])
        assert "CONFIRMED" in typed(
            ["incident-tui", "do", *that, *desk, "log on the server that was restored"]
        )


def test_every_security_event_is_named_and_there_are_no_others() -> None:
    said: set[str] = set()
    for path in (ROOT / "server").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            told = isinstance(node, ast.Call) and [ast.unparse(one) for one in (node.func, *node.args[:1])]
            if not told or "logs.security" not in told:
                continue
            assert isinstance(node, ast.Call)
            event = node.args[told.index("logs.security")]  # partial(logs.security, …) names it second
            said |= {
                part.value
                for part in ast.walk(event)
                if isinstance(part, ast.Constant) and isinstance(part.value, str)
            }
    (about,) = re.findall(
        r"Lines of level\n`security`.*?\n\n|Lines of level\n`security`.*?\Z", PAGE, re.DOTALL
    )
    assert set(re.findall(r"`([a-z -]+)`", about)) - {"security"} == said
    assert len(said) > 8


def test_what_the_log_says_of_a_server_in_trouble_is_named() -> None:
    told = (ROOT / "server" / "health.py").read_text("utf-8") + (ROOT / "server" / "starting.py").read_text(
        "utf-8"
    )
    for event in ("wrong at the start", "look at the start", "not ready", "ready again"):
        assert f"`{event}`" in PAGE
        assert f'"{event}"' in told


def test_every_reason_and_every_figure_is_named_and_there_are_no_others() -> None:
    async def scene() -> None:
        store = MemoryStore()
        async with house(store) as home:
            store.full = "no room"
            home.hub.stopping = True
            words = trouble(home.hub, Pulse())
            home.hub.stopping = False
            for word in (*words, "read_only", "disk_silent", "wal", "clock", "schema"):
                assert f"`{word}`" in PAGE, word
            written = metrics.written(home.hub, Pulse(), 0, 0, 0)
            there = set(re.findall(r"^# TYPE incident_([a-z_]+)", written, re.MULTILINE))
            (about,) = re.findall(r"^`acks_total`.*?\n## ", PAGE, re.DOTALL | re.MULTILINE)
            named = set(re.findall(r"`([a-z]+_[a-z_]+|connections|streams)(?:\{(?:code|event)\})?`", about))
            assert named - {"metrics_port"} == there - {name for name in there if "fanout_" in name} | {
                "fanout_seconds"
            }

    run(scene())


def test_every_bound_stands_in_the_table_with_the_figure_of_the_code() -> None:
    page = DOCUMENT.read_text(encoding="utf-8")
    assert page == whole(page), f"docs/administrator.md is out of date: {AGAIN}"
    for field in fields(Limits):
        assert f"`{field.name}: {field.default}`" in page
