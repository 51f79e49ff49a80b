"""One coroutine, one event loop, one hang guard: all that a test of asynchronous code needs."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


def run(coroutine: Coroutine[Any, Any, T], *, seconds: float = 60.0) -> T:
    """Runs it to its end; after `seconds` it is taken for hung, which is an error."""

    async def guarded() -> T:
        async with asyncio.timeout(seconds):
            return await coroutine

    return asyncio.run(guarded())
