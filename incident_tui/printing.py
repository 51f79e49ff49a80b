"""The last door of what is printed: the client without a screen, and what the screen's says at its end.

Everything that comes here has been through ``safe_text``; this stands behind it for the day somebody forgets, as
``widgets.last_door`` does for what is painted. It knows no widget.
"""

from __future__ import annotations

import re
import sys

from incident.kernel.text import SUBSTITUTE

# C0 and DEL and C1, hidden format characters (bidi, zero-width, joiners, byte order mark), line separators,
# lone surrogates, tag characters and the selectors that can smuggle text.
ACTS = re.compile(
    "[\\x00-\\x1f\\x7f-\\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\\ud800-\\udfff\U000e0000-\U000e0fff]"
)


def printable(text: str) -> str:
    """The text without anything that acts on a terminal or hides; line ends stay."""
    return "\n".join(ACTS.sub(SUBSTITUTE, line) for line in text.split("\n"))


def put(line: str) -> None:
    """To standard output, at once, so that a reader behind a pipe hears it when it happens."""
    print(printable(line), flush=True)


def complain(line: str) -> None:
    """To standard error."""
    print(printable(line), file=sys.stderr, flush=True)
