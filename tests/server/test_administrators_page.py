"""What the administrator's guide says of the service, of health and of figures is what the program does."""

from __future__ import annotations

import ast
import configparser
import re
import signal
from pathlib import Path

from server import __main__ as command_line
from server import metrics
from server.gateway import COMMITS_SECONDS, GOODBYE_SECONDS
from server.health import trouble
from server.pulse import Pulse
from server.store.memory import MemoryStore
from tests.running import run
from tests.server.house import house

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


def test_every_security_event_is_named_and_there_are_no_others() -> None:
    said: set[str] = set()
    for path in (ROOT / "server").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "logs.security":
                said |= {
                    part.value
                    for part in ast.walk(node.args[0])
                    if isinstance(part, ast.Constant) and isinstance(part.value, str)
                }
    (about,) = re.findall(
        r"Lines of level\n`security`.*?\n\n|Lines of level\n`security`.*?\Z", PAGE, re.DOTALL
    )
    assert set(re.findall(r"`([a-z -]+)`", about)) - {"security"} == said
    assert len(said) > 8


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
            named = set(re.findall(r"`([a-z]+_[a-z_]+|connections|streams)(?:\{code\})?`", about))
            assert named - {"metrics_port"} == there - {name for name in there if "fanout_" in name} | {
                "fanout_seconds"
            }

    run(scene())
