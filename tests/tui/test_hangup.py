"""A terminal that has gone takes its client with it, also when the client has left and does not come to its end."""

from __future__ import annotations

import asyncio
import os
import sys

import pytest

from incident_tui import hangup
from tests.running import run

pty = pytest.importorskip("pty", reason="the console ends its programs itself")
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the console ends its programs itself")


@pytest.mark.parametrize("leaves", [True, False])
def test_who_does_not_come_to_an_end_is_ended(leaves: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LOOK_SECONDS", "GRACE_SECONDS", "LAST_SECONDS"):
        monkeypatch.setattr(hangup, name, 0.02)
    monkeypatch.setattr(hangup, "_nowhere", lambda _descriptor: None)  # not this test's own output
    ended: list[int] = []

    async def story() -> None:
        master, slave = pty.openpty()
        asked = asyncio.Event()
        watch = hangup.Watch(slave, asked.set, end=ended.append)
        watch.start()
        os.close(master)
        await asyncio.wait_for(asked.wait(), 20)
        if leaves:
            watch.stop()
        for _ in range(2_000):
            if ended:
                break
            await asyncio.sleep(0.01)
        os.close(slave)

    run(story())
    assert ended == [hangup.GONE]
