"""The demo: one server of its own with scratch data that plays a scenario, and a client in this terminal.

The first room starts the server, in a session of its own, so that closing this terminal takes nobody else down;
every further room joins it. The server ends by itself when the last person has left, and takes its scratch
folder with it. A demo server that died leaves a folder, which the next demo throws away.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, Final

import msgspec

from incident.kernel.checks import ConfigError
from server.__main__ import SCRATCH
from server.admin import AdminError, NotRunning, call
from server.datafolder import DataFolder, init, locked, write_private
from server.exercise import find_scenario
from server.printing import put

ROOMS: Final = {"LAS": "operator", "SCAS": "operator", "SECAMB": "operator", "EXCON": "excon"}
"""The rooms that can be opened, and in which role. Who plays nobody's room is played by the server."""

EMPTY_SECONDS: Final = 20
START_SECONDS: Final = 20.0
WAIT_SECONDS: Final = 30.0
"""How long a second room waits for the first one to have started the server."""

SCENARIO: Final = "m4-m25-coach"


class DemoError(Exception):
    """The demo cannot be shown; ``str`` is a plain sentence."""


class _Running(msgspec.Struct, frozen=True):
    """Which demo runs: its data folder."""

    folder: str


def demo(room: str) -> int:
    """Open one control room of the demo; answers the exit code of its client."""
    room = room.upper()
    if room not in ROOMS:
        raise DemoError(f"The demo has the rooms {', '.join(ROOMS)}, not {room!r}. Say: make demo ROOM=SCAS")
    with ExitStack() as held:
        try:
            folder, url = _joined_or_started()
            token = _token(folder, room, held)
        except NotRunning:
            raise DemoError("The demo's server has just ended. Try again.") from None
        except (OSError, ConfigError, AdminError) as error:
            raise DemoError(f"The demo cannot start: {error}") from None
        ends = f"The demo ends {EMPTY_SECONDS} s after the last room has left."
        put(f"{room}: joining {url}. {ends}")
        return _client(url, token)


# -- the server -----------------------------------------------------------------------------------------------


def _home() -> Path:
    """A folder of this user's own for what the demos of several terminals must know of each other."""
    who = str(os.getuid()) if sys.platform != "win32" else os.environ.get("USERNAME", "user")
    home = Path(tempfile.gettempdir()) / f"incident-demo-{who}"
    home.mkdir(mode=0o700, exist_ok=True)
    if sys.platform != "win32":
        found = home.lstat()
        if found.st_uid != os.getuid() or found.st_mode & 0o077 or home.is_symlink():
            raise DemoError(f"{home} belongs to somebody else or is open to others. Remove it and try again.")
    return home


def _joined_or_started() -> tuple[DataFolder, str]:
    home = _home()
    with _alone(home):
        state = home / "running.json"
        running = _alive(state)
        if running is None:
            running = _started(home)
            write_private(state, msgspec.json.encode(_Running(str(running[0].root))))
        return running


@contextmanager
def _alone(home: Path) -> Iterator[None]:
    """One terminal at a time looks for the demo and starts it."""
    until = time.monotonic() + WAIT_SECONDS
    while True:
        lock = locked(DataFolder(home))
        try:
            lock.__enter__()
            break
        except ConfigError:
            if time.monotonic() > until:
                raise DemoError(
                    "Another terminal has been starting the demo for a while. Try again."
                ) from None
            time.sleep(0.1)
    try:
        yield
    finally:
        lock.__exit__(None, None, None)


def _alive(state: Path) -> tuple[DataFolder, str] | None:
    """The demo that runs, asked at its admin door; a dead one's folder is thrown away."""
    try:
        folder = DataFolder(Path(msgspec.json.decode(state.read_bytes(), type=_Running).folder))
    except (OSError, ValueError):
        return None
    try:
        answer = call(folder.admin, "status")
        return None if answer["stopping"] else (folder, str(answer["url"]))
    except (NotRunning, AdminError):
        if (folder.root / SCRATCH).exists():
            with suppress(ConfigError), locked(folder):  # whoever holds it is only slow to end
                shutil.rmtree(folder.root, ignore_errors=True)
        return None


def _started(home: Path) -> tuple[DataFolder, str]:
    """A new demo: folder, server, and the exercise."""
    root = Path(tempfile.mkdtemp(prefix="demo-", dir=home))
    folder = init(root, "exercise", tls=False)  # its rooms are all on this machine
    write_private(root / SCRATCH, b"")
    put("Starting a server for the demo.")
    said = root / "server.log"
    write_private(said, b"")
    with said.open("wb") as log:
        server = subprocess.Popen(
            [
                *(sys.executable, "-m", "server", "run", str(root), "--port", "0", "--scratch"),
                *("--stop-when-empty", str(EMPTY_SECONDS)),
            ],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=environment(),
            **apart(),
        )
    url = _ready(server, folder, said)
    try:
        call(folder.admin, "exercise", file=str(find_scenario(SCENARIO)))
    except BaseException:
        server.terminate()
        raise
    return folder, url


def _ready(server: subprocess.Popen[bytes], folder: DataFolder, said: Path) -> str:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        if server.poll() is not None:
            lines = said.read_text(encoding="utf-8", errors="replace").splitlines() if said.exists() else []
            raise DemoError(f"The demo's server ended at once. {lines[-1] if lines else ''}".rstrip())
        with suppress(NotRunning, AdminError):
            return str(call(folder.admin, "status")["url"])
        time.sleep(0.05)
    server.terminate()
    raise DemoError(f"The demo's server was not ready within {START_SECONDS:.0f} s. Try again.")


def environment() -> dict[str, str]:
    """For our own subprocesses: they find the same packages as we, from wherever this was started."""
    here = str(Path(__file__).resolve().parent.parent)
    known = os.environ.get("PYTHONPATH")
    return {**os.environ, "PYTHONPATH": here if not known else here + os.pathsep + known}


def apart() -> dict[str, Any]:
    """How to start a process that outlives this terminal and hears none of its signals."""
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW}
    return {"start_new_session": True}


# -- the client -----------------------------------------------------------------------------------------------


def _token(folder: DataFolder, room: str, held: ExitStack) -> Path:
    """The token of the first desk of this room at which nobody sits, in a file of the scratch folder.

    Who left a desk finds it as it was, drafts and all. A desk is held for as long as ``held`` is open.
    """
    for desk in range(1, 100):
        file = folder.root / f"token-{room}-{desk}"
        seat = DataFolder(folder.root / f"desk-{room}-{desk}")
        seat.root.mkdir(mode=0o700, exist_ok=True)
        try:
            held.enter_context(locked(seat))
        except ConfigError:
            continue  # somebody sits there
        if not file.exists():
            answer = call(folder.admin, "token", agency=room, role=ROOMS[room], name=f"Desk {desk}")
            write_private(file, answer["token"].encode() + b"\n")
        return file
    raise DemoError(f"{room} has no free desk in this demo.")


def _client(url: str, token: Path) -> int:
    """The client in this terminal; Ctrl-C is for it, not for us."""
    # A handler of our own, not "ignore": what is ignored here would be ignored in the client, too.
    before = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        command = [
            sys.executable,
            "-m",
            "incident_tui",
            "connect",
            url,
            "--token-file",
            str(token),
            "--first-run",
        ]
        # Its own copy is in the scratch folder, too: nothing of a demo stays in the user's home.
        home = token.with_name(token.name.replace("token", "home", 1))
        return subprocess.call(command, env={**environment(), "INCIDENT_TUI_HOME": str(home)})
    finally:
        signal.signal(signal.SIGINT, before)
