"""The last answer of a pure function of a view, kept for as long as the slices that it reads are the same objects.

A screen and several alarms ask the same of one moment, each for every agency; states are never changed but replaced,
so a slice that is the same object has the same answer.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Final, TypeVar

from incident.kernel.slice import View

Found = TypeVar("Found")
_NOTHING: Final = object()


def remembered(*reads: str) -> Callable[[Callable[[View], Found]], Callable[[View], Found]]:
    """Remember the last answer of a function that reads these slices and no other. The answer is not to be changed."""

    def around(find: Callable[[View], Found]) -> Callable[[View], Found]:
        last: tuple[tuple[Any, ...], Any] = ((_NOTHING,) * len(reads), None)

        @wraps(find)
        def asked(view: View) -> Found:
            nonlocal last
            seen, answer = last
            now = tuple(getattr(view, name) for name in reads)
            if any(old is not new for old, new in zip(seen, now, strict=True)):
                answer = find(view)
                last = (now, answer)  # in one step: a report may be written in a thread of its own
            found: Found = answer
            return found

        return asked

    return around
