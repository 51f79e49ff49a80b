"""The drill on separate hosts: a server and three control rooms, each in a network of its own, over TLS.

A code is read out, a desk enrols; an incident is run; one line is pulled and put back. A fifth host is nobody's.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e.hosts import Hosts
from tests.e2e.rooms import ENVIRONMENT, ROOT, command_line
from tests.e2e.terminal import Terminal, missing

pytestmark = [pytest.mark.netns, pytest.mark.timeout(400)]

SERVE = "import socketserver as s; s.TCPServer(('0.0.0.0', 8765), s.BaseRequestHandler).serve_forever()"

SCAN = """
import socket, sys
for port in range(1, 65536):
    with socket.socket() as knock:
        knock.settimeout(2)
        if knock.connect_ex((sys.argv[1], port)) == 0:
            print(port)
"""


def until(there: Callable[[], object], what: str, seconds: float = 40) -> None:
    """Wait for something, with a guard against a hang."""
    end = time.monotonic() + seconds
    while not there():
        assert time.monotonic() < end, f"never: {what}"
        time.sleep(0.2)


def open_ports(hosts: Hosts, whence: str, target: str) -> set[int]:
    """Every TCP port of a host that answers another one."""
    done = hosts.run(whence, sys.executable, "-c", SCAN, hosts.address(target), seconds=120)
    assert done.returncode == 0, done.stderr
    return {int(port) for port in done.stdout.split()}


def test_the_hosts_are_separate_and_a_cut_line_is_cut() -> None:
    """The control run of the drill below: without it, a rig that joins nothing would pass."""
    with Hosts.joined("server", "las") as hosts:
        address = hosts.address("server")
        ask = ("-c", f"import socket; socket.create_connection(('{address}', 8765), 2)")

        def reached(name: str = "las") -> bool:
            return hosts.run(name, sys.executable, *ask).returncode == 0

        assert not reached()
        hosts.start("server", sys.executable, "-c", SERVE, stderr=subprocess.DEVNULL)
        until(reached, "the server is reached")
        hosts.cut("las")
        assert not reached()
        hosts.mend("las")
        until(reached, "the server is reached again")
        assert open_ports(hosts, "las", "server") == {8765}
        assert subprocess.run([sys.executable, *ask], check=False, capture_output=True).returncode != 0, (
            "not of this machine"
        )
    left = subprocess.run(["ip", "netns", "list"], capture_output=True, text=True, check=True).stdout
    assert f"-{os.getpid()}-" not in left


# -- the drill ------------------------------------------------------------------------------------------------

PORT, METRICS = 8765, 9464
CUT_SECONDS = 13
"""Longer than a line needs to be taken for dead."""

KNOCK = """
import socket, ssl, sys
host, port, how, path, token = sys.argv[1], int(sys.argv[2]), *sys.argv[3:6]
line = socket.create_connection((host, port), 5)
line.settimeout(5)
if how == "tls":
    anybody = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    anybody.check_hostname, anybody.verify_mode = False, ssl.CERT_NONE
    line = anybody.wrap_socket(line)
line.sendall((f"GET {path} HTTP/1.1\\r\\nHost: {host}:{port}\\r\\nAuthorization: Bearer {token}\\r\\n"
    "Connection: Upgrade\\r\\nUpgrade: websocket\\r\\nSec-WebSocket-Version: 13\\r\\n"
    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\\r\\n\\r\\n").encode())
try:
    while part := line.recv(65536):
        sys.stdout.write(ascii(part))
except (TimeoutError, OSError):
    pass
"""


class Drill:
    """A server on a host of its own, and rooms that enrol with it by a code."""

    def __init__(self, hosts: Hosts, folder: Path) -> None:
        self.hosts, self.folder = hosts, folder
        self.data = folder / "rooms"
        self.url = f"wss://{hosts.address('server')}:{PORT}"
        self.log = folder / "printed"

    def server(self, *words: str) -> str:
        """A word of the server's command line, on its host; what it prints."""
        name, *rest = words
        done = self.hosts.run(
            "server",
            sys.executable,
            "-m",
            "server",
            name,
            str(self.data),
            *rest,
            cwd=self.folder,
            env=ENVIRONMENT,
        )
        assert done.returncode == 0, (words, done.stdout, done.stderr)
        return done.stdout

    def start(self) -> None:
        self.server("init", "--name", self.hosts.address("server"), "--host", "0.0.0.0")  # noqa: S104
        with (self.data / "server.yaml").open("a") as settings:
            settings.write(f"metrics_port: {METRICS}\n")
        with self.log.open("w") as out:
            words = (sys.executable, "-m", "server", "run", str(self.data))
            self.hosts.start("server", *words, cwd=self.folder, env=ENVIRONMENT, stdout=out, stderr=out)
        until(lambda: "wss://" in self.log.read_text(), "the server listens")

    def home(self, host: str) -> dict[str, str]:
        return {**ENVIRONMENT, "INCIDENT_TUI_HOME": str(self.folder / f"home of {host}")}

    def client(self, host: str, *words: str, given: str = "") -> subprocess.CompletedProcess[str]:
        return self.hosts.run(
            host,
            sys.executable,
            "-m",
            "incident_tui",
            *words,
            cwd=self.folder,
            env=self.home(host),
            input=given,
        )

    def enrol(self, host: str, agency: str) -> None:
        who = ("--agency", agency, "--role", "tactical_commander", "--name", "EOC desk 1")
        code = self.server("enrol", *who).strip()
        password = f"heron basalt lantern {agency}\n"
        done = self.client(host, "enrol", self.url, code, "--password-file", "-", given=password)
        assert done.returncode == 0, done.stdout + done.stderr
        again = self.client("outside", "enrol", self.url, code, "--password-file", "-", given=password)
        assert again.returncode != 0, "a code is good once"

    def do(self, host: str, line: str, code: int = 0) -> str:
        done = self.client(host, "do", *(("--yes",) if line.startswith("declare") else ()), line)
        assert done.returncode == code, (host, line, done.stdout, done.stderr)
        return done.stdout + done.stderr

    @contextlib.contextmanager
    def tail(self, host: str) -> Iterator[Path]:
        """The log as a room sees it grow."""
        path = self.folder / f"log of {host}"
        with path.open("w") as out:
            words = (sys.executable, "-m", "incident_tui", "tail", "--json", "--lines", "1000")
            self.hosts.start(host, *words, cwd=self.folder, env=self.home(host), stdout=out, stderr=out)
        yield path

    @contextlib.contextmanager
    def screen(self, host: str) -> Iterator[Terminal | None]:
        """The screen of a room in a real terminal; None where there is no tmux."""
        if missing() is not None:
            yield None
            return
        words = self.hosts.words(host, sys.executable, "-m", "incident_tui", "connect", self.url)
        env = {"PYTHONPATH": str(ROOT), "INCIDENT_TUI_HOME": self.home(host)["INCIDENT_TUI_HOME"]}
        with Terminal.running(" ".join(words), size=(120, 40), cwd=self.folder, env=env) as terminal:
            yield terminal

    def knock(self, host: str, how: str, path: str = "/", token: str = "", port: int = PORT) -> str:
        """What the server's host says to somebody who speaks to it without our program."""
        words = (self.hosts.address("server"), str(port), how, path, token or "none")
        return self.hosts.run(host, sys.executable, "-c", KNOCK, *words).stdout


def times(path: Path, words: str) -> int:
    """How often a line with these words stands in a log."""
    return sum(words in line for line in path.read_text(encoding="utf-8").splitlines())


def test_the_drill_over_tls_on_separate_hosts(tmp_path: Path) -> None:
    with Hosts.joined("server", "las", "scas", "secamb", "outside") as hosts:
        drill = Drill(hosts, tmp_path)
        drill.start()
        for agency in ("LAS", "SCAS", "SECAMB"):
            table = str(ROOT / "config" / "demo" / f"{agency}.csv")
            drill_import(drill, table, agency)
            drill.enrol(agency.lower(), agency)
        with drill.tail("las") as seen:
            run_the_incident(drill, seen)
            cut_a_script_off(drill, seen)
            with drill.screen("secamb") as screen:
                if screen is not None:
                    cut_a_screen_off(drill, screen, seen)
        for_nobody_else(drill)
        drill.server("revoke", "--agency", "SCAS", "--name", "EOC desk 1")
        assert drill.client("scas", "do", "log after the end").returncode != 0
        assert times(seen, "after the end") == 0
        assert "Traceback" not in drill.log.read_text()


def drill_import(drill: Drill, table: str, agency: str) -> None:
    """`register import DIR FILE`: two words before the folder."""
    words = (sys.executable, "-m", "server", "register", "import", str(drill.data), table, "--agency", agency)
    done = drill.hosts.run("server", *words, cwd=drill.folder, env=ENVIRONMENT)
    assert done.returncode == 0, done.stderr


def run_the_incident(drill: Drill, seen: Path) -> None:
    """Declared, METHANE, a task there and back, a unit committed: by three rooms on three hosts."""
    for host, line in (
        ("las", 'open "M4/M25 COACH" "M25 J15 TQ 0402 7829"'),
        ("las", "invite SCAS SECAMB"),
        ("scas", "join EOC manager"),
        ("secamb", "join EOC manager"),
        ("las", "declare declared"),
        ("scas", "declare standby"),
        ("las", 'methane type=rtc what="coach and lorry" n=48'),
        ("las", 't SCAS "open RVP B" 15m'),
        ("scas", "accept LAS-T1"),
        ("scas", "begin LAS-T1"),
        ("scas", "done LAS-T1"),
        ("las", "verify LAS-T1"),
        ("las", "commit A101"),
    ):
        assert "CONFIRMED" in drill.do(host, line), (host, line)
    held = json.loads(drill.client("secamb", "state", "--json").stdout)
    assert "A101" in json.dumps(held["boards"]["resources"])
    assert "open RVP B" in json.dumps(held["boards"]["tasks"])
    until(lambda: times(seen, "open RVP B"), "the first room sees it in its log")


def cut_a_script_off(drill: Drill, seen: Path) -> None:
    """What is written without a line is kept, and lands once when the client is next opened."""
    drill.hosts.cut("scas")
    assert "kept" in drill.do("scas", "log written without a line", code=3)
    drill.hosts.mend("scas")
    drill.do("scas", "log written with a line")
    until(lambda: times(seen, "written with a line"), "the line is back")
    until(lambda: times(seen, "written without a line"), "what waited has landed")
    drill.do("scas", "log and another")
    until(lambda: times(seen, "and another"), "it goes on")
    assert times(seen, "written without a line") == 1


def cut_a_screen_off(drill: Drill, screen: Terminal, seen: Path) -> None:
    """A room that is open while its line is pulled says so, goes on, and everything lands once."""
    screen.wait_for("LIVE")
    drill.hosts.cut("secamb")
    time.sleep(CUT_SECONDS)
    command_line(screen, "log typed on an island")
    screen.wait_for("1 unsent")
    assert "LIVE" not in screen.screen()
    drill.do("las", "log said meanwhile")
    assert times(seen, "typed on an island") == 0
    drill.hosts.mend("secamb")
    screen.wait_for("LIVE")
    screen.wait_for("0 unsent")
    until(lambda: times(seen, "typed on an island"), "what waited has landed")
    screen.wait_for(lambda shown: "said meanwhile" in shown or "typed on an island" in shown)
    drill.do("las", "log and later")
    until(lambda: times(seen, "and later"), "it goes on")
    assert times(seen, "typed on an island") == 1


def for_nobody_else(drill: Drill) -> None:
    """A host that is not enrolled gets nothing, with whatever it comes; and there is one port, no more."""
    assert drill.client("outside", "state", drill.url).returncode != 0
    assert drill.client("outside", "enrol", drill.url, "0000-0000-0000-0000").returncode != 0
    (kept,) = (drill.folder / "home of scas").rglob("sign-in.json")
    stolen = json.loads(kept.read_text())["token"]
    said = {
        (how, path): drill.knock("outside", how, path)
        for how in ("tls", "plain")
        for path in ("/", "/sign-in", "/metrics")
    }
    said["tls", "its token"] = drill.knock("outside", "tls", "/", stolen)
    assert "401" in said["tls", "its token"][:40], "a sign-in's token without the desk's key"
    # at the door anybody may knock, and is heard out without an answer
    assert {how for how, one in said.items() if "101 Switching" in one} <= {("tls", "/sign-in")}, said
    for word in ("COACH", "LAS", "SCAS", "A101", stolen):
        assert not any(word in one for one in said.values()), word
    assert open_ports(drill.hosts, "outside", "server") == {PORT}
