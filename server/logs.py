"""What the server says about itself: one JSON line per fact, at the rims only, never a word of an incident."""

from __future__ import annotations

import json
import logging
import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final, TextIO

_LOGGER: Final = logging.getLogger("incident.server")

SILENT: Final = logging.getLogger("incident.server.websockets")
"""Given to the websockets library: what it would say, this server says itself, in one line and without a trace."""

SILENT.propagate = False
SILENT.addHandler(logging.NullHandler())
SILENT.setLevel(logging.CRITICAL)


class _Lines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line = {"at": int(record.created * 1000), "level": record.levelname.lower(), "event": record.msg}
        line |= getattr(record, "facts", {})
        return json.dumps(line, default=str)


def start(level: str = "info", stream: TextIO | None = None) -> None:
    """Write the log to ``stream`` (standard error when left out) from now on."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(_Lines())
    _LOGGER.handlers[:] = [handler]
    _LOGGER.propagate = False
    _LOGGER.setLevel(level.upper())


def note(event: str, **facts: Any) -> None:
    """Something that is part of normal life."""
    _LOGGER.info(event, extra={"facts": facts})


def warn(event: str, **facts: Any) -> None:
    """Something that a person may want to look into."""
    _LOGGER.warning(event, extra={"facts": facts})


def fault(event: str, error: BaseException, **facts: Any) -> None:
    """A bug or a broken machine: the kind of error and its place, in one line; never its text or a trace."""
    place = traceback.extract_tb(error.__traceback__)
    at = f"{place[-1].filename}:{place[-1].lineno}" if place else ""
    _LOGGER.error(event, extra={"facts": {"error": type(error).__name__, "where": at, **facts}})


def clock() -> int:
    """The server's clock: UTC milliseconds."""
    return time.time_ns() // 1_000_000


@contextmanager
def guarded(event: str, **facts: Any) -> Iterator[None]:
    """What runs for ever goes on after a slip in one round: the slip is logged here and ends that round alone."""
    try:
        yield
    except Exception as error:  # noqa: BLE001 -- whatever it is, the next round comes
        fault(event, error, **facts)
