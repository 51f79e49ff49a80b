"""Login abuse beside real work (P37): guesses over many desks and addresses, a desk that writes, one that signs in.

Calm and abuse in turn, over TLS, in one run; the figure is the ratio inside each pair. Half of the guesses come from
lines with a desk's own key, as if all those desks were in bad hands, the other half from lines without one. The whole
takes half an hour; to scale it down, keep guesses and desks in proportion, since each desk's first tries are dear.

    python -m bench logins [--guesses 10000 --desks 200] [--rate 11]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import WebSocketException

from bench.guesses import ADDRESSES, line, papers, tried
from bench.scene import AGENCY, HELLO, Commands, new_stream, opening
from bench.subjects import LOAD_CORE, ROOT, SERVER_CORE, pin, port_of, said, server_says
from bench.wire import PeerError
from incident.kernel import protocol
from incident.kernel.door import SignedIn
from server import logs
from server.authority import Authority
from server.datafolder import existing
from server.enrolment import device_of_key, ends_at
from server.identity import Desk, Identity
from server.passwords import Argon2
from server.settings import read_settings

BEGIN, END = "<!-- login figures: begin -->", "<!-- login figures: end -->"
WRITER, COMMANDER, FIRST_BAD = 0, 1, 2
RIGHT = "correct horse battery"
WRITES_A_SECOND = 50
ANSWERS = (b'{"frame":"accepted"', b'{"frame":"refused"', b'{"frame":"error"')


@dataclass
class Found:
    """What one phase gave: milliseconds to each acknowledgement, seconds to each sign-in of the commander."""

    acks: list[float] = field(default_factory=list)
    sign_ins: list[float] = field(default_factory=list)


# -- the room -------------------------------------------------------------------------------------------------


def enrolled(scratch: Path, bad: int) -> Path:
    """A data folder whose desks were enrolled by hand, since the telephone is not what is measured."""
    server_says("init", str(scratch / "room"))
    with (scratch / "room" / "server.yaml").open("a", encoding="utf-8") as own:
        own.write(f"per_user_rate: {2 * WRITES_A_SECOND}\n")  # one desk writes for a whole room here
    folder = existing(scratch / "room")
    settings, _ = read_settings(folder)
    now = logs.clock()
    authority = Authority(folder, settings, now)
    (scratch / "authority").write_text(authority.pem)
    kept, desks = Argon2().hash(RIGHT), []
    for number in range(FIRST_BAD + bad):
        key = ec.generate_private_key(ec.SECP256R1())
        form = serialization.Encoding.PEM
        pem = key.public_key().public_bytes(form, serialization.PublicFormat.SubjectPublicKeyInfo).decode()
        account = f"{number:016x}"
        certificate = authority.certify(pem, account, now)
        own = key.private_bytes(form, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        (scratch / f"key-{number}").write_bytes(own)
        (scratch / f"certificate-{number}").write_text(certificate)
        device, ends = device_of_key(pem), ends_at(certificate)
        desks.append(Desk(account, f"Desk {number}", AGENCY, "operator", pem, device, kept, now, ends))
    Identity(folder.tokens).put(desks=desks)
    return folder.root


@contextmanager
def served(scratch: Path, bad: int) -> Iterator[int]:
    """The server over TLS; answers its port."""
    command = [sys.executable, "-m", "server", "run", str(enrolled(scratch, bad)), "--port", "0"]
    with (scratch / "stderr").open("w") as log:
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=log, text=True)
        try:
            pin(process.pid, SERVER_CORE)
            yield port_of(said(process, "the server"))
        finally:
            process.terminate()
            process.communicate()


class Abuse:
    """The abuser's process."""

    def __init__(self, port: int, scratch: Path, bad: int, rate: float) -> None:
        task = {"port": port, "folder": str(scratch), "first": FIRST_BAD, "desks": bad, "rate": rate}
        command = [sys.executable, "-m", "bench.guesses", json.dumps(task)]
        self.process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        pin(self.process.pid, LOAD_CORE)
        said(self.process, "the abuser")
        self.told: dict[str, Any] = {"answers": {}, "computed": {}}

    def go_on(self, seconds: float) -> None:
        """Blocks until it has done so for so long."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{seconds}\n")
        self.process.stdin.flush()
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise PeerError("the abuser has ended")
        self.told = json.loads(line)


# -- what goes on at once -------------------------------------------------------------------------------------


async def write(
    socket: ClientConnection, commands: Commands, until: Callable[[], bool], found: Found
) -> None:
    """Write a line so many times a second, and measure until it is durable."""
    while not until():
        began = time.monotonic()
        await socket.send(commands.next(), text=True)
        while not (frame := await socket.recv(decode=False)).startswith(ANSWERS):
            continue
        if not frame.startswith(ANSWERS[0]):
            raise PeerError(frame.decode()[:300])
        found.acks.append(1e3 * (time.monotonic() - began))
        await asyncio.sleep(max(0.0, began + 1 / WRITES_A_SECOND - time.monotonic()))


async def command(port: int, scratch: Path, until: Callable[[], bool], found: Found) -> None:
    """Sign in every two seconds with the right password, and wait as often as it is told to."""
    context = papers(scratch, COMMANDER)
    while not until():
        began = time.monotonic()
        while True:
            with suppress(OSError, TimeoutError, WebSocketException):
                answer = await tried(port, context, RIGHT)
                if isinstance(answer, SignedIn):
                    break
                await asyncio.sleep(answer.wait_ms / 1e3)
        found.sign_ins.append(time.monotonic() - began)
        await asyncio.sleep(2)


async def measured(
    port: int, scratch: Path, abuse: Abuse, seconds: float, pairs: int, say: Callable[[str], None]
) -> list[tuple[Found, Found]]:
    """Calm and abuse in turn; which goes first alternates."""
    signed = await tried(port, papers(scratch, WRITER), RIGHT)
    if not isinstance(signed, SignedIn):
        raise PeerError(signed.sentence)
    stream, found = new_stream(), []
    header = {"Authorization": f"Bearer {signed.token}"}
    async with line(port, papers(scratch, WRITER), "/", **header) as socket:
        for frame in (HELLO, protocol.encode(opening(stream))):
            await socket.send(frame, text=True)
        while not (await socket.recv(decode=False)).startswith(ANSWERS[0]):
            continue
        commands = Commands(stream)
        for pair in range(pairs):
            calm, bad = Found(), Found()
            for side in (calm, bad) if pair % 2 == 0 else (bad, calm):
                wait = abuse.go_on if side is bad else time.sleep
                going = asyncio.create_task(asyncio.to_thread(wait, seconds))
                await asyncio.gather(
                    going, write(socket, commands, going.done, side), command(port, scratch, going.done, side)
                )
            found.append((calm, bad))
            say(f"pair {pair + 1}: commits' p99 {p99(calm.acks):.1f} and {p99(bad.acks):.1f} ms")
    return found


# -- the table ------------------------------------------------------------------------------------------------


def p99(times: list[float]) -> float:
    """The ninety-ninth percentile."""
    return quantiles(times, n=100)[-1]


def table(found: list[tuple[Found, Found]], told: dict[str, Any], bad_desks: int, rate: float) -> str:
    """The figures as they stand in the document."""
    answers: dict[str, int] = told["answers"]
    calm, bad = zip(*found, strict=True)
    ratios = sorted(p99(two.acks) / p99(one.acks) for one, two in found)
    codes = ", ".join(f"{count:,} {code.replace('_', ' ')}" for code, count in sorted(answers.items()))
    computed = max(told["computed"].values(), default=0)
    head = (
        f"{sum(answers.values()):,} guesses, {rate:.0f} a second, over {bad_desks} desks and {ADDRESSES} addresses: "
        f"{codes}. "
        f"At most {computed} were computed for one desk. "
        f"Ratio of the commits' p99: **{median(ratios):.2f}** ({ratios[0]:.2f} to {ratios[-1]:.2f})."
    )
    rows = [
        ("commit, p50, ms", *(median(t for one in side for t in one.acks) for side in (calm, bad)), ""),
        ("commit, p99, ms", *(median(p99(one.acks) for one in side) for side in (calm, bad)), "≤ 1.2 ×"),
        (
            "sign-in, worst, s",
            *(max(t for one in side for t in one.sign_ins) for side in (calm, bad)),
            "≤ 60",
        ),
    ]
    lines = [f"| {what} | {one:.2f} | {two:.2f} | {goal} |" for what, one, two, goal in rows]
    return "\n".join([head, "", "| | calm | abuse | goal |", "|---|---:|---:|---|", *lines])


def main(arguments: list[str], doc: Path, say: Callable[[str], None] = print) -> int:
    """Measure, print, and with --write put it into the document."""
    parser = argparse.ArgumentParser(prog="python -m bench logins", description=__doc__)
    parser.add_argument("--guesses", type=int, default=10_000)
    parser.add_argument("--desks", type=int, default=200, help="whose keys are in bad hands")
    parser.add_argument(
        "--rate", type=float, default=11.0, help="guesses a second: 10,000 in a quarter of an hour"
    )
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--write", action="store_true")
    asked = parser.parse_args(arguments)
    pin(os.getpid(), LOAD_CORE)
    seconds = asked.guesses / asked.rate / asked.pairs
    with tempfile.TemporaryDirectory() as name, served(scratch := Path(name), asked.desks) as port:
        abuse = Abuse(port, scratch, asked.desks, asked.rate)
        try:
            found = asyncio.run(measured(port, scratch, abuse, seconds, asked.pairs, say))
        finally:
            abuse.process.kill()
            abuse.process.communicate()
    text = table(found, abuse.told, asked.desks, asked.rate)
    say(text)
    if asked.write:
        before, _, rest = doc.read_text(encoding="utf-8").partition(BEGIN)
        _, _, after = rest.partition(END)
        doc.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}", encoding="utf-8")
    return 0
