"""Secrets stay secret: a dozen kinds of them are planted by using the programs, and looked for wherever something is
printed, answered, copied or kept. Only the files that are there to keep them may hold them, each its own."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import re
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization

from incident.kernel.door import BreakGlass
from incident_tui.clock import Clock
from incident_tui.keyring import rings
from incident_tui.sitting import Sitting
from tests.e2e.rooms import ENVIRONMENT, ROOT, free_port
from tests.e2e.stumbling import WORD
from tests.running import run

pytestmark = pytest.mark.skipif(
    sys.platform == "win32", reason="signals and rights of files are POSIX's here"
)

STUMBLING = str(ROOT / "tests" / "e2e" / "stumbling.py")
RIGHT, WRONG, CHANGED, SECOND = (
    "heron basalt lantern quince",
    "walnut ferry obsidian kite",
    "thimble glacier marmot pepper",
    "saffron anvil juniper tide",
)
OWN: dict[str, frozenset[str]] = {
    "authority.key": frozenset({"key of the authority"}),
    "server.key": frozenset({"key of the server"}),
    "secret": frozenset({"secret of the folder"}),
    "admin.json": frozenset({"secret of the admin door"}),
    "key.pem": frozenset({"key of a desk"}),
    "sign-in.json": frozenset({"token of a sign-in"}),
    "desk.token": frozenset({"token of a desk"}),
}
"""Which file may hold which kind: nothing else may hold any, nor these another."""

KINDS_LEAST = 12


class Hunt:
    """The secrets by kind, and everything in which they are looked for, by where it came from."""

    def __init__(self) -> None:
        self.secrets: dict[str, set[bytes]] = {}
        self.heard: dict[str, list[bytes]] = {}

    def plant(self, kind: str, secret: str | bytes) -> None:
        """A secret, with the ways in which it might be written; a part of it counts as well."""
        raw = secret.encode() if isinstance(secret, str) else secret
        ways = {raw, raw.hex().encode(), base64.b64encode(raw), base64.urlsafe_b64encode(raw).rstrip(b"=")}
        if len(raw) >= 24:
            ways |= {raw[:16], raw[-16:]}
        self.secrets.setdefault(kind, set()).update(ways)

    def plant_key(self, kind: str, pem: bytes) -> None:
        """A private key: its number, and each line of its file that is not shared with other keys of its sort."""
        key = serialization.load_pem_private_key(
            re.findall(
                rb"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?-----END [A-Z ]*PRIVATE KEY-----", pem, re.DOTALL
            )[0],
            password=None,
        )
        number = key.private_numbers().private_value  # type: ignore[union-attr]
        for written in (f"{number:x}", str(number), number.to_bytes(32, "big")):
            self.plant(kind, written)
        body = re.findall(rb"PRIVATE KEY-----\n(.*?)\n-----END", pem, re.DOTALL)[0].replace(b"\n", b"")
        self.plant(kind, body[48:96])

    def hear(self, where: str, *what: str | bytes) -> None:
        self.heard.setdefault(where, []).extend(
            one.encode(errors="surrogateescape") if isinstance(one, str) else one for one in what
        )

    def found(self, may: frozenset[str] = frozenset()) -> list[str]:
        """Each kind that was found somewhere; ``may`` only serves to name."""
        return sorted(
            f"{kind} in {where}"
            for where, texts in self.heard.items()
            for kind, ways in self.secrets.items()
            if kind not in OWN.get(where.rpartition("/")[2], may)
            and any(way in text for way in ways for text in texts)
        )

    def hear_folder(self, name: str, root: Path) -> None:
        for path in sorted(root.rglob("*")):
            if path.is_file():
                self.hear(f"{name}/{path.relative_to(root).as_posix()}", path.read_bytes())


class Argv:
    """The command lines of all processes of the machine, looked at again and again, where there is a /proc."""

    def __init__(self) -> None:
        self.seen: set[bytes] = set()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def _look(self) -> None:
        while not self._over.wait(0.03):
            for path in Path("/proc").glob("[0-9]*/cmdline"):
                with contextlib.suppress(OSError):
                    self.seen.add(path.read_bytes())

    @contextlib.contextmanager
    def watched(self) -> Iterator[None]:
        self._thread.start()
        try:
            yield
        finally:
            self._over.set()
            self._thread.join()


class Scene:
    """One server with bugs in it, and desks that use it; all that is printed is heard."""

    def __init__(self, folder: Path, hunt: Hunt, *, plain: bool) -> None:
        self.folder, self.hunt, self.plain = folder, hunt, plain
        self.data = folder / "data"
        self.metrics = free_port()
        self.stumble = folder / "stumble.txt"
        self.url = ""
        self.files: dict[str, tuple[str, ...]] = {}
        folder.mkdir()
        self.server_words("init", str(self.data), *(("--plain",) if plain else ()))
        with (self.data / "server.yaml").open("a") as settings:
            settings.write(f"log_level: debug\nmetrics_port: {self.metrics}\n")

    def _ran(
        self, where: str, words: list[str], given: str, env: dict[str, str]
    ) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [sys.executable, *words], input=given, capture_output=True, text=True, check=False, timeout=90,
            cwd=self.folder, env={**ENVIRONMENT, **env},
        )  # fmt: skip
        if where:
            self.hunt.hear(where, done.stdout, done.stderr)
        return done

    def server_words(self, *words: str) -> subprocess.CompletedProcess[str]:
        """A word of the server's command line; what `enrol` and `token` print is the secret itself, on purpose."""
        gives = words[0] in ("enrol", "token")
        where = "" if gives else "what the server's words print"
        return self._ran(where, ["-m", "server", *words], "", {})

    def client(
        self,
        home: str,
        *words: str,
        given: str = "",
        program: tuple[str, ...] = ("-m", "incident_tui"),
        **env: str,
    ) -> subprocess.CompletedProcess[str]:
        return self._ran(
            "what the client prints",
            [*program, *words],
            given,
            {"INCIDENT_TUI_HOME": str(self.folder / home), **env},
        )

    def at_desk(
        self, home: str, word: str, *rest: str, program: tuple[str, ...] = ("-m", "incident_tui")
    ) -> subprocess.CompletedProcess[str]:
        return self.client(home, word, self.url, *self.files.get(home, ()), *rest, program=program)

    @contextlib.contextmanager
    def served(self) -> Iterator[None]:
        with (self.folder / "printed").open("wb") as out:
            process = subprocess.Popen(
                [sys.executable, STUMBLING, "server", "run", str(self.data), "--port", "0"],
                stdin=subprocess.DEVNULL, stdout=out, stderr=out, cwd=self.folder,
                env={**ENVIRONMENT, "STUMBLE": str(self.stumble)},
            )  # fmt: skip
            try:
                end = time.monotonic() + 40
                while not (said := re.search(r"wss?://[^\s]+:\d+", self.printed())):
                    assert time.monotonic() < end, self.printed()
                    time.sleep(0.1)
                port = said[0].rpartition(":")[2]
                self.url = f"{'ws' if self.plain else 'wss'}://127.0.0.1:{port}"
                yield
            finally:
                process.terminate()
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(timeout=20)
                process.kill()
                process.wait()
        self.hunt.hear("what the server prints", (self.folder / "printed").read_bytes())

    def printed(self) -> str:
        return (self.folder / "printed").read_text(encoding="utf-8", errors="replace")

    def enrolled(self, home: str, name: str, password: str, role: str = "operator") -> None:
        """One call: a code, a wrong password on the way, and a desk that has signed in."""
        made = self.server_words("enrol", str(self.data), "--agency", "LAS", "--role", role, "--name", name)
        assert made.returncode == 0, made.stderr
        code = made.stdout.strip()
        self.hunt.plant("code of an enrolment", code)
        self.hunt.plant("code of an enrolment", code.replace("-", "")[3:14])
        done = self.client(
            home, "enrol", self.url, code, "--password-file", "-", given=f"{password}\n{password}\n"
        )
        assert done.returncode == 0, done.stdout + done.stderr
        kept = {path.name: path for path in (self.folder / home).rglob("*") if path.is_file()}
        self.hunt.plant_key("key of a desk", kept["key.pem"].read_bytes())
        self.hunt.plant("token of a sign-in", json.loads(kept["sign-in.json"].read_text())["token"])

    def asked(self, path: str, port: int, *, token: str = "") -> None:
        """What an address of the server says, also when it says no. With a token: at its own port, as a client asks."""
        field = f"Authorization: Bearer {token}\r\n" if token else ""
        with contextlib.suppress(OSError), contextlib.ExitStack() as stack:
            line = stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=5))
            if token and not self.plain:
                anybody = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
                anybody.check_hostname, anybody.verify_mode = False, ssl.CERT_NONE
                line = stack.enter_context(anybody.wrap_socket(line))
            upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
            upgrade += "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
            head = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{field}{upgrade if token else ''}\r\n"
            line.sendall(head.encode())
            parts = []
            while part := line.recv(65_536):
                parts.append(part)
            self.hunt.hear(f"the answer to {path}", b"".join(parts))


def used(scene: Scene) -> None:
    """A day in a control room, with its mistakes."""
    hunt, data = scene.hunt, str(scene.data)
    with scene.served():
        hunt.plant("secret of the admin door", json.loads((scene.data / "admin.json").read_text())["secret"])
        tokens(scene)
        who = "home Script 1" if scene.plain else "first"
        if not scene.plain:
            desks(scene)
        hunt.plant("secret of the folder", (scene.data / "secret").read_bytes())
        for words in (
            ("do", 'open "COACH" "M25 J15"'),
            ("do", "log a line"),
            ("do", "nonsense"),
            ("state", "--json"),
        ):
            scene.at_desk(who, *words)
        scene.at_desk(who, "report", "log")
        # from here on it stumbles
        scene.stumble.write_text(
            "\n".join(sorted({way.decode("latin-1") for ways in hunt.secrets.values() for way in ways}))
        )
        scene.at_desk(who, "do", f"log {WORD.decode()}", "--timeout", "3")
        scene.at_desk(who, "do", "log x", program=(STUMBLING, "client"))
        table = scene.folder / "LAS.csv"
        table.write_text("callsign,kind,capabilities,station,status\nA101,DCA,,Waterloo,AVB\n")
        assert scene.server_words("register", "import", data, str(table)).returncode == 1
        for path in ("/healthz", "/readyz", "/metrics", "/stumble"):
            scene.asked(path, scene.metrics)
        for words in (
            ("status",),
            ("doctor",),
            ("accounts",),
            ("revoke", "--agency", "LAS", "--name", "Script 2"),
        ):
            scene.server_words(words[0], data, *words[1:])
        assert scene.server_words("backup", data, "--to", str(scene.folder / "safe")).returncode == 0
    log = [json.loads(line) for line in scene.printed().splitlines() if line.startswith("{")]
    said = {line["event"] for line in log}
    assert {
        "connection failed",
        "thread crashed",
        "could not be raised",
        "said by a library",
        "crashed",
    } <= said
    assert {"health door failed", "admin operation failed", "token made", "revoked"} <= said
    assert scene.plain or {"sign-in denied", "desk enrolled", "glass broken", "turned away"} <= said


def desks(scene: Scene) -> None:
    """Two desks are enrolled, a password is wrong and one is changed, and two persons break the glass."""
    hunt = scene.hunt
    for kind, word in (("right", RIGHT), ("wrong", WRONG), ("changed", CHANGED), ("second person's", SECOND)):
        hunt.plant(f"password, {kind}", word)
    hunt.plant_key("key of the authority", (scene.data / "authority.key").read_bytes())
    hunt.plant_key("key of the server", (scene.data / "server.key").read_bytes())
    scene.enrolled("first", "Desk 1", RIGHT)
    scene.enrolled("second", "Desk 2", SECOND)
    wrong = scene.client("first", "sign-in", "--password-file", "-", given=f"{WRONG}\n")
    assert wrong.returncode == 1, wrong.stdout + wrong.stderr
    time.sleep(3)  # a wrong one makes the next one wait
    changed = scene.client("first", "password", "--password-file", "-", given=f"{RIGHT}\n{CHANGED}\n")
    assert changed.returncode == 0, changed.stderr
    for token in re.findall(r'"token": ?"([^"]+)"', "".join(
        path.read_text() for path in (scene.folder / "first").rglob("sign-in.json")
    )):  # fmt: skip
        hunt.plant("token of a sign-in", token)
    glass(scene)


def glass(scene: Scene) -> None:
    """Two persons at the second desk, once with a wrong password."""
    (ring,) = rings(scene.folder / "second", "", "LAS")
    for password in (WRONG, CHANGED):
        sitting = Sitting(ring, Clock())
        why = run(
            sitting.break_glass(
                BreakGlass(
                    first="Desk 1", first_password=password, second="Desk 2", second_password=SECOND,
                    role="tactical_commander", reason="nobody is left",
                )
            )
        )  # fmt: skip
        scene.hunt.hear("what the client prints", str(why))
        time.sleep(3)
    assert not why, why


def tokens(scene: Scene) -> None:
    """A token from a file and one from the environment; over TLS both are turned away."""
    file = scene.folder / "desk.token"
    for name, more in (("Script 1", ("--out", str(file))), ("Script 2", ())):
        made = scene.server_words(
            "token", str(scene.data), "--agency", "LAS", "--role", "operator", "--name", name, *more
        )
        assert made.returncode == 0, made.stderr
        token = made.stdout.strip() or file.read_text().strip()
        scene.hunt.plant("token of a desk" if more else "token in the environment", token)
        given = ("--token-file", str(file)) if more else ()
        env = {} if more else {"INCIDENT_TUI_TOKEN": token}
        scene.files[f"home {name}"] = given
        done = scene.client(f"home {name}", "state", scene.url, *given, **env)
        assert scene.plain or done.returncode != 0, "tokens are for plain lines"
        if not scene.plain:
            scene.asked("/", int(scene.url.rpartition(":")[2]), token=token)


@pytest.mark.parametrize("plain", [False, True])
@pytest.mark.timeout(300)
def test_no_secret_is_found_anywhere_but_in_its_own_file(tmp_path: Path, *, plain: bool) -> None:
    hunt, argv = Hunt(), Argv()
    with argv.watched():
        scene = Scene(tmp_path / "scene", hunt, plain=plain)
        used(scene)
    assert len(hunt.secrets) >= (4 if plain else KINDS_LEAST)
    hunt.hear_folder("data", scene.data)
    hunt.hear_folder("safe", scene.folder / "safe")
    for home in scene.folder.glob("home *"):
        hunt.hear_folder("copy", home)
    for home in ("first", "second"):
        hunt.hear_folder("copy", scene.folder / home)
    hunt.hear(
        "the papers", *(path.read_bytes() for path in scene.folder.glob("*.txt") if path != scene.stumble)
    )
    # a code that a person types as an argument stands on that one command line, and is good no more by then
    typed = [line for line in argv.seen if b"\0enrol\0" in line and b"\0--password-file\0" in line]
    hunt.hear("command lines", *(argv.seen - set(typed)))
    if Path("/proc/self/cmdline").exists():
        assert any(b"stumbling.py" in line for line in argv.seen), "nobody looked at the command lines"
    assert hunt.found() == []
    for path in (
        *scene.data.rglob("*"),
        *(scene.folder / "safe").rglob("*"),
        *(scene.folder / "first").rglob("*"),
    ):
        if path.name in OWN and path.is_file():
            assert path.stat().st_mode & 0o077 == 0, path
    assert not list((scene.folder / "safe").rglob("admin.json"))


def test_the_repository_holds_no_secret() -> None:
    """No private key, and no token of the program's own making, in any file that is committed."""
    listed = subprocess.run(
        ["git", "-C", str(ROOT), "ls-files", "-z"], capture_output=True, check=False
    ).stdout.split(b"\0")
    if len(listed) < 10:
        pytest.skip("this is no checkout")
    begins = re.compile(rb"-----BEGIN (?:EC |RSA |ENCRYPTED |OPENSSH )?PRIVATE KEY-----\s+[A-Za-z0-9+/]{20}")
    found = []
    for name in filter(None, listed):
        data = (ROOT / os.fsdecode(name)).read_bytes() if (ROOT / os.fsdecode(name)).is_file() else b""
        if begins.search(data) or re.search(rb"\$argon2id\$v=19\$m=\d+,t=\d+,p=\d+\$[A-Za-z0-9+/]{22}", data):
            found.append(os.fsdecode(name))
    assert found == []


def test_the_hunt_finds_what_is_planted(tmp_path: Path) -> None:
    """The control run: each way of writing a secret is found in each kind of place, and only where it may not be."""
    hunt = Hunt()
    hunt.plant("password, right", RIGHT)
    hunt.plant("key of a desk", "k" * 30)
    (tmp_path / "key.pem").write_text("k" * 30)
    hunt.hear_folder("copy", tmp_path)
    assert hunt.found() == []
    hunt.hear("a log", f"denied: {RIGHT[:16]}")
    hunt.hear("figures", base64.b64encode(RIGHT.encode()))
    (tmp_path / "key.pem").write_text(RIGHT)
    hunt.hear_folder("again", tmp_path)
    assert hunt.found() == [
        "password, right in a log", "password, right in again/key.pem", "password, right in figures",
    ]  # fmt: skip
