"""The drill on separate hosts: a server and three control rooms, each in a network of its own, over TLS."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable

import pytest

from tests.e2e.hosts import Hosts

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
