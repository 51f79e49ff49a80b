"""Commands of one session that came faster than their user's budget: they wait here, in order, and none is dropped.

The socket goes on being read meanwhile, so that heartbeats are answered and the line does not look dead while a long
queue drains. What waits here was not taken on: if the line ends, the client sends it again.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any, Final

from incident.kernel.protocol import Submit
from server.counters import Tally
from server.limits import HELD_BYTES_EACH, Account

TOLD_SECONDS: Final = 60.0
"""That a session is slowed is told at most so often."""


class Pace:
    """Between the socket and the hub. ``ready`` is set while the hub may be given more by this session.

    ``told`` is called when a session is being slowed, for the log.
    """

    def __init__(
        self,
        account: Account,
        ready: asyncio.Event,
        submit: Callable[[Submit], None],
        spawn: Callable[[Coroutine[Any, Any, None]], Any],
        tally: Tally,
        told: Callable[[], None] = lambda: None,
    ) -> None:
        self._account = account
        self._ready = ready
        self._submit = submit
        self._spawn = spawn
        self._tally = tally
        self._told = told
        self._told_at = float("-inf")
        self._held: deque[Submit] = deque()
        self._by_id: dict[str, Submit] = {}
        self._ended = False

    def __len__(self) -> int:
        return len(self._held)

    @property
    def room(self) -> asyncio.Event:
        """Set while the user may send more."""
        return self._account.room

    def take(self, submit: Submit) -> None:
        """A command has come: it is handed on now or later."""
        if self._ended:
            return
        if self._held:
            if self._by_id.get(submit.command_id) != submit:  # sent again while it waits: one answer will do
                self._hold(submit)
            return
        wait = self._account.command(_now())
        if not wait:
            self._submit(submit)
            return
        self._hold(submit)
        if _now() - self._told_at >= TOLD_SECONDS:
            self._told_at = _now()
            self._told()
        self._spawn(self._drain(wait))

    def end(self) -> None:
        """The session has ended: what waits was never taken on."""
        self._ended = True
        for submit in self._held:
            self._account.let_go(_size(submit))
        self._held.clear()
        self._by_id.clear()

    def _hold(self, submit: Submit) -> None:
        self._held.append(submit)
        self._by_id[submit.command_id] = submit
        self._account.hold(_size(submit))
        self._tally.slowed += 1

    async def _drain(self, wait: float) -> None:
        """Hand on one after the other, each when its time has come."""
        while True:
            await asyncio.sleep(wait)
            await self._ready.wait()
            if self._ended:
                return
            submit = self._held.popleft()
            self._by_id.pop(submit.command_id, None)
            self._account.let_go(_size(submit))
            self._submit(submit)
            if not self._held:
                return
            wait = self._account.command(_now())


def _size(submit: Submit) -> int:
    return len(bytes(submit.body)) + HELD_BYTES_EACH


def _now() -> float:
    return asyncio.get_running_loop().time()
