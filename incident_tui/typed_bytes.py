"""Bytes that are no UTF-8, on their way in from the terminal: a pasted Latin-1 pound sign, noise on a line.

Textual decodes what is typed strictly, in a thread of its own: one such byte ended the whole client. Here it
becomes the sign for a broken character, as anywhere else.
"""

from __future__ import annotations

import codecs
import sys
from collections.abc import Callable
from functools import partial
from typing import Any


def forgive() -> None:
    """From now on a driver made by Textual replaces what it cannot decode. On Windows keys come as text."""
    if sys.platform == "win32":
        return
    from textual.drivers import linux_driver  # noqa: PLC0415 - it is there on POSIX only

    driver: Any = linux_driver
    driver.getincrementaldecoder = _forgiving


def _forgiving(encoding: str) -> Callable[[], codecs.IncrementalDecoder]:
    return partial(codecs.getincrementaldecoder(encoding), errors="replace")
