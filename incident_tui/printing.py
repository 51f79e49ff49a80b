"""The last door of what is printed: the client without a screen, and what the screen's says at its end.

Everything that comes here has been through ``safe_text``; this stands behind it for the day somebody forgets, as
``widgets.last_door`` does for what is painted. It knows no widget.
"""

from __future__ import annotations

import sys

from incident.kernel.text import printable


def put(line: str) -> None:
    """To standard output, at once, so that a reader behind a pipe hears it when it happens."""
    print(printable(line), flush=True)


def complain(line: str) -> None:
    """To standard error."""
    print(printable(line), file=sys.stderr, flush=True)
