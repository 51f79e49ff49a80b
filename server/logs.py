"""What the server says about itself: one line per fact, at the rims only, never a word of an incident.

A line names ports, agencies, desks, streams, kinds of commands and their ids; never what somebody wrote, and never the
text of an error, which may repeat it. What libraries and Python itself would print is turned into such lines too.
What concerns who came in and what was kept from them is said at every level (``SECURITY``).
"""

from __future__ import annotations

import json
import logging
import sys
import threading
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Final, TextIO

_LOGGER: Final = logging.getLogger("incident.server")

_LOGGER.addHandler(logging.NullHandler())
"""A command that serves nothing prints its sentence and no log."""

SILENT: Final = logging.getLogger("incident.server.websockets")
"""Given to the websockets library: what it would say, this server says itself, in one line and without a trace."""

SILENT.propagate = False
SILENT.addHandler(logging.NullHandler())
SILENT.setLevel(logging.CRITICAL)

FORMATS: Final = ("json", "text")
SECURITY: Final = 60
"""Above every level that can be set: these lines cannot be switched off."""

FRAMES_MAX: Final = 12
"""Of the trace of a fault, told at level debug: the innermost ones, each as file, line and function."""

_NAMES: Final = {SECURITY: "security"}

SAID: Final[Counter[str]] = Counter()
"""How often each event of level security was told by this process. Events are words of this program's own."""


class _Lines(logging.Formatter):
    """A record as one line of JSON, or of words; its facts are given by this module's functions alone."""

    def __init__(self, form: str) -> None:
        super().__init__()
        self._json = form == "json"

    def format(self, record: logging.LogRecord) -> str:
        if record.name == _LOGGER.name:
            event, facts = str(record.msg), getattr(record, "facts", {})
        else:  # of a library: what it has to say may hold anything
            kind = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else ""
            event, facts = "said by a library", {"library": record.name.partition(".")[0], "error": kind}
            facts["where"] = f"{record.filename}:{record.lineno}"
        at = int(record.created * 1000)
        level = _NAMES.get(record.levelno, record.levelname.lower())
        if self._json:
            return json.dumps({"at": at, "level": level, "event": event} | facts, default=str)
        when = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(at // 1000))
        told = "".join(f" {name}={json.dumps(value, default=str)}" for name, value in facts.items())
        return f"{when}.{at % 1000:03}Z {level:8} {event}{told}"


class _Handler(logging.StreamHandler[TextIO]):
    """Ours, to be known again: a second start takes the place of the first."""


def start(level: str = "info", stream: TextIO | None = None, form: str = "json") -> None:
    """Write the log to ``stream`` (standard error when left out) from now on; ``form`` is one of FORMATS."""
    handler = _Handler(stream or sys.stderr)
    handler.setFormatter(_Lines(form))
    _LOGGER.handlers[:] = [handler]
    _LOGGER.propagate = False
    _LOGGER.setLevel(level.upper())
    others = _Handler(stream or sys.stderr)
    others.setFormatter(_Lines(form))
    others.setLevel(logging.WARNING)
    root = logging.getLogger()
    root.handlers[:] = [*(one for one in root.handlers if not isinstance(one, _Handler)), others]


def mind_the_process() -> None:
    """From now on a crash is one line of the log, in whatever thread: a trace would print what it was about."""
    sys.excepthook = lambda _kind, error, _trace: fault("crashed", error)
    sys.unraisablehook = lambda hook: _of_hook("could not be raised", hook.exc_value, hook.exc_traceback)
    threading.excepthook = lambda hook: _of_hook("thread crashed", hook.exc_value, hook.exc_traceback)


def _of_hook(event: str, error: BaseException | None, trace: TracebackType | None) -> None:
    if error is not None:
        fault(event, error.with_traceback(trace))


def note(event: str, **facts: Any) -> None:
    """Something that is part of normal life."""
    _LOGGER.info(event, extra={"facts": facts})


def detail(event: str, **facts: Any) -> None:
    """A step of normal life that is told only when somebody looks for a fault."""
    if _LOGGER.isEnabledFor(logging.DEBUG):
        _LOGGER.debug(event, extra={"facts": facts})


def warn(event: str, **facts: Any) -> None:
    """Something that a person may want to look into."""
    _LOGGER.warning(event, extra={"facts": facts})


def security(event: str, **facts: Any) -> None:
    """Who was let in or turned away, given or lost a right; told whatever the level is."""
    SAID[event] += 1
    _LOGGER.log(SECURITY, event, extra={"facts": facts})


def fault(event: str, error: BaseException, **facts: Any) -> None:
    """A bug or a broken machine: the kind of error and its place, in one line; never its text."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    place = traceback.extract_tb(error.__traceback__)
    at = f"{place[-1].filename}:{place[-1].lineno}" if place else ""
    told = {"error": type(error).__name__, "where": at, **facts}
    if _LOGGER.isEnabledFor(logging.DEBUG):
        told["trace"] = [f"{step.filename}:{step.lineno} {step.name}" for step in place[-FRAMES_MAX:]]
    _LOGGER.error(event, extra={"facts": told})


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
