"""Sentences that quote somebody else: whoever answers the call, a certificate, a server's name for itself, a list.

The server here is an enemy: its frames are lawful, and every text in them is hostile.
"""

from __future__ import annotations

import asyncio
import errno
import http
import json
import socket
import ssl
from pathlib import Path
from typing import Any

import msgspec
import pytest
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosedError, InvalidHandshake, InvalidStatus
from websockets.frames import Close
from websockets.http11 import Response

from incident.kernel import protocol
from incident.kernel.door import Denied
from incident.kernel.ledger import Ledger
from incident.kernel.protocol import Bye, Directory, Error, Listing
from incident.kernel.slice import Actor
from incident.kernel.text import ACTS, printable, safe_text
from incident_tui import door, headless, papers
from incident_tui.endings import SENTENCE_MAX, Ending, closed, not_opened, server_url
from incident_tui.session import Session
from tests.hostile import HOSTILE, Hostile
from tests.running import run
from tests.tui.foreign_world import Pen, tampered, untouched
from tests.tui.rooms import FAST, LAS, at_desk, until
from tests.tui.toy_server import INCIDENT_STREAM, ToyServer

every = pytest.mark.parametrize("hostile", HOSTILE, ids=[hostile.name for hostile in HOSTILE])
URL = "ws://127.0.0.1:8765/"


def one_sentence(said: str) -> bool:
    return (
        said.isprintable()
        and ACTS.search(said) is None
        and safe_text(said) == said
        and len(said) <= SENTENCE_MAX
    )


# -- how a line ends ------------------------------------------------------------------------------------------


def turned_away(status: http.HTTPStatus, text: str) -> Ending:
    body = (
        text.encode("utf-8", "surrogateescape") if "\ud800" not in text else text.encode("utf-8", "replace")
    )
    headers = Headers({"Retry-After": "9" * 3})
    return not_opened(URL, InvalidStatus(Response(int(status), "no", headers, body)))


def bad_certificate(text: str) -> Ending:
    error = ssl.SSLCertVerificationError(1, text)
    error.verify_message = f"Hostname mismatch, certificate is not valid for '{text}'"
    return not_opened(URL, error)


@every
def test_no_way_a_line_ends_lets_a_text_through(hostile: Hostile) -> None:
    text = hostile.text
    sendable = text.encode("utf-8", "replace").decode()
    endings = [
        *(turned_away(status, text) for status in (http.HTTPStatus.UNAUTHORIZED, http.HTTPStatus.FORBIDDEN,
          http.HTTPStatus.SERVICE_UNAVAILABLE, http.HTTPStatus.TOO_MANY_REQUESTS, http.HTTPStatus.IM_A_TEAPOT)),
        bad_certificate(text),
        not_opened(URL, ssl.SSLError(1, text)),
        not_opened(URL, OSError(errno.EHOSTUNREACH, text)),
        not_opened(URL, socket.gaierror(-2, text)),
        not_opened(URL, InvalidHandshake(text)),
        not_opened(URL, ValueError(text)),
        closed(ConnectionClosedError(Close(4999, sendable[:30]), None), None),
        closed(ConnectionClosedError(None, None), Bye(sentence=sendable[:1_000])),
        Ending(text),
    ]  # fmt: skip
    assert [ending.sentence for ending in endings if not one_sentence(ending.sentence)] == []
    assert all(ending.sentence for ending in endings)


@every
def test_an_address_is_repeated_without_what_acts(hostile: Hostile) -> None:
    for typed in (
        hostile.text,
        f"ws://{hostile.text}",
        f"ws://127.0.0.1/{hostile.text}",
        f"wss://x:{hostile.text}",
    ):
        try:
            said = not_opened(server_url(typed), ConnectionRefusedError()).sentence
        except ValueError as error:
            said = str(error)
        assert one_sentence(said), said[:300]


@every
def test_the_last_door_of_what_is_printed_holds_alone(hostile: Hostile) -> None:
    said = printable(f"a {hostile.text}\nb")
    assert said.endswith("\nb")
    assert ACTS.search(said.replace("\n", "")) is None
    assert said == printable(said)


@every
def test_the_no_of_the_door_is_one_harmless_sentence(hostile: Hostile) -> None:
    text = hostile.text.encode("utf-8", "replace").decode()[:600]

    class Line:
        async def send(self, *_: Any, **__: Any) -> None: ...

        async def recv(self, **_: Any) -> bytes:
            return msgspec.json.encode(Denied(code="no", sentence=text))

    with pytest.raises(door.DoorError) as told:
        run(door._ask(Line(), Denied(code="", sentence="")))  # type: ignore[arg-type]
    assert one_sentence(str(told.value)), str(told.value)


# -- a server that is an enemy --------------------------------------------------------------------------------


class Enemy(ToyServer):
    """Lawful frames, hostile texts: its name, our name, the list, the log, what it says between."""

    def __init__(self, shift: int) -> None:
        super().__init__()
        self.pen = Pen(shift)
        self.actors[LAS] = Actor(self.pen.text(80), "LAS", "operator")
        for stream, given in untouched("golden").items():
            name = stream.replace(next(iter(untouched("golden"))), INCIDENT_STREAM)
            if name != stream:
                given.stream = name
            tampered(given, self.pen)
            self.records[name] = list(given.records)
            ledger = self.ledgers[name] = Ledger(given.model, name, self.claims, given.charter)
            ledger.load(given.records)

    def _listings(self, actor: Actor) -> Directory:
        text = self.pen.text
        found = super()._listings(actor).streams
        more = [
            Listing(
                f"{INCIDENT_STREAM[:-2]}{n:02}",
                3,
                {"title": text(200), "number": text(80), "opened_by": text(80)},
            )
            for n in range(40, 50)
        ]
        return Directory(streams=[*found, *more])

    def _post(self, connection: Any, frame: Any) -> None:
        text = self.pen.text
        if isinstance(frame, protocol.Welcome):
            frame = msgspec.structs.replace(frame, server=text(80), role=text(80))
        if isinstance(frame, protocol.Refused):
            frame = protocol.Refused(
                stream=frame.stream, command_id=frame.command_id, code=text(80), sentence=text(600),
                facts={text(40): text(80)}, conflict=frame.conflict,
            )  # fmt: skip
        if isinstance(frame, protocol.Heartbeat):
            frame = protocol.Heartbeat(
                sent_at=frame.sent_at, echo=frame.echo, epoch=frame.epoch, heads=frame.heads,
                present=[["LAS", text(80)], ["SCAS", text(80), text(80)], [text(80), text(80)]],
            )  # fmt: skip
        super()._post(connection, frame)
        if isinstance(frame, protocol.Watching):
            super()._post(connection, Error(code=text(80), sentence=text(600)))
            super()._post(connection, Error(code=text(80), sentence=text(600), stream=frame.stream))


def harmless(said: list[str]) -> bool:
    whole = "\n".join(said)
    return ACTS.search(whole.replace("\n", "").replace("\r", "")) is None and "\\u001b" not in whole


@pytest.mark.parametrize("shift", [0, 41, 83])
def test_what_an_enemy_sends_is_printed_harmless(tmp_path: Path, shift: int) -> None:
    """`state`, `tail`, `do` and every paper, as text, JSON and CSV, with `safe_text` alone."""

    async def scenario() -> None:
        said: list[str] = []
        async with Enemy(shift) as enemy:

            def session(**more: Any) -> Session:
                found = {"incident": INCIDENT_STREAM, "observer": True, **more}
                return Session(enemy.url, LAS, home=tmp_path, timing=FAST, **found)

            to: dict[str, Any] = {"seconds": 8.0, "put": said.append, "complain": said.append}
            for form in (False, True):
                assert await headless.state(session(), json=form, **to) == headless.DONE, said[-1]
                tail = asyncio.create_task(headless.tail(session(copy=False), json=form, lines=500, **to))
                before = len(said)
                await until(lambda before=before: len(said) > before + 50, what="the log is printed")
                tail.cancel()
                await asyncio.gather(tail, return_exceptions=True)
            for what in papers.papers.WHAT:
                for form in papers.FORMATS if what == "log" else ("text", "json"):
                    code = await headless.report(session(), f"{what} {form}", out=None, **to)
                    assert code == headless.DONE, said[-1]
                    if form == "json":
                        json.loads(said[-1])
            enemy.busy = 1
            await headless.do(session(observer=False), "log a line", **to)
            for line in ("s \x9b2J scn", "nonsense \u202e", "incident \x1b]0;x\x07", "log ring \x07"):
                assert await headless.do(session(observer=False), line, **to) in (
                    headless.REFUSED,
                    headless.USAGE,
                )
        assert len(said) > 100
        assert [line for line in said if not harmless(line.split("\n"))] == []

    run(scenario())


def test_what_an_enemy_says_is_safe_where_it_is_kept(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with Enemy(7) as enemy, at_desk(enemy.url, tmp_path, incident=INCIDENT_STREAM) as desk:
            await until(lambda: len(desk.notices) > 0, what="it has said something")
            assert [sentence for _, sentence in desk.notices if not one_sentence(sentence)] == []
            assert one_sentence(desk.server_name)
            await until(lambda: desk.present.get("SCAS"), what="who is here")
            assert all(one_sentence(name) for names in desk.present.values() for name in names)
            assert [line.text for line in desk.log().lines if ACTS.search(line.text)] == []

    run(scenario())
