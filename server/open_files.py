"""How many files and sockets this process may have open: with too few, the bounds on lines would never be met."""

from __future__ import annotations

import sys
from typing import Final

from server import logs
from server.limits import Limits

SPARE: Final = 200
"""For the log, its helpers, backups and the callers of the command line."""


def make_room(limits: Limits) -> None:
    """Ask the system for enough, as far as it lets us; say so when it is too little."""
    if sys.platform == "win32":
        return  # there is no such bound there
    import resource  # noqa: PLC0415 -- not there on Windows

    wanted = limits.connections_max + limits.unknown_max + SPARE
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return
    may = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (may, hard))
    except (OSError, ValueError):
        may = soft
    if may < wanted:
        logs.warn("few open files", may_be_open=may, wanted=wanted)
