"""Looks at this client from inside while it runs, when INCIDENT_TUI_PROBE names a file: how late its loop is.

A task sleeps 10 ms at a time; what it oversleeps is how long a key press or a frame would have waited. At the end
the file gets one JSON object: ``samples`` is a list of [wall clock in ms, overslept ms, CPU seconds so far], from
which a reader takes the stretch it wants. Without the variable nothing of this runs. For ``python -m bench client``.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections import deque
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import msgspec

VARIABLE: Final = "INCIDENT_TUI_PROBE"
NAP_SECONDS: Final = 0.010
SAMPLES_MAX: Final = 100_000

Samples = deque[tuple[float, float, float]]


@contextlib.contextmanager
def probing(environ: Mapping[str, str] = os.environ) -> Iterator[None]:
    """Sample the running loop until the block ends, if the variable asks for it.

    Raises:
        OSError: the file cannot be written.
    """
    file = environ.get(VARIABLE, "")
    if not file:
        yield
        return
    samples: Samples = deque(maxlen=SAMPLES_MAX)
    watching = asyncio.get_running_loop().create_task(_watch(samples), name="probe")
    try:
        yield
    finally:
        watching.cancel()
        Path(file).write_bytes(msgspec.json.encode({"samples": list(samples)}))


async def _watch(samples: Samples) -> None:
    while True:
        began = time.perf_counter()
        await asyncio.sleep(NAP_SECONDS)
        late = time.perf_counter() - began - NAP_SECONDS
        samples.append((time.time() * 1000, max(0.0, late * 1000), time.process_time()))
