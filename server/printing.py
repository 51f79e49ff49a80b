"""The last door of what the server's command line prints: names come from the rooms and from an identity provider."""

from __future__ import annotations

import sys

from incident.kernel.text import printable


def put(line: str) -> None:
    """To standard output, at once."""
    print(printable(line), flush=True)


def complain(line: object) -> None:
    """To standard error."""
    print(printable(str(line)), file=sys.stderr, flush=True)
