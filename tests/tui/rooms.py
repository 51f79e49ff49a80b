"""Desks for the client's tests: sessions at work on a toy server, with every length of time shortened."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

from incident_tui.clock import Clock
from incident_tui.link import Timing
from incident_tui.session import Session
from tests.tui.toy_server import INCIDENT_STREAM

FAST = Timing(
    heartbeat=0.1, lagging=0.4, slow=0.3, island=0.8, open=1.0, backoff=0.05, backoff_max=0.2, settled=0.3
)
LAS = "tok-las"
GUARD_SECONDS = 15.0
"""How long a test waits for something before it is taken for never coming."""


class SetClock(Clock):
    """A clock that a test can move on, and stop; otherwise it goes as clocks do."""

    def __init__(self) -> None:
        super().__init__()
        self.ahead = 0.0
        self.wall_ahead_ms = 0
        self._stopped: float | None = None

    def stop(self) -> None:
        """From now on it goes only where it is put."""
        self._stopped = super().monotonic()

    def monotonic(self) -> float:
        return (super().monotonic() if self._stopped is None else self._stopped) + self.ahead

    def wall_ms(self) -> int:
        return super().wall_ms() + self.wall_ahead_ms


async def until(condition: Callable[[], Any], *, what: str = "") -> Any:
    """Wait until something holds; answers it."""
    try:
        async with asyncio.timeout(GUARD_SECONDS):
            while True:
                if found := condition():
                    return found
                await asyncio.sleep(0.01)
    except TimeoutError:
        raise AssertionError(f"it never came to be: {what or condition}") from None


@contextlib.asynccontextmanager
async def at_desk(
    url: str, home: Path, token: str = LAS, *, ready: bool = True, **kwargs: Any
) -> AsyncIterator[Session]:
    """A session at work; with `ready`, only once it holds everything to the server's head."""
    session = Session(url, token, home=home, timing=kwargs.pop("timing", FAST), **kwargs)
    running = asyncio.create_task(session.run())
    try:
        if ready:
            await until(lambda: session.settled and session.stream, what="the desk is ready")
        yield session
        assert not running.done() or running.result() is None, "the session ended by itself"
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await session.close()


@contextlib.asynccontextmanager
async def asleep(url: str, home: Path, token: str = LAS, **kwargs: Any) -> AsyncIterator[Session]:
    """A session that has opened what its desk holds and never dials."""
    session = Session(url, token, home=home, timing=FAST, **kwargs)
    await session.open()
    try:
        yield session
    finally:
        await session.close()


def texts(session: Session, *, all_lines: bool = False) -> list[str]:
    """The log as it is read, without what the machine does by itself unless all is asked for."""
    return [line.text for line in session.log().lines if all_lines or line.weight != "machine"]


def incident(session: Session) -> Any:
    """The incident as this desk sees it."""
    assert session.stream in ("", INCIDENT_STREAM) or session.stream.startswith("incident/")
    return session.look().state
