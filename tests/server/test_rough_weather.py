"""What must hold when people, lines and disks behave badly: found by a review that tried each of these."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from incident.kernel import protocol
from incident.kernel.protocol import Error, Page, Refused, Watching
from server import joining
from server.session import Session
from tests.running import run
from tests.server.house import BOARD, house
from tests.server.toy import Oust, Write

# -- who may see, and who may write ---------------------------------------------------------------------------


def test_who_is_put_out_while_being_brought_up_to_date_gets_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """Their line is slow: they had not been entered as watchers when they lost the right to be."""
    monkeypatch.setattr(joining, "PORTION", 3)
    inside, on = asyncio.Event(), asyncio.Event()
    send = Session.send

    async def slowly(self: Session, frame: bytes, *, text: bool = True) -> None:
        await send(self, frame, text=text)
        if self.actor.agency == "SCAS":
            inside.set()
            await on.wait()

    monkeypatch.setattr(Session, "send", slowly)

    async def scene() -> None:
        async with house() as home, home.guest("LAS") as las:
            await home.opened("LAS", "SCAS")
            await home.written(20)
            monkeypatch.setattr(home.hub.channel(BOARD), "recent", type(home.hub.channel(BOARD).recent)())
            async with home.guest("SCAS") as scas:
                await scas.say(protocol.Watch(stream=BOARD))
                await inside.wait()
                await las.do(Oust("SCAS"))
                await las.do(Write("not for them"))
                on.set()
                said = await scas.until(Error)
                assert (said.code, said.stream) == ("not_party", BOARD)
                await las.do(Write("nor this"))
                await scas.say(protocol.Heartbeat(sent_at=1))
                beat = await scas.until(protocol.Heartbeat, lambda frame: frame.echo == 1)
                assert beat.heads == {}
                assert [record.seq for record in scas.records[BOARD]] == [1, 2, 3]
                assert not [frame for frame in scas.heard if isinstance(frame, Watching)]
            assert not home.hub.channel(BOARD).watchers

    run(scene())


def test_who_is_put_out_while_a_page_is_read_does_not_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scene() -> None:
        async with house() as home, home.guest("LAS") as las, home.guest("SCAS") as scas:
            await home.opened("LAS", "SCAS")
            inside, on = asyncio.Event(), asyncio.Event()
            read_back = home.hub.store.read_back

            async def slowly(*args: Any) -> Any:
                inside.set()
                await on.wait()
                return await read_back(*args)

            monkeypatch.setattr(home.hub.store, "read_back", slowly)
            await scas.say(Page(stream=BOARD))
            await inside.wait()
            await las.do(Oust("SCAS"))
            on.set()
            said = await scas.until(Error | protocol.Records)  # type: ignore[arg-type]
            assert isinstance(said, Error)
            assert said.code == "unknown_stream"

    run(scene())


def test_a_session_that_only_reads_writes_nothing() -> None:
    async def scene() -> None:
        async with house() as home, home.guest(observer=True) as wall:
            await home.opened("LAS")
            said = await wall.do(Write("by a wall display"))
            assert isinstance(said, Refused)
            assert (said.code, said.sentence) == ("observer", "A session that only reads cannot write.")
            assert home.hub.durable(BOARD).seq == 1

    run(scene())
