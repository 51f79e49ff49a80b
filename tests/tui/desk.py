"""A person at the client, for stories: press, type, and wait until something stands on the screen."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from textual.events import Key, Paste
from textual.pilot import Pilot
from textual.widgets import Input, TextArea

from incident_tui.app import IncidentApp
from incident_tui.screens.room.jump import LETTERS, Label
from incident_tui.screens.room.screen import Room
from tests.running import run
from tests.tui.world import FakeSession, app_of, local_time_is_utc, text_of

local_time_is_utc()

Story = Callable[["Desk"], Awaitable[None]]
NAMES = {" ": "space", ":": "colon", '"': "quotation_mark", "/": "slash", "-": "minus", "@": "at", "=": "equals_sign",
         "#": "number_sign", ".": "full_stop", ",": "comma", "!": "exclamation_mark", "?": "question_mark"}  # fmt: skip


class Desk:
    """A person at the client."""

    def __init__(self, session: FakeSession, app: IncidentApp, pilot: Pilot[Any]) -> None:
        self.session = session
        self.app = app
        self.pilot = pilot

    @property
    def room(self) -> Room:
        return self.app.room

    async def press(self, *keys: str) -> None:
        """Keys, one after the other, and everything they set going."""
        self.all_at_once(*keys)
        await self.done()

    async def done(self) -> None:
        """Wait until everything that was typed has been done."""
        for _ in range(10_000):
            await asyncio.sleep(0.002)
            if self.app.keys.idle:
                return
        raise AssertionError("a key is not done after 20 s")

    def all_at_once(self, *keys: str) -> None:
        """Keys as a fast typist or a paste gives them: all there before the first is done."""
        for key in keys:
            name = NAMES.get(key, key)
            self.app.post_message(Key(name, " " if name == "space" else key if len(key) == 1 else None))

    async def type(self, words: str) -> None:
        """Into a text field at once, as a paste does; into anything else letter by letter."""
        field = self.app.focused
        if isinstance(field, Input | TextArea):
            self.app.post_message(Paste(words))
            await self.done()
        else:
            await self.press(*words)

    async def shows(self, *wanted: str) -> list[str]:
        """Wait until all of this stands on the screen; answers the lines."""
        for _ in range(400):
            await asyncio.sleep(0.01)
            lines = text_of(self.app)
            if all(any(want in line for line in lines) for want in wanted):
                return lines
        raise AssertionError(f"{wanted} not on the screen:\n" + "\n".join(text_of(self.app)))

    async def hides(self, *gone: str) -> None:
        for _ in range(400):
            await asyncio.sleep(0.01)
            if not any(words in line for line in text_of(self.app) for words in gone):
                return
        raise AssertionError(f"{gone} still on the screen:\n" + "\n".join(text_of(self.app)))

    async def letter_before(self, words: str) -> str:
        """The jump letter that stands before these words, once it stands there."""
        for _ in range(400):
            line = next((line for line in text_of(self.app) if words in line), words)
            before = line[: line.index(words)].rstrip()
            if self.room.query(Label) and before and before[-1] in LETTERS:
                return before[-1]
            await asyncio.sleep(0.01)
        raise AssertionError("\n".join(text_of(self.app)))

    @property
    def last(self) -> Any:
        """The last command that was submitted."""
        return self.session.submitted[-1][1]


def told(
    story: Story, size: tuple[int, int] = (120, 40), session: FakeSession | None = None, **settings: Any
) -> FakeSession:
    """Tell a story at a desk of this size."""
    seat = session or FakeSession()

    async def scenario() -> None:
        app = app_of(seat, **settings)
        async with app.run_test(size=size, notifications=True) as pilot:
            await pilot.pause()
            await story(Desk(seat, app, pilot))

    run(scenario())
    return seat
