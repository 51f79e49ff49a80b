"""One key at a time. What is typed ahead waits until the key before it has had all its consequences.

Textual hands a key to whatever has the focus at that moment; a fast typist who presses ``l`` and goes on writing
would write verbs into the list, since the composer has the focus only a few steps of the event loop later. So
keys are taken one after the other: the next is handed on when every queue between the focus and the app has been
emptied, and whatever was being opened has the focus.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final

from textual.app import App
from textual.events import Key, Paste

TYPED_MAX: Final = 2_000
"""More than a person types ahead; a key beyond is dropped rather than done late."""
ROUNDS: Final = 5
"""How often the queues are emptied: a key can cause a message that causes a message."""
STEP_SECONDS: Final = 0.5
LOOK_SECONDS: Final = 0.005
READY_LOOKS: Final = 200


class TypeAhead:
    """The keys of one app, in order."""

    def __init__(
        self, app: App[Any], hand_on: Callable[[Key | Paste], Awaitable[None]], ready: Callable[[], bool]
    ) -> None:
        """``hand_on`` does one key as Textual would; ``ready`` says whether the next may be handed on."""
        self._app = app
        self._hand_on = hand_on
        self._ready = ready
        self._typed: asyncio.Queue[Key | Paste] = asyncio.Queue(TYPED_MAX)
        self._busy = False

    @property
    def idle(self) -> bool:
        """Whether everything that was typed has been done."""
        return not self._busy and self._typed.empty()

    def put(self, event: Key | Paste) -> None:
        """Take one key; it is done when its turn comes."""
        if not self._typed.full():
            self._typed.put_nowait(event)

    async def run(self) -> None:
        """Do keys until cancelled."""
        while True:
            event = await self._typed.get()
            self._busy = True
            await self._hand_on(event)
            await self._quiet()
            self._busy = False

    async def _quiet(self) -> None:
        """Wait until the key has done what it does. Never for long: a stuck widget must not take the keys."""
        for _ in range(ROUNDS):
            focused = self._app.focused
            chain = (
                list(focused.ancestors_with_self) if focused is not None else [self._app.screen, self._app]
            )
            for node in chain:
                passed = asyncio.Event()
                if not node.call_later(passed.set):
                    continue
                try:
                    await asyncio.wait_for(passed.wait(), STEP_SECONDS)
                except TimeoutError:
                    return
        for _ in range(READY_LOOKS):
            if self._ready():
                return
            await asyncio.sleep(LOOK_SECONDS)
