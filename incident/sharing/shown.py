"""What of other agencies' own parts stands on our boards: whose it is, and whether we may write in it.

It is shown where ours is, marked with whose it is, and counts nowhere: neither in our figures nor in our alarms.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from incident.kernel.board import Look
from incident.sharing.rules import standing


def part_of(look: Look, holds: Callable[[Any], bool]) -> str:
    """The stream, among the parts that others share with us, whose state holds a thing; "" when none does."""
    return next((stream for stream, view in look.shown.items() if holds(view)), "")


def marked(look: Look, stream: str, words: str) -> str:
    """Words of a thing with whose own part it stands in; as they are for what is ours or the incident's ("")."""
    return f"OWN of {look.shown[stream].organisation.own} · {words}" if stream else words


def assists(look: Look, stream: str) -> bool:
    """Whether another agency's own part is shared with us to assist, at this moment."""
    view = look.shown.get(stream)
    agreement = None if view is None or look.me is None else standing(view, look.me.agency, look.now)
    return agreement is not None and agreement.tier == "assist"
