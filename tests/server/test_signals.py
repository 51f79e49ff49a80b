"""How the server hears that it is to stop: on a system whose asyncio has no signals, and in a thread that gets none.

A real process that is sent SIGINT and SIGTERM is in `test_command_line`.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading

import pytest

from server.app import stopped_by_signals

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="plays Windows, by a signal that it lacks")
BREAK = signal.SIGUSR1 if sys.platform != "win32" else signal.SIGINT
"""What stands for Ctrl-Break."""


@pytest.mark.parametrize("number", [signal.SIGINT, BREAK])
def test_where_asyncio_has_no_signals_ctrl_c_and_ctrl_break_stop_in_order(
    number: signal.Signals, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on Windows: nothing is asked for that is not there, and what stood before stands again."""

    def lacking(*_: object) -> None:
        pytest.fail("asyncio was asked for signals where it has none")

    async def scene() -> None:
        stopped = asyncio.Event()
        before = [signal.getsignal(one) for one in (signal.SIGINT, BREAK, signal.SIGTERM)]
        loop = asyncio.get_running_loop()
        monkeypatch.setattr(loop, "add_signal_handler", lacking, raising=False)
        monkeypatch.setattr(loop, "remove_signal_handler", lacking, raising=False)
        monkeypatch.setattr(signal, "SIGBREAK", BREAK, raising=False)
        monkeypatch.setattr(sys, "platform", "win32")
        with stopped_by_signals(stopped.set):
            os.kill(os.getpid(), number)
            await asyncio.wait_for(stopped.wait(), 10)
        monkeypatch.undo()
        assert [signal.getsignal(one) for one in (signal.SIGINT, BREAK, signal.SIGTERM)] == before

    asyncio.run(scene())


def test_a_server_in_a_thread_asks_for_no_signals_and_serves() -> None:
    """Python allows that in the main thread alone; whoever runs it so stops it by `stop`."""
    before = [signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)]
    served: list[bool] = []

    async def scene() -> None:
        with stopped_by_signals(lambda: served.append(False)):
            assert [signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)] == before
            served.append(True)

    thread = threading.Thread(target=lambda: asyncio.run(scene()))
    thread.start()
    thread.join(20)
    assert served == [True]


def test_signals_are_given_back_when_it_has_ended() -> None:
    async def scene() -> list[object]:
        with stopped_by_signals(lambda: None):
            pass
        return [signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)]

    assert asyncio.run(scene()) == [signal.default_int_handler, signal.SIG_DFL]
